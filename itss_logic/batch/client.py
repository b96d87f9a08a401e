"""The connection to a Dask cluster: an own one, or one that runs somewhere, and tasks out to it and back."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module, metadata
from importlib.util import find_spec
from itertools import islice
from types import TracebackType
from typing import Any
from uuid import uuid4

from itss_logic.batch.folder import KEPT
from itss_logic.batch.streams import RunError, told
from itss_logic.errors import ItssError, QuestionError, printable

LOCAL = "local"
"""What stands instead of an address for a cluster of this machine."""

RETRIES = 3
"""How often a task that failed is tried again."""

LIVES = 3
"""How often a task at which several workers ended by themselves is begun anew, before it is held to be why. How many
workers that takes each time is a setting of the scheduler (`allowed-failures`, by default 3)."""

AHEAD = 20_000
"""Up to so many tasks are known to the scheduler at a time: about 1 KB of its memory each, and more of ours."""

CONNECT_SECONDS, JOIN_SECONDS = 10, 60
"""How long a scheduler may take to answer, and its first worker to join."""


def library() -> Any:
    """Dask's `distributed`.

    Raises:
        RunError: where it is not installed.
    """
    try:
        return import_module("distributed")
    except ImportError:
        raise RunError("--cluster needs Dask: pip install 'itss_logic[cluster]'") from None


class Cluster:
    """A connected cluster, as long as it is entered.

    `address` is that of a scheduler, the path of a scheduler file, or `local` for so many processes (`jobs`) here.

    Raises:
        RunError: where it cannot be reached, has no workers, or these have another version of itss_logic.
    """

    def __init__(self, address: str, jobs: int, tell: Callable[[str], None]) -> None:
        self.address, self.jobs, self.tell = address, jobs, tell
        self.dask = library()
        for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # What matters of it is told in one line.
        self._own: Any = None
        self.client: Any = None

    def __enter__(self) -> Cluster:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Another port for the dashboard is none to speak of.
                self.client = self._start() if self.address == LOCAL else self._connect()
            self._check()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for one in (self.client, self._own):
            if one is not None:
                one.close()

    def _start(self) -> Any:
        self._own = self.dask.LocalCluster(
            n_workers=self.jobs, threads_per_worker=1, processes=True, silence_logs=logging.CRITICAL
        )
        return self.dask.Client(self._own)

    def _connect(self) -> Any:
        place = printable(self.address)
        try:
            if os.path.exists(self.address):
                return self.dask.Client(scheduler_file=self.address, timeout=CONNECT_SECONDS)
            if "://" not in self.address and not self.address.rpartition(":")[2].isdigit():
                raise QuestionError(f"--cluster: {place} is neither an address (tcp://HOST:PORT), a file, nor {LOCAL}")
            return self.dask.Client(self.address, timeout=CONNECT_SECONDS)
        except ItssError:
            raise
        except Exception as error:  # Whatever lies between here and the scheduler.
            raise RunError(f"--cluster: the scheduler at {place} cannot be reached: {told(error)}") from None

    def _check(self) -> None:
        """Check the workers, and say where the dashboard is."""
        try:
            self.client.wait_for_workers(1, timeout=JOIN_SECONDS)
        except TimeoutError:
            raise RunError(f"--cluster: no worker joined within {JOIN_SECONDS} s") from None
        here = metadata.version("itss_logic")
        for worker, there in sorted(self.client.run(metadata.version, "itss_logic", on_error="return").items()):
            if isinstance(there, metadata.PackageNotFoundError):
                raise RunError(f"worker {worker} has no itss_logic: install {here} there, as on this machine")
            if isinstance(there, str) and there != here:
                raise RunError(f"worker {worker} has itss_logic {printable(there)}, and not {here} as this machine")
        threads = self.client.nthreads()
        self.tell(f"{len(threads)} worker{'s' if len(threads) > 1 else ''}; {self._dashboard()}")
        if any(number > 1 for number in threads.values()):
            self.tell("a worker process decides on one thread: start workers with --nworkers N --nthreads 1")

    def _dashboard(self) -> str:
        if not self.client.run_on_scheduler(find_spec, "bokeh"):
            return "no dashboard, as the scheduler lacks bokeh (pip install bokeh)"
        return f"dashboard: {self.client.dashboard_link}"

    @contextmanager
    def equipped(self, plugin: Any) -> Iterator[None]:
        """Every worker, also one that joins later, has this plugin."""
        with _connected():
            self.client.register_plugin(plugin, name=plugin.name)
        try:
            yield
        finally:
            with suppress(Exception):  # It is of no use any more, and does no harm.
                self.client.unregister_worker_plugin(plugin.name)

    def each(self, work: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Have tasks done, given by their arguments; gives their number and what came of them, as they finish.

        Raises:
            RunError: where one failed again and again, or the connection is lost.
        """
        run, left = uuid4().hex, enumerate(tasks)
        waiting: dict[Any, tuple[int, tuple[Any, ...], int]] = {}

        def start(number: int, arguments: tuple[Any, ...], life: int = 1) -> Any:
            key = (f"{work.__name__}-{run}", number, life)
            future = self.client.submit(work, *arguments, key=key, retries=RETRIES, pure=False)
            waiting[future] = number, arguments, life
            return future

        with _connected():
            found = self.dask.as_completed([start(*task) for task in islice(left, AHEAD)])
            for future in found:
                number, arguments, life = waiting.pop(future)
                try:
                    result = self._result(future)
                except self.dask.KilledWorker:
                    if life == LIVES:
                        raise RunError(f"a part ended worker after worker (out of memory?); {KEPT}") from None
                    found.add(start(number, arguments, life + 1))
                    continue
                for task in islice(left, 1):
                    found.add(start(*task))
                yield number, result

    def _result(self, future: Any) -> Any:
        """What came of a task; its worker may have ended before it gave that, and so may all that tried again."""
        if future.status == "cancelled":
            raise RunError(f"the connection to the scheduler was lost; {KEPT}")
        error = future.exception() if future.status == "error" else None
        if error is None:
            return future.result()
        if isinstance(error, ItssError):
            raise RunError(f"{error}; {KEPT}") from None
        if isinstance(error, self.dask.KilledWorker):
            raise error
        raise RunError(f"a task failed: {type(error).__name__}: {told(error)}; {KEPT}") from error


@contextmanager
def _connected() -> Iterator[None]:
    """Tells in one line that the connection is lost."""
    from asyncio import CancelledError

    try:
        yield
    except ItssError:
        raise
    except (OSError, TimeoutError, CancelledError) as error:
        raise RunError(f"the connection to the scheduler was lost: {told(error)}; {KEPT}") from None
