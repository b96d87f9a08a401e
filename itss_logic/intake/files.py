"""Files that are written: that they appear only once they are whole, and where nothing else is."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from itss_logic.errors import QuestionError
from itss_logic.reading import NEW, STANDARD_INPUT, is_csv, is_database, is_file

STREAM = re.compile(r"/dev/(stdout|stderr|fd/[0-9]+)")
"""What is open already, and goes on after what is written into it."""


@contextmanager
def whole(path: str) -> Iterator[str]:
    """A file to be written, that has its name only once it is whole; what is there and no file is written as it is.

    Raises:
        OSError: where it cannot be written; it names the file by `path`.
    """
    if STREAM.fullmatch(path) or (os.path.exists(path) and not os.path.isfile(path)):
        yield path
        return
    # A link stays one, to what is written.
    folder, name = os.path.split(os.path.realpath(path))
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=NEW, dir=folder or ".")
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    os.close(handle)
    try:
        yield beside
        os.chmod(beside, _mode(path))
        os.replace(beside, os.path.join(folder, name))
    except BaseException:
        os.unlink(beside)
        raise


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Has errors of the system name a file, where they name none."""
    try:
        yield
    except OSError as error:
        if error.filename is None and path != STANDARD_INPUT:
            raise OSError(error.errno, error.strerror, path) from None
        raise


def _mode(path: str) -> int:
    """Who may read a file that is written: who could before, or else whoever may read new ones."""
    if os.path.exists(path):
        return stat.S_IMODE(os.stat(path).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def put(path: str, text: str) -> None:
    """Write a file of text.

    Raises:
        OSError: where it cannot be written.
    """
    with naming(path), whole(path) as beside, open(beside, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def apart(read: Iterable[str], written: Iterable[str | None]) -> None:
    """See that nothing is written where something is read, nor two things in one place.

    Args:
        read: files, folders and URLs of databases.
        written: the same; None and `-` are no places.

    Raises:
        QuestionError: where it is so.
    """
    places = [(path, _real(path)) for path in written if path not in (None, STANDARD_INPUT)]
    taken = {_real(path) for one in read if one != STANDARD_INPUT for path in (one, *_inside(one))}
    for path, place in places:
        if place in taken:
            raise QuestionError(
                f"{path}: is read, or written already, and cannot be written as well; name another place"
            )
        taken.add(place)


def outside(read: Iterable[str], output: str, *, is_folder: bool) -> None:
    """See that an output does not lie in a folder that is read, nor holds files that are, where it is a folder.

    Raises:
        QuestionError: where it is so.
    """
    place = os.path.realpath(output)
    for path in read:
        if path == STANDARD_INPUT or is_database(path):
            continue
        source = os.path.realpath(path)
        # What is read in a folder, however deep; what is written, directly.
        is_inside = f"{place}{os.sep}".startswith(f"{source}{os.sep}")
        if is_inside or (is_folder and os.path.dirname(source) == place and not os.path.isdir(source)):
            raise QuestionError(f"{output}: lies in what is read, or holds it; name another place")


def free(path: str, *, force: bool) -> None:
    """See that what may be filled in by hand is not written over: a file, or a folder of tables.

    Raises:
        QuestionError: where it is there, and force is not used.
    """
    is_there = any(map(is_csv, _inside(path))) if os.path.isdir(path) else os.path.exists(path)
    if is_there and not force:
        raise QuestionError(f"{path} is there already, maybe filled in; name another place, or use --force")


def _inside(path: str) -> list[str]:
    """The files of a folder."""
    return [entry.path for entry in os.scandir(path) if is_file(entry)] if os.path.isdir(path) else []


def _real(path: str | None) -> str:
    """What tells whether two paths are of one place; that of an SQLite file by its URL is the file's."""
    path = path or ""
    if is_database(path):
        kind, _, name = path.partition(":///")
        if not kind.startswith("sqlite"):
            return path
        path = name.partition("?")[0]
    if os.path.exists(path):
        about = os.stat(path)
        return f"{about.st_dev}:{about.st_ino}"
    return os.path.realpath(path)
