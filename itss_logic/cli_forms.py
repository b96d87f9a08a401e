"""The commands that carry evidence from one form into another: `itss export` and `itss merge`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
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
from itss_logic.errors import printable, without_secrets

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
            help="Folder, file or URL to write to; for json also - for standard output. A .json file gets a list, any "
            "other a candidate a line.",
        ),
        click.option(
            "--lang",
            metavar="LANGUAGE",
            help="With --as xlsx, explained headings and values in this language; names alone without it.",
        ),
        click.option("--force", is_flag=True, help="Write over a workbook, or over CSV tables, that are there."),
    )


@click.command()
@with_evidence
@into("lp")
def export(policy: Policy, intake: Intake, form: str, output: str, lang: str | None, force: bool) -> None:
    """Write evidence in another form: facts, JSON, a workbook, CSV tables or a database."""
    carry(policy, intake, form, output, lang, force=force)
    leave(intake.exit_code)


@click.command()
@click.argument(
    "sources", nargs=-1, required=True, metavar="SOURCE...", type=EvidencePath(exists=True, allow_dash=True)
)
@into("json")
@click.option("--contradictions", metavar="FILE", help="Write what sources contradict each other in as JSON.")
@with_policy
def merge(
    policy: Policy,
    sources: Sequence[str],
    form: str,
    output: str,
    lang: str | None,
    force: bool,
    contradictions: str | None,
) -> None:
    """Put what several sources have on the same people together.

    Each SOURCE is evidence as elsewhere: a file, a folder or the URL of a database. The same fact is written once,
    what one source has verified is verified, and references to sources are kept. Where sources contradict each other,
    nothing is guessed: the person is refused, with both sides. A source that cannot be read is told, and counts as if
    it were not there.
    """
    from itss_logic import merge as merging
    from itss_logic.intake.files import apart, outside, put
    from itss_logic.reading import find_files, read_file

    found = {_shown(source): list(find_files(source, None, warn)) for source in dict.fromkeys(sources)}
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

    apart(sources, [output, contradictions])
    if contradictions is not None:
        outside([*sources, output], contradictions, is_folder=False)
    intake = Intake(entries(), sources)
    carry(policy, intake, form, output, lang, force=force)
    if contradictions is not None:
        put(contradictions, as_json_text([one.as_json() for one in told], indent=1) + "\n")
    leave(intake.exit_code)


class NothingError(Exception):
    """There is nobody to write: what is there already stays."""


def carry(
    policy: Policy,
    intake: Intake,
    form: str = "json",
    output: str | None = None,
    lang: str | None = None,
    *,
    force: bool = False,
) -> None:
    """Write all that is sound in a form, by default as JSON lines to standard output, and tell how much it was."""
    from itss_logic.evidence import Refused
    from itss_logic.intake.bundles import NoPlaceError
    from itss_logic.intake.files import apart, free, naming, outside
    from itss_logic.intake.writing import STANDARD_OUTPUT, without_place, written

    output = STANDARD_OUTPUT if output in (None, "/dev/stdout") else output
    apart(intake.paths, [output])
    if output != STANDARD_OUTPUT and form != "sql":
        outside(intake.paths, output, is_folder=form in ("csv", "lp"))
    if form in ("csv", "xlsx"):
        free(output, force=force)
    if lang is not None:
        policy.words(lang)
    without = 0
    place = _shown(output)
    shown = without_secrets(printable(place))
    with naming(output), suppress(NothingError), written(output, form, policy.vocabulary, lang, warn) as write:
        for entry in intake:
            try:
                write(entry)
            except NoPlaceError as error:
                without += 1
                intake.refuse(Refused(entry.candidate, (without_place(entry, error, place),)))
        if intake.accepted == without:
            raise NothingError
    intake.accepted -= without
    if not intake.accepted:
        click.echo("nothing is written" + ("" if output == STANDARD_OUTPUT else f" to {shown}"), err=True)
    elif output != STANDARD_OUTPUT:
        click.echo(f"{count(intake.accepted, 'candidate')} written to {shown}", err=True)


def _shown(place: str) -> str:
    """A place as messages name it: without a password."""
    from itss_logic.reading import is_database

    if not is_database(place):
        return place
    from itss_logic.intake.database_url import Address

    return Address.of(place).shown
