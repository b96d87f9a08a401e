"""What every request has to pass before it is answered, and what every response bears."""

from __future__ import annotations

import asyncio
import re
import sys
import traceback
from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response

from itss_logic.console import as_json_text
from itss_logic.errors import printable

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

API, STATIC = "/api/", "/static/"
"""Where what programs ask for stands, and what never changes."""

BODY_BYTES = 4 * 2**20
"""Size of a body."""

BODY_SECONDS = 30.0
"""How long a body may take to come."""

URL_BYTES = 16 * 2**10
"""Length of a path with its parameters."""

PARAMETERS = 200
"""How many parameters a URL may have."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/\[\]@]+)(?::[0-9]*)?", re.IGNORECASE)


class JsonResponse(JSONResponse):
    """A value as JSON."""

    def render(self, content: Any) -> bytes:
        """The bytes of a value; half of a surrogate pair, which has none, is escaped as JSON does."""
        return as_json_text(content).encode("utf-8", "backslashreplace")


def is_loopback(host: str) -> bool:
    """Whether a name or an address of this machine is reached from it alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def error_response(
    path: str,
    status: int,
    message: str,
    refusals: Iterable[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as programs get it, or people: what stands below `API` is for programs."""
    if path.startswith(API):
        return JsonResponse({"error": message, "refusals": list(refusals)}, status, headers)
    return PlainTextResponse(f"{printable(message)}\n", status, headers)


class Safely:
    """Bears the security headers on every response, and answers what nothing else does without any detail."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_begun = False

        async def send_safely(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                is_static = scope["path"].startswith(STATIC) and message["status"] < 400
                headers["Cache-Control"] = "no-cache" if is_static else "no-store"
            await send(message)

        try:
            await self.app(scope, receive, send_safely)
        except Exception as error:
            log(error)
            if not is_begun:
                told = error_response(scope["path"], 500, "internal error; the server's output tells more")
                await told(scope, receive, send_safely)


class Hosts:
    """Answers only those who name this server: a page of another site must not read it under that site's name.

    Nor does a page of another site make it work by what it has a browser load, or send here.

    Args:
        app: what answers.
        hosts: the names and addresses that it may be called by, beside those of this machine itself.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = {plain_host(host) for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        refused = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        await (refused or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        named = headers.getlist("host")
        found = HOST.fullmatch(named[0]) if len(named) == 1 else None
        if found is None:
            return error_response(scope["path"], 400, "the Host header does not name one host")
        host = plain_host(found[1])
        if host not in self.hosts and not is_loopback(host):
            message = "this server is not known by that name; start it with --allow-host NAME to allow it"
            return error_response(scope["path"], 421, message)
        site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode")
        if site not in ("none", "same-origin") and (mode != "navigate" or scope["method"] != "GET"):
            return error_response(scope["path"], 403, "this comes from the page of another site")
        return None


def plain_host(host: str) -> str:
    """A name or address in the one form in which it is compared."""
    plain = host.strip("[]").lower()
    try:
        return str(ip_address(plain))
    except ValueError:
        return plain.removesuffix(".")


class Limits:
    """Keeps what is asked within limits: the URL, and the body, however its length is told or not.

    The body is read before anything answers. Then whoever asked may leave: what works on the answer is cancelled.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused, body = _long_url(scope), b""
        if refused is None:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await _body(scope, receive)
            except TimeoutError:
                refused = error_response(scope["path"], 408, "the body did not come in time")
            except ValueError:
                refused = error_response(scope["path"], 413, f"the body is larger than {BODY_BYTES} bytes")
            except ConnectionError:
                return
        if refused is not None:
            # The rest of the body is not read, so that nothing else can come on this connection.
            refused.headers["Connection"] = "close"
            await refused(scope, receive, send)
        else:
            await _while_there(self.app, scope, body, receive, send)


def _long_url(scope: Scope) -> Response | None:
    query: bytes = scope["query_string"]
    if len(scope.get("raw_path") or scope["path"].encode()) + len(query) > URL_BYTES:
        return error_response(scope["path"], 414, f"the URL is longer than {URL_BYTES} bytes")
    if query.count(b"&") >= PARAMETERS:
        return error_response(scope["path"], 400, f"the URL has more than {PARAMETERS} parameters")
    return None


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body.

    Raises:
        ValueError: where it is larger than allowed.
        ConnectionError: where whoever sent it has left.
    """
    told = Headers(scope=scope).get("content-length", "0")
    if not told.isdigit() or int(told[:20]) > BODY_BYTES:
        raise ValueError
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_BYTES:
            raise ValueError
        if not message.get("more_body", False):
            return b"".join(parts)


async def _while_there(app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Answer for as long as whoever asked is there."""
    left = asyncio.create_task(_leaving(receive))
    bodies: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return bodies.pop() if bodies else await asyncio.shield(left)

    answering = asyncio.ensure_future(app(scope, receive_again, send))
    try:
        await asyncio.wait([answering, left], return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            await answering
    finally:
        for task in (answering, left):
            task.cancel()
        await asyncio.gather(answering, left, return_exceptions=True)


async def _leaving(receive: Receive) -> Message:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return message


def log(error: BaseException) -> None:
    """Tell of an error on standard error, with nothing in it that a terminal would act on."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    print("\n".join(map(printable, lines)), file=sys.stderr, flush=True)
