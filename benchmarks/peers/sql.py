"""DuckDB: the policy in `policy.sql`, over the lines as a table."""

from __future__ import annotations

from pathlib import Path

import duckdb

POLICY = Path(__file__).with_name("policy.sql")


def run(source: str, target: str) -> None:
    """Decide all candidates in one query on one thread, in the order in which they come."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute(POLICY.read_text(encoding="utf-8"))
    quoted = [f"'{path.replace(chr(39), chr(39) * 2)}'" for path in (source, target)]
    connection.execute(f"COPY (FROM decided({quoted[0]})) TO {quoted[1]} (FORMAT json)")
