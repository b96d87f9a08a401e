"""Policy changes: new values for parameters of clauses, from a YAML mapping of clause ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from itss_logic.documents import Members, Value
from itss_logic.engine import Source
from itss_logic.errors import QuestionError, shorten
from itss_logic.terms import Constant, Fact, Term, write

if TYPE_CHECKING:
    from itss_logic.policy import Policy

Path: TypeAlias = "tuple[str, ...]"
"""The names under which a parameter stands, from the outside in."""


class Change(NamedTuple):
    """What a policy change puts in place of parameters of one clause: by path a value, or a tuple of values."""

    field: str
    level: int
    criterion: str
    parameters: Mapping[Path, Any]

    @property
    def id(self) -> str:
        """The id of the clause."""
        return f"{self.field}.{self.level}.{self.criterion}"

    def facts(self) -> Iterator[str]:
        """The change as facts that replace those of the clause, `changed/4` and `changed/5`, without full stops."""
        for path, value in sorted(self.parameters.items()):
            name: Term = Constant(path[0]) if len(path) == 1 else Fact("", tuple(map(Constant, path)))
            about = f"{self.field},{self.level},{self.criterion},{write(name)}"
            yield f"changed({about})"
            for one in sorted(value) if isinstance(value, tuple) else [value]:
                yield f"changed({about},{write(one)})"


def leaves(parameters: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The values of nested parameters, each with its path."""
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def read_changes(paths: Sequence[str], policy: Policy) -> tuple[Change, ...]:
    """The changes that files make, in the order of clauses; see `changes_of`.

    Raises:
        QuestionError: where one is not a policy change, or two put different values in one place.
    """
    from itss_logic.yaml_form import read_mapping

    found = [change for path in paths for change in changes_of(read_mapping(path, FORM), policy, path)]
    return merged(found)


FORM = "a policy change is a mapping of clause ids to new parameters, such as `CLAUSE: {required: 2}`"


def changes_of(value: Members, policy: Policy, where: str) -> Iterator[Change]:
    """The changes that a mapping of clause ids to new parameters makes.

    Args:
        value: clause ids to parameters, nested as `itss policy show CLAUSE --format json` prints them.
        policy: which has the clauses.
        where: the mapping comes from, for errors.

    Raises:
        QuestionError: for a clause, a parameter or a value that cannot be; it names what can.
    """
    for id, parameters in value.items():
        try:
            clause = policy.clause(id)
        except QuestionError as error:
            raise QuestionError(f"{where}: {error}") from None
        if not isinstance(parameters, Members):
            raise QuestionError(f"{where}: {id} is {_said(parameters)}; write parameters, such as `{{required: 2}}`")
        reader = Reader(policy, clause.field, f"{where}: {id}")
        new = dict(reader.leaves(parameters, clause.parameters, ()))
        if new:
            yield Change(clause.field, clause.level, clause.criterion, new)


def overlay(changes: Iterable[Change]) -> Source:
    """Changes as rules beside those of a policy."""
    return Source("policy/change", "\n".join(f"{fact}." for change in changes for fact in change.facts()))


def effective(changes: Iterable[Change], policy: Policy) -> Iterator[Change]:
    """Changes without what is so in a policy already."""
    for change in changes:
        now = policy.clause(change.id).parameters
        parameters = {path: one for path, one in change.parameters.items() if not _equal(one, _at(now, path))}
        if parameters:
            yield change._replace(parameters=parameters)


def laid_over(changes: Iterable[Change], below: Iterable[Change]) -> tuple[Change, ...]:
    """Changes on top of others: with what those change, unless they do so otherwise."""
    above = list(changes)
    own = {(change.id, path) for change in above for path in change.parameters}
    kept = []
    for change in below:
        left = {path: value for path, value in change.parameters.items() if (change.id, path) not in own}
        kept += [change._replace(parameters=left)] if left else []
    return merged([*kept, *above])


def merged(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes of the same clause together, in the order of their ids.

    Raises:
        QuestionError: where two put different values in one place.
    """
    found: dict[str, Change] = {}
    for change in changes:
        together = dict(found[change.id].parameters if change.id in found else {})
        for path, value in change.parameters.items():
            if not _equal(together.setdefault(path, value), value):
                raise QuestionError(f"two policy changes put different values for {'.'.join((change.id, *path))}")
        found[change.id] = change._replace(parameters=together)
    return tuple(found[id] for id in sorted(found))


class Reader:
    """Reads the new parameters of one clause."""

    def __init__(self, policy: Policy, field: str, where: str) -> None:
        self.policy, self.field, self.where = policy, field, where
        self.types: dict[str, Fact | Constant] = dict(policy.declared("takes", 2))

    def leaves(self, new: Members, old: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
        """The new values by path, each in the place of one that stands there."""
        if new.repeated:
            raise self._error(path, f"{new.repeated[0]} stands twice", "keep one of them")
        for name, value in new.items():
            here = (*path, name)
            if name not in old:
                known = ", ".join(old)
                mend = f"write one of {known}" if known else "nothing of this clause can be changed"
                raise self._error(path, f"there is no parameter {shorten(name)}", mend)
            if isinstance(old[name], Mapping):
                if not isinstance(value, Members):
                    raise self._error(here, f"{_said(value)} is no mapping", f"write one of {', '.join(old[name])}")
                yield from self.leaves(value, old[name], here)
            elif isinstance(old[name], list):
                yield here, self._list(value, here)
            else:
                yield here, self._value(value, here)

    def _list(self, value: Value, path: Path) -> tuple[Term, ...]:
        if not isinstance(value, list):
            raise self._error(path, f"{_said(value)} is no list", "write a list, such as [a, b]")
        values = tuple(self._value(one, path) for one in value)
        if len(set(values)) < len(values):
            raise self._error(path, "a value stands twice", "keep one of them")
        return values

    def _value(self, value: Value, path: Path) -> Term:
        kind = self.types[path[-1]]
        domain = str(kind.arguments[0]) if isinstance(kind, Fact) else ""
        if isinstance(kind, Fact) and kind.name == "value":
            values = self.policy.vocabulary.values(domain, self.field)
            if isinstance(value, str) and value in values:
                return values[value]
            raise self._error(path, f"{_said(value)} is not a known value", f"write one of {', '.join(values)}")
        levels = [level for field, level in self.policy.levels if field == self.field]
        least, greatest = self.policy.vocabulary.ranges[domain] if domain else (levels[0], levels[-1])
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not (least <= value <= greatest if domain else value in levels):  # type: ignore[operator]
            mend = f"a whole number from {least} to {greatest}" if domain else f"one of {', '.join(map(str, levels))}"
            raise self._error(path, f"{_said(value)} cannot stand here", f"write {mend}")
        assert isinstance(value, int)
        return value

    def _error(self, path: Path, message: str, mend: str) -> QuestionError:
        return QuestionError(f"{'.'.join((self.where, *path))}: {message}; {mend}")


def _at(parameters: Mapping[str, Any], path: Path) -> Any:
    found: Any = parameters
    for name in path:
        found = found[name]
    return found


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, (tuple, list)):
        return set(one) == set(other)
    return bool(one == other)


def _said(value: Value) -> str:
    return shorten(str(value)) if isinstance(value, (str, int, float)) else f"a {type(value).__name__.lower()}"
