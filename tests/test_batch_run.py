"""`itss batch`: order, kills and resumes, what is refused and what cannot go on."""

from __future__ import annotations

import base64
import csv
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).parent / "data" / "sample-200.jsonl"
SMALL = 8_192
"""Bytes of a block: about three people."""

PROGRAM = """
import functools, os
from itss_logic import cli
from itss_logic.batch import run, worker
from itss_logic.cli_batch import batch

def not_sliced(*arguments, **others):
    raise worker.NotSlicedError("asked so")

if os.environ["BLOCK"]:
    run.Order = functools.partial(run.Order, block_bytes=int(os.environ["BLOCK"]))
if os.environ["PLAIN"]:  # So few people take longer by slices.
    worker.Sliced = not_sliced
cli.cli.add_command(batch)
cli.main()
"""


def start(*arguments: object, block: int | None = SMALL, plain: bool = True, **others: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "batch", *map(str, arguments)],
        env={**os.environ, "BLOCK": str(block or ""), "PLAIN": "plain" if plain else ""},
        stdin=others.pop("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **others,
    )


def batch(*arguments: object, stdin: bytes = b"", **others: Any) -> tuple[int, str]:
    """The exit code and what stands on standard error."""
    process = start(*arguments, stdin=subprocess.PIPE, **others)
    output, errors = process.communicate(stdin)
    assert output == b""
    return process.returncode, errors.decode()


def error_of(errors: str) -> str:
    """The last line, which tells the error; there is no traceback."""
    assert "Traceback" not in errors, errors
    line = errors.splitlines()[-1]
    assert line.startswith("error: "), errors
    return line.removeprefix("error: ")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence in about thirty blocks, with what is refused in several: not JSON, not sound, not new, not UTF-8."""
    lines = SAMPLE.read_bytes().splitlines(keepends=True)[:80]
    lines[10:10] = [b"{nothing\n", b"\n"]
    lines[40:40] = [b'{"candidate": "un\xffknown"}\n', b'{"candidate": "wrong", "exams": ["bar exam"]}\n']
    lines[70:70] = [lines[3], lines[69], b'{"candidate": "wrong"}\n']
    path = tmp_path_factory.mktemp("people") / "people.jsonl"
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(scope="module")
def undisturbed(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[bytes, bytes]]:
    """Output and rejects of a run that nothing disturbed, by suffix."""
    made: dict[str, tuple[bytes, bytes]] = {}

    def run(suffix: str) -> tuple[bytes, bytes]:
        if suffix not in made:
            folder = tmp_path_factory.mktemp("undisturbed")
            output, rejects = folder / f"out{suffix}", folder / "rejects.jsonl"
            code, errors = batch(people, "-o", output, "--rejects", rejects, "--jobs", 1, "--verify-sample", 20)
            assert code == 1, errors
            assert sorted(os.listdir(folder)) == [output.name, rejects.name]
            made[suffix] = output.read_bytes(), rejects.read_bytes()
        return made[suffix]

    return run


def finished(output: Path) -> int:
    """How many blocks of a run are finished."""
    try:
        return Path(f"{output}.part/journal").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def killed_after(blocks: int, output: Path, *arguments: object, **others: Any) -> None:
    """Start a run, and kill it once so many blocks are finished."""
    process = start(*arguments, **others)
    wait_for(lambda: finished(output) >= blocks, process)
    workers = children(process.pid)
    process.kill()
    process.communicate()
    for worker in workers:
        deadline = time.monotonic() + 10
        while Path(f"/proc/{worker}/stat").exists() and Path(f"/proc/{worker}/stat").read_text().split()[2] != "Z":
            assert time.monotonic() < deadline, "a worker outlives its parent"
            time.sleep(0.01)


def test_the_lines_are_those_of_evaluate_in_the_same_order_whatever_the_jobs(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "itss_logic", "evaluate", SAMPLE, "--format", "jsonl"], capture_output=True, check=True
    )
    for jobs, block in ((1, None), (2, 65_536), (3, 32_768)):
        output = tmp_path / f"out-{jobs}.jsonl"
        code, errors = batch(SAMPLE, "-o", output, "--jobs", jobs, block=block, plain=jobs != 2)
        assert code == 0, errors
        assert output.read_bytes() == told.stdout
    assert "200 candidates decided, 0 refused" in errors
    assert sorted(os.listdir(tmp_path)) == ["out-1.jsonl", "out-2.jsonl", "out-3.jsonl"]


def test_csv_is_that_of_evaluate(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "itss_logic", "evaluate", SAMPLE, "--format", "csv"], capture_output=True, check=True
    )
    assert batch(SAMPLE, "-o", tmp_path / "out.csv", "--jobs", 2, block=65_536)[0] == 0
    assert (tmp_path / "out.csv").read_bytes() == told.stdout


HOSTILE = ["x\n=1+1", "x\r-1", "\r", "crlf\r\nx", "=1", "'=1", "''=1", "'", 'a,"b"', "@x", "\t", "\u202e=1"]


def test_csv_is_sound_whatever_ids_hold(tmp_path: Path) -> None:
    given = tmp_path / "given.jsonl"
    given.write_text("".join(json.dumps({"candidate": id}) + "\n" for id in HOSTILE), encoding="utf-8")
    for suffix in ("csv", "jsonl"):
        assert batch(given, "-o", tmp_path / f"out.{suffix}", "--jobs", 1)[0] == 0
    command = [sys.executable, "-m", "itss_logic"]
    told = subprocess.run([*command, "evaluate", given, "--format", "csv"], capture_output=True, check=True)
    assert (tmp_path / "out.csv").read_bytes() == told.stdout
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == 10 * len(HOSTILE)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    pytest.importorskip("duckdb")
    both = [tmp_path / "out.csv", tmp_path / "out.jsonl"]
    compared = subprocess.run([*command, "compare", *both, "--format", "json"], capture_output=True, check=True)
    found = json.loads(compared.stdout)
    assert (found["candidates"], found["only_in_a"], found["only_in_b"], found["changes"]) == (len(HOSTILE), 0, 0, [])


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_says_why_it_gives_slices_up(jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from itss_logic import Policy
    from itss_logic.batch import run as runs
    from itss_logic.batch.report import Report
    from itss_logic.batch.slices import Slices
    from itss_logic.batch.universe import NotSlicedError

    def broken(*arguments: object) -> None:
        raise NotSlicedError("so it is")

    monkeypatch.setattr(Slices, "ask_leaves", broken)
    warnings: list[str] = []
    report = Report()
    monkeypatch.setattr(report, "warn", warnings.append)
    policy, out = Policy.load(), tmp_path / "out.jsonl"
    order = runs.Order([str(SAMPLE)], str(out), jobs=jobs, verify_sample=0, block_bytes=200_000)
    totals = runs.run(policy, {}, order, report)
    assert totals.plain == 200
    assert warnings == ["candidates are decided plainly from here on: so it is"]


@pytest.mark.parametrize(("suffix", "jobs"), [(".jsonl", 1), (".jsonl", 2), (".csv", 2), (".parquet", 2)])
def test_a_run_that_is_killed_again_and_again_comes_out_as_if_it_never_was(
    suffix: str, jobs: int, people: Path, undisturbed: Callable[[str], tuple[bytes, bytes]], tmp_path: Path
) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    output, rejects = tmp_path / f"out{suffix}", tmp_path / "rejects.jsonl"
    given = [people, "-o", output, "--rejects", rejects, "--jobs", jobs, "--verify-sample", 20, "--resume"]
    moments = random.Random(f"{suffix} {jobs}")
    done = 0
    for _ in range(4):
        killed_after(done + moments.randint(0, 6), output, *given)
        assert not output.exists()
        assert not rejects.exists()
        done = finished(output)
    assert done > 0
    code, errors = batch(*given)
    assert code == 1, errors
    assert "going on after" in errors
    assert (output.read_bytes(), rejects.read_bytes()) == undisturbed(suffix)
    assert sorted(os.listdir(tmp_path)) == [output.name, rejects.name]


def test_kills_at_any_time_at_all_do_no_harm(
    people: Path, undisturbed: Callable[[str], tuple[bytes, bytes]], tmp_path: Path
) -> None:
    output, rejects = tmp_path / "out.jsonl", tmp_path / "rejects.jsonl"
    given = [people, "-o", output, "--rejects", rejects, "--jobs", 2, "--verify-sample", 20, "--resume"]
    moments = random.Random(5)
    for _ in range(4):
        process = start(*given)
        time.sleep(moments.uniform(0.1, 1.5))
        process.kill()
        process.communicate()
        assert not output.exists() or output.read_bytes() == undisturbed(".jsonl")[0]
        time.sleep(0.2)
    assert batch(*given)[0] == 1
    assert (output.read_bytes(), rejects.read_bytes()) == undisturbed(".jsonl")


@pytest.fixture(scope="module")
def killed(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was killed when ten blocks were finished."""
    folder = tmp_path_factory.mktemp("killed")
    killed_after(10, folder / "out.jsonl", *given_in(people), cwd=folder)
    assert finished(folder / "out.jsonl") >= 10
    return folder


@pytest.fixture
def cut_short(killed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(killed, tmp_path / "copy")


def given_in(people: Path) -> list[object]:
    """What the run was given, in its folder."""
    return [people, "-o", "out.jsonl", "--rejects", "rejects.jsonl", "--jobs", 1, "--verify-sample", 20]


def resumed(people: Path, folder: Path, *more: object) -> tuple[int, str]:
    return batch(*given_in(people), "--resume", *more, cwd=folder)


def damaged() -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Ways in which files of a work folder can be after a crash of the whole machine."""

    def cut(name: str, size: int) -> Callable[[Path], None]:
        return lambda folder: os.truncate(folder / name, (folder / name).stat().st_size - size)

    def flip(name: str, place: int) -> Callable[[Path], None]:
        def change(folder: Path) -> None:
            data = bytearray((folder / name).read_bytes())
            data[place] ^= 1
            (folder / name).write_bytes(data)

        return change

    def append(name: str) -> Callable[[Path], None]:
        def change(folder: Path) -> None:
            with open(folder / name, "ab") as file:
                file.write(b"\0" * 1000)

        return change

    for name in ("journal", "output", "rejects", "marks"):
        yield f"{name} cut", cut(name, 5)
    yield "journal longer", append("journal")
    yield "output longer", append("output")
    yield "output lost", lambda folder: os.unlink(folder / "output")
    yield "output otherwise", flip("output", 20_000)
    yield "journal otherwise", flip("journal", 3_000)


@pytest.mark.parametrize("damage", [pytest.param(damage, id=what) for what, damage in damaged()])
def test_only_what_checks_out_is_gone_on_from(
    damage: Callable[[Path], None],
    people: Path,
    cut_short: Path,
    undisturbed: Callable[[str], tuple[bytes, bytes]],
) -> None:
    damage(cut_short / "out.jsonl.part")
    code, errors = resumed(people, cut_short)
    assert code == 1, errors
    assert ((cut_short / "out.jsonl").read_bytes(), (cut_short / "rejects.jsonl").read_bytes()) == undisturbed(".jsonl")


def test_an_unfinished_run_is_not_overwritten_by_chance(people: Path, cut_short: Path) -> None:
    code, errors = batch(*given_in(people), cwd=cut_short)
    assert (code, error_of(errors)) == (
        2,
        "out.jsonl: an earlier run is not finished; go on with --resume, or delete out.jsonl.part",
    )


def test_another_question_is_not_answered_by_half(people: Path, cut_short: Path) -> None:
    for more, named in (
        (["--reading", "project_grade=exact"], "--reading"),
        (["--verify-sample", "21"], "--verify-sample"),
        (["--rejects", "elsewhere.jsonl"], "--rejects"),
        ([people], "INPUT"),
        (["--input-format", "json"], "--input-format"),
    ):
        code, errors = resumed(people, cut_short, *more)
        assert code == 2
        told = error_of(errors)
        assert told.startswith(f"--resume: {named} is not what the unfinished run began with; "), told
    (cut_short / "change.yaml").write_text("hardware.5.succession: {required: 2}\n", encoding="utf-8")
    code, errors = resumed(people, cut_short, "--policy-change", "change.yaml")
    assert (code, "--policy-change" in error_of(errors)) == (2, True)


@pytest.mark.parametrize("what", ["early", "longer"])
def test_input_that_changed_since_is_told(what: str, people: Path, tmp_path: Path) -> None:
    mine, output = tmp_path / "mine.jsonl", tmp_path / "out.jsonl"
    mine.write_bytes(people.read_bytes())
    given = [mine, "-o", output, "--jobs", 1]
    killed_after(5, output, *given)
    data = mine.read_bytes()
    if what == "early":
        mine.write_bytes(data.replace(b'"E-00000"', b'"X-00000"', 1))
    else:
        mine.write_bytes(data + b'{"candidate": "new"}\n')
    code, errors = batch(*given, "--resume")
    assert code == 2
    assert error_of(errors) == f"{mine}: changed since the run began; delete {output}.part and start anew"
    mine.write_bytes(data)
    assert batch(*given, "--resume")[0] == 1


def test_input_that_changes_during_the_run_is_told(people: Path, tmp_path: Path) -> None:
    mine, output = tmp_path / "mine.jsonl", tmp_path / "out.jsonl"
    mine.write_bytes(people.read_bytes())
    process = start(mine, "-o", output, "--jobs", 1)
    wait_for(lambda: finished(output) >= 2, process)
    with open(mine, "ab") as file:
        file.write(b'{"candidate": "new"}\n')
    errors = process.communicate()[1].decode()
    assert (process.returncode, error_of(errors).startswith(f"{mine}: changed since")) == (2, True)
    assert not output.exists()


def test_two_runs_on_one_output_do_not_mix(people: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    first = start(people, "-o", output, "--jobs", 2)
    wait_for(lambda: finished(output) >= 1, first)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        code, errors = batch(people, "-o", output, "--resume")
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert (code, error_of(errors)) == (2, f"{output}: another run is writing it; wait for its end")
    first.communicate()
    assert first.returncode == 1
    assert output.exists()


def test_a_worker_that_is_killed_costs_no_finished_block(
    people: Path, undisturbed: Callable[[str], tuple[bytes, bytes]], tmp_path: Path
) -> None:
    output, rejects = tmp_path / "out.jsonl", tmp_path / "rejects.jsonl"
    given = [people, "-o", output, "--rejects", rejects, "--jobs", 2, "--verify-sample", 20]
    process = start(*given)
    wait_for(lambda: finished(output) >= 3, process)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    errors = process.communicate()[1].decode()
    assert process.returncode == 2
    assert error_of(errors) == (
        "a worker process ended by itself (killed, or out of memory); "
        "what was finished is kept: run the same command with --resume to go on"
    )
    assert not output.exists()
    assert finished(output) >= 3
    assert batch(*given, "--resume")[0] == 1
    assert (output.read_bytes(), rejects.read_bytes()) == undisturbed(".jsonl")


@pytest.mark.parametrize(("suffix", "kilobytes"), [(".jsonl", 60), (".parquet", 20), (".csv", 100)])
def test_a_full_disk_is_told_and_what_was_finished_is_kept(
    suffix: str,
    kilobytes: int,
    people: Path,
    undisturbed: Callable[[str], tuple[bytes, bytes]],
    tmp_path: Path,
) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    output, rejects = tmp_path / f"out{suffix}", tmp_path / "rejects.jsonl"
    given = [people, "-o", output, "--rejects", rejects, "--jobs", 2, "--verify-sample", 20]

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1000, kilobytes * 1000))

    code, errors = batch(*given, preexec_fn=little_room)
    assert code == 2
    told = error_of(errors)
    assert told.startswith(f"{output}.part/output: cannot be written: File too large; what was finished is kept"), told
    assert not output.exists()
    assert finished(output) > 0
    assert batch(*given, "--resume")[0] == 1
    assert (output.read_bytes(), rejects.read_bytes()) == undisturbed(suffix)


def test_an_interrupt_leaves_what_was_finished(people: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    process = start(people, "-o", output, "--jobs", 2, "--verify-sample", 0, start_new_session=True)
    wait_for(lambda: finished(output) >= 2, process)
    os.killpg(process.pid, signal.SIGINT)
    errors = process.communicate()[1].decode()
    assert (process.returncode, error_of(errors)) == (130, "interrupted")
    assert "--resume" in errors
    assert batch(people, "-o", output, "--jobs", 2, "--verify-sample", 0, "--resume")[0] == 1


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("missing/out.jsonl", "{tmp}/missing/out.jsonl.part: cannot be made: No such file or directory"),
        ("file/out.jsonl", "{tmp}/file/out.jsonl.part: cannot be made: Not a directory"),
        ("folder.jsonl", "{tmp}/folder.jsonl: cannot be written: it is a folder"),
        (
            "out.txt",
            "{tmp}/out.txt: the output is told by its suffix, one of "
            ".jsonl, .ndjson, .jsonl.gz, .jsonl.zst, .csv, .parquet",
        ),
    ],
)
def test_an_output_that_cannot_be_is_told_before_anything_is_done(place: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.jsonl").mkdir()
    code, errors = batch(SAMPLE, "-o", tmp_path / place)
    assert (code, error_of(errors)) == (2, told.format(tmp=tmp_path))


def test_what_is_read_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"candidate": "ann"}\n', encoding="utf-8")
    (tmp_path / "other.jsonl").write_text('{"candidate": "bob"}\n', encoding="utf-8")
    for given in (
        [tmp_path / "in.jsonl", "-o", tmp_path / "in.jsonl"],
        [tmp_path, "-o", tmp_path / "in.jsonl"],
        [tmp_path / "other.jsonl", "-o", tmp_path / "out.jsonl", "--rejects", tmp_path / "other.jsonl"],
        [tmp_path, "-o", tmp_path / "out.jsonl", "--rejects", tmp_path / "out.jsonl"],
    ):
        code, errors = batch(*given)
        assert (code, "is read, or written already, and cannot be written" in error_of(errors)) == (2, True)
    assert (tmp_path / "in.jsonl").read_text(encoding="utf-8") == '{"candidate": "ann"}\n'


def test_rejects_tell_the_line_of_the_file_and_hold_the_line_itself(
    people: Path, undisturbed: Callable[[str], tuple[bytes, bytes]]
) -> None:
    rejects = [json.loads(line) for line in undisturbed(".jsonl")[1].splitlines()]
    lines = people.read_bytes().split(b"\n")
    assert [(r["line"], r["candidate"], r["refusals"][0]["code"]) for r in rejects] == [
        (11, None, "syntax"),
        (41, None, "syntax"),
        (42, "wrong", "unknown_value"),
        (71, "E-00003", "duplicate_candidate"),
        (72, "E-00065", "duplicate_candidate"),
        (73, "wrong", "duplicate_candidate"),
    ]
    for reject in rejects:
        raw = base64.b64decode(reject["raw_base64"]) if "raw_base64" in reject else reject["raw"].encode()
        assert raw == lines[reject["line"] - 1]
        assert reject["file"] == str(people)
        assert all(refusal["line"] == reject["line"] for refusal in reject["refusals"])
        assert set(reject["refusals"][0]) >= {"code", "path", "message", "mend", "column"}
    assert "raw_base64" in rejects[1]


def test_without_a_file_for_them_refusals_are_told_as_elsewhere(people: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "itss_logic", "check", people], capture_output=True, check=False, encoding="utf-8"
    )
    code, errors = batch(people, "-o", tmp_path / "out.jsonl", "--jobs", 2)
    assert code == told.returncode == 1
    assert told.stderr in errors


def test_exit_codes(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    good, bad = b'{"candidate": "ann"}\n', b'{"candidate": 1}\n'
    assert batch("-", "-o", output, stdin=good)[0] == 0
    assert batch("-", "-o", output, stdin=good + bad)[0] == 1
    assert len(output.read_bytes().splitlines()) == 1
    assert batch("-", "-o", output, stdin=bad)[0] == 2
    assert output.read_bytes() == b""
    code, errors = batch("-", "-o", output)
    assert (code, "warning: no candidates were found" in errors) == (0, True)
    code, errors = batch(tmp_path / "nothing.jsonl", "-o", output)
    assert (code, error_of(errors)) == (2, f"{tmp_path}/nothing.jsonl: there is no such file or folder")
    code, errors = batch("-", "-o", output, "--reading", "no=reading", stdin=good)
    assert code == 2
