"""Evidence into SQLite and PostgreSQL: into tables of the schema, all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType

from sqlalchemy import Connection, PrimaryKeyConstraint, Table, UniqueConstraint, inspect, select

from itss_logic.errors import QuestionError, printable
from itss_logic.intake import layout as laid_out
from itss_logic.intake.bundles import Bundle, NoPlaceError
from itss_logic.intake.database_cells import written
from itss_logic.intake.database_url import Address, connected, let_go, reached
from itss_logic.intake.layout import Layout
from itss_logic.intake.schema import Schema

CHUNK_ROWS = 10_000
"""How many rows wait until they are written."""

INDEX_BYTES = 2_704
"""How many bytes an entry of an index may take in PostgreSQL."""

SHORT_BYTES = 126
"""The most bytes of text whose length PostgreSQL notes in one byte rather than in four."""

NUMBER_BYTES = 32
"""More than a number takes."""


class DatabaseWriter:
    """Writes candidates into tables, which are made where they are missing, in one transaction.

    What was written is kept by `close`, or at the end of a `with` that nothing was raised in; else nothing of it is.

    Args:
        url: of an SQLite file, which may be new, or a PostgreSQL server.
        layout: the tables, narrow.

    Raises:
        QuestionError: where it cannot be reached, or holds evidence already.
    """

    def __init__(self, url: str, layout: Layout) -> None:
        self.address, self.layout = Address.of(url), layout
        self.schema = Schema(layout)
        self.is_new = self.address.is_sqlite and not os.path.exists(self.address.path)
        self.waiting: list[list[tuple[object, ...]]] = [[] for _ in layout.tables]
        self.count = 0
        self.keys = [_keys(self.schema.tables[table.name]) for table in layout.tables]
        self.inserts = [_insert(self.address, table) for table in layout.tables]
        self.connection: Connection | None = connected(self.address, writes=True)
        try:
            with reached(self.address):
                self._begin(self.connection)
        except BaseException:
            self.discard()
            raise

    def _begin(self, connection: Connection) -> None:
        if self.address.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        self._check_shape(connection)
        self.schema.metadata.create_all(connection)
        tables = list(self.schema.tables.values())
        if not self.address.is_sqlite:
            names = ", ".join(connection.dialect.identifier_preparer.format_table(table) for table in tables)
            connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
        for table in tables:
            if connection.execute(select(1).select_from(table).limit(1)).first():
                raise QuestionError(
                    f"{printable(self.address.shown)}: the table {table.name} holds rows already, and nothing was "
                    "written; empty its tables, or write elsewhere"
                )

    def _check_shape(self, connection: Connection) -> None:
        """Check that tables that are there already are of evidence."""
        shapes = inspect(connection)
        for name, table in self.schema.tables.items():
            if shapes.has_table(name):
                there, ours = {c["name"].lower() for c in shapes.get_columns(name)}, {c.name for c in table.columns}
                if there != ours:
                    has, names = ("no", ours - there) if ours - there else ("a", there - ours)
                    raise QuestionError(
                        f"{printable(self.address.shown)}: the table {name} there has {has} column "
                        f"{', '.join(sorted(names))}: it is none of evidence, and nothing was written; rename it, "
                        "or write elsewhere"
                    )

    def write(self, bundle: Bundle) -> None:
        """Write the rows of a candidate.

        Raises:
            NoPlaceError: where an id is too long for the server; nothing of the candidate is written then.
            QuestionError: where they cannot be written; nothing is kept then.
        """
        rows: list[tuple[int, tuple[object, ...]]] = []
        for row in bundle.rows:
            columns = self.layout.tables[row.table].columns
            cells = tuple([written(cell, column) for cell, column in zip(row.cells, columns, strict=True)])
            if not self.address.is_sqlite:  # A file has room for any.
                self._check_keys(row.table, cells)
            rows.append((row.table, cells))
        for place, values in rows:
            self.waiting[place].append(values)
        self.count += len(bundle.rows)
        if self.count >= CHUNK_ROWS:
            self._flush()

    def _check_keys(self, table: int, cells: Sequence[object]) -> None:
        """Check that a server has room for a row in its indexes."""
        for key in self.keys[table]:
            size = _size([cells[place] for place in key])
            if size > INDEX_BYTES:
                name = self.layout.tables[table].name
                message = f"its ids take {size} bytes in a key of {name}, and PostgreSQL has room for {INDEX_BYTES}"
                raise NoPlaceError(message, "shorten them, or export it into SQLite or another form")

    def _flush(self) -> None:
        """Write what waits, items before what belongs to them."""
        assert self.connection is not None
        try:
            with reached(self.address):
                for insert, rows in zip(self.inserts, self.waiting, strict=True):
                    if rows:
                        self.connection.exec_driver_sql(insert, rows)
                        rows.clear()
        except BaseException:
            self.discard()
            raise
        self.count = 0

    def close(self) -> None:
        """Keep what was written.

        Raises:
            QuestionError: where that cannot be done.
        """
        if self.connection is None:
            return
        self._flush()
        with reached(self.address), self.connection as connection:
            connection.commit()
            self.connection = None

    def discard(self) -> None:
        """Keep nothing of what was written; nothing where it is kept already."""
        if self.connection is None:
            return
        connection, self.connection = self.connection, None
        let_go(connection, self.address)
        if self.is_new and os.path.exists(self.address.path) and not os.path.getsize(self.address.path):
            os.unlink(self.address.path)

    def __enter__(self) -> DatabaseWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard()


def _keys(table: Table) -> list[list[int]]:
    """The places of the columns of each key of a table."""
    names = [column.name for column in table.columns]
    unique = [c for c in table.constraints if isinstance(c, (PrimaryKeyConstraint, UniqueConstraint))]
    return [[names.index(column.name) for column in constraint.columns] for constraint in unique]


def _size(cells: Sequence[object]) -> int:
    """How many bytes an entry of an index takes at most in PostgreSQL, which may pack long text."""
    size = 8
    for cell in cells:
        length = len(cell.encode()) if isinstance(cell, str) else NUMBER_BYTES
        size = size + 1 + length if length <= SHORT_BYTES else -(-size // 4) * 4 + 4 + length
    return size


def _insert(address: Address, table: laid_out.Table) -> str:
    """What inserts a row; it names columns, as a table that is there may have them in another order."""
    mark = "?" if address.is_sqlite else "%s"
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join([mark] * len(table.columns))})'
