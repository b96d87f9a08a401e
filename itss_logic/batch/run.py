"""A run: inputs through the workers into one output, in order, and all of it again after it was cut short."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.batch import folder as folders
from itss_logic.batch import rejects
from itss_logic.batch.blocks import Done
from itss_logic.batch.bundled import tables_of
from itss_logic.batch.crew import Crew
from itss_logic.batch.folder import Folder
from itss_logic.batch.inputs import BLOCK_BYTES, Input, Piece, changed, find, pieces, spread
from itss_logic.batch.journal import Journal, Totals
from itss_logic.batch.outputs import Target
from itss_logic.batch.report import Report
from itss_logic.batch.seen import Seen
from itss_logic.batch.streams import RunError, is_url
from itss_logic.batch.worker import Recipe
from itss_logic.errors import QuestionError, SelfCheckError, printable
from itss_logic.intake.files import apart
from itss_logic.intake.layout import Layout
from itss_logic.intake.sources import Source
from itss_logic.policy import Policy
from itss_logic.reading import is_database

if TYPE_CHECKING:
    from itss_logic.batch.cluster import ClusterOrder

VERIFIED = 1_000
"""Candidates that are decided a second time, by default."""

OPTIONS = {
    "version": "the version of itss_logic",
    "category": "--category",
    "policy": "the policy (--policy-change, --kb or the rules themselves)",
    "readings": "--reading",
    "inputs": "INPUT",
    "input_format": "--input-format",
    "rejects": "--rejects",
    "verify_sample": "--verify-sample",
    "block_bytes": "the size of blocks",
}
"""What a run is asked to do, and what a person calls it."""


class Order(NamedTuple):
    """What a run is to do.

    `inputs` are files, folders, URLs or `-`; `output` is a path or URL, `rejects` a path, or None for standard error.
    `verify_sample` is how many candidates are decided a second time, 0 for none. `block_bytes` is how many bytes of
    lines make a block; the digest of the input depends on it, the output does not. `table` names the table of results,
    where `output` is the URL of an SQLite file or a PostgreSQL server.
    """

    inputs: Sequence[str]
    output: str
    rejects: str | None = None
    jobs: int = 1
    resume: bool = False
    verify_sample: int = VERIFIED
    input_format: str | None = None
    block_bytes: int = BLOCK_BYTES
    table: str | None = None


def run(policy: Policy, readings: Mapping[str, str], order: Order, report: Report | None = None) -> Totals:
    """Decide all candidates of the inputs, and put the output in its place once it is whole.

    Args:
        policy: what decides.
        readings: the options that are to be in force instead of the defaults.
        order: what is to be done.
        report: what tells of it; by default, standard error.

    Raises:
        QuestionError: for an unknown reading, or inputs or outputs that cannot be such.
        RunError: where it cannot start or go on; what was finished is kept, for `order.resume`.
        SelfCheckError: where a candidate decided a second time came out otherwise; nothing is kept.
    """
    target = Target.of(order.output, order.table)
    if target.table and target.table.lower() in Layout(policy.vocabulary, wide=False).named:
        raise QuestionError(f"--table: {target.table} is a table of evidence; name another")
    recipe = Recipe(policy, policy.in_force(readings), target.form)
    report = report or Report()
    try:
        with Folder(target.path) as folder, Crew(recipe, order.jobs, folder.lock) as crew:
            if any(map(is_url, (*order.inputs, order.output))):
                crew.start()  # Before file systems start threads, and before there are connections to share.
            if target.table:
                from itss_logic.batch.sink import Sink
                from itss_logic.batch.sink_run import SinkRun

                with Sink(order.output, target.table) as sink:
                    return SinkRun(sink, recipe, order, target, crew, folder, report).run()
            return Run(recipe, order, target, crew, folder, report).run()
    except KeyboardInterrupt:
        report.note(folders.KEPT)
        raise
    finally:
        report.clear()


def rests_on(recipe: Recipe) -> dict[str, Any]:
    """What results rest on, beside the evidence."""
    policy = recipe.policy
    return {
        "version": version("itss_logic"),
        "category": policy.vocabulary.category,
        "policy": policy.digest,
        "readings": dict(recipe.readings),
        "changes": [change.id for change in policy.changes],
    }


def asked_of(recipe: Recipe, order: Order | ClusterOrder, inputs: Sequence[Input]) -> dict[str, Any]:
    """What a run is asked to do, for a later one to be the same; the digest of the policy tells its changes."""
    return {name: value for name, value in rests_on(recipe).items() if name != "changes"} | {
        "inputs": [[source.name, source.form] for source in inputs],
        "input_format": order.input_format,
        "rejects": order.rejects,
        "verify_sample": order.verify_sample,
        "block_bytes": order.block_bytes,
        "sizes": [source.size for source in inputs],
    }


class Run:
    """A run that holds its work folder."""

    def __init__(
        self, recipe: Recipe, order: Order, target: Target, crew: Crew, folder: Folder, report: Report
    ) -> None:
        self.recipe, self.order, self.target, self.crew = recipe, order, target, crew
        self.folder, self.report = folder, report
        self.journal = Journal(folder, target.header)
        self.seen = Seen()
        self.inputs: list[Input] = []
        self.notices: set[str] = set()
        self.size: int | None = None

    def run(self) -> Totals:
        """All of it: what it was asked, what was finished, what is left, and the end."""
        if self._begin():
            return self.journal.totals
        try:
            self._decide()
            self._finish()
        except SelfCheckError:
            self.journal.close()
            self._drop()
            raise
        finally:
            self.journal.close()
        return self.journal.totals

    def _begin(self) -> bool:
        """Begin, or go on; says whether nothing is left to do."""
        begun = self.folder.begun
        if begun is None or (self.folder.is_left_over and not self.order.resume):
            asked = self._asked()
            self.folder.begin(asked)
            self.journal.start()
        elif not self.order.resume:
            raise RunError(
                f"{printable(self.order.output)}: an earlier run is not finished; go on with --resume, "
                f"or delete {printable(self.folder.path)}"
            )
        else:
            asked = self._asked(begun)
            if self.folder.is_left_over:
                self.journal.recall()
                self.folder.remove()
                return True
            self.journal.recover()
        return False

    def _drop(self) -> None:
        """Keep nothing of the run."""
        self.folder.remove()

    def _asked(self, begun: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the run is asked to do, with its inputs found; the same as an earlier run was, where one begun.

        Raises:
            RunError: where it is not the same.
        """
        order = self.order
        self.inputs = find(order.inputs, order.input_format, self.report.warn, self.folder.path)
        sizes = [source.size for source in self.inputs]
        self.size = None if None in sizes else sum(size or 0 for size in sizes)
        asked = asked_of(self.recipe, order, self.inputs)
        if begun is None:
            self._check_places()
            return asked
        for name, what in OPTIONS.items():
            if begun.get(name) != asked[name]:
                raise RunError(f"--resume: {what} is not what the unfinished run began with; {self._or_delete}")
        for source, size in zip(self.inputs, begun["sizes"], strict=True):
            if source.size != size:
                raise self._changed(source.name)
        return asked

    def _check_places(self) -> None:
        """Check that output and rejects can be written, and are no inputs."""
        rejects = self.order.rejects
        for place in filter(None, (self.target.path, rejects)):
            folders.check_place(place)
        given = [*self.order.inputs, *(source.opens or source.name for source in self.inputs)]
        read, written = [name for name in given if is_database(name) or not is_url(name)], [rejects]
        # Results may come into tables beside the evidence.
        (read if is_database(self.order.output) else written).append(self.order.output)
        apart(read, written)

    @property
    def _or_delete(self) -> str:
        return f"give the same again, or delete {printable(self.folder.path)} and start anew"

    def _changed(self, name: str) -> RunError:
        return RunError(
            f"{printable(name)}: changed since the run began; delete {printable(self.folder.path)} and start anew"
        )

    def _decide(self) -> None:
        """Decide all blocks that are not finished, in order."""
        totals = self.journal.totals
        self._notice(self.crew.start())
        found = spread(
            pieces(self.inputs, self.folder.path, self.order.block_bytes, self._tables),
            self.size,
            self.order.verify_sample,
        )
        if totals.blocks:
            reached = self._check_finished(found)
            for marks in self.journal.marks():
                self.seen.add(marks)
            self.report.resumed(totals, self._share(reached))
        for piece, done in self.crew.decide(found):
            self._take(piece, done)
            self.report.progress(totals.candidates, self._share(piece.reached))
        if source := changed(self.inputs):
            raise self._changed(source.name)

    def _tables(self, given: Input) -> AbstractContextManager[Source]:
        return tables_of(given, self.recipe.policy.vocabulary, self.report.warn)

    def _notice(self, notice: str | None) -> None:
        """Tell once why candidates are decided plainly."""
        if notice is not None and notice not in self.notices:
            self.notices.add(notice)
            self.report.warn(notice)

    def _share(self, reached: int) -> float | None:
        return reached / self.size if self.size else None

    def _check_finished(self, found: Iterator[Piece]) -> int:
        """Check that finished blocks are of what the inputs hold now; gives how many bytes of them lie before the next.

        Raises:
            RunError: where an input changed.
        """
        reached = 0
        count = self.journal.totals.blocks
        digests = self.crew.digests(islice(found, count))
        for entry in self.journal.entries():
            piece, digest = next(digests, (None, ""))
            if piece is None or (entry.of, entry.digest) != (piece.of, digest):
                raise self._changed(self.inputs[entry.of].name)
            reached = piece.reached
            forget(piece)
        return reached

    def _take(self, piece: Piece, done: Done) -> None:
        """Take up what was made of a block, after all that came before it."""
        self._notice(done.notice)
        named = done.named
        again = set(self.seen.add([mark for _, mark in named]))
        if again:
            repeated = frozenset(named[at][0] for at in again)
            digest, done = done.digest, self.crew.decide_again(piece, repeated)
            if done.digest != digest:
                raise self._changed(piece.block.file)
        before = self.journal.totals.lines_before(piece.of)
        lines = []
        for reject in done.rejects:
            refusals = [rejects.placed(refusal, piece.block, before) for refusal in reject.refusals]
            lines.append(rejects.told(reject, refusals, piece.block, before))
            if self.order.rejects is None:
                self.report.refused(refusals)
        marks = b"".join(mark for at, (_, mark) in enumerate(named) if at not in again)
        self._add(piece, done, "".join(lines).encode() if self.order.rejects else b"", marks)
        forget(piece)

    def _add(self, piece: Piece, done: Done, rejects: bytes, marks: bytes) -> None:
        """Have it that a block is finished."""
        self.journal.add(piece.of, done, rejects, marks)

    def _finish(self) -> None:
        """Put output and rejects in their places, and remove the work folder."""
        totals = self.journal.totals
        about = rests_on(self.recipe) | {
            "input": totals.input_digest,
            "candidates": totals.accepted,
            "refused": totals.refused,
        }
        self.journal.close()
        if self.order.rejects:
            folders.copy_into_place(self.folder.file(folders.REJECTS), self.order.rejects)
        self._put_in_place(about)
        self.folder.remove()

    def _put_in_place(self, about: Mapping[str, Any]) -> None:
        self.target.finish(self.folder, (entry.ends[0] for entry in self.journal.entries()), about)


def forget(piece: Piece) -> None:
    """Remove the file that a finished block was spooled to."""
    if piece.spooled:
        os.unlink(piece.block.path)
