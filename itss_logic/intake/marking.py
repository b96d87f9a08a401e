"""A copy of a workbook in which what is refused is coloured, commented and listed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties

from itss_logic.documents import DocumentError
from itss_logic.errors import QuestionError, Refusal, printable
from itss_logic.intake.cell_references import Area
from itss_logic.intake.files import whole
from itss_logic.intake.headings import MARK
from itss_logic.intake.look import font
from itss_logic.intake.package import Package
from itss_logic.intake.shared_parts import Book
from itss_logic.intake.sheet_xml import SheetReader
from itss_logic.intake.workbook_write import put_into

ERRORS = f"{MARK}errors"

FAULTY = PatternFill("solid", start_color="FFC7CE")

AUTHOR = "itss"

HEADS = ("cell", "code", "candidate", "what is wrong", "mend")
WIDTHS = (30, 20, 20, 60, 70)

SPANNED = 1_000_000
"""The most cells that merged ranges and links of a workbook may span for it to be copied."""

COPIED = 3_000_000
"""The most cells of a workbook that is copied; all of them are in memory then."""

NOTHING = '=""'
"""What stands for a formula whose text is that of another: it is refused like it."""

MENDS = "open it in a spreadsheet program and save it as .xlsx; or mend what the errors tell of"

COMMENTED = 30_000
"""The longest comment, in characters."""


def mark(path: str, copy: str, refusals: Sequence[Refusal]) -> bool:
    """Write a copy of a workbook with the cells of refusals marked, and a first sheet that lists all.

    Formulas stand as the values that they had, so that the copy can be read like the workbook.

    Returns:
        whether formulas were replaced.

    Raises:
        QuestionError: where the workbook cannot be copied.
    """
    formulas = _formulas(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _copying(path):
            # Written again, a formula has no stored value; so it is the values that are kept.
            workbook = load_workbook(path, data_only=True, keep_links=False)
            for (name, reference), text in formulas.unstored.items():
                # What a merged cell covers is not there to be written.
                if hasattr(cell := workbook[name][reference], "comment") and type(cell).__name__ != "MergedCell":
                    cell.value = text
            _unmark(workbook)
            _list(workbook, refusals)
            for sheet, cells in _by_cell(refusals).items():
                if sheet in workbook.sheetnames:
                    for reference, some in cells.items():
                        _mark(workbook[sheet], reference, some)
        with whole(copy) as beside, _copying(path):
            put_into(workbook, beside)
    return formulas.others


@contextmanager
def _copying(path: str) -> Iterator[None]:
    """Makes one error of all that may go wrong with a file that is read here, and that openpyxl does not take."""
    try:
        yield
    except Exception as error:
        why = f"some of it is damaged, or unknown to openpyxl; {MENDS}"
        # openpyxl raises errors of the system, without a number, where a file lacks what it looks for.
        if isinstance(error, OSError) and error.errno is not None:
            why = error.strerror or "it cannot be written"
        raise QuestionError(f"{path} cannot be copied to mark it: {why}") from None


class Formulas(NamedTuple):
    """The formulas that say nothing, by sheet and cell; and whether there are any others."""

    unstored: dict[tuple[str, str], str]
    others: bool


def _formulas(path: str) -> Formulas:
    """The formulas of a workbook.

    Raises:
        QuestionError: where the workbook is such that there would be no end to a copy.
    """
    unstored: dict[tuple[str, str], str] = {}
    spanned = cells = computed = 0
    try:
        with open(path, "rb") as stream:
            workbook = Book(Package(stream))
            _check_parts(workbook.package)
            for sheet in workbook.sheets:
                if sheet.kind != "worksheet":
                    continue
                reader = SheetReader(workbook, sheet, keeps=True)
                cells += sum(len(row.cells) for row in reader.rows())
                spanned += sum(map(_size, [*reader.merges, *reader.links]))
                computed += reader.computed
                unstored |= {
                    (sheet.name, at): text if len(text) > 1 else NOTHING for at, text in reader.formulas.items()
                }
    except DocumentError as error:
        raise QuestionError(f"{path} cannot be copied to mark it: {error.message}; {error.mend}") from None
    if cells > COPIED:
        raise QuestionError(f"{path} cannot be copied to mark it: it has more than {COPIED:,} cells; see the errors")
    if spanned > SPANNED:
        raise QuestionError(f"{path} cannot be copied to mark it: its merged ranges and links span {spanned:,} cells")
    return Formulas(unstored, computed > 0)


def _check_parts(package: Package) -> None:
    """See that no part, read or not, has what the parser that copies them might not withstand.

    Raises:
        DocumentError: where one has.
    """
    for name in package.parts:
        if name.endswith((".xml", ".rels")):
            for _ in package.parsed(name, {}):
                pass


def _size(area: Area) -> int:
    return (area.bottom - area.top + 1) * (area.right - area.left + 1)


def _by_cell(refusals: Iterable[Refusal]) -> dict[str, dict[str, list[Refusal]]]:
    """Refusals by sheet and cell."""
    found: dict[str, dict[str, list[Refusal]]] = {}
    for refusal in refusals:
        sheet, mark, reference = (refusal.place.path or "").rpartition("!")
        if mark:
            found.setdefault(sheet, {}).setdefault(reference, []).append(refusal)
    return found


def _unmark(workbook: Any) -> None:
    """Take off what an earlier call marked: what was mended since is to look so."""
    for sheet in workbook.worksheets:
        # Those that there are; a sheet's own iterators make all others in between.
        for cell in list(sheet._cells.values()):
            if getattr(cell, "comment", None) is not None and cell.comment.author == AUTHOR:
                cell.comment = None
                cell.fill = PatternFill()


def _mark(sheet: Any, reference: str, refusals: Sequence[Refusal]) -> None:
    told = "\n\n".join(f"{r.code}: {printable(r.message)}; {printable(r.mend)}" for r in refusals)
    cell = sheet[reference]
    if not hasattr(cell, "comment") or type(cell).__name__ == "MergedCell":
        area = next(area for area in sheet.merged_cells.ranges if reference in area)
        cell = sheet.cell(area.min_row, area.min_col)
    before = f"{cell.comment.text}\n\n" if cell.comment else ""
    cell.comment = Comment(
        (before + told)[:COMMENTED], AUTHOR, width=360, height=40 + 18 * min(20, 1 + len(told) // 45)
    )
    cell.fill = FAULTY


def _list(workbook: Any, refusals: Sequence[Refusal]) -> None:
    """Put a sheet first that lists all refusals, each with a link to its cell."""
    for name in [name for name in workbook.sheetnames if name == ERRORS]:
        del workbook[name]
    sheet = workbook.create_sheet(ERRORS, 0)
    for at, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[chr(64 + at)].width = width
        head = sheet.cell(1, at, HEADS[at - 1])
        head.font, head.fill = font(bold=True), FAULTY
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for row, refusal in enumerate(refusals, 2):
        texts = (refusal.place.path or "", refusal.code, refusal.candidate or "", refusal.message, refusal.mend)
        for at, text in enumerate(texts, 1):
            cell = sheet.cell(row, at)
            cell.value = printable(text)
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = font()
        name, mark, reference = texts[0].rpartition("!")
        if mark and name in workbook.sheetnames:
            link = sheet.cell(row, 1)
            location = f"'{name.replace(chr(39), 2 * chr(39))}'!{reference}"
            link.hyperlink = Hyperlink(ref=link.coordinate, location=location, display=link.value)
            link.font = font(underline="single", color="0563C1")
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is sheet
    workbook.active = 0
