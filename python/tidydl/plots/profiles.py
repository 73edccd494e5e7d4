"""Lek's profiles: a panel for each variable, a line for each group of values that the others are held at."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from tidydl.columns import Contract
from tidydl.networks.effects.sensitivity import LekGroups, LekProfile
from tidydl.plots.units import BASE_SIZE, TICKS, colours_between, line_size, point_size, theme
from tidydl.verbs import autoplot

__all__ = ["groups_layout", "profile_layout"]

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
WHITE, BLACK = "#FFFFFF", "#000000"  # on the dark colours of the first groups, on the light ones of the others


def profile_layout(frame: pd.DataFrame) -> dict[str, Any]:
    """Lay out Lek's profiles.

    Every variable has a stretch of the x axis of its own, from 2v to 2v + 1, so that one axis can name numbers in one
    panel and levels in another.

    Parameters
    ----------
    frame
        As of ``lekprofile()``.

    Returns
    -------
    dict
        ``lines``: variable, output, group, x (of the stretched axis), fitted, is_level. ``ticks``: at and label on
        that axis. ``keys``: the colour of each group. ``is_many``: whether there are several outputs. ``columns``:
        how many panels stand side by side where there is one output.
    """
    present = [level for level in frame["variable"].cat.categories if (frame["variable"] == level).any()]
    x, places, labels = np.empty(len(frame)), [], []
    for v, variable in enumerate(present):
        rows = (frame["variable"] == variable).to_numpy()
        at, named = _ticks(frame[rows])
        low, high = _ends(frame["x"].to_numpy(dtype=float)[rows])
        x[rows] = 2 * v + (frame["x"].to_numpy(dtype=float)[rows] - low) / (high - low)
        places += [2 * v + (each - low) / (high - low) for each in at]
        labels += named
    outputs = [level for level in frame["output"].cat.categories if (frame["output"] == level).any()]
    groups = [str(level) for level in frame["group"].cat.categories]
    lines = {
        "variable": list(frame["variable"].astype(str)),
        "output": list(frame["output"].astype(str)),
        "group": list(frame["group"].astype(str)),
        "x": x,
        "fitted": frame["fitted"].to_numpy(dtype=float),
        "is_level": frame["level"].notna().to_numpy(),
    }
    levels = {"variable": present, "output": outputs, "group": groups}
    return {
        "lines": LINES.frame(lines, levels=levels),
        "ticks": TICKS.frame({"at": places, "label": labels}),
        "keys": _keys(groups),
        "is_many": len(outputs) > 1,
        "columns": _columns(len(present)),
    }


def _columns(panels: int) -> int:
    return min(panels, 4) if panels not in (5, 6, 9) else 3


def _keys(groups: list[str]) -> pd.DataFrame:
    return KEYS.frame({"group": groups, "colour": colours_between(len(groups))})


def _ends(x: np.ndarray) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(rows: pd.DataFrame) -> tuple[list[float], list[str]]:
    """Give the ticks of one variable: its levels, or some four to seven round numbers."""
    if rows["level"].notna().any():
        named = rows.drop_duplicates("x")
        return list(named["x"]), list(named["level"])
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
    """Lay out what inputs are held at: a panel for each variable, a bar for each group.

    Parameters
    ----------
    frame
        As of ``lekprofile(group_show=True)``.

    Returns
    -------
    dict
        ``bars``: variable, group, corners, text (the level of a categorical variable) and its
        ink. ``keys``: the colour of each
        group. ``columns``: how many panels stand side by side.
    """
    variables = [str(level) for level in frame["variable"].cat.categories]
    groups = [str(level) for level in frame["group"].cat.categories]
    place = frame["group"].cat.codes.to_numpy() + 1.0
    value = frame["value"].to_numpy(dtype=float)
    bars = {
        "variable": list(frame["variable"].astype(str)),
        "group": list(frame["group"].astype(str)),
        "xmin": place - HALF,
        "xmax": place + HALF,
        "ymin": np.minimum(value, 0),
        "ymax": np.maximum(value, 0),
        "text": list(frame["level"].astype(object).where(frame["level"].notna(), "")),
        "ink": [WHITE if code < len(groups) / 2 else BLACK for code in frame["group"].cat.codes],
    }
    return {
        "bars": HELD.frame(bars, levels={"variable": variables, "group": groups}),
        "keys": _keys(groups),
        "columns": _columns(len(variables)),
    }


def _size(panels: int, columns: int, rows: int) -> tuple[float, float]:
    return min(2.2 * columns + 1.4, 12.0), max(3.2, min(1.9 * rows + 0.8, 14.0))


@autoplot.register(LekProfile)
def _autoplot(x: LekProfile) -> Any:
    """Draw the profiles: a panel for each variable, and a row of panels for each output where there are several."""
    import plotnine as p9

    layout = profile_layout(x)
    lines, ticks = layout["lines"], layout["ticks"]
    colours = dict(zip(layout["keys"]["group"], layout["keys"]["colour"], strict=True))
    panels = len(lines["variable"].cat.categories)
    if layout["is_many"]:
        facets: Any = p9.facet_grid("output", "variable", scales="free_x")
        size = _size(panels, panels, len(lines["output"].cat.categories))
    else:
        facets = p9.facet_wrap("variable", scales="free_x", ncol=layout["columns"])
        size = _size(panels, layout["columns"], math.ceil(panels / layout["columns"]))
    return (
        p9.ggplot(lines, p9.aes("x", "fitted", colour="group", group="group"))
        + p9.geom_line(size=line_size(WIDTH))
        + p9.geom_point(data=lines[lines["is_level"]], size=point_size(DOT))
        + p9.scale_colour_manual(values=colours, name=LEGEND)
        + p9.scale_x_continuous(breaks=list(ticks["at"]), labels=list(ticks["label"]), minor_breaks=[])
        + facets
        + p9.labs(x="", y="fitted")
        + theme(figure_size=size)
    )


@autoplot.register(LekGroups)
def _autoplot_groups(x: LekGroups) -> Any:
    """Draw the held values: a panel for each variable, a bar for each group."""
    import plotnine as p9

    layout = groups_layout(x)
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
        + theme(figure_size=_size(panels, layout["columns"], math.ceil(panels / layout["columns"])))
    )
