"""The folder of parts of a run on a cluster: what was begun in it, and whether it is whole."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from itss_logic.batch.run import OPTIONS
from itss_logic.batch.store import WORK, Store
from itss_logic.batch.streams import RunError, is_url
from itss_logic.errors import printable

RUN, WHOLE, LOCK = f"{WORK}/run.json", f"{WORK}/whole.json", "lock"

SUCCESS = "_SUCCESS"
"""The file that says that the folder is whole: what the results rest on, and how many there are."""


class Site:
    """The folder of one run, locked as long as it is entered, where it is a local one.

    Raises:
        RunError: where another run holds it, or it cannot be made.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder if is_url(folder) else os.path.abspath(folder)
        self.shown = printable(folder)
        self.store = Store(self.folder)
        self.lock: int | None = None
        self.is_new = self.store.is_local and not os.path.exists(self.folder)
        self.is_cleared = False

    def __enter__(self) -> Site:
        names = self.store.names()
        if SUCCESS not in names:
            if names and WORK not in names:
                raise RunError(f"{self.shown}: is not empty; a run on a cluster writes into a folder of its own")
            self.store.make(WORK)
            if self.store.is_local:
                self._lock()
        return self

    def _lock(self) -> None:
        self.lock = os.open(f"{self.folder}/{WORK}/{LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"{self.shown}: another run is writing it; wait for its end") from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is not None and not self.has_finished and SUCCESS not in self.store.names():
                self.clear()
        except RunError:
            pass  # What went wrong first is what is told.
        finally:
            if self.lock is not None:
                os.close(self.lock)

    def clear(self) -> None:
        """Remove what was begun in a local folder and came to nothing, and the folder, if it was not there before."""
        if self.store.is_local:
            self.is_cleared = True
            shutil.rmtree(f"{self.folder}/{WORK}", ignore_errors=True)
            if self.is_new:
                with suppress(OSError):
                    os.rmdir(self.folder)

    def begin(self, asked: Mapping[str, Any], *, resume: bool) -> bool:
        """Note what a run is asked to do, or check that it is what an earlier one was; says whether there was one.

        Raises:
            RunError: where an earlier run is not to be gone on with, or was another.
        """
        done = self.note(SUCCESS)
        if done is not None and not resume:
            raise RunError(f"{self.shown}: holds the results of an earlier run; delete it, or name another folder")
        begun = done["asked"] if done is not None else self.note(RUN) if self.has_finished else None
        if begun is None:
            self.write(RUN, asked)
            return False
        if not resume:
            raise RunError(f"{self.shown}: an earlier run is not finished; go on with --resume, or delete {self.shown}")
        self._compare(begun, asked)
        return True

    @property
    def has_finished(self) -> bool:
        """Whether a run in it has finished anything."""
        names = Store(self.store.path(WORK) if self.store.is_local else f"{self.folder}/{WORK}").names()
        return any(name.startswith("part-") and name.endswith(".json") for name in names)

    def _compare(self, begun: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        for name in asked:
            if name != "sizes" and begun.get(name) != asked[name]:
                what = {**OPTIONS, "parts": "--parts", "part_bytes": "the size of parts"}[name]
                raise RunError(
                    f"--resume: {what} is not what the unfinished run began with; "
                    f"give the same again, or delete {self.shown} and start anew"
                )
        for (name, _), size, now in zip(asked["inputs"], begun["sizes"], asked["sizes"], strict=True):
            if size != now:
                raise self.changed(name)

    def changed(self, name: str) -> RunError:
        """The error of an input that changed."""
        return RunError(f"{printable(name)}: changed since the run began; delete {self.shown} and start anew")

    def note(self, name: str) -> dict[str, Any] | None:
        """What a file says; None where there is none.

        Raises:
            RunError: where it cannot be read.
        """
        try:
            return dict(json.loads(self.store.read(name)))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise RunError(f"{self.shown}/{name}: cannot be read; delete {self.shown} and start anew") from None

    def write(self, name: str, what: Mapping[str, Any]) -> None:
        """Write what a file is to say."""
        self.store.write(name, json.dumps(what, ensure_ascii=False, indent=1).encode())


def key_of(asked: Mapping[str, Any]) -> str:
    """What names a run that is asked to do this, of this input."""
    return f"itss-{hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]}"
