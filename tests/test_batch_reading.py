"""Batch takes up what the plain reader takes up, as the same evidence, and refuses what it refuses and as it does."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_logic import Evidence, Policy, limits
from itss_logic.batch.blocks import Block
from itss_logic.batch.worker import Recipe, Worker
from itss_logic.console import as_json_text
from itss_logic.evidence import Refused
from itss_logic.reading import read_evidence
from tests.test_refusals import JSON_OBJECTS, OBJECTS

POLICY = Policy.load()
READINGS = POLICY.in_force()
WORKER = Worker(Recipe(POLICY, READINGS, "jsonl"))


def examples(number: int) -> settings:
    """So many examples, the same in every run."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=number, deadline=None, derandomize=True, suppress_health_check=checks)


def read_plainly(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The lines of answers, and what is refused, by line."""

    class Standard:
        buffer = io.BytesIO(data)

    with monkeypatch.context() as patched:
        patched.setattr("sys.stdin", Standard)
        entries = list(read_evidence(["-"], POLICY.vocabulary))
    people = [entry for entry in entries if isinstance(entry, Evidence)]
    answers = POLICY.evaluate(people, READINGS)
    refused = [(entry.candidate, entry.refusals) for entry in entries if isinstance(entry, Refused)]
    return [as_json_text(answer.as_json()) for answer in answers], refused


def agrees(data: bytes, monkeypatch: pytest.MonkeyPatch) -> bool:
    """That both read the same; whether anybody is accepted."""
    answers, refused = read_plainly(data, monkeypatch)
    done = WORKER.work(Block(0, "-", data))
    assert done.output.decode().split("\n")[:-1] == answers
    assert [(reject.candidate, reject.refusals) for reject in done.rejects] == refused
    assert [reject.raw for reject in done.rejects] == [data.split(b"\n")[reject[0]] for reject in done.rejects]
    return bool(answers)


PERSON = (
    '{"candidate":"a","exams":["ap",{"exam":"ip","status":"claimed","source":"s"}],"leads_others":{"status":"verified"},'
    '"develops_subordinates":["other"],"fields":{"hardware":{"handles":["pc"],'
    '"specialties":[{"area":"advice","depth":"practice"}],"achievements":[{"item":"book","id":"b","source":""}],'
    '"projects":[{"id":"h","role":"member","success":true,"complexity":["nationwide"],"activities":[],'
    '"assignments":[{"to":"users","coverage":"wide_area"}]}]},"software":{},"facility_management":{"projects":['
    '{"id":"f","status":"claimed","sites":3,"floor_area_m2":2000,"network_sites":9,"partial":false}]}}}'
)


def one(value: str, place: str) -> str:
    """A candidate with a JSON value at one of these places."""
    return {
        "candidate": f'{{"candidate":{value},"exams":["ap"]}}',
        "project": (
            f'{{"candidate":"a","fields":{{"hardware":{{"projects":[{{"id":{value},"role":"member",'
            f'"activities":["installation","maintenance"],"satisfies":[]}},{{"id":"zz","role":"member"}}]}},'
            f'"facility_management":{{"projects":[{{"id":"m","sites":3}}]}}}}}}'
        ),
        "achievement": (
            f'{{"candidate":"a","fields":{{"software":{{"achievements":[{{"id":{value},"item":"book","source":"s"}},'
            f'{{"id":"r","item":"book"}}]}}}}}}'
        ),
        "source": f'{{"candidate":"a","exams":[{{"exam":"ap","source":{value}}}]}}',
        "source of a project": (
            f'{{"candidate":"a","fields":{{"hardware":{{"projects":[{{"id":"q","source":{value},"status":"claimed"}}]}}}}}}'
        ),
        "exam": f'{{"candidate":"a","exams":[{value}]}}',
        "exams": f'{{"candidate":"a","exams":{value}}}',
        "role": f'{{"candidate":"a","fields":{{"hardware":{{"projects":[{{"id":"q","role":{value}}}]}}}}}}',
        "number": (
            f'{{"candidate":"a","fields":{{"facility_management":{{"projects":[{{"id":"q","sites":{value}}}]}}}}}}'
        ),
        "flag": f'{{"candidate":"a","leads_others":{value}}}',
        "status": f'{{"candidate":"a","leads_others":{{"status":{value}}}}}',
        "fields": f'{{"candidate":"a","fields":{value}}}',
        "key": f'{{"candidate":"a",{value}:["ap"]}}',
    }[place]


PLACES = [
    *("candidate", "project", "achievement", "source", "source of a project", "exam", "exams"),
    *("role", "number", "flag", "status", "fields", "key"),
]
STRINGS = [
    r'"a\u0001b"',
    r'"a\u0002b"',
    r'"\u0002\u0002"',
    r'"\u0000"',
    r'"a\u0000"',
    r'"\ud800"',
    r'"\udc00\ud800"',
    r'"\ud83d\ude00"',
    r'"\"q\""',
    r'"\\"',
    r'"\\u0000"',
    r'"\\\"\\n"',
    r'"a\nb"',
    r'"a\tb\b\f\r"',
    r'"a\/b"',
    r'"\u0022"',
    r'"\u005c"',
    r'"\u0061p"',
    r'"\x"',
    r'"\u12"',
    '"\u202eabc"',
    '"社員"',
    '"e\u0301"',
    '"\x7f"',
    '"\u2028"',
    '"\ufeff"',
    '"\U0001f600"',
    '" "',
    '""',
    '"!"',
    '"a b"',
    '"zz"',
    '"a,b)."',
    '"{a: [1]}"',
    '"a\x01b"',
    '"a\x02b"',
    '"a\tb"',
    '"\x1f"',
    '"exams"',
    '"ap"',
    '"claimed"',
    '"' + "x" * 1024 + '"',
    '"' + "x" * 1025 + '"',
    '"' + "あ" * 1024 + '"',
    '"' + "あ" * 1025 + '"',
    '"' + "\U0001f600" * 1024 + '"',
    '"' + r"\ud83d\ude00" * 1024 + '"',
    '"' + r"\ud83d\ude00" * 1025 + '"',
]
NUMBERS = [
    *("0", "-0", "1", "3", "-1", "1000000000", "1000000001", "3.0", "3.5", "1e3", "1E3", "1e+3", "1e-1", "1e400"),
    *("NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "0x10", "1_0", "1e9", "1000000000.0", "1e10", "0.1e1"),
    *("2.0000000000000001", "9" * 40, "9" * 41, "9" * 5000, "18446744073709551616", "-9223372036854775809"),
]
OTHERS = [
    *("null", "true", "false", "[]", "{}", "[null]", "[[]]", '{"a":1}', '["ap","ap"]', '["ap",{"exam":"ap"}]', "'a'"),
    *(
        '{"exam":"ap"}',
        '[{"exam":"ap","status":"claimed"}]',
        '{"status":"claimed"}',
        '{"status":"verified","status":""}',
    ),
    *(
        '{"hardware":{}}',
        '{"hardware":{},"hardware":{}}',
        '{"hardware":null}',
        '{"facility_management":{"handles":[]}}',
        "",
    ),
]


@pytest.mark.parametrize("place", PLACES)
def test_values_of_all_sorts(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (*STRINGS, *NUMBERS, *OTHERS):
        agrees(one(value, place).encode("utf-8", "surrogatepass"), monkeypatch)


def test_two_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    project = '{{"id":{},"role":"member","activities":["installation"],"source":"s"}}'
    lines = [
        f'{{"candidate":"{n}","fields":{{"hardware":{{"projects":[{project.format(a)},{project.format(b)}]}}}}}}'
        for n, (a, b) in enumerate(product(STRINGS[:-7], STRINGS[:-7:3]))
    ]
    agrees("\n".join(lines).encode("utf-8", "surrogatepass"), monkeypatch)


WHOLE = PERSON.encode()
LINES = {
    "byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "two byte order marks": b"\xef\xbb\xbf" * 2 + WHOLE,
    "line ends of Windows": WHOLE + b"\r\n" + WHOLE.replace(b'"a"', b'"b"') + b"\r\n",
    "tabs": b"\t" + WHOLE + b"\t",
    "wide spaces after": WHOLE + "\u3000\u00a0\u2003".encode(),
    "a wide space before": "\u3000".encode() + WHOLE,
    "form feed after": WHOLE + b"\x0c",
    "separator after": WHOLE + b"\x1c",
    "blank lines": b"\n" + WHOLE + b"\n\n \n\t\n\r\n\x0c\n\xef\xbb\xbf\n\xe3\x80\x80\n",
    "null after": WHOLE + b"\x00",
    "more after": WHOLE + b" x",
    "two at once": WHOLE + WHOLE,
    "comma after": WHOLE + b",",
    "comma at the end of a list": WHOLE.replace(b"],", b",],", 1),
    "not UTF-8": WHOLE.replace(b'"b"', b'"\xff"'),
    "overlong": WHOLE.replace(b'"b"', b'"\xc0\x80"'),
    "half a pair": WHOLE.replace(b'"b"', b'"\xed\xa0\x80"'),
    "UTF-16": PERSON.encode("utf-16"),
    "cut": WHOLE[:-1],
    "list": b"[" + WHOLE + b"]",
    "null": b"null",
    "string": b'"a"',
    "number": b"1",
    "nothing in it": b"{}",
    "deep": b"[" * 20 + b"]" * 20,
    "deeper": b'{"candidate":"a","exams":' + b"[" * 17 + b"]" * 17 + b"}",
    "too deep": b"[" * 5000 + b"]" * 5000,
    "carriage returns": WHOLE.replace(b",", b",\r"),
    "spaces": json.dumps(json.loads(PERSON), indent=1).replace("\n", " ").encode(),
    "comment": b"//x\n" + WHOLE,
    "apostrophes": WHOLE.replace(b'"', b"'"),
    "escaped keys": PERSON.replace('"exams"', r'"\u0065xams"').encode(),
    "slashes": PERSON.replace('"s"', r'"\/\/"').encode(),
}


@pytest.mark.parametrize("data", LINES.values(), ids=LINES)
def test_lines_of_all_sorts(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    agrees(data, monkeypatch)
    agrees(data + b"\n", monkeypatch)


def test_all_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for case in (*OBJECTS.values(), *JSON_OBJECTS.values()):
        if case.candidate == "good":
            continue  # One of two of the same name; who came before is told to the worker.
        assert not agrees(case.text.replace("\n", " ").encode(), monkeypatch)


def test_the_largest_line(monkeypatch: pytest.MonkeyPatch) -> None:
    other = b'{"candidate":"b","exams":["ap"]}'
    for size in (limits.LINE_BYTES - 1, limits.LINE_BYTES, limits.LINE_BYTES + 1, limits.LINE_BYTES + 100):
        line = WHOLE + b" " * (size - len(WHOLE))
        for data in (line, line + b"\n", line + b"\n" + other, other + b"\n" + line + b"\n"):
            answers, refused = read_plainly(data, monkeypatch)
            done = WORKER.work(Block(0, "-", data))
            assert done.output.decode().split("\n")[:-1] == answers
            assert [(r.candidate, r.refusals) for r in done.rejects] == refused


def test_as_many_facts_as_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (limits.FACTS, limits.FACTS + 1):
        pieces = [{"item": "book", "id": str(n)} for n in range(number)]
        cited = [{"item": "book", "id": str(n), "source": "s"} for n in range(number // 2)]
        again = [{"id": "p", "components": ["pc"] * number}]
        for key, value in (("achievements", pieces), ("achievements", cited), ("projects", again)):
            person = {"candidate": "a", "fields": {"hardware": {key: value}}}
            agrees(json.dumps(person, separators=(",", ":")).encode(), monkeypatch)


# Keys that stand twice


def members(text: str) -> Iterator[tuple[int, int]]:
    """Where each member of each object of a JSON text without escapes and spaces begins and ends."""
    found: list[tuple[int, int]] = []

    def value(at: int) -> int:
        if text[at] in "{[":
            is_object, at = text[at] == "{", at + 1
            while text[at] not in "}]":
                start = at
                if is_object:
                    at = text.index('"', at + 1) + 2
                at = value(at)
                if is_object:
                    found.append((start, at))
                at += text[at] == ","
            return at + 1
        match = re.compile(r'"[^"]*"|[a-z0-9]+').match(text, at)
        assert match is not None
        return match.end()

    assert value(0) == len(text)
    yield from found


def test_no_key_stands_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["[]", "{}", "true", "false", "1", '""', "null", '"a"', '["ap"]', '["pc"]', '[""]', '{"a":"b"}']
    for start, end in members(PERSON):
        member = PERSON[start:end]
        key = member[: member.index(":") + 1]
        escaped = f'"\\u{ord(member[1]):04x}{member[2:]}'
        for other in (member, escaped, *(key + value for value in values)):
            for data in (PERSON[:start] + other + "," + PERSON[start:], PERSON[:end] + "," + other + PERSON[end:]):
                assert not agrees(data.encode(), monkeypatch)


def test_no_key_stands_twice_while_marks_are_lost_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other quotation marks than the fast reader expects, as many as a second key has."""
    twice = '{"candidate":"a","leads_others":%s,"leads_others":%s,%s}'
    rests = [
        '"exams":["ap"]',
        '"exams":[{"exam":"ap"}]',
        '"exams":["ap","ap"]',
        '"fields":{"hardware":{"projects":[]}}',
    ]
    rests += ['"exams":[{"exam":"ap","source":"\'\'"}]', '"exams":[{"exam":"ap","source":"\\u0022"}]', '"exams":[]']
    for first in ("true", "false", "{}", '{"status":"claimed"}', '{"source":""}'):
        for second in ("true", "false", "{}", '{"status":"claimed"}', '{"source":""}'):
            for rest in rests:
                assert not agrees((twice % (first, second, rest)).encode(), monkeypatch)
    # What was read plainly before must not make up for it.
    for known in ('"ap"', '{"exam":"ap"}', '{"exam":"ap","status":"verified"}', '{"exam":"ap","source":"x"}'):
        assert agrees(f'{{"candidate":"a","exams":[{known}]}}'.encode(), monkeypatch)
        for again in ('"exams":["ap"]', '"exams":[]', '"exams":[{"exam":"ip"}]'):
            assert not agrees(f'{{"candidate":"a","exams":[{known}],{again}}}'.encode(), monkeypatch)


# Anything


@given(st.data())
@examples(250)
def test_any_change_of_a_sound_line(data: st.DataObject) -> None:
    tokens = re.findall(r'"[^"]*"|[a-z]+|\d+|.', PERSON)
    pieces = st.sampled_from([*tokens, *STRINGS[:-7], *NUMBERS[:20], *OTHERS])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(tokens) - 1))
        new = data.draw(st.lists(pieces, max_size=2))
        tokens[at : at + data.draw(st.integers(0, 2))] = new
    text = "".join(tokens).replace("\n", " ")
    with pytest.MonkeyPatch.context() as monkeypatch:
        agrees(text.encode("utf-8", "surrogatepass"), monkeypatch)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
SOURCED = st.fixed_dictionaries({}, optional={"source": TEXTS, "status": st.sampled_from(["claimed", "verified"])})


@st.composite
def persons(draw: st.DrawFn) -> dict[str, Any]:
    """Candidates with any ids and sources, nearly all of them sound."""
    projects = [
        {
            "id": draw(TEXTS),
            **draw(SOURCED),
            **draw(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "role": st.sampled_from(["member", "responsible"]),
                        "success": st.booleans(),
                        "activities": st.lists(st.sampled_from(["installation", "maintenance"])),
                    },
                )
            ),
        }
        for _ in range(draw(st.integers(0, 4)))
    ]
    pieces = [
        {"item": draw(st.sampled_from(["book", "patent"])), "id": draw(TEXTS), **draw(SOURCED)}
        for _ in range(draw(st.integers(0, 4)))
    ]
    area = {"id": draw(TEXTS), "sites": draw(st.integers(1, 10**9)), "floor_area_m2": draw(st.integers(1, 6000))}
    return {
        "candidate": draw(TEXTS),
        "exams": [{"exam": "ap", **draw(SOURCED)}],
        "fields": {
            "hardware": {"projects": projects, "achievements": pieces},
            "facility_management": {"projects": [area]},
        },
    }


@given(persons(), st.booleans())
@examples(250)
def test_any_ids_and_sources(person: dict[str, Any], in_ascii: bool) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        agrees(json.dumps(person, ensure_ascii=in_ascii).encode("utf-8", "surrogatepass"), monkeypatch)
