"""What a desk has come to, as the query of its address: whose evidence, each step in its order, and what is shown.

Everything a desk shows follows from its address and the evidence on file, so that an address can be sent to others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias
from urllib.parse import urlencode

from itss_logic.errors import Place, QuestionError
from itss_logic.facts import FactError, parse
from itss_logic.scenarios import ADD, CONFIRM, REMOVE, Edit, Scenario
from itss_logic.terms import write
from itss_logic.vocabulary import CLAIMED

READING = "reading"
ACTIONS = (REMOVE, CONFIRM, ADD, READING)
"""What a step can do."""

CANDIDATE, LEVEL, LANGUAGE, FORM, WHOLE = "candidate", "level", "lang", "form", "whole"

MOST_STEPS = 100
"""How many steps a desk takes."""

Pairs: TypeAlias = "Sequence[tuple[str, str]]"
"""The parameters of an address, in their order."""


class Step(NamedTuple):
    """A step: a fact that is removed or a claim that is confirmed, and the other way round where the same step came
    before; facts that are added, each with its full stop; or a reading, as `NAME=OPTION`."""

    action: str
    text: str


class State(NamedTuple):
    """What an address says.

    `level` is the level whose reasons are shown, as `FIELD-LEVEL`; `form` the form that is open; `language` that of
    the page; `whole` asks for the reasons in the page itself, for browsers without scripts. Each is empty where the
    address says nothing of it.
    """

    candidate: str
    steps: tuple[Step, ...] = ()
    level: str = ""
    language: str = ""
    form: str = ""
    whole: str = ""

    @classmethod
    def of(cls, pairs: Pairs) -> State:
        """The state of an address.

        Raises:
            QuestionError: where it has more steps than a desk takes.
        """
        steps = tuple(Step(name, text) for name, text in pairs if name in ACTIONS)
        if len(steps) > MOST_STEPS:
            raise QuestionError(f"a desk takes {MOST_STEPS} steps; download the scenario and go on with itss whatif")
        given = dict(pairs)
        shown = (given.get(name, "") for name in (LEVEL, LANGUAGE, FORM, WHOLE))
        return cls(given.get(CANDIDATE, ""), steps, *shown)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the address, in their order."""
        shown = {LEVEL: self.level, LANGUAGE: self.language, FORM: self.form, WHOLE: self.whole}
        return [(CANDIDATE, self.candidate), *((name, text) for name, text in shown.items() if text), *self.steps]

    def url(self, path: str = "/desk") -> str:
        """The address."""
        return f"{path}?{urlencode(self.pairs)}"

    def then(self, action: str, text: str) -> State:
        """The state after one more step."""
        return self._replace(steps=(*self.steps, Step(action, text)), form="")

    def without(self, facts: Collection[str]) -> State:
        """The state as if some facts had not been added."""
        steps = []
        for step in self.steps:
            texts = one_by_one(step.text) if step.action == ADD else []
            left = [text for text in texts if text not in facts]
            if len(left) == len(texts):
                steps.append(step)
            elif left:
                steps.append(Step(ADD, together(left)))
        return self._replace(steps=tuple(steps), form="")

    def fitting(self, misfits: Collection[str]) -> State:
        """The state without the steps whose edits have these places; without the last, where none has."""
        steps = tuple(step for step in self.steps if f"{step.action} {step.text}" not in misfits)
        return self._replace(steps=steps if len(steps) < len(self.steps) else self.steps[:-1], form="")

    @property
    def undone(self) -> State:
        """The state before the last step."""
        return self._replace(steps=self.steps[:-1], form="")

    @property
    def readings(self) -> dict[str, str]:
        """The options that steps choose, as they stand in the end."""
        return dict(text.partition("=")[::2] for action, text in self.steps if action == READING)

    def on(self, action: str) -> list[str]:
        """What stands removed or confirmed in the end: done twice is not done."""
        found: dict[str, None] = {}
        for step in self.steps:
            if step.action == action and step.text in found:
                del found[step.text]
            elif step.action == action:
                found[step.text] = None
        return list(found)

    def edits(self) -> tuple[Edit, ...]:
        """What the steps come to, as edits of the evidence, each with the step that it comes from as its place."""
        removed, confirmed = self.on(REMOVE), self.on(CONFIRM)
        edits = [Edit(REMOVE, text, Place(f"{REMOVE} {text}")) for text in removed]
        edits += [
            Edit(CONFIRM, text, Place(f"{CONFIRM} {text}")) for text in confirmed if f"{CLAIMED}({text})" not in removed
        ]
        for step in self.steps:
            if step.action == ADD:
                edits += [Edit(ADD, text, Place(f"{ADD} {step.text}")) for text in one_by_one(step.text)]
        return tuple(edits)

    def scenario(self, name: str, in_force: Mapping[str, str]) -> Scenario:
        """The state as a scenario, with all `in_force` beside the defaults."""
        return Scenario(name, self.edits(), in_force)


def one_by_one(text: str) -> list[str]:
    """The facts of a text, each by itself; what is none comes as it is, for those who read it to refuse."""
    errors: list[FactError] = []
    found = [write(one.fact) for one in parse(text, errors.append)]
    return [text] if errors or not found else found


def together(facts: Iterable[str]) -> str:
    """Facts in one text."""
    return " ".join(f"{fact}." for fact in facts)
