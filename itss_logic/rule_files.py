"""The files of a knowledge base."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator

from itss_logic.engine import Source
from itss_logic.errors import PolicyError

APART = ("resume.lp", "resume_standard.lp")
"""Files of `core` for what is read before there is evidence: no verdict rests on them, and so no digest."""


def default_kb() -> str:
    """The knowledge base that comes with the package: inside it when installed, beside it in a checkout."""
    package = os.path.dirname(os.path.abspath(__file__))
    inside = os.path.join(package, "kb")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "kb")


def source(path: str) -> Source:
    """A rule file as it is now.

    Raises:
        PolicyError: where it cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return Source(path, file.read())
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from None


def core_of(kb: str) -> list[Source]:
    """The rule files of a knowledge base that are true of any category, less those apart."""
    core = os.path.join(kb, "core")
    names = sorted(name for name in os.listdir(core) if name.endswith(".lp") and name not in APART)
    return [source(os.path.join(core, name)) for name in names]


def included(folder: str, name: str) -> Iterator[Source]:
    """The rule files that an entry file includes."""
    for path in re.findall(r'(?m)^#include "(.+)"\.', source(os.path.join(folder, name)).text):
        yield source(os.path.normpath(os.path.join(folder, path)))


def digest_of(sources: Iterable[Source]) -> str:
    """The digest of rule files, of their folders and names, and of the order in which they stand."""
    digest = hashlib.sha256()
    for one in sources:
        text = one.text.encode()
        digest.update(f"{one.name} {len(text)}\n".encode() + text)
    return f"sha256:{digest.hexdigest()}"
