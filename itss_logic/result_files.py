"""Result files: what `itss batch` and `itss evaluate` wrote, opened for queries by DuckDB (extra `batch`)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from itss_logic.errors import ItssError, printable
from itss_logic.result_forms import MEND, Origin, read_csv, read_lines, read_parquet, told_origin

if TYPE_CHECKING:
    import duckdb

READERS = {
    ".jsonl": read_lines,
    ".ndjson": read_lines,
    ".jsonl.gz": read_lines,
    ".jsonl.zst": read_lines,
    ".parquet": read_parquet,
    ".csv": read_csv,
}
"""What reads a result file, by its suffix."""

STANDARD_INPUT = "-"

MARK = "_SUCCESS"
"""The file in a folder of parts that says what they rest on."""

MEMORY = "2GB"
"""What DuckDB may use of memory; beyond it, it goes to disk."""

VARIETIES = 1_000
"""How many levels, and kinds of policies and readings, results may have; honest ones have a few."""

ROWS = 10_000
"""How many rows are fetched at a time."""


class Opened(NamedTuple):
    """Result files that are looked at together.

    `results` names the relation of their verdicts (candidate, field, level, verdict, sole: the criterion unmet where
    there is one only, else null), `kinds` that of how many there are of each kind (field, level, verdict, sole,
    number), `people` that of their candidates (candidate, evidence: the digest of what is on file, null where the form
    does not tell). `levels` are in the order in which the files have the fields.
    """

    paths: tuple[str, ...]
    results: str
    kinds: str
    people: str
    origins: tuple[Origin, ...]
    levels: tuple[tuple[str, int], ...]
    has_evidence: bool


class Store:
    """A store for result files; what it keeps on disk goes when its `with` ends.

    Raises:
        ItssError: where DuckDB is not installed.
    """

    def __init__(self) -> None:
        try:
            import duckdb
        except ModuleNotFoundError:
            message = "results are queried by duckdb; install it with: pip install 'itss_logic[batch]'"
            raise ItssError(message) from None
        self.error = duckdb.Error
        self.folder = TemporaryDirectory(prefix="itss-")
        self.files = self.opened = 0
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": os.path.join(self.folder.name, "spill"),
            # A file must not make DuckDB fetch anything.
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        path = os.path.join(self.folder.name, "results.duckdb")
        self.connection: duckdb.DuckDBPyConnection = duckdb.connect(path, config=settings)
        self.connection.execute("set enable_progress_bar = false")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
        self.folder.cleanup()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; errors are those of DuckDB, for readers to tell of."""
        return self.connection.execute(sql, parameters).fetchall()

    def each(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query, one after the other.

        Raises:
            ItssError: where DuckDB cannot answer it: no memory, no room on the disk.
        """
        try:
            cursor = self.connection.cursor()
            cursor.execute(sql, parameters)
            while rows := cursor.fetchmany(ROWS):
                yield from rows
        except self.error as error:
            raise ItssError(f"the results cannot be queried: {_told(error)}") from None

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; see `each`."""
        return list(self.each(sql, parameters))

    def number(self, sql: str) -> int:
        """The one number that a query gives; see `each`."""
        return int(self.rows(sql)[0][0])

    def open(self, paths: Sequence[str], stdin: BinaryIO | None = None) -> Opened:
        """Open result files, folders of them, and `-`, JSON lines of standard input.

        Raises:
            ItssError: for a file that holds no results, or broken ones; it tells where.
            OSError: for a file that cannot be read.
        """
        files = [file for path in paths for file in _found(path)]
        numbers = range(self.files, self.files + len(files))
        loaded = [self._load(path, stdin) for path in files]
        self.opened += 1
        results, kinds, people = (self._together(what, numbers) for what in ("results", "kinds", "people"))
        if not self.number(f"select count(*) from (select 1 from {results} limit 1)"):
            raise ItssError(f"{printable(files[0])}: holds no results; {MEND}")
        origins = tuple(origin for one in loaded for origin in one.origins)
        if (mark := _mark(paths)) is not None and _is_of(mark, origins):
            origins = (mark,)
        categories = sorted({origin.category for origin in origins if origin.category is not None})
        if len(categories) > 1:
            message = f"these results are of several categories, {', '.join(map(printable, categories))}"
            raise ItssError(f"{message}; look at each by itself")
        found = self.rows(f"select distinct field, level::integer from {kinds} limit {VARIETIES + 1}")
        if max(len(found), len(origins)) > VARIETIES:
            message = f"more than {VARIETIES} kinds of levels, policies or readings are no results"
            raise ItssError(f"{printable(files[0])}: {message}; {MEND}")
        first = dict.fromkeys(field for one in loaded for field in one.fields)
        fields = list(dict.fromkeys([*first, *sorted(field for field, _ in found)]))
        levels = tuple(sorted(found, key=lambda level: (fields.index(level[0]), level[1])))
        has_evidence = all(one.has_evidence for one in loaded)
        return Opened(tuple(files), results, kinds, people, origins, levels, has_evidence)

    def _together(self, what: str, numbers: Iterable[int]) -> str:
        """A relation of several files as one; gives its name."""
        name = f"all_{what}_{self.opened}"
        together = " union all ".join(f"select * from {what}_{number}" for number in numbers)
        self.execute(f"create view {name} as {together}")
        return name

    def _load(self, path: str, stdin: BinaryIO | None) -> Any:
        """Make `results_N` and `people_N` of a file."""
        number, suffix = self.files, suffix_of(path)
        if suffix is None:
            raise ItssError(f"{printable(path)}: its suffix is none of {', '.join(READERS)}; {MEND}")
        # DuckDB takes signs in a name for patterns and addresses; a link of ours has none.
        safe = os.path.join(self.folder.name, f"{number}{suffix}")
        if path == STANDARD_INPUT:
            assert stdin is not None
            with open(safe, "wb") as file:
                shutil.copyfileobj(stdin, file, 2**20)
        else:
            with open(path, "rb"):
                os.symlink(os.path.abspath(path), safe)
        try:
            loaded = READERS[suffix](self, path, safe, number)
        except self.error as error:
            raise ItssError(
                f"{printable(path)}: cannot be read: {_told(error).replace(safe, printable(path))}; {MEND}"
            ) from None
        self.files += 1
        return loaded


def suffix_of(path: str) -> str | None:
    """The suffix of a result file that tells its form; None for other files."""
    if path == STANDARD_INPUT:
        return ".jsonl"
    return next((suffix for suffix in READERS if path.lower().endswith(suffix)), None)


def _found(path: str) -> list[str]:
    """The result files under a path: itself, or those of a folder, sorted by name."""
    if not os.path.isdir(path):
        return [path]
    found = sorted(os.path.join(path, name) for name in os.listdir(path) if suffix_of(name))
    if not found:
        raise ItssError(f"{printable(path)}: the folder has no results; {MEND}")
    return found


def _is_of(mark: Origin, origins: Iterable[Origin]) -> bool:
    """Whether a mark is of all that has these origins, and of nothing else."""
    told = list(origins)
    alike = all(one.policy in (None, mark.policy) and one.readings in (None, mark.readings) for one in told)
    return alike and mark.candidates == sum(one.candidates for one in told)


def _mark(paths: Sequence[str]) -> Origin | None:
    """What a folder of parts that one run wrote tells of that run."""
    try:
        with open(os.path.join(*paths, MARK), encoding="utf-8") as file:
            told = json.load(file)
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or len(paths) != 1 or type(told.get("candidates")) is not int:
        return None
    return told_origin(told, told["candidates"])


def _told(error: Exception) -> str:
    """What DuckDB says, in one line."""
    return printable(str(error).split("\n")[0])
