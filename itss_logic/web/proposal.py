"""What an impact page proposes, as the query of its address: other parameters of clauses, and other readings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from itss_logic.answers import Clause
from itss_logic.changes import Change, Reader, changes_of, leaves
from itss_logic.documents import Members
from itss_logic.errors import QuestionError
from itss_logic.terms import Fact
from itss_logic.web.forms import Input, is_number
from itss_logic.web.state import LANGUAGE, READING, Pairs

if TYPE_CHECKING:
    from itss_logic.policy import Policy
    from itss_logic.words import Words

CHANGE, CLAUSE, NEW = "change", "clause", "new."
"""A changed parameter, as `CLAUSE.PATH=VALUE`; the clause whose form is open; how the inputs of the form begin."""

MOST_CHANGES = 50
"""How many parameters an address may change."""


class Proposal(NamedTuple):
    """What an address proposes: texts by clause id and path of the parameter, options by reading, the clause whose
    form is open, and the language of the page."""

    changes: tuple[tuple[str, str], ...]
    readings: tuple[tuple[str, str], ...]
    clause: str = ""
    language: str = ""

    @classmethod
    def of(cls, pairs: Pairs) -> Proposal:
        """The proposal of an address.

        Raises:
            QuestionError: where it changes too much.
        """
        changes = {text.partition("=")[0]: text.partition("=")[2] for name, text in pairs if name == CHANGE}
        if len(changes) > MOST_CHANGES:
            raise QuestionError(f"at most {MOST_CHANGES} parameters are changed here; use itss impact")
        readings = {text.partition("=")[0]: text.partition("=")[2] for name, text in pairs if name == READING}
        given = dict(pairs)
        return cls(tuple(changes.items()), tuple(readings.items()), given.get(CLAUSE, ""), given.get(LANGUAGE, ""))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the address."""
        found = [(CHANGE, f"{name}={text}") for name, text in self.changes]
        found += [(READING, f"{name}={text}") for name, text in self.readings]
        shown = {CLAUSE: self.clause, LANGUAGE: self.language}
        return [*found, *((name, text) for name, text in shown.items() if text)]

    def url(self, path: str = "/impact") -> str:
        """The address."""
        return f"{path}?{urlencode(self.pairs)}"

    def without(self, kind: str, name: str) -> Proposal:
        """The proposal without one of its changes or readings."""
        if kind == CHANGE:
            return self._replace(changes=tuple(pair for pair in self.changes if pair[0] != name))
        return self._replace(readings=tuple(pair for pair in self.readings if pair[0] != name))

    def policy_change(self, policy: Policy) -> tuple[Change, ...]:
        """The changed parameters, as changes of clauses.

        Raises:
            QuestionError: for a clause, a parameter or a value that cannot be; it names what can.
        """
        mapping = Members([])
        for name, text in self.changes:
            clause, path = _clause(policy, name)
            old = dict(leaves(clause.parameters)).get(path)
            place = mapping.setdefault(clause.id, Members([]))
            for part in path[:-1]:
                place = place.setdefault(part, Members([]))
            place[path[-1]] = _value(text, old)
        return tuple(changes_of(mapping, policy, CHANGE))

    def filled(self, policy: Policy, pairs: Pairs) -> Proposal:
        """The proposal once the form for its clause is filled in with parameters; what is as it stands is no change.

        Raises:
            QuestionError: where there is no such clause.
        """
        clause = policy.clause(self.clause)
        changes = {name: text for name, text in self.changes if _clause(policy, name)[0].id != clause.id}
        for path, old in leaves(clause.parameters):
            name = ".".join(path)
            texts = [text for other, text in pairs if other == f"{NEW}{name}"]
            text = ",".join(filter(None, texts)) if isinstance(old, list) else next(iter(texts), "").strip()
            if isinstance(old, list) and {*text.split(",")} == {*text_of(old).split(",")}:
                continue
            if text != text_of(old) and (text or isinstance(old, list)):
                changes[f"{clause.id}.{name}"] = text
        return self._replace(changes=tuple(changes.items()), clause="")

    def inputs(self, policy: Policy, words: Words) -> Iterator[Input]:
        """The inputs of the form for the clause, with what is proposed by now.

        Raises:
            QuestionError: where there is no such clause.
        """
        clause, proposed = policy.clause(self.clause), dict(self.changes)
        reader = Reader(policy, clause.field, clause.id)
        for path, old in leaves(clause.parameters):
            name = ".".join(path)
            given = proposed.get(f"{clause.id}.{name}", text_of(old)).split(",")
            label = " ".join(words.label(part) for part in path)
            yield _input(
                policy, words, reader.types[path[-1]], clause.field, old, Input(NEW + name, label, "", True, (), given)
            )


def _input(policy: Policy, words: Words, kind: object, field: str, old: Any, plain: Input) -> Input:
    """An input for a parameter by what it takes."""
    domain = str(kind.arguments[0]) if isinstance(kind, Fact) else ""
    if isinstance(kind, Fact) and kind.name == "value":
        options = [(value, words.label(value)) for value in policy.vocabulary.values(domain, field)]
        return plain._replace(kind="choices" if isinstance(old, list) else "choice", options=options)
    levels = [level for of, level in policy.levels if of == field]
    least, greatest = policy.vocabulary.ranges[domain] if domain else (levels[0], levels[-1])
    if isinstance(old, list):
        return plain._replace(kind="choices", options=[(str(level), str(level)) for level in levels])
    return plain._replace(kind="number", least=least, greatest=greatest)


def _clause(policy: Policy, name: str) -> tuple[Clause, tuple[str, ...]]:
    """The clause that the name of a changed parameter begins with, and the path of the parameter.

    Raises:
        QuestionError: where there is no such clause.
    """
    parts = name.split(".")
    return policy.clause(".".join(parts[:3])), tuple(parts[3:]) or ("",)


def _value(text: str, old: Any) -> Any:
    """A new value as a file of policy changes has it."""
    if isinstance(old, list):
        return [_plain(one.strip()) for one in text.split(",") if one.strip()]
    return _plain(text.strip())


def _plain(text: str) -> int | str:
    digits = text.removeprefix("-")
    return int(text) if is_number(digits) else text


def text_of(value: Any) -> str:
    """A value as an address has it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
