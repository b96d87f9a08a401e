"""The processes that decide: blocks out to workers, and what they made of them back in order."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TypeVar

from itss_logic.batch.blocks import Block, Done
from itss_logic.batch.folder import KEPT
from itss_logic.batch.inputs import Piece
from itss_logic.batch.streams import RunError, start_of_line, told
from itss_logic.batch.worker import Recipe, Worker
from itss_logic.errors import ItssError, printable

Made = TypeVar("Made")

AHEAD = 8
"""How many blocks at most wait for a process that is free."""

_worker: Worker | None = None
"""The worker of a process of the crew. It is made before the process is, which then shares its memory."""


class Crew:
    """So many processes with a worker each; with one job, a worker in this process.

    `lock` is a file that the processes are not to hold on to.
    """

    def __init__(self, recipe: Recipe, jobs: int, lock: int | None = None) -> None:
        self.recipe, self.jobs, self.lock = recipe, jobs, lock
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> str | None:
        """Make the workers, if they are not; says why they decide nothing by slices, if so.

        To be called before anything starts a thread: the processes are forked.

        Raises:
            RunError: where this system cannot do that.
        """
        global _worker
        if _worker is None:
            gc.disable()  # What blocks leave behind has no cycles, and looking for some takes a fifth of the time.
            if self.jobs > 1 and "fork" not in multiprocessing.get_all_start_methods():
                raise RunError("this system cannot fork processes; use --jobs 1")
            _worker = Worker(self.recipe)
            if self.jobs > 1:
                gc.freeze()  # What stands now is not looked at again, and so stays shared.
                context = multiprocessing.get_context("fork")
                self._pool = ProcessPoolExecutor(self.jobs, context, _settle, (self.lock,))
                self._pool.submit(os.getpid).result()
        return _worker.notice

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        global _worker
        _worker = None
        gc.enable()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            gc.unfreeze()

    def decide(self, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, Done]]:
        """Decide blocks; gives them in order."""
        return self._in_order(_decide, pieces)

    def decide_again(self, piece: Piece, repeated: frozenset[int]) -> Done:
        """Decide a block once more, with lines refused as their candidates came before."""
        return self._result(piece, self._start(_decide, piece, repeated))

    def digests(self, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, str]]:
        """The digests of blocks, in order, as `decide` gives them."""
        return self._in_order(_digest, pieces)

    def _in_order(self, work: Callable[[Piece], Made], pieces: Iterable[Piece]) -> Iterator[tuple[Piece, Made]]:
        waiting: deque[tuple[Piece, Future[Made]]] = deque()
        most = 1 if self._pool is None else self.jobs + min(self.jobs, AHEAD) + 1
        found = iter(pieces)
        broken: ItssError | None = None
        while broken is None:
            try:
                piece = next(found)
            except StopIteration:
                break
            except ItssError as error:
                broken = error  # What was read before it is finished first.
                break
            waiting.append((piece, self._start(work, piece)))
            if len(waiting) >= most:
                piece, future = waiting.popleft()
                yield piece, self._result(piece, future)
        for piece, future in waiting:
            yield piece, self._result(piece, future)
        if broken is not None:
            raise broken

    def _start(self, work: Callable[..., Made], piece: Piece, *more: object) -> Future[Made]:
        if self._pool is not None:
            try:
                return self._pool.submit(work, piece, *more)
            except BrokenProcessPool:
                raise _lost() from None
        future: Future[Made] = Future()
        try:
            future.set_result(work(piece, *more))
        except Exception as error:
            future.set_exception(error)
        return future

    def _result(self, piece: Piece, future: Future[Made]) -> Made:
        try:
            return future.result()
        except BrokenProcessPool:
            raise _lost() from None
        except OSError as error:
            raise RunError(f"{printable(piece.block.file)}: cannot be read: {told(error)}; {KEPT}") from error


def _lost() -> RunError:
    return RunError(f"a worker process ended by itself (killed, or out of memory); {KEPT}")


def _settle(lock: int | None) -> None:
    """Make a new process of the crew one that leaves interrupts to its parent, and ends when that ends."""
    if lock is not None:
        os.close(lock)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _decide(piece: Piece, repeated: frozenset[int] = frozenset()) -> Done:
    assert _worker is not None
    return _worker.work(piece.whole(), repeated)


def _digest(piece: Piece) -> str:
    return digest_of(piece.whole())


def digest_of(block: Block) -> str:
    """The SHA-256 of a block's bytes, as a worker gives it."""
    if block.data is not None:
        return hashlib.sha256(block.data).hexdigest()
    with open(block.path, "rb") as file:
        if block.stop is None:
            return hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
        start, stop = (start_of_line(file, place, size) for place in (block.start, block.stop))
        file.seek(start)
        digest = hashlib.sha256()
        while start < stop and (data := file.read(min(stop - start, 2**20))):
            digest.update(data)
            start += len(data)
        return digest.hexdigest()
