"""The commands of `itss intake` for SQLite and PostgreSQL: the schema, and what stands in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from itss_logic.cli_forms import carry
from itss_logic.console import Intake, installed, leave, warn, with_policy

if TYPE_CHECKING:
    from itss_logic.policy import Policy


@click.command()
@with_policy
@click.option("--dialect", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
def ddl(policy: Policy, dialect: str) -> None:
    """Print the tables of evidence as SQL, ready for sqlite3 or psql.

    Their constraints let in no value that the vocabulary does not know.
    """
    installed("sqlalchemy", "sql", "SQL is written with SQLAlchemy")
    from itss_logic.intake.layout import Layout
    from itss_logic.intake.schema import script

    click.echo(script(Layout(policy.vocabulary, wide=False), dialect), nl=False)


@click.command()
@with_policy
@click.argument("url", metavar="URL")
@click.option(
    "--query",
    type=click.Path(exists=True, dir_okay=False),
    help="YAML file of SELECT statements, one for each table of evidence, to read tables of another shape.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="File to write; by default, standard output.")
def sql(policy: Policy, url: str, query: str | None, output: str | None) -> None:
    """Print the evidence in an SQLite file or on a PostgreSQL server as JSON lines.

    URL is sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME. All is read in one snapshot, and nothing is
    written there. What is refused goes to standard error, with its table, key and column.
    """
    installed("sqlalchemy", "sql", "tables are read with SQLAlchemy")
    from itss_logic.intake.database_query import read_queries
    from itss_logic.intake.database_read import Database
    from itss_logic.intake.layout import Layout

    layout = Layout(policy.vocabulary, wide=False)
    queries = read_queries(query, layout) if query else None
    entries = (entry for entry, _ in Database(url, policy.vocabulary, warn, queries).entries())
    intake = Intake(entries, [url, *([query] if query else [])])
    carry(policy, intake, output=output)
    leave(intake.exit_code)
