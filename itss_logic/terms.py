"""Ground terms: evidence as Python values, and as clingo writes it.

A number is an `int`, a string (an id, a reference) a `str`, a constant a `Constant`, a compound term a `Fact`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Constant(str):
    """A constant, written as it is; a plain `str` is a string, written in quotes."""

    __slots__ = ()


class Fact(NamedTuple):
    """A compound term: an evidence fact, or a tuple where the name is empty."""

    name: str
    arguments: tuple[Term, ...]

    def __str__(self) -> str:
        return write(self)


Term: TypeAlias = "int | str | Constant | Fact"

ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def write(term: Term) -> str:
    """A term in clingo's syntax."""
    if isinstance(term, Fact):
        if not term.arguments:
            return term.name
        comma = "," if not term.name and len(term.arguments) == 1 else ""
        return f"{term.name}({','.join(map(write, term.arguments))}{comma})"
    if isinstance(term, str) and not isinstance(term, Constant):
        return f'"{term.translate(ESCAPES)}"'
    return str(term)
