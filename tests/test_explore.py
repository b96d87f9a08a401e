"""The workbench in a real terminal: what its keys do, what its screen shows, and what comes of what it saves."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pyte
import pytest

from itss_logic import Policy
from itss_logic.tables import MARKS
from tests.test_documents import BIN, DRIVEN, ROOT

FACTS = ROOT / "facts" / "json"
POLICY = Policy.load()
VERDICTS = {mark: verdict for verdict, mark in MARKS.items()}
DOWN, RIGHT, LAST, TAB, BACK_TAB, ESCAPE, ENTER = "\x1b[B", "\x1b[C", "\x1b[F", "\t", "\x1b[Z", "\x1b", "\r"
ASKED, BEGIN, END = b"\x1b[?2026$p", b"\x1b[?2026h", b"\x1b[?2026l"
"""Whether the terminal can show whole frames; the begin and the end of one."""

LIMIT = 20.0
"""Seconds to wait for what should come at once, on however busy a machine."""


class Terminal:
    """`itss explore` in a terminal of its own: what is typed goes in, and the screen is what a person would see."""

    def __init__(self, command: Sequence[str], cwd: Path, *, columns: int = 80, rows: int = 24, **environ: str) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.sent = self.pending = b""
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        kept |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PATH": f"{BIN}:{kept['PATH']}"}
        self.child: Any = pexpect.spawn(
            command[0], list(command[1:]), cwd=str(cwd), dimensions=(rows, columns), env={**kept, **environ}
        )

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LIMIT
        while not holds():
            assert time.monotonic() < end, f"never came: {what}\n{self.text}"
            try:
                self.read(self.child.read_nonblocking(65536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert holds(), f"never came: {what}\n{self.text}"

    def read(self, data: bytes) -> None:
        """Take what was sent; the screen changes by whole frames, as in a terminal that says that it can do so."""
        if ASKED in self.sent[-len(ASKED) :] + data:
            self.child.send("\x1b[?2026;2$y")
        self.sent += data
        self.pending += data
        whole = self.pending.rfind(END) + len(END) if BEGIN in self.pending else len(self.pending)
        if END in self.pending or BEGIN not in self.pending:
            self.stream.feed(self.pending[:whole])
            self.pending = self.pending[whole:]

    def see(self, *texts: str) -> None:
        """Wait until all of these stand on the screen; where they are folded, the folds count as spaces."""
        self.until(lambda: all(text in self.text or text in " ".join(self.text.split()) for text in texts), str(texts))

    def miss(self, text: str) -> None:
        self.until(lambda: text not in self.text, f"the end of {text}")

    def press(self, keys: str, *texts: str) -> None:
        self.child.send(keys)
        self.see(*texts)

    def retype(self, old: str, new: str) -> None:
        """Type a text in place of the one in the line."""
        self.child.send("\x15")
        self.miss(old)
        self.press(new, new)

    def back(self) -> None:
        """Go back from an explanation or a list to the bench."""
        self.see("esc Back")
        self.child.send(ESCAPE)
        self.miss("esc Back")
        self.see("tab Pane")

    def down_to(self, text: str) -> None:
        """Move the cursor down until what it is on tells this at the bottom of the screen."""
        for _ in range(60):
            bottom = self.lines[-5:-1]
            if text in "".join(bottom):
                return
            self.child.send(DOWN)
            self.until(lambda bottom=bottom: self.lines[-5:-1] != bottom, f"another line than {bottom}")  # type: ignore[misc]
        raise AssertionError(f"there is no {text}\n{self.text}")

    def cells(self) -> dict[tuple[str, int], str]:
        """What the matrix shows for each level."""
        labels = POLICY.words().labels
        [top] = [at for at, line in enumerate(self.lines) if re.fullmatch(r"\s+(\d\s+)+✓ attained", line)]
        found = {}
        for field, level in POLICY.levels:
            row = self.lines[top + 1 + POLICY.fields.index(field)]
            assert row.startswith(f" {labels[field]} "), row
            right = self.lines[top].index(str(level)) + 1
            found[field, level] = row[right - 5 : right].strip()
        return found

    def verdicts(self) -> list[tuple[str, int, str]]:
        """The verdicts now that the matrix shows."""
        return [(*level, VERDICTS[cell[-1]]) for level, cell in self.cells().items()]

    def shows(self, field: str, level: int, cell: str) -> None:
        """Wait until the matrix shows this for a level."""
        self.until(lambda: self.cells()[field, level] == cell, f"{field} {level}: {cell}")

    def leave(self, *keys: str) -> int:
        """Leave with these keys; the exit code."""
        for key in keys or ("q",):
            self.child.send(key)
        self.until(lambda: not self.child.isalive(), "the end")
        assert b"Traceback" not in self.sent
        return int(self.child.exitstatus)


@pytest.fixture
def explore(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []

    def start(*arguments: str | Path, **others: Any) -> Terminal:
        command = [sys.executable, "-m", "itss_logic", "explore", *map(str, arguments)]
        started.append(Terminal(command, tmp_path, **others))
        return started[-1]

    yield start
    for terminal in started:
        terminal.child.close(force=True)


def whatif(*arguments: str | Path, cwd: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "itss_logic", "whatif", *map(str, arguments), "--format", "json"]
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def after(saved: str, *evidence: Path, cwd: Path) -> list[list[tuple[str, int, str]]]:
    """The verdicts that a saved scenario comes to, a list a candidate."""
    [scenario] = whatif(*evidence, "--scenario", saved, cwd=cwd)["scenarios"].values()
    return [[(r["field"], r["level"], r["verdict"]) for r in answer["results"]] for answer in scenario["after"]]


def test_facts_claims_and_a_scenario(explore: Callable[..., Terminal], tmp_path: Path) -> None:
    at = explore(FACTS / "emi.json")
    at.see("emi.suzuki", "as on file", "[x] develops subordinates: coaching")
    at.shows("software", 4, "…")
    at.press(" ", "[ ] develops subordinates: coaching", "changed: 1 fact", "not saved")
    at.shows("software", 4, "… → ✗")
    at.press("u", "undone:", "as on file")
    at.shows("software", 4, "…")

    at.down_to('achievement("emi.suzuki",software,book')
    at.press("c", "[c] book: message-queues-explained")
    at.down_to("former-employer-brokerage")
    at.press("c", "changed: 2 facts")
    at.shows("software", 4, "… → ✓")

    at.press(
        "w", "Why: emi.suzuki, Software 4", "✓ emi.suzuki: Software, level 4: attained, by meeting every criterion"
    )
    at.press("p", "Plan: emi.suzuki, Software 4", "nothing is needed")
    at.back()

    at.press("a", "A fact to add", "handles")
    at.press('handles("emi.suzuki", software, abacus)' + ENTER, "unknown_value: abacus is not a known component;")
    at.press("\x7f" * 7, "operating_system | database | middleware")
    at.press("data", "software, data")
    at.press(TAB, 'handles("emi.suzuki", software, database)')
    at.press(ENTER, "[+] handles: database (added)", "changed: 3 facts")

    at.press("s", "A file to save the session to", "emi.suzuki-scenario.yaml")
    at.press(ENTER, "saved; itss whatif", "changed: 3 facts")
    at.miss("not saved")
    shown = at.verdicts()
    assert ("software", 4, "attained") in shown
    assert at.leave() == 0
    assert "saved: emi.suzuki-scenario.yaml" in at.text
    assert after("emi.suzuki-scenario.yaml", FACTS / "emi.json", cwd=tmp_path) == [shown]
    text = (tmp_path / "emi.suzuki-scenario.yaml").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if not line.startswith("  -")] == [
        "emi.suzuki-scenario:",
        "  confirm:",
        "  add:",
    ]


@pytest.mark.parametrize("command", DRIVEN)
def test_people_and_readings(command: str, tmp_path: Path) -> None:
    assert command == "itss explore facts/json"
    at = Terminal(shlex.split(command), ROOT)
    at.see("Whose verdicts?", "12 of 12", "田中 愛子", "sora.matsumoto")
    at.press("xyz", "0 of 12")
    at.press(ENTER + "\x15", "12 of 12", "daiki.nakamura")
    at.press("NAO", "1 of 12", "nao.kimura")
    at.press(ENTER, "[x] project brewery-twin-rooms")
    at.shows("facility_management", 4, "✗")
    at.press(TAB, "project_grade: at_least (the default) | exact")
    at.down_to("two_sites:")
    at.press(" ", "* two_sites=small", "changed: 1 reading")
    at.shows("facility_management", 4, "✗ → ✓")
    at.press(BACK_TAB + BACK_TAB, "Facility Management 4: ✗ not attained → ✓ attained", "lacking: nothing")
    at.press(" ", "tab goes to the facts and the readings")
    at.press(RIGHT, "Facility Management 5: ✗ not attained")
    at.press("w", "✗ nao.kimura: Facility Management, level 5: not attained")
    at.press(LAST, "└─ readings: two_sites=small")
    at.back()

    at.press("o", "Whose verdicts?")
    at.press("emi", "1 of 12")
    at.press(ENTER, "emi.suzuki", "* two_sites=small", "changed: 1 reading")
    at.press(" ", "changed: 1 fact, 1 reading")
    at.press("o", "Whose verdicts?")
    at.see("26 facts, 1 changed")
    at.press("daiki", "1 of 12")
    at.press(ENTER, "daiki.nakamura", "changed: 1 reading")
    at.press("u", "emi.suzuki", 'undone: develops_subordinates("emi.suzuki",coaching) off')
    at.press("q", "There are changes that are not saved. Leave without them?")
    at.press("n", "tab Pane")
    at.press("q", "Leave without them?")
    assert at.leave("y") == 0


def test_a_policy_change_holds_after(explore: Callable[..., Terminal], tmp_path: Path) -> None:
    change = tmp_path / "change.yaml"
    change.write_text("software.5.succession: {required: 2}\nsoftware.4.projects: {required: 1}\n")
    daiki = FACTS / "daiki.json"
    at = explore(daiki, "--policy-change", change, "--reading", "succession_count=every_piece")
    at.see("changed: 1 reading, 2 clauses", "* succession_count=every_piece")
    at.shows("software", 5, "✗ → ✓")
    at.press("s", "daiki.nakamura-scenario.yaml")
    at.retype("daiki.nakamura-scenario.yaml", "mine.yaml")
    at.press(ENTER, "saved; itss whatif")
    shown = at.verdicts()
    at.press("s", "daiki.nakamura-scenario.yaml")
    at.retype("daiki.nakamura-scenario.yaml", "mine.yaml")
    at.press(ENTER, "mine.yaml is there already. Overwrite it?")
    at.press("n", "A file to save the session to", "mine.yaml")
    at.retype("mine.yaml", "none/there.yaml")
    at.press(ENTER, "not saved: none/there.yaml: No such file or directory")
    assert at.leave() == 0
    assert after("mine.yaml", daiki, cwd=tmp_path) == [shown]
    assert "policy_change:\n    software.4.projects:\n      required: 1\n" in (tmp_path / "mine.yaml").read_text()


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}])
def test_the_screen_of_24_lines(explore: Callable[..., Terminal], environ: dict[str, str]) -> None:
    at = explore(FACTS / "emi.json", **environ)
    at.see("as on file", "Quit")
    at.shows("software", 4, "…")
    lines = at.lines
    assert lines[0].split() == ["emi.suzuki", "as", "on", "file"]
    assert lines[-1].split()[::2] == ["tab", "space", "c", "a", "u", "w", "p", "s", "q"]
    assert [line[-len(line.split("  ")[-1]) :].split(" ")[0] for line in lines[2:6]] == list(MARKS.values())
    assert at.cells() == {level: {"✓": "✓", "…": "…"}.get(cell, "✗") for level, cell in at.cells().items()}
    assert [line for line in lines if "Facts" in line and "Readings" in line]
    assert all(option in at.text for option in ("project_grade=at_least", "progression=independent"))
    assert all(mark in at.text for mark in ("[x] develops", "[?] book", "[x]   role: responsible"))
    assert '("emi.suzuki",coaching)' in lines[-5]
    colours = re.findall(rb"\x1b\[(?:[\d;]*;)?(?:[34]8;[25]|3[0-7]|4[0-7]|9[0-7]|10[0-7])[\d;]*m", at.sent)
    assert bool(colours) is not bool(environ)
    assert at.leave() == 0


def test_text_of_evidence_cannot_drive_the_terminal(explore: Callable[..., Terminal], tmp_path: Path) -> None:
    id = "x\x1b]0;owned\x07\x1b[31m[bold]y[/bold]\u202e"
    achievement = {"item": "book", "id": id, "status": "claimed", "source": f"[link=z]{id}"}
    person = {"candidate": id, "fields": {"software": {"achievements": [achievement], "projects": [{"id": id}]}}}
    (tmp_path / "odd.json").write_text(json.dumps(person))
    shown = r"x\x1b]0;owned\x07\x1b[31m[bold]y[/bold]\u202e"
    at = explore("odd.json", columns=160)
    at.see(f"[?] book: {shown} (claimed)", f"[x] project {shown}", f"filed as [link=z]{shown}")
    at.press("c", f"[c] book: {shown} (confirmed)")
    at.press("a", "A fact to add")
    at.press("passed_exam(", shown)
    at.press(TAB, f'passed_exam("{shown}",')
    at.press("ap)", "ap)")
    at.press(ENTER, "exam passed: ap (Applied) (added)")
    at.shows("software", 3, "✗ → ◇")
    at.press("w", "Why:", shown)
    at.back()
    at.press("s", "A file to save")
    at.press(ENTER, "saved; itss whatif")
    verdicts = at.verdicts()
    assert at.leave() == 0
    assert b"owned\x07" not in at.sent
    [saved] = tmp_path.glob("*-scenario.yaml")
    assert after(saved.name, Path("odd.json"), cwd=tmp_path) == [verdicts]


def test_a_search_among_thousands(explore: Callable[..., Terminal], tmp_path: Path) -> None:
    people = [json.dumps({"candidate": f"E-{number:05}", "exams": ["ap"]}) for number in range(5000)]
    (tmp_path / "many.jsonl").write_text("\n".join([*people, json.dumps({"candidate": "wrong", "exams": [1]})]))
    at = explore("many.jsonl")
    at.see("5000 of 5000", "E-00000")
    at.press("e- 777", "5 of 5000", "E-00777", "E-04777")
    at.press(DOWN + ENTER, "E-01777", "exam passed: ap (Applied)")
    at.press("o", "Whose verdicts?", "5000 of 5000")
    at.back()
    assert at.leave() == 1
    assert b"wrong_type" in at.sent


def test_what_is_not_confirmed_is_not_shown_and_ends_in_70(tmp_path: Path) -> None:
    code = (
        "from itss_logic import errors, explain\n"
        "def fail(*a): raise errors.SelfCheckError('told otherwise')\n"
        "explain.confirm = fail\n"
        "from itss_logic.cli import main; import sys; sys.argv = ['itss', *sys.argv[1:]]; main()"
    )
    at = Terminal([sys.executable, "-c", code, "explore", str(FACTS / "emi.json")], tmp_path)
    at.see("as on file", "Quit")
    at.press("w", "There is no answer: told otherwise")
    at.back()
    at.see("internal error: told otherwise")
    at.press(" ", "changed: 1 fact")
    at.shows("software", 4, "… → ✗")
    at.press("s", "A file to save")
    at.press(ENTER, "saved; itss whatif")
    assert at.leave() == 70
    assert b"the policy's own rules do not confirm the answer, which is not shown: told otherwise" in at.sent


def run(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    script = f"{code}\nimport sys; from itss_logic.cli import main; sys.argv = ['itss', *sys.argv[1:]]; main()"
    command = [sys.executable, "-c", script, "explore", *arguments]
    return subprocess.run(command, input="", capture_output=True, text=True, encoding="utf-8", check=False)


def test_without_a_terminal_it_says_so() -> None:
    result = run(str(FACTS / "emi.json"))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "error: the workbench needs a terminal as standard input and output; without one, use itss whatif\n"
    )


def test_without_textual_it_says_what_to_install() -> None:
    result = run(str(FACTS / "emi.json"), code="import sys; sys.modules['textual'] = None")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: the workbench needs Textual: pip install 'itss_logic[explore]'\n"


def test_help_does_not_wait_for_textual() -> None:
    code = "import sys; import itss_logic.cli; print(sorted(m for m in sys.modules if m in ('textual', 'rich')))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    assert "workbench" in run("--help").stdout
