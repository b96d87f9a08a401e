"""How a spreadsheet shows whole numbers: what people see in a cell is not always what the file holds."""

from __future__ import annotations

import re
import unicodedata

COLOUR = re.compile(r"\[(black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)\]", re.IGNORECASE)
LITERAL = re.compile(r'"[^"]*"|\\.', re.DOTALL)
SPACE = re.compile(r"_.|\* ", re.DOTALL)
"""Room left for a character, or filled with space: nothing that is read."""

DIGITS = re.compile(r"(-?)(#,##|#*)(0*)")

PRIVATE = 0xE000
"""Letters of no meaning, which stand for what is in quotes."""

LONGEST = 1_000
"""The longest format, in characters, that is looked at."""

CURRENCY = re.compile(r"\[\$[^\]\d-]*(-[0-9A-Fa-f]+)?\]")
SHOWN = re.compile(r"([^#0?]*?)(General|[#0?]+(?:[, ][#0?]+)*(?:\.[#0?]*)?)([^#0?]*)", re.IGNORECASE)
"""What stands before a number, its digits, and what stands behind it."""

SIGNS, NEGATIVE = frozenset(["", "+", "$", "¥", "￥", "€", "£"]), frozenset(["-", "−", "(", "△", "▲"])
POWER = re.compile(r"(?<=m)[23²³]$", re.IGNORECASE)
UNIT = re.compile(r"m[23²³]|[^\W\d_]+|㎡|㎥|", re.IGNORECASE)
"""What may stand behind a number: a word, or a measure of size."""

SCALES = frozenset(
    [
        *("k", "m", "g", "t", "b", "mm", "mn", "mio", "bn", "tsd", "kilo", "dozen", "dozens", "hundred", "hundreds"),
        *("thousand", "thousands", "million", "millions", "billion", "billions", "lakh", "crore", "ダース", "割", "倍"),
        *("percent", "half", "mil", "mld", "mln", "mrd", "thous", "tausend", "約", "半", "キロ", "メガ", "ミリオン"),
        *("坪", "畳", "a", "ha", "acre", "acres", "アール", "ヘクタール", "平方キロメートル", "km", "cm", "ft", "sqft"),
    ]
)
"""What is no unit, or makes of the number another, or less than one."""

DATES = frozenset("年月日時分秒")
BOUNDS = ("以上", "以下", "未満", "超")
NOTHING = re.compile(r"[-?\s]*")
"""How accounts show zero."""


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
    """Whether a number is shown as that number, however it is grouped, and with a sign or a unit beside it at most.

    A date, a percentage, a fraction, a power or thousands of it are not.
    """
    if len(format) > LONGEST:
        return False
    literals: list[str] = []

    def kept(found: re.Match[str]) -> str:
        text = found[0].strip('"\\').strip()
        literals.append(text)
        return chr(PRIVATE + len(literals)) if text else " "

    section, is_apart = _section(LITERAL.sub(kept, format), value)
    section = CURRENCY.sub("", section).strip()
    if section.lower() in ("general", "@"):
        return True
    texts = {chr(PRIVATE + at): text for at, text in enumerate(literals, 1)}

    def spelled(part: str) -> str:
        return "".join(texts.get(letter, letter) for letter in part)

    if value == 0 and NOTHING.fullmatch(spelled(section)):
        return "-" in spelled(section)
    match = SHOWN.fullmatch(section)
    if match is None:
        return False
    before, behind = spelled(match[1]).strip(), spelled(match[3]).strip()
    signs = SIGNS | NEGATIVE if is_apart else SIGNS
    return all(sign in signs for sign in before.replace(" ", "")) and _is_unit(behind, is_apart)


def _is_unit(text: str, is_apart: bool) -> bool:
    """Whether a text behind a number leaves it what it is."""
    unit = text.removesuffix(")").strip() if is_apart else text
    if unit in SIGNS:
        return True
    base = POWER.sub("", unit)
    is_number = any(unicodedata.numeric(letter, None) is not None for letter in base)
    is_other = base != "m" and (base.lower() in SCALES or base.endswith(BOUNDS))
    return bool(UNIT.fullmatch(unit)) and not is_number and not is_other and DATES.isdisjoint(unit)


def _section(format: str, value: int) -> tuple[str, bool]:
    """The part of a format that is for a number, without colours and room; and whether it is for negative ones."""
    sections = format.split(";")
    is_apart = value < 0 and len(sections) > 1
    section = sections[1 if is_apart else 2 if value == 0 and len(sections) > 2 else 0]
    return SPACE.sub("", COLOUR.sub("", section)).strip(), is_apart
