"""Evidence into SQLite and PostgreSQL: into tables of the schema, all of it or nothing."""

from __future__ import annotations

import os
from types import TracebackType

from sqlalchemy import Connection, select

from itss_logic.errors import QuestionError, printable
from itss_logic.intake.bundles import Bundle
from itss_logic.intake.database_cells import written
from itss_logic.intake.database_url import Address, connected, let_go, reached
from itss_logic.intake.layout import Layout
from itss_logic.intake.schema import Schema

CHUNK_ROWS = 10_000
"""How many rows wait until they are written."""


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
        self.inserts = [_insert(self.address, table.name, len(table.columns)) for table in layout.tables]
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

    def write(self, bundle: Bundle) -> None:
        """Write the rows of a candidate.

        Raises:
            QuestionError: where they cannot be written; nothing is kept then.
        """
        for row in bundle.rows:
            columns = self.layout.tables[row.table].columns
            cells = tuple([written(cell, column) for cell, column in zip(row.cells, columns, strict=True)])
            self.waiting[row.table].append(cells)
        self.count += len(bundle.rows)
        if self.count >= CHUNK_ROWS:
            self._flush()

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


def _insert(address: Address, table: str, columns: int) -> str:
    mark = "?" if address.is_sqlite else "%s"
    return f'INSERT INTO "{table}" VALUES ({", ".join([mark] * columns)})'
