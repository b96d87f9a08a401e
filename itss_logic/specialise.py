"""Rules solved ahead: what of a program rests on no evidence is derived once, and stands as facts from then on.

A question about one candidate mostly spends its time on parsing and preparing rules, each of which costs as much as a
dozen facts. Which predicates rest on no evidence is read off clingo's syntax tree, and what they hold is what clingo
derives. Rules that evidence of certain predicates cannot reach, or that no answer rests on, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from clingo import Control, Symbol, SymbolType
from clingo.ast import AST, ASTType, Sign, parse_string

Signature: TypeAlias = "tuple[str, int]"
Signatures: TypeAlias = "frozenset[Signature]"


class Statement(NamedTuple):
    """A statement with the predicates that it may derive, those that it reads, and what it does nothing without.

    `requires` are the positive literals of its body: predicates, each with the constants among its arguments, by place.
    `chooses` is whether it leaves open if something holds.
    """

    text: str
    heads: Signatures = frozenset()
    reads: Signatures = frozenset()
    requires: tuple[tuple[Signature, dict[int, Symbol]], ...] = ()
    chooses: bool = False


class Specialised:
    """A program with what rests on no input as facts.

    Args:
        texts: the program, in parts that each stand for themselves.
        ground: the same, ground without inputs.
        inputs: the predicates that come with questions.
        foreign: constants; facts in which one occurs are left out.
    """

    def __init__(self, texts: Iterable[str], ground: Control, inputs: Signatures, foreign: frozenset[str]) -> None:
        statements = [statement for text in texts for statement in _parsed(text)]
        moving = set(inputs)
        size = -1
        while len(moving) > size:
            size = len(moving)
            for statement in statements:
                if statement.chooses or (statement.reads | statement.heads) & moving:
                    moving |= statement.heads
        left = [s for s in statements if not s.heads or s.heads & moving]
        self.facts = {
            signature: [s for s in _symbols(ground, signature) if not _mentions(s, foreign)]
            for signature in {read for statement in left for read in statement.reads} - moving
        }
        # clingo makes arguments anew whenever it is asked for them.
        known = {signature: [s.arguments for s in symbols] for signature, symbols in self.facts.items()}
        self.statements = [s for s in left if all(_matched(*literal, known) for literal in s.requires)]
        self.texts: dict[Signatures, str] = {}

    def text(self, present: Signatures) -> str:
        """The program for questions with these inputs and no others."""
        if present not in self.texts:
            self.texts[present] = self._text(present)
        return self.texts[present]

    def _text(self, present: Signatures) -> str:
        possible = present | {signature for signature, symbols in self.facts.items() if symbols}
        alive: list[Statement] = []
        size = -1
        while len(alive) > size:
            size = len(alive)
            alive = [s for s in self.statements if all(signature in possible for signature, _ in s.requires)]
            possible = possible.union(*(statement.heads for statement in alive))
        needed = frozenset[Signature]().union(*(s.reads for s in alive if not s.heads))
        used: list[Statement] = []
        size = -1
        while len(used) > size:
            size = len(used)
            used = [statement for statement in alive if not statement.heads or statement.heads & needed]
            needed = needed.union(*(statement.reads for statement in used))
        facts = [f"{symbol}." for signature in sorted(needed) for symbol in self.facts.get(signature, ())]
        return "\n".join([*(statement.text for statement in used), *facts])


def _symbols(ground: Control, signature: Signature) -> Iterator[Symbol]:
    name, arity = signature
    for atom in ground.symbolic_atoms.by_signature(name.lstrip("-"), arity, not name.startswith("-")):
        yield atom.symbol


def _matched(signature: Signature, constants: dict[int, Symbol], known: dict[Signature, list[list[Symbol]]]) -> bool:
    """Whether a literal may hold, as far as it rests on no input: something that is known matches it."""
    return signature not in known or any(
        all(arguments[place] == constant for place, constant in constants.items()) for arguments in known[signature]
    )


def _mentions(symbol: Symbol, constants: frozenset[str]) -> bool:
    if not constants or symbol.type != SymbolType.Function:
        return False
    arguments = symbol.arguments
    return any(_mentions(s, constants) for s in arguments) if arguments else symbol.name in constants


@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[Statement, ...]:
    """The statements of a text; most of a question are the policy's, which every question shares."""
    statements: list[Statement] = []
    parse_string(text, lambda node: statements.extend(_statements(node)))
    return tuple(statements)


def _statements(node: AST) -> Iterator[Statement]:
    if node.ast_type in (ASTType.Program, ASTType.Comment, ASTType.Defined):
        return
    if node.ast_type == ASTType.ShowSignature:
        yield Statement(str(node), reads=frozenset({(node.name, node.arity)}))
    elif node.ast_type == ASTType.Rule:
        heads, body = signatures_in(node.head), signatures_in(node.body)
        chooses = node.head.ast_type != ASTType.Literal
        yield Statement(str(node), heads, body | heads if chooses else body, _required(node.body), chooses)
    elif node.ast_type == ASTType.External:
        heads = signatures_in(node.atom)
        yield Statement(str(node), heads, signatures_in(node.body) | heads, _required(node.body), chooses=True)
    else:
        requires = _required(node.body) if "body" in node.child_keys else ()
        yield Statement(str(node), reads=signatures_in(node), requires=requires)


def _required(body: Iterable[AST]) -> tuple[tuple[Signature, dict[int, Symbol]], ...]:
    """The positive literals in a body, with their constants: without a match of each the body never holds."""
    return tuple(
        (signature, _constants(literal.atom.symbol))
        for literal in body
        if is_atom(literal)
        for signature in _signatures(literal.atom.symbol)
    )


def _constants(symbol: AST) -> dict[int, Symbol]:
    """The constants and numbers among the arguments of an atom, by place."""
    if symbol.ast_type != ASTType.Function:
        return {}
    found = ((place, argument) for place, argument in enumerate(symbol.arguments))
    return {place: argument.symbol for place, argument in found if argument.ast_type == ASTType.SymbolicTerm}


def is_atom(literal: AST) -> bool:
    """Whether a head, or a literal of a body, is an atom (or a pool of them) and nothing else: without `not`."""
    return bool(
        literal.ast_type == ASTType.Literal
        and literal.sign == Sign.NoSign
        and literal.atom.ast_type == ASTType.SymbolicAtom
    )


def signatures_in(part: object) -> Signatures:
    """The predicates that occur in a part of a syntax tree."""
    return frozenset(_atoms(part))


def _atoms(node: object) -> Iterator[Signature]:
    if isinstance(node, AST):
        if node.ast_type == ASTType.SymbolicAtom:
            yield from _signatures(node.symbol)
        else:
            for name in node.child_keys:
                yield from _atoms(getattr(node, name))
    elif isinstance(node, Iterable):
        for element in node:
            yield from _atoms(element)


def _signatures(symbol: AST) -> Iterator[Signature]:
    if symbol.ast_type == ASTType.Pool:
        for one in symbol.arguments:
            yield from _signatures(one)
    elif symbol.ast_type == ASTType.UnaryOperation:
        yield from ((f"-{name}", arity) for name, arity in _signatures(symbol.argument))
    else:
        yield symbol.name, len(symbol.arguments)
