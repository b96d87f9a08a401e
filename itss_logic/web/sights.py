"""What the pages of `itss serve` show, worked out and written as HTML in a process of the pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from itss_logic.errors import ItssError, QuestionError, printable
from itss_logic.evidence import Evidence
from itss_logic.pages.dossier import dossier
from itss_logic.pages.findings import findings
from itss_logic.pages.rendering import render
from itss_logic.pages.speech import Speech, spoken
from itss_logic.scenarios import ADD, EditError, as_yaml
from itss_logic.terms import write
from itss_logic.web.desk import Desk
from itss_logic.web.forms import Builder, has_parts, kinds
from itss_logic.web.state import LANGUAGE, READING, Pairs, State, together

if TYPE_CHECKING:
    from itss_logic.policy import Policy
    from itss_logic.web.stored import Stored

CHOOSE, DO = "choose", "do"
"""The parameters of forms: a reading that is chosen, and what is to be done with a form that is filled in."""


class Reply(NamedTuple):
    """What a page comes to: its text and status, or the address to go to instead."""

    text: str
    status: int = 200
    location: str = ""


class Asked(NamedTuple):
    """What a page is asked for.

    `before` are the readings in force without steps; `pairs` the parameters of the address; `seconds` how long each
    search may take; `neighbours` the candidates before and after in the list.
    """

    before: Mapping[str, str]
    pairs: Pairs
    seconds: float
    neighbours: tuple[str | None, str | None] = (None, None)


def desk_page(policy: Policy, asked: Asked, stored: Stored) -> Reply:
    """A candidate's desk; the reasons come later, unless the address asks for the whole.

    Raises:
        QuestionError: for a reading, a level or a language that does not exist.
        SelfCheckError: where the policy's own rules do not confirm an answer.
    """
    state = State.of(asked.pairs)
    chosen = _chosen(asked, state)
    if chosen is not None:
        return Reply("", 303, chosen.url())
    evidence = _unpacked(policy, stored)
    desk, problems = _sound(policy, asked, evidence, state)
    if dict(asked.pairs).get(DO) == ADD and not problems:
        try:
            new = desk.state.then(ADD, together(Builder(desk.speaker, state.form, asked.pairs).facts()))
            Desk(policy, asked.before, evidence, new)
            return Reply("", 303, new.url())
        except ItssError as error:
            problems = told(error)
    return Reply(_desk(policy, asked, desk, problems), 422 if problems else 200)


def reasons_part(policy: Policy, asked: Asked, stored: Stored) -> Reply:
    """The reasons for the level that a desk shows, as the part of the page that they are.

    Raises:
        QuestionError: for a reading, a level or a language that does not exist.
        SelfCheckError: where the policy's own rules do not confirm an answer.
    """
    desk, _ = _sound(policy, asked, _unpacked(policy, stored), State.of(asked.pairs))
    section, plan_url = desk.reasons(asked.seconds)
    shown = {"section": section, "plan_url": plan_url, "id": desk.reasons_id, "title": _reasons_title(desk)}
    return Reply(render("reasons.html", desk.speech, **shown))


def dossier_page(policy: Policy, asked: Asked, stored: Stored) -> Reply:
    """The dossier of a candidate as a desk has it.

    Raises:
        QuestionError: for a reading or a language that does not exist.
        SelfCheckError: where the policy's own rules do not confirm an answer.
    """
    desk, _ = _sound(policy, asked, _unpacked(policy, stored), State.of(asked.pairs))
    found = findings(policy, desk.evidence, desk.readings, asked.seconds)
    shown = dossier(policy, desk.words, desk.speech, found)
    rest = {"base": "site.html", "words": desk.words, "depth": 1, **site(policy, desk.speech, asked.pairs, "/dossier")}
    return Reply(render("dossier.html", desk.speech, shown=shown, desk=desk, **rest))


def scenario_text(policy: Policy, asked: Asked, stored: Stored) -> str:
    """A desk as a file of one scenario, for `itss whatif --scenario`."""
    desk, _ = _sound(policy, asked, _unpacked(policy, stored), State.of(asked.pairs))
    defaults = policy.in_force()
    turned = {name: option for name, option in desk.readings.items() if defaults[name] != option}
    return as_yaml(desk.state.scenario("desk", turned)._replace(changes=policy.changes))


@lru_cache(maxsize=64)
def _unpacked(policy: Policy, stored: Stored) -> Evidence:
    """What is on file, which is looked at again with every step."""
    return stored.unpack(policy.vocabulary)


def _chosen(asked: Asked, state: State) -> State | None:
    """The state once the readings that a form chose are steps; None where it chose none but those in force."""
    now = {**asked.before, **state.readings}
    new = state
    for name, text in asked.pairs:
        reading, equals, option = text.partition("=")
        if name == CHOOSE and equals and now.get(reading) != option:
            new = new.then(READING, text)
    return None if new is state else new


def _sound(policy: Policy, asked: Asked, evidence: Evidence, state: State) -> tuple[Desk, list[tuple[str, str]]]:
    """The desk of a state without the steps that do not fit the evidence, and what is wrong with these."""
    problems: list[tuple[str, str]] = []
    while True:
        try:
            return Desk(policy, asked.before, evidence, state), problems
        except EditError as error:
            problems += told(error)
            state = state.fitting({refusal.place.file for refusal in error.refusals})
        except QuestionError as error:
            if not state.readings:
                raise
            problems += told(error)
            state = state.fitting({f"{READING} {_impossible(policy, state)}"})


def _impossible(policy: Policy, state: State) -> str:
    """The first reading of a state that does not exist, as its step has it; empty where all do."""
    wrong = (f"{n}={option}" for n, option in state.readings.items() if option not in policy.options.get(n, ()))
    return next(wrong, "")


def told(error: ItssError) -> list[tuple[str, str]]:
    """An error as messages with what to do about each."""
    if isinstance(error, EditError):
        return [(printable(refusal.message), printable(refusal.mend)) for refusal in error.refusals]
    message, _, mend = str(error).partition("; ")
    return [(printable(message), printable(mend))]


def _desk(policy: Policy, asked: Asked, desk: Desk, problems: Sequence[tuple[str, str]]) -> str:
    state, say = desk.state, desk.speech
    form = None
    if state.form:
        try:
            form = Builder(desk.speaker, state.form, asked.pairs).form()
        except QuestionError as error:
            problems = [*problems, *told(error)]
    section, plan_url = desk.reasons(asked.seconds) if state.whole else (None, "")
    items = desk.speaker.case.items.values()
    return render(
        "desk.html",
        say,
        candidate=printable(desk.on_file.candidate),
        desk=desk,
        state=state,
        start=state._replace(steps=(), form="").url(),
        problems=problems,
        form=form,
        kinds=kinds(desk.speaker, say),
        details={
            write(fact): state._replace(form=write(fact)).url() for fact in items if has_parts(desk.speaker.case, fact)
        },
        section=section,
        plan_url=plan_url,
        reasons_title=_reasons_title(desk),
        neighbours=[None if n is None else State(n, language=state.language).url() for n in asked.neighbours],
        **site(policy, say, asked.pairs, "/desk"),
    )


def _reasons_title(desk: Desk) -> str:
    field, level = desk.level
    return desk.speech("reasons_for", field=desk.words.label(field), level=level)


def site(policy: Policy, say: Speech, pairs: Pairs, here: str) -> dict[str, Any]:
    """What every page of the site has: where it is, and the other languages."""
    rest = [(name, text) for name, text in pairs if name not in (LANGUAGE, DO)]
    languages = [
        (code, spoken()[code]["language"], f"{here}?{urlencode([*rest, (LANGUAGE, code)])}")
        for code in policy.languages
        if code in spoken()
    ]
    asked = dict(pairs).get(LANGUAGE, "")
    return {"here": here, "lang": asked if asked in policy.languages else "", "languages": languages}
