"""clingo. This module alone makes a `Control`, and nothing from evidence reaches it but constants and numbers."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from clingo import Configuration, Control, Model, Symbol, SymbolType, parse_term

from itss_logic.errors import PolicyError, SelfCheckError
from itss_logic.evidence import Evidence
from itss_logic.terms import Constant, Fact, Term
from itss_logic.vocabulary import CLAIMED, SOURCE

if TYPE_CHECKING:
    from itss_logic.specialise import Signatures, Specialised

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


INPUTS = frozenset(
    {("candidate", 1), ("stated", 2), ("asserted", 2), ("filed", 4), ("lacking", 3), ("brief", 0), ("price", 2)}
    | {("price", 3), ("of_kind", 3), ("forbidden", 1), ("capped", 2)}
)
"""The predicates that come with each question."""


class Question:
    """A program that is asked about one candidate after another, with what they share given beforehand.

    It is grounded once as it stands, which reports whatever is wrong with it; what is asked is grounded with that part
    solved ahead that no evidence can change. Facts with `foreign` constants are left out.
    """

    def __init__(self, program: Program, given: str, foreign: frozenset[str]) -> None:
        self.program, self.given, self.foreign = program, given, foreign

    def ground(self, facts: str, inputs: Signatures) -> Control:
        """Ground the program with what was given beforehand and with facts, which are of these predicates."""
        control = Control(logger=lambda code, message: None)
        control.add("base", [], f"{self._specialised.text(inputs)}\n{facts}")
        control.ground([("base", [])])
        return control

    def known(self, name: str, arity: int) -> list[tuple[Any, ...]]:
        """What holds of a predicate whatever the evidence, as far as the question needs it."""
        return [tuple(map(term_of, symbol.arguments)) for symbol in self._specialised.facts.get((name, arity), ())]

    def bravely(self, fact: str) -> Shown:
        """What is shown in any answer to the question, with one fact."""
        control = self.program.ground(f"{self.given}{fact}.", ["--enum-mode=brave", "--models=0"])
        shown: list[Symbol] = []
        with control.solve(yield_=True) as handle:
            for model in handle:
                shown = list(model.symbols(shown=True))
        return Shown(shown)

    @cached_property
    def _specialised(self) -> Specialised:
        from itss_logic.specialise import Specialised

        texts = [*(source.text for source in self.program.sources), self.given]
        return Specialised(texts, self.program.ground(self.given), INPUTS, self.foreign)


class Switches:
    """A ground question with facts that are there only if they are switched on; each time it has one answer set."""

    def __init__(self, question: Question, facts: str, switches: Iterable[str], inputs: Signatures) -> None:
        chosen = list(dict.fromkeys(switches))
        self.control = question.ground("\n".join([facts, *(f"{{{switch}}}." for switch in chosen)]), inputs)
        self.literals = {switch: self._literal(switch) or 0 for switch in chosen}

    def holds(self, atom: str, on: Collection[str], *, likely: bool = True) -> bool:
        """Whether an atom holds with these switches on, and all others off; the answer that is likely costs less.

        Raises:
            SelfCheckError: where the policy has no answer set then.
        """
        literal = self._literal(atom)
        if literal is None:
            return False
        literals = [number if switch in on else -number for switch, number in self.literals.items()]
        for answer in (likely, not likely):
            if self.control.solve(assumptions=[*literals, literal if answer else -literal]).satisfiable:
                return answer
        raise SelfCheckError("the policy has no answer set on this evidence")

    def _literal(self, atom: str) -> int | None:
        found = self.control.symbolic_atoms[parse_term(atom)]
        return None if found is None else found.literal


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
        while handle.wait(max(deadline - time.monotonic(), 0)):
            model = handle.model()
            if model is None:
                return answers, best, True
            best = Shown(model.symbols(shown=True))
            if model.optimality_proven:
                answers.append(best)
            handle.resume()
        handle.cancel()
    return answers, best, False


def successive(control: Control, limit: int, left: Callable[[], float], exclude: Callable[[Shown, int], str]) -> Optima:
    """Up to `limit` optimal answers to a ground question, best first; `proven` unless the time ran out before that.

    Args:
        control: the question.
        limit: how many answers to give at most.
        left: gives the seconds that are left.
        exclude: makes the rules of an answer and its number that exclude it, and others that are no more wanted.
    """
    answers: list[Shown] = []
    while len(answers) < limit:
        found = optima(control, 1, left())
        if not found.proven:
            return Optima(answers or found.answers, False, control)
        if not found.answers:
            break
        answers += found.answers
        part = f"after_{len(answers)}"
        control.add(part, [], exclude(answers[-1], len(answers)))
        control.ground([(part, [])])
    return Optima(answers, True, control)


def domain(control: Control, name: str, arity: int) -> list[str]:
    """The atoms of a predicate that may hold in some answer, as text."""
    return [str(atom.symbol) for atom in control.symbolic_atoms.by_signature(name, arity)]


def smallest_conflict(control: Control, chosen: Sequence[str], others: Mapping[str, bool]) -> list[str]:
    """A smallest part of `chosen` that leaves a ground question without answer if none of it holds, by hitting sets.

    Args:
        control: the question; it has no answer if none of `chosen` holds.
        chosen: atoms that the question chooses freely.
        others: further such atoms, and whether each holds.
    """
    solve = _section(control.configuration.solve)
    solve.opt_mode, solve.models = "ignore", 1
    fixed = [(parse_term(atom), value) for atom, value in others.items()]
    atoms = {atom: parse_term(atom) for atom in chosen}

    def given_up(kept: Collection[str]) -> set[str] | None:
        """Which of `chosen` an answer gives up that keeps some; None where there is no such answer."""
        with control.solve(yield_=True, assumptions=[*fixed, *((atoms[atom], False) for atom in kept)]) as handle:
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
    """A fact as clingo gets it, with numbers for its candidate and its ids; a new id gets the next number."""
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
