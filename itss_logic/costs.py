"""What facts cost and which a plan may have, from a YAML file.

A line is a predicate, or a predicate with values, to what it costs (a whole number of 1 or more), to `forbidden`, or
to a mapping of `cost` and `max`, the most facts of the kind that a plan may add. Values stand in any number and in the
order of the predicate's arguments, without ids and numbers. Of several lines with a cost that fit a fact the one with
the most values decides, and of those the dearest; what none fits costs 1. All other lines that fit a fact hold for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from itss_logic.documents import Members, Value
from itss_logic.errors import QuestionError
from itss_logic.evidence import Evidence
from itss_logic.terms import Constant, Fact
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Predicate, Vocabulary

LINE = re.compile(r"\s*([a-z_]\w*)\s*(?:\(([^()]*)\))?\s*")
GREATEST = 1_000_000
"""The most that one fact may cost: sums stay within what clingo can count."""

FORBIDDEN = "forbidden"


class Line(NamedTuple):
    """One line of a file: what facts of a kind `cost`, whether a plan may have them, and how many it may add."""

    key: str
    predicate: str
    values: tuple[str, ...]
    cost: int | None = None
    forbidden: bool = False
    most: int | None = None

    def fits(self, fact: Fact) -> bool:
        """Whether the line is about a fact: its values stand in it, in order."""
        constants = iter([str(term) for term in fact.arguments if isinstance(term, Constant)])
        return fact.name == self.predicate and all(value in constants for value in self.values)

    @property
    def restricts(self) -> bool:
        """Whether it says what a plan may have."""
        return self.forbidden or self.most is not None

    @property
    def restriction(self) -> str:
        """What it says a plan may have, in short."""
        return f"{self.key}: {FORBIDDEN}" if self.forbidden else f"{self.key}: max {self.most}"


class Costs:
    """What facts cost, and which a plan may have."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = list(lines)
        priced = [(len(line.values), line.cost, line) for line in self.lines if line.cost is not None]
        self.priced = [line for *_, line in sorted(priced, key=lambda row: row[:2], reverse=True)]
        self.restrictions = [line for line in self.lines if line.restricts]

    @classmethod
    def read(cls, path: str, vocabulary: Vocabulary) -> Costs:
        """Read a file of costs.

        Raises:
            QuestionError: where it is not one; it says which line, and what to write.
        """
        from itss_logic.yaml_form import read_mapping

        form = "costs are a mapping; write lines such as `PREDICATE: 5`"
        return cls([_line(path, key, value, vocabulary) for key, value in read_mapping(path, form).items()])

    def of(self, fact: Fact) -> int:
        """What a fact costs."""
        return next((line.cost for line in self.priced if line.cost is not None and line.fits(fact)), 1)

    def prices(self, evidence: Evidence) -> Mapping[Fact, int]:
        """The facts on file that do not cost 1, claims as what they claim."""
        return {fact: cost for fact in _items(evidence) if (cost := self.of(fact)) != 1}


def _items(evidence: Evidence) -> Iterator[Fact]:
    for fact in evidence.facts:
        inner = fact.arguments[0] if fact.name == CLAIMED else fact
        if isinstance(inner, Fact) and inner.name not in (CANDIDATE, SOURCE):
            yield inner


def _line(path: str, key: str, value: Value, vocabulary: Vocabulary) -> Line:
    predicate, values = _kind(path, key, vocabulary)
    if value == FORBIDDEN:
        return Line(key, predicate, values, forbidden=True)
    if not isinstance(value, Members):
        return Line(key, predicate, values, cost=_whole(path, f"the cost of {key}", value, 1))
    if value.repeated or not value or value.keys() - {"cost", "max"}:
        raise QuestionError(f"{path}: {key}: write each of cost and max at most once, and nothing else")
    return Line(
        key,
        predicate,
        values,
        cost=_whole(path, f"the cost of {key}", value["cost"], 1) if "cost" in value else None,
        most=_whole(path, f"the max of {key}", value["max"], 0) if "max" in value else None,
    )


def _whole(path: str, what: str, value: Value, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= GREATEST:
        raise QuestionError(f"{path}: {what} is {value!r}; write a whole number from {least} to {GREATEST}")
    return value


def _kind(path: str, key: str, vocabulary: Vocabulary) -> tuple[str, tuple[str, ...]]:
    """The predicate and the values that a line is about."""
    match = LINE.fullmatch(key)
    predicate = vocabulary.predicates.get(match[1]) if match else None
    if match is None or predicate is None:
        known = ", ".join(vocabulary.predicates)
        raise QuestionError(f"{path}: {key!r} is no predicate of evidence; write one of {known}, or one with values")
    values = tuple(value.strip() for value in (match[2] or "").split(",")) if match[2] else ()
    domains = list(_domains(predicate, vocabulary))
    allowed = dict.fromkeys(value for domain in domains for value in domain)
    left = iter(domains)
    for value in values:
        if value not in allowed:
            raise QuestionError(f"{path}: {value!r} is no value of {match[1]}; write one of {', '.join(allowed)}")
        if not any(value in domain for domain in left):
            order = ", ".join(a.key for a in predicate.arguments if a.kind in ("field", "value"))
            raise QuestionError(f"{path}: {value!r} is out of order in {key}; write values in the order {order}")
    return match[1], values


def _domains(predicate: Predicate, vocabulary: Vocabulary) -> Iterator[list[str]]:
    """The values of each argument that has some, in any field."""
    for argument in predicate.arguments:
        if argument.kind == "field":
            yield list(predicate.fields)
        elif argument.kind == "value":
            yield [value for field in predicate.fields for value in vocabulary.values(argument.domain, field)]
