"""The application that a server runs: the API and the pages, behind what guards them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from itss_logic.web.api import STATUS, api, described, problem
from itss_logic.web.guard import API, Hosts, Limits, Safely, error_response, log
from itss_logic.web.service import Service
from itss_logic.web.views import Views

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from itss_logic.policy import Policy
    from itss_logic.web.register import Register


def create_app(
    policy: Policy,
    readings: Mapping[str, str],
    register: Register,
    *,
    hosts: Collection[str] = (),
    timeout: float = 10.0,
    processes: int = 1,
) -> FastAPI:
    """The application. Its processes run from startup to shutdown; the register is left open.

    Args:
        policy: by which all is decided.
        readings: the options in force unless a request says otherwise, where they are not the defaults.
        register: the people on file.
        hosts: names and addresses that it may be called by, beside those of this machine itself.
        timeout: seconds that a search may take.
        processes: how many processes work on what takes long.

    Raises:
        QuestionError: for a reading or an option that does not exist.
    """
    service = Service(policy, readings, register, seconds=timeout, processes=processes)
    views = Views(service)

    async def tell(request: Request, error: Exception) -> Response:
        return told(views, request, error)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(service):
            yield
        views.comparisons.close()

    app = FastAPI(
        title=f"itss serve: {policy.words().label(policy.vocabulary.category)}",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.include_router(api(service))
    app.add_api_route("/healthz", _health, include_in_schema=False)
    app.router.routes.extend(views.routes())
    _describe(app, service)
    for kind in (*STATUS, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, tell)
    # The last is the first that a request comes to.
    app.add_middleware(Limits)
    app.add_middleware(Hosts, hosts=hosts)
    app.add_middleware(Safely)
    return app


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """The processes of a service, and what it finds out by itself."""
    service.quick.start()
    service.slow.start()
    finding = asyncio.create_task(_find_hinges(service))
    try:
        yield
    finally:
        finding.cancel()
        await asyncio.gather(finding, return_exceptions=True)
        await asyncio.gather(service.quick.close(), service.slow.close())


async def _find_hinges(service: Service) -> None:
    try:
        await service.find_hinges()
    except Exception as error:
        # What is asked is answered all the same.
        log(error)


def told(views: Views, request: Request, error: Exception) -> Response:
    """The answer to a request that has come to an error: a page for people, JSON for programs."""
    found = problem(error)
    if not request.url.path.startswith(API):
        return views.problem(request, found.status, found.message, found.headers)
    headers = found.headers
    if found.status == 405 and (operations := request.app.openapi()["paths"].get(request.url.path)):
        # Starlette names the methods of the first route alone.
        headers = {"Allow": ", ".join(sorted(method.upper() for method in operations))}
    return error_response(request.url.path, found.status, found.message, found.refusals, headers)


def _describe(app: FastAPI, service: Service) -> None:
    """Have the application describe its API with what the policy knows."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = described(found, service)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


async def _health() -> PlainTextResponse:
    return PlainTextResponse("ok\n")
