"""The styles of a workbook, as far as they say what the numbers in cells are: dates, times, or shown otherwise."""

from __future__ import annotations

from typing import NamedTuple

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

from itss_logic.intake.number_format import LONGEST
from itss_logic.intake.package import Package, damaged

EAST_ASIAN_DATES = (*range(27, 37), *range(50, 59))
"""The formats that show dates in East Asia, without the workbook saying so."""


class Styles(NamedTuple):
    """The formats of numbers by style, and which of them show a date or time; whether it is a duration."""

    formats: tuple[str | None, ...] = ()
    dates: dict[int, bool] = {}  # noqa: RUF012


def styles_of(package: Package, name: str) -> Styles:
    """The styles of a part.

    Raises:
        DocumentError: where it is damaged.
    """
    formats: dict[int, str] = {**BUILTIN_FORMATS, **dict.fromkeys(EAST_ASIAN_DATES, "yyyy/mm/dd")}
    styles: list[int] = []
    inside: list[bool] = [False]

    def number_format(attributes: dict[str, str]) -> None:
        formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")

    def style(attributes: dict[str, str]) -> None:
        if inside[0]:
            styles.append(int(attributes.get("numFmtId", 0)))

    def set_to(value: bool) -> None:
        inside[0] = value

    starts = {"numFmt": number_format, "xf": style, "cellXfs": lambda _: set_to(True)}
    with damaged(name):
        for _ in package.parsed(name, starts, {"cellXfs": lambda: set_to(False)}, root="styleSheet"):
            pass
    shown = {id: text for id, text in formats.items() if len(text) < LONGEST and is_date_format(text)}
    dates = {at: is_timedelta_format(shown[id]) for at, id in enumerate(styles) if id in shown}
    return Styles(tuple(map(formats.get, styles)), dates)
