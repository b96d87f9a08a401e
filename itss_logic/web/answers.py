"""What processes of a pool work out: answers about one person or some, from a policy that each has made once.

Every explanation is confirmed before it is given. What is raised is what the commands would tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itss_logic.answers import VERDICTS, Answer
from itss_logic.changes import Change
from itss_logic.errors import Place, QuestionError, Refusal
from itss_logic.evidence import Evidence, Refused
from itss_logic.explain import confirm
from itss_logic.explanations import Certificate, Plans, Why
from itss_logic.impact import Comparison, Impact
from itss_logic.other_readings import OtherReadings
from itss_logic.policy import Policy
from itss_logic.reading import read_data
from itss_logic.scenarios import ADD, CONFIRM, REMOVE, Edit, Effect, Scenario, edit, what_if
from itss_logic.terms import Fact
from itss_logic.vocabulary import CANDIDATE
from itss_logic.web.stored import Stored

PEOPLE = 200
"""How many candidates one body may hold."""

BODY = "body"
"""What a body of evidence is called where something in it is refused."""


class NotAttainedError(QuestionError):
    """There is nothing to certify: the level is not attained."""


class TooManyError(QuestionError):
    """More is asked about than is answered here; a command can."""


class Person(NamedTuple):
    """Who is asked about: the evidence on file, edits to it, and the options of readings that are no defaults."""

    stored: Stored
    edits: tuple[Edit, ...] = ()
    readings: Mapping[str, str] = {}

    def evidence(self, policy: Policy) -> Evidence:
        """The evidence as it is edited.

        Raises:
            EditError: where an edit cannot be made.
            SelfCheckError: where what is on file is not what was judged.
        """
        on_file = self.stored.unpack(policy.vocabulary)
        return edit([on_file], self.edits, policy.vocabulary).get(on_file.candidate, on_file)


class Read(NamedTuple):
    """What a body of evidence comes to: answers about those who are not refused, and refusals."""

    answers: tuple[Answer, ...]
    refusals: tuple[Refusal, ...]
    accepted: int


def edits(
    add: Iterable[str] = (), remove: Iterable[str] = (), confirm: Iterable[str] = (), where: str = "query"
) -> tuple[Edit, ...]:
    """Edits as texts of facts; `where` they stand is told with what is wrong."""
    texts = {REMOVE: remove, CONFIRM: confirm, ADD: add}
    return tuple(
        Edit(action, text, Place(where, path=f"{action}[{number}]"))
        for action, facts in texts.items()
        for number, text in enumerate(facts)
    )


def ready(policy: Policy) -> Policy:
    """The policy, once it has decided something: what that needs is loaded then."""
    list(policy.evaluate([Evidence("", (Fact(CANDIDATE, ("",)),))], criteria=True))
    return policy


def evaluate(policy: Policy, person: Person, *, across: bool = False, criteria: bool = False) -> Answer:
    """The verdicts on a person; see `Policy.evaluate`."""
    [answer] = policy.evaluate([person.evidence(policy)], person.readings, across=across, criteria=criteria)
    return answer


def why(
    policy: Policy,
    person: Person,
    level: tuple[str, int],
    *,
    every: bool = False,
    maximum: int = 20,
    across: bool = False,
    seconds: float,
) -> Why:
    """Why a person has a level or not; see `Policy.why`. With `across` also how that depends on the readings."""
    entry = person.evidence(policy)
    answer = policy.why(entry, *level, person.readings, all=every, maximum=maximum, timeout=seconds)
    [evaluation] = policy.evaluate([entry], person.readings, criteria=True)
    confirm(answer, evaluation)
    return OtherReadings(policy, entry, person.readings).told(answer) if across else answer


def certify(policy: Policy, person: Person, level: tuple[str, int], *, seconds: float) -> Certificate:
    """What to verify to be sure that a person has a level; see `Policy.certify`.

    Raises:
        NotAttainedError: where the level is not attained.
    """
    policy.levels_of(*level)
    entry = person.evidence(policy)
    [evaluation] = policy.evaluate([entry], person.readings)
    try:
        answer = policy.certify(entry, *level, person.readings, timeout=seconds)
    except QuestionError as error:
        if evaluation.result(*level).verdict == VERDICTS[-1]:
            raise NotAttainedError(str(error)) from None
        raise
    confirm(answer, evaluation)
    return answer


def plan(policy: Policy, person: Person, level: tuple[str, int], *, maximum: int = 5, seconds: float) -> Plans:
    """The cheapest ways of a person to a level; see `Policy.plan`."""
    entry = person.evidence(policy)
    plans = policy.plan(entry, *level, person.readings, maximum=maximum, timeout=seconds)
    [evaluation] = policy.evaluate([entry], person.readings)
    confirm(plans, evaluation)
    return plans


def whatif(policy: Policy, person: Person, base: Mapping[str, str]) -> tuple[Answer, Effect]:
    """The verdicts on a person as on file under `base`, and what edits and readings on top of it come to."""
    scenario = Scenario("", person.edits, person.readings)
    [before], effect = what_if(policy, [person.stored.unpack(policy.vocabulary)], scenario, base)
    return before, effect


def read(policy: Policy, body: bytes, readings: Mapping[str, str] | None) -> Read:
    """What a body of evidence in JSON comes to; without readings it is only checked, and nobody evaluated.

    Raises:
        TooManyError: where it holds more than `PEOPLE` candidates.
    """
    people: list[Evidence] = []
    refusals: list[Refusal] = []
    for number, entry in enumerate(read_data(body, BODY, "json", policy.vocabulary), 1):
        if number > PEOPLE:
            raise TooManyError(f"more than {PEOPLE} candidates are not answered here; use itss evaluate or itss check")
        if isinstance(entry, Refused):
            refusals += entry.refusals
        else:
            people.append(entry)
    answers = () if readings is None else tuple(policy.evaluate(people, readings))
    return Read(answers, tuple(refusals), len(people))


def effects(
    policy: Policy,
    people: Sequence[Stored],
    changes: Sequence[Change],
    readings: Mapping[str, str],
    base: Mapping[str, str],
) -> Impact:
    """What changes of clauses and readings do to people, against the policy as it is served."""
    key = repr((changes, readings, base))
    if key not in _compared:
        _compared.clear()
        _compared[key] = Comparison(policy, changes, readings, base)
    return _compared[key].over(stored.unpack(policy.vocabulary) for stored in people)


_compared: dict[str, Comparison] = {}
"""The comparison that a process was asked about last: one part of the people comes after another."""
