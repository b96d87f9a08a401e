"""msgspec: the same lines decoded into structs of the evidence's shape, and nothing done with them."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["verified", "claimed"]


class Stated(msgspec.Struct):
    """What any item may say beside what it is."""

    status: Status = "verified"
    source: str | None = None


class Exam(Stated, kw_only=True):
    """An exam that was passed."""

    exam: str


class Means(Stated, kw_only=True):
    """How subordinates are developed."""

    means: str


class Component(Stated, kw_only=True):
    """A component area."""

    component: str


class Specialty(Stated, kw_only=True):
    """A specialty."""

    area: str
    depth: str


class Achievement(Stated, kw_only=True):
    """A piece of work by which expertise is passed on."""

    item: str
    id: str


class Assignment(msgspec.Struct):
    """To whom a project is assigned."""

    to: str
    coverage: str


class Project(Stated, kw_only=True):
    """A project."""

    id: str
    role: str | None = None
    success: bool | None = None
    activities: list[str] = []
    satisfies: list[str] = []
    complexity: list[str] = []
    components: list[str] = []
    assignments: list[Assignment] = []
    sites: int | None = None
    floor_area_m2: int | None = None
    network_sites: int | None = None
    partial: bool = False


class Field(msgspec.Struct):
    """What stands on file for a field."""

    handles: list[str | Component] = []
    specialties: list[Specialty] = []
    achievements: list[Achievement] = []
    projects: list[Project] = []


class Fields(msgspec.Struct):
    """The fields."""

    hardware: Field | None = None
    software: Field | None = None
    facility_management: Field | None = None


class Candidate(msgspec.Struct):
    """A line."""

    candidate: str
    exams: list[str | Exam] = []
    leads_others: bool | Stated = False
    develops_subordinates: list[str | Means] = []
    fields: Fields | None = None


def run(source: str, target: str) -> None:
    """Decode each line, and count them."""
    decode = msgspec.json.Decoder(Candidate).decode
    number = 0
    with open(source, "rb") as lines:
        for line in lines:
            decode(line)
            number += 1
    with open(target, "w", encoding="utf-8") as out:
        out.write(f"{number}\n")
