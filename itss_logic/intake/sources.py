"""What evidence in tables is read from, and where in it something stands."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from itss_logic import limits
from itss_logic.errors import Place, Refusal, shorten
from itss_logic.evidence import Entry, Refused
from itss_logic.intake.bundles import Assembly, Bundle, Row, listed
from itss_logic.intake.cells import plain
from itss_logic.intake.layout import Column, Layout, Table
from itss_logic.intake.marked import Marked, Passed
from itss_logic.terms import write
from itss_logic.vocabulary import Problem

CELLS, LINES, KEYS = "cells", "lines", "keys"

PLAIN = re.compile(r"[\w.@+-]{1,60}")


class Places(NamedTuple):
    """Tells where a row and a column stand.

    `style` is `CELLS` for a workbook (rows by their numbers), `LINES` for a folder of files (by their lines) and `KEYS`
    for databases (by their keys: there `at` are the cells of the row, and `keys` maps tables to the places of their
    keys in it). `tables` maps tables to what the source calls them, `columns` both to the letters of a workbook's
    columns.
    """

    file: str
    style: str
    tables: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]
    keys: Mapping[str, Sequence[int]] = MappingProxyType({})

    def __call__(self, table: Table, at: Any, column: Column | None = None) -> Place:
        """The place of a column in a row; without a column, of the row."""
        name = self.tables.get(table.name, table.name)
        if self.style == CELLS:
            first = next(iter(self.columns.get(table.name, {"": "A"}).values()))
            letter = self.columns.get(table.name, {}).get(column.name, first) if column else first
            return Place(self.file, None, None, f"{name}!{letter}{at}")
        if self.style == LINES:
            return Place(f"{self.file}/{name}", at, None, column.name if column else None)
        key = ", ".join(_key(at[place]) for place in self.keys[table.name])
        return Place(self.file, None, None, f"{name}[{key}]" + (f".{column.name}" if column else ""))


def _key(cell: object) -> str:
    """A cell of a key as places show it: in quotes where it could be taken for something else."""
    if isinstance(cell, str) and cell != "null":
        return cell if PLAIN.fullmatch(cell) else json.dumps(shorten(cell), ensure_ascii=False)
    return "null" if cell is None else "?"


Found: TypeAlias = "Bundle | Refused"
"""A candidate's rows; or why something is refused that is no candidate's, or that of one who has none."""


class Source(ABC):
    """Tables of evidence. `layout` and `places` are known once `bundles` gave something."""

    layout: Layout
    places: Places

    @abstractmethod
    def bundles(self) -> Iterator[Found]:
        """Yield the rows of each candidate, in order.

        Raises:
            DocumentError: where the source as a whole cannot be read.
        """

    def entries(self) -> Iterator[tuple[Entry, Place]]:
        """Yield the candidates, each as evidence or refused, with their places."""
        for found in self.bundles():
            if isinstance(found, Refused):
                yield found, found.refusals[0].place
            else:
                yield Assembly(self.layout, found).entry(self.places)


def gathered(
    rows: Iterable[Row],
    layout: Layout,
    places: Places,
    refusals: Iterable[Refusal] = (),
    passed: Iterable[Passed] = (),
    warn: Callable[[str], None] = lambda message: None,
) -> Iterator[Found]:
    """Yield rows by candidate: in the order of the table of candidates, then any others.

    A row that names no candidate could be evidence for any, so all are refused then, with all that is wrong.

    Args:
        rows: of all tables.
        layout: the tables.
        places: tells where they stand.
        refusals: what is wrong beside, with no candidate in particular.
        passed: rows that are marked as no evidence. One that names a candidate may have been written over.
        warn: is told of examples that were changed, yet name nobody.
    """
    nameless = list(refusals)
    by_candidate: dict[str, list[Row]] = {}
    later: list[tuple[str, Row]] = []
    for row in rows:
        candidate = row.cells[0]
        if not isinstance(candidate, str) or not candidate:
            nameless.append(_nameless(row, layout, places))
        elif row.table == 0:
            by_candidate.setdefault(candidate, []).append(row)
        else:
            later.append((candidate, row))
    for candidate, row in later:
        by_candidate.setdefault(candidate, []).append(row)
    del later
    marked = Marked(layout, places, passed, by_candidate)
    for candidate in filter(marked.examples.stands_for_nobody, by_candidate):
        marked.wrong.setdefault(candidate, []).append(_nobody(by_candidate[candidate][0], layout, places))
    marked.warn(warn)
    nameless += marked.nameless
    found: Iterator[Found] = chain(_bundles(by_candidate, marked.wrong), marked.others())
    if not nameless:
        yield from found
        return
    # Where nobody is on file, all others would be unknown.
    passed_over = () if any(some[0].table == 0 for some in by_candidate.values()) else ("unknown_candidate",)
    for one in found:
        entry = one if isinstance(one, Refused) else Assembly(layout, one).entry(places)[0]
        if len(nameless) < limits.REFUSALS and isinstance(entry, Refused):
            nameless.extend(refusal for refusal in entry.refusals if refusal.code not in passed_over)
    yield Refused(None, tuple(listed(nameless, Place(places.file))))


def _bundles(by_candidate: Mapping[str, list[Row]], wrong: Mapping[str, list[Refusal]]) -> Iterator[Bundle]:
    known: dict[str, str] = {}
    if any(some[0].table != 0 for some in by_candidate.values()):
        known = {plain(candidate): candidate for candidate, some in by_candidate.items() if some[0].table == 0}
    for candidate, some in by_candidate.items():
        near = None if some[0].table == 0 else known.get(plain(candidate))
        yield Bundle(candidate, tuple(some), near, tuple(wrong.get(candidate, ())))


def _nobody(row: Row, layout: Layout, places: Places) -> Refusal:
    table, candidate = layout.tables[row.table], str(row.cells[0])
    message = f"{write(candidate)} is nobody: it comes along in the template, to show how a row is filled in"
    mend = "write the id of a person instead, or delete the row"
    return Refusal("conflict", candidate, places(table, row.at, table.columns[0]), message, mend)


def _nameless(row: Row, layout: Layout, places: Places) -> Refusal:
    table = layout.tables[row.table]
    cell = row.cells[0]
    problem = cell if isinstance(cell, Problem) else Problem("missing_key", "the row names no candidate", "name one")
    place = places(table, row.at, table.columns[0])
    return Refusal(problem.code, None, place, problem.message, problem.mend)
