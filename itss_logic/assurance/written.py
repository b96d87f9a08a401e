"""One case as it is written: what it says, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itss_logic.answers import VERDICTS
from itss_logic.assurance.anchors import Placed
from itss_logic.assurance.cases import (
    CASE,
    CLAUSES,
    EVIDENCE,
    FAULTY,
    OF_UNKNOWN_CLAUSE,
    POLICY_CHANGE,
    READINGS,
    WITHOUT_CLAUSE,
    Case,
    Expectation,
    Fault,
)
from itss_logic.changes import FORM, Change, changes_of, merged
from itss_logic.documents import Value
from itss_logic.errors import Place, QuestionError, shorten
from itss_logic.evidence import Evidence, innermost
from itss_logic.shape import Shape
from itss_logic.vocabulary import CANDIDATE, SOURCE

if TYPE_CHECKING:
    from itss_logic.policy import Policy
    from itss_logic.terms import Fact

MET, UNMET, VERDICTS_OF, ROUTES, HIGHEST, REASONS = "met", "unmet", "verdicts", "routes", "highest", "reasons"
REQUIRED = (CASE, CLAUSES, EVIDENCE)
EXPECTING = (MET, UNMET, VERDICTS_OF, ROUTES, HIGHEST, REASONS)
KEYS = (*REQUIRED, READINGS, POLICY_CHANGE, *EXPECTING)

NUMBERS, SETS = ("required", "found"), ("evidence", "missing")
SUPPORT = "support"


class Reader:
    """Reads a case of a file; `faults` are what is wrong with it."""

    def __init__(self, policy: Policy, path: str, start: int, nameless: str) -> None:
        self.policy, self.path, self.start, self.nameless = policy, path, start, nameless
        self.ids = {clause.id: clause for clause in policy.clauses}
        self.levels = {f"{field}.{level}": (field, level) for field, level in policy.levels}
        self.faults: list[Fault] = []
        self.lines: Mapping[str, int] = {}
        self.within: int | None = None
        """The line of what is looked at within a key."""

    def case(self, value: Value, repeated: Sequence[Fault]) -> Case:
        """The case that a value is; one with keys that stand twice is not looked at further."""
        name = value.get(CASE) if isinstance(value, Placed) else None
        case = Case(name if isinstance(name, str) and name else self.nameless, self.path, self.start)
        if not isinstance(value, Placed):
            self._fault("", "a case is a mapping", f"write {', '.join(REQUIRED)} and what is expected")
        elif repeated:
            self.faults += repeated
        else:
            self.lines = value.lines
            case = self._read(case, value)
        return case._replace(faults=tuple(self.faults))

    def _fault(self, key: str, message: str, mend: str, code: str = FAULTY) -> None:
        line = self.within or self.lines.get(key, self.start)
        self.faults.append(Fault(Place(self.path, line), message, mend, code))

    def _read(self, case: Case, value: Placed) -> Case:
        for key in REQUIRED:
            if key not in value:
                self._fault("", f"{key} is missing", "add it", WITHOUT_CLAUSE if key == CLAUSES else FAULTY)
        for key in value:
            if key not in KEYS and key in value.lines:
                self._fault(key, f"{shorten(key)} is no key of a case", f"use one of {', '.join(KEYS)}")
        if CASE in value and (not isinstance(value[CASE], str) or not value[CASE]):
            self._fault(CASE, "the name is no text", "write a short sentence that says what is shown")
        if not any(value.get(key) for key in EXPECTING):
            self._fault("", "it expects nothing", f"write at least one of {', '.join(EXPECTING)}")
        return case._replace(
            clauses=tuple(self._clauses(value)),
            readings=self._readings(value.get(READINGS)),
            changes=self._changes(value.get(POLICY_CHANGE)),
            evidence=self._evidence(value[EVIDENCE]) if EVIDENCE in value else None,
            expectations=tuple(self._expectations(value)),
            reasons=tuple(self._reasons(value)),
        )

    def _clauses(self, value: Placed) -> Iterator[str]:
        found = list(self._list(CLAUSES, value.get(CLAUSES, ["?"])))
        if value.get(CLAUSES) == []:
            self._fault(CLAUSES, "it is about no clause", "name the clauses that it shows", WITHOUT_CLAUSE)
        for id in found if CLAUSES in value else ():
            self._is_clause(CLAUSES, id, OF_UNKNOWN_CLAUSE)
            yield id

    def _list(self, key: str, value: Value) -> Iterator[str]:
        """The texts of a list."""
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            yield from map(str, value)
        else:
            self._fault(key, f"{key} is no list of names", f"write {key}: [NAME]")

    def _mapping(self, key: str, value: Value) -> Iterator[tuple[str, Value]]:
        if isinstance(value, Placed):
            for name, one in value.items():
                self.within = value.lines.get(name)
                yield name, one
            self.within = None
        else:
            self._fault(key, f"{key} is no mapping", f"write {key}: {{NAME: VALUE}}")

    def _is_clause(self, key: str, id: str, code: str = FAULTY) -> bool:
        if id in self.ids:
            return True
        from difflib import get_close_matches

        near = get_close_matches(id, self.ids) or list(self.ids)[:3]
        self._fault(key, f"there is no clause {shorten(id)}", f"use a clause such as {' or '.join(near)}", code)
        return False

    def _is_known(self, key: str, what: str, name: Value, known: Iterable[str]) -> bool:
        if isinstance(name, str) and name in known:
            return True
        self._fault(key, f"there is no {what} {shorten(str(name))}", f"use one of {', '.join(known)}")
        return False

    def _readings(self, value: Value) -> Mapping[str, str]:
        chosen = {} if value is None else dict(self._mapping(READINGS, value))
        try:
            self.policy.in_force(chosen)  # type: ignore[arg-type]
        except QuestionError as error:
            message, _, mend = str(error).partition("; ")
            self._fault(READINGS, message, mend or "write NAME: OPTION")
            return {}
        return chosen  # type: ignore[return-value]

    def _changes(self, value: Value) -> tuple[Change, ...]:
        if value is None:
            return ()
        if not isinstance(value, Placed):
            self._fault(POLICY_CHANGE, f"{POLICY_CHANGE} is no mapping", FORM)
            return ()
        try:
            return merged(changes_of(value, self.policy, POLICY_CHANGE))
        except QuestionError as error:
            message, _, mend = str(error).partition("; ")
            self._fault(POLICY_CHANGE, message, mend or FORM)
            return ()

    def _evidence(self, value: Value) -> Evidence | None:
        place = Place(self.path, self.lines.get(EVIDENCE, self.start), path="$")
        entry = Shape.entry(value, self.policy.vocabulary, place)
        if isinstance(entry, Evidence):
            return entry
        for refusal in entry.refusals:
            message = f"{EVIDENCE} {refusal.place.path}: {refusal.code}: {refusal.message}"
            self.faults.append(Fault(refusal.place._replace(path=None), message, refusal.mend))
        return None

    def _expectations(self, value: Placed) -> Iterator[Expectation]:
        for key in (MET, UNMET):
            for id in self._list(key, value.get(key, [])):
                if self._is_clause(key, id):
                    clause = self.ids[id]
                    yield Expectation("met", clause.field, clause.level, clause.criterion, key)
        for key, part, is_sound in ((VERDICTS_OF, "verdict", self._is_verdict), (ROUTES, ROUTES, self._is_route)):
            yield from self._of_levels(value, key, part, is_sound)
        for field, level in self._mapping(HIGHEST, value.get(HIGHEST, Placed([], 0, {}))):
            if self._is_known(HIGHEST, "field", field, self.policy.fields) and (
                level is None or self._is_known(HIGHEST, "level", f"{field}.{level}", self.levels)
            ):
                yield Expectation("highest", field, None, None, level)

    def _of_levels(
        self, value: Placed, key: str, part: str, is_sound: Callable[[Value], bool]
    ) -> Iterator[Expectation]:
        for name, one in self._mapping(key, value.get(key, Placed([], 0, {}))):
            if self._is_known(key, "level", name, self.levels) and is_sound(one):
                yield Expectation(part, *self.levels[name], None, one)

    def _is_verdict(self, value: Value) -> bool:
        return self._is_known(VERDICTS_OF, "verdict", value, VERDICTS)

    def _is_route(self, value: Value) -> bool:
        if isinstance(value, list):
            return all(self._is_known(ROUTES, "route", one, self.policy.routes) for one in value)
        self._fault(ROUTES, "the routes are no list", "write [ROUTE], or [] for none")
        return False

    def _reasons(self, value: Placed) -> Iterator[Expectation]:
        for name, parts in self._mapping(REASONS, value.get(REASONS, Placed([], 0, {}))):
            if name in self.levels:
                yield from self._parts(name, parts, (*self.levels[name], None), (SUPPORT,))
            elif self._is_clause(REASONS, name):
                clause = self.ids[name]
                key = (clause.field, clause.level, clause.criterion)
                yield from self._parts(name, parts, key, (*NUMBERS, *SETS))

    def _parts(
        self, name: str, value: Value, key: tuple[str, int, str | None], allowed: Sequence[str]
    ) -> Iterator[Expectation]:
        for part, one in self._mapping(REASONS, value):
            if self._is_known(REASONS, f"part of the reasons for {name},", part, allowed):
                sound = self._number(part, one) if part in NUMBERS else self._facts(part, one)
                if sound is not None:
                    yield Expectation(part, *key, sound)

    def _number(self, part: str, value: Value) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._fault(REASONS, f"{part} is no number", f"write {part}: 1")
        return None

    def _facts(self, part: str, value: Value) -> frozenset[str] | None:
        """The facts of a list, as they are written everywhere."""
        found = [self._fact(text) for text in self._list(REASONS, value)]
        return None if None in found else frozenset(map(str, found))

    def _fact(self, text: str) -> Fact | None:
        from itss_logic.facts import FactError, parse

        errors: list[FactError] = []
        facts = [one.fact for one in parse(f"{text.strip().removesuffix('.')}.", errors.append)]
        for error in errors:
            self._fault(REASONS, f"{shorten(text)}: {error.message}", error.mend)
        if errors or len(facts) != 1:
            return None
        subject = innermost(facts[0])
        problem = None if subject.name in (CANDIDATE, SOURCE) else self.policy.vocabulary.problem_with_name(subject)
        if problem is not None:
            self._fault(REASONS, f"{shorten(text)}: {problem.message}", problem.mend)
            return None
        return facts[0]


def told(value: Any) -> str:
    """An expected value, or one that was found, as people read it."""
    if isinstance(value, (list, tuple, frozenset)):
        return ", ".join(sorted(value) if isinstance(value, frozenset) else map(str, value)) or "none"
    return "none" if value is None else str(value).replace("_", " ")
