"""What a workbook says about its sheets: which there are, and the texts and styles that they share."""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from itss_logic import limits
from itss_logic.documents import DocumentError
from itss_logic.intake.package import CHOICE, SAVE, Foreign, Package, no_choice
from itss_logic.intake.sheet_styles import Styles, styles_of
from itss_logic.vocabulary import Problem

ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Sheet(NamedTuple):
    """A sheet of a workbook: its name, part and kind (`worksheet`, `chartsheet` …)."""

    name: str
    part: str
    kind: str
    is_hidden: bool


def unescaped(text: str) -> str:
    """Text without the escapes by which a workbook holds characters that XML does not."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class Book:
    """What a package says about its sheets.

    Raises:
        DocumentError: where it is not that of a workbook.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        roots = [r.target for r in package.relations("").values() if r.kind == "officeDocument"]
        if not roots:
            raise DocumentError("syntax", "the file is no .xlsx workbook", SAVE)
        self.root = roots[0]
        self.relations = package.relations(self.root)
        self.epoch = WINDOWS_EPOCH
        self.sheets: list[Sheet] = []
        starts = {"sheet": self._sheet, "workbookPr": self._properties}
        other = Foreign(self.root, ("sheets", *starts))
        for _ in package.parsed(self.root, starts | other.starts, other.ends, root="workbook", foreign=other):
            pass

    def _properties(self, attributes: dict[str, str]) -> None:
        if attributes.get("date1904") in ("1", "true"):
            self.epoch = MAC_EPOCH

    def _sheet(self, attributes: dict[str, str]) -> None:
        id = next((value for name, value in attributes.items() if name.endswith(" id")), "")
        relation = self.relations.get(id)
        if relation is None:
            raise DocumentError("syntax", f"the sheet {attributes.get('name')} is missing from the workbook", SAVE)
        is_hidden = attributes.get("state", "visible") != "visible"
        self.sheets.append(Sheet(attributes.get("name", ""), relation.target, relation.kind, is_hidden))

    def _part(self, kind: str) -> str | None:
        return next((r.target for r in self.relations.values() if r.kind == kind), None)

    @cached_property
    def shared(self) -> list[str | Problem]:
        """The texts that sheets share. What is read out beside Japanese text is none of it."""
        found: list[str | Problem] = []
        parts: list[str] = []
        inside = [False, False]  # Text, and its reading.

        def text(more: str) -> None:
            if inside[0] and not inside[1]:
                parts.append(more)

        def put() -> None:
            found.append(whole_text(parts))
            parts.clear()

        def set_to(place: int, value: bool) -> None:
            inside[place] = value

        starts = {"t": lambda _: set_to(0, True), "rPh": lambda _: set_to(1, True)}
        ends = {"t": lambda: set_to(0, False), "rPh": lambda: set_to(1, False), "si": put}
        name = self._part("sharedStrings")
        if name is not None:
            self._check_size(name)
            starts[CHOICE] = no_choice(name)
            other = Foreign(name, {*starts, *ends})
            for _ in self.package.parsed(name, starts | other.starts, ends | other.ends, text, "sst", other):
                pass
        return found

    def _check_size(self, name: str) -> None:
        part = self.package.parts.get(name.lower())
        if part is not None and part.file_size > limits.SHARED_BYTES:
            raise DocumentError("too_large", f"{name} is larger than {limits.SHARED_BYTES} bytes", "split the workbook")

    @cached_property
    def styles(self) -> Styles:
        """The styles of cells."""
        name = self._part("styles")
        if name is None:
            return Styles()
        self._check_size(name)
        return styles_of(self.package, name)


def whole_text(parts: list[str]) -> str | Problem:
    """The text of a cell, of its parts."""
    text = parts[0] if len(parts) == 1 else "".join(parts)
    if len(text) > limits.CELL_CHARACTERS:
        message = f"the cell has {len(text)} characters, more than {limits.CELL_CHARACTERS}"
        return Problem("too_large", message, "shorten it")
    return unescaped(text)
