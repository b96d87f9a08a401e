"""What a run tells people: how far it is, and in the end what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from itss_logic import tables
from itss_logic.answers import VERDICTS
from itss_logic.console import count, warn

if TYPE_CHECKING:
    from itss_logic.batch.journal import Totals
    from itss_logic.errors import Refusal

TERMINAL_SECONDS = 0.2
LOG_SECONDS = 10.0
"""How often progress is told on a terminal, and in a log."""

CLEAR = "\r\033[K"


class Report:
    """Tells of a run on standard error: on a terminal in one line that changes, in a log in a line now and then."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.started = self.told = time.monotonic()
        self.before = 0
        self.share_before = 0.0
        self._shown = False

    def warn(self, message: str) -> None:
        """Print a warning."""
        self.clear()
        warn(message)

    def note(self, message: str) -> None:
        """Print a line."""
        self.clear()
        click.echo(message, err=True)

    def resumed(self, totals: Totals, share: float | None) -> None:
        """Tell that a run goes on after what was finished before; the time starts here."""
        self.started = self.told = time.monotonic()
        self.before, self.share_before = totals.candidates, share or 0.0
        click.echo(f"going on after {count(totals.candidates, 'candidate')}", err=True)

    def refused(self, refusals: Iterable[Refusal]) -> None:
        """Print why evidence is refused."""
        self.clear()
        click.echo("\n".join(map(str, refusals)), err=True)

    def progress(self, candidates: int, share: float | None, more: str = "") -> None:
        """Tell how many candidates are done and, where it is known, how much of the input; not more often than due.
        `more` is what else is to be told, first of all."""
        now = time.monotonic()
        if now - self.told < (TERMINAL_SECONDS if self.is_terminal else LOG_SECONDS):
            return
        self.told = now
        passed = now - self.started
        rate = (candidates - self.before) / passed
        parts = [*([more] if more else []), f"{candidates:,} candidates", f"{rate:,.0f} a second"]
        if share is not None:
            parts.append(f"{share:.0%} of the input")
            done = share - self.share_before
            if done > 0:
                parts.append(f"{_time(passed * (1 - share) / done)} left")
        line = ", ".join(parts)
        if self.is_terminal:
            from shutil import get_terminal_size

            line = tables.cut(line, max(get_terminal_size().columns - 1, 1))
        click.echo(f"{CLEAR}{line}" if self.is_terminal else line, nl=not self.is_terminal, err=True)
        self._shown = self.is_terminal

    def clear(self) -> None:
        """Take the line that changes off the terminal."""
        if self._shown:
            click.echo(CLEAR, nl=False, err=True)
            self._shown = False

    def summary(self, totals: Totals, levels: Sequence[tuple[str, int]], labels: Mapping[str, str]) -> None:
        """Print what came of the run."""
        self.clear()
        for line in _table(totals, levels, labels):
            click.echo(line, err=True)
        passed = time.monotonic() - self.started
        rate = (totals.candidates - self.before) / max(passed, 1e-6)
        click.echo(err=True)
        click.echo(f"{count(totals.accepted, 'candidate')} decided, {totals.refused:,} refused", err=True)
        if totals.verified:
            click.echo(f"{totals.verified:,} decided a second time, with the same answers", err=True)
        if totals.plain:
            click.echo(f"{totals.plain:,} decided plainly, each with all its evidence", err=True)
        if totals.candidates == self.before:
            click.echo("nothing was left to decide", err=True)
        else:
            click.echo(f"{_time(passed)}, {rate:,.0f} candidates a second", err=True)


def _table(totals: Totals, levels: Sequence[tuple[str, int]], labels: Mapping[str, str]) -> Iterator[str]:
    """Candidates by level and verdict, numbers to the right."""
    heads = [verdict.replace("_", " ") for verdict in VERDICTS]
    cells = [[f"{totals.counts[(*level, verdict)]:,}" for verdict in VERDICTS] for level in levels]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    rows = [["", *heads]]
    rows += [[f"{labels.get(f, f)} {n}", *row] for (f, n), row in zip(levels, cells, strict=True)]
    yield from tables.aligned(
        [[name, *(cell.rjust(width) for cell, width in zip(row, widths, strict=True))] for name, *row in rows]
    )


def _time(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min {rest:02} s"
