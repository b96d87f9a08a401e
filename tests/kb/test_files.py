"""The rule files as they are put to clingo."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kb.rules import KB

FILES = sorted(KB.rglob("*.lp"))
POLICY, DECLARATIONS, CHOOSING = ENTRIES = [
    KB / "customer_service" / name for name in ("policy.lp", "declarations.lp", "explain.lp")
]
CORE = KB / "core"
KNOWN = KB / "customer_service" / "properties.lp"
RESUME = [KB / "customer_service" / "resume.lp", CORE / "resume_standard.lp", CORE / "resume.lp"]
PROFILE = [CORE / "profile.lp", CORE / "properties.lp", KNOWN]
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
    "bound",
    "known",
    "verify",
    "any_reading",
    "differ",
    "expected",
    "resume",
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
    [POLICY, CORE / "bound.lp"],
    [POLICY, CORE / "any_reading.lp", CORE / "properties.lp", KNOWN, CORE / "known.lp"],
    [POLICY, *PROFILE, CORE / "verify.lp"],
    [POLICY, *PROFILE, CORE / "verify.lp", CORE / "monotone.lp"],
    [POLICY, CORE / "profile.lp", CORE / "differ.lp"],
    [DECLARATIONS, *RESUME],
]
"""All that is put to clingo, as files."""


@pytest.mark.parametrize("files", PROGRAMS, ids=lambda files: files[-1].stem)
def test_clingo_has_nothing_to_say(files: list[Path]) -> None:
    command = [sys.executable, "-m", "clingo", "--warn=all", "--quiet=2", *map(str, files)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    assert re.search("^(SATISFIABLE|OPTIMUM FOUND)$", result.stdout, re.MULTILINE)
