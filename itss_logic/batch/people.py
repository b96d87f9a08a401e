"""One candidate after another: from a line of JSON to the members that slices know, and the digest of the evidence.

Only what is sound through and through is read here. Any other line is read the way that every other command reads it,
which tells what is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from itss_logic import limits
from itss_logic.batch.frontier import CANDIDATE_MARK, Given
from itss_logic.batch.items import Items, Owners, Taken, UnfitError, quoted
from itss_logic.batch.slices import Leaf, Slices
from itss_logic.batch.typed import ABSENT, Statements, Types
from itss_logic.batch.universe import Kind, band
from itss_logic.documents import DocumentError, Members, parse_json
from itss_logic.shape import FIELDS
from itss_logic.vocabulary import CANDIDATE, Predicate

SHORTEST = 2
"""Bytes that a statement takes in JSON at least."""


class Person(NamedTuple):
    """A candidate: the id, whether there are claims, the set of each kind, and the digest of the evidence if wanted."""

    candidate: str
    claims: bool
    sets: list[int]
    digest: str


class People:
    """Reads candidates for slices; what they need to know and nobody asked yet, they ask together."""

    def __init__(self, slices: Slices, *, digests: bool) -> None:
        self.slices, self.digests = slices, digests
        self.vocabulary = slices.policy.vocabulary
        self.columns = sorted(p.name for p in self.vocabulary.predicates.values() if p.owner)
        self.types = Types(self.vocabulary)
        self.top = [self._items(statements) for statements in self.types.top]
        self.inner = [
            (attrgetter(f), [self._items(statements) for statements in some]) for f, some in self.types.inner.items()
        ]
        self.nothing = [slices.set_of(kind, ()) for kind in range(len(slices.kinds))]
        self.wanted_leaves: dict[Leaf, None] = {}
        self.wanted_parts: dict[tuple[int, Given, int, tuple[int, ...]], None] = {}
        self.wanted_items: dict[tuple[int, Given, tuple[int, ...]], None] = {}

    def _items(self, statements: Statements) -> Items:
        owns = Kind(statements.predicate.name, statements.field) in self.slices.slicing.parts
        return (Owners if owns else Items)(self, statements)

    def values(self, predicate: Predicate, value: Any) -> Iterator[tuple[str, ...]]:
        """The values of each statement that stands under a key, ids left out."""
        if value is ABSENT or (value is False and predicate.number == "flag"):
            return
        own = [argument for argument in predicate.own if argument.kind != "id"]
        for element in value if predicate.number == "many" else (value,):
            if not own:
                yield ()
            elif isinstance(element, msgspec.Struct):
                yield tuple(self._term(a.domain, getattr(element, a.key)) for a in own)
            else:
                yield (self._term(own[0].domain, element),)

    def _term(self, domain: str, value: Any) -> str:
        spelled = self.vocabulary.spelled.get(domain)
        return str(spelled[value]) if spelled else str(value)

    @staticmethod
    def may_stand(predicate: Predicate, values: tuple[str, ...]) -> bool:
        """Whether the values of a statement may stand together."""
        own = [argument for argument in predicate.own if argument.kind != "id"]
        chosen = tuple(value for argument, value in zip(own, values, strict=True) if argument.kind == "value")
        return not predicate.combinations or chosen in predicate.combinations

    def lowest(self, predicate: Predicate, values: tuple[str, ...]) -> Iterator[str]:
        """The same values, a number as the lowest of its band."""
        own = [argument for argument in predicate.own if argument.kind != "id"]
        for argument, value in zip(own, values, strict=True):
            is_number = argument.kind == "number"
            yield str(band(self.slices.slicing.cuts[predicate.name], int(value))) if is_number else value

    def decoded(self, line: bytes) -> Any:
        """A candidate's object, or None where it is not sound in itself."""
        if len(line) > limits.LINE_BYTES:
            return None
        try:
            candidate = self.types.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        if len(line) <= SHORTEST * limits.FACTS:
            return candidate
        return candidate if sum(line.count(mark) for mark in (b",", b"[", b"{")) <= limits.FACTS else None

    def person(self, candidate: Any, line: bytes) -> Person | None:
        """What slices know of a candidate; None where something has to be asked first.

        Raises:
            UnfitError: where the candidate is not for slices.
        """
        taken = Taken(self.nothing)
        taken.quotes = 4
        for items in self.top:
            items.take(candidate, taken)
        fields = getattr(candidate, FIELDS)
        if fields is not ABSENT:
            taken.quotes += 2
            for get, some in self.inner:
                of_field = get(fields)
                if of_field is not ABSENT:
                    taken.quotes += 2
                    for items in some:
                        items.take(of_field, taken)
        if taken.missing:
            return None
        if b"\\" in line:
            if b"\\u000" in line or not _keys_stand_once(line):  # The marks in kept texts are among these.
                raise UnfitError
        elif line.count(b'"') != taken.quotes:
            # A key stands twice in an object: of what stands under it the last is there, the first is lost.
            raise UnfitError
        digest = ""
        if self.digests:
            digest = f"sha256:{hashlib.sha256(self._text(candidate.candidate, taken).encode()).hexdigest()}"
        return Person(candidate.candidate, taken.claims, taken.sets, digest)

    def _text(self, candidate: str, taken: Taken) -> str:
        """The facts in canonical order."""
        blocks = taken.lines
        blocks.append(f"{CANDIDATE}({CANDIDATE_MARK}).\n")
        if taken.rows:
            taken.rows.sort()
            blocks.extend(["".join(column) for column in zip(*[row for _, row in taken.rows], strict=True)])
        blocks.sort()
        return "".join(blocks).replace(CANDIDATE_MARK, quoted(candidate))

    def ask(self) -> None:
        """Ask what is not known yet."""
        if self.wanted_leaves:
            self.slices.ask_leaves(self.wanted_leaves)
            self.wanted_leaves = {}
        if self.wanted_parts:
            self.slices.ask_parts(self.wanted_parts)
            self.wanted_parts = {}
        if self.wanted_items:
            self.slices.ask_items(self.wanted_items)
            self.wanted_items = {}


def _keys_stand_once(line: bytes) -> bool:
    """Whether no object of a JSON text has a key twice."""
    try:
        waiting: list[Any] = [parse_json(line.decode())]
    except (DocumentError, UnicodeDecodeError):
        return False
    while waiting:
        value = waiting.pop()
        if isinstance(value, Members):
            if value.repeated:
                return False
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return True
