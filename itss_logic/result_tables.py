"""Tables of what result files hold, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from itss_logic.answers import VERDICTS
from itss_logic.comparison import BETTER, WORSE
from itss_logic.console import count
from itss_logic.errors import printable
from itss_logic.result_files import Opened
from itss_logic.result_forms import Origin, joined
from itss_logic.results import Comparison, Summary
from itss_logic.tables import MARKS, NOTHING, aligned, cut, folded, pad, said, width

BAR = 24
"""Columns of a bar that stands for all candidates."""

ORIGINS = 10
"""How many origins a table tells at most."""

Rows = list[list[str]]


class Speech:
    """How a table calls what results name: by the labels of the policy, where it is at hand.

    `defaults` are the options of its readings that need no mention; `wording` tells what a criterion asks for, or
    nothing.
    """

    def __init__(
        self,
        labels: Mapping[str, str] | None = None,
        defaults: Mapping[str, str] | None = None,
        wording: Callable[[tuple[str, int, str]], str] = lambda key: "",
    ) -> None:
        self.labels, self.defaults, self.wording = labels or {}, defaults, wording

    def label(self, name: str) -> str:
        """What a person calls a field or a criterion."""
        return self.labels.get(name) or printable(name)

    def readings(self, readings: Mapping[str, str] | None) -> str:
        """The readings that are not the default; all of them, where the defaults are not known."""
        if readings is None:
            return "not told"
        others = {n: option for n, option in readings.items() if (self.defaults or {}).get(n) != option}
        if not others:
            return "the defaults" if self.defaults else "none"
        return printable(", ".join(joined(others.items()).split(" ")))


def summary_table(summary: Summary, speech: Speech, columns: int | None) -> Iterator[str]:
    """Verdicts by field and level, the highest levels, what alone is missing, and what all that rests on."""
    yield count(summary.candidates, "candidate")
    if summary.repeated:
        yield f"more than once, and counted as often but for the highest level: {count(summary.repeated, 'candidate')}"
    yield ""
    yield from _verdicts(summary, speech, columns)
    yield ""
    yield from _highest(summary, speech)
    if summary.soles:
        yield ""
        yield from _soles(summary, speech, columns)
    yield ""
    yield from origin_lines(summary.origins, speech, columns)


def _verdicts(summary: Summary, speech: Speech, columns: int | None) -> Iterator[str]:
    """Counts, shares and a bar for each level; what does not fit into the terminal is left out, the bar first."""
    lines: list[str] = []
    for numbers, shares, bars in ((True, True, True), (True, True, False), (False, True, False)):
        rows = [["Field", "Level", *map(said, VERDICTS), *([""] if bars else [])]]
        for field, level in summary.levels:
            total = summary.total(field, level)
            found = [summary.counts.get((field, level, verdict), 0) for verdict in VERDICTS]
            cells = [_cell(number, total, numbers, shares) for number in found]
            rows.append([speech.label(field), str(level), *cells, *([_bar(found, total)] if bars else [])])
        lines = aligned(_right(rows, range(1, 2 + len(VERDICTS))))
        if columns is None or max(map(width, lines)) <= columns:
            break
    yield from lines


def _cell(number: int, total: int, with_number: bool, with_share: bool) -> str:
    if not number:
        return NOTHING
    share = f"{_percent(number, total):>7}" if with_share else ""
    return f"{number:,}{share}" if with_number else share.strip()


def _percent(number: int, total: int) -> str:
    """A share in percent; neither nothing nor all, where it is not that."""
    percent = 100 * number / total
    if number and percent < 0.05:
        return "<0.1%"
    return ">99.9%" if number < total and percent >= 99.95 else f"{percent:.1f}%"


def _bar(numbers: Sequence[int], total: int) -> str:
    """A bar of signs, each verdict's as long as its share."""
    edges = [round(BAR * sum(numbers[: place + 1]) / total) for place in range(len(numbers))]
    starts = [0, *edges[:-1]]
    return "".join(MARKS[v] * (end - start) for v, start, end in zip(VERDICTS, starts, edges, strict=True))


def _highest(summary: Summary, speech: Speech) -> Iterator[str]:
    levels = sorted({level for _, level in summary.levels})
    rows = [["Highest level held", NOTHING, *map(str, levels)]]
    for field in summary.fields:
        total = sum(summary.highest.get((field, top), 0) for top in summary.tops(field))
        tops = set(summary.tops(field))
        told = [
            _cell(summary.highest.get((field, top), 0), total, True, True) if top in tops else ""
            for top in [None, *levels]
        ]
        rows.append([speech.label(field), *told])
    yield from aligned(_right(rows, range(1, 2 + len(levels))))


def _soles(summary: Summary, speech: Speech, columns: int | None) -> Iterator[str]:
    """Who would attain a level but for one criterion."""
    head = ["Would attain", "Level", "but for", "Candidates", "Share", f"of these {MARKS['pending']} pending"]
    rows = [head]
    for s in summary.soles:
        share = _percent(s.candidates, summary.total(s.field, s.level))
        told = [speech.label(s.field), str(s.level), speech.label(s.criterion), f"{s.candidates:,}", share]
        rows.append([*told, f"{s.pending:,}" if s.pending else NOTHING])
    first, *lines = aligned(_right(rows, (1, 3, 4, 5)))
    edge = max(map(width, [first, *lines]))
    yield first
    for line, s in zip(lines, summary.soles, strict=True):
        wording = speech.wording((s.field, s.level, s.criterion))
        yield from folded(f"{pad(line, edge)}  ", wording, columns) if wording else [line]


def origin_lines(origins: Sequence[Origin], speech: Speech, columns: int | None) -> Iterator[str]:
    """What results rest on: policy, changed clauses, readings and input; where there are several, that first."""
    if len({origin.policy for origin in origins}) > 1:
        yield "MIXED: these results come from several policies"
    if len({None if origin.readings is None else frozenset(origin.readings.items()) for origin in origins}) > 1:
        yield "MIXED: these results come from several readings"
    for origin in origins[:ORIGINS]:
        of = f" ({count(origin.candidates, 'candidate')})" if len(origins) > 1 else ""
        yield from folded("policy ", f"{printable(origin.policy or 'not told')}{of}", columns)
        if origin.changes:
            yield from folded("changed: ", printable(", ".join(origin.changes)), columns)
        yield from folded("readings: ", speech.readings(origin.readings), columns)
        if origin.input:
            yield from folded("input ", printable(origin.input), columns)
        if origin.refused:
            yield f"{count(origin.refused, 'candidate')} refused by the run"
    if len(origins) > ORIGINS:
        yield f"and {len(origins) - ORIGINS} more; --format json tells all"


def comparison_table(found: Comparison, speech: Speech, maximum: int, columns: int | None) -> Iterator[str]:
    """What changed how often, what that is due to, who is in one file only, and the first changes one by one."""
    changed = sum(found.counts.values())
    better = sum(n for (*_, was, now), n in found.counts.items() if VERDICTS.index(now) < VERDICTS.index(was))
    yield f"{count(found.candidates, 'candidate')} in both"
    whom = f" of {count(found.changed_candidates, 'candidate')}" if changed else ""
    way = f": {BETTER}{better} to a better one, {WORSE}{changed - better} to a worse one" if changed else ""
    yield f"{count(changed, 'verdict')}{whom} changed{way}"
    yield from _only(found)
    yield ""
    yield from _causes(found, speech, columns)
    if not changed:
        return
    yield ""
    rows = [["Field", "Level", "Before", "", "After", "Verdicts"]]
    for (field, level, before, after), number in found.counts.items():
        rows.append([speech.label(field), str(level), said(before), "→", said(after), f"{number:,}"])
    yield from aligned(_right(rows, (1, 5)))
    if not maximum:
        return
    yield ""
    rows = [["Candidate", "Field", "Level", "Before", "", "After", "Evidence"]]
    for change in found.changes(maximum):
        who = printable(change.candidate)
        who = who if columns is None else cut(who, max(columns // 4, 8))
        told = [who, speech.label(change.field), str(change.level), said(change.before), "→", said(change.after)]
        rows.append([*told, change.evidence or "not told"])
    yield from aligned(_right(rows, (2,)))
    if changed > maximum:
        yield f"and {changed - maximum:,} more; --max lists more of them, --format csv or json all"


def _only(found: Comparison) -> Iterator[str]:
    for name, number in zip("ab", found.only, strict=True):
        if number:
            first = ", ".join(cut(printable(who), 40) for who in found.only_in(name, 5))
            yield f"{count(number, 'candidate')} in {name.upper()} only: {first}{', …' if number > 5 else ''}"
    for name, levels, number in zip("AB", found.levels_of_one, found.not_compared, strict=True):
        if number:
            which = ", ".join(f"{cut(printable(field), 40)} {level}" for field, level in levels[:10])
            yield f"{count(number, 'verdict')} in {name} only, and not compared{': ' if which else ''}{which}"


def _causes(found: Comparison, speech: Speech, columns: int | None) -> Iterator[str]:
    """Whether policy, readings and evidence differ, and which changes these may account for."""
    sides = (found.a, found.b)
    yield from _differing("policy", found.same_policy, [_policies(side) for side in sides], columns)
    readings = [_listed(speech.readings(origin.readings) for origin in side.origins) for side in sides]
    yield from _differing("readings", found.same_readings, readings, columns)
    if not found.evidence_by_candidate and found.same_input is not True:
        inputs = [_listed(origin.input or "not told" for origin in side.origins) for side in sides]
        yield from _differing("input", found.same_input, inputs, columns)
        yield "evidence: the files do not tell whose evidence changed"
    elif found.changed_evidence:
        yield f"evidence: {count(found.changed_evidence, 'candidate')} of those in both with other evidence"
    else:
        yield "evidence: the same"
    on_changed, on_same = found.by_evidence.get("changed", 0), found.by_evidence.get("same", 0)
    if on_changed:
        yield f"{count(on_changed, 'change')} on changed evidence"
    if found.unexplained:
        told = (
            f"{count(on_same, 'change')} on the same evidence, policy and readings: one of the files is not as derived"
        )
        yield from folded("WARNING: ", told, columns)
    elif on_same:
        yield f"{count(on_same, 'change')} on the same evidence: due to the policy or the readings"


def _differing(what: str, same: bool | None, told: Sequence[str], columns: int | None) -> Iterator[str]:
    if same:
        yield from folded(f"{what}: ", f"the same, {told[0]}", columns)
        return
    differs = {"readings": "differ", "input": "differs, in evidence or only in how it is divided into files"}
    yield f"{what}: {'cannot be compared' if same is None else differs.get(what, 'differs')}"
    for name, text in zip("AB", told, strict=True):
        yield from folded(f"    {name}: ", text, columns)


def _policies(side: Opened) -> str:
    told = [
        f"{o.policy or 'not told'}{f' (changed: {chr(44).join(o.changes)})' if o.changes else ''}" for o in side.origins
    ]
    return _listed(told)


def _listed(texts: Iterable[str]) -> str:
    """Texts that differ, one after the other; several are mixed in one file."""
    found = sorted(set(texts))
    told = printable("; ".join(found[:ORIGINS])) + ("; …" if len(found) > ORIGINS else "")
    return f"MIXED: {told}" if len(found) > 1 else told


def _right(rows: Rows, places: Iterable[int]) -> Rows:
    """Rows with the cells of some columns set to the right."""
    made = [list(row) for row in rows]
    for place in places:
        edge = max(width(row[place]) for row in made)
        for row in made:
            row[place] = " " * (edge - width(row[place])) + row[place]
    return made
