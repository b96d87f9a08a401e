"""Pictures of verdicts and of what changes, drawn by matplotlib (extra `plot`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from itss_logic.answers import VERDICTS
from itss_logic.console import installed
from itss_logic.errors import QuestionError
from itss_logic.tables import MARKS, cut, said

if TYPE_CHECKING:
    from itss_logic.impact import Impact
    from itss_logic.results import Summary

FORMS = {".svg": {"Date": None}, ".png": {"Software": None}, ".pdf": {"CreationDate": None}}
"""The metadata of each form, without what would differ from one drawing to the next."""

UP, DOWN, SAME = "#1b7837", "#b35806", "#f0f0f0"
"""Colours that those who see no red or no green can tell apart; arrows say the same."""

SHADES = {"attained": "#1b7837", "deemed": "#92c5a0", "pending": "#f4a736", "not_attained": "#dddddd"}
"""Colours of verdicts, which differ in how dark they are; signs say the same."""

LEAST_SHARE = 0.07
"""A part of a bar that is smaller has no room for its share."""


def check_form(path: str) -> None:
    """See whether a picture can be drawn into a file of this name.

    Raises:
        QuestionError: for a form that is not drawn, or where matplotlib is not installed.
    """
    if os.path.splitext(path)[1].lower() not in FORMS:
        raise QuestionError(f"{path}: a picture is one of {' or '.join(FORMS)}")
    installed("matplotlib", "plot", "pictures are drawn by matplotlib")


def moves(impact: Impact, labels: Mapping[str, str], path: str) -> None:
    """Draw how many candidates move from which highest level to which, a square a field, into a file of `FORMS`."""
    plt = _pyplot()
    from matplotlib.patches import Rectangle

    fields = list(dict.fromkeys(field for field, _ in impact.levels))
    figure, squares = plt.subplots(1, len(fields), figsize=(4.2 * len(fields), 5.2), squeeze=False)
    for square, field in zip(squares[0], fields, strict=True):
        _square(square, impact, field, labels.get(field, field))
    moved = sum(number for (_, was, now), number in impact.moves.items() if was != now)
    figure.suptitle(f"Highest level before and after, {impact.candidates:,} candidates: {moved:,} moves")
    legend = [Rectangle((0, 0), 1, 1, color=colour) for colour in (UP, DOWN, SAME)]
    figure.legend(legend, ["▲ to a higher level", "▼ to a lower level", "as before"], loc="lower center", ncols=3)
    figure.tight_layout(rect=(0, 0.13, 1, 1))
    figure.text(0.5, 0.085, f"changed: {', '.join(impact.changes) or 'nothing'}", ha="center", fontsize=8, wrap=True)
    _save(figure, path)


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    # The same numbers give the same bytes, and letters stay letters.
    mpl.rcParams.update({"svg.hashsalt": "itss_logic", "svg.fonttype": "none", "font.size": 10})
    import matplotlib.pyplot as plt

    return plt


def _save(figure: Any, path: str) -> None:
    figure.savefig(path, metadata=FORMS[os.path.splitext(path)[1].lower()])
    _pyplot().close(figure)


def _square(square: Any, impact: Impact, field: str, title: str) -> None:
    """The moves of one field: a row for each level before, a column for each level after, the lowest first."""
    from matplotlib.patches import Rectangle

    levels: list[int | None] = [None, *(level for of, level in impact.levels if of == field)]
    names = ["none" if level is None else str(level) for level in levels]
    most = max((n for (of, was, now), n in impact.moves.items() if of == field and was != now), default=1)
    for row, was in enumerate(levels):
        for column, now in enumerate(levels):
            number = impact.moves.get((field, was, now), 0)
            colour, mark, strength = SAME, "", 1.0
            if row != column and number:
                colour, mark = (UP, "▲ ") if column > row else (DOWN, "▼ ")
                strength = 0.35 + 0.65 * number / most
            if row == column or number:
                corner = (column - 0.5, row - 0.5)
                square.add_patch(Rectangle(corner, 1, 1, facecolor=colour, alpha=strength, edgecolor="white"))
                weight = "normal" if row == column else "bold"
                ink = "black" if strength < 0.7 or row == column else "white"
                square.text(column, row, f"{mark}{number:,}", ha="center", va="center", color=ink, weight=weight)
    square.set(xlim=(-0.5, len(levels) - 0.5), ylim=(-0.5, len(levels) - 0.5), aspect="equal", title=title)
    square.set_xticks(range(len(levels)), names)
    square.set_yticks(range(len(levels)), names)
    square.set(xlabel="level after", ylabel="level before")


def verdict_bars(summary: Summary, label: Callable[[str], str], rests_on: Iterable[str], path: str) -> None:
    """Draw the shares of the verdicts, a bar a level, the levels of a field together, into a file of `FORMS`.

    Args:
        summary: the results in numbers.
        label: what a person calls a field.
        rests_on: lines that tell what the results rest on; there is room for three.
        path: the file.
    """
    plt = _pyplot()
    places: dict[tuple[str, int], float] = {}
    for number, level in enumerate(summary.levels):
        places[level] = number + 0.7 * summary.fields.index(level[0])
    height = max(places.values()) + 1
    figure, bars = plt.subplots(figsize=(9, 2.1 + 0.36 * height))
    for level, place in places.items():
        _bar(bars, summary, level, place)
    for field in summary.fields:
        first = next(place for level, place in places.items() if level[0] == field)
        bars.text(0, first - 0.55, cut(label(field), 60), weight="bold", va="bottom", parse_math=False)
    bars.set_yticks([*places.values()], [f"level {level}" for _, level in places])
    bars.set(xlim=(0, 1), ylim=(height - 0.4, -1.3), xticks=[0, 0.25, 0.5, 0.75, 1])
    bars.set_xticklabels(["0 %", "25 %", "50 %", "75 %", "100 %"])
    bars.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        bars.spines[side].set_visible(False)
    figure.suptitle(f"Verdicts of {summary.candidates:,} candidates")
    patches = [plt.Rectangle((0, 0), 1, 1, color=SHADES[verdict]) for verdict in VERDICTS]
    names = list(map(said, VERDICTS))
    edge = figure.get_figheight()
    figure.legend(
        patches, names, loc="lower center", ncols=len(VERDICTS), frameon=False, bbox_to_anchor=(0.5, 0.42 / edge)
    )
    told = "\n".join(cut(line, 130) for line in islice(rests_on, 3))
    figure.text(0.5, 0.06 / edge, told, ha="center", va="bottom", fontsize=7, parse_math=False)
    figure.tight_layout(rect=(0, 0.8 / edge, 1, 1))
    _save(figure, path)


def _bar(bars: Any, summary: Summary, level: tuple[str, int], place: float) -> None:
    start = 0.0
    for verdict in VERDICTS:
        number = summary.counts.get((*level, verdict), 0)
        share = number / summary.total(*level)
        if number:
            bars.barh(place, share, left=start, height=0.82, color=SHADES[verdict], edgecolor="white", linewidth=0.8)
        if share >= LEAST_SHARE:
            ink = "white" if verdict == "attained" else "black"
            told = f"{MARKS[verdict]} {100 * share:.0f} %"
            bars.text(start + share / 2, place, told, ha="center", va="center", color=ink, fontsize=8)
        start += share
