"""The tables of evidence for SQL: with the narrow layout's columns, and constraints for what the vocabulary refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable, SchemaItem, SetColumnComment, SetTableComment
from sqlalchemy.types import TypeEngine

from itss_logic import limits
from itss_logic.intake import layout as laid_out
from itss_logic.intake.database_url import POSTGRESQL, SQLITE
from itss_logic.intake.layout import Layout
from itss_logic.shape import STATUSES, VERIFIED
from itss_logic.vocabulary import Argument, Predicate

# Named parameters leave percent signs as they are.
DIALECTS: dict[str, Dialect] = {
    SQLITE: sqlite.dialect(),
    POSTGRESQL: postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
}

LONGEST_NAME = 63
"""The characters of a name that PostgreSQL keeps."""

INT_32, INT_64 = 2**31, 2**63

ID: TypeEngine[Any] = Text().with_variant(Text(collation="C"), POSTGRESQL)
"""Ids are compared and ordered by their bytes."""

TRUTH: TypeEngine[Any] = Boolean(create_constraint=False).with_variant(Integer(), SQLITE)


class Schema:
    """The tables of a layout for SQLAlchemy, by name, in an order in which they can be made and filled."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.vocabulary = layout, layout.vocabulary
        self.metadata = MetaData()
        self.tables = {table.name: self._table(table) for table in layout.tables}

    def _table(self, table: laid_out.Table) -> Table:
        columns = [self._column(table, column) for column in table.columns]
        key = PrimaryKeyConstraint(*(column.name for column in self.layout.key(table)))
        checks = [*self._ids(table), *self._values(table), *self._truths(table)]
        title = table.predicate.name.replace("_", " ") if table.predicate else "whom the evidence is about"
        return Table(
            table.name,
            self.metadata,
            *columns,
            key,
            *self._keys(table),
            *checks,
            comment=title,
            sqlite_strict=True,
        )

    def _column(self, table: laid_out.Table, column: laid_out.Column) -> Column[Any]:
        kinds: dict[str, TypeEngine[Any]] = {"candidate": ID, "owner": ID, "id": ID, "flag": TRUTH, "truth": TRUTH}
        kind: TypeEngine[Any] = kinds.get(column.kind, Text())
        if column.kind == "number" and column.argument:
            least, greatest = self.vocabulary.ranges[column.argument.domain]
            kind = Integer() if -INT_32 <= least <= greatest < INT_32 else BigInteger()
            if not -INT_64 <= least <= greatest < INT_64:
                kind = Numeric(asdecimal=True).with_variant(Text(), SQLITE)
        if column.kind == "status":
            return Column(column.name, kind, nullable=False, server_default=VERIFIED)
        is_needed = column.required or (column.kind == "field" and column.repeats)
        return Column(column.name, kind, nullable=not is_needed, comment=self._comment(column), autoincrement=False)

    def _comment(self, column: laid_out.Column) -> str | None:
        """What the values of a column are called, in the language that the policy speaks first."""
        labels = next(iter(self.vocabulary.labels.values()), {})
        told = [f"{value}: {labels[value]}" for value in self.layout.allowed(column) if value in labels]
        return "; ".join(told) or None

    def _keys(self, table: laid_out.Table) -> Iterator[SchemaItem]:
        """What ties a table to others, and lets others be tied to it."""
        if table.predicate is None:
            return
        candidate = table.columns[0].name
        if table.owner is None:
            yield ForeignKeyConstraint([candidate], [f"{laid_out.CANDIDATES}.{candidate}"])
            yield from self._named(table, self._apart(table.predicate))
            return
        other = next(t for t in self.layout.tables if t.predicate is table.owner)
        owner = next(column.name for column in table.columns if column.kind == "owner")
        here, there = [candidate, owner], [column.name for column in self.layout.identity(other)]
        if any(column.kind == "field" for column in table.columns):
            here.append("field")
            there.append(next(column.name for column in other.columns if column.kind == "field"))
        yield ForeignKeyConstraint(here, [f"{other.name}.{name}" for name in there])

    def _named(self, table: laid_out.Table, attributes: Sequence[Predicate]) -> Iterator[UniqueConstraint]:
        """What the tables of attributes name an item by, where that is not its key."""
        if not attributes:
            return
        key, names = ([c.name for c in some] for some in (self.layout.key(table), self.layout.identity(table)))
        if key != names:
            yield UniqueConstraint(*names)
        f = [column.name for column in table.columns if column.kind == "field"]
        if f and any(self.layout.varies(attribute) for attribute in attributes):
            yield UniqueConstraint(*names, *f)

    def _apart(self, item: Predicate) -> list[Predicate]:
        return [t.predicate for t in self.layout.tables if t.owner is item and t.predicate]

    def _ids(self, table: laid_out.Table) -> Iterator[SchemaItem]:
        """No id is empty, too long or has a null character; a list of references has no bound of its own."""
        for column in table.columns:
            if not column.is_text:
                continue
            name = _quoted(column.name)
            if column.kind == "source":
                rule = f"length({name}) <= {limits.TEXT_CHARACTERS} OR substr({name}, 1, 1) = '['"
            else:
                rule = f"length({name}) BETWEEN 1 AND {limits.TEXT_CHARACTERS}"
            yield self._check(table, f"{column.name}_length", rule)
            # PostgreSQL has no null characters at all.
            yield self._check(table, f"{column.name}_null", f"instr({name}, char(0)) = 0").ddl_if(dialect=SQLITE)

    def _truths(self, table: laid_out.Table) -> Iterator[SchemaItem]:
        for column in table.columns:
            if column.kind in ("truth", "flag"):
                rule = f"{_quoted(column.name)} IN (0, 1)"
                yield self._check(table, f"{column.name}_truth", rule).ddl_if(dialect=SQLITE)

    def _values(self, table: laid_out.Table) -> Iterator[SchemaItem]:
        """What a column may hold: in any field, and in each."""
        f = next((_quoted(column.name) for column in table.columns if column.kind == "field"), "")
        for column in table.columns:
            name = _quoted(column.name)
            if column.kind == "status":
                yield self._check(table, column.name, f"{name} IN ({_list(STATUSES)})")
            elif column.kind == "field":
                yield self._check(table, column.name, f"{name} IN ({_list(self.layout.allowed(column))})")
            elif column.kind == "number" and column.argument:
                least, greatest = self.vocabulary.ranges[column.argument.domain]
                yield self._check(table, column.name, f"{name} BETWEEN {least} AND {greatest}")
            elif column.kind == "value" and column.argument and column.predicate:
                yield self._check(table, column.name, self._known(name, column.argument, column.predicate.fields, f))
        yield from self._inner(table, f)
        if table.predicate and table.predicate.combinations:
            yield self._combinations(table, table.predicate)

    def _known(self, name: str, argument: Argument, fields: Sequence[str], f: str) -> str:
        """That a value is one of its domain, in the field `f`, the name of a column."""
        known = {one: tuple(self.vocabulary.values(argument.domain, one)) for one in fields}
        if len(set(known.values())) == 1:
            return f"{name} IN ({_list(known[fields[0]])})"
        alike: dict[tuple[str, ...], list[str]] = {}
        for one, values in known.items():
            alike.setdefault(values, []).append(one)
        return " OR ".join(f"({f} IN ({_list(some)}) AND {name} IN ({_list(v)}))" for v, some in alike.items() if v)

    def _inner(self, table: laid_out.Table, f: str) -> Iterator[SchemaItem]:
        """What goes for attributes that have columns in the table of their item."""
        inner = [c for c in table.columns if c.predicate not in (None, table.predicate)]
        for attribute, some in groupby(inner, key=lambda column: column.predicate):
            assert attribute is not None
            names = [_quoted(column.name) for column in some]
            if f and table.predicate and attribute.fields != table.predicate.fields:
                for name in names:
                    rule = f"{name} IS NULL OR {f} IN ({_list(attribute.fields)})"
                    yield self._check(table, f"{name.strip(chr(34))}_field", rule)
            if len(names) > 1:
                rule = " AND ".join(f"({names[0]} IS NULL) = ({name} IS NULL)" for name in names[1:])
                yield self._check(table, f"{attribute.key}_whole", rule)
                if attribute.combinations:
                    yield self._combinations(table, attribute)

    def _combinations(self, table: laid_out.Table, predicate: Predicate) -> CheckConstraint:
        """Which values may stand together."""
        of = [c for c in table.columns if c.predicate is predicate and c.argument and c.argument.kind == "value"]
        names = [_quoted(column.name) for column in of if column.argument in predicate.own]
        allowed = sorted(tuple(map(str, values)) for values in predicate.combinations)
        rules = []
        for before, some in groupby(allowed, key=lambda values: values[:-1]):
            parts = [f"{name} IN ({_list([value])})" for name, value in zip(names, before, strict=False)]
            rules.append(" AND ".join([*parts, f"{names[-1]} IN ({_list(values[-1] for values in some)})"]))
        return self._check(table, f"{predicate.key}_together", " OR ".join(f"({rule})" for rule in rules))

    def _check(self, table: laid_out.Table, what: str, rule: str) -> CheckConstraint:
        name = f"{table.name}_{what}"
        return CheckConstraint(rule, name=name if len(name) <= LONGEST_NAME else None)

    def ddl(self, kind: str) -> Iterator[str]:
        """Yield the statements that make the tables in a dialect, without semicolons."""
        dialect = DIALECTS[kind]
        for table in self.tables.values():
            yield _compiled(CreateTable(table), dialect)
        if kind == POSTGRESQL:
            for table in self.tables.values():
                yield _compiled(SetTableComment(table), dialect)
                for column in table.columns:
                    if column.comment:
                        yield _compiled(SetColumnComment(column), dialect)


def _compiled(element: CreateTable | SetTableComment | SetColumnComment, dialect: Dialect) -> str:
    lines = str(element.compile(dialect=dialect)).strip().splitlines()
    return "\n".join(line.rstrip().replace("\t", "  ") for line in lines)


def _quoted(name: str) -> str:
    """A name as SQL has it, whatever words it reserves."""
    return '"' + name.replace('"', '""') + '"'


def _list(values: Iterable[str]) -> str:
    return ", ".join("'" + str(value).replace("'", "''") + "'" for value in values)


def script(layout: Layout, kind: str) -> str:
    """The schema as a text for `sqlite3` or `psql`."""
    head = [
        f"-- Evidence of the category {layout.vocabulary.category}. A list of references is JSON in the column source."
    ]
    if kind == SQLITE:
        head.append("-- SQLite checks foreign keys only where each connection asks for it.\nPRAGMA foreign_keys = ON;")
    body = "".join(f"\n{statement};\n" for statement in Schema(layout).ddl(kind))
    return "\n".join(head) + f"\n\nBEGIN;\n{body}\nCOMMIT;\n"
