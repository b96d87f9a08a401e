"""What the commands share: options, evidence in, lines and JSON out, exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from itss_logic.errors import printable, without_secrets

if TYPE_CHECKING:
    from itss_logic.errors import Refusal
    from itss_logic.evidence import Entry, Evidence, Refused
    from itss_logic.policy import Policy

DONE, SOME_REFUSED, UNUSABLE, NOT_HELD, INTERNAL = 0, 1, 2, 3, 70
INTERRUPTED = 130

KEPT = 10_000
"""How many refused candidates are remembered by name at most."""

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


def levels_given(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> list[tuple[str, int]]:
    """The levels of an option that says `FIELD:LEVEL`."""
    levels = []
    for value in values:
        field, colon, level = value.partition(":")
        if not colon or not level.isascii() or not level.isdigit() or len(level) > 9:
            raise click.BadParameter(f"{value!r} is not FIELD:LEVEL")
        levels.append((field, int(level)))
    return levels


def with_policy(command: Command) -> Command:
    """The options that name a policy; the command gets it as `policy`."""

    @wraps(command)
    def run(category: str | None, kb: str | None, policy_changes: Sequence[str], **others: Any) -> Any:
        return command(policy=load_policy(category, kb, policy_changes), **others)

    return options(
        click.option("--category", metavar="NAME", help="Job category; needed only where there are several."),
        click.option(
            "--kb",
            type=click.Path(exists=True, file_okay=False),
            help="Folder of rules to use instead of those that come along.",
        ),
        click.option(
            "--policy-change",
            "policy_changes",
            multiple=True,
            type=click.Path(exists=True, dir_okay=False),
            help="YAML file of new parameters for clauses; repeatable. See: itss policy show.",
        ),
    )(cast(Command, run))


class EvidencePath(click.Path):
    """A file, a folder, `-`, or the URL of a database."""

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """The path or URL as it was given."""
        from itss_logic.reading import is_database

        return value if is_database(value) else super().convert(value, parameter, context)


evidence_named = options(
    click.argument("evidence", nargs=-1, required=True, type=EvidencePath(exists=True, allow_dash=True)),
    click.option(
        "--input-format",
        type=click.Choice(["json", "jsonl", "yaml", "lp", "xlsx"]),
        help="Form of standard input (default jsonl), and of files whose suffix tells none.",
    ),
)
"""The evidence and its form, as `evidence` and `input_format`."""


def with_evidence(command: Command) -> Command:
    """The evidence and the options that say what it is, and which policy it is for: `intake` and `policy`."""

    @wraps(command)
    def run(policy: Policy, evidence: Sequence[str], input_format: str | None, **others: Any) -> Any:
        return command(
            policy=policy,
            intake=Intake(policy.read(*evidence, input_format=input_format, warn=warn), evidence),
            **others,
        )

    return options(evidence_named, with_policy)(cast(Command, run))


with_readings = click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="NAME=OPTION",
    callback=_pairs,
    help="Option of a reading to be in force; repeatable. See: itss policy show.",
)


base_readings = click.option(
    "--base-reading",
    "base",
    multiple=True,
    metavar="NAME=OPTION",
    callback=_pairs,
    help="Option of a reading in force before the change; repeatable.",
)


def timeout_option(seconds: float, help: str) -> Callable[[Command], Command]:
    """The option `--timeout`: the seconds that a search may take by default, and what it says of itself."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=seconds,
        show_default=True,
        metavar="SECONDS",
        help=help,
    )


class Intake:
    """The sound evidence of an `itss` call, from `paths`; what is refused goes to standard error as it comes.

    Refusals are kept only by those who set `keep`: there may be no end to them.
    """

    def __init__(self, entries: Iterable[Entry], paths: Sequence[str] = ()) -> None:
        self.entries, self.paths = entries, paths
        self.keep: Callable[[Iterable[Refusal]], object] = lambda refusals: None
        self.accepted = self.refused = 0
        self.refused_candidates: set[str | None] = set()

    def __iter__(self) -> Iterator[Evidence]:
        from itss_logic.evidence import Refused

        for entry in self.entries:
            if isinstance(entry, Refused):
                self.refuse(entry)
            else:
                self.accepted += 1
                yield entry
        if not self.accepted and not self.refused:
            warn("no candidates were found")

    def refuse(self, entry: Refused) -> None:
        """Tell of what is refused."""
        self.refused += 1
        if self.refused <= KEPT:
            self.refused_candidates.add(entry.candidate)
        self.keep(entry.refusals)
        click.echo("\n".join(map(str, entry.refusals)), err=True)

    @property
    def exit_code(self) -> int:
        """The exit code as far as refusals go."""
        if not self.refused:
            return DONE
        return SOME_REFUSED if self.accepted else UNUSABLE


def installed(module: str, extra: str, what: str) -> None:
    """See whether a module of an extra is there.

    Raises:
        QuestionError: where it is not; it says how to install it.
    """
    from importlib.util import find_spec

    from itss_logic.errors import QuestionError

    if find_spec(module) is None:
        raise QuestionError(f"{what}; install it with: pip install 'itss_logic[{extra}]'")


def load_policy(category: str | None, kb: str | None, changes: Sequence[str]) -> Policy:
    """The policy that the options of `with_policy` name."""
    from itss_logic.policy import Policy

    policy = Policy.load(category, kb)
    if not changes:
        return policy
    from itss_logic.changes import read_changes

    return policy.changed(read_changes(changes, policy))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how many of something are done; gives what is to be told that."""
    shown = sys.stderr.isatty()

    def told(number: int) -> None:
        if shown:
            click.echo(f"\r{number:,} {what} ", nl=False, err=True)

    try:
        yield told
    finally:
        if shown:
            click.echo("\r\033[K", nl=False, err=True)


def above_progress() -> None:
    """Make room for a line where progress is shown."""
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)


def as_json_text(value: object, indent: int | None = None) -> str:
    """A value as JSON."""
    import json

    return json.dumps(value, ensure_ascii=False, indent=indent)


def print_json(value: object) -> None:
    """Print a value as JSON that people can read."""
    click.echo(as_json_text(value, indent=2))


def print_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line)


def columns() -> int | None:
    """The width of the terminal; None where the output goes elsewhere."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def count(number: int, noun: str) -> str:
    """A number, its thousands apart, with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def warn(message: str) -> None:
    """Print a warning."""
    click.echo(f"warning: {without_secrets(printable(message))}", err=True)


def leave(code: int) -> None:
    """End the command with an exit code, if it is not the usual one."""
    if code:
        raise click.exceptions.Exit(code)
