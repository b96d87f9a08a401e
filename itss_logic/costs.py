"""What facts cost, from a YAML file: a predicate, or a predicate with values, to a whole number of 1 or more.

Values stand in any number and in the order of the predicate's arguments, without ids and numbers. Of several lines that
fit a fact the one with the most values decides, and of those the dearest. What no line fits costs 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from itss_logic.documents import Value
from itss_logic.errors import QuestionError
from itss_logic.evidence import Evidence
from itss_logic.terms import Constant, Fact
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Predicate, Vocabulary

LINE = re.compile(r"\s*([a-z_]\w*)\s*(?:\(([^()]*)\))?\s*")
GREATEST = 1_000_000
"""The most that one fact may cost: sums stay within what clingo can count."""


class Line(NamedTuple):
    """One line of a file of costs."""

    predicate: str
    values: tuple[str, ...]
    cost: int

    def fits(self, fact: Fact) -> bool:
        """Whether the line is about a fact: its values stand in it, in order."""
        constants = iter([str(term) for term in fact.arguments if isinstance(term, Constant)])
        return fact.name == self.predicate and all(value in constants for value in self.values)


class Costs:
    """What facts cost."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = sorted(lines, key=lambda line: (len(line.values), line.cost), reverse=True)

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
        return next((line.cost for line in self.lines if line.fits(fact)), 1)

    def prices(self, evidence: Evidence) -> Mapping[Fact, int]:
        """The facts on file that do not cost 1, claims as what they claim."""
        return {fact: cost for fact in _items(evidence) if (cost := self.of(fact)) != 1}


def _items(evidence: Evidence) -> Iterator[Fact]:
    for fact in evidence.facts:
        inner = fact.arguments[0] if fact.name == CLAIMED else fact
        if isinstance(inner, Fact) and inner.name not in (CANDIDATE, SOURCE):
            yield inner


def _line(path: str, key: str, cost: Value, vocabulary: Vocabulary) -> Line:
    match = LINE.fullmatch(key)
    predicate = vocabulary.predicates.get(match[1]) if match else None
    if match is None or predicate is None:
        known = ", ".join(vocabulary.predicates)
        raise QuestionError(f"{path}: {key!r} is no predicate of evidence; write one of {known}, or one with values")
    if isinstance(cost, bool) or not isinstance(cost, int) or not 1 <= cost <= GREATEST:
        raise QuestionError(f"{path}: the cost of {key} is {cost!r}; write a whole number from 1 to {GREATEST}")
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
    return Line(match[1], values, cost)


def _domains(predicate: Predicate, vocabulary: Vocabulary) -> Iterator[list[str]]:
    """The values of each argument that has some, in any field."""
    for argument in predicate.arguments:
        if argument.kind == "field":
            yield list(predicate.fields)
        elif argument.kind == "value":
            yield [value for field in predicate.fields for value in vocabulary.values(argument.domain, field)]
