"""How the sheets of a workbook to fill in look: headings, widths, drop-down lists, frozen panes, printing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation

from itss_logic.intake.captions import Captions
from itss_logic.intake.cell_references import LAST_ROW, letters
from itss_logic.intake.headings import EXPLAINED, MARK
from itss_logic.intake.layout import Column, Table
from itss_logic.shape import STATUS
from itss_logic.vocabulary import SOURCE

TEXT = "@"
"""The format of cells that a spreadsheet leaves as they are written."""

TRUTH = '"TRUE";"TRUE";"FALSE"'
"""The format of what holds; some programs show a number otherwise."""

INLINE = 250
"""The longest drop-down list, in characters, that stands in the sheet itself."""

LISTS = f"{MARK}lists"

TINTS = ("DDEBF7", "E2EFDA", "FFF2CC", "FCE4D6", "E4DFEC", "DAEEF3")
"""The colours of columns, one after the other for each thing that columns say."""

DARK, GREY, PALE, SAMPLE = "305496", "D9D9D9", "F5F5F5", "FFFDF0"

WIDTHS = {"candidate": 16, "owner": 18, "id": 20, "field": 20, "truth": 12, "flag": 13, "tick": 14, "number": 14}
MARK_WIDTH = 9

PAGE = 190
"""How wide the columns of a printed page are together, at most."""


def wide(text: str) -> int:
    """How many columns of letters a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def lines(text: str, width: float, size: int = 11) -> int:
    """About how many lines a text takes in a column."""
    return max(1, -(-wide(text) * size // int((width - 1) * 11)))


class Styled(NamedTuple):
    """How a cell looks."""

    font: Font
    fill: PatternFill | None = None
    alignment: Alignment | None = None
    border: Border | None = None
    format: str = "General"

    def cell(self, sheet: Any, value: Any) -> Any:
        """A cell of a sheet with a value, whose text is never taken for anything else."""
        cell = WriteOnlyCell(sheet, value)
        if isinstance(value, str):
            cell.data_type = "s"
        cell.font = self.font
        cell.number_format = self.format if isinstance(value, str) else TRUTH if value is True else "General"
        if self.fill is not None:
            cell.fill = self.fill
        if self.alignment is not None:
            cell.alignment = self.alignment
        if self.border is not None:
            cell.border = self.border
        return cell


def font(size: int = 11, color: str = "000000", **others: Any) -> Font:
    """The one font of the workbook."""
    return Font(name="Calibri", size=size, color=color, **others)


def filled(colour: str) -> PatternFill:
    """A plain colour."""
    return PatternFill("solid", start_color=colour)


WRAPPED = Alignment(wrap_text=True, vertical="top")
THIN = Side(style="thin", color="BFBFBF")
NAMED = Styled(font(size=8, color="7F7F7F", italic=True))
EXPLAINING = Styled(font(size=8, color="595959"), filled(PALE), WRAPPED, Border(bottom=THIN))
SAMPLED = Styled(font(italic=True, color="7F7F7F"), filled(SAMPLE), None, Border(bottom=THIN), TEXT)


class Look:
    """Writes what stands above the rows of tables, and what surrounds them.

    Args:
        workbook: a workbook that is written row by row.
        captions: what its sheets say.
    """

    def __init__(self, workbook: Workbook, captions: Captions) -> None:
        self.workbook, self.captions = workbook, captions
        self.lists: dict[tuple[str, ...], str] = {}

    def headed(self, table: Table, example: Sequence[Any] | None = None) -> Any:
        """A new sheet for a table with its heading, and an example where one is given."""
        sheet = self.workbook.create_sheet(self.captions.sheets[table.name])
        texts = [(self.captions.of_column(table, c), self.captions.explained(table, c)) for c in table.columns]
        texts = [(EXPLAINED, EXPLAINED), *texts]
        widths = [MARK_WIDTH, *(self._width(c, label) for c, (label, _) in zip(table.columns, texts[1:], strict=True))]
        first = 5 if example else 4
        ids = next((at for at, c in enumerate(table.columns) if not self.captions.identifies(c)), len(table.columns))
        sheet.freeze_panes = f"{letters(ids + 1)}{first}"
        sheet.sheet_properties.tabColor = DARK
        for at, width in enumerate(widths):
            dimension = sheet.column_dimensions[letters(at)]
            dimension.width = width
            if at and table.columns[at - 1].is_text:
                dimension.number_format = TEXT
        sheet.row_dimensions[2].height = 4 + 15 * max(lines(t, w) for (t, _), w in zip(texts, widths, strict=True))
        sheet.row_dimensions[3].height = 4 + 11.5 * max(lines(t, w, 8) for (_, t), w in zip(texts, widths, strict=True))
        self._printed(sheet, table, ids, sum(widths))
        for validation in self._validations(table, first):
            sheet.data_validations.append(validation)
        self._rows(sheet, table, [label for label, _ in texts], [text for _, text in texts])
        if example:
            sheet.append([SAMPLED.cell(sheet, value) for value in example])
        return sheet

    def _rows(self, sheet: Any, table: Table, labels: list[str], texts: list[str]) -> None:
        sheet.append([NAMED.cell(sheet, name) for name in (MARK, *(c.name for c in table.columns))])
        colours = [GREY, *self._colours(table)]
        sheet.append([self._label(c).cell(sheet, label) for c, label in zip(colours, labels, strict=True)])
        sheet.append([EXPLAINING.cell(sheet, text) for text in texts])

    def _label(self, colour: str) -> Styled:
        own = font(bold=True, color="FFFFFF" if colour == DARK else "000000")
        return Styled(own, filled(colour), WRAPPED, Border(left=THIN, right=THIN))

    def _colours(self, table: Table) -> list[str]:
        """A colour for each column: one for what identifies a row, and one for each thing that it says."""
        tints: dict[str, str] = {}
        colours = []
        for column in table.columns:
            if column.required:
                colours.append(DARK)
            elif column.kind in (STATUS, SOURCE) or column.predicate is None:
                colours.append(GREY)
            else:
                name = column.predicate.name
                colours.append(tints.setdefault(name, TINTS[len(tints) % len(TINTS)]))
        return colours

    def _width(self, column: Column, label: str) -> float:
        if column.kind in WIDTHS:
            return WIDTHS[column.kind]
        longest = max((wide(text) for text, _ in self.captions.values(column)), default=22)
        return min(max(longest + 3, 14), 34)

    def _printed(self, sheet: Any, table: Table, ids: int, width: float) -> None:
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = -(-int(width) // PAGE), 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_title_rows, sheet.print_title_cols = "2:2", f"A:{letters(ids)}"
        sheet.oddHeader.left.text = self.captions.of_table(table).replace("&", "&&")
        sheet.oddFooter.right.text = f"{self.captions.say('page')} &P / &N"

    def _validations(self, table: Table, first: int) -> Iterable[DataValidation]:
        for at, column in enumerate(table.columns, 1):
            found = self._validation(table, column, first)
            if found is not None:
                found.add(f"{letters(at)}{first}:{letters(at)}{LAST_ROW}")
                yield found

    def _validation(self, table: Table, column: Column, first: int) -> DataValidation | None:
        say, argument = self.captions.say, column.argument
        if column.kind == "number" and argument is not None:
            least, greatest = self.captions.vocabulary.ranges[argument.domain]
            found = DataValidation("whole", operator="between", formula1=str(least), formula2=str(greatest))
            return _told(found, say("wrong_number", least=f"{least:,}", greatest=f"{greatest:,}"), "stop")
        if column.kind in ("truth", "flag", "tick"):
            formula = '"TRUE,FALSE"' if column.kind == "truth" else '"TRUE"'
            return _told(DataValidation("list", formula1=formula), say("wrong_value"), "stop")
        if column.kind in ("candidate", "owner") and table.predicate is not None:
            known = self._known(table, column)
            formula = self._stated(known, first)
            return _told(
                DataValidation("list", formula1=formula),
                say("wrong_candidate", sheet=self.captions.sheets[known.name]),
                "warning",
            )
        texts = tuple(text for text, _ in self.captions.values(column))
        if not texts:
            return None
        return _told(DataValidation("list", formula1=self._list(texts)), say("wrong_value"), "stop")

    def _known(self, table: Table, column: Column) -> Table:
        """The table in which the ids of a column stand."""
        if column.kind == "owner" and table.owner is not None:
            return self.captions.owner_table(table.owner)
        return self.captions.layout.tables[0]

    def _stated(self, table: Table, first: int) -> str:
        """The ids that stand in another sheet, as far down as they go."""
        at = next(at for at, c in enumerate(table.columns, 1) if c.kind == ("id" if table.predicate else "candidate"))
        column = f"'{self.captions.sheets[table.name]}'!${letters(at)}"
        return f"OFFSET({column}${first},0,0,MAX(1,COUNTA({column}${first}:${letters(at)}${LAST_ROW})),1)"

    def _list(self, texts: tuple[str, ...]) -> str:
        """A drop-down list: in the sheet itself where it is short, or else in a sheet of lists."""
        line = ",".join(texts)
        if len(line) <= INLINE and line.count(",") == len(texts) - 1 and '"' not in line:
            return f'"{line}"'
        if texts not in self.lists:
            column = letters(len(self.lists))
            self.lists[texts] = f"'{LISTS}'!${column}$1:${column}${len(texts)}"
        return self.lists[texts]

    def close(self) -> None:
        """Add the sheet of lists, which nobody needs to see."""
        if not self.lists:
            return
        sheet = self.workbook.create_sheet(LISTS)
        sheet.sheet_state = "hidden"
        columns = list(self.lists)
        plain = Styled(font())
        for at in range(max(map(len, columns))):
            sheet.append([plain.cell(sheet, texts[at] if at < len(texts) else None) for texts in columns])


def _told(validation: DataValidation, error: str, style: Literal["stop", "warning"]) -> DataValidation:
    validation.error, validation.errorStyle = error, style
    validation.showErrorMessage = validation.allow_blank = True
    return validation
