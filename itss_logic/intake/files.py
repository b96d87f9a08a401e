"""Files that appear only once they are whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def whole(path: str) -> Iterator[str]:
    """A file to be written, that has its name only once it is whole.

    Raises:
        OSError: where it cannot be written; it names the file by `path`.
    """
    folder, name = os.path.split(path)
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".new", dir=folder or ".")
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    os.close(handle)
    try:
        yield beside
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(beside, 0o666 & ~mask)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
