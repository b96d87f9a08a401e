"""Parquet in: rows to lines of JSON, so that the number of a row is that of its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from itss_logic.batch.streams import needed
from itss_logic.vocabulary import CANDIDATE

ROWS = 1_000
"""Rows that go into a block."""


def packets(stream: BinaryIO) -> Iterator[tuple[bytes, float]]:
    """Yield the rows of a Parquet file, `ROWS` at a time, as an Arrow IPC stream, with the share of rows up to its end.

    Raises:
        ValueError, OSError: where it is no sound Parquet.
    """
    pyarrow, parquet = needed("pyarrow", "Parquet"), needed("pyarrow.parquet", "Parquet")
    file = parquet.ParquetFile(stream, pre_buffer=False, buffer_size=2**20)
    total, rows = file.metadata.num_rows, 0
    for batch in file.iter_batches(batch_size=ROWS, use_threads=False):
        rows += batch.num_rows
        sink = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        yield sink.getvalue().to_pybytes(), rows / total


def lines(packet: bytes) -> bytes:
    """The rows of an Arrow IPC stream as lines of JSON.

    A single column of text or bytes that is not the candidate's id holds the JSON itself; otherwise columns are the
    keys of the evidence, and what is null in them is absent.
    """
    pyarrow = needed("pyarrow", "Parquet")
    with pyarrow.ipc.open_stream(packet) as reader:
        table = reader.read_all()
    made: list[bytes] = []
    if _is_text(pyarrow, table.schema):
        for value in table.column(0).to_pylist():
            text = b"null" if value is None else value.encode() if isinstance(value, str) else value
            # A carriage return is white space in JSON as a line feed is, and neither may stand in a string.
            made.append(text.replace(b"\n", b"\r"))
    else:
        columns = [table.column(place).combine_chunks() for place in range(table.num_columns)]
        rows = pyarrow.StructArray.from_arrays(columns, table.schema.names)
        for row in _values(pyarrow.types, rows):
            made.append(json.dumps(row, ensure_ascii=False, default=str).encode())
    return b"".join(line + b"\n" for line in made)


def _is_text(pyarrow: Any, schema: Any) -> bool:
    if len(schema) != 1 or schema.names == [CANDIDATE]:
        return False
    kind, types = schema.types[0], pyarrow.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    return any(test(kind) for test in (*texts, types.is_binary, types.is_large_binary, types.is_binary_view))


def _values(types: Any, array: Any) -> list[Any]:
    """The values of an Arrow array, without what is null in objects; columns at a time, which is quicker."""
    kind = array.type
    if types.is_struct(kind):
        names = [field.name for field in kind]
        columns = [_values(types, column) for column in array.flatten()]
        absent = array.is_null().to_pylist()
        rows = zip(*columns, strict=True) if columns else iter([()] * len(array))
        return [
            None if gone else {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for gone, row in zip(absent, rows, strict=True)
        ]
    if types.is_list(kind) or types.is_large_list(kind):
        items, found, at = _values(types, array.flatten()), [], 0
        for length in array.value_lengths().to_pylist():
            found.append(None if length is None else items[at : at + length])
            at += length or 0
        return found
    if types.is_nested(kind):
        return [_stated(value) for value in array.to_pylist(maps_as_pydicts="strict")]
    return list(array.to_pylist())


def _stated(value: Any) -> Any:
    """A value without what is null in its objects."""
    if isinstance(value, dict):
        return {key: _stated(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_stated(one) for one in value]
    return value
