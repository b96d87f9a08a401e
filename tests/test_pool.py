"""Processes that work out answers: what is cancelled or takes too long ends, and quick ones wait for nobody."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from clingo import Control

from itss_logic.documents import DocumentError
from itss_logic.errors import Place, QuestionError, Refusal
from itss_logic.scenarios import EditError
from itss_logic.web.pool import BusyError, Pool

PIGEONS = """
{in(P,H) : H=1..12} = 1 :- P=1..13.
:- in(P,H), in(Q,H), P<Q.
"""
"""What clasp takes hours to find impossible."""


def made(word: str) -> str:
    return word


def same(made: str, value: object) -> tuple[str, object]:
    return made, value


def number(made: str) -> int:
    return os.getpid()


def niceness(made: str) -> int:
    return os.nice(0)


def hard(made: str, mark: Path) -> bool:
    """A search in clingo that tells its process before it begins."""
    control = Control()
    control.add("base", [], PIGEONS)
    control.ground([("base", [])])
    mark.write_text(str(os.getpid()), encoding="utf-8")
    return bool(control.solve().satisfiable)


def refused(made: str) -> None:
    raise EditError([Refusal("not_on_file", "ann", Place("query"), "it is not on file", "name one that is")])


def unportable(made: str) -> None:
    """Raise what cannot be unpickled; seen so in its own process, as Dask makes it portable in those that load it."""
    error = DocumentError("syntax", "Expecting value", "write JSON", 1, 1)
    with pytest.raises(TypeError):
        pickle.loads(pickle.dumps(error))
    raise error


def unanswerable(made: str) -> None:
    raise QuestionError("there is no such level")


def die(made: str) -> None:
    os._exit(9)


def run_async(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*arguments, **named), 60))

    return run


@asynccontextmanager
async def pool(processes: int = 1, seconds: float = 30, waiting: int = 10, niceness: int = 0) -> AsyncIterator[Pool]:
    opened = Pool(made, ("word",), processes=processes, seconds=seconds, waiting=waiting, niceness=niceness)
    opened.start()
    try:
        yield opened
    finally:
        await opened.close()


async def begun(mark: Path) -> int:
    """The process of a hard search, once that has begun."""
    while not mark.exists() or not mark.read_text(encoding="utf-8"):
        await asyncio.sleep(0.01)
    return int(mark.read_text(encoding="utf-8"))


async def gone(process: int) -> None:
    """Wait until a process is no more: its search would take hours, a test is given a minute."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(process, 0)
            await asyncio.sleep(0.01)


@run_async
async def test_answers_come_from_what_a_process_made_once() -> None:
    async with pool() as one:
        assert await one.ask(same, 3) == ("word", 3)
        assert await one.ask(number) == await one.ask(number) != os.getpid()


@run_async
async def test_what_nobody_waits_for_is_searched_no_more(tmp_path: Path) -> None:
    async with pool() as one:
        searching = asyncio.create_task(one.ask(hard, tmp_path / "mark"))
        process = await begun(tmp_path / "mark")
        searching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await searching
        await gone(process)
        assert await one.ask(same, 1) == ("word", 1)
        assert await one.ask(number) != process


@run_async
async def test_what_nobody_waits_for_is_never_begun(tmp_path: Path) -> None:
    async with pool() as one:
        searching = asyncio.create_task(one.ask(hard, tmp_path / "mark"))
        await begun(tmp_path / "mark")
        waiting = asyncio.create_task(one.ask(hard, tmp_path / "other"))
        await asyncio.sleep(0.05)
        assert one.waiting == 1
        waiting.cancel()
        await asyncio.sleep(0.05)
        assert one.waiting == 0
        searching.cancel()
        await one.ask(same, 1)
        assert not (tmp_path / "other").exists()


@run_async
async def test_a_search_that_takes_too_long_ends(tmp_path: Path) -> None:
    async with pool(seconds=1) as one:
        await one.ask(same, 0)
        with pytest.raises(TimeoutError):
            await one.ask(hard, tmp_path / "mark")
        await gone(await begun(tmp_path / "mark"))
        assert await one.ask(same, 1) == ("word", 1)


@run_async
async def test_too_many_questions_are_not_taken(tmp_path: Path) -> None:
    async with pool(waiting=2) as one:
        searching = [asyncio.create_task(one.ask(hard, tmp_path / str(number))) for number in range(3)]
        await begun(tmp_path / "0")
        with pytest.raises(BusyError, match="2 questions are waiting already"):
            await one.ask(same, 1)
        for task in searching:
            task.cancel()
        await asyncio.wait(searching)
        assert await one.ask(same, 1) == ("word", 1)


@run_async
async def test_no_question_waits_for_ever(tmp_path: Path) -> None:
    async with pool(processes=2, seconds=1.5) as one:
        await asyncio.gather(one.ask(same, 0), one.ask(same, 0))
        searching = [asyncio.create_task(one.ask(hard, tmp_path / str(number))) for number in range(4)]
        await begun(tmp_path / "0")
        with pytest.raises(BusyError, match="no process became free in time"):
            await one.ask(same, 1)
        for task in searching:
            task.cancel()


@run_async
async def test_quick_questions_are_not_held_up_by_slow_ones(tmp_path: Path) -> None:
    async with pool() as quick, pool(niceness=10) as slow:
        await quick.ask(same, 0)
        assert await slow.ask(niceness) >= 10
        searching = [asyncio.create_task(slow.ask(hard, tmp_path / str(number))) for number in range(4)]
        await begun(tmp_path / "0")
        for value in range(20):
            assert await quick.ask(same, value) == ("word", value)
        for task in searching:
            assert not task.done()
            task.cancel()


@run_async
async def test_errors_come_back_as_they_are() -> None:
    async with pool() as one:
        with pytest.raises(QuestionError, match="there is no such level"):
            await one.ask(unanswerable)
        with pytest.raises(EditError, match="query: not_on_file: it is not on file; name one that is") as raised:
            await one.ask(refused)
        assert [refusal.code for refusal in raised.value.refusals] == ["not_on_file"]


@run_async
async def test_an_error_that_cannot_leave_its_process_is_told() -> None:
    async with pool() as one:
        with pytest.raises(RuntimeError, match="DocumentError: Expecting value"):
            await one.ask(unportable)
        with pytest.raises(QuestionError):
            await one.ask(unanswerable)


@run_async
async def test_a_process_that_dies_is_replaced() -> None:
    async with pool() as one:
        with pytest.raises(BusyError, match="has died"):
            await one.ask(die)
        assert await one.ask(same, 1) == ("word", 1)


@run_async
async def test_a_process_that_dies_while_it_has_nothing_to_do_is_replaced() -> None:
    async with pool(processes=2) as one:
        process = await one.ask(number)
        os.kill(process, signal.SIGKILL)
        await asyncio.sleep(0.5)
        assert await asyncio.gather(*(one.ask(same, value) for value in range(4))) == [("word", n) for n in range(4)]


@run_async
async def test_processes_end_with_their_pool(tmp_path: Path) -> None:
    async with pool(processes=2) as one:
        searching = asyncio.create_task(one.ask(hard, tmp_path / "mark"))
        process = await begun(tmp_path / "mark")
    await gone(process)
    searching.cancel()
