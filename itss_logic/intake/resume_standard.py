"""Resumes in: a JSON Resume file to its entries, with a notice on whatever in it is not as the standard has it.

The standard, and what older files called its keys, stands in `kb/core/resume_standard.lp`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeAlias

from itss_logic import limits
from itss_logic.documents import DocumentError, Members, Value, decode, parse_json
from itss_logic.engine import Declarations
from itss_logic.errors import Place, QuestionError, printable, shorten
from itss_logic.shape import child
from itss_logic.vocabulary import CANDIDATE

DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
TEXT, TEXTS, LINK, DAY, PART, PARTS = "text", "texts", "link", "date", "part", "parts"
"""The types of keys; the last two are of parts that have keys of their own."""

MANY = "many"
SHOWN_CHARACTERS = 200
"""How much of an entry's text is told."""


Day: TypeAlias = "tuple[int, int, int]"
"""Year, month and day."""


class Notice(NamedTuple):
    """Something in a resume that is not as the standard has it: what is done about it, and what to do."""

    code: str
    place: Place
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{printable(str(self.place))}: {self.code}: {printable(self.message)}; {printable(self.mend)}"


class Entry(NamedTuple):
    """An entry of a section. `id` is its place as people say it; `texts` are all texts in it, `dates` in order."""

    section: str
    id: str
    title: str
    dates: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def told(self) -> str:
        """What it says, in one line that is not too long: its title, its dates, the beginning of all else."""
        dates = f"({' – '.join(self.dates)})" if self.dates else ""
        head = " ".join(part for part in (shorten(self.title, SHOWN_CHARACTERS), dates) if part)
        more = shorten(" / ".join(text for text in self.texts if text not in self.title), SHOWN_CHARACTERS)
        return ": ".join(part for part in (head, more) if part)


class Resume(NamedTuple):
    """A resume: its entries in the order of the standard, whom it names, from the best known name to the least."""

    entries: tuple[Entry, ...]
    names: tuple[tuple[str, str], ...]
    notices: tuple[Notice, ...]


class Standard:
    """The standard as the knowledge base declares it."""

    def __init__(self, declared: Declarations) -> None:
        self.sections: dict[str, str] = {str(name): str(number) for name, number in declared("resume_section", 2)}
        self.free = {key for (key,) in declared("resume_free", 1)}
        self.keys: dict[str, dict[str, tuple[str, str]]] = {}
        for part, key, type_ in declared("resume_key", 3):
            inner = (type_.name, str(type_.arguments[0])) if hasattr(type_, "arguments") else (str(type_), "")
            self.keys.setdefault(str(part), {})[key] = inner
        self.renamed: dict[str, dict[str, str]] = {}
        for part, old, new in declared("resume_renamed", 3):
            self.renamed.setdefault(str(part), {})[old] = new
        self.periods: list[tuple[str, str]] = list(declared("resume_period", 2))
        self.titles: dict[str, list[str]] = {}
        for section, _, key in sorted(declared("resume_title", 3), key=lambda row: row[1]):
            self.titles.setdefault(str(section), []).append(key)
        people = sorted(declared("resume_person", 3), key=lambda row: row[0])
        self.person = [(str(section), key) for _, section, key in people]

    def read(self, data: bytes, file: str) -> Resume:
        """Read a file.

        Raises:
            QuestionError: where it is no resume; it says why.
        """
        return _Reading(self, file).resume(document(data, file))


def document(data: bytes, file: str) -> Value:
    """The JSON value of a file.

    Raises:
        QuestionError: where it is too large, or no JSON.
    """
    if len(data) > limits.FILE_BYTES:
        raise QuestionError(f"{file}: too_large: the file is larger than {limits.FILE_BYTES} bytes; shorten it")
    try:
        return parse_json(decode(data))
    except DocumentError as error:
        place = Place(file, error.line, error.column)
        raise QuestionError(f"{place}: {error.code}: no JSON Resume: {error.message}; {error.mend}") from None


class _Reading:
    """One file as it is read; what is not as it should be is noticed, up to a limit."""

    def __init__(self, standard: Standard, file: str) -> None:
        self.standard, self.file = standard, file
        self.notices: list[Notice] = []
        self.omitted = 0

    def resume(self, value: Value) -> Resume:
        top = self._sections(value)
        entries: list[Entry] = []
        named: dict[tuple[str, str], str] = {}
        for section, number in self.standard.sections.items():
            if section not in top:
                continue
            path = child("$", section)
            parts = top[section] if number == MANY else [top[section]]
            for index, part in enumerate(parts):
                where, id = (child(path, index), f"{section}[{index}]") if number == MANY else (path, section)
                members = self._members(part, where, section)
                if members is not None:
                    entries.append(self._entry(section, id, members, where))
                    named |= {(section, key): text for key, text in members.items() if isinstance(text, str)}
        names = [(key, one_line(named.get((section, key), ""))) for section, key in self.standard.person]
        if self.omitted:
            self.notices.append(
                Notice("too_large", Place(self.file), f"{self.omitted} more notices", "mend these first")
            )
        return Resume(tuple(entries), tuple((key, name) for key, name in names if name), tuple(self.notices))

    def _sections(self, value: Value) -> dict[str, Any]:
        """The sections that are there and can be read.

        Raises:
            QuestionError: where the value is no resume.
        """
        standard = self.standard
        if not isinstance(value, Members):
            hint = "; give one person's resume a file" if isinstance(value, list) else ""
            raise QuestionError(f"{self.file}: no JSON Resume: it is {_kind(value)}, and no object{hint}")
        members = self._renamed(value, "top", "$", {*standard.sections, *standard.free})
        found = {s: members[s] for s in standard.sections if s in members and self._is_section(s, members[s])}
        if not found:
            what = "it looks like evidence, and " if CANDIDATE in value else ""
            known = ", ".join(standard.sections)
            raise QuestionError(f"{self.file}: no JSON Resume: {what}it has none of the sections {known}")
        if sum(len(part) for part in found.values() if isinstance(part, list)) > limits.FACTS:
            raise QuestionError(f"{self.file}: too_large: the resume has more than {limits.FACTS} entries; shorten it")
        return found

    def _is_section(self, section: str, value: Value) -> bool:
        is_many = self.standard.sections[section] == MANY
        return self._is(list if is_many else dict, value, "a list" if is_many else "an object", child("$", section))

    def _is(self, type_: type, value: Value, what: str, path: str) -> bool:
        """Whether a value is of a type; if not, notice it."""
        if not isinstance(value, type_):
            self._notice("wrong_type", path, f"{_kind(value)} is not {what}, and is not read", f"write {what}")
            return False
        return True

    def _renamed(self, value: Members, part: str, path: str, known: set[str]) -> dict[str, Value]:
        """The members whose keys are known, by the names that the standard has now; others are noticed."""
        renamed = self.standard.renamed.get(part, {})
        for key in value.repeated:
            self._notice("repeated_key", child(path, key), "the key stands twice, the last is read", "keep one of them")
        members: dict[str, Value] = {}
        for key, inner in value.items():
            name = key if key in known else renamed.get(key, "")
            if name not in known:
                near = get_close_matches(key[:100], sorted(known), 1) or sorted(known)
                told = f"{shorten(key)} is no key here, and is not read"
                self._notice("unknown_key", child(path, key), told, f"use {' or '.join(near)}")
            elif name != key and name in value:
                told = f"{key} is what {name} was called before 1.0, and is not read beside it"
                self._notice("repeated_key", child(path, key), told, "keep one of them")
            else:
                members[name] = inner
        return members

    def _members(self, value: Value, path: str, part: str) -> dict[str, Any] | None:
        """The members of a part that have the right type, absent ones and null left out; None where it is none."""
        if not self._is(dict, value, "an object", path):
            return None
        assert isinstance(value, Members)
        types = self.standard.keys.get(part, {})
        found: dict[str, Any] = {}
        for key, inner in self._renamed(value, part, path, set(types)).items():
            type_, name = types[key]
            where = child(path, key)
            if inner is None:
                continue
            if type_ in (TEXTS, PARTS):
                if self._is(list, inner, "a list", where):
                    assert isinstance(inner, list)
                    found[key] = list(self._each(inner, type_, name, where))
            elif type_ == PART:
                self._members(inner, where, name)
            elif self._is(str, inner, "a string", where):
                found[key] = inner
        return found

    def _each(self, values: list[Value], type_: str, name: str, path: str) -> Iterator[str]:
        """The texts of a list; parts in it are looked at, and no more."""
        for index, value in enumerate(values):
            where = child(path, index)
            if type_ == PARTS:
                self._members(value, where, name)
            elif self._is(str, value, "a string", where):
                yield str(value)

    def _entry(self, section: str, id: str, members: Mapping[str, Any], path: str) -> Entry:
        types = self.standard.keys.get(section, {})
        dates = {key: text for key, text in members.items() if types[key][0] == DAY and text}
        sound = {key: day for key, text in dates.items() if (day := self._date(text, child(path, key))) is not None}
        for start, end in self.standard.periods:
            if start in sound and end in sound and sound[end][1] < sound[start][0]:
                told = f"{shorten(dates[end])} is before {shorten(dates[start])}"
                self._notice("odd_date", child(path, end), told, "mend one of the two; the question quotes both")
        texts = [t for key, text in members.items() if types[key][0] == TEXT for t in [one_line(text)] if t]
        texts += [t for key, many in members.items() if types[key][0] == TEXTS for t in map(one_line, many) if t]
        title = ", ".join(t for key in self.standard.titles.get(section, []) if (t := one_line(members.get(key, ""))))
        in_order = [shorten(one_line(dates[key])) for key in types if key in dates]
        return Entry(section, id, title, tuple(in_order), tuple(texts))

    def _date(self, text: str, path: str) -> tuple[Day, Day] | None:
        """The first and the last day of a date, or one after it; None where it is odd, which is noticed."""
        match = DATE.fullmatch(text)
        try:
            if match is not None:
                year, month, day = (int(number) if number else None for number in match.groups())
                assert year is not None
                datetime.date(year, month or 1, day or 1)
                return (year, month or 1, day or 1), (year, month or 12, day or 31)
        except ValueError:
            pass
        mend = "write a day that there is, as YYYY, YYYY-MM or YYYY-MM-DD; leave out what has not ended"
        self._notice("odd_date", path, f"{shorten(text)} is no date of the standard", mend)
        return None

    def _notice(self, code: str, path: str, message: str, mend: str) -> None:
        if len(self.notices) < limits.REFUSALS:
            self.notices.append(Notice(code, Place(self.file, path=path), message, mend))
        else:
            self.omitted += 1


def one_line(text: str) -> str:
    """Text in one line, with nothing in it that is no character of its own."""
    whole = text if text.isascii() else text.encode("utf-8", "replace").decode()
    return " ".join(whole.replace("\0", " ").split())


def _kind(value: Value) -> str:
    """What a value is, in words."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"
