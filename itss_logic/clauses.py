"""The clauses of a policy, as `itss policy show` tells them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from itss_logic.answers import Clause
from itss_logic.engine import Declarations, Source
from itss_logic.words import Words, grouped


def clauses(
    declared: Declarations,
    words: Words,
    sources: Iterable[Source],
    levels: Sequence[tuple[str, int]],
    options: Mapping[str, Sequence[str]],
) -> list[Clause]:
    """Every clause: by field and level, criteria first.

    Args:
        declared: the facts of the knowledge base.
        words: in which they are worded.
        sources: the rule files, whose comments name the clauses that rules formalise.
        levels: fields and levels, in order.
        options: the readings, in order.
    """
    open_to = grouped(declared("open_to", 4))
    left = grouped(declared("not_formalised", 4))
    rules = list(_tagged_rules(sources))
    found = []
    for key in declared("clause", 3):
        id = f"{key[0]}.{key[1]}.{key[2]}"
        found.append(
            Clause(
                key[0],
                key[1],
                key[2],
                wording=words.wording(key),
                section=words.section(key),
                parameters=words.parameters.get(key, {}),
                readings=tuple(reading for reading in options if reading in open_to.get(key, [])),
                not_formalised=tuple(left.get(key, [])),
                rules=tuple(dict.fromkeys(place for pattern, place in rules if fnmatchcase(id, pattern))),
            )
        )
    return sorted(found, key=lambda c: (levels.index((c.field, c.level)), words.position(c.criterion), c.criterion))


def _tagged_rules(sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """The patterns of clause ids in brackets in comments, each with the place of the rules below it."""
    for source in sources:
        lines = source.text.splitlines()
        for number, line in enumerate(lines):
            if line.startswith("% "):
                rule = next((n for n in range(number, len(lines)) if not lines[n].startswith("%")), number)
                for tag in re.findall(r"\[([^]]+)\]", line):
                    yield from ((pattern.strip(), f"{source.name}:{rule + 1}") for pattern in tag.split(","))
