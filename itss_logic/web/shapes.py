"""The shapes of what the API answers, for its description; the answers are made as those of the commands are."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal["attained", "deemed", "pending", "not_attained"]
Digest = Field(pattern="^sha256:[0-9a-f]{64}$")


class Shape(BaseModel):
    """An object with these members and no others."""

    model_config = ConfigDict(extra="forbid")


class RefusalShape(Shape):
    """Why evidence, or an edit to it, is refused."""

    code: str
    candidate: str | None
    file: str
    line: int | None
    column: int | None
    path: str | None
    message: str
    mend: str


class ErrorShape(Shape):
    """Why there is no answer; with what is wrong with evidence or edits, where that is why."""

    error: str
    refusals: list[RefusalShape]


class CheckShape(Shape):
    """What `itss check` prints."""

    candidates: int
    refusals: list[RefusalShape]


class ResultShape(Shape):
    """The verdict on a level."""

    field: str
    level: int
    verdict: Verdict
    routes: list[str]
    unmet: list[str]
    across: Literal["all", "some", "none"] = "all"
    hinges_on: list[str] = []


class AnswerShape(Shape):
    """The verdicts on a candidate."""

    candidate: str
    category: str
    policy: str = Digest
    evidence: str = Digest
    readings: dict[str, str]
    highest: dict[str, int | None]
    results: list[ResultShape]


class EvaluatedShape(Shape):
    """The verdicts on all in a body of evidence who are not refused, and all refusals."""

    answers: list[AnswerShape]
    refusals: list[RefusalShape]


class CriterionShape(Shape):
    """How far a criterion is met; with `all` every smallest set of missing facts, otherwise the first."""

    criterion: str
    clause: str
    met: bool
    required: int
    found: int
    evidence: list[str]
    missing: list[str] | list[list[str]]


class ElsewhereShape(Shape):
    """The verdict under another option of a reading."""

    reading: str
    option: str
    verdict: Verdict
    unmet: list[str]


class WhyShape(Shape):
    """What `itss why` prints; `optimal` stands there only where the time ran out, and is false."""

    candidate: str
    field: str
    level: int
    verdict: Verdict
    routes: list[str]
    readings: dict[str, str]
    criteria: list[CriterionShape]
    support: list[str] | list[list[str]]
    optimal: Literal[False] = False
    across: Literal["all", "some", "none"] = "all"
    hinges_on: list[str] = []
    elsewhere: list[ElsewhereShape] = []


class CertificateShape(Shape):
    """What `itss certify` prints; `optimal` stands there only where the time ran out, and is false."""

    certificate: list[str]
    size: int
    margin: int | None
    load_bearing: list[str]
    optimal: Literal[False] = False


class PlanShape(Shape):
    """A way to a level."""

    cost: int
    confirm: list[str]
    add: list[str]


class PlansShape(Shape):
    """What `itss plan` prints; `because` stands there only where there is no plan."""

    plans: list[PlanShape]
    optimal: bool
    because: list[str] = []


class FlipShape(Shape):
    """A verdict that changes."""

    candidate: str
    field: str
    level: int
    before: Verdict
    after: Verdict


class WhatIfShape(Shape):
    """What `itss whatif` prints."""

    before: list[AnswerShape]
    after: list[AnswerShape]
    changes: list[FlipShape]


class AttributedShape(FlipShape):
    """A verdict that changes, and because of which changes."""

    because: list[str]


Counts = dict[str, dict[str, dict[Verdict, int]]]


class CountsShape(Shape):
    """How many have which verdict, by field, level and verdict."""

    before: Counts
    after: Counts


class ImpactShape(Shape):
    """What `itss impact` prints."""

    counts: CountsShape
    flips: list[AttributedShape]


class VerdictShape(Shape):
    """The verdict on a level, and nothing beside it."""

    field: str
    level: int
    verdict: Verdict


class RowShape(Shape):
    """A candidate on the list; `hinges_on` is null until it is known."""

    candidate: str
    highest: dict[str, int | None]
    verdicts: list[VerdictShape]
    hinges_on: list[str] | None


class PageShape(Shape):
    """A page of the list of candidates; `hinges_known` tells of how many on file it is known what they hinge on."""

    candidates: list[RowShape]
    total: int
    page: int
    pages: int
    hinges_known: int


class ClauseShape(Shape):
    """A clause; `before` are its parameters before a policy change, where there is one."""

    clause: str
    field: str
    level: int
    criterion: str
    wording: str
    section: str
    parameters: dict[str, Any]
    readings: list[str]
    rules: list[str]
    not_formalised: list[str]
    before: dict[str, Any] = {}


class ReadingShape(Shape):
    """A reading with its options, the default first."""

    reading: str
    question: str
    options: list[str]
    clauses: list[str]


class PolicyShape(Shape):
    """What `itss policy show` prints."""

    category: str
    policy: str = Digest
    clauses: list[ClauseShape]
    readings: list[ReadingShape]
