"""The questions that slices put to clingo, each about many candidates at once, with all rules of the policy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from clingo import Symbol

from itss_logic.batch.frontier import Atoms, Slicing, instance
from itss_logic.batch.reified import signatures
from itss_logic.batch.universe import NotSlicedError
from itss_logic.engine import Program, Question, Source, selected
from itss_logic.search import term_of
from itss_logic.terms import Fact
from itss_logic.vocabulary import CANDIDATE

if TYPE_CHECKING:
    from itss_logic.policy import Policy

CANDIDATES = 1_000
"""How many candidates clingo gets at once."""

Ask: TypeAlias = "Callable[[int], list[str]]"
"""What clingo is told about a candidate of a number."""


class Asked:
    """One question. It shows atoms that have their candidate first, or after as many commas as `commas` says.

    Args:
        policy: whose rules it is put to.
        given: the readings in force, as facts.
        inputs: the predicates that come with what is asked, with their arities.
        shown: the statements that say what is shown.
        commas: how many commas stand before the candidate, by predicate.
    """

    def __init__(
        self,
        policy: Policy,
        given: str,
        inputs: Collection[tuple[str, int]],
        shown: Source,
        commas: Mapping[str, int],
    ) -> None:
        program = Program([*policy.program.sources, shown])
        base = {(CANDIDATE, 1), ("subject", 2)}
        self.question = Question(program, given, inputs=frozenset(base | set(inputs)))
        self.commas = commas

    def answers(self, asks: Sequence[Ask], claims: Sequence[bool]) -> list[set[str]]:
        """What is shown of each candidate, as text, the candidate written as 0; `claims` is who has claims on file."""
        found: list[set[str]] = [set() for _ in asks]
        for start, symbols in self._shown(asks, claims):
            for text in map(str, symbols):
                name, _, rest = text[:-1].partition("(")
                commas = self.commas.get(name, 0)
                parts = rest.split(",", commas + 1)
                number = start + int(parts[commas])
                parts[commas] = "0"
                found[number].add(f"{name}({','.join(parts)})")
        return found

    def facts(self, asks: Sequence[Ask], claims: Sequence[bool]) -> list[list[Fact]]:
        """What is shown of each candidate, who comes first in it and is left out."""
        found: list[list[Fact]] = [[] for _ in asks]
        for start, symbols in self._shown(asks, claims):
            for symbol in symbols:
                candidate, *arguments = symbol.arguments
                found[start + candidate.number].append(Fact(symbol.name, tuple(map(term_of, arguments))))
        return found

    def _shown(self, asks: Sequence[Ask], claims: Sequence[bool]) -> Iterator[tuple[int, list[Symbol]]]:
        for start in range(0, len(asks), CANDIDATES):
            stretch = asks[start : start + CANDIDATES]
            lines = [f"{CANDIDATE}({number})." for number in range(len(stretch))]
            lines += [f"subject(confirmed,{n})." for n in range(len(stretch)) if claims[start + n]]
            for number, ask in enumerate(stretch):
                lines.extend(ask(number))
            yield start, self.question.shown("\n".join(lines))


class Questions:
    """The questions that follow each other: each is given the atoms on the frontier that the one before shows.

    Raises:
        NotSlicedError: where such an atom holds without the evidence that it rests on: clingo would derive it again.
    """

    def __init__(self, policy: Policy, readings: Mapping[str, str], cut: Slicing) -> None:
        self.policy = policy
        self.given = "".join(selected(readings))
        self.evidence = frozenset(signatures(policy.vocabulary).items())
        leaves = [atoms for some in cut.leaf_atoms.values() for atoms in some.values()]
        parts = [atoms for some in cut.part_atoms.values() for atoms in some]
        items = list(cut.item_atoms.values())
        self.leaves = self._showing(leaves, [])
        self.parts = self._showing(parts, leaves)
        self.items = self._showing(items, parts)
        self.groups = self._showing(cut.group_atoms, items)
        inputs = {signature for atoms in cut.group_atoms for signature in atoms.signatures}
        self.levels = Asked(policy, self.given, inputs, policy.core["results.lp"], {})
        what = "#show.\n#show highest/3.\n#show reached(C, F, L) : reached(verified, C, F, L).\n"
        highest = Source("slices/highest.lp", what)
        self.fields = Asked(policy, self.given, {("reached", 4)}, highest, {})
        for claims in (False, True):
            (shown,) = self.groups.answers([lambda n: []], [claims])
            for text in (text for atoms in cut.group_atoms for text in atoms.read(shown)):
                raise NotSlicedError(f"{instance(text, 0, 0)} holds without evidence")

    def _showing(self, shown: Sequence[Atoms], given: Iterable[Atoms]) -> Asked:
        commas: dict[str, int] = {}
        for name, number in (pair for atoms in shown for pair in atoms.commas.items()):
            if commas.setdefault(name, number) != number:
                raise NotSlicedError(f"{name} has its candidate in more than one place")
        lines = "".join(
            f"#show {name}/{arity}.\n" for name, arity in sorted(set().union(*(atoms.signatures for atoms in shown)))
        )
        inputs = self.evidence | {signature for atoms in given for signature in atoms.signatures}
        return Asked(self.policy, self.given, inputs, Source("slices/show.lp", f"#show.\n{lines}"), commas)
