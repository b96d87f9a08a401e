"""Which candidates came before: every fingerprint of a run, exactly, in little memory."""

from __future__ import annotations

from collections.abc import Sequence

from itss_logic.batch.blocks import FINGERPRINT_BYTES

FOLD_AT = 1_500_000
"""Up to so many fingerprints stand in a set: about 100 bytes and 0.2 µs each. Beyond, they are folded into shelves:
less than 20 bytes and 1 to 2 µs each."""

SHELF_BYTES = 2
"""How many bytes of a fingerprint name its shelf. The others stand on it, end to end."""

REST_BYTES = FINGERPRINT_BYTES - SHELF_BYTES


class Seen:
    """The fingerprints that came so far."""

    def __init__(self, fold_at: int = FOLD_AT) -> None:
        self.fold_at = fold_at
        self._recent: set[bytes] = set()
        self._shelves: dict[bytes, bytearray] = {}

    def add(self, marks: Sequence[bytes]) -> list[int]:
        """Take up fingerprints; gives the places, in `marks`, of those that came before, also in `marks` itself."""
        if self._shelves:
            return [at for at, mark in enumerate(marks) if not self._shelve(mark)]
        fresh = set(marks)
        again: list[int] = []
        if len(fresh) < len(marks) or not self._recent.isdisjoint(fresh):
            known = set(self._recent.intersection(fresh))
            for at, mark in enumerate(marks):
                if mark in known:
                    again.append(at)
                known.add(mark)
        self._recent |= fresh
        if len(self._recent) > self.fold_at:
            while self._recent:
                self._shelve(self._recent.pop())
        return again

    def _shelve(self, mark: bytes) -> bool:
        """Put a fingerprint on its shelf, if it does not stand there."""
        rest = mark[SHELF_BYTES:]
        shelf = self._shelves.get(mark[:SHELF_BYTES])
        if shelf is None:
            self._shelves[mark[:SHELF_BYTES]] = bytearray(rest)
            return True
        at = shelf.find(rest)
        while at >= 0 and at % REST_BYTES:  # The end of one and the start of the next: not a fingerprint.
            at = shelf.find(rest, at + 1)
        if at < 0:
            shelf += rest
        return at < 0
