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
from textual.suggester import Suggester
from textual.widgets import Footer, Input, Static

from itss_logic.errors import ItssError, printable
from itss_logic.tables import COLOURS, cut, pad, width
from itss_logic.tree import Node, lines
from itss_logic.workbench.completion import Next
from itss_logic.workbench.widgets import Line, Lines, Picks, Title

Found = TypeVar("Found")

TYPED = r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]*"
"""What a line may hold: nothing that moves the cursor or reorders the text, even where it is pasted."""


class Guess(Suggester):
    """Proposes how the line goes on: with the first of what may come next."""

    def __init__(self, hint: Callable[[str], Next]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.hint = hint

    def of(self, text: str) -> str | None:
        """The line with what may come next, if it can be shown as it stands."""
        whole = next(iter(self.hint(text).choices.values()), None)
        return whole if whole and whole.isprintable() else None

    async def get_suggestion(self, value: str) -> str | None:
        """What Textual shows behind the cursor."""
        return self.of(value)


class Entry(Input):
    """A line to type in, with a proposal how it goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Done", key_display="enter"),
        Binding("tab", "complete", "Complete"),
    ]

    def __init__(self, text: str, guess: Guess) -> None:
        super().__init__(text, restrict=TYPED, compact=True, select_on_focus=False, suggester=guess)
        self.guess = guess

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where nothing is ever proposed, there is no key for it."""
        return action != "complete" or bool(self.guess.hint("").choices)

    def action_complete(self) -> None:
        """Take what is proposed."""
        if (whole := self.guess.of(self.value)) is not None:
            self.value, self.cursor_position = whole, len(whole)


class Search(Input):
    """A line to type in, above the list that it searches; some keys are meant for that."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.pick", "Open", key_display="enter"),
        Binding("up", "screen.go('scroll_up')", show=False),
        Binding("down", "screen.go('scroll_down')", show=False),
        Binding("pageup", "screen.go('page_up')", show=False),
        Binding("pagedown", "screen.go('page_down')", show=False),
    ]


class People(Screen[str | None]):
    """Finds a person: a line to type part of an id in, and those that have it."""

    DEFAULT_CSS = """
    People Input { margin: 0 1; }
    People Picks { height: 1fr; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, people: Iterable[tuple[str, str]], current: str | None) -> None:
        super().__init__()
        self.people = [(id, printable(id), note) for id, note in people]
        self.current = current

    def compose(self) -> ComposeResult:
        """A title, the line to type in, those found, the keys."""
        yield Title()
        yield Search(placeholder="part of an id", restrict=TYPED, compact=True)
        yield Picks(id="people", classes="always")
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
        edge = min(max((width(told) for _, told, _ in found), default=0), self.size.width - 20)
        rows = [Line(f" {pad(cut(told, edge), edge)}  {note}", key=id) for id, told, note in found]
        self.query_one(Picks).show(rows, self.current)
        self.query_one(Title).show("Whose verdicts?", f"{len(found)} of {len(self.people)}")

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

    DEFAULT_CSS = """
    Telling Lines { height: 1fr; padding: 0 1; }
    """
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
        yield Title(self.heading)
        yield Lines()
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
            self.found = Node(f"There is no answer: {told(event.error)}")
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
    """Something went wrong that should not have; `is_of_verdicts`, where there are no verdicts to show for it."""

    def __init__(self, error: Exception, *, is_of_verdicts: bool = False) -> None:
        super().__init__()
        self.error, self.is_of_verdicts = error, is_of_verdicts


class Ask(ModalScreen[Found | None]):
    """Asks for a line of text at the bottom of the screen, until it is one that will do.

    `take` makes something of it, or raises an error of ours, which is shown below the line. `hint` says what may come
    next. Whatever is typed is handed to `keep`, so that it can be there the next time.
    """

    DEFAULT_CSS = """
    Ask { align: left bottom; background: transparent; }
    Ask Vertical { height: auto; max-height: 60%; background: $background; border-top: heavy $primary; }
    Ask Static, Ask Input { margin: 0 1; }
    Ask #hint { min-height: 2; max-height: 8; color: $text-muted; }
    Ask #hint.wrong { color: $text; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", key_display="esc"),
    ]

    def __init__(
        self,
        question: str,
        text: str,
        take: Callable[[str], Found],
        hint: Callable[[str], Next] = lambda text: Next(),
        keep: Callable[[str], None] = lambda text: None,
    ) -> None:
        super().__init__()
        self.question, self.text, self.take, self.hint, self.keep = question, text, take, hint, keep

    def compose(self) -> ComposeResult:
        """The question, the line, and below it what is wrong with it or may come next."""
        with Vertical():
            yield Static(Content(self.question))
            yield Entry(self.text, Guess(self.hint))
            yield Static(id="hint")
            yield Footer(compact=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what may come next."""
        self.keep(event.value)
        self.tell_next(event.value)

    def on_mount(self) -> None:
        """Tell what may come first."""
        self.tell_next(self.text)

    def tell_next(self, text: str) -> None:
        """Tell what may come next."""
        found = self.hint(text)
        self.tell(printable(found.told or " | ".join(found.choices)))

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

    DEFAULT_CSS = """
    Sure { align: left bottom; background: transparent; }
    Sure Vertical { height: auto; background: $background; border-top: heavy $primary; }
    Sure Static { margin: 0 1 1 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No", key_display="n"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        """The question and the keys."""
        with Vertical():
            yield Static(Content(self.question))
            yield Footer(compact=True)


def told(error: Exception) -> str:
    """What an error says: of a refusal the code, the message and what to do, as everywhere."""
    from itss_logic.scenarios import EditError

    if isinstance(error, EditError):
        return "\n".join(f"{r.code}: {printable(r.message)}; {printable(r.mend)}" for r in error.refusals)
    if isinstance(error, OSError):
        return printable(f"{error.filename or 'file'}: {error.strerror or error}")
    return "\n".join(map(printable, str(error).split("\n")))
