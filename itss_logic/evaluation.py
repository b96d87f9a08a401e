"""Verdicts: evidence in chunks to clingo, and what it derives to answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from itss_logic.answers import Answer, Criterion, Result, Verdicts
from itss_logic.engine import Facts
from itss_logic.errors import PolicyError
from itss_logic.evidence import Evidence
from itss_logic.terms import Fact

if TYPE_CHECKING:
    from itss_logic.policy import Policy

CHUNK_FACTS = 10_000
CHUNK_CANDIDATES = 200
"""How much evidence one `Control` gets at most, so that memory does not grow with the input."""

About: TypeAlias = "dict[str, list[tuple[Any, ...]]]"
"""Atoms about one level of one candidate: the arguments after these, by predicate."""

Atoms: TypeAlias = "dict[tuple[str, int], About]"


def evaluate(
    policy: Policy, entries: Iterable[Evidence], readings: Mapping[str, str], *, across: bool, criteria: bool
) -> Iterator[Answer]:
    """Yield the verdicts on every level of every candidate; see `Policy.evaluate`. `readings` are all of them."""
    verdicts = policy.question("evaluate.lp", "checklist.lp") if criteria else policy.question("evaluate.lp")
    hinge = policy.question("across.lp")
    for chunk in chunks(entries):
        facts = Facts(chunk, readings)
        found = verdicts.solve(facts)
        dependence = hinge.solve_bravely(facts) if across else [None] * len(chunk)
        for evidence, atoms, hinges in zip(chunk, found, dependence, strict=True):
            yield _answer(policy, evidence, readings, by_level(atoms), None if hinges is None else by_level(hinges))


def verdicts(policy: Policy, people: Iterable[Evidence], readings: Mapping[str, str]) -> Iterator[Verdicts]:
    """Yield the verdicts on every level of every candidate, and nothing beside them. `readings` are all of them."""
    question = policy.question("verdicts.lp")
    for chunk in chunks(people):
        for evidence, atoms in zip(chunk, question.solve(Facts(chunk, readings)), strict=True):
            found = by_level(atoms)
            highest = {f: n for (f, n), about in found.items() if "highest" in about}
            yield Verdicts(
                evidence.candidate,
                {level: _only(found[level], level) for level in policy.levels},
                {f: highest.get(f) for f in policy.fields},
            )


def _answer(
    policy: Policy, evidence: Evidence, readings: Mapping[str, str], atoms: Atoms, hinges: Atoms | None
) -> Answer:
    results = tuple(
        result_of(policy, level, atoms[level], None if hinges is None else hinges[level]) for level in policy.levels
    )
    highest = {f: n for (f, n), about in atoms.items() if "highest" in about}
    return Answer(
        candidate=evidence.candidate,
        category=policy.vocabulary.category,
        policy=policy.digest,
        evidence=evidence.digest,
        readings=readings,
        highest={f: highest.get(f) for f in policy.fields},
        results=results,
    )


def result_of(policy: Policy, level: tuple[str, int], about: About, hinges: About | None = None) -> Result:
    """The result for a level, from the atoms about it; `hinges` are those on how it depends on the readings."""
    across: str | None = None
    hinges_on: tuple[str, ...] = ()
    if hinges is not None:
        across = "none" if "reachable" not in hinges else "some" if "missable" in hinges else "all"
        turning = {reading for (reading,) in hinges.get("hinges", [])}
        hinges_on = tuple(reading for reading in policy.options if reading in turning)
    routes = {route for (route,) in about.get("route_met", [])}
    criteria = [
        Criterion(name, policy.words().wording((*level, name)), *counts) for name, *counts in about.get("checked", [])
    ]
    return Result(
        *level,
        verdict=_only(about, level),
        routes=tuple(route for route in policy.routes if route in routes),
        unmet=tuple(sorted(str(name) for (name,) in about.get("unmet", []))),
        across=across,
        hinges_on=hinges_on,
        criteria=tuple(sorted(criteria, key=lambda criterion: policy.position(criterion.name))),
    )


def _only(about: About, level: tuple[str, int]) -> str:
    """The one verdict on a level."""
    if len(about["verdict"]) != 1:
        told = ", ".join(sorted(str(verdict) for (verdict,) in about["verdict"]))
        raise PolicyError(f"the policy gives more than one verdict on {level[0]} {level[1]}: {told}")
    return str(about["verdict"][0][0])


def chunks(entries: Iterable[Evidence]) -> Iterator[list[Evidence]]:
    """Divide evidence into chunks that one `Control` can take."""
    chunk: list[Evidence] = []
    facts = 0
    for evidence in entries:
        chunk.append(evidence)
        facts += len(evidence.facts)
        if facts >= CHUNK_FACTS or len(chunk) >= CHUNK_CANDIDATES:
            yield chunk
            chunk, facts = [], 0
    if chunk:
        yield chunk


def by_level(facts: Iterable[Fact]) -> Atoms:
    """Atoms by field and level, their first two arguments."""
    found: Atoms = {}
    for fact in facts:
        field, level, *rest = fact.arguments
        found.setdefault((field, level), {}).setdefault(fact.name, []).append(tuple(rest))  # type: ignore[arg-type]
    return found
