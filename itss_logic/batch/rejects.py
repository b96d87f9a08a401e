"""Lines of the file of rejects: what is refused, with its place in the whole input."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from itss_logic.batch.blocks import Block, Reject
from itss_logic.batch.bundled import BUNDLES
from itss_logic.console import as_json_text
from itss_logic.errors import Place, Refusal


def placed(refusal: Refusal, block: Block, before: int) -> Refusal:
    """A refusal with the name and the line of the whole input, where `before` lines came before the block."""
    if block.form == BUNDLES:
        return refusal  # It names the table.
    place = refusal.place._replace(file=block.file)
    if block.form == "jsonl" and place.line is not None:
        place = place._replace(line=place.line + before)
    return refusal._replace(place=place)


def told(reject: Reject, refusals: Sequence[Refusal], block: Block, before: int) -> str:
    """A line of the file of rejects."""
    line: dict[str, Any] = {
        "file": block.file,
        "line": reject.at + before + 1 if block.form == "jsonl" else None,
        "candidate": reject.candidate,
        "refusals": [refusal.as_json() for refusal in refusals],
    }
    raw = reject.raw.removesuffix(b"\n")
    try:
        line["raw"] = raw.decode() if block.form == "jsonl" else None
    except UnicodeDecodeError:
        line["raw_base64"] = base64.b64encode(raw).decode()
    return as_json_text(line) + "\n"


def moved(line: dict[str, Any], before: int) -> str:
    """A line of the file of rejects, decoded, as it is where `before` more lines came before it."""
    if line["line"] is not None:
        line["line"] += before
        for refusal in line["refusals"]:
            if refusal["line"] is not None:
                refusal["line"] += before
    return as_json_text(line) + "\n"


def refusals_of(line: Mapping[str, Any], before: int) -> list[Refusal]:
    """The refusals that a line of the file of rejects, decoded, tells of, with `before` more lines before it."""
    made = []
    for told in line["refusals"]:
        at = told["line"] if told["line"] is None or line["line"] is None else told["line"] + before
        place = Place(told["file"], at, told["column"], told["path"])
        made.append(Refusal(told["code"], told["candidate"], place, told["message"], told["mend"]))
    return made
