"""`itss policy test`: cases read, decided and told, their coverage, JUnit, and testing again when something changes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from itss_logic import Policy
from itss_logic.assurance.cases import case_files, read_cases
from itss_logic.assurance.running import Runner
from itss_logic.changes import Change
from itss_logic.cli import cli
from itss_logic.errors import ItssError
from itss_logic.rule_files import default_kb
from tests.test_category import FILES as BAKING
from tests.test_documents import ELSEWHERE

CASES = Path(default_kb()) / "customer_service" / "cases"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["policy", "test", *map(str, arguments)])


def told(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--no-coverage", "--format", "json")
    assert result.exit_code in (0, 3), result.output + str(result.exception)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(text: str, name: str = "some.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_kb(), tmp_path / "kb"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


FEWER = "sets((hardware; software), 5, succession, required, 3)."
MORE = "sets((hardware; software), 5, succession, required, 4)."

SOUND = """
cases:
  - case: nobody has anything
    clauses: [hardware.3.exam]
    evidence: {candidate: ann}
    verdicts: {hardware.3: not_attained}
"""


def test_all_cases_pass_and_show_everything(tmp_path: Path) -> None:
    """By the command of the README."""
    [command] = ELSEWHERE
    _, _, _, *arguments = shlex.split(command.replace("/tmp/", f"{tmp_path}/"))
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "--require-coverage" in arguments
    assert (tmp_path / "cases.xml").exists()
    assert [line for line in result.output.splitlines() if "never" in line] == []
    *_, last = result.output.splitlines()
    assert last.startswith(f"✓ {len(read_cases(case_files(policy := Policy.load()), policy))} cases passed in ")
    parts = re.findall(r"^(\w+) +(\d+) of (\d+) ", result.output, re.MULTILINE)
    assert [part for part, *_ in parts] == ["rules", "clauses", "readings", "thresholds"]
    assert all(covered == total for _, covered, total in parts)
    rules = (Path(default_kb()) / "core" / "levels.lp").read_text(encoding="utf-8").splitlines()
    [line] = [number for number, rule in enumerate(rules, start=1) if rule.startswith("verdict(C, F, L, Verdict) :-")]
    assert f"core/levels.lp:{line} always holds" in result.output


def test_json_tells_every_case() -> None:
    found = told(CASES / "exam.yaml")
    assert list(found) == ["policy", "cases", "passed", "failed"]
    assert (found["policy"], found["failed"]) == (Policy.load().digest, 0)
    assert found["passed"] == len(found["cases"]) > 10
    first = found["cases"][0]
    assert first == {
        "case": "a pass of the Applied exam deems level 3 attained in every field, with nothing else on file",
        "file": str(CASES / "exam.yaml"),
        "line": 19,
        "clauses": ["hardware.3.exam", "software.3.exam", "facility_management.3.exam"],
        "passed": True,
        "differences": [],
        "faults": [],
    }


def test_names_pick_cases(write: Any) -> None:
    found = told("-k", "APPLIED exam")
    assert found["passed"] == len(found["cases"]) == 2
    assert {Path(case["file"]).name for case in found["cases"]} == {"exam.yaml"}
    nothing = run("-k", "no such name")
    assert "no case has no such name in its name" in str(nothing.exception)
    assert isinstance(nothing.exception, ItssError)


def test_a_folder_of_cases(tmp_path: Path, write: Any) -> None:
    write(SOUND)
    write(SOUND.replace("nobody", "somebody"), "others.yml")
    write("no cases", "notes.txt")
    assert [case["case"] for case in told(tmp_path)["cases"]] == ["somebody has anything", "nobody has anything"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cases: []", "there are no cases in"),
        ("", "these are no cases; write a mapping of given"),
        ("cases: {}", "these are no cases"),
        ("- case: x", "these are no cases"),
        ("cases: []\nexpected: []", "some.yaml:2: expected is no key here"),
        ("cases: [", "some.yaml:2:1: did not find expected node content; write YAML"),
        ("cases: [*none]", "some.yaml:1:9: there is no anchor none above; write &none there"),
        ("cases: [!!python/none x]", "some.yaml:1:9: tags are not read"),
        ("cases: [{<<: x}]", "some.yaml:1:10: << takes mappings alone"),
        ("given: {a: 1,\n  a: 2}\ncases: []", "some.yaml:2: a stands twice; keep one of them"),
        ("cases: []\ncases: []", "some.yaml:2: cases stands twice"),
        (
            "given:\n  - &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"  - &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcde", "bcdef", strict=True))
            + "cases: []",
            "aliases come to more than 100000 values",
        ),
    ],
)
def test_a_file_that_is_none_of_cases_ends_the_run(write: Any, text: str, message: str) -> None:
    result = run(write(text))
    assert isinstance(result.exception, ItssError)
    assert message in str(result.exception)


def test_exit_codes_of_the_command(tmp_path: Path, write: Any) -> None:
    def code(path: Path) -> int:
        command = [sys.executable, "-m", "itss_logic", "policy", "test", "--no-coverage", str(path)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert code(write(SOUND)) == 0
    assert code(write(SOUND.replace("not_attained", "deemed"))) == 3
    assert code(write("cases: [")) == 2
    (tmp_path / "empty").mkdir()
    assert code(tmp_path / "empty") == 2
    assert "empty: no file of cases is in this folder; write some" in str(run(tmp_path, tmp_path / "empty").exception)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("verdicts: {hardware.3: not_attained}", "expect: 1", 6, "expect is no key of a case"),
        ("verdicts: {hardware.3: not_attained}", "verdicts: {}", 3, "it expects nothing"),
        ("clauses: [hardware.3.exam]", "routes: {hardware.3: []}", 3, "clauses is missing"),
        ("[hardware.3.exam]", "[]", 4, "it is about no clause"),
        ("[hardware.3.exam]", "[hardware.3.exams]", 4, "there is no clause hardware.3.exams"),
        ("[hardware.3.exam]", "hardware.3.exam", 4, "clauses is no list of names"),
        ("case: nobody has anything", "case: [x]", 3, "the name is no text"),
        ("{candidate: ann}", "{candidate: ann, exam: []}", 5, "evidence $.exam: unknown_key: exam is no key here"),
        ("{candidate: ann}", "{candidate: ann,\n      exams: [], exams: []}", 6, "exams stands twice in one mapping"),
        ("{hardware.3: not_attained}", "{hardware.3: lost}", 6, "there is no verdict lost"),
        ("{hardware.3: not_attained}", "\n      hardware.9: deemed", 7, "there is no level hardware.9"),
        ("verdicts: {hardware.3: not_attained}", "highest: {hardware: 6}", 6, "there is no level hardware.6"),
        ("verdicts: {hardware.3: not_attained}", "highest: {oven: 3}", 6, "there is no field oven"),
        ("verdicts: {hardware.3: not_attained}", "routes: {hardware.3: [bus]}", 6, "there is no route bus"),
        ("verdicts: {hardware.3: not_attained}", "routes: {hardware.3: kpi}", 6, "the routes are no list"),
        ("verdicts: {hardware.3: not_attained}", "met: [hardware.2.exam]", 6, "there is no clause hardware.2.exam"),
        ("clauses:", "readings: {two_sites: big}\n    clauses:", 4, "two_sites has no option big"),
        ("clauses:", "readings: [two_sites]\n    clauses:", 4, "readings is no mapping"),
        (
            "clauses:",
            "policy_change: {hardware.3.exam: {required: 1}}\n    clauses:",
            4,
            "policy_change: hardware.3.exam: there is no parameter required",
        ),
        ("clauses:", "policy_change: x\n    clauses:", 4, "policy_change is no mapping"),
        (
            "verdicts:",
            "reasons: {hardware.3: {missing: []}}\n    verdicts:",
            6,
            "there is no part of the reasons for hardware.3, missing",
        ),
        ("verdicts:", "reasons: {hardware.3.exam: {found: x}}\n    verdicts:", 6, "found is no number"),
        ("verdicts:", "reasons: {hardware.3: {support: ['x(']}}\n    verdicts:", 6, "x(: a term is expected"),
        (
            "verdicts:",
            "reasons: {hardware.3: {support: ['x(y)']}}\n    verdicts:",
            6,
            "x(y): x is no evidence predicate",
        ),
        ("verdicts:", "reasons: {nothing: {}}\n    verdicts:", 6, "there is no clause nothing"),
    ],
)
def test_faults_are_told_with_their_line(write: Any, old: str, new: str, line: int, message: str) -> None:
    assert SOUND.count(old) == 1
    path = write(SOUND.replace(old, new))
    [case] = told(path)["cases"]
    assert not case["passed"]
    assert [fault["message"] for fault in case["faults"] if fault["line"] == line and message in fault["message"]]
    assert all(fault["mend"] and fault["file"] == str(path) for fault in case["faults"])
    assert f"{path}:{line}: {message}" in run(path, "--no-coverage").output


def test_a_name_stands_once_in_a_file(write: Any) -> None:
    found = told(write(SOUND + SOUND.split("cases:\n")[1]))
    assert [case["passed"] for case in found["cases"]] == [True, False]
    assert found["cases"][1]["faults"][0]["message"] == "a case of this name stands in line 3 already"


def test_what_is_no_case_is_told(write: Any) -> None:
    [case, _] = told(write(SOUND.replace("cases:\n", "cases:\n  - words\n")))["cases"]
    assert (case["case"], case["faults"][0]["message"]) == ("case 1", "a case is a mapping")


@pytest.mark.parametrize(
    ("expectation", "about", "expected", "got"),
    [
        ("met: [hardware.3.projects]", "hardware.3.projects", "met", "unmet"),
        ("met: [hardware.3.size]", "hardware.3.size", "met", "not asked for"),
        ("unmet: [hardware.4.lower_level]", "hardware.4.lower_level", "unmet", "not asked for"),
        ("verdicts: {hardware.3: pending}", "verdict of hardware.3", "pending", "not_attained"),
        ("routes: {hardware.3: [kpi]}", "routes of hardware.3", ["kpi"], []),
        ("highest: {hardware: 3}", "highest of hardware", 3, None),
        ("reasons: {hardware.5.leads: {found: 1}}", "found of hardware.5.leads", 1, 0),
        ("reasons: {hardware.5.leads: {missing: []}}", "missing of hardware.5.leads", [], ['leads_others("ann")']),
        ("reasons: {hardware.4.lower_level: {found: 1}}", "found of hardware.4.lower_level", 1, "not asked for"),
    ],
)
def test_differences_are_told(write: Any, expectation: str, about: str, expected: Any, got: Any) -> None:
    path = write(SOUND.replace("verdicts: {hardware.3: not_attained}", expectation))
    [case] = told(path)["cases"]
    [difference] = case["differences"]
    assert (difference["about"], difference["expected"], difference["got"]) == (about, expected, got)
    lines = run(path, "--no-coverage").output.splitlines()
    at = lines.index(f"    {about}")
    assert lines[at + 1].startswith("      expected  ")
    assert lines[at + 2].startswith("      got       ")


def test_anchors_and_merge_keys_share_evidence(write: Any) -> None:
    text = """
given:
  exams: &exams [ap]
  none: &none {exams: []}
  person: &person {candidate: ann, exams: *exams}
cases:
  - case: merged
    clauses: &about [hardware.3.exam]
    evidence: {<<: *person}
    verdicts: &deemed {hardware.3: deemed}
  - {case: the first of several comes first, clauses: *about, evidence: {<<: [*person, *none]}, verdicts: *deemed}
  - {case: its own before all, clauses: *about, evidence: {exams: [], <<: *person}, highest: {hardware: null}}
"""
    found = told(write(text))
    assert [case["passed"] for case in found["cases"]] == [True, True, True]


def test_a_criterion_under_other_readings_may_be_met(write: Any) -> None:
    text = SOUND.replace("clauses:", "readings: {progression: cumulative}\n    clauses:")
    path = write(text.replace("verdicts: {hardware.3: not_attained}", "unmet: [hardware.4.lower_level]"))
    assert told(path)["failed"] == 0


def test_a_changed_threshold_fails_cases_and_it_is_told_why(kb: Path) -> None:
    change(kb / "customer_service" / "clauses.lp", FEWER, MORE)
    result = run("--kb", kb, "--no-coverage", *(CASES / f"{name}.yaml" for name in ("exam", "succession")))
    assert result.exit_code == 3
    lines = result.output.splitlines()
    assert re.fullmatch(r"✓  \S+exam.yaml +11 cases", lines[0])
    assert re.fullmatch(r"✗  \S+succession.yaml +20 cases, 4 failed", lines[1])
    at = lines.index("✗ a patent, a book and a community are three items")
    assert lines[at + 1].startswith(f"    {CASES / 'succession.yaml'}:")
    assert lines[at + 2].startswith("    about hardware.5.succession, software.5.succession")
    assert lines[at + 3 : at + 6] == ["    hardware.5.succession", "      expected  met", "      got       unmet"]
    assert "✗ succession  3 of 4  Passed expertise on in 4 or more of" in lines[at + 6]
    assert lines[at + 7].startswith('          on file: achievement("ann",hardware,book,')
    assert " cases failed in " in lines[-1]


def test_why_is_in_the_json(kb: Path) -> None:
    change(kb / "customer_service" / "clauses.lp", FEWER, MORE)
    [case] = [
        case
        for case in told("--kb", kb, CASES / "verdicts.yaml")["cases"]
        if case["case"].startswith("who has everything")
    ]
    assert [difference["about"] for difference in case["differences"]] == [
        "verdict of hardware.5",
        "verdict of software.5",
        "highest of hardware",
        "highest of software",
    ]
    by_name = {one["criterion"]: one for one in case["differences"][0]["why"]}
    assert {"projects", "succession", "leads"} <= set(by_name)
    assert (by_name["succession"]["required"], by_name["succession"]["found"]) == (4, 3)


def test_a_policy_change_may_be_given_to_the_run(tmp_path: Path, write: Any) -> None:
    path = write("hardware.5.succession: {required: 4}\n", "change.yaml")
    files = [CASES / f"{name}.yaml" for name in ("succession", "policy_changes")]
    failed = {case["case"] for case in told("--policy-change", path, *files)["cases"] if not case["passed"]}
    assert "a patent, a book and a community are three items" in failed
    # What a case itself changes of the same parameter goes before.
    assert "with two items asked for, two items are enough" not in failed


def test_a_case_has_a_policy_change_of_its_own(write: Any) -> None:
    text = """
cases:
  - case: one item is enough
    clauses: [hardware.5.succession]
    policy_change: {hardware.5.succession: {required: %s}}
    evidence: {candidate: ann, fields: {hardware: {achievements: [{item: book, id: w}]}}}
    met: [hardware.5.succession]
    reasons: {hardware.5.succession: {required: 1, found: 1}}
"""
    assert told(write(text % 1))["failed"] == 0
    [case] = told(write(text % 2))["cases"]
    abouts = [difference["about"] for difference in case["differences"]]
    assert abouts == ["hardware.5.succession", "required of hardware.5.succession"]


def test_reasons_are_sets(write: Any) -> None:
    text = """
cases:
  - case: two items
    clauses: [hardware.5.succession]
    evidence: {candidate: ann, fields: {hardware: {achievements: [{item: book, id: b}, {item: patent, id: a}]}}}
    reasons:
      hardware.5.succession:
        evidence: ['achievement("ann", hardware, patent, "a")', 'achievement("ann",hardware,book,"b").']
"""
    assert told(write(text))["failed"] == 0


class TestJUnit:
    def test_structure(self, kb: Path, tmp_path: Path) -> None:
        change(kb / "customer_service" / "clauses.lp", FEWER, MORE)
        file = tmp_path / "junit.xml"
        files = [CASES / f"{name}.yaml" for name in ("exam", "reasons", "succession")]
        assert run("--kb", kb, "--no-coverage", "--junit", file, *files).exit_code == 3
        root = ElementTree.parse(file).getroot()
        suites = root.findall("testsuite")
        assert (root.tag, len(suites)) == ("testsuites", len(files))
        for element in [root, *suites]:
            tests = list(element.iter("testcase"))
            failures = [test for test in tests if test.find("failure") is not None]
            assert int(element.attrib["tests"]) == len(tests)
            assert int(element.attrib["failures"]) == len(failures)
            assert (element.attrib["errors"], element.attrib["skipped"]) == ("0", "0")
            assert float(element.attrib["time"]) >= 0
            assert element.attrib["name"]
        for test in root.iter("testcase"):
            assert set(test.attrib) == {"classname", "name", "file", "line", "time"}
            assert test.attrib["classname"] == Path(test.attrib["file"]).stem
            assert int(test.attrib["line"]) > 0
        [failure] = [
            failure
            for test in root.iter("testcase")
            for failure in test.findall("failure")
            if test.attrib["name"] == "a claimed item is not among those that count"
        ]
        assert failure.attrib == {
            "message": "required of software.5.succession: expected 3, got 4",
            "type": "difference",
        }
        assert "reasons.yaml:" in str(failure.text)

    def test_what_xml_cannot_hold_is_escaped(self, write: Any, tmp_path: Path) -> None:
        file = tmp_path / "junit.xml"
        name = '"\\e[31m<b>&\\0\\uFFFF é"'
        assert run(write(SOUND.replace("nobody has anything", name)), "--no-coverage", "--junit", file).exit_code == 0
        [test] = ElementTree.parse(file).getroot().iter("testcase")
        assert test.attrib["name"] == "\\x1b[31m<b>&\\x00\\uffff é"


@pytest.fixture
def baking(tmp_path: Path) -> Path:
    """A knowledge base of another category, with no cases."""
    kb = tmp_path / "kb"
    shutil.copytree(Path(default_kb()) / "core", kb / "core")
    (kb / "baking" / "cases").mkdir(parents=True)
    for name, text in BAKING.items():
        (kb / "baking" / name).write_text(text, encoding="utf-8")
    return kb


BREAD = """
given:
  good: &good {loaves_baked: 100, any_burnt: false, grains: [rye]}
cases:
  - case: a shift of a hundred loaves
    clauses: [bread.1.good_shifts, bread.2.good_shifts]
    evidence: {candidate: ann, fields: {bread: {shifts: [{name: s, <<: *good}]}}}
    met: [bread.1.good_shifts]
    unmet: [bread.2.good_shifts]
    reasons: {bread.1.good_shifts: {evidence: ['shift("ann", bread, "s")']}}
"""
CERTIFICATE = """
  - case: a certificate
    clauses: [bread.1.good_shifts]
    evidence: {candidate: ann, certificate: true}
    unmet: [bread.1.good_shifts]
    verdicts: {bread.1: deemed}
"""
TWO = """
  - case: two shifts
    clauses: [bread.2.good_shifts]
    evidence: {candidate: ann, fields: {bread: {shifts: [{name: s, <<: *good}, {name: t, <<: *good}]}}}
    verdicts: {bread.2: attained}
"""
OTHERS = """
  - case: a certificate, claimed
    clauses: [bread.1.good_shifts]
    evidence: {candidate: ann, certificate: {status: claimed}}
    verdicts: {bread.1: pending}
    highest: {bread: null}
  - case: a shift too small
    clauses: [bread.1.good_shifts, bread.2.good_shifts]
    evidence: {candidate: ann, fields: {bread: {shifts: [{name: s, <<: *good, loaves_baked: 99}]}}}
    unmet: [bread.1.good_shifts]
  - case: two shifts, one too small
    clauses: [bread.2.good_shifts]
    evidence:
      candidate: ann
      fields: {bread: {shifts: [{name: s, <<: *good, loaves_baked: 99}, {name: t, <<: *good}]}}
    unmet: [bread.2.good_shifts]
  - case: a claimed shift
    clauses: [bread.1.good_shifts]
    evidence: {candidate: ann, fields: {bread: {shifts: [{name: s, status: claimed, <<: *good}]}}}
    verdicts: {bread.1: pending}
"""


class TestCoverage:
    def found(self, kb: Path, *texts: str) -> dict[str, Any]:
        (kb / "baking" / "cases" / "bread.yaml").write_text("".join(texts), encoding="utf-8")
        result = run("--kb", kb, "--format", "json")
        assert result.exit_code == 0, result.output
        coverage: dict[str, Any] = json.loads(result.stdout)["coverage"]
        return coverage

    def lacking(self, found: dict[str, Any], part: str) -> dict[str, list[str]]:
        return {one["what"]: one["lacks"] for one in found[part]["lacking"]}

    def test_of_one_case_is_partial_and_told(self, baking: Path) -> None:
        found = self.found(baking, BREAD)
        assert list(found) == ["rules", "clauses", "readings", "thresholds"]
        for part in found.values():
            assert part["covered"] == part["total"] - len(part["lacking"])
        assert self.lacking(found, "clauses") == {"bread.1.good_shifts": ["unmet"], "bread.2.good_shifts": ["met"]}
        rules = {one["text"].partition(" :-")[0]: one for one in found["rules"]["lacking"]}
        assert rules["route_met(V,C,bread,1,certificate)"]["lacks"] == ["held"]
        assert rules["route_met(V,C,bread,1,certificate)"]["what"] == "baking/rules.lp:6"
        assert rules["reached(V,C,F,L)"]["lacks"] == ["failed"]
        assert self.lacking(found, "thresholds")["bread.2.good_shifts.required"] == ["more"]
        lines = run("--kb", baking).output.splitlines()
        assert any(re.match(r"clauses +0 of 2 named, their criteria met and unmet$", line) for line in lines)
        assert "    bread.1.good_shifts  never unmet" in lines
        assert "    baking/rules.lp:6  never held" in lines

    def test_grows_with_cases(self, baking: Path) -> None:
        found = self.found(baking, BREAD, CERTIFICATE, TWO)
        assert self.lacking(found, "clauses") == {}
        assert self.lacking(found, "thresholds") == {
            "bread.1.good_shifts.loaves": ["less"],
            "bread.2.good_shifts.loaves": ["less"],
        }
        assert found["readings"]["total"] == 0

    def test_total_coverage_may_be_required(self, baking: Path) -> None:
        self.found(baking, BREAD, TWO)
        assert run("--kb", baking, "--require-coverage").exit_code == 3
        found = self.found(baking, BREAD, CERTIFICATE, TWO, OTHERS)
        assert [part["lacking"] for part in found.values()] == [[], [], [], []]
        assert run("--kb", baking, "--require-coverage").exit_code == 0
        assert run("--kb", baking, "--require-coverage", "--no-coverage").exit_code == 2

    def test_what_cannot_be_otherwise_is_not_asked_for(self, baking: Path) -> None:
        path = baking / "baking" / "rules.lp"
        never = "route_met(V, C, bread, 1, certificate) :- holds(V, C, burnt(S, fine)), not subject(V, C)."
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{never}\n", encoding="utf-8")
        found = self.found(baking, BREAD)
        notes = found["rules"]["notes"]
        assert "baking/rules.lp:8 never holds, whatever the evidence and the readings" in notes
        assert any("views.lp:18 always holds" in note for note in notes)
        assert "baking/rules.lp:8" not in self.lacking(found, "rules")

    def test_under_a_policy_change_is_that_of_the_changed_policy(self, baking: Path, write: Any) -> None:
        self.found(baking, BREAD, TWO)
        path = write("bread.2.good_shifts: {loaves: 100, required: 1}\n", "change.yaml")
        result = run("--kb", baking, "--policy-change", path, "--format", "json")
        assert result.exit_code == 3
        lacking = json.loads(result.stdout)["coverage"]["thresholds"]["lacking"]
        told = [(one["lacks"], one["text"]) for one in lacking if one["what"] == "bread.2.good_shifts.required"]
        assert told == [(["more"], "it is 1"), (["less"], "it is 1")]


def test_a_runner_tells_whether_cases_notice_a_change() -> None:
    policy = Policy.load()
    cases = read_cases(case_files(policy, [str(CASES / "succession.yaml"), str(CASES / "reasons.yaml")]), policy)
    runner = Runner(policy, cases)
    assert runner.first_failing(policy, cases, reasons=True) is None
    fewer = policy.changed([Change("hardware", 5, "succession", {("required",): 2})])
    failing = runner.first_failing(fewer)
    assert failing is not None
    assert "hardware.5.succession" in failing.clauses
    others = [case for case in cases if "hardware.5.succession" not in case.clauses]
    assert runner.first_failing(fewer, others) is None
    more = policy.changed([Change("software", 5, "succession", {("required",): 4})])
    claimed = [case for case in cases if case.name == "a claimed item is not among those that count"]
    assert runner.first_failing(more, claimed) is None
    assert runner.first_failing(more, claimed, reasons=True) == claimed[0]


def test_a_second_category_has_cases_of_its_own(baking: Path) -> None:
    nothing = run("--kb", baking)
    assert "there are no cases in" in str(nothing.exception)
    (baking / "baking" / "cases" / "bread.yaml").write_text(BREAD + TWO + OTHERS, encoding="utf-8")
    assert told("--kb", baking)["passed"] == 6
    change(baking / "baking" / "rules.lp", "N >= M", "N > M")
    failed = {case["case"] for case in told("--kb", baking)["cases"] if not case["passed"]}
    assert failed == {"a shift of a hundred loaves", "two shifts", "a claimed shift"}


class Watching:
    """A run that goes on; what it prints goes to a file, so that it is there to be read whenever it comes."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        self.path = folder / "printed.txt"
        command = [sys.executable, "-u", "-m", "itss_logic", "policy", "test", *map(str, arguments), "--watch"]
        with self.path.open("w") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        self.read = 0

    def wait_for(self, wanted: str) -> str:
        """Wait until some text is printed after what was waited for before; gives all up to the end of it."""
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            text = self.path.read_text(encoding="utf-8")
            if wanted in text[self.read :]:
                start, self.read = self.read, text.index(wanted, self.read) + len(wanted)
                return text[start : self.read]
            time.sleep(0.05)
        raise AssertionError(f"{wanted!r} was not printed: {self.path.read_text(encoding='utf-8')}")


class TestWatch:
    @pytest.fixture
    def watching(self, kb: Path, tmp_path: Path) -> Iterator[Watching]:
        watching = Watching(tmp_path, "--kb", kb, "-k", "three items", "--no-coverage")
        yield watching
        watching.process.kill()
        watching.process.wait()

    def test_a_change_is_tested_and_ctrl_c_ends_it(self, kb: Path, watching: Watching) -> None:
        rules = kb / "customer_service" / "clauses.lp"
        assert " passed in " in watching.wait_for("waiting for changes")
        change(rules, FEWER, MORE)
        assert " failed in " in watching.wait_for("waiting for changes")
        change(rules, MORE, "sets(")
        assert "error: " in watching.wait_for("waiting for changes")
        # An editor may put a new file in the place of the old one.
        text = rules.read_text(encoding="utf-8").replace("sets(\n", f"{MORE}\n")
        (kb / "new").write_text(text, encoding="utf-8")
        os.replace(kb / "new", rules)
        assert " failed in " in watching.wait_for("waiting for changes")
        watching.process.send_signal(signal.SIGINT)
        assert watching.process.wait(60) == 3
        assert "Traceback" not in watching.path.read_text(encoding="utf-8")

    def test_a_new_file_of_cases_is_tested(self, tmp_path: Path) -> None:
        folder = tmp_path / "cases"
        folder.mkdir()
        (folder / "one.yaml").write_text(SOUND, encoding="utf-8")
        watching = Watching(tmp_path, folder, "--no-coverage")
        try:
            assert "1 case passed" in watching.wait_for("waiting for changes")
            (folder / "two.yaml").write_text(SOUND, encoding="utf-8")
            watching.wait_for("2 cases passed")
            watching.wait_for("waiting for changes")
            watching.process.send_signal(signal.SIGINT)
            assert watching.process.wait(60) == 0
        finally:
            watching.process.kill()
            watching.process.wait()

    def test_needs_a_table(self) -> None:
        assert run("--watch", "--format", "json").exit_code == 2

    def test_says_what_to_install(self, tmp_path: Path) -> None:
        (tmp_path / "watchfiles.py").write_text("raise ImportError", encoding="utf-8")
        command = [sys.executable, "-m", "itss_logic", "policy", "test", "--watch"]
        paths = os.pathsep.join([str(tmp_path), os.getcwd()])
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths}
        )
        assert result.returncode == 2
        assert "pip install 'itss_logic[watch]'" in result.stderr
