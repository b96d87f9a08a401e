"""What if: scenarios, which are other facts, other readings or a changed policy, and what evidence becomes by them.

What a scenario does to evidence is checked like any evidence, before anything is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.case import Case, inner
from itss_logic.changes import Change, changes_of, laid_over, merged, read_changes
from itss_logic.documents import Members, Value
from itss_logic.errors import ItssError, Place, QuestionError, Refusal, shorten
from itss_logic.evidence import Dossiers, Evidence, Refused, innermost
from itss_logic.terms import Fact, write
from itss_logic.vocabulary import CANDIDATE, CLAIMED, SOURCE, Problem, Vocabulary

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Verdicts
    from itss_logic.policy import Policy

ADD, REMOVE, CONFIRM = "add", "remove", "confirm"
READINGS, POLICY_CHANGE = "readings", "policy_change"
PARTS = (ADD, REMOVE, CONFIRM, READINGS, POLICY_CHANGE)
"""What a scenario may hold."""


class Edit(NamedTuple):
    """A fact to add, to remove, or (a claim, given as the plain fact) to confirm: its text, and where that stands."""

    action: str
    text: str
    place: Place


class Scenario(NamedTuple):
    """What is to be different: facts, options of readings, and parameters of clauses."""

    name: str
    edits: tuple[Edit, ...] = ()
    readings: Mapping[str, str] = {}
    changes: tuple[Change, ...] = ()

    def over(self, other: Scenario) -> Scenario:
        """One scenario on top of another: with what that changes, unless it does so otherwise."""
        return Scenario(
            self.name,
            (*other.edits, *self.edits),
            {**other.readings, **self.readings},
            laid_over(self.changes, other.changes),
        )


class Flip(NamedTuple):
    """A verdict that is another after a change than before."""

    candidate: str
    field: str
    level: int
    before: str
    after: str


class Effect(NamedTuple):
    """What a scenario comes to: the answers after it, and each verdict that is another than before."""

    after: tuple[Answer, ...]
    changes: tuple[Flip, ...]

    def as_json(self) -> dict[str, Any]:
        """The effect as `itss whatif --format json` prints it."""
        return {
            "after": [answer.as_json() for answer in self.after],
            "changes": [change._asdict() for change in self.changes],
        }


class EditError(ItssError):
    """Edits that would make evidence unsound, or that are none. `refusals` say what is wrong with each."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        # As it is: what an error is made of is what another process makes it of again.
        super().__init__(refusals)
        self.refusals = tuple(refusals)

    def __str__(self) -> str:
        return "\n".join(map(str, self.refusals))


def what_if(
    policy: Policy,
    people: Sequence[Evidence],
    scenario: Scenario,
    readings: Mapping[str, str] | None = None,
    before: Sequence[Answer] | None = None,
) -> tuple[tuple[Answer, ...], Effect]:
    """The answers before and after a scenario.

    Args:
        policy: under which people are judged before.
        people: the evidence, a candidate each.
        scenario: what is to be different.
        readings: the options in force before, instead of the defaults.
        before: the answers before, where they are known.

    Raises:
        EditError: where an edit cannot be made.
        QuestionError: for a reading or an option that does not exist.
    """
    edited = edit(people, scenario.edits, policy.vocabulary)
    base = policy.in_force(readings)
    chosen = policy.in_force({**base, **scenario.readings})
    known = tuple(policy.evaluate(people, base) if before is None else before)
    is_same = chosen == base and not scenario.changes
    concerned = [entry for entry in people if not is_same or entry.candidate in edited]
    judged = policy.changed(scenario.changes).evaluate(
        [edited.get(entry.candidate, entry) for entry in concerned], chosen
    )
    found = {answer.candidate: answer for answer in judged}
    after = tuple(found.get(answer.candidate, answer) for answer in known)
    told = flips((answer.summary for answer in known), (answer.summary for answer in after))
    return known, Effect(after, tuple(told))


def flips(before: Iterable[Verdicts], after: Iterable[Verdicts]) -> Iterator[Flip]:
    """The verdicts that differ, on the same candidates in the same order."""
    for one, other in zip(before, after, strict=True):
        for level, was in one.verdicts.items():
            if was != other.verdicts[level]:
                yield Flip(one.candidate, *level, was, other.verdicts[level])


def as_yaml(scenario: Scenario) -> str:
    """A scenario as a file that `read_scenarios` reads, with its policy change written out."""
    parts: dict[str, Any] = {
        action: [one.text for one in scenario.edits if one.action == action] for action in (REMOVE, CONFIRM, ADD)
    }
    parts[READINGS] = dict(scenario.readings)
    parts[POLICY_CHANGE] = _written_out(scenario.changes)
    return _as_yaml({scenario.name: {part: value for part, value in parts.items() if value}})


def read_scenarios(path: str, policy: Policy) -> list[Scenario]:
    """The named scenarios of a YAML file, in its order.

    Raises:
        QuestionError: where it is not one; it says which scenario, and what to write.
    """
    from itss_logic.yaml_form import read_mapping

    form = "scenarios are a mapping of names to what is to be different, such as `NAME: {add: [FACT]}`"
    named = read_mapping(path, form)
    if not named:
        raise QuestionError(f"{path}: there is no scenario; write `NAME: {{add: [FACT]}}`")
    return [_scenario(path, name, value, policy) for name, value in named.items()]


def _scenario(path: str, name: str, value: Value, policy: Policy) -> Scenario:
    where = f"{path}: {name}"
    value = Members([]) if value is None else value
    if not isinstance(value, Members) or value.repeated:
        raise QuestionError(f"{where} is no scenario; write each of {', '.join(PARTS)} once")
    for key in value:
        if key not in PARTS:
            raise QuestionError(f"{where}: {shorten(key)} is no part of a scenario; write one of {', '.join(PARTS)}")
    edits = []
    for action in (REMOVE, CONFIRM, ADD):
        facts = value.get(action, [])
        if not isinstance(facts, list) or not all(isinstance(fact, str) for fact in facts):
            raise QuestionError(f"{where}: {action} is no list of facts; write {action}: ['FACT']")
        edits += [Edit(action, text, Place(path, path=f"$.{name}.{action}[{i}]")) for i, text in enumerate(facts)]
    readings = value.get(READINGS, Members([]))
    if not isinstance(readings, Members) or not all(isinstance(option, str) for option in readings.values()):
        raise QuestionError(f"{where}: {READINGS} are no mapping; write {READINGS}: {{NAME: OPTION}}")
    try:
        policy.in_force(readings)
    except QuestionError as error:
        raise QuestionError(f"{where}: {error}") from None
    return Scenario(name, tuple(edits), dict(readings), _changes(path, where, value.get(POLICY_CHANGE), policy))


def _changes(path: str, where: str, value: Value, policy: Policy) -> tuple[Change, ...]:
    """A policy change written out, or the names of files that hold it, beside the scenario's own."""
    from os.path import dirname, isfile, join

    if value is None:
        return ()
    if isinstance(value, Members):
        return merged(changes_of(value, policy, f"{where}: {POLICY_CHANGE}"))
    names = value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not isfile(join(dirname(path), name)):
            mend = "write clause ids with new parameters, or the name of a file beside this one"
            raise QuestionError(f"{where}: {POLICY_CHANGE}: there is no file {name}; {mend}")
    return read_changes([join(dirname(path), str(name)) for name in names], policy)


def _written_out(changes: Sequence[Change]) -> dict[str, Any]:
    """Changes as the mapping of clause ids to new parameters that `changes_of` reads."""
    mapping: dict[str, Any] = {}
    for change in changes:
        for path, value in change.parameters.items():
            place = mapping.setdefault(change.id, {})
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = [_plain(one) for one in value] if isinstance(value, tuple) else _plain(value)
    return mapping


def _plain(value: object) -> int | str:
    return value if isinstance(value, int) else str(value)


def _as_yaml(value: Mapping[str, Any]) -> str:
    import yaml

    from itss_logic.yaml_form import PLAIN

    class Dumper(yaml.SafeDumper):
        """Quotes also text that is a number in YAML 1.2 alone, such as 1e5."""

    for pattern, _ in PLAIN:
        Dumper.add_implicit_resolver("tag:yaml.org,2002:float", pattern, list("-+.0123456789"))
    text: str = yaml.dump(value, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=float("inf"))
    return text


def edit(people: Iterable[Evidence], edits: Sequence[Edit], vocabulary: Vocabulary) -> dict[str, Evidence]:
    """The evidence of each candidate whom edits touch, once all of them are made.

    Facts are removed first (an item with its attributes and sources), then claims are confirmed, then facts added.

    Raises:
        EditError: where any cannot be made; it lists all that is wrong.
    """
    editor = Editor(people, vocabulary) if edits else None
    return editor.run(edits) if editor else {}


class Editor:
    """Makes edits to evidence."""

    def __init__(self, people: Iterable[Evidence], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.people = {entry.candidate: entry for entry in people}
        self.facts: dict[str, dict[Fact, None]] = {}
        self.refusals: list[Refusal] = []

    def run(self, edits: Sequence[Edit]) -> dict[str, Evidence]:
        """Make all edits; see `edit`."""
        read = [(one, fact) for one in edits if (fact := self._fact(one)) is not None]
        for _, fact in read:
            candidate = _candidate(fact)
            self.facts.setdefault(candidate, dict.fromkeys(self.people[candidate].facts))
        for action, make in ((REMOVE, self._remove), (CONFIRM, self._confirm)):
            for one, fact in read:
                if one.action == action:
                    make(one, fact)
        dossiers = Dossiers(self.vocabulary)
        for facts in self.facts.values():
            for fact in facts:
                dossiers.add(fact, Place("evidence"))
        for one, fact in read:
            if one.action == ADD:
                dossiers.add(fact, one.place)
        edited: dict[str, Evidence] = {}
        for entry, _ in dossiers.close():
            if isinstance(entry, Refused):
                self.refusals += entry.refusals
            else:
                edited[entry.candidate] = entry
        if self.refusals:
            raise EditError(list(dict.fromkeys(self.refusals)))
        return edited

    def _fact(self, one: Edit) -> Fact | None:
        """The fact of an edit, of a candidate who must be among the people."""
        from itss_logic.facts import FactError, parse

        errors: list[FactError] = []
        text = one.text.strip()
        found = list(parse(text if text.endswith(".") else f"{text}.", errors.append))
        for error in errors:
            self._refuse(one, None, error.code, error.message, error.mend)
        if errors:
            return None
        if len(found) != 1:
            self._refuse(one, None, "not_a_fact", f"{len(found)} facts stand here", "write one fact")
            return None
        fact = found[0].fact
        subject = innermost(fact)
        name = subject.arguments[0] if subject.arguments else ""
        candidate = str(name)
        if candidate not in self.people or not isinstance(name, str):
            message = f"there is no evidence of candidate {write(candidate)}"
            self._refuse(one, candidate or None, "unknown_candidate", message, "name one whose evidence is given")
            return None
        if fact.name == CANDIDATE and one.action != ADD:
            message = f"a candidate cannot be {'removed' if one.action == REMOVE else 'confirmed'}"
            self._refuse(one, candidate, "unknown_value", message, "name a fact on file")
            return None
        return self._normal(fact, candidate)

    def _normal(self, fact: Fact, candidate: str) -> Fact:
        """A fact with its candidate and ids as strings, as they are on file."""
        if fact.name in (CLAIMED, SOURCE) and isinstance(fact.arguments[0], Fact):
            return Fact(fact.name, (self._normal(fact.arguments[0], candidate), *fact.arguments[1:]))
        predicate = self.vocabulary.predicates.get(fact.name)
        arguments = fact.arguments[1:]
        if predicate and len(predicate.arguments) == len(arguments):
            pairs = zip(predicate.arguments, arguments, strict=True)
            arguments = tuple(str(t) if a.kind in ("id", "of") and isinstance(t, str) else t for a, t in pairs)
        return Fact(fact.name, (candidate, *arguments))

    def _remove(self, one: Edit, fact: Fact) -> None:
        candidate = _candidate(fact)
        on_file = self.people[candidate]
        if fact not in on_file.facts:
            self._not_on_file(one, fact, on_file)
            return
        case = Case(on_file, self.vocabulary)
        facts = self.facts[candidate]
        gone = {fact} if fact.name == SOURCE else set(case.facts) - set(case.without(case.facts, fact))
        cited = {inner(other) for other in gone if other.name != SOURCE}
        for other in list(facts):
            if other in gone or (other.name == SOURCE and other.arguments[0] in cited):
                del facts[other]

    def _confirm(self, one: Edit, fact: Fact) -> None:
        facts = self.facts[_candidate(fact)]
        claim = Fact(CLAIMED, (fact,))
        if claim not in facts:
            self._not_on_file(one, fact, self.people[_candidate(fact)])
            return
        del facts[claim]
        facts[fact] = None

    def _not_on_file(self, one: Edit, fact: Fact, on_file: Evidence) -> None:
        claim, item = Fact(CLAIMED, (fact,)), inner(fact) if fact.name == CLAIMED else fact
        message, mend = f"{write(fact)} is not on file", "name a fact on file"
        if one.action == CONFIRM:
            message = f"{write(item)} is not claimed"
            mend = "it is verified already" if item in on_file.facts else "name an item that is on file as a claim"
            if fact.name == CLAIMED:
                mend = "write the item itself, without claimed(...)"
        elif claim in on_file.facts:
            mend = f"it is on file as a claim: write {write(claim)}"
        elif fact.name == CLAIMED and item in on_file.facts:
            mend = f"it is on file, verified: write {write(item)}"
        self._refuse(one, on_file.candidate, "not_on_file", message, mend)

    def _refuse(self, one: Edit, candidate: str | None, code: str, message: str, mend: str) -> None:
        problem = Problem(code, message, mend)
        self.refusals.append(Refusal(problem.code, candidate, one.place, problem.message, problem.mend))


def _candidate(fact: Fact) -> str:
    return str(innermost(fact).arguments[0])
