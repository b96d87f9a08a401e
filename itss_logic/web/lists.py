"""The list of candidates as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from itss_logic.errors import QuestionError, printable
from itss_logic.pages.overall import Standing, holders, standing
from itss_logic.pages.rendering import render
from itss_logic.pages.speech import Speech
from itss_logic.web.forms import is_number
from itss_logic.web.register import Page, Query, Row
from itss_logic.web.sights import Reply, site
from itss_logic.web.state import CANDIDATE, LANGUAGE, Pairs, State

if TYPE_CHECKING:
    from itss_logic.web.service import Service
    from itss_logic.words import Words

ROWS = 50
"""How many candidates a page shows."""


class Line(NamedTuple):
    """A candidate in the list: the address of the desk, the name, the standing in each field, and the readings on
    which a verdict hinges, None while that is not known."""

    address: str
    candidate: str
    standings: list[Standing]
    hinges: tuple[str, ...] | None


def list_page(service: Service, pairs: Pairs) -> Reply:
    """A page of the candidates that an address asks for.

    Raises:
        QuestionError: for a language that the policy does not speak.
    """
    policy, register = service.policy, service.register
    given = {name: text for name, text in pairs if text}
    words = policy.words(given.get(LANGUAGE))
    say, status, problem = Speech(words.language), 200, ""
    query = asked(given)
    try:
        page = register.page(query)
    except QuestionError as error:
        query, status, problem = Query(size=ROWS), 422, printable(str(error))
        page = register.page(query)
    text = render(
        "list.html",
        say,
        words=words,
        query=query,
        page=page,
        problem=problem,
        size=register.size,
        refused=register.refused,
        known=register.hinges_known,
        levels=sorted({level for _, level in policy.levels}),
        fields=policy.fields,
        readings=list(policy.options),
        columns=list(_columns(policy.fields, words, say, query, given)),
        lines=[_line(row, words, given.get(LANGUAGE, "")) for row in page.rows],
        turns=list(_turns(page, given)),
        holders=holders(policy, words, register.holders()),
        **site(policy, say, pairs, "/"),
    )
    return Reply(text, status)


def asked(given: dict[str, str]) -> Query:
    """What an address asks for; a number that is none is the first page, or a level that there is not."""
    level, page = given.get("level", ""), given.get("page", "")
    return Query(
        search=given.get("search", ""),
        field=given.get("field"),
        level=_number(level, 0) if level else None,
        verdict=given.get("verdict"),
        hinges_on=given.get("hinges_on"),
        sort=given.get("sort", ""),
        descending=given.get("descending") == "1",
        page=_number(page, 1),
        size=ROWS,
    )


def _number(text: str, otherwise: int) -> int:
    return int(text) if is_number(text) else otherwise


def _line(row: Row, words: Words, language: str) -> Line:
    return Line(
        State(row.candidate, language=language).url(),
        printable(row.candidate),
        [standing(field, level, row.verdicts, (), words) for field, level in row.highest.items()],
        row.hinges_on,
    )


def _columns(
    fields: list[str], words: Words, say: Speech, query: Query, given: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """The columns: by what each is sorted, what it is called, and the address that sorts by it, or the other way."""
    rest = {name: text for name, text in given.items() if name not in ("sort", "descending", "page")}
    for key, label in [(CANDIDATE, say("candidate")), *((field, words.label(field)) for field in fields)]:
        # The best come first.
        descends = key != CANDIDATE if query.sort != key else not query.descending
        turned = {"descending": "1"} if descends else {}
        yield key, label, f"/?{urlencode({**rest, 'sort': key, **turned})}"


def _turns(page: Page, given: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The addresses of other pages by name, empty where there is none."""
    numbers = {"first": 1, "previous": page.page - 1, "next": page.page + 1, "last": page.pages}
    for name, number in numbers.items():
        is_there = 1 <= number <= page.pages and number != page.page
        yield name, f"/?{urlencode({**given, 'page': str(number)})}" if is_there else ""
