"""What a profile shows of a property is confirmed on its evidence, by the policy's own rules and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itss_logic.answers import VERDICTS
from itss_logic.confirm import ensure
from itss_logic.engine import Facts, Program, Source

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Result
    from itss_logic.assurance.profiles import Example
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy


class Confirmation:
    """Confirms examples for properties of a policy under readings, all of them; `category` says what a band is."""

    def __init__(self, policy: Policy, readings: Mapping[str, str], category: Sequence[Source]) -> None:
        self.policy, self.readings, self.category = policy, readings, category

    def check(self, name: str, args: Sequence[Any], found: Example) -> None:
        """Confirm that evidence refutes a property that speaks of all evidence, or bears out one that speaks of some.

        Raises:
            SelfCheckError: where it does not.
        """
        checks: dict[str, Callable[..., bool]] = {
            "implies": self._implies,
            "satisfiable": self._satisfiable,
            "decisive": self._decisive,
            "covered": self._covered,
            "monotone": self._monotone,
        }
        ensure(
            checks[name](found, *args), f"{name} {' '.join(map(str, args))} is not shown by the evidence found for it"
        )

    def _answer(self, evidence: Evidence) -> Answer:
        [answer] = self.policy.evaluate([evidence], self.readings)
        return answer

    def _implies(self, found: Example, field: str, level: int, lower: int) -> bool:
        answer = self._answer(found.evidence)
        unmet = {str(row[-1]) for row in found.rows("at_fault")}
        other = answer.result(field, lower)
        return answer.result(field, level).is_reached and not other.is_reached and unmet == set(other.unmet)

    def _satisfiable(self, found: Example, field: str, level: int) -> bool:
        return self._answer(found.evidence).result(field, level).is_reached

    def _decisive(self, found: Example, clause: str) -> bool:
        field, level, criterion = clause.split(".")
        result = self._answer(found.evidence).result(field, int(level))
        return not result.is_reached and result.unmet == (criterion,)

    def _covered(self, found: Example, field: str) -> bool:
        """Fewer numbers fall in bands than there are."""
        control = Program([*self.policy.program.sources, *self.category]).ground(
            Facts([found.evidence], self.readings).text
        )
        rows = [atom.symbol.arguments for atom in control.symbolic_atoms.by_signature("in_band", 4)]
        banded = {(str(id), str(predicate)) for view, _, id, predicate in rows if str(view) == "verified"}
        predicates = self.policy.vocabulary.predicates
        numbers = [
            fact
            for fact in found.evidence.facts
            if fact.name in predicates and any(a.kind == "number" for a in predicates[fact.name].arguments)
        ]
        return len(banded) < len(numbers)

    def _monotone(self, found: Example) -> bool:
        if found.after is None:
            return False
        before, after = self._answer(found.evidence), self._answer(found.after)

        def rank(result: Result) -> int:
            return VERDICTS.index(result.verdict)

        return any(rank(was) < rank(now) for was, now in zip(before.results, after.results, strict=True))
