"""clingo. This module alone makes a `Control`, and nothing from evidence reaches it but constants and numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from clingo import Control, Model, Symbol, parse_term

from itss_logic.errors import PolicyError, SelfCheckError
from itss_logic.evidence import Evidence
from itss_logic.search import Shown, term_of
from itss_logic.terms import Constant, Fact
from itss_logic.vocabulary import CLAIMED, SOURCE

if TYPE_CHECKING:
    from clingo.ast import AST
    from clingo.backend import Observer

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


def statements(source: Source) -> list[AST]:
    """The statements of a rule file, as clingo has them.

    Raises:
        PolicyError: where it is no program.
    """
    from clingo.ast import parse_string

    found: list[AST] = []
    messages: list[str] = []
    try:
        parse_string(source.text, found.append, logger=lambda code, message: messages.append(message))
    except RuntimeError as error:
        told = "\n".join(message.strip() for message in messages) or str(error)
        raise PolicyError(told.replace("<string>", source.path)) from None
    return found


class Program:
    """Rule files, to be solved together with evidence."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.sources = tuple(sources)
        self.text = "\n".join(source.text for source in self.sources)

    def ground(self, facts: str = "", options: Sequence[str] = (), observer: Observer | None = None) -> Control:
        """Ground the program with facts; an observer is told of every ground rule.

        Raises:
            PolicyError: where clingo reports anything, an undefined atom included.
        """
        messages: list[str] = []
        control = Control(list(options), logger=lambda code, message: messages.append(message), message_limit=20)
        if observer is not None:
            control.register_observer(observer)
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

    def derive(self, facts: str) -> list[Fact]:
        """The shown atoms of the one answer set, with facts that are no evidence."""
        control = self.ground(facts, ["--models=1"])
        with control.solve(yield_=True) as handle:
            model = handle.model()
            found = [] if model is None else model.symbols(shown=True)
            return [Fact(symbol.name, tuple(map(term_of, symbol.arguments))) for symbol in found]

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
        from clingo.ast import ASTType, parse_string

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


class GroundRule(NamedTuple):
    """A ground rule: whether it chooses, its head, and its body, each literal an atom, its sign and its weight; all of
    it has to hold, unless there is a bound that the weights have to reach."""

    chooses: bool
    heads: tuple[int, ...]
    body: tuple[tuple[int, bool, int], ...]
    bound: int


def assembled(
    rules: Iterable[GroundRule],
    minimised: Iterable[tuple[int, Sequence[tuple[int, int]]]],
    names: Mapping[int, Symbol],
) -> Control:
    """A program of ground rules as clingo solves it.

    Args:
        rules: ground rules over atoms that are numbers.
        minimised: by priority the atoms, with their weights, that are to be as few as can be.
        names: the symbols of some atoms.
    """
    control = Control()
    with control.backend() as backend:
        atoms: dict[int, int] = {number: backend.add_atom(symbol) for number, symbol in names.items()}

        def atom(number: int) -> int:
            if number not in atoms:
                atoms[number] = backend.add_atom()
            return atoms[number]

        for chooses, heads, body, bound in rules:
            literals = [(atom(number) if sign else -atom(number), weight) for number, sign, weight in body]
            head = [atom(number) for number in heads]
            if bound:
                backend.add_weight_rule(head, bound, literals, choice=chooses)
            else:
                backend.add_rule(head, [literal for literal, _ in literals], choice=chooses)
        for priority, weighed in minimised:
            backend.add_minimize(priority, [(atom(number), weight) for number, weight in weighed])
    return control


INPUTS = frozenset(
    {("candidate", 1), ("stated", 2), ("asserted", 2), ("filed", 4), ("lacking", 3), ("brief", 0), ("price", 2)}
    | {("price", 3), ("of_kind", 3), ("forbidden", 1), ("capped", 2), ("subsumed", 2)}
)
"""The predicates that come with each question."""


class Question:
    """A program that is asked about one candidate after another, with what they share given beforehand.

    It is grounded once as it stands, which reports whatever is wrong with it; what is asked is grounded with that part
    solved ahead that no evidence can change. Facts with `foreign` constants are left out. `inputs` are all predicates
    that may come with what is asked.
    """

    def __init__(
        self, program: Program, given: str, foreign: frozenset[str] = frozenset(), inputs: Signatures = INPUTS
    ) -> None:
        self.program, self.given, self.foreign, self.inputs = program, given, foreign, inputs

    def ground(self, facts: str, inputs: Signatures) -> Control:
        """Ground the program with what was given beforehand and with facts, which are of these predicates."""
        control = Control(logger=lambda code, message: None)
        control.add("base", [], f"{self._specialised.text(inputs)}\n{facts}")
        control.ground([("base", [])])
        return control

    def shown(self, facts: str) -> list[Symbol]:
        """What is shown with facts of all inputs, in the one answer set of rules that choose nothing."""
        control = self.ground(facts, self.inputs)
        with control.solve(yield_=True) as handle:
            model = handle.model()
            if model is None:
                raise PolicyError("the policy has no answer set on this evidence")
            return list(model.symbols(shown=True))

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
        return Specialised(texts, self.program.ground(self.given), self.inputs, self.foreign)


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


def selected(readings: Mapping[str, str]) -> list[str]:
    """The readings in force, a fact each."""
    return [f"selected({reading},{option})." for reading, option in readings.items()]


class Facts:
    """Evidence and readings as clingo gets them: candidates and ids are numbers, so that no text comes along.

    Candidates are numbered as they come, and the ids of each as they come in its facts. References to sources are
    left out: they affect nothing.
    """

    def __init__(self, chunk: Sequence[Evidence], readings: Mapping[str, str]) -> None:
        self.size = len(chunk)
        lines = selected(readings)
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
