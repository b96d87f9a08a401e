"""A folder of CSV files: a file for each table."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO

from itss_logic import limits
from itss_logic.documents import DocumentError
from itss_logic.errors import Place, QuestionError, Refusal, printable
from itss_logic.intake.bundles import Bundle, Row
from itss_logic.intake.cells import Cells, plain
from itss_logic.intake.examples import Examples
from itss_logic.intake.headings import Heading, Misplaced, table_of
from itss_logic.intake.layout import Cell, Layout, Table
from itss_logic.intake.marked import Passed
from itss_logic.intake.sources import LINES, Found, Places, Source, gathered
from itss_logic.reading import NEW, OLD, is_csv, is_file
from itss_logic.shape import STATUS
from itss_logic.vocabulary import Problem, Vocabulary

SUFFIX = ".csv"

CUT = Problem(
    "syntax", "the row ends before all its cells", "write all of them, empty ones too; see whether the file was cut off"
)

CUT_OFF = Problem(
    "syntax",
    "the last line has no end, and may have been cut off",
    "see whether anything is missing; if not, end it with a line break",
)
LONG = Problem("too_large", f"a cell has more than {limits.LINE_BYTES} characters", "shorten it")
QUOTES = "write CSV, with quotes in pairs"

SEPARATOR = re.compile(r"sep=.?", re.IGNORECASE)
"""What Excel writes in front of the heading to name the delimiter."""

DELIMITERS = ",;\t"

UTF_8, SHIFT_JIS = "utf-8-sig", "cp932"

NO_SHIFT_JIS = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
"""What bytes that Shift_JIS does not have are decoded to all the same."""


# A list of references is as long as evidence lets it be.
csv.field_size_limit(limits.LINE_BYTES)


def files_in(folder: str) -> dict[str, bool]:
    """What is named like a CSV file in a folder, in order, and whether it is a file."""
    found = {entry.name: is_file(entry) for entry in os.scandir(folder) if is_csv(entry.name)}
    return dict(sorted(found.items()))


class CsvFolder(Source):
    """The tables of a folder.

    Args:
        folder: its path.
        vocabulary: what may stand in them.
        warn: is told of files in another encoding than UTF-8, and of examples that were changed.
    """

    def __init__(self, folder: str, vocabulary: Vocabulary, warn: Callable[[str], None] = lambda message: None) -> None:
        self.layout = Layout(vocabulary, wide=True)
        self.cells = Cells(self.layout)
        self.places = Places(folder, LINES, {}, {})
        self.warn = warn
        self.refusals: list[Refusal] = []
        self.passed: list[Passed] = []
        self.read = 0

    def bundles(self) -> Iterator[Found]:
        """See `Source.bundles`."""
        files: dict[str, str] = {}
        for name, is_sound in files_in(self.places.file).items():
            table = table_of(self.layout, name[: -len(SUFFIX)])
            if not is_sound:
                if table is not None:
                    mend = "move it away, or put a file there"
                    self._refuse(name, Problem("syntax", "it is named like a table, and is no file", mend))
                elif os.path.islink(path := os.path.join(self.places.file, name)) or not os.path.isdir(path):
                    self.warn(f"{self.places.file}/{name}: passed over, not a file")
            elif table is None:
                known = ", ".join(f"{table.name}{SUFFIX}" for table in self.layout.tables)
                self._refuse(name, Problem("unknown_key", "the file is named like no table", f"name it one of {known}"))
            elif table.name in files:
                self._refuse(name, Problem("conflict", f"{files[table.name]} is the same table", "put them together"))
            else:
                files[table.name] = name
        self.places = self.places._replace(tables=files)
        rows = [row for table in self.layout.tables if table.name in files for row in self._rows(table, files)]
        yield from gathered(rows, self.layout, self.places, self.refusals, self.passed, self.warn)

    def _refuse(self, name: str, problem: Problem, line: int | None = None, at: str | None = None) -> None:
        place = Place(f"{self.places.file}/{name}", line, None, at)
        self.refusals.append(Refusal(problem.code, None, place, problem.message, problem.mend))

    def _rows(self, table: Table, files: Mapping[str, str]) -> Iterator[Row]:
        """The rows of a file that are evidence."""
        name, last = files[table.name], 0
        heading: Heading | None = None
        wrong: list[Misplaced] = []
        texts: list[str] = []
        cells: tuple[Cell, ...] | None = None
        try:
            with open(os.path.join(self.places.file, name), "rb") as file:
                reader = self._reader(file, name, table)
                for texts in reader:
                    line, last = last + 1, reader.line_num
                    if heading is not None:
                        if heading.lacks:
                            return
                        cells, wrong = heading.row(dict(enumerate(texts)), self.cells)
                        if cells is not None and len(texts) <= heading.at.get(STATUS, 0):
                            wrong.append(Misplaced(CUT, len(texts)))
                        if cells is not None:
                            self._count()
                            yield Row(self.layout.places[table.name], line, cells)
                        elif heading.passed is not None:
                            self._count()
                            self.passed.append(Passed(table, line, *heading.passed))
                    elif any(text.strip() for text in texts) and not SEPARATOR.match(texts[0]):
                        heading = Heading(self.layout, table, texts)
                        wrong = heading.problems
                    for problem, at in wrong:
                        self._refuse(name, problem, line, f"cell {at + 1}")
                if heading is not None and cells and not wrong and heading.seems_cut(texts) and not _has_end(file):
                    self._refuse(name, CUT_OFF, line)
        except DocumentError as error:
            self._refuse(name, Problem(error.code, error.message, error.mend), error.line)
        except csv.Error as error:
            problem = LONG if "field larger" in str(error) else Problem("syntax", str(error), QUOTES)
            self._refuse(name, problem, last + 1)
        except UnicodeError as error:
            self._refuse(name, Problem("syntax", str(error), QUOTES), last + 1)

    def _count(self) -> None:
        """Count a row.

        Raises:
            DocumentError: where it is one too many.
        """
        self.read += 1
        if self.read > limits.ROWS:
            message = f"the tables have more than {limits.ROWS} rows together"
            raise DocumentError("too_large", message, "split them, or use JSON lines")

    def _reader(self, file: BinaryIO, name: str, table: Table) -> Any:
        """A reader of the records of a file, whatever its encoding and delimiter."""
        encoding = encoding_of(file)
        if encoding != UTF_8:
            self.warn(f"{self.places.file}/{name}: read as {encoding}")
        stream = io.TextIOWrapper(file, encoding, newline="")
        lines = iter(lambda: stream.readline(limits.LINE_BYTES), "")
        heads = (line for line in lines if line.strip(f'{DELIMITERS} "\r\n') and not SEPARATOR.match(line.strip('"')))
        first = next(heads, "")
        stream.seek(0)
        names = {plain(column.name) for column in table.columns}

        def known(delimiter: str) -> int:
            return sum(plain(text.strip('" \r\n')) in names for text in first.split(delimiter))

        # The first of those that have most.
        delimiter = max(DELIMITERS, key=known)
        return csv.reader(stream, delimiter=delimiter, strict=True)


def _has_end(file: BinaryIO) -> bool:
    """Whether the last line of a file has an end, as what was cut off has not."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2))
    return file.read().rstrip(b"\0").endswith((b"\n", b"\r"))


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a file: UTF-16 where it has the mark of it, UTF-8, or else the Shift_JIS of Windows.

    Raises:
        DocumentError: where it is none of them.
    """
    start = file.read(3)
    file.seek(0)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    lines = 0
    for encoding in (UTF_8,) if start == codecs.BOM_UTF8 else (UTF_8, SHIFT_JIS):
        decoder = codecs.getincrementaldecoder(encoding)()
        lines = 1
        try:
            while data := file.read(2**20):
                text = decoder.decode(data)
                if encoding == SHIFT_JIS and NO_SHIFT_JIS.search(text):
                    break
                lines += data.count(b"\n")
            else:
                decoder.decode(b"", final=True)
                return encoding
        except UnicodeDecodeError as error:
            lines += bytes(error.object)[: error.start].count(b"\n")
        finally:
            file.seek(0)
    message = "the file is neither UTF-8 nor Shift_JIS"
    raise DocumentError("syntax", message, "save it as CSV UTF-8", lines)


class CsvWriter:
    """Writes the tables of candidates as files of a folder; all tables, so that none is missed.

    Args:
        folder: its path; it is made. The files come into it with `close`, in place of tables that are there.
        layout: the tables.

    Raises:
        QuestionError: where there is something beside which tables cannot be read, or be written.
    """

    def __init__(self, folder: str, layout: Layout) -> None:
        self.is_new = not os.path.isdir(folder)
        os.makedirs(folder, exist_ok=True)
        self.before: list[str] = []
        for name, is_sound in files_in(folder).items():
            is_table = table_of(layout, name[: -len(SUFFIX)]) is not None
            if is_sound != is_table:
                what = "no file" if is_table else "named like no table"
                path = printable(os.path.join(folder, name))
                raise QuestionError(f"{path}: is {what}, so tables beside it cannot be read; move it away")
            if is_table:
                self.before.append(name)
        self.folder, self.beside = folder, tempfile.mkdtemp(prefix=".", suffix=NEW, dir=folder)
        self.cells, self.examples = Cells(layout), Examples(layout)
        self.layout = layout
        self.stack = ExitStack()
        self.writers = []
        for table in layout.tables:
            # Named so that nobody takes it for evidence before it is whole.
            path = os.path.join(self.beside, f"{table.name}{SUFFIX}{NEW}")
            # The mark in front tells spreadsheets that it is UTF-8.
            file = self.stack.enter_context(open(path, "w", encoding="utf-8-sig", newline=""))  # noqa: SIM115
            self.writers.append(csv.writer(file))
            self.writers[-1].writerow([column.name for column in table.columns])

    def write(self, bundle: Bundle) -> None:
        """Write the rows of a candidate.

        Raises:
            NoPlaceError: where the id is that of nobody.
        """
        self.examples.check(bundle.candidate)
        for row in bundle.rows:
            columns = self.layout.tables[row.table].columns
            written = (self.cells.write(cell, column) for cell, column in zip(row.cells, columns, strict=True))
            self.writers[row.table].writerow([_text(value) for value in written])

    def close(self) -> None:
        """Put the files in their places, or all that were there back into theirs.

        The table of the candidates goes first and comes last: without it, the others are no evidence.
        """
        self.stack.close()
        lead = f"{self.layout.tables[0].name}{SUFFIX}"
        moves = [(name, f"{name}{OLD}") for name in sorted(self.before, key=lambda name: name.lower() != lead)]
        moves = [(os.path.join(self.folder, one), os.path.join(self.beside, other)) for one, other in moves]
        for table in reversed(self.layout.tables):
            name = f"{table.name}{SUFFIX}"
            moves.append((os.path.join(self.beside, f"{name}{NEW}"), os.path.join(self.folder, name)))
        done: list[tuple[str, str]] = []
        try:
            for one, other in moves:
                os.replace(one, other)
                done.append((one, other))
        except BaseException:
            for one, other in reversed(done):
                os.replace(other, one)
            raise
        shutil.rmtree(self.beside)

    def discard(self) -> None:
        """Drop what was written."""
        with suppress(OSError):
            self.stack.close()
        shutil.rmtree(self.beside, ignore_errors=True)
        if self.is_new:
            with suppress(OSError):
                os.rmdir(self.folder)


def _text(value: None | bool | int | float | str) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
