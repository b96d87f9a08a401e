"""Answers are confirmed before they are shown: the policy's own rules are solved again on what an answer claims.

Nothing of the questions that found the answer takes part, but the rules that decide verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property

from itss_logic.answers import VERDICTS
from itss_logic.case import Case, Key
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
        on_file = f"{CANDIDATE}({ON_FILE}).\n{case.program(self.field, in_parts=False)}" if self.added else ""
        switches = [*self.added.values(), *self.alone.values()]
        inputs = case.inputs - {("filed", 4)} | {(CANDIDATE, 1)}
        self.switches = Switches(question, f"{on_file}\n{CANDIDATE}({ALONE}).", switches, inputs)

    def verdict(self, verdict: str, alone: Collection[Fact] | None = None, *, likely: bool = True) -> bool:
        """Whether this is the verdict on all that is on file, or on facts alone."""
        if alone is None:
            return self._verdict(ON_FILE, verdict, set())
        return self._verdict(ALONE, verdict, {self.alone[fact] for fact in alone}, likely=likely)

    def _verdict(self, candidate: int, verdict: str, on: Collection[str], *, likely: bool = True) -> bool:
        atom = f"verdict({candidate},{self.field},{self.level},{verdict})"
        return self.switches.holds(atom, on, likely=likely)

    def meets(self, criterion: str, added: Collection[Fact] = (), *, likely: bool = True) -> bool:
        """Whether a criterion is met, with facts added to what is on file."""
        on = {self.added[fact] for fact in added}
        atom = f"unmet(verified,{ON_FILE},{self.field},{self.level},{criterion})"
        return not self.switches.holds(atom, on, likely=not likely)

    def check_support(self, verdict: str, support: Collection[Fact]) -> None:
        """Confirm that the verdict follows from a support alone, and from no part of it that lacks a fact."""
        self._minimal(
            support, lambda facts, likely: self.verdict(verdict, facts, likely=likely), f"a support of {verdict}"
        )

    def check_missing(self, criterion: str, missing: Collection[Fact]) -> None:
        """Confirm that a criterion is met once facts are added, which are sound evidence, and none can be left out."""
        for problem in self.case.problems(missing):
            raise SelfCheckError(f"what {criterion} lacks is no sound evidence: {problem}")
        self._minimal(
            missing, lambda facts, likely: self.meets(criterion, facts, likely=likely), f"what {criterion} lacks"
        )

    def check_plan(self, plan: Collection[Fact]) -> None:
        """Confirm that the level is reached once facts are added, sound evidence of which none can be left out."""
        for problem in self.case.problems(plan):
            raise SelfCheckError(f"a plan for {self.field} {self.level} is no sound evidence: {problem}")
        self._minimal(plan, lambda facts, likely: self.reaches(facts, likely=likely), "a plan")

    def reaches(self, added: Collection[Fact], *, likely: bool = True) -> bool:
        """Whether the level is reached, with facts added to what is on file."""
        on = {self.added[fact] for fact in added}
        return self.switches.holds(f"reached(verified,{ON_FILE},{self.field},{self.level})", on, likely=likely)

    def check_margin(self, verdict: str, rejected: Collection[Fact], *, proven: bool) -> None:
        """Confirm that rejections make the verdict worse; if proven least, that none of them can be left out.

        As for all that follows, every fact on file that can matter must be among those that can stand alone.
        """
        self._minimal(rejected, lambda facts, likely: self.is_worse(verdict, facts), "a margin", parts=proven)

    def check_unshaken(self, verdict: str) -> None:
        """Confirm that the verdict does not become worse if all is rejected."""
        ensure(not self.is_worse(verdict, list(self.alone)), f"{verdict} is worse once all is rejected")

    def bearing(self, verdict: str, is_up: Callable[[], bool]) -> Iterator[Fact]:
        """Yield the facts whose rejection alone makes the verdict worse, until the time is up."""
        for fact in self.alone:
            if is_up():
                return
            if self.is_worse(verdict, [fact]):
                yield fact

    def is_worse(self, verdict: str, rejected: Iterable[Fact]) -> bool:
        """Whether the verdict becomes worse once facts are rejected."""
        left = set(self.alone.values())
        for fact in rejected:
            left.discard(self.alone[fact])
            left.difference_update(self.attributes.get(self.case.key(fact, own=True), ()))
        as_good = VERDICTS[VERDICTS.index(verdict) :: -1]
        return not any(self._verdict(ALONE, one, left) for one in as_good)

    @cached_property
    def attributes(self) -> dict[Key | None, list[str]]:
        """The switches of the attributes of each item, among those that can stand alone."""
        attributes: dict[Key | None, list[str]] = {}
        for fact, switch in self.alone.items():
            if self.case.key(fact, own=True) is None:
                attributes.setdefault(self.case.key(fact), []).append(switch)
        attributes.pop(None, None)
        return attributes

    def shrunk(self, facts: Collection[Fact], suffices: Callable[[Collection[Fact]], bool]) -> list[Fact]:
        """What is left of facts once all that can be left out is left out, one after the other."""
        kept = list(facts)
        for fact in sorted(facts, key=lambda fact: (self.case.key(fact, own=True) is None, str(fact))):
            rest = self.case.without(kept, fact)
            if len(rest) < len(kept) and suffices(rest):
                kept = rest
        return kept

    def _minimal(
        self,
        facts: Collection[Fact],
        suffices: Callable[[Collection[Fact], bool], bool],
        what: str,
        *,
        parts: bool = True,
    ) -> None:
        if not suffices(facts, True):
            raise SelfCheckError(f"{what} does not suffice: {listed(facts)}")
        for fact in facts if parts else ():
            if suffices(self.case.without(facts, fact), False):
                raise SelfCheckError(f"{what} holds more than is needed: {fact} in {listed(facts)}")


def ensure(held: bool, what: str) -> None:
    """Raise an internal error unless something held."""
    if not held:
        raise SelfCheckError(what)


def listed(facts: Collection[Fact]) -> str:
    """Facts for a message."""
    return ", ".join(map(write, facts)) or "nothing"
