"""Slices: evidence taken apart, and each part put to clingo once, however many people share it.

Questions follow each other, each about what the one before found: what an attribute of an item means, what the
attributes mean that matter together, what the item means, what all items of a kind mean for a level, and what the
result of the level is. Each is put to the whole policy, but clingo is given the atoms on a frontier (see `dependence`)
instead of the evidence that they rest on: what is derived from them is the same. What was asked once is known from
then on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from itss_logic.batch.dependence import Dependence
from itss_logic.batch.divided import Divided
from itss_logic.batch.frontier import Atoms, Given, Meaning, Slicing, instance
from itss_logic.batch.questions import Ask, Questions
from itss_logic.batch.reified import examine
from itss_logic.batch.universe import Kind, Level, NotSlicedError, Universe, cuts, enough, fact, known_in
from itss_logic.engine import selected
from itss_logic.evaluation import by_level, result_of
from itss_logic.vocabulary import CLAIMED

if TYPE_CHECKING:
    from itss_logic.answers import Result
    from itss_logic.policy import Policy

MOST_ITEMS = 16
"""How many items of a kind rules may ask for, so that the rules over all evidence stay few enough to look through."""

Leaf: TypeAlias = "tuple[int, Given, str, tuple[tuple[str, ...], ...]]"
"""An attribute of an item: the kind and the item, the predicate, and its values."""

Sets: TypeAlias = "tuple[int, bool, tuple[int, ...]]"
"""A group, whether the candidate has claims, and the sets of the group's kinds."""

Packed = TypeVar("Packed", bound=Hashable)

Wanted: TypeAlias = "tuple[str, bool, tuple[int, ...]]"
"""A field, whether the candidate has claims, and what the groups that matter for the field mean."""


class Decision:
    """The results for the levels of a field, and the highest of them that is reached, or None.

    There is one object for all who have the same, so that it can be told by its identity.
    """

    __slots__ = ("field", "highest", "results")

    def __init__(self, field: str, results: tuple[Result, ...], highest: int | None) -> None:
        self.field, self.results, self.highest = field, results, highest


class Member(NamedTuple):
    """What one id of a kind stands for: what is stated under it, or, where that has attributes, the atoms it means."""

    kind: int
    stated: tuple[Given, ...]
    atoms: frozenset[str]


class Share(NamedTuple):
    """What a member means for a level: meanings that count once however often they come; one that counts each time."""

    once: frozenset[int]
    each: int


class Decisions:
    """All decisions that there were by now."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, tuple[Result, ...], int | None], Decision] = {}

    def one(self, field: str, results: tuple[Result, ...], highest: int | None) -> Decision:
        """The one decision that is so."""
        key = (field, results, highest)
        if key not in self.known:
            self.known[key] = Decision(*key)
        return self.known[key]


def slicing(policy: Policy, readings: Mapping[str, str]) -> Slicing:
    """Find out how the rules of a policy let evidence be taken apart.

    Raises:
        NotSlicedError: where they do not.
    """
    question = policy.question("results.lp")
    findings = examine(policy, question.sources)
    if findings.blocked:
        raise NotSlicedError("; ".join(findings.blocked))
    given = "".join(selected(readings))
    known = known_in(question.ground(given))
    items = enough(findings, known)
    if items > MOST_ITEMS + 1:
        raise NotSlicedError(f"rules ask for {items - 1} items of a kind, more than {MOST_ITEMS}")
    universe = Universe(policy.vocabulary, cuts(policy.vocabulary, findings, known), items)
    return Divided(Dependence(question, universe, given)).slicing()


class Slices:
    """The policy under some readings, evidence taken apart, and all that was asked by now.

    What something means is a number, the same for all that derives the same atoms: a **leaf**, one attribute of an
    item; a **part**, the attributes that matter together; a **member**, all that stands under one id, or an item
    without; 0 is a member that means nothing. A **set** is the number of all members of a kind that one candidate has.

    Raises:
        NotSlicedError: where the rules do not let evidence be taken apart; `leaves` and `parts` may find that later.
    """

    def __init__(self, policy: Policy, readings: Mapping[str, str]) -> None:
        self.policy, self.slicing = policy, slicing(policy, readings)
        cut = self.slicing
        self.kinds = [kind for group in cut.groups for kind in group]
        self.number = {kind: number for number, kind in enumerate(self.kinds)}
        self.questions = Questions(policy, readings, cut)
        self.group_kinds = [tuple(self.number[kind] for kind in group) for group in cut.groups]
        self.levels_for = [[level for level in policy.levels if atoms.matter_for(level)] for atoms in cut.group_atoms]
        """The levels that each group matters for."""
        self.levels_of = {f: [level for level in policy.levels if level[0] == f] for f in policy.fields}
        self.of_claimants = {text for atoms in cut.item_atoms.values() for text in atoms.of_claimants}
        self.groups_of = {
            f: [group for group, levels in enumerate(self.levels_for) if set(levels) & set(self.levels_of[f])]
            for f in policy.fields
        }
        matter = [levels for atoms in cut.group_atoms for levels in atoms.levels.values()]
        self.fields_apart = all(len({f for f, _ in levels}) == 1 for levels in matter)
        self.leaves: dict[Leaf, int] = {}
        self.parts: dict[tuple[int, Given, int, tuple[int, ...]], int] = {}
        self.items: dict[tuple[int, Given, tuple[int, ...]], int] = {}
        self.derived: list[frozenset[str]] = []
        """The atoms of each leaf and part."""
        self.members = [Member(0, (), frozenset())]
        self.sets: dict[tuple[int, tuple[int, ...]], int] = {}
        self.set_members: list[tuple[int, ...]] = []
        self.decisions: dict[Wanted, Decision] = {}
        self.same = Decisions()
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._shares: dict[Level, dict[int, Share]] = {level: {} for level in policy.levels}
        self.vectors: dict[bool, dict[Any, int]] = {False: {}, True: {}}
        """What sets mean for all levels that their group matters for, as a number; with claims on file, and without."""
        self._classes: dict[int, dict[Level, int]] = {}
        self._groups: dict[tuple[Any, ...], int] = {}
        self._atoms: dict[int, frozenset[str]] = {}
        self._levels: dict[tuple[Any, ...], tuple[Result, bool]] = {}
        self._highest: dict[tuple[str, tuple[int, ...]], int | None] = {}
        self._bare: dict[tuple[Kind, Given], set[str]] = {}

    def ask_leaves(self, wanted: Iterable[Leaf]) -> None:
        """Ask what attributes mean."""
        keys = list(wanted)

        def ask(key: Leaf) -> Ask:
            kind, given, name, rows = key
            attribute = self.policy.vocabulary.predicates[name]
            return lambda n: [
                self._stated(self.kinds[kind], given, n, 0),
                *(f"{fact(attribute, n, self.kinds[kind].field, 0, values)}." for values in rows),
            ]

        answers = self.questions.leaves.answers([ask(key) for key in keys], [True] * len(keys))
        for key, shown in zip(keys, answers, strict=True):
            kind = self.kinds[key[0]]
            self.leaves[key] = self._derived(key[:3], self.slicing.leaf_atoms[kind][key[2]], shown, kind, key[1])

    def ask_parts(self, keys: Collection[tuple[int, Given, int, tuple[int, ...]]]) -> None:
        """Ask what parts mean: by kind, item, part, and what each attribute of it means."""
        wanted = list(keys)
        answers = self.questions.parts.answers([self._told_item(*key) for key in wanted], [True] * len(wanted))
        for key, shown in zip(wanted, answers, strict=True):
            kind = self.kinds[key[0]]
            self.parts[key] = self._derived(key[:3], self.slicing.part_atoms[kind][key[2]], shown, kind, key[1])

    def ask_items(self, keys: Collection[tuple[int, Given, tuple[int, ...]]]) -> None:
        """Ask what items mean: by kind, item, and what each part of its attributes means."""
        wanted = list(keys)
        asks = [self._told_item(kind, given, 0, parts) for kind, given, parts in wanted]
        for key, shown in zip(wanted, self.questions.items.answers(asks, [True] * len(wanted)), strict=True):
            found = self.slicing.item_atoms[self.kinds[key[0]]].read(shown)
            member = Member(key[0], (), found)
            self.items[key] = self._member(member, (*member, key[1].claimed)) if found else 0

    def _told_item(self, kind: int, given: Given, part: int, derived: tuple[int, ...]) -> Ask:
        atoms = [text for number in derived for text in self.derived[number]]
        return lambda n: [self._stated(self.kinds[kind], given, n, 0), *(f"{instance(text, n, 0)}." for text in atoms)]

    def _derived(self, key: tuple[Any, ...], atoms: Atoms, shown: set[str], kind: Kind, given: Given) -> int:
        found = atoms.read(shown)
        nothing = self._without_attributes(kind, given, atoms)
        if not nothing <= found:
            # Clingo, given the atoms instead of the attributes, would derive these all the same.
            raise NotSlicedError(f"{instance(min(nothing - found), 0, 0)} holds only without some attributes")
        number = self._number(("derived", *key, found), len(self.derived))
        if number == len(self.derived):
            self.derived.append(found)
        return number

    def _without_attributes(self, kind: Kind, given: Given, atoms: Atoms) -> frozenset[str]:
        """The atoms on a frontier that hold of an item without attributes."""
        if (kind, given) not in self._bare:
            self._bare[kind, given] = {
                text
                for question in (self.questions.leaves, self.questions.parts)
                for text in question.answers([lambda n: [self._stated(kind, given, n, 0)]], [True])[0]
            }
        return atoms.read(self._bare[kind, given])

    def _stated(self, kind: Kind, given: Given, candidate: int, id: int) -> str:
        text = fact(self.policy.vocabulary.predicates[kind.item], candidate, kind.field, id, given.values)
        return f"{CLAIMED}({text})." if given.claimed else f"{text}."

    def _member(self, member: Member, key: tuple[Any, ...]) -> int:
        number = self._number(key, len(self.members))
        if number == len(self.members):
            self.members.append(member)
        return number

    def _number(self, key: tuple[Any, ...], next: int) -> int:
        return self._numbers.setdefault(key, next)

    def plain_members(self, kind: int, stated: tuple[Given, ...]) -> list[int]:
        """The members that are stated under one id, or without an id, of a kind that has no attributes."""
        meanings = {given: self.slicing.meanings[self.kinds[kind], given] for given in stated}
        if len(stated) > 1 and not any(m.counts for meant in meanings.values() for m in meant.values()):
            return [member for given in stated for member in self.plain_members(kind, (given,))]
        key = ("plain", kind, tuple(sorted(tuple(sorted(meant.items())) for meant in meanings.values() if meant)))
        return [self._member(Member(kind, stated, frozenset()), key)] if key[2] else []

    def set_of(self, kind: int, members: tuple[int, ...]) -> int:
        """The set of members of a kind, which are in order."""
        number = self.sets.get((kind, members))
        if number is None:
            once = [all(not m.counts for m in self._meant(member)) for member in members]
            fewer = tuple(m for n, m in enumerate(members) if not (once[n] and m in members[:n]))
            number = self.sets.setdefault((kind, fewer), len(self.set_members))
            if number == len(self.set_members):
                self.set_members.append(fewer)
            self.sets[kind, members] = number
        return number

    def _meant(self, member: int) -> Iterator[Meaning]:
        """All that a member without attributes means; of one that has some, that it counts each time."""
        kind, stated, atoms = self.members[member]
        if atoms:
            yield Meaning(0, True)
        for given in stated:
            yield from self.slicing.meanings[self.kinds[kind], given].values()

    def key_of(self, group: int, sets: tuple[int, ...]) -> Any:
        """Under which `vectors` has the sets of a group."""
        return sets[0] if len(sets) == 1 else (group, sets)

    def ask_groups(self, wanted: Iterable[Sets]) -> None:
        """Ask what the sets of groups mean, those of some candidates such that every question is put by one."""
        fine = {one: [self._fine(level, *one) for level in self.levels_for[one[0]]] for one in wanted}
        asks: dict[Sets, list[tuple[Any, ...]]] = {}
        covered: set[tuple[Any, ...]] = set()
        for one, keys in fine.items():
            if not all(key in self._groups or key in covered for key in keys):
                asks[one] = keys
                covered.update(keys)
        # Groups rest on nothing of each other, so that one candidate can ask for one of each.
        packs = _packed(asks, lambda one: (one[1], one[0]))
        told = [self._told_group([(group, sets) for group, _, sets in pack], pack[0][1]) for pack in packs]
        answers = self.questions.groups.answers(told, [pack[0][1] for pack in packs])
        for pack, shown in zip(packs, answers, strict=True):
            for one in pack:
                atoms = self.slicing.group_atoms[one[0]]
                found = atoms.read(shown)
                for key in asks[one]:
                    some = frozenset(text for text in found if key[0] in atoms.levels[text])
                    number = self._groups[key] = self._number(("group", *key[:3], some), len(self._numbers) + 1)
                    self._atoms[number] = some
        for one, keys in fine.items():
            classes = tuple(self._groups[key] for key in keys)
            vector = self._number(("vector", one[:2], classes), len(self._numbers) + 1)
            self._classes[vector] = dict(zip(self.levels_for[one[0]], classes, strict=True))
            self.vectors[one[1]][self.key_of(one[0], one[2])] = vector

    def _share(self, level: Level, member: int) -> Share:
        """What a member means for one level."""
        known = self._shares[level]
        if member not in known:
            kind, stated, atoms = self.members[member]
            meant = [m for g in stated if (m := self.slicing.meanings[self.kinds[kind], g].get(level)) is not None]
            some: frozenset[str] = frozenset()
            if atoms:
                levels = self.slicing.item_atoms[self.kinds[kind]].levels
                some = frozenset(text for text in atoms if level in levels[text])
            counted = tuple(sorted(meaning.number for meaning in meant if meaning.counts))
            is_some = bool(counted or some)
            known[member] = Share(
                frozenset(meaning.number for meaning in meant if not meaning.counts),
                self._number(("share", level, kind, counted, some), len(self._numbers) + 1) if is_some else 0,
            )
        return known[member]

    def _fine(self, level: Level, group: int, claims: bool, sets: tuple[int, ...]) -> tuple[Any, ...]:
        """What the sets of a group are to a level, with everything left out that means nothing or the same."""
        shares = []
        for number in sets:
            some = [self._share(level, member) for member in self.set_members[number]]
            once = frozenset[int]().union(*[share.once for share in some])
            shares.append((once, tuple(sorted([share.each for share in some if share.each]))))
        return level, group, claims, tuple(shares)

    def _told_group(self, pack: Sequence[tuple[int, tuple[int, ...]]], claims: bool) -> Ask:
        def told(candidate: int) -> list[str]:
            lines: list[str] = []
            ids = count()
            for group, sets in pack:
                for kind, number in zip(self.slicing.groups[group], sets, strict=True):
                    for member in self.set_members[number]:
                        id, (_, stated, atoms) = next(ids), self.members[member]
                        lines.extend(self._stated(kind, given, candidate, id) for given in stated)
                        atoms = atoms if claims else atoms - self.of_claimants
                        lines.extend(f"{instance(text, candidate, id)}." for text in atoms)
            return lines

        return told

    def decide(self, wanted: Iterable[Wanted]) -> None:
        """Find the decisions for fields."""
        keys = {one: [self._level_key(level, one) for level in self.levels_of[one[0]]] for one in wanted}
        self._ask_levels(keys)
        found = {key: [self._levels[level_key] for level_key in level_keys] for key, level_keys in keys.items()}
        reached = {key: tuple(result.level for result, holds in some if holds) for key, some in found.items()}
        self._ask_highest({(key[0], levels) for key, levels in reached.items()})
        for key, some in found.items():
            results = tuple(result for result, _ in some)
            self.decisions[key] = self.same.one(key[0], results, self._highest[key[0], reached[key]])

    def _level_key(self, level: Level, key: Wanted) -> tuple[Any, ...]:
        return level, key[1], *[of for vector in key[2] if (of := self._classes[vector].get(level)) is not None]

    def _ask_levels(self, keys: Mapping[Wanted, list[tuple[Any, ...]]]) -> None:
        """Ask for the results of levels, those of some candidates such that every question is put by one."""
        asks: dict[Wanted, list[tuple[Any, ...]]] = {}
        covered: set[tuple[Any, ...]] = set()
        for key, level_keys in keys.items():
            if not all(level_key in self._levels or level_key in covered for level_key in level_keys):
                asks[key] = level_keys
                covered.update(level_keys)

        def ask(pack: list[Wanted]) -> Ask:
            numbers = [number for key in pack for level_key in asks[key] for number in level_key[2:]]
            atoms = {text for number in numbers for text in self._atoms[number]}
            return lambda n: [f"{instance(text, n, 0)}." for text in atoms]

        # Where no atom matters for two fields, one candidate can ask for each field.
        packs = _packed(asks, lambda key: (key[1], key[0] if self.fields_apart else None))
        answers = self.questions.levels.facts([ask(pack) for pack in packs], [pack[0][1] for pack in packs])
        for pack, shown in zip(packs, answers, strict=True):
            about = by_level(shown)
            for level_key in (level_key for key in pack for level_key in asks[key]):
                found = about[level_key[0]]
                self._levels[level_key] = (result_of(self.policy, level_key[0], found), "reached" in found)

    def _ask_highest(self, keys: Iterable[tuple[str, tuple[int, ...]]]) -> None:
        """Ask which of the levels reached of a field is the highest."""
        wanted = [key for key in keys if key not in self._highest]

        def ask(field: str, levels: tuple[int, ...]) -> Ask:
            return lambda n: [f"reached(verified,{n},{field},{level})." for level in levels]

        answers = self.questions.fields.facts([ask(*key) for key in wanted], [False] * len(wanted))
        for key, shown in zip(wanted, answers, strict=True):
            about = [(fact.name, int(str(fact.arguments[1]))) for fact in shown if fact.arguments[0] == key[0]]
            if sorted(level for name, level in about if name == "reached") != sorted(key[1]):
                raise NotSlicedError(f"levels of {key[0]} are reached without evidence")
            self._highest[key] = next((level for name, level in about if name == "highest"), None)


def _packed(asks: Iterable[Packed], place: Callable[[Packed], tuple[bool, Any]]) -> list[list[Packed]]:
    """Questions together that one candidate can ask: at most one of a place, and all with claims or all without."""
    packs: dict[tuple[bool, int], list[Packed]] = {}
    places: dict[tuple[bool, Any], int] = {}
    for one in asks:
        at = place(one)
        number = places[at] = places.get(at, -1) + 1
        packs.setdefault((at[0], number), []).append(one)
    return list(packs.values())
