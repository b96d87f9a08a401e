"""A session of what-ifs: which facts are off, confirmed or added, which readings are chosen, and each step back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.case import Case, Key, inner
from itss_logic.errors import Place, QuestionError, SelfCheckError
from itss_logic.evidence import Evidence, innermost
from itss_logic.scenarios import (
    ADD,
    CONFIRM,
    REMOVE,
    Edit,
    Scenario,
    as_yaml,
    edit,
    read_scenarios,
)
from itss_logic.terms import Fact, write
from itss_logic.vocabulary import CLAIMED, SOURCE

if TYPE_CHECKING:
    from itss_logic.explain import Level
    from itss_logic.policy import Policy
    from itss_logic.tree import Node
    from itss_logic.words import Words

HERE = Place("explore")


class State(NamedTuple):
    """What a session has come to: facts that are off, claims that are confirmed, facts added, and every reading."""

    off: frozenset[Fact]
    confirmed: frozenset[Fact]
    added: tuple[Fact, ...]
    readings: Mapping[str, str]


class Step(NamedTuple):
    """What was done, whom it was about (None: everybody), and the state before."""

    told: str
    candidate: str | None
    before: State


class Row(NamedTuple):
    """A fact on file or added, as a session has it. `field` is that of its item; `is_part` of an attribute."""

    fact: Fact
    field: str | None
    is_part: bool
    is_on: bool
    is_confirmed: bool
    is_added: bool

    @property
    def is_claim(self) -> bool:
        """Whether nobody has verified it, here or on file."""
        return self.fact.name == CLAIMED and not self.is_confirmed

    @property
    def is_changed(self) -> bool:
        """Whether it is otherwise than on file."""
        return self.is_added or self.is_confirmed or not self.is_on

    @property
    def state(self) -> str:
        """How it stands, in words; empty for a fact that is on file and no claim."""
        told = {"off": not self.is_on, "claimed": self.is_claim, "confirmed": self.is_confirmed, "added": self.is_added}
        return ", ".join(word for word, holds in told.items() if holds)


class Session:
    """Changes to the evidence of people and to the readings, each checked as it is made.

    Args:
        policy: with what is to be changed in it; `before` is it without.
        people: the evidence, a candidate each.
        readings: the options chosen at first, instead of the defaults.
    """

    def __init__(self, policy: Policy, people: Iterable[Evidence], readings: Mapping[str, str]) -> None:
        self.policy, self.before = policy, policy.unchanged
        self.people = {entry.candidate: entry for entry in people}
        self.defaults = policy.in_force()
        self.state = State(frozenset(), frozenset(), (), policy.in_force(readings))
        self.saved = self.state
        self.steps: list[Step] = []
        self._cases: dict[str, Case] = {}
        self._items: dict[str, dict[Key | Fact, Fact]] = {}

    def case(self, candidate: str) -> Case:
        """What is on file for a candidate."""
        if candidate not in self._cases:
            self._cases[candidate] = Case(self.people[candidate], self.policy.vocabulary)
        return self._cases[candidate]

    def rows(self, candidate: str) -> list[Row]:
        """The facts of a candidate, on file or added: by field, each item with its attributes after it."""
        case = self.case(candidate)
        added = [fact for fact in self.state.added if _subject(fact) == candidate and fact not in case.on_file]
        order = {name: number for number, name in enumerate(self.policy.vocabulary.predicates)}
        facts = sorted(
            [*case.facts, *added],
            key=lambda fact: (fact.name == SOURCE, order[innermost(fact).name], write(innermost(fact)), write(fact)),
        )
        parts: dict[Fact | None, list[Fact]] = {}
        for fact in facts:
            parts.setdefault(self.owner(fact), []).append(fact)
        fields: list[str | None] = [None, *self.policy.fields]
        by_field: dict[str | None, list[Fact]] = {field: [] for field in fields}
        for item in parts.get(None, ()):
            by_field[self._field(innermost(item))].append(item)
        return [
            self._row(fact, field, fact is not item)
            for field, items in by_field.items()
            for item in items
            for fact in (item, *parts.get(item, ()))
        ]

    def _field(self, item: Fact) -> str | None:
        predicate = self.policy.vocabulary.predicates[item.name]
        return str(item.arguments[predicate.place("field") + 1]) if predicate.of_field else None

    def _row(self, fact: Fact, field: str | None, is_part: bool) -> Row:
        is_on = fact not in self.state.off and self._counts(fact)
        is_confirmed = is_on and fact in self.state.confirmed
        return Row(fact, field, is_part, is_on, is_confirmed, fact in self.state.added)

    def owner(self, fact: Fact) -> Fact | None:
        """The item, on file or added, that an attribute or a reference to a source goes with."""
        candidate = _subject(fact)
        case = self.case(candidate)
        if candidate not in self._items:
            self._items[candidate] = dict(_named(case, case.facts))
        key = innermost(fact) if fact.name == SOURCE else case.key(fact)
        if key is None or (fact.name != SOURCE and case.key(fact, own=True)):
            return None
        added = dict(_named(case, [other for other in self.state.added if _subject(other) == candidate]))
        return self._items[candidate].get(key) or added.get(key)

    def items(self, candidate: str) -> dict[Key, str | None]:
        """The items of a candidate that can have attributes, on file or added, with their fields."""
        case = self.case(candidate)
        added = [fact for fact in self.state.added if _subject(fact) == candidate and fact.name != SOURCE]
        new = {key: self._field(inner(fact)) for fact in added if (key := case.key(fact, own=True))}
        return {**case.fields, **new}

    def edits(self, candidate: str | None = None) -> tuple[Edit, ...]:
        """What is changed of the evidence of one candidate, or of everybody's; what goes with its item is left out."""
        state = self.state
        removed = [fact for fact in sorted(state.off, key=write) if fact not in state.added and self._counts(fact)]
        confirmed = [inner(fact) for fact in sorted(state.confirmed, key=write) if fact not in state.off]
        added = [fact for fact in state.added if fact not in state.off and self._counts(fact)]
        done = {REMOVE: removed, CONFIRM: confirmed, ADD: added}
        return tuple(
            Edit(action, write(fact), HERE)
            for action, facts in done.items()
            for fact in facts
            if candidate in (None, _subject(fact))
        )

    def _counts(self, fact: Fact) -> bool:
        return self.owner(fact) not in self.state.off

    def evidence(self, candidate: str) -> Evidence:
        """The evidence of a candidate as it is changed."""
        on_file = self.people[candidate]
        return edit([on_file], self.edits(candidate), self.policy.vocabulary).get(candidate, on_file)

    def scenario(self, name: str = "", candidate: str | None = None) -> Scenario:
        """The session as a scenario on top of the unchanged policy under its defaults; of one candidate, or of all."""
        readings = {reading: option for reading, option in self.state.readings.items() if self._is_other(reading)}
        return Scenario(name, self.edits(candidate), readings, self.policy.changes)

    def _is_other(self, reading: str) -> bool:
        return self.state.readings[reading] != self.defaults[reading]

    def switch(self, fact: Fact) -> Step:
        """Leave out a fact, an item with its attributes, or take it in again.

        Raises:
            EditError: where the evidence would be unsound.
            QuestionError: where it is off with its item.
        """
        owner = self.owner(fact)
        if owner is not None and owner in self.state.off:
            raise QuestionError(f"it is off with its item; switch on {write(owner)}")
        told = f"{write(fact)} {'on' if fact in self.state.off else 'off'}"
        return self._step(told, _subject(fact), self.state._replace(off=self.state.off ^ {fact}))

    def confirm(self, fact: Fact) -> Step:
        """Take a claim on file as verified, or as claimed again.

        Raises:
            EditError: where the evidence would be unsound.
            QuestionError: where it is no claim on file.
        """
        candidate, state = _subject(fact), self.state
        if fact.name != CLAIMED or fact not in self.case(candidate).on_file:
            raise QuestionError(f"{write(fact)} is no claim on file; only a claim can be confirmed")
        is_on = fact in state.confirmed and fact not in state.off
        confirmed = state.confirmed - {fact} if is_on else state.confirmed | {fact}
        told = f"{write(inner(fact))} {'claimed again' if is_on else 'confirmed'}"
        return self._step(told, candidate, state._replace(confirmed=confirmed, off=state.off - {fact}))

    def add(self, text: str) -> Fact:
        """Add a fact in the form of `.lp`, and return it.

        Raises:
            EditError: where it is none, or the evidence would be unsound.
            QuestionError: where it is on file already.
        """
        edits = (*self.edits(), Edit(ADD, text, HERE))
        edited = edit(self.people.values(), edits, self.policy.vocabulary)
        known = {candidate: set(self.evidence(candidate).facts) for candidate in edited}
        new = [fact for candidate, entry in edited.items() for fact in entry.facts if fact not in known[candidate]]
        if not new:
            raise QuestionError("this is on file already")
        fact, state = new[0], self.state
        added = state.added if fact in state.off else (*state.added, fact)
        told = f"{write(fact)} added"
        self._step(told, _subject(fact), state._replace(added=added, off=state.off - {fact}))
        return fact

    def choose(self, reading: str, steps: int = 1) -> Step:
        """Choose the next option of a reading, or one so many steps on; after the last comes the first."""
        options, readings = self.policy.options[reading], self.state.readings
        option = options[(options.index(readings[reading]) + steps) % len(options)]
        return self._step(f"{reading}={option}", None, self.state._replace(readings={**readings, reading: option}))

    def _step(self, told: str, candidate: str | None, state: State) -> Step:
        step = Step(told, candidate, self.state)
        self.state = state
        try:
            if candidate is not None:
                self.evidence(candidate)
        except Exception:
            self.state = step.before
            raise
        self.steps.append(step)
        return step

    def undo(self) -> Step | None:
        """Take back the last step, and return it; None, where there is none."""
        if not self.steps:
            return None
        step = self.steps.pop()
        self.state = step.before
        return step

    @property
    def changed(self) -> Counter[str]:
        """How many facts of each candidate are off, confirmed or added."""
        off, confirmed, added, _ = self.state
        return Counter(map(_subject, {*off, *confirmed, *added}))

    @property
    def is_saved(self) -> bool:
        """Whether nothing has changed since it was saved, or begun."""
        return self.state == self.saved

    def as_yaml(self, name: str) -> str:
        """The session as a file of one scenario, for `itss whatif --scenario`."""
        return as_yaml(self.scenario(name))

    def save(self, path: str) -> None:
        """Write the session as a file of one scenario, which is named like the file.

        Raises:
            OSError: where it cannot be written.
            SelfCheckError: where it does not read back as it is.
        """
        from os.path import basename, splitext

        name = splitext(basename(path))[0]
        text = self.as_yaml(name)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        [read] = read_scenarios(path, self.before)
        read = read._replace(edits=tuple(one._replace(place=HERE) for one in read.edits))
        if read != self.scenario(name):
            raise SelfCheckError(f"{path} does not read back as the scenario that was written")
        self.saved = self.state


def _subject(fact: Fact) -> str:
    """The candidate whom a fact is about."""
    return str(innermost(fact).arguments[0])


def _named(case: Case, facts: Iterable[Fact]) -> Iterator[tuple[Key | Fact, Fact]]:
    """Items by what attributes and references to sources call them."""
    for fact in facts:
        if fact.name != SOURCE:
            yield case.key(fact, own=True) or inner(fact), fact
            yield inner(fact), fact


def why_tree(
    policy: Policy, evidence: Evidence, level: Level, readings: Mapping[str, str], words: Words, seconds: float
) -> Node:
    """Why a candidate has a level or not, as `itss why` tells it.

    Raises:
        SelfCheckError: where the policy's own rules do not confirm it.
    """
    from itss_logic.explain import confirm
    from itss_logic.tree import Speaker, Teller

    why = policy.why(evidence, *level, readings, timeout=seconds)
    [evaluation] = policy.evaluate([evidence], readings, criteria=True)
    confirm(why, evaluation)
    return Teller(Speaker(policy, words, evidence), why).tree()


def plan_tree(
    policy: Policy, evidence: Evidence, level: Level, readings: Mapping[str, str], words: Words, seconds: float
) -> Node:
    """The cheapest ways of a candidate to a level, as `itss plan` tells them.

    Raises:
        SelfCheckError: where the policy's own rules do not confirm one.
    """
    from itss_logic.explain import confirm
    from itss_logic.tree import Speaker, plans_tree

    plans = policy.plan(evidence, *level, readings, timeout=seconds)
    [evaluation] = policy.evaluate([evidence], readings)
    confirm(plans, evaluation)
    return plans_tree(Speaker(policy, words, evidence), plans, evaluation.result(*level).verdict)
