"""What can go wrong, and the exit code of each."""

from __future__ import annotations

import re
from typing import Any, NamedTuple


class ItssError(Exception):
    """An error to be shown to the user as it stands; the exit code is 2."""


class PolicyError(ItssError):
    """The knowledge base cannot be used: a rule that does not parse, a warning, a missing declaration."""


class QuestionError(ItssError):
    """A question that has no answer: an unknown reading, an undefined level, an unknown clause."""


class SelfCheckError(Exception):
    """An answer that the policy's own rules do not confirm. It is not shown; the exit code is 70."""


class Place(NamedTuple):
    """Where something stands in a file. Lines and columns count from 1; `path` is a JSON path."""

    file: str
    line: int | None = None
    column: int | None = None
    path: str | None = None

    def __str__(self) -> str:
        if self.line is None:
            return f"{self.file}:{self.path}" if self.path else self.file
        where = f"{self.file}:{self.line}"
        if self.column is not None:
            return f"{where}:{self.column}"
        return f"{where}:{self.path}" if self.path else where


class Refusal(NamedTuple):
    """Why evidence is refused: a stable `code`, the place, a message and what to do about it."""

    code: str
    candidate: str | None
    place: Place
    message: str
    mend: str

    def as_json(self) -> dict[str, Any]:
        """The refusal as `itss check --format json` prints it."""
        return {
            "code": self.code,
            "candidate": self.candidate,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "path": self.place.path,
            "message": self.message,
            "mend": self.mend,
        }

    def __str__(self) -> str:
        return f"{printable(str(self.place))}: {self.code}: {printable(self.message)}; {printable(self.mend)}"


def printable(text: str) -> str:
    """Text that cannot move the cursor, reorder its line or break it: what is not printable is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


SECRET = re.compile(r"(\b[a-z][a-z0-9+.-]*:/{1,3}[^\s:/@]*:)[^\s'\"]*(?=@)|(\bpassword=)[^&\s'\"]*", re.IGNORECASE)
"""Passwords in URLs: also in such as nobody can read."""


def without_secrets(text: str) -> str:
    """Text in which no URL has a password."""
    return SECRET.sub(lambda found: f"{found[1] or found[2]}***", text)


def shorten(text: str, limit: int = 60) -> str:
    """Text from evidence as a message quotes it, at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
