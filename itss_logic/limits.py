"""The stated limits on evidence: above them it is refused with `too_large`."""

FILE_BYTES = 16 * 2**20
"""Size of a `.json`, `.yaml` or `.lp` file, and of standard input in these forms. JSON lines have no such limit."""

LINE_BYTES = 4 * 2**20
"""Size of one candidate's line in JSON lines."""

FACTS = 10_000
"""Facts of one candidate."""

TEXT_CHARACTERS = 1_024
"""Length of an id or of a source reference."""

DEPTH = 16
"""Nesting of a JSON or YAML value, and of a term."""

PARSER_DEPTH = 900
"""Nesting beyond which a whole JSON or YAML file is not read; about where Python's JSON reader gives up."""

REFUSALS = 1_000
"""Errors listed for one candidate, or for one file that cannot be split into candidates."""
