"""Which mutants of a policy its cases notice, and of the others which are equivalent: `itss policy mutate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.assurance.apart import Apart, BeyondError
from itss_logic.assurance.mutants import Mutant, mutants
from itss_logic.assurance.pool import spread
from itss_logic.assurance.running import Runner
from itss_logic.errors import PolicyError, SelfCheckError

if TYPE_CHECKING:
    from itss_logic.assurance.apart import Disagreement
    from itss_logic.assurance.cases import Case
    from itss_logic.policy import Policy

NOTICED, REFUSED, EQUIVALENT, SURVIVED, UNKNOWN = "noticed", "refused", "equivalent", "survived", "unknown"
"""What becomes of a mutant: a case fails; clingo or the checks of declarations refuse it; it is proven to decide all
evidence alike, up to a bound and under any readings; it decides some otherwise, or not at all; the time ran out before
that was known."""


class Fate(NamedTuple):
    """What became of a mutant: the title of the case that notices it, or the evidence that it decides otherwise."""

    mutant: Mutant
    fate: str
    case: str = ""
    disagreement: Disagreement | None = None

    def as_json(self) -> dict[str, Any]:
        """The fate as `itss policy mutate --format json` prints it."""
        found: dict[str, Any] = {**self.mutant.as_json(), "fate": self.fate}
        if self.case:
            found["case"] = self.case
        if self.disagreement is not None:
            found["readings"] = dict(self.disagreement.readings)
            found["evidence"] = list(map(str, self.disagreement.evidence.facts))
        return found


class Hunter:
    """Tells what becomes of mutants of a policy; `passing` are its cases, of which all pass."""

    def __init__(self, policy: Policy, passing: Sequence[Case], seconds: float) -> None:
        self.policy, self.passing, self.seconds = policy, passing, seconds
        self.runner = Runner(policy, passing)
        self.mutants = mutants(policy)
        self.noticing: dict[str, list[Case]] = {}
        """The cases that noticed mutants of the same place: likely to notice others."""

    def fate(self, number: int) -> Fate:
        """What becomes of the mutant of a number."""
        mutant = self.mutants[number]
        try:
            changed = mutant.of(self.policy)
            changed.program.ground()
        except PolicyError:
            return Fate(mutant, REFUSED)
        try:
            case = self._case(mutant, changed)
        except PolicyError as error:
            return Fate(mutant, NOTICED, f"no decision: {str(error).splitlines()[0]}")
        if case is not None:
            return Fate(mutant, NOTICED, case.title)
        try:
            apart = Apart(self.policy, changed, self.seconds, left_open=True)
        except PolicyError:  # Such rules are not compared.
            return Fate(mutant, UNKNOWN)
        try:
            found = apart.anywhere()
        except (TimeoutError, BeyondError, SelfCheckError):
            return Fate(mutant, UNKNOWN)
        except PolicyError:  # It comes to no decision on the evidence found.
            return Fate(mutant, SURVIVED)
        return Fate(mutant, EQUIVALENT if found is None else SURVIVED, disagreement=found)

    def _case(self, mutant: Mutant, changed: Policy) -> Case | None:
        likely = self.noticing.setdefault(mutant.place, [])
        clause = "" if mutant.change is None else mutant.change.id
        near = [case for case in self.passing if clause in case.clauses]
        for cases in (likely, near, self.passing):
            case = self.runner.first_failing(changed, cases) if cases else None
            if case is not None:
                if case not in likely:
                    likely.append(case)
                return case
        return None


def chosen(policy: Policy, within: str) -> list[int]:
    """The numbers of the mutants of a policy that have a text in their place."""
    return [number for number, mutant in enumerate(mutants(policy)) if within in mutant.place]


def hunt(policy: Policy, passing: Sequence[Case], numbers: Sequence[int], seconds: float, jobs: int) -> Iterator[Fate]:
    """Yield what becomes of each mutant, in order.

    Args:
        policy: whose mutants.
        passing: its cases, of which all pass.
        numbers: of the mutants.
        seconds: how long the search for evidence that tells one apart may take.
        jobs: how many processes to take.
    """
    yield from spread(_fates, (policy, passing, seconds), numbers, jobs, chunk=4)


def _fates(policy: Policy, passing: Sequence[Case], seconds: float) -> Callable[[int], Fate]:
    return Hunter(policy, passing, seconds).fate
