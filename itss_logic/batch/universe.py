"""All evidence that one candidate can have, as far as rules tell it apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from clingo import Control, Symbol, SymbolType

from itss_logic.batch.reified import Findings
from itss_logic.errors import ItssError
from itss_logic.terms import Constant
from itss_logic.vocabulary import CANDIDATE, CLAIMED, Predicate, Vocabulary

SOMEBODY = '"somebody"'
"""The one candidate."""

CLAIMANT = f"subject(confirmed,{SOMEBODY})"
"""The candidate has claims on file, whatever they are."""


class NotSlicedError(ItssError):
    """The policy does not let evidence be taken apart; says why."""


Level: TypeAlias = "tuple[str, int]"
"""A field and a number."""


class Kind(NamedTuple):
    """An item predicate in one field, or in none."""

    item: str
    field: str | None


class Term(NamedTuple):
    """Evidence that there can be: a predicate, the kind that it belongs to, an id (or nothing) and its own values."""

    predicate: str
    kind: Kind
    id: str
    values: tuple[str, ...]


def fact(predicate: Predicate, candidate: object, field: str | None, id: object, values: Sequence[object]) -> str:
    """An evidence fact, as clingo reads it."""
    rest = iter(values)
    parts = [str(candidate)]
    for argument in predicate.arguments:
        if argument.kind == "field":
            parts.append(str(field))
        else:
            parts.append(str(id if argument.kind in ("id", "of") else next(rest)))
    return f"{predicate.name}({','.join(parts)})"


class Universe:
    """All evidence that one candidate can have. `terms` are numbered as they stand; a set of them is a bit mask.

    Args:
        vocabulary: the evidence that there is.
        cuts: the lowest numbers of bands, by evidence predicate.
        enough: how many items of a kind there are.
        more: how many there are of a kind with attributes, where that is more.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        cuts: Mapping[str, Sequence[int]],
        enough: int,
        more: Mapping[Kind, int] | None = None,
    ) -> None:
        self.vocabulary, self.cuts = vocabulary, cuts
        self.owners = {predicate.owner for predicate in vocabulary.predicates.values() if predicate.owner}
        self.kinds = [
            Kind(predicate.name, field)
            for predicate in vocabulary.predicates.values()
            if predicate.is_item
            for field in (predicate.fields if predicate.of_field else (None,))
        ]
        self.ids = {
            kind: [
                f'"{kind.item} {kind.field or ""} {number}"' for number in range(max(enough, (more or {}).get(kind, 0)))
            ]
            for kind in self.kinds
            if kind.item in self.owners
        }
        self.everyone = [id for ids in self.ids.values() for id in ids] or [f'"{number}"' for number in range(enough)]
        # Other items with ids may share those of any kind, and there are enough of them.
        few = [id for n, ids in enumerate(self.ids.values()) for id in ids[: enough if n == 0 else 1]]
        self.shared = few or self.everyone
        self.terms = [term for kind in self.kinds for term in self._terms(kind)]

    def _terms(self, kind: Kind) -> Iterator[Term]:
        predicate = self.vocabulary.predicates[kind.item]
        if kind in self.ids:
            ids = self.ids[kind]
        else:
            ids = self.shared if any(a.kind == "id" for a in predicate.arguments) else [""]
        for id in ids:
            for values in self.values(predicate, kind.field):
                yield Term(kind.item, kind, id, values)
            for attribute in self.vocabulary.attributes(kind.item, kind.field):
                for values in self.values(attribute, kind.field):
                    yield Term(attribute.name, kind, id, values)

    def values(self, predicate: Predicate, field: str | None) -> Iterator[tuple[str, ...]]:
        """The values that a statement may have beside ids and its field; of a number, the lowest of each band."""
        own = [argument for argument in predicate.arguments if argument.kind in ("value", "number")]
        ranges = [
            [str(n) for n in self.cuts[predicate.name]]
            if argument.kind == "number"
            else [str(value) for value in self.vocabulary.values(argument.domain, field)]
            for argument in own
        ]
        for values in product(*ranges):
            pairs = zip(own, values, strict=True)
            chosen = tuple(Constant(value) for argument, value in pairs if argument.kind == "value")
            if not predicate.combinations or chosen in predicate.combinations:
                yield values

    def text(self, *, claims: bool = True) -> str:
        """All of it, each to be there or not, verified or claimed, as clingo reads it; or without any claim."""
        lines = [f"{CANDIDATE}({SOMEBODY}).", *([f"{{{CLAIMANT}}}."] if claims else ())]
        for term in self.terms:
            predicate = self.vocabulary.predicates[term.predicate]
            stated = fact(predicate, SOMEBODY, term.kind.field, term.id, term.values)
            lines.append(f"{{{stated}}}.")
            if predicate.is_item and claims:
                lines.append(f"{{{CLAIMED}({stated})}}.")
        return "\n".join(lines)

    def seeds(self) -> Iterator[tuple[str, int]]:
        """The evidence facts, each with the number of its term."""
        for number, term in enumerate(self.terms):
            predicate = self.vocabulary.predicates[term.predicate]
            stated = fact(predicate, SOMEBODY, term.kind.field, term.id, term.values)
            yield stated, number
            if predicate.is_item:
                yield f"{CLAIMED}({stated})", number

    def mask(self, terms: Iterable[int]) -> int:
        """A set of terms."""
        mask = 0
        for number in terms:
            mask |= 1 << number
        return mask

    def of_kind(self, kind: Kind, id: str | None = None) -> int:
        """The terms of a kind, or of one item."""
        return self.mask(n for n, term in enumerate(self.terms) if term.kind == kind and (id is None or term.id == id))


Known = Callable[[str, int], Iterable[Symbol]]
"""Gives what holds of a predicate and arity whatever the evidence."""


def known_in(control: Control) -> Known:
    """What holds in a ground program without evidence; where it leaves something open, what may hold."""
    return lambda name, arity: [atom.symbol for atom in control.symbolic_atoms.by_signature(name, arity)]


def cuts(vocabulary: Vocabulary, findings: Findings, known: Known) -> dict[str, list[int]]:
    """The lowest numbers of bands, by evidence predicate: a threshold, and what follows it, may each begin one."""
    found: dict[str, set[int]] = {}
    for name, value in findings.thresholds:
        found.setdefault(name, set()).update((value, value + 1))
    for name, predicate, arity, place in findings.positions:
        for symbol in known(predicate, arity):
            for value in _numbers(symbol.arguments[place - 1]):
                found.setdefault(name, set()).update((value, value + 1))
    result: dict[str, list[int]] = {}
    for name, evidence in vocabulary.predicates.items():
        for argument in evidence.arguments:
            if argument.kind == "number":
                least, greatest = vocabulary.ranges[argument.domain]
                result[name] = sorted({least, *(n for n in found.get(name, ()) if least <= n <= greatest)})
    return result


def enough(findings: Findings, known: Known) -> int:
    """How many items there have to be so that every rule finds as many as it may ask for."""
    bounds = {
        number
        for predicate, arity, place in findings.bounds
        for symbol in known(predicate, arity)
        for number in _numbers(symbol.arguments[place - 1])
    }
    # One more than is asked for, so that there may also be too many.
    return max({1} | findings.enough | bounds) + 1


def _numbers(symbol: Symbol) -> Iterator[int]:
    if symbol.type == SymbolType.Number:
        yield symbol.number
    elif symbol.type == SymbolType.Function:
        for argument in symbol.arguments:
            yield from _numbers(argument)


def band(bands: Sequence[int], number: int) -> int:
    """The lowest number of the band that a number falls in."""
    return bands[bisect_right(bands, number) - 1]
