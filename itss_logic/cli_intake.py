"""The commands that take evidence from where it lives: `itss intake`."""

from __future__ import annotations

import click

from itss_logic.cli_database import ddl, sql


@click.group()
def intake() -> None:
    """Evidence from where it lives: spreadsheets, databases, resumes."""


intake.add_command(ddl)
intake.add_command(sql)
