"""How a spreadsheet shows whole numbers: what people see in a cell is not always what the file holds."""

from __future__ import annotations

import re

COLOUR = re.compile(r"\[(black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)\]", re.IGNORECASE)
LITERAL = re.compile(r'"[^"]*"|\\.', re.DOTALL)
SPACE = re.compile(r"_.|\* ", re.DOTALL)
"""Room left for a character, or filled with space: nothing that is read."""

DIGITS = re.compile(r"(-?)(#,##|#*)(0*)")

LONGEST = 1_000
"""The longest format, in characters, that is looked at."""


NUMBER = re.compile(r"[-+( ]?[#0?]+(,[#0?]+)*(\.[#0?]*)?[) ]?")
CURRENCY = re.compile(r"\[\$[^\]]*\]|[$¥€£]")

ZERO = re.compile(r"[-?]+")
"""How accounts show nothing."""


class Computed(int):
    """A zero that a formula yields, as one does that refers to a cell without anything; `formula` is its text."""

    formula: str

    @classmethod
    def by(cls, formula: str) -> Computed:
        """The zero of a formula."""
        made = cls(0)
        made.formula = formula
        return made


class Formatted(int):
    """A whole number that its cell shows otherwise than by its digits; `format` says how."""

    format: str

    @classmethod
    def of(cls, value: float, format: str) -> Formatted:
        """A number in a format."""
        made = cls(value)
        made.format = format
        return made


def shows_digits(format: str, value: int) -> bool:
    """Whether a number is shown as its digits alone, with a minus sign where it has one."""
    if len(format) > LONGEST:
        return False
    section, is_apart = _section(LITERAL.sub("\0", format), value)
    if section.lower() == "general" or section == "@":
        return not is_apart
    match = DIGITS.fullmatch(section)
    if match is None or bool(match[1]) != is_apart:
        return False
    digits = len(str(abs(value))) if value else 0
    is_grouped = match[2] == "#,##" and digits > 3
    return bool(section) and not is_grouped and len(match[3]) <= max(digits, 1) and (value != 0 or bool(match[3]))


def shows_number(format: str, value: int) -> bool:
    """Whether a number is shown as a number, however it is grouped and whatever unit stands beside it.

    A date, a percentage, a fraction or a power is not.
    """
    if len(format) > LONGEST:
        return False
    # A digit in quotes would be read as one of the number.
    literals = LITERAL.sub(lambda found: "\0" if re.search(r"\d", found[0]) else "", format)
    section = CURRENCY.sub("", _section(literals, value)[0]).strip()
    if section.lower() in ("general", "@"):
        return True
    return bool(NUMBER.fullmatch(section) or (value == 0 and ZERO.fullmatch(section)))


def _section(format: str, value: int) -> tuple[str, bool]:
    """The part of a format that is for a number, without colours and room; and whether it is for negative ones."""
    sections = format.split(";")
    is_apart = value < 0 and len(sections) > 1
    section = sections[1 if is_apart else 2 if value == 0 and len(sections) > 2 else 0]
    return SPACE.sub("", COLOUR.sub("", section)).strip(), is_apart
