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

WORKBOOK_BYTES = 64 * 2**20
"""Size of a workbook's file."""

WORKBOOK_UNPACKED = 2**30
"""Size of all parts of a workbook together, unpacked."""

WORKBOOK_PARTS = 2_000
"""Parts of a workbook: sheets, styles, drawings and the like."""

WORKBOOK_RATIO = 200
"""How many times smaller a part may be packed than it is, unless it is small; sheets come to 50."""

SHARED_BYTES = 256 * 2**20
"""Size of the texts that the sheets of a workbook share, unpacked; and of any other part that is no sheet."""

ROWS = 1_000_000
"""Rows of evidence in one workbook."""

MERGES = 100_000
"""Merged ranges in one sheet."""

FORMULAS = 100_000
"""Formulas of one sheet that yield nothing, for a copy of its workbook."""

CELL_CHARACTERS = 32_767
"""Length of the text in a cell of a workbook."""
