"""One candidate's evidence: whole and sound, or refused with all that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from itss_logic import limits
from itss_logic.errors import Place, Refusal
from itss_logic.terms import Constant, Fact, Term, write
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Predicate, Problem, Vocabulary, check_text


class Evidence(NamedTuple):
    """All that is on file for one candidate. `facts` are in canonical order: sorted by their text."""

    candidate: str
    facts: tuple[Fact, ...]

    def as_lp(self) -> str:
        """The evidence as ground facts, one a line, in canonical order."""
        return "".join(f"{fact}.\n" for fact in self.facts)

    @property
    def size(self) -> int:
        """How many facts there are to check: all but `candidate` and the references to sources."""
        return sum(fact.name not in (CANDIDATE, SOURCE) for fact in self.facts)

    @property
    def digest(self) -> str:
        """The digest of the canonical facts: that of the file which `itss export` writes."""
        return f"sha256:{hashlib.sha256(self.as_lp().encode()).hexdigest()}"


class Refused(NamedTuple):
    """A candidate, or a file that cannot be split into candidates, that is not evaluated."""

    candidate: str | None
    refusals: tuple[Refusal, ...]


Entry: TypeAlias = "Evidence | Refused"


class Stated(NamedTuple):
    """A fact that somebody states, without its candidate.

    `status` is empty for a verified item or an attribute, `claimed`, or `source` where the fact is only cited, with
    its `reference`. `path` is the JSON path that its arguments stand under by key, where they do.
    """

    fact: Fact
    place: Place
    status: str = ""
    reference: str = ""
    path: str | None = None


class Dossier:
    """What was read about one candidate, until `close` makes evidence or a refusal of it.

    `candidate` is None for what names no candidate, which is refused in any case.
    """

    def __init__(self, vocabulary: Vocabulary, candidate: str | None, place: Place) -> None:
        self.vocabulary, self.candidate, self.place = vocabulary, candidate, place
        self.stated: list[Stated] = []
        self.refusals: dict[Refusal, None] = {}
        self.omitted = 0

    def refuse(self, problem: Problem, place: Place) -> None:
        """Refuse the candidate for a problem at a place."""
        if len(self.refusals) < limits.REFUSALS:
            self.refusals[Refusal(problem.code, self.candidate, place, problem.message, problem.mend)] = None
        else:
            self.omitted += 1

    def close(self) -> Entry:
        """Check all that was stated: the evidence if nothing is wrong with it."""
        if len(self.stated) > limits.FACTS:
            message = f"the candidate has more than {limits.FACTS} facts"
            self.refuse(Problem("too_large", message, "state less for one candidate"), self.place)
        else:
            facts = Check(self).run()
            if self.candidate is not None and not self.refusals:
                about = [Fact(CANDIDATE, (self.candidate,)), *facts]
                return Evidence(self.candidate, tuple(fact for _, fact in sorted({str(f): f for f in about}.items())))
        if self.omitted:
            problem = Problem("too_large", f"{self.omitted} more errors are not listed", "mend these and look again")
            self.refusals[Refusal(problem.code, self.candidate, self.place, problem.message, problem.mend)] = None
        in_order = sorted(self.refusals, key=lambda r: (r.place.line or 0, r.place.column or 0))
        return Refused(self.candidate, tuple(in_order))


class Check:
    """Checks the facts of a dossier against the vocabulary and against each other."""

    def __init__(self, dossier: Dossier) -> None:
        self.dossier = dossier
        self.vocabulary = dossier.vocabulary
        self.candidate = dossier.candidate or ""
        self.owners: dict[tuple[str, str], tuple[bool, str | None]] = {}
        """Of each item that can have attributes, by predicate and id: whether it is sound, and its field, if any."""
        self.status: dict[Fact, str] = {}
        self.single: dict[tuple[str, tuple[Term, ...]], Fact] = {}

    def run(self) -> list[Fact]:
        """The facts, with their candidate; what is wrong is refused on the way."""
        owners = {p.owner for p in self.vocabulary.predicates.values()}
        items: list[tuple[Stated, Predicate]] = []
        attributes: list[tuple[Stated, Predicate]] = []
        cited: list[tuple[Stated, Predicate]] = []
        for stated in self.dossier.stated:
            predicate = self.vocabulary.predicates[stated.fact.name]
            kind = cited if stated.status == SOURCE else items if predicate.is_item else attributes
            kind.append((stated, predicate))
        facts = []
        for stated, predicate in items:
            facts.append(self._item(stated, predicate, can_own=predicate.name in owners))
        for stated, predicate in attributes:
            facts.append(self._attribute(stated, predicate))
        for stated, predicate in cited:
            facts.append(self._citation(stated, predicate, can_own=predicate.name in owners))
        return facts

    def _item(self, stated: Stated, predicate: Predicate, *, can_own: bool) -> Fact:
        sound = self._arguments(stated, predicate, None)
        fact = self._normal(stated.fact, predicate)
        if self.status.setdefault(fact, stated.status) != stated.status:
            self._conflict(stated, f"{self._text(fact)} is both verified and claimed")
        elif can_own:
            key = (predicate.name, str(fact.arguments[predicate.place("id")]))
            if key in self.owners:
                self._conflict(stated, f"{predicate.name} {write(key[1])} is stated twice")
            f = str(fact.arguments[predicate.place("field")]) if sound and predicate.of_field else None
            self.owners.setdefault(key, (sound, f))
        self._single(stated, predicate, fact)
        whole = self._whole(fact)
        return Fact(CLAIMED, (whole,)) if stated.status else whole

    def _attribute(self, stated: Stated, predicate: Predicate) -> Fact:
        at = predicate.place("of")
        owner = stated.fact.arguments[at]
        fact = self._normal(stated.fact, predicate)
        key = (str(predicate.owner), str(owner))
        if not isinstance(owner, str) or key not in self.owners:
            problems = list(check_text(owner, predicate.arguments[at].key))
            for problem in problems:
                self.dossier.refuse(problem, stated.place)
            if not problems:
                self._unknown_owner(stated, key)
        elif self.owners[key][0]:
            self._arguments(stated, predicate, self.owners[key][1])
        self._single(stated, predicate, fact)
        return self._whole(fact)

    def _single(self, stated: Stated, predicate: Predicate, fact: Fact) -> None:
        """Refuse a second value where there can be one for what it is about."""
        if predicate.number == "one":
            about = zip(fact.arguments, predicate.arguments, strict=True)
            key = fact.name, tuple(term for term, argument in about if argument not in predicate.own)
            first = self.single.setdefault(key, fact)
            if first != fact:
                self._conflict(stated, f"{self._text(fact)} is a second value beside {self._text(first)}")

    def _citation(self, stated: Stated, predicate: Predicate, *, can_own: bool) -> Fact:
        sound = self._arguments(stated, predicate, None)
        fact = self._normal(stated.fact, predicate)
        if sound and can_own and fact not in self.status:
            self._unknown_owner(stated, (predicate.name, str(fact.arguments[predicate.place("id")])))
        return Fact(SOURCE, (self._whole(fact), stated.reference))

    def _arguments(self, stated: Stated, predicate: Predicate, f: str | None) -> bool:
        problems = list(self.vocabulary.check(predicate, stated.fact.arguments, f))
        for problem in problems:
            place = stated.place
            if stated.path is not None and problem.argument is not None:
                place = Place(place.file, place.line, None, f"{stated.path}.{problem.argument.key}")
            self.dossier.refuse(problem, place)
        return not problems

    def _normal(self, fact: Fact, predicate: Predicate) -> Fact:
        """The fact with every id a string, also where it was written as a constant."""
        ids = ("id", "of")
        return Fact(
            fact.name,
            tuple(
                str(term) if argument.kind in ids and isinstance(term, str) else term
                for argument, term in zip(predicate.arguments, fact.arguments, strict=True)
            ),
        )

    def _whole(self, fact: Fact) -> Fact:
        return Fact(fact.name, (self.candidate, *fact.arguments))

    def _text(self, fact: Fact) -> str:
        return write(self._whole(fact))

    def _conflict(self, stated: Stated, message: str) -> None:
        self.dossier.refuse(Problem("conflict", message, "keep one of them"), stated.place)

    def _unknown_owner(self, stated: Stated, key: tuple[str, str]) -> None:
        message = f"there is no {key[0]} {write(key[1])} of this candidate"
        self.dossier.refuse(Problem("unknown_project", message, f"state the {key[0]}, or leave this out"), stated.place)


class Dossiers:
    """Splits facts of many candidates by the candidate that each names first."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.found: dict[str | None, Dossier] = {}
        self.named: set[str] = set()

    def add(self, fact: Fact, place: Place) -> None:
        """Take up one fact, in the form of `.lp`."""
        subject = innermost(fact)
        if not subject.arguments:
            problem = self.vocabulary.problem_with_name(subject)
            self._dossier(None, place).refuse(
                problem or Problem("wrong_arity", "no candidate is named", "name it"), place
            )
            return
        problems = list(check_text(subject.arguments[0], CANDIDATE))
        candidate = None if problems else str(subject.arguments[0])
        dossier = self._dossier(candidate, place)
        if candidate is not None:
            problems = list(self._state(fact, _inside(fact), place, dossier))
        for problem in problems:
            dossier.refuse(problem, place)

    def close(self) -> Iterable[tuple[Entry, Place]]:
        """All candidates, in the order in which they were first named, with the place of that."""
        for dossier in self.found.values():
            if dossier.candidate is not None and dossier.candidate not in self.named:
                # First, so that it is told whatever else there is to tell.
                others, dossier.refusals = dossier.refusals, {}
                message = f"there is no candidate({write(dossier.candidate)})"
                dossier.refuse(Problem("unknown_candidate", message, "add it to this file"), dossier.place)
                dossier.refusals.update(others)
            yield dossier.close(), dossier.place

    def _dossier(self, candidate: str | None, place: Place) -> Dossier:
        return self.found.setdefault(candidate, Dossier(self.vocabulary, candidate, place))

    def _state(self, fact: Fact, subject: Fact, place: Place, dossier: Dossier) -> Iterable[Problem]:
        """Add a fact to its candidate's dossier, or yield why it cannot be one."""
        arity = {CANDIDATE: 1, CLAIMED: 1, SOURCE: 2}.get(fact.name)
        if fact.name == CANDIDATE:
            self.named.add(str(dossier.candidate))
        if arity is not None and len(fact.arguments) != arity:
            message = f"{fact.name} has {len(fact.arguments)} arguments, not {arity}"
            yield Problem("wrong_arity", message, 'write candidate(C), claimed(Fact) or source(Fact, "reference")')
            return
        if fact.name == CANDIDATE:
            return
        status, reference = (fact.name if fact is not subject else ""), ""
        if status or fact.name in (CLAIMED, SOURCE):
            problem = self._problem_with_item(subject)
        else:
            problem = self.vocabulary.problem_with_name(subject)
        if status == SOURCE:
            term = fact.arguments[1]
            yield from check_text(None if isinstance(term, Constant) else term, SOURCE)
            reference = str(term)
        if problem is not None:
            yield problem
        elif len(dossier.stated) <= limits.FACTS:  # One more is enough to tell that there are too many.
            dossier.stated.append(Stated(Fact(subject.name, subject.arguments[1:]), place, status, reference))

    def _problem_with_item(self, subject: Fact) -> Problem | None:
        predicate = self.vocabulary.predicates.get(subject.name)
        if subject.name in (CANDIDATE, CLAIMED, SOURCE) or (predicate is not None and not predicate.is_item):
            items = ", ".join(p.name for p in self.vocabulary.predicates.values() if p.is_item)
            return Problem("unknown_value", f"{subject.name} is no item", f"only these can stand here: {items}")
        return self.vocabulary.problem_with_name(subject)


def innermost(fact: Fact) -> Fact:
    """What claims and sources are about, however they are nested; any other fact itself."""
    subject = _inside(fact)
    while _inside(subject) is not subject:
        subject = _inside(subject)
    return subject


def _inside(fact: Fact) -> Fact:
    """The item that a claim or a source is about; any other fact itself."""
    inner = fact.arguments[0] if fact.name in (CLAIMED, SOURCE) and fact.arguments else fact
    return inner if isinstance(inner, Fact) else fact
