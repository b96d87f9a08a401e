"""Bytes in: compressed or not, from local files, standard input and URLs, in whole lines."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from itss_logic import limits
from itss_logic.errors import ItssError, printable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SIP = 4096
"""Compressed bytes that are unpacked at once: few, as they may stand for very many."""


class RunError(ItssError):
    """Why a run does not start or does not go on. What it finished is kept, unless the message says otherwise."""


def needed(module: str, what: str) -> Any:
    """A module of the extra `batch`.

    Raises:
        RunError: where it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        name = module.partition(".")[0]
        raise RunError(f"{what} needs {name}: pip install 'itss_logic[batch]'") from None


def is_url(path: str) -> bool:
    """Whether a path is a URL, for fsspec to open."""
    return "://" in path


def remote(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises:
        RunError: where there is none for it, or it cannot be reached.
    """
    fsspec = needed("fsspec", f"{url}:")
    try:
        return cast("tuple[Any, str]", fsspec.core.url_to_fs(url))
    except Exception as error:  # Whatever the library of a file system raises.
        raise RunError(f"{printable(url)}: cannot be opened: {told(error)}") from error


def told(error: BaseException) -> str:
    """An error in one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return printable(" ".join(text.split()))


class Opened(NamedTuple):
    """A stream of bytes, unpacked, and the file below it, as it came."""

    stream: BinaryIO
    below: BinaryIO

    @property
    def place(self) -> int:
        """How many bytes of the file were read so far; 0 where that cannot be told."""
        try:
            return self.below.tell()
        except (OSError, ValueError):
            return 0

    def close(self) -> None:
        """Close the file."""
        if self.below is not sys.stdin.buffer:
            self.below.close()


def opened(path: str, packing: str) -> Opened:
    """Open a local file, a URL or standard input (`-`), packed as `gz`, `zst` or not at all (empty)."""
    if path == "-":
        below: BinaryIO = sys.stdin.buffer
    elif is_url(path):
        files, name = remote(path)
        below = files.open(name, "rb")
    else:
        below = open(path, "rb")  # noqa: SIM115
    if packing == "gz":
        import gzip

        return Opened(cast(BinaryIO, gzip.GzipFile(fileobj=below)), below)
    if packing == "zst":
        return Opened(cast(BinaryIO, io.BufferedReader(Zstd(below), 2**20)), below)
    return Opened(below, below)


class Zstd(io.RawIOBase):
    """Unpacks Zstandard, frame after frame. What is cut short is an error, as with gzip."""

    def __init__(self, below: BinaryIO) -> None:
        zstandard = needed("zstandard", ".zst")
        self.below, self.error = below, zstandard.ZstdError
        self.unpacker = zstandard.ZstdDecompressor()
        self.frame: Any = None
        self.packed = b""
        self.ready = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer as far as it goes at once; 0 at the end.

        Raises:
            EOFError: where a frame is cut short.
            ValueError: where it is no Zstandard.
        """
        view = memoryview(buffer).cast("B")
        while not self.ready:
            self.packed = self.packed or self.below.read(SIP)
            if not self.packed:
                if self.frame is not None:
                    raise EOFError("the file is cut short")
                return 0
            self.frame = self.frame or self.unpacker.decompressobj()
            try:
                self.ready = memoryview(self.frame.decompress(self.packed))
            except self.error as error:
                raise ValueError(told(error)) from None
            self.packed = self.frame.unused_data
            if self.frame.eof:
                self.frame = None
        size = min(len(view), len(self.ready))
        view[:size], self.ready = self.ready[:size], self.ready[size:]
        return size


def stretches(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the lines that begin in each stretch of `size` bytes, whole; of a line over the limit, what tells so."""
    place, stop = 0, size
    while data := full(stream, stop - place):
        place += len(data)
        if not data.endswith(b"\n"):
            length = len(data) - data.rfind(b"\n") - 1
            rest = stream.readline(max(limits.LINE_BYTES + 1 - length, 1))
            place += len(rest)
            data += rest
            if length + len(rest) > limits.LINE_BYTES and not data.endswith(b"\n"):
                data += b"\n"
                while rest and not rest.endswith(b"\n"):
                    rest = stream.readline(2**20)
                    place += len(rest)
        yield data
        while stop <= place:
            stop += size


def full(stream: BinaryIO, size: int) -> bytes:
    """So many bytes, or all that there are."""
    data = stream.read(size)
    if len(data) == size or not data:
        return data
    pieces = [data]
    while (left := size - sum(map(len, pieces))) and (data := stream.read(left)):
        pieces.append(data)
    return b"".join(pieces)


def start_of_line(stream: BinaryIO, place: int, size: int) -> int:
    """The place of the first line of a file of `size` bytes that begins at `place` or after; its size, if none does."""
    if place <= 0:
        return 0
    stream.seek(place - 1)
    at = place - 1
    while at < size and (data := stream.readline(2**20)):
        at += len(data)
        if data.endswith(b"\n"):
            return at
    return size
