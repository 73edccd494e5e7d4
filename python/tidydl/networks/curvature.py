"""``hessian()``: the second derivatives of a fitted network's value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy.typing as npt
import pandas as pd

from tidydl.boundaries import guarded
from tidydl.checks import described
from tidydl.errors import ArgumentError
from tidydl.networks.hessian import hessian as second_derivatives
from tidydl.networks.inputs import Inputs, gather
from tidydl.networks.multinomial.record import Multinom
from tidydl.networks.network_hints import network_hint
from tidydl.networks.record import NNet

if TYPE_CHECKING:
    from tidydl.design.numbers import Data


@guarded
def hessian(
    net: object, x: Data | None = None, y: Data | None = None, weights: str | npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Return the Hessian: the second derivatives of a network's value (loss plus penalty) with respect to its weights.

    Parameters
    ----------
    net
        A network fitted with :func:`tidydl.nnet`, or a model of :func:`tidydl.multinom`.
    x
        The inputs: a data frame with the columns of the formula, or numeric inputs with ``y``. A fit does not store the
        data, so this is optional only if the network was fitted with ``Hess=True``, and for models of ``multinom()``.
    y
        The response, if ``x`` is numeric inputs.
    weights
        Case weights: one per row, or the name of a column of ``x``.

    Returns
    -------
    pandas.DataFrame
        Symmetric, weights by weights in the order of ``coef(net)``, which names them. Fixed weights are treated like
        the others. For a model of ``multinom()`` the observed information of its coefficients, as in R without a
        penalty.

    Raises
    ------
    ArgumentError, ColumnError, DataError
        If the data are required but missing, or do not match the network.

    Notes
    -----
    Source: R's ``nnetHess``, whose values these are.

    Examples
    --------
    >>> from tidydl import example_data, hessian, nnet
    >>> data = example_data("bigfive")
    >>> hessian(nnet("education ~ extraversion", data, size=1, trace=False), data).shape
    (12, 12)
    """
    if not isinstance(net, NNet):
        raise ArgumentError(
            f"`net` is {described(net)}.",
            allowed="A network fitted with nnet() or multinom().",
            hint=network_hint(net),
        )
    if isinstance(net, Multinom):
        return pd.DataFrame(net.information.copy(), index=net.coefficient_names, columns=net.coefficient_names)
    if x is None:
        if net.Hessian is None:
            raise ArgumentError(
                "`x` is missing: the fit keeps no data.",
                allowed="The data that the network was fitted to.",
                hint="Give `x` (and `y`, where there was no formula), or fit with `Hess`.",
            )
        return net.Hessian.copy()
    formula = net.design.formula
    inputs = gather(x, y, None, None, weights) if formula is None else gather(formula.text, x, None, None, weights)
    return hessian_of(net, inputs)


nnetHess = hessian  # noqa: N816  (its name in R)


def hessian_of(net: NNet, inputs: Inputs) -> pd.DataFrame:
    """Return the second derivatives of a network's value for these inputs."""
    sizes = (inputs.x.shape[1], inputs.targets.shape[1])
    if sizes != (net.shape.inputs, net.shape.outputs):
        raise ArgumentError(
            f"`x` and `y` make {sizes[0]} inputs and {sizes[1]} outputs, and the network has {net.shape.inputs} and "
            f"{net.shape.outputs}.",
            allowed="The data that the network was fitted to.",
        )
    matrix = second_derivatives(net.shape, inputs.x, inputs.targets, inputs.weights, net.wts, net.decay)
    return pd.DataFrame(matrix, index=net.connections, columns=net.connections)
