"""Forms for evidence, built from the vocabulary: the inputs that an item takes, and the facts that they state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from itss_logic.case import Case, inner
from itss_logic.errors import QuestionError
from itss_logic.pages.speech import Speech
from itss_logic.terms import Constant, Fact, Term, write
from itss_logic.tree import Speaker
from itss_logic.vocabulary import CLAIMED, SOURCE, Argument, Predicate
from itss_logic.web.state import Pairs

ARGUMENT, PART = "arg.", "part."
"""How the names of inputs begin: of an item's own arguments, by key; of its attributes, by predicate."""

CLAIM, REFERENCE = "claimed", "source"
"""The inputs for a claim, and for a reference to a source."""


class Input(NamedTuple):
    """An input of a form.

    `kind` is `text`, `number`, `choice` (one of `options`), `choices` (any of them) or `flag`. Options are values with
    what they are called; `given` is what was filled in; a number lies between `least` and `greatest`.
    """

    name: str
    label: str
    kind: str
    required: bool
    options: Sequence[tuple[str, str]] = ()
    given: Sequence[str] = ()
    least: int | None = None
    greatest: int | None = None


class Form(NamedTuple):
    """A form; `parts` are the inputs for attributes, and `is_item` whether it states an item, or attributes of one."""

    key: str
    title: str
    own: Sequence[Input]
    parts: Sequence[Input]
    is_item: bool
    is_claimed: bool
    source: str


def kinds(speaker: Speaker, speech: Speech) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be added: by field, the keys of forms with what they are called."""
    vocabulary, words = speaker.policy.vocabulary, speaker.words
    items = [predicate for predicate in vocabulary.predicates.values() if predicate.is_item]
    found = [(speech("no_field"), [(f":{p.name}", words.label(p.name)) for p in items if not p.of_field])]
    for field in speaker.policy.fields:
        of_field = [(f"{field}:{p.name}", words.label(p.name)) for p in items if p.of_field and field in p.fields]
        found.append((words.label(field), of_field))
    return found


class Builder:
    """Builds a form by its key: `FIELD:PREDICATE`, `:PREDICATE`, or an item on file that gets attributes.

    Raises:
        QuestionError: where the key names none.
    """

    def __init__(self, speaker: Speaker, key: str, given: Pairs) -> None:
        self.speaker, self.key, self.given = speaker, key, given
        self.vocabulary = speaker.policy.vocabulary
        self.owner = next((fact for fact in speaker.case.items.values() if write(fact) == key), None)
        self.field: str | None
        if self.owner is not None:
            self.predicate = self.vocabulary.predicates[inner(self.owner).name]
            self.field = speaker.case.field_of(self.owner)
        else:
            field, _, name = key.partition(":")
            predicate = self.vocabulary.predicates.get(name)
            self.field = field or None
            if predicate is None or not predicate.is_item or predicate.of_field != bool(field):
                raise QuestionError("there is no such form; choose what to add from the list")
            if field and field not in predicate.fields:
                raise QuestionError("there is no such form; choose what to add from the list")
            self.predicate = predicate

    def form(self) -> Form:
        """The form, with what was filled in."""
        given, words = dict(self.given), self.speaker.words
        title = words.label(self.predicate.name) if self.owner is None else self.speaker.says(self.owner)
        return Form(
            self.key,
            title if self.field is None or self.owner else words.phrases["list"].join([title, words.label(self.field)]),
            [] if self.owner else [self._own(a) for a in self.predicate.own],
            [self._part(p) for p in self.vocabulary.attributes(self.predicate.name, self.field)],
            self.owner is None,
            CLAIM in given,
            given.get(REFERENCE, ""),
        )

    def facts(self) -> list[str]:
        """The facts that the filled form states; whether they are sound is for those who read evidence to say.

        Raises:
            QuestionError: where nothing is filled in.
        """
        given = dict(self.given)
        candidate = self.speaker.case.candidate
        found: list[str] = []
        if self.owner is None:
            item = Fact(self.predicate.name, (candidate, *(self._term(a, given) for a in self.predicate.arguments)))
            found.append(write(Fact(CLAIMED, (item,)) if CLAIM in given else item))
            if given.get(REFERENCE):
                found.append(write(Fact(SOURCE, (item, given[REFERENCE]))))
        else:
            item = inner(self.owner)
        for predicate in self.vocabulary.attributes(self.predicate.name, self.field):
            found += [write(fact) for fact in self._parts(predicate, item)]
        if not found:
            raise QuestionError("nothing is filled in; choose at least one detail")
        return found

    def _own(self, argument: Argument) -> Input:
        label = self.speaker.words.label(argument.key)
        name = f"{ARGUMENT}{argument.key}"
        given = self._given(name)
        if argument.kind == "value":
            values = self.vocabulary.values(argument.domain, self.field)
            return Input(name, label, "choice", True, [(v, self.speaker.words.label(v)) for v in values], given)
        return self._plain(argument, name, label, given, required=True)

    def _plain(self, argument: Argument, name: str, label: str, given: Sequence[str], *, required: bool) -> Input:
        if argument.kind == "number":
            least, greatest = self.vocabulary.ranges[argument.domain]
            return Input(name, label, "number", required, (), given, least, greatest)
        return Input(name, label, "text", required, (), given)

    def _part(self, predicate: Predicate) -> Input:
        words, name = self.speaker.words, f"{PART}{predicate.name}"
        given = self._given(name)
        label = words.label(predicate.name)
        if any(argument.kind == "number" for argument in predicate.own):
            return self._plain(predicate.own[0], name, label, given, required=False)
        if predicate.number == "flag":
            return Input(name, words.sentence(predicate.name, {}), "flag", False, (), given)
        options = [
            (",".join(values), words.sentence(predicate.name, self._by_key(predicate, values)))
            for values in self._allowed(predicate)
        ]
        return Input(name, label, "choice" if predicate.number == "one" else "choices", False, options, given)

    def _allowed(self, predicate: Predicate) -> Iterable[tuple[str, ...]]:
        """The values that may stand together in an attribute."""
        domains = [self.vocabulary.values(argument.domain, self.field) for argument in predicate.own]
        for values in product(*domains):
            if not predicate.combinations or tuple(map(Constant, values)) in predicate.combinations:
                yield values

    @staticmethod
    def _by_key(predicate: Predicate, values: Sequence[str]) -> dict[str, object]:
        return {a.key: Constant(value) for a, value in zip(predicate.own, values, strict=True)}

    def _given(self, name: str) -> list[str]:
        return [value for other, value in self.given if other == name and value]

    def _term(self, argument: Argument, given: dict[str, str]) -> Term:
        text = given.get(f"{ARGUMENT}{argument.key}", "")
        if argument.kind == "field":
            return Constant(self.field or "")
        if argument.kind == "number":
            return self._number(text)
        return self._value(argument, text) if argument.kind == "value" else text

    def _value(self, argument: Argument, text: str) -> Term:
        """A value of a domain; other text stays text, which nobody takes for a value."""
        return self.vocabulary.values(argument.domain, self.field).get(text, text)

    def _parts(self, predicate: Predicate, item: Fact) -> Iterator[Fact]:
        id = item.arguments[self.predicate.place("id") + 1]
        for text in self._given(f"{PART}{predicate.name}"):
            texts = text.split(",") if predicate.own else []
            values: list[Term] = []
            for argument, one in zip(predicate.own, texts, strict=False):
                is_number = argument.kind == "number"
                values.append(self._number(one) if is_number else self._value(argument, one))
            own = iter(values)
            arguments = [id if a.kind == "of" else next(own, "") for a in predicate.arguments]
            yield Fact(predicate.name, (item.arguments[0], *arguments))

    @staticmethod
    def _number(text: str) -> Term:
        text = text.strip()
        return int(text) if is_number(text) else text


MOST_DIGITS = 20
"""A text with more digits is not taken for a number."""


def is_number(text: str) -> bool:
    """Whether a text is a whole number, of no more digits than anything here has."""
    return text.isascii() and text.isdigit() and len(text) < MOST_DIGITS


def has_parts(case: Case, fact: Fact) -> bool:
    """Whether an item can have attributes."""
    return case.key(fact, own=True) is not None and inner(fact).name in case.owners
