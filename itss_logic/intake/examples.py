"""The row of each table by which the workbook to fill in shows how that is done, and how to tell it from evidence."""

from __future__ import annotations

from functools import cached_property

from itss_logic.intake.bundles import NoPlaceError
from itss_logic.intake.captions import WORDS, Captions
from itss_logic.intake.layout import Cell, Column, Layout, Table
from itss_logic.pages.speech import spoken
from itss_logic.shape import STATUS, STATUSES
from itss_logic.vocabulary import SOURCE, Predicate, Vocabulary


class Examples:
    """The examples of a layout, in all languages.

    Args:
        layout: the tables.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.candidates = frozenset(texts["example_candidate"] for texts in spoken(WORDS).values())
        """The candidates of the examples, who are nobody."""

    @cached_property
    def _hints(self) -> frozenset[tuple[str, str]]:
        """What the rows below the headings say of the first column of each table."""
        every = [Captions(self.layout, language) for language in spoken(WORDS)]
        told = [(c, t, t.columns[0]) for c in every for t in self.layout.tables]
        return frozenset(
            (t.name, text) for c, t, first in told for text in (c.of_column(t, first), c.explained(t, first))
        )

    def is_hint(self, table: Table, text: str) -> bool:
        """Whether a text in the first column of a table is one that comes along, rather than a candidate."""
        return (table.name, text) in self._hints

    @cached_property
    def _nobody(self) -> frozenset[str]:
        return self.candidates | {text for _, text in self._hints}

    def stands_for_nobody(self, candidate: str) -> bool:
        """Whether an id comes along in the template, rather than being that of a person."""
        return candidate in self._nobody

    def check(self, candidate: str) -> None:
        """See that a candidate would not be taken for nobody.

        Raises:
            NoPlaceError: where that is so.
        """
        if self.stands_for_nobody(candidate):
            raise NoPlaceError("its id is one that the template has for an example", "give the candidate another id")

    @cached_property
    def _known(self) -> frozenset[tuple[str, tuple[Cell, ...]]]:
        every = [Captions(self.layout, language) for language in spoken(WORDS)]
        rows = [(t.name, example_cells(captions, t)) for captions in every for t in self.layout.tables]
        return frozenset((name, tuple(cells[1:])) for name, cells in rows if cells is not None)

    def says_more(self, table: Table, cells: tuple[Cell, ...]) -> bool:
        """Whether a row says anything, other than whom it is about, that the example of its table does not."""
        rest = cells[1:]
        return any(cell is not None for cell in rest) and (
            any(isinstance(cell, list) for cell in rest) or (table.name, rest) not in self._known
        )


def example_cells(captions: Captions, table: Table) -> list[Cell] | None:
    """The cells of a row that shows how a table is filled in; None where there is none."""
    item = table.owner or table.predicate
    f = home(captions.vocabulary, item) if item else None
    if table.owner and table.predicate and f is not None and f not in table.predicate.fields:
        return None
    ticked: dict[str, int] = {}
    return [_sample(captions, table, column, f, ticked) for column in table.columns]


def home(vocabulary: Vocabulary, item: Predicate) -> str | None:
    """The field in which an item can have the most attributes, for an example."""
    if not item.of_field:
        return None
    return max(item.fields, key=lambda f: (len(vocabulary.attributes(item.name, f)), -item.fields.index(f)))


def _sample(captions: Captions, table: Table, column: Column, f: str | None, ticked: dict[str, int]) -> Cell:
    """What stands in a column of the example; all together is valid."""
    say, kind, predicate = captions.say, column.kind, column.predicate
    texts = {"candidate": "example_candidate", "owner": "example_id", "id": "example_id", SOURCE: "example_source"}
    if kind in texts:
        return say(texts[kind])
    if kind == "field" or kind == STATUS or predicate is None:
        return f if kind == "field" else STATUSES[0]
    if f is not None and f not in predicate.fields:
        return None
    if kind == "tick":
        pairs = zip(predicate.own, column.values, strict=True)
        if ticked.get(predicate.name, 0) < 2 and all(captions.has(a, v, f) for a, v in pairs):
            ticked[predicate.name] = ticked.get(predicate.name, 0) + 1
            return True
        return None
    if kind in ("truth", "flag"):
        return True if kind == "truth" else None
    argument = column.argument
    assert argument is not None
    if kind == "number":
        least, greatest = captions.vocabulary.ranges[argument.domain]
        return min(greatest, max(least, 3))
    if predicate.combinations:
        values = [a for a in predicate.own if a.kind == "value"]
        return str(min(predicate.combinations, key=str)[values.index(argument)])
    return next(iter(captions.vocabulary.values(argument.domain, f)), None)
