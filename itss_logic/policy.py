"""A policy: the rules of one job category, and the questions that can be put to them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from itss_logic.answers import Answer, Clause, Criterion, Reading, Result
from itss_logic.engine import Facts, Program, Source
from itss_logic.errors import Place, PolicyError, QuestionError
from itss_logic.evidence import Entry, Evidence
from itss_logic.terms import Fact, write
from itss_logic.vocabulary import Vocabulary

Key: TypeAlias = "tuple[str, int, str]"
"""Field, level and criterion of a clause."""

CHUNK_FACTS = 10_000
CHUNK_CANDIDATES = 200
"""How much evidence one `Control` gets at most, so that memory does not grow with the input."""


def default_kb() -> str:
    """The knowledge base that comes with the package: inside it when installed, beside it in a checkout."""
    package = os.path.dirname(os.path.abspath(__file__))
    inside = os.path.join(package, "kb")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "kb")


class Policy:
    """The policy of one job category. Make one with `Policy.load`.

    `digest` is that of every rule file that the category's `policy.lp` includes, and of `core`. `levels` are the
    fields and levels that have criteria, `options` the readings with their options, the default first.
    """

    def __init__(self, program: Program, declarations: Program, core: Sequence[Source]) -> None:
        self.program = program
        self.core = {os.path.basename(source.path): source for source in core}
        self.digest = _digest(dict.fromkeys([*program.sources, *core]))
        declared = self.declared = declarations.declarations()
        for name, arity in (("category", 1), ("field", 2), ("level", 2), ("evidence", 4)):
            if not declared(name, arity):
                raise PolicyError(f"the policy declares no {name}/{arity}")
        defects = [f"{what} {write(subject)}" for what, subject in declared("defect", 2)]
        if defects:
            raise PolicyError(f"the policy has defects: {'; '.join(defects)}")
        self.vocabulary = Vocabulary(declared, lambda: program.heads)
        self.fields = [str(f) for f in self.vocabulary.fields]
        self.levels: list[tuple[str, int]] = sorted(
            ((str(f), level) for f, level in declared("level", 2)), key=lambda row: (self.fields.index(row[0]), row[1])
        )
        self.routes = [str(route) for route, _ in sorted(declared("route", 2), key=lambda row: row[1])]
        options = sorted(declared("option", 3), key=lambda row: row[2])
        self.options: dict[str, tuple[str, ...]] = {
            str(name): tuple(str(o) for reading, o, _ in options if reading == name)
            for name, _ in sorted(declared("reading", 2), key=lambda row: row[1])
        }

    @classmethod
    def load(cls, category: str | None = None, kb: str | None = None) -> Policy:
        """Load the policy of a category from a knowledge base.

        Args:
            category: the folder of the category; may be left out where there is one only.
            kb: the folder with `core` and a folder for each category; by default the one that comes along.

        Raises:
            PolicyError: where there is no such category, or its rules cannot be used.
        """
        kb = kb or default_kb()
        known = sorted(name for name in os.listdir(kb) if os.path.isfile(os.path.join(kb, name, "policy.lp")))
        if category is None and len(known) == 1:
            category = known[0]
        if category not in known:
            asked = "name a category" if category is None else f"there is no category {category}"
            raise PolicyError(f"{asked}; {kb} has {', '.join(known) or 'none'}")
        folder, core = os.path.join(kb, category), os.path.join(kb, "core")
        return cls(
            Program(_included(folder, "policy.lp")),
            Program(_included(folder, "declarations.lp")),
            [_source(os.path.join(core, name)) for name in sorted(os.listdir(core)) if name.endswith(".lp")],
        )

    def read(
        self, *paths: str, input_format: str | None = None, warn: Callable[[str], None] = lambda message: None
    ) -> Iterator[Entry]:
        """Yield the candidates of files and folders, each as `Evidence` or `Refused`; see `reading.read_evidence`."""
        from itss_logic.reading import read_evidence

        return read_evidence(paths, self.vocabulary, input_format, warn)

    def entry(self, value: Any) -> Entry:
        """One candidate's evidence, or its refusal, from a Python value in the shape of JSON."""
        from itss_logic.shape import Shape

        return Shape.entry(value, self.vocabulary, Place("value", path="$"))

    def in_force(self, readings: Mapping[str, str] | None = None) -> dict[str, str]:
        """The option of every reading: the default, where `readings` does not name it.

        Raises:
            QuestionError: for a reading or an option that does not exist.
        """
        chosen = {name: options[0] for name, options in self.options.items()}
        for name, option in (readings or {}).items():
            if name not in self.options:
                raise QuestionError(f"there is no reading {name}; use one of {', '.join(self.options)}")
            if option not in self.options[name]:
                raise QuestionError(f"{name} has no option {option}; use one of {', '.join(self.options[name])}")
            chosen[name] = option
        return chosen

    def levels_of(self, field: str | None = None, level: int | None = None) -> list[tuple[str, int]]:
        """The levels that have criteria, of a field or of this number.

        Raises:
            QuestionError: where there are none.
        """
        if field is not None and field not in self.fields:
            raise QuestionError(f"there is no field {field}; use one of {', '.join(self.fields)}")
        found = [(f, n) for f, n in self.levels if field in (None, f) and level in (None, n)]
        if not found:
            defined = ", ".join(f"{f} {n}" for f, n in self.levels if field in (None, f))
            raise QuestionError(f"level {level} of {field or 'every field'} is undefined; these exist: {defined}")
        return found

    def evaluate(
        self,
        entries: Iterable[Evidence],
        readings: Mapping[str, str] | None = None,
        *,
        across: bool = False,
        criteria: bool = False,
    ) -> Iterator[Answer]:
        """Yield the verdicts on every level of every candidate, in order.

        Args:
            entries: the evidence of candidates.
            readings: the options that are to be in force instead of the defaults.
            across: whether to tell how each verdict depends on the readings.
            criteria: whether to tell how far each criterion is met.

        Raises:
            QuestionError: for a reading or an option that does not exist.
        """
        # The readings are looked at here and now, the evidence as the answers are asked for.
        return self._evaluate(entries, self.in_force(readings), across=across, criteria=criteria)

    def question(self, *names: str) -> Program:
        """The policy's rules with those of questions, files of `core`."""
        return Program([*self.program.sources, *(self.core[name] for name in names)])

    def _evaluate(
        self, entries: Iterable[Evidence], readings: dict[str, str], *, across: bool, criteria: bool
    ) -> Iterator[Answer]:
        verdicts = self.question("evaluate.lp", "checklist.lp") if criteria else self.question("evaluate.lp")
        hinge = self.question("across.lp")
        for chunk in chunks(entries):
            facts = Facts(chunk, readings)
            found = verdicts.solve(facts)
            dependence = hinge.solve_bravely(facts) if across else [None] * len(chunk)
            for evidence, atoms, hinges in zip(chunk, found, dependence, strict=True):
                yield self._answer(evidence, readings, _by_level(atoms), None if hinges is None else _by_level(hinges))

    def _answer(self, evidence: Evidence, readings: Mapping[str, str], atoms: Atoms, hinges: Atoms | None) -> Answer:
        results = tuple(
            self._result(level, atoms[level], None if hinges is None else hinges[level]) for level in self.levels
        )
        highest = {f: n for (f, n), about in atoms.items() if "highest" in about}
        return Answer(
            candidate=evidence.candidate,
            category=self.vocabulary.category,
            policy=self.digest,
            evidence=evidence.digest,
            readings=readings,
            highest={f: highest.get(f) for f in self.fields},
            results=results,
        )

    def _result(self, level: tuple[str, int], about: About, hinges: About | None) -> Result:
        across: str | None = None
        hinges_on: tuple[str, ...] = ()
        if hinges is not None:
            across = "none" if "reachable" not in hinges else "some" if "missable" in hinges else "all"
            turning = {reading for (reading,) in hinges.get("hinges", [])}
            hinges_on = tuple(reading for reading in self.options if reading in turning)
        routes = {route for (route,) in about.get("route_met", [])}
        criteria = [
            Criterion(name, self._wording((*level, name)), *counts) for name, *counts in about.get("checked", [])
        ]
        return Result(
            *level,
            verdict=str(about["verdict"][0][0]),
            routes=tuple(route for route in self.routes if route in routes),
            unmet=tuple(sorted(str(name) for (name,) in about.get("unmet", []))),
            across=across,
            hinges_on=hinges_on,
            criteria=tuple(sorted(criteria, key=lambda criterion: self._position(criterion.name))),
        )

    @cached_property
    def clauses(self) -> list[Clause]:
        """Every clause: by field and level, criteria first."""
        from fnmatch import fnmatchcase

        titles = self.vocabulary.titles
        sections = _grouped(self.declared("section", 4))
        open_to = _grouped(self.declared("open_to", 4))
        left = _grouped(self.declared("not_formalised", 4))
        rules = list(self._tagged_rules())
        clauses = []
        for key in self.declared("clause", 3):
            field, level, criterion = key
            id = f"{field}.{level}.{criterion}"
            clauses.append(
                Clause(
                    field,
                    level,
                    criterion,
                    wording=self._wording(key),
                    section=", ".join([f"{titles.get(field, field)}, level {level}", *sections.get(key, [])]),
                    parameters=self._parameters.get(key, {}),
                    readings=tuple(reading for reading in self.options if reading in open_to.get(key, [])),
                    not_formalised=tuple(left.get(key, [])),
                    rules=tuple(dict.fromkeys(place for pattern, place in rules if fnmatchcase(id, pattern))),
                )
            )
        return sorted(
            clauses, key=lambda c: (self.levels.index((c.field, c.level)), self._position(c.criterion), c.criterion)
        )

    def clause(self, id: str) -> Clause:
        """The clause of an id.

        Raises:
            QuestionError: where there is none; it names those that are near.
        """
        clauses = {clause.id: clause for clause in self.clauses}
        if id not in clauses:
            from difflib import get_close_matches

            near = get_close_matches(id, clauses) or list(clauses)[:3]
            raise QuestionError(f"there is no clause {id}; did you mean {' or '.join(near)}?")
        return clauses[id]

    @cached_property
    def readings(self) -> list[Reading]:
        """Every reading, in order."""
        questions: dict[str, str] = dict(self.declared("question", 2))
        return [
            Reading(name, questions.get(name, ""), options, tuple(c.id for c in self.clauses if name in c.readings))
            for name, options in self.options.items()
        ]

    @cached_property
    def _wordings(self) -> dict[Key, list[str]]:
        return _grouped(self.declared("wording", 4))

    @cached_property
    def _parameters(self) -> dict[Key, dict[str, Any]]:
        many = {name for (name,) in self.declared("many_valued", 1)}
        parameters: dict[Key, dict[str, Any]] = {}
        for field, level, criterion, name, value in self.declared("parameter", 5):
            _nest(parameters.setdefault((field, level, criterion), {}), name, value, many)
        return parameters

    @cached_property
    def _positions(self) -> dict[str, int]:
        return dict(self.declared("criterion", 2))

    def _position(self, criterion: str) -> int:
        return self._positions.get(criterion, len(self._positions) + 1)

    def _wording(self, key: Key) -> str:
        texts = self._wordings.get(key, [""])
        return _fill(texts[0], {"level": key[1], **self._parameters.get(key, {})})

    def _tagged_rules(self) -> Iterator[tuple[str, str]]:
        """The patterns of clause ids in brackets in comments, each with the place of the rules below it."""
        for source in self.program.sources:
            lines = source.text.splitlines()
            for number, line in enumerate(lines):
                if line.startswith("% "):
                    rule = next((n for n in range(number, len(lines)) if not lines[n].startswith("%")), number)
                    for tag in re.findall(r"\[([^]]+)\]", line):
                        yield from ((pattern.strip(), f"{source.name}:{rule + 1}") for pattern in tag.split(","))


About: TypeAlias = "dict[str, list[tuple[Any, ...]]]"
"""Atoms about one level of one candidate: the arguments after these, by predicate."""

Atoms: TypeAlias = "dict[tuple[str, int], About]"


def chunks(entries: Iterable[Evidence]) -> Iterator[list[Evidence]]:
    """Divide evidence into chunks that one `Control` can take."""
    chunk: list[Evidence] = []
    facts = 0
    for evidence in entries:
        chunk.append(evidence)
        facts += len(evidence.facts)
        if facts >= CHUNK_FACTS or len(chunk) >= CHUNK_CANDIDATES:
            yield chunk
            chunk, facts = [], 0
    if chunk:
        yield chunk


def _source(path: str) -> Source:
    try:
        with open(path, encoding="utf-8") as file:
            return Source(path, file.read())
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from None


def _included(folder: str, name: str) -> Iterator[Source]:
    """The rule files that an entry file includes."""
    for path in re.findall(r'(?m)^#include "(.+)"\.', _source(os.path.join(folder, name)).text):
        yield _source(os.path.normpath(os.path.join(folder, path)))


def _digest(sources: Iterable[Source]) -> str:
    """The digest of rule files, of their folders and names, and of the order in which they stand."""
    digest = hashlib.sha256()
    for source in sources:
        text = source.text.encode()
        digest.update(f"{source.name} {len(text)}\n".encode() + text)
    return f"sha256:{digest.hexdigest()}"


def _by_level(facts: Iterable[Fact]) -> Atoms:
    found: Atoms = {}
    for fact in facts:
        field, level, *rest = fact.arguments
        found.setdefault((field, level), {}).setdefault(fact.name, []).append(tuple(rest))  # type: ignore[arg-type]
    return found


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[Key, list[Any]]:
    """The last values of rows by those before."""
    found: dict[Key, list[Any]] = {}
    for field, level, criterion, value in rows:
        found.setdefault((field, level, criterion), []).append(value)
    return found


def _nest(parameters: dict[str, Any], name: Any, value: Any, many: set[str]) -> None:
    """Put a parameter under the path that its name is."""
    *path, last = map(str, name.arguments) if isinstance(name, Fact) else [str(name)]
    for part in path:
        parameters = parameters.setdefault(part, {})
    if last in many:
        parameters.setdefault(last, []).append(value)
    else:
        parameters[last] = value


def _fill(wording: str, parameters: Mapping[str, Any]) -> str:
    """A wording with the parameters that its placeholders name; a dot goes into nested ones."""

    def value(match: re.Match[str]) -> str:
        found: Any = parameters
        for part in match[1].split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise PolicyError(f"{match[0]} in a wording is no parameter of its clause: {wording}")
            found = found[part]
        return ", ".join(map(str, found)) if isinstance(found, list) else str(found)

    return re.sub(r"\{([a-z_.]+)\}", value, wording)
