"""What came of cases, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from itss_logic.assurance.written import told
from itss_logic.console import count
from itss_logic.errors import printable
from itss_logic.tables import aligned, counted, folded, marked

if TYPE_CHECKING:
    from itss_logic.assurance.coverage import Coverage
    from itss_logic.assurance.running import Counted, Difference, Tried

Coloured: TypeAlias = "tuple[str, str | None]"
"""A line, and its colour, if it has one."""

PASSED, FAILED = "✓", "✗"


def report(files: Sequence[str], tried: Sequence[Tried], columns: int | None) -> Iterator[Coloured]:
    """A line a file, and below them each case that fails with all that is wrong with it."""
    rows, colours = [], []
    for path in files:
        of_file = [one for one in tried if one.case.file == path]
        failed = sum(not one.passed for one in of_file)
        numbers = count(len(of_file), "case") + (f", {failed} failed" if failed else "")
        rows.append([FAILED if failed else PASSED, printable(path), numbers])
        colours.append("red" if failed else "green")
    yield from zip(aligned(rows), colours, strict=True)
    for one in tried:
        if not one.passed:
            yield "", None
            yield f"{FAILED} {printable(one.case.name)}", "red"
            yield from ((line, None) for line in page(one, columns))


def page(tried: Tried, columns: int | None) -> Iterator[str]:
    """What is wrong with a case: where it stands, what it is about, and each fault or difference."""
    case = tried.case
    yield f"    {printable(case.file)}:{case.line}"
    yield from folded("    about ", ", ".join(case.clauses) or "no clause", columns)
    for fault in case.faults:
        where = f":{fault.place.line}" if fault.place.line else ""
        text = printable(f"{fault.message}; {fault.mend}")
        yield from folded(f"    {printable(fault.place.file)}{where}: ", text, columns)
    for difference in tried.differences:
        yield from _difference(difference, columns)


def _difference(difference: Difference, columns: int | None) -> Iterator[str]:
    yield f"    {difference.about}"
    yield from folded("      expected  ", printable(told(difference.expected)), columns)
    yield from folded("      got       ", printable(told(difference.got)), columns)
    yield from _because(difference.why, columns)


def _because(why: Sequence[Counted], columns: int | None) -> Iterator[str]:
    """The criteria as the checklist prints them, each with the items that count toward it."""
    rows = aligned([[marked(one.criterion), counted(one.criterion)] for one in why]) if why else []
    for one, row in zip(why, rows, strict=True):
        yield from folded(f"        {row}  ", one.criterion.wording, columns)
        if one.evidence:
            yield from folded("          on file: ", printable(", ".join(one.evidence)), columns)


def summary(tried: Sequence[Tried], seconds: float) -> Coloured:
    """The last line: how many cases passed, and how long it took."""
    failed = sum(not one.passed for one in tried)
    if failed:
        return f"{FAILED} {failed} of {count(len(tried), 'case')} failed in {seconds:.1f} s", "red"
    return f"{PASSED} {count(len(tried), 'case')} passed in {seconds:.1f} s", "green"


def as_json(policy: str, tried: Iterable[Tried], found: Coverage | None) -> dict[str, Any]:
    """All that came of cases under a policy of this digest, as `itss policy test --format json` prints it."""
    cases = [one.as_json() for one in tried]
    passed = sum(case["passed"] for case in cases)
    result = {"policy": policy, "cases": cases, "passed": passed, "failed": len(cases) - passed}
    return result if found is None else {**result, "coverage": found.as_json()}
