"""The commands that carry evidence from one form into another: `itss export` and `itss merge`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from itss_logic.console import (
    EvidencePath,
    Intake,
    as_json_text,
    count,
    leave,
    options,
    warn,
    with_evidence,
    with_policy,
)

if TYPE_CHECKING:
    from itss_logic.merge import Contradiction
    from itss_logic.policy import Policy

FORMS = ("lp", "json", "xlsx", "csv", "sql")


def into(form: str | None) -> Callable[[Any], Any]:
    """The options that say where evidence is written, and in which form: `form`, `output` and `lang`."""
    return options(
        click.option(
            "--as",
            "form",
            type=click.Choice(FORMS),
            default=form,
            show_default=True,
            help="lp: a folder of facts; json: a file; xlsx: a workbook; csv: a folder of tables; sql: a database.",
        ),
        click.option(
            "-o",
            "--output",
            required=True,
            metavar="PLACE",
            help="Folder, file or URL to write to; for json also - for standard output. A .jsonl file gets a candidate "
            "a line.",
        ),
        click.option("--lang", metavar="LANGUAGE", help="Language of a workbook's values and headings (default en)."),
    )


@click.command()
@with_evidence
@into("lp")
def export(policy: Policy, intake: Intake, form: str, output: str, lang: str | None) -> None:
    """Write evidence in another form: facts, JSON, a workbook, CSV tables or a database."""
    _write(policy, intake, form, output, lang)


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=EvidencePath(exists=True))
@into("json")
@click.option("--contradictions", metavar="FILE", help="Write what sources contradict each other in as JSON.")
@with_policy
def merge(
    policy: Policy, sources: Sequence[str], form: str, output: str, lang: str | None, contradictions: str | None
) -> None:
    """Put what several sources have on the same people together.

    Each SOURCE is evidence as elsewhere: a file, a folder or the URL of a database. The same fact is written once,
    what one source has verified is verified, and references to sources are kept. Where sources contradict each other,
    nothing is guessed: the person is refused, with both sides.
    """
    from itss_logic import merge as merging
    from itss_logic.reading import find_files, read_file

    found = {source: list(find_files(source, None, warn)) for source in dict.fromkeys(sources)}
    told: list[Contradiction] = []

    def entries() -> Any:
        bodies = {
            source: (one for file, form in files for one in read_file(file, form, policy.vocabulary, warn))
            for source, files in found.items()
        }
        for some in merging.gathered(bodies):
            merged = merging.merge(some, policy.vocabulary)
            told.extend(merged.contradictions)
            yield merged.entry

    intake = Intake(entries())
    try:
        _write(policy, intake, form, output, lang)
    finally:
        if contradictions is not None:
            with open(contradictions, "w", encoding="utf-8") as file:
                file.write(as_json_text([one.as_json() for one in told], indent=1) + "\n")


def _write(policy: Policy, intake: Intake, form: str, output: str, lang: str | None) -> None:
    """Write all that is sound, and leave with the exit code."""
    from itss_logic.evidence import Refused
    from itss_logic.intake.bundles import NoPlaceError
    from itss_logic.intake.writing import without_place, written

    without = 0
    with written(output, form, policy.vocabulary, lang) as write:
        for entry in intake:
            try:
                write(entry)
            except NoPlaceError as error:
                without += 1
                intake.refuse(Refused(entry.candidate, (without_place(entry, error, output),)))
    intake.accepted -= without
    click.echo(f"{count(intake.accepted, 'candidate')} written to {output}", err=True)
    leave(intake.exit_code)
