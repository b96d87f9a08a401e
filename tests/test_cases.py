"""The policy's cases: what it decides on evidence that shows one thing. `cases/README.md` tells their format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from itss_logic import Answer, Evidence, Policy, QuestionError

Case: TypeAlias = "dict[str, Any]"

REQUIRED = {"case", "clauses", "evidence"}
EXPECTATIONS = {"met", "unmet", "verdicts", "routes", "highest"}


def read(path: Path) -> Iterator[tuple[str, Case]]:
    """The cases of a file, by name."""
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]:
        yield f"{path.stem}: {case.get('case')}", case


FILES = sorted((Path(__file__).parent.parent / "kb" / "customer_service" / "cases").glob("*.yaml"))
CASES = [named for path in FILES for named in read(path)]


@cache
def policy() -> Policy:
    return Policy.load()


def readings_of(case: Case) -> frozenset[tuple[str, str]]:
    return frozenset(case.get("readings", {}).items())


@cache
def answers(readings: frozenset[tuple[str, str]]) -> dict[str, Answer]:
    """The answers to all cases under these readings, by name: decided together, which is faster than one by one."""
    entries = {name: policy().entry(case.get("evidence")) for name, case in CASES if readings_of(case) == readings}
    on_file = {name: entry for name, entry in entries.items() if isinstance(entry, Evidence)}
    return dict(zip(on_file, policy().evaluate(on_file.values(), dict(readings), criteria=True), strict=True))


def faults(case: Case) -> Iterator[str]:
    """What is wrong with how a case is written."""
    for key in sorted(REQUIRED - case.keys()):
        yield f"{key} is missing"
    for key in sorted(case.keys() - REQUIRED - EXPECTATIONS - {"readings"}):
        yield f"{key} is no key of a case"
    known = {clause.id for clause in policy().clauses}
    yield from (f"there is no clause {clause}" for clause in case.get("clauses", []) if clause not in known)
    if not case.get("clauses"):
        yield "it is about no clause"
    if not any(case.get(key) for key in EXPECTATIONS):
        yield "it expects nothing"
    try:
        policy().in_force(case.get("readings"))
    except QuestionError as error:
        yield str(error)
    entry = policy().entry(case.get("evidence"))
    if not isinstance(entry, Evidence):
        yield from (f"evidence {r.place.path}: {r.code}: {r.message}" for r in entry.refusals)


def expected(case: Case) -> Iterator[tuple[str, Any]]:
    """What a case expects, each under the name that `decided` gives it."""
    for key in ("met", "unmet"):
        yield from ((clause, key) for clause in case.get(key, []))
    for key in ("verdicts", "routes", "highest"):
        yield from ((f"{key} of {about}", value) for about, value in case.get(key, {}).items())


def decided(answer: Answer) -> dict[str, Any]:
    """Everything that a case can expect, by name."""
    found: dict[str, Any] = {f"highest of {field}": level for field, level in answer.highest.items()}
    for result in answer.results:
        level = f"{result.field}.{result.level}"
        found |= {f"verdicts of {level}": result.verdict, f"routes of {level}": list(result.routes)}
        for criterion in result.criteria:
            found[f"{level}.{criterion.name}"] = "unmet" if criterion.name in result.unmet else "met"
    return found


def differences(case: Case, answer: Answer) -> Iterator[str]:
    """Where the policy decides otherwise than a case expects."""
    found = decided(answer)
    for name, value in expected(case):
        if name not in found:
            yield f"{name}: nothing of this name is decided"
        elif found[name] != value:
            yield f"{name}: expected {value}, got {found[name]}"


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_case(name: str, case: Case) -> None:
    wrong = list(faults(case)) or list(differences(case, answers(readings_of(case))[name]))
    if wrong:
        pytest.fail("\n  ".join([name, *wrong]), pytrace=False)


def test_every_clause_has_a_case() -> None:
    named = {clause for _, case in CASES for clause in case["clauses"]}
    assert [clause.id for clause in policy().clauses if clause.id not in named] == []


def test_every_option_of_every_reading_has_a_case() -> None:
    named = {choice for _, case in CASES for choice in readings_of(case)}
    assert [(r.name, o) for r in policy().readings for o in r.options if (r.name, o) not in named] == []


def repeated(node: yaml.Node | None) -> Iterator[str]:
    """Keys that stand twice in one mapping: YAML would keep the last, and an expectation would be lost."""
    if isinstance(node, yaml.MappingNode):
        times = Counter(key.value for key, _ in node.value)
        yield from (f"{key} after line {node.start_mark.line}" for key in times if times[key] > 1)
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        for part in child if isinstance(child, tuple) else (child,):
            yield from repeated(part)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_key_stands_twice(path: Path) -> None:
    assert list(repeated(yaml.compose(path.read_text(encoding="utf-8")))) == []


def test_names_differ() -> None:
    assert [name for name, times in Counter(name for name, _ in CASES).items() if times > 1] == []


SOUND: Case = {
    "case": "nobody",
    "clauses": ["hardware.3.exam"],
    "evidence": {"candidate": "ann"},
    "verdicts": {"hardware.3": "not_attained"},
    "highest": {"hardware": None},
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"expect": 1}, ["expect is no key of a case"]),
        ({"clauses": ["hardware.3.size", "hardware.9.size"]}, ["there is no clause hardware.9.size"]),
        ({"clauses": []}, ["it is about no clause"]),
        ({"readings": {"two_sites": "big"}}, ["two_sites has no option big; use one of as_written, small"]),
        ({"verdicts": {}, "highest": {}}, ["it expects nothing"]),
        ({"evidence": {"candidate": "ann", "exam": []}}, ["evidence $.exam: unknown_key: exam is no key here"]),
    ],
)
def test_faults_of_a_case_are_told(change: Case, told: list[str]) -> None:
    assert list(faults(SOUND | change)) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"met": ["hardware.3.projects"]}, ["hardware.3.projects: expected met, got unmet"]),
        ({"unmet": ["hardware.3.size"]}, ["hardware.3.size: nothing of this name is decided"]),
        ({"verdicts": {"hardware.3": "deemed"}}, ["verdicts of hardware.3: expected deemed, got not_attained"]),
        ({"routes": {"hardware.3": ["kpi"]}}, ["routes of hardware.3: expected ['kpi'], got []"]),
        ({"highest": {"hardware": 3}}, ["highest of hardware: expected 3, got None"]),
    ],
)
def test_differences_from_a_case_are_told(change: Case, told: list[str]) -> None:
    entry = policy().entry(SOUND["evidence"])
    assert isinstance(entry, Evidence)
    [answer] = policy().evaluate([entry], criteria=True)
    assert list(differences(SOUND | change, answer)) == told
