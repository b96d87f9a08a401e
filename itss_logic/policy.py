"""A policy: the rules of one job category, and the questions that can be put to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from itss_logic.answers import Answer, Clause, Reading
from itss_logic.engine import Program, Source
from itss_logic.errors import Place, PolicyError, QuestionError
from itss_logic.evaluation import evaluate
from itss_logic.evidence import Entry, Evidence
from itss_logic.rule_files import core_of, default_kb, digest_of, included
from itss_logic.terms import write
from itss_logic.vocabulary import Vocabulary

if TYPE_CHECKING:
    from itss_logic.changes import Change
    from itss_logic.costs import Costs
    from itss_logic.explain import Explainer
    from itss_logic.explanations import Certificate, Plans, Why
    from itss_logic.words import Words

TIMEOUT = 30.0
"""Seconds that an explanation may take."""


class Policy:
    """The policy of one job category. Make one with `Policy.load`.

    `digest` is that of every rule file that the category's `policy.lp` includes, of `core`, and of policy changes.
    `levels` are the fields and levels that have criteria, `options` the readings with their options, the default first.
    `changes` are those of a policy that `changed` made, `unchanged` is the one that it was made of.
    """

    def __init__(
        self, program: Program, declarations: Program, core: Sequence[Source], choosing: Sequence[Source] = ()
    ) -> None:
        self.program, self.declarations, self.choosing = program, declarations, choosing
        self.changes: tuple[Change, ...] = ()
        self.unchanged = self
        self.core = {os.path.basename(source.path): source for source in core}
        words = set(declarations.sources) - set(program.sources)
        self.digest = digest_of(
            source for source in dict.fromkeys([*program.sources, *core, *choosing]) if source not in words
        )
        self._words: dict[str, Words] = {}
        self._explainers: dict[tuple[str, ...], Explainer] = {}
        declared = self.declared = declarations.declarations()
        for name, arity in (("category", 1), ("field", 2), ("level", 2), ("evidence", 4), ("language", 2)):
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

    def __reduce__(self) -> tuple[Any, ...]:
        """What a process that gets the policy makes it of again: the rule files as they were read, and the changes."""
        base = self.unchanged
        sources = (base.program.sources, base.declarations.sources, tuple(base.core.values()), tuple(base.choosing))
        return _revived, (*sources, self.changes)

    @classmethod
    def load(cls, category: str | None = None, kb: str | None = None) -> Policy:
        """Load the policy of a category from a knowledge base.

        Args:
            category: the folder of the category; may be left out where there is one only.
            kb: the folder with `core` and a folder for each category; by default the one that comes along.

        Raises:
            PolicyError: where there is no such category, or its rules cannot be used.
        """
        kb = os.path.normpath(kb or default_kb())
        known = sorted(name for name in os.listdir(kb) if os.path.isfile(os.path.join(kb, name, "policy.lp")))
        if category is None and len(known) == 1:
            category = known[0]
        if category not in known:
            asked = "name a category" if category is None else f"there is no category {category}"
            raise PolicyError(f"{asked}; {kb} has {', '.join(known) or 'none'}")
        folder = os.path.join(kb, category)
        return cls(
            Program(included(folder, "policy.lp")),
            Program(included(folder, "declarations.lp")),
            core_of(kb),
            list(included(folder, "explain.lp")),
        )

    @cached_property
    def folder(self) -> str:
        """The folder of the category: that of its rules, and of what is known about it beside them."""
        core = {os.path.dirname(source.path) for source in self.core.values()}
        folders = (os.path.dirname(source.path) for source in self.unchanged.program.sources)
        return next(folder for folder in folders if folder not in core)

    def changed(self, changes: Iterable[Change]) -> Policy:
        """The same policy with other parameters of clauses; see `changes.read_changes`. What is as it was is no change.

        Raises:
            QuestionError: where two changes put different values in one place.
        """
        from itss_logic.changes import effective, merged, overlay

        together = tuple(effective(merged([*self.changes, *changes]), self.unchanged))
        if not together:
            return self.unchanged
        base, beside = self.unchanged, overlay(together)
        policy = Policy(
            Program([*base.program.sources, beside]),
            Program([*base.declarations.sources, beside]),
            list(base.core.values()),
            base.choosing,
        )
        policy.changes, policy.unchanged = together, base
        return policy

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
        return evaluate(self, entries, self.in_force(readings), across=across, criteria=criteria)

    def question(self, *names: str, choosing: bool = False) -> Program:
        """The policy's rules with those of questions, files of `core`; and what it takes to choose evidence."""
        sources = [*self.program.sources, *(self.choosing if choosing else ())]
        return Program([*sources, *(self.core[name] for name in names)])

    def why(
        self,
        evidence: Evidence,
        field: str,
        level: int,
        readings: Mapping[str, str] | None = None,
        *,
        all: bool = False,
        maximum: int = 20,
        timeout: float = TIMEOUT,
    ) -> Why:
        """Why a candidate has a level or not: what counts, what is missing, and what the verdict rests on.

        Args:
            evidence: what is on file for the candidate.
            field: a field of the policy.
            level: a level of the field.
            readings: the options that are to be in force instead of the defaults.
            all: whether to give every smallest support and set of missing facts instead of the first.
            maximum: how many of these to give at most.
            timeout: seconds after which the best found so far is given.

        Raises:
            QuestionError: for a level, a reading or an option that does not exist.
            SelfCheckError: where the policy's own rules do not confirm the answer.
        """
        self.levels_of(field, level)
        limit = maximum if all else None
        return self._explainer(readings).why(evidence, (field, level), limit=limit, seconds=timeout)

    def certify(
        self,
        evidence: Evidence,
        field: str,
        level: int,
        readings: Mapping[str, str] | None = None,
        *,
        costs: Costs | None = None,
        timeout: float = TIMEOUT,
    ) -> Certificate:
        """What to verify to be sure that a candidate has a level, and how much of it may fall.

        Args:
            evidence: what is on file for the candidate.
            field: a field of the policy.
            level: a level of the field.
            readings: the options that are to be in force instead of the defaults.
            costs: what it costs to check facts; 1 each without.
            timeout: seconds after which the best found so far is given.

        Raises:
            QuestionError: for a level, a reading or an option that does not exist, or a level that is not attained.
            SelfCheckError: where the policy's own rules do not confirm the answer.
        """
        self.levels_of(field, level)
        prices = costs.prices(evidence) if costs else {}
        return self._explainer(readings).certify(evidence, (field, level), prices=prices, seconds=timeout)

    def plan(
        self,
        evidence: Evidence,
        field: str,
        level: int,
        readings: Mapping[str, str] | None = None,
        *,
        costs: Costs | None = None,
        maximum: int = 5,
        timeout: float = TIMEOUT,
    ) -> Plans:
        """The cheapest ways to have a level attained or deemed: claims to confirm and facts to add.

        Args:
            evidence: what is on file for the candidate.
            field: a field of the policy.
            level: a level of the field.
            readings: the options that are to be in force instead of the defaults.
            costs: what facts cost, 1 each without, and which a plan may have.
            maximum: how many plans to give at most.
            timeout: seconds after which those found by then are given.

        Raises:
            QuestionError: for a level, a reading or an option that does not exist.
            SelfCheckError: where the policy's own rules do not confirm a plan.
        """
        from itss_logic.costs import Costs

        self.levels_of(field, level)
        planner = self._explainer(readings).planner
        return planner.plan(evidence, (field, level), costs or Costs([]), maximum=maximum, seconds=timeout)

    def _explainer(self, readings: Mapping[str, str] | None) -> Explainer:
        from itss_logic.explain import Explainer

        chosen = self.in_force(readings)
        key = tuple(chosen.values())
        if key not in self._explainers:
            self._explainers[key] = Explainer(self, chosen)
        return self._explainers[key]

    @cached_property
    def supplies(self) -> dict[str, list[str]]:
        """The items that supply witnesses of each criterion."""
        supplies: dict[str, list[str]] = {}
        for criterion, item in self.declared("supplied_by", 2):
            supplies.setdefault(criterion, []).append(item)
        return supplies

    @cached_property
    def clauses(self) -> list[Clause]:
        """Every clause: by field and level, criteria first."""
        from itss_logic.clauses import clauses

        found = clauses(self)
        if not self.changes:
            return found
        changed = {change.id for change in self.changes}
        return [c._replace(before=self.unchanged.clause(c.id).parameters) if c.id in changed else c for c in found]

    def clause(self, id: str) -> Clause:
        """The clause of an id.

        Raises:
            QuestionError: where there is none; it names those that are near.
        """
        if id not in self._clauses:
            from difflib import get_close_matches

            near = get_close_matches(id, self._clauses) or list(self._clauses)[:3]
            raise QuestionError(f"there is no clause {id}; did you mean {' or '.join(near)}?")
        return self._clauses[id]

    @cached_property
    def _clauses(self) -> dict[str, Clause]:
        return {clause.id: clause for clause in self.clauses}

    @cached_property
    def readings(self) -> list[Reading]:
        """Every reading, in order."""
        return [
            Reading(name, self.words().question(name), options, tuple(c.id for c in self.clauses if name in c.readings))
            for name, options in self.options.items()
        ]

    def as_json(self) -> dict[str, Any]:
        """The policy as `itss policy show --format json` prints it."""
        return {
            "category": self.vocabulary.category,
            "policy": self.digest,
            "clauses": [clause.as_json() for clause in self.clauses],
            "readings": [reading.as_json() for reading in self.readings],
        }

    @cached_property
    def languages(self) -> list[str]:
        """The languages that the policy speaks, the default first."""
        return [str(language) for language, _ in sorted(self.declared("language", 2), key=lambda row: row[1])]

    def words(self, language: str | None = None) -> Words:
        """The words of the policy in a language, by default its first.

        Raises:
            QuestionError: for a language that it does not speak.
        """
        from itss_logic.words import Words

        chosen = language or self.languages[0]
        if chosen not in self.languages:
            raise QuestionError(f"there are no words in {chosen}; use one of {', '.join(self.languages)}")
        if chosen not in self._words:
            self._words[chosen] = Words(self.declared, chosen)
        return self._words[chosen]

    def position(self, criterion: str) -> int:
        """The place of a criterion in every list; last, where it has none of its own."""
        return self.words().position(criterion)


def _revived(
    program: Sequence[Source],
    declarations: Sequence[Source],
    core: Sequence[Source],
    choosing: Sequence[Source],
    changes: Sequence[Change],
) -> Policy:
    """The policy of rule files that were read, and of changes."""
    return Policy(Program(program), Program(declarations), core, choosing).changed(changes)
