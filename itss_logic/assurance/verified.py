"""What `itss policy verify` shows: a line or more a property, and files of the evidence that shows it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from itss_logic.assurance.properties import BEYOND, TIME
from itss_logic.tables import folded, pad

if TYPE_CHECKING:
    from itss_logic.assurance.properties import Across, Outcome
    from itss_logic.evidence import Evidence

EDGE = 46
"""Where what is said of a property begins."""

UNDECIDED = {TIME: "the time ran out", BEYOND: "nothing was found up to the bound, and rules may tell more apart"}


def outcome_lines(outcome: Outcome, columns: int | None) -> Iterator[tuple[str, str | None]]:
    """What is said of one property, in lines, each with its colour."""
    one = outcome.property
    mark, colour = ("!", "red") if not outcome.as_expected() else ("✓", "green") if outcome.holds else ("✗", None)
    first, *others = _said(outcome)
    subject = " ".join((one.name, *map(str, one.args)))
    for line in folded(f"{mark} {pad(subject, EDGE)}  ", first, columns):
        yield line, colour
    for text in others:
        for line in folded(" " * (EDGE + 4), text, columns):
            yield line, None


def _said(outcome: Outcome) -> Iterator[str]:
    why_open = UNDECIDED.get(outcome.undecided, "")
    how = {True: "holds", False: "does not hold", None: f"not decided: {why_open}"}[outcome.holds]
    if not outcome.applies:
        how = "is not asked for under these readings"
    if outcome.vacuous:
        how += ", but of nobody: no evidence comes that far"
    elif outcome.holds is not None and outcome.holds is not outcome.expected:
        how += f", but is known to {'hold' if outcome.expected else 'fail: ' + outcome.reason}"
    elif outcome.reason and outcome.holds is not None:
        how += f", as is known: {outcome.reason}"
    yield how
    if outcome.clauses:
        yield f"due to {', '.join(outcome.clauses)}"
    if outcome.added is not None:
        yield f"once there is {outcome.added}"
    if outcome.example is not None and outcome.property.for_all:
        yield f"counterexample of {outcome.example.size} facts"
    if outcome.across is not None:
        yield from _across_said(outcome.across)
    elif outcome.undecided and outcome.holds is not None:
        yield f"not decided under other readings: {why_open}"


def _across_said(across: Across) -> Iterator[str]:
    if across.extent != "some":
        yield f"under {across.extent} of {across.of:,} combinations of readings"
        return
    settings = " or ".join(" with ".join(f"{n}={o}" for n, o in setting.items()) for setting in across.failing)
    yield f"under {across.holding:,} of {across.of:,} combinations of readings, not with {settings}"
    if across.differing:
        yield f"other than known under {across.differing:,} of them"


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many properties hold, and whether that is as known."""
    outcomes = [outcome for outcome in outcomes if outcome.applies]
    holding = sum(outcome.holds is True for outcome in outcomes)
    other = sum(not outcome.as_expected() for outcome in outcomes)
    as_known = "all as known" if not other else f"{other} other than known"
    failing = sum(outcome.holds is False for outcome in outcomes)
    undecided = len(outcomes) - holding - failing
    told = f"{len(outcomes)} properties: {holding} hold, {failing} do not"
    return f"{told}{f', {undecided} not decided' if undecided else ''}; {as_known}"


def write_examples(folder: str, outcome: Outcome) -> None:
    """Write the evidence that shows how a property comes out, as a file that can be evaluated."""
    name = "-".join((outcome.property.name, *map(str, outcome.property.args)))
    for suffix, evidence in (("", outcome.example), ("-after", outcome.after)):
        if evidence is not None:
            _write(os.path.join(folder, f"{name}{suffix}.lp"), evidence)


def _write(path: str, evidence: Evidence) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(evidence.as_lp())
