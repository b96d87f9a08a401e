"""A PostgreSQL server of the tests' own: started on loopback when it is first asked for, and removed at the end."""

from __future__ import annotations

import fcntl
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

import psycopg

PASSWORD = "s3cret/wörd"
"""Of the user `tester`; in a URL it is `SHOWN`."""

SHOWN = "s3cret%2Fw%C3%B6rd"

PREFIX = "itss-postgresql-"

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_connections": "30",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "autovacuum": "off",
    "jit": "off",
}


def program(name: str) -> str:
    """The path of a program of the server."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    path = found[-1] if found else shutil.which(name)
    assert path, f"the tests need PostgreSQL's server ({name}): `make postgresql` installs it"
    return path


def _as_other() -> list[str]:
    """What goes before a command, so that it ends with this process, and is not root's: the server refuses that."""
    start = ["setpriv", "--pdeathsig", "QUIT"]
    if os.getuid():
        return start
    user = pwd.getpwnam(_user())
    return [*start, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _user() -> str:
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Server:
    """A server that runs. `url` is for the user that may do anything."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.names = (f"of_a_test_{number}" for number in count())

    def url(self, name: str, user: str = "tester", password: str = SHOWN) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}"

    def connect(self, name: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url(name), autocommit=True)

    def fresh(self, how: str = "") -> str:
        """The URL of a new, empty database."""
        name = next(self.names)
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {how}".encode())
        return self.url(name)


@contextmanager
def server() -> Iterator[Server]:
    """Start a server, and remove it at the end."""
    remove_left_over()
    folder = tempfile.mkdtemp(prefix=PREFIX)
    held = open(os.path.join(folder, "lock"), "wb")  # noqa: SIM115
    fcntl.flock(held, fcntl.LOCK_EX)
    data = os.path.join(folder, "data")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    try:
        secret = os.path.join(folder, "password")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(PASSWORD)
        if not os.getuid():
            for path in (folder, secret):
                shutil.chown(path, _user())
        # A collation of people's, not of bytes.
        made = subprocess.run(
            [
                *(*_as_other(), program("initdb"), "--pgdata", data, "--username=tester", f"--pwfile={secret}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
                *("--locale-provider=icu", "--icu-locale=en"),
            ],
            capture_output=True,
            text=True,
            env=environment,
            cwd=folder,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        process, port = _started(data, environment, folder)
        try:
            yield Server(port)
        finally:
            process.send_signal(signal.SIGQUIT)  # At once: nothing of it is to be kept.
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        held.close()


def remove_left_over() -> None:
    """Remove the folders of tests that were killed: whoever is alive holds the lock in theirs."""
    for path in glob.glob(os.path.join(tempfile.gettempdir(), f"{PREFIX}*", "lock")):
        with suppress(OSError), open(path, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(os.path.dirname(path), ignore_errors=True)


def _started(data: str, environment: dict[str, str], folder: str) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers, on a port that was free."""
    log = os.path.join(folder, "log")
    for _ in range(5):
        port = free_port()
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with open(log, "wb") as file:
            process = subprocess.Popen(
                [*_as_other(), program("postgres"), "-D", data, "-p", str(port), *settings],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=environment,
                cwd=folder,
            )
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                Server(port).connect().close()
                return process, port
            time.sleep(0.05)
        process.kill()
    with open(log, encoding="utf-8", errors="replace") as told:
        raise AssertionError(f"PostgreSQL did not start: {told.read()}")
