"""Where two versions of a policy disagree: evidence that they judge otherwise, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.assurance.profiles import ANY, Profiles, Space, space
from itss_logic.assurance.twins import twins
from itss_logic.confirm import ensure
from itss_logic.engine import selected

if TYPE_CHECKING:
    from itss_logic.answers import Result
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy


class Disagreement(NamedTuple):
    """Evidence on which two versions disagree about a level, under some readings, and the result by each."""

    evidence: Evidence
    readings: Mapping[str, str]
    one: Result
    other: Result


class Apart:
    """Two versions of a policy, asked where they disagree.

    Args:
        one: a version.
        other: another one; readings that it does not have as the first has them are those in force by default.
        seconds: how long the search for one example may take.
    """

    def __init__(self, one: Policy, other: Policy, seconds: float) -> None:
        self.one, self.other, self.seconds = one, other, seconds
        self.both = twins(one.program.sources, other.program.sources)
        self.levels = [level for level in one.levels if level in other.levels]
        self._profiles: dict[tuple[bool, tuple[tuple[str, str], ...] | None], Profiles] = {}

    def reach(self, readings: Mapping[str, str] | None) -> Space:
        """How far the profiles reach; `readings` are all, or any."""
        return space(self.one, readings).with_other(space(self.other, _shared(self.other, readings)))

    def _question(self, readings: Mapping[str, str] | None, *, ordered: bool) -> Profiles | None:
        """Where the versions disagree; None where nothing can differ. `readings` are all, or any."""
        if self.both is None:
            return None
        key = ordered, None if readings is None else tuple(readings.items())
        if key not in self._profiles:
            names = ["profile.lp", "differ.lp", *([ANY] if readings is None else [])]
            sources = [self.both, *(self.one.core[name] for name in names)]
            given, reach = ["left_open."] if readings is None else selected(readings), self.reach(readings)
            one, other = self.one.vocabulary, self.other.vocabulary
            self._profiles[key] = Profiles(one, sources, given, reach, other, ordered=ordered)
            self._profiles[key].merge()
        return self._profiles[key]

    def agree(self, readings: Mapping[str, str] | None) -> bool:
        """Whether the versions judge all evidence alike; `readings` are all, or any.

        Raises:
            TimeoutError: where the time ran out.
        """
        question = self._question(readings, ordered=True)
        return question is None or question.find({}, self.seconds, smallest=False) is None

    def about(self, level: tuple[str, int], readings: Mapping[str, str] | None) -> Disagreement | None:
        """A disagreement about a level, on evidence of which nothing can be left out: about its verdict, or where there
        is none about the reasons for it.

        `readings` are all, or any. None where there is neither.

        Raises:
            TimeoutError: where the time ran out.
        """
        ordered = self._question(readings, ordered=True)
        if ordered is None:
            return None
        about = f"compared({level[0]},{level[1]})"
        for by_verdict in (True, False):
            asked = {about: True, "by_verdict": by_verdict}
            if ordered.find(asked, self.seconds, smallest=False) is not None:
                break
        else:
            return None
        unordered = self._question(readings, ordered=False)
        found = None if unordered is None else unordered.find_irreducible(asked, self.seconds)
        assert found is not None
        chosen = {str(name): str(option) for name, option in found.rows("selected")}
        return self._confirmed(found.evidence, level, self.one.in_force(chosen) if readings is None else readings)

    def anywhere(self, readings: Iterable[Mapping[str, str] | None]) -> Disagreement | None:
        """A disagreement about some level under the first readings under which there is one; None where there is none.

        Raises:
            TimeoutError: where the time ran out.
        """
        for some in readings:
            for level in () if self.agree(some) else self.levels:
                found = self.about(level, some)
                if found is not None:
                    return found
        return None

    def _confirmed(self, evidence: Evidence, level: tuple[str, int], readings: Mapping[str, str]) -> Disagreement:
        [one] = self.one.evaluate([evidence], readings)
        [other] = self.other.evaluate([evidence], _shared(self.other, readings))
        found = Disagreement(evidence, readings, one.result(*level), other.result(*level))
        ensure(found.one != found.other, f"both versions judge {level[0]} {level[1]} alike on the evidence found")
        return found


def _shared(policy: Policy, readings: Mapping[str, str] | None) -> dict[str, str] | None:
    """Readings as far as a policy has them."""
    if readings is None:
        return None
    return policy.in_force({name: o for name, o in readings.items() if o in policy.options.get(name, ())})
