"""What is sought in a ground question: the best answers, one after the other, or the least that stands in the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

from clingo import Configuration, Control, Model, SolveHandle, Symbol, SymbolType, parse_term

from itss_logic.errors import SelfCheckError
from itss_logic.terms import Constant, Fact, Term


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


class Shown:
    """The shown symbols of an answer set, as Python values."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self.all: dict[str, list[Symbol]] = {}
        for symbol in symbols:
            self.all.setdefault(symbol.name, []).append(symbol)

    def symbols(self, name: str) -> list[Symbol]:
        """The symbols of a name."""
        return self.all.get(name, [])

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of the symbols of a name."""
        return [tuple(map(term_of, symbol.arguments)) for symbol in self.symbols(name)]

    def terms(self, name: str) -> list[Term]:
        """The only argument of each symbol of a name."""
        return [term for (term,) in self.rows(name)]

    def value(self, name: str) -> Term:
        """The only argument of the only symbol of a name."""
        [term] = self.terms(name)
        return term


class Optima(NamedTuple):
    """The optimal answers found; `proven` unless the time ran out before that."""

    answers: list[Shown]
    proven: bool
    control: Control


def optimise(control: Control, limit: int, seconds: float) -> Optima:
    """Up to `limit` optimal answers to a ground question, in an order that is the same each time.

    When the time is up, those proven by then; if there are none, the best answer so far.

    Raises:
        SelfCheckError: where there is no answer at all.
    """
    found = optima(control, limit, seconds)
    return found if found.answers else found._replace(answers=[_any(control)])


def optima(control: Control, limit: int, seconds: float) -> Optima:
    """What `optimise` finds; no answers where there are none, or none is found in time."""
    answers, best, proven = _optimise(control, limit, seconds, "usc")
    if not answers and best is None and not proven:
        # That strategy comes by no answer before it has the best; this one betters the first that it finds.
        _, best, _ = _optimise(control, 1, seconds / 10, "bb")
    return Optima(answers or ([best] if best else []), proven, control)


def _any(control: Control) -> Shown:
    solve = _section(control.configuration.solve)
    solve.opt_mode, solve.models = "ignore", 1
    with control.solve(yield_=True) as handle:
        model = handle.model()
        if model is None:
            raise SelfCheckError("the question has no answer on this evidence")
        return Shown(model.symbols(shown=True))


def _section(part: object) -> Configuration:
    assert isinstance(part, Configuration)
    return part


Assumptions: TypeAlias = "Mapping[Any, bool]"
"""Atoms, as symbols or as text, and whether each holds."""


def example(
    control: Control, assumptions: Assumptions, seconds: float, *, optimal: bool = True
) -> frozenset[Symbol] | None:
    """The atoms of an answer to a ground question with atoms that hold or do not; None where there is no answer.

    Args:
        control: the question.
        assumptions: what is to hold, and what not.
        seconds: how long the search may take.
        optimal: whether the answer is to be one of the best.

    Raises:
        TimeoutError: where the time ran out.
    """
    solve, solver = _section(control.configuration.solve), _section(control.configuration.solver)
    # Of the strategies that go by cores, this one takes some tenths of a second where others take up to minutes.
    solve.opt_mode, solve.models, solver.opt_strategy = "optN" if optimal else "ignore", 1, "usc,pmres"
    with closing(_models(control, assumptions, seconds)) as models:
        for model in models:
            if model.optimality_proven or not optimal:
                return frozenset(model.symbols(atoms=True))
    return None


def shown_variants(control: Control, assumptions: Assumptions, seconds: float) -> list[frozenset[Symbol]]:
    """All that answers to a ground question show, each once; see `example`."""
    solve = _section(control.configuration.solve)
    solve.opt_mode, solve.models, solve.project = "ignore", 0, "show"
    try:
        return [frozenset(model.symbols(shown=True)) for model in _models(control, assumptions, seconds)]
    finally:
        solve.project = "no"


def _models(control: Control, assumptions: Assumptions, seconds: float) -> Generator[Model, None, None]:
    """The answers to a ground question, as they are found."""
    assumed = [(parse_term(atom) if isinstance(atom, str) else atom, value) for atom, value in assumptions.items()]
    deadline = time.monotonic() + seconds
    with control.solve(yield_=True, async_=True, assumptions=assumed) as handle:
        while _is_ready(handle, deadline):
            model = handle.model()
            if model is None:
                return
            yield model
            handle.resume()
        handle.cancel()
    raise TimeoutError


def least(control: Control, atom: str) -> Shown:
    """The optimal answer to a ground question among those that have an atom.

    Raises:
        SelfCheckError: where none has.
    """
    solve, solver = _section(control.configuration.solve), _section(control.configuration.solver)
    solve.opt_mode, solve.models, solver.opt_strategy = "optN", 1, "usc"
    with control.solve(yield_=True, assumptions=[(parse_term(atom), True)]) as handle:
        for model in handle:
            if model.optimality_proven:
                return Shown(model.symbols(shown=True))
    raise SelfCheckError(f"no answer has {atom}")


def _optimise(control: Control, limit: int, seconds: float, strategy: str) -> tuple[list[Shown], Shown | None, bool]:
    solve, solver = _section(control.configuration.solve), _section(control.configuration.solver)
    solve.opt_mode, solve.models, solve.project, solver.opt_strategy = "optN", limit, "show", strategy
    answers: list[Shown] = []
    best: Shown | None = None
    deadline = time.monotonic() + seconds
    with control.solve(yield_=True, async_=True) as handle:
        while _is_ready(handle, deadline):
            model = handle.model()
            if model is None:
                return answers, best, True
            best = Shown(model.symbols(shown=True))
            if model.optimality_proven:
                answers.append(best)
            handle.resume()
        handle.cancel()
    return answers, best, False


def _is_ready(handle: SolveHandle, deadline: float) -> bool:
    """Wait for the next answer, or the end, up to a time; whether it came."""
    while (left := deadline - time.monotonic()) > 0:
        # It may wake before either, and does not wait for ever at once.
        if handle.wait(min(left, 3600.0)):
            return True
    return False


def successive(
    control: Control, limit: int, left: Callable[[], float], exclude: Callable[[Shown, int], str | None]
) -> Optima:
    """Up to `limit` optimal answers to a ground question, best first; `proven` unless the time ran out before that.

    Args:
        control: the question.
        limit: how many answers to give at most.
        left: gives the seconds that are left.
        exclude: makes the rules of an answer and its number that exclude it, and others that are no more wanted; None,
            where they would be too many, and no other answer is sought.
    """
    answers: list[Shown] = []
    while len(answers) < limit:
        found = optima(control, 1, left())
        if not found.proven:
            return Optima(answers or found.answers, False, control)
        if not found.answers:
            break
        answers += found.answers
        rules = exclude(answers[-1], len(answers)) if len(answers) < limit else None
        if rules is None:
            break
        part = f"after_{len(answers)}"
        control.add(part, [], rules)
        control.ground([(part, [])])
    return Optima(answers, True, control)


def domain(control: Control, name: str, arity: int) -> list[str]:
    """The atoms of a predicate that may hold in some answer, as text."""
    return [str(atom.symbol) for atom in control.symbolic_atoms.by_signature(name, arity)]


def smallest_conflict(
    control: Control, chosen: Sequence[str], others: Mapping[str, bool], left: Callable[[], float]
) -> list[str]:
    """A smallest part of `chosen` that leaves a ground question without answer if none of it holds, by hitting sets.

    Args:
        control: the question; it has no answer if none of `chosen` holds.
        chosen: atoms that the question chooses freely.
        others: further such atoms, and whether each holds.
        left: gives the seconds that are left.

    Raises:
        TimeoutError: where the time ran out.
    """
    solve = _section(control.configuration.solve)
    solve.opt_mode, solve.models = "ignore", 1
    fixed = [(parse_term(atom), value) for atom, value in others.items()]
    atoms = {atom: parse_term(atom) for atom in chosen}

    def given_up(kept: Collection[str]) -> set[str] | None:
        """Which of `chosen` an answer gives up that keeps some; None where there is no such answer."""
        assumptions = [*fixed, *((atoms[atom], False) for atom in kept)]
        with control.solve(yield_=True, async_=True, assumptions=assumptions) as handle:
            if not _is_ready(handle, time.monotonic() + left()):
                handle.cancel()
                raise TimeoutError
            model = handle.model()
            return None if model is None else {atom for atom in chosen if model.contains(atoms[atom])}

    corrections: list[set[str]] = []
    for size in range(len(chosen) + 1):
        for kept in combinations(chosen, size):
            if all(correction.intersection(kept) for correction in corrections):
                found = given_up(kept)
                if found is None:
                    return list(kept)
                for atom in sorted(found):
                    smaller = given_up([other for other in chosen if other not in found - {atom}])
                    found = found if smaller is None else smaller
                corrections.append(found)
    return list(chosen)


def holds_somewhere(control: Control, atom: str, value: bool) -> bool:
    """Whether some answer to a ground question, optimal or not, has an atom, or has it not."""
    solve = _section(control.configuration.solve)
    solve.opt_mode, solve.models = "ignore", 1
    return bool(control.solve(assumptions=[(parse_term(atom), value)]).satisfiable)
