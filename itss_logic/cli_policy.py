"""The commands about the policy itself: `itss policy`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from itss_logic.console import (
    DONE,
    NOT_HELD,
    EvidencePath,
    Intake,
    above_progress,
    columns,
    leave,
    load_policy,
    print_json,
    print_lines,
    progress,
    timeout_option,
    warn,
    with_policy,
    with_readings,
)

if TYPE_CHECKING:
    from itss_logic.assurance.properties import Finding
    from itss_logic.policy import Policy

with_timeout = timeout_option(
    600.0, "How long the search for one example may take; what takes longer is told as not known."
)


@click.group()
def policy() -> None:
    """What the policy says."""


@policy.command()
@click.argument("clause", required=False)
@with_policy
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def show(policy: Policy, clause: str | None, form: str) -> None:
    """The clauses with their parameters, readings, rules and source sections; or one CLAUSE."""
    from itss_logic import tables

    if clause is not None:
        one = policy.clause(clause)
        if form == "json":
            print_json(one.as_json())
        else:
            print_lines(tables.clause_page(one, columns()))
    elif form == "json":
        print_json(policy.as_json())
    else:
        sections = {
            "Clauses": tables.clause_table(policy.clauses, columns()),
            "Readings, the default option first": tables.reading_page(policy.readings, columns()),
            "Deliberately not formalised": tables.not_formalised_page(policy.clauses, columns()),
        }
        for title, lines in sections.items():
            click.secho(title, bold=True)
            print_lines(lines)
            click.echo()
        click.echo(f"policy {policy.digest}")


@policy.command()
@with_policy
def schema(policy: Policy) -> None:
    """The JSON Schema of one candidate's evidence."""
    from itss_logic.shape import json_schema

    print_json(json_schema(policy.vocabulary, policy.words().label(policy.vocabulary.category)))


@policy.command()
@with_policy
@with_readings
@click.option("--across-readings", is_flag=True, help="Also under every combination of readings.")
@click.option(
    "--examples",
    type=click.Path(file_okay=False),
    help="Folder for the evidence that shows each property, as .lp files.",
)
@with_timeout
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def verify(
    policy: Policy, readings: dict[str, str], across_readings: bool, examples: str | None, timeout: float, form: str
) -> None:
    """Prove or refute properties of the policy over all evidence that one candidate can have.

    One that does not hold comes with a smallest counterexample and the clauses it is due to. What is known of the
    properties stands in the category's properties.lp; exit code 3 where one comes out otherwise.
    """
    from itss_logic.assurance.properties import Verifier
    from itss_logic.assurance.verified import finding_lines, summary, write_examples
    from itss_logic.tables import folded, origin

    in_force = policy.in_force(readings)
    if examples:
        os.makedirs(examples, exist_ok=True)
    verifier = Verifier(policy, in_force, timeout, across=across_readings)
    asked = verifier.properties()
    findings: list[Finding] = []
    with progress(f"of {len(asked)} properties") as told:
        for one in asked:
            told(len(findings))
            finding = verifier.finding(one)
            findings.append(finding)
            if examples:
                write_examples(examples, finding)
            if form == "table":
                above_progress()
                for line, colour in finding_lines(finding, columns()):
                    click.secho(line, fg=colour)
    if form == "json":
        print_json({"policy": policy.digest, "readings": in_force, "properties": [o.as_json() for o in findings]})
    else:
        click.echo(f"\n{summary(findings)}")
        print_lines(folded("bound: ", verifier.bound, columns()))
        print_lines(origin(policy.digest, in_force, policy.in_force(), (c.id for c in policy.changes), columns()))
    leave(DONE if all(finding.as_expected() for finding in findings) else NOT_HELD)


@policy.command()
@click.argument("cases", nargs=-1, type=click.Path(exists=True))
@with_policy
@click.option("--verbose", "-v", is_flag=True, help="Also every parameter, rule and case, in the table.")
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True)
def trace(policy: Policy, cases: tuple[str, ...], verbose: bool, form: str) -> None:
    """The way from each clause to its rules and cases, and back.

    CASES are files or folders to take instead of the policy's own cases. The exit code is 3 where the way is broken: a
    clause without a rule or a case, a rule or a case without a clause, a clause named that does not exist, a case that
    cannot be read.
    """
    from itss_logic.assurance.trace import trace

    found = trace(policy, cases)
    if form == "json":
        print_json(found.as_json())
    else:
        from itss_logic.assurance import trace_forms

        if form == "markdown":
            print_lines(trace_forms.markdown(found, policy.words().label(policy.vocabulary.category)))
        else:
            print_lines(trace_forms.table(found, columns(), verbose=verbose))
    leave(NOT_HELD if found.gaps else DONE)


@policy.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True))
@with_policy
@click.option("-k", "text", default="", metavar="TEXT", help="Only cases whose name has this in it.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--junit", type=click.Path(dir_okay=False), metavar="FILE", help="Also write JUnit's XML.")
@click.option("--watch", is_flag=True, help="Test again whenever rules, policy changes or cases change.")
@click.option("--coverage/--no-coverage", default=True, help="Tell what no case shows.", show_default=True)
@click.option("--require-coverage", is_flag=True, help="Exit with 3 as well where something is lacking in coverage.")
def test(policy: Policy, files: tuple[str, ...], watch: bool, **asked: Any) -> None:
    """Whether the policy decides its cases as they say: those in its folder, or in FILES and folders.

    Coverage tells which rules never held or never failed in a case, which clauses and options no case is about, and
    which numbers could be one more or one less unnoticed. The format of cases stands beside them, in README.md.
    """
    from itss_logic.assurance.testing import Asked, test_again, test_once

    told = Asked(files, **asked)
    if told.require_coverage and not told.coverage:
        raise click.UsageError("--require-coverage goes with coverage; leave out --no-coverage")
    if not watch:
        leave(test_once(policy, told))
        return
    if told.form != "table":
        raise click.UsageError("--watch prints for people; leave out --format json")
    given = click.get_current_context().params
    changes = given["policy_changes"]
    leave(test_again(policy, told, changes, lambda: load_policy(given["category"], given["kb"], changes)))


@policy.command()
@click.argument("before")
@click.argument("after")
@click.option("--category", metavar="NAME", help="Job category; needed only where there are several.")
@with_readings
@click.option(
    "--evidence",
    "people",
    multiple=True,
    type=EvidencePath(exists=True, allow_dash=True),
    help="Evidence of candidates: whose verdicts differ; repeatable.",
)
@click.option("--examples", type=click.Path(file_okay=False), help="Folder for evidence on which they disagree.")
@with_timeout
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def diff(
    before: str,
    after: str,
    category: str | None,
    readings: dict[str, str],
    people: tuple[str, ...],
    examples: str | None,
    timeout: float,
    form: str,
) -> None:
    """What differs between two versions of the policy, BEFORE and AFTER.

    Each is a folder of rules, or a git revision (REVISION, or REVISION:FOLDER). For each level there is evidence
    on which they disagree, of which nothing can be left out, or the proof that there is none up to a bound.
    """
    from itss_logic.assurance import differing
    from itss_logic.assurance.difference import difference
    from itss_logic.assurance.versions import load_version

    one, other = load_version(before, category), load_version(after, category)
    intake = Intake(one.read(*people, warn=warn)) if people else None
    with progress(f"of {len(one.levels)} levels") as told:
        found = difference(one, other, readings, timeout, intake, told)
    if examples:
        differing.write_examples(examples, found.levels)
    if form == "json":
        print_json(found.as_json())
    else:
        print_lines(differing.table(found, one.words().labels, one.in_force(), columns()))
    leave(DONE if intake is None else intake.exit_code)


@policy.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True))
@with_policy
@click.option("--within", default="", metavar="TEXT", help="Only mutants with this in their place: a file, a clause.")
@click.option("--equivalent", is_flag=True, help="Also list the mutants that are proven equivalent.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many processes to take; one for each core by default.")
@with_timeout
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def mutate(
    policy: Policy,
    files: tuple[str, ...],
    within: str,
    equivalent: bool,
    jobs: int | None,
    timeout: float,
    form: str,
) -> None:
    """Which changes of the policy its cases would not notice: those in its folder, or in FILES and folders.

    Each number of a clause is made one more and one less, each literal of a rule's body left out, each comparison
    swapped. A mutant that no case notices is proven equivalent, or comes with evidence that it decides otherwise; then
    the exit code is 3.
    """
    from itss_logic.assurance import mutating
    from itss_logic.assurance.cases import case_files, read_cases
    from itss_logic.assurance.mutation import EQUIVALENT, SURVIVED, UNKNOWN, Fate, chosen, hunt
    from itss_logic.assurance.pool import default_jobs
    from itss_logic.assurance.running import Runner

    asked = chosen(policy, within)
    if not asked:
        raise click.UsageError(f"no mutant has {within} in its place; name part of a file, a line or a clause")
    cases = read_cases(case_files(policy, files), policy)
    if not cases or not all(one.passed for one in Runner(policy, cases).tried):
        raise click.UsageError("mutants tell nothing unless there are cases and all pass; see: itss policy test")
    shown = (SURVIVED, UNKNOWN, *([EQUIVALENT] if equivalent else []))
    fates: list[Fate] = []
    with progress(f"of {len(asked)} mutants") as told:
        for fate in hunt(policy, cases, asked, timeout, jobs or default_jobs()):
            fates.append(fate)
            if form == "table" and fate.fate in shown:
                above_progress()
                print_lines(mutating.lines(fate, columns()))
            told(len(fates))
    if form == "json":
        print_json(mutating.as_json(policy.digest, fates))
    else:
        print_lines(mutating.summary(fates))
    leave(NOT_HELD if any(fate.fate in (SURVIVED, UNKNOWN) for fate in fates) else DONE)
