"""What pages and forms say beside the words of the policy, in each language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

PAGES = "itss_logic.pages"

DEFAULT = "en"
"""The language of pages where the policy speaks one in which pages do not."""


class Speech:
    """The words of pages in a language; `language` is its code, as pages state it.

    Args:
        language: the language that the policy speaks.
        package: whose words; by default those of pages.
    """

    def __init__(self, language: str, package: str = PAGES) -> None:
        known = spoken(package)
        self.language = language if language in known else DEFAULT
        self.texts = known[self.language]

    def __call__(self, name: str, /, **values: object) -> str:
        """A text, filled in.

        Raises:
            KeyError: where there is none of this name.
        """
        return self.texts[name].format(**values) if values else self.texts[name]


@cache
def spoken(package: str = PAGES) -> dict[str, dict[str, str]]:
    """The words of a package by language."""
    folder = files(package) / "words"
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return {file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8")) for file in found}
