"""The manners of the rule files, checked on clingo's own syntax tree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from clingo import SymbolType
from clingo.ast import AST, ASTType, Transformer, parse_files

from tests.kb.rules import KB

FILES = sorted(KB.rglob("*.lp"))
POLICY, DECLARATIONS, CHOOSING = ENTRIES = [
    KB / "customer_service" / name for name in ("policy.lp", "declarations.lp", "explain.lp")
]
CORE = KB / "core"
NAMES = [
    "evaluate",
    "verdicts",
    "checklist",
    "across",
    "why",
    "missing",
    "certify",
    "plan",
    "blame",
    "subsumed",
    "because",
    "results",
    "slices",
    "expected",
]
QUESTIONS = [CORE / f"{name}.lp" for name in NAMES]
PROGRAMS = [
    [POLICY],
    [DECLARATIONS],
    *([POLICY, question] for question in QUESTIONS[:3]),
    [POLICY, CHOOSING, CORE / "support.lp", CORE / "few.lp", CORE / "why.lp"],
    [POLICY, CHOOSING, CORE / "additions.lp", CORE / "missing.lp"],
    [POLICY, CHOOSING, CORE / "support.lp", CORE / "many.lp", CORE / "margin.lp", CORE / "certify.lp"],
    [POLICY, CHOOSING, CORE / "additions.lp", CORE / "plan.lp"],
    [POLICY, CHOOSING, CORE / "additions.lp", CORE / "plan.lp", CORE / "blame.lp"],
    [POLICY, CHOOSING, CORE / "subsumed.lp"],
    [POLICY, CORE / "because.lp"],
    [POLICY, CORE / "verdicts.lp"],
    [POLICY, CORE / "results.lp"],
    [POLICY, CORE / "expected.lp"],
    [DECLARATIONS, CORE / "slices.lp"],
]
"""All that is put to clingo, as files."""


class Numbers(Transformer):
    """Collects the numbers in a part of a rule."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_SymbolicTerm(self, term: AST) -> AST:  # noqa: N802
        if term.symbol.type == SymbolType.Number:
            self.found.append(f"{term.location.begin.line}: {term.symbol}")
        return term


def statements(file: Path) -> list[AST]:
    found: list[AST] = []
    parse_files([str(file)], found.append)
    return [node for node in found if node.location.begin.filename == str(file)]


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_header(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"% [A-Z][A-Za-z ]+: .{20,}", first)


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_rules_hold_no_numbers(file: Path) -> None:
    numbers = Numbers()
    for statement in statements(file):
        if statement.ast_type == ASTType.Rule:
            numbers.visit_sequence(statement.body)
    assert numbers.found == []


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_scripts_and_shows_in_questions_alone(file: Path) -> None:
    kinds = {statement.ast_type for statement in statements(file)}
    assert ASTType.Script not in kinds
    assert (ASTType.ShowSignature in kinds or ASTType.ShowTerm in kinds) == (file in QUESTIONS)
    assert ("#include" in file.read_text(encoding="utf-8")) == (file in ENTRIES)


@pytest.mark.parametrize("files", PROGRAMS, ids=lambda files: files[-1].stem)
def test_clingo_has_nothing_to_say(files: list[Path]) -> None:
    command = [sys.executable, "-m", "clingo", "--warn=all", "--quiet=2", *map(str, files)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    assert re.search("^(SATISFIABLE|OPTIMUM FOUND)$", result.stdout, re.MULTILINE)


def test_comments_name_clauses_that_exist() -> None:
    from fnmatch import fnmatchcase

    from itss_logic import Policy

    ids = [clause.id for clause in Policy.load().clauses]
    tags = [
        (file.name, pattern.strip())
        for file in FILES
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("% ")
        for tag in re.findall(r"\[([^]]+)\]", line)
        for pattern in tag.split(",")
    ]
    assert tags
    assert [tag for tag in tags if not any(fnmatchcase(id, tag[1]) for id in ids)] == []
