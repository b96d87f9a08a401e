"""The command for an analyst at a terminal: `itss explore`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from itss_logic.cli_explain import with_language, with_timeout
from itss_logic.console import INTERNAL, UNUSABLE, Intake, leave, with_evidence, with_readings
from itss_logic.errors import ItssError, printable

if TYPE_CHECKING:
    from itss_logic.policy import Policy


@click.command()
@with_evidence
@with_readings
@with_language
@with_timeout
def explore(policy: Policy, intake: Intake, readings: dict[str, str], lang: str | None, timeout: float) -> None:
    """A workbench in the terminal: switch facts and readings, and see the verdicts change.

    Verdicts before are those of the policy as it stands under the default readings; what --reading and --policy-change
    say, and all that is changed at the workbench, holds after. It saves to a file for itss whatif --scenario.
    """
    try:
        from itss_logic.workbench.app import Workbench
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in ("textual", "rich"):
            raise
        raise ItssError("the workbench needs Textual: pip install 'itss_logic[explore]'") from None
    from itss_logic.workbench.session import Session

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ItssError("the workbench needs a terminal as standard input and output; without one, use itss whatif")
    words = policy.words(lang)
    policy.in_force(readings)
    session = Session(policy, intake, readings)
    if not session.people:
        leave(UNUSABLE)
    workbench = Workbench(session, words, timeout)
    workbench.run()
    for path in workbench.bench.saved_to:
        click.echo(f"saved: {printable(path)}")
    if workbench.defect is not None:
        raise workbench.defect
    leave(INTERNAL if workbench.return_code else intake.exit_code)
