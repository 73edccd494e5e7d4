"""Training curves: the value after each iteration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl.columns import Contract
from tidydl.errors import DataError
from tidydl.networks.averaging import AveragedNNet
from tidydl.networks.record import NNet
from tidydl.plots.units import colours_between, line_size, point_size, theme
from tidydl.verbs import autoplot

CURVE = Contract.of(fit="label", iteration="double", value="double", colour="string")
LABELS = {"x": "iteration", "y": "loss plus penalty"}
WIDTH = 1.4  # of a line, in points
DOT = 3.5


def curve_layout(iteration: npt.ArrayLike, value: npt.ArrayLike, passes: Sequence[int] | None = None) -> dict[str, Any]:
    """Lay out training curves, of one fit after the other; ``passes`` is how many rows each has, None for one fit.

    ``curve``: fit (label, counted from 1), iteration, value, colour. ``is_log``: whether the values are drawn on a log
    scale: they span more than a factor of 10. ``has_dots``: whether the points are too few for lines alone.
    """
    iteration, value = (np.atleast_1d(np.asarray(each, dtype=float)) for each in (iteration, value))
    counts = [len(iteration)] if passes is None else [int(count) for count in np.atleast_1d(np.asarray(passes))]
    finite = np.isfinite(value)
    if not finite.any():
        raise DataError(
            "The fit has no training curve: its values were not recorded per iteration.",
            allowed="A fit of at least one iteration by an engine that records its values.",
        )
    levels = [str(index + 1) for index in range(len(counts))]
    fit = np.repeat(np.array(levels, dtype=object), counts)
    colours = dict(zip(levels, colours_between(len(levels)), strict=True))
    data = {"fit": fit, "iteration": iteration, "value": value, "colour": [colours[each] for each in fit]}
    curve = CURVE.frame(
        {name: np.asarray(column, dtype=object)[finite] for name, column in data.items()}, levels={"fit": levels}
    )
    lowest, highest = value[finite].min(), value[finite].max()
    return {"curve": curve, "is_log": bool(lowest > 0 and highest > 10 * lowest), "has_dots": bool(finite.sum() < 30)}


@autoplot.register(NNet)
def _autoplot(x: NNet) -> Any:
    """Draw the value after each iteration."""
    return _drawn(curve_layout(x.curve[:, 0], x.curve[:, 1]))


@autoplot.register(AveragedNNet)
def _autoplot_averaged(x: AveragedNNet) -> Any:
    """Draw a curve for each of the networks."""
    curves = np.concatenate([fit.curve for fit in x.fits])
    return _drawn(curve_layout(curves[:, 0], curves[:, 1], [len(fit.curve) for fit in x.fits]))


def _drawn(layout: dict[str, Any]) -> Any:
    import plotnine as p9

    curve: pd.DataFrame = layout["curve"]
    picture = (
        p9.ggplot(curve, p9.aes("iteration", "value", colour="colour", group="fit"))
        + p9.geom_line(size=line_size(WIDTH))
        + p9.scale_colour_identity()
        + p9.labs(**LABELS)
        + theme(figure_size=(7, 5))
    )
    if layout["has_dots"]:
        picture += p9.geom_point(size=point_size(DOT))
    return picture + p9.scale_y_log10() if layout["is_log"] else picture
