"""The forms of result files, each brought to `results_N` and `people_N`, as `result_files.Opened` has them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.answers import VERDICTS
from itss_logic.errors import ItssError, Place, printable
from itss_logic.result_lines import first_defect
from itss_logic.tables import CSV_COLUMNS, CSV_ORIGIN

if TYPE_CHECKING:
    from itss_logic.result_files import Store

ROOM = "see whether memory and the folder of temporary files have room for it"
MEND = "give what itss batch or itss evaluate wrote, as .jsonl, .parquet or .csv"

LINE = (
    "{candidate: 'VARCHAR', category: 'VARCHAR', policy: 'VARCHAR', evidence: 'VARCHAR', readings: 'JSON', "
    "results: 'STRUCT(field VARCHAR, level VARCHAR, verdict VARCHAR, unmet VARCHAR[])[]'}"
)
LONG = {"candidate": "VARCHAR", "field": "VARCHAR", "level": "INTEGER", "verdict": "VARCHAR", "unmet": "VARCHAR[]"}
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}

# A sole criterion without a name stands for criteria that are no list of names.
SOLE = """case when r.unmet is null or len(r.unmet) = 1 and r.unmet[1] is null then ''
    when len(r.unmet) = 1 then r.unmet[1] end"""
RESULT = f"r.field as field, r.level as level, r.verdict as verdict, {SOLE} as sole"

# A level is looked at as text: what is not a whole number would be rounded.
BROKEN = (
    "(field is null or verdict is null or verdict not in ({verdicts}) or coalesce(sole = '', false)"
    " or not coalesce(regexp_full_match(level::varchar, '[0-9]{{1,9}}'), false))"
).format(verdicts=", ".join(f"'{verdict}'" for verdict in VERDICTS))
UNQUOTED = r"regexp_replace(candidate, '^''(''*[=+@\t\r-])', '\1')"
"""The opposite of `tables.safe_cell`."""


PART = re.compile(r"part-(?!0+\.)\d+\.csv")
"""The name of a part that is not the first."""


class Origin(NamedTuple):
    """What results rest on, as far as their file tells; None where it does not.

    `input` is the digest of the evidence as a whole, `changes` the clauses that a policy change replaced. `candidates`
    counts those who have results of this origin, `refused` those that the run refused.
    """

    category: str | None
    policy: str | None
    readings: Mapping[str, str] | None
    changes: tuple[str, ...] | None
    input: str | None
    candidates: int
    refused: int | None

    def as_json(self) -> dict[str, Any]:
        """The origin as `itss summary --format json` prints it."""
        return {
            **self._asdict(),
            "readings": None if self.readings is None else dict(self.readings),
            "changes": None if self.changes is None else list(self.changes),
        }


class Loaded(NamedTuple):
    """What is known of a file: its origins, its fields in their order, whether it has a digest for each candidate."""

    origins: list[Origin]
    fields: list[str]
    has_evidence: bool


def read_lines(store: Store, path: str, safe: str, number: int) -> Loaded:
    """JSON lines, a candidate a line: read once, into a table.

    Raises:
        ItssError: where a line is broken, or no result; it tells the first.
    """
    source = f"read_json(?, format = 'newline_delimited', columns = {LINE})"
    result = f"{{field: r.field, level: r.level, verdict: r.verdict, sole: {SOLE}}}"
    try:
        first = store.execute(f"select results from {source} limit 1", [safe])
        store.execute("set preserve_insertion_order = false")
        store.execute(
            f"create table lines_{number} as select candidate, category, policy, evidence,"
            f" readings::varchar as readings, list_transform(results, lambda r: {result}) as results from {source}",
            [safe],
        )
    except store.error as error:
        raise _defective(path, safe, printable(str(error).split("\n")[0].replace(safe, path))) from None
    finally:
        store.execute("set preserve_insertion_order = true")
    unnested = f"(select candidate, unnest(results) as r from lines_{number})"
    whole = f"select count(*) from lines_{number} where candidate is null or coalesce(len(results), 0) = 0"
    sound = _combine(store, number, f"select r.* from {unnested}")
    if not sound or store.number(whole):
        raise _defective(path, safe, "some lines are no results")
    store.execute(
        f"create view results_{number} as select candidate, r.field as field, r.level::integer as level,"
        f" r.verdict as verdict, r.sole as sole from {unnested}"
    )
    store.execute(f"create view people_{number} as select candidate, evidence from lines_{number}")
    origins = _origins(store, f"select category, policy, readings, count(*) from lines_{number} group by all", _object)
    fields = [result["field"] for (results,) in first for result in results]
    return Loaded(origins, fields, _has_evidence(store, number))


def _combine(store: Store, number: int, results: str) -> bool:
    """Count the kinds of results, into `kinds_N`; tells whether all of them are sound."""
    store.execute(
        f"create table kinds_{number} as select field, level, verdict, sole, count(*)::bigint as number"
        f" from ({results}) group by all"
    )
    return not store.number(f"select count(*) from kinds_{number} where {BROKEN}")


def _defective(path: str, safe: str, otherwise: str) -> ItssError:
    """The error of broken lines, with the place of the first."""
    defect = first_defect(safe)
    if defect is None:
        return ItssError(f"{printable(path)}: cannot be read: {otherwise}; {ROOM}")
    place = Place(path, defect.line, defect.column, defect.path)
    return ItssError(f"{printable(str(place))}: {printable(defect.message)}; {defect.mend or MEND}")


def read_parquet(store: Store, path: str, safe: str, number: int) -> Loaded:
    """Parquet in long form, looked at where it is; without the metadata of itss, its origin is unknown.

    Raises:
        ItssError: for other columns, or a row that is no result.
    """
    columns = {row[0]: row[1] for row in store.execute("describe select * from read_parquet(?)", [safe])}
    for column, kind in LONG.items():
        found = columns.get(column, "missing")
        if found != kind and not (column == "level" and found in INTEGERS):
            raise ItssError(f"{printable(path)}: no results: column {column} is {printable(found)}; {MEND}")
    source = "read_parquet('{}', file_row_number = true)".format(safe.replace("'", "''"))
    rows = f"(select candidate, file_row_number as place, {RESULT} from {source} r)"
    store.execute(f"create table people_{number} as select distinct candidate, null::varchar as evidence from {source}")
    sound = _combine(store, number, f"select field, level, verdict, sole from {rows}")
    _refuse_rows(store, path, number, sound, rows, 1)
    store.execute(
        f"create view results_{number} as select candidate, field, level::integer as level, verdict, sole from {rows}"
    )
    metadata = dict(store.execute("select key, value from parquet_kv_metadata(?)", [safe])).get(b"itss")
    told = {} if metadata is None else _object(metadata)
    if told is None:
        raise ItssError(f"{printable(path)}: its metadata, itss, is no JSON object; {MEND}")
    first = store.execute(f"select field from {source} where file_row_number < 1000 order by file_row_number")
    candidates = store.number(f"select count(*) from people_{number}")
    return Loaded([told_origin(told, candidates)], [field for (field,) in first], False)


def _refuse_rows(store: Store, path: str, number: int, sound: bool, rows: str, first: int) -> None:
    """Refuse a file for the first of its rows that is no result; the first row has this number."""
    if sound and not store.number(f"select count(*) from people_{number} where candidate is null"):
        return
    place = store.number(f"select min(place) from {rows} where candidate is null or {BROKEN}")
    raise ItssError(f"{printable(path)}: row {place + first} is no result; {MEND}")


def told_origin(told: Mapping[str, Any], candidates: int) -> Origin:
    """The origin that the metadata of a Parquet file tells."""

    def text(key: str) -> str | None:
        return told[key] if isinstance(told.get(key), str) else None

    changes, refused = told.get("changes"), told.get("refused")
    return Origin(
        text("category"),
        text("policy"),
        _texts(told.get("readings")),
        tuple(map(str, changes)) if isinstance(changes, list) else None,
        text("input"),
        candidates,
        refused if type(refused) is int else None,
    )


def read_csv(store: Store, path: str, safe: str, number: int) -> Loaded:
    """CSV, a row for each level; a cell has a quote in front where a spreadsheet would take it for a formula.

    Raises:
        ItssError: for other columns, or a row that is no result.
    """
    columns = [*CSV_COLUMNS, *CSV_ORIGIN]
    with open(safe, encoding="utf-8", errors="replace") as file:
        has_header = file.readline(1000).strip().split(",") == columns
    # Of parts that one run wrote the first alone has a heading.
    if not has_header and not PART.fullmatch(os.path.basename(path)):
        raise ItssError(f"{printable(path)}:1: no results: its columns are not {','.join(columns)}; {MEND}")
    cells = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    store.execute(
        f"create table lines_{number} as select {UNQUOTED} as candidate, category, policy, evidence, readings, field,"
        " level, verdict, list_filter(string_split(coalesce(unmet, ''), ' '), lambda name: name <> '') as unmet"
        f" from read_csv(?, auto_detect = false, header = {has_header}, delim = ',', quote = '\"', escape = '\"',"
        f" columns = {{{cells}}})",
        [safe],
    )
    rows = f"(select candidate, rowid as place, {RESULT} from lines_{number} r)"
    store.execute(f"create table people_{number} as select distinct candidate, evidence from lines_{number}")
    sound = _combine(store, number, f"select field, level, verdict, sole from {rows}")
    _refuse_rows(store, path, number, sound, rows, 2 if has_header else 1)
    store.execute(
        f"create view results_{number} as select candidate, field, level::integer as level, verdict, sole from {rows}"
    )
    counted = f"select category, policy, readings, count(distinct candidate) from lines_{number} group by all"
    origins = _origins(store, counted, _pairs)
    fields = store.execute(f"select field from lines_{number} group by field order by min(rowid)")
    return Loaded(origins, [field for (field,) in fields], _has_evidence(store, number))


def _origins(store: Store, counted: str, read: Any) -> list[Origin]:
    """The origins that rows tell, most candidates first; readings in another order are no others."""
    counts: dict[tuple[Any, ...], int] = {}
    for category, policy, text, count in store.each(counted):
        readings = _texts(None if text is None else read(text))
        key = (category, policy, None if readings is None else tuple(sorted(readings.items())))
        counts[key] = counts.get(key, 0) + count
    made = [
        Origin(category, policy, None if readings is None else dict(readings), None, None, count, None)
        for (category, policy, readings), count in counts.items()
    ]
    return sorted(made, key=lambda origin: (-origin.candidates, str(origin)))


def _has_evidence(store: Store, number: int) -> bool:
    return not store.number(f"select count(*) from people_{number} where evidence is null")


def _object(text: str | bytes) -> dict[str, Any] | None:
    """An object of JSON; None for anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _pairs(text: str) -> dict[str, str]:
    """Readings as a cell of CSV has them: `NAME=OPTION`, with spaces between."""
    return dict(re.findall(r"(\S+?)=(\S*)", text))


def _texts(value: Any) -> dict[str, str] | None:
    """A mapping to texts; None for anything else."""
    if not isinstance(value, Mapping):
        return None
    return {str(name): option if isinstance(option, str) else json.dumps(option) for name, option in value.items()}


def joined(readings: Iterable[tuple[str, str]]) -> str:
    """Readings as one text."""
    return " ".join(f"{name}={option}" for name, option in readings)
