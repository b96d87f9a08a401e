"""The commands about the policy itself: `itss policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from itss_logic.console import columns, leave, load_policy, print_json, print_lines, with_policy

if TYPE_CHECKING:
    from itss_logic.policy import Policy


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
        print_json(
            {
                "category": policy.vocabulary.category,
                "policy": policy.digest,
                "clauses": [c.as_json() for c in policy.clauses],
                "readings": [r.as_json() for r in policy.readings],
            }
        )
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
