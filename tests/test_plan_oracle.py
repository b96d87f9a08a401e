"""`plan` against an oracle that shares nothing with the project (see `plan_oracle.py`), and the oracle against itself.

Every check yields what it finds wrong, so that a failure lists all disagreements of a chunk of cases.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from itss_logic import Evidence, Policy
from itss_logic.costs import Costs
from tests import oracle, plan_oracle
from tests.plan_oracle import Line, Prices, canonical, cheapest_plan, exhaustive, least_plan, lowest, plan_is_sound
from tests.test_why_oracle import claims, differ, facts_of, sample, show

CHUNK = 25
MAXIMUM = 5
TIMEOUT = 600.0

NOBODY = 'candidate("n")'
NO_EXAM = {"ap_exam": "no_effect"}
CUMULATIVE = {"progression": "cumulative"}
EXACT = {"progression": "cumulative", "project_grade": "exact"}
STRICTEST = EXACT | NO_EXAM | {"activities": "all", "component": "stated"}

FREE_OF_CHARGE = Prices({})


# --- cases -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A candidate's entry, field, level, the readings that differ from the default, and prices."""

    entry: Mapping[str, Any]
    field: str
    level: int
    readings: Mapping[str, str]
    prices: Prices

    @property
    def facts(self) -> set[str]:
        return oracle.facts_of(self.entry)

    def __str__(self) -> str:
        costs = self.prices.yaml().replace("\n", "; ")
        return f"{self.entry['candidate']} {self.field} {self.level} {dict(self.readings)} {costs}"


@cache
def cases(of: str) -> list[Case]:
    """Seeded cases: half of them with readings other than the default, a third with costs."""
    chance = random.Random(of)
    entries, number = (claims(), 100) if of == "claims" else (sample(), 300)
    people = [one for _ in range(0, number, len(entries)) for one in chance.sample(entries, len(entries))]
    pairs = [pair for _ in range(0, number, len(oracle.PAIRS)) for pair in chance.sample(oracle.PAIRS, 10)]
    result = []
    for at in range(number):
        field, level = pairs[at]
        readings = {name: chance.choice(options) for name, options in oracle.READINGS.items()} if at % 2 else {}
        prices = some_prices(field, chance) if at % 3 == 0 else FREE_OF_CHARGE
        result.append(Case(people[at], field, level, readings, prices))
    return result


def chunks(number: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, number, CHUNK)]


def name_of(chunk: slice) -> str:
    return f"{chunk.start}-{chunk.stop - 1}"


def vocabulary(field: str) -> list[tuple[str, tuple[str, ...]]]:
    """The predicates that have to do with the field, with all of their values."""
    areas = sorted(set(chain(*oracle.AREAS[field].values())))
    attributes: dict[str, set[str]] = {
        "role": {"member", "responsible"},
        "outcome": {"success", "failure"},
        "activity": oracle.ACTIVITIES[field],
        "satisfies": oracle.QUALITIES,
        "component": oracle.COMPONENTS[field],
        "complexity": oracle.COMPLEXITY[field],
        "develops_subordinates": oracle.MEANS,
    }
    facts: list[tuple[str, tuple[str, ...]]] = [("passed_exam", ("ap",)), ("leads_others", ()), ("project", (field,))]
    facts += [(name, (value,)) for name, values in attributes.items() for value in sorted(values)]
    facts += [("handles", (field, component)) for component in sorted(oracle.COMPONENTS[field])]
    facts += [("specialty", (field, area, depth)) for area in areas for depth in oracle.DEPTHS]
    facts += [("achievement", (field, kind)) for kind in sorted(oracle.ACHIEVEMENTS)]
    if field == oracle.FACILITY:
        facts += [(name, ()) for name in ("partial_facility", *oracle.NUMBERS)]
    else:
        facts += [("assignment", (to, what)) for to, some in oracle.COVERAGE.items() for what in sorted(some)]
    return facts


def some_prices(field: str, chance: random.Random) -> Prices:
    """Lines of some predicates, with some or none of their values; now and then a fact is forbidden."""
    words = vocabulary(field)
    names = sorted({name for name, _ in words})
    lines: dict[Line, int | None] = {}
    for _ in range(chance.randint(4, 16)):
        name = chance.choice(names)
        values = chance.choice([values for other, values in words if other == name])
        some = tuple(value for value in values if chance.random() < 0.7)
        lines[Line(name, some)] = None if chance.random() < 0.08 else chance.choice((1, 2, 3, 4, 7))
    return Prices(lines)


# --- the oracle against itself -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "level", "readings", "least"),
    [
        ("hardware", 3, {}, 1),  # the exam
        ("hardware", 3, NO_EXAM, 7),  # a specialty; a project with role, activity, two criteria and a size
        ("hardware", 4, {}, 22),  # two projects led, of nine facts each, and one of four other things
        ("hardware", 5, {}, 34),  # three projects led, leads, handles, specialty, three items, develops
        ("facility_management", 6, {}, 34),
        ("software", 5, CUMULATIVE, 34),  # what level 5 asks for does for the levels below
        ("software", 5, EXACT, 35),  # the exam, or a second size
        ("software", 5, EXACT | NO_EXAM, 35),
        ("facility_management", 5, EXACT, 34),
        ("facility_management", 6, EXACT, 36),  # four grades of three projects, or three and the exam
        ("hardware", 3, STRICTEST, 9),
        ("hardware", 4, STRICTEST, 25),
        ("hardware", 5, STRICTEST, 39),
        ("facility_management", 3, STRICTEST, 10),
        ("facility_management", 6, STRICTEST, 45),
    ],
)
def test_from_nothing(field: str, level: int, readings: Mapping[str, str], least: int) -> None:
    assert least_plan({NOBODY}, field, level, readings) == least
    plan = cheapest_plan({NOBODY}, field, level, readings)
    assert plan is not None
    assert plan_is_sound({NOBODY}, plan.confirm, plan.add, field, level, readings) is None


def test_an_undefined_level() -> None:
    with pytest.raises(ValueError, match="no level 6"):
        least_plan({NOBODY}, "hardware", 6)


def led(project: str, field: str, *more: str) -> set[str]:
    """A project led, of two complexity criteria, with activities; more facts as `predicate(values)`."""
    activity = "management" if field == oracle.FACILITY else "maintenance"
    usual = ("role(responsible)", "outcome(success)", "satisfies(usability)", "satisfies(maintainability)")
    others = (f"activity({activity})", "complexity(mission_critical)", "complexity(continuous_operation)")
    return {f'project("n","{project}",{field})'} | {
        f'{name}("n","{project}"{"," * (values != ")")}{values}'
        for name, _, values in (one.partition("(") for one in (*usual, *others, *more))
    }


def with_claims(facts: set[str], *names: str) -> set[str]:
    return {oracle.claimed(fact) if oracle.parse(fact).name in names else fact for fact in facts} | {NOBODY}


def test_one_value_where_one_is_allowed() -> None:
    ready = {NOBODY, 'specialty("n",facility_management,advice,practice)'}
    project = led("p", "facility_management", "sites(2)")
    assert oracle.is_valid(ready | project)
    assert least_plan(ready | project, "facility_management", 3, NO_EXAM) == 1  # any size but sites
    size = {"floor_area", "network_sites", "partial_facility"}
    bare = Prices({Line(name, ()): None for name in size})
    assert least_plan(ready | project, "facility_management", 3, NO_EXAM, bare.cost, bare.forbidden) == 6  # a new one
    small = NO_EXAM | {"two_sites": "small"}
    assert least_plan(ready | project, "facility_management", 3, small, bare.cost, bare.forbidden) == 0

    others = {f'achievement("n",hardware,{kind},"{kind}")' for kind in ("book", "patent", "community")}
    others |= {'leads_others("n")', 'develops_subordinates("n",other)', 'handles("n",hardware,pc)', NOBODY}
    others |= {'specialty("n",hardware,product_technology,guide_company)'}
    users = "assignment(users,equivalent)"
    two = led("p1", "hardware", users) | led("p2", "hardware", users)
    third = led("p3", "hardware", users)
    assert least_plan(others | two | third, "hardware", 5) == 0
    assert least_plan(others | two | third - {'role("n","p3",responsible)'}, "hardware", 5) == 1
    member = third - {'role("n","p3",responsible)'} | {'role("n","p3",member)'}
    assert least_plan(others | two | member, "hardware", 5) == 9
    failure = third - {'outcome("n","p3",success)'} | {'outcome("n","p3",failure)'}
    assert least_plan(others | two | failure, "hardware", 5) == 9
    assert least_plan(others | two | failure, "hardware", 4) == 0


def test_claims_are_paid_as_the_plain_fact() -> None:
    facts = with_claims(led("p", "hardware", "assignment(users,equivalent)"), "project")
    facts |= with_claims({'specialty("n",hardware,advice,practice)'}, "specialty")
    assert least_plan(facts, "hardware", 3, NO_EXAM) == 2
    prices = Prices({Line("project", ()): 4, Line("project", ("software",)): 9, Line("specialty", ("practice",)): 3})
    assert least_plan(facts, "hardware", 3, NO_EXAM, prices.cost) == 4 + 1  # a deeper specialty is added
    prices = Prices({Line("project", ()): 4, Line("specialty", ()): 3})
    assert least_plan(facts, "hardware", 3, NO_EXAM, prices.cost) == 4 + 3
    assert least_plan(facts, "hardware", 3, {}, prices.cost) == 1  # the exam
    forbidden = Prices({Line("passed_exam", ()): None, Line("specialty", ("advice",)): None, Line("project", ()): None})
    assert least_plan(facts, "hardware", 3, {}, forbidden.cost, forbidden.forbidden) is None


def test_the_cheapest_values_are_chosen() -> None:
    dear = {Line("complexity", (one,)): 5 for one in ("multi_platform", "multi_vendor", "nationwide")}
    cheap = {Line("complexity", ("mission_critical",)): 2}
    prices = Prices({Line("complexity", ()): 3} | dear | cheap | {Line("activity", ("maintenance",)): 6})
    assert least_plan({NOBODY}, "hardware", 3, NO_EXAM, prices.cost) == 5 + (2 + 3)
    assert least_plan({NOBODY}, "hardware", 3, NO_EXAM | {"activities": "all"}, prices.cost) == 5 + (2 + 3) + 6
    kinds = {Line("achievement", (kind,)): 7 for kind in oracle.ACHIEVEMENTS - {"book"}}
    facts = {NOBODY, 'leads_others("n")'}.union(*(led(p, "hardware", "assignment(users,equivalent)") for p in "pqr"))
    pieces = {"succession_count": "every_piece"}
    assert least_plan(facts, "hardware", 5, {}, Prices(kinds).cost) == 3 + 1 + 7 + 7
    assert least_plan(facts, "hardware", 5, pieces, Prices(kinds).cost) == 3 + 3
    book = {'claimed(achievement("n",hardware,book,"new-1"))'}
    assert least_plan(facts | book, "hardware", 5, pieces, Prices(kinds).cost) == 3 + 3


def test_new_projects_may_be_limited() -> None:
    assert least_plan({NOBODY}, "hardware", 4, most_new=2) == 22
    assert least_plan({NOBODY}, "hardware", 4, most_new=1) is None
    assert least_plan({NOBODY}, "hardware", 3, NO_EXAM, most_new=0) is None


def test_prices() -> None:
    lines = {("hardware",): 2, ("advice",): 3, ("guide_company", "advice"): 9, ("hardware", "practice"): 1}
    prices = Prices({Line("specialty", values): price for values, price in lines.items()})
    fact = oracle.parse('specialty("hardware",hardware,advice,guide_company)')
    assert prices.cost(fact) == 3
    assert prices.cost(oracle.parse('specialty("n",hardware,advice,practice)')) == 1
    assert prices.cost(oracle.parse('specialty("advice",software,first_contact,practice)')) == 1
    barred = Prices({Line("sites", ()): None})
    assert barred.forbidden(oracle.parse('sites("n","p",3)'))
    assert barred.yaml() == "sites: forbidden\n"


def test_unsound_plans_are_seen() -> None:
    facts = {NOBODY, 'claimed(specialty("n",hardware,advice,practice))', *led("p", "hardware")}
    confirm = ['specialty("n",hardware,advice,practice)']
    size = 'assignment("n","p",users,equivalent)'

    def wrong(confirm: Sequence[str], add: Sequence[str], readings: Mapping[str, str] = NO_EXAM) -> str:
        return plan_is_sound(facts, confirm, add, "hardware", 3, readings) or ""

    assert wrong(confirm, [size]) == ""
    assert wrong([], ['passed_exam("n",ap)'], {}) == ""
    assert "nobody claims" in wrong(['handles("n",hardware,pc)'], [size])
    assert "on file" in wrong([], [*confirm, size])
    assert "on file" in wrong(confirm, [size, 'role("n","p",responsible)'])
    assert "not be valid" in wrong(confirm, [size, 'role("n","p",member)'])
    assert "not be valid" in wrong(confirm, [size, 'role("n","q",member)'])
    assert "no item" in wrong(confirm, [size, 'claimed(handles("n",hardware,pc))'])
    assert "twice" in wrong(confirm, [size, size])
    assert "not be reached" in wrong(confirm, [])
    assert "do without passed_exam" in wrong(confirm, [size, 'passed_exam("n",ap)'])
    idle = led("q", "hardware")
    assert "do without" in wrong(confirm, [size, *idle])
    assert wrong(confirm, [size, 'assignment("n","p",service_team,wide_area)']).startswith("can do without assignment")


def test_plans_that_differ_in_new_ids_alone_are_one() -> None:
    def fresh(first: str, second: str, size: str = "users,equivalent") -> set[str]:
        return led(first, "hardware", f"assignment({size})") | led(second, "hardware", "component(pc)")

    assert canonical([], fresh("a", "b")) == canonical([], fresh("b", "a"))
    assert canonical([], fresh("a", "b")) != canonical([], fresh("a", "b", "users,wide_area"))
    two = led("a", "hardware") | led("b", "hardware")
    assert canonical([], two) != canonical([], led("a", "hardware"))
    assert canonical([], two) != canonical([], led("a", "hardware") | led("b", "software"))
    one, same = ['achievement("n",hardware,book,"x")'], ['achievement("n",hardware,book,"y")']
    assert canonical([], one) == canonical([], same) != canonical([], ['achievement("n",hardware,patent,"x")'])
    assert canonical([], one) != canonical([], one + same)
    assert canonical(one, []) != canonical(same, [])
    assert canonical([], ['role("n","p",member)']) != canonical([], ['role("n","q",member)'])


@pytest.mark.parametrize("of", ["sample", "claims"])
def test_the_least_cost_is_paid_by_a_sound_plan_and_none_is_cheaper(of: str) -> None:
    chance = random.Random(of)
    for case in cases(of)[:100]:
        question = (case.field, case.level, case.readings)
        prices = case.prices
        plan = cheapest_plan(case.facts, *question, prices.cost, prices.forbidden)
        other = plan_oracle.descend(case.facts, *question, chance, prices.cost, prices.forbidden)
        if plan is None:
            assert other is None, case
            continue
        paid = [oracle.parse(fact) for fact in (*plan.confirm, *plan.add)]
        assert sum(map(prices.cost, paid)) == plan.cost, case
        assert not any(map(prices.forbidden, paid)), case
        assert plan_is_sound(case.facts, plan.confirm, plan.add, *question) is None, case
        assert (plan.cost == 0) == bool(oracle.routes(case.facts, *question)), case
        if other is not None:
            assert plan_is_sound(case.facts, list(other[0]), list(other[1]), *question) is None, case
            assert sum(prices.cost(oracle.parse(fact)) for fact in chain(*other)) >= plan.cost, case


def near(chance: random.Random, lost: int, facts: set[str], field: str) -> set[str]:
    """The facts about the field less some; others turned into claims."""
    about = sorted(oracle.about_field(facts, field))
    left = oracle.without(about, chance.sample(about, lost))
    turn = {fact for fact in left if oracle.parse(fact).name in oracle.ITEMS and chance.random() < 0.05}
    return left - turn | {oracle.claimed(fact) for fact in turn} | {fact for fact in facts if "candidate(" in fact}


def test_no_small_plan_is_cheaper() -> None:
    """All sets of at most two facts, for candidates who lost a few facts of what they had."""
    chance = random.Random(2)
    tried = 0
    while tried < 25:
        field, level = chance.choice(oracle.PAIRS)
        readings = {name: chance.choice(options) for name, options in oracle.READINGS.items()}
        whole = oracle.facts_of(chance.choice(sample()))
        if not oracle.routes(whole, field, level, readings):
            continue
        question = (near(chance, chance.randint(1, 4), whole, field), field, level, readings)
        prices = some_prices(field, chance) if tried % 3 else FREE_OF_CHARGE
        plan = cheapest_plan(*question, prices.cost, prices.forbidden)
        if plan is not None and 0 < len(plan.confirm | plan.add) <= 2:
            tried += 1
            assert exhaustive(*question, 2, prices.cost, prices.forbidden) == plan.cost, (question, prices)


@pytest.mark.parametrize(
    ("field", "level", "readings", "prices"),
    [
        ("hardware", 3, NO_EXAM | {"component": "stated"}, Prices({Line("complexity", ()): 2})),
        ("facility_management", 4, EXACT, FREE_OF_CHARGE),
    ],
)
def test_no_plan_of_three_facts_is_cheaper(field: str, level: int, readings: Mapping[str, str], prices: Prices) -> None:
    """All sets of at most three facts, for someone who lost three of the fewest facts that will do."""
    chance = random.Random(field)
    whole = cheapest_plan({NOBODY}, field, level, readings)
    assert whole is not None
    lost = chance.sample(sorted(fact for fact in whole.add if oracle.parse(fact).name != "project"), 3)
    question = ({NOBODY} | whole.add - set(lost), field, level, readings)
    assert exhaustive(*question, 3, prices.cost) == least_plan(*question, prices.cost)


# --- the project against the oracle ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


def evidence_of(policy: Policy, case: Case) -> Evidence:
    evidence = policy.entry(deepcopy(dict(case.entry)))
    assert isinstance(evidence, Evidence)
    return evidence


def costs_of(policy: Policy, yaml: str, folder: Path) -> Costs | None:
    if not yaml:
        return None
    path = folder / "costs.yaml"
    path.write_text(yaml, encoding="utf-8")
    return Costs.read(str(path), policy.vocabulary)


@dataclass(frozen=True)
class Answer:
    """Plans as the oracle takes them."""

    costs: list[int]
    plans: list[tuple[list[str], list[str]]]
    optimal: bool
    because: tuple[str, ...]


def ask(policy: Policy, case: Case, folder: Path, yaml: str | None = None, maximum: int = MAXIMUM) -> Answer:
    answer = policy.plan(
        evidence_of(policy, case),
        case.field,
        case.level,
        readings=dict(case.readings),
        costs=costs_of(policy, case.prices.yaml() if yaml is None else yaml, folder),
        maximum=maximum,
        timeout=TIMEOUT,
    )
    plans = [([str(fact) for fact in plan.confirm], [str(fact) for fact in plan.add]) for plan in answer.plans]
    return Answer([plan.cost for plan in answer.plans], plans, answer.optimal, answer.because)


def check_plan(cost: int, confirm: list[str], add: list[str], facts: frozenset[str], case: Case) -> Iterator[str]:
    what = f"plan {confirm}, {add}"
    wrong = plan_is_sound(facts, confirm, add, case.field, case.level, case.readings)
    if wrong:
        yield f"{what}: {wrong}"
    paid = list(map(oracle.parse, (*confirm, *add)))
    barred = [oracle.text(fact) for fact in paid if case.prices.forbidden(fact)]
    if barred:
        yield f"{what} has what is forbidden: {barred}"
    else:
        yield from differ(f"{what}: cost", cost, sum(map(case.prices.cost, paid)))
    numbers = lowest(case.readings)
    for fact in paid:
        if fact.name in numbers and fact.args[-1] not in numbers[fact.name]:
            yield f"{what}: {fact.args[-1]} {fact.name} is not the lowest of a band"


def check(answer: Answer, case: Case, facts: frozenset[str], least: int | None, maximum: int) -> Iterator[str]:
    if not answer.optimal:
        yield "not said to be optimal"
    if least is None:
        yield from differ("plans", answer.plans, [])
        if not answer.because or len(set(answer.because)) < len(answer.because):
            yield f"nothing, or the same twice, makes it impossible: {answer.because}"
        return
    yield from differ("because", answer.because, ())
    yield from differ("the least cost", answer.costs[:1], [least])
    if len(answer.plans) > maximum:
        yield f"{len(answer.plans)} plans, at most {maximum} were asked for"
    yield from differ("the costs", answer.costs, sorted(answer.costs))
    if len({canonical(*plan) for plan in answer.plans}) < len(answer.plans):
        yield f"a plan comes twice, new ids aside: {answer.plans}"
    for cost, plan in zip(answer.costs, answer.plans, strict=True):
        yield from check_plan(cost, *plan, facts, case)


def disagreements(policy: Policy, some: Sequence[Case], folder: Path) -> list[str]:
    found = []
    for case in some:
        prices = case.prices
        facts = facts_of(evidence_of(policy, case))
        least = least_plan(facts, case.field, case.level, case.readings, prices.cost, prices.forbidden)
        answer = ask(policy, case, folder)
        found += [f"{case}: {problem}" for problem in check(answer, case, facts, least, MAXIMUM)]
    return found


@pytest.mark.parametrize("chunk", chunks(175), ids=name_of)
def test_plan(policy: Policy, chunk: slice, tmp_path: Path) -> None:
    found = disagreements(policy, cases("sample")[chunk], tmp_path)
    assert not found, show(found)


@pytest.mark.parametrize("chunk", chunks(50), ids=name_of)
def test_plan_with_claims(policy: Policy, chunk: slice, tmp_path: Path) -> None:
    found = disagreements(policy, cases("claims")[chunk], tmp_path)
    assert not found, show(found)


@pytest.mark.parametrize("of", ["sample", "claims"])
def test_the_cheapest_come_first(policy: Policy, of: str, tmp_path: Path) -> None:
    """No plan that chance finds is cheaper than the last one given and not given itself."""
    chance = random.Random(f"{of} cheapest")
    found = []
    for case in chance.sample(cases(of), 20):
        prices, question = case.prices, (case.field, case.level, case.readings)
        answer = ask(policy, case, tmp_path)
        given = {canonical(*plan) for plan in answer.plans}
        for _ in range(4):
            other = plan_oracle.descend(case.facts, *question, chance, prices.cost, prices.forbidden)
            if other is None or canonical(*other) in given:
                continue
            cost = sum(prices.cost(oracle.parse(fact)) for fact in chain(*other))
            if len(given) < MAXIMUM or cost < answer.costs[-1]:
                found.append(f"{case}: {len(given)} plans of {answer.costs}, but not {other} of {cost}")
    assert not found, show(found)


def test_no_more_new_projects_than_allowed(policy: Policy, tmp_path: Path) -> None:
    found = []
    chance = random.Random("at most")
    for case in chance.sample(cases("sample") + cases("claims"), 25):
        project = Line("project", ())
        priced = Case(case.entry, case.field, case.level, case.readings, Prices({project: 2}))
        facts = facts_of(evidence_of(policy, case))
        least = least_plan(facts, case.field, case.level, case.readings, priced.prices.cost, most_new=1)
        answer = ask(policy, priced, tmp_path, "project: {cost: 2, max: 1}\n")
        found += [f"{priced}, one new: {problem}" for problem in check(answer, priced, facts, least, MAXIMUM)]
        for _, add in answer.plans:
            if sum(oracle.parse(fact).name == "project" for fact in add) > 1:
                found.append(f"{priced}, one new: {add} has more")
    assert not found, show(found)


@pytest.mark.parametrize(
    ("field", "level", "yaml", "smallest"),
    [
        ("hardware", 3, "passed_exam(ap): forbidden\nrole: forbidden\n", 2),
        ("hardware", 4, "role: forbidden\nleads_others: forbidden\n", 1),
        ("hardware", 5, "role: forbidden\nleads_others: forbidden\n", 1),
        ("software", 4, "".join(f"handles({one}): forbidden\n" for one in sorted(oracle.COMPONENTS["software"])), 5),
        ("software", 5, "".join(f"achievement({one}): forbidden\n" for one in sorted(oracle.ACHIEVEMENTS)), 5),
        ("facility_management", 6, "project: {cost: 1, max: 2}\nsites: forbidden\n", 1),
        ("facility_management", 5, "assignment: forbidden\nhandles: forbidden\npassed_exam: forbidden\n", 0),
    ],
    ids=["exam and role", "role", "role or leads", "components", "items", "new projects", "possible"],
)
def test_a_smallest_set_makes_it_impossible(
    policy: Policy, field: str, level: int, yaml: str, smallest: int, tmp_path: Path
) -> None:
    answer = ask(policy, Case({"candidate": "n"}, field, level, {}, FREE_OF_CHARGE), tmp_path, yaml)
    assert len(answer.because) == smallest, answer
    assert (not answer.plans) == (smallest > 0)
    assert answer.optimal


@pytest.mark.parametrize("maximum", [1, 12])
def test_as_many_as_asked_for_in_a_stable_order(policy: Policy, maximum: int, tmp_path: Path) -> None:
    for case in cases("sample")[:6]:
        first, second = (ask(policy, case, tmp_path, maximum=maximum) for _ in range(2))
        assert first == second
        assert len(first.plans) <= maximum
        assert first.costs[:1] == ask(policy, case, tmp_path).costs[:1]
