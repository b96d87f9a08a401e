"""Several sources for one person."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings

from itss_logic import Policy
from itss_logic.cli import cli
from itss_logic.errors import Place
from itss_logic.evidence import Entry, Evidence, Refused
from itss_logic.merge import Merged, gathered, merge
from itss_logic.terms import Fact
from tests.bodies import body

POLICY = Policy.load()


def merged(*people: dict[str, Any] | Evidence) -> Merged:
    """What comes of one candidate in several sources, named a, b and so on."""
    sources: dict[str, Iterable[tuple[Entry, Place]]] = {}
    for name, one in zip("abcd", people, strict=False):
        entry = one if isinstance(one, Evidence) else POLICY.entry({"candidate": "E", **one})
        sources[name] = [(entry, Place(name))]
    (found,) = gathered(sources)
    return merge(found, POLICY.vocabulary)


def facts(one: Merged) -> set[str]:
    assert isinstance(one.entry, Evidence), one.entry
    return {str(fact) for fact in one.entry.facts} - {'candidate("E")'}


def led(**more: Any) -> dict[str, Any]:
    return {"fields": {"hardware": {"projects": [{"id": "p", **more}]}}}


def test_the_same_fact_is_there_once_and_all_references_are() -> None:
    ap = [{"exam": "ap", "source": "HR-1"}]
    assert facts(merged({"exams": ap}, {"exams": ["ap"]})) == {
        'passed_exam("E",ap)',
        'source(passed_exam("E",ap),"HR-1")',
    }
    other = [{"exam": "ap", "source": "HR-2"}]
    assert {f for f in facts(merged({"exams": ap}, {"exams": other})) if f.startswith("source")} == {
        'source(passed_exam("E",ap),"HR-1")',
        'source(passed_exam("E",ap),"HR-2")',
    }


def test_what_json_writes_out_once_gets_its_references_joined() -> None:
    assert 'source(project("E","p",hardware),"A; B")' in facts(
        merged(led(source="A"), led(source="B"), led(source="A"))
    )
    long = {"source": "x" * 1000}
    entry = merged(led(**long), led(source="y" * 1000)).entry
    assert isinstance(entry, Refused)
    assert [refusal.code for refusal in entry.refusals] == ["too_large"]


def test_verified_wins_over_claimed() -> None:
    claimed = {"exams": [{"exam": "ap", "status": "claimed"}], "leads_others": {"status": "claimed"}}
    assert facts(merged(claimed, {"exams": ["ap"]})) == {'passed_exam("E",ap)', 'claimed(leads_others("E"))'}
    assert facts(merged({"exams": ["ap"]}, claimed)) == facts(merged(claimed, {"exams": ["ap"]}))


def test_what_a_claim_says_of_an_item_is_taken_where_the_verified_item_says_it_too() -> None:
    claim = led(status="claimed", role="member")
    assert facts(merged(claim, led(role="member", success=True))) == {
        'project("E","p",hardware)',
        'role("E","p",member)',
        'outcome("E","p",success)',
    }


@pytest.mark.parametrize(
    ("one", "other", "message", "statements"),
    [
        (
            led(role="member"),
            led(role="responsible"),
            "two values where one is allowed",
            [('role("E","p",member)', "a"), ('role("E","p",responsible)', "b")],
        ),
        (
            led(),
            {"fields": {"software": {"projects": [{"id": "p", "status": "claimed"}]}}},
            "one item is stated in two ways",
            [('project("E","p",hardware)', "a"), ('claimed(project("E","p",software))', "b")],
        ),
        (
            led(role="member"),
            led(status="claimed", success=True),
            "an item is verified in one source, and another that claims it says more of it",
            [('project("E","p",hardware)', "a"), ('outcome("E","p",success)', "b")],
        ),
    ],
)
def test_contradictions_are_told_with_both_sides_and_not_guessed(
    one: dict[str, Any], other: dict[str, Any], message: str, statements: list[tuple[str, str]]
) -> None:
    found = merged(one, other)
    assert isinstance(found.entry, Refused)
    assert [refusal.code for refusal in found.entry.refusals] == ["conflict"]
    (contradiction,) = found.contradictions
    assert contradiction.message == message
    assert [(str(fact), source) for fact, source in contradiction.statements] == statements


def test_a_person_refused_in_one_source_is_refused() -> None:
    found = merged({"exams": ["ap"]}, {"exams": ["none"]})
    assert isinstance(found.entry, Refused)
    assert [refusal.code for refusal in found.entry.refusals] == ["unknown_value"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(one=body(POLICY.vocabulary, "E"), other=body(POLICY.vocabulary, "E"))
def test_a_merged_body_holds_all_of_both_and_nothing_else(one: Evidence, other: Evidence) -> None:
    assert merged(one, one).entry == one
    found = merged(one, other)
    again = merged(other, one)
    if isinstance(found.entry, Refused):
        assert isinstance(again.entry, Refused)
        return
    assert isinstance(again.entry, Evidence)

    def told(body: Evidence) -> set[Fact]:
        return {fact for fact in body.facts if fact.name != "source"}

    assert told(again.entry) == told(found.entry)
    both = told(one) | told(other)
    lost = both - told(found.entry)
    assert told(found.entry) <= both
    assert all(fact.name == "claimed" and fact.arguments[0] in told(found.entry) for fact in lost)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["merge", *arguments])


def test_the_command_writes_those_who_agree_and_lists_the_others(tmp_path: Path) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.json"
    one.write_text(
        json.dumps({"candidate": "E", **led(role="member")}) + "\n" + json.dumps({"candidate": "F", "exams": ["ap"]}),
        encoding="utf-8",
    )
    other.write_text(
        json.dumps([{"candidate": "G"}, {"candidate": "F"}, {"candidate": "E", **led(role="responsible")}]),
        encoding="utf-8",
    )
    output, contradictions = tmp_path / "merged.json", tmp_path / "contradictions.json"
    result = run(str(one), str(other), "-o", str(output), "--contradictions", str(contradictions))
    assert result.exit_code == 1
    assert f"{other}:$[2]: conflict: two values where one is allowed" in result.stderr
    assert f'role("E","p",member) in {one}, role("E","p",responsible) in {other}' in result.stderr
    assert [entry["candidate"] for entry in json.loads(output.read_text(encoding="utf-8"))] == ["F", "G"]
    (told,) = json.loads(contradictions.read_text(encoding="utf-8"))
    assert told["candidate"] == "E"
    assert told["statements"] == [
        {"fact": 'role("E","p",member)', "source": str(one)},
        {"fact": 'role("E","p",responsible)', "source": str(other)},
    ]


def test_a_candidate_twice_in_one_source_is_refused(tmp_path: Path) -> None:
    one = tmp_path / "one.json"
    one.write_text(json.dumps([{"candidate": "E", "exams": ["ap"]}, {"candidate": "E"}]), encoding="utf-8")
    result = run(str(one), "-o", "-")
    assert result.exit_code == 2
    assert "duplicate_candidate" in result.stderr
    assert result.stdout == ""


def test_a_source_without_a_candidate_does_not_stop_the_others(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    one.write_text("[{}]", encoding="utf-8")
    other.write_text('{"candidate": "E"}', encoding="utf-8")
    result = run(str(one), str(other), "-o", "-")
    assert result.exit_code == 1
    assert "missing_key" in result.stderr
    assert json.loads(result.stdout) == {"candidate": "E"}


def test_merging_again_changes_nothing() -> None:
    once = merged(led(source="x; y"), led(source="y")).entry
    assert isinstance(once, Evidence)
    assert 'source(project("E","p",hardware),"x; y")' in {str(fact) for fact in once.facts}
    assert merged(once, led(source="y")).entry == once
    assert merged(led(source="y; y"), led()).entry == merged(led(source="y; y")).entry


def test_what_contradicts_is_told_once() -> None:
    found = merged(led(role="member"), led(status="claimed", role="responsible"))
    assert [one.message for one in found.contradictions] == ["two values where one is allowed"]


def test_standard_input_is_a_source(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"candidate": "E", "exams": ["ap"]}', encoding="utf-8")
    result = CliRunner().invoke(cli, ["merge", "-", str(other), "-o", "-"], input='{"candidate": "E"}\n')
    assert json.loads(result.stdout) == {"candidate": "E", "exams": ["ap"]}


def test_contradictions_stay_where_nothing_is_merged_and_are_no_evidence(tmp_path: Path) -> None:
    one, other, told = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"
    one.write_text(json.dumps({"candidate": "E", **led(success=True)}), encoding="utf-8")
    other.write_text(json.dumps({"candidate": "E", **led(success=False)}), encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "e.json").write_text('{"candidate": "F"}', encoding="utf-8")
    command = [
        str(one),
        str(other),
        str(tmp_path / "src"),
        "--as",
        "csv",
        "-o",
        str(tmp_path / "out"),
        "--contradictions",
    ]
    assert run(*command, str(told)).exit_code == 1
    before = told.read_bytes()
    assert len(json.loads(before)) == 1
    assert "is there already" in str(run(*command, str(told)).exception)
    for place in ("out/candidates.csv", "out/c.json", "src/c.json"):
        result = run(*command, str(tmp_path / place), "--force")
        assert "lies in what is read" in str(result.exception), result.output
    assert told.read_bytes() == before
    assert sorted(os.listdir(tmp_path / "src")) == ["e.json"]


def test_contradictions_are_not_written_over_a_source(tmp_path: Path) -> None:
    source = tmp_path / "e.json"
    source.write_text('{"candidate": "E"}', encoding="utf-8")
    for output, contradictions in (("-", source), (tmp_path / "x.json", tmp_path / "x.json")):
        result = run(str(source), "-o", str(output), "--contradictions", str(contradictions))
        assert "is read, or written already" in str(result.exception)
    assert json.loads(source.read_text(encoding="utf-8")) == {"candidate": "E"}
