"""What `why` and `certify` answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from itss_logic.answers import verdict_on
from itss_logic.terms import Fact

Sets: TypeAlias = "tuple[tuple[Fact, ...], ...]"
"""Sets of facts, each in order."""


class Explained(NamedTuple):
    """One criterion of a level, and what it rests on.

    `found` witnesses there are on verified evidence, `found_with_claims` with every claim confirmed. It is counted,
    unless it is about other levels: then `levels` are those that are needed and not reached. `evidence` are the
    verified items that count toward it, `claimed` those that would once they are confirmed.
    `missing` are the smallest sets of facts that would meet it: none is needed where it is met, and none is given for
    a criterion that is about another level, or that nothing could meet.
    """

    name: str
    clause: str
    required: int
    found: int
    found_with_claims: int
    is_counted: bool
    levels: tuple[int, ...]
    evidence: tuple[Fact, ...]
    claimed: tuple[Fact, ...]
    missing: Sets

    @property
    def is_met(self) -> bool:
        """Whether verified evidence meets it."""
        return self.found >= self.required

    @property
    def would_be_met(self) -> bool:
        """Whether it is met once every claim is confirmed."""
        return self.found_with_claims >= self.required

    @property
    def verdict(self) -> str:
        """Whose sign it bears; see `verdict_on`."""
        return verdict_on(met=self.is_met, with_claims=self.would_be_met)

    def as_json(self, every: bool) -> dict[str, Any]:
        """The criterion as `itss why --format json` prints it; with `every` all sets of missing facts."""
        return {
            "criterion": self.name,
            "clause": self.clause,
            "met": self.is_met,
            "required": self.required,
            "found": self.found,
            "evidence": _texts(self.evidence),
            "missing": _sets(self.missing, every),
        }


class Elsewhere(NamedTuple):
    """What a level's verdict would be, and which criteria unmet, under another option of a reading it hinges on."""

    reading: str
    option: str
    verdict: str
    unmet: tuple[str, ...]


class Why(NamedTuple):
    """Why a level is attained or not.

    `routes_with_claims` are those by which it is reached once every claim is confirmed, where there are claims.
    `supports` are the smallest sets of facts on file from which alone the verdict follows, none where it is not
    attained. With `every` these and the sets of missing facts are all there are, up to a limit; otherwise the first.
    `optimal` is false where the time ran out before the sets were proven to be smallest. `across`, `hinges_on` and
    `elsewhere` tell of other readings, if that was asked for.
    """

    candidate: str
    field: str
    level: int
    verdict: str
    routes: tuple[str, ...]
    routes_with_claims: tuple[str, ...]
    readings: Mapping[str, str]
    criteria: tuple[Explained, ...]
    supports: Sets
    every: bool = False
    optimal: bool = True
    across: str | None = None
    hinges_on: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The explanation as `itss why --format json` prints it."""
        why: dict[str, Any] = {
            "candidate": self.candidate,
            "field": self.field,
            "level": self.level,
            "verdict": self.verdict,
            "routes": list(self.routes),
            "readings": dict(self.readings),
            "criteria": [criterion.as_json(self.every) for criterion in self.criteria],
            "support": _sets(self.supports, self.every),
        }
        if not self.optimal:
            why["optimal"] = False
        if self.across is not None:
            other = [{**e._asdict(), "unmet": list(e.unmet)} for e in self.elsewhere]
            why |= {"across": self.across, "hinges_on": list(self.hinges_on), "elsewhere": other}
        return why


class Certificate(NamedTuple):
    """What to verify to be sure that a level is reached.

    `facts` are a smallest part of the evidence on file from which alone the verdict follows. `margin` is the least
    number of facts whose rejection makes the verdict worse, None where no rejection does; `load_bearing` are the facts
    whose rejection alone does. `optimal` is false where the time ran out before that was proven; `on_file` is how many
    facts there are on file, references to sources aside.
    """

    candidate: str
    field: str
    level: int
    verdict: str
    facts: tuple[Fact, ...]
    margin: int | None
    load_bearing: tuple[Fact, ...]
    on_file: int
    optimal: bool = True

    def as_json(self) -> dict[str, Any]:
        """The certificate as `itss certify` prints it."""
        certificate: dict[str, Any] = {
            "certificate": _texts(self.facts),
            "size": len(self.facts),
            "margin": self.margin,
            "load_bearing": _texts(self.load_bearing),
        }
        return certificate if self.optimal else {**certificate, "optimal": False}


class Plan(NamedTuple):
    """A way to reach a level: claims to confirm, as the plain facts, and facts to add; none of it can be left out."""

    cost: int
    confirm: tuple[Fact, ...]
    add: tuple[Fact, ...]

    def as_json(self) -> dict[str, Any]:
        """The plan as `itss plan` prints it."""
        return {"cost": self.cost, "confirm": _texts(self.confirm), "add": _texts(self.add)}


class Plans(NamedTuple):
    """Ways to have a level attained or deemed, cheapest first.

    `optimal` is false where the time ran out before they were proven to be the cheapest. Where there is none, `because`
    is a smallest set of restrictions that makes it impossible; without restrictions, of clauses.
    """

    candidate: str
    field: str
    level: int
    readings: Mapping[str, str]
    plans: tuple[Plan, ...]
    optimal: bool = True
    because: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The plans as `itss plan` prints them."""
        plans: dict[str, Any] = {"plans": [plan.as_json() for plan in self.plans], "optimal": self.optimal}
        return plans if self.plans or not self.optimal else {**plans, "because": list(self.because)}


def _texts(facts: Iterable[Fact]) -> list[str]:
    return [str(fact) for fact in facts]


def _sets(sets: Sets, every: bool) -> list[Any]:
    if every:
        return [_texts(facts) for facts in sets if facts]
    return _texts(sets[0]) if sets else []
