"""`itss impact`: a population before and after, because of what each verdict flips, and a picture of who moves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy
from itss_logic.changes import read_changes
from itss_logic.cli import cli
from itss_logic.errors import QuestionError, SelfCheckError
from itss_logic.impact import impact
from itss_logic.rule_files import default_kb

ROOT = Path(__file__).parent.parent
PEOPLE = ROOT / "tests" / "data" / "sample-200.jsonl"
CHANGE = ROOT / "facts" / "change.yaml"

CHANGES = """
hardware.5.succession: {required: 2}
software.4.projects: {required: 1}
software.4.succession: {required: 2}
facility_management.4.succession: {required: 2}
facility_management.5.size: {middle: {sites: {from: 2}}, small: {least_criteria: 2}}
hardware.4.specialty: {depth: practice}
software.3.projects: {required: 0}
software.3.specialty: {depth: practice, areas: [customer_satisfaction]}
"""
READINGS = {"two_sites": "small", "activities": "all", "progression": "cumulative"}


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="module")
def people(policy: Policy) -> list[Evidence]:
    return [entry for entry in policy.read(str(PEOPLE)) if isinstance(entry, Evidence)]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fourth of the people, in a file."""
    path = tmp_path_factory.mktemp("few") / "people.jsonl"
    path.write_text("".join(PEOPLE.read_text(encoding="utf-8").splitlines(keepends=True)[::4]), encoding="utf-8")
    return path


def changed(policy: Policy, folder: Path, text: str) -> Policy:
    path = folder / "change.yaml"
    path.write_text(text, encoding="utf-8")
    return policy.changed(read_changes([str(path)], policy))


def test_counts_and_flips_are_those_of_two_evaluations(tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text(CHANGES, encoding="utf-8")
    options = ["--policy-change", tmp_path / "change.yaml", "--reading", "two_sites=small"]
    told = json.loads(run("impact", PEOPLE, *options, "--format", "json").stdout)
    before = json.loads(run("evaluate", PEOPLE, "--format", "json").stdout)
    after = json.loads(run("evaluate", PEOPLE, *options, "--format", "json").stdout)
    for side, answers in (("before", before), ("after", after)):
        counted = Counter((r["field"], r["level"], r["verdict"]) for a in answers for r in a["results"])
        given = {
            (field, int(level), verdict): number
            for field, levels in told["counts"][side].items()
            for level, verdicts in levels.items()
            for verdict, number in verdicts.items()
        }
        assert {key: number for key, number in given.items() if number} == dict(counted)
    flips = [
        [b["candidate"], one["field"], one["level"], one["verdict"], other["verdict"]]
        for b, a in zip(before, after, strict=True)
        for one, other in zip(b["results"], a["results"], strict=True)
        if one["verdict"] != other["verdict"]
    ]
    assert [[f["candidate"], f["field"], f["level"], f["before"], f["after"]] for f in told["flips"]] == flips
    assert flips
    assert list(told["flips"][0]) == ["candidate", "field", "level", "before", "after", "because"]


def test_because_is_a_smallest_subset(policy: Policy, people: list[Evidence], tmp_path: Path) -> None:
    """Against every subset of the changes, each evaluated by itself; four people at least for each that is found."""
    after = changed(policy, tmp_path, CHANGES)
    readings = {"two_sites": "small", "activities": "all"}
    found = impact(after, people, readings)
    assert found.changes == (*(change.id for change in after.changes), *readings)
    flipped: dict[tuple[str, ...], list[str]] = {}
    for flip, because in found.flips:
        flipped.setdefault(because, []).append(flip.candidate)
    asked = {candidate for candidates in flipped.values() for candidate in candidates[:4]}
    some = [person for person in people if person.candidate in asked]
    verdicts: dict[tuple[str, ...], dict[tuple[str, str, int], str]] = {}
    for names in chain.from_iterable(combinations(found.changes, size) for size in range(3)):
        made = policy.changed([change for change in after.changes if change.id in names])
        answers = made.evaluate(some, {name: option for name, option in readings.items() if name in names})
        verdicts[names] = {(a.candidate, r.field, r.level): r.verdict for a in answers for r in a.results}
    assert set(map(len, flipped)) == {1, 2}
    for flip, because in found.flips:
        if flip.candidate not in asked:
            continue
        key = (flip.candidate, flip.field, flip.level)
        assert verdicts[because][key] == flip.after
        assert not [n for n in verdicts if len(n) < len(because) and verdicts[n][key] == flip.after]


def test_the_attribution_of_a_person_rests_on_nobody_else(
    policy: Policy, people: list[Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = changed(policy, tmp_path, CHANGES)
    some = people[::2]
    found = impact(after, some, READINGS)
    monkeypatch.setattr("itss_logic.impact.TOGETHER", 1)
    assert impact(after, some, READINGS) == found
    alone = [flip for person in some[:20] for flip in impact(after, [person], READINGS).flips]
    assert len(alone) > 5
    assert alone == list(found.flips[: len(alone)])


NOTHING = [
    "hardware.5.succession: {required: 3}",
    "facility_management.6.size: {big: {sites: {from: 5}}}\nsoftware.3.exam: {exams: [ap]}",
    "{}",
]


@pytest.mark.parametrize("text", NOTHING)
def test_a_change_that_changes_nothing_flips_nothing(few: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "change.yaml").write_text(text, encoding="utf-8")
    options = ["--policy-change", tmp_path / "change.yaml", "--reading", "two_sites=as_written", "--format", "json"]
    told = json.loads(run("impact", few, *options).stdout)
    assert told["flips"] == []
    assert told["counts"]["before"] == told["counts"]["after"]


def test_another_order_of_a_list_or_a_value_out_of_reach_flips_nothing(people: list[Evidence], tmp_path: Path) -> None:
    policy = Policy.load()
    reordered = changed(policy, tmp_path, "hardware.3.specialty: {areas: [advice, product_technology, first_contact]}")
    assert impact(reordered, people).flips == ()
    beyond = changed(policy, tmp_path, "facility_management.6.size: {big: {floor_area: {from: 1000000001}}}")
    assert beyond.changes
    assert all(because == ("facility_management.6.size",) for _, because in impact(beyond, people).flips)


def test_a_base_reading_holds_on_both_sides_unless_it_is_changed(policy: Policy, people: list[Evidence]) -> None:
    found = impact(policy, people, {"two_sites": "small"}, {"two_sites": "small", "progression": "cumulative"})
    assert (found.flips, found.changes) == ((), ())
    back = impact(policy, people, {"progression": "independent"}, {"progression": "cumulative"})
    forth = impact(policy, people, {"progression": "cumulative"})
    assert {(f.candidate, f.field, f.level, f.after) for f, _ in back.flips} == {
        (f.candidate, f.field, f.level, f.before) for f, _ in forth.flips
    }


def test_a_table_of_what_changes() -> None:
    result = run("impact", ROOT / "facts" / "json", "--policy-change", CHANGE)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == [
        "Field",
        "Level",
        "✓",
        "attained",
        "◇",
        "deemed",
        "…",
        "pending",
        "✗",
        "not",
        "attained",
        "Flips",
    ]
    assert "12 candidates, 1 verdict flipped: ▲1 to a better one, ▼0 to a worse one" in lines
    assert lines[-1].startswith("nao.kimura")
    assert lines[-1].endswith("✓ attained  facility_management.5.size")
    assert len({line.index("0") for line in lines[1:10:3]}) >= 1


def test_usage_and_refusals(tmp_path: Path) -> None:
    assert run("impact", PEOPLE).exit_code == 2
    assert isinstance(run("impact", PEOPLE, "--reading", "two_sites=big").exception, QuestionError)
    assert isinstance(
        run("impact", PEOPLE, "--base-reading", "nothing=x", "--policy-change", CHANGE).exception, QuestionError
    )
    lines = '{"candidate": "a", "exams": ["x"]}\n{"candidate": "b", "exams": ["ap"]}\n'
    some = run("impact", "-", "--reading", "ap_exam=no_effect", "--format", "json", stdin=lines)
    assert some.exit_code == 1
    assert [flip["candidate"] for flip in json.loads(some.stdout)["flips"]] == ["b", "b", "b"]
    assert run("impact", "-", "--policy-change", CHANGE, stdin=lines[:35]).exit_code == 2


def test_a_picture_of_who_moves(few: Path, tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text(CHANGES, encoding="utf-8")
    options = ["--policy-change", tmp_path / "change.yaml", "--reading", "progression=cumulative"]
    for form in ("svg", "png"):
        first, second = tmp_path / f"one.{form}", tmp_path / f"two.{form}"
        for path in (first, second):
            assert run("impact", few, *options, "--plot", path).exit_code == 0
        assert first.read_bytes() == second.read_bytes()
    drawn = (tmp_path / "one.svg").read_text(encoding="utf-8")
    for text in ("Hardware", "Software", "Facility Management", "level before", "50 candidates", "progression", "▼"):
        assert text in drawn
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_pictures_of_other_forms_and_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--policy-change", CHANGE, "--plot"]
    assert isinstance(run("impact", PEOPLE, *options, tmp_path / "p.gif").exception, QuestionError)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    error = run("impact", PEOPLE, *options, tmp_path / "p.svg").exception
    assert isinstance(error, QuestionError)
    assert "pip install 'itss_logic[plot]'" in str(error)


def test_no_command_needs_matplotlib_but_for_pictures() -> None:
    code = (
        "import sys; from itss_logic.cli import cli; import itss_logic.impact; assert 'matplotlib' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


BREAKS = [
    ("changed(F, L, K, Name)        :- made(Change),", "changed(F, L, K, Name) :- change(Change, N),"),
    ("#minimize { 1@M + 1, Change", "#minimize { -1@M + 1, Change"),
    (
        "selected(R, After)  :- turned(Change, R, Before, After), made(Change).",
        "selected(R, After) :- turned(Change, R, Before, After), not made(Change).",
    ),
]


@pytest.mark.parametrize(("old", "new"), BREAKS, ids=lambda part: part[:40])
def test_a_broken_rule_is_caught(people: list[Evidence], tmp_path: Path, old: str, new: str) -> None:
    shutil.copytree(default_kb(), tmp_path / "kb")
    path = tmp_path / "kb" / "core" / "because.lp"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    policy = Policy.load(kb=str(tmp_path / "kb"))
    after = changed(policy, tmp_path, CHANGES)
    with pytest.raises(SelfCheckError):
        impact(after, people, READINGS)


def test_progress_is_told(policy: Policy, people: list[Evidence]) -> None:
    told: list[Any] = []
    impact(policy, people, {"two_sites": "small"}, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 200
