"""Results as rows of tables in SQLite or PostgreSQL: what stands there decides how far a run is.

There are three tables: the results; the runs, which have `finished` only once they are whole; and the chunks of each
run. A chunk is written in one transaction with its results, so that it is there with all of them or not at all.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from itss_logic.batch.folder import KEPT
from itss_logic.batch.streams import RunError
from itss_logic.errors import QuestionError, printable
from itss_logic.intake.database_url import POSTGRESQL, Address, connected, driver_errors, let_go, said

if TYPE_CHECKING:
    from itss_logic.batch.blocks import Done
    from itss_logic.batch.journal import Totals

LOCK = 0x1755
"""The upper half of the number of a lock; the lower is that of the table of runs."""

LOCK_SECONDS = 4.0
"""How long a server may take to see that a run was killed."""

LONGEST_NAME = 40

AS_JSON = JSON().with_variant(JSONB(), POSTGRESQL)


class Begun(NamedTuple):
    """A run that is not whole: its number, what it was asked to do, and the digests of its chunks."""

    run: int
    asked: Mapping[str, Any]
    digests: tuple[str, ...]


class Whole(NamedTuple):
    """A run that is whole: `chunks` are the digest of each and how many were decided of it, `counts` all results."""

    run: int
    asked: Mapping[str, Any]
    refused: int
    chunks: tuple[tuple[str, int], ...]
    counts: Mapping[tuple[str, int, str], int]


class Sink:
    """The tables of results named like `table`, held as long as it is entered: by one run at a time.

    Raises:
        RunError: where they cannot be reached or made, or another run holds them.
    """

    def __init__(self, url: str, table: str) -> None:
        self.address, self.table = Address.of(url), table
        self.run = 0
        self.chunks: tuple[str, ...] = ()
        """The digests of what stood there before."""
        self.rows = 0
        self._connection: Connection | None = None
        metadata = MetaData()
        self.runs = _runs(metadata, table)
        self.parts = Table(
            f"{table}_chunks",
            metadata,
            Column("run", ForeignKey(self.runs.c.run, ondelete="CASCADE"), nullable=False),
            Column("number", Integer, nullable=False),
            Column("digest", Text, nullable=False),
            Column("candidates", Integer, nullable=False),
            PrimaryKeyConstraint("run", "number"),
        )
        self.results = _results(metadata, table, self.runs)
        self.metadata = metadata

    @property
    def shown(self) -> str:
        """What people call it; no password is in it."""
        return f"{self.address.shown}, table {self.table}"

    @property
    def connection(self) -> Connection:
        """The connection, which is there while it is entered."""
        assert self._connection is not None
        return self._connection

    def __enter__(self) -> Sink:
        self._connection = connected(self.address, writes=True)
        try:
            with self._written(""):
                self._check_shapes()
                self.metadata.create_all(self.connection)
            if not self.address.is_sqlite:  # Who writes to a file holds the folder beside it.
                self._lock()
        except BaseException:
            let_go(self._connection, self.address)
            raise
        return self

    def __exit__(self, *error: object) -> None:
        let_go(self.connection, self.address)
        self._connection = None

    def _check_shapes(self) -> None:
        """Check that no table of somebody else is named like one of these.

        Raises:
            QuestionError: where one is.
        """
        there = inspect(self.connection)
        views = there.get_view_names()
        for table in self.metadata.sorted_tables:
            if there.has_table(table.name):
                columns = [column["name"] for column in there.get_columns(table.name)]
                if table.name in views or columns != [column.name for column in table.columns]:
                    raise QuestionError(
                        f"{printable(self.address.shown)}: there is a table {table.name} already that is none of "
                        "results, and nothing was made; name another with --table"
                    )

    def _lock(self) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        statement = "SELECT pg_try_advisory_lock((%s::bigint << 32) | %s::regclass::oid::bigint)"
        name = self.connection.dialect.identifier_preparer.format_table(self.runs)
        while True:
            with self._written():
                if self.connection.exec_driver_sql(statement, (LOCK, name)).scalar():
                    return
            if time.monotonic() > deadline:
                raise RunError(f"{printable(self.shown)}: another run is writing it; wait for its end")
            time.sleep(0.1)

    @contextmanager
    def _written(self, kept: str = f"; {KEPT}") -> Iterator[Connection]:
        """A transaction: all that is done in it is kept, or nothing; `kept` is what to tell in the latter case.

        Raises:
            RunError: where it cannot be kept.
        """
        connection = self.connection
        try:
            with connection.begin():
                if self.address.is_sqlite:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except driver_errors(self.address) as error:
            raise RunError(f"{printable(self.shown)}: cannot be written: {said(error)}{kept}") from None

    def begun(self) -> Begun | None:
        """The run that is not whole, if there is one. One without any chunk is removed."""
        columns = self.runs.c
        with self._written() as connection:
            found = connection.execute(select(columns.run, columns.asked).where(columns.finished.is_(None))).all()
            unfinished: Begun | None = None
            for run, asked in found:
                chunks = select(self.parts.c.digest).where(self.parts.c.run == run).order_by(self.parts.c.number)
                digests = tuple(connection.execute(chunks).scalars())
                if digests:
                    unfinished = Begun(run, asked, digests)
                else:
                    connection.execute(delete(self.runs).where(columns.run == run))
        return unfinished

    def is_whole(self, key: object) -> bool:
        """Whether a run with a mark of its own is there, and whole."""
        columns = self.runs.c
        with self._written() as connection:
            found = connection.execute(select(columns.finished).where(columns.mark == key)).first()
        return found is not None and found[0] is not None

    def newest(self) -> Whole | None:
        """The newest run that is whole, if there is one."""
        columns, parts, results = self.runs.c, self.parts.c, self.results.c
        whole = select(columns.run, columns.asked, columns.refused).where(columns.finished.is_not(None))
        with self._written() as connection:
            found = connection.execute(whole.order_by(columns.run.desc()).limit(1)).first()
            if found is None:
                return None
            chunks = select(parts.digest, parts.candidates).where(parts.run == found.run).order_by(parts.number)
            by = (results.field, results.level, results.verdict)
            counts = select(*by, func.count()).where(results.run == found.run).group_by(*by)
            return Whole(
                *found,
                tuple((digest, candidates) for digest, candidates in connection.execute(chunks)),
                {(f, level, verdict): number for f, level, verdict, number in connection.execute(counts)},
            )

    def begin(self, key: str, asked: Mapping[str, Any], about: Mapping[str, Any]) -> None:
        """Note a new run, with a mark of its own."""
        values = {**about, "mark": key, "asked": dict(asked), "started": datetime.now(UTC)}
        with self._written() as connection:
            self.run = connection.execute(insert(self.runs).values(values).returning(self.runs.c.run)).scalar_one()

    def take_up(self, begun: Begun) -> None:
        """Go on with a run."""
        self.run, self.chunks = begun.run, begun.digests

    def add(self, number: int, accepted: int, done: Done) -> bool:
        """Write a chunk, after `accepted` candidates; says whether it is the same as one that stands there already.

        Raises:
            RunError: where it cannot be written.
        """
        digest = done.digest.hex()
        if number < len(self.chunks):
            return self.chunks[number] == digest
        rows = (
            (self.run, accepted + at, candidate, *result, evidence)
            for at, line in enumerate(done.output.splitlines())
            for candidate, evidence, results in (json.loads(line),)
            for result in results
        )
        part = {"run": self.run, "number": number, "digest": digest, "candidates": done.accepted}
        with self._written() as connection:
            self._insert(connection, rows)
            connection.execute(insert(self.parts).values(part))
        return True

    def _insert(self, connection: Connection, rows: Iterator[tuple[object, ...]]) -> None:
        name = connection.dialect.identifier_preparer.format_table(self.results)
        if self.address.is_sqlite:
            marks = ", ".join("?" * len(self.results.columns))
            some = list(rows)
            if some:
                connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({marks})", some)
            return
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def finish(self, totals: Totals) -> None:
        """Mark the run as whole."""
        values = {
            "finished": datetime.now(UTC),
            "candidates": totals.accepted,
            "refused": totals.refused,
            "input": totals.input_digest,
        }
        with self._written() as connection:
            connection.execute(update(self.runs).where(self.runs.c.run == self.run).values(values))

    def remove(self) -> None:
        """Remove all of the run."""
        with self._written() as connection:
            connection.execute(delete(self.runs).where(self.runs.c.run == self.run))


def path_of(address: Address, table: str) -> str:
    """The path that the work folder stands beside: that of the file, or for a server a name in the current folder."""
    if address.is_sqlite:
        return f"{os.path.realpath(address.path)}.{table}"
    # The name of what is reached is the last but one field of a URL.
    return f"{address.url[5] or POSTGRESQL}.{table}".replace("/", "_")


def check_name(table: str) -> None:
    """Check that a table can be named so.

    Raises:
        QuestionError: where it cannot.
    """
    if not table.isascii() or not table.isidentifier() or len(table) > LONGEST_NAME:
        raise QuestionError(f"{printable(table)}: name the table with letters, digits and _, {LONGEST_NAME} at most")


def _runs(metadata: MetaData, table: str) -> Table:
    return Table(
        f"{table}_runs",
        metadata,
        Column("run", Integer, primary_key=True, comment="the number of the run"),
        Column("mark", Text, nullable=False, unique=True, comment="by which the run knows itself again"),
        Column("category", Text, nullable=False),
        Column("policy", Text, nullable=False, comment="the digest of the policy"),
        Column("version", Text, nullable=False, comment="of the program"),
        Column("readings", AS_JSON, nullable=False),
        Column("changes", AS_JSON, nullable=False, comment="the clauses that were changed"),
        Column("asked", AS_JSON, nullable=False, comment="what the run was asked to do"),
        Column("started", DateTime(timezone=True), nullable=False),
        Column("finished", DateTime(timezone=True), comment="empty until the run is whole"),
        Column("candidates", BigInteger, comment="how many were decided"),
        Column("refused", BigInteger, comment="how many were refused"),
        Column("input", Text, comment="the digest of the evidence that was read"),
    )


def _results(metadata: MetaData, table: str, runs: Table) -> Table:
    """The table of results. Candidates have no unique index, which would have no room for very long ids."""
    made = Table(
        table,
        metadata,
        Column("run", Integer, nullable=False),
        Column("place", BigInteger, nullable=False, comment="of the candidate among those of the run, from 0"),
        Column("candidate", Text, nullable=False),
        Column("field", Text, nullable=False),
        Column("level", Integer, nullable=False),
        Column("verdict", Text, nullable=False),
        Column("routes", AS_JSON, nullable=False),
        Column("unmet", AS_JSON, nullable=False),
        Column("highest", Integer, comment="the highest level that the candidate holds in the field"),
        Column("evidence", Text, nullable=False, comment="the digest of the evidence"),
        PrimaryKeyConstraint("run", "place", "field", "level"),
        ForeignKeyConstraint(["run"], [runs.c.run], ondelete="CASCADE"),
    )
    Index(f"{table}_candidate", made.c.candidate, postgresql_using="hash")
    return made
