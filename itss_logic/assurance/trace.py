"""The trace of a policy: from clauses to the rules and cases that are about them, and back, with every gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from clingo import String
from clingo.ast import AST, ASTType, Function, SymbolicTerm

from itss_logic.assurance.cases import Case, case_files, read_cases
from itss_logic.assurance.rules import Rule, rules_in, rules_of, tags_of
from itss_logic.engine import Program, Source
from itss_logic.terms import Constant, Fact

if TYPE_CHECKING:
    from itss_logic.policy import Policy

STANDS = "stands_at"
"""A predicate of the places of statements: the place, as a string, and what the statement derives."""


class Gap(NamedTuple):
    """Where the way is broken: a stable code, what is cut off, where it stands, and what to do about it."""

    gap: str
    subject: str
    place: str
    message: str


class Traced(NamedTuple):
    """A clause with all that is about it: rules and parameters by their places, cases by their titles."""

    id: str
    section: str
    place: str
    rules: tuple[str, ...]
    parameters: dict[str, tuple[str, ...]]
    cases: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The clause as `itss policy trace --format json` prints it."""
        return {
            "clause": self.id,
            "section": self.section,
            "rules": list(self.rules),
            "parameters": [{"parameter": name, "places": list(places)} for name, places in self.parameters.items()],
            "cases": list(self.cases),
        }


class Trace(NamedTuple):
    """What is about each clause; which clauses each rule and each case is about; and the gaps."""

    policy: str
    clauses: list[Traced]
    rules: dict[str, list[str]]
    cases: list[Case]
    gaps: list[Gap]

    def as_json(self) -> dict[str, Any]:
        """The trace as `itss policy trace --format json` prints it."""
        return {
            "policy": self.policy,
            "clauses": [clause.as_json() for clause in self.clauses],
            "rules": [{"rule": place, "clauses": clauses} for place, clauses in self.rules.items()],
            "cases": [
                {"case": case.title, "file": case.file, "line": case.line, "clauses": list(case.clauses)}
                for case in self.cases
            ],
            "gaps": [gap._asdict() for gap in self.gaps],
        }


def trace(policy: Policy, paths: Sequence[str] = ()) -> Trace:
    """Trace a policy through its cases.

    Args:
        policy: whose clauses and rules are traced.
        paths: files and folders of cases; without any those that the category has in its own folder.

    Raises:
        QuestionError: where a file of cases cannot be read.
    """
    cases = read_cases(case_files(policy, paths), policy)
    about: dict[str, list[str]] = {}
    for case in cases:
        for id in case.clauses:
            about.setdefault(id, []).append(case.title)
    places = stated_at(policy)
    clauses = [
        Traced(
            clause.id,
            clause.section,
            next(iter(places.get(clause.id, {}).get("", ())), ""),
            clause.rules,
            {name: found for name, found in places.get(clause.id, {}).items() if name},
            tuple(about.get(clause.id, ())),
        )
        for clause in policy.clauses
    ]
    rules = rules_of(policy)
    by_rule = {rule.place: [clause.id for clause in clauses if rule.formalises(clause.id)] for rule in rules}
    gaps = [*_of_clauses(clauses), *_of_rules(rules, by_rule), *_of_tags(policy, clauses), *_of_cases(cases)]
    return Trace(policy.digest, clauses, by_rule, cases, gaps)


def stated_at(policy: Policy) -> dict[str, dict[str, tuple[str, ...]]]:
    """By clause and parameter the places of the statements that set it; under no name, those that declare the clause.

    clingo itself works them out: statements that say the same of their own place are grounded with the policy.
    """
    base = policy.unchanged
    placed = [
        (f"{source.name}:{rule.location.begin.line}", rule)
        for source in base.program.sources
        for rule in rules_in(source)
        if _is_about_clauses(rule)
    ]
    order = {place: number for number, (place, _) in enumerate(placed)}
    statements = Source(STANDS, "\n".join(_stands(place, rule) for place, rule in placed))
    rows = Program([*base.program.sources, statements]).declarations()(STANDS, 2)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for place, fact in sorted(rows, key=lambda row: order[row[0]]):
        field, level, criterion, *name = fact.arguments[:4]
        parameters = found.setdefault(f"{field}.{level}.{criterion}", {})
        path = ".".join(map(_path, name))
        parameters[path] = tuple(dict.fromkeys([*parameters.get(path, ()), place]))
    return found


def _path(name: Fact | Constant) -> str:
    return ".".join(map(str, name.arguments)) if isinstance(name, Fact) else name


def _is_about_clauses(rule: AST) -> bool:
    """Whether a rule declares clauses or sets their parameters."""
    head = rule.head
    if head.ast_type != ASTType.Literal or head.atom.ast_type != ASTType.SymbolicAtom:
        return False
    symbol = head.atom.symbol
    return symbol.ast_type == ASTType.Function and (symbol.name, len(symbol.arguments)) in (("clause", 3), ("sets", 5))


def _stands(place: str, rule: AST) -> str:
    """A rule that derives, of all that a rule derives, that it stands at this place."""
    atom = rule.head.atom
    where = SymbolicTerm(rule.location, String(place))
    symbol = Function(rule.location, STANDS, [where, atom.symbol], 0)
    return str(rule.update(head=rule.head.update(atom=atom.update(symbol=symbol))))


def _of_clauses(clauses: Sequence[Traced]) -> Iterator[Gap]:
    for clause in clauses:
        if not clause.rules:
            yield Gap(
                "clause_without_rule",
                clause.id,
                clause.place,
                f"no rule formalises {clause.id}; name it in a comment above the rules that do, as [{clause.id}]",
            )
        if not clause.cases:
            yield Gap(
                "clause_without_case",
                clause.id,
                clause.place,
                f"no case is about {clause.id}; write one that names it under `clauses`",
            )


def _of_rules(rules: Sequence[Rule], by_rule: dict[str, list[str]]) -> Iterator[Gap]:
    for rule in rules:
        if not by_rule[rule.place]:
            yield Gap(
                "rule_without_clause",
                rule.place,
                rule.place,
                "this rule formalises no clause; name those it does in a comment above it, as [CLAUSE]",
            )


def _of_tags(policy: Policy, clauses: Sequence[Traced]) -> Iterator[Gap]:
    for tag in tags_of(policy):
        if not any(Rule("", (tag,)).formalises(clause.id) for clause in clauses):
            message = f"[{tag.pattern}] in a comment names no clause; {_mend(tag.pattern, clauses)}"
            yield Gap("tag_without_clause", tag.pattern, tag.place, message)


def _of_cases(cases: Sequence[Case]) -> Iterator[Gap]:
    for case in cases:
        for fault in case.faults:
            yield Gap(fault.code, case.title, str(fault.place), f"{fault.message}; {fault.mend}")


def _mend(id: str, clauses: Sequence[Traced]) -> str:
    near = get_close_matches(id, [clause.id for clause in clauses])
    return f"did you mean {' or '.join(near)}?" if near else "`itss policy show` lists those that there are"
