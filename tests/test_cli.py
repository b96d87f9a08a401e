"""The command line: formats, options, exit codes, and what a person reads."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from itss_logic import Evidence, Policy, tables
from itss_logic.export import FileNames

PEOPLE = str(Path(__file__).parent / "data" / "sample-200.jsonl")


def itss(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "itss_logic", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def lines(*candidates: dict[str, Any]) -> str:
    return "".join(json.dumps(candidate, ensure_ascii=False) + "\n" for candidate in candidates)


AP = {"candidate": "ann", "exams": ["ap"]}
NOBODY = {"candidate": "bob"}
WRONG = {"candidate": "cat", "exams": ["bar exam"]}
CLAIMS = {"candidate": "dan", "exams": [{"exam": "ap", "status": "claimed"}]}


def test_json_and_jsonl_hold_the_same_answers() -> None:
    as_list = itss("evaluate", PEOPLE, "--format", "json")
    as_lines = itss("evaluate", PEOPLE, "--format", "jsonl")
    assert (as_list.returncode, as_list.stderr) == (0, "")
    answers = json.loads(as_list.stdout)
    assert answers == [json.loads(line) for line in as_lines.stdout.splitlines()]
    assert [answer["candidate"] for answer in answers] == [f"E-{number:05}" for number in range(200)]
    first = answers[0]
    assert list(first) == ["candidate", "category", "policy", "evidence", "readings", "highest", "results"]
    assert list(first["results"][0]) == ["field", "level", "verdict", "routes", "unmet"]
    assert len(first["readings"]) == 9
    assert [(r["field"], r["level"]) for r in first["results"]] == Policy.load().levels


def test_json_of_nobody_is_an_empty_list() -> None:
    result = itss("evaluate", "-", "--format", "json")
    assert (result.returncode, json.loads(result.stdout)) == (0, [])
    assert result.stderr == "warning: no candidates were found\n"


def test_csv_is_safe_in_a_spreadsheet() -> None:
    result = itss(
        "evaluate", "-", "--format", "csv", stdin=lines({**AP, "candidate": "=1+1"}, {"candidate": 'x,"y"\n'})
    )
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 20
    assert {row["candidate"] for row in rows} == {"'=1+1", 'x,"y"\n'}
    assert (rows[0]["verdict"], rows[0]["routes"], rows[0]["unmet"]) == ("deemed", "exam", "projects specialty")
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_across_readings_is_in_every_form() -> None:
    answers = json.loads(itss("evaluate", "-", "--format", "json", "--across-readings", stdin=lines(AP)).stdout)
    [level_3] = [r for r in answers[0]["results"] if (r["field"], r["level"]) == ("software", 3)]
    assert (level_3["across"], level_3["hinges_on"]) == ("some", ["ap_exam"])
    rows = csv.DictReader(
        io.StringIO(itss("evaluate", "-", "--format", "csv", "--across-readings", stdin=lines(AP)).stdout)
    )
    assert {(row["across"], row["hinges_on"]) for row in rows} == {("some", "ap_exam"), ("none", "")}
    assert "hinges on ap_exam" in itss("evaluate", "-", "--across-readings", stdin=lines(AP)).stdout


def test_readings_are_in_force_and_in_the_answer() -> None:
    result = itss("evaluate", "-", "--format", "json", "--reading", "ap_exam=no_effect", stdin=lines(AP))
    [answer] = json.loads(result.stdout)
    assert answer["readings"]["ap_exam"] == "no_effect"
    assert answer["highest"] == {"hardware": None, "software": None, "facility_management": None}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--reading", "ap_exams=no_effect"], ["no reading ap_exams", "project_grade"]),
        (["--reading", "ap_exam=maybe"], ["no option maybe", "deems_level_3"]),
        (["--reading", "ap_exam"], ["NAME=OPTION"]),
        (["--reading", "ap_exam=no_effect", "--reading", "ap_exam=deems_level_3"], ["given twice"]),
        (["--field", "hardwear"], ["no field hardwear", "hardware"]),
        (["--field", "hardware", "--level", "6"], ["level 6 of hardware is undefined", "hardware 5"]),
        (["--level", "2"], ["level 2", "facility_management 6"]),
        (["--require", "hardware:7"], ["level 7 of hardware is undefined"]),
        (["--require", "hardware"], ["FIELD:LEVEL"]),
        (["--require", "hardware:3000000000"], ["FIELD:LEVEL"]),
        (["--category", "cooking"], ["no category cooking", "customer_service"]),
        (["--format", "xml"], ["xml"]),
        (["no-such-file.json"], ["no-such-file.json"]),
    ],
)
def test_bad_questions_are_usage_errors_that_say_what_exists(arguments: list[str], words: list[str]) -> None:
    result = itss("evaluate", "-", *arguments, stdin=lines(AP))
    assert result.returncode == 2
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    ("people", "required", "code"),
    [
        ([AP], [], 0),
        ([AP], ["software:3"], 0),
        ([AP], ["software:4"], 3),
        ([AP, NOBODY], ["software:3"], 3),
        ([CLAIMS], ["software:3"], 3),
        ([AP, WRONG], [], 1),
        ([AP, WRONG], ["software:3"], 1),
        ([AP, WRONG], ["software:3", "hardware:5"], 3),
        ([WRONG], [], 2),
        ([WRONG], ["software:3"], 2),
        ([], [], 0),
        ([], ["software:3"], 2),
    ],
)
def test_exit_codes(people: list[dict[str, Any]], required: list[str], code: int) -> None:
    arguments = [word for pair in required for word in ("--require", pair)]
    for form in ("table", "json", "jsonl", "csv"):
        assert itss("evaluate", "-", "--format", form, *arguments, stdin=lines(*people)).returncode == code


def test_field_and_level_narrow_what_is_shown() -> None:
    result = itss("evaluate", "-", "--field", "software", "--level", "4", "--format", "jsonl", stdin=lines(AP))
    assert [(r["field"], r["level"]) for r in json.loads(result.stdout)["results"]] == [("software", 4)]
    table = itss("evaluate", "-", "--field", "software", stdin=lines(AP, NOBODY)).stdout
    assert "Software" in table
    assert "Hardware" not in table


def test_table_has_a_row_a_candidate_and_marks() -> None:
    shown = itss("evaluate", "-", stdin=lines(AP, NOBODY, CLAIMS, {"candidate": "田中 愛子"})).stdout.splitlines()
    assert shown[0].split() == ["Candidate", "Hardware", "Software", "Facility", "Management"]
    assert shown[1].split() == ["ann", "3", "◇", "3", "◇", "3", "◇"]
    assert shown[2].split() == ["bob", "–", "–", "–"]
    assert shown[3].split() == ["dan", "–", "3", "…", "–", "3", "…", "–", "3", "…"]
    # The Japanese name takes two columns a character, so that its row starts one space earlier for each.
    assert shown[4].index("–") == shown[2].index("–") - 4
    assert any(line.startswith("policy sha256:") for line in shown)


def test_table_shows_what_was_asked_for() -> None:
    at_3 = itss("evaluate", "-", "--level", "3", "--across-readings", stdin=lines(AP, NOBODY)).stdout.splitlines()
    assert at_3[1].split() == ["ann", *["◇", "deemed", "↔"] * 3]
    assert at_3[2].split() == ["bob", *["✗", "not", "attained"] * 3]
    across = itss("evaluate", "-", "--across-readings", stdin=lines(AP, NOBODY)).stdout.splitlines()
    assert across[1].split() == ["ann", *["3", "◇", "↔", "3"] * 3]
    assert "hinge" in across[4]


def test_lines_fold_at_the_width_of_the_terminal() -> None:
    policy = Policy.load()
    entries = [policy.entry({"candidate": id}) for id in ("a" * 300, "愛" * 90, "bob")]
    people = [entry for entry in entries if isinstance(entry, Evidence)]
    shown = policy.levels_of()
    for columns in (60, 80, 120):
        [one] = policy.evaluate(people[2:], across=True, criteria=True)
        pages = [
            *(line for line, _ in tables.checklist(one, one.results, policy.words().labels, columns)),
            *tables.clause_table(policy.clauses, columns),
            *(line for clause in policy.clauses for line in tables.clause_page(clause, columns)),
            *tables.reading_page(policy.readings, columns),
            *tables.not_formalised_page(policy.clauses, columns),
        ]
        table = list(tables.overview(list(policy.evaluate(people)), shown, None, policy.words().labels, columns))
        assert max(map(tables.width, [*pages, *table])) <= columns
        assert len({tables.width(line[: line.index("–")]) for line in table[1:4]}) == 1
        words = " ".join(" ".join(pages).split())
        assert all(reading.question in words for reading in policy.readings)


def test_checklist_for_one_candidate() -> None:
    people = {**CLAIMS, "leads_others": {"status": "claimed"}, "develops_subordinates": ["coaching", "other"]}
    shown = itss(
        "evaluate", "-", "--field", "hardware", "--reading", "ap_exam=deems_specialty", stdin=lines(people)
    ).stdout
    assert "… level 3" not in shown
    assert "✗ level 3: not attained" in shown
    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert any(row.startswith("… specialty 0 of 1 (+1 claimed)") for row in rows)
    assert any(row.startswith("… leads 0 of 1 (+1 claimed) Leads others") for row in rows)
    assert any(row.startswith("✓ develops 2, 1 needed") for row in rows)
    assert "readings: ap_exam=deems_specialty" in rows


def test_check_tells_refusals_alone() -> None:
    result = itss("check", "-", "--format", "json", stdin=lines(AP, WRONG))
    told = json.loads(result.stdout)
    assert told["candidates"] == 1
    assert told["refusals"] == [
        {
            "code": "unknown_value",
            "candidate": "cat",
            "file": "-",
            "line": 2,
            "column": None,
            "path": "$.exams[0]",
            "message": told["refusals"][0]["message"],
            "mend": told["refusals"][0]["mend"],
        }
    ]
    assert result.returncode == 1
    assert result.stderr.startswith("-:2:$.exams[0]: unknown_value: ")
    assert itss("check", "-", stdin=lines({**WRONG, "leads_others": 1})).stdout == (
        "0 candidates can be evaluated, 1 refused (2 errors)\n"
    )
    assert itss("check", "-", stdin=lines(AP)).stdout == "1 candidate can be evaluated, 0 refused\n"


def test_export_writes_one_safe_file_a_candidate(tmp_path: Path) -> None:
    people = [
        {"candidate": id} for id in ("E-1", "e-1", "../../etc/passwd", "con", "a/b", "田中", ".", "-x", "a" * 300)
    ]
    result = itss("export", "-", "-o", str(tmp_path / "out"), stdin=lines(*people))
    assert result.returncode == 0
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len({name.lower() for name in files}) == len(people)
    assert "E-1.lp" in files
    assert all(name.isascii() and len(name) < 110 and not name.startswith((".", "-")) for name in files)
    again = itss("check", str(tmp_path / "out"), "--format", "json")
    assert json.loads(again.stdout) == {"candidates": len(people), "refusals": []}


def test_file_names_never_meet() -> None:
    names = FileNames()
    hashed = names.of("a/b")
    assert names.of(hashed.removesuffix(".lp")) != hashed


def test_the_digest_is_that_of_the_exported_file(tmp_path: Path) -> None:
    import hashlib

    itss("export", "-", "-o", str(tmp_path), stdin=lines(CLAIMS))
    [answer] = json.loads(itss("evaluate", "-", "--format", "json", stdin=lines(CLAIMS)).stdout)
    assert answer["evidence"] == f"sha256:{hashlib.sha256((tmp_path / 'dan.lp').read_bytes()).hexdigest()}"


def test_policy_show() -> None:
    clause = json.loads(itss("policy", "show", "hardware.5.succession", "--format", "json").stdout)
    assert clause["clause"] == "hardware.5.succession"
    assert clause["parameters"]["required"] == 3
    assert len(clause["parameters"]["items"]) == 7
    assert clause["readings"] == ["succession_count"]
    assert clause["section"].startswith("Hardware, level 5, Professional Contribution")
    assert clause["rules"]
    everything = json.loads(itss("policy", "show", "--format", "json").stdout)
    assert len(everything["readings"]) == 9
    assert clause in everything["clauses"]
    page = itss("policy", "show").stdout
    for word in ("facility_management.6.size", "size_scope: all_alternatives | computer_rooms", "not formalised"):
        assert word in page
    wrong = itss("policy", "show", "hardware.5.sucession")
    assert wrong.returncode == 2
    assert "did you mean hardware.5.succession" in wrong.stderr


def test_every_clause_has_wording_section_and_rules() -> None:
    policy = Policy.load()
    assert {f"{f}.{level}" for f, level in policy.levels} == {f"{c.field}.{c.level}" for c in policy.clauses}
    for clause in policy.clauses:
        assert clause.wording, clause.id
        assert "{" not in clause.wording, clause.id
        assert ", level " in clause.section, clause.id
        assert clause.section.count(",") >= 2, clause.id
        assert clause.rules, clause.id
    assert all(reading.question and reading.clauses for reading in policy.readings)


def test_version_help_and_completion() -> None:
    assert itss("--version").stdout.startswith("itss, version ")
    for command in ([], ["evaluate"], ["check"], ["export"], ["policy"], ["policy", "show"], ["policy", "schema"]):
        assert itss(*command, "--help").stdout.startswith("Usage: ")
    script = subprocess.run(
        [sys.executable, "-m", "itss_logic"],
        env={"_ITSS_COMPLETE": "bash_source", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_itss_completion" in script.stdout


def test_help_does_not_wait_for_the_solver() -> None:
    code = "import sys; import itss_logic.cli; print(sorted(m for m in sys.modules if m in ('clingo', 'yaml', 'json')))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_an_internal_error_is_exit_70_and_shows_no_answer(tmp_path: Path) -> None:
    code = (
        "import itss_logic.policy as p; p.Policy.evaluate = lambda *a, **k: 1 / 0\n"
        "from itss_logic.cli import main; import sys; sys.argv = ['itss', 'evaluate', '-']; main()"
    )
    result = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (70, "")
    assert "internal error" in result.stderr


def test_an_unwritable_folder_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = itss("export", "-", "-o", str(tmp_path / "file" / "inside"), stdin=lines(AP))
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
