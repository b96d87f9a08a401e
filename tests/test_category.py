"""A second job category is a second folder of rules: a toy one is evaluated here without any change of Python."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itss_logic.cli import cli
from itss_logic.rule_files import default_kb

VOCABULARY = """
category(baking).
field(bread, 1).

#defined certified/1.
evidence(certified, item, flag, certificate).
stated(C, certified)   :- certified(C).
asserted(C, certified) :- claimed(certified(C)).

#defined shift/3.
evidence(shift, item, many, shifts).
argument(shift, 2, field, field).
argument(shift, 3, id, name).
stated(C, shift(F, S))   :- shift(C, F, S).
asserted(C, shift(F, S)) :- claimed(shift(C, F, S)).

#defined loaves/3.
evidence(loaves, attribute, one, loaves_baked).
argument(loaves, 2, of(shift), shift).
argument(loaves, 3, number(count), loaves_baked).
range(count, 0, 500).
stated(C, loaves(S, N)) :- loaves(C, S, N).

#defined burnt/3.
evidence(burnt, attribute, one, any_burnt).
argument(burnt, 2, of(shift), shift).
argument(burnt, 3, value(burnt), any_burnt).
value(burnt, (burnt; fine)).
json_value(burnt, burnt, true).
json_value(burnt, fine, false).
stated(C, burnt(S, B)) :- burnt(C, S, B).

#defined grain/3.
evidence(grain, attribute, many, grains).
argument(grain, 2, of(shift), shift).
argument(grain, 3, value(grain), grain).
value(grain, bread, (rye; wheat)).
stated(C, grain(S, G)) :- grain(C, S, G).
"""

CLAUSES = """
level(bread, (1; 2)).
route(kpi, 1).
route(certificate, 2).
criterion(good_shifts, 1).
supplied_by(good_shifts, shift).
sets(bread, 1, good_shifts, required, 1).
sets(bread, 2, good_shifts, required, 2).
sets(bread, (1; 2), good_shifts, loaves, 100).
sets(bread, (1; 2), good_shifts, grains, (rye; wheat)).
many_valued(grains).
takes(required, number(count)).
takes(loaves, number(count)).
takes(grains, value(grain)).
clause(F, L, K) :- sets(F, L, K, _, _).
"""

WORDINGS = """
language(en, 1).
label(en, baking, "Baking").
label(en, bread, "Bread").
section(en, F, L, K, "Oven") :- clause(F, L, K).
wording(en, F, L, K, "Baked {loaves} loaves of {grains} in {required} shifts.") :- clause(F, L, K).
sentence(en, shift, "shift {name}").
sentence(en, loaves, "{loaves_baked} loaves").
"""

RULES = """
% [bread.*.good_shifts] Enough loaves, none burnt.
witness(V, C, F, L, good_shifts, S, shift(F, S)) :- holds(V, C, shift(F, S)), holds(V, C, burnt(S, fine)),
    holds(V, C, grain(S, G)), parameter(F, L, good_shifts, grains, G),
    holds(V, C, loaves(S, N)), parameter(F, L, good_shifts, loaves, M), N >= M.
route_met(V, C, bread, 1, certificate) :- holds(V, C, certified).
"""

DECLARED = ["../core/vocabulary.lp", "../core/clauses.lp", "../core/readings.lp", "vocabulary.lp", "clauses.lp"]
WORDED = ["../core/wordings.lp", "../core/checks.lp", "wordings.lp"]
TERMS = """
term(certified, certified, none, none) :- possible(certified, none, none).
term(shift(F, S), shift, S, F) :- possible(shift, S, F).
term(loaves(S, N), loaves, S, N) :- possible(loaves, S, N).
term(burnt(S, B), burnt, S, B) :- possible(burnt, S, B).
term(grain(S, G), grain, S, G) :- possible(grain, S, G).
cut(loaves, N) :- parameter(F, L, good_shifts, loaves, N).
"""

FILES = {
    "vocabulary.lp": VOCABULARY,
    "clauses.lp": CLAUSES,
    "wordings.lp": WORDINGS,
    "rules.lp": RULES,
    "terms.lp": TERMS,
    "explain.lp": '#include "../core/terms.lp".\n#include "terms.lp".\n',
    "declarations.lp": "\n".join(f'#include "{name}".' for name in [*DECLARED, *WORDED]),
    "policy.lp": "\n".join(
        f'#include "{name}".' for name in [*DECLARED, "../core/views.lp", "../core/levels.lp", "rules.lp"]
    ),
}

GOOD = {"name": "s1", "loaves_baked": 100, "any_burnt": False, "grains": ["rye"]}
PEOPLE = [
    {"candidate": "ann", "fields": {"bread": {"shifts": [GOOD, {**GOOD, "name": "s2", "loaves_baked": 99}]}}},
    {"candidate": "bob", "certificate": {"status": "claimed", "source": "drawer 3"}},
    {"candidate": "cat", "certificate": True, "fields": {"bread": {"shifts": [{**GOOD, "any_burnt": True}]}}},
    {"candidate": "dan", "fields": {"bread": {"shifts": [GOOD, {**GOOD, "name": "s2", "status": "claimed"}]}}},
]


def beside_core(folder: Path, files: Mapping[str, str]) -> Path:
    """A knowledge base with the category `baking` of these files."""
    shutil.copytree(Path(default_kb()) / "core", folder / "core")
    (folder / "baking").mkdir()
    for name, text in files.items():
        (folder / "baking" / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    return beside_core(tmp_path / "kb", FILES)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.json"
    path.write_text(json.dumps(PEOPLE), encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def verdicts(output: str) -> dict[str, list[str]]:
    return {answer["candidate"]: [r["verdict"] for r in answer["results"]] for answer in json.loads(output)}


EXPECTED = {
    "ann": ["attained", "not_attained"],
    "bob": ["pending", "not_attained"],
    "cat": ["deemed", "not_attained"],
    "dan": ["attained", "pending"],
}


def test_evaluates(kb: Path, people: Path) -> None:
    result = run("evaluate", people, "--kb", kb, "--format", "json", "--across-readings")
    assert result.exit_code == 0, result.output
    assert verdicts(result.output) == EXPECTED
    first = json.loads(result.output)[0]
    assert first["category"] == "baking"
    assert first["highest"] == {"bread": 1}
    assert first["readings"] == {}
    assert [(r["across"], r["hinges_on"]) for r in first["results"]] == [("all", []), ("none", [])]


def test_exported_facts_answer_the_same(kb: Path, people: Path, tmp_path: Path) -> None:
    assert run("export", people, "--kb", kb, "-o", tmp_path / "lp").exit_code == 0
    exported = (tmp_path / "lp" / "bob.lp").read_text(encoding="utf-8")
    assert exported == 'candidate("bob").\nclaimed(certified("bob")).\nsource(certified("bob"),"drawer 3").\n'
    result = run("evaluate", tmp_path / "lp", "--kb", kb, "--format", "json")
    assert verdicts(result.output) == EXPECTED


@pytest.mark.parametrize(
    ("shift", "code", "path"),
    [
        ({**GOOD, "loaves_baked": 501}, "bad_number", "$.fields.bread.shifts[0].loaves_baked"),
        ({**GOOD, "grains": ["rice"]}, "unknown_value", "$.fields.bread.shifts[0].grains[0]"),
        ({**GOOD, "any_burnt": "no"}, "wrong_type", "$.fields.bread.shifts[0].any_burnt"),
        ({**GOOD, "role": "member"}, "unknown_key", "$.fields.bread.shifts[0].role"),
        ({"loaves_baked": 100}, "missing_key", "$.fields.bread.shifts[0]"),
    ],
)
def test_refuses_by_its_own_vocabulary(kb: Path, tmp_path: Path, shift: dict[str, Any], code: str, path: str) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"candidate": "eve", "fields": {"bread": {"shifts": [shift]}}}), encoding="utf-8")
    result = run("check", file, "--kb", kb, "--format", "json")
    assert result.exit_code == 2
    [refusal] = json.loads(result.stdout)["refusals"]
    assert (refusal["code"], refusal["path"]) == (code, path)


def test_facts_of_another_category_are_unknown(kb: Path, tmp_path: Path) -> None:
    file = tmp_path / "one.lp"
    file.write_text('candidate(eve). passed_exam(eve, ap). attained(eve, bread, 2). loaves(eve, "s", 1).')
    result = run("check", file, "--kb", kb, "--format", "json")
    codes = [refusal["code"] for refusal in json.loads(result.stdout)["refusals"]]
    assert codes == ["unknown_predicate", "derived_predicate", "unknown_project"]


def test_checklist_clauses_and_schema_speak_of_it(kb: Path, people: Path) -> None:
    people.write_text(json.dumps(PEOPLE[3]), encoding="utf-8")
    checklist = run("evaluate", people, "--kb", kb).output
    assert "Baked 100 loaves of rye / wheat in 2 shifts." in checklist
    assert "1 of 2 (+1 claimed)" in checklist
    clause = json.loads(run("policy", "show", "bread.2.good_shifts", "--kb", kb, "--format", "json").output)
    assert clause["parameters"] == {"required": 2, "loaves": 100, "grains": ["rye", "wheat"]}
    assert clause["rules"] == ["baking/rules.lp:3", "baking/rules.lp:6"]
    schema = json.loads(run("policy", "schema", "--kb", kb).output)
    shifts = schema["properties"]["fields"]["properties"]["bread"]["properties"]["shifts"]["items"]
    assert shifts["properties"]["loaves_baked"] == {"type": "integer", "minimum": 0, "maximum": 500}


def test_beside_another_category_it_must_be_named(kb: Path, people: Path) -> None:
    shutil.copytree(Path(default_kb()) / "customer_service", kb / "customer_service")
    unnamed = run("evaluate", people, "--kb", kb)
    assert unnamed.exit_code != 0
    assert "baking, customer_service" in str(unnamed.exception)
    named = run("evaluate", people, "--kb", kb, "--category", "baking", "--format", "json")
    assert verdicts(named.output) == EXPECTED
    wrong = run("evaluate", people, "--kb", kb, "--category", "customer_service", "--format", "json")
    assert wrong.output.count("unknown_key") >= 4
    assert wrong.exit_code == 2


def test_a_policy_that_clingo_reports_on_is_not_used(kb: Path, people: Path) -> None:
    rules = kb / "baking" / "rules.lp"
    rules.write_text(RULES + "\nwitness(V, C, bread, 1, good_shifts, x, y) :- hold(V, C, certified).\n")
    result = run("evaluate", people, "--kb", kb)
    message = str(result.exception)
    assert f"{rules}:8" in message
    assert "hold" in message


@pytest.mark.parametrize(
    ("file", "old", "new", "defect"),
    [
        ("clauses.lp", "level(bread, (1; 2)).", "level(bread, (1; 2; 3)).", "no criterion at level (bread,3)"),
        ("clauses.lp", "sets(bread, 2, good_shifts, required, 2).", "", "`required` for criterion (bread,2,good_"),
        ("clauses.lp", "route(kpi, 1).", "sets(bread, 2, good_shifts, required, 3).", "two values of parameter"),
        (
            "clauses.lp",
            "route(kpi, 1).",
            "has_parameter(good_shifts, oven).",
            "no parameter (bread,1,good_shifts,oven)",
        ),
        ("clauses.lp", "clause(F, L, K) :-", "clause(F, 1, K) :-", "no clause for parameter (bread,2,good_shifts"),
        ("clauses.lp", "level(bread, (1; 2)).", "level(bread, 1).", "no such level for clause (bread,2,good_shifts)"),
        ("wordings.lp", '"Oven") :-', '"Oven") :- L < 2,', "no source section for clause (en,bread,2,good_shifts)"),
        (
            "wordings.lp",
            "wording(en, F, L, K, ",
            "wording(en, F, 1, K, ",
            "no wording for clause (en,bread,2,good_shifts)",
        ),
        ("clauses.lp", "route(kpi, 1).", "route(kpi, 1). reading(hot, 1).", "no option for reading hot"),
        ("clauses.lp", "route(kpi, 1).", "route(kpi, 1). open_to(bread, 1, x, hot).", "no such reading that a clause"),
    ],
)
def test_a_policy_with_a_defect_is_not_used(kb: Path, people: Path, file: str, old: str, new: str, defect: str) -> None:
    assert old in FILES[file]
    (kb / "baking" / file).write_text(FILES[file].replace(old, new), encoding="utf-8")
    result = run("evaluate", people, "--kb", kb)
    assert defect in str(result.exception)


def test_a_wording_that_names_no_parameter_is_told(kb: Path) -> None:
    (kb / "baking" / "wordings.lp").write_text(WORDINGS.replace("{loaves}", "{loafs}"), encoding="utf-8")
    result = run("policy", "show", "--kb", kb)
    assert "{loafs} in a wording is no parameter" in str(result.exception)


def test_several_needed_levels_must_all_be_reached(kb: Path, people: Path) -> None:
    clauses = CLAUSES.replace("(1; 2)", "(1; 2; 3)") + "sets(bread, 3, good_shifts, required, 1)."
    needs = "needs_level(V, bread, 3, L) :- view(V), level(bread, L), L < 3."
    (kb / "baking" / "clauses.lp").write_text(clauses, encoding="utf-8")
    (kb / "baking" / "rules.lp").write_text(RULES + needs, encoding="utf-8")
    [ann, *_] = json.loads(run("evaluate", people, "--kb", kb, "--format", "json").output)
    third = ann["results"][2]
    assert (third["routes"], third["unmet"]) == ([], ["lower_level"])


def test_a_policy_that_leaves_a_choice_is_not_used(kb: Path, people: Path) -> None:
    (kb / "baking" / "rules.lp").write_text(RULES + "\n{ route_met(V, C, bread, 2, kpi) : subject(V, C) }.\n")
    result = run("evaluate", people, "--kb", kb)
    assert "more than one answer set" in str(result.exception)


def ask(command: str, kb: Path, people: Path, candidate: str, level: int, *options: object) -> Any:
    about = ["--kb", kb, "--candidate", candidate, "--field", "bread", "--level", level, "--format", "json"]
    result = run(command, people, *about, *options)
    assert result.exit_code == 0, result.output + str(result.exception)
    return json.loads(result.output)


def test_why_explains_it(kb: Path, people: Path) -> None:
    why = ask("why", kb, people, "ann", 2)
    [criterion] = why["criteria"]
    assert (criterion["required"], criterion["found"], criterion["evidence"]) == (2, 1, ['shift("ann",bread,"s1")'])
    # The second shift has a number of loaves already, one too few: only a new shift will do.
    assert criterion["missing"] == [
        'burnt("ann","new-1",fine)',
        'grain("ann","new-1",rye)',
        'loaves("ann","new-1",100)',
        'shift("ann",bread,"new-1")',
    ]
    assert ask("why", kb, people, "ann", 1)["support"] == [
        'burnt("ann","s1",fine)',
        'grain("ann","s1",rye)',
        'loaves("ann","s1",100)',
        'shift("ann",bread,"s1")',
    ]
    assert ask("why", kb, people, "bob", 1)["support"] == ['claimed(certified("bob"))']
    assert ask("why", kb, people, "dan", 2)["criteria"][0]["missing"] == ['shift("dan",bread,"s2")']
    tree = run("why", people, "--kb", kb, "--candidate", "cat", "--field", "bread", "--level", 1).output
    assert "Baked 100 loaves of rye / wheat in 1 shifts" in tree
    assert "does not count: shift s1" in tree
    assert "burnt: burnt" in tree


def test_certify_certifies_it(kb: Path, people: Path) -> None:
    certificate = ask("certify", kb, people, "dan", 2)
    assert (certificate["size"], certificate["margin"], len(certificate["load_bearing"])) == (8, 1, 8)
    assert ask("certify", kb, people, "cat", 1)["certificate"] == ['certified("cat")']


def test_plan_plans_it(kb: Path, people: Path) -> None:
    told = ask("plan", kb, people, "ann", 2)
    assert told["plans"] == [
        {
            "cost": 4,
            "confirm": [],
            "add": [
                'burnt("ann","new-1",fine)',
                f'grain("ann","new-1",{grain})',
                'loaves("ann","new-1",100)',
                'shift("ann",bread,"new-1")',
            ],
        }
        for grain in sorted(["rye", "wheat"], key=lambda grain: grain not in told["plans"][0]["add"][1])
    ]
    assert ask("plan", kb, people, "dan", 2)["plans"][0] == {
        "cost": 1,
        "confirm": ['shift("dan",bread,"s2")'],
        "add": [],
    }
    assert ask("plan", kb, people, "bob", 1)["plans"][0]["confirm"] == ['certified("bob")']


def test_what_if_and_impact_work_on_it(kb: Path, people: Path) -> None:
    added = ["--remove", 'burnt("ann","s1",fine)', "--add", 'burnt("ann","s1",burnt)', "--format", "json"]
    told = json.loads(run("whatif", people, "--kb", kb, *added).stdout)
    assert [(c["level"], c["after"]) for c in told["changes"]] == [(1, "not_attained")]
    (people.parent / "change.yaml").write_text("bread.2.good_shifts: {loaves: 99}\nbread.1.good_shifts: {grains: []}")
    asked = ["--kb", kb, "--policy-change", people.parent / "change.yaml", "--format", "json"]
    told = json.loads(run("impact", people, *asked).stdout)
    assert [(f["candidate"], f["level"], f["after"], f["because"]) for f in told["flips"]] == [
        ("ann", 1, "not_attained", ["bread.1.good_shifts"]),
        ("ann", 2, "attained", ["bread.2.good_shifts"]),
        ("dan", 1, "not_attained", ["bread.1.good_shifts"]),
    ]


def change(kb: Path, file: str, old: str, new: str) -> None:
    text = (kb / "baking" / file).read_text(encoding="utf-8")
    assert old in text
    (kb / "baking" / file).write_text(text.replace(old, new), encoding="utf-8")


def test_one_item_may_supply_several_witnesses(kb: Path, people: Path) -> None:
    change(kb, "rules.lp", "good_shifts, S, shift(F, S))", "good_shifts, G, shift(F, S))")
    people.write_text(json.dumps({"candidate": "eve"}), encoding="utf-8")
    missing = ask("why", kb, people, "eve", 2)["criteria"][0]["missing"]
    assert [fact.partition("(")[0] for fact in missing] == ["burnt", "grain", "grain", "loaves", "shift"]
    both = {"candidate": "eve", "fields": {"bread": {"shifts": [{**GOOD, "grains": ["rye", "wheat"]}]}}}
    people.write_text(json.dumps(both), encoding="utf-8")
    assert len(ask("why", kb, people, "eve", 2)["support"]) == 5
    people.write_text(json.dumps({"candidate": "eve"}), encoding="utf-8")
    assert ask("plan", kb, people, "eve", 2)["plans"][0]["cost"] == 5


def test_a_route_may_be_met_by_an_item_with_attributes(kb: Path, people: Path) -> None:
    route = (
        "route_met(V, C, bread, 2, certificate) :- holds(V, C, shift(bread, S)), holds(V, C, loaves(S, N)), N >= 400.\n"
    )
    (kb / "baking" / "rules.lp").write_text(RULES + route, encoding="utf-8")
    change(kb, "clauses.lp", "supplied_by(good_shifts, shift).", "supplied_by((good_shifts; certificate), shift).")
    shift = {"name": "s", "loaves_baked": 400}
    people.write_text(json.dumps({"candidate": "eve", "fields": {"bread": {"shifts": [shift]}}}), encoding="utf-8")
    why = ask("why", kb, people, "eve", 2)
    assert (why["verdict"], why["support"]) == ("deemed", ['loaves("eve","s",400)', 'shift("eve",bread,"s")'])
    change(kb, "terms.lp", "cut(loaves, N) :-", "cut(loaves, 400).\ncut(loaves, N) :-")
    people.write_text(json.dumps({"candidate": "eve"}), encoding="utf-8")
    first = ask("plan", kb, people, "eve", 2)["plans"][0]
    assert (first["cost"], first["add"]) == (2, ['loaves("eve","new-1",400)', 'shift("eve",bread,"new-1")'])


def test_what_nothing_could_meet_is_told(kb: Path, people: Path) -> None:
    change(kb, "clauses.lp", "(1; 2), good_shifts, loaves, 100)", "(1; 2), good_shifts, loaves, 501)")
    assert ask("why", kb, people, "ann", 2)["criteria"][0]["missing"] == []
    tree = run("why", people, "--kb", kb, "--candidate", "ann", "--field", "bread", "--level", 2).output
    assert "no evidence could meet this" in tree
    told = ask("plan", kb, people, "ann", 2)
    assert (told["plans"], told["because"]) == ([], ["bread.2.good_shifts"])


def test_levels_that_are_needed_are_named(kb: Path, people: Path) -> None:
    change(
        kb,
        "clauses.lp",
        "level(bread, (1; 2)).",
        "level(bread, (1; 2; 3)). sets(bread, 3, good_shifts, (required; loaves; grains), 1).",
    )
    (kb / "baking" / "rules.lp").write_text(RULES + "needs_level(V, bread, 3, 1) :- view(V).", encoding="utf-8")
    people.write_text(json.dumps({"candidate": "eve"}), encoding="utf-8")
    tree = run("why", people, "--kb", kb, "--field", "bread", "--level", 3).output
    assert "level 1 is not reached" in tree
    assert "[Bread" not in tree.split("lower level")[1]
    assert ask("plan", kb, people, "eve", 3)["because"] == ["bread.3.good_shifts"]
    change(
        kb,
        "clauses.lp",
        "(required; loaves; grains), 1).",
        "(required; loaves), 1). sets(bread, 3, good_shifts, grains, rye).",
    )
    # One shift of a hundred loaves serves both levels, for less than a certificate and a smaller one.
    assert ask("plan", kb, people, "eve", 3)["plans"][0]["add"] == [
        'burnt("eve","new-1",fine)',
        'grain("eve","new-1",rye)',
        'loaves("eve","new-1",100)',
        'shift("eve",bread,"new-1")',
    ]


def test_a_field_may_be_called_as_a_value_is(kb: Path, people: Path) -> None:
    change(kb, "vocabulary.lp", "field(bread, 1).", "field(bread, 1). field(wheat, 2). value(grain, wheat, wheat).")
    change(
        kb,
        "clauses.lp",
        "level(bread, (1; 2)).",
        "level(bread, (1; 2)). level(wheat, 1). sets(wheat, 1, good_shifts, (required; loaves; grains), 1).",
    )
    shift = {**GOOD, "grains": ["wheat"]}
    people.write_text(json.dumps({"candidate": "eve", "fields": {"bread": {"shifts": [shift]}}}), encoding="utf-8")
    for _ in range(3):
        assert ask("why", kb, people, "eve", 1)["verdict"] == "attained"


def test_a_criterion_that_nothing_supplies_is_a_defect(kb: Path, people: Path) -> None:
    change(kb, "clauses.lp", "supplied_by(good_shifts, shift).", "")
    assert "no item supplies criterion good_shifts" in str(run("evaluate", people, "--kb", kb).exception)


def test_batch(kb: Path, people: Path, tmp_path: Path) -> None:
    out = tmp_path / "verdicts.jsonl"
    result = run("batch", people, "--kb", kb, "-o", out, "--jobs", 1)
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert verdicts(json.dumps(answers)) == EXPECTED


OVENS = """
#defined oven/2.
evidence(oven, item, many, ovens).
argument(oven, 2, id, name).
stated(C, oven(O))   :- oven(C, O).
asserted(C, oven(O)) :- claimed(oven(C, O)).

#defined fuel/3.
evidence(fuel, attribute, many, fuels).
argument(fuel, 2, of(oven), oven).
argument(fuel, 3, value(fuel), fuel).
value(fuel, (wood; gas)).
stated(C, fuel(O, X)) :- fuel(C, O, X).
"""


@pytest.mark.parametrize("fuel", ["coal", "wood). certified(0). fuel(0,0,gas"])
def test_attributes_of_an_item_of_no_field_are_checked(fuel: str, kb: Path, tmp_path: Path) -> None:
    (kb / "baking" / "vocabulary.lp").write_text(VOCABULARY + OVENS, encoding="utf-8")
    path = tmp_path / "eve.json"
    people = [
        {"candidate": name, "ovens": [{"name": "o", "fuels": [f]}]} for name, f in (("eve", fuel), ("fay", "gas"))
    ]
    path.write_text(json.dumps(people), encoding="utf-8")
    result = run("check", path, "--kb", kb, "--format", "json")
    told = json.loads(result.stdout)
    assert told["candidates"] == 1
    assert [(r["code"], r["candidate"], r["path"]) for r in told["refusals"]] == [
        ("unknown_value", "eve", "$[0].ovens[0].fuels[0]")
    ]
