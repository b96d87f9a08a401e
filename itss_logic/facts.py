"""Ground facts from text: the evidence form `.lp`.

clingo never sees this text. Anything but ground facts is refused, and reading goes on after the next full stop, so
that all errors of a file are found at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from itss_logic import limits
from itss_logic.errors import shorten
from itss_logic.terms import Constant, Fact, Term

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|%(?!\*)[^\n]*)
    |(?P<comment>%\*)
    |(?P<string>"(?:[^"\\\n]++|\\["\\n])*+")
    |(?P<open>"[^\n]*)
    |(?P<number>0x[0-9A-Fa-f]+|0o[0-7]+|0b[01]+|0|[1-9][0-9]*)
    |(?P<constant>_*[a-z][A-Za-z0-9_']*)
    |(?P<variable>_*[A-Z][A-Za-z0-9_']*|_+)
    |(?P<directive>\#[a-z]+)
    |(?P<mark>\.\.|:-|:~|\*\*|[-.(),;:{}|@+*/\\?&^~<>=!\[\]$])""",
    re.VERBOSE,
)

COMMENT = re.compile(r"\*%|%\*|%[^\n]*")

UNESCAPE = re.compile(r'\\(["\\n])')

ONLY_FACTS = 'write ground facts only, such as candidate("E-1").'

NOT_FACTS = {
    "..": "an interval",
    ";": "a pool",
    ":-": "a rule or constraint",
    ":~": "a weak constraint",
    "{": "a choice",
    "}": "a choice",
    "|": "a disjunction",
    ":": "a conditional literal",
    "@": "a call of a function",
    "-": "arithmetic or classical negation",
}


class Token(NamedTuple):
    """A token: its kind (a group of `TOKEN`, `unknown` or `end`), text and offset."""

    kind: str
    text: str
    offset: int


def not_a_fact(token: Token) -> str | None:
    """What a token makes of its statement, where that cannot be a fact."""
    if token.kind in ("variable", "directive"):
        return f"a {token.kind}"
    if token.kind == "mark" and token.text not in "(),.":
        return NOT_FACTS.get(token.text, "arithmetic or a comparison")
    return "negation" if token == ("constant", "not", token.offset) else None


class FactError(Exception):
    """What is wrong with a statement, before it has a place in a file."""

    def __init__(self, code: str, message: str, mend: str, offset: int) -> None:
        super().__init__(message)
        self.code, self.message, self.mend, self.offset = code, message, mend, offset

    def told_by(self, rest: list[Token]) -> FactError:
        """The same error; but where the rest of the statement shows that it is no fact at all, that."""
        if self.code == "syntax":
            for token in rest:
                what = not_a_fact(token)
                if what is not None:
                    return FactError(
                        "not_a_fact",
                        f"{shorten(token.text)} makes {what}, which is not a fact",
                        ONLY_FACTS,
                        self.offset,
                    )
        return self


class Statement(NamedTuple):
    """A ground fact and the offset it starts at."""

    fact: Fact
    offset: int


def tokens(text: str) -> Iterator[Token]:
    """Split text into tokens, the last one of kind `end`. A block comment that never closes ends the text."""
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        kind = match.lastgroup if match else "unknown"
        assert kind is not None
        start, position = position, match.end() if match else position + 1
        if kind == "comment":
            position = _end_of_comment(text, start)
            if position < 0:
                yield Token("open", "%*", start)
                break
        elif kind != "space":
            yield Token(kind, text[start:position], start)
    yield Token("end", "", len(text))


def _end_of_comment(text: str, start: int) -> int:
    """Where a block comment ends; -1 where it does not. As in clingo, it may hold others, and line comments."""
    depth = 0
    for mark in COMMENT.finditer(text, start):
        depth += {"%*": 1, "*%": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return -1


def parse(text: str, report: Callable[[FactError], None]) -> Iterator[Statement]:
    """Yield the facts of a text and report everything else, a statement at a time."""
    reader = Reader(text)
    while reader.token.kind != "end":
        start = reader.token.offset
        try:
            yield Statement(reader.fact(), start)
        except FactError as error:
            report(error.told_by(reader.skip()))


class Reader:
    """A recursive-descent reader of facts over a stream of tokens."""

    def __init__(self, text: str) -> None:
        self.stream = tokens(text)
        self.token = next(self.stream)

    def advance(self) -> Token:
        """Give the current token and go on to the next."""
        token = self.token
        if token.kind != "end":
            self.token = next(self.stream)
        return token

    def skip(self) -> list[Token]:
        """Go on after the full stop that ends the statement, and give what was passed; `#script` ends with `#end`."""
        passed: list[Token] = []
        while self.token.kind != "end":
            token = self.advance()
            if len(passed) < limits.REFUSALS:
                passed.append(token)
            if token.text == "#script" and token.kind == "directive":
                while self.token.kind != "end" and self.token.text != "#end":
                    self.advance()
            elif token.text == "." and token.kind == "mark":
                break
        return passed

    def fact(self) -> Fact:
        """Read one fact with its full stop."""
        if self.token.kind != "constant" or self.token.text == "not":
            raise self.unexpected("a fact")
        name = self.advance().text
        fact = Fact(name, self.arguments(1) if self.token.text == "(" else ())
        if self.token.text != ".":
            raise self.unexpected("a full stop")
        self.advance()
        return fact

    def arguments(self, depth: int) -> tuple[Term, ...]:
        """Read arguments in parentheses; `depth` is how deep they are nested."""
        if depth > limits.DEPTH:
            raise FactError(
                "too_large",
                f"a term is nested deeper than {limits.DEPTH}",
                "facts of the vocabulary are nested at most 2 deep",
                self.token.offset,
            )
        self.advance()
        terms = [self.term(depth)]
        while self.token.text == "," and self.token.kind == "mark":
            self.advance()
            terms.append(self.term(depth))
        if self.token.text != ")":
            raise self.unexpected("a comma or a closing parenthesis")
        self.advance()
        return tuple(terms)

    def term(self, depth: int) -> Term:
        """Read one ground term."""
        kind, text, _ = self.token
        if kind == "string":
            self.advance()
            return UNESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], text[1:-1])
        if kind == "constant" and text != "not":
            self.advance()
            return Fact(text, self.arguments(depth + 1)) if self.token.text == "(" else Constant(text)
        if kind == "number":
            return self.number(1)
        if text == "(":
            return Fact("", self.arguments(depth + 1))
        if text == "-":
            minus = self.advance()
            if self.token.kind == "number":
                return self.number(-1)
            raise FactError("not_a_fact", f"{NOT_FACTS['-']} is not a fact", ONLY_FACTS, minus.offset)
        raise self.unexpected("a term")

    def number(self, sign: int) -> int:
        """Read a whole number; one of more digits than any range allows becomes one that is out of range."""
        text = self.advance().text
        if self.token.text == "(" or self.token.kind in ("constant", "number", "variable"):
            raise self.unexpected("a comma or a closing parenthesis")
        digits = text[2:].lstrip("0") if text.startswith("0") else text
        is_long = len(digits) > 40
        return sign * (10**40 if is_long else int(text, 0))

    def unexpected(self, wanted: str) -> FactError:
        """The error that the current token is."""
        text, offset = self.token.text, self.token.offset
        what = not_a_fact(self.token)
        if what is not None:
            return FactError("not_a_fact", f"{shorten(text)} makes {what}, which is not a fact", ONLY_FACTS, offset)
        found = shorten(text) if text else "the end of the text"
        mend = "write name(argument,…). with strings in double quotes"
        if self.token.kind == "open":
            mend = (
                "close the comment with *%"
                if text == "%*"
                else 'close the string with "; in it only \\", \\\\ and \\n are escaped'
            )
        return FactError("syntax", f"{wanted} is expected, not {found}", mend, offset)
