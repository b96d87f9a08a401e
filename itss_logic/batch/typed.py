"""The JSON shape of evidence as types, made from the vocabulary: what decodes to them is sound in itself.

Whether a key comes twice in one object, and whether the parts of a candidate's evidence go together, no type can tell;
`people` looks at that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from itss_logic import limits
from itss_logic.shape import FIELDS, STATUS, STATUSES
from itss_logic.vocabulary import CANDIDATE, SOURCE, Argument, Predicate, Vocabulary

Text = Annotated[str, msgspec.Meta(max_length=limits.TEXT_CHARACTERS)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.TEXT_CHARACTERS)]

ABSENT = msgspec.UNSET


class UntypedError(Exception):
    """The vocabulary has a shape that no type is made for; evidence is read plainly then."""


class Statements(NamedTuple):
    """What stands under one key: the predicate, the field, and the type of an element written out as an object."""

    predicate: Predicate
    field: str | None
    key: str
    spelled: type[Any] | None


class Types:
    """Types for one candidate's object. `top` and `inner` are what stands under keys at the top, and by field."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.top: list[Statements] = []
        self.inner: dict[str, list[Statements]] = {}
        fields: list[tuple[str, Any, Any]] = []
        for f in map(str, vocabulary.fields):
            known = [p for p in vocabulary.keys(of_field=True).values() if f in p.fields]
            self.inner[f] = []
            members = [self._member(predicate, f, self.inner[f]) for predicate in known]
            fields.append((f, _object(f"field_{f}", members), ABSENT))
        members = [self._member(predicate, None, self.top) for predicate in vocabulary.keys().values()]
        whole = [(CANDIDATE, Name), *members, (FIELDS, _object(FIELDS, fields), ABSENT)]
        self.decode = msgspec.json.Decoder(_object(CANDIDATE, whole)).decode

    def _member(self, predicate: Predicate, f: str | None, into: list[Statements]) -> tuple[str, Any, Any]:
        """The member of an object under which a predicate stands."""
        if not predicate.key.isidentifier() or predicate.key in (CANDIDATE, FIELDS, STATUS, SOURCE):
            raise UntypedError(f"the key {predicate.key} cannot be read as a type")
        own = predicate.own
        ids = [argument.key for argument in own if argument.kind == "id"]
        if len(ids) > predicate.is_item:
            raise UntypedError(f"{predicate.key} has an id beside that of an item")
        forms: list[Any] = []
        spelled: type[Any] | None = None
        if predicate.number == "flag":
            forms.append(bool)
        elif predicate.alone:
            forms.append(self._value(predicate.alone, f))
        if predicate.is_item or len(own) > 1:
            members: list[tuple[Any, ...]] = [(argument.key, self._value(argument, f)) for argument in own]
            ignored: list[Statements] = []
            attributes = self.vocabulary.attributes(predicate.name, f)
            members += [self._member(attribute, f, ignored) for attribute in attributes]
            if predicate.is_item:
                members += [(STATUS, Literal[STATUSES], ABSENT), (SOURCE, Text, ABSENT)]
            names = [member[0] for member in members]
            if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
                raise UntypedError(f"the key {predicate.key} cannot be read as a type")
            spelled = _object(f"{predicate.name}_{f}", members, frozen=not ids)
            forms.append(spelled)
        one = reduce(or_, forms)
        into.append(Statements(predicate, f, predicate.key, spelled))
        many = tuple.__class_getitem__((one, ...))
        return predicate.key, many if predicate.number == "many" else one, ABSENT

    def _value(self, argument: Argument, f: str | None) -> Any:
        if argument.kind == "id":
            return Name
        if argument.kind == "number":
            least, greatest = self.vocabulary.ranges[argument.domain]
            return Annotated[int, msgspec.Meta(ge=least, le=greatest)]
        spelled = self.vocabulary.spelled.get(argument.domain)
        if spelled:
            if len(spelled) < 2:
                raise UntypedError(f"the key {argument.key} cannot be read as a type")
            return bool
        values = tuple(map(str, self.vocabulary.values(argument.domain, f)))
        if not values:
            raise UntypedError(f"the key {argument.key} cannot be read as a type")
        return Literal[values]


def _object(name: str, members: Sequence[Any], *, frozen: bool = False) -> type[Any]:
    ordered = sorted(members, key=len)  # Those that must be there come first.
    named = [(str(member[0]), *member[1:]) for member in ordered]
    return msgspec.defstruct(name, named, forbid_unknown_fields=True, frozen=frozen, gc=False)
