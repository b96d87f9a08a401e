"""Plans, what-if and impact, beside plain evaluations of the same evidence in the same run.

    python benchmarks/whatif.py tests/data/sample-200.jsonl [NUMBER]

`plan` (five plans, confirmed, in a warm process) is measured beside one plain evaluation of the same candidate in a
fresh `Control`, for NUMBER candidates of the file at most. `itss impact` over NUMBER candidates (10,000 unless told:
the file, again and again under new ids) is measured beside one `itss evaluate` of them, each as a command of its own:
for a change that flips few verdicts, and for one that flips many.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from itss_logic import Evidence, Policy

ROOT = Path(__file__).parent.parent
EXACT = {"project_grade": "exact", "progression": "cumulative"}
FEW = ["--policy-change", str(ROOT / "facts" / "change.yaml")]
MANY = [*FEW, "--reading", "activities=all", "--reading", "progression=cumulative", "--reading", "two_sites=small"]


def timed(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def plans(policy: Policy, people: list[Evidence]) -> None:
    cases = [(person, *policy.levels[number % len(policy.levels)]) for number, person in enumerate(people)]
    for field, level in policy.levels:
        policy.plan(people[0], field, level)
    pairs = []
    for person, field, level in cases:
        planned = timed(lambda: policy.plan(person, field, level))  # noqa: B023
        plain = timed(lambda: list(policy.evaluate([person])))  # noqa: B023
        pairs.append((planned, plain))
    print(f"{'medians of ' + str(len(cases)) + ' cases':<44}  {'ms':>8}  ratio  of pairs")
    plain = median(one for _, one in pairs)
    planned = median(one for one, _ in pairs)
    of_pairs = median(one / other for one, other in pairs)
    print(f"{'plain evaluation, in a fresh Control':<44}  {plain * 1e3:>8.1f}")
    print(f"{'plan, five of them':<44}  {planned * 1e3:>8.1f}  {planned / plain:>5.2f}  {of_pairs:>8.2f}")


def person_with(policy: Policy, number: int) -> Evidence:
    """Somebody with near misses: projects that each lack something."""
    projects = [
        {
            "id": f"p{n}",
            "role": "responsible" if n % 3 else "member",
            "activities": ["installation"],
            "satisfies": ["usability"] if n % 5 else ["usability", "maintainability"],
            "complexity": ["multi_vendor", "mission_critical"][: 1 + (n % 4 == 0)],
            "assignments": [{"to": "service_team", "coverage": "specific_users"}] if n % 7 else [],
        }
        for n in range(number)
    ]
    entry = policy.entry({"candidate": "many", "fields": {"hardware": {"projects": projects}}})
    assert isinstance(entry, Evidence)
    return entry


def many_projects(policy: Policy) -> None:
    entry = person_with(policy, 200)
    nobody = policy.entry({"candidate": "nobody"})
    assert isinstance(nobody, Evidence)
    print(f"{'the hardest':<44}  {'s':>8}")
    for who, person, field, level in (
        ("200 projects", entry, "hardware", 5),
        ("nothing", nobody, "facility_management", 6),
    ):
        for name, readings in (("defaults", {}), ("exact, cumulative", EXACT)):
            policy.plan(nobody, field, level, readings)
            seconds = timed(lambda: policy.plan(person, field, level, readings))  # noqa: B023
            print(f"{f'plan, {who} on file, {name}':<44}  {seconds:>8.2f}")


def command(*arguments: str) -> float:
    run = [sys.executable, "-m", "itss_logic", *arguments]
    return timed(lambda: subprocess.run(run, check=True, stdout=subprocess.DEVNULL))


def population(people: Path, number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.jsonl"
        lines = [json.loads(line) for line in people.read_text(encoding="utf-8").splitlines()]
        with path.open("w", encoding="utf-8") as file:
            for n in range(number):
                line = lines[n % len(lines)]
                file.write(json.dumps({**line, "candidate": f"{line['candidate']}-{n}"}) + "\n")
        plain = command("evaluate", str(path), "--format", "jsonl")
        print(f"{f'{number} candidates, as commands':<44}  {'s':>8}  ratio")
        print(f"{'itss evaluate':<44}  {plain:>8.1f}")
        for name, options in (("few verdicts flip", FEW), ("many verdicts flip", MANY)):
            seconds = command("impact", str(path), "--format", "json", *options)
            print(f"{f'itss impact, {name}':<44}  {seconds:>8.1f}  {seconds / plain:>5.2f}")


def main(people: str, number: str = "10000") -> None:
    policy = Policy.load()
    plans(policy, [entry for entry in policy.read(people) if isinstance(entry, Evidence)][: int(number)])
    many_projects(policy)
    population(Path(people), int(number))


if __name__ == "__main__":
    main(*sys.argv[1:])
