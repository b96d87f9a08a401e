"""What an evaluation answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

VERDICTS = ("attained", "deemed", "pending", "not_attained")
"""The verdicts, best first."""

REACHED = ("attained", "deemed")
"""The verdicts that count as holding a level."""


def verdict_on(*, met: bool, with_claims: bool) -> str:
    """The verdict whose sign a criterion bears: met, met once every claim is confirmed, or neither."""
    return "attained" if met else "pending" if with_claims else "not_attained"


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

    @property
    def verdict(self) -> str:
        """Whose sign it bears; see `verdict_on`."""
        return verdict_on(met=self.is_met, with_claims=self.is_met_with_claims)


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


class Verdicts(NamedTuple):
    """The verdicts on one candidate, by field and level, and the highest level reached in each field, or None."""

    candidate: str
    verdicts: Mapping[tuple[str, int], str]
    highest: Mapping[str, int | None]


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

    @property
    def summary(self) -> Verdicts:
        """The verdicts, and nothing beside them."""
        return Verdicts(self.candidate, {(r.field, r.level): r.verdict for r in self.results}, self.highest)

    def next_levels(self) -> dict[str, int | None]:
        """The level to reach next in each field: the lowest above the highest reached; None, where there is none."""
        above: dict[str, int | None] = dict.fromkeys(self.highest)
        for result in reversed(self.results):
            if result.level > (self.highest[result.field] or 0):
                above[result.field] = result.level
        return above

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


class Clause(NamedTuple):
    """A clause of the policy.

    `parameters` is what can be changed of it, `before` what that was where a policy change replaced some of it; `rules`
    are the places in the knowledge base that formalise it.
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
    before: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """The clause id, such as `FIELD.LEVEL.CRITERION`."""
        return f"{self.field}.{self.level}.{self.criterion}"

    def as_json(self) -> dict[str, Any]:
        """The clause as `itss policy show --format json` prints it."""
        clause: dict[str, Any] = {
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
        return clause if self.before is None else {**clause, "before": dict(self.before)}


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
