"""Candidates that came in an earlier part, exactly: each part writes down whom it names, by what their fingerprints
begin with, and those that begin alike are looked through together."""

from __future__ import annotations

import hashlib
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itss_logic.batch.blocks import FINGERPRINT_BYTES
from itss_logic.batch.seen import Seen
from itss_logic.batch.store import WORK, Store

DRAWERS = 256
"""Fingerprints are kept by their first byte."""

TOGETHER = 4_000_000
"""About how many fingerprints are looked through together."""

FOLD_AT = 250_000
"""Up to so many of them stand in a set."""

PLACE = struct.Struct("<II")
"""Where a candidate is named in a part: the number of the block, the index of the line in it."""

RECORD_BYTES = FINGERPRINT_BYTES + PLACE.size
"""Bytes of a fingerprint with its place."""

ENDS = struct.Struct(f"<{DRAWERS + 1}Q")
"""How a file of fingerprints begins: how many records come before each drawer, and in all."""


class Marks:
    """Who is named in a part, each of them once, with where that is."""

    def __init__(self) -> None:
        self.drawers = [bytearray() for _ in range(DRAWERS)]
        self.count = 0
        self._seen = Seen()

    def add(self, block: int, named: Sequence[tuple[int, bytes]]) -> set[int]:
        """Take up who is named in a block; gives the index of lines whose candidate came before in the part."""
        again = set(self._seen.add([mark for _, mark in named]))
        for at, (index, mark) in enumerate(named):
            if at not in again:
                self.drawers[mark[0]] += mark + PLACE.pack(block, index)
        self.count += len(named) - len(again)
        return {named[at][0] for at in again}

    def data(self) -> bytes:
        """All of it, as a file."""
        ends = [0]
        for drawer in self.drawers:
            ends.append(ends[-1] + len(drawer) // RECORD_BYTES)
        return b"".join([ENDS.pack(*ends), *self.drawers])


class Repeats(NamedTuple):
    """Which lines are to be refused as their candidate came in an earlier part; they stand in the file `name`.

    `parts` are the numbers of those concerned, ascending; the lines of `parts[n]` end at `ends[n]` of the file.
    """

    name: str
    parts: array[int]
    ends: array[int]

    def of(self, part: int) -> tuple[str, int, int] | None:
        """The file, and the stretch of it with the lines of a part; None where there is none of it."""
        at = bisect_left(self.parts, part)
        if at == len(self.parts) or self.parts[at] != part:
            return None
        return self.name, self.ends[at - 1] if at else 0, self.ends[at]


def drawers(count: int) -> list[tuple[int, int]]:
    """Which drawers are to be looked through together, first and past the last, where there are so many
    fingerprints."""
    several = 1
    while several < DRAWERS and count > several * TOGETHER:
        several *= 2
    step = DRAWERS // several
    return [(low, low + step) for low in range(0, DRAWERS, step)]


def find(store: Store, files: Iterable[tuple[int, str]], low: int, high: int) -> Repeats:
    """Look through some drawers of all parts, in the order of the input.

    Args:
        store: the folder of the run.
        files: the numbers of parts, with the names of their files of fingerprints.
        low: the first drawer.
        high: the one past the last.
    """
    seen, places = Seen(FOLD_AT), bytearray()
    repeats = Repeats(f"{WORK}/repeats-{low:03}", array("Q"), array("Q"))
    for number, name in files:
        data = _read(store, name, low, high)
        # All begin alike: what tells them apart comes first, for shelves of about the same length.
        marks = [data[at + 1 : at + FINGERPRINT_BYTES] + data[at : at + 1] for at in range(0, len(data), RECORD_BYTES)]
        again = [at * RECORD_BYTES for at in seen.add(marks)]
        if again:
            for at in again:
                places += data[at + FINGERPRINT_BYTES : at + RECORD_BYTES]
            repeats.parts.append(number)
            repeats.ends.append(len(places))
    if places:
        store.write(repeats.name, bytes(places))
    return repeats


def _read(store: Store, name: str, low: int, high: int) -> bytes:
    if (low, high) == (0, DRAWERS):
        return store.read(name)[ENDS.size :]
    ends = ENDS.unpack(store.read(name, 0, ENDS.size))
    start, stop = (ENDS.size + RECORD_BYTES * ends[at] for at in (low, high))
    return store.read(name, start, stop) if start < stop else b""


def lines_of(store: Store, where: Iterable[tuple[str, int, int]]) -> tuple[Mapping[int, set[int]], str]:
    """The lines to be refused that stand there, by the number of the block, and a digest of them; empty for none."""
    places = sorted(place for name, start, stop in where for place in PLACE.iter_unpack(store.read(name, start, stop)))
    lines: dict[int, set[int]] = {}
    digest = hashlib.sha256()
    for block, index in places:
        lines.setdefault(block, set()).add(index)
        digest.update(PLACE.pack(block, index))
    return lines, digest.hexdigest() if places else ""
