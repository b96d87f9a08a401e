"""Case files: what a policy decides on small pieces of evidence, case by case, as YAML."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from itss_logic.documents import DocumentError, decode
from itss_logic.errors import QuestionError, printable, shorten

SUFFIXES = (".yaml", ".yml")

FORM = "write a list of cases under `cases`, each a mapping with a name under `case`"


class Case(NamedTuple):
    """A case: its name, where it stands, and the mapping that it is."""

    name: str
    file: str
    line: int
    mapping: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The case as it is told: its file, without suffix, and its name."""
        return f"{os.path.splitext(os.path.basename(self.file))[0]}: {self.name}"

    @property
    def clauses(self) -> tuple[str, ...]:
        """The ids of the clauses it is about."""
        named = self.mapping.get("clauses") or ()
        if not isinstance(named, (list, tuple)):
            raise QuestionError(f"{self.file}:{self.line}: `clauses` is no list; write a list of clause ids")
        return tuple(dict.fromkeys(map(str, named)))


def read_cases(paths: Iterable[str]) -> list[Case]:
    """The cases of files and folders, in order; in folders those of all YAML files, sorted by name.

    Raises:
        QuestionError: where a file is none of cases, or a folder has no such file.
    """
    return [case for path in paths for file in _files(path) for case in _cases(file)]


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    found = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    files = sorted(file for file in found if file.endswith(SUFFIXES))
    if not files:
        raise QuestionError(f"{printable(path)}: no file of cases is in this folder; name one that ends in .yaml")
    return files


def _cases(file: str) -> Iterator[Case]:
    root, value = _read(file)
    cases = value.get("cases") if isinstance(value, dict) else None
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    nodes = [node for key, node in pairs if key.value == "cases"]
    if not isinstance(cases, list) or not nodes:
        raise QuestionError(f"{printable(file)}: there are no cases in it; {FORM}")
    for node, case in zip(nodes[-1].value, cases, strict=True):
        # An alias stands for the node that it names: its line is that of the anchor.
        line = node.start_mark.line + 1
        if not isinstance(case, dict) or not isinstance(case.get("case"), str):
            told = shorten(str(case))
            raise QuestionError(printable(f"{file}:{line}: {told} is no case; {FORM}"))
        yield Case(case["case"], file, line, case)


def _read(file: str) -> tuple[yaml.Node | None, Any]:
    """A YAML file as its node, which knows where it stands, and as the value that it is."""
    try:
        with open(file, "rb") as stream:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(decode(stream.read()))
        try:
            root = loader.get_single_node()
            return root, None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except OSError as error:
        raise QuestionError(f"{printable(file)}: cannot be read: {error.strerror}") from None
    except DocumentError as error:
        raise QuestionError(f"{printable(file)}:{error.line}: {error}; {error.mend}") from None
    except yaml.MarkedYAMLError as error:
        where = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise QuestionError(f"{printable(file)}{where}: {error.problem}; write YAML") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise QuestionError(f"{printable(file)}: {(str(error) or 'unsound').splitlines()[0]}; write YAML") from None
