"""Results as a block of output, in each form. What many people share is written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.answers import Answer, Result
from itss_logic.console import as_json_text
from itss_logic.tables import csv_rows, safe_cell

if TYPE_CHECKING:
    from itss_logic.batch.slices import Decision
    from itss_logic.policy import Policy


class Row(NamedTuple):
    """The results of one candidate, by field, with the digest of the evidence where the form has a place for it."""

    candidate: str
    evidence: str
    decisions: tuple[Decision, ...]


class Form:
    """A form of output. `block` is what candidates come to in it."""

    digests = True
    """Whether it has a place for the digest of evidence."""

    def __init__(self, policy: Policy, readings: Mapping[str, str]) -> None:
        self.policy, self.readings = policy, readings
        self.known: dict[Decision, Any] = {}
        """What was made of a decision before."""

    def block(self, rows: Sequence[Row]) -> bytes:
        """The results of candidates."""
        return "".join(map(self.text, rows)).encode("utf-8", "surrogatepass")

    def text(self, row: Row) -> str:
        """The results of one candidate."""
        raise NotImplementedError

    def answer(self, row: Row) -> Answer:
        """The same as an answer."""
        return Answer(
            candidate=row.candidate,
            category=self.policy.vocabulary.category,
            policy=self.policy.digest,
            evidence=row.evidence,
            readings=self.readings,
            highest={decision.field: decision.highest for decision in row.decisions},
            results=tuple(result for decision in row.decisions for result in decision.results),
        )


class Lines(Form):
    """JSON lines: those of `itss evaluate`."""

    def __init__(self, policy: Policy, readings: Mapping[str, str]) -> None:
        super().__init__(policy, readings)
        nothing = as_json_text(self.answer(Row("", "", ()))._replace(highest={}).as_json())
        self.name, _, rest = nothing.partition('""')
        self.evidence, _, rest = rest.partition('""')
        self.highest, _, rest = rest.partition("{}")
        while "{}" in rest:  # Empty readings look the same.
            between, _, rest = rest.partition("{}")
            self.highest += "{}" + between
        self.results, _, self.end = rest.partition("[]")

    def text(self, row: Row) -> str:
        """A line."""
        known = self.known
        parts = [known.get(decision) or self._parts(decision) for decision in row.decisions]
        highest, results = ", ".join([part[0] for part in parts]), ", ".join([part[1] for part in parts])
        return (
            f'{self.name}{encode_basestring(row.candidate)}{self.evidence}"{row.evidence}"'
            f"{self.highest}{{{highest}}}{self.results}[{results}]{self.end}\n"
        )

    def _parts(self, decision: Decision) -> tuple[str, str]:
        highest = as_json_text({decision.field: decision.highest})[1:-1]
        results = ", ".join(as_json_text(result.as_json()) for result in decision.results)
        self.known[decision] = (highest, results)
        return highest, results


class Table(Form):
    """CSV: a row for each level, as `itss evaluate` has them, without the heading."""

    def text(self, row: Row) -> str:
        """The rows of a candidate."""
        name = _cells([safe_cell(row.candidate), ""])[:-1]
        lines = [line for decision in row.decisions for line in self.known.get(decision) or self._lines(decision)]
        return "".join([f"{name},{line}" for line in lines]).replace(EVIDENCE, row.evidence)

    def _lines(self, decision: Decision) -> list[str]:
        answer = self.answer(Row("", EVIDENCE, ()))
        lines = [_cells(cells[1:]) + END for cells in csv_rows(answer, decision.results)]
        self.known[decision] = lines
        return lines


END = "\r\n"

EVIDENCE = "\0"
"""What stands for the digest in rows that are kept."""


def _cells(cells: Sequence[str]) -> str:
    import csv
    from io import StringIO

    stream = StringIO(newline="")
    csv.writer(stream, lineterminator=END).writerow(cells)  # What ends a line is quoted where it stands in a cell.
    return stream.getvalue().removesuffix(END)


class Columns(Form):
    """An Arrow stream: a row for each level."""

    digests = False

    def block(self, rows: Sequence[Row]) -> bytes:
        """One record batch with its schema."""
        import pyarrow

        schema = columns()
        places: dict[Decision, range] = {}
        records: list[dict[str, Any]] = []
        for decision in dict.fromkeys(decision for row in rows for decision in row.decisions):
            places[decision] = range(len(records), len(records) + len(decision.results))
            records.extend(_record(result) for result in decision.results)
        distinct = pyarrow.RecordBatch.from_pylist(records, schema.remove(0))
        which = [place for row in rows for decision in row.decisions for place in places[decision]]
        levels = len(which) // len(rows) if rows else 0
        people = pyarrow.array([row.candidate for row in rows for _ in range(levels)], pyarrow.string())
        taken = [column.take(pyarrow.array(which, pyarrow.int64())) for column in distinct.columns]
        sink = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, schema) as writer:
            writer.write_batch(pyarrow.RecordBatch.from_arrays([people, *taken], schema=schema))
        return bytes(sink.getvalue())


def columns() -> Any:
    """The columns of results in Arrow and Parquet."""
    import pyarrow

    text = pyarrow.string()
    return pyarrow.schema(
        [
            ("candidate", text),
            ("field", text),
            ("level", pyarrow.int32()),
            ("verdict", text),
            ("routes", pyarrow.list_(text)),
            ("unmet", pyarrow.list_(text)),
        ]
    )


def _record(result: Result) -> dict[str, Any]:
    return {
        "field": result.field,
        "level": result.level,
        "verdict": result.verdict,
        "routes": list(result.routes),
        "unmet": list(result.unmet),
    }


class Tuples(Form):
    """Lines of JSON, one a candidate: the id, the digest, and a tuple for each level as a table of results has it."""

    def text(self, row: Row) -> str:
        """A line."""
        results = ",".join([self.known.get(decision) or self._tuples(decision) for decision in row.decisions])
        return f'[{encode_basestring(row.candidate)},"{row.evidence}",[{results}]]\n'

    def _tuples(self, decision: Decision) -> str:
        tuples = [
            [one.field, one.level, one.verdict, *map(as_json_text, (one.routes, one.unmet)), decision.highest]
            for one in decision.results
        ]
        self.known[decision] = as_json_text(tuples)[1:-1]
        return str(self.known[decision])


FORMS: Mapping[str, type[Form]] = {"jsonl": Lines, "csv": Table, "arrow": Columns, "rows": Tuples}
