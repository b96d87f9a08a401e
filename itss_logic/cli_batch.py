"""The command for a whole workforce: `itss batch`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from itss_logic.console import SOME_REFUSED, UNUSABLE, leave, warn, with_policy, with_readings

if TYPE_CHECKING:
    from itss_logic.policy import Policy


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="File or URL: .jsonl, .jsonl.gz, .jsonl.zst, .csv, .parquet; or sqlite:///FILE or postgresql://…, for rows of "
    "a table. With --cluster, a folder.",
)
@click.option("--table", metavar="NAME", help="Table of results, where they go into one (default itss_verdicts).")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes that decide; by default one for each core.")
@click.option(
    "--rejects",
    metavar="FILE",
    help="Write what is refused to a local file of JSON lines, with the reasons, instead of standard error. "
    "With --cluster, a folder.",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was cut short, with all else the same.")
@click.option(
    "--verify-sample",
    type=click.IntRange(min=0),
    default=1_000,
    show_default=True,
    metavar="N",
    help="Decide so many candidates a second time, plainly, and stop at the first difference; about so many, and more "
    "of the first, where the size of the input is not known.",
)
@click.option(
    "--input-format",
    type=click.Choice(["json", "jsonl", "yaml", "lp", "parquet", "xlsx"]),
    help="Form of standard input (default jsonl), and of files whose suffix tells none.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS|local",
    help="Decide on a Dask cluster: the address of its scheduler, a scheduler file, or local for one here.",
)
@click.option(
    "--parts",
    type=click.Choice(["jsonl", "jsonl.gz", "jsonl.zst", "csv", "parquet"]),
    help="With --cluster, the form of the parts of the output (default jsonl).",
)
@with_readings
@with_policy
def batch(
    policy: Policy,
    inputs: Sequence[str],
    output: str,
    table: str | None,
    jobs: int | None,
    rejects: str | None,
    resume: bool,
    verify_sample: int,
    input_format: str | None,
    cluster: str | None,
    parts: str | None,
    readings: dict[str, str],
) -> None:
    """Verdicts on very many candidates, into one file, in the order of the input.

    INPUT is one or more files, folders or URLs (.jsonl or .ndjson, also with .gz or .zst; .parquet; .json, .yaml,
    .lp, .xlsx; CSV tables), URLs of databases (sqlite, postgresql), or - for standard input. The output appears under
    its name only when it is whole; rows of a table belong to a run, which is marked as finished when it is whole. A run
    that was cut short goes on with the same command and --resume. With --cluster, output and rejects are folders of
    parts, whole once the output holds _SUCCESS; put end to end in the order of their names, the parts are what a single
    machine writes.
    """
    from itss_logic.batch.report import Report

    report = Report()
    if cluster is None:
        from itss_logic.batch.run import Order, run

        if parts is not None:
            raise click.UsageError("--parts needs --cluster; otherwise the suffix of the output tells its form")
        order = Order(inputs, output, rejects, jobs or _cores(), resume, verify_sample, input_format, table=table)
        totals = run(policy, readings, order, report)
    else:
        from itss_logic.batch.client import LOCAL
        from itss_logic.batch.cluster import PARTS, ClusterOrder
        from itss_logic.batch.cluster import run as run_on

        if table is not None:
            raise click.UsageError("--table is for a single machine")
        if jobs is not None and cluster != LOCAL:
            raise click.UsageError(f"--jobs is for this machine, with --cluster {LOCAL}; a cluster has its workers")
        many = ClusterOrder(
            inputs, output, cluster, parts or PARTS[0], rejects, jobs or _cores(), resume, verify_sample, input_format
        )
        totals = run_on(policy, readings, many, report)
    report.summary(totals, policy.levels, policy.words().labels)
    if not totals.candidates:
        warn("no candidates were found")
    if totals.refused:
        leave(SOME_REFUSED if totals.accepted else UNUSABLE)
