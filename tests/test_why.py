"""`itss why` and `itss certify`: what people read, what programs read, and that nothing unconfirmed is shown."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy
from itss_logic.cli import cli
from itss_logic.console import INTERNAL
from itss_logic.errors import QuestionError, SelfCheckError
from itss_logic.rule_files import default_kb
from itss_logic.tables import width
from itss_logic.terms import Constant
from itss_logic.tree import Speaker, Teller, lines, markdown
from itss_logic.words import Words

ROOT = Path(__file__).parent.parent
FACTS = ROOT / "facts" / "json"
GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("ITSS_GOLDEN") == "write"
"""Set to write the golden trees anew, after a change of what people are to read."""


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin)


def ask(command: str, person: str, level: str, *options: object) -> Result:
    field, number = level.split(":")
    return run(command, FACTS / f"{person}.json", "--field", field, "--level", number, *options)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


def person(policy: Policy, name: str) -> Evidence:
    [entry] = policy.read(str(FACTS / f"{name}.json"))
    assert isinstance(entry, Evidence)
    return entry


QUESTIONS = [
    ("aiko", "hardware:5", []),
    ("daiki", "software:5", ["--across-readings"]),
    ("emi", "software:4", []),
    ("emi", "software:4", ["--lang", "ja"]),
    ("goro", "facility_management:5", ["--across-readings"]),
    ("haruka", "hardware:3", []),
    ("kenji", "hardware:5", []),
    ("makoto", "facility_management:6", ["--reading", "activities=all", "--reading", "progression=cumulative"]),
    ("mei", "software:4", []),
    ("mei", "hardware:3", ["--lang", "ja", "--across-readings"]),
    ("mika", "hardware:4", ["--format", "markdown"]),
    ("nao", "facility_management:4", ["--across-readings"]),
    ("ren", "software:3", []),
    ("sora", "facility_management:6", ["--across-readings", "--lang", "ja"]),
]


@pytest.mark.parametrize(("name", "level", "options"), QUESTIONS, ids=lambda part: "".join(part))
def test_golden_trees(name: str, level: str, options: list[str]) -> None:
    result = ask("why", name, level, *options)
    assert (result.exit_code, result.stderr) == (0, "")
    file = GOLDEN / f"{'-'.join([name, level.replace(':', '-'), *(o.strip('-') for o in options)])}.txt"
    if WRITE:
        file.write_text(result.stdout, encoding="utf-8")
    assert result.stdout == file.read_text(encoding="utf-8")


def test_no_golden_tree_is_left_over() -> None:
    assert len(list(GOLDEN.iterdir())) == len(QUESTIONS)


def test_json_is_what_the_interface_says(policy: Policy) -> None:
    told = json.loads(ask("why", "kenji", "hardware:5", "--format", "json").stdout)
    assert list(told) == [
        "candidate",
        "field",
        "level",
        "verdict",
        "routes",
        "readings",
        "criteria",
        "support",
    ]
    assert (told["candidate"], told["field"], told["level"]) == ("kenji.ito", "hardware", 5)
    assert (told["verdict"], told["routes"], told["support"]) == ("not_attained", [], [])
    assert told["readings"] == policy.in_force()
    criteria = {criterion["criterion"]: criterion for criterion in told["criteria"]}
    assert list(criteria) == ["projects", "top_project", "leads", "handles", "specialty", "succession", "develops"]
    assert list(criteria["leads"]) == ["criterion", "clause", "met", "required", "found", "evidence", "missing"]
    assert criteria["leads"] == {
        "criterion": "leads",
        "clause": "hardware.5.leads",
        "met": False,
        "required": 1,
        "found": 0,
        "evidence": [],
        "missing": ['leads_others("kenji.ito")'],
    }
    assert criteria["develops"]["met"]
    assert criteria["develops"]["missing"] == []
    assert len(criteria["succession"]["missing"]) == 3 - criteria["succession"]["found"]


def test_lower_level_points_to_that_level() -> None:
    options = ["--reading", "progression=cumulative"]
    told = json.loads(ask("why", "mika", "hardware:5", *options, "--format", "json").stdout)
    assert told["criteria"][-1] == {
        "criterion": "lower_level",
        "clause": "hardware.5.lower_level",
        "met": False,
        "required": 1,
        "found": 0,
        "evidence": [],
        "missing": [],
    }
    assert "level 4 is not reached" in ask("why", "mika", "hardware:5", *options).stdout


def test_a_claim_that_would_do_is_preferred_to_new_evidence() -> None:
    told = json.loads(ask("why", "emi", "software:4", "--format", "json").stdout)
    assert told["verdict"] == "pending"
    missing = [fact for criterion in told["criteria"] for fact in criterion["missing"]]
    assert sorted(fact.partition("(")[0] for fact in missing) == ["achievement", "project"]
    assert not any("new-" in fact for fact in missing)
    claimed = [fact for fact in told["support"] if fact.startswith("claimed(")]
    assert len(claimed) == 2


def test_all_gives_every_smallest_set_and_no_more_than_asked_for() -> None:
    told = json.loads(ask("why", "mei", "software:4", "--all", "--format", "json").stdout)
    criteria = {criterion["criterion"]: criterion["missing"] for criterion in told["criteria"]}
    # Any of the five values of the vocabulary would do, and any of the three.
    assert len(criteria["handles"]) == 5
    assert len(criteria["develops"]) == 3
    assert criteria["specialty"] == []
    assert len({tuple(facts) for facts in criteria["handles"]}) == 5
    fewer = json.loads(ask("why", "mei", "software:4", "--all", "--max", 2, "--format", "json").stdout)
    first = {criterion["criterion"]: criterion["missing"] for criterion in fewer["criteria"]}
    assert first["handles"] == criteria["handles"][:2]
    assert "alternative 2 of 5" in ask("why", "mei", "software:4", "--all").stdout


def test_all_supports_are_different_and_of_one_size() -> None:
    supports = json.loads(ask("why", "aiko", "hardware:5", "--all", "--format", "json").stdout)["support"]
    assert len(supports) == 20
    assert len({tuple(facts) for facts in supports}) == 20
    assert len({len(facts) for facts in supports}) == 1


def test_the_same_question_has_the_same_answer() -> None:
    answers = {ask("why", "makoto", "facility_management:6", "--all", "--format", "json").stdout for _ in range(3)}
    assert len(answers) == 1


def test_other_readings_in_json() -> None:
    told = json.loads(ask("why", "ren", "software:3", "--across-readings", "--format", "json").stdout)
    assert (told["verdict"], told["across"], told["hinges_on"]) == ("deemed", "some", ["ap_exam"])
    assert told["elsewhere"] == [
        {"reading": "ap_exam", "option": "deems_specialty", "verdict": "not_attained", "unmet": ["projects"]},
        {"reading": "ap_exam", "option": "no_effect", "verdict": "not_attained", "unmet": ["projects", "specialty"]},
    ]


# Bad questions


@pytest.mark.parametrize("command", ["why", "certify"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--candidate", "kenji.itoh", "--field", "hardware", "--level", "5"],
            ["no evidence of", "did you mean kenji.ito"],
        ),
        (["--field", "hardware", "--level", "5"], ["12 candidates", "--candidate"]),
        (["--candidate", "kenji.ito", "--field", "hardware", "--level", "6"], ["undefined", "hardware 5"]),
        (["--candidate", "kenji.ito", "--field", "hard", "--level", "5"], ["no field hard", "software"]),
        (["--candidate", "kenji.ito", "--field", "hardware"], ["--field and --level"]),
        (["--candidate", "kenji.ito", "--field", "hardware", "--level", "4", "--lang", "fr"], ["no words in fr", "ja"]),
        (["--candidate", "kenji.ito", "--field", "hardware", "--level", "4", "--reading", "x=y"], ["no reading x"]),
        (["--candidate", "kenji.ito", "--field", "hardware", "--level", "4", "--timeout", "0"], ["timeout"]),
    ],
)
def test_bad_questions(command: str, arguments: list[str], words: list[str]) -> None:
    result = run(command, FACTS, *arguments)
    assert result.exit_code == 2 or isinstance(result.exception, QuestionError)
    assert result.stdout == ""
    told = result.stderr + str(result.exception)
    assert [word for word in words if word not in told] == []


AP = {"candidate": "ann", "exams": ["ap"]}
WRONG = {"candidate": "cat", "exams": ["bar exam"], "leads_others": 1}


def lines_of(*candidates: dict[str, Any]) -> str:
    return "".join(json.dumps(candidate, ensure_ascii=False) + "\n" for candidate in candidates)


@pytest.mark.parametrize("command", ["why", "certify"])
def test_refused_evidence_is_told_with_its_errors(command: str) -> None:
    about = ["--field", "software", "--level", "3"]
    refused = run(command, "-", "--candidate", "cat", *about, stdin=lines_of(AP, WRONG))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.count("cat is refused") == 1
    assert "unknown_value" in refused.stderr
    assert "wrong_type" in refused.stderr
    other = run(command, "-", "--candidate", "ann", *about, stdin=lines_of(AP, WRONG))
    assert other.exit_code == 1
    assert other.stdout
    nobody = run(command, "-", *about, stdin=lines_of(WRONG))
    assert (nobody.exit_code, nobody.stdout) == (2, "")


# The words


def test_no_clause_reading_value_or_predicate_lacks_words(policy: Policy) -> None:
    assert policy.languages == ["en", "ja"]
    english, japanese = map(policy.words, policy.languages)
    assert english.phrases.keys() == japanese.phrases.keys()
    vocabulary = policy.vocabulary
    names = {vocabulary.category, *vocabulary.fields, *policy.routes, *(c.criterion for c in policy.clauses)}
    names |= {value for values in vocabulary.domains.values() for value in values}
    for words in (english, japanese):
        assert sorted(names - words.labels.keys()) == []
        assert sorted(vocabulary.predicates.keys() - words.sentences.keys()) == []
        assert sorted(policy.options.keys() - words.questions.keys()) == []
        for clause in policy.clauses:
            key = (clause.field, clause.level, clause.criterion)
            for text in (words.wording(key), words.section(key)):
                assert text
                assert not re.search(r"[{}_]", text), text
    for key in english.wordings:
        assert english.wordings[key] != japanese.wordings[key]
        placeholders = [set(re.findall(r"{[a-z_.]+}", words.wordings[key][0])) for words in (english, japanese)]
        assert placeholders[0] == placeholders[1], key
    for name, text in english.phrases.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", japanese.phrases[name])), name


def test_every_sentence_of_evidence_can_be_said(policy: Policy) -> None:
    for language in policy.languages:
        words = policy.words(language)
        for predicate in policy.vocabulary.predicates.values():
            values: dict[str, object] = {argument.key: Constant("other") for argument in predicate.arguments}
            assert "{" not in words.sentence(predicate.name, values)
            for facts in ([values], [values, values]):
                assert "{" not in (words.lack(predicate.name, facts) or "")


def test_no_internals_in_what_people_read() -> None:
    for name, level, options in QUESTIONS:
        text = (
            GOLDEN / f"{'-'.join([name, level.replace(':', '-'), *(o.strip('-') for o in options)])}.txt"
        ).read_text(encoding="utf-8")
        assert not re.search(r"slot|missing\(|verified,|new\(|new-|None|stated\(|kpi", text)


def test_hostile_text_cannot_change_what_is_read(policy: Policy) -> None:
    name = "\u202eevil\x1b[2J\n*bold* <script>"
    entry = policy.entry(
        {
            "candidate": name,
            "exams": [{"exam": "ap", "source": "\x07|a|\u2066"}],
            "fields": {
                "software": {"projects": [{"id": "`x`\n# y", "role": "member", "activities": ["installation"]}]}
            },
        }
    )
    assert isinstance(entry, Evidence)
    tree = Teller(Speaker(policy, policy.words(), entry), policy.why(entry, "software", 3)).tree()
    for line, _ in lines(tree, 80):
        assert line.isprintable()
        assert width(line) <= 80
    for line in markdown(tree):
        assert line.isprintable()
        assert "<script>" not in line.replace("\\<script\\>", "")


def test_lines_fold_at_the_width_of_the_terminal(policy: Policy) -> None:
    entry = person(policy, "aiko")
    why = policy.why(entry, "hardware", 5)
    for language in policy.languages:
        tree = Teller(Speaker(policy, policy.words(language), entry), why).tree()
        for columns in (60, 80, 120):
            assert max(width(line) for line, _ in lines(tree, columns)) <= columns


# Certificates


def test_certificate_is_what_the_interface_says() -> None:
    told = json.loads(ask("certify", "aiko", "hardware:5", "--format", "json").stdout)
    assert list(told) == ["certificate", "size", "margin", "load_bearing"]
    assert told["size"] == len(told["certificate"])
    assert told["margin"] == 1
    assert set(told["load_bearing"]) <= set(told["certificate"])
    read = ask("certify", "aiko", "hardware:5").stdout
    assert f"check {told['size']} of the" in read
    assert "PMO-2102" in read
    assert "却下" in ask("certify", "aiko", "hardware:5", "--lang", "ja").stdout


def test_nothing_to_certify_points_to_what_is_missing() -> None:
    result = ask("certify", "kenji", "hardware:5")
    assert isinstance(result.exception, QuestionError)
    assert "itss plan" in str(result.exception)


def test_costs_weigh_the_certificate(tmp_path: Path) -> None:
    person = {
        "candidate": "dora",
        "fields": {
            "hardware": {
                "specialties": [
                    {"area": "advice", "depth": "practice"},
                    {"area": "first_contact", "depth": "guide_company"},
                ],
                "projects": [
                    {
                        "id": "p",
                        "role": "member",
                        "activities": ["installation", "maintenance"],
                        "complexity": ["multi_vendor", "nationwide", "mission_critical"],
                        "assignments": [{"to": "service_team", "coverage": "specific_users"}],
                    }
                ],
            }
        },
    }
    file = tmp_path / "costs.yaml"

    def certificate(costs: str) -> list[str]:
        file.write_text(costs, encoding="utf-8")
        about = ["--field", "hardware", "--level", 3, "--format", "json", "--costs", file]
        result = run("certify", "-", *about, stdin=lines_of(person))
        assert result.exit_code == 0, result.stderr
        found: list[str] = json.loads(result.stdout)["certificate"]
        return [fact for fact in found if fact.startswith(("specialty", "activity", "complexity"))]

    dear = "specialty(advice): 9\nactivity(installation): 2\ncomplexity: 3\ncomplexity(nationwide): 4\n"
    assert certificate(dear) == [
        'activity("dora","p",maintenance)',
        'complexity("dora","p",mission_critical)',
        'complexity("dora","p",multi_vendor)',
        'specialty("dora",hardware,first_contact,guide_company)',
    ]
    other = "specialty(hardware, first_contact): 5\nactivity(maintenance): 2\ncomplexity(multi_vendor): 2\n"
    assert certificate(other) == [
        'activity("dora","p",installation)',
        'complexity("dora","p",mission_critical)',
        'complexity("dora","p",nationwide)',
        'specialty("dora",hardware,advice,practice)',
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("patent: 3", ["no predicate", "achievement"]),
        ("achievement(plumbing): 3", ["'plumbing'", "patent"]),
        ("achievement: 0", ["is 0", "whole number"]),
        ("achievement: 1.5", ["whole number"]),
        ("achievement: true", ["whole number"]),
        ("achievement: [1]", ["whole number"]),
        ("- achievement", ["mapping"]),
        ("achievement: {", ["costs.yaml", "write YAML"]),
        ("specialty(practice, advice): 3", ["out of order", "field, area, depth"]),
    ],
)
def test_faulty_costs_are_told(tmp_path: Path, text: str, words: list[str]) -> None:
    file = tmp_path / "costs.yaml"
    file.write_text(text, encoding="utf-8")
    result = ask("certify", "aiko", "hardware:5", "--costs", file)
    assert isinstance(result.exception, QuestionError)
    assert [word for word in words if word not in str(result.exception)] == []


def test_certificates_of_everybody(policy: Policy) -> None:
    result = run("certify", FACTS, "--all")
    *people, total = map(json.loads, result.stdout.splitlines())
    assert len(people) == 12 == total["candidates"]
    by_name = {row["candidate"]: row["certificates"] for row in people}
    assert [(c["field"], c["level"]) for c in by_name["mei.yoshida"]] == [
        ("hardware", 3),
        ("software", 3),
        ("facility_management", 3),
    ]
    # One exam certifies three levels, and is checked once.
    expected = sum(len({fact for c in row["certificates"] for fact in c["certificate"]}) for row in people)
    assert total["facts_to_check"] == expected
    assert total["facts_on_file"] == sum(entry.size for entry in policy.read(str(FACTS)) if isinstance(entry, Evidence))
    assert total["facts_to_check"] < total["facts_on_file"]
    usage = run("certify", FACTS, "--all", "--candidate", "mei.yoshida")
    assert usage.exit_code == 2


# Nothing unconfirmed is shown


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    shutil.copytree(default_kb(), tmp_path / "kb")
    return tmp_path / "kb"


BREAKS = [
    (
        "why",
        "aiko",
        "hardware:5",
        "few.lp",
        "holds(kept, C, E)             :- kept(E)",
        "holds(kept, C, E) :- on_file(E)",
    ),
    (
        "why",
        "aiko",
        "hardware:5",
        "few.lp",
        "#minimize { N, E",
        "#minimize { -N, E",
    ),
    (
        "why",
        "ren",
        "software:3",
        "support.lp",
        "not standing(kept, C, F, L, Verdict)",
        "not standing(verified, C, F, L, Verdict)",
    ),
    ("why", "emi", "software:4", "few.lp", ":- kept(E), asserted(C, Claim)", ":- on_file(E), asserted(C, Claim)"),
    (
        "why",
        "kenji",
        "hardware:5",
        "missing.lp",
        "not met(missing(K), C, F, L, K), not hopeless(K).",
        "not met(missing(K), C, F, L, K), hopeless(K).",
    ),
    (
        "why",
        "kenji",
        "hardware:5",
        "missing.lp",
        "1@3, V, E : added(V, E), addition(V, E)",
        "-1@3, V, E : added(V, E), addition(V, E)",
    ),
    (
        "why",
        "kenji",
        "hardware:5",
        "why.lp",
        "N = #count { W : witness(V, C, F, L, K, W, E) }.",
        "N = #count { W : witness(V, C, F, L, K, W, E); 99 }.",
    ),
    (
        "certify",
        "aiko",
        "hardware:5",
        "few.lp",
        "holds(kept, C, E)             :- kept(E)",
        "holds(kept, C, E) :- on_file(E)",
    ),
    ("certify", "aiko", "hardware:5", "margin.lp", ":- not worsened, not unshaken.", ":- worsened, not unshaken."),
    ("certify", "aiko", "hardware:5", "margin.lp", "#minimize { 1, rejected, E", "#maximize { 1, rejected, E"),
    ("certify", "makoto", "facility_management:6", "margin.lp", "rank(Other, M), M > N.", "rank(Other, M), M >= N."),
    ("why", "kenji", "hardware:5", "missing.lp", "#minimize { 1@4, K : hopeless(K) }.", ""),
    (
        "why",
        "aiko",
        "hardware:5",
        "why.lp",
        "requirement(F, L, K, N).\n#show promised",
        "requirement(F, L, K, N).\n#show counted(K, E) : says(Id, A, E), requirement(F, L, K, N).\n#show promised",
    ),
    (
        "certify",
        "aiko",
        "hardware:5",
        "margin.lp",
        "#minimize { 1, rejected, E",
        ":- #count { E : rejected(E) } < 2.\n#minimize { 1, rejected, E",
    ),
    (
        "certify",
        "aiko",
        "hardware:5",
        "margin.lp",
        "#minimize { 1, rejected, E",
        "{ unasked }.\nworsened :- unasked.\n#minimize { 1, rejected, E",
    ),
    ("why", "aiko", "hardware:5", "why.lp", "#show counts(V, K, R, N) :", "#show counts(V, K, R, N * 3) :"),
    ("why", "aiko", "hardware:5", "why.lp", "#show counted(K, E)", "#show uncounted(K, E)"),
    (
        "why",
        "aiko",
        "hardware:5",
        "why.lp",
        "witness(verified, C, F, L, K, W, E), requirement",
        "stated(C, E), requirement",
    ),
]


@pytest.mark.parametrize(("command", "name", "level", "file", "old", "new"), BREAKS)
def test_a_broken_rule_is_caught(
    broken: Path, command: str, name: str, level: str, file: str, old: str, new: str
) -> None:
    path = broken / "core" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    result = ask(command, name, level, "--kb", broken)
    assert isinstance(result.exception, SelfCheckError)
    assert result.stdout == ""


def test_missing_facts_that_are_no_sound_evidence_are_caught(broken: Path) -> None:
    member = {
        "id": "p",
        "role": "member",
        "success": True,
        "activities": ["installation"],
        "satisfies": ["usability", "maintainability"],
        "complexity": ["multi_vendor", "nationwide"],
        "assignments": [{"to": "service_team", "coverage": "wide_area"}],
    }
    people = lines_of({"candidate": "ann", "fields": {"software": {"projects": [member]}}})
    about = ["--field", "software", "--level", 4, "--format", "json"]
    told = json.loads(run("why", "-", *about, stdin=people).stdout)
    # A second role is not to be had: a new project is the only way.
    assert [len(criterion["missing"]) for criterion in told["criteria"][:2]] == [18, 9]
    path = broken / "core" / "additions.lp"
    old = "fills(V, Item, J, Id), valued(Predicate, Id)."
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, "fills(V, Item, J, Id), valued(Predicate, X)."), encoding="utf-8")
    result = run("why", "-", *about, "--kb", broken, stdin=people)
    assert isinstance(result.exception, SelfCheckError)
    assert "second value" in str(result.exception)


def test_an_unconfirmed_answer_is_exit_70_and_not_shown(broken: Path) -> None:
    import subprocess
    import sys

    _, name, level, file, old, new = BREAKS[0]
    path = broken / "core" / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    field, number = level.split(":")
    command = [sys.executable, "-m", "itss_logic", "why", str(FACTS / f"{name}.json"), "--field", field]
    process = subprocess.run(
        [*command, "--level", number, "--kb", str(broken)], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stdout) == (INTERNAL, "")
    assert "do not confirm" in process.stderr
    assert "Traceback" not in process.stderr


# Time


@pytest.mark.parametrize("seconds", [1e-9, 0.02])
@pytest.mark.parametrize(("name", "field", "level"), [("makoto", "facility_management", 6), ("aiko", "hardware", 5)])
def test_when_the_time_is_up_the_best_so_far_is_given_and_marked(
    policy: Policy, seconds: float, name: str, field: str, level: int
) -> None:
    entry = person(policy, name)
    best = policy.why(entry, field, level)
    why = policy.why(entry, field, level, timeout=seconds)
    assert why.verdict == best.verdict
    assert len(why.supports[0]) >= len(best.supports[0])
    assert ("optimal" in why.as_json()) == (not why.optimal)
    lacking = policy.why(entry, field, level, {"activities": "all"}, timeout=seconds)
    least = policy.why(entry, field, level, {"activities": "all"})
    for criterion, other in zip(lacking.criteria, least.criteria, strict=True):
        assert criterion.is_met == other.is_met
        if criterion.missing:
            assert len(criterion.missing[0]) >= len(other.missing[0])
    certificate = policy.certify(entry, field, level, timeout=seconds)
    assert len(certificate.facts) >= len(policy.certify(entry, field, level).facts)
    if seconds < 1e-6:
        assert not why.optimal
        assert why.as_json()["optimal"] is False
        tree = Teller(Speaker(policy, policy.words(), entry), why).tree()
        assert "time ran out" in tree.children[0].text


def test_two_hundred_projects(policy: Policy) -> None:
    near = {
        "role": "responsible",
        "success": True,
        "activities": ["installation"],
        "satisfies": ["usability"],
        "complexity": ["multi_vendor", "nationwide"],
        "assignments": [{"to": "users", "coverage": "wide_area"}],
    }
    projects = [{**near, "id": f"p{n}", "complexity": near["complexity"] if n % 2 else []} for n in range(200)]
    entry = policy.entry({"candidate": "busy", "fields": {"hardware": {"projects": projects}}})
    assert isinstance(entry, Evidence)
    why = policy.why(entry, "hardware", 5)
    assert why.optimal
    assert [len(criterion.missing[0]) for criterion in why.criteria[:2]] == [3, 1]
    whole = [{**project, "satisfies": ["usability", "maintainability"]} for project in projects]
    entry = policy.entry(
        {
            "candidate": "busy",
            "develops_subordinates": ["coaching"],
            "fields": {
                "hardware": {
                    "handles": ["pc"],
                    "specialties": [{"area": "product_technology", "depth": "guide_industry"}],
                    "achievements": [{"item": "book", "id": "b"}],
                    "projects": [
                        {**p, "assignments": [{"to": "service_team", "coverage": "wide_area"}]} for p in whole
                    ],
                }
            },
        }
    )
    assert isinstance(entry, Evidence)
    why = policy.why(entry, "hardware", 4)
    assert (why.verdict, why.optimal, len(why.supports[0])) == ("attained", True, 22)
    certificate = policy.certify(entry, "hardware", 4)
    assert (len(certificate.facts), certificate.margin, len(certificate.load_bearing)) == (22, 1, 4)


# Rules solved ahead


def test_rules_solved_ahead_answer_as_they_stand(policy: Policy) -> None:
    """A question is grounded as it stands when it is asked first, and solved ahead from then on."""
    people = [person(policy, name) for name in ("emi", "goro", "mei")]
    for readings in ({}, {"progression": "cumulative", "ap_exam": "deems_specialty", "two_sites": "small"}):
        for field, level in policy.levels:
            policy.why(people[0], field, level, readings)
        for entry in people:
            fresh = Policy.load()
            for field, level in policy.levels:
                first = fresh.why(entry, field, level, readings)
                again = policy.why(entry, field, level, readings)
                assert (first.verdict, first.routes) == (again.verdict, again.routes)
                assert [len(facts) for facts in first.supports] == [len(facts) for facts in again.supports]
                for one, other in zip(first.criteria, again.criteria, strict=True):
                    assert one._replace(missing=()) == other._replace(missing=())
                    assert len(one.missing[0]) == len(other.missing[0])


@pytest.mark.parametrize("readings", [{}, {"progression": "cumulative", "project_grade": "exact", "activities": "all"}])
def test_both_ways_to_choose_a_support_come_to_the_same(
    policy: Policy, monkeypatch: pytest.MonkeyPatch, readings: dict[str, str]
) -> None:
    people = [person(policy, name) for name in ("aiko", "makoto")]
    # What is not reached has no support to choose, and takes longest.
    reached = [
        (entry, result.field, result.level)
        for entry, answer in zip(people, policy.evaluate(people, readings), strict=True)
        for result in answer.results
        if result.is_reached
    ]
    assert len(reached) >= 3

    def sizes() -> list[tuple[int, int]]:
        found = []
        for question in reached:
            why = policy.why(*question, readings, all=True, maximum=60)
            found.append((len(why.supports), len(why.supports[0])))
        return found

    one_way = sizes()
    monkeypatch.setattr("itss_logic.explain.FEW_ITEMS", 0)
    assert sizes() == one_way


def test_what_supplies_a_criterion_is_declared(policy: Policy) -> None:
    supplied = {
        criterion
        for criterion, *_ in policy.question("why.lp", "support.lp", "few.lp", choosing=True).declarations()(
            "supplied_by", 2
        )
    }
    assert supplied == {
        clause.criterion for clause in policy.clauses if clause.criterion in dict(policy.declared("criterion", 2))
    }


def test_speaker_calls_claims_and_sources_by_name(policy: Policy) -> None:
    entry = person(policy, "emi")
    speaker = Speaker(policy, policy.words(), entry)
    told = [speaker.on_file(fact) for fact in entry.facts if fact.name == "claimed"]
    assert any("claimed, not verified" in text and "letter of 3 June" in text for text in told)


def test_words_know_their_placeholders(policy: Policy) -> None:
    words: Words = policy.words()
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed([]) == ""
    assert words.phrase("near", item="x", facts="{facts}") == "x would count: it lacks {facts}"
