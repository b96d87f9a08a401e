"""A run into tables: what stands there decides what is finished, and the work folder follows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from secrets import token_hex
from typing import Any

from itss_logic.batch.blocks import Done
from itss_logic.batch.bundled import tables_of
from itss_logic.batch.crew import Crew
from itss_logic.batch.folder import Folder
from itss_logic.batch.inputs import Input, Piece, pieces
from itss_logic.batch.journal import Entry, Journal
from itss_logic.batch.outputs import Target
from itss_logic.batch.report import Report
from itss_logic.batch.run import OPTIONS, Order, Run, forget, rests_on
from itss_logic.batch.sink import Begun, Sink, Whole
from itss_logic.batch.streams import RunError
from itss_logic.batch.worker import Recipe
from itss_logic.errors import QuestionError, printable
from itss_logic.intake.database_url import Address
from itss_logic.intake.sources import Source
from itss_logic.reading import STANDARD_INPUT

KEY = "key"
"""Under which a run's own mark stands, in the tables and in the work folder."""


class SinkRun(Run):
    """A run that holds its tables, and its work folder.

    A block is in the tables before it is in the journal. Blocks that the journal lacks after a run was cut short are
    decided once more, and have to be those in the tables.
    """

    def __init__(
        self, sink: Sink, recipe: Recipe, order: Order, target: Target, crew: Crew, folder: Folder, report: Report
    ) -> None:
        super().__init__(recipe, order, target, crew, folder, report)
        self.sink = sink

    def _begin(self) -> bool:
        unfinished, left = self.sink.begun(), self.folder.begun
        if unfinished is not None:
            self._take_up(unfinished, left)
            return False
        if self.order.resume and left is not None and self.sink.is_whole(left.get(KEY)):
            self._asked(left)
            self.journal.recall()
            self.folder.remove()
            return True
        if self.order.resume and self._is_finished():
            return True
        asked = self._asked() | {KEY: token_hex(16)}
        self.folder.begin(asked)
        self.journal.start()
        self.sink.begin(asked[KEY], asked, rests_on(self.recipe))
        return False

    def _is_finished(self) -> bool:
        """Whether the newest run that is whole was asked the same, about the same; it is told of then.

        What comes through standard input is there once only, to be decided.
        """
        whole = self.sink.newest()
        if whole is None or STANDARD_INPUT in self.order.inputs:
            return False
        asked = self._asked()
        if any(whole.asked.get(name) != asked[name] for name in (*OPTIONS, "sizes")):
            return False
        digests = []
        found = pieces(self.inputs, self.folder.path, self.order.block_bytes, self._unwarned)
        for piece, digest in self.crew.digests(found):
            digests.append(digest)
            forget(piece)
        if digests != [digest for digest, _ in whole.chunks]:
            return False
        self._recall(whole)
        self.report.note(f"{printable(self.sink.shown)}: run {whole.run} of the same is finished; nothing is written")
        return True

    def _unwarned(self, given: Input) -> AbstractContextManager[Source]:
        """The tables that an input is, of which a new run would warn again."""
        return tables_of(given, self.recipe.policy.vocabulary, lambda message: None)

    def _recall(self, whole: Whole) -> None:
        """Take up the totals of a run that is whole."""
        totals = self.journal.totals
        for number, (digest, accepted) in enumerate(whole.chunks):
            totals.add(Entry(number, 0, 0, digest, totals.ends, 0, accepted, 0, 0, 0, ()))
        totals.refused = whole.refused
        totals.counts.update(whole.counts)
        self.report.before = totals.candidates

    def _take_up(self, unfinished: Begun, left: Mapping[str, Any] | None) -> None:
        if not self.order.resume:
            raise RunError(
                f"{printable(self.sink.shown)}: an earlier run is not finished; go on with --resume, "
                f"or {self._anew(unfinished.run)}"
            )
        self.sink.take_up(unfinished)
        self._asked(unfinished.asked)
        if left is not None and left.get(KEY) == unfinished.asked.get(KEY):
            self.journal.recover()
            digests = tuple(entry.digest for entry in self.journal.entries())
            if digests == unfinished.digests[: len(digests)]:
                return
            self.journal.close()
            self.journal = Journal(self.folder, self.target.header)
        self.folder.begin(unfinished.asked)
        self.journal.start()

    def _anew(self, run: int) -> str:
        table = self.sink.table
        return f"delete it: DELETE FROM {table} WHERE run = {run}, and the same from {table}_chunks and {table}_runs"

    @property
    def _or_delete(self) -> str:
        return f"give the same again, or {self._anew(self.sink.run)}"

    def _changed(self, name: str) -> RunError:
        return RunError(f"{printable(name)}: changed since the run began; to start anew, {self._anew(self.sink.run)}")

    def _check_places(self) -> None:
        super()._check_places()
        if not self.sink.address.is_sqlite:
            return
        # Reading all of a file in one snapshot keeps others from writing to it.
        for source in self.inputs:
            path = Address.of(source.opens).path if source.opens else ""
            if path and os.path.realpath(path) == os.path.realpath(self.sink.address.path):
                raise QuestionError(f"{printable(source.name)}: is an input, and cannot be written as well")

    def _decide(self) -> None:
        super()._decide()
        if self.journal.totals.blocks < len(self.sink.chunks):
            raise self._changed(self.inputs[-1].name if self.inputs else self.sink.shown)

    def _add(self, piece: Piece, done: Done, rejects: bytes, marks: bytes) -> None:
        totals = self.journal.totals
        if not self.sink.add(totals.blocks, totals.accepted, done):
            raise self._changed(self.inputs[piece.of].name)
        super()._add(piece, done._replace(output=b""), rejects, marks)

    def _put_in_place(self, about: Mapping[str, Any]) -> None:
        self.sink.finish(self.journal.totals)

    def _drop(self) -> None:
        self.sink.remove()
        super()._drop()
