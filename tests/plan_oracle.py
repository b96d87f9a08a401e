"""What `itss plan` must answer, worked out in plain Python from the policy's clauses alone.

An extension of `oracle.py`: nothing here comes from the project's rules or code, and no solver takes part. Facts and
readings are given as there, `candidate/1` always among the facts.

Why `least_plan` is exact: every criterion grows with the evidence, so a plan of least cost pays for each family of
facts (projects, specialties, achievements, ...) by itself. A project counts by its own facts alone, so for every set of
purposes that it can be made to serve there is a cheapest extension, and a project takes one of these, or none: an
exact covering of the demands of all levels that are to be met. The way to the cheapest plan is carried along
(`cheapest_plan`), so that the cost can be seen to be paid by a sound plan; `exhaustive` and `descend` share no step
with it and show that there is none cheaper.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, combinations
from typing import NamedTuple

from tests import oracle
from tests.oracle import Fact, Id, Purpose, Value, parse, text

Cost = Callable[[Fact], int]
Forbidden = Callable[[Fact], bool]

ONE_EACH = ("role", "outcome", *oracle.NUMBERS)


def one(fact: Fact) -> int:
    """The cost where nothing is said."""
    return 1


def nothing(fact: Fact) -> bool:
    """No fact is forbidden where nothing is said."""
    return False


# --- prices ------------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A predicate with values in argument order, not necessarily all of them."""

    name: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.values)})" if self.values else self.name

    def matches(self, fact: Fact) -> bool:
        """Whether the fact is of the predicate and has all of the values, in this order."""
        rest = iter(constants(fact))
        return fact.name == self.name and all(value in rest for value in self.values)


def constants(fact: Fact) -> tuple[str, ...]:
    """The values of a fact that are neither ids nor numbers."""
    return tuple(value for value in fact.args if isinstance(value, str) and not isinstance(value, Id))


@dataclass(frozen=True)
class Prices:
    """What facts cost, line by line; None is forbidden. The line with most values wins, of those the dearest."""

    lines: Mapping[Line, int | None]

    def _of(self, fact: Fact) -> int | None:
        matching = [(line, price) for line, price in self.lines.items() if line.matches(fact)]
        most = max((len(line.values) for line, _ in matching), default=0)
        prices = [price for line, price in matching if len(line.values) == most]
        dearest = 1 if not prices else 0
        for price in prices:
            if price is None:
                return None
            dearest = max(dearest, price)
        return dearest

    def cost(self, fact: Fact) -> int:
        """What a fact costs that is not forbidden."""
        price = self._of(fact)
        if price is None:
            raise ValueError(f"{text(fact)} is forbidden")
        return price

    def forbidden(self, fact: Fact) -> bool:
        """Whether a fact may neither be confirmed nor added."""
        return self._of(fact) is None

    def yaml(self) -> str:
        """The costs file."""
        return "".join(f"{line}: {'forbidden' if price is None else price}\n" for line, price in self.lines.items())


# --- ways --------------------------------------------------------------------------------------------------------


class Way(NamedTuple):
    """Facts that are to be confirmed or added, and what they cost together."""

    cost: int
    facts: tuple[Fact, ...]


FREE = Way(0, ())


def _all_of(ways: Iterable[Way | None]) -> Way | None:
    """All of these ways at once; none where one of them is barred."""
    total = FREE
    for way in ways:
        if way is None:
            return None
        total = Way(total.cost + way.cost, total.facts + way.facts)
    return total


def _cheapest(number: int, ways: Iterable[Way | None]) -> Way | None:
    """So many of these ways, the cheapest."""
    open_ways = sorted((way for way in ways if way is not None), key=lambda way: way.cost)
    return _all_of(open_ways[:number]) if len(open_ways) >= number else None


Serving = dict[tuple[int, ...], Way]  # what can be served, demand by demand (0 or 1), and how


def _choose(states: Mapping[tuple[int, ...], Way], serving: Serving) -> dict[tuple[int, ...], Way]:
    """What is left of the demands after one chooser took one of its ways, or none."""
    after = dict(states)
    for left, so_far in states.items():
        for served, way in serving.items():
            then = tuple(max(0, need - got) for need, got in zip(left, served, strict=True))
            cost = so_far.cost + way.cost
            if then != left and (then not in after or cost < after[then].cost):
                after[then] = Way(cost, so_far.facts + way.facts)
    return after


def _cover(demands: tuple[int, ...], choosers: Iterable[Serving]) -> Way | None:
    states = {demands: FREE}
    for serving in choosers:
        states = _choose(states, serving)
    return states.get((0,) * len(demands))


def _offer(serving: Serving, served: tuple[int, ...], way: Way | None) -> None:
    """Keeps the way if it is the cheapest to serve exactly this."""
    if way is not None and any(served) and (served not in serving or way.cost < serving[served].cost):
        serving[served] = way


def _undominated(serving: Serving) -> Serving:
    """The ways but those that serve no more than another, and cost no less."""

    def dominated(served: tuple[int, ...], way: Way) -> bool:
        return any(
            other.cost <= way.cost and more != served and all(a >= b for a, b in zip(more, served, strict=True))
            for more, other in serving.items()
        )

    return {served: way for served, way in serving.items() if not dominated(served, way)}


# --- what is on file, and what all else costs --------------------------------------------------------------------


class Market:
    """What stands verified on file is free; what is claimed or is not on file has its price, or is forbidden."""

    def __init__(self, facts: Iterable[str], cost: Cost, forbidden: Forbidden) -> None:
        on_file = set(facts)
        parsed = {parse(fact) for fact in on_file}
        (self.who,) = (fact.args[0] for fact in parsed if fact.name == "candidate")
        self.verified = {fact for fact in parsed if fact.name in oracle.ITEMS}
        self.claims = {oracle.unclaimed(fact) for fact in on_file if parse(fact).name == "claimed"}
        self.attributes: dict[Value, set[Fact]] = {}
        for fact in parsed:
            if fact.name in oracle.ATTRIBUTES:
                self.attributes.setdefault(fact.args[1], set()).add(Fact(fact.name, fact.args[2:]))
        self._cost, self._forbidden = cost, forbidden

    def items(self) -> set[Fact]:
        """Verified and claimed items."""
        return self.verified | self.claims

    def new_id(self, number: int = 1) -> Id:
        """The id of this number that nothing on file has."""
        known = {value for item in self.items() for value in item.args if isinstance(value, Id)}
        names = (Id(f"new-{at}") for at in range(1, number + len(known) + 1))
        return [name for name in names if name not in known][number - 1]

    def buy(self, fact: Fact) -> Way | None:
        """A fact that does not stand verified."""
        return None if self._forbidden(fact) else Way(self._cost(fact), (fact,))

    def take(self, name: str, *args: Value) -> Way | None:
        """An item, the candidate aside: verified, confirmed or added."""
        item = Fact(name, (self.who, *args))
        return FREE if item in self.verified else self.buy(item)


# --- projects ----------------------------------------------------------------------------------------------------


class _Workshop:
    """A project, on file or new, that can be extended."""

    def __init__(self, market: Market, project: Id, field: str, readings: Mapping[str, str]) -> None:
        self._market, self._project, self._field, self._readings = market, project, field, readings
        self._attributes = market.attributes.get(project, set())

    def _gain(self, name: str, *values: Value) -> Way | None:
        if Fact(name, values) in self._attributes:
            return FREE
        if name in ONE_EACH and any(attribute.name == name for attribute in self._attributes):
            return None
        return self._market.buy(Fact(name, (self._market.who, self._project, *values)))

    def _among(self, number: int, name: str, domain: Collection[str]) -> Way | None:
        return _cheapest(number, [self._gain(name, value) for value in sorted(domain)])

    def _parts(self) -> Iterator[tuple[bool, bool, Way]]:
        """Ways to have taken part: whether the project is led, whether it states a component."""
        field = self._field
        needed = oracle._activities_needed(field, self._readings)
        acts = self._among(needed, "activity", oracle.ACTIVITIES[field])
        base = self._market.take("project", self._project, field)
        component = self._among(1, "component", oracle.COMPONENTS[field])
        led = [self._gain("outcome", "success"), *(self._gain("satisfies", one) for one in sorted(oracle.QUALITIES))]
        for role in ("member", "responsible"):
            there = [base, acts, self._gain("role", role)]
            for states in (False, True):
                for leads in (False, True)[: 1 + (role == "responsible")]:
                    way = _all_of([*there, *[component] * states, *led * leads])
                    if way is not None:
                        yield leads, states, way

    def _new_sizes(self) -> Iterator[list[Fact]]:
        """Size facts that may be added, at most one of each list."""
        if self._field == oracle.FACILITY:
            singles = [[Fact(name, (n,)) for n in numbers] for name, numbers in oracle.NUMBERS.items()]
            options = [[Fact("partial_facility", ())], *singles]
        else:
            options = [[Fact("assignment", (to, what))] for to, all_of in oracle.COVERAGE.items() for what in all_of]
        held = {attribute.name for attribute in self._attributes if attribute.name in ONE_EACH}
        for slot in options:
            if slot[0] not in self._attributes and slot[0].name not in held:
                yield sorted(slot)

    def _sized(self) -> Iterator[tuple[frozenset[int], Way]]:
        """Sets of grades that the project can meet, by complexity criteria and sizes."""
        criteria = oracle.COMPLEXITY[self._field]
        held = sum(attribute.name == "complexity" for attribute in self._attributes)
        sizes = [one for one in self._attributes if one.name in ("assignment", "partial_facility", *oracle.NUMBERS)]
        for n in range(max(2, held), len(criteria) + 1):
            complexity = self._among(n, "complexity", criteria)
            met = frozenset(oracle._grades(n, sizes, self._readings))
            ways: dict[frozenset[int], Way | None] = {met: complexity}
            for slot in sorted(self._new_sizes()):
                for grades, way in list(ways.items()):
                    for size in slot:
                        more = grades | oracle._grades(n, [size], self._readings)
                        extended = _all_of([way, self._gain(size.name, *size.args)])
                        known = ways.get(more)
                        if extended is not None and (known is None or extended.cost < known.cost):
                            ways[more] = extended
            for grades, way in ways.items():
                if way is not None:
                    yield grades, way

    def ways(self, purposes: list[Purpose]) -> Serving:
        """For every set of purposes that the project can be made to serve: the cheapest extension."""
        serving: Serving = {}
        states_component = oracle._states_component(self._field, self._readings)
        sized = list(self._sized())
        for leads, states, part in self._parts():
            for grades, way in sized:
                served = tuple(
                    int((leads if wanted.led else states or not states_component) and bool(wanted.grades & grades))
                    for wanted in purposes
                )
                _offer(serving, served, _all_of([part, way]))
        return _undominated(serving)


def _renamed(serving: Serving, new: Id) -> Serving:
    """The ways of a new project under another id."""

    def name(fact: Fact) -> Fact:
        return fact._replace(args=(fact.args[0], new, *fact.args[2:]))

    return {served: Way(way.cost, tuple(map(name, way.facts))) for served, way in serving.items()}


def _projects(
    market: Market, field: str, levels: list[int], readings: Mapping[str, str], most_new: int | None
) -> Way | None:
    """The cheapest way to meet all criteria of projects at all of these levels, each project used once."""
    demand: dict[Purpose, int] = {}
    for level in levels:
        for name in oracle.PROJECT_CRITERIA:
            if name in oracle._names(field, level):
                purpose = oracle._purpose(level, name, readings)
                demand[purpose] = max(demand.get(purpose, 0), oracle.REQUIRED[name][level])
    purposes = list(demand)
    states = {tuple(demand.values()): FREE}
    for item in sorted(market.items()):
        if item.name == "project" and item.args[2] == field:
            project = item.args[1]
            assert isinstance(project, Id)
            states = _choose(states, _Workshop(market, project, field, readings).ways(purposes))
    new = _Workshop(market, market.new_id(), field, readings).ways(purposes)
    # Every new project is to serve something that is still demanded, so there are at most as many as demands.
    for number in range(1, 1 + (sum(demand.values()) if most_new is None else most_new)):
        after = _choose(states, _renamed(new, market.new_id(number)))
        if after == states:
            break
        states = after
    return states.get((0,) * len(demand))


# --- all else ----------------------------------------------------------------------------------------------------


def _specialties(market: Market, field: str, levels: list[int], readings: Mapping[str, str]) -> Way | None:
    """The cheapest specialties (or exam) of which each level finds one that counts for it."""
    options = [("specialty", field, area, depth) for area in _areas(field) for depth in oracle.DEPTHS]
    choosers: list[Serving] = []
    for name, *args in [*options, ("passed_exam", "ap")]:
        item = Fact(name, (market.who, *args))
        served = tuple(int(oracle._item_serves(item, field, level, "specialty", readings)) for level in levels)
        serving: Serving = {}
        _offer(serving, served, market.take(name, *args))
        choosers.append(serving)
    return _cover((1,) * len(levels), choosers)


def _areas(field: str) -> list[str]:
    return sorted(set(chain(*oracle.AREAS[field].values())))


def _succession(market: Market, field: str, required: int, readings: Mapping[str, str]) -> Way | None:
    """The cheapest way to have so many items of succession, or pieces of them."""
    units: dict[Value, list[Way | None]] = {}
    by_kind = readings["succession_count"] == "distinct_items"
    for item in sorted(market.items()):
        if item.name == "achievement" and item.args[1] == field:
            units.setdefault(item.args[2] if by_kind else item, []).append(market.take(item.name, *item.args[1:]))
    for at, kind in enumerate(sorted(oracle.ACHIEVEMENTS)):
        for number in range(required):
            piece = market.new_id(1 + at * required + number)
            way = market.take("achievement", field, kind, piece)
            units.setdefault(kind if by_kind else piece, []).append(way)
    return _cheapest(required, [_cheapest(1, ways) for ways in units.values()])


def _kpi(
    market: Market, field: str, levels: list[int], readings: Mapping[str, str], most_new: int | None
) -> Way | None:
    """The cheapest way to meet the criteria of all these levels (`lower_level` aside)."""

    def required(name: str) -> int:
        return max((oracle.REQUIRED[name][level] for level in levels if name in oracle._names(field, level)), default=0)

    def any_of(name: str, options: Iterable[tuple[str, ...]]) -> Way | None:
        return _cheapest(1, [market.take(name, *option) for option in sorted(options)])

    if not levels:
        return FREE
    parts = [_projects(market, field, levels, readings, most_new), _specialties(market, field, levels, readings)]
    parts.append(_succession(market, field, required("succession"), readings))
    if required("leads"):
        parts.append(market.take("leads_others"))
    if required("handles"):
        parts.append(any_of("handles", ((field, component) for component in oracle.COMPONENTS[field])))
    if required("develops"):
        parts.append(any_of("develops_subordinates", ((means,) for means in oracle.MEANS)))
    return _all_of(parts)


# --- the cheapest plan -------------------------------------------------------------------------------------------


class Plan(NamedTuple):
    """What is to be confirmed and to be added, and what it costs."""

    cost: int
    confirm: frozenset[str]
    add: frozenset[str]


def cheapest_plan(
    facts: Iterable[str],
    field: str,
    level: int,
    readings: Mapping[str, str] | None = None,
    cost: Cost = one,
    forbidden: Forbidden = nothing,
    most_new: int | None = None,
) -> Plan | None:
    """A plan of least cost (with at most so many new projects); None where there is no plan."""
    chosen = oracle._full(readings)
    oracle._names(field, level)  # raises where the field has no such level
    market = Market(facts, cost, forbidden)
    levels = list(range(oracle.LOWEST, level + 1)) if chosen["progression"] == "cumulative" else [level]
    ways = [_kpi(market, field, levels, chosen, most_new)]
    if levels[0] == oracle.LOWEST and chosen["ap_exam"] == "deems_level_3":
        ways.append(_all_of([market.take("passed_exam", "ap"), _kpi(market, field, levels[1:], chosen, most_new)]))
    best = _cheapest(1, ways)
    if best is None:
        return None
    confirm = market.claims.intersection(best.facts)
    return Plan(best.cost, frozenset(map(text, confirm)), frozenset(map(text, set(best.facts) - confirm)))


def least_plan(
    facts: Iterable[str],
    field: str,
    level: int,
    readings: Mapping[str, str] | None = None,
    cost: Cost = one,
    forbidden: Forbidden = nothing,
    most_new: int | None = None,
) -> int | None:
    """The least cost of a plan (0 where the level is reached already); None where there is no plan."""
    plan = cheapest_plan(facts, field, level, readings, cost, forbidden, most_new)
    return None if plan is None else plan.cost


# --- judging a plan ----------------------------------------------------------------------------------------------


def after(facts: Iterable[str], confirm: Iterable[str], add: Iterable[str]) -> set[str]:
    """The file once the plan is carried out; attributes of a project that does not stand there are void."""
    confirm, add = set(confirm), set(add)
    file = set(facts) - {oracle.claimed(fact) for fact in confirm} | confirm
    projects = {item.args[1] for item in map(oracle.unclaimed, oracle.counted(file | add)) if item.name == "project"}
    return file | {fact for fact in add if parse(fact).name not in oracle.ATTRIBUTES or parse(fact).args[1] in projects}


def plan_is_sound(
    facts: Iterable[str],
    confirm: Collection[str],
    add: Collection[str],
    field: str,
    level: int,
    readings: Mapping[str, str] | None = None,
) -> str | None:
    """What is wrong with a plan; None where nothing is."""
    facts = set(facts)
    for name, part in (("confirm", confirm), ("add", add)):
        if len(set(part)) < len(part):
            return f"{name} has a fact twice"
    for fact in confirm:
        if oracle.claimed(fact) not in facts:
            return f"confirms {fact}, which nobody claims"
    for fact in add:
        if fact in facts or oracle.claimed(fact) in facts:
            return f"adds {fact}, which is on file"
        if parse(fact).name not in oracle.ITEMS | oracle.ATTRIBUTES:
            return f"adds {fact}, which is no item or attribute"
    done = facts - {oracle.claimed(fact) for fact in confirm} | set(confirm) | set(add)
    if not oracle.is_valid(done):
        return "the evidence would not be valid"
    if not oracle.routes(done, field, level, readings):
        return "the level would not be reached"
    for fact in (*confirm, *add):
        left = after(facts, set(confirm) - {fact}, set(add) - {fact})
        if oracle.routes(left, field, level, readings):
            return f"can do without {fact}"
    return None


def canonical(confirm: Iterable[str], add: Iterable[str]) -> Hashable:
    """The plan, whatever its new ids are called: equal for plans that differ in these names alone."""
    added = set(map(parse, add))
    fields = {fact.args[1]: fact.args[2] for fact in added if fact.name == "project"}
    bodies: dict[Value, set[str]] = {project: set() for project in fields}
    pieces: Counter[str] = Counter()
    rest = set()
    for fact in added:
        if fact.name == "achievement":
            pieces[text(fact._replace(args=fact.args[:-1]))] += 1
        elif fact.name in oracle.ATTRIBUTES and fact.args[1] in fields:
            bodies[fact.args[1]].add(text(Fact(fact.name, fact.args[2:])))
        elif fact.name != "project":
            rest.add(text(fact))
    new = Counter((fields[project], frozenset(body)) for project, body in bodies.items())
    return frozenset(confirm), frozenset(rest), frozenset(pieces.items()), frozenset(new.items())


def lowest(readings: Mapping[str, str] | None = None) -> dict[str, set[int]]:
    """The lowest numbers of the bands. Two sites are in no band, or small, of which one site is the lowest."""
    numbers = {name: set(lowest_of_band) for name, lowest_of_band in oracle.NUMBERS.items()}
    numbers["sites"].discard(2)
    if oracle._full(readings)["small_network"] == "as_level_4":
        numbers["network_sites"].discard(10)
    return numbers


# --- other ways to the same answer -------------------------------------------------------------------------------


def _attributes_of(market: Market, project: Value, field: str) -> Iterator[list[Fact]]:
    """All attributes that a project may gain; of each list it may gain one."""
    held = market.attributes.get(project, set())
    domains: dict[str, Collection[str]] = {
        "role": ("member", "responsible"),
        "outcome": ("success", "failure"),
        "activity": oracle.ACTIVITIES[field],
        "satisfies": oracle.QUALITIES,
        "component": oracle.COMPONENTS[field],
        "complexity": oracle.COMPLEXITY[field],
    }
    values: list[tuple[str, tuple[Value, ...]]] = [(name, (v,)) for name, some in domains.items() for v in sorted(some)]
    if field == oracle.FACILITY:
        values += [("partial_facility", ()), *((name, (n,)) for name, some in oracle.NUMBERS.items() for n in some)]
    else:
        values += [("assignment", (to, what)) for to, some in oracle.COVERAGE.items() for what in sorted(some)]
    slots: dict[str, list[Fact]] = {}
    for name, args in values:
        taken = any(attribute.name == name for attribute in held) if name in ONE_EACH else Fact(name, args) in held
        if not taken:
            slot = name if name in ONE_EACH else f"{name}{args}"
            slots.setdefault(slot, []).append(Fact(name, (market.who, project, *args)))
    yield from slots.values()


def _items(market: Market, field: str) -> Iterator[Fact]:
    """Items without ids that can have a part in the field's levels."""
    who = market.who
    yield Fact("passed_exam", (who, "ap"))
    yield Fact("leads_others", (who,))
    yield from (Fact("develops_subordinates", (who, means)) for means in sorted(oracle.MEANS))
    yield from (Fact("handles", (who, field, component)) for component in sorted(oracle.COMPONENTS[field]))
    yield from (Fact("specialty", (who, field, area, depth)) for area in _areas(field) for depth in oracle.DEPTHS)


def exhaustive(
    facts: Iterable[str],
    field: str,
    level: int,
    readings: Mapping[str, str] | None,
    largest: int,
    cost: Cost = one,
    forbidden: Forbidden = nothing,
) -> int | None:
    """The least cost of a plan of at most so many facts, all sets of them tried; None where there is none.

    A new project alone stands for all others, as no plan as small as this can afford two.
    """
    facts = oracle.about_field(facts, field) | {fact for fact in facts if parse(fact).name == "candidate"}
    market = Market(facts, cost, forbidden)
    pool = [item for item in _items(market, field) if item not in market.items()]
    for at, kind in enumerate(sorted(oracle.ACHIEVEMENTS)):
        pieces = (market.new_id(1 + at * largest + number) for number in range(largest))
        pool += [Fact("achievement", (market.who, field, kind, piece)) for piece in pieces]
    new = Fact("project", (market.who, market.new_id(), field))
    pool.append(new)
    for project in sorted(item for item in market.items() | {new} if item.name == "project"):
        pool += chain(*_attributes_of(market, project.args[1], field))
    prices = {fact: cost(fact) for fact in (*sorted(market.claims), *pool) if not forbidden(fact)}
    homeless = {fact for fact in prices if fact.name in oracle.ATTRIBUTES and fact.args[1] == new.args[1]}
    best: int | None = None
    for size in range(largest + 1):
        for some in combinations(prices, size):
            total = sum(map(prices.__getitem__, some))
            if (best is not None and total >= best) or (new not in some and not homeless.isdisjoint(some)):
                continue
            confirm = market.claims.intersection(some)
            done = after(facts, map(text, confirm), map(text, set(some) - confirm))
            if oracle.routes(done, field, level, readings) and oracle.is_valid(done):
                best = total
    return best


def descend(
    facts: Iterable[str],
    field: str,
    level: int,
    readings: Mapping[str, str] | None,
    chance: random.Random,
    cost: Cost = one,
    forbidden: Forbidden = nothing,
) -> tuple[set[str], set[str]] | None:
    """Some plan (what to confirm, what to add) that nothing can be left out of; None where chance finds none.

    Everything that may be confirmed or added, less what can be left out, block by block in a random order.
    """
    facts = set(facts)
    market = Market(facts, cost, forbidden)
    numbers = lowest(readings)
    slots = [[item] for item in {*market.claims, *_items(market, field)} - market.verified]
    for at, kind in enumerate(sorted(oracle.ACHIEVEMENTS)):
        pieces = (market.new_id(1 + 4 * at + number) for number in range(4))
        slots += [[Fact("achievement", (market.who, field, kind, piece))] for piece in pieces]
    new = [Fact("project", (market.who, market.new_id(number), field)) for number in range(1, 6)]
    names = {project.args[1] for project in new}
    projects = [item for item in (*market.items(), *new) if item.name == "project" and item.args[2] == field]
    slots += [[item] for item in new]
    for project in projects:
        for slot in _attributes_of(market, project.args[1], field):
            slots.append([fact for fact in slot if fact.name not in numbers or fact.args[-1] in numbers[fact.name]])
    slots = [allowed for slot in sorted(slots) if (allowed := [fact for fact in slot if not forbidden(fact)])]
    claims = set(map(text, market.claims))

    def reaches(some: Iterable[str]) -> bool:
        some = set(some)
        return bool(oracle.routes(after(facts, some & claims, some - claims), field, level, readings))

    def needed(block: list[str], others: list[str]) -> list[str]:
        if not block or reaches(others):
            return []
        if len(block) == 1:
            return block
        middle = len(block) // 2
        second = block[middle:]
        first = needed(block[:middle], [*second, *others])
        return first + needed(second, [*first, *others])

    for _ in range(10):
        chosen = [chance.choice(slot if chance.random() < 0.2 else _promising(slot)) for slot in slots]
        chance.shuffle(chosen)
        if chance.random() < 0.7:  # what comes first is left out first: new projects, what is dear
            chosen.sort(key=lambda fact: -cost(fact))
            chosen.sort(key=lambda fact: fact.name not in ("project", *oracle.ATTRIBUTES) or fact.args[1] not in names)
        everything = list(map(text, chosen))
        if reaches(everything):
            kept = set(needed(everything, []))
            return kept & claims, kept - claims
    return None


def _promising(slot: list[Fact]) -> list[Fact]:
    """Of facts of which there may be one, those that do not bar the way to a project that is led."""
    return [fact for fact in slot if fact.args[-1] not in ("member", "failure")] or slot
