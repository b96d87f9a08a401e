"""The rows of one candidate: evidence made of them, and they of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol, TypeAlias

from itss_logic import limits
from itss_logic.documents import Members
from itss_logic.errors import Place, Refusal
from itss_logic.evidence import Entry, Evidence, Refused
from itss_logic.intake.cells import plain
from itss_logic.intake.layout import Cell, Column, Layout, Table
from itss_logic.shape import FIELDS, STATUS, VERIFIED, Shape, child
from itss_logic.terms import Fact, Term, write
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Predicate, Problem

FIELD = "field"


class Row(NamedTuple):
    """A row: the place of its table in the layout, what its source knows it by, and its cells in the table's order."""

    table: int
    at: Any
    cells: tuple[Cell, ...]


class Bundle(NamedTuple):
    """All rows of one candidate.

    `near` is an id of another that the candidate's may have been meant to be; `wrong` are refusals beside the rows.
    """

    candidate: str
    rows: tuple[Row, ...]
    near: str | None = None
    wrong: tuple[Refusal, ...] = ()


class NoPlaceError(Exception):
    """Evidence that a form has no place for; `mend` is what to do instead."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


class Placer(Protocol):
    """Tells the place of a column in a row, or of the row, which is known by `Row.at`."""

    def __call__(self, table: Table, at: Any, column: Column | None = None) -> Place:  # noqa: D102
        ...


Spot: TypeAlias = "tuple[Row, Column | None]"


class Assembly:
    """The object of one candidate in the shape of JSON, from rows.

    `value` is the object, `problems` what no object can tell, `spots` the rows and columns by JSON path.
    """

    def __init__(self, layout: Layout, bundle: Bundle) -> None:
        self.layout, self.bundle = layout, bundle
        self.value = Members([(CANDIDATE, bundle.candidate)])
        self.problems: list[tuple[Problem, Spot]] = []
        self.spots: dict[str, Spot] = {}
        self.whole: dict[str, Row] = {}
        """The rows of statements, by path."""
        self.owners: dict[tuple[str, Any], tuple[dict[str, Any], str, str]] = {}
        """Of items with attributes, by predicate and id: the object, its path, and its field, if any."""
        tables = layout.tables
        first = [row for row in bundle.rows if tables[row.table].predicate is None]
        if not first:
            row = bundle.rows[0]
            problem = Problem("unknown_candidate", *_no_candidate(bundle))
            self.problems.append((problem, (row, tables[row.table].columns[0])))
        for row in first[1:]:
            message = f"the candidate {write(bundle.candidate)} stands twice among the candidates"
            mend = "keep one; two people need two ids"
            self.problems.append((Problem("duplicate_candidate", message, mend), (row, tables[0].columns[0])))
        if first:
            self.spots[child("$", CANDIDATE)] = (first[0], tables[0].columns[0])
        # Items before attributes, in whatever order rows come.
        for row in sorted(bundle.rows, key=lambda row: tables[row.table].owner is not None):
            table = tables[row.table]
            if table.owner is not None:
                self._attribute(row, table, table.owner)
            elif table.predicate is not None:
                self._item(row, table, table.predicate)

    def _item(self, row: Row, table: Table, item: Predicate) -> None:
        """Take up the row of an item, with the attributes that have columns in it."""
        known = self._known(row, table)
        if known is None:
            return
        into, base, f = self.value, "$", ""
        if FIELD in known and item.of_field:
            f = known.pop(FIELD)
            if f not in self.layout.vocabulary.fields:
                column = table.column(item.arguments[item.place(FIELD)].key)
                self.problems.append((self._unknown_field(str(f)), (row, column)))
                return
            into = into.setdefault(FIELDS, Members([])).setdefault(f, Members([]))
            base = child(child(base, FIELDS), f)
        sources = known.pop(SOURCE, None)
        if sources is not None and not isinstance(sources, list):
            sources = [sources]
        has_attributes = bool(self.layout.vocabulary.attributes(item.name, None))
        if sources and len(sources) > 1 and self.layout.vocabulary.cites_once(item):
            problem = Problem("conflict", f"{item.name} has room for one reference", "join them into one")
            self.problems.append((problem, (row, table.column(SOURCE))))
        for source in sources or [None]:
            stated = known if source is None else {**known, SOURCE: source}
            value = self._shortest(item, stated)
            spot = (row, table.column(item.own[0].key) if item.own and not isinstance(value, dict) else None)
            path = self._put(into, base, item, value, spot)
            self.whole[path] = row
            if has_attributes:
                for argument in item.own:
                    if argument.kind == "id":
                        self.owners.setdefault((item.name, known[argument.key]), (stated, path, f))
                self._inner(row, table, stated, path)
                for key in (STATUS, SOURCE):  # Last, as people write them.
                    if key in stated:
                        stated[key] = stated.pop(key)

    def _unknown_field(self, f: str) -> Problem:
        fields = self.layout.vocabulary.fields
        return Problem("unknown_value", f"{f} is not a known field", f"write one of {', '.join(fields)}")

    def _known(self, row: Row, table: Table) -> dict[str, Any] | None:
        """The arguments, status and source of a row, by key; None where some are missing."""
        known: dict[str, Any] = {}
        is_whole = True
        for column, cell in zip(table.columns, row.cells, strict=True):
            if isinstance(cell, Problem):
                self.problems.append((cell, (row, column)))
                is_whole = is_whole and not column.required
            elif cell is None:
                if column.required:
                    problem = Problem("missing_key", f"{column.name} is missing", f"fill in {column.name}")
                    self.problems.append((problem, (row, column)))
                    is_whole = False
            elif column.kind in (STATUS, SOURCE):
                known[column.name] = cell
            elif column.predicate is table.predicate and column.argument and column.kind != "owner":
                known[column.argument.key if column.kind != FIELD else FIELD] = cell
        return known if is_whole else None

    def _inner(self, row: Row, table: Table, stated: dict[str, Any], path: str) -> None:
        """Put the attributes that have columns in the row of their item into the item's object."""
        for column, cell in zip(table.columns, row.cells, strict=True):
            attribute = column.predicate
            if attribute is None or attribute is table.predicate or cell is None or isinstance(cell, Problem):
                continue
            spot = (row, column)
            if column.kind == "tick":
                if cell is True:
                    value = dict(zip((a.key for a in attribute.own), map(str, column.values), strict=True))
                    self._put(stated, path, attribute, self._shortest(attribute, value), spot)
                elif cell is not False:
                    self.spots[self._put(stated, path, attribute, cell, spot)] = spot
            elif column.kind == "flag" or len(attribute.own) == 1:
                stated[attribute.key] = cell
                self.spots[child(path, attribute.key)] = spot
            elif column.argument is not None:
                whole = stated.setdefault(attribute.key, {})
                whole[column.argument.key] = cell
                self.spots.setdefault(child(path, attribute.key), spot)
                self.spots[child(child(path, attribute.key), column.argument.key)] = spot

    def _attribute(self, row: Row, table: Table, owner: Predicate) -> None:
        """Take up the row of an attribute that has a table of its own."""
        assert table.predicate is not None
        known = self._known(row, table)
        if known is None:
            return
        column = next(column for column in table.columns if column.kind == "owner")
        id = row.cells[table.columns.index(column)]
        if (owner.name, id) not in self.owners:
            message = f"there is no {owner.name} {write(str(id))} of this candidate"
            others = [str(other) for name, other in self.owners if name == owner.name]
            similar = next((write(other) for other in others if plain(other) == plain(str(id))), None)
            mend = (
                f"write it as it stands there: {similar}" if similar else f"state the {owner.name}, or leave this out"
            )
            problem = Problem("unknown_project", message, mend)
            self.problems.append((problem, (row, column)))
            return
        stated, path, f = self.owners[owner.name, id]
        for place, repeated in enumerate(table.columns):
            if repeated.kind == FIELD and row.cells[place] not in (None, f):
                message = f"the {owner.name} {write(str(id))} is of another field, {f}"
                problem = Problem("conflict", message, "write the same, or leave it empty")
                self.problems.append((problem, (row, repeated)))
                return
        value = self._shortest(table.predicate, known)
        put = self._put(stated, path, table.predicate, value, (row, table.column(table.predicate.own[0].key)))
        self.whole[put] = row

    def _put(self, into: dict[str, Any], base: str, predicate: Predicate, value: Any, spot: Spot) -> str:
        """Put a statement under the key of its predicate; its path."""
        path = child(base, predicate.key)
        if predicate.number == "many":
            stated = into.setdefault(predicate.key, [])
            path = child(path, len(stated))
            stated.append(value)
        elif predicate.key in into:
            problem = Problem("conflict", f"{predicate.name} is stated twice", "keep one of them")
            self.problems.append((problem, spot))
        else:
            into[predicate.key] = value
        self.spots[path] = spot
        return path

    def _shortest(self, predicate: Predicate, known: dict[str, Any]) -> Any:
        """A statement as JSON writes it shortest; an item that can have attributes is an object."""
        if STATUS in known and known[STATUS] == VERIFIED:
            known.pop(STATUS)
        if STATUS in known or SOURCE in known:
            return known
        if predicate.number == "flag":
            return True
        return known[predicate.alone.key] if predicate.alone else known

    def entry(self, placer: Placer) -> tuple[Entry, Place]:
        """The evidence, or its refusal, with the places of its source, and the place of the candidate."""
        row = self.bundle.rows[0]
        table = self.layout.tables[row.table]
        where = placer(table, row.at, table.columns[0])
        entry = Shape.entry(self.value, self.layout.vocabulary, Place(where.file, path="$"))
        told = list(entry.refusals) if isinstance(entry, Refused) else []
        # None, where it is no text that could name anybody.
        candidate = entry.candidate
        refusals = list(self.bundle.wrong)
        refusals += [Refusal(p.code, candidate, self._place(s, placer), p.message, p.mend) for p, s in self.problems]
        refusals += [refusal._replace(place=self._at(refusal.place.path or "$", placer, where)) for refusal in told]
        if refusals:
            return Refused(candidate, tuple(listed(list(dict.fromkeys(refusals)), where))), where
        return entry, where

    def _at(self, path: str, placer: Placer, otherwise: Place) -> Place:
        """The place that a JSON path stands for: that of the cell, or what it stands in."""
        while (spot := self._spot(path)) is None and path.rstrip("]").rpartition("[" if path.endswith("]") else ".")[0]:
            path = path.rpartition("[" if path.endswith("]") else ".")[0]
        return otherwise if spot is None else self._place(spot, placer)

    def _spot(self, path: str) -> Spot | None:
        """The row and column that a path stands for, where it does."""
        if path in self.spots:
            return self.spots[path]
        base, _, name = path.rpartition(".")
        row = self.whole.get(base)
        named = [c for c in self.layout.tables[row.table].columns if c.name == name] if row else []
        return (row, named[0]) if row and named else None

    def _place(self, spot: Spot, placer: Placer) -> Place:
        row, column = spot
        return placer(self.layout.tables[row.table], row.at, column)


def _no_candidate(bundle: Bundle) -> tuple[str, str]:
    message = f"there is no candidate {write(bundle.candidate)} among the candidates"
    if bundle.near is not None:
        return message, f"write it as it stands there: {write(bundle.near)}"
    return message, "add a row for the candidate there"


def listed(refusals: list[Refusal], where: Place) -> list[Refusal]:
    """Refusals of a candidate, as many as are listed."""
    more = len(refusals) - limits.REFUSALS
    if more <= 0:
        return refusals
    message, mend = f"{more} more errors are not listed", "mend these and look again"
    last = Refusal("too_large", refusals[0].candidate, where, message, mend)
    return [*refusals[: limits.REFUSALS], last]


def bundle_of(evidence: Evidence, layout: Layout) -> Bundle:
    """The rows of evidence, in an order of their own.

    Raises:
        NoPlaceError: where a fact has no place in any table.
    """
    return Bundle(evidence.candidate, tuple(Rows(evidence, layout)))


class Rows:
    """The rows of a candidate's evidence."""

    def __init__(self, evidence: Evidence, layout: Layout) -> None:
        self.layout, self.candidate = layout, evidence.candidate
        self.items: dict[Fact, str] = {}
        self.sources: dict[Fact, list[str]] = {}
        self.attributes: dict[tuple[str, Term], list[Fact]] = {}
        for fact in evidence.facts:
            if fact.name == SOURCE:
                self.sources.setdefault(_inside(fact), []).append(str(fact.arguments[1]))
            elif fact.name == CLAIMED:
                self.items[_inside(fact)] = CLAIMED
            elif fact.name != CANDIDATE:
                predicate = layout.vocabulary.predicates[fact.name]
                if predicate.owner is None:
                    self.items[fact] = VERIFIED
                else:
                    key = (predicate.owner, fact.arguments[predicate.place("of") + 1])
                    self.attributes.setdefault(key, []).append(fact)
        for item, sources in self.sources.items():
            once = layout.vocabulary.cites_once(layout.vocabulary.predicates[item.name])
            if item not in self.items or (once and len(sources) > 1):
                what = f"{write(Fact(SOURCE, (item, sources[-1])))} has no place in this form"
                why = "references are for items on file, and one only for what can be stated once"
                raise NoPlaceError(f"{what}: {why}", "export it as lp, or leave the reference out")

    def __iter__(self) -> Iterator[Row]:
        yield Row(0, None, (self.candidate,))
        tables = {table.predicate.name: table for table in self.layout.tables[1:] if table.predicate}
        for item, status in self.items.items():
            table = tables[item.name]
            predicate = self.layout.vocabulary.predicates[item.name]
            attributes: list[Fact] = []
            f: Term | None = None
            if any(a.kind == "id" for a in predicate.arguments):
                attributes = self.attributes.get((item.name, item.arguments[predicate.place("id") + 1]), [])
            if predicate.of_field:
                f = item.arguments[predicate.place(FIELD) + 1]
            yield self._row(table, self._item_cells(item, status, attributes, table))
            for attribute in attributes:
                if attribute.name in tables:
                    yield self._row(tables[attribute.name], self._attribute_cells(attribute, f, tables[attribute.name]))

    def _row(self, table: Table, cells: Iterable[Cell]) -> Row:
        return Row(self.layout.places[table.name], None, tuple(cells))

    def _item_cells(self, item: Fact, status: str, attributes: list[Fact], table: Table) -> Iterator[Cell]:
        sources = self.sources.get(item, [])
        inner = {(fact.name, self._own(fact)): fact for fact in attributes}
        single = {fact.name: fact for fact in attributes}
        for column in table.columns:
            attribute = column.predicate
            if column.kind == "candidate":
                yield self.candidate
            elif column.kind == STATUS:
                yield status
            elif column.kind == SOURCE:
                yield sources[0] if len(sources) == 1 else sources or None
            elif column.kind == "tick" and attribute is not None:
                yield True if (attribute.name, column.values) in inner else None
            elif attribute is not None and attribute is not table.predicate:
                fact = single.get(attribute.name)
                yield None if fact is None else True if column.kind == "flag" else self._cell(fact, column)
            else:
                yield self._cell(item, column)

    def _attribute_cells(self, attribute: Fact, f: Term | None, table: Table) -> Iterator[Cell]:
        for column in table.columns:
            if column.kind == "candidate":
                yield self.candidate
            elif column.kind == FIELD:
                yield None if f is None else str(f)
            else:
                yield self._cell(attribute, column)

    def _own(self, fact: Fact) -> tuple[Term, ...]:
        predicate = self.layout.vocabulary.predicates[fact.name]
        return tuple(t for t, a in zip(fact.arguments[1:], predicate.arguments, strict=True) if a in predicate.own)

    def _cell(self, fact: Fact, column: Column) -> Cell:
        """What a fact has for an argument."""
        predicate = self.layout.vocabulary.predicates[fact.name]
        assert column.argument is not None
        term = fact.arguments[predicate.arguments.index(column.argument) + 1]
        if column.kind == "truth":
            return next(k for k, v in self.layout.vocabulary.spelled[column.argument.domain].items() if v == term)
        return term if isinstance(term, int) else str(term)


def _inside(fact: Fact) -> Fact:
    inner = fact.arguments[0]
    assert isinstance(inner, Fact)
    return inner


def object_of(evidence: Evidence, layout: Layout) -> dict[str, Any]:
    """Evidence in the shape of JSON.

    Raises:
        NoPlaceError: where JSON has no place for a fact.
    """
    return Assembly(layout, bundle_of(evidence, layout)).value
