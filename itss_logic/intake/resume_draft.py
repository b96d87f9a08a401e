"""The draft of evidence that a resume and answers come to: all of it claimed, and sound as any evidence is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from itss_logic import limits
from itss_logic.documents import Members, Value
from itss_logic.errors import Place, Refusal, printable
from itss_logic.evidence import Refused
from itss_logic.intake.resume import Claim, Findings, Question
from itss_logic.intake.resume_answers import Answers, Piece
from itss_logic.shape import FIELDS, STATUS, Shape, child
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Predicate, Vocabulary
from itss_logic.words import Words


class Draft(NamedTuple):
    """A draft: one candidate's evidence in the shape of JSON, how many claims it has, and which questions are left."""

    value: dict[str, Any]
    claims: int
    left: tuple[Question, ...]


class _Drafting:
    """A draft as it grows; `places` says of each piece where it was answered."""

    def __init__(self, findings: Findings, vocabulary: Vocabulary, words: Words) -> None:
        self.findings, self.vocabulary, self.words = findings, vocabulary, words
        self.top: dict[str, Any] = {}
        self.fields: dict[str, dict[str, Any]] = {}
        self.places: dict[str, Place] = {}
        self.refusals: list[Refusal] = []
        self.claims: set[tuple[str, str]] = set()
        """What is claimed, by where: the same is claimed once, however often it was answered."""

    def claim(self, claim: Claim) -> None:
        """Take up what an entry names."""
        [argument] = claim.predicate.own
        source = self._source(claim.entry.id, claim.entry.title)
        self._put(claim.predicate, None, Members([(argument.key, str(claim.value))]), source, None)

    def piece(self, piece: Piece, name: str) -> None:
        """Take up a piece of an answer; `name` is the id of the item that it is, if it is one."""
        question = piece.question
        if question.entry is None:
            source = self.words.phrase("resume_said")
        else:
            source = self.words.phrase("resume_answered", source=self._source(question.entry.id, question.entry.title))
        ids = [a.key for a in question.predicate.own if a.kind == "id"] if question.entry else []
        members = Members([*((key, name) for key in ids), *piece.value.items()])
        members.repeated = piece.value.repeated
        self._put(question.predicate, piece.field, members, source, piece.place)

    def _source(self, id: str, title: str) -> str:
        """Where in the resume something stands, within the limit on references."""
        room = limits.TEXT_CHARACTERS // 4
        told = printable(title[:room]) or self.words.phrase("resume_untitled")
        return self.words.phrase("resume_source", entry=id, title=told[: 2 * room])

    def _put(self, predicate: Predicate, field: str | None, value: Members, source: str, place: Place | None) -> None:
        element = Members([*value.items(), (STATUS, CLAIMED), (SOURCE, source)])
        element.repeated = value.repeated
        path = "$" if field is None else child(child("$", FIELDS), field)
        holder = self.top if field is None else self.fields.setdefault(field, {})
        path = child(path, predicate.key)
        claim = path, repr(list(value.items()))
        if predicate.number == "many":
            held = holder.setdefault(predicate.key, [])
            path = child(path, len(held))
            held.append(element)
        elif predicate.key in holder and predicate.number != "flag":
            assert place is not None
            told = "there is another value beside it"
            self.refusals.append(Refusal("conflict", self.findings.candidate, place, told, "keep one of them"))
            return
        else:
            holder.setdefault(predicate.key, element)
        self.claims.add(claim)
        if place is not None:
            self.places[path] = place

    def value(self) -> dict[str, Any]:
        """The draft, its keys in the order of the vocabulary."""
        inner = {str(f): self.fields[f] for f in self.vocabulary.fields if f in self.fields}
        of_field = self.vocabulary.keys(of_field=True)
        fields = {f: {key: held[key] for key in of_field if key in held} for f, held in inner.items()}
        at_top = self.vocabulary.keys()
        top = {key: self.top[key] for key in at_top if key in self.top}
        return {CANDIDATE: self.findings.candidate, **top, **({FIELDS: fields} if fields else {})}

    def where(self, place: Place, file: str) -> Place:
        """The place in an answer of what stands at a place in the draft."""
        path = place.path or "$"
        for end in range(len(path), 0, -1):
            if path[:end] in self.places:
                found = self.places[path[:end]]
                return found._replace(path=f"{found.path}{path[end:]}")
        return Place(file)


def draft(findings: Findings, answers: Answers, vocabulary: Vocabulary, words: Words, file: str) -> Draft | Refused:
    """The draft of a resume and of answers, or what is wrong with the answers.

    Args:
        findings: what the resume comes to.
        answers: what was answered.
        vocabulary: of the category.
        words: those of the sources.
        file: where the answers stand, for what is about all of them.
    """
    drafting = _Drafting(findings, vocabulary, words)
    for claim in findings.claims:
        drafting.claim(claim)
    pieces = in_order(answers.pieces, findings.questions)
    for piece, name in zip(pieces, names(pieces), strict=True):
        drafting.piece(piece, name)
    value = drafting.value()
    entry = Shape.entry(_plain(value), vocabulary, Place(file, path="$"))
    refusals = [*answers.refusals, *drafting.refusals]
    if isinstance(entry, Refused):
        if not answers.pieces:
            raise RuntimeError(f"the draft is no evidence: {entry.refusals[0]}")
        refusals += [r._replace(place=drafting.where(r.place, file)) for r in entry.refusals]
    if refusals:
        told = {(r.code, r.place, r.message): r for r in refusals}
        return Refused(findings.candidate, tuple(told.values()))
    left = tuple(question for question in findings.questions if question.id not in answers.answered)
    return Draft(value, len(drafting.claims), left)


def in_order(pieces: Iterable[Piece], questions: Iterable[Question]) -> list[Piece]:
    """Pieces in the order of the questions, however the answers were ordered."""
    positions = {question.id: position for position, question in enumerate(questions)}
    return sorted(pieces, key=lambda piece: positions[piece.question.id])


def names(pieces: Sequence[Piece]) -> list[str]:
    """The ids of the items that pieces are: as entries are called, and by their places too where that is not enough."""
    found = [f"{piece.question.name} {piece.number}" if piece.number else piece.question.name for piece in pieces]
    kinds = [piece.question.predicate.name if piece.question.entry else None for piece in pieces]
    while True:
        times = Counter(zip(kinds, found, strict=True))
        alike = [n for n, key in enumerate(zip(kinds, found, strict=True)) if key[0] and times[key] > 1]
        if not alike:
            return found
        for n in alike:
            entry = pieces[n].question.entry
            assert entry is not None
            found[n] = f"{found[n]} ({entry.id})"


def _plain(value: dict[str, Any]) -> Value:
    return Members(list(value.items()))
