"""Two versions of a policy in one program: what they share stands once, what differs twice, under other names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from clingo.ast import AST, ASTType, Transformer

from itss_logic.engine import Source, statements
from itss_logic.errors import PolicyError
from itss_logic.specialise import Signature, is_atom, signatures_in

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
        return atom.update(symbol=self._renamed(atom.symbol))

    def _renamed(self, symbol: AST) -> AST:
        if symbol.ast_type == ASTType.Pool:
            return symbol.update(arguments=[self._renamed(one) for one in symbol.arguments])
        if symbol.ast_type == ASTType.Function and (symbol.name, len(symbol.arguments)) in self.names:
            return symbol.update(name=of_second(symbol.name))
        return symbol

    def visit_Defined(self, node: AST) -> AST:  # noqa: N802
        """The declaration of a predicate, renamed alike."""
        return node.update(name=of_second(node.name)) if (node.name, node.arity) in self.names else node


def twins(one: Iterable[Source], other: Iterable[Source], inputs: Collection[Signature] = ()) -> Source | None:
    """Both versions as one program; None where no result can differ, since none rests on what differs.

    Args:
        one: the rules of a version.
        other: those of another.
        inputs: predicates of what comes with the question, the same for both.

    Raises:
        PolicyError: for a statement that two versions cannot be compared by, or a rule that derives an input.
    """
    first, second = list(_parts(one)), list(_parts(other))
    common = Counter(map(_text, first)) & Counter(map(_text, second))
    affected = {head for part in _without(first, common) + _without(second, common) for head in part.heads}
    everything = first + second
    size = -1
    while len(affected) > size:
        size = len(affected)
        for part in everything:
            if part.reads & affected:
                affected |= part.heads
    derived = sorted(affected.intersection(inputs))
    if derived:
        told = ", ".join(f"{name}/{arity}" for name, arity in derived)
        raise PolicyError(f"a version derives {told}, which is evidence; such versions are not compared")
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


def _parts(sources: Iterable[Source]) -> Iterator[Part]:
    for source in sources:
        for node in statements(source):
            if node.ast_type == ASTType.Defined:
                yield Part(node, frozenset(), frozenset({(node.name, node.arity)}))
            elif node.ast_type == ASTType.Rule:
                part = Part(node, signatures_in(node.head), signatures_in(node.body))
                # Without such a head it decides nothing, but may leave evidence without an answer, or with several.
                if not is_atom(node.head) or any(name.startswith("-") for name, _ in part.heads | part.reads):
                    raise _unfit(source, node)
                yield part
            elif node.ast_type not in (ASTType.Program, ASTType.Comment):
                raise _unfit(source, node)


def _unfit(source: Source, node: AST) -> PolicyError:
    place = f"{source.path}:{node.location.begin.line}"
    return PolicyError(f"{place}: {node} does more than derive an atom; such versions are not compared")


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
