"""Evidence into a register: judged as a whole, and kept beside the verdicts; and what verdicts hinge on, later."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias

import msgspec

from itss_logic.answers import Verdicts
from itss_logic.batch.report import Report
from itss_logic.console import progress, warn
from itss_logic.errors import ItssError, Place, Refusal, printable, shorten
from itss_logic.evidence import Evidence, Refused
from itss_logic.reading import CSV, SQL, STANDARD_INPUT, find_files, lines_of, read_file, read_line
from itss_logic.web.register import Hinges, Register
from itss_logic.web.stored import Stored
from itss_logic.web.written_out import write_out

if TYPE_CHECKING:
    from itss_logic.policy import Policy
    from itss_logic.vocabulary import Vocabulary

FEW_BYTES = 1_000_000
"""Evidence of up to this size is judged here and now: some 300 candidates, in a second. More is worth the start of a
batch."""

STEP = 1_000
"""After how many candidates it is shown how far filing is."""

Person: TypeAlias = "tuple[Verdicts, Stored]"

BOM = b"\xef\xbb\xbf"


class Source(NamedTuple):
    """A file of evidence: what it is called, a path to it that no other has, its form and, of a file that others can
    change, what would show that: its size in bytes and the time of its last change."""

    name: str
    path: str
    form: str
    stamp: tuple[int, int] | None


class Kept(NamedTuple):
    """A text that the evidence of a candidate can be read from again, and its form, `jsonl` or `lp`. `evidence` is the
    digest of it, where it was read as a whole."""

    candidate: str
    form: str
    text: bytes
    evidence: str | None = None


class Named(msgspec.Struct):
    """A line of evidence, as far as it tells whose it is."""

    candidate: str


class Verdict(msgspec.Struct):
    """A result in a line of results, as far as it is listed."""

    field: str
    level: int
    verdict: str


class Judged(msgspec.Struct):
    """A line of results, as far as it is listed."""

    candidate: str
    evidence: str
    highest: dict[str, int | None]
    results: list[Verdict]


class Told(Report):
    """Tells how far a batch is, and what is refused, by the names of the files; the register counts it."""

    def __init__(self, sources: Iterable[Source], register: Register) -> None:
        super().__init__()
        self.register = register
        self.names = {source.path: source.name for source in sources}
        self.lines: dict[str, set[int]] = {path: set() for path in self.names}
        """The lines that were refused, by path."""

    def refused(self, refusals: Iterable[Refusal]) -> None:
        """Print why a candidate is refused."""
        told = []
        for refusal in refusals:
            place = refusal.place
            if place.file in self.names:
                if place.line is not None:
                    self.lines[place.file].add(place.line)
                refusal = refusal._replace(place=place._replace(file=self.names[place.file]))
            told.append(refusal)
        self.register.refuse(told)
        super().refused(told)


def file_evidence(
    policy: Policy,
    readings: Mapping[str, str],
    paths: Sequence[str],
    input_format: str | None,
    jobs: int,
    register: Register,
) -> None:
    """Judge all candidates and enter them, in order, and make the register ready for questions. What is refused goes to
    standard error. To be called before anything starts a thread: processes are forked.

    Args:
        policy: what decides.
        readings: the options that are to be in force instead of the defaults.
        paths: files, folders or `-`.
        input_format: the form of `-` (default JSON lines) and of named files whose suffix tells none.
        jobs: how many processes decide.
        register: a new one, of the same policy.

    Raises:
        ItssError: for unknown readings, for files that cannot be read, and for such as change meanwhile.
        SelfCheckError: where a candidate decided a second time came out otherwise.
    """
    policy.in_force(readings)
    with TemporaryDirectory(prefix="itss-") as folder:
        early: list[Refused] = []
        sources = list(_sources(policy.vocabulary, paths, input_format, folder, early))
        told = Told(sources, register)
        for entry in early:
            told.refused(entry.refusals)
        if sum(os.path.getsize(source.path) for source in sources) <= FEW_BYTES:
            register.enter(_judged_plainly(policy, readings, sources, told))
        else:
            results = os.path.join(folder, "results.jsonl")
            _judge(policy, readings, sources, results, jobs, told)
            register.enter(_counted(_joined(_results(results), _kept(policy, sources, told.lines), sources)))
    _check_unchanged(sources)
    register.complete()


def _sources(
    vocabulary: Vocabulary, paths: Iterable[str], input_format: str | None, folder: str, early: list[Refused]
) -> Iterator[Source]:
    """What is found under paths, each file under a path of its own in a folder, so that one that is named twice is two.

    What is no single file is made lines of JSON; what is refused of it is put into `early`.

    Raises:
        ItssError: where something cannot be read.
    """
    found = [one for path in paths for one in find_files(path, input_format, warn)]
    for number, (name, form) in enumerate(found):
        if form in (CSV, SQL):
            path = os.path.join(folder, f"{number}.jsonl")
            shown, refused = write_out(vocabulary, name, form, path)
            early.extend(refused)
            yield Source(shown, path, "jsonl", None)
            continue
        path = os.path.join(folder, f"{number}.{form}")
        try:
            yield Source(name, path, form, _put(name, path))
        except OSError as error:
            raise ItssError(f"{printable(name)}: cannot be read: {error.strerror or error}") from None


def _put(name: str, path: str) -> tuple[int, int] | None:
    """Put a link to a file at a path, or a copy of what can be read only once; gives the stamp of a file linked to."""
    if name == STANDARD_INPUT:
        _copy(sys.stdin.buffer, path)
        return None
    with open(name, "rb") as stream:
        about = os.fstat(stream.fileno())
        if stat.S_ISREG(about.st_mode):
            os.symlink(os.path.abspath(name), path)
            return about.st_size, about.st_mtime_ns
        _copy(stream, path)
    return None


def _copy(stream: BinaryIO, path: str) -> None:
    with open(path, "wb") as copy:
        shutil.copyfileobj(stream, copy, 2**20)


def _check_unchanged(sources: Iterable[Source]) -> None:
    for source in sources:
        try:
            about = os.stat(source.name) if source.stamp else None
        except OSError:
            raise _changed(source.name) from None
        if about is not None and (about.st_size, about.st_mtime_ns) != source.stamp:
            raise _changed(source.name)


def _changed(name: str) -> ItssError:
    return ItssError(f"{printable(name)}: changed while it was read; start again when it is at rest")


def _judged_plainly(
    policy: Policy, readings: Mapping[str, str], sources: Iterable[Source], told: Told
) -> Iterator[Person]:
    people = []
    for entry in policy.read(*(source.path for source in sources)):
        if isinstance(entry, Refused):
            told.refused(entry.refusals)
        else:
            people.append(entry)
    for evidence, answer in zip(people, policy.evaluate(people, readings), strict=True):
        yield answer.summary, Stored.of(answer.candidate, answer.evidence, "lp", evidence.as_lp().encode())


def _judge(
    policy: Policy, readings: Mapping[str, str], sources: Sequence[Source], results: str, jobs: int, told: Told
) -> None:
    """Judge all candidates into a file of results."""
    from itss_logic.batch.run import Order, run
    from itss_logic.batch.streams import RunError

    try:
        run(policy, readings, Order([source.path for source in sources], results, jobs=jobs), told)
    except RunError:
        _check_unchanged(sources)
        raise


def _results(path: str) -> Iterator[tuple[Verdicts, str]]:
    """Yield the verdicts of a file of results, with the digests of the evidence."""
    decode = msgspec.json.Decoder(Judged).decode
    with open(path, "rb") as lines:
        for line in lines:
            judged = decode(line)
            verdicts = {(one.field, one.level): one.verdict for one in judged.results}
            yield Verdicts(judged.candidate, verdicts, judged.highest), judged.evidence


def _joined(
    results: Iterable[tuple[Verdicts, str]], kept: Iterable[Kept], sources: Sequence[Source]
) -> Iterator[Person]:
    """Results with what they rest on. Both are in the order of the input, and only what was refused has no result.

    Raises:
        ItssError: where evidence is not there any more, or not the same.
    """
    texts = iter(kept)
    for verdicts, digest in results:
        found = next((one for one in texts if one.candidate == verdicts.candidate), None)
        if found is None or found.evidence not in (None, digest):
            _check_unchanged(sources)
            raise ItssError(
                f"the evidence on {printable(shorten(verdicts.candidate))} changed while it was read; start again"
            )
        yield verdicts, Stored.of(verdicts.candidate, digest, found.form, found.text)


def _counted(people: Iterable[Person]) -> Iterator[Person]:
    """The same people; on a terminal it shows how many by now."""
    with progress("candidates filed") as told:
        for number, person in enumerate(people):
            if number % STEP == 0:
                told(number)
            yield person


def _kept(policy: Policy, sources: Iterable[Source], refused: Mapping[str, set[int]]) -> Iterator[Kept]:
    """Yield what there is of every candidate of the sources; of some who were refused as well."""
    for source in sources:
        if source.form == "jsonl":
            yield from _kept_lines(policy, source.path, refused[source.path])
            continue
        for entry, _ in read_file(source.path, source.form, policy.vocabulary):
            if isinstance(entry, Evidence):
                yield Kept(entry.candidate, "lp", entry.as_lp().encode(), entry.digest)


def _kept_lines(policy: Policy, path: str, refused: set[int]) -> Iterator[Kept]:
    decode = msgspec.json.Decoder(Named).decode
    with open(path, "rb") as stream:
        for number, line in enumerate(lines_of(stream), 1):
            if number in refused:
                continue
            try:
                candidate: str | None = decode(line.removeprefix(BOM)).candidate
            except msgspec.MsgspecError:
                # Blank, or with white space that only our own reader takes for such.
                placed = read_line(line, Place(path, number), policy.vocabulary)
                candidate = placed[0].candidate if placed else None
            if candidate is not None:
                yield Kept(candidate, "jsonl", line)


def hinges(policy: Policy, people: Iterable[Stored], readings: Mapping[str, str]) -> list[Hinges]:
    """On which readings the verdicts on people hinge; more than 10 ms each, so better left to other processes.

    Raises:
        QuestionError: for a reading or an option that does not exist.
        SelfCheckError: where evidence is not what was judged.
    """
    evidence = [stored.unpack(policy.vocabulary) for stored in people]
    return [
        Hinges(answer.candidate, {(r.field, r.level): r.hinges_on for r in answer.results if r.hinges_on})
        for answer in policy.evaluate(evidence, readings, across=True)
    ]
