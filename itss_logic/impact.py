"""What a change of the policy does to a population: verdicts before and after, and because of what each flips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.answers import VERDICTS
from itss_logic.changes import Change, effective, laid_over
from itss_logic.confirm import ensure
from itss_logic.engine import Facts
from itss_logic.errors import QuestionError
from itss_logic.evaluation import chunks, verdicts
from itss_logic.scenarios import flips
from itss_logic.search import least

if TYPE_CHECKING:
    from itss_logic.answers import Verdicts
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy
    from itss_logic.scenarios import Flip

TOGETHER = 20
"""How many candidates one `Control` gets at most to tell because of what their verdicts flip."""


class Turn(NamedTuple):
    """Another option of a reading in force than before."""

    id: str
    before: str
    after: str


class Attributed(NamedTuple):
    """A verdict that flips, and a smallest set of changes which alone give it: ids of clauses, names of readings."""

    flip: Flip
    because: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The flip as `itss impact --format json` prints it."""
        return {**self.flip._asdict(), "because": list(self.because)}


class Impact(NamedTuple):
    """What a change does to a population.

    `before` and `after` count the verdicts by field, level and verdict; `moves` the candidates by field, highest level
    before and highest level after, None for none. `changes` are the ids of all that is otherwise.
    """

    levels: Sequence[tuple[str, int]]
    changes: tuple[str, ...]
    candidates: int
    before: Mapping[tuple[str, int, str], int]
    after: Mapping[tuple[str, int, str], int]
    moves: Mapping[tuple[str, int | None, int | None], int]
    flips: tuple[Attributed, ...]

    def as_json(self) -> dict[str, Any]:
        """The impact as `itss impact --format json` prints it."""
        return {
            "counts": {"before": self._counts(self.before), "after": self._counts(self.after)},
            "flips": [flip.as_json() for flip in self.flips],
        }

    def _counts(self, counted: Mapping[tuple[str, int, str], int]) -> dict[str, dict[str, dict[str, int]]]:
        counts: dict[str, dict[str, dict[str, int]]] = {}
        for field, level in self.levels:
            of_level = {verdict: counted.get((field, level, verdict), 0) for verdict in VERDICTS}
            counts.setdefault(field, {})[str(level)] = of_level
        return counts


def impact(
    policy: Policy,
    entries: Iterable[Evidence],
    readings: Mapping[str, str] | None = None,
    base: Mapping[str, str] | None = None,
    progress: Callable[[int], object] = lambda candidates: None,
) -> Impact:
    """Compare the verdicts of a population under a changed policy with those before.

    Args:
        policy: the changed one; before is the policy that it was made of.
        entries: the evidence, a candidate each.
        readings: the options in force after, where they are not those before.
        base: the options in force before, instead of the defaults.
        progress: is told how many candidates were compared, from time to time.

    Raises:
        QuestionError: for a reading or an option that does not exist.
        SelfCheckError: where the policy's own rules do not confirm because of what a verdict flips.
    """
    return Comparison(policy.unchanged, policy.changes, readings, base).over(entries, progress)


def merged(found: Sequence[Impact]) -> Impact:
    """What the same change does to several populations, one after the other, as one; there is one at least."""
    before, after, moves = (
        sum((Counter(counted) for counted in parts), Counter[Any]())
        for parts in zip(*((one.before, one.after, one.moves) for one in found), strict=True)
    )
    flipped = tuple(flip for one in found for flip in one.flips)
    return Impact(found[0].levels, found[0].changes, sum(o.candidates for o in found), before, after, moves, flipped)


class Comparison:
    """A policy before and after changes, and after any part of them.

    Args:
        policy: before; the changes are laid over those that it has.
        changes: of clauses; what is so before is no change.
        readings: the options in force after, where they are not those before.
        base: the options in force before, instead of the defaults.

    Raises:
        QuestionError: for a reading or an option that does not exist.
    """

    def __init__(
        self,
        policy: Policy,
        changes: Iterable[Change],
        readings: Mapping[str, str] | None = None,
        base: Mapping[str, str] | None = None,
    ) -> None:
        self.policy, self.before = policy, policy.in_force(base)
        after = policy.in_force({**self.before, **(readings or {})})
        turns = [Turn(name, self.before[name], option) for name, option in after.items() if self.before[name] != option]
        self.changes: list[Change | Turn] = [*effective(changes, policy), *turns]
        self.names = tuple(change.id for change in self.changes)
        self.policies: dict[tuple[str, ...], Policy] = {}

    def over(self, entries: Iterable[Evidence], progress: Callable[[int], object] = lambda candidates: None) -> Impact:
        """What all of the changes do to a population; see `impact`."""
        found = [self.impact([])]
        for chunk in chunks(entries):
            found.append(self.impact(chunk))
            progress(sum(one.candidates for one in found))
        return merged(found)

    def impact(self, people: Sequence[Evidence]) -> Impact:
        """What all of the changes do to some people, no more than one `Control` can take."""
        was, now = (list(self.verdicts(people, changes)) for changes in ([], self.changes))
        before, after = (
            Counter((*level, verdict) for one in side for level, verdict in one.verdicts.items()) for side in (was, now)
        )
        moves = Counter(
            (field, one.highest[field], other.highest[field])
            for one, other in zip(was, now, strict=True)
            for field in self.policy.fields
        )
        found = self.attributed(people, list(flips(was, now)))
        return Impact(self.policy.levels, self.names, len(people), before, after, moves, tuple(found))

    def verdicts(self, people: Sequence[Evidence], made: Sequence[Change | Turn]) -> Iterable[Verdicts]:
        """The verdicts of people once some of the changes are made."""
        clauses = [change for change in made if isinstance(change, Change)]
        key = tuple(change.id for change in clauses)
        if key not in self.policies:
            self.policies[key] = self.policy.unchanged.changed(laid_over(clauses, self.policy.changes))
        readings = {**self.before, **{turn.id: turn.after for turn in made if isinstance(turn, Turn)}}
        return verdicts(self.policies[key], people, readings)

    def attributed(self, people: Sequence[Evidence], found: Sequence[Flip]) -> list[Attributed]:
        """Flips of some people, each with the fewest changes that alone give it, as the policy's own rules confirm.

        Raises:
            QuestionError: see `check`.
        """
        if len(self.changes) == 1:
            return [Attributed(flip, self.names) for flip in found]
        self.check()
        of = {person.candidate: person for person in people}
        flipped = list(dict.fromkeys(flip.candidate for flip in found))
        attributed: list[Attributed] = []
        for start in range(0, len(flipped), TOGETHER):
            some = flipped[start : start + TOGETHER]
            theirs = [flip for flip in found if flip.candidate in some]
            attributed += self._attributed([of[candidate] for candidate in some], theirs)
        self._confirm(of, attributed)
        return attributed

    def check(self) -> None:
        """See whether it can be told because of which changes a verdict flips.

        Raises:
            QuestionError: where there are several, and one of them is to what the policy before has changed.
        """
        before = {(change.id, path) for change in self.policy.changes for path in change.parameters}
        for change in self.changes if len(self.changes) > 1 else ():
            if isinstance(change, Change) and any((change.id, path) in before for path in change.parameters):
                raise QuestionError(f"{change.id} is changed before already; compare this change of it alone")

    def _attributed(self, people: Sequence[Evidence], found: Sequence[Flip]) -> list[Attributed]:
        turning = [change.id for change in self.changes if isinstance(change, Turn)]
        facts = Facts(people, {name: option for name, option in self.before.items() if name not in turning})
        control = self.policy.question("because.lp").ground("\n".join([facts.text, *self._proposed()]))
        numbers = {person.candidate: number for number, person in enumerate(people)}
        attributed = []
        for flip in found:
            atom = f"verdict({numbers[flip.candidate]},{flip.field},{flip.level},{flip.after})"
            made = [number for (number,) in least(control, atom).rows("made")]
            attributed.append(Attributed(flip, tuple(self.names[n - 1] for n in sorted(made))))
        return attributed

    def _proposed(self) -> Iterable[str]:
        """The changes as facts, by number."""
        for number, change in enumerate(self.changes, 1):
            yield f"change({number},{number})."
            if isinstance(change, Turn):
                yield f"turned({number},{change.id},{change.before},{change.after})."
            else:
                yield from (f"{fact.replace('changed(', f'proposed({number},', 1)}." for fact in change.facts())

    def _confirm(self, people: Mapping[str, Evidence], found: Sequence[Attributed]) -> None:
        """Confirm that each set of changes gives the verdicts it is to give, and that no part of it does."""
        by_set: dict[tuple[str, ...], list[Flip]] = {}
        for flip, because in found:
            by_set.setdefault(because, []).append(flip)
        for because, theirs in by_set.items():
            if because != self.names:
                self._ensure(people, because, theirs, held=True)
            if len(because) > 1:
                for name in because:
                    self._ensure(people, [other for other in because if other != name], theirs, held=False)

    def _ensure(
        self, people: Mapping[str, Evidence], names: Sequence[str], theirs: Iterable[Flip], *, held: bool
    ) -> None:
        made = [change for change in self.changes if change.id in names]
        concerned = [people[candidate] for candidate in dict.fromkeys(flip.candidate for flip in theirs)]
        found = {one.candidate: one.verdicts for one in self.verdicts(concerned, made)}
        for flip in theirs:
            verdict = found[flip.candidate][flip.field, flip.level]
            what = f"{flip.candidate}, {flip.field} {flip.level}: {verdict} because of {', '.join(names)}"
            ensure((verdict == flip.after) == held, f"{what}, told {flip.after}")
