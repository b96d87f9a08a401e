"""How fast dossiers are written, and how fast a desk and the list answer.

    python benchmarks/web.py [--candidates N] [--clients N]

Prints, each with a peer measured in the same run:
- dossiers a second on one core, from answers that are known; the peer is Jinja2 alone, writing a list of as many lines;
- a change on a desk, from the request to the page with the new verdicts, one after the other and with many clients at
  once; the peer is clingo deciding the same evidence, and nothing else;
- a page of the list at N candidates (default 100,000); the peer is the server answering with two bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import httpx
from jinja2 import Environment

from itss_logic import Evidence, Policy
from itss_logic.pages.findings import findings
from itss_logic.pages.report import Maker, Recipe

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "tests" / "data" / "sample-200.jsonl"
LINES = "<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>"


def people(policy: Policy, number: int) -> list[Evidence]:
    found = (entry for entry in policy.read(str(SAMPLE)) if isinstance(entry, Evidence))
    return [entry for entry, _ in zip(found, range(number), strict=False)]


def times(ask: Callable[[], object], number: int) -> list[float]:
    """Seconds of each of so many."""
    found = []
    for _ in range(number):
        begin = time.perf_counter()
        ask()
        found.append(time.perf_counter() - begin)
    return found


def told(what: str, seconds: Sequence[float], peer: str, beside: Sequence[float]) -> None:
    middle, floor = statistics.median(seconds), statistics.median(beside)
    late = statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else middle
    print(f"{what}: median {1000 * middle:.1f} ms, 95 % within {1000 * late:.1f} ms ({len(seconds)} measured)")
    print(f"    {peer}: {1000 * floor:.2f} ms; ratio {middle / floor:.2f}")


def dossiers(policy: Policy) -> None:
    recipe = Recipe(policy, policy.in_force(), None, 1, 30.0)
    maker = Maker(recipe)
    known = [findings(policy, one, recipe.readings, 30.0) for one in people(policy, 12)]
    pages = [maker.page(found) for found in known]
    sizes = [len(page.encode()) for page in pages]
    plain = Environment(autoescape=True).from_string(LINES)
    lines = [re.findall(r"[^<>]+", page) for page in pages]
    for _ in range(2):
        seconds = [one for found in known for one in times(lambda found=found: maker.page(found), 5)]  # type: ignore[misc]
        beside = [one for some in lines for one in times(lambda some=some: plain.render(lines=some), 5)]  # type: ignore[misc]
    told("a dossier from known answers", seconds, "Jinja2 alone, as many lines", beside)
    rate = 1 / statistics.mean(seconds)
    print(f"    {rate:.0f} a second on one core; {min(sizes) // 1000} to {max(sizes) // 1000} kB each")


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    command = [str(Path(sys.executable).parent / "itss"), "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield next(found[0].rstrip("/") for line in process.stdout if (found := re.search(r"http://\S+", line)))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def changes(entry: Evidence) -> list[str]:
    """Addresses of a desk, each after other steps: facts removed, one or two."""
    facts = [str(fact) for fact in entry.facts if fact.name not in ("candidate", "source")][:12]
    steps = chain(combinations(facts, 1), combinations(facts, 2))
    return [urlencode([("candidate", entry.candidate), *(("remove", fact) for fact in some)]) for some in steps]


async def clients(address: str, wanted: list[list[str]]) -> list[float]:
    """Seconds of each change, where every client makes its own one after the other, all clients at once."""
    seconds: list[float] = []

    async def work(client: httpx.AsyncClient, mine: list[str]) -> None:
        for query in mine:
            begin = time.perf_counter()
            response = await client.get(f"{address}/desk?{query}", headers={"HX-Request": "true"})
            seconds.append(time.perf_counter() - begin)
            assert response.status_code == 200, response.text

    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=100)) as client:
        await asyncio.gather(*(work(client, mine) for mine in wanted))
    return seconds


def desks(policy: Policy, number: int) -> None:
    entries = people(policy, number)
    queries = [changes(entry)[:20] for entry in entries]
    list(policy.evaluate(entries[:1], criteria=True))
    floor = [one for entry in entries for one in times(lambda entry=entry: list(policy.evaluate([entry])), 5)]  # type: ignore[misc]
    with serving(str(SAMPLE)) as address:
        # The pass over readings is to be over: it gives way to questions, but not the core that it has.
        wait(address)
        asyncio.run(clients(address, queries))
        one = [second for mine in queries for second in asyncio.run(clients(address, [mine]))]
        many = asyncio.run(clients(address, queries))
    told("a change on a desk, one client", one, "clingo alone, the same evidence", floor)
    told(f"a change on a desk, {number} clients at once", many, "clingo alone, the same evidence", floor)


def wait(address: str) -> None:
    """Wait until all that a server finds out by itself is found."""
    while "so far" in httpx.get(f"{address}/").text:
        time.sleep(0.5)


def lists(number: int) -> None:
    queries = [
        "",
        "verdict=pending&level=4",
        "verdict=attained&sort=hardware&descending=1&page=40",
        f"page={number // 50 - 3}",
        "search=1234",
        "sort=candidate&descending=1&page=900",
        "hinges_on=two_sites",
    ]
    with TemporaryDirectory() as folder:
        path = f"{folder}/people.jsonl"
        subprocess.run([sys.executable, ROOT / "benchmarks" / "population.py", str(number), "-o", path], check=True)
        begin = time.perf_counter()
        with serving(path) as address, httpx.Client(timeout=60) as client:
            print(f"{number:,} candidates are served after {time.perf_counter() - begin:.1f} s")
            seconds = [
                one
                for query in queries
                for one in times(lambda query=query: client.get(f"{address}/?{query}"), 10)  # type: ignore[misc]
            ]
            floor = times(lambda: client.get(f"{address}/healthz"), 50)
    told(f"a page of the list at {number:,} candidates", seconds, "the server, answering with two bytes", floor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=20)
    arguments = parser.parse_args()
    policy = Policy.load()
    dossiers(policy)
    desks(policy, arguments.clients)
    lists(arguments.candidates)


if __name__ == "__main__":
    main()
