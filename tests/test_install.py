"""The wheel: built, installed in an environment of its own, and run from another folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_ships_the_rules(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    install = [environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", ROOT]
    subprocess.run(list(map(str, install)), check=True, cwd=tmp_path)
    result = subprocess.run(
        [str(environment / "bin" / "itss"), "evaluate", "-", "--require", "software:3"],
        cwd=tmp_path,
        input='{"candidate": "ann", "exams": ["ap"]}\n',
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "deemed (exam)" in result.stdout
    [package] = environment.glob("lib/*/site-packages/itss_logic")
    assert (package / "py.typed").exists()
    for name in ("templates/desk.html", "static/pages.css", "static/vendor/htmx.min.js", "words/ja.toml"):
        assert (package / "pages" / name).exists()
    report = [str(environment / "bin" / "itss"), "report", "-", "-o", "out"]
    missing = subprocess.run(report, cwd=tmp_path, input="", capture_output=True, text=True, check=False)
    assert (missing.returncode, "pip install 'itss_logic[report]'" in missing.stderr) == (2, True)
