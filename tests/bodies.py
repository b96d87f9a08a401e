"""Evidence made by hypothesis from the vocabulary alone: anything that a person can have on file."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from itss_logic.errors import Place
from itss_logic.evidence import Dossier, Evidence, Stated
from itss_logic.terms import Constant, Fact
from itss_logic.vocabulary import CLAIMED, SOURCE, Argument, Predicate, Vocabulary

ODD = [
    *("=1+1", "-1", "@x", "007", "1e5", '"', '"a"', " a ", "a\n b", "a\tb", "a\r\nb", "_x0041_", "\x01", "Ａ１", "ａ"),
    *("[", '["a","b"]', "'; DROP TABLE candidates; --", "\\", "\\n", "é", "e\u0301", "👋", "\u2028", "#", "?", "null"),
    *("#N/A", "#REF!", "0", "12", "yes", "1.0", "2026-11-26", "a;b", "a,b", "\x1a", "~", "---"),
    *("true", "田中 愛子", "\ufeffa", "\u3000", "%s", "{x}", ":x", "a" * 1024),
]
"""Ids that some form could take for something else."""

TEXTS = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12),
)
REFERENCES = st.one_of(st.just(""), TEXTS)


@st.composite
def body(draw: st.DrawFn, vocabulary: Vocabulary, candidate: str) -> Evidence:
    """A candidate's evidence; references to sources for what is on file alone, one for each item with attributes."""
    dossier = Dossier(vocabulary, candidate, Place("made"))
    items = [p for p in vocabulary.predicates.values() if p.is_item]
    seen: set[Any] = set()
    for item in draw(st.lists(st.sampled_from(items), max_size=6)):
        f = draw(st.sampled_from(item.fields)) if item.of_field else None
        arguments = tuple(draw(_argument(vocabulary, argument, f)) for argument in item.arguments)
        attributes = vocabulary.attributes(item.name, f)
        id = arguments[item.place("id")] if attributes else None
        if (key := (item.name, id or arguments)) in seen:
            continue
        seen.add(key)
        fact = Fact(item.name, arguments)
        status = draw(st.sampled_from(["", CLAIMED]))
        dossier.stated.append(Stated(fact, dossier.place, status))
        for reference in draw(st.lists(REFERENCES, max_size=1 if vocabulary.cites_once(item) else 2)):
            dossier.stated.append(Stated(fact, dossier.place, SOURCE, reference))
        for attribute in attributes:
            for values in draw(_values(vocabulary, attribute, f)):
                dossier.stated.append(Stated(Fact(attribute.name, (str(id), *values)), dossier.place))
    entry = dossier.close()
    assert isinstance(entry, Evidence), entry
    return entry


def _argument(vocabulary: Vocabulary, argument: Argument, f: str | None) -> st.SearchStrategy[Any]:
    if argument.kind == "field":
        return st.just(Constant(f or ""))
    if argument.kind == "id":
        return TEXTS
    if argument.kind == "number":
        return st.integers(*vocabulary.ranges[argument.domain])
    return st.sampled_from(list(vocabulary.values(argument.domain, f).values()))


def _values(vocabulary: Vocabulary, attribute: Predicate, f: str | None) -> st.SearchStrategy[list[Any]]:
    """What an attribute says, once, many times or not at all."""
    if attribute.combinations:
        one = st.sampled_from(sorted(attribute.combinations, key=str))
    else:
        one = st.tuples(*(_argument(vocabulary, argument, f) for argument in attribute.own))
    return st.lists(one, max_size=4 if attribute.number == "many" else 1, unique=True)


@st.composite
def people(draw: st.DrawFn, vocabulary: Vocabulary, least: int = 1, most: int = 4) -> list[Evidence]:
    """The evidence of several candidates."""
    ids = draw(st.lists(TEXTS, min_size=least, max_size=most, unique=True))
    return [draw(body(vocabulary, id)) for id in ids]
