"""One candidate's evidence as questions that choose evidence see it, and what they choose as evidence again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from typing import TypeAlias

from itss_logic.errors import Place
from itss_logic.evidence import Dossier, Evidence, Stated
from itss_logic.terms import Fact, Term, write
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Argument, Vocabulary

Key: TypeAlias = "tuple[str, Term]"
"""The name and the id of an item that can have attributes."""

NEW = "new"
"""The id of an item that is not on file, until it has a name: `new(...)` in answers, `new-1` in facts."""


def inner(fact: Fact) -> Fact:
    """The item that a claim is about; any other fact itself."""
    item = fact.arguments[0] if fact.name == CLAIMED else fact
    assert isinstance(item, Fact)
    return item


class Case:
    """The facts on file of a candidate: all but its `candidate` fact and the references to sources.

    `sources` are these references, by the item that they are for; `items` are those that can have attributes.
    """

    def __init__(self, evidence: Evidence, vocabulary: Vocabulary) -> None:
        self.candidate, self.vocabulary = evidence.candidate, vocabulary
        self.owners = {predicate.owner for predicate in vocabulary.predicates.values()}
        self.facts = [fact for fact in evidence.facts if fact.name not in (SOURCE, CANDIDATE)]
        self.sources = {fact.arguments[0]: str(fact.arguments[1]) for fact in evidence.facts if fact.name == SOURCE}
        self.keys: dict[Fact, tuple[Key | None, bool]] = {}
        self.on_file = frozenset(self.facts)
        self.numbers: dict[str, int] = {}
        for fact in self.facts:
            for term, argument in self._arguments(fact):
                if argument.kind in ("id", "of"):
                    self.numbers.setdefault(str(term), len(self.numbers))
        self.ids = list(self.numbers)
        self.items = {key: fact for fact in self.facts if (key := self.key(fact, own=True))}
        self.fields = {key: self._stated_field(fact) for key, fact in self.items.items()}
        self._of_field: dict[str, list[Fact]] = {}
        claims = any(fact.name == CLAIMED for fact in self.facts)
        self.inputs = frozenset({("stated", 2), ("filed", 4), *([("asserted", 2)] if claims else [])})

    def program(self, field: str, *, in_parts: bool) -> str:
        """What is on file for a field and for none, as clingo reads it, of candidate 0, who is not named yet."""
        facts = self.of_field(field)
        lines = [f"{self.text(fact, 0)}." for fact in facts]
        if in_parts:
            parts = ((self.term(inner(fact)), *self.parts(inner(fact))) for fact in facts)
            lines += [f"filed({','.join(part)})." for part in parts]
        return "\n".join(lines)

    def of_field(self, field: str) -> list[Fact]:
        """The facts of a field, and those of none."""
        if field not in self._of_field:
            self._of_field[field] = [fact for fact in self.facts if self.field_of(fact) in (None, field)]
        return self._of_field[field]

    def text(self, fact: Fact, candidate: int) -> str:
        """A fact as clingo reads it, of the candidate of a number. Its ids may be new."""
        status = "asserted" if fact.name == CLAIMED else "stated"
        return f"{status}({candidate},{self.term(inner(fact))})"

    def term(self, fact: Fact) -> str:
        """The evidence term of a fact that is no claim, with its ids as numbers."""
        arguments = ",".join(self._terms(fact))
        return f"{fact.name}({arguments})" if arguments else fact.name

    def parts(self, fact: Fact) -> tuple[str, str, str]:
        """The predicate, the id and the other arguments of a fact: none, one, or pairs whose left part is a pair."""
        id, rest = "none", ""
        for text, (_, argument) in zip(self._terms(fact), self._arguments(fact), strict=True):
            if argument.kind in ("id", "of"):
                id = text
            else:
                rest = f"({rest},{text})" if rest else text
        return fact.name, id, rest or "none"

    def _terms(self, fact: Fact) -> Iterator[str]:
        for term, argument in self._arguments(fact):
            is_id = argument.kind in ("id", "of")
            yield str(self.numbers.setdefault(str(term), len(self.numbers)) if is_id else term)

    def _arguments(self, fact: Fact) -> Iterator[tuple[Term, Argument]]:
        fact = inner(fact)
        return zip(fact.arguments[1:], self.vocabulary.predicates[fact.name].arguments, strict=True)

    def fact(self, term: Term, filled: Mapping[Term, Term]) -> Fact:
        """The fact that an evidence term of an answer is about, with ids as on file; `filled` tells whose a slot is."""
        name, arguments = (term.name, term.arguments) if isinstance(term, Fact) else (str(term), ())

        def value(argument: Argument, given: Term) -> Term:
            if argument.kind not in ("id", "of"):
                return given
            given = filled.get(given, given)
            return self.ids[given] if isinstance(given, int) else given

        own = map(value, self.vocabulary.predicates[name].arguments, arguments)
        return Fact(name, (self.candidate, *own))

    def as_filed(self, fact: Fact) -> Fact:
        """A fact as it is on file: as a claim, where it is only claimed."""
        return fact if fact in self.on_file else Fact(CLAIMED, (fact,))

    def is_verified_item(self, fact: Fact) -> bool:
        """Whether a fact is an item that stands verified on file."""
        return fact in self.on_file and fact.name != CLAIMED and self.vocabulary.predicates[fact.name].is_item

    def is_claimed(self, fact: Fact) -> bool:
        """Whether an item is on file, and only as a claim."""
        return Fact(CLAIMED, (fact,)) in self.on_file

    def key(self, fact: Fact, *, own: bool = False) -> Key | None:
        """The item that an attribute belongs to, or that a fact is; with `own` the latter alone."""
        if fact not in self.keys:
            self.keys[fact] = self._key(inner(fact))
        key, is_item = self.keys[fact]
        return key if is_item or not own else None

    def _key(self, fact: Fact) -> tuple[Key | None, bool]:
        predicate = self.vocabulary.predicates[fact.name]
        if predicate.name in self.owners:
            return (predicate.name, fact.arguments[predicate.place("id") + 1]), True
        if predicate.owner is None:
            return None, False
        return (predicate.owner, fact.arguments[predicate.place("of") + 1]), False

    def field_of(self, fact: Fact) -> str | None:
        """The field of an item, or of the item that an attribute belongs to."""
        key = self.key(fact)
        return self.fields.get(key) if key else self._stated_field(fact)

    def _stated_field(self, fact: Fact) -> str | None:
        fact = inner(fact)
        predicate = self.vocabulary.predicates[fact.name]
        return str(fact.arguments[predicate.place("field") + 1]) if predicate.of_field else None

    def problems(self, added: Collection[Fact]) -> Iterator[str]:
        """What is wrong with facts as evidence, beside what is on file; claims that they confirm count as verified."""
        confirmed = [inner(fact) if inner(fact) in added else fact for fact in self.facts]
        dossier = Dossier(self.vocabulary, self.candidate, Place("added"))
        for fact in dict.fromkeys([*confirmed, *added]):
            status = CLAIMED if fact.name == CLAIMED else ""
            item = inner(fact)
            dossier.stated.append(Stated(Fact(item.name, item.arguments[1:]), dossier.place, status))
        entry = dossier.close()
        if not isinstance(entry, Evidence):
            yield from (refusal.message for refusal in entry.refusals)

    def without(self, facts: Iterable[Fact], left_out: Fact) -> list[Fact]:
        """Facts less one; less its attributes too, where it is an item that has some."""
        key = self.key(left_out, own=True)
        return [fact for fact in facts if fact != left_out and (key is None or self.key(fact) != key)]

    def name_new(self, facts: Collection[Fact], taken: set[str]) -> tuple[Fact, ...]:
        """Facts in order, with names for the ids of new items: none on file, and none `taken`, as they are then."""
        about: dict[Term, list[str]] = {}
        for fact in facts:
            for term in fact.arguments:
                if isinstance(term, Fact):
                    about.setdefault(term, []).append(str(_replaced(fact, {term: NEW})))
        names: dict[Term, str] = {}
        free = (name for number in count(1) if (name := f"{NEW}-{number}") not in self.ids and name not in taken)
        for term in sorted(about, key=lambda term: (sorted(about[term]), write(term))):
            names[term] = next(free)
            taken.add(names[term])
        return tuple(sorted((_replaced(fact, names) for fact in facts), key=str))


def _replaced(fact: Fact, names: dict[Term, str]) -> Fact:
    return Fact(fact.name, tuple(names.get(term, term) if isinstance(term, Fact) else term for term in fact.arguments))
