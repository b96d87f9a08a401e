"""Run a peer: `python -m peers NAME SOURCE TARGET`, in the folder of benchmarks."""

from __future__ import annotations

import importlib
import sys

from peers import PEERS


def main(name: str, source: str, target: str) -> None:
    peer = PEERS[name]
    getattr(importlib.import_module(f"peers.{peer.module}"), peer.function)(source, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
