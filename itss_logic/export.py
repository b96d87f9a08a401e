"""Files of exported evidence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from itss_logic.intake.files import put

if TYPE_CHECKING:
    from itss_logic.evidence import Evidence

SAFE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def write_evidence(path: str, evidence: Evidence) -> None:
    """Write evidence as ground facts, one a line, which can be read again."""
    put(path, evidence.as_lp())


class FileNames:
    """Gives every candidate a file name of its own, safe on any system for any id.

    A plain id is its own name. Any other, and one that differs from an earlier one in case alone, becomes what is
    plain in it with a part of its digest.

    Args:
        suffix: how all of them end.
        taken: names that none may have, without the suffix.
    """

    def __init__(self, suffix: str = ".lp", taken: Iterable[str] = ()) -> None:
        self.suffix = suffix
        self.given: set[str] = set(taken)

    def of(self, candidate: str) -> str:
        """The file name of a candidate."""
        name = candidate
        if not SAFE.fullmatch(name) or DEVICE.fullmatch(name) or name.lower() in self.given:
            plain = re.sub(r"[^A-Za-z0-9]+", "-", candidate)[:40].strip("-")
            name = f"{plain or 'candidate'}-{hashlib.sha256(candidate.encode()).hexdigest()[:16]}"
        unique, count = name, 1
        while unique.lower() in self.given:
            count += 1
            unique = f"{name}-{count}"
        self.given.add(unique.lower())
        return f"{unique}{self.suffix}"
