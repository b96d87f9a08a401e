"""A category with arguments of every kind: its evidence comes to the same through all forms, in batches as well."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped, unused-ignore]
import psycopg
import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy, Refused
from itss_logic.cli import cli
from itss_logic.intake.layout import Layout
from tests import test_category
from tests.test_database import execute, make

MORE = """
#defined grade/2.
evidence(grade, item, one, trade_grade).
argument(grade, 2, value(grade), grade).
value(grade, (junior; senior)).
stated(C, grade(G))   :- grade(C, G).
asserted(C, grade(G)) :- claimed(grade(C, G)).

#defined badge/3.
evidence(badge, item, one, badge).
argument(badge, 2, id, tag).
argument(badge, 3, value(grade), rank).
stated(C, badge(T, G))   :- badge(C, T, G).
asserted(C, badge(T, G)) :- claimed(badge(C, T, G)).

#defined oven/3.
evidence(oven, attribute, many, ovens).
argument(oven, 2, of(shift), shift).
argument(oven, 3, id, oven).
stated(C, oven(S, O)) :- oven(C, S, O).

#defined mate/3.
evidence(mate, attribute, one, mate).
argument(mate, 2, of(shift), shift).
argument(mate, 3, id, mate).
stated(C, mate(S, M)) :- mate(C, S, M).

#defined post/3.
evidence(post, item, one, post).
argument(post, 2, field, field).
argument(post, 3, id, name).
stated(C, post(F, P))   :- post(C, F, P).
asserted(C, post(F, P)) :- claimed(post(C, F, P)).

#defined key/3.
evidence(key, attribute, many, keys).
argument(key, 2, of(post), post).
argument(key, 3, id, key).
stated(C, key(P, K)) :- key(C, P, K).
"""

PROBE = """
#defined probe/4.
evidence(probe, attribute, many, probes).
argument(probe, 2, of(shift), shift).
argument(probe, 3, id, place).
argument(probe, 4, number(count), heat).
stated(C, probe(S, P, N)) :- probe(C, S, P, N).
"""

SHIFT: dict[str, Any] = {**test_category.GOOD, "ovens": ["o 1", "candidate", "=x"], "mate": "bob"}
PROBES = [{"place": "top", "heat": 5}, {"place": "top", "heat": 6}, {"place": "7", "heat": 5}]
PEOPLE: list[dict[str, Any]] = [
    {
        "candidate": "ann",
        "trade_grade": {"grade": "junior", "status": "claimed", "source": "x"},
        "fields": {
            "bread": {
                "post": {"name": "head", "keys": ["cellar", "o 1"]},
                "shifts": [SHIFT, {"name": "s2", "ovens": ["o 1"], "status": "claimed"}],
            }
        },
    },
    {"candidate": "bob", "trade_grade": "senior", "badge": {"tag": "7", "rank": "senior", "source": "y"}},
]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(params=["", PROBE], ids=["ids", "ids with more"])
def kb(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    vocabulary = test_category.FILES["vocabulary.lp"] + MORE + request.param
    return test_category.beside_core(tmp_path / "kb", {**test_category.FILES, "vocabulary.lp": vocabulary})


@pytest.fixture
def people(kb: Path, tmp_path: Path) -> Path:
    made = json.loads(json.dumps(PEOPLE))
    if PROBE in (kb / "baking" / "vocabulary.lp").read_text():
        made[0]["fields"]["bread"]["shifts"][0]["probes"] = PROBES
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in made))
    return path


def facts(kb: Path, *paths: object) -> list[str]:
    found = [entry for path in paths for entry in Policy.load(kb=str(kb)).read(str(path))]
    assert [entry for entry in found if isinstance(entry, Refused)] == []
    return [entry.as_lp() for entry in found if isinstance(entry, Evidence)]


def test_all_forms_come_to_the_same(kb: Path, people: Path, tmp_path: Path, url: str) -> None:
    before: object = people
    expected = facts(kb, people)
    assert len(expected) == 2
    for form, place in [
        ("lp", tmp_path / "lp"),
        ("json", tmp_path / "all.json"),
        ("xlsx", tmp_path / "all.xlsx"),
        ("csv", tmp_path / "csv"),
        ("sql", url),
        ("json", tmp_path / "again.jsonl"),
    ]:
        result = run("export", before, "--kb", kb, "--as", form, "-o", place)
        assert result.exit_code == 0, result.output
        assert facts(kb, place) == expected
        before = place
    [first, _] = (tmp_path / "again.jsonl").read_text().splitlines()
    shift = next(one for one in json.loads(first)["fields"]["bread"]["shifts"] if one["name"] == "s1")
    assert shift == {**SHIFT, "ovens": sorted(SHIFT["ovens"])} | (
        {"probes": shift["probes"]} if "probes" in shift else {}
    )
    assert run("intake", "template", "--kb", kb, "-o", tmp_path / "template.xlsx").exit_code == 0


def test_batches_come_to_the_same(kb: Path, people: Path, tmp_path: Path) -> None:
    expected = run("evaluate", people, "--kb", kb, "--format", "jsonl").stdout
    assert len(expected.splitlines()) == 2
    run("export", people, "--kb", kb, "--as", "csv", "-o", tmp_path / "csv")
    for given in (people, tmp_path / "csv"):
        result = run("batch", given, "--kb", kb, "-o", tmp_path / "out.jsonl", "--jobs", 1)
        assert result.exit_code == 0, result.output
        assert (tmp_path / "out.jsonl").read_text() == expected
        assert "decided plainly, which takes longer: ovens has an id beside that of an item" in result.stderr


def test_what_there_can_be_one_of_is_there_once(kb: Path, tmp_path: Path, url: str) -> None:
    policy = Policy.load(kb=str(kb))
    layout = Layout(policy.vocabulary, wide=False)
    make(url, layout)
    execute(
        url,
        "INSERT INTO candidates VALUES ('ann')",
        "INSERT INTO trade_grade (candidate, grade) VALUES ('ann', 'junior')",
        "INSERT INTO badge (candidate, tag, rank) VALUES ('ann', '7', 'junior')",
        "INSERT INTO post (candidate, field, name) VALUES ('ann', 'bread', 'head')",
        "INSERT INTO post_keys VALUES ('ann', 'head', 'cellar')",
    )
    for again in (
        "INSERT INTO trade_grade (candidate, grade) VALUES ('ann', 'senior')",
        "INSERT INTO badge (candidate, tag, rank) VALUES ('ann', '8', 'junior')",
        "INSERT INTO post (candidate, field, name) VALUES ('ann', 'bread', 'other')",
        "INSERT INTO post_keys VALUES ('ann', 'head', 'cellar')",
        *(["INSERT INTO post_keys VALUES ('ann', 'other', 'cellar')"] if url.startswith("postgresql") else []),
    ):
        with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
            execute(url, again)
    assert [str(fact) for line in facts(kb, url) for fact in line.splitlines()] == [
        'badge("ann","7",junior).',
        'candidate("ann").',
        'grade("ann",junior).',
        'key("ann","head","cellar").',
        'post("ann",bread,"head").',
    ]
    (tmp_path / "two.lp").write_text("candidate(ann). grade(ann, junior). grade(ann, senior).")
    [refused] = policy.read(str(tmp_path / "two.lp"))
    assert isinstance(refused, Refused)
    assert [refusal.code for refusal in refused.refusals] == ["conflict"]


@pytest.mark.parametrize(
    ("ovens", "code"), [([{"oven": "o"}], "wrong_type"), ([3], "wrong_type"), ([""], "wrong_type"), ("o", "wrong_type")]
)
def test_an_attribute_that_is_an_id_is_a_string(kb: Path, ovens: Any, code: str) -> None:
    policy = Policy.load(kb=str(kb))
    one = {"candidate": "ann", "fields": {"bread": {"shifts": [{"name": "s", "ovens": ovens}]}}}
    entry = policy.entry(one)
    assert isinstance(entry, Refused)
    assert [refusal.code for refusal in entry.refusals] == [code]
    schema = json.loads(run("policy", "schema", "--kb", kb).stdout)
    assert not jsonschema.Draft202012Validator(schema).is_valid(one)
    jsonschema.Draft202012Validator(schema).validate(PEOPLE[0])
