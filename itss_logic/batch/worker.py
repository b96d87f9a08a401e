"""A worker: takes blocks of input and gives what was made of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from itss_logic import limits
from itss_logic.answers import Answer
from itss_logic.batch.blocks import FINGERPRINT_BYTES, Block, Done, Reject
from itss_logic.batch.bundled import BUNDLES, Unpacked
from itss_logic.batch.items import UnfitError
from itss_logic.batch.people import People, Person
from itss_logic.batch.rendered import FORMS, Form, Row
from itss_logic.batch.slices import Decisions, Slices
from itss_logic.batch.typed import UntypedError
from itss_logic.batch.universe import NotSlicedError
from itss_logic.errors import Place, SelfCheckError
from itss_logic.evidence import Entry, Evidence, Refused
from itss_logic.policy import Policy
from itss_logic.reading import is_elsewhere, read_file, read_line, repeated

FIRST = 250
"""How many lines of the first block are read first: most of what the others need is asked for these, all at once."""


Reader: TypeAlias = "Callable[[int], tuple[Entry, Place] | None]"
"""Reads a line by its index, in the way of all other commands."""


class Recipe(NamedTuple):
    """What a worker decides by: a policy, all readings, and the form of its output (`jsonl`, `csv` or `arrow`)."""

    policy: Policy
    readings: Mapping[str, str]
    form: str


class Worker:
    """Decides blocks. What one block asked of clingo, later ones know."""

    def __init__(self, recipe: Recipe) -> None:
        self.policy, self.readings, form = recipe
        self.form: Form = FORMS[form](self.policy, self.readings)
        self.notice: str | None = None
        """Why nothing is decided by slices, if so."""
        self.decisions = Decisions()
        self.sliced: Sliced | None = None
        try:
            self.sliced = Sliced(self.policy, self.readings, digests=self.form.digests)
        except (NotSlicedError, UntypedError) as reason:
            self.notice = f"all candidates are decided plainly, which takes longer: {reason}"

    def work(self, block: Block, repeats: frozenset[int] = frozenset()) -> Done:
        """Decide a block; the lines with the indexes in `repeats` are refused, as their candidate came before.

        Raises:
            SelfCheckError: where a candidate who is decided a second time, plainly, has other results.
        """
        found, entry, digest = self._found(block, repeats)
        plain = len(found.people)
        answers = self.policy.evaluate(found.people.values(), self.readings)
        for index, answer in zip(found.people, answers, strict=True):
            found.rows[index] = self._row(answer)
        verified = self._verify(block, entry, found)
        ordered = [found.rows[index] for index in sorted(found.rows)]
        counts: Counter[Any] = Counter(decision for row in ordered for decision in row.decisions)
        verdicts: Counter[tuple[str, int, str]] = Counter()
        for decision, number in counts.items():
            for result in decision.results:
                verdicts[result.field, result.level, result.verdict] += number
        return Done(
            lines=found.lines,
            digest=digest,
            output=self.form.block(ordered),
            rejects=tuple(found.rejects),
            named=tuple(sorted(found.named)),
            accepted=len(ordered),
            counts=dict(verdicts),
            verified=verified,
            plain=plain,
            notice=self.notice,
        )

    def _found(self, block: Block, repeats: frozenset[int]) -> tuple[Found, Reader, bytes]:
        """What is found in a block, what reads it once more, and its digest."""
        lines, digest = read_block(block)
        entry: Reader = lambda index: read_line(  # noqa: E731
            lines[index], Place(block.file, index + 1, None, "$"), self.policy.vocabulary
        )
        if block.form == BUNDLES:
            unpacked = Unpacked(lines, self.policy.vocabulary)
            lines, entry = unpacked.lines, unpacked.entry
        found = Found(block, len(lines))
        if block.form not in ("jsonl", BUNDLES):
            placed = list(read_file(block.path, block.form, self.policy.vocabulary))
            for index, (one, place) in enumerate(placed):
                found.enter(index, one, place, b"", index in repeats)
            found.lines = len(placed)
            return found, entry, digest
        rows = self._sliced_rows(lines, repeats)
        found.rows.update(rows)
        found.name({index: row.candidate for index, row in rows.items()})
        for index, line in enumerate(lines):
            if index not in rows and (read := entry(index)) is not None:
                found.enter(index, *read, b"" if block.form == BUNDLES else line, index in repeats)
        return found, entry, digest

    def _sliced_rows(self, lines: Sequence[bytes], repeats: frozenset[int]) -> dict[int, Row]:
        """The rows that slices give; none, from the moment on when evidence turns out not to come apart."""
        try:
            return self.sliced.rows(lines, repeats) if self.sliced else {}
        except NotSlicedError as reason:
            self.sliced, self.notice = None, f"candidates are decided plainly from here on: {reason}"
            return {}

    def _row(self, answer: Answer) -> Row:
        decisions = [
            self.decisions.one(f, tuple(r for r in answer.results if r.field == f), answer.highest[f])
            for f in self.policy.fields
        ]
        return Row(answer.candidate, answer.evidence if self.form.digests else "", tuple(decisions))

    def _verify(self, block: Block, entry: Reader, found: Found) -> int:
        """Decide some candidates a second time, plainly, and compare."""
        some = [index for index in sorted(found.rows) if index not in found.people]
        number = min(block.verify, len(some))
        chosen = [some[place * len(some) // number] for place in range(number)]
        people: list[Evidence] = []
        for index in chosen:
            placed = entry(index)
            if placed is None or isinstance(placed[0], Refused):
                raise SelfCheckError(f"{block.file}: {found.rows[index].candidate} was decided, and is to be refused")
            people.append(placed[0])
        for index, answer in zip(chosen, self.policy.evaluate(people, self.readings), strict=True):
            if self.form.answer(self._row(answer)) != self.form.answer(found.rows[index]):
                raise SelfCheckError(f"{block.file}: {answer.candidate} has other results when decided alone")
        return number


class Found:
    """What was found in a block by now, by the index of the line."""

    def __init__(self, block: Block, lines: int) -> None:
        self.block, self.lines = block, lines
        self.rows: dict[int, Row] = {}
        self.people: dict[int, Evidence] = {}
        self.rejects: list[Reject] = []
        self.named: list[tuple[int, bytes]] = []

    def enter(self, index: int, entry: Entry, place: Place, raw: bytes, is_repeat: bool) -> None:
        """Take up what was read of a line."""
        if entry.candidate is not None and not (isinstance(entry, Refused) and is_elsewhere(entry)):
            self.name({index: entry.candidate})
        if is_repeat:
            entry = repeated(entry, place)
        if isinstance(entry, Refused):
            self.rejects.append(Reject(index, entry.candidate, entry.refusals, raw.removesuffix(b"\n")))
        else:
            self.people[index] = entry

    def name(self, candidates: Mapping[int, str]) -> None:
        """Note who is named."""
        blake = hashlib.blake2b
        self.named.extend(
            [(n, blake(c.encode(), digest_size=FINGERPRINT_BYTES).digest()) for n, c in candidates.items()]
        )


class Sliced:
    """Decides candidates by slices."""

    def __init__(self, policy: Policy, readings: Mapping[str, str], *, digests: bool) -> None:
        self.slices = Slices(policy, readings)
        self.people = People(self.slices, digests=digests)
        self.fields = [(f, _several(groups)) for f, groups in self.slices.groups_of.items()]
        self.single = all(len(kinds) == 1 for kinds in self.slices.group_kinds)

    def rows(self, lines: Sequence[bytes], repeats: frozenset[int]) -> dict[int, Row]:
        """The rows of lines, by index; those that are not there are not for slices."""
        start = 0 if self.slices.decisions else FIRST
        persons = self._persons(lines[:start], repeats)
        persons.update(self._persons(lines, repeats, start))
        vectors = {index: self._vectors(person) for index, person in persons.items()}
        later = {index: persons[index] for index, some in vectors.items() if None in some}
        if later:
            kinds = list(enumerate(self.slices.group_kinds))
            self.slices.ask_groups(
                {
                    (g, person.claims, tuple([person.sets[k] for k in of]))
                    for person in later.values()
                    for g, of in kinds
                }
            )
            vectors.update((index, self._vectors(person)) for index, person in later.items())
        fields, decisions = self.fields, self.slices.decisions
        keys = {index: [(f, persons[index].claims, get(some)) for f, get in fields] for index, some in vectors.items()}
        wanted = {key for some in keys.values() for key in some if key not in decisions}
        if wanted:
            self.slices.decide(wanted)
        rows: dict[int, Row] = {}
        for index, person in persons.items():
            rows[index] = Row(person.candidate, person.digest, tuple([decisions[key] for key in keys[index]]))
        return rows

    def _vectors(self, person: Person) -> list[int | None]:
        """What the sets of each group mean; None where that is to be asked."""
        known = self.slices.vectors[person.claims].get
        if self.single:
            return [known(number) for number in person.sets]
        key_of, sets = self.slices.key_of, person.sets
        return [known(key_of(g, tuple([sets[k] for k in of]))) for g, of in enumerate(self.slices.group_kinds)]

    def _persons(self, lines: Sequence[bytes], repeats: frozenset[int], start: int = 0) -> dict[int, Person]:
        people = self.people
        found: dict[int, Person] = {}
        waiting: dict[int, Any] = {}
        for index in range(start, len(lines)):
            # One after the other, so that what was just decoded is at hand.
            if index not in repeats and (candidate := people.decoded(lines[index])) is not None:
                self._take(index, candidate, lines[index], found, waiting)
        while waiting:
            people.ask()
            again, waiting = waiting, {}
            for index, candidate in again.items():
                self._take(index, candidate, lines[index], found, waiting)
        return found

    def _take(self, index: int, candidate: Any, line: bytes, found: dict[int, Person], waiting: dict[int, Any]) -> None:
        """Put a candidate among those found, or those for whom something has to be asked first, or nowhere."""
        try:
            person = self.people.person(candidate, line)
        except UnfitError:
            return
        if person is None:
            waiting[index] = candidate
        else:
            found[index] = person


def _several(places: Sequence[int]) -> Any:
    """What stands at these places of a sequence, as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda sequence: tuple(sequence[place] for place in places)


def read_block(block: Block) -> tuple[list[bytes], bytes]:
    """The lines of a block, and the digest of its bytes. Of a line that is too long only the beginning is kept."""
    digest = hashlib.sha256()
    if block.data is not None:
        digest.update(block.data)
        return _lines(block.data), digest.digest()
    with open(block.path, "rb") as stream:
        if block.stop is None:
            while data := stream.read(2**20):
                digest.update(data)
            return [], digest.digest()
        data = b"".join(_stretch(stream, block.start, block.stop, digest))
    return _lines(data), digest.digest()


def _lines(data: bytes) -> list[bytes]:
    """Lines with their ends, as the reader of lines has them."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _stretch(stream: BinaryIO, start: int, stop: int, digest: Any) -> Iterator[bytes]:
    """The lines that begin in a stretch of a file."""
    if start:
        stream.seek(start - 1)
        while (data := stream.readline(limits.LINE_BYTES)) and not data.endswith(b"\n"):
            pass
    if stream.tell() >= stop:
        return
    data = stream.read(stop - stream.tell())
    digest.update(data)
    yield data
    kept = len(data) - data.rfind(b"\n") - 1
    while data and not data.endswith(b"\n"):
        data = stream.readline(limits.LINE_BYTES)
        digest.update(data)
        if kept <= limits.LINE_BYTES or data.endswith(b"\n"):
            yield data
        kept += len(data)
