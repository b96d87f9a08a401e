"""An explanation as a tree of sentences, for a terminal or as Markdown. The words are the policy's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.answers import VERDICTS
from itss_logic.case import Case, Key, inner
from itss_logic.errors import printable
from itss_logic.explanations import Certificate, Explained, Plans, Why
from itss_logic.tables import MARKS, folded, turned
from itss_logic.terms import Fact

if TYPE_CHECKING:
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy
    from itss_logic.words import Words


MOST = 10
"""How many items that do not count are told of one criterion."""


class Node(NamedTuple):
    """A sentence, what explains it, and the verdict whose mark and colour it bears."""

    text: str
    children: tuple[Node, ...] = ()
    verdict: str | None = None

    @property
    def line(self) -> str:
        """The sentence with its mark."""
        return f"{MARKS[self.verdict]} {self.text}" if self.verdict else self.text


def lines(node: Node, columns: int | None, edge: str = "", turn: str = "") -> Iterator[tuple[str, str | None]]:
    """The lines of a tree, each with the verdict that colours it."""
    below = {"": "", "├─ ": "│  ", "└─ ": "   "}[turn]
    bar = "│  " if node.children else ""
    room = None if columns is None else columns - len(edge + turn + bar)
    for number, line in enumerate(folded("", node.line, room)):
        yield f"{edge}{turn if number == 0 else below + bar}{line}", node.verdict
    for child in node.children:
        yield from lines(child, columns, edge + below, "└─ " if child is node.children[-1] else "├─ ")


def markdown(node: Node, depth: int = 0) -> Iterator[str]:
    """The lines of a tree as Markdown: a heading, and lists in lists."""
    if depth == 0:
        yield f"## {_escaped(node.line)}"
        yield ""
    else:
        yield f"{'  ' * (depth - 1)}- {_escaped(node.line)}"
    for child in node.children:
        yield from markdown(child, depth + 1)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|&~$!])", r"\\\1", text)


class Speaker:
    """Says what facts of a candidate say, in the words of a policy."""

    def __init__(self, policy: Policy, words: Words, evidence: Evidence) -> None:
        self.policy, self.words, self.case = policy, words, Case(evidence, policy.vocabulary)
        self._said: dict[Fact, str] = {}
        self._attributes: dict[Key, str] = {}

    def root(self, answer: Why | Certificate | Plans, verdict: str, routes: Sequence[str] = ()) -> str:
        """Whose verdict it is, on which level, and by which routes."""
        return self.words.phrase(
            "root_by" if routes else "root",
            candidate=printable(answer.candidate),
            field=self.words.label(answer.field),
            level=answer.level,
            verdict=self.words.phrase(verdict),
            routes=self.words.listed([self.words.label(route) for route in routes]),
        )

    def says(self, fact: Fact) -> str:
        """What a fact says, or would if it were on file."""
        fact = inner(fact)
        if fact not in self._said:
            self._said[fact] = self.words.sentence(fact.name, self.values(fact))
        return self._said[fact]

    def on_file(self, fact: Fact) -> str:
        """What a fact on file says, with its reference, and marked where it is only claimed."""
        text = self.says(fact)
        source = self.case.sources.get(inner(fact))
        if source:
            text = self.words.phrase("filed", fact=text, source=printable(source))
        return self.words.phrase("claimed", fact=text) if fact != inner(fact) else text

    def by_item(self, facts: Iterable[Fact]) -> Iterator[Node]:
        """Facts on file, each item with its attributes in one line."""
        groups: dict[object, list[Fact]] = {}
        for fact in facts:
            groups.setdefault(self.case.key(fact) or fact, []).append(fact)
        for group in groups.values():
            items = [fact for fact in group if self.policy.vocabulary.predicates[inner(fact).name].is_item]
            told = [*map(self.on_file, items), *(self.says(fact) for fact in group if fact not in items)]
            yield Node(self.words.phrases["attributes"].join(told))

    def item(self, phrase: str, fact: Fact, **others: str) -> Node:
        """An item on file, with all its attributes."""
        key = self.case.key(fact, own=True)
        told = self._told(key) if key else ""
        children = (Node(told),) if told else ()
        return Node(self.words.phrase(phrase, fact=self.on_file(fact), item=self.on_file(fact), **others), children)

    def _told(self, key: Key) -> str:
        """The attributes of an item on file, in one line."""
        if key not in self._attributes:
            case = self.case
            parts = (fact for fact in case.facts if case.key(fact) == key and case.key(fact, own=True) is None)
            self._attributes[key] = self.words.phrases["attributes"].join(map(self.says, parts))
        return self._attributes[key]

    def lacks(self, facts: Collection[Fact]) -> Iterator[Node]:
        """What is missing: item by item, and what belongs to none together."""
        words, case = self.words, self.case
        by_item: dict[Key | None, list[Fact]] = {}
        for fact in facts:
            by_item.setdefault(case.key(fact), []).append(fact)
        for key, group in by_item.items():
            if key is None:
                claims = [fact for fact in group if case.is_claimed(fact)]
                yield from (Node(words.phrase("confirmation", fact=self.says(fact))) for fact in claims)
                yield from map(Node, self._listed([fact for fact in group if fact not in claims]))
                continue
            told = words.listed(list(self._listed([fact for fact in group if case.key(fact, own=True) is None])))
            on_file = case.items.get(key)
            if on_file is None:
                yield Node(words.phrase("anew", name=words.label(key[0]), facts=told))
            elif on_file == inner(on_file):
                yield self.item("near", on_file, facts=told)
            else:
                yield self.item("confirmed_near" if told else "confirmed", on_file, facts=told)

    def _listed(self, facts: Iterable[Fact]) -> Iterator[str]:
        """Facts as what is lacking, those of one predicate together where the policy has words for that."""
        by_predicate: dict[str, list[Fact]] = {}
        for fact in facts:
            by_predicate.setdefault(fact.name, []).append(fact)
        for name, group in by_predicate.items():
            together = self.words.lack(name, [self.values(fact) for fact in group])
            yield from [together] if together else map(self.says, group)

    def values(self, fact: Fact) -> Mapping[str, object]:
        """What a fact says by JSON key, without the item that it is of; text of the candidate's is made printable."""
        arguments = self.policy.vocabulary.predicates[fact.name].arguments
        return {
            argument.key: printable(str(term)) if argument.kind == "id" else term
            for argument, term in zip(arguments, fact.arguments[1:], strict=True)
            if argument.kind != "of"
        }


def certificate_tree(speaker: Speaker, certificate: Certificate) -> Node:
    """What to verify to be sure of a verdict."""
    words = speaker.words
    size, margin = len(certificate.facts), certificate.margin
    told = "no_margin" if margin is None else "margin"
    if not certificate.optimal:
        told = "margin_not_found" if margin is None else "margin_so_far"
    children = [
        Node(
            words.phrase("certificate", size=size, on_file=certificate.on_file),
            tuple(speaker.by_item(certificate.facts)),
        ),
        Node(words.phrase(told, margin=margin)),
    ]
    if certificate.load_bearing:
        bearing = tuple(speaker.by_item(certificate.load_bearing))
        children.append(Node(words.phrase("load_bearing", count=len(certificate.load_bearing)), bearing))
    if not certificate.optimal:
        children.append(Node(words.phrase("not_optimal")))
    return Node(speaker.root(certificate, certificate.verdict), tuple(children), certificate.verdict)


def plans_tree(speaker: Speaker, plans: Plans, verdict: str) -> Node:
    """Ways to reach a level on which this is the verdict."""
    words = speaker.words
    children = [
        Node(words.phrase("plan", number=number, cost=plan.cost), tuple(speaker.lacks([*plan.confirm, *plan.add])))
        if plan.cost
        else Node(words.phrase("plan_empty"))
        for number, plan in enumerate(plans.plans, 1)
    ]
    if not plans.optimal:
        children.append(Node(words.phrase("not_optimal" if children else "plan_not_found")))
    elif not children:
        children.append(Node(words.phrase("plan_impossible"), tuple(map(Node, plans.because))))
    return Node(speaker.root(plans, verdict), tuple(children), verdict)


class Teller:
    """Tells why a candidate has a level or not, as a speaker says it."""

    def __init__(self, speaker: Speaker, why: Why) -> None:
        self.speaker, self.why = speaker, why
        self.policy, self.words, self.case = speaker.policy, speaker.words, speaker.case
        self.defaults = self.policy.in_force()

    def tree(self) -> Node:
        """The verdict, with all that explains it below."""
        why, words = self.why, self.words
        children = [
            *([] if why.optimal else [Node(words.phrase("not_optimal"))]),
            *self._routes(),
            *map(self._criterion, why.criteria),
            *self._supports(),
            *self.elsewhere(),
            Node(words.phrase("in_force", readings=self._readings())),
        ]
        return Node(self.speaker.root(why, why.verdict, why.routes), tuple(children), why.verdict)

    def _readings(self) -> str:
        other = turned(self.why.readings, self.defaults)
        return self.words.phrases["list"].join(other) or self.words.phrase("defaults")

    def _clause(self, criterion: str, level: int | None = None) -> Iterator[Node]:
        """A clause in words, and how it is read where it is open; none, if it has no words."""
        key = (self.why.field, level or self.why.level, criterion)
        wording = self.words.wording(key).rstrip(".。")
        if not wording:
            return
        id = f"{key[0]}.{key[1]}.{key[2]}"
        text = self.words.phrase("clause", wording=wording, section=self.words.section(key), clause=id)
        told = [
            Node(self.words.phrase("read_as", reading=r, option=self.why.readings[r], question=self.words.question(r)))
            for r in self.policy.clause(id).readings
        ]
        yield Node(text, tuple(told))

    def _routes(self) -> Iterator[Node]:
        """The routes beside the criteria, as far as a clause of their name says what they ask for."""
        level = (self.why.field, self.why.level)
        clauses = {clause.criterion for clause in self.policy.clauses if (clause.field, clause.level) == level}
        for route in self.policy.routes:
            if route in clauses:
                verdict = "not_attained"
                if route in self.why.routes:
                    verdict = "deemed"
                elif route in self.why.routes_with_claims:
                    verdict = "pending"
                text = self.words.phrase(f"route_{verdict}", route=self.words.label(route))
                yield Node(text, tuple(self._clause(route)), verdict)

    def _criterion(self, criterion: Explained) -> Node:
        words = self.words
        text = words.phrase(
            "criterion_over" if criterion.found > criterion.required else "criterion",
            name=words.label(criterion.name),
            found=criterion.found,
            required=criterion.required,
            state=words.phrase("met" if criterion.is_met else "unmet"),
        )
        rests = words.rests_on.get((self.why.field, self.why.level, criterion.name), [])
        others = tuple(node for rest in rests for node in self._clause(*rest))
        children = [node._replace(children=node.children + others) for node in self._clause(criterion.name)]
        children += [self.speaker.item("counts", fact) for fact in criterion.evidence]
        children += [self.speaker.item("would_count", fact) for fact in criterion.claimed]
        if not criterion.is_met:
            children += self._not_counted(criterion) if criterion.is_counted else ()
            children += self.lacking(criterion)
        return Node(text, tuple(children), criterion.verdict)

    def lacking(self, criterion: Explained) -> Iterator[Node]:
        """What would meet a criterion: facts, or levels."""
        words = self.words
        if not criterion.is_counted:
            yield from (Node(words.phrase("see_level", level=level)) for level in criterion.levels)
            return
        if not criterion.missing:
            yield Node(words.phrase("hopeless" if self.why.optimal else "not_found"))
        for number, facts in enumerate(criterion.missing, 1):
            proven = "missing_one" if len(facts) == 1 else "missing"
            text = words.phrase(proven if self.why.optimal else "missing_so_far", count=len(facts))
            if len(criterion.missing) > 1:
                text = words.phrase("alternative", number=number, count=len(criterion.missing), missing=text)
            yield Node(text, tuple(self.speaker.lacks(facts)))

    def _not_counted(self, criterion: Explained) -> Iterator[Node]:
        """Items on file of the kind that counts, which do not; of those that are near it is told what they lack."""
        near = {self.case.key(fact) for facts in criterion.missing for fact in facts} - {None}
        told = {*criterion.evidence, *criterion.claimed}
        others = [
            fact
            for fact in self.case.of_field(self.why.field)
            if inner(fact).name in self.policy.supplies.get(criterion.name, ())[:1]
            and fact not in told
            and self.case.key(fact) not in near
        ]
        yield from (self.speaker.item("not_counted", fact) for fact in others[:MOST])
        if len(others) > MOST:
            yield Node(self.words.phrase("not_counted_more", count=len(others) - MOST))
        if not others and not told and not near:
            yield Node(self.words.phrase("nothing_counts"))

    def _supports(self) -> Iterator[Node]:
        for facts in self.why.supports if self.why.verdict != VERDICTS[-1] else ():
            phrase = {0: "support_none", 1: "support_one"}.get(len(facts), "support")
            text = self.words.phrase(phrase, count=len(facts))
            yield Node(text, tuple(self.speaker.by_item(facts)))

    def elsewhere(self) -> Iterator[Node]:
        """How the verdict depends on the readings; nothing, where that was not asked."""
        why, words = self.why, self.words
        if why.across is None:
            return
        separator = words.phrases["list"]
        children = []
        for reading in why.hinges_on:
            options = [
                Node(
                    words.phrase(
                        "elsewhere_unmet" if other.unmet else "elsewhere",
                        option=other.option,
                        verdict=words.phrase(other.verdict),
                        criteria=separator.join(map(words.label, other.unmet)),
                    ),
                    verdict=other.verdict,
                )
                for other in why.elsewhere
                if other.reading == reading
            ]
            told = words.phrase("question", reading=reading, question=words.question(reading))
            children.append(Node(told, tuple(options or [Node(words.phrase("combined"))])))
        yield Node(words.phrase(f"across_{why.across}", readings=separator.join(why.hinges_on)), tuple(children))
