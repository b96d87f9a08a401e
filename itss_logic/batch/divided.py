"""How evidence is taken apart: groups, items and parts, each with the frontier that cuts it from the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from itss_logic.batch.dependence import Dependence
from itss_logic.batch.frontier import Atoms, Given, Meaning, Slicing
from itss_logic.batch.universe import SOMEBODY, Kind, Level, NotSlicedError, fact
from itss_logic.vocabulary import CLAIMED


class Divided:
    """Divides the evidence of a universe."""

    def __init__(self, dependence: Dependence) -> None:
        self.dependence, self.universe = dependence, dependence.universe
        self.vocabulary = self.universe.vocabulary

    def slicing(self) -> Slicing:
        """All cuts."""
        owners = list(self.universe.ids)
        groups, group_atoms = self._groups()
        parts = {kind: self._parts(kind) for kind in owners}
        return Slicing(
            groups=groups,
            parts=parts,
            bands={
                (kind, attribute.name): self.dependence.bands(kind, attribute)
                for kind in owners
                for attribute in self.vocabulary.attributes(kind.item, kind.field)
                if attribute.name in self.universe.cuts
            },
            leaf_atoms={
                kind: {name: self._part_atoms(kind, [name]) for part in parts[kind] for name in part} for kind in owners
            },
            part_atoms={kind: [self._part_atoms(kind, part) for part in parts[kind]] for kind in owners},
            item_atoms={kind: self._item_atoms(kind) for kind in owners},
            group_atoms=group_atoms,
            meanings=self._meanings(),
            cuts=self.universe.cuts,
        )

    def _groups(self) -> tuple[list[tuple[Kind, ...]], list[Atoms]]:
        """Kinds of evidence, together where rules put single items of them together."""
        groups: list[tuple[Kind, ...]] = [(kind,) for kind in self.universe.kinds]
        while True:
            atoms: list[Atoms] = []
            for group in groups:
                try:
                    atoms.append(Atoms(self.dependence, self.dependence.frontier(self._mask(group))))
                except NotSlicedError:
                    groups = self._merged(groups, group)
                    break
            else:
                return groups, atoms

    def _mask(self, group: Iterable[Kind]) -> int:
        mask = 0
        for kind in group:
            mask |= self.universe.of_kind(kind)
        return mask

    def _merged(self, groups: list[tuple[Kind, ...]], group: tuple[Kind, ...]) -> list[tuple[Kind, ...]]:
        """The same groups, one of them together with those whose items rules put beside single items of it.

        Raises:
            NotSlicedError: where that does not help, or where an id may stand for items of several kinds.
        """
        mask, beside, ids = self._mask(group), 0, self.universe.everyone
        texts = self.dependence.texts
        singles = [atom for atom in self.dependence.frontier(mask) if any(id in texts[atom] for id in ids)]
        for atom in singles:
            for rule in self.dependence.readers.get(atom, ()):
                for head in self.dependence.rules[rule].heads:
                    beside |= self.dependence.support.get(head, 0)
        near = [other for other in groups if other != group and self._mask(other) & beside]
        whole = group + sum(near, ())
        named = [kind for kind in whole if any(term.kind == kind and term.id for term in self.universe.terms)]
        if not near or len(named) > 1:
            what = " and ".join(dict.fromkeys(kind.item for kind in named or group))
            raise NotSlicedError(f"rules put single items together: {what}")
        return [other for other in groups if other != group and other not in near] + [whole]

    def _item(self, kind: Kind) -> tuple[str, int, dict[str, int]]:
        """One item of a kind: its id, the terms of itself, and those of its attributes by predicate."""
        id = self.universe.ids[kind][0]
        own, attributes = 0, dict[str, int]()
        for bit, term in enumerate(self.universe.terms):
            if term.kind == kind and term.id == id:
                if term.predicate == kind.item:
                    own |= 1 << bit
                else:
                    attributes[term.predicate] = attributes.get(term.predicate, 0) | 1 << bit
        return id, own, attributes

    def _parts(self, kind: Kind) -> list[tuple[str, ...]]:
        """The attributes of a kind that matter, divided: together those that some conclusion about an item rests on, as
        long as these are not all of them."""
        _, own, attributes = self._item(kind)
        whole = own
        for mask in attributes.values():
            whole |= mask
        rests: set[frozenset[str]] = set()
        for support, atoms in self.dependence.resting.items():
            if not support & ~whole and any(atom in self.dependence.reaches for atom in atoms):
                rests.add(frozenset(name for name, mask in attributes.items() if mask & support))
        matter = frozenset[str]().union(*rests)
        parts: list[frozenset[str]] = [frozenset((name,)) for name in sorted(matter)]
        for some in sorted(rests, key=lambda names: (len(names), sorted(names))):
            if some and some != matter:
                touched = [part for part in parts if part & some]
                together = frozenset[str]().union(*touched)
                if together != matter:
                    parts = [part for part in parts if part not in touched] + [together]
        return [tuple(sorted(part)) for part in parts]

    def _part_atoms(self, kind: Kind, part: Sequence[str]) -> Atoms:
        id, own, attributes = self._item(kind)
        mask = 0
        for name in part:
            mask |= attributes[name]
        return Atoms(self.dependence, self.dependence.frontier(mask, own), [id])

    def _item_atoms(self, kind: Kind) -> Atoms:
        id = self.universe.ids[kind][0]
        return Atoms(self.dependence, self.dependence.frontier(self.universe.of_kind(kind, id)), [id])

    def _meanings(self) -> dict[tuple[Kind, Given], dict[Level, Meaning]]:
        """What evidence without attributes means."""
        numbers = self.dependence.numbers
        means: dict[tuple[Kind, Given], dict[Level, set[frozenset[object]]]] = {}
        for term in self.universe.terms:
            if term.kind in self.universe.ids:
                continue
            predicate = self.vocabulary.predicates[term.predicate]
            stated = fact(predicate, SOMEBODY, term.kind.field, term.id, term.values)
            # As an evidence term it stands without its candidate.
            texts = [stated, stated.replace(f"{SOMEBODY},", "").replace(f"({SOMEBODY})", "")]
            for claimed, text in ((False, stated), (True, f"{CLAIMED}({stated})")):
                meanings = means.setdefault((term.kind, Given(claimed, term.values)), {})
                for level in self.dependence.reaches.get(numbers[text], ()):
                    meaning = self.dependence.meaning(numbers[text], texts, level)
                    meanings.setdefault(level, set()).add(meaning)
        known: dict[object, int] = {}

        def number(key: object) -> int:
            return known.setdefault(key, len(known) + 1)

        return {
            (kind, given): {
                level: Meaning(number(min(meant, key=str)), False) if len(meant) == 1 else Meaning(number(given), True)
                for level, meant in meanings.items()
            }
            for (kind, given), meanings in means.items()
        }
