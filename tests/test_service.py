"""What a server finds out by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from itss_logic import Policy
from itss_logic.web.filing import file_evidence
from itss_logic.web.pool import BusyError
from itss_logic.web.register import Query, Register
from itss_logic.web.service import Service
from itss_logic.web.stored import Stored

FACTS = Path(__file__).parent.parent / "facts" / "json"


class Slow:
    """Answers at once; for one candidate it takes too long, and the first time it is busy."""

    waiting = 0

    def __init__(self, policy: Policy, hard: str) -> None:
        self.policy, self.hard, self.asked = policy, hard, 0

    async def ask(self, function: Any, people: Sequence[Stored], readings: Mapping[str, str]) -> Any:
        self.asked += 1
        if self.asked == 1:
            raise BusyError("busy")
        if self.hard in [stored.candidate for stored in people]:
            raise TimeoutError
        return function(self.policy, people, readings)


def test_who_takes_too_long_is_given_up_and_nobody_else() -> None:
    policy = Policy.load()
    with Register(policy) as register:
        file_evidence(policy, {}, [str(FACTS)], None, 1, register)
        service = Service(policy, {}, register, seconds=1, processes=1)
        service.slow = Slow(policy, "ren.mori")  # type: ignore[assignment]
        asyncio.run(asyncio.wait_for(service.find_hinges(), 60))
        rows = register.page(Query()).rows
        assert [row.candidate for row in rows if row.hinges_on is None] == ["ren.mori"]
        assert register.hinges_known == register.size - 1
