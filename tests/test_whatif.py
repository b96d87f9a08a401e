"""`itss whatif`: other facts, readings and policies, one scenario or several, and what is refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_logic import Evidence, Policy
from itss_logic.changes import Change
from itss_logic.cli import cli
from itss_logic.errors import Place, QuestionError
from itss_logic.scenarios import ADD, CONFIRM, REMOVE, Edit, EditError, Scenario, edit, read_scenarios, what_if

ROOT = Path(__file__).parent.parent
FACTS = ROOT / "facts" / "json"
EMI = FACTS / "emi.json"
BOOK = 'achievement("emi.suzuki",software,book,"message-queues-explained")'
FORMER = 'project("emi.suzuki","former-employer-brokerage",software)'


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin)


def told(*arguments: object) -> dict[str, Any]:
    result = run("whatif", *arguments, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


def emi(policy: Policy) -> Evidence:
    [entry] = policy.read(str(EMI))
    assert isinstance(entry, Evidence)
    return entry


def edited(policy: Policy, *edits: tuple[str, str]) -> Evidence:
    made = edit([emi(policy)], [Edit(action, text, Place("test")) for action, text in edits], policy.vocabulary)
    return made["emi.suzuki"]


def as_written(tmp_path: Path, text: str) -> list[dict[str, Any]]:
    """What `evaluate` says of facts."""
    path = tmp_path / "edited.lp"
    path.write_text(text, encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(run("evaluate", path, "--format", "json").stdout)
    return found


def test_before_and_after_are_what_evaluate_says(policy: Policy, tmp_path: Path) -> None:
    found = told(EMI, "--confirm", BOOK, "--confirm", FORMER)
    text = emi(policy).as_lp()
    assert found["before"] == as_written(tmp_path, text)
    confirmed = text.replace(f"claimed({BOOK})", BOOK).replace(f"claimed({FORMER})", FORMER)
    assert found["after"] == as_written(tmp_path, confirmed)
    change = {"candidate": "emi.suzuki", "field": "software", "level": 4, "before": "pending", "after": "attained"}
    assert found["changes"] == [change]


def test_facts_are_written_as_people_do(policy: Policy) -> None:
    loose = 'achievement("emi.suzuki", software,\n book , "message-queues-explained").  % checked'
    assert edited(policy, (CONFIRM, loose)) == edited(policy, (CONFIRM, BOOK))


def test_a_removed_item_takes_its_attributes_and_sources(policy: Policy) -> None:
    left = edited(policy, (REMOVE, f"claimed({FORMER})"))
    assert "former-employer-brokerage" not in left.as_lp()
    assert len(left.facts) < len(emi(policy).facts) - 8
    assert edited(policy, (REMOVE, f"claimed({BOOK})")).size == emi(policy).size - 1


def test_facts_are_removed_before_others_are_added(policy: Policy) -> None:
    role, other = (f'role("emi.suzuki","former-employer-brokerage",{r})' for r in ("responsible", "member"))
    changed = edited(policy, (ADD, other), (REMOVE, role))
    assert other in changed.as_lp()
    assert role not in changed.as_lp()


def test_undone_edits_leave_no_trace(policy: Policy) -> None:
    patent = 'achievement("emi.suzuki",software,patent,"p-1")'
    back = edit([edited(policy, (ADD, patent))], [Edit(REMOVE, patent, Place("t"))], policy.vocabulary)
    assert back["emi.suzuki"] == emi(policy)


@cache
def sample() -> tuple[Policy, list[Evidence]]:
    policy = Policy.load()
    people = list(policy.read(str(ROOT / "tests" / "data" / "sample-200.jsonl")))
    return policy, [entry for entry in people if isinstance(entry, Evidence)]


@given(number=st.integers(min_value=0, max_value=199), data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_facts_may_be_removed_and_the_rest_is_sound(number: int, data: st.DataObject) -> None:
    policy, entry = sample()[0], sample()[1][number]
    facts = [str(fact) for fact in entry.facts if fact.name != "candidate"]
    if not facts:
        return
    gone = data.draw(st.lists(st.sampled_from(facts), min_size=1, max_size=4, unique=True))
    edits = [Edit(REMOVE, fact, Place("test")) for fact in gone]
    left = edit([entry], edits, policy.vocabulary)[entry.candidate]
    assert not set(map(str, left.facts)) & set(gone)
    assert set(left.facts) < set(entry.facts)


REFUSED = [
    (ADD, 'achievement("nobody",software,book,"b")', "unknown_candidate", "name one whose evidence is given"),
    (ADD, 'candidate("nobody")', "unknown_candidate", "name one whose evidence is given"),
    (ADD, "candidate(3)", "unknown_candidate", "name one whose evidence is given"),
    (ADD, "nothing", "unknown_candidate", "name one"),
    (ADD, 'foo("emi.suzuki")', "unknown_predicate", "use one of"),
    (ADD, 'attained("emi.suzuki",software,4)', "derived_predicate", "state the evidence"),
    (ADD, 'achievement("emi.suzuki",software,book)', "wrong_arity", "write it as"),
    (ADD, 'achievement("emi.suzuki",software,film,"f")', "unknown_value", "write one of"),
    (ADD, 'sites("emi.suzuki","former-employer-brokerage",3)', "unknown_value", "it is used in facility_management"),
    (ADD, 'role("emi.suzuki","nowhere",member)', "unknown_project", "state the project"),
    (ADD, 'role("emi.suzuki","former-employer-brokerage",member)', "conflict", "keep one of them"),
    (ADD, FORMER, "conflict", "keep one of them"),
    (ADD, BOOK, "conflict", "keep one of them"),
    (ADD, 'leads_others("emi.suzuki") :- candidate(C)', "not_a_fact", "write ground facts only"),
    (ADD, 'leads_others("emi.suzuki"). candidate("emi.suzuki")', "not_a_fact", "write one fact"),
    (ADD, "", "syntax", "write name(argument"),
    (ADD, 'leads_others("emi.suzuki', "syntax", "close the string"),
    (ADD, 'claimed(claimed(leads_others("emi.suzuki")))', "unknown_value", "only these can stand here"),
    (REMOVE, 'leads_others("emi.suzuki")', "not_on_file", "name a fact on file"),
    (REMOVE, BOOK, "not_on_file", f"it is on file as a claim: write claimed({BOOK})"),
    (REMOVE, 'candidate("emi.suzuki")', "unknown_value", "name a fact on file"),
    (CONFIRM, 'leads_others("emi.suzuki")', "not_on_file", "name an item that is on file as a claim"),
    (CONFIRM, f"claimed({BOOK})", "not_on_file", "without claimed(...)"),
    (CONFIRM, 'develops_subordinates("emi.suzuki",coaching)', "not_on_file", "it is verified already"),
]


@pytest.mark.parametrize(("action", "text", "code", "mend"), REFUSED, ids=lambda part: part[:40])
def test_what_cannot_be_done_is_refused(policy: Policy, action: str, text: str, code: str, mend: str) -> None:
    with pytest.raises(EditError) as error:
        edited(policy, (action, text), (CONFIRM, BOOK if text != BOOK else FORMER))
    [refusal] = error.value.refusals
    assert refusal.code == code
    assert mend in refusal.mend


def test_all_refusals_are_told_at_once_and_nothing_is_evaluated() -> None:
    result = run("whatif", EMI, "--add", "a(B)", "--add", 'foo("emi.suzuki")', "--confirm", BOOK)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == ["--add a(B)", '--add foo("emi.suzuki")']


def test_readings_and_policy_changes_hold_after_alone(tmp_path: Path) -> None:
    found = told(FACTS, "--reading", "two_sites=small", "--policy-change", ROOT / "facts" / "change.yaml")
    for side, option in (("before", "as_written"), ("after", "small")):
        assert {answer["readings"]["two_sites"] for answer in found[side]} == {option}
    assert found["before"] == json.loads(run("evaluate", FACTS, "--format", "json").stdout)
    changed = ["--reading", "two_sites=small", "--policy-change", ROOT / "facts" / "change.yaml"]
    after = run("evaluate", FACTS, "--format", "json", *changed)
    assert found["after"] == json.loads(after.stdout)
    base = told(FACTS, "--base-reading", "two_sites=small", "--reading", "two_sites=as_written")
    flips = [(c["candidate"], c["before"], c["after"]) for c in base["changes"]]
    assert flips == [("nao.kimura", "attained", "not_attained")]


def test_evidence_that_no_edit_touches_is_as_before() -> None:
    found = told(FACTS, "--confirm", BOOK)
    differing = [a["candidate"] for b, a in zip(found["before"], found["after"], strict=True) if a != b]
    assert differing == ["emi.suzuki"]


def test_named_scenarios_in_one_run() -> None:
    file = ROOT / "facts" / "scenarios.yaml"
    found = told(FACTS, "--scenario", file)
    assert list(found) == ["before", "scenarios"]
    changes = {name: [(c["candidate"], c["after"]) for c in s["changes"]] for name, s in found["scenarios"].items()}
    assert changes == {
        "the book is genuine": [],
        "all claims are genuine": [("emi.suzuki", "attained")],
        "two sites are small": [("nao.kimura", "attained")],
        "one project is enough": [],
        "a mentor and an area": [("mei.yoshida", "attained")],
    }
    assert set(found["scenarios"]["two sites are small"]) == {"after", "changes"}


def test_a_scenario_stands_on_top_of_the_other_options(tmp_path: Path) -> None:
    file, change = tmp_path / "s.yaml", tmp_path / "c.yaml"
    change.write_text("software.4.develops: {required: 2}", encoding="utf-8")
    file.write_text(
        f"both: {{confirm: ['{FORMER}']}}\n"
        "one: {policy_change: {software.4.develops: {required: 1}}, readings: {two_sites: as_written}}\n"
        "none:\n",
        encoding="utf-8",
    )
    options = ["--confirm", BOOK, "--reading", "two_sites=small", "--policy-change", change]
    found = told(EMI, *options, "--scenario", file)
    assert {n: [c["after"] for c in s["changes"]] for n, s in found["scenarios"].items()} == {
        "both": ["not_attained"],
        "one": [],
        "none": ["not_attained"],
    }
    chosen = [s["after"][0]["readings"]["two_sites"] for s in found["scenarios"].values()]
    assert chosen == ["small", "as_written", "small"]
    digests = [s["after"][0]["policy"] for s in found["scenarios"].values()]
    assert digests[0] == digests[2] != digests[1]


def test_a_scenario_names_files_of_policy_changes_beside_it(policy: Policy, tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text("hardware.5.succession: {required: 2}", encoding="utf-8")
    (tmp_path / "s.yaml").write_text("a: {policy_change: change.yaml}\nb: {policy_change: [change.yaml]}")
    one, other = read_scenarios(str(tmp_path / "s.yaml"), policy)
    assert one.changes == other.changes == (Change("hardware", 5, "succession", {("required",): 2}),)


SCENARIOS = [
    ("- a", "scenarios are a mapping of names"),
    ("", "there is no scenario"),
    ("a: 3", "a is no scenario; write each of add, remove, confirm, readings, policy_change once"),
    ("a: {adds: []}", "adds is no part of a scenario"),
    ("a: {add: x}", "add is no list of facts"),
    ("a: {add: [3]}", "add is no list of facts"),
    ("a: {add: [], add: []}", "a is no scenario"),
    ("a: {}\na: {}", "a stands twice"),
    ("a: {readings: [two_sites]}", "readings are no mapping"),
    ("a: {readings: {two_sites: big}}", "a: two_sites has no option big"),
    ("a: {readings: {three_sites: small}}", "a: there is no reading three_sites"),
    (
        "a: {policy_change: {hardware.5.succession: {required: x}}}",
        "a: policy_change: hardware.5.succession.required: x",
    ),
    ("a: {policy_change: nowhere.yaml}", "there is no file nowhere.yaml"),
]


@pytest.mark.parametrize(("text", "message"), SCENARIOS, ids=lambda part: part[:40])
def test_what_is_no_scenario_is_said(policy: Policy, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QuestionError) as error:
        read_scenarios(str(path), policy)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))


def test_a_refused_fact_of_a_scenario_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("good: {}\nbad: {add: ['foo(\"emi.suzuki\")']}", encoding="utf-8")
    result = run("whatif", EMI, "--scenario", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}:$.bad.add[0]: unknown_predicate: foo")


def test_no_change_is_a_usage_error_and_no_difference_is_said() -> None:
    assert run("whatif", EMI).exit_code == 2
    result = run("whatif", EMI, "--add", 'passed_exam("emi.suzuki",ip)')
    assert (result.exit_code, result.stdout) == (0, "nothing changes\n")


def test_a_table_of_changes() -> None:
    result = run("whatif", FACTS, "--confirm", BOOK, "--confirm", FORMER)
    assert result.stdout.splitlines() == [
        "Candidate   Field     Level  Before        After",
        "emi.suzuki  Software  4      … pending  →  ✓ attained  now met: projects, succession",
        "",
        "1 verdict changes",
    ]


def test_refused_evidence_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    people = tmp_path / "people.jsonl"
    people.write_text('{"candidate": "a", "exams": ["x"]}\n{"candidate": "b"}\n', encoding="utf-8")
    result = run("whatif", people, "--add", 'passed_exam("b",ap)', "--format", "json")
    assert result.exit_code == 1
    assert [c["candidate"] for c in json.loads(result.stdout)["changes"]] == ["b", "b", "b"]
    refused = run("whatif", people, "--add", 'passed_exam("a",ap)')
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "no evidence of candidate" in refused.stderr


def test_from_python(policy: Policy) -> None:
    before, effect = what_if(policy, [emi(policy)], Scenario("s", readings={"project_grade": "exact"}))
    assert [(flip.field, flip.level, flip.before, flip.after) for flip in effect.changes] == [
        ("software", 3, "attained", "not_attained")
    ]
    assert before[0].readings["project_grade"] == "at_least"
