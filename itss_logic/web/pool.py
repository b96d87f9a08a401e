"""Processes in which answers are worked out: a search that nobody waits for any more ends with its process."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Concatenate, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class BusyError(Exception):
    """Too much is asked at once: the question was not taken, or its process has died. It can be asked again."""


class Pool:
    """Processes that answer questions, each with something that it makes once, before the first.

    Args:
        make: makes what the questions are put to; a function of a module.
        given: what it is made of.
        processes: how many there are.
        seconds: after so many a question ends, and its process with it.
        waiting: how many questions may wait for a process, each for no longer than `seconds`.
        niceness: by how much the processes give way to others.
    """

    def __init__(
        self,
        make: Callable[..., Any],
        given: tuple[Any, ...],
        *,
        processes: int,
        seconds: float,
        waiting: int,
        niceness: int = 0,
    ) -> None:
        from multiprocessing import get_context

        # Started anew: a process must not be forked beside threads.
        context, begun = get_context("spawn"), (make, given, niceness)
        self._make: Callable[[], ProcessPool] = lambda: ProcessPool(
            processes, initializer=_begin, initargs=begun, context=context
        )
        self._pool = self._make()
        self._free = asyncio.Semaphore(processes)
        self._seconds, self._most = seconds, waiting
        self.waiting = 0
        """How many questions wait for a process."""

    def start(self) -> None:
        """Start the processes, and wait for none."""
        # Asking is what starts them.
        assert self._pool.active

    async def close(self) -> None:
        """End the processes, and whatever they are at."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        await asyncio.to_thread(self._pool.join)

    async def ask(
        self, function: Callable[Concatenate[Any, Asked], Answer], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answer:
        """What a function of a module answers in a process, given what that has made and then these arguments.

        Whoever stops waiting for the answer stops the search for it.

        Raises:
            BusyError: where too many wait already, or it waited too long, or its process died.
            TimeoutError: where it took too long.
        """
        await self._turn()
        try:
            if not self._pool.active:
                await self._begin_again()
            future = self._pool.schedule(_answer, args=[function, arguments, named], timeout=self._seconds)
            return await asyncio.wrap_future(future)
        except (ProcessExpired, BrokenProcessPool):
            raise BusyError("the process that worked out the answer has died") from None
        finally:
            self._free.release()

    async def _begin_again(self) -> None:
        """Start processes in place of all there are; a process that dies while it has nothing to do breaks them."""
        broken, self._pool = self._pool, self._make()
        await asyncio.to_thread(broken.join)

    async def _turn(self) -> None:
        """Wait for a process to be free. Processes get no more than they can work on: what waits here can still go."""
        if self.waiting >= self._most:
            raise BusyError(f"{self.waiting} questions are waiting already")
        self.waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise BusyError("no process became free in time") from None
        finally:
            self.waiting -= 1


_here: list[Any] = []
"""What a process has made."""


def _begin(make: Callable[..., Any], given: tuple[Any, ...], niceness: int) -> None:
    # Python would act on the signal after clingo is done only.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if niceness:
        os.nice(niceness)
    _here[:] = [make(*given)]


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    try:
        return function(*_here, *arguments, **named)
    except Exception as error:
        raise _portable(error) from None


def _portable(error: Exception) -> Exception:
    """An error that comes out of its process: itself, or what it says, as what does not would break the pool."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
