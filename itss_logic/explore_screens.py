"""What the workbench asks and tells on screens of their own: people, trees, a line of text, yes or no."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Input, Static

from itss_logic.errors import ItssError, printable
from itss_logic.explore_widgets import Line, Lines, Picks
from itss_logic.tables import COLOURS
from itss_logic.tree import Node, lines

Found = TypeVar("Found")


class People(Screen[str | None]):
    """Finds a person: a line to type part of an id in, and those that have it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", "Open", priority=True),
        Binding("up", "go('scroll_up')", show=False, priority=True),
        Binding("down", "go('scroll_down')", show=False, priority=True),
        Binding("pageup", "go('page_up')", show=False, priority=True),
        Binding("pagedown", "go('page_down')", show=False, priority=True),
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, people: Iterable[tuple[str, str]], current: str | None) -> None:
        super().__init__()
        self.people = [(id, printable(id), note) for id, note in people]
        self.current = current

    def compose(self) -> ComposeResult:
        """A title, the line to type in, those found, the keys."""
        yield Static(id="title")
        yield Input(placeholder="part of an id", id="search", compact=True)
        yield Picks(id="people")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show everybody."""
        self.query_one(Picks).can_focus = False
        self.find("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show those whom the line finds."""
        self.find(event.value)

    def find(self, text: str) -> None:
        """Show those whose id has every word of a text."""
        words = text.casefold().split()
        found = [row for row in self.people if all(word in row[1].casefold() for word in words)]
        edge = min(max((len(told) for _, told, _ in found), default=0), 40)
        rows = [Line(f" {told:<{edge}}  {note}", key=id) for id, told, note in found]
        self.query_one(Picks).show(rows, self.current)
        self.query_one("#title", Static).update(Content(f" Whose verdicts? {len(found)} of {len(self.people)} people"))

    def action_go(self, action: str) -> None:
        """Move the cursor of the list, wherever the focus is."""
        getattr(self.query_one(Picks), f"action_{action}")()

    def action_pick(self) -> None:
        """Open the person under the cursor."""
        if (key := self.query_one(Picks).key) is not None:
            self.dismiss(key)

    def on_picks_picked(self, event: Picks.Picked) -> None:
        """Open a person."""
        self.dismiss(event.picks.key)


class Telling(Screen[str | None]):
    """An explanation, found while the screen is there already. It gives what is asked next, if anything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back", key_display="esc"),
        Binding("w", "dismiss('why')", "Why"),
        Binding("p", "dismiss('plan')", "Plan"),
    ]

    class Told(Message):
        """The explanation was found; or why there is none."""

        def __init__(self, tree: Node | None, error: Exception | None) -> None:
            super().__init__()
            self.tree, self.error = tree, error

    def __init__(self, title: str, ask: Callable[[], Node]) -> None:
        super().__init__()
        self.heading, self.ask = title, ask
        self.found: Node | None = None

    def compose(self) -> ComposeResult:
        """A title, the explanation, the keys."""
        yield Static(Content(f" {self.heading}"), id="title")
        yield Lines(id="telling")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Begin to look for it."""
        self.query_one(Lines).show([Line("Looking for it …", "dim")])
        self.look()

    @work(thread=True)
    def look(self) -> None:
        """Look for the explanation, in a thread of its own."""
        try:
            told = self.Told(self.ask(), None)
        except Exception as error:
            told = self.Told(None, error)
        self.post_message(told)

    def on_telling_told(self, event: Told) -> None:
        """Show it."""
        self.found = event.tree
        if event.error is not None:
            self.post_message(Failed(event.error))
            self.query_one(Lines).show([Line(printable(f"There is no answer: {event.error}"), "bold")])
        self.fold()

    def on_resize(self, event: Resize) -> None:
        """Fold it anew."""
        self.call_after_refresh(self.fold)

    def fold(self) -> None:
        """Show the tree, folded at the width of the screen."""
        if self.found is not None:
            folded = lines(self.found, self.size.width - 3)
            self.query_one(Lines).show([Line(line, (verdict and COLOURS[verdict]) or "") for line, verdict in folded])


class Failed(Message):
    """Something went wrong that should not have."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Ask(ModalScreen[Found | None]):
    """Asks for a line of text at the bottom of the screen, until it is one that will do.

    `take` makes something of it, or raises an error of ours, which is shown below the line. `hint` tells what may come
    next. Whatever is typed is handed to `keep`, so that it can be there the next time.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self,
        question: str,
        text: str,
        take: Callable[[str], Found],
        hint: Callable[[str], str] = lambda text: "",
        keep: Callable[[str], None] = lambda text: None,
    ) -> None:
        super().__init__()
        self.question, self.text, self.take, self.hint, self.keep = question, text, take, hint, keep

    def compose(self) -> ComposeResult:
        """The question, the line, and below it what is wrong with it or may come next."""
        with Vertical(id="ask"):
            yield Static(Content(self.question), id="question")
            yield Input(self.text, id="answer", compact=True, select_on_focus=False)
            yield Static(id="hint")
            yield Static(Content("enter done   esc cancel"), id="keys")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what may come next."""
        self.keep(event.value)
        self.tell(self.hint(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line, or tell what is wrong with it."""
        try:
            found = self.take(event.value)
        except (ItssError, OSError) as error:
            self.tell(told(error), is_wrong=True)
        else:
            self.dismiss(found)

    def tell(self, text: str, *, is_wrong: bool = False) -> None:
        """Tell something below the line."""
        hint = self.query_one("#hint", Static)
        hint.set_class(is_wrong, "wrong")
        hint.update(Content(text))


class Sure(ModalScreen[bool]):
    """Asks yes or no at the bottom of the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No", key_display="n"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        """The question and the keys."""
        with Vertical(id="ask"):
            yield Static(Content(self.question), id="question")
            yield Footer(compact=True)


def told(error: Exception) -> str:
    """What an error says: of a refusal the code, the message and what to do, as everywhere."""
    from itss_logic.scenarios import EditError

    if isinstance(error, EditError):
        return "\n".join(f"{r.code}: {printable(r.message)}; {printable(r.mend)}" for r in error.refusals)
    if isinstance(error, OSError):
        return printable(f"{error.filename or 'file'}: {error.strerror or error}")
    return "\n".join(map(printable, str(error).split("\n")))
