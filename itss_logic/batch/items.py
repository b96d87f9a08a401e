"""What stands under one key of a candidate: items, with or without attributes, to the members that slices know.

Their facts are noted as they come, for the digest of the evidence, and the quotation marks that they take in JSON are
counted: a key that stands twice in one object is found by those that nothing accounts for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from itss_logic.batch.frontier import CANDIDATE_MARK, ID_MARK, Given
from itss_logic.batch.typed import ABSENT, Statements
from itss_logic.batch.universe import Kind, band, fact
from itss_logic.terms import write
from itss_logic.vocabulary import CLAIMED, SOURCE, Predicate

if TYPE_CHECKING:
    from itss_logic.batch.people import People

SLOT = "\2"
"""What stands between the facts of one attribute and those of the next."""

MOST_KNOWN = 15_000
"""How many different statements, or parts, are remembered of a kind: about a kilobyte each."""


def quoted(text: str) -> str:
    """A string as clingo writes it."""
    if '"' in text or "\\" in text or "\n" in text:
        return write(text)
    return f'"{text}"'


def quotes(value: Any) -> int:
    """How many quotation marks a value takes in JSON, where nothing in it is escaped."""
    if isinstance(value, str):
        return 2
    if isinstance(value, tuple):
        return sum(map(quotes, value))
    if isinstance(value, msgspec.Struct):
        members = (getattr(value, name) for name in value.__struct_fields__)
        return sum(2 + quotes(member) for member in members if member is not ABSENT)
    return 0


class UnfitError(Exception):
    """A candidate that is not for slices."""


class Taken:
    """What was taken up of one candidate by now."""

    __slots__ = ("claims", "ids", "lines", "missing", "quotes", "rows", "sets")

    def __init__(self, nothing: Sequence[int]) -> None:
        self.claims = self.missing = False
        self.quotes = 0
        self.ids: set[str] = set()
        self.lines: list[str] = []
        self.rows: list[tuple[str, tuple[str, ...]]] = []
        self.sets = list(nothing)


class Known:
    """A statement of an item seen before.

    Args:
        text: its fact, with marks.
        givens: what it says, where it is verified and where it is claimed.
        members: the members that it is in either case.
        marks: how many quotation marks it takes in JSON as an object, its status, its source and attributes aside.
    """

    __slots__ = ("claimed", "claimed_fact", "givens", "marks", "meanings", "text", "verified", "verified_fact")

    def __init__(self, text: str, givens: tuple[Given, Given], members: tuple[int, int], marks: int) -> None:
        self.marks = marks
        self.text, self.verified_fact, self.claimed_fact = text, f"{text}.\n", f"{CLAIMED}({text}).\n"
        self.givens, (self.verified, self.claimed) = givens, members
        self.meanings: dict[bool, Meanings] = {}


class Items:
    """Items of one kind, where they have no attributes."""

    def __init__(self, people: People, statements: Statements) -> None:
        self.people, self.predicate, self.field = people, statements.predicate, statements.field
        self.spelled, self.holder = statements.spelled, attrgetter(statements.key)
        self.kind = people.slices.number[Kind(self.predicate.name, self.field)]
        own = [a.key for a in self.predicate.own if a.kind != "id"]
        self.own: Callable[[Any], Any] = attrgetter(*own) if own else lambda item: ()
        ids = [a.key for a in self.predicate.own if a.kind == "id"]
        self.id: Callable[[Any], Any] | None = attrgetter(*ids) if ids else None
        self.keys = 2 * len(own)
        """How many quotation marks its own keys take, where it is written out as an object."""
        self.known: dict[Any, Known] = {}
        self.wholes: dict[Any, tuple[int, list[str], int, bool]] = {}
        """What came before as a whole, where items have no ids."""
        self.many = self.predicate.number == "many"

    def learn(self, raw: Any, element: Any) -> Known:
        """Take up a statement that was not seen before."""
        values = next(self.people.values(self.predicate, (element,) if self.many else element))
        if not self.people.may_stand(self.predicate, values):
            raise UnfitError
        lowest = tuple(self.people.lowest(self.predicate, values))
        givens = Given(False, lowest), Given(True, lowest)
        text = fact(self.predicate, CANDIDATE_MARK, self.field, ID_MARK, values)
        marks = self.keys + quotes(element)
        if isinstance(element, msgspec.Struct):
            marks = sum(2 + quotes(getattr(element, a.key)) for a in self.predicate.own)
        known = Known(text, givens, (self.member(givens[0]), self.member(givens[1])), marks)
        if len(self.known) < MOST_KNOWN:
            self.known[raw] = known
        return known

    def member(self, given: Given) -> int:
        """The member that a statement is."""
        return next(iter(self.people.slices.plain_members(self.kind, (given,))), 0)

    def take(self, holder: Any, taken: Taken) -> None:
        """Take up what an object has of the kind."""
        value = self.holder(holder)
        if value is ABSENT:
            return
        taken.quotes += 2
        if value is False and self.predicate.number == "flag":
            return
        if self.id is None:
            whole = self.wholes.get(value)
            if whole is None:
                whole = self._whole(value)
            taken.sets[self.kind], lines, marks, is_claim = whole
            taken.lines.extend(lines)
            taken.quotes += marks
            taken.claims = taken.claims or is_claim
            return
        taken.sets[self.kind] = self._set(self._named(value if self.many else (value,), taken))

    def _set(self, members: list[int]) -> int:
        members.sort()
        key = (self.kind, tuple([member for member in members if member]))
        number = self.people.slices.sets.get(key)
        return self.people.slices.set_of(*key) if number is None else number

    def _whole(self, value: Any) -> tuple[int, list[str], int, bool]:
        """What stands under the key of items without ids: set, facts, quotation marks, whether any is a claim."""
        taken = Taken(())
        members, seen = self._nameless(value if self.many else (value,), taken)
        if len(set(seen)) < len(seen):
            raise UnfitError
        whole = (self._set(members), taken.lines, taken.quotes, taken.claims)
        if len(self.wholes) < MOST_KNOWN:
            self.wholes[value] = whole
        return whole

    def _named(self, elements: Sequence[Any], taken: Taken) -> list[int]:
        """The members of elements with ids."""
        known, own, get_id, digests = self.known.get, self.own, self.id, self.people.digests
        assert get_id is not None
        ids: set[str] = set()
        members: list[int] = []
        for element in elements:
            raw, id = own(element), get_id(element)
            meant = known(raw) or self.learn(raw, element)
            ids.add(id)
            self._count(element, meant, taken)
            if digests:
                self._cite(element, meant, quoted(id), taken)
            members.append(meant.claimed if element.status == CLAIMED else meant.verified)
        return members if len(ids) == len(elements) else self._under_ids(elements)

    def _nameless(self, elements: Sequence[Any], taken: Taken) -> tuple[list[int], list[Any]]:
        """The members of elements without ids, and what they say."""
        members: list[int] = []
        seen: list[Any] = []
        known, lines, spelled = self.known.get, taken.lines, self.spelled
        for element in elements:
            is_spelled = type(element) is spelled
            raw = self.own(element) if is_spelled else element
            meant = known(raw) or self.learn(raw, element)
            seen.append(raw)
            if is_spelled:
                self._count(element, meant, taken)
                self._cite(element, meant, "", taken)
                members.append(meant.claimed if element.status == CLAIMED else meant.verified)
            else:
                taken.quotes += meant.marks - self.keys
                lines.append(meant.verified_fact)
                members.append(meant.verified)
        return members, seen

    def _under_ids(self, elements: Sequence[Any]) -> list[int]:
        """The members of elements of which some share an id."""
        assert self.id is not None
        stated: dict[str, dict[Any, Given]] = {}
        for element in elements:
            raw, under = self.own(element), stated.setdefault(self.id(element), {})
            if raw in under:
                raise UnfitError
            under[raw] = (self.known.get(raw) or self.learn(raw, element)).givens[element.status == CLAIMED]
        members = self.people.slices.plain_members
        return [member for under in stated.values() for member in members(self.kind, tuple(sorted(under.values())))]

    def _count(self, element: Any, known: Known, taken: Taken) -> None:
        """Note the quotation marks of an element, and whether it is a claim."""
        marks = known.marks
        if element.status is not ABSENT:
            marks += 4
            if element.status == CLAIMED:
                taken.claims = True
        if element.source is not ABSENT:
            marks += 4
        taken.quotes += marks

    def _cite(self, element: Any, known: Known, id: str, taken: Taken) -> None:
        """Note the facts of an element."""
        is_claim = element.status == CLAIMED
        text = known.claimed_fact if is_claim else known.verified_fact
        taken.lines.append(text.replace(ID_MARK, id) if id else text)
        if element.source is not ABSENT:
            taken.lines.append(f"{SOURCE}({known.text.replace(ID_MARK, id)},{quoted(element.source)}).\n")


Meant: TypeAlias = "tuple[int, str, int]"
"""What an attribute of an item means, its facts with marks, and how many quotation marks it takes in JSON."""


class Leaf:
    """One attribute of items of a kind. `matters` is whether conclusions rest on it, `bands` are those of a number."""

    def __init__(self, people: People, kind: int, attribute: Predicate, *, matters: bool) -> None:
        self.people, self.kind, self.attribute, self.matters = people, kind, attribute, matters
        self.field = people.slices.kinds[kind].field
        self.get = attrgetter(attribute.key)
        single = attribute.number == "one" and len(attribute.own) == 1
        self.bands = people.slices.slicing.bands.get((people.slices.kinds[kind], attribute.name)) if single else None

    def key(self, item: Any) -> Any:
        """What an item has of it, a number as the lowest of its band."""
        value = self.get(item)
        return value if self.bands is None or value is ABSENT else band(self.bands, value)

    def meant(self, given: Given, value: Any) -> Meant | None:
        """What a value means; None where it has to be asked first.

        Raises:
            UnfitError: where it has parts that may not stand together.
        """
        rows = set(self.people.values(self.attribute, value))
        if not all(self.people.may_stand(self.attribute, values) for values in rows):
            raise UnfitError
        number: int | None = 0
        if self.matters:
            lowest = rows if self.bands else {tuple(self.people.lowest(self.attribute, values)) for values in rows}
            asked = (self.kind, given, self.attribute.name, tuple(sorted(lowest)))
            number = self.people.slices.leaves.get(asked)
            if number is None:
                self.people.wanted_leaves[asked] = None
                return None
        lines = sorted(f"{fact(self.attribute, CANDIDATE_MARK, self.field, ID_MARK, values)}.\n" for values in rows)
        return number or 0, "".join(lines), 0 if value is ABSENT else 2 + quotes(value)


class Meanings:
    """What was seen by now of one given item: a table for each leaf, and the member for all leaves together.

    They are many small tables rather than few large ones, which would not stay in the processor's cache.
    """

    def __init__(self, given: Given, leaves: Sequence[Leaf], numbers: Sequence[Leaf]) -> None:
        self.given = given
        self.tables: list[tuple[Callable[[Any], Any], dict[Any, Meant]]] = [(leaf.get, {}) for leaf in leaves]
        self.numbers: list[tuple[Callable[[Any], Any], Sequence[int], dict[Any, Meant]]] = [
            (leaf.get, leaf.bands or (), {}) for leaf in numbers
        ]
        self.members: dict[tuple[int, ...], int] = {}

    def table(self, place: int) -> dict[Any, Meant]:
        """The table of a leaf."""
        count = len(self.tables)
        return self.tables[place][1] if place < count else self.numbers[place - count][2]


class Owners(Items):
    """Items of one kind that have attributes."""

    def __init__(self, people: People, statements: Statements) -> None:
        super().__init__(people, statements)
        kind = people.slices.kinds[self.kind]
        divided = people.slices.slicing.parts[kind]
        matter = {name for part in divided for name in part}
        leaves = [
            Leaf(people, self.kind, p, matters=p.name in matter)
            for p in people.vocabulary.attributes(kind.item, kind.field)
        ]
        self.leaves = [leaf for leaf in leaves if leaf.bands is None]
        self.numbers = [leaf for leaf in leaves if leaf.bands is not None]
        names = [leaf.attribute.name for leaf in self.leaves + self.numbers]
        self.parts = [[names.index(name) for name in part] for part in divided]
        self.heads = [(leaf.get, f"{leaf.attribute.name}({CANDIDATE_MARK},") for leaf in self.numbers]
        places = [names.index(name) if name in names else len(names) for name in people.columns]
        self.columns: Callable[[Any], tuple[str, ...]] = itemgetter(*places, len(names))
        self.meanings: dict[Given, Meanings] = {}

    def member(self, given: Given) -> int:
        """Nothing, as long as its attributes are not known."""
        return 0

    def _named(self, elements: Sequence[Any], taken: Taken) -> list[int]:
        """The members of elements with their attributes."""
        ids, own, get_id, known, digests = taken.ids, self.own, self.id, self.known.get, self.people.digests
        assert get_id is not None
        expected = len(ids) + len(elements)
        members: list[int] = []
        for element in elements:
            raw, name = own(element), get_id(element)
            ids.add(name)
            meant = known(raw) or self.learn(raw, element)
            is_claim = element.status == CLAIMED
            meanings = meant.meanings.get(is_claim)
            if meanings is None:
                meanings = meant.meanings[is_claim] = self._meanings(meant.givens[is_claim])
            found = [table.get(get(element)) for get, table in meanings.tables]
            for get, cuts, table in meanings.numbers:
                value = get(element)
                found.append(table.get(value if value is ABSENT else cuts[bisect_right(cuts, value) - 1]))
            if None in found and not self._learn(element, meanings, found):
                taken.missing = True
                continue
            numbers, texts, marks = zip(*found)  # noqa: B905
            member = meanings.members.get(numbers)
            if member is None:
                member = self._want(meanings, numbers)
                if member is None:
                    taken.missing = True
                    continue
            members.append(member)
            self._count(element, meant, taken)
            taken.quotes += sum(marks)
            if digests:
                id = quoted(name)
                self._cite(element, meant, id, taken)
                self._row(element, id, texts, taken)
        if len(ids) < expected:
            raise UnfitError
        return members

    def _row(self, element: Any, id: str, texts: Sequence[str], taken: Taken) -> None:
        """Note the facts of attributes."""
        row = SLOT.join(texts).replace(ID_MARK, id).split(SLOT)
        for place, (get, head) in enumerate(self.heads, len(self.leaves)):
            value = get(element)
            row[place] = "" if value is ABSENT else f"{head}{id},{value}).\n"
        row.append("")
        taken.rows.append((id, self.columns(row)))

    def _meanings(self, given: Given) -> Meanings:
        if given not in self.meanings:
            self.meanings[given] = Meanings(given, self.leaves, self.numbers)
        return self.meanings[given]

    def _learn(self, element: Any, meanings: Meanings, found: list[Meant | None]) -> bool:
        """Fill in what attributes mean; whether all of that was asked."""
        for place, leaf in enumerate(self.leaves + self.numbers):
            if found[place] is None:
                value = leaf.key(element)
                meant = found[place] = leaf.meant(meanings.given, value)
                table = meanings.table(place)
                if meant is not None and len(table) < MOST_KNOWN:
                    table[value] = meant
        return None not in found

    def _want(self, meanings: Meanings, numbers: tuple[int, ...]) -> int | None:
        """What an item means, if it was asked; otherwise it is asked next."""
        slices, given = self.people.slices, meanings.given
        parts: list[int] = []
        for part, leaves in enumerate(self.parts):
            asked = (self.kind, given, part, tuple([numbers[leaf] for leaf in leaves]))
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
        elif len(meanings.members) < MOST_KNOWN:
            meanings.members[numbers] = member
        return member
