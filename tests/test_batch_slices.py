"""Batch decides by slices what plain evaluation decides: under every reading, many changes, and rules of all sorts."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from itss_logic import Evidence, Policy
from itss_logic.answers import Answer
from itss_logic.batch.blocks import Block
from itss_logic.batch.worker import Recipe, Worker
from itss_logic.changes import Change
from itss_logic.console import as_json_text
from itss_logic.errors import Place, PolicyError, Refusal
from itss_logic.evidence import Refused
from itss_logic.reading import read_line
from itss_logic.rule_files import default_kb
from itss_logic.tables import csv_rows
from itss_logic.terms import Constant, Fact
from itss_logic.vocabulary import Argument, Predicate, Vocabulary
from tests import test_category as category

SAMPLE = (Path(__file__).parent / "data" / "sample-200.jsonl").read_bytes()
POLICY = Policy.load()
NUMBERS = (1, 2, 3, 4, 5, 6, 9, 10, 11, 99, 100, 101, 299, 300, 301, 1999, 2000, 2001, 4999, 5000, 5001, 10**9)


# People, made from a vocabulary


class People:
    """Makes candidates of a vocabulary, the same from the same seed.

    Args:
        vocabulary: what they state.
        seed: of the random numbers.
        numbers: which numbers come often.
    """

    def __init__(self, vocabulary: Vocabulary, seed: int, numbers: Sequence[int] = NUMBERS) -> None:
        self.vocabulary, self.random, self.numbers = vocabulary, Random(seed), numbers
        self.made = 0

    def lines(self, number: int) -> bytes:
        """So many candidates, one a line."""
        return b"".join(json.dumps(self.person(), ensure_ascii=False).encode() + b"\n" for _ in range(number))

    def person(self) -> dict[str, Any]:
        """The next candidate."""
        self.made += 1
        # How likely each statement is, each value of a list, and how good values are.
        self.dense, self.full = self.random.choice((0.2, 0.6, 0.95)), self.random.choice((0.3, 0.6, 0.97))
        self.claims = self.random.choice((0.0, 0.0, 0.1, 0.5, 1.0))
        self.taken: set[str] = set()
        person: dict[str, Any] = {"candidate": f"person {self.made}"}
        for key, predicate in self.vocabulary.keys().items():
            self._state(person, key, predicate, None)
        fields: dict[str, Any] = {}
        for f in map(str, self.vocabulary.fields):
            if self._likely(0.7):
                inner = fields[f] = {}
                for key, predicate in self.vocabulary.keys(of_field=True).items():
                    if f in predicate.fields:
                        self._state(inner, key, predicate, f)
        if fields:
            person["fields"] = fields
        return person

    def _likely(self, chance: float) -> bool:
        return self.random.random() < chance

    def _state(self, into: dict[str, Any], key: str, predicate: Predicate, f: str | None) -> None:
        if not self._likely(self.dense):
            return
        if predicate.number == "many":
            into[key] = self._many(predicate, f)
        else:
            into[key] = self._one(predicate, f)

    def _many(self, predicate: Predicate, f: str | None) -> list[Any]:
        number = self.random.choice((0, 1, 1, 2, 2, 3, 4, 5, 8)) if self.has_id(predicate) else int(self.full * 8)
        made = [self._one(predicate, f) for _ in range(number)]
        chosen = list({json.dumps(self._bare(predicate, one), sort_keys=True): one for one in made}.values())
        if predicate.is_item or not chosen or self._likely(0.9):
            return chosen
        return [*chosen, chosen[0]]  # An attribute may be stated twice.

    @staticmethod
    def has_id(predicate: Predicate) -> bool:
        """Whether statements of it have ids."""
        return any(a.kind == "id" for a in predicate.own)

    def _bare(self, predicate: Predicate, value: Any) -> Any:
        return [value[a.key] for a in predicate.own] if isinstance(value, dict) else [value]

    def _one(self, predicate: Predicate, f: str | None) -> Any:
        attributes = self.vocabulary.keys(predicate.name)
        own = {argument.key: self._value(argument, f, owns=bool(attributes)) for argument in predicate.own}
        if predicate.combinations:
            chosen = self.random.choice(sorted(predicate.combinations, key=str))
            own.update(zip((a.key for a in predicate.own if a.kind == "value"), map(str, chosen), strict=True))
        plain = not attributes and len(own) < 2 and not self.has_id(predicate)
        is_claim = predicate.is_item and self._likely(self.claims)
        if plain and not is_claim and (not predicate.is_item or self._likely(0.8)):
            return next(iter(own.values()), self._likely(0.9))
        for key, attribute in attributes.items():
            if f is None or f in attribute.fields:
                self._state(own, key, attribute, f)
        if is_claim:
            own["status"] = "claimed"
        elif predicate.is_item and self._likely(0.1):
            own["status"] = "verified"
        if predicate.is_item and self._likely(0.1):
            own["source"] = self.random.choice(("HR-1", "台帳", "", 'a "b"\n', "x\x02\x01"))
        return own

    def _value(self, argument: Argument, f: str | None, *, owns: bool) -> Any:
        if argument.kind == "id":
            return self._id(owns)
        if argument.kind == "number":
            least, greatest = self.vocabulary.ranges[argument.domain]
            near = [n for n in self.numbers if least <= n <= greatest]
            return self.random.choice(near) if near and self._likely(0.8) else self.random.randint(least, greatest)
        if argument.domain in self.vocabulary.spelled:
            return self._likely(0.8)
        values = list(map(str, self.vocabulary.values(argument.domain, f)))
        # Later values are often better: deeper, or with more responsibility.
        return self.random.choice(values[len(values) // 2 :] if self._likely(self.full / 2) else values)

    def _id(self, owns: bool) -> str:
        """An id; new to the candidate, where it has attributes. Some ids are prefixes of others."""
        while True:
            id = self.random.choice(("p", "p1", "社", "a b", "!")) + str(self.random.randrange(100 if owns else 3))
            if not owns or id not in self.taken:
                if owns:
                    self.taken.add(id)
                return id


# What batch makes of them, and what plain evaluation makes of them


class Expected(NamedTuple):
    answers: list[Answer]
    rejects: list[tuple[int, str | None, tuple[Refusal, ...]]]


def expected(policy: Policy, readings: Mapping[str, str], data: bytes) -> Expected:
    people: list[Evidence] = []
    rejects: list[tuple[int, str | None, tuple[Refusal, ...]]] = []
    for index, line in enumerate(data.split(b"\n")):
        placed = read_line(line, Place("people", index + 1, None, "$"), policy.vocabulary)
        if placed is not None and isinstance(placed[0], Refused):
            rejects.append((index, placed[0].candidate, placed[0].refusals))
        elif placed is not None:
            assert isinstance(placed[0], Evidence)
            people.append(placed[0])
    return Expected(list(policy.evaluate(people, readings)), rejects)


def as_lines(answers: Iterable[Answer]) -> list[str]:
    return [as_json_text(answer.as_json()) for answer in answers]


def work(worker: Worker, data: bytes) -> list[str]:
    return worker.work(Block(0, "people", data)).output.decode().splitlines()


def same(policy: Policy, readings: Mapping[str, str] | None, *blocks: bytes, sliced: bool = True) -> Worker:
    """That a worker gives what is expected of each block, all decided by slices; one who knows the blocks, too."""
    chosen = policy.in_force(readings)
    worker = Worker(Recipe(policy, chosen, "jsonl"))
    plain = {data: expected(policy, chosen, data) for data in blocks}
    for data in (*blocks, blocks[0]):
        answers, rejects = plain[data]
        done = worker.work(Block(0, "people", data))
        for line, other in zip(done.output.decode().splitlines(), as_lines(answers), strict=True):
            assert json.loads(line) == json.loads(other)
            assert line == other
        assert [reject[:3] for reject in done.rejects] == rejects
        if sliced:
            assert worker.notice is None
            assert done.plain <= done.accepted / 4
    return worker


@cache
def crowd(seed: int, number: int) -> bytes:
    return People(POLICY.vocabulary, seed).lines(number)


SOME = b"".join(SAMPLE.splitlines(keepends=True)[:30])

# Readings and forms


SINGLE = [{name: option} for name, options in POLICY.options.items() for option in options[1:]]
MIXED = [{name: Random(f"{n} {name}").choice(options) for name, options in POLICY.options.items()} for n in range(4)]
MIXED.append({name: options[-1] for name, options in POLICY.options.items()} | {"ap_exam": "deems_specialty"})


@pytest.mark.parametrize("readings", [{}, *SINGLE, *MIXED], ids=lambda r: " ".join(r.values()) or "default")
def test_every_reading(readings: dict[str, str]) -> None:
    same(POLICY, readings, SOME + crowd(1, 20))


@pytest.mark.parametrize("readings", [{}, MIXED[0]], ids=["default", "mixed"])
def test_csv(readings: dict[str, str]) -> None:
    chosen = POLICY.in_force(readings)
    strange = b'{"candidate": "=1+1", "exams": ["ap"]}\n{"candidate": "a,\\"b\\"\\n", "leads_others": true}\n'
    for data in (SOME, strange):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        for answer in expected(POLICY, chosen, data).answers:
            writer.writerows(csv_rows(answer, answer.results))
        done = Worker(Recipe(POLICY, chosen, "csv")).work(Block(0, "people", data))
        assert done.output.decode() == text.getvalue()


def test_arrow() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    chosen = POLICY.in_force(MIXED[1])
    done = Worker(Recipe(POLICY, chosen, "arrow")).work(Block(0, "people", SAMPLE))
    with pyarrow.ipc.open_stream(done.output) as stream:
        rows = stream.read_all().to_pylist()
    assert rows == [
        {
            "candidate": answer.candidate,
            "field": r.field,
            "level": r.level,
            "verdict": r.verdict,
            "routes": list(r.routes),
            "unmet": list(r.unmet),
        }
        for answer in expected(POLICY, chosen, SAMPLE).answers
        for r in answer.results
    ]


# Blocks


def test_blocks_of_any_size_in_any_order_come_to_the_same() -> None:
    lines = [*SOME.splitlines(keepends=True), *crowd(3, 30).splitlines(keepends=True)]
    readings = POLICY.in_force({"progression": "cumulative", "succession_count": "every_piece"})
    plain = as_lines(expected(POLICY, readings, b"".join(lines)).answers)
    for size, seed in ((1, 1), (9, 2), (50, 3)):
        worker = Worker(Recipe(POLICY, readings, "jsonl"))
        order = list(range(len(lines) if size > 1 else 15))
        Random(seed).shuffle(order)
        for start in range(0, len(order), size):
            some = order[start : start + size]
            assert work(worker, b"".join(lines[n] for n in some)) == [plain[n] for n in some]


def test_counts_are_those_of_the_answers() -> None:
    readings = POLICY.in_force()
    done = Worker(Recipe(POLICY, readings, "jsonl")).work(Block(0, "people", SOME + crowd(4, 70), verify=1000))
    counts: dict[tuple[str, int, str], int] = {}
    for answer in expected(POLICY, readings, SOME + crowd(4, 70)).answers:
        for r in answer.results:
            counts[r.field, r.level, r.verdict] = counts.get((r.field, r.level, r.verdict), 0) + 1
    assert (done.counts, done.accepted, done.verified, done.plain) == (counts, 100, 100 - done.plain, done.plain)


# People out of the ordinary

LED: dict[str, Any] = {
    "role": "responsible",
    "success": True,
    "activities": ["installation", "maintenance"],
    "satisfies": ["usability", "maintainability"],
    "complexity": ["multi_vendor", "mission_critical", "nationwide", "multi_platform"],
    "assignments": [{"to": "users", "coverage": "wide_area"}, {"to": "service_team", "coverage": "specific_users"}],
}
BUILT: dict[str, Any] = {
    "role": "responsible",
    "success": True,
    "activities": ["design", "construction", "management", "maintenance"],
    "satisfies": ["usability", "maintainability"],
    "complexity": ["many_sites", "mission_critical", "continuous_operation"],
}
EVERYTHING = {"area": "product_technology", "depth": "guide_company"}


def people(*some: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps({"candidate": f"c{n}", **one}).encode() + b"\n" for n, one in enumerate(some))


def hardware(*projects: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    return {"fields": {"hardware": {"projects": list(projects), **others}}}


def facility(*projects: Mapping[str, Any]) -> dict[str, Any]:
    return {"fields": {"facility_management": {"projects": list(projects)}}}


def pieces(*pairs: tuple[str, str], **others: Any) -> list[dict[str, Any]]:
    return [{"item": item, "id": id, **others} for item, id in pairs]


ODD = people(
    {},
    {"exams": [], "fields": {}},
    {"fields": {"hardware": {}, "software": {"projects": [], "handles": []}}},
    {"leads_others": False},
    {"leads_others": {}},
    {"leads_others": {"status": "claimed", "source": "x"}},
    {
        "exams": [{"exam": "ap", "status": "claimed"}],
        "develops_subordinates": [{"means": "other", "status": "claimed"}],
    },
    {"exams": [{"exam": "ap", "status": "claimed"}, "fe"], "leads_others": True},
    hardware({"id": "p"}),
    hardware({"id": "p", "status": "claimed"}),
    hardware({"id": "p", "status": "claimed", **LED}),
    hardware({"id": "p", "status": "claimed", **LED}, {"id": "q", **LED}),
    hardware({"id": "p", **LED, "activities": ["installation"] * 5, "complexity": ["nationwide"] * 3}),
    hardware(*({"id": f"p{n}", **LED} for n in range(100))),
    hardware(*({"id": f"p{n}", **LED, "status": "claimed" if n % 2 else "verified"} for n in range(100))),
    hardware(*({"id": f"p{n}", **LED} for n in range(2)), {"id": "m", "role": "member", "activities": ["maintenance"]}),
    # One id under several items, and in two fields; and as that of a project.
    hardware({"id": "a", **LED}, achievements=pieces(("book", "a"), ("patent", "a"), ("community", "a"))),
    hardware(achievements=pieces(("book", "a"), ("book", "b"), ("book", "c"))),
    hardware(achievements=[*pieces(("book", "a")), *pieces(("patent", "a"), status="claimed")]),
    hardware(achievements=[*pieces(("book", "a"), ("book", "b")), *pieces(("book", "c"), status="claimed")]),
    {
        "fields": {
            "hardware": {"achievements": pieces(("book", "a"), ("patent", "b"))},
            "software": {"achievements": pieces(("book", "a"), ("patent", "c"))},
        }
    },
    {"fields": {"hardware": {"projects": [{"id": "a", **LED}]}, "software": {"projects": [{"id": "b", **LED}]}}},
    hardware(specialties=[EVERYTHING, {**EVERYTHING, "depth": "practice"}]),
    hardware(specialties=[{**EVERYTHING, "status": "claimed"}, {**EVERYTHING, "depth": "practice"}]),
    hardware(handles=["pc", {"component": "storage", "status": "claimed"}]),
    {
        "leads_others": {"status": "claimed"},
        "develops_subordinates": ["coaching"],
        "fields": {
            "hardware": {
                "projects": [{"id": f"p{n}", **LED} for n in range(3)],
                "handles": ["pc"],
                "specialties": [EVERYTHING],
                "achievements": pieces(("book", "a"), ("patent", "b"), ("community", "c")),
            }
        },
    },
)


def test_people_out_of_the_ordinary() -> None:
    same(POLICY, {}, ODD)


def test_the_whole_sample() -> None:
    same(POLICY, {}, SAMPLE)


def test_every_number_at_a_threshold() -> None:
    some = [
        facility(*({"id": f"{key}{n}", **BUILT, key: number, "partial": partial} for n in range(3)))
        for key in ("sites", "floor_area_m2", "network_sites")
        for number in NUMBERS
        for partial in ((False, True) if number < 10 else (False,))
    ]
    few = [facility({"id": "x", **BUILT, "complexity": BUILT["complexity"][:2], "sites": n}) for n in NUMBERS]
    for readings in ({}, {"two_sites": "small", "small_network": "as_level_4", "size_scope": "first_alternative"}):
        same(POLICY, readings, people(*some, *few))


# Policy changes


def random_change(random: Random) -> Change:
    """A change of one clause, of whatever can be changed of it."""
    clause = random.choice([clause for clause in POLICY.clauses if clause.parameters])
    field, level, criterion = clause.id.split(".")
    types: dict[str, Any] = dict(POLICY.declared("takes", 2))
    levels = [n for f, n in POLICY.levels if f == field]

    def value(name: str, old: Any) -> Any:
        if isinstance(old, list):
            values = _domain(types[name], field)
            return tuple(random.sample(values, random.randint(0, len(values))))
        kind = types[name]
        if not isinstance(kind, Fact):
            return random.choice(levels)
        if kind.name == "value":
            return random.choice(_domain(kind, field))
        if str(kind.arguments[0]) == "count":
            return random.choice((0, 1, 1, 2, 2, 3, 4, 5, 6))
        return random.choice((0, 1, old - 1, old + 1, old * 2, 7, 2000, 1_000_000_001))

    def leaves(parameters: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Any]]:
        for name, old in parameters.items():
            if isinstance(old, Mapping):
                yield from leaves(old, (*path, name))
            elif random.random() < 0.6:
                yield (*path, name), value(name, old)

    return Change(field, int(level), criterion, dict(leaves(clause.parameters, ())))


def _domain(kind: Any, field: str) -> list[Constant]:
    return list(POLICY.vocabulary.values(str(kind.arguments[0]), field).values())


def random_policy(seed: int) -> Policy:
    source = Random(seed)
    changes = {change.id: change for change in (random_change(source) for _ in range(source.choice((1, 3, 8, 25))))}
    return POLICY.changed(changes.values())


@pytest.mark.parametrize("seed", range(5))
def test_random_changes(seed: int) -> None:
    readings = {name: Random(f"{seed}{name}").choice(options) for name, options in POLICY.options.items()}
    same(random_policy(seed), readings if seed % 2 else {}, crowd(5, 30) + ODD, sliced=False)


@pytest.mark.parametrize("required", [0, 16, 17])
def test_counts_however_high(required: int) -> None:
    policy = POLICY.changed(
        [
            Change("hardware", level, criterion, {("required",): required})
            for level in (4, 5)
            for criterion in ("projects", "succession")
        ]
    )
    worker = same(policy, {"succession_count": "every_piece"}, ODD + crowd(6, 20), sliced=required <= 16)
    assert (worker.notice is None) == (required <= 16)
    if worker.notice:
        assert str(required) in worker.notice


# Other rules


def other_rules(folder: Path, rules: str, *edits: tuple[str, str, str]) -> Policy:
    """The policy with more rules, and with other text in its files."""
    kb = folder / "kb"
    shutil.copytree(default_kb(), kb)
    for name, old, new in edits:
        text = (kb / name).read_text(encoding="utf-8")
        assert old in text
        (kb / name).write_text(text.replace(old, new), encoding="utf-8")
    more = kb / "customer_service" / "routes.lp"
    more.write_text(f"{more.read_text(encoding='utf-8')}\n{rules}\n", encoding="utf-8")
    return Policy.load(kb=str(kb))


def evidence(head: str, number: str, key: str, arguments: str, domains: str) -> str:
    """The vocabulary for an item or an attribute; `head` is its name with its variables."""
    name, _, variables = head.partition("(")
    term = f"{name}({variables}"
    places = [a.strip() for a in arguments.split(";")]
    kind = "attribute" if places[0].startswith("of(") else "item"
    lines = [f"#defined {name}/{len(places) + 1}.", f"evidence({name}, {kind}, {number}, {key})."]
    for place, argument in enumerate(places, 2):
        domain, _, own = argument.partition(" ")
        lines.append(f"argument({name}, {place}, {domain}, {own}).")
    with_candidate = f"{name}(C, {variables}"
    lines.append(f"stated(C, {term}) :- {with_candidate}.")
    if kind == "item":
        lines.append(f"asserted(C, {term}) :- claimed({with_candidate}).")
    return "\n".join([*lines, domains])


SMALL = {
    "vocabulary.lp": "\n".join(
        [
            "category(small). field(hardware, 1). field(software, 2).",
            "#defined leads_others/1. evidence(leads_others, item, flag, leads_others).",
            "stated(C, leads_others) :- leads_others(C). asserted(C, leads_others) :- claimed(leads_others(C)).",
            evidence("passed_exam(X)", "many", "exams", "value(exam) exam", "value(exam, (ap; ip; sc))."),
            evidence(
                "handles(F, X)", "many", "handles", "field field; value(part) part", "value(part, (pc; storage))."
            ),
            evidence(
                "achievement(F, I, N)",
                "many",
                "achievements",
                "field field; value(item) item; id id",
                "value(item, (book; patent)).",
            ),
            evidence("project(P, F)", "many", "projects", "id id; field field", ""),
            evidence(
                "role(P, R)", "one", "role", "of(project) p; value(role) role", "value(role, (member; responsible))."
            ),
            evidence(
                "outcome(P, O)",
                "one",
                "success",
                "of(project) p; value(end) success",
                "value(end, (success; failure)).",
            ),
            "json_value(end, success, true). json_value(end, failure, false).",
            evidence(
                "complexity(P, K)",
                "many",
                "complexity",
                "of(project) p; value(trait) trait",
                "value(trait, (a; b; c; d)).",
            ),
            evidence("floor_area(P, N)", "one", "area", "of(project) p; number(area) area", "range(area, 1, 9999)."),
            evidence("sites(P, N)", "one", "sites", "of(project) p; number(sites) sites", "range(sites, 1, 99)."),
            "#defined partial_facility/2. evidence(partial_facility, attribute, flag, partial).",
            "argument(partial_facility, 2, of(project), p). stated(C, partial_facility(P)) :- partial_facility(C, P).",
        ]
    ),
    "clauses.lp": """
level((hardware; software), 3..6). route(kpi, 1). route(exam, 2).
criterion(projects, 1). criterion(leads, 2). criterion(specialty, 3). criterion(succession, 4).
supplied_by(projects, project). supplied_by(leads, leads_others). supplied_by(specialty, handles).
supplied_by(succession, achievement).
clause(F, L, projects) :- level(F, L).
clause(F, (5; 6), leads) :- level(F, 5).
clause(F, (3; 4), specialty) :- level(F, 5).
clause(F, (4; 5), succession) :- level(F, 5).
sets(F, L, projects, required, L - 2) :- clause(F, L, projects).
sets(F, L, (leads; specialty), required, 1) :- clause(F, L, (leads; specialty)).
sets(F, L, leads, required, 1) :- clause(F, L, leads).
sets(F, L, succession, required, 2) :- clause(F, L, succession).
takes(required, number(count)). range(count, 0, 100).
""".replace(
        "sets(F, L, (leads; specialty), required, 1) :- clause(F, L, (leads; specialty)).",
        "sets(F, L, specialty, required, 1) :- clause(F, L, specialty).",
    ),
    "wordings.lp": """
language(en, 1). label(en, small, "Small"). label(en, hardware, "Hardware"). label(en, software, "Software").
section(en, F, L, K, "All") :- clause(F, L, K).
wording(en, F, L, K, "So many: {required}.") :- clause(F, L, K).
""",
    "rules.lp": """
experience(V, C, P, F, taken_part) :- holds(V, C, project(P, F)), holds(V, C, role(P, R)).
experience(V, C, P, F, led) :- holds(V, C, project(P, F)), holds(V, C, role(P, responsible)),
    holds(V, C, outcome(P, success)).
sought(F, 3, taken_part) :- level(F, 3).
sought(F, L, led) :- level(F, L), L > 3.
fits(V, C, P) :- holds(V, C, complexity(P, (a; b))).
fits(V, C, P) :- holds(V, C, sites(P, N)), N >= 5.
witness(V, C, F, L, projects, P, project(P, F)) :- experience(V, C, P, F, taken_part), fits(V, C, P),
    sought(F, L, taken_part).
witness(V, C, F, L, projects, P, project(P, F)) :- experience(V, C, P, F, led), sought(F, L, led), fits(V, C, P).
witness(V, C, F, L, leads, leads_others, leads_others) :- holds(V, C, leads_others), clause(F, L, leads).
witness(V, C, F, L, specialty, X, handles(F, X)) :- holds(V, C, handles(F, X)), clause(F, L, specialty).
witness(V, C, F, L, succession, (I, N), achievement(F, I, N)) :- holds(V, C, achievement(F, I, N)),
    clause(F, L, succession).
route_met(V, C, F, 3, exam) :- level(F, 3), holds(V, C, passed_exam(ap)).
""",
}
"""The files of a small category, beside those of `test_category`."""


def as_people(*some: tuple[str, Sequence[Any]]) -> bytes:
    return people(*({"fields": {"hardware": {key: items}}} for key, items in some))


DONE = {"role": "responsible", "success": True, "complexity": ["a", "b"]}
SMALL_PEOPLE = as_people(
    *(("projects", [{"id": f"p{n}", **DONE} for n in range(number)]) for number in range(10)),
    *(("projects", [{"id": "a", "sites": n, "area": 100 * n, "role": "responsible"}]) for n in range(1, 12)),
    *(("projects", [{"id": "a", "area": area}, {"id": "b", "area": 2600}]) for area in (2500, 2600)),
    ("projects", [{"id": "a", "role": "responsible"}, {"id": "b", "role": "member"}, {"id": "c"}]),
    ("projects", [{"id": "a", "role": "member"}, {"id": "b", "role": "responsible"}]),
    ("projects", [{"id": str(n)} for n in range(8)]),
    ("projects", [{"id": "a", "role": "responsible", "status": "claimed"}]),
    ("projects", [{"id": "a", **DONE, "status": "claimed"}, {"id": "b", **DONE}]),
    ("achievements", pieces(("book", "a"), ("patent", "a"))),
    ("achievements", pieces(("book", "a"), ("patent", "b"))),
)


def small(folder: Path, rules: str, edit: tuple[str, str, str] | None = None) -> Policy:
    """A small category with the words of Customer Service, and more rules: it takes a twentieth of the time."""
    kb = folder / "kb"
    shutil.copytree(Path(default_kb()) / "core", kb / "core")
    (kb / "small").mkdir()
    texts = {**category.FILES, **SMALL, "rules.lp": f"{SMALL['rules.lp']}\n{rules}\n"}
    for name, text in texts.items():
        (kb / "small" / name).write_text(text, encoding="utf-8")
    if edit is not None:
        name, old, new = edit
        text = (kb / name).read_text(encoding="utf-8")
        assert old in text
        (kb / name).write_text(text.replace(old, new), encoding="utf-8")
    return Policy.load(kb=str(kb))


def small_crowd(policy: Policy) -> bytes:
    numbers = (1, 2, 3, 4, 5, 6, 8, 9, 10, 99, 299, 300, 500, 699, 700, 701, 800, 801, 900, 3999, 4000, 4999, 5000)
    return People(policy.vocabulary, 12, numbers).lines(60)


def agrees(policy: Policy, data: bytes, readings: Mapping[str, str] | None = None) -> Worker:
    return same(policy, readings, data, sliced=False)


OTHERS = ODD + people(
    hardware({"id": "a", "role": "responsible"}, {"id": "b", "role": "member"}, {"id": "c"}),
    hardware({"id": "a", "role": "member"}, {"id": "b", "role": "responsible"}),
    hardware(*({"id": str(n)} for n in range(6))),
    *(hardware(*({"id": f"p{n}", **LED} for n in range(number))) for number in range(1, 10)),
    *(facility({"id": "a", "sites": n, "floor_area_m2": 100 * n, "network_sites": n}) for n in range(1, 12)),
    facility({"id": "a", "sites": 5, "floor_area_m2": 2500}, {"id": "b", "sites": 6, "floor_area_m2": 2600}),
    facility({"id": "a", "sites": 5, "floor_area_m2": 2500}, {"id": "b", "sites": 5, "floor_area_m2": 2500}),
    facility({"id": "a", "role": "responsible", "partial": True, "sites": 1}, {"id": "b", "role": "responsible"}),
    facility({"id": "a", "role": "responsible", "success": False}, {"id": "b", "role": "member", "success": True}),
    facility({"id": "a", "role": "responsible", "status": "claimed", "sites": 9}),
    hardware({"id": "a", "role": "responsible", "status": "claimed"}),
    hardware({"id": "p"}, achievements=pieces(("book", "p"), ("patent", "q"))),
    hardware({"id": "p"}, achievements=pieces(("book", "q"), ("patent", "q"))),
    {
        "fields": {
            "hardware": {"achievements": pieces(("book", "p"), ("book", "q"))},
            "software": {"achievements": pieces(("book", "p"))},
        }
    },
    {
        "leads_others": True,
        "exams": ["ap", "ip"],
        "fields": {"hardware": {"projects": [{"id": "x", **LED}], "handles": ["pc", "storage"]}},
    },
    {"leads_others": True, "fields": {"software": {"projects": [{"id": "x", **LED}], "handles": ["middleware"]}}},
)

AREA = "route_met(V, C, F, 6, exam) :- level(F, 6), holds(V, C, project(P, F)), holds(V, C, floor_area(P, N)), "
SITES = "route_met(V, C, F, 6, exam) :- level(F, 6), holds(V, C, project(P, F)), "
PROJECT = "route_met(V, C, F, 5, exam) :- level(F, 5), holds(V, C, project(P, F)), "
COUNTED = "route_met(V, C, F, 5, exam) :- subject(V, C), level(F, 5), "
LEAD = "experience(V, C, P, F, led)"

RULES_OF_ALL_SORTS = {
    # Numbers: where thresholds stand, and what is done with them.
    "a threshold by a name": f"#const big = 700.\n{AREA} N >= big.",
    "a threshold computed": f"{AREA} N >= 7 * 100.",
    "a threshold in an interval": f"{AREA} N = 700..100000.",
    "a threshold in a pool": f"{AREA} N >= (700; 900).",
    "a threshold in a pair": f"{AREA} (N, 0) >= (700, 0).",
    "a threshold below zero": f"{AREA} N > -5, N < 700.",
    "thresholds in a chain": f"{AREA} 700 <= N < 4000.",
    "a number": f"{SITES} holds(V, C, sites(P, 9)).",
    "a number computed": f"{SITES} holds(V, C, sites(P, 3 * 3)).",
    "a number by a name": f"#const nine = 9.\n{SITES} holds(V, C, sites(P, nine)).",
    "numbers in an interval": f"{SITES} holds(V, C, sites(P, 6..9)).",
    "numbers in a table": f"table(F, (300..800)) :- field(F, _).\n{AREA} table(F, N).",
    "numbers in a table of terms": f"table(F, box(300..800)) :- field(F, _).\n{AREA} table(F, box(N)).",
    "numbers in no table": f"table(300..800).\n{AREA} not table(N).",
    "a number under another name": f"{AREA} M = N, M > 700.",
    "a number computed with": f"{AREA} N \\ 2 = 0.",
    "two numbers compared": f"{AREA} holds(V, C, sites(P, M)), N > 99 * M.",
    "numbers of two projects": f"{AREA} holds(V, C, floor_area(Q, N)), P != Q.",
    "numbers counted": f"{SITES} 2 <= #count {{ N : holds(V, C, floor_area(_, N)) }}.",
    "numbers added": f"{SITES} 5000 <= #sum {{ N, Q : holds(V, C, floor_area(Q, N)) }}.",
    "the greatest number": f"{SITES} 700 <= #max {{ N : holds(V, C, floor_area(Q, N)) }}.",
    "different numbers as atoms": (
        "area(V, C, N) :- holds(V, C, floor_area(P, N)).\n"
        "route_met(V, C, F, 6, exam) :- subject(V, C), level(F, 6), 2 { area(V, C, N) }."
    ),
    "numbers as atoms": "route_met(V, C, F, 6, exam) :- subject(V, C), level(F, 6), 2 { holds(V, C, sites(P, N)) }.",
    "evidence counted": f"{COUNTED} 5 <= #count {{ E : holds(V, C, E) }}.",
    # Ids.
    "ids in order": (
        "later(V, C, F, P) :- holds(V, C, project(P, F)), holds(V, C, project(Q, F)), Q < P.\n"
        f"{PROJECT} not later(V, C, F, P), holds(V, C, role(P, responsible))."
    ),
    "ids in order under another name": (
        "named(V, C, F, Q) :- holds(V, C, project(P, F)), Q = P.\n"
        "later(V, C, F, P) :- named(V, C, F, P), named(V, C, F, Q), Q < P.\n"
        f"{PROJECT} not later(V, C, F, P), holds(V, C, role(P, responsible))."
    ),
    "an id": "route_met(V, C, F, 5, exam) :- level(F, 5), holds(V, C, project(0, F)).",
    "an id in a table": f"table(1).\n{PROJECT} table(P), holds(V, C, role(P, responsible)).",
    "an id in no table": f"table(1).\n{PROJECT} not table(P), holds(V, C, role(P, responsible)).",
    "an id that is a level": f"{PROJECT} level(F, P).",
    "an id that is a number": f"{PROJECT} holds(V, C, sites(Q, P)).",
    "an id computed with": f"{PROJECT} holds(V, C, project(P + 1, F)), holds(V, C, role(P, responsible)).",
    "an id of two predicates": f"{PROJECT} holds(V, C, achievement(F, book, P)).",
    "an id under two items": f"{COUNTED} holds(V, C, achievement(F, book, I)), holds(V, C, achievement(F, patent, I)).",
    "an id of two fields": (
        f"{COUNTED} holds(V, C, achievement(hardware, book, I)), holds(V, C, achievement(software, book, I))."
    ),
    "evidence terms in order": f"{COUNTED} holds(V, C, E), holds(V, C, D), E < D, E = role(P, responsible).",
    # Several projects.
    "two projects that differ": (
        f"{PROJECT} holds(V, C, project(Q, F)), holds(V, C, role(P, X)), holds(V, C, role(Q, Y)), X != Y."
    ),
    "pairs of projects": f"{COUNTED} 10 <= #count {{ P, Q : {LEAD}, experience(V, C, Q, F, led) }}.",
    "every project": f"{COUNTED} holds(V, C, role(P, responsible)) : holds(V, C, project(P, F)).",
    "no project that failed": (
        "some(V, C, F) :- holds(V, C, project(P, F)).\n"
        "failed(V, C, F) :- holds(V, C, project(P, F)), holds(V, C, outcome(P, failure)).\n"
        "route_met(V, C, F, 3, exam) :- level(F, 3), some(V, C, F), not failed(V, C, F)."
    ),
    "more than a number": f"{COUNTED} #count {{ P : {LEAD} }} > 6.",
    "more than a number of atoms": f"{COUNTED} 6 < {{ {LEAD} : holds(V, C, project(P, F)) }}.",
    "a number of them computed": f"{COUNTED} #count {{ P : {LEAD} }} >= 3 * 2.",
    "a number of them by a name": f"#const six = 6.\n{COUNTED} #count {{ P : {LEAD} }} >= six.",
    "a number of them in an interval": f"{COUNTED} 5..7 = #count {{ P : {LEAD} }}.",
    "just a number of them": f"{COUNTED} 6 = #count {{ P : {LEAD} }}.",
    "a number of them in a pool": f"{COUNTED} (2; 6) = #count {{ P : {LEAD} }}.",
    "a number of them taken up": f"{COUNTED} M = #count {{ P : {LEAD} }}, M >= 6.",
    "projects of all fields": f"{COUNTED} 4 <= #count {{ P : experience(V, C, P, _, led) }}.",
    # Evidence read where it stands.
    "an item as it stands": "route_met(V, C, F, 4, exam) :- view(V), leads_others(C), level(F, 4).",
    "an item as it stands beside another": (
        "route_met(V, C, F, 4, exam) :- leads_others(C), level(F, 4), holds(V, C, passed_exam(ap))."
    ),
    "an attribute as it stands": (
        "route_met(V, C, F, 4, exam) :- level(F, 4), holds(V, C, project(P, F)), role(C, P, responsible)."
    ),
    "an attribute as it stands, further on": (
        "member(C, F) :- holds(verified, C, project(P, F)), role(C, P, member).\n"
        "route_met(verified, C, F, 3, exam) :- member(C, F), level(F, 3)."
    ),
    "a claim as it stands": "route_met(V, C, F, 4, exam) :- view(V), claimed(leads_others(C)), level(F, 4).",
    "a claimed project as it stands": (
        "claims(C, F) :- claimed(project(C, P, F)), role(C, P, responsible).\n"
        "route_met(verified, C, F, 3, exam) :- claims(C, F), level(F, 3)."
    ),
    "what is stated": (
        "route_met(V, C, F, 4, exam) :- view(V), stated(C, leads_others), level(F, 4), stated(C, passed_exam(ap))."
    ),
    "what is not claimed": (
        "route_met(verified, C, F, 3, exam) :- stated(C, leads_others), level(F, 3), not asserted(C, passed_exam(ap))."
    ),
    "any claim": "route_met(V, C, F, 4, exam) :- view(V), level(F, 4), asserted(C, _).",
    # Views by name.
    "whoever has claims": "route_met(verified, C, F, 4, exam) :- subject(confirmed, C), level(F, 4).",
    "whoever has no claims": (
        "witness(V, C, F, 3, specialty, P, project(P, F)) :- experience(V, C, P, F, led), not subject(confirmed, C)."
    ),
    "what is confirmed": (
        "responsible(C, F) :- holds(confirmed, C, project(P, F)), holds(confirmed, C, role(P, responsible)).\n"
        "route_met(verified, C, F, 3, exam) :- responsible(C, F), level(F, 3)."
    ),
    "what is verified and not confirmed": (
        "alone(C, F) :- holds(verified, C, project(P, F)), not holds(confirmed, C, project(P, F)).\n"
        "route_met(verified, C, F, 3, exam) :- alone(C, F), level(F, 3)."
    ),
    "criteria met in the other view": "route_met(verified, C, F, 3, exam) :- met(confirmed, C, F, 3, projects).",
    # What is lacking.
    "led, and not a leader": (
        "led(V, C, F) :- experience(V, C, P, F, led).\n"
        "route_met(V, C, F, 4, exam) :- led(V, C, F), level(F, 4), not holds(V, C, leads_others)."
    ),
    "led, and no specialty": (
        "led(V, C, F) :- experience(V, C, P, F, led).\n"
        "route_met(V, C, F, 3, exam) :- led(V, C, F), not met(V, C, F, 3, specialty)."
    ),
    "a route for those who lack criteria": (
        "route_met(V, C, F, 3, exam) :- unmet(V, C, F, 3, projects), unmet(V, C, F, 3, specialty)."
    ),
    "a component and no other": f"{COUNTED} holds(V, C, handles(F, pc)), not holds(V, C, handles(F, storage)).",
    # Levels.
    "a level by one of another field": "route_met(V, C, hardware, 5, exam) :- reached(V, C, software, 4).",
    "levels by each other": (
        "route_met(V, C, hardware, 4, exam) :- reached(V, C, software, 4).\n"
        "route_met(V, C, software, 3, exam) :- reached(V, C, hardware, 3)."
    ),
    "the highest by evidence": "highest(C, F, 3) :- holds(verified, C, leads_others), level(F, 3).",
    "a criterion by another": (
        "witness(V, C, F, 5, leads, x, leads_others) :- clause(F, 5, leads), met(V, C, F, 3, projects),\n"
        "    not met(V, C, F, 3, specialty)."
    ),
    "a criterion by two predicates": (
        "witness(V, C, F, L, succession, P, project(P, F)) :- experience(V, C, P, F, led), clause(F, L, succession)."
    ),
    "heads in a pool": (
        "route_met(V, C, (hardware; software), 3, exam) :- holds(V, C, leads_others), holds(V, C, passed_exam(ap))."
    ),
    "candidates in another place": (
        "members(V, F, C) :- holds(V, C, project(P, F)), holds(V, C, role(P, member)).\n"
        "route_met(V, C, F, 3, exam) :- members(V, F, C), level(F, 3)."
    ),
    "candidates in two places": (
        "either(V, F, C) :- holds(V, C, project(P, F)), holds(V, C, role(P, member)).\n"
        "either(C, V) :- holds(V, C, leads_others).\n"
        "route_met(V, C, F, 3, exam) :- either(V, F, C), level(F, 3), not either(C, V).\n"
        "route_met(V, C, F, 4, exam) :- either(V, F, C), level(F, 4), either(C, V)."
    ),
    "a constraint that holds": ":- holds(V, C, leads_others), not subject(V, C).",
    "an external atom": "#external open.\nroute_met(V, C, F, 3, exam) :- open, holds(V, C, leads_others), level(F, 3).",
}


@pytest.mark.parametrize("rules", RULES_OF_ALL_SORTS.values(), ids=RULES_OF_ALL_SORTS)
def test_rules_of_all_sorts(rules: str, tmp_path: Path) -> None:
    policy = small(tmp_path, rules)
    agrees(policy, small_crowd(policy) + SMALL_PEOPLE)


def test_the_small_category_is_sliced(tmp_path: Path) -> None:
    policy = small(tmp_path, "")
    same(policy, {}, small_crowd(policy))


@pytest.mark.parametrize(
    "name",
    [
        "a threshold by a name",
        "different numbers as atoms",
        "more than a number",
        "an attribute as it stands, further on",
        "what is confirmed",
        "led, and not a leader",
        "a level by one of another field",
        "no project that failed",
    ],
)
def test_rules_beside_those_of_customer_service(name: str, tmp_path: Path) -> None:
    agrees(other_rules(tmp_path, RULES_OF_ALL_SORTS[name]), OTHERS)


BLOCKED = {
    "an id": "names one id",
    "an id computed with": "computes with an id",
    "ids in order": "puts ids in order",
    "a number computed with": "computes with a number of the evidence",
    "numbers counted": "counts different numbers of the evidence",
    "numbers of two projects": "compares two numbers of the evidence",
    "numbers added": "does more than count",
    "a number of them taken up": "compares with something else than a number that rests on no evidence",
    "an external atom": "is no rule that derives one atom from others",
}


@pytest.mark.parametrize(("rules", "reason"), BLOCKED.items(), ids=BLOCKED)
def test_what_stands_in_the_way_is_told(rules: str, reason: str, tmp_path: Path) -> None:
    policy = other_rules(tmp_path, RULES_OF_ALL_SORTS[rules])
    notice = Worker(Recipe(policy, policy.in_force(), "jsonl")).notice
    assert notice is not None
    routes = tmp_path / "kb" / "customer_service" / "routes.lp"
    start = routes.read_text(encoding="utf-8").count("\n") - RULES_OF_ALL_SORTS[rules].count("\n")
    places = [f"{routes}:{line} {reason}" for line in range(start, start + RULES_OF_ALL_SORTS[rules].count("\n") + 1)]
    assert any(place in notice for place in places), notice


CLEAN = ("small/rules.lp", "experience(V, C, P, F, led), sought", "clean(V, C, P), experience(V, C, P, F, led), sought")
CLEAN_PROJECT = "clean(V, C, P) :- holds(V, C, project(P, F)),"
CLEANNESS = {
    "not part of a facility": "clean(V, C, P) :- holds(V, C, project(P, F)), not holds(V, C, partial_facility(P)).",
    "no failure": "clean(V, C, P) :- holds(V, C, project(P, F)), not holds(V, C, outcome(P, failure)).",
    "no outcome": "clean(V, C, P) :- holds(V, C, project(P, F)), not holds(V, C, outcome(P, _)).",
    "not without success": (
        "dirty(V, C, P) :- holds(V, C, project(P, F)), not holds(V, C, outcome(P, success)).\n"
        "clean(V, C, P) :- holds(V, C, project(P, F)), not dirty(V, C, P)."
    ),
    "neither of two": (
        "dirty(V, C, P) :- holds(V, C, project(P, F)), not holds(V, C, outcome(P, success)),\n"
        "    not holds(V, C, role(P, member)).\n"
        "clean(V, C, P) :- holds(V, C, project(P, F)), not dirty(V, C, P)."
    ),
    "few criteria": f"{CLEAN_PROJECT} #count {{ K : holds(V, C, complexity(P, K)) }} < 4.",
    "just two criteria": f"{CLEAN_PROJECT} #count {{ K : holds(V, C, complexity(P, K)) }} = 2.",
    "not many sites": (
        "many(V, C, P) :- holds(V, C, sites(P, N)), N >= 4.\n"
        "clean(V, C, P) :- holds(V, C, project(P, F)), not many(V, C, P)."
    ),
}


@pytest.mark.parametrize("rules", CLEANNESS.values(), ids=CLEANNESS)
def test_what_a_project_must_not_have(rules: str, tmp_path: Path) -> None:
    policy = small(tmp_path, rules, CLEAN)
    agrees(policy, small_crowd(policy) + SMALL_PEOPLE)


SPECIALTY = ("specialty, Area, specialty(F, Area, D)) :-", "specialty, {}, specialty(F, Area, D)) :-")
SUCCESSION = ("succession, (Item, Id), achievement(F, Item, Id)) :-", "succession, {}, achievement(F, Item, Id)) :-")
TWO = (
    "customer_service/clauses.lp",
    "sets((hardware; software), 3..5, specialty, required, 1).",
    "sets((hardware; software), 3..5, specialty, required, 2).",
)


@pytest.mark.parametrize("witness", ["(Area, D)", "D", "specialty(F, Area, D)", "F"])
def test_witnesses_of_other_sorts(witness: str, tmp_path: Path) -> None:
    old, new = SPECIALTY
    edit = ("customer_service/contributions.lp", old, new.format(witness))
    agrees(other_rules(tmp_path, "", edit, TWO), OTHERS)


@pytest.mark.parametrize("witness", ["Id", "Item", "achievement(F, Item, Id)"])
def test_pieces_counted_otherwise(witness: str, tmp_path: Path) -> None:
    old, new = SUCCESSION
    edit = ("customer_service/contributions.lp", old, new.format(witness))
    agrees(other_rules(tmp_path, "", edit), OTHERS, {"succession_count": "every_piece"})


def test_ids_counted_across_fields(tmp_path: Path) -> None:
    edit = (
        "customer_service/contributions.lp",
        "succession, (Item, Id), achievement(F, Item, Id)) :- holds(V, C, achievement(F, Item, Id)),",
        "succession, Id, achievement(G, Item, Id)) :- holds(V, C, achievement(G, Item, Id)), field(F, _),",
    )
    both = {
        "fields": {
            "hardware": {"achievements": pieces(("book", "p"), ("book", "q"))},
            "software": {"achievements": pieces(("book", "p"), ("patent", "q"))},
        }
    }
    agrees(other_rules(tmp_path, "", edit), OTHERS + people(both), {"succession_count": "every_piece"})


MET = "N <= #count { W : witness(V, C, F, L, K, W, _) }."


@pytest.mark.parametrize("bound", ["N <", "2 * N <=", "N + 2 <=", "N !=", "not N >", "0 <= N, N - 1 <"])
def test_criteria_met_otherwise(bound: str, tmp_path: Path) -> None:
    edits = [
        ("core/levels.lp", MET, MET.replace("N <=", bound)),
        ("customer_service/clauses.lp", "5, projects, required, 3).", "5, projects, required, 5)."),
    ]
    agrees(other_rules(tmp_path, "", *edits), OTHERS)


def test_verdicts_that_treat_views_differently(tmp_path: Path) -> None:
    edits = [
        (
            "core/levels.lp",
            "with_claims(V, W), reached(W, C, F, L), not",
            "with_claims(V, W), route_met(W, C, F, L, kpi), not",
        ),
        ("core/levels.lp", "    not reached(W, C, F, L).", "    not route_met(W, C, F, L, kpi)."),
    ]
    agrees(other_rules(tmp_path, "", *edits), OTHERS)


def test_the_highest_by_a_route(tmp_path: Path) -> None:
    edit = ("core/levels.lp", "reached(verified, C, F, L), not", "route_met(verified, C, F, L, kpi), not")
    agrees(other_rules(tmp_path, "", edit), OTHERS)


@pytest.mark.parametrize(
    "rules",
    [
        "{ open(C) } :- candidate(C).",
        "open(C); shut(C) :- candidate(C).",
        "open(C) :- stated(C, leads_others), not shut(C).\nshut(C) :- stated(C, leads_others), not open(C).",
        "open(C) :- holds(verified, C, leads_others), not open(C).",
        ":- holds(verified, C, leads_others).",
    ],
    ids=["choice", "disjunction", "two ways", "no way", "constraint"],
)
def test_a_policy_without_one_answer_decides_nobody(rules: str, tmp_path: Path) -> None:
    policy = other_rules(tmp_path, rules)
    leader = people({"leads_others": True})
    with pytest.raises(PolicyError, match="answer set"):
        expected(policy, policy.in_force(), leader)
    worker = Worker(Recipe(policy, policy.in_force(), "jsonl"))
    with pytest.raises(PolicyError, match="answer set"):
        worker.work(Block(0, "people", leader))


# Another category

LICENCE = """
criterion(licence, 2).
supplied_by(licence, certified).
sets(bread, (1; 2), licence, required, 1).
"""
LICENSED = "witness(V, C, F, L, licence, x, certified) :- holds(V, C, certified), clause(F, L, licence).\n"


def bakery(folder: Path, vocabulary: str, rules: str) -> Policy:
    kb = folder / "kb"
    shutil.copytree(Path(default_kb()) / "core", kb / "core")
    (kb / "baking").mkdir()
    files = dict(category.FILES)
    files["vocabulary.lp"] = f"{category.VOCABULARY}\n{vocabulary}"
    files["clauses.lp"] = f"{category.CLAUSES}\n{LICENCE}"
    files["wordings.lp"] = category.WORDINGS.replace("Baked {loaves} loaves of {grains} in {required} shifts.", "Bake.")
    files["rules.lp"] = f"{category.RULES.partition('route_met')[0]}\n{LICENSED}\n{rules}\n"
    for name, text in files.items():
        (kb / "baking" / name).write_text(text, encoding="utf-8")
    return Policy.load(kb=str(kb))


ROUTE = "route_met(V, C, bread, 2, certificate) :- subject(V, C), "
TRAINED = evidence("trained(X)", "one", "trained", "value(trained) trained", "value(trained, (yes; no)).")
TRAINED += "json_value(trained, yes, true). json_value(trained, no, false)."
YEARS = evidence("years(F, N)", "many", "years", "field field; number(years) years", "range(years, 0, 60).")
VISITS = evidence("visit(S, N)", "many", "visits", "of(shift) shift; number(visits) visits", "range(visits, 0, 60).")
SIZES = evidence(
    "size(S, W, N)",
    "many",
    "sizes",
    "of(shift) shift; value(what) what; number(much) much",
    "value(what, (big; small)). range(much, 0, 60).",
)
PRIZES = evidence(
    "prize(P, R, N, F)",
    "many",
    "prizes",
    "id id; value(rank) rank; number(sum) sum; field field",
    "value(rank, (gold; silver)). range(sum, 0, 1000).",
) + evidence("judge(P, J)", "many", "judges", "of(prize) prize; value(judge) judge", "value(judge, (local; national)).")
BAKING = {
    "nothing else": ("", ""),
    "levels that need others": ("", "needs_level(V, bread, 2, 1) :- view(V)."),
    "one item, true or false": (TRAINED, f"{ROUTE} holds(V, C, trained(no))."),
    "a key that is a word of Python": (
        TRAINED.replace("one, trained", "one, class"),
        f"{ROUTE} holds(V, C, trained(no)).",
    ),
    "a key that is no name": (
        TRAINED.replace("one, trained", 'one, "was trained"'),
        f"{ROUTE} holds(V, C, trained(no)).",
    ),
    "one number": (YEARS.replace("many", "one"), f"{ROUTE} holds(V, C, years(bread, N)), N > 3."),
    "many numbers": (YEARS, f"{ROUTE} holds(V, C, years(bread, N)), N > 3."),
    "numbers that are atoms": (YEARS, f"{ROUTE} 2 {{ holds(V, C, years(bread, N)) }}."),
    "numbers as they are stated": (YEARS, f"{ROUTE} 2 {{ stated(C, years(bread, _)) }}."),
    "numbers that differ": (YEARS, f"{ROUTE} holds(V, C, years(bread, N)), holds(V, C, years(bread, M)), M != N."),
    "numbers as attributes": (VISITS, f"{ROUTE} holds(V, C, visit(S, N)), N > 3."),
    "values with numbers": (SIZES, f"{ROUTE} holds(V, C, size(S, big, N)), N > 3."),
    "one value with a number": (SIZES.replace("many", "one"), f"{ROUTE} holds(V, C, size(S, big, N)), N > 3."),
    "items with values": (
        PRIZES,
        f"{ROUTE} holds(V, C, prize(P, gold, N, F)), N >= 10, holds(V, C, judge(P, national)).",
    ),
    "an id of two kinds of items": (PRIZES, f"{ROUTE} holds(V, C, prize(P, gold, N, F)), holds(V, C, shift(F, P))."),
    "evidence that no rule reads": (TRAINED.partition("stated")[0] + "value(trained, (yes; no)).", ""),
}


@pytest.mark.parametrize(("vocabulary", "rules"), BAKING.values(), ids=BAKING)
def test_another_category(vocabulary: str, rules: str, tmp_path: Path) -> None:
    policy = bakery(tmp_path, vocabulary, rules)
    data = People(policy.vocabulary, 9, (0, 1, 3, 4, 9, 10, 11, 99, 100, 101, 500)).lines(200)
    worker = agrees(policy, data)
    if not vocabulary:
        assert worker.notice is None


def test_a_category_as_small_as_can_be(tmp_path: Path) -> None:
    kb = tmp_path / "kb"
    shutil.copytree(Path(default_kb()) / "core", kb / "core")
    (kb / "baking").mkdir()
    for name, text in category.FILES.items():
        (kb / "baking" / name).write_text(text, encoding="utf-8")
    policy = Policy.load(kb=str(kb))
    same(policy, {}, People(policy.vocabulary, 10, (0, 99, 100, 101)).lines(200), sliced=False)


def test_too_many_numbers_are_too_many_facts(tmp_path: Path) -> None:
    policy = bakery(tmp_path, VISITS, f"{ROUTE} holds(V, C, visit(S, N)), N > 3.")
    shifts = [{"name": "s", "visits": [1] * number} for number in (9_000, 9_999, 10_000, 10_001)]
    some = people(*({"fields": {"bread": {"shifts": [shift]}}} for shift in shifts))
    agrees(policy, some.replace(b", ", b","))
