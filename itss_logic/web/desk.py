"""A candidate's desk: the evidence as steps have changed it, the verdicts that follow, and the reasons for a level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_plus
from zlib import crc32

from itss_logic.answers import Answer
from itss_logic.case import Case, inner
from itss_logic.errors import printable
from itss_logic.evidence import Evidence
from itss_logic.other_readings import OtherReadings
from itss_logic.pages.dossier import Check, Matrix, Section, by_field, matrix, section
from itss_logic.pages.findings import of_level
from itss_logic.pages.speech import Speech
from itss_logic.scenarios import ADD, CONFIRM, REMOVE, edit
from itss_logic.terms import Fact, write
from itss_logic.tree import Speaker
from itss_logic.vocabulary import CLAIMED, SOURCE
from itss_logic.web.forms import is_number
from itss_logic.web.state import State, together

if TYPE_CHECKING:
    from itss_logic.policy import Policy
    from itss_logic.words import Words


class Row(NamedTuple):
    """A fact on a desk: what it says, how it stands, what can be done with it, and its attributes.

    `state` is `claimed`, `verified`, `confirmed`, `added` or `removed`; `actions` are names of phrases, each with the
    address behind it. `id` is what its part of the page goes by.
    """

    key: str
    id: str
    text: str
    source: str
    state: str
    actions: Sequence[tuple[str, str]]
    parts: Sequence[Row]


class Choice(NamedTuple):
    """A reading on a desk; `options` are its options, `chosen` the one in force, `default` the one without steps."""

    name: str
    question: str
    options: Sequence[str]
    chosen: str
    default: str


class Told(NamedTuple):
    """A step in words."""

    action: str
    text: str


class Desk:
    """What a desk shows.

    Args:
        policy: what decides.
        readings: the options in force before any step, instead of the defaults.
        evidence: what is on file.
        state: what the address says.

    Raises:
        EditError: where the steps do not fit the evidence.
        QuestionError: for a reading, an option or a language that does not exist.
    """

    def __init__(self, policy: Policy, readings: Mapping[str, str], evidence: Evidence, state: State) -> None:
        self.policy, self.on_file, self.state = policy, evidence, state
        self.words = policy.words(state.language or None)
        self.speech = Speech(self.words.language)
        self.before_readings = policy.in_force(readings)
        self.readings = policy.in_force({**self.before_readings, **state.readings})
        edited = edit([evidence], state.edits(), policy.vocabulary)
        self.evidence = edited.get(evidence.candidate, evidence)

    @cached_property
    def speaker(self) -> Speaker:
        """Who says what the evidence says, as it is changed."""
        return Speaker(self.policy, self.words, self.evidence)

    @cached_property
    def answer(self) -> Answer:
        """The verdicts as they are now, with criteria."""
        [answer] = self.policy.evaluate([self.evidence], self.readings, criteria=True)
        return answer

    @cached_property
    def before(self) -> Answer:
        """The verdicts on what is on file, under the readings without steps."""
        if self.evidence is self.on_file and self.readings == self.before_readings:
            return self.answer
        return _evaluated(self.policy, self.on_file, tuple(self.before_readings.items()))

    @property
    def matrix(self) -> Matrix:
        """The verdicts as they are now."""
        return matrix(self.answer, self.words)

    @property
    def was(self) -> dict[str, str]:
        """What verdicts were, in words, by the places of the levels where they are another now."""
        return {
            f"{then.field}-{then.level}": self.words.phrase(then.verdict)
            for then, now in zip(self.before.results, self.answer.results, strict=True)
            if then.verdict != now.verdict
        }

    @cached_property
    def level(self) -> tuple[str, int]:
        """The level whose reasons are shown: that of the address, or the first that is not reached.

        Raises:
            QuestionError: where the address names none that exists.
        """
        if self.state.level:
            field, _, level = self.state.level.rpartition("-")
            number = int(level) if is_number(level) else 0
            [(field, number)] = self.policy.levels_of(field, number)
            return field, number
        levels = [(field, level) for field, level in self.answer.next_levels().items() if level is not None]
        held = [pair for pair in levels if self.answer.highest[pair[0]] is not None]
        return (held or levels or self.policy.levels)[0]

    @property
    def checks(self) -> list[Check]:
        """The checklist of the level, as far as it is known without searching."""
        result = self.answer.result(*self.level)
        return [
            Check(
                self.words.label(criterion.name),
                self.words.wording((*self.level, criterion.name)),
                f"{result.field}.{result.level}.{criterion.name}",
                criterion.required,
                criterion.found,
                criterion.found_with_claims,
                criterion.verdict,
                (),
            )
            for criterion in result.criteria
        ]

    def reasons(self, seconds: float) -> tuple[Section, str]:
        """All about the level that is shown: checked, explained, planned and certified; and the address that tries
        the plan, if there is one.

        Args:
            seconds: how long each search may take.

        Raises:
            SelfCheckError: where the policy's own rules do not confirm an answer.
        """
        others = OtherReadings(self.policy, self.evidence, self.readings)
        found = of_level(self.policy, self.evidence, self.level, others, seconds)
        tried = self.state
        for plan in found.plans.plans if found.plans else ():
            for fact in plan.confirm:
                tried = tried.then(CONFIRM, write(fact))
            if plan.add:
                tried = tried.then(ADD, together(map(write, plan.add)))
        url = tried._replace(form="").url() if tried != self.state else ""
        return section(self.speaker, self.speech, found), url

    @property
    def reasons_id(self) -> str:
        """What the reasons go by in a page: another name for another state, so that none is taken for another's."""
        return f"reasons-{name_for(self.state.url())}"

    @property
    def choices(self) -> list[Choice]:
        """The readings."""
        return choices(self.policy, self.words, self.readings, self.before_readings)

    @property
    def steps(self) -> list[Told]:
        """The steps, the last first."""
        return [Told(step.action, printable(step.text)) for step in self.state.steps[::-1]]

    @cached_property
    def rows(self) -> list[tuple[str, list[Row]]]:
        """The facts on file and those added, by field."""
        on_file = self.on_file.facts
        confirmed = {Fact(CLAIMED, (fact,)) for fact in self.evidence.facts} & {*on_file}
        known = {*on_file, *(inner(claim) for claim in confirmed)}
        added = [fact for fact in self.evidence.facts if fact not in known]
        both = Evidence(self.on_file.candidate, (*on_file, *added))
        rows = Rows(self, Case(both, self.policy.vocabulary), {*self.evidence.facts}, {*confirmed}, {*added})
        return [
            (label, [rows.row(fact, parts) for fact, parts in some])
            for label, some in by_field(self.speaker, self.speech, rows.case)
        ]


class Rows:
    """Makes rows of facts."""

    def __init__(self, desk: Desk, case: Case, now: set[Fact], confirmed: set[Fact], added: set[Fact]) -> None:
        self.desk, self.case, self.now, self.confirmed, self.added = desk, case, now, confirmed, added
        self.removed = {*desk.state.on(REMOVE)}
        # The steps come last in an address, so that one more goes to its end.
        self.address = desk.state._replace(form="").url()

    def row(self, fact: Fact, parts: Sequence[Fact] = ()) -> Row:
        """The row of a fact, with those of its attributes."""
        return Row(
            write(fact),
            name_for(write(fact)),
            self.desk.speaker.says(fact),
            printable(self.case.sources.get(inner(fact), "")),
            self._state(fact),
            list(self._actions(fact)),
            [self.row(part) for part in parts],
        )

    def _state(self, fact: Fact) -> str:
        if fact in self.added:
            return "added"
        if fact in self.confirmed:
            return "confirmed"
        if fact not in self.now:
            return "removed"
        return "claimed" if fact.name == CLAIMED else "verified"

    def _actions(self, fact: Fact) -> Iterator[tuple[str, str]]:
        state = self.desk.state
        if fact in self.added:
            yield "take_back", state.without(self._added_with(fact)).url()
            return
        if fact.name == CLAIMED and (fact in self.now or fact in self.confirmed):
            name = "unconfirm" if fact in self.confirmed else "confirm"
            yield name, self._then(CONFIRM, inner(fact))
        if fact in self.now or fact in self.confirmed:
            gone = self._added_with(fact)
            yield "strike", state.without(gone).then(REMOVE, write(fact)).url() if gone else self._then(REMOVE, fact)
        elif write(fact) in self.removed:
            yield "restore", self._then(REMOVE, fact)

    def _then(self, action: str, fact: Fact) -> str:
        return f"{self.address}&{action}={quote_plus(write(fact))}"

    def _added_with(self, fact: Fact) -> list[str]:
        """What was added that goes with a fact: itself, the reference to its source, and its attributes."""
        key = self.case.key(fact, own=True)
        return [
            write(other)
            for other in self.added
            if other == fact
            or (other.name == SOURCE and other.arguments[0] == inner(fact))
            or (key is not None and other.name != SOURCE and self.case.key(other) == key)
        ]


def choices(policy: Policy, words: Words, chosen: Mapping[str, str], before: Mapping[str, str]) -> list[Choice]:
    """The readings of a page on which they can be chosen otherwise than they were before."""
    return [
        Choice(name, words.question(name), options, chosen[name], before[name])
        for name, options in policy.options.items()
    ]


@lru_cache(maxsize=64)
def _evaluated(policy: Policy, evidence: Evidence, readings: tuple[tuple[str, str], ...]) -> Answer:
    """The verdicts on evidence, which many desks compare theirs with."""
    [answer] = policy.evaluate([evidence], dict(readings))
    return answer


def name_for(text: str) -> str:
    """A short name for a text."""
    return f"{crc32(text.encode('utf-8', 'backslashreplace')):08x}"
