"""`itss report`: dossiers that say what the commands answer, stand alone, print, and are the same each time."""

from __future__ import annotations

import html
import json
import os
import re
import time
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from itss_logic import Evidence, Policy
from itss_logic.cli import cli
from itss_logic.pages.findings import Findings, findings
from itss_logic.pages.report import Maker, Recipe
from itss_logic.pages.speech import spoken
from itss_logic.tree import Speaker, certificate_tree, lines, plans_tree
from tests.browser import NARROW, WIDE, assert_accessible, chromium, page_of

ROOT = Path(__file__).parent.parent
FACTS = ROOT / "facts" / "json"
PAGES = ROOT / "itss_logic" / "pages"
NAMES = ("emi", "goro", "aiko")
POLICY = Policy.load()

HOSTILE = ["<script>alert(1)</script>", '"onload="alert(2)', "‮evil‬ عليّ", "../../up", "a/b\\c", "{{ 7 * 7 }}", "&amp;"]
"""Ids, and sources, that a page must show as they are."""


def hostile_people() -> list[dict[str, Any]]:
    """A candidate of each hostile id, with a claim and a source of the same name."""
    claims = [{"item": "book", "id": name, "source": name, "status": "claimed"} for name in HOSTILE]
    return [{"candidate": claim["id"], "fields": {"hardware": {"achievements": [claim]}}} for claim in claims]


def report(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["report", "-o", str(folder), *arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report")
    result = report(made, *(str(FACTS / f"{name}.json") for name in NAMES), "--jobs", "1")
    assert result.exit_code == 0, result.output
    return made


@pytest.fixture(scope="module")
def known() -> dict[str, Findings]:
    people = POLICY.read(*(str(FACTS / f"{name}.json") for name in NAMES))
    return {one.candidate: findings(POLICY, one, POLICY.in_force(), 30) for one in people}  # type: ignore[arg-type,misc]


@pytest.fixture
def found(known: dict[str, Findings], monkeypatch: pytest.MonkeyPatch) -> None:
    """Has reports made in this process tell what is known, without finding it out again."""

    def at_once(policy: Policy, evidence: Evidence, readings: dict[str, str], seconds: float) -> Findings:
        assert (policy.digest, readings, seconds) == (POLICY.digest, POLICY.in_force(), 30)
        one = known[evidence.candidate]
        assert one.evidence.facts == evidence.facts
        return one

    monkeypatch.setattr("itss_logic.pages.report.findings", at_once)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    (made / "people.json").write_text(json.dumps(hostile_people()), "utf-8")
    result = report(made / "out", str(made / "people.json"))
    assert result.exit_code == 0, result.output
    return made / "out"


def shown(page: Page, folder: Path, name: str) -> Page:
    page.goto((folder / name).as_uri())
    return page


def text_of(page: Page, selector: str) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(selector).all_text_contents()]


@pytest.mark.parametrize("candidate", ["emi.suzuki", "goro.watanabe"])
def test_a_dossier_says_what_the_commands_answer(
    browser: Browser, folder: Path, known: dict[str, Findings], candidate: str
) -> None:
    found, words = known[candidate], POLICY.words()
    speaker = Speaker(POLICY, words, found.evidence)
    with page_of(browser) as page:
        shown(page, folder, f"{candidate}.html")
        page.get_by_role("button", name="everything").click()
        for one in found.levels:
            id = f"#{one.result.field}-{one.result.level}"
            assert words.phrase(one.result.verdict) in page.locator(f".matrix a[href='{id}']").inner_text()
            cells = [row.split("|") for row in page.locator(f"{id} .checklist tbody tr").evaluate_all(NUMBERS)]
            assert cells == [[c.clause, str(c.required), str(c.found)] for c in one.why.criteria]
            told = " ".join(page.locator(id).inner_text().split())
            trees = [plans_tree(speaker, one.plans, one.result.verdict)] if one.plans else []
            trees += [certificate_tree(speaker, one.certificate)] if one.certificate else []
            for tree in trees:
                for line, _ in [line for child in tree.children for line in lines(child, None)]:
                    assert " ".join(line.lstrip("│├└─ ").split()) in told
        assert found.answer.policy in page.locator("#rests-on").inner_text()
        assert found.answer.evidence in page.locator("#rests-on").inner_text()


NUMBERS = """rows => rows.map(row => [row.querySelector("code").textContent,
    ...[...row.querySelectorAll("td.number")].map(cell => cell.firstChild.textContent.trim())].join("|"))"""


def test_the_whole_reason_is_in_the_dossier(browser: Browser, folder: Path) -> None:
    told = CliRunner().invoke(
        cli,
        ["why", str(FACTS / "emi.json"), "--field", "software", "--level", "4", "--across-readings"],
    )
    with page_of(browser) as page:
        shown(page, folder, "emi.suzuki.html").get_by_role("button", name="everything").click()
        reason = " ".join(page.locator("#software-4 .tree").last.inner_text().split())
    for line in told.stdout.splitlines():
        assert " ".join(line.lstrip("│├└─ ").split()) in reason


def test_reasons_fold_to_the_depth_that_is_wanted(browser: Browser, folder: Path) -> None:
    with page_of(browser) as page:
        shown(page, folder, "emi.suzuki.html")
        reason = page.locator("#software-4 .tree").last.locator("details")
        opened = "all => all.filter(one => one.open).length"
        counts = []
        for name in ("folded", "criteria", "everything"):
            page.get_by_role("button", name=name).click()
            counts.append(reason.evaluate_all(opened))
        assert counts[0] == 0 < counts[1] < counts[2] == reason.count()


@pytest.mark.usefixtures("found")
def test_depth_is_how_deep_reasons_are_open_at_first(tmp_path: Path) -> None:
    opened = []
    for depth in ("0", "2"):
        report(tmp_path / depth, str(FACTS / "emi.json"), "--depth", depth, "--jobs", "1")
        text = (tmp_path / depth / "emi.suzuki.html").read_text("utf-8")
        reasons = re.findall(r"<h4>The whole reason</h4>\s*<ul class=\"tree\">.*?</section>", text, re.DOTALL)
        opened.append(sum(reason.count("<details open>") for reason in reasons))
    assert opened[0] == 0 < opened[1]


def test_the_same_input_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    report(tmp_path, *(str(FACTS / f"{name}.json") for name in NAMES), "--jobs", "2")
    files = sorted(path.name for path in folder.iterdir())
    assert len(files) == len(NAMES) + 1
    assert files == sorted(path.name for path in tmp_path.iterdir())
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)


@pytest.mark.usefixtures("found")
def test_the_index_lists_everybody_and_what_was_refused(browser: Browser, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"candidate": "<b>bad</b>", "exams": ["none"]}', "utf-8")
    result = report(tmp_path / "out", str(tmp_path / "bad.json"), str(FACTS / "emi.json"))
    assert result.exit_code == 1
    with page_of(browser) as page:
        shown(page, tmp_path / "out", "index.html")
        assert "<b>bad</b>" in page.locator("#refused").inner_text()
        assert "unknown_value" in page.locator("#refused").inner_text()
        shown(page, folder, "index.html")
        names = text_of(page, "#all tbody th")
        assert names == ["emi.suzuki", "goro.watanabe", "田中 愛子"]
        page.get_by_role("button", name="Software").click()
        page.wait_for_timeout(100)
        page.get_by_role("button", name="Software").click()
        page.wait_for_timeout(100)
        assert text_of(page, "#all tbody th")[0] == "emi.suzuki"
        assert page.locator("th[aria-sort]").count() == 1
        page.get_by_role("link", name="emi.suzuki").click()
        assert page.title() == "Dossier of emi.suzuki"


def test_numbers_of_the_index_are_those_of_the_answers(
    browser: Browser, folder: Path, known: dict[str, Findings]
) -> None:
    answers = [found.answer for found in known.values()]
    with page_of(browser) as page:
        shown(page, folder, "index.html")
        for field in POLICY.fields:
            table = page.locator(f"#holders table:has(caption:text-is('{POLICY.words().label(field)}'))")
            for row in table.locator("tbody tr").all():
                level, number = row.locator("th").inner_text(), row.locator("td").last.inner_text()
                top = None if level == "none" else int(level)
                assert int(number) == sum(answer.highest[field] == top for answer in answers)
        unmet = [
            (POLICY.words().label(criterion), f"{POLICY.words().label(result.field)}, Level {result.level}")
            for answer in answers
            for result in answer.results
            if not result.is_reached
            for criterion in result.unmet
        ]
        for row in page.locator("#wanting tbody tr").all():
            criterion, level = row.locator("th").inner_text(), row.locator("td").first.inner_text()
            of, _, total = row.locator("td").nth(2).inner_text().partition(" of ")
            assert unmet.count((criterion, level)) == int(of) <= int(total)


def test_pages_need_no_scripts(browser: Browser, folder: Path) -> None:
    with page_of(browser, java_script_enabled=False) as page:
        shown(page, folder, "index.html").get_by_role("link", name="emi.suzuki").click()
        page.locator(".matrix a[href='#software-4']").click()
        assert "pending" in page.locator("#software-4 h3").inner_text()
        page.locator("#software-4 .tree").last.locator("summary").nth(1).click()
        assert page.locator("#software-4 .checklist").is_visible()
        assert not page.locator(".depths").is_visible()


def test_a_page_has_all_in_it(folder: Path) -> None:
    for path in folder.iterdir():
        text = path.read_text("utf-8")
        assert not re.search(r"""(src|href)\s*=\s*["']?(https?:|//)""", text)
        assert "@import" not in text
        assert len(text.encode()) < 300_000


def test_hostile_names_are_shown_and_do_nothing(browser: Browser, hostile: Path) -> None:
    assert len(list(hostile.iterdir())) == len(HOSTILE) + 1
    with page_of(browser) as page:
        shown(page, hostile, "index.html")
        names = text_of(page, "#all tbody th")
        scripts = page.locator("script").count()
        for number, name in enumerate(HOSTILE):
            assert names[number] == name.replace("‮", "\\u202e").replace("‬", "\\u202c")
            page.locator("#all tbody th a").nth(number).click()
            assert page.locator("h1 bdi").inner_text() == names[number]
            assert names[number] in page.locator("#file").inner_text()
            assert page.locator("script").count() == scripts
            assert not page.locator("[onload], [onclick], img, iframe").count()
            page.go_back()


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_dossier_prints_on_a4(browser: Browser, tmp_path: Path, language: str) -> None:
    report(tmp_path / "out", str(FACTS / "emi.json"), "--lang", language)
    with page_of(browser) as page:
        shown(page, tmp_path / "out", "emi.suzuki.html")
        page.pdf(path=tmp_path / "print.pdf", prefer_css_page_size=True)
    reader = PdfReader(tmp_path / "print.pdf")
    for sheet in reader.pages:
        assert [round(float(side)) for side in sheet.mediabox[2:]] == [595, 842]
    texts = [sheet.extract_text() for sheet in reader.pages]
    words = POLICY.words(language)
    assert "emi.suzuki" in texts[0]
    assert words.phrase("attained") in texts[0]
    for field in POLICY.fields:
        assert any(words.label(field) in text for text in texts[1:])
    assert 5 <= len(texts) <= 20
    assert all(f"{number} / {len(texts)}" in text for number, text in enumerate(texts, 1))
    assert all(len(text) > 200 for text in texts)


@pytest.mark.usefixtures("found")
def test_a_dossier_in_japanese(browser: Browser, tmp_path: Path) -> None:
    report(tmp_path, str(FACTS / "aiko.json"), "--lang", "ja")
    index, dossier = sorted(tmp_path.iterdir(), key=lambda path: path.name != "index.html")
    with page_of(browser) as page:
        assert shown(page, tmp_path, dossier.name).locator("html").get_attribute("lang") == "ja"
        told = page.inner_text("main")
        assert "判定一覧" in told
        assert "達成" in told
        assert shown(page, tmp_path, index.name).title() == "候補者一覧"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pages_are_accessible(browser: Browser, folder: Path, width: int) -> None:
    with page_of(browser, width, bypass_csp=True) as page:
        for name in ("index.html", "emi.suzuki.html"):
            shown(page, folder, name)
            assert_accessible(page, name, width)


def test_no_verdict_is_told_by_colour_alone(folder: Path, known: dict[str, Findings]) -> None:
    text = html.unescape((folder / "emi.suzuki.html").read_text("utf-8"))
    for verdict in {one.result.verdict for one in known["emi.suzuki"].levels}:
        assert f"{POLICY.words().phrase(verdict)}" in text
    assert "not defined" in text


@pytest.mark.usefixtures("found")
def test_open_shows_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n', "utf-8")
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{opener.parent}:{os.environ['PATH']}")
    report(tmp_path / "out", str(FACTS / "emi.json"), "--open")
    deadline = time.monotonic() + 10
    while not (tmp_path / "opened").exists() or not (tmp_path / "opened").read_text("utf-8").endswith("\n"):
        assert time.monotonic() < deadline, "nothing was opened"
        time.sleep(0.05)
    assert (tmp_path / "opened").read_text("utf-8").strip() == f"{tmp_path}/out/index.html"


def test_bad_questions(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["report", str(FACTS / "emi.json"), "-o", str(tmp_path), "--lang", "fr"])
    assert "no words in fr" in str(result.exception)
    (tmp_path / "bad.json").write_text("{", "utf-8")
    assert report(tmp_path / "out", str(tmp_path / "bad.json")).exit_code == 2
    assert not (tmp_path / "out").exists()


def test_an_answer_that_is_not_confirmed_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from itss_logic.errors import SelfCheckError

    monkeypatch.setattr(
        "itss_logic.confirm.Trial.check_support", lambda *_: (_ for _ in ()).throw(SelfCheckError("no"))
    )
    recipe = Recipe(POLICY, POLICY.in_force(), None, 1, 30)
    [evidence] = POLICY.read(str(FACTS / "emi.json"))
    with pytest.raises(SelfCheckError):
        Maker(recipe)(evidence)  # type: ignore[arg-type]


# What comes along


def test_every_language_has_the_same_words_and_all_are_used() -> None:
    known = spoken()
    assert set(known) == set(POLICY.languages)
    keys = {language: set(texts) for language, texts in known.items()}
    assert len({frozenset(some) for some in keys.values()}) == 1
    holes = {key: {frozenset(re.findall(r"\{\w*\}", texts[key])) for texts in known.values()} for key in keys["en"]}
    assert [key for key, some in holes.items() if len(some) > 1] == []
    package = ROOT / "itss_logic"
    files = [*PAGES.rglob("*.html"), *PAGES.rglob("*.py"), *(package / "web").rglob("*.py")]
    code = "\n".join(path.read_text("utf-8") for path in files)
    assert [key for key in keys["en"] if f'"{key}"' not in code and f"'{key}'" not in code] == []


def test_front_end_parts_are_those_of_their_packages() -> None:
    folder = PAGES / "static" / "vendor"
    parts = tomllib.loads((folder / "versions.toml").read_text("utf-8"))
    assert {path.name for path in folder.iterdir()} == {*parts, "versions.toml"}
    for name, part in parts.items():
        assert sha256((folder / name).read_bytes()).hexdigest() == part["sha256"], name
        assert re.search(r"@\d+\.\d+\.\d+$", part["package"])
