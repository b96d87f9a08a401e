"""The clauses of a policy, as `itss policy show` tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itss_logic.answers import Clause
from itss_logic.assurance.rules import rules_of
from itss_logic.words import grouped

if TYPE_CHECKING:
    from itss_logic.policy import Policy


def clauses(policy: Policy) -> list[Clause]:
    """Every clause: by field and level, criteria first."""
    declared, words = policy.declared, policy.words()
    open_to = grouped(declared("open_to", 4))
    left = grouped(declared("not_formalised", 4))
    rules = rules_of(policy)
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
                readings=tuple(reading for reading in policy.options if reading in open_to.get(key, [])),
                not_formalised=tuple(left.get(key, [])),
                rules=tuple(rule.place for rule in rules if rule.formalises(id)),
            )
        )
    levels = policy.levels
    return sorted(found, key=lambda c: (levels.index((c.field, c.level)), words.position(c.criterion), c.criterion))
