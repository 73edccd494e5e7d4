"""``tune_nnet()``: search for the size and the decay that predict held-out rows best."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl import verbs
from tidydl.boundaries import arguments_of
from tidydl.checks import check_choice, check_count, check_flag, check_number, described
from tidydl.columns import Contract
from tidydl.errors import ArgumentError
from tidydl.networks.advice import advise, warn_of_offset
from tidydl.networks.arguments import Options, Plan, plan, refuse_more, refuse_values
from tidydl.networks.engines import Engine, all_made, choose_engine, solve_many
from tidydl.networks.fit import record
from tidydl.networks.inputs import Inputs, gather
from tidydl.networks.model_selection.grid import Grid, search_grid
from tidydl.networks.model_selection.metrics import check_metric
from tidydl.networks.model_selection.resampling import describe_resamples, draw_resamples
from tidydl.networks.record import NNet, NNetSummary
from tidydl.progress import Work, run

if TYPE_CHECKING:
    from tidydl.design.contrasts import Contrasts
    from tidydl.design.numbers import Data
    from tidydl.design.rows import Subset
    from tidydl.networks.model_selection.resampling import Resamples

GLANCE = Contract.of(
    n_points="integer",
    n_resamples="integer",
    n_fits="integer",
    n_failed="integer",
    metric="string",
    mean="double",
    std_error="double",
    size="integer",
    decay="double",
    nobs="integer",
    engine="string",
    device="string",
    seconds="double",
)
TUNING_ENGINES = ("exact", "torch")


@dataclass(eq=False, repr=False)
class Tuning:
    """The result of a grid search.

    Attributes
    ----------
    fits : pandas.DataFrame
        One row per fit: ``size``, ``decay``, ``resample``, ``restart`` (counted from 0), ``chosen`` (the restart with
        the lowest value, which represents its resample), ``value``, ``convergence``, ``iterations``, the metrics on the
        held-out rows, ``seconds``.
    summary : pandas.DataFrame
        One row per grid point: ``size``, ``decay``, ``metric``, ``mean`` over the resamples, ``std_error`` of the mean,
        ``n`` resamples, ``best``.
    best : dict
        The best grid point: ``size`` and ``decay``.
    fit : NNet
        The network of the best grid point, fitted to all rows.
    metric, resamples : str
        The metric, and the resampling method.
    """

    fits: pd.DataFrame
    summary: pd.DataFrame
    best: dict[str, Any]
    fit: NNet
    metric: str
    resamples: str
    seconds: float

    def __repr__(self) -> str:
        best = f"size {self.best['size']}, decay {self.best['decay']:.15g}"
        points = len(self.summary)
        return "\n".join(
            [
                f"{points} grid point{'' if points == 1 else 's'}, {self.resamples}, {len(self.fits)} fits",
                f"best by {self.metric}: {best}",
                self.summary.to_string(index=False),
            ]
        )

    def predict(self, newdata: Data | None = None, type: str = "raw") -> Any:
        """Predict with the best network; see :func:`tidydl.predict`."""
        return verbs.predict(self.fit, newdata, type)


def tune_nnet(
    formula: str | Data | None = None,
    data: Data | None = None,
    *values: object,
    size: npt.ArrayLike | None = None,
    decay: npt.ArrayLike = 0.0,
    resamples: Resamples = 10,
    times: int | None = None,
    prop: float = 0.75,
    repeats: int = 1,
    metric: str | None = None,
    x: Data | None = None,
    y: Data | None = None,
    weights: str | npt.ArrayLike | None = None,
    linout: bool = False,
    entropy: bool = False,
    softmax: bool = False,
    censored: bool = False,
    skip: bool = False,
    rang: float = 0.7,
    maxit: int = 100,
    trace: bool = False,
    MaxNWts: int = 1000,
    abstol: float = 1e-4,
    reltol: float = 1e-8,
    subset: Subset | None = None,
    na_action: str = "omit",
    contrasts: Contrasts | None = None,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    progress: bool | None = None,
    **more: object,
) -> Tuning:
    """Evaluate every combination of size and decay on resamples of the data, and refit the best to all of it.

    Each fit is identical to that of :func:`tidydl.nnet` on the training rows, from its own initial weights, to the last
    bit, regardless of the number of threads. It is evaluated on the held-out rows.

    Parameters
    ----------
    formula, data, x, y
        As in :func:`tidydl.nnet`. Inputs and classes are built from all complete rows, so that each fit has all levels,
        including those missing from its training rows.
    size, decay
        Numbers of hidden units and weight decays to try: one or several of each.
    resamples
        ``k`` for k-fold cross-validation; ``"bootstrap"`` for samples with replacement, evaluated on the out-of-bag
        rows; ``"holdout"`` for random splits; or a list (or dictionary) with the training rows of each resample, by
        position among the complete rows, repeated as often as they should count. Folds and hold-outs are stratified by
        class.
    times
        Number of repetitions of the cross-validation (by default 1), of bootstrap samples (25) or of hold-outs (1).
    prop
        The proportion of rows used for training in a hold-out.
    repeats
        Number of fits per grid point and resample, each from its own initial weights. The one with the lowest value on
        the training rows represents the resample; the final fit is chosen in the same way.
    metric
        The metric to optimise: for classification ``"accuracy"`` (the default), ``"balanced_accuracy"``, ``"kappa"`` or
        ``"log_loss"``; for regression ``"rmse"`` (the default), ``"mae"`` or ``"rsq"``. Each held-out row counts once,
        regardless of its case weight. Ties are broken in favour of the fewest units, then the largest decay.
    weights, linout, entropy, softmax, censored, skip, rang, maxit, MaxNWts, abstol, reltol, subset, na_action,
    contrasts
        As in :func:`tidydl.nnet`.
    trace
        Accepted for compatibility with ``nnet()``; it has no effect, since fits run in parallel.
    engine, device, threads
        As in :func:`tidydl.nnet`: by default fits run in parallel threads; on a CUDA device all networks of the same
        architecture are trained together.
    progress
        Whether to show a progress bar that counts fits; None shows it in interactive use.

    Returns
    -------
    Tuning
        ``fits``, ``summary``, ``best`` and ``fit``; ``tidy()`` returns the summary, ``glance()`` one row, ``predict()``
        and ``augment()`` the best network's predictions, ``autoplot()`` a plot of the metric by size and decay. A fit
        that fails because its value is not finite is a row of missing values, with a warning.

    Raises
    ------
    ArgumentError, FormulaError, ColumnError, DataError, DeviceError
        As for :func:`tidydl.nnet`, and if the resamples cannot be drawn or the metric does not apply to the response.

    Examples
    --------
    >>> from tidydl import example_data, set_seed, tune_nnet
    >>> set_seed(1)
    >>> found = tune_nnet("education ~ . - CASE", example_data("bigfive"), size=[1, 2], decay=[0.1, 1], resamples=3)
    >>> len(found.fits), len(found.summary)
    (12, 4)
    """
    refuse_values(tune_nnet, values, "size")
    refuse_more(tune_nnet, more)
    began = time.perf_counter()
    options = Options(
        None, None, None, linout, entropy, softmax, censored, skip, rang, 0.0, maxit, False, MaxNWts, abstol, reltol
    )
    with arguments_of("tune_nnet"):
        inputs = gather(formula, data, x, y, weights, subset=subset, na_action=na_action, contrasts=contrasts)
        check_flag("trace", trace)
        restarts = check_count("repeats", repeats, minimum=1)
        metric = check_metric(metric, inputs.response.levels is not None)
        grid = _grid(inputs, options, size, decay, (resamples, times, prop), restarts)
        if engine is not None:
            check_choice("engine", engine, TUNING_ENGINES)
        chosen = choose_engine(engine, device, threads)
    warn_of_offset(inputs)
    advise(inputs, max(grid.plans, key=lambda each: each.shape.hidden), stacklevel=2)
    search = run(search_grid(grid, metric, chosen), progress=progress)
    best = grid.plans[search.best]
    starts = [best.initial_weights() for _ in range(restarts)]
    fit = run(_refit(inputs, best, starts, chosen), progress=progress)
    description = describe_resamples(resamples, len(grid.resamples))
    point = {"size": grid.sizes[search.best], "decay": grid.decays[search.best]}
    return Tuning(search.fits, search.summary, point, fit, metric, description, time.perf_counter() - began)


def _grid(
    inputs: Inputs, options: Options, size: object, decay: object, drawn: tuple[Any, Any, Any], restarts: int
) -> Grid:
    """Check the grid and draw: first the resamples, then the weights of each grid point's fits."""
    sizes = [check_count("size", each) for each in _several("size", size)]
    decays = [check_number("decay", each, minimum=0) for each in _several("decay", decay)]
    points = [(units, penalty) for units in dict.fromkeys(sizes) for penalty in dict.fromkeys(decays)]
    plans = [plan(inputs, replace(options, size=units, decay=penalty)) for units, penalty in points]
    is_class = inputs.response.levels is not None
    resamples = draw_resamples(*drawn, _groups(inputs))
    return Grid(
        inputs.x,
        inputs.targets,
        inputs.weights,
        is_class,
        [units for units, _ in points],
        [penalty for _, penalty in points],
        plans,
        resamples,
        [_starts(each, len(resamples), restarts) for each in plans],
    )


def _several(argument: str, value: object) -> list[Any]:
    """Return one value or several as a list."""
    if value is None or isinstance(value, str | Mapping) or not isinstance(value, Collection):
        return [value]
    if not len(value):
        raise ArgumentError(f"`{argument}` is {described(value)}.", allowed="At least one number.")
    return list(value)


def _groups(inputs: Inputs) -> list[np.ndarray]:
    """Return the rows of each class, or all rows for a numeric response."""
    levels = inputs.response.levels
    if levels is None:
        return [np.arange(len(inputs.x))]
    codes = inputs.response.values[:, 0]
    return [np.flatnonzero(codes == code) for code in range(len(levels))]


def _starts(planned: Plan, resamples: int, restarts: int) -> np.ndarray:
    drawn = [planned.initial_weights() for _ in range(resamples * restarts)]
    return np.array(drawn).reshape(resamples, restarts, -1)


def _refit(inputs: Inputs, planned: Plan, starts: list[np.ndarray], engine: Engine) -> Work[NNet]:
    """Fit all rows from each of the initial weights, and keep the fit with the lowest value."""
    solutions = yield from solve_many(engine, [planned.fit(inputs, start) for start in starts])
    best = min(all_made(solutions), key=lambda solution: solution.value)
    call: dict[str, Any] = {"size": planned.shape.hidden, "skip": bool(planned.shape.skip), "rang": planned.rang}
    call |= {"maxit": planned.settings.maxit, "formula": inputs.formula}
    return record(inputs, planned, best, engine, call)


@verbs.tidy.register(Tuning)
def _tidy(x: Tuning) -> pd.DataFrame:
    """Return one row per grid point: size, decay, metric, mean, std_error, n, best."""
    return x.summary.copy()


@verbs.glance.register(Tuning)
def _glance(x: Tuning) -> pd.DataFrame:
    """Return one row: the size of the search, the best grid point, and its metric."""
    best = x.summary[x.summary["best"].to_numpy(dtype=bool)].iloc[0]
    data = {
        "n_points": len(x.summary),
        "n_resamples": x.fits["resample"].nunique(),
        "n_fits": len(x.fits),
        "n_failed": int(x.fits["value"].isna().sum()),
        **{name: best[name] for name in ("metric", "mean", "std_error", "size", "decay")},
        "nobs": len(x.fit.fitted_values),
        "engine": x.fit.engine,
        "device": x.fit.device,
        "seconds": x.seconds,
    }
    return GLANCE.frame({name: [value] for name, value in data.items()})


@verbs.predict.register(Tuning)
def _predict(x: Tuning, newdata: Data | None = None, type: str = "raw") -> Any:
    """Predict with the best network."""
    return verbs.predict(x.fit, newdata, type)


@verbs.augment.register(Tuning)
def _augment(x: Tuning, data: Data | None = None, newdata: Data | None = None) -> pd.DataFrame:
    """Join the best network's predictions to data."""
    return verbs.augment(x.fit, data, newdata)


@verbs.coef.register(Tuning)
def _coef(x: Tuning) -> pd.Series:
    """Return the best network's weights by name."""
    return verbs.coef(x.fit)


@verbs.summary.register(Tuning)
def _summary(x: Tuning) -> NNetSummary:
    """Return the best network's weights unit by unit."""
    return verbs.summary(x.fit)
