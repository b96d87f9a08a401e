"""YAML in which a part is written once and used again: anchors, aliases and merge keys, with the line of every key.

It is for files that go with a policy. Evidence has no anchors: `yaml_form` refuses them there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from itss_logic.documents import Members, Value, decode
from itss_logic.yaml_form import key_of, parse_yaml, refused, scalar

MERGE = "<<"
LARGEST = 100_000
"""How many values a document may come to once every alias is written out; anchors within anchors grow fast."""

TAGGED = "tags are not read"


class Placed(Members):
    """An object with the line where it starts, and that of each of its keys."""

    __slots__ = ("line", "lines")

    def __init__(self, pairs: list[tuple[str, Any]], line: int, lines: dict[str, int]) -> None:
        super().__init__(pairs)
        self.line, self.lines = line, lines


class Repeated(NamedTuple):
    """A key that stands twice in one mapping, and the line where it does so again."""

    key: str
    line: int


class Open:
    """A list or a mapping that is being read; of a mapping, keys and values by turns."""

    def __init__(self, event: yaml.Event) -> None:
        self.anchor: str | None = getattr(event, "anchor", None)
        self.is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.line = _line(event)
        self.items: list[tuple[Any, yaml.Event]] = []
        self.merges: set[int] = set()
        self.size = 1

    def add(self, value: Value, event: yaml.Event, size: int) -> None:
        """Add an element, a key or a value."""
        self.items.append((value, event))
        self.size += size
        if self.size > LARGEST:
            raise refused(f"aliases come to more than {LARGEST} values", "write less of them", event)


class Shared:
    """Reads the values of a YAML text; `repeated` are the keys that stand twice."""

    def __init__(self, text: str) -> None:
        self.repeated: list[Repeated] = []
        self.anchors: dict[str, tuple[Value, int]] = {}
        self.values = list(parse_yaml(text, self._build))

    def _build(self, events: Iterator[yaml.Event]) -> Iterator[Value]:
        stack: list[Open] = []
        for event in events:
            if getattr(event, "tag", None):
                raise refused(TAGGED, "write the value alone", event)
            if isinstance(event, (yaml.DocumentStartEvent, yaml.CollectionStartEvent)):
                stack.append(Open(event))
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(stack[-1], event)
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self.anchors:
                    raise refused(f"there is no anchor {event.anchor} above", f"write &{event.anchor} there", event)
                value, size = self.anchors[event.anchor]
                stack[-1].add(value, event, size)
            elif isinstance(event, yaml.CollectionEndEvent):
                closed = stack.pop()
                value = self._mapping(closed) if closed.is_mapping else [item for item, _ in closed.items]
                self._named(closed.anchor, value, closed.size)
                stack[-1].add(value, event, closed.size)
            elif isinstance(event, yaml.DocumentEndEvent):
                yield stack.pop().items[0][0]

    def _scalar(self, within: Open, event: yaml.ScalarEvent) -> None:
        value = scalar(event)
        if within.is_mapping and not len(within.items) % 2 and not event.style and event.value == MERGE:
            within.merges.add(len(within.items))
        self._named(event.anchor, value, 1)
        within.add(value, event, 1)

    def _named(self, anchor: str | None, value: Value, size: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = value, size

    def _mapping(self, closed: Open) -> Placed:
        """A mapping: its own keys, and below them those of what it merges, of which the first comes first."""
        pairs: list[tuple[str, Value]] = []
        merged: list[tuple[Value, yaml.Event]] = []
        lines: dict[str, int] = {}
        for at in range(0, len(closed.items), 2):
            (key, where), (value, _) = closed.items[at : at + 2]
            name = key_of(key, where)
            if name in lines:
                self.repeated.append(Repeated(name, _line(where)))
            lines.setdefault(name, _line(where))
            if at in closed.merges:
                merged += [(one, where) for one in (value if isinstance(value, list) else [value])]
            else:
                pairs.append((name, value))
        placed = Placed(pairs, closed.line, lines)
        for other, where in merged:
            if not isinstance(other, Placed):
                raise refused(f"{MERGE} takes mappings alone", f"write {MERGE}: *ANCHOR of a mapping", where)
            for name, value in other.items():
                if placed.setdefault(name, value) is value:
                    lines.setdefault(name, other.lines[name])
        return placed


def read_shared(path: str) -> Shared:
    """The values of a YAML file with anchors.

    Raises:
        DocumentError: where it is none.
    """
    with open(path, "rb") as file:
        return Shared(decode(file.read()))


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 0
