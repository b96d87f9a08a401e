"""A workbook: a sheet for each table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from itss_logic import limits
from itss_logic.documents import DocumentError
from itss_logic.errors import Place, Refusal
from itss_logic.intake.bundles import Row
from itss_logic.intake.cell_references import letters
from itss_logic.intake.cells import Cells, plain
from itss_logic.intake.headings import MARK, Heading, Misplaced, sheet_names, table_of
from itss_logic.intake.layout import Cell, Layout, Table
from itss_logic.intake.marked import Passed
from itss_logic.intake.merges import Merges
from itss_logic.intake.package import SAVE, Package
from itss_logic.intake.shared_parts import Book, Sheet
from itss_logic.intake.sheet_xml import Row as SheetRow
from itss_logic.intake.sheet_xml import SheetReader
from itss_logic.intake.sources import CELLS, Found, Places, Source, gathered
from itss_logic.vocabulary import Problem, Vocabulary

WORKSHEET, CHART = "worksheet", "chartsheet"

KEPT = 100 * limits.REFUSALS
"""How many refusals are remembered at most; there may be no end to them."""


class Workbook(Source):
    """The tables of a workbook.

    Args:
        stream: the file.
        file: what it is called.
        vocabulary: what may stand in it.
        warn: is told of what is hidden, and of examples that were changed.

    Raises:
        DocumentError: where the file is no workbook, or one that is not read.
    """

    def __init__(
        self,
        stream: BinaryIO,
        file: str,
        vocabulary: Vocabulary,
        warn: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.layout = Layout(vocabulary, wide=True)
        self.cells = Cells(self.layout)
        self.columns: dict[str, dict[str, str]] = {}
        self.sheets: dict[str, str] = {}
        self.places = Places(file, CELLS, self.sheets, self.columns)
        self.warn = warn
        self.refusals: list[Refusal] = []
        self.passed: list[Passed] = []
        self.read = 0
        self.contents = Book(Package(stream))

    def bundles(self) -> Iterator[Found]:
        """See `Source.bundles`."""
        rows = [row for sheet in self.contents.sheets for row in self._rows(sheet)]
        yield from gathered(rows, self.layout, self.places, self.refusals, self.passed, self.warn)

    def _refuse(self, sheet: str, problem: Problem, row: int = 1, column: int = 0) -> None:
        place = Place(self.places.file, None, None, f"{sheet}!{letters(column)}{row}")
        if len(self.refusals) < KEPT:
            self.refusals.append(Refusal(problem.code, None, place, problem.message, problem.mend))

    def _rows(self, sheet: Sheet) -> list[Row]:
        """The rows of a sheet that are evidence."""
        if plain(sheet.name).startswith(MARK) or sheet.kind == CHART:
            return []
        if sheet.kind != WORKSHEET:
            raise DocumentError("syntax", f"{sheet.name} is a {sheet.kind}, which is not read", f"{SAVE}, without it")
        table = table_of(self.layout, sheet.name)
        if table is None:
            if next(SheetReader(self.contents, sheet).rows(), None) is not None:
                names = ", ".join(sheet_names(self.layout).values())
                mend = f"rename it to one of {names}; or begin its name with {MARK}, and it is not read"
                self._refuse(sheet.name, Problem("unknown_key", "the sheet is named like no table", mend))
            return []
        if table.name in self.sheets:
            message = f"{self.sheets[table.name]} is the same table"
            self._refuse(sheet.name, Problem("conflict", message, "put them together"))
            return []
        self.sheets[table.name] = sheet.name
        return self._evidence(sheet, table)

    def _evidence(self, sheet: Sheet, table: Table) -> list[Row]:
        reader = SheetReader(self.contents, sheet)
        taken = Taken(self, table, Merges([]))
        taken.take(reader)
        if reader.merges:
            # They are told of after the rows that they reach into.
            taken = Taken(self, table, Merges(reader.merges))
            taken.take(SheetReader(self.contents, sheet))
        for row, (problem, at) in taken.wrong:
            self._refuse(sheet.name, problem, row, at)
        if taken.heading is not None and taken.heading.at:
            self.columns[table.name] = {name: letters(at) for name, at in taken.heading.at.items()}
        self.passed += taken.passed
        self.read += len(taken.rows) + len(taken.passed)
        if self.read > limits.ROWS:
            raise DocumentError("too_large", f"the workbook has more than {limits.ROWS} rows", "split it")
        self._warn(sheet, taken, reader)
        return taken.rows

    def _warn(self, sheet: Sheet, taken: Taken, reader: SheetReader) -> None:
        """Tell of evidence that is read and that nobody sees."""
        read = taken.heading.at.values() if taken.heading else ()
        columns = sorted(at for at in read if any(first <= at <= last for first, last in reader.hidden))
        if sheet.is_hidden and taken.rows:
            self.warn(f"{self.places.file}: {sheet.name} is hidden, and read like any sheet")
        if taken.hidden:
            self.warn(f"{self.places.file}: {sheet.name} has hidden rows, which are read like any: {taken.told()}")
        if columns and taken.rows:
            names = ", ".join(map(letters, columns))
            self.warn(f"{self.places.file}: {sheet.name} has hidden columns, which are read like any: {names}")


class Taken:
    """What one pass over a sheet finds: the `rows` that are evidence, what is `wrong`, and which rows are hidden."""

    def __init__(self, workbook: Workbook, table: Table, merges: Merges) -> None:
        self.layout, self.cells = workbook.layout, workbook.cells
        self.table, self.merges = table, merges
        self.heading: Heading | None = None
        self.rows: list[Row] = []
        self.wrong: list[tuple[int, Misplaced]] = []
        self.hidden: list[int] = []
        self.passed: list[Passed] = []

    def take(self, reader: SheetReader) -> None:
        """Go over all rows."""
        place = self.layout.places[self.table.name]
        for row in reader.rows():
            self.merges.fill(row)
            if self.heading is None:
                self._head(row)
                continue
            if self.heading.lacks:
                return
            cells = self._row(self.heading, row)
            if self.heading.passed is not None:
                self.passed.append(Passed(self.table, row.number, *self.heading.passed))
            if cells is not None:
                self.rows.append(Row(place, row.number, cells))
                if row.is_hidden:
                    self.hidden.append(row.number)
            if len(self.rows) + len(self.passed) > limits.ROWS:
                raise DocumentError("too_large", f"the workbook has more than {limits.ROWS} rows", "split it")

    def _head(self, row: SheetRow) -> None:
        """Take the first row that is not blank as the heading."""
        if all(isinstance(value, str) and not value.strip() for value in row.cells.values()):
            return
        self.heading = Heading(self.layout, self.table, [row.cells.get(at) for at in range(max(row.cells) + 1)])
        self._tell((row.number, misplaced) for misplaced in self.heading.problems)

    def _row(self, heading: Heading, row: SheetRow) -> tuple[Cell, ...] | None:
        cells, wrong = heading.row(row.cells, self.cells)
        self._tell((row.number, misplaced) for misplaced in wrong)
        if cells is not None:
            read = [*heading.at.values(), *([] if heading.mark is None else [heading.mark])]
            self._tell(self.merges.took(row, read, heading.mark))
        return cells

    def _tell(self, wrong: Iterable[tuple[int, Misplaced]]) -> None:
        if len(self.wrong) < KEPT:
            self.wrong.extend(wrong)

    def told(self) -> str:
        """The hidden rows, the first of them."""
        some = ", ".join(map(str, self.hidden[:10]))
        return some if len(self.hidden) <= 10 else f"{some} and {len(self.hidden) - 10} more"
