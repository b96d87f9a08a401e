"""The thresholds of a policy, and whether cases turn if one is one more, and if it is one less."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.assurance.cases import Case
from itss_logic.assurance.pool import default_jobs, spread
from itss_logic.assurance.running import Runner
from itss_logic.changes import Change, Path, leaves
from itss_logic.terms import Fact

if TYPE_CHECKING:
    from itss_logic.answers import Clause
    from itss_logic.policy import Policy

SIDES = ("more", "less")

ALONE = 50
"""Up to so many questions, other processes would take longer to start than they save."""

FEW = 20
"""Up to so many cases are tried all at once."""


class Side(NamedTuple):
    """A threshold as it is, and one more or less: the clause, the path to the parameter, and the change."""

    clause: str
    path: Path
    value: int
    side: str
    change: Change

    @property
    def threshold(self) -> str:
        """The parameter by its full name."""
        return ".".join((self.clause, *self.path))

    @property
    def kin(self) -> tuple[str, Path, str]:
        """What it has in common with the same side of the same parameter of other clauses."""
        return self.change.criterion, self.path, self.side


def sides(policy: Policy) -> Iterator[Side]:
    """Both sides of each number and each level that a clause sets, as far as something else may stand there."""
    types: dict[str, Any] = dict(policy.declared("takes", 2))
    for clause in policy.clauses:
        for path, value in leaves(clause.parameters):
            if not isinstance(value, int):
                continue
            steps = _steps(policy, clause, types.get(path[-1]), value)
            for side in SIDES:
                if side in steps:
                    change = Change(clause.field, clause.level, clause.criterion, {path: steps[side]})
                    yield Side(clause.id, path, value, side, change)


def _steps(policy: Policy, clause: Clause, kind: object, value: int) -> dict[str, int]:
    """What is next to a value, above it and below."""
    if isinstance(kind, Fact):
        least, greatest = policy.vocabulary.ranges[str(kind.arguments[0])]
        near = [n for n in (value + 1, value - 1) if least <= n <= greatest]
    else:
        near = sorted((n for f, n in policy.levels if f == clause.field), key=lambda n: abs(n - value))
    steps = (("more", [n for n in near if n > value]), ("less", [n for n in near if n < value]))
    return {side: found[0] for side, found in steps if found}


def noticed(runner: Runner, asked: Sequence[Side]) -> list[bool]:
    """Of each side, whether some case that passes fails by it."""
    passing = [one.case for one in runner.tried if one.passed]
    # Those that the same cases are likely to notice go to the same process.
    akin = sorted(range(len(asked)), key=lambda n: asked[n].kin)
    jobs = default_jobs() if len(asked) > ALONE else 1
    answers = spread(_notices, (runner.policy, passing), [asked[n] for n in akin], jobs, chunk=16)
    found = dict(zip(akin, answers, strict=True))
    return [found[n] for n in range(len(asked))]


def _notices(policy: Policy, passing: Sequence[Case]) -> Callable[[Side], bool]:
    notice = Notice(Runner(policy, passing), passing)
    return lambda side: notice.case(side) is not None


class Notice:
    """Tells which cases notice that a threshold is another; `passing` are those that pass as it stands."""

    def __init__(self, runner: Runner, passing: Sequence[Case]) -> None:
        self.runner, self.passing = runner, passing
        self.turned: dict[tuple[str, Path, str], list[Case]] = {}
        """The cases that turned by the same parameter of other clauses: many show several fields at once."""

    def case(self, side: Side) -> Case | None:
        """A case that passes, and fails by a change: one that names the clause, or else any."""
        before = self.turned.setdefault(side.kin, [])
        naming = [case for case in self.passing if side.clause in case.clauses]
        likely = [case for case in naming if case in before]
        others = [case for case in self.passing if side.clause not in case.clauses]
        for cases in (likely, naming, others) if len(self.passing) > FEW else (self.passing,):
            found = next(self.runner.failing(self.runner.policy, cases, side.change), None)
            if found is not None:
                before += [] if found in before else [found]
                return found
        return None
