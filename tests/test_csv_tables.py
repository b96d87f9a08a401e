"""A folder of CSV tables: any usual encoding and delimiter; what cannot be read is refused at its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from itss_logic import Evidence, Policy, Refused, limits
from itss_logic.cli import cli
from itss_logic.evidence import Entry
from itss_logic.intake.bundles import bundle_of
from itss_logic.intake.csv_tables import CsvWriter
from itss_logic.intake.layout import Layout

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
