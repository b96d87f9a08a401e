"""From what pages show to HTML: templates, and trees of reasons as lists that fold."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from itss_logic.answers import VERDICTS
from itss_logic.errors import printable
from itss_logic.pages.speech import Speech
from itss_logic.tables import HINGES, MARKS, NOTHING
from itss_logic.tree import Node

if TYPE_CHECKING:
    from jinja2 import Environment

STYLE = "static/pages.css"
SCRIPTS = ("static/vendor/sortable.min.js", "static/pages.js")
"""What a page that stands alone has in it. The scripts are conveniences: every page says all without them."""


@cache
def environment() -> Environment:
    """The templates; whatever they are given is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("itss_logic.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        MARKS=MARKS,
        HINGES=HINGES,
        NOTHING=NOTHING,
        VERDICTS=VERDICTS,
        tree=tree,
        branches=branches,
        printable=printable,
    )
    made.globals["version"] = version("itss_logic")
    return made


def render(template: str, speech: Speech, **shown: Any) -> str:
    """A page by its template, in the language of a speech."""
    return environment().get_template(template).render(say=speech, **shown)


def part(name: str) -> str:
    """The text of a file that comes along, by its path in this package."""
    return files("itss_logic.pages").joinpath(name).read_text("utf-8")


@cache
def alone() -> dict[str, Markup]:
    """What pages have in them that stand alone: style, script, and the policy that lets a browser run nothing else."""
    style, script = part(STYLE), "\n".join(map(part, SCRIPTS))
    rules = {
        "default-src": "'none'",
        "style-src": f"'sha256-{_digest(style)}'",
        "script-src": f"'sha256-{_digest(script)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    policy = "; ".join(" ".join(rule) for rule in rules.items())
    return {"style": Markup(style), "script": Markup(script), "content_policy": Markup(policy)}


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def tree(node: Node, depth: int = 0) -> Markup:
    """A tree of reasons as a list that folds; open to a depth."""
    return branches([node], depth)


def branches(nodes: list[Node], depth: int = 0) -> Markup:
    """Trees one below the other; see `tree`."""
    return Markup(f'<ul class="tree">{"".join(part for node in nodes for part in _branch(node, depth))}</ul>')


def _branch(node: Node, depth: int) -> Iterator[str]:
    text = escape(node.text)
    if node.verdict:
        text = Markup(f'<span class="mark {node.verdict}">{MARKS[node.verdict]}</span> ') + text
    if not node.children:
        yield f"<li>{text}</li>"
        return
    yield f"<li><details{' open' if depth > 0 else ''}><summary>{text}</summary><ul>"
    for child in node.children:
        yield from _branch(child, depth - 1)
    yield "</ul></details></li>"
