"""What `itss policy verify` shows: a line or more a property, and files of the evidence that shows it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from itss_logic.assurance.properties import BEYOND, TIME
from itss_logic.export import write_evidence
from itss_logic.tables import folded, pad

if TYPE_CHECKING:
    from itss_logic.assurance.properties import Across, Finding

EDGE = 46
"""Where what is said of a property begins."""

UNDECIDED = {TIME: "the time ran out", BEYOND: "nothing was found up to the bound, and rules may tell more apart"}


def finding_lines(finding: Finding, columns: int | None) -> Iterator[tuple[str, str | None]]:
    """What is said of one property, in lines, each with its colour."""
    one = finding.property
    mark, colour = ("!", "red") if not finding.as_expected() else ("✓", "green") if finding.holds else ("✗", None)
    first, *others = _said(finding)
    subject = " ".join((one.name, *map(str, one.args)))
    for line in folded(f"{mark} {pad(subject, EDGE)}  ", first, columns):
        yield line, colour
    for text in others:
        for line in folded(" " * (EDGE + 4), text, columns):
            yield line, None


def _said(finding: Finding) -> Iterator[str]:
    why_open = UNDECIDED.get(finding.undecided, "")
    how = {True: "holds", False: "does not hold", None: f"not decided: {why_open}"}[finding.holds]
    if not finding.applies:
        how = "is not asked for under these readings"
    if finding.vacuous:
        how += ", but of nobody: no evidence comes that far"
    elif finding.holds is not None and finding.holds is not finding.expected:
        how += f", but is known to {'hold' if finding.expected else 'fail: ' + finding.reason}"
    elif finding.reason and finding.holds is not None:
        how += f", as is known: {finding.reason}"
    yield how
    if finding.clauses:
        yield f"due to {', '.join(finding.clauses)}"
    if finding.added is not None:
        yield f"once there is {finding.added}"
    if finding.example is not None and finding.property.for_all:
        yield f"counterexample of {finding.example.size} facts"
    if finding.across is not None:
        yield from _across_said(finding.across)
    elif finding.undecided and finding.holds is not None:
        yield f"not decided under other readings: {why_open}"


def _across_said(across: Across) -> Iterator[str]:
    if across.extent != "some":
        yield f"under {across.extent} of {across.of:,} combinations of readings"
        return
    settings = " or ".join(" with ".join(f"{n}={o}" for n, o in setting.items()) for setting in across.failing)
    yield f"under {across.holding:,} of {across.of:,} combinations of readings, not with {settings}"
    if across.differing:
        yield f"other than known under {across.differing:,} of them"


def summary(findings: Sequence[Finding]) -> str:
    """How many properties hold, and whether that is as known."""
    findings = [finding for finding in findings if finding.applies]
    holding = sum(finding.holds is True for finding in findings)
    other = sum(not finding.as_expected() for finding in findings)
    as_known = "all as known" if not other else f"{other} other than known"
    failing = sum(finding.holds is False for finding in findings)
    undecided = len(findings) - holding - failing
    told = f"{len(findings)} properties: {holding} hold, {failing} do not"
    return f"{told}{f', {undecided} not decided' if undecided else ''}; {as_known}"


def write_examples(folder: str, finding: Finding) -> None:
    """Write the evidence that shows how a property comes out, as a file that can be evaluated."""
    name = "-".join((finding.property.name, *map(str, finding.property.args)))
    for suffix, evidence in (("", finding.example), ("-after", finding.after)):
        if evidence is not None:
            write_evidence(os.path.join(folder, f"{name}{suffix}.lp"), evidence)
