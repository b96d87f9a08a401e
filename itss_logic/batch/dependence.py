"""What rests on what: the rules grounded over all evidence that one candidate can have, and the cuts through them.

Of items with attributes there are as many as rules ask for, of every number one of each band, of all else everything.
Which atoms rest on which evidence is then read off the ground rules. An atom on the **frontier** of some evidence rests
on nothing else, and is read by what does: all that this evidence can mean to the rest of the policy is which atoms on
its frontier hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from clingo import Symbol, SymbolType
from clingo.backend import Observer

from itss_logic.batch.universe import CLAIMANT, Kind, Level, NotSlicedError, Universe
from itss_logic.engine import Program
from itss_logic.vocabulary import Predicate


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
        self.texts = {literal: str(symbol) for literal, symbol in self.symbols.items()}
        self.numbers = numbers = {text: literal for literal, text in self.texts.items()}
        self.support: dict[int, int] = {}
        for text, term in universe.seeds():
            if text not in numbers:
                raise NotSlicedError(f"no rule reads {text}")
            self.support[numbers[text]] = 1 << term
        self.claimant = numbers[CLAIMANT]
        self._spread()
        self.readers: dict[int, list[int]] = {}
        """The rules that read an atom."""
        for number, rule in enumerate(self.rules):
            for atom in rule.body:
                self.readers.setdefault(atom, []).append(number)
        self.makers: dict[int, list[Rule]] = {}
        """The rules that derive an atom."""
        for one in self.rules:
            for head in one.heads:
                self.makers.setdefault(head, []).append(one)
        self.roots = {atom for _, condition in self.shown for atom in condition}
        control = question.ground(f"{facts}\n{universe.text(claims=False)}")
        self.without_claims = {str(atom.symbol) for atom in control.symbolic_atoms}
        """What may hold of somebody without claims."""

    def _spread(self) -> None:
        changed = True
        while changed:
            changed = False
            for heads, body, _, _ in self.rules:
                rests = 0
                for atom in body:
                    rests |= self.support.get(atom, 0)
                for atom in heads if rests else ():
                    if atom == self.claimant:  # Which claims make the candidate one who has some does not matter.
                        continue
                    known = self.support.get(atom, 0)
                    if rests & ~known:
                        self.support[atom] = known | rests
                        changed = True

    @cached_property
    def loose(self) -> set[int]:
        """The atoms that may cease to hold as there is more evidence: some `not` stands between."""
        found: set[int] = set()
        waiting = [
            head
            for rule in self.rules
            if any(not sign and atom in self.support for atom, (sign, _) in zip(rule.body, rule.signs, strict=True))
            for head in rule.heads
        ]
        while waiting:
            atom = waiting.pop()
            if atom not in found:
                found.add(atom)
                waiting.extend(head for rule in self.readers.get(atom, ()) for head in self.rules[rule].heads)
        return found

    @cached_property
    def of_claimants(self) -> set[int]:
        """The atoms that may hold or not as there are any claims or none."""
        found = {self.claimant}
        waiting = [self.claimant]
        while waiting:
            for number in self.readers.get(waiting.pop(), ()):
                fresh = set(self.rules[number].heads) - found
                found |= fresh
                waiting.extend(fresh)
        return found

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
                levels = set[Level]().union(*(found.get(atom, ()) for atom in heads if atom != self.claimant))
                for atom in body if levels else ():
                    known = found.setdefault(atom, set())
                    if not levels <= known:
                        known |= levels
                        changed = True
        return {atom: frozenset(levels) for atom, levels in found.items()}

    def frontier(self, mask: int, given: int = 0) -> set[int]:
        """The atoms that rest on some evidence, and beside it on nothing but what is given, and that others read.

        More of the evidence never means less of them. So clingo, which is given those that hold instead of the
        evidence, does not derive any other of them again.
        """

        def inside(atom: int) -> bool:
            support = self.support.get(atom, 0)
            return bool(support & mask) and not support & ~(mask | given) and atom not in self.loose

        exposed: set[int] = set()
        waiting = [
            atom
            for support, atoms in self.resting.items()
            if support & mask and not support & ~(mask | given)
            for atom in atoms
            if atom in self.reaches and atom not in self.loose and self._is_read(atom, inside)
        ]
        while waiting:
            atom = waiting.pop()
            if atom in self.symbols:
                exposed.add(atom)
            else:  # One of clingo's own, which has no name: what it is made of stands for it.
                waiting.extend(part for rule in self.makers[atom] for part in rule.body if inside(part))
        return exposed - self._derived(exposed)

    def _derived(self, atoms: set[int]) -> set[int]:
        """The atoms that follow from the others by a rule each: they are derived again from these."""
        derived: set[int] = set()
        for atom in sorted(atoms):
            parts = {part for rule in self.makers[atom] for part in rule.body}
            if parts and parts <= atoms - derived - {atom} and not any(rule.kind[0] for rule in self.makers[atom]):
                derived.add(atom)
        return derived

    def _is_read(self, atom: int, inside: Callable[[int], bool]) -> bool:
        if atom in self.roots:
            return True
        heads = {head for rule in self.readers.get(atom, ()) for head in self.rules[rule].heads} - {self.claimant}
        return any(head in self.reaches and not inside(head) for head in heads)

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
