"""`itss batch`: the same people in every form of input and output, and input that is unsound."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from itss_logic import ItssError, Policy, SelfCheckError, limits
from itss_logic.batch import crew, inputs, rows, streams, worker
from itss_logic.batch.folder import Folder
from itss_logic.batch.journal import Totals
from itss_logic.batch.outputs import Target
from itss_logic.batch.run import Order, run
from itss_logic.batch.seen import Seen
from itss_logic.batch.universe import NotSlicedError
from itss_logic.cli import cli
from itss_logic.errors import QuestionError

SAMPLE = Path(__file__).parent / "data" / "sample-200.jsonl"
EXPECTED = Path(__file__).parent / "data" / "sample-200.expected.jsonl"
SMALL = 16_384
"""Bytes of a block: about six people."""

FEW = 60
"""People in most of these tests."""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(autouse=True)
def plainly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """So few people take longer by slices, which are tested elsewhere."""

    def not_sliced(*arguments: object, **others: object) -> None:
        raise NotSlicedError("asked so")

    if "nested" not in request.node.name:
        monkeypatch.setattr(worker, "Sliced", not_sliced)


@pytest.fixture
def batch(policy: Policy, tmp_path: Path) -> Callable[..., tuple[Totals, bytes]]:
    def decide(*paths: object, suffix: str = ".jsonl", **others: Any) -> tuple[Totals, bytes]:
        output = tmp_path / f"result{suffix}"
        order = Order([str(path) for path in paths], str(output), verify_sample=0, block_bytes=SMALL)
        return run(policy, {}, order._replace(**others)), output.read_bytes()

    return decide


@pytest.fixture(scope="module")
def gold() -> list[dict[str, Any]]:
    lines = EXPECTED.read_text(encoding="utf-8").splitlines()
    expected = [json.loads(line) for line in lines]
    found = [{"candidate": e["candidate"], "results": e["results"]} for e in expected if not e["readings"]]
    assert len(found) == 200
    return found


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("few") / "few.jsonl"
    path.write_bytes(b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:FEW]))
    return path


def told(output: bytes) -> list[dict[str, Any]]:
    answers = [json.loads(line) for line in output.splitlines()]
    return [{"candidate": a["candidate"], "results": a["results"]} for a in answers]


def people(number: int = FEW) -> list[dict[str, Any]]:
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()[:number]]


def in_columns(person: dict[str, Any]) -> dict[str, Any]:
    """Evidence with every item an object, as a column holds values of one type only."""

    def items(holder: dict[str, Any], key: str, name: str) -> None:
        if key in holder:
            holder[key] = [item if isinstance(item, dict) else {name: item} for item in holder[key]]

    items(person, "exams", "exam")
    items(person, "develops_subordinates", "means")
    for field in person.get("fields", {}).values():
        items(field, "handles", "component")
    if person.get("leads_others") is True:
        person["leads_others"] = {"status": "verified"}
    return person


def zstd(data: bytes) -> bytes:
    packed: bytes = pytest.importorskip("zstandard").ZstdCompressor().compress(data)
    return packed


def parquet(people: list[dict[str, Any]], path: Path, group: int = 70) -> None:
    pyarrow, files = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    keys = dict.fromkeys(key for row in people for key in row)
    table = pyarrow.Table.from_pylist([{key: row.get(key) for key in keys} for row in people])
    files.write_table(table, path, row_group_size=group)


def test_packed_lines_are_the_same_lines(
    batch: Callable[..., tuple[Totals, bytes]], gold: list[dict[str, Any]], few: Path, tmp_path: Path
) -> None:
    data = few.read_bytes()
    half = len(data) // 2
    plain, output = batch(few)
    assert told(output) == gold[:FEW]
    for name, packed in (
        ("a.jsonl.gz", gzip.compress(data[:half]) + gzip.compress(data[half:])),
        ("a.jsonl.zst", zstd(data[:half]) + zstd(data[half:])),
        ("a.NDJSON.GZ", gzip.compress(data)),
    ):
        (tmp_path / name).write_bytes(packed)
        totals, found = batch(tmp_path / name)
        assert found == output
        # The same blocks, whatever they were packed in.
        assert (totals.input_digest, totals.blocks) == (plain.input_digest, plain.blocks)


def test_urls(batch: Callable[..., tuple[Totals, bytes]], gold: list[dict[str, Any]], few: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    lines = few.read_bytes().splitlines(keepends=True)
    memory = fsspec.filesystem("memory")
    memory.pipe("/staff/b/more.jsonl.gz", gzip.compress(b"".join(lines[20:40])))
    memory.pipe("/staff/c.json", b"[" + b",".join(lines[40:]) + b"]")
    memory.pipe("/staff/a.jsonl", b"".join(lines[:20]))
    memory.pipe("/staff/notes.txt", b"nothing")
    assert told(batch("memory://staff", jobs=2)[1]) == gold[:FEW]
    assert told(batch(f"file://{few}")[1]) == gold[:FEW]
    with pytest.raises(QuestionError, match="there is no such file or folder"):
        batch("memory://nobody.jsonl")
    with pytest.raises(ItssError, match=r"nosuch://x\.jsonl: cannot be opened: Protocol not known: nosuch"):
        batch("nosuch://x.jsonl")


def test_output_to_a_url(policy: Policy, few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.chdir(tmp_path)
    run(policy, {}, Order([str(few)], "memory://results/out.jsonl", verify_sample=0))
    assert fsspec.filesystem("memory").cat("/results/out.jsonl").count(b"\n") == FEW
    assert list(tmp_path.iterdir()) == []


def test_parquet_of_nested_columns(
    batch: Callable[..., tuple[Totals, bytes]], gold: list[dict[str, Any]], tmp_path: Path
) -> None:
    parquet([in_columns(person) for person in people(200)], tmp_path / "people.parquet")
    totals, output = batch(tmp_path / "people.parquet", jobs=2)
    assert totals.refused == 0
    assert told(output) == gold
    # The same evidence, to the last fact.
    assert output == batch(SAMPLE)[1]


def test_values_of_arrow_are_those_of_json() -> None:
    pa = pytest.importorskip("pyarrow")
    objects = pa.map_(pa.string(), pa.struct([("x", pa.int64()), ("y", pa.int8())]))
    columns = {
        "candidate": ["a", None, "c"],
        "map": pa.array([[("k", {"x": 1, "y": None})], None, []], objects),
        "list": pa.array([[{"a": None}, None], None, [{"a": [1, None]}]]),
        "word": pa.array(["u", "v", None]).dictionary_encode(),
        "two": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int8(), 2)),
        "object": pa.array([{}, None, {}], pa.struct([])),
        "flag": [True, None, False],
        "nothing": pa.nulls(3),
    }
    table = pa.table(columns)
    expected: list[dict[str, Any]] = [
        {"candidate": "a", "map": {"k": {"x": 1}}, "list": [{}, None], "word": "u", "two": [1, 2], "object": {}},
        {"word": "v"},
        {"candidate": "c", "map": {}, "list": [{"a": [1, None]}], "two": [3, 4], "object": {}, "flag": False},
    ]
    expected[0]["flag"] = True
    for start in (0, 1, 2):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.slice(start))
        assert [json.loads(line) for line in rows.lines(sink.getvalue().to_pybytes()).splitlines()] == expected[start:]


def test_parquet_of_json_text(
    batch: Callable[..., tuple[Totals, bytes]], gold: list[dict[str, Any]], tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = [
        {"text": json.dumps(person, indent=1 if number % 2 else None)} for number, person in enumerate(people())
    ]
    rows[30:30] = [{"text": None}, {"text": '{"candidate": "a\nb"}'}, {"text": ""}, {"text": "{"}]
    parquet(rows, tmp_path / "people.parquet")
    rejects = tmp_path / "rejects.jsonl"
    totals, output = batch(tmp_path / "people.parquet", rejects=str(rejects))
    assert told(output) == gold[:FEW]
    refused = [json.loads(line) for line in rejects.read_text(encoding="utf-8").splitlines()]
    assert [(r["line"], r["refusals"][0]["code"]) for r in refused] == [
        (31, "wrong_type"),
        (32, "syntax"),
        (34, "syntax"),
    ]
    assert totals.accepted == FEW


def test_a_row_is_refused_by_its_number(batch: Callable[..., tuple[Totals, bytes]], tmp_path: Path) -> None:
    rows = [{"candidate": f"c-{number}", "exams": ["ap"]} for number in range(1500)]
    rows[1100]["exams"] = ["bar exam"]
    parquet(rows, tmp_path / "rows.parquet")
    rejects = tmp_path / "rejects.jsonl"
    batch(tmp_path / "rows.parquet", rejects=str(rejects))
    (refused,) = [json.loads(line) for line in rejects.read_text(encoding="utf-8").splitlines()]
    assert (refused["line"], refused["candidate"]) == (1101, "c-1100")
    assert json.loads(refused["raw"]) == rows[1100]


def test_folders_in_sorted_order(batch: Callable[..., tuple[Totals, bytes]], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "b").mkdir(parents=True)
    one = '{"candidate": "%s"}\n'
    (folder / "a.jsonl").write_text(one % 1 + one % 2, encoding="utf-8")
    (folder / "b" / "deep.jsonl.gz").write_bytes(gzip.compress((one % 3).encode()))
    (folder / "b.json").write_text(one % 4, encoding="utf-8")
    (folder / "c.yaml").write_text("candidate: '5'\n", encoding="utf-8")
    (folder / "d.lp").write_text('candidate("6"). candidate("1"). candidate("7").', encoding="utf-8")
    (folder / "e.txt").touch()
    (folder / "f.json.gz").write_bytes(gzip.compress((one % 8).encode()))
    totals, output = batch(folder)
    assert [answer["candidate"] for answer in told(output)] == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert totals.refused == 1


def refusing(tmp_path: Path) -> Iterator[Path]:
    """Tables with an example that names a candidate: as a workbook, with a hidden sheet, and as a folder."""
    tables = {
        "candidates": [["#", "candidate"], ["", "E-1"], ["", "E-2"], ["", "E-3"]],
        "exams": [["#", "candidate", "exam"], ["example", "E-1", "fe"], ["", "E-1", "ap"], ["", "E-2", "ap"]],
        "leads_others": [["#", "candidate"], ["", "e-2"]],
    }
    made = openpyxl.Workbook()
    for name, lines in tables.items():
        for line in lines:
            (made[name] if name in made.sheetnames else made.create_sheet(name)).append(line)
    made.remove(made.worksheets[0])
    made["exams"].sheet_state = "hidden"
    made.save(tmp_path / "people.xlsx")
    yield tmp_path / "people.xlsx"
    folder = tmp_path / "people"
    folder.mkdir()
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(map(",".join, lines)))
    yield folder


def test_tables_are_refused_as_check_refuses_them(
    batch: Callable[..., tuple[Totals, bytes]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in refusing(tmp_path):
        checked = CliRunner().invoke(cli, ["check", str(path), "--format", "json"])
        rejects = tmp_path / "rejects.jsonl"
        totals, _ = batch(path, rejects=str(rejects))
        found = [json.loads(line) for line in rejects.read_text().splitlines()]
        refusals = [refusal for one in found for refusal in one["refusals"]]
        assert refusals == json.loads(checked.stdout)["refusals"]
        assert [one["code"] for one in refusals] == ["conflict", "unknown_candidate"]
        assert 'write it as it stands there: "E-2"' in refusals[1]["mend"]
        assert (totals.accepted, totals.refused) == (2, 2)
        is_hidden = path.suffix == ".xlsx"
        assert ("exams is hidden" in capsys.readouterr().err, "exams is hidden" in checked.stderr) == 2 * (is_hidden,)


def test_lines_are_numbered_in_each_file(batch: Callable[..., tuple[Totals, bytes]], few: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(few.read_bytes() + b"{\n")
    (tmp_path / "b.jsonl").write_bytes(b"{\n")
    rejects = tmp_path / "rejects"
    batch(tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "b.jsonl", rejects=str(rejects))
    refused = [json.loads(line) for line in rejects.read_text(encoding="utf-8").splitlines()]
    assert [(Path(r["file"]).name, r["line"]) for r in refused] == [("a.jsonl", 61), ("b.jsonl", 1), ("b.jsonl", 1)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"])
def test_the_bytes_of_an_output_are_always_the_same(
    suffix: str, batch: Callable[..., tuple[Totals, bytes]], gold: list[dict[str, Any]], few: Path, tmp_path: Path
) -> None:
    pytest.importorskip("zstandard")
    first = batch(few, suffix=suffix)[1]
    assert batch(few, suffix=suffix, jobs=2)[1] == first
    if suffix.startswith(".jsonl"):
        stream = streams.opened(str(tmp_path / f"result{suffix}"), Target.of(suffix).packing).stream
        assert told(stream.read()) == gold[:FEW]


def test_parquet_out(batch: Callable[..., tuple[Totals, bytes]], gold: list[dict[str, Any]], few: Path) -> None:
    files = pytest.importorskip("pyarrow.parquet")
    totals, output = batch(few, suffix=".parquet")
    table = files.read_table(io.BytesIO(output))
    assert table.column_names == ["candidate", "field", "level", "verdict", "routes", "unmet"]
    assert table.to_pylist() == [{"candidate": g["candidate"], **result} for g in gold[:FEW] for result in g["results"]]
    about = json.loads(table.schema.metadata[b"itss"])
    assert (about["candidates"], about["refused"], about["changes"]) == (FEW, 0, [])
    assert about["input"] == totals.input_digest
    assert about["policy"].startswith("sha256:")
    assert len(about["readings"]) == 9


def test_parquet_of_nobody_has_its_columns(batch: Callable[..., tuple[Totals, bytes]], tmp_path: Path) -> None:
    files = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "none.jsonl").touch()
    table = files.read_table(io.BytesIO(batch(tmp_path / "none.jsonl", suffix=".parquet")[1]))
    assert (table.num_rows, len(table.column_names)) == (0, 6)


def unsound(few: Path, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    data = few.read_bytes()
    packed, other = gzip.compress(data), zstd(data)
    for name, content, message in (
        ("cut.jsonl.gz", packed[:-300], "Compressed file ended before the end-of-stream marker was reached"),
        ("wrong.jsonl.gz", data, "Not a gzipped file"),
        ("bad.jsonl.gz", packed[:6_000] + b"\0" * 50 + packed[6_050:], ""),
        ("cut.jsonl.zst", other[:-300], "the file is cut short"),
        ("wrong.jsonl.zst", data, "Unknown frame descriptor"),
        ("wrong.parquet", data, "Parquet magic bytes not found"),
    ):
        (tmp_path / name).write_bytes(content)
        yield tmp_path / name, message
    parquet([in_columns(person) for person in people()], tmp_path / "cut.parquet")
    whole = (tmp_path / "cut.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-100])
    yield tmp_path / "cut.parquet", "Parquet"
    (tmp_path / "bad.parquet").write_bytes(whole[:1000] + b"\xff" * 5_000 + whole[6_000:])
    yield tmp_path / "bad.parquet", ""


def test_unsound_input_is_told_and_what_was_finished_is_kept(
    batch: Callable[..., tuple[Totals, bytes]], few: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    for path, message in unsound(few, tmp_path):
        with pytest.raises(ItssError) as caught:
            batch(path, suffix=f"-{path.name}.jsonl")
        assert str(caught.value).startswith(f"{path}: cannot be read: "), caught.value
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
        part = tmp_path / f"result-{path.name}.jsonl.part"
        assert part.exists() == ("jsonl" in path.name and "wrong" not in path.name), path


def test_what_is_not_installed_is_named(
    batch: Callable[..., tuple[Totals, bytes]], few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(streams, "import_module", missing)
    for name, module in (("a.jsonl.zst", "zstandard"), ("a.parquet", "pyarrow"), ("memory://a.jsonl", "fsspec")):
        path = name if "://" in name else tmp_path / name
        (tmp_path / "a.jsonl.zst").write_bytes(b"x")
        (tmp_path / "a.parquet").write_bytes(b"x")
        with pytest.raises(ItssError, match=rf"needs {module}: pip install 'itss_logic\[batch\]'"):
            batch(path, suffix=f"-{module}.jsonl")
    with pytest.raises(ItssError, match=r"needs pyarrow: pip install"):
        batch(few, suffix=".parquet")


def test_a_line_over_the_limit_is_refused_and_not_kept_in_memory(
    batch: Callable[..., tuple[Totals, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LINE_BYTES", 50_000)
    long = b'{"candidate": "long", "exams": [' + b" " * 10_000_000 + b"]}\n"
    lines = [b'{"candidate": "a"}\n', long, b'{"candidate": "b"}\n']
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"".join(lines)))
    rejects = tmp_path / "rejects"
    _, output = batch(tmp_path / "a.jsonl.gz", rejects=str(rejects), block_bytes=16_384)
    assert [answer["candidate"] for answer in told(output)] == ["a", "b"]
    (refused,) = [json.loads(line) for line in rejects.read_text(encoding="utf-8").splitlines()]
    assert (refused["line"], refused["refusals"][0]["code"]) == (2, "too_large")
    assert len(refused["raw"]) == 50_001


def test_lines_of_any_length_come_whole_and_in_the_stretch_where_they_begin(tmp_path: Path) -> None:
    choose = random.Random(7)
    for _ in range(200):
        sizes = [choose.choice((0, 1, 5, 9, 10, 11, 30)) for _ in range(choose.randint(0, 12))]
        data = b"\n".join(b"x" * size for size in sizes)
        path = tmp_path / "lines"
        path.write_bytes(data)
        found = list(streams.stretches(io.BytesIO(data), 10))
        assert b"".join(found) == data
        plain = [piece.block for piece in inputs.pieces(inputs.find([str(path)], "jsonl"), "", 10)]
        digests = [crew.digest_of(block) for block in plain]
        # A local file has blocks for stretches in which no line begins, too.
        empty = hashlib.sha256(b"").hexdigest()
        assert [d for d in digests if d != empty] == [hashlib.sha256(one).hexdigest() for one in found]


def test_the_sample_is_spread_evenly_where_the_size_is_known() -> None:
    source = inputs.Input("a.jsonl", "jsonl", size=100_000, stamp=(100_000, 0))
    verified = [p.block.verify for p in inputs.spread(inputs.pieces([source], "", 1_000), 100_000, 250)]
    assert (sum(verified), set(verified)) == (250, {2, 3})
    unknown = [p.block.verify for p in inputs.spread(inputs.pieces([source], "", 1_000), None, 250)]
    assert (unknown[:4], set(unknown[10:])) == ([125, 63, 31, 16], {2})
    assert not any(p.block.verify for p in inputs.spread(inputs.pieces([source], "", 1_000), None, 0))


@pytest.mark.parametrize("fold_at", [10, 1_000_000])
def test_each_candidate_is_seen_once(fold_at: int) -> None:
    choose = random.Random(3)
    marks = [choose.randbytes(16) for _ in range(300)]
    # Two that make a third where they stand end to end.
    marks += [b"ss" + b"0123456789abcd", b"ss" + b"efghijklmnopqr", b"ss" + b"789abcdefghijk"]
    seen, known = Seen(fold_at), set[bytes]()
    assert seen.add(marks[-3:]) == []
    known.update(marks[-3:])
    for _ in range(100):
        some = [choose.choice(marks) for _ in range(8)]
        again = []
        for at, mark in enumerate(some):
            if mark in known:
                again.append(at)
            known.add(mark)
        assert seen.add(some) == again


def test_a_run_that_fails_its_own_check_leaves_nothing(
    batch: Callable[..., tuple[Totals, bytes]], few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itss_logic.batch.worker import Worker

    decide = Worker.work

    def work(self: Worker, block: Any, repeated: frozenset[int] = frozenset()) -> Any:
        if block.number == 5:
            raise SelfCheckError("E-1")
        return decide(self, block, repeated)

    monkeypatch.setattr(Worker, "work", work)
    for jobs in (1, 2):
        with pytest.raises(SelfCheckError):
            batch(few, jobs=jobs)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
@pytest.mark.parametrize("moment", ["place", "remove"])
@pytest.mark.parametrize("resume", [True, False])
def test_a_run_that_is_cut_short_at_its_very_end(
    suffix: str,
    moment: str,
    resume: bool,
    batch: Callable[..., tuple[Totals, bytes]],
    few: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, output = batch(few, suffix=suffix)

    def killed(self: Folder, *arguments: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Folder, moment, killed)
        with pytest.raises(SystemExit):
            batch(few, suffix=suffix)
    if moment == "place" and not resume:
        with pytest.raises(ItssError, match="an earlier run is not finished"):
            batch(few, suffix=suffix)
        return
    if resume and moment == "remove":  # Then nothing is left to do.
        monkeypatch.setattr("itss_logic.batch.worker.Worker.work", killed)
    totals, again = batch(few, suffix=suffix, resume=resume)
    assert (again, totals.input_digest, totals.counts) == (output, whole.input_digest, whole.counts)
    assert [path.name for path in tmp_path.iterdir()] == [f"result{suffix}"]
