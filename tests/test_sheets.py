"""Workbooks: what people fill in is read as they mean it, or refused at its cell; hostile files in one line."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from itss_logic import Evidence, Policy, Refused, limits
from itss_logic.cli import cli
from itss_logic.errors import QuestionError
from itss_logic.evidence import Entry
from itss_logic.intake import workbook_write
from itss_logic.intake.bundles import NoPlaceError, bundle_of, object_of
from itss_logic.intake.cell_references import letters
from itss_logic.intake.cells import Cells
from itss_logic.intake.csv_tables import CsvWriter
from itss_logic.intake.layout import Layout
from itss_logic.intake.package import OLE
from itss_logic.intake.template import write_template
from itss_logic.intake.workbook import Workbook
from itss_logic.intake.writing import written
from itss_logic.reading import read_data
from tests.test_category import kb  # noqa: F401

POLICY = Policy.load()
LAYOUT = Layout(POLICY.vocabulary, wide=True)
SAMPLE = Path(__file__).parent / "data" / "sample-200.jsonl"
WORDS = Path(__file__).parent.parent / "itss_logic" / "intake" / "words"

Tables = Mapping[str, Sequence[Sequence[Any]]]


def book(tables: Tables, change: Callable[[openpyxl.Workbook], object] = lambda book: None) -> bytes:
    """A workbook with these sheets, changed in some way."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in tables.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    change(made)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def altered(data: bytes, parts: Mapping[str, bytes | Callable[[bytes], bytes] | None]) -> bytes:
    """A workbook with parts put in, changed, or left out."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(name for name in parts if name not in old.namelist())]:
            part = parts.get(name, old.read(name) if name in old.namelist() else None)
            if callable(part):
                part = part(old.read(name))
            if part is not None:
                new.writestr(name, part)
    return stream.getvalue()


def read(data: bytes) -> list[Entry]:
    return list(read_data(data, "t.xlsx", "xlsx", POLICY.vocabulary))


def told(data: bytes) -> list[tuple[str, str]]:
    """The cells and codes of all refusals."""
    refused = [entry for entry in read(data) if isinstance(entry, Refused)]
    return [(str(r.place.path), r.code) for entry in refused for r in entry.refusals]


def facts(data: bytes) -> list[list[str]]:
    """The facts of each candidate, none of whom is refused."""
    entries = read(data)
    assert all(isinstance(entry, Evidence) for entry in entries), entries
    return [[str(fact) for fact in entry.facts] for entry in entries if isinstance(entry, Evidence)]


ONE = {"candidates": [["candidate"], ["a"]]}
EXAMS = ["candidate", "exam", "status", "source"]


def exams(*rows: Sequence[Any]) -> Tables:
    return {**ONE, "exams": [EXAMS, *rows]}


def projects(*rows: Mapping[str, Any], heads: Sequence[str] = ()) -> Tables:
    names = list(dict.fromkeys([*heads, *(name for row in rows for name in row)]))
    return {**ONE, "projects": [names, *([row.get(name) for name in names] for row in rows)]}


def shown(format: str) -> Callable[[openpyxl.Workbook], None]:
    """What gives the first cell after those of `F` a format."""

    def change(made: openpyxl.Workbook) -> None:
        made["projects"]["D2"].number_format = format

    return change


def formatted(formula: str, value: int, format: str) -> bytes:
    """A workbook in which a formula, stored with a value and shown in a format, says whether something succeeded."""
    cell = f'<c r="D2" s="1"><f>{formula}</f><v>{value}</v></c>'.encode()
    made = book(projects({**F, "success": "x"}), shown(format))
    return altered(made, {SHEET: lambda data: re.sub(rb'<c r="D2".*?</c>', cell, data)})


P = {"candidate": "a", "id": "p", "field": "hardware"}
F = {"candidate": "a", "id": "p", "field": "facility_management"}


# What is written in cells


def test_values_go_by_names_and_labels_whatever_their_width_and_case() -> None:
    expected = facts(book(projects({**F, "role": "responsible", "success": True, "sites": 12, "partial": True})))
    spellings: list[dict[str, Any]] = [
        {
            **F,
            "field": " ファシリティマネジメント ",
            "role": "責任者",
            "success": "はい",
            "sites": "１２",
            "partial": "○",
        },
        {
            **F,
            "field": "Facility Management",
            "role": "ＲＥＳＰＯＮＳＩＢＬＥ",
            "success": "TRUE",
            "sites": "12.0",
            "partial": 1,
        },
        {
            **F,
            "field": "FACILITY_management\u3000",
            "role": "Responsible",
            "success": 1,
            "sites": 12.0,
            "partial": "yes",
        },
    ]
    for spelled in spellings:
        assert facts(book(projects(spelled))) == expected
    assert 'sites("a","p",12)' in expected[0]
    assert 'partial_facility("a","p")' in expected[0]


def test_an_id_that_is_a_number_is_the_same_as_text() -> None:
    data = book({"candidates": [["candidate"], [1001], ["1002 "]], "exams": [EXAMS, ["1001", "ap"], [1002, "ap"]]})
    assert [entry.candidate for entry in read(data)] == ["1001", "1002"]
    assert [len(found) for found in facts(data)] == [2, 2]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"sites": 2.5}, "sites", "bad_number"),
        ({"sites": "3 sites"}, "sites", "wrong_type bad_number"),
        ({"sites": 0}, "sites", "bad_number"),
        ({"sites": 1e300}, "sites", "bad_number"),
        ({"sites": datetime(2026, 1, 2)}, "sites", "wrong_type"),
        ({"sites": "#N/A"}, "sites", "wrong_type"),
        ({"sites": "=1+1"}, "sites", "wrong_type"),
        ({"sites": True}, "sites", "wrong_type"),
        ({"id": 2.5}, "id", "wrong_type"),
        ({"id": 10**16}, "id", "wrong_type"),
        ({"id": datetime(2026, 1, 2)}, "id", "wrong_type"),
        ({"id": True}, "id", "wrong_type"),
        ({"id": None}, "id", "missing_key"),
        ({"id": "x" * 1025}, "id", "too_large"),
        ({"field": "plumbing"}, "field", "unknown_value"),
        ({"role": "boss"}, "role", "unknown_value"),
        ({"role": 3}, "role", "unknown_value"),
        ({"success": "maybe"}, "success", "wrong_type"),
        ({"success": 2}, "success", "wrong_type"),
        ({"activities.installation": True}, "activities.installation", "unknown_value"),
        ({"status": "sure"}, "status", "unknown_value"),
        ({"source": datetime(2026, 1, 2)}, "source", "wrong_type"),
    ],
)
def test_what_is_wrong_in_a_cell_is_refused_at_it(cells: Mapping[str, Any], column: str, code: str) -> None:
    row = {**F, **cells}
    letter = "ABCDEFGH"[list(row).index(column)]
    found = told(book(projects(row)))
    assert {at for at, _ in found} == {f"projects!{letter}2"}, found
    assert {found_code for _, found_code in found} <= set(code.split()), found


@pytest.mark.parametrize(
    "text", ["10²", "①", "1①", "½", "⁻1", "₁", "㊿", "⒈", "⑴", "𝟏", "١", "Ⅻ", "1,000", "１，０００"]
)
def test_what_is_no_plain_digit_is_no_part_of_a_number(text: str) -> None:
    assert told(book(projects({**F, "sites": text}))) == [("projects!D2", "bad_number")]


@pytest.mark.parametrize(
    ("text", "number"), [("１０２", 102), ("＋１２", 12), ("１２．０", 12), ("12．", 12), (' "１2" ', 12)]
)
def test_numbers_may_be_in_full_width(text: str, number: int) -> None:
    assert f'sites("a","p",{number})' in facts(book(projects({**F, "sites": text})))[0]


@pytest.mark.parametrize(
    ("column", "text"), [("success", "①"), ("success", "¹"), ("partial", "ⓨ"), ("field", "hardware²")]
)
def test_the_mark_of_a_note_makes_no_value(column: str, text: str) -> None:
    data = book(projects({**F, column: text}))
    assert [code for _, code in told(data)] in (["wrong_type"], ["unknown_value"])


def test_width_makes_no_value_of_another_and_half_width_labels_are_known() -> None:
    cells = Cells(LAYOUT)
    for column in cells.known:
        for name in LAYOUT.allowed(column):
            assert cells.read(name, column) == name
            for labels in POLICY.vocabulary.labels.values():
                if name in labels:
                    assert cells.read(labels[name], column) == name
    half = "ﾌｧｼﾘﾃｨﾏﾈｼﾞﾒﾝﾄ"
    assert facts(book(projects({**F, "field": half}))) == facts(book(projects(F)))


NO_NUMBERS = frozenset(
    ['"E-"0', "\\E0", '"a;b";0', "0%", "# ?/?", "0.00E+00", "0,", "*00", "[DBNum1]General", "[>5]0", ";;;"]
)


@pytest.mark.parametrize(
    ("value", "format", "is_read"),
    [
        (12, "General", True),
        (12, "0", True),
        (12, "00", True),
        (12, "#", True),
        (12, "@", True),
        (12, "#,##0", True),
        (12, "0_ ", True),
        (12.0, "0_);[Red](0)", True),
        (-12, "0", True),
        (-12, "0;-0", True),
        (0, "0", True),
        (0, "#", False),
        (12, "00000", False),
        (-12, "0_);[Red](0)", False),
        (-12, "0;0", False),
        (12, '"E-"0', False),
        (12, '0"人"', False),
        (12, "\\E0", False),
        (12, '"a;b";0', False),
        (1234, "#,##0", False),
        (12, "0.00", False),
        (12, "0%", False),
        (12, "# ?/?", False),
        (12, "0.00E+00", False),
        (12, "0,", False),
        (12, "*00", False),
        (12, "[DBNum1]General", False),
        (12, "[>5]0", False),
        (12, "¥0", False),
        (12, ";;;", False),
    ],
)
def test_a_number_that_is_shown_otherwise_is_no_text(value: float, format: str, is_read: bool) -> None:
    def change(made: openpyxl.Workbook) -> None:
        made["candidates"]["A2"].number_format = made["projects"]["D2"].number_format = format

    tables: Tables = {
        **projects({**F, "candidate": str(int(value)), "sites": 12}),
        "candidates": [["candidate"], [value]],
    }
    data = book(tables, change)
    if is_read:
        assert f'sites("{int(value)}","p",12)' in facts(data)[0]
    else:
        assert told(data)[0] == ("candidates!A2", "wrong_type")
        assert any(at == "projects!D2" for at, _ in told(data)) == (format in NO_NUMBERS)


@pytest.mark.parametrize(
    "format",
    [
        'ggge"年"',
        "e",
        "gg",
        "aaa",
        "[$-411]e",
        "[$-ja-JP-x-gannen]ggge",
        "b",
        "0%",
        '0"0"',
        "???/???",
        "[$10]0",
        '0"万"',
        '#,##0"千㎡"',
        '0"百万"',
        '0"十"',
        '0" k"',
        "0\\M",
        '"令和"0"年"',
        '"昭和"0',
        '0"%"',
        "0\\%",
        '0"½"',
        "-0",
        '0"ダース"',
        '0"ヘクタール"',
        '0"cm²"',
        '0"人以上"',
        '0"倍"',
        '0"²"',
        '0"以上"',
        '0"坪"',
        'General"万"',
        '"¥"0"万"',
        '"-"0',
        "(0)",
        '0" thousand"',
        "0!0",
        "0-",
    ],
)
def test_what_is_shown_as_no_number_is_none(format: str) -> None:
    assert told(book(projects({**F, "candidate": "a", "sites": 12}), shown(format))) == [("projects!D2", "wrong_type")]


@pytest.mark.parametrize(
    "format",
    [
        '#,##0"拠点"',
        "_-* #,##0_-",
        "[$¥-411]#,##0",
        "0.0",
        '0_);[Red]"-"0',
        "@",
        '#,##0 "m2"',
        '#,##0"m3"',
        "# ##0",
        "#\\ ##0",
        '"¥"#,##0',
        '0"㎡"',
        '0" sites"',
        "General",
        'General"件"',
        '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ',
        "+0;-0",
    ],
)
def test_a_number_may_be_grouped_and_have_a_unit(format: str) -> None:
    assert 'sites("a","p",1234)' in facts(book(projects({**F, "candidate": "a", "sites": 1234}), shown(format)))[0]


def test_a_date_of_a_format_that_the_workbook_does_not_state_is_one() -> None:
    def change(data: bytes) -> bytes:
        return re.sub(rb'numFmtId="9"', b'numFmtId="31"', data)

    def shown(made: openpyxl.Workbook) -> None:
        made["projects"]["D2"].number_format = "0%"

    data = altered(book(projects({**F, "sites": 12}), shown), {"xl/styles.xml": change})
    assert told(data) == [("projects!D2", "wrong_type")]


def test_all_that_is_wrong_is_told_at_once_and_others_are_read() -> None:
    data = book(
        {
            "candidates": [["candidate"], ["a"], ["b"], ["b"], ["c"]],
            "exams": [EXAMS, ["a", "xx"], ["c", "ap"], ["a", "yy"], ["nobody", "ap"]],
            "projects": [["candidate", "id", "field", "role"], ["a", "p", "hardware", "chief"], ["a", "q", None, None]],
        }
    )
    assert told(data) == [
        ("exams!B2", "unknown_value"),
        ("exams!B4", "unknown_value"),
        ("projects!D2", "unknown_value"),
        ("projects!C3", "missing_key"),
        ("candidates!A4", "duplicate_candidate"),
        ("exams!A5", "unknown_candidate"),
    ]
    assert [entry.candidate for entry in read(data) if isinstance(entry, Evidence)] == ["c"]


def test_an_id_that_differs_in_width_alone_is_hinted_at() -> None:
    data = book({"candidates": [["candidate"], ["E-1"]], "exams": [EXAMS, ["Ｅ－１", "ap"]]})
    [refusal] = [r for entry in read(data) if isinstance(entry, Refused) for r in entry.refusals]
    assert (refusal.code, 'write it as it stands there: "E-1"' in refusal.mend) == ("unknown_candidate", True)


def test_a_row_that_names_no_candidate_has_all_refused() -> None:
    data = book(exams(["a", "ap"], [None, "ap"], [datetime(2026, 1, 1), "ap"]))
    assert told(data) == [("exams!A3", "missing_key"), ("exams!A4", "wrong_type")]
    assert len(read(data)) == 1


# Headings, rows and sheets


def test_columns_may_be_moved_and_left_out_and_remarks_stay() -> None:
    sheet: list[list[Any]] = [
        [],
        ["# note", "Exam ", None, "ＣＡＮＤＩＤＡＴＥ", "#"],
        ["seen", "ap", None, "a"],
        ["only a remark"],
    ]
    assert facts(book({**ONE, "exams": sheet})) == [['candidate("a")', 'passed_exam("a",ap)']]


def test_rows_that_are_marked_are_no_evidence() -> None:
    rows: list[list[Any]] = [
        ["#", *EXAMS],
        ["?", "Candidate", "y"],
        ["Example", "E-0000 (example)", "zz"],
        [None, "a", "ap"],
        ["x", "a", "fe"],
    ]
    assert told(book({**ONE, "exams": rows})) == [("exams!A5", "unknown_value")]
    assert len(facts(book({**ONE, "exams": rows[:-1]}))) == 1


def test_an_example_that_was_written_over_is_not_passed_over() -> None:
    nobody = "E-0000（例）"
    rows: list[list[Any]] = [["#", *EXAMS], ["example", "a", "fe"], [None, "a", "ap"], ["example", nobody, "ap"]]
    people: dict[str, list[list[Any]]] = {
        "candidates": [["#", "candidate"], ["example", nobody], [None, "a"], [None, "b"]]
    }
    assert told(book({**people, "exams": rows})) == [("exams!B2", "conflict")]
    assert [e.candidate for e in read(book({**people, "exams": rows})) if isinstance(e, Evidence)] == ["b"]


def test_a_person_who_stands_in_examples_alone_is_refused() -> None:
    people: list[list[Any]] = [["#", "candidate"], ["example", "a"], [None, "b"]]
    rows: list[list[Any]] = [["#", *EXAMS], ["example", "a"], [None, "b", "ap"]]
    data = book({"candidates": people, "exams": rows})
    assert told(data) == [("candidates!B2", "conflict"), ("exams!B2", "conflict")]
    assert [(type(entry), entry.candidate) for entry in read(data)] == [(Evidence, "b"), (Refused, "a")]
    nobody = "E-0000 (example)"
    people += [[None, nobody], ["?", "c"]]
    rows[1][1] = nobody
    assert told(book({"candidates": people, "exams": rows})) == [
        ("exams!B2", "conflict"),
        ("candidates!B4", "conflict"),
        ("candidates!B2", "conflict"),
        ("candidates!B5", "conflict"),
    ]
    rows[1][1] = datetime(2026, 1, 2)
    assert ("exams!B2", "wrong_type") in told(book({"candidates": people, "exams": rows}))


def test_an_example_that_was_changed_and_names_nobody_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_template(str(path), LAYOUT, "ja")
    made = openpyxl.load_workbook(path)

    def warned() -> list[str]:
        made.save(path)
        warnings: list[str] = []
        assert list(POLICY.read(str(path), warn=warnings.append)) == []
        return warnings

    assert warned() == []
    made["exams"]["B4"] = None
    assert warned() == []
    made["exams"]["C4"] = "fe" if made["exams"]["C4"].value != "fe" else "ap"
    assert [re.search(r"\S+: the example was changed;", text) is not None for text in warned()] == [True]
    made["projects"]["D4"] = "what"
    assert "exams!B4: the example was changed (and 1 more); " in warned()[0]
    for row in made["exams"], made["projects"]:
        row.delete_rows(4)
    assert warned() == []


@pytest.mark.parametrize(
    ("heads", "row", "expected"),
    [
        (["candidate", "exam", "grade"], ["a", "ap"], [("exams!C1", "unknown_key")]),
        (["candidate", "exam", "EXAM"], ["a", "ap"], [("exams!C1", "conflict")]),
        (["candidate", "status"], ["a"], [("exams!A1", "missing_key")]),
        (["candidate", "exam", None, "status"], ["a", "ap", "?"], [("exams!C2", "missing_key")]),
        (["candidate", "exam"], ["a", "ap", None, None, "far"], [("exams!E2", "missing_key")]),
        (
            ["candidate", "=1+1"],
            ["a"],
            [("exams!B1", "wrong_type"), ("exams!A1", "missing_key")],
        ),
    ],
)
def test_what_is_wrong_with_headings_is_refused(
    heads: list[Any], row: list[Any], expected: list[tuple[str, str]]
) -> None:
    assert sorted(told(book({**ONE, "exams": [heads, row]}))) == sorted(expected)


def test_sheets_that_are_no_tables() -> None:
    sheets = {**exams(["a", "ap"]), "Sheet1": [], "#notes": [["anything"], ["=1+1"]]}
    assert len(facts(book(sheets))) == 1
    assert told(book({**sheets, "Exams 2026": [["x"]]})) == [("Exams 2026!A1", "unknown_key")]
    assert told(book({**sheets, "ｅxams": [EXAMS, ["a", "fe"]]})) == [("ｅxams!A1", "conflict")]


# Formulas, merged cells, what is hidden


def with_formula(cell: str) -> bytes:
    """A workbook whose cell B2 of exams is this XML."""

    def change(data: bytes) -> bytes:
        return re.sub(rb'<c r="B2".*?</c>', cell.encode(), data)

    return altered(book(exams(["a", "ap"])), {"xl/worksheets/sheet2.xml": change})


def test_formulas_count_by_their_stored_values() -> None:
    good = '<c r="B2" t="str"><f>LOWER("AP")</f><v>ap</v></c>'
    assert facts(with_formula(good)) == [['candidate("a")', 'passed_exam("a",ap)']]
    for bad, code in [
        ('<c r="B2"><f>LOWER("AP")</f></c>', "wrong_type"),
        ('<c r="B2"><f>LOWER("AP")</f><v/></c>', "wrong_type"),
        ('<c r="B2"><f t="shared" si="0"/></c>', "wrong_type"),
        ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "wrong_type"),
        ('<c r="B2" t="str"><f>IF(1,"")</f><v></v></c>', "wrong_type"),
        ('<c r="B2" t="str"><f>IF(1," ")</f><v xml:space="preserve"> </v></c>', "wrong_type"),
    ]:
        assert told(with_formula(bad)) == [("exams!B2", code)], bad


NOTHING = '<c r="{}" t="str"><f>IF(1,"","claimed")</f><v></v></c>'


def test_a_formula_that_yields_nothing_leaves_no_claim_verified(tmp_path: Path) -> None:
    def change(data: bytes) -> bytes:
        return re.sub(rb'<c r="C2".*?</c>', NOTHING.format("C2").encode(), data)

    path, copy = tmp_path / "t.xlsx", tmp_path / "copy.xlsx"
    path.write_bytes(altered(book(exams(["a", "ap", "claimed"])), {SHEET: change}))
    assert told(path.read_bytes()) == [("exams!C2", "wrong_type")]
    assert run("intake", "xlsx", str(path), "--mark", str(copy)).exit_code == 2
    assert told(copy.read_bytes()) == [("exams!C2", "wrong_type")]
    shared = '<c r="C2" t="str"><f t="shared" si="0"/><v></v></c>'
    path.write_bytes(
        altered(
            book(exams(["a", "ap", "claimed"])),
            {SHEET: lambda data: re.sub(rb'<c r="C2".*?</c>', shared.encode(), data)},
        )
    )
    assert run("intake", "xlsx", str(path), "--mark", str(copy), "--force").exit_code == 2
    assert told(copy.read_bytes()) == [("exams!C2", "wrong_type")]


def test_a_row_of_nothing_but_formulas_that_yield_nothing_is_blank(tmp_path: Path) -> None:
    below = "".join(f'<row r="{row}">{NOTHING.format(f"A{row}")}{NOTHING.format(f"C{row}")}</row>' for row in (3, 4))
    last = '<row r="5"><c r="A5" t="str"><v>a</v></c><c r="B5" t="str"><v>fe</v></c></row></sheetData>'
    assert len(facts(into(SHEET, "</sheetData>", below + last))[0]) == 3
    path, copy = tmp_path / "t.xlsx", tmp_path / "copy.xlsx"
    path.write_bytes(into(SHEET, "</sheetData>", below + last.replace("fe", "zz")))
    run("intake", "xlsx", str(path), "--mark", str(copy))
    assert told(path.read_bytes()) == told(copy.read_bytes()) == [("exams!B5", "unknown_value")]


def test_a_merge_of_one_column_counts_for_each_of_its_rows() -> None:
    rows = exams(["a", "ap"], [None, "fe"], ["a", "sg"])

    def merge(*ranges: str) -> Callable[[openpyxl.Workbook], object]:
        return lambda made: [made["exams"].merge_cells(one) for one in ranges]

    assert facts(book(rows, merge("A2:A3"))) == facts(book(exams(["a", "ap"], ["a", "fe"], ["a", "sg"])))
    assert told(book(rows)) == [("exams!A3", "missing_key")]
    assert told(book(rows, merge("A2:A3", "C4:D4"))) == [("exams!C4", "conflict")]
    assert ("exams!A1", "conflict") in told(book(exams([None, "ap"], ["a", "fe"]), merge("A1:A2")))
    assert facts(book(rows, merge("A2:A3", "F2:H9", "A6:D6")))


def test_a_value_under_a_merged_cell_and_ranges_that_overlap_are_refused() -> None:
    def merged(*ranges: str) -> bytes:
        cells = "".join(f'<mergeCell ref="{one}"/>' for one in ranges)
        xml = f"</sheetData><mergeCells>{cells}</mergeCells>".encode()
        change = {"xl/worksheets/sheet2.xml": lambda data: data.replace(b"</sheetData>", xml)}
        return altered(book(exams(["a", "ap"], ["a", "fe"])), change)

    assert told(merged("B2:B3")) == [("exams!B3", "conflict")]
    assert told(merged("C2:C3", "C3:C9")) == [("None", "syntax")]
    assert told(merged("C2:XFE3")) == [("None", "syntax")]
    assert facts(merged("G1:XFD1048576"))


def test_what_is_hidden_is_read_with_a_warning() -> None:
    def hide(made: openpyxl.Workbook) -> None:
        made["exams"].row_dimensions[3].hidden = True
        made["exams"].column_dimensions["B"].hidden = True
        made["candidates"].sheet_state = "hidden"

    warnings: list[str] = []
    source = Workbook(
        io.BytesIO(book(exams(["a", "ap"], ["a", "fe"]), hide)), "t.xlsx", POLICY.vocabulary, warnings.append
    )
    [(entry, _)] = source.entries()
    assert isinstance(entry, Evidence)
    assert len(entry.facts) == 3
    assert len(warnings) == 3
    assert [next(word for word in ("sheet", "rows", "columns") if word in text) for text in warnings] == [
        "sheet",
        "rows",
        "columns",
    ]


# Hostile and foreign files

GOOD = book(exams(["a", "ap"]))
SHEET = "xl/worksheets/sheet2.xml"
SHARED = "xl/sharedStrings.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = (
    '<Relationship Id="x" Type="http://x/{kind}" Target="http://elsewhere/" TargetMode="External"/></Relationships>'
)


def into(part: str, old: str, new: str) -> bytes:
    return altered(GOOD, {part: lambda data: data.replace(old.encode(), new.encode())})


def shared(texts: str, at: int | str = 0) -> bytes:
    """A workbook whose cell B2 of exams refers to one of these texts, as most programs write them."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    relation = f'<Relationship Id="x" Type="{kind}" Target="/{SHARED}"/></Relationships>'
    cell = f'<c r="B2" t="s"><v>{at}</v></c>'.encode()
    return altered(
        GOOD,
        {
            SHEET: lambda data: re.sub(rb'<c r="B2".*?</c>', cell, data),
            SHARED: f'<sst xmlns="{MAIN}">{texts}</sst>'.encode(),
            "xl/_rels/workbook.xml.rels": lambda data: data.replace(b"</Relationships>", relation.encode()),
        },
    )


AP = "<si><t>ap</t></si>"


def bomb() -> bytes:
    """A sheet of 60 MB that is packed a thousand times smaller."""
    return altered(GOOD, {SHEET: lambda data: data.replace(b"</sheetData>", b" " * 60_000_000 + b"</sheetData>")})


def twice() -> bytes:
    stream = io.BytesIO(GOOD)
    with zipfile.ZipFile(stream, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(SHEET, "<x/>")
    return stream.getvalue()


def many_parts() -> bytes:
    return altered(GOOD, {f"xl/media/{number}.bin": b"" for number in range(limits.WORKBOOK_PARTS)})


def locked() -> bytes:
    """A part that says of itself that it is encrypted."""
    data = bytearray(GOOD)
    at = data.rfind(b"PK\1\2")
    data[at + 8] |= 1
    return bytes(data)


COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
CHOICE = f'<m:AlternateContent xmlns:m="{COMPATIBILITY}"><m:Choice/><m:Fallback/></m:AlternateContent>'
CHOICES = f'<sst xmlns="{MAIN}">{CHOICE.replace("<m:Choice/>", "<m:Choice>{0}</m:Choice>")}</sst>'


def number(text: str) -> bytes:
    """A workbook with a number where an exam should be."""
    return altered(
        GOOD, {SHEET: lambda data: re.sub(rb'<c r="B2".*?</c>', f'<c r="B2"><v>{text}</v></c>'.encode(), data)}
    )


DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet '

HOSTILE: list[tuple[Callable[[], bytes], str, str]] = [
    (lambda: b"", "syntax", "empty"),
    (lambda: b"candidate,exam\na,ap\n", "syntax", "no .xlsx"),
    (lambda: OLE + bytes(600), "syntax", "old .xls"),
    (lambda: OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "syntax", "password"),
    (locked, "syntax", "password"),
    (lambda: GOOD[:-40], "syntax", "damaged"),
    (lambda: GOOD[:2000] + bytes(300) + GOOD[2300:], "syntax", "damaged"),
    (lambda: altered(GOOD, {"[Content_Types].xml": None}), "syntax", "no .xlsx"),
    (lambda: altered(GOOD, {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "syntax", "no .xlsx"),
    (lambda: altered(GOOD, {"_rels/.rels": None}), "syntax", "no .xlsx"),
    (lambda: altered(GOOD, {SHEET: None}), "syntax", "no part"),
    (lambda: altered(GOOD, {"xl/vbaProject.bin": b"x"}), "syntax", "macros"),
    (
        lambda: into("[Content_Types].xml", "spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main"),
        "syntax",
        "macros",
    ),
    (lambda: altered(GOOD, {"xl/externalLinks/externalLink1.xml": b"<x/>"}), "syntax", "elsewhere"),
    (lambda: altered(GOOD, {"xl/connections.xml": b"<x/>"}), "syntax", "elsewhere"),
    (
        lambda: into("xl/_rels/workbook.xml.rels", "</Relationships>", RELATION.format(kind="oleObject")),
        "syntax",
        "elsewhere",
    ),
    (twice, "syntax", "twice"),
    (bomb, "too_large", "packed"),
    (many_parts, "too_large", "parts"),
    (lambda: into(SHEET, "<worksheet ", DOCTYPE), "syntax", "document type"),
    (lambda: altered(shared(AP), {SHARED: f'<!DOCTYPE x><sst xmlns="{MAIN}"/>'.encode()}), "syntax", "document type"),
    (lambda: altered(shared(AP), {SHARED: None}), "syntax", "no part"),
    (lambda: into(SHEET, "</sheetData>", ""), "syntax", "damaged"),
    (lambda: into(SHEET, 'r="B2"', 'r="XFE2"'), "syntax", "no cell"),
    (lambda: into(SHEET, 'r="B2"', 'r="B7"'), "syntax", "row 2"),
    (lambda: into(SHEET, 'r="B2"', 'r="A2"'), "syntax", "out of order"),
    (lambda: into(SHEET, '<row r="2"', '<row r="1"'), "syntax", "out of order"),
    (lambda: into(SHEET, '<row r="2"', '<row r="9999999"'), "syntax", "out of order"),
    (lambda: into(SHEET, '<row r="2"', '<row r="x"'), "syntax", "damaged"),
    (lambda: shared(AP, 99), "syntax", "refers to text"),
    (lambda: shared(AP, -1), "syntax", "refers to text"),
    (lambda: shared(AP, "x"), "syntax", "damaged"),
    (
        lambda: into(SHEET, '<c r="B2" t="inlineStr"><is><t>ap</t></is></c>', '<c r="B2" t="q"><v>1</v></c>'),
        "syntax",
        "kind of cell",
    ),
    (lambda: into(SHEET, "<sheetData>", f'<x y="{"z" * 3_000_000}"/><sheetData>'), "too_large", ""),
    (lambda: into("xl/workbook.xml", 'r:id="rId2"', 'r:id="rId77"'), "syntax", "missing"),
    (lambda: into(SHEET, f' xmlns="{MAIN}"', ""), "syntax", "no worksheet"),
    (lambda: into(SHEET, MAIN, "urn:other"), "syntax", "no worksheet"),
    (lambda: into("xl/workbook.xml", MAIN, "urn:other"), "syntax", "no workbook"),
    (lambda: altered(shared(AP), {SHARED: b'<sst xmlns="urn:other"><si><t>ap</t></si></sst>'}), "syntax", "no sst"),
    (lambda: altered(shared(AP), {SHARED: CHOICES.format("<si><t>ap</t></si>").encode()}), "syntax", "several ways"),
    (lambda: into(SHEET, '<row r="2"', '<row r="2"><c r="A2"><v>1</v></c><row r="3"'), "syntax", "damaged at row 2"),
    (lambda: into(SHEET, '<c r="B2"', '<c r="B2"><c r="C2"'), "syntax", "damaged"),
    (lambda: into(SHEET, "</sheetData>", "</sheetData><sheetData></sheetData>"), "syntax", "damaged at row 2"),
    (lambda: into(SHEET, "<sheetData>", f"<sheetData>{CHOICE}"), "syntax", "several ways"),
    (lambda: into(SHEET, '<c r="B2"', '<c xmlns="urn:x" r="B2"'), "syntax", "damaged at row 2"),
    (lambda: into(SHEET, '<row r="2"', '<row xmlns="urn:x" r="2"'), "syntax", "damaged at row 1"),
    (lambda: into(SHEET, "<sheetData>", '<sheetData xmlns="urn:x">'), "syntax", "no part for cells"),
    (lambda: into(SHEET, "<sheetData>", '<x/><sheetData xmlns="">'), "syntax", "no part for cells"),
    (lambda: into(SHEET, "</sheetData>", '</sheetData><mergeCells xmlns="urn:x"/>'), "syntax", "damaged at row 2"),
    (lambda: altered(GOOD, {SHEET: f'<worksheet xmlns="{MAIN}"/>'.encode()}), "syntax", "no part for cells"),
    (lambda: into("xl/workbook.xml", "<sheet ", '<sheet xmlns="urn:x" '), "syntax", "an element sheet"),
    (lambda: shared('<si><t xmlns="urn:x">ap</t></si>'), "syntax", "an element t"),
    (lambda: number("1</v><v>2"), "syntax", "damaged at row 2"),
    (lambda: number("1_000"), "syntax", "1_000 is no number"),
    (lambda: number("--5"), "syntax", "is no number"),
    (lambda: number("５"), "syntax", "is no number"),
]


@pytest.mark.parametrize("at", range(len(HOSTILE)))
def test_a_file_that_is_no_sound_workbook_is_refused_in_one_line(at: int) -> None:
    make, code, words = HOSTILE[at]
    [entry] = read(make())
    assert isinstance(entry, Refused)
    [refusal] = entry.refusals
    assert (refusal.code, refusal.place.file) == (code, "t.xlsx")
    assert words in refusal.message
    assert refusal.mend
    assert len(str(refusal).splitlines()) == 1


def test_sizes_are_looked_at_before_anything_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in [("WORKBOOK_BYTES", 100), ("WORKBOOK_UNPACKED", 100), ("ROWS", 1), ("SHARED_BYTES", 20)]:
        with monkeypatch.context() as patch:
            patch.setattr(limits, name, number)
            assert told(GOOD if name != "ROWS" else book(exams(["a", "ap"], ["a", "fe"]))) == [("None", "too_large")]


def test_a_cell_at_the_end_of_the_sheet_takes_no_room() -> None:
    far = '<row r="1048576"><c r="XFD1048576" t="b"><v>1</v></c></row></sheetData>'
    assert told(into(SHEET, "</sheetData>", far)) == [("exams!XFD1048576", "missing_key")]


def test_a_blank_mark_hides_no_cell_beyond_the_heading() -> None:
    rows = [["#", "candidate", "exam"], [" ", "a", "fe", "ap"]]
    assert told(book({**ONE, "exams": rows})) == [("exams!D2", "missing_key")]


def test_a_zero_that_a_formula_makes_of_nothing_is_no_answer() -> None:
    def change(data: bytes) -> bytes:
        data = re.sub(rb'<c r="D2".*?</c>', b'<c r="D2"><f>hr!Z1</f><v>0.0</v></c>', data)
        return re.sub(rb'<c r="E2".*?</c>', b'<c r="E2"><f>1-1</f><v>0</v></c>', data)

    data = altered(book(projects({**F, "success": "x", "floor_area_m2": 5})), {SHEET: change})
    assert told(data) == [("projects!D2", "wrong_type"), ("projects!E2", "bad_number")]
    assert "yields 0" in str(read(data)[0])
    nobody = '<c r="A3"><f>hr!A2</f><v>0</v></c><c r="B3" t="str"><v>ap</v></c></row></sheetData>'
    assert told(into(SHEET, "</sheetData>", f'<row r="3">{nobody}')) == [("exams!A3", "wrong_type")]


def test_formulas_without_a_value_are_kept_for_a_copy_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FORMULAS", 1)
    data = into(SHEET, "</sheetData>", '<row r="3"><c r="B3"><f>7</f></c><c r="C3"><f>7</f></c></row></sheetData>')
    assert told(data) == [("exams!A3", "missing_key")]
    (tmp_path / "t.xlsx").write_bytes(data)
    result = run("intake", "xlsx", str(tmp_path / "t.xlsx"), "--mark", str(tmp_path / "copy.xlsx"))
    assert "has more than 1 formulas that say nothing" in str(result.exception)


def test_a_zero_stays_one_of_a_formula_in_a_marked_copy(tmp_path: Path) -> None:
    data = formatted("Z9", 0, '#,##0.00;-0;"-"??')
    assert told(data) == [("projects!D2", "wrong_type")]
    (tmp_path / "t.xlsx").write_bytes(data)
    run("intake", "xlsx", str(tmp_path / "t.xlsx"), "--mark", str(tmp_path / "copy.xlsx"))
    assert told((tmp_path / "copy.xlsx").read_bytes()) == [("projects!D2", "wrong_type")]


LIBREOFFICE = '"TRUE";"TRUE";"FALSE"'


@pytest.mark.parametrize("value", [True, False])
def test_truths_as_libreoffice_keeps_them(value: bool) -> None:
    expected = facts(book(projects({**F, "success": value})))
    assert facts(formatted(f"{str(value).upper()}()", int(value), LIBREOFFICE)) == expected


def test_a_truth_that_libreoffice_makes_of_an_empty_cell_is_none() -> None:
    assert told(formatted("'#x'!$Y$99", 0, LIBREOFFICE)) == [("projects!D2", "wrong_type")]


def test_zeros_under_merged_cells_and_of_shared_formulas_stay_in_a_marked_copy(tmp_path: Path) -> None:
    formulas = '<row r="3"><c r="A3"><f t="shared" si="0"/><v>0</v></c><c r="B3"><f>Z9</f><v>0</v></c></row>'
    notes = {"#notes": [["x"], ["y", "z"]], "exams": [EXAMS, ["a", "xx"]], **ONE}
    merged = '</sheetData><mergeCells><mergeCell ref="A2:B3"/></mergeCells>'
    sheet = "xl/worksheets/sheet1.xml"
    for end in ("</sheetData>", merged):
        with zipfile.ZipFile(io.BytesIO(book(notes))) as made:
            part = made.read(sheet).replace(b"</sheetData>", f"{formulas}{end}".encode())
        data = altered(book(notes), {sheet: part})
        (tmp_path / "t.xlsx").write_bytes(data)
        copy = tmp_path / "copy.xlsx"
        result = run("intake", "xlsx", str(tmp_path / "t.xlsx"), "--mark", str(copy), "--force")
        assert "1 error marked" in result.stderr, result.exception
        assert openpyxl.load_workbook(copy)["#notes"]["A3"].value == (None if end == merged else "=0")


def test_many_columns_of_merged_cells_are_refused_and_others_are_looked_at_once() -> None:
    merged = "".join(f'<mergeCell ref="{letters(at)}2:{letters(at)}9"/>' for at in range(5, 600))
    wide = "".join(f'<mergeCell ref="F{at}:G{at + 5_000}"/>' for at in range(3, 3_000))
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="str"><v>a</v></c></row>' for at in range(3, 1_000))
    for ranges, expected in ((merged, [("None", "too_large")]), (wide, None)):
        data = into(SHEET, "</sheetData>", f"{rows}</sheetData><mergeCells>{ranges}</mergeCells>")
        found = told(data)
        assert found == expected or (expected is None and {code for _, code in found} == {"missing_key"})


@pytest.mark.parametrize("output", ["e.csv", "e", "e.json"])
def test_a_workbook_is_named_like_one(tmp_path: Path, output: str) -> None:
    (tmp_path / "e.jsonl").write_text('{"candidate": "a"}\n', encoding="utf-8")
    (tmp_path / "t.xlsx").write_bytes(GOOD)
    for command in (
        ["export", str(tmp_path / "e.jsonl"), "--as", "xlsx", "-o"],
        ["intake", "template", "-o"],
        ["intake", "xlsx", str(tmp_path / "t.xlsx"), "--mark"],
    ):
        assert "a workbook is a file named .xlsx" in str(run(*command, str(tmp_path / output)).exception)
    assert sorted(os.listdir(tmp_path)) == ["e.jsonl", "t.xlsx"]


def test_a_workbook_that_openpyxl_does_not_take_cannot_be_copied(tmp_path: Path) -> None:
    types = b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    (tmp_path / "t.xlsx").write_bytes(altered(into(SHEET, ">ap<", ">xx<"), {"[Content_Types].xml": types}))
    result = run("intake", "xlsx", str(tmp_path / "t.xlsx"), "--mark", str(tmp_path / "copy.xlsx"))
    assert "unknown to openpyxl" in str(result.exception)


def test_links_that_people_click_on_are_no_external_values() -> None:
    assert facts(into("xl/_rels/workbook.xml.rels", "</Relationships>", RELATION.format(kind="hyperlink")))


ADDED = """<extLst><ext uri="{140A7094-0E35-4892-8432-C4D2E57EDEB5}"
 xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main">
<x15:workbookPr chartTrackingRefBase="1"/><x15:sheet/></ext></extLst>"""


def test_what_programs_add_of_their_own_is_let_be() -> None:
    workbook = into("xl/workbook.xml", "</workbook>", f"{ADDED}</workbook>")
    sheet = into(SHEET, "</worksheet>", f"{ADDED.replace('x15:sheet', 'x15:row')}{CHOICE}</worksheet>")
    texts = altered(shared(AP), {SHARED: lambda data: data.replace(b"</sst>", f"{ADDED}</sst>".encode())})
    for data in (workbook, sheet, texts):
        assert facts(data) == [['candidate("a")', 'passed_exam("a",ap)']]


def test_other_programs_write_the_same_otherwise() -> None:
    strict = into(SHEET, MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
    prefixed = altered(
        GOOD, {SHEET: lambda data: re.sub(rb"<(/?)(?=\w)", rb"<\1x:", data).replace(b"xmlns=", b"xmlns:x=")}
    )
    no_references = altered(GOOD, {SHEET: lambda data: re.sub(rb' r="\w+"', b"", data)})
    sixteen = altered(
        GOOD, {SHEET: lambda data: b"\xff\xfe" + re.sub(rb"<\?.*?\?>", b"", data).decode().encode("utf-16-le")}
    )
    runs = "<si><t>x</t></si><si><r><t>a</t></r><r><t>p</t></r></si>"
    for data in (strict, prefixed, no_references, sixteen, shared(AP), shared(runs, 1)):
        assert facts(data) == [['candidate("a")', 'passed_exam("a",ap)']]


def test_readings_beside_japanese_text_are_no_part_of_it_and_escapes_are_undone() -> None:
    spoken = "<si><r><t>山田</t></r><rPh sb='0' eb='2'><t>ヤマダ</t></rPh><r><t>_x0041_ _x005F_x0041_</t></r></si>"
    data = altered(shared(spoken), {SHEET: _ap})
    assert facts(data)[0][2] == 'source(passed_exam("a",ap),"山田A _x0041_")'
    for escape, code in [("_xD800_", "syntax"), ("_x0000_", "unknown_value")]:
        assert told(altered(shared(f"<si><t>a{escape}b</t></si>"), {SHEET: _ap})) == [("exams!D2", code)]


def _ap(data: bytes) -> bytes:
    return re.sub(
        rb'<row r="2".*?</row>',
        rb'<row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2" t="str"><v>ap</v></c>'
        rb'<c r="D2" t="s"><v>0</v></c></row>',
        data,
    )


# There and back


def fill(path: Path, language: str) -> None:
    """Fill a template in, as somebody would who reads the drop-down lists."""
    made = openpyxl.load_workbook(path)
    labels = POLICY.vocabulary.labels[language]
    made["candidates"]["B5"], made["candidates"]["B6"] = "E-1", " 山田 "
    sheet = made["projects"]
    heads = {str(cell.value): at for at, cell in enumerate(sheet[1], 1)}
    row: dict[str, Any] = {
        "candidate": "E-1",
        "id": "001",
        "field": labels["hardware"],
        "role": labels["responsible"],
        "activities.installation": True,
        "success": True,
        "complexity.nationwide": "TRUE",
        "assignments.users.wide_area": True,
        "status": labels["claimed"],
        "source": "棚 3",
    }
    for name, value in row.items():
        sheet.cell(5, heads[name], value)
    for at, value in enumerate(["山田", labels["software"], labels["team_structure"], labels["practice"]], 2):
        made["specialties"].cell(5, at, value)
    made.save(path)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_template_filled_in_to_json_to_workbook_again_loses_nothing(tmp_path: Path, language: str) -> None:
    path, lines, again = tmp_path / "filled.xlsx", tmp_path / "lines.jsonl", tmp_path / "again.xlsx"
    assert run("intake", "template", "-o", str(path), "--lang", language).exit_code == 0
    assert list(POLICY.read(str(path))) == []
    fill(path, language)
    assert run("intake", "xlsx", str(path), "-o", str(lines)).exit_code == 0
    people = sound(POLICY.read(str(path)))
    assert [(one.candidate, len(one.facts)) for one in people] == [("E-1", 8), ("山田", 2)]
    assert 'claimed(project("E-1","001",hardware))' in map(str, people[0].facts)
    write(again, people, language)
    found = sound(POLICY.read(str(lines))), sound(POLICY.read(str(again)))
    assert [[one.digest for one in some] for some in found] == [[one.digest for one in people]] * 2


def sound(entries: Any) -> list[Evidence]:
    found = list(entries)
    refused = [entry for entry in found if isinstance(entry, Refused)]
    assert refused == []
    return found


def write(path: Path, people: Sequence[Evidence], language: str | None = None) -> None:
    with written(str(path), "xlsx", POLICY.vocabulary, language) as put:
        for one in people:
            put(one)


def test_the_sample_comes_to_the_same_through_workbooks_and_csv(tmp_path: Path) -> None:
    people = sound(POLICY.read(str(SAMPLE)))
    write(tmp_path / "en.xlsx", people, "en")
    write(tmp_path / "names.xlsx", people)
    writer = CsvWriter(str(tmp_path / "csv"), LAYOUT)
    for one in people:
        writer.write(bundle_of(one, LAYOUT))
    writer.close()
    for name in ("en.xlsx", "names.xlsx", "csv"):
        assert sound(POLICY.read(str(tmp_path / name))) == people
    # The same evidence has the same verdicts; some of them are looked at all the same.
    some = sound(POLICY.read(str(tmp_path / "en.xlsx")))[:20]
    expected = [json.loads(line) for line in SAMPLE.with_suffix(".expected.jsonl").read_text("utf-8").splitlines()]
    for answer, other in zip(POLICY.evaluate(some), expected, strict=False):
        verdicts = [(result.field, result.level, result.verdict) for result in answer.results]
        assert answer.candidate == other["candidate"]
        assert verdicts == [(one["field"], one["level"], one["verdict"]) for one in other["results"]]


TEXTS = [
    "=1+1", "+1", "-1", "@SUM(A1)", '"', '"quoted"', '"half', " spaces ", "\u3000wide\u3000", "two\nlines", "tab\t",
    "cr\rlf\r\n", "_x0041_", "_x005F_", "_X0041_", "\x01\x1b", "\x7f\x85\u2028", "\ufffe\uffff", "👩‍💻", "é", "e\u0301",
    "TRUE", "true", "1.0", "007", "1e5", "#N/A", "#REF!", "2026-01-02", "１２", "[1]", '["a","b"]', "?", "example",
    "candidate", "'", "'1", "<b>&amp;</b>", "]]>", "%s{0}", "x" * 1024, "\u202eabc", "\u2003", "\x1f",
]  # fmt: skip


def test_hostile_texts_survive(tmp_path: Path) -> None:
    values = [
        {
            "candidate": text,
            "exams": [{"exam": "ap", "source": text}, {"exam": "fe", "source": "one"}, {"exam": "fe", "source": text}],
            "fields": {"hardware": {"projects": [{"id": text, "source": text}]}},
        }
        for text in TEXTS
    ]
    people = sound(map(POLICY.entry, values))
    for language in (None, "ja"):
        write(tmp_path / "hostile.xlsx", people, language)
        assert sound(POLICY.read(str(tmp_path / "hostile.xlsx"))) == people
    made = openpyxl.load_workbook(tmp_path / "hostile.xlsx")
    assert {
        cell.data_type for sheet in made if not sheet.title.startswith("#") for row in sheet for cell in row
    } <= set("nsb")


def test_what_no_sheet_holds_is_an_error_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exams = [{"exam": "ap", "source": f"{number}{'x' * 1000}"} for number in range(40)]
    one = sound([POLICY.entry({"candidate": "a", "exams": exams})])
    with pytest.raises(NoPlaceError, match="longer than a cell"):
        write(tmp_path / "long.xlsx", one)
    path = tmp_path / "two.jsonl"
    path.write_text("".join(json.dumps(p) + "\n" for p in ({"candidate": "b"}, object_of(one[0], LAYOUT))))
    result = run("export", str(path), "--as", "xlsx", "-o", str(tmp_path / "two.xlsx"))
    assert (result.exit_code, "no_place: source of a is longer" in result.stderr) == (1, True)
    assert [entry.candidate for entry in POLICY.read(str(tmp_path / "two.xlsx"))] == ["b"]
    os.unlink(path)
    os.unlink(tmp_path / "two.xlsx")
    monkeypatch.setattr(workbook_write, "LAST_ROW", 3)
    some = [POLICY.entry({"candidate": str(number)}) for number in range(3)]
    with pytest.raises(QuestionError, match="more rows"):
        write(tmp_path / "many.xlsx", sound(some))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["intake", "template"], ["export", str(SAMPLE), "--as", "xlsx"]])
@pytest.mark.parametrize("folder", ["none", "full"])
def test_a_workbook_that_cannot_be_written_is_one_line_and_leaves_no_file(
    tmp_path: Path, command: list[str], folder: str
) -> None:
    rows, full = tmp_path / "rows", tmp_path / "full"
    rows.mkdir()
    (full / "x.xlsx").mkdir(parents=True)
    told = subprocess.run(
        [sys.executable, "-m", "itss_logic", *command, "-o", str(tmp_path / folder / "x.xlsx")],
        env={**os.environ, "TMPDIR": str(rows)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, "Traceback" in told.stderr) == (2, False), told.stderr
    assert [*rows.iterdir(), *(full / "x.xlsx").iterdir()] == []
    assert [path.name for path in full.iterdir()] == ["x.xlsx"]
    if folder == "none":
        assert told.stderr == f"error: {tmp_path / 'none' / 'x.xlsx'}: No such file or directory\n"


# The template


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_template_explains_itself(tmp_path: Path, language: str) -> None:
    path = tmp_path / "template.xlsx"
    write_template(str(path), LAYOUT, language)
    made = openpyxl.load_workbook(path)
    names = made.sheetnames
    assert names[0].startswith("#")
    assert [name for name in names if not name.startswith("#")] == list(LAYOUT.named)
    labels = POLICY.vocabulary.labels[language]
    guide = "\n".join(str(cell.value) for row in made[names[0]] for cell in row if cell.value)
    for table in LAYOUT.tables:
        sheet = made[table.name]
        assert [cell.value for cell in sheet[1]] == ["#", *(column.name for column in table.columns)]
        assert [sheet.cell(row, 1).value for row in range(1, 6)] == ["#", "?", "?", "example", None]
        assert all(sheet.cell(row, at + 2).value for row in (2, 3) for at in range(len(table.columns)))
        assert str(sheet.freeze_panes).endswith("5")
        listed = {str(one.sqref).split("5")[0] for one in sheet.data_validations.dataValidation}
        assert len(listed) == sum(not column.is_text or column.kind == "owner" for column in table.columns) + (
            table.predicate is not None
        )
        for column in table.columns:
            assert all(labels.get(value, value) in guide for value in LAYOUT.allowed(column))
    if "#lists" in names:  # Labels with commas, or many.
        assert labels["policy_selection_planning"] in {cell.value for row in made["#lists"] for cell in row}


def test_every_example_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(str(path), LAYOUT, "ja")
    made = openpyxl.load_workbook(path)
    for sheet in made:
        if sheet["A4"].value == "example":
            sheet["A4"] = None
    made.save(path)
    [one] = POLICY.read(str(path))
    assert isinstance(one, Refused)
    assert {refusal.code for refusal in one.refusals} == {"conflict"}
    for sheet in made:
        if sheet["B4"].value == one.candidate:
            sheet["B4"] = "E-1"
    made.save(path)
    [one] = sound(POLICY.read(str(path)))
    assert {fact.name for fact in one.facts} > {p.name for p in POLICY.vocabulary.predicates.values() if p.is_item}


def test_another_category_has_a_template_without_any_python(kb: Path, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "bakers.xlsx"
    assert run("intake", "template", "-o", str(path), "--kb", str(kb)).exit_code == 0
    made = openpyxl.load_workbook(path)
    assert made.sheetnames[1:] == ["candidates", "certificate", "shifts"]
    heads = [cell.value for cell in made["shifts"][1]]
    assert heads == [
        "#", "candidate", "field", "name", "loaves_baked", "any_burnt", "grains.rye", "grains.wheat", "status",
        "source",
    ]  # fmt: skip
    made["candidates"]["B5"] = "ann"
    shift: list[Any] = ["ann", "Bread", "s1", 100, False, True]
    for at, value in enumerate(shift, 2):
        made["shifts"].cell(5, at, value)
    made.save(path)
    result = run("intake", "xlsx", str(path), "--kb", str(kb))
    assert json.loads(result.stdout)["fields"]["bread"]["shifts"] == [
        {"name": "s1", "loaves_baked": 100, "any_burnt": False, "grains": ["rye"]}
    ]


def test_both_languages_have_the_same_words_and_all_are_used() -> None:
    known = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in WORDS.glob("*.toml")}
    assert set(known) == {"en", "ja"}
    assert list(known["en"]) == list(known["ja"])
    blanks = {
        language: {k: sorted(re.findall(r"{(\w+)}", v)) for k, v in texts.items()} for language, texts in known.items()
    }
    assert blanks["en"] == blanks["ja"]
    source = "".join(path.read_text("utf-8") for path in WORDS.parent.glob("*.py"))
    by_kind = {"candidate", "field", "status", "source"}
    assert [key for key in known["en"] if not re.search(f"[\"']{key}[\"']", source) and key not in by_kind] == []


# The commands


def run(*arguments: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=data)


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "evidence.xlsx"
    path.write_bytes(b"filled in")
    result = run("intake", "template", "-o", str(path))
    assert isinstance(result.exception, QuestionError)
    assert path.read_bytes() == b"filled in"
    assert run("intake", "template", "-o", str(path), "--force").exit_code == 0
    assert isinstance(
        run("intake", "template", "-o", str(tmp_path / "x.xlsx"), "--lang", "fr").exception, QuestionError
    )


def test_xlsx_turns_a_workbook_into_lines_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    path, out = tmp_path / "t.xlsx", tmp_path / "out.jsonl"
    tables = {"candidates": [["candidate"], ["a"], ["b"]], "exams": [EXAMS, ["a", "ap"], ["b", "zz"]]}
    path.write_bytes(book(tables))
    result = run("intake", "xlsx", str(path), "-o", str(out))
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(out.read_text("utf-8")) == {"candidate": "a", "exams": ["ap"]}
    assert f"{path}:exams!B3: unknown_value: " in result.stderr
    path.write_bytes(GOOD)
    assert run("intake", "xlsx", str(path)).exit_code == 0
    path.write_bytes(b"PK")
    assert run("intake", "xlsx", str(path)).exit_code == 2
    assert run("check", "-", "--input-format", "xlsx", data=GOOD).exit_code == 0


def test_what_is_neither_workbook_nor_tables_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "old.xls").write_bytes(OLE)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "candidates.csv").write_text("candidate\na\n")
    for arguments, words in [
        (["old.xls"], "neither a workbook"),
        ([""], "no candidates.csv"),
        (["tables", "--mark", str(tmp_path / "x.xlsx")], "--mark is for workbooks"),
    ]:
        result = run("intake", "xlsx", str(tmp_path / arguments[0]), *arguments[1:])
        assert (result.exit_code, words in result.stderr) == (2, True), result.stderr
    assert run("intake", "xlsx", str(tmp_path / "tables")).exit_code == 0


def test_nothing_is_written_over_what_is_read_or_written(tmp_path: Path) -> None:
    path, link, folder, new = (tmp_path / name for name in ("t.xlsx", "link.xlsx", "tables", "new"))
    path.write_bytes(GOOD)
    link.symlink_to(path)
    folder.mkdir()
    table = folder / "candidates.csv"
    table.write_text("candidate\na\n")
    for source, *options in [
        (path, "-o", path),
        (path, "-o", link),
        (link, "-o", path),
        (path, "--mark", link),
        (path, "-o", new, "--mark", new),
        (path, "-o", new, "--mark", f"{folder}/../new"),
        (folder, "-o", table),
    ]:
        result = run("intake", "xlsx", str(source), *map(str, options), "--force")
        assert "is read, or written already" in str(result.exception), options
        assert (path.read_bytes(), table.read_text(), new.exists()) == (GOOD, "candidate\na\n", False)
    assert run("intake", "xlsx", str(path), "-o", "-").exit_code == 0


def test_a_marked_copy_shows_what_is_wrong_and_is_read_again(tmp_path: Path) -> None:
    path, copy = tmp_path / "t.xlsx", tmp_path / "marked.xlsx"
    rows = exams(["a", "zz", "sure"], ["a", "ap"], ["a", "=LOWER(B2)"], ["nobody", "ap"])
    stored = rb'<c r="B3" t="str"><f>LOWER("AP")</f><v>ap</v></c>'
    path.write_bytes(altered(book(rows), {SHEET: lambda data: re.sub(rb'<c r="B3".*?</c>', stored, data)}))
    result = run("intake", "xlsx", str(path), "--mark", str(copy))
    assert result.exit_code == 2
    assert "formulas stand as the values" in result.stderr
    made = openpyxl.load_workbook(copy)
    assert made.sheetnames[0] == "#errors"
    assert [row[0].value for row in made["#errors"].iter_rows(min_row=2)] == [
        "exams!B2",
        "exams!C2",
        "exams!B4",
        "exams!A5",
    ]
    assert made["#errors"]["A2"].hyperlink.location == "'exams'!B2"
    sheet = made["exams"]
    for cell in ("B2", "C2", "B4", "A5"):
        assert re.match(r"\w+: .+; .+", sheet[cell].comment.text)
        assert sheet[cell].fill.start_color.rgb.endswith("FFC7CE")
    assert (sheet["B3"].value, sheet["B4"].value, sheet["B3"].comment) == ("ap", "=LOWER(B2)", None)
    assert told(copy.read_bytes()) == told(path.read_bytes())
    sheet["B2"], sheet["C2"], sheet["B4"], sheet["A5"] = "fe", None, "sg", "a"
    mended = tmp_path / "mended.xlsx"
    made.save(mended)
    assert len(facts(mended.read_bytes())[0]) == 4
    sheet["B2"] = "zz"
    made.save(mended)
    assert isinstance(run("intake", "xlsx", str(mended), "--mark", str(copy)).exception, QuestionError)
    assert run("intake", "xlsx", str(mended), "--mark", str(copy), "--force").exit_code == 2
    again = openpyxl.load_workbook(copy)
    assert again["exams"]["B2"].comment is not None
    assert again["exams"]["C2"].comment is None
    assert again["exams"]["C2"].fill.fill_type is None


def test_marking_is_refused_where_it_would_lose_or_never_end(tmp_path: Path) -> None:
    path, copy = tmp_path / "t.xlsx", tmp_path / "marked.xlsx"
    path.write_bytes(GOOD)
    assert "is read, or written already" in str(run("intake", "xlsx", str(path), "--mark", str(path)).exception)
    assert run("intake", "xlsx", str(path), "--mark", str(copy)).exit_code == 0
    assert not copy.exists()
    bad = book(exams(["a", "zz"]))
    merged = b'</sheetData><mergeCells><mergeCell ref="F1:XFD1048576"/></mergeCells>'
    doctype = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x/>'
    endless = {SHEET: lambda data: data.replace(b"</sheetData>", merged)}
    for hostile in (altered(bad, endless), altered(bad, {"xl/theme/theme1.xml": doctype})):
        path.write_bytes(hostile)
        result = run("intake", "xlsx", str(path), "--mark", str(copy))
        assert isinstance(result.exception, QuestionError)
        assert "zz is not a known" in result.stderr
        assert not copy.exists()


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="C2" s="99"><v>1</v></c>',
        '<c r="C2"><v>nan</v></c>',
        '<c r="C2"><v>inf</v></c>',
        '<c r="C2" t="str"><f t="what" ref="?">A1</f><v>x</v></c>',
    ],
)
def test_what_is_damaged_beyond_marking_is_told_of_in_one_line(tmp_path: Path, cell: str) -> None:
    def change(data: bytes) -> bytes:
        return re.sub(rb'<c r="C2".*?</c>', cell.encode(), data)

    path, copy = tmp_path / "t.xlsx", tmp_path / "marked.xlsx"
    path.write_bytes(altered(book(exams(["a", "ap", "sure"])), {SHEET: change}))
    result = run("intake", "xlsx", str(path), "--mark", str(copy))
    assert f"{path}:exams!C2: unknown_value: " in result.stderr
    assert result.exception is not None
    if isinstance(result.exception, QuestionError):
        message = str(result.exception)
        assert message.startswith(f"{path} cannot be copied to mark it")
        assert (len(message.splitlines()), "Error" in message, copy.exists()) == (1, False, False)
    else:
        assert copy.exists()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_person_written_over_what_explains_a_column_is_refused(tmp_path: Path, language: str) -> None:
    path = tmp_path / "t.xlsx"
    write_template(str(path), LAYOUT, language)
    made = openpyxl.load_workbook(path)
    made["candidates"]["B5"] = "E-1"
    made.save(path)
    assert [(type(entry), entry.candidate) for entry in POLICY.read(str(path))] == [(Evidence, "E-1")]
    made["candidates"]["B3"] = "E-7"
    made.save(path)
    read_again = [(type(entry), entry.candidate) for entry in POLICY.read(str(path))]
    assert read_again == [(Evidence, "E-1"), (Refused, "E-7")]
