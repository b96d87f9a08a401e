"""Which source evidence in tables is read from."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from itss_logic.console import installed
from itss_logic.intake.sources import Source
from itss_logic.reading import CSV
from itss_logic.vocabulary import Vocabulary


def source_of(
    file: str, form: str, vocabulary: Vocabulary, warn: Callable[[str], None] = lambda message: None
) -> Source:
    """The source that a folder of tables (`csv`) or a database (`sql`) is.

    Raises:
        QuestionError: where what it takes is not installed, or a database cannot be reached.
    """
    if form == CSV:
        from itss_logic.intake.csv_tables import CsvFolder

        return CsvFolder(file, vocabulary, warn)
    installed("sqlalchemy", "sql", "a database is read with SQLAlchemy")
    from itss_logic.intake.database_read import Database

    return Database(file, vocabulary, warn)


def workbook_of(
    stream: BinaryIO, file: str, vocabulary: Vocabulary, warn: Callable[[str], None] = lambda message: None
) -> Source:
    """The source that a workbook is.

    Raises:
        QuestionError: where what it takes is not installed.
    """
    installed("openpyxl", "xlsx", "a workbook is read with openpyxl")
    from itss_logic.intake.workbook import Workbook

    return Workbook(stream, file, vocabulary, warn)
