"""Tables of what changes between answers, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from itss_logic.answers import VERDICTS
from itss_logic.console import count
from itss_logic.errors import printable
from itss_logic.tables import NOTHING, aligned, cut, folded, pad, said, width

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Result
    from itss_logic.impact import Impact
    from itss_logic.scenarios import Effect, Flip

BETTER, WORSE = "▲", "▼"


def changes_table(
    before: Sequence[Answer], effect: Effect, labels: Mapping[str, str], columns: int | None
) -> Iterator[str]:
    """A row for each level of which something is another than before: its verdict, or which criteria are unmet."""
    told: list[tuple[list[str], str]] = []
    for one, other in zip(before, effect.after, strict=True):
        for was, now in zip(one.results, other.results, strict=True):
            if (was.verdict, was.unmet) != (now.verdict, now.unmet):
                row = [printable(one.candidate), labels.get(was.field, was.field), str(was.level)]
                told.append(([*row, _verdict(was), "→", _verdict(now)], _criteria(was, now)))
    if not told:
        yield "nothing changes"
        return
    header = ["Candidate", "Field", "Level", "Before", "", "After"]
    head, *lines = aligned([header, *(_narrow(row, columns) for row, _ in told)])
    edge = max(map(width, lines))
    yield head
    for line, (_, criteria) in zip(lines, told, strict=True):
        yield from folded(f"{pad(line, edge)}  ", criteria, columns)
    yield ""
    count = len(effect.changes)
    yield f"{count} {'verdict changes' if count == 1 else 'verdicts change'}"


def scenario_table(
    before: Sequence[Answer], effects: Mapping[str, Effect], labels: Mapping[str, str], columns: int | None
) -> Iterator[str]:
    """A row for each level whose verdict is another in some scenario, with its verdict in each that changes it."""
    shown: list[list[str]] = []
    for number, answer in enumerate(before):
        for place, was in enumerate(answer.results):
            others = [effect.after[number].results[place] for effect in effects.values()]
            if any(now.verdict != was.verdict for now in others):
                row = [printable(answer.candidate), labels.get(was.field, was.field), str(was.level), _verdict(was)]
                shown.append(row + [NOTHING if now.verdict == was.verdict else _verdict(now) for now in others])
    if shown:
        header = ["Candidate", "Field", "Level", "Before", *(printable(name) for name in effects)]
        yield from aligned([_narrow(row, columns) for row in [header, *shown]])
        yield ""
    counts = [[f"{printable(name)}:", str(len(effect.changes))] for name, effect in effects.items()]
    yield from (f"{line} of the verdicts change" for line in aligned(counts))


FLIPS = 20
"""How many flips a table tells one by one at most."""


def impact_table(impact: Impact, labels: Mapping[str, str], columns: int | None) -> Iterator[str]:
    """How many candidates have each verdict before and after, how many flip each way, because of what, and who."""
    rows = [["Field", "Level", *map(said, VERDICTS), "Flips"]]
    for field, level in impact.levels:
        ways = [_is_better(flip) for flip, _ in impact.flips if (flip.field, flip.level) == (field, level)]
        counts = [(impact.before.get((field, level, v), 0), impact.after.get((field, level, v), 0)) for v in VERDICTS]
        cells = [str(was) if was == now else f"{was} → {now}" for was, now in counts]
        told = f"{BETTER}{sum(ways)} {WORSE}{len(ways) - sum(ways)}" if ways else NOTHING
        rows.append([labels.get(field, field), str(level), *cells, told])
    yield from aligned(rows)
    yield ""
    whole = f"{count(impact.candidates, 'candidate')}, {count(len(impact.flips), 'verdict')} flipped"
    better = sum(_is_better(flip) for flip, _ in impact.flips)
    yield f"{whole}: {BETTER}{better} to a better one, {WORSE}{len(impact.flips) - better} to a worse one"
    if not impact.flips:
        return
    yield ""
    causes = Counter(because for _, because in impact.flips)
    yield from aligned([["Because of", "Flips"], *([" and ".join(c), str(n)] for c, n in causes.most_common())])
    yield ""
    shown = [["Candidate", "Field", "Level", "Before", "", "After", "Because of"]]
    for flip, because in impact.flips[:FLIPS]:
        who = [printable(flip.candidate), labels.get(flip.field, flip.field), str(flip.level)]
        shown.append([*who, said(flip.before), "→", said(flip.after), " and ".join(because)])
    yield from aligned([_narrow(row, columns) for row in shown])
    if len(impact.flips) > FLIPS:
        yield f"and {len(impact.flips) - FLIPS} more; --format json tells all"


def _is_better(flip: Flip) -> bool:
    return VERDICTS.index(flip.after) < VERDICTS.index(flip.before)


def _verdict(result: Result) -> str:
    return said(result.verdict)


def _criteria(was: Result, now: Result) -> str:
    """Which criteria are met now or no longer, and which are unmet still."""
    parts = {
        "now met": [name for name in was.unmet if name not in now.unmet],
        "no longer met": [name for name in now.unmet if name not in was.unmet],
        "still unmet": [name for name in now.unmet if name in was.unmet],
    }
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)


def _narrow(row: list[str], columns: int | None) -> list[str]:
    """A row whose name is cut where the terminal is too narrow for long ones."""
    return row if columns is None else [cut(row[0], max(columns // 4, 8)), *row[1:]]
