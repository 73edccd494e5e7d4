"""Plots of a grid search: the metric by size, a line for each decay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tidydl.columns import Contract
from tidydl.networks.model_selection.tuning import Tuning
from tidydl.plots.names import as_text
from tidydl.plots.units import BASE_SIZE, TICKS, colours_between, line_size, point_size
from tidydl.verbs import autoplot

POINTS = Contract.of(
    x="double", size="integer", decay="label", mean="double", low="double", high="double", best="logical"
)
KEYS = Contract.of(decay="string", colour="string")
SPREAD = 0.3  # of the distance between two sizes: so far apart stand the lines, that errors do not hide each other
WIDTH, THIN, DOT, RING = 1.4, 0.8, 4.0, 9.0  # in points


def tuning_layout(summary: pd.DataFrame) -> dict[str, Any]:
    """Lay out the summary of ``tune_nnet()``.

    ``points``: x (the position of the size, moved a little for each decay), size, decay, mean, low and high (one
    standard error off, or the mean), best. ``ticks``: at and label of the sizes. ``keys``: the colour of each decay.
    ``metric``: the label of the y axis.
    """
    sizes = sorted({int(size) for size in summary["size"]})
    decays = sorted(set(summary["decay"].astype(float)))
    names = [f"{decay:.6g}" for decay in decays]
    shift = {decay: _shift(k, len(decays)) for k, decay in enumerate(decays)}
    of_points = list(zip(summary["size"], summary["decay"], strict=True))
    mean = summary["mean"].to_numpy(dtype=float)
    error = np.nan_to_num(summary["std_error"].to_numpy(dtype=float))
    points = {
        "x": [sizes.index(size) + 1 + shift[decay] for size, decay in of_points],
        "size": summary["size"],
        "decay": [f"{decay:.6g}" for decay in summary["decay"]],
        "mean": mean,
        "low": mean - error,
        "high": mean + error,
        "best": summary["best"],
    }
    frame = POINTS.frame({name: list(values) for name, values in points.items()}, levels={"decay": names})
    return {
        "points": frame[np.isfinite(mean)].reset_index(drop=True),
        "ticks": TICKS.frame({"at": np.arange(1.0, len(sizes) + 1), "label": [str(size) for size in sizes]}),
        "keys": KEYS.frame({"decay": names, "colour": colours_between(len(names))}),
        "metric": str(summary["metric"].iloc[0]).replace("_", " "),
    }


def _shift(k: int, count: int) -> float:
    return 0.0 if count == 1 else SPREAD * (k / (count - 1) - 0.5)


@autoplot.register(Tuning)
def _autoplot(x: Tuning) -> Any:
    """Draw the metric by size with its standard error, a line for each decay, a ring around the best."""
    import plotnine as p9

    layout = as_text(tuning_layout(x.summary))
    points, ticks = layout["points"], layout["ticks"]
    colours = dict(zip(layout["keys"]["decay"], layout["keys"]["colour"], strict=True))
    return (
        p9.ggplot(points, p9.aes("x", "mean", colour="decay", group="decay"))
        + p9.geom_segment(p9.aes(xend="x", y="low", yend="high"), size=line_size(THIN))
        + p9.geom_line(size=line_size(WIDTH))
        + p9.geom_point(size=point_size(DOT))
        + p9.geom_point(data=points[points["best"]], shape="o", fill="none", size=point_size(RING), show_legend=False)
        + p9.scale_colour_manual(values=colours)
        + p9.scale_x_continuous(breaks=list(ticks["at"]), labels=list(ticks["label"]), minor_breaks=[])
        + p9.labs(x="hidden units", y=layout["metric"])
        + p9.theme_bw(base_size=BASE_SIZE)
        + p9.theme(figure_size=(7, 5))
    )
