"""What `itss policy diff` shows: clauses that changed, and evidence on which versions disagree."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itss_logic.comparison import FLIPS
from itss_logic.console import count
from itss_logic.errors import printable
from itss_logic.export import write_evidence
from itss_logic.tables import NOTHING, aligned, folded, pad, said, turned, width

if TYPE_CHECKING:
    from itss_logic.answers import Result
    from itss_logic.assurance.difference import Compared, Difference
    from itss_logic.scenarios import Flip


def table(
    difference: Difference, labels: Mapping[str, str], defaults: Mapping[str, str], columns: int | None
) -> Iterator[str]:
    """The difference between two versions, for people."""
    yield from _clauses(difference, columns)
    yield ""
    yield from _levels(difference.levels, labels, defaults, columns)
    if difference.candidates is not None:
        yield ""
        yield from _changes(difference.candidates, difference.flips, labels)
    yield ""
    yield from aligned([["before", difference.digests[0]], ["after", difference.digests[1]]])


def _clauses(difference: Difference, columns: int | None) -> Iterator[str]:
    yield from (f"+ {id}" for id in difference.added)
    yield from (f"- {id}" for id in difference.removed)
    for clause in difference.changed:
        yield f"~ {clause.clause}"
        names = [pad(name, max(map(width, clause.parts))) for name in clause.parts]
        for name, (before, after) in zip(names, clause.parts.values(), strict=True):
            if isinstance(before, list) and isinstance(after, list):
                yield from (line for text in before for line in _item(name, "- ", text, after, columns))
                yield from (line for text in after for line in _item(name, "+ ", text, before, columns))
            else:
                yield from folded(f"    {name}  ", f"{_value(before)} → {_value(after)}", columns)
    for name, (was, now) in difference.alone.items():
        yield from (f"- {name}: {one}" for one in was)
        yield from (f"+ {name}: {one}" for one in now)
    if any(was or now for was, now in difference.alone.values()):
        yield "compared is what both versions have"
    if not (difference.added or difference.removed or difference.changed):
        yield "no clause differs"


def _item(name: str, sign: str, text: str, others: Sequence[str], columns: int | None) -> Iterator[str]:
    """An item of a list that stands in one version alone."""
    if text not in others:
        yield from folded(f"    {name}  {sign}", text, columns)


def _value(value: Any) -> str:
    return NOTHING if value is None else str(value)


def _levels(
    levels: Sequence[Compared], labels: Mapping[str, str], defaults: Mapping[str, str], columns: int | None
) -> Iterator[str]:
    heads = aligned([[labels.get(level.field, level.field), str(level.level)] for level in levels])
    for head, level in zip(heads, levels, strict=True):
        yield from folded(f"{head}  ", _about(level, defaults), columns)
    for reason in dict.fromkeys(level.undecided for level in levels if level.undecided):
        yield from folded("not known: ", reason, columns)
    for bound in dict.fromkeys(level.bound for level in levels):
        yield from folded("bound: ", bound, columns)


def _about(level: Compared, defaults: Mapping[str, str]) -> str:
    if level.undecided:
        return "not known"
    if level.disagreement is None:
        return "no difference up to the bound, under any readings"
    evidence, readings, before, after = level.disagreement
    under = f" under {', '.join(turned(readings, defaults))}" if readings != defaults else ""
    return f"{_result(before, after)} → {_result(after, before)} on {count(evidence.size, 'fact')}{under}"


def _result(result: Result, other: Result) -> str:
    """A result by what of it the other does not have."""
    if result.verdict != other.verdict:
        return said(result.verdict)
    if result.routes != other.routes:
        return f"{said(result.verdict)} by {', '.join(result.routes) or 'no route'}"
    unmet = [name for name in result.unmet if name not in other.unmet]
    return f"{said(result.verdict)}, {', '.join(unmet) or 'nothing more'} unmet"


def _changes(candidates: int, flips: Sequence[Flip], labels: Mapping[str, str]) -> Iterator[str]:
    rows = [
        [printable(f.candidate), labels.get(f.field, f.field), str(f.level), said(f.before), "→", said(f.after)]
        for f in flips[:FLIPS]
    ]
    if rows:
        yield from aligned(rows)
    if len(flips) > FLIPS:
        yield f"and {len(flips) - FLIPS:,} more; --format json has all"
    yield f"{count(candidates, 'candidate')}, {count(len(flips), 'verdict')} changed"


def write_examples(folder: str, levels: Sequence[Compared]) -> None:
    """Write the evidence on which versions disagree, a file a level, each of which can be evaluated."""
    os.makedirs(folder, exist_ok=True)
    for level in levels:
        if level.disagreement is not None:
            path = os.path.join(folder, f"{level.field}-{level.level}.lp")
            write_evidence(path, level.disagreement.evidence)
