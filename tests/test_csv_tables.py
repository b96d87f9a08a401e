"""A folder of CSV tables: any usual encoding and delimiter; what cannot be read is refused at its line."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from itss_logic import Evidence, Policy, Refused, limits
from itss_logic.cli import cli
from itss_logic.evidence import Entry
from itss_logic.intake.bundles import bundle_of
from itss_logic.intake.csv_tables import CsvWriter
from itss_logic.intake.layout import Layout
from tests.test_cli import itss

POLICY = Policy.load()
LAYOUT = Layout(POLICY.vocabulary, wide=True)

PEOPLE = "candidate\nE-1\n山田\n"
EXAMS = "candidate,exam,status,source\nE-1,ap,,\n山田,ap,申告のみ,棚①\n"


def folder(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with these files."""
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path) -> list[Entry]:
    return list(POLICY.read(str(path)))


def told(path: Path, files: Mapping[str, str | bytes]) -> list[tuple[str, str]]:
    """The places, from the folder on, and codes of all refusals."""
    entries = read(folder(path, files))
    refusals = [r for entry in entries if isinstance(entry, Refused) for r in entry.refusals]
    return [(str(r.place).removeprefix(f"{path}/"), r.code) for r in refusals]


def facts(path: Path) -> list[list[str]]:
    entries = read(path)
    assert [entry for entry in entries if isinstance(entry, Refused)] == []
    return [[str(fact) for fact in entry.facts] for entry in entries if isinstance(entry, Evidence)]


EXPECTED = [
    ['candidate("E-1")', 'passed_exam("E-1",ap)'],
    ['candidate("山田")', 'claimed(passed_exam("山田",ap))', 'source(passed_exam("山田",ap),"棚①")'],
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_usual_encoding_and_end_of_line(tmp_path: Path, encoding: str, end: str) -> None:
    files = {"candidates.csv": PEOPLE, "exams.csv": EXAMS}
    path = folder(tmp_path / "t", {name: text.replace("\n", end).encode(encoding) for name, text in files.items()})
    warnings: list[str] = []
    entries = list(POLICY.read(str(path), warn=warnings.append))
    assert [[str(fact) for fact in e.facts] for e in entries if isinstance(e, Evidence)] == EXPECTED
    assert len(warnings) == (0 if encoding.startswith("utf-8") else 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_usual_delimiter(tmp_path: Path, delimiter: str) -> None:
    files = {"candidates.csv": PEOPLE, "exams.csv": EXAMS.replace(",", delimiter)}
    assert facts(folder(tmp_path / "t", files)) == EXPECTED


GARBAGE: list[tuple[bytes, str]] = [
    (b"candidate,exam\nE-1,ap\nE-1,\xff\xfe\x80\n", "exams.csv:3 exams.csv:1"),
    (b"\xef\xbb\xbfcandidate,exam\nE-1,\x83\x41\n", "exams.csv:2"),
    (b"\xff\xfec\x00a\x00n\x00d\x00\x00\xd8x\x00", "exams.csv:1"),
    (b'candidate,exam\nE-1,"ap\nE-1,fe\n', "exams.csv:2"),
    (b'candidate,exam\nE-1,a"p\nE-1,"fe"x\n', "exams.csv:2:exam exams.csv:3"),
    (b"candidate,exam\nE-1,ap\x00\n", "exams.csv:2:exam exams.csv:2"),
    (b"PK\x03\x04" + bytes(range(256)) * 8, "exams.csv:1 exams.csv:2"),
    (b"candidate,exam\nE-1," + b"x" * 5_000_000, "exams.csv:2"),
    (b"candidate,exam,status\nE-1,ap,claimed\nE-2,ap\n", "exams.csv:3"),
    (b"candidate,exam,source\nE-1,ap,a\nE-2,ap", "exams.csv:3"),
    (b"candidate,exam,status\r\nE-1,ap,claimed\r\nE-2,ap,", "exams.csv:3"),
]


@pytest.mark.parametrize("at", range(len(GARBAGE)))
def test_what_is_no_csv_is_refused_at_its_line_and_nobody_is_evaluated(tmp_path: Path, at: int) -> None:
    data, places = GARBAGE[at]
    found = told(tmp_path / "t", {"candidates.csv": PEOPLE, "exams.csv": data})
    assert found
    assert {place.partition(":cell")[0] for place, _ in found} & set(places.split()), found
    assert not any(isinstance(entry, Evidence) and len(entry.facts) > 1 for entry in read(tmp_path / "t"))


def test_a_record_of_several_lines_goes_by_its_first(tmp_path: Path) -> None:
    exams = 'candidate,exam,source\r\n\r\nE-1,ap,"two\r\nlines"\r\nE-1,xx,\r\n"E-1\n",yy,\r\n'
    found = told(tmp_path / "t", {"candidates.csv": PEOPLE, "exams.csv": exams})
    assert found == [("exams.csv:5:exam", "unknown_value"), ("exams.csv:6:exam", "unknown_value")]


@pytest.mark.parametrize(
    ("exams", "expected"),
    [
        ("candidate,exam,grade\nE-1,ap,\n", [("exams.csv:1:cell 3", "unknown_key")]),
        ("candidate,exam,Exam\nE-1,ap,\n", [("exams.csv:1:cell 3", "conflict")]),
        ("candidate,source\n", [("exams.csv:1:cell 1", "missing_key")]),
        ("candidate,exam\nE-1,ap,more\n", [("exams.csv:2:cell 3", "missing_key")]),
        ("candidate,exam\nE-1\n", [("exams.csv:2:exam", "missing_key")]),
        ("candidate,exam\n,ap\n", [("exams.csv:2:candidate", "missing_key")]),
        ("candidate,exam\nE-2,ap\n", [("exams.csv:2:candidate", "unknown_candidate")]),
        (
            "#,candidate,exam\nexample,E-0,ap\nexample,E-1,ap\n",
            [("exams.csv:3:candidate", "conflict"), ("exams.csv:2:candidate", "conflict")],
        ),
        ("", []),
        ("\n\n", []),
        ("candidate,exam,# note\nE-1,ap,seen\n,,only a note\n", []),
    ],
)
def test_headings_and_cells(tmp_path: Path, exams: str, expected: list[tuple[str, str]]) -> None:
    assert told(tmp_path / "t", {"candidates.csv": PEOPLE, "exams.csv": exams}) == expected


def test_all_that_is_wrong_in_all_files_is_told_at_once(tmp_path: Path) -> None:
    files = {
        "candidates.csv": PEOPLE + "E-1\n",
        "exams.csv": "candidate,exam\nE-1,xx\n",
        "Exam.csv": "candidate\n",
        "ｅxams.CSV": "candidate,exam\n",
        "projects.csv": "candidate,id,field,sites\nE-1,p,facility management,many\nE-1,,hardware,\n",
    }
    codes = sorted(code for _, code in told(tmp_path / "t", files))
    assert codes == sorted(
        ["conflict", "unknown_key", "unknown_value", "duplicate_candidate", "bad_number", "missing_key"]
    )


def test_a_folder_without_candidates_is_no_folder_of_tables(tmp_path: Path) -> None:
    path = folder(tmp_path / "t", {"exams.csv": EXAMS})
    warnings: list[str] = []
    assert list(POLICY.read(str(path), warn=warnings.append)) == []
    assert len(warnings) == 1
    assert CliRunner().invoke(cli, ["intake", "xlsx", str(path)]).exit_code == 2


def test_files_beside_the_tables_are_read_as_ever(tmp_path: Path) -> None:
    path = folder(
        tmp_path / "t", {"candidates.csv": PEOPLE, "more.jsonl": '{"candidate": "E-3"}\n{"candidate": "E-1"}\n'}
    )
    assert [(e.candidate, type(e)) for e in read(path)] == [
        ("E-1", Evidence),
        ("山田", Evidence),
        ("E-3", Evidence),
        ("E-1", Refused),
    ]


def test_there_may_not_be_more_rows_than_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROWS", 3)
    assert told(tmp_path / "t", {"candidates.csv": PEOPLE, "exams.csv": EXAMS}) == [("exams.csv", "too_large")]


@pytest.mark.parametrize(
    "id", ["=1+1", "+1", "-1", "@x", '"', ' "a" ', "a\r\nb", ",;\t", "_x0041_", "👩", "\x01", "\ufeff", "TRUE"]
)
def test_ids_that_a_spreadsheet_takes_for_something_else_survive(tmp_path: Path, id: str) -> None:
    project = {"id": id, "role": "member", "source": id}
    one = POLICY.entry({"candidate": id, "fields": {"hardware": {"projects": [project]}}})
    assert isinstance(one, Evidence)
    writer = CsvWriter(str(tmp_path / "t"), LAYOUT)
    writer.write(bundle_of(one, LAYOUT))
    writer.close()
    assert read(tmp_path / "t") == [one]
    cells = (tmp_path / "t" / "projects.csv").read_text("utf-8-sig").splitlines()[1].split(",")
    assert not cells[0].startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    "heads",
    [
        "\n\ncandidate;exam;status\nE-1;fe;claimed\n",
        "candidate\texam\t#a,b,c,d,e\nE-1\tfe\n",
        ";;;\nexam;candidate\nfe;E-1\n",
    ],
)
def test_the_delimiter_is_the_one_that_heads_columns(tmp_path: Path, heads: str) -> None:
    found = facts(folder(tmp_path / "t", {"candidates.csv": "candidate\nE-1\n", "exams.csv": heads}))
    assert 'passed_exam("E-1",fe)' in str(found)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_a_table_that_is_no_file_is_refused_with_all_of_its_folder(tmp_path: Path, kind: str) -> None:
    path = folder(tmp_path / "t", {"candidates.csv": "candidate\nE-1\n"})
    make = {"pipe": os.mkfifo, "folder": os.mkdir, "link": lambda name: os.symlink("nowhere", name)}
    make[kind](path / "exams.csv")
    (path / "notes.csv").mkdir()
    (path / "notes.csv" / "kept.txt").touch()
    assert told(path, {}) == [("exams.csv", "syntax")]
    (tmp_path / "e.jsonl").write_text('{"candidate": "a"}\n', encoding="utf-8")
    result = itss("batch", str(path), str(tmp_path / "e.jsonl"), "-o", str(tmp_path / "out.jsonl"), "--jobs", "1")
    assert (result.returncode, "named like a table, and is no file" in result.stderr) == (1, True), result.stderr
    assert '"a"' in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    result = itss("export", str(tmp_path / "e.jsonl"), "--as", "csv", "-o", str(path), "--force")
    assert (result.returncode, "exams.csv: is no file" in result.stderr) == (2, True), result.stderr
    assert (path / "candidates.csv").read_text(encoding="utf-8") == "candidate\nE-1\n"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda name: os.symlink("nowhere", name)])
def test_candidates_that_are_no_file_are_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = folder(tmp_path / "t", {"exams.csv": "candidate,exam\nE-1,ap\n"})
    make(path / "candidates.csv")
    assert told(path, {}) == [("candidates.csv", "syntax")]
    assert itss("intake", "xlsx", str(path)).returncode == 2


def test_what_is_no_table_stays_beside_tables_that_are_written(tmp_path: Path) -> None:
    path = folder(tmp_path / "t", {"candidates.csv": "candidate\nE-1\n"})
    (path / "old.csv").mkdir()
    (path / "old.csv" / "kept.txt").touch()
    (path / "link.csv").symlink_to("link.csv")
    (path / "folder.csv").symlink_to("old.csv")
    (tmp_path / "e.jsonl").write_text('{"candidate": "a"}\n', encoding="utf-8")
    assert itss("export", str(tmp_path / "e.jsonl"), "--as", "csv", "-o", str(path), "--force").returncode == 0
    assert (path / "old.csv" / "kept.txt").exists()
    assert (path / "link.csv").is_symlink()
    warnings: list[str] = []
    assert [entry.candidate for entry in POLICY.read(str(path), warn=warnings.append)] == ["a"]
    assert sorted(warnings)[:2] == [f"{path}/{name}.csv: passed over, not a file" for name in ("folder", "link")]
    assert itss("intake", "xlsx", str(path)).returncode == 0
    for form, place in (("csv", "-"), ("lp", "/dev/stdout"), ("xlsx", "-")):
        result = itss("export", str(tmp_path / "e.jsonl"), "--as", form, "-o", place)
        assert (result.returncode, "only JSON goes to standard output" in result.stderr) == (2, True), result.stderr


def test_tables_come_back_where_new_ones_cannot_take_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {"Candidates.csv": "candidate\nE-1\n", "exams.csv": "candidate,exam\nE-1,fe\n"}
    path = folder(tmp_path / "t", before)
    writer, replace = CsvWriter(str(path), LAYOUT), os.replace

    def failing(one: str, other: str) -> None:
        if os.path.basename(other) == "candidates.csv":
            raise OSError(errno.EIO, "Input/output error")
        replace(one, other)

    monkeypatch.setattr("itss_logic.intake.csv_tables.os.replace", failing)
    with pytest.raises(OSError, match="Input/output"):
        writer.close()
    writer.discard()
    assert {name: (path / name).read_text(encoding="utf-8") for name in os.listdir(path)} == before


def gone_from(folder: Path) -> Callable[[str], list[str]]:
    """What lists folders, one of which is gone, or somebody else's."""
    listing = os.listdir

    def listed(path: str) -> list[str]:
        if str(path) == str(folder):
            raise OSError(errno.EACCES, "Permission denied")
        return listing(path)

    return listed


def test_what_is_left_of_an_export_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path / "t", {"candidates.csv": "candidate\nE-1\n"})
    folder(path / ".abc.new", {"candidates.csv": "candidate\nE-2\n", "exams.csv.new": "candidate\n"})
    folder(path / ".def.new", {"exams.csv.old": "candidate\n"})
    monkeypatch.setattr("itss_logic.reading.os.listdir", gone_from(path / ".xyz.new"))
    (path / ".xyz.new").mkdir()
    warnings: list[str] = []
    assert [entry.candidate for entry in POLICY.read(str(path), warn=warnings.append)] == ["E-1"]
    what = "passed over, of a command that is still at work, or was cut short"
    assert warnings == [
        f"{path}/.abc.new: {what}; then it can be deleted",
        f"{path}/.def.new: {what} while it put files into their places; those that were there before end in .old",
        f"{path}/.xyz.new: {what}",
    ]


@pytest.mark.parametrize("line", ["sep=;\r\n", '"sep=;"\r\n', "SEP=;\n"])
def test_the_line_in_which_excel_names_the_delimiter_is_no_heading(tmp_path: Path, line: str) -> None:
    exams = f"{line}candidate;exam\r\nE-1;fe\r\n"
    found = facts(folder(tmp_path / "t", {"candidates.csv": "candidate\nE-1\n", "exams.csv": exams}))
    assert 'passed_exam("E-1",fe)' in str(found)


def test_a_wrong_heading_is_told_once(tmp_path: Path) -> None:
    tables = {"candidates.csv": "candidates\nE-1\nE-2\n", "exams.csv": "candidate,exam,statuss\nE-1,fe,x\nE-2,fe,y\n"}
    assert told(tmp_path / "t", tables) == [
        ("candidates.csv:1:cell 1", "unknown_key"),
        ("candidates.csv:1:cell 1", "missing_key"),
        ("exams.csv:1:cell 3", "unknown_key"),
    ]


def test_tables_that_are_not_whole_yet_are_no_evidence(tmp_path: Path) -> None:
    some = map(POLICY.entry, ({"candidate": "a", "exams": ["ap"]}, {"candidate": "b"}))
    made = [entry for entry in some if isinstance(entry, Evidence)]
    path = folder(tmp_path / "t", {"Candidates.csv": "candidate\nE-1\n", "EXAMS.csv": "candidate,exam\nE-1,fe\n"})
    writer = CsvWriter(str(path), LAYOUT)
    writer.write(bundle_of(made[0], LAYOUT))
    assert [entry.candidate for entry in read(path)] == ["E-1"]
    writer.write(bundle_of(made[1], LAYOUT))
    writer.close()
    assert read(path) == made
    assert sorted(os.listdir(path)) == sorted(f"{table.name}.csv" for table in LAYOUT.tables)


def test_tables_that_cannot_be_written_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "e.jsonl").write_text('{"candidate": "a"}\n', encoding="utf-8")
    monkeypatch.setattr("itss_logic.intake.csv_tables.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        CliRunner().invoke(cli, ["export", str(tmp_path / "e.jsonl"), "--as", "csv", "-o", str(tmp_path / "o")],
                           catch_exceptions=False, standalone_mode=False)  # fmt: skip
    assert not (tmp_path / "o").exists()


def test_tables_are_not_written_beside_what_is_named_like_no_table(tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text('{"candidate": "a"}\n', encoding="utf-8")
    path = folder(tmp_path / "t", {"notes.csv": "x\n"})
    for force, told in (((), "is there already"), (("--force",), "notes.csv: is named like no table")):
        result = itss("export", str(tmp_path / "e.jsonl"), "--as", "csv", "-o", str(path), *force)
        assert (result.returncode, told in result.stderr) == (2, True), result.stderr
    assert os.listdir(path) == ["notes.csv"]


@pytest.mark.parametrize("source", ["[" * 60_000 + "]" * 60_000, '[1, ["a"]]', '["a",', "[]"])
def test_what_only_looks_like_references_is_one(tmp_path: Path, source: str) -> None:
    quoted = source.replace('"', '""')
    tables = {"candidates.csv": "candidate\nE-1\n", "exams.csv": f'candidate,exam,source\nE-1,ap,"{quoted}"\n'}
    entries = read(folder(tmp_path / "t", tables))
    assert [entry.candidate for entry in entries] == ["E-1"]
    assert isinstance(entries[0], Evidence) == (len(source) < 100)


def test_an_example_with_several_references_is_told_of(tmp_path: Path) -> None:
    tables = {
        "candidates.csv": "candidate\nE-1\n",
        "exams.csv": '#,candidate,exam,source\nexample,,ap,"[""a"",""b""]"\n',
    }
    warnings: list[str] = []
    assert [e.candidate for e in POLICY.read(str(folder(tmp_path / "t", tables)), warn=warnings.append)] == ["E-1"]
    assert "the example was changed" in warnings[0]


def test_an_id_that_is_no_text_is_refused_alone_in_a_batch_as_well(tmp_path: Path) -> None:
    path = folder(tmp_path / "t", {"candidates.csv": 'candidate\n"""E\\ud800"""\nE-2\n'})
    assert [type(entry) for entry in read(path)] == [Refused, Evidence]
    output, rejects = tmp_path / "out.jsonl", tmp_path / "rejects.jsonl"
    result = itss("batch", str(path), "-o", str(output), "--rejects", str(rejects), "--jobs", "1")
    assert result.returncode == 1, result.stderr
    assert output.read_text(encoding="utf-8").count('"E-2"') == 1
    assert json.loads(rejects.read_text(encoding="utf-8"))["refusals"][0]["code"] == "syntax"


def test_the_rows_of_the_template_are_nobody_without_their_marks_either(tmp_path: Path) -> None:
    nobody = "E-0000 (example)"
    tables = {"candidates.csv": f"candidate\nE-1\n{nobody}\n", "exams.csv": f"candidate,exam\n{nobody},ap\n"}
    found = told(tmp_path / "t", tables)
    assert found == [("candidates.csv:3:candidate", "conflict")]
    assert [entry.candidate for entry in read(tmp_path / "t") if isinstance(entry, Evidence)] == ["E-1"]
    (tmp_path / "e.jsonl").write_text(json.dumps({"candidate": nobody}) + '\n{"candidate": "a"}\n', encoding="utf-8")
    for form, output in (("csv", "o"), ("xlsx", "o.xlsx")):
        result = itss("export", str(tmp_path / "e.jsonl"), "--as", form, "-o", str(tmp_path / output))
        assert (result.returncode, "no_place: its id is one that the template has" in result.stderr) == (1, True)


def test_a_table_alone_is_told_to_need_its_folder(tmp_path: Path) -> None:
    path = folder(tmp_path / "t", {"exams.csv": "candidate,exam\nE-1,ap\n", "e.jsonl": '{"candidate": "a"}\n'})
    (path / "~$e.xlsx").write_bytes(b"x")
    warnings: list[str] = []
    assert [entry.candidate for entry in POLICY.read(str(path), warn=warnings.append)] == ["a"]
    assert [warning.removeprefix(f"{path}/") for warning in sorted(warnings)] == [
        "exams.csv: passed over, a table is read with all others of its folder, where one of them is candidates.csv",
        "~$e.xlsx: passed over, a workbook is open there",
    ]
    for command in (["check"], ["batch", "-o", str(tmp_path / "out.jsonl")]):
        result = itss(*command, str(path / "exams.csv"))
        assert (result.returncode, "candidates.csv; name the folder" in result.stderr) == (2, True), result.stderr
