"""What `itss policy mutate` shows: the mutants that no case notices, and the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from itss_logic.assurance.mutation import EQUIVALENT, NOTICED, REFUSED, SURVIVED, UNKNOWN
from itss_logic.console import count
from itss_logic.tables import folded

if TYPE_CHECKING:
    from itss_logic.assurance.mutation import Fate

TOLD = {
    SURVIVED: "no case notices it",
    UNKNOWN: "no case notices it; not known to be equivalent (time, bound, or rules that are not compared)",
    EQUIVALENT: "equivalent: it decides all evidence alike",
}


def lines(fate: Fate, columns: int | None) -> Iterator[str]:
    """One mutant that no case notices, with the evidence that it decides otherwise."""
    yield f"{fate.mutant.place}  {TOLD[fate.fate]}"
    yield from folded("  - ", fate.mutant.before, columns)
    yield from folded("  + ", fate.mutant.after, columns)
    if fate.disagreement is not None:
        evidence, _, one, other = fate.disagreement
        was, now = _said(one.verdict, one.unmet), _said(other.verdict, other.unmet)
        yield from folded("  ", f"{one.field} {one.level}: {was}; by the mutant {now}; on", columns)
        yield from (f"    {fact}" for fact in evidence.facts)


def _said(verdict: str, unmet: Sequence[str]) -> str:
    return f"{verdict.replace('_', ' ')} ({', '.join(unmet) or 'nothing'} unmet)"


def summary(fates: Sequence[Fate]) -> Iterator[str]:
    """How many mutants there are of each fate, and the score."""
    counts = Counter(fate.fate for fate in fates)
    yield (
        f"{count(len(fates), 'mutant')}: {counts[NOTICED]} noticed by a case, {counts[REFUSED]} refused by clingo or "
        f"the checks, {counts[EQUIVALENT]} proven equivalent, {counts[SURVIVED] + counts[UNKNOWN]} not noticed"
    )
    yield f"score {score(fates):.1%} of those that are programs and not equivalent"


def score(fates: Sequence[Fate]) -> float:
    """The part of mutants that a case notices, of those that are programs and not proven equivalent."""
    others = [fate for fate in fates if fate.fate not in (REFUSED, EQUIVALENT)]
    return sum(fate.fate == NOTICED for fate in others) / len(others) if others else 1.0


def as_json(policy: str, fates: Sequence[Fate]) -> dict[str, Any]:
    """All mutants as `itss policy mutate --format json` prints them."""
    return {"policy": policy, "score": score(fates), "mutants": [fate.as_json() for fate in fates]}
