"""Hostile evidence is refused or survived, quickly, and harms nobody else; sound evidence means the same in every form.

Evidence is generated from the vocabulary itself, so that a new predicate is tested without a change here.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema  # type: ignore[import-untyped, unused-ignore]
import pytest
from clingo import Control
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from itss_logic import Answer, Evidence, Policy, Refused, limits
from itss_logic.documents import parse_json
from itss_logic.engine import Facts
from itss_logic.evidence import Entry
from itss_logic.export import FileNames
from itss_logic.facts import FactError, parse
from itss_logic.search import term_of
from itss_logic.shape import json_schema
from itss_logic.terms import Fact, write
from itss_logic.vocabulary import Predicate, Vocabulary
from tests.test_refusals import FACT_FILES, FACTS, JSON_OBJECTS, OBJECTS, YAML_OBJECTS

POLICY = Policy.load()
VOCABULARY: Vocabulary = POLICY.vocabulary
ITEMS = [predicate for predicate in VOCABULARY.predicates.values() if predicate.is_item]
RANK = ("not_attained", "pending", "deemed", "attained")


def examples(number: int, *suppressed: HealthCheck) -> settings:
    """So many examples, the same in every run."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, *suppressed]
    return settings(max_examples=number, deadline=None, derandomize=True, suppress_health_check=checks)


# Evidence from the vocabulary


class Attribute(NamedTuple):
    predicate: Predicate
    values: Mapping[str, Any]


class Item(NamedTuple):
    """An item. `values` are its own arguments by key; `is_short` says that JSON need not spell it out as an object."""

    predicate: Predicate
    field: str | None
    values: Mapping[str, Any]
    is_claimed: bool
    source: str | None
    is_short: bool
    attributes: tuple[Attribute, ...] = ()


class Person(NamedTuple):
    id: str
    items: tuple[Item, ...]


CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
PLAIN = st.sampled_from(["a", "p1", "x_y", "E-1", "not", "true", "1001", "1e3", "0o17", "null", "~", "=1+1", "-", "<<"])
ODD = st.sampled_from(
    [
        *('"', "\\", "\\n", "\n", "\r", "%", "%*", "*%", '").', "'", "花子", "\u202eevil", "e\u0301", "é", "\x1b[31m"),
        *("__proto__", "$", " ", "", "a\tb", "\u2028", "\x85", "😀", "../x", "/etc/passwd", "CON", "x" * 1024, "\x7f"),
        *("\ufeff", "\ufffe"),
    ]
)
TEXTS = st.one_of(PLAIN, ODD, st.text(CHARACTERS, max_size=8))
IDS = TEXTS.filter(bool)


@cache
def thresholds() -> tuple[int, ...]:
    """Every number that a clause names, and its neighbours."""

    def numbers(value: Any) -> Iterator[int]:
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list):
            yield from itertools.chain.from_iterable(map(numbers, value))
        elif isinstance(value, int):
            yield from (value - 1, value, value + 1)

    found = itertools.chain.from_iterable(numbers(clause.parameters) for clause in POLICY.clauses)
    return tuple(sorted(set(found)))


def value_choices(predicate: Predicate, field: str | None) -> list[dict[str, Any]]:
    """All that the value arguments of a predicate can be in a field, by key."""
    arguments = [a for a in predicate.arguments if a.kind == "value"]
    rows = itertools.product(*(VOCABULARY.values(a.domain, field) for a in arguments))
    return [
        dict(zip([a.key for a in arguments], row, strict=True))
        for row in rows
        if not predicate.combinations or row in predicate.combinations
    ]


def statements(predicate: Predicate, field: str | None) -> st.SearchStrategy[dict[str, Any]]:
    """The own arguments of a fact by key, ids aside."""
    numbers = {}
    for argument in predicate.arguments:
        if argument.kind == "number":
            least, greatest = VOCABULARY.ranges[argument.domain]
            near = [number for number in thresholds() if least <= number <= greatest]
            numbers[argument.key] = st.one_of(st.sampled_from([*near, least, greatest]), st.integers(least, greatest))
    return st.builds(
        lambda values, rest: {**values, **rest},
        st.sampled_from(value_choices(predicate, field)),
        st.fixed_dictionaries(numbers),
    )


@st.composite
def attributes(draw: st.DrawFn, predicate: Predicate, field: str | None) -> tuple[Attribute, ...]:
    found = []
    for attribute in VOCABULARY.keys(predicate.name).values():
        if field is None or field in attribute.fields:
            most = 1 if attribute.number != "many" else 6
            for values in draw(st.lists(statements(attribute, field), max_size=most, unique_by=repr)):
                found.append(Attribute(attribute, values))
    return tuple(found)


@st.composite
def people(draw: st.DrawFn, ids: st.SearchStrategy[str] = IDS, most: int = 4) -> Person:
    items = []
    for predicate in ITEMS:
        has_id = any(argument.kind == "id" for argument in predicate.own)
        names = draw(st.lists(IDS, max_size=most, unique=True)) if has_id else []
        owns = bool(VOCABULARY.keys(predicate.name))
        places = st.sampled_from(predicate.fields) if predicate.of_field else st.none()
        drawn: list[tuple[str | None, dict[str, Any]]] = []
        for number in range(len(names) if has_id else draw(st.integers(0, 1 if predicate.number == "flag" else most))):
            field = draw(places)
            values = draw(statements(predicate, field))
            drawn.append((field, {**values, **({id_key(predicate): names[number]} if has_id else {})}))
        for field, values in {repr(row): row for row in drawn}.values():
            items.append(
                Item(
                    predicate,
                    field,
                    values,
                    is_claimed=draw(st.sampled_from([False, False, False, True])),
                    source=draw(st.none() | TEXTS),
                    is_short=draw(st.booleans()),
                    attributes=draw(attributes(predicate, field)) if owns else (),
                )
            )
    return Person(draw(ids), tuple(items))


def id_key(predicate: Predicate) -> str:
    return next(argument.key for argument in predicate.own if argument.kind == "id")


def as_json_value(domains: Mapping[str, str], key: str, value: Any) -> Any:
    spelled = VOCABULARY.spelled.get(domains[key], {})
    return next((truth for truth, constant in spelled.items() if constant == value), value)


def values_as_json(predicate: Predicate, values: Mapping[str, Any]) -> dict[str, Any]:
    domains = {argument.key: argument.domain for argument in predicate.arguments}
    return {key: as_json_value(domains, key, value) for key, value in values.items()}


def as_object(person: Person) -> dict[str, Any]:
    """A person in the shape of JSON."""
    found: dict[str, Any] = {"candidate": person.id}
    for item in person.items:
        where = found if item.field is None else found.setdefault("fields", {}).setdefault(item.field, {})
        spelled = values_as_json(item.predicate, item.values)
        marks: dict[str, Any] = {} if item.source is None else {"source": item.source}
        if item.is_claimed:
            marks["status"] = "claimed"
        inner: dict[str, Any] = {}
        for attribute in item.attributes:
            put(
                inner,
                attribute.predicate,
                values_as_json(attribute.predicate, attribute.values),
                attribute.predicate.is_item,
            )
        has_id = any(argument.kind == "id" for argument in item.predicate.own)
        put(where, item.predicate, {**spelled, **inner, **marks}, bool(marks or inner or has_id or not item.is_short))
    return found


def put(where: dict[str, Any], predicate: Predicate, spelled: dict[str, Any], in_full: bool) -> None:
    value: Any = spelled
    if not in_full and len(spelled) < 2:
        value = next(iter(spelled.values()), True)
    if predicate.number == "many":
        where.setdefault(predicate.key, []).append(value)
    else:
        where[predicate.key] = value


def quoted(text: str, as_constant: bool = False) -> str:
    if as_constant and re.fullmatch(r"_*[a-z][A-Za-z0-9_']*", text) and text != "not":
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def as_facts(person: Person, chance: random.Random) -> list[str]:
    """A person in facts, ids as constants here and there."""

    def name(text: str) -> str:
        return quoted(text, chance.random() < 0.5)

    def fact(predicate: Predicate, field: str | None, owner: str, values: Mapping[str, Any]) -> str:
        terms = [name(person.id)]
        for argument in predicate.arguments:
            if argument.kind in ("field", "of"):
                terms.append(str(field) if argument.kind == "field" else name(owner))
            else:
                terms.append(name(values[argument.key]) if argument.kind == "id" else str(values[argument.key]))
        space = chance.choice(["", "", " ", "\n", " % x\n", "%* y *%"])
        return f"{predicate.name}({space}{f',{space}'.join(terms)})"

    found = [f"candidate({name(person.id)})."]
    for item in person.items:
        stated = fact(item.predicate, item.field, "", item.values)
        found.append(f"claimed({stated})." if item.is_claimed else f"{stated}.")
        if item.source is not None:
            found.append(f"source({stated},{quoted(item.source)}).")
        for attribute in item.attributes:
            found.append(fact(attribute.predicate, None, item.values[id_key(item.predicate)], attribute.values) + ".")
    return found


def as_yaml(value: Any, indent: str = "") -> str:
    """A value in block style; the strings that look like something else, and odd ones, in quotes."""
    if isinstance(value, dict) and value:
        return "".join(f"\n{indent}{scalar(key)}:{as_yaml(inner, indent + ' ')}" for key, inner in value.items())
    if isinstance(value, list) and value:
        return "".join(f"\n{indent}-{as_yaml(inner, indent + ' ')}" for inner in value)
    return f" {scalar(value)}"


def scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if re.fullmatch(r"[a-z]+(_[a-z]+)*", value) and value not in ("true", "false", "null"):
        return value
    return '"' + "".join(c if c in " -_" or (c.isascii() and c.isalnum()) else f"\\U{ord(c):08x}" for c in value) + '"'


FORMS = ("json", "jsonl", "yaml", "lp")


def in_form(form: str, group: Sequence[Person], chance: random.Random) -> str:
    """The text of a file that holds people."""
    if form == "lp":
        facts = [fact for person in group for fact in as_facts(person, chance)]
        chance.shuffle(facts)
        return chance.choice(["", "\n", "\r\n", "\t"]).join(facts)
    objects = [as_object(person) for person in group]
    if form == "jsonl":
        return "".join(json.dumps(shuffled(o, chance), ensure_ascii=chance.random() < 0.5) + "\n" for o in objects)
    value = shuffled(objects if len(objects) != 1 or chance.random() < 0.5 else objects[0], chance)
    return as_yaml(value) if form == "yaml" else json.dumps(value, indent=chance.choice([None, 1]))


def shuffled(value: Any, chance: random.Random, is_top: bool = True) -> Any:
    """A value with its keys, and the elements of its lists, in another order; that of candidates is kept."""
    if isinstance(value, dict):
        pairs = [(key, shuffled(inner, chance, False)) for key, inner in value.items()]
        return dict(chance.sample(pairs, len(pairs)))
    if isinstance(value, list):
        return [shuffled(inner, chance, is_top) for inner in (value if is_top else chance.sample(value, len(value)))]
    return value


def read(texts: Mapping[str, str | bytes]) -> list[Entry]:
    """The entries of files by name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            Path(folder, name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(POLICY.read(*(os.path.join(folder, name) for name in texts)))


def sound(entries: Iterable[Entry]) -> list[Evidence]:
    """Entries of which none is refused."""
    found = []
    for entry in entries:
        assert isinstance(entry, Evidence), entry
        found.append(entry)
    return found


def answers(evidence: Iterable[Evidence]) -> dict[str, Answer]:
    return {answer.candidate: answer for answer in POLICY.evaluate(evidence)}


GROUPS = st.lists(people(), min_size=1, max_size=4, unique_by=lambda person: person.id)
CHANCES = st.integers(0, 2**32).map(random.Random)


# Round trips


@examples(30)
@given(GROUPS, CHANCES)
def test_every_form_of_the_same_evidence_is_the_same(group: list[Person], chance: random.Random) -> None:
    first, *others = (
        {e.candidate: e for e in sound(read({f"x.{form}": in_form(form, group, chance)}))} for form in FORMS
    )
    assert set(first) == {person.id for person in group}
    for other in others:
        assert {c: e.digest for c, e in other.items()} == {c: e.digest for c, e in first.items()}
        assert other == first
    assert list(answers(first.values()).values()) == list(answers(reversed(first.values())).values())[::-1]


@examples(25)
@given(GROUPS, CHANCES, st.data())
def test_any_division_over_files_gives_the_same_answers(
    group: list[Person], chance: random.Random, data: st.DataObject
) -> None:
    together = answers(sound(read({"x.json": in_form("json", group, chance)})))
    texts: dict[str, str | bytes] = {}
    while group:
        taken = data.draw(st.integers(1, len(group)))
        form = data.draw(st.sampled_from(FORMS))
        texts[f"{len(texts)}.{form}"] = in_form(form, group[:taken], chance)
        group = group[taken:]
    assert answers(sound(read(texts))) == together


@examples(25)
@given(people(), CHANCES, st.data())
def test_verdicts_do_not_depend_on_names(person: Person, chance: random.Random, data: st.DataObject) -> None:
    old = sorted({item.values[id_key(item.predicate)] for item in person.items if has_id(item.predicate)})
    names = dict(zip(old, data.draw(st.lists(IDS, min_size=len(old), max_size=len(old), unique=True)), strict=True))
    renamed = Person(data.draw(IDS), tuple(with_id(item, names) for item in person.items))
    [before], [after] = (sound(read({"x.lp": in_form("lp", [someone], chance)})) for someone in (person, renamed))
    [answer], [other] = (list(POLICY.evaluate([evidence], criteria=True)) for evidence in (before, after))
    assert (other.results, other.highest) == (answer.results, answer.highest)


def has_id(predicate: Predicate) -> bool:
    return any(argument.kind == "id" for argument in predicate.own)


def with_id(item: Item, names: Mapping[str, str]) -> Item:
    if not has_id(item.predicate):
        return item
    key = id_key(item.predicate)
    return item._replace(values={**item.values, key: names[item.values[key]]})


@examples(40)
@given(people(most=8), st.data())
def test_more_verified_evidence_never_lowers_a_verdict(person: Person, data: st.DataObject) -> None:
    less = []
    for item in person.items:
        if data.draw(st.integers(0, 3)):
            kept = [attribute for attribute in item.attributes if data.draw(st.integers(0, 3))]
            less.append(
                item._replace(attributes=tuple(kept), is_claimed=item.is_claimed or not data.draw(st.integers(0, 3)))
            )
    before, after = (
        next(iter(answers(sound([POLICY.entry(as_object(someone))])).values()))
        for someone in (Person(person.id, tuple(less)), person)
    )
    for old, new in zip(before.results, after.results, strict=True):
        assert RANK.index(new.verdict) >= RANK.index(old.verdict), (old, new)
        assert set(new.routes) >= set(old.routes)
        assert set(new.unmet) <= set(old.unmet)


def test_less_evidence_on_file_never_raises_a_verdict() -> None:
    """The same on people near the thresholds."""
    chance = random.Random(5)
    people = sound(POLICY.read(str(Path(__file__).parent / "data" / "sample-200.jsonl")))
    after = answers(people)
    assert {result.verdict for answer in after.values() for result in answer.results} == set(RANK)
    for share in (0.02, 0.1):
        less = [e._replace(facts=tuple(f for f in e.facts if chance.random() >= share)) for e in people]
        before = answers(sound(itertools.chain.from_iterable(read({"x.lp": without_orphans(e)}) for e in less)))
        assert any(before[c].results != after[c].results for c in after)
        for candidate, answer in before.items():
            for old, new in zip(answer.results, after[candidate].results, strict=True):
                assert RANK.index(new.verdict) >= RANK.index(old.verdict), (old, new)
                assert set(new.unmet) <= set(old.unmet)


def without_orphans(evidence: Evidence) -> str:
    """Evidence without the attributes of items that are gone."""
    items = {item_key(fact) for fact in evidence.facts}
    kept = [fact for fact in evidence.facts if owner_key(fact) is None or owner_key(fact) in items]
    return f"candidate({write(evidence.candidate)}). " + " ".join(f"{fact}." for fact in kept)


def item_key(fact: Fact) -> tuple[str, Any] | None:
    """The predicate and id of an item, claimed or not."""
    if fact.name in ("claimed", "source") and isinstance(fact.arguments[0], Fact):
        return item_key(fact.arguments[0]) if fact.name == "claimed" else None
    predicate = VOCABULARY.predicates.get(fact.name)
    if predicate is None or not has_id(predicate):
        return None
    return (fact.name, fact.arguments[1 + predicate.place("id")])


def owner_key(fact: Fact) -> tuple[str, Any] | None:
    """The item that a fact is an attribute of, or cites."""
    predicate = VOCABULARY.predicates.get(fact.name)
    if fact.name == "source" and isinstance(fact.arguments[0], Fact):
        return item_key(fact.arguments[0])
    if predicate is None or predicate.owner is None:
        return None
    return (predicate.owner, fact.arguments[1 + predicate.place("of")])


@examples(40)
@given(GROUPS)
def test_any_ids_survive_an_export(group: list[Person]) -> None:
    evidence = sound(POLICY.entry(as_object(person)) for person in group)
    # Someone can take the very name that the file of another is to have.
    thieves = [Evidence(FileNames().of(e.candidate).removesuffix(".lp"), ()) for e in evidence]
    names = FileNames()
    files = {thief.candidate: names.of(thief.candidate) for thief in thieves}
    files |= {e.candidate: names.of(e.candidate) for e in evidence if e.candidate not in files}
    assert len({file.lower() for file in files.values()}) == len(files)
    for file in files.values():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.lp", file)
        assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d)\.", file, re.IGNORECASE)
    written = {files[e.candidate]: e.as_lp() for e in evidence}
    assert {e.candidate: e for e in sound(read(written))} == {e.candidate: e for e in evidence}


def test_the_command_line_exports_any_ids(tmp_path: Path) -> None:
    ids = [
        "a",
        "A",
        "a b",
        "a-b",
        "花子",
        "../x",
        "con",
        "",
        '"',
        "\n",
        "-",
        ".",
        "x" * 1024,
        "\u202e",
        FileNames().of("a b")[:-3],
    ]
    objects = [{"candidate": id, "exams": [{"exam": "ap", "source": id}]} for id in ids if id]
    file = tmp_path / "x.json"
    file.write_text(json.dumps(list(reversed(objects))), encoding="utf-8")
    assert itss("export", file, "-o", tmp_path / "out").returncode == 0
    back = sound(POLICY.read(str(tmp_path / "out")))
    assert {e.candidate: e for e in back} == {e.candidate: e for e in sound(POLICY.read(str(file)))}


# The published schema


@cache
def validator() -> Any:
    schema = json_schema(VOCABULARY, "Customer Service")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def words() -> list[str]:
    """Every key and value that evidence can have, and some that it cannot."""
    found = {"candidate", "fields", "status", "source", "claimed", "verified", "", "x", "__proto__", "x" * 1025, "\0"}
    for predicate in VOCABULARY.predicates.values():
        found |= {predicate.name, predicate.key, *(argument.key for argument in predicate.arguments), *predicate.fields}
    for values in VOCABULARY.domains.values():
        found |= set(values)
    return sorted(found)


WORDS = st.sampled_from(words())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, 1.0, 3.5, 1e9, 1e9 + 1, 1e300, 10**9, 10**9 + 1, 2**31, -(10**30), 10**30]),
    WORDS,
    IDS,
)
JUNK: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a value: what holds it, and its key or index."""
    keys: Iterable[Any] = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from nodes(value[key])


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    """A person's object with some changes, of which few are sound."""
    value = as_object(draw(people(most=2)))
    for _ in range(draw(st.integers(0, 3))):
        holder, key = draw(st.sampled_from(list(nodes(value)) or [(value, "candidate")]))
        change = draw(st.sampled_from(["word", "word", "replace", "remove", "double", "add"]))
        if change == "word":
            holder[key] = draw(WORDS)
        elif change == "replace":
            holder[key] = draw(JUNK)
        elif change == "remove":
            holder.pop(key, None) if isinstance(holder, dict) else holder.pop(key)
        elif change == "add" and isinstance(holder, dict):
            holder[draw(WORDS)] = draw(JUNK)
        elif isinstance(holder, list):
            holder.insert(key, draw(JUNK) if change == "add" else json.loads(json.dumps(holder[key])))
    return value


@examples(300)
@given(st.one_of(mutants(), JUNK))
@example({"candidate": "a", "fields": {}})
@example({"candidate": "a", "exams": [], "leads_others": False})
def test_the_reader_and_the_schema_agree(value: Any) -> None:
    entry = POLICY.entry(parse_json(json.dumps(value)))
    codes = {refusal.code for refusal in entry.refusals} if isinstance(entry, Refused) else set()
    assert validator().is_valid(value) == (codes <= {"conflict"}), codes


@pytest.mark.parametrize("name", [*OBJECTS, *JSON_OBJECTS])
def test_the_schema_rejects_what_is_refused(name: str) -> None:
    refused = {**OBJECTS, **JSON_OBJECTS}[name]
    codes = {refusal.split(" ")[0] for refusal in refused.refusals}
    beyond = codes <= {"conflict", "duplicate_candidate", "syntax"} or name in ("list", "facts")
    assert validator().is_valid(parse_json(refused.text)) == beyond


# Isolation


class Attack(NamedTuple):
    suffix: str
    text: str


ATTACKS = [
    *(Attack("json", wrong.text) for wrong in [*OBJECTS.values(), *JSON_OBJECTS.values()] if wrong.text != "[]"),
    *(Attack("yaml", wrong.text) for wrong in YAML_OBJECTS.values()),
    *(Attack("lp", wrong.text) for wrong in [*FACTS.values(), *FACT_FILES.values()]),
]
ATTACKS = [attack for attack in ATTACKS if len(attack.text) < 5000]


@examples(40)
@given(
    st.lists(people(st.sampled_from(["ann", "bob", "cat", "dan"])), max_size=3, unique_by=lambda p: p.id),
    CHANCES,
    st.data(),
)
def test_the_sound_are_answered_as_if_alone(group: list[Person], chance: random.Random, data: st.DataObject) -> None:
    alone: dict[str, Answer] = {}
    for person in group:
        alone |= answers(sound(read({"x.json": in_form("json", [person], chance)})))
    attacks = data.draw(st.lists(st.sampled_from(ATTACKS), min_size=1, max_size=8))
    texts: dict[str, str] = {}
    pieces: list[Person | Attack] = chance.sample([*group, *attacks], len(group) + len(attacks))
    for number, piece in enumerate(pieces):
        if isinstance(piece, Person):
            form = data.draw(st.sampled_from(FORMS))
            texts[f"{number}.{form}"] = in_form(form, [piece], chance)
        else:
            texts[f"{number}.{piece.suffix}"] = piece.text
    lines = [json.dumps(as_object(p)) if isinstance(p, Person) else p.text for p in pieces if not is_other(p)]
    facts = [in_form("lp", [p], chance) if isinstance(p, Person) else p.text for p in pieces if is_fact_like(p)]
    for files in (
        texts,
        {"x.jsonl": "".join(line.replace("\n", " ") + "\n" for line in lines)},
        {"x.lp": "\n".join(facts)},
    ):
        entries = read(files)
        found = answers(entry for entry in entries if isinstance(entry, Evidence))
        assert {c: answer for c, answer in found.items() if c in alone} == alone
        assert not found.keys() - alone.keys() - {"good"}
    assert any(isinstance(entry, Refused) for entry in read(texts))


def is_other(piece: Person | Attack) -> bool:
    return isinstance(piece, Attack) and piece.suffix != "json"


SPLIT = {wrong.text for wrong in FACTS.values()}


def is_fact_like(piece: Person | Attack) -> bool:
    return isinstance(piece, Person) or piece.text in SPLIT


SPLICES = [
    *(
        b'"',
        b"\\",
        b"\0",
        b"\xff",
        b"\n",
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b".",
        b",",
        b":",
        b"-",
        b"%*",
        b"*%",
        b"#script ",
    ),
    *(
        b"0x",
        b"bbbbbbbb",
        b"1e999",
        b"NaN",
        b"null",
        b"\\ud800",
        b"\\u0000",
        b"&a ",
        b"*a",
        b"!!str ",
        b"<<: ",
        b"? ",
        b"- ",
    ),
    *(b"|", b">", b"\t", b"99999999", b"claimed(", b"source(", b"\xef\xbb\xbf", b"\xc2\x85", b"...", b"---\n", b"'"),
]


@examples(60)
@given(GROUPS, CHANCES, st.sampled_from(FORMS), st.lists(st.sampled_from(SPLICES), min_size=1, max_size=6))
def test_damaged_files_are_read_or_refused(
    group: list[Person], chance: random.Random, form: str, splices: list[bytes]
) -> None:
    text = in_form(form, group, chance).encode()
    for splice in splices:
        at, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        kept = chance.choice([at, at, at, min(at + 3, len(text)), end])
        text = text[:at] + splice * chance.choice([1, 1, 1, 1000]) + text[kept:]
    entries = read({f"x.{form}": text})
    evidence = [entry for entry in entries if isinstance(entry, Evidence)]
    assert_nothing_foreign(evidence)
    assert len(answers(evidence)) == len(evidence)
    for entry in entries:
        for refusal in entry.refusals if isinstance(entry, Refused) else ():
            assert str(refusal).isprintable()
            assert json.loads(json.dumps(refusal.as_json())) == refusal.as_json()


# What reaches clingo

KNOWN = {"candidate", "claimed", "selected", *VOCABULARY.predicates, *VOCABULARY.fields}
KNOWN |= {value for values in VOCABULARY.domains.values() for value in values}


def assert_nothing_foreign(evidence: Sequence[Evidence]) -> None:
    text = Facts(evidence, {}).text
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z_]+\([a-z_0-9,]+\)\.|claimed\([a-z_]+\([a-z_0-9,]+\)\)\.", line), line
        assert set(re.findall(r"[a-z_]+", line)) <= KNOWN
        assert all(int(number) < 2**31 for number in re.findall(r"[0-9]+", line))


@examples(40)
@given(GROUPS)
def test_no_text_of_evidence_reaches_clingo(group: list[Person]) -> None:
    assert_nothing_foreign(sound(POLICY.entry(as_object(person)) for person in group))


TERMS = st.recursive(
    st.sampled_from(["a", "b", "0", "1", "-1", "99999999999", "#inf", '"a"', '"0"', '"1"', '"-1"', '"f(a)"', '"(a,1)"'])
    | WORDS.filter(lambda word: re.fullmatch("[a-z_]+", word) is not None),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda terms: f"f({','.join(terms)})")
        | st.lists(inner, min_size=2, max_size=3).map(lambda terms: f"({','.join(terms)})")
    ),
    max_leaves=3,
)


LIKE_TERMS = ['"a"', '"1"', '"f(a)"', '"-1"', '"99999999999"']
"""Ids that are written as other terms are; what is about those is not about these."""


@st.composite
def loose_facts(draw: st.DrawFn) -> str:
    """A fact of some predicate, of which now and then an argument is wrong."""
    predicate = draw(st.sampled_from(list(VOCABULARY.predicates.values())))
    field = draw(st.sampled_from(predicate.fields))
    values = draw(statements(predicate, field))
    right = [str(field) if a.kind == "field" else str(values.get(a.key, "")) for a in predicate.arguments]
    terms = [term or draw(st.sampled_from(["a", *LIKE_TERMS])) for term in right]
    if terms and draw(st.integers(0, 3)) == 0:
        terms[draw(st.integers(0, len(terms) - 1))] = draw(TERMS)
    fact = f"{predicate.name}({','.join(['a', *terms])})"
    return draw(st.sampled_from([fact, fact, fact, f"claimed({fact})", f'source({fact},"r")'])) + "."


@st.composite
def owners(draw: st.DrawFn) -> str:
    """Items that can have attributes, one of each id."""
    found = []
    for predicate in ITEMS:
        if VOCABULARY.keys(predicate.name):
            for id in LIKE_TERMS:
                values = {**draw(statements(predicate, None)), id_key(predicate): id}
                field = draw(st.sampled_from(predicate.fields))
                terms = [field if a.kind == "field" else values[a.key] for a in predicate.arguments]
                found.append(f"{predicate.name}({','.join(['a', *terms])}).")
    return " ".join(found)


@examples(200)
@given(owners(), st.lists(loose_facts(), max_size=4))
def test_loose_facts_never_reach_clingo(items: str, facts: list[str]) -> None:
    entries = read({"x.lp": f"candidate(a). {items} {' '.join(facts)}"})
    evidence = [entry for entry in entries if isinstance(entry, Evidence)]
    assert_nothing_foreign(evidence)
    for entry in evidence:
        [again] = sound(read({"x.lp": entry.as_lp()}))
        assert again == entry


SOUND = [
    "p(a).",
    'q("b").',
    "p((a,)).",
    "p(_a,a').",
    "r.",
    'p( "é%*" , -1\t).',
    "p(f(0x1F,0b10),0o17).",
    'q("\\\\\\"\\n").',
    "\r\n",
]
TOKENS = [
    *(
        "a",
        "p(",
        ")",
        "(",
        ",",
        ".",
        "1",
        "00",
        "-",
        '"',
        '"x"',
        '"*%"',
        '"\\"',
        "\\",
        '"\\t"',
        "\n",
        "\r",
        " ",
        "%",
        "%*",
        "*%",
    ),
    *("%%", "%!", "_", "X", "not ", "'", "#inf", "..", ";", ":-", "p(()).", "f().", "\f", "é"),
]
SOUP = st.lists(st.sampled_from(TOKENS), max_size=6).map("".join)
PIECES = st.one_of(
    st.sampled_from(SOUND),
    st.sampled_from(SOUND),
    SOUP.map(lambda soup: f"%*{soup}*%"),
    SOUP.map(lambda soup: f"%{soup}\n"),
    SOUP,
)


@examples(500, HealthCheck.filter_too_much)
@given(st.lists(PIECES, max_size=6).map("".join))
@example("%* 100% sure *% p(a).")
@example('%* %* *% p("*% q(b). %").')
@example("p(a). %* % *%\nq(b). *%")
def test_what_is_read_as_facts_is_the_same_facts_to_clingo(text: str) -> None:
    errors: list[FactError] = []
    facts = list(parse(text, errors.append))
    assume(not errors)
    messages: list[str] = []
    control = Control(logger=lambda code, message: messages.append(message))
    try:
        control.add("base", [], text)
        control.ground([("base", [])])
    except RuntimeError:
        pytest.fail(f"clingo does not read {text!r}: {messages}")
    assert {write(term_of(atom.symbol)) for atom in control.symbolic_atoms} == {str(fact.fact) for fact in facts}


# Attacks on time and memory

SECONDS, BYTES = 120, 1 << 30
"""What one call may take: far more than it needs, far less than an attack would have it use."""


def itss(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command under limits of time and memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))

    return subprocess.run(
        [sys.executable, "-m", "itss_logic", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        preexec_fn=limit,
        timeout=SECONDS,
        check=False,
    )


def many(form: str, text: str) -> Callable[[], str]:
    """A line about each of so many, around a `{}` in the text."""
    return lambda: form.replace("…", "".join(text.replace("{}", str(number)) for number in range(500_000)))


def to_the_limit(text: str) -> str:
    """A text over and over, as long as a file may be."""
    return text * ((limits.FILE_BYTES - 100) // len(text))


FLOODS: dict[tuple[str, str], tuple[Callable[[], str], set[str]]] = {
    ("lp", "string"): (lambda: f'candidate("{"x" * 10_000_000}").', {"too_large"}),
    ("lp", "constant"): (lambda: f"candidate({'x' * 10_000_000}).", {"too_large"}),
    ("lp", "number"): (lambda: f"candidate({'1' * 10_000_000}).", {"wrong_type"}),
    ("lp", "backslashes"): (lambda: 'candidate("' + "\\\\" * 2_000_000, {"syntax"}),
    ("lp", "open-strings"): (lambda: 'candidate("x\n' * 200_000, {"syntax"}),
    ("lp", "open-string-of-quotes"): (lambda: 'candidate("' + '\\"' * 200_000, {"syntax"}),
    ("lp", "open-strings-in-a-line"): (lambda: '"a\\' * 300_000, {"syntax"}),
    ("lp", "open-comments"): (lambda: "%* " * 1_000_000, {"syntax"}),
    ("lp", "comments"): (lambda: "%**%" * 500_000 + "{", {"not_a_fact"}),
    ("lp", "scripts"): (lambda: "#script (lua) " * 100_000, {"not_a_fact"}),
    ("lp", "parentheses"): (lambda: "candidate(" + "(" * 1_000_000, {"too_large"}),
    ("lp", "commas"): (lambda: "candidate(a" + ",a" * 500_000 + ").", {"wrong_arity"}),
    ("lp", "errors"): (lambda: "X. " * 300_000, {"not_a_fact", "too_large"}),
    ("lp", "unknown-predicates"): (
        lambda: "candidate(a). " + "friend(a). " * 20_000,
        {"unknown_predicate", "too_large"},
    ),
    ("lp", "conclusions"): (lambda: "candidate(a). " + "met(a). " * 20_000, {"derived_predicate", "too_large"}),
    ("lp", "projects"): (
        lambda: "candidate(a). " + "".join(f"project(a,p{number},hardware). " for number in range(200_000)),
        {"too_large"},
    ),
    ("json", "id"): (lambda: json.dumps({"candidate": "x" * 10_000_000}), {"too_large"}),
    ("json", "key"): (lambda: json.dumps({"candidate": "a", "x" * 10_000_000: 0}), {"unknown_key"}),
    ("json", "keys"): (many('{"candidate": "a"…}', ', "k{}": 0'), {"unknown_key", "too_large"}),
    ("json", "same-key"): (lambda: '{"candidate": "a"' + ', "x": 0' * 1_000_000 + "}", {"unknown_key", "syntax"}),
    ("json", "open-lists"): (lambda: "[" * 1_000_000, {"too_large"}),
    ("json", "late-nan"): (lambda: '{"candidate": "' + "\\\\" * 5_000_000 + '", "x": NaN}', {"syntax"}),
    ("json", "no-people"): (lambda: "[" + "0," * 100_000 + "0]", {"wrong_type", "too_large"}),
    ("jsonl", "no-people"): (lambda: "0\n" * 50_000, {"wrong_type", "too_large"}),
    ("jsonl", "line"): (lambda: "x" * 100_000_000, {"too_large"}),
    ("jsonl", "projects"): (
        many('{"candidate": "a", "fields": {"hardware": {"projects": [{"id": "p"}…]}}}', ', {"id": "{}"}'),
        {"too_large"},
    ),
    ("json", "projects"): (
        many('{"candidate": "a", "fields": {"hardware": {"projects": [{"id": "p"}…]}}}', ', {"id": "{}"}'),
        {"too_large"},
    ),
    ("json", "exams"): (lambda: '{"candidate": "a", "exams": [' + '"ap", ' * 2_000_000 + '"ap"]}', {"too_large"}),
    ("json", "objects-to-the-limit"): (
        lambda: '{"candidate": "a", "x": [' + to_the_limit("{},") + "0]}",
        {"unknown_key"},
    ),
    ("json", "nobodies"): (lambda: "[" + "{}," * 300_000 + "{}]", {"missing_key", "too_large"}),
    ("yaml", "objects"): (lambda: "candidate: a\nx: [" + "{}," * 1_000_000 + "0]", {"unknown_key"}),
    ("lp", "facts"): (lambda: "leads_others(a). " * 200_000, {"unknown_candidate", "too_large"}),
    ("yaml", "id"): (lambda: "candidate: " + "x" * 10_000_000, {"too_large"}),
    ("yaml", "key"): (lambda: f"candidate: a\n? {'x' * 5_000_000}\n: 0\n", {"unknown_key"}),
    ("yaml", "no-people"): (lambda: "- 0\n" * 50_000, {"wrong_type", "too_large"}),
    ("yaml", "documents"): (lambda: "---\n" * 50_000, {"wrong_type", "too_large"}),
    ("yaml", "anchors"): (lambda: "&a " * 500_000, {"syntax"}),
    ("yaml", "sequences"): (lambda: "- " * 1_000_000, {"too_large"}),
    ("yaml", "mappings"): (lambda: "{" * 500_000, {"too_large"}),
    ("yaml", "exams"): (lambda: "candidate: a\nexams:\n" + "- ap\n" * 100_000, {"too_large"}),
}


@pytest.mark.parametrize(("form", "name"), FLOODS)
def test_a_flood_is_refused_quickly(form: str, name: str, tmp_path: Path) -> None:
    make, codes = FLOODS[form, name]
    file = tmp_path / f"x.{form}"
    file.write_text(make(), encoding="utf-8", newline="")
    start = time.monotonic()
    process = itss("check", "--format", "json", file)
    assert time.monotonic() - start < SECONDS
    assert process.returncode == 2, process.stderr[-500:]
    refusals = json.loads(process.stdout)["refusals"]
    assert {refusal["code"] for refusal in refusals} <= codes
    # In JSON lines each line is somebody's.
    assert 1 <= len(refusals) <= limits.REFUSALS + 1 or form == "jsonl"
    assert max(map(len, process.stderr.splitlines())) < 5_000


def test_great_evidence_is_evaluated_quickly(tmp_path: Path) -> None:
    """As much as the limits allow, of all kinds."""
    draw = random.Random(3)
    lines = []
    for number in range(3):
        person: dict[str, Any] = {"candidate": f"c{number}", "fields": {}}
        for field in POLICY.fields:
            owners = [p for p in ITEMS if VOCABULARY.keys(p.name) and field in p.fields]
            for predicate in owners:
                for index in range(140):
                    attributes = [
                        Attribute(attribute, values)
                        for attribute in VOCABULARY.keys(predicate.name).values()
                        if field in attribute.fields
                        for values in (great(attribute, field, draw))
                    ]
                    item = Item(
                        predicate, field, {id_key(predicate): f"{field}{index}"}, False, None, False, tuple(attributes)
                    )
                    part = as_object(Person("x", (item,)))["fields"][field][predicate.key]
                    person["fields"].setdefault(field, {}).setdefault(predicate.key, []).extend(part)
        lines.append(json.dumps(person))
    file = tmp_path / "x.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    process = itss("evaluate", "--across-readings", "--format", "jsonl", file)
    assert process.returncode == 0, process.stderr
    assert len(process.stdout.splitlines()) == 3


def great(attribute: Predicate, field: str, draw: random.Random) -> list[dict[str, Any]]:
    numbers = {a.key: draw.choice(thresholds()[2:]) for a in attribute.arguments if a.kind == "number"}
    choices = [{**values, **numbers} for values in value_choices(attribute, field)]
    return choices if attribute.number == "many" else [draw.choice(choices)]


# Terminals, spreadsheets and file systems

NASTY = [
    *(
        "\x1b[31mred\x1b[0m",
        "two\nlines",
        "back\rspace\b",
        "\u202egnol",
        "\u2066a\u2069",
        "tab\tbed",
        "\x9b1A",
        "\u2028",
    ),
    "bell\x07",
]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/c calc'!A0", '"=1"', ",=1", "\n=1", ";=1", "a\r=1"]


def test_the_table_is_safe_to_look_at(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(
        "".join(json.dumps({"candidate": id, "exams": ["ap"]}) + "\n" for id in [*NASTY, *FORMULAS]), encoding="utf-8"
    )
    process = itss("evaluate", file)
    assert process.returncode == 0
    lines = process.stdout.split("\n")
    assert all(line.isprintable() for line in lines)
    rows = lines[: lines.index("")]
    assert len(rows) == 1 + len([*NASTY, *FORMULAS])
    file.write_text(json.dumps({"candidate": "".join(NASTY)}), encoding="utf-8")
    process = itss("evaluate", file)
    assert all(line.isprintable() for line in process.stdout.split("\n"))


def test_refusals_are_safe_to_look_at(tmp_path: Path) -> None:
    names = ["x\n.json", "\x1b[2J.json", "\u202e.json", "a:1:2: b.json", "é.json"]
    for number, name in enumerate(names):
        text = json.dumps({"candidate": NASTY[number], NASTY[number]: NASTY, "exams": NASTY, "leads_others": NASTY[0]})
        (tmp_path / name).write_text(text, encoding="utf-8")
    for number, nasty in enumerate(NASTY):
        stated = f"passed_exam({quoted(nasty)},{quoted(nasty)}). role({quoted(nasty)},{quoted(nasty)},member)."
        (tmp_path / f"{number}.lp").write_text(stated, encoding="utf-8", newline="")
    (tmp_path / "odd\x1b[1m.txt").write_text("", encoding="utf-8")
    for command in (["check"], ["check", "--format", "json"], ["evaluate"]):
        process = itss(*command, tmp_path)
        assert process.returncode == 2
        lines = process.stderr.split("\n")
        assert all(line.isprintable() for line in lines)
        assert lines.pop() == ""
        assert lines.pop(0).startswith("warning: ")
        assert len(lines) == sum(len(e.refusals) for e in POLICY.read(str(tmp_path)) if isinstance(e, Refused))
        for line in lines:
            assert re.search(r": [a-z_]+: .+; .+", line)


def test_an_error_of_usage_is_safe_to_look_at(tmp_path: Path) -> None:
    odd = tmp_path / "odd\n\x1b[1m.txt"
    odd.write_text("", encoding="utf-8")
    process = itss("check", odd)
    assert process.returncode == 2
    assert all(line.isprintable() for line in process.stderr.splitlines())
    assert len(process.stderr.splitlines()) == 1


def test_a_spreadsheet_sees_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    ids = [*NASTY, *FORMULAS]
    file.write_text("".join(json.dumps({"candidate": id}) + "\n" for id in ids), encoding="utf-8")
    process = subprocess.run(
        [sys.executable, "-m", "itss_logic", "evaluate", "--format", "csv", str(file)], capture_output=True, check=True
    )
    rows = list(csv.reader(io.StringIO(process.stdout.decode(), newline="")))
    assert len(rows) == 1 + len(ids) * len(POLICY.levels)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_any_encoding_of_the_terminal_will_do(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"candidate": "花子"}\n{"candidate": "\\ud800"}\n{"\\udfff": "é"}\n', encoding="utf-8")
    for form in ("table", "json", "jsonl", "csv"):
        outputs = set()
        for encoding in ("utf-8", "ascii", "latin-1"):
            process = itss("evaluate", "--format", form, file, PYTHONIOENCODING=encoding)
            assert process.returncode == 1
            assert "花子" in process.stdout
            outputs.add((process.stdout, process.stderr))
        assert len(outputs) == 1


def test_a_folder_of_odd_things(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub.json").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "sub.json" / "UPPER.JSON").write_text('{"candidate": "upper"}', encoding="utf-8")
    (folder / "good.jsonl").write_text(
        '\ufeff{"candidate": "bom"}\r\n\ufeff{"candidate": "crlf"}\r\n', encoding="utf-8"
    )
    (folder / "bom.json").write_text('\ufeff[\r\n{"candidate": "bom in json"}]', encoding="utf-8")
    (folder / "bom.yaml").write_text("\ufeffcandidate: bom in yaml\r\nexams:\r\n- ap\r\n", encoding="utf-8")
    (folder / "bom.lp").write_text(
        '\ufeffcandidate("bom in lp").\r\n% x\r\nleads_others("bom in lp").\r\n', encoding="utf-8"
    )
    for form in FORMS:
        (folder / f"empty.{form}").write_text("[]" if form == "json" else "", encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    os.mkfifo(folder / "pipe.json")
    (folder / "broken.json").symlink_to("nowhere.json")
    (folder / "itself.json").symlink_to("itself.json")
    (folder / "around").symlink_to(".")
    process = itss("check", "--format", "json", folder)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout) == {"candidates": 6, "refusals": []}
    warned = {line.split(": ")[1] for line in process.stderr.splitlines() if line.startswith("warning: ")}
    names = ("notes.txt", "pipe.json", "broken.json", "itself.json", "around")
    assert warned == {str(folder / name) for name in names}
    assert len(process.stderr.splitlines()) == len(names)


def test_a_file_that_cannot_be_read_is_refused_alone(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"candidate": "a"}', encoding="utf-8")
    for form in FORMS:
        # It can be opened, by anybody for itself, and not be read.
        (tmp_path / f"memory.{form}").symlink_to("/proc/self/mem")
    (tmp_path / "z.json").write_text('{"candidate": "z"}', encoding="utf-8")
    if not Path("/proc/self/mem").exists():
        pytest.skip("there is no /proc here")
    process = itss("check", "--format", "json", tmp_path)
    assert process.returncode == 1
    answer = json.loads(process.stdout)
    assert answer["candidates"] == 2
    assert {(r["code"], Path(r["file"]).stem, r["line"]) for r in answer["refusals"]} == {("syntax", "memory", None)}
    assert len(answer["refusals"]) == len(FORMS)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_folder_that_cannot_be_read_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"candidate": "a"}', encoding="utf-8")
    (tmp_path / "b.json").write_text('{"candidate": "b"}', encoding="utf-8")
    (tmp_path / "closed").mkdir()
    (tmp_path / "b.json").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        process = itss("check", "--format", "json", tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert process.returncode == 1
    assert json.loads(process.stdout)["candidates"] == 1


@pytest.mark.parametrize("form", FORMS)
def test_standard_input_of_any_form(form: str) -> None:
    chance = random.Random(1)
    item = Item(ITEMS[0], None, value_choices(ITEMS[0], None)[0], False, None, True)
    group = [Person("ann", (item,)), Person("花\n子", (item,))]
    arguments = [] if form == "jsonl" else ["--input-format", form]
    process = subprocess.run(
        [sys.executable, "-m", "itss_logic", "evaluate", "--format", "jsonl", *arguments, "-"],
        input=in_form(form, group, chance).encode(),
        capture_output=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, b"")
    found = {json.loads(line)["candidate"]: json.loads(line) for line in process.stdout.decode().splitlines()}
    expected = answers(sound(POLICY.entry(as_object(person)) for person in group))
    assert found == {candidate: answer.as_json() for candidate, answer in expected.items()}


ODD_VALUES: list[Any] = [
    {1: 2},
    {"candidate": "a", None: 1},
    {"candidate": "a", "exams": ("ap",)},
    {"candidate": b"a"},
    object(),
]
ODD_VALUES += [{"candidate": "a", "exams": [10**5000]}, {"candidate": 10**5000}, {"candidate": "a", "x": float("nan")}]


@pytest.mark.parametrize("index", range(len(ODD_VALUES)))
def test_any_python_value_is_refused_rather_than_an_error(index: int) -> None:
    assert isinstance(POLICY.entry(ODD_VALUES[index]), Refused)


def test_a_value_that_holds_itself() -> None:
    value: dict[str, Any] = {"candidate": "a"}
    value["fields"] = value
    assert isinstance(POLICY.entry(value), Refused)
