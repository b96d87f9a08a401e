"""The cheapest ways to reach a level: what clingo finds, each confirmed before it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from itss_logic.case import Case, inner
from itss_logic.confirm import Trial, ensure
from itss_logic.costs import Costs, Line
from itss_logic.evidence import Evidence
from itss_logic.explain import WHO, Clock, Explainer, Level, added, ordered
from itss_logic.explanations import Plan, Plans
from itss_logic.search import Shown, domain, optima, smallest_conflict, successive
from itss_logic.terms import Constant, Fact, Term, write
from itss_logic.vocabulary import CLAIMED

if TYPE_CHECKING:
    from clingo import Control

PLAN = ("additions.lp", "plan.lp")
BLAME = (*PLAN, "blame.lp")
SUBSUMED = ("subsumed.lp",)
"""Questions, each as the files of `core` that put it."""

MOST_KINDS = 8
"""How many kinds of new items that have attributes a plan may hold, if another is to be sought after it."""


class Planner:
    """Finds the cheapest ways to reach a level, under the readings of an explainer."""

    def __init__(self, explainer: Explainer) -> None:
        self.explainer, self.policy = explainer, explainer.policy
        self.subsumed: dict[Level, list[str]] = {}

    def plan(self, evidence: Evidence, level: Level, costs: Costs, *, maximum: int, seconds: float) -> Plans:
        """Find plans, cheapest first.

        Args:
            evidence: what is on file for the candidate.
            level: field and level.
            costs: what facts cost, and which a plan may have.
            maximum: how many plans to give at most.
            seconds: how long the search may take; then those found by then are given.

        Raises:
            SelfCheckError: where the policy's own rules do not confirm a plan.
        """
        clock, case = Clock(seconds), Case(evidence, self.policy.vocabulary)
        control = self._ground(case, level, costs)
        found = successive(control, maximum, lambda: clock.left, _excluding)
        steps = [_steps(case, shown) for shown in found.answers]
        trial = Trial(self.explainer.verdicts(level[0]), case, level, [fact for facts in steps for fact in facts])
        plans = [self._confirmed(trial, evidence, level, costs, facts, proven=found.proven) for facts in steps]
        told = Plans(evidence.candidate, *level, self.explainer.readings, tuple(plans), found.proven)
        if plans or not found.proven:
            return told
        try:
            return told._replace(because=tuple(self._because(case, level, costs, clock)))
        except TimeoutError:
            return told._replace(optimal=False)

    def _ground(self, case: Case, level: Level, costs: Costs) -> Control:
        return self.explainer.ground(PLAN, level, case, [*self._facts(case, level, costs), *self._subsumed(level)])

    def _facts(self, case: Case, level: Level, costs: Costs) -> Iterator[str]:
        """What is asked, beside what is on file: what facts cost, and which are restricted."""
        yield WHO
        kinds = [*self._shapes(level), *self._claims(case, level[0])]
        for predicate, rest, fact in dict.fromkeys(kinds):
            price = costs.of(fact)
            if price != 1:
                yield f"price({predicate},{rest},{price})"
        for number, line in enumerate(costs.restrictions):
            of_kind = [f"of_kind({number},{p},{rest})" for p, rest, fact in dict.fromkeys(kinds) if line.fits(fact)]
            if of_kind:
                yield f"forbidden({number})" if line.forbidden else f"capped({number},{line.most})"
                yield from of_kind

    def _shapes(self, level: Level) -> Iterator[tuple[str, str, Fact]]:
        """What may be added, by predicate and other arguments than ids."""
        for predicate, rest in self.explainer.question(PLAN, level).known("shape", 2):
            yield str(predicate), write(rest), Fact(str(predicate), tuple(_flat(rest)))

    def _claims(self, case: Case, field: str) -> Iterator[tuple[str, str, Fact]]:
        """What may be confirmed."""
        for fact in case.of_field(field):
            if fact.name == CLAIMED:
                predicate, _, rest = case.parts(inner(fact))
                yield predicate, rest, inner(fact)

    def _subsumed(self, level: Level) -> list[str]:
        """Which criteria are such that what supplies a witness of one does so of another; see `subsumed.lp`."""
        if level not in self.subsumed:
            shown = self.explainer.question(SUBSUMED, level).bravely(WHO)
            apart, counted = set(shown.rows("apart")), shown.rows("counted")
            self.subsumed[level] = [
                f"subsumed({write(one)},{write(other)})"
                for one, item in counted
                for other, same in counted
                if item == same and one != other and (one, other) not in apart
            ]
        return self.subsumed[level]

    def _confirmed(
        self, trial: Trial, evidence: Evidence, level: Level, costs: Costs, facts: Sequence[Fact], *, proven: bool
    ) -> Plan:
        """A plan, once the policy's own rules confirm it."""
        if not facts:
            [answer] = self.policy.evaluate([evidence], self.explainer.readings)
            ensure(answer.result(*level).is_reached, f"nothing is planned, but {level[0]} {level[1]} is not reached")
        if not proven:
            facts = trial.shrunk(facts, trial.reaches)
        if facts:
            trial.check_plan(facts)
        confirm = [fact for fact in facts if trial.case.is_claimed(fact)]
        add = [fact for fact in facts if fact not in confirm]
        return Plan(sum(map(costs.of, facts)), ordered(confirm), ordered(add))

    def _because(self, case: Case, level: Level, costs: Costs, clock: Clock) -> list[str]:
        """A smallest set of restrictions that makes a level impossible; of clauses, where none are needed for that."""
        # Without what is known ahead: a criterion that is waived needs no witnesses, which others could count on.
        control = self.explainer.ground(BLAME, level, case, list(self._facts(case, level, costs)))
        lines = {f"waived({number})": line for number, line in enumerate(costs.restrictions)}
        waivers = domain(control, "waived", 1)
        asked, clauses = [w for w in waivers if w in lines], [w for w in waivers if w not in lines]
        blamed = smallest_conflict(control, asked, dict.fromkeys(clauses, False), lambda: clock.left)
        if not blamed:
            blamed = smallest_conflict(control, clauses, dict.fromkeys(asked, True), lambda: clock.left)
            return [".".join(waiver[len("waived(clause(") : -2].split(",")) for waiver in blamed]
        told = [lines[waiver] for waiver in blamed]
        self._confirm_blame(case, level, told, clock, is_possible=False)
        for line in told:
            self._confirm_blame(case, level, [other for other in told if other != line], clock, is_possible=True)
        return [line.restriction for line in told]

    def _confirm_blame(
        self, case: Case, level: Level, lines: Sequence[Line], clock: Clock, *, is_possible: bool
    ) -> None:
        """Confirm that with these restrictions alone there is a plan, or that there is none."""
        control = self._ground(case, level, Costs(lines))
        found = optima(control, 1, clock.left)
        if not found.proven:
            raise TimeoutError
        what = "; ".join(line.restriction for line in lines) or "no restriction"
        ensure(bool(found.answers) == is_possible, f"with {what} there is {'no' if is_possible else 'a'} plan")


def _flat(rest: Term) -> Iterator[Term]:
    """The arguments of which a term is made, as `filed/4` has them."""
    if isinstance(rest, Fact):
        for part in rest.arguments:
            yield from _flat(part)
    elif rest != Constant("none"):
        yield rest


def _steps(case: Case, shown: Shown) -> tuple[Fact, ...]:
    """The facts that a plan confirms or adds."""
    return case.name_new(added(case, shown, Constant("planned")), set())


def _excluding(shown: Shown, number: int) -> str | None:
    """Rules that exclude a plan and every one that has all of it, whatever the order of its new items.

    Each of these must find a place among the new items of the other plan, each its own: by Hall's theorem that is so if
    all kinds of them, taken together in any way, have as many places as there are items of these kinds. These ways
    double with each kind: of a plan with more than `MOST_KINDS` there is no second.
    """
    conditions = [f"added(planned,{write(term)})" for term in shown.terms("single")]
    conditions += [str(symbol) for name in ("upgraded", "restored") for symbol in shown.symbols(name)]
    attributes: dict[str, list[str]] = {}
    for symbol in shown.symbols("fresh"):
        name, slot, *attribute = map(str, symbol.arguments)
        attributes.setdefault(f"{name},{slot}", []).extend(attribute)
    kinds = Counter((place.partition(",")[0], *sorted(found)) for place, found in attributes.items())
    if len(kinds) > MOST_KINDS:
        return None
    rules = []
    for kind, (name, *found) in enumerate(kinds):
        body = ", ".join([f"fresh({name},J)", *(f"fresh({name},J,{attribute})" for attribute in found)])
        rules.append(f"covers({number},{kind},{name},J) :- {body}.")
    for size in range(1, len(kinds) + 1):
        for some in combinations(enumerate(kinds.items()), size):
            places = "; ".join(f"Item,J : covers({number},{kind},Item,J)" for kind, _ in some)
            conditions.append(f"{sum(times for _, (_, times) in some)} <= #count {{ {places} }}")
    return "\n".join([*rules, f":- {', '.join(conditions) or '#true'}."])
