"""The output of a run: what its blocks are made to, and how it becomes a file once all are finished."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from itss_logic.batch.folder import FINAL, OUTPUT, Folder, unwritable
from itss_logic.batch.rendered import columns
from itss_logic.batch.streams import RunError, is_url, needed, remote, told
from itss_logic.console import installed
from itss_logic.errors import QuestionError, printable
from itss_logic.reading import is_database
from itss_logic.tables import CSV_COLUMNS, CSV_ORIGIN

GROUP_ROWS = 2**17
"""Rows of a row group of Parquet, at the least."""

METADATA = b"itss"
"""The key in the metadata of a Parquet file under which stands what it rests on, as JSON."""

FORMS = {
    ".jsonl": ("jsonl", ""),
    ".ndjson": ("jsonl", ""),
    ".jsonl.gz": ("jsonl", "gz"),
    ".jsonl.zst": ("jsonl", "zst"),
    ".csv": ("csv", ""),
    ".parquet": ("arrow", "parquet"),
}
"""By suffix, the form of the output of blocks, and what is made of it in the end: nothing else, `gz`, `zst` or
`parquet`."""


TABLE = "itss_verdicts"
"""The table of results, by default."""


class Target(NamedTuple):
    """Where the output goes. `place` is the local path, or URL, that was asked for, `form` and `packing` are as in
    `FORMS`. With a `table` it is rows of that, in an SQLite file or on a PostgreSQL server."""

    place: str
    form: str
    packing: str
    table: str = ""

    @classmethod
    def of(cls, place: str, table: str | None = None) -> Target:
        """The target of a path or URL; `table` names the table of results where it takes such.

        Raises:
            QuestionError: where its suffix tells no form.
            RunError: where what it needs is not installed.
        """
        if is_database(place):
            installed("sqlalchemy", "sql", "tables are written with SQLAlchemy")
            from itss_logic.batch.sink import check_name
            from itss_logic.intake.database_url import Address

            check_name(table or TABLE)
            Address.of(place)
            return cls(place, "rows", "", table or TABLE)
        if table is not None:
            raise QuestionError("--table names a table, and the output is a file")
        for suffix, (form, packing) in FORMS.items():
            if place.lower().endswith(suffix):
                if packing == "parquet":
                    needed("pyarrow", suffix)
                if packing == "zst":
                    needed("zstandard", suffix)
                if is_url(place):
                    needed("fsspec", "a URL")
                return cls(place, form, packing)
        raise QuestionError(f"{printable(place)}: the output is told by its suffix, one of {', '.join(FORMS)}")

    @property
    def path(self) -> str:
        """The local path of the output. That of a URL is its last name, in the current folder, until it is whole."""
        if self.table:
            from itss_logic.batch.sink import path_of
            from itss_logic.intake.database_url import Address

            return path_of(Address.of(self.place), self.table)
        return self.place.rstrip("/").rpartition("/")[2] if is_url(self.place) else self.place

    @property
    def header(self) -> bytes:
        """What stands before the first block."""
        if self.form != "csv":
            return b""
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerow([*CSV_COLUMNS, *CSV_ORIGIN])
        return text.getvalue().encode()

    def finish(self, folder: Folder, ends: Iterable[int], about: Mapping[str, Any]) -> None:
        """Make the output of all blocks, which end there, a whole file, and put it in its place.

        Args:
            folder: where the output of the blocks is.
            ends: the size of it after each block.
            about: what it rests on, to be noted in it where the form has room for that.

        Raises:
            RunError: where it cannot be written.
        """
        made, final = folder.file(OUTPUT), folder.file(FINAL)
        try:
            if self.packing:
                self.pack(made, ends, final, about)
        except OSError as error:
            raise unwritable(final, error) from None
        product = FINAL if self.packing else OUTPUT
        if is_url(self.place):
            _upload(folder.file(product), self.place)
        else:
            folder.place(product)

    def pack(self, made: str, ends: Iterable[int], final: str, about: Mapping[str, Any]) -> None:
        """Make a file of the output of blocks one in its packing, `final`; see `finish`.

        Raises:
            OSError: where it cannot be written.
        """
        if self.packing == "parquet":
            _write_parquet(made, ends, final, about)
        else:
            _pack(made, final, self.packing)


def _pack(made: str, final: str, packing: str) -> None:
    with open(made, "rb") as source, open(final, "wb") as target:
        if packing == "gz":
            import gzip

            # No name and no time: the same lines are the same bytes.
            with gzip.GzipFile("", "wb", 6, target, mtime=0) as packed:
                shutil.copyfileobj(source, packed, 2**20)
        else:
            needed("zstandard", ".zst").ZstdCompressor().copy_stream(source, target, size=os.path.getsize(made))


def _write_parquet(made: str, ends: Iterable[int], final: str, about: Mapping[str, Any]) -> None:
    pyarrow, parquet = needed("pyarrow", "Parquet"), needed("pyarrow.parquet", "Parquet")
    note = {METADATA: json.dumps(about, ensure_ascii=False).encode()}
    schema = columns().with_metadata(note)
    with parquet.ParquetWriter(final, schema, compression="zstd") as writer:
        group: list[Any] = []
        for table in _tables(pyarrow, made, ends):
            group.append(table.cast(schema))
            if sum(map(len, group)) >= GROUP_ROWS:
                writer.write_table(pyarrow.concat_tables(group), row_group_size=2 * GROUP_ROWS)
                group.clear()
        if group:
            writer.write_table(pyarrow.concat_tables(group), row_group_size=2 * GROUP_ROWS)


def _tables(pyarrow: Any, made: str, ends: Iterable[int]) -> Iterator[Any]:
    start = 0
    with open(made, "rb") as source:
        for end in ends:
            if end > start:
                with pyarrow.ipc.open_stream(source.read(end - start)) as reader:
                    yield reader.read_all()
            start = end


def _upload(path: str, url: str) -> None:
    files, name = remote(url)
    try:
        files.put_file(path, name)
    except Exception as error:  # Whatever the library of a file system raises.
        raise RunError(f"{printable(url)}: cannot be written: {told(error)}") from error
