"""The workbench of `itss explore`: a terminal application over a session of what-ifs."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from itss_logic.words import Words
from itss_logic.workbench.bench import Bench
from itss_logic.workbench.screens import Failed, Sure, told
from itss_logic.workbench.session import Session


class Workbench(App[None]):
    """The application. `defect` is what went wrong that should not have."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q,ctrl+c", "quit", show=False)]

    def __init__(self, session: Session, words: Words, seconds: float) -> None:
        # Colours of the terminal's own are the only ones that Textual takes away altogether.
        super().__init__(ansi_color="NO_COLOR" in os.environ)
        self.bench = Bench(session, words, seconds)
        self.defect: Exception | None = None

    def on_mount(self) -> None:
        """Show the bench."""
        self.push_screen(self.bench)

    def on_failed(self, event: Failed) -> None:
        """Tell of an error that should not have been; `itss` ends with it once the workbench is left."""
        self.defect = self.defect or event.error
        if event.is_of_verdicts:
            self.bench.matrix.show(None, None)
        self.bench.tell(f"internal error: {told(event.error)}", is_wrong=True)

    async def action_quit(self) -> None:
        """Leave, unless something is not saved and the user would rather stay."""
        if self.bench.session.is_saved:
            self.exit()
        elif not isinstance(self.screen, Sure):
            self.push_screen(Sure("There are changes that are not saved. Leave without them?"), self._leave)

    def _leave(self, sure: bool | None) -> None:
        if sure:
            self.exit()
