"""The impact page: what is proposed, how far the comparison is, and whose verdicts would move."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from itss_logic.answers import REACHED
from itss_logic.changes import effective, leaves
from itss_logic.errors import ItssError, printable
from itss_logic.impact import Comparison
from itss_logic.pages.rendering import render
from itss_logic.pages.speech import Speech
from itss_logic.web.comparing import UnseenError
from itss_logic.web.desk import choices, name_for
from itss_logic.web.proposal import CHANGE, Proposal, text_of
from itss_logic.web.sights import CHOOSE, DO, Reply, site, told
from itss_logic.web.state import READING, Pairs, State

if TYPE_CHECKING:
    from itss_logic.changes import Change
    from itss_logic.impact import Impact
    from itss_logic.policy import Policy
    from itss_logic.web.comparing import Comparing, Comparisons
    from itss_logic.web.service import Service
    from itss_logic.words import Words

LISTED = 200
"""How many verdicts that change are listed."""

STOP, AGAIN = "stop", "again"
"""What can be done with a comparison."""

AT_ONCE = 0.8
"""Seconds for which a page waits for a comparison to end, before it shows how far it is."""


async def impact_page(service: Service, comparisons: Comparisons, pairs: Pairs) -> Reply:
    """The impact page of an address.

    Raises:
        QuestionError: for a language that the policy does not speak, or where it changes too much.
    """
    proposal, given = Proposal.of(pairs), dict(pairs)
    words = service.policy.words(proposal.language or None)
    problems: list[tuple[str, str]] = []
    comparing = None
    try:
        changed = _changed(service, proposal, pairs)
        if changed is not None:
            return Reply("", 303, changed.url())
        change, readings = await asyncio.to_thread(_what, service.policy, service, proposal)
        if given.get(DO) == AGAIN:
            comparisons.forget(change, readings)
            return Reply("", 303, proposal.url())
        if change or readings:
            comparing = comparisons.of(change, readings)
            if given.get(DO) == STOP:
                comparing.stop()
            await comparing.look(AT_ONCE)
    except ItssError as error:
        problems = told(error)
    page = await asyncio.to_thread(_page, service, words, proposal, pairs, comparing, problems)
    return Reply(page, 422 if problems else 200)


def _stopped(comparing: Comparing | None, say: Speech) -> list[tuple[str, str]]:
    """Why a comparison was ended, with what to do about it; nothing where somebody wanted that, or nobody looked."""
    error = comparing.error if comparing is not None else None
    if isinstance(error, ItssError):
        return told(error)
    if isinstance(error, TimeoutError):
        return [(say("timed_out"), "")]
    return [] if error is None or isinstance(error, UnseenError) else [(say("internal"), "")]


def _changed(service: Service, proposal: Proposal, pairs: Pairs) -> Proposal | None:
    """The proposal once a form is filled in; None where none was."""
    if dict(pairs).get(DO) == CHANGE:
        return proposal.filled(service.policy, pairs)
    new = proposal
    for name, text in pairs:
        reading, equals, option = text.partition("=")
        now = {**service.readings, **dict(new.readings)}
        if name == CHOOSE and equals and now.get(reading) != option:
            new = new.without(READING, reading)
            if service.readings.get(reading) != option:
                new = new._replace(readings=(*new.readings, (reading, option)))
    return None if new == proposal else new


def _what(policy: Policy, service: Service, proposal: Proposal) -> tuple[tuple[Change, ...], dict[str, str]]:
    """The policy change of a proposal, and the readings that differ from those in force.

    Raises:
        QuestionError: for a clause, a parameter, a value, a reading or an option that cannot be.
    """
    readings = dict(proposal.readings)
    policy.in_force(readings)
    turned = {name: option for name, option in readings.items() if service.readings[name] != option}
    changes = tuple(effective(proposal.policy_change(policy), policy))
    Comparison(policy, changes, turned, service.readings).check()
    return changes, turned


def _page(
    service: Service,
    words: Words,
    proposal: Proposal,
    pairs: Pairs,
    comparing: Comparing | None,
    problems: list[tuple[str, str]],
) -> str:
    policy, say = service.policy, Speech(words.language)
    inputs, wording = [], ""
    try:
        if proposal.clause:
            clause = policy.clause(proposal.clause)
            inputs = list(proposal.inputs(policy, words))
            wording = words.wording((clause.field, clause.level, clause.criterion))
    except ItssError as error:
        problems = [*problems, *told(error)]
    found = comparing.found if comparing is not None else None
    shown: dict[str, Any] = {"people": 0, "tables": [], "flips": []}
    if found is not None:
        shown["people"] = len({one.flip.candidate for one in found.flips})
        shown["tables"] = list(_tables(found, words))
        shown["flips"] = list(_flips(found, words, say, proposal))
    return render(
        "impact.html",
        say,
        words=words,
        proposal=proposal,
        problems=problems,
        changes=list(_changes(policy, service, proposal)),
        clauses=list(_clauses(policy, words)),
        inputs=inputs,
        wording=wording,
        choices=choices(policy, words, {**service.readings, **dict(proposal.readings)}, service.readings),
        comparing=comparing,
        # Another name for another proposal, so that what comes of one is not taken for what comes of another.
        comparison_id=f"comparison-{name_for(proposal.url())}",
        stopped=_stopped(comparing, say),
        size=service.register.size,
        **shown,
        **site(policy, say, pairs, "/impact"),
    )


def _changes(policy: Policy, service: Service, proposal: Proposal) -> Iterator[tuple[str, str, str, str]]:
    """What is proposed: the name, what it is now, what it is to be, and the address without it."""
    parameters = {
        f"{clause.id}.{'.'.join(path)}": text_of(value)
        for clause in policy.clauses
        for path, value in leaves(clause.parameters)
    }
    for name, text in proposal.changes:
        if text == parameters.get(name):
            continue
        yield printable(name), parameters.get(name, ""), printable(text), proposal.without(CHANGE, name).url()
    for name, option in proposal.readings:
        if option == service.readings.get(name):
            continue
        yield printable(name), service.readings.get(name, ""), printable(option), proposal.without(READING, name).url()


def _clauses(policy: Policy, words: Words) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The clauses that have something to change, by field and level."""
    for field, level in policy.levels:
        some = [c for c in policy.clauses if (c.field, c.level) == (field, level) and any(leaves(c.parameters))]
        yield f"{words.label(field)} {level}", [(c.id, f"{words.label(c.criterion)} ({c.id})") for c in some]


def _tables(found: Impact, words: Words) -> Iterator[tuple[str, list[tuple[int, ...]]]]:
    """By field: for each level how many reach it before and after, and how many gain and lose it."""
    gained: Counter[tuple[str, int]] = Counter()
    lost: Counter[tuple[str, int]] = Counter()
    for flip, _ in found.flips:
        if (flip.before in REACHED) != (flip.after in REACHED):
            (gained if flip.after in REACHED else lost)[flip.field, flip.level] += 1

    def gone(field: str, level: int) -> tuple[int, int]:
        return gained[field, level], lost[field, level]

    for field in dict.fromkeys(field for field, _ in found.levels):
        levels = [level for of, level in found.levels if of == field]
        rows = [
            (level, *(_reached(counts, field, level) for counts in (found.before, found.after)), *gone(field, level))
            for level in reversed(levels)
        ]
        yield words.label(field), rows


def _reached(counts: Any, field: str, level: int) -> int:
    return sum(int(counts.get((field, level, verdict), 0)) for verdict in REACHED)


def _flips(found: Impact, words: Words, say: Speech, proposal: Proposal) -> Iterator[tuple[Any, ...]]:
    """The verdicts that change: address of the desk, candidate, level, before, after, and because of what."""
    for flip, because in found.flips[:LISTED]:
        state = State(flip.candidate, level=f"{flip.field}-{flip.level}", language=proposal.language)
        level = f"{words.label(flip.field)}, {say('level', level=flip.level)}"
        yield state.url(), printable(flip.candidate), level, flip.before, flip.after, because
