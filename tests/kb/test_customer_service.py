"""The rule files of Customer Service: what each derives, seen in the atoms it defines."""

from __future__ import annotations

import pytest

from tests.kb.rules import POLICY, derives

LED = (
    "candidate(c). project(c, p, {field}). role(c, p, responsible). outcome(c, p, success). satisfies(c, p, usability)."
    "satisfies(c, p, maintainability). activity(c, p, {activity}). "
)
HARDWARE = LED.format(field="hardware", activity="installation")
FACILITY = LED.format(field="facility_management", activity="design")
TWO = "complexity(c, p, (mission_critical; continuous_operation)). "
THREE = "complexity(c, p, (mission_critical; continuous_operation; many_sites)). "


def test_projects_led_and_taken_part() -> None:
    derives(
        [POLICY],
        HARDWARE,
        ["experience(verified,c,p,hardware,led)", "experience(verified,c,p,hardware,taken_part)"],
    )
    member = HARDWARE.replace("responsible", "member")
    derives(
        [POLICY],
        member,
        ["experience(verified,c,p,hardware,taken_part)"],
        ["experience(verified,c,p,hardware,led)"],
    )


def test_projects_activities_all() -> None:
    every = HARDWARE + "activity(c, p, maintenance). selected(activities, all)."
    derives([POLICY], every, ["active(verified,c,p,hardware)"])
    derives([POLICY], HARDWARE + "selected(activities, all).", [], ["active(verified,c,p,hardware)"])


def test_projects_component_stated() -> None:
    asked = HARDWARE + "selected(component, stated). "
    derives([POLICY], asked, [], ["experience(verified,c,p,hardware,taken_part)"])
    derives([POLICY], asked + "component(c, p, storage).", ["experience(verified,c,p,hardware,taken_part)"])
    facility = FACILITY + "selected(component, stated). "
    derives([POLICY], facility, ["experience(verified,c,p,facility_management,taken_part)"])


def test_projects_complexity_counts_only_criteria_of_the_field() -> None:
    other = HARDWARE + "complexity(c, p, (mission_critical; many_sites))."
    derives([POLICY], other, [], ["complex(verified,c,p,hardware,5,2)"])
    derives([POLICY], HARDWARE + TWO, ["complex(verified,c,p,hardware,5,2)"], ["complex(verified,c,p,hardware,5,4)"])


def test_projects_grades_are_a_set() -> None:
    both = HARDWARE + TWO + "assignment(c, p, users, wide_area). assignment(c, p, service_team, specific_users)."
    derives(
        [POLICY],
        both,
        ["grade(verified,c,p,hardware,5)", "grade(verified,c,p,hardware,3)"],
        ["grade(verified,c,p,hardware,4)"],
    )


@pytest.mark.parametrize(("to", "coverage", "fits"), [("users", "equivalent", 5), ("service_team", "wide_area", 4)])
def test_assignments_fit_by_whom_and_what(to: str, coverage: str, fits: int) -> None:
    facts = HARDWARE + f"assignment(c, p, {to}, {coverage})."
    alternative = "users" if to == "users" else "team"
    derives([POLICY], facts, [f"fits(verified,c,p,hardware,{fits},{alternative},assignment({to},{coverage}))"])


def test_assignments_bind_complexity() -> None:
    facts = HARDWARE + TWO + "assignment(c, p, service_team, specific_users)."
    derives([POLICY], facts, ["sized(verified,c,p,hardware,3)"], ["sized(verified,c,p,hardware,4)"])
    four = facts + "complexity(c, p, (multi_vendor; nationwide))."
    derives([POLICY], four, ["sized(verified,c,p,hardware,4)"])


@pytest.mark.parametrize(
    ("measure", "number", "bands"),
    [
        ("sites", 1, {(4, "small"), (5, "small")}),
        ("sites", 2, set()),
        ("sites", 3, {(5, "middle"), (6, "middle")}),
        ("sites", 4, {(5, "middle"), (6, "middle")}),
        ("sites", 5, {(6, "big")}),
        ("floor_area", 1999, {(4, "small"), (5, "small")}),
        ("floor_area", 2000, {(5, "middle"), (6, "middle")}),
        ("floor_area", 4999, {(5, "middle"), (6, "middle")}),
        ("floor_area", 5000, {(6, "big")}),
        ("network_sites", 9, {(4, "small"), (5, "small")}),
        ("network_sites", 10, {(4, "small")}),
        ("network_sites", 99, {(4, "small")}),
        ("network_sites", 100, {(5, "middle"), (6, "middle")}),
        ("network_sites", 299, {(5, "middle"), (6, "middle")}),
        ("network_sites", 300, {(6, "big")}),
    ],
)
def test_facilities_bands(measure: str, number: int, bands: set[tuple[int, str]]) -> None:
    every = {(4, "small"), (5, "small"), (5, "middle"), (6, "middle"), (6, "big")}

    def atoms(of: set[tuple[int, str]]) -> list[str]:
        return [f"fits(verified,c,p,facility_management,{level},{band},{measure})" for level, band in sorted(of)]

    derives([POLICY], FACILITY + f"{measure}(c, p, {number}).", atoms(bands), atoms(every - bands))


def test_facilities_readings_of_bands() -> None:
    two = FACILITY + "sites(c, p, 2). selected(two_sites, small)."
    small = "fits(verified,c,p,facility_management,{},small,{})"
    derives([POLICY], two, [small.format(4, "sites"), small.format(5, "sites")])
    network = FACILITY + "network_sites(c, p, {}). selected(small_network, as_level_4)."
    derives([POLICY], network.format(99), [small.format(5, "network_sites")])
    derives([POLICY], network.format(100), [], [small.format(5, "network_sites")])


@pytest.mark.parametrize(
    ("option", "bound"),
    [
        ("all_alternatives", {"sites", "floor_area", "network_sites"}),
        ("computer_rooms", {"sites", "floor_area"}),
        ("first_alternative", {"sites"}),
    ],
)
def test_facilities_scope_of_complexity(option: str, bound: set[str]) -> None:
    free = {"sites", "floor_area", "network_sites"} - bound
    atom = "bound(verified,facility_management,6,middle,{})"
    derives(
        [POLICY],
        FACILITY + f"selected(size_scope, {option}).",
        map(atom.format, sorted(bound)),
        map(atom.format, sorted(free)),
    )


def test_facilities_part() -> None:
    part = FACILITY + TWO + "partial_facility(c, p)."
    derives(
        [POLICY],
        part,
        ["sized(verified,c,p,facility_management,3)"],
        ["sized(verified,c,p,facility_management,4)"],
    )
    derives([POLICY], part + THREE, ["sized(verified,c,p,facility_management,4)"])


def test_contributions_depth_is_at_least() -> None:
    facts = "candidate(c). specialty(c, hardware, advice, guide_company)."
    derives(
        [POLICY],
        facts,
        [
            "at_least(guide_company,practice)",
            "witness(verified,c,hardware,3,specialty,advice,specialty(hardware,advice,guide_company))",
        ],
        ["at_least(practice,guide_company)", "met(verified,c,hardware,4,specialty)"],
    )


def test_contributions_succession_counts_items_or_pieces() -> None:
    facts = "candidate(c). achievement(c, software, book, (x; y)). achievement(c, software, patent, x). "
    witness = "witness(verified,c,software,5,succession,{},achievement(software,book,x))"
    derives([POLICY], facts, [witness.format("book")], ["met(verified,c,software,5,succession)"])
    pieces = facts + "selected(succession_count, every_piece)."
    derives([POLICY], pieces, [witness.format("(book,x)"), "met(verified,c,software,5,succession)"])


def test_routes_of_the_exam() -> None:
    facts = "candidate(c). passed_exam(c, ap). "
    deems = "route_met(verified,c,software,3,exam)"
    stands_in = "met(verified,c,software,3,specialty)"
    derives([POLICY], facts, [deems], [stands_in])
    derives([POLICY], facts + "selected(ap_exam, deems_specialty).", [stands_in], [deems])
    derives([POLICY], facts + "selected(ap_exam, no_effect).", [], [deems, stands_in])
    derives([POLICY], facts.replace("ap", "fe"), [], [deems])


def test_routes_need_the_level_below_when_cumulative() -> None:
    facts = "candidate(c). selected(progression, cumulative)."
    derives(
        [POLICY],
        facts,
        ["needs_level(verified,hardware,4,3)", "unmet(verified,c,hardware,4,lower_level)"],
        ["unmet(verified,c,hardware,3,lower_level)"],
    )
