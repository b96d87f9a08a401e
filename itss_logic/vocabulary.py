"""The vocabulary of a category: which evidence predicates exist, and what may stand in them.

All of it is read from the knowledge base; see `kb/core/vocabulary.lp` for the words in which a category declares it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from itss_logic import limits
from itss_logic.errors import shorten
from itss_logic.terms import Constant, Fact, Term, write

if TYPE_CHECKING:
    from itss_logic.engine import Declarations

CANDIDATE = "candidate"
CLAIMED = "claimed"
SOURCE = "source"


class Argument(NamedTuple):
    """An argument after the candidate. `kind` is `field`, `id`, `of`, `value` or `number`; `domain` what it is of."""

    kind: str
    domain: str
    key: str


class Predicate:
    """An evidence predicate. `number` is `many`, `one` or `flag`; `fields` are those it may be used in."""

    def __init__(
        self,
        name: str,
        kind: str,
        number: str,
        key: str,
        arguments: tuple[Argument, ...],
        fields: tuple[str, ...],
        combinations: frozenset[tuple[Term, ...]],
    ) -> None:
        self.name, self.number, self.key = name, number, key
        self.is_item = kind == "item"
        self.arguments, self.fields, self.combinations = arguments, fields, combinations

    @cached_property
    def own(self) -> tuple[Argument, ...]:
        """The arguments that say something, rather than whom or what it is about."""
        return tuple(a for a in self.arguments if a.kind in ("id", "value", "number"))

    @cached_property
    def alone(self) -> Argument | None:
        """The argument whose value can stand for a statement: the only one, but for the id of an item."""
        own = self.own
        return own[0] if len(own) == 1 and not (self.is_item and own[0].kind == "id") else None

    @cached_property
    def owner(self) -> str | None:
        """The item that this is an attribute of."""
        return next((a.domain for a in self.arguments if a.kind == "of"), None)

    @cached_property
    def of_field(self) -> bool:
        """Whether it is about a field."""
        return any(a.kind == "field" for a in self.arguments)

    def place(self, kind: str) -> int:
        """The index of the first argument of a kind."""
        return [argument.kind for argument in self.arguments].index(kind)


class Problem(NamedTuple):
    """What is wrong with a fact, and with which of its arguments."""

    code: str
    message: str
    mend: str
    argument: Argument | None = None


class Vocabulary:
    """The evidence predicates of a category and the domains of their arguments, from the facts of a knowledge base.

    `domains` maps a domain and a field to its values, `ranges` a domain to its least and greatest number, `spelled`
    a domain to the values that JSON writes as `true` and `false`, `labels` a language to what its people call values.
    `derived` gives the predicates that the policy defines; it is asked only when a predicate is unknown.
    """

    def __init__(self, declared: Declarations, derived: Callable[[], frozenset[str]]) -> None:
        self.derived = derived
        self.category: str = declared("category", 1)[0][0]
        self.fields = tuple(Constant(f) for f, _ in sorted(declared("field", 2), key=lambda row: row[1]))
        self.predicates = dict(_predicates(declared, self.fields))
        self.ranges: dict[str, tuple[int, int]] = {name: (low, high) for name, low, high in declared("range", 3)}
        self.domains: dict[tuple[str, str], dict[str, Constant]] = {}
        for domain, value in declared("value", 2):
            for f in self.fields:
                self.domains.setdefault((domain, f), {})[value] = value
        for domain, f, value in declared("value", 3):
            self.domains.setdefault((domain, f), {})[value] = value
        self.spelled: dict[str, dict[bool, Constant]] = {}
        for domain, value, spelling in declared("json_value", 3):
            self.spelled.setdefault(domain, {})[spelling == "true"] = value
        self.labels: dict[str, dict[str, str]] = {}
        for language, value, label in declared("label", 3):
            self.labels.setdefault(language, {})[value] = label

    def keys(self, owner: str | None = None, *, of_field: bool = False) -> dict[str, Predicate]:
        """The predicates by their JSON keys: those at the top, in a field's object, or in their owner's object."""
        return self._keys.get((owner, of_field), {})

    def attributes(self, item: str, f: str | None) -> list[Predicate]:
        """The attributes that an item may have in a field; with None, in any."""
        return [p for p in self.predicates.values() if p.owner == item and (f is None or f in p.fields)]

    def cites_once(self, item: Predicate) -> bool:
        """Whether an item can be written out once only in JSON, with a single reference to a source."""
        return item.number != "many" or bool(self.attributes(item.name, None))

    @cached_property
    def _keys(self) -> dict[tuple[str | None, bool], dict[str, Predicate]]:
        keys: dict[tuple[str | None, bool], dict[str, Predicate]] = {}
        for predicate in self.predicates.values():
            keys.setdefault((predicate.owner, predicate.of_field), {})[predicate.key] = predicate
        return keys

    def values(self, domain: str, f: str | None) -> dict[str, Constant]:
        """The values of a domain in a field; of a domain that no field narrows, in any."""
        return self.domains.get((domain, f or self.fields[0]), {})

    def problem_with_name(self, fact: Fact) -> Problem | None:
        """Why a fact is none of the vocabulary, its arguments aside; `fact` has its candidate."""
        predicate = self.predicates.get(fact.name)
        if predicate is None:
            if fact.name in self.derived():
                return Problem(
                    "derived_predicate",
                    f"{shorten(fact.name)} is what the policy concludes",
                    "state the evidence for it instead",
                )
            known = ", ".join([CANDIDATE, *self.predicates, CLAIMED, SOURCE])
            return Problem("unknown_predicate", f"{shorten(fact.name)} is no evidence predicate", f"use one of {known}")
        arity = len(predicate.arguments) + 1
        if len(fact.arguments) != arity:
            form = f"{fact.name}({', '.join(['candidate', *(a.key for a in predicate.arguments)])})"
            return Problem(
                "wrong_arity", f"{fact.name} has {len(fact.arguments)} arguments, not {arity}", f"write it as {form}"
            )
        return None

    def check(self, predicate: Predicate, arguments: Sequence[Term], f: str | None) -> Iterator[Problem]:
        """Yield what is wrong with the arguments of a fact. `f` is the field of its owner, if it has one."""
        if predicate.of_field:
            at = predicate.place("field")
            if arguments[at] not in self.fields or not isinstance(arguments[at], Constant):
                yield self._unknown(arguments[at], predicate.arguments[at], self.fields)
                return
            f = str(arguments[at])
        if f is not None and f not in predicate.fields:
            yield self.not_used(predicate, f)
            return
        sound = True
        for argument, term in zip(predicate.arguments, arguments, strict=True):
            for problem in self.check_argument(argument, term, f):
                sound = False
                yield problem
        own = tuple(t for a, t in zip(predicate.arguments, arguments, strict=True) if a.kind == "value")
        if sound and predicate.combinations and own not in predicate.combinations:
            allowed = " or ".join(sorted(" with ".join(map(write, c)) for c in predicate.combinations))
            yield Problem("unknown_value", f"{' with '.join(map(write, own))} is no combination", f"write {allowed}")

    @staticmethod
    def not_used(predicate: Predicate, f: str) -> Problem:
        """The problem that a predicate is not for a field."""
        mend = f"leave it out; it is used in {', '.join(predicate.fields)}"
        return Problem("unknown_value", f"{predicate.name} is not used in {f}", mend)

    def check_argument(self, argument: Argument, term: Term, f: str | None) -> Iterator[Problem]:
        """Yield what is wrong with one argument, in a field."""
        if argument.kind == "id":
            yield from check_text(term, argument.key, argument)
        elif argument.kind == "value":
            values = self.values(argument.domain, f)
            if not isinstance(term, Constant) or term not in values:
                yield self._unknown(term, argument, values)
        elif argument.kind == "number":
            least, greatest = self.ranges[argument.domain]
            if not isinstance(term, int) or not least <= term <= greatest:
                yield Problem(
                    "bad_number",
                    f"{shorten(write(term))} is not a whole number from {least} to {greatest}",
                    "write the number in digits",
                    argument,
                )

    def _unknown(self, term: Term, argument: Argument, values: Iterable[str]) -> Problem:
        return Problem(
            "unknown_value",
            f"{shorten(write(term))} is not a known {argument.key}",
            f"write one of {', '.join(sorted(values))}",
            argument,
        )


def _predicates(declared: Declarations, fields: Sequence[str]) -> Iterator[tuple[str, Predicate]]:
    arguments: dict[str, dict[int, Argument]] = {}
    for name, position, kind, key in declared("argument", 4):
        domain = str(kind.arguments[0]) if isinstance(kind, Fact) else ""
        kind = kind.name if isinstance(kind, Fact) else kind
        arguments.setdefault(name, {})[position] = Argument(kind, domain, key)
    applies: dict[str, list[str]] = {}
    for name, f in declared("applies", 2):
        applies.setdefault(name, []).append(f)
    combinations: dict[str, set[tuple[Term, ...]]] = {}
    for name, values in declared("combination", 2):
        combinations.setdefault(name, set()).add(values.arguments)
    for name, kind, number, key in declared("evidence", 4):
        own = arguments.get(name, {})
        yield (
            name,
            Predicate(
                name,
                kind,
                number,
                key,
                tuple(own[position] for position in sorted(own)),
                tuple(f for f in fields if f in applies.get(name, fields)),
                frozenset(combinations.get(name, ())),
            ),
        )


def check_text(term: object, what: str, argument: Argument | None = None) -> Iterator[Problem]:
    """Yield what is wrong with an id or a reference."""
    if not isinstance(term, str):
        yield Problem("wrong_type", f"the {what} is not a string", "write it in double quotes", argument)
    elif not term and what != SOURCE:
        yield Problem("wrong_type", f"the {what} is empty", "name it", argument)
    elif len(term) > limits.TEXT_CHARACTERS:
        yield Problem(
            "too_large",
            f"the {what} has {len(term)} characters, more than {limits.TEXT_CHARACTERS}",
            "shorten it",
            argument,
        )
    elif "\0" in term:
        yield Problem("unknown_value", f"the {what} has a null character", "leave the null character out", argument)
    elif not term.isascii():
        try:
            term.encode()
        except UnicodeEncodeError:
            yield Problem("syntax", f"the {what} has half a surrogate pair", "write the whole character", argument)
