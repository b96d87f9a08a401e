"""Questions spread over processes, each of which makes once what it needs to answer them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


def default_jobs() -> int:
    """As many processes as there are cores."""
    return os.cpu_count() or 1


def spread(
    make: Callable[..., Callable[[Question], Answer]],
    given: tuple[Any, ...],
    questions: Sequence[Question],
    jobs: int,
    chunk: int,
) -> Iterator[Answer]:
    """Yield the answers to questions, in order.

    Args:
        make: makes what answers them, in each process for itself; a function of a module.
        given: what it is made of.
        questions: of which neighbours go to the same process.
        jobs: how many processes to take; with one it is this one.
        chunk: how many questions a process gets at a time.
    """
    if jobs == 1:
        yield from map(make(*given), questions)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Started anew: what waits for changes of files has threads, beside which a process must not be forked.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (make, given))
    try:
        yield from pool.map(_answer, questions, chunksize=chunk)
    finally:
        pool.shutdown(cancel_futures=True)


_here: list[Callable[[Any], Any]] = []
"""What answers in a process of the pool."""


def _begin(make: Callable[..., Callable[[Any], Any]], given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _here[:] = [make(*given)]


def _answer(question: Any) -> Any:
    return _here[0](question)
