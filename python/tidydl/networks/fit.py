"""``nnet()``: fit a network of one hidden layer the way R's ``nnet`` does."""

from __future__ import annotations

from typing import Any

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
from tidydl.networks.inputs import Inputs, gather
from tidydl.networks.record import NNet
from tidydl.progress import run

__all__ = ["nnet", "record"]


def nnet(
    formula: Any = None,
    data: Any = None,
    *values: Any,
    x: Any = None,
    y: Any = None,
    weights: Any = None,
    size: int | None = None,
    Wts: Any = None,
    mask: Any = None,
    linout: bool = False,
    entropy: bool = False,
    softmax: bool = False,
    censored: bool = False,
    skip: bool = False,
    rang: float = 0.7,
    decay: Any = 0.0,
    maxit: int = 100,
    Hess: bool = False,
    trace: bool = True,
    MaxNWts: int = 1000,
    abstol: float = 1e-4,
    reltol: float = 1e-8,
    subset: Any = None,
    na_action: str = "omit",
    contrasts: Any = None,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    repeats: int = 1,
    progress: bool | None = None,
    **more: Any,
) -> NNet | AveragedNNet:
    """Fit a neural network with one hidden layer, giving the weights that R's ``nnet`` gives, to the last bit.

    Call it with a formula and a data frame, ``nnet("y ~ .", data, size=2)``, or with numbers,
    ``nnet(x, y, size=2)``. A categorical or text response is predicted by class: two classes by one sigmoid output
    and the cross-entropy, more by a softmax. Rows with missing values are left out.

    Parameters
    ----------
    formula
        A formula such as ``"y ~ a + log(b)"`` or ``"y ~ ."``; or the matrix or data frame of inputs.
    data
        The data frame that the formula reads; or the response: numbers (rows by outputs) or labels.
    x, y
        Inputs and response by name, instead of the first two.
    weights
        Case weights: one for each row, or the name of a column of ``data``.
    size
        Number of hidden units; 0 only with ``skip=True``.
    Wts
        Initial weights; drawn as ``runif(n, -rang, rang)`` where not given.
    mask
        Which weights may change, one logical per weight.
    linout, entropy, softmax, censored
        Linear outputs; cross-entropy of sigmoid outputs; softmax of outputs; softmax where a row's targets mark the
        classes that are possible. By default sigmoid outputs and least squares.
    skip
        Whether inputs also reach the outputs directly.
    rang
        Initial weights lie between -rang and rang; at 0 they are 0.
    decay
        Penalty on the squared weights: one number, or one per weight.
    maxit
        Largest number of iterations.
    Hess
        Whether to keep the Hessian, the second derivatives of the value by the weights; ``tidy()`` then gives standard
        errors.
    trace
        Whether to print the course of the fit.
    MaxNWts
        Largest number of weights allowed.
    abstol, reltol
        The search ends where the value falls below ``abstol`` or its relative change below ``reltol``.
    subset
        With a formula, the rows to use: one true or false for each, positions from 0, or a text such as
        ``"age > 30"``.
    na_action
        With a formula, ``"omit"`` leaves rows with missing values out; ``"exclude"`` too, but they keep their place in
        ``fitted`` and ``residuals``; ``"fail"`` refuses them.
    contrasts
        The coding of a formula's categorical predictors, by their names, such as ``{"group": "contr.sum"}``.
    engine
        ``"exact"``, whose numbers are R's to the last bit; or ``"r"``, R's own ``nnet``, which needs R and rpy2, cannot
        be interrupted and tells ``iterations`` only where ``maxit`` was reached, and neither ``evaluations`` nor
        ``curve``; or ``"torch"``, see ``device``. By default the one that the device needs.
    device
        ``"cpu"``; ``"cuda"`` (or ``"cuda:1"``) for the engine ``"torch"``, which advances many networks together in
        double precision and ends where the exact engine does, to rounding: for ``repeats`` by the hundred.
        ``"auto"`` takes a CUDA device where there is one.
    threads
        How many threads may share the work of a large fit; by default the cores there are. The result does not
        depend on it.
    repeats
        How many networks to fit, each from initial weights of its own, drawn one after the other. More than one are
        fitted side by side, without a trace, and predict by their mean.
    progress
        Whether to show a bar where the trace is off; None shows it where somebody looks.

    Returns
    -------
    NNet
        The fitted network, for ``predict``, ``summary``, ``tidy``, ``glance``, ``augment``, ``confusion`` and
        ``plotnet``.
    AveragedNNet
        Where ``repeats`` is more than 1: ``fits`` are the networks, and ``predict``, ``augment`` and ``confusion``
        take the mean of their outputs.

    Raises
    ------
    ArgumentError, FormulaError, ColumnError, DataError
        Where an argument is wrong, the formula cannot be read, a column is missing, or no row is left.

    Warns
    -----
    UserWarning
        Where inputs are the same in every row, are determined exactly by others, or are so large that hidden units
        start where they cannot learn; where numbers are outside 0 to 1 and the outputs are logistic; where a class
        has no row. The fit is the same with and without.

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
    call = {"size": size, "skip": skip, "rang": rang, "maxit": maxit, "formula": inputs.formula}
    if repeats > 1:
        fits = [planned.fit(inputs, planned.initial_weights()) for _ in range(repeats)]
        solutions = all_made(run(solve_many(chosen, fits), progress=progress))
        made = [record(inputs, planned, each, chosen, call, Hess) for each in solutions]
        return AveragedNNet.of(made, inputs.targets)
    solution = run(solve(chosen, planned.fit(inputs, planned.initial_weights())), progress=progress)
    return record(inputs, planned, solution, chosen, call, Hess)


def _refuse_start(Wts: Any) -> None:
    if Wts is not None:
        raise ArgumentError(
            "`Wts` is given, and `repeats` is more than 1: all networks would start alike.",
            allowed="One of them.",
        )


def _levels(inputs: Inputs, planned: Plan) -> tuple[str, ...] | None:
    """Return the names of the classes, where numbers were fitted those that R gives them."""
    if inputs.response.levels is not None:
        return inputs.response.levels
    if planned.shape.loss == ENTROPY:
        return ("0", "1")
    return inputs.response.columns or None if planned.shape.loss in (SOFTMAX, CENSORED) else None


def record(
    inputs: Inputs, planned: Plan, solution: Solution, engine: Engine, call: dict[str, Any], Hess: bool = False
) -> NNet:
    """Put together what is known of a fitted network, with its Hessian where that is asked for."""
    made = NNet(
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
    )
    if Hess:
        made.Hessian = hessian_of(made, inputs)
    return made
