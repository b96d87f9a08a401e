"""What the index over all dossiers shows: a row a candidate, how many hold which level, and what is missing most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.answers import Answer
from itss_logic.errors import printable
from itss_logic.pages.dossier import Cell, InForce, cell, in_force

if TYPE_CHECKING:
    from itss_logic.errors import Refusal
    from itss_logic.policy import Policy
    from itss_logic.words import Words

WANTED = 15
"""How many criteria are listed that are missing most often."""

REFUSALS = 200
"""How many refusals are listed."""


class Standing(NamedTuple):
    """Where a candidate stands in a field: the highest level reached, the cell of it, and what is pending above it."""

    level: int | None
    cell: Cell | None
    pending: Cell | None
    hinges: Sequence[str]


class Line(NamedTuple):
    """A candidate in an index: the address of the dossier, the name, and the standing in each field."""

    address: str
    candidate: str
    standings: Sequence[Standing]


class Holders(NamedTuple):
    """How many candidates have which highest level in a field, None for those who have none."""

    field: str
    counts: Sequence[tuple[int | None, int]]


class Wanting(NamedTuple):
    """A criterion that candidates lack who do not hold a level: how many of them, of how many, how many it alone."""

    field: str
    level: int
    criterion: str
    candidates: int
    alone: int
    total: int


class Index(NamedTuple):
    """What an index shows."""

    fields: Sequence[str]
    lines: Sequence[Line]
    holders: Sequence[Holders]
    wanting: Sequence[Wanting]
    refusals: Sequence[Refusal]
    refusals_more: int
    readings: Sequence[InForce]
    changes: Sequence[str]
    policy: str


def standing(answer: Answer, field: str, words: Words) -> Standing:
    """Where a candidate stands in a field."""
    results = [result for result in answer.results if result.field == field]
    level = answer.highest[field]
    pending = [result for result in results if result.verdict == "pending" and result.level > (level or 0)]
    return Standing(
        level,
        None if level is None else cell(answer.result(field, level), words),
        cell(pending[-1], words) if pending else None,
        list(dict.fromkeys(reading for result in results for reading in result.hinges_on)),
    )


def index(
    policy: Policy, words: Words, answers: Sequence[tuple[str, Answer]], readings: dict[str, str], told: list[Refusal]
) -> Index:
    """What an index shows of answers, each with the address of its dossier, and of what was refused."""
    lines = [
        Line(address, printable(answer.candidate), [standing(answer, field, words) for field in policy.fields])
        for address, answer in answers
    ]
    found = [answer for _, answer in answers]
    return Index(
        [words.label(field) for field in policy.fields],
        lines,
        [holders(policy, words, found, field) for field in policy.fields],
        wanting(words, found)[:WANTED],
        told[:REFUSALS],
        max(len(told) - REFUSALS, 0),
        in_force(policy, words, readings),
        [change.id for change in policy.changes],
        policy.digest,
    )


def holders(policy: Policy, words: Words, answers: Iterable[Answer], field: str) -> Holders:
    """How many have which highest level in a field, the best first."""
    counts = Counter(answer.highest[field] for answer in answers)
    levels: list[int | None] = [level for of, level in policy.levels if of == field]
    return Holders(words.label(field), [(level, counts[level]) for level in [*reversed(levels), None]])


def wanting(words: Words, answers: Iterable[Answer]) -> list[Wanting]:
    """The criteria that those lack who do not hold a level, the most frequent first."""
    unmet: Counter[tuple[str, int, str]] = Counter()
    alone: Counter[tuple[str, int, str]] = Counter()
    total: Counter[tuple[str, int]] = Counter()
    for answer in answers:
        for result in answer.results:
            if not result.is_reached:
                keys = [(result.field, result.level, criterion) for criterion in result.unmet]
                total[result.field, result.level] += 1
                unmet.update(keys)
                alone.update(keys if len(keys) == 1 else [])
    return [
        Wanting(words.label(key[0]), key[1], words.label(key[2]), number, alone[key], total[key[:2]])
        for key, number in sorted(unmet.items(), key=lambda pair: (-pair[1], -alone[pair[0]], pair[0]))
    ]
