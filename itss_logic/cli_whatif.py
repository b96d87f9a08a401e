"""The commands for what might be otherwise: `itss whatif` and `itss impact`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from itss_logic.console import (
    UNUSABLE,
    Intake,
    base_readings,
    columns,
    leave,
    print_json,
    print_lines,
    progress,
    with_evidence,
    with_readings,
)

if TYPE_CHECKING:
    from itss_logic.policy import Policy


@click.command()
@with_evidence
@click.option("--add", "added", multiple=True, metavar="FACT", help="A fact to add; repeatable.")
@click.option(
    "--remove",
    "removed",
    multiple=True,
    metavar="FACT",
    help="A fact on file to leave out, an item with its attributes; repeatable.",
)
@click.option(
    "--confirm", "confirmed", multiple=True, metavar="FACT", help="A claimed item, taken as verified; repeatable."
)
@click.option(
    "--scenario",
    "scenario_file",
    type=click.Path(exists=True, dir_okay=False),
    help="YAML file of named scenarios, each on top of what the other options change.",
)
@with_readings
@base_readings
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def whatif(
    policy: Policy,
    intake: Intake,
    added: Sequence[str],
    removed: Sequence[str],
    confirmed: Sequence[str],
    scenario_file: str | None,
    readings: dict[str, str],
    base: dict[str, str],
    form: str,
) -> None:
    """Which verdicts change, with other facts, other readings or a changed policy.

    Before is the policy as it stands, under the base readings; what --add, --remove, --confirm, --reading and
    --policy-change say holds after. A FACT is written as itss export writes it, such as
    'PREDICATE("candidate", value, "id")'.
    """
    from itss_logic import comparison
    from itss_logic.errors import Place
    from itss_logic.scenarios import ADD, CONFIRM, REMOVE, Edit, EditError, Scenario, read_scenarios, what_if

    options = {REMOVE: removed, CONFIRM: confirmed, ADD: added}
    edits = [Edit(action, text, Place(f"--{action} {text}")) for action, texts in options.items() for text in texts]
    common = Scenario("", tuple(edits), readings, policy.changes)
    policy = policy.unchanged
    policy.in_force({**base, **readings})
    named = read_scenarios(scenario_file, policy) if scenario_file else []
    if not named and not edits and not readings and not click.get_current_context().params["policy_changes"]:
        raise click.UsageError(
            "say what is to be different: --add, --remove, --confirm, --reading, --policy-change or --scenario"
        )
    scenarios = [scenario.over(common) for scenario in named] or [common]
    people = list(intake)
    if not people:
        leave(UNUSABLE)
    effects: dict[str, Any] = {}
    before = None
    try:
        for scenario in scenarios:
            before, effects[scenario.name] = what_if(policy, people, scenario, base, before)
    except EditError as error:
        click.echo(str(error), err=True)
        leave(UNUSABLE)
    assert before is not None
    told = [answer.as_json() for answer in before]
    labels = policy.words().labels
    if form == "json" and named:
        found = {name: effect.as_json() for name, effect in effects.items()}
        print_json({"before": told, "scenarios": found})
    elif form == "json":
        print_json({"before": told, **effects[""].as_json()})
    elif named:
        print_lines(comparison.scenario_table(before, effects, labels, columns()))
    else:
        print_lines(comparison.changes_table(before, effects[""], labels, columns()))
    leave(intake.exit_code)


@click.command()
@with_evidence
@with_readings
@base_readings
@click.option(
    "--plot",
    "picture",
    type=click.Path(dir_okay=False, writable=True),
    help="Also draw who moves from which level to which: a file .svg or .png.",
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def impact(
    policy: Policy,
    intake: Intake,
    readings: dict[str, str],
    base: dict[str, str],
    picture: str | None,
    form: str,
) -> None:
    """What a changed policy, or other readings, do to the verdicts of a population.

    Before is the policy as it stands, under the base readings; --policy-change and --reading say what is otherwise
    after. Each verdict that flips is told with a smallest set of these changes which alone gives it.
    """
    from itss_logic import comparison
    from itss_logic.impact import impact as compare

    if not readings and not click.get_current_context().params["policy_changes"]:
        raise click.UsageError("say what is to be otherwise: --policy-change or --reading")
    if picture:
        from itss_logic.plot import check_form

        check_form(picture)
    with progress("candidates") as told:
        found = compare(policy, intake, readings, base, told)
    if not found.candidates:
        leave(UNUSABLE)
    labels = policy.words().labels
    if form == "json":
        print_json(found.as_json())
    else:
        print_lines(comparison.impact_table(found, labels, columns()))
    if picture:
        from itss_logic.plot import moves

        moves(found, labels, picture)
        click.echo(f"{picture} written", err=True)
    leave(intake.exit_code)
