"""Questions on a resume as YAML that a person fills in: what may be written stands beside it, as comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from itss_logic.errors import printable
from itss_logic.intake.resume import Findings, Question
from itss_logic.vocabulary import Argument, Predicate, Vocabulary
from itss_logic.words import Words

RESUME, CANDIDATE, QUESTIONS = "resume", "candidate", "questions"
ID, SAYS, ASKED, ANSWER = "id", "says", "question", "answer"
COLUMNS = 110
INDENT = "  "


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
        lines += ["", *(f"{INDENT}# {line}" for line in form.legend())]
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
        yield self.words.phrase("resume_values")
        for argument in self.predicate.arguments:
            if argument.kind == "field":
                yield f"  {argument.key}: {self._listed(map(str, self.predicate.fields))}"
            elif argument.kind in ("value", "number"):
                yield from self._told(argument.key, argument.key, self.predicate, argument)
        if self.predicate.number == "flag":
            yield f"  {self.words.phrase('resume_yes')}"
        for attribute in self.attributes:
            yield from self._attribute(attribute)

    def _attribute(self, attribute: Predicate) -> Iterator[str]:
        own = attribute.own
        if len(own) == 1:
            yield from self._told(attribute.key, attribute.name, attribute, own[0])
        elif not own:
            fields = "" if self._is_of_all(attribute) else f" – {self._listed(attribute.fields)}"
            yield f"  {self._key(attribute.key, attribute.name)}: true{fields}"
        else:
            for argument in own:
                yield from self._told(f"{attribute.key}.{argument.key}", argument.key, attribute, argument)
            for together in self._combined(attribute):
                yield f"    {attribute.key}: [{together}]"

    def _combined(self, attribute: Predicate) -> Iterator[str]:
        """The values that may stand together, as they are written."""
        keys = [argument.key for argument in attribute.own if argument.kind == "value"]
        for values in sorted(attribute.combinations, key=str):
            yield "{" + ", ".join(f"{key}: {value}" for key, value in zip(keys, values, strict=True)) + "}"

    def _told(self, key: str, name: str, predicate: Predicate, argument: Argument) -> Iterator[str]:
        """A key with what may be written under it: in a line, or a line a field."""
        choices = self._choices(predicate, argument)
        called = self._key(key, name)
        if len(choices) == 1:
            fields = "" if self._is_of_all(predicate) else f" – {self._listed(predicate.fields)}"
            yield f"  {called}: {next(iter(choices))[1]}{fields}"
            return
        yield f"  {called}:"
        for (_, told), fields in choices.items():
            yield f"    {self._listed(fields)}: {told}"

    def _choices(self, predicate: Predicate, argument: Argument) -> dict[tuple[str, str], list[str]]:
        """What may be written under an argument, in short and with labels, and in which fields."""
        choices: dict[tuple[str, str], list[str]] = {}
        for field in predicate.fields:
            choices.setdefault(self._choice(argument, field), []).append(field)
        return choices

    def _choice(self, argument: Argument, field: str) -> tuple[str, str]:
        if argument.kind == "id":
            return ("", self.words.phrase("resume_text"))
        if argument.kind == "number":
            least, greatest = self.vocabulary.ranges[argument.domain]
            told = self.words.phrase("resume_number", least=least, greatest=greatest)
            return told, told
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
        return label if label.startswith(key) and not label[len(key) : len(key) + 1].isalnum() else f"{key} ({label})"

    def _is_of_all(self, predicate: Predicate) -> bool:
        return len(predicate.fields) == len(self.vocabulary.fields) or predicate.fields == self.predicate.fields

    def question(self, question: Question) -> Iterator[str]:
        """One question, with a blank answer."""
        entry, words = question.entry, self.words
        yield f"- {ID}: {quoted(question.id)}"
        if entry is not None:
            yield f"  {SAYS}: {quoted(printable(entry.told or words.phrase('resume_untitled')))}"
            if question.suggested:
                yield f"  # {words.phrase('resume_mentions', values=self._listed(question.suggested))}"
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
        elif question.entry is None and predicate.number == "flag":
            yield f"  # {self.words.phrase('resume_yes')}"
        elif question.entry is None and predicate.number == "many":
            yield from self._line(" []", self._short(None))
        else:
            yield ""
            yield from self._keys(question)

    def _short(self, field: str | None) -> dict[str, list[str]]:
        """What may stand in a list of a field, in short."""
        own = self.predicate.own
        if len(own) == 1 and own[0].kind != "id":
            return {self._choice(own[0], field or self.vocabulary.fields[0])[0]: []}
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
                such = next(self._combined(attribute), "{" + ", ".join(f"{a.key}: …" for a in attribute.own) + "}")
                yield from self._line(f"{attribute.key}:{blank}", {f"[{such}, …]": self._fields(attribute)})
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
