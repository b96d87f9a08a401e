"""The rules on resumes, on a small category of the tests' own."""

from __future__ import annotations

from tests.kb.rules import derives

FILES = ["core/vocabulary.lp", "core/resume_standard.lp", "core/resume.lp"]
TOY = """
#defined many_valued/1.
category(toy). field(f, 1). language(en, 1).
evidence(pass, item, many, passes). argument(pass, 2, value(exam), exam). value(exam, (a; b)).
evidence(talk, item, many, talks). argument(talk, 2, field, field). argument(talk, 3, id, id).
claims(certificates, pass). asks_where_mentioned((certificates; awards), pass). asks_where_mentioned(work, talk).
asks_each(projects, talk).
"""


def test_a_title_that_names_a_value_is_a_claim_with_the_first_as_its_source() -> None:
    facts = (
        "entry(1..3, certificates). content(1..2, 1). content(3, 2). entitled(1..3, exam, a). mentions(1..3, exam, a)."
    )
    derives(FILES, TOY + facts, ["drafted(pass,a,1)", "used(3)"], ["drafted(pass,a,3)", "put(1,pass)", "put(3,pass)"])


def test_a_title_of_a_section_that_claims_nothing_is_asked_about() -> None:
    facts = "entry(1, awards). content(1, 1). entitled(1, exam, a). mentions(1, exam, a)."
    derives(FILES, TOY + facts, ["put(1,pass)", "suggests(1,pass,a)", "used(1)"], ["drafted(pass,a,1)"])


def test_what_is_claimed_already_is_not_asked_about() -> None:
    facts = "entry(1, certificates). entry(2..3, awards). content(N, N) :- N = 1..3. entitled(1, exam, a)."
    mentioned = "mentions((1; 2; 3), exam, a). mentions(3, exam, b)."
    present = ["put(3,pass)", "suggests(3,pass,b)", "used(2)"]
    derives(FILES, TOY + facts + mentioned, present, ["put(2,pass)", "suggests(3,pass,a)"])


def test_repeated_entries_are_asked_about_once() -> None:
    facts = "entry(1..3, projects). content((1; 3), 1). content(2, 2)."
    derives(
        FILES, TOY + facts, ["put(1,talk)", "put(2,talk)", "repeats(3,1)", "used(3)"], ["put(3,talk)", "repeats(2,1)"]
    )


def test_hints_count_where_the_category_says_so() -> None:
    facts = "entry(1, work). entry(2, awards). content(1, 1). content(2, 2). hinted(1..2, talk)."
    derives(FILES, TOY + facts, ["put(1,talk)"], ["put(2,talk)", "used(2)"])


def test_sections_that_are_needed_and_empty_are_absent() -> None:
    derives(
        FILES,
        TOY + "entry(1, projects). content(1, 1).",
        ["absent(certificates)"],
        ["absent(projects)", "absent(awards)"],
    )
