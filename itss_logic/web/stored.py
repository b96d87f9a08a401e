"""Evidence packed: small, and for any process to unpack."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.errors import Place, SelfCheckError
from itss_logic.evidence import Evidence
from itss_logic.reading import read_facts, read_line

if TYPE_CHECKING:
    from itss_logic.vocabulary import Vocabulary

SPEED = 1
"""How hard to press; more takes longer and gains little."""


class Stored(NamedTuple):
    """What is on file for a candidate: the digest of what was judged, and a text in a form, `jsonl` or `lp`, from which
    it can be read again."""

    candidate: str
    evidence: str
    form: str
    packed: bytes

    @classmethod
    def of(cls, candidate: str, evidence: str, form: str, text: bytes) -> Stored:
        """A text, packed: a line of `jsonl`, or the facts of one candidate."""
        return cls(candidate, evidence, form, zlib.compress(text, SPEED))

    def unpack(self, vocabulary: Vocabulary) -> Evidence:
        """The evidence; 1 to 2 ms.

        Raises:
            SelfCheckError: where it is not what was judged.
        """
        text, place = zlib.decompress(self.packed), Place("register")
        read = read_line(text, place, vocabulary) if self.form == "jsonl" else None
        entry, _ = read or next(iter(read_facts(text.decode(), place.file, vocabulary)))
        if not isinstance(entry, Evidence) or entry.digest != self.evidence:
            raise SelfCheckError(f"the evidence on file for {self.candidate} is not what was judged")
        return entry
