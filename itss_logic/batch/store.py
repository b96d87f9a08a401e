"""A folder that several machines share: a local path that all of them see, or a URL, through fsspec."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from uuid import uuid4

from itss_logic.batch.folder import sync
from itss_logic.batch.streams import RunError, is_url, remote, told
from itss_logic.errors import ItssError, printable

WORK = "_itss"
"""The folder in it for what is not finished. Readers of folders of Parquet and the like pass over such names."""


class Store:
    """A shared folder. Names of files are relative to it. Files appear under their names only when whole."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.is_local = not is_url(folder)
        self.files, top = remote(folder)
        self.top = top.rstrip("/")

    def path(self, name: str) -> str:
        """The path of a file, as the file system has it."""
        return f"{self.top}/{name}"

    def names(self) -> list[str]:
        """What stands in the folder, sorted; nothing where there is no such folder.

        Raises:
            RunError: where it cannot be listed, or is a file.
        """
        self.files.invalidate_cache()
        with self._told("", "read"):
            if not self.files.exists(self.top):
                return []
            if self.files.isfile(self.top):
                raise RunError(f"{printable(self.folder)}: is a file; a run on a cluster writes into a folder")
            found = self.files.ls(self.top, detail=False)
        return sorted(name.rstrip("/").rpartition("/")[2] for name in found if name.rstrip("/") != self.top)

    def make(self, name: str = "") -> None:
        """Make the folder, or one in it.

        Raises:
            RunError: where it cannot be made.
        """
        with self._told(name, "made"):
            self.files.makedirs(self.path(name).rstrip("/"), exist_ok=True)

    def size(self, name: str) -> int | None:
        """The size of a file in bytes; None where there is none."""
        self.files.invalidate_cache()
        try:
            return int(self.files.size(self.path(name)))
        except FileNotFoundError:
            return None

    def read(self, name: str, start: int | None = None, stop: int | None = None) -> bytes:
        """What stands in a file, or from byte `start` to before byte `stop` of it.

        Raises:
            FileNotFoundError: where there is none.
            RunError: where it cannot be read.
        """
        with self._told(name, "read"):
            return bytes(self.files.cat_file(self.path(name), start=start, end=stop))

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file, those of one that is missing too: none."""
        if self.size(name):
            with self._told(name, "read"), self.files.open(self.path(name), "rb") as file:
                yield from file

    def write(self, name: str, data: bytes) -> None:
        """Write a file.

        Raises:
            RunError: where it cannot be written.
        """
        with self.making(name) as path, open(path, "wb") as file:
            file.write(data)

    @contextmanager
    def making(self, name: str) -> Iterator[str]:
        """Gives the path of a local file to be made; it becomes the file of this name when the `with` ends well.

        Raises:
            RunError: where it cannot be written.
        """
        beside = f"{WORK}/{uuid4().hex}.new"
        if self.is_local:
            path = self.path(beside)
            try:
                yield path
                sync(path)
                os.replace(path, self.path(name))
            except OSError as error:
                raise RunError(f"{self._shown(name)}: cannot be written: {told(error)}") from error
            finally:
                if os.path.exists(path):
                    os.unlink(path)
            return
        with TemporaryDirectory(prefix="itss-") as folder:
            path = os.path.join(folder, "new")
            try:
                yield path
            except OSError as error:
                raise RunError(f"{path}: cannot be written: {told(error)}") from error
            with self._told(name, "written"):
                self.files.put_file(path, self.path(beside))
                self.files.mv(self.path(beside), self.path(name))

    def move(self, name: str, other: str) -> None:
        """Give a file another name; nothing where that was done before.

        Raises:
            RunError: where it cannot be done.
        """
        self.files.invalidate_cache()
        with self._told(other, "written"):
            try:
                if self.is_local:
                    os.replace(self.path(name), self.path(other))
                else:
                    self.files.mv(self.path(name), self.path(other))
            except FileNotFoundError:
                if self.size(other) is None:
                    raise

    def remove(self, name: str) -> None:
        """Remove a folder in it with all that is in there."""
        with self._told(name, "removed"):
            self.files.rm(self.path(name), recursive=True)

    @contextmanager
    def _told(self, name: str, verb: str) -> Iterator[None]:
        """Tells in one line why something cannot be done."""
        try:
            yield
        except ItssError:
            raise
        except FileNotFoundError:
            if verb == "read":
                raise
            raise RunError(f"{self._shown(name)}: cannot be {verb}: no such file or folder") from None
        except Exception as error:  # Whatever the library of a file system raises.
            raise RunError(f"{self._shown(name)}: cannot be {verb}: {told(error)}") from error

    def _shown(self, name: str) -> str:
        return printable(f"{self.folder.rstrip('/')}/{name}" if name else self.folder)
