"""What requests have to pass: the host they name, the size of what they send; and what every response bears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from itss_logic.web import guard
from itss_logic.web.guard import BODY_BYTES, HEADERS, PARAMETERS, URL_BYTES, Hosts, Limits, Safely

HERE = "http://127.0.0.1:8080"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the size of the body; fails at one path, and takes long at another."""
    if scope["path"].endswith("/broken"):
        raise ValueError("what nobody must see\x1b[2J")
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)), headers={"Cache-Control": "max-age=60"})(scope, receive, send)


def guarded() -> Safely:
    return Safely(Hosts(Limits(echo), ["Evidence.example", "192.168.1.5", "fd00::5"]))


def ask(path: str = "/", method: str = "GET", base: str = HERE, **options: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded()), base_url=base) as client:
            return await client.request(method, path, **options)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "127.0.0.1",
        "localhost",
        "LOCALHOST:1",
        "[::1]:8000",
        "[::1]",
        "[0:0:0:0:0:0:0:1]:8000",
        "127.8.9.10:80",
        "evidence.example",
        "EVIDENCE.example.:8080",
        "192.168.1.5:80",
        "[fd00::5]:80",
        "[fd00:0::5]",
    ],
)
def test_hosts_by_which_the_server_is_known(host: str) -> None:
    response = ask(headers={"Host": host})
    assert (response.status_code, response.text) == (200, "0")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("evil.example:8080", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("10.0.0.1", 421),
        ("[::2]:8000", 421),
        ("0.0.0.0", 421),
        ("2130706433", 421),
        ("", 400),
        ("localhost:x", 400),
        ("localhost:80:80", 400),
        ("::1", 400),
        ("[::1", 400),
        ("user@localhost", 400),
        ("localhost/x", 400),
        ("localhost evil", 400),
    ],
)
def test_other_hosts_are_refused(host: str, status: int) -> None:
    response = ask(headers={"Host": host})
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/plain")
    assert "evil" not in response.text


def test_two_hosts_are_none() -> None:
    assert ask(headers=[("Host", "localhost"), ("Host", "evil.example")]).status_code == 400


@pytest.mark.parametrize(
    ("headers", "method", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, "POST", 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, "GET", 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, "GET", 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, "POST", 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, "GET", 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, "GET", 403),
    ],
)
def test_pages_of_other_sites_may_link_here_and_no_more(headers: dict[str, str], method: str, status: int) -> None:
    assert ask(method=method, headers=headers).status_code == status


async def parts(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 100_000):
        yield b"x" * min(100_000, size - start)


@pytest.mark.parametrize(("size", "status"), [(0, 200), (BODY_BYTES, 200), (BODY_BYTES + 1, 413)])
@pytest.mark.parametrize("is_told", [True, False])
def test_the_size_of_a_body_is_limited(size: int, status: int, is_told: bool) -> None:
    response = ask("/api/x", "POST", content=b"x" * size if is_told else parts(size))
    assert response.status_code == status
    assert ("Transfer-Encoding" in response.request.headers) != is_told
    if status == 413:
        assert response.json() == {"error": f"the body is larger than {BODY_BYTES} bytes", "refusals": []}
        assert response.headers["connection"] == "close"


def test_a_body_has_to_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(5)

    monkeypatch.setattr(guard, "BODY_SECONDS", 0.1)
    assert ask(method="POST", content=slowly()).status_code == 408


def test_the_length_of_a_url_is_limited() -> None:
    assert ask(f"/?{'x' * (URL_BYTES - 1)}").status_code == 200
    assert ask(f"/?{'x' * URL_BYTES}").status_code == 414
    assert ask(f"/{'x' * URL_BYTES}").status_code == 414
    assert ask("/?" + "&".join(["a"] * PARAMETERS)).status_code == 200
    assert ask("/?" + "&".join(["a"] * (PARAMETERS + 1))).status_code == 400


def test_every_response_bears_what_keeps_pages_safe() -> None:
    for path, status in (("/", 200), ("/broken", 500), ("/api/broken", 500), (f"/{'x' * URL_BYTES}", 414)):
        response = ask(path)
        assert response.status_code == status
        assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
        assert response.headers["cache-control"] == "no-store"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_only_what_never_changes_may_be_kept() -> None:
    assert ask("/static/x.css").headers["cache-control"] == "no-cache"
    assert ask("/static/broken").headers["cache-control"] == "no-store"


def test_what_is_broken_is_told_on_standard_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("/broken").text == "internal error; the server's output tells more\n"
    told = capsys.readouterr().err
    assert "ValueError: what nobody must see\\x1b[2J" in told
    assert "\x1b" not in told
    assert ask("/api/broken").json() == {"error": "internal error; the server's output tells more", "refusals": []}


def test_what_nobody_waits_for_any_more_is_cancelled() -> None:
    ended: list[str] = []

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(scope["path"])
            raise

    async def asked() -> None:
        messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await asyncio.sleep(0.05)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            raise AssertionError(message)

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"[::1]")]}
        await asyncio.wait_for(Safely(Hosts(Limits(endless), []))(scope, receive, send), 5)

    asyncio.run(asked())
    assert ended == ["/"]
