"""What `itss why` and `itss certify` must answer, worked out in plain Python from the contract alone.

Nothing here comes from the project's rules or code, and no solver takes part: tables of the policy, arithmetic
over projects and items, and one small exact dynamic programme (`_cover`). Everything is exact under every
combination of readings, `progression=cumulative` included; nothing is approximated.

Evidence is a collection of fact strings of one candidate in clingo's syntax, ids as quoted strings; readings is a
mapping of the readings that differ from the default.

Why it is exact: every criterion grows with the evidence, and a project counts by its own facts alone. So a least set
of facts is found family by family (projects, specialties, achievements, ...), and within a project only the number of
complexity criteria, the set of sizes, whether a component is stated, and taken part in or led can make a difference.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations
from math import comb
from typing import Any, NamedTuple

# --- the policy's tables -----------------------------------------------------------------------------------------

LEVELS = {"hardware": (3, 4, 5), "software": (3, 4, 5), "facility_management": (3, 4, 5, 6)}
PAIRS = [(field, level) for field, levels in LEVELS.items() for level in levels]
LOWEST = 3
FACILITY = "facility_management"

READINGS = {
    "project_grade": ("at_least", "exact"),
    "ap_exam": ("deems_level_3", "deems_specialty", "no_effect"),
    "component": ("implied", "stated"),
    "small_network": ("as_written", "as_level_4"),
    "two_sites": ("as_written", "small"),
    "succession_count": ("distinct_items", "every_piece"),
    "size_scope": ("all_alternatives", "computer_rooms", "first_alternative"),
    "activities": ("any", "all"),
    "progression": ("independent", "cumulative"),
}

# Criterion to level to required number, in the order of policy.md.
REQUIRED = {
    "projects": {3: 1, 4: 2, 5: 3, 6: 3},
    "top_project": {4: 1, 5: 1, 6: 1},
    "leads": {5: 1, 6: 1},
    "handles": {4: 1, 5: 1},
    "specialty": {3: 1, 4: 1, 5: 1, 6: 1},
    "succession": {4: 1, 5: 3, 6: 4},
    "develops": {4: 1, 5: 1, 6: 1},
}
PROJECT_CRITERIA = ("projects", "top_project")

DEPTHS = ("practice", "guide_subordinates", "guide_company", "guide_industry")
LEAST_DEPTH = {3: 0, 4: 1, 5: 2, 6: 3}

_FACILITY_5 = "facility_engineering facility_strategy personnel_profitability customer_satisfaction"
_AREAS = {
    "hardware": {
        3: "product_technology first_contact advice",
        4: "product_technology policy_selection_planning team_profitability customer_satisfaction",
        5: "general_it_components product_technology policy_selection_planning personnel_profitability "
        "customer_satisfaction",
    },
    "software": {
        3: "failure_diagnosis first_contact advice",
        4: "failure_diagnosis requirement_measures team_structure customer_satisfaction",
        5: "general_it_components failure_diagnosis service_planning personnel_profitability customer_satisfaction",
    },
    "facility_management": {
        3: "facility_engineering advice",
        4: "facility_engineering personnel_profitability customer_satisfaction",
        5: _FACILITY_5,
        6: _FACILITY_5,
    },
}
AREAS = {field: {level: set(areas.split()) for level, areas in levels.items()} for field, levels in _AREAS.items()}

EXAMS = {"ip", "sg", "fe", "ap", "st", "sa", "pm", "nw", "db", "es", "sm", "au", "sc"}
MEANS = {"mentoring", "coaching", "other"}
ACHIEVEMENTS = {
    "community",
    "book",
    "paper_external",
    "paper_internal",
    "instructor_external",
    "instructor_internal",
    "patent",
}
COMPONENTS: dict[str, set[str]] = {
    "hardware": {"general_purpose_processor", "midrange_processor", "pc", "storage", "network", "other"},
    "software": {"operating_system", "database", "middleware", "application_software", "other"},
    "facility_management": set(),
}
_INSTALLED = {"installation", "maintenance"}
ACTIVITIES = {
    "hardware": _INSTALLED,
    "software": _INSTALLED,
    "facility_management": {"design", "construction", "management", "maintenance"},
}
_SYSTEM = {
    "multi_platform",
    "multi_vendor",
    "emerging_technology",
    "mission_critical",
    "continuous_operation",
    "nationwide",
}
COMPLEXITY = {
    "hardware": _SYSTEM,
    "software": _SYSTEM,
    "facility_management": {"mission_critical", "continuous_operation", "many_sites", "disaster_crime_prevention"},
}
COVERAGE = {
    "users": {"wide_area", "whole_industry", "equivalent"},
    "service_team": {"wide_area", "specific_industry", "specific_users"},
}
QUALITIES = {"usability", "maintainability"}
NUMBERS = {"sites": (1, 2, 3, 5), "floor_area": (1, 2000, 5000), "network_sites": (1, 10, 100, 300)}  # lowest of bands
LARGEST_NUMBER = 1_000_000_000

ITEMS = {"passed_exam", "leads_others", "develops_subordinates", "handles", "specialty", "achievement", "project"}
ATTRIBUTES = {
    "role",
    "activity",
    "outcome",
    "satisfies",
    "component",
    "complexity",
    "assignment",
    "partial_facility",
    *NUMBERS,
}


# --- facts --------------------------------------------------------------------------------------------------------


class Id(str):
    """A quoted string; a plain `str` is a constant."""

    __slots__ = ()


class Fact(NamedTuple):
    """A predicate with its arguments."""

    name: str
    args: tuple["Value", ...]


Value = str | int | Fact

_TOKEN = re.compile(r'\s*(?:("(?:[^"\\\n]|\\["\\n])*")|(-?[0-9]+)|([a-z][A-Za-z0-9_]*)|([(),]))')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
_PLAIN = {escaped: plain for plain, escaped in _ESCAPES.items()}


def quote(text: str) -> str:
    """The text as clingo writes a string."""
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'


def _tokens(text: str) -> Iterator[Value]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not a fact: {text}")
        at = match.end()
        string, number, name, mark = match.groups()
        if string is not None:
            yield Id(re.sub(r"\\.", lambda escape: _PLAIN[escape.group()], string[1:-1]))
        elif number is not None:
            yield int(number)
        else:
            yield name or mark


@cache
def parse(written: str) -> Fact:
    """The fact that a string writes."""
    tokens = list(_tokens(written))
    at = 0

    def token() -> Value:
        nonlocal at
        if at == len(tokens):
            raise ValueError(f"not a fact: {written}")
        at += 1
        return tokens[at - 1]

    def value() -> Value:
        nonlocal at
        first = token()
        if isinstance(first, int | Id):
            return first
        assert isinstance(first, str)
        if not first[0].isalpha():
            raise ValueError(f"not a fact: {written}")
        if at == len(tokens) or isinstance(tokens[at], Id) or tokens[at] != "(":
            return first
        at += 1
        args = [value()]
        while (mark := token()) == "," and not isinstance(mark, Id):
            args.append(value())
        if mark != ")" or isinstance(mark, Id):
            raise ValueError(f"not a fact: {written}")
        return Fact(first, tuple(args))

    result = value()
    if at != len(tokens) or not isinstance(result, Fact):
        raise ValueError(f"not a fact: {written}")
    return result


def text(value: Value) -> str:
    """The value as clingo writes it."""
    if isinstance(value, Fact):
        return f"{value.name}({','.join(map(text, value.args))})"
    return quote(value) if isinstance(value, Id) else str(value)


def claimed(fact: str) -> str:
    """The claimed form of an item."""
    return f"claimed({fact})"


def unclaimed(fact: str) -> Fact:
    """The fact, or the item that it claims."""
    parsed = parse(fact)
    inner = parsed.args[0] if parsed.name == "claimed" else parsed
    assert isinstance(inner, Fact)
    return inner


def counted(facts: Iterable[str]) -> set[str]:
    """The evidence facts among these: without `candidate/1` and `source/2`."""
    return {fact for fact in facts if parse(fact).name not in ("candidate", "source")}


# --- the JSON form -----------------------------------------------------------------------------------------------


def facts_of(entry: Mapping[str, Any], sources: bool = False) -> set[str]:
    """The facts of a candidate's JSON object, `candidate/1` included, `source/2` where asked for."""
    who = Id(entry["candidate"])
    facts = {text(Fact("candidate", (who,)))}

    def item(about: Any, name: str, *args: Value) -> None:
        fact = Fact(name, (who, *args))
        about = about if isinstance(about, Mapping) else {}
        facts.add(text(Fact("claimed", (fact,)) if about.get("status") == "claimed" else fact))
        if sources and "source" in about:
            facts.add(text(Fact("source", (fact, Id(about["source"])))))

    def value(about: Any, key: str) -> str:
        return str(about[key] if isinstance(about, Mapping) else about)

    for exam in entry.get("exams", ()):
        item(exam, "passed_exam", value(exam, "exam"))
    if entry.get("leads_others", False) is not False:
        item(entry["leads_others"], "leads_others")
    for means in entry.get("develops_subordinates", ()):
        item(means, "develops_subordinates", value(means, "means"))
    for field, part in entry.get("fields", {}).items():
        for handled in part.get("handles", ()):
            item(handled, "handles", field, value(handled, "component"))
        for one in part.get("specialties", ()):
            item(one, "specialty", field, one["area"], one["depth"])
        for one in part.get("achievements", ()):
            item(one, "achievement", field, one["item"], Id(one["id"]))
        for project in part.get("projects", ()):
            item(project, "project", Id(project["id"]), field)
            facts |= {text(Fact(name, (who, Id(project["id"]), *args))) for name, *args in _attributes(project)}
    return facts


def _attributes(project: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    if "role" in project:
        yield "role", project["role"]
    if "success" in project:
        yield "outcome", "success" if project["success"] else "failure"
    lists = {"activities": "activity", "components": "component", "satisfies": "satisfies", "complexity": "complexity"}
    for key, name in lists.items():
        for value in project.get(key, ()):
            yield name, value
    for one in project.get("assignments", ()):
        yield "assignment", one["to"], one["coverage"]
    for key, name in {"sites": "sites", "floor_area_m2": "floor_area", "network_sites": "network_sites"}.items():
        if key in project:
            yield name, project[key]
    if project.get("partial", False):
        yield ("partial_facility",)


# --- the rules of evidence ---------------------------------------------------------------------------------------


def is_valid(facts: Iterable[str]) -> bool:
    """Whether the facts are evidence of one candidate that intake accepts; `candidate/1` must be among them."""
    try:
        parsed = {parse(fact) for fact in facts}
    except ValueError:
        return False
    candidates = [fact.args for fact in parsed if fact.name == "candidate"]
    if len(candidates) != 1 or len(candidates[0]) != 1 or not _is_id(candidates[0][0]):
        return False
    who = candidates[0][0]
    plain = [fact for fact in parsed if fact.name in ITEMS]
    claims = [fact.args[0] for fact in parsed if fact.name == "claimed" and len(fact.args) == 1]
    items = [*plain, *(claim for claim in claims if isinstance(claim, Fact))]
    if len(set(items)) < len(items):  # verified and claimed
        return False
    if not all(_valid_item(item, who) for item in items):
        return False
    fields = {item.args[1]: item.args[2] for item in items if item.name == "project"}
    if len(fields) < sum(item.name == "project" for item in items):  # a project in two fields
        return False
    single: set[tuple[str, Value]] = set()
    for fact in parsed:
        if fact.name in ATTRIBUTES:
            if len(fact.args) < 2 or fact.args[0] != who or not _is_id(fact.args[0]) or not _is_id(fact.args[1]):
                return False
            field = fields.get(fact.args[1])
            if not isinstance(field, str) or not _valid_attribute(fact.name, fact.args[2:], field):
                return False
            if fact.name in ("role", "outcome", *NUMBERS):
                if (fact.name, fact.args[1]) in single:
                    return False
                single.add((fact.name, fact.args[1]))
        elif fact.name == "claimed":
            if len(fact.args) != 1 or not isinstance(fact.args[0], Fact):
                return False
        elif fact.name == "source":
            if len(fact.args) != 2 or fact.args[0] not in items or not isinstance(fact.args[1], Id):
                return False
        elif fact.name not in ITEMS and fact.name != "candidate":
            return False
    return True


def _is_id(value: Value) -> bool:
    return isinstance(value, Id) and value != ""


def _among(value: Value, domain: Iterable[str]) -> bool:
    return isinstance(value, str) and not isinstance(value, Id | Fact) and value in domain


def _valid_item(item: Fact, who: Value) -> bool:
    if not item.args or not _is_id(item.args[0]) or item.args[0] != who:
        return False
    match item.name, item.args[1:]:
        case "passed_exam", (exam,):
            return _among(exam, EXAMS)
        case "leads_others", ():
            return True
        case "develops_subordinates", (means,):
            return _among(means, MEANS)
        case "handles", (str(field), component):
            return _among(field, LEVELS) and _among(component, COMPONENTS[field])
        case "specialty", (str(field), area, depth):
            areas = set(chain(*AREAS[field].values())) if _among(field, LEVELS) else set()
            return _among(area, areas) and _among(depth, DEPTHS)
        case "achievement", (field, kind, piece):
            return _among(field, LEVELS) and _among(kind, ACHIEVEMENTS) and _is_id(piece)
        case "project", (project, field):
            return _is_id(project) and _among(field, LEVELS)
    return False


def _valid_attribute(name: str, args: tuple[Value, ...], field: str) -> bool:
    match name, args:
        case "role", (role,):
            return _among(role, ("member", "responsible"))
        case "outcome", (outcome,):
            return _among(outcome, ("success", "failure"))
        case "satisfies", (quality,):
            return _among(quality, QUALITIES)
        case "activity", (activity,):
            return _among(activity, ACTIVITIES[field])
        case "component", (component,):
            return _among(component, COMPONENTS[field])
        case "complexity", (criterion,):
            return _among(criterion, COMPLEXITY[field])
        case "assignment", (str(to), coverage):
            return field != FACILITY and _among(to, COVERAGE) and _among(coverage, COVERAGE[to])
        case (("sites" | "floor_area" | "network_sites"), (int(number),)):
            return field == FACILITY and 1 <= number <= LARGEST_NUMBER
        case "partial_facility", ():
            return field == FACILITY
    return False


# --- a project ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Project:
    """A project by its own facts; `Project(field)` is a new one of which nothing is known."""

    field: str
    role: str | None = None
    outcome: str | None = None
    activities: int = 0
    components: int = 0
    qualities: int = 0
    complexity: int = 0
    sizes: frozenset[Fact] = frozenset()

    @staticmethod
    def of(field: str, attributes: Iterable[Fact]) -> "Project":
        """The project with these facts, of which candidate and project are cut off."""
        values: dict[str, list[Fact]] = {}
        for attribute in attributes:
            values.setdefault(attribute.name, []).append(attribute)
        sizes = frozenset(chain(*(values.get(name, ()) for name in ("assignment", "partial_facility", *NUMBERS))))
        first = {name: str(values[name][0].args[0]) for name in ("role", "outcome") if name in values}
        activities, components, qualities, complexity = (
            len(values.get(name, ())) for name in ("activity", "component", "satisfies", "complexity")
        )
        role, outcome = first.get("role"), first.get("outcome")
        return Project(field, role, outcome, activities, components, qualities, complexity, sizes)


class Purpose(NamedTuple):
    """What a project is to be: led or taken part in, and of one of these grades."""

    led: bool
    grades: frozenset[int]


def _purpose(level: int, criterion: str, readings: Mapping[str, str]) -> Purpose:
    if criterion == "projects" and level > LOWEST:
        return Purpose(True, frozenset(range(level - 1, 7)))
    exact = readings["project_grade"] == "exact"
    return Purpose(level > LOWEST, frozenset([level] if exact else range(level, 7)))


def _size_grades(size: Fact, n: int, readings: Mapping[str, str]) -> set[int]:
    """The grades whose size one size fact meets, with n complexity criteria met."""
    if size.name == "assignment":
        to, coverage = size.args
        if to == "users":
            return {5}
        if coverage == "specific_users":
            return {3, 4} if n >= 4 else {3}
        return {4, 5} if n >= 4 else {4}
    if size.name == "partial_facility":
        return {3, 4} if n >= 3 else {3}
    number = size.args[0]
    assert isinstance(number, int)
    unbound = {
        "all_alternatives": (),
        "computer_rooms": ("network_sites",),
        "first_alternative": ("floor_area", "network_sites"),
    }
    lifted = n >= 3 or size.name in unbound[readings["size_scope"]]
    middle, big = {"sites": (3, 5), "floor_area": (2000, 5000), "network_sites": (100, 300)}[size.name]
    if number >= big:
        return {6}
    if number >= middle:
        return {5, 6} if lifted else {5}
    if size.name == "sites" and number == 2 and readings["two_sites"] == "as_written":
        return set()
    if size.name == "network_sites" and number >= 10 and readings["small_network"] == "as_written":
        return {4}
    return {4, 5} if lifted else {4}


def _grades(n: int, sizes: Iterable[Fact], readings: Mapping[str, str]) -> set[int]:
    return set(chain(*(_size_grades(size, n, readings) for size in sizes))) if n >= 2 else set()


def _activities_needed(field: str, readings: Mapping[str, str]) -> int:
    return len(ACTIVITIES[field]) if readings["activities"] == "all" else 1


def _states_component(field: str, readings: Mapping[str, str]) -> bool:
    return field != FACILITY and readings["component"] == "stated"


def _serves(project: Project, purpose: Purpose, readings: Mapping[str, str]) -> bool:
    if project.role is None or project.activities < _activities_needed(project.field, readings):
        return False
    if purpose.led:
        if (project.role, project.outcome, project.qualities) != ("responsible", "success", len(QUALITIES)):
            return False
    elif _states_component(project.field, readings) and not project.components:
        return False
    return not purpose.grades.isdisjoint(_grades(project.complexity, project.sizes, readings))


def _completion(project: Project, purpose: Purpose, readings: Mapping[str, str]) -> int | None:
    """The least number of attributes that a project lacks for the purpose; None where a fact on file forbids it."""
    field = project.field
    cost = max(0, _activities_needed(field, readings) - project.activities) + (project.role is None)
    if purpose.led:
        if project.role == "member" or project.outcome == "failure":
            return None
        cost += (project.outcome is None) + len(QUALITIES) - project.qualities
    elif _states_component(field, readings) and not project.components:
        cost += 1
    grade_costs = [
        n - project.complexity + len(more)
        for n in range(project.complexity, len(COMPLEXITY[field]) + 1)
        for more in ((), *((size,) for size in _new_sizes(project)))
        if not purpose.grades.isdisjoint(_grades(n, [*project.sizes, *more], readings))
    ]
    return cost + min(grade_costs) if grade_costs else None


def _new_sizes(project: Project) -> Iterator[Fact]:
    """Size facts that a project may gain; one is enough, as any one size makes a grade."""
    if project.field != FACILITY:
        yield from (Fact("assignment", (to, coverage)) for to, all_of in COVERAGE.items() for coverage in all_of)
        return
    yield Fact("partial_facility", ())
    known = {size.name for size in project.sizes}
    yield from (Fact(name, (n,)) for name, numbers in NUMBERS.items() if name not in known for n in numbers)


# --- what is on file ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """The items that count (the verified, or all once confirmed) with their facts on file, and every project."""

    items: dict[Fact, str]
    projects: dict[Fact, Project]

    @staticmethod
    def of(facts: Iterable[str], confirmed: bool) -> "View":
        """The view of these facts."""
        items: dict[Fact, str] = {}
        projects: list[Fact] = []
        attributes: dict[Value, list[Fact]] = {}
        for on_file in set(facts):
            fact = parse(on_file)
            if fact.name in ATTRIBUTES:
                attributes.setdefault(fact.args[1], []).append(Fact(fact.name, fact.args[2:]))
            elif fact.name in ITEMS or fact.name == "claimed":
                item = unclaimed(on_file)
                if item.name == "project":
                    projects.append(item)
                if confirmed or fact.name != "claimed":
                    items[item] = on_file
        return View(items, {p: Project.of(str(p.args[2]), attributes.get(p.args[1], ())) for p in projects})


def _full(readings: Mapping[str, str] | None) -> dict[str, str]:
    chosen = {name: options[0] for name, options in READINGS.items()} | dict(readings or {})
    if any(option not in READINGS.get(name, ()) for name, option in chosen.items()):
        raise ValueError(f"unknown reading in {readings}")
    return chosen


def _names(field: str, level: int) -> list[str]:
    """The criteria of a level's column, in order."""
    if level not in LEVELS[field]:
        raise ValueError(f"{field} has no level {level}")
    return [
        name for name, levels in REQUIRED.items() if level in levels and not (name == "handles" and field == FACILITY)
    ]


def _item_serves(item: Fact, field: str, level: int, criterion: str, readings: Mapping[str, str]) -> bool:
    match criterion, item.name, item.args[1:]:
        case ("leads", "leads_others", _) | ("develops", "develops_subordinates", _):
            return True
        case ("handles", "handles", (of, *_)) | ("succession", "achievement", (of, *_)):
            return of == field
        case "specialty", "specialty", (of, area, str(depth)):
            return of == field and area in AREAS[field][level] and DEPTHS.index(depth) >= LEAST_DEPTH[level]
        case "specialty", "passed_exam", ("ap",):
            return level == LOWEST and readings["ap_exam"] == "deems_specialty"
    return False


def _unit(item: Fact, readings: Mapping[str, str]) -> Value:
    """What an item counts as: itself, but achievements of one kind together count once (unless by the piece).

    The contract leaves open whether an area with two depths is found once or twice; here it is twice.
    """
    if item.name == "achievement" and readings["succession_count"] == "distinct_items":
        return item.args[2]
    return item


def _units(view: View, field: str, level: int, criterion: str, readings: Mapping[str, str]) -> dict[Value, list[str]]:
    """What counts toward a criterion, each with its item facts on file."""
    units: dict[Value, list[str]] = {}
    purpose = _purpose(level, criterion, readings)
    for item, on_file in view.items.items():
        if criterion in PROJECT_CRITERIA:
            project = view.projects.get(item)
            serves = project is not None and project.field == field and _serves(project, purpose, readings)
        else:
            serves = _item_serves(item, field, level, criterion, readings)
        if serves:
            units.setdefault(_unit(item, readings), []).append(on_file)
    return units


# --- verdicts ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Criterion:
    """A criterion of a level and what is on file for it."""

    criterion: str
    clause: str
    required: int
    found: int
    evidence: frozenset[str]

    @property
    def met(self) -> bool:
        """Whether enough was found."""
        return self.found >= self.required


def _criteria(view: View, field: str, level: int, readings: Mapping[str, str]) -> list[Criterion]:
    result = []
    for name in _names(field, level):
        units = _units(view, field, level, name, readings)
        evidence = frozenset(chain(*units.values()))
        result.append(Criterion(name, f"{field}.{level}.{name}", REQUIRED[name][level], len(units), evidence))
    if readings["progression"] == "cumulative" and level > LOWEST:
        found = int(bool(_routes(view, field, level - 1, readings)))
        result.append(Criterion("lower_level", f"{field}.{level}.lower_level", 1, found, frozenset()))
    return result


def _exam(view: View, readings: Mapping[str, str]) -> bool:
    """Whether the exam route is open: deems level 3 reached."""
    passed = any(item.name == "passed_exam" and item.args[1] == "ap" for item in view.items)
    return passed and readings["ap_exam"] == "deems_level_3"


def _routes(view: View, field: str, level: int, readings: Mapping[str, str]) -> list[str]:
    kpi = all(criterion.met for criterion in _criteria(view, field, level, readings))
    return ["kpi"] * kpi + ["exam"] * (level == LOWEST and _exam(view, readings))


def criteria(
    facts: Iterable[str], field: str, level: int, readings: Mapping[str, str] | None = None
) -> list[Criterion]:
    """The criteria of a level in the order of policy.md, judged on verified evidence."""
    return _criteria(View.of(facts, confirmed=False), field, level, _full(readings))


def routes(facts: Iterable[str], field: str, level: int, readings: Mapping[str, str] | None = None) -> list[str]:
    """The routes by which the level is reached on verified evidence."""
    return _routes(View.of(facts, confirmed=False), field, level, _full(readings))


def unmet(facts: Iterable[str], field: str, level: int, readings: Mapping[str, str] | None = None) -> list[str]:
    """The names of the unmet criteria, sorted."""
    return sorted(one.criterion for one in criteria(facts, field, level, readings) if not one.met)


def verdict(facts: Iterable[str], field: str, level: int, readings: Mapping[str, str] | None = None) -> str:
    """`attained`, `deemed`, `pending` or `not_attained`."""
    facts = list(facts)
    verified = routes(facts, field, level, readings)
    if verified:
        return "attained" if "kpi" in verified else "deemed"
    return "pending" if _routes(View.of(facts, confirmed=True), field, level, _full(readings)) else "not_attained"


RANK = ("attained", "deemed", "pending", "not_attained")


# --- what is missing ---------------------------------------------------------------------------------------------


def least_missing(
    facts: Iterable[str], field: str, level: int, criterion: str, readings: Mapping[str, str] | None = None
) -> int | None:
    """The least number of facts whose addition meets a criterion on verified evidence (0 where it is met).

    None for an unmet `lower_level`, for which nothing stands in `missing`; every other criterion can be met.
    """
    chosen = _full(readings)
    view = View.of(facts, confirmed=False)
    state = next(one for one in _criteria(view, field, level, chosen) if one.criterion == criterion)
    lacking = max(0, state.required - state.found)
    if criterion == "lower_level":
        return None if lacking else 0
    if criterion not in PROJECT_CRITERIA:
        return lacking  # each one new or confirmed fact; there are more kinds of achievement than are ever required
    purpose = _purpose(level, criterion, chosen)
    costs = [1 + (_completion(Project(field), purpose, chosen) or 0)] * lacking
    for item, project in view.projects.items():
        if project.field == field and not (item in view.items and _serves(project, purpose, chosen)):
            cost = _completion(project, purpose, chosen)
            if cost is not None:
                costs.append(cost + (item not in view.items))
    return sum(sorted(costs)[:lacking])


# --- least supports ----------------------------------------------------------------------------------------------


class Best(NamedTuple):
    """The size of the least sets, and how many sets have that size."""

    size: int
    number: int

    def plus(self, other: "Best") -> "Best":
        """Of sets made of one of each."""
        return Best(self.size + other.size, self.number * other.number)

    def either(self, other: "Best | None") -> "Best":
        """Of sets that are the one or the other (no set is both)."""
        if other is None or self.size < other.size:
            return self
        return other if other.size < self.size else Best(self.size, self.number + other.number)


Ways = dict[tuple[int, ...], Best]  # what a project or unit of items can serve, demand by demand (0 or 1), at what cost


def _cover(demands: tuple[int, ...], choosers: Iterable[Ways]) -> Best | None:
    """The least cost of meeting all demands where every chooser takes one of its ways, or none."""
    states = {demands: Best(0, 1)}
    for ways in choosers:
        after = dict(states)
        for left, best in states.items():
            for served, cost in ways.items():
                then = tuple(max(0, need - got) for need, got in zip(left, served, strict=True))
                if then != left:
                    after[then] = best.plus(cost).either(after.get(then))
        states = after
    return states.get((0,) * len(demands))


def _project_ways(project: Project, purposes: list[Purpose], readings: Mapping[str, str]) -> Ways:
    """For every set of purposes that a project can serve by some of its facts: the least number of them."""
    ways: Ways = {}
    field = project.field
    acts = _activities_needed(field, readings)
    if project.role is None or project.activities < acts:
        return ways
    basis = Best(2 + acts, comb(project.activities, acts))  # project, role, activities
    parts = [(Project(field, "member", activities=acts), basis)]
    if (project.role, project.outcome, project.qualities) == ("responsible", "success", len(QUALITIES)):
        led = Project(field, "responsible", "success", acts, qualities=len(QUALITIES))
        parts.append((led, basis.plus(Best(1 + len(QUALITIES), 1))))
    stated = [0, 1] if project.components and _states_component(field, readings) else [0]
    sizes = sorted(project.sizes)
    size_sets = [frozenset(some) for k in range(1, len(sizes) + 1) for some in combinations(sizes, k)]
    for n in range(2, project.complexity + 1):
        for some in size_sets:
            for part, cost in parts:
                for components in stated:
                    rest = Best(
                        n + len(some) + components,
                        comb(project.complexity, n) * (project.components if components else 1),
                    )
                    used = Project(field, part.role, part.outcome, part.activities, components, part.qualities, n, some)
                    served = tuple(int(_serves(used, purpose, readings)) for purpose in purposes)
                    if any(served):
                        ways[served] = cost.plus(rest).either(ways.get(served))
    return ways


def _kpi_support(view: View, field: str, levels: list[int], readings: Mapping[str, str]) -> Best | None:
    """The least sets of facts that meet the criteria of all these levels (`lower_level` aside)."""
    demand: dict[Purpose, int] = {}
    for level in levels:
        for name in PROJECT_CRITERIA:
            if name in _names(field, level):
                purpose = _purpose(level, name, readings)
                demand[purpose] = max(demand.get(purpose, 0), REQUIRED[name][level])
    purposes = list(demand)
    of_field = [p for item, p in view.projects.items() if item in view.items and p.field == field]
    total = _cover(tuple(demand.values()), [_project_ways(project, purposes, readings) for project in of_field])
    for name in REQUIRED:
        asking = [level for level in levels if name in _names(field, level)]
        if total is None or not asking or name in PROJECT_CRITERIA:
            continue
        units: dict[Value, list[Fact]] = {}
        for item in view.items:
            units.setdefault(_unit(item, readings), []).append(item)
        choosers: list[Ways] = []
        for unit in units.values():
            ways: Ways = {}
            for item in unit:
                served = tuple(int(_item_serves(item, field, level, name, readings)) for level in asking)
                if any(served):
                    ways[served] = Best(1, 1).either(ways.get(served))
            choosers.append(ways)
        best = _cover(tuple(REQUIRED[name][level] for level in asking), choosers)
        total = total.plus(best) if best else None
    return total


def support(facts: Iterable[str], field: str, level: int, readings: Mapping[str, str] | None = None) -> Best:
    """The size and number of the least sets of evidence facts from which alone the same verdict follows.

    Of `not_attained` nothing is to be supported: one set, the empty one.
    """
    facts = list(facts)
    chosen = _full(readings)
    reached = verdict(facts, field, level, chosen)
    if reached == "not_attained":
        return Best(0, 1)
    if reached == "deemed":
        return Best(1, 1)  # the exam, which only level 3 knows, and which does nothing else
    view = View.of(facts, confirmed=reached == "pending")
    levels = list(range(LOWEST, level + 1)) if chosen["progression"] == "cumulative" else [level]
    best = _kpi_support(view, field, levels, chosen)
    by_exam_too = level > LOWEST or reached == "pending"
    if levels[0] == LOWEST and by_exam_too and _exam(view, chosen):
        rest = _kpi_support(view, field, levels[1:], chosen)
        best = rest.plus(Best(1, 1)).either(best) if rest else best
    assert best is not None
    return best


def least_support(facts: Iterable[str], field: str, level: int, readings: Mapping[str, str] | None = None) -> int:
    """The least number of evidence facts from which alone the same verdict follows (0 of `not_attained`)."""
    return support(facts, field, level, readings).size


# --- rejections --------------------------------------------------------------------------------------------------


def without(facts: Iterable[str], rejected: Iterable[str]) -> set[str]:
    """What is left where these facts are rejected: a project takes its attributes along."""
    left = set(facts) - set(rejected)
    for item in map(unclaimed, set(rejected)):
        if item.name == "project":
            left = {one for one in left if not (parse(one).name in ATTRIBUTES and parse(one).args[1] == item.args[1])}
    return left


def _defeat_kpi(view: View, field: str, level: int, readings: Mapping[str, str]) -> int:
    """The least number of rejections after which the kpi route, now open, is not: some criterion falls."""
    costs = []
    for name in _names(field, level):
        sizes = sorted(map(len, _units(view, field, level, name, readings).values()))
        costs.append(sum(sizes[: len(sizes) - REQUIRED[name][level] + 1]))
    if readings["progression"] == "cumulative" and level > LOWEST:
        costs.append(_defeat(view, field, level - 1, readings))
    return min(costs)


def _defeat(view: View, field: str, level: int, readings: Mapping[str, str]) -> int:
    """The least number of rejections after which no route, of those now open, is left."""
    open_routes = _routes(view, field, level, readings)
    return ("exam" in open_routes) + (_defeat_kpi(view, field, level, readings) if "kpi" in open_routes else 0)


def margin(facts: Iterable[str], field: str, level: int, readings: Mapping[str, str] | None = None) -> int | None:
    """The least number of evidence facts whose rejection makes the verdict worse; None where none does."""
    facts = list(facts)
    chosen = _full(readings)
    match verdict(facts, field, level, chosen):
        case "attained":
            return _defeat_kpi(View.of(facts, confirmed=False), field, level, chosen)
        case "deemed":
            return 1
        case "pending":
            return _defeat(View.of(facts, confirmed=True), field, level, chosen)
    return None


def load_bearing(facts: Iterable[str], field: str, level: int, readings: Mapping[str, str] | None = None) -> set[str]:
    """The evidence facts whose rejection alone makes the verdict worse."""
    facts = about_field(facts, field)
    rank = RANK.index(verdict(facts, field, level, readings))
    if rank == len(RANK) - 1:
        return set()
    return {fact for fact in facts if RANK.index(verdict(without(facts, [fact]), field, level, readings)) > rank}


def about_field(facts: Iterable[str], field: str) -> set[str]:
    """The evidence facts but those about other fields, which can have no part in a verdict on this one."""
    items = {fact: unclaimed(fact) for fact in counted(facts)}
    fields = {item.args[1]: item.args[2] for item in items.values() if item.name == "project"}

    def about(item: Fact) -> Value | None:
        if item.name == "project" or item.name in ATTRIBUTES:
            return fields.get(item.args[1])
        return item.args[1] if item.name in ("handles", "specialty", "achievement") else field

    return {fact for fact, item in items.items() if about(item) == field}
