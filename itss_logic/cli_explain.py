"""The commands that explain: `itss why` and `itss certify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from itss_logic.console import (
    UNUSABLE,
    Intake,
    as_json_text,
    columns,
    leave,
    options,
    print_json,
    print_lines,
    timeout_option,
    with_evidence,
    with_readings,
)
from itss_logic.errors import QuestionError, printable

if TYPE_CHECKING:
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy
    from itss_logic.tree import Node

of_candidate = options(
    click.option("--candidate", metavar="ID", help="Whose verdict; needed unless the evidence is of one alone."),
    click.option("--field", metavar="FIELD", help="A field of the policy."),
    click.option("--level", type=int, metavar="LEVEL", help="A level of the field."),
)

with_costs = click.option(
    "--costs",
    "costs_file",
    type=click.Path(exists=True, dir_okay=False),
    help="YAML file: what facts cost, and which a plan may have, by predicate, or by predicate with values.",
)

with_language = click.option("--lang", metavar="LANG", help="Language of the sentences; by default the policy's first.")

with_timeout = timeout_option(30.0, "How long the search may take; then the best found so far is given, and marked.")


@click.command()
@with_evidence
@of_candidate
@with_readings
@click.option("--all", "every", is_flag=True, help="Every smallest support and set of missing facts.")
@click.option(
    "--max", "maximum", type=click.IntRange(min=1), help="How many of these at most; 20 unless told.  [needs --all]"
)
@click.option("--across-readings", is_flag=True, help="Also tell how the verdict depends on the readings.")
@with_language
@with_timeout
@click.option("--format", "form", type=click.Choice(["tree", "json", "markdown"]), default="tree", show_default=True)
def why(
    policy: Policy,
    intake: Intake,
    candidate: str | None,
    field: str | None,
    level: int | None,
    readings: dict[str, str],
    every: bool,
    maximum: int | None,
    across_readings: bool,
    lang: str | None,
    timeout: float,
    form: str,
) -> None:
    """Why a candidate has a level or not, and what is missing.

    Each answer is confirmed by solving again: the verdict follows from the support alone, a criterion is met once what
    is missing is added, and nothing of either can be left out.
    """
    from itss_logic.explain import confirm
    from itss_logic.other_readings import OtherReadings

    if maximum is not None and not every:
        raise click.UsageError("--max is how many answers to give with --all; add --all, or leave it out")
    words = policy.words(lang)
    asked = one_level(policy, field, level)
    entry = one_candidate(intake, candidate)
    answer = policy.why(entry, *asked, readings, all=every, maximum=maximum or 20, timeout=timeout)
    [evaluation] = policy.evaluate([entry], readings, criteria=True)
    confirm(answer, evaluation)
    if across_readings:
        answer = OtherReadings(policy, entry, readings).told(answer)
    if form == "json":
        print_json(answer.as_json())
    else:
        from itss_logic.tree import Speaker, Teller, markdown

        tree = Teller(Speaker(policy, words, entry), answer).tree()
        if form == "markdown":
            print_lines(markdown(tree))
        else:
            print_tree(tree)
    leave(intake.exit_code)


@click.command()
@with_evidence
@of_candidate
@with_readings
@click.option("--all", "everybody", is_flag=True, help="Everybody's highest level in each field, as JSON lines.")
@with_costs
@with_language
@with_timeout
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def certify(
    policy: Policy,
    intake: Intake,
    candidate: str | None,
    field: str | None,
    level: int | None,
    readings: dict[str, str],
    everybody: bool,
    costs_file: str | None,
    lang: str | None,
    timeout: float,
    form: str,
) -> None:
    """What to verify to be sure that a candidate has a level.

    A certificate is a smallest part of the evidence from which alone the level follows; the margin is how many facts
    must fall, at the least, before the verdict does.
    """
    from itss_logic.costs import Costs
    from itss_logic.explain import confirm

    words = policy.words(lang)
    costs = Costs.read(costs_file, policy.vocabulary) if costs_file else None
    if everybody and (candidate, field, level) != (None, None, None):
        raise click.UsageError("--all is about everybody's highest levels; leave out --candidate, --field and --level")
    asked = None if everybody else one_level(policy, field, level)
    if asked is None:
        _certify_all(policy, intake, readings, costs, timeout)
    else:
        entry = one_candidate(intake, candidate)
        answer = policy.certify(entry, *asked, readings, costs=costs, timeout=timeout)
        [evaluation] = policy.evaluate([entry], readings)
        confirm(answer, evaluation)
        if form == "json":
            print_json(answer.as_json())
        else:
            from itss_logic.tree import Speaker, certificate_tree

            print_tree(certificate_tree(Speaker(policy, words, entry), answer))
    leave(intake.exit_code)


def _certify_all(policy: Policy, intake: Intake, readings: dict[str, str], costs: Any, timeout: float) -> None:
    """A line of JSON for each candidate, and a last one with the number of facts to check in all."""
    from itss_logic.explain import confirm

    to_check = on_file = 0
    optimal = True
    for entry in intake:
        [answer] = policy.evaluate([entry], readings)
        held = [(field, level) for field, level in answer.highest.items() if level is not None]
        found = [policy.certify(entry, *level, readings, costs=costs, timeout=timeout) for level in held]
        for certificate in found:
            confirm(certificate, answer)
        optimal = optimal and all(certificate.optimal for certificate in found)
        to_check += len({fact for certificate in found for fact in certificate.facts})
        on_file += entry.size
        told = [{"field": c.field, "level": c.level, "verdict": c.verdict, **c.as_json()} for c in found]
        click.echo(as_json_text({"candidate": entry.candidate, "certificates": told}))
    total = {"candidates": intake.accepted, "facts_to_check": to_check, "facts_on_file": on_file}
    click.echo(as_json_text(total if optimal else {**total, "optimal": False}))


def print_tree(tree: Node) -> None:
    """Print a tree, coloured by verdicts."""
    from itss_logic.tables import COLOURS
    from itss_logic.tree import lines

    for line, verdict in lines(tree, columns()):
        click.secho(line, fg=COLOURS[verdict] if verdict else None)


def one_level(policy: Policy, field: str | None, level: int | None) -> tuple[str, int]:
    """The level that is asked about."""
    if field is None or level is None:
        raise click.UsageError("name the level with --field and --level")
    policy.levels_of(field, level)
    return field, level


def one_candidate(intake: Intake, candidate: str | None) -> Evidence:
    """The candidate that is asked about. All evidence is read, since a later file may refuse what an earlier says."""
    found: Evidence | None = None
    names: list[str] = []
    for entry in intake:
        names.append(entry.candidate)
        if candidate in (None, entry.candidate):
            found = found or entry
    if found is not None and (candidate is not None or len(names) == 1):
        return found
    if candidate is not None and candidate in intake.refused_candidates:
        click.echo(f"error: the evidence of {printable(candidate)} is refused; see above", err=True)
    elif candidate is None and len(names) > 1:
        raise QuestionError(f"there is evidence of {len(names)} candidates; name one with --candidate")
    elif names:
        from difflib import get_close_matches

        near = get_close_matches(str(candidate), names, cutoff=0.4) or names[:3]
        also = "; some evidence is refused, see above" if intake.refused else ""
        raise QuestionError(f"there is no evidence of candidate {candidate}; did you mean {' or '.join(near)}?{also}")
    leave(UNUSABLE)
    raise AssertionError


@click.command()
@with_evidence
@of_candidate
@with_readings
@click.option("--to-highest", is_flag=True, help="The next level above the highest reached, in each field.")
@click.option("--max", "maximum", type=click.IntRange(min=1), default=5, show_default=True, help="How many plans.")
@with_costs
@with_language
@with_timeout
@click.option("--format", "form", type=click.Choice(["tree", "json"]), default="tree", show_default=True)
def plan(
    policy: Policy,
    intake: Intake,
    candidate: str | None,
    field: str | None,
    level: int | None,
    readings: dict[str, str],
    to_highest: bool,
    maximum: int,
    costs_file: str | None,
    lang: str | None,
    timeout: float,
    form: str,
) -> None:
    """The cheapest ways to a level: claims to confirm and facts to add.

    Each plan is confirmed by solving again: the level is reached with it, and nothing of it can be left out. The first
    is proven to be of least cost. Where none is possible, the answer says which restrictions make it so.
    """
    from itss_logic.costs import Costs
    from itss_logic.explain import confirm
    from itss_logic.tree import Speaker, plans_tree

    words = policy.words(lang)
    costs = Costs.read(costs_file, policy.vocabulary) if costs_file else None
    if to_highest and level is not None:
        raise click.UsageError("--to-highest says which levels; leave out --level")
    if field is not None:
        policy.levels_of(field)
    asked = None if to_highest else one_level(policy, field, level)
    entry = one_candidate(intake, candidate)
    [evaluation] = policy.evaluate([entry], readings)
    levels = [asked] if asked else [(f, n) for f, n in evaluation.next_levels().items() if field in (None, f)]
    told: dict[str, Any] = {}
    for f, n in levels:
        if n is None:
            told[f] = {"level": None, "plans": [], "optimal": True}
            if form == "tree":
                click.echo(words.phrase("plan_top", candidate=printable(entry.candidate), field=words.label(f)))
            continue
        plans = policy.plan(entry, f, n, readings, costs=costs, maximum=maximum, timeout=timeout)
        confirm(plans, evaluation)
        told[f] = {"level": n, **plans.as_json()}
        if form == "tree":
            print_tree(plans_tree(Speaker(policy, words, entry), plans, evaluation.result(f, n).verdict))
    if form == "json":
        print_json(plans.as_json() if asked else told)
    leave(intake.exit_code)
