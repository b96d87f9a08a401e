"""The sheets of a workbook, read from their XML once, row by row: what stands in each cell, and what is told of it.

openpyxl reads workbooks too, but passes in silence over what is damaged: rows out of order, sheets that are missing,
dates whose style it does not find. Evidence would be lost by that, so sheets are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from openpyxl.utils.datetime import from_excel

from itss_logic import limits
from itss_logic.documents import DocumentError
from itss_logic.errors import shorten
from itss_logic.intake.cell_references import LAST_COLUMN, LAST_ROW, Area, area_of, cell_at, letters
from itss_logic.intake.number_format import Computed, Formatted, shows_digits
from itss_logic.intake.package import CHOICE, SAVE, no_choice
from itss_logic.intake.shared_parts import Book, Sheet, whole_text
from itss_logic.vocabulary import Problem

BOOLEAN = re.compile('"(true)";"(true)";"(false)"', re.IGNORECASE)
"""The format by which LibreOffice keeps a truth as a number."""

ANOTHER_CELL = re.compile(r"(.*!)?\$?[A-Za-z]{1,3}\$?[0-9]+", re.ASCII | re.DOTALL)
"""A formula that is another cell, and no more."""

NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|nan|[-+]?inf", re.ASCII | re.IGNORECASE)


class Row(NamedTuple):
    """A row that holds something: its number, its cells by column, from 0, and whether it is hidden."""

    number: int
    cells: dict[int, object]
    is_hidden: bool


class SheetReader:
    """Reads a sheet. What it says of columns and merged cells is known once `rows` has come to its end.

    `hidden` are the columns that are hidden, as first and last; `formulas` the text of formulas that have no stored
    value or yield nothing or zero, where it `keeps` them, and `computed` how many there are of others.
    """

    def __init__(self, contents: Book, sheet: Sheet, *, keeps: bool = False) -> None:
        self.contents, self.sheet, self._keeps = contents, sheet, keeps
        self.merges: list[Area] = []
        self.links: list[Area] = []
        self.hidden: list[tuple[int, int]] = []
        self.formulas: dict[str, str] = {}
        self.computed = 0
        self._found: list[Row] = []
        self._cells: dict[int, object] = {}
        self._columns: dict[str, int] = {}
        self._number, self._digits, self._is_hidden, self._column = 0, "0", False, -1
        self._is_row = self._is_cell = False
        self._is_data: bool | None = None  # Before, in, and after the part that has cells.
        self._kind, self._style = "n", ""
        self._has_value = self._has_formula = self._is_reading = False
        self._blank = 0
        self._into: list[str] | None = None
        self._value: list[str] = []
        self._formula: list[str] = []

    def rows(self) -> Iterator[Row]:
        """Yield the rows that hold something.

        Raises:
            DocumentError: where the sheet is damaged.
        """
        starts = {
            "sheetData": self._start_data,
            "row": self._start_row,
            "c": self._start_cell,
            "v": self._start_value,
            "t": self._start_text,
            "f": self._start_formula,
            "rPh": self._start_reading,
            "col": self._start_column,
            "mergeCell": self._merge,
            "hyperlink": self._link,
            CHOICE: self._start_choice,
        }
        ends = {
            "sheetData": self._end_data,
            "row": self._end_row,
            "c": self._end_cell,
            "v": self._end_text,
            "t": self._end_text,
            "f": self._end_text,
            "rPh": self._end_reading,
        }
        part = self.sheet.part
        for _ in self.contents.package.parsed(part, starts, ends, self._text, "worksheet", self._start_foreign):
            if self._found:
                found, self._found = self._found, []
                yield from found
        if self._is_data is None:
            raise DocumentError("syntax", f"{self.sheet.name} has no part for cells", SAVE)

    def _start_data(self, attributes: dict[str, str]) -> None:
        if self._is_data is not None:
            raise self._damaged()
        self._is_data = True

    def _end_data(self) -> None:
        self._is_data = False

    def _start_foreign(self, name: str) -> None:
        # Elsewhere in a sheet programs keep what is theirs.
        if self._is_data or name.startswith("merge"):
            raise self._damaged()

    def _start_choice(self, attributes: dict[str, str]) -> None:
        if self._is_data:
            no_choice(self.sheet.part)(attributes)

    def _damaged(self) -> DocumentError:
        return DocumentError("syntax", f"{self.sheet.name} is damaged at row {self._number}", SAVE)

    def _start_row(self, attributes: dict[str, str]) -> None:
        if self._is_row or not self._is_data:
            raise self._damaged()
        self._is_row = True
        number = int(attributes.get("r", self._number + 1))
        if not self._number < number <= LAST_ROW:
            raise DocumentError("syntax", f"the rows of {self.sheet.name} are out of order at {number}", SAVE)
        self._number, self._digits, self._column = number, str(number), -1
        self._is_hidden = attributes.get("hidden") in ("1", "true") or attributes.get("ht") in ("0", "0.0")

    def _end_row(self) -> None:
        # A row of nothing but formulas that yield nothing is blank, as where they go on below the evidence.
        if len(self._cells) > self._blank:
            self._found.append(Row(self._number, self._cells, self._is_hidden))
        else:
            self.computed += self._blank
            for column in self._cells if self._keeps else ():
                self.formulas.pop(f"{letters(column)}{self._number}", None)
        self._is_row = False
        if self._cells:
            self._cells, self._blank = {}, 0

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if self._is_cell or not self._is_row:
            raise self._damaged()
        self._is_cell = True
        reference = attributes.get("r")
        if reference is None:
            column = self._column + 1
        else:
            digits = self._digits
            name = reference[: -len(digits)]
            column = self._columns.get(name, -1) if reference.endswith(digits) else -1
            if column < 0:
                row, column = cell_at(reference)
                if row != self._number:
                    raise DocumentError("syntax", f"the cell {reference} stands in row {digits}", SAVE)
                if reference == f"{letters(column)}{row}":
                    self._columns[name] = column
        if not self._column < column < LAST_COLUMN:
            raise DocumentError("syntax", f"the cells of {self.sheet.name} are out of order at {reference}", SAVE)
        self._column = column
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._has_value = self._has_formula = False
        self._value, self._formula = [], []

    def _start_value(self, attributes: dict[str, str]) -> None:
        if self._has_value:
            raise self._damaged()
        self._has_value, self._into = True, self._value

    def _start_text(self, attributes: dict[str, str]) -> None:
        if not self._is_reading:
            self._into = self._value

    def _start_formula(self, attributes: dict[str, str]) -> None:
        self._has_formula, self._into = True, self._formula

    def _start_reading(self, attributes: dict[str, str]) -> None:
        self._is_reading, self._into = True, None

    def _end_reading(self) -> None:
        self._is_reading = False

    def _text(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)

    def _end_text(self) -> None:
        self._into = None

    def _end_cell(self) -> None:
        self._is_cell = False
        if self._value or self._has_formula:
            self.computed += self._has_formula
            value = self._read()
            if self._has_formula and isinstance(value, str) and not value.strip():
                value = self._unread("yields nothing", "empty the cell, or write the value")
                self._blank += 1
            elif self._has_formula and self._may_be_nothing(value):
                value = Computed.by(self._formula_text("=0"))
            if value is not None and value != "":
                self._cells[self._column] = value

    def _read(self) -> object:
        """What the cell holds."""
        kind, parts = self._kind, self._value
        if kind == "s" and parts:
            return self.contents.shared[_index("".join(parts), len(self.contents.shared))]
        if kind in ("inlineStr", "str"):
            if parts or self._has_value:
                return whole_text(parts)
        elif parts:
            return self._other(kind, parts[0] if len(parts) == 1 else "".join(parts))
        mend = "open the workbook in a spreadsheet program, which works it out, and save it; or write the value"
        return self._unread("has no stored value", mend)

    def _unread(self, why: str, mend: str) -> Problem:
        """What is told of a formula that says nothing."""
        text = self._formula_text()
        return Problem("wrong_type", f"the formula {shorten(text)} {why}", mend)

    def _may_be_nothing(self, value: object) -> bool:
        """Whether what a formula yields may come of an empty cell: zero, or the truth that LibreOffice keeps as it."""
        if isinstance(value, bool) and (self._kind != "n" or not ANOTHER_CELL.fullmatch("".join(self._formula))):
            return False
        return isinstance(value, (int, float)) and value == 0

    def _formula_text(self, shared: str = "=") -> str:
        """A formula that says nothing, or zero; kept for a copy, as it is to stay so. `shared` stands for another's."""
        text = "=" + "".join(self._formula)
        text = shared if text == "=" else text
        self.computed -= 1
        if self._keeps:
            if len(self.formulas) >= limits.FORMULAS:
                message = f"{self.sheet.name} has more than {limits.FORMULAS} formulas that say nothing"
                raise DocumentError("too_large", message, "write values instead of them, or clear them")
            self.formulas[f"{letters(self._column)}{self._number}"] = text
        return text

    def _other(self, kind: str, text: str) -> object:
        if kind == "n":
            value = _number(text)
            return self._styled(value, int(self._style), text) if self._style else value
        if kind == "b":
            return {"1": True, "true": True, "0": False, "false": False}[text.strip()]
        if kind == "d":
            return _no_date(text)
        if kind == "e":
            mend = "mend what makes it, or write the value"
            return Problem("wrong_type", f"the cell holds the error {shorten(text)}", mend)
        raise DocumentError("syntax", f"there is no kind of cell {shorten(kind)}", SAVE)

    def _styled(self, value: int | float, style: int, text: str) -> object:
        """A number as its style has it."""
        formats, dates = self.contents.styles
        if 0 <= style < len(formats) and BOOLEAN.fullmatch(formats[style] or ""):
            return bool(value)
        if style in dates:
            return self._date(value, dates[style], text)
        if not 0 <= style < len(formats) or not float(value).is_integer():
            return value
        format = formats[style]
        return value if format is not None and shows_digits(format, int(value)) else Formatted.of(value, format or "?")

    def _date(self, value: int | float, is_duration: bool, text: str) -> object:
        try:
            shown = from_excel(value, self.contents.epoch, timedelta=is_duration)
        except (ValueError, OverflowError):
            return _no_date(text)
        return shown if shown is not None else _no_date(text)

    def _start_column(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in ("1", "true") or attributes.get("width") in ("0", "0.0"):
            self.hidden.append((int(attributes["min"]) - 1, int(attributes["max"]) - 1))

    def _merge(self, attributes: dict[str, str]) -> None:
        if len(self.merges) >= limits.MERGES:
            message = f"{self.sheet.name} has more than {limits.MERGES} merged ranges"
            raise DocumentError("too_large", message, "unmerge the cells")
        self.merges.append(area_of(attributes.get("ref", "")))

    def _link(self, attributes: dict[str, str]) -> None:
        if len(self.links) < limits.MERGES:
            self.links.append(area_of(attributes.get("ref", "")))


def _index(text: str, number: int) -> int:
    at = int(text)
    if not 0 <= at < number:
        raise DocumentError("syntax", f"a cell refers to text {at} of {number}", SAVE)
    return at


def _number(text: str) -> int | float:
    text = text.strip()
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{shorten(text)} is no number")
    return int(text) if len(text) <= 40 and text.lstrip("+-").isdigit() else float(text)


def _no_date(text: str) -> Problem:
    return Problem(
        "wrong_type", f"the cell holds a date ({shorten(text)})", "format the cell as text and write it again"
    )
