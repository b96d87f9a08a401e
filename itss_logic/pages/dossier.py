"""What a dossier shows of one candidate, ready for its page: sentences, counts and trees, but no HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.answers import Answer, Result
from itss_logic.case import Case, inner
from itss_logic.errors import printable
from itss_logic.explanations import Explained
from itss_logic.pages.findings import Findings, OfLevel
from itss_logic.pages.speech import Speech
from itss_logic.tables import MARKS
from itss_logic.terms import Fact
from itss_logic.tree import Node, Speaker, Teller, certificate_tree, plans_tree
from itss_logic.vocabulary import CLAIMED

if TYPE_CHECKING:
    from itss_logic.policy import Policy
    from itss_logic.words import Words


class Cell(NamedTuple):
    """The verdict on a level in a matrix: its sign, what it is called, and whether it hinges on readings."""

    field: str
    level: int
    verdict: str
    mark: str
    text: str
    hinges: tuple[str, ...]

    @property
    def id(self) -> str:
        """The place of the level in a page."""
        return f"{self.field}-{self.level}"


class Matrix(NamedTuple):
    """The verdicts on all levels: a row a field, of its label and a cell for each of `levels`, None where a field has
    no such level."""

    levels: Sequence[int]
    rows: Sequence[tuple[str, Sequence[Cell | None]]]


class Check(NamedTuple):
    """A criterion in a checklist; `evidence` are the items that count, each with whether it is only claimed."""

    name: str
    wording: str
    clause: str
    required: int
    found: int
    with_claims: int
    verdict: str
    evidence: Sequence[tuple[str, bool]]


class Section(NamedTuple):
    """A level in a dossier. Trees are None where there is nothing to tell."""

    cell: Cell
    title: str
    routes: str
    checks: Sequence[Check]
    missing: Sequence[tuple[str, Sequence[Node]]]
    plan: Node | None
    certificate: Node | None
    elsewhere: Node | None
    reason: Node


class Item(NamedTuple):
    """An item on file with its attributes."""

    text: str
    parts: Sequence[str]
    source: str
    is_claimed: bool


class InForce(NamedTuple):
    """A reading as it is chosen."""

    name: str
    question: str
    option: str
    default: str

    @property
    def is_turned(self) -> bool:
        """Whether it is not the default."""
        return self.option != self.default


class Dossier(NamedTuple):
    """What the page of a dossier shows."""

    candidate: str
    highest: Sequence[tuple[str, int | None]]
    matrix: Matrix
    sections: Sequence[tuple[str, Sequence[Section]]]
    items: Sequence[tuple[str, Sequence[Item]]]
    facts: int
    claims: int
    readings: Sequence[InForce]
    changes: Sequence[str]
    policy: str
    evidence: str


def dossier(policy: Policy, words: Words, speech: Speech, found: Findings) -> Dossier:
    """What a dossier shows of what was found on a candidate, in a language."""
    answer, evidence = found.answer, found.evidence
    speaker = Speaker(policy, words, evidence)
    by_field: dict[str, list[Section]] = {field: [] for field in policy.fields}
    for of_level in found.levels:
        by_field[of_level.result.field].insert(0, section(speaker, speech, of_level))
    facts = speaker.case.facts
    return Dossier(
        printable(answer.candidate),
        [(words.label(field), level) for field, level in answer.highest.items()],
        matrix(answer, words),
        [(words.label(field), some) for field, some in by_field.items()],
        list(on_file(speaker, speech)),
        len(facts),
        sum(fact.name == CLAIMED for fact in facts),
        in_force(policy, words, answer.readings),
        [change.id for change in policy.changes],
        answer.policy,
        answer.evidence,
    )


def cell(result: Result, words: Words) -> Cell:
    """The verdict on a level."""
    return name_of((result.field, result.level), result.verdict, words)._replace(hinges=result.hinges_on)


def name_of(level: tuple[str, int], verdict: str, words: Words) -> Cell:
    """A verdict on a level, of which nothing else is known."""
    return Cell(*level, verdict, MARKS[verdict], words.phrase(verdict), ())


def matrix(answer: Answer, words: Words) -> Matrix:
    """The verdicts of a candidate."""
    cells = {(result.field, result.level): cell(result, words) for result in answer.results}
    levels = sorted({level for _, level in cells})
    return Matrix(levels, [(words.label(f), [cells.get((f, level)) for level in levels]) for f in answer.highest])


def in_force(policy: Policy, words: Words, readings: Mapping[str, str]) -> list[InForce]:
    """Every reading as it is chosen."""
    defaults = policy.in_force()
    return [InForce(name, words.question(name), option, defaults[name]) for name, option in readings.items()]


def section(speaker: Speaker, speech: Speech, found: OfLevel) -> Section:
    """What a dossier shows of a level."""
    words, why, result = speaker.words, found.why, found.result
    teller = Teller(speaker, why)
    labels = {criterion.name: words.label(criterion.name) for criterion in why.criteria}
    plan = certificate = None
    if found.plans is not None:
        plan = plans_tree(speaker, found.plans, result.verdict)
    if found.certificate is not None:
        certificate = certificate_tree(speaker, found.certificate)
    return Section(
        cell(result, words),
        speech("level", level=result.level),
        words.listed([words.label(route) for route in why.routes]),
        [check(speaker, labels[c.name], c) for c in why.criteria],
        [(labels[c.name], list(teller.lacking(c))) for c in why.criteria if not c.is_met],
        plan,
        certificate,
        next(teller.elsewhere(), None),
        teller.tree(),
    )


def check(speaker: Speaker, label: str, criterion: Explained) -> Check:
    """A criterion in a checklist."""
    key = criterion.clause.split(".")
    return Check(
        label,
        speaker.words.wording((key[0], int(key[1]), key[2])),
        criterion.clause,
        criterion.required,
        criterion.found,
        criterion.found_with_claims,
        criterion.verdict,
        [
            *((speaker.on_file(fact), False) for fact in criterion.evidence),
            *((speaker.on_file(fact), True) for fact in criterion.claimed),
        ],
    )


def on_file(speaker: Speaker, speech: Speech) -> Iterator[tuple[str, list[Item]]]:
    """The items on file, those of each field together."""
    case = speaker.case
    for label, some in by_field(speaker, speech, case):
        yield (
            label,
            [
                Item(
                    speaker.says(fact),
                    [speaker.says(part) for part in parts],
                    printable(case.sources.get(inner(fact), "")),
                    fact.name == CLAIMED,
                )
                for fact, parts in some
            ],
        )


def by_field(speaker: Speaker, speech: Speech, case: Case) -> Iterator[tuple[str, list[tuple[Fact, list[Fact]]]]]:
    """The items of a case with their attributes, those of each field together under its name."""
    found: dict[str | None, list[tuple[Fact, list[Fact]]]] = {None: [], **{f: [] for f in speaker.policy.fields}}
    for fact, parts in items(case, case.facts):
        found[case.field_of(fact)].append((fact, parts))
    for field, some in found.items():
        if some:
            yield (speech("no_field") if field is None else speaker.words.label(field)), some


def items(case: Case, facts: Iterable[Fact]) -> Iterator[tuple[Fact, list[Fact]]]:
    """Items, each with its attributes, in the order of predicates and of their texts."""
    order = {name: number for number, name in enumerate(case.vocabulary.predicates)}
    parts: dict[object, list[Fact]] = {}
    own = []
    for fact in sorted(facts, key=lambda fact: (order[inner(fact).name], str(inner(fact)))):
        key = case.key(fact)
        if key is not None and case.key(fact, own=True) is None:
            parts.setdefault(key, []).append(fact)
        else:
            own.append(fact)
    for fact in own:
        yield fact, parts.get(case.key(fact), [])
