"""The commands for evidence in spreadsheets: `itss intake template` and `itss intake xlsx`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from itss_logic.cli_explain import with_language
from itss_logic.cli_forms import carry
from itss_logic.console import Intake, count, installed, leave, warn, with_policy

if TYPE_CHECKING:
    from itss_logic.errors import Refusal
    from itss_logic.policy import Policy

NEEDED = ("openpyxl", "xlsx", "workbooks are read and written with openpyxl")


@click.command()
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="Workbook to write (.xlsx).")
@with_language
@click.option("--force", is_flag=True, help="Write over a workbook that is there.")
@with_policy
def template(policy: Policy, output: str, lang: str | None, force: bool) -> None:
    """Write a workbook that people fill in with evidence.

    It has a sheet for each kind of evidence, with explained headings, an example and drop-down lists, all of them from
    the policy. `itss intake xlsx` reads it.
    """
    installed(*NEEDED)
    from itss_logic.intake.files import free, naming
    from itss_logic.intake.layout import Layout
    from itss_logic.intake.template import write_template
    from itss_logic.intake.writing import fits

    fits(output, "xlsx")
    free(output, force=force)
    language = policy.words(lang).language
    layout = Layout(policy.vocabulary, wide=True)
    with naming(output):
        write_template(output, layout, language)
    click.echo(f"{output}: {count(len(layout.tables), 'sheet')} to fill in")


@click.command()
@click.argument("path", type=click.Path(exists=True))
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="File for the evidence; else standard output.")
@click.option(
    "--mark",
    type=click.Path(dir_okay=False),
    metavar="COPY",
    help="Write a copy of the workbook with what is refused coloured and commented.",
)
@click.option("--force", is_flag=True, help="Write over a COPY that is there.")
@with_policy
def xlsx(policy: Policy, path: str, output: str | None, mark: str | None, force: bool) -> None:
    """Turn a workbook, or a folder of CSV tables, into JSON lines.

    PATH is a workbook (.xlsx), or a folder with candidates.csv and other tables as the sheets of a workbook have them.
    What is refused is told by sheet and cell, on standard error.
    """
    from itss_logic.intake.files import apart, free
    from itss_logic.intake.writing import fits

    form = _form(path)
    apart([path], [output, mark])
    if mark is not None:
        if form != "xlsx":
            raise click.UsageError(f"--mark is for workbooks; {path} is a folder, whose lines the errors name")
        fits(mark, form)
        free(mark, force=force)
    if form == "xlsx":
        installed(*NEEDED)
    refusals: list[Refusal] = []
    intake = Intake(policy.read(path, input_format=form, warn=warn), [path])
    intake.keep = refusals.extend
    carry(policy, intake, output=output)
    if mark is not None and refusals:
        from itss_logic.intake.marking import mark as write_marked

        if write_marked(path, mark, refusals):
            warn(f"{mark}: formulas stand as the values that they had")
        click.echo(f"{mark}: {count(len(refusals), 'error')} marked", err=True)
    elif mark is not None:
        click.echo("nothing is refused, so there is nothing to mark", err=True)
    leave(intake.exit_code)


def _form(path: str) -> str:
    """The form of what a path names.

    Raises:
        UsageError: where it is neither a workbook nor a folder of tables.
    """
    from itss_logic.reading import CSV, holds_tables

    if os.path.isdir(path):
        if not holds_tables(os.listdir(path)):
            raise click.UsageError(f"{path} has no candidates.csv; a folder of CSV tables has one, beside the others")
        return CSV
    if os.path.splitext(path)[1].lower() == ".xlsx":
        return "xlsx"
    hint = "save it as .xlsx, or as a folder of CSV files, one for each sheet"
    raise click.UsageError(f"{path} is neither a workbook (.xlsx) nor a folder of CSV tables; {hint}")
