"""Evidence out: candidates as the rows of a workbook."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.writer.excel import ExcelWriter

from itss_logic import limits
from itss_logic.errors import QuestionError, shorten
from itss_logic.intake.bundles import Bundle, NoPlaceError, Row
from itss_logic.intake.captions import Captions
from itss_logic.intake.cell_references import LAST_ROW
from itss_logic.intake.cells import Cells
from itss_logic.intake.examples import Examples
from itss_logic.intake.files import whole
from itss_logic.intake.headings import sheet_names
from itss_logic.intake.layout import Column, Layout, Table

HEADINGS = 3
"""The rows above the evidence, where a language is spoken; without one it is the first of them."""


class WorkbookWriter:
    """Writes candidates into a workbook with a sheet for each table, row by row.

    Args:
        path: where the workbook will be, once `close` was called.
        layout: the tables, laid out wide.
        language: whose labels head columns and stand for values, with drop-down lists; names alone without one.
    """

    def __init__(self, path: str, layout: Layout, language: str | None = None) -> None:
        self.path, self.layout = path, layout
        self.cells, self.examples = Cells(layout, language), Examples(layout)
        self.workbook = Workbook(write_only=True)
        self.look: Any = None
        if language is None:
            names = sheet_names(layout)
            self.sheets = [self._plain(table, names[table.name]) for table in layout.tables]
        else:
            from itss_logic.intake.look import Look

            self.look = Look(self.workbook, Captions(layout, language))
            self.sheets = [self.look.headed(table) for table in layout.tables]
        self.lead: list[Any] = [] if language is None else [None]
        self.used = [len(self.lead) * (HEADINGS - 1) + 1] * len(layout.tables)
        self.patterns = [
            [_pattern(sheet, column) for column in table.columns]
            for sheet, table in zip(self.sheets, layout.tables, strict=True)
        ]

    def _plain(self, table: Table, name: str) -> Any:
        sheet = self.workbook.create_sheet(name)
        sheet.freeze_panes = "B2"
        sheet.append([column.name for column in table.columns])
        return sheet

    def write(self, bundle: Bundle) -> None:
        """Write the rows of a candidate.

        Raises:
            NoPlaceError: where a cell cannot hold what it is to say, or the id is that of nobody.
            QuestionError: where a sheet cannot hold them.
        """
        try:
            self._write(bundle)
        except QuestionError:
            self.discard()
            raise

    def _write(self, bundle: Bundle) -> None:
        self.examples.check(bundle.candidate)
        rows = [(row, self._values(row, bundle.candidate)) for row in bundle.rows]
        for row, values in rows:
            table = self.layout.tables[row.table]
            self.used[row.table] += 1
            if self.used[row.table] > LAST_ROW:
                message = f"{table.name} has more rows than the {LAST_ROW:,} that a sheet holds"
                raise QuestionError(f"{message}; write CSV instead, or fewer candidates at a time")
            written = list(self.lead)
            for value, pattern in zip(values, self.patterns[row.table], strict=True):
                written.append(_cell(value, pattern) if isinstance(value, str) else value)
            self.sheets[row.table].append(written)

    def _values(self, row: Row, candidate: str) -> list[None | bool | int | float | str]:
        columns = self.layout.tables[row.table].columns
        values = [self.cells.write(cell, column) for cell, column in zip(row.cells, columns, strict=True)]
        for value, column in zip(values, columns, strict=True):
            if isinstance(value, str) and len(value) > limits.CELL_CHARACTERS:
                message = f"{column.name} of {shorten(candidate)} is longer than a cell of a sheet holds"
                raise NoPlaceError(message, "export it as CSV, JSON or facts")
        return values

    def close(self) -> None:
        """Write the file."""
        if self.look is not None:
            self.look.close()
        save(self.workbook, self.path)

    def discard(self) -> None:
        """Drop what was written; `write` and `close` do so by themselves where they fail."""
        drop(self.workbook)


def save(workbook: Workbook, path: str) -> None:
    """Write a workbook that is written row by row; where that fails, nothing of it stays."""
    try:
        with whole(path) as beside:
            put_into(workbook, beside)
    except BaseException:
        drop(workbook)
        raise


def put_into(workbook: Workbook, path: str) -> None:
    """Write a workbook into a file. Where that fails, the file is closed: openpyxl would leave it to whenever."""
    archive = ZipFile(path, "w", ZIP_DEFLATED)
    try:
        ExcelWriter(workbook, archive).save()
    finally:
        with suppress(OSError):
            archive.close()


def drop(workbook: Workbook) -> None:
    """Close the sheets of a workbook that is written row by row, and remove the files in which their rows are."""
    sheets: list[Any] = list(workbook.worksheets)
    for sheet in sheets:
        # Where the disk is full, or what has failed began to be written, these fail as well.
        if not sheet.closed:
            with suppress(Exception):
                sheet.close()
        for part in (sheet._rows, sheet._writer.xf):
            with suppress(Exception):
                part.close()
        if os.path.exists(sheet._writer.out):
            sheet._writer.cleanup()


def _cell(value: str, pattern: Any) -> Any:
    """Text in a cell of its column's look; it is written before the next row comes."""
    pattern.value = value
    # Else what looks like a formula or an error would be one.
    pattern.data_type = "s"
    return pattern


def _pattern(sheet: Any, column: Column) -> Any:
    cell = WriteOnlyCell(sheet)
    if column.is_text:
        cell.number_format = "@"
    return cell
