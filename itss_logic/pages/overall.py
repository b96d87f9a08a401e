"""What the index over all dossiers shows: a row a candidate, how many hold which level, and what is missing most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.answers import Answer
from itss_logic.errors import printable
from itss_logic.pages.dossier import Cell, InForce, in_force, name_of

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


def standing(
    field: str, level: int | None, verdicts: Mapping[tuple[str, int], str], hinges: Sequence[str], words: Words
) -> Standing:
    """Where a candidate stands in a field, by the highest level reached and the verdicts."""
    higher = [n for (of, n), verdict in verdicts.items() if of == field and verdict == "pending" and n > (level or 0)]
    return Standing(
        level,
        None if level is None else name_of((field, level), verdicts[field, level], words),
        name_of((field, higher[-1]), "pending", words) if higher else None,
        hinges,
    )


def _standings(answer: Answer, words: Words) -> list[Standing]:
    verdicts, highest = answer.summary.verdicts, answer.highest
    hinges = {
        field: list(dict.fromkeys(reading for r in answer.results if r.field == field for reading in r.hinges_on))
        for field in highest
    }
    return [standing(field, level, verdicts, hinges[field], words) for field, level in highest.items()]


def index(
    policy: Policy, words: Words, answers: Sequence[tuple[str, Answer]], readings: dict[str, str], told: list[Refusal]
) -> Index:
    """What an index shows of answers, each with the address of its dossier, and of what was refused."""
    lines = [Line(address, printable(answer.candidate), _standings(answer, words)) for address, answer in answers]
    found = [answer for _, answer in answers]
    return Index(
        [words.label(field) for field in policy.fields],
        lines,
        holders(policy, words, Counter(pair for answer in found for pair in answer.highest.items())),
        wanting(words, found)[:WANTED],
        told[:REFUSALS],
        max(len(told) - REFUSALS, 0),
        in_force(policy, words, readings),
        [change.id for change in policy.changes],
        policy.digest,
    )


def holders(policy: Policy, words: Words, counts: Mapping[tuple[str, int | None], int]) -> list[Holders]:
    """How many have which highest level in each field, the best first."""
    tops: dict[str, list[int | None]] = {field: [None] for field in policy.fields}
    for field, level in policy.levels:
        tops[field].insert(0, level)
    return [Holders(words.label(f), [(top, counts.get((f, top), 0)) for top in some]) for f, some in tops.items()]


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
