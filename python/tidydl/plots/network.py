"""The diagram of a network: circles for units, lines for weights, black where positive and grey where negative.

The layout is two data frames computed here and drawn with plotnine here and with ggplot2 in R, so that both languages
show one picture. The look and the arguments are those of ``plotnet()`` in R's NeuralNetTools (Beck 2018, Journal of
Statistical Software 85(11)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import Contract
from tidydl.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["network_layout", "plotnet"]

NODES = Contract.of(
    node="string", label="string", name="string", layer="label", x="double", y="double", size="double", text="double"
)
LINES = Contract.of(
    {"term": "string", "from": "string", "to": "string"},
    weight="double",
    sign="label",
    x="double",
    y="double",
    xend="double",
    yend="double",
    width="double",
    linewidth="double",
)
LAYERS = ("input", "hidden", "output", "bias")
SIGNS = ("positive", "negative")
_BIAS_Y = 1.06


def plotnet(
    mod_in: Any,
    *,
    nid: bool = True,
    bias: bool = True,
    rel_rsc: float = 5,
    circle_cex: float = 5,
    node_labs: bool = True,
    var_labs: bool = True,
    x_lab: Sequence[str] | None = None,
    y_lab: Sequence[str] | None = None,
    cex_val: float = 1,
    alpha_val: float = 1,
    circle_col: str = "lightblue",
    pos_col: str = "black",
    neg_col: str = "grey",
    bord_col: str = "lightblue",
    max_sp: bool = False,
) -> Any:
    """Draw a fitted network.

    Parameters
    ----------
    mod_in
        The network.
    nid
        Whether lines show sign and size of the weights; False draws all alike.
    bias
        Whether to draw the bias units.
    rel_rsc
        How many times as wide as the narrowest line the widest is.
    circle_cex, cex_val
        Sizes of circles and of text.
    node_labs, var_labs
        Whether to write I1, H1, O1 into the circles, and the names beside them.
    x_lab, y_lab
        Names of inputs and outputs instead of the network's own.
    alpha_val
        Opacity of the lines, 0 to 1.
    circle_col, pos_col, neg_col, bord_col
        Colours of the circles, of positive and negative weights, and of the circles' borders.
    max_sp
        Whether each layer fills the height; by default units are equally far apart in all layers.

    Returns
    -------
    plotnine.ggplot
        The picture; ``.save("file.png")`` writes it.

    Examples
    --------
    >>> from tidydl import example_data, nnet, plotnet
    >>> fit = nnet("education ~ . - CASE", example_data("bigfive"), size=2, trace=False)
    >>> picture = plotnet(fit)
    """
    nodes, lines = _layout_of(mod_in, bias, rel_rsc, circle_cex, x_lab, y_lab, cex_val, max_sp)
    colours = {"positive": pos_col, "negative": neg_col if nid else pos_col}
    if not nid:
        lines["linewidth"] = lines["linewidth"] / lines["width"]
    return _drawn(nodes, lines, colours, alpha_val, circle_col, bord_col, node_labs, var_labs)


def _layout_of(
    fit: Any,
    bias: bool,
    rel_rsc: float,
    circle_cex: float,
    x_lab: Sequence[str] | None,
    y_lab: Sequence[str] | None,
    cex_val: float,
    max_sp: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    from tidydl.networks.record import NNet

    if not isinstance(fit, NNet):
        raise ArgumentError(f"`mod_in` is {described(fit)}.", allowed="A network fitted with nnet().")
    outputs = list(fit.output_names) if fit.shape.outputs > 1 else [fit.response]
    inputs = list(fit.coefnames) or [f"i{i + 1}" for i in range(fit.shape.inputs)]
    layout = network_layout(
        fit.n,
        fit.wts,
        x_lab or inputs,
        y_lab or outputs,
        skip=fit.skip,
        mask=fit.mask,
        bias=bias,
        rel_rsc=rel_rsc,
        circle_cex=circle_cex,
        cex_val=cex_val,
        max_sp=max_sp,
    )
    return layout["nodes"], layout["lines"]


def network_layout(
    n: Sequence[int],
    wts: Any,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    skip: bool = False,
    mask: Any = None,
    bias: bool = True,
    rel_rsc: float = 5,
    circle_cex: float = 5,
    cex_val: float = 1,
    max_sp: bool = False,
) -> dict[str, pd.DataFrame]:
    """Place the units and the weights of a network.

    Parameters
    ----------
    n
        Numbers of inputs, hidden units and outputs.
    wts
        The weights in R's order.
    inputs, outputs
        The names beside the units.
    skip, mask
        Whether inputs also reach the outputs; which weights were free (fixed ones at 0 are pruned: not drawn).
    bias, rel_rsc, circle_cex, cex_val, max_sp
        As in :func:`plotnet`.

    Returns
    -------
    dict
        ``nodes``: node, label (I1, H1, O1, B1), name, layer, x (-1 to 1), y (0 to 1), size (of the circle, mm), text
        (size of its label). ``lines``: term, from, to, weight, sign, x, y, xend, yend, width (1 to ``rel_rsc``),
        linewidth (of the drawn line, mm: the more lines the thinner); the weakest first, so that the strongest lie
        on top.
    """
    import numpy as np

    n = [int(each) for each in n]
    inputs, outputs = ([names] if isinstance(names, str) else list(names) for names in (inputs, outputs))
    _names_fit("x_lab", inputs, n[0])
    _names_fit("y_lab", outputs, n[2])
    places = _places(n, inputs, outputs, bias, max_sp)
    largest = max(n)
    size = circle_cex * 2.2 * min(1.0, 9 / largest) ** 0.7
    nodes = NODES.frame(
        {
            "node": list(places),
            "label": [place["label"] for place in places.values()],
            "name": [place["name"] for place in places.values()],
            "layer": [place["layer"] for place in places.values()],
            "x": [place["x"] for place in places.values()],
            "y": [place["y"] for place in places.values()],
            "size": np.full(len(places), size),
            "text": np.full(len(places), cex_val * 8.5 * min(1.0, 9 / largest) ** 0.5),
        },
        levels={"layer": LAYERS},
    )
    lines = _lines(n, np.atleast_1d(np.asarray(wts, dtype=float)), skip, mask, places, rel_rsc)
    return {"nodes": nodes, "lines": lines}


def _names_fit(argument: str, names: Sequence[str], wanted: int) -> None:
    if len(names) != wanted:
        raise ArgumentError(
            f"`{argument}` has {len(names)} names for {wanted} units.", allowed="One name for each unit."
        )


def _places(
    n: Sequence[int], inputs: Sequence[str], outputs: Sequence[str], bias: bool, max_sp: bool
) -> dict[str, dict[str, Any]]:
    """Place each unit by its name in the weights' terms: i1, h1, o1, and b1, b2 for the biases of the layers."""
    columns = [("i", "input", -1.0, n[0], list(inputs)), ("h", "hidden", 0.0, n[1], [""] * n[1])]
    columns.append(("o", "output", 1.0, n[2], list(outputs)))
    places: dict[str, dict[str, Any]] = {}
    for letter, layer, x, count, names in columns:
        gap = 1 / (count if max_sp else max(n))
        top = 0.5 + gap * (count - 1) / 2
        for at in range(count):
            label = f"{letter.upper()}{at + 1}"
            place = {"label": label, "name": names[at], "layer": layer, "x": x, "y": top - gap * at}
            places[f"{letter}{at + 1}"] = place
    if bias:
        for at, x in enumerate([-0.5, 0.5] if n[1] else [0.0]):
            places[f"b{at + 1}"] = {"label": f"B{at + 1}", "name": "", "layer": "bias", "x": x, "y": _BIAS_Y}
    return places


def _lines(
    n: Sequence[int], wts: Any, skip: bool, mask: Any, places: dict[str, dict[str, Any]], rel_rsc: float
) -> pd.DataFrame:
    import numpy as np

    ends = _ends(n, skip)
    if len(ends) != len(wts):
        raise ArgumentError(f"`wts` has {len(wts)} values for {len(ends)} weights.", allowed="One for each weight.")
    free = np.ones(len(wts), dtype=bool) if mask is None else np.atleast_1d(np.asarray(mask, dtype=bool))
    drawn = [i for i, (start, _) in enumerate(ends) if start in places and (free[i] or wts[i] != 0)]
    drawn.sort(key=lambda i: abs(wts[i]))
    sizes = np.abs(wts[drawn])
    spread = np.ptp(sizes) if len(sizes) else 0.0
    width = 1 + (rel_rsc - 1) * (sizes - sizes.min()) / spread if spread > 0 else np.ones(len(sizes))
    starts, stops = [places[ends[i][0]] for i in drawn], [places[ends[i][1]] for i in drawn]
    return LINES.frame(
        {
            "term": [f"{_term(ends[i][0])}->{ends[i][1]}" for i in drawn],
            "from": [ends[i][0] for i in drawn],
            "to": [ends[i][1] for i in drawn],
            "weight": wts[drawn],
            "sign": ["positive" if wts[i] >= 0 else "negative" for i in drawn],
            "x": [place["x"] for place in starts],
            "y": [place["y"] for place in starts],
            "xend": [place["x"] for place in stops],
            "yend": [place["y"] for place in stops],
            "width": width,
            "linewidth": width * 0.6 * min(1.0, 35 / max(len(drawn), 1)) ** 0.55,
        },
        levels={"sign": SIGNS},
    )


def _term(node: str) -> str:
    return "b" if node.startswith("b") else node


def _ends(n: Sequence[int], skip: bool) -> list[tuple[str, str]]:
    inputs, hidden = [f"i{i + 1}" for i in range(n[0])], [f"h{j + 1}" for j in range(n[1])]
    last_bias = "b2" if n[1] else "b1"
    ends = [(source, unit) for unit in hidden for source in ["b1", *inputs]]
    for o in range(n[2]):
        ends += [(source, f"o{o + 1}") for source in [last_bias, *hidden, *(inputs if skip else [])]]
    return ends


def _drawn(
    nodes: pd.DataFrame,
    lines: pd.DataFrame,
    colours: dict[str, str],
    alpha: float,
    circle_col: str,
    bord_col: str,
    node_labs: bool,
    var_labs: bool,
) -> Any:
    import plotnine as p9

    aes = p9.aes
    picture = (
        p9.ggplot()
        + p9.geom_segment(
            aes("x", "y", xend="xend", yend="yend", size="linewidth", colour="sign"),
            lines,
            alpha=alpha,
            lineend="round",
        )
        + p9.geom_point(
            aes("x", "y"), nodes, size=float(nodes["size"].iloc[0]), fill=circle_col, colour=bord_col, shape="o"
        )
        + p9.scale_size_identity()
        + p9.scale_colour_manual(values=colours, guide=None)
        + p9.coord_cartesian(xlim=(-1.6, 1.6), ylim=(-0.05, _BIAS_Y + 0.08))
        + p9.theme_void()
        + p9.theme(figure_size=(8.5, max(5.0, 0.28 * len(nodes[nodes["layer"] == "input"]))), legend_position="none")
    )
    if node_labs:
        picture += p9.geom_text(aes("x", "y", label="label"), nodes, size=float(nodes["text"].iloc[0]))
    if var_labs:
        for layer, side, nudge in (("input", "right", -0.1), ("output", "left", 0.1)):
            picture += p9.geom_text(
                aes("x", "y", label="name"),
                nodes[nodes["layer"] == layer],
                ha=side,
                nudge_x=nudge,
                size=float(nodes["text"].iloc[0]) + 1,
            )
    return picture
