"""The rules of a program as facts, and what a logic program over them says of taking evidence apart: `slices.lp`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from clingo import SymbolType
from clingo.ast import AST, AggregateFunction, ASTType, ComparisonOperator, Sign

from itss_logic.engine import Program, Source, statements
from itss_logic.specialise import is_atom
from itss_logic.terms import Fact
from itss_logic.vocabulary import CANDIDATE, CLAIMED, Vocabulary

if TYPE_CHECKING:
    from itss_logic.policy import Policy

ORDER = frozenset(
    int(operator)
    for operator in (
        ComparisonOperator.LessThan,
        ComparisonOperator.LessEqual,
        ComparisonOperator.GreaterThan,
        ComparisonOperator.GreaterEqual,
    )
)

HEAD = "head"

WORDS = {
    "orders_ids": "puts ids in order",
    "computes_ids": "computes with an id",
    "weighs_ids": "takes an id for a weight",
    "names_ids": "names one id",
    "computes_numbers": "computes with a number of the evidence",
    "counts_numbers": "counts different numbers of the evidence",
    "joins_numbers": "compares two numbers of the evidence",
    "unknown_bounds": "compares with something else than a number that rests on no evidence",
    "odd_numbers": "has something else than a variable or a number in the place of a number of the evidence",
    "denies_itself": "rests on what is denied and rests on itself",
    "reads_more": "tells the highest level by something else than the levels that are reached",
    "sums": "does more than count",
    "shows_numbers": "shows a number of the evidence",
    "shows_ids": "shows an id",
    "chooses": "is no rule that derives one atom from others",
    "shapes_evidence": "makes an evidence term with an id or a number where none belongs",
}
"""What `blocked/2` says, in words."""


class Findings(NamedTuple):
    """What `slices.lp` finds.

    `blocked` is why evidence cannot be taken apart, each with its place. `thresholds` are the numbers that those of an
    evidence predicate are compared with, `positions` the predicate, arity and argument where they stand. `enough` and
    `bounds` are the same for what aggregates are compared with. `mixed` is which rules put items together, each with
    its place: this does not hinder taking evidence apart, but more items may matter at once than criteria ask for.
    """

    blocked: list[str]
    thresholds: set[tuple[str, int]]
    positions: set[tuple[str, str, int, int]]
    enough: set[int]
    bounds: set[tuple[str, int, int]]
    mixed: list[str]


def signatures(vocabulary: Vocabulary) -> dict[str, int]:
    """The predicates that evidence comes under, with their arities."""
    own = {name: len(predicate.arguments) + 1 for name, predicate in vocabulary.predicates.items()}
    return {CANDIDATE: 1, CLAIMED: 1, **own}


def examine(policy: Policy, sources: Iterable[Source]) -> Findings:
    """Put the question of `slices.lp` about the rules of these files."""
    rules = [rule for source in sources for rule in _rules(source)]
    facts = [f"given({name},{arity})." for name, arity in signatures(policy.vocabulary).items()]
    facts += [f"{fact}." for number, (_, node) in enumerate(rules) for fact in Reified(number, node).facts]
    words = [
        f"{Fact(name, row)}."
        for name, arity in (("evidence", 4), ("argument", 4))
        for row in policy.declared(name, arity)
    ]
    found = Program([policy.core["slices.lp"]]).derive("\n".join([*facts, *words]))
    rows: dict[tuple[str, int], set[tuple[Any, ...]]] = {}
    for fact in found:
        rows.setdefault((fact.name, len(fact.arguments)), set()).add(fact.arguments)
    blocked = sorted(rows.get(("blocked", 2), ()), key=str)
    return Findings(
        [f"{rules[number][0]} {WORDS[why]}" for number, why in blocked],
        rows.get(("threshold", 2), set()),
        rows.get(("threshold", 4), set()),
        {number for (number,) in rows.get(("enough", 1), ())},
        rows.get(("enough", 3), set()),
        sorted(f"{rules[number][0]} puts items together" for (number,) in rows.get(("mixes", 1), ())),
    )


def _rules(source: Source) -> list[tuple[str, AST]]:
    """The statements of a file that say something, each with its place."""
    passed = (ASTType.Program, ASTType.Comment, ASTType.Defined)
    nodes = (node for node in statements(source) if node.ast_type not in passed)
    return [(f"{source.path}:{node.location.begin.line}", node) for node in nodes]


class Reified:
    """The facts about one statement, as texts."""

    def __init__(self, number: int, node: AST) -> None:
        self.number, self.facts = number, list[str]()
        self.literals, self.comparisons = count(1), count(1)
        self.is_loose = self.is_counted = False
        """Whether more of what is read need not mean more, as it is denied or counted; whether atoms are counted."""
        if node.ast_type == ASTType.ShowSignature:
            self.say("shows", f"({node.name or 'none'},{node.arity})")
        elif node.ast_type == ASTType.ShowTerm:
            for name in _variables(node.term):
                self.say("shows", name)
            self.read(node.body)
        elif node.ast_type == ASTType.Rule and is_atom(node.head):
            for name, arity in self.atom(node.head.atom.symbol, HEAD):
                self.say("head", name, arity)
            self.read(node.body)
        else:
            self.say("chooses")

    def say(self, name: str, *arguments: object) -> None:
        """Note a fact about the statement."""
        self.facts.append(f"{name}({','.join(map(str, (self.number, *arguments)))})")

    def read(self, node: Any) -> None:
        """Take up what a body says, part by part."""
        if not isinstance(node, AST):
            for part in node:
                self.read(part)
        elif node.ast_type == ASTType.SymbolicAtom:
            for name, arity in self.atom(node.symbol, next(self.literals)):
                self.say("reads", name, arity)
                if self.is_loose:
                    self.say("denies", name, arity)
        elif node.ast_type == ASTType.Comparison:
            operators = {guard.comparison for guard in node.guards}
            self.comparison([node.term, *(guard.term for guard in node.guards)], by_order=bool(operators & ORDER))
        elif node.ast_type in (ASTType.BodyAggregate, ASTType.Aggregate):
            guards = [guard.term for guard in (node.left_guard, node.right_guard) if guard is not None]
            self.comparison(guards, by_order=True)
            for guard in guards:
                self.guard(guard)
            weighs = node.ast_type == ASTType.BodyAggregate and node.function != AggregateFunction.Count
            if weighs:
                self.say("sums")
            was_loose, self.is_loose = self.is_loose, True
            for element in node.elements:
                self.element(element, weighs=weighs)
            self.is_loose = was_loose
        elif node.ast_type == ASTType.ConditionalLiteral:
            self.read(node.literal)
            was_loose, self.is_loose = self.is_loose, True
            self.read(node.condition)
            self.is_loose = was_loose
        elif node.ast_type == ASTType.Literal:
            was_loose, self.is_loose = self.is_loose, self.is_loose or node.sign != Sign.NoSign
            self.read(node.atom)
            self.is_loose = was_loose
        elif node.ast_type != ASTType.BooleanConstant:
            self.say("chooses")

    def element(self, node: AST, *, weighs: bool) -> None:
        """Take up an element of an aggregate."""
        for place, term in enumerate(node.terms if node.ast_type == ASTType.BodyAggregateElement else ()):
            for name in _variables(term):
                self.say("counts", name)
                if weighs and place == 0:
                    self.say("weighs_by", name)
            self.arithmetic(term)
        if node.ast_type == ASTType.BodyAggregateElement:
            self.read(node.condition)
        else:  # It is atoms that are counted.
            self.is_counted = True
            self.read(node.literal)
            self.is_counted = False
            self.read(node.condition)

    def guard(self, term: AST) -> None:
        """Note what an aggregate is compared with."""
        if term.ast_type == ASTType.Variable:
            self.say("guards", f'"{term.name}"')
        elif term.ast_type == ASTType.SymbolicTerm and term.symbol.type == SymbolType.Number:
            self.say("guards", term.symbol)
        else:
            self.say("guards", "computed")

    def comparison(self, terms: list[AST], *, by_order: bool) -> None:
        """Note what is compared with each other."""
        number, name = next(self.comparisons), "compares" if by_order else "equates"
        for term in terms:
            self.arithmetic(term)
            for variable in _variables(term):
                self.say(name, number, variable)
            if term.ast_type not in (ASTType.Variable, ASTType.SymbolicTerm):
                self.say(name, number, "computed")
            if term.ast_type == ASTType.SymbolicTerm and term.symbol.type in (SymbolType.Number, SymbolType.String):
                self.say(name, number, term.symbol)
                self.facts.append(f"value_of_rule({term.symbol})")

    def arithmetic(self, term: AST) -> None:
        """Note the variables that are computed with."""
        if term.ast_type in (ASTType.UnaryOperation, ASTType.BinaryOperation, ASTType.Interval):
            for name in _variables(term):
                self.say("computes", name)
        elif term.ast_type in (ASTType.Function, ASTType.Pool):
            if term.ast_type == ASTType.Function and term.external:
                for name in _variables(term):
                    self.say("computes", name)
            for argument in term.arguments:
                self.arithmetic(argument)

    def atom(self, symbol: AST, literal: int | str) -> Iterator[tuple[str, int]]:
        """Take up an atom, and give its predicate; of a pool, that of each."""
        if symbol.ast_type == ASTType.Pool:
            for one in symbol.arguments:
                yield from self.atom(one, literal)
        elif symbol.ast_type == ASTType.Function:
            self.arithmetic(symbol)
            for place, argument in enumerate(symbol.arguments, 1):
                self.argument((literal, symbol.name, len(symbol.arguments), place), argument, None)
            yield symbol.name, len(symbol.arguments)
        else:  # Classical negation.
            self.say("chooses")

    def argument(self, where: tuple[int | str, str, int, int], term: AST, inner: tuple[str, int, int] | None) -> None:
        """Take up a term in an argument; `inner` is the named term that it stands in, with its place there."""
        if term.ast_type == ASTType.Variable:
            if self.is_counted:
                self.say("counts", f'"{term.name}"')
                self.say("counted", *(inner or where[1:]))
            if term.name == "_":
                self.say("unnamed", *(inner or where[1:]))
            else:
                at = ",".join(map(str, where))
                name = f'"{term.name}"'
                self.say("occurs", at, name) if inner is None else self.say("occurs_in", at, name, *inner)
        elif term.ast_type == ASTType.SymbolicTerm:
            if term.symbol.type in (SymbolType.Number, SymbolType.String):
                self.say("constant", *(inner or where[1:]), term.symbol)
            else:
                self.say("named", *(inner or where[1:]))
        elif term.ast_type == ASTType.Function:
            for place, argument in enumerate(term.arguments, 1):
                self.argument(where, argument, (term.name, len(term.arguments), place) if term.name else inner)
        else:
            self.say("named", *(inner or where[1:]))
            if term.ast_type != ASTType.Pool:
                self.say("reckoned", *(inner or where[1:]))
            for key in term.child_keys:
                parts = getattr(term, key)
                for part in [parts] if isinstance(parts, AST) else parts:
                    self.argument(where, part, inner)


def _variables(term: AST) -> Iterator[str]:
    """The named variables in a term, as strings of clingo."""
    if term.ast_type == ASTType.Variable:
        if term.name != "_":
            yield f'"{term.name}"'
        return
    for key in term.child_keys:
        parts = getattr(term, key)
        for part in [parts] if isinstance(parts, AST) else parts:
            yield from _variables(part)
