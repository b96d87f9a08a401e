"""How long a whole `itss` process takes, beside importing what it is built on.

    python benchmarks/startup.py EVIDENCE

EVIDENCE is a file with one candidate. Run it with the Python of an environment in which the project is installed
(`pip install .`). Prints a row a command: its median, its peer's, and the median of the ratios of paired runs.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ITSS = str(Path(sysconfig.get_path("scripts")) / "itss")


def seconds(command: list[str]) -> float:
    """Wall time of one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare(command: list[str], peer: list[str], runs: int) -> tuple[float, float, float]:
    """Median seconds of a command and of its peer, run by turns, and the median of their ratios."""
    seconds(command)
    seconds(peer)
    pairs = [(seconds(command), seconds(peer)) for _ in range(runs)]
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    return statistics.median(m for m, _ in pairs), statistics.median(t for _, t in pairs), ratio


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("evidence", help="a file with one candidate")
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    evaluate = [ITSS, "evaluate", arguments.evidence]
    solver = [sys.executable, "-c", "import clingo, click"]
    rows = [
        ("itss evaluate (checklist)", evaluate, "import clingo, click", solver),
        ("itss evaluate --format json", [*evaluate, "--format", "json"], "import clingo, click", solver),
        ("itss --help", [ITSS, "--help"], "import click", [sys.executable, "-c", "import click"]),
    ]
    print(f"{'command':30}{'ms':>8}  {'peer':22}{'ms':>8}{'ratio':>8}")
    for name, command, peer_name, peer in rows:
        mine, theirs, ratio = compare(command, peer, arguments.runs)
        print(f"{name:30}{mine * 1000:8.1f}  {peer_name:22}{theirs * 1000:8.1f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
