"""The command that writes dossiers: `itss report`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from itss_logic.cli_explain import with_language, with_timeout
from itss_logic.console import (
    UNUSABLE,
    Intake,
    count,
    installed,
    leave,
    progress,
    with_evidence,
    with_readings,
)

if TYPE_CHECKING:
    from itss_logic.errors import Refusal
    from itss_logic.policy import Policy


@click.command()
@with_evidence
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder to write into.")
@with_readings
@with_language
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="How deep the trees of reasons are open at first.",
)
@click.option("--open", "is_opened", is_flag=True, help="Show the index in a browser.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many processes; by default one for each core.")
@with_timeout
def report(
    policy: Policy,
    intake: Intake,
    output: str,
    readings: dict[str, str],
    lang: str | None,
    depth: int,
    is_opened: bool,
    jobs: int | None,
    timeout: float,
) -> None:
    """Dossiers to read and to print: a page a candidate, and an index over all.

    A dossier shows every verdict at a glance, a checklist for every level with the evidence that counts, the reasons,
    what is missing and the cheapest plan, what to check to be sure, and on which readings a verdict hinges. The pages
    fetch nothing and need no scripts.
    """
    installed("jinja2", "report", "dossiers are made by Jinja2")
    from itss_logic.assurance.pool import default_jobs
    from itss_logic.pages.report import Recipe, write_report

    policy.words(lang)
    recipe = Recipe(policy, policy.in_force(readings), lang, depth, timeout)
    refusals: list[Refusal] = []
    intake.keep = refusals.extend
    people = list(intake)
    if not people:
        leave(UNUSABLE)
    with progress(f"of {count(len(people), 'dossier')}") as told:
        index = write_report(recipe, people, output, refusals, min(jobs or default_jobs(), len(people)), told)
    click.echo(f"{count(len(people), 'dossier')} written to {output}", err=True)
    click.echo(index)
    if is_opened:
        click.launch(f"file://{os.path.abspath(index)}")
    leave(intake.exit_code)
