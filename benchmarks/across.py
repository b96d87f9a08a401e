"""How long `across=True` takes beside one evaluation of the same candidate, and whether it agrees with all of them.

    python benchmarks/across.py EVIDENCE [--candidates 20] [--agree]

Prints the median milliseconds a candidate of one evaluation and, beyond it, of all combinations of readings at once,
each in a `Control` of its own, and their ratio. With `--agree` it also evaluates every combination one by one, which
takes about a minute for 20 candidates, and exits with 1 where `across` differs; the tests look at `hinges_on` too.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable

from itss_logic import Answer, Evidence, Policy


def seconds(run: Callable[[], list[Answer]]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def differences(policy: Policy, people: list[Evidence]) -> int:
    """How many levels are told differently across readings than by every combination for itself."""
    reached: dict[tuple[str, str, int], set[bool]] = {}
    for options in itertools.product(*policy.options.values()):
        readings = dict(zip(policy.options, options, strict=True))
        for answer in policy.evaluate(people, readings):
            for result in answer.results:
                reached.setdefault((answer.candidate, result.field, result.level), set()).add(result.is_reached)
    word = {frozenset({True}): "all", frozenset({True, False}): "some", frozenset({False}): "none"}
    return sum(
        result.across != word[frozenset(reached[answer.candidate, result.field, result.level])]
        for answer in policy.evaluate(people, across=True)
        for result in answer.results
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("evidence", help="a file of evidence")
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--agree", action="store_true", help="also check every combination, one by one")
    arguments = parser.parse_args()
    policy = Policy.load()
    entries = (entry for entry in policy.read(arguments.evidence) if isinstance(entry, Evidence))
    people = list(itertools.islice(entries, arguments.candidates))
    pairs = []
    for one in ([evidence] for evidence in people):
        plain = seconds(lambda one=one: list(policy.evaluate(one)))  # type: ignore[misc]
        across = seconds(lambda one=one: list(policy.evaluate(one, across=True)))  # type: ignore[misc]
        pairs.append((plain, across - plain))
    combinations = len(list(itertools.product(*policy.options.values())))
    plain, across = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    print(f"{len(people)} candidates, medians: one evaluation {plain:.1f} ms, {combinations} at once {across:.1f} ms")
    print(f"ratio {statistics.median(across / plain for plain, across in pairs):.2f}")
    if arguments.agree:
        different = differences(policy, people)
        print(f"levels told differently than by {combinations} evaluations: {different}")
        sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
