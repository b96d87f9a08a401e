"""The commands that take evidence from where it lives: `itss intake`."""

from __future__ import annotations

import click

from itss_logic.cli_database import ddl, sql
from itss_logic.cli_resume import resume
from itss_logic.cli_sheets import template, xlsx


@click.group()
def intake() -> None:
    """Evidence from where it lives: spreadsheets, databases, resumes."""


intake.add_command(ddl)
intake.add_command(sql)
intake.add_command(resume)
intake.add_command(template)
intake.add_command(xlsx)
