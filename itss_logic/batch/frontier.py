"""The atoms that cut evidence from the rest of a policy, as texts that can be put to clingo again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itss_logic.batch.dependence import Dependence
from itss_logic.batch.universe import SOMEBODY, Kind, Level, NotSlicedError

CANDIDATE_MARK, ID_MARK = "\0", "\1"
"""What stands for the candidate, and for the id of an item, in atoms that are kept."""


class Given(NamedTuple):
    """An item as it stands on file, its id and its attributes aside: whether it is claimed, and its own values."""

    claimed: bool
    values: tuple[str, ...]


class Atoms:
    """Atoms on a frontier. `templates` maps an atom as an answer has it, of candidate and id 0, to its text with marks
    for both; `levels` maps that text to the levels whose results rest on the atom."""

    def __init__(self, dependence: Dependence, numbers: Iterable[int], ids: Sequence[str] = ()) -> None:
        self.templates: dict[str, str] = {}
        self.levels: dict[str, frozenset[Level]] = {}
        self.signatures: set[tuple[str, int]] = set()
        self.of_claimants: set[str] = set()
        """Those that hold only of somebody who has claims on file."""
        self.commas: dict[str, int] = {}
        """How many commas stand before the candidate, by predicate."""
        foreign = [id for id in dependence.universe.everyone if id not in ids]
        for number in numbers:
            symbol = dependence.symbols[number]
            text, at = dependence.texts[number], [str(argument) for argument in symbol.arguments]
            if text.count(SOMEBODY) != 1 or SOMEBODY not in at or any(id in text for id in foreign):
                raise NotSlicedError(f"{text} tells neither its candidate nor its item apart")
            commas = text.partition(SOMEBODY)[0].count(",")
            if self.commas.setdefault(symbol.name, commas) != commas:
                raise NotSlicedError(f"{text} has its candidate where others of its name have something else")
            self.signatures.add((symbol.name, len(at)))
            template = text.replace(SOMEBODY, CANDIDATE_MARK)
            for id in ids:
                template = template.replace(id, ID_MARK)
            self.templates[instance(template, 0, 0)] = template
            self.levels[template] = dependence.reaches[number]
            if number in dependence.of_claimants:
                if text in dependence.without_claims:
                    raise NotSlicedError(f"{text} holds or not as there are claims or none")
                self.of_claimants.add(template)

    def matter_for(self, level: Level) -> bool:
        """Whether the results of a level rest on any of them."""
        return any(level in levels for levels in self.levels.values())

    def read(self, shown: set[str]) -> frozenset[str]:
        """The atoms on the frontier among those that an answer shows."""
        return frozenset(map(self.templates.__getitem__, self.templates.keys() & shown))


def instance(template: str, candidate: int, id: int) -> str:
    """An atom that was kept, of a candidate and with an id."""
    return template.replace(CANDIDATE_MARK, str(candidate)).replace(ID_MARK, str(id))


class Meaning(NamedTuple):
    """What evidence without attributes means for a level: a number, the same for all that means the same; and whether
    it counts each time under another id."""

    number: int
    counts: bool


class Slicing(NamedTuple):
    """How evidence is taken apart.

    `groups` are the kinds of evidence that rules put together. Of kinds with attributes, `parts` are the attributes
    that matter, divided into those that matter together, `bands` the lowest numbers of bands by attribute, and
    `leaf_atoms`, `part_atoms` and `item_atoms` the frontiers of one attribute, of a part and of an item. `group_atoms`
    are the frontiers of groups. `meanings` are what evidence without attributes means, by level; `cuts` are the lowest
    numbers of bands elsewhere.
    """

    groups: list[tuple[Kind, ...]]
    parts: dict[Kind, list[tuple[str, ...]]]
    bands: dict[tuple[Kind, str], list[int]]
    leaf_atoms: dict[Kind, dict[str, Atoms]]
    part_atoms: dict[Kind, list[Atoms]]
    item_atoms: dict[Kind, Atoms]
    group_atoms: list[Atoms]
    meanings: dict[tuple[Kind, Given], dict[Level, Meaning]]
    cuts: Mapping[str, Sequence[int]]
