"""`itss batch` from JSON lines to an output file, beside peers that compute the same verdicts from the same lines.

    python benchmarks/batch.py [--quick] [--check] [--folder FOLDER]

Prints whether each peer gives the same verdicts, and a row for each measure: candidates, seconds of the whole process,
those in which it ran, candidates a second, how many times that is the rate of plain clingo with the project's own rules
in chunks of 1,000 candidates (by either time) and of msgspec decoding the same lines into typed structs, and the memory
of the largest process at its peak. Everything runs on one core but what says otherwise. Populations are those of
`population.py`; peers get as many of the same candidates as take them some 15 seconds. The largest population takes up
5 GB of disk.

`--quick` leaves the million out; `--check` compares verdicts and measures nothing; `--folder` keeps the populations.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import islice, zip_longest
from json import loads
from pathlib import Path
from typing import NamedTuple

from peers import PEERS

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "tests" / "data" / "sample-200.jsonl"
ITSS = [sys.executable, "-m", "itss_logic"]
BASE = "clingo"
TYPED = "msgspec"
COLD = 20_000
MILLION = 1_000_000
CHECKED = 2_000
PEER_SECONDS = 15
NOT_VERIFIED = ("--verify-sample", "0")


class Run(NamedTuple):
    """One process, from start to end."""

    seconds: float
    cpu: float
    megabytes: float


class Row(NamedTuple):
    """One measure."""

    candidates: int
    seconds: float
    cpu: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Candidates a second."""
        return self.candidates / self.seconds

    def times(self, other: Row) -> float:
        """How many times the rate of another this is."""
        return self.rate / other.rate

    def times_by_cpu(self, other: Row) -> float:
        """The same, where only the time counts in which the processes ran: others may use the machine."""
        return (self.candidates / self.cpu) / (other.candidates / other.cpu)


def run(command: list[str]) -> Run:
    """Run a command to its end."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            tail = said.read()[-2000:].decode(errors="replace")
            raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{tail}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def peer(name: str, source: Path, target: Path) -> Run:
    """Run a peer."""
    return run([sys.executable, "-m", "peers", name, str(source), str(target)])


def installed() -> list[str]:
    """The peers whose package is there."""
    return [name for name, made in PEERS.items() if find_spec(made.package)]


def has_batch() -> bool:
    """Whether there is a command to measure."""
    return subprocess.run([*ITSS, "batch", "--help"], capture_output=True).returncode == 0


class Populations:
    """Files of candidates in a folder: one population, and its heads."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self.whole = folder / f"population-{size}.jsonl"
        if not self.whole.exists():
            part = self.whole.with_suffix(".part")
            run([sys.executable, str(HERE / "population.py"), str(size), "-o", str(part)])
            part.rename(self.whole)

    def head(self, number: int) -> Path:
        """The first so many candidates."""
        if number == self.size:
            return self.whole
        path = self.folder / f"head-{number}.jsonl"
        if not path.exists():
            with self.whole.open("rb") as whole, path.open("wb") as file:
                file.writelines(islice(whole, number))
        return path


class Table:
    """Rows as they are measured, beside two peers once these are known."""

    def __init__(self) -> None:
        self.peers: dict[str, Row] = {}
        titles = ("candidates", "seconds", "CPU s", "a second", "/ clingo", "by CPU", "/ msgspec", "MB")
        print(f"\n{'':42}" + "".join(f"{title:>11}" for title in titles))

    def row(self, title: str, row: Row, name: str = "") -> Row:
        """Print a measure; `name` is the peer of which it is the first."""
        if name:
            self.peers.setdefault(name, row)
        base, typed = self.peers.get(BASE), self.peers.get(TYPED)
        cells = [f"{row.candidates:,}", f"{row.seconds:.2f}", f"{row.cpu:.2f}", f"{row.rate:,.0f}"]
        cells += ["", ""] if base is None else [f"{row.times(base):.2f}", f"{row.times_by_cpu(base):.2f}"]
        cells += ["" if typed is None else f"{row.times(typed):.3f}", f"{row.megabytes:,.0f}"]
        print(f"{title:42}" + "".join(f"{cell:>11}" for cell in cells), flush=True)
        return row


def measured(candidates: int, runs: Iterator[Run]) -> Row:
    """The medians of some runs."""
    seconds, cpu, megabytes = zip(*runs, strict=True)
    return Row(candidates, statistics.median(seconds), statistics.median(cpu), max(megabytes))


def batch(source: Path, target: Path, candidates: int, *options: str, jobs: int = 1, runs: int = 1) -> Row:
    """Measure the command, on an output that is not there yet each time."""

    def once() -> Run:
        target.unlink(missing_ok=True)
        return run([*ITSS, "batch", str(source), "-o", str(target), "--jobs", str(jobs), *options])

    return measured(candidates, (once() for _ in range(runs)))


def share(name: str, populations: Populations, target: Path) -> int:
    """As many candidates as take a peer about as long as is wished, its start aside."""
    few, many = 200, 2_000
    seconds = [peer(name, populations.head(number), target).cpu for number in (few, many)]
    rate = (many - few) / max(seconds[1] - seconds[0], 1e-3)
    return min(populations.size, max(1_000, round(rate * PEER_SECONDS / 1_000) * 1_000))


def verdicts(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Candidates and their verdicts from a file of answers, or of a peer's output."""
    with path.open("rb") as lines:
        for line in map(loads, lines):
            results = line.get("results")
            yield line["candidate"], line["verdicts"] if results is None else [r["verdict"] for r in results]


def differences(expected: Path, found: Path) -> tuple[int, int]:
    """How many verdicts were compared, and how many differ."""
    compared = different = 0
    for one, other in zip_longest(verdicts(expected), verdicts(found)):
        if one is None or other is None or one[0] != other[0]:
            raise SystemExit(f"{found}: other candidates than in {expected}")
        compared += len(one[1])
        different += sum(a != b for a, b in zip(one[1], other[1], strict=True))
    return compared, different


def check(folder: Path) -> bool:
    """Compare the verdicts of every peer, and of the command, with those on file and with those of `itss evaluate`."""
    generated, answers, target = (
        folder / "checked.jsonl",
        folder / "checked.answers.jsonl",
        folder / "checked.out.jsonl",
    )
    run([sys.executable, str(HERE / "population.py"), str(CHECKED), "--seed", "7", "-o", str(generated)])
    with answers.open("wb") as out:
        subprocess.run([*ITSS, "evaluate", str(generated), "--format", "jsonl"], stdout=out, check=True)
    cases = [(SAMPLE, SAMPLE.with_suffix(".expected.jsonl")), (generated, answers)]
    ways: dict[str, Callable[[Path], object]] = {
        PEERS[name].title: lambda source, name=name: peer(name, source, target)  # type: ignore[misc]
        for name in installed()
        if name != TYPED
    }
    if has_batch():
        ways["itss batch"] = lambda source: batch(source, target, 0)
    print(f"{'verdicts that are not the same':46}{'of sample-200':>20}{'of a population':>20}")
    sound = True
    for title, way in ways.items():
        cells = []
        for source, expected in cases:
            way(source)
            compared, different = differences(expected, target)
            cells.append(f"{different:,} of {compared:,}")
            sound = sound and different == 0
        print(f"{title:46}{cells[0]:>20}{cells[1]:>20}", flush=True)
    for name in PEERS.keys() - set(installed()):
        print(f"{PEERS[name].title}: {PEERS[name].package} is not installed")
    return sound


def judge(what: str, row: Row, other: Row, floor: float, goal: float | None = None) -> None:
    """Say whether a measure reaches what it should."""
    found = row.times(other)
    wished = f"floor {floor:g}" + ("" if goal is None else f", goal {goal:g}")
    reached = (
        "missed" if found < floor else "reached" if goal is None or found >= goal else "floor reached, goal missed"
    )
    print(f"{what:50}{found:>8.2f}, by CPU {row.times_by_cpu(other):>8.2f} ({wished}: {reached})")


def load() -> str:
    """How busy the machine is, with whatever else runs on it."""
    return f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores"


def measure(folder: Path, *, quick: bool) -> None:
    """Measure peers and the command, and print a row for each."""
    populations = Populations(folder, 100_000 if quick else MILLION)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    target = folder / "out.jsonl"
    print(f"\n{load()}, as the measures begin")
    table = Table()
    for name in sorted(installed(), key=lambda name: (name != TYPED, name != BASE)):
        number = share(name, populations, target)
        found = peer(name, populations.head(number), target)
        table.row(PEERS[name].title, Row(number, *found), name)
    base, typed = table.peers[BASE], table.peers[TYPED]
    if has_batch():
        command(table, populations, cores, base, typed)
    else:
        print("there is no command `batch` to measure")
    again = Row(base.candidates, *peer(BASE, populations.head(base.candidates), target))
    table.row(f"{PEERS[BASE].title}, at the end", again)
    print(f"{load()}, as they end")


def command(table: Table, populations: Populations, cores: set[int], base: Row, typed: Row) -> None:
    """Measure the command."""
    whole, size, folder = populations.whole, populations.size, populations.folder
    target = folder / "out.jsonl"
    cold = table.row("itss batch, cold", batch(populations.head(COLD), target, COLD, *NOT_VERIFIED, runs=3))
    cold_verified = table.row("itss batch, cold, 1,000 verified", batch(populations.head(COLD), target, COLD, runs=3))
    for number in (1_000, 10_000, 100_000):
        if number < size:
            row = batch(populations.head(number), target, number, *NOT_VERIFIED)
            table.row("itss batch, growth", row)
    one = table.row("itss batch", batch(whole, target, size, *NOT_VERIFIED))
    verified = table.row("itss batch, 1,000 verified", batch(whole, target, size))
    target.unlink()
    parquet = folder / "out.parquet"
    table.row("itss batch, to Parquet", batch(whole, parquet, size, *NOT_VERIFIED))
    parquet.unlink()
    os.sched_setaffinity(0, cores)
    two = table.row("itss batch, two jobs on two cores", batch(whole, target, size, *NOT_VERIFIED, jobs=2))
    os.sched_setaffinity(0, {max(cores)})
    print()
    judge("cold, beside plain clingo", cold, base, 12, 20)
    judge("cold, 1,000 verified, beside plain clingo", cold_verified, base, 12, 20)
    if size == MILLION:
        judge("a million, beside plain clingo", one, base, 35, 60)
        judge("a million, 1,000 verified, beside plain clingo", verified, base, 35, 60)
        judge("a million, beside msgspec", one, typed, 0.5)
        print(f"{'a million, two jobs beside one':50}{two.times(one):>8.2f} (floor 1.8)")
    largest = max(row.megabytes for row in (cold, cold_verified, one, verified, two))
    print(f"largest process: {largest:.0f} MB (at most 400)\n")


def main() -> int:
    """Check, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="100,000 candidates at most")
    parser.add_argument("--check", action="store_true", help="compare verdicts, and measure nothing")
    parser.add_argument("--folder", type=Path, help="where populations are kept; a temporary folder unless given")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not check(folder):
            return 1
        if not arguments.check:
            measure(folder, quick=arguments.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
