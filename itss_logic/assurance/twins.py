"""Two versions of a policy in one program: what they share stands once, what differs twice, under other names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clingo.ast import AST, ASTType, Transformer, parse_string

from itss_logic.engine import Source
from itss_logic.specialise import Signature, signatures_in

RESULTS: tuple[Signature, ...] = (("level", 2), ("verdict", 4), ("route_met", 5), ("unmet", 5))
"""What two versions are compared by."""


class Part(NamedTuple):
    """A statement of a version, with the predicates that it derives and those that it reads."""

    node: AST
    heads: frozenset[Signature]
    reads: frozenset[Signature]


class Renamed(Transformer):
    """Names some predicates as those of the second version."""

    def __init__(self, names: Iterable[Signature]) -> None:
        self.names = set(names)

    def visit_SymbolicAtom(self, atom: AST) -> AST:  # noqa: N802
        """An atom with its predicate renamed, where it is one of them; terms keep their names."""
        symbol = atom.symbol
        if symbol.ast_type == ASTType.Function and (symbol.name, len(symbol.arguments)) in self.names:
            return atom.update(symbol=symbol.update(name=of_second(symbol.name)))
        return atom

    def visit_Defined(self, node: AST) -> AST:  # noqa: N802
        """The declaration of a predicate, renamed alike."""
        return node.update(name=of_second(node.name)) if (node.name, node.arity) in self.names else node


def twins(one: Iterable[Source], other: Iterable[Source]) -> Source | None:
    """Both versions as one program; None where no result can differ, since none rests on what differs."""
    first, second = _parts(one), _parts(other)
    common = Counter(map(_text, first)) & Counter(map(_text, second))
    affected = {head for part in _without(first, common) + _without(second, common) for head in part.heads}
    everything = first + second
    size = -1
    while len(affected) > size:
        size = len(affected)
        for part in everything:
            if part.reads & affected:
                affected |= part.heads
    if not affected.intersection(RESULTS):
        return None
    renamed = Renamed(affected)
    lines = [_text(part) for part in first]
    lines += [str(renamed.visit(part.node)) for part in second if (part.heads | part.reads) & affected]
    for name, arity in RESULTS:
        if (name, arity) not in affected:
            arguments = ",".join(f"X{number}" for number in range(arity))
            lines.append(f"{of_second(name)}({arguments}) :- {name}({arguments}).")
    return Source("versions/both", "\n".join(lines))


def of_second(name: str) -> str:
    """What a predicate is called in the second version, where it does not hold of the same in both."""
    return f"{name}_in_second"


def _parts(sources: Iterable[Source]) -> list[Part]:
    found: list[Part] = []

    def visit(node: AST) -> None:
        if node.ast_type == ASTType.Defined:
            found.append(Part(node, frozenset(), frozenset({(node.name, node.arity)})))
        elif node.ast_type == ASTType.Rule:
            found.append(Part(node, signatures_in(node.head), signatures_in(node.body)))

    for source in sources:
        parse_string(source.text, visit)
    return found


def _text(part: Part) -> str:
    return str(part.node)


def _without(parts: Sequence[Part], common: Counter[str]) -> list[Part]:
    """The statements that are not common to both versions."""
    left = Counter(common)
    found = []
    for part in parts:
        text = _text(part)
        if left[text]:
            left[text] -= 1
        else:
            found.append(part)
    return found
