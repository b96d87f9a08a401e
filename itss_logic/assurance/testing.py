"""`itss policy test`: cases read, decided, told and counted; once, or whenever something changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from itss_logic.assurance.cases import FOLDER, Case, case_files, read_cases
from itss_logic.assurance.report import as_json, report, summary
from itss_logic.assurance.running import Runner
from itss_logic.console import DONE, INTERRUPTED, NOT_HELD, UNUSABLE, columns, print_json, print_lines
from itss_logic.errors import ItssError, QuestionError, SelfCheckError, printable

if TYPE_CHECKING:
    from itss_logic.policy import Policy


class Asked(NamedTuple):
    """What to test and how to tell it: see the options of `itss policy test`."""

    files: tuple[str, ...] = ()
    text: str = ""
    form: str = "table"
    junit: str | None = None
    coverage: bool = True
    require_coverage: bool = False


def test_once(policy: Policy, asked: Asked) -> int:
    """Test a policy by its cases, and tell what came of them; gives the exit code.

    Raises:
        QuestionError: where there are no cases, or a file is none of cases.
    """
    start = time.perf_counter()
    files, cases = _cases(policy, asked)
    runner = Runner(policy, cases)
    tried = runner.tried
    if asked.junit:
        from itss_logic.assurance.junit import write_junit

        write_junit(asked.junit, files, tried)
    if asked.form == "table":
        for line, colour in report(files, tried, columns()):
            click.secho(line, fg=colour)
    found = None
    if asked.coverage:
        from itss_logic.assurance.coverage import coverage, lines

        found = coverage(runner)
        if asked.form == "table":
            click.echo()
            print_lines(lines(found, columns()))
    if asked.form == "table":
        line, colour = summary(tried, time.perf_counter() - start)
        click.echo()
        click.secho(line, fg=colour)
    else:
        print_json(as_json(policy.digest, tried, found))
    lacks = asked.require_coverage and found is not None and not found.is_total
    return DONE if all(one.passed for one in tried) and not lacks else NOT_HELD


def _cases(policy: Policy, asked: Asked) -> tuple[Sequence[str], Sequence[Case]]:
    """The files and the cases that are asked for."""
    files = case_files(policy, asked.files)
    every = read_cases(files, policy)
    cases = [case for case in every if asked.text.casefold() in case.name.casefold()]
    if not every:
        where = ", ".join(asked.files) or os.path.join(policy.folder, FOLDER)
        raise QuestionError(f"there are no cases in {where}; write some, or name files that have some")
    if not cases:
        raise QuestionError(f"no case has {asked.text} in its name; leave out -k to test all {len(every)}")
    with_cases = {case.file for case in cases}
    return [path for path in files if path in with_cases or not asked.text], cases


def test_again(policy: Policy, asked: Asked, also: Sequence[str], reload: Callable[[], Policy]) -> int:
    """Test a policy now and whenever something changes, until it is interrupted; gives the last exit code.

    Args:
        policy: as it was read.
        asked: what to test.
        also: other files to watch: those of policy changes.
        reload: reads the policy again.
    """
    from itss_logic.assurance.watching import changes, rule_files

    paths = asked.files or (os.path.join(policy.folder, FOLDER),)
    folders = [path for path in paths if os.path.isdir(path)]
    rules = {os.path.dirname(path) for path in rule_files(policy)}
    files = [*also, *(path for path in paths if not os.path.isdir(path))]
    code = INTERRUPTED
    read: Callable[[], Policy] = lambda: policy  # noqa: E731
    try:
        for _ in changes([*folders, *rules], files):
            code, read = _guarded(read, asked), reload
            click.echo("waiting for changes; Ctrl-C ends", err=True)
    except KeyboardInterrupt:
        click.echo(err=True)
    return code


def _guarded(read: Callable[[], Policy], asked: Asked) -> int:
    """Test a policy; what cannot be used now may be mended by the next change."""
    try:
        return test_once(read(), asked)
    except (ItssError, SelfCheckError) as error:
        click.echo("\n".join(printable(line) for line in f"error: {error}".split("\n")), err=True)
    except OSError as error:
        click.echo(printable(f"error: {error.filename or 'file'}: {error.strerror or error}"), err=True)
    return UNUSABLE
