"""The command line, `itss`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import TextIOWrapper
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

import click

from itss_logic.errors import ItssError, printable

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Result
    from itss_logic.errors import Refusal
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy

DONE, SOME_REFUSED, UNUSABLE, NOT_HELD, INTERNAL = 0, 1, 2, 3, 70
INTERRUPTED = 130

Command = TypeVar("Command", bound=Callable[..., Any])


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several decorators as one, in reading order."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _pairs(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        name, equals, option = value.partition("=")
        if not equals:
            raise click.BadParameter(f"{value!r} is not NAME=OPTION")
        if pairs.setdefault(name, option) != option:
            raise click.BadParameter(f"{name} is given twice")
    return pairs


def _levels(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> list[tuple[str, int]]:
    levels = []
    for value in values:
        field, colon, level = value.partition(":")
        if not colon or not level.isascii() or not level.isdigit() or len(level) > 9:
            raise click.BadParameter(f"{value!r} is not FIELD:LEVEL")
        levels.append((field, int(level)))
    return levels


in_category = options(
    click.option("--category", metavar="NAME", help="Job category; needed only where the knowledge base has several."),
    click.option(
        "--kb",
        type=click.Path(exists=True, file_okay=False),
        help="Folder of rules to use instead of those that come along.",
    ),
)

with_evidence = options(
    click.argument("evidence", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True)),
    click.option(
        "--input-format",
        type=click.Choice(["json", "jsonl", "yaml", "lp"]),
        help="Form of standard input (default jsonl), and of files whose suffix tells none.",
    ),
    in_category,
)

with_readings = click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="NAME=OPTION",
    callback=_pairs,
    help="Option of a reading to be in force; repeatable. See: itss policy show.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="itss_logic", prog_name="itss")
def cli() -> None:
    """Decide which skill levels people attain, from evidence, by rules.

    EVIDENCE is one or more files or folders (.json, .jsonl, .yaml, .lp), or - for standard input.
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
    callback=_levels,
    help="Exit with 3 unless every candidate has the level attained or deemed; repeatable.",
)
@click.option("--field", metavar="FIELD", help="Show this field only.")
@click.option("--level", type=int, metavar="LEVEL", help="Show levels of this number only.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "jsonl", "csv"]), default="table", show_default=True
)
def evaluate(
    evidence: Sequence[str],
    input_format: str | None,
    category: str | None,
    kb: str | None,
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
    policy = _policy(category, kb)
    shown = Shown(policy.levels_of(field, level), level)
    for pair in required:
        policy.levels_of(*pair)
    intake = Intake(policy, evidence, input_format)
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
        _exit(UNUSABLE)
    _exit(intake.exit_code if held else NOT_HELD)


@cli.command()
@with_evidence
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def check(evidence: Sequence[str], input_format: str | None, category: str | None, kb: str | None, form: str) -> None:
    """Whether evidence can be evaluated: refusals, and nothing else."""
    refusals: list[Refusal] = []
    intake = Intake(_policy(category, kb), evidence, input_format, refusals.extend)
    for _ in intake:
        pass
    if form == "json":
        click.echo(_json({"candidates": intake.accepted, "refusals": [refusal.as_json() for refusal in refusals]}))
    else:
        errors = f" ({_count(len(refusals), 'error')})" if refusals else ""
        click.echo(f"{_count(intake.accepted, 'candidate')} can be evaluated, {intake.refused} refused{errors}")
    _exit(intake.exit_code)


@cli.command()
@with_evidence
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder to write into.")
def export(
    evidence: Sequence[str], input_format: str | None, category: str | None, kb: str | None, output: str
) -> None:
    """Write evidence as ground facts, one .lp file a candidate."""
    from itss_logic.export import FileNames

    intake = Intake(_policy(category, kb), evidence, input_format)
    os.makedirs(output, exist_ok=True)
    names = FileNames()
    for entry in intake:
        with open(os.path.join(output, names.of(entry.candidate)), "wb") as file:
            file.write(entry.as_lp().encode())
    click.echo(f"{_count(intake.accepted, 'candidate')} written to {output}", err=True)
    _exit(intake.exit_code)


@cli.group()
def policy() -> None:
    """What the policy says."""


@policy.command()
@click.argument("clause", required=False)
@in_category
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def show(clause: str | None, category: str | None, kb: str | None, form: str) -> None:
    """The clauses with their parameters, readings, rules and source sections; or one CLAUSE."""
    from itss_logic import tables

    policy = _policy(category, kb)
    if clause is not None:
        one = policy.clause(clause)
        if form == "json":
            _print_json(one.as_json())
        else:
            _print_lines(tables.clause_page(one, _columns()))
    elif form == "json":
        _print_json(
            {
                "category": policy.vocabulary.category,
                "policy": policy.digest,
                "clauses": [c.as_json() for c in policy.clauses],
                "readings": [r.as_json() for r in policy.readings],
            }
        )
    else:
        sections = {
            "Clauses": tables.clause_table(policy.clauses, _columns()),
            "Readings, the default option first": tables.reading_page(policy.readings, _columns()),
            "Deliberately not formalised": tables.not_formalised_page(policy.clauses, _columns()),
        }
        for title, lines in sections.items():
            click.secho(title, bold=True)
            _print_lines(lines)
            click.echo()
        click.echo(f"policy {policy.digest}")


@policy.command()
@in_category
def schema(category: str | None, kb: str | None) -> None:
    """The JSON Schema of one candidate's evidence."""
    from itss_logic.shape import json_schema

    _print_json(json_schema(_policy(category, kb).vocabulary))


class Shown(NamedTuple):
    """The levels that are asked about; `only` is their number, where one was named."""

    levels: Sequence[tuple[str, int]]
    only: int | None


class Intake:
    """The sound evidence of an `itss` call; what is refused goes to standard error as it comes."""

    def __init__(
        self,
        policy: Policy,
        paths: Sequence[str],
        input_format: str | None,
        keep: Callable[[Iterable[Refusal]], object] = lambda refusals: None,
    ) -> None:
        # Refusals are kept only by those who ask: there may be no end to them.
        self.entries = policy.read(*paths, input_format=input_format, warn=_warn)
        self.keep = keep
        self.accepted = self.refused = 0

    def __iter__(self) -> Iterator[Evidence]:
        from itss_logic.evidence import Refused

        for entry in self.entries:
            if isinstance(entry, Refused):
                self.refused += 1
                self.keep(entry.refusals)
                click.echo("\n".join(map(str, entry.refusals)), err=True)
            else:
                self.accepted += 1
                yield entry
        if not self.accepted and not self.refused:
            _warn("no candidates were found")

    @property
    def exit_code(self) -> int:
        """The exit code as far as refusals go."""
        if not self.refused:
            return DONE
        return SOME_REFUSED if self.accepted else UNUSABLE


def _write_table(policy: Policy, answers: Iterable[Answer], shown: Shown) -> None:
    from itss_logic import tables

    found = list(answers)
    if not found:
        return
    titles, columns = policy.vocabulary.titles, _columns()
    if len(found) == 1:
        for line, colour in tables.checklist(found[0], _only(found[0], shown), titles, columns):
            click.secho(line, fg=colour)
    else:
        _print_lines(tables.overview(found, shown.levels, shown.only, titles, columns))
    click.echo()
    _print_lines(tables.footer(found[0], policy.in_force(), columns))


def _write_json(policy: Policy, answers: Iterable[Answer], shown: Shown) -> None:
    separator = "[\n"
    for answer in answers:
        click.echo(separator + _json(_shown(answer, shown)), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]")


def _write_jsonl(policy: Policy, answers: Iterable[Answer], shown: Shown) -> None:
    for answer in answers:
        click.echo(_json(_shown(answer, shown)))


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


def _policy(category: str | None, kb: str | None) -> Policy:
    from itss_logic.policy import Policy

    return Policy.load(category, kb)


def _json(value: object, indent: int | None = None) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, indent=indent)


def _print_json(value: object) -> None:
    click.echo(_json(value, indent=2))


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _columns() -> int | None:
    """The width of the terminal; None where the output goes elsewhere."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _warn(message: str) -> None:
    click.echo(f"warning: {printable(message)}", err=True)


def _exit(code: int) -> None:
    if code:
        raise click.exceptions.Exit(code)


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
        error.show()
        sys.exit(UNUSABLE)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", INTERRUPTED)
    except ItssError as error:
        _fail("\n".join(map(printable, str(error).split("\n"))), UNUSABLE)
    except OSError as error:
        _fail(printable(f"{error.filename or 'file'}: {error.strerror or error}"), UNUSABLE)
    except Exception as error:
        if os.environ.get("ITSS_DEBUG"):
            raise
        _fail(f"internal error: {type(error).__name__}: {error}; set ITSS_DEBUG=1 for the traceback", INTERNAL)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(code)
