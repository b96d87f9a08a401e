"""Where lines of results are broken; asked only once it is known that one is."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from io import BufferedReader
from typing import Any, BinaryIO, NamedTuple, cast

from itss_logic.answers import VERDICTS
from itss_logic.errors import shorten

LINE_BYTES = 16_000_000


class Defect(NamedTuple):
    """What is wrong with a line, counted from 1, and where in it: a column or a JSON path."""

    line: int
    column: int | None
    path: str | None
    message: str
    mend: str | None


def first_defect(path: str) -> Defect | None:
    """The first defect of JSON lines of results, plain or compressed; None where none is found."""
    number = 0
    try:
        for data in _lines(path):
            number += 1
            if len(data) > LINE_BYTES:
                return Defect(number, None, None, f"the line is longer than {LINE_BYTES} bytes", None)
            if data.strip() and (found := _defect(data, number)):
                return found
    except (OSError, EOFError, ValueError, ModuleNotFoundError):
        message = f"cannot be uncompressed beyond line {number}"
        return Defect(number + 1, None, None, message, "the file is cut off or damaged: write it again")
    return None


def _lines(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        stream: BinaryIO = file
        if path.endswith(".gz"):
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=file))
        elif path.endswith(".zst"):
            import zstandard

            stream = cast(BinaryIO, BufferedReader(zstandard.ZstdDecompressor().stream_reader(file)))
        with stream:
            yield from iter(lambda: stream.readline(LINE_BYTES + 1), b"")


def _defect(data: bytes, number: int) -> Defect | None:
    try:
        value = json.loads(data.decode("utf-8-sig" if number == 1 else "utf-8"), object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        return Defect(number, error.start + 1, None, "the line is not UTF-8", None)
    except json.JSONDecodeError as error:
        cut = not data.endswith(b"\n")
        mend = "the file is cut off: write it again, or leave out the last line" if cut else None
        return Defect(number, error.colno, None, f"no JSON: {error.msg}", mend)
    except UnicodeEncodeError:
        return Defect(number, None, "$", "no JSON: half of a character", None)
    except (ValueError, RecursionError) as error:
        return Defect(number, None, "$", f"no JSON that can be read: {shorten(str(error))}", None)
    for path, message in _misshapen(value):
        return Defect(number, None, path, message, None)
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys come once each."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key comes twice")
    return value


def _misshapen(value: Any) -> Iterator[tuple[str, str]]:
    """Yield where a value is not the answer on one candidate, and why."""
    if not isinstance(value, dict):
        yield "$", "no result: not an object"
        return
    if not isinstance(value.get("candidate"), str):
        yield "$.candidate", "no result: it names no candidate"
    results = value.get("results")
    if not isinstance(results, list) or not results:
        yield "$.results", "no result: it has no list of results"
        return
    for index, result in enumerate(results):
        place = f"$.results[{index}]"
        if not isinstance(result, dict):
            yield place, "no result: not an object"
            continue
        if not isinstance(result.get("field"), str):
            yield f"{place}.field", "no result: it names no field"
        level = result.get("level")
        if type(level) is not int or not 0 <= level < 10**9:
            yield f"{place}.level", "no result: it names no level"
        if result.get("verdict") not in VERDICTS:
            told = shorten(json.dumps(result.get("verdict"), ensure_ascii=False))
            yield f"{place}.verdict", f"no result: {told} is none of {', '.join(VERDICTS)}"
        unmet = result.get("unmet")
        if not isinstance(unmet, list) or not all(isinstance(name, str) for name in unmet):
            yield f"{place}.unmet", "no result: it has no list of criteria that are unmet"
