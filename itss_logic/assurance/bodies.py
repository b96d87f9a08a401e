"""The rules of a policy with their bodies, and a program that tells of each body for whom it holds.

Read off clingo's syntax tree: which rules rest on evidence or on readings, and which variable is the candidate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from clingo import parse_term
from clingo.ast import AST, ASTType

from itss_logic.assurance.profiles import ANY, left_open
from itss_logic.batch.reified import examine
from itss_logic.batch.universe import SOMEBODY, Universe, cuts, enough, known_in
from itss_logic.engine import Program, Source, statements
from itss_logic.specialise import Signatures, is_atom, signatures_in
from itss_logic.vocabulary import CANDIDATE, CLAIMED

if TYPE_CHECKING:
    from itss_logic.policy import Policy

HELD = "itss_held"
WHO = "ItssCandidate"
SELECTED = ("selected", 2)


class Parsed(NamedTuple):
    """A rule as clingo's syntax tree has it, with the predicates that it derives and those that it reads."""

    place: str
    node: AST
    heads: Signatures
    reads: Signatures

    @property
    def positive(self) -> list[AST]:
        """The atoms that its body asks for, plainly."""
        return [literal.atom.symbol for literal in self.node.body if is_atom(literal)]


class Bodies:
    """The rules of a policy that rest on evidence or on readings. `left_out` counts those that rest on neither."""

    def __init__(self, policy: Policy) -> None:
        base = policy.unchanged
        parsed = [rule for source in base.program.sources for rule in _parsed(source)]
        given = {(name, len(p.arguments) + 1) for name, p in policy.vocabulary.predicates.items()}
        given |= {(CANDIDATE, 1), (CLAIMED, 1)}
        moving = _reached(parsed, given | {SELECTED})
        self.rules = [rule for rule in parsed if rule.reads & moving]
        self.left_out = len(parsed) - len(self.rules)
        places = _candidate_places(parsed, {signature: 0 for signature in given if signature[0] != CLAIMED})
        self.text = "\n".join([*_held(self.rules, places), f"#show {HELD}/2."])

    def program(self, policy: Policy) -> Program:
        """The program of a policy, or of a changed one, that tells which bodies hold for whom."""
        return Program([*policy.program.sources, Source("coverage/held.lp", self.text)])

    def impossible(self, policy: Policy, asked: Iterable[tuple[int, bool]]) -> set[tuple[int, bool]]:
        """Of rules, by number, and whether their bodies are to hold or to fail: what no evidence and no readings do.

        It is proven over all evidence that one candidate can have, as far as the rules tell it apart. Nothing is
        proven where they do not let it be taken apart.
        """
        universe = everything(policy)
        if universe is None:
            return set()
        sources = [*self.program(policy).sources, policy.core[ANY]]
        control = Program(sources).ground("\n".join([universe.text(), *left_open(policy)]))
        found: set[tuple[int, bool]] = set()
        for number, holds in asked:
            atom = control.symbolic_atoms[parse_term(f"{HELD}({SOMEBODY},{number})")]
            literal = atom.literal if atom else None
            if literal is None:
                found |= {(number, holds)} if holds else set()
            elif not control.solve(assumptions=[literal if holds else -literal]).satisfiable:
                found.add((number, holds))
        return found


def everything(policy: Policy) -> Universe | None:
    """All evidence that one candidate can have; None where the rules do not let it be taken apart."""
    question = policy.question("results.lp")
    findings = examine(policy, question.sources)
    if findings.blocked:
        return None
    known = known_in(question.ground())
    return Universe(policy.vocabulary, cuts(policy.vocabulary, findings, known), enough(findings, known))


def _parsed(source: Source) -> Iterator[Parsed]:
    """The rules of a file that have a body."""
    for node in statements(source):
        if node.ast_type == ASTType.Rule and node.body and node.head.ast_type == ASTType.Literal:
            place = f"{source.name}:{node.location.begin.line}"
            yield Parsed(place, node, signatures_in(node.head), signatures_in(node.body))


def _reached(rules: Sequence[Parsed], given: Iterable[tuple[str, int]]) -> Signatures:
    """The predicates that rest on some that are given."""
    reached = set(given)
    size = 0
    while len(reached) > size:
        size = len(reached)
        for rule in rules:
            if rule.reads & reached:
                reached |= rule.heads
    return frozenset(reached)


def _candidate_places(rules: Sequence[Parsed], given: dict[tuple[str, int], int]) -> dict[tuple[str, int], int]:
    """In which argument a predicate has the candidate, where the rules carry it there."""
    places = dict(given)
    size = 0
    while len(places) > size:
        size = len(places)
        for rule in rules:
            who = _candidate(rule, places)
            head = rule.node.head.atom
            if who is None or head.ast_type != ASTType.SymbolicAtom or head.symbol.ast_type != ASTType.Function:
                continue
            for place, argument in enumerate(head.symbol.arguments):
                if argument.ast_type == ASTType.Variable and argument.name == who:
                    places.setdefault((head.symbol.name, len(head.symbol.arguments)), place)
    return places


def _candidate(rule: Parsed, places: dict[tuple[str, int], int]) -> str | None:
    """The variable that is the candidate in a rule."""
    for symbol in rule.positive:
        if symbol.ast_type != ASTType.Function:
            continue
        inner = symbol.arguments[0] if symbol.name == CLAIMED and symbol.arguments else symbol
        if inner.ast_type != ASTType.Function:
            continue
        place = places.get((inner.name, len(inner.arguments)))
        if place is not None and inner.arguments[place].ast_type == ASTType.Variable:
            return str(inner.arguments[place].name)
    return None


def _held(rules: Sequence[Parsed], places: dict[tuple[str, int], int]) -> Iterator[str]:
    """For each rule one that tells of whom its body holds; of everybody, where it is about nobody."""
    for number, rule in enumerate(rules):
        who = _candidate(rule, places)
        body = [str(literal) for literal in rule.node.body]
        if who is None:
            body.append(f"{CANDIDATE}({WHO})")
        yield f"{HELD}({who or WHO},{number}) :- {'; '.join(body)}."
