"""`itss summary` and `itss compare`: counts over result files of every form, and whose verdicts differ between two."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itss_logic.cli import cli
from itss_logic.cli_results import compare, summary
from itss_logic.errors import ItssError, QuestionError

duckdb = pytest.importorskip("duckdb")

DATA = Path(__file__).parent / "data"
PEOPLE = DATA / "sample-200.jsonl"
EXPECTED = DATA / "sample-200.expected.jsonl"
REACHED = ("attained", "deemed")

COMMANDS = {"summary": summary, "compare": compare}

Answers = list[dict[str, Any]]


def run(command: str, *arguments: object, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(COMMANDS.get(command, cli), [str(a) for a in arguments], input=stdin)


def told(command: str, *arguments: object, stdin: str | None = None) -> dict[str, Any]:
    result = run(command, *arguments, "--format", "json", stdin=stdin)
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def evaluated(*options: str, people: Path = PEOPLE) -> str:
    return run("evaluate", "evaluate", people, *options).stdout


@pytest.fixture(scope="module")
def text() -> str:
    return evaluated("--format", "jsonl")


@pytest.fixture
def lines(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "results.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def answers(text: str) -> Answers:
    return [json.loads(line) for line in text.splitlines()]


def written(answers: Answers, path: Path) -> Path:
    path.write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")
    return path


def parquet(answers: Answers, path: Path, about: dict[str, Any] | str | None = None) -> Path:
    """The long form, written by what reads lists of rows."""
    rows = [
        (a["candidate"], r["field"], r["level"], r["verdict"], r["routes"], r["unmet"])
        for a in answers
        for r in a["results"]
    ]
    columns = list(zip(*rows, strict=True))
    kinds = ["varchar", "varchar", "integer", "varchar", "varchar[]", "varchar[]"]
    names = ["candidate", "field", "level", "verdict", "routes", "unmet"]
    unnested = ", ".join(f"unnest(?::{kind}[]) as {name}" for name, kind in zip(names, kinds, strict=True))
    note = about if isinstance(about, str) else json.dumps(about)
    quoted = note.replace("'", "''")
    metadata = "" if about is None else f", kv_metadata {{itss: '{quoted}'}}"
    with duckdb.connect() as connection:
        connection.execute(f"create table long as select {unnested}", [list(column) for column in columns])
        target = path.with_name("written.parquet")
        connection.execute(f"copy long to '{target}' (format parquet{metadata})")
    target.rename(path)
    return path


def about(answers: Answers, **others: Any) -> dict[str, Any]:
    first = answers[0]
    return {
        "category": first["category"],
        "policy": first["policy"],
        "changes": [],
        "readings": first["readings"],
        "input": "sha256:1",
        "candidates": len(answers),
        "refused": 0,
        "version": "0",
        **others,
    }


def counted(found: dict[str, Any]) -> dict[tuple[str, int, str], int]:
    return {
        (field, int(level), verdict): number
        for field, levels in found["counts"].items()
        for level, verdicts in levels.items()
        for verdict, number in verdicts.items()
        if number
    }


def check_numbers(found: dict[str, Any], answers: Answers) -> None:
    """Against a count of its own."""
    results = [(a["candidate"], r) for a in answers for r in a["results"]]
    assert found["candidates"] == len(answers)
    assert counted(found) == Counter((r["field"], r["level"], r["verdict"]) for _, r in results)
    totals = Counter((r["field"], r["level"]) for _, r in results)
    for (field, level, verdict), number in counted(found).items():
        share = found["shares"][field][str(level)][verdict]
        assert share == pytest.approx(number / totals[field, level], abs=1e-6)
    for field, tops in found["highest"].items():
        best = Counter(
            max((r["level"] for r in a["results"] if r["field"] == field and r["verdict"] in REACHED), default=None)
            for a in answers
            if any(r["field"] == field for r in a["results"])
        )
        assert {name: n for name, n in tops.items() if n} == {str(t or "none"): n for t, n in best.items()}
    alone = [r for _, r in results if r["verdict"] not in REACHED and len(r["unmet"]) == 1]
    soles = Counter((r["field"], r["level"], r["unmet"][0]) for r in alone)
    pending = Counter((r["field"], r["level"], r["unmet"][0]) for r in alone if r["verdict"] == "pending")
    given = found["sole_unmet"]
    assert {(s["field"], s["level"], s["criterion"]): s["candidates"] for s in given} == soles
    assert {(s["field"], s["level"], s["criterion"]): s["pending"] for s in given if s["pending"]} == pending
    places = list(totals)
    order = [(places.index((s["field"], s["level"])), -s["candidates"], s["criterion"]) for s in given]
    assert order == sorted(order)


def test_numbers_are_those_of_the_expected_data(lines: Path) -> None:
    expected = [a for a in answers(EXPECTED.read_text(encoding="utf-8")) if not a["readings"]]
    found = told("summary", lines)
    check_numbers(found, expected)
    assert list(found["counts"]) == [*dict.fromkeys(r["field"] for r in expected[0]["results"])]
    assert found["repeated"] == 0
    assert all(s["criterion"] for s in found["sole_unmet"])


def test_every_form_tells_the_same(text: str, lines: Path, tmp_path: Path) -> None:
    given = answers(text)
    (tmp_path / "r.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "r.csv").write_text(evaluated("--format", "csv"), encoding="utf-8", newline="")
    parquet(given, tmp_path / "r.parquet", about(given))
    forms = [tmp_path / name for name in ("r.jsonl.gz", "r.csv", "r.parquet")]
    first = told("summary", lines)
    for form in forms:
        found = told("summary", form)
        assert {**found, "origins": []} == {**first, "origins": []}
        for key in ("category", "policy", "readings", "candidates"):
            assert found["origins"][0][key] == first["origins"][0][key]
        compared = told("compare", lines, form)
        assert compared["changes"] == []
        assert (compared["candidates"], compared["only_in_a"], compared["only_in_b"]) == (200, 0, 0)
        assert compared["same"]["policy"] is compared["same"]["readings"] is True
        assert compared["same"]["evidence"] is (None if form.suffix == ".parquet" else True)
    assert told("summary", forms[2])["origins"][0]["input"] == "sha256:1"
    assert told("summary", "-", stdin=text) == first


def test_zstandard(text: str, lines: Path, tmp_path: Path) -> None:
    packer = pytest.importorskip("zstandard")
    path = tmp_path / "r.jsonl.zst"
    path.write_bytes(packer.ZstdCompressor().compress(text.encode()))
    assert told("summary", path) == told("summary", lines)
    path.write_bytes(packer.ZstdCompressor().compress((text + "x\n").encode()))
    assert ":201:1: no JSON" in str(run("summary", path).exception)


def test_a_folder_of_parts_is_one_whole(text: str, tmp_path: Path, lines: Path) -> None:
    first = told("summary", lines)
    lines.unlink()
    given = answers(text)
    written(given[:90], tmp_path / "part-1.jsonl")
    written(given[90:], tmp_path / "part-2.jsonl")
    (tmp_path / "notes.txt").write_text("no results", encoding="utf-8")
    parts = told("summary", tmp_path)
    assert {**parts, "origins": []} == {**first, "origins": []}
    assert [origin["candidates"] for origin in parts["origins"]] == [90, 110]
    assert "MIXED" not in run("summary", tmp_path).stdout


def test_the_table_tells_what_it_rests_on(lines: Path, text: str) -> None:
    shown = run("summary", lines).stdout
    digest = answers(text)[0]["policy"]
    assert f"policy {digest}\nreadings: the defaults\n" in shown
    table = shown.splitlines()
    assert table[0] == "200 candidates"
    assert table[2].split("  ")[0] == "Field"
    assert len({line.index("✗") for line in table[3:6]}) <= 3
    heading = next(line for line in table if line.startswith("Would attain"))
    row = table[table.index(heading) + 1]
    found = told("summary", lines)["sole_unmet"][0]
    assert row.startswith("Hardware")
    assert f"{found['criterion']}" in row
    assert f" {found['candidates']} " in row
    # The policy at hand is the one that the results rest on, so its own words are there.
    clause = f"{found['field']}.{found['level']}.{found['criterion']}"
    wording = json.loads(run("policy", "policy", "show", clause, "--format", "json").stdout)["wording"]
    assert row.endswith(wording)


def test_readings_that_are_not_the_default_are_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(evaluated("--format", "jsonl", "--reading", "two_sites=small"), encoding="utf-8")
    assert "readings: two_sites=small\n" in run("summary", path).stdout


def test_mixed_origins_are_told(text: str, tmp_path: Path) -> None:
    given = answers(text)
    for answer in given[:50]:
        answer["readings"] = {**answer["readings"], "two_sites": "small"}
    for answer in given[:20]:
        answer["policy"] = "sha256:other"
    path = written(given, tmp_path / "r.jsonl")
    shown = run("summary", path).stdout
    assert "MIXED: these results come from several policies" in shown
    assert "MIXED: these results come from several readings" in shown
    assert [o["candidates"] for o in told("summary", path)["origins"]] == [150, 30, 20]
    assert told("compare", path, path)["same"]["policy"] is None
    assert "policy: cannot be compared" in run("compare", path, path).stdout


def test_readings_in_another_order_are_no_others(text: str, tmp_path: Path) -> None:
    given = answers(text)
    for answer in given[::2]:
        answer["readings"] = dict(reversed(answer["readings"].items()))
    assert len(told("summary", written(given, tmp_path / "r.jsonl"))["origins"]) == 1


def test_results_of_a_category_that_is_not_at_hand(tmp_path: Path) -> None:
    results = [
        {"field": "brewing", "level": 1, "verdict": "attained", "routes": [], "unmet": []},
        {"field": "brewing", "level": 2, "verdict": "not_attained", "routes": [], "unmet": ["big_kettle"]},
    ]
    made = [
        {"candidate": f"{n}", "category": "beer", "policy": "p", "evidence": "e", "results": results} for n in range(3)
    ]
    path = written(made, tmp_path / "r.jsonl")
    found = told("summary", path)
    assert found["highest"] == {"brewing": {"none": 0, "1": 3, "2": 0}}
    assert found["sole_unmet"][0]["criterion"] == "big_kettle"
    shown = run("summary", path).stdout
    assert "brewing" in shown
    assert "readings: not told" in shown
    other = written([{**made[0], "category": "wine"}], tmp_path / "other.jsonl")
    for arguments in (("summary", path, other), ("compare", path, other)):
        assert "several categories" in str(run(*arguments).exception)


def test_a_candidate_who_stands_twice(text: str, tmp_path: Path, lines: Path) -> None:
    given = answers(text)
    twice = written([*given, given[7], given[7], given[9]], tmp_path / "r.jsonl")
    result = run("summary", twice, "--format", "json")
    assert json.loads(result.stdout)["repeated"] == 2
    assert "more than once, and counted as often: 2 candidates" in result.stderr
    assert told("summary", lines, lines)["repeated"] == 200
    error = str(run("compare", lines, twice).exception)
    assert "2 candidates stand there more than once, such as E-00007" in error
    given[3]["results"].append(given[3]["results"][0])
    assert told("summary", written(given, tmp_path / "r.jsonl"))["repeated"] == 1
    assert told("summary", parquet(given, tmp_path / "r.parquet"))["repeated"] == 1


def test_more_levels_than_bits(tmp_path: Path) -> None:
    results = [{"field": "f", "level": n, "verdict": "attained", "routes": [], "unmet": []} for n in range(100)]
    one = {"candidate": "a", "category": "c", "results": results}
    assert told("summary", written([one, {**one, "candidate": "b"}], tmp_path / "r.jsonl"))["repeated"] == 0
    assert told("summary", written([one, one], tmp_path / "r.jsonl"))["repeated"] == 1
    many = [{**results[0], "level": n} for n in range(1001)]
    path = written([{**one, "results": many}], tmp_path / "r.jsonl")
    assert "more than 1000 kinds" in str(run("summary", path).exception)


def test_csv_of_a_summary(lines: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("summary", lines, "--format", "csv").stdout)))
    found = told("summary", lines)
    verdicts = {(r["field"], int(r["level"]), r["name"]): int(r["candidates"]) for r in rows if r["what"] == "verdict"}
    assert {key: n for key, n in verdicts.items() if n} == counted(found)
    soles = [r["name"] for r in rows if r["what"] == "sole_unmet"]
    assert soles == [s["criterion"] for s in found["sole_unmet"]]
    assert sum(int(r["candidates"]) for r in rows if r["what"] == "highest") == 200 * len(found["highest"])


HOSTILE = [
    "=1+1",
    "+2",
    "-3",
    "@x",
    "'quoted'",
    '"',
    "a\nb",
    "a\tb",
    "\u202egnp",
    "\x1b[31m",
    "a\x00b",
    "';drop--",
    "%s",
    "$\\frac$",
    "  ",
    "名前",
]


def test_hostile_ids(text: str, tmp_path: Path) -> None:
    given = answers(text)[: len(HOSTILE)]
    for answer, name in zip(given, HOSTILE, strict=True):
        answer["candidate"] = name
    before = written(given, tmp_path / "a.jsonl")
    for answer in given:
        answer["results"][0]["verdict"] = "pending"
        answer["results"][1]["verdict"] = "attained" if answer["results"][1]["verdict"] == "deemed" else "deemed"
    after = written(given, tmp_path / "b.jsonl")
    changes = told("compare", before, after)["changes"]
    assert {change["candidate"] for change in changes} == set(HOSTILE)
    shown = run("compare", before, after, "--max", 100).stdout
    assert not [c for c in shown if not c.isprintable() and c != "\n"]
    rows = list(csv.reader(io.StringIO(run("compare", before, after, "--format", "csv").stdout, newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert {row[0] for row in rows[1:]} >= {"'=1+1", "'@x", "a\nb", '"'}
    named = parquet(given, tmp_path / "c.parquet", about(given))
    assert told("compare", after, named)["changes"] == []


def test_ids_as_csv_has_them(text: str, tmp_path: Path) -> None:
    people = [json.loads(line) for line in PEOPLE.read_text(encoding="utf-8").splitlines()[:5]]
    for person, name in zip(people, ["=1+1", "'x", '"', "a,b", "@"], strict=True):
        person["candidate"] = name
    path = written(people, tmp_path / "people.jsonl")
    for form in ("csv", "jsonl"):
        (tmp_path / f"r.{form}").write_text(evaluated("--format", form, people=path), encoding="utf-8", newline="")
    found = told("compare", tmp_path / "r.csv", tmp_path / "r.jsonl")
    assert (found["candidates"], found["only_in_a"], found["changes"]) == (5, 0, [])
    assert found["same"]["evidence"] is True


def test_names_of_files_and_fields_are_only_names(text: str, tmp_path: Path) -> None:
    given = answers(text)[:5]
    for name in ("a[1]*?.jsonl", "it's; drop table x.jsonl", "http:x.jsonl", "b[2].parquet", "-x.jsonl"):
        path = tmp_path / name
        parquet(given, path) if path.suffix == ".parquet" else written(given, path)
        assert told("summary", path)["candidates"] == 5
    for answer in given:
        for result in answer["results"]:
            result["field"] = "f'; \x1b[31m$\\frac$"
        answer["results"] = answer["results"][:3]
    path = written(given, tmp_path / "r.jsonl")
    result = run("summary", path, "--plot", tmp_path / "p.png")
    assert result.exit_code == 0, result.exception
    assert "\x1b" not in result.stdout


BROKEN = [
    ("", "holds no results"),
    ("\n\n", "holds no results"),
    ("{GOOD}\n{GOOD", ":2:"),
    ("{GOOD}\nhello\n{GOOD}\n", ":2:1: no JSON: Expecting value"),
    ("{GOOD}\n[]\n", ":2:$: no result: not an object"),
    ('{GOOD}\n\n{"candidate": "a", "exams": []}\n', ":3:$.results: no result"),
    ('{"candidate": "a", "results": []}\n', ":1:$.results: no result"),
    ('{"results": [{"field": "f", "level": 3, "verdict": "deemed", "unmet": []}]}', ":1:$.candidate: no result"),
    (
        '{"candidate": "a", "results": [{"field": "f", "level": 3, "verdict": "sure", "unmet": []}]}',
        'verdict: no result: "s',
    ),
    (
        '{"candidate": "a", "results": [{"field": "f", "level": 3.7, "verdict": "deemed", "unmet": []}]}',
        "[0].level: no",
    ),
    ('{"candidate": "a", "results": [{"field": "f", "level": 3, "verdict": "deemed"}]}', "[0].unmet: no result"),
    ('{"candidate": "a", "results": [{"field": "f", "level": 3, "verdict": "deemed", "unmet": [null]}]}', "unmet: no"),
    ('{"candidate": "a", "results": [{"level": 3, "verdict": "deemed", "unmet": []}]}', "[0].field: no result"),
    ('{"candidate": "a", "results": {"field": "f"}}', "$.results: no result"),
    ('{GOOD}\n{"candidate": "\\ud800", "results": []}', ":2:$: no JSON: half of a character"),
    (
        '{GOOD}\n{"candidate": "a", "candidate": "b", "results": []}',
        ":2:$: no JSON that can be read: a key comes twice",
    ),
    ("{GOOD}{GOOD}\n", ":1:"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN, ids=range(len(BROKEN)))
def test_broken_lines_are_refused_with_their_place(text: str, tmp_path: Path, content: str, message: str) -> None:
    good = text.splitlines()[0]
    path = tmp_path / "r.jsonl"
    path.write_text(content.replace("{GOOD}", good).replace("{GOOD", good[:200]), encoding="utf-8")
    for arguments in (("summary", path), ("compare", path, path)):
        error = run(*arguments).exception
        assert isinstance(error, ItssError)
        assert message in str(error)
        assert "\n" not in str(error)
        assert str(error).startswith(str(path))
        assert "; " in str(error)


def test_files_that_are_no_results(text: str, tmp_path: Path) -> None:
    given = answers(text)[:5]
    made: dict[str, bytes] = {
        "r.txt": text.encode(),
        "r.json": json.dumps(given).encode(),
        "r.parquet": text.encode(),
        "r.csv": b"a,b\r\n1,2\r\n",
        "bad.jsonl": b'{"candidate": "\xff"}\n',
        "cut.jsonl.gz": gzip.compress(text.encode())[:-2000],
        "no.jsonl.gz": b"plain",
    }
    messages = ["suffix is none of", "suffix is none of", "cannot be read", ":1: no results", ":1:", "", ""]
    for (name, content), message in zip(made.items(), messages, strict=True):
        path = tmp_path / name
        path.write_bytes(content)
        error = run("summary", path).exception
        assert isinstance(error, ItssError), name
        assert message in str(error)
        assert "\n" not in str(error)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no results" in str(run("summary", empty).exception)
    assert run("summary", tmp_path / "none.jsonl").exit_code == 2


def test_rows_that_are_no_results(text: str, tmp_path: Path) -> None:
    given = answers(text)[:5]
    given[2]["results"][4]["verdict"] = "sure"
    path = parquet(given, tmp_path / "r.parquet")
    assert "row 25 is no result" in str(run("summary", path).exception)
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 'a' as candidate, 'f' as field, 1.5 as level) to '{path}'")
    assert "column level is DECIMAL" in str(run("summary", path).exception)
    given = answers(text)[:5]
    assert "no JSON object" in str(run("summary", parquet(given, path, "[1")).exception)
    rows = evaluated("--format", "csv").splitlines()
    rows[3] = rows[3].replace("attained", "sure")
    (tmp_path / "r.csv").write_text("\r\n".join(rows), encoding="utf-8", newline="")
    assert "row 4 is no result" in str(run("summary", tmp_path / "r.csv").exception)


def check_changes(found: dict[str, Any], before: Answers, after: Answers) -> list[Any]:
    """Against a comparison of its own."""
    others = {a["candidate"]: a for a in after}
    changes = [
        (a["candidate"], was["field"], was["level"], was["verdict"], now["verdict"])
        for a in sorted(before, key=lambda a: str(a["candidate"]))
        if a["candidate"] in others
        for was, now in zip(a["results"], others[a["candidate"]]["results"], strict=True)
        if was["verdict"] != now["verdict"]
    ]
    given = found["changes"]
    assert [(c["candidate"], c["field"], c["level"], c["before"], c["after"]) for c in given] == changes
    numbers = {
        (field, int(level), was, now): n
        for field, levels in found["counts"].items()
        for level, befores in levels.items()
        for was, afters in befores.items()
        for now, n in afters.items()
    }
    assert numbers == Counter(change[1:] for change in changes)
    return changes


def test_what_other_readings_change(text: str, lines: Path, tmp_path: Path) -> None:
    other = evaluated("--format", "jsonl", "--reading", "progression=cumulative", "--reading", "ap_exam=no_effect")
    path = tmp_path / "b.jsonl"
    path.write_text(other, encoding="utf-8")
    found = told("compare", lines, path)
    assert check_changes(found, answers(text), answers(other))
    assert list(found["changes"][0]) == ["candidate", "field", "level", "before", "after", "evidence"]
    assert {change["evidence"] for change in found["changes"]} == {"same"}
    assert found["same"] == {"policy": True, "readings": False, "evidence": True}
    assert found["unexplained"] == 0
    shown = run("compare", lines, path, "--max", 3).stdout
    number = len(found["changes"])
    assert "    B: ap_exam=no_effect, progression=cumulative\n" in shown
    assert f"{number} changes on the same evidence: due to the policy or the readings" in shown
    assert f"and {number - 3} more" in shown
    forms = [
        parquet(answers(t), tmp_path / n, about(answers(t))) for t, n in ((text, "a.parquet"), (other, "b.parquet"))
    ]
    long = told("compare", *forms)
    assert long["changes"] == found["changes"]
    assert long["same"] == found["same"]
    rows = list(csv.DictReader(io.StringIO(run("compare", *forms, "--format", "csv").stdout)))
    assert [{**row, "level": int(row["level"])} for row in rows] == found["changes"]


def test_what_other_evidence_changes(text: str, lines: Path, tmp_path: Path) -> None:
    people = [json.loads(line) for line in PEOPLE.read_text(encoding="utf-8").splitlines()]
    for person in people[:30]:
        person["exams"] = ["ap"]
    given = [*people[:150], {**people[0], "candidate": "new one"}]
    other = evaluated("--format", "jsonl", people=written(given, tmp_path / "people.jsonl"))
    after = answers(other)
    path = tmp_path / "b.jsonl"
    path.write_text(other, encoding="utf-8")
    found = told("compare", lines, path)
    before = answers(text)
    assert check_changes(found, before, after)
    digests = {a["candidate"]: a["evidence"] for a in after}
    changed = [a["candidate"] for a in before if digests.get(a["candidate"], a["evidence"]) != a["evidence"]]
    assert found["changed_evidence"] == len(changed)
    assert {c["candidate"] for c in found["changes"]} <= set(changed)
    assert found["by_evidence"] == {"changed": len(found["changes"])}
    assert found["same"] == {"policy": True, "readings": True, "evidence": False}
    assert (found["candidates"], found["only_in_a"], found["only_in_b"]) == (150, 50, 1)
    assert found["candidates_only_in_a"] == sorted(a["candidate"] for a in before[150:])
    assert found["candidates_only_in_b"] == ["new one"]
    shown = run("compare", lines, path).stdout
    assert "1 candidate in B only: new one\n" in shown
    forms = [parquet(a, tmp_path / n, about(a, input=n)) for a, n in ((before, "a.parquet"), (after, "b.parquet"))]
    long = told("compare", *forms)
    assert {c["evidence"] for c in long["changes"]} == {None}
    assert long["same"]["evidence"] is None
    assert "do not tell whose evidence changed" in run("compare", *forms).stdout


def test_verdicts_that_nothing_explains(text: str, lines: Path, tmp_path: Path) -> None:
    given = answers(text)
    result = given[5]["results"][2]
    result["verdict"] = "pending" if result["verdict"] != "pending" else "deemed"
    path = written(given, tmp_path / "b.jsonl")
    assert told("compare", lines, path)["unexplained"] == 1
    assert "WARNING: 1 change on the same evidence, policy and readings" in run("compare", lines, path).stdout


def test_levels_that_only_one_has_are_not_compared(text: str, lines: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(evaluated("--format", "jsonl", "--field", "software"), encoding="utf-8")
    found = told("compare", lines, path)
    levels = len(answers(text)[0]["results"]) - 3
    assert found["not_compared"] == {"a": 200 * levels, "b": 0}
    assert (found["changes"], found["only_in_a"], found["candidates"]) == ([], 0, 200)
    assert "in A only, and not compared: hardware 3" in run("compare", lines, path).stdout


def test_files_without_anyone_in_common(text: str, tmp_path: Path) -> None:
    given = answers(text)
    found = told("compare", written(given[:3], tmp_path / "a.jsonl"), written(given[3:7], tmp_path / "b.jsonl"))
    assert (found["candidates"], found["only_in_a"], found["only_in_b"]) == (0, 3, 4)
    assert found["not_compared"] == {"a": 0, "b": 0}


def test_a_picture_of_verdicts(lines: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for form in ("svg", "png", "pdf"):
        first, second = tmp_path / f"one.{form}", tmp_path / f"two.{form}"
        for path in (first, second):
            assert run("summary", lines, "--plot", path).exit_code == 0
        assert first.read_bytes() == second.read_bytes()
    drawn = (tmp_path / "one.svg").read_text(encoding="utf-8")
    for part in ("Hardware", "level 5", "200 candidates", "not attained", "sha256:", "readings: the defaults"):
        assert part in drawn
    assert isinstance(run("summary", lines, "--plot", tmp_path / "p.gif").exception, QuestionError)


def test_without_duckdb(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for arguments in (("summary", lines), ("compare", lines, lines)):
        error = run(*arguments).exception
        assert isinstance(error, ItssError)
        assert "pip install 'itss_logic[batch]'" in str(error)


def test_nothing_heavy_is_imported_before_it_is_used() -> None:
    code = "import sys, itss_logic.cli_results; assert not {'duckdb', 'matplotlib', 'clingo'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_is_left_behind(lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    run("compare", lines, lines)
    assert isinstance(run("summary", PEOPLE).exception, ItssError)
    assert os.listdir(spare) == []


def test_usage(lines: Path) -> None:
    bad: list[Sequence[object]] = [
        ("summary",),
        ("compare", lines),
        ("compare", "-", "-"),
        ("summary", lines, "--format", "x"),
    ]
    for arguments in bad:
        assert run(*map(str, arguments)).exit_code == 2
