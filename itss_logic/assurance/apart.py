"""Where two versions of a policy disagree: evidence that they judge otherwise, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from itss_logic.assurance.profiles import ANY, Profiles, Space, left_open, space
from itss_logic.assurance.twins import twins
from itss_logic.batch.reified import signatures
from itss_logic.confirm import ensure
from itss_logic.engine import Source, selected

if TYPE_CHECKING:
    from itss_logic.answers import Result
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy


Readings: TypeAlias = "tuple[tuple[str, str], ...]"


class Disagreement(NamedTuple):
    """Evidence on which two versions disagree about a level, under some readings, and the result by each."""

    evidence: Evidence
    readings: Mapping[str, str]
    one: Result
    other: Result


class BeyondError(Exception):
    """Nothing was found up to the bound, while rules may tell more evidence apart; says which."""


class Apart:
    """Two versions of a policy, asked where they disagree: on evidence, and under readings, that both know.

    Args:
        one: a version.
        other: another one.
        seconds: how long the search for one example may take.
        left_open: whether readings may also be left to their defaults, by the rules themselves.

    Raises:
        PolicyError: where the versions cannot be compared.
    """

    def __init__(self, one: Policy, other: Policy, seconds: float, *, left_open: bool = False) -> None:
        self.one, self.other, self.seconds, self.left_open = one, other, seconds, left_open
        inputs = [*signatures(one.vocabulary).items(), *signatures(other.vocabulary).items(), ("selected", 2)]
        self.both = twins(one.program.sources, other.program.sources, inputs)
        self.levels = [level for level in one.levels if level in other.levels]
        self._reach: dict[Readings | None, Space] = {}
        self._gaps: dict[Readings | None, tuple[str, ...]] = {}
        self._questions: dict[tuple[Readings | None, bool], Profiles] = {}

    def reach(self, readings: Mapping[str, str] | None) -> Space:
        """How far the profiles reach; `readings` are all, or any."""
        key = _key(readings)
        if key not in self._reach:
            some = None if readings is None else self._common(readings)
            self._reach[key] = space(self.one, some).with_other(space(self.other, some))
        return self._reach[key]

    def _question(self, both: Source, readings: Mapping[str, str] | None, *, ordered: bool) -> Profiles:
        """Where the versions, both in one program, disagree; `readings` are all, or any."""
        key = _key(readings), ordered
        if key not in self._questions:
            names = ["profile.lp", "differ.lp", *([ANY] if readings is None else [])]
            sources = [both, *(self.one.core[name] for name in names)]
            given, reach = self._given(readings), self.reach(readings)
            one, other = self.one.vocabulary, self.other.vocabulary
            self._questions[key] = Profiles(one, sources, given, reach, other, ordered=ordered)
            self._questions[key].merge()
        return self._questions[key]

    def _given(self, readings: Mapping[str, str] | None) -> list[str]:
        """The readings in force; of any, the options that both versions have."""
        if readings is not None:
            return selected(self._common(readings))
        facts = []
        for name, options in self.one.options.items():
            alone = [option for option in options if option not in self.other.options.get(name, ())]
            facts += [f":- selected({name},{option})." for option in alone]
            if len(alone) == len(options) and not self.left_open:
                facts.append(f"left_open({name}).")
        return [*facts, *(left_open(self.one) if self.left_open else ())]

    def _common(self, readings: Mapping[str, str]) -> dict[str, str]:
        """Readings as far as both versions have them; each leaves others to its own default."""
        return {name: option for name, option in readings.items() if option in self.other.options.get(name, ())}

    def _supplies(self) -> dict[str, list[str]]:
        """What either version says to supply each criterion, where both say so."""
        one, other = self.one.supplies, self.other.supplies
        return {name: [item for item in one[name] if item in other[name]] for name in one if name in other}

    def _nothing(self, question: Profiles, readings: Mapping[str, str] | None) -> None:
        """Nothing was found: raise an error, if that proves nothing."""
        key = _key(readings)
        if key not in self._gaps:
            self._gaps[key] = (*self.reach(readings).gaps, *question.undeclared(self._supplies()))
        if self._gaps[key]:
            raise BeyondError("; ".join(self._gaps[key]))

    def about(self, level: tuple[str, int], readings: Mapping[str, str] | None) -> Disagreement | None:
        """A disagreement about a level, on evidence of which nothing can be left out: about its verdict, or where there
        is none about the reasons for it.

        `readings` are all, or any. None where there is neither.

        Raises:
            TimeoutError: where the time ran out.
            BeyondError: where nothing was found, which proves nothing.
        """
        if self.both is None:
            return None
        ordered = self._question(self.both, readings, ordered=True)
        about = f"compared({level[0]},{level[1]})"
        for by_verdict in (True, False):
            asked = {about: True, "by_verdict": by_verdict}
            if ordered.find(asked, self.seconds, smallest=False) is not None:
                break
        else:
            self._nothing(ordered, readings)
            return None
        found = self._question(self.both, readings, ordered=False).find_irreducible(asked, self.seconds)
        assert found is not None
        chosen = {str(name): str(option) for name, option in found.rows("selected")}
        return self._confirmed(found.evidence, level, self.one.in_force(chosen) if readings is None else readings)

    def anywhere(self) -> Disagreement | None:
        """A disagreement about some level, under any readings; None where there is none. Raises what `about` does."""
        if self.both is None:
            return None
        question = self._question(self.both, None, ordered=True)
        found = question.find({}, self.seconds, smallest=False)
        if found is None:
            self._nothing(question, None)
            return None
        [level] = found.rows("compared")
        return self.about((str(level[0]), int(str(level[1]))), None)

    def _confirmed(self, evidence: Evidence, level: tuple[str, int], readings: Mapping[str, str]) -> Disagreement:
        common = self._common(readings)
        [one] = self.one.evaluate([evidence], common)
        [other] = self.other.evaluate([evidence], common)
        found = Disagreement(evidence, readings, one.result(*level), other.result(*level))
        ensure(found.one != found.other, f"both versions judge {level[0]} {level[1]} alike on the evidence found")
        return found


def _key(readings: Mapping[str, str] | None) -> Readings | None:
    return None if readings is None else tuple(readings.items())
