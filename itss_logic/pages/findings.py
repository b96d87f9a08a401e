"""All that can be said of one candidate: verdicts, why, plans and certificates, each confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.answers import VERDICTS, Answer, Result
from itss_logic.evidence import Evidence
from itss_logic.explain import confirm
from itss_logic.explanations import Certificate, Plans, Why
from itss_logic.other_readings import OtherReadings

if TYPE_CHECKING:
    from itss_logic.policy import Policy


class OfLevel(NamedTuple):
    """What is known of one level: the verdict, why, the cheapest plan unless it is reached, and the certificate
    unless it is not attained."""

    result: Result
    why: Why
    plans: Plans | None
    certificate: Certificate | None


class Findings(NamedTuple):
    """What is known of one candidate; `answer` has criteria, and how each verdict depends on the readings."""

    evidence: Evidence
    answer: Answer
    levels: tuple[OfLevel, ...]


def findings(policy: Policy, evidence: Evidence, readings: Mapping[str, str], seconds: float) -> Findings:
    """Find out all about one candidate.

    Args:
        policy: what decides.
        evidence: what is on file.
        readings: the options that are in force instead of the defaults.
        seconds: how long each search may take; then the best found so far is told, and marked.

    Raises:
        SelfCheckError: where the policy's own rules do not confirm an answer.
    """
    others = OtherReadings(policy, evidence, readings)
    levels = tuple(of_level(policy, evidence, level, others, seconds) for level in policy.levels)
    return Findings(evidence, others.everywhere, levels)


def of_level(
    policy: Policy, evidence: Evidence, level: tuple[str, int], others: OtherReadings, seconds: float
) -> OfLevel:
    """Find out all about one level of a candidate; see `findings`."""
    result = others.everywhere.result(*level)
    why = policy.why(evidence, *level, others.readings, timeout=seconds)
    plans = certificate = None
    if not result.is_reached:
        plans = policy.plan(evidence, *level, others.readings, maximum=1, timeout=seconds)
    if result.verdict != VERDICTS[-1]:
        certificate = policy.certify(evidence, *level, others.readings, timeout=seconds)
    for answer in (why, plans, certificate):
        if answer is not None:
            confirm(answer, others.everywhere)
    return OfLevel(result, others.told(why), plans, certificate)
