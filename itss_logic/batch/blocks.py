"""What goes to a worker and what comes back: blocks of input, and what was made of them. All of it can be pickled."""

from __future__ import annotations

from typing import NamedTuple

from itss_logic.errors import Refusal

FINGERPRINT_BYTES = 16
"""Length of a candidate's fingerprint."""


class Block(NamedTuple):
    """A stretch of the input, the unit of work; `number` counts from 0 over the whole run.

    `file` is what places name. `data` are whole lines of JSON. Without it the worker reads them: all lines of the local
    file `path` that begin from byte `start` on and before byte `stop`; or, without a `stop`, the whole file in a form
    other than JSON lines, each candidate of which counts as a line. In the form `bundles` (see `bundled`) `data` are
    rows of tables; each candidate counts as a line there as well. `verify` is how many candidates are to be decided
    a second time, plainly.
    """

    number: int
    file: str
    data: bytes | None = None
    path: str = ""
    start: int = 0
    stop: int | None = None
    form: str = "jsonl"
    verify: int = 0


class Reject(NamedTuple):
    """A line that is refused, by its index in its block, with what is wrong with it. Lines of places count from 1
    within the block. `raw` is the line as it came; nothing where a file is refused."""

    at: int
    candidate: str | None
    refusals: tuple[Refusal, ...]
    raw: bytes


class Done(NamedTuple):
    """What was made of a block.

    `lines` are those in it, blank ones included. `digest` is the SHA-256 of its bytes. `output` are the results in the
    form asked for, in order. `named` are the index of each line that names a candidate, and the fingerprint of its id.
    `counts` is the number of candidates by field, level and verdict. `verified` is how many were decided twice,
    `plain` how many were decided plainly, without slices; `notice` says why, where slices were given up on the way.
    """

    lines: int
    digest: bytes
    output: bytes
    rejects: tuple[Reject, ...]
    named: tuple[tuple[int, bytes], ...]
    accepted: int
    counts: dict[tuple[str, int, str], int]
    verified: int
    plain: int
    notice: str | None = None
