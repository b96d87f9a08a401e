"""How many candidates a second `evaluate` decides from JSON lines to answers, beside clingo's own part of it.

    python benchmarks/evaluate.py EVIDENCE

The peer is clingo alone, on the same facts in the same chunks: parsing, grounding and solving, with no reading of files
and no answers made. Prints both rates and their ratio.
"""

from __future__ import annotations

import argparse
import time

from itss_logic import Evidence, Policy
from itss_logic.engine import Facts
from itss_logic.evaluation import chunks


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("evidence", help="a file of evidence")
    arguments = parser.parse_args()
    policy = Policy.load()
    start = time.perf_counter()
    people = [entry for entry in policy.read(arguments.evidence) if isinstance(entry, Evidence)]
    reading = time.perf_counter() - start
    start = time.perf_counter()
    for answer in policy.evaluate(people):
        answer.as_json()
    evaluating = time.perf_counter() - start
    texts = [Facts(chunk, policy.in_force()).text for chunk in chunks(people)]
    question = policy.question("evaluate.lp")
    start = time.perf_counter()
    for text in texts:
        question.ground(text).solve()
    alone = time.perf_counter() - start
    whole = reading + evaluating
    print(f"{len(people)} candidates, {sum(len(evidence.facts) for evidence in people)} facts")
    print(f"itss    {len(people) / whole:8.0f} candidates/s (reading {reading:.2f} s, evaluating {evaluating:.2f} s)")
    print(f"clingo  {len(people) / alone:8.0f} candidates/s ({alone:.2f} s)")
    print(f"ratio   {whole / alone:8.2f}")


if __name__ == "__main__":
    main()
