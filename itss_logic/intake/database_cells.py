"""What stands in the columns of tables in SQL, read as evidence has it: exactly, and only where it is clear.

Nothing is trimmed and no label is understood, other than in tables that people fill in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from itss_logic.errors import shorten
from itss_logic.intake.cells import listed
from itss_logic.intake.layout import Cell, Column
from itss_logic.shape import STATUS, STATUSES
from itss_logic.vocabulary import Problem

TRUE = frozenset(["true", "t", "yes", "y", "on", "1"])
FALSE = frozenset(["false", "f", "no", "n", "off", "0"])

DIGITS = 40
"""How many digits a number may have to be looked at."""

Read: TypeAlias = "Callable[[object], Cell]"

NO_STATUS = Problem("wrong_type", "the status is empty", f"write {' or '.join(STATUSES)}")


def reader(column: Column, values: Mapping[str, Cell] | None = None) -> Read:
    """What reads the cells of a column; `values` says what is to be read for some, by their text.

    A status has to be there, so that nothing counts as verified that nobody has verified.
    """
    nothing = NO_STATUS if column.kind == STATUS else None
    reads = {"truth": _truth, "flag": _truth, "number": _number}.get(column.kind, _value)
    if column.is_text:
        reads = _source if column.kind == "source" else _id

    def read(raw: object) -> Cell:
        if raw is None:
            return nothing
        if type(raw) is str and not raw.isascii() and not _is_sound(raw):
            return Problem("syntax", "the text is not UTF-8", "write it again as UTF-8", column.argument)
        return reads(raw, column)

    if not values:
        return read

    def mapped(raw: object) -> Cell:
        text = str(raw).lower() if isinstance(raw, bool) else str(raw)
        found = values[text] if isinstance(raw, (str, int, Decimal)) and text in values else read(raw)
        return nothing if found is None else found

    return mapped


def _is_sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _id(raw: object, column: Column) -> Cell:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    if isinstance(raw, Decimal) and raw.is_finite() and raw.as_tuple().exponent == 0:
        return str(raw)
    return _wrong(raw, column, "text")


def _source(raw: object, column: Column) -> Cell:
    text = _id(raw, column)
    return (listed(text) or text) if isinstance(text, str) else text


def _value(raw: object, column: Column) -> Cell:
    return raw if isinstance(raw, str) else _wrong(raw, column, "one of the values as text")


def _truth(raw: object, column: Column) -> Cell:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, (int, float, Decimal)) and raw in (0, 1):
        return bool(raw)
    if isinstance(raw, str) and (raw.lower() in TRUE or raw.lower() in FALSE):
        return raw.lower() in TRUE
    return _wrong(raw, column, "true or false")


def _number(raw: object, column: Column) -> Cell:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw if abs(raw) < 10**DIGITS else _bad(raw, column)
    if isinstance(raw, (float, Decimal)):
        is_whole = raw == raw and abs(raw) < 10**DIGITS and raw == int(raw)
        return int(raw) if is_whole else _bad(raw, column)
    if isinstance(raw, str):
        found = re.fullmatch(rf"([-+]?[0-9]{{1,{DIGITS}}})(\.0*)?", raw, re.ASCII)
        return int(found[1]) if found else _bad(raw, column)
    return _wrong(raw, column, "a whole number")


def _bad(raw: object, column: Column) -> Problem:
    text = shorten(str(raw)) if not isinstance(raw, int) else "the number"
    return Problem("bad_number", f"{text} is not a whole number", "write the number in digits", column.argument)


def _wrong(raw: object, column: Column, form: str) -> Problem:
    if isinstance(raw, (str, int, float, Decimal)):
        what = shorten(str(raw)) if not isinstance(raw, int) or abs(raw) < 10**DIGITS else "the number"
    else:
        what = f"a cell of the type {type(raw).__name__}"
    return _unread(what, column, form)


def _unread(what: str, column: Column, form: str) -> Problem:
    return Problem("wrong_type", f"{what} cannot be read as {column.name}", f"have {form} there", column.argument)


def untaken(column: Column, kind: str) -> Read:
    """What reads a column whose type is not taken: cells are true where there is something."""
    problem = _unread(f"a cell of the type {kind}", column, "text, a number or a truth value")
    return lambda raw: problem if raw or column.kind == STATUS else None


def absent(raw: object) -> Cell:
    """What reads a column that is not there: nothing."""
    return None


def written(cell: Cell, column: Column) -> None | bool | int | float | str:
    """What to write so that `reader` gives the cell again."""
    if isinstance(cell, list):
        return json.dumps(cell, ensure_ascii=False)
    if isinstance(cell, Problem):
        return None
    if column.kind == "source" and isinstance(cell, str) and listed(cell):
        return json.dumps([cell], ensure_ascii=False)
    return cell
