"""What differs between two versions of a policy: clauses, and whom they judge otherwise. `itss policy diff`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.assurance.apart import Apart, BeyondError, Disagreement
from itss_logic.assurance.rules import own_sources, rules_in, rules_of
from itss_logic.batch.universe import Universe
from itss_logic.changes import leaves
from itss_logic.evaluation import CHUNK_CANDIDATES, verdicts
from itss_logic.scenarios import Flip

if TYPE_CHECKING:
    from itss_logic.answers import Clause, Result
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy

RULES = "rules"
"""What of a clause differs, beside what `policy show` tells of it: the rules that formalise it."""


class Changed(NamedTuple):
    """A clause that is in both versions: by name what is otherwise, before and after."""

    clause: str
    parts: Mapping[str, tuple[Any, Any]]

    def as_json(self) -> dict[str, Any]:
        """The clause as `itss policy diff --format json` prints it."""
        parts = {name: {"before": before, "after": after} for name, (before, after) in self.parts.items()}
        return {"clause": self.clause, "changed": parts}


class Compared(NamedTuple):
    """A level of both versions: where they disagree about it, if they do.

    `bound` is how far the search went. `undecided` is why it is not known, if it is not.
    """

    field: str
    level: int
    bound: str
    disagreement: Disagreement | None
    undecided: str = ""

    def as_json(self) -> dict[str, Any]:
        """The level as `itss policy diff --format json` prints it."""
        found: dict[str, Any] = {"field": self.field, "level": self.level, "differs": None, "bound": self.bound}
        if self.undecided:
            found["undecided"] = self.undecided
        else:
            found["differs"] = self.disagreement is not None
        if self.disagreement is not None:
            evidence, readings, before, after = self.disagreement
            found |= {"readings": dict(readings), "evidence": list(map(str, evidence.facts))}
            found |= {"before": _told(before), "after": _told(after)}
        return found


class Difference(NamedTuple):
    """All that differs between two versions of a policy; `flips` of those candidates whose evidence was given.

    `alone` is what one version alone has, before and after: of `readings` their options, of `evidence` its values. What
    it means is not compared.
    """

    digests: tuple[str, str]
    added: Sequence[str]
    removed: Sequence[str]
    alone: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    changed: Sequence[Changed]
    levels: Sequence[Compared]
    candidates: int | None
    flips: Sequence[Flip]

    def as_json(self) -> dict[str, Any]:
        """The difference as `itss policy diff --format json` prints it."""
        found: dict[str, Any] = {
            "before": self.digests[0],
            "after": self.digests[1],
            "clauses": {
                "added": list(self.added),
                "removed": list(self.removed),
                "changed": [clause.as_json() for clause in self.changed],
            },
            **{name: {"removed": list(was), "added": list(now)} for name, (was, now) in self.alone.items()},
            "levels": [level.as_json() for level in self.levels],
        }
        if self.candidates is not None:
            found |= {"candidates": self.candidates, "changes": [flip._asdict() for flip in self.flips]}
        return found


def difference(
    one: Policy,
    other: Policy,
    readings: Mapping[str, str],
    seconds: float,
    people: Iterable[Evidence] | None = None,
    progress: Callable[[int], object] = lambda levels: None,
) -> Difference:
    """Compare two versions of a policy.

    Args:
        one: the version before.
        other: the version after.
        readings: the options in force instead of the defaults; where they show no difference, any are tried.
        seconds: how long the search for one example may take.
        people: evidence on which to compare verdicts.
        progress: is told how many levels were compared.

    Raises:
        QuestionError: for a reading or an option that one of the versions does not have.
        SelfCheckError: where the policies' own rules do not confirm a difference.
    """
    other.in_force(readings)
    before, after = ({clause.id: clause for clause in policy.clauses} for policy in (one, other))
    rules = _rules(one), _rules(other)
    changed = [Changed(id, dict(_parts(before[id], after[id], rules))) for id in before if id in after]
    candidates, found = (None, []) if people is None else _flips(one, other, readings, people)
    return Difference(
        (one.digest, other.digest),
        [id for id in after if id not in before],
        [id for id in before if id not in after],
        {"readings": _apart(_options(one), _options(other)), "evidence": _apart(_values(one), _values(other))},
        [clause for clause in changed if clause.parts],
        list(_levels(Apart(one, other, seconds), one.in_force(readings), progress)),
        candidates,
        found,
    )


def _levels(apart: Apart, readings: Mapping[str, str], progress: Callable[[int], object]) -> Iterator[Compared]:
    bound = apart.reach(None).told()
    for number, level in enumerate(apart.levels):
        progress(number)
        try:
            found = apart.about(level, readings) or apart.about(level, None)
            yield Compared(*level, bound, found)
        except TimeoutError:
            yield Compared(*level, bound, None, "the time ran out")
        except BeyondError as error:
            yield Compared(*level, bound, None, f"nothing was found up to the bound; beyond it, {error}")


def _apart(before: Iterable[str], after: Iterable[str]) -> tuple[list[str], list[str]]:
    was, now = list(before), list(after)
    return [one for one in was if one not in now], [one for one in now if one not in was]


def _options(policy: Policy) -> list[str]:
    """The options of readings, and which of each is the default."""
    found = [f"{name}={option}" for name, options in policy.options.items() for option in options]
    return [*found, *(f"{name}={options[0]} by default" for name, options in policy.options.items())]


def _values(policy: Policy) -> list[str]:
    """What may be stated as evidence, whatever its ids and numbers."""
    vocabulary = policy.vocabulary
    universe = Universe(vocabulary, {name: [0] for name in vocabulary.predicates}, 1)
    return [" ".join(filter(None, (t.predicate, t.kind.field, *t.values))) for t in universe.terms]


def _rules(policy: Policy) -> dict[str, frozenset[str]]:
    """The texts of the rules that formalise each clause, and of all under no name."""
    base = policy.unchanged
    texts = {
        f"{source.name}:{rule.location.begin.line}": str(rule)
        for source in own_sources(policy, base.program.sources)
        for rule in rules_in(source)
    }
    rules = rules_of(policy)
    found = {c.id: frozenset(texts[rule.place] for rule in rules if rule.formalises(c.id)) for c in policy.clauses}
    return {"": frozenset(texts.values()), **found}


def _parts(
    before: Clause, after: Clause, rules: tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """What of a clause is otherwise: its parameters by path, its words, its readings, its rules."""
    was, now = dict(leaves(before.parameters)), dict(leaves(after.parameters))
    for path in dict.fromkeys([*was, *now]):
        if was.get(path) != now.get(path):
            yield ".".join(path), (was.get(path), now.get(path))
    for name in ("wording", "section", "readings", "not_formalised"):
        one, other = getattr(before, name), getattr(after, name)
        if one != other and not (name == "wording" and was != now):  # It tells the parameters.
            yield name, tuple(list(x) if isinstance(x, tuple) else x for x in (one, other))  # type: ignore[misc]
    # A rule that both versions have is the same rule, whichever clauses are named above it.
    gone, new = rules[0][before.id] - rules[1][""], rules[1][after.id] - rules[0][""]
    if gone or new:
        yield RULES, (sorted(gone), sorted(new))


def _flips(
    one: Policy, other: Policy, readings: Mapping[str, str], people: Iterable[Evidence]
) -> tuple[int, list[Flip]]:
    """How many candidates there are, and the verdicts of both versions that differ."""
    candidates, found, waiting = 0, list[Flip](), iter(people)
    while some := list(islice(waiting, CHUNK_CANDIDATES)):
        candidates += len(some)
        before = verdicts(one, some, one.in_force(readings))
        after = verdicts(other, some, other.in_force(readings))
        found += [
            Flip(was.candidate, *level, verdict, now.verdicts[level])
            for was, now in zip(before, after, strict=True)
            for level, verdict in was.verdicts.items()
            if now.verdicts.get(level, verdict) != verdict
        ]
    return candidates, found


def _told(result: Result) -> dict[str, Any]:
    return {"verdict": result.verdict, "routes": list(result.routes), "unmet": list(result.unmet)}
