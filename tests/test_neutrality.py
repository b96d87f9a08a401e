"""Python names nothing of a category: what the rules declare stands nowhere in the package."""

from __future__ import annotations

import re
from pathlib import Path

import itss_logic
from itss_logic import Policy

COMMON = {
    "criteria",
    "database",
    "depth",
    "equivalent",
    "items",
    "member",
    "other",
    "part",
    "required",
    "size",
    "small",
    "stated",
    "any",
    "all",
}
"""Words that programs and sentences about them cannot do without."""

FOREIGN = ("solve.project", 'SubElement(test, "failure"')
"""What clasp and JUnit call things."""


def declared(policy: Policy) -> set[str]:
    vocabulary = policy.vocabulary
    words = {policy.vocabulary.category, *vocabulary.fields, *vocabulary.predicates, *policy.options}
    words |= {option for options in policy.options.values() for option in options}
    words |= {value for values in vocabulary.domains.values() for value in values}
    words |= {predicate.key for predicate in vocabulary.predicates.values()}
    words |= {clause.criterion for clause in policy.clauses}
    words |= {name for clause in policy.clauses for name in clause.parameters}
    return words - COMMON


def test_no_word_of_the_vocabulary_stands_in_the_package() -> None:
    words = declared(Policy.load())
    assert len(words) > 100
    package = Path(itss_logic.__file__).parent
    named = set()
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for name in FOREIGN:
            text = text.replace(name, "")
        named |= {(path.name, word) for word in re.findall(r"\w+", text) if word in words}
    assert sorted(named) == []
