"""`itss plan`: what people and programs read, costs, caps and forbidden kinds, what makes a wish impossible."""

from __future__ import annotations

import json
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy
from itss_logic.cli import cli
from itss_logic.costs import Costs
from itss_logic.errors import QuestionError, SelfCheckError
from itss_logic.explanations import Plans
from itss_logic.rule_files import default_kb
from itss_logic.terms import Fact

ROOT = Path(__file__).parent.parent
FACTS = ROOT / "facts" / "json"


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin)


def ask(person: str, level: str, *options: object) -> dict[str, Any]:
    field, number = level.split(":")
    about = ["--field", field, "--level", number, "--format", "json"]
    result = run("plan", FACTS / f"{person}.json", *about, *options)
    assert (result.exit_code, result.stderr) == (0, "")
    told: dict[str, Any] = json.loads(result.stdout)
    return told


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


def person(policy: Policy, name: str) -> Evidence:
    [entry] = policy.read(str(FACTS / f"{name}.json"))
    assert isinstance(entry, Evidence)
    return entry


def costs(policy: Policy, folder: Path, text: str) -> Costs:
    path = folder / "costs.yaml"
    path.write_text(text, encoding="utf-8")
    return Costs.read(str(path), policy.vocabulary)


def kinds(facts: tuple[Fact, ...]) -> list[str]:
    return [fact.name for fact in facts]


def test_a_plan_confirms_claims_and_adds_facts() -> None:
    told = ask("emi", "software:4", "--max", "1")
    assert told == {
        "plans": [
            {
                "cost": 2,
                "confirm": [
                    'achievement("emi.suzuki",software,book,"message-queues-explained")',
                    'project("emi.suzuki","former-employer-brokerage",software)',
                ],
                "add": [],
            }
        ],
        "optimal": True,
    }
    told = ask("mei", "software:4")
    assert [plan["cost"] for plan in told["plans"]] == [3] * 5
    assert all('satisfies("mei.yoshida","museum-tickets",maintainability)' in plan["add"] for plan in told["plans"])
    assert len({json.dumps(plan) for plan in told["plans"]}) == 5


def test_a_level_that_is_reached_needs_nothing() -> None:
    nothing = {"plans": [{"cost": 0, "confirm": [], "add": []}], "optimal": True}
    assert ask("aiko", "hardware:5") == nothing
    assert ask("ren", "software:3") == nothing


def test_a_plan_makes_the_level_hold(policy: Policy, tmp_path: Path) -> None:
    mei = person(policy, "mei")
    for plan in policy.plan(mei, "software", 5).plans:
        path = tmp_path / "mei.lp"
        path.write_text(mei.as_lp() + "".join(f"{fact}.\n" for fact in plan.add), encoding="utf-8")
        assert run("evaluate", path, "--require", "software:5").exit_code == 0


def test_to_highest_is_the_next_level_of_each_field() -> None:
    result = run("plan", FACTS / "aiko.json", "--to-highest", "--max", "1", "--format", "json")
    told = json.loads(result.stdout)
    assert {field: plans["level"] for field, plans in told.items()} == {
        "hardware": None,
        "software": 3,
        "facility_management": 3,
    }
    assert told["hardware"]["plans"] == []
    assert [plan["cost"] for plan in told["software"]["plans"]] == [1]
    one = run("plan", FACTS / "aiko.json", "--to-highest", "--field", "software", "--format", "json")
    assert list(json.loads(one.stdout)) == ["software"]
    tree = run("plan", FACTS / "aiko.json", "--to-highest", "--max", "1").stdout
    assert "田中 愛子: Hardware: no level is left to reach" in tree
    assert run("plan", FACTS / "aiko.json", "--to-highest", "--level", "3").exit_code == 2


def test_a_tree_in_either_language() -> None:
    about = ["plan", FACTS / "mei.json", "--field", "software", "--level", "4", "--max", "2"]
    tree = run(*about).stdout
    assert tree.startswith("✗ mei.yoshida: Software, level 4: not attained\n├─ plan 1, at a cost of 3\n")
    assert "project museum-tickets (filed as PMO-2412) would count: it lacks proof of maintainability" in tree
    assert "案2（費用3）" in run(*about, "--lang", "ja").stdout


def test_of_equal_plans_the_first_confirms_and_asks_for_little(policy: Policy) -> None:
    entry = policy.entry(
        {
            "candidate": "ann",
            "fields": {"software": {"achievements": [{"item": "book", "id": "b", "status": "claimed"}]}},
        }
    )
    assert isinstance(entry, Evidence)
    first = policy.plan(entry, "software", 4, maximum=1).plans[0]
    assert kinds(first.confirm) == ["achievement"]
    [specialty] = [fact for fact in first.add if fact.name == "specialty"]
    assert specialty.arguments[-1] == "guide_subordinates"


def test_costs_decide_what_is_cheapest(policy: Policy, tmp_path: Path) -> None:
    kenji = person(policy, "kenji")
    dear = costs(policy, tmp_path, "achievement: 5\nachievement(patent): 2\nachievement(community): 3\nspecialty: 7")
    plan = policy.plan(kenji, "hardware", 5, costs=dear, maximum=1).plans[0]
    free = policy.plan(kenji, "hardware", 5, maximum=1).plans[0]
    assert {fact.arguments[2] for fact in plan.add if fact.name == "achievement"} >= {"patent", "community"}
    assert plan.cost == sum(map(dear.of, (*plan.confirm, *plan.add)))
    assert len(plan.add) == len(free.add) == free.cost


def test_caps_count_what_is_added_and_forbidden_counts_all(policy: Policy, tmp_path: Path) -> None:
    emi = person(policy, "emi")

    def planned(text: str) -> Plans:
        return policy.plan(emi, "software", 5, costs=costs(policy, tmp_path, text), maximum=3)

    capped = planned("project: {max: 0}")
    assert all(kinds(plan.confirm).count("project") == 1 for plan in capped.plans)
    assert all(kinds(plan.add).count("project") == 0 for plan in capped.plans)
    forbidden = planned("project: forbidden\nachievement(patent): forbidden")
    assert forbidden.because == ("project: forbidden",)
    without = planned("achievement(patent): forbidden\nachievement(book): {cost: 1, max: 0}")
    for plan in without.plans:
        added = [fact.arguments[2] for fact in plan.add if fact.name == "achievement"]
        assert not {"patent", "book"} & set(added)


FIVE_OF_SEVEN = "".join(
    f"achievement({item}): forbidden\n" for item in ("community", "book", "paper_external", "paper_internal", "patent")
)

RESTRICTED = [
    ("software:5", "project: {max: 2}", ["project: max 2"]),
    ("software:5", "project(software): {cost: 4, max: 2}\nachievement: {max: 9}", ["project(software): max 2"]),
    ("hardware:5", "project(software): {max: 0}\nleads_others: forbidden", ["leads_others: forbidden"]),
    ("software:4", "specialty: forbidden\nproject: forbidden", None),
    (
        "hardware:5",
        FIVE_OF_SEVEN + "handles: {max: 3}\nleads_others: 9",
        5,
    ),
    ("software:4", "activity: forbidden", ["activity: forbidden"]),
    ("software:4", "complexity: {max: 3}", ["complexity: max 3"]),
]


@pytest.mark.parametrize(("level", "text", "because"), RESTRICTED, ids=lambda part: str(part)[:30])
def test_an_impossible_wish_says_which_restrictions_make_it_so(
    policy: Policy, tmp_path: Path, level: str, text: str, because: object
) -> None:
    """As few as possible: alone they make it so, and no fewer of all do."""
    haruka = person(policy, "haruka")
    field, number = level.split(":")
    lines = text.split("\n")

    def planned(some: tuple[str, ...]) -> Plans:
        return policy.plan(haruka, field, int(number), costs=costs(policy, tmp_path, "\n".join(some)), maximum=1)

    told = planned(tuple(lines)).because
    assert told
    if isinstance(because, list):
        assert list(told) == because
    blamed = tuple(line for line in lines if any(reason.partition(":")[0] == line.partition(":")[0] for reason in told))
    assert len(blamed) == len(told)
    assert planned(blamed).plans == ()
    for some in combinations(lines, len(told) - 1):
        assert planned(some).plans


def test_without_restrictions_clauses_are_named(policy: Policy, tmp_path: Path) -> None:
    change = tmp_path / "change.yaml"
    change.write_text("hardware.5.succession: {required: 8}\nhardware.5.leads: {required: 2}", encoding="utf-8")
    told = ask("aiko", "hardware:5", "--policy-change", change)
    assert (told["plans"], told["optimal"]) == ([], True)
    assert told["because"] in (["hardware.5.succession"], ["hardware.5.leads"])
    asked = ["--field", "hardware", "--level", "5", "--policy-change", change]
    tree = run("plan", FACTS / "aiko.json", *asked).stdout
    assert "nothing that could be confirmed or added reaches the level, because of" in tree


def test_a_criterion_that_nothing_can_meet_is_blamed_and_no_other(policy: Policy, tmp_path: Path) -> None:
    """Although what would meet it counts toward others too."""
    change = tmp_path / "change.yaml"
    nowhere = "hardware.5.size: {users: {coverage: []}, complex_team: {coverage: []}}"
    for text in (nowhere, f"{nowhere}\nhardware.5.top_project: {{required: 2}}"):
        change.write_text(text, encoding="utf-8")
        assert ask("haruka", "hardware:5", "--policy-change", change)["because"] == ["hardware.5.top_project"]


COSTS = [
    ("project: 0", "the cost of project is 0; write a whole number from 1"),
    ("project: free", "the cost of project is 'free'"),
    ("project: {max: -1}", "the max of project is -1; write a whole number from 0"),
    ("project: {most: 1}", "write each of cost and max at most once"),
    ("project: {}", "write each of cost and max at most once"),
    ("project: {max: 1, max: 2}", "write each of cost and max at most once"),
    ("project: 1\nproject: 2", "project stands twice"),
    ("film: forbidden", "'film' is no predicate of evidence"),
    ("achievement(film): forbidden", "'film' is no value of achievement"),
]


@pytest.mark.parametrize(("text", "message"), COSTS, ids=lambda part: part[:30])
def test_what_is_no_file_of_costs_is_said(policy: Policy, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(QuestionError) as error:
        costs(policy, tmp_path, text)
    assert message in str(error.value)


def test_the_example_of_costs_is_read(policy: Policy) -> None:
    example = Costs.read(str(ROOT / "facts" / "costs.yaml"), policy.vocabulary)
    assert [line.restriction for line in example.restrictions] == ["project: max 2", "achievement(patent): forbidden"]
    assert run("certify", FACTS / "aiko.json", "--all", "--costs", ROOT / "facts" / "costs.yaml").exit_code == 0


def test_questions_that_have_no_answer() -> None:
    assert run("plan", FACTS / "aiko.json").exit_code == 2
    assert isinstance(run("plan", FACTS / "aiko.json", "--field", "software", "--level", "7").exception, QuestionError)
    assert isinstance(run("plan", FACTS, "--field", "software", "--level", "4").exception, QuestionError)


def test_the_same_answer_whatever_was_asked_before(policy: Policy) -> None:
    emi, mei = person(policy, "emi"), person(policy, "mei")
    first = policy.plan(emi, "software", 5)
    policy.plan(mei, "software", 5)
    policy.why(emi, "software", 5)
    assert policy.plan(emi, "software", 5) == first
    assert Policy.load().plan(emi, "software", 5) == first


def test_more_plans_begin_with_the_fewer(policy: Policy) -> None:
    mei = person(policy, "mei")
    few, many = policy.plan(mei, "software", 4, maximum=3), policy.plan(mei, "software", 4, maximum=40)
    assert many.plans[:3] == few.plans
    assert [plan.cost for plan in many.plans] == sorted(plan.cost for plan in many.plans)
    assert len(set(many.plans)) == 40


def test_every_plan_is_found(policy: Policy) -> None:
    """Three ways to develop subordinates times five areas handled, where nothing else is lacking."""
    mei = person(policy, "mei")
    from itss_logic.errors import Place
    from itss_logic.scenarios import ADD, Edit, edit

    mend = Edit(ADD, 'satisfies("mei.yoshida","museum-tickets",maintainability)', Place("test"))
    almost = edit([mei], [mend], policy.vocabulary)["mei.yoshida"]
    found = policy.plan(almost, "software", 4, maximum=1000)
    cheapest = [plan for plan in found.plans if plan.cost == 2]
    assert len(cheapest) == 15
    assert found.optimal


def test_when_the_time_is_up_what_is_given_is_marked_and_still_sound(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itss_logic import search

    def never_proven(*arguments: Any) -> search.Optima:
        return real(*arguments)._replace(proven=False)

    real = search.optima
    monkeypatch.setattr(search, "optima", never_proven)
    told = policy.plan(person(policy, "mei"), "software", 4)
    assert (len(told.plans), told.optimal) == (1, False)
    assert "because" not in told.as_json()


def test_a_great_many_projects(policy: Policy) -> None:
    projects = [
        {
            "id": f"p{number}",
            "role": "responsible" if number % 3 else "member",
            "activities": ["installation"],
            "satisfies": ["usability"],
            "complexity": ["multi_vendor", *(["mission_critical"] if number % 4 == 0 else [])],
            "assignments": [{"to": "service_team", "coverage": "specific_users"}] if number % 7 else [],
        }
        for number in range(200)
    ]
    entry = policy.entry({"candidate": "ann", "fields": {"hardware": {"projects": projects}}})
    assert isinstance(entry, Evidence)
    told = policy.plan(entry, "hardware", 5, {"project_grade": "exact", "progression": "cumulative"}, maximum=2)
    assert told.optimal
    assert [plan.cost for plan in told.plans] == [16, 16]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    shutil.copytree(default_kb(), tmp_path / "kb")
    return tmp_path / "kb"


BREAKS = [
    (
        "plan.lp",
        ":- asked(F, L), candidate(C), not reached(planned, C, F, L).",
        ":- asked(F, L), candidate(C), not judged(planned, C, F, L).",
    ),
    ("plan.lp", "holds(planned, C, E) :- stated(C, E), filed", "holds(planned, C, E) :- candidate(C), filed"),
    ("plan.lp", "1@3, U : gains", "-1@3, U : gains"),
    ("additions.lp", ":- adds(V, Item, J, (Predicate, X)), fills(V, Item, J, Id), valued(Predicate, Id).", ""),
    (
        "additions.lp",
        "has(V, Item, J, A) :- adds(V, Item, J, A).",
        "has(V, Item, J, A) :- attribute(Item, A), wanted(V, Item, J).",
    ),
    ("additions.lp", "holds(V, C, E) :- added(V, E), for(V, C).", "holds(V, C, E) :- addition(V, E), for(V, C)."),
]


@pytest.mark.parametrize(("file", "old", "new"), BREAKS, ids=lambda part: part[:40])
def test_a_broken_rule_is_caught(broken: Path, file: str, old: str, new: str) -> None:
    path = broken / "core" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    member = {
        "id": "p",
        "role": "member",
        "activities": ["installation"],
        "satisfies": ["usability", "maintainability"],
        "complexity": ["multi_vendor", "nationwide"],
        "assignments": [{"to": "service_team", "coverage": "wide_area"}],
    }
    project = {**member, "id": "q", "role": "responsible", "success": True}
    project["assignments"] = [{"to": "service_team", "coverage": "specific_users"}]
    claim = {"means": "mentoring", "status": "claimed"}
    projects = {"software": {"projects": [member, project]}}
    person = {"candidate": "ann", "develops_subordinates": [claim], "fields": projects}
    asked = ["--field", "software", "--level", "4", "--format", "json", "--max", "3"]
    result = run("plan", "-", *asked, "--kb", broken, stdin=json.dumps(person))
    assert isinstance(result.exception, SelfCheckError), result.stdout
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("readings", "slots"),
    [
        ({}, 3),
        ({"progression": "cumulative"}, 3),
        ({"progression": "cumulative", "project_grade": "exact"}, 6),
    ],
    ids=str,
)
def test_no_more_slots_than_a_plan_can_call_for(policy: Policy, readings: dict[str, str], slots: int) -> None:
    """What counts toward a stronger criterion counts toward a weaker one as well; clingo finds which is which."""
    from itss_logic.case import Case
    from itss_logic.explain import Explainer
    from itss_logic.plan import PLAN
    from itss_logic.search import domain

    entry = policy.entry({"candidate": "ann"})
    assert isinstance(entry, Evidence)
    explainer, case = Explainer(policy, policy.in_force(readings)), Case(entry, policy.vocabulary)
    level = ("facility_management", 6)
    control = explainer.planner._ground(case, level, Costs([]))
    assert f"seeks(planned,project,{slots})" in domain(control, "seeks", 3)
    with pytest.raises(SelfCheckError, match="is no input"):
        explainer.ground(PLAN, level, case, ["wishes(1)"])
