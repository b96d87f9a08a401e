"""The words in which a policy speaks to people: templates that stand beside its clauses, filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, TypeAlias

from itss_logic.engine import Declarations
from itss_logic.errors import PolicyError
from itss_logic.terms import Constant, Fact

Key: TypeAlias = "tuple[str, int, str]"
"""Field, level and criterion of a clause."""


class Words:
    """The words of a policy in one language."""

    def __init__(self, declared: Declarations, language: str) -> None:
        self.declared, self.language = declared, language
        self.positions: dict[str, int] = dict(declared("criterion", 2))
        self._worded: dict[Key, str] = {}

    def _spoken(self, name: str, arity: int) -> list[tuple[Any, ...]]:
        return [row[1:] for row in self.declared(name, arity) if row[0] == self.language]

    @cached_property
    def labels(self) -> dict[str, str]:
        """What constants are called."""
        return dict(self._spoken("label", 3))

    @cached_property
    def phrases(self) -> dict[str, str]:
        """What explanations say."""
        return dict(self._spoken("phrase", 3))

    @cached_property
    def sentences(self) -> dict[str, str]:
        """What facts of each predicate say."""
        return dict(self._spoken("sentence", 3))

    @cached_property
    def lacks(self) -> dict[tuple[str, str], str]:
        """What is missing where one fact of a predicate is, or many."""
        return {(name, number): text for name, number, text in self._spoken("lack", 4)}

    @cached_property
    def questions(self) -> dict[str, str]:
        """What readings answer."""
        return dict(self._spoken("question", 3))

    @cached_property
    def wordings(self) -> dict[Key, list[str]]:
        """The words of each clause."""
        return grouped(self._spoken("wording", 5))

    @cached_property
    def sections(self) -> dict[Key, list[str]]:
        """The sections of the source that each clause paraphrases."""
        return grouped(self._spoken("section", 5))

    @cached_property
    def rests_on(self) -> dict[Key, list[tuple[str, int]]]:
        """The clauses that say in full what each asks for, as criterion and level."""
        rests: dict[Key, list[tuple[str, int]]] = {}
        for field, level, criterion, other, part in self.declared("rests_on", 5):
            rests.setdefault((field, level, criterion), []).append((part, other))
        return rests

    @cached_property
    def parameters(self) -> dict[Key, dict[str, Any]]:
        """The parameters of each clause, as they are nested in JSON."""
        return _parameters(self.declared)

    def position(self, criterion: str) -> int:
        """The place of a criterion in every list; last, where it has none of its own."""
        return self.positions.get(criterion, len(self.positions) + 1)

    def label(self, name: str) -> str:
        """What a person calls a constant."""
        return self.labels.get(name, name.replace("_", " "))

    def phrase(self, name: str, /, **values: object) -> str:
        """What explanations say, filled in."""
        if name not in self.phrases:
            raise PolicyError(f"there is no phrase {name} in {self.language}")
        return self.fill(self.phrases[name], values)

    def question(self, reading: str) -> str:
        """The open question that a reading answers."""
        return self.questions.get(reading, "")

    def wording(self, key: Key) -> str:
        """A clause in plain words."""
        if key not in self._worded:
            text = next(iter(self.wordings.get(key, [])), "")
            self._worded[key] = self.fill(text, {"level": key[1], **self.parameters.get(key, {})})
        return self._worded[key]

    def section(self, key: Key) -> str:
        """The place in the source that a clause paraphrases."""
        return self.phrase(
            "section", field=self.label(key[0]), level=key[1], section=self.listed(self.sections.get(key, []))
        )

    def sentence(self, predicate: str, values: Mapping[str, object]) -> str:
        """What a fact of evidence says, of its arguments by JSON key."""
        if predicate not in self.sentences:
            told = self.phrases["values"].join(map(self._called, values.values()))
            return f"{self.label(predicate)}: {told}" if told else self.label(predicate)
        return self.fill(self.sentences[predicate], values)

    def lack(self, predicate: str, facts: Sequence[Mapping[str, object]]) -> str | None:
        """What is missing where such facts are, if others would do as well; None where there are no words for it."""
        text = self.lacks.get((predicate, "one" if len(facts) == 1 else "many"))
        if text is None:
            return None
        values = {key: list(dict.fromkeys(fact[key] for fact in facts)) for key in facts[0]}
        return self.fill(text, {**values, "count": len(facts)})

    def listed(self, texts: Sequence[str]) -> str:
        """Texts one after the other, as a sentence lists them."""
        *others, last = texts or [""]
        return f"{self.phrases['list'].join(others)}{self.phrases['last']}{last}" if others else last

    def fill(self, text: str, values: Mapping[str, object]) -> str:
        """A text with what its placeholders name: a dot goes into nested values, constants go by their labels."""
        literals, paths = _template(text)
        if not paths:
            return text
        told = [literals[0]]
        for path, literal in zip(paths, literals[1:], strict=True):
            told += [self._filled(path, values, text), literal]
        return "".join(told)

    def _filled(self, path: Sequence[str], values: Mapping[str, object], text: str) -> str:
        found: object = values
        for part in path:
            if not isinstance(found, Mapping) or part not in found:
                raise PolicyError(f"{{{'.'.join(path)}}} in a wording is no parameter of its clause: {text}")
            found = found[part]
        if isinstance(found, list):
            return self.phrases["values"].join(map(self._called, found)) or self.phrases["none"]
        return self._called(found)

    def _called(self, value: object) -> str:
        return self.label(value) if isinstance(value, Constant) else str(value)


@cache
def _template(text: str) -> tuple[list[str], list[list[str]]]:
    """The literal parts of a text, and the paths of the placeholders between them."""
    parts = re.split(r"\{([a-z0-9_.]+)\}", text)
    return parts[::2], [path.split(".") for path in parts[1::2]]


def grouped(rows: Iterable[tuple[Any, ...]]) -> dict[Key, list[Any]]:
    """The last values of rows by those before."""
    found: dict[Key, list[Any]] = {}
    for field, level, criterion, value in rows:
        found.setdefault((field, level, criterion), []).append(value)
    return found


def _parameters(declared: Declarations) -> dict[Key, dict[str, Any]]:
    many = {name for (name,) in declared("many_valued", 1)}
    parameters: dict[Key, dict[str, Any]] = {}
    in_force = dict.fromkeys(declared("parameter", 5))
    # The clauses give the order, and the lists, which a policy change may empty.
    for row in dict.fromkeys([*declared("sets", 5), *in_force]):
        field, level, criterion, name, value = row
        place, last = _place(parameters.setdefault((field, level, criterion), {}), name)
        place.setdefault(last, [] if last in many else None)
        if row not in in_force:
            continue
        if last in many:
            place[last].append(value)
        else:
            place[last] = value
    return parameters


def _place(parameters: dict[str, Any], name: Any) -> tuple[dict[str, Any], str]:
    """Where a parameter stands under the path that its name is, and the end of that."""
    *path, last = map(str, name.arguments) if isinstance(name, Fact) else [str(name)]
    for part in path:
        parameters = parameters.setdefault(part, {})
    return parameters, last
