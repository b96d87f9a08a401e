"""Every form of evidence into every other, and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_logic import Policy
from itss_logic.cli import cli
from itss_logic.evidence import Evidence
from itss_logic.intake.writing import written
from tests.bodies import ODD, people
from tests.postgresql import Server

POLICY = Policy.load()
SAMPLE = Path(__file__).parent / "data" / "sample-200.jsonl"

FORMS = {
    "json": "e.json",
    "lines": "e.jsonl",
    "lp": "lp",
    "csv": "csv",
    "xlsx": "e.xlsx",
    "sqlite": "sqlite:///{}/e.db",
    "postgresql": "",
}
"""Forms, and what they are written to."""

AS = {"lines": "json", "sqlite": "sql", "postgresql": "sql"}
"""What forms are called on the command line, where not by their names here."""

quickly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


class Forms:
    """Writes and reads evidence in every form, each time in a new place."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.request = request

    def output(self, form: str, folder: str | Path) -> str:
        if form == "postgresql":
            server: Server = self.request.getfixturevalue("postgres")
            return server.fresh()
        name = FORMS[form]
        return name.format(folder) if "{}" in name else f"{folder}/{name}"

    def through(self, form: str, bodies: list[Evidence], language: str | None = None) -> list[Evidence]:
        """Evidence written in a form and read again, in order of candidates."""
        with tempfile.TemporaryDirectory() as folder:
            output = self.output(form, folder)
            with written(output, AS.get(form, form), POLICY.vocabulary, language) as write:
                for body in bodies:
                    write(body)
            back = list(POLICY.read(output))
        assert all(isinstance(entry, Evidence) for entry in back), back
        return sorted(entry for entry in back if isinstance(entry, Evidence))


@pytest.fixture
def forms(request: pytest.FixtureRequest) -> Forms:
    return Forms(request)


@pytest.mark.parametrize("form", FORMS)
@settings(quickly, max_examples=30)
@given(bodies=people(POLICY.vocabulary), language=st.sampled_from([None, "en", "ja"]))
def test_no_form_loses_anything(forms: Forms, form: str, bodies: list[Evidence], language: str | None) -> None:
    back = forms.through(form, bodies, language if form == "xlsx" else None)
    assert back == sorted(bodies)
    assert [body.digest for body in back] == [body.digest for body in sorted(bodies)]


@pytest.mark.parametrize("form", FORMS)
def test_no_form_loses_what_it_could_take_for_something_else(forms: Forms, form: str) -> None:
    people = []
    for number, text in enumerate(ODD):
        bound = POLICY.vocabulary.ranges["size"][number % 2]
        exams = [{"exam": "ap", "source": reference} for reference in (text, f"{text[:1000]}!")]
        project = {"id": text, "source": text, "sites": bound, "success": bool(number % 2)}
        fields = {"facility_management": {"projects": [project, {"id": f"{text[:1000]}?", "status": "claimed"}]}}
        people.append(POLICY.entry({"candidate": text, "exams": exams, "fields": fields}))
    made = [one for one in people if isinstance(one, Evidence)]
    assert len(made) == len(ODD)
    assert forms.through(form, made) == sorted(made)


@pytest.mark.parametrize("form", FORMS)
def test_many_long_references_come_back_or_are_refused(forms: Forms, form: str, tmp_path: Path) -> None:
    exams = [{"exam": "ap", "source": f"{number}{'x' * 1_000}"} for number in range(200)]
    source, output = tmp_path / "source.jsonl", forms.output(form, tmp_path)
    source.write_text("\n".join(json.dumps(p) for p in ({"candidate": "a", "exams": exams}, {"candidate": "b"})))
    result = export(str(source), "--as", AS.get(form, form), "-o", output)
    refused = "no_place: source of a is longer than a cell" in result.stderr
    assert (result.exit_code, refused) == ((1, True) if form == "xlsx" else (0, False)), result.output
    assert sound(output) == sound(str(source))[1 if form == "xlsx" else 0 :]


@pytest.mark.parametrize(("first", "second"), list(permutations(FORMS, 2)))
@settings(quickly, max_examples=2)
@given(bodies=people(POLICY.vocabulary, least=2))
def test_from_any_form_to_any_other(forms: Forms, first: str, second: str, bodies: list[Evidence]) -> None:
    assert forms.through(second, forms.through(first, bodies)) == sorted(bodies)


def export(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["export", *arguments])


@pytest.mark.parametrize("form", FORMS)
def test_the_sample_has_the_same_verdicts_in_every_form(forms: Forms, form: str, tmp_path: Path) -> None:
    output = forms.output(form, tmp_path)
    result = export(str(SAMPLE), "--as", AS.get(form, form), "-o", output)
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("200 candidates written to ")
    before, after = decided(), {answer.candidate: answer.as_json() for answer in POLICY.evaluate(sound(output))}
    assert sum(len(answer["results"]) for answer in before.values()) == 2000
    assert after == before


@cache
def decided() -> dict[str, dict[str, Any]]:
    """The verdicts on the sample, as it stands."""
    return {answer.candidate: answer.as_json() for answer in POLICY.evaluate(sound(str(SAMPLE)))}


def sound(path: str) -> list[Evidence]:
    return [entry for entry in POLICY.read(path) if isinstance(entry, Evidence)]


def test_a_reference_that_json_has_no_place_for_is_refused_by_it_alone(tmp_path: Path) -> None:
    facts = tmp_path / "e.lp"
    facts.write_text('candidate("a"). source(leads_others("a"), "HR-1"). candidate("b").', encoding="utf-8")
    for form, output in (("json", "e.json"), ("csv", "csv")):
        result = export(str(facts), "--as", form, "-o", str(tmp_path / output))
        assert result.exit_code == 1
        assert f'{tmp_path / output}: no_place: source(leads_others("a"),"HR-1") has no place' in result.stderr
        assert "1 candidate written" in result.stderr
        assert [entry.candidate for entry in sound(str(tmp_path / output))] == ["b"]
    assert export(str(facts), "-o", str(tmp_path / "lp")).exit_code == 0
    assert [entry.candidate for entry in sound(str(tmp_path / "lp"))] == ["a", "b"]


def test_a_list_goes_to_a_json_file_and_lines_to_standard_output(tmp_path: Path) -> None:
    output = tmp_path / "e.json"
    export(str(SAMPLE), "--as", "json", "-o", str(output))
    assert len(json.loads(output.read_text(encoding="utf-8"))) == 200
    lines = export(str(SAMPLE), "--as", "json", "-o", "-").stdout.splitlines()
    assert [json.loads(line) for line in lines] == json.loads(output.read_text(encoding="utf-8"))


def test_an_output_that_cannot_be_of_the_form_is_an_error(tmp_path: Path) -> None:
    for form, output in (("sql", "e.db"), ("json", "sqlite:///e.db")):
        result = CliRunner().invoke(cli, ["export", str(SAMPLE), "--as", form, "-o", output])
        assert "is written to the URL of a database" in str(result.exception)


def test_what_is_cut_short_does_not_appear(tmp_path: Path) -> None:
    output = tmp_path / "e.json"
    with pytest.raises(KeyboardInterrupt), written(str(output), "json", POLICY.vocabulary) as write:  # noqa: PT012
        write(sound(str(SAMPLE))[0])
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies=people(POLICY.vocabulary, most=2), data=st.data())
def test_a_line_of_evidence_is_what_itss_export_writes(bodies: list[Evidence], data: st.DataObject) -> None:
    """The object of a body, read alone, is the body."""
    from itss_logic.intake.bundles import object_of
    from itss_logic.intake.layout import Layout

    wide = data.draw(st.booleans())
    for body in bodies:
        assert POLICY.entry(object_of(body, Layout(POLICY.vocabulary, wide=wide))) == body


def usage(*arguments: str) -> str:
    """What is wrong with a call."""
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code != 0
    return f"{result.exception} {result.stderr}"


def test_nothing_is_written_over_what_it_is_read_from(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    assert export(str(SAMPLE), "--as", "csv", "-o", str(tables)).exit_code == 0
    before = {path.name: path.read_bytes() for path in tables.iterdir()}
    for form, output in (("csv", f"{tables}/../tables"), ("lp", str(tables)), ("json", str(tables))):
        assert "is read, or written already" in usage("export", str(tables), "--as", form, "-o", output, "--force")
    assert {path.name: path.read_bytes() for path in tables.iterdir()} == before
    url = f"sqlite:///{tmp_path}/e.db"
    assert export(str(SAMPLE), "--as", "sql", "-o", url).exit_code == 0
    assert "is read, or written already" in usage("intake", "sql", url, "-o", str(tmp_path / "e.db"))
    assert "is read, or written already" in usage("export", url, "--as", "json", "-o", str(tmp_path / "e.db"))
    assert len(sound(url)) == 200


@pytest.mark.parametrize(("form", "name"), [("csv", "tables"), ("xlsx", "e.xlsx")])
def test_what_may_be_filled_in_is_written_over_by_force_alone(form: str, name: str, tmp_path: Path) -> None:
    output = str(tmp_path / name)
    assert export(str(SAMPLE), "--as", form, "-o", output).exit_code == 0
    one = tmp_path / "one.json"
    one.write_text('{"candidate": "a"}', encoding="utf-8")
    assert "use --force" in usage("export", str(one), "--as", form, "-o", output)
    assert len(sound(output)) == 200
    assert export(str(one), "--as", form, "-o", output, "--force").exit_code == 0
    assert [body.candidate for body in sound(output)] == ["a"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret@127.0.0.1:1/d",
        "mysql://u:s3@cret@h/d",
        "jdbc:postgresql://u:s3cret@h/d",
        "postgresql:/u:s3cret@h/d",
        "POSTGRESQL://u:s3cret@h/d",
        "postgresql://h/d?user=u&password=s3cret",
    ],
)
@pytest.mark.parametrize(
    "command", ["check URL", "summary URL", "policy test URL", "intake xlsx URL", "merge URL -o -"]
)
def test_no_password_is_printed(command: str, url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "itss_logic", *command.replace("URL", url).split()],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "cret" not in done.stderr
    assert "***" in done.stderr or "u@" in done.stderr or "//h" in done.stderr


def test_nothing_is_written_into_what_is_read_nor_around_it(tmp_path: Path) -> None:
    one, other = tmp_path / "a.lp", tmp_path / "b.lp"
    one.write_text('candidate("a"). candidate("b").', encoding="utf-8")
    other.write_text('candidate("c").', encoding="utf-8")
    told = "lies in what is read, or holds it"
    assert told in usage("export", str(one), "--as", "lp", "-o", str(tmp_path))
    assert told in usage("merge", str(one), str(other), "--as", "lp", "-o", str(tmp_path))
    assert told in usage("export", str(tmp_path), "--as", "json", "-o", str(tmp_path / "inner" / "out.json"))
    assert [body.candidate for body in sound(str(tmp_path))] == ["a", "b", "c"]
    assert export(str(one), "--as", "lp", "-o", str(tmp_path / "new")).exit_code == 0


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_where_nobody_is_sound_what_is_there_stays(form: str, tmp_path: Path) -> None:
    output = str(tmp_path / FORMS[form])
    assert export(str(SAMPLE), "--as", form, "-o", output).exit_code == 0
    bad = tmp_path / "bad.json"
    bad.write_text("{", encoding="utf-8")
    result = export(str(bad), "--as", form, "-o", output, "--force")
    assert (result.exit_code, "nothing is written to" in result.stderr) == (2, True)
    assert "is none of" in usage(
        "export", str(SAMPLE), str(bad.rename(tmp_path / "x")), "--as", form, "-o", output, "--force"
    )
    assert len(sound(output)) == 200
    assert [path.name for path in tmp_path.rglob(".*")] == []


def test_a_url_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for form in ("lp", "csv", "json", "xlsx"):
        assert "is no path" in usage("export", str(SAMPLE), "--as", form, "-o", "jdbc:postgresql://u:secret@h/d")
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_keeps_what_it_is_in_place_of(tmp_path: Path) -> None:
    source, link, target = tmp_path / "e.jsonl", tmp_path / "link.jsonl", tmp_path / "target.jsonl"
    source.write_text('{"candidate": "a"}\n', encoding="utf-8")
    target.write_text("", encoding="utf-8")
    target.chmod(0o600)
    link.symlink_to(target)
    assert export(str(source), "--as", "json", "-o", str(link)).exit_code == 0
    assert link.is_symlink()
    assert (target.read_text(encoding="utf-8"), target.stat().st_mode & 0o777) == ('{"candidate": "a"}\n', 0o600)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        assert export(str(source), "--as", "json", "-o", str(pipe)).exit_code == 0
        assert reader.communicate()[0] == b'{"candidate": "a"}\n'
    assert pipe.is_fifo()
    assert export(str(source), "--as", "json", "-o", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


def test_facts_of_others_in_the_same_folder_are_told_of(tmp_path: Path) -> None:
    source, output = tmp_path / "e.jsonl", tmp_path / "out"
    for name in ("a", "b", "B"):
        source.write_text(json.dumps({"candidate": name}), encoding="utf-8")
        result = export(str(source), "-o", str(output))
        assert result.exit_code == 0
    assert f"warning: {output}: a.lp and 1 more was there before, and is read along" in result.stderr
    source.write_text("\n".join(json.dumps({"candidate": name}) for name in ("a", "b", "B")), encoding="utf-8")
    (output / "notes.txt").touch()
    assert "warning" not in export(str(source), "-o", str(tmp_path / "new")).stderr


@pytest.mark.parametrize("name", ["e.yaml", "e.lp", "e.xlsx"])
def test_json_is_not_written_into_what_is_read_as_something_else(tmp_path: Path, name: str) -> None:
    result = export(str(SAMPLE), "--as", "json", "-o", str(tmp_path / name))
    assert "JSON is written into a file named .json or .jsonl" in str(result.exception)
    assert list(tmp_path.iterdir()) == []
