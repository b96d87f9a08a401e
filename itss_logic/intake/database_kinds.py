"""How SQLite and PostgreSQL are asked: for a snapshot, tables, the types of columns, and rows in the order of bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult

AT_ONCE = 1_000
"""How many rows come from a server at once."""

NUMBERS = frozenset(["int2", "int4", "int8", "numeric", "float4", "float8"])
WHOLE = frozenset(["int2", "int4", "int8"])


class Field(NamedTuple):
    """A column of a result: `kind` is `text`, `number`, `truth`, or else the name of a type that is not taken; `cast`
    says that it is to be made text first."""

    name: str
    kind: str
    cast: bool = False


class Kind(ABC):
    """One of the two, over a connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def ask(self, statement: str, *values: object) -> CursorResult[Any]:
        """Run a statement; with values, it has a placeholder for each."""
        return self.connection.exec_driver_sql(
            statement, values or None, execution_options={"no_parameters": not values}
        )

    @abstractmethod
    def rows(self, statement: str) -> Generator[Sequence[Any], None, None]:
        """Yield the rows of a statement, few of which are held at a time."""

    @abstractmethod
    def apart(self) -> AbstractContextManager[object]:
        """Keeps what goes wrong in it from the rest."""

    @abstractmethod
    def begin(self) -> None:
        """Take the snapshot, before anything else."""

    @abstractmethod
    def tables(self) -> list[str]:
        """The tables and views that there are."""

    @abstractmethod
    def fields(self, relation: str) -> list[Field]:
        """The columns of what a FROM can name."""

    @abstractmethod
    def candidates(self, relation: str, column: Field) -> tuple[Field, str]:
        """The column of candidates as it is to be read; and what is wrong with any that is no id, else nothing."""

    @abstractmethod
    def ordered(self, column: Field) -> str:
        """What orders by a column of text, by its bytes."""

    def text(self, column: Field) -> str:
        """What gives a column of text."""
        name = quoted(column.name)
        return f"CAST({name} AS TEXT)" if column.cast else name

    def key(self, text: str) -> bytes:
        """What text is ordered by."""
        return text.encode("utf-8", "surrogateescape")


class Sqlite(Kind):
    """A file of SQLite, in which any cell can be of any type."""

    def rows(self, statement: str) -> Generator[Sequence[Any], None, None]:
        """See `Kind.rows`."""
        driver: Any = self.connection.connection.driver_connection
        cursor = driver.execute(statement)
        while some := cursor.fetchmany(AT_ONCE):
            yield from some

    def apart(self) -> AbstractContextManager[object]:
        """See `Kind.apart`."""
        return nullcontext()

    def begin(self) -> None:
        """See `Kind.begin`."""
        self.ask("BEGIN")
        self.encoding = str(self.ask("PRAGMA encoding").scalar()).lower()

    def tables(self) -> list[str]:
        """See `Kind.tables`."""
        names = self.ask("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name").scalars()
        return [name for name in names if not name.startswith("sqlite_")]

    def fields(self, relation: str) -> list[Field]:
        """See `Kind.fields`."""
        with self.ask(f"SELECT * FROM {relation} LIMIT 0") as result:
            cursor: Any = result.cursor
            return [Field(column[0], "text") for column in cursor.description]

    def candidates(self, relation: str, column: Field) -> tuple[Field, str]:
        """See `Kind.candidates`."""
        name = quoted(column.name)
        ends = {
            kind
            for way in ("ASC", "DESC")
            for kind in self.ask(
                f"SELECT typeof({name}) FROM {relation} ORDER BY {name} COLLATE BINARY {way} LIMIT 1"
            ).scalars()
        }
        # Types are ordered: null, numbers, text, blobs. With text at both ends, all is text.
        if ends <= {"text"}:
            is_empty = self.ask(f"SELECT 1 FROM {relation} WHERE {name} = '' LIMIT 1").first()
            return column, "empty" if is_empty else ""
        kinds = f"CASE WHEN {name} = '' THEN 'null' ELSE typeof({name}) END"
        found = self.ask(f"SELECT DISTINCT {kinds} FROM {relation}").scalars().all()
        wrong = sorted(set(found) - {"text", "integer"})
        told = " and ".join("empty" if kind == "null" else f"of the type {kind}" for kind in wrong)
        return column._replace(cast=True), told

    def ordered(self, column: Field) -> str:
        """See `Kind.ordered`."""
        return f"{self.text(column)} COLLATE BINARY"

    def key(self, text: str) -> bytes:
        """See `Kind.key`."""
        return super().key(text) if self.encoding == "utf-8" else text.encode(self.encoding, "surrogatepass")


class Postgresql(Kind):
    """A PostgreSQL server."""

    def rows(self, statement: str) -> Generator[Sequence[Any], None, None]:
        """See `Kind.rows`."""
        driver: Any = self.connection.connection.driver_connection
        self.cursors += 1
        with driver.cursor(f"itss_{self.cursors}") as cursor:
            cursor.execute(statement)
            while some := cursor.fetchmany(AT_ONCE):
                yield from some

    def apart(self) -> AbstractContextManager[object]:
        """See `Kind.apart`."""
        return self.connection.begin_nested()

    def begin(self) -> None:
        """See `Kind.begin`."""
        self.cursors = 0
        self.connection = self.connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.is_utf8 = self.ask("SHOW server_encoding").scalar() == "UTF8"

    def tables(self) -> list[str]:
        """See `Kind.tables`."""
        return list(
            self.ask(
                "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                "WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND pg_catalog.pg_table_is_visible(c.oid) "
                "AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY c.relname"
            ).scalars()
        )

    def fields(self, relation: str) -> list[Field]:
        """See `Kind.fields`."""
        # A placeholder has the server take one statement alone, whatever stands in the query.
        with self.ask(f"SELECT * FROM {relation.replace('%', '%%')} LIMIT %s::int", 0) as result:
            cursor: Any = result.cursor
            columns: list[tuple[str, int]] = [(column[0], column[1]) for column in cursor.description]
        types = self.ask(
            "SELECT oid, typname, typcategory::text, typtype::text FROM pg_catalog.pg_type WHERE oid = ANY(%s)",
            [oid for _, oid in columns],
        )
        kinds = {oid: self._kind(name, category, kind) for oid, name, category, kind in map(tuple, types)}
        return [Field(name, *kinds[oid]) for name, oid in columns]

    def _kind(self, name: str, category: str, kind: str) -> tuple[str, bool]:
        if name in ("text", "varchar"):
            return "text", False
        if name in NUMBERS:
            return "whole" if name in WHOLE else "number", False
        if name == "bool":
            return "truth", False
        # Text with blanks at its end, and what is written as text.
        return ("text", True) if category == "S" or kind == "e" or name == "uuid" else (name, False)

    def candidates(self, relation: str, column: Field) -> tuple[Field, str]:
        """See `Kind.candidates`."""
        if column.kind not in ("text", "whole"):
            return column, f"of the type {column.kind}"
        name = quoted(column.name)
        is_empty = f"{name} IS NULL OR {name}::text = ''"
        found = self.ask(f"SELECT 1 FROM {relation} WHERE {is_empty} LIMIT 1").first()
        return column._replace(cast=column.cast or column.kind == "whole"), "empty" if found else ""

    def ordered(self, column: Field) -> str:
        """See `Kind.ordered`."""
        text = self.text(column)
        return f'{text} COLLATE "C"' if self.is_utf8 else f"pg_catalog.convert_to({text}, 'UTF8')"


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
