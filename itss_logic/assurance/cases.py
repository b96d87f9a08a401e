"""The cases of a policy: small pieces of evidence with what is decided on them, read from YAML files.

`cases/README.md` of a category tells the format.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from itss_logic.documents import DocumentError
from itss_logic.errors import Place, QuestionError, printable, shorten

if TYPE_CHECKING:
    from itss_logic.assurance.anchors import Placed, Shared
    from itss_logic.changes import Change
    from itss_logic.evidence import Evidence
    from itss_logic.policy import Policy

CASE, CLAUSES, READINGS, EVIDENCE, POLICY_CHANGE = "case", "clauses", "readings", "evidence", "policy_change"
GIVEN, CASES = "given", "cases"
FOLDER = "cases"
"""The folder of cases in that of a category."""

SUFFIXES = (".yaml", ".yml")


FAULTY, WITHOUT_CLAUSE, OF_UNKNOWN_CLAUSE = "faulty_case", "case_without_clause", "case_of_unknown_clause"
CODES = (FAULTY, WITHOUT_CLAUSE, OF_UNKNOWN_CLAUSE)
"""What a fault is called; the last two are about the clauses that a case names."""


class Fault(NamedTuple):
    """What is wrong with how a case is written, and what to do about it."""

    place: Place
    message: str
    mend: str
    code: str = FAULTY

    def __str__(self) -> str:
        return f"{printable(str(self.place))}: {printable(self.message)}; {printable(self.mend)}"

    def as_json(self) -> dict[str, Any]:
        """The fault as `itss policy test --format json` prints it."""
        return {"file": self.place.file, "line": self.place.line, "message": self.message, "mend": self.mend}


class Expectation(NamedTuple):
    """One thing that a case expects of a level, of a criterion of it, or (without a level) of a field.

    `part` is what of it: `met`, `verdict`, `routes` or `highest`, which an evaluation decides; or `required`, `found`,
    `evidence`, `missing` or `support`, which an explanation says. Of facts the order does not matter.
    """

    part: str
    field: str
    level: int | None
    criterion: str | None
    value: Any

    @property
    def about(self) -> str:
        """What it is about, as people name it."""
        id = ".".join(str(name) for name in (self.field, self.level, self.criterion) if name is not None)
        return id if self.part == "met" else f"{self.part} of {id}"


class Case(NamedTuple):
    """A case: evidence, under which readings and changes of the policy it is judged, and what is expected.

    `clauses` are all that it names, also those that do not exist, which are among the faults. `evidence` is None only
    where there are `faults`; a case with faults fails without being decided.
    """

    name: str
    file: str
    line: int
    clauses: tuple[str, ...] = ()
    readings: Mapping[str, str] = {}
    changes: tuple[Change, ...] = ()
    evidence: Evidence | None = None
    expectations: tuple[Expectation, ...] = ()
    reasons: tuple[Expectation, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def title(self) -> str:
        """The case as it is told: its file, without suffix, and its name."""
        return f"{os.path.splitext(os.path.basename(self.file))[0]}: {self.name}"


def case_files(policy: Policy, paths: Sequence[str] = ()) -> list[str]:
    """The files of cases among files and folders; without any, those in the folder of the policy, if it has any.

    Raises:
        QuestionError: where a path is neither, or a folder that is named has none.
    """
    if not paths:
        folder = near(os.path.join(policy.folder, FOLDER))
        return _within(folder) if os.path.isdir(folder) else []
    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            inside = _within(path)
            if not inside:
                raise QuestionError(f"{path}: no file of cases is in this folder; write some, as .yaml or .yml")
            found += inside
        elif os.path.exists(path):
            found.append(path)
        else:
            raise QuestionError(f"{path}: there is no such file; name files or folders of cases")
    return list(dict.fromkeys(found))


def _within(folder: str) -> list[str]:
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(SUFFIXES)]


def near(path: str) -> str:
    """A path as it is told: from the current folder, where it is below that."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def read_cases(files: Sequence[str], policy: Policy) -> list[Case]:
    """The cases of files, in order; what is wrong with a case stands in it.

    Raises:
        QuestionError: for a file that is none of cases.
    """
    return [case for path in files for case in _file(path, policy)]


def _file(path: str, policy: Policy) -> Iterator[Case]:
    from itss_logic.assurance.anchors import Placed, read_shared

    try:
        shared = read_shared(path)
    except DocumentError as error:
        raise QuestionError(f"{Place(path, error.line, error.column)}: {error.message}; {error.mend}") from None
    except OSError as error:
        raise QuestionError(f"{path}: cannot be read: {error.strerror}") from None
    form = f"write a mapping of {GIVEN}, which may be left out, and {CASES}, a list"
    top = shared.values[0] if len(shared.values) == 1 else None
    if not isinstance(top, Placed) or not isinstance(top.get(CASES), list):
        raise QuestionError(f"{path}: these are no cases; {form}")
    for key in top:
        if key not in (GIVEN, CASES):
            raise QuestionError(f"{path}:{top.lines[key]}: {shorten(key)} is no key here; {form}")
    yield from _cases(path, top, shared, policy)


def _cases(path: str, top: Placed, shared: Shared, policy: Policy) -> Iterator[Case]:
    from itss_logic.assurance.anchors import Placed
    from itss_logic.assurance.written import Reader

    values = top[CASES]
    starts = {number: value.line for number, value in enumerate(values) if isinstance(value, Placed)}
    twice: dict[int, list[Fault]] = {}
    for key, line in shared.repeated:
        owner = max((n for n, start in starts.items() if top.lines[CASES] < start <= line), default=None)
        if owner is None or (top.lines.get(GIVEN, 0) > top.lines[CASES] and line > top.lines[GIVEN]):
            raise QuestionError(f"{path}:{line}: {shorten(key)} stands twice; keep one of them")
        twice.setdefault(owner, []).append(
            Fault(Place(path, line), f"{shorten(key)} stands twice in one mapping", "keep one of them")
        )
    names: dict[str, tuple[int, int]] = {}
    for number, value in enumerate(values):
        start = starts.get(number, top.lines[CASES])
        case = Reader(policy, path, start, f"case {number + 1}").case(value, twice.get(number, ()))
        first, above = names.setdefault(case.name, (number, start))
        if first == number:
            yield case
        else:
            fault = Fault(
                Place(path, start), f"a case of this name stands in line {above} already", "give it another name"
            )
            yield case._replace(faults=(*case.faults, fault))
