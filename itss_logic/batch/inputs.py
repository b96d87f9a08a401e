"""What a run reads: files, folders, tables, URLs and standard input, divided into blocks of about the same size.

Where one block ends and the next begins depends on the input alone, so that neither the output nor the digest of the
input depends on the number of jobs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import NamedTuple, TypeAlias

from itss_logic import limits
from itss_logic.batch import rows, streams
from itss_logic.batch.blocks import Block
from itss_logic.batch.bundled import BUNDLES, TABLES, packets
from itss_logic.batch.streams import RunError, is_url, remote, told
from itss_logic.console import installed
from itss_logic.errors import ItssError, QuestionError, printable
from itss_logic.intake.sources import Source
from itss_logic.reading import (
    CSV,
    FORMS,
    SQL,
    STANDARD_INPUT,
    considered,
    holds_tables,
    is_csv,
    is_database,
    mend_form,
    no_form,
)

BLOCK_BYTES = 4 * 2**20
"""Bytes of JSON lines that a block holds, unpacked; its last line may reach beyond."""

LEAST_VERIFIED = 2
"""Candidates of each block that are verified where it is not known how much input there is."""

DOCUMENT = "document-"
"""How the names of files begin that documents from elsewhere are put into."""

KINDS = {**FORMS, ".ndjson": "jsonl", ".parquet": "parquet"}
"""The form of a file by its suffix."""

PACKINGS = {".gz": "gz", ".zst": "zst"}
"""How a file is packed, by its last suffix."""


class Input(NamedTuple):
    """A file, a folder of tables, a URL or standard input.

    `form` is a value of `KINDS`, or `csv` or `sql` for tables; `packing` one of `PACKINGS` or empty. `size` in bytes,
    where it is known. `stamp` is what shows whether a local file was changed. `opens` is the URL itself where `name`
    keeps some of it to itself; it is not to be written anywhere.
    """

    name: str
    form: str
    packing: str = ""
    size: int | None = None
    stamp: tuple[int, int] | None = None
    opens: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether a worker can read it by itself."""
        return self.stamp is not None and not self.packing and self.form != "parquet"


class Piece(NamedTuple):
    """A block, with what the run keeps to itself.

    `of` is the place of its input among all of them. `reached` is how many bytes of all inputs lie before its end.
    `packet` are rows that are yet to be made lines. `spooled` says that the block's file is to be removed afterwards.
    """

    block: Block
    of: int
    reached: int
    packet: bytes | None = None
    spooled: bool = False

    def whole(self) -> Block:
        """The block, with its rows made lines."""
        return self.block if self.packet is None else self.block._replace(data=rows.lines(self.packet))


def find(
    paths: Iterable[str],
    input_format: str | None = None,
    warn: Callable[[str], None] = lambda message: None,
    skip: str = "",
) -> list[Input]:
    """All inputs under paths, in order; folders recursively, sorted.

    Args:
        paths: files, folders, URLs or `-`.
        input_format: the form of `-` (default JSON lines) and of files whose suffix tells none.
        warn: is told of files in folders that are passed over.
        skip: a local folder that is no input.

    Raises:
        QuestionError: where a path does not exist, or has a suffix that tells no form.
        RunError: where a file cannot be read.
    """
    return [found for path in paths for found in _under(path, input_format, warn, os.path.realpath(skip))]


def _under(path: str, input_format: str | None, warn: Callable[[str], None], skip: str) -> Iterator[Input]:
    if path == STANDARD_INPUT:
        yield Input(path, input_format or "jsonl")
    elif is_database(path):
        yield _tables_at(path)
    elif is_url(path):
        yield from _remote(path, input_format, warn)
    elif os.path.isdir(path):
        yield from _walk(path, warn, skip)
    elif not os.path.exists(path):
        raise QuestionError(f"{printable(path)}: there is no such file or folder")
    else:
        yield _local(path, *_kind_of(path, input_format))


def _tables_at(url: str) -> Input:
    """The tables at the URL of an SQLite file or a PostgreSQL server, by a name that tells no password."""
    installed("sqlalchemy", "sql", "tables are read with SQLAlchemy")
    from itss_logic.intake.database_url import Address

    address = Address.of(url)
    if address.is_sqlite and not os.path.isfile(address.path):
        raise QuestionError(f"{printable(address.path)}: there is no such file")
    return Input(address.shown, SQL, opens=url)


def _kind(name: str) -> tuple[str | None, str]:
    stem, suffix = os.path.splitext(name.lower())
    packing = PACKINGS.get(suffix, "")
    form = KINDS.get(os.path.splitext(stem)[1] if packing else suffix)
    return (None if packing and form == "parquet" else form), packing


def _kind_of(name: str, input_format: str | None) -> tuple[str, str]:
    form, packing = _kind(name)
    if form is None and input_format is None:
        raise QuestionError(f"{printable(name)}: {_no_kind(name)}; {mend_form(name)}")
    return form or input_format or "", packing


def _no_kind(name: str) -> str:
    if is_csv(name):
        return no_form(name)
    return f"its suffix is none of {', '.join(KINDS)}, nor one of them with {' or '.join(PACKINGS)}"


def _walk(folder: str, warn: Callable[[str], None], skip: str) -> Iterator[Input]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise RunError(f"{printable(folder)}: cannot be read: {told(error)}") from None
    has_tables = holds_tables(entry.name for entry in found)
    if has_tables:
        yield Input(folder, CSV)
    for entry in considered(found, warn, has_tables=has_tables):
        form, packing = _kind(entry.name)
        if entry.is_dir(follow_symlinks=False):
            if os.path.realpath(entry.path) != skip:
                yield from _walk(entry.path, warn, skip)
        elif form is None:
            warn(f"{entry.path}: passed over, {_no_kind(entry.name)}")
        else:
            yield _local(entry.path, form, packing)


def _local(path: str, form: str, packing: str) -> Input:
    try:
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):
            return Input(path, form, packing)
        with open(path, "rb"):
            return Input(path, form, packing, about.st_size, (about.st_size, about.st_mtime_ns))
    except OSError as error:
        raise RunError(f"{printable(path)}: cannot be read: {told(error)}") from None


def _remote(url: str, input_format: str | None, warn: Callable[[str], None]) -> Iterator[Input]:
    files, top = remote(url)
    try:
        if not files.isdir(top):
            yield Input(url, *_kind_of(url, input_format), files.size(top))
            return
        for path in sorted(files.find(top), key=lambda path: path.split("/")):
            form, packing = _kind(path)
            if form is None:
                warn(f"{files.unstrip_protocol(path)}: passed over, {_no_kind(path)}")
            else:
                yield Input(files.unstrip_protocol(path), form, packing, files.size(path))
    except ItssError:
        raise
    except FileNotFoundError:
        raise QuestionError(f"{printable(url)}: there is no such file or folder") from None
    except Exception as error:  # Whatever the library of a file system raises.
        raise RunError(f"{printable(url)}: cannot be read: {told(error)}") from None


Opener: TypeAlias = "Callable[[Input], AbstractContextManager[Source]]"
"""Opens the tables that an input is."""


def pieces(
    inputs: Iterable[Input], spool: str, block_bytes: int = BLOCK_BYTES, opener: Opener | None = None
) -> Iterator[Piece]:
    """Divide inputs into numbered blocks.

    Args:
        inputs: what is to be divided.
        spool: a folder for documents that come from elsewhere than local files.
        block_bytes: how many bytes make a block.
        opener: opens tables; without it a workbook is a document, and other tables are no input.

    Raises:
        RunError: where an input turns out to be unsound, or cannot be read any more.
    """
    number = before = 0
    for of, source in enumerate(inputs):
        if opener is not None and source.form in TABLES:
            divided = _of_tables(source, block_bytes, opener)
        else:
            divided = _divide(source, os.path.join(spool, f"{DOCUMENT}{of}"), block_bytes)
        for piece in divided:
            block = piece.block._replace(number=number, file=source.name)
            yield piece._replace(block=block, of=of, reached=before + min(piece.reached, source.size or 0))
            number += 1
        before += source.size or 0


def _of_tables(source: Input, block_bytes: int, opener: Opener) -> Iterator[Piece]:
    with _readable(source), opener(source) as tables:
        for packet in packets(tables, block_bytes):
            yield Piece(Block(0, "", packet, form=BUNDLES), 0, 0)


def _divide(source: Input, spooled: str, block_bytes: int) -> Iterator[Piece]:
    if source.is_plain:
        yield from _plain(source, block_bytes)
        return
    with _readable(source), closing(streams.opened(source.name, source.packing)) as opened:
        if source.form == "parquet":
            for packet, share in rows.packets(opened.stream):
                yield Piece(Block(0, ""), 0, int(share * (source.size or 0)), packet)
        elif source.form == "jsonl":
            for data in streams.stretches(opened.stream, block_bytes):
                yield Piece(Block(0, "", data), 0, opened.place)
        else:
            data = streams.full(opened.stream, limits.FILE_BYTES + 1)
            with open(spooled, "wb") as file:
                file.write(data)
            yield Piece(Block(0, "", path=spooled, form=source.form), 0, source.size or 0, spooled=True)


def _plain(source: Input, block_bytes: int) -> Iterator[Piece]:
    size = source.size or 0
    if source.form != "jsonl":
        yield Piece(Block(0, "", path=source.name, form=source.form), 0, size)
        return
    for start in range(0, size, block_bytes):
        stop = min(start + block_bytes, size)
        yield Piece(Block(0, "", None, source.name, start, stop), 0, stop)


@contextmanager
def _readable(source: Input) -> Iterator[None]:
    """Tells in one line why an input cannot be read."""
    try:
        yield
    except ItssError:
        raise
    except Exception as error:  # Whatever unpackers, Parquet and file systems raise over unsound input.
        raise RunError(f"{printable(source.name)}: cannot be read: {told(error)}") from error


def spread(found: Iterable[Piece], total: int | None, sample: int) -> Iterator[Piece]:
    """Say of each block how many candidates are to be verified, `sample` in all, evenly over `total` bytes.

    Without a total it is half of what is left of the sample in each block, and `LEAST_VERIFIED` at the least.
    """
    given = 0
    for piece in found:
        if total:
            verify = max(sample * piece.reached // total - given, 0)
        else:
            verify = max((sample - given + 1) // 2, min(LEAST_VERIFIED, sample))
        given += verify
        yield piece._replace(block=piece.block._replace(verify=verify))


def changed(inputs: Iterable[Input]) -> Input | None:
    """The first local file that is not what it was when it was found."""
    for source in inputs:
        if source.stamp is not None:
            try:
                about = os.stat(source.name)
            except OSError:
                return source
            if (about.st_size, about.st_mtime_ns) != source.stamp:
                return source
    return None
