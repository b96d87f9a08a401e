"""The work folder of a run, beside its output: all that is finished, until the output is whole."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any

from itss_logic.batch.inputs import DOCUMENT
from itss_logic.batch.streams import RunError, told
from itss_logic.errors import printable

LOCK, RUN, JOURNAL, OUTPUT, REJECTS, MARKS = "lock", "run.json", "journal", "output", "rejects", "marks"
FINAL, WHOLE = "final", "whole"

KEPT = "what was finished is kept: run the same command with --resume to go on"


def unwritable(path: str, error: OSError) -> RunError:
    """The error of a file that cannot be written."""
    return RunError(f"{printable(path)}: cannot be written: {told(error)}; {KEPT}")


class Folder:
    """The work folder of one output, locked as long as it is entered.

    Raises:
        RunError: where another run holds it, or it cannot be made.
    """

    def __init__(self, output: str) -> None:
        self.output, self.path = output, f"{output}.part"
        self.lock: int | None = None

    def file(self, name: str) -> str:
        """The path of a file in the folder."""
        return os.path.join(self.path, name)

    def __enter__(self) -> Folder:
        try:
            while self.lock is None:
                if not os.path.isdir(self.path):
                    os.mkdir(self.path)
                self.lock = self._locked()
        except OSError as error:
            raise RunError(f"{printable(self.path)}: cannot be made: {told(error)}") from None
        return self

    def _locked(self) -> int | None:
        """The lock; None where another run removed the folder meanwhile."""
        try:
            lock = os.open(self.file(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise RunError(f"{printable(self.output)}: another run is writing it; wait for its end") from None
        try:
            if os.fstat(lock).st_ino == os.stat(self.file(LOCK)).st_ino:
                return lock
        except FileNotFoundError:
            pass
        os.close(lock)
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.lock is not None:
            if not self._has_finished and os.path.isdir(self.path):
                self.remove()
            os.close(self.lock)
            self.lock = None

    @property
    def _has_finished(self) -> bool:
        """Whether a run in it has finished anything."""
        try:
            return os.path.getsize(self.file(JOURNAL)) > 0
        except FileNotFoundError:
            return False

    @property
    def begun(self) -> dict[str, Any] | None:
        """What the unfinished run in the folder was asked to do; None where there is none, or nothing of it finished.

        Raises:
            RunError: where that cannot be read.
        """
        if not self._has_finished:
            return None
        try:
            with open(self.file(RUN), encoding="utf-8") as file:
                return dict(json.load(file))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{printable(self.file(RUN))}: cannot be read: {told(error)}; delete {self.path}") from None

    def begin(self, asked: Mapping[str, Any]) -> None:
        """Note what a new run is asked to do. What an earlier one left is removed."""
        self._clear(keep=(LOCK,))
        path = self.file(RUN)
        try:
            with open(f"{path}.new", "w", encoding="utf-8") as file:
                json.dump(asked, file, ensure_ascii=False, indent=1)
            os.replace(f"{path}.new", path)
        except OSError as error:
            raise unwritable(path, error) from None

    @property
    def is_left_over(self) -> bool:
        """Whether the run in it put its output in place, and was only kept from removing the folder."""
        try:
            with open(self.file(WHOLE), encoding="utf-8") as file:
                product = file.read()
        except FileNotFoundError:
            return False
        return product in (OUTPUT, FINAL) and not os.path.exists(self.file(product))

    def place(self, product: str) -> None:
        """Put the finished output, a file of this folder, where it belongs."""
        path = self.file(product)
        try:
            sync(path)
            with open(self.file(WHOLE), "w", encoding="utf-8") as file:
                file.write(product)
            os.replace(path, self.output)
            sync(os.path.dirname(self.output) or ".")
        except OSError as error:
            raise unwritable(self.output, error) from None

    def remove(self) -> None:
        """Remove the folder, with all that runs put into it and nothing else."""
        # First what tells of a run, last what keeps others out.
        self._clear(only=(RUN,))
        self._clear(keep=(LOCK,))
        try:
            os.unlink(self.file(LOCK))
            os.rmdir(self.path)
        except OSError:
            pass  # Another run begins in it, or somebody put something else into it.

    def _clear(self, keep: Sequence[str] = (), only: Sequence[str] | None = None) -> None:
        ours = only or (LOCK, RUN, f"{RUN}.new", JOURNAL, OUTPUT, REJECTS, MARKS, FINAL, WHOLE)
        for name in os.listdir(self.path):
            if (name in ours or name.startswith(DOCUMENT)) and name not in keep:
                os.unlink(self.file(name))


def sync(path: str) -> None:
    """Have a file or folder on the disk itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_into_place(path: str, target: str) -> None:
    """Copy a file to a place on any disk, where it appears only when whole."""
    import shutil

    beside = f"{target}.part"
    try:
        shutil.copyfile(path, beside)
        sync(beside)
        os.replace(beside, target)
    except OSError as error:
        raise unwritable(target, error) from None


def check_place(target: str) -> None:
    """Check that a file can be made.

    Raises:
        RunError: where it cannot.
    """
    try:
        if os.path.isdir(target):
            raise IsADirectoryError(0, "it is a folder")
        with TemporaryFile(dir=os.path.dirname(target) or "."):
            pass
    except OSError as error:
        raise RunError(f"{printable(target)}: cannot be written: {told(error)}") from None
