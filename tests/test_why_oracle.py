"""`why` and `certify` against the oracle, which shares nothing with the project (see `oracle.py`).

Every check yields what it finds wrong, so that a failure lists all disagreements of a chunk of candidates.
"""

import json
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from math import comb
from pathlib import Path
from typing import Any

import pytest

from itss_logic import Evidence, Policy
from tests import oracle

SAMPLE = Path(__file__).resolve().parent / "data" / "sample-200.jsonl"
CHUNK = 10
MAXIMUM = 20

Question = tuple[frozenset[str], str, int, Mapping[str, str]]
"""A candidate's facts, field, level and readings, as the oracle takes them."""

READINGS: dict[str, dict[str, str]] = {
    "cumulative": {"progression": "cumulative"},
    "cumulative, all activities": {"progression": "cumulative", "activities": "all"},
    "cumulative, exam for specialty, pieces, stated": {
        "progression": "cumulative",
        "ap_exam": "deems_specialty",
        "succession_count": "every_piece",
        "component": "stated",
    },
    "cumulative, exact, bands": {
        "progression": "cumulative",
        "project_grade": "exact",
        "small_network": "as_level_4",
        "two_sites": "small",
        "size_scope": "computer_rooms",
    },
    "exact, exam for specialty": {"project_grade": "exact", "ap_exam": "deems_specialty"},
    "exact, all activities, pieces": {
        "project_grade": "exact",
        "activities": "all",
        "succession_count": "every_piece",
    },
    "no exam, stated, first alternative": {
        "ap_exam": "no_effect",
        "component": "stated",
        "size_scope": "first_alternative",
        "two_sites": "small",
    },
}


# --- evidence ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="module")
def people(policy: Policy) -> list[Evidence]:
    evidence = [entry for entry in policy.read(str(SAMPLE)) if isinstance(entry, Evidence)]
    assert len(evidence) == len(sample())
    return evidence


@cache
def sample() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def chunks(number: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, number, CHUNK)]


def name_of(chunk: slice) -> str:
    return f"{chunk.start}-{chunk.stop - 1}"


def facts_of(evidence: Evidence) -> frozenset[str]:
    """The facts of the evidence with `candidate/1`."""
    return frozenset({str(fact) for fact in evidence.facts} | {f"candidate({oracle.quote(evidence.candidate)})"})


def with_claims(entry: Mapping[str, Any], share: float, chance: random.Random) -> dict[str, Any]:
    """The entry with about this share of its items turned into claims."""
    result = deepcopy(dict(entry))

    def turn(items: list[Any], key: str) -> None:
        for at, item in enumerate(items):
            if chance.random() < share:
                items[at] = (item if isinstance(item, dict) else {key: item}) | {"status": "claimed"}

    turn(result.get("exams", []), "exam")
    turn(result.get("develops_subordinates", []), "means")
    if result.get("leads_others") is True and chance.random() < share:
        result["leads_others"] = {"status": "claimed"}
    for part in result.get("fields", {}).values():
        turn(part.get("handles", []), "component")
        for group in ("specialties", "achievements", "projects"):
            turn(part.get(group, []), "id")
    return result


@cache
def claims() -> list[dict[str, Any]]:
    """Variants of forty candidates, lightly and heavily claimed; every fifth has an id that needs escapes."""
    chance = random.Random(20240)
    entries = []
    for number, entry in enumerate(chance.sample(sample(), 40)):
        variant = with_claims(entry, (0.1, 0.25, 0.5)[number % 3], chance)
        if number % 5 == 0:
            variant["candidate"] += ' "claims", \\ and\na line'
        entries.append(variant)
    return entries


def pick(people: Sequence[Evidence], readings: Mapping[str, str], number: int, seed: str) -> list[Evidence]:
    """A seeded choice of candidates, half of them from those who reach a level above the lowest."""
    chance = random.Random(seed)
    shuffled = chance.sample(people, len(people))
    above = [pair for pair in oracle.PAIRS if pair[1] > oracle.LOWEST]
    able = (one for one in shuffled if any(reached((facts_of(one), *pair, readings)) for pair in above))
    chosen = [one for one, _ in zip(able, range(number // 2), strict=False)]
    return chosen + [one for one in shuffled if one not in chosen][: number - len(chosen)]


def reached(question: Question) -> bool:
    return oracle.verdict(*question) != "not_attained"


# --- checks ------------------------------------------------------------------------------------------------------


def differ(what: str, got: object, expected: object) -> Iterator[str]:
    if got != expected:
        yield f"{what} is {got!r}, the oracle says {expected!r}"


def as_set(what: str, facts: Collection[str]) -> Iterator[str]:
    if len(set(facts)) < len(facts):
        yield f"{what} has a fact twice: {facts}"


def added(facts: Iterable[str], missing: Iterable[str]) -> set[str]:
    """The file with what was missing; a confirmed claim takes the place of the claim."""
    missing = set(missing)
    return set(facts) - {oracle.claimed(fact) for fact in missing} | missing


def check_missing(missing: Sequence[str], criterion: str, question: Question) -> Iterator[str]:
    """One set of facts that is to meet an unmet criterion."""
    facts, field, level, readings = question

    def meets(new: Iterable[str]) -> bool:
        then = oracle.criteria(oracle.about_field(added(facts, new), field), field, level, readings)
        return next(one.met for one in then if one.criterion == criterion)

    what = f"missing of {criterion}, {missing},"
    yield from as_set(what, missing)
    yield from differ(f"{what}: size", len(missing), oracle.least_missing(facts, field, level, criterion, readings))
    if facts & set(missing):
        yield f"{what} names facts on file"
    if not oracle.is_valid(added(facts, missing)):
        yield f"{what} makes the evidence invalid"
    if not meets(missing):
        yield f"{what} does not meet it"
    for fact in missing:
        if meets(set(missing) - {fact}):
            yield f"{what} can do without {fact}"


def check_support(support: Sequence[str], question: Question) -> Iterator[str]:
    """One set of facts from which alone the verdict is to follow."""
    facts, field, level, readings = question
    verdict = oracle.verdict(*question)
    candidate = {fact for fact in facts if oracle.parse(fact).name == "candidate"}
    what = f"support {support}"
    yield from as_set(what, support)
    yield from differ(f"{what}: size", len(support), oracle.least_support(*question))
    if not set(support) <= oracle.counted(facts):
        yield f"{what} is not of the evidence facts on file"
    if not oracle.is_valid(candidate | set(support)):
        yield f"{what} is not valid evidence"
    if verdict == "not_attained":
        return
    yield from differ(f"{what}: verdict alone", oracle.verdict(support, field, level, readings), verdict)
    for fact in support:
        if oracle.verdict(set(support) - {fact}, field, level, readings) == verdict:
            yield f"{what} can do without {fact}"


def check_frame(answer: Mapping[str, Any], question: Question) -> Iterator[str]:
    """All of a `why` answer but `missing` and `support`."""
    facts, field, level, readings = question
    (candidate,) = (oracle.parse(fact).args[0] for fact in facts if oracle.parse(fact).name == "candidate")
    yield from differ("candidate", answer["candidate"], candidate)
    yield from differ("field and level", (answer["field"], answer["level"]), (field, level))
    yield from differ("a chosen reading", {name: answer["readings"].get(name) for name in readings}, dict(readings))
    yield from differ("verdict", answer["verdict"], oracle.verdict(*question))
    yield from differ("routes", answer["routes"], oracle.routes(*question))
    expected = oracle.criteria(*question)
    yield from differ("criteria", [one["criterion"] for one in answer["criteria"]], [one.criterion for one in expected])
    for got, one in zip(answer["criteria"], expected, strict=False):
        for key in ("clause", "met", "required", "found"):
            yield from differ(f"{one.clause}: {key}", got[key], getattr(one, key))
        yield from differ(f"{one.clause}: evidence", set(got["evidence"]), set(one.evidence))
        yield from as_set(f"{one.clause}: evidence", got["evidence"])


def check_why(answer: Mapping[str, Any], question: Question) -> Iterator[str]:
    yield from check_frame(answer, question)
    for one in answer["criteria"]:
        if one["met"] or one["criterion"] == "lower_level":
            yield from differ(f"missing of {one['criterion']}", one["missing"], [])
        else:
            yield from check_missing(one["missing"], one["criterion"], question)
    yield from check_support(answer["support"], question)


def check_certificate(answer: Mapping[str, Any], question: Question) -> Iterator[str]:
    yield from check_support(answer["certificate"], question)
    yield from differ("size", answer["size"], oracle.least_support(*question))
    yield from differ("margin", answer["margin"], oracle.margin(*question))
    yield from differ("load_bearing", set(answer["load_bearing"]), oracle.load_bearing(*question))
    yield from as_set("load_bearing", answer["load_bearing"])


def shape(missing: Iterable[str], facts: Iterable[str]) -> frozenset[tuple[int, frozenset[str]]]:
    """What is missing, whatever its new ids are called: equal for sets that differ in these names alone."""
    known = {value for fact in facts for value in oracle.unclaimed(fact).args if isinstance(value, oracle.Id)}
    things: dict[oracle.Value, list[str]] = {}
    for fact in map(oracle.parse, missing):
        new = next((value for value in fact.args if isinstance(value, oracle.Id) and value not in known), "")
        args = tuple(oracle.Id("?") if value == new else value for value in fact.args)
        things.setdefault(new, []).append(oracle.text(fact._replace(args=args)))
    shapes = [frozenset(thing) for thing in things.values()]
    return frozenset((shapes.count(one), one) for one in shapes)


def check_all(answer: Mapping[str, Any], question: Question) -> Iterator[str]:
    """The answer of `--all` under the default readings."""
    facts, field, level, _ = question
    yield from check_frame(answer, question)
    for one in answer["criteria"]:
        name, sets = one["criterion"], one["missing"]
        if one["met"]:
            if sets not in ([], [[]]):
                yield f"missing of {name}, which is met, is {sets}"
            continue
        for missing in sets:
            yield from check_missing(missing, name, question)
        if len({shape(missing, facts) for missing in sets}) < len(sets):
            yield f"missing of {name} has a set twice, names of new ids aside: {sets}"
        least, most = {
            "leads": (1, 1),
            "handles": (len(oracle.COMPONENTS[field]),) * 2,
            "develops": (len(oracle.MEANS),) * 2,
            "specialty": (len(oracle.AREAS[field][level]), MAXIMUM),
            "succession": (comb(len(oracle.ACHIEVEMENTS) - one["found"], one["required"] - one["found"]), MAXIMUM),
        }.get(name, (1, MAXIMUM))
        if not min(least, MAXIMUM) <= len(sets) <= most:
            yield f"missing of {name}: {len(sets)} sets, there are {least} or more"
    if not reached(question):
        if answer["support"] not in ([], [[]]):
            yield f"support of what is not attained is {answer['support']}"
        return
    for support in answer["support"]:
        yield from check_support(support, question)
    if len(set(map(frozenset, answer["support"]))) < len(answer["support"]):
        yield f"support has a set twice: {answer['support']}"
    yield from differ("number of supports", len(answer["support"]), min(MAXIMUM, oracle.support(*question).number))


# --- asking ------------------------------------------------------------------------------------------------------


def label(found: Iterable[str], question: Question, evidence: Evidence) -> list[str]:
    return [f"{evidence.candidate} {question[1]} {question[2]} {dict(question[3])}: {problem}" for problem in found]


def why(policy: Policy, people: Iterable[Evidence], readings: Mapping[str, str]) -> list[str]:
    """What is wrong with `why` of these people at all levels."""
    found = []
    for evidence in people:
        for field, level in oracle.PAIRS:
            question = (facts_of(evidence), field, level, readings)
            answer = policy.why(evidence, field, level, readings=dict(readings)).as_json()
            found += label(check_why(answer, question), question, evidence)
    return found


def certify(policy: Policy, people: Iterable[Evidence], readings: Mapping[str, str]) -> list[str]:
    """What is wrong with `certify` of these people at all levels that they reach, or will once confirmed."""
    found = []
    for evidence in people:
        for field, level in oracle.PAIRS:
            question = (facts_of(evidence), field, level, readings)
            if reached(question):
                answer = policy.certify(evidence, field, level, readings=dict(readings)).as_json()
                found += label(check_certificate(answer, question), question, evidence)
    return found


def show(found: Sequence[str]) -> str:
    return "\n".join([f"{len(found)} disagreements:", *found[:20]])


def variants(policy: Policy, chunk: slice) -> list[Evidence]:
    entries = [policy.entry(deepcopy(entry)) for entry in claims()[chunk]]
    evidence = [entry for entry in entries if isinstance(entry, Evidence)]
    assert evidence == entries
    return evidence


# --- tests -------------------------------------------------------------------------------------------------------


def test_both_read_the_same_facts(policy: Policy, people: list[Evidence]) -> None:
    entries = sample() + claims()
    evidence = people + variants(policy, slice(None))
    assert len(entries) == len(evidence)
    for entry, one in zip(entries, evidence, strict=True):
        assert oracle.counted(facts_of(one)) == oracle.counted(oracle.facts_of(entry))
        assert oracle.is_valid(facts_of(one))


@pytest.mark.parametrize("chunk", chunks(200)[::3], ids=name_of)
def test_why(policy: Policy, people: list[Evidence], chunk: slice) -> None:
    found = why(policy, people[chunk], {})
    assert not found, show(found)


@pytest.mark.parametrize("name", READINGS)
def test_why_under_readings(policy: Policy, people: list[Evidence], name: str) -> None:
    found = why(policy, pick(people, READINGS[name], 4, name), READINGS[name])
    assert not found, show(found)


@pytest.mark.parametrize("chunk", chunks(200)[1::3], ids=name_of)
def test_certify(policy: Policy, people: list[Evidence], chunk: slice) -> None:
    found = certify(policy, people[chunk], {})
    assert not found, show(found)


@pytest.mark.parametrize("name", READINGS)
def test_certify_under_readings(policy: Policy, people: list[Evidence], name: str) -> None:
    found = certify(policy, pick(people, READINGS[name], 6, name), READINGS[name])
    assert not found, show(found)


@pytest.mark.parametrize("chunk", chunks(40)[::2], ids=name_of)
def test_why_with_claims(policy: Policy, chunk: slice) -> None:
    found = why(policy, variants(policy, chunk), {})
    assert not found, show(found)


@pytest.mark.parametrize("chunk", chunks(40)[1::2], ids=name_of)
def test_certify_with_claims(policy: Policy, chunk: slice) -> None:
    found = certify(policy, variants(policy, chunk), {})
    assert not found, show(found)


@pytest.mark.parametrize("name", ["cumulative", "cumulative, exact, bands", "exact, exam for specialty"])
def test_claims_under_readings(policy: Policy, name: str) -> None:
    people = pick(variants(policy, slice(None)), READINGS[name], 6, name)
    found = why(policy, people, READINGS[name]) + certify(policy, people, READINGS[name])
    assert not found, show(found)


@pytest.mark.parametrize("field", oracle.LEVELS)
def test_all(policy: Policy, people: list[Evidence], field: str) -> None:
    found = []
    for evidence in pick(people, {}, 6, field) + pick(variants(policy, slice(None)), {}, 4, field):
        for level in oracle.LEVELS[field]:
            question = (facts_of(evidence), field, level, dict[str, str]())
            answer = policy.why(evidence, field, level, all=True, maximum=MAXIMUM).as_json()
            found += label(check_all(answer, question), question, evidence)
    assert not found, show(found)


def test_all_is_stable_and_bounded(policy: Policy, people: list[Evidence]) -> None:
    for evidence in pick(people, {}, 2, "stable"):
        for field, level in oracle.PAIRS:
            first, second = (policy.why(evidence, field, level, all=True, maximum=3).as_json() for _ in range(2))
            assert first == second
            assert all(len(one["missing"]) <= 3 for one in first["criteria"])
            question = (facts_of(evidence), field, level, dict[str, str]())
            if reached(question):
                assert len(first["support"]) == min(3, oracle.support(*question).number)
