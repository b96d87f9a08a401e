"""Mutants of a policy: one number one more or less, one literal of a body left out, one comparison swapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from clingo.ast import AST, ASTType, ComparisonOperator

from itss_logic.assurance.running import on_top
from itss_logic.assurance.thresholds import sides
from itss_logic.engine import Program, Source, statements
from itss_logic.policy import Policy

if TYPE_CHECKING:
    from itss_logic.changes import Change

NUMBER, LITERAL, COMPARISON = "number", "literal", "comparison"

SWAPPED = {
    ComparisonOperator.LessThan: (ComparisonOperator.LessEqual, ComparisonOperator.GreaterEqual),
    ComparisonOperator.LessEqual: (ComparisonOperator.LessThan, ComparisonOperator.GreaterThan),
    ComparisonOperator.GreaterThan: (ComparisonOperator.GreaterEqual, ComparisonOperator.LessEqual),
    ComparisonOperator.GreaterEqual: (ComparisonOperator.GreaterThan, ComparisonOperator.LessThan),
    ComparisonOperator.Equal: (ComparisonOperator.NotEqual,),
    ComparisonOperator.NotEqual: (ComparisonOperator.Equal,),
}
"""What stands in the place of a comparison: one that treats the bound otherwise, and one that says the opposite."""


class Mutant(NamedTuple):
    """A policy with one thing changed: what kind of thing, where it stands, and what it was and is.

    Either a parameter is changed (`change`), or a statement of a file: `source` and the texts of all its statements.
    """

    kind: str
    place: str
    before: str
    after: str
    change: Change | None = None
    source: Source | None = None
    statements: tuple[str, ...] = ()

    def of(self, policy: Policy) -> Policy:
        """The policy that the mutant is.

        Raises:
            PolicyError: where clingo, or the checks of declarations, refuse it.
        """
        if self.change is not None:
            return on_top(policy, [self.change])
        assert self.source is not None
        source = Source(self.source.path, "\n".join(self.statements))
        base = policy.unchanged
        return Policy(
            Program(source if one == self.source else one for one in base.program.sources),
            Program(source if one == self.source else one for one in base.declarations.sources),
            list(base.core.values()),
            base.choosing,
        ).changed(policy.changes)

    def as_json(self) -> dict[str, Any]:
        """The mutant as `itss policy mutate --format json` prints it."""
        return {"kind": self.kind, "place": self.place, "before": self.before, "after": self.after}


def mutants(policy: Policy) -> list[Mutant]:
    """Every mutant of a policy: of its parameters first, then of the rules that decide, file by file."""
    numbers = (
        Mutant(NUMBER, side.threshold, str(side.value), str(*side.change.parameters.values()), side.change)
        for side in sides(policy)
    )
    return [*numbers, *(mutant for source in policy.unchanged.program.sources for mutant in _of_file(source))]


def _of_file(source: Source) -> Iterator[Mutant]:
    nodes = statements(source)
    texts = [str(node) for node in nodes]
    for number, node in enumerate(nodes):
        if node.ast_type == ASTType.Rule:
            place = f"{source.name}:{node.location.begin.line}"
            for kind, body in _bodies(list(node.body)):
                after = str(node.update(body=body))
                mutated = (*texts[:number], after, *texts[number + 1 :])
                yield Mutant(kind, place, texts[number], after, None, source, mutated)


def _bodies(body: Sequence[AST]) -> Iterator[tuple[str, list[AST]]]:
    """A body with one literal left out, or one changed."""
    for number, literal in enumerate(body):
        before, after = body[:number], body[number + 1 :]
        yield LITERAL, [*before, *after]
        for kind, other in _literals(literal):
            yield kind, [*before, other, *after]


def _literals(literal: AST) -> Iterator[tuple[str, AST]]:
    """A literal of a body with one thing in it changed."""
    if literal.ast_type == ASTType.ConditionalLiteral:
        for condition in _shorter(literal.condition):
            yield LITERAL, literal.update(condition=condition)
        for kind, other in _literals(literal.literal):
            yield kind, literal.update(literal=other)
    elif literal.ast_type == ASTType.Literal:
        for kind, atom in _atoms(literal.atom):
            yield kind, literal.update(atom=atom)


def _atoms(atom: AST) -> Iterator[tuple[str, AST]]:
    if atom.ast_type == ASTType.Comparison:
        for number, guard in enumerate(atom.guards):
            for other in _swapped(guard):
                yield COMPARISON, atom.update(guards=[*atom.guards[:number], other, *atom.guards[number + 1 :]])
    elif atom.ast_type in (ASTType.BodyAggregate, ASTType.Aggregate):
        for name in ("left_guard", "right_guard"):
            guard = getattr(atom, name)
            for other in () if guard is None else _swapped(guard):
                yield COMPARISON, atom.update(**{name: other})
        for number, element in enumerate(atom.elements):
            for condition in _shorter(element.condition):
                other = element.update(condition=condition)
                yield LITERAL, atom.update(elements=[*atom.elements[:number], other, *atom.elements[number + 1 :]])


def _swapped(guard: AST) -> Iterator[AST]:
    for other in SWAPPED[ComparisonOperator(guard.comparison)]:
        yield guard.update(comparison=int(other))


def _shorter(condition: Sequence[AST]) -> Iterator[list[AST]]:
    for number in range(len(condition)):
        yield [*condition[:number], *condition[number + 1 :]]
