"""URLs of databases: what they name, how they are shown, and connections to what they name.

A password is never shown: neither in messages, nor in places, nor in what is written.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from itss_logic.console import installed
from itss_logic.errors import QuestionError, printable

SQLITE, POSTGRESQL = "sqlite", "postgresql"

DRIVERS = {SQLITE: "pysqlite", POSTGRESQL: "psycopg"}

CONNECT_SECONDS = 15

WAIT_SECONDS = 15
"""How long to wait for another program that writes to the same SQLite file."""

SECRET = ("password", "passfile", "sslkey", "passwd", "secret", "token")
"""What stands in the names of options that are not shown."""

FORM = "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME"


class Address(NamedTuple):
    """What a URL names. `kind` is `sqlite` or `postgresql`, `url` is for SQLAlchemy, `shown` has no password, `path` is
    that of an SQLite file."""

    kind: str
    url: URL
    shown: str
    path: str = ""

    @classmethod
    def of(cls, text: str) -> Address:
        """The address that a URL is.

        Raises:
            QuestionError: where it cannot be one, or its driver is not installed.
        """
        scheme = text.partition("://")[0]
        kind, _, driver = scheme.partition("+")
        if scheme == "postgres":  # As some services write it.
            kind, text = POSTGRESQL, text.replace(scheme, POSTGRESQL, 1)
        if kind not in DRIVERS or driver not in ("", DRIVERS[kind]):
            raise QuestionError(f"{printable(scheme)}://: no such URL is read; {FORM}")
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise QuestionError(f"{kind}://: the URL cannot be read; {FORM}") from None
        if kind == POSTGRESQL:
            return cls._server(url)
        # The fields of a URL by their places: its last but one is the path.
        path, options = url[5], url.query
        if not path or path == ":memory:" or url.host or url.username or options:
            raise QuestionError(
                f"{kind}://: the URL names no file; write sqlite:///FILE, or sqlite:////FILE from the root"
            )
        return cls(kind, url.set(drivername=f"{kind}+{DRIVERS[kind]}"), f"{kind}:///{path}", path)

    @classmethod
    def _server(cls, url: URL) -> Address:
        installed("psycopg", "postgresql", "PostgreSQL is reached with psycopg")
        if "@" in (url.host or "") or "@" in (url.username or ""):
            # The rest of a password could stand in it.
            raise QuestionError("postgresql://: the URL cannot be read; in a user or password write @ as %40, / as %2F")
        hidden = [name for name in url.query if any(word in name.lower() for word in SECRET)]
        shown = url.set(drivername=POSTGRESQL).difference_update_query(hidden)
        # SQLAlchemy escapes the three stars that it puts in place of a password.
        text = shown._replace(password=None).render_as_string(hide_password=True)
        return cls(POSTGRESQL, url.set(drivername=f"{POSTGRESQL}+{DRIVERS[POSTGRESQL]}"), text)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is an SQLite file."""
        return self.kind == SQLITE


def engine_of(address: Address, *, writes: bool) -> Engine:
    """An engine whose connections are closed when they are given back, and begin no transaction by themselves.

    Raises:
        QuestionError: where there is no such file, for reading.
    """
    if not address.is_sqlite:
        url = address.url
        options: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
        if "client_encoding" not in url.query:
            options["client_encoding"] = "utf8"
        return create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    if not writes and not os.path.isfile(address.path):
        raise QuestionError(f"{printable(address.path)}: there is no such file")
    return create_engine(
        "sqlite://", poolclass=NullPool, creator=lambda: _sqlite(address.path, writes=writes), hide_parameters=True
    )


def _sqlite(path: str, *, writes: bool) -> sqlite3.Connection:
    mode = "rwc" if writes else "ro"
    connection = sqlite3.connect(
        f"file:{quote(os.path.abspath(path))}?mode={mode}",
        timeout=WAIT_SECONDS,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    # The file is not trusted: nothing in its schema may do more than it says.
    connection.execute("PRAGMA trusted_schema = OFF")
    if writes:
        connection.execute("PRAGMA foreign_keys = ON")
    else:
        connection.execute("PRAGMA query_only = ON")
        # Bytes that are not UTF-8 are told where they stand, instead of ending the reading.
        connection.text_factory = _decoded
    return connection


def _decoded(data: bytes) -> str:
    return str(data, "utf-8", "surrogateescape")


def said(error: BaseException) -> str:
    """What a driver says is wrong, in one line."""
    text = str(getattr(error, "orig", None) or error).strip()
    lines = [" ".join(line.split()) for line in text.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("LINE ", "^", "CONTEXT:", "[SQL"))]
    return printable("; ".join(kept[:2]) or type(error).__name__)


def driver_errors(address: Address) -> tuple[type[Exception], ...]:
    """What is raised over an address that something is wrong with."""
    if address.is_sqlite:
        return SQLAlchemyError, sqlite3.Error, UnicodeError
    import psycopg

    return SQLAlchemyError, psycopg.Error, UnicodeError


@contextmanager
def reached(address: Address) -> Iterator[None]:
    """Tells in one line why nothing can be had from an address, for what SQLAlchemy and drivers raise.

    Raises:
        QuestionError: instead.
    """
    try:
        yield
    except driver_errors(address) as error:
        raise QuestionError(f"{printable(address.shown)}: {said(error)}") from None


def connected(address: Address, *, writes: bool = False) -> Connection:
    """A connection; its engine is disposed of with it.

    Raises:
        QuestionError: where it cannot be had.
    """
    with reached(address):
        return engine_of(address, writes=writes).connect()


def let_go(connection: Connection, address: Address) -> None:
    """Close a connection, also one that is lost. What was not committed is undone."""
    with suppress(*driver_errors(address)):
        connection.close()
