"""`itss policy verify` against the oracle, which shares nothing with the project (see `oracle.py`).

What verify shows is judged by the oracle alone, under several combinations of readings. What it says that nobody can
show is looked for in people by chance; `python benchmarks/profiles.py` does the same with a hundred thousand of them.
"""

from pathlib import Path
from typing import Any

import pytest

from itss_logic import Evidence, Policy
from itss_logic.assurance.properties import Verifier
from tests import oracle
from tests.random_profiles import (
    FOR_ALL,
    FULL,
    SETTINGS,
    Draw,
    Judged,
    Named,
    Tally,
    contradictions,
    exhibits,
    named,
    ranks,
    tally,
)
from tests.test_verify import REFUTED

PEOPLE, SEED = 3000, 20
BLOCKS = 6

SMALL = "covered facility_management"
KNOWN = {"default": set(REFUTED), "two sites": set(REFUTED) - {SMALL}}
"""What does not hold, where `test_verify.py` has it of every property already."""

Said = dict[Named, dict[str, Any]]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="module", params=[name for name in SETTINGS if name not in KNOWN])
def setting(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def said(policy: Policy, setting: str) -> Said:
    """What is said of each property under some readings."""
    verifier = Verifier(policy, policy.in_force(SETTINGS[setting]), seconds=600, across=False)
    findings = [verifier.finding(one).as_json() for one in verifier.properties()]
    return {Named(one["property"], tuple(one["args"])): one for one in findings}


@pytest.fixture(scope="module")
def people() -> Tally:
    found = Tally()
    for block in range(BLOCKS):
        found.add(tally(SEED, block, PEOPLE // BLOCKS))
    return found


def test_every_property_is_decided(said: Said, setting: str) -> None:
    readings = FULL[setting]
    assert list(said) == named(cumulative=readings["progression"] == "cumulative")
    assert all(one["holds"] is one["expected"] for one in said.values())
    assert not any("vacuous" in one or "undecided" in one for one in said.values())


def test_what_is_shown(said: Said, setting: str) -> None:
    """Each counterexample and witness is valid evidence that shows it; without any one fact of it, it does not."""
    readings = FULL[setting]
    for about, one in said.items():
        facts = set(one["counterexample"]) | set(one["witness"])
        if one["holds"] is (about.name in FOR_ALL):
            assert not facts
            continue
        assert bool(one["counterexample"]) == (about.name in FOR_ALL)
        assert oracle.is_valid(facts), about
        assert exhibits(about, facts, readings), about
        for fact in oracle.counted(facts):
            assert not exhibits(about, oracle.without(facts, [fact]), readings), f"{about}: without {fact}"


def test_the_clauses_that_are_named(said: Said, setting: str) -> None:
    """Of a level not reached, what is unmet on the evidence; of a criterion that cannot decide, some of its level."""
    for about, one in said.items():
        clauses = set(one["clauses"])
        if one["holds"]:
            assert not clauses
        elif about.name == "implies":
            field, _, lower = about.args
            unmet = oracle.unmet(one["counterexample"], str(field), int(lower), FULL[setting])
            assert clauses == {f"{field}.{lower}.{name}" for name in unmet}
        elif about.name == "decisive":
            field, level, _ = str(about.args[0]).split(".")
            assert clauses
            assert all(clause.startswith(f"{field}.{level}.") for clause in clauses)


def test_nobody_by_chance_shows_what_nobody_can(said: Said, setting: str, people: Tally) -> None:
    assert people.people == PEOPLE
    assert contradictions(people, setting, {about: one["holds"] for about, one in said.items()}) == []


@pytest.mark.parametrize("known", KNOWN)
def test_nobody_by_chance_shows_otherwise_than_is_known(known: str, people: Tally) -> None:
    assert contradictions(people, known, {about: str(about) not in KNOWN[known] for about in named()}) == []


def test_people_by_chance_reach_every_level_and_show_what_somebody_does(people: Tally) -> None:
    """Else it says nothing that they do not show the rest."""
    for setting in SETTINGS:
        assert all(people.reached(field, level, setting) >= 20 for field, level in oracle.PAIRS), setting
    assert people.better > PEOPLE / 10
    unseen = {str(about) for about in named() if not people.shown["default", about]}
    assert {"implies facility_management 6 5", "monotone"} <= unseen
    # What else is not seen in so few people is rare, but few of all properties.
    assert len(unseen) <= 5


def test_people_by_chance_are_evidence() -> None:
    draw = Draw(3)
    for _ in range(200):
        facts = draw.person()
        after = draw.addition(facts)
        assert oracle.is_valid(facts)
        assert oracle.is_valid(after)
        assert len(after - facts) == 1
        assert facts <= after


def test_people_by_chance_are_judged_as_by_the_contract() -> None:
    """The short cuts that make the tally fast change nothing."""
    draw = Draw(4)
    for _ in range(60):
        facts = draw.person()
        readings = {name: draw.chance.choice(options) for name, options in oracle.READINGS.items()}
        judged = Judged(facts)
        standings = [judged.standing(field, level, readings) for field, level in oracle.PAIRS]
        assert [one.rank for one in standings] == ranks(facts, readings)
        unmet = [oracle.unmet(facts, field, level, readings) for field, level in oracle.PAIRS]
        assert [sorted(one.unmet) for one in standings if one.rank != 0] == [
            names for names, one in zip(unmet, standings, strict=True) if one.rank != 0
        ]


def test_no_fact_more_makes_a_verdict_worse() -> None:
    """Under any readings, one fact after the other: by the oracle, that of every level only gets better."""
    draw, better = Draw(5), 0
    for _ in range(150):
        facts = draw.person()
        readings = {name: draw.chance.choice(options) for name, options in oracle.READINGS.items()}
        before = ranks(facts, readings)
        for _ in range(4):
            facts = draw.addition(facts)
            now = ranks(facts, readings)
            assert all(then <= was for was, then in zip(before, now, strict=True)), sorted(facts)
            better += before != now
            before = now
    assert better > 20


def test_the_policy_judges_people_by_chance_alike(policy: Policy, tmp_path: Path) -> None:
    """What people by chance show of the oracle, they show of the policy."""
    draw, drawn = Draw(6), dict[str, set[str]]()
    for number in range(100):
        drawn[f"p{number}"] = {fact.replace('("p"', f'("p{number}"') for fact in draw.person()}
    path = tmp_path / "people.lp"
    path.write_text("".join(f"{fact}.\n" for facts in drawn.values() for fact in facts), encoding="utf-8")
    people = [entry for entry in policy.read(str(path)) if isinstance(entry, Evidence)]
    assert len(people) == len(drawn)
    for setting, readings in SETTINGS.items():
        for answer in policy.evaluate(people, readings):
            found = [oracle.RANK.index(result.verdict) for result in answer.results]
            assert found == ranks(drawn[answer.candidate], FULL[setting])
