"""The questions that slices put to clingo, each about many candidates at once, with all rules of the policy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from clingo import Symbol

from itss_logic.batch.frontier import Atoms, Slicing, instance
from itss_logic.batch.reified import signatures
from itss_logic.batch.universe import NotSlicedError
from itss_logic.engine import Program, Question, Source
from itss_logic.vocabulary import CANDIDATE

if TYPE_CHECKING:
    from itss_logic.policy import Policy

CANDIDATES = 400
"""How many candidates clingo gets at once."""

Ask: TypeAlias = "Callable[[int], list[str]]"
"""What clingo is told about a candidate of a number."""


class Asked:
    """One question.

    Args:
        policy: whose rules it is put to.
        given: the readings in force, as facts.
        inputs: the predicates that come with what is asked, with their arities.
        shown: the statements that say what is shown.
        places: where the predicates that are shown have their candidate, where it is not the first argument.
    """

    def __init__(
        self,
        policy: Policy,
        given: str,
        inputs: Collection[tuple[str, int]],
        shown: Source,
        places: Mapping[tuple[str, int], int],
    ) -> None:
        program = Program([*policy.program.sources, shown])
        base = {(CANDIDATE, 1), ("subject", 2)}
        self.question = Question(program, given, inputs=frozenset(base | set(inputs)))
        self.places = places

    def answers(self, asks: Sequence[Ask], claims: Sequence[bool]) -> list[list[Symbol]]:
        """What is shown of each candidate; `claims` is whether they have claims on file."""
        found: list[list[Symbol]] = []
        for start in range(0, len(asks), CANDIDATES):
            stretch = asks[start : start + CANDIDATES]
            lines = [f"{CANDIDATE}({number})." for number in range(len(stretch))]
            lines += [f"subject(confirmed,{n})." for n in range(len(stretch)) if claims[start + n]]
            for number, ask in enumerate(stretch):
                lines.extend(ask(number))
            some: list[list[Symbol]] = [[] for _ in stretch]
            for symbol in self.question.shown("\n".join(lines)):
                place = self.places.get((symbol.name, len(symbol.arguments)), 0)
                some[symbol.arguments[place].number].append(symbol)
            found.extend(some)
        return found


class Questions:
    """The questions that follow each other: each is given the atoms on the frontier that the one before shows.

    Raises:
        NotSlicedError: where such an atom holds without the evidence that it rests on: clingo would derive it again.
    """

    def __init__(self, policy: Policy, readings: Mapping[str, str], cut: Slicing) -> None:
        self.policy = policy
        self.given = "".join(f"selected({reading},{option})." for reading, option in readings.items())
        self.evidence = frozenset(signatures(policy.vocabulary).items())
        leaves = [atoms for some in cut.leaf_atoms.values() for atoms in some.values()]
        parts = [atoms for some in cut.part_atoms.values() for atoms in some]
        items = list(cut.item_atoms.values())
        self.leaves = self._showing(leaves, [])
        self.parts = self._showing(parts, leaves)
        self.items = self._showing(items, parts)
        self.groups = self._showing(cut.group_atoms, items)
        inputs = {signature for atoms in cut.group_atoms for signature in atoms.places}
        self.levels = Asked(policy, self.given, inputs, policy.core["results.lp"], {})
        highest = Source("slices/highest.lp", "#show.\n#show highest/3.\n")
        self.fields = Asked(policy, self.given, {("reached", 4)}, highest, {})
        for claims in (False, True):
            (shown,) = self.groups.answers([lambda n: []], [claims])
            for text in (text for atoms in cut.group_atoms for text in atoms.read(shown)):
                raise NotSlicedError(f"{instance(text, 0, 0)} holds without evidence")

    def _showing(self, shown: Sequence[Atoms], given: Iterable[Atoms]) -> Asked:
        places = {signature: place for atoms in shown for signature, place in atoms.places.items()}
        lines = "".join(f"#show {name}/{arity}.\n" for name, arity in sorted(places))
        inputs = self.evidence | {signature for atoms in given for signature in atoms.places}
        return Asked(self.policy, self.given, inputs, Source("slices/show.lp", f"#show.\n{lines}"), places)
