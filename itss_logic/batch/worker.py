"""A worker: takes blocks of input and gives what was made of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from itss_logic.batch.blocks import FINGERPRINT_BYTES, Block, Done, Reject
from itss_logic.console import as_json_text
from itss_logic.errors import Place, Refusal, shorten
from itss_logic.evidence import Entry, Evidence, Refused
from itss_logic.policy import Policy
from itss_logic.reading import _read_lines


class Recipe(NamedTuple):
    """What a worker decides by: a policy, all readings, and the form of its output (`jsonl`, `csv` or `arrow`)."""

    policy: Policy
    readings: Mapping[str, str]
    form: str


class Worker:
    """Decides blocks. One that is made once decides every later block sooner."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    @property
    def notice(self) -> str | None:
        """Why nothing is decided by slices, if so."""
        return None

    def work(self, block: Block, repeated: frozenset[int] = frozenset()) -> Done:
        """Decide a block; the lines with these indexes are refused, as their candidate came before."""
        policy, readings, _ = self.recipe
        data = block.data
        if data is None:
            assert block.stop is not None
            with open(block.path, "rb") as stream:
                stream.seek(block.start)
                data = stream.read(block.stop - block.start)
        lines = data.splitlines(keepends=True)
        rejects, named, output, people = [], [], [], []
        import io

        for entry, place in _read_lines(io.BytesIO(data), block.file, policy.vocabulary):
            index = (place.line or 1) - 1
            if entry.candidate is not None:
                mark = hashlib.blake2b(entry.candidate.encode(), digest_size=FINGERPRINT_BYTES).digest()
                named.append((index, mark))
            if index in repeated and entry.candidate is not None:
                message = f"evidence for {shorten(entry.candidate)} already came in this run"
                mend = "put all evidence of a candidate in one place of one file"
                refusal = Refusal("duplicate_candidate", entry.candidate, place, message, mend)
                others = entry.refusals if isinstance(entry, Refused) else ()
                entry = Refused(entry.candidate, (refusal, *others))
            if isinstance(entry, Refused):
                rejects.append(Reject(index, entry.candidate, entry.refusals, lines[index]))
            else:
                people.append(entry)
        counts: Counter[tuple[str, int, str]] = Counter()
        for answer in policy.evaluate(people, readings):
            output.append(as_json_text(answer.as_json()) + "\n")
            counts.update((r.field, r.level, r.verdict) for r in answer.results)
        digest = hashlib.sha256(data).digest()
        text = "".join(output).encode()
        return Done(
            len(lines), digest, text, tuple(rejects), tuple(named), len(people), dict(counts), 0, len(people)
        )
