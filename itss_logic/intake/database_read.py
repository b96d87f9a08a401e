"""Evidence from SQLite and PostgreSQL: in one snapshot, a candidate at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from itss_logic import limits
from itss_logic.documents import DocumentError
from itss_logic.errors import Place, Refusal
from itss_logic.evidence import Entry, Refused
from itss_logic.intake.bundles import Bundle, Row
from itss_logic.intake.database_cells import Read, absent, reader, untaken
from itss_logic.intake.database_kinds import Field, Kind, Postgresql, Sqlite, quoted
from itss_logic.intake.database_query import Queries
from itss_logic.intake.database_url import Address, connected, driver_errors, let_go, reached, said
from itss_logic.intake.layout import CANDIDATES, Layout, Table
from itss_logic.intake.sources import KEYS, Found, Places, Source
from itss_logic.vocabulary import Problem, Vocabulary

ROWS = limits.FACTS + 2
"""The most rows of a candidate that are looked at; with more, there are too many facts in any case."""

TAKEN = frozenset(["text", "number", "whole", "truth"])
"""The kinds of columns whose cells are looked at."""

RESULTS = "itss_"
"""How tables begin that hold no evidence, but what was made of it."""


class Relation(NamedTuple):
    """A table as it is read: what gives its rows, in order, and what reads their cells."""

    table: Table
    select: str
    reads: tuple[Read, ...]


class Database(Source):
    """The tables of evidence behind a URL.

    Args:
        url: of an SQLite file or a PostgreSQL server.
        vocabulary: what may stand in them.
        warn: is told of tables that are passed over.
        queries: what to read instead of tables of the layout.

    Raises:
        QuestionError: where it is no such URL, or the driver is not installed.
    """

    def __init__(
        self,
        url: str,
        vocabulary: Vocabulary,
        warn: Callable[[str], None] = lambda message: None,
        queries: Queries | None = None,
    ) -> None:
        self.address = Address.of(url)
        self.layout = Layout(vocabulary, wide=False)
        keys = {t.name: [t.columns.index(column) for column in self.layout.key(t)] for t in self.layout.tables}
        self.places = Places(self.address.shown, KEYS, {}, {}, keys)
        self.warn, self.queries = warn, queries
        self.refusals: list[Refusal] = []

    def bundles(self) -> Iterator[Found]:
        """See `Source.bundles`.

        Raises:
            QuestionError: where nothing can be had from the URL.
        """
        connection = connected(self.address)
        try:
            yield from self._read((Sqlite if self.address.is_sqlite else Postgresql)(connection))
        finally:
            let_go(connection, self.address)

    def _read(self, kind: Kind) -> Iterator[Found]:
        with reached(self.address):
            kind.begin()
            relations = list(self._relations(kind))
        if self.refusals:
            yield Refused(None, tuple(self.refusals))
            return
        try:
            yield from self._merged(kind, relations)
        except driver_errors(self.address) as error:
            message = f"reading ended before all was read: {said(error)}"
            raise DocumentError("syntax", message, "what came before stands; read again") from None

    def entries(self) -> Iterator[tuple[Entry, Place]]:
        """See `Source.entries`; where reading ends early, the last tells so."""
        try:
            yield from super().entries()
        except DocumentError as error:
            place = Place(self.address.shown)
            yield Refused(None, (Refusal(error.code, None, place, error.message, error.mend),)), place

    def _refuse(self, problem: Problem, table: str, column: str = "") -> None:
        if self.queries:
            place = Place(self.queries.file, None, None, f"$.{table}")
        else:
            place = Place(self.address.shown, None, None, f"{table}.{column}" if column else table)
        self.refusals.append(Refusal(problem.code, None, place, problem.message, problem.mend))

    def _relations(self, kind: Kind) -> Iterator[Relation]:
        """Find what there is to read; what is wrong with it is refused."""
        if self.queries is None:
            there = self._there(kind)
            found = [(table, there[table.name]) for table in self.layout.tables if table.name in there]
        else:
            of = self.queries.of
            found = [(t, f"(\n{of[t.name].select}\n) AS rows_of_it") for t in self.layout.tables if t.name in of]
        for table, sql in found:
            try:
                with kind.apart():
                    relation = self._relation(kind, table, sql)
            except SQLAlchemyError as error:
                mend = "mend the SELECT" if self.queries else "see that it can be read by this user"
                self._refuse(Problem("syntax", f"{table.name} cannot be read: {said(error)}", mend), table.name)
                continue
            if relation is not None:
                yield relation

    def _there(self, kind: Kind) -> dict[str, str]:
        """The tables of the layout that there are, each as a FROM has it."""
        names = kind.tables()
        folds = (lambda name: name.lower()) if isinstance(kind, Sqlite) else str
        there = {folds(name): name for name in names}
        found = {name: quoted(there[folds(name)]) for name in self.layout.named if folds(name) in there}
        if CANDIDATES not in found:
            message = f"there is no table {CANDIDATES}" + (
                f", but {', '.join(names[:9])}" if names else ", nor any other"
            )
            mend = "itss intake ddl prints the tables; other tables are read by itss intake sql with --query"
            self._refuse(Problem("missing_key", message, mend), CANDIDATES)
        others = [name for name in names if folds(name) not in map(folds, found) and not name.startswith(RESULTS)]
        if others:
            self.warn(f"{self.address.shown}: passed over, named like no table of evidence: {', '.join(others)}")
        return found

    def _relation(self, kind: Kind, table: Table, sql: str) -> Relation | None:
        """What to read of a table, if nothing is wrong with its columns."""
        before = len(self.refusals)
        named: dict[str, Field] = {}
        known = {column.name.lower(): column.name for column in table.columns}
        for field in kind.fields(sql):
            name = known.get(field.name.lower())
            if name is None:
                mend = f"leave it out; there can be {', '.join(known.values())}"
                message = f"{table.name} has a column {field.name}, which is none of evidence"
                self._refuse(Problem("unknown_key", message, mend), table.name, field.name)
            elif name in named:
                self._refuse(Problem("conflict", f"the column {name} stands twice", "keep one"), table.name, name)
            else:
                named[name] = field
        for column in table.columns:
            if column.required and column.name not in named:
                problem = Problem("missing_key", f"{table.name} has no column {column.name}", "have it there")
                self._refuse(problem, table.name, column.name)
        first = table.columns[0].name
        if first in named:
            named[first], wrong = kind.candidates(sql, named[first])
            if wrong:
                message = f"there are candidates in {table.name} that are {wrong}: their evidence could be anybody's"
                mend = "have the id of a candidate there, as text"
                self._refuse(Problem("missing_key", message, mend), table.name, first)
        if len(self.refusals) > before:
            return None
        return self._as_read(kind, table, sql, named)

    def _as_read(self, kind: Kind, table: Table, sql: str, named: Mapping[str, Field]) -> Relation:
        values = self.queries.of[table.name].values if self.queries else {}
        selected, reads = list[str](), list[Read]()
        for column in table.columns:
            if column.name not in named:
                reads.append(absent)
                selected.append("NULL")
                continue
            field = named[column.name]
            is_taken = field.kind in TAKEN
            reads.append(reader(column, values.get(column.name)) if is_taken else untaken(column, field.kind))
            selected.append(kind.text(field) if is_taken else f"{quoted(field.name)} IS NOT NULL")
        order = kind.ordered(named[table.columns[0].name])
        return Relation(table, f"SELECT {', '.join(selected)} FROM {sql} ORDER BY {order}", tuple(reads))

    def _merged(self, kind: Kind, relations: Sequence[Relation]) -> Iterator[Found]:
        """Yield candidates in the order of their bytes, each with the rows of all tables."""
        streams = [Stream(kind, relation, self.layout.places[relation.table.name]) for relation in relations]
        try:
            yield from self._of_all(streams)
        finally:
            for stream in streams:
                stream.rows.close()

    def _of_all(self, streams: Sequence[Stream]) -> Iterator[Found]:
        waiting = [(stream.key, at) for at, stream in enumerate(streams) if stream.key is not None]
        heapq.heapify(waiting)
        while waiting:
            key, rows = waiting[0][0], list[Row]()
            candidate: str = streams[waiting[0][1]].candidate
            while waiting and waiting[0][0] == key:
                stream = streams[waiting[0][1]]
                stream.take(rows)
                if stream.key is None:
                    heapq.heappop(waiting)
                else:
                    heapq.heapreplace(waiting, (stream.key, waiting[0][1]))
            yield self._found(candidate, rows)

    def _found(self, candidate: str, rows: list[Row]) -> Found:
        table = self.layout.tables[rows[0].table]
        place = self.places(table, rows[0].at, table.columns[0])
        if isinstance(problem := rows[0].cells[0], Problem):
            return Refused(None, (Refusal(problem.code, None, place, problem.message, problem.mend),))
        if len(rows) < ROWS:
            return Bundle(candidate, tuple(rows))
        message = f"the candidate has more than {limits.FACTS} facts"
        return Refused(candidate, (Refusal("too_large", candidate, place, message, "state less for one candidate"),))


class Stream:
    """The rows of a table by candidate: `candidate` is the next, with its `key`; at the end that is None."""

    def __init__(self, kind: Kind, relation: Relation, place: int) -> None:
        self.kind, self.reads, self.place = kind, relation.reads, place
        self.rows = kind.rows(relation.select)
        self.candidate = ""
        self.key: bytes | None = None
        self.first = next(self.rows, None)
        self._look()

    def _look(self) -> None:
        """See who is next."""
        before = self.key
        self.key = None
        if self.first is not None:
            self.candidate = self.first[0]
            self.key = self.kind.key(self.candidate)
            if before is not None and self.key <= before:
                raise DocumentError("syntax", "rows do not come in order", "see that text is ordered by bytes there")

    def take(self, rows: list[Row]) -> None:
        """Add the rows of the next candidate to others, as many as are looked at; in an order that stays the same."""
        candidate, some = self.candidate, list[Sequence[Any]]()
        while self.first is not None and self.first[0] == candidate:
            if len(rows) + len(some) < ROWS:
                some.append(self.first)
            self.first = next(self.rows, None)
        if len(some) > 1:
            some.sort(key=repr)
        for raw in some:
            cells = tuple([read(cell) for read, cell in zip(self.reads, raw, strict=True)])
            rows.append(Row(self.place, cells, cells))
        self._look()
