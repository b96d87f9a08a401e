"""How long the register of `itss serve` takes: to file a population, and to give pages of it, beside a plain list.

    python benchmarks/register.py [N] [--jobs 2] [--runs 5]

Prints the seconds that filing N candidates (100,000) of `population.py` takes, and for each of some queries the median
and the worst milliseconds of a page, with numbers of matches remembered (`again`) and not (`first`), those of a plain
filter and sort in Python over a list of the same rows in the same run, and how many times as long these take. On what
verdicts hinge is drawn by lot for nine candidates in ten. Both give the same pages, or it ends with 1.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import population

from itss_logic import Policy
from itss_logic.web.columns import folded
from itss_logic.web.filing import file_evidence
from itss_logic.web.register import Hinges, Page, Query, Register, Row

FAR = 10**9
"""A page beyond the last."""


class Listed(NamedTuple):
    """A candidate as a plain list has it; `on` are the readings by level."""

    row: Row
    folded: str
    on: dict[tuple[str, int], tuple[str, ...]]


def matches(one: Listed, query: Query, search: str) -> bool:
    """Whether a candidate is asked for."""
    if search not in one.folded:
        return False
    if query.verdict is None and query.hinges_on is None:
        return True
    return any(
        query.field in (None, level[0])
        and query.level in (None, level[1])
        and query.verdict in (None, verdict)
        and (query.hinges_on is None or query.hinges_on in one.on.get(level, ()))
        for level, verdict in one.row.verdicts.items()
    )


def plain(people: Sequence[Listed], query: Query) -> Page:
    """A page from a plain list."""
    search = folded(query.search)
    found = [one.row for one in people if matches(one, query, search)]
    if query.sort == "candidate":
        found.sort(key=lambda row: row.candidate)
    elif query.sort:
        found.sort(key=lambda row: row.highest[query.sort] or 0)
    if query.descending:
        found.reverse()
    pages = max(-(-len(found) // query.size), 1)
    page = min(query.page, pages)
    return Page(tuple(found[(page - 1) * query.size : page * query.size]), len(found), page, pages)


def queries(policy: Policy) -> Iterator[Query]:
    """What is measured: every order with every kind of filter, early, in the middle and late."""
    f, level = policy.levels[0]
    reading = list(policy.options)[-1]
    filters = [
        Query(),
        Query(search="E-00"),
        Query(search="7"),
        Query(search="nobody"),
        Query(verdict="not_attained"),
        Query(verdict="pending"),
        Query(field=f, level=level, verdict="attained"),
        Query(hinges_on=reading),
        Query(search="E-", field=f, verdict="not_attained", hinges_on=reading),
    ]
    for one in filters:
        for sort in ("", "candidate", f):
            for page in (1, 900, FAR):
                yield one._replace(sort=sort, page=page, descending=page == FAR)


def milliseconds(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def enter_hinges(register: Register, policy: Policy) -> dict[str, dict[tuple[str, int], tuple[str, ...]]]:
    """Enter hinges drawn by lot; gives them by candidate."""
    random = Random(1)
    readings = list(policy.options)
    drawn: dict[str, dict[tuple[str, int], tuple[str, ...]]] = {}
    for row in register.page(Query(size=register.size)).rows:
        if random.random() < 0.9:
            some = random.sample(policy.levels, random.randrange(4))
            drawn[row.candidate] = {level: tuple(random.sample(readings, random.randrange(1, 3))) for level in some}
    start = time.perf_counter()
    register.enter_hinges(Hinges(*item) for item in drawn.items())
    print(f"hinges of {len(drawn):,} entered in {time.perf_counter() - start:.1f} s")
    return drawn


def measure(register: Register, people: Sequence[Listed], policy: Policy, runs: int) -> int:
    """Print a line for each query, and what they come to; gives how many pages differ."""
    first, again, peer, different = [], [], [], 0
    print(f"\n{'first':>7}{'again':>7}{'list':>8}{'ratio':>7}  matches  query")
    for query in queries(policy):
        register._totals.clear()
        first.append(milliseconds(lambda query=query: register.page(query)))  # type: ignore[misc]
        times = [milliseconds(lambda query=query: register.page(query)) for _ in range(runs)]  # type: ignore[misc]
        again.append(statistics.median(times))
        peer.append(milliseconds(lambda query=query: plain(people, query)))  # type: ignore[misc]
        page = register.page(query)
        different += page != plain(people, query)
        asked = {name: value for name, value in query._asdict().items() if value != getattr(Query(), name)}
        told = ", ".join(f"{name} {value}" for name, value in asked.items())
        figures = f"{first[-1]:7.1f}{again[-1]:7.1f}{peer[-1]:8.1f}{peer[-1] / first[-1]:7.1f}"
        print(f"{figures}{page.total:9,}  {told}")
    for name, times in (("first", first), ("again", again), ("list", peer)):
        print(f"{name}: median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms")
    ratios = sorted(one / other for one, other in zip(peer, first, strict=True))
    print(f"a plain list takes {statistics.median(ratios):.1f} times as long (median; least {ratios[0]:.2f})")
    print(f"pages that differ: {different}")
    return different


def main() -> int:
    """File and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("number", type=int, nargs="?", default=100_000, help="how many candidates")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    policy = Policy.load()
    with tempfile.TemporaryDirectory() as folder, Register(policy) as register:
        path = Path(folder) / "people.jsonl"
        population.write(path, arguments.number)
        print(f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
        start, cpu = time.perf_counter(), sum(os.times()[:4])
        file_evidence(policy, {}, [str(path)], None, arguments.jobs, register)
        seconds, cpu = time.perf_counter() - start, sum(os.times()[:4]) - cpu
        print(f"{register.size:,} filed in {seconds:.1f} s ({cpu:.1f} s of a core), {arguments.jobs} jobs")
        on = enter_hinges(register, policy)
        rows = register.page(Query(size=register.size)).rows
        people = [Listed(row, folded(row.candidate), on.get(row.candidate, {})) for row in rows]
        different = measure(register, people, policy, arguments.runs)
        print(f"load {os.getloadavg()[0]:.2f}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
