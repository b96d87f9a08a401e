"""Mutants of the policy: which its cases notice, which are proven equivalent, and evidence for those that survive."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy
from itss_logic.assurance.mutants import mutants
from itss_logic.cli import cli
from itss_logic.rule_files import default_kb

KB = Path(default_kb())
CASES = KB / "customer_service" / "cases"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["policy", "mutate", *map(str, arguments)])


def told(*arguments: object, code: int = 0) -> Any:
    result = run(*arguments, "--jobs", 1, "--format", "json")
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


def test_every_kind_of_mutant_is_made(policy: Policy) -> None:
    made = mutants(policy)
    kinds = Counter(mutant.kind for mutant in made)
    assert set(kinds) == {"number", "literal", "comparison"}
    numbers = {(m.place, m.after) for m in made if m.kind == "number"}
    assert {("hardware.5.succession.required", n) for n in ("2", "4")} <= numbers
    depth = [m for m in made if m.before == "at_least(D,E) :- depth(D,M); depth(E,N); M >= N."]
    assert sorted((m.kind, m.after) for m in depth) == [
        ("comparison", "at_least(D,E) :- depth(D,M); depth(E,N); M < N."),
        ("comparison", "at_least(D,E) :- depth(D,M); depth(E,N); M > N."),
        ("literal", "at_least(D,E) :- depth(D,M); M >= N."),
        ("literal", "at_least(D,E) :- depth(D,M); depth(E,N)."),
        ("literal", "at_least(D,E) :- depth(E,N); M >= N."),
    ]
    complete = [m.after for m in made if m.before.startswith("complete(")]
    assert any(after.endswith("met(V,C,F,L,K).") for after in complete)
    counted = [m.after for m in made if m.before.startswith("met(")]
    assert any("N < #count" in after for after in counted)
    assert all(m.before != m.after for m in made)


def test_the_cases_notice_every_mutant_of_a_rule_that_is_not_equivalent(policy: Policy) -> None:
    """Those of numbers are noticed too: `test_policy_test.py` has both sides of every threshold."""
    result = run("--jobs", 1, "--within", ".lp:")
    assert result.exit_code == 0, result.output
    *_, counts, score = result.output.splitlines()
    assert score == "score 100.0% of those that are programs and not equivalent"
    rules = [mutant for mutant in mutants(policy) if ".lp:" in mutant.place]
    assert {mutant.kind for mutant in rules} == {"literal", "comparison"}
    assert counts.startswith(f"{len(rules)} mutants: ")
    assert counts.endswith(" 0 not noticed")


def test_what_is_equivalent_is_told_when_asked() -> None:
    result = run(CASES / "projects.yaml", "--jobs", 1, "--within", "projects.lp:116", "--equivalent")
    assert result.exit_code == 0
    assert "equivalent: it decides all evidence alike" in result.output
    assert "G <= H" in result.output


def test_a_mutant_that_survives_comes_with_evidence_that_tells_it_apart(policy: Policy, tmp_path: Path) -> None:
    found = told(CASES / "exam.yaml", "--within", "contributions.lp:24", code=3)
    assert found["score"] < 1
    survived = {m["after"]: m for m in found["mutants"] if m["fate"] == "survived"}
    assert survived
    made = [mutant for mutant in mutants(policy) if mutant.after in survived]
    assert len(made) == len(survived)
    for mutant in made:
        one = survived[mutant.after]
        facts = tmp_path / "facts.lp"
        facts.write_text("".join(f"{fact}.\n" for fact in one["evidence"]), encoding="utf-8")
        results = []
        for version in (policy, mutant.of(policy)):
            [entry] = version.read(str(facts))
            assert isinstance(entry, Evidence)
            [answer] = version.evaluate([entry], one["readings"])
            results.append(answer.results)
        assert results[0] != results[1]


def test_what_clingo_refuses_is_no_mutant_that_a_case_notices() -> None:
    found = told(CASES / "contributions.yaml", "--within", "contributions.lp:30")
    assert [mutant["fate"] for mutant in found["mutants"]] == ["refused", "refused"]


def test_a_survivor_is_shown_with_what_it_changes() -> None:
    result = run(CASES / "exam.yaml", "--within", "hardware.5.succession", "--jobs", 1)
    assert result.exit_code == 3
    assert result.output.splitlines()[:3] == [
        "hardware.5.succession.required  no case notices it",
        "  - 3",
        "  + 4",
    ]
    assert "hardware 5: " in result.output
    assert "  achievement(" in result.output
    assert "score 0.0% of those that are programs and not equivalent" in result.output


def test_two_processes_find_the_same() -> None:
    arguments = (CASES / "sizes_assignments.yaml", "--within", "hardware.4.size", "--format", "json")
    one, two = (json.loads(run(*arguments, "--jobs", jobs).stdout)["mutants"] for jobs in (1, 2))
    assert one
    assert [mutant["fate"] for mutant in one] == [mutant["fate"] for mutant in two]


def test_cases_that_fail_notice_nothing(tmp_path: Path) -> None:
    kb = Path(shutil.copytree(KB, tmp_path / "kb"))
    file = kb / "customer_service" / "clauses.lp"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("succession, required, 3)", "succession, required, 2)"), encoding="utf-8")
    result = run(kb / "customer_service" / "cases" / "succession.yaml", "--kb", kb)
    assert result.exit_code == 2
    assert "all pass" in result.output


def test_no_mutants_prove_nothing() -> None:
    result = run("--within", "nowhere")
    assert result.exit_code == 2
    assert "no mutant has nowhere in its place" in result.output


def test_a_changed_parameter_is_mutated_as_it_is_changed(tmp_path: Path) -> None:
    change = tmp_path / "change.yaml"
    change.write_text("hardware.5.succession: {required: 2}", encoding="utf-8")
    exam = CASES / "exam.yaml"
    found = told(exam, "--within", "hardware.5.succession", "--policy-change", change, code=3)
    assert [(mutant["before"], mutant["after"]) for mutant in found["mutants"]] == [("2", "3"), ("2", "1")]
    assert {mutant["fate"] for mutant in found["mutants"]} == {"survived"}


def test_what_goes_beyond_the_bound_is_not_called_equivalent(tmp_path: Path) -> None:
    change = tmp_path / "change.yaml"
    change.write_text("facility_management.6.projects: {required: 18}", encoding="utf-8")
    arguments = (CASES / "exam.yaml", "--within", "facility_management.6.projects.required", "--policy-change", change)
    assert {mutant["fate"] for mutant in told(*arguments, code=3)["mutants"]} == {"unknown"}
