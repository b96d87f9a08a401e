"""The trace of a policy for people: tables for a terminal, and a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from itss_logic.assurance.cases import CODES
from itss_logic.assurance.trace import Gap, Trace
from itss_logic.console import count
from itss_logic.errors import printable
from itss_logic.tables import NOTHING, aligned, folded, pad, width


def table(trace: Trace, columns: int | None, *, verbose: bool) -> Iterator[str]:
    """A row a clause; with `verbose` also one a rule and one a case; and what is missing."""
    rows = [["Clause", "Cases", "Section"]]
    rows += [[clause.id, str(len(clause.cases)), _said(clause.section)] for clause in trace.clauses]
    yield from _beside(rows, ["Rules", *(files(clause.rules) for clause in trace.clauses)], columns)
    if verbose:
        yield ""
        set_at = [(f"{c.id}.{name}", files(places)) for c in trace.clauses for name, places in c.parameters.items()]
        yield from _listed(("Parameter", "Set at"), set_at, columns)
        yield ""
        by_rule = [(place, ", ".join(ids)) for place, ids in trace.rules.items()]
        yield from _listed(("Rule", "Clauses"), by_rule, columns)
        yield ""
        for case in trace.cases:
            yield from folded("", printable(f"{case.title} ({case.file}:{case.line})"), columns)
            yield from folded("    ", _said(", ".join(map(printable, case.clauses))), columns)
    yield ""
    for gap in trace.gaps:
        yield from folded("", told(gap), columns)
    yield from folded("", summary(trace), columns)


def told(gap: Gap) -> str:
    """A gap in words, with its place and its code."""
    about = f" ({printable(gap.subject)})" if gap.gap in CODES else ""
    return f"{printable(gap.place)}: {gap.gap}{about}: {printable(gap.message)}"


def summary(trace: Trace) -> str:
    """How much there is, and how many gaps."""
    parts = [count(len(trace.clauses), "clause"), count(len(trace.rules), "rule"), count(len(trace.cases), "case")]
    return f"{', '.join(parts)}: {count(len(trace.gaps), 'gap') if trace.gaps else 'no gaps'}; policy {trace.policy}"


def files(places: Iterable[str]) -> str:
    """Places in files, the lines of each file together, the folder left out."""
    lines: dict[str, list[str]] = {}
    for place in places:
        file, _, line = place.rpartition(":")
        lines.setdefault(file.rpartition("/")[2], []).append(line)
    return "  ".join(f"{file}:{','.join(numbers)}" for file, numbers in lines.items()) or NOTHING


def markdown(trace: Trace, title: str) -> Iterator[str]:
    """The trace as a document: every clause with what is about it, every rule and every case with its clauses."""
    yield f"# {_escaped(title)}: clauses, rules and cases"
    yield ""
    yield _escaped(summary(trace))
    numbers: dict[str, list[str]] = {}
    for number, case in enumerate(trace.cases, start=1):
        for id in case.clauses:
            numbers.setdefault(id, []).append(str(number))
    rows: list[Sequence[str]] = [
        (c.id, _said(c.section), files(c.rules), _set_at(c.parameters), _said(", ".join(numbers.get(c.id, ()))))
        for c in trace.clauses
    ]
    yield from _section("Clauses", ("Clause", "Source section", "Rules", "Parameters", "Cases"), rows)
    rows = [(place, _said(", ".join(ids))) for place, ids in trace.rules.items()]
    yield from _section("Rules", ("Rule", "Clauses"), rows)
    rows = [
        (str(number), case.title, f"{case.file}:{case.line}", _said(", ".join(case.clauses)))
        for number, case in enumerate(trace.cases, start=1)
    ]
    yield from _section("Cases", ("", "Case", "Place", "Clauses"), rows)
    rows = [(gap.place, gap.gap, gap.subject, gap.message) for gap in trace.gaps]
    if rows:
        yield from _section("Gaps", ("Place", "Gap", "Subject", "What is missing"), rows)
    else:
        yield from ("", "## Gaps", "", "There are none.")


def _section(title: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield _row(names)
    yield _row(["---"] * len(names))
    yield from (_row(map(_escaped, row)) for row in rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it stands, in one cell."""
    return re.sub(r"([\\`*_{}\[\]<>#|&~$!])", r"\\\1", printable(text))


def _set_at(parameters: dict[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{name}: {files(places)}" for name, places in parameters.items()) or NOTHING


def _said(text: str) -> str:
    return text or NOTHING


def _listed(names: tuple[str, str], rows: Iterable[tuple[str, str]], columns: int | None) -> Iterator[str]:
    pairs = [names, *rows]
    yield from _beside([[name] for name, _ in pairs], [_said(text) for _, text in pairs], columns)


def _beside(rows: Sequence[Sequence[str]], texts: Sequence[str], columns: int | None) -> Iterator[str]:
    """Aligned cells, and beside each row a text that is folded at its own edge."""
    cells = aligned(rows)
    edge = max(map(width, cells))
    for line, text in zip(cells, texts, strict=True):
        yield from folded(f"{pad(line, edge)}  ", text, columns)
