"""itss_logic decides which skill levels a person attains, from evidence, by rules that clingo solves.

>>> from itss_logic import Evidence, Policy
>>> policy = Policy.load()
>>> on_file = [entry for entry in policy.read("facts/json") if isinstance(entry, Evidence)]
>>> for answer in policy.evaluate(on_file, readings={}):
...     print(answer.candidate, dict(answer.highest))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from itss_logic.answers import Answer, Clause, Criterion, Reading, Result
    from itss_logic.errors import ItssError, PolicyError, QuestionError, Refusal, SelfCheckError
    from itss_logic.evidence import Evidence, Refused
    from itss_logic.explanations import Certificate, Why
    from itss_logic.policy import Policy

_HOMES = {
    "answers": ("Answer", "Clause", "Criterion", "Reading", "Result"),
    "errors": ("ItssError", "PolicyError", "QuestionError", "Refusal", "SelfCheckError"),
    "evidence": ("Evidence", "Refused"),
    "explanations": ("Certificate", "Why"),
    "policy": ("Policy",),
}

__all__ = [
    "Answer",
    "Certificate",
    "Clause",
    "Criterion",
    "Evidence",
    "ItssError",
    "Policy",
    "PolicyError",
    "QuestionError",
    "Reading",
    "Refusal",
    "Refused",
    "Result",
    "SelfCheckError",
    "Why",
]


def __getattr__(name: str) -> Any:
    # Imported when asked for: the command line must not wait for clingo to show its help.
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"itss_logic.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
