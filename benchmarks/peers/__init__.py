"""Peers: the verdicts of the policy under its default readings, from the same lines, by other means.

Each peer reads a file of valid evidence as JSON lines and writes a line a candidate, with the verdicts in the order of
`LEVELS`: `{"candidate": …, "verdicts": […]}`. None of them checks evidence, gives reasons or knows a reading other than
the defaults. What they are built on: `pip install -r benchmarks/peers/requirements.txt`.
"""

from __future__ import annotations

from typing import NamedTuple

LEVELS = (
    *((field, level) for field in ("hardware", "software") for level in (3, 4, 5)),
    *(("facility_management", level) for level in (3, 4, 5, 6)),
)
VERDICTS = ("attained", "deemed", "pending", "not_attained")


class Peer(NamedTuple):
    """A peer: what it is called in tables, its module and function, and the package that it is built on."""

    title: str
    module: str
    function: str
    package: str


PEERS = {
    "clingo": Peer("clingo, chunks of 1,000", "plain_clingo", "in_chunks", "clingo"),
    "clingo-by-hand": Peer("clingo, rules by hand, chunks", "plain_clingo", "by_hand", "clingo"),
    "clingo-each": Peer("clingo, a Control a candidate", "plain_clingo", "one_by_one", "clingo"),
    "regorus": Peer("Rego, regorus", "rego", "by_regorus", "regorus"),
    "regorus-vm": Peer("Rego, regorus' virtual machine", "rego", "by_regorus_vm", "regorus"),
    "rego-cpp": Peer("Rego, rego-cpp", "rego", "by_rego_cpp", "regopy"),
    "openfisca": Peer("OpenFisca-core", "fisca", "run", "openfisca_core"),
    "duckdb": Peer("DuckDB, SQL", "sql", "run", "duckdb"),
    "msgspec": Peer("msgspec, decoding alone", "typed", "run", "msgspec"),
}
