"""Evidence as tables: which there are for a vocabulary, and what their columns hold.

There is a table of candidates, one for each kind of item, and one for each attribute that an item can have more than
once. An attribute that it can have once is a column of its table. Laid out *wide*, for people, so is each value of an
attribute that an item can have more than once, as a column to tick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from itss_logic.shape import STATUS, STATUSES
from itss_logic.terms import Term
from itss_logic.vocabulary import CANDIDATE, SOURCE, Argument, Predicate, Problem, Vocabulary

TICKED = 40
"""The most values of an attribute that get a column each; one with more has a table of its own."""

CANDIDATES = "candidates"


class Column(NamedTuple):
    """A column. `name` heads it; `kind` says what it holds:

    `candidate` and `owner`, ids that stand in another table; `id`, `value`, `truth` and `number`, an argument of the
    `predicate`; `field`; `status` and `source` of an item; `flag` (true where the fact holds) and `tick` (true where it
    holds with `values`), of an attribute. `repeats` is set where what it holds stands in another table already.
    """

    name: str
    kind: str
    predicate: Predicate | None = None
    argument: Argument | None = None
    values: tuple[Term, ...] = ()
    required: bool = False
    repeats: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it holds any text, rather than one of known values."""
        return self.kind in ("candidate", "owner", "id", "source")


class Table(NamedTuple):
    """A table: of the candidates, which has no `predicate`; of items; or of an attribute, whose `owner` is an item."""

    name: str
    columns: tuple[Column, ...]
    predicate: Predicate | None = None
    owner: Predicate | None = None

    def column(self, name: str) -> Column:
        """The column of a name."""
        return next(column for column in self.columns if column.name == name)


Cell: TypeAlias = "None | bool | int | float | str | list[str] | Problem"
"""What a cell holds, as JSON has it; a list is of several sources; a problem is told where evidence is made of it."""


class Layout:
    """The tables of a vocabulary, in order: the candidates first, items before their attributes."""

    def __init__(self, vocabulary: Vocabulary, *, wide: bool) -> None:
        self.vocabulary, self.wide = vocabulary, wide
        first = Table(CANDIDATES, (Column(CANDIDATE, "candidate", required=True),))
        self.tables: tuple[Table, ...] = (first, *self._tables())
        self.named = {table.name: table for table in self.tables}
        self.places = {table.name: place for place, table in enumerate(self.tables)}

    def _tables(self) -> Iterator[Table]:
        items = [p for p in self.vocabulary.predicates.values() if p.is_item]
        keys = [CANDIDATES, *(p.key for p in items)]
        for item in items:
            name = item.key if keys.count(item.key) == 1 else item.name
            attributes = self.vocabulary.attributes(item.name, None)
            yield Table(name, tuple(self._item_columns(item, attributes)), item)
            for attribute in attributes:
                if self._is_apart(attribute):
                    yield Table(f"{name}_{attribute.key}", tuple(self._attribute_columns(attribute)), attribute, item)

    def _item_columns(self, item: Predicate, attributes: list[Predicate]) -> Iterator[Column]:
        yield Column(CANDIDATE, "candidate", required=True)
        for argument in item.arguments:
            yield self._column(item, argument, argument.key, required=True)
        for attribute in attributes:
            if not self._is_apart(attribute):
                yield from self._inner_columns(attribute)
        yield Column(STATUS, "status")
        yield Column(SOURCE, "source")

    def _inner_columns(self, attribute: Predicate) -> Iterator[Column]:
        """The columns of an attribute in the table of its item."""
        if attribute.number == "flag":
            yield Column(attribute.key, "flag", attribute)
        elif attribute.number == "one":
            for argument in attribute.own:
                name = attribute.key if len(attribute.own) == 1 else f"{attribute.key}.{argument.key}"
                yield self._column(attribute, argument, name)
        else:
            for values in self.combinations(attribute):
                yield Column(".".join([attribute.key, *map(str, values)]), "tick", attribute, values=values)

    def _attribute_columns(self, attribute: Predicate) -> Iterator[Column]:
        yield Column(CANDIDATE, "candidate", required=True)
        owner = attribute.arguments[attribute.place("of")]
        yield Column(owner.key, "owner", attribute, owner, required=True)
        if not self.wide and attribute.number == "many" and self.varies(attribute):
            # A database checks by it that the values are of the field.
            yield Column("field", "field", attribute, repeats=True)
        for argument in attribute.own:
            yield self._column(attribute, argument, argument.key, required=True)

    def _column(self, predicate: Predicate, argument: Argument, name: str, *, required: bool = False) -> Column:
        kind = argument.kind
        if kind == "value" and argument.domain in self.vocabulary.spelled:
            kind = "truth"
        return Column(name, kind, predicate, argument, required=required)

    def _is_apart(self, attribute: Predicate) -> bool:
        """Whether an attribute has a table of its own."""
        return attribute.number == "many" and not (self.wide and self.combinations(attribute))

    def varies(self, attribute: Predicate) -> bool:
        """Whether what an attribute can be depends on the field."""
        owner = self.vocabulary.predicates[str(attribute.owner)]
        if not owner.of_field:
            return False
        alike = all(
            self.vocabulary.values(a.domain, f) == self.vocabulary.values(a.domain, owner.fields[0])
            for a in attribute.own
            if a.kind == "value"
            for f in owner.fields
        )
        return attribute.fields != owner.fields or not alike

    def combinations(self, attribute: Predicate) -> Sequence[tuple[Term, ...]]:
        """What an attribute can be, in any field; nothing where that is no short list."""
        if any(argument.kind != "value" or argument.domain in self.vocabulary.spelled for argument in attribute.own):
            return []
        domains = [
            dict.fromkeys(v for f in attribute.fields for v in self.vocabulary.values(argument.domain, f).values())
            for argument in attribute.own
        ]
        allowed = attribute.combinations
        found = [values for values in product(*domains) if not allowed or values in allowed]
        return found if len(found) <= TICKED else []

    def key(self, table: Table) -> tuple[Column, ...]:
        """The columns that tell a row of a table from its others: of an item that there is one of, not what it says."""
        item = table.predicate if table.owner is None else None
        if item is not None and item.number == "one":
            return self._columns(table, [a for a in item.arguments if a not in item.own])
        if item is not None and self.vocabulary.attributes(item.name, None):
            return self.identity(table)
        return self._columns(table, table.predicate.arguments if table.predicate else ())

    def identity(self, table: Table) -> tuple[Column, ...]:
        """The columns by which attributes name an item of a table: its candidate and id."""
        assert table.predicate is not None
        return self._columns(table, [table.predicate.arguments[table.predicate.place("id")]])

    @staticmethod
    def _columns(table: Table, ids: Sequence[Argument]) -> tuple[Column, ...]:
        """The columns of the candidate and of some arguments."""
        return tuple(c for c in table.columns if c.kind == "candidate" or (_is_of(table, c) and c.argument in ids))

    def allowed(self, column: Column) -> tuple[str, ...]:
        """The values that a column of known values can hold, in any field."""
        if column.kind == "status":
            return STATUSES
        if column.kind == "field":
            return tuple(map(str, column.predicate.fields if column.predicate else self.vocabulary.fields))
        if column.kind == "value" and column.predicate and column.argument:
            domain = column.argument.domain
            return tuple(dict.fromkeys(v for f in column.predicate.fields for v in self.vocabulary.values(domain, f)))
        return ()


def _is_of(table: Table, column: Column) -> bool:
    """Whether a column holds an argument of what its table is of."""
    return column.predicate is not None and column.predicate is table.predicate
