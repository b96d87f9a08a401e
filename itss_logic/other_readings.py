"""What verdicts would be under other readings than those in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from itss_logic.explanations import Elsewhere, Why

if TYPE_CHECKING:
    from itss_logic.answers import Answer
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy


class OtherReadings:
    """How the verdicts on one candidate depend on the readings.

    `everywhere` is the evaluation under the readings in force, with criteria, `across` and `hinges_on`.
    """

    def __init__(self, policy: Policy, evidence: Evidence, readings: Mapping[str, str] | None = None) -> None:
        self.policy, self.evidence = policy, evidence
        self.readings = policy.in_force(readings)
        [self.everywhere] = policy.evaluate([evidence], self.readings, across=True, criteria=True)
        self._answers: dict[tuple[str, str], Answer] = {}

    def told(self, why: Why) -> Why:
        """An explanation with how its verdict depends on the readings: `across`, `hinges_on` and `elsewhere`."""
        about = self.everywhere.result(why.field, why.level)
        elsewhere = []
        for reading in about.hinges_on:
            for option in self.policy.options[reading]:
                if option != self.readings[reading]:
                    other = self._under(reading, option).result(why.field, why.level)
                    if other.verdict != why.verdict:
                        elsewhere.append(Elsewhere(reading, option, other.verdict, other.unmet))
        return why._replace(across=about.across, hinges_on=about.hinges_on, elsewhere=tuple(elsewhere))

    def _under(self, reading: str, option: str) -> Answer:
        if (reading, option) not in self._answers:
            chosen = {**self.readings, reading: option}
            [self._answers[reading, option]] = self.policy.evaluate([self.evidence], chosen)
        return self._answers[reading, option]
