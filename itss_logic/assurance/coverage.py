"""What the cases of a policy show, and what they do not: of its rules, its clauses, its readings and its thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.assurance.bodies import Bodies
from itss_logic.assurance.running import Runner, together
from itss_logic.assurance.thresholds import noticed, sides
from itss_logic.engine import Facts
from itss_logic.tables import aligned, folded

if TYPE_CHECKING:
    from itss_logic.policy import Policy

HELD, FAILED = "held", "failed"


class Lacking(NamedTuple):
    """Something that no case shows: what (a rule by its place), and what is lacking; `text` says more of it."""

    what: str
    lacks: tuple[str, ...]
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """What is lacking as `itss policy test --format json` prints it."""
        return {"what": self.what, "lacks": list(self.lacks), "text": self.text}


class Part(NamedTuple):
    """How far one part of a policy is covered. `name` is what it has, `shown` what cases are to show of each.

    `notes` say what was left out.
    """

    name: str
    shown: str
    total: int
    lacking: tuple[Lacking, ...]
    notes: tuple[str, ...] = ()

    @property
    def covered(self) -> int:
        """How many have nothing lacking."""
        return self.total - len(self.lacking)

    def as_json(self) -> dict[str, Any]:
        """The part as `itss policy test --format json` prints it."""
        lacking = [one.as_json() for one in self.lacking]
        return {"total": self.total, "covered": self.covered, "lacking": lacking, "notes": list(self.notes)}


class Coverage(NamedTuple):
    """What cases show of a policy, part by part."""

    parts: tuple[Part, ...]

    @property
    def is_total(self) -> bool:
        """Whether nothing is lacking."""
        return not any(part.lacking for part in self.parts)

    def as_json(self) -> dict[str, Any]:
        """The coverage as `itss policy test --format json` prints it."""
        return {part.name: part.as_json() for part in self.parts}


def coverage(runner: Runner) -> Coverage:
    """What the cases of a runner show; those that fail do not count for thresholds."""
    return Coverage((_rules(runner), _clauses(runner), _readings(runner), _thresholds(runner)))


def _lacking(rows: Iterable[tuple[str, str, Sequence[str], set[str]]]) -> tuple[Lacking, ...]:
    """What is lacking of rows: what, a text, all that is to be shown, and what is shown."""
    found = ((what, text, tuple(one for one in wanted if one not in shown)) for what, text, wanted, shown in rows)
    return tuple(Lacking(what, lacks, text) for what, text, lacks in found if lacks)


def _rules(runner: Runner) -> Part:
    bodies = Bodies(runner.policy)
    shown: list[set[str]] = [set() for _ in bodies.rules]
    for group in together(runner.cases):
        # The readings that a case leaves out are left to the rules, as it shows these too.
        facts = Facts([case.evidence for case in group if case.evidence], group[0].readings)
        for held in bodies.program(runner.under(runner.policy, group[0])).solve(facts):
            numbers = {fact.arguments[0] for fact in held}
            for number, seen in enumerate(shown):
                seen.add(HELD if number in numbers else FAILED)
    wanted = [(number, part) for number, seen in enumerate(shown) for part in (HELD, FAILED) if part not in seen]
    never = bodies.impossible(runner.policy, [(number, part == HELD) for number, part in wanted])
    for number, is_held in never:
        shown[number].add(HELD if is_held else FAILED)
    rows = [(rule.place, str(rule.node), (HELD, FAILED), seen) for rule, seen in zip(bodies.rules, shown, strict=True)]
    notes = [f"{bodies.left_out} more rest on neither evidence nor readings"]
    for number, is_held in sorted(never):
        how = "never holds" if is_held else "always holds"
        notes.append(f"{bodies.rules[number].place} {how}, whatever the evidence and the readings")
    return Part("rules", "held and failed", len(rows), _lacking(rows), tuple(notes))


def _clauses(runner: Runner) -> Part:
    policy = runner.policy
    shown: dict[str, set[str]] = {clause.id: set() for clause in policy.clauses}
    asked: set[str] = set()
    for case, answer, *_ in runner.tried:
        for id in case.clauses if answer else ():
            shown[id].add("a case")
        for result in answer.results if answer else ():
            for criterion in result.criteria:
                id = f"{result.field}.{result.level}.{criterion.name}"
                asked.add(id)
                if id in case.clauses:
                    shown[id].add("unmet" if criterion.name in result.unmet else "met")
    asked |= _criteria(policy)
    rows = [(id, "", ("a case", "met", "unmet") if id in asked else ("a case",), seen) for id, seen in shown.items()]
    return Part("clauses", "named, their criteria met and unmet", len(rows), _lacking(rows))


def _criteria(policy: Policy) -> set[str]:
    criteria = {name for name, _ in policy.declared("criterion", 2)}
    return {clause.id for clause in policy.clauses if clause.criterion in criteria}


def _readings(runner: Runner) -> Part:
    chosen = {choice for one in runner.tried if one.answer for choice in one.case.readings.items()}
    options = [(name, option) for name, options in runner.policy.options.items() for option in options]
    rows = [
        (f"{name}={option}", "", ("chosen",), {"chosen"} if (name, option) in chosen else set())
        for name, option in options
    ]
    return Part("readings", "options chosen", len(rows), _lacking(rows))


def _thresholds(runner: Runner) -> Part:
    asked = list(sides(runner.policy))
    missed = [side for side, found in zip(asked, noticed(runner, asked), strict=True) if not found]
    lacking = tuple(Lacking(side.threshold, (side.side,), f"it is {side.value}") for side in missed)
    return Part("thresholds", "sides noticed", len(asked), lacking)


def lines(found: Coverage, columns: int | None) -> Iterator[str]:
    """The coverage for people: a line a part, and below it what is lacking, with its place."""
    rows = [[part.name, f"{part.covered} of {part.total} {part.shown}"] for part in found.parts]
    for part, row in zip(found.parts, aligned(rows), strict=True):
        yield from folded("", row, columns)
        for note in part.notes:
            yield from folded("    ", note, columns)
        for one in part.lacking:
            yield from folded(f"    {one.what}  ", f"never {' nor '.join(one.lacks)}", columns)
            if one.text:
                yield from folded("        ", one.text, columns)
