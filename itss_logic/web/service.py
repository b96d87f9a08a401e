"""What a server answers from: the policy, the people on file, and processes that work answers out.

Programs and pages ask the same questions here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from itss_logic.answers import Answer
from itss_logic.changes import Change
from itss_logic.errors import QuestionError, shorten
from itss_logic.explanations import Certificate, Plans, Why
from itss_logic.impact import Impact
from itss_logic.policy import Policy
from itss_logic.scenarios import Edit, Effect
from itss_logic.web import answers
from itss_logic.web.answers import Person, Read, TooManyError
from itss_logic.web.comparing import Comparing
from itss_logic.web.pool import BusyError, Pool

if TYPE_CHECKING:
    from itss_logic.web.register import Register

WAITING = 64
"""How many questions of each kind may wait for a process."""

LONGEST = 4
"""A search gives the best that it has found once its time is up; that and confirming it may take so many times it."""

QUICK_BYTES = 32 * 2**10
"""Size of a body whose evidence is evaluated along with quick questions."""

COMPARED = 20_000
"""How many people a change is told the impact on."""

HINGES = 20
"""About how many people it is found out at a time on which readings their verdicts hinge."""

PAUSE = 0.5
"""Seconds after which is looked again whether there is something to find out, or whether others are done asking."""


class UnknownCandidateError(QuestionError):
    """There is no evidence of a candidate."""


class Service:
    """Answers questions about the people on file.

    Args:
        policy: by which all is decided.
        readings: the options in force unless a question says otherwise, where they are not the defaults.
        register: the people on file.
        seconds: how long a search may take.
        processes: how many processes there are for what takes long; quick questions have others.
    """

    def __init__(
        self, policy: Policy, readings: Mapping[str, str], register: Register, *, seconds: float, processes: int
    ) -> None:
        self.policy, self.register, self.seconds, self.processes = policy, register, seconds, processes
        self.readings = policy.in_force(readings)
        longest = seconds * LONGEST
        given = (policy,)
        self.quick = Pool(answers.ready, given, processes=min(processes, 2), seconds=longest, waiting=WAITING)
        self.slow = Pool(answers.ready, given, processes=processes, seconds=longest, waiting=WAITING, niceness=10)

    async def person(
        self, candidate: str, readings: Mapping[str, str] | None = None, edits: Sequence[Edit] = ()
    ) -> Person:
        """Who is asked about, under readings on top of those in force.

        Raises:
            UnknownCandidateError: where there is no evidence of the candidate.
            QuestionError: for a reading or an option that does not exist.
        """
        found = await asyncio.to_thread(self.register.stored, candidate)
        if found is None:
            raise UnknownCandidateError(f"there is no evidence of candidate {shorten(candidate)}")
        return Person(found, tuple(edits), self.in_force(readings))

    def in_force(self, readings: Mapping[str, str] | None = None) -> dict[str, str]:
        """The option of every reading, where `readings` are on top of those in force."""
        return self.policy.in_force({**self.readings, **(readings or {})})

    async def evaluate(self, person: Person, *, across: bool = False, criteria: bool = False) -> Answer:
        """The verdicts on a person; see `answers.evaluate`."""
        pool = self.slow if across else self.quick
        return await pool.ask(answers.evaluate, person, across=across, criteria=criteria)

    async def why(
        self,
        person: Person,
        level: tuple[str, int],
        *,
        every: bool = False,
        maximum: int = 20,
        across: bool = False,
    ) -> Why:
        """Why a person has a level or not; see `answers.why`."""
        return await self.slow.ask(
            answers.why, person, level, every=every, maximum=maximum, across=across, seconds=self.seconds
        )

    async def certify(self, person: Person, level: tuple[str, int]) -> Certificate:
        """What to verify to be sure that a person has a level; see `answers.certify`."""
        return await self.slow.ask(answers.certify, person, level, seconds=self.seconds)

    async def plan(self, person: Person, level: tuple[str, int], *, maximum: int = 5) -> Plans:
        """The cheapest ways of a person to a level; see `answers.plan`."""
        return await self.slow.ask(answers.plan, person, level, maximum=maximum, seconds=self.seconds)

    async def whatif(self, person: Person, base: Mapping[str, str] | None = None) -> tuple[Answer, Effect]:
        """The verdicts on a person as on file under `base`, and what becomes of them; see `answers.whatif`."""
        return await self.quick.ask(answers.whatif, person, self.in_force(base))

    async def read(self, body: bytes, readings: Mapping[str, str] | None) -> Read:
        """What a body of evidence comes to; see `answers.read`."""
        pool = self.quick if len(body) <= QUICK_BYTES else self.slow
        return await pool.ask(answers.read, body, readings)

    async def impact(
        self, changes: Sequence[Change], readings: Mapping[str, str], base: Mapping[str, str] | None
    ) -> Impact:
        """What a policy change and readings do to all people on file; see `Comparing`.

        Raises:
            TooManyError: where there are more than `COMPARED`.
        """
        if not changes and not readings:
            raise QuestionError("say what is to be otherwise: policy_change or readings")
        if self.register.size > COMPARED:
            raise TooManyError(f"there are more than {COMPARED} people on file; use itss impact")
        comparing = Comparing(self, changes, readings, self.in_force(base))
        try:
            return await comparing.end()
        finally:
            comparing.stop()

    async def find_hinges(self) -> None:
        """Find out of everybody on file on which readings their verdicts hinge, while nobody waits for anything else.

        Whoever takes too long is given up, and stays unknown.
        """
        from itss_logic.web.filing import hinges

        number, given_up = HINGES, set[str]()
        while self.register.size - self.register.hinges_known > len(given_up):
            found = await asyncio.to_thread(self.register.unknown_hinges, number)
            people = [stored for stored in found if stored.candidate not in given_up]
            if not people:
                continue
            while self.slow.waiting:
                await asyncio.sleep(PAUSE)
            try:
                known = await self.slow.ask(hinges, people, self.readings)
            except BusyError:
                await asyncio.sleep(PAUSE)
            except TimeoutError:
                if len(people) == 1:
                    given_up.add(people[0].candidate)
                number = max(len(people) // 2, 1)
            else:
                number = HINGES
                await asyncio.to_thread(self.register.enter_hinges, known)
