"""``nnet()``: fit a network of one hidden layer the way R's ``nnet`` does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from tidydl.boundaries import arguments_of
from tidydl.checks import check_count, check_flag
from tidydl.errors import ArgumentError
from tidydl.networks import network_verbs as _tables  # noqa: F401  (the verbs learn of networks there)
from tidydl.networks.advice import advise, warn_of_offset
from tidydl.networks.arguments import Options, Plan, plan, refuse_more, refuse_values
from tidydl.networks.averaging import AveragedNNet
from tidydl.networks.curvature import hessian_of
from tidydl.networks.engines import Engine, all_made, choose_engine, solve, solve_many
from tidydl.networks.exact.engine import Solution
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, SOFTMAX
from tidydl.networks.given_arguments import given_arguments
from tidydl.networks.inputs import Inputs, gather
from tidydl.networks.record import NNet
from tidydl.progress import run

if TYPE_CHECKING:
    from tidydl.design.contrasts import Contrasts
    from tidydl.design.numbers import Data
    from tidydl.design.rows import Subset


def nnet(
    formula: str | Data | None = None,
    data: Data | None = None,
    *values: object,
    x: Data | None = None,
    y: Data | None = None,
    weights: str | npt.ArrayLike | None = None,
    size: int | None = None,
    Wts: npt.ArrayLike | None = None,
    mask: npt.ArrayLike | None = None,
    linout: bool = False,
    entropy: bool = False,
    softmax: bool = False,
    censored: bool = False,
    skip: bool = False,
    rang: float = 0.7,
    decay: npt.ArrayLike = 0.0,
    maxit: int = 100,
    Hess: bool = False,
    trace: bool = True,
    MaxNWts: int = 1000,
    abstol: float = 1e-4,
    reltol: float = 1e-8,
    subset: Subset | None = None,
    na_action: str = "omit",
    contrasts: Contrasts | None = None,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    repeats: int = 1,
    progress: bool | None = None,
    **more: object,
) -> NNet | AveragedNNet:
    """Fit a neural network with one hidden layer, with the same weights as R's ``nnet``, to the last bit.

    Call it with a formula and a data frame, ``nnet("y ~ .", data, size=2)``, or with numbers, ``nnet(x, y, size=2)``. A
    categorical or text response is fitted as a classification: two classes with one sigmoid output and cross-entropy,
    more with a softmax. Rows with missing values are dropped.

    Parameters
    ----------
    formula
        A formula such as ``"y ~ a + log(b)"`` or ``"y ~ ."``; or the matrix or data frame of inputs.
    data
        The data frame with the columns of the formula; or the response: numbers (rows by outputs) or labels.
    x, y
        Inputs and response by name, instead of the first two.
    weights
        Case weights: one per row, or the name of a column of ``data``.
    size
        Number of hidden units; 0 only with ``skip=True``.
    Wts
        Initial weights; by default ``runif(n, -rang, rang)``.
    mask
        Which weights are optimised: one logical per weight.
    linout, entropy, softmax, censored
        Linear outputs; cross-entropy of sigmoid outputs; softmax of outputs; softmax with targets that mark the
        possible classes of a row. By default sigmoid outputs and least squares.
    skip
        Whether to add skip-layer connections from the inputs to the outputs.
    rang
        Initial weights lie between -rang and rang; at 0 they are 0.
    decay
        Penalty on the squared weights: one number, or one per weight.
    maxit
        Maximum number of iterations.
    Hess
        Whether to return the Hessian, the second derivatives of the value with respect to the weights; ``tidy()`` then
        returns standard errors.
    trace
        Whether to trace the optimisation.
    MaxNWts
        Maximum number of weights allowed.
    abstol, reltol
        The optimisation stops when the value falls below ``abstol`` or its relative change below ``reltol``.
    subset
        With a formula, the rows to use: a boolean per row, positions counted from 0, or a query string such as ``"age >
        30"``.
    na_action
        With a formula, ``"omit"`` drops rows with missing values; ``"exclude"`` does too, but pads ``fitted`` and
        ``residuals`` with missing values; ``"fail"`` raises an error.
    contrasts
        The coding of a formula's categorical predictors, by name, such as ``{"group": "contr.sum"}``.
    engine
        ``"exact"``, which reproduces R's numbers to the last bit; or ``"r"``, R's own ``nnet``, which needs R and rpy2,
        cannot be interrupted and reports ``iterations`` only if ``maxit`` was reached, and neither ``evaluations`` nor
        ``curve``; or ``"torch"``, see ``device``. By default the one that the device requires.
    device
        ``"cpu"``; ``"cuda"`` (or ``"cuda:1"``) for the engine ``"torch"``, which trains many networks together in
        double precision and converges to the same values as the exact engine, up to rounding: for hundreds of
        ``repeats``. ``"auto"`` uses a CUDA device if one is available.
    threads
        Number of threads for a large fit; by default the number of cores. The result does not depend on it.
    repeats
        Number of networks to fit, each from its own initial weights, drawn in sequence. Several networks are fitted in
        parallel, without a trace, and their predictions are averaged.
    progress
        Whether to show a progress bar when the trace is off; None shows it in interactive use.

    Returns
    -------
    NNet
        The fitted network, for ``predict``, ``summary``, ``tidy``, ``glance``, ``augment``, ``confusion`` and
        ``plotnet``.
    AveragedNNet
        If ``repeats`` is more than 1: ``fits`` are the networks, and ``predict``, ``augment`` and ``confusion`` average
        their outputs.

    Raises
    ------
    ArgumentError, FormulaError, ColumnError, DataError
        If an argument is invalid, the formula cannot be parsed, a column is missing, or no rows are left.

    Warns
    -----
    UserWarning
        If inputs are constant, are exact linear combinations of others, or are so large that hidden units start out
        saturated; if responses are outside 0 to 1 with logistic outputs; if a class has no rows. The warnings do not
        change the fit.

    Notes
    -----
    Source: Venables & Ripley (2002), Modern Applied Statistics with S, and R's package nnet. Equality to the last
    bit holds on x86-64; elsewhere the values agree to 1e-6.

    Examples
    --------
    >>> from tidydl import example_data, nnet, set_seed
    >>> set_seed(1)
    >>> fit = nnet("education ~ . - CASE", example_data("bigfive"), size=1, trace=False)
    >>> fit.n
    (7, 1, 5)
    """
    refuse_values(nnet, values, "size")
    refuse_more(nnet, more)
    options = Options(
        size, Wts, mask, linout, entropy, softmax, censored, skip, rang, decay, maxit, trace, MaxNWts, abstol, reltol
    )
    with arguments_of("nnet"):
        Hess = check_flag("Hess", Hess)
        repeats = check_count("repeats", repeats, minimum=1)
        if repeats > 1:
            _refuse_start(Wts)
        inputs = gather(formula, data, x, y, weights, subset=subset, na_action=na_action, contrasts=contrasts)
        planned = plan(inputs, options)
        chosen = choose_engine(engine, device, threads)
    warn_of_offset(inputs)
    advise(inputs, planned, stacklevel=2)
    shown = given_arguments(nnet, locals())
    if inputs.formula is None:  # the names of the arguments do for values
        shown = {"x": "x", "y": "y", **{name: each for name, each in shown.items() if name not in ("formula", "data")}}
    call = {"size": size, "skip": skip, "rang": rang, "maxit": maxit, "formula": inputs.formula}
    if repeats > 1:
        fits = [planned.fit(inputs, planned.initial_weights()) for _ in range(repeats)]
        solutions = all_made(run(solve_many(chosen, fits), progress=progress))
        networks = [record(inputs, planned, each, chosen, call, Hess, shown) for each in solutions]
        return AveragedNNet.of(networks, inputs.targets)
    solution = run(solve(chosen, planned.fit(inputs, planned.initial_weights())), progress=progress)
    return record(inputs, planned, solution, chosen, call, Hess, shown)


def _refuse_start(Wts: object) -> None:
    if Wts is not None:
        raise ArgumentError(
            "`Wts` is given, and `repeats` is more than 1: all networks would start alike.",
            allowed="One of them.",
        )


def _levels(inputs: Inputs, planned: Plan) -> tuple[str, ...] | None:
    """Return the names of the classes, for numeric responses those that R uses."""
    if inputs.response.levels is not None:
        return inputs.response.levels
    if planned.shape.loss == ENTROPY:
        return ("0", "1")
    return inputs.response.columns or None if planned.shape.loss in (SOFTMAX, CENSORED) else None


def record(
    inputs: Inputs,
    planned: Plan,
    solution: Solution,
    engine: Engine,
    call: dict[str, Any],
    Hess: bool = False,
    shown: Mapping[str, Any] = MappingProxyType({}),
) -> NNet:
    """Build the record of a fitted network, with its Hessian if requested."""
    network = NNet(
        shape=planned.shape,
        wts=solution.wts,
        value=solution.value,
        convergence=solution.convergence,
        fitted_values=solution.fitted_values,
        residuals=inputs.targets - solution.fitted_values,
        decay=planned.decay,
        design=inputs.design,
        response=inputs.response.name,
        output_names=inputs.output_names,
        lev=_levels(inputs, planned),
        iterations=solution.iterations,
        evaluations=solution.evaluations,
        curve=solution.curve,
        seconds=solution.seconds,
        mask=planned.mask,
        weights=inputs.weights,
        index=inputs.index,
        call=call,
        engine=engine.name,
        device=engine.device,
        excluded=inputs.excluded,
        given=dict(shown),
    )
    if Hess:
        network.Hessian = hessian_of(network, inputs)
    return network
