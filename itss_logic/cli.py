"""The command line, `itss`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO, TextIOWrapper
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from itss_logic.cli_batch import batch
from itss_logic.cli_explain import certify, plan, why
from itss_logic.cli_explore import explore
from itss_logic.cli_forms import export, merge
from itss_logic.cli_intake import intake as intake_group
from itss_logic.cli_pages import serve
from itss_logic.cli_policy import policy
from itss_logic.cli_report import report
from itss_logic.cli_results import compare, summary
from itss_logic.cli_whatif import impact, whatif
from itss_logic.console import (
    INTERNAL,
    INTERRUPTED,
    NOT_HELD,
    UNUSABLE,
    Intake,
    as_json_text,
    columns,
    count,
    leave,
    levels_given,
    print_lines,
    with_evidence,
    with_readings,
)
from itss_logic.errors import ItssError, SelfCheckError, printable, without_secrets

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Result
    from itss_logic.errors import Refusal
    from itss_logic.policy import Policy


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="itss_logic", prog_name="itss")
def cli() -> None:
    """Decide which skill levels people attain, from evidence, by rules.

    EVIDENCE is one or more files or folders (.json, .jsonl, .yaml, .lp, .xlsx; CSV tables), URLs of databases
    (sqlite, postgresql), or - for standard input.
    """


@cli.command()
@with_evidence
@with_readings
@click.option("--across-readings", is_flag=True, help="Also tell how each verdict depends on the readings.")
@click.option(
    "--require",
    "required",
    multiple=True,
    metavar="FIELD:LEVEL",
    callback=levels_given,
    help="Exit with 3 unless every candidate has the level attained or deemed; repeatable.",
)
@click.option("--field", metavar="FIELD", help="Show this field only.")
@click.option("--level", type=int, metavar="LEVEL", help="Show levels of this number only.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "jsonl", "csv"]), default="table", show_default=True
)
def evaluate(
    policy: Policy,
    intake: Intake,
    readings: dict[str, str],
    across_readings: bool,
    required: list[tuple[str, int]],
    field: str | None,
    level: int | None,
    form: str,
) -> None:
    """Which levels candidates attain.

    The table shows the highest level of each candidate in each field; for a single candidate, a checklist of the
    criteria of every level.
    """
    shown = Shown(policy.levels_of(field, level), level)
    for pair in required:
        policy.levels_of(*pair)
    held = True

    def answers() -> Iterator[Answer]:
        nonlocal held
        entries = iter(intake)
        first = list(islice(entries, 2)) if form == "table" else []
        everyone = chain(first, entries)
        for answer in policy.evaluate(everyone, readings, across=across_readings, criteria=len(first) == 1):
            held = held and all(answer.result(*pair).is_reached for pair in required)
            yield answer

    writer = {"table": _write_table, "json": _write_json, "jsonl": _write_jsonl, "csv": _write_csv}[form]
    writer(policy, answers(), shown)
    if required and not intake.accepted:
        leave(UNUSABLE)
    leave(intake.exit_code if held else NOT_HELD)


@cli.command()
@with_evidence
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def check(policy: Policy, intake: Intake, form: str) -> None:
    """Whether evidence can be evaluated: refusals, and nothing else."""
    refusals: list[Refusal] = []
    intake.keep = refusals.extend
    for _ in intake:
        pass
    if form == "json":
        told = [refusal.as_json() for refusal in refusals]
        click.echo(as_json_text({"candidates": intake.accepted, "refusals": told}))
    else:
        errors = f" ({count(len(refusals), 'error')})" if refusals else ""
        click.echo(f"{count(intake.accepted, 'candidate')} can be evaluated, {intake.refused} refused{errors}")
    leave(intake.exit_code)


cli.add_command(export)
cli.add_command(merge)
cli.add_command(why)
cli.add_command(certify)
cli.add_command(plan)
cli.add_command(whatif)
cli.add_command(impact)
cli.add_command(explore)
cli.add_command(serve)
cli.add_command(batch)
cli.add_command(summary)
cli.add_command(compare)
cli.add_command(report)
cli.add_command(intake_group)
cli.add_command(policy)


class Shown(NamedTuple):
    """The levels that are asked about; `only` is their number, where one was named."""

    levels: Sequence[tuple[str, int]]
    only: int | None


def _write_table(policy: Policy, answers: Iterable[Answer], shown: Shown) -> None:
    from itss_logic import tables

    found = list(answers)
    if not found:
        return
    labels, width = policy.words().labels, columns()
    if len(found) == 1:
        for line, colour in tables.checklist(found[0], _only(found[0], shown), labels, width):
            click.secho(line, fg=colour)
    else:
        print_lines(tables.overview(found, shown.levels, shown.only, labels, width))
    click.echo()
    print_lines(tables.footer(found[0], policy.in_force(), (change.id for change in policy.changes), width))


def _write_json(policy: Policy, answers: Iterable[Answer], shown: Shown) -> None:
    separator = "[\n"
    for answer in answers:
        click.echo(separator + as_json_text(_shown(answer, shown)), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]")


def _write_jsonl(policy: Policy, answers: Iterable[Answer], shown: Shown) -> None:
    for answer in answers:
        click.echo(as_json_text(_shown(answer, shown)))


def _write_csv(policy: Policy, answers: Iterable[Answer], shown: Shown) -> None:
    import csv

    from itss_logic import tables

    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow([*tables.CSV_COLUMNS, *tables.CSV_ORIGIN])
    for answer in answers:
        writer.writerows(tables.csv_rows(answer, _only(answer, shown)))


def _only(answer: Answer, shown: Shown) -> list[Result]:
    return [result for result in answer.results if (result.field, result.level) in shown.levels]


def _shown(answer: Answer, shown: Shown) -> dict[str, Any]:
    return {**answer.as_json(), "results": [result.as_json() for result in _only(answer, shown)]}


def main() -> NoReturn:
    """Run the command line: errors of ours and of the system in one line, with their exit codes."""
    # Evidence has no cycles to collect, and looking for them among many candidates is most of the time of reading.
    gc.set_threshold(200_000)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        sys.exit(cli.main(prog_name="itss", standalone_mode=False))
    except click.ClickException as error:
        told = StringIO()
        error.show(told)
        click.echo(without_secrets(told.getvalue()), nl=False, err=True)
        sys.exit(UNUSABLE)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", INTERRUPTED)
    except SelfCheckError as error:
        _fail(printable(f"the policy's own rules do not confirm the answer, which is not shown: {error}"), INTERNAL)
    except ItssError as error:
        _fail("\n".join(map(printable, str(error).split("\n"))), UNUSABLE)
    except OSError as error:
        _fail(printable(f"{error.filename or 'file'}: {error.strerror or error}"), UNUSABLE)
    except Exception as error:
        if os.environ.get("ITSS_DEBUG"):
            raise
        _fail(f"internal error: {type(error).__name__}: {error}; set ITSS_DEBUG=1 for the traceback", INTERNAL)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"error: {without_secrets(message)}", err=True)
    sys.exit(code)
