"""What `itss policy verify` proves and refutes, against people by chance judged by a second implementation.

    python benchmarks/profiles.py [--profiles N] [--seed S] [--jobs J]

The people are those of `tests/random_profiles.py`, near to some level each, and with one fact more, by chance too.
The oracle of the tests, which shares nothing with the project, judges them under five combinations of readings. Told is
what verify says of how many properties, how many people reach each level, and which of the properties that fail for
somebody, or hold because of somebody, are shown by people found by chance. The exit code is 1 where they show that any
property comes out otherwise than verify says.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from itss_logic import Policy
from itss_logic.assurance.properties import Verifier
from tests import oracle
from tests.random_profiles import BLOCK, FOR_ALL, FULL, SETTINGS, Named, Tally, contradictions, tally


def outcomes(policy: Policy, readings: Mapping[str, str]) -> dict[Named, bool | None]:
    verifier = Verifier(policy, policy.in_force(readings), seconds=600, across=False)
    found = [verifier.finding(one) for one in verifier.properties()]
    return {Named(one.property.name, one.property.args): one.holds for one in found}


def drawn(people: int, seed: int, jobs: int) -> Tally:
    found = Tally()
    with ProcessPoolExecutor(jobs) as pool:
        for block in pool.map(partial(tally, seed), range(-(-people // BLOCK))):
            found.add(block)
    return found


def told(found: Tally, setting: str, said: Mapping[Named, bool | None]) -> list[str]:
    by_chance = [one for one, holds in said.items() if holds is not (one.name in FOR_ALL)]
    unseen = [str(one) for one in by_chance if not found.shown[setting, one]]
    reached = [f"{field} {level}: {found.reached(field, level, setting):,}" for field, level in oracle.PAIRS]
    return [
        f"{setting}: {', '.join(f'{n}={o}' for n, o in SETTINGS[setting].items()) or 'no reading but the defaults'}",
        f"  people who reach {', '.join(reached)}",
        f"  {len(said)} properties, of which {len(by_chance)} turn on somebody; "
        f"of these {len(by_chance) - len(unseen)} are seen in people by chance"
        + (f", not {', '.join(unseen)}" if unseen else ""),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profiles", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    begun = time.monotonic()
    found = drawn(given.profiles, given.seed, given.jobs)
    took = time.monotonic() - begun
    print(f"{found.people:,} people, seed {given.seed}, {took:.0f} s; {found.better:,} verdicts got better by a fact")
    policy, wrong = Policy.load(), list[str]()
    for setting in FULL:
        begun = time.monotonic()
        said = outcomes(policy, SETTINGS[setting])
        print("\n".join(told(found, setting, said)), f"\n  verify took {time.monotonic() - begun:.0f} s", flush=True)
        wrong += contradictions(found, setting, said)
    print("\n".join(wrong) or "Nobody shows that a property comes out otherwise than verify says.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
