"""``nnet()``: fit a network of one hidden layer the way R's ``nnet`` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl import rng
from tidydl.checks import check_count, check_flag, check_number, described
from tidydl.design import Design, Response, from_formula, from_matrix, response_values
from tidydl.errors import ArgumentError, ColumnError, DataError
from tidydl.networks import tables as _tables  # noqa: F401  (the verbs learn of networks there)
from tidydl.networks.engine import Settings, Solution, fit_work
from tidydl.networks.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape
from tidydl.networks.record import NNet
from tidydl.progress import run

if TYPE_CHECKING:
    pass

__all__ = ["nnet", "number_of_weights"]


def nnet(
    formula: Any = None,
    data: Any = None,
    *,
    size: int,
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
    progress: bool | None = None,
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
    given = _gather(formula, data, x, y, weights)
    kind = _loss(given.response, linout, entropy, softmax, censored)
    size = check_count("size", size, minimum=0)
    shape = Shape(given.x.shape[1], size, _targets(given.response).shape[1], check_flag("skip", skip), kind)
    n_weights = _checked_number(shape, check_count("MaxNWts", MaxNWts, minimum=1))
    decay = _per_weight("decay", decay, n_weights)
    settings = Settings(
        check_count("maxit", maxit, minimum=0),
        check_number("abstol", abstol),
        check_number("reltol", reltol),
        check_flag("trace", trace),
    )
    targets = _targets(given.response)
    freely = _mask(mask, n_weights)
    start = _initial(Wts, n_weights, check_number("rang", rang, minimum=0))
    solution = run(fit_work(shape, given.x, targets, given.weights, start, freely, decay, settings), progress=progress)
    call = {"size": size, "skip": skip, "rang": rang, "maxit": maxit, "formula": given.formula}
    return _record(shape, given, targets, solution, decay, freely, call)


@dataclass(frozen=True)
class _Given:
    """The numbers of a call: complete rows only."""

    x: np.ndarray
    response: Response
    design: Design
    weights: np.ndarray
    index: Any
    formula: str | None


def _gather(formula: Any, data: Any, x: Any, y: Any, weights: Any) -> _Given:
    if isinstance(formula, str):
        return _from_formula(formula, data, weights)
    return _from_numbers(x if formula is None else formula, y if data is None else data, weights)


def _from_formula(formula: str, data: Any, weights: Any) -> _Given:
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(
            f"`data` is {described(data)}.",
            allowed="A data frame that holds the columns of the formula.",
        )
    cases = _case_weights(weights, data)
    design, inputs, response, complete = from_formula(formula, data)
    _finite("data", inputs)
    _finite("data", response.values)
    return _Given(inputs, response, design, cases[complete], data.index[complete], formula)


def _from_numbers(x: Any, y: Any, weights: Any) -> _Given:
    import pandas as pd

    if x is None or y is None:
        raise ArgumentError(
            "`x` and `y` are needed where there is no formula.",
            allowed="nnet('y ~ a + b', data, size=2) or nnet(x, y, size=2).",
        )
    inputs, names = from_matrix(x)
    if hasattr(y, "__len__") and len(y) != len(inputs):
        raise ArgumentError(f"`x` has {len(inputs)} rows and `y` has {len(y)}.", allowed="One row of y for each of x.")
    response = _response(y)
    if len(inputs) == 0:
        raise DataError("`x` has no rows.", allowed="At least one row.")
    for argument, values in (("x", inputs), ("y", response.values)):
        if np.isnan(values).any():
            raise DataError(
                f"`{argument}` has missing values.",
                allowed="Complete rows.",
                hint="Leave the incomplete rows out, or give a formula and a data frame, which does so.",
            )
        _finite(argument, values)
    index = x.index if isinstance(x, pd.DataFrame) else pd.RangeIndex(len(inputs))
    return _Given(inputs, response, Design(names), _case_weights(weights, inputs), index, None)


def _response(y: Any) -> Response:
    import pandas as pd

    if isinstance(y, pd.DataFrame) or np.ndim(y) == 2:
        values, names = from_matrix(y, "y")
        return Response("y", values, None, names)
    if isinstance(y, (pd.Categorical, pd.Index)):
        y = pd.Series(y)
    return response_values("y" if getattr(y, "name", None) is None else str(y.name), y)


def _finite(argument: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise DataError(
            f"`{argument}` has infinite values.",
            allowed="Finite numbers.",
            hint="Look for divisions by zero and logarithms of zero.",
        )


def _case_weights(weights: Any, data: Any) -> np.ndarray:
    if weights is None:
        return np.ones(len(data))
    if isinstance(weights, str):
        if weights not in getattr(data, "columns", ()):
            raise ColumnError(
                f"`weights` names the column '{weights}', which `data` does not have.",
                allowed="A column of `data`, or one number for each row.",
            )
        weights = data[weights]
    values = np.asarray(weights, dtype=float)
    if values.shape != (len(data),):
        raise ArgumentError(
            f"`weights` has {values.size} values for {len(data)} rows.", allowed="One number for each row."
        )
    if not (values >= 0).all():
        raise ArgumentError("`weights` has negative or missing values.", allowed="Numbers of at least 0.")
    return values


def _loss(response: Response, linout: bool, entropy: bool, softmax: bool, censored: bool) -> int:
    flags = dict(linout=linout, entropy=entropy, softmax=softmax, censored=censored)
    for name, value in flags.items():
        check_flag(name, value)
    if response.levels is not None:
        entropy, softmax = len(response.levels) == 2, len(response.levels) > 2 and not censored
    if linout and entropy:
        raise ArgumentError(
            "`linout` and `entropy` exclude each other: the entropy is for logistic outputs.",
            allowed="`linout` for numbers, `entropy` for shares, neither for a response of two classes.",
        )
    if censored or softmax:
        if _targets(response).shape[1] < 2:
            raise ArgumentError(
                "`softmax` needs a response of at least two columns.",
                allowed="A class with three or more levels, or one column for each class.",
            )
        return CENSORED if censored else SOFTMAX
    if entropy:
        return ENTROPY
    return LINEAR if linout else LEAST_SQUARES


def _targets(response: Response) -> np.ndarray:
    """Give the response as the outputs should be: an indicator of the second of two classes, or of each of more."""
    if response.levels is None or len(response.levels) == 2:
        return response.values
    return np.eye(len(response.levels))[response.values[:, 0].astype(int)]


def number_of_weights(shape: Shape) -> int:
    """Count the weights of a network, biases included."""
    width = 1 + shape.hidden + (shape.inputs if shape.skip else 0)
    return shape.hidden * (1 + shape.inputs) + shape.outputs * width


def _checked_number(shape: Shape, largest: int) -> int:
    if shape.hidden == 0 and not shape.skip:
        raise ArgumentError(
            "`size` is 0 and `skip` is false: there is nothing to fit.",
            allowed="A `size` of at least 1, or inputs that reach the outputs directly by `skip`.",
        )
    n_weights = number_of_weights(shape)
    if n_weights > largest:
        raise ArgumentError(
            f"`MaxNWts` allows {largest} weights, and this network has {n_weights}.",
            allowed="A network of at most `MaxNWts` weights.",
            hint=f"Write {n_weights} for `MaxNWts`, or use fewer hidden units or inputs.",
        )
    return n_weights


def _per_weight(argument: str, value: Any, n_weights: int) -> np.ndarray:
    try:
        values = np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if values.shape not in [(1,), (n_weights,)] or not (np.isfinite(values) & (values >= 0)).all():
        raise ArgumentError(
            f"`{argument}` is not valid.",
            allowed=f"One number of at least 0, or one for each of the {n_weights} weights.",
        )
    return np.broadcast_to(values, (n_weights,)) if values.size == 1 else values


def _mask(mask: Any, n_weights: int) -> np.ndarray:
    values = np.ones(n_weights, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
    if values.shape != (n_weights,):
        raise ArgumentError(
            f"`mask` has {values.size} values for {n_weights} weights.", allowed="One logical for each weight."
        )
    return values


def _initial(Wts: Any, n_weights: int, rang: float) -> np.ndarray:
    if Wts is None:
        return rng.runif(n_weights, -rang, rang)
    values = np.asarray(Wts, dtype=float)
    if values.shape != (n_weights,):
        raise ArgumentError(
            f"`Wts` has {values.size} values for {n_weights} weights.", allowed="One number for each weight."
        )
    return values


def _record(
    shape: Shape,
    given: _Given,
    targets: np.ndarray,
    solution: Solution,
    decay: np.ndarray,
    mask: np.ndarray,
    call: dict[str, Any],
) -> NNet:
    levels = given.response.levels
    return NNet(
        shape=shape,
        wts=solution.wts,
        value=solution.value,
        convergence=solution.convergence,
        fitted_values=solution.fitted_values,
        residuals=targets - solution.fitted_values,
        decay=decay,
        design=given.design,
        response=given.response.name,
        output_names=_output_names(given.response, shape.outputs),
        lev=levels,
        iterations=solution.iterations,
        evaluations=solution.evaluations,
        curve=solution.curve,
        seconds=solution.seconds,
        mask=mask,
        weights=given.weights,
        index=given.index,
        call=call,
    )


def _output_names(response: Response, outputs: int) -> tuple[str, ...]:
    if response.levels is not None:
        return response.levels if outputs > 1 else response.levels[1:]
    return response.columns if len(response.columns) == outputs else tuple(f"o{o + 1}" for o in range(outputs))
