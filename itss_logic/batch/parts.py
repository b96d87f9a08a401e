"""The parts of a run on a cluster: what each is of, and what was made of it.

Where one part ends and the next begins depends on the input alone, never on the workers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from itss_logic.batch.blocks import Block
from itss_logic.batch.inputs import Input, Piece, pieces, spread
from itss_logic.batch.streams import RunError, is_url, remote, told
from itss_logic.errors import QuestionError, printable
from itss_logic.reading import STANDARD_INPUT

PART_BYTES = 128 * 2**20
"""Bytes of a plain local file of JSON lines that make a part; its last line may reach beyond. Other files are a part
each."""

STAMPS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "modified", "updated")
"""What file systems call that which tells whether a file was changed."""

Stamp = tuple[int | None, str]


class Part(NamedTuple):
    """A file, or a stretch of one, the unit of work of a cluster; `number` counts from 0 over the whole run.

    `of` is the place of its input among all, `name` what people call that. `source` is the same for any machine.
    `start` and `stop` are bytes of a file of JSON lines: the part is all lines that begin in between. Without a `stop`
    it is the whole file. `size` is in bytes, 0 where it is not known. `verify` is how many candidates are to be decided
    a second time.
    """

    number: int
    of: int
    name: str
    source: Input
    start: int = 0
    stop: int | None = None
    size: int = 0
    verify: int = 0

    def blocks(self, spool: str, block_bytes: int) -> Iterator[Block]:
        """Yield the blocks of the part; `spool` is a local folder for documents that come from elsewhere.

        Raises:
            RunError: where it cannot be read, or is unsound.
        """
        found = pieces([self.source], spool, block_bytes) if self.stop is None else self._stretches(block_bytes)
        for number, piece in enumerate(spread(found, self.size, self.verify)):
            try:
                yield piece.whole()._replace(number=number, file=self.name)
            finally:
                if piece.spooled:
                    os.unlink(piece.block.path)

    def _stretches(self, block_bytes: int) -> Iterator[Piece]:
        path, end = self.source.name, self.start + self.size
        for start in range(self.start, end, block_bytes):
            stop = min(start + block_bytes, end)
            yield Piece(Block(0, "", None, path, start, stop), 0, stop - self.start)

    @property
    def stamp(self) -> Stamp:
        """What tells whether the input was changed.

        Raises:
            RunError: where it is not there.
        """
        return stamp_of(self.source.name)


class Made(NamedTuple):
    """What was made of a part. All of it can be written as JSON.

    `key` is that of the run, `place` its start and stop. `repeats` is a digest of the lines that were refused as their
    candidate came in an earlier part, empty for none. `size` is that of the output in bytes. `marks` counts the
    candidates that are named. `digests` are those of all blocks, in order, end to end. `counts` are candidates by level
    and verdict, in the order of levels and verdicts. `notice` says why nothing is decided by slices, if so. `kept` says
    that an earlier run made it.
    """

    key: str
    place: tuple[int, int | None]
    stamp: Stamp
    repeats: str
    size: int
    lines: int
    marks: int
    digests: str
    accepted: int
    refused: int
    verified: int
    plain: int
    counts: Sequence[int]
    notice: str | None = None
    kept: bool = False

    @property
    def candidates(self) -> int:
        """Candidates that were decided, and lines and files that were refused."""
        return self.accepted + self.refused

    @classmethod
    def of(cls, told: Any) -> Made:
        """The same from JSON.

        Raises:
            TypeError, ValueError: where it is no such.
        """
        made = cls(*told)
        return made._replace(place=(made.place[0], made.place[1]), stamp=(made.stamp[0], made.stamp[1]))


def divide(inputs: Sequence[Input], sample: int, part_bytes: int = PART_BYTES) -> list[Part]:
    """The parts of inputs, in order, with `sample` candidates in all to be verified, evenly over all bytes.

    Raises:
        QuestionError: for standard input.
    """
    parts = [part for of, source in enumerate(inputs) for part in _divide(of, source, part_bytes)]
    total = sum(part.size for part in parts)
    reached, numbered = 0, []
    for number, part in enumerate(parts):
        before, reached = reached, reached + part.size
        if total:
            verify = sample * reached // total - sample * before // total
        else:
            verify = sample * (number + 1) // len(parts) - sample * number // len(parts)
        numbered.append(part._replace(number=number, verify=verify))
    return numbered


def _divide(of: int, source: Input, part_bytes: int) -> Iterator[Part]:
    if source.name == STANDARD_INPUT:
        raise QuestionError("standard input cannot be read on a cluster; name files")
    size, name = source.size or 0, source.name
    if not is_url(name):
        source = source._replace(name=os.path.abspath(name))
    if not source.is_plain or source.form != "jsonl":
        yield Part(0, of, name, source, size=size)
        return
    for start in range(0, max(size, 1), part_bytes):
        stop = min(start + part_bytes, size)
        yield Part(0, of, name, source, start, stop, stop - start)


def stamp_of(path: str) -> Stamp:
    """Size and age, or the like, of a local file or a URL.

    Raises:
        RunError: where it is not there.
    """
    try:
        if not is_url(path):
            about = os.stat(path)
            return about.st_size, str(about.st_mtime_ns)
        files, name = remote(path)
        files.invalidate_cache()
        info = files.info(name)
    except Exception as error:  # Whatever the library of a file system raises.
        raise RunError(f"{printable(path)}: cannot be read: {told(error)}") from error
    return info.get("size"), next((str(info[key]) for key in STAMPS if info.get(key)), "")
