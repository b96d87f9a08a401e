"""Cases decided by a policy: which of them come out as they say, and where others differ."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from itss_logic.assurance.cases import Case, Expectation
from itss_logic.assurance.written import told
from itss_logic.changes import overlay
from itss_logic.engine import Facts, Program
from itss_logic.errors import ItssError, SelfCheckError

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Criterion, Result
    from itss_logic.changes import Change
    from itss_logic.explanations import Why
    from itss_logic.policy import Policy

EXPLAINED = 10
"""Of so many cases that fail it is told which evidence counted: it takes longer than the verdicts of all."""

EXPECTED = "expected.lp"
"""The question which cases come out otherwise than they say."""

NOT_ASKED = "not asked for"
"""What a criterion is that the level does not ask for, under the readings in force."""

Together: TypeAlias = "tuple[frozenset[tuple[str, str]], tuple[Any, ...]]"
"""What cases share that are decided together: readings, and changes of the policy."""


class Counted(NamedTuple):
    """How far a criterion is met, and the items on file that count toward it, where they were looked for."""

    criterion: Criterion
    evidence: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The criterion as `itss policy test --format json` prints it."""
        criterion, evidence = self.criterion, list(self.evidence)
        return {
            "criterion": criterion.name,
            "wording": criterion.wording,
            "required": criterion.required,
            "found": criterion.found,
            "found_with_claims": criterion.found_with_claims,
            "evidence": evidence,
        }


class Difference(NamedTuple):
    """Where a policy decides otherwise than a case expects, and the criteria because of which it does."""

    about: str
    expected: Any
    got: Any
    why: tuple[Counted, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The difference as `itss policy test --format json` prints it."""
        expected, got = (sorted(v) if isinstance(v, frozenset) else v for v in (self.expected, self.got))
        return {"about": self.about, "expected": expected, "got": got, "why": [one.as_json() for one in self.why]}

    def __str__(self) -> str:
        return f"{self.about}: expected {told(self.expected)}, got {told(self.got)}"


class Tried(NamedTuple):
    """A case and what came of it. Without an answer it was not decided, as there are faults in it."""

    case: Case
    answer: Answer | None
    differences: tuple[Difference, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything came out as the case says."""
        return not self.case.faults and not self.differences

    def as_json(self) -> dict[str, Any]:
        """The case as `itss policy test --format json` prints it."""
        return {
            "case": self.case.name,
            "file": self.case.file,
            "line": self.case.line,
            "clauses": list(self.case.clauses),
            "passed": self.passed,
            "differences": [difference.as_json() for difference in self.differences],
            "faults": [fault.as_json() for fault in self.case.faults],
        }


class Runner:
    """Decides cases by a policy, and by changed ones: for `itss policy test`, and to see if cases notice a change."""

    def __init__(self, policy: Policy, cases: Sequence[Case]) -> None:
        self.policy, self.cases = policy, cases
        self._changed_from: Policy | None = None
        self._changed: dict[tuple[Any, ...], Policy] = {}

    @cached_property
    def tried(self) -> list[Tried]:
        """Every case and what came of it, in order."""
        found: dict[int, Tried] = {}
        for group in together(self.cases):
            start = time.perf_counter()
            answers = list(self._answers(group))
            each = (time.perf_counter() - start) / len(group)
            for case, answer in zip(group, answers, strict=True):
                start = time.perf_counter()
                wrong = (*differences(case, answer), *self._reasons(case))
                found[id(case)] = Tried(case, answer, wrong, each + time.perf_counter() - start)
        tried = [found.get(id(case)) or Tried(case, None) for case in self.cases]
        failed = [one for one in tried if one.differences][:EXPLAINED]
        return [self._explained(one) if one in failed else one for one in tried]

    def first_failing(
        self, policy: Policy, cases: Sequence[Case] | None = None, *, reasons: bool = False
    ) -> Case | None:
        """A case that fails under another policy; None where all pass. It stops at the first that it comes upon.

        Args:
            policy: of the same category.
            cases: those to try, in no order that matters; all of the runner by default. Those with faults are left out.
            reasons: whether what cases expect explanations to say is looked at as well, once all else passes.
        """
        some = self.cases if cases is None else cases
        failing = next(self.failing(policy, some), None)
        if failing is None and reasons:
            explained = (case for case in some if not case.faults)
            return next((case for case in explained if any(self._reasons(case, policy))), None)
        return failing

    def failing(self, policy: Policy, cases: Iterable[Case], change: Change | None = None) -> Iterator[Case]:
        """Yield the cases that fail by what a policy decides, as they are found; under one more change, if given."""
        for group in together(cases):
            facts = Facts([case.evidence for case in group if case.evidence], group[0].readings)
            asked = (f"expects({n},{fact})." for n, case in enumerate(group) for fact in _asked(case, policy.routes))
            facts.text = "\n".join([facts.text, *asked])
            differing = self._question(policy, group[0], change).solve(facts)
            yield from (case for case, found in zip(group, differing, strict=True) if found)

    def _question(self, policy: Policy, case: Case, change: Change | None) -> Program:
        if change is None:
            return self.under(policy, case).question(EXPECTED)
        if case.changes or policy.changes:
            return on_top(on_top(policy, [change]), case.changes).question(EXPECTED)
        # The same without all else that makes a policy, which takes longer than to decide a few cases.
        return Program([*policy.program.sources, overlay([change]), policy.core[EXPECTED]])

    def under(self, policy: Policy, case: Case) -> Policy:
        """The policy that decides a case: what the case itself changes goes before other changes."""
        if not case.changes:
            return policy
        if self._changed_from is not policy:
            self._changed_from, self._changed = policy, {}
        key = case_key(case)[1]
        if key not in self._changed:
            self._changed[key] = on_top(policy, case.changes)
        return self._changed[key]

    def _answers(self, group: Sequence[Case]) -> Iterable[Answer]:
        entries = [case.evidence for case in group if case.evidence]
        return self.under(self.policy, group[0]).evaluate(entries, group[0].readings, criteria=True)

    def _reasons(self, case: Case, policy: Policy | None = None) -> Iterator[Difference]:
        """Where explanations say otherwise than a case expects; only the levels that it names are explained."""
        asked = dict.fromkeys((reason.field, reason.level) for reason in case.reasons)
        for field, level in asked:
            why = self._why(case, field, level, policy or self.policy)
            for reason in case.reasons:
                if (reason.field, reason.level) == (field, level):
                    got = said(why, reason)
                    if got != reason.value:
                        yield Difference(reason.about, reason.value, got)

    def _why(self, case: Case, field: str, level: int | None, policy: Policy) -> Why:
        assert case.evidence is not None
        assert level is not None
        return self.under(policy, case).why(case.evidence, field, level, case.readings)

    def _explained(self, tried: Tried) -> Tried:
        """The same with the evidence that counted, where the policy can tell it."""
        counting: dict[tuple[str, str], tuple[str, ...]] = {}
        of = {e.about: (e.field, e.level) for e in tried.case.expectations if e.level is not None}
        for about in dict.fromkeys(of[d.about] for d in tried.differences if d.about in of and d.why):
            try:
                why = self._why(tried.case, *about, self.policy)
            except (ItssError, SelfCheckError):
                continue
            for one in why.criteria:
                counting[f"{about[0]}.{about[1]}", one.name] = tuple(map(str, (*one.evidence, *one.claimed)))
        wrong = []
        for difference in tried.differences:
            field, level = of.get(difference.about, ("", None))
            because = tuple(
                one._replace(evidence=counting.get((f"{field}.{level}", one.criterion.name), ()))
                for one in difference.why
            )
            wrong.append(difference._replace(why=because))
        return tried._replace(differences=tuple(wrong))


def on_top(policy: Policy, changes: Sequence[Change]) -> Policy:
    """A policy with changes that go before those it has already."""
    own = {(change.id, path) for change in changes for path in change.parameters}
    below = []
    for change in policy.changes:
        left = {path: value for path, value in change.parameters.items() if (change.id, path) not in own}
        below += [change._replace(parameters=left)] if left else []
    return policy.unchanged.changed([*below, *changes])


def case_key(case: Case) -> Together:
    """What a case shares with those that can be decided together with it."""
    changes = tuple((change.id, tuple(sorted(change.parameters.items()))) for change in case.changes)
    return frozenset(case.readings.items()), changes


def together(cases: Iterable[Case]) -> list[list[Case]]:
    """Cases without faults that can be decided together."""
    groups: dict[Together, list[Case]] = {}
    for case in cases:
        if not case.faults:
            groups.setdefault(case_key(case), []).append(case)
    return list(groups.values())


def _asked(case: Case, routes: Sequence[str]) -> Iterator[str]:
    """What a case expects of a policy's decisions, as `expected.lp` is asked."""
    for part, field, level, criterion, value in case.expectations:
        if part == "met":
            yield f"{value}({field},{level},{criterion})"
        elif part == "routes":
            for route in routes:
                yield f"{'route' if route in value else 'no_route'}({field},{level},{route})"
        elif part == "highest":
            yield f"no_level({field})" if value is None else f"highest({field},{value})"
        else:
            yield f"verdict({field},{level},{value})"


def differences(case: Case, answer: Answer) -> Iterator[Difference]:
    """Where a policy decides otherwise than a case expects. The answer is one with criteria."""
    for expected in case.expectations:
        got = _got(answer, expected)
        if expected.part == "met":
            result = answer.result(expected.field, expected.level or 0)
            if expected.criterion not in {criterion.name for criterion in result.criteria}:
                got = NOT_ASKED
        if got != expected.value:
            yield Difference(expected.about, expected.value, got, tuple(map(Counted, _because(answer, expected, got))))


def _got(answer: Answer, expected: Expectation) -> Any:
    """What came of it that a case expects something of."""
    if expected.level is None:
        return answer.highest[expected.field]
    result = answer.result(expected.field, expected.level)
    if expected.part == "met":
        return "unmet" if expected.criterion in result.unmet else "met"
    return result.verdict if expected.part == "verdict" else list(result.routes)


def _because(answer: Answer, expected: Expectation, got: Any) -> Sequence[Criterion]:
    """The criteria because of which something came out as it did."""
    level = expected.level or max((n for n in (expected.value, got) if n), default=0)
    result: Result = answer.result(expected.field, level)
    return [c for c in result.criteria if expected.criterion in (None, c.name)]


def said(why: Why, reason: Expectation) -> Any:
    """What an explanation says of that which a case expects of it."""
    if reason.criterion is None:
        return frozenset(map(str, why.supports[0])) if why.supports else frozenset()
    for criterion in why.criteria:
        if criterion.name == reason.criterion:
            if reason.part == "missing":
                return frozenset(map(str, criterion.missing[0])) if criterion.missing else frozenset()
            value = getattr(criterion, reason.part)
            return frozenset(map(str, value)) if reason.part == "evidence" else value
    return NOT_ASKED
