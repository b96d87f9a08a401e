"""The command for browsers and other programs: `itss serve`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from itss_logic.console import (
    DONE,
    SOME_REFUSED,
    UNUSABLE,
    evidence_named,
    installed,
    leave,
    timeout_option,
    warn,
    with_policy,
    with_readings,
)
from itss_logic.errors import ItssError

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI

    from itss_logic.policy import Policy

CONNECTIONS = 256
"""How many connections there may be at a time."""

EXTRA = ("duckdb", "fastapi", "jinja2", "pebble", "pydantic", "starlette", "uvicorn")
"""What comes with the extra that the server needs."""


@click.command()
@evidence_named
@with_policy
@with_readings
@click.option("--host", default="127.0.0.1", show_default=True, help="Name or address to be reached at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to be reached at; 0 takes a free one.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Another name or address that browsers reach it by; repeatable.",
)
@timeout_option(10.0, "How long a search may take; then the best found so far is given, and marked.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes for searches; by default one for each core.")
@click.option("--open", "is_opened", is_flag=True, help="Open a browser.")
def serve(
    policy: Policy,
    evidence: Sequence[str],
    input_format: str | None,
    readings: dict[str, str],
    host: str,
    port: int,
    hosts: Sequence[str],
    timeout: float,
    jobs: int | None,
    is_opened: bool,
) -> None:
    """Answer browsers and programs about everybody on file, until Ctrl-C.

    The evidence is read once, and never written. Programs find the API described at /api/openapi.json.
    """
    for module in EXTRA:
        installed(module, "web", f"the server needs {module}")
    from itss_logic.assurance.pool import default_jobs
    from itss_logic.web.app import create_app
    from itss_logic.web.filing import file_evidence
    from itss_logic.web.guard import is_loopback
    from itss_logic.web.register import Register

    policy.in_force(readings)
    if not is_loopback(host):
        warn(f"whoever reaches {host} sees all evidence: there is no login")
    processes = jobs or default_jobs()
    with _listening(host, port) as listener, Register(policy) as register:
        file_evidence(policy, readings, evidence, input_format, processes, register)
        if not register.size:
            if not register.refused:
                warn("no candidates were found")
            leave(UNUSABLE)
        app = create_app(policy, readings, register, hosts=(host, *hosts), timeout=timeout, processes=processes)
        _run(app, listener, host, is_opened)
        leave(SOME_REFUSED if register.refused else DONE)


def _listening(host: str, port: int) -> socket.socket:
    """A socket at an address; whoever connects before the server runs waits for it."""
    import socket

    try:
        [family, *_, address], *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        listener = socket.create_server(address[:2], family=family)
        # An answer goes out as it is written, however little that is.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise ItssError(f"cannot listen at {host}, port {port}: {error.strerror or error}") from None


def _run(app: FastAPI, listener: socket.socket, host: str, is_opened: bool) -> None:
    """Serve until Ctrl-C."""
    import uvicorn

    config = uvicorn.Config(
        app,
        access_log=False,
        limit_concurrency=CONNECTIONS,
        lifespan="on",
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        ws="none",
    )
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listener.getsockname()[1]}/"
    click.echo(f"serving at {address} (Ctrl-C ends it)")
    if is_opened:
        click.launch(address)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        click.echo("ended", err=True)
