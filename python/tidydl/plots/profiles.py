"""Lek's profiles: a panel for each variable, a line for each group of values that the others are held at."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from tidydl.columns import Contract
from tidydl.networks.effects.sensitivity import LekGroups, LekProfile
from tidydl.plots.names import LETTER, LONGEST, STRIP, as_text, shown_names, wrapped
from tidydl.plots.units import BASE_SIZE, TICKS, colours_between, line_size, point_size, theme
from tidydl.verbs import autoplot

LINES = Contract.of(variable="label", output="label", group="label", x="double", fitted="double", is_level="logical")
KEYS = Contract.of(group="string", colour="string")
HELD = Contract.of(
    variable="label",
    group="label",
    xmin="double",
    xmax="double",
    ymin="double",
    ymax="double",
    text="string",
    ink="string",
)
WIDTH, DOT = 1.6, 4.5  # of lines and points, in points
HALF = 0.4  # of a bar's width
LEGEND = "others held at"
_ROOM = 52  # letters that fit above panels side by side, or below them
_LINES = 3  # above a panel
WHITE, BLACK = "#FFFFFF", "#000000"  # on the dark colours of the first groups, on the light ones of the others


def profile_layout(frame: pd.DataFrame) -> dict[str, Any]:
    """Lay out Lek's profiles, a frame of ``lekprofile()``.

    Every variable has a stretch of the x axis of its own, from 2v to 2v + 1, so that one axis can name numbers in one
    panel and levels in another. Long names are cut and stand in several lines.

    ``lines``: variable, output, group, x (of the stretched axis), fitted, is_level. ``ticks``: at and label on that
    axis. ``angle``: of these labels, 0 or 90. ``keys``: the colour of each group. ``is_many``: whether there are
    several outputs. ``columns``: how many panels stand side by side if there is one output.
    """
    present = [level for level in frame["variable"].cat.categories if (frame["variable"] == level).any()]
    x, positions, labels, widest = np.empty(len(frame)), [], [], 0
    for v, variable in enumerate(present):
        rows = (frame["variable"] == variable).to_numpy()
        at, named = _ticks(frame[rows])
        low, high = _ends(frame["x"].to_numpy(dtype=float)[rows])
        x[rows] = 2 * v + (frame["x"].to_numpy(dtype=float)[rows] - low) / (high - low)
        positions += [2 * v + (each - low) / (high - low) for each in at]
        labels += named
        if frame["level"][rows].notna().any():
            widest = max(widest, sum(len(name) + 1 for name in named))
    outputs = [level for level in frame["output"].cat.categories if (frame["output"] == level).any()]
    columns = len(present) if len(outputs) > 1 else _columns(len(present))
    strips, rows_of, keys = _strips(present, columns), _strips(outputs, 1), _strips(frame["group"].cat.categories, 1)
    lines = {
        "variable": [strips[str(name)] for name in frame["variable"]],
        "output": [rows_of[str(name)] for name in frame["output"]],
        "group": [keys[str(name)] for name in frame["group"]],
        "x": x,
        "fitted": frame["fitted"].to_numpy(dtype=float),
        "is_level": frame["level"].notna().to_numpy(),
    }
    levels = {
        name: list(shown.values()) for name, shown in (("variable", strips), ("output", rows_of), ("group", keys))
    }
    return {
        "lines": LINES.frame(lines, levels=levels),
        "ticks": TICKS.frame({"at": positions, "label": labels}),
        "angle": 90 if widest * columns > _ROOM else 0,
        "keys": _keys(levels["group"]),
        "is_many": len(outputs) > 1,
        "columns": _columns(len(present)),
    }


def _strips(names: Iterable[object], columns: int) -> dict[str, str]:
    """Return the names above panels: shortened and wrapped."""
    texts = [str(name) for name in names]
    letters = max(min(STRIP, _ROOM // columns), 6)
    shown = shown_names(texts, min(LONGEST, _LINES * letters))
    return {name: wrapped(text, letters) for name, text in zip(texts, shown, strict=True)}


def _columns(panels: int) -> int:
    return min(panels, 4) if panels not in (5, 6, 9) else 3


def _keys(groups: list[str]) -> pd.DataFrame:
    return KEYS.frame({"group": groups, "colour": colours_between(len(groups))})


def _ends(x: np.ndarray) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(rows: pd.DataFrame) -> tuple[list[float], list[str]]:
    """Return the ticks of one variable: its levels, or some four to seven round numbers."""
    if rows["level"].notna().any():
        named = rows.drop_duplicates("x")
        return list(named["x"]), shown_names(list(named["level"]), STRIP)
    low, high = _ends(rows["x"].to_numpy(dtype=float))
    step = _round_step((high - low) / 4)
    at = [step * k for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals > 5 or max(abs(low), abs(high)) >= 1e6:
        return at, [f"{each:.3g}" for each in at]
    return at, [f"{each + 0.0:.{decimals}f}" for each in at]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return min((factor * power for factor in (1, 2, 5, 10)), key=lambda step: abs(math.log(step / rough)))


def groups_layout(frame: pd.DataFrame) -> dict[str, Any]:
    """Lay out what ``lekprofile(group_show=True)`` returns: a panel for each variable, a bar for each group.

    ``bars``: variable, group, corners, text (the level of a categorical variable) and its ink. ``keys``: the colour of
    each group. ``columns``: how many panels stand side by side. Long names are cut and stand in several lines.
    """
    columns = _columns(len(frame["variable"].cat.categories))
    variables = _strips(frame["variable"].cat.categories, columns)
    groups = _strips(frame["group"].cat.categories, 1)
    levels = [str(level) for level in frame["level"].dropna()]
    written = dict(zip(levels, shown_names(levels, STRIP), strict=True))
    position = frame["group"].cat.codes.to_numpy() + 1.0
    value = frame["value"].to_numpy(dtype=float)
    bars = {
        "variable": [variables[str(name)] for name in frame["variable"]],
        "group": [groups[str(name)] for name in frame["group"]],
        "xmin": position - HALF,
        "xmax": position + HALF,
        "ymin": np.minimum(value, 0),
        "ymax": np.maximum(value, 0),
        "text": ["" if pd.isna(level) else written[str(level)] for level in frame["level"]],
        "ink": [WHITE if code < len(groups) / 2 else BLACK for code in frame["group"].cat.codes],
    }
    return {
        "bars": HELD.frame(bars, levels={"variable": list(variables.values()), "group": list(groups.values())}),
        "keys": _keys(list(groups.values())),
        "columns": columns,
    }


def _size(columns: int, rows: int, below: float = 0.0) -> tuple[float, float]:
    """Return the size of the plot in inches, with room below each row of panels."""
    return min(2.2 * columns + 1.4, 12.0), max(3.2, min((1.9 + below) * rows + 0.8, 14.0))


@autoplot.register(LekProfile)
def _autoplot(x: LekProfile) -> Any:
    """Draw the profiles: a panel for each variable, and a row of panels for each output where there are several."""
    import plotnine as p9

    layout = as_text(profile_layout(x))
    lines, ticks = layout["lines"], layout["ticks"]
    colours = dict(zip(layout["keys"]["group"], layout["keys"]["colour"], strict=True))
    panels = len(lines["variable"].cat.categories)
    below = max(len(name) for name in ticks["label"]) * LETTER * 0.8 * BASE_SIZE / 72 if layout["angle"] else 0.0
    turned = {"axis_text_x": p9.element_text(rotation=90, ha="center", va="top")} if layout["angle"] else {}
    if layout["is_many"]:
        facets: Any = p9.facet_grid("output", "variable", scales="free_x")
        size = _size(panels, len(lines["output"].cat.categories), below)
    else:
        facets = p9.facet_wrap("variable", scales="free_x", ncol=layout["columns"])
        size = _size(layout["columns"], math.ceil(panels / layout["columns"]), below)
    return (
        p9.ggplot(lines, p9.aes("x", "fitted", colour="group", group="group"))
        + p9.geom_line(size=line_size(WIDTH))
        + p9.geom_point(data=lines[lines["is_level"]], size=point_size(DOT))
        + p9.scale_colour_manual(values=colours, name=LEGEND)
        + p9.scale_x_continuous(breaks=list(ticks["at"]), labels=list(ticks["label"]), minor_breaks=[])
        + facets
        + p9.labs(x="", y="fitted")
        + theme(figure_size=size, **turned)
    )


@autoplot.register(LekGroups)
def _autoplot_groups(x: LekGroups) -> Any:
    """Draw the held values: a panel for each variable, a bar for each group."""
    import plotnine as p9

    layout = as_text(groups_layout(x))
    bars = layout["bars"]
    colours = dict(zip(layout["keys"]["group"], layout["keys"]["colour"], strict=True))
    panels = len(bars["variable"].cat.categories)
    return (
        p9.ggplot(bars)
        + p9.geom_rect(p9.aes(xmin="xmin", xmax="xmax", ymin="ymin", ymax="ymax", fill="group"))
        + p9.geom_text(
            p9.aes(x="(xmin + xmax) / 2", y="ymax / 2", label="text", colour="ink"), size=BASE_SIZE * 0.75, angle=90
        )
        + p9.scale_colour_identity()
        + p9.scale_fill_manual(values=colours, name=LEGEND)
        + p9.scale_x_continuous(breaks=[])
        + p9.facet_wrap("variable", scales="free_y", ncol=layout["columns"])
        + p9.labs(x="", y="value")
        + theme(figure_size=_size(layout["columns"], math.ceil(panels / layout["columns"])))
    )
