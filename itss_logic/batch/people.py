"""One candidate after another: from a line of JSON to the members that slices know, and the digest of the evidence.

Only what is sound through and through is read here. For anything else `read` gives nothing, and the line is read the way
that every other command reads it, which tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import msgspec

from itss_logic import limits
from itss_logic.batch.dependence import Kind, band, fact
from itss_logic.batch.frontier import CANDIDATE_MARK, ID_MARK, Given
from itss_logic.batch.slices import Slices
from itss_logic.batch.typed import ABSENT, Statements, Types
from itss_logic.documents import DocumentError, Members, parse_json
from itss_logic.shape import FIELDS
from itss_logic.terms import write
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Predicate

SLOT = "\2"
"""What stands between the facts of one attribute and those of the next."""

SHORTEST = 4
"""Bytes that a statement takes in JSON at least."""

MOST_KNOWN = 200_000
"""How many different statements are remembered of a kind."""


def quoted(text: str) -> str:
    """A string as clingo writes it."""
    if '"' in text or "\\" in text or "\n" in text:
        return write(text)
    return f'"{text}"'


class Person(NamedTuple):
    """A candidate: the id, whether there are claims, the set of each kind, and the facts in canonical order."""

    candidate: str
    claims: bool
    sets: list[int]
    text: str


class UnfitError(Exception):
    """A candidate that is not for slices."""


class Taken:
    """What was taken up of one candidate by now."""

    __slots__ = ("claims", "ids", "lines", "missing", "rows", "sets")

    def __init__(self, kinds: int) -> None:
        self.claims = self.missing = False
        self.ids: set[str] = set()
        self.lines: list[str] = []
        self.rows: list[tuple[str, tuple[str, ...]]] = []
        self.sets = [0] * kinds


class Known(NamedTuple):
    """A statement of an item seen before: the members that it is where it is verified and where it is claimed, what it says
    in either case, and its fact with marks."""

    verified: int
    claimed: int
    givens: tuple[Given, Given]
    text: str


class Items:
    """Items of one kind, where they have no attributes."""

    def __init__(self, people: People, statements: Statements) -> None:
        self.people, self.predicate, self.field = people, statements.predicate, statements.field
        self.spelled, self.holder = statements.spelled, attrgetter(statements.key)
        self.kind = people.slices.number[Kind(self.predicate.name, self.field)]
        own = [a.key for a in self.predicate.own if a.kind != "id"]
        self.own: Callable[[Any], Any] = attrgetter(*own) if own else lambda item: ()
        ids = [a.key for a in self.predicate.own if a.kind == "id"]
        self.id: Callable[[Any], str] | None = attrgetter(*ids) if ids else None
        self.known: dict[Any, Known] = {}
        self.many = self.predicate.number == "many"

    def learn(self, raw: Any, element: Any) -> Known:
        """Take up a statement that was not seen before."""
        values = next(self.people.values(self.predicate, (element,) if self.many else element))
        if self.predicate.combinations and values not in self.predicate.combinations:
            raise UnfitError
        lowest = tuple(self.people.lowest(self.predicate, values))
        givens = Given(False, lowest), Given(True, lowest)
        verified, claimed = (self.member(given) for given in givens)
        text = fact(self.predicate, CANDIDATE_MARK, self.field, ID_MARK, values)
        known = self.known[raw] = Known(verified, claimed, givens, text)
        return known

    def member(self, given: Given) -> int:
        """The member that a statement is."""
        return next(iter(self.people.slices.plain_members(self.kind, (given,))), 0)

    def take(self, holder: Any, taken: Taken) -> None:
        """Take up what an object has of the kind."""
        value = self.holder(holder)
        members: list[int] = []
        if value is not ABSENT and value is not False:
            seen: list[Any] = []
            for element in value if self.many else (value,):
                is_claim, source, raw, id = False, ABSENT, element, ""
                if type(element) is self.spelled:
                    is_claim, source, raw = element.status == CLAIMED, element.source, self.own(element)
                    id = self.id(element) if self.id else ""
                elif element is True:
                    raw = ()
                known = self.known.get(raw) or self.learn(raw, element)
                seen.append(id or raw)
                member = self.mean(element, known, is_claim, id, taken)
                if member:
                    members.append(member)
                taken.claims = taken.claims or is_claim
                if self.people.digests:
                    self.cite(known.text, is_claim, source, id, taken)
            if len(set(seen)) < len(seen):
                members = self._under_ids(value)
        members.sort()
        key = (self.kind, tuple(members))
        number = self.people.slices.sets.get(key)
        taken.sets[self.kind] = self.people.slices.set_of(*key) if number is None else number

    def _under_ids(self, elements: Sequence[Any]) -> list[int]:
        """The members of elements of which some share an id."""
        if self.id is None:
            raise UnfitError
        stated: dict[str, dict[Any, Given]] = {}
        for element in elements:
            raw, under = self.own(element), stated.setdefault(self.id(element), {})
            if raw in under:
                raise UnfitError
            under[raw] = self.known[raw].givens[element.status == CLAIMED]
        members = self.people.slices.plain_members
        return [member for under in stated.values() for member in members(self.kind, tuple(sorted(under.values())))]

    def mean(self, element: Any, known: Known, is_claim: bool, id: str, taken: Taken) -> int:
        """The member that an element is."""
        return known.claimed if is_claim else known.verified

    def cite(self, text: str, is_claim: bool, source: Any, id: str, taken: Taken) -> None:
        """Note the facts of an element."""
        if id:
            text = text.replace(ID_MARK, quoted(id))
        taken.lines.append(f"{CLAIMED}({text}).\n" if is_claim else f"{text}.\n")
        if source is not ABSENT:
            taken.lines.append(f"{SOURCE}({text},{quoted(source)}).\n")


class Leaf:
    """One attribute of items of a kind. `matters` is whether any conclusion rests on it; `bands` are those of a number."""

    def __init__(self, people: People, kind: int, attribute: Predicate, *, matters: bool) -> None:
        self.people, self.kind, self.attribute, self.matters = people, kind, attribute, matters
        self.field = people.slices.kinds[kind].field
        self.get = attrgetter(attribute.key)
        self.bands = people.slices.slicing.bands.get((people.slices.kinds[kind], attribute.name))

    def values(self, value: Any) -> list[tuple[str, ...]]:
        """What it says, a number as the lowest of its band."""
        found = list(self.people.values(self.attribute, value))
        if self.attribute.combinations and not all(values in self.attribute.combinations for values in found):
            raise UnfitError
        return found

    def text(self, value: Any) -> str:
        """Its facts, with marks."""
        rows = self.people.values(self.attribute, value)
        return "".join(
            sorted({f"{fact(self.attribute, CANDIDATE_MARK, self.field, ID_MARK, values)}.\n" for values in rows})
        )

    def number_text(self, value: Any, id: str) -> str:
        """The fact of a number."""
        return "" if value is ABSENT else f"{self.attribute.name}({CANDIDATE_MARK},{id},{value}).\n"

    def want(self, given: Given, value: Any) -> tuple[int, str] | None:
        """What a value means, with its facts, if it was asked; otherwise it is asked next."""
        if not self.matters:
            self.values(value)  # It may not be sound for all that.
            return 0, self.text(value)
        asked = (self.kind, given, self.attribute.name, value)
        number = self.people.slices.leaves.get(asked)
        if number is None:
            if asked not in self.people.wanted_leaves:
                self.people.wanted_leaves[asked] = self.values(value)
            return None
        return number, self.text(value)


class Meanings:
    """What was seen by now of one given item: a table for each leaf, and the member for all leaves together."""

    def __init__(self, given: Given, leaves: Sequence[Leaf], numbers: Sequence[Leaf]) -> None:
        self.given = given
        self.tables: list[tuple[Callable[[Any], Any], dict[Any, tuple[int, str]], Leaf]] = [
            (leaf.get, {}, leaf) for leaf in leaves
        ]
        self.numbers: list[tuple[Callable[[Any], Any], Sequence[int], dict[Any, tuple[int, str]], Leaf]] = [
            (leaf.get, leaf.bands or (), {}, leaf) for leaf in numbers
        ]
        self.members: dict[tuple[int, ...], int] = {}


class Owners(Items):
    """Items of one kind that have attributes."""

    def __init__(self, people: People, statements: Statements) -> None:
        super().__init__(people, statements)
        kind = people.slices.kinds[self.kind]
        attributes = [
            p
            for p in people.vocabulary.predicates.values()
            if p.owner == kind.item and (kind.field is None or kind.field in p.fields)
        ]
        divided = people.slices.slicing.parts[kind]
        matter = {name for part in divided for name in part}
        leaves = [Leaf(people, self.kind, p, matters=p.name in matter) for p in attributes]
        self.leaves = [leaf for leaf in leaves if leaf.bands is None]
        self.numbers = [leaf for leaf in leaves if leaf.bands is not None]
        names = [leaf.attribute.name for leaf in self.leaves + self.numbers]
        self.parts = [[names.index(name) for name in part] for part in divided]
        places = [names.index(name) if name in names else len(names) for name in people.columns]
        self.columns: Callable[[Any], tuple[str, ...]] = itemgetter(*places, len(names))
        self.meanings: dict[Given, Meanings] = {}

    def member(self, given: Given) -> int:
        """Nothing, as long as its attributes are not known."""
        return 0

    def mean(self, element: Any, known: Known, is_claim: bool, id: str, taken: Taken) -> int:
        """The member that an element is with its attributes."""
        if id in taken.ids:
            raise UnfitError
        taken.ids.add(id)
        given = known.givens[is_claim]
        meanings = self.meanings.get(given)
        if meanings is None:
            meanings = self.meanings[given] = Meanings(given, self.leaves, self.numbers)
        found = []
        for get, table, leaf in meanings.tables:
            value = get(element)
            meaning = table.get(value)
            if meaning is None:
                meaning = leaf.want(given, value)
                if meaning is None:
                    taken.missing = True
                    continue
                table[value] = meaning
            found.append(meaning)
        for get, cuts, table, leaf in meanings.numbers:
            value = get(element)
            if value is not ABSENT:
                value = band(cuts, value)
            meaning = table.get(value)
            if meaning is None:
                meaning = leaf.want(given, value)
                if meaning is None:
                    taken.missing = True
                    continue
                table[value] = meaning
            found.append(meaning)
        if taken.missing:
            return 0
        classes = tuple([number for number, _ in found])
        member = meanings.members.get(classes)
        if member is None:
            member = self._want(given, classes)
            if member is None:
                taken.missing = True
                return 0
            meanings.members[classes] = member
        if self.people.digests:
            self._row(element, quoted(id), [text for _, text in found], taken)
        return member

    def _want(self, given: Given, classes: tuple[int, ...]) -> int | None:
        """What an item means, if it was asked; otherwise it is asked next."""
        slices = self.people.slices
        parts: list[int] = []
        for part, leaves in enumerate(self.parts):
            asked = (self.kind, given, part, tuple([classes[leaf] for leaf in leaves]))
            number = slices.parts.get(asked)
            if number is None:
                self.people.wanted_parts[asked] = None
            else:
                parts.append(number)
        if len(parts) < len(self.parts):
            return None
        whole = (self.kind, given, tuple(parts))
        member = slices.items.get(whole)
        if member is None:
            self.people.wanted_items[whole] = None
        return member

    def _row(self, element: Any, id: str, texts: list[str], taken: Taken) -> None:
        row = SLOT.join(texts).replace(ID_MARK, id).split(SLOT)
        for place, leaf in enumerate(self.numbers, len(self.leaves)):
            row[place] = leaf.number_text(leaf.get(element), id)
        row.append("")
        taken.rows.append((id, self.columns(row)))


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
        self.wanted_leaves: dict[tuple[int, Given, str, Any], list[tuple[str, ...]]] = {}
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

    def lowest(self, predicate: Predicate, values: tuple[str, ...]) -> Iterator[str]:
        """The same values, a number as the lowest of its band."""
        own = [argument for argument in predicate.own if argument.kind != "id"]
        for argument, value in zip(own, values, strict=True):
            is_number = argument.kind == "number"
            yield str(band(self.slices.slicing.cuts[predicate.name], int(value))) if is_number else value

    def decoded(self, line: bytes) -> Any:
        """A candidate's object, or None where it is not sound in itself."""
        try:
            candidate = self.types.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        if b"\\" in line:
            if b"\\u0000" in line or not _keys_stand_once(line):
                return None
        # What stands twice in an object is there only once when it is written again.
        elif line.count(b'"') != self.types.encode(candidate).count(b'"'):
            return None
        if len(line) <= SHORTEST * limits.FACTS:
            return candidate
        return candidate if line.count(b",") + line.count(b"[") + line.count(b"{") <= limits.FACTS else None

    def person(self, candidate: Any) -> Person | None:
        """What slices know of a candidate; None where something has to be asked first.

        Raises:
            UnfitError: where the candidate is not for slices.
        """
        taken = Taken(len(self.slices.kinds))
        for items in self.top:
            items.take(candidate, taken)
        fields = getattr(candidate, FIELDS)
        if fields is ABSENT:
            taken.sets[:] = [number or nothing for number, nothing in zip(taken.sets, self.nothing, strict=True)]
        else:
            for get, some in self.inner:
                of_field = get(fields)
                for items in some:
                    if of_field is ABSENT:
                        taken.sets[items.kind] = self.nothing[items.kind]
                    else:
                        items.take(of_field, taken)
        if taken.missing:
            return None
        text = self._text(candidate.candidate, taken) if self.digests else ""
        return Person(candidate.candidate, taken.claims, taken.sets, text)

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
