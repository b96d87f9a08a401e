"""Plain clingo: the facts of many candidates, or of one, in one Control, with the project's rules or with others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from clingo import Control

from itss_logic import Policy
from peers import LEVELS

CHUNK = 1_000
POLICY = Path(__file__).with_name("policy.lp")
PLACES = {level: place for place, level in enumerate(LEVELS)}


def in_chunks(source: str, target: str) -> None:
    """Decide a thousand candidates at a time."""
    decide(source, target, *rules(), CHUNK)


def one_by_one(source: str, target: str) -> None:
    """Decide each candidate in a Control of its own."""
    decide(source, target, *rules(), 1)


def by_hand(source: str, target: str) -> None:
    """Decide a thousand candidates at a time by rules that are written for verdicts alone."""
    decide(source, target, POLICY.read_text(encoding="utf-8"), "", CHUNK)


def rules() -> tuple[str, str]:
    """The project's rules, and the readings as facts."""
    policy = Policy.load()
    selected = "".join(f"selected({reading},{option})." for reading, option in policy.in_force().items())
    return policy.question("evaluate.lp").text, selected


def decide(source: str, target: str, program: str, given: str, size: int) -> None:
    """Decide so many candidates at a time."""
    with open(source, "rb") as lines, open(target, "w", encoding="utf-8") as out:
        people = map(json.loads, lines)
        while chunk := list(islice(people, size)):
            text = "".join(fact for n, person in enumerate(chunk) for fact in facts(n, person))
            control = Control(["--warn=none"])
            control.add("base", [], program)
            control.add("base", [], given + text)
            control.ground([("base", [])])
            for person, verdicts in zip(chunk, decided(control, len(chunk)), strict=True):
                out.write(json.dumps({"candidate": person["candidate"], "verdicts": verdicts}) + "\n")


def decided(control: Control, number: int) -> list[list[str]]:
    """The verdicts on so many candidates. What else the question shows is looked at and left out."""
    found = [[""] * len(LEVELS) for _ in range(number)]
    with control.solve(yield_=True) as handle:
        model = handle.model()
        assert model is not None
        for symbol in model.symbols(shown=True):
            arguments = symbol.arguments
            if symbol.name == "verdict":
                place = PLACES[arguments[1].name, arguments[2].number]
                found[arguments[0].number][place] = arguments[3].name
    return found


def facts(c: int, person: dict[str, Any]) -> Iterator[str]:
    """A candidate's evidence as facts, with numbers for the candidate and for the ids."""
    yield f"candidate({c})."
    for value, more in spelled(person.get("exams", ()), "exam"):
        yield stated(f"passed_exam({c},{value})", more)
    leads = person.get("leads_others", False)
    if leads is not False:
        yield stated(f"leads_others({c})", {} if leads is True else leads)
    for value, more in spelled(person.get("develops_subordinates", ()), "means"):
        yield stated(f"develops_subordinates({c},{value})", more)
    ids: dict[str, int] = {}
    for f, field in person.get("fields", {}).items():
        for value, more in spelled(field.get("handles", ()), "component"):
            yield stated(f"handles({c},{f},{value})", more)
        for item in field.get("specialties", ()):
            yield stated(f"specialty({c},{f},{item['area']},{item['depth']})", item)
        for item in field.get("achievements", ()):
            number = ids.setdefault(item["id"], len(ids))
            yield stated(f"achievement({c},{f},{item['item']},{number})", item)
        for item in field.get("projects", ()):
            yield from project(f"{c},{ids.setdefault(item['id'], len(ids))}", f, item)


def project(p: str, f: str, item: dict[str, Any]) -> Iterator[str]:
    """A project and its attributes."""
    yield stated(f"project({p},{f})", item)
    if "role" in item:
        yield f"role({p},{item['role']})."
    if "success" in item:
        yield f"outcome({p},{'success' if item['success'] else 'failure'})."
    for key, name in (
        ("activities", "activity"),
        ("satisfies", "satisfies"),
        ("complexity", "complexity"),
        ("components", "component"),
    ):
        for value in item.get(key, ()):
            yield f"{name}({p},{value})."
    for assignment in item.get("assignments", ()):
        yield f"assignment({p},{assignment['to']},{assignment['coverage']})."
    for key, name in (("sites", "sites"), ("floor_area_m2", "floor_area"), ("network_sites", "network_sites")):
        if key in item:
            yield f"{name}({p},{item[key]})."
    if item.get("partial"):
        yield f"partial_facility({p})."


def spelled(values: Iterable[Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Items that are written as a word or as an object."""
    for value in values:
        yield (value, {}) if isinstance(value, str) else (value[key], value)


def stated(fact: str, item: dict[str, Any]) -> str:
    """An item, verified or claimed."""
    return f"claimed({fact})." if item.get("status") == "claimed" else f"{fact}."
