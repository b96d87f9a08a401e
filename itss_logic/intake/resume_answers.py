"""Answers to questions on a resume, from the YAML that was filled in: what of them stands where in evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from itss_logic import limits
from itss_logic.documents import DocumentError, Members, Value, decode, too_deep
from itss_logic.errors import Place, Refusal, shorten
from itss_logic.intake.resume import Findings, Question
from itss_logic.intake.resume_questions import ANSWER, ASKED, CANDIDATE, ID, QUESTIONS, RESUME, SAYS
from itss_logic.shape import child, is_deep
from itss_logic.vocabulary import Vocabulary
from itss_logic.yaml_form import parse_yaml

NESTED = 4
"""How deep blanks are looked for; answers are not nested deeper."""


class Piece(NamedTuple):
    """A piece of evidence as an answer states it: in which field, and where it stands; `number` tells several apart."""

    question: Question
    field: str | None
    value: Members
    place: Place
    number: int = 0


class Answers:
    """What files of answers say: `pieces` of evidence, `answered` questions by id, and `refusals`."""

    def __init__(self, findings: Findings, vocabulary: Vocabulary) -> None:
        self.findings, self.vocabulary = findings, vocabulary
        self.pieces: list[Piece] = []
        self.answered: dict[str, Value] = {}
        self.refusals: list[Refusal] = []
        self.known = {question.id: question for question in findings.questions}

    def read(self, file: str, data: bytes) -> None:
        """Take up what a file says."""
        try:
            if len(data) > limits.FILE_BYTES:
                told = f"the file is larger than {limits.FILE_BYTES} bytes"
                raise DocumentError("too_large", told, "shorten it")
            documents: list[Value] = [document for document in parse_yaml(decode(data)) if document is not None]
            if is_deep(documents):
                raise too_deep()
        except DocumentError as error:
            self._refuse(error.code, Place(file, error.line, error.column), error.message, error.mend)
            return
        root = Place(file, path="$")
        if len(documents) != 1:
            told = f"{len(documents)} documents stand in it"
            self._refuse("wrong_type", root, told, "give back one file of questions")
            return
        top = self._object(documents[0], root, (RESUME, CANDIDATE, QUESTIONS), all_needed=True)
        if top is not None and self._is_bound(top, root):
            questions, place = top[QUESTIONS], below(root, QUESTIONS)
            if not isinstance(questions, list):
                self._refuse("wrong_type", place, "it is no list", "give back the list of questions")
                return
            for index, value in enumerate(questions):
                self._question(value, below(place, index), file)

    def _is_bound(self, top: Members, root: Place) -> bool:
        """Whether the answers are for this resume and candidate."""
        asked = {RESUME: self.findings.digest, CANDIDATE: self.findings.candidate}
        mends = {RESUME: "give the resume that was asked about", CANDIDATE: "name the same one with --candidate"}
        for key, code in ((RESUME, "unknown_value"), (CANDIDATE, "unknown_candidate")):
            if top[key] != asked[key]:
                told = f"the answers are for the {key} {_told(top[key])}, not {shorten(asked[key], 80)}"
                self._refuse(code, below(root, key), told, mends[key])
        return all(top[key] == asked[key] for key in asked)

    def _question(self, value: Value, place: Place, file: str) -> None:
        members = self._object(value, place, (ID, SAYS, ASKED, ANSWER))
        if members is None:
            return
        id = members.get(ID)
        if ID not in members:
            self._refuse("missing_key", place, f"{ID} is missing", f"add the {ID} of the question")
        elif not isinstance(id, str) or id not in self.known:
            self._refuse("unknown_value", below(place, ID), f"{_told(id)} is no question", "leave the ids as they were")
        else:
            path = child(child(child("$", QUESTIONS), id), ANSWER)
            self._answer(self.known[id], clean(members.get(ANSWER)), Place(file, path=path))

    def _answer(self, question: Question, answer: Value, place: Place) -> None:
        if answer is None:
            return
        if question.id in self.answered:
            if self.answered[question.id] != answer:
                self._refuse("conflict", place, "the question is answered twice", "keep one of the answers")
            return
        self.answered[question.id] = answer
        if is_no(answer):
            return
        if question.entry is None:
            self._beside(question, answer, place)
        else:
            elements = _elements(answer, place)
            for number, (value, where) in enumerate(elements, 1):
                self._of_entry(question, value, where, number if len(elements) > 1 else 0)

    def _beside(self, question: Question, answer: Value, place: Place) -> None:
        """An answer to what is asked whatever the resume says: by field, where it is of one."""
        predicate = question.predicate
        if not predicate.of_field or predicate.number == "one":
            if predicate.of_field:
                self._of_entry(question, answer, place)
            else:
                self._pieces(question, None, answer, place)
        elif (fields := self._object(answer, place, predicate.fields)) is not None:
            for field, value in fields.items():
                if value is not None and not is_no(value):
                    self._pieces(question, field, value, below(place, field))

    def _pieces(self, question: Question, field: str | None, value: Value, place: Place) -> None:
        """Each piece of a list, or the one that there is."""
        predicate = question.predicate
        for element, where in _elements(value, place) if predicate.number == "many" else [(value, place)]:
            if predicate.number != "flag":
                self._piece(question, field, element, where)
            elif is_yes(element):
                self.pieces.append(Piece(question, field, Members([]), where))
            elif not is_no(element):
                self._refuse("wrong_type", where, f"{_told(element)} is not yes or no", "write yes or no")

    def _of_entry(self, question: Question, value: Value, place: Place, number: int = 0) -> None:
        """An answer that names its field itself, if it is of one."""
        key = next((a.key for a in question.predicate.arguments if a.kind == "field"), None)
        field = None
        if key is not None and isinstance(value, Members):
            if key not in value:
                self._refuse("missing_key", place, f"{key} is missing", f"add {key}")
                return
            field, known = value[key], question.predicate.fields
            if field not in known:
                told, mend = f"{_told(field)} is not a known {key}", f"write one of {', '.join(known)}"
                self._refuse("unknown_value", below(place, key), told, mend)
                return
            value = value.only(set(value) - {key})
        self._piece(question, field, value, place, number)

    def _piece(self, question: Question, field: str | None, value: Value, place: Place, number: int = 0) -> None:
        """One piece: an object, or the one value that it has."""
        needed = [a.key for a in question.predicate.own if a.kind != "id" or question.entry is None]
        is_placed = field is not None or not question.predicate.of_field
        known = list(self._keys(question))
        if not isinstance(value, Members):
            if is_placed and not needed and is_yes(value):
                value = Members([])
            elif is_placed and len(needed) == 1 and needed == known[-1:] and not isinstance(value, list):
                value = Members([(needed[0], value)])
            else:
                told, mend = f"{_told(value)} does not say enough", f"fill in {', '.join(known)}"
                self._refuse("wrong_type", place, told, f"{mend}; or write no, where it does not count")
                return
        for key in [key for key in value if key not in known]:
            told, mend = f"{shorten(key)} is not asked here", f"use one of {', '.join(known)}"
            self._refuse("unknown_key", below(place, key), told, mend)
        self.pieces.append(Piece(question, field, value.only(set(known)), place, number))

    def _keys(self, question: Question) -> Iterator[str]:
        """The keys that an answer may have."""
        for argument in question.predicate.arguments:
            if argument.kind != "id" or question.entry is None:
                yield argument.key
        for attribute in self.vocabulary.attributes(question.predicate.name, None):
            yield attribute.key

    def _object(self, value: Value, place: Place, keys: Sequence[str], *, all_needed: bool = False) -> Members | None:
        """The members of a mapping that has no keys but these."""
        if not isinstance(value, Members):
            self._refuse(
                "wrong_type", place, f"{_told(value)} is not a mapping", f"write a mapping of {', '.join(keys)}"
            )
            return None
        sound = True
        for key in value.repeated:
            sound = self._refuse(
                "syntax", below(place, key), f"the key {shorten(key)} stands twice", "keep one of them"
            )
        for key in [key for key in value if key not in keys]:
            sound = self._refuse(
                "unknown_key", below(place, key), f"{shorten(key)} is no key here", f"use {', '.join(keys)}"
            )
        for key in keys if all_needed else ():
            if key not in value:
                sound = self._refuse(
                    "missing_key", place, f"{key} is missing", "give back the file of questions as a whole"
                )
        return value if sound else None

    def _refuse(self, code: str, place: Place, message: str, mend: str) -> bool:
        self.refusals.append(Refusal(code, self.findings.candidate, place, message, mend))
        return False


def _elements(value: Value, place: Place) -> list[tuple[Value, Place]]:
    """The elements of a list, with their places; what is none is the only one."""
    if isinstance(value, list):
        return [(element, below(place, index)) for index, element in enumerate(value)]
    return [(value, place)]


def below(place: Place, key: str | int) -> Place:
    """The place of a member or an element."""
    return place._replace(path=child(place.path or "$", key))


def is_yes(value: Value) -> bool:
    """Whether an answer is yes."""
    return value is True or (isinstance(value, str) and value.casefold() == "yes")


def is_no(value: Value) -> bool:
    """Whether an answer is that something does not count."""
    return value is False or (isinstance(value, str) and value.casefold() == "no")


def clean(value: Value, depth: int = NESTED) -> Value:
    """An answer without what was left blank; None where nothing is left."""
    if depth and isinstance(value, list):
        kept: list[Value] = [inner for element in value if (inner := clean(element, depth - 1)) is not None]
        return kept or None
    if depth and isinstance(value, Members):
        pairs = [(key, inner) for key, element in value.items() if (inner := clean(element, depth - 1)) is not None]
        members = Members(pairs)
        members.repeated = value.repeated
        return members if pairs or members.repeated else None
    return value


def _told(value: Value) -> str:
    """A value as a refusal quotes it."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    return shorten(str(value), 80)
