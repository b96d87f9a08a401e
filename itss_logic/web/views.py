"""The pages of `itss serve`: what each address shows, for people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from itss_logic.errors import printable
from itss_logic.pages.rendering import render
from itss_logic.pages.speech import Speech
from itss_logic.web import lists, proposals, sights
from itss_logic.web.comparing import Comparisons
from itss_logic.web.pool import BusyError
from itss_logic.web.sights import Asked, Reply, site
from itss_logic.web.state import CANDIDATE, LANGUAGE, Pairs, State

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from itss_logic.web.service import Service
    from itss_logic.web.stored import Stored

INSTEAD = {"HX-Retarget": "#content", "HX-Reselect": "#content", "HX-Reswap": "outerHTML"}
"""What has a page that tells of an error stand where a part of another was asked for."""

SAID = {404: "not_found", 503: "busy", 504: "timed_out"}
"""What is said of an error by its status, whatever the message."""


class Views:
    """The pages, from what a service answers."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.comparisons = Comparisons(service)

    def routes(self) -> list[BaseRoute]:
        """Where each page is."""
        pages: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/": self.list,
            "/desk": self.desk,
            "/reasons": self.reasons,
            "/dossier": self.dossier,
            "/scenario": self.scenario,
            "/impact": self.impact,
            "/api": self.api,
        }
        static = StaticFiles(packages=[("itss_logic.pages", "static")])
        return [*(Route(path, page) for path, page in pages.items()), Mount("/static", static)]

    async def list(self, request: Request) -> Response:
        """A page of the candidates that are asked for."""
        pairs = request.query_params.multi_items()
        page = await asyncio.to_thread(lists.list_page, self.service, pairs)
        return HTMLResponse(page.text, page.status)

    async def desk(self, request: Request) -> Response:
        """A candidate's desk."""
        pairs = request.query_params.multi_items()
        lane = self.service.slow if dict(pairs).get("whole") else self.service.quick
        asked, stored = await self._asked(pairs)
        near = await asyncio.to_thread(self.service.register.neighbours, stored.candidate)
        asked = asked._replace(neighbours=near)
        return _response(await lane.ask(sights.desk_page, asked, stored))

    async def reasons(self, request: Request) -> Response:
        """The reasons for the level that a desk shows."""
        asked, stored = await self._asked(request.query_params.multi_items())
        try:
            return _response(await self.service.slow.ask(sights.reasons_part, asked, stored))
        except (BusyError, TimeoutError) as error:
            # The rest of the desk stays.
            status = 503 if isinstance(error, BusyError) else 504
            state, say = State.of(asked.pairs), self._speech(request)
            return HTMLResponse(render("reasons_problem.html", say, message=say(SAID[status]), state=state), status)

    async def dossier(self, request: Request) -> Response:
        """The dossier of a candidate as a desk has it."""
        asked, stored = await self._asked(request.query_params.multi_items())
        return _response(await self.service.slow.ask(sights.dossier_page, asked, stored))

    async def scenario(self, request: Request) -> Response:
        """A desk as a file of one scenario."""
        asked, stored = await self._asked(request.query_params.multi_items())
        text = await self.service.quick.ask(sights.scenario_text, asked, stored)
        headers = {"Content-Disposition": 'attachment; filename="scenario.yaml"'}
        return Response(text.encode("utf-8", "backslashreplace"), 200, headers, "application/yaml")

    async def impact(self, request: Request) -> Response:
        """What other parameters of clauses and other readings would do to everybody."""
        pairs = request.query_params.multi_items()
        return _response(await proposals.impact_page(self.service, self.comparisons, pairs))

    async def api(self, request: Request) -> Response:
        """What programs can ask."""
        say = self._speech(request)
        described = request.app.openapi()
        operations = [
            (path, method.upper(), operation.get("summary", ""), operation.get("description", ""), operation)
            for path, methods in described["paths"].items()
            for method, operation in methods.items()
        ]
        pairs = request.query_params.multi_items()
        shown = site(self.service.policy, say, pairs, "/api")
        return HTMLResponse(render("api.html", say, operations=operations, **shown))

    def problem(
        self, request: Request, status: int, message: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The page that tells of an error."""
        say = self._speech(request)
        pairs = request.query_params.multi_items()
        if status == 404 and CANDIDATE in dict(pairs):
            message = say("unknown_candidate", candidate=dict(pairs)[CANDIDATE])
        elif status in SAID:
            message = say(SAID[status])
        shown = site(self.service.policy, say, pairs, request.url.path)
        page = render("problem.html", say, message=printable(message), status=status, **shown)
        return HTMLResponse(page.encode("utf-8", "replace"), status, {**(headers or {}), **INSTEAD})

    def _speech(self, request: Request) -> Speech:
        language = request.query_params.get(LANGUAGE)
        policy = self.service.policy
        return Speech(policy.words(language if language in policy.languages else None).language)

    async def _asked(self, pairs: Pairs) -> tuple[Asked, Stored]:
        candidate = dict(pairs).get(CANDIDATE, "")
        person = await self.service.person(candidate)
        return Asked(self.service.readings, pairs, self.service.seconds), person.stored


def _response(reply: Reply) -> Response:
    if reply.location:
        return RedirectResponse(reply.location, reply.status)
    return HTMLResponse(reply.text.encode("utf-8", "replace"), reply.status)
