"""The heat map of a confusion: a tile for each pair of classes, with its count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tidydl.columns import Contract
from tidydl.networks.classification import Confusion
from tidydl.plots.names import LETTER, as_text, shown_names
from tidydl.plots.units import BASE_SIZE, TICKS
from tidydl.verbs import autoplot

TILES = Contract.of(x="double", y="double", n="integer", share="double", fill="string", ink="string")
LIGHT, DARK = (255, 255, 255), (8, 81, 156)  # from none to all of a true class
FAINT, BLACK, WHITE = "#9A9A9A", "#000000", "#FFFFFF"
LABELS = {"x": "truth", "y": "response", "caption": "The darker, the larger the share of the true class"}
_ROOM = 40  # letters that fit below the tiles side by side
_LONGEST = 24  # letters of a class: two sides of a square picture hold them


def confusion_layout(counts: pd.DataFrame) -> dict[str, Any]:
    """Lay out the heat map of a confusion: ``response``, ``truth`` and ``n``, a row for each pair of classes.

    ``tiles``: x (the position of the true class, from the left) and y (of the response, from the bottom; the first is
    at the top), n, share (of the true class), fill and ink (colours). ``x`` and ``y``: at and label of the ticks.
    ``text``: the size of the counts in points. ``angle``: of the labels below, 0 or 90.
    """
    levels = [str(level) for level in counts["truth"].cat.categories]
    size = len(levels)
    column, row = counts["truth"].cat.codes.to_numpy(), counts["response"].cat.codes.to_numpy()
    n = counts["n"].to_numpy(dtype=float)
    totals = np.bincount(column, weights=n, minlength=size) if size else np.zeros(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num(n / totals[column]) if size else n
    data = {
        "x": column + 1.0,
        "y": size - row.astype(float),
        "n": n.astype(int),
        "share": share,
        "fill": [_mixed(part) for part in share],
        "ink": [FAINT if not count else WHITE if part > 0.55 else BLACK for count, part in zip(n, share, strict=True)],
    }
    at = np.arange(1.0, size + 1)
    widest = max((len(str(int(count))) for count in n), default=1)
    names = shown_names(levels, _LONGEST)
    longest = max((len(name) for name in names), default=0)
    return {
        "tiles": TILES.frame(data),
        "x": TICKS.frame({"at": at, "label": names}),
        "y": TICKS.frame({"at": at, "label": names[::-1]}),
        "text": float(min(14.0, 300 / (max(size, 1) * max(widest, 2)))),
        "angle": 0 if longest * size <= _ROOM else 90,
    }


def _mixed(share: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in zip(LIGHT, DARK, strict=True))


@autoplot.register(Confusion)
def _autoplot(x: Confusion) -> Any:
    """Draw the counts, response by truth."""
    import plotnine as p9

    layout = as_text(confusion_layout(x))
    longest = max((len(name) for name in layout["x"]["label"]), default=0)
    names = max(longest - 6, 0) * LETTER * 0.8 * BASE_SIZE / 72
    side = min(max(3.5, 0.42 * len(layout["x"]) + 1.5) + names, 10.0)
    labels = p9.element_text(rotation=90, ha="center", va="top") if layout["angle"] else p9.element_text()
    return (
        p9.ggplot(layout["tiles"], p9.aes("x", "y"))
        + p9.geom_tile(p9.aes(fill="fill"), colour="#D9D9D9", size=0.3)
        + p9.geom_text(p9.aes(label="n", colour="ink"), size=layout["text"])
        + p9.scale_fill_identity()
        + p9.scale_colour_identity()
        + p9.scale_x_continuous(breaks=list(layout["x"]["at"]), labels=list(layout["x"]["label"]), expand=(0, 0))
        + p9.scale_y_continuous(breaks=list(layout["y"]["at"]), labels=list(layout["y"]["label"]), expand=(0, 0))
        + p9.coord_fixed()
        + p9.labs(**LABELS)
        + p9.theme_minimal(base_size=BASE_SIZE)
        + p9.theme(panel_grid=p9.element_blank(), axis_text_x=labels, figure_size=(side, side))
    )
