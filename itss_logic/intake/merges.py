"""Merged cells: a value that counts for several rows, or that nobody can say what it counts for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from itss_logic.documents import DocumentError
from itss_logic.intake.cell_references import Area, letters
from itss_logic.intake.headings import Misplaced
from itss_logic.intake.sheet_xml import Row
from itss_logic.vocabulary import Problem

UNMERGE = "unmerge the cells, and write in each what it says"


SIDE_BY_SIDE = 500
"""The most columns that ranges of one column may reach into a row in."""


class Merged(NamedTuple):
    """A range of one column that reaches into the row that is read, with the value at its top."""

    area: Area
    value: object


class Merges:
    """The merged ranges of a sheet, followed from row to row."""

    def __init__(self, ranges: Sequence[Area]) -> None:
        self.tall = sorted((a for a in ranges if a.left == a.right), reverse=True)
        self.wide = sorted((a for a in ranges if a.left < a.right), reverse=True)
        self.active: dict[int, Merged] = {}
        self.active_wide: list[Area] = []
        """Ranges of several columns that have begun since the last row of evidence."""
        self.tops = {area.top for area in self.tall}
        self.evidence: set[int] = set()
        self.told: set[Area] = set()

    def fill(self, row: Row) -> None:
        """Put into a row what its merged cells say.

        Raises:
            DocumentError: where merged ranges overlap, or too many stand side by side.
        """
        self.active = {at: merged for at, merged in self.active.items() if merged.area.bottom >= row.number}
        for at, merged in self.active.items():
            if at in row.cells:
                message = f"the cell holds a value under the merged cell {letters(at)}{merged.area.top}"
                row.cells[at] = Problem("conflict", message, UNMERGE)
            elif merged.value is not None:
                row.cells[at] = merged.value
        while self.tall and self.tall[-1].top <= row.number:
            area = self.tall.pop()
            if area.bottom < row.number:
                continue
            if area.left in self.active:
                raise DocumentError("syntax", f"merged cells overlap at {letters(area.left)}{area.top}", UNMERGE)
            # Above a row that holds something is none that does, so nothing is missed of ranges that began there.
            self.active[area.left] = Merged(area, row.cells.get(area.left) if area.top == row.number else None)
        if len(self.active) > SIDE_BY_SIDE:
            message = f"more than {SIDE_BY_SIDE} columns have merged cells at row {row.number}"
            raise DocumentError("too_large", message, UNMERGE)
        while self.wide and self.wide[-1].top <= row.number:
            self.active_wide.append(self.wide.pop())

    def took(self, row: Row, columns: Iterable[int], mark: int | None) -> list[tuple[int, Misplaced]]:
        """What is wrong with the merged cells of a row that is evidence, with the row of each.

        Args:
            row: the row.
            columns: those that are read.
            mark: the one that marks rows which are no evidence.
        """
        if row.number in self.tops:
            self.evidence.add(row.number)
        wrong: list[tuple[int, Misplaced]] = []
        for at, (area, value) in self.active.items():
            if area.top < row.number and area.top not in self.evidence and at != mark and value is not None:
                message = "the cell is merged with one in a row that is no evidence"
                self._tell(area, message, wrong)
        read = set(columns)
        for area in self.active_wide:
            if area.bottom >= row.number and not read.isdisjoint(range(area.left, area.right + 1)):
                message = f"cells are merged over the columns {letters(area.left)} to {letters(area.right)}"
                self._tell(area, message, wrong)
        self.active_wide.clear()
        return wrong

    def _tell(self, area: Area, message: str, wrong: list[tuple[int, Misplaced]]) -> None:
        if area not in self.told:
            self.told.add(area)
            wrong.append((area.top, Misplaced(Problem("conflict", message, UNMERGE), area.left)))
