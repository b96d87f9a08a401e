"""Policy changes: what they may put where, what they do to verdicts, and that they are part of the policy's digest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy
from itss_logic.changes import read_changes
from itss_logic.cli import cli
from itss_logic.errors import QuestionError
from itss_logic.rule_files import default_kb
from tests import oracle

ROOT = Path(__file__).parent.parent
PEOPLE = ROOT / "tests" / "data" / "sample-200.jsonl"
AIKO = ROOT / "facts" / "json" / "aiko.json"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="module")
def people(policy: Policy) -> list[Evidence]:
    return [entry for entry in policy.read(str(PEOPLE)) if isinstance(entry, Evidence)]


def changed(policy: Policy, folder: Path, *texts: str) -> Policy:
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"change-{number}.yaml"
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return policy.changed(read_changes(paths, policy))


def verdicts(policy: Policy, people: list[Evidence], readings: dict[str, str] | None = None) -> list[list[Any]]:
    return [[(r.verdict, r.routes, r.unmet) for r in a.results] for a in policy.evaluate(people, readings)]


def shape(parameters: Any) -> Any:
    """Parameters whose order does not matter."""
    if isinstance(parameters, dict):
        return {name: shape(value) for name, value in parameters.items()}
    return sorted(parameters) if isinstance(parameters, list) else parameters


EDITS = [
    (
        "hardware.5.succession: {required: 2}",
        [("sets((hardware; software), 5, succession, required, 3).", "sets(software, 5, succession, required, 3).")],
        "sets(hardware, 5, succession, required, 2).",
    ),
    (
        "facility_management.4.size: {small: {sites: {below: 3}, network_sites: {below: 10}}}",
        [
            ("sets(facility_management, 4, size, (small, sites, below), 2).", ""),
            ("sets(facility_management, 4, size, (small, network_sites, below), 100).", ""),
        ],
        "sets(facility_management, 4, size, (small, sites, below), 3)."
        "sets(facility_management, 4, size, (small, network_sites, below), 10).",
    ),
    (
        "software.4.specialty: {depth: practice, areas: [advice, failure_diagnosis]}\n"
        "software.3.exam: {exams: [ip, fe]}",
        [
            ("sets((hardware; software; facility_management), 4, specialty, depth, guide_subordinates).", ""),
            (
                "sets(software, 4, specialty, areas, (failure_diagnosis; requirement_measures; team_structure;\n"
                "    customer_satisfaction)).",
                "",
            ),
            ("sets((hardware; software; facility_management), 3, exam, exams, ap).", ""),
        ],
        "sets((hardware; facility_management), 4, specialty, depth, guide_subordinates)."
        "sets(software, 4, specialty, depth, practice)."
        "sets(software, 4, specialty, areas, (advice; failure_diagnosis))."
        "sets((hardware; facility_management), 3, exam, exams, ap). sets(software, 3, exam, exams, (ip; fe)).",
    ),
    (
        "hardware.5.size: {users: {coverage: [equivalent]}, complex_team: {least_criteria: 2}}\n"
        "hardware.5.projects: {grade: 3}",
        [
            ("sets((hardware; software), 5, size, (users, coverage), (wide_area; whole_industry; equivalent)).", ""),
            ("sets((hardware; software), 5, size, (complex_team, least_criteria), 4).", ""),
            ("sets((hardware; software; facility_management), 5, projects, grade, 4).", ""),
        ],
        "sets(software, 5, size, (users, coverage), (wide_area; whole_industry; equivalent))."
        "sets(hardware, 5, size, (users, coverage), equivalent). sets(hardware, 5, projects, grade, 3)."
        "sets(software, 5, size, (complex_team, least_criteria), 4)."
        "sets(hardware, 5, size, (complex_team, least_criteria), 2)."
        "sets((software; facility_management), 5, projects, grade, 4).",
    ),
]


@pytest.mark.parametrize(("text", "replacements", "added"), EDITS, ids=lambda part: str(part)[:30])
def test_a_change_does_what_an_edit_of_the_rules_would(
    policy: Policy,
    people: list[Evidence],
    tmp_path: Path,
    text: str,
    replacements: list[tuple[str, str]],
    added: str,
) -> None:
    shutil.copytree(default_kb(), tmp_path / "kb")
    file = tmp_path / "kb" / "customer_service" / "clauses.lp"
    rules = file.read_text(encoding="utf-8")
    for old, new in replacements:
        assert rules.count(old) == 1, old
        rules = rules.replace(old, new)
    file.write_text(f"{rules}\n{added}\n", encoding="utf-8")
    edited = Policy.load(kb=str(tmp_path / "kb"))
    overlaid = changed(policy, tmp_path, text)
    some = people[::2]
    for readings in ({}, {"two_sites": "small", "ap_exam": "deems_specialty", "project_grade": "exact"}):
        found = verdicts(overlaid, some, readings)
        assert found == verdicts(edited, some, readings)
        assert found != verdicts(policy, some, readings)
    assert {c.id: shape(c.parameters) for c in overlaid.clauses} == {c.id: shape(c.parameters) for c in edited.clauses}


def test_changed_counts_are_judged_as_by_an_independent_reading(
    policy: Policy, people: list[Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlaid = changed(
        policy,
        tmp_path,
        "hardware.5.succession: {required: 1}\nsoftware.5.succession: {required: 1}",
        "facility_management.5.succession: {required: 1}",
    )
    monkeypatch.setitem(oracle.REQUIRED, "succession", {4: 1, 5: 1, 6: 4})
    for person, answer in zip(people, overlaid.evaluate(people), strict=True):
        facts = [str(fact) for fact in person.facts]
        for result in answer.results:
            assert result.verdict == oracle.verdict(facts, result.field, result.level), person.candidate


def test_the_digest_is_that_of_what_is_changed(policy: Policy, tmp_path: Path) -> None:
    one = changed(policy, tmp_path, "hardware.5.succession: {required: 2}\nsoftware.3.projects: {required: 2}")
    other = changed(policy, tmp_path, "software.3.projects:\n  required: 2", "hardware.5.succession:\n  required: 2\n")
    more = changed(policy, tmp_path, "hardware.5.succession: {required: 4}\nsoftware.3.projects: {required: 2}")
    assert len({policy.digest, one.digest, more.digest}) == 3
    assert one.digest == other.digest
    assert [change.id for change in one.changes] == ["hardware.5.succession", "software.3.projects"]
    assert one.unchanged is policy


def test_what_is_as_it_was_is_no_change(policy: Policy, tmp_path: Path) -> None:
    same = changed(
        policy,
        tmp_path,
        "hardware.5.succession: {required: 3}\nhardware.3.specialty: {areas: [advice, first_contact, "
        "product_technology]}",
    )
    assert same is policy


REFUSED = [
    ("hardware.5.succession: {required: two}", "hardware.5.succession.required: two cannot stand here"),
    ("hardware.5.succession: {required: -1}", "write a whole number from 0 to 100"),
    ("hardware.5.succession: {required: true}", "True cannot stand here"),
    ("hardware.5.succession: {required: 2.5}", "2.5 cannot stand here"),
    ("hardware.5.succession: {required: [2]}", "a list cannot stand here"),
    ("hardware.5.succession: {needed: 2}", "there is no parameter needed; write one of required, items"),
    ("hardware.5.succession: {required: 2, required: 2}", "required stands twice"),
    ("hardware.5.succession: 2", "hardware.5.succession is 2; write parameters"),
    ("hardware.5.succession: {items: book}", "book is no list"),
    ("hardware.5.succession: {items: [book, film]}", "film is not a known value; write one of community, book"),
    ("hardware.5.succession: {items: [book, book]}", "a value stands twice"),
    ("hardware.7.succession: {required: 2}", "there is no clause hardware.7.succession; did you mean hardware.5"),
    ("hardware.5.size: {team: {to: users}}", "there is no parameter team; write one of users, complex_team"),
    ("hardware.5.size: {users: 3}", "hardware.5.size.users: 3 is no mapping; write one of to, coverage"),
    ("hardware.5.projects: {grade: 6}", "6 cannot stand here; write one of 3, 4, 5"),
    ("software.3.specialty: {areas: [product_technology]}", "product_technology is not a known value"),
    ("software.4.lower_level: {required: 2}", "nothing of this clause can be changed"),
    ("- hardware.5.succession", "a policy change is a mapping of clause ids to new parameters"),
    ("hardware.5.succession: {required: 2}\nhardware.5.succession: {required: 2}", "stands twice; keep one"),
    ("hardware.5.succession: &x {required: 2}", "anchors, aliases and tags are not read"),
    ("hardware.5.succession: [", "; write YAML"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=lambda part: part[:40])
def test_what_cannot_be_changed_is_said(policy: Policy, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "change.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QuestionError) as error:
        read_changes([str(path)], policy)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))


def test_two_files_may_not_disagree(policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=r"different values for hardware\.5\.succession\.required"):
        changed(policy, tmp_path, "hardware.5.succession: {required: 2}", "hardware.5.succession: {required: 1}")
    both = changed(policy, tmp_path, "hardware.5.succession: {required: 2}", "hardware.5.succession: {items: [book]}")
    assert both.clause("hardware.5.succession").parameters == {"required": 2, "items": ["book"]}


def test_a_list_may_be_emptied(policy: Policy, people: list[Evidence], tmp_path: Path) -> None:
    without = changed(policy, tmp_path, "hardware.3.exam: {exams: []}\nhardware.4.succession: {items: []}")
    assert without.clause("hardware.3.exam").parameters == {"exams": []}
    found = list(without.evaluate(people))
    assert not any("exam" in answer.result("hardware", 3).routes for answer in found)
    assert all("succession" in answer.result("hardware", 4).unmet for answer in found)


def test_show_tells_what_was_before(tmp_path: Path) -> None:
    change = ROOT / "facts" / "change.yaml"
    page = run("policy", "show", "hardware.5.succession", "--policy-change", change)
    assert "required: 2 (before: 3)" in page.stdout
    assert "Passed expertise on in 2 or more" in page.stdout
    told = json.loads(
        run("policy", "show", "hardware.5.succession", "--policy-change", change, "--format", "json").stdout
    )
    assert (told["parameters"]["required"], told["before"]["required"]) == (2, 3)
    assert "before" not in json.loads(run("policy", "show", "hardware.5.succession", "--format", "json").stdout)
    table = run("policy", "show", "--policy-change", change).stdout
    assert sum("(changed)" in line for line in table.replace("\n    ", " ").splitlines()) == 3


COMMANDS: list[list[object]] = [
    ["evaluate", AIKO],
    ["evaluate", AIKO, "--format", "json"],
    ["evaluate", AIKO, "--across-readings"],
    ["check", AIKO],
    ["why", AIKO, "--field", "hardware", "--level", "5"],
    ["certify", AIKO, "--field", "hardware", "--level", "3"],
    ["plan", AIKO, "--field", "software", "--level", "4"],
    ["whatif", AIKO],
    ["impact", AIKO],
    ["policy", "show"],
    ["policy", "schema"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command[0]} {command[-1]}")
def test_every_command_takes_a_change(command: list[object], tmp_path: Path) -> None:
    path = tmp_path / "change.yaml"
    path.write_text("hardware.5.succession: {required: 4}", encoding="utf-8")
    result = run(*command, "--policy-change", path)
    assert (result.exit_code, result.stderr) == (0, "")
    path.write_text("hardware.5.succession: {required: x}", encoding="utf-8")
    assert isinstance(run(*command, "--policy-change", path).exception, QuestionError)


def test_explanations_follow_a_change(policy: Policy, tmp_path: Path) -> None:
    [aiko] = policy.read(str(AIKO))
    assert isinstance(aiko, Evidence)
    harder = changed(policy, tmp_path, "hardware.5.succession: {required: 6}")
    why = harder.why(aiko, "hardware", 5)
    [unmet] = [criterion for criterion in why.criteria if not criterion.is_met]
    assert (unmet.required, unmet.found, len(unmet.missing[0])) == (6, unmet.found, 6 - unmet.found)
    plans = harder.plan(aiko, "hardware", 5, maximum=1)
    assert plans.plans[0].cost == 6 - unmet.found
