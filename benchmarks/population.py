"""Populations of any size, for measuring and for tests at size: candidates of Customer Service, one a line.

    python benchmarks/population.py N -o FILE [--seed S]

The same seed gives the same candidates, of which a larger N gives more. Every line is valid evidence, every candidate
and every project has an id of its own, and attributes are drawn one by one. Numbers stand at and around the thresholds
of the policy, or anywhere from 1 to 1000000000, as many of each length. Some ids are Japanese, raw or escaped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from json import dumps
from pathlib import Path
from random import Random
from typing import TypeVar

T = TypeVar("T")

TABLE_BITS = 10
"""A table has so many bits of entries, each as often as its weight says."""

EXAMS = ("ip", "sg", "fe", "ap", "st", "sa", "pm", "nw", "db", "es", "sm", "au", "sc")
MEANS = ("mentoring", "coaching", "other")
DEPTHS = ("practice", "guide_subordinates", "guide_company", "guide_industry")
ITEMS = (
    "community",
    "book",
    "paper_external",
    "paper_internal",
    "instructor_external",
    "instructor_internal",
    "patent",
)
COVERAGES = {
    "users": ("wide_area", "whole_industry", "equivalent"),
    "service_team": ("wide_area", "specific_industry", "specific_users"),
}
THRESHOLDS = {
    "sites": (1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7),
    "floor_area_m2": (1, 2, 1999, 1999, 2000, 2000, 2001, 4999, 4999, 5000, 5000, 5001),
    "network_sites": (1, 2, 9, 9, 10, 10, 11, 99, 99, 100, 100, 101, 299, 299, 300, 300, 301),
}
SERVICE_COMPLEXITY = (
    "multi_platform",
    "multi_vendor",
    "emerging_technology",
    "mission_critical",
    "continuous_operation",
    "nationwide",
)
SERVICE_ACTIVITIES = ("installation", "maintenance")


@dataclass(frozen=True)
class Field:
    """The words of a field."""

    name: str
    components: tuple[str, ...]
    areas: tuple[str, ...]
    complexity: tuple[str, ...] = SERVICE_COMPLEXITY
    activities: tuple[str, ...] = SERVICE_ACTIVITIES


FIELDS = (
    Field(
        "hardware",
        ("general_purpose_processor", "midrange_processor", "pc", "storage", "network", "other"),
        (
            *("product_technology", "first_contact", "advice", "policy_selection_planning", "team_profitability"),
            *("customer_satisfaction", "general_it_components", "personnel_profitability"),
        ),
    ),
    Field(
        "software",
        ("operating_system", "database", "middleware", "application_software", "other"),
        (
            *("failure_diagnosis", "first_contact", "advice", "requirement_measures", "team_structure"),
            *("customer_satisfaction", "general_it_components", "service_planning", "personnel_profitability"),
        ),
    ),
    Field(
        "facility_management",
        (),
        ("facility_engineering", "advice", "personnel_profitability", "customer_satisfaction", "facility_strategy"),
        ("mission_critical", "continuous_operation", "many_sites", "disaster_crime_prevention"),
        ("design", "construction", "management", "maintenance"),
    ),
)


class Draw:
    """Draws from tables."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.bits = self.random.getrandbits

    def pick(self, weights: Mapping[T, float]) -> list[T]:
        """A table of these, to pick from by a number."""
        return self.random.choices(list(weights), list(weights.values()), k=1 << TABLE_BITS)

    def member(self, key: str, values: Mapping[str, float]) -> list[str]:
        """A table of members of an object, each with a comma before it; the value "" leaves the member out."""
        return self.pick({f', "{key}": {value}' if value else "": weight for value, weight in values.items()})

    def lists(self, key: str, values: Sequence[str], sizes: Mapping[int, float]) -> list[str]:
        """A table of members that are lists, of so many of the values, in any order; the size -1 leaves it out."""
        texts = []
        for size in self.random.choices(list(sizes), list(sizes.values()), k=1 << TABLE_BITS):
            chosen = self.random.sample(values, min(max(size, 0), len(values)))
            texts.append("" if size < 0 else f', "{key}": {dumps(chosen)}')
        return texts


class Projects:
    """Tables for the projects of a field, of people of one ability."""

    def __init__(self, draw: Draw, field: Field, ability: float) -> None:
        good = ability
        self.role = draw.member("role", {'"responsible"': good, '"member"': 1.02 - good, "": 0.03})
        self.outcome = draw.member("success", {"true": good, "false": 1.02 - good, "": 0.03})
        few = min(2, len(field.activities))
        every = len(field.activities)
        self.activities = draw.lists("activities", field.activities, {every: 0.5, 1: 0.3, few: 0.17, 0: 0.01, -1: 0.02})
        both, rest = 2 * good - 0.95, 1 - good
        self.qualities = draw.lists(
            "satisfies", ("usability", "maintainability"), {2: both, 1: rest, 0: rest / 4, -1: 0.02}
        )
        many = {2: 0.28, 3: 0.3, 4: 0.2 + good / 6, 5: 0.04, 6: 0.02, 1: 1.02 - good, 0: 0.06, -1: 0.02}
        self.complexity = draw.lists("complexity", field.complexity, many)
        self.components = draw.lists("components", field.components, {1: 0.6, 2: 0.1, -1: 0.3})
        pairs = [f'{{"to": "{to}", "coverage": "{c}"}}' for to, coverages in COVERAGES.items() for c in coverages]
        listed = {"": 0.02, "[]": 0.15 + (1 - good) / 2}
        listed |= {f"[{pair}]": good / 5 for pair in pairs}
        listed |= {f"[{one}, {other}]": good / 40 for one, other in combinations(pairs, 2)}
        self.assignments = draw.member("assignments", listed)
        self.partial = draw.member("partial", {"true": 0.3, "false": 0.05, "": 0.65})


class Population:
    """Candidates of one seed."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = Draw(seed)
        self.projects = {
            field.name: [Projects(draw, field, ability) for ability in (0.6, 0.8, 0.93, 1.0)] for field in FIELDS
        }
        mixes = {(0, 1, 2): 50, (0, 1): 9, (1, 2): 9, (0, 2): 9, (0,): 7, (1,): 8, (2,): 8}
        self.fields = draw.pick({tuple(FIELDS[n] for n in mix): weight for mix, weight in mixes.items()})
        measures: dict[tuple[str, ...], float] = {(): 18, tuple(THRESHOLDS): 6}
        measures |= {(key,): 18 for key in THRESHOLDS} | dict.fromkeys(combinations(THRESHOLDS, 2), 7)
        self.numbers = draw.pick(measures)
        self.ability = draw.pick({0: 25, 1: 30, 2: 30, 3: 15})
        self.count = draw.pick(dict(enumerate((9, 9, 10, 22, 18, 18, 8, 6))))
        self.items = draw.pick(dict(enumerate((12, 14, 14, 17, 16, 14, 7, 4, 2))))
        self.some = draw.pick(dict(enumerate((22, 27, 26, 25))))
        self.handled = draw.pick({0: 20, 1: 62, 2: 18})
        self.item = draw.pick(dict.fromkeys(ITEMS, 1))
        self.depths = [
            draw.pick(dict(zip(DEPTHS, weights, strict=True)))
            for weights in ((45, 30, 15, 10), (25, 30, 25, 20), (10, 20, 35, 35), (3, 7, 30, 60))
        ]
        claimed, verified = ', "status": "claimed"', ', "status": "verified"'
        self.status = draw.pick({"": 0.915, claimed: 0.075, verified: 0.01})
        sourced = '{"source": "HR-2025-17", "status": "verified"}'
        leads = {"": 10, "false": 2, "true": 78, "{}": 1, '{"status": "claimed"}': 8, sourced: 1}
        self.leads = draw.member("leads_others", leads)
        self.develops = draw.pick(self._spelled("develops_subordinates", "means", MEANS, (0.16, 0.46, 0.35, 0.03)))
        self.exams = draw.pick(self._spelled("exams", "exam", EXAMS, (0.72, 0.2, 0.06, 0.02)))

    def _spelled(self, key: str, name: str, values: Sequence[str], sizes: Sequence[float]) -> dict[str, float]:
        """Lists of items that have no ids, a few of them claimed or with a source."""
        random = self.draw.random
        texts: dict[str, float] = {f', "{key}": []': sizes[0] / 2, "": sizes[0] / 2}
        more = self.draw.pick({"": 0.9, ', "status": "claimed"': 0.08, ', "source": "HR-2024-3"': 0.02})
        for size in range(1, len(sizes)):
            for _ in range(300):
                chosen = [(value, random.choice(more)) for value in random.sample(values, size)]
                items = [f'{{"{name}": "{value}"{rest}}}' if rest else f'"{value}"' for value, rest in chosen]
                text = f', "{key}": [{", ".join(items)}]'
                texts[text] = texts.get(text, 0) + sizes[size] / 300
        return texts

    def line(self, number: int) -> str:
        """The next candidate, as a line without its end."""
        bits = self.draw.bits
        kind = bits(TABLE_BITS)
        name = f"E-{number:07}"
        if kind < 48:
            name = f"社員-{number:07}" if kind < 24 else f"\\u793e\\u54e1-{number:07}"
        if kind >= 1008:
            return f'{{"candidate": "{name}"{self.exams[bits(TABLE_BITS)]}{self.leads[bits(TABLE_BITS)]}}}'
        ability = self.ability[bits(TABLE_BITS)]
        fields = self.fields[bits(TABLE_BITS)]
        inner = ", ".join([self._field(field, ability, number) for field in fields])
        return (
            f'{{"candidate": "{name}"{self.exams[bits(TABLE_BITS)]}{self.develops[bits(TABLE_BITS)]}, '
            f'"fields": {{{inner}}}{self.leads[bits(TABLE_BITS)]}}}'
        )

    def _field(self, field: Field, ability: int, number: int) -> str:
        bits, random = self.draw.bits, self.draw.random.random
        tables = self.projects[field.name][ability]
        letter = field.name[0]
        status = self.status
        is_facility = not field.components
        projects = []
        for n in range(self.count[bits(TABLE_BITS)]):
            start = f'{{"id": "{letter}{number}-{n}"{tables.role[bits(TABLE_BITS)]}{tables.outcome[bits(TABLE_BITS)]}'
            middle = (
                f"{tables.activities[bits(TABLE_BITS)]}{tables.qualities[bits(TABLE_BITS)]}"
                f"{tables.complexity[bits(TABLE_BITS)]}"
            )
            own = (
                self._numbers(tables.partial[bits(TABLE_BITS)])
                if is_facility
                else f"{tables.components[bits(TABLE_BITS)]}{tables.assignments[bits(TABLE_BITS)]}"
            )
            projects.append(f"{start}{middle}{own}{status[bits(TABLE_BITS)]}{self._source()}}}")
        parts = [f'"projects": [{", ".join(projects)}]'] if projects or bits(1) else []
        depths = self.depths[ability]
        chosen = self.draw.random.sample(field.areas, self.some[bits(TABLE_BITS)])
        if chosen or bits(1):
            texts = [
                f'{{"area": "{area}", "depth": "{depths[bits(TABLE_BITS)]}"{status[bits(TABLE_BITS)]}}}'
                for area in chosen
            ]
            parts.append(f'"specialties": [{", ".join(texts)}]')
        pieces = self.items[bits(TABLE_BITS)]
        if pieces or bits(1):
            texts = [
                f'{{"item": "{self.item[bits(TABLE_BITS)]}", "id": "{letter}{number}-a{n}"'
                f"{status[bits(TABLE_BITS)]}{self._source()}}}"
                for n in range(pieces)
            ]
            parts.append(f'"achievements": [{", ".join(texts)}]')
        if field.components and (handled := self.handled[bits(TABLE_BITS)]):
            texts = []
            for component in self.draw.random.sample(field.components, handled):
                standing = status[bits(TABLE_BITS)]
                texts.append(f'{{"component": "{component}"{standing}}}' if standing else f'"{component}"')
            parts.append(f'"handles": [{", ".join(texts)}]')
        if random() < 0.2:
            parts.reverse()
        return f'"{field.name}": {{{", ".join(parts)}}}'

    def _source(self) -> str:
        """Where an item is filed: of a few items a reference, which for some is in Japanese."""
        drawn = self.draw.bits(8)
        if drawn > 12:
            return ""
        return f', "source": "{"台帳" if drawn < 4 else "HR"}-{self.draw.bits(20)}"'

    def _numbers(self, partial: str) -> str:
        """The numbers of a facility: any of the three, some at a threshold and some anywhere."""
        bits = self.draw.bits
        texts = []
        for key in self.numbers[bits(TABLE_BITS)]:
            near = THRESHOLDS[key]
            number = near[bits(8) % len(near)] if bits(8) < 140 else round(1e9 ** self.draw.random.random())
            texts.append(f', "{key}": {number}')
        return "".join(texts) + partial


def lines(number: int, seed: int = 1) -> Iterator[str]:
    """So many candidates, each a line without its end."""
    population = Population(seed)
    return (population.line(n) for n in range(number))


def write(path: str | Path, number: int, seed: int = 1) -> None:
    """Write a file of so many candidates."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines(number, seed))


def main() -> None:
    """Write a population."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("number", type=int, help="how many candidates")
    parser.add_argument("-o", "--output", required=True, help="the file to write")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    start = time.perf_counter()
    write(arguments.output, arguments.number, arguments.seed)
    size = Path(arguments.output).stat().st_size
    seconds = time.perf_counter() - start
    print(f"{arguments.number} candidates, {size / 1e6:.1f} MB, {seconds:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
