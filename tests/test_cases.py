"""The policy's cases: what it decides on evidence that shows one thing. `cases/README.md` tells their format."""

from __future__ import annotations

from functools import cache

import pytest

from itss_logic import Policy
from itss_logic.assurance.cases import Case, case_files, read_cases
from itss_logic.assurance.report import page
from itss_logic.assurance.running import Runner, Tried


@cache
def policy() -> Policy:
    return Policy.load()


CASES = read_cases(case_files(policy()), policy())


def named(case: Case) -> str:
    return f"{case.file.rpartition('/')[2].removesuffix('.yaml')}: {case.name}"


@cache
def tried() -> list[Tried]:
    """What came of all cases, decided together, which is faster than one by one."""
    return Runner(policy(), CASES).tried


@pytest.mark.parametrize("number", range(len(CASES)), ids=map(named, CASES))
def test_case(number: int) -> None:
    one = tried()[number]
    if not one.passed:
        pytest.fail("\n".join([one.case.name, *page(one, None)]), pytrace=False)


def test_every_clause_has_a_case() -> None:
    about = {clause for case in CASES for clause in case.clauses}
    assert [clause.id for clause in policy().clauses if clause.id not in about] == []


def test_every_option_of_every_reading_has_a_case() -> None:
    chosen = {choice for case in CASES for choice in case.readings.items()}
    assert [(r.name, o) for r in policy().readings for o in r.options if (r.name, o) not in chosen] == []
