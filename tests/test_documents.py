"""The documents: every command of the README is run, and every file of rules is in the table of files."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
DRIVEN = [line for block in re.findall(r"```sh terminal\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
"""Commands that need a terminal; `tests/test_explore.py` runs them in one."""

SERVED = [line for block in re.findall(r"```sh server\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
"""Commands that serve until they are ended; `tests/test_browser.py` runs them, and looks at what they show."""

ELSEWHERE = ["itss policy test --require-coverage --junit /tmp/cases.xml"]
"""Commands that take long; `tests/test_policy_test.py` runs them, and looks at what they show."""

PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
BIN = Path(sys.executable).parent

SHORTER = {
    "python benchmarks/startup.py facts/json/aiko.json": "python benchmarks/startup.py facts/json/aiko.json --runs 1",
    "python benchmarks/whatif.py tests/data/sample-200.jsonl 200": (
        "python benchmarks/whatif.py tests/data/sample-200.jsonl 10"
    ),
}
"""What takes long as it measures often, and with less to measure: that it runs shows as well."""


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = command.replace("/tmp/", f"{folder}/").replace(". .venv/bin/activate", f'PATH="{BIN}:$PATH"')
    return subprocess.run(
        ["bash", "-euc", f'PATH="{BIN}:$PATH"\n{command}'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_readme_shows_how_to_run_and_how_to_test() -> None:
    assert COMMANDS[0] == "make run"
    assert "make test" in COMMANDS
    assert sum(command.startswith("itss ") for command in COMMANDS) >= 15


def test_every_command_that_needs_a_terminal_is_driven() -> None:
    fences = re.findall(r"^```(sh.*)$", README, re.MULTILINE)
    assert set(fences) == {"sh", "sh server", "sh terminal"}
    assert all(command.startswith("itss explore ") for command in DRIVEN)
    assert "DRIVEN" in (ROOT / "tests" / "test_explore.py").read_text(encoding="utf-8")
    assert all(command.startswith("itss serve ") for command in SERVED)
    assert "SERVED" in (ROOT / "tests" / "test_browser.py").read_text(encoding="utf-8")


def test_every_command_of_the_readme(tmp_path: Path) -> None:
    assert {*SHORTER, *ELSEWHERE} <= set(COMMANDS)
    assert "ELSEWHERE" in (ROOT / "tests" / "test_policy_test.py").read_text(encoding="utf-8")
    for command in COMMANDS:
        if command == "make test" or command in ELSEWHERE:  # The first is what runs this test.
            continue
        result = run(SHORTER.get(command, command), tmp_path)
        assert result.returncode == 0, f"{command}\n{result.stderr}"
        if shlex.split(command, comments=True)[0] in ("itss", "make"):
            assert result.stdout or {"export", "batch", "intake", "merge"} & set(command.split()), command
        assert "Traceback" not in result.stderr


def test_the_python_of_the_readme(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert PYTHON
    names: dict[str, object] = {}
    for code in PYTHON:
        exec(compile(code, "README.md", "exec"), names)
    assert "hardware 3 " in capsys.readouterr().out


def test_every_rule_file_is_in_the_table_of_files() -> None:
    table = (ROOT / "kb" / "README.md").read_text(encoding="utf-8")
    named = {name for row in re.findall(r"^\|[^|]*\|", table, re.MULTILINE) for name in re.findall(r"`(\S+\.lp)`", row)}
    assert named == {str(path.relative_to(ROOT / "kb")) for path in (ROOT / "kb").rglob("*.lp")}


def test_the_limits_are_those_of_the_readme() -> None:
    from itss_logic import limits

    for text, number in [
        ("16 MiB", limits.FILE_BYTES / 2**20),
        ("4 MiB", limits.LINE_BYTES / 2**20),
        ("10,000", limits.FACTS),
        ("1,024 characters", limits.TEXT_CHARACTERS),
        ("16 (", limits.DEPTH),
        ("1,000", limits.REFUSALS),
    ]:
        assert f"| {text}" in README
        assert int(text.split()[0].replace(",", "")) == number
