"""A resume to a draft of evidence, and to questions for a person where the standard has no place for what is asked.

Which sections bear on which evidence, what is claimed at once and what is asked stands in rules: those of
`kb/core/resume.lp`, and the category's own `resume.lp`. They get numbers for entries, and no text of a resume.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.engine import Program
from itss_logic.errors import Place, PolicyError, QuestionError
from itss_logic.intake.resume_standard import Entry, Notice, Resume, Standard, one_line
from itss_logic.rule_files import APART, source
from itss_logic.shape import child
from itss_logic.terms import Constant, Fact, write
from itss_logic.vocabulary import CANDIDATE, Predicate, check_text
from itss_logic.words import Words

if TYPE_CHECKING:
    from itss_logic.policy import Policy

FILE = "resume.lp"
"""The file of a category that says which of a resume bears on its evidence."""


FEW = 5
"""How many entries of a section that are not used are named."""


class Claim(NamedTuple):
    """What an entry names, so that it is claimed at once."""

    predicate: Predicate
    value: Constant
    entry: Entry


class Question(NamedTuple):
    """What a person is asked: which evidence an entry is; without an entry, which there is beside the resume.

    `suggested` are values that the entry mentions, `offered` those that are likely (all, where it is empty), `also`
    the entries that say the same, `name` what names the piece of evidence where it needs an id.
    """

    id: str
    predicate: Predicate
    entry: Entry | None = None
    suggested: tuple[str, ...] = ()
    offered: frozenset[str] = frozenset()
    also: tuple[str, ...] = ()
    name: str = ""


class Findings(NamedTuple):
    """What a resume comes to.

    `digest` is that of its file, `named` tells how the candidate's id was found, `unused` what bears on no evidence.
    """

    candidate: str
    named: str
    digest: str
    claims: tuple[Claim, ...]
    questions: tuple[Question, ...]
    unused: tuple[str, ...]
    notices: tuple[Notice, ...]


class Resumes:
    """What a category makes of resumes."""

    def __init__(self, policy: Policy) -> None:
        """Read the rules.

        Raises:
            QuestionError: where the category declares nothing about resumes.
            PolicyError: where the rules cannot be used.
        """
        self.policy, self.vocabulary = policy, policy.vocabulary
        path = os.path.join(policy.folder, FILE)
        if not os.path.exists(path):
            category = self.vocabulary.category
            raise QuestionError(f"{category} declares nothing about resumes; it would do so in {path}")
        core = os.path.dirname(next(iter(policy.unchanged.core.values())).path)
        files = [path, *(os.path.join(core, name) for name in APART)]
        self.program = Program([*policy.unchanged.declarations.sources, *map(source, files)])
        declared = self.declared = self.program.declarations()
        if defects := [f"{what} {write(subject)}" for what, subject in declared("defect", 2)]:
            raise PolicyError(f"{path}: {'; '.join(sorted(defects))}")
        self.standard = Standard(declared)
        self.phrases = Phrases(declared("called", 3), declared("hint", 3), declared("short", 3), declared("hint", 2))
        self.offered: dict[tuple[str, str], set[str]] = {}
        for section, item, value in declared("offers", 3):
            self.offered.setdefault((section, item), set()).add(value)

    def words(self, language: str | None = None) -> Words:
        """The words of questions in a language, by default the first of the category.

        Raises:
            QuestionError: for a language that the category does not speak.
        """
        return Words(self.declared, self.policy.words(language).language)

    def read(self, data: bytes, file: str, candidate: str | None = None) -> Findings:
        """Read a resume.

        Args:
            data: what the file holds.
            file: its name, for notices.
            candidate: the id of the person; by default the first that the resume has of what the standard calls people.

        Raises:
            QuestionError: where it is no resume, or names nobody.
        """
        resume = self.standard.read(data, file)
        name, named = self._candidate(resume, file, candidate)
        facts = list(self._facts(resume.entries))
        shown: dict[str, list[tuple[Any, ...]]] = {}
        for fact in self.program.derive("\n".join(facts)):
            shown.setdefault(fact.name, []).append(fact.arguments)
        entries = resume.entries
        predicates = self.vocabulary.predicates
        claims = [Claim(predicates[item], value, entries[n]) for item, value, n in shown.get("drafted", [])]
        order = list(predicates)
        claims.sort(key=lambda claim: (order.index(claim.predicate.name), entries.index(claim.entry), claim.value))
        used = {n for (n,) in shown.get("used", [])}
        absent = [
            self._absent(section, file) for section in self.standard.sections if (section,) in shown.get("absent", [])
        ]
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        questions = tuple(self._questions(entries, shown))
        return Findings(
            name, named, digest, tuple(claims), questions, tuple(_unused(entries, used)), (*resume.notices, *absent)
        )

    def _candidate(self, resume: Resume, file: str, candidate: str | None) -> tuple[str, str]:
        """The id of the candidate, and how it was found."""
        if candidate is None and not resume.names:
            raise QuestionError(f"{file}: the resume names nobody; name the person with --candidate")
        key, name = ("--candidate", candidate) if candidate is not None else resume.names[0]
        for problem in check_text(name, CANDIDATE):
            raise QuestionError(f"{file}: {problem.message} (from {key}); name the person with --candidate")
        return str(name), key

    def _facts(self, entries: Sequence[Entry]) -> Iterator[str]:
        """What the rules get: numbers and constants, and no text."""
        contents: dict[tuple[Any, ...], int] = {}
        for n, entry in enumerate(entries):
            said = (entry.section, entry.title, entry.dates, entry.texts)
            yield f"entry({n},{entry.section}). content({n},{contents.setdefault(said, len(contents))})."
            for fact in self.phrases.found(entry):
                yield f"{fact.name}({n},{','.join(map(write, fact.arguments))})."

    def _questions(self, entries: Sequence[Entry], shown: Mapping[str, list[tuple[Any, ...]]]) -> Iterator[Question]:
        asked: list[tuple[str, int]] = [(item, n) for n, item in shown.get("put", [])]
        times = Counter(n for _, n in asked)
        suggested: dict[tuple[str, int], list[str]] = {}
        for n, item, value in shown.get("suggests", []):
            suggested.setdefault((item, n), []).append(str(value))
        also: dict[int, list[int]] = {}
        for n, first in shown.get("repeats", []):
            also.setdefault(first, []).append(n)
        titles = Counter((item, entries[n].title) for item, n in asked)
        once = {str(item) for (item,) in self.declared("asks_once", 1)}
        for predicate in self.vocabulary.predicates.values():
            item = predicate.name
            if item in once:
                yield Question(item, predicate)
            for n in sorted(n for name, n in asked if name == item):
                entry = entries[n]
                is_sole = bool(entry.title) and titles[item, entry.title] == 1
                yield Question(
                    entry.id if times[n] == 1 else f"{entry.id}.{item}",
                    predicate,
                    entry,
                    tuple(sorted(suggested.get((item, n), []))),
                    frozenset(self.offered.get((entry.section, item), ())),
                    tuple(entries[m].id for m in sorted(also.get(n, []))),
                    _name(entry, is_sole),
                )

    @staticmethod
    def _absent(section: str, file: str) -> Notice:
        told, mend = (
            "the resume has nothing in this section",
            "nothing is asked about it; add it where there is something to say",
        )
        return Notice("missing_section", Place(file, path=child("$", section)), told, mend)


class Phrases:
    """Finds in entries the names and the hints that a category declares."""

    def __init__(self, called: Sequence[Any], hints: Sequence[Any], short: Sequence[Any], items: Sequence[Any]) -> None:
        self.called: dict[str, list[Fact]] = {}
        self.hints: dict[str, list[Fact]] = {}
        for domain, value, text in called:
            self.called.setdefault(normal(text), []).append(Fact("mentions", (domain, value)))
        for domain, value, text in hints:
            self.hints.setdefault(normal(text), []).append(Fact("mentions", (domain, value)))
        self.short: dict[str, list[Fact]] = {}
        for domain, value, text in short:
            self.short.setdefault(normal(text), []).append(Fact("resembles", (domain, value)))
        for item, text in items:
            self.hints.setdefault(normal(text), []).append(Fact("hinted", (item,)))

    def found(self, entry: Entry) -> list[Fact]:
        """What an entry has: `entitled`, `mentions` and `resembles` of a domain and a value, `hinted` of evidence."""
        text = normal("\n".join([entry.title, *entry.texts]))
        facts = [fact for phrases in (self.called, self.hints) for phrase in phrases if is_in(phrase, text)
                 for fact in phrases[phrase]]  # fmt: skip
        facts += [Fact("entitled", fact.arguments) for fact in self.called.get(normal(entry.title), [])]
        facts += self.short.get(normal(entry.title), [])
        return list(dict.fromkeys(facts))


def normal(text: str) -> str:
    """Text as it is compared: wide and narrow letters, capitals and blanks make no difference."""
    return "\n".join(one_line(line) for line in unicodedata.normalize("NFKC", text).casefold().split("\n"))


def is_in(phrase: str, text: str) -> bool:
    """Whether a phrase stands in a text; one of Latin letters as words of their own."""
    if phrase not in text:
        return False
    before, after = (r"(?<![a-z0-9])" if end.isascii() and end.isalnum() else "" for end in (phrase[0], phrase[-1]))
    return re.search(before + re.escape(phrase) + after.replace("?<!", "?!"), text) is not None


def _unused(entries: Sequence[Entry], used: Collection[int]) -> Iterator[str]:
    """What is not used, by section: a few entries of many by their ids, others by their number."""
    left: dict[str, list[str]] = {}
    for n, entry in enumerate(entries):
        if n not in used and entry.id != entry.section:
            left.setdefault(entry.section, []).append(entry.id)
    many = Counter(entry.section for entry in entries)
    for section, ids in left.items():
        if len(ids) < many[section] and len(ids) <= FEW:
            yield from ids
        else:
            yield f"{section} ({len(ids):,})"


def _name(entry: Entry, is_sole: bool) -> str:
    """What names the piece of evidence that an entry is: its title, and its place where another has the same title."""
    room = 200
    return entry.title[:room] if is_sole and len(entry.title) <= room else f"{entry.title[:room]} ({entry.id})".strip()
