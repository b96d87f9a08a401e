"""What the workbench is drawn with: lines, lines to pick from, and the matrix of verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from itss_logic.answers import VERDICTS, Answer
from itss_logic.tables import COLOURS, MARKS, cut, pad, said, width

LEGEND = Content("\n").join(Content.styled(said(v), f"ansi_{COLOURS[v]}" if COLOURS[v] else "") for v in VERDICTS)
"""What the marks mean, a line each."""

CELL = 8
"""Columns of a level in the matrix: before, an arrow, and now."""


class Line(NamedTuple):
    """A line, the style of it, and what picking it means; a line without a key cannot be picked."""

    text: str
    style: str = ""
    key: Any = None


class Title(Static):
    """The first row of a screen: something at the left, and something at the right."""

    DEFAULT_CSS = """
    Title { height: 1; background: $primary; color: $text; text-style: bold; }
    Title:nocolor { text-style: bold reverse; }
    """

    def __init__(self, left: str = "", right: str = "") -> None:
        super().__init__()
        self.left, self.right = left, right

    def show(self, left: str, right: str = "") -> None:
        """Show these texts instead."""
        self.left, self.right = left, right
        self.refresh()

    def render(self) -> Content:
        """The row; the left text is cut where there is no room for both."""
        room = max(self.size.width - width(self.right) - 2, 0)
        return Content(f" {pad(cut(self.left, room), room)}{self.right} ")


class Lines(ScrollView, can_focus=True):
    """Lines to read. Their text is shown as it stands, without markup, and must be printable."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Lines { overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead."""
        self.lines = lines
        self.virtual_size = Size(0, len(lines))
        self.refresh()

    def style_of(self, index: int) -> Style:
        """The style of a line, without the background."""
        return Style.parse(self.lines[index].style)

    def render_line(self, y: int) -> Strip:
        """The line at a row of the screen."""
        columns, index = self.scrollable_content_region.width, y + self.scroll_offset.y
        if index >= len(self.lines):
            return Strip.blank(columns, self.rich_style)
        style = self.rich_style + self.style_of(index)
        return Strip([Segment(cut(self.lines[index].text, columns), style)]).adjust_cell_length(columns, style)


class Picks(Lines):
    """Lines of which one is under the cursor, and can be picked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"picks--cursor"}
    DEFAULT_CSS = """
    Picks > .picks--cursor { text-style: underline; }
    Picks:focus > .picks--cursor, Picks.always > .picks--cursor { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "pick", show=False)]

    class Moved(Message):
        """The cursor was moved to another line."""

        def __init__(self, picks: Picks) -> None:
            super().__init__()
            self.picks = picks

    class Picked(Moved):
        """The line under the cursor was picked."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0

    @property
    def key(self) -> Any:
        """The key of the line under the cursor; None, where there is none."""
        return self.lines[self.cursor].key if self.cursor < len(self.lines) else None

    def show(self, lines: Sequence[Line], key: Any = None) -> None:
        """Show these lines instead, with the cursor on that of a key; without one, where it is."""
        super().show(lines)
        if key is not None:
            self.cursor = next((i for i, line in enumerate(lines) if line.key == key), self.cursor)
        self.move(min(self.cursor, max(len(lines) - 1, 0)), 1)

    def style_of(self, index: int) -> Style:
        """The style of a line; that of the cursor on top."""
        style = super().style_of(index)
        is_marked = index == self.cursor and self.key is not None
        return style + self.get_component_rich_style("picks--cursor") if is_marked else style

    def move(self, to: int, step: int) -> None:
        """Move the cursor to a line, or the next after it that can be picked, or the last before."""
        if not self.lines:
            self.cursor = 0
            return
        onward = range(to, len(self.lines) if step > 0 else -1, step)
        back = range(to, -1 if step > 0 else len(self.lines), -step)
        self.cursor = next((i for i in [*onward, *back] if self.lines[i].key is not None), 0)
        # With the cursor on the first line that can be picked, the heading above is worth seeing.
        first = 0 if all(line.key is None for line in self.lines[: self.cursor]) else self.cursor
        self.scroll_to_region(Region(0, first, 1, self.cursor - first + 1), animate=False, force=True)
        self.refresh()

    def _by(self, lines: int) -> None:
        self.post_message(self.Moved(self))
        self.move(min(max(self.cursor + lines, 0), max(len(self.lines) - 1, 0)), 1 if lines > 0 else -1)

    def action_scroll_up(self) -> None:
        """A line up."""
        self._by(-1)

    def action_scroll_down(self) -> None:
        """A line down."""
        self._by(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._by(1 - self.size.height)

    def action_page_down(self) -> None:
        """A page down."""
        self._by(self.size.height - 1)

    def action_scroll_home(self) -> None:
        """To the first line."""
        self._by(-len(self.lines))

    def action_scroll_end(self) -> None:
        """To the last line."""
        self._by(len(self.lines))

    def action_pick(self) -> None:
        """Pick the line under the cursor."""
        if self.key is not None:
            self.post_message(self.Picked(self))

    def on_click(self, event: Click) -> None:
        """Move the cursor to where the mouse was clicked."""
        at = event.get_content_offset(self)
        index = -1 if at is None else at.y + self.scroll_offset.y
        if 0 <= index < len(self.lines) and self.lines[index].key is not None:
            self.move(index, 1)
            self.post_message(self.Moved(self))

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in view."""
        if self.lines:
            self.move(self.cursor, 1)


class Matrix(ScrollView, can_focus=True):
    """The verdict on each level of each field, and what it was where that is another; one is under the cursor."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"matrix--cursor"}
    DEFAULT_CSS = """
    Matrix { width: 1fr; height: auto; scrollbar-size: 1 1; }
    Matrix > .matrix--cursor { text-style: underline; }
    Matrix:focus > .matrix--cursor { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "go(0, -1)", show=False),
        Binding("right", "go(0, 1)", show=False),
        Binding("up", "go(-1, 0)", show=False),
        Binding("down", "go(1, 0)", show=False),
    ]

    class Moved(Message):
        """The cursor is on another level."""

    def __init__(self, levels: Sequence[tuple[str, int]], labels: Mapping[str, str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.levels = levels
        self.fields = list(dict.fromkeys(field for field, _ in levels))
        self.numbers = sorted({number for _, number in levels})
        self.labels = {field: labels.get(field, field) for field in self.fields}
        self.edge = max(map(width, self.labels.values()))
        self.level = levels[0]
        self.before: Answer | None = None
        self.now: Answer | None = None
        self.virtual_size = Size(self.edge + CELL * len(self.numbers), 1 + len(self.fields))

    def show(self, before: Answer | None, now: Answer | None) -> None:
        """Show these verdicts instead; none, where they are not known yet."""
        self.before, self.now = before, now
        self.refresh()

    def to_level(self, level: tuple[str, int]) -> None:
        """Move the cursor to a level."""
        self.level = level
        x, y = self.edge + CELL * self.numbers.index(level[1]), self.fields.index(level[0])
        self.scroll_to_region(Region(x, y, CELL, 2), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved())

    def action_go(self, down: int, right: int) -> None:
        """Move the cursor to the next level of the field, or to the nearest of the next field."""
        field, number = self.level
        if right:
            found = [level for level in self.levels if level[0] == field]
            self.to_level(found[min(max(found.index(self.level) + right, 0), len(found) - 1)])
        else:
            field = self.fields[min(max(self.fields.index(field) + down, 0), len(self.fields) - 1)]
            near = min((level for level in self.levels if level[0] == field), key=lambda level: abs(level[1] - number))
            self.to_level(near)

    def render_line(self, y: int) -> Strip:
        """The line at a row of the screen: the numbers of the levels, or the verdicts in a field."""
        row = y + self.scroll_offset.y
        if row > len(self.fields):
            return Strip.blank(self.size.width, self.rich_style)
        bold = self.rich_style + Style(bold=True)
        if row == 0:
            segments = [Segment(" " * self.edge, bold), *(Segment(f"{n:>{CELL - 1}} ", bold) for n in self.numbers)]
        else:
            field = self.fields[row - 1]
            segments = [Segment(pad(self.labels[field], self.edge), self.rich_style)]
            segments += [self._cell((field, number)) for number in self.numbers]
        left, columns = self.scroll_offset.x, self.scrollable_content_region.width
        return Strip(segments).crop(left, left + columns).adjust_cell_length(columns, self.rich_style)

    def _cell(self, level: tuple[str, int]) -> Segment:
        if level not in self.levels:
            return Segment(" " * CELL, self.rich_style)
        text, style = "?", Style()
        if self.before and self.now:
            was, now = (answer.result(*level).verdict for answer in (self.before, self.now))
            text = MARKS[now] if was == now else f"{MARKS[was]} → {MARKS[now]}"
            style = Style(color=COLOURS[now], bold=was != now)
        if level == self.level:
            style += self.get_component_rich_style("matrix--cursor")
        return Segment(f"{text:>{CELL - 1}} ", self.rich_style + style)

    def on_click(self, event: Click) -> None:
        """Move the cursor to where the mouse was clicked."""
        at = event.get_content_offset_capture(self) + self.scroll_offset
        row, column = at.y - 1, (at.x - self.edge) // CELL
        if 0 <= row < len(self.fields) and 0 <= column < len(self.numbers):
            level = (self.fields[row], self.numbers[column])
            if level in self.levels:
                self.to_level(level)
