"""The register of candidates: pages as a plain list gives them, evidence as it was read, what is refused, hinges."""

from __future__ import annotations

import io
import json
import os
import pickle
import sqlite3
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_logic import Answer, Evidence, Policy
from itss_logic.answers import VERDICTS
from itss_logic.errors import ItssError, QuestionError, SelfCheckError
from itss_logic.intake import writing
from itss_logic.web import filing
from itss_logic.web.columns import BITS, Columns
from itss_logic.web.filing import file_evidence, hinges
from itss_logic.web.register import REFUSALS, Hinges, Page, Query, Register, Row

POLICY = Policy.load()
SAMPLE = Path(__file__).parent / "data" / "sample-200.jsonl"

HOSTILE = (
    *("%", "_", "a%b", "a_b", "'", '"', "'; drop table people; --", "<script>alert(1)</script>", "../../etc"),
    *("a\nb", "a\r\nb", "\u202eevil", "\u200f", "E-1", "e-1", "\uff25-\uff11", "\uff45-1", "stra\u00dfe", "STRASSE"),
    *(
        "\u0130",
        "\u30ac",
        "\uff76\uff9e",
        "\u793e\u54e1",
        "\\",
        "\\%",
        "?1",
        ":a",
        "NULL",
        "0",
        "1e3",
        "-",
        " ",
        "\x7f",
    ),
    *("\U0001f600", "e\u0301", "\u00e9", "x" * 1024, "[a-z]", "*", "\x1b[31m"),
)


class Filled(NamedTuple):
    register: Register
    answers: list[Answer]
    known: dict[str, Answer]
    """Those whose hinges were entered."""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="module")
def people(policy: Policy) -> list[Evidence]:
    return [entry for entry in policy.read(str(SAMPLE)) if isinstance(entry, Evidence)]


@pytest.fixture(scope="module")
def filled(policy: Policy, people: list[Evidence]) -> Iterator[Filled]:
    """The sample; of every second person it is known on what verdicts hinge."""
    with filed(policy, SAMPLE) as register:
        known = {answer.candidate: answer for answer in policy.evaluate(people[::2], across=True)}
        register.enter_hinges(
            Hinges(name, {(result.field, result.level): result.hinges_on for result in answer.results})
            for name, answer in known.items()
        )
        yield Filled(register, list(policy.evaluate(people)), known)


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """The first 40 people of the sample."""
    path = tmp_path / "some.jsonl"
    path.write_bytes(b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:40]))
    return path


def filed(policy: Policy, *paths: Path | str, input_format: str | None = None, jobs: int = 1) -> Register:
    register = Register(policy)
    file_evidence(policy, {}, [str(path) for path in paths], input_format, jobs, register)
    return register


def on_file(register: Register, candidate: str) -> Evidence | None:
    found = register.stored(candidate)
    return None if found is None else found.unpack(register.policy.vocabulary)


def people_of(register: Register, start: int, number: int) -> list[Evidence]:
    return [stored.unpack(register.policy.vocabulary) for stored in register.people(start, number)]


def lines(path: Path, values: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def row(answer: Answer, known: Mapping[str, Answer]) -> Row:
    turning = {reading for result in known.get(answer.candidate, answer).results for reading in result.hinges_on}
    on = tuple(reading for reading in answer.readings if reading in turning) if answer.candidate in known else None
    return Row(answer.candidate, answer.highest, answer.summary.verdicts, on)


def naive(answers: Sequence[Answer], known: Mapping[str, Answer], query: Query) -> Page:
    def matches(answer: Answer) -> bool:
        if fold(query.search) not in fold(answer.candidate):
            return False
        if query.verdict is None and query.hinges_on is None:
            held = [level for f, level in answer.highest.items() if query.field in (None, f) and level is not None]
            is_asked = query.field is not None or query.level is not None
            return not is_asked or (query.level in held if query.level is not None else bool(held))
        return any(
            query.field in (None, result.field)
            and query.level in (None, result.level)
            and query.verdict in (None, result.verdict)
            and (query.hinges_on is None or query.hinges_on in result.hinges_on)
            for result in known.get(answer.candidate, answer).results
        )

    found = [answer for answer in answers if matches(answer)]
    if query.sort == "candidate":
        found.sort(key=lambda answer: answer.candidate)
    elif query.sort:
        found.sort(key=lambda answer: answer.highest[query.sort] or 0)
    if query.descending:
        found.reverse()
    pages = max((len(found) + query.size - 1) // query.size, 1)
    page = min(max(query.page, 1), pages)
    some = found[(page - 1) * query.size : page * query.size]
    return Page(tuple(row(answer, known) for answer in some), len(found), page, pages)


def queries(policy: Policy) -> st.SearchStrategy[Query]:
    either = st.sampled_from([(None, None), *product([*policy.fields, None], [None]), *policy.levels, (None, 4)])
    return st.builds(
        lambda level, **others: Query(field=level[0], level=level[1], **others),
        level=either,
        search=st.sampled_from(["", "", "", "e-", "E-001", "\uff10\uff10\uff11", "7", "%", "nobody", "_", "'"])
        | st.text(),
        verdict=st.sampled_from([None, *VERDICTS]),
        hinges_on=st.sampled_from([None, *policy.options]),
        sort=st.sampled_from(["", "candidate", *policy.fields]),
        descending=st.booleans(),
        page=st.integers(-1, 12) | st.just(10**30),
        size=st.integers(1, 60) | st.just(10**30),
    )


@given(data=st.data())
@settings(max_examples=250, deadline=None)
def test_a_page_is_what_a_plain_list_gives(policy: Policy, filled: Filled, data: st.DataObject) -> None:
    query = data.draw(queries(policy))
    assert filled.register.page(query) == naive(filled.answers, filled.known, query)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (Query(field="magic"), "there is no field magic; use one of"),
        (Query(level=99), "level 99 of every field is undefined; these exist"),
        (Query(level=10**30), "is undefined"),
        (Query(verdict="splendid"), "there is no verdict splendid; use one of attained, deemed, pending, not_attained"),
        (Query(hinges_on="mood"), "there is no reading mood; use one of"),
        (Query(sort="salary"), "there is no order salary; use one of candidate, "),
        (Query(sort="place; drop table people"), "there is no order"),
        (Query(size=0), "ask for 1 at least"),
        (Query(search="\ud800"), "half of a character"),
    ],
)
def test_what_the_policy_does_not_have_cannot_be_asked_for(filled: Filled, query: Query, told: str) -> None:
    with pytest.raises(QuestionError, match=told):
        filled.register.page(query)


def test_counts_are_those_of_the_answers(filled: Filled) -> None:
    counted = Counter((r.field, r.level, r.verdict) for answer in filled.answers for r in answer.results)
    counts = filled.register.counts()
    assert {key: number for key, number in counts.items() if number} == counted
    assert len(counts) == len(filled.answers[0].results) * len(VERDICTS)


def test_neighbours_stand_before_and_after(filled: Filled) -> None:
    names = [answer.candidate for answer in filled.answers]
    for before, one, after in zip([None, *names], names, [*names[1:], None], strict=False):
        assert filled.register.neighbours(one) == (before, after)
    assert filled.register.neighbours("nobody") == filled.register.neighbours("\ud800") == (None, None)


def test_evidence_is_what_was_read(filled: Filled, people: list[Evidence]) -> None:
    register = filled.register
    assert [on_file(register, one.candidate) for one in people[:20]] == people[:20]
    assert people_of(register, 150, 30) == people[150:180]
    assert people_of(register, 195, 30) == people[195:]
    assert people_of(register, 200, 1) == []
    assert on_file(register, "nobody") is on_file(register, "\ud800") is on_file(register, "e-00000") is None


def test_ids_are_told_apart_and_found_whatever_is_in_them(policy: Policy, tmp_path: Path) -> None:
    path = lines(tmp_path / "people.jsonl", [{"candidate": name} for name in HOSTILE])
    with filed(policy, path) as register:
        assert register.size == len(HOSTILE)
        assert register.refused == 0
        for place, name in enumerate(HOSTILE):
            found = register.page(Query(search=name, size=100))
            assert [r.candidate for r in found.rows] == [one for one in HOSTILE if fold(name) in fold(one)]
            evidence = on_file(register, name)
            assert evidence is not None
            assert evidence.candidate == name
            assert register.neighbours(name)[0] == (HOSTILE[place - 1] if place else None)
        rows = register.page(Query(sort="candidate", size=100)).rows
        assert [r.candidate for r in rows] == sorted(HOSTILE)
        assert [r.candidate for r in register.page(Query(search="\uff45-\uff11")).rows] == list(HOSTILE[13:17])


def written(folder: Path, form: str, people: Sequence[Evidence]) -> tuple[list[Path | str], str | None]:
    """The first people of the sample in a form; gives the paths to name, and the form where they tell none."""
    some = SAMPLE.read_text(encoding="utf-8").splitlines()[: len(people)]
    values = [json.loads(line) for line in some]
    if form == "json":
        (folder / "people.json").write_text(json.dumps(values), encoding="utf-8")
    elif form == "yaml":
        (folder / "people.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    elif form == "lp":
        (folder / "people.lp").write_text("".join(one.as_lp() for one in people), encoding="utf-8")
    elif form == "csv":
        with writing.written(str(folder / "tables"), "csv", POLICY.vocabulary) as write:
            for one in people:
                write(one)
        return [folder], None
    elif form == "folder":
        (folder / "inner").mkdir()
        lines(folder / "b.jsonl", values[1:3])
        (folder / "a.json").write_text(json.dumps(values[0]), encoding="utf-8")
        lines(folder / "inner" / "people.jsonl", values[3:])
        (folder / "notes.txt").write_text("passed over", encoding="utf-8")
        return [folder], None
    else:
        text = "\ufeff" + "\n \n".join(some) + "\u2003"
        (folder / f"people.{form}").write_text(text, encoding="utf-8")
    return [folder / f"people.{form}"], "jsonl" if form == "txt" else None


@pytest.mark.parametrize(
    ("few", "form"),
    [
        *product([True], ["json", "jsonl", "yaml", "lp", "txt", "folder", "csv"]),
        *product([False], ["json", "jsonl", "lp", "folder", "csv"]),
    ],
)
def test_every_form_of_input_is_filed(
    policy: Policy, people: list[Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, few: bool
) -> None:
    if not few:
        monkeypatch.setattr(filing, "FEW_BYTES", 0)
    paths, input_format = written(tmp_path, form, people[:8])
    with filed(policy, *paths, input_format=input_format) as register:
        assert people_of(register, 0, 100) == people[:8]
        expected = [row(answer, {}) for answer in policy.evaluate(people[:8])]
        assert register.page(Query()).rows == tuple(expected)


@pytest.mark.parametrize(("few", "pipe"), [(True, False), (False, True)])
def test_what_can_be_read_once_is_filed(
    policy: Policy, people: list[Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: bool, pipe: bool
) -> None:
    if not few:
        monkeypatch.setattr(filing, "FEW_BYTES", 0)
    data = b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:5]) + b"nothing\n"
    path = tmp_path / "pipe"
    with ThreadPoolExecutor(1) as pool:
        if pipe:
            os.mkfifo(path)
            pool.submit(path.write_bytes, data)
        else:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        with filed(policy, path if pipe else "-", input_format="jsonl") as register:
            assert people_of(register, 0, 100) == people[:5]
            assert register.refused == 1
            assert register.refusals[0].place.file == (str(path) if pipe else "-")


@pytest.fixture
def unsound(tmp_path: Path) -> Path:
    """Eight sound people, among what is refused: not JSON, not UTF-8, not sound, not new; blank lines as well."""
    some = SAMPLE.read_bytes().splitlines(keepends=True)[:8]
    broken = some[5].replace(b'"candidate"', b'"x": "\xff", "candidate"')
    some[5:5] = [b"{nothing\n", b"\n", broken, b'{"candidate": "wrong", "exams": ["bar exam"]}\n']
    some[9:9] = [some[0], b'{"candidate": "wrong"}\n', b'{"candidate": 7}\n', b"x" * (4 * 2**20 + 9) + b"\n", b" \n"]
    path = tmp_path / "unsound.jsonl"
    path.write_bytes(b"".join(some))
    return path


@pytest.mark.parametrize(("few", "jobs"), [(True, 1), (False, 1), (False, 2)])
def test_what_is_refused_is_told_and_counted_and_nothing_else_is_lost(
    policy: Policy,
    people: list[Evidence],
    unsound: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    few: bool,
    jobs: int,
) -> None:
    monkeypatch.setattr(filing, "FEW_BYTES", 10**9 if few else 0)
    with filed(policy, unsound, unsound, jobs=jobs) as register:
        assert people_of(register, 0, 100) == people[:8]
        assert register.size == 8
        told = [(refusal.code, refusal.place.line) for refusal in register.refusals]
        first = [("syntax", 6), ("syntax", 8), ("unknown_value", 9), ("duplicate_candidate", 10)]
        first += [("duplicate_candidate", 11), ("wrong_type", 12), ("too_large", 13)]
        assert [one for one in told if one in first][:7] == first
        assert register.refused == 7 + 7 + 8
        assert {refusal.place.file for refusal in register.refusals} == {str(unsound)}
        errors = capfd.readouterr().err.splitlines()
        assert [line for line in errors if line.startswith(str(unsound))] == [str(one) for one in register.refusals]


def test_only_the_first_refusals_are_kept(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text("nothing\n" * (REFUSALS + 20), encoding="utf-8")
    with filed(policy, path) as register:
        assert (register.refused, len(register.refusals), register.size) == (REFUSALS + 20, REFUSALS, 0)
        assert register.page(Query(page=3)) == Page((), 0, 1, 1)
        assert register.unknown_hinges(5) == []
        assert not any(register.counts().values())


@pytest.mark.parametrize("few", [True, False])
def test_files_that_change_meanwhile_are_noticed(
    policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: bool
) -> None:
    path = tmp_path / "people.jsonl"
    path.write_bytes(b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:5]))
    monkeypatch.setattr(filing, "FEW_BYTES", 10**9 if few else 0)
    name = "_judged_plainly" if few else "_judge"
    judge = getattr(filing, name)

    def changing(*arguments: Any) -> Any:
        result = judge(*arguments)
        path.write_text('{"candidate": "other"}\n', encoding="utf-8")
        return result

    monkeypatch.setattr(filing, name, changing)
    with Register(policy) as register, pytest.raises(ItssError, match=r"people\.jsonl: changed while it was read"):
        file_evidence(policy, {}, [str(path)], None, 1, register)


@pytest.mark.parametrize("form", ["jsonl", "lp"])
def test_other_evidence_of_the_same_person_is_noticed_though_the_file_looks_the_same(
    policy: Policy, people: list[Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    (path,), _ = written(tmp_path, form, people[:5])
    text = Path(path).read_text(encoding="utf-8")
    monkeypatch.setattr(filing, "FEW_BYTES", 0)
    judge = filing._judge

    def changing(*arguments: Any) -> None:
        judge(*arguments)
        about = os.stat(path)
        Path(path).write_text(text.replace("member", "other_", 1).replace("installation", "maintenance"), "utf-8")
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))

    monkeypatch.setattr(filing, "_judge", changing)
    monkeypatch.setattr(filing, "_check_unchanged", lambda sources: None)
    with Register(policy) as register:
        if form == "lp":
            with pytest.raises(ItssError, match="changed while it was read"):
                file_evidence(policy, {}, [str(path)], None, 1, register)
        else:
            file_evidence(policy, {}, [str(path)], None, 1, register)
            with pytest.raises(SelfCheckError, match="is not what was judged"):
                people_of(register, 0, 5)


def test_files_that_cannot_be_read_are_told(policy: Policy, tmp_path: Path) -> None:
    with Register(policy) as register, pytest.raises(ItssError, match=r"gone\.jsonl: cannot be read: No such file"):
        file_evidence(policy, {}, [str(tmp_path / "gone.jsonl")], None, 1, register)
    with Register(policy) as register, pytest.raises(QuestionError, match="there is no reading mood"):
        file_evidence(policy, {"mood": "good"}, [str(SAMPLE)], None, 1, register)


def left(register: Register, number: int) -> list[Evidence]:
    return [stored.unpack(register.policy.vocabulary) for stored in register.unknown_hinges(number)]


def test_hinges_come_to_be_known(policy: Policy, people: list[Evidence], some: Path) -> None:
    with filed(policy, some) as register:
        assert {r.hinges_on for r in register.page(Query(size=200)).rows} == {None}
        first, second = left(register, 10), register.unknown_hinges(10)
        assert first == people[:10]
        found = pickle.loads(pickle.dumps(hinges(policy, pickle.loads(pickle.dumps(second)), {})))
        register.enter_hinges(found)
        register.enter_hinges([*found, Hinges("nobody", {})])
        assert register.hinges_known == 10
        expected = list(policy.evaluate(people[10:20], across=True))
        known = {answer.candidate: answer for answer in expected}
        assert register.page(Query(page=2, size=10)).rows == tuple(row(answer, known) for answer in expected)
        for reading in policy.options:
            turning = [a.candidate for a in expected if any(reading in result.hinges_on for result in a.results)]
            assert [r.candidate for r in register.page(Query(hinges_on=reading)).rows] == turning
        assert left(register, 200) == people[20:40]
        assert left(register, 200) == people[:10] + people[20:40]
        register.enter_hinges(Hinges(one.candidate, {}) for one in people)
        assert register.hinges_known == register.size
        assert register.unknown_hinges(200) == []


def test_hinges_are_entered_whole_or_not_at_all(policy: Policy, people: list[Evidence], some: Path) -> None:
    def interrupted() -> Iterator[Hinges]:
        yield Hinges(people[0].candidate, {})
        raise KeyboardInterrupt

    with filed(policy, some) as register:
        with pytest.raises(KeyboardInterrupt):
            register.enter_hinges(interrupted())
        assert left(register, 1) == people[:1]
        assert register.hinges_known == 0


def test_a_full_disk_is_told(policy: Policy, some: Path) -> None:
    with Register(policy) as register:
        register._writer.execute("pragma max_page_count = 5")
        with pytest.raises(ItssError, match=r"the register cannot be written: .* is full; make room in /"):
            file_evidence(policy, {}, [str(some)], None, 1, register)


def test_many_threads_ask_while_one_enters(policy: Policy, people: list[Evidence], some: Path) -> None:
    with filed(policy, some) as register, ThreadPoolExecutor(8) as pool:
        asked = [Query(sort=sort, page=n, size=9) for n in range(6) for sort in ("", "candidate", *policy.fields)]
        pages = [pool.submit(register.page, query) for query in asked]
        for one in people[:40]:
            register.enter_hinges([Hinges(one.candidate, {})])
        names = [(page.result().page, [r.candidate for r in page.result().rows]) for page in pages]
        assert names == [(p.page, [r.candidate for r in p.rows]) for p in map(register.page, asked)]


def test_the_folder_goes_with_the_register(policy: Policy, some: Path) -> None:
    with filed(policy, some) as register:
        folder = Path(register._folder.name)
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(sqlite3.Error):
        register.page(Query())


def test_a_policy_of_more_levels_than_bits_is_refused() -> None:
    class Wide:
        levels = tuple(("f", n) for n in range(BITS + 1))

    with pytest.raises(ItssError, match="at most 63 can be listed"):
        Columns(Wide())  # type: ignore[arg-type]
