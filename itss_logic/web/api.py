"""The API: the answers of the commands, about people on file or in what is sent, as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from itss_logic.changes import changes_of, merged
from itss_logic.documents import DocumentError, Members, decode, parse_json
from itss_logic.errors import ItssError, QuestionError, shorten
from itss_logic.scenarios import POLICY_CHANGE, READINGS, EditError
from itss_logic.web import shapes
from itss_logic.web.answers import PEOPLE, NotAttainedError, TooManyError, edits
from itss_logic.web.guard import JsonResponse
from itss_logic.web.pool import BusyError
from itss_logic.web.service import Service, UnknownCandidateError

if TYPE_CHECKING:
    from itss_logic.web.answers import Person

BASE_READINGS = "base_readings"

LARGEST = 1_000_000_000
"""The largest number that a parameter can be."""

SIZE = 200
"""How many candidates a page of the list holds at most."""

Number = Annotated[int, Field(ge=1, le=LARGEST)]


class Parameters(BaseModel):
    """Parameters of a URL; any other is an error."""

    model_config = ConfigDict(extra="forbid")


class Under(Parameters):
    """Readings that are to be in force instead of those that the server was started with."""

    reading: list[str] = Field([], description="NAME=OPTION of a reading to be in force; repeatable.")


class About(Under):
    """Who is asked about, and what is to be different about their evidence."""

    candidate: str = Field(description="Whose evidence; an id as it is on file.")
    add: list[str] = Field([], description="A fact to add to the evidence; repeatable.")
    remove: list[str] = Field([], description="A fact on file to leave out, an item with its attributes; repeatable.")
    confirm: list[str] = Field([], description="A claimed item, taken as verified; repeatable.")


class AboutAll(About):
    """Verdicts on all levels."""

    across_readings: bool = Field(False, description="Also tell how each verdict depends on the readings.")


class AboutWhatIf(About):
    """Verdicts before and after."""

    base_reading: list[str] = Field([], description="NAME=OPTION of a reading in force before; repeatable.")


class AboutLevel(About):
    """A level of somebody."""

    field: str = Field(description="A field of the policy.")
    level: Number = Field(description="A level of the field.")


class AboutWhy(AboutLevel):
    """Why somebody has a level or not."""

    all: bool = Field(False, description="Every smallest support and set of missing facts.")
    max: int = Field(20, ge=1, le=100, description="How many of these at most.")
    across_readings: bool = Field(False, description="Also tell how the verdict depends on the readings.")


class AboutPlan(AboutLevel):
    """Ways of somebody to a level."""

    max: int = Field(5, ge=1, le=100, description="How many plans at most.")


class Listed(Parameters):
    """Who is on a page of the list, in which order."""

    search: str = Field("", description="Text in the id.")
    field: str | None = Field(None, description="A field of the policy, for `level` and `verdict`.")
    level: Number | None = Field(None, description="A level, for `verdict`; without that, the highest level reached.")
    verdict: shapes.Verdict | None = None
    hinges_on: str | None = Field(None, description="A reading on which a verdict hinges.")
    sort: str = Field("", description="A field, by whose highest level to sort; by id without.")
    descending: bool = False
    page: Number = 1
    size: int = Field(50, ge=1, le=SIZE)


class Problem(NamedTuple):
    """What an error is answered with: a status, a message, refusals in the form of JSON, and headers."""

    status: int
    message: str
    refusals: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, str] | None = None


STATUS: dict[type[Exception], int] = {
    UnknownCandidateError: 404,
    NotAttainedError: 409,
    TooManyError: 413,
    ItssError: 422,
    BusyError: 503,
    TimeoutError: 504,
}
"""What errors are answered with, those in front first."""


def problem(error: Exception) -> Problem:
    """What an error of those in `STATUS`, of parameters or of HTTP is answered with."""
    if isinstance(error, RequestValidationError):
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:20]]
        return Problem(422, "; ".join(told))
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail), headers=error.headers)
    if isinstance(error, EditError):
        return Problem(422, "an edit cannot be made", [refusal.as_json() for refusal in error.refusals])
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    if status == 503:
        return Problem(503, f"busy: {error}", headers={"Retry-After": "2"})
    return Problem(status, "the answer takes too long to find" if status == 504 else str(error))


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "No host is named, or there are too many parameters"},
    403: {"description": "Asked by the page of another site"},
    404: {"description": "There is no evidence of the candidate"},
    408: {"description": "The body did not come in time"},
    409: {"description": "The level is not attained, so that there is nothing to certify"},
    413: {"description": "More is sent, or asked about, than is answered here"},
    414: {"description": "The URL is too long"},
    415: {"description": "The body is not said to be JSON"},
    421: {"description": "The server is not known by the name of the Host header"},
    422: {"description": "A parameter, an edit or the body is not what it must be"},
    503: {"description": "Too much is asked at once; ask again"},
    504: {"description": "The answer takes too long to find"},
}
COMMON = (400, 403, 413, 414, 421, 422, 503, 504)


def errors(*others: int) -> dict[int | str, dict[str, Any]]:
    """The errors that an answer may be instead, those that any may be included."""
    return {status: {**ERRORS[status], "model": shapes.ErrorShape} for status in sorted((*COMMON, *others))}


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Readings that parameters choose, each NAME=OPTION.

    Raises:
        QuestionError: where one is none, or two contradict each other.
    """
    chosen: dict[str, str] = {}
    for text in texts:
        name, equals, option = text.partition("=")
        if not equals:
            raise QuestionError(f"{shorten(text)} is not NAME=OPTION")
        if chosen.setdefault(name, option) != option:
            raise QuestionError(f"{shorten(name)} is given twice")
    return chosen


async def json_body(request: Request) -> bytes:
    """The body of a request, which must say that it is JSON: no page of another site can send that unasked."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "send application/json")
    return await request.body()


def _evidence_schema(service: Service) -> dict[str, Any]:
    from itss_logic.shape import json_schema

    policy = service.policy
    one = json_schema(policy.vocabulary, policy.words().label(policy.vocabulary.category))
    del one["$schema"]
    return {"anyOf": [one, {"type": "array", "items": one, "maxItems": PEOPLE}]}


IMPACT_SCHEMA = {
    "type": "object",
    "properties": {
        POLICY_CHANGE: {"type": "object", "additionalProperties": {"type": "object"}},
        READINGS: {"type": "object", "additionalProperties": {"type": "string"}},
        BASE_READINGS: {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "additionalProperties": False,
}


def _body(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a body."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _asked_impact(data: bytes) -> tuple[Members, dict[str, str], dict[str, str]]:
    """The policy change, the readings and the base readings of a body."""
    try:
        value = parse_json(decode(data))
    except DocumentError as error:
        raise QuestionError(f"the body is not JSON: {error}") from None
    known = IMPACT_SCHEMA["properties"]
    assert isinstance(known, dict)
    if not isinstance(value, Members) or not value.keys() <= known.keys():
        raise QuestionError(f"write an object with some of {', '.join(known)}")
    parts = [value.get(name, Members([])) for name in known]
    if not all(isinstance(part, Members) for part in parts) or any(part.repeated for part in (value, *parts)):
        raise QuestionError(f"write each of {', '.join(known)} once, as an object with each key once")
    if not all(isinstance(option, str) for part in parts[1:] for option in part.values()):
        raise QuestionError("write the option of each reading as a string")
    return parts[0], dict(parts[1]), dict(parts[2])


def api(service: Service) -> APIRouter:
    """The routes of the API."""
    router = APIRouter(prefix="/api", default_response_class=JsonResponse)
    _add_list(router, service)
    _add_levels(router, service)
    _add_bodies(router, service)
    return router


async def _person(service: Service, asked: About) -> Person:
    made = edits(asked.add, asked.remove, asked.confirm)
    return await service.person(asked.candidate, pairs(asked.reading), made)


def _add_list(router: APIRouter, service: Service) -> None:
    """What tells of everybody, of the policy, and the verdicts on one."""

    @router.get("/candidates", response_model=shapes.PageShape, responses=errors())
    async def candidates(asked: Annotated[Listed, Query()]) -> JsonResponse:
        """A page of the list of candidates, with their verdicts under the readings that the server was started with."""
        from itss_logic.web.register import Query as Listing

        found = await asyncio.to_thread(service.register.page, Listing(**asked.model_dump()))
        told = [
            {
                "candidate": row.candidate,
                "highest": dict(row.highest),
                "verdicts": [{"field": f, "level": n, "verdict": v} for (f, n), v in row.verdicts.items()],
                "hinges_on": None if row.hinges_on is None else list(row.hinges_on),
            }
            for row in found.rows
        ]
        counts = {"total": found.total, "page": found.page, "pages": found.pages}
        return JsonResponse({"candidates": told, **counts, "hinges_known": service.register.hinges_known})

    @router.get("/policy", response_model=shapes.PolicyShape, responses=errors())
    async def policy(asked: Annotated[Parameters, Query()]) -> JsonResponse:
        """The clauses and readings of the policy, as `itss policy show` prints them."""
        return JsonResponse(service.policy.as_json())

    @router.get("/evaluate", response_model=list[shapes.AnswerShape], responses=errors(404))
    async def evaluate(asked: Annotated[AboutAll, Query()]) -> JsonResponse:
        """The verdicts on a candidate, as `itss evaluate` prints them: a list of one."""
        answer = await service.evaluate(await _person(service, asked), across=asked.across_readings)
        return JsonResponse([answer.as_json()])

    @router.get("/whatif", response_model=shapes.WhatIfShape, responses=errors(404))
    async def whatif(asked: Annotated[AboutWhatIf, Query()]) -> JsonResponse:
        """Which verdicts on a candidate change with edits and readings, as `itss whatif` prints it."""
        base = pairs(asked.base_reading)
        made = edits(asked.add, asked.remove, asked.confirm)
        person = await service.person(asked.candidate, {**base, **pairs(asked.reading)}, made)
        before, effect = await service.whatif(person, base)
        return JsonResponse({"before": [before.as_json()], **effect.as_json()})


def _add_levels(router: APIRouter, service: Service) -> None:
    """What explains a verdict."""

    def level_of(asked: AboutLevel) -> tuple[str, int]:
        service.policy.levels_of(asked.field, asked.level)
        return asked.field, asked.level

    @router.get("/why", response_model=shapes.WhyShape, responses=errors(404))
    async def why(asked: Annotated[AboutWhy, Query()]) -> JsonResponse:
        """Why a candidate has a level or not, and what is missing, as `itss why` prints it."""
        person, level = await _person(service, asked), level_of(asked)
        answer = await service.why(person, level, every=asked.all, maximum=asked.max, across=asked.across_readings)
        return JsonResponse(answer.as_json())

    @router.get("/certify", response_model=shapes.CertificateShape, responses=errors(404, 409))
    async def certify(asked: Annotated[AboutLevel, Query()]) -> JsonResponse:
        """What to verify to be sure that a candidate has a level, as `itss certify` prints it."""
        person, level = await _person(service, asked), level_of(asked)
        return JsonResponse((await service.certify(person, level)).as_json())

    @router.get("/plan", response_model=shapes.PlansShape, responses=errors(404))
    async def plan(asked: Annotated[AboutPlan, Query()]) -> JsonResponse:
        """The cheapest ways of a candidate to a level, as `itss plan` prints them."""
        person, level = await _person(service, asked), level_of(asked)
        return JsonResponse((await service.plan(person, level, maximum=asked.max)).as_json())


def _add_bodies(router: APIRouter, service: Service) -> None:
    """What is asked about a body."""
    evidence = _evidence_schema(service)

    @router.post(
        "/evaluate", response_model=shapes.EvaluatedShape, responses=errors(408, 415), openapi_extra=_body(evidence)
    )
    async def evaluate_body(asked: Annotated[Under, Query()], request: Request) -> JsonResponse:
        """The verdicts on all candidates of a body of evidence, and what is refused. The evidence is not kept."""
        found = await service.read(await json_body(request), service.in_force(pairs(asked.reading)))
        refusals = [refusal.as_json() for refusal in found.refusals]
        if refusals and not found.answers:
            return JsonResponse({"error": "all evidence is refused", "refusals": refusals}, 422)
        return JsonResponse({"answers": [answer.as_json() for answer in found.answers], "refusals": refusals})

    @router.post("/check", response_model=shapes.CheckShape, responses=errors(408, 415), openapi_extra=_body({}))
    async def check(asked: Annotated[Parameters, Query()], request: Request) -> JsonResponse:
        """Whether a body of evidence can be evaluated, as `itss check` prints it; never an error."""
        found = await service.read(await json_body(request), None)
        return JsonResponse({"candidates": found.accepted, "refusals": [r.as_json() for r in found.refusals]})

    @router.post(
        "/impact", response_model=shapes.ImpactShape, responses=errors(408, 415), openapi_extra=_body(IMPACT_SCHEMA)
    )
    async def impact(asked: Annotated[Parameters, Query()], request: Request) -> JsonResponse:
        """What a policy change, or other readings, do to the verdicts on everybody, as `itss impact` prints it."""
        change, readings, base = _asked_impact(await json_body(request))
        changes = await asyncio.to_thread(lambda: merged(changes_of(change, service.policy, POLICY_CHANGE)))
        return JsonResponse((await service.impact(changes, readings, base)).as_json())


def described(description: dict[str, Any], service: Service) -> dict[str, Any]:
    """The description of the API with what the policy knows: which fields, levels, readings and options there are."""
    policy = service.policy
    options = [f"{name}={option}" for name, options in policy.options.items() for option in options]
    known: dict[str, Sequence[Any]] = {
        "field": policy.fields,
        "level": sorted({level for _, level in policy.levels}),
        "hinges_on": list(policy.options),
        "sort": ["", *policy.fields],
        "reading": options,
        "base_reading": options,
    }
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in known:
                    schema = parameter["schema"]
                    one = schema.get("items") or next(iter(schema.get("anyOf", ())), schema)
                    one["enum"] = list(known[parameter["name"]])
    return description
