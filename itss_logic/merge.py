"""Several sources for one person: one body of evidence, or what they contradict each other in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from itss_logic.case import inner
from itss_logic.errors import Place, Refusal
from itss_logic.evidence import Dossier, Entry, Evidence, Refused, Stated
from itss_logic.reading import is_elsewhere, repeated
from itss_logic.terms import Fact, Term, write
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Predicate, Vocabulary, check_text

JOINT = "; "
"""Between references to sources, where an item has room for one."""


class Found(NamedTuple):
    """What a source has on a candidate, and where."""

    source: str
    entry: Entry
    place: Place


class Statement(NamedTuple):
    """A fact as a source has it: as a claim, where it is only claimed there."""

    fact: Fact
    source: str

    def as_json(self) -> dict[str, str]:
        """The statement for programs."""
        return {"fact": write(self.fact), "source": self.source}


class Contradiction(NamedTuple):
    """Statements of several sources that cannot all hold, and what is wrong between them."""

    candidate: str
    message: str
    statements: tuple[Statement, ...]

    def as_json(self) -> dict[str, Any]:
        """The contradiction for programs."""
        stated = [statement.as_json() for statement in self.statements]
        return {"candidate": self.candidate, "message": self.message, "statements": stated}

    def refusal(self, places: Mapping[str, Place]) -> Refusal:
        """The refusal that it is, at the place of the last of its sources."""
        told = ", ".join(f"{write(fact)} in {source}" for fact, source in self.statements)
        mend = "find out which is right, and correct or take back the other"
        return Refusal("conflict", self.candidate, places[self.statements[-1].source], f"{self.message}: {told}", mend)


class Merged(NamedTuple):
    """What came of a candidate: evidence or its refusal, with the contradictions that it is refused for."""

    entry: Entry
    contradictions: tuple[Contradiction, ...] = ()


def gathered(sources: Mapping[str, Iterable[tuple[Entry, Place]]]) -> Iterator[list[Found]]:
    """Yield what all sources have on each candidate, in the order in which candidates come first.

    What names no candidate comes alone. A second body of evidence on one candidate in a single source is refused.
    """
    people: dict[str, list[Found]] = {}
    for source, entries in sources.items():
        named: set[str] = set()
        for entry, place in entries:
            if entry.candidate is None:
                yield [Found(source, entry, place)]
                continue
            elsewhere = isinstance(entry, Refused) and is_elsewhere(entry)
            if entry.candidate in named and not elsewhere:
                entry = repeated(entry, place)
            named.add(entry.candidate or "")
            people.setdefault(entry.candidate or "", []).append(Found(source, entry, place))
    yield from people.values()


def merge(found: Sequence[Found], vocabulary: Vocabulary) -> Merged:
    """One body of evidence of what several sources have on one candidate.

    A fact that several state is there once; what one has verified is verified. The person is refused where sources
    contradict each other, and where what one of them has is refused: evidence is never taken in part.
    """
    refusals = [refusal for one in found if isinstance(one.entry, Refused) for refusal in one.entry.refusals]
    candidate = found[0].entry.candidate
    if refusals or candidate is None:
        return Merged(Refused(candidate, tuple(dict.fromkeys(refusals))))
    bodies = {one.source: one.entry for one in found if isinstance(one.entry, Evidence)}
    union = Union(candidate, bodies, vocabulary)
    contradictions = tuple(union.contradictions())
    if contradictions:
        places = {one.source: one.place for one in found}
        told = tuple(contradiction.refusal(places) for contradiction in contradictions)
        return Merged(Refused(candidate, told), contradictions)
    return Merged(union.entry(found[0].place))


class Union:
    """The facts of all sources on a candidate.

    `items` are items with the sources that have each verified, and those that have it claimed; `attributes` are
    attributes with their sources; `references` are items with the references to where their evidence is filed.
    """

    def __init__(self, candidate: str, bodies: Mapping[str, Evidence], vocabulary: Vocabulary) -> None:
        self.candidate, self.vocabulary = candidate, vocabulary
        self.items: dict[Fact, tuple[list[str], list[str]]] = {}
        self.attributes: dict[Fact, list[str]] = {}
        self.references: dict[Fact, list[str]] = {}
        for source, body in bodies.items():
            for fact in body.facts:
                if fact.name == SOURCE:
                    item, reference = fact.arguments
                    assert isinstance(item, Fact)
                    self.references.setdefault(item, []).append(str(reference))
                elif fact.name == CLAIMED or (fact.name != CANDIDATE and self._predicate(fact).is_item):
                    self.items.setdefault(inner(fact), ([], []))[fact.name == CLAIMED].append(source)
                elif fact.name != CANDIDATE:
                    self.attributes.setdefault(fact, []).append(source)

    def _predicate(self, fact: Fact) -> Predicate:
        return self.vocabulary.predicates[fact.name]

    def _subject(self, fact: Fact) -> tuple[str, Term] | None:
        """The item with attributes that a fact is, or is an attribute of."""
        predicate = self._predicate(fact)
        kind = "of" if predicate.owner else "id"
        name = predicate.owner or predicate.name
        if predicate.owner or self.vocabulary.attributes(name, None):
            return name, fact.arguments[predicate.place(kind) + 1]
        return None

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield what sources contradict each other in."""
        owners: dict[tuple[str, Term], Fact] = {}
        for item in self.items:
            subject = self._subject(item)
            if subject and owners.setdefault(subject, item) != item:
                yield self._contradiction("one item is stated in two ways", owners[subject], item)
        single: dict[tuple[str, tuple[Term, ...]], Fact] = {}
        told: set[Fact] = set()
        for fact in (*self.items, *self.attributes):
            predicate = self._predicate(fact)
            if predicate.number == "one":
                about = zip(fact.arguments[1:], predicate.arguments, strict=True)
                key = (fact.name, tuple(term for term, argument in about if argument not in predicate.own))
                if single.setdefault(key, fact) != fact:
                    told |= {single[key], fact}
                    yield self._contradiction("two values where one is allowed", single[key], fact)
        for owner in owners.values():
            yield from self._unverified(owner, told)

    def _unverified(self, owner: Fact, told: set[Fact]) -> Iterator[Contradiction]:
        """Yield what belongs to an item that one source has verified, and only those state that have it claimed; less
        what is told already.

        Taken in, it would count as verified; left out, it would be lost.
        """
        verified, claimed = self.items[owner]
        if verified and claimed:
            about = [fact for fact in self.attributes if self._subject(fact) == self._subject(owner)]
            beside = [fact for fact in about if fact not in told and not set(self.attributes[fact]) & set(verified)]
            if beside:
                message = "an item is verified in one source, and another that claims it says more of it"
                statements = [Statement(owner, verified[0]), *map(self._statement, beside)]
                yield Contradiction(self.candidate, message, tuple(statements))

    def _contradiction(self, message: str, *facts: Fact) -> Contradiction:
        return Contradiction(self.candidate, message, tuple(map(self._statement, facts)))

    def _statement(self, fact: Fact) -> Statement:
        """A fact with a source that states it."""
        if fact in self.attributes:
            return Statement(fact, self.attributes[fact][0])
        verified, claimed = self.items[fact]
        return Statement(fact, verified[0]) if verified else Statement(Fact(CLAIMED, (fact,)), claimed[0])

    def entry(self, place: Place) -> Entry:
        """All of it as one body, looked at like any evidence: it may be too much."""
        dossier = Dossier(self.vocabulary, self.candidate, place)

        def state(fact: Fact, status: str = "", reference: str = "") -> None:
            dossier.stated.append(Stated(Fact(fact.name, fact.arguments[1:]), place, status, reference))

        for fact in self.attributes:
            state(fact)
        for item, (verified, _) in self.items.items():
            state(item, "" if verified else CLAIMED)
        for item, references in self.references.items():
            different = list(dict.fromkeys(references))
            if self.vocabulary.cites_once(self._predicate(item)):
                # What was joined before is not joined again.
                parts = [part for reference in different for part in reference.split(JOINT)]
                different = [JOINT.join(dict.fromkeys(parts))] if len(different) > 1 else different
            for reference in different:
                for problem in check_text(reference, SOURCE):
                    dossier.refuse(problem, place)
                state(item, SOURCE, reference)
        return dossier.close()
