"""Rows that are marked as no evidence: which of them may have been written over with some."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any, NamedTuple

from itss_logic.errors import Refusal
from itss_logic.evidence import Refused
from itss_logic.intake.bundles import Placer, listed
from itss_logic.intake.examples import Examples
from itss_logic.intake.headings import EXAMPLE
from itss_logic.intake.layout import Cell, Layout, Table
from itss_logic.terms import write
from itss_logic.vocabulary import Problem

MEND = "empty the mark, so that it is read; or clear the row"


class Passed(NamedTuple):
    """A row that is marked as no evidence, by its table and what its source knows it by; with its mark and cells."""

    table: Table
    at: Any
    mark: str
    cells: tuple[Cell, ...]


class Marked:
    """What is wrong with rows that are marked as no evidence.

    One that names a candidate may be evidence: whomever it names, other than the candidate of the examples that come
    along, and what comes along to explain the column. `wrong` are refusals by whom they name; `nameless` those of rows
    of which nobody can say whom they name; `changed` the examples that name nobody, yet say what none of those that
    come along does.

    Args:
        layout: the tables.
        places: tells where rows stand.
        passed: the rows.
        known: the candidates that other rows name.
    """

    def __init__(self, layout: Layout, places: Placer, passed: Iterable[Passed], known: Container[str]) -> None:
        self.places, self.known = places, known
        self.wrong: dict[str, list[Refusal]] = {}
        self.nameless: list[Refusal] = []
        self.changed: list[Passed] = []
        self.examples = Examples(layout)
        for row in passed:
            name, is_example = row.cells[0], row.mark == EXAMPLE
            is_ours = name in self.examples.candidates if is_example else self.examples.is_hint(row.table, str(name))
            if isinstance(name, str) and (name in known or not is_ours):
                message = f"the row is marked as no evidence, and names the candidate {write(name)}"
                self.wrong.setdefault(name, []).append(self._refusal(row, Problem("conflict", message, MEND), name))
            elif is_example and isinstance(name, Problem):
                self.nameless.append(self._refusal(row, name))
            elif is_example and self.examples.says_more(row.table, row.cells):
                self.changed.append(row)

    def _refusal(self, row: Passed, problem: Problem, candidate: str | None = None) -> Refusal:
        place = self.places(row.table, row.at, row.table.columns[0])
        return Refusal(problem.code, candidate, place, problem.message, problem.mend)

    def others(self) -> Iterator[Refused]:
        """Those whom no other rows name."""
        for name, refusals in self.wrong.items():
            if name not in self.known:
                yield Refused(name, tuple(listed(refusals, refusals[0].place)))

    def warn(self, warn: Callable[[str], None]) -> None:
        """Tell of the examples that were changed."""
        if self.changed:
            first, more = self.changed[0], len(self.changed) - 1
            others = f" (and {more} more)" if more else ""
            place = self.places(first.table, first.at)
            warn(f"{place}: the example was changed{others}; it names no candidate, and is not read")
