"""Every form of evidence into every other, and back."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_logic import Policy
from itss_logic.cli import cli
from itss_logic.evidence import Evidence
from itss_logic.intake.writing import written
from tests.bodies import people

POLICY = Policy.load()
SAMPLE = Path(__file__).parent / "data" / "sample-200.jsonl"

FORMS = {"json": "e.json", "lines": "e.jsonl", "lp": "lp", "csv": "csv"}


def through(form: str, folder: Path, bodies: list[Evidence]) -> list[Evidence]:
    """Evidence written in a form and read again."""
    output = str(folder / FORMS[form])
    with written(output, "json" if form == "lines" else form, POLICY.vocabulary) as write:
        for body in bodies:
            write(body)
    back = list(POLICY.read(output))
    assert all(isinstance(entry, Evidence) for entry in back), back
    return [entry for entry in back if isinstance(entry, Evidence)]


@pytest.mark.parametrize("second", FORMS)
@pytest.mark.parametrize("first", FORMS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies=people(POLICY.vocabulary))
def test_from_any_form_to_any_other_nothing_is_lost(first: str, second: str, bodies: list[Evidence]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        once = through(first, Path(one), bodies)
        twice = through(second, Path(other), once)
    wanted = sorted(bodies)
    assert sorted(once) == wanted
    assert sorted(twice) == wanted
    assert {body.digest for body in twice} == {body.digest for body in bodies}


def export(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["export", *arguments])


@pytest.mark.parametrize("form", FORMS)
def test_the_sample_has_the_same_verdicts_in_every_form(form: str, tmp_path: Path) -> None:
    output = str(tmp_path / FORMS[form])
    result = export(str(SAMPLE), "--as", "json" if form == "lines" else form, "-o", output)
    assert result.exit_code == 0, result.output
    assert result.stderr == f"200 candidates written to {output}\n"
    before = {answer.candidate: answer.as_json() for answer in POLICY.evaluate(sound(str(SAMPLE)))}
    after = {answer.candidate: answer.as_json() for answer in POLICY.evaluate(sound(output))}
    assert len(before) == 200
    assert after == before


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
