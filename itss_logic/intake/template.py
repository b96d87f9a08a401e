"""The workbook to fill in: a guide, and a sheet for each table with its heading and an example."""

from __future__ import annotations

from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border
from openpyxl.worksheet.hyperlink import Hyperlink

from itss_logic.intake.captions import Captions, raised
from itss_logic.intake.cell_references import letters
from itss_logic.intake.examples import example_cells
from itss_logic.intake.headings import EXAMPLE
from itss_logic.intake.layout import Column, Layout, Table
from itss_logic.intake.look import DARK, THIN, WRAPPED, Look, Styled, filled, font, lines
from itss_logic.intake.workbook_write import drop, save
from itss_logic.shape import STATUS, STATUSES
from itss_logic.vocabulary import SOURCE

BAR_COLOUR = "D9E1F2"

TITLE = Styled(font(size=16, bold=True, color=DARK))
SAID = Styled(font())
BAR = Styled(font(bold=True, color=DARK), filled(BAR_COLOUR), Alignment(vertical="center"))
LINK = Styled(font(bold=True, color=DARK, underline="single"), filled(BAR_COLOUR), Alignment(vertical="center"))
HEAD = Styled(font(size=9, color="595959"), None, WRAPPED, Border(bottom=THIN))
ENTRY = Styled(font(), None, WRAPPED, Border(bottom=THIN))
CODE = Styled(font(color="595959"), None, WRAPPED, Border(bottom=THIN))

GUIDE_WIDTHS = (30, 30, 44, 58)


def write_template(path: str, layout: Layout, language: str) -> None:
    """Write the workbook to fill in, in a language that the policy speaks."""
    captions = Captions(layout, language)
    workbook = Workbook(write_only=True)
    look = Look(workbook, captions)
    try:
        Guide(workbook, captions).write()
        for table in layout.tables:
            look.headed(table, example(captions, table))
        look.close()
    except BaseException:
        drop(workbook)
        raise
    save(workbook, path)


def example(captions: Captions, table: Table) -> list[Any] | None:
    """The cells of the row that shows how a table is filled in, as they are written; None where there is none."""
    cells = example_cells(captions, table)
    if cells is None:
        return None
    written = [captions.cells.write(cell, column) for cell, column in zip(cells, table.columns, strict=True)]
    return [EXAMPLE, *written]


class Guide:
    """The sheet that says what the workbook is, and what may stand in each column of each sheet."""

    def __init__(self, workbook: Workbook, captions: Captions) -> None:
        self.captions, self.say = captions, captions.say
        self.sheet: Any = workbook.create_sheet(captions.say("guide"))
        self.row = 0

    def write(self) -> None:
        """Write all of it."""
        for at, width in enumerate(GUIDE_WIDTHS):
            self.sheet.column_dimensions[letters(at)].width = width
        self.sheet.sheet_view.showGridLines = False
        self.sheet.page_setup.orientation, self.sheet.page_setup.paperSize = "landscape", 9
        self.sheet.page_setup.fitToWidth, self.sheet.page_setup.fitToHeight = 1, 0
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True
        self.sheet.oddFooter.right.text = f"{self.say('page')} &P / &N"
        first = self.captions.layout.tables[0]
        label = self.captions.label
        self._put([TITLE], [self.say("title", category=label(self.captions.vocabulary.category))], 26)
        self._put([], [])
        for text in (
            self.say("about"),
            self.say("about_candidates", sheet=self.captions.sheets[first.name], column=first.columns[0].name),
            self.say("about_rows"),
            self.say("about_columns"),
            self.say("about_values"),
            self.say("about_text"),
            self.say("about_formulas"),
            self.say("about_check"),
        ):
            self._put([SAID], [text])
        self._common()
        for table in self.captions.layout.tables:
            self._put([], [])
            self._table(table)

    def _put(self, styles: list[Styled], texts: list[str], height: float | None = None) -> None:
        self.row += 1
        if height is not None:
            self.sheet.row_dimensions[self.row].height = height
        self.sheet.append([style.cell(self.sheet, text) for style, text in zip(styles, texts, strict=True)])

    def _common(self) -> None:
        """What the columns of every item mean."""
        verified, claimed = map(self.captions.label, STATUSES)
        status = f"{self.say(STATUS)} ({STATUS}): {self.say('status_text', verified=verified, claimed=claimed)}"
        self._put([SAID], [status])
        self._put([SAID], [f"{self.say(SOURCE)} ({SOURCE}): {self.say('source_text')}"])

    def _table(self, table: Table) -> None:
        name = self.captions.sheets[table.name]
        link = LINK.cell(self.sheet, name)
        self.row += 1
        self.sheet.row_dimensions[self.row].height = 20
        link.hyperlink = Hyperlink(ref=f"A{self.row}", location=f"'{name}'!A1", display=name)
        rest = [BAR.cell(self.sheet, text) for text in (self.captions.of_table(table), "", "")]
        self.sheet.append([link, *rest])
        heads = [self.say(head) for head in ("head_name", "head_label", "head_write", "head_values")]
        self._put([HEAD] * 4, heads)
        for columns in grouped(table):
            self._columns(table, columns)

    def _columns(self, table: Table, columns: list[Column]) -> None:
        """A line of one column, or of all that are ticked for one thing."""
        column, captions = columns[0], self.captions
        if column.kind == "tick" and column.predicate is not None:
            name, label = f"{column.predicate.key}.…", captions.label(column.predicate.name)
            values = [self._tick(table, one) for one in columns]
            written = self.say("tick_text")
        else:
            name, label = column.name, captions.of_column(table, column)
            written, values = captions.explained(table, column), self._values(table, column)
        texts = [name, raised(label), written, "\n".join(values)]
        taken = [sum(lines(line, w) for line in t.split("\n")) for t, w in zip(texts, GUIDE_WIDTHS, strict=True)]
        self._put([CODE, ENTRY, ENTRY, ENTRY], texts, 4 + 14.5 * max(taken))

    def _tick(self, table: Table, column: Column) -> str:
        captions = self.captions
        label = " / ".join(captions.label(str(value)) for value in column.values)
        only = captions.only_in(table, column)
        told = f" ({self.say('only_for', fields=captions.joined(only))})" if only else ""
        return f"{label} = {'.'.join(map(str, column.values))}{told}"

    def _values(self, table: Table, column: Column) -> list[str]:
        """The values of a column; by field, where they depend on it."""
        captions, argument = self.captions, column.argument
        written = {name: text if text == name else f"{text} = {name}" for text, name in captions.values(column)}
        if not captions.by_field(table, column) or argument is None or column.predicate is None:
            return list(written.values())
        told = []
        for f in column.predicate.fields:
            told.append(f"[{captions.label(f)}]")
            told += [written[name] for name in captions.vocabulary.values(argument.domain, f)]
        return told


def grouped(table: Table) -> list[list[Column]]:
    """The columns of a table; those that are ticked for one thing together."""
    groups: list[list[Column]] = []
    for column in table.columns:
        last = groups[-1][-1] if groups else None
        if last is not None and column.kind == last.kind == "tick" and column.predicate is last.predicate:
            groups[-1].append(column)
        else:
            groups.append([column])
    return groups
