"""Resumes: a draft that claims what is beyond doubt, questions on all else, and answers that complete it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from itss_logic import Evidence, Policy, Refused, limits
from itss_logic.cli import cli
from itss_logic.errors import ItssError
from itss_logic.intake.resume import Resumes, is_in, normal
from itss_logic.intake.resume_answers import Answers
from itss_logic.intake.resume_draft import Draft, draft
from itss_logic.intake.resume_questions import quoted, write_questions
from itss_logic.rule_files import APART, core_of
from itss_logic.yaml_form import parse_yaml
from tests.test_category import FILES, beside_core

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data" / "resumes"
MODERN, OLDER, YOSUKE = DATA / "modern.json", DATA / "older.json", ROOT / "facts" / "resume.json"
HOSTILE = '"). candidate(x'
POLICY = Policy.load()
RESUMES = Resumes(POLICY)
SMALL: dict[str, Any] = {"basics": {"name": "A"}, "projects": [{"name": "P"}]}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["intake", "resume", *(str(argument) for argument in arguments)])


def told(*arguments: object) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a process of its own."""
    command = [sys.executable, "-m", "itss_logic", "intake", "resume", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout, done.stderr


def written(folder: Path, value: object, name: str = "resume.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def notices(result: Result) -> list[tuple[str, str]]:
    """The path and the code of each notice."""
    return re.findall(r"^warning: [^:]*\.json:(\S+): (\w+): ", result.stderr, re.MULTILINE)


def asked(value: object, language: str = "en") -> tuple[Draft, list[dict[str, Any]]]:
    """The draft of a resume, and its questions as they are read back."""
    findings = RESUMES.read(json.dumps(value).encode(), "resume.json")
    found = draft(findings, Answers(findings, POLICY.vocabulary), POLICY.vocabulary, RESUMES.words(), "resume.json")
    assert isinstance(found, Draft)
    text = write_questions(findings, found.left, POLICY.vocabulary, RESUMES.words(language))
    [document] = parse_yaml(text)
    assert isinstance(document, dict)
    assert (document["resume"], document["candidate"]) == (findings.digest, findings.candidate)
    assert [question["id"] for question in document["questions"]] == [question.id for question in found.left]
    return found, document["questions"]


def filled(folder: Path, resume: Path, answers: dict[str, Any], *options: object) -> Path:
    """The file of questions of a resume, with some answered."""
    path = folder / "questions.yaml"
    assert run(resume, "--questions", path, "--force", *options).exit_code == 0
    [document] = parse_yaml(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    assert set(answers) <= {question["id"] for question in document["questions"]}
    for question in document["questions"]:
        if question["id"] in answers:
            question["answer"] = answers[question["id"]]
    path.write_text(as_yaml(document), encoding="utf-8")
    return path


def as_yaml(value: Any) -> str:
    """A value as YAML: like JSON, but for what its strings may escape."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)}: {as_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_yaml, value))}]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


# What is claimed, and what is asked


@pytest.mark.parametrize(("name", "language"), [("modern", "en"), ("older", "ja")])
def test_golden(tmp_path: Path, name: str, language: str) -> None:
    questions, output = tmp_path / "questions.yaml", tmp_path / "draft.json"
    result = run(DATA / f"{name}.json", "--questions", questions, "-o", output, "--lang", language)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert output.read_text(encoding="utf-8") == (DATA / f"{name}.draft.json").read_text(encoding="utf-8")
    assert questions.read_text(encoding="utf-8") == (DATA / f"{name}.questions.yaml").read_text(encoding="utf-8")


def test_a_name_that_is_exactly_an_exams_is_a_claim_and_one_among_other_words_a_question() -> None:
    found, questions = asked(json.loads(MODERN.read_text(encoding="utf-8")))
    # The third certificate and the award tell of an exam that is claimed already.
    assert [claim["exam"] for claim in found.value["exams"]] == ["ap", "ip"]
    assert {claim["status"] for claim in found.value["exams"]} == {"claimed"}
    assert found.value["exams"][0]["source"].startswith("JSON Resume certificates[0]: Applied information")
    assert [question["id"] for question in questions] == [
        "certificates[3]",
        "leads_others",
        "develops_subordinates",
        "handles",
        "publications[0]",
        "projects[0]",
        "projects[1]",
    ]


def test_repeated_entries_are_asked_about_once_and_told() -> None:
    text = (DATA / "modern.questions.yaml").read_text(encoding="utf-8")
    assert "# the same stands in: projects[2]" in text
    assert 'id: "projects[2]"' not in text


def test_an_exam_hidden_in_an_award_is_asked_about_with_what_is_mentioned() -> None:
    text = (DATA / "older.questions.yaml").read_text(encoding="utf-8")
    assert "# 記載あり：nw（ネットワークスペシャリスト）" in text


@pytest.mark.parametrize(
    ("section", "entry", "ids"),
    [
        ("awards", {"title": "Pass", "summary": "応用情報技術者試験に合格"}, ["awards[0]"]),
        ("awards", {"title": "AP of the year"}, []),
        ("awards", {"title": "A patent on cooling"}, ["awards[0]"]),
        ("skills", {"name": "基本情報技術者"}, ["skills[0].passed_exam", "skills[0].specialty"]),
        ("volunteer", {"position": "Teacher"}, ["volunteer[0]"]),
        ("volunteer", {"position": "Driver"}, []),
        ("certificates", {"name": "情報処理技術者試験"}, ["certificates[0]"]),
        ("certificates", {"name": "Unapplied information technology engineering"}, []),
        ("work", {"position": "Lecturer"}, ["work[0].achievement", "work[0].project"]),
        ("interests", {"name": "応用情報技術者"}, []),
        ("references", {"reference": "応用情報技術者"}, []),
    ],
)
def test_what_is_asked_about_an_entry(section: str, entry: dict[str, str], ids: list[str]) -> None:
    found, questions = asked({"basics": {"name": "A"}, section: [entry]})
    once = {"leads_others", "develops_subordinates", "handles"}
    assert [question["id"] for question in questions if question["id"] not in once] == ids
    assert found.value == {"candidate": "A"}


def test_an_exam_hidden_in_the_summary_of_the_person_is_asked_about() -> None:
    _, questions = asked({"basics": {"name": "A", "summary": "保守12年。応用情報技術者。"}})
    assert (questions[0]["id"], questions[0]["says"]) == ("basics", "A / 保守12年。応用情報技術者。")


def test_phrases_are_found_as_words() -> None:
    assert is_in(normal("AP試験"), normal("ＡＰ試験に合格"))
    assert not is_in(normal("AP試験"), normal("MAP試験"))
    assert is_in("teacher", "a teacher, once")
    assert not is_in("teacher", "teachers")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_blank_questions_given_back_answer_nothing(tmp_path: Path, language: str) -> None:
    questions = tmp_path / "questions.yaml"
    first = run(YOSUKE, "--questions", questions, "--lang", language)
    again = run(YOSUKE, "--answers", questions, "--questions", tmp_path / "rest.yaml", "--lang", language)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout == again.stdout
    assert questions.read_bytes() == (tmp_path / "rest.yaml").read_bytes()


def test_what_is_not_used_is_told_in_a_line() -> None:
    told = "not used, as it bears on nothing that is asked for: certificates[4], interests (1)\n"
    assert told in run(MODERN).stderr


def test_an_unknown_language_is_refused() -> None:
    code, _, err = told(MODERN, "--lang", "tlh")
    assert (code, err) == (2, "error: there are no words in tlh; use one of en, ja\n")


def test_whose_resume_it_is(tmp_path: Path) -> None:
    resume = written(tmp_path, {"basics": {"name": "Jo\n Doe", "email": "jo@example.com"}})
    for options, candidate, how in [
        ([], "jo@example.com", "the resume's email"),
        (["--candidate", "E-7"], "E-7", "from --candidate"),
    ]:
        result = run(resume, *options)
        assert json.loads(result.stdout) == {"candidate": candidate}
        assert f"candidate: {candidate} ({how})" in result.stderr
    nameless = written(tmp_path, {"basics": {"name": "Jo\n Doe"}})
    assert json.loads(run(nameless).stdout) == {"candidate": "Jo Doe"}
    nobody = written(tmp_path, {"basics": {"name": " "}})
    assert told(nobody)[::2] == (2, f"error: {nobody}: the resume names nobody; name the person with --candidate\n")
    long = written(tmp_path, {"basics": {"name": "x" * 2_000}})
    assert "more than 1024" in told(long)[2]


# What is not as the standard has it


def test_older_keys_are_read_and_what_is_odd_is_told() -> None:
    result = run(OLDER)
    assert notices(result) == [
        ("$.certifications", "unknown_key"),
        ("$.work[0].startDate", "odd_date"),
        ("$.work[0].endDate", "odd_date"),
        ("$.volunteer[0].endDate", "odd_date"),
        ("$.education[0].mood", "unknown_key"),
        ("$.projects", "missing_section"),
        ("$.certificates", "missing_section"),
        ("$.skills", "missing_section"),
    ]
    assert "use certificates" in result.stderr
    assert "not used, as it bears on nothing that is asked for: education (1), interests (1)\n" in result.stderr


@pytest.mark.parametrize("date", ["2016", "2016-08", "2016-08-24", "2016-02-29"])
def test_dates_of_the_standard(tmp_path: Path, date: str) -> None:
    value = {**SMALL, "awards": [{"title": "A", "date": date}]}
    assert ("$.awards[0].date", "odd_date") not in notices(run(written(tmp_path, value)))


@pytest.mark.parametrize(
    "date",
    [
        "Present",
        "Aug 2016",
        "2015-02-31",
        "2015-02-29",
        "2016-8",
        "16",
        "2016/08",
        "0000",
        "２０１６",
        "2016-08-24T00:00",
    ],
)
def test_odd_dates(tmp_path: Path, date: str) -> None:
    value = {**SMALL, "awards": [{"title": "A patent", "date": date}]}
    result = run(written(tmp_path, value))
    assert ("$.awards[0].date", "odd_date") in notices(result)
    assert result.exit_code == 0


@pytest.mark.parametrize(("end", "is_odd"), [("2020-05", False), ("2020", False), ("2020-05-30", True), ("2019", True)])
def test_an_end_before_the_start_is_odd(tmp_path: Path, end: str, is_odd: bool) -> None:
    project = {"name": "P", "startDate": "2020-05-31", "endDate": end}
    result = run(written(tmp_path, {**SMALL, "projects": [project]}))
    assert (("$.projects[0].endDate", "odd_date") in notices(result)) == is_odd


def test_wrong_types_and_keys_that_come_twice_are_told(tmp_path: Path) -> None:
    text = """{"basics": {"name": "A", "location": "Sendai", "profiles": [{"network": 1, "colour": "red"}]},
        "basicz": 1, "work": {"name": "B"}, "projects": ["C", {"name": 7, "keywords": "D", "roles": ["E", 8, null]}],
        "awards": [{"title": "F", "title": "G"}], "volunteer": null, "skills": [{"name": null}],
        "publications": [{"name": "H", "website": "a", "url": "b"}]}"""
    found = notices(run(written(tmp_path, text)))
    assert [notice for notice in found if notice[1] != "missing_section"] == [
        ("$.basicz", "unknown_key"),
        ("$.work", "wrong_type"),
        ("$.volunteer", "wrong_type"),
        ("$.basics.location", "wrong_type"),
        ("$.basics.profiles[0].colour", "unknown_key"),
        ("$.basics.profiles[0].network", "wrong_type"),
        ("$.projects[0]", "wrong_type"),
        ("$.projects[1].name", "wrong_type"),
        ("$.projects[1].keywords", "wrong_type"),
        ("$.projects[1].roles[1]", "wrong_type"),
        ("$.projects[1].roles[2]", "wrong_type"),
        ("$.awards[0].title", "repeated_key"),
        ("$.publications[0].website", "repeated_key"),
    ]


def test_no_end_of_notices_is_cut_short(tmp_path: Path) -> None:
    value = {**SMALL, **{f"key{number}": 1 for number in range(2_000)}}
    result = run(written(tmp_path, value))
    assert result.stderr.count("unknown_key") == limits.REFUSALS
    assert "too_large: 1000 more notices" in result.stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[]", "no JSON Resume: it is a list, and no object; give one person's resume a file"),
        ('"resume"', "no JSON Resume: it is a string, and no object"),
        ("null", "no JSON Resume: it is null, and no object"),
        ("{}", "no JSON Resume: it has none of the sections basics, projects, work"),
        ('{"work": "hard"}', "it has none of the sections"),
        ('{"name": "left-pad", "version": "1.0.0", "keywords": []}', "it has none of the sections"),
        ('{"candidate": "a", "exams": ["ap"]}', "it looks like evidence, and it has none of the sections"),
        ("{", ":1:2: syntax: no JSON Resume: Expecting property name"),
        ("", ":1:1: syntax: no JSON Resume: Expecting value"),
        ('{"basics": NaN}', "syntax: no JSON Resume: NaN is not JSON"),
        ("[" * 5_000, "too_large: no JSON Resume: the value is nested too deep"),
        ('{"basics": {"name": "A"}, "work": [' + "{}," * limits.FACTS + "{}]}", "more than 10000 entries"),
        (" " * (limits.FILE_BYTES + 1), "too_large: the file is larger than 16777216 bytes"),
    ],
)
def test_a_file_that_is_no_resume_is_refused_in_a_line(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "resume.json"
    path.write_text(content, encoding="utf-8")
    output = tmp_path / "draft.json"
    code, out, err = told(path, "-o", output)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {path}")
    assert why in err
    assert not output.exists()


# Answers

PROJECT = {
    "field": "hardware",
    "role": "responsible",
    "success": True,
    "activities": ["installation", "maintenance"],
    "satisfies": ["usability", "maintainability"],
    "components": ["storage"],
    "complexity": ["multi_vendor", "mission_critical", "continuous_operation"],
    "assignments": [{"to": "service_team", "coverage": "specific_users"}],
    "sites": None,
    "partial": None,
}
ANSWERS = {
    "awards[0]": {"exam": "fe"},
    "certificates[1]": "nw",
    "leads_others": "yes",
    "develops_subordinates": ["mentoring", "coaching"],
    "handles": {"hardware": ["storage"], "software": []},
    "skills[0]": {"field": "hardware", "area": "product_technology", "depth": "guide_subordinates"},
    "volunteer[0]": "no",
    "publications[0]": {"field": "hardware", "item": "paper_internal"},
    "projects[0]": PROJECT,
    "work[0].project": [{"field": "hardware", "role": "member"}, {"field": "software", "role": "member"}],
}


def test_items_have_ids_of_their_own_however_entries_are_called(tmp_path: Path) -> None:
    resume = written(
        tmp_path, {"basics": {"name": "A"}, "projects": [{"name": "M"}, {"name": "M 1"}, {"name": "M 1 (projects[0])"}]}
    )
    one = {"field": "hardware"}
    answers = filled(tmp_path, resume, {"projects[0]": [one, one], "projects[1]": one, "projects[2]": one})
    drafted = json.loads(run(resume, "--answers", answers).stdout)
    assert [project["id"] for project in drafted["fields"]["hardware"]["projects"]] == [
        "M 1 (projects[0]) (projects[0])", "M 2", "M 1 (projects[1])", "M 1 (projects[0]) (projects[2])",
    ]  # fmt: skip
    assert isinstance(POLICY.entry(drafted), Evidence)


def test_what_is_answered_twice_is_claimed_once(tmp_path: Path) -> None:
    resume = written(tmp_path, {"basics": {"name": "A"}})
    answers = filled(tmp_path, resume, {"develops_subordinates": ["mentoring", "mentoring", {"means": "coaching"}]})
    assert "draft: 2 claims" in run(resume, "--answers", answers).stderr


@pytest.mark.parametrize(
    ("entry", "suggested"),
    [
        ({"name": "AP"}, {"ap"}),
        ({"name": "ap (Applied)", "issuer": "X"}, {"ap"}),
        ({"name": "Network Specialist"}, {"nw"}),
        ({"name": "A pass", "issuer": "IPA"}, set()),
        ({"name": "AWS DB"}, None),
    ],
)
def test_a_short_name_of_a_certificate_is_asked_about(
    tmp_path: Path, entry: dict[str, str], suggested: set[str] | None
) -> None:
    findings = RESUMES.read(
        json.dumps({"basics": {"name": "A"}, "certificates": [entry], "skills": [entry]}).encode(), "r"
    )
    asked = {question.id: set(question.suggested) for question in findings.questions}
    assert (asked.get("certificates[0]"), findings.claims) == (suggested, ())


def test_answers_complete_the_draft_and_nothing_is_more_than_pending(tmp_path: Path) -> None:
    answers, output, rest = filled(tmp_path, YOSUKE, ANSWERS), tmp_path / "draft.json", tmp_path / "rest.yaml"
    result = run(YOSUKE, "--answers", answers, "-o", output, "--questions", rest)
    assert result.exit_code == 0
    assert "draft: 12 claims; 2 questions for a person in" in result.stderr
    [left] = parse_yaml(rest.read_text(encoding="utf-8"))
    assert isinstance(left, dict)
    assert [question["id"] for question in left["questions"]] == ["work[0].achievement", "projects[1]"]
    drafted = json.loads(output.read_text(encoding="utf-8"))
    assert [claim["exam"] for claim in drafted["exams"]] == ["ap", "fe", "nw"]
    hardware = drafted["fields"]["hardware"]
    named = [project["id"] for project in hardware["projects"]]
    assert named == ["県立病院ストレージ更改", "フィールドエンジニア, 青葉システムサービス株式会社 1"]
    assert hardware["projects"][0]["complexity"] == PROJECT["complexity"]
    assert "sites" not in hardware["projects"][0]
    assert hardware["achievements"] == [
        {
            "id": "無停止ストレージ移行の手順化",
            "item": "paper_internal",
            "status": "claimed",
            "source": "JSON Resume publications[0]: 無停止ストレージ移行の手順化 (details as a person answered)",
        }
    ]
    evaluated = CliRunner().invoke(cli, ["evaluate", str(output), "--format", "json", "--reading", "ap_exam=no_effect"])
    [answer] = json.loads(evaluated.stdout)
    verdicts = {(r["field"], r["level"]): r["verdict"] for r in answer["results"]}
    assert verdicts["hardware", 3] == "pending"
    assert set(verdicts.values()) == {"pending", "not_attained"}


def test_answers_may_come_in_several_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    first = filled(tmp_path / "a", YOSUKE, {"leads_others": True, "awards[0]": "no"})
    second = filled(tmp_path, YOSUKE, {"leads_others": True, "certificates[1]": {"exam": "nw"}})
    result = run(YOSUKE, "--answers", first, "--answers", second)
    drafted = json.loads(result.stdout)
    assert "leads_others" in drafted
    assert [claim["exam"] for claim in drafted["exams"]] == ["ap", "nw"]
    contrary = filled(tmp_path, YOSUKE, {"leads_others": "no"})
    result = run(YOSUKE, "--answers", first, "--answers", contrary)
    assert result.exit_code == 2
    assert "$.questions.leads_others.answer: conflict: the question is answered twice" in result.stderr


def test_the_order_of_answers_makes_no_difference(tmp_path: Path) -> None:
    answers = filled(tmp_path, YOSUKE, ANSWERS)
    forth = run(YOSUKE, "--answers", answers).stdout
    [document] = parse_yaml(answers.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    document["questions"].reverse()
    answers.write_text(as_yaml(document), encoding="utf-8")
    assert run(YOSUKE, "--answers", answers).stdout == forth


def test_wrong_answers_are_refused_all_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    wrong: dict[str, Any] = {
        "awards[0]": {"exam": "xx"},
        "certificates[1]": {"exam": "nw", "status": "verified"},
        "leads_others": "perhaps",
        "develops_subordinates": "shouting",
        "handles": {"hardware": ["storage", "sofa"], "kitchen": ["pc"]},
        "skills[0]": "storage",
        "work[0].achievement": {"item": "book"},
        "volunteer[0]": {"field": "garden", "item": "book"},
        "publications[0]": {"field": "hardware"},
        "projects[0]": {
            "field": "hardware",
            "role": 7,
            "activities": ["design"],
            "sites": 3,
            "id": "x",
            "mood": "good",
        },
        "projects[1]": {"field": "facility_management", "sites": 0, "success": "yes", "activities": "design"},
        "work[0].project": {"field": "hardware", "assignments": [{"to": "users", "coverage": "specific_users"}]},
    }
    answers, output, rest = filled(tmp_path, YOSUKE, wrong), tmp_path / "draft.json", tmp_path / "rest.yaml"
    result = run(YOSUKE, "--answers", answers, "-o", output, "--questions", rest)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not output.exists()
    assert not rest.exists()
    found = re.findall(rf"^{re.escape(str(answers))}:\$\.questions(\S+): (\w+): ", result.stderr, re.MULTILINE)
    assert sorted(found) == sorted(
        [
            ('["awards[0]"].answer.exam', "unknown_value"),
            ('["certificates[1]"].answer.status', "unknown_key"),
            (".leads_others.answer", "wrong_type"),
            (".develops_subordinates.answer.means", "unknown_value"),
            (".handles.answer.kitchen", "unknown_key"),
            ('["skills[0]"].answer', "wrong_type"),
            ('["work[0].achievement"].answer', "missing_key"),
            ('["volunteer[0]"].answer.field', "unknown_value"),
            ('["publications[0]"].answer', "missing_key"),
            ('["projects[0]"].answer.role', "wrong_type"),
            ('["projects[0]"].answer.activities[0]', "unknown_value"),
            ('["projects[0]"].answer.sites', "unknown_value"),
            ('["projects[0]"].answer.id', "unknown_key"),
            ('["projects[0]"].answer.mood', "unknown_key"),
            ('["projects[1]"].answer.sites', "bad_number"),
            ('["projects[1]"].answer.success', "wrong_type"),
            ('["projects[1]"].answer.activities', "wrong_type"),
            ('["work[0].project"].answer.assignments[0]', "unknown_value"),
        ]
    )


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"resume": "sha256:0"}, "$.resume", "unknown_value"),
        ({"candidate": "somebody"}, "$.candidate", "unknown_candidate"),
        ({"questions": 3}, "$.questions", "wrong_type"),
        ({"questions": [7]}, "$.questions[0]", "wrong_type"),
        ({"questions": [{"answer": "no"}]}, "$.questions[0]", "missing_key"),
        ({"questions": [{"id": "projects[9]", "answer": "no"}]}, "$.questions[0].id", "unknown_value"),
        ({"questions": [{"id": ["a"], "answer": "no"}]}, "$.questions[0].id", "unknown_value"),
        ({"questions": [{"id": "leads_others", "reply": "no"}]}, "$.questions[0].reply", "unknown_key"),
        ({"status": "verified"}, "$.status", "unknown_key"),
    ],
)
def test_answers_to_something_else_are_refused(tmp_path: Path, change: dict[str, Any], where: str, code: str) -> None:
    answers = filled(tmp_path, YOSUKE, {})
    [document] = parse_yaml(answers.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    answers.write_text(as_yaml({**document, **change}), encoding="utf-8")
    result = run(YOSUKE, "--answers", answers)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{answers}:{where}: {code}: " in result.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &b 1", "syntax"),
        ("a: !!python/object:os.system 1", "syntax"),
        (": [", "syntax"),
        ("", "wrong_type"),
        ("- 1", "wrong_type"),
        ("resume: 1", "missing_key"),
        ("[" * 2_000, "too_large"),
        (
            "{resume: 1, candidate: 2, questions: [{id: leads_others, answer: " + "[" * 800 + "]" * 800 + "}]}",
            "too_large",
        ),
    ],
)
def test_what_is_no_file_of_answers_is_refused(tmp_path: Path, text: str, code: str) -> None:
    answers = written(tmp_path, text, "answers.yaml")
    result = run(YOSUKE, "--answers", answers)
    assert result.exit_code == 2
    assert f": {code}: " in result.stderr


def test_nothing_is_written_over_what_is_read(tmp_path: Path) -> None:
    answers = filled(tmp_path, YOSUKE, {})
    for options in (["--questions", answers], ["-o", answers], ["-o", YOSUKE]):
        result = run(YOSUKE, "--answers", answers, *options)
        assert "is read, or written already" in str(result.exception)
    result = run(YOSUKE, "-o", tmp_path / "a", "--questions", tmp_path / "a")
    assert "is read, or written already" in str(result.exception)


def test_questions_that_may_be_filled_in_are_written_over_by_force_alone(tmp_path: Path) -> None:
    questions = tmp_path / "questions.yaml"
    assert run(YOSUKE, "--questions", questions).exit_code == 0
    questions.write_text("# filled in", encoding="utf-8")
    assert "use --force" in str(run(YOSUKE, "--questions", questions).exception)
    assert questions.read_text(encoding="utf-8") == "# filled in"
    assert run(YOSUKE, "--questions", questions, "--force").exit_code == 0


# Hostile resumes


def poisoned(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {key: poisoned(inner, text) for key, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, text) for inner in value]
    return text if isinstance(value, str) else value


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "#script (python) import os #end.",
        "応用情報技術者 " + HOSTILE,
        "a\x07\x1b[31m\u2028\u202e\x85b",
        "teacher\n- id: x\n  answer: yes",
        "# &a *a !b {c: d}",
        "\ud800",
        "\0",
        "\ufdfa" * 500,
        "x" * 300_000,
        "\U0001f600",
    ],
    ids=range(11),
)
def test_hostile_text_is_quoted_and_harms_nobody(tmp_path: Path, text: str) -> None:
    resume = tmp_path / "resume.json"
    resume.write_text(json.dumps(poisoned(json.loads(MODERN.read_text(encoding="utf-8")), text)), encoding="utf-8")
    questions = tmp_path / "questions.yaml"
    result = run(resume, "--candidate", "c", "--questions", questions)
    assert result.exit_code == 0, result.output
    [document] = parse_yaml(questions.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    assert all(
        question["answer"] in (None, []) or isinstance(question["answer"], dict) for question in document["questions"]
    )
    assert all(line.isprintable() for line in questions.read_text(encoding="utf-8").split("\n"))
    assert all(line.isprintable() for line in result.stderr.split("\n"))
    assert isinstance(POLICY.entry(json.loads(result.stdout)), Evidence)
    asked = {question["id"] for question in document["questions"]}
    [project] = asked & {"projects[0]", "projects[0].project"}
    answers = filled(tmp_path, resume, {project: {"field": "hardware"}}, "--candidate", "c")
    completed = run(resume, "--candidate", "c", "--answers", answers)
    assert completed.exit_code == 0, completed.output
    assert isinstance(POLICY.entry(json.loads(completed.stdout)), Evidence)


def test_a_hostile_candidate_is_kept_as_it_is(tmp_path: Path) -> None:
    resume = written(tmp_path, {"basics": {"name": HOSTILE}})
    answers = filled(tmp_path, resume, {"leads_others": True}, "--candidate", "\x1b\\\"\U0001f600\u2028'x")
    result = run(resume, "--candidate", "\x1b\\\"\U0001f600\u2028'x", "--answers", answers)
    assert json.loads(result.stdout)["candidate"] == "\x1b\\\"\U0001f600\u2028'x"
    assert json.loads(run(resume).stdout)["candidate"] == HOSTILE


def test_of_many_entries_each_thing_is_asked_once() -> None:
    entries = [{"name": f"応用情報技術者 teacher {number % 5_000}"} for number in range(9_000)]
    findings = RESUMES.read(json.dumps({"basics": {"name": "A"}, "publications": entries}).encode(), "resume.json")
    assert len(findings.questions) == 5_003


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example('\\"\x85\u2028\ufeff\U0001f600\x7f')
def test_quoted_text_is_read_back(text: str) -> None:
    assert list(parse_yaml(f"a: {quoted(text)}")) == [{"a": text}]


def quietly(number: int) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=number, deadline=None, derandomize=True, suppress_health_check=checks)


WORDS = st.sampled_from([HOSTILE, "応用情報技術者", "teacher", "2020-13", "2020", "", "a", "\0", "\ud800", "P"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted(
    {key for keys in RESUMES.standard.keys.values() for key in keys} | {"company", "website", "gpa", "picture"}
)
ENTRIES = st.lists(
    st.dictionaries(st.sampled_from(KEYS), WORDS | st.lists(WORDS, max_size=3) | VALUES, max_size=6), max_size=3
)
DOCUMENTS = st.fixed_dictionaries(
    {"basics": st.fixed_dictionaries({"name": st.just("N")}, optional={"summary": WORDS})},
    optional={section: ENTRIES | VALUES for section in RESUMES.standard.sections if section != "basics"},
)


@given(VALUES)
@quietly(150)
def test_any_value_is_a_resume_or_refused(value: object) -> None:
    with suppress(ItssError):
        RESUMES.read(json.dumps(value).encode(), "resume.json")


@given(DOCUMENTS)
@quietly(60)
def test_any_resume_gives_a_draft_that_is_evidence(value: object) -> None:
    found, _ = asked(value, "ja")
    entry = POLICY.entry(found.value)
    assert isinstance(entry, Evidence)
    assert all(fact.name in ("candidate", "claimed", "source") for fact in entry.facts)


FINDINGS = RESUMES.read(YOSUKE.read_bytes(), "resume.json")
PLAIN = st.sampled_from(
    ["hardware", "software", "storage", "ap", "yes", "no", "book", "member", HOSTILE, 1, 0, True, None]
)
ANSWER = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["field", "exam", "item", "role", "id", "activities", "to", "x"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([question.id for question in FINDINGS.questions]), ANSWER))
@quietly(200)
def test_any_answers_are_taken_or_refused(answers: dict[str, Any]) -> None:
    questions = [{"id": id, "answer": answer} for id, answer in answers.items()]
    document = {"resume": FINDINGS.digest, "candidate": FINDINGS.candidate, "questions": questions}
    given_back = Answers(FINDINGS, POLICY.vocabulary)
    given_back.read("answers.yaml", json.dumps(document).encode())
    found = draft(FINDINGS, given_back, POLICY.vocabulary, RESUMES.words(), "answers.yaml")
    if isinstance(found, Refused):
        assert all(refusal.place.file == "answers.yaml" and refusal.mend for refusal in found.refusals)
    else:
        entry = POLICY.entry(found.value)
        assert isinstance(entry, Evidence)
        assert all("verified" not in str(fact) for fact in entry.facts)


# Another category

BAKERY = """
asks_each(work, shift).
asks_where_mentioned(awards, certified).
hint(certified, "master baker").
asks_once(certified).
resume_question(en, shift, work, "How many loaves?").
"""


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    return beside_core(tmp_path / "kb", FILES)


def test_another_category_needs_declarations_and_no_program(kb: Path, tmp_path: Path) -> None:
    (kb / "baking" / "resume.lp").write_text(BAKERY, encoding="utf-8")
    awards = [{"title": "Best Master Baker"}]
    resume = written(
        tmp_path, {"basics": {"name": "Ann"}, "work": [{"position": "Baker", "name": "Oven"}], "awards": awards}
    )
    answers = filled(
        tmp_path,
        resume,
        {
            "work[0]": {"field": "bread", "loaves_baked": 120, "any_burnt": False, "grains": ["rye"]},
            "awards[0]": "yes",
            "certified": "no",
        },
        "--kb",
        kb,
    )
    output = tmp_path / "draft.json"
    result = run(resume, "--kb", kb, "--answers", answers, "-o", output)
    assert result.exit_code == 0, result.output
    assert json.loads(output.read_text(encoding="utf-8"))["fields"]["bread"]["shifts"][0]["name"] == "Baker, Oven"
    evaluated = CliRunner().invoke(cli, ["evaluate", str(output), "--kb", str(kb), "--format", "json"])
    [answer] = json.loads(evaluated.stdout)
    assert [r["verdict"] for r in answer["results"]] == ["pending", "not_attained"]


def test_a_category_that_declares_nothing_about_resumes_says_so(kb: Path) -> None:
    code, _, err = told(MODERN, "--kb", kb)
    assert code == 2
    assert err == f"error: baking declares nothing about resumes; it would do so in {kb / 'baking' / 'resume.lp'}\n"


@pytest.mark.parametrize(
    ("declaration", "defect"),
    [
        ("asks_each(hobby, shift).", "no such section of a resume hobby"),
        ("asks_each(work, loaves).", "no such item to ask about loaves"),
        ("asks_once(cake).", "no such item to ask about cake"),
        ("claims(work, shift).", "more than a value to claim shift"),
        ('called(grain, rice, "rice").', "no such value to be called (grain,rice)"),
    ],
)
def test_declarations_with_a_defect_are_not_used(kb: Path, declaration: str, defect: str) -> None:
    (kb / "baking" / "resume.lp").write_text(declaration, encoding="utf-8")
    assert defect in str(run(MODERN, "--kb", kb).exception)


def test_the_digest_of_the_policy_does_not_rest_on_resumes(kb: Path) -> None:
    before = Policy.load(kb=str(kb)).digest
    (kb / "baking" / "resume.lp").write_text(BAKERY, encoding="utf-8")
    for name in APART:
        (kb / "core" / name).write_text("% Nothing: it is left out.\n", encoding="utf-8")
    assert Policy.load(kb=str(kb)).digest == before
    assert {Path(source.path).name for source in core_of(str(kb))}.isdisjoint(APART)
