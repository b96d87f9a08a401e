"""The bench: one person's verdicts, facts and readings, and what is done to them."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Static
from textual.worker import get_current_worker

from itss_logic.answers import Answer
from itss_logic.case import inner
from itss_logic.console import count
from itss_logic.errors import ItssError, SelfCheckError, printable
from itss_logic.evidence import Evidence
from itss_logic.export import FileNames
from itss_logic.scenarios import Scenario, what_if
from itss_logic.tables import said, width
from itss_logic.terms import Fact, write
from itss_logic.tree import Node, Speaker
from itss_logic.vocabulary import SOURCE
from itss_logic.words import Words
from itss_logic.workbench.completion import Next, as_meant, what_next
from itss_logic.workbench.screens import Ask, Failed, People, Sure, Telling, told
from itss_logic.workbench.session import Row, Session, plan_tree, why_tree
from itss_logic.workbench.widgets import LEGEND, Line, Matrix, Picks, Title

BOXES = {"": "x", "off": " ", "claimed": "?", "confirmed": "c", "added": "+"}
"""What stands in the box before a fact, by the first word of its state."""


class Judged(Message):
    """Verdicts were found: those on a candidate before and after a scenario."""

    def __init__(self, scenario: Scenario, before: Answer, now: Answer) -> None:
        super().__init__()
        self.scenario, self.before, self.now = scenario, before, now


class Bench(Screen[None]):
    """One person: the verdicts, the facts on file beside the readings, and what is under the cursor."""

    DEFAULT_CSS = """
    Bench #top { height: auto; max-height: 40%; margin: 1 1 0 1; }
    Bench #legend { width: auto; margin-left: 2; color: $text-muted; }
    Bench #panes { height: 1fr; margin-top: 1; }
    Bench #panes Picks, Bench #detail { border-top: solid $foreground 40%; border-title-color: $text-muted; }
    Bench #panes Picks { width: 1fr; padding-left: 1; }
    Bench #panes Picks:focus { border-top: heavy $primary; border-title-color: $text; border-title-style: reverse; }
    Bench #readings { margin-left: 1; }
    Bench #detail { height: 5; padding: 0 1; color: $text-muted; }
    Bench.-narrow #legend { display: none; }
    Bench.-short #detail { height: 3; }
    Bench #detail.wrong { color: $text; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Pane"),
        Binding("space", "switch", "Switch"),
        Binding("c", "confirm", "Confirm"),
        Binding("a", "add", "Add"),
        Binding("u", "undo", "Undo"),
        Binding("w", "tell('why')", "Why"),
        Binding("p", "tell('plan')", "Plan"),
        Binding("s", "save", "Save"),
        Binding("o", "open", "Other"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(self, session: Session, words: Words, seconds: float) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]
        self.session, self.words, self.seconds = session, words, seconds
        self.judging, self.explaining = Lock(), Lock()
        self.candidate = ""
        self.before: dict[str, Answer] = {}
        self.rows: dict[Fact, Row] = {}
        self.was_focused: Widget | None = None
        self.draft = ""
        self.saved_to: dict[str, None] = {}

    def compose(self) -> ComposeResult:
        """The screen from top to bottom."""
        yield Title()
        with Horizontal(id="top"):
            yield Matrix(self.session.policy.levels, self.words.labels, id="matrix")
            yield Static(LEGEND, id="legend")
        with Horizontal(id="panes"):
            yield Picks(id="facts")
            yield Picks(id="readings")
        yield Static(id="detail")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Open the only person there is, or ask whom to open."""
        self.matrix, self.facts = self.query_one(Matrix), self.query_one("#facts", Picks)
        self.options = self.query_one("#readings", Picks)
        pairs = [(name, option) for name, options in self.session.policy.options.items() for option in options]
        self.options.styles.width = max((width(_reading(*pair, "")) for pair in pairs), default=0) + 2
        self.facts.border_title, self.options.border_title = "Facts", "Readings"
        if len(self.session.people) == 1:
            self.open(next(iter(self.session.people)))
        else:
            self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where there is one person alone, there is no other to open."""
        return action != "open" or len(self.session.people) > 1

    def open(self, candidate: str) -> None:
        """Show a person."""
        self.candidate = candidate
        self.speaker = Speaker(self.session.policy, self.words, self.session.people[candidate])
        self.matrix.show(None, None)
        self.facts.focus()
        self.show(first=True)

    def show(self, fact: Fact | None = None, *, first: bool = False) -> None:
        """Show what the session has come to, the cursor on a fact, and look for the verdicts."""
        rows = self.session.rows(self.candidate)
        if first:
            fact = next((row.fact for row in rows), None)
            counts = {level: sum(row.field == level[0] for row in rows) for level in self.session.policy.levels}
            self.matrix.to_level(max(counts, key=lambda level: counts[level]))
        self.rows = {row.fact: row for row in rows}
        self.facts.show(list(self._fact_lines(rows)), fact)
        readings, defaults = self.session.state.readings, self.session.defaults
        self.options.show([Line(_reading(name, readings[name], defaults[name]), key=name) for name in readings])
        self.show_title()
        self.tell_focused()
        self.judge(self.session.people[self.candidate], self.session.scenario(candidate=self.candidate))

    def _fact_lines(self, rows: list[Row]) -> list[Line]:
        found: list[Line] = []
        headed: list[str | None] = []
        for row in rows:
            if row.field not in headed:
                headed.append(row.field)
                found.append(Line(self.words.label(row.field) if row.field else "In every field", "bold"))
            box = f"[{BOXES[row.state.split(', ')[0]]}]"
            notes = f" ({row.state})" if row.is_changed or row.is_claim else ""
            style = "" if row.is_on else "dim"
            found.append(Line(f"{box} {'  ' if row.is_part else ''}{self.says(row.fact)}{notes}", style, row.fact))
        return found or [Line("There is nothing on file; a adds a fact.", "dim")]

    def says(self, fact: Fact) -> str:
        """What a fact says in words."""
        return printable(write(fact)) if fact.name == SOURCE else self.speaker.says(fact)

    def show_title(self) -> None:
        """Show who it is, and how much is changed."""
        changed = sum(row.is_changed for row in self.rows.values())
        scenario = self.session.scenario(candidate=self.candidate)
        counts = {"fact": changed, "reading": len(scenario.readings), "clause": len(scenario.changes)}
        parts = [count(number, noun) for noun, number in counts.items() if number]
        right = f"changed: {', '.join(parts)}" if parts else "as on file"
        if not self.session.is_saved:
            right = f"{right} · not saved"
        self.query_one(Title).show(printable(self.candidate), right)

    @work(thread=True, exclusive=True, group="verdicts")
    def judge(self, person: Evidence, scenario: Scenario) -> None:
        """Find the verdicts, in a thread of its own."""
        worker = get_current_worker()
        try:
            with self.judging:
                if worker.is_cancelled:
                    return
                known = self.before.get(person.candidate)
                [before], after = what_if(self.session.before, [person], scenario, None, [known] if known else None)
        except Exception as error:
            self.post_message(Failed(error, is_of_verdicts=True))
        else:
            self.post_message(Judged(scenario, before, after.after[0]))

    def on_judged(self, event: Judged) -> None:
        """Show the verdicts, unless something else was asked for meanwhile."""
        candidate = event.before.candidate
        self.before[candidate] = event.before
        if candidate != self.candidate or event.scenario != self.session.scenario(candidate=candidate):
            return
        is_first = self.matrix.now is None
        self.matrix.show(event.before, event.now)
        if is_first:
            field, _ = self.matrix.level
            top = max(number for name, number in self.session.policy.levels if name == field)
            self.matrix.to_level((field, event.now.next_levels()[field] or top))
        elif self.focused is self.matrix:
            self.tell_level()

    def tell(self, *lines: str, is_wrong: bool = False) -> None:
        """Tell something at the bottom of the screen."""
        detail = self.query_one("#detail", Static)
        detail.set_class(is_wrong, "wrong")
        detail.update(Content("\n".join(lines)))

    def tell_level(self) -> None:
        """Tell about the level under the cursor."""
        (field, number), before, now = self.matrix.level, self.matrix.before, self.matrix.now
        if before is None or now is None:
            return
        was, result = before.result(field, number), now.result(field, number)
        verdicts = [said(r.verdict) for r in (was, result)]
        self.tell(
            f"{self.words.label(field)} {number}: {' → '.join(dict.fromkeys(verdicts))}",
            f"lacking: {', '.join(result.unmet) or 'nothing'}",
            "w tells why; p tells what would lead there",
        )

    def on_matrix_moved(self) -> None:
        """Tell about the level under the cursor."""
        if self.focused is self.matrix:
            self.tell_level()

    def on_picks_moved(self) -> None:
        """Tell about what is under the cursor."""
        self.tell_focused()

    def on_descendant_focus(self) -> None:
        """Tell about what is under the cursor, when the focus comes from elsewhere on the bench."""
        if self.focused is not self.was_focused:
            self.tell_focused()

    def tell_focused(self) -> None:
        """Tell about what is under the cursor where the focus is."""
        self.was_focused = self.focused
        if self.focused is self.matrix:
            self.tell_level()
        elif self.focused is self.options and (name := self.options.key) is not None:
            default, options = self.session.defaults[name], self.session.policy.options[name]
            told = [f"{option} (the default)" if option == default else option for option in options]
            self.tell(f"{name}: {' | '.join(told)}", self.words.question(name))
        elif self.focused is self.facts and (row := self.rows.get(self.facts.key)) is not None:
            self.tell_fact(row)

    def tell_fact(self, row: Row) -> None:
        """Tell about the fact under the cursor."""
        source = self.speaker.case.sources.get(inner(row.fact))
        about = [row.state or "on file", *([f"filed as {printable(source)}"] if source else [])]
        keys = "space switches it on and off" + (", c confirms it" if row.is_claim else "")
        self.tell(printable(write(row.fact)), "; ".join(about), keys)

    def attempt(self, change: Callable[[], object]) -> None:
        """Make a change and show it; or tell why it cannot be made."""
        try:
            change()
        except ItssError as error:
            self.tell(told(error), is_wrong=True)
        else:
            self.show()

    def on_picks_picked(self) -> None:
        """Do what space does."""
        self.action_switch()

    def action_switch(self) -> None:
        """Switch the fact under the cursor on or off, or choose the next option of the reading."""
        if self.focused is self.options and (name := self.options.key) is not None:
            self.attempt(lambda: self.session.choose(name))
        elif self.focused is self.facts and (fact := self.facts.key) is not None:
            self.attempt(lambda: self.session.switch(fact))
        else:
            self.tell("There is nothing to switch here; tab goes to the facts and the readings.")

    def action_confirm(self) -> None:
        """Take the claim under the cursor as verified, or as claimed again."""
        if self.focused is self.facts and (fact := self.facts.key) is not None:
            self.attempt(lambda: self.session.confirm(fact))
        else:
            self.tell("There is nothing to confirm here; tab goes to the facts.")

    def action_add(self) -> None:
        """Ask for a fact to add."""

        def keep(text: str) -> None:
            self.draft = text

        def done(fact: Fact | None) -> None:
            if fact is not None:
                self.draft = ""
                self.facts.focus()
                self.show(fact)

        def hint(text: str) -> Next:
            return what_next(text, self.candidate, items, self.session.policy.vocabulary)

        def take(text: str) -> Fact:
            return self.session.add(as_meant(text, [self.candidate, *(str(id) for _, id in items)]))

        items = self.session.items(self.candidate)
        self.app.push_screen(Ask("A fact to add, as in .lp files:", self.draft, take, hint, keep), done)

    def action_undo(self) -> None:
        """Take back the last step, and show whom it was about."""
        step = self.session.undo()
        if step is None:
            self.tell("There is nothing to undo.")
            return
        if step.candidate not in (None, self.candidate):
            self.open(str(step.candidate))
        else:
            self.show()
        self.tell(f"undone: {printable(step.told)}")

    def action_tell(self, what: str) -> None:
        """Tell why the verdict under the cursor is what it is, or plan how to reach the level."""
        (field, number), session = self.matrix.level, self.session
        tree = {"why": why_tree, "plan": plan_tree}[what]
        evidence, readings = session.evidence(self.candidate), session.state.readings

        def ask() -> Node:
            with self.explaining:
                return tree(session.policy, evidence, (field, number), readings, self.words, self.seconds)

        heading = f"{what.capitalize()}: {printable(self.candidate)}, {self.words.label(field)} {number}"
        self.app.push_screen(Telling(heading, ask), lambda other: self.action_tell(other) if other else None)

    def action_save(self) -> None:
        """Ask for a file to save the session to, and whether to overwrite it."""
        self.ask_file(f"{FileNames().of(self.candidate).removesuffix('.lp')}-scenario.yaml")

    def ask_file(self, proposed: str) -> None:
        """Ask for the file, with a name proposed."""

        def done(path: str | None) -> None:
            if path and os.path.exists(path):
                question = Sure(f"{printable(path)} is there already. Overwrite it?")
                self.app.push_screen(question, lambda sure: self.save(path) if sure else self.ask_file(path))
            elif path:
                self.save(path)

        self.app.push_screen(Ask("A file to save the session to, as a scenario:", proposed, str.strip), done)

    def save(self, path: str) -> None:
        """Save the session as a scenario."""
        try:
            self.session.save(path)
        except (ItssError, OSError, UnicodeError) as error:
            self.tell(f"not saved: {told(error)}", is_wrong=True)
        except SelfCheckError as error:
            self.post_message(Failed(error))
        else:
            self.saved_to[path] = None
            self.show_title()
            self.tell(f"saved; itss whatif … --scenario {printable(path)} gives these verdicts again")

    def action_open(self) -> None:
        """Ask whom to open."""

        def done(candidate: str | None) -> None:
            if candidate is not None:
                self.open(candidate)
            elif not self.candidate:
                self.app.exit()

        changed = self.session.changed
        people = [
            (candidate, count(entry.size, "fact") + (f", {changed[candidate]} changed" if changed[candidate] else ""))
            for candidate, entry in self.session.people.items()
        ]
        self.app.push_screen(People(people, self.candidate or None), done)


def _reading(name: str, option: str, default: str) -> str:
    return f"{' ' if option == default else '*'} {name}={option}"
