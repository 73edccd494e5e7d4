"""Sizes and colours that both languages draw alike. Layouts give widths and sizes in points, colours as ``#RRGGBB``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tidydl.checks import check_text
from tidydl.columns import Contract

BASE_SIZE = 11  # of the text of a theme
TICKS = Contract.of(at="double", label="string")  # of an axis
STROKE = 0.5  # of the border of a point
_LINE = math.sqrt(math.pi)  # the width in points of plotnine's lines and points of size 1
_SEQUENCE = ("#440154", "#3B528B", "#21908C", "#5DC863", "#8BD646")  # of viridis, without its lightest end
# Where R's name of a colour means another colour than the same name on the web, which matplotlib follows.
_R_NAMES = {"grey": "#BEBEBE", "gray": "#BEBEBE", "green": "#00FF00", "maroon": "#B03060", "purple": "#A020F0"}


def theme(**more: Any) -> Any:
    """Return the theme of R's ``theme_bw()``, with more settings."""
    import plotnine as p9

    return p9.theme_bw(base_size=BASE_SIZE) + p9.theme(strip_background=p9.element_rect(fill="#D9D9D9"), **more)


def line_size(points: float) -> float:
    """Return plotnine's size of a line of a width in points."""
    return points / _LINE


def point_size(points: float) -> float:
    """Return plotnine's size of a circle of a diameter in points."""
    return max(points / _LINE - STROKE, 0.0)


def r_colour(colour: str, argument: str = "colour") -> str:
    """Return a colour by its R name as in CSS: ``grey`` and ``grey50`` are lighter in R."""
    colour = check_text(argument, colour, "The name of a colour, or its '#RRGGBB'.")
    name = colour.lower()
    if name[:4] in ("grey", "gray") and name[4:].isdigit() and int(name[4:]) <= 100:
        shade = int(int(name[4:]) * 2.55 + 0.5)
        return f"#{shade:02X}{shade:02X}{shade:02X}"
    return _R_NAMES.get(name, colour)


def r_colours(colours: str | Sequence[str]) -> list[str]:
    """Return one or several colours by their R names as in CSS."""
    return [r_colour(colour) for colour in ([colours] if isinstance(colours, str) else colours)]


def colours_between(count: int) -> list[str]:
    """Return colours in order, from dark violet to light green."""
    if count == 1:
        return [_SEQUENCE[1]]
    return [_between(index * (len(_SEQUENCE) - 1) / (count - 1)) for index in range(count)]


def _between(at: float) -> str:
    low = min(int(at), len(_SEQUENCE) - 2)
    ends = [[int(_SEQUENCE[k][i : i + 2], 16) for i in (1, 3, 5)] for k in (low, low + 1)]
    mixed = [round(a + (b - a) * (at - low)) for a, b in zip(*ends, strict=True)]
    return "#" + "".join(f"{value:02X}" for value in mixed)
