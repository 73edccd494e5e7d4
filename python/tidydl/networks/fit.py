"""``nnet()``: fit a network of one hidden layer the way R's ``nnet`` does."""

from __future__ import annotations

from typing import Any

from tidydl.networks import tables as _tables  # noqa: F401  (the verbs learn of networks there)
from tidydl.networks.arguments import Options, Plan, plan, refuse_more
from tidydl.networks.engine import Solution
from tidydl.networks.engines import Engine, choose_engine, solve
from tidydl.networks.inputs import Inputs, gather
from tidydl.networks.record import NNet
from tidydl.progress import run

__all__ = ["nnet"]


def nnet(
    formula: Any = None,
    data: Any = None,
    *,
    size: int | None = None,
    x: Any = None,
    y: Any = None,
    weights: Any = None,
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
    trace: bool = True,
    MaxNWts: int = 1000,
    abstol: float = 1e-4,
    reltol: float = 1e-8,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    progress: bool | None = None,
    **more: Any,
) -> NNet:
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
    size
        Number of hidden units; 0 only with ``skip=True``.
    x, y
        Inputs and response by name, instead of the first two.
    weights
        Case weights: one for each row, or the name of a column of ``data``.
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
    trace
        Whether to print the course of the fit.
    MaxNWts
        Largest number of weights allowed.
    abstol, reltol
        The search ends where the value falls below ``abstol`` or its relative change below ``reltol``.
    engine
        ``"exact"``, whose numbers are R's to the last bit; by default the one that the device needs.
    device
        ``"cpu"``.
    threads
        How many threads may share the work of a large fit; by default the cores there are. The result does not
        depend on it.
    progress
        Whether to show a bar where the trace is off; None shows it where somebody looks.

    Returns
    -------
    NNet
        The fitted network, for ``predict``, ``summary``, ``tidy``, ``glance``, ``augment``, ``confusion`` and
        ``plotnet``.

    Raises
    ------
    ArgumentError, FormulaError, ColumnError, DataError
        Where an argument is wrong, the formula cannot be read, a column is missing, or no row is left.

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
    refuse_more(nnet, more)
    inputs = gather(formula, data, x, y, weights)
    options = Options(
        size, Wts, mask, linout, entropy, softmax, censored, skip, rang, decay, maxit, trace, MaxNWts, abstol, reltol
    )
    planned = plan(inputs, options)
    chosen = choose_engine(engine, device, threads)
    fit = planned.fit(inputs, planned.initial_weights())
    solution = run(solve(chosen, fit), progress=progress)
    call = {"size": size, "skip": skip, "rang": rang, "maxit": maxit, "formula": inputs.formula}
    return record(inputs, planned, solution, chosen, call)


def record(inputs: Inputs, planned: Plan, solution: Solution, engine: Engine, call: dict[str, Any]) -> NNet:
    """Put together what is known of a fitted network."""
    return NNet(
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
        lev=inputs.response.levels,
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
    )
