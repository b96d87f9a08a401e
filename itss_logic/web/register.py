"""The register of all candidates with their verdicts: pages of it, and the evidence of each.

It is a file of SQLite in a folder of its own, which goes with it. One table is narrow, to be looked through as a whole
for each page; evidence stands in another.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from itss_logic.answers import REACHED, VERDICTS, Verdicts
from itss_logic.errors import ItssError, QuestionError, Refusal, printable, shorten
from itss_logic.vocabulary import CANDIDATE
from itss_logic.web.columns import Columns, folded
from itss_logic.web.stored import Stored

if TYPE_CHECKING:
    from itss_logic.policy import Policy

REFUSALS = 1_000
"""How many refusals are kept at most; all are counted."""

TOTALS = 1_000
"""How many numbers of matches are remembered at most."""

MAPPED_BYTES = 2**30
"""How much of the file is looked at in place, without a copy for each connection."""


class Query(NamedTuple):
    """What is asked for.

    `search` is a part of the id, in any case and width. `verdict` and `hinges_on`, a reading, are to hold of one and
    the same level: of `field` and `level` where these are given. Without both, `level` is the highest that is reached,
    in `field` or in any, and `field` alone asks for some level in it. `sort` is empty for the order of the input,
    `candidate`, or a field for its highest level; `descending` turns the whole order round. Pages count from 1 and have
    `size` rows.
    """

    search: str = ""
    field: str | None = None
    level: int | None = None
    verdict: str | None = None
    hinges_on: str | None = None
    sort: str = ""
    descending: bool = False
    page: int = 1
    size: int = 50


class Row(NamedTuple):
    """A candidate: the highest level in each field, or None, and the verdict on each level. `hinges_on` are the
    readings on which any of these hinges; None where that is not known yet."""

    candidate: str
    highest: Mapping[str, int | None]
    verdicts: Mapping[tuple[str, int], str]
    hinges_on: tuple[str, ...] | None


class Page(NamedTuple):
    """Rows, with how many there are on all pages, the number of this page and that of the last, which is 1 at least."""

    rows: tuple[Row, ...]
    total: int
    page: int
    pages: int


class Hinges(NamedTuple):
    """The readings on which the verdicts on a candidate hinge, by level; levels may be left out that hinge on none."""

    candidate: str
    on: Mapping[tuple[str, int], tuple[str, ...]]


class Register:
    """All candidates that were judged, in the order of the input.

    First all are entered, then `complete` is called once; after that any thread can ask it, and tell it of hinges.
    `refused` is how many candidates, and files, were refused, `refusals` why, for the first of them.

    Raises:
        PolicyError: where the policy has too many levels.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy, self.columns = policy, Columns(policy)
        self.size = self.refused = self.hinges_known = 0
        self.refusals: list[Refusal] = []
        self._folder = TemporaryDirectory(prefix="itss-")
        self._path = os.path.join(self._folder.name, "register.sqlite")
        self._made: list[sqlite3.Connection] = []
        self._free: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._kinds: Counter[tuple[int, ...]] = Counter()
        self._totals: dict[tuple[object, ...], int] = {}
        self._reached = 0
        """From where on those are looked for next whose hinges are not known."""
        c = self.columns
        self._row = ["candidate", "hinges_known", *c.highest.values(), *c.verdicts.values(), *c.readings.values()]
        # Nothing is to outlive this process, so nothing needs to be safe from its end.
        self._writer = self._connect()
        self._writer.execute("pragma synchronous = off")
        self._writer.execute("pragma journal_mode = memory")
        self._writer.execute(f"create table people (place integer primary key, folded, {', '.join(self._row)})")
        self._writer.execute("create table evidence (place integer primary key, digest, form, packed)")

    def __enter__(self) -> Register:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove all of it."""
        while self._made:
            self._made.pop().close()
        self._folder.cleanup()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute(f"pragma mmap_size = {MAPPED_BYTES}")
        self._made.append(connection)
        return connection

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a query finds, by a connection that no other thread uses meanwhile."""
        try:
            connection = self._free.pop()
        except IndexError:
            connection = self._connect()
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            self._free.append(connection)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, in a transaction: all of it is done, or nothing.

        Raises:
            ItssError: where it cannot be written.
        """
        with self._lock:
            writer = self._writer
            writer.execute("begin")
            try:
                yield writer
                writer.execute("commit")
            except sqlite3.OperationalError as error:
                place = os.path.dirname(self._folder.name)
                raise ItssError(f"the register cannot be written: {error}; make room in {printable(place)}") from None
            finally:
                if writer.in_transaction:
                    writer.execute("rollback")

    def enter(self, people: Iterable[tuple[Verdicts, Stored]]) -> None:
        """Enter candidates, after all that were entered before; each may come once.

        Raises:
            ItssError: where there is no room for them.
        """
        columns = self.columns
        people_sql = f"insert into people values ({', '.join('?' * (len(self._row) + 2))})"
        unknown = [None] * len(columns.readings)
        with self._writing() as writer:
            for verdicts, stored in people:
                numbers = columns.of_verdicts(verdicts.verdicts)
                highest = [verdicts.highest[f] or 0 for f in columns.highest]
                name, *rest = stored
                writer.execute(people_sql, (self.size, folded(name), name, 0, *highest, *numbers, *unknown))
                writer.execute("insert into evidence values (?, ?, ?, ?)", (self.size, *rest))
                self._kinds[numbers] += 1
                self.size += 1

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Count a candidate, or a file, that is refused for these reasons."""
        self.refused += 1
        self.refusals.extend(list(refusals)[: REFUSALS - len(self.refusals)])

    def complete(self) -> None:
        """Make ready for questions, once all are entered."""
        with self._writing() as writer:
            writer.execute("create unique index by_candidate on people (candidate)")
            for column in self.columns.highest.values():
                writer.execute(f"create index by_{column} on people ({column})")
        # From here on, who writes does not keep others from reading.
        self._writer.execute("pragma journal_mode = wal")

    def page(self, query: Query) -> Page:
        """A page of the candidates that are asked for; the last, where there are fewer pages.

        Raises:
            QuestionError: for what the policy does not have, and a size below 1.
        """
        if query.size < 1:
            raise QuestionError(f"a page of {query.size} candidates has none; ask for 1 at least")
        order = self._order(query.sort)
        where, parameters = self._where(query)
        total = self._total(where, parameters, query)
        size = min(query.size, max(total, 1))
        pages = max(-(-total // size), 1)
        page = min(max(query.page, 1), pages)
        start, stop = (page - 1) * size, min(page * size, total)
        # The shorter way: what is near the end is looked for from there.
        is_late = start > total - stop
        limits = (stop - start, total - stop if is_late else start)
        direction = "desc" if query.descending != is_late else "asc"
        ordered = ", ".join(f"{column} {direction}" for column in order)
        row = ", ".join(self._row)
        some = f"select {row} from people where {where} order by {ordered} limit ? offset ?"
        # All rows as one value: between any two, a thread would wait for its turn again.
        ((text,),) = self._rows(f"select json_group_array(json_array({row})) from ({some})", (*parameters, *limits))
        found = [self._made_row(values) for values in msgspec.json.decode(text)]
        return Page(tuple(reversed(found) if is_late else found), total, page, pages)

    def _order(self, sort: str) -> tuple[str, ...]:
        """The columns to sort by, from what is asked for."""
        if not sort:
            return ("place",)
        if sort == CANDIDATE:
            return ("candidate",)
        if sort not in self.columns.highest:
            raise _unknown("order", sort, [CANDIDATE, *self.columns.highest])
        return (self.columns.highest[sort], "place")

    def _where(self, query: Query) -> tuple[str, list[object]]:
        """The condition on rows that a query comes to, with its parameters."""
        columns = self.columns
        levels = self.policy.levels_of(query.field, query.level)
        conditions, parameters = [], list[object]()
        if query.search:
            conditions.append("instr(folded, ?) > 0")
            parameters.append(folded(_encodable(query.search)))
        numbers = []
        if query.verdict is not None:
            if query.verdict not in columns.verdicts:
                raise _unknown("verdict", query.verdict, columns.verdicts)
            numbers.append(columns.verdicts[query.verdict])
        if query.hinges_on is not None:
            if query.hinges_on not in columns.readings:
                raise _unknown("reading", query.hinges_on, columns.readings)
            numbers.append(columns.readings[query.hinges_on])
        if numbers:
            conditions.append(f"({' & '.join(numbers)} & ?) != 0")
            parameters.append(columns.bits(levels))
        elif query.field is not None or query.level is not None:
            some = [columns.highest[f] for f in dict.fromkeys(f for f, _ in levels)]
            conditions.append(f"({' or '.join(f'{column} >= ? and {column} <= ?' for column in some)})")
            parameters += [query.level or 1, query.level or levels[-1][1]] * len(some)
        return " and ".join(conditions) or "1", parameters

    def _total(self, where: str, parameters: Sequence[object], query: Query) -> int:
        """How many match; remembered until more is known that matters."""
        if not parameters:
            return self.size
        key = (where, *parameters, self.hinges_known if query.hinges_on else 0)
        number = self._totals.get(key)
        if number is None:
            if len(self._totals) >= TOTALS:
                self._totals.clear()
            number = self._totals[key] = self._rows(
                f"select count(*) from people not indexed where {where}", parameters
            )[0][0]
        return number

    def _made_row(self, values: Sequence[Any]) -> Row:
        columns = self.columns
        candidate, is_known, *numbers = values
        verdicts, readings = len(columns.highest), len(columns.highest) + len(columns.verdicts)
        return Row(
            candidate,
            {f: number or None for f, number in zip(columns.highest, numbers[:verdicts], strict=True)},
            columns.to_verdicts(numbers[verdicts:readings]),
            columns.to_hinges(numbers[readings:]) if is_known else None,
        )

    def counts(self) -> Mapping[tuple[str, int, str], int]:
        """How many candidates there are, by field, level and verdict; also where there are none."""
        counts = {(f, level, verdict): 0 for f, level in self.columns.levels for verdict in VERDICTS}
        for numbers, number in self._kinds.items():
            for (f, level), verdict in self.columns.to_verdicts(numbers).items():
                counts[f, level, verdict] += number
        return counts

    def holders(self) -> Mapping[tuple[str, int | None], int]:
        """How many candidates have which highest level in each field, None for those who have none."""
        found: Counter[tuple[str, int | None]] = Counter()
        for numbers, number in self._kinds.items():
            verdicts = self.columns.to_verdicts(numbers)
            for f in self.columns.highest:
                reached = [level for (of, level), verdict in verdicts.items() if of == f and verdict in REACHED]
                found[f, max(reached, default=None)] += number
        return found

    def neighbours(self, candidate: str) -> tuple[str | None, str | None]:
        """The candidates before and after one in the order of the input, None at its ends and for one not in it."""
        place = self._place(candidate)
        if place is None:
            return None, None
        near = "select place, candidate from people where place in (?, ?)"
        found = dict(self._rows(near, (place - 1, place + 1)))
        return found.get(place - 1), found.get(place + 1)

    def _place(self, candidate: str) -> int | None:
        if not _is_encodable(candidate):
            return None
        found = self._rows("select place from people where candidate = ?", (candidate,))
        return int(found[0][0]) if found else None

    def stored(self, candidate: str) -> Stored | None:
        """What is on file for a candidate; None for one who is not in the register."""
        place = self._place(candidate)
        return None if place is None else self.people(place, 1)[0]

    def people(self, start: int, number: int) -> list[Stored]:
        """What is on file for so many candidates, from a place in the order of the input on, which counts from 0."""
        return self._stored("place >= ?", start, number)

    def unknown_hinges(self, number: int) -> list[Stored]:
        """Up to so many for whom it is not known on which readings their verdicts hinge; none once all are known.

        Each call goes on after the last one, so that several can be worked on at once; at the end it begins anew with
        those who are still left.
        """
        with self._lock:
            for start in (self._reached, 0):
                places = "select place from people where place >= ? and not hinges_known order by place limit ?"
                found = [place for (place,) in self._rows(places, (start, number))]
                if found:
                    self._reached = found[-1] + 1
                    break
        return self._stored("place >= ? and not hinges_known", found[0], number) if found else []

    def _stored(self, where: str, start: int, number: int) -> list[Stored]:
        sql = f"select candidate, digest, form, packed from people join evidence using (place) where {where}"
        return [Stored(*row) for row in self._rows(f"{sql} order by place limit ?", (start, number))]

    def enter_hinges(self, found: Iterable[Hinges]) -> None:
        """Enter on which readings verdicts hinge; what is known already, and who is not in the register, stays."""
        columns = self.columns
        values = "".join(f", {column} = ?" for column in columns.readings.values())
        sql = f"update people set hinges_known = 1{values} where candidate = ? and not hinges_known"
        with self._writing() as writer:
            entered = sum(writer.execute(sql, (*columns.of_hinges(on), name)).rowcount for name, on in found)
        with self._lock:
            self.hinges_known += entered


def _unknown(what: str, name: str, known: Iterable[str]) -> QuestionError:
    return QuestionError(f"there is no {what} {shorten(name)}; use one of {', '.join(known)}")


def _is_encodable(text: str) -> bool:
    """Whether text is without halves of characters, which no id has and the file cannot be asked for."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _encodable(text: str) -> str:
    if not _is_encodable(text):
        raise QuestionError("half of a character cannot be searched; write the whole one")
    return text
