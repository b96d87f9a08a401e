"""Evidence into and out of SQLite and PostgreSQL, beside plain SQL alone on the same rows.

    python benchmarks/intake_database.py [N] [--url postgresql://USER:PASSWORD@HOST:PORT/NAME]

Writes N candidates (5,000 by default) into tables of the printed schema, and reads them back as sound evidence. Prints
the rows a second of each, and those of the driver's own INSERTs and SELECTs of the same rows in the same run, with how
many times as fast plain SQL is. `to rows` and `bundles` are the parts of it that are this project's: rows made of
evidence, and rows read candidate by candidate, before evidence is made of them. Tables at the URL are removed first.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from population import write as write_population

from itss_logic import Policy
from itss_logic.evidence import Evidence
from itss_logic.intake.bundles import Bundle, bundle_of
from itss_logic.intake.database_cells import written
from itss_logic.intake.database_read import Database
from itss_logic.intake.database_write import DatabaseWriter
from itss_logic.intake.layout import Layout
from itss_logic.intake.schema import script

AT_ONCE = 10_000


def connect(url: str) -> Any:
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    import psycopg

    return psycopg.connect(url)


def emptied(url: str, layout: Layout) -> None:
    with closing(connect(url)) as connection:
        for table in reversed(layout.tables):
            connection.execute(f'DROP TABLE IF EXISTS "{table.name}"')
        connection.commit()


def plainly_written(url: str, layout: Layout, rows: list[list[tuple[object, ...]]]) -> None:
    """Write rows that are ready, table by table, in one transaction."""
    kind = url.partition(":")[0]
    mark = "?" if kind == "sqlite" else "%s"
    with closing(connect(url)) as connection:
        if kind == "sqlite":
            connection.executescript(script(layout, kind))
            connection.execute("BEGIN")
        else:
            connection.execute(script(layout, kind))
        cursor = connection.cursor()
        for table, some in zip(layout.tables, rows, strict=True):
            statement = f'INSERT INTO "{table.name}" VALUES ({", ".join([mark] * len(table.columns))})'
            for start in range(0, len(some), AT_ONCE):
                cursor.executemany(statement, some[start : start + AT_ONCE])
        connection.commit()


def plainly_read(url: str, layout: Layout) -> int:
    """Read all rows, each table in the order of candidates."""
    count = 0
    with closing(connect(url)) as connection:
        for table in layout.tables:
            statement = f'SELECT * FROM "{table.name}" ORDER BY candidate'
            cursor = connection.cursor() if url.startswith("sqlite") else connection.cursor("plain")
            cursor.execute(statement)
            while some := cursor.fetchmany(1_000):
                count += len(some)
            cursor.close()
    return count


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def write(url: str, layout: Layout, bundles: list[Bundle]) -> None:
    with DatabaseWriter(url, layout) as writer:
        for bundle in bundles:
            writer.write(bundle)


def read(url: str, policy: Policy) -> int:
    return sum(isinstance(entry, Evidence) for entry, _ in Database(url, policy.vocabulary).entries())


def measure(url: str, policy: Policy, evidence: list[Evidence]) -> None:
    layout = Layout(policy.vocabulary, wide=False)
    bundles: list[Bundle] = []
    made = seconds(lambda: bundles.extend(bundle_of(one, layout) for one in evidence))
    rows: list[list[tuple[object, ...]]] = [[] for _ in layout.tables]
    for bundle in bundles:
        for row in bundle.rows:
            columns = layout.tables[row.table].columns
            rows[row.table].append(tuple(written(cell, c) for cell, c in zip(row.cells, columns, strict=True)))
    total = sum(map(len, rows))
    emptied(url, layout)
    plain_write = seconds(lambda: plainly_written(url, layout, rows))
    emptied(url, layout)
    ours_write = seconds(lambda: write(url, layout, bundles))
    plain_read = min(seconds(lambda: plainly_read(url, layout)) for _ in range(3))
    ours_rows = min(seconds(lambda: sum(1 for _ in Database(url, policy.vocabulary).bundles())) for _ in range(2))
    counts: list[int] = []
    ours_read = seconds(lambda: counts.append(read(url, policy)))
    assert counts == [len(evidence)], counts
    name = url.partition(":")[0]
    print(f"{name}: {len(evidence):,} candidates, {total:,} rows")
    for what, ours, plain in [
        ("write bundles", ours_write, plain_write),
        ("write, to rows", made + ours_write, plain_write),
        ("read, bundles", ours_rows, plain_read),
        ("read, evidence", ours_read, plain_read),
    ]:
        told = f"{total / ours:12,.0f} rows/s, plain SQL {total / plain:12,.0f} rows/s"
        print(f"  {what:15} {told}, {ours / plain:5.1f} times as fast; {len(evidence) / ours:8,.0f} candidates/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", nargs="?", type=int, default=5_000, metavar="N")
    parser.add_argument("--url", action="append", help="of a PostgreSQL server, beside a file of SQLite")
    options = parser.parse_args()
    policy = Policy.load()
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "people.jsonl"
        write_population(lines, options.number)
        evidence = [entry for entry in policy.read(str(lines)) if isinstance(entry, Evidence)]
        for url in [f"sqlite:///{folder}/people.db", *(options.url or [])]:
            measure(url, policy, evidence)


if __name__ == "__main__":
    main()
