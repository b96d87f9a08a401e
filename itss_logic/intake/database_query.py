"""How tables of another shape give evidence: a YAML file of SELECT statements, one for each table of the layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from itss_logic.documents import Members
from itss_logic.errors import QuestionError, shorten
from itss_logic.intake.layout import CANDIDATES, Cell, Layout, Table
from itss_logic.yaml_form import read_mapping

FORM = (
    "write a mapping of tables to SELECT statements, such as `candidates: SELECT id AS candidate FROM people`; "
    "itss intake ddl shows the tables and their columns"
)

BEGINS = re.compile(r"(\s|--[^\n]*(\n|$)|/\*.*?\*/)*(SELECT|WITH|VALUES)\b", re.IGNORECASE | re.DOTALL)


class Query(NamedTuple):
    """What gives a table: a SELECT statement, and by column what its values stand for."""

    select: str
    values: Mapping[str, Mapping[str, Cell]]


class Queries(NamedTuple):
    """The queries of a file, by table."""

    file: str
    of: Mapping[str, Query]


def read_queries(file: str, layout: Layout) -> Queries:
    """The queries of a YAML file.

    Raises:
        QuestionError: where it is no such file; it names the place in it.
    """
    found: dict[str, Query] = {}
    for name, value in read_mapping(file, FORM).items():
        table = layout.named.get(name)
        if table is None:
            raise _wrong(file, name, "is no table of evidence", f"write one of {', '.join(layout.named)}")
        found[name] = _query(file, table, value)
    if CANDIDATES not in found:
        raise _wrong(file, CANDIDATES, "is missing", "write a SELECT for it; who is not in it has no evidence")
    return Queries(file, found)


def _query(file: str, table: Table, value: Any) -> Query:
    at = table.name
    if isinstance(value, str):
        value = Members([("select", value)])
    if not isinstance(value, Members) or not isinstance(value.get("select"), str):
        raise _wrong(file, at, "is no query", "write a SELECT statement, or `select` and `values`")
    for key in value:
        if key not in ("select", "values") or key in value.repeated:
            raise _wrong(file, f"{at}.{shorten(key)}", "cannot stand here", "write `select` and `values`, each once")
    select = value["select"].strip().removesuffix(";")
    if not BEGINS.match(select):
        raise _wrong(file, at, "is no SELECT", "write one statement that begins with SELECT or WITH")
    values = value.get("values", Members([]))
    if not isinstance(values, Members) or values.repeated:
        raise _wrong(file, f"{at}.values", "is no mapping of columns", "write `values: {COLUMN: {theirs: ours}}`")
    return Query(select, {name: _values(file, table, name, one) for name, one in values.items()})


def _values(file: str, table: Table, name: str, value: Any) -> Mapping[str, Cell]:
    at = f"{table.name}.values.{shorten(name)}"
    if name not in [column.name for column in table.columns]:
        known = ", ".join(column.name for column in table.columns)
        raise _wrong(file, at, f"is no column of {table.name}", f"write one of {known}")
    if table.column(name).kind in ("candidate", "owner", "id"):
        raise _wrong(file, at, "cannot be mapped: it holds ids", "make the ids in the SELECT")
    if not isinstance(value, Members) or value.repeated:
        raise _wrong(file, at, "is no mapping of values", "write what stands there and what it means, each once")
    for theirs, ours in value.items():
        if not isinstance(ours, (str, int, bool, type(None))):
            raise _wrong(file, f"{at}.{shorten(theirs)}", "means nothing", "write a value, true, false or a number")
    return dict(value)


def _wrong(file: str, at: str, what: str, mend: str) -> QuestionError:
    return QuestionError(f"{file}: {at} {what}; {mend}")
