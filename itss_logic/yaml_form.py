"""YAML text to the values that JSON has. Anchors, which can grow, and tags, which can construct, are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import yaml

from itss_logic import limits
from itss_logic.documents import DocumentError, Members, Value, decode, too_deep, whole
from itss_logic.errors import QuestionError

PLAIN: list[tuple[re.Pattern[str], Callable[[str], Value]]] = [
    (re.compile(r"true|True|TRUE"), lambda text: True),
    (re.compile(r"false|False|FALSE"), lambda text: False),
    (re.compile(r"(~|null|Null|NULL)?"), lambda text: None),
    (re.compile(r"[-+]?[0-9]+"), whole),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
]
"""What a plain scalar is in YAML 1.2's core schema; all else is a string."""


Build: TypeAlias = "Callable[[Iterator[yaml.Event]], Iterator[Value]]"
"""Makes the values of documents of what the parser meets."""


def parse_yaml(text: str, build: Build | None = None) -> Iterator[Value]:
    """The values of the documents in a YAML text: JSON's types alone, no anchors, aliases or tags.

    Args:
        text: of a whole file.
        build: makes the values, where they are to be made otherwise.

    Raises:
        DocumentError: with code `syntax`, or `too_large` where it is nested too deep.
    """
    try:
        yield from (build or _build)(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        # The C parser looks far ahead, and may meet its own limit before ours is reached.
        if error.problem and "nesting depth" in error.problem:
            raise too_deep() from None
        mark = error.problem_mark
        where = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise DocumentError("syntax", error.problem or "not YAML", "write YAML", *where) from None
    except yaml.YAMLError as error:
        raise DocumentError("syntax", str(error).splitlines()[0], "write YAML") from None
    except RecursionError:
        raise too_deep() from None


def read_mapping(path: str, form: str) -> Members:
    """The mapping that a YAML file of a user's own is; several documents count as one.

    Args:
        path: of the file; `-` is a file of this name.
        form: what to write instead, for errors.

    Raises:
        QuestionError: where it is none; it says where, and what to write.
    """
    try:
        with open(path, "rb") as file:
            documents = [document for document in parse_yaml(decode(file.read())) if document is not None]
    except DocumentError as error:
        where = f"{path}:{error.line}" if error.line else path
        raise QuestionError(f"{where}: {error.message}; {error.mend}") from None
    if not all(isinstance(document, Members) for document in documents):
        raise QuestionError(f"{path}: {form}")
    together = Members([pair for document in documents if isinstance(document, Members) for pair in document.items()])
    repeated = [*together.repeated, *(key for d in documents if isinstance(d, Members) for key in d.repeated)]
    if repeated:
        raise QuestionError(f"{path}: {repeated[0]} stands twice; keep one of them")
    return together


def _build(events: Iterator[yaml.Event]) -> Iterator[Value]:
    """Build values from events, without recursion. A stack entry is a list, or keys and values by turns."""
    stack: list[list[Any]] = [[]]
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise refused("anchors, aliases and tags are not read", "write the value out", event)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(stack) > limits.PARSER_DEPTH:
                raise too_deep()
            stack.append([])
        elif isinstance(event, yaml.ScalarEvent):
            stack[-1].append(scalar(event))
        elif isinstance(event, yaml.SequenceEndEvent):
            items = stack.pop()
            stack[-1].append(items)
        elif isinstance(event, yaml.MappingEndEvent):
            flat = stack.pop()
            stack[-1].append(
                Members([(key_of(key, event), value) for key, value in zip(flat[::2], flat[1::2], strict=True)])
            )
        elif isinstance(event, yaml.DocumentEndEvent):
            yield stack[0].pop()


def scalar(event: yaml.ScalarEvent) -> Value:
    """The value of a scalar, as YAML 1.2 has it."""
    if not event.style:  # Plain: the C parser says so by an empty string, the Python one by None.
        for pattern, convert in PLAIN:
            if pattern.fullmatch(event.value):
                return convert(event.value)
    return str(event.value)


def key_of(key: Value, event: yaml.Event) -> str:
    """A key of a mapping, which must be a string."""
    if isinstance(key, str):
        return key
    raise refused("a key is not a string", "write the key as text", event)


def refused(message: str, mend: str, event: yaml.Event) -> DocumentError:
    """The error for what is YAML, but not read."""
    mark = event.start_mark
    where = (mark.line + 1, mark.column + 1) if mark else (None, None)
    return DocumentError("syntax", message, mend, *where)
