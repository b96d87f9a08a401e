"""The journal of a run: a line for each finished block, with all that it takes to go on after it."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO, NamedTuple

from itss_logic.batch.blocks import FINGERPRINT_BYTES, Done
from itss_logic.batch.folder import JOURNAL, MARKS, OUTPUT, REJECTS, Folder, unwritable

STREAMS = (OUTPUT, REJECTS, MARKS)
CHUNK = 2**20


class Entry(NamedTuple):
    """A finished block.

    `of` is the place of its input among all, `lines` are those in it, `digest` is that of its bytes. `ends` are the
    sizes of `STREAMS` after it, `check` is a checksum of what it added to them. `counts` are candidates by field, level
    and verdict.
    """

    number: int
    of: int
    lines: int
    digest: str
    ends: Sequence[int]
    check: int
    accepted: int
    refused: int
    verified: int
    plain: int
    counts: Sequence[tuple[str, int, str, int]]


class Totals:
    """What all finished blocks come to.

    `lines` are those of the input that the last block came from, `of`. `input_digest` rests on the input alone.
    """

    def __init__(self, ends: Sequence[int]) -> None:
        self.blocks = self.lines = self.accepted = self.refused = self.verified = self.plain = 0
        self.of = -1
        self.ends = tuple(ends)
        self.counts: Counter[tuple[str, int, str]] = Counter()
        self._digest = hashlib.sha256()

    def add(self, entry: Entry) -> None:
        """Count a block in."""
        self.lines = self.lines_before(entry.of) + entry.lines
        self.of = entry.of
        self.ends = tuple(entry.ends)
        self.blocks += 1
        self.accepted += entry.accepted
        self.refused += entry.refused
        self.verified += entry.verified
        self.plain += entry.plain
        self.counts.update({(field, level, verdict): n for field, level, verdict, n in entry.counts})
        self._digest.update(bytes.fromhex(entry.digest))

    def lines_before(self, of: int) -> int:
        """How many lines of an input came in earlier blocks."""
        return self.lines if of == self.of else 0

    @property
    def candidates(self) -> int:
        """Candidates that were decided, and lines and files that were refused."""
        return self.accepted + self.refused

    @property
    def input_digest(self) -> str:
        """The digest of the digests of all blocks, in order."""
        return f"sha256:{self._digest.hexdigest()}"


class Journal:
    """The journal in a work folder, and the files that it vouches for. `header` stands at the start of the output."""

    def __init__(self, folder: Folder, header: bytes) -> None:
        self.folder, self.header = folder, header
        self.totals = Totals((len(header), 0, 0))
        self._files: dict[str, BinaryIO] = {}

    def start(self) -> None:
        """Begin with nothing finished."""
        self._cut(0, (0, 0, 0))
        self._open()
        self._append(OUTPUT, self.header)

    def recall(self) -> None:
        """Take up the totals of a run whose output is in its place already."""
        for entry, _ in self._lines():
            self.totals.add(entry)

    def recover(self) -> None:
        """Go on after the last block that all is there of; what came after it is cut off."""
        totals, end = self.totals, 0
        with ExitStack() as stack:
            try:
                files = [stack.enter_context(open(self.folder.file(name), "rb")) for name in STREAMS]
            except FileNotFoundError:
                files = []
            if not files or files[0].read(len(self.header)) != self.header:
                self.start()
                return
            for entry, stop in self._lines():
                if not _holds(entry, totals.ends, files):
                    break
                totals.add(entry)
                end = stop
        self._cut(end, totals.ends)
        self._open()

    def add(self, of: int, done: Done, rejects: bytes, marks: bytes) -> None:
        """Take up a finished block: all that it added, then its line.

        Raises:
            RunError: where it cannot be written.
        """
        added = (done.output, rejects, marks)
        check = 0
        for name, data in zip(STREAMS, added, strict=True):
            self._append(name, data)
            check = zlib.crc32(data, check)
        entry = Entry(
            number=self.totals.blocks,
            of=of,
            lines=done.lines,
            digest=done.digest.hex(),
            ends=[end + len(data) for end, data in zip(self.totals.ends, added, strict=True)],
            check=check,
            accepted=done.accepted,
            refused=len(done.rejects),
            verified=done.verified,
            plain=done.plain,
            counts=[(*level, n) for level, n in sorted(done.counts.items())],
        )
        text = json.dumps(entry, separators=(",", ":")).encode()
        self._append(JOURNAL, b"%08x %s\n" % (zlib.crc32(text), text))
        self.totals.add(entry)

    def entries(self) -> Iterator[Entry]:
        """The finished blocks, in order."""
        for number, (entry, _) in enumerate(self._lines()):
            if number >= self.totals.blocks:
                return
            yield entry

    def marks(self, at_once: int = 10_000) -> Iterator[list[bytes]]:
        """The fingerprints of all candidates that finished blocks named, some at once."""
        with open(self.folder.file(MARKS), "rb") as file:
            while data := file.read(at_once * FINGERPRINT_BYTES):
                yield [data[at : at + FINGERPRINT_BYTES] for at in range(0, len(data), FINGERPRINT_BYTES)]

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _open(self) -> None:
        for name in (*STREAMS, JOURNAL):
            try:
                self._files[name] = open(self.folder.file(name), "ab", buffering=0)  # noqa: SIM115
            except OSError as error:
                raise unwritable(self.folder.file(name), error) from None

    def _append(self, name: str, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._files[name].write(rest) :]
        except OSError as error:
            raise unwritable(self.folder.file(name), error) from None

    def _cut(self, end: int, ends: Sequence[int]) -> None:
        for name, size in zip((JOURNAL, *STREAMS), (end, *ends), strict=True):
            try:
                with open(self.folder.file(name), "ab") as file:
                    file.truncate(size)
            except OSError as error:
                raise unwritable(self.folder.file(name), error) from None

    def _lines(self) -> Iterator[tuple[Entry, int]]:
        """The entries as far as they are whole and in order, each with the size of the journal after it."""
        end = number = 0
        try:
            journal = open(self.folder.file(JOURNAL), "rb")  # noqa: SIM115
        except FileNotFoundError:
            return
        with journal as file:
            for line in file:
                try:
                    check, text = line[:8], line[9:-1]
                    if not line.endswith(b"\n") or int(check, 16) != zlib.crc32(text):
                        return
                    entry = Entry(*json.loads(text))
                except (ValueError, TypeError):
                    return
                if entry.number != number:
                    return
                end += len(line)
                number += 1
                yield entry, end


def _holds(entry: Entry, starts: Sequence[int], files: Sequence[BinaryIO]) -> bool:
    """Whether files, each read up to the start of a block, hold what it added to them."""
    check = 0
    for file, start, end in zip(files, starts, entry.ends, strict=True):
        left = end - start
        while left > 0 and (data := file.read(min(left, CHUNK))):
            check = zlib.crc32(data, check)
            left -= len(data)
        if left:
            return False
    return check == entry.check
