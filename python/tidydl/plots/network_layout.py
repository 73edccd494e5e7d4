"""The layout of a network's diagram: positions, sizes and colours of units and weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl import rendering
from tidydl.boundaries import guarded
from tidydl.checks import check_flag, check_number, check_numbers, check_texts
from tidydl.columns import Contract
from tidydl.errors import ArgumentError, unknown_name
from tidydl.plots.names import LETTER, shown_names
from tidydl.plots.units import r_colour

NODES = Contract.of(node="string", label="string", name="string", layer="label", x="double", y="double", fill="string")
LINES = Contract.of(
    {"term": "string", "from": "string", "to": "string", "kind": "label"},
    weight="double",
    x="double",
    y="double",
    xend="double",
    yend="double",
    width="double",
    points="double",
    colour="string",
)
LIMITS = Contract.of(low="double", high="double")
LAYERS = ("input", "hidden", "output", "bias")
KINDS = ("plain", "skip", "pruned")  # drawn in lines of different types
BIAS_Y = 1.06
BOTTOM, TOP = -0.05, BIAS_Y + 0.08
WIDTH = 7.0  # inches that the names are laid out for
NAME_GAP = 6.0  # between a circle and the name beside it, in points


def recommended_height(n: Sequence[int]) -> float:
    """Return the height in inches at which the units of the largest layer do not touch."""
    return max(5.0, 0.2 * max(n))


@partial(guarded, name="plotnet")
def network_layout(
    n: Sequence[int],
    wts: npt.ArrayLike,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    has_skip: bool = False,
    mask: npt.ArrayLike | None = None,
    skip: bool | None = None,
    nid: bool = True,
    bias: bool = True,
    all_in: Sequence[str] | str | bool | None = True,
    all_out: Sequence[str] | str | bool | None = True,
    rel_rsc: float | Sequence[float] = 5,
    circle_cex: float = 5,
    cex_val: float = 1,
    circle_col: str | Sequence[str | Sequence[str]] = "lightblue",
    pos_col: str = "black",
    neg_col: str = "grey",
    prune_col: str | None = None,
    max_sp: bool = False,
) -> dict[str, Any]:
    """Lay out the units and the weights of a network.

    ``has_skip`` says whether inputs also reach the outputs, ``mask`` which weights were free (fixed ones at 0 are
    pruned); the further arguments are those of :func:`tidydl.plotnet`.

    ``nodes``: node, label (I1, H1, O1, B1), name, layer, x (-1 to 1), y (0 to 1), fill. ``lines``: term, from, to, kind
    (plain, skip, pruned), weight, x, y, xend, yend, width (within ``rel_rsc``), points (the width of the drawn line:
    the more lines the thinner), colour; the weakest first, so that the strongest lie on top. ``limits``: low and high
    of x, and of y. ``diameter``, ``label_size``, ``name_size``: of circles and texts in points. ``name_gap``: from the
    middle of a circle to the name beside it, in units of x.
    """
    for name, flag in {"nid": nid, "bias": bias, "max_sp": max_sp}.items():
        check_flag(name, flag)
    if skip is not None:
        check_flag("skip", skip)
    circle_cex, cex_val = check_number("circle_cex", circle_cex, 0), check_number("cex_val", cex_val, 0)
    n = [int(each) for each in n]
    inputs, outputs = ([str(name) for name in _listed(names)] for names in (inputs, outputs))
    _names_fit("x_names", inputs, n[0])
    _names_fit("y_names", outputs, n[2])
    shown = {f"i{i + 1}" for i in _indices_of("all_in", all_in, inputs)}
    shown |= {f"o{o + 1}" for o in _indices_of("all_out", all_out, outputs)}
    only_skip = bool(skip) and n[1] > 0
    if skip and not has_skip:
        raise ArgumentError(
            f"`skip` is {rendering.value(True)}, and the network has no skip layer.", allowed="A network with `skip`."
        )
    lines = _connections(n, np.atleast_1d(np.asarray(wts, dtype=float)), has_skip, mask, skip)
    lines = lines[_kept(lines, shown, skip, bias, only_skip, prune_col is not None)]
    nodes = _nodes(n, inputs, outputs, max_sp, set(lines["from"]), only_skip)
    nodes["fill"] = _fills(circle_col, nodes)
    lines = _drawn_lines(lines, nodes, _range("rel_rsc", rel_rsc), nid, pos_col, neg_col, prune_col)
    gap = recommended_height(n) * 72 / (TOP - BOTTOM) / max(n)
    diameter = min(4.2 * circle_cex, 0.82 * gap)
    name_size = cex_val * min(9.5, 0.72 * gap)
    nodes["name"] = shown_names(list(nodes["name"]))
    limits, name_gap = _room(nodes, name_size, (diameter / 2 + NAME_GAP) / 72)
    return {
        "nodes": NODES.frame({name: list(nodes[name]) for name in NODES.names}, levels={"layer": LAYERS}),
        "lines": LINES.frame({name: list(lines[name]) for name in LINES.names}, levels={"kind": KINDS}),
        "limits": LIMITS.frame(limits),
        "diameter": diameter,
        "label_size": cex_val * min(8.5, 0.5 * diameter),
        "name_size": name_size,
        "name_gap": name_gap,
    }


def _listed(values: str | Iterable[str]) -> list[Any]:
    return [values] if isinstance(values, str) else list(values)


def _names_fit(argument: str, names: Sequence[str], wanted: int) -> None:
    if len(names) != wanted:
        raise ArgumentError(
            f"`{argument}` has {len(names)} names for {wanted} units.", allowed="One name for each unit."
        )


def _indices_of(argument: str, chosen: object, names: list[str]) -> list[int]:
    if chosen is None or chosen is True:
        return list(range(len(names)))
    chosen = check_texts(argument, chosen)
    for name in chosen:
        if name not in names:
            raise unknown_name(argument, name, names, error=ArgumentError)
    return [names.index(name) for name in chosen]


def _range(argument: str, value: object) -> tuple[float, float]:
    """Take the widths of the narrowest and the widest line, or how many times as wide as the other the widest is."""
    widths = check_numbers(argument, value)
    low, high = (widths if len(widths) == 2 else [1.0, *widths][:2]) if len(widths) in (1, 2) else (0.0, 0.0)
    if not (np.isfinite(widths).all() and 0 < low <= high):
        raise ArgumentError(f"`{argument}` is not valid.", allowed="A number of at least 1, or two numbers above 0.")
    return float(low), float(high)


def _connections(
    n: Sequence[int], wts: np.ndarray, has_skip: bool, mask: npt.ArrayLike | None, skip: bool | None
) -> pd.DataFrame:
    """List the weights with the units they join, and the kind of line they get."""
    inputs, hidden = [f"i{i + 1}" for i in range(n[0])], [f"h{j + 1}" for j in range(n[1])]
    last_bias = "b2" if n[1] else "b1"
    ends = [(source, unit, "plain") for unit in hidden for source in ["b1", *inputs]]
    for o in range(n[2]):
        ends += [(source, f"o{o + 1}", "plain") for source in [last_bias, *hidden]]
        ends += [(source, f"o{o + 1}", "skip") for source in (inputs if has_skip else [])]
    if len(ends) != len(wts):
        raise ArgumentError(f"`wts` has {len(wts)} values for {len(ends)} weights.", allowed="One for each weight.")
    free = np.ones(len(wts), dtype=bool) if mask is None else np.atleast_1d(np.asarray(mask, dtype=bool))
    lines = pd.DataFrame(ends, columns=["from", "to", "layer"])
    lines["weight"] = wts
    lines["kind"] = np.where(~free & (wts == 0), "pruned", lines["layer"])
    if skip or not n[1]:
        lines["kind"] = lines["kind"].replace("skip", "plain")  # there are no others to distinguish
    lines["term"] = ["b" if start.startswith("b") else start for start in lines["from"]] + ("->" + lines["to"])
    return lines


def _kept(
    lines: pd.DataFrame, shown: set[str], skip: bool | None, bias: bool, only_skip: bool, pruned: bool
) -> pd.Series:
    """Return which lines are to be seen."""
    is_bias = lines["from"].str.startswith("b")
    wanted = ~is_bias | (bias and not only_skip)
    for end in ("from", "to"):
        wanted &= ~lines[end].str.startswith(("i", "o")) | lines[end].isin(shown)
    if only_skip:
        wanted &= lines["layer"] == "skip"
    elif skip is False and lines["to"].str.startswith("h").any():
        wanted &= lines["layer"] == "plain"
    return wanted & (pruned | (lines["kind"] != "pruned"))


def _nodes(
    n: Sequence[int], inputs: list[str], outputs: list[str], max_sp: bool, starts: set[str], only_skip: bool
) -> pd.DataFrame:
    """Place each unit; of the biases only those that a line starts from."""
    columns = [("i", "input", -1.0, inputs), ("h", "hidden", 0.0, [""] * (0 if only_skip else n[1]))]
    columns.append(("o", "output", 1.0, outputs))
    rows = []
    for letter, layer, x, names in columns:
        gap = 1 / max(len(names) if max_sp else max(n), 1)
        top = 0.5 + gap * (len(names) - 1) / 2
        rows += [
            (f"{letter}{at + 1}", f"{letter.upper()}{at + 1}", name, layer, x, top - gap * at)
            for at, name in enumerate(names)
        ]
    for at, x in enumerate([-0.5, 0.5] if n[1] else [0.0]):
        if f"b{at + 1}" in starts:
            rows.append((f"b{at + 1}", f"B{at + 1}", "", "bias", x, BIAS_Y))
    return pd.DataFrame(rows, columns=["node", "label", "name", "layer", "x", "y"])


def _fills(circle_col: object, nodes: pd.DataFrame) -> list[str]:
    """Colour the units: one colour, or a list of that of the inputs (or of each of them) and that of the others."""
    colours = [circle_col] if isinstance(circle_col, str) else _several(circle_col)
    is_input = nodes["layer"] == "input"
    of_inputs = ([colours[0]] if isinstance(colours[0], str) else _several(colours[0])) if colours else []
    if len(colours) not in (1, 2) or len(of_inputs) not in (1, int(is_input.sum())):
        raise ArgumentError(
            "`circle_col` is not valid.",
            allowed="A colour; or two, the first of the inputs (one, or one for each of them).",
        )
    rest = iter(of_inputs * (int(is_input.sum()) if len(of_inputs) == 1 else 1))
    return [r_colour(next(rest) if one else colours[-1], "circle_col") for one in is_input]


def _several(colours: object) -> list[Any]:
    return list(colours) if isinstance(colours, (list, tuple, np.ndarray, pd.Series)) else []


def _drawn_lines(
    lines: pd.DataFrame,
    nodes: pd.DataFrame,
    widths: tuple[float, float],
    nid: bool,
    pos_col: str,
    neg_col: str,
    prune_col: str | None,
) -> pd.DataFrame:
    """Return the lines with their ends, widths and colours, the weakest first."""
    lines = lines.iloc[np.argsort(lines["weight"].abs().to_numpy(), kind="stable")].copy()
    positions = nodes.set_index("node")
    for end, x, y in (("from", "x", "y"), ("to", "xend", "yend")):
        lines[x] = positions.loc[list(lines[end]), "x"].to_numpy()
        lines[y] = positions.loc[list(lines[end]), "y"].to_numpy()
    sizes = lines["weight"].abs().to_numpy()
    spread = float(np.ptp(sizes)) if len(sizes) else 0.0
    share = (sizes - sizes.min()) / spread if spread > 0 and nid else np.zeros(len(sizes))
    lines["width"] = widths[0] + (widths[1] - widths[0]) * share
    lines["points"] = lines["width"] * 1.06 * min(1.0, 35 / max(len(lines), 1)) ** 0.45
    sign_colours = np.where(
        (lines["weight"] >= 0) | (not nid), r_colour(pos_col, "pos_col"), r_colour(neg_col, "neg_col")
    )
    pruned = "" if prune_col is None else r_colour(prune_col, "prune_col")
    lines["colour"] = np.where(lines["kind"] == "pruned", pruned, sign_colours)
    return lines


def _room(nodes: pd.DataFrame, name_size: float, gap: float) -> tuple[dict[str, list[float]], float]:
    """Leave room for the names to the left and to the right, a gap (in inches) away from the units."""
    inches = []
    for layer in ("input", "output"):
        letters = max((len(name) for name in nodes.loc[nodes["layer"] == layer, "name"]), default=0)
        inches.append(letters * LETTER * name_size / 72 + gap)
    unit = 2.1 / (WIDTH - min(sum(inches), 0.7 * WIDTH))
    low, high = -1.05 - unit * inches[0], 1.05 + unit * inches[1]
    return {"low": [low, BOTTOM], "high": [high, TOP]}, unit * gap
