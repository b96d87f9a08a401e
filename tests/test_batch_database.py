"""`itss batch` from tables, and into tables: order, kills and resumes, what is refused, and no password anywhere."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from itss_logic import Policy
from itss_logic.evidence import Evidence
from itss_logic.intake.bundles import bundle_of
from itss_logic.intake.csv_tables import CsvWriter
from itss_logic.intake.layout import Layout
from tests import postgresql
from tests.test_batch_run import batch, error_of, killed_after, start, wait_for
from tests.test_database import SAMPLE, connection, execute, make, write

SECRETS = (postgresql.SHOWN, postgresql.PASSWORD)


on_a_server = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
in_a_file = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""For what is the same code for both."""


@pytest.fixture(scope="module")
def some(policy: Policy) -> list[Evidence]:
    found = [entry for entry in policy.read(str(SAMPLE)) if isinstance(entry, Evidence)]
    return found[:30]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence in some twenty blocks, with what is refused in several."""
    lines = SAMPLE.read_bytes().splitlines(keepends=True)[:30]
    lines[10:10] = [b"{nothing\n", b"\n"]
    lines[25:25] = [b'{"candidate": "wrong", "exams": ["bar exam"]}\n', lines[3]]
    path = tmp_path_factory.mktemp("people") / "people.jsonl"
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(scope="module")
def lines(some: list[Evidence], policy: Policy) -> list[str]:
    """What the candidates come to, one a line."""
    return [json.dumps(one.as_json(), ensure_ascii=False) for one in policy.evaluate(some)]


def folder_of(url: str, where: Path) -> Path:
    """The work folder of a run into tables that was started in a folder, without its suffix."""
    if url.startswith("sqlite"):
        return Path(f"{os.path.realpath(url.removeprefix('sqlite:///'))}.itss_verdicts")
    return where / f"{url.rpartition('/')[2]}.itss_verdicts"


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(connection(url)) as one:
        return [tuple(row) for row in one.execute(statement).fetchall()]


def results(url: str) -> list[tuple[Any, ...]]:
    """All results of runs that are whole, in order, without the number of the run."""
    found = rows(
        url,
        "SELECT place, candidate, field, level, verdict, routes, unmet, highest, evidence FROM itss_verdicts "
        "JOIN itss_verdicts_runs USING (run) WHERE finished IS NOT NULL ORDER BY run, place, field, level",
    )
    lists = [tuple(json.loads(one) if isinstance(one, str) else one for one in row[5:7]) for row in found]
    return [(*row[:5], *pair, *row[7:]) for row, pair in zip(found, lists, strict=True)]


def expected(lines: list[str]) -> list[tuple[Any, ...]]:
    found = []
    for place, line in enumerate(lines):
        answer = json.loads(line)
        found += [
            (
                *(place, answer["candidate"], one["field"], one["level"], one["verdict"], one["routes"], one["unmet"]),
                *(answer["highest"][one["field"]], answer["evidence"]),
            )
            for one in sorted(answer["results"], key=lambda one: (one["field"], one["level"]))
        ]
    return found


# From tables.


def test_verdicts_from_tables_are_those_from_lines_in_the_order_of_ids(
    url: str, tmp_path: Path, layout: Layout, some: list[Evidence], lines: list[str]
) -> None:
    write(url, layout, reversed(some))
    is_plain = url.startswith("sqlite")
    code, errors = batch(url, "-o", tmp_path / "out.jsonl", "--jobs", 2 if is_plain else 1, plain=is_plain)
    assert (code, "30 candidates decided, 0 refused" in errors) == (0, True), errors
    assert ("30 decided plainly" in errors) == is_plain
    assert (tmp_path / "out.jsonl").read_text().splitlines() == lines
    assert not any(secret in errors for secret in SECRETS)


def test_a_folder_of_csv_is_read_as_well(
    tmp_path: Path, policy: Policy, some: list[Evidence], lines: list[str]
) -> None:
    wide = Layout(policy.vocabulary, wide=True)
    writer = CsvWriter(str(tmp_path / "tables"), wide)
    for one in some:
        writer.write(bundle_of(one, wide))
    writer.close()
    with (tmp_path / "tables" / "exams.csv").open("a") as file:
        file.write(f"{some[7].candidate},bar,,\r\n")
    rejects = tmp_path / "rejects.jsonl"
    code, errors = batch(tmp_path / "tables", "-o", tmp_path / "out.jsonl", "--rejects", rejects, "--jobs", 1)
    assert code == 1, errors
    assert (tmp_path / "out.jsonl").read_text().splitlines() == [*lines[:7], *lines[8:]]
    [line] = map(json.loads, rejects.read_text().splitlines())
    [refusal] = line["refusals"]
    assert (line["file"], line["line"], line["candidate"]) == (str(tmp_path / "tables"), None, some[7].candidate)
    assert refusal["file"] == str(tmp_path / "tables" / "exams.csv")
    assert (refusal["code"], refusal["path"]) == ("unknown_value", "exam")
    assert refusal["line"] > 1


def loose(url: str) -> None:
    """Tables without constraints, with what is refused in them."""
    execute(
        url,
        "CREATE TABLE candidates (candidate TEXT)",
        "CREATE TABLE exams (candidate TEXT, exam TEXT)",
        "CREATE TABLE projects (candidate TEXT, id TEXT, field TEXT, sites INTEGER)",
        *(f"INSERT INTO candidates VALUES ('{letter}{n:03}')" for letter in "ab" for n in range(50)),
        "INSERT INTO exams SELECT candidate, 'ap' FROM candidates",
        "INSERT INTO projects SELECT candidate, 'p 1', 'facility_management', 3 FROM candidates",
        "UPDATE projects SET sites = -1 WHERE candidate = 'a007'",
        "UPDATE exams SET exam = 'bar' WHERE candidate = 'b001'",
        "INSERT INTO exams VALUES ('nobody', 'ap')",
    )


def test_rejects_name_table_key_and_column(url: str, tmp_path: Path) -> None:
    loose(url)
    rejects = tmp_path / "rejects.jsonl"
    code, errors = batch(url, "-o", tmp_path / "out.csv", "--rejects", rejects, "--jobs", 1, block=2_000)
    assert code == 1, errors
    told = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(one["candidate"], one["refusals"][0]["code"], one["refusals"][0]["path"]) for one in told] == [
        ("a007", "bad_number", 'projects[a007, "p 1"].sites'),
        ("b001", "unknown_value", "exams[b001, bar].exam"),
        ("nobody", "unknown_candidate", "exams[nobody, ap].candidate"),
    ]
    shown = url.replace(f":{postgresql.SHOWN}", "")
    assert {one["refusals"][0]["file"] for one in told} == {shown}
    assert not any(secret in rejects.read_text() + errors for secret in SECRETS)


@on_a_server
def test_a_candidate_who_came_before_is_refused(url: str, tmp_path: Path, layout: Layout, some: list[Evidence]) -> None:
    write(url, layout, some)
    output, rejects = tmp_path / "out.jsonl", tmp_path / "rejects.jsonl"
    one = tmp_path / "one.jsonl"
    one.write_text(json.dumps({"candidate": some[20].candidate}) + "\n")
    code, errors = batch(one, url, "-o", output, "--rejects", rejects, "--jobs", 2)
    assert code == 1, errors
    [told] = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert (told["candidate"], told["refusals"][0]["code"]) == (some[20].candidate, "duplicate_candidate")
    assert told["refusals"][0]["path"] == f"candidates[{some[20].candidate}].candidate"


def test_a_run_from_tables_goes_on_unless_they_changed(
    url: str, tmp_path: Path, layout: Layout, some: list[Evidence], lines: list[str]
) -> None:
    write(url, layout, some)
    output = tmp_path / "out.jsonl"
    killed_after(3, output, url, "-o", output, "--jobs", 2)
    kept = tmp_path / "kept"
    shutil.copytree(f"{output}.part", kept)
    notes = "".join((kept / name).read_text(errors="replace") for name in os.listdir(kept))
    assert not any(secret in notes for secret in SECRETS)
    code, errors = batch(url, "-o", output, "--resume", "--jobs", 1)
    assert (code, "going on after" in errors) == (0, True), errors
    assert output.read_text().splitlines() == lines
    shutil.copytree(kept, f"{output}.part")
    execute(url, f"DELETE FROM leads_others WHERE candidate = '{some[0].candidate}'")
    execute(url, f"INSERT INTO exams (candidate, exam) VALUES ('{some[0].candidate}', 'sc')")
    code, errors = batch(url, "-o", output, "--resume", "--jobs", 1)
    assert (code, "changed since the run began" in error_of(errors)) == (2, True)
    assert not any(secret in errors for secret in SECRETS)


def test_what_cannot_be_read_is_one_clear_line(postgres: postgresql.Server, tmp_path: Path) -> None:
    for url, told in [
        (postgres.url("postgres", password="geheim"), "password authentication failed"),
        (f"sqlite:///{tmp_path}/none.db", "there is no such file"),
        (f"sqlite:///{SAMPLE}", "file is not a database"),
    ]:
        code, errors = batch(url, "-o", tmp_path / "out.jsonl", "--jobs", 2)
        assert code == 2
        assert told in error_of(errors)
        assert "geheim" not in errors
    assert os.listdir(tmp_path) == []
    code, errors = batch(url, "-o", tmp_path / "out", "--cluster", "local")
    assert (code, "tables are not read on a cluster" in error_of(errors)) == (2, True)
    code, errors = batch(SAMPLE, "-o", f"sqlite:///{tmp_path}/v.db", "--cluster", "local")
    assert (code, "from a single machine alone" in error_of(errors)) == (2, True)


# Into tables.


@pytest.fixture(scope="module")
def undisturbed(people: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[tuple[Any, ...]], bytes]:
    """The results and rejects of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    url, rejects = f"sqlite:///{folder}/v.db", folder / "rejects.jsonl"
    code, errors = batch(people, "-o", url, "--rejects", rejects, "--jobs", 1, "--verify-sample", 20)
    assert code == 1, errors
    assert sorted(os.listdir(folder)) == ["rejects.jsonl", "v.db"]
    return results(url), rejects.read_bytes()


def test_the_rows_are_what_evaluate_says(
    url: str, people: Path, tmp_path: Path, lines: list[str], undisturbed: tuple[list[tuple[Any, ...]], bytes]
) -> None:
    for jobs, block in ((1, None), (2, 8_192)):
        code, errors = batch(people, "-o", url, "--jobs", jobs, block=block, cwd=tmp_path)
        assert code == 1, errors
    assert results(url) == 2 * expected(lines)
    assert undisturbed[0] == expected(lines)
    runs = (
        "SELECT run, category, candidates, refused, finished IS NOT NULL, started <= finished FROM itss_verdicts_runs"
    )
    assert rows(url, f"{runs} ORDER BY run") == [
        (run, "customer_service", 30, 3, *(2 * [url.startswith("p") or 1])) for run in (1, 2)
    ]
    assert rows(url, "SELECT count(DISTINCT mark), count(DISTINCT policy) FROM itss_verdicts_runs") == [(2, 1)]
    told = rows(url, "SELECT * FROM itss_verdicts_runs")
    assert not any(secret in f"{told}{errors}" for secret in SECRETS)
    assert not folder_of(url, tmp_path).with_suffix(".part").exists()


def test_a_run_that_is_finished_is_not_written_twice(url: str, people: Path, tmp_path: Path) -> None:
    given = tmp_path / "people.jsonl"
    shutil.copy(people, given)
    first = batch(given, "-o", url, "--resume", "--jobs", 1, cwd=tmp_path)
    assert first[0] == 1
    for _ in range(2):
        code, errors = batch(given, "-o", url, "--resume", "--jobs", 1, cwd=tmp_path)
        assert code == 1, errors  # As before: some are refused.
        assert "table itss_verdicts: run 1 of the same is finished; nothing is written" in errors
        assert "30 candidates decided, 3 refused" in errors
        assert "nothing was left to decide" in errors
        table = first[1][first[1].index("attained") :].partition("\n\n")[0]
        assert table in errors
        assert rows(url, "SELECT count(*) FROM itss_verdicts_runs") == [(1,)]
    assert not folder_of(url, tmp_path).with_suffix(".part").exists()
    given.write_bytes(people.read_bytes().replace(b'"ap"', b'"sc"', 1))  # As long as before.
    code, errors = batch(given, "-o", url, "--resume", "--jobs", 1, cwd=tmp_path)
    assert (code, "is finished" in errors) == (1, False), errors
    code, errors = batch(given, "-o", url, "--resume", "--jobs", 1, "--verify-sample", 0, cwd=tmp_path)
    assert (code, "is finished" in errors) == (1, False), errors
    assert rows(url, "SELECT count(*) FROM itss_verdicts_runs WHERE finished IS NOT NULL") == [(3,)]
    select = (Path(__file__).parent.parent / "README.md").read_text().partition("SELECT candidate, field, level")[2]
    newest = "SELECT candidate, field, level" + select.partition("```")[0]
    assert sorted(rows(url, newest)) == sorted(row[1:5] for row in results(url)[600:])


@pytest.mark.parametrize(
    ("table", "columns"),
    [("itss_verdicts", "run INTEGER, x TEXT"), ("itss_verdicts_runs", "id TEXT"), ("itss_verdicts_chunks", "run TEXT")],
)
def test_tables_of_somebody_else_are_left_alone(
    url: str, people: Path, tmp_path: Path, table: str, columns: str
) -> None:
    execute(url, f"CREATE TABLE {table} ({columns})")
    is_sqlite = url.startswith("sqlite")
    names = (
        "SELECT name FROM sqlite_master"
        if is_sqlite
        else "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    code, errors = batch(people, "-o", url, "--jobs", 1, cwd=tmp_path)
    assert code == 2
    assert f"there is a table {table} already that is none of results, and nothing was made" in error_of(errors)
    assert "--resume" not in errors
    assert rows(url, names) == [(table,)]
    assert not any(name.endswith(".part") for name in os.listdir(tmp_path))


def killed_into(url: str, blocks: int, where: Path, *arguments: object) -> None:
    killed_after(blocks, folder_of(url, where), *arguments, "-o", url, cwd=where)


@pytest.fixture
def agrees(
    url: str, people: Path, tmp_path: Path, undisturbed: tuple[list[tuple[Any, ...]], bytes]
) -> Callable[[], None]:
    """Goes on with a run that was killed, and sees that nothing is there twice or missing."""

    def go_on() -> None:
        rejects = tmp_path / "rejects.jsonl"
        arguments = ("--rejects", rejects, "--verify-sample", 20, "--resume")
        code, errors = batch(people, "-o", url, *arguments, "--jobs", 1, cwd=tmp_path)
        assert code == 1, errors
        assert results(url) == undisturbed[0]
        assert rejects.read_bytes() == undisturbed[1]
        numbers = rows(url, "SELECT number FROM itss_verdicts_chunks ORDER BY number")
        assert numbers == [(number,) for number in range(len(numbers))]
        assert rows(url, "SELECT sum(candidates) FROM itss_verdicts_chunks") == [(30,)]

    return go_on


def arguments(people: Path, tmp_path: Path) -> tuple[object, ...]:
    return people, "--rejects", tmp_path / "rejects.jsonl", "--verify-sample", 20


def test_a_run_killed_again_and_again_comes_to_the_same(
    url: str, people: Path, tmp_path: Path, agrees: Callable[[], None]
) -> None:
    chance = random.Random(7)
    blocks = 0
    for _ in range(3):
        blocks += chance.randint(1, 3)
        killed_into(url, blocks, tmp_path, *arguments(people, tmp_path), "--resume", "--jobs", 2)
    agrees()


@on_a_server
def test_what_the_journal_lacks_is_taken_from_the_tables(
    url: str, people: Path, tmp_path: Path, agrees: Callable[[], None]
) -> None:
    killed_into(url, 5, tmp_path, *arguments(people, tmp_path), "--jobs", 1)
    work = Path(f"{folder_of(url, tmp_path)}.part")
    journal = (work / "journal").read_bytes().splitlines(keepends=True)
    (work / "journal").write_bytes(b"".join(journal[:-2]))
    agrees()


@in_a_file
def test_a_work_folder_that_is_lost_is_made_anew(
    url: str, people: Path, tmp_path: Path, agrees: Callable[[], None]
) -> None:
    killed_into(url, 5, tmp_path, *arguments(people, tmp_path), "--jobs", 1)
    shutil.rmtree(f"{folder_of(url, tmp_path)}.part")
    code, errors = batch(*arguments(people, tmp_path), "-o", url, cwd=tmp_path)
    assert code == 2
    assert "an earlier run is not finished; go on with --resume, or delete it" in error_of(errors)
    assert results(url) == []
    agrees()


@on_a_server
def test_tables_that_lack_what_the_journal_has_decide(
    url: str, people: Path, tmp_path: Path, agrees: Callable[[], None]
) -> None:
    killed_into(url, 5, tmp_path, *arguments(people, tmp_path), "--jobs", 1)
    [(last,)] = rows(url, "SELECT max(number) FROM itss_verdicts_chunks")
    [(before,)] = rows(url, f"SELECT sum(candidates) FROM itss_verdicts_chunks WHERE number < {last - 1}")
    execute(
        url,
        f"DELETE FROM itss_verdicts_chunks WHERE number >= {last - 1}",
        f"DELETE FROM itss_verdicts WHERE place >= {before}",
    )
    agrees()


@on_a_server
def test_another_input_is_no_way_to_go_on(url: str, people: Path, tmp_path: Path) -> None:
    changed = tmp_path / "people.jsonl"
    shutil.copy(people, changed)
    killed_into(url, 3, tmp_path, changed, "--jobs", 1)
    text = changed.read_bytes()
    for other in (text.replace(b'"ap"', b'"sc"', 1), text[: len(text) // 20]):
        changed.write_bytes(other)
        code, errors = batch(changed, "-o", url, "--resume", "--jobs", 1, cwd=tmp_path)
        assert (code, "changed since the run began" in error_of(errors)) == (2, True)
    changed.write_bytes(text)
    code, errors = batch(changed, "-o", url, "--resume", "--reading", "two_sites=small", cwd=tmp_path)
    assert (code, "--reading is not what the unfinished run began with" in error_of(errors)) == (2, True)


def test_two_runs_into_one_table_at_a_time_are_refused(url: str, people: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    process = start(people, "-o", url, "--jobs", 1, cwd=tmp_path)
    work = folder_of(url, tmp_path)
    wait_for(lambda: Path(f"{work}.part/journal").exists() and os.path.getsize(f"{work}.part/journal") > 0, process)
    process.send_signal(signal.SIGSTOP)
    try:
        code, errors = batch(people, "-o", url, "--resume", "--jobs", 1, cwd=other)
        assert (code, "another run is writing it" in error_of(errors)) == (2, True)
        assert not any(secret in errors for secret in SECRETS)
        code, errors = batch(people, "-o", url, "--table", "others", "--jobs", 1, "--verify-sample", 0, cwd=other)
        assert code == 1, errors
    finally:
        process.send_signal(signal.SIGCONT)
        process.communicate()
    assert process.returncode == 1
    assert rows(url, "SELECT count(*) FROM others") == [(300,)]
    assert len(results(url)) == 300


def test_results_stand_beside_the_evidence_on_a_server(
    postgres: postgresql.Server, tmp_path: Path, layout: Layout, some: list[Evidence], lines: list[str]
) -> None:
    url = postgres.fresh()
    write(url, layout, some)
    code, errors = batch(url, "-o", url, "--jobs", 2, cwd=tmp_path)
    assert code == 0, errors
    assert results(url) == expected(lines)
    code, errors = batch(url, "-o", tmp_path / "out.jsonl", "--jobs", 1, cwd=tmp_path)
    assert (code, "passed over" in errors) == (0, False), errors


def test_a_file_of_sqlite_is_input_or_output(tmp_path: Path, layout: Layout, some: list[Evidence]) -> None:
    url = f"sqlite:///{tmp_path}/people.db"
    make(url, layout)
    os.symlink(tmp_path / "people.db", tmp_path / "same.db")
    code, errors = batch(url, "-o", f"sqlite:///{tmp_path}/same.db")
    assert (code, "cannot be written as well" in error_of(errors)) == (2, True)
    for wrong in ("a b", "x" * 41):
        code, errors = batch(SAMPLE, "-o", f"sqlite:///{tmp_path}/v.db", "--table", wrong)
        assert (code, "name the table with letters" in error_of(errors)) == (2, True)
    code, errors = batch(SAMPLE, "-o", f"sqlite:///{tmp_path}/v.db", "--table", "Exams")
    assert (code, "--table: Exams is a table of evidence; name another" in error_of(errors)) == (2, True)
    code, errors = batch(SAMPLE, "-o", tmp_path / "v.csv", "--table", "x")
    assert (code, "the output is a file" in error_of(errors)) == (2, True)
    assert sorted(os.listdir(tmp_path)) == ["people.db", "same.db"]


def test_rejects_and_results_are_not_written_over_what_is_read_or_holds_results(
    some: list[Evidence], layout: Layout, people: Path, tmp_path: Path
) -> None:
    evidence, results = f"sqlite:///{tmp_path}/in.db", f"sqlite:///{tmp_path}/out.db"
    write(evidence, layout, some)
    wide = Layout(layout.vocabulary, wide=True)
    tables = CsvWriter(str(tmp_path / "tables"), wide)
    for body in some:
        tables.write(bundle_of(body, wide))
    tables.close()
    assert batch(people, "-o", results, "--rejects", tmp_path / "rejects.jsonl", "--jobs", 1)[0] == 1
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for given, output, rejects in [
        (people, results, tmp_path / "out.db"),
        (evidence, tmp_path / "o.jsonl", tmp_path / "in.db"),
        (tmp_path / "tables", tmp_path / "o.jsonl", tmp_path / "tables" / "exams.csv"),
        (tmp_path / "tables", tmp_path / "tables" / "exams.csv", tmp_path / "r.jsonl"),
    ]:
        code, errors = batch(given, "-o", output, "--rejects", rejects, "--jobs", 1)
        assert (code, "cannot be written as well" in error_of(errors)) == (2, True), errors
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
