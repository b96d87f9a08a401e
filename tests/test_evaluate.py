"""Verdicts on two hundred made-up people near the thresholds, as an independent reading of the policy decided them."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from itss_logic import Answer, Evidence, Policy
from itss_logic.export import FileNames
from itss_logic.terms import Constant, Fact, Term

DATA = Path(__file__).parent / "data"
PEOPLE = DATA / "sample-200.jsonl"


def rows(name: str) -> Iterator[dict[str, Any]]:
    with open(DATA / name, encoding="utf-8") as file:
        yield from map(json.loads, file)


def results(answers: Iterable[Answer]) -> dict[str, list[dict[str, Any]]]:
    return {answer.candidate: [result.as_json() for result in answer.results] for answer in answers}


def accepted(policy: Policy, *paths: Path) -> list[Evidence]:
    entries = list(policy.read(*map(str, paths)))
    evidence = [entry for entry in entries if isinstance(entry, Evidence)]
    assert evidence == entries
    return evidence


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="module")
def people(policy: Policy) -> list[Evidence]:
    return accepted(policy, PEOPLE)


@pytest.fixture(scope="module")
def expected() -> dict[str, list[dict[str, Any]]]:
    return {row["candidate"]: row["results"] for row in rows("sample-200.expected.jsonl")}


def test_every_verdict_route_and_unmet_list(
    policy: Policy, people: list[Evidence], expected: dict[str, list[dict[str, Any]]]
) -> None:
    assert sum(len(levels) for levels in expected.values()) == 2000
    assert results(policy.evaluate(people)) == expected


READINGS = {tuple(row["readings"].items()): row["readings"] for row in rows("sample-200.readings.jsonl")}


def test_the_data_has_every_other_option(policy: Policy) -> None:
    others = {((name, option),) for name, options in policy.options.items() for option in options[1:]}
    assert set(READINGS) == others


@pytest.mark.parametrize("readings", READINGS.values(), ids=lambda readings: "-".join(*readings.items()))
def test_every_other_option_alone(policy: Policy, people: list[Evidence], readings: dict[str, str]) -> None:
    wanted = {
        row["candidate"]: row["results"] for row in rows("sample-200.readings.jsonl") if row["readings"] == readings
    }
    chosen = [evidence for evidence in people if evidence.candidate in wanted]
    assert len(chosen) == 60
    assert results(policy.evaluate(chosen, readings)) == wanted


def shuffled_lp(people: list[Evidence]) -> str:
    lines = [line for evidence in people for line in evidence.as_lp().splitlines()]
    random.Random(7).shuffle(lines)
    return "\n".join(lines)


def test_facts_in_any_order_and_files_divided_anyhow(
    policy: Policy, people: list[Evidence], expected: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    divider = random.Random(3)
    parts: dict[int, list[Evidence]] = {}
    for evidence in people:
        parts.setdefault(divider.randrange(9), []).append(evidence)
    for number, part in parts.items():
        (tmp_path / f"{number}.lp").write_text(shuffled_lp(part), encoding="utf-8")
    again = accepted(policy, tmp_path)
    assert {evidence.candidate: evidence.digest for evidence in again} == {e.candidate: e.digest for e in people}
    assert results(policy.evaluate(again)) == expected


def test_one_file_a_person(policy: Policy, people: list[Evidence], tmp_path: Path) -> None:
    names = FileNames()
    for evidence in people[:40]:
        (tmp_path / names.of(evidence.candidate)).write_text(evidence.as_lp(), encoding="utf-8")
    assert accepted(policy, tmp_path) == people[:40]


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
def test_yaml_is_the_same_evidence(
    policy: Policy, people: list[Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser: str
) -> None:
    monkeypatch.setattr(yaml, "CSafeLoader", getattr(yaml, parser))
    file = tmp_path / "people.yaml"
    with open(PEOPLE, encoding="utf-8") as lines:
        file.write_text(yaml.safe_dump([json.loads(line) for line in itertools.islice(lines, 40)]), encoding="utf-8")
    assert accepted(policy, file) == people[:40]


def renamed(evidence: Evidence, number: int) -> Evidence:
    def rename(term: Term) -> Term:
        if isinstance(term, Fact):
            return Fact(term.name, tuple(map(rename, term.arguments)))
        return term if isinstance(term, Constant | int) else f"{term[::-1]}'\"\\\n%{number}"

    facts = sorted(map(rename, evidence.facts), key=str)
    return Evidence(str(rename(evidence.candidate)), tuple(fact for fact in facts if isinstance(fact, Fact)))


def test_names_decide_nothing(
    policy: Policy, people: list[Evidence], expected: dict[str, list[dict[str, Any]]]
) -> None:
    others = [renamed(evidence, number) for number, evidence in enumerate(people)]
    assert list(results(policy.evaluate(others)).values()) == list(expected.values())


def test_every_answer_says_what_it_rests_on(policy: Policy, people: list[Evidence]) -> None:
    [answer] = policy.evaluate(people[:1], {"two_sites": "small"})
    assert answer.policy == policy.digest
    assert answer.evidence == people[0].digest
    assert dict(answer.readings) == {**policy.in_force(), "two_sites": "small"}


def test_criteria_agree_with_unmet(policy: Policy, people: list[Evidence]) -> None:
    readings = {"progression": "cumulative"}
    for answer in policy.evaluate(people[:60], readings, criteria=True):
        for result in answer.results:
            assert sorted(c.name for c in result.criteria if not c.is_met) == list(result.unmet)
            if all(c.is_met_with_claims for c in result.criteria):
                assert result.verdict != "not_attained"


def test_across_readings_agrees_with_every_combination(policy: Policy, people: list[Evidence]) -> None:
    # Nothing much hinges on readings for most people: one for whom most does, and one for whom other readings matter.
    hinging = [
        [name for result in answer.results for name in result.hinges_on]
        for answer in policy.evaluate(people, across=True)
    ]
    first = max(range(len(people)), key=lambda number: len(hinging[number]))
    second = max(range(len(people)), key=lambda number: len(set(hinging[number]) - set(hinging[first])))
    some = [people[first], people[second]]
    assert len({*hinging[first], *hinging[second]}) > 6
    names = list(policy.options)
    combinations = list(itertools.product(*policy.options.values()))
    assert len(combinations) == 1152
    reached: dict[tuple[str, str, int], dict[tuple[str, ...], bool]] = {}
    for options in combinations:
        for answer in policy.evaluate(some, dict(zip(names, options, strict=True))):
            for result in answer.results:
                key = (answer.candidate, result.field, result.level)
                reached.setdefault(key, {})[options] = result.is_reached
    across = {
        (answer.candidate, result.field, result.level): result
        for answer in policy.evaluate(some, across=True)
        for result in answer.results
    }
    assert across.keys() == reached.keys()
    for key, result in across.items():
        table = reached[key]
        assert result.across == ("all" if all(table.values()) else "some" if any(table.values()) else "none"), key
        hinges = [name for at, name in enumerate(names) if hinges_on(table, at)]
        assert list(result.hinges_on) == hinges, key


def hinges_on(table: dict[tuple[str, ...], bool], at: int) -> bool:
    """Whether two combinations that differ at one place alone differ in their value."""
    groups: dict[tuple[str, ...], set[bool]] = {}
    for options, value in table.items():
        groups.setdefault(options[:at] + options[at + 1 :], set()).add(value)
    return any(len(values) == 2 for values in groups.values())


def test_a_chosen_reading_does_not_restrict_across(policy: Policy, people: list[Evidence]) -> None:
    plain = [[(r.across, r.hinges_on) for r in a.results] for a in policy.evaluate(people[:9], across=True)]
    chosen = policy.evaluate(people[:9], {"project_grade": "exact", "progression": "cumulative"}, across=True)
    assert [[(r.across, r.hinges_on) for r in a.results] for a in chosen] == plain
