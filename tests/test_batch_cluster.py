"""`itss batch --cluster`: the same verdicts as on one machine, whatever happens to workers and driver."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
pyarrow = pytest.importorskip("pyarrow")

from distributed import WorkerPlugin  # noqa: E402
from pyarrow import parquet  # noqa: E402

from itss_logic import Policy  # noqa: E402
from itss_logic.batch import repeats  # noqa: E402
from itss_logic.batch import worker as workers  # noqa: E402
from itss_logic.batch.client import Cluster  # noqa: E402
from itss_logic.batch.cluster import ClusterOrder, run  # noqa: E402
from itss_logic.batch.inputs import Input  # noqa: E402
from itss_logic.batch.journal import Totals  # noqa: E402
from itss_logic.batch.parts import divide  # noqa: E402
from itss_logic.batch.store import WORK, Store  # noqa: E402
from itss_logic.batch.streams import RunError  # noqa: E402
from itss_logic.batch.universe import NotSlicedError  # noqa: E402
from itss_logic.errors import ItssError, SelfCheckError  # noqa: E402

SAMPLE = Path(__file__).parent / "data" / "sample-200.jsonl"
NONE: Mapping[str, str] = {}

BLOCK, PART = 65_536, 65_536
"""Bytes of a block, about twenty people, and of a part."""

PROGRAM = """
import functools, os, sys
from itss_logic import cli
if os.environ["WITHOUT"]:
    sys.modules[os.environ["WITHOUT"]] = None
from itss_logic.batch import client, cluster, run
if os.environ["PLAIN"]:  # So few people take longer by slices.
    from itss_logic.batch import worker

    def not_sliced(*arguments, **others):
        raise worker.NotSlicedError("asked so")

    worker.Sliced = not_sliced
client.CONNECT_SECONDS, client.JOIN_SECONDS, client.LIVES = 3, int(os.environ.get("JOIN", 60)), 10
sizes = {"block_bytes": int(os.environ["BLOCK"])}
run.Order = functools.partial(run.Order, **sizes)
cluster.ClusterOrder = functools.partial(cluster.ClusterOrder, **sizes, part_bytes=int(os.environ["PART"]))
cli.main()
"""


class Plain(WorkerPlugin):
    """Has a process of a cluster use no slices, and take longer for each block while there is a file `slow`."""

    def __init__(self, slow: Path) -> None:
        self.name, self.slow = "plain", slow

    def setup(self, worker: object) -> None:
        work = workers.Worker.work

        def not_sliced(*arguments: object, **others: object) -> None:
            raise NotSlicedError("asked so")

        def slowly(this: workers.Worker, *arguments: Any) -> Any:
            if self.slow.exists():
                time.sleep(0.3)
            return work(this, *arguments)

        setattr(workers, "Sliced", not_sliced)  # noqa: B010
        setattr(workers.Worker, "work", slowly)  # noqa: B010


def start(
    *arguments: object, part: int = PART, without: str = "", plain: bool = True, **others: Any
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "batch", *map(str, arguments)],
        env={**os.environ, "BLOCK": str(BLOCK), "PART": str(part), "WITHOUT": without, "PLAIN": "1" * plain},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **others,
    )


def batch(*arguments: object, **others: Any) -> tuple[int, str]:
    """The exit code and what stands on standard error."""
    output, errors = (process := start(*arguments, **others)).communicate(timeout=120)
    assert output == b""
    assert b"Traceback" not in errors, errors.decode()
    return process.returncode, errors.decode()


def decided(evidence: object, output: object, address: str, readings: Mapping[str, str] = NONE, **more: Any) -> Totals:
    """The same without the command line, for the sake of time."""
    order = ClusterOrder([str(evidence)], str(output), address, block_bytes=BLOCK, part_bytes=PART)
    return run(Policy.load(), readings, order._replace(**more))


def error_of(errors: str) -> str:
    line = errors.splitlines()[-1]
    assert line.startswith("error: "), errors
    return line.removeprefix("error: ")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """While this file is there, the workers of the cluster take longer."""
    return tmp_path_factory.mktemp("slow") / "slow"


@pytest.fixture(scope="module")
def cluster(slow: Path) -> Iterator[Any]:
    """Two worker processes, restarted where they end, and a client of them."""
    with (
        # Every task whose worker is killed is given up by the scheduler, and begun anew by the run.
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.register_plugin(Plain(slow))
        yield client


@pytest.fixture(scope="module")
def address(cluster: Any) -> str:
    return str(cluster.scheduler.address)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence in eleven parts; some of it is refused, some of it for a candidate of the same part or another."""
    lines = []
    for number in range(2):
        for line in SAMPLE.read_bytes().splitlines(keepends=True)[:120]:
            person = json.loads(line)
            lines.append(json.dumps({**person, "candidate": f"{person['candidate']}/{number}"}).encode() + b"\n")
    lines[10:10] = [b"{nothing\n", b"\n"]
    lines[40:40] = [b'{"candidate": "un\xffknown"}\n', b'{"candidate": "wrong", "exams": ["bar exam"]}\n']
    lines[100:100] = [lines[3], lines[99], b'{"candidate": "wrong"}\n', b"\n"]
    lines[200:200] = [lines[3], lines[3], lines[199], b"not it\n", lines[90]]
    path = tmp_path_factory.mktemp("people") / "people.jsonl"
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(scope="module")
def alone(people: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, str]:
    """Output, rejects, and what stands on standard error without a file of rejects, on one machine."""
    folder = tmp_path_factory.mktemp("alone")
    output, rejects = folder / "out.jsonl", folder / "rejects.jsonl"
    assert batch(people, "-o", output, "--rejects", rejects, "--jobs", 1)[0] == 1
    code, errors = batch(people, "-o", output, "--jobs", 1)
    assert (code, len(rejects.read_bytes().splitlines())) == (1, 11)
    return output.read_bytes(), rejects.read_bytes(), errors


def joined(folder: Path) -> bytes:
    """All parts, end to end; nothing else stands in the folder but the mark that it is whole."""
    names = sorted(set(os.listdir(folder)) - {"_SUCCESS"})
    assert all(name.startswith("part-") for name in names)
    return b"".join((folder / name).read_bytes() for name in names)


def finished(folder: Path) -> int:
    """How many parts of a run are finished."""
    return len(list(folder.glob(f"{WORK}/part-*.json")))


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_an_own_cluster_gives_the_verdicts_of_one_machine(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "itss_logic", "evaluate", SAMPLE, "--format", "jsonl"], capture_output=True, check=True
    )
    process = start(SAMPLE, "-o", tmp_path / "out", "--cluster", "local", "--jobs", 2, plain=False, part=2 * PART)
    wait_for(lambda: finished(tmp_path / "out") >= 2, process)
    started = Path(f"/proc/{process.pid}/task").glob("*/children")
    children = [int(pid) for path in started for pid in path.read_text().split()]
    workers = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    errors = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 0, errors
    assert len(told.stdout.splitlines()) * len(json.loads(told.stdout.splitlines()[0])["results"]) == 2_000
    assert joined(tmp_path / "out") == told.stdout
    assert "200 candidates decided, 0 refused\n200 decided a second time, with the same answers\n" in errors
    assert "dashboard" in errors
    assert len(os.listdir(tmp_path / "out")) == 6


def test_parts_of_a_divided_file_come_out_as_on_one_machine(
    people: Path, alone: tuple[bytes, bytes, str], address: str, tmp_path: Path
) -> None:
    out, rejects = tmp_path / "out", tmp_path / "rejects"
    code, errors = batch(people, "-o", out, "--rejects", rejects, "--cluster", address)
    assert code == 1, errors
    assert joined(out) == alone[0]
    assert b"".join(path.read_bytes() for path in sorted(rejects.iterdir())) == alone[1]
    assert "made anew, for candidates that came in earlier parts: " in errors
    told = json.loads((out / "_SUCCESS").read_text(encoding="utf-8"))
    assert (told["candidates"], told["refused"], told["parts"]) == (240, 11, len(os.listdir(out)) - 1)
    code, errors = batch(people, "-o", tmp_path / "more", "--cluster", address, "--parts", "csv")
    assert batch(people, "-o", tmp_path / "out.csv", "--jobs", 1)[0] == code == 1
    assert joined(tmp_path / "more") == (tmp_path / "out.csv").read_bytes()
    refusals = [line for line in errors.splitlines() if line.startswith(str(people))]
    assert refusals == [line for line in alone[2].splitlines() if line.startswith(str(people))]
    counts = [line.splitlines()[-15:-1] for line in (errors, alone[2])]
    assert counts[0] == counts[1]


@pytest.fixture(scope="module")
def folder(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same evidence in files of several forms."""
    folder = tmp_path_factory.mktemp("folder")
    lines = people.read_bytes().splitlines(keepends=True)
    (folder / "a.jsonl").write_bytes(b"".join(lines[:50]))
    for number in range(4):
        with gzip.open(folder / f"b{number}.jsonl.gz", "wb") as file:
            file.writelines(lines[50 + 25 * number : 75 + 25 * number])
    texts = [line.decode() for line in lines[150:]]
    for number in range(2):
        table = pyarrow.table({"evidence": texts[number::2]})
        parquet.write_table(table, folder / f"c{number}.parquet")
    (folder / "d.json").write_bytes(lines[3])
    return folder


def test_gz_and_parquet_parts_in_and_parquet_parts_out(folder: Path, address: str, tmp_path: Path) -> None:
    assert batch(folder, "-o", tmp_path / "out.parquet", "--rejects", tmp_path / "rejects.jsonl", "--jobs", 1)[0] == 1
    out, rejects = tmp_path / "out", tmp_path / "rejects"
    assert decided(folder, out, address, parts="parquet", rejects=str(rejects)).refused
    made, told = parquet.read_table(out), parquet.read_table(tmp_path / "out.parquet")
    assert made.replace_schema_metadata() == told.replace_schema_metadata()
    assert (
        b"".join(path.read_bytes() for path in sorted(rejects.iterdir())) == (tmp_path / "rejects.jsonl").read_bytes()
    )
    about = json.loads(told.schema.metadata[b"itss"])
    whole = json.loads((out / "_SUCCESS").read_text(encoding="utf-8"))
    assert {name: whole[name] for name in about} == about
    assert set(json.loads(parquet.read_schema(out / "part-00000.parquet").metadata[b"itss"])) == set(about)


def test_urls_in_and_packed_parts_out(folder: Path, address: str, tmp_path: Path) -> None:
    assert batch(folder, "-o", tmp_path / "out.jsonl", "--jobs", 1)[0] == 1
    out = tmp_path / "out"
    urls = [f"file://{path}" for path in (folder, out, tmp_path / "rejects")]
    decided(urls[0], urls[1], address, rejects=urls[2], parts="jsonl.gz", verify_sample=0)
    assert gzip.decompress(joined(out)) == (tmp_path / "out.jsonl").read_bytes()


def test_workers_that_are_killed_again_and_again_cost_time_only(
    people: Path, alone: tuple[bytes, bytes, str], cluster: Any, address: str, slow: Path, tmp_path: Path
) -> None:
    out, rejects = tmp_path / "out", tmp_path / "rejects"
    slow.touch()
    process = start(people, "-o", out, "--rejects", rejects, "--cluster", address)
    for done in (1, 2, 4, 6):
        wait_for(lambda done=done: finished(out) >= done, process)  # type: ignore[misc]
        for pid in sorted(cluster.run(os.getpid, on_error="ignore").values())[: 1 + done % 2]:
            os.kill(pid, signal.SIGKILL)
        assert process.poll() is None
    slow.unlink()
    errors = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1, errors
    assert joined(out) == alone[0]
    assert b"".join(path.read_bytes() for path in sorted(rejects.iterdir())) == alone[1]


def test_a_driver_that_is_killed_goes_on_where_it_was(
    people: Path, alone: tuple[bytes, bytes, str], address: str, slow: Path, tmp_path: Path
) -> None:
    out, rejects = tmp_path / "out", tmp_path / "rejects"
    given = [people, "-o", out, "--rejects", rejects, "--cluster", address]
    slow.touch()
    for done in (2, 5):
        process = start(*given, "--resume")
        wait_for(lambda done=done: finished(out) >= done, process)  # type: ignore[misc]
        process.kill()
        process.communicate()
        assert not (out / "_SUCCESS").exists()
    slow.unlink()
    before = (out / WORK / "part-00000.made").stat()
    with pytest.raises(RunError) as told:
        decided(people, out, address, rejects=str(rejects))
    assert str(told.value) == f"{out}: an earlier run is not finished; go on with --resume, or delete {out}"
    others: list[tuple[dict[str, Any], str]] = [
        ({"readings": {"project_grade": "exact"}}, "--reading"),
        ({"parts": "csv"}, "--parts"),
        ({"verify_sample": 599}, "--verify-sample"),
        ({"inputs": [str(people), str(SAMPLE)]}, "INPUT"),
    ]
    for more, named in others:
        with pytest.raises(RunError, match=rf"^--resume: {named} is not what the unfinished run began with; give "):
            decided(people, out, address, resume=True, **{"rejects": str(rejects), **more})
    code, errors = batch(*given, "--resume")
    assert code == 1, errors
    assert "parts were finished before" in errors
    assert joined(out) == alone[0]
    assert b"".join(path.read_bytes() for path in sorted(rejects.iterdir())) == alone[1]
    after = (out / "part-00000.jsonl").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    totals = decided(people, out, address, rejects=str(rejects), resume=True)
    assert (totals.accepted, totals.refused, joined(out)) == (240, 11, alone[0])
    with pytest.raises(RunError, match="holds the results of an earlier run"):
        decided(people, out, address, rejects=str(rejects))


def test_a_driver_that_ends_while_parts_get_their_names_goes_on(
    people: Path, alone: tuple[bytes, bytes, str], address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, each = tmp_path / "out", Cluster.each

    def interrupted(self: Cluster, work: Any, tasks: Any) -> Iterator[tuple[int, Any]]:
        for number, result in enumerate(each(self, work, tasks)):
            if work.__name__ == "put_in_place" and number == 3:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(Cluster, "each", interrupted)
    with pytest.raises(KeyboardInterrupt):
        decided(people, out, address, rejects=str(tmp_path / "rejects"))
    monkeypatch.undo()
    assert (out / "part-00000.jsonl").exists()
    assert not (out / "_SUCCESS").exists()
    decided(people, out, address, rejects=str(tmp_path / "rejects"), resume=True)
    assert joined(out) == alone[0]
    assert b"".join(path.read_bytes() for path in sorted((tmp_path / "rejects").iterdir())) == alone[1]


def test_other_results_the_second_time_end_the_run(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cluster, "each", lambda *_: iter([(0, "ann has other results when decided alone")]))
    with pytest.raises(SelfCheckError, match=r"^ann has other results when decided alone$"):
        decided(SAMPLE, tmp_path / "out", address)
    assert not (tmp_path / "out").exists()


def test_input_that_changed_since_is_told(people: Path, address: str, slow: Path, tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.jsonl", tmp_path / "out"
    data = people.read_bytes()
    mine.write_bytes(data)
    given = [mine, "-o", out, "--cluster", address]
    slow.touch()
    process = start(*given)
    wait_for(lambda: finished(out) >= 2, process)
    process.kill()
    process.communicate()
    slow.unlink()
    time.sleep(0.5)
    for changed in (data + b"\n", data.replace(b"E-", b"X-", 1)):
        mine.write_bytes(changed)
        with pytest.raises(RunError, match=rf"^{mine}: changed since the run began; delete {out} and start anew"):
            decided(mine, out, address, resume=True)
    mine.write_bytes(data)
    assert decided(mine, out, address, resume=True).refused


def test_what_cannot_be_is_told_in_one_line(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def error(inputs: object, address: str, output: str = "out", **more: Any) -> str:
        with pytest.raises(ItssError) as told:
            decided(inputs, tmp_path / output, address, **more)
        assert "\n" not in str(told.value)
        return str(told.value)

    (tmp_path / "mine").mkdir()
    given = [SAMPLE, "-o", tmp_path / "out", "--rejects", tmp_path / "mine", "--cluster", "tcp://127.0.0.1:1"]
    code, errors = batch(*given)
    assert code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert list((tmp_path / "mine").iterdir()) == []
    assert error_of(errors).startswith("--cluster: the scheduler at tcp://127.0.0.1:1 cannot be reached: ")
    code, errors = batch(SAMPLE, "-o", tmp_path / "out", "--cluster", "local", without="distributed")
    assert (code, error_of(errors)) == (2, "--cluster needs Dask: pip install 'itss_logic[cluster]'")
    told = "--cluster: nowhere is neither an address (tcp://HOST:PORT), a file, nor local"
    assert error(SAMPLE, "nowhere") == told
    assert error("-", "local") == "standard input cannot be read on a cluster; name files"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert error(SAMPLE, address, "full").startswith(f"{tmp_path}/full: is not empty; ")
    assert error(SAMPLE, address, "full/file").startswith(f"{tmp_path}/full/file: is a file; ")
    assert error(SAMPLE, address, rejects=str(tmp_path / "full")).startswith(f"{tmp_path}/full: is not empty; ")
    (tmp_path / "mine.jsonl").write_bytes(b'{"candidate": "ann"}\n')
    monkeypatch.chdir(tmp_path)  # Workers are elsewhere.
    told = error("/proc/self/cwd/mine.jsonl", address)
    assert told.startswith("/proc/self/cwd/mine.jsonl: cannot be read: No such file or directory (on worker tcp://")
    torn = gzip.compress(b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:10]))[:-10]
    (tmp_path / "torn.jsonl.gz").write_bytes(torn)
    assert error(tmp_path / "torn.jsonl.gz", address).startswith(f"{tmp_path}/torn.jsonl.gz: cannot be read: ")


@contextmanager
def running(*command: object, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask, killed in the end, with more in its environment."""
    quiet, environment = subprocess.DEVNULL, {**os.environ, **more}
    arguments = [sys.executable, "-m", "dask", *map(str, command)]
    process = subprocess.Popen(arguments, env=environment, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_scheduler_elsewhere_with_workers_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "other" / "itss_logic-9.9.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: itss_logic\nVersion: 9.9\n", encoding="utf-8")
    named = tmp_path / "scheduler.json"
    place = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", named]
    worker = ["worker", "--scheduler-file", named, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    given = [SAMPLE, "-o", tmp_path / "out", "--cluster", named]
    with running("scheduler", *place) as scheduler:
        wait_for(named.exists, scheduler)
        monkeypatch.setenv("JOIN", "1")
        code, errors = batch(*given)
        assert (code, error_of(errors)) == (2, "--cluster: no worker joined within 1 s")
        monkeypatch.undo()
        with running(*worker, PYTHONPATH=str(tmp_path / "other")):
            code, errors = batch(*given)
        assert code == 2
        told = error_of(errors)
        assert told.startswith("worker tcp://127.0.0.1:"), told
        assert " has itss_logic 9.9, and not " in told
        with running(*worker):
            code, errors = batch(*given)
        assert code == 0, errors
        assert len(joined(tmp_path / "out").splitlines()) == 200


def test_repeats_are_found_whatever_is_looked_through_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, store, known = random.Random(5), Store(str(tmp_path)), set()
    store.make(WORK)
    few = [chance.randbytes(16) for _ in range(300)]
    expected: dict[int, dict[int, set[int]]] = {}
    for part in range(5):
        marks, here = repeats.Marks(), set()
        for block in range(3):
            named = [(2 * index, chance.choice(few)) for index in range(20)]
            again = marks.add(block, named)
            for index, mark in named:
                assert (index in again) == (mark in here)
                if mark in known and mark not in here:
                    expected.setdefault(part, {}).setdefault(block, set()).add(index)
                here.add(mark)
        known |= here
        store.write(f"{part}", marks.data())
    monkeypatch.setattr(repeats, "FOLD_AT", 10)
    several = []
    for together in (1_000_000, 40, 1):
        monkeypatch.setattr(repeats, "TOGETHER", together)
        several.append(repeats.drawers(300))
        found = [repeats.find(store, ((n, f"{n}") for n in range(5)), *pair) for pair in several[-1]]
        told = {
            part: repeats.lines_of(store, [where for one in found if (where := one.of(part))])[0] for part in range(5)
        }
        assert {part: lines for part, lines in told.items() if lines} == expected
    assert list(map(len, several)) == [1, 8, 256]


def test_parts_depend_on_the_input_alone() -> None:
    plain = Input("a.jsonl", "jsonl", "", 250, (250, 1))
    packed = Input("b.jsonl.gz", "jsonl", "gz", 1_000, (1_000, 1))
    empty = Input("c.jsonl", "jsonl", "", 0, (0, 1))
    parts = divide([plain, packed, empty], 100, 100)
    assert [(p.number, p.of, p.start, p.stop, p.size, p.verify) for p in parts] == [
        (0, 0, 0, 100, 100, 8),
        (1, 0, 100, 200, 100, 8),
        (2, 0, 200, 250, 50, 4),
        (3, 1, 0, None, 1_000, 80),
        (4, 2, 0, 0, 0, 0),
    ]
    assert sum(part.verify for part in parts) == 100
