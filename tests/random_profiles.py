"""People by chance, near to the levels of the policy, and what the oracle says of a policy's properties by them.

Nothing here comes from the project's rules or code: evidence is made from the tables of `oracle.py` and judged by it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from random import Random
from typing import NamedTuple

from tests import oracle
from tests.oracle import FACILITY, LEVELS, Fact, Id

WHO = Id("p")
ROUND_NUMBERS = {
    "sites": (1, 2, 2, 3, 4, 5, 6),
    "floor_area": (1, 1999, 2000, 2001, 4999, 5000, 5001),
    "network_sites": (1, 9, 10, 11, 99, 100, 101, 299, 300, 301),
}
"""Numbers on both sides of every threshold."""

LAST = {name: options[-1] for name, options in oracle.READINGS.items()}
SETTINGS: dict[str, dict[str, str]] = {
    "default": {},
    "cumulative": {"progression": "cumulative"},
    "exact": {"project_grade": "exact"},
    "two sites": {"two_sites": "small"},
    "every last option": LAST,
}
"""Combinations of readings, named, by what is other than the default."""


class Named(NamedTuple):
    """A property: its name, and what it is about."""

    name: str
    args: tuple[str | int, ...]

    def __str__(self) -> str:
        return " ".join(map(str, (self.name, *self.args)))


# --- what the contract asks of a property ------------------------------------------------------------------------


def named(*, cumulative: bool = False) -> list[Named]:
    """The properties of the contract; where levels need the one below, that is a criterion as well."""
    found = [Named("implies", (f, level, level - 1)) for f, level in oracle.PAIRS if level > oracle.LOWEST]
    found += [Named("satisfiable", pair) for pair in oracle.PAIRS]
    found.append(Named("monotone", ()))
    for of, level in oracle.PAIRS:
        ladder = ["lower_level"] if cumulative and level > oracle.LOWEST else []
        found += [Named("decisive", (f"{of}.{level}.{name}",)) for name in [*criteria(of, level), *ladder]]
    return [*found, Named("covered", (FACILITY,))]


def criteria(of: str, level: int) -> list[str]:
    """The criteria of a level's column."""
    return [k for k, levels in oracle.REQUIRED.items() if level in levels and (k, of) != ("handles", FACILITY)]


FOR_ALL = ("implies", "covered", "monotone")
"""Properties of all evidence; the others are of some."""


def exhibits(one: Named, facts: Iterable[str], readings: Mapping[str, str], after: Iterable[str] = ()) -> bool:
    """Whether evidence refutes a property of all evidence, or bears one out that is of some.

    `after` is the evidence with a fact more.
    """
    facts = list(facts)
    match one.name, one.args:
        case "implies", (str(of), int(level), int(lower)):
            return bool(oracle.routes(facts, of, level, readings)) and not oracle.routes(facts, of, lower, readings)
        case "satisfiable", (str(of), int(level)):
            return bool(oracle.routes(facts, of, level, readings))
        case "decisive", (str(clause),):
            of, number, criterion = clause.split(".")
            unmet = oracle.unmet(facts, of, int(number), readings)
            return unmet == [criterion] and not oracle.routes(facts, of, int(number), readings)
        case "covered", _:
            return any(not is_banded(fact, readings) for fact in map(oracle.parse, facts))
        case "monotone", _:
            before, then = (ranks(evidence, readings) for evidence in (facts, after))
            return any(was < now for was, now in zip(before, then, strict=True))
    raise ValueError(one)


def is_banded(fact: Fact, readings: Mapping[str, str]) -> bool:
    """Whether a number is of some size, however complex the project is; any other fact is taken for one that is."""
    full = oracle._full(readings)
    return fact.name not in oracle.NUMBERS or bool(oracle._size_grades(Fact(fact.name, fact.args[2:]), 6, full))


def ranks(facts: Iterable[str], readings: Mapping[str, str]) -> list[int]:
    """The verdict on each level, as a rank, 0 is best."""
    facts = list(facts)
    return [oracle.RANK.index(oracle.verdict(facts, f, level, readings)) for f, level in oracle.PAIRS]


# --- people by chance --------------------------------------------------------------------------------------------


class Near(NamedTuple):
    """Somebody near to a level of a field: `good` is the share of what is asked for that is there, `lacks` a criterion
    that is not met, most likely; who `climbed` has something of each level below."""

    of: str
    level: int
    good: float
    lacks: str = ""
    climbed: bool = False

    def share(self, criterion: str) -> float:
        """How likely it is that a criterion is seen to."""
        return 0.05 if self.lacks == criterion else self.good


WANTED = [pair for pair in oracle.PAIRS for _ in range(pair[1] - 2)]
"""Levels, the higher the more often, since fewer of those who are near reach them."""


class Draw:
    """Draws people. The same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.sorted = {name: sorted(values) for name, values in oracle.ACTIVITIES.items()}

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def person(self) -> set[str]:
        """The facts of somebody who is near some level of a field; at times with something of another field as well."""
        of, level = self.chance.choice(WANTED)
        near = Near(
            of,
            level,
            good=self.chance.choice((0.6, 0.9, 0.97, 1.0, 1.0)),
            lacks=self.chance.choice(criteria(of, level)) if self.likely(0.5) else "",
            climbed=self.likely(0.5),
        )
        facts = [Fact("candidate", (WHO,))]
        claims = self.chance.choice((0.0, 0.0, 0.1))
        for item, attributes in chain(self.items(near), self.strays(of)):
            claimed = self.likely(claims)
            facts += [Fact("claimed", (item,)) if claimed else item, *attributes]
        return set(map(oracle.text, facts))

    def strays(self, of: str) -> Iterator[tuple[Fact, list[Fact]]]:
        """At times a project of another field."""
        if self.likely(0.1):
            yield self.project(self.chance.choice([f for f in LEVELS if f != of]), "x", (4,), 0.8)

    def items(self, near: "Near") -> Iterator[tuple[Fact, list[Fact]]]:
        yield from ((item, []) for item in dict.fromkeys(self.contributions(near)))
        level = near.level
        number = oracle.REQUIRED["projects"][level] + self.chance.choice((0, 0, 1, 1, 2))
        number -= self.chance.choice((1, 2)) if near.lacks == "projects" else 0
        grades = (level - 1,) if near.lacks == "top_project" else (level - 1, level, level)
        for n in range(number):
            yield self.project(near.of, f"p{n}", grades, near.good)
        for below in range(oracle.LOWEST, level) if near.climbed else ():
            yield self.project(near.of, f"q{below}", (below,), near.good)

    def contributions(self, near: "Near") -> Iterator[Fact]:
        choice, of = self.chance.choice, near.of
        if self.likely(0.2):
            yield Fact("passed_exam", (WHO, choice(("ap", "ap", "ap", "ip", "sm"))))
        if self.likely(near.share("leads")):
            yield Fact("leads_others", (WHO,))
        if self.likely(near.share("develops")):
            yield Fact("develops_subordinates", (WHO, choice(sorted(oracle.MEANS))))
        for share in (near.good, 0.2) if of != FACILITY and near.lacks != "handles" else ():
            if self.likely(share):
                yield Fact("handles", (WHO, of, choice(sorted(oracle.COMPONENTS[of]))))
        yield from self.specialties(near)
        kinds = sorted(oracle.ACHIEVEMENTS)
        few = kinds if self.likely(0.6) else self.chance.sample(kinds, 3)
        count = oracle.REQUIRED["succession"].get(near.level, 0) + choice((0, 0, 1, 1, 2))
        count = max(0, count - choice((1, 2))) if near.lacks == "succession" else count
        drawn = self.chance.sample(few, min(count, len(few))) if self.likely(0.7) else self.chance.choices(few, k=count)
        for n, kind in enumerate(drawn):
            yield Fact("achievement", (WHO, of, kind, Id(f"a{n}")))

    def specialties(self, near: "Near") -> Iterator[Fact]:
        """One that counts at the level, one of those below where these were climbed, and at times any other."""
        every = sorted(set(chain(*oracle.AREAS[near.of].values())))
        lowest = oracle.LOWEST if near.climbed else near.level
        for level in range(lowest, near.level + 1):
            if self.likely(near.share("specialty") if level == near.level else near.good):
                depth = self.chance.choice(oracle.DEPTHS[oracle.LEAST_DEPTH[level] :])
                yield Fact("specialty", (WHO, near.of, self.chance.choice(sorted(oracle.AREAS[near.of][level])), depth))
        if self.likely(0.3):
            yield Fact("specialty", (WHO, near.of, self.chance.choice(every), self.chance.choice(oracle.DEPTHS)))

    def project(self, of: str, id: str, grades: Sequence[int], good: float) -> tuple[Fact, list[Fact]]:
        """A project of a field, led if `good` is high; its size is often that of a grade."""
        project, grade = Id(id), self.chance.choice(grades)

        def about(name: str, *args: str | int) -> Fact:
            return Fact(name, (WHO, project, *args))

        facts: list[Fact] = []
        if self.likely(0.95 + good / 20):
            facts.append(about("role", "responsible" if self.likely(good) else "member"))
        if self.likely(0.95 + good / 20):
            facts.append(about("outcome", "success" if self.likely(good) else "failure"))
        facts += [about("satisfies", quality) for quality in sorted(oracle.QUALITIES) if self.likely(good)]
        activities = sorted(oracle.ACTIVITIES[of])
        some = activities if self.likely(0.7) else self.chance.sample(activities, self.chance.randint(0, 2))
        facts += [about("activity", activity) for activity in some]
        if of != FACILITY and self.likely(0.7):
            facts.append(about("component", self.chance.choice(sorted(oracle.COMPONENTS[of]))))
        complexity = sorted(oracle.COMPLEXITY[of])
        count = min(self.chance.choice((1, 2, 2, 2, 3, 3, 4, 4, 5)), len(complexity))
        facts += [about("complexity", one) for one in self.chance.sample(complexity, count)]
        facts += [about(size.name, *map(_plain, size.args)) for size in self.sizes(of, grade, count)]
        return Fact("project", (WHO, project, of)), facts

    def sizes(self, of: str, grade: int, complexity: int) -> list[Fact]:
        """One size or two, each most often one that makes the grade; of numbers, one of each sort."""
        usual = oracle._full({})
        every = SIZES[of]
        right = [size for size in every if grade in oracle._size_grades(size, complexity, usual)]
        chosen: dict[object, Fact] = {}
        for share in (0.9, 0.4):
            if self.likely(share):
                size = self.chance.choice(right if right and self.likely(0.75) else every)
                chosen.setdefault(size.name if of == FACILITY else size, size)
        return list(chosen.values())

    def addition(self, facts: set[str]) -> set[str]:
        """The same evidence with one fact more, that intake accepts; an item, verified or claimed, or an attribute."""
        items = map(oracle.unclaimed, sorted(facts))  # A set has another order in each process.
        projects = {str(fact.args[1]): fact for fact in items if fact.name == "project"}
        while True:
            of = self.chance.choice([str(fact.args[2]) for fact in projects.values()] or list(LEVELS))
            if projects and self.likely(0.7):
                old = self.chance.choice(list(projects.values()))
                _, drawn = self.project(str(old.args[2]), str(old.args[1]), (3, 4, 5, 6), 0.6)
            else:
                drawn = [Fact("project", (WHO, Id(f"new{of}"), of)), *self.contributions(Near(of, 4, 0.5))]
                if self.likely(0.3):
                    drawn = [Fact("claimed", (fact,)) for fact in drawn]
            for fact in self.chance.sample(drawn, len(drawn)):
                more = facts | {oracle.text(fact)}
                if len(more) > len(facts) and oracle.is_valid(more):
                    return more


def _plain(value: object) -> str | int:
    assert isinstance(value, str | int)
    return value


def _sizes(of: str) -> list[Fact]:
    if of != FACILITY:
        return [Fact("assignment", (to, one)) for to, coverage in oracle.COVERAGE.items() for one in sorted(coverage)]
    numbers = [Fact(name, (n,)) for name, values in ROUND_NUMBERS.items() for n in values]
    return [*numbers, *[Fact("partial_facility", ())] * 3]


SIZES = {of: _sizes(of) for of in LEVELS}


# --- what they show ----------------------------------------------------------------------------------------------


class Standing(NamedTuple):
    """How far somebody is from a level: as a rank of the verdict, 0 is best; and the criteria that are unmet."""

    rank: int
    unmet: tuple[str, ...]

    @property
    def is_reached(self) -> bool:
        return self.rank <= oracle.RANK.index("deemed")


class Judged:
    """Evidence as the oracle looks at it, once for all readings."""

    def __init__(self, facts: set[str]) -> None:
        self.verified = oracle.View.of(facts, confirmed=False)
        claims = any(fact.startswith("claimed(") for fact in facts)
        self.confirmed = oracle.View.of(facts, confirmed=True) if claims else self.verified

    def standing(self, of: str, level: int, readings: Mapping[str, str]) -> Standing:
        """`readings` are all of them."""
        unmet = [one.criterion for one in oracle._criteria(self.verified, of, level, readings) if not one.met]
        if not unmet:
            return Standing(0, ())
        if level == oracle.LOWEST and oracle._exam(self.verified, readings):
            return Standing(1, tuple(unmet))
        pending = self.confirmed is not self.verified and oracle._routes(self.confirmed, of, level, readings)
        return Standing(2 if pending else 3, tuple(unmet))


Shown = tuple[str, Named]
"""Under which readings, by their name in `SETTINGS`, evidence shows what `exhibits` says of a property."""


@dataclass
class Tally:
    """What people by chance show: how many of them each property, and the first one's evidence, before and after."""

    people: int = 0
    better: int = 0
    shown: Counter[Shown] = field(default_factory=Counter)
    examples: dict[Shown, tuple[set[str], set[str]]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        self.people += other.people
        self.better += other.better
        self.shown.update(other.shown)
        self.examples = other.examples | self.examples

    def reached(self, of: str, level: int, setting: str = "default") -> int:
        """How many reach a level."""
        return self.shown[setting, Named("satisfiable", (of, level))]

    def judge(self, facts: set[str], after: set[str], *, everywhere: bool) -> None:
        """Take up a person, and the same with a fact more; in every field, or in those of which there is evidence."""
        self.people += 1
        before, then = Judged(facts), Judged(after)
        fields = {of for of in LEVELS if everywhere or any(of in fact.args for fact in map(oracle.unclaimed, after))}
        for setting, full in FULL.items():
            found = set(self._shown(before, then, fields, full))
            if any(not is_banded(fact, full) for fact in map(oracle.parse, facts)):
                found.add(Named("covered", (FACILITY,)))
            for one in found:
                self.shown[setting, one] += 1
                self.examples.setdefault((setting, one), (facts, after))

    def _shown(self, before: Judged, after: Judged, fields: set[str], full: Mapping[str, str]) -> Iterator[Named]:
        for of in fields:
            lower = None
            for level in LEVELS[of]:
                was, now = before.standing(of, level, full), after.standing(of, level, full)
                if was.is_reached:
                    yield Named("satisfiable", (of, level))
                    if lower is not None and not lower.is_reached:
                        yield Named("implies", (of, level, level - 1))
                elif len(was.unmet) == 1:
                    yield Named("decisive", (f"{of}.{level}.{was.unmet[0]}",))
                if now.rank > was.rank:
                    yield Named("monotone", ())
                self.better += now.rank < was.rank
                lower = was


FULL = {name: oracle._full(readings) for name, readings in SETTINGS.items()}
BLOCK = 500
"""So many people are drawn of one seed."""


def tally(seed: int, block: int, people: int = BLOCK) -> Tally:
    """What some people show; of the first of ten every field is judged."""
    draw, found = Draw(seed * 1_000_003 + block), Tally()
    for number in range(people):
        facts = draw.person()
        found.judge(facts, draw.addition(facts), everywhere=number % 10 == 0)
    return found


def contradictions(found: Tally, setting: str, outcomes: Mapping[Named, bool | None]) -> list[str]:
    """Where people show that a property comes out otherwise than is said of it: whether it holds, by property."""
    wrong = []
    for one, holds in outcomes.items():
        number = found.shown[setting, one]
        if number and holds is (one.name in FOR_ALL):
            facts, after = found.examples[setting, one]
            wrong.append(f"{setting}: {one}: {number} people, {sorted(facts)}, and with {sorted(after - facts)}")
    return wrong
