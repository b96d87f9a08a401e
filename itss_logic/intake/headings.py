"""The headings of tables that people fill in, and which rows below them are evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from itss_logic.errors import shorten
from itss_logic.intake.cells import Cells, plain
from itss_logic.intake.layout import Cell, Layout, Table
from itss_logic.shape import STATUS
from itss_logic.vocabulary import Problem

MARK = "#"
"""The heading of the column that marks rows which are no evidence; a heading that begins so is of a remark."""

SHEET_CHARACTERS = 31
"""The longest name of a sheet."""

NO_SHEET = re.compile(r"[\[\]:*?/\\']")
"""What no name of a sheet has."""

EXPLAINED, EXAMPLE = "?", "example"
MARKS = (EXPLAINED, EXAMPLE)
"""How such rows are marked."""


class Misplaced(NamedTuple):
    """What is wrong with a cell of no column; `at` counts cells from 0."""

    problem: Problem
    at: int


class Heading:
    """The heading of a table as a source has it: `problems` with it, and what columns its cells are of.

    `passed` are the mark and the cells of the row that `row` looked at last, where it is marked as no evidence; `lacks`
    are columns that have to be there, without which it is of no use to look at rows.
    """

    def __init__(self, layout: Layout, table: Table, texts: Sequence[object]) -> None:
        self.table, self.problems = table, list[Misplaced]()
        self.mark: int | None = None
        self.passed: tuple[str, tuple[Cell, ...]] | None = None
        self.remarks: set[int] = set()
        self.width = len(texts)
        self.at: dict[str, int] = {}
        names = {plain(column.name): column.name for column in table.columns}
        for at, raw in enumerate(texts):
            if isinstance(raw, Problem):
                self.problems.append(Misplaced(raw, at))
                continue
            text = plain(str(raw)) if raw is not None else ""
            if text == MARK and self.mark is None:
                self.mark = at
            elif text.startswith(MARK):
                self.remarks.add(at)
            elif text and text not in names:
                mend = f"use one of {', '.join(names.values())}; or begin it with {MARK}, and it is not read"
                self._wrong("unknown_key", f"{shorten(str(raw))} is no column of {table.name}", mend, at)
            elif text and names[text] in self.at:
                self._wrong("conflict", f"the column {names[text]} stands twice", "keep one of them", at)
            elif text:
                self.at[names[text]] = at
        self.lacks = [column.name for column in table.columns if column.required and column.name not in self.at]
        for name in self.lacks:
            self._wrong("missing_key", f"{table.name} has no column {name}", f"add the heading {name}", 0)
        # Of headings that are wrong is told once.
        marks = [] if self.mark is None else [self.mark]
        self._headed = {*(at for _, at in self.problems), *self.at.values(), *self.remarks, *marks}
        self._readers: list[Callable[[object], Cell]] = []
        self._order = [self.at.get(column.name) for column in table.columns]

    def seems_cut(self, cells: Sequence[str]) -> bool:
        """Whether a row may be the beginning of one: it ends before the heading does, or where a status would come."""
        return bool(cells) and (len(cells) < self.width or (self.at.get(STATUS) == len(cells) - 1 and not cells[-1]))

    def _wrong(self, code: str, message: str, mend: str, at: int) -> None:
        self.problems.append(Misplaced(Problem(code, message, mend), at))

    def row(self, raw: Mapping[int, object], cells: Cells) -> tuple[tuple[Cell, ...] | None, list[Misplaced]]:
        """The cells of a row in the table's order, None where it is blank or marked; and what is wrong beside them.

        Args:
            raw: what the source has, by column; columns without anything may be missing.
            cells: reads it.
        """
        self.passed = None
        stated = [at for at, one in raw.items() if one is not None and (not isinstance(one, str) or one.strip())]
        if not stated or self.remarks.issuperset(stated):
            return None, []
        if self.mark is not None and self.mark in stated:
            found_mark = raw[self.mark]
            mark = plain(str(found_mark))
            if mark in MARKS:
                self.passed = mark, self._cells(raw, cells)
                return None, []
            if isinstance(found_mark, Problem):
                return None, [Misplaced(found_mark, self.mark)]
            mend = f"leave it empty; {' or '.join(MARKS)} marks a row that is no evidence"
            problem = Problem("unknown_value", f"{shorten(mark)} is no mark of a row", mend)
            return None, [Misplaced(problem, self.mark)]
        wrong = [
            Misplaced(Problem("missing_key", "the cell stands under no heading", "name its column, or empty it"), at)
            for at in sorted(stated)
            if at not in self._headed
        ]
        return (self._cells(raw, cells) if len(wrong) < len(stated) else None), wrong

    def _cells(self, raw: Mapping[int, object], cells: Cells) -> tuple[Cell, ...]:
        self._readers = self._readers or [cells.reader(column) for column in self.table.columns]
        get = raw.get
        return tuple(
            [None if at is None else read(get(at)) for at, read in zip(self._order, self._readers, strict=True)]
        )


def table_of(layout: Layout, name: str) -> Table | None:
    """The table that a sheet or a file is named like; None where there is none."""
    sheets = sheet_names(layout)
    names = {plain(sheets[table.name]): table for table in layout.tables}
    names |= {plain(table.name): table for table in layout.tables}
    return names.get(plain(name))


def sheet_names(layout: Layout) -> dict[str, str]:
    """What the sheets of tables are called: like the tables, as far as the name of a sheet may go."""
    names: dict[str, str] = {}
    for table in layout.tables:
        name, number = NO_SHEET.sub("_", table.name)[:SHEET_CHARACTERS], 1
        while name.casefold() in {other.casefold() for other in names.values()}:
            number += 1
            name = f"{name[: SHEET_CHARACTERS - len(str(number)) - 1]}~{number}"
        names[table.name] = name
    return names
