"""Evidence in: files, folders and standard input to candidates."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import BinaryIO, TypeAlias

from itss_logic import limits
from itss_logic.documents import DocumentError, Value, decode, parse_json
from itss_logic.errors import Place, QuestionError, Refusal, printable, shorten
from itss_logic.evidence import Dossier, Dossiers, Entry, Refused
from itss_logic.shape import Shape, child
from itss_logic.vocabulary import Problem, Vocabulary

FORMS = {".json": "json", ".jsonl": "jsonl", ".yaml": "yaml", ".yml": "yaml", ".lp": "lp", ".xlsx": "xlsx"}
"""The form of a file by its suffix."""

CSV, SQL = "csv", "sql"
"""The forms of a folder of tables, and of a database."""

DATABASES = ("sqlite", "postgresql", "postgres")
"""The databases that are read, as their URLs begin."""

LOCK = "~$"
"""How spreadsheet programs begin the name of what they keep beside a workbook that is open."""

NEW = ".new"
"""How files and folders end that are being written; such a folder begins with a dot."""

UNFINISHED = re.compile(rf"\..*{re.escape(NEW)}")

OLD = ".old"
"""How files end there that were in place before."""

STANDARD_INPUT = "-"

Placed: TypeAlias = "tuple[Entry, Place]"


def read_evidence(
    paths: Iterable[str],
    vocabulary: Vocabulary,
    input_format: str | None = None,
    warn: Callable[[str], None] = lambda message: None,
) -> Iterator[Entry]:
    """Yield the candidates of files, folders and standard input (`-`), in order, each as evidence or refused.

    Args:
        paths: files, folders or `-`.
        vocabulary: what may stand in them.
        input_format: the form of `-` (default JSON lines) and of named files whose suffix tells none.
        warn: is told of files in folders that are passed over.

    Raises:
        QuestionError: where a named file has a suffix that tells no form.
    """
    # Every file is found before the first is read: a wrong path must not stop a run halfway.
    files = [found for path in paths for found in find_files(path, input_format, warn)]
    seen: set[str] = set()
    for file, form in files:
        for entry, place in read_file(file, form, vocabulary, warn):
            yield _once(entry, place, seen)


def read_data(data: bytes, name: str, form: str, vocabulary: Vocabulary) -> Iterator[Entry]:
    """Yield the candidates of what a file could hold, in order, each as evidence or refused; see `read_evidence`."""
    seen: set[str] = set()
    try:
        for entry, place in _read_stream(BytesIO(data), name, form, vocabulary):
            yield _once(entry, place, seen)
    except DocumentError as error:
        yield _refuse(error, Place(name, error.line, error.column))[0]


def find_files(
    path: str, input_format: str | None, warn: Callable[[str], None] = lambda message: None
) -> Iterator[tuple[str, str]]:
    """Yield the evidence files under a path, each with its form; folders recursively, in sorted order.

    A folder that holds CSV tables is one such file, in the form `csv`; so is a database's URL, in the form `sql`.
    """
    if path == STANDARD_INPUT:
        yield path, input_format or "jsonl"
    elif is_database(path):
        yield path, SQL
    elif os.path.isdir(path):
        yield from _walk(path, warn)
    else:
        form = _form(path) or input_format
        if form is None:
            raise QuestionError(f"{printable(path)}: {no_form(path)}; {mend_form(path)}")
        yield path, form


def is_database(path: str) -> bool:
    """Whether a path is the URL of a database."""
    return path.partition("://")[0].partition("+")[0] in DATABASES and "://" in path


def _walk(folder: str, warn: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    has_tables = holds_tables(entry.name for entry in found)
    if has_tables:
        yield folder, CSV
    for entry in considered(found, warn, has_tables=has_tables):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, warn)
        elif (form := _form(entry.name)) is None:
            warn(f"{entry.path}: passed over, {no_form(entry.name)}")
        else:
            yield entry.path, form


def considered(
    found: Iterable[os.DirEntry[str]], warn: Callable[[str], None], *, has_tables: bool
) -> Iterator[os.DirEntry[str]]:
    """Yield the folders and files of a folder that may hold evidence, whatever their suffix; tell of what cannot.

    Args:
        found: what stands in the folder.
        warn: is told of what is passed over.
        has_tables: whether its CSV files are read together, as its tables.
    """
    for entry in found:
        is_folder = entry.is_dir(follow_symlinks=False)
        if has_tables and is_csv(entry.name) and not is_folder:
            continue
        if is_folder and UNFINISHED.fullmatch(entry.name):
            warn(f"{entry.path}: passed over, {_left(entry.path)}")
        elif not is_folder and not is_file(entry):
            warn(f"{entry.path}: passed over, not a file")
        elif not is_folder and entry.name.startswith(LOCK):
            warn(f"{entry.path}: passed over, a workbook is open there")
        else:
            yield entry


def _left(folder: str) -> str:
    """What the folder of an unfinished command is told to be."""
    what = "of a command that is still at work, or was cut short"
    try:
        names = os.listdir(folder)
    except OSError:  # It is somebody else's, or gone by now.
        return what
    if any(name.endswith(OLD) for name in names):
        return f"{what} while it put files into their places; those that were there before end in {OLD}"
    return f"{what}; then it can be deleted"


def no_form(name: str) -> str:
    """Why a file is not read."""
    if is_csv(name):
        return "a table is read with all others of its folder, where one of them is candidates.csv"
    return f"its suffix is none of {', '.join(FORMS)}"


def mend_form(name: str) -> str:
    """What to do about a file that is not read."""
    return "name the folder" if is_csv(name) else "name its form with --input-format"


def is_csv(name: str) -> bool:
    """Whether a file holds a table, by its suffix."""
    return name.lower().endswith(".csv")


def holds_tables(names: Iterable[str]) -> bool:
    """Whether a folder of files with these names holds CSV tables: one of them is of the candidates."""
    return any(name.lower() == "candidates.csv" for name in names)


def is_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a folder is a file, or a link to one."""
    try:
        return entry.is_file()
    except OSError:  # A link to itself.
        return False


def _form(file: str) -> str | None:
    return FORMS.get(os.path.splitext(file)[1].lower())


def _once(entry: Entry, place: Place, seen: set[str]) -> Entry:
    """Refuse a candidate whose id already came in this run."""
    if entry.candidate is None or (isinstance(entry, Refused) and is_elsewhere(entry)):
        return entry
    if entry.candidate in seen:
        return repeated(entry, place)
    seen.add(entry.candidate)
    return entry


def repeated(entry: Entry, place: Place) -> Refused:
    """The refusal of a candidate who came before."""
    message = f"evidence for {shorten(entry.candidate or '')} already came in this run"
    mend = "put all evidence of a candidate in one place of one file"
    refusal = Refusal("duplicate_candidate", entry.candidate, place, message, mend)
    return Refused(entry.candidate, (refusal, *(entry.refusals if isinstance(entry, Refused) else ())))


def is_elsewhere(refused: Refused) -> bool:
    """Whether a file only speaks of a candidate who does not stand in it, and may stand in another."""
    return any(refusal.code == "unknown_candidate" for refusal in refused.refusals)


def read_file(
    file: str, form: str, vocabulary: Vocabulary, warn: Callable[[str], None] = lambda message: None
) -> Iterator[Placed]:
    """Yield the candidates of one file, with their places; what cannot be read is refused as a whole.

    Candidates who come twice are told by nobody here.
    """
    try:
        if form in (CSV, SQL):
            from itss_logic.intake.opening import source_of

            yield from source_of(file, form, vocabulary, warn).entries()
        elif file == STANDARD_INPUT:
            yield from _read_stream(sys.stdin.buffer, file, form, vocabulary, warn)
        else:
            with open(file, "rb") as stream:
                yield from _read_stream(stream, file, form, vocabulary, warn)
    except OSError as error:
        problem = DocumentError("syntax", f"cannot be read: {error.strerror or error}", "make the file readable")
        yield _refuse(problem, Place(file))
    except DocumentError as error:
        yield _refuse(error, Place(file, error.line, error.column))


def _refuse(error: DocumentError, place: Place) -> Placed:
    return Refused(None, (Refusal(error.code, None, place, error.message, error.mend),)), place


def _read_stream(
    stream: BinaryIO,
    file: str,
    form: str,
    vocabulary: Vocabulary,
    warn: Callable[[str], None] = lambda message: None,
) -> Iterator[Placed]:
    if form == "jsonl":
        yield from _read_lines(stream, file, vocabulary)
        return
    if form == "xlsx":
        from itss_logic.intake.opening import workbook_of

        yield from workbook_of(stream, file, vocabulary, warn).entries()
        return
    data = stream.read(limits.FILE_BYTES + 1)
    if len(data) > limits.FILE_BYTES:
        message, mend = f"the file is larger than {limits.FILE_BYTES} bytes", "split it, or use JSON lines"
        raise DocumentError("too_large", message, mend)
    text = decode(data)
    if form == "lp":
        yield from read_facts(text, file, vocabulary)
    elif form == "json":
        yield from _read_document(parse_json(text), file, vocabulary)
    else:
        from itss_logic.yaml_form import parse_yaml

        documents = list(parse_yaml(text))
        yield from _read_document(documents[0] if len(documents) == 1 else documents, file, vocabulary)


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream; of one that is too long, only so much that this can be told."""
    while data := stream.readline(limits.LINE_BYTES + 1):
        yield data
        if len(data) > limits.LINE_BYTES:
            while data and not data.endswith(b"\n"):
                data = stream.readline(limits.LINE_BYTES)


def _read_lines(stream: BinaryIO, file: str, vocabulary: Vocabulary) -> Iterator[Placed]:
    for number, data in enumerate(lines_of(stream), 1):
        placed = read_line(data, Place(file, number, None, "$"), vocabulary)
        if placed is not None:
            yield placed


def read_line(data: bytes, place: Place, vocabulary: Vocabulary) -> Placed | None:
    """The candidate of one line of JSON lines; None where the line is blank."""
    try:
        if len(data) > limits.LINE_BYTES:
            message = f"the line is longer than {limits.LINE_BYTES} bytes"
            raise DocumentError("too_large", message, "state less for one candidate")
        text = decode(data)
        return _read_object(parse_json(text.rstrip()), vocabulary, place) if text.strip() else None
    except DocumentError as error:
        return _refuse(error, Place(place.file, place.line, error.column))


def _read_document(value: Value, file: str, vocabulary: Vocabulary) -> Iterator[Placed]:
    """One candidate's object, or a list of them."""
    if isinstance(value, list):
        nameless = 0
        for index, element in enumerate(value):
            entry, place = _read_object(element, vocabulary, Place(file, path=child("$", index)))
            nameless += entry.candidate is None
            if entry.candidate is not None or nameless <= limits.REFUSALS:
                yield entry, place
        if nameless > limits.REFUSALS:
            message = f"{nameless - limits.REFUSALS} more that name no candidate are not listed"
            yield _refuse(DocumentError("too_large", message, "mend these and look again"), Place(file))
    else:
        yield _read_object(value, vocabulary, Place(file, path="$"))


def _read_object(value: Value, vocabulary: Vocabulary, place: Place) -> Placed:
    return Shape.entry(value, vocabulary, place), place


def read_facts(text: str, file: str, vocabulary: Vocabulary) -> Iterator[Placed]:
    """Yield the candidates of a text of facts; with a single error of syntax, all of it is refused."""
    from itss_logic.facts import FactError, parse

    lines = Lines(text, file)
    broken = Dossier(vocabulary, None, Place(file))
    dossiers = Dossiers(vocabulary)

    def report(error: FactError) -> None:
        broken.refuse(Problem(error.code, error.message, error.mend), lines.place(error.offset))

    for fact, offset in parse(text, report):
        dossiers.add(fact, lines.place(offset))
    if broken.refusals:
        yield broken.close(), broken.place
    else:
        yield from dossiers.close()


class Lines:
    """The places of offsets in a text; quick where these rise."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.line, self.start, self.offset = 1, 0, 0

    def place(self, offset: int) -> Place:
        """The line and column of an offset."""
        if offset < self.offset:
            self.line, self.start, self.offset = 1, 0, 0
        self.line += self.text.count("\n", self.offset, offset)
        self.start = max(self.start, self.text.rfind("\n", self.offset, offset) + 1)
        self.offset = offset
        return Place(self.file, self.line, offset - self.start + 1)
