"""What a workbook to fill in says of its tables and columns, in the words of the policy and a few of its own."""

from __future__ import annotations

from collections.abc import Iterable

from itss_logic.intake.cells import Cells
from itss_logic.intake.headings import sheet_names
from itss_logic.intake.layout import Column, Layout, Table
from itss_logic.pages.speech import Speech
from itss_logic.shape import STATUS, STATUSES
from itss_logic.terms import Term
from itss_logic.vocabulary import CANDIDATE, SOURCE, Argument, Predicate

WORDS = "itss_logic.intake"


class Captions:
    """What tables and columns are called and what is said of them.

    Args:
        layout: the tables.
        language: one that the policy speaks.
    """

    def __init__(self, layout: Layout, language: str) -> None:
        self.layout, self.vocabulary = layout, layout.vocabulary
        self.say = Speech(language, WORDS)
        self.cells = Cells(layout, language)
        self.sheets = sheet_names(layout)
        self.labels = layout.vocabulary.labels.get(language, {})

    def label(self, name: str) -> str:
        """What a person calls a constant."""
        return self.labels.get(name, name.replace("_", " "))

    def joined(self, names: Iterable[str]) -> str:
        """Labels of constants, one after the other."""
        return self.say("joined").join(map(self.label, names))

    def of_table(self, table: Table) -> str:
        """What a table is of."""
        if table.predicate is None:
            return self.say("candidates")
        if table.owner is None:
            return raised(self.label(table.predicate.name))
        return raised(f"{self.label(table.owner.name)}: {self.label(table.predicate.name)}")

    def of_column(self, table: Table, column: Column) -> str:
        """What a column is of."""
        if column.kind in ("candidate", "field", STATUS, SOURCE):
            return self.say(column.kind)
        if column.kind == "owner" and table.owner is not None:
            return raised(self.label(table.owner.name))
        predicate, argument = column.predicate, column.argument
        assert predicate is not None
        if column.kind == "tick":
            values = " / ".join(self.label(str(value)) for value in column.values)
            return raised(f"{self.label(predicate.name)}: {values}")
        if predicate is table.predicate and argument is not None:
            return raised(self.label(argument.key))
        if argument is None or len(predicate.own) == 1:
            return raised(self.label(predicate.name))
        return raised(f"{self.label(predicate.name)}: {self.label(argument.key)}")

    def explained(self, table: Table, column: Column) -> str:
        """What to write in a column."""
        told = [self.say("required")] if column.required else []
        told.append(self._told(table, column))
        only = self.only_in(table, column)
        if only:
            told.append(self.say("only_for", fields=self.joined(only)))
        return self.say("between").join(told)

    def _told(self, table: Table, column: Column) -> str:
        kind, argument = column.kind, column.argument
        candidates = self.sheets[self.layout.tables[0].name]
        if kind == "candidate":
            own = table.predicate is None
            return self.say("candidate_once") if own else self.say("candidate_known", sheet=candidates)
        if kind == "owner" and table.owner is not None:
            return self.say("owner_text", sheet=self.sheets[self.owner_table(table.owner).name])
        if kind == "number" and argument is not None:
            least, greatest = self.vocabulary.ranges[argument.domain]
            return self.say("number_text", least=f"{least:,}", greatest=f"{greatest:,}")
        if kind == STATUS:
            return self.say("status_short", verified=self.label(STATUSES[0]))
        if kind == "value" and self.by_field(table, column):
            return self.say("choose_by_field", guide=self.say("guide"))
        names = {"id": "id_text", "truth": "truth_text", "flag": "tick_text", "tick": "tick_text"}
        return self.say({**names, SOURCE: "source_short"}.get(kind, "choose"))

    def owner_table(self, owner: Predicate) -> Table:
        """The table of an item."""
        return next(table for table in self.layout.tables if table.predicate is owner)

    def fields_of(self, table: Table) -> tuple[str, ...]:
        """The fields that the items of a table can be of; none where they are of no field."""
        item = table.owner or table.predicate
        return item.fields if item is not None and item.of_field else ()

    def only_in(self, table: Table, column: Column) -> tuple[str, ...]:
        """The fields that alone have a column; none where all have that the table is for, or it is of no field."""
        fields = self.fields_of(table)
        if column.predicate is None or column.predicate is table.predicate:
            return ()
        pairs = list(zip(column.predicate.own, column.values, strict=False))
        some = tuple(f for f in fields if f in column.predicate.fields and all(self.has(a, v, f) for a, v in pairs))
        return some if some != fields else ()

    def has(self, argument: Argument, value: Term, f: str | None) -> bool:
        """Whether an argument can have a value in a field."""
        return value in self.vocabulary.values(argument.domain, f).values()

    def by_field(self, table: Table, column: Column) -> bool:
        """Whether the values of a column depend on the field."""
        argument, predicate = column.argument, column.predicate
        if argument is None or predicate is None or column.kind != "value" or not self.fields_of(table):
            return False
        first, *others = (list(self.vocabulary.values(argument.domain, f)) for f in predicate.fields)
        return any(values != first for values in others)

    def values(self, column: Column) -> list[tuple[str, str]]:
        """The values that a column can hold, as they are written and by their names."""
        return [(str(self.cells.write(name, column)), name) for name in self.layout.allowed(column)]

    def identifies(self, column: Column) -> bool:
        """Whether a column says whom or what a row is about."""
        return column.name == CANDIDATE or column.kind in ("owner", "id")


def raised(text: str) -> str:
    """Text that begins with a capital letter."""
    return text[:1].upper() + text[1:]
