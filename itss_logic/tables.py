"""Tables and checklists for people, and CSV that a spreadsheet can open.

`columns` is the width of the terminal, or None where there is none and no line need be folded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itss_logic.errors import printable

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Clause, Criterion, Reading, Result

MARKS = {"attained": "✓", "deemed": "◇", "pending": "…", "not_attained": "✗"}
"""A sign for each verdict, so that none is told by colour alone."""

COLOURS = {"attained": "green", "deemed": "cyan", "pending": "yellow", "not_attained": None}

NOTHING = "–"
HINGES = "↔"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula."""

LEAST_COLUMNS = 30
"""Text gets a line of its own rather than fewer columns than these."""


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int) -> str:
    """Text filled up with spaces."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """Text in at most so many columns."""
    if width(text) <= columns:
        return text
    kept = text
    while width(kept) >= columns:
        kept = kept[: columns - 1] if len(kept) > columns else kept[:-1]
    return f"{kept}…"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of rows with their columns aligned."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(pad, row, widths)).rstrip() for row in rows]


def wrapped(text: str, columns: int) -> list[str]:
    """Text in lines of at most so many columns, broken at spaces, in overlong words, and between wide characters."""
    lines = [""]
    for part in re.findall(r"\s+|[!-~\u00a1-\u2e7f]+|.", text):
        while width(lines[-1] + part) > columns:
            fitting = 0
            if width(part) > columns:
                while width(lines[-1] + part[: fitting + 1]) <= columns:
                    fitting += 1
            lines[-1] = (lines[-1] + part[:fitting]).rstrip()
            part = part[fitting:].lstrip()
            lines.append("")
        lines[-1] += part
    return [lines[0], *(line for line in lines[1:] if line)]


def folded(prefix: str, text: str, columns: int | None) -> Iterator[str]:
    """A prefix and a text beside it, folded at its own left edge; below it, where there is no room."""
    if columns is None:
        yield prefix + text
        return
    edge = width(prefix)
    if columns - edge < LEAST_COLUMNS:
        if prefix.strip():
            yield prefix.rstrip()
        edge, prefix = 8, ""
    first, *others = wrapped(text, max(columns - edge, LEAST_COLUMNS))
    yield pad(prefix, edge) + first
    yield from (" " * edge + line for line in others)


def overview(
    answers: Sequence[Answer],
    shown: Sequence[tuple[str, int]],
    level: int | None,
    labels: Mapping[str, str],
    columns: int | None,
) -> Iterator[str]:
    """One row a candidate: the highest level in each field and what is pending above it; or one level's verdicts."""
    fields = list(dict.fromkeys(field for field, _ in shown))
    cells = [[_highest(a, f) if level is None else _verdict(a, f, level, shown) for f in fields] for a in answers]
    rows = aligned([[labels.get(f, f) for f in fields], *cells])
    names = ["Candidate", *(printable(answer.candidate) for answer in answers)]
    if columns is not None:
        room = max(columns - 2 - max(map(width, rows)), 8)
        names = [cut(name, room) for name in names]
    yield from aligned(list(zip(names, rows, strict=True)))
    yield ""
    legend = [f"{MARKS['pending']} pending: once claims are confirmed"]
    if level is None:
        legend = [f"{MARKS['deemed']} deemed", *legend, f"{NOTHING} none"]
    if any(result.across is not None for answer in answers for result in answer.results):
        legend.append(f"{HINGES} hinges on readings")
    yield from folded("", "   ".join(legend), columns)


def _highest(answer: Answer, field: str) -> str:
    results = [result for result in answer.results if result.field == field]
    level = answer.highest[field]
    parts = [NOTHING if level is None else str(level)]
    if level is not None and answer.result(field, level).verdict == "deemed":
        parts = [f"{level} {MARKS['deemed']}"]
    pending = max((result.level for result in results if result.verdict == "pending"), default=0)
    if pending > (level or 0):
        parts.append(f"{pending} {MARKS['pending']}")
    hinging = [str(result.level) for result in results if result.hinges_on]
    if hinging:
        parts.append(f"{HINGES} {' '.join(hinging)}")
    return "  ".join(parts)


def _verdict(answer: Answer, field: str, level: int, shown: Sequence[tuple[str, int]]) -> str:
    if (field, level) not in shown:
        return NOTHING
    result = answer.result(field, level)
    hinges = f"  {HINGES}" if result.hinges_on else ""
    return f"{said(result.verdict)}{hinges}"


def checklist(
    answer: Answer, results: Sequence[Result], labels: Mapping[str, str], columns: int | None
) -> Iterator[tuple[str, str | None]]:
    """Lines, each with its colour: the verdict on each level of one candidate and how far each criterion is met."""
    yield printable(answer.candidate), None
    criteria = [criterion for result in results for criterion in result.criteria]
    checks = aligned([[marked(criterion), counted(criterion)] for criterion in criteria])
    edge = max(map(width, checks), default=0)
    rows = iter(checks)
    field = ""
    for result in results:
        if result.field != field:
            field = result.field
            yield "", None
            yield labels.get(field, field), None
        by = f" ({', '.join(result.routes)})" if result.routes else ""
        verdict = f"  {MARKS[result.verdict]} level {result.level}: {result.verdict.replace('_', ' ')}{by}"
        for line in folded(verdict, _dependence(result), columns):
            yield line, COLOURS[result.verdict]
        for criterion in result.criteria:
            for line in folded(f"      {pad(next(rows), edge)}  ", criterion.wording, columns):
                yield line, None


def marked(criterion: Criterion) -> str:
    """A criterion with the sign of how it stands."""
    return f"{MARKS[criterion.verdict]} {criterion.name}"


def counted(criterion: Criterion) -> str:
    """How many witnesses of a criterion were found, of how many."""
    claimed = criterion.found_with_claims - criterion.found
    more = f" (+{claimed} claimed)" if claimed > 0 else ""
    if criterion.found > criterion.required:
        return f"{criterion.found}, {criterion.required} needed{more}"
    return f"{criterion.found} of {criterion.required}{more}"


def _dependence(result: Result) -> str:
    if result.across is None:
        return ""
    on = f"; hinges on {', '.join(result.hinges_on)}" if result.hinges_on else ""
    return f" — reached under {result.across} of the combinations of readings{on}"


def footer(answer: Answer, defaults: Mapping[str, str], changed: Iterable[str], columns: int | None) -> Iterator[str]:
    """What the answers rest on; see `origin`."""
    return origin(answer.policy, answer.readings, defaults, changed, columns)


def turned(readings: Mapping[str, str], defaults: Mapping[str, str]) -> list[str]:
    """The readings that are not the default, as the command line takes them."""
    return [f"{name}={option}" for name, option in readings.items() if defaults[name] != option]


def origin(
    policy: str,
    readings: Mapping[str, str],
    defaults: Mapping[str, str],
    changed: Iterable[str],
    columns: int | None,
) -> Iterator[str]:
    """What is told rests on: the policy, the clauses `changed` in it, and the readings that are not the default."""
    yield f"policy {policy}"
    for ids in filter(None, [", ".join(changed)]):
        yield from folded("changed: ", ids, columns)
    yield from folded("readings: ", ", ".join(turned(readings, defaults)) or "the defaults", columns)


CSV_COLUMNS = ("candidate", "category", "field", "level", "verdict", "routes", "unmet", "across", "hinges_on")
CSV_ORIGIN = ("policy", "evidence", "readings")


def csv_rows(answer: Answer, results: Iterable[Result]) -> Iterator[list[str]]:
    """A row for each level, in the order of `CSV_COLUMNS` and `CSV_ORIGIN`; lists are joined by spaces."""
    readings = " ".join(f"{name}={option}" for name, option in answer.readings.items())
    for r in results:
        row = [answer.candidate, answer.category, r.field, str(r.level), r.verdict, " ".join(r.routes)]
        row += [" ".join(r.unmet), r.across or "", " ".join(r.hinges_on), answer.policy, answer.evidence, readings]
        yield [safe_cell(cell) for cell in row]


def said(verdict: str) -> str:
    """A verdict with its sign, in words."""
    return f"{MARKS[verdict]} {verdict.replace('_', ' ')}"


def safe_cell(cell: str) -> str:
    """A cell of CSV that no spreadsheet takes for a formula: what starts like one, quotes aside, gets another quote."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def clause_table(clauses: Sequence[Clause], columns: int | None) -> Iterator[str]:
    """Every clause: its id, its wording, and the readings that it is open to."""
    edge = max((width(clause.id) for clause in clauses), default=0)
    for clause in clauses:
        wording = clause.wording if clause.before is None else f"{clause.wording} (changed)"
        yield from folded(f"{pad(clause.id, edge)}  ", wording, columns)
        if clause.readings:
            yield from folded(" " * (edge + 2), f"open to {', '.join(clause.readings)}", columns)


def clause_page(clause: Clause, columns: int | None) -> Iterator[str]:
    """All that there is to say about one clause."""
    yield clause.id
    yield from folded("  ", clause.wording, columns)
    yield ""
    rows = [("source", clause.section)]
    rows += [("parameter", line) for line in _parameters(clause.parameters, clause.before or clause.parameters)]
    rows += [("reading", name) for name in clause.readings]
    rows += [("not formalised", text) for text in clause.not_formalised]
    rows += [("rule", place) for place in clause.rules]
    for name, text in rows:
        yield from folded(f"  {pad(name, 14)}  ", text, columns)


def _parameters(parameters: Mapping[str, Any], before: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """A line for each parameter, with what it was before where that is something else."""
    for name, value in parameters.items():
        was = before[name]
        if isinstance(value, dict):
            yield from _parameters(value, was, f"{path}{name}.")
        else:
            yield f"{path}{name}: {_told(value)}" + (f" (before: {_told(was)})" if was != value else "")


def _told(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)


def reading_page(readings: Iterable[Reading], columns: int | None) -> Iterator[str]:
    """The readings with their options, the default first."""
    for reading in readings:
        yield from folded(f"{reading.name}: ", " | ".join(reading.options), columns)
        yield from folded("    ", reading.question, columns)


def not_formalised_page(clauses: Iterable[Clause], columns: int | None) -> Iterator[str]:
    """What no rule takes up, with the clauses it belongs to."""
    texts: dict[str, list[str]] = {}
    for clause in clauses:
        for text in clause.not_formalised:
            texts.setdefault(text, []).append(clause.id)
    for text, ids in texts.items():
        yield from folded("", text, columns)
        yield from folded("    ", ", ".join(ids), columns)
