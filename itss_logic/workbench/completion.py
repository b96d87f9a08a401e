"""How a fact that is being typed may go on, by the vocabulary and what is on file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itss_logic.case import Key
from itss_logic.errors import printable
from itss_logic.terms import write
from itss_logic.vocabulary import CLAIMED, Argument, Predicate, Vocabulary

BEGUN = re.compile(rf"(?s)(?P<start>\s*(?:{CLAIMED}\(\s*)?)(?P<name>\w*)(?P<rest>\(.*)?")
PART = re.compile(r'(?s)"(?:[^"\\]|\\.)*"?|,|[^",]+')


class Next(NamedTuple):
    """What may come next: texts, each with the whole fact so far; or, where it is no choice, in words."""

    choices: Mapping[str, str] = {}
    told: str = ""


def as_meant(text: str, texts: Iterable[str]) -> str:
    """A fact with texts that cannot be typed as they are, where they stand as they are shown."""
    for one in texts:
        if not one.isprintable():
            text = text.replace(printable(write(one)), write(one))
    return text


def what_next(text: str, candidate: str, items: Mapping[Key, str | None], vocabulary: Vocabulary) -> Next:
    """What may come next in a fact.

    Args:
        text: of the fact so far.
        candidate: whom the fact is about.
        items: those that can have attributes, by name and id, with their fields.
        vocabulary: of the category.
    """
    begun = BEGUN.fullmatch(text)
    if begun is None:
        return Next()
    if begun["rest"] is None:
        is_claim = CLAIMED in begun["start"]
        names = [f"{p.name}(" for p in vocabulary.predicates.values() if p.is_item or not is_claim]
        return _choices(begun["start"], begun["name"], names if is_claim else [*names, f"{CLAIMED}("])
    predicate = vocabulary.predicates.get(begun["name"])
    parts = PART.findall(begun["rest"][1:])
    if predicate is None or any(")" in part for part in parts if part[0] != '"'):
        return Next()
    arguments = [""]
    for part in parts:
        arguments = [*arguments, ""] if part == "," else [*arguments[:-1], arguments[-1] + part.strip()]
    return _argument(text, arguments, predicate, candidate, items, vocabulary)


def _argument(
    text: str,
    arguments: Sequence[str],
    predicate: Predicate,
    candidate: str,
    items: Mapping[Key, str | None],
    vocabulary: Vocabulary,
) -> Next:
    """What may be the last of the arguments so far."""
    *given, typed = arguments
    if len(given) > len(predicate.arguments):
        return Next()
    end = ")" if len(given) == len(predicate.arguments) else ", "
    if text.count("(") > 1 and end == ")" and text.lstrip().startswith(f"{CLAIMED}("):
        end = "))"
    before = text[: len(text) - len(typed)] if text.endswith(typed) else text
    if not given:
        return _choices(before, typed, [printable(write(candidate)) + end])
    argument = predicate.arguments[len(given) - 1]
    if argument.kind == "id":
        return Next(told=f"the {argument.key}, in double quotes")
    if argument.kind == "number":
        least, greatest = vocabulary.ranges[argument.domain]
        return Next(told=f"a whole number from {least} to {greatest}")
    field = _field(predicate, given, items)
    return _choices(before, typed, [f"{one}{end}" for one in _values(argument, predicate, field, items, vocabulary)])


def _values(
    argument: Argument,
    predicate: Predicate,
    field: str | None,
    items: Mapping[Key, str | None],
    vocabulary: Vocabulary,
) -> Iterable[str]:
    if argument.kind == "field":
        return predicate.fields
    if argument.kind == "of":
        fitting = [key for key, other in items.items() if key[0] == predicate.owner and other in predicate.fields]
        return [printable(write(str(id))) for _, id in fitting]
    fields = [field] if field in predicate.fields else predicate.fields
    return dict.fromkeys(value for one in fields for value in vocabulary.values(argument.domain, one))


def _field(predicate: Predicate, given: Sequence[str], items: Mapping[Key, str | None]) -> str | None:
    """The field that a fact is about, as far as it is told."""
    if predicate.of_field and len(given) > predicate.place("field") + 1:
        return given[predicate.place("field") + 1]
    if predicate.owner and len(given) > predicate.place("of") + 1:
        owner = given[predicate.place("of") + 1]
        return next(
            (f for (name, id), f in items.items() if name == predicate.owner and printable(write(str(id))) == owner),
            None,
        )
    return None


def _choices(before: str, typed: str, texts: Iterable[str]) -> Next:
    return Next({text.rstrip(", ()"): before + text for text in texts if text.startswith(typed)})
