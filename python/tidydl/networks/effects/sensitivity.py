"""Lek's profiles: the outputs of a network while one input varies and the others are held."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl.boundaries import guarded
from tidydl.checks import check_count, check_flag, check_texts
from tidydl.columns import Contract
from tidydl.errors import ArgumentError, unknown_name
from tidydl.networks.effects.held_values import Variable, held_values, variables_of
from tidydl.networks.effects.observations import labels_of, need_network, predicted, read_rows

if TYPE_CHECKING:
    from tidydl.design.numbers import Data
    from tidydl.networks.averaging import AveragedNNet
    from tidydl.networks.record import FittedNetwork, NNet

PROFILE = Contract.of(variable="label", x="double", level="string", group="label", output="label", fitted="double")
STEPS = Contract.of(variable="label", x="double", level="string", group="label")
GROUPS = Contract.of(group="label", variable="label", value="double", level="string")
QUANTILES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class LekProfile(pd.DataFrame):
    """Lek's profiles: columns ``variable``, ``x``, ``level``, ``group``, ``output``, ``fitted``."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # a part of it is an ordinary frame


class LekGroups(pd.DataFrame):
    """The values at which inputs are held: columns ``group``, ``variable``, ``value``, ``level``."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # a part of it is an ordinary frame


@guarded
def lekprofile(
    fit: NNet | AveragedNNet,
    data: Data | None = None,
    *,
    xsel: Sequence[str] | str | None = None,
    ysel: Sequence[str] | str | None = None,
    steps: int = 100,
    group_vals: pd.DataFrame | npt.ArrayLike = QUANTILES,
    group_show: bool = False,
    grp_nms: Sequence[str] | None = None,
) -> LekProfile | LekGroups:
    """Compute Lek's profiles of a network.

    Each variable in turn is varied in even steps from its minimum to its maximum in the data, a categorical one over
    its levels, while all others are held at the values of each group in turn.

    Parameters
    ----------
    fit
        The network.
    data
        The data frame with the columns of the formula, or the inputs of a network that was fitted without a formula.
    xsel, ysel
        The variables and the outputs; by default all.
    steps
        Number of values per variable.
    group_vals
        The values at which the others are held: quantiles from 0 to 1; or an integer of at least 2, for the means of
        that many clusters of rows; or a data frame with one row per group and one column per variable. Categorical
        variables are held at their most frequent level, for clusters the most frequent within the cluster.
    group_show
        Whether to return the values of the groups instead of the profiles.
    grp_nms
        Names of the groups.

    Returns
    -------
    LekProfile or LekGroups
        One row per variable, group, value and output: ``variable`` (label), ``x``, ``level`` (the name of the level,
        missing for a numeric variable; ``x`` is the value of a numeric variable, and the index of a level, counted from
        1), ``group`` (label), ``output`` (label), ``fitted``. With ``group_show``: ``group``, ``variable``, ``value``,
        ``level``. ``autoplot()`` draws both.

    Raises
    ------
    ArgumentError, ColumnError, DataError
        If an argument is invalid, or the data lack a column.

    Notes
    -----
    Variables are columns of the data: a formula's transformations, interactions and contrasts are recomputed for every
    value. Quantiles are R's (type 7). Clusters are found by k-means on the unscaled values, as the best of ten fixed
    starts, so the scale of the variables matters; the largest cluster comes first. For more than 10,000 rows, the best
    start is found on a fixed sample of 10,000 rows and refined by at most ten iterations on all rows. Sources: Lek,
    Delacoste, Baran, Dimopoulos, Lauga & Aulagnier (1996), Ecological Modelling 90, 39-52; Gevrey, Dimopoulos & Lek
    (2003), Ecological Modelling 160, 249-264; arguments and values are those of ``lekprofile()`` in R's NeuralNetTools
    (Beck 2018, Journal of Statistical Software 85(11)).

    Examples
    --------
    >>> from tidydl import example_data, lekprofile, nnet
    >>> bigfive = example_data("bigfive")
    >>> fit = nnet("education ~ . - CASE", bigfive, size=1, trace=False)
    >>> lekprofile(fit, bigfive, xsel="age", steps=3, group_vals=[0.5], ysel=fit.lev[0]).x.tolist()
    [17.0, 46.0, 75.0]
    """
    need_network("fit", fit, with_weights=False)
    inputs = read_rows(fit, data)
    if check_flag("group_show", group_show):
        return LekGroups(profile_grid(inputs, xsel, steps, group_vals, grp_nms, _factors_of(fit))["groups"])
    layout = profile_grid(inputs, xsel, steps, group_vals, grp_nms, _factors_of(fit))
    fitted = predicted(fit, layout["grid"])
    return LekProfile(profile_frame(layout["steps"], fitted, labels_of(fit)[1], ysel))


def _factors_of(fit: FittedNetwork) -> list[str]:
    """Name the columns of numbers that the formula turns into factors."""
    if fit.design.formula is None:
        return []
    factors = [factor for term in fit.design.formula.terms for factor in term if factor.is_factor]
    return list(dict.fromkeys(name for factor in factors for name in factor.columns))


@partial(guarded, name="lekprofile")
def profile_grid(
    inputs: pd.DataFrame,
    xsel: Sequence[str] | str | None,
    steps: int,
    group_vals: pd.DataFrame | npt.ArrayLike,
    grp_nms: Sequence[str] | None = None,
    factors: Sequence[str] = (),
) -> dict[str, pd.DataFrame]:
    """Build the data that profiles are predicted for; ``factors`` are numeric columns to treat as categorical.

    Returns ``grid``: data like ``inputs``, a row for each variable, group and value; ``steps``: variable, x, level and
    group of these rows; ``groups``: what each group holds.
    """
    steps = check_count("steps", steps, 2)
    variables = variables_of(inputs, list(factors))
    names = list(variables)
    chosen = _chosen("xsel", xsel, names)
    group_codes = held_values(variables, group_vals, grp_nms)
    blocks = [_block(variables, name, group_codes, steps) for name in chosen]
    grid = {name: variables[name].column(np.concatenate([block[name] for block in blocks])) for name in names}
    counts = [variables[name].count(steps) for name in chosen]
    data = {
        "variable": np.repeat(np.array(chosen, dtype=object), [count * len(group_codes) for count in counts]),
        "x": np.concatenate([np.tile(variables[name].values(steps), len(group_codes)) for name in chosen]),
        "level": [level for name in chosen for level in variables[name].levels_at(steps) * len(group_codes)],
        "group": [group for count in counts for group in group_codes.index for _ in range(count)],
    }
    levels = {"variable": chosen, "group": list(group_codes.index)}
    return {
        "grid": pd.DataFrame(grid),
        "steps": STEPS.frame(data, levels=levels),
        "groups": _group_frame(variables, group_codes),
    }


def _chosen(argument: str, wanted: object, names: list[str]) -> list[str]:
    if wanted is None:
        return names
    chosen = check_texts(argument, wanted)
    for name in chosen:
        if name not in names:
            raise unknown_name(argument, name, names, error=ArgumentError)
    return chosen


def _block(variables: dict[str, Variable], name: str, group_codes: pd.DataFrame, steps: int) -> dict[str, np.ndarray]:
    """Return the codes of every variable while one takes all its values, once for each group."""
    running = variables[name].codes_at(steps)
    block = {other: np.repeat(group_codes[other].to_numpy(), len(running)) for other in variables}
    return block | {name: np.tile(running, len(group_codes))}


def _group_frame(variables: dict[str, Variable], group_codes: pd.DataFrame) -> pd.DataFrame:
    names = list(variables)
    codes = group_codes[names].to_numpy()
    data = {
        "group": np.repeat(group_codes.index.to_numpy(dtype=object), len(names)),
        "variable": names * len(group_codes),
        "value": [variables[name].value(code) for row in codes for name, code in zip(names, row, strict=True)],
        "level": [variables[name].level(code) for row in codes for name, code in zip(names, row, strict=True)],
    }
    return GROUPS.frame(data, levels={"group": list(group_codes.index), "variable": names})


@partial(guarded, name="lekprofile")
def profile_frame(
    steps: pd.DataFrame, fitted: npt.ArrayLike, outputs: Sequence[str], ysel: Sequence[str] | str | None = None
) -> pd.DataFrame:
    """Join predictions (``fitted``, rows by outputs) to the steps of :func:`profile_grid`, the first output first."""
    names = list(outputs)
    values = np.asarray(fitted, dtype=float).reshape(len(steps), -1)
    chosen = _chosen("ysel", ysel, names)
    long = pd.concat(
        [steps.assign(output=name, fitted=values[:, names.index(name)], order=k) for k, name in enumerate(chosen)]
    )
    long = long.sort_values(["variable", "order"], kind="stable")
    levels = {"variable": list(steps["variable"].cat.categories), "group": list(steps["group"].cat.categories)}
    return PROFILE.frame({name: list(long[name]) for name in PROFILE.names}, levels=levels | {"output": chosen})
