"""`itss report`: a folder of pages that stand alone, a dossier a candidate and an index over all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from itss_logic.answers import Answer
from itss_logic.assurance.pool import spread
from itss_logic.evidence import Evidence
from itss_logic.export import FileNames
from itss_logic.pages.dossier import dossier
from itss_logic.pages.findings import Findings, findings
from itss_logic.pages.overall import index
from itss_logic.pages.rendering import alone, render
from itss_logic.pages.speech import Speech

if TYPE_CHECKING:
    from itss_logic.errors import Refusal
    from itss_logic.policy import Policy

INDEX = "index"
"""The name of the page over all."""


class Recipe(NamedTuple):
    """How dossiers are made: by which policy, under which readings (all of them), in which language of the policy,
    with reasons open to which depth, and how many seconds each search may take."""

    policy: Policy
    readings: Mapping[str, str]
    language: str | None
    depth: int
    seconds: float


class Maker:
    """Makes dossiers."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.words = recipe.policy.words(recipe.language)
        self.speech = Speech(self.words.language)
        self.rest = {"depth": recipe.depth, **alone()}

    def __call__(self, evidence: Evidence) -> tuple[str, Answer]:
        """The page of a candidate, and the answers that it shows.

        Raises:
            SelfCheckError: where the policy's own rules do not confirm an answer.
        """
        found = findings(self.recipe.policy, evidence, self.recipe.readings, self.recipe.seconds)
        return self.page(found), found.answer

    def page(self, found: Findings) -> str:
        """The page of a candidate on whom all is found."""
        shown = dossier(self.recipe.policy, self.words, self.speech, found)
        return render(
            "dossier.html", self.speech, base="base.html", desk=None, shown=shown, words=self.words, **self.rest
        )


def write_report(
    recipe: Recipe,
    people: Iterable[Evidence],
    folder: str,
    refusals: list[Refusal],
    jobs: int,
    told: Callable[[int], object],
) -> str:
    """Write a dossier for each candidate, and the index over all.

    Args:
        recipe: how they are made.
        people: the evidence, a candidate each.
        folder: where they are written; it is made where it is not there.
        refusals: of evidence that has no dossier; they are complete once all people are taken.
        jobs: how many processes to take.
        told: is told how many dossiers are written.

    Returns:
        The path of the index.

    Raises:
        OSError: where a page cannot be written.
        SelfCheckError: where the policy's own rules do not confirm an answer; the index is not written then.
    """
    os.makedirs(folder, exist_ok=True)
    names = FileNames(".html", [INDEX])
    answers: list[tuple[str, Answer]] = []
    for page, answer in spread(Maker, (recipe,), list(people), jobs, 1):
        name = names.of(answer.candidate)
        _write(os.path.join(folder, name), page)
        answers.append((name, answer))
        told(len(answers))
    words = recipe.policy.words(recipe.language)
    shown = index(recipe.policy, words, answers, dict(recipe.readings), refusals)
    path = os.path.join(folder, f"{INDEX}.html")
    _write(path, render("index.html", Speech(words.language), shown=shown, words=words, **alone()))
    return path


def _write(path: str, page: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(page)
