"""A run on a Dask cluster: parts out to processes that read, decide and write them by themselves.

Three rounds: every part is decided; candidates that came in an earlier part are found; the parts concerned are decided
again, with those lines refused. Then each part gets its name, and the folder is marked as whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.answers import VERDICTS
from itss_logic.batch import repeats
from itss_logic.batch.client import Cluster, library
from itss_logic.batch.folder import KEPT
from itss_logic.batch.inputs import BLOCK_BYTES, Input, changed, find
from itss_logic.batch.journal import Totals
from itss_logic.batch.outputs import Target
from itss_logic.batch.parts import PART_BYTES, Made, Part, divide
from itss_logic.batch.rejects import refusals_of
from itss_logic.batch.report import Report
from itss_logic.batch.run import VERIFIED, asked_of, rests_on
from itss_logic.batch.site import SUCCESS, WHOLE, Site, key_of
from itss_logic.batch.store import WORK
from itss_logic.batch.streams import RunError
from itss_logic.batch.worker import Recipe
from itss_logic.console import count
from itss_logic.errors import QuestionError, SelfCheckError, printable
from itss_logic.policy import Policy
from itss_logic.reading import CSV, SQL, is_database

if TYPE_CHECKING:
    from itss_logic.batch.bench import Bench

PARTS = ("jsonl", "jsonl.gz", "jsonl.zst", "csv", "parquet")
"""The forms of parts of the output."""

DIGITS = 5
"""How many digits the number of a part has at the least."""


class ClusterOrder(NamedTuple):
    """What a run on a cluster is to do.

    `inputs` are files, folders or URLs that this machine and all workers can reach; `output` and `rejects` are folders,
    paths or URLs, `rejects` None for standard error. `address` is that of the scheduler, the path of a scheduler file,
    or `local`, for `jobs` processes of this machine. `parts` is one of `PARTS`. The others are as in `run.Order`;
    neither they nor `part_bytes` make a difference to what all parts come to, end to end.
    """

    inputs: Sequence[str]
    output: str
    address: str
    parts: str = PARTS[0]
    rejects: str | None = None
    jobs: int = 1
    resume: bool = False
    verify_sample: int = VERIFIED
    input_format: str | None = None
    block_bytes: int = BLOCK_BYTES
    part_bytes: int = PART_BYTES


def run(policy: Policy, readings: Mapping[str, str], order: ClusterOrder, report: Report | None = None) -> Totals:
    """Decide all candidates of the inputs on a cluster, a part of the output for each part of the input.

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
    if is_database(order.output):
        raise QuestionError("-o: results go into tables from a single machine alone; on a cluster, into a folder")
    library()
    target = Target.of(f"part.{order.parts}")
    recipe = Recipe(policy, policy.in_force(readings), target.form)
    report = report or Report()
    place = Site(order.output)
    try:
        with place:
            return ClusterRun(recipe, order, target, place, report).run()
    except KeyboardInterrupt:
        report.note("nothing was finished yet" if place.is_cleared else KEPT)
        raise
    finally:
        report.clear()


class ClusterRun:
    """A run that holds its folder."""

    def __init__(self, recipe: Recipe, order: ClusterOrder, target: Target, place: Site, report: Report) -> None:
        self.recipe, self.order, self.target = recipe, order, target
        self.site, self.report = place, report
        self.rejects = Site(order.rejects) if order.rejects else None
        self.inputs: list[Input] = []
        self.parts: list[Part] = []
        self.key = ""

    def run(self) -> Totals:
        """All of it: what it was asked, what is left of it, and the end."""
        asked = self._asked()
        self.parts = divide(self.inputs, self.order.verify_sample, self.order.part_bytes)
        self._check_rejects()
        goes_on = self.site.begin(asked, resume=self.order.resume)
        self.key = key_of(asked)
        done = self.site.note(SUCCESS)
        is_whole = done is not None or self.site.note(WHOLE) is not None
        if done is None:
            if self.rejects:
                self._begin_rejects(goes_on)
            try:
                done = self._whole(asked)
            except BaseException:
                if self.rejects and not self.site.has_finished:
                    self.rejects.clear()
                raise
        if is_whole:
            self.report.before = _totals(done).candidates
        for place in filter(None, (self.site, self.rejects)):
            if WORK in place.store.names():
                place.store.remove(WORK)
        return _totals(done)

    def _asked(self) -> dict[str, Any]:
        """What the run is asked to do, with its inputs found."""
        order = self.order
        self.inputs = find(order.inputs, order.input_format, self.report.warn, self.site.folder)
        for source in self.inputs:
            if source.form in (CSV, SQL):
                mend = "write it as JSON lines first, and give those"
                raise QuestionError(f"{printable(source.name)}: tables are not read on a cluster; {mend}")
        return asked_of(self.recipe, order, self.inputs) | {"parts": order.parts, "part_bytes": order.part_bytes}

    def _check_rejects(self) -> None:
        if self.rejects and self.rejects.folder.rstrip("/") == self.site.folder.rstrip("/"):
            raise QuestionError("-o and --rejects name the same folder")

    def _begin_rejects(self, goes_on: bool) -> None:
        assert self.rejects is not None
        if set(self.rejects.store.names()) - {WORK} and not goes_on:
            raise RunError(f"{self.rejects.shown}: is not empty; rejects on a cluster go into a folder of their own")
        self.rejects.store.make(WORK)

    def _bench(self) -> Bench:
        from itss_logic.batch.bench import Bench

        return Bench(
            key=self.key,
            recipe=self.recipe,
            folder=self.site.folder,
            rejects=self.rejects.folder if self.rejects else None,
            target=self.target,
            about=rests_on(self.recipe),
            block_bytes=self.order.block_bytes,
            digits=max(DIGITS, len(str(len(self.parts) - 1))),
        )

    def _whole(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Decide what is not finished, and mark the folder as whole; gives what its mark says."""
        bench = self._bench()
        cluster = Cluster(self.order.address, self.order.jobs, self.report.note)
        with cluster, cluster.equipped(bench):
            whole = self.site.note(WHOLE)
            if whole is None:
                whole = self._decide(cluster, bench)
                self.site.write(WHOLE, whole)
            self._put_in_place(cluster, bench, whole)
        whole["parts"] = len(self.parts)
        done = {**whole, "asked": asked}
        self.site.write(SUCCESS, done)
        return done

    def _decide(self, cluster: Cluster, bench: Bench) -> dict[str, Any]:
        """Decide all parts; gives what they come to."""
        from itss_logic.batch.bench import decide, find_repeats

        made = dict(self._told(self._sound(cluster.each(decide, ((self.key, part) for part in self.parts)))))
        several = repeats.drawers(sum(one.marks for one in made.values()))
        tasks = ((self.key, len(self.parts), *pair) for pair in several)
        found = [one for _, one in cluster.each(find_repeats, tasks)]
        concerned = sorted({part for one in found for part in one.parts})
        if concerned:
            self.report.note(f"made anew, for candidates that came in earlier parts: {count(len(concerned), 'part')}")
        # Which lines those are stands in files: there may be very many.
        anew = ((self.key, self.parts[part], [where for one in found if (where := one.of(part))]) for part in concerned)
        for at, one in self._sound(cluster.each(decide, anew)):
            made[concerned[at]] = one
        if source := changed(self.inputs):
            raise self.site.changed(source.name)
        return self._sum(bench, [made[part.number] for part in self.parts])

    def _sound(self, results: Iterator[tuple[int, Made | str]]) -> Iterator[tuple[int, Made]]:
        for number, made in results:
            if isinstance(made, str):
                self.site.store.remove(WORK)
                raise SelfCheckError(made)
            yield number, made

    def _told(self, results: Iterator[tuple[int, Made]]) -> Iterator[tuple[int, Made]]:
        """Tell of parts as they are finished."""
        total = sum(part.size for part in self.parts)
        parts = candidates = size = kept = 0
        notices = set()
        for number, made in results:
            parts, candidates, size = parts + 1, candidates + made.candidates, size + self.parts[number].size
            if made.kept:
                kept += 1
                self.report.before += made.candidates
                self.report.share_before += self.parts[number].size / total if total else 0
            if made.notice and made.notice not in notices:
                notices.add(made.notice)
                self.report.warn(made.notice)
            share = size / total if total else None
            self.report.progress(candidates, share, f"{parts:,} of {len(self.parts):,} parts")
            yield number, made
        if kept:
            self.report.note(f"{kept:,} of {len(self.parts):,} parts were finished before")

    def _sum(self, bench: Bench, made: Sequence[Made]) -> dict[str, Any]:
        """What all parts come to: what the results rest on, how many there are, and how each part ends.

        `ends` tells of each part whether it was made anew, how many lines of its input come before it, and how many
        refusals it has.
        """
        digest, of, before = sha256(), -1, 0
        ends = []
        for part, one in zip(self.parts, made, strict=True):
            before = before if part.of == of else 0
            ends.append([bool(one.repeats), before, one.refused])
            of, before = part.of, before + one.lines
            digest.update(bytes.fromhex(one.digests))
        keys = [(*level, verdict) for level in self.recipe.policy.levels for verdict in VERDICTS]
        counts = [sum(column) for column in zip(*(one.counts for one in made), strict=True)] or [0] * len(keys)
        return {
            **bench.about,
            "input": f"sha256:{digest.hexdigest()}",
            "candidates": sum(one.accepted for one in made),
            "refused": sum(one.refused for one in made),
            "verified": sum(one.verified for one in made),
            "plain": sum(one.plain for one in made),
            "counts": [[*key, number] for key, number in zip(keys, counts, strict=True) if number],
            "ends": ends,
        }

    def _put_in_place(self, cluster: Cluster, bench: Bench, whole: dict[str, Any]) -> None:
        """Give all parts their names; refusals go to their folder, or to standard error, in the order of the input."""
        from itss_logic.batch.bench import put_in_place

        ends = whole.pop("ends")
        if not self.rejects:
            for part, (again, before, refused) in enumerate(ends):
                if refused:
                    self._tell_refusals(f"{bench.work(part, again=again)}.rejects", before)
        tasks = ((self.key, part, again, before) for part, (again, before, _) in enumerate(ends))
        for _ in cluster.each(put_in_place, tasks):
            pass

    def _tell_refusals(self, name: str, before: int) -> None:
        for line in self.site.store.lines(name):
            self.report.refused(refusals_of(json.loads(line), before))


def _totals(done: Mapping[str, Any]) -> Totals:
    """The totals of a run that is whole."""
    totals = Totals(())
    totals.accepted, totals.refused = done["candidates"], done["refused"]
    totals.verified, totals.plain = done["verified"], done["plain"]
    totals.counts.update({(field, level, verdict): n for field, level, verdict, n in done["counts"]})
    return totals
