"""The importance of inputs as bars, the most important at the top."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tidydl.columns import Contract
from tidydl.networks.effects.variable_importance import Importance
from tidydl.plots.names import LETTER, as_text, shown_names, wrapped
from tidydl.plots.units import BASE_SIZE, TICKS, line_size, theme
from tidydl.verbs import autoplot

BARS = Contract.of(
    output="label", y="double", importance="double", low="double", high="double", xmin="double", xmax="double",
    ymin="double", ymax="double", fill="string",
)  # fmt: skip
POSITIVE, NEGATIVE = "#2C6DA4", "#BEBEBE"
LABELS = {
    "garson": "relative importance (Garson)",
    "olden": "importance (Olden): products of weights",
    "loss": "increase of the loss when shuffled",
    "rmse": "increase of the root mean squared error when shuffled",
    "mae": "increase of the mean absolute error when shuffled",
    "accuracy": "decrease of the accuracy when shuffled",
}
HALF = 0.38  # of a bar's height
_CROWDED = 30  # terms that fit below each other at full size
_WIDTH, _MARGIN = 7.0, 0.5  # inches: of the picture, and of what is neither bars nor names


def importance_layout(frame: pd.DataFrame, method: str | None = None, metric: str | None = None) -> dict[str, Any]:
    """Lay out the importance of inputs as bars, the most important at the top.

    ``bars``: output, y (the position of the term from the bottom), importance, low and high (one standard error off),
    the corners of the bar, fill. ``y``: at and label of the ticks. ``label``: of the axis, in several lines if long
    names leave little room. ``text``: the size of the terms in points. ``has_errors``, ``is_many`` (whether there are
    several outputs).
    """
    frame = frame[frame["importance"].notna()]
    outputs = [str(level) for level in frame["output"].cat.categories if (frame["output"] == level).any()]
    size = frame["importance"].abs().groupby(frame["term"], sort=False).mean()
    order = list(size.sort_values(ascending=False, kind="stable").index)
    y = np.array([len(order) - order.index(term) for term in frame["term"]], dtype=float)
    value = frame["importance"].to_numpy(dtype=float)
    has_errors = "std.error" in frame.columns and bool(frame["std.error"].notna().any())
    spread = frame["std.error"].to_numpy(dtype=float) if has_errors else np.full(len(frame), np.nan)
    panels = dict(zip(outputs, (wrapped(name) for name in shown_names(outputs)), strict=True))
    bars = {
        "output": [panels[str(name)] for name in frame["output"]],
        "y": y,
        "importance": value,
        "low": value - spread,
        "high": value + spread,
        "xmin": np.minimum(value, 0),
        "xmax": np.maximum(value, 0),
        "ymin": y - HALF,
        "ymax": y + HALF,
        "fill": [POSITIVE if each >= 0 else NEGATIVE for each in value],
    }
    text = float(BASE_SIZE * 0.8 * min(1.0, _CROWDED / max(len(order), 1)) ** 0.6)
    names = shown_names(order)
    label = LABELS.get(str(metric if method == "permutation" else method), "importance")
    return {
        "bars": BARS.frame(bars, levels={"output": list(panels.values())}),
        "y": TICKS.frame({"at": np.arange(1.0, len(order) + 1), "label": names[::-1]}),
        "label": wrapped(label, _room(names, text)),
        "text": text,
        "has_errors": has_errors,
        "is_many": len(outputs) > 1,
    }


def _room(names: list[str], text: float) -> int:
    """Count the characters of the axis label that fit below the bars, beside the names."""
    inches = max((len(name) for name in names), default=0) * LETTER * text / 72 + _MARGIN
    return int((_WIDTH - inches) * 72 / (LETTER * BASE_SIZE))


@autoplot.register(Importance)
def _autoplot(x: Importance) -> Any:
    """Draw a bar for each input, a panel for each output."""
    import plotnine as p9

    about = x.attrs.get("tidydl", {})
    layout = as_text(importance_layout(x, about.get("method"), about.get("metric")))
    bars = layout["bars"]
    corners = p9.aes(xmin="xmin", xmax="xmax", ymin="ymin", ymax="ymax", fill="fill")
    panels = len(bars["output"].cat.categories)
    picture = (
        p9.ggplot(bars)
        + p9.geom_rect(corners)
        + p9.geom_vline(xintercept=0, size=line_size(0.8), colour="#4D4D4D")
        + p9.scale_fill_identity()
        + p9.scale_y_continuous(breaks=list(layout["y"]["at"]), labels=list(layout["y"]["label"]))
        + p9.labs(x=layout["label"], y="")
        + theme(
            panel_grid_major_y=p9.element_blank(),
            panel_grid_minor_y=p9.element_blank(),
            axis_text_y=p9.element_text(size=layout["text"]),
            figure_size=(min(7 + 0.9 * (panels - 1), 12), max(4.0, 0.16 * len(layout["y"]) + 1.0)),
        )
    )
    if layout["has_errors"]:
        picture += p9.geom_segment(p9.aes(x="low", xend="high", y="y", yend="y"), size=line_size(1.1))
    return picture + p9.facet_wrap("output") if layout["is_many"] else picture
