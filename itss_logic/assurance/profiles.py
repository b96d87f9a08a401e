"""Profiles: all evidence that one candidate can have, up to a bound, and what clingo finds in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from clingo import Symbol, parse_term

from itss_logic.assurance.merged import Merged, Objective
from itss_logic.assurance.twins import of_second
from itss_logic.batch.reified import examine
from itss_logic.batch.universe import Kind, Universe, cuts, enough, known_in
from itss_logic.batch.universe import fact as written
from itss_logic.engine import Program, Question, Source, selected
from itss_logic.errors import Place, SelfCheckError
from itss_logic.evidence import Dossier, Evidence, Stated
from itss_logic.search import Assumptions, example, term_of
from itss_logic.terms import Fact, Term
from itss_logic.vocabulary import CANDIDATE, CLAIMED, Vocabulary

if TYPE_CHECKING:
    from itss_logic.policy import Policy

WHO = "example"
"""The candidate whose evidence a profile is."""

ANY = "any_reading.lp"

VERIFIED, ALL_CRITERIA = "verified", "kpi"
"""The view of what stands verified, and the route by which all criteria are met."""

LEAST_ITEMS, MOST_ITEMS = 4, 16
"""How many items with attributes a profile has at least, and at most, of a kind in a field."""


class Space(NamedTuple):
    """How far profiles reach: the lowest number of each band, by predicate, and how many items of each kind.

    `gaps` are reasons why there may be more evidence that rules tell apart.
    """

    cuts: dict[str, list[int]]
    enough: int
    items: dict[Kind, int]
    gaps: tuple[str, ...]

    def told(self) -> str:
        """The bound, in words."""
        items = [f"{number} {kind.item} items in {kind.field or 'all'}" for kind, number in self.items.items()]
        numbers = [f"{len(found)} numbers of {name}" for name, found in self.cuts.items()]
        return f"up to {', '.join([*items, *numbers])}, and every other value"

    def with_other(self, other: Space) -> Space:
        """The reach of both."""
        return Space(
            {name: sorted({*self.cuts.get(name, ()), *found}) for name, found in (self.cuts | other.cuts).items()},
            max(self.enough, other.enough),
            {kind: max(number, other.items.get(kind, 0)) for kind, number in (other.items | self.items).items()},
            tuple(dict.fromkeys(self.gaps + other.gaps)),
        )


def left_open(policy: Policy) -> list[str]:
    """The facts by which any reading may also be left to its default."""
    return [f"left_open({name})." for name in policy.options]


def space(policy: Policy, readings: Mapping[str, str] | None) -> Space:
    """How far profiles must reach so that a policy has nothing else to tell apart; `readings` are all, or any."""
    question = policy.question("results.lp")
    findings = examine(policy, question.sources)
    choice = [policy.core[ANY]] if readings is None else []
    given = "\n".join(selected(readings or {}))
    known = known_in(Program([*question.sources, *choice]).ground(given))
    least = max(enough(findings, known), LEAST_ITEMS)
    together = Question(Program([*policy.program.sources, policy.core["bound.lp"], *choice]), given)
    items: dict[Kind, int] = {}
    for item, field, _, number in together.bravely(f"{CANDIDATE}(0)").rows("together"):
        kind = Kind(str(item), str(field) if policy.vocabulary.predicates[item].of_field else None)
        # One more than is asked for, so that there may also be too many.
        items[kind] = max(items.get(kind, least), number + 1)
    gaps = [*findings.blocked, *findings.mixed]
    gaps += [f"more than {MOST_ITEMS} {k.item} items in {k.field or 'all'}" for k, n in items.items() if n > MOST_ITEMS]
    capped = {kind: min(number, MOST_ITEMS) for kind, number in items.items()}
    return Space(cuts(policy.vocabulary, findings, known), min(least, MOST_ITEMS), capped, tuple(gaps))


class Example(NamedTuple):
    """A profile that was found: the evidence, the atoms that hold of it, and, where one was added, the fact and with it
    the evidence after that."""

    evidence: Evidence
    atoms: frozenset[Symbol]
    added: Fact | None = None
    after: Evidence | None = None

    def rows(self, name: str) -> list[tuple[Term, ...]]:
        """The arguments of the atoms of a name, in order."""
        return sorted((tuple(map(term_of, s.arguments)) for s in self.atoms if s.name == name), key=str)


class Profiles:
    """A question over all evidence that one candidate can have.

    Args:
        vocabulary: the evidence that there is.
        sources: the rules: a policy, and what is asked about profiles.
        given: further facts of the question.
        reach: how far the profiles reach.
        other: a second vocabulary; then there is only what is evidence by both.
        ordered: whether of items that differ in their ids alone the first are taken first. There are fewer profiles
            then, but one of which an item is left out need not be a profile.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        sources: Iterable[Source],
        given: Sequence[str],
        reach: Space,
        other: Vocabulary | None = None,
        *,
        ordered: bool = True,
    ) -> None:
        self.vocabulary = vocabulary
        self.universe = Universe(vocabulary, reach.cuts, reach.enough, reach.items)
        self.terms = self.universe.terms
        if other is not None:
            both = set(Universe(other, reach.cuts, reach.enough, reach.items).terms)
            self.terms = [term for term in self.terms if term in both]
        self.ids: dict[str, int] = {}
        self.ground = Objective()
        facts = [f"{CANDIDATE}(0).", *self._offered(), *(self._order() if ordered else ()), *given]
        self.control = Program(sources).ground("\n".join(facts), observer=self.ground)
        self.whole = self.control
        """The question as it was grounded, with the names of all its atoms."""
        # It proves soonest that nothing can be found.
        self.control.configuration.configuration = "crafty"

    def merge(self) -> None:
        """Make one of all atoms that are defined alike. Of the names of atoms those that are chosen are left."""
        merged = Merged(self.ground)
        atoms = self.whole.symbolic_atoms
        self.control = merged.control({a.literal: a.symbol for a in atoms if a.literal in merged.free})
        self.control.configuration.configuration = "crafty"

    def named(self, name: str, arity: int) -> list[Symbol]:
        """The atoms of a predicate that may hold of some profile."""
        return [atom.symbol for atom in self.control.symbolic_atoms.by_signature(name, arity)]

    def turning(self, atoms: Iterable[str]) -> frozenset[str]:
        """The readings that some of these atoms rest on in the ground rules: no other can make them hold or not."""
        numbers = (self.control.symbolic_atoms[parse_term(atom)] for atom in atoms)
        masks = [self._readings.get(found.literal, 0) for found in numbers if found is not None]
        return frozenset(reading for bit, reading in enumerate(self._options) for mask in masks if mask & (1 << bit))

    @cached_property
    def _options(self) -> dict[str, list[int]]:
        """The atoms that choose options, by reading."""
        found: dict[str, list[int]] = {}
        for atom in self.control.symbolic_atoms.by_signature("selected", 2):
            found.setdefault(atom.symbol.arguments[0].name, []).append(atom.literal)
        return found

    @cached_property
    def _readings(self) -> dict[int, int]:
        """The readings that each atom rests on, as bits."""
        return self._resting({atom: 1 << bit for bit, atoms in enumerate(self._options.values()) for atom in atoms})

    def undeclared(self, supplies: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """Which criteria and routes rest on items with attributes that are not said to supply them, in words.

        The bound counts those items that are said to, so that it may be too low then.
        """
        items = sorted({owner for owner in self.universe.owners if owner is not None})
        seeds: dict[int, int] = {}
        for name in ("there", "claim"):
            for atom in self.whole.symbolic_atoms.by_signature(name, 1):
                predicate = self.vocabulary.predicates[atom.symbol.arguments[0].name]
                item = predicate.owner or predicate.name
                if item in items:
                    seeds[atom.literal] = 1 << items.index(item)
        resting = self._resting(seeds)
        found: set[tuple[str, str]] = set()
        for name, arity in (("witness", 7), ("route_met", 5)):
            for version in (name, of_second(name)):
                for atom in self.whole.symbolic_atoms.by_signature(version, arity):
                    view, what = str(atom.symbol.arguments[0]), str(atom.symbol.arguments[4])
                    if view == VERIFIED and what != ALL_CRITERIA:
                        mask = resting.get(atom.literal, 0)
                        found |= {(what, item) for bit, item in enumerate(items) if mask & (1 << bit)}
        undeclared = sorted((what, item) for what, item in found if item not in supplies.get(what, ()))
        return tuple(f"{what} rests on {item}, which is not said to supply it" for what, item in undeclared)

    def _resting(self, seeds: Mapping[int, int]) -> dict[int, int]:
        """What each atom rests on in the ground rules, as bits; `seeds` are those of some atoms."""
        masks = dict(seeds)
        changed = True
        while changed:
            changed = False
            for rule in self.ground.rules:
                rests = 0
                for atom in rule.body:
                    rests |= masks.get(atom, 0)
                for head in rule.heads if rests else ():
                    if rests & ~masks.get(head, 0):
                        masks[head] = masks.get(head, 0) | rests
                        changed = True
        return masks

    def _offered(self) -> list[str]:
        facts = []
        for term in self.terms:
            predicate = self.vocabulary.predicates[term.predicate]
            stated = written(predicate, 0, term.kind.field, self._id(term.id), term.values)
            name, arguments = stated[:-1].split("(", 1)
            own = arguments.partition(",")[2]
            evidence = f"{name}({own})" if own else name
            facts.append(f"{stated} :- there({evidence}).")
            if predicate.is_item:
                facts.append(f"{CLAIMED}({stated}) :- claim({evidence}).")
            id = self._id(term.id) if term.id else "none"
            rest = ",".join(term.values) or "none"
            rest = rest if len(term.values) < 2 else f"({rest})"
            facts.append(f"offered({term.kind.field or 'none'},{evidence},{name},{id},{rest}).")
        return facts

    def _order(self) -> Iterator[str]:
        for ids in self.universe.ids.values():
            yield from (f"follows({self._id(id)},{self._id(after)})." for id, after in pairwise(ids))

    def _id(self, text: str) -> int:
        return self.ids.setdefault(text, len(self.ids))

    def find(self, assumptions: Assumptions, seconds: float, *, smallest: bool = True) -> Example | None:
        """A profile with which some atoms of the question hold and others do not, and a smallest one; or None.

        Raises:
            TimeoutError: where the time ran out.
        """
        atoms = example(self.control, assumptions, seconds, optimal=smallest)
        return None if atoms is None else self._example(atoms)

    def find_irreducible(self, assumptions: Assumptions, seconds: float) -> Example | None:
        """A profile of which no fact can be left out, found sooner than a smallest one; without claims if possible.

        Raises:
            TimeoutError: where the time ran out.
        """
        deadline = time.monotonic() + seconds
        claims = self.named("claim", 1)
        evidence = {*self.named("there", 1), *claims}
        unclaimed: Assumptions = {**dict.fromkeys(claims, False), **assumptions}
        atoms = example(self.control, unclaimed, seconds, optimal=False)
        atoms = atoms or example(self.control, assumptions, seconds, optimal=False)
        if atoms is None:
            return None
        for fact in sorted(evidence & atoms, key=str):
            if fact in atoms:
                without: Assumptions = {**dict.fromkeys((evidence - atoms) | {fact}, False), **assumptions}
                less = example(self.control, without, deadline - time.monotonic(), optimal=False)
                atoms = atoms if less is None else less
        return self._example(atoms)

    def _example(self, atoms: frozenset[Symbol]) -> Example:
        names: dict[int, str] = {}

        def facts(name: str) -> list[Fact]:
            terms = sorted((s.arguments[0] for s in atoms if s.name == name), key=str)
            return [self._fact(term_of(term), names) for term in terms]

        stated, claimed, adds, adds_claim = map(facts, ("there", "claim", "adds", "adds_claim"))
        before = self._evidence(stated, claimed)
        for fact in adds:
            return Example(before, atoms, fact, self._evidence([*stated, fact], claimed))
        for fact in adds_claim:
            return Example(before, atoms, Fact(CLAIMED, (fact,)), self._evidence(stated, [*claimed, fact]))
        return Example(before, atoms)

    def _fact(self, term: Term, names: dict[int, str]) -> Fact:
        """The evidence fact of a term of the profile, its ids called as in `names`, or as they get called here."""
        name, arguments = (term.name, term.arguments) if isinstance(term, Fact) else (str(term), ())
        predicate = self.vocabulary.predicates[name]

        def value(kind: str, given: Term) -> Term:
            if kind not in ("id", "of"):
                return given
            assert isinstance(given, int)
            return names.setdefault(given, f"{predicate.owner or name}-{len(names) + 1}")

        own = (value(argument.kind, given) for argument, given in zip(predicate.arguments, arguments, strict=True))
        return Fact(name, (WHO, *own))

    def _evidence(self, stated: Iterable[Fact], claimed: Iterable[Fact]) -> Evidence:
        """Facts as evidence, checked as any other is.

        Raises:
            SelfCheckError: where they are refused.
        """
        dossier = Dossier(self.vocabulary, WHO, Place("profile"))
        for status, facts in (("", stated), (CLAIMED, claimed)):
            for fact in facts:
                dossier.stated.append(Stated(Fact(fact.name, fact.arguments[1:]), dossier.place, status))
        entry = dossier.close()
        if not isinstance(entry, Evidence):
            raise SelfCheckError("; ".join(refusal.message for refusal in entry.refusals))
        return entry
