"""How fast evidence is read from each form, and written into it, beside what reads the same plainly.

    python benchmarks/intake.py [ROWS] [--forms csv xlsx sqlite postgresql jsonl]

Candidates of `population.py` are written in each form until so many rows (100,000) stand in its tables together. Prints
for each form the rows a second of writing, of reading to sound evidence, and of its peer, which reads the same cells in
the same run and throws them away: the csv module, openpyxl in its read-only mode, SELECTs by the driver alone, the json
module; how many times as long ours takes, in seconds of a core where the work is this process's own; and the most
memory that reading took, each in a process of its own. All evidence must come back, or it ends with 1. PostgreSQL is
started for the run, as the tests start it.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import multiprocessing
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from population import lines

from itss_logic import Evidence, Policy
from itss_logic.intake.bundles import bundle_of
from itss_logic.intake.layout import Layout
from itss_logic.intake.writing import written

FETCHED = 1_000
"""Rows that a peer fetches at once."""


class Cost(NamedTuple):
    """What something took: seconds of the clock and of the processor, the most memory in MB, and how many it found."""

    seconds: float
    processor: float
    memory: float
    found: int


def ours(place: str) -> int:
    return sum(isinstance(entry, Evidence) for entry in Policy.load().read(place))


def plain_csv(folder: str) -> int:
    rows = 0
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8-sig", newline="") as file:
            rows += sum(1 for _ in csv.reader(file))
    return rows


def plain_xlsx(path: str) -> int:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    return sum(1 for sheet in book.worksheets for _ in sheet.iter_rows(values_only=True))


def plain_sql(url: str) -> int:
    import psycopg

    rows = 0
    connection: Any = sqlite3.connect(url.removeprefix("sqlite:///")) if "sqlite" in url else psycopg.connect(url)
    with closing(connection):
        for table in Layout(Policy.load().vocabulary, wide=False).tables:
            cursor = connection.cursor() if "sqlite" in url else connection.cursor("plain")
            cursor.execute(f'SELECT * FROM "{table.name}" ORDER BY candidate')
            while some := cursor.fetchmany(FETCHED):
                rows += len(some)
            cursor.close()
    return rows


def plain_lines(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        return sum(1 for _ in map(json.loads, file))


PEERS: dict[str, tuple[str, str, Callable[[str], int]]] = {
    "csv": ("csv", "csv module", plain_csv),
    "xlsx": ("xlsx", "openpyxl", plain_xlsx),
    "sqlite": ("sql", "plain SQL", plain_sql),
    "postgresql": ("sql", "plain SQL", plain_sql),
    "jsonl": ("json", "json module", plain_lines),
}
"""What each form is written as, and its peer."""


def _measured(run: Callable[[str], int], place: str, told: multiprocessing.SimpleQueue[Cost]) -> None:
    gc.set_threshold(200_000)  # As the command line does.
    start, used = time.perf_counter(), time.process_time()
    found = run(place)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told.put(Cost(time.perf_counter() - start, time.process_time() - used, memory, found))


def cost(run: Callable[[str], int], place: str) -> Cost:
    """What a run costs in a process of its own."""
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.SimpleQueue[Cost] = context.SimpleQueue()
    process = context.Process(target=_measured, args=(run, place, told))
    process.start()
    process.join()
    return told.get()


def people(policy: Policy, rows: int) -> tuple[list[Evidence], int]:
    """So many candidates that their tables have so many rows, and how many these are."""
    layout = Layout(policy.vocabulary, wide=True)
    found: list[Evidence] = []
    count = 0
    for person in endless():
        entry = policy.entry(person)
        assert isinstance(entry, Evidence)
        found.append(entry)
        count += len(bundle_of(entry, layout).rows)
        if count >= rows:
            break
    return found, count


def endless() -> Iterator[dict[str, Any]]:
    """Candidates without end, the same each time."""
    number = 1_000
    done = 0
    while True:
        yield from islice(map(json.loads, lines(number)), done, None)
        done, number = number, 2 * number


def _server() -> Any:
    """A PostgreSQL server, as the tests start it."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests.postgresql import server

    return server()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    parser.add_argument("--forms", nargs="+", choices=PEERS, default=list(PEERS))
    options = parser.parse_args()
    policy = Policy.load()
    bodies, rows = people(policy, options.rows)
    print(f"{len(bodies):,} candidates, {rows:,} rows in tables laid out wide")
    print(f"{'form':12}{'write':>10}{'read':>10}{'plain':>10}  rows/s   times as long    MB")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for form in options.forms:
            place = f"{folder}/people.{form}"
            if form == "sqlite":
                place = f"sqlite:///{place}"
            elif form == "postgresql":
                place = stack.enter_context(_server()).fresh()
            kind, name, peer = PEERS[form]
            start = time.perf_counter()
            with written(place, kind, policy.vocabulary) as write:
                for body in bodies:
                    write(body)
            took = time.perf_counter() - start
            mine, plain = cost(ours, place), cost(peer, place)
            if mine.found != len(bodies):
                sys.exit(f"{form}: {mine.found} candidates came back")
            times = mine.processor / plain.processor
            print(
                f"{form:12}{rows / took:10,.0f}{rows / mine.seconds:10,.0f}{rows / plain.seconds:10,.0f}"
                f"  {name:12}{times:10.1f}{mine.memory:8.0f}"
            )


if __name__ == "__main__":
    main()
