"""Evidence in SQLite and PostgreSQL: the schema, reading and writing, other people's tables, and what goes wrong."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from itss_logic import Policy
from itss_logic.cli import cli
from itss_logic.errors import QuestionError
from itss_logic.evidence import Evidence, Refused
from itss_logic.intake.bundles import bundle_of, object_of
from itss_logic.intake.database_read import Database
from itss_logic.intake.database_write import DatabaseWriter
from itss_logic.intake.layout import Layout
from itss_logic.intake.schema import script
from itss_logic.web.filing import file_evidence
from itss_logic.web.register import Register
from tests import postgresql, test_category

SAMPLE = Path(__file__).parent / "data" / "sample-200.jsonl"

IDS = [
    *(
        "a",
        "B",
        "ä",
        "_",
        "A",
        "b",
        "Z",
        "z",
        "é",
        "e\u0301",
        "あ",
        "ｱ",
        "a ",
        " a",
        " ",
        "\t",
        "a\nb",
        "\r\n",
        "𝔘",
        "🙂",
    ),
    *("O'Brien", '"quoted"', "back\\slash", "'; DROP TABLE candidates; --", "%s", "%(x)s", ":name", "?", "$1", "{}"),
    *("null", "NULL", "\\N", "7", "007", "-", "\u202e", "\ue000", "\U00010000", "x" * 1024, "[1]", '["a", "b"]'),
]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def sample(policy: Policy) -> list[Evidence]:
    return [entry for entry in policy.read(str(SAMPLE)) if isinstance(entry, Evidence)]


@pytest.fixture(scope="module")
def decided(policy: Policy, sample: list[Evidence]) -> str:
    """What `itss evaluate` prints of the sample."""
    return "".join(json.dumps(one.as_json(), ensure_ascii=False) + "\n" for one in policy.evaluate(sample))


def connection(url: str) -> Any:
    """A connection of the DB-API that keeps what it is told at once."""
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    return psycopg.connect(url, autocommit=True)


def execute(url: str, *statements: str) -> None:
    with closing(connection(url)) as one:
        for statement in statements:
            one.execute(statement)


def make(url: str, layout: Layout) -> None:
    """Make the tables, by the printed schema."""
    with closing(connection(url)) as one:
        kind = "sqlite" if url.startswith("sqlite") else "postgresql"
        (one.executescript if kind == "sqlite" else one.execute)(script(layout, kind))


def write(url: str, layout: Layout, people: Iterable[Evidence]) -> None:
    with DatabaseWriter(url, layout) as writer:
        for one in people:
            writer.write(bundle_of(one, layout))


def entries(url: str, policy: Policy) -> list[Evidence | Refused]:
    return [entry for entry, _ in Database(url, policy.vocabulary).entries()]


def sound(url: str, policy: Policy) -> dict[str, str]:
    """The digests of all candidates, none of whom may be refused."""
    found = entries(url, policy)
    assert [one for one in found if isinstance(one, Refused)] == []
    assert len({one.candidate for one in found}) == len(found)
    return {one.candidate: one.digest for one in found if isinstance(one, Evidence)}


def refusals(url: str, policy: Policy) -> list[tuple[str, str, str]]:
    """The codes, places and messages of all refusals; places without the URL."""
    found = []
    for entry in entries(url, policy):
        for one in entry.refusals if isinstance(entry, Refused) else ():
            found.append((one.code, str(one.place).rpartition("/")[2].partition(":")[2], one.message))
    return found


# The schema.


def test_the_schema_is_printed_for_both_the_same_each_time() -> None:
    for dialect in ("sqlite", "postgresql"):
        first, second = (run("intake", "ddl", "--dialect", dialect) for _ in range(2))
        assert first.exit_code == 0
        assert first.output == second.output
        assert first.output.count("CREATE TABLE") == 13
    assert run("intake", "ddl").output.count("STRICT") == 13


C = "INSERT INTO candidates VALUES ('a')"
P = "INSERT INTO projects (candidate, id, field) VALUES ('a', 'p', 'hardware')"

BAD = [
    "INSERT INTO candidates VALUES (NULL)",
    "INSERT INTO candidates VALUES ('')",
    f"INSERT INTO candidates VALUES ('{'x' * 1025}')",
    "INSERT INTO candidates VALUES ('a')",
    "INSERT INTO exams (candidate, exam) VALUES ('b', 'ap')",
    "INSERT INTO exams (candidate, exam) VALUES ('a', 'bar')",
    "INSERT INTO exams (candidate, exam) VALUES ('a', NULL)",
    "INSERT INTO exams (candidate, exam, status) VALUES ('a', 'ap', 'perhaps')",
    "INSERT INTO exams (candidate, exam, status) VALUES ('a', 'ap', NULL)",
    f"INSERT INTO exams (candidate, exam, source) VALUES ('a', 'ap', '{'x' * 1025}')",
    "INSERT INTO exams (candidate, exam, status) VALUES ('a', 'ap', 'claimed'), ('a', 'ap', 'verified')",
    "INSERT INTO handles (candidate, field, component) VALUES ('a', 'hardware', 'middleware')",
    "INSERT INTO handles (candidate, field, component) VALUES ('a', 'facility_management', 'other')",
    "INSERT INTO handles (candidate, field, component) VALUES ('a', 'baking', 'other')",
    "INSERT INTO specialties (candidate, field, area, depth) VALUES ('a', 'software', 'facility_strategy', 'practice')",
    "INSERT INTO achievements (candidate, field, item, id) VALUES ('a', 'software', 'book', '')",
    "INSERT INTO projects (candidate, id, field) VALUES ('a', 'p', 'software')",
    "INSERT INTO projects (candidate, id, field, role) VALUES ('a', 'n', 'software', 'boss')",
    "INSERT INTO projects (candidate, id, field, sites) VALUES ('a', 'n', 'facility_management', 0)",
    "INSERT INTO projects (candidate, id, field, sites) VALUES ('a', 'n', 'facility_management', 1000000001)",
    "INSERT INTO projects (candidate, id, field, sites) VALUES ('a', 'n', 'hardware', 1)",
    "INSERT INTO projects (candidate, id, field, partial) VALUES ('a', 'n', 'hardware', FALSE)",
    "INSERT INTO projects_activities VALUES ('a', 'p', 'hardware', 'design')",
    "INSERT INTO projects_activities VALUES ('a', 'p', 'facility_management', 'design')",
    "INSERT INTO projects_activities VALUES ('a', 'p', NULL, 'design')",
    "INSERT INTO projects_activities VALUES ('a', 'n', 'hardware', 'maintenance')",
    "INSERT INTO projects_satisfies VALUES ('a', 'n', 'usability')",
    "INSERT INTO projects_satisfies VALUES ('a', 'p', 'beauty')",
    "INSERT INTO projects_components VALUES ('a', 'p', 'hardware', 'middleware')",
    "INSERT INTO projects_assignments VALUES ('a', 'p', 'hardware', 'users', 'specific_users')",
    "DELETE FROM candidates",
]
ONLY_SQLITE = [
    "INSERT INTO candidates VALUES ('b' || char(0) || 'c')",
    "INSERT INTO candidates VALUES (x'6162')",
    "INSERT INTO projects (candidate, id, field, success) VALUES ('a', 'n', 'software', 2)",
    "INSERT INTO projects (candidate, id, field, sites) VALUES ('a', 'n', 'facility_management', 1.5)",
]
GOOD = [
    "INSERT INTO exams (candidate, exam, source) VALUES ('a', 'ap', '')",
    "INSERT INTO handles (candidate, field, component) VALUES ('a', 'software', 'other')",
    "INSERT INTO projects (candidate, id, field, success) VALUES ('a', 'q', 'software', TRUE)",
    "INSERT INTO projects (candidate, id, field, sites) VALUES ('a', 'f', 'facility_management', 1000000000)",
    "INSERT INTO projects_activities VALUES ('a', 'p', 'hardware', 'maintenance')",
    "INSERT INTO projects_assignments VALUES ('a', 'p', 'hardware', 'users', 'wide_area')",
]


def test_the_schema_lets_nothing_in_that_the_vocabulary_refuses(url: str, layout: Layout, policy: Policy) -> None:
    make(url, layout)
    is_sqlite = url.startswith("sqlite")
    with closing(connection(url)) as one:
        one.execute("PRAGMA foreign_keys = ON" if is_sqlite else "SELECT 1")
        for statement in [C, P, *GOOD]:
            one.execute(statement)
        for statement in [*BAD, *(ONLY_SQLITE if is_sqlite else [])]:
            with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):  # noqa: PT012
                one.execute(statement)
                pytest.fail(statement)
    assert list(sound(url, policy)) == ["a"]


# Writing, and reading back.


def test_the_sample_comes_back_and_is_decided_the_same(
    url: str, layout: Layout, policy: Policy, sample: list[Evidence], decided: str
) -> None:
    write(url, layout, reversed(sample))
    assert sound(url, policy) == {one.candidate: one.digest for one in sample}
    again = run("evaluate", url, "--format", "jsonl")
    assert again.exit_code == 0
    results = [result for line in again.output.splitlines() for result in json.loads(line)["results"]]
    assert len(results) == 2_000
    assert again.output == decided


def hostile(policy: Policy) -> Iterator[Evidence]:
    """People whom ids of every kind are given, and references like them."""
    for at, id in enumerate(IDS):
        other = IDS[at - 1]
        value = {
            "candidate": id,
            "exams": [{"exam": "ap", "source": one} for one in (id, other, "", "[]", '["x"]', '[["x"]]', "[" + id[1:])],
            "leads_others": {"status": "claimed", "source": '["a", "b"]'},
            "fields": {
                "hardware": {
                    "achievements": [{"item": "book", "id": id}, {"item": "patent", "id": id, "status": "claimed"}],
                    "projects": [{"id": p, "activities": ["maintenance"], "source": id} for p in (id, other)],
                },
                "facility_management": {"projects": [{"id": f"{id[:1000]}.", "sites": at + 1, "success": at % 2 > 0}]},
            },
        }
        entry = policy.entry(value)
        assert isinstance(entry, Evidence), entry
        yield entry


def test_whatever_ids_are_like_they_come_back_in_the_order_of_bytes(url: str, layout: Layout, policy: Policy) -> None:
    people = list(hostile(policy))
    write(url, layout, people)
    found = sound(url, policy)
    assert found == {one.candidate: one.digest for one in people}
    assert list(found) == sorted(found, key=str.encode)
    result = run("intake", "sql", url)
    assert result.exit_code == 0
    told = [policy.entry(json.loads(line)) for line in result.output.split("\n") if line]
    assert told == entries(url, policy)
    assert [object_of(one, layout) for one in told if isinstance(one, Evidence)] == [
        json.loads(line) for line in result.output.split("\n") if line
    ]


def test_ids_that_a_server_has_no_room_for_refuse_their_candidate_alone(
    postgres: postgresql.Server, tmp_path: Path, policy: Policy
) -> None:
    url, chance = postgres.fresh(), random.Random(3)

    def text(size: int) -> str:
        """Text of so many bytes that cannot be packed."""
        characters = (chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(size // 3))
        return "".join(characters) + "x" * (size % 3)

    def achievement(candidate: str, id: str) -> dict[str, Any]:
        book = {"item": "book", "id": id}
        return {"candidate": candidate, "fields": {"hardware": {"achievements": [book]}}}

    # A key is an entry's head and its texts: each its bytes and their number, four bytes at places divisible by four.
    most = 2_704 - 8 - 4
    people: list[dict[str, Any]] = [
        {"candidate": text(most)},
        {"candidate": text(most + 1)},
        achievement(text(1_350), text(1_200)),
        achievement(text(1_350), text(1_350)),
        {"candidate": "last"},
    ]
    given = tmp_path / "people.jsonl"
    given.write_text("".join(json.dumps(one) + "\n" for one in people))
    result = run("export", given, "--as", "sql", "-o", url)
    assert result.exit_code == 1, result.output
    told = [line for line in result.output.splitlines() if "no_place" in line]
    assert len(told) == 2
    assert "its ids take 2705 bytes in a key of candidates, and PostgreSQL has room for 2704; shorten them" in told[0]
    assert "in a key of achievements" in told[1]
    assert "3 candidates written" in result.output
    assert set(sound(url, policy)) == {people[at]["candidate"] for at in (0, 2, 4)}
    assert run("export", given, "--as", "sql", "-o", f"sqlite:///{tmp_path}/all.db").exit_code == 0


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_an_sqlite_file_in_utf_16_is_read_in_its_own_order(
    encoding: str, tmp_path: Path, layout: Layout, policy: Policy
) -> None:
    url = f"sqlite:///{tmp_path}/people.db"
    execute(url, f"PRAGMA encoding = '{encoding}'", "CREATE TABLE other (x)")
    people = list(hostile(policy))
    write(url, layout, people)
    assert sound(url, policy) == {one.candidate: one.digest for one in people}


def test_a_server_in_another_encoding_is_read_as_well(
    postgres: postgresql.Server, layout: Layout, policy: Policy
) -> None:
    url = postgres.fresh("ENCODING 'EUC_JP' LOCALE 'C' LOCALE_PROVIDER libc")
    people = [policy.entry({"candidate": id, "exams": ["ap"]}) for id in ("a", "ｱ", "あ", "B", "漢", "é")]
    write(url, layout, [one for one in people if isinstance(one, Evidence)])
    assert list(sound(url, policy)) == ["B", "a", "é", "あ", "漢", "ｱ"]


def test_a_second_category_has_tables_of_its_own(url: str, tmp_path: Path) -> None:
    kb = test_category.beside_core(tmp_path / "kb", test_category.FILES)
    baking = Policy.load(kb=str(kb))
    assert "shifts_grains" in run("intake", "ddl", "--kb", kb).output
    people = [entry for entry in map(baking.entry, test_category.PEOPLE) if isinstance(entry, Evidence)]
    assert len(people) == len(test_category.PEOPLE)
    write(url, Layout(baking.vocabulary, wide=False), people)
    assert sound(url, baking) == {one.candidate: one.digest for one in people}
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        execute(url, "INSERT INTO shifts (candidate, field, name, loaves_baked) VALUES ('ann', 'bread', 's9', 501)")


def test_writing_is_all_or_nothing_and_never_over_what_is_there(
    url: str, layout: Layout, policy: Policy, sample: list[Evidence]
) -> None:
    with pytest.raises(KeyError), DatabaseWriter(url, layout) as writer:  # noqa: PT012
        writer.write(bundle_of(sample[0], layout))
        raise KeyError
    if url.startswith("sqlite"):
        assert not Path(url.removeprefix("sqlite:///")).exists()
    write(url, layout, sample[:2])
    with pytest.raises(QuestionError, match="the table candidates holds rows already, and nothing was written"):
        DatabaseWriter(url, layout)
    assert len(sound(url, policy)) == 2
    execute(url, *(f"DELETE FROM {table.name}" for table in reversed(layout.tables)), "DROP TABLE projects_components")
    writer = DatabaseWriter(url, layout)
    writer.write(bundle_of(sample[0], layout))
    writer.write(bundle_of(sample[0], layout))
    with pytest.raises(QuestionError, match=r"(?i)unique|duplicate"):
        writer.close()
    writer.close()
    assert sound(url, policy) == {}
    write(url, layout, sample[:3])
    assert len(sound(url, policy)) == 3


def test_tables_that_are_not_of_evidence_are_left_as_they_are(url: str, layout: Layout, sample: list[Evidence]) -> None:
    execute(url, "CREATE TABLE exams (candidate TEXT, passed TEXT)")
    with pytest.raises(QuestionError, match="the table exams there has no column exam, source, status: "):
        write(url, layout, sample[:2])
    execute(url, "INSERT INTO exams (candidate, passed) VALUES ('a', 'ap')", "DROP TABLE exams")
    execute(url, "CREATE TABLE exams (candidate TEXT, exam TEXT, status TEXT, source TEXT, note TEXT)")
    with pytest.raises(QuestionError, match="the table exams there has a column note: it is none of evidence"):
        write(url, layout, sample[:2])


def test_columns_in_another_order_get_what_is_theirs(url: str, layout: Layout, policy: Policy) -> None:
    execute(url, "CREATE TABLE exams (exam TEXT, source TEXT, candidate TEXT, status TEXT DEFAULT 'claimed')")
    one = policy.entry({"candidate": "E-1", "exams": [{"exam": "ap", "source": "s"}]})
    assert isinstance(one, Evidence)
    write(url, layout, [one])
    assert sound(url, policy) == {"E-1": one.digest}


def test_a_candidate_of_no_letters_is_nobody(url: str, layout: Layout, policy: Policy) -> None:
    execute(
        url, "CREATE TABLE candidates (candidate TEXT)", "CREATE TABLE exams (candidate TEXT, exam TEXT, status TEXT)"
    )
    execute(url, "INSERT INTO candidates VALUES ('E-1')", "INSERT INTO exams VALUES ('', 'ap', 'verified')")
    assert [(code, place) for code, place, _ in refusals(url, policy)] == [("missing_key", "exams.candidate")]
    assert [type(entry) for entry in entries(url, policy)] == [Refused]


# One snapshot.


def test_what_is_written_meanwhile_is_not_seen(
    url: str, layout: Layout, policy: Policy, sample: list[Evidence]
) -> None:
    sample = sample[:50]
    write(url, layout, sample)
    if url.startswith("sqlite"):
        execute(url, "PRAGMA journal_mode = WAL")
    found = Database(url, policy.vocabulary).entries()
    first = next(found)[0]
    last = sample[-1].candidate
    execute(
        url,
        *(f"DELETE FROM {table.name} WHERE candidate = '{last}'" for table in reversed(layout.tables)),
        "INSERT INTO candidates VALUES ('z')",
        f"INSERT INTO exams (candidate, exam) VALUES ('{sample[-2].candidate}', 'sc')",
    )
    rest = [entry for entry, _ in found]
    assert [first, *rest] == sample
    assert list(sound(url, policy)) == [*(one.candidate for one in sample[:-1]), "z"]


def test_a_connection_that_is_lost_ends_reading_in_one_line(
    postgres: postgresql.Server, layout: Layout, policy: Policy
) -> None:
    url = postgres.fresh()
    make(url, layout)
    execute(url, "INSERT INTO candidates SELECT 'c' || n FROM generate_series(1, 5000) n")
    found = Database(url, policy.vocabulary).entries()
    assert isinstance(next(found)[0], Evidence)
    with postgres.connect() as one:
        one.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [url.rpartition("/")[2]]
        )
    *_, (last, place) = found
    assert isinstance(last, Refused)
    [refusal] = last.refusals
    assert "reading ended before all was read" in refusal.message
    assert str(place) == url.replace(f":{postgresql.SHOWN}", "")


# What other people's tables hold.


def test_types_are_taken_where_they_are_clear(url: str, policy: Policy) -> None:
    is_sqlite = url.startswith("sqlite")
    number, truth = ("NUMERIC", "INTEGER") if is_sqlite else ("numeric(12, 2)", "boolean")
    key = "TEXT" if is_sqlite else "char(8)"
    execute(
        url,
        "CREATE TABLE candidates (candidate INTEGER)",
        f"CREATE TABLE projects (candidate {key}, id INTEGER, field {'TEXT' if is_sqlite else 'char(30)'}, "
        f"success TEXT, partial {truth}, sites {number}, floor_area_m2 TEXT, network_sites REAL)",
        f"CREATE TABLE projects_satisfies (candidate {key}, project TEXT, quality TEXT)",
        "INSERT INTO candidates VALUES (10), (9)",
        "INSERT INTO projects VALUES ('9', 1, 'facility_management', 'no', TRUE, 3.00, '0012', 7.0)",
        "INSERT INTO projects_satisfies VALUES ('9', '1', 'usability'), ('9', '1', 'usability')",
    )
    project = {"id": "1", "success": False, "partial": True, "sites": 3, "floor_area_m2": 12, "network_sites": 7}
    fields = {"facility_management": {"projects": [{**project, "satisfies": ["usability"]}]}}
    expected = [policy.entry({"candidate": "10"}), policy.entry({"candidate": "9", "fields": fields})]
    assert entries(url, policy) == expected


def test_what_is_not_clear_is_refused_where_it_stands(url: str, policy: Policy) -> None:
    is_sqlite = url.startswith("sqlite")
    execute(
        url,
        "CREATE TABLE candidates (candidate TEXT)",
        f"CREATE TABLE projects (candidate TEXT, id TEXT, field TEXT, role {'BLOB' if is_sqlite else 'bytea'}, "
        f"success INTEGER, sites {'NUMERIC' if is_sqlite else 'numeric'}, source {'BLOB' if is_sqlite else 'date'})",
        "CREATE TABLE projects_activities (candidate TEXT, project TEXT, field TEXT, activity TEXT)",
        "INSERT INTO candidates VALUES ('a'), ('b'), ('c'), ('c'), ('d'), ('f f')",
        "INSERT INTO projects VALUES ('a', 'p', 'hardware', "
        + ("x'00'" if is_sqlite else "'\\x00'")
        + ", 1, NULL, NULL)",
        "INSERT INTO projects VALUES ('b', 'p', 'facility_management', NULL, 2, 1.5, NULL)",
        "INSERT INTO projects VALUES ('d', 'p', 'hardware', NULL, NULL, 3, NULL)",
        "INSERT INTO projects VALUES ('f f', 'q,r', NULL, NULL, NULL, NULL, "
        + ("x'00'" if is_sqlite else "'2020-01-01'")
        + ")",
        "INSERT INTO projects_activities VALUES ('d', 'p', 'software', 'maintenance'), ('d', 'x', NULL, 'maintenance')",
        "INSERT INTO projects_activities VALUES ('e', 'p', NULL, 'maintenance')",
    )
    kind, other = ("bytes", "bytes") if is_sqlite else ("bytea", "date")
    found = refusals(url, policy)
    if not is_sqlite:
        found = [(code, place.partition(":")[2] or place, message) for code, place, message in found]
    assert [(code, place.rpartition(":")[2], message) for code, place, message in found] == [
        ("wrong_type", "projects[a, p].role", f"a cell of the type {kind} cannot be read as role"),
        ("wrong_type", "projects[b, p].success", "2 cannot be read as success"),
        ("bad_number", "projects[b, p].sites", "1.5 is not a whole number"),
        ("duplicate_candidate", "candidates[c].candidate", 'the candidate "c" stands twice among the candidates'),
        ("conflict", "projects_activities[d, p, maintenance].field", 'the project "p" is of another field, hardware'),
        (
            "unknown_project",
            "projects_activities[d, x, maintenance].project",
            'there is no project "x" of this candidate',
        ),
        ("unknown_value", "projects[d, p].sites", "sites is not used in hardware"),
        (
            "unknown_candidate",
            "projects_activities[e, p, maintenance].candidate",
            'there is no candidate "e" among the candidates',
        ),
        (
            "unknown_project",
            "projects_activities[e, p, maintenance].project",
            'there is no project "p" of this candidate',
        ),
        ("missing_key", 'projects["f f", "q,r"].field', "field is missing"),
        ("wrong_type", 'projects["f f", "q,r"].source', f"a cell of the type {other} cannot be read as source"),
    ]


def test_an_empty_status_is_refused_and_a_missing_column_means_verified(
    url: str, tmp_path: Path, policy: Policy
) -> None:
    execute(
        url,
        "CREATE TABLE candidates (candidate TEXT)",
        "CREATE TABLE exams (candidate TEXT, exam TEXT, status TEXT)",
        "CREATE TABLE leads_others (candidate TEXT)",
        "INSERT INTO candidates VALUES ('a'), ('b'), ('c')",
        "INSERT INTO exams VALUES ('a', 'ap', 'verified'), ('b', 'ap', NULL), ('c', 'ap', 'claimed')",
        "INSERT INTO leads_others VALUES ('a')",
    )
    empty = ("wrong_type", "the status is empty")
    assert [(code, message) for code, _, message in refusals(url, policy)] == [empty]
    [first, refused, _] = entries(url, policy)
    assert isinstance(first, Evidence)
    assert [str(fact) for fact in first.facts[1:]] == ['leads_others("a")', 'passed_exam("a",ap)']
    assert isinstance(refused, Refused)
    assert refused.refusals[0].place.path == "exams[b, ap].status"
    people = "candidates: SELECT candidate FROM candidates\nexams:\n  "
    for exams in (
        "select: SELECT candidate, exam, status FROM exams",
        "select: SELECT candidate, exam, 'x' AS status FROM exams WHERE candidate = 'b'\n  values: {status: {x: null}}",
    ):
        (tmp_path / "map.yaml").write_text(people + exams)
        result = run("intake", "sql", url, "--query", tmp_path / "map.yaml")
        assert result.exit_code == 1
        assert result.output.count("exams[b, ap].status: wrong_type: the status is empty") == 1


def test_a_candidate_that_is_none_refuses_all(url: str, policy: Policy) -> None:
    execute(
        url,
        "CREATE TABLE candidates (candidate TEXT)",
        "CREATE TABLE exams (candidate TEXT, exam TEXT)",
        "INSERT INTO candidates VALUES ('a')",
        "INSERT INTO exams VALUES ('a', 'ap'), (NULL, 'ap')",
    )
    [refused] = entries(url, policy)
    assert isinstance(refused, Refused)
    assert refused.candidate is None
    assert [one.message for one in refused.refusals] == [
        "there are candidates in exams that are empty: their evidence could be anybody's"
    ]
    result = run("check", url)
    assert result.exit_code == 2


@pytest.mark.parametrize("value", ["x'61'", "1.5", "NULL"])
def test_a_candidate_of_another_type_refuses_all_of_an_sqlite_file(value: str, tmp_path: Path, policy: Policy) -> None:
    url = f"sqlite:///{tmp_path}/people.db"
    execute(url, "CREATE TABLE candidates (candidate)", f"INSERT INTO candidates VALUES ('a'), (3), ({value}), ('b')")
    [refused] = entries(url, policy)
    assert isinstance(refused, Refused)
    assert refused.refusals[0].code == "missing_key"


def test_text_that_is_not_utf_8_is_refused_alone(tmp_path: Path, policy: Policy) -> None:
    url = f"sqlite:///{tmp_path}/people.db"
    execute(
        url,
        "CREATE TABLE candidates (candidate)",
        "CREATE TABLE exams (candidate, exam, source)",
        "INSERT INTO candidates VALUES ('a'), ('b'), (CAST(x'ff' AS TEXT)), (CAST(x'ee8080' AS TEXT))",
        "INSERT INTO exams VALUES ('b', 'ap', CAST(x'ff' AS TEXT)), (CAST(x'ff' AS TEXT), 'ap', NULL)",
    )
    found = entries(url, policy)
    assert [one.candidate for one in found] == ["a", "b", "\ue000", None]
    assert [one.candidate for one in found if isinstance(one, Refused)] == ["b", None]
    assert run("check", url).exit_code == 1


def test_tables_that_are_not_those_of_evidence(url: str, policy: Policy) -> None:
    execute(url, "CREATE TABLE people (id TEXT)")
    assert "there is no table candidates, but people" in refusals(url, policy)[0][2]
    execute(url, "CREATE TABLE candidates (candidate TEXT, name TEXT)", "CREATE TABLE exams (exam TEXT, status TEXT)")
    assert [message for _, _, message in refusals(url, policy)] == [
        "candidates has a column name, which is none of evidence",
        "exams has no column candidate",
    ]
    execute(
        url, "DROP TABLE candidates", "DROP TABLE exams", "CREATE VIEW candidates AS SELECT id AS candidate FROM people"
    )
    execute(url, "INSERT INTO people VALUES ('a')")
    result = run("check", url)
    assert result.exit_code == 0
    assert "passed over, named like no table of evidence: people" in result.output


def test_very_many_rows_of_a_candidate_are_refused(url: str, policy: Policy) -> None:
    execute(
        url,
        "CREATE TABLE candidates (candidate TEXT)",
        "CREATE TABLE achievements (candidate TEXT, field TEXT, item TEXT, id TEXT)",
        "INSERT INTO candidates VALUES ('a'), ('b')",
        "INSERT INTO achievements WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 12000) "
        "SELECT 'a', 'hardware', 'book', CAST(x AS TEXT) FROM n",
    )
    execute(
        url,
        "INSERT INTO candidates VALUES ('c')",
        "UPDATE achievements SET candidate = 'c', item = 'song' WHERE CAST(id AS INTEGER) <= 1500",
    )
    first, second, third = entries(url, policy)
    assert isinstance(third, Refused)
    assert (len(third.refusals), third.refusals[-1].code) == (1_001, "too_large")
    assert isinstance(first, Refused)
    assert (first.candidate, first.refusals[0].code) == ("a", "too_large")
    assert isinstance(second, Evidence)


# Tables of another shape.

HR = """
candidates: SELECT code AS candidate FROM staff
exams: >-
  SELECT staff.code AS candidate, passed.exam, passed.filed AS source
  FROM passed JOIN staff ON staff.id = passed.staff_id -- joined
projects:
  select: |
    WITH ours AS (SELECT * FROM work WHERE kind LIKE 'it%')
    SELECT who AS candidate, nr AS id, area AS "FIELD", part AS role, done AS success FROM ours;
  values:
    role: {LEAD: responsible, '3': member}
    field: {HW: hardware}
    success: {'yes': true, 'open': null}
"""


def staff(url: str) -> None:
    execute(
        url,
        "CREATE TABLE staff (id INTEGER, code TEXT)",
        "CREATE TABLE passed (staff_id INTEGER, exam TEXT, filed TEXT)",
        "CREATE TABLE work (who TEXT, nr INTEGER, area TEXT, part TEXT, done TEXT, kind TEXT)",
        "INSERT INTO staff VALUES (1, 'E-1'), (2, 'E-2')",
        "INSERT INTO passed VALUES (2, 'ap', 'shelf 9')",
        "INSERT INTO work VALUES ('E-1', 7, 'HW', 'LEAD', 'yes', 'it'), ('E-1', 8, 'HW', '3', 'open', 'it 2')",
        "INSERT INTO work VALUES ('E-1', 9, 'HW', 'LEAD', 'yes', 'garden')",
    )


def test_tables_of_another_shape_are_read_by_queries(url: str, tmp_path: Path) -> None:
    staff(url)
    (tmp_path / "hr.yaml").write_text(HR)
    result = run("intake", "sql", url, "--query", tmp_path / "hr.yaml", "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.output
    projects = [{"id": "7", "role": "responsible", "success": True}, {"id": "8", "role": "member"}]
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == [
        {"candidate": "E-1", "fields": {"hardware": {"projects": projects}}},
        {"candidate": "E-2", "exams": [{"exam": "ap", "source": "shelf 9"}]},
    ]


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        ("exams: SELECT 1", "hr.yaml: candidates is missing"),
        ("people: SELECT 1", "hr.yaml: people is no table of evidence"),
        ("candidates: DELETE FROM staff", "hr.yaml: candidates is no SELECT"),
        ("candidates: [1]", "hr.yaml: candidates is no query"),
        ("candidates: {select: SELECT 1, value: {}}", "hr.yaml: candidates.value cannot stand here"),
        ("candidates: {select: SELECT 1, values: {x: {}}}", "hr.yaml: candidates.values.x is no column"),
        ("candidates: {select: SELECT 1, values: {candidate: {}}}", "candidates.values.candidate cannot be mapped"),
        ("candidates: SELECT id FROM staff", "hr.yaml:$.candidates: unknown_key: candidates has a column id"),
        ("candidates: SELECT x FROM nowhere", "hr.yaml:$.candidates: syntax: candidates cannot be read"),
        ("candidates: SELECT id, code AS candidate FROM staff", "hr.yaml:$.candidates: unknown_key"),
        ("candidates: SELECT code AS candidate FROM staff) AS x; DROP TABLE staff; --", "hr.yaml:$.candidates: syntax"),
        ("candidates: SELECT code AS candidate FROM staff; DROP TABLE staff", "hr.yaml:$.candidates: syntax"),
        (
            "candidates: WITH x AS (DELETE FROM staff RETURNING code) SELECT code AS candidate FROM x",
            "$.candidates: syntax",
        ),
        ("candidates: SELECT code AS candidate, code AS candidate FROM staff", "hr.yaml:$.candidates: "),
    ],
)
def test_what_is_wrong_with_queries_is_told_where_it_stands(url: str, tmp_path: Path, yaml: str, told: str) -> None:
    staff(url)
    (tmp_path / "hr.yaml").write_text(yaml)
    result = run("intake", "sql", url, "--query", tmp_path / "hr.yaml")
    if isinstance(result.exception, QuestionError):
        assert told in str(result.exception)
    else:
        assert result.exit_code == 2
        assert told in result.output
        assert len(result.output.splitlines()) <= 3
    with closing(connection(url)) as one:
        assert one.execute("SELECT count(*) FROM staff").fetchone() == (2,)


def test_a_value_for_blanks_is_for_no_other_cell(url: str, tmp_path: Path) -> None:
    kind = "BLOB" if url.startswith("sqlite") else "FLOAT8"
    execute(url, f"CREATE TABLE p (nm TEXT, st TEXT, n {kind})", "INSERT INTO p VALUES ('E-1', 'checked', 5.0)")
    execute(url, "INSERT INTO p VALUES ('E-2', '', 2.5)")
    (tmp_path / "q.yaml").write_text("""candidates: SELECT nm AS candidate FROM p
projects:
  select: SELECT nm AS candidate, 'a' AS id, 'facility_management' AS field, n AS sites, st AS status FROM p
  values: {sites: {'': null}, status: {checked: verified, '': claimed}}
""")
    result = run("intake", "sql", url, "--query", tmp_path / "q.yaml")
    assert result.exit_code == 1
    assert '"sites": 5' in result.stdout
    assert "projects[E-2, a].sites: bad_number: 2.5 is not a whole number" in result.stderr


def test_an_unknown_value_is_refused_as_it_stands(url: str, tmp_path: Path) -> None:
    staff(url)
    (tmp_path / "hr.yaml").write_text(HR.replace("LEAD: responsible", "BOSS: responsible"))
    result = run("intake", "sql", url, "--query", tmp_path / "hr.yaml")
    assert result.exit_code == 1
    assert "projects[E-1, 7].role: unknown_value: LEAD is not a known role" in result.output


def test_the_pages_take_tables_as_well(
    url: str, layout: Layout, policy: Policy, sample: list[Evidence], capsys: pytest.CaptureFixture[str]
) -> None:
    execute(url, "CREATE TABLE candidates (candidate TEXT)", "CREATE TABLE exams (candidate TEXT, exam TEXT)")
    execute(url, "INSERT INTO candidates VALUES ('a'), ('b')", "INSERT INTO exams VALUES ('a', 'ap'), ('b', 'bar')")
    with Register(policy) as register:
        file_evidence(policy, {}, [url], None, 1, register)
        stored = register.stored("a")
        assert stored is not None
        assert [stored.unpack(policy.vocabulary)] == [policy.entry({"candidate": "a", "exams": ["ap"]})]
        [refusal] = register.refusals
    assert str(refusal.place).endswith(":exams[b, bar].exam")
    assert str(refusal) in capsys.readouterr().err
    assert postgresql.SHOWN not in str(refusal)


# URLs.


def itss(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "itss_logic", *arguments], capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_a_wrong_url_is_one_clear_line_without_the_password(postgres: postgresql.Server, tmp_path: Path) -> None:
    secret = "geheim"
    (tmp_path / "text.db").write_text("no tables " * 1_000)
    for url, told in [
        (postgres.url("nowhere"), 'database "nowhere" does not exist'),
        (postgres.url("postgres", password=secret), "password authentication failed"),
        (f"postgresql://u:{secret}@127.0.0.1:1/x", "Connection refused"),
        (f"postgresql://u:a@{secret}@127.0.0.1/x", "the URL cannot be read"),
        (f"postgresql://u:{secret}@127.0.0.1:port/x", "the URL cannot be read"),
        (f"postgresql+psycopg2://u:{secret}@127.0.0.1/x", "no such URL is read"),
        (f"postgresql://127.0.0.1:1/x?password={secret}&sslpassword={secret}", "Connection refused"),
        (f"sqlite:///{tmp_path}/none.db", "there is no such file"),
        (f"sqlite:///{tmp_path}/text.db", "file is not a database"),
        ("sqlite://", "the URL names no file"),
        ("sqlite:///:memory:", "the URL names no file"),
        (f"sqlite:///{tmp_path}", "there is no such file"),
    ]:
        result = run("intake", "sql", url)
        assert isinstance(result.exception, QuestionError), url
        assert result.output == ""
        [line] = str(result.exception).splitlines()
        assert told in line
        assert secret not in line
        assert postgresql.SHOWN not in line
        assert postgresql.PASSWORD not in line
    assert not (tmp_path / "none.db").exists()
    whole = itss("evaluate", postgres.url("postgres", password=secret))
    assert (whole.returncode, whole.stdout, secret in whole.stderr) == (2, "", False)
    assert whole.stderr.startswith("error: postgresql://tester@127.0.0.1:")


def test_places_and_answers_show_no_password(postgres: postgresql.Server) -> None:
    url = postgres.fresh()
    execute(url, "CREATE TABLE candidates (candidate TEXT)", "CREATE TABLE other (x TEXT)")
    execute(url, "CREATE TABLE exams (candidate TEXT, exam TEXT)")
    execute(url, "INSERT INTO candidates VALUES ('a'), ('b')", "INSERT INTO exams VALUES ('a', 'bar')")
    for command in (["check", "--format", "json"], ["evaluate", "--format", "json"]):
        result = itss(command[0], url, *command[1:])
        assert result.returncode == 1
        told = result.stdout + result.stderr
        assert f"postgresql://tester@127.0.0.1:{postgres.port}/" in told
        assert postgresql.SHOWN not in told
        assert postgresql.PASSWORD not in told
