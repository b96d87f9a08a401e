"""Why a level is attained or not, and what to verify to be sure: what clingo finds, confirmed before it is told."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from itss_logic.answers import VERDICTS, Certificate, Explained, Sets, Why
from itss_logic.case import Case
from itss_logic.confirm import Trial, ensure
from itss_logic.engine import INPUTS, Optima, Question, Shown, optimise
from itss_logic.errors import QuestionError
from itss_logic.evidence import Evidence
from itss_logic.terms import Constant, Fact, Term

if TYPE_CHECKING:
    from itss_logic.policy import Policy

Level: TypeAlias = "tuple[str, int]"

SUPPORT = ("support.lp", "why.lp")
MISSING = ("missing.lp",)
CERTIFICATE = ("support.lp", "margin.lp", "certify.lp")
"""Questions, each as the files of `core` that put it."""


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
        self.given = "".join(f"selected({reading},{option})." for reading, option in readings.items())
        self.questions: dict[tuple[Sequence[str], Level], Question] = {}
        self.verdicts: dict[str, Question] = {}

    def why(self, evidence: Evidence, level: Level, *, limit: int | None, seconds: float) -> Why:
        """Explain a verdict.

        Args:
            evidence: what is on file for the candidate.
            level: field and level.
            limit: how many supports and sets of missing facts to give at most; None for the first of each.
            seconds: how long it may take; then the best found so far is given.

        Raises:
            SelfCheckError: where the policy's own rules do not confirm it.
        """
        clock, case = Clock(seconds), Case(evidence, self.policy.vocabulary)
        found = self._ask(case, SUPPORT, level, ["candidate(0)"], limit, clock)
        shown = found.answers[0]
        verdict = str(shown.value("verdict"))
        reached = verdict != VERDICTS[-1]
        supports = _distinct(_chosen(case, answer, "kept") if reached else () for answer in found.answers)
        counts = {str(name): (r, n) for view, name, r, n in shown.rows("counts") if view == "verified"}
        claims = {str(name): n for view, name, _, n in shown.rows("counts") if view == "confirmed"}
        counted = [name for name in counts if (*level, name) in self.policy.requirements]
        lacking = {name: counts[name][0] - counts[name][1] for name in counted if counts[name][1] < counts[name][0]}
        searches = [[name] for name in lacking] if limit else [list(lacking)] if lacking else []
        missing: dict[str, Sets] = {}
        optimal = found.proven
        for names in searches:
            facts = [f"lacking(0,{name},{lacking[name]})" for name in names] + ([] if limit else ["brief"])
            found = self._ask(case, MISSING, level, facts, limit, clock)
            optimal = optimal and found.proven
            for name in names:
                missing[name] = _distinct(
                    case.name_new(_added(case, answer, name))
                    for answer in found.answers
                    if name not in answer.terms("hopeless")
                )
        routes = {str(route) for (route,) in shown.rows("route")}
        why = Why(
            candidate=evidence.candidate,
            field=level[0],
            level=level[1],
            verdict=verdict,
            routes=tuple(route for route in self.policy.routes if route in routes),
            readings=self.readings,
            criteria=tuple(
                Explained(
                    name,
                    f"{level[0]}.{level[1]}.{name}",
                    *counts[name],
                    found_with_claims=claims.get(name, counts[name][1]),
                    is_counted=name in counted,
                    evidence=_items(case, shown, "counted", name),
                    claimed=_items(case, shown, "promised", name),
                    missing=missing.get(name, ((),)),
                )
                for name in sorted(counts, key=self.policy.position)
            ),
            supports=supports,
            every=limit is not None,
            optimal=optimal,
        )
        return self._confirm_why(case, why)

    def certify(self, evidence: Evidence, level: Level, *, prices: Mapping[Fact, int], seconds: float) -> Certificate:
        """Find what to verify to be sure of a verdict.

        Args:
            evidence: what is on file for the candidate.
            level: field and level.
            prices: what it costs to check a fact on file, where that is not 1.
            seconds: how long it may take; then the best found so far is given.

        Raises:
            QuestionError: where the level is not attained.
            SelfCheckError: where the policy's own rules do not confirm it.
        """
        clock, case = Clock(seconds), Case(evidence, self.policy.vocabulary)
        facts = ["candidate(0)", *(f"price({case.term(fact)},{price})" for fact, price in prices.items())]
        found = self._ask(case, CERTIFICATE, level, facts, None, clock)
        [shown] = found.answers
        verdict = str(shown.value("verdict"))
        if verdict == VERDICTS[-1]:
            raise QuestionError(
                f"{evidence.candidate} has not attained {level[0]} {level[1]}, so that there is nothing to certify; "
                f"itss plan tells how to reach it, itss why what is missing"
            )
        chosen = _chosen(case, shown, "kept")
        rejected = _chosen(case, shown, "rejected")
        trial = Trial(self._verdicts(level[0]), case, level, alone=case.of_field(level[0]))
        if not found.proven:
            chosen = trial.shrunk(chosen, lambda facts: trial.verdict(verdict, facts))
        trial.check_support(verdict, chosen)
        unshaken = bool(shown.symbols("unshaken"))
        if unshaken and found.proven:
            trial.check_unshaken(verdict)
        elif not unshaken:
            trial.check_margin(verdict, rejected, proven=found.proven)
        bearing = []
        for fact in trial.alone:
            if clock.is_up:
                break
            if trial.is_worse(verdict, [fact]):
                bearing.append(fact)
        optimal = found.proven and not clock.is_up
        if optimal:
            ensure((len(rejected) == 1) == bool(bearing), "margin and load-bearing facts do not agree")
        return Certificate(
            candidate=evidence.candidate,
            field=level[0],
            level=level[1],
            verdict=verdict,
            facts=_sorted(chosen),
            margin=None if unshaken else len(rejected),
            load_bearing=_sorted(bearing),
            on_file=len(case.facts),
            optimal=optimal,
        )

    def _verdicts(self, field: str) -> Question:
        """The rules that decide verdicts, and nothing of the questions that choose evidence."""
        if field not in self.verdicts:
            others = frozenset(self.policy.fields) - {field}
            self.verdicts[field] = Question(self.policy.question("evaluate.lp"), self.given, others)
        return self.verdicts[field]

    def _ask(
        self, case: Case, names: Sequence[str], level: Level, facts: Sequence[str], limit: int | None, clock: Clock
    ) -> Optima:
        question = self.questions.get((names, level))
        if question is None:
            given = f"{self.given}asked({level[0]},{level[1]})."
            others = frozenset(self.policy.fields) - {level[0]}
            question = Question(self.policy.question(*names, choosing=True), given, others)
            self.questions[names, level] = question
        program = "\n".join([case.program(level[0], in_parts=True), *(f"{fact}." for fact in facts)])
        names_given = {fact.partition("(")[0] for fact in facts}
        inputs = case.inputs | {(name, arity) for name, arity in INPUTS if name in names_given}
        return optimise(question.ground(program, inputs), limit or 1, clock.left)

    def _confirm_why(self, case: Case, why: Why) -> Why:
        level = (why.field, why.level)
        added = [fact for criterion in why.criteria for facts in criterion.missing for fact in facts]
        trial = Trial(self._verdicts(why.field), case, level, added, [fact for facts in why.supports for fact in facts])
        if trial.added:
            ensure(trial.verdict(why.verdict), f"the verdict {why.verdict} does not follow from what is on file")
        supports = [self._support(trial, why, facts) for facts in why.supports]
        criteria = [self._missing(trial, why, criterion) for criterion in why.criteria]
        return why._replace(supports=tuple(supports), criteria=tuple(criteria))

    def _support(self, trial: Trial, why: Why, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        if why.verdict == VERDICTS[-1]:
            return facts
        if not why.optimal:
            facts = _sorted(trial.shrunk(facts, lambda some: trial.verdict(why.verdict, some)))
        trial.check_support(why.verdict, facts)
        return facts

    def _missing(self, trial: Trial, why: Why, criterion: Explained) -> Explained:
        name = criterion.name
        if trial.added:
            ensure(
                trial.meets(name, likely=criterion.is_met) == criterion.is_met,
                f"{name} is not {'met' if criterion.is_met else 'unmet'}",
            )
        missing = []
        for facts in criterion.missing:
            if not why.optimal:
                facts = _sorted(trial.shrunk(facts, lambda some: trial.meets(name, some)))
            if not criterion.is_met and criterion.is_counted:
                trial.check_missing(name, facts)
            missing.append(facts)
        return criterion._replace(missing=tuple(missing))


def _chosen(case: Case, shown: Shown, name: str) -> list[Fact]:
    """Facts on file that an answer chose."""
    filled = _filled(shown, Constant("kept"))
    return [case.as_filed(case.fact(term, filled)) for term in shown.terms(name)]


def _added(case: Case, shown: Shown, criterion: str) -> list[Fact]:
    """Facts that an answer adds toward a criterion; the ids of new items have no names yet."""
    filled = _filled(shown, Fact("missing", (Constant(criterion),)))
    facts = (case.fact(term, filled) for key, term in shown.rows("added") if key == criterion)
    return [fact for fact in facts if fact not in case.on_file]


def _filled(shown: Shown, view: Term) -> dict[Term, Term]:
    """Which item fills each slot in a view."""
    return {Fact("slot", (number,)): id for in_view, _, number, id in shown.rows("fills") if in_view == view}


def _items(case: Case, shown: Shown, name: str, criterion: str) -> tuple[Fact, ...]:
    return _sorted({case.as_filed(case.fact(term, {})) for key, term in shown.rows(name) if key == criterion})


def _sorted(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(sorted(facts, key=str))


def _distinct(sets: Iterable[Iterable[Fact]]) -> Sets:
    return tuple(dict.fromkeys(map(_sorted, sets)))
