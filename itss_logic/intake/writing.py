"""Evidence out: into any form that can be read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol, TypeAlias

from itss_logic.console import installed
from itss_logic.errors import Place, QuestionError, Refusal
from itss_logic.evidence import Evidence
from itss_logic.export import FileNames, write_evidence
from itss_logic.intake.bundles import Bundle, NoPlaceError, bundle_of, object_of
from itss_logic.intake.files import whole
from itss_logic.intake.layout import Layout
from itss_logic.reading import DATABASES, FORMS, STANDARD_INPUT, is_csv, is_database
from itss_logic.vocabulary import Vocabulary

STANDARD_OUTPUT = STANDARD_INPUT

Write: TypeAlias = Callable[[Evidence], None]
"""Writes one candidate's evidence.

Raises:
    NoPlaceError: where the form has no place for it; nothing of the candidate is written then.
"""


class BundleWriter(Protocol):
    """Writes the rows of candidates."""

    def write(self, bundle: Bundle) -> None:
        """Write the rows of a candidate.

        Raises:
            NoPlaceError: where there is no place for them; nothing of them is written then.
        """

    def close(self) -> None:
        """Write what is left, and keep it all."""

    def discard(self) -> None:
        """Keep nothing of it, where the form lets that be."""


@contextmanager
def written(
    output: str,
    form: str,
    vocabulary: Vocabulary,
    language: str | None = None,
    warn: Callable[[str], None] = lambda message: None,
) -> Iterator[Write]:
    """What writes evidence in a form, as long as it is entered.

    Args:
        output: a folder for `lp` and `csv`, a file for `json` and `xlsx` (`-` is standard output for `json`), the URL
            of a database for `sql`.
        form: one of those of `itss export --as`.
        vocabulary: of the evidence.
        language: whose labels a workbook shows for values; without one, their names.
        warn: is told of evidence that stands in the same folder.

    Raises:
        QuestionError: where the output cannot be of the form.
    """
    if (form == "sql") != is_database(output):
        databases = ", ".join(DATABASES)
        raise QuestionError(f"--as sql, and no other form, is written to the URL of a database, one of {databases}")
    if form != "sql" and ":/" in output:
        raise QuestionError(f"{output}: is no path of a {'folder' if form in ('csv', 'lp') else 'file'}")
    if output == STANDARD_OUTPUT and form != "json":
        raise QuestionError(f"only JSON goes to standard output; name a {'file' if form == 'xlsx' else 'folder'}")
    if form in ("json", "xlsx"):
        fits(output, form)
    if form == "lp":
        with _facts(output, warn) as write:
            yield write
    elif form == "json":
        with _json(output, Layout(vocabulary, wide=True)) as write:
            yield write
    else:
        layout = Layout(vocabulary, wide=form != "sql")
        writer = _bundle_writer(output, form, layout, language)
        try:
            yield lambda evidence: writer.write(bundle_of(evidence, layout))
            writer.close()
        except BaseException:
            writer.discard()
            raise


@contextmanager
def _facts(folder: str, warn: Callable[[str], None]) -> Iterator[Write]:
    """Writes facts, a file a candidate; tells of evidence in the folder that is read along with what is written."""
    os.makedirs(folder, exist_ok=True)
    names, files = FileNames(), set[str]()

    def write(evidence: Evidence) -> None:
        name = names.of(evidence.candidate)
        write_evidence(os.path.join(folder, name), evidence)
        files.add(name)

    yield write
    others = sorted(name for name in os.listdir(folder) if name.endswith(tuple(FORMS)) and name not in files)
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        warn(f"{folder}: {others[0]}{more} was there before, and is read along with what is written now")


def fits(output: str, form: str) -> None:
    """See that a file is named like what is written into it, as it is read by its name.

    Raises:
        QuestionError: where it is named like something else.
    """
    suffix = os.path.splitext(output)[1].lower()
    if form == "json" and (is_csv(output) or FORMS.get(suffix, form) not in ("json", "jsonl")):
        raise QuestionError(f"{output}: JSON is written into a file named .json or .jsonl")
    if form == "xlsx" and suffix != ".xlsx":
        raise QuestionError(f"{output}: a workbook is a file named .xlsx")


def _bundle_writer(output: str, form: str, layout: Layout, language: str | None) -> BundleWriter:
    if form == "csv":
        from itss_logic.intake.csv_tables import CsvWriter

        return CsvWriter(output, layout)
    if form == "xlsx":
        installed("openpyxl", "xlsx", "a workbook is written with openpyxl")
        from itss_logic.intake.workbook_write import WorkbookWriter

        return WorkbookWriter(output, layout, language)
    installed("sqlalchemy", "sql", "a database is written with SQLAlchemy")
    from itss_logic.intake.database_write import DatabaseWriter

    return DatabaseWriter(output, layout)


@contextmanager
def _json(output: str, layout: Layout) -> Iterator[Write]:
    """Writes JSON: a list to a file that is named `.json`, lines to any other and to standard output."""
    if output == STANDARD_OUTPUT:
        yield lambda evidence: _line(sys.stdout, evidence, layout)
        return
    with whole(output) as beside, open(beside, "w", encoding="utf-8", newline="\n") as file:
        if not output.lower().endswith(".json"):
            yield lambda evidence: _line(file, evidence, layout)
            return
        comma = "["

        def element(evidence: Evidence) -> None:
            nonlocal comma
            text = json.dumps(object_of(evidence, layout), ensure_ascii=False, indent=1)
            file.write(f"{comma}\n{text}")
            comma = ","

        yield element
        file.write("[]\n" if comma == "[" else "\n]\n")


def _line(file: IO[str], evidence: Evidence, layout: Layout) -> None:
    file.write(json.dumps(object_of(evidence, layout), ensure_ascii=False) + "\n")


def without_place(evidence: Evidence, error: NoPlaceError, output: str) -> Refusal:
    """The refusal of evidence that a form has no place for."""
    return Refusal("no_place", evidence.candidate, Place(output), str(error), error.mend)
