"""How long 100,000 rows take from a workbook, and from CSV tables, to evidence, beside reading their cells alone.

    python benchmarks/intake_sheets.py EVIDENCE [ROWS]

The evidence is repeated under other ids until so many rows are together. The peers are openpyxl alone, in its read-only
mode, and Python's csv module alone, on the same files; each in a process of its own. Prints seconds, the most memory
that was used, and the ratios.
"""

from __future__ import annotations

import argparse
import csv
import gc
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from itss_logic import Evidence, Policy
from itss_logic.intake.bundles import Bundle, bundle_of
from itss_logic.intake.csv_tables import CsvWriter
from itss_logic.intake.layout import Layout
from itss_logic.intake.workbook_write import WorkbookWriter


class Cost(NamedTuple):
    """What something took: seconds of the clock and of the processor, and the most memory in MB."""

    seconds: float
    processor: float
    memory: float


def ours(path: str) -> None:
    sound = sum(isinstance(entry, Evidence) for entry in Policy.load().read(path))
    assert sound


def openpyxl_alone(path: str) -> None:
    import openpyxl

    for sheet in openpyxl.load_workbook(path, read_only=True).worksheets:
        for _ in sheet.iter_rows(values_only=True):
            pass


def csv_alone(path: str) -> None:
    for name in os.listdir(path):
        with open(os.path.join(path, name), encoding="utf-8-sig", newline="") as file:
            for _ in csv.reader(file):
                pass


def _measured(run: Callable[[str], None], path: str, told: multiprocessing.SimpleQueue[Cost]) -> None:
    gc.set_threshold(200_000)  # As the command line does.
    start, used = time.perf_counter(), time.process_time()
    run(path)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told.put(Cost(time.perf_counter() - start, time.process_time() - used, memory))


def cost(run: Callable[[str], None], path: str) -> Cost:
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.SimpleQueue[Cost] = context.SimpleQueue()
    process = context.Process(target=_measured, args=(run, path, told))
    process.start()
    process.join()
    return told.get()


def write(evidence: str, rows: int, folder: str) -> int:
    """Write a workbook and CSV tables; how many rows they have."""
    policy = Policy.load()
    layout = Layout(policy.vocabulary, wide=True)
    bundles = [bundle_of(entry, layout) for entry in policy.read(evidence) if isinstance(entry, Evidence)]
    writers = WorkbookWriter(f"{folder}/t.xlsx", layout), CsvWriter(f"{folder}/t", layout)
    written = 0
    for number in count():
        for bundle in bundles:
            id = f"{bundle.candidate}-{number}"
            other = Bundle(id, tuple(row._replace(cells=(id, *row.cells[1:])) for row in bundle.rows))
            for writer in writers:
                writer.write(other)
            written += len(other.rows)
            if written >= rows:
                for writer in writers:
                    writer.close()
                return written
    return 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("evidence", help="a file of evidence")
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = write(arguments.evidence, arguments.rows, folder)
        print(f"{rows:,} rows in all tables together")
        for path, name, peer in [("t.xlsx", "openpyxl", openpyxl_alone), ("t", "csv", csv_alone)]:
            mine, alone = cost(ours, f"{folder}/{path}"), cost(peer, f"{folder}/{path}")
            for label, one in [(f"itss, {path}", mine), (f"{name} alone", alone)]:
                print(f"{label:16} {one.seconds:7.1f} s ({one.processor:.1f} s of a core) {one.memory:6.0f} MB")
            print(f"{'ratio':16} {mine.processor / alone.processor:7.2f}")


if __name__ == "__main__":
    main()
