"""Ground rules with atoms that are defined alike made one: where two versions of a policy agree is then seen at once.

Of ground rules that choose nothing and go round in no circle, two atoms hold in the same answer sets if their rules are
the same, up to atoms of which that is known already. What is left for clingo is where the versions differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from clingo import Control, Symbol

from itss_logic.batch.dependence import Ground
from itss_logic.engine import GroundRule, assembled

Literals: TypeAlias = "tuple[tuple[int, bool, int], ...]"
"""Atoms of a body, each with its sign and its weight, in order."""


class Body(NamedTuple):
    """The body of a rule, and the bound that its weights have to reach: none where all of it has to hold."""

    literals: Literals
    bound: int


class Objective(Ground):
    """Ground rules and what is to be minimised, as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.minimised: list[tuple[int, Sequence[tuple[int, int]]]] = []

    def minimize(self, priority: int, literals: Sequence[tuple[int, int]]) -> None:
        """Take up literals with weights."""
        self.minimised.append((priority, list(literals)))


class Merged:
    """Ground rules with one atom for all that are defined alike."""

    def __init__(self, ground: Objective) -> None:
        self.ground = ground
        self.makers: dict[int, list[int]] = {}
        self.free: set[int] = set()
        """Atoms that are chosen."""
        for number, rule in enumerate(ground.rules):
            if rule.kind[0] or len(rule.heads) > 1:
                self.free.update(rule.heads)
            for head in rule.heads:
                self.makers.setdefault(head, []).append(number)
        self.one: dict[int, int] = {}
        """By atom the one that stands for it; 0 for what never holds."""
        known: dict[frozenset[Body], int] = {}
        for atom in self._ordered():
            if atom not in self.free:
                bodies = (self._body(rule) for rule in self.makers.get(atom, ()))
                definition = frozenset(body for body in bodies if body is not None)
                self.one[atom] = known.setdefault(definition, atom) if definition else 0

    def _ordered(self) -> Iterable[int]:
        """Atoms, each after those that it rests on; without those in circles and all that rests on them."""
        waits: dict[int, int] = {}
        readers: dict[int, list[int]] = {}
        for atom, rules in self.makers.items():
            parts = {part for rule in rules for part in self.ground.rules[rule].body}
            waits[atom] = len(parts)
            for part in parts:
                readers.setdefault(part, []).append(atom)
        ready = [atom for atom, number in waits.items() if not number]
        ready += [atom for atom in readers if atom not in waits]
        while ready:
            atom = ready.pop()
            yield atom
            for reader in readers.get(atom, ()):
                waits[reader] -= 1
                if not waits[reader]:
                    ready.append(reader)

    def _body(self, number: int) -> Body | None:
        """The body of a rule; None where it cannot hold."""
        rule = self.ground.rules[number]
        found: dict[tuple[int, bool], int] = {}
        bound = rule.kind[1]
        for atom, (sign, weight) in zip(rule.body, rule.signs, strict=True):
            one = self.one.get(atom, atom)
            if one:
                found[one, sign] = found.get((one, sign), 0) + weight
            elif bound and not sign:
                bound -= weight
            elif not bound and sign:
                return None
        if not rule.kind[1]:
            if any((atom, not sign) in found for atom, sign in found):
                return None
        elif bound <= 0:
            return Body((), 0)
        elif sum(found.values()) < bound:
            return None
        return Body(tuple(sorted((*literal, weight) for literal, weight in found.items())), bound)

    def control(self, names: Mapping[int, Symbol]) -> Control:
        """The rules that are left, for clingo; `names` are the symbols of atoms that are chosen."""
        rules: dict[tuple[bool, tuple[int, ...], Body], None] = {}
        for number, rule in enumerate(self.ground.rules):
            body = self._body(number)
            if body is not None:
                heads = tuple(dict.fromkeys(self.one.get(head, head) for head in rule.heads))
                rules[rule.kind[0], heads, body] = None
        objective = [
            (priority, [(self.one.get(atom, atom), weight) for atom, weight in literals if self.one.get(atom, atom)])
            for priority, literals in self.ground.minimised
        ]
        left = (GroundRule(chooses, heads, *body) for chooses, heads, body in rules)
        return assembled(left, objective, {self.one.get(atom, atom): symbol for atom, symbol in names.items()})
