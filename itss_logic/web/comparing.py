"""Comparisons of everybody's verdicts before and after a change, which go on while a page shows how far they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from itss_logic.errors import ItssError
from itss_logic.impact import Impact, merged
from itss_logic.web.answers import effects
from itss_logic.web.guard import log
from itss_logic.web.pool import BusyError

if TYPE_CHECKING:
    from itss_logic.changes import Change
    from itss_logic.web.service import Service

TOGETHER = 100
"""How many people are compared at a time."""

KEPT = 8
"""How many comparisons there are at most, those that are done included."""

UNSEEN = 60.0
"""Seconds after which a comparison that nobody looks at is given up."""

PAUSE = 0.2
"""Seconds after which is looked again whether there is a process free."""

Key: TypeAlias = "tuple[str, tuple[tuple[str, str], ...]]"
"""What is compared: the changes of clauses as text, and the readings."""


class UnseenError(Exception):
    """Nobody looks at a comparison any more."""


class Comparing:
    """A comparison under way: `done` people of all are compared, and `found` is what it comes to, once it is done.

    `error` is what ended it before.

    Args:
        service: whose people are compared.
        changes: of clauses.
        readings: the options that are otherwise after.
        before: the options of all readings before.
    """

    def __init__(
        self, service: Service, changes: Sequence[Change], readings: Mapping[str, str], before: Mapping[str, str]
    ) -> None:
        self.service, self.changes = service, changes
        self.readings, self.before = readings, before
        self.done, self.parts = 0, dict[int, Impact]()
        self.found: Impact | None = None
        self.error: Exception | None = None
        self.seen = time.monotonic()
        self.task = asyncio.create_task(self._run())

    @property
    def is_over(self) -> bool:
        """Whether it is done, or was ended."""
        return self.task.done()

    def stop(self) -> None:
        """End it, and the searches for it."""
        self.task.cancel()

    async def end(self) -> Impact:
        """What it comes to, once it is done.

        Raises:
            TimeoutError: where a part of it took too long.
        """
        while not self.is_over:
            await self.look(UNSEEN / 2)
        if self.error is not None:
            raise self.error
        assert self.found is not None
        return self.found

    async def look(self, seconds: float) -> None:
        """Wait for its end, for so many seconds at most."""
        self.seen = time.monotonic()
        await asyncio.wait([self.task], timeout=seconds)

    async def _run(self) -> None:
        starts = iter(range(0, max(self.service.register.size, 1), TOGETHER))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.service.processes):
                    group.create_task(self._some(starts))
        except* Exception as errors:
            self.error = errors.exceptions[0]
            if not isinstance(self.error, (ItssError, TimeoutError, UnseenError)):
                log(self.error)
        else:
            self.found = merged([self.parts[start] for start in sorted(self.parts)])
        finally:
            self.parts.clear()

    async def _some(self, starts: Iterator[int]) -> None:
        """Compare one stretch after another."""
        for start in starts:
            people = await asyncio.to_thread(self.service.register.people, start, TOGETHER)
            while True:
                if time.monotonic() - self.seen > UNSEEN:
                    raise UnseenError
                try:
                    self.parts[start] = await self.service.slow.ask(
                        effects, people, self.changes, self.readings, self.before
                    )
                    break
                except BusyError:
                    await asyncio.sleep(PAUSE)
            self.done += len(people)


class Comparisons:
    """The comparisons of a server, by what is compared."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.known: dict[Key, Comparing] = {}

    def of(self, changes: Sequence[Change], readings: Mapping[str, str]) -> Comparing:
        """The comparison of changes with what is; it begins where it is asked for first."""
        key = _key(changes, readings)
        known = self.known.pop(key, None)
        if known is None:
            known = Comparing(self.service, changes, readings, self.service.in_force())
        self.known[key] = known
        while len(self.known) > KEPT:
            self.known.pop(next(iter(self.known))).stop()
        return known

    def forget(self, changes: Sequence[Change], readings: Mapping[str, str]) -> None:
        """End the comparison of changes, so that it begins anew where it is asked for again."""
        known = self.known.pop(_key(changes, readings), None)
        if known is not None:
            known.stop()

    def close(self) -> None:
        """End all comparisons."""
        while self.known:
            self.known.popitem()[1].stop()


def _key(changes: Sequence[Change], readings: Mapping[str, str]) -> Key:
    return repr(changes), tuple(sorted(readings.items()))
