"""Questions on a resume as YAML that a person fills in: what may be written stands beside it, as comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from unicodedata import east_asian_width

from itss_logic.errors import printable
from itss_logic.intake.resume import Findings, Question
from itss_logic.vocabulary import Argument, Predicate, Vocabulary
from itss_logic.words import Words

RESUME, CANDIDATE, QUESTIONS = "resume", "candidate", "questions"
ID, SAYS, ASKED, ANSWER = "id", "says", "question", "answer"
COLUMNS = 110
INDENT = "  "
NO_BREAK = "\N{NO-BREAK SPACE}"
"""Stands for a blank that no line is broken at; it is none when it is written."""


def write_questions(findings: Findings, questions: Iterable[Question], vocabulary: Vocabulary, words: Words) -> str:
    """The YAML of questions, bound to the resume and to the candidate."""
    groups = [list(group) for _, group in groupby(questions, key=lambda question: question.predicate.name)]
    head = [
        words.phrase(f"resume_{name}")
        for name in (("head", "fill", "lists", "back", "claims") if groups else ("none",))
    ]
    lines = [f"# {line}" for line in head]
    lines += [f"{RESUME}: {quoted(findings.digest)}", f"{CANDIDATE}: {quoted(findings.candidate)}"]
    lines.append(f"{QUESTIONS}:" if groups else f"{QUESTIONS}: []")
    for group in groups:
        form = Form(group[0].predicate, vocabulary, words)
        lines += ["", *(f"{INDENT}# {line}" for told in form.legend() for line in wrapped(told))]
        for question in group:
            lines += ["", *(INDENT + line for line in form.question(question))]
    return "\n".join(lines) + "\n"


class Form:
    """How a predicate is asked about: its keys, and what may be written under each."""

    def __init__(self, predicate: Predicate, vocabulary: Vocabulary, words: Words) -> None:
        self.predicate, self.vocabulary, self.words = predicate, vocabulary, words
        self.attributes = vocabulary.attributes(predicate.name, None)

    def legend(self) -> Iterator[str]:
        """What it is called, and what may be written, with what people call it."""
        yield self.words.label(self.predicate.name).upper()
        if self.predicate.own or self.attributes:
            yield self.words.phrase("resume_values")
        for argument in self.predicate.arguments:
            if argument.kind == "field":
                yield f"  {argument.key}: {self._listed(map(str, self.predicate.fields))}"
            elif argument.kind in ("value", "number"):
                yield from self._told(argument.key, argument.key, self.predicate, argument)
        for attribute in self.attributes:
            yield from self._attribute(attribute)

    def _attribute(self, attribute: Predicate) -> Iterator[str]:
        own = attribute.own
        if len(own) == 1:
            yield from self._told(attribute.key, attribute.name, attribute, own[0])
        elif not own:
            called = self.words.sentences.get(attribute.name) or self.words.label(attribute.name)
            yield f"  {attribute.key} ({called}): true{self._used_in(attribute)}"
        else:
            called, such = self._key(attribute.key, attribute.name), self._such(attribute)
            yield f"  {called}: [{such}, …]{self._used_in(attribute)}"
            for argument in own:
                for line in self._told(argument.key, argument.key, attribute, argument):
                    yield f"  {line}"
            together: dict[str, list[str]] = {}
            for *before, last in (map(str, values) for values in sorted(attribute.combinations, key=str)):
                together.setdefault(", ".join(before), []).append(last)
            yield from (f"    {before} + {' / '.join(last)}" for before, last in together.items())

    def _used_in(self, predicate: Predicate) -> str:
        """The fields that a predicate is used in, where these are not all that an answer may name."""
        return "" if self._is_of_all(predicate) else f" – {', '.join(predicate.fields)}"

    @staticmethod
    def _such(attribute: Predicate) -> str:
        """An example of an attribute with several values."""
        values = min(attribute.combinations, key=str, default=("…",) * len(attribute.own))
        return "{" + ", ".join(f"{a.key}: {value}" for a, value in zip(attribute.own, values, strict=False)) + "}"

    def _told(self, key: str, name: str, predicate: Predicate, argument: Argument) -> Iterator[str]:
        """A key with what may be written under it: in a line, or a line a field."""
        choices = self._choices(predicate, argument)
        called = self._key(key, name)
        if len(choices) == 1:
            in_fields = "" if not predicate.is_item and predicate.own[1:] else self._used_in(predicate)
            yield f"  {called}: {next(iter(choices))[1]}{in_fields}"
            return
        yield f"  {called}:"
        for (_, told), fields in choices.items():
            yield f"    {', '.join(fields)}: {told}"

    def _choices(self, predicate: Predicate, argument: Argument) -> dict[tuple[str, str], list[str]]:
        """What may be written under an argument, in short and with labels, and in which fields."""
        choices: dict[tuple[str, str], list[str]] = {}
        for field in map(str, predicate.fields):
            choices.setdefault(self._choice(argument, field), []).append(field)
        return choices

    def _choice(self, argument: Argument, field: str) -> tuple[str, str]:
        if argument.kind == "id":
            return ("", self.words.phrase("resume_text"))
        if argument.kind == "number":
            least, greatest = self.vocabulary.ranges[argument.domain]
            told = self.words.phrase("resume_number", least=least, greatest=greatest)
            return self.words.phrase("resume_whole"), told
        spelled = self.vocabulary.spelled.get(argument.domain)
        if spelled:
            pairs = [(str(json).lower(), self.words.label(str(value))) for json, value in spelled.items()]
            return ", ".join(json for json, _ in pairs), ", ".join(f"{json} ({label})" for json, label in pairs)
        values = list(self.vocabulary.values(argument.domain, field))
        return ", ".join(values), self._listed(values)

    def _listed(self, values: Iterable[str]) -> str:
        """Values with what people call them, where that is not the same."""
        return ", ".join(self._key(str(value), str(value)) for value in values)

    def _key(self, key: str, name: str) -> str:
        label = self.words.label(name)
        plain = label.casefold().replace(",", "").replace(" ", "_").replace("-", "_")
        if plain == key:
            return key
        return label if label.startswith((f"{key} (", f"{key}（")) else f"{key}{NO_BREAK}({label})"

    def _is_of_all(self, predicate: Predicate) -> bool:
        return len(predicate.fields) == len(self.vocabulary.fields) or predicate.fields == self.predicate.fields

    def question(self, question: Question) -> Iterator[str]:
        """One question, with a blank answer."""
        entry, words = question.entry, self.words
        yield f"- {ID}: {quoted(question.id)}"
        if entry is not None:
            yield f"  {SAYS}: {quoted(printable(entry.told or words.phrase('resume_untitled')))}"
            if question.suggested:
                values = self._listed(question.suggested).replace(NO_BREAK, " ")
                yield f"  # {words.phrase('resume_mentions', values=values)}"
            if question.also:
                yield f"  # {words.phrase('resume_also', entries=', '.join(question.also))}"
        yield f"  {ASKED}: {quoted(asked(question, words))}"
        lines = list(self._blank(question))
        yield f"  {ANSWER}:{lines[0] if lines[0].startswith((' ', '#')) or not lines[0] else ''}"
        yield from (f"    {line}" for line in lines[1:])

    def _blank(self, question: Question) -> Iterator[str]:
        """The lines of a blank answer: what stands behind its key, and the lines below."""
        predicate = self.predicate
        if question.entry is None and predicate.of_field and predicate.number != "one":
            yield ""
            for field in predicate.fields:
                blank = "" if predicate.number == "flag" else " []"
                yield from self._line(f"{field}:{blank}", {"": [field]} if blank == "" else self._short(field))
        elif predicate.number == "flag" and not predicate.of_field:
            yield f"  # {self.words.phrase('resume_yes')}"
        elif question.entry is None and predicate.number == "many":
            yield from self._line(" []", self._short(None))
        else:
            yield ""
            yield from self._keys(question)

    def _short(self, field: str | None) -> dict[str, list[str]]:
        """What may stand in a list of a field, in short."""
        own, alone = self.predicate.own, self.predicate.alone
        if alone:
            return {self._choice(alone, field or self.vocabulary.fields[0])[0]: []}
        return {"{" + ", ".join(f"{a.key}: …" for a in own) + "}": []}

    def _keys(self, question: Question) -> Iterator[str]:
        """A line a key."""
        for argument in self.predicate.arguments:
            if argument.kind == "field":
                yield from self._line(f"{argument.key}:", {", ".join(self.predicate.fields): []})
            elif argument.kind != "id" or question.entry is None:
                yield from self._line(f"{argument.key}:", self._brief(self.predicate, argument, question))
        for attribute in self.attributes:
            blank = " []" if attribute.number == "many" else ""
            if len(attribute.own) == 1:
                yield from self._line(f"{attribute.key}:{blank}", self._brief(attribute, attribute.own[0], question))
            elif attribute.own:
                such = f"[{self._such(attribute)}, …]"
                yield from self._line(f"{attribute.key}:{blank}", {such: self._fields(attribute)})
            else:
                yield from self._line(f"{attribute.key}:", {"true": self._fields(attribute)})

    def _brief(self, predicate: Predicate, argument: Argument, question: Question) -> dict[str, list[str]]:
        """What may be written, without labels, and in which fields where it is not the same in all."""
        choices = self._choices(predicate, argument)
        values = {v for f in predicate.fields for v in self.vocabulary.values(argument.domain, f)}
        if argument.kind == "value" and question.offered & values:
            return {", ".join(sorted(question.offered & values)): []}
        if len(choices) == 1:
            return {next(iter(choices))[0]: self._fields(predicate)}
        return {short: fields for (short, _), fields in choices.items()}

    def _fields(self, predicate: Predicate) -> list[str]:
        return [] if self._is_of_all(predicate) else list(predicate.fields)

    def _line(self, key: str, choices: dict[str, list[str]]) -> Iterator[str]:
        """A key, with what may be written if the line has room for it."""
        told = "; ".join(
            f"{', '.join(fields)}: {short}" if fields and short else short for short, fields in choices.items()
        )
        line = f"{key}  # {told}" if told else key
        yield line if len(line) <= COLUMNS else f"{key}  # {self.words.phrase('resume_above')}"


def asked(question: Question, words: Words) -> str:
    """A question in words: the category's, or those for any."""
    section = question.entry.section if question.entry else None
    item = question.predicate.name
    for language, name, *about, text in [*words.declared("resume_question", 4), *words.declared("resume_question", 3)]:
        if (language, name, about) == (words.language, item, [section] if section else []):
            return str(text)
    return words.phrase("resume_ask" if section else "resume_ask_once", item=words.label(item))


def wrapped(line: str) -> list[str]:
    """A line of a comment in as many lines as it needs, the further ones indented."""
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    room = COLUMNS * len(line) // (len(line) + sum(east_asian_width(c) in "WF" for c in line))
    lines = textwrap.wrap(line, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(NO_BREAK, " ") for line in lines]


def quoted(text: str) -> str:
    """Text in double quotes, as YAML has it: what is not printable is escaped."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
