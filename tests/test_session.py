"""A session of what-ifs: each change checked, taken back, and saved so that `whatif` comes to the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_logic import Evidence, Policy
from itss_logic.changes import read_changes
from itss_logic.errors import ItssError, QuestionError
from itss_logic.scenarios import EditError, Effect, read_scenarios, what_if
from itss_logic.terms import Fact, write
from itss_logic.tree import lines
from itss_logic.workbench.completion import as_meant, what_next
from itss_logic.workbench.session import Session, plan_tree, why_tree

ROOT = Path(__file__).parent.parent
POLICY = Policy.load()

ODD = 'a "b" \\ 1e5: \x1b[31m [red] \u202e \x85 \n # 愛'
"""An id with whatever may trip a terminal, clingo or YAML."""


def people(*names: str) -> list[Evidence]:
    paths = [str(ROOT / "facts" / "json" / f"{name}.json") for name in names]
    return [entry for entry in POLICY.read(*paths) if isinstance(entry, Evidence)]


def odd_person() -> Evidence:
    entry = POLICY.entry(
        {
            "candidate": ODD,
            "exams": ["ap"],
            "fields": {
                "software": {
                    "achievements": [{"item": "book", "id": ODD, "status": "claimed", "source": ODD}],
                    "projects": [{"id": ODD, "role": "member", "satisfies": ["usability"], "source": ODD}],
                }
            },
        }
    )
    assert isinstance(entry, Evidence)
    return entry


def session(*names: str, policy: Policy = POLICY, **readings: str) -> Session:
    return Session(policy, people(*names), readings)


def fact(of: Session, text: str) -> Fact:
    """The only fact in a session whose text has this in it."""
    [found] = [row.fact for c in of.people for row in of.rows(c) if text in write(row.fact) and not row.is_part]
    return found


def part(of: Session, text: str) -> Fact:
    [found] = [row.fact for c in of.people for row in of.rows(c) if text in write(row.fact) and row.is_part]
    return found


def effect(of: Session) -> Effect:
    return what_if(of.before, list(of.people.values()), of.scenario())[1]


def flips(of: Session) -> list[tuple[str, int, str, str]]:
    return [(flip.field, flip.level, flip.before, flip.after) for flip in effect(of).changes]


def test_an_item_off_takes_its_attributes_with_it() -> None:
    one = session("emi")
    of_ticket_sales = [row for row in one.rows("emi.suzuki") if '"ticket-sales"' in write(row.fact)]
    assert [row.is_part for row in of_ticket_sales] == [False, *[True] * 10]
    one.switch(fact(one, "ticket-sales"))
    assert [row.is_on for row in one.rows("emi.suzuki") if '"ticket-sales"' in write(row.fact)] == [False] * 11
    assert [edit.text for edit in one.edits()] == ['project("emi.suzuki","ticket-sales",software)']
    assert not [f for f in one.evidence("emi.suzuki").facts if "ticket-sales" in write(f)]
    with pytest.raises(QuestionError, match="off with its item"):
        one.switch(part(one, 'role("emi.suzuki","ticket-sales"'))
    one.switch(fact(one, "ticket-sales"))
    assert one.evidence("emi.suzuki") == one.people["emi.suzuki"]
    assert one.is_saved


def test_an_attribute_that_is_off_stays_off_when_its_item_comes_back() -> None:
    one = session("emi")
    role = part(one, 'role("emi.suzuki","ticket-sales"')
    for changed in (role, fact(one, "ticket-sales"), fact(one, "ticket-sales")):
        one.switch(changed)
    assert [edit.text for edit in one.edits()] == [write(role)]


def test_confirming_both_claims_attains_the_level_that_waits_for_them() -> None:
    one = session("emi")
    claims = [row.fact for row in one.rows("emi.suzuki") if row.is_claim]
    assert len(claims) == 2
    one.confirm(claims[0])
    assert flips(one) == []
    one.confirm(claims[1])
    assert flips(one) == [("software", 4, "pending", "attained")]
    one.confirm(claims[1])
    assert flips(one) == []
    assert [row.state for row in one.rows("emi.suzuki") if row.fact in claims] == ["confirmed", "claimed"]


def test_a_claim_that_is_off_is_not_confirmed_until_it_is_on() -> None:
    one = session("emi")
    claim = fact(one, "message-queues")
    one.confirm(claim)
    one.switch(claim)
    assert [edit.action for edit in one.edits()] == ["remove"]
    one.confirm(claim)
    assert [(edit.action, edit.text) for edit in one.edits()] == [("confirm", write(claim)[len("claimed(") : -1])]
    with pytest.raises(QuestionError, match="only a claim"):
        one.confirm(fact(one, "handles"))


def test_a_wrong_fact_is_refused_and_changes_nothing() -> None:
    one = session("emi")
    one.switch(fact(one, "handles"))
    before = one.state
    for text, code in [
        ('handles("emi.suzuki", software, abacus)', "unknown_value"),
        ('role("emi.suzuki", "no-such", member)', "unknown_project"),
        ('role("emi.suzuki", "ticket-sales", member)', "conflict"),
        ('handles("nobody", software, database)', "unknown_candidate"),
        ("handles(", "syntax"),
        ("", "syntax"),
        ("leads_others(X)", "not_a_fact"),
    ]:
        with pytest.raises(EditError) as error:
            one.add(text)
        assert [refusal.code for refusal in error.value.refusals] == [code]
    with pytest.raises(QuestionError, match="on file already"):
        one.add('develops_subordinates("emi.suzuki", coaching)')
    assert one.state == before
    assert len(one.steps) == 1


def test_added_items_and_attributes_go_together() -> None:
    one = session("emi")
    new = one.add('project("emi.suzuki", "new", hardware)')
    role = one.add('role("emi.suzuki", "new", responsible)')
    source = one.add('source(project("emi.suzuki", "new", hardware), "HR-1")')
    rows = {row.fact: row for row in one.rows("emi.suzuki")}
    assert [(rows[f].field, rows[f].is_part, rows[f].state) for f in (new, role, source)] == [
        ("hardware", False, "added"),
        ("hardware", True, "added"),
        ("hardware", True, "added"),
    ]
    assert one.items("emi.suzuki")["project", "new"] == "hardware"
    one.switch(new)
    assert one.edits() == ()
    one.switch(new)
    assert [edit.text for edit in one.edits()] == [write(new), write(role), write(source)]


def test_adding_what_is_off_switches_it_on() -> None:
    one = session("emi")
    handles = fact(one, "handles")
    one.switch(handles)
    assert one.add(write(handles)) == handles
    assert one.is_saved
    other = one.add('handles("emi.suzuki", software, database)')
    one.switch(other)
    one.add(write(other))
    assert one.state.added == (other,)
    assert [edit.text for edit in one.edits()] == [write(other)]


def test_a_change_that_would_be_unsound_is_not_made() -> None:
    one = session("emi")
    role = part(one, 'role("emi.suzuki","ticket-sales"')
    one.switch(role)
    one.add('role("emi.suzuki", "ticket-sales", member)')
    with pytest.raises(EditError, match="conflict"):
        one.switch(role)
    assert len(one.steps) == 2


def test_readings_go_round() -> None:
    one = session("nao")
    assert one.choose("two_sites").told == "two_sites=small"
    assert flips(one) == [("facility_management", 4, "not_attained", "attained")]
    one.choose("two_sites")
    assert one.is_saved
    one.choose("ap_exam", -1)
    assert one.scenario().readings == {"ap_exam": "no_effect"}


def test_readings_chosen_at_first_hold_after() -> None:
    one = session("nao", two_sites="small")
    assert flips(one) == [("facility_management", 4, "not_attained", "attained")]
    assert one.is_saved
    with pytest.raises(QuestionError, match="no option"):
        session("nao", two_sites="big")


def test_undo_goes_all_the_way_back_and_says_what_was_done() -> None:
    one = session("emi", "nao")
    first = one.state
    one.switch(fact(one, "middleware)"))
    one.choose("two_sites")
    one.add('handles("nao.kimura", software, database)')
    undone = [one.undo() for _ in range(4)]
    assert [(step.told, step.candidate) if step else None for step in undone] == [
        ('handles("nao.kimura",software,database) added', "nao.kimura"),
        ("two_sites=small", None),
        ('handles("emi.suzuki",software,middleware) off', "emi.suzuki"),
        None,
    ]
    assert one.state == first


def replayed(one: Session, path: Path) -> Effect:
    one.save(str(path))
    [scenario] = read_scenarios(str(path), one.before)
    assert scenario.name == path.stem
    return what_if(one.before, list(one.people.values()), scenario)[1]


STEPS = st.lists(st.tuples(st.sampled_from(["switch", "confirm", "add", "choose", "undo"]), st.integers(0, 99)))
ADDED = [
    'handles("emi.suzuki", software, database)',
    'claimed(passed_exam("emi.suzuki", ap))',
    'passed_exam("nao.kimura", ap)',
    'project("nao.kimura", "new", facility_management)',
    'sites("nao.kimura", "new", 12)',
    'leads_others("nao.kimura")',
]


def take(one: Session, rows: list[Fact], step: str, number: int) -> Any:
    if step == "add":
        return one.add(ADDED[number % len(ADDED)])
    if step == "choose":
        return one.choose(list(POLICY.options)[number % len(POLICY.options)])
    return one.undo() if step == "undo" else getattr(one, step)(rows[number % len(rows)])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_is_saved_comes_to_the_same(steps: list[tuple[str, int]], tmp_path: Path) -> None:
    one = Session(POLICY, [*people("emi", "nao"), odd_person()], {})
    first = one.state
    for step, number in steps:
        rows = [row.fact for candidate in one.people for row in one.rows(candidate)]
        try:
            take(one, rows, step, number)
        except ItssError:
            continue
    assert replayed(one, tmp_path / "saved.yaml") == effect(one)
    assert one.is_saved
    while one.undo():
        pass
    assert one.state == first


@pytest.mark.parametrize("name", ["1e5", "08", "null", "true", "~", "- a", "a: b", "#", "x" * 200, "愛", "it's"])
def test_any_file_name_reads_back(name: str, tmp_path: Path) -> None:
    one = Session(POLICY, [odd_person()], {"ap_exam": "no_effect"})
    for row in one.rows(ODD):
        if not row.is_part:
            one.switch(row.fact)
    assert replayed(one, tmp_path / f"{name}.yaml") == effect(one)


def test_a_policy_change_is_written_out(tmp_path: Path) -> None:
    change = tmp_path / "change.yaml"
    change.write_text(
        "hardware.5.succession: {required: 2, items: [book, patent]}\n"
        "facility_management.6.size: {big: {sites: {from: 4}}}\n"
        "software.3.specialty: {areas: []}\n"
    )
    changed = POLICY.changed(read_changes([str(change)], POLICY))
    one = session("emi", policy=changed)
    assert replayed(one, tmp_path / "saved.yaml") == effect(one)
    assert effect(one).after[0].policy == changed.digest
    assert "required: 2" in (tmp_path / "saved.yaml").read_text()


def test_nothing_changed_can_be_saved_too(tmp_path: Path) -> None:
    one = session("emi")
    assert replayed(one, tmp_path / "nothing.yaml").changes == ()
    assert (tmp_path / "nothing.yaml").read_text() == "nothing: {}\n"


def test_why_and_plan_are_of_the_changed_evidence() -> None:
    one = session("emi")
    one.switch(fact(one, "ticket-sales"))
    words, entry = POLICY.words(), one.evidence("emi.suzuki")
    why = [line for line, _ in lines(why_tree(POLICY, entry, ("software", 4), one.state.readings, words, 30), None)]
    assert "projects: 0 of 2" in "\n".join(why)
    plan = [line for line, _ in lines(plan_tree(POLICY, entry, ("software", 4), one.state.readings, words, 30), None)]
    assert any("plan 1" in line for line in plan)


def test_a_fact_can_be_typed_by_what_may_come_next() -> None:
    one = Session(POLICY, [odd_person()], {})
    items = one.items(ODD)

    def choices(text: str) -> dict[str, str]:
        return dict(what_next(text, ODD, items, POLICY.vocabulary).choices)

    assert {"role", "handles", "claimed"} <= choices("").keys()
    assert "role" not in choices("claimed(")
    assert list(choices("hand")) == ["handles"]
    text = "component("
    for _ in range(2):
        [(shown, text)] = choices(text).items()
        assert shown.isprintable()
    assert {"database", "middleware"} < choices(text).keys()
    assert "pc" not in choices(text)
    text = next(iter(choices(text).values()))
    assert text.isprintable()
    added = one.add(as_meant(text, [ODD]))
    assert added.arguments[:2] == (ODD, ODD)
    assert what_next(text, ODD, items, POLICY.vocabulary) == ({}, "")
    assert "double quotes" in what_next('project("x", ', ODD, items, POLICY.vocabulary).told
    assert "whole number" in what_next('sites("x", "y", ', ODD, items, POLICY.vocabulary).told
    assert choices("claimed(leads_others(").popitem()[1].endswith("))")
    for nonsense in ('"', "foo(", "handles)", "handles(a, b, c, d, e", ")", "(", "handles(a, (", "role(a, b, c)"):
        assert choices(nonsense) == {}
