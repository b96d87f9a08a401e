"""Why a level is attained or not, and what to verify to be sure: what clingo finds, confirmed before it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from itss_logic.answers import VERDICTS
from itss_logic.case import Case
from itss_logic.confirm import Trial, ensure
from itss_logic.engine import INPUTS, Question, selected
from itss_logic.errors import QuestionError
from itss_logic.evidence import Evidence
from itss_logic.explanations import Certificate, Explained, Plans, Sets, Why
from itss_logic.search import Optima, Shown, holds_somewhere, optimise
from itss_logic.terms import Constant, Fact, Term

if TYPE_CHECKING:
    from clingo import Control

    from itss_logic.answers import Answer
    from itss_logic.plan import Planner
    from itss_logic.policy import Policy

Level: TypeAlias = "tuple[str, int]"

Read = TypeVar("Read")

SUPPORT = ("support.lp", "why.lp")
MISSING = ("additions.lp", "missing.lp")
CERTIFICATE = ("support.lp", "margin.lp", "certify.lp")
VERDICT = ("evaluate.lp",)
FEW, MANY = ("few.lp",), ("many.lp",)
"""Questions, each as the files of `core` that put it, and two ways to choose a support."""

WHO = "candidate(0)"
"""The candidate whom a question is about."""

FEW_ITEMS = 8
"""Up to so many items with attributes a support is chosen among all that is on file."""


def confirm(answer: Why | Certificate | Plans, evaluation: Answer) -> None:
    """Confirm that an explanation tells what an evaluation of all evidence does, that of other fields included.

    Args:
        answer: the explanation.
        evaluation: under the same readings; with criteria, to confirm why.

    Raises:
        SelfCheckError: where it does not.
    """
    result = evaluation.result(answer.field, answer.level)
    if isinstance(answer, Plans):
        needs_nothing = any(not plan.cost for plan in answer.plans)
        ensure(
            needs_nothing == result.is_reached, f"planned at no cost: {needs_nothing}, evaluated as {result.verdict}"
        )
        return
    told: list[object] = [answer.verdict]
    known: list[object] = [result.verdict]
    if isinstance(answer, Why):
        told += [answer.routes, *((c.name, c.required, c.found, c.found_with_claims) for c in answer.criteria)]
        known += [result.routes, *((c.name, c.required, c.found, c.found_with_claims) for c in result.criteria)]
    ensure(told == known, f"explained as {told}, evaluated as {known}")


class Clock:
    """How many seconds are left of those that an answer may take; later questions get a tenth of all in any case."""

    def __init__(self, seconds: float) -> None:
        self.least, self.end = seconds / 10, time.monotonic() + seconds

    @property
    def is_up(self) -> bool:
        """Whether all are used up."""
        return time.monotonic() > self.end

    @property
    def left(self) -> float:
        """Seconds."""
        return max(self.end - time.monotonic(), self.least)


class Explainer:
    """Explains verdicts of a policy under readings; what it asks again and again is prepared once."""

    def __init__(self, policy: Policy, readings: Mapping[str, str]) -> None:
        self.policy, self.readings = policy, readings
        self.given = "".join(selected(readings))
        self.questions: dict[tuple[Sequence[str], str, str], Question] = {}
        criteria = {name for name, _ in policy.declared("criterion", 2)}
        self.requirements = {key for key in policy.declared("clause", 3) if key[2] in criteria}

    @cached_property
    def planner(self) -> Planner:
        """Who finds ways to reach levels, under the same readings."""
        from itss_logic.plan import Planner

        return Planner(self)

    def why(self, evidence: Evidence, level: Level, *, limit: int | None, seconds: float) -> Why:
        """Explain a verdict.

        Args:
            evidence: what is on file for the candidate.
            level: field and level.
            limit: how many supports and sets of missing facts to give at most; None for the first of each.
            seconds: how long the search may take; then the best found so far is given.

        Raises:
            SelfCheckError: where the policy's own rules do not confirm it.
        """
        clock, case = Clock(seconds), Case(evidence, self.policy.vocabulary)
        question = SUPPORT + _chooser(case, level)
        supports, found = self._search(question, level, case, [WHO], limit, clock, lambda shown: _kept(case, shown))
        shown = found.answers[0]
        verdict = str(shown.value("verdict"))
        criteria = self._criteria(case, level, shown)
        missing, optimal = self._lacking(case, level, criteria, limit, clock)
        routes = {str(route) for (route,) in shown.rows("route")}
        why = Why(
            candidate=evidence.candidate,
            field=level[0],
            level=level[1],
            verdict=verdict,
            routes=tuple(route for route in self.policy.routes if route in routes),
            routes_with_claims=tuple(str(route) for (route,) in shown.rows("promised_route")),
            readings=self.readings,
            criteria=tuple(c._replace(missing=missing.get(c.name, ((),))) for c in criteria),
            supports=supports if verdict != VERDICTS[-1] else ((),),
            every=limit is not None,
            optimal=optimal and found.proven,
        )
        return self._confirmed(case, why)

    def certify(self, evidence: Evidence, level: Level, *, prices: Mapping[Fact, int], seconds: float) -> Certificate:
        """Find what to verify to be sure of a verdict.

        Args:
            evidence: what is on file for the candidate.
            level: field and level.
            prices: what it costs to check a fact on file, where that is not 1.
            seconds: how long the search may take; then the best found so far is given.

        Raises:
            QuestionError: where the level is not attained.
            SelfCheckError: where the policy's own rules do not confirm it.
        """
        clock, case = Clock(seconds), Case(evidence, self.policy.vocabulary)
        facts = [WHO, *(f"price({case.term(fact)},{price})" for fact, price in prices.items())]
        question = CERTIFICATE + _chooser(case, level)
        [chosen], found = self._search(question, level, case, facts, None, clock, lambda shown: _kept(case, shown))
        [shown] = found.answers
        verdict = str(shown.value("verdict"))
        if verdict == VERDICTS[-1]:
            raise QuestionError(
                f"{evidence.candidate} has not attained {level[0]} {level[1]}, so that there is nothing to certify; "
                f"itss plan tells how to reach it, itss why what is missing"
            )
        trial = Trial(self.verdicts(level[0]), case, level, alone=case.of_field(level[0]))
        if not found.proven:
            chosen = ordered(trial.shrunk(chosen, lambda facts: trial.verdict(verdict, facts)))
        trial.check_support(verdict, chosen)
        bearing = list(trial.bearing(verdict, lambda: clock.is_up))
        return Certificate(
            candidate=evidence.candidate,
            field=level[0],
            level=level[1],
            verdict=verdict,
            facts=chosen,
            margin=_margin(case, trial, verdict, shown, bearing, proven=found.proven),
            load_bearing=ordered(bearing),
            on_file=len(case.facts),
            optimal=found.proven and not clock.is_up,
        )

    def _criteria(self, case: Case, level: Level, shown: Shown) -> list[Explained]:
        """The criteria of a level, with what counts toward each; nothing is said yet of what is missing."""
        counts = {str(name): (r, n) for view, name, r, n in shown.rows("counts") if view == "verified"}
        claims = {str(name): n for view, name, _, n in shown.rows("counts") if view == "confirmed"}
        counted = {name: (*level, name) in self.requirements for name in counts}
        return [
            Explained(
                name,
                f"{level[0]}.{level[1]}.{name}",
                *counts[name],
                found_with_claims=claims.get(name, counts[name][1]),
                is_counted=counted[name],
                levels=() if counted[name] else tuple(sorted(m for (m,) in shown.rows("needs"))),
                evidence=_items(case, shown, "counted", name),
                claimed=_items(case, shown, "promised", name),
                missing=((),),
            )
            for name in sorted(counts, key=self.policy.position)
        ]

    def _lacking(
        self, case: Case, level: Level, criteria: Iterable[Explained], limit: int | None, clock: Clock
    ) -> tuple[dict[str, Sets], bool]:
        """The smallest sets of facts that would meet each unmet criterion, and whether they are proven to be that."""
        lacking = {c.name: c.required - c.found for c in criteria if c.is_counted and not c.is_met}
        # All sets are asked for criterion by criterion: together they would be all combinations of them.
        searches = [[name] for name in lacking] if limit else [list(lacking)] if lacking else []
        missing: dict[str, Sets] = {}
        optimal = True
        taken: set[str] = set()
        for names in searches:
            facts = [f"lacking(0,{name},{lacking[name]})" for name in names] + ([] if limit else ["brief"])
            read = Reader(case, names, frozenset(taken))
            answers, found = self._search(MISSING, level, case, facts, limit, clock, read)
            optimal = optimal and found.proven
            taken |= read.taken
            for place, name in enumerate(names):
                missing[name] = tuple(added for answer in answers if (added := answer[place]) is not None)
                if not missing[name] and found.proven:
                    hopeless = f"hopeless({name})"
                    ensure(not holds_somewhere(found.control, hopeless, False), f"{name} is called {hopeless}")
        return missing, optimal

    def _search(
        self,
        question: Sequence[str],
        level: Level,
        case: Case,
        facts: Sequence[str],
        limit: int | None,
        clock: Clock,
        read: Callable[[Shown], Read],
    ) -> tuple[tuple[Read, ...], Optima]:
        """Up to `limit` different optimal answers to a question, as they are read; without limit the first."""
        size = limit or 1
        while True:
            found = optimise(self.ground(question, level, case, facts), size, clock.left)
            answers = tuple(dict.fromkeys(map(read, found.answers)))
            # Several answers of the search may be read as one, where they number new items otherwise.
            if len(answers) >= (limit or 1) or len(found.answers) < size or not found.proven:
                return answers[: limit or 1], found
            size *= 4

    def ground(self, names: Sequence[str], level: Level, case: Case, facts: Sequence[str]) -> Control:
        """Ground a question about a level of a candidate, with what is on file and further facts without full stops."""
        program = "\n".join([case.program(level[0], in_parts=True), *(f"{fact}." for fact in facts)])
        given = {fact.partition("(")[0] for fact in facts}
        ensure(given <= {name for name, _ in INPUTS}, f"a question is given {given}, of which some is no input")
        inputs = case.inputs | {(name, arity) for name, arity in INPUTS if name in given}
        return self.question(names, level).ground(program, inputs)

    def question(self, names: Sequence[str], level: Level) -> Question:
        """A question about a level, as files of `core`."""
        return self._prepared(names, level[0], f"asked({level[0]},{level[1]}).", choosing=True)

    def verdicts(self, field: str) -> Question:
        """The rules that decide verdicts, and nothing of the questions that choose evidence."""
        return self._prepared(VERDICT, field, "", choosing=False)

    def _prepared(self, names: Sequence[str], field: str, asked: str, *, choosing: bool) -> Question:
        key = (names, field, asked)
        if key not in self.questions:
            program = self.policy.question(*names, choosing=choosing)
            self.questions[key] = Question(program, self.given + asked, self._foreign(field))
        return self.questions[key]

    def _foreign(self, field: str) -> frozenset[str]:
        """The names of the other fields that nothing else has: a fact with one of them is about that field."""
        policy = self.policy
        names = {value for values in policy.vocabulary.domains.values() for value in values}
        names |= {*policy.vocabulary.predicates, *policy.words().positions, *policy.options, *policy.routes}
        names |= {option for options in policy.options.values() for option in options}
        return frozenset(policy.fields) - {field} - names

    def _confirmed(self, case: Case, why: Why) -> Why:
        level = (why.field, why.level)
        added = [fact for criterion in why.criteria for facts in criterion.missing for fact in facts]
        trial = Trial(self.verdicts(why.field), case, level, added, [fact for facts in why.supports for fact in facts])
        if trial.added:
            ensure(trial.verdict(why.verdict), f"the verdict {why.verdict} does not follow from what is on file")
        supports = tuple(_support(trial, why, facts) for facts in why.supports)
        return why._replace(
            supports=supports, criteria=tuple(_missing(self.policy, trial, why, c) for c in why.criteria)
        )


class Reader:
    """Reads what answers to `missing` add for each criterion, None for those called hopeless.

    New items get names that none of `before` is; `taken` are those and all that were given.
    """

    def __init__(self, case: Case, names: Sequence[str], before: frozenset[str]) -> None:
        self.case, self.names, self.before = case, names, before
        self.taken = set(before)

    def __call__(self, shown: Shown) -> tuple[tuple[Fact, ...] | None, ...]:
        """What one answer adds, by criterion."""
        taken, hopeless = set(self.before), set(map(str, shown.terms("hopeless")))
        sets = tuple(
            None
            if name in hopeless
            else self.case.name_new(added(self.case, shown, Fact("missing", (Constant(name),))), taken)
            for name in self.names
        )
        self.taken |= taken
        return sets


def _chooser(case: Case, level: Level) -> tuple[str, ...]:
    """How a support is best chosen: both ways come to the same, one sooner for few items, the other for many."""
    items = sum(case.key(fact, own=True) is not None for fact in case.of_field(level[0]))
    return FEW if items <= FEW_ITEMS else MANY


def _margin(
    case: Case, trial: Trial, verdict: str, shown: Shown, bearing: Sequence[Fact], *, proven: bool
) -> int | None:
    """The least number of facts whose rejection makes the verdict worse, confirmed; None if there is none."""
    if shown.symbols("unshaken"):
        if proven:
            trial.check_unshaken(verdict)
        return 1 if bearing else None
    rejected = _chosen(case, shown, "rejected")
    trial.check_margin(verdict, rejected, proven=proven)
    ensure(not proven or not bearing or len(rejected) == 1, "margin and load-bearing facts do not agree")
    return 1 if bearing else len(rejected)


def _support(trial: Trial, why: Why, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    if why.verdict == VERDICTS[-1]:
        return facts
    if not why.optimal:
        facts = ordered(trial.shrunk(facts, lambda some: trial.verdict(why.verdict, some)))
    trial.check_support(why.verdict, facts)
    return facts


def _missing(policy: Policy, trial: Trial, why: Why, criterion: Explained) -> Explained:
    name, is_met = criterion.name, criterion.is_met
    supplies = policy.supplies.get(name, ())
    for fact in criterion.evidence:
        sound = trial.case.is_verified_item(fact) and fact.name in supplies
        ensure(sound, f"{fact} is told to count toward {name}")
    if criterion.is_counted:
        ensure(bool(criterion.evidence) == bool(criterion.found), f"{name} has {criterion.found}, told by no evidence")
    if trial.added:
        ensure(trial.meets(name, likely=is_met) == is_met, f"{name} is told as {'met' if is_met else 'unmet'}")
    missing = []
    for facts in criterion.missing:
        if not why.optimal:
            facts = ordered(trial.shrunk(facts, lambda some: trial.meets(name, some)))
        if not is_met and criterion.is_counted:
            trial.check_missing(name, facts)
        missing.append(facts)
    return criterion._replace(missing=tuple(missing))


def _kept(case: Case, shown: Shown) -> tuple[Fact, ...]:
    return ordered(_chosen(case, shown, "kept"))


def _chosen(case: Case, shown: Shown, name: str) -> list[Fact]:
    """Facts on file that an answer chose."""
    filled = _filled(shown, Constant("kept"))
    return [case.as_filed(case.fact(term, filled)) for term in shown.terms(name)]


def added(case: Case, shown: Shown, view: Term) -> list[Fact]:
    """Facts that an answer adds in a view; the ids of new items have no names yet."""
    filled = _filled(shown, view)
    facts = (case.fact(term, filled) for in_view, term in shown.rows("added") if in_view == view)
    return [fact for fact in facts if fact not in case.on_file]


def _filled(shown: Shown, view: Term) -> dict[Term, Term]:
    """Which item fills each slot in a view."""
    return {Fact("slot", (number,)): id for in_view, _, number, id in shown.rows("fills") if in_view == view}


def _items(case: Case, shown: Shown, name: str, criterion: str) -> tuple[Fact, ...]:
    return ordered({case.as_filed(case.fact(term, {})) for key, term in shown.rows(name) if key == criterion})


def ordered(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Facts in the order of their text."""
    return tuple(sorted(facts, key=str))
