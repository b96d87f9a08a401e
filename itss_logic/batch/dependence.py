"""What rests on what: the rules grounded over all evidence that one candidate can have, and the cuts through them.

Of items with attributes there are as many as rules ask for, of every number one of each band, of all else everything.
Which atoms rest on which evidence is then read off the ground rules. An atom on the **frontier** of some evidence rests
on nothing else, and is read by what does: all that this evidence can mean to the rest of the policy is which atoms on
its frontier hold.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import NamedTuple, TypeAlias

from clingo import Symbol, SymbolType
from clingo.backend import Observer

from itss_logic.batch.reified import Findings
from itss_logic.engine import Program
from itss_logic.errors import ItssError
from itss_logic.terms import Constant
from itss_logic.vocabulary import CANDIDATE, CLAIMED, Predicate, Vocabulary

SOMEBODY = '"somebody"'
"""The one candidate."""


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
    """All evidence that one candidate can have. `terms` are numbered as they stand; a set of them is a bit mask."""

    def __init__(self, vocabulary: Vocabulary, cuts: Mapping[str, Sequence[int]], enough: int) -> None:
        self.vocabulary, self.cuts = vocabulary, cuts
        self.owners = {predicate.owner for predicate in vocabulary.predicates.values() if predicate.owner}
        self.kinds = [
            Kind(predicate.name, field)
            for predicate in vocabulary.predicates.values()
            if predicate.is_item
            for field in (predicate.fields if predicate.of_field else (None,))
        ]
        self.ids = {
            kind: [f'"{kind.item} {kind.field or ""} {number}"' for number in range(enough)]
            for kind in self.kinds
            if kind.item in self.owners
        }
        self.everyone = [id for ids in self.ids.values() for id in ids] or [f'"{number}"' for number in range(enough)]
        self.terms = [term for kind in self.kinds for term in self._terms(kind)]

    def _terms(self, kind: Kind) -> Iterator[Term]:
        predicate = self.vocabulary.predicates[kind.item]
        if kind in self.ids:
            ids = self.ids[kind]
        else:
            ids = self.everyone if any(a.kind == "id" for a in predicate.arguments) else [""]
        for id in ids:
            for values in self.values(predicate, kind.field):
                yield Term(kind.item, kind, id, values)
            for attribute in self.attributes(kind):
                for values in self.values(attribute, kind.field):
                    yield Term(attribute.name, kind, id, values)

    def attributes(self, kind: Kind) -> list[Predicate]:
        """The predicates of attributes that items of a kind may have."""
        return [
            predicate
            for predicate in self.vocabulary.predicates.values()
            if predicate.owner == kind.item and (kind.field is None or kind.field in predicate.fields)
        ]

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

    def text(self) -> str:
        """All of it, each to be there or not, verified or claimed, as clingo reads it."""
        lines = [f"{CANDIDATE}({SOMEBODY}).", f"subject(confirmed,{SOMEBODY})."]
        for term in self.terms:
            predicate = self.vocabulary.predicates[term.predicate]
            stated = fact(predicate, SOMEBODY, term.kind.field, term.id, term.values)
            lines.append(f"{{{stated}}}.")
            if predicate.is_item:
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


class Rule(NamedTuple):
    """A ground rule: the atoms of its head and of its body, the sign and the weight of each of these, and its kind:
    whether it chooses, and the bound that the weights have to reach."""

    heads: tuple[int, ...]
    body: tuple[int, ...]
    signs: tuple[tuple[bool, int], ...]
    kind: tuple[bool, int]


class Ground(Observer):
    """Ground rules as they come, and what is shown with its conditions."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.shown: list[tuple[Symbol, tuple[int, ...]]] = []

    def rule(self, choice: bool, head: Sequence[int], body: Sequence[int]) -> None:
        """Take up a rule."""
        self.weight_rule(choice, head, 0, [(literal, 0) for literal in body])

    def weight_rule(self, choice: bool, head: Sequence[int], lower_bound: int, body: Sequence[tuple[int, int]]) -> None:
        """Take up a rule with weights."""
        signs = tuple((literal > 0, weight) for literal, weight in body)
        self.rules.append(Rule(tuple(head), tuple(abs(literal) for literal, _ in body), signs, (choice, lower_bound)))

    def output_atom(self, symbol: Symbol, atom: int) -> None:
        """Take up an atom that is shown."""
        self.shown.append((symbol, (atom,) if atom else ()))

    def output_term(self, symbol: Symbol, condition: Sequence[int]) -> None:
        """Take up a term that is shown."""
        self.shown.append((symbol, tuple(map(abs, condition))))


class Dependence:
    """Which atoms rest on which evidence, of a question about a policy over a universe."""

    def __init__(self, question: Program, universe: Universe, facts: str) -> None:
        self.universe = universe
        ground = Ground()
        control = question.ground(f"{facts}\n{universe.text()}", observer=ground)
        self.symbols = {atom.literal: atom.symbol for atom in control.symbolic_atoms if not atom.is_fact}
        self.rules, self.shown = ground.rules, ground.shown
        numbers = {str(symbol): literal for literal, symbol in self.symbols.items()}
        self.support: dict[int, int] = {}
        for text, term in universe.seeds():
            if text not in numbers:
                raise NotSlicedError(f"no rule reads {text}")
            self.support[numbers[text]] = 1 << term
        self._spread()
        self.readers: dict[int, list[int]] = {}
        """The rules that read an atom."""
        for number, rule in enumerate(self.rules):
            for atom in rule.body:
                self.readers.setdefault(atom, []).append(number)
        self.roots = {atom for _, condition in self.shown for atom in condition}

    def _spread(self) -> None:
        changed = True
        while changed:
            changed = False
            for heads, body, _, _ in self.rules:
                rests = 0
                for atom in body:
                    rests |= self.support.get(atom, 0)
                for atom in heads if rests else ():
                    known = self.support.get(atom, 0)
                    if rests & ~known:
                        self.support[atom] = known | rests
                        changed = True

    @cached_property
    def reaches(self) -> dict[int, frozenset[Level]]:
        """The levels whose results rest on an atom."""
        found: dict[int, set[Level]] = {}
        for symbol, condition in self.shown:
            level = (symbol.arguments[1].name, symbol.arguments[2].number)
            for atom in condition:
                found.setdefault(atom, set()).add(level)
        changed = True
        while changed:
            changed = False
            for heads, body, _, _ in reversed(self.rules):
                levels = set[Level]().union(*(found.get(atom, ()) for atom in heads))
                for atom in body if levels else ():
                    known = found.setdefault(atom, set())
                    if not levels <= known:
                        known |= levels
                        changed = True
        return {atom: frozenset(levels) for atom, levels in found.items()}

    def frontier(self, mask: int, given: int = 0) -> set[int]:
        """The atoms that rest on some evidence, and beside it on nothing but what is given, and that others read."""

        def inside(atom: int) -> bool:
            support = self.support.get(atom, 0)
            return bool(support & mask) and not support & ~(mask | given)

        exposed: set[int] = set()
        waiting = [
            atom for atom in self.support if inside(atom) and atom in self.reaches and self._is_read(atom, inside)
        ]
        while waiting:
            atom = waiting.pop()
            if atom in self.symbols:
                exposed.add(atom)
            else:  # One of clingo's own, which has no name: what it is made of stands for it.
                waiting.extend(
                    part for heads, body, _, _ in self.rules if atom in heads for part in body if inside(part)
                )
        return exposed - self._derived(exposed)

    def _derived(self, atoms: set[int]) -> set[int]:
        """The atoms that follow from the others by a rule each: they are derived again from these."""
        bodies: dict[int, list[tuple[int, ...]]] = {}
        for heads, body, _, _ in self.rules:
            for head in heads:
                if head in atoms:
                    bodies.setdefault(head, []).append(body)
        derived: set[int] = set()
        for atom in sorted(atoms):
            parts = {part for body in bodies.get(atom, [(0,)]) for part in body}
            if parts <= atoms - derived - {atom}:
                derived.add(atom)
        return derived

    def _is_read(self, atom: int, inside: object) -> bool:
        assert callable(inside)
        if atom in self.roots:
            return True
        return any(not inside(head) for rule in self.readers.get(atom, ()) for head in self.rules[rule].heads or (0,))

    def bands(self, kind: Kind, attribute: Predicate) -> list[int]:
        """The numbers from which on an attribute may count otherwise than below, among those of the universe."""
        cuts = self.universe.cuts[attribute.name]
        if [a.kind for a in attribute.arguments if a.kind in ("value", "number")] != ["number"]:
            return list(cuts)
        id, own = self.universe.ids[kind][0], 0
        bits: dict[str, int] = {}
        for bit, term in enumerate(self.universe.terms):
            if term.kind == kind and term.id == id:
                if term.predicate == attribute.name:
                    bits[term.values[0]] = 1 << bit
                elif term.predicate == kind.item:
                    own |= 1 << bit
        bands: list[int] = []
        last: object = None
        for number in cuts:
            inside = [
                atom
                for support in (bits[str(number)], bits[str(number)] | own)
                for atom in self.resting.get(support, ())
            ]
            meaning = self._meaning(inside, lambda symbol, n=number: _without(symbol, n))  # type: ignore[misc]
            if meaning != last:
                bands.append(number)
            last = meaning
        return bands

    @cached_property
    def resting(self) -> dict[int, list[int]]:
        """The atoms that rest on a set of terms, and no others."""
        found: dict[int, list[int]] = {}
        for atom, support in self.support.items():
            found.setdefault(support, []).append(atom)
        return found

    def meaning(self, seed: int, texts: Sequence[str], level: Level) -> frozenset[object]:
        """What one evidence fact means for a level: what the rules do with it and with what rests on it alone.

        The fact itself, which is written in one of these texts, is left out: facts that mean the same are as good as
        each other.
        """
        alone = set(self.resting[self.support[seed]])
        inside: list[int] = []
        waiting = [seed]
        while waiting:
            atom = waiting.pop()
            if atom in inside or level not in self.reaches.get(atom, ()):
                continue
            inside.append(atom)
            for rule in self.readers.get(atom, ()):
                waiting.extend(head for head in self.rules[rule].heads if head in alone)

        def without(symbol: Symbol) -> str:
            text = str(symbol)
            for part in texts:
                text = text.replace(part, "#")
            return text

        return self._meaning(inside, without, level)

    def _meaning(
        self, inside: Sequence[int], without: Callable[[Symbol], str], level: Level | None = None
    ) -> frozenset[object]:
        """All that rules say of some atoms, each by its name without what tells it from those of other evidence."""
        unnamed = [atom for atom in inside if atom not in self.symbols]
        names: dict[int, object] = {atom: without(self.symbols[atom]) for atom in inside if atom in self.symbols}
        if len(unnamed) == 1:  # Of several it could not be told which is which.
            names[unnamed[0]] = "unnamed"
        meaning: set[object] = set()
        for atom in inside:
            if atom in self.roots:
                meaning.add(names[atom])
            for rule in map(self.rules.__getitem__, self.readers.get(atom, ())):
                if level is None or not rule.heads or any(level in self.reaches.get(head, ()) for head in rule.heads):
                    body = sorted(
                        (str(names.get(part, part)), sign) for part, sign in zip(rule.body, rule.signs, strict=True)
                    )
                    meaning.add((tuple(str(names.get(head, head)) for head in rule.heads), tuple(body), rule.kind))
        return frozenset(meaning)


def _without(symbol: Symbol, number: int) -> str:
    """An atom as text, a number in it left out."""
    if symbol.type == SymbolType.Number and symbol.number == number:
        return "#"
    if symbol.type == SymbolType.Function and symbol.arguments:
        return f"{symbol.name}({','.join(_without(argument, number) for argument in symbol.arguments)})"
    return str(symbol)


Known = Callable[[str, int], Iterable[Symbol]]
"""Gives what holds of a predicate and arity whatever the evidence."""


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
    return max({2} | findings.enough | bounds)


def _numbers(symbol: Symbol) -> Iterator[int]:
    if symbol.type == SymbolType.Number:
        yield symbol.number
    elif symbol.type == SymbolType.Function:
        for argument in symbol.arguments:
            yield from _numbers(argument)


def band(bands: Sequence[int], number: int) -> int:
    """The lowest number of the band that a number falls in."""
    return bands[bisect_right(bands, number) - 1]
