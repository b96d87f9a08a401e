"""`itss serve`: answers over HTTP are those of the commands, whatever comes in; and the command itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from itss_logic.cli import cli
from itss_logic.web.guard import HEADERS

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "tests" / "data" / "sample-200.jsonl"
FACTS = ROOT / "facts" / "json"

HOSTILE = [
    "a&b=c#d?e/f%2F+g h",
    '"); candidate(x). #script(python)',
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "田中 \u202e 愛子",
    "NaN",
    " ",
]
"""Ids that mean something to somebody on the way."""

EMI: dict[str, Any] = {"candidate": "emi.suzuki", "field": "software"}
CLAIM = 'achievement("emi.suzuki",software,book,"message-queues-explained")'
FORMER = 'project("emi.suzuki","former-employer-brokerage",software)'
SUCCESSION = "hardware.5.succession"


@contextmanager
def serving(*arguments: object, code: int = 0) -> Iterator[str]:
    """The address of a server; it has to end with an exit code once it is told to."""
    command = [sys.executable, "-m", "itss_logic", "serve", *map(str, arguments), "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("serving at http://127.0.0.1:"), line + process.communicate()[1]
        yield line.split()[2]
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
        assert process.returncode == code, told
        assert "Traceback" not in told
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence") / "hostile.jsonl"
    lines = [json.dumps({"candidate": name, "exams": ["ap"]}) for name in HOSTILE]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def client(hostile: Path) -> Iterator[httpx.Client]:
    with serving(FACTS, SAMPLE, hostile, "--jobs", 2) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def command(*arguments: object, stdin: str | None = None) -> Any:
    """What a command prints as JSON."""
    result = CliRunner().invoke(cli, [*map(str, arguments), "--format", "json"], input=stdin)
    assert result.exit_code in (0, 1, 2), result.output
    return json.loads(result.stdout)


def got(client: httpx.Client, path: str, expected: int = 200, **asked: Any) -> Any:
    return told(client.get(f"/api/{path}", params=asked), expected)


def sent(client: httpx.Client, path: str, body: Any, status: int = 200, **asked: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    return told(client.post(f"/api/{path}", content=data, headers=headers, params=asked), status)


def told(response: httpx.Response, status: int) -> Any:
    assert response.status_code == status, response.text
    assert HEADERS.items() <= {name: response.headers[name] for name in HEADERS}.items()
    found = response.json()
    if status != 200:
        assert found.keys() == {"error", "refusals"}
        assert found["error"]
    return found


def options(asked: Mapping[str, object]) -> list[object]:
    """Parameters as the options of a command."""
    flags: list[object] = []
    for name, values in asked.items():
        for value in values if isinstance(values, list) else [values]:
            flags += [f"--{name.replace('_', '-')}"] if value is True else [f"--{name.replace('_', '-')}", value]
    return flags


SAME: Sequence[tuple[str, dict[str, Any]]] = [
    ("why", {**EMI, "level": 5}),
    ("why", {**EMI, "level": 4, "all": True, "max": 3}),
    ("why", {**EMI, "level": 5, "across_readings": True, "reading": True}),
    ("why", {"candidate": "田中 愛子", "field": "hardware", "level": 5}),
    ("certify", {"candidate": "田中 愛子", "field": "hardware", "level": 5}),
    ("plan", {**EMI, "level": 5}),
    ("plan", {**EMI, "level": 4, "max": 2}),
]


@pytest.mark.parametrize(("name", "asked"), SAME)
def test_explanations_are_those_of_the_commands(client: httpx.Client, name: str, asked: dict[str, Any]) -> None:
    if "reading" in asked:
        reading = command("policy", "show")["readings"][0]
        asked = {**asked, "reading": f"{reading['reading']}={reading['options'][1]}"}
    assert got(client, name, **asked) == command(name, FACTS, *options(asked))


def test_verdicts_are_those_of_the_command(client: httpx.Client) -> None:
    for answer in command("evaluate", SAMPLE)[::20]:
        assert got(client, "evaluate", candidate=answer["candidate"]) == [answer]
    for answer in command("evaluate", FACTS, "--across-readings"):
        assert got(client, "evaluate", candidate=answer["candidate"], across_readings=True) == [answer]


def test_edits_are_those_of_what_if(client: httpx.Client) -> None:
    edits: dict[str, Any] = {
        "confirm": [CLAIM],
        "remove": [f"claimed({FORMER})"],
        "add": ['leads_others("emi.suzuki")'],
    }
    readings = [f"{r['reading']}={r['options'][-1]}" for r in command("policy", "show")["readings"][:3]]
    asked = {**edits, "reading": readings[:2], "base_reading": readings[2:]}
    expected = command("whatif", FACTS / "emi.json", *options(asked))
    assert got(client, "whatif", candidate="emi.suzuki", **asked) == expected
    after = got(client, "evaluate", candidate="emi.suzuki", **edits, reading=readings)
    assert after == expected["after"]
    why = got(client, "why", **EMI, level=5, **edits, reading=readings)
    assert why["verdict"] == next(
        r["verdict"] for r in after[0]["results"] if (r["field"], r["level"]) == ("software", 5)
    )


def test_the_policy_is_that_of_the_command(client: httpx.Client) -> None:
    assert got(client, "policy") == command("policy", "show")


def test_impact_is_that_of_the_command(client: httpx.Client, hostile: Path, tmp_path: Path) -> None:
    change = {SUCCESSION: {"required": 1}}
    written = tmp_path / "change.yaml"
    written.write_text(json.dumps(change), encoding="utf-8")
    reading = command("policy", "show")["readings"][0]
    name, (before, after, *_) = reading["reading"], reading["options"]
    expected = command(
        *("impact", FACTS, SAMPLE, hostile, "--policy-change", written),
        *("--reading", f"{name}={before}", "--base-reading", f"{name}={after}"),
    )
    asked = {"policy_change": change, "readings": {name: before}, "base_readings": {name: after}}
    assert sent(client, "impact", asked) == expected
    assert expected["flips"]


def test_evidence_that_is_sent_is_evaluated_as_by_the_command(client: httpx.Client) -> None:
    text = (FACTS / "emi.json").read_text(encoding="utf-8")
    assert sent(client, "evaluate", text.encode()) == {
        "answers": command("evaluate", FACTS / "emi.json"),
        "refusals": [],
    }
    people = [{"candidate": "ann", "exams": ["ap"]}, {"candidate": "bob", "exams": ["xx"]}, {"candidate": "ann"}]
    reading = command("policy", "show")["readings"][1]
    option = f"{reading['reading']}={reading['options'][-1]}"
    found = sent(client, "evaluate", people, reading=[option])
    expected = command("evaluate", "-", "--input-format", "json", "--reading", option, stdin=json.dumps(people))
    assert found["answers"] == expected
    checked = command("check", "-", "--input-format", "json", stdin=json.dumps(people))
    assert [{**one, "file": "-"} for one in found["refusals"]] == checked["refusals"]
    assert [one["code"] for one in found["refusals"]] == ["unknown_value", "duplicate_candidate"]
    assert sent(client, "check", people) == {"candidates": 1, "refusals": found["refusals"]}
    refused = sent(client, "evaluate", people[1], 422)["refusals"]
    assert refused == [{**found["refusals"][0], "path": "$.exams[0]"}]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[[]]", b'"\\ud800"', b'{"candidate": "\\ud800"}', b'{"candidate": "\\u0000"}', b"\xff"),
        *(b'{"candidate": 1e999}', b'{"candidate": "a", "candidate": "b"}', b"NaN", b"[" * 100_000, b"9" * 100_000),
        *(b'{"candidate": "a", "\\ud800": 1}', b'{"candidate": {"a": [1, 2]}}', b'{"candidate": "a", "exams": "ap"}'),
    ],
)
def test_bodies_that_are_no_evidence_are_refused(client: httpx.Client, body: bytes) -> None:
    refusals = sent(client, "check", body)["refusals"]
    assert refusals
    assert sent(client, "evaluate", body, 422)["refusals"] == refusals
    sent(client, "impact", body, 422)


def test_the_number_of_candidates_in_a_body_is_limited(client: httpx.Client) -> None:
    people = [{"candidate": f"c{number}"} for number in range(201)]
    assert len(sent(client, "evaluate", people[1:])["answers"]) == 200
    assert "more than 200 candidates" in sent(client, "evaluate", people, 413)["error"]


def test_a_body_has_to_say_that_it_is_json(client: httpx.Client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        told(client.post("/api/evaluate", content=b"{}", headers={"Content-Type": kind}), 415)


@pytest.mark.parametrize("candidate", HOSTILE)
def test_ids_may_hold_any_character(client: httpx.Client, candidate: str) -> None:
    [answer] = got(client, "evaluate", candidate=candidate)
    assert answer["candidate"] == candidate
    assert got(client, "why", candidate=candidate, field="software", level=3)["verdict"] == "deemed"
    assert got(client, "certify", candidate=candidate, field="software", level=3)["size"] == 1
    assert candidate in [row["candidate"] for row in got(client, "candidates", search=candidate)["candidates"]]


@pytest.mark.parametrize("candidate", ["nobody", "", "\0", "x" * 5000, "emi.suzuki ", "%00", "\U0010ffff"])
def test_whoever_is_not_on_file_is_not_found(client: httpx.Client, candidate: str) -> None:
    assert "there is no evidence of candidate" in got(client, "evaluate", 404, candidate=candidate)["error"]
    got(client, "plan", 404, candidate=candidate, field="software", level=3)


@pytest.mark.parametrize(
    ("path", "asked", "status", "message"),
    [
        ("why", {**EMI, "level": 9}, 422, "level 9 of software is undefined"),
        ("why", {**EMI, "level": 10**30}, 422, "level: "),
        ("why", {**EMI, "level": "9" * 5000}, 422, "level: "),
        ("why", {**EMI, "level": "x"}, 422, "level: "),
        ("why", {**EMI}, 422, "level: "),
        ("why", {**EMI, "level": 5, "field": "x"}, 422, "there is no field x"),
        ("why", {**EMI, "level": 5, "max": 0}, 422, "max: "),
        ("why", {**EMI, "level": 5, "levle": 5}, 422, "levle: "),
        ("why", {**EMI, "level": 5, "reading": "x"}, 422, "x is not NAME=OPTION"),
        ("why", {**EMI, "level": 5, "reading": "x=y"}, 422, "there is no reading x"),
        ("certify", {**EMI, "level": 5}, 409, "nothing to certify"),
        ("certify", {**EMI, "level": 6}, 422, "level 6 of software is undefined"),
        ("evaluate", {"candidate": "emi.suzuki", "add": "x("}, 422, "an edit cannot be made"),
        ("evaluate", {"candidate": "emi.suzuki", "add": ""}, 422, "an edit cannot be made"),
        ("evaluate", {"candidate": "emi.suzuki", "add": "\0"}, 422, "an edit cannot be made"),
        ("evaluate", {"candidate": "emi.suzuki", "add": 'leads_others("goro")'}, 422, "an edit cannot be made"),
        ("evaluate", {"candidate": "emi.suzuki", "add": "x(" * 3000}, 422, "an edit cannot be made"),
        ("evaluate", {"candidate": "emi.suzuki", "remove": FORMER}, 422, "an edit cannot be made"),
        ("evaluate", {}, 422, "candidate: "),
        ("candidates", {"sort": "x"}, 422, "there is no order x"),
        ("candidates", {"field": "x"}, 422, "there is no field x"),
        ("candidates", {"hinges_on": "x"}, 422, "there is no reading x"),
        ("candidates", {"verdict": "x"}, 422, "verdict: "),
        ("candidates", {"size": 201}, 422, "size: "),
        ("candidates", {"page": 10**20}, 422, "page: "),
        ("nothing", {}, 404, "Not Found"),
    ],
)
def test_what_cannot_be_answered(
    client: httpx.Client, path: str, asked: dict[str, Any], status: int, message: str
) -> None:
    found = got(client, path, status, **asked)
    assert message in found["error"]
    assert bool(found["refusals"]) == (message == "an edit cannot be made")


def test_refusals_of_edits_tell_which(client: httpx.Client) -> None:
    asked = {"add": ['leads_others("emi.suzuki")', "x"], "remove": ["y(1)."]}
    found = got(client, "evaluate", 422, candidate="emi.suzuki", **asked)
    assert {one["path"] for one in found["refusals"]} == {"add[1]", "remove[0]"}


@pytest.mark.parametrize(
    "asked",
    [
        *({}, [], {"x": 1}, {"readings": []}, {"readings": {"x": "y"}}, {"policy_change": {"x": {}}}),
        *({"policy_change": {SUCCESSION: 1}}, {"policy_change": {SUCCESSION: {"required": 10**40}}}),
        *({"policy_change": {SUCCESSION: {"required": "\ud800"}}}, {"policy_change": {"\ud800": {}}}),
        b'{"policy_change": {"x": {}, "x": {}}}',
    ],
)
def test_changes_that_cannot_be_made(client: httpx.Client, asked: Any) -> None:
    sent(client, "impact", asked, 422)


def test_the_list_has_pages(client: httpx.Client, hostile: Path) -> None:
    answers = command("evaluate", FACTS, SAMPLE, hostile)
    listed: list[dict[str, Any]] = []
    page: dict[str, Any] = {"pages": 1}
    while page.get("page", 0) < page["pages"]:
        page = got(client, "candidates", page=page.get("page", 0) + 1, size=100)
        listed += page["candidates"]
    assert page["total"] == len(answers)
    assert [(row["candidate"], row["highest"]) for row in listed] == [(a["candidate"], a["highest"]) for a in answers]
    of_level = got(client, "candidates", field="hardware", level=5, verdict="attained", size=200)
    expected = [
        answer["candidate"]
        for answer in answers
        for r in answer["results"]
        if (r["field"], r["level"], r["verdict"]) == ("hardware", 5, "attained")
    ]
    assert [row["candidate"] for row in of_level["candidates"]] == expected != []


def test_what_verdicts_hinge_on_is_found_out_by_itself(client: httpx.Client, hostile: Path) -> None:
    end = time.monotonic() + 60
    while (page := got(client, "candidates"))["hinges_known"] < page["total"]:
        assert time.monotonic() < end
        time.sleep(0.2)
    across = command("evaluate", FACTS, SAMPLE, hostile, "--across-readings")
    for reading in {name for answer in across for result in answer["results"] for name in result["hinges_on"]}:
        expected = [a["candidate"] for a in across if any(reading in result["hinges_on"] for result in a["results"])]
        found = got(client, "candidates", hinges_on=reading, size=200)["candidates"]
        assert [row["candidate"] for row in found] == expected
        assert all(reading in row["hinges_on"] for row in found)


def test_methods_that_are_not_allowed_are_told_those_that_are(client: httpx.Client) -> None:
    assert client.delete("/api/evaluate").headers["allow"] == "GET, POST"
    assert client.post("/api/why").headers["allow"] == "GET"


def test_it_tells_that_it_is_well(client: httpx.Client) -> None:
    assert client.get("/healthz").text == "ok\n"


def test_other_names_are_not_answered(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 421


def test_the_api_is_as_it_describes_itself(hostile: Path, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(
        'parameters.candidate = "NaN"\n'
        "[checks]\n"
        'positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 422]\n'
        'negative_data_rejection.expected-statuses = ["4xx"]\n',
        encoding="utf-8",
    )
    tool = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "run"]
    limits = [
        "--seed",
        "7",
        "--max-examples",
        "3",
        "--max-time",
        "38",
        "--workers",
        "4",
        "--generation-database",
        "none",
    ]
    phases = ["--phases", "coverage,fuzzing", "--checks", "all", "--suppress-health-check", "all"]
    with serving(hostile) as address:
        command = [*tool, f"{address}api/openapi.json", *limits, *phases]
        result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stdout


def test_evidence_that_is_refused_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"candidate": "ann", "exams": ["xx"]}\n', encoding="utf-8")
    good = tmp_path / "good.jsonl"
    good.write_text('{"candidate": "bob"}\n', encoding="utf-8")
    with serving(bad, good, code=1) as address:
        found = httpx.get(f"{address}api/candidates").json()
        assert [row["candidate"] for row in found["candidates"]] == ["bob"]
    command = [sys.executable, "-m", "itss_logic", "serve", str(bad), "--port", "0"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "unknown_value" in result.stderr


def children() -> set[int]:
    """The processes for searches of servers that this process has started."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return {child for child, parent in parents.items() if parents.get(parent) == os.getpid()}


def test_a_search_ends_when_whoever_asked_leaves() -> None:
    with serving(FACTS, "--jobs", 1, "--timeout", 60) as address:
        client = httpx.Client(base_url=address, timeout=30)
        page = {"total": 1, "hinges_known": 0}
        while page["hinges_known"] < page["total"]:
            page = got(client, "candidates")
        before = children()
        url = httpx.URL(address)
        with closing(socket.create_connection((url.host, url.port or 0))) as connection:
            asked = "/api/why?candidate=emi.suzuki&field=software&level=5&all=true&max=100"
            connection.sendall(f"GET {asked} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            time.sleep(0.1)
        end = time.monotonic() + 5
        while before <= children():
            assert time.monotonic() < end, "the process goes on"
            time.sleep(0.05)
        assert got(client, "why", **EMI, level=4)["verdict"]


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--reading", "x=y"], ["--host", "no.such.host.invalid"]])
def test_what_cannot_be_served(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, ["serve", str(FACTS), "--port", "0", *arguments])
    assert result.exit_code != 0
    assert "serving" not in result.output


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = CliRunner().invoke(cli, ["serve", str(FACTS)])
    assert str(result.exception).endswith("pip install 'itss_logic[web]'")


def test_a_port_that_is_taken_is_told() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        command = [sys.executable, "-m", "itss_logic", "serve", str(FACTS), "--port", str(taken.getsockname()[1])]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("error: cannot listen at 127.0.0.1, port ")


def test_a_server_that_others_reach_warns() -> None:
    command = [sys.executable, "-m", "itss_logic", "serve", str(FACTS), "--host", "0.0.0.0", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert line.startswith("serving at http://0.0.0.0:")
    assert told.startswith("warning: whoever reaches 0.0.0.0 sees all evidence: there is no login")
