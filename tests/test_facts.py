"""Numbers in ground facts: exact however they are written, and never so long that reading them fails."""

from __future__ import annotations

import pytest

from itss_logic.facts import FactError, parse


def numbers(text: str) -> list[object]:
    errors: list[FactError] = []
    found = [term for statement in parse(f"n({text}).", errors.append) for term in statement.fact.arguments]
    return [*found, *(error.code for error in errors)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-7", -7),
        ("1000000000", 10**9),
        ("0x" + "0" * 60 + "15", 21),
        ("0xb", 11),
        ("0xbb0b", 0xBB0B),
        ("0b" + "0" * 60 + "101", 5),
        ("0o" + "0" * 60 + "17", 15),
    ],
)
def test_a_number_is_read_exactly(text: str, number: int) -> None:
    assert numbers(text) == [number]


@pytest.mark.parametrize("text", ["9" * 100_000, "0x" + "b" * 5000, "0b1" + "0" * 5000, "0o7" + "0" * 5000])
def test_a_number_beyond_any_range_stays_beyond(text: str) -> None:
    [number] = numbers(text)
    assert isinstance(number, int)
    assert 10**40 <= number < 10**41


@pytest.mark.parametrize("text", ["007", "0x", "1 2", "1_000", "1.5"])
def test_what_is_no_number_is_an_error(text: str) -> None:
    code, *_ = numbers(text)
    assert code in ("syntax", "not_a_fact")
