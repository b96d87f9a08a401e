"""Waiting until a file changes that cases rest on: of the rules, of a policy change, or of the cases themselves."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from itss_logic.assurance.cases import SUFFIXES
from itss_logic.errors import QuestionError

if TYPE_CHECKING:
    from itss_logic.policy import Policy

TURN = 200
"""After so many milliseconds without a change it looks again; by the first time it is ready, and misses nothing."""


def rule_files(policy: Policy) -> list[str]:
    """The files that a policy was read from."""
    base = policy.unchanged
    sources = [*base.program.sources, *base.declarations.sources, *base.core.values(), *base.choosing]
    return list(dict.fromkeys(source.path for source in sources))


def changes(folders: Iterable[str], files: Iterable[str]) -> Iterator[None]:
    """Yield at once, and then whenever something changed since the last time, until it is interrupted.

    Args:
        folders: in which every file of rules or of cases counts, new ones included.
        files: that count, whatever they are called.

    Raises:
        QuestionError: where nothing is installed that could tell.
    """
    try:
        from watchfiles import watch
    except ImportError:
        raise QuestionError("--watch needs watchfiles; install it: pip install 'itss_logic[watch]'") from None
    within = {os.path.abspath(folder) for folder in folders}
    named = {os.path.abspath(file) for file in files}

    def counts(change: object, path: str) -> bool:
        path = os.path.abspath(path)
        return path in named or (os.path.dirname(path) in within and path.endswith((".lp", *SUFFIXES)))

    # Folders, not files: an editor often puts a new file in the place of the one that it was to change.
    places = within | {os.path.dirname(file) for file in named}
    options: dict[str, Any] = {"watch_filter": counts, "recursive": False, "raise_interrupt": True}
    is_first = True
    for found in watch(*sorted(places), yield_on_timeout=True, rust_timeout=TURN, **options):
        if found or is_first:
            is_first = False
            yield None
