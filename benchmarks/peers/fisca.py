"""OpenFisca: the policy as a tax and benefit system, computed for many candidates at once.

Projects are the persons of the system and candidates are the groups they belong to. What stands on file is given as
inputs, once with verified evidence and once with every claim confirmed; levels are variables with formulas.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from typing import Any

import msgspec
import numpy

from peers import LEVELS, VERDICTS
from peers.typed import Candidate, Field, Project, Stated

core: Any = import_module("openfisca_core.model_api")
built: Any = import_module("openfisca_core.entities")
parameters: Any = import_module("openfisca_core.parameters")
simulations: Any = import_module("openfisca_core.simulations")
systems: Any = import_module("openfisca_core.taxbenefitsystems")

CHUNK = 10_000
PERIOD = "2026"
FIELDS = ("hardware", "software", "facility_management")
SERVICES = FIELDS[:2]
DEPTHS = {"practice": 1, "guide_subordinates": 2, "guide_company": 3, "guide_industry": 4}
ITEMS = (
    "community",
    "book",
    "paper_external",
    "paper_internal",
    "instructor_external",
    "instructor_internal",
    "patent",
)
AREAS = {
    ("hardware", 3): ("product_technology", "first_contact", "advice"),
    ("hardware", 4): (
        *("product_technology", "policy_selection_planning", "team_profitability", "customer_satisfaction"),
    ),
    ("hardware", 5): (
        *("general_it_components", "product_technology", "policy_selection_planning", "personnel_profitability"),
        "customer_satisfaction",
    ),
    ("software", 3): ("failure_diagnosis", "first_contact", "advice"),
    ("software", 4): ("failure_diagnosis", "requirement_measures", "team_structure", "customer_satisfaction"),
    ("software", 5): (
        *("general_it_components", "failure_diagnosis", "service_planning", "personnel_profitability"),
        "customer_satisfaction",
    ),
    ("facility_management", 3): ("facility_engineering", "advice"),
    ("facility_management", 4): ("facility_engineering", "personnel_profitability", "customer_satisfaction"),
    **{
        ("facility_management", level): (
            *("facility_engineering", "facility_strategy", "personnel_profitability", "customer_satisfaction"),
        )
        for level in (5, 6)
    },
}
COMPLEXITY = (
    *("multi_platform", "multi_vendor", "emerging_technology", "mission_critical", "continuous_operation"),
    *("nationwide", "many_sites", "disaster_crime_prevention"),
)
ASSIGNMENTS = (
    *("users_wide_area", "users_whole_industry", "users_equivalent"),
    *("service_team_wide_area", "service_team_specific_industry", "service_team_specific_users"),
)
NUMBERS = ("sites", "floor_area_m2", "network_sites")
PARAMETERS: dict[str, Any] = {
    "complexity": {"required": 2, "service_team": 4, "facility": 3},
    "big": {"sites": 5, "floor_area_m2": 5000, "network_sites": 300},
    "middle": {"sites": 3, "floor_area_m2": 2000, "network_sites": 100},
    "small": {"sites": 2, "floor_area_m2": 2000, "network_sites": 100, "network_sites_level_5": 10},
    "level_3": {"projects": 1, "grade": 3, "depth": 1},
    "level_4": {"projects": 2, "grade": 3, "top": 4, "depth": 2, "succession": 1},
    "level_5": {"projects": 3, "grade": 4, "top": 5, "depth": 3, "succession": 3},
    "level_6": {"projects": 3, "grade": 5, "top": 6, "depth": 4, "succession": 4},
}

Formula = Callable[[Any, str, Any], Any]

PROJECT = built.build_entity("project", "projects", "A project", is_person=True)
CANDIDATE = built.build_entity(
    "candidate", "candidates", "A candidate and the projects on file", roles=[{"key": "own", "plural": "owns"}]
)


def variable(name: str, entity: Any, kind: type, formula: Formula | None = None) -> type:
    """A variable of the system, an input unless it has a formula."""
    body: dict[str, Any] = {
        "value_type": kind,
        "entity": entity,
        "definition_period": core.YEAR,
        "label": name,
        "__module__": __name__,
    }
    if formula is not None:
        body["formula"] = formula
    return type(name, (core.Variable,), body)


def criteria(project: Any, period: str, parameters: Any) -> Any:
    """How many complexity criteria a project meets."""
    return sum(project(name, period).astype(numpy.int8) for name in COMPLEXITY)


def took_part(project: Any, period: str, parameters: Any) -> Any:
    """In any role, in an activity of the field."""
    return project("active", period) * (project("is_member", period) + project("is_responsible", period))


def led(project: Any, period: str, parameters: Any) -> Any:
    """Responsible, to success, usable and easy to maintain, in an activity of the field."""
    qualities = project("usability", period) * project("maintainability", period)
    return project("active", period) * project("is_responsible", period) * project("success", period) * qualities


def grade(project: Any, period: str, parameters: Any) -> Any:
    """The highest grade that a project meets; 0 for none."""
    rules = parameters(period)
    number = project("criteria", period)
    users = sum(project(name, period) for name in ASSIGNMENTS[:3]) > 0
    wide = project("service_team_wide_area", period) + project("service_team_specific_industry", period)
    narrow = project("service_team_specific_users", period)
    many = number >= rules.complexity.service_team
    services = numpy.select([users + wide * many, wide + narrow * many, narrow], [5, 4, 3], 0)
    stated = {name: project(name, period) for name in NUMBERS}
    known = {name: value > 0 for name, value in stated.items()}
    big = sum(value >= rules.big[name] for name, value in stated.items()) > 0
    middle = sum((value >= rules.middle[name]) * (value < rules.big[name]) for name, value in stated.items()) > 0
    rooms = sum(known[name] * (stated[name] < rules.small[name]) for name in NUMBERS[:2]) > 0
    network = stated["network_sites"]
    small = rooms + known["network_sites"] * (network < rules.small.network_sites)
    smaller = rooms + known["network_sites"] * (network < rules.small.network_sites_level_5)
    part = project("partial", period)
    several = number >= rules.complexity.facility
    facilities = numpy.select(
        [big + middle * several, middle + smaller * several, small + part * several, part], [6, 5, 4, 3], 0
    )
    sized = numpy.where(project("field", period) == FIELDS.index("facility_management"), facilities, services)
    return numpy.where(number >= rules.complexity.required, sized, 0)


def projects_of(f: str, level: int, at_least: str, part: str) -> Formula:
    """How many projects of a field a candidate has of a grade or above, with this part in them."""

    def formula(candidate: Any, period: str, parameters: Any) -> Any:
        least = parameters(period)[f"level_{level}"][at_least]
        members = candidate.members
        counted = (members("grade", period) >= least) * members(part, period) * members("on_file", period)
        return candidate.sum(counted * (members("field", period) == FIELDS.index(f)))

    return formula


def depth_of(f: str, level: int) -> Formula:
    """The greatest depth in an area that counts."""

    def formula(candidate: Any, period: str, parameters: Any) -> Any:
        return numpy.maximum.reduce([candidate(f"{f}_{area}", period) for area in AREAS[f, level]])

    return formula


def succession_of(f: str) -> Formula:
    """How many kinds of achievement."""

    def formula(candidate: Any, period: str, parameters: Any) -> Any:
        return sum(candidate(f"{f}_{item}", period).astype(numpy.int8) for item in ITEMS)

    return formula


def complete_of(f: str, level: int) -> Formula:
    """Whether every criterion of a level is met."""

    def formula(candidate: Any, period: str, parameters: Any) -> Any:
        rules = parameters(period)[f"level_{level}"]
        met = candidate(f"{f}_{level}_projects", period) >= rules.projects
        met = met * (candidate(f"{f}_{level}_depth", period) >= rules.depth)
        if level > 3:
            met = met * (candidate(f"{f}_{level}_top", period) > 0) * candidate("develops", period)
            met = met * (candidate(f"{f}_succession", period) >= rules.succession)
            if f in SERVICES:
                met = met * candidate(f"{f}_handles", period)
        if level > 4:
            met = met * candidate("leads", period)
        return met

    return formula


def system() -> Any:
    """The system with its parameters and variables."""
    made = systems.TaxBenefitSystem([PROJECT, CANDIDATE])
    dated = {
        group: {name: {"values": {"2012-01-01": {"value": value}}} for name, value in values.items()}
        for group, values in PARAMETERS.items()
    }
    made.parameters = parameters.ParameterNode("", data=dated)
    names = ("on_file", "active", "is_member", "is_responsible", "success", "usability", "maintainability", "partial")
    variables = [variable(name, PROJECT, bool) for name in (*names, *COMPLEXITY, *ASSIGNMENTS)]
    variables += [variable(name, PROJECT, int) for name in ("field", *NUMBERS)]
    variables += [variable("took_part", PROJECT, bool, took_part), variable("led", PROJECT, bool, led)]
    variables += [variable("criteria", PROJECT, int, criteria), variable("grade", PROJECT, int, grade)]
    variables += [variable(name, CANDIDATE, bool) for name in ("exam", "leads", "develops")]
    for f in FIELDS:
        variables += [variable(f"{f}_{item}", CANDIDATE, bool) for item in ITEMS]
        areas = sorted({area for level in LEVELS if level[0] == f for area in AREAS[level]})
        variables += [variable(f"{f}_{area}", CANDIDATE, int) for area in areas]
        variables.append(variable(f"{f}_succession", CANDIDATE, int, succession_of(f)))
        variables.append(variable(f"{f}_handles", CANDIDATE, bool))
    for f, level in LEVELS:
        part = "took_part" if level == 3 else "led"
        variables.append(variable(f"{f}_{level}_projects", CANDIDATE, int, projects_of(f, level, "grade", part)))
        if level > 3:
            variables.append(variable(f"{f}_{level}_top", CANDIDATE, int, projects_of(f, level, "top", part)))
        variables.append(variable(f"{f}_{level}_depth", CANDIDATE, int, depth_of(f, level)))
        variables.append(variable(f"{f}_{level}", CANDIDATE, bool, complete_of(f, level)))
    for one in variables:
        made.add_variable(one)
    return made


class Inputs:
    """Evidence as columns: for each variable the rows where it is true, or the rows and their values."""

    def __init__(self) -> None:
        self.owners: list[int] = []
        self.true: dict[str, list[int]] = {}
        self.values: dict[str, tuple[list[int], list[int]]] = {}

    def flag(self, name: str, row: int) -> None:
        """It is true in a row."""
        self.true.setdefault(name, []).append(row)

    def number(self, name: str, row: int, value: int) -> None:
        """It has a value in a row."""
        rows, values = self.values.setdefault(name, ([], []))
        rows.append(row)
        values.append(value)


class Table:
    """A chunk of candidates as inputs: of projects, of verified items, and of items claimed."""

    def __init__(self, people: list[Candidate]) -> None:
        self.people = people
        self.projects, self.verified, self.claimed = Inputs(), Inputs(), Inputs()
        self.claimed_projects: list[int] = []
        for row, person in enumerate(people):
            self._person(row, person)

    def _side(self, item: object) -> Inputs:
        return self.claimed if isinstance(item, Stated) and item.status == "claimed" else self.verified

    def _person(self, row: int, person: Candidate) -> None:
        before = len(self.projects.owners)
        for exam in person.exams:
            if (exam if isinstance(exam, str) else exam.exam) == "ap":
                self._side(exam).flag("exam", row)
        for means in person.develops_subordinates:
            self._side(means).flag("develops", row)
        if person.leads_others is not False:
            self._side(person.leads_others).flag("leads", row)
        if person.fields is not None:
            for number, f in enumerate(FIELDS):
                field: Field | None = getattr(person.fields, f)
                if field is not None:
                    self._field(row, number, f, field)
        if len(self.projects.owners) == before:
            self.projects.owners.append(row)

    def _field(self, row: int, number: int, f: str, field: Field) -> None:
        for component in field.handles:
            self._side(component).flag(f"{f}_handles", row)
        for achievement in field.achievements:
            self._side(achievement).flag(f"{f}_{achievement.item}", row)
        for specialty in field.specialties:
            self._side(specialty).number(f"{f}_{specialty.area}", row, DEPTHS[specialty.depth])
        for project in field.projects:
            self._project(row, number, project)

    def _project(self, owner: int, field: int, item: Project) -> None:
        inputs = self.projects
        row, true = len(inputs.owners), inputs.true
        inputs.owners.append(owner)
        inputs.number("field", row, field)
        if item.status == "claimed":
            self.claimed_projects.append(row)
        else:
            inputs.flag("on_file", row)
        if item.activities:
            inputs.flag("active", row)
        if item.role is not None:
            inputs.flag(f"is_{item.role}", row)
        if item.success:
            inputs.flag("success", row)
        for name in (*item.satisfies, *item.complexity):
            true.setdefault(name, []).append(row)
        for assignment in item.assignments:
            inputs.flag(f"{assignment.to}_{assignment.coverage}", row)
        if field == 2:
            if item.partial:
                inputs.flag("partial", row)
            for name in NUMBERS:
                value = getattr(item, name)
                if value is not None:
                    inputs.number(name, row, value)

    def simulation(self, rules: Any, *, with_claims: bool) -> Any:
        """A simulation on verified evidence, or with every claim confirmed."""
        builder = simulations.SimulationBuilder()
        builder.create_entities(rules)
        projects, candidates = len(self.projects.owners), len(self.people)
        builder.declare_person_entity("project", numpy.arange(projects))
        group = builder.declare_entity("candidate", numpy.arange(candidates))
        builder.join_with_persons(group, numpy.array(self.projects.owners), numpy.zeros(projects, dtype=numpy.int8))
        made = builder.build(rules)
        true = {name: (projects, rows) for name, rows in self.projects.true.items()}
        true["on_file"] = (projects, true["on_file"][1] + (self.claimed_projects if with_claims else []))
        for name, rows in self.verified.true.items():
            true[name] = (candidates, rows)
        if with_claims:
            for name, rows in self.claimed.true.items():
                true[name] = (candidates, true.get(name, (0, []))[1] + rows)
        for name, (size, rows) in true.items():
            column = numpy.zeros(size, dtype=bool)
            column[rows] = True
            made.set_input(name, PERIOD, column)
        for name, (rows, values) in self.projects.values.items():
            numbers = numpy.zeros(projects, dtype=numpy.int32)
            numbers[rows] = values
            made.set_input(name, PERIOD, numbers)
        depths: dict[str, Any] = {}
        for side in (self.verified, self.claimed) if with_claims else (self.verified,):
            for name, (rows, values) in side.values.items():
                column = depths.setdefault(name, numpy.zeros(candidates, dtype=numpy.int32))
                numpy.maximum.at(column, rows, values)
        for name, column in depths.items():
            made.set_input(name, PERIOD, column)
        return made


def decide(rules: Any, people: list[Candidate]) -> list[list[str]]:
    """The verdicts on a chunk of candidates."""
    table = Table(people)
    verified, confirmed = (table.simulation(rules, with_claims=claims) for claims in (False, True))
    columns = []
    for f, level in LEVELS:
        name = f"{f}_{level}"
        attained, later = verified.calculate(name, PERIOD), confirmed.calculate(name, PERIOD)
        deemed = numpy.zeros(len(people), dtype=bool)
        if level == 3:
            deemed = verified.calculate("exam", PERIOD)
            later = later + confirmed.calculate("exam", PERIOD)
        columns.append(numpy.select([attained, deemed, later], [0, 1, 2], 3))
    return [[VERDICTS[place] for place in row] for row in numpy.array(columns).T.tolist()]


def run(source: str, target: str) -> None:
    """Decide many candidates at a time. Garbage is collected between chunks alone, which more than halves the time."""
    rules = system()
    decode = msgspec.json.Decoder(Candidate).decode
    gc.disable()
    with open(source, "rb") as lines, open(target, "w", encoding="utf-8") as out:
        while people := [decode(line) for line in islice(lines, CHUNK)]:
            for person, verdicts in zip(people, decide(rules, people), strict=True):
                out.write(json.dumps({"candidate": person.candidate, "verdicts": verdicts}) + "\n")
            gc.collect()
