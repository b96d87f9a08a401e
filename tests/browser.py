"""What the tests of pages share: Chromium, the pages in it, and a server in a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
ITSS = Path(sys.executable).parent / "itss"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

WIDE, NARROW = 1280, 380
LIMIT = 90_000
"""Milliseconds to wait for what should come at once, on however busy a machine."""

expect.set_options(timeout=LIMIT)

SERIOUS = ("serious", "critical")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that `make browser` installs."""
    path = shutil.which("chromium")
    assert path, "there is no Chromium; install it with: make browser"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def page_of(browser: Browser, width: int = WIDE, **context: Any) -> Iterator[Page]:
    """A page; whatever goes wrong in it, and whatever it asks for elsewhere, is an error."""
    with browser.new_context(viewport={"width": width, "height": 900}, **context) as made:
        page = made.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
        page.on("request", lambda request: wrong.append(request.url) if not at_home(request.url) else None)
        page.set_default_timeout(LIMIT)
        yield page
        assert not wrong


def at_home(url: str) -> bool:
    return url.startswith(("file://", "data:", "blob:", "http://127.0.0.1:"))


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """The address of `itss serve` with arguments, in a process of its own."""
    command = [str(ITSS), "serve", "--port", "0", "--timeout", "30", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet()
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                yield found[0].rstrip("/")
                break
        else:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def assert_accessible(page: Page, about: str, width: int) -> None:
    """That nothing serious is found on a page, light and dark, and that it is no wider than the window."""
    page.emulate_media(color_scheme="light")
    assert violations(page) == [], about
    page.emulate_media(color_scheme="dark")
    # Nothing but colours is otherwise.
    assert violations(page, "color-contrast") == [], about
    assert page.evaluate("document.documentElement.scrollWidth") <= width, about


def quiet() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


def violations(page: Page, *rules: str) -> list[str]:
    """What axe-core finds serious on a page, by some of its rules or by all."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
