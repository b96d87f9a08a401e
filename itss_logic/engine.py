"""clingo. This module alone makes a `Control`, and nothing from evidence reaches it but constants and numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias

from clingo import Control, Model, Symbol, SymbolType

from itss_logic.errors import PolicyError
from itss_logic.evidence import Evidence
from itss_logic.terms import Constant, Fact, Term
from itss_logic.vocabulary import CLAIMED, SOURCE

Declarations: TypeAlias = "Callable[[str, int], list[tuple[Any, ...]]]"
"""Gives the facts of a predicate and arity as tuples of Python values."""


class Source(NamedTuple):
    """A rule file as it was read: later changes on disk do not touch a run."""

    path: str
    text: str

    @property
    def name(self) -> str:
        """The file with its folder, as answers name it."""
        folder, name = os.path.split(self.path)
        return f"{os.path.basename(folder)}/{name}"


class Program:
    """Rule files, to be solved together with evidence."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.sources = tuple(sources)
        self.text = "\n".join(source.text for source in self.sources)

    def ground(self, facts: str = "", options: Sequence[str] = ()) -> Control:
        """Ground the program with facts.

        Raises:
            PolicyError: where clingo reports anything, an undefined atom included.
        """
        messages: list[str] = []
        control = Control(list(options), logger=lambda code, message: messages.append(message), message_limit=20)
        try:
            control.add("base", [], self.text)
            control.add("base", [], facts)
            control.ground([("base", [])])
        except RuntimeError as error:
            raise PolicyError(self._located(messages or [str(error)])) from None
        if messages:
            raise PolicyError(self._located(messages))
        return control

    def solve(self, facts: Facts) -> list[list[Fact]]:
        """The shown atoms of the one answer set, by candidate: the first argument of each, which is left out.

        Raises:
            PolicyError: where there is not exactly one answer set.
        """
        control = self.ground(facts.text, ["--models=2"])
        with control.solve(yield_=True) as handle:
            model = handle.model()
            if model is None:
                raise PolicyError("the policy has no answer set on this evidence")
            found = facts.split(model)
            handle.resume()
            if handle.model() is not None:
                raise PolicyError("the policy has more than one answer set on this evidence")
        return found

    def solve_bravely(self, facts: Facts) -> list[list[Fact]]:
        """The shown atoms of any answer set, by candidate, as `solve` gives them."""
        control = self.ground(facts.text, ["--enum-mode=brave", "--models=0"])
        found: list[list[Fact]] = []
        with control.solve(yield_=True) as handle:
            for model in handle:
                found = facts.split(model)
        if not found:
            raise PolicyError("the policy has no answer set on this evidence")
        return found

    def declarations(self) -> Declarations:
        """The facts of the program as it stands without evidence, in the order in which they stand."""
        control = self.ground()

        def declared(name: str, arity: int) -> list[tuple[Any, ...]]:
            found = (atom.symbol for atom in control.symbolic_atoms.by_signature(name, arity))
            return [tuple(map(term_of, symbol.arguments)) for symbol in found]

        return declared

    @cached_property
    def heads(self) -> frozenset[str]:
        """The predicates that some rule of the program derives."""
        from clingo.ast import AST, ASTType, parse_string

        names: set[str] = set()

        def visit(node: AST) -> None:
            if node.ast_type == ASTType.Rule and node.head.ast_type == ASTType.Literal:
                atom = node.head.atom
                if atom.ast_type == ASTType.SymbolicAtom:
                    names.add(atom.symbol.name)

        parse_string(self.text, visit)
        return frozenset(names)

    def _located(self, messages: Iterable[str]) -> str:
        """What clingo says, with the file and line that each line of the whole program comes from."""

        def place(match: re.Match[str]) -> str:
            line = int(match[1])
            for source in self.sources:
                length = source.text.count("\n") + 1
                if line <= length:
                    return f"{source.path}:{line}"
                line -= length
            return match[0]

        return "\n".join(re.sub(r"<block>:(\d+)", place, message.strip()) for message in messages)


@lru_cache(maxsize=2**16)
def term_of(symbol: Symbol) -> Term:
    """A symbol as a Python value. Most symbols of a run are few constants that come again."""
    if symbol.type == SymbolType.Number:
        return symbol.number
    if symbol.type == SymbolType.String:
        return symbol.string
    if symbol.type != SymbolType.Function:
        return Constant(str(symbol))
    if not symbol.arguments and symbol.name:
        return Constant(symbol.name)
    return Fact(symbol.name, tuple(map(term_of, symbol.arguments)))


class Facts:
    """Evidence and readings as clingo gets them: candidates and ids are numbers, so that no text comes along.

    Candidates are numbered as they come, and the ids of each as they come in its facts. References to sources are
    left out: they affect nothing.
    """

    def __init__(self, chunk: Sequence[Evidence], readings: Mapping[str, str]) -> None:
        self.size = len(chunk)
        lines = [f"selected({reading},{option})." for reading, option in readings.items()]
        for number, evidence in enumerate(chunk):
            ids: dict[str, int] = {}
            lines.extend(_numbered(fact, number, ids) + "." for fact in evidence.facts if fact.name != SOURCE)
        self.text = "\n".join(lines)

    def split(self, model: Model) -> list[list[Fact]]:
        """The shown atoms of a model by candidate."""
        found: list[list[Fact]] = [[] for _ in range(self.size)]
        for symbol in model.symbols(shown=True):
            candidate, *arguments = symbol.arguments
            found[candidate.number].append(Fact(symbol.name, tuple(map(term_of, arguments))))
        return found


def _numbered(fact: Fact, candidate: int, ids: dict[str, int]) -> str:
    if fact.name == CLAIMED:
        inner = fact.arguments[0]
        assert isinstance(inner, Fact)
        return f"{CLAIMED}({_numbered(inner, candidate, ids)})"
    arguments = [str(candidate)]
    for term in fact.arguments[1:]:
        if isinstance(term, Fact):
            raise TypeError(f"{fact.name} is not evidence that was checked")
        is_id = isinstance(term, str) and not isinstance(term, Constant)
        arguments.append(str(ids.setdefault(str(term), len(ids)) if is_id else term))
    return f"{fact.name}({','.join(arguments)})"
