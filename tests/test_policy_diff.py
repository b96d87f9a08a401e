"""Two versions of the policy compared: clauses, evidence on which they disagree, and whose verdicts differ."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy
from itss_logic.assurance.twins import twins
from itss_logic.cli import cli
from itss_logic.engine import Source
from itss_logic.errors import ItssError, PolicyError
from itss_logic.rule_files import default_kb

KB = Path(default_kb())
ROOT = KB.parent
PEOPLE = ROOT / "facts" / "json"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["policy", "diff", *map(str, arguments)])


def differing(*arguments: object, code: int = 0) -> Any:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.stdout)


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    return Path(shutil.copytree(KB, tmp_path / "kb"))


def edit(kb: Path, file: str, old: str, new: str) -> None:
    path = kb / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


CLAUSES = "customer_service/clauses.lp"
SUCCESSION = "sets((hardware; software), 5, succession, required, 3)."
LOWER = "sets(hardware, 5, succession, required, 2). sets(software, 5, succession, required, 3)."


def levels(found: Any) -> dict[tuple[str, int], Any]:
    return {(level["field"], level["level"]): level for level in found["levels"]}


def test_a_version_does_not_differ_from_itself() -> None:
    found = differing(KB, KB)
    assert found["clauses"] == {"added": [], "removed": [], "changed": []}
    assert list(levels(found)) == Policy.load().levels
    assert not any(level["differs"] for level in found["levels"])
    assert "candidates" not in found
    assert "no difference up to the bound, under any readings" in run(KB, KB).output


class Lower(NamedTuple):
    """A version with a lower number: its folder, what differs, and the folder with the evidence."""

    kb: Path
    found: Any
    examples: Path


@pytest.fixture(scope="module")
def lower(tmp_path_factory: pytest.TempPathFactory) -> Lower:
    folder = tmp_path_factory.mktemp("lower")
    kb = Path(shutil.copytree(KB, folder / "kb"))
    edit(kb, CLAUSES, SUCCESSION, LOWER)
    return Lower(kb, differing(KB, kb, "--examples", folder / "examples"), folder / "examples")


def test_a_changed_number_is_told_with_evidence_that_shows_it(lower: Lower) -> None:
    found = lower.found
    assert found["clauses"]["changed"] == [
        {"clause": "hardware.5.succession", "changed": {"required": {"before": 3, "after": 2}}}
    ]
    by_level = levels(found)
    assert [level for level, one in by_level.items() if one["differs"]] == [("hardware", 5)]
    one = by_level["hardware", 5]
    assert (one["before"]["verdict"], one["after"]["verdict"]) == ("not_attained", "attained")
    assert one["before"]["unmet"] == ["succession"]
    assert one["readings"] == Policy.load().in_force()
    file = lower.examples / "hardware-5.lp"
    assert sorted(f"{fact}." for fact in one["evidence"]) == sorted(file.read_text(encoding="utf-8").splitlines())
    for version, verdict in ((KB, "not_attained"), (lower.kb, "attained")):
        result = CliRunner().invoke(cli, ["evaluate", str(file), "--kb", str(version), "--format", "json"])
        assert result.exit_code == 0
        [answer] = json.loads(result.stdout)
        assert [r["verdict"] for r in answer["results"] if (r["field"], r["level"]) == ("hardware", 5)] == [verdict]


def test_nothing_can_be_left_out_of_the_evidence(lower: Lower, tmp_path: Path) -> None:
    one = levels(lower.found)["hardware", 5]
    policies = Policy.load(), Policy.load(None, str(lower.kb))
    facts = [fact for fact in one["evidence"] if not fact.startswith("candidate")]
    assert len(facts) > 30
    file = tmp_path / "less.lp"
    for left_out in facts:
        owned = f'"example",{left_out.split(",")[1]}' if left_out.startswith("project(") else left_out
        kept = [fact for fact in facts if owned not in fact]
        file.write_text("".join(f"{fact}.\n" for fact in ['candidate("example")', *kept]), encoding="utf-8")
        answers = [answer for policy in policies for answer in policy.evaluate(_entries(policy, file))]
        verdicts = {answer.result("hardware", 5).verdict for answer in answers}
        assert len(verdicts) == 1, left_out


def _entries(policy: Policy, path: Path) -> list[Evidence]:
    entries = list(policy.read(str(path)))
    return [entry for entry in entries if isinstance(entry, Evidence)]


def test_what_shows_under_other_readings_alone_is_found(kb: Path) -> None:
    edit(
        kb,
        "customer_service/facilities.lp",
        "scope(first_alternative, sites).",
        "scope(first_alternative, floor_area).",
    )
    found = levels(differing(KB, kb))
    assert [level for level, one in found.items() if one["differs"]] == [
        ("facility_management", 5),
        ("facility_management", 6),
    ]
    assert {one["readings"]["size_scope"] for one in found.values() if one["differs"]} == {"first_alternative"}


def test_clauses_that_came_and_went_are_told(kb: Path) -> None:
    edit(
        kb,
        CLAUSES,
        "clause((hardware; software; facility_management), 5,    leads).",
        "clause((software; facility_management), 5,    leads).\nclause(hardware, 3, leads).",
    )
    edit(
        kb,
        CLAUSES,
        "sets((hardware; software), 5,    leads, required, 1).",
        "sets(software, 5, leads, required, 1). sets(hardware, 3, leads, required, 1).",
    )
    found = differing(KB, kb)
    assert found["clauses"]["added"] == ["hardware.3.leads"]
    assert found["clauses"]["removed"] == ["hardware.5.leads"]
    assert [level for level, one in levels(found).items() if one["differs"]] == [
        ("hardware", 3),
        ("hardware", 4),
        ("hardware", 5),
    ]


def test_a_changed_rule_is_told_under_its_clauses(kb: Path) -> None:
    edit(
        kb, "customer_service/contributions.lp", "depth(D, M), depth(E, N), M >= N.", "depth(D, M), depth(E, N), M > N."
    )
    found = differing(KB, kb)
    changed = {clause["clause"]: clause["changed"] for clause in found["clauses"]["changed"]}
    assert {id.rsplit(".")[-1] for id in changed} == {"specialty"}
    rules = changed["hardware.3.specialty"]["rules"]
    assert any("M >= N" in rule for rule in rules["before"])
    assert any("M > N" in rule for rule in rules["after"])
    assert all(one["differs"] for one in found["levels"])


def test_an_equivalent_rule_makes_no_difference(kb: Path) -> None:
    edit(
        kb,
        "customer_service/contributions.lp",
        "depth(D, M), depth(E, N), M >= N.",
        "depth(E, N), depth(D, M), not M < N.",
    )
    found = differing(KB, kb)
    assert found["clauses"]["changed"]
    assert not any(one["differs"] for one in found["levels"])


def test_verdicts_of_candidates_that_differ_are_listed(kb: Path) -> None:
    edit(kb, CLAUSES, SUCCESSION, "sets((hardware; software), 5, succession, required, 2).")
    found = differing(KB, kb, "--evidence", PEOPLE)
    assert found["candidates"] == 12
    before = {a.candidate: a for a in Policy.load().evaluate(_entries(Policy.load(), PEOPLE))}
    other = Policy.load(None, str(kb))
    after = {a.candidate: a for a in other.evaluate(_entries(other, PEOPLE))}
    expected = [
        {"candidate": id, "field": f, "level": n, "before": was, "after": after[id].result(f, n).verdict}
        for id, answer in before.items()
        for (f, n), was in answer.summary.verdicts.items()
        if was != after[id].result(f, n).verdict
    ]
    assert expected
    assert found["changes"] == expected


def test_a_table_for_people(kb: Path) -> None:
    edit(kb, CLAUSES, SUCCESSION, LOWER)
    lines = run(KB, kb, "--evidence", PEOPLE).output.splitlines()
    assert lines[:2] == ["~ hardware.5.succession", "    required  3 → 2"]
    assert "Hardware             3  no difference up to the bound, under any readings" in lines
    [told] = [line for line in lines if line.startswith("Hardware             5  ")]
    assert "✗ not attained → ✓ attained on " in told
    assert any(line.startswith("12 candidates, ") for line in lines)


def test_refused_evidence_is_told_and_the_rest_compared(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"candidate": "x", "exams": ["no"]}', encoding="utf-8")
    found = differing(KB, KB, "--evidence", tmp_path, "--evidence", PEOPLE, code=1)
    assert found["candidates"] == 12


def test_git_revisions(kb: Path, tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *author, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    git("add", "kb")
    git("commit", "-qm", "one")
    edit(kb, CLAUSES, SUCCESSION, LOWER)
    git("commit", "-qam", "two")
    command = ["python", "-m", "itss_logic", "policy", "diff", "HEAD~1:kb", "HEAD:kb", "--format", "json"]
    result = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, env=_environment())
    found = json.loads(result.stdout)
    assert [c["clause"] for c in found["clauses"]["changed"]] == ["hardware.5.succession"]
    command[5] = "nowhere"
    failed = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, env=_environment())
    assert (failed.returncode, failed.stdout) == (2, "")
    assert "nowhere is neither a folder nor a git revision" in failed.stderr


def _environment() -> dict[str, str]:
    import os
    import sys

    return {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_what_is_no_version_is_a_usage_error(tmp_path: Path) -> None:
    for version in (tmp_path / "missing", "--upload-pack=x", tmp_path):
        result = run("--", version, KB)
        assert isinstance(result.exception, ItssError)
        assert result.stdout == ""


def test_a_predicate_that_one_version_lacks_is_no_evidence_for_both(kb: Path) -> None:
    edit(
        kb,
        "customer_service/vocabulary.lp",
        "value(means, (mentoring; coaching; other)).",
        "value(means, (mentoring; other)).",
    )
    found = differing(KB, kb)
    assert not any(one["differs"] for one in found["levels"])


def test_versions_share_what_does_not_differ() -> None:
    one = [Source("a", "a(X) :- b(X). verdict(C,F,L,X) :- a(C), c(F,L,X). b(1).")]
    assert twins(one, one) is None
    assert twins(one, [Source("a", one[0].text + " unread(1).")]) is None
    both = twins(one, [Source("a", one[0].text.replace("b(1)", "b(2)"))])
    assert both is not None
    assert "b_in_second(2)" in both.text
    assert "verdict_in_second(C,F,L,X) :- a_in_second(C); c(F,L,X)." in both.text


def program(text: str) -> list[Source]:
    return [Source("a.lp", text)]


def test_pooled_atoms_belong_to_their_version() -> None:
    rules = "verdict(C,F,L,X) :- a(C), c(F; L), d(X). a(C) :- b(C; C). c(1..2). d(1). b({})."
    both = twins(program(rules.format(1)), program(rules.format(2)))
    assert both is not None
    assert "a_in_second(C) :- b_in_second(C;C)." in both.text


@pytest.mark.parametrize(
    "statement",
    [
        ":- a(1).",
        "not b :- a(1).",
        "b : a(1).",
        "{ b } 0 :- a(1).",
        "{ b : a(1) }.",
        "-b(1).",
        "#const n = 1.",
        "#minimize { 1 : a(1) }.",
        "#show a/1.",
    ],
)
def test_versions_that_say_more_than_rules_do_are_not_compared(statement: str) -> None:
    rules = program(f"verdict(1,2,3,4) :- a(1). a(1). {statement}")
    with pytest.raises(PolicyError, match=r"a\.lp:1: .* does more than derive an atom"):
        twins(rules, rules)


def test_versions_that_derive_evidence_are_not_compared() -> None:
    rules = "verdict(C,F,L,X) :- given(C,F,L,X). given(1,1,1,{})."
    with pytest.raises(PolicyError, match="given/4, which is evidence"):
        twins(program(rules.format(1)), program(rules.format(2)), [("given", 4)])


def test_what_goes_beyond_the_bound_is_not_known(kb: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(kb, tmp_path / "other"))
    old = "sets(facility_management,                       6, projects, required, 3)."
    edit(kb, CLAUSES, old, old.replace("3)", "18)"))
    edit(other, CLAUSES, old, old.replace("3)", "19)"))
    one = levels(differing(kb, other))["facility_management", 6]
    assert one["differs"] is None
    assert "more than 16 project items in facility_management" in one["undecided"]


def test_what_one_version_alone_has_is_told(kb: Path) -> None:
    edit(kb, "customer_service/readings.lp", "option(ap_exam, no_effect, 3).\n", "")
    edit(kb, "customer_service/vocabulary.lp", "(ip; sg; fe;", "(ip; sg; zz; fe;")
    found = differing(KB, kb)
    assert found["readings"] == {"removed": ["ap_exam=no_effect"], "added": []}
    assert found["evidence"] == {"removed": [], "added": ["passed_exam zz"]}
    assert not any(one["differs"] for one in found["levels"])
    assert isinstance(run(KB, kb, "--reading", "ap_exam=no_effect").exception, ItssError)


def test_a_rule_file_that_is_no_program_is_told_with_its_place(kb: Path) -> None:
    path = kb / "customer_service" / "contributions.lp"
    path.write_text(path.read_text(encoding="utf-8") + "this is no rule.\n", encoding="utf-8")
    lines = len(path.read_text(encoding="utf-8").splitlines())
    for command in (["diff", str(KB), str(kb)], *([name, "--kb", str(kb)] for name in ("verify", "trace", "show"))):
        error = CliRunner().invoke(cli, ["policy", *command]).exception
        assert isinstance(error, PolicyError)
        assert f"contributions.lp:{lines}:" in str(error)
