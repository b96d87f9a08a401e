"""The JSON shape of evidence: objects to facts, and the JSON Schema of them, both built from the vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from itss_logic import limits
from itss_logic.documents import Members, Value
from itss_logic.errors import Place, shorten
from itss_logic.evidence import Dossier, Entry, Stated
from itss_logic.terms import Constant, Fact, Term
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Argument, Predicate, Problem, Vocabulary, check_text

FIELDS = "fields"
STATUS = "status"
VERIFIED = "verified"
STATUSES = (VERIFIED, CLAIMED)


class Misfit(NamedTuple):
    """A part of a JSON value that does not have the shape of evidence."""

    problem: Problem
    place: Place


def child(path: str, key: str | int) -> str:
    """The JSON path of a member or an element."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    key = shorten(key)
    return f"{path}.{key}" if (key.isascii() and key.isidentifier()) else f"{path}[{json.dumps(key)}]"


class Shape:
    """Reads one candidate's object at a place: `stated` and `misfits` are what is found in it."""

    def __init__(self, vocabulary: Vocabulary, place: Place) -> None:
        self.vocabulary, self.place = vocabulary, place
        self.candidate: str | None = None
        self.stated: list[Stated] = []
        self.misfits: list[Misfit] = []

    @classmethod
    def entry(cls, value: Value, vocabulary: Vocabulary, place: Place) -> Entry:
        """The evidence in a candidate's object, or its refusal."""
        shape = cls(vocabulary, place)
        shape._read(value)
        dossier = Dossier(vocabulary, shape.candidate, place)
        dossier.stated = shape.stated
        for problem, where in shape.misfits:
            dossier.refuse(problem, where)
        return dossier.close()

    def _read(self, value: Value) -> None:
        if is_deep(value):
            message, mend = f"the value is nested deeper than {limits.DEPTH}", "evidence is nested less than 10 deep"
            self._misfit("too_large", message, mend, self.place.path or "$")
            return
        root = self.place.path or "$"
        keys = self.vocabulary.keys()
        members = self._object(value, root, {CANDIDATE, FIELDS, *keys}, [CANDIDATE])
        if members is None:
            return
        if CANDIDATE in members:
            sound = self._is_text(members[CANDIDATE], CANDIDATE, child(root, CANDIDATE))
            if sound and CANDIDATE not in members.repeated:
                self.candidate = members[CANDIDATE]
        self._members(keys, members, root, {})
        if FIELDS in members:
            path = child(root, FIELDS)
            for f, inner in (self._object(members[FIELDS], path, self.vocabulary.fields) or {}).items():
                self._field(f, inner, child(path, f))

    def _field(self, f: str, value: Value, path: str) -> None:
        keys = self.vocabulary.keys(of_field=True)
        members = self._object(value, path, keys) or Members([])
        self._members(keys, members, path, {"field": Constant(f)})

    def _members(self, keys: dict[str, Predicate], members: Members, path: str, context: dict[str, Term]) -> None:
        """Read what stands under the keys of predicates in one object."""
        for key, predicate in keys.items():
            if key in members:
                f = context.get("field")
                if f is None or f in predicate.fields:
                    self._statements(predicate, members[key], child(path, key), context)
                else:
                    self._misfits([self.vocabulary.not_used(predicate, str(f))], child(path, key))

    def _statements(self, predicate: Predicate, value: Value, path: str, context: dict[str, Term]) -> None:
        """Read all that stands under the key of a predicate. `context` holds the arguments known from outside."""
        if predicate.number == "many":
            if not isinstance(value, list):
                self._misfit("wrong_type", f"{_kind(value)} is not a list", "write a list", path)
                return
            if len(value) > limits.FACTS:
                message = f"the list has {len(value)} elements, and a candidate at most {limits.FACTS} facts"
                self._misfit("too_large", message, "state less for one candidate", path)
                return
            for index, element in enumerate(value):
                self._statement(predicate, element, child(path, index), context)
        else:
            self._statement(predicate, value, path, context)

    def _statement(self, predicate: Predicate, value: Value, path: str, context: dict[str, Term]) -> None:
        own = predicate.own
        if isinstance(value, dict) and (predicate.is_item or len(own) > 1):
            self._spelled(predicate, value, path, context)
        elif predicate.number == "flag":
            if not isinstance(value, bool):
                self._misfit("wrong_type", f"{_kind(value)} is not true or false", "write true or false", path)
            elif value:
                self._state(predicate, path, context)
        elif predicate.alone:
            term = self._term(predicate.alone, value, path)
            if term is not None:
                self._state(predicate, path, {**context, predicate.alone.key: term})
        else:
            keys = ", ".join(a.key for a in own)
            self._misfit("wrong_type", f"{_kind(value)} is not an object", f"write an object with {keys}", path)

    def _spelled(self, predicate: Predicate, value: Value, path: str, context: dict[str, Term]) -> None:
        """Read a statement written out as an object, and the attributes of the item that it is."""
        attributes = self.vocabulary.keys(predicate.name)
        needed = [a.key for a in predicate.own]
        allowed = {*needed, *attributes, *((STATUS, SOURCE) if predicate.is_item else ())}
        members = self._object(value, path, allowed, needed)
        if members is None:
            return
        known = dict(context)
        for argument in predicate.own:
            if argument.key in members:
                term = self._term(argument, members[argument.key], child(path, argument.key))
                if term is not None:
                    known[argument.key] = term
            if argument.kind == "id":
                # Without its own id an item goes by its path, so that the rest of it can be looked at all the same.
                known.setdefault(argument.key, path)
        is_claim = self._status(members, path)
        is_sourced = SOURCE in members and self._is_text(members[SOURCE], SOURCE, child(path, SOURCE))
        if all(key in known for key in needed):
            fact = self._state(predicate, path, known, is_claim=is_claim, spelled=True)
            if is_sourced:
                self.stated.append(Stated(fact, self._place(path), SOURCE, members[SOURCE], path))
        else:
            self._incomplete(predicate, known, path)
        owner = {f"of {predicate.name}": known[a.key] for a in predicate.own if a.kind == "id"}
        self._members(attributes, members, path, {**context, **owner})

    def _incomplete(self, predicate: Predicate, known: dict[str, Term], path: str) -> None:
        """Look at the arguments that are there, of a statement that lacks others."""
        f = known.get("field")
        for argument in predicate.own:
            if argument.key in known:
                problems = self.vocabulary.check_argument(argument, known[argument.key], None if f is None else str(f))
                self._misfits(problems, child(path, argument.key))

    def _status(self, members: Members, path: str) -> bool:
        """Whether an item is claimed rather than verified."""
        status = members.get(STATUS, VERIFIED)
        if not isinstance(status, str):
            self._misfit("wrong_type", f"{_kind(status)} is not a string", "write a string", child(path, STATUS))
        elif status not in STATUSES:
            mend = f"write one of {', '.join(STATUSES)}"
            self._misfit("unknown_value", f"{shorten(status)} is not a known status", mend, child(path, STATUS))
        return bool(status == CLAIMED)

    def _is_text(self, value: Value, what: str, path: str) -> bool:
        """Whether a value can be an id or a reference."""
        problems = list(check_text(value, what))
        self._misfits(problems, path)
        return not problems

    def _state(
        self, predicate: Predicate, path: str, known: dict[str, Term], *, is_claim: bool = False, spelled: bool = False
    ) -> Fact:
        """Take up the fact of a predicate, its arguments by key."""
        fact = Fact(predicate.name, tuple(known[_slot(argument)] for argument in predicate.arguments))
        self.stated.append(Stated(fact, self._place(path), CLAIMED if is_claim else "", "", path if spelled else None))
        return fact

    def _term(self, argument: Argument, value: Value, path: str) -> Term | None:
        """The term for a JSON value, or None where its type is wrong."""
        spelled = self.vocabulary.spelled.get(argument.domain)
        if argument.kind == "number":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                self._misfit("wrong_type", f"{_kind(value)} is not a number", "write a whole number", path)
            elif isinstance(value, float) and not value.is_integer():
                self._misfit("bad_number", f"{value} is not a whole number", "write a whole number", path)
            elif abs(value) > 10**40:
                self._misfit("bad_number", "the number is beyond any range", "write the number in digits", path)
            else:
                return int(value)
        elif argument.kind == "value" and spelled:
            if isinstance(value, bool):
                return spelled[value]
            self._misfit("wrong_type", f"{_kind(value)} is not true or false", "write true or false", path)
        elif not isinstance(value, str):
            self._misfit("wrong_type", f"{_kind(value)} is not a string", "write a string", path)
        else:
            return value if argument.kind == "id" else Constant(value)
        return None

    def _object(self, value: Value, path: str, allowed: Iterable[str], needed: Iterable[str] = ()) -> Members | None:
        """The members of an object whose keys are known, each once; unknown keys are reported and left out."""
        if not isinstance(value, dict):
            self._misfit("wrong_type", f"{_kind(value)} is not an object", "write an object", path)
            return None
        members = value if isinstance(value, Members) else Members([(str(key), v) for key, v in value.items()])
        for key in members.repeated:
            message = f"the key {shorten(key)} stands twice in one object"
            self._misfit("syntax", message, "keep one of them", child(path, key))
        known = set(allowed)
        for key in [key for key in members if key not in known]:
            mend = f"use one of {', '.join(sorted(known))}"
            self._misfit("unknown_key", f"{shorten(key)} is no key here", mend, child(path, key))
        for key in needed:
            if key not in members:
                self._misfit("missing_key", f"{key} is missing", f"add {key}", path)
        return members.only(known)

    def _place(self, path: str) -> Place:
        return Place(self.place.file, self.place.line, None, path)

    def _misfit(self, code: str, message: str, mend: str, path: str) -> None:
        self._misfits([Problem(code, message, mend)], path)

    def _misfits(self, problems: Iterable[Problem], path: str) -> None:
        self.misfits.extend(Misfit(problem, self._place(path)) for problem in problems)


def _slot(argument: Argument) -> str:
    """Where `Shape` keeps an argument: by its key, but for those known from outside."""
    if argument.kind == "of":
        return f"of {argument.domain}"
    return "field" if argument.kind == "field" else argument.key


def is_deep(value: Value) -> bool:
    """Whether a value is nested deeper than evidence may be."""
    layer = [value]
    for _ in range(limits.DEPTH):
        if not layer:
            break
        layer = [
            inner
            for outer in layer
            if isinstance(outer, (list, dict))
            for inner in (outer if isinstance(outer, list) else outer.values())
        ]
    return bool(layer)


def _kind(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, (int, float)):
        return "a number"
    return shorten(value) if isinstance(value, str) else f"a {type(value).__name__}"


TEXT = {"type": "string", "maxLength": limits.TEXT_CHARACTERS, "pattern": "^[^\\u0000]*$"}
"""The schema of a reference, and of an id but that an id is not empty."""


def json_schema(vocabulary: Vocabulary, title: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one candidate's object."""
    top = {key: _schema_of(vocabulary, p, None) for key, p in vocabulary.keys().items()}
    inner = vocabulary.keys(of_field=True)
    fields = {
        str(f): _closed({key: _schema_of(vocabulary, p, f) for key, p in inner.items() if f in p.fields})
        for f in vocabulary.fields
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Evidence of a candidate: {title}",
        **_closed({CANDIDATE: {**TEXT, "minLength": 1}, **top, FIELDS: _closed(fields)}, [CANDIDATE]),
    }


def _closed(properties: dict[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _schema_of(vocabulary: Vocabulary, predicate: Predicate, f: str | None) -> dict[str, Any]:
    """The schema of what stands under the key of a predicate."""
    own = {a.key: _schema_of_argument(vocabulary, a, f) for a in predicate.own}
    attributes = {p.key: _schema_of(vocabulary, p, f) for p in vocabulary.attributes(predicate.name, f)}
    marks = {STATUS: {"enum": list(STATUSES)}, SOURCE: TEXT}
    forms: list[dict[str, Any]] = []
    if predicate.number == "flag":
        forms.append({"type": "boolean"})
    elif predicate.alone:
        forms.extend(own.values())
    if predicate.is_item or len(own) > 1:
        spelled = _closed({**own, **attributes, **(marks if predicate.is_item else {})}, own)
        if predicate.combinations:
            keys = [a.key for a in predicate.own if a.kind == "value"]
            spelled["anyOf"] = [
                {"properties": {key: {"const": str(value)} for key, value in zip(keys, values, strict=True)}}
                for values in sorted(predicate.combinations, key=str)
            ]
        forms.append(spelled)
    schema = forms[0] if len(forms) == 1 else {"anyOf": forms}
    return {"type": "array", "items": schema} if predicate.number == "many" else schema


def _schema_of_argument(vocabulary: Vocabulary, argument: Argument, f: str | None) -> dict[str, Any]:
    if argument.kind == "id":
        return {**TEXT, "minLength": 1}
    if argument.kind == "number":
        least, greatest = vocabulary.ranges[argument.domain]
        return {"type": "integer", "minimum": least, "maximum": greatest}
    if argument.domain in vocabulary.spelled:
        return {"type": "boolean"}
    return {"enum": list(vocabulary.values(argument.domain, f))}
