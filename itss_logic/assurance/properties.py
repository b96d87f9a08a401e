"""Properties of a policy, decided over all evidence that one candidate can have: `itss policy verify`."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from itss_logic.assurance.confirmed import Confirmation
from itss_logic.assurance.profiles import ANY, Example, Profiles, Space, space
from itss_logic.engine import Program, Source, selected
from itss_logic.errors import PolicyError
from itss_logic.rule_files import source
from itss_logic.search import shown_variants, smallest_conflict, term_of
from itss_logic.terms import Fact, Term, write

if TYPE_CHECKING:
    from clingo import Symbol

    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy

KNOWN = "properties.lp"
"""The file of a category that says what is known of its properties, and of `core` that says which there are."""

MONOTONE = "monotone"

TIME, BEYOND = "time", "bound"
"""Why something is not decided."""

Combination: TypeAlias = "tuple[tuple[str, str], ...]"
"""An option of every reading, in the order of the policy."""


class Asked(NamedTuple):
    """A property that a policy may have: its name and what it is about, as clingo writes it, and if it is about all."""

    term: str
    name: str
    args: tuple[Any, ...]
    level: tuple[str, int] | None
    for_all: bool

    def put(self, *, lenient: bool = False, supposed: bool = False) -> dict[str, bool]:
        """What is assumed where it is asked about, as `verify.lp` has it."""
        return {f"put({self.term})": True, "lenient": lenient, "supposed": supposed}


class Across(NamedTuple):
    """How a property depends on the readings.

    It holds in `holding` of `of` combinations, and that turns on `hinges_on`. `failing` are the settings of these under
    which it does not hold; in `differing` combinations that is not as known. `elsewhere` are the readings, fewest
    turned, under which it comes out otherwise than under those in force, and the evidence that shows that, if any does.
    """

    holding: int
    of: int
    hinges_on: tuple[str, ...]
    failing: tuple[Mapping[str, str], ...]
    differing: int
    elsewhere: tuple[Mapping[str, str], Evidence | None] | None

    @property
    def extent(self) -> str:
        """In how many combinations it holds, in a word."""
        return "all" if self.holding == self.of else "some" if self.holding else "none"


class Finding(NamedTuple):
    """Whether a property holds; None where that is not decided.

    `undecided` is why, or why its dependence on readings is not: the time ran out; or nothing was found up to the
    bound, while rules may tell more evidence apart.

    `example` is the counterexample of one that speaks of all evidence, or the witness of one that speaks of some;
    `added` is the fact that makes a verdict worse, `after` the evidence with it. `clauses` are those by which it does
    not hold. `vacuous` is one that holds since there is nobody it speaks of. `reason` is why it is known not to hold.
    One that does not apply is none of the policy under the readings in force.
    """

    property: Asked
    holds: bool | None
    expected: bool
    reason: str
    bound: str
    example: Evidence | None = None
    added: Fact | None = None
    after: Evidence | None = None
    clauses: tuple[str, ...] = ()
    vacuous: bool = False
    applies: bool = True
    undecided: str = ""
    across: Across | None = None

    def as_expected(self) -> bool:
        """Whether it comes out as is known, also under other readings where these were asked about."""
        differs = self.across is not None and self.across.differing > 0
        return self.holds is self.expected and not self.vacuous and not self.undecided and not differs

    def as_json(self) -> dict[str, Any]:
        """The finding as `itss policy verify --format json` prints it."""
        facts = _facts(self.example)
        found: dict[str, Any] = {
            "property": self.property.name,
            "args": list(self.property.args),
            "holds": self.holds,
            "expected": self.expected,
            "bound": self.bound,
            "counterexample": facts if self.property.for_all else [],
            "witness": [] if self.property.for_all else facts,
            "clauses": list(self.clauses),
        }
        if self.reason:
            found["reason"] = self.reason
        if self.added is not None:
            found["added"] = write(self.added)
        if not self.applies:
            found["applies"] = False
        if self.vacuous:
            found["vacuous"] = True
        if self.undecided:
            found["undecided"] = self.undecided
        if self.across is not None:
            found |= _across_json(self.across, self.property.for_all)
        return found


def _facts(evidence: Evidence | None) -> list[str]:
    return [] if evidence is None else list(map(str, evidence.facts))


def _across_json(across: Across, for_all: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "across": across.extent,
        "holds_in": across.holding,
        "combinations": across.of,
        "hinges_on": list(across.hinges_on),
        "fails_under": [dict(setting) for setting in across.failing],
        "unexpected_in": across.differing,
    }
    if across.elsewhere is not None:
        readings, evidence = across.elsewhere
        found["elsewhere"] = {"readings": dict(readings)}
        if evidence is not None:
            found["elsewhere"]["counterexample" if for_all else "witness"] = _facts(evidence)
    return found


class Verifier:
    """Decides the properties of a policy.

    Args:
        policy: whose.
        readings: those in force, all of them.
        seconds: how long the search for one example may take.
        across: whether to decide them under every combination of readings as well.
    """

    def __init__(self, policy: Policy, readings: Mapping[str, str], seconds: float, *, across: bool) -> None:
        self.policy, self.readings, self.seconds = policy, readings, seconds
        self.reach = space(policy, readings)
        self.category = _beside(policy, KNOWN)
        self.profiles = self.profiles_under(readings, self.reach)
        self.confirmation = Confirmation(policy, readings, self.category)
        self.known = self.known_under(readings)
        self.in_force: Combination = tuple(readings.items())
        self.across = Everywhere(self) if across else None
        self.clauses = [clause.id for clause in policy.clauses]

    def profiles_under(self, readings: Mapping[str, str] | None, reach: Space) -> Callable[[str], Profiles]:
        """Gives the question that a property of a name is put to."""
        core, made = self.policy.core, dict[bool, Profiles]()

        def profiles(name: str) -> Profiles:
            apart = name == MONOTONE
            if apart not in made:
                names = ["profile.lp", KNOWN, "verify.lp", *(["monotone.lp"] if apart else [])]
                names += [] if readings is not None else [ANY]
                sources = [*self.policy.program.sources, *self.category, *(core[name] for name in names)]
                made[apart] = Profiles(self.policy.vocabulary, sources, selected(readings or {}), reach)
            return made[apart]

        return profiles

    def known_under(self, readings: Mapping[str, str] | None) -> dict[Combination, tuple[set[str], dict[str, str]]]:
        """By combination of readings which properties there are, and why some are known not to hold."""
        names = [KNOWN, "known.lp", *([] if readings is not None else [ANY])]
        core = self.policy.core
        program = Program([*self.policy.program.sources, *self.category, *(core[name] for name in names)])
        control = program.ground("\n".join(selected(readings or {})))
        found = {}
        for shown in shown_variants(control, {}, inf):
            properties = {str(s.arguments[0]) for s in shown if s.name == "property"}
            refuted = {str(s.arguments[0]): s.arguments[1].string for s in shown if s.name == "refuted"}
            if unknown := sorted(refuted.keys() - properties):
                raise PolicyError(f"{KNOWN} says of {', '.join(unknown)} that it is refuted; there is no such property")
            found[_combination(shown, self.policy) if readings is None else tuple(readings.items())] = (
                properties,
                refuted,
            )
        return found

    def properties(self) -> list[Asked]:
        """The properties that the policy may have, in the order of its fields, levels and clauses."""
        profiles = self.profiles("") if self.across is None else self.across.profiles("")
        in_force, _ = self.known[self.in_force]
        every = in_force if self.across is None else set().union(*(names for names, _ in self.across.known.values()))
        for_all = {str(symbol.arguments[0]) for symbol in profiles.named("for_all", 1)}
        about = {str(s.arguments[0]): (str(s.arguments[1]), s.arguments[2].number) for s in profiles.named("about", 3)}
        terms = [symbol.arguments[0] for symbol in profiles.named("property", 1)]
        found = [
            Asked(str(term), term.name, tuple(_args(term)), about.get(str(term)), str(term) in for_all)
            for term in terms
            if str(term) in every
        ]
        kinds = {symbol.arguments[0].name: symbol.arguments[1].number for symbol in profiles.named("kind", 2)}
        return sorted(found, key=lambda one: (kinds[one.name], self._place(one)))

    def _place(self, one: Asked) -> tuple[Any, ...]:
        if one.level is not None and len(one.args) == 1:
            return (self.clauses.index(one.args[0]),)
        fields = self.policy.fields
        return tuple(fields.index(arg) if arg in fields else arg for arg in one.args)

    def finding(self, one: Asked) -> Finding:
        """Whether a property holds."""
        properties, reasons = self.known[self.in_force]
        expected = one.term in properties and one.term not in reasons
        finding = Finding(one, None, expected, reasons.get(one.term, ""), self.bound)
        try:
            applies = one.term in properties
            finding = self._decided(finding) if applies else finding._replace(holds=False, applies=False)
            if self.across is None or finding.undecided:
                return finding
            if self.across.gaps:
                return finding._replace(undecided=BEYOND)
            return finding._replace(across=self.across.of(finding))
        except TimeoutError:
            return finding._replace(undecided=TIME)

    def _decided(self, finding: Finding) -> Finding:
        one = finding.property
        found = self._example(self.profiles(one.name), one, {})
        if found is not None:
            self.confirmation.check(one.name, one.args, found)
            return self._found(finding, found)
        if self.gaps:
            return finding._replace(undecided=BEYOND)
        if one.for_all:
            return finding._replace(holds=True, vacuous=self._is_vacuous(one))
        return finding._replace(holds=False, clauses=self._standing_in_the_way(one))

    @property
    def bound(self) -> str:
        """How far profiles reach, in words."""
        reach, gaps = (self.reach, self.gaps) if self.across is None else (self.across.reach, self.across.gaps)
        return reach.told() + "".join(f"; not proven beyond: {gap}" for gap in gaps)

    @cached_property
    def gaps(self) -> tuple[str, ...]:
        """Why there may be more evidence that rules tell apart."""
        return self.reach.gaps + self.profiles("").undeclared(self.policy.supplies)

    def _found(self, finding: Finding, found: Example) -> Finding:
        rows = found.rows("at_fault")
        clauses = {".".join(map(str, row)) for row in rows}
        return finding._replace(
            holds=not finding.property.for_all,
            example=found.evidence,
            added=found.added,
            after=found.after,
            clauses=tuple(id for id in self.clauses if id in clauses),
        )

    def _example(self, profiles: Profiles, one: Asked, more: Mapping[str, bool]) -> Example | None:
        """A smallest example for a property; where it has aspects, for the first with any, which is found soonest."""
        asked = {**one.put(), **more}
        aspects = profiles.named("aspect", 1)
        for aspect in aspects:
            looked_at = {**asked, str(aspect): True}
            if profiles.find(looked_at, self.seconds, smallest=False) is not None:
                return profiles.find(looked_at, self.seconds)
        return None if aspects else profiles.find(asked, self.seconds)

    def _is_vacuous(self, one: Asked) -> bool:
        found = self.profiles(one.name).find(one.put(supposed=True), self.seconds, smallest=False)
        return found is None

    def _standing_in_the_way(self, one: Asked) -> tuple[str, ...]:
        """A smallest set of clauses that cannot be fulfilled together, as the property would have it; or its own."""
        profiles = self.profiles(one.name)
        waived = profiles.named("waived", 3)
        chosen = {str(s): ".".join(map(str, s.arguments)) for s in waived if _level(s) == one.level}
        conflict = smallest_conflict(profiles.control, list(chosen), one.put(lenient=True), lambda: self.seconds)
        found = {chosen[atom] for atom in conflict}
        return tuple(id for id in self.clauses if id in found) or tuple(arg for arg in one.args if arg in self.clauses)


class Everywhere:
    """The same under every combination of readings."""

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.reach = space(verifier.policy, None)
        self.profiles = verifier.profiles_under(None, self.reach)
        self.gaps = self.reach.gaps + self.profiles("").undeclared(verifier.policy.supplies)
        self.known = verifier.known_under(None)

    def of(self, finding: Finding) -> Across:
        """How a property depends on the readings."""
        one, policy = finding.property, self.verifier.policy
        found = self._found_in(one)
        asked = {c: None for c, (properties, _) in self.known.items() if one.term in properties}
        holding = {c for c in asked if (c in found) != one.for_all}
        hinges = tuple(name for name in policy.options if any(self._turns(c, name, holding, asked) for c in asked))
        failing = sorted({tuple((n, o) for n, o in c if n in hinges) for c in asked if c not in holding})
        return Across(
            holding=len(holding),
            of=len(asked),
            hinges_on=hinges,
            failing=tuple(dict(setting) for setting in failing),
            differing=sum((c in holding) == (one.term in self.known[c][1]) for c in asked),
            elsewhere=self._elsewhere(finding, [c for c in asked if (c in holding) is not finding.holds]),
        )

    def _found_in(self, one: Asked) -> set[Combination]:
        """The combinations of readings under which there is an example for a property."""
        profiles = self.profiles(one.name)
        asked = one.put()
        turning = profiles.turning([f"exhibited({one.term})", f"property({one.term})"])
        for name, option in self.verifier.in_force:
            if name not in turning:
                asked[f"selected({name},{option})"] = True
        found: set[Combination] = set()
        aspects = [{str(aspect): True} for aspect in profiles.named("aspect", 1)]
        for aspect in aspects or [{}]:
            for shown in shown_variants(profiles.control, asked | aspect, self.verifier.seconds):
                found.add(_narrowed(_combination(shown, self.verifier.policy), turning))
        return {combination for combination in self.known if _narrowed(combination, turning) in found}

    def _turns(
        self, combination: Combination, name: str, holding: set[Combination], asked: Collection[Combination]
    ) -> bool:
        """Whether some other option of one reading, where it is asked for, lets the property come out otherwise."""
        options = dict(combination)
        others = (tuple((options | {name: option}).items()) for option in self.verifier.policy.options[name])
        return any((other in holding) != (combination in holding) for other in others if other in asked)

    def _elsewhere(
        self, finding: Finding, others: Iterable[Combination]
    ) -> tuple[Mapping[str, str], Evidence | None] | None:
        """The readings nearest to those in force under which a property comes out otherwise, and what shows that."""
        here = self.verifier.readings

        def turned(combination: Combination) -> dict[str, str]:
            return {name: option for name, option in combination if here[name] != option}

        nearest = min(others, key=lambda c: (len(turned(c)), c), default=None)
        if nearest is None:
            return None
        if finding.holds is not finding.property.for_all:
            return turned(nearest), None
        one = finding.property
        readings = {f"selected({name},{option})": True for name, option in nearest}
        found = self.verifier._example(self.profiles(one.name), one, readings)
        assert found is not None
        there = Confirmation(self.verifier.policy, dict(nearest), self.verifier.category)
        there.check(one.name, one.args, found)
        return turned(nearest), found.evidence


def _combination(shown: Iterable[Symbol], policy: Policy) -> Combination:
    options = {s.arguments[0].name: s.arguments[1].name for s in shown if s.name == "selected"}
    return tuple((name, options[name]) for name in policy.options)


def _narrowed(combination: Combination, names: frozenset[str]) -> Combination:
    return tuple((name, option) for name, option in combination if name in names)


def _level(symbol: Symbol) -> tuple[str, int]:
    return symbol.arguments[0].name, symbol.arguments[1].number


def _args(term: Symbol) -> Iterator[Any]:
    """What a property is about: fields, levels, the id of a clause."""
    for argument in term.arguments:
        value: Term = term_of(argument)
        yield ".".join(map(str, value.arguments)) if isinstance(value, Fact) else value


def _beside(policy: Policy, name: str) -> list[Source]:
    """A rule file of the category's folder that is no part of the policy, if there is one."""
    path = os.path.join(policy.folder, name)
    return [source(path)] if os.path.exists(path) else []
