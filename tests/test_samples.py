"""The samples in facts/: they are sound, both forms agree, and their stories hold."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from itss_logic import Answer, Evidence, Policy

FACTS = Path(__file__).resolve().parent.parent / "facts"
JSON = FACTS / "json"
LP = FACTS / "lp"

Answers: TypeAlias = dict[str, Answer]
"""Answers by candidate."""


class Row(NamedTuple):
    """A row of the table in facts/README.md."""

    person: str
    highest: dict[str, int | None]
    flips: set[str]
    missing: set[str]


def read_table(policy: Policy) -> dict[str, Row]:
    """The rows of the table, by file."""
    rows = {}
    for line in (FACTS / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        link = re.fullmatch(r"\[`(.+)`\]\(json/(.+)\)", cells[0])
        if link is None:
            continue
        assert link[1] == link[2]
        _, person, _, *levels, last = cells
        assert link[1] not in rows
        highest = {f: None if cell == "–" else int(cell) for f, cell in zip(policy.fields, levels, strict=True)}
        tokens = re.findall(r"`([^`]+)`", last)
        flips = {token for token in tokens if "=" in token}
        rows[link[1]] = Row(person, highest, flips, set(tokens) - flips)
    return rows


def read_evidence(policy: Policy, folder: Path) -> list[Evidence]:
    """All evidence in a folder; it must be sound."""
    entries = list(policy.read(str(folder)))
    evidence = [entry for entry in entries if isinstance(entry, Evidence)]
    assert evidence == entries
    return evidence


def evaluate(policy: Policy, evidence: list[Evidence], readings: dict[str, str] | None = None) -> Answers:
    return {answer.candidate: answer for answer in policy.evaluate(evidence, readings)}


def reached(answer: Answer) -> set[tuple[str, int]]:
    """The levels attained or deemed."""
    return {(result.field, result.level) for result in answer.results if result.is_reached}


def document(file: str) -> Any:
    return json.loads((JSON / file).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="module")
def table(policy: Policy) -> dict[str, Row]:
    return read_table(policy)


@pytest.fixture(scope="module")
def evidence(policy: Policy) -> list[Evidence]:
    return read_evidence(policy, JSON)


@pytest.fixture(scope="module")
def answers(policy: Policy, evidence: list[Evidence]) -> Answers:
    return evaluate(policy, evidence)


@pytest.fixture(scope="module")
def flips(policy: Policy, evidence: list[Evidence], answers: Answers) -> dict[str, set[str]]:
    """For each `reading=option` other than the defaults, who gains or loses a level under it alone."""
    found = {}
    for reading, options in policy.options.items():
        for option in options[1:]:
            other = evaluate(policy, evidence, {reading: option})
            found[f"{reading}={option}"] = {c for c in answers if reached(other[c]) != reached(answers[c])}
    return found


@pytest.mark.parametrize("folder", [JSON, LP], ids=["json", "lp"])
def test_no_sample_is_refused(policy: Policy, folder: Path) -> None:
    warnings: list[str] = []
    entries = list(policy.read(str(folder), warn=warnings.append))
    assert all(isinstance(entry, Evidence) for entry in entries), entries
    assert len(entries) == len(list(folder.iterdir())) == len(list(JSON.iterdir()))
    assert warnings == []


def test_lp_files_are_those_that_export_gives(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "itss_logic", "export", str(JSON), "-o", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    exported = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path.name: path.read_bytes() for path in LP.iterdir()} == exported


def test_both_forms_give_the_same_answers(policy: Policy, answers: Answers) -> None:
    from_lp = evaluate(policy, read_evidence(policy, LP))
    assert {c: answer.evidence for c, answer in from_lp.items()} == {c: a.evidence for c, a in answers.items()}
    assert {c: answer.as_json() for c, answer in from_lp.items()} == {c: a.as_json() for c, a in answers.items()}


def test_table_lists_every_file_and_its_person(table: dict[str, Row]) -> None:
    persons = {path.name: document(path.name)["candidate"] for path in JSON.iterdir()}
    assert {file: row.person for file, row in table.items()} == persons


def test_table_states_the_highest_levels(table: dict[str, Row], answers: Answers) -> None:
    assert {row.person: row.highest for row in table.values()} == {c: dict(a.highest) for c, a in answers.items()}


def test_table_states_who_flips(table: dict[str, Row], flips: dict[str, set[str]]) -> None:
    stated = {row.person: row.flips for row in table.values()}
    assert stated == {person: {change for change, who in flips.items() if person in who} for person in stated}


def test_table_states_what_is_missing(table: dict[str, Row], answers: Answers) -> None:
    """All that is unmet, of each level that a row speaks of."""
    for row in table.values():
        stated: dict[tuple[str, int], set[str]] = {}
        for clause in row.missing:
            field, level, criterion = clause.split(".")
            stated.setdefault((field, int(level)), set()).add(criterion)
        unmet = {level: set(answers[row.person].result(*level).unmet) for level in stated}
        assert stated == unmet, row.person


def test_every_verdict_occurs(answers: Answers) -> None:
    verdicts = {result.verdict for answer in answers.values() for result in answer.results}
    assert verdicts == {"attained", "deemed", "pending", "not_attained"}


def test_every_option_flips_somebody(policy: Policy, flips: dict[str, set[str]]) -> None:
    assert {change.partition("=")[0] for change in flips} == set(policy.options)
    assert [change for change, who in flips.items() if not who] == []


@pytest.mark.parametrize(
    ("file", "field", "level", "verdict"),
    [
        ("aiko.json", "hardware", 5, "attained"),
        ("emi.json", "software", 4, "pending"),
        ("makoto.json", "facility_management", 6, "attained"),
        ("mei.json", "software", 3, "deemed"),
        ("mika.json", "hardware", 4, "not_attained"),
        ("mika.json", "hardware", 5, "attained"),
        ("ren.json", "hardware", 3, "deemed"),
        ("ren.json", "software", 3, "deemed"),
        ("ren.json", "facility_management", 3, "deemed"),
    ],
)
def test_verdict_of_the_story(answers: Answers, file: str, field: str, level: int, verdict: str) -> None:
    assert answers[document(file)["candidate"]].result(field, level).verdict == verdict


def test_exam_alone_can_do(evidence: list[Evidence]) -> None:
    (ren,) = (entry for entry in evidence if entry.candidate == "ren.mori")
    assert {fact.name for fact in ren.facts} == {"candidate", "passed_exam", "source"}


def test_applied_exam_can_stand_in_for_a_specialty(policy: Policy, evidence: list[Evidence]) -> None:
    mei = evaluate(policy, evidence, {"ap_exam": "deems_specialty"})["mei.yoshida"]
    assert reached(mei) == {("software", 3)}
    assert mei.result("software", 3).verdict == "attained"


def mended(value: Any, path: str, new: Any) -> Any:
    """The document with a value put in at a path, or added where a list stands there."""
    *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    holder = value
    for key in keys:
        holder = holder[key]
    if isinstance(holder, dict) and isinstance(holder.get(last), list):
        holder[last].append(new)
    else:
        holder[last] = new
    return value


@pytest.mark.parametrize(
    ("file", "clause", "path", "new"),
    [
        pytest.param("emi.json", "software.4.projects", "fields.software.projects.1.status", "verified", id="project"),
        pytest.param(
            "kenji.json", "hardware.5.projects", "fields.hardware.projects.2.success", True, id="project that failed"
        ),
        pytest.param(
            "goro.json",
            "facility_management.5.top_project",
            "fields.facility_management.projects.2.network_sites",
            9,
            id="top project",
        ),
        pytest.param(
            "sora.json",
            "facility_management.6.top_project",
            "fields.facility_management.projects.3.complexity",
            "mission_critical",
            id="complexity of the top project",
        ),
        pytest.param(
            "haruka.json",
            "hardware.3.projects",
            "fields.hardware.projects.0.complexity",
            "mission_critical",
            id="complexity",
        ),
        pytest.param(
            "nao.json",
            "facility_management.4.top_project",
            "fields.facility_management.projects.1.sites",
            1,
            id="size",
        ),
        pytest.param(
            "mei.json",
            "software.4.projects",
            "fields.software.projects.1.satisfies",
            "maintainability",
            id="maintainability",
        ),
        pytest.param(
            "kenji.json",
            "hardware.5.specialty",
            "fields.hardware.specialties.0.depth",
            "guide_company",
            id="depth",
        ),
        pytest.param(
            "mika.json",
            "hardware.4.specialty",
            "fields.hardware.specialties.1.area",
            "customer_satisfaction",
            id="area",
        ),
        pytest.param(
            "daiki.json",
            "software.5.succession",
            "fields.software.achievements",
            {"item": "book", "id": "new"},
            id="succession",
        ),
        pytest.param("kenji.json", "hardware.5.leads", "leads_others", True, id="leads"),
        pytest.param("mei.json", "software.4.handles", "fields.software.handles", ["database"], id="handles"),
        pytest.param("mei.json", "software.4.develops", "develops_subordinates", ["mentoring"], id="develops"),
    ],
)
def test_gap_is_closed_by_what_is_missing(
    policy: Policy, answers: Answers, file: str, clause: str, path: str, new: Any
) -> None:
    """Nothing but the one thing that the story lacks is lacking for the criterion."""
    field, level, criterion = clause.split(".")
    entry = policy.entry(mended(document(file), path, new))
    assert isinstance(entry, Evidence)
    (after,) = policy.evaluate([entry])
    before = answers[entry.candidate].result(field, int(level)).unmet
    assert set(before) - set(after.result(field, int(level)).unmet) >= {criterion}
