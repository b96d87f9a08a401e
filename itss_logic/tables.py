"""Tables and checklists for people, and CSV that a spreadsheet can open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from itss_logic.errors import printable

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Clause, Criterion, Reading, Result

MARKS = {"attained": "✓", "deemed": "◇", "pending": "…", "not_attained": "✗"}
"""A sign for each verdict, so that none is told by colour alone."""

COLOURS = {"attained": "green", "deemed": "cyan", "pending": "yellow", "not_attained": None}

NOTHING = "–"

LEGEND = f"{MARKS['deemed']} deemed   {MARKS['pending']} pending: once claims are confirmed   {NOTHING} none"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula."""


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int) -> str:
    """Text filled up with spaces."""
    return text + " " * (columns - width(text))


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of rows with their columns aligned."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(pad, row, widths)).rstrip()


def overview(answers: Sequence[Answer], fields: Sequence[str], titles: Mapping[str, str]) -> Iterator[str]:
    """One row a candidate: the highest level in each field, and what is pending above it."""
    rows = [["candidate", *(titles.get(f, f) for f in fields)]]
    for answer in answers:
        rows.append([printable(answer.candidate), *(_highest(answer, f) for f in fields)])
    yield from aligned(rows)
    yield ""
    yield LEGEND


def _highest(answer: Answer, field: str) -> str:
    level = answer.highest[field]
    text = NOTHING
    if level is not None:
        deemed = answer.result(field, level).verdict == "deemed"
        text = f"{level} {MARKS['deemed']}" if deemed else str(level)
    pending = [r.level for r in answer.results if r.field == field and r.verdict == "pending"]
    return f"{text}  {max(pending)} {MARKS['pending']}" if pending and max(pending) > (level or 0) else text


def checklist(answer: Answer, results: Sequence[Result], titles: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Lines, each with its colour: the verdict on each level of one candidate and how far each criterion is met."""
    yield printable(answer.candidate), None
    checks = iter(list(aligned([_check(criterion) for result in results for criterion in result.criteria])))
    field = ""
    for result in results:
        if result.field != field:
            field = result.field
            yield "", None
            yield titles.get(field, field), None
        by = f" ({', '.join(result.routes)})" if result.routes else ""
        verdict = result.verdict.replace("_", " ")
        yield (
            f"  {MARKS[result.verdict]} level {result.level}: {verdict}{by}{_dependence(result)}",
            COLOURS[result.verdict],
        )
        for check in islice(checks, len(result.criteria)):
            yield f"      {check}", None


def _check(criterion: Criterion) -> list[str]:
    mark = MARKS["attained" if criterion.is_met else "pending" if criterion.is_met_with_claims else "not_attained"]
    count = f"{criterion.found} of {criterion.required}"
    if criterion.found_with_claims > criterion.found:
        count += f" (+{criterion.found_with_claims - criterion.found} claimed)"
    return [f"{mark} {criterion.name}", count, criterion.wording]


def _dependence(result: Result) -> str:
    if result.across is None:
        return ""
    on = f", hinges on {', '.join(result.hinges_on)}" if result.hinges_on else ""
    return f" — reached under {result.across} of the readings{on}"


def footer(answer: Answer, defaults: Mapping[str, str]) -> Iterator[str]:
    """What the answers rest on: the policy, and the readings that are not the default."""
    other = [f"{name}={option}" for name, option in answer.readings.items() if defaults[name] != option]
    yield f"policy {answer.policy}"
    yield f"readings: {', '.join(other) or 'the defaults'}"


CSV_COLUMNS = ("candidate", "category", "field", "level", "verdict", "routes", "unmet", "across", "hinges_on")
CSV_ORIGIN = ("policy", "evidence", "readings")


def csv_rows(answer: Answer, results: Iterable[Result]) -> Iterator[list[str]]:
    """A row for each level, in the order of `CSV_COLUMNS` and `CSV_ORIGIN`; lists are joined by spaces."""
    readings = " ".join(f"{name}={option}" for name, option in answer.readings.items())
    for r in results:
        row = [answer.candidate, answer.category, r.field, str(r.level), r.verdict, " ".join(r.routes)]
        row += [" ".join(r.unmet), r.across or "", " ".join(r.hinges_on), answer.policy, answer.evidence, readings]
        yield [f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row]


def clause_table(clauses: Iterable[Clause]) -> Iterator[str]:
    """One row a clause."""
    rows = [["clause", "readings", "wording"]]
    rows += [[c.id, ", ".join(c.readings) or NOTHING, c.wording] for c in clauses]
    yield from aligned(rows)


def clause_page(clause: Clause) -> Iterator[str]:
    """All that there is to say about one clause."""
    yield clause.id
    yield f"  {clause.wording}"
    yield ""
    rows = [["source", clause.section]]
    rows += [["parameter", line] for line in _parameters(clause.parameters)]
    rows += [["reading", name] for name in clause.readings]
    rows += [["not formalised", text] for text in clause.not_formalised]
    rows += [["rule", place] for place in clause.rules]
    yield from (f"  {line}" for line in aligned(rows))


def _parameters(parameters: Mapping[str, object], path: str = "") -> Iterator[str]:
    for name, value in parameters.items():
        if isinstance(value, dict):
            yield from _parameters(value, f"{path}{name}.")
        else:
            yield f"{path}{name}: {', '.join(value) if isinstance(value, list) else value}"


def reading_page(readings: Iterable[Reading]) -> Iterator[str]:
    """The readings with their options, the default first."""
    for reading in readings:
        yield f"{reading.name}: {' | '.join(reading.options)}"
        yield f"    {reading.question}"


def not_formalised_page(clauses: Iterable[Clause]) -> Iterator[str]:
    """What no rule takes up, with the clauses it belongs to."""
    texts: dict[str, list[str]] = {}
    for clause in clauses:
        for text in clause.not_formalised:
            texts.setdefault(text, []).append(clause.id)
    for text, ids in texts.items():
        yield text
        yield f"    {', '.join(ids)}"
