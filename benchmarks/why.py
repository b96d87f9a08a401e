"""How long `why` takes to explain a verdict in a warm process, beside xclingo explaining the same one.

    pip install xclingo
    python benchmarks/why.py EVIDENCE [--candidates 200]

xclingo is needed for the peer only; the project does not depend on it. Each candidate brings one question: the highest
level attained in any field, where there is one; and for the row of what is not attained, one of those levels, by turns.
All that is asked about one level attained is timed in the same round, and who begins changes from round to round.
Prints medians, and what `why` takes divided by what xclingo takes: the ratio of the medians, and the median of the
ratios of the rounds.

What is timed of `why`, `certify`: one call for evidence that was read before, and `as_json` of its answer; of
`evaluate`, the answer on all levels. What is timed of xclingo, on the rules in peers/xclingo and the candidate's facts
(verified ones alone, without sources), both of them text that was made before: a new `XclingoControl`, `add`, `ground`,
`solve`, and the tree of the first explanation of the level asked for, the only one it derives. In the second row of
xclingo its translation of the rules, which is most of its time, was made before as well, and it translates the facts.
Exits with a message where xclingo's explanation is not of the verdict asked for, or `why` tells another verdict.

Two people with 200 projects come last, in seconds: one whose projects fall short of hardware 5 each in its own way, and
one who attains it.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from clingo import Control

from itss_logic import Evidence, Policy
from itss_logic.explanations import Certificate, Why
from itss_logic.terms import Constant, Fact

RULES = Path(__file__).parent / "peers" / "xclingo" / "customer_service.lp"

COMPLEXITY = ("multi_platform", "multi_vendor", "emerging_technology", "mission_critical", "nationwide")
ASSIGNMENTS = (("users", "wide_area"), ("users", "equivalent"), ("service_team", "wide_area"))
LACKS = ("role", "success", "activities", "satisfies", "complexity", "assignments")


class Question(NamedTuple):
    """One candidate and a level to explain, also as xclingo gets it."""

    evidence: Evidence
    field: str
    level: int
    verdict: str

    @property
    def facts(self) -> str:
        """The verified facts and the level asked for, as text."""
        verified = (f"{fact}.\n" for fact in self.evidence.facts if fact.name not in ("claimed", "source"))
        return f"{''.join(verified)}asked({self.field},{self.level}).\n"


class Xclingo:
    """xclingo with its rules: text that was read once."""

    def __init__(self, rules: str) -> None:
        try:
            self.control: Any = importlib.import_module("xclingo").XclingoControl
            self.pipeline: Any = importlib.import_module("xclingo.preprocessor").DefaultExplainingPipeline()
        except ImportError:
            sys.exit("this benchmark needs its peer: pip install xclingo")
        self.rules = rules
        self.translation: str = self.pipeline.translate("base", rules)

    def explain(self, facts: str) -> list[tuple[str, str]]:
        """What is explained, with the tree of its first explanation."""
        control = self.control(["1"], n_explanations="1")
        control.add("base", [], self.rules + facts)
        return self._trees(control)

    def explain_translated(self, facts: str) -> list[tuple[str, str]]:
        """The same, with the rules as they were translated once."""
        control = self.control(["1"], n_explanations="1", explaining_preprocessor_pipeline=self.pipeline)
        Control.add(control, "base", [], self.rules)
        control.extend_explainer("base", [], self.translation)
        control.add("base", [], facts)
        return self._trees(control)

    def _trees(self, control: Any) -> list[tuple[str, str]]:
        control.ground([("base", [])])
        return [
            (str(atom), graph.explain(atom).ascii_tree())
            for model in control.solve()
            for graph in model.explain_model()
            for atom in graph.show_trace
        ]


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Wall time of one call, with what it gave."""
    start = time.perf_counter()
    given = run()
    return time.perf_counter() - start, given


def questions(policy: Policy, people: Iterable[Evidence]) -> Iterator[tuple[Question | None, Question | None]]:
    """For each candidate the highest level attained, the first field's of equals, and a level not attained."""
    people = list(people)
    for number, (evidence, answer) in enumerate(zip(people, policy.evaluate(people), strict=True)):
        attained = [(r.field, r.level) for r in answer.results if r.verdict == "attained"]
        not_attained = [(r.field, r.level) for r in answer.results if r.verdict == "not_attained"]
        highest = max(attained, key=lambda level: level[1], default=None)
        other = not_attained[number % len(not_attained)] if not_attained else None
        yield (
            None if highest is None else Question(evidence, *highest, "attained"),
            None if other is None else Question(evidence, *other, "not_attained"),
        )


def answer(ask: Callable[[Evidence, str, int], Why | Certificate], question: Question) -> float:
    """Time of `why` or `certify`; ends the run where it tells another verdict than `evaluate`."""
    took, (told, _) = timed(lambda: with_json(ask(question.evidence, question.field, question.level)))
    if told.verdict != question.verdict:
        sys.exit(f"{told.verdict} is told of {question}")
    return took


def with_json(told: Why | Certificate) -> tuple[Why | Certificate, dict[str, Any]]:
    """An answer, with the JSON that is made of it."""
    return told, told.as_json()


def explanation(explain: Callable[[str], list[tuple[str, str]]], question: Question) -> float:
    """Time of xclingo; ends the run where its explanation is empty or of something else."""
    facts = question.facts
    took, trees = timed(lambda: explain(facts))
    verdict = str(Fact("attained", (question.evidence.candidate, Constant(question.field), question.level)))
    # A tree has a line for its root, one for the verdict, and one or more for what stands behind it.
    if [atom for atom, _ in trees] != [verdict] or trees[0][1].count("\n") < 3:
        sys.exit(f"xclingo does not explain {verdict} but gives {trees}")
    return took


def project(number: int, lacks: Iterable[str]) -> dict[str, Any]:
    """A project of hardware grade 5 that was led, without what it lacks."""
    to, coverage = ASSIGNMENTS[number % len(ASSIGNMENTS)]
    first = number % len(COMPLEXITY)
    whole: dict[str, Any] = {
        "role": "responsible",
        "success": True,
        "activities": ["installation" if number % 2 else "maintenance"],
        "satisfies": ["usability", "maintainability"],
        "complexity": [*COMPLEXITY[first:], *COMPLEXITY[:first]][:4],
        "assignments": [{"to": to, "coverage": coverage}],
    }
    for key in lacks:
        whole[key] = whole[key][:1] if key in ("satisfies", "complexity") else None
    return {"id": f"h{number}", **{key: value for key, value in whole.items() if value is not None}}


def made_up(policy: Policy, candidate: str, projects: list[dict[str, Any]], verdict: str) -> Question:
    """A person who meets hardware 5 but for projects, which are these."""
    hardware = {
        "handles": ["storage"],
        "specialties": [{"area": "product_technology", "depth": "guide_company"}],
        "achievements": [{"item": item, "id": item} for item in ("book", "patent", "community")],
        "projects": projects,
    }
    others = {"leads_others": True, "develops_subordinates": ["coaching"]}
    entry = policy.entry({"candidate": candidate, **others, "fields": {"hardware": hardware}})
    if not isinstance(entry, Evidence):
        sys.exit(f"the person made up for this benchmark is refused: {entry}")
    if next(policy.evaluate([entry])).result("hardware", 5).verdict != verdict:
        sys.exit(f"{candidate} was made up to be {verdict} at hardware 5, and is not")
    return Question(entry, "hardware", 5, verdict)


def with_many_projects(policy: Policy) -> Iterator[tuple[str, Question]]:
    """People with 200 projects: near misses, which lack one or two things each, and projects that all count."""
    near = [
        project(n, {LACKS[n % len(LACKS)], LACKS[n // 7 % len(LACKS)]} if n % 3 else {LACKS[n // 3 % len(LACKS)]})
        for n in range(200)
    ]
    yield "not attained", made_up(policy, "near", near, "not_attained")
    yield "attained", made_up(policy, "whole", [project(n, ()) for n in range(200)], "attained")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("evidence", help="a file of evidence")
    parser.add_argument("--candidates", type=int, default=200, help="how many at most")
    arguments = parser.parse_args()
    xclingo = Xclingo(RULES.read_text(encoding="utf-8"))
    policy = Policy.load()
    people = [entry for entry in policy.read(arguments.evidence) if isinstance(entry, Evidence)]
    asked = list(questions(policy, people))
    attained = [question for question, _ in asked if question is not None][: arguments.candidates]
    not_attained = [question for _, question in asked if question is not None][: arguments.candidates]
    if not attained or not not_attained:
        sys.exit("this benchmark needs candidates with a level attained, and with one not attained")
    runs: dict[str, Callable[[Question], float]] = {
        "xclingo": lambda question: explanation(xclingo.explain, question),
        "xclingo, rules translated before": lambda question: explanation(xclingo.explain_translated, question),
        "evaluate": lambda question: timed(lambda: list(policy.evaluate([question.evidence])))[0],
        "why": lambda question: answer(policy.why, question),
        "certify": lambda question: answer(policy.certify, question),
    }
    took: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run(attained[0])
    for number, question in enumerate(attained):
        first = number % len(runs)
        for name in [*runs, *runs][first : first + len(runs)]:
            took[name].append(runs[name](question))

    print(f"{'medians':48}{'ms':>8}{'ratio':>8}{'of pairs':>10}")
    for name in ("why", "xclingo", "xclingo, rules translated before", "certify", "evaluate"):
        row = f"{f'{name} ({len(attained)} attained)':48}{statistics.median(took[name]) * 1000:8.1f}"
        if name.startswith("xclingo"):
            ratio = statistics.median(took["why"]) / statistics.median(took[name])
            pairs = statistics.median(mine / theirs for mine, theirs in zip(took["why"], took[name], strict=True))
            row += f"{ratio:8.2f}{pairs:10.2f}"
        print(row)
    for question in not_attained[:20]:
        answer(policy.why, question)
    median = statistics.median(answer(policy.why, question) for question in not_attained)
    print(f"{f'why ({len(not_attained)} not attained)':48}{median * 1000:8.1f}")
    print(f"{'200 projects':48}{'s':>8}")
    for name, question in with_many_projects(policy):
        print(f"{f'why ({name})':48}{answer(policy.why, question):8.2f}")


if __name__ == "__main__":
    main()
