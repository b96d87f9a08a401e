"""What a process of a cluster does: it reads its part, decides it, and writes what came of it, all by itself.

Every task may be done twice, at the same time too: it writes the same, and under its name only when whole.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from hashlib import sha256
from importlib.metadata import version
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from distributed import WorkerPlugin, get_worker

from itss_logic.answers import VERDICTS
from itss_logic.batch import rejects, repeats
from itss_logic.batch.blocks import Block, Done
from itss_logic.batch.outputs import Target
from itss_logic.batch.parts import Made, Part
from itss_logic.batch.repeats import Marks, Repeats
from itss_logic.batch.store import WORK, Store
from itss_logic.batch.streams import RunError, told
from itss_logic.batch.worker import Recipe, Worker
from itss_logic.errors import SelfCheckError, printable

Where = Sequence[tuple[str, int, int]]
"""Where the lines of a part stand that are to be refused: stretches of files."""

_ONE_AT_A_TIME = threading.Lock()
"""A worker is not for several threads, and more of them would be no faster."""


class Bench(WorkerPlugin):
    """What the tasks of a run share in a process: its worker, made once, with all that it learnt.

    `about` is what the output rests on. `digits` is the length of the numbers of parts. `rejects` is the folder whose
    lines hold what was refused as it came, or None.
    """

    def __init__(
        self,
        key: str,
        recipe: Recipe,
        folder: str,
        rejects: str | None,
        target: Target,
        about: dict[str, Any],
        block_bytes: int,
        digits: int,
    ) -> None:
        self.name = self.key = key
        self.recipe, self.target, self.about = recipe, target, about
        self.folder, self.rejects = folder, rejects
        self.block_bytes, self.digits = block_bytes, digits
        self._worker: Worker | None = None

    @property
    def worker(self) -> Worker:
        """What decides.

        Raises:
            RunError: where this is another version of itss_logic.
        """
        if self._worker is None:
            here = version("itss_logic")
            if here != self.about["version"]:
                raise RunError(f"a worker has itss_logic {here}, and not {self.about['version']} as this machine")
            self._worker = Worker(self.recipe)
        return self._worker

    def part(self, number: int) -> str:
        """How the names of all files of a part begin."""
        return f"part-{number:0{self.digits}}"

    def work(self, part: int, *, again: bool) -> str:
        """The same while it is not finished; `again` for what it is with lines refused as they came earlier."""
        return f"{WORK}/{self.part(part)}{'-again' if again else ''}"

    def output(self, part: int) -> str:
        """The name of the output of a part, once it is finished."""
        return self.part(part) + self.target.place.removeprefix("part")


class Making:
    """A part that is decided."""

    def __init__(self, bench: Bench, store: Store, part: Part, where: Where) -> None:
        self.bench, self.store, self.part = bench, store, part
        self.refused, self.repeats = repeats.lines_of(store, where)
        self.name = bench.work(part.number, again=bool(where))
        self.writes_marks = not where
        self.marks = Marks()
        self.ends: list[int] = []
        self.digests = ""
        self.counts: Counter[tuple[str, int, str]] = Counter()
        self.lines = self.accepted = self.refusals = self.verified = self.plain = 0

    def made(self) -> Made:
        """What is made of the part, now or earlier.

        Raises:
            RunError: where it cannot be read or written, or changed since the run began.
            SelfCheckError: where a candidate decided a second time came out otherwise.
        """
        earlier = self._earlier()
        stamp = self.part.stamp
        if stamp[0] != self.part.source.size:
            raise self._changed()
        if earlier is not None and self._holds(earlier, stamp):
            return earlier._replace(kept=True)
        with ExitStack() as stack, TemporaryDirectory(prefix="itss-") as spool:
            files = self.store.making(f"{self.name}.made"), self.store.making(f"{self.name}.rejects")
            made, refused = (stack.enter_context(file) for file in files)
            plain = os.path.join(spool, "made") if self.bench.target.packing else made
            with open(plain, "wb") as out, open(refused, "wb") as rejected:
                self._decide(spool, out, rejected)
            if self.bench.target.packing:
                self.bench.target.pack(plain, self.ends, made, self._about())
            size = os.path.getsize(made)
            if self.part.stamp != stamp or (earlier is not None and earlier.digests != self.digests):
                raise self._changed()
        if self.writes_marks:
            self.store.write(f"{self.name}.marks", self.marks.data())
        return self._noted(stamp, size)

    def _earlier(self) -> Made | None:
        """What an earlier attempt made of the part, by its word."""
        try:
            made = Made.of(json.loads(self.store.read(f"{self.name}.json")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        this = (self.bench.key, (self.part.start, self.part.stop), self.repeats)
        return made if (made.key, made.place, made.repeats) == this else None

    def _holds(self, earlier: Made, stamp: tuple[int | None, str]) -> bool:
        """Whether all that an earlier attempt made is there, of the same input."""
        if earlier.stamp[0] != stamp[0]:
            raise self._changed()
        if earlier.stamp != stamp or not stamp[1] or self.store.size(f"{self.name}.made") != earlier.size:
            return False
        return all(self.store.size(f"{self.name}.{kind}") is not None for kind in self._kinds())

    def _kinds(self) -> list[str]:
        return ["rejects", *(["marks"] if self.writes_marks else [])]

    def _changed(self) -> RunError:
        return RunError(
            f"{printable(self.part.name)}: changed since the run began; delete {printable(self.bench.folder)} "
            "and start anew"
        )

    def _decide(self, spool: str, out: BinaryIO, rejected: BinaryIO) -> None:
        """Decide the blocks of the part, in order."""
        if self.part.number == 0:
            out.write(self.bench.target.header)
        for block in self.part.blocks(spool, self.bench.block_bytes):
            refused = self.refused.get(block.number, set())
            done = self._work(block, refused)
            again = self.marks.add(block.number, done.named) - refused
            if again:
                digest, done = done.digest, self._work(block, refused | again)
                if done.digest != digest:
                    raise self._changed()
            out.write(done.output)
            self.ends.append(out.tell())
            for reject in done.rejects:
                refusals = [rejects.placed(refusal, block, self.lines) for refusal in reject.refusals]
                kept = reject if self.bench.rejects else reject._replace(raw=b"")
                rejected.write(rejects.told(kept, refusals, block, self.lines).encode())
            self._count(done)

    def _work(self, block: Block, refused: set[int]) -> Done:
        try:
            return self.bench.worker.work(block, frozenset(refused))
        except OSError as error:
            raise RunError(f"{printable(self.part.name)}: cannot be read: {told(error)}") from error

    def _count(self, done: Done) -> None:
        self.digests += done.digest.hex()
        self.counts.update(done.counts)
        self.lines += done.lines
        self.accepted += done.accepted
        self.refusals += len(done.rejects)
        self.verified += done.verified
        self.plain += done.plain

    def _about(self) -> dict[str, Any]:
        """What the output of the part rests on."""
        digest = sha256(bytes.fromhex(self.digests)).hexdigest()
        return self.bench.about | {
            "input": f"sha256:{digest}",
            "candidates": self.accepted,
            "refused": self.refusals,
        }

    def _noted(self, stamp: tuple[int | None, str], size: int) -> Made:
        """What was made, noted beside it: from now on it counts as finished."""
        levels = self.bench.recipe.policy.levels
        made = Made(
            key=self.bench.key,
            place=(self.part.start, self.part.stop),
            stamp=stamp,
            repeats=self.repeats,
            size=size,
            lines=self.lines,
            marks=self.marks.count,
            digests=self.digests,
            accepted=self.accepted,
            refused=self.refusals,
            verified=self.verified,
            plain=self.plain,
            counts=[self.counts[(*level, verdict)] for level in levels for verdict in VERDICTS],
            notice=self.bench.worker.notice,
        )
        self.store.write(f"{self.name}.json", json.dumps(made).encode())
        return made


def decide(key: str, part: Part, where: Where = ()) -> Made | str:
    """Decide a part, with the lines refused that stand there; why its answers failed their check, if so."""
    bench = _bench(key)
    with _ONE_AT_A_TIME:
        try:
            return Making(bench, Store(bench.folder), part, where).made()
        except SelfCheckError as error:
            return str(error)  # Another attempt would not change it.
        except RunError as error:
            raise RunError(f"{error} (on worker {_address()})") from None


def find_repeats(key: str, parts: int, low: int, high: int) -> Repeats:
    """Find candidates that came in an earlier part, in some drawers; see `repeats.find`."""
    bench = _bench(key)
    files = ((number, f"{bench.work(number, again=False)}.marks") for number in range(parts))
    return repeats.find(Store(bench.folder), files, low, high)


def put_in_place(key: str, part: int, again: bool, before: int) -> None:
    """Give the output of a part its name, and write its rejects, where `before` lines of its input came earlier."""
    bench = _bench(key)
    store = Store(bench.folder)
    name = bench.work(part, again=again)
    if bench.rejects and store.size(f"{name}.rejects"):
        with Store(bench.rejects).making(f"{bench.part(part)}.jsonl") as path, open(path, "wb") as file:
            file.writelines(_moved(store.lines(f"{name}.rejects"), before))
    store.move(f"{name}.made", bench.output(part))


def _moved(lines: Iterable[bytes], before: int) -> Iterable[bytes]:
    for line in lines:
        yield rejects.moved(json.loads(line), before).encode()


def _bench(key: str) -> Bench:
    bench = get_worker().plugins.get(key)
    if not isinstance(bench, Bench):
        raise RunError(f"worker {_address()} does not know of the run")
    return bench


def _address() -> str:
    return str(get_worker().address)
