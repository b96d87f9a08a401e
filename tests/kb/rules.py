"""What a set of rule files derives from facts, judged by clintest."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from clintest.assertion import Contains, Not, True_
from clintest.quantifier import All, Exact
from clintest.solver import Clingo
from clintest.test import And, Assert

KB = Path(__file__).parent.parent.parent / "kb"
POLICY = "customer_service/policy.lp"


def derives(files: Iterable[str], facts: str, present: Iterable[str] = (), absent: Iterable[str] = ()) -> None:
    """Assert that there is one answer set, with some atoms and without others.

    Args:
        files: rule files, relative to the knowledge base.
        facts: a program text.
        present: atoms of the answer set.
        absent: atoms that are not in it.
    """
    test = And(
        Assert(Exact(1), True_()),
        *(Assert(All(), Contains(atom)) for atom in present),
        *(Assert(All(), Not(Contains(atom))) for atom in absent),
    )
    Clingo(arguments=["0"], program=facts, files=[str(KB / file) for file in files]).solve(test)
    test.assert_()  # noqa: PT009
