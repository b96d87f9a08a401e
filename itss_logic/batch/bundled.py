"""Evidence in tables, in blocks: the rows of some candidates as lines of bytes, which depend on the rows alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from itss_logic import limits
from itss_logic.batch import streams
from itss_logic.errors import Place, Refusal
from itss_logic.evidence import Entry, Refused
from itss_logic.intake.bundles import Assembly, Bundle, Row
from itss_logic.intake.layout import Layout
from itss_logic.intake.opening import source_of, workbook_of
from itss_logic.intake.sources import KEYS, Found, Places, Source
from itss_logic.reading import CSV, SQL
from itss_logic.vocabulary import Problem, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from itss_logic.batch.inputs import Input

BUNDLES = "bundles"
"""The form of such a block: its first line tells of the tables, each of the others of a candidate."""

TABLES = (CSV, SQL, "xlsx")
"""The forms of inputs that are tables."""

CANDIDATES = 1_000
"""The most candidates of a block."""


@contextmanager
def tables_of(given: Input, vocabulary: Vocabulary, warn: Callable[[str], None]) -> Iterator[Source]:
    """The tables that an input is.

    Raises:
        QuestionError: where what reading them takes is not there.
    """
    if given.form in (CSV, SQL):
        yield source_of(given.opens or given.name, given.form, vocabulary, warn)
        return
    opened = streams.opened(given.name, given.packing)
    try:
        is_file = given.stamp is not None and not given.packing
        stream = opened.stream if is_file else BytesIO(streams.full(opened.stream, limits.FILE_BYTES + 1))
        yield workbook_of(stream, given.name, vocabulary, warn)
    finally:
        opened.close()


def packets(source: Source, size: int) -> Iterator[bytes]:
    """Yield the candidates of tables, several at once, in not much more than `size` bytes.

    Raises:
        DocumentError: where the tables cannot be read.
    """
    lines: list[bytes] = []
    length = 0
    for found in source.bundles():
        if not lines:
            lines.append(_line([source.layout.wide, list(source.places)]))
        lines.append(_line(_refused(found) if isinstance(found, Refused) else _bundle(found)))
        length += len(lines[-1])
        if length >= size or len(lines) > CANDIDATES:
            yield b"".join(lines)
            lines, length = [], 0
    if lines:
        yield b"".join(lines)


def _line(value: object) -> bytes:
    # Line feeds in text are escaped, so that a line is one.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _bundle(bundle: Bundle) -> list[Any]:
    rows = []
    for row in bundle.rows:
        cells = [{"problem": cell[:3]} if isinstance(cell, Problem) else cell for cell in row.cells]
        rows.append([row.table, None if row.at is row.cells else row.at, cells])
    return [bundle.candidate, rows, bundle.near, bundle.wrong]


def _refused(refused: Refused) -> dict[str, Any]:
    return {"refused": list(refused)}


class Unpacked:
    """The candidates of a block: `lines` are those of JSON for such as may be sound, else empty."""

    def __init__(self, packed: Sequence[bytes], vocabulary: Vocabulary) -> None:
        wide, places = _value(packed[0])
        self.layout, self.places = Layout(vocabulary, wide=wide), Places(*places)
        self.found = [_found(_value(line), self.places.style) for line in packed[1:]]
        self.lines = [self._json(found) for found in self.found]

    def _json(self, found: Found) -> bytes:
        if isinstance(found, Refused):
            return b""
        assembly = Assembly(self.layout, found)
        if assembly.problems or found.wrong:
            return b""
        try:
            return json.dumps(assembly.value, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            return b""

    def entry(self, index: int) -> tuple[Entry, Place]:
        """A candidate as evidence or refused, with the place."""
        found = self.found[index]
        if isinstance(found, Refused):
            return found, found.refusals[0].place
        return Assembly(self.layout, found).entry(self.places)


def _value(line: bytes) -> Any:
    return json.loads(line.decode("utf-8", "surrogatepass"))


def _found(value: Any, style: str) -> Found:
    if isinstance(value, dict):
        candidate, refusals = value["refused"]
        return Refused(candidate, _refusals(refusals))
    candidate, rows, near, wrong = value
    return Bundle(candidate, tuple(_row(style, *row) for row in rows), near, _refusals(wrong))


def _refusals(told: list[list[Any]]) -> tuple[Refusal, ...]:
    return tuple(Refusal(code, who, Place(*place), *rest) for code, who, place, *rest in told)


def _row(style: str, table: int, at: Any, cells: list[Any]) -> Row:
    read = tuple([Problem(*cell["problem"]) if isinstance(cell, dict) else cell for cell in cells])
    return Row(table, read if style == KEYS and at is None else at, read)
