"""The cells of tables that people fill in: what is written in one, read as JSON has it, and the other way round.

Values go by their names in rules or by their labels, in any language that the policy speaks; width, case and white
space around them do not matter. Ids are taken as they are, but for white space around them. Text in double quotes is a
string of JSON: so can be written what would otherwise be read as something else.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta

from itss_logic.errors import shorten
from itss_logic.intake.layout import Cell, Column, Layout
from itss_logic.intake.number_format import Computed, Formatted, shows_number
from itss_logic.vocabulary import Problem

TRUE = frozenset(["true", "yes", "y", "1", "はい", "○", "〇", "◯", "✓", "✔"])
FALSE = frozenset(["false", "no", "n", "0", "いいえ", "×", "✗"])

DIGITS = 15
"""How many digits of a number a spreadsheet keeps."""

FORMULA = ("=", "+", "-", "@")
"""How text begins that a spreadsheet may take for a formula."""

REMEMBERED = 1_000
"""Texts whose meaning is remembered for a column."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
UNSAFE = re.compile(rf"{CONTROL.pattern}|_x")


RAISED = ("<super>", "<sub>", "<circle>", "<fraction>")
"""What Unicode calls characters that are no other way to write a letter or digit: ², ① and ½."""

NUMERALS = str.maketrans("０１２３４５６７８９＋－．", "0123456789+-.")
"""Numbers in full width."""


def plain(text: str) -> str:
    """Text as it is compared with names: full-width letters and digits made plain, in lower case.

    What is raised or in a circle stays so: it may be the mark of a note, which no name is to take in.
    """
    if not text.isascii():
        text = "".join(map(_plain, text))
        text = unicodedata.normalize("NFC", text)
    return text.strip().casefold()


def _plain(letter: str) -> str:
    is_raised = unicodedata.decomposition(letter).startswith(RAISED)
    return letter if is_raised else unicodedata.normalize("NFKC", letter)


class Cells:
    """Reads and writes the cells of a layout.

    Args:
        layout: the tables.
        language: whose labels are written for values; names, where there is none.
    """

    def __init__(self, layout: Layout, language: str | None = None) -> None:
        self.layout = layout
        self.labels = layout.vocabulary.labels.get(language or "", {})
        self.known = {column: self._known(layout.allowed(column)) for t in layout.tables for column in t.columns}

    def _known(self, values: Iterable[str]) -> dict[str, str]:
        """Values by what they may be called. What two values are called is neither's name."""
        called: dict[str, set[str]] = {}
        names = list(values)
        for labels in self.layout.vocabulary.labels.values():
            for name in names:
                if name in labels:
                    called.setdefault(plain(labels[name]), set()).add(name)
        known = {text: next(iter(one)) for text, one in called.items() if len(one) == 1}
        return {**known, **{plain(name): name for name in names}}

    def read(self, raw: object, column: Column) -> Cell:
        """What a cell says in a column; None where it is empty."""
        if isinstance(raw, str):
            text = raw.strip()
            return self._text(text, column) if text else None
        if raw is None or isinstance(raw, Problem):
            return raw
        if isinstance(raw, (date, datetime, time, timedelta)):
            message = f"the cell holds a date or time ({raw}), as spreadsheets make of what looks like one"
            return Problem("wrong_type", message, "format the cell as text and write it again", column.argument)
        if isinstance(raw, bool):
            return self._bool(raw, column)
        if isinstance(raw, (int, float)):
            return self._number(raw, column)
        return Problem("wrong_type", f"the cell holds a {type(raw).__name__}", "write text", column.argument)

    def reader(self, column: Column) -> Callable[[object], Cell]:
        """What reads the cells of a column; known values, which come again and again, are remembered."""
        known: dict[str, Cell] = {}

        def read(raw: object) -> Cell:
            if raw is None or raw == "":
                return None
            if not isinstance(raw, str) or column.is_text:
                return self.read(raw, column)
            if raw not in known:
                if len(known) > REMEMBERED:
                    known.clear()
                known[raw] = self.read(raw, column)
            return known[raw]

        return read

    def _text(self, text: str, column: Column) -> Cell:
        quoted = _unquoted(text)
        if column.kind == "source":
            return (listed(text) or text) if quoted is None else quoted
        if column.is_text:
            return text if quoted is None else quoted
        written = text if quoted is None else quoted
        name = plain(written)
        if column.kind in ("truth", "flag", "tick"):
            if name in TRUE or name in FALSE:
                return name in TRUE
            return Problem(
                "wrong_type", f"{shorten(text)} is not true or false", "write true or false", column.argument
            )
        if column.kind == "number":
            digits = written.strip().translate(NUMERALS)
            if re.fullmatch(r"[-+]?[0-9]{1,40}(\.0*)?", digits, re.ASCII):
                return int(digits.partition(".")[0])
            mend = "write the number in digits, without separators"
            return Problem("bad_number", f"{shorten(text)} is not a whole number", mend, column.argument)
        return self.known[column].get(name) or self._unknown(text, column)

    def _unknown(self, text: str, column: Column) -> Problem:
        values = self.layout.allowed(column)
        mend = f"write one of {', '.join(values)}"
        return Problem("unknown_value", f"{shorten(text)} is not a known {column.name}", mend, column.argument)

    def _bool(self, raw: bool, column: Column) -> Cell:
        if column.kind in ("truth", "flag", "tick"):
            return raw
        message = f"the cell holds {'true' if raw else 'false'}"
        return Problem("wrong_type", message, "write text" if column.is_text else "write a value", column.argument)

    def _number(self, raw: int | float, column: Column) -> Cell:
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        if isinstance(raw, Computed) and column.kind != "number":
            message = f"the formula {shorten(raw.formula)} yields 0 or FALSE, as one does that refers to an empty cell"
            return Problem("wrong_type", message, "write what it is to say instead", column.argument)
        if isinstance(raw, Formatted) and not column.is_text and not shows_number(raw.format, raw):
            return self._otherwise(raw, column)
        if column.kind == "number":
            return int(raw) if isinstance(raw, int) else raw
        if column.kind in ("truth", "flag", "tick"):
            return self._text(str(raw), column)
        if not column.is_text:
            return self._unknown(str(raw), column)
        if isinstance(raw, float) or abs(raw) >= 10**DIGITS:
            message = f"{raw} is a number that a spreadsheet may have rounded"
            return Problem("wrong_type", message, "format the cell as text and write it again", column.argument)
        if isinstance(raw, Formatted):
            return self._otherwise(raw, column)
        return str(raw)

    def _otherwise(self, raw: Formatted, column: Column) -> Problem:
        message = f"the cell holds the number {raw}, and shows it otherwise ({shorten(raw.format)})"
        form = "text and write it as it is shown" if column.is_text else "a number and write what it is to say"
        return Problem("wrong_type", message, f"format the cell as {form}", column.argument)

    def write(self, cell: Cell, column: Column) -> None | bool | int | float | str:
        """What to write so that `read` gives the cell again."""
        if isinstance(cell, list):
            return _quoted(cell)
        if not isinstance(cell, str):
            return None if isinstance(cell, Problem) else cell
        if not column.is_text:
            label = self.labels.get(cell, cell)
            return label if self.known[column].get(plain(label)) == cell else cell
        if not UNSAFE.search(cell) and not cell.startswith(FORMULA) and self.read(cell, column) == cell:
            return cell
        return _quoted(cell)


def _quoted(value: str | list[str]) -> str:
    """JSON without what a table may lose, or a spreadsheet takes for an escape of its own."""
    text = json.dumps(value, ensure_ascii=False).replace("_x", "\\u005fx")
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _unquoted(text: str) -> str | None:
    """The text that a JSON string stands for; None where it is none."""
    if len(text) < 2 or not text.startswith('"') or not text.endswith('"'):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def listed(text: str) -> list[str] | None:
    """The references that a list in JSON is of; None where a text is no such list."""
    if not text.startswith("[") or not text.endswith("]"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and found and all(isinstance(one, str) for one in found) else None
