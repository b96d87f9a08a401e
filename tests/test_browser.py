"""`itss serve` in a real browser: what auditors, analysts and operators do, by mouse, by keys and without scripts."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from itss_logic import Policy
from itss_logic.answers import Answer
from tests.browser import ITSS, LIMIT, NARROW, ROOT, WIDE, assert_accessible, chromium, page_of, serving
from tests.test_documents import SERVED
from tests.test_report import HOSTILE, hostile_people

FACTS = ROOT / "facts" / "json"
POLICY = Policy.load()
WORDS = POLICY.words()
EMI = "/desk?candidate=emi.suzuki"
MANY = 30_000
ALL = f"{MANY:,} candidates"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(str(FACTS)) as address:
        yield address


def answer(*arguments: str) -> Any:
    run = subprocess.run([ITSS, *arguments, "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def evaluated(name: str, **readings: str) -> Answer:
    [entry] = POLICY.read(str(FACTS / f"{name}.json"))
    [found] = POLICY.evaluate([entry], readings)  # type: ignore[list-item]
    return found


def cell(page: Page, level: str) -> Locator:
    return page.locator(f"#cell-{level}")


def matrix(page: Page) -> dict[str, str]:
    """What the matrix of a desk says of each level."""
    found = {}
    for one in page.locator(".matrix a").all():
        text = " ".join(one.locator(".verdict").inner_text().split())
        found[str(one.get_attribute("id")).removeprefix("cell-")] = text[2:]
    return found


def expected(results: list[dict[str, Any]]) -> dict[str, str]:
    return {f"{one['field']}-{one['level']}": WORDS.phrase(one["verdict"]) for one in results}


def reasons(page: Page) -> Locator:
    """The reasons, once they are there."""
    found = page.locator(".reasons:not([aria-busy])")
    found.wait_for()
    return found


def confirm(page: Page, what: str) -> None:
    page.get_by_role("link", name=re.compile(f"^Confirm: {what}")).click()


def put(page: Page, name: str, **values: str) -> None:
    """Fill in the form of an item that is to be added."""
    page.locator("#form").select_option(name)
    for key, value in values.items():
        one = page.locator(f"#new [name='{key.replace('_', '.', 1)}']")
        if one.first.get_attribute("type") == "checkbox":
            page.locator(f"#new [name='{key.replace('_', '.', 1)}'][value='{value}']").check()
        elif one.evaluate("input => input.tagName") == "SELECT":
            one.select_option(value)
        else:
            one.fill(value)


@pytest.mark.parametrize("command", SERVED)
def test_the_commands_of_the_readme(browser: Browser, command: str) -> None:
    _, _, *arguments = shlex.split(command)
    if "--port" in arguments:
        at = arguments.index("--port")
        del arguments[at : at + 2]
    with serving(*arguments) as address, page_of(browser) as page:
        page.goto(address)
        expect(page.locator("h1")).to_have_text("12 candidates")
        page.get_by_role("link", name="nao.kimura").click()
        expect(page.locator("h1")).to_contain_text("Desk")
        is_small = "two_sites=small" in arguments
        assert matrix(page)["facility_management-4"] == ("attained" if is_small else "not attained")


# Auditors


def test_an_auditor_finds_a_person_and_why_a_level_is_not_held(browser: Browser, site: str, tmp_path: Path) -> None:
    why = answer("why", str(FACTS / "emi.json"), "--field", "software", "--level", "5")
    certificate = answer("certify", str(FACTS / "emi.json"), "--field", "software", "--level", "3")
    with page_of(browser) as page:
        page.goto(site)
        page.get_by_label("Part of the candidate's id").fill("SUZUKI")
        page.get_by_role("button", name="Apply").click()
        expect(page.get_by_text("1 of 12 candidates")).to_be_visible()
        page.get_by_role("link", name="emi.suzuki").click()
        cell(page, "software-5").click()
        expect(reasons(page).locator("h2")).to_contain_text("Software, level 5")
        rows = reasons(page).locator(".checklist tbody tr")
        for row, criterion in zip(rows.all(), why["criteria"], strict=True):
            told = [row.locator("td").nth(n).inner_text().split("\n")[0] for n in (0, 1)]
            assert told == [str(criterion["required"]), str(criterion["found"])]
            assert row.locator(".mark").inner_text() == ("✓" if criterion["met"] else "✗")
        missing = sum(len(criterion["missing"]) for criterion in why["criteria"])
        numbers = re.findall(r"missing, at the least: (\d+)", reasons(page).locator(".missing").inner_text())
        assert sum(map(int, numbers)) == missing
        cell(page, "software-3").click()
        expect(reasons(page).locator("h2")).to_contain_text("Software, level 3")
        expect(reasons(page)).to_contain_text(f"check {certificate['size']} of the facts on file (26 in all)")
        page.get_by_role("link", name="Whole dossier").click()
        expect(page.locator("#software-5")).to_be_visible()
        page.pdf(path=tmp_path / "dossier.pdf", prefer_css_page_size=True)
    texts = [sheet.extract_text() for sheet in PdfReader(tmp_path / "dossier.pdf").pages]
    assert "emi.suzuki" in texts[0]
    assert "English" not in texts[0]


def test_the_dossier_of_a_desk_is_that_of_the_report(browser: Browser, site: str, tmp_path: Path) -> None:
    subprocess.run([ITSS, "report", str(FACTS / "emi.json"), "-o", str(tmp_path)], check=True, capture_output=True)
    told = []
    with page_of(browser) as page:
        for address in (f"{site}/dossier?candidate=emi.suzuki", (tmp_path / "emi.suzuki.html").as_uri()):
            page.goto(address)
            told.append(page.locator("main").inner_text())
    assert told[0] == told[1]


# Analysts


def test_an_analyst_tries_and_shares_and_replays(browser: Browser, site: str, tmp_path: Path) -> None:
    with page_of(browser, accept_downloads=True) as page:
        loads: list[str] = []
        page.goto(f"{site}{EMI}")
        page.on("load", lambda _: loads.append(page.url))
        assert matrix(page) == expected(evaluated("emi").as_json()["results"])
        confirm(page, "book")
        expect(page.locator("#undo")).to_be_visible()
        confirm(page, "project")
        expect(cell(page, "software-4")).to_contain_text("was: pending")
        expect(page.locator("#changed")).to_have_text("1 verdict is other than on file.")
        page.locator("#reading-activities").select_option("activities=all")
        expect(page).to_have_url(re.compile("reading=activities"))
        parts = {"part_role": "responsible", "part_activity": "installation", "part_assignment": "users,wide_area"}
        put(page, "software:project", arg_id='nova "2"', **parts)
        page.locator("#add").click()
        row = page.locator(".row.added", has_text='nova "2"').first
        expect(row).to_contain_text("added here")
        expect(row.locator("summary")).to_have_text("Details: 3")
        page.get_by_role("link", name="Strike: handles: middleware").click()
        expect(page.locator(".row.removed")).to_contain_text("handles: middleware")
        reasons(page)
        here, url, steps = matrix(page), page.url, page.locator("#steps summary").inner_text()
        assert steps == "Steps: 5"
        assert loads == []
        with page.expect_download() as download:
            page.locator("#download").click()
        download.value.save_as(tmp_path / "scenario.yaml")
    with page_of(browser) as colleague:
        colleague.goto(url)
        assert matrix(colleague) == here
        assert colleague.locator("#steps summary").inner_text() == steps
    replayed = answer("whatif", str(FACTS / "emi.json"), "--scenario", str(tmp_path / "scenario.yaml"))
    [scenario] = replayed["scenarios"].values()
    assert expected(scenario["after"][0]["results"]) == here
    assert scenario["after"][0]["readings"]["activities"] == "all"


def test_each_step_is_undone(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{site}{EMI}")
        seen = [page.url]
        for name in ("Confirm: book", "Strike: handles", "Claimed again: book"):
            page.get_by_role("link", name=re.compile(f"^{name}")).click()
            expect(page).not_to_have_url(seen[-1])
            seen.append(page.url)
        expect(page.get_by_role("link", name="Restore: handles: middleware")).to_be_visible()
        for url in reversed(seen[:-1]):
            page.locator("#undo").click()
            expect(page).to_have_url(re.compile(re.escape(urlsplit(url).query) + "$"))
        expect(page.locator("#undo")).to_have_count(0)
        page.go_back()
        expect(page.locator("#undo")).to_be_visible()
        page.go_forward()
        expect(page.locator("#undo")).to_have_count(0)


def test_a_plan_that_is_tried_reaches_the_level(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{site}{EMI}&level=software-5")
        reasons(page).get_by_role("link", name="Try this plan").click()
        expect(cell(page, "software-5")).to_contain_text("was: not attained")
        expect(cell(page, "software-5").locator(".verdict")).to_contain_text("attained")
        page.get_by_role("link", name=re.compile("^Take back: leads others")).click()
        expect(cell(page, "software-5")).not_to_contain_text("was")


def test_what_is_taken_back_takes_its_details_along_and_nothing_else(browser: Browser, site: str) -> None:
    steps = [
        ("add", 'project("emi.suzuki","pp",hardware). activity("emi.suzuki","pp",installation).'),
        ("add", 'role("emi.suzuki","pp",responsible).'),
        ("add", 'passed_exam("emi.suzuki",st).'),
        ("add", 'role("emi.suzuki","former-employer-brokerage",member).'),
    ]
    with page_of(browser) as page:
        page.goto(f"{site}{EMI}&{urlencode(steps[:3])}")
        page.get_by_role("link", name="Take back: project pp").click()
        expect(page.locator(".row", has_text="project pp")).to_have_count(0)
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(page.locator(".row.added")).to_contain_text("exam")
        assert page.locator("#steps summary").inner_text() == "Steps: 1"
        detail = 'complexity("emi.suzuki","ticket-sales",mission_critical).'
        page.goto(f"{site}{EMI}&{urlencode([('add', detail), steps[2]])}")
        page.get_by_role("link", name="Strike: project ticket-sales").click()
        expect(page.locator(".row.removed").first).to_contain_text("ticket-sales")
        assert page.locator("#steps summary").inner_text() == "Steps: 2"
    # A step that does not fit leaves the others.
    status, text = request(browser, f"{site}{EMI}&{urlencode(steps[1:3])}")
    assert status == 422
    assert "exam" in text
    assert "Steps: 1" in text


def test_details_are_added_to_an_item_on_file(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{site}{EMI}")
        page.get_by_role("link", name="Add details: project ticket-sales").click()
        page.locator("#new [name='part.complexity'][value='mission_critical']").check()
        page.locator("#add").click()
        expect(page.locator(".row.added")).to_contain_text("mission-critical")
        query = dict(parse_qsl(urlsplit(page.url).query))
        assert query["add"] == 'complexity("emi.suzuki","ticket-sales",mission_critical).'


def test_what_cannot_be_added_is_said_and_the_form_stays(browser: Browser, site: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(LIMIT)
        page.goto(f"{site}{EMI}")
        put(page, "software:project", arg_id="ticket-sales", part_role="member")
        page.locator("#add").click()
        expect(page.get_by_role("alert")).to_contain_text("ticket-sales")
        expect(page.get_by_role("alert")).to_contain_text("stated twice")
        expect(page.locator("#new [name='arg.id']")).to_have_value("ticket-sales")
        expect(page.locator("#new [name='part.role']")).to_have_value("member")
        assert "add=" not in page.url


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([("remove", 'handles("emi.suzuki",software,nothing)')], "is not on file"),
        ([("confirm", 'achievement("emi.suzuki",software,book,"no")')], "is not claimed"),
        ([("add", "p :- q")], "a rule or constraint"),
        ([("add", 'candidate("goro.watanabe")')], "there is no evidence of candidate"),
        ([("reading", "activities=none")], "activities has no option none"),
        ([("reading", "nonsense")], "there is no reading nonsense"),
        ([("reading", "two_sites=bad"), ("reading", "nosuch=x")], "there is no reading nosuch"),
        ([("reading", "nosuch=x"), ("reading", "two_sites=bad")], "two_sites has no option bad"),
        ([("add", '#include "/etc/passwd".')], "a directive"),
    ],
)
def test_steps_that_do_not_fit_are_said(browser: Browser, site: str, steps: list[tuple[str, str]], words: str) -> None:
    good = [("confirm", 'achievement("emi.suzuki",software,book,"message-queues-explained")')]
    found = request(browser, f"{site}{EMI}&{urlencode([*good, *steps])}")
    assert found[0] == 422
    assert words in found[1]
    assert "confirmed here" in found[1]


def request(browser: Browser, address: str) -> tuple[int, str]:
    """The status of an address, and the text of its page."""
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(LIMIT)
        response = page.goto(address)
        assert response is not None
        return response.status, page.inner_text("body")


def test_who_is_not_on_file_and_pages_that_are_not_there(browser: Browser, site: str) -> None:
    for path, words in [
        ("/desk?candidate=nobody", "no evidence of candidate nobody"),
        ("/nowhere", "no such page"),
        (f"{EMI}&level=software-9", "undefined"),
        (f"{EMI}&lang=fr", "no words in fr"),
    ]:
        status, text = request(browser, f"{site}{path}")
        assert (status, words in text) == (404 if "no " in words and "words" not in words else 422, True), path


# Impact


def test_what_a_changed_clause_would_do(browser: Browser, site: str, tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text("hardware.5.succession: {required: 4}\n", "utf-8")
    told = answer(
        "impact", str(FACTS), "--policy-change", str(tmp_path / "change.yaml"), "--reading", "two_sites=small"
    )
    assert told["flips"]
    with page_of(browser) as page:
        page.goto(f"{site}/impact")
        page.locator("#clause").select_option("hardware.5.succession")
        page.locator("[name='new.required']").fill("4")
        page.get_by_role("button", name="Put in").click()
        expect(page.locator("#changes")).to_contain_text("hardware.5.succession.required")
        page.locator("#reading-two_sites").select_option("two_sites=small")
        expect(page.locator("#changes")).to_contain_text("two_sites")
        expect(page.locator(".comparison")).to_contain_text(f"Verdicts that change: {len(told['flips'])}")
        rows = page.locator(".comparison tbody tr:has(a)")
        found = [
            (
                row.locator("th").inner_text(),
                row.locator("td").nth(1).inner_text()[2:],
                row.locator("td").nth(2).inner_text()[2:],
                row.locator("td").nth(3).inner_text().split(),
            )
            for row in rows.all()
        ]
        assert found == [
            (one["candidate"], WORDS.phrase(one["before"]), WORDS.phrase(one["after"]), one["because"])
            for one in told["flips"]
        ]
        page.get_by_role("link", name="Leave out: two_sites").click()
        expect(page.locator("#changes")).not_to_contain_text("two_sites")
        page.locator("#clause").select_option("hardware.5.specialty")
        page.locator("[name='new.areas']").first.uncheck()
        page.get_by_role("button", name="Put in").click()
        expect(page.locator("#changes")).to_contain_text("hardware.5.specialty.areas")
        page.locator(".comparison tbody a").first.click()
        expect(page.locator("h1")).to_contain_text("Desk")


def test_a_change_is_on_top_of_the_policy_that_is_served(browser: Browser) -> None:
    people = [str(FACTS), str(ROOT / "tests" / "data" / "sample-200.jsonl")]
    served = ["--policy-change", str(ROOT / "facts" / "change.yaml")]
    plain = [
        answer("evaluate", *people, *options) for options in (served, [*served, "--reading", "progression=cumulative"])
    ]
    moved = {
        (one["candidate"], is_["field"], is_["level"])
        for one, other in zip(*plain, strict=True)
        for is_, then in zip(one["results"], other["results"], strict=True)
        if is_["verdict"] != then["verdict"]
    }
    assert moved
    with serving(*people, *served) as address:
        told = request_json(browser, f"{address}/api/impact", {"readings": {"progression": "cumulative"}})
        assert {(one["candidate"], one["field"], one["level"]) for one in told["flips"]} == moved
        assert {name for one in told["flips"] for name in one["because"]} == {"progression"}
        # What the server was started with can be changed again, also back.
        with page_of(browser) as page:
            page.goto(f"{address}/impact?change=hardware.5.succession.required%3D3")
            expect(page.locator(".comparison")).to_contain_text("Compared: 212")
        two = f"{address}/impact?change=hardware.5.succession.required%3D3&reading=progression%3Dcumulative"
        with page_of(browser) as page:
            found = page.context.request.get(two, timeout=LIMIT)
            assert (found.status, "compare this change of it alone" in found.text()) == (422, True)


def request_json(browser: Browser, address: str, body: Any) -> Any:
    with browser.new_context() as context:
        response = context.request.post(address, data=body, timeout=LIMIT)
        assert response.status == 200, response.text()
        return response.json()


def test_what_is_gained_and_lost_adds_up(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{site}/impact?change=software.4.succession.required%3D0&change=hardware.5.succession.required%3D4")
        page.locator(".comparison tbody tr:has(a)").first.wait_for()
        tables = page.locator(".comparison table:has(caption) tbody tr")
        for cells in [row.locator("td").all_inner_texts() for row in tables.all()]:
            before, after, gained, lost = (int(re.sub(r"\D", "", cell) or 0) for cell in cells)
            assert after == before + gained - lost


def test_a_form_left_as_it_is_changes_nothing(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        for clause in ("hardware.5.specialty", "software.5.specialty", "facility_management.5.size"):
            page.goto(f"{site}/impact?clause={clause}")
            page.get_by_role("button", name="Put in").click()
            expect(page.locator("#new")).to_have_count(0)
            assert "change=" not in page.url
            expect(page.locator("#changes")).to_contain_text("Nothing is changed yet")


def test_an_impossible_change_is_said(browser: Browser, site: str) -> None:
    for change, words in [
        ("hardware.5.succession.required=-1", "write a whole number from 0"),
        ("hardware.5.succession.required=many", "cannot stand here"),
        ("hardware.5.nothing.required=1", "there is no clause"),
        ("hardware.5.succession.nothing=1", "there is no parameter"),
        ("nothing", "there is no clause"),
    ]:
        status, text = request(browser, f"{site}/impact?{urlencode({'change': change})}")
        assert (status, words in text) == (422, True), (change, text)


# Operators


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with many candidates: every seventh has passed the exam, every fifth claims it."""
    path = tmp_path_factory.mktemp("crowd") / "people.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(MANY):
            exams = ["ap"] if number % 7 == 0 else [{"exam": "ap", "status": "claimed"}] if number % 5 == 0 else []
            file.write(json.dumps({"candidate": f"P-{number:06}", "exams": exams}) + "\n")
    with serving(str(path)) as address:
        yield address


def test_an_operator_finds_their_way_among_many(browser: Browser, crowd: str) -> None:
    deemed = len(range(0, MANY, 7))
    pending = len([number for number in range(0, MANY, 5) if number % 7])
    with page_of(browser) as page:
        page.goto(crowd)
        expect(page.locator("h1")).to_have_text(ALL)
        page.get_by_label("Levels").select_option("3")
        expect(page.get_by_text(f"{deemed:,} of {ALL}")).to_be_visible()
        page.locator("#clear").click()
        page.get_by_label("Verdict").select_option("pending")
        expect(page.get_by_text(f"{pending:,} of {ALL}")).to_be_visible()
        page.get_by_label("Levels").select_option("4")
        expect(page.get_by_text(f"0 of {ALL}")).to_be_visible()
        page.get_by_label("Levels").select_option("3")
        page.get_by_label("Verdict").select_option("deemed")
        expect(page.get_by_text(f"{deemed:,} of {ALL}")).to_be_visible()
        page.locator("#page-last").click()
        last, final = -(-deemed // 50), f"P-{(MANY - 1) // 7 * 7:06}"
        expect(page.get_by_text(f"Page {last} of {last}")).to_be_visible()
        expect(page.locator("tbody th").filter(has_text="P-").last).to_have_text(final)
        page.get_by_role("link", name=re.compile("^Candidate, sort by")).click()
        expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
        page.get_by_role("link", name=re.compile("^Candidate, sort by")).click()
        expect(page.locator("tbody th").filter(has_text="P-").first).to_have_text(final)
        page.get_by_label("Part of the candidate's id").fill("p-0000")
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"15 of {ALL}")).to_be_visible()
        page.get_by_role("link", name="P-000098").click()
        expect(page.locator("h1")).to_contain_text("P-000098")
        page.get_by_role("link", name="Next").click()
        expect(page.locator("h1")).to_contain_text("P-000099")


def test_what_a_change_would_do_to_many_is_shown_as_it_comes(browser: Browser, crowd: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{crowd}/impact?reading=ap_exam%3Dno_effect")
        expect(page.locator(".comparison [role=status]")).to_contain_text(f"of {ALL} compared")
        first = page.locator("progress").get_attribute("value")
        expect(page.locator("progress")).not_to_have_attribute("value", str(first))
        page.locator("#stop").click()
        expect(page.locator(".comparison")).to_contain_text("The comparison was stopped.")
        page.goto(page.url.replace("&do=stop", ""))
        expect(page.locator(".comparison")).to_contain_text("The comparison was stopped.")
        page.locator("#again").click()
        expect(page.locator(".comparison [role=status]")).to_contain_text(f"of {ALL} compared")
        assert "do=" not in page.url
        page.locator("#stop").click()
        expect(page.locator(".comparison")).to_contain_text("The comparison was stopped.")


def test_quick_hands_lose_no_filter(browser: Browser, crowd: str) -> None:
    with page_of(browser) as page:
        page.goto(crowd)
        page.get_by_label("Verdict").select_option("deemed")
        page.get_by_label("Levels").select_option("3")
        page.get_by_label("Field").select_option("software")
        expect(page).to_have_url(re.compile("verdict=deemed&level=3&field=software"))
        expect(page.get_by_label("Verdict")).to_have_value("deemed")
        expect(page.get_by_text(f"{len(range(0, MANY, 7)):,} of {ALL}")).to_be_visible()


# Everybody


def test_keys_alone_suffice(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(site)
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Skip to the content")
        page.keyboard.press("Enter")
        until(page, "search")
        page.keyboard.type("emi")
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 of 12 candidates")).to_be_visible()
        tab_to(page, "emi.suzuki")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Desk")
        tab_to(page, "Confirm: book: message-queues-explained")
        page.keyboard.press("Enter")
        expect(page.locator("#undo")).to_be_visible()
        # Focus stays where it was, on what can be done now.
        expect(page.locator(":focus")).to_have_attribute("aria-label", re.compile("message-queues-explained"))
        tab_to(page, re.compile("^Confirm: project"))
        page.keyboard.press("Enter")
        expect(cell(page, "software-4")).to_contain_text("was: pending")
        page.locator("#undo").press("Enter")
        expect(page.locator("#steps summary")).to_have_text("Steps: 1")
        page.locator("#undo").press("Enter")
        expect(page.locator("#undo")).to_have_count(0)
        # What was left is gone; the focus is on what has become of it.
        expect(page.locator(":focus")).to_have_id("changed")
        until(page, "reading-activities")
        page.keyboard.press("ArrowDown")
        expect(page).to_have_url(re.compile("reading=activities"))
        expect(page.locator(":focus")).to_have_id("reading-activities")


def until(page: Page, id: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("id") == id:
            return
    raise AssertionError(f"Tab never comes to {id}")


def tab_to(page: Page, name: str | re.Pattern[str]) -> None:
    """Press Tab until the element of a name has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        label = focus.get_attribute("aria-label") or focus.inner_text()
        if label == name or (isinstance(name, re.Pattern) and name.search(label)):
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_all_works_without_scripts(browser: Browser, site: str) -> None:
    with page_of(browser, java_script_enabled=False) as page:
        page.goto(site)
        page.get_by_label("Verdict").select_option("pending")
        page.get_by_role("button", name="Apply").click()
        page.get_by_role("link", name="emi.suzuki").click()
        confirm(page, "book")
        confirm(page, "project")
        assert matrix(page)["software-4"] == "attained"
        cell(page, "software-4").click()
        assert not page.locator(".working").is_visible()
        page.get_by_role("link", name="Show the reasons").click()
        assert "the verdict follows from these" in page.locator(".reasons").inner_text()
        page.locator("#form").select_option("software:achievement")
        page.locator("#choose-form").click()
        page.locator("#new [name='arg.item']").select_option("patent")
        page.locator("#new [name='arg.id']").fill("JP-1")
        page.locator("#new [name='source']").fill("registry")
        page.locator("#add").click()
        assert "patent: JP-1" in page.locator(".row.added").inner_text()
        assert "registry" in page.locator(".row.added").inner_text()
        page.locator("#reading-activities").select_option("activities=all")
        page.locator("#show-readings").click()
        assert "reading=activities" in page.url
        page.locator("#undo").click()
        assert "reading=activities" not in page.url
        page.goto(f"{site}/impact")
        page.locator("#clause").select_option("hardware.5.succession")
        page.locator("#choose-clause").click()
        page.locator("[name='new.required']").fill("4")
        page.locator("#put-in").click()
        page.locator(".comparison tbody").first.wait_for()
        assert "Compared: 12" in page.locator(".comparison").inner_text()


STRUCK = urlencode({"remove": 'handles("emi.suzuki",software,middleware)'})
PAGES = [
    "/",
    "/?verdict=pending&level=4",
    "/?search=nobody",
    EMI,
    f"{EMI}&form=software:project&{STRUCK}&whole=1",
    f"{EMI}&form=facility_management:project",
    "/dossier?candidate=emi.suzuki",
    "/impact?change=hardware.5.succession.required%3D4&clause=hardware.5.specialty",
    "/api",
    "/nowhere",
]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pages_are_accessible(browser: Browser, site: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(LIMIT)
        for path in PAGES:
            page.goto(f"{site}{path}")
            if path.startswith("/desk"):
                reasons(page)
            assert_accessible(page, path, width)


def test_every_page_speaks_japanese(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{site}{EMI}")
        page.get_by_role("link", name="日本語").click()
        expect(page.locator("html")).to_have_attribute("lang", "ja")
        expect(page.locator("h1")).to_contain_text("作業机")
        page.get_by_role("link", name=re.compile("^確認する：書籍")).click()
        expect(page).to_have_url(re.compile("lang=ja"))
        expect(reasons(page)).to_contain_text("ソフトウェア")
        page.get_by_role("link", name="候補者", exact=True).click()
        expect(page.locator("h1")).to_have_text("候補者12名")


def test_hostile_names_are_shown_and_do_nothing(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text(json.dumps(hostile_people()), "utf-8")
    before = sha256((tmp_path / "people.json").read_bytes()).hexdigest()
    with serving(str(tmp_path / "people.json")) as address, page_of(browser) as page:
        for name in HOSTILE[:4]:
            shown = name.replace("‮", "\\u202e").replace("‬", "\\u202c")
            page.goto(f"{address}/?{urlencode({'search': name})}")
            page.get_by_role("link", name=shown, exact=True).click()
            expect(page.locator("h1 bdi")).to_have_text(shown)
            confirm(page, "book")
            expect(page.locator(".state.confirmed")).to_be_visible()
            put(page, "hardware:achievement", arg_item="patent", arg_id=name, source=name)
            page.locator("#add").click()
            expect(page.locator(".row.added")).to_contain_text(shown)
            reasons(page)
            assert not page.locator("[onload], [onclick], img, iframe").count()
            assert page.locator("script").count() == 2
    assert sha256((tmp_path / "people.json").read_bytes()).hexdigest() == before
