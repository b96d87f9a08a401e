"""Pictures of what changes, drawn by matplotlib (extra `plot`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itss_logic.errors import QuestionError

if TYPE_CHECKING:
    from itss_logic.impact import Impact

FORMS = (".svg", ".png")
UP, DOWN, SAME = "#1b7837", "#b35806", "#f0f0f0"
"""Colours that those who see no red or no green can tell apart; arrows say the same."""


def check_form(path: str) -> None:
    """See whether a picture can be drawn into a file of this name.

    Raises:
        QuestionError: for a form that is not drawn, or where matplotlib is not installed.
    """
    from importlib.util import find_spec

    if os.path.splitext(path)[1].lower() not in FORMS:
        raise QuestionError(f"{path}: a picture is one of {' or '.join(FORMS)}")
    if find_spec("matplotlib") is None:
        raise QuestionError("pictures are drawn by matplotlib; install it with: pip install 'itss_logic[plot]'")


def moves(impact: Impact, labels: Mapping[str, str], path: str) -> None:
    """Draw how many candidates move from which highest level to which, a square a field, into an SVG or PNG file."""
    import matplotlib as mpl

    mpl.use("Agg")
    # The same moves give the same bytes, and letters stay letters.
    mpl.rcParams.update({"svg.hashsalt": "itss_logic", "svg.fonttype": "none", "font.size": 10})
    import matplotlib.pyplot as plt
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
    figure.savefig(path, metadata={"Date": None} if path.lower().endswith(".svg") else {"Software": None})
    plt.close(figure)


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
