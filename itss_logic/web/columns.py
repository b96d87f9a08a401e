"""Verdicts of a candidate as a few whole numbers, for a table that is looked through quickly.

There is a number for each verdict, in which a bit is set for each level that has it, and one for each reading, in which
a bit is set for each level whose verdict hinges on it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from itss_logic.answers import VERDICTS
from itss_logic.errors import PolicyError

if TYPE_CHECKING:
    from itss_logic.policy import Policy

BITS = 63
"""How many levels there is room for."""

Level = tuple[str, int]


class Columns:
    """The numbers that verdicts of a policy come to.

    `verdicts`, `readings` and `highest` are names of columns: by verdict, by reading, and by field for the highest
    level in it. They are made of digits alone, whatever the policy calls things.

    Raises:
        PolicyError: where the policy has more levels than there is room for.
    """

    def __init__(self, policy: Policy) -> None:
        if len(policy.levels) > BITS:
            raise PolicyError(f"the policy has {len(policy.levels)} levels; at most {BITS} can be listed")
        self.levels, self.options = policy.levels, tuple(policy.options)
        self.verdicts = {verdict: f"v{n}" for n, verdict in enumerate(VERDICTS)}
        self.readings = {reading: f"r{n}" for n, reading in enumerate(self.options)}
        self.highest = {f: f"h{n}" for n, f in enumerate(policy.fields)}
        self._known: dict[tuple[str, ...], tuple[int, ...]] = {}

    def bits(self, levels: Iterable[Level]) -> int:
        """The number in which the bits of these levels are set."""
        some = set(levels)
        return sum(1 << n for n, level in enumerate(self.levels) if level in some)

    def of_verdicts(self, verdicts: Mapping[Level, str]) -> tuple[int, ...]:
        """The numbers for verdicts on all levels, in the order of `verdicts`."""
        key = tuple([verdicts[level] for level in self.levels])
        if key not in self._known:
            self._known[key] = tuple(self.bits(v for v in self.levels if verdicts[v] == one) for one in VERDICTS)
        return self._known[key]

    def to_verdicts(self, numbers: Sequence[int]) -> dict[Level, str]:
        """The verdicts that numbers stand for."""
        return {
            level: next(v for v, number in zip(VERDICTS, numbers, strict=True) if number >> n & 1)
            for n, level in enumerate(self.levels)
        }

    def of_hinges(self, on: Mapping[Level, Iterable[str]]) -> tuple[int, ...]:
        """The numbers for the readings on which verdicts hinge, by level, in the order of `readings`."""
        by_level = {level: set(readings) for level, readings in on.items()}
        return tuple(self.bits(v for v, some in by_level.items() if one in some) for one in self.options)

    def to_hinges(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """The readings on which any verdict hinges."""
        return tuple(reading for reading, number in zip(self.options, numbers, strict=True) if number)


def folded(text: str) -> str:
    """Text as it is searched: without difference of case and width."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
