"""Answers are confirmed before they are shown: the policy's own rules are solved again on what an answer claims.

Nothing of the questions that found the answer takes part, but the rules that decide verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from itss_logic.answers import VERDICTS
from itss_logic.case import Case
from itss_logic.engine import Question, Switches
from itss_logic.errors import SelfCheckError
from itss_logic.terms import Fact, write
from itss_logic.vocabulary import CANDIDATE

ON_FILE, ALONE = 0, 1
"""The candidates of a trial: one has all that is on file, one nothing but what is switched on."""


class Trial:
    """The policy on the evidence of a case, with facts that can be added to it, and others that can stand alone."""

    def __init__(
        self,
        question: Question,
        case: Case,
        level: tuple[str, int],
        added: Iterable[Fact] = (),
        alone: Iterable[Fact] = (),
    ) -> None:
        self.case = case
        self.field, self.level = level
        self.added = {fact: case.text(fact, ON_FILE) for fact in added}
        self.alone = {fact: case.text(fact, ALONE) for fact in alone}
        # What is on file costs time, and matters only to what is added to it.
        on_file = f"{CANDIDATE}({ON_FILE}).\n{case.program(self.field)}" if self.added else ""
        switches = [*self.added.values(), *self.alone.values()]
        inputs = case.inputs | {(CANDIDATE, 1)}
        self.switches = Switches(question, f"{on_file}\n{CANDIDATE}({ALONE}).", switches, inputs)

    def verdict(self, verdict: str, alone: Collection[Fact] | None = None) -> bool:
        """Whether this is the verdict on all that is on file, or on facts alone."""
        candidate = ON_FILE if alone is None else ALONE
        on = {self.alone[fact] for fact in alone or ()}
        return self.switches.holds(f"verdict({candidate},{self.field},{self.level},{verdict})", on)

    def unmet(self, criterion: str, added: Collection[Fact] = ()) -> bool:
        """Whether a criterion is unmet, with facts added to what is on file."""
        on = {self.added[fact] for fact in added}
        return self.switches.holds(f"unmet(verified,{ON_FILE},{self.field},{self.level},{criterion})", on)

    def meets(self, criterion: str, added: Collection[Fact]) -> bool:
        """Whether a criterion is met with facts added to what is on file."""
        return not self.unmet(criterion, added)

    def check_support(self, verdict: str, support: Collection[Fact]) -> None:
        """Confirm that the verdict follows from a support alone, and from no part of it that lacks a fact."""
        self._minimal(support, lambda facts: self.verdict(verdict, facts), f"a support of {verdict}")

    def check_missing(self, criterion: str, missing: Collection[Fact]) -> None:
        """Confirm that a criterion is met once facts are added, which are sound evidence, and none can be left out."""
        for problem in self.case.problems(missing):
            raise SelfCheckError(f"what {criterion} lacks is no sound evidence: {problem}")
        self._minimal(missing, lambda facts: self.meets(criterion, facts), f"what {criterion} lacks")

    def check_margin(
        self, verdict: str, rejected: Collection[Fact], bearing: Collection[Fact], *, proven: bool
    ) -> None:
        """Confirm that rejections make the verdict worse; if proven least, that none of them can be left out.

        Every fact on file that can matter must be among those that can stand alone.
        """
        self._minimal(rejected, lambda facts: self._worse(verdict, facts), "a margin", parts=proven)
        for fact in bearing:
            ensure(self._worse(verdict, [fact]), f"{fact} does not bear {verdict} by itself")
        ensure(not proven or (len(rejected) == 1) == bool(bearing), "margin and load-bearing facts do not agree")

    def check_unshaken(self, verdict: str) -> None:
        """Confirm that the verdict does not become worse if all is rejected."""
        ensure(not self._worse(verdict, list(self.alone)), f"{verdict} is worse once all is rejected")

    def _worse(self, verdict: str, rejected: Iterable[Fact]) -> bool:
        left: list[Fact] = list(self.alone)
        for fact in rejected:
            left = self.case.without(left, fact)
        return any(self.verdict(worse, left) for worse in VERDICTS[VERDICTS.index(verdict) + 1 :])

    def shrunk(self, facts: Collection[Fact], suffices: Callable[[Collection[Fact]], bool]) -> list[Fact]:
        """What is left of facts once all that can be left out is left out, one after the other."""
        kept = list(facts)
        for fact in sorted(facts, key=lambda fact: (self.case.key(fact, own=True) is None, str(fact))):
            rest = self.case.without(kept, fact)
            if len(rest) < len(kept) and suffices(rest):
                kept = rest
        return kept

    def _minimal(
        self, facts: Collection[Fact], suffices: Callable[[Collection[Fact]], bool], what: str, *, parts: bool = True
    ) -> None:
        if not suffices(facts):
            raise SelfCheckError(f"{what} does not suffice: {listed(facts)}")
        for fact in facts if parts else ():
            if suffices(self.case.without(facts, fact)):
                raise SelfCheckError(f"{what} holds more than is needed: {fact} in {listed(facts)}")


def ensure(held: bool, what: str) -> None:
    """Raise an internal error unless something held."""
    if not held:
        raise SelfCheckError(what)


def listed(facts: Collection[Fact]) -> str:
    """Facts for a message."""
    return ", ".join(map(write, facts)) or "nothing"
