"""The commands that look at results: `itss summary` and `itss compare`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import click

from itss_logic.console import as_json_text, columns, count, options, print_json, print_lines, warn
from itss_logic.errors import PolicyError

if TYPE_CHECKING:
    from itss_logic.result_files import Opened
    from itss_logic.result_tables import Speech
    from itss_logic.results import Comparison, Summary

labelled = options(
    click.option(
        "--kb",
        type=click.Path(exists=True, file_okay=False),
        help="Folder of rules whose words and defaults to use instead of those that come along.",
    ),
    click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True),
)


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@click.option(
    "--plot",
    "picture",
    type=click.Path(dir_okay=False, writable=True),
    help="Also draw the verdicts of each field and level: a file .svg, .png or .pdf.",
)
@labelled
def summary(results: Sequence[str], picture: str | None, kb: str | None, form: str) -> None:
    """What results of itss batch or itss evaluate come to.

    How many have which verdict, which levels are the highest they hold, and what alone keeps how many from a level.
    RESULTS are files (.jsonl, .jsonl.gz, .jsonl.zst, .parquet, .csv), folders of them, or - for JSON lines from
    standard input.
    """
    from itss_logic.result_files import Store
    from itss_logic.result_tables import origin_lines, summary_table
    from itss_logic.results import summarise

    if picture:
        from itss_logic.plot import check_form

        check_form(picture)
    with Store() as store:
        opened = store.open(results, _stdin(results))
        found = summarise(store, opened)
    if found.repeated:
        warn(f"in these results more than once, and counted as often: {count(found.repeated, 'candidate')}")
    speech = _speech([opened], kb)
    if form == "json":
        print_json(found.as_json())
    elif form == "csv":
        _write_csv(_summary_rows(found))
    else:
        print_lines(summary_table(found, speech, columns()))
    if picture:
        from itss_logic.plot import verdict_bars

        verdict_bars(found, speech.label, origin_lines(found.origins, speech, None), picture)
        click.echo(f"{picture} written", err=True)


@click.command()
@click.argument("a", type=click.Path(exists=True, allow_dash=True))
@click.argument("b", type=click.Path(exists=True, allow_dash=True))
@click.option(
    "--max",
    "maximum",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="How many changes a table lists one by one.",
)
@labelled
def compare(a: str, b: str, maximum: int, kb: str | None, form: str) -> None:
    """Whose verdicts differ between two result files, A before and B after, and what that is due to.

    A and B are what itss batch or itss evaluate wrote: .jsonl, .jsonl.gz, .jsonl.zst, .parquet, .csv, or a folder of
    such files.
    """
    from itss_logic.result_files import Store
    from itss_logic.result_tables import comparison_table
    from itss_logic.results import Comparison

    if a == b == "-":
        raise click.UsageError("only one of A and B can be standard input")
    with Store() as store:
        sides = [store.open([path], _stdin([path])) for path in (a, b)]
        found = Comparison(store, *sides)
        if form == "json":
            print_lines(_json_lines(found))
        elif form == "csv":
            _write_csv(_change_rows(found))
        else:
            print_lines(comparison_table(found, _speech(sides, kb), maximum, columns()))


def _stdin(paths: Iterable[str]) -> BinaryIO | None:
    return sys.stdin.buffer if "-" in paths else None


def _speech(sides: Sequence[Opened], kb: str | None) -> Speech:
    """The words of the policy that results are of; none, where it is not at hand."""
    from itss_logic.policy import Policy
    from itss_logic.result_tables import Speech

    origins = [origin for side in sides for origin in side.origins]
    category = next((origin.category for origin in origins if origin.category is not None), None)
    try:
        policy = Policy.load(category, kb)
    except PolicyError:
        return Speech()
    if any(level not in policy.levels for side in sides for level in side.levels):
        return Speech()
    words = policy.words()
    # Another policy may ask for something else under the same name.
    if {origin.policy for origin in origins} == {policy.digest}:
        return Speech(words.labels, policy.in_force(), words.wording)
    return Speech(words.labels, policy.in_force())


SUMMARY_COLUMNS = ("what", "field", "level", "name", "candidates", "share", "policy", "readings", "input")
CHANGE_COLUMNS = ("candidate", "field", "level", "before", "after", "evidence")


def _summary_rows(found: Summary) -> Iterator[Sequence[str]]:
    """A row a number: of a verdict, a highest level (`name` is `none` or `highest`), or a sole unmet criterion."""
    from itss_logic.result_forms import joined

    policies, inputs = ({getattr(o, name) or "" for o in found.origins} for name in ("policy", "input"))
    readings = {joined((o.readings or {}).items()) for o in found.origins}
    origin = [" | ".join(sorted(values)) for values in (policies, readings, inputs)]
    yield SUMMARY_COLUMNS
    for field, level in found.levels:
        for verdict, share in found.as_json()["shares"][field][str(level)].items():
            number = found.counts.get((field, level, verdict), 0)
            yield ["verdict", field, str(level), verdict, str(number), str(share), *origin]
    for field in found.fields:
        total = sum(number for (of, _), number in found.highest.items() if of == field)
        for top in found.tops(field):
            number = found.highest.get((field, top), 0)
            name = "none" if top is None else "highest"
            share = str(round(number / total, 6))
            yield ["highest", field, "" if top is None else str(top), name, str(number), share, *origin]
    for s in found.soles:
        share = str(found.share(s.candidates, s.field, s.level))
        yield ["sole_unmet", s.field, str(s.level), s.criterion, str(s.candidates), share, *origin]


def _change_rows(found: Comparison) -> Iterator[Sequence[str]]:
    yield CHANGE_COLUMNS
    for change in found.changes():
        yield [change.candidate, change.field, str(change.level), change.before, change.after, change.evidence or ""]


def _write_csv(rows: Iterable[Sequence[str]]) -> None:
    from itss_logic.tables import safe_cell

    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)


def _json_lines(found: Comparison) -> Iterator[str]:
    """The comparison as JSON, in lines: there may be more changes than should be held at once."""
    yield as_json_text(found.head(), indent=2).removesuffix("\n}") + ","
    lists = {
        "changes": (as_json_text(change._asdict()) for change in found.changes()),
        "candidates_only_in_a": map(as_json_text, found.only_in("a")),
        "candidates_only_in_b": map(as_json_text, found.only_in("b")),
    }
    for number, (name, values) in enumerate(lists.items(), 1):
        ending = "," if number < len(lists) else ""
        before = f'  "{name}": ['
        for value in values:
            yield before
            before = f"    {value},"
        yield f"{before}]{ending}" if before.endswith("[") else f"{before.removesuffix(',')}\n  ]{ending}"
    yield "}"
