"""The diagram of a network: circles for units, lines for weights, black where positive and grey where negative.

The layout is made of data frames, drawn with plotnine here and with ggplot2 in R, so that both languages show one
picture. The look and the arguments are those of ``plotnet()`` in R's NeuralNetTools (Beck 2018, Journal of Statistical
Software 85(11)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from tidydl.boundaries import guarded
from tidydl.checks import check_choice, check_flag, check_number
from tidydl.plots.names import as_text

if TYPE_CHECKING:
    import plotnine as p9

    from tidydl.networks.record import NNet

# R's types of line, in widths of the line.
LINE_TYPES: dict[str, Any] = {
    "solid": "solid",
    "dashed": (0, (4, 4)),
    "dotted": (0, (1, 3)),
    "dotdash": (0, (1, 3, 4, 3)),
    "longdash": (0, (7, 3)),
    "twodash": (0, (2, 2, 6, 2)),
}
SKIP_TYPE = "longdash"


@guarded
def plotnet(
    mod_in: NNet,
    *,
    x_names: Sequence[str] | None = None,
    y_names: Sequence[str] | None = None,
    nid: bool = True,
    all_out: Sequence[str] | str | bool = True,
    all_in: Sequence[str] | str | bool = True,
    bias: bool = True,
    rel_rsc: float | Sequence[float] = 5,
    circle_cex: float = 5,
    node_labs: bool = True,
    var_labs: bool = True,
    cex_val: float = 1,
    alpha_val: float = 1,
    circle_col: str | Sequence[str | Sequence[str]] = "lightblue",
    pos_col: str = "black",
    neg_col: str = "grey",
    bord_col: str = "lightblue",
    max_sp: bool = False,
    prune_col: str | None = None,
    prune_lty: str = "dashed",
    skip: bool | None = None,
) -> Any:
    """Draw a fitted network.

    Circles are units and lines are weights: black if positive, grey if negative, with a width by absolute value;
    weights of a skip layer, from inputs to outputs, are dashed.

    Parameters
    ----------
    mod_in
        The network.
    x_names, y_names
        Labels of inputs and outputs instead of the network's own names. They are truncated to 34 characters.
    nid
        Whether lines show the sign and size of the weights; False draws all alike.
    all_out, all_in
        The outputs and the inputs, by name, whose connections to draw.
    bias
        Whether to draw the bias units.
    rel_rsc
        The ratio of the largest to the smallest line width; or both widths.
    circle_cex, cex_val
        Sizes of circles and of text; they are reduced for large layers.
    node_labs, var_labs
        Whether to label the circles with I1, H1, O1, and to write the variable names beside them.
    alpha_val
        Opacity of the lines, 0 to 1.
    circle_col, pos_col, neg_col, bord_col
        Colours of the circles (of two, the first is for the inputs, one or one for each of them), of positive and
        negative weights, and of the circles' borders. ``"grey"`` is R's.
    max_sp
        Whether each layer fills the full height; by default units have the same spacing in all layers.
    prune_col, prune_lty
        Colour and line type of pruned weights, which are those fixed at 0 by ``mask``; by default they are not drawn.
        Types are R's: solid, dashed, dotted, dotdash, longdash, twodash.
    skip
        True draws only the skip layer, False only the other weights; by default both.

    Returns
    -------
    plotnine.ggplot
        The plot; ``.save("file.png")`` writes it.

    Raises
    ------
    ArgumentError
        If an argument is invalid.

    Examples
    --------
    >>> from tidydl import example_data, nnet, plotnet
    >>> fit = nnet("education ~ . - CASE", example_data("bigfive"), size=2, trace=False)
    >>> picture = plotnet(fit)
    """
    from tidydl.networks.effects.observations import labels_of, need_network
    from tidydl.plots.network_layout import network_layout

    need_network("mod_in", mod_in, with_weights=True)
    check_choice("prune_lty", prune_lty, list(LINE_TYPES))
    for name, flag in {"node_labs": node_labs, "var_labs": var_labs}.items():
        check_flag(name, flag)
    alpha_val = check_number("alpha_val", alpha_val, 0, 1)
    inputs, outputs = labels_of(mod_in)
    layout = network_layout(
        mod_in.n,
        mod_in.wts,
        inputs if x_names is None else x_names,
        outputs if y_names is None else y_names,
        has_skip=mod_in.skip,
        mask=mod_in.mask,
        skip=skip,
        nid=nid,
        bias=bias,
        all_in=all_in,
        all_out=all_out,
        rel_rsc=rel_rsc,
        circle_cex=circle_cex,
        cex_val=cex_val,
        circle_col=circle_col,
        pos_col=pos_col,
        neg_col=neg_col,
        prune_col=prune_col,
        max_sp=max_sp,
    )
    types = {"pruned": LINE_TYPES[prune_lty], "skip": LINE_TYPES[SKIP_TYPE], "plain": "solid"}
    picture = _drawn(layout, types, alpha_val, bord_col, mod_in.n)
    return _labelled(picture, layout, node_labs, var_labs)


def _drawn(layout: dict[str, Any], types: dict[str, Any], alpha: float, border: str, n: Sequence[int]) -> Any:
    import plotnine as p9

    from tidydl.plots.network_layout import recommended_height
    from tidydl.plots.units import line_size, point_size, r_colour

    lines: pd.DataFrame = layout["lines"].assign(size=[line_size(points) for points in layout["lines"]["points"]])
    ends = p9.aes("x", "y", xend="xend", yend="yend", size="size", colour="colour")
    picture = p9.ggplot()
    for kind, linetype in types.items():
        of_kind = lines[lines["kind"] == kind]
        if len(of_kind):
            picture += p9.geom_segment(ends, of_kind, alpha=alpha, linetype=linetype, lineend="butt")
    return (
        picture
        + p9.geom_point(
            p9.aes("x", "y", fill="fill"),
            layout["nodes"],
            size=point_size(layout["diameter"]),
            colour=r_colour(border, "bord_col"),
            shape="o",
        )
        + p9.scale_size_identity()
        + p9.scale_colour_identity()
        + p9.scale_fill_identity()
        + p9.coord_cartesian(
            xlim=(layout["limits"]["low"][0], layout["limits"]["high"][0]),
            ylim=(layout["limits"]["low"][1], layout["limits"]["high"][1]),
            expand=False,
        )
        + p9.theme_void()
        + p9.theme(figure_size=(8.5, recommended_height(n)), legend_position="none")
    )


def _labelled(picture: p9.ggplot, layout: dict[str, Any], node_labs: bool, var_labs: bool) -> Any:
    """Write the units' labels into the circles and their names beside them."""
    import plotnine as p9

    nodes, gap = as_text(layout["nodes"]), layout["name_gap"]
    if node_labs:
        picture += p9.geom_text(p9.aes("x", "y", label="label"), nodes, size=layout["label_size"])
    if var_labs:
        for layer, side, nudge in (("input", "right", -gap), ("output", "left", gap)):
            beside = nodes[nodes["layer"] == layer]
            named = p9.aes("x", "y", label="name")
            picture += p9.geom_text(named, beside, ha=side, nudge_x=nudge, size=layout["name_size"])
    return picture
