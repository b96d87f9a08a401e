"""The trace of the policy: clauses, rules, parameters and cases, both ways, and every gap in it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itss_logic import Policy
from itss_logic.cli import cli
from itss_logic.rule_files import default_kb
from tests.test_category import FILES

KB = Path(default_kb())
CATEGORY = "customer_service"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["policy", *map(str, arguments)])


def traced(*arguments: object, code: int = 0) -> Any:
    result = run("trace", *arguments, "--format", "json")
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.stdout)


def gaps(*arguments: object) -> list[tuple[str, str, str, str]]:
    found = traced(*arguments, code=3)["gaps"]
    assert found
    assert all(list(gap) == ["gap", "subject", "place", "message"] for gap in found)
    return [tuple(gap.values()) for gap in found]


@pytest.fixture(scope="module")
def whole() -> Any:
    return traced()


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    return Path(shutil.copytree(KB, tmp_path / "kb"))


def edit(kb: Path, file: str, old: str, new: str) -> None:
    path = kb / CATEGORY / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def line_at(place: str) -> str:
    file, _, line = place.rpartition(":")
    return (KB / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]


# The policy as it is


def test_the_policy_has_no_gaps_in_any_form(whole: Any) -> None:
    assert list(whole) == ["policy", "clauses", "rules", "cases", "gaps"]
    assert whole["policy"] == Policy.load().digest
    assert whole["gaps"] == []
    for form in ("table", "markdown"):
        result = run("trace", "--format", form)
        assert (result.exit_code, result.stderr) == (0, "")
        assert f"{len(whole['clauses'])} clauses" in result.stdout
        assert "no gaps" in result.stdout


def test_every_clause_has_rules_and_cases_and_its_section(whole: Any) -> None:
    clauses = {clause.id: clause for clause in Policy.load().clauses}
    assert [clause["clause"] for clause in whole["clauses"]] == list(clauses)
    for told in whole["clauses"]:
        assert list(told) == ["clause", "section", "rules", "parameters", "cases"]
        assert told["section"] == clauses[told["clause"]].section
        assert told["rules"] == list(clauses[told["clause"]].rules)
        assert told["rules"]
        assert told["cases"]


def test_the_way_back_is_the_way_there(whole: Any) -> None:
    for kind, name in (("rules", "rule"), ("cases", "case")):
        there = {(clause["clause"], one) for clause in whole["clauses"] for one in clause[kind]}
        back = {(clause, one[name]) for one in whole[kind] for clause in one["clauses"]}
        assert there == back
        assert all(one["clauses"] for one in whole[kind])


def test_places_of_rules_are_where_they_stand(whole: Any) -> None:
    places = [rule["rule"] for rule in whole["rules"]]
    assert len(set(places)) == len(places)
    for place in places:
        assert re.match(r"[a-z_0-9]+\(", line_at(place)), place


def test_every_rule_of_the_files_that_decide_is_traced(whole: Any) -> None:
    places = {rule["rule"] for rule in whole["rules"]}
    for name in ("projects", "assignments", "facilities", "contributions", "routes"):
        file = f"{CATEGORY}/{name}.lp"
        text = re.sub(r"(?s)%\*.*?\*%", lambda block: "\n" * block[0].count("\n"), (KB / file).read_text("utf-8"))
        begins = [n for n, line in enumerate(text.splitlines(), start=1) if re.match("[a-z]", line)]
        assert begins
        assert {f"{file}:{number}" for number in begins} <= places


def test_parameters_are_set_where_it_says(whole: Any) -> None:
    def paths(parameters: Any, path: str = "") -> set[str]:
        if not isinstance(parameters, dict):
            return {path[1:]}
        return {found for name, inner in parameters.items() for found in paths(inner, f"{path}.{name}")}

    policy = Policy.load()
    for clause in whole["clauses"]:
        parameters = {one["parameter"]: one["places"] for one in clause["parameters"]}
        known = policy.clause(clause["clause"]).parameters
        assert set(parameters) == (paths(known) if known else set())
        for name, places in parameters.items():
            assert places
            for place in places:
                assert line_at(place).startswith("sets("), place
                assert name.rpartition(".")[2] in line_at(place)


def test_intervals_pools_and_bodies_of_parameters_are_expanded(whole: Any) -> None:
    by_clause = {c["clause"]: {p["parameter"]: p["places"] for p in c["parameters"]} for c in whole["clauses"]}
    [shared] = {tuple(by_clause[f"{field}.4.complexity"]["criteria"]) for field in ("hardware", "software")}
    assert shared == tuple(by_clause["facility_management.6.complexity"]["criteria"])
    assert ":- clause(F, L, complexity)" in line_at(shared[0])
    assert by_clause["hardware.3.specialty"]["required"] == by_clause["software.5.specialty"]["required"]
    assert by_clause["hardware.3.specialty"]["required"] != by_clause["facility_management.3.specialty"]["required"]


def test_cases_are_told_by_file_and_name_and_line(whole: Any) -> None:
    assert len({case["case"] for case in whole["cases"]}) == len(whole["cases"])
    for case in whole["cases"]:
        assert list(case) == ["case", "file", "line", "clauses"]
        name = case["case"].removeprefix(f"{Path(case['file']).stem}: ")
        line = Path(case["file"]).read_text(encoding="utf-8").splitlines()[case["line"] - 1]
        assert line.strip() == f"- case: {name}"


def test_the_cases_are_told_as_by_the_command_that_tests_them(whole: Any) -> None:
    result = run("test", "-k", "exam", "--no-coverage", "--format", "json")
    tested = [(case["file"], case["line"], case["clauses"]) for case in json.loads(result.stdout)["cases"]]
    assert tested
    there = [(case["file"], case["line"], case["clauses"]) for case in whole["cases"]]
    assert [place for place in there if place in tested] == tested


def test_the_table_is_short_and_verbose_tells_all(whole: Any) -> None:
    short, long = (run("trace", *options).stdout for options in ([], ["--verbose"]))
    assert len(short.splitlines()) == len(whole["clauses"]) + 3
    [row] = [line for line in short.splitlines() if line.startswith("hardware.5.leads ")]
    assert re.fullmatch(r"hardware\.5\.leads +\d+ +Hardware, level 5, Responsibilities +contributions\.lp:\d+", row)
    for word in ("hardware.4.size.complex_team.to", *(case["case"] for case in whole["cases"])):
        assert word in long
        assert word not in short


def test_the_document_has_every_clause_rule_and_case_in_tables(whole: Any) -> None:
    document = run("trace", "--format", "markdown").stdout
    assert document.startswith("# Customer Service: ")
    tables = re.findall(r"## (\w+)\n\n((?:\|.*\n)+)", document)
    assert [(title, table.count("\n") - 2) for title, table in tables] == [
        (kind.capitalize(), len(whole[kind])) for kind in ("clauses", "rules", "cases")
    ]
    for _, table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert document.endswith("## Gaps\n\nThere are none.\n")


def test_show_lists_the_rules_that_the_trace_has(whole: Any) -> None:
    page = run("show", "hardware.3.projects").stdout
    [clause] = [clause for clause in whole["clauses"] if clause["clause"] == "hardware.3.projects"]
    assert re.findall(r"rule +(\S+)", page) == clause["rules"]
    assert len(clause["rules"]) > len({place.partition(":")[0] for place in clause["rules"]})


# Gaps


def test_a_clause_without_a_rule_and_a_rule_without_a_clause(kb: Path) -> None:
    edit(kb, "contributions.lp", "% [*.*.leads] Leads", "% Leads")
    found = gaps("--kb", kb)
    assert {(gap, subject) for gap, subject, _, _ in found} == {
        ("rule_without_clause", f"{CATEGORY}/contributions.lp:4"),
        *(("clause_without_rule", f"{level}.leads") for level in ("hardware.5", "software.5")),
        *(("clause_without_rule", f"facility_management.{level}.leads") for level in (5, 6)),
    }
    for gap, subject, place, message in found:
        assert re.match(r"witness|clause", line_at(place)), place
        if gap == "clause_without_rule":
            assert f"no rule formalises {subject}; name it in a comment above the rules that do" in message
        else:
            assert "formalises no clause; name those it does in a comment above it" in message


def test_a_fact_of_a_word_of_the_category_is_a_rule(kb: Path) -> None:
    edit(kb, "vocabulary.lp", "% [*.*.specialty] The", "% The")
    assert {(gap, place.partition(":")[0]) for gap, _, place, _ in gaps("--kb", kb)} == {
        ("rule_without_clause", f"{CATEGORY}/vocabulary.lp")
    }


@pytest.mark.parametrize(
    ("between", "is_reached"),
    [
        ("% A remark with no brackets.", True),
        ("%* A block that documents nothing. *%", True),
        ("% [*.*.leads] Another.", True),
        ("% [*.*.leads] Another,\n% in two lines.", True),
        ("% A remark first,\n% [*.*.leads] then another.", True),
        ("%*! spare(V, C)\nNothing.\nArgs:\n    - V: view\n    - C: candidate\n*%", False),
        ("%*! spare(V, C) *%", False),
    ],
)
def test_how_far_a_tag_reaches(kb: Path, between: str, is_reached: bool) -> None:
    path = kb / CATEGORY / "contributions.lp"
    write(path, f"{path.read_text(encoding='utf-8')}\n{between}\nspare(V, C) :- holds(V, C, leads_others).\n")
    last = f"{CATEGORY}/contributions.lp:{path.read_text(encoding='utf-8').count(chr(10))}"
    if is_reached:
        [clauses] = [rule["clauses"] for rule in traced("--kb", kb)["rules"] if rule["rule"] == last]
        criteria = {clause.rpartition(".")[2] for clause in clauses}
        assert criteria == ({"leads"} if "[" in between else {"develops"})
    else:
        assert [gap[:3] for gap in gaps("--kb", kb)] == [("rule_without_clause", last, last)]


def test_tags_of_one_comment_belong_together(kb: Path) -> None:
    edit(kb, "contributions.lp", "% [*.*.leads] Leads", "% [*.*.leads] Leads, and\n% [*.*.handles] again")
    [rule] = [rule for rule in traced("--kb", kb)["rules"] if rule["rule"] == f"{CATEGORY}/contributions.lp:5"]
    assert {clause.rpartition(".")[2] for clause in rule["clauses"]} == {"leads", "handles"}


def test_a_constraint_is_a_rule(kb: Path) -> None:
    path = kb / CATEGORY / "contributions.lp"
    write(path, f"%*! none\nNothing.\n*%\n:- holds(verified, C, nothing).\n{path.read_text(encoding='utf-8')}")
    assert [gap[:2] for gap in gaps("--kb", kb)] == [("rule_without_clause", f"{CATEGORY}/contributions.lp:4")]


@pytest.mark.parametrize("file", ["routes.lp", "terms.lp", "wordings.lp"])
def test_a_tag_that_names_no_clause(kb: Path, file: str) -> None:
    path = kb / CATEGORY / file
    write(path, f"{path.read_text(encoding='utf-8')}\n% [hardware.5.leeds, *.*.oven] Nothing.\n")
    place = f"{CATEGORY}/{file}:{path.read_text(encoding='utf-8').count(chr(10))}"
    first, second = gaps("--kb", kb)
    assert first[:3] == ("tag_without_clause", "hardware.5.leeds", place)
    assert "[hardware.5.leeds] in a comment names no clause; did you mean hardware.5.leads" in first[3]
    assert second[:3] == ("tag_without_clause", "*.*.oven", place)


CASES = """
given:
  - &sound {evidence: {candidate: ann}, verdicts: {hardware.5: not_attained}}
  - &none []

cases:
  - case: who does nothing | leads <nobody>
    clauses: [hardware.5.leads, software.5.leads]
    <<: *sound
  - case: of a clause that is not
    clauses: [hardware.5.leeds, hardware.5.leads]
    <<: *sound
  - case: of none
    <<: *sound
  - {case: of an empty list, clauses: *none, <<: *sound}
"""


def test_gaps_of_cases(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.yaml", CASES)
    found = traced(file, code=3)
    assert [(case["case"], case["line"]) for case in found["cases"]] == [
        ("mine: who does nothing | leads <nobody>", 7),
        ("mine: of a clause that is not", 10),
        ("mine: of none", 13),
        ("mine: of an empty list", 15),
    ]
    about_cases = [tuple(gap.values()) for gap in found["gaps"] if gap["gap"] != "clause_without_case"]
    assert about_cases == [
        (
            "case_of_unknown_clause",
            "mine: of a clause that is not",
            f"{file}:11",
            "there is no clause hardware.5.leeds; use a clause such as hardware.5.leads or hardware.5.handles or "
            "hardware.5.size",
        ),
        ("case_without_clause", "mine: of none", f"{file}:13", "clauses is missing; add it"),
        (
            "case_without_clause",
            "mine: of an empty list",
            f"{file}:15",
            "it is about no clause; name the clauses that it shows",
        ),
    ]
    [leads] = [clause for clause in found["clauses"] if clause["clause"] == "hardware.5.leads"]
    assert leads["cases"] == ["mine: who does nothing | leads <nobody>", "mine: of a clause that is not"]


@pytest.mark.parametrize(
    ("case", "line", "message"),
    [
        ("case: x\n    clauses: [hardware.3.exam]\n    verdicts: {hardware.3: deemed}", 2, "evidence is missing; add"),
        (
            "case: x\n    clauses: hardware.3.exam\n    evidence: {candidate: ann}\n    highest: {hardware: null}",
            3,
            "clauses is no list of names; write clauses: [NAME]",
        ),
        (
            "case: x\n    clauses: [hardware.3.exam]\n    evidence: {candidate: ann}\n    met: [hardware.3.exams]",
            5,
            "there is no clause hardware.3.exams; use a clause such as hardware.3.exam",
        ),
        (
            "case: x\n    clauses: [hardware.3.exam]\n    met: [hardware.3.projects]\n    evidence: {candidat: ann}",
            5,
            "evidence $.candidat: unknown_key: ",
        ),
        (
            "case: x\n    clauses: [hardware.3.exam]\n    clauses: []",
            4,
            "clauses stands twice in one mapping; keep one",
        ),
        ("x", 1, "a case is a mapping; write case, clauses, evidence and what is expected"),
    ],
)
def test_a_case_that_cannot_be_read(tmp_path: Path, case: str, line: int, message: str) -> None:
    file = write(tmp_path / "mine.yaml", f"cases:\n  - {case}")
    found = [gap for gap in gaps(file) if gap[0] != "clause_without_case"]
    assert {gap[:2] for gap in found} == {("faulty_case", "mine: x" if "x\n" in case else "mine: case 1")}
    [place] = [place for _, _, place, said in found if said.startswith(message)]
    assert f"{place}:".startswith(f"{file}:{line}:")
    shown = run("trace", file)
    assert shown.exit_code == 3
    assert f"{file}:{line}" in shown.stdout
    assert " faulty_case (mine: " in shown.stdout


def test_a_clause_without_a_case(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.yaml", CASES)
    found = [gap for gap in gaps(file) if gap[0] == "clause_without_case"]
    assert len(found) == len(Policy.load().clauses) - 2
    assert not {"hardware.5.leads", "software.5.leads"} & {subject for _, subject, _, _ in found}
    for gap, subject, place, message in found:
        assert gap == "clause_without_case"
        assert line_at(place).startswith("clause(")
        assert f"no case is about {subject}; write one that names it under `clauses`" in message


def test_gaps_are_told_in_words_in_table_and_document(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.yaml", CASES)
    clauses = len(Policy.load().clauses)
    table = run("trace", file)
    assert table.exit_code == 3
    assert f"{file}:13: case_without_clause (mine: of none): clauses is missing; add it" in table.stdout
    summary = rf"^{clauses} clauses, \d+ rules, 4 cases: {clauses + 1} gaps; policy sha256:"
    assert re.search(summary, table.stdout, re.MULTILINE)
    document = run("trace", file, "--format", "markdown")
    assert document.exit_code == 3
    assert r"| mine: who does nothing \| leads \<nobody\> |" in document.stdout
    assert document.stdout.partition("## Gaps\n")[2].count("\n| ") == clauses + 3


def test_folders_of_cases_and_several_of_them(tmp_path: Path, whole: Any) -> None:
    folder = KB / CATEGORY / "cases"
    assert [case["case"] for case in traced(folder)["cases"]] == [case["case"] for case in whole["cases"]]
    sound = "evidence: {candidate: ann}, highest: {hardware: null}"
    file = write(tmp_path / "mine.yml", f"cases: [{{case: one more, clauses: [hardware.3.exam], {sound}}}]")
    cases = traced(folder, file)["cases"]
    assert (len(cases), cases[-1]["case"]) == (len(whole["cases"]) + 1, "mine: one more")
    assert traced(folder, tmp_path)["cases"] == cases


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cases: ]", "mine.yaml:1:8: "),
        ("- case: a", "mine.yaml: these are no cases; write a mapping of given, which may be left out, and cases"),
        ("", "these are no cases"),
        ("cases: {case: a}", "these are no cases"),
        ("cases:\n  - case: !!python/object:os.system a", "mine.yaml:2:11: tags are not read; write the value alone"),
        ("cases:\n  - case: \x07", "mine.yaml:"),
        ("cases: []\n---\ncases: []", "these are no cases"),
    ],
)
def test_what_is_no_file_of_cases_is_a_usage_error(tmp_path: Path, text: str, words: str) -> None:
    result = run("trace", write(tmp_path / "mine.yaml", text))
    assert result.exit_code != 0
    assert words in str(result.exception)
    assert result.exception.__class__.__name__ == "QuestionError"


def test_a_folder_without_cases_is_a_usage_error(tmp_path: Path) -> None:
    words = f"{tmp_path}: no file of cases is in this folder; write some, as .yaml or .yml"
    for others in ([], [KB / CATEGORY / "cases"]):
        assert str(run("trace", *others, tmp_path).exception) == words


# Other policies


def test_a_policy_change_is_traced_where_the_clauses_set_what_it_replaces(tmp_path: Path, whole: Any) -> None:
    change = write(tmp_path / "change.yaml", "hardware.5.succession: {required: 2, items: []}")
    found = traced("--policy-change", change)
    assert found["policy"] != whole["policy"]
    assert {**found, "policy": whole["policy"]} == whole


def test_a_policy_is_the_same_however_its_folder_is_named(kb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(kb.parent)
    first = traced("--kb", "kb")
    assert first["gaps"] == []
    assert all(traced("--kb", name) == first for name in ("./kb", "kb/", str(kb), "kb/core/.."))


def test_a_second_category_is_traced(tmp_path: Path) -> None:
    kb = tmp_path / "kb"
    shutil.copytree(KB / "core", kb / "core")
    (kb / "baking").mkdir()
    for name, text in FILES.items():
        write(kb / "baking" / name, text)
    assert [gap[:2] for gap in gaps("--kb", kb)] == [
        ("clause_without_case", "bread.1.good_shifts"),
        ("clause_without_case", "bread.2.good_shifts"),
    ]
    (kb / "baking" / "cases").mkdir()
    case = "cases:\n  - case: a shift\n    clauses: [bread.1.good_shifts, bread.2.good_shifts]\n"
    case += "    evidence: {candidate: ann}\n    highest: {bread: null}\n"
    file = write(kb / "baking" / "cases" / "shifts.yaml", case)
    found = traced("--kb", kb)
    assert found["cases"] == [
        {
            "case": "shifts: a shift",
            "file": str(file),
            "line": 2,
            "clauses": ["bread.1.good_shifts", "bread.2.good_shifts"],
        }
    ]
    assert found["rules"] == [
        {"rule": f"baking/rules.lp:{line}", "clauses": ["bread.1.good_shifts", "bread.2.good_shifts"]}
        for line in (3, 6)
    ]
    assert found["clauses"][1] == {
        "clause": "bread.2.good_shifts",
        "section": "Bread, level 2, Oven",
        "rules": ["baking/rules.lp:3", "baking/rules.lp:6"],
        "parameters": [
            {"parameter": "required", "places": ["baking/clauses.lp:8"]},
            {"parameter": "loaves", "places": ["baking/clauses.lp:9"]},
            {"parameter": "grains", "places": ["baking/clauses.lp:10"]},
        ],
        "cases": ["shifts: a shift"],
    }
