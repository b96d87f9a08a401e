"""What an evaluation answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from itss_logic.terms import Fact

VERDICTS = ("attained", "deemed", "pending", "not_attained")
"""The verdicts, best first."""

REACHED = ("attained", "deemed")
"""The verdicts that count as holding a level."""

Sets: TypeAlias = "tuple[tuple[Fact, ...], ...]"
"""Sets of facts, each in order."""


class Criterion(NamedTuple):
    """How far one criterion of a level is met: the number of witnesses found on verified evidence, and with every
    claim confirmed."""

    name: str
    wording: str
    required: int
    found: int
    found_with_claims: int

    @property
    def is_met(self) -> bool:
        """Whether verified evidence meets it."""
        return self.found >= self.required

    @property
    def is_met_with_claims(self) -> bool:
        """Whether it is met once every claim is confirmed."""
        return self.found_with_claims >= self.required


class Result(NamedTuple):
    """The verdict on one level of a field.

    `routes` and `unmet` (the kpi route's criteria, sorted) are judged on verified evidence. `across` (`all`, `some`
    or `none` of all combinations of readings), `hinges_on` and `criteria` are there only if they were asked for.
    """

    field: str
    level: int
    verdict: str
    routes: tuple[str, ...]
    unmet: tuple[str, ...]
    across: str | None = None
    hinges_on: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()

    @property
    def is_reached(self) -> bool:
        """Whether the level is attained or deemed."""
        return self.verdict in REACHED

    def as_json(self) -> dict[str, Any]:
        """The result as `itss evaluate --format json` prints it."""
        result: dict[str, Any] = {
            "field": self.field,
            "level": self.level,
            "verdict": self.verdict,
            "routes": list(self.routes),
            "unmet": list(self.unmet),
        }
        if self.across is not None:
            result |= {"across": self.across, "hinges_on": list(self.hinges_on)}
        return result


class Answer(NamedTuple):
    """The verdicts on one candidate, with the digests of the policy and the evidence that they rest on.

    `highest` is the highest level attained or deemed in each field, or None.
    """

    candidate: str
    category: str
    policy: str
    evidence: str
    readings: Mapping[str, str]
    highest: Mapping[str, int | None]
    results: tuple[Result, ...]

    def result(self, field: str, level: int) -> Result:
        """The result for a level of a field.

        Raises:
            KeyError: where the answer holds none.
        """
        for result in self.results:
            if (result.field, result.level) == (field, level):
                return result
        raise KeyError((field, level))

    def as_json(self) -> dict[str, Any]:
        """The answer as `itss evaluate --format json` prints it."""
        return {
            "candidate": self.candidate,
            "category": self.category,
            "policy": self.policy,
            "evidence": self.evidence,
            "readings": dict(self.readings),
            "highest": dict(self.highest),
            "results": [result.as_json() for result in self.results],
        }


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


def _texts(facts: Iterable[Fact]) -> list[str]:
    return [str(fact) for fact in facts]


def _sets(sets: Sets, every: bool) -> list[Any]:
    if every:
        return [_texts(facts) for facts in sets if facts]
    return _texts(sets[0]) if sets else []


class Clause(NamedTuple):
    """A clause of the policy.

    `parameters` is what can be changed of it; `rules` are the places in the knowledge base that formalise it.
    """

    field: str
    level: int
    criterion: str
    wording: str
    section: str
    parameters: Mapping[str, Any]
    readings: tuple[str, ...]
    not_formalised: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def id(self) -> str:
        """The clause id, such as `FIELD.LEVEL.CRITERION`."""
        return f"{self.field}.{self.level}.{self.criterion}"

    def as_json(self) -> dict[str, Any]:
        """The clause as `itss policy show --format json` prints it."""
        return {
            "clause": self.id,
            "field": self.field,
            "level": self.level,
            "criterion": self.criterion,
            "wording": self.wording,
            "section": self.section,
            "parameters": dict(self.parameters),
            "readings": list(self.readings),
            "rules": list(self.rules),
            "not_formalised": list(self.not_formalised),
        }


class Reading(NamedTuple):
    """A reading: an open question, its options (the default first) and the clauses that are open to it."""

    name: str
    question: str
    options: tuple[str, ...]
    clauses: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The reading as `itss policy show --format json` prints it."""
        return {
            "reading": self.name,
            "question": self.question,
            "options": list(self.options),
            "clauses": list(self.clauses),
        }
