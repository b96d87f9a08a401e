"""References to the cells of a sheet, such as `B7` and `B7:C9`."""

from __future__ import annotations

import re
from typing import NamedTuple

from itss_logic.documents import DocumentError
from itss_logic.errors import shorten
from itss_logic.intake.package import SAVE

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})", re.ASCII)


class Area(NamedTuple):
    """A range of cells; rows count from 1, columns from 0, and both ends are in it."""

    top: int
    left: int
    bottom: int
    right: int


def letters(column: int) -> str:
    """The letters of a column, which counts from 0."""
    text, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def cell_at(reference: str) -> tuple[int, int]:
    """The row and the column of a cell such as `B7`.

    Raises:
        DocumentError: where no sheet has such a cell.
    """
    match = REFERENCE.fullmatch(reference)
    row, column = (int(match[2]), 0) if match else (0, 0)
    for letter in match[1] if match else "":
        column = 26 * column + ord(letter) - 64
    if not 1 <= row <= LAST_ROW or not 1 <= column <= LAST_COLUMN:
        raise DocumentError("syntax", f"there is no cell {shorten(reference)} in a sheet", SAVE)
    return row, column - 1


def area_of(reference: str) -> Area:
    """The cells of a range such as `B7:C9`."""
    first, _, last = reference.partition(":")
    (a, b), (c, d) = cell_at(first), cell_at(last or first)
    return Area(min(a, c), min(b, d), max(a, c), max(b, d))
