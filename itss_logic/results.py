"""Queries over result files: how many have which verdict and what keeps them from it, and who changed between two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from itss_logic.answers import REACHED, VERDICTS
from itss_logic.errors import ItssError, printable, shorten
from itss_logic.result_files import Opened, Store
from itss_logic.result_forms import MEND, Origin

Level = tuple[str, int]

_REACHED = ", ".join(f"'{verdict}'" for verdict in REACHED)

CRITERIA = 10_000
"""How many criteria results may name; honest ones name a few."""

BITS = 64
"""Levels that have a bit each in a number."""


class Sole(NamedTuple):
    """How many candidates have one criterion alone unmet at a level that they do not hold.

    `pending` counts those of them who hold it once what they claim is confirmed.
    """

    field: str
    level: int
    criterion: str
    candidates: int
    pending: int


class Summary(NamedTuple):
    """Result files in numbers.

    `counts` are candidates by field, level and verdict; `highest` by field and the highest level attained or deemed,
    or None. `soles` are by field and level, the most frequent first. `repeated` counts candidates who stand more than
    once: they are counted as often.
    """

    origins: tuple[Origin, ...]
    candidates: int
    repeated: int
    levels: tuple[Level, ...]
    counts: Mapping[tuple[str, int, str], int]
    highest: Mapping[tuple[str, int | None], int]
    soles: tuple[Sole, ...]

    @property
    def fields(self) -> list[str]:
        """The fields, in order."""
        return list(dict.fromkeys(field for field, _ in self.levels))

    def total(self, field: str, level: int) -> int:
        """How many have a verdict on a level, whatever it is."""
        return sum(self.counts.get((field, level, verdict), 0) for verdict in VERDICTS)

    def share(self, number: int, field: str, level: int) -> float:
        """A number as a share, from 0 to 1, of those who have a verdict on a level."""
        return round(number / self.total(field, level), 6)

    def as_json(self) -> dict[str, Any]:
        """The summary as `itss summary --format json` prints it."""
        counts: dict[str, dict[str, dict[str, int]]] = {}
        shares: dict[str, dict[str, dict[str, float]]] = {}
        for field, level in self.levels:
            row = {verdict: self.counts.get((field, level, verdict), 0) for verdict in VERDICTS}
            counts.setdefault(field, {})[str(level)] = row
            told = {verdict: self.share(number, field, level) for verdict, number in row.items()}
            shares.setdefault(field, {})[str(level)] = told
        highest = {
            field: {"none" if top is None else str(top): self.highest.get((field, top), 0) for top in self.tops(field)}
            for field in self.fields
        }
        soles = [{**s._asdict(), "share": self.share(s.candidates, s.field, s.level)} for s in self.soles]
        return {
            "candidates": self.candidates,
            "repeated": self.repeated,
            "origins": [origin.as_json() for origin in self.origins],
            "counts": counts,
            "shares": shares,
            "highest": highest,
            "sole_unmet": soles,
        }

    def tops(self, field: str) -> list[int | None]:
        """What the highest level of a field may be, the best last."""
        return [None, *(level for of, level in self.levels if of == field)]


def summarise(store: Store, opened: Opened) -> Summary:
    """The numbers of result files.

    Raises:
        ItssError: where DuckDB cannot count them, or they name more criteria than any policy has.
    """
    rows = store.rows(f"select field, level::integer, verdict, sole, number from {opened.kinds} limit {CRITERIA + 1}")
    if len(rows) > CRITERIA:
        raise ItssError(f"{printable(opened.paths[0])}: more than {CRITERIA} criteria are no results; {MEND}")
    counts: Counter[tuple[str, int, str]] = Counter()
    soles: Counter[tuple[str, int, str]] = Counter()
    pending: Counter[tuple[str, int, str]] = Counter()
    for field, level, verdict, sole, number in rows:
        counts[field, level, verdict] += number
        if sole is not None and verdict not in REACHED:
            soles[field, level, sole] += number
            pending[field, level, sole] += number if verdict == "pending" else 0
    place = {level: number for number, level in enumerate(opened.levels)}
    ordered = sorted(soles, key=lambda key: (place[key[:2]], -soles[key], key[2]))
    highest = store.rows(
        f"select field, top, count(*) from (select field, max(level) filter (verdict in ({_REACHED})) as top"
        f" from {opened.results} group by candidate, field) group by all"
    )
    return Summary(
        opened.origins,
        store.number(f"select count(distinct candidate) from {opened.people}"),
        len(_repeated(store, opened)),
        opened.levels,
        counts,
        {(field, top): number for field, top, number in highest},
        tuple(Sole(*key, soles[key], pending[key]) for key in ordered),
    )


def _repeated(store: Store, opened: Opened) -> list[str]:
    """The candidates who have two verdicts on one level."""
    _place(store, opened.levels)
    # A bit for each level: as many bits as rows, and no level is there twice.
    query = (
        f"select count(*) from (select count(*) <> bit_count(bit_or(1::ubigint << place)) as twice"
        f" from {opened.results} join places using (field, level) group by candidate) where twice"
    )
    if len(opened.levels) <= BITS and not store.number(query):
        return []
    found = store.rows(
        f"select distinct candidate from (select candidate from {opened.results}"
        " group by candidate, field, level having count(*) > 1) order by candidate"
    )
    return [candidate for (candidate,) in found]


def _place(store: Store, levels: Sequence[Level]) -> None:
    """Put the order of levels into the table `places`."""
    fields, numbers = [field for field, _ in levels], [level for _, level in levels]
    store.rows(
        "create or replace table places as select unnest(?::varchar[]) as field, unnest(?::integer[]) as level,"
        " unnest(?::integer[]) as place",
        [fields, numbers, list(range(len(levels)))],
    )


class Change(NamedTuple):
    """A verdict that is another after than before; `evidence`: `same` or `changed`, None where files do not tell."""

    candidate: str
    field: str
    level: int
    before: str
    after: str
    evidence: str | None


class Comparison:
    """Two result files, `a` before and `b` after, laid side by side by candidate, field and level.

    Raises:
        ItssError: where a candidate stands twice in one of them, or DuckDB cannot compare them.
    """

    def __init__(self, store: Store, a: Opened, b: Opened) -> None:
        self.store, self.a, self.b = store, a, b
        categories = [{o.category for o in side.origins} - {None} for side in (a, b)]
        if all(categories) and categories[0] != categories[1]:
            told = " and ".join(printable(str(*names)) for names in categories)
            raise ItssError(f"these results are of several categories, {told}; compare those of one")
        for side in (a, b):
            if repeated := _repeated(store, side):
                who = f"{len(repeated)} candidates stand there more than once, such as {shorten(repeated[0])}"
                mend = "compare the results of one run with those of another"
                raise ItssError(f"{printable(', '.join(side.paths))}: {printable(who)}; {mend}")
        store.rows(
            "create table differing as select coalesce(a.candidate, b.candidate) as candidate,"
            " coalesce(a.field, b.field) as field, coalesce(a.level, b.level) as level,"
            f" a.verdict as before, b.verdict as after from {a.results} a full join {b.results} b"
            " on a.candidate = b.candidate and a.field = b.field and a.level = b.level"
            " where a.verdict is distinct from b.verdict"
        )
        evidence = "'same'" if self.same_input else "null::varchar"
        people = ""
        if self.evidence_by_candidate:
            evidence = "case when p.evidence = q.evidence then 'same' else 'changed' end"
            people = f" join {a.people} p using (candidate) join {b.people} q using (candidate)"
        store.rows(
            f"create table changes as select d.*, {evidence} as evidence from differing d{people}"
            " where before is not null and after is not null"
        )
        for name, missing, other in (("a", "after", b), ("b", "before", a)):
            store.rows(
                f"create table only_{name} as select distinct candidate from differing"
                f" anti join {other.people} using (candidate) where {missing} is null"
            )

    @property
    def evidence_by_candidate(self) -> bool:
        """Whether both files tell of each candidate which evidence the verdicts rest on."""
        return self.a.has_evidence and self.b.has_evidence

    @property
    def same_input(self) -> bool | None:
        """Whether both rest on the same evidence as a whole; None where a file does not tell."""
        return _same([o.input for o in self.a.origins], [o.input for o in self.b.origins])

    @property
    def same_policy(self) -> bool | None:
        """Whether both rest on the same policy; None where a file does not tell, or mixes several."""
        return _same([o.policy for o in self.a.origins], [o.policy for o in self.b.origins])

    @property
    def same_readings(self) -> bool | None:
        """Whether both rest on the same readings; None where a file does not tell, or mixes several."""
        return _same([o.readings for o in self.a.origins], [o.readings for o in self.b.origins])

    @cached_property
    def levels(self) -> list[Level]:
        """The levels that both have, in the order of `a`."""
        theirs = set(self.b.levels)
        return [level for level in self.a.levels if level in theirs]

    @cached_property
    def levels_of_one(self) -> tuple[list[Level], list[Level]]:
        """The levels that only `a` has, and only `b`: they are not compared."""
        both = set(self.levels)
        a, b = ([level for level in side.levels if level not in both] for side in (self.a, self.b))
        return a, b

    @cached_property
    def counts(self) -> dict[tuple[str, int, str, str], int]:
        """How many changed, by field, level, verdict before and after, the most frequent of a level first."""
        rows = self.store.rows("select field, level, before, after, count(*) from changes group by all")
        place = {level: number for number, level in enumerate(self.levels)}
        rows.sort(key=lambda row: (place[row[0], row[1]], -row[4], VERDICTS.index(row[2]), VERDICTS.index(row[3])))
        return {(field, level, before, after): number for field, level, before, after, number in rows}

    @cached_property
    def by_evidence(self) -> dict[str | None, int]:
        """How many verdicts changed on evidence that is the same, or changed, or of which files do not tell."""
        return dict(self.store.rows("select evidence, count(*) from changes group by all"))

    @property
    def unexplained(self) -> int:
        """How many verdicts changed though evidence, policy and readings are the same: results tampered with."""
        return self.by_evidence.get("same", 0) if self.same_policy and self.same_readings else 0

    @cached_property
    def candidates(self) -> int:
        """How many candidates are in both."""
        return self._number(f"(select distinct candidate from {self.a.people})") - self.only[0]

    @cached_property
    def changed_candidates(self) -> int:
        """How many candidates have some verdict that changed."""
        return self.store.number("select count(distinct candidate) from changes")

    @cached_property
    def changed_evidence(self) -> int | None:
        """How many candidates in both have other evidence; None where the files do not tell."""
        if not self.evidence_by_candidate:
            return 0 if self.same_input else None
        both = f"{self.a.people} p join {self.b.people} q using (candidate)"
        return self._number(f"{both} where p.evidence <> q.evidence")

    @cached_property
    def not_compared(self) -> tuple[int, int]:
        """How many verdicts, of candidates in both, only `a` has, and only `b`."""
        a = self._number("differing anti join only_a using (candidate) where after is null")
        return a, self._number("differing anti join only_b using (candidate) where before is null")

    def changes(self, limit: int | None = None) -> Iterator[Change]:
        """Yield the changes, by candidate and then in the order of levels; at most `limit` of them."""
        _place(self.store, self.levels)
        most = "" if limit is None else f" limit {int(limit)}"
        rows = self.store.each(
            f"select c.* from changes c join places p using (field, level) order by c.candidate, p.place{most}"
        )
        return (Change(*row) for row in rows)

    @cached_property
    def only(self) -> tuple[int, int]:
        """How many candidates only `a` has, and only `b`."""
        return self._number("only_a"), self._number("only_b")

    def only_in(self, name: str, limit: int | None = None) -> Iterator[str]:
        """Yield the candidates that only one of the files has, `a` or `b`, sorted; at most `limit` of them."""
        most = "" if limit is None else f" limit {int(limit)}"
        table = {"a": "only_a", "b": "only_b"}[name]
        return (row[0] for row in self.store.each(f"select candidate from {table} order by candidate{most}"))

    def _number(self, relation: str) -> int:
        return self.store.number(f"select count(*) from {relation}")

    def head(self) -> dict[str, Any]:
        """What `itss compare --format json` prints before the changes themselves."""
        counts: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
        for (field, level, before, after), number in self.counts.items():
            counts.setdefault(field, {}).setdefault(str(level), {}).setdefault(before, {})[after] = number
        return {
            "a": [origin.as_json() for origin in self.a.origins],
            "b": [origin.as_json() for origin in self.b.origins],
            "same": {"policy": self.same_policy, "readings": self.same_readings, "evidence": self.same_evidence},
            "candidates": self.candidates,
            "only_in_a": self.only[0],
            "only_in_b": self.only[1],
            "changed_evidence": self.changed_evidence,
            "not_compared": {"a": self.not_compared[0], "b": self.not_compared[1]},
            "by_evidence": {str(kind or "unknown"): number for kind, number in self.by_evidence.items()},
            "unexplained": self.unexplained,
            "counts": counts,
        }

    @property
    def same_evidence(self) -> bool | None:
        """Whether those who are in both have the same evidence; None where the files do not tell."""
        return None if self.changed_evidence is None else not self.changed_evidence


def _same(ones: Sequence[Any], others: Sequence[Any]) -> bool | None:
    """Whether two files, each with the values of its origins, have the same one; None where that cannot be told."""
    first, second = list(ones), list(others)
    if any(value is None for value in [*first, *second]):
        return None
    if all(value not in second for value in first):
        return False
    one = first[0]
    return True if all(value == one for value in [*first, *second]) else None
