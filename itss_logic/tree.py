"""An explanation as a tree of sentences, for a terminal or as Markdown. The words are the policy's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.answers import VERDICTS, Certificate, Explained, Why
from itss_logic.case import Case, inner
from itss_logic.errors import printable
from itss_logic.tables import MARKS, folded
from itss_logic.terms import Fact

if TYPE_CHECKING:
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy
    from itss_logic.words import Words


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
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)


class Speaker:
    """Says what facts of a candidate say, in the words of a policy."""

    def __init__(self, policy: Policy, words: Words, evidence: Evidence) -> None:
        self.policy, self.words, self.case = policy, words, Case(evidence, policy.vocabulary)

    def root(self, answer: Why | Certificate) -> str:
        """Whose verdict it is, on which level."""
        return self.words.phrase(
            "root",
            candidate=printable(answer.candidate),
            field=self.words.label(answer.field),
            level=answer.level,
            verdict=self.words.phrase(answer.verdict),
        )

    def says(self, fact: Fact) -> str:
        """What a fact says, or would if it were on file."""
        return self.words.sentence(inner(fact).name, self.values(inner(fact)))

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
            yield Node(self.words.phrases["list"].join(told))

    def values(self, fact: Fact) -> Mapping[str, object]:
        """The arguments of a fact by JSON key; text of the candidate's is made printable."""
        arguments = self.policy.vocabulary.predicates[fact.name].arguments
        return {
            argument.key: printable(str(term)) if argument.kind in ("id", "of") else term
            for argument, term in zip(arguments, fact.arguments[1:], strict=True)
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
    return Node(speaker.root(certificate), tuple(children), certificate.verdict)


class Teller(Speaker):
    """Tells why a candidate has a level or not."""

    def __init__(self, policy: Policy, words: Words, evidence: Evidence, why: Why) -> None:
        super().__init__(policy, words, evidence)
        self.why = why

    def tree(self) -> Node:
        """The verdict, with all that explains it below."""
        why, words = self.why, self.words
        by = words.listed([words.phrase("route", route=words.label(route)) for route in why.routes])
        root = self.root(why)
        children = [
            *self._routes(),
            *map(self._criterion, why.criteria),
            *self._supports(),
            *self._elsewhere(),
            Node(words.phrase("in_force", readings=self._readings())),
        ]
        if not why.optimal:
            children.insert(0, Node(words.phrase("not_optimal")))
        return Node(f"{root} {by}" if by else root, tuple(children), why.verdict)

    def _readings(self) -> str:
        defaults = self.policy.in_force()
        other = [f"{name}={option}" for name, option in self.why.readings.items() if defaults[name] != option]
        return self.words.phrases["list"].join(other) or self.words.phrase("defaults")

    def _clause(self, criterion: str, level: int | None = None) -> Node:
        key = (self.why.field, level or self.why.level, criterion)
        text = self.words.phrase(
            "clause",
            wording=self.words.wording(key).rstrip(".。"),
            section=self.words.section(key),
            clause=f"{key[0]}.{key[1]}.{key[2]}",
        )
        return Node(text)

    def _routes(self) -> Iterator[Node]:
        """The routes beside the criteria that have a clause of their own."""
        level = (self.why.field, self.why.level)
        clauses = {clause.criterion for clause in self.policy.clauses if (clause.field, clause.level) == level}
        for route in self.policy.routes:
            if route in clauses:
                met = route in self.why.routes
                text = self.words.phrase("met" if met else "unmet")
                verdict = "deemed" if met else "not_attained"
                yield Node(f"{self.words.label(route)}: {text}", (self._clause(route),), verdict)

    def _criterion(self, criterion: Explained) -> Node:
        words = self.words
        verdict = "attained" if criterion.is_met else "pending" if criterion.would_be_met else "not_attained"
        name = "criterion_over" if criterion.found > criterion.required else "criterion"
        counted = words.phrase(
            name, name=words.label(criterion.name), found=criterion.found, required=criterion.required
        )
        text = f"{counted} – {words.phrase('met' if criterion.is_met else 'unmet')}"
        rests = words.rests_on.get((self.why.field, self.why.level, criterion.name), [])
        children = [self._clause(criterion.name)._replace(children=tuple(self._clause(*rest) for rest in rests))]
        children += [self._counting("counts", fact) for fact in criterion.evidence]
        children += [self._counting("would_count", fact) for fact in criterion.claimed]
        if not criterion.evidence and not criterion.claimed and not criterion.is_met and criterion.is_counted:
            children.append(Node(words.phrase("nothing_counts")))
        children += self._missing(criterion)
        return Node(text, tuple(children), verdict)

    def _counting(self, phrase: str, fact: Fact) -> Node:
        """An item that counts, with those of its attributes that the verdict rests on."""
        key = self.case.key(fact, own=True)
        support = self.why.supports[0] if self.why.supports else ()
        attributes = [other for other in support if key and self.case.key(other) == key and inner(other) != inner(fact)]
        told = Node(self.words.phrase(phrase, fact=self.on_file(fact)))
        if attributes:
            return told._replace(children=(Node(self.words.listed([self.says(other) for other in attributes])),))
        return told

    def _missing(self, criterion: Explained) -> Iterator[Node]:
        words = self.words
        if criterion.is_met:
            return
        if not criterion.is_counted:
            below = [level for field, level in self.policy.levels_of(self.why.field) if level < self.why.level]
            yield Node(words.phrase("see_level", level=max(below)))
            return
        sets = [facts for facts in criterion.missing if facts]
        if not sets:
            yield Node(words.phrase("hopeless" if self.why.optimal else "not_found"))
        for number, facts in enumerate(sets, 1):
            proven = "missing_one" if len(facts) == 1 else "missing"
            text = words.phrase(proven if self.why.optimal else "missing_so_far", count=len(facts))
            if len(sets) > 1:
                text = f"{words.phrase('alternative', number=number, count=len(sets))}: {text}"
            yield Node(text, tuple(self._lacks(facts)))

    def _lacks(self, facts: Collection[Fact]) -> Iterator[Node]:
        """What is missing: item by item, and what belongs to none together."""
        words, case = self.words, self.case
        by_item: dict[object, list[Fact]] = {}
        for fact in facts:
            by_item.setdefault(case.key(fact), []).append(fact)
        for key, group in by_item.items():
            if key is None:
                claims = [fact for fact in group if case.is_claimed(fact)]
                yield from (Node(words.phrase("confirmation", fact=self.says(fact))) for fact in claims)
                yield from map(Node, self._listed([fact for fact in group if fact not in claims]))
                continue
            item = next((fact for fact in group if case.key(fact, own=True)), None)
            told = words.listed(list(self._listed([fact for fact in group if fact is not item])))
            if item is None:
                [on_file] = [fact for fact in case.facts if case.key(fact, own=True) == key]
                yield Node(words.phrase("near", item=self.on_file(on_file), facts=told))
            elif not case.is_claimed(item):
                yield Node(words.phrase("anew", item=self.says(item), facts=told))
            else:
                phrase = "confirmed_near" if told else "confirmed"
                yield Node(words.phrase(phrase, item=self.on_file(Fact("claimed", (item,))), facts=told))

    def _listed(self, facts: Iterable[Fact]) -> Iterator[str]:
        """Facts as what is lacking, those of one predicate together where the policy has words for that."""
        by_predicate: dict[str, list[Fact]] = {}
        for fact in facts:
            by_predicate.setdefault(fact.name, []).append(fact)
        for name, group in by_predicate.items():
            together = self.words.lack(name, [self.values(fact) for fact in group])
            yield from [together] if together else map(self.says, group)

    def _supports(self) -> Iterator[Node]:
        for facts in self.why.supports if self.why.verdict != VERDICTS[-1] else ():
            text = self.words.phrase("support_one" if len(facts) == 1 else "support", count=len(facts))
            yield Node(text, tuple(self.by_item(facts)))

    def _elsewhere(self) -> Iterator[Node]:
        why, words = self.why, self.words
        if why.across is None:
            return
        separator = words.phrases["list"]
        across = words.phrase("across", across=words.phrase(why.across))
        hinges = words.phrase("hinges", readings=separator.join(why.hinges_on)) if why.hinges_on else None
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
        yield Node(f"{words.phrase('readings')}: {across}; {hinges or words.phrase('no_hinge')}", tuple(children))
