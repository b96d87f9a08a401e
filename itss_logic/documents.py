"""JSON text to Python values, with what the usual readers pass over in silence: a key that comes twice, numbers that
are none, digits without end."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn, TypeAlias

Value: TypeAlias = "None | bool | int | float | str | list[Value] | Members"


class Members(dict[str, Any]):
    """An object; `repeated` are the keys that came more than once."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: Sequence[str] = ()
        if len(self) < len(pairs):
            self.repeated = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]

    def only(self, keys: set[str]) -> Members:
        """The same object with no other keys than these."""
        if self.keys() <= keys:
            return self
        some = Members([(key, value) for key, value in self.items() if key in keys])
        some.repeated = self.repeated
        return some


class DocumentError(Exception):
    """Text that is not one of its form. `line` and `column` count from 1, and are None where they are not known."""

    def __init__(self, code: str, message: str, mend: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.mend, self.line, self.column = code, message, mend, line, column


def decode(data: bytes) -> str:
    """Text of UTF-8 bytes, a byte order mark taken off."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - before.rfind(b"\n")
        raise DocumentError(
            "syntax",
            f"byte {data[error.start]:#04x} is not UTF-8",
            "save the file as UTF-8",
            before.count(b"\n") + 1,
            column,
        ) from None


def too_deep() -> DocumentError:
    """The error for a value nested beyond reading."""
    return DocumentError("too_large", "the value is nested too deep", "evidence is nested less than 10 deep")


STRING_OR_CONSTANT = r'(?s)"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)'


def parse_json(text: str) -> Value:
    """The value of a JSON text.

    Raises:
        DocumentError: with code `syntax`, or `too_large` where it is nested too deep.
    """

    def no_constant(name: str) -> NoReturn:
        start = next(match.start(1) for match in re.finditer(STRING_OR_CONSTANT, text) if match[1])
        raise json.JSONDecodeError(f"{name} is not JSON", text, start)

    try:
        value: Value = json.loads(text, object_pairs_hook=Members, parse_int=whole, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        raise DocumentError("syntax", error.msg, "write JSON", error.lineno, error.colno) from None
    except RecursionError:
        raise too_deep() from None
    return value


def whole(digits: str) -> int | float:
    """The number that digits are; beyond any range, infinity."""
    return int(digits) if len(digits) <= 40 else float("inf")
