"""`itss policy verify`: what it says of the policy, the evidence that it shows; other readings, policies and rules."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy
from itss_logic.assurance.properties import Finding, Verifier
from itss_logic.cli import cli
from itss_logic.rule_files import default_kb
from tests import oracle
from tests.random_profiles import FOR_ALL, FULL, Draw, Judged, Named, exhibits, named
from tests.test_category import FILES, RULES

KEYS = {"property", "args", "holds", "expected", "bound", "counterexample", "witness", "clauses"}
SIZES = [f"facility_management.{level}.size" for level in (4, 5, 6)]
REFUTED = {
    "implies hardware 4 3": ["hardware.3.specialty"],
    "implies hardware 5 4": ["hardware.4.specialty"],
    "implies software 4 3": ["software.3.specialty"],
    "implies software 5 4": ["software.4.specialty"],
    "implies facility_management 4 3": ["facility_management.3.specialty"],
    "implies facility_management 5 4": ["facility_management.4.specialty"],
    "covered facility_management": SIZES,
}
"""What does not hold under the default readings, and the clauses that it is due to."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["policy", "verify", *map(str, arguments)])


def told(*arguments: object, code: int = 0) -> dict[str, dict[str, Any]]:
    """What is said of each property, as JSON."""
    result = run(*arguments, "--format", "json")
    assert result.exit_code == code, result.output + repr(result.exception)
    assert result.stderr == ""
    return by_name(json.loads(result.stdout)["properties"])


def by_name(said: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {" ".join(map(str, (one["property"], *one["args"]))): one for one in said}


def shown(one: dict[str, Any]) -> list[str]:
    """The evidence that shows how a property comes out."""
    facts: list[str] = one["counterexample"] or one["witness"]
    return facts


def after(one: dict[str, Any]) -> list[str]:
    return [*shown(one), one["added"]] if "added" in one else []


def property_of(one: dict[str, Any]) -> Named:
    return Named(one["property"], tuple(one["args"]))


def evaluated(path: Path, *options: object) -> dict[str, dict[tuple[str, int], dict[str, Any]]]:
    """What `itss evaluate` says of the evidence in a file or folder: by candidate, field and level."""
    arguments = ["evaluate", str(path), "--format", "json", *map(str, options)]
    result = CliRunner().invoke(cli, arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return {a["candidate"]: {(r["field"], r["level"]): r for r in a["results"]} for a in json.loads(result.stdout)}


def shows(one: dict[str, Any], results: dict[tuple[str, int], dict[str, Any]]) -> bool:
    """Whether the results of evidence show what is said of a property (of bands of numbers they say nothing)."""
    name, args = one["property"], one["args"]
    reached = {level for level, result in results.items() if result["routes"]}
    if name == "implies":
        return (args[0], args[1]) in reached and (args[0], args[2]) not in reached
    if name == "satisfiable":
        return tuple(args) in reached
    if name == "decisive":
        field, level, criterion = args[0].split(".")
        unmet: list[str] = results[field, int(level)]["unmet"]
        return (field, int(level)) not in reached and unmet == [criterion]
    assert name == "covered"
    return True


# --- the policy as it stands -------------------------------------------------------------------------------------


class Run(NamedTuple):
    """A run with the default readings."""

    output: dict[str, Any]
    said: dict[str, dict[str, Any]]
    examples: Path


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("verify") / "new" / "examples"
    result = run("--format", "json", "--examples", folder)
    assert (result.exit_code, result.stderr) == (0, "")
    output = json.loads(result.stdout)
    return Run(output, by_name(output["properties"]), folder)


def test_every_property_of_the_contract_is_listed(default: Run) -> None:
    assert list(default.said) == [str(one) for one in named()]
    assert default.output["readings"] == {name: options[0] for name, options in oracle.READINGS.items()}


def test_what_is_said_of_a_property(default: Run) -> None:
    for name, one in default.said.items():
        assert one.keys() - {"reason"} == KEYS, name
        assert one["holds"] is (name not in REFUTED), name
        assert one["expected"] is one["holds"]
        assert one["clauses"] == REFUTED.get(name, [])
        assert ("reason" in one) == (name in REFUTED)
        assert bool(one["counterexample"]) == (name in REFUTED)
        assert bool(one["witness"]) == (one["property"] not in FOR_ALL)
        assert "5 project items in hardware" in one["bound"]
        assert "not proven" not in one["bound"]


def test_what_is_shown_is_evidence_that_shows_it(default: Run, tmp_path: Path) -> None:
    """Each candidate is called after its property, so that all files are evaluated at once; first one as it stands."""
    written = {path.stem: path.read_text(encoding="utf-8") for path in default.examples.iterdir()}
    said = {name.replace(" ", "-"): one for name, one in default.said.items() if shown(one)}
    assert written.keys() == said.keys()
    [(candidate, results)] = evaluated(default.examples / "implies-hardware-5-4.lp").items()
    assert candidate == "example"
    assert shows(default.said["implies hardware 5 4"], results)
    for folder, texts in [
        ("written", written),
        ("joined", {name: "".join(f"{fact}.\n" for fact in shown(one)) for name, one in said.items()}),
    ]:
        (tmp_path / folder).mkdir()
        for name, text in texts.items():
            (tmp_path / folder / f"{name}.lp").write_text(text.replace('"example"', f'"{name}"'), encoding="utf-8")
        found = evaluated(tmp_path / folder)
        assert found.keys() == said.keys()
        for name, one in said.items():
            assert shows(one, found[name]), name


def test_what_is_shown_is_smallest(default: Run) -> None:
    for name, one in default.said.items():
        facts, about = set(shown(one)), property_of(one)
        if facts:
            assert exhibits(about, facts, {}), name
            assert oracle.is_valid(facts)
        for fact in oracle.counted(facts):
            assert not exhibits(about, oracle.without(facts, [fact]), {}), f"{name}: without {fact}"


# --- other readings, and a changed policy ------------------------------------------------------------------------


def test_a_reading_under_which_another_property_holds(default: Run) -> None:
    """As a table, which says the same as the JSON, but for what the reading turns."""
    result = run("--reading", "two_sites=small", "--reading", "succession_count=every_piece")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    first = [line for line in lines if line[:1] in ("✓", "✗", "!")]
    failing = REFUTED.keys() - {"covered facility_management"}
    for line, name in zip(first, default.said, strict=True):
        assert line.startswith(f"{'✗' if name in failing else '✓'} {name} ")
        assert ("does not hold, as is known: " in line) == (name in failing)
    assert lines.count(" " * 50 + "due to hardware.3.specialty") == 1
    assert "68 properties: 62 hold, 6 do not; all as known" in lines
    assert "readings: two_sites=small, succession_count=every_piece" in lines


LADDER = """
hardware.4.specialty: {areas: []}
software.4.specialty: {areas: [failure_diagnosis, first_contact, advice]}
software.5.succession: {required: 0}
software.5.top_project: {grade: 4}
facility_management.6.specialty: {areas: [advice, facility_engineering]}
facility_management.4.size: {small: {sites: {below: 3}}}
"""
"""Nobody can have hardware 4; a specialty of software 4 counts at level 3; two criteria of software 5 ask for nothing
more; a specialty of facility management 6 need not count at 5; two sites are small at level 4."""


def test_a_broken_ladder(tmp_path: Path) -> None:
    change = tmp_path / "ladder.yaml"
    change.write_text(LADDER, encoding="utf-8")
    said = told("--policy-change", change, code=3)
    assert list(said) == [str(one) for one in named()]
    others = {name: one for name, one in said.items() if one["holds"] is not one["expected"] or "vacuous" in one}
    in_the_way = ["hardware.4.specialty"]
    unmeetable = [f"decisive hardware.4.{k}" for k in ("projects", "top_project", "handles", "succession", "develops")]
    assert {name: (one["holds"], one["clauses"]) for name, one in others.items()} == {
        "implies hardware 4 3": (True, []),
        "implies software 4 3": (True, []),
        "implies facility_management 6 5": (False, ["facility_management.5.specialty"]),
        "satisfiable hardware 4": (False, in_the_way),
        **dict.fromkeys(unmeetable, (False, in_the_way)),
        "decisive software.5.top_project": (False, ["software.5.projects"]),
        "decisive software.5.succession": (False, ["software.5.succession"]),
        "covered facility_management": (True, []),
    }
    assert {name for name, one in said.items() if "vacuous" in one} == {"implies hardware 4 3"}
    advice = shown(said["implies facility_management 6 5"])
    assert any("advice,guide_industry" in fact for fact in advice)


def ask(policy: Policy, *names: str, seconds: float = 600, readings: dict[str, str] | None = None) -> list[Finding]:
    """What is said of some properties, without asking for all."""
    verifier = Verifier(policy, policy.in_force(readings or {}), seconds, across=False)
    found = {" ".join(map(str, (one.name, *one.args))): one for one in verifier.properties()}
    return [verifier.finding(found[name]) for name in names]


def copied(tmp_path: Path, file: str, old: str, new: str) -> Policy:
    """The policy of a copied folder, with something else in one file."""
    kb = tmp_path / "kb"
    shutil.copytree(Path(default_kb()), kb)
    path = kb / "customer_service" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return Policy.load(kb=str(kb))


def test_a_rule_by_which_a_fact_makes_a_verdict_worse(tmp_path: Path) -> None:
    develops = "witness(V, C, F, L, develops, Means, develops_subordinates(Means)) :- "
    policy = copied(tmp_path, "contributions.lp", develops, f"{develops}not holds(V, C, passed_exam(ip)), ")
    [finding] = ask(policy, "monotone")
    assert (finding.holds, finding.as_expected()) == (False, False)
    [clause] = finding.clauses
    assert clause.endswith(".develops")
    added = finding.as_json()["added"]
    assert added in ('passed_exam("example",ip)', 'claimed(passed_exam("example",ip))')
    assert finding.example is not None
    assert finding.after is not None
    assert set(map(str, finding.after.facts)) - set(map(str, finding.example.facts)) == {added}
    before, then = (answer for e in (finding.example, finding.after) for answer in policy.evaluate([e]))
    ranks = [[oracle.RANK.index(result.verdict) for result in answer.results] for answer in (before, then)]
    assert any(was < now for was, now in zip(*ranks, strict=True))


def test_a_rule_with_a_threshold_of_its_own(tmp_path: Path) -> None:
    """A number that no clause has begins a band all the same: so many sites here do for leading others."""
    leads = "witness(V, C, F, L, leads, leads_others, leads_others) :- holds(V, C, leads_others), clause(F, L, leads)."
    large = (
        "large(facility_management, 70000).\n"
        "witness(V, C, F, L, leads, P, project(P, F)) :- holds(V, C, project(P, F)), clause(F, L, leads),\n"
        "    holds(V, C, network_sites(P, N)), large(F, Least), N >= Least.\n"
    )
    policy = copied(tmp_path, "contributions.lp", leads, large)
    [finding] = ask(policy, "satisfiable facility_management 6")
    assert finding.holds
    assert finding.example is not None
    assert max(int(str(f.arguments[-1])) for f in finding.example.facts if f.name == "network_sites") >= 70000


# --- a small category --------------------------------------------------------------------------------------------

BANDS = """
in_band(V, C, S, loaves) :- holds(V, C, loaves(S, N)), parameter(bread, L, good_shifts, loaves, M), N >= M.
bands(bread, L, good_shifts, loaves) :- level(bread, L).
"""


@pytest.fixture
def baking(tmp_path: Path) -> Callable[..., Path]:
    """Makes the folder of a small category, with some files otherwise."""

    def make(**files: str) -> Path:
        kb = tmp_path / "kb"
        shutil.copytree(Path(default_kb()) / "core", kb / "core")
        (kb / "baking").mkdir()
        for name, text in {**FILES, **{f"{name}.lp": text for name, text in files.items()}}.items():
            (kb / "baking" / name).write_text(text, encoding="utf-8")
        return kb

    return make


def with_rule(rest: str) -> str:
    """The rules of the category, where a shift has to be something more."""
    assert "N >= M." in RULES
    return RULES.replace("N >= M.", f"N >= M, {rest}.")


def test_a_category_of_whose_properties_nothing_is_known(baking: Callable[..., Path]) -> None:
    said = told("--kb", baking(), "--across-readings")
    good = "good_shifts"
    assert list(said) == [
        *["implies bread 2 1", "satisfiable bread 1", "satisfiable bread 2", "monotone"],
        *[f"decisive bread.{level}.{good}" for level in (1, 2)],
    ]
    assert all(one["holds"] and one["expected"] for one in said.values())
    assert {(one["across"], one["combinations"], *one["hinges_on"]) for one in said.values()} == {("all", 1)}
    assert said["satisfiable bread 1"]["witness"] == ['candidate("example")', 'certified("example")']
    assert all("4 shift items in bread, 6 numbers of loaves" in one["bound"] for one in said.values())


def test_an_expectation_that_is_not_borne_out(baking: Callable[..., Path]) -> None:
    kb = baking(properties='refuted(implies(bread, 2, 1), "It was so once.").\n')
    said = told("--kb", kb, code=3)
    one = said.pop("implies bread 2 1")
    assert (one["holds"], one["expected"], one["reason"]) == (True, False, "It was so once.")
    assert all(one["holds"] is one["expected"] for one in said.values())
    result = run("--kb", kb)
    assert result.exit_code == 3
    assert "! implies bread 2 1 " in result.stdout
    assert "holds, but is known to fail: It was so once." in result.stdout
    assert "6 properties: 6 hold, 0 do not; 1 other than known" in result.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'refuted(satisfiable(bread, 3), "No.").\n',
            "satisfiable(bread,3) that it is refuted; there is no such property",
        ),
        ("refuted(", "properties.lp"),
        ('refuted(monotone, "No.") :- hot.\n', "hot"),
    ],
)
def test_a_record_that_is_none(baking: Callable[..., Path], text: str, message: str) -> None:
    result = run("--kb", baking(properties=text))
    assert result.exit_code not in (0, 3)
    assert message in str(result.exception) + result.stderr


def test_numbers_in_no_band(baking: Callable[..., Path]) -> None:
    one = told("--kb", baking(properties=BANDS), code=3)["covered bread"]
    assert (one["holds"], one["clauses"]) == (False, ["bread.1.good_shifts", "bread.2.good_shifts"])
    loaves = [oracle.parse(fact).args[-1] for fact in one["counterexample"] if fact.startswith("loaves(")]
    assert len(loaves) == 1
    assert isinstance(loaves[0], int)
    assert loaves[0] < 100


@pytest.mark.parametrize("rest", ["not holds(V, C, grain(S, wheat))", "not holds(V, C, certified)"])
def test_a_fact_that_makes_a_verdict_worse(baking: Callable[..., Path], tmp_path: Path, rest: str) -> None:
    """Both pieces of evidence are evaluated, and stand in files; the fact is an attribute, or an item."""
    kb = baking(rules=with_rule(rest))
    one = told("--kb", kb, "--examples", tmp_path / "examples", code=3)["monotone"]
    assert (one["holds"], one["clauses"]) == (False, ["bread.1.good_shifts"])
    assert one["added"].removeprefix("claimed(").startswith(("grain(", "certified("))
    levels = [("bread", 1), ("bread", 2)]
    [before] = evaluated(tmp_path / "examples" / "monotone.lp", "--kb", kb).values()
    [then] = evaluated(tmp_path / "examples" / "monotone-after.lp", "--kb", kb).values()
    ranks = [[oracle.RANK.index(results[level]["verdict"]) for level in levels] for results in (before, then)]
    assert any(was < now for was, now in zip(*ranks, strict=True))
    text = (tmp_path / "examples" / "monotone-after.lp").read_text(encoding="utf-8")
    assert {f"{fact}." for fact in after(one)} == set(text.split())
    result = run("--kb", kb)
    assert f"once there is {one['added']}" in result.stdout


@pytest.mark.parametrize(
    ("rest", "gap"),
    [
        ("holds(V, C, loaves(T, O)), O < N", "compares two numbers of the evidence"),
        ("holds(V, C, grain(T, wheat)), S != T", "puts items together"),
        ("holds(V, C, grain(_, wheat))", "puts items together"),
        ("wheat(V, C)", "puts items together"),
        ("3 <= #count { T : holds(V, C, grain(T, wheat)) }", "puts items together"),
    ],
)
def test_rules_that_no_bound_is_enough_for(baking: Callable[..., Path], rest: str, gap: str) -> None:
    """What is shown is shown; what is not found is not taken for proven."""
    rules = with_rule(rest) + ("wheat(V, C) :- holds(V, C, grain(S, wheat)).\n" if rest.startswith("wheat") else "")
    kb = baking(rules=rules)
    said = told("--kb", kb, code=3)
    for one in said.values():
        assert one["holds"] is True or (one["holds"], one["undecided"]) == (None, "bound")
        assert gap in one["bound"]
        assert bool(shown(one)) == (one["holds"] is True)
    assert said["implies bread 2 1"]["holds"] is None
    assert said["monotone"]["holds"] is None
    assert said["satisfiable bread 1"]["holds"] is True
    output = run("--kb", kb).stdout
    assert "not decided: nothing was found up to the bound" in output
    assert "not decided; " in output


def test_more_items_than_a_profile_has(baking: Callable[..., Path], tmp_path: Path) -> None:
    """Whoever has twenty shifts has the level, although none of so many was looked at."""
    change = tmp_path / "change.yaml"
    change.write_text("bread.2.good_shifts: {required: 20}\n", encoding="utf-8")
    kb = baking()
    one = told("--kb", kb, "--policy-change", change, code=3)["satisfiable bread 2"]
    assert (one["holds"], one["undecided"]) == (None, "bound")
    assert "not proven beyond: more than 16 shift items in bread" in one["bound"]
    change.write_text("bread.2.good_shifts: {required: 12}\n", encoding="utf-8")
    one = told("--kb", kb, "--policy-change", change)["satisfiable bread 2"]
    assert (one["holds"], "14 shift items" in one["bound"] or "13 shift items" in one["bound"]) == (True, True)
    assert sum(fact.startswith("shift(") for fact in one["witness"]) == 12


def test_time_that_runs_out(baking: Callable[..., Path]) -> None:
    kb = baking()
    said = told("--kb", kb, "--timeout", "0.0000001", "--across-readings", code=3)
    assert {(one["holds"], one["undecided"]) for one in said.values()} == {(None, "time")}
    output = run("--kb", kb, "--timeout", "0.0000001").stdout
    assert "not decided: the time ran out" in output
    assert "6 properties: 0 hold, 0 do not, 6 not decided; 6 other than known" in output


@pytest.mark.parametrize("options", [["--timeout", "0"], ["--reading", "hot=yes"], ["--format", "csv"]])
def test_what_is_refused(options: list[str]) -> None:
    arguments = [sys.executable, "-m", "itss_logic", "policy", "verify", *options]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_examples_need_a_folder(baking: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("--kb", baking(), "--examples", tmp_path / "file")
    assert (result.exit_code, result.stdout) == (2, "")


# --- under all readings ------------------------------------------------------------------------------------------

FAILING: dict[str, list[dict[str, str]]] = {
    "implies hardware 4 3": [{"progression": "independent"}],
    "implies facility_management 6 5": [{"project_grade": "exact", "progression": "independent"}],
    "decisive facility_management.6.leads": [{"progression": "cumulative"}],
    "decisive hardware.5.lower_level": [],
    "covered facility_management": [{"two_sites": "as_written"}],
}
"""The settings of readings under which a property does not hold; it does under all others for which it is asked."""


@pytest.fixture(scope="module")
def across() -> dict[str, Finding]:
    policy = Policy.load()
    verifier = Verifier(policy, policy.in_force(), 600, across=True)
    asked = {" ".join(map(str, (one.name, *one.args))): one for one in verifier.properties()}
    ladder = [str(one) for one in named(cumulative=True)]
    assert list(asked) == ladder
    return {name: verifier.finding(asked[name]) for name in FAILING}


def combinations(name: str) -> list[dict[str, str]]:
    """All under which a property is asked for."""
    every = [dict(zip(oracle.READINGS, options, strict=True)) for options in product(*oracle.READINGS.values())]
    return [one for one in every if one["progression"] == "cumulative" or not name.endswith("lower_level")]


def fails(name: str, readings: dict[str, str]) -> bool:
    return any(setting.items() <= readings.items() for setting in FAILING[name])


@pytest.mark.parametrize("name", FAILING)
def test_a_property_under_all_readings(across: dict[str, Finding], name: str) -> None:
    one = across[name].as_json()
    every = combinations(name)
    holding = sum(not fails(name, readings) for readings in every)
    assert (one["combinations"], one["holds_in"], one["unexpected_in"]) == (len(every), holding, 0)
    assert one["across"] == ("all" if holding == len(every) else "some")
    assert one["fails_under"] == FAILING[name]
    assert one["hinges_on"] == [n for n in oracle.READINGS if any(n in setting for setting in FAILING[name])]
    assert one["expected"] is (one["holds"] is True)
    elsewhere = one["elsewhere"]
    there = {name: options[0] for name, options in oracle.READINGS.items()} | elsewhere["readings"]
    assert (not fails(name, there)) is not one["holds"]
    assert len(elsewhere["readings"]) == 1
    about = property_of(one)
    evidence = elsewhere.get("counterexample") or elsewhere.get("witness")
    assert bool(evidence) == (one["holds"] is (about.name in FOR_ALL))
    if evidence:
        assert exhibits(about, evidence, there)


@pytest.mark.parametrize("name", FAILING)
def test_a_property_under_every_combination_by_the_oracle(across: dict[str, Finding], name: str) -> None:
    """Where it is said that evidence shows it, some does, and nothing that was drawn by chance does anywhere else.

    The evidence is that of verify, here or elsewhere, with what other readings ask for besides, and people by chance.
    """
    finding = across[name]
    about = property_of(finding.as_json())
    assert finding.across is not None
    assert finding.across.elsewhere is not None
    found = [e for e in (finding.example, finding.across.elsewhere[1]) if isinstance(e, Evidence)]
    evidence = [facts for e in found for facts in (set(map(str, e.facts)), enriched(set(map(str, e.facts))))]
    for facts in evidence:
        assert oracle.is_valid(facts)
    evidence += near(about)
    for readings in combinations(name)[:: 3 if about.name == "covered" else 19]:
        shows = fails(name, readings) is (about.name in FOR_ALL)
        drawn = (facts for facts in evidence if exhibits(about, facts, readings))
        assert (next(drawn, None) is not None) is shows, readings


def enriched(facts: set[str]) -> set[str]:
    """The evidence with all activities and a component in every project: what some readings ask for besides."""
    more = set(facts)
    for fact in map(oracle.parse, facts):
        if fact.name == "project":
            who, project, field = fact.args
            assert isinstance(field, str)
            more |= {oracle.text(oracle.Fact("activity", (who, project, a))) for a in oracle.ACTIVITIES[field]}
            more |= {oracle.text(oracle.Fact("component", (who, project, c))) for c in oracle.COMPONENTS[field]}
    return more


@cache
def drawn_by_chance() -> list[set[str]]:
    draw = Draw(7)
    return [draw.person() for _ in range(1500)]


def near(about: Named) -> list[set[str]]:
    """People by chance to whom the property matters: they have the level that it is about, or lack one thing."""
    people = drawn_by_chance()
    if about.name == "covered":
        return people[:50]
    field, level = str(about.args[0]).split(".")[:2] if about.name == "decisive" else about.args[:2]
    found = []
    for facts in people:
        judged = Judged(facts)
        if any(len(judged.standing(str(field), int(level), full).unmet) <= 1 for full in FULL.values()):
            found.append(facts)
    assert len(found) > 30
    return found[:60]
