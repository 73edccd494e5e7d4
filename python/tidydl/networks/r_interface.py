"""Entry points of R for networks: plain arrays in, plain arrays out. R makes the design and draws the weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl.checks import described
from tidydl.errors import ArgumentError, printable
from tidydl.networks.advice import advice as advice_on
from tidydl.networks.arguments import LOSSES, Plan, number_of_weights
from tidydl.networks.engines import all_made, choose_engine, solve, solve_many
from tidydl.networks.exact.engine import Settings
from tidydl.networks.exact.kernels import Shape
from tidydl.networks.exact.many import Fit
from tidydl.networks.model_selection.grid import Grid, search_grid
from tidydl.networks.model_selection.metrics import check_metric
from tidydl.networks.model_selection.resampling import (
    KINDS,
    Asked,
    asked_resamples,
    describe_resamples,
    given_resamples,
    resamples_of,
)
from tidydl.progress import Work

if TYPE_CHECKING:
    from tidydl.networks.engines import Engine
    from tidydl.networks.exact.engine import Solution
    from tidydl.networks.model_selection.resampling import Resamples


def fit_arrays(
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    advice: dict[str, Any] | None = None,
    **arguments: Any,
) -> Work[dict[str, Any]]:
    """Fit a network whose arguments R has checked.

    ``advice``, if the fit is to warn about its inputs, has ``argument`` and ``names`` of the inputs, and ``rang`` if
    hidden units have weights drawn by it. The other arguments are those of :func:`_fit_of`.
    """
    fit = _fit_of(**arguments)
    chosen = choose_engine(engine, device, threads)
    _advise(advice, fit.shape, fit.x, fit.y)
    solution = yield from solve(chosen, fit)
    return _solution(solution, chosen)


def fit_repeats(
    wts: np.ndarray,
    trace: bool,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    advice: dict[str, Any] | None = None,
    **arguments: Any,
) -> Work[list[dict[str, Any]]]:
    """Fit one network from several initial weights side by side, without trace: ``wts`` has a column for each."""
    fits = [_fit_of(wts=start, trace=False, **arguments) for start in np.ascontiguousarray(wts.T)]
    chosen = choose_engine(engine, device, threads)
    _advise(advice, fits[0].shape, fits[0].x, fits[0].y)
    solutions = all_made((yield from solve_many(chosen, fits)))
    return [_solution(each, chosen) for each in solutions]


def _fit_of(
    x: np.ndarray,
    y: np.ndarray,
    weights: npt.ArrayLike,
    wts: npt.ArrayLike,
    mask: npt.ArrayLike,
    decay: npt.ArrayLike,
    size: int,
    skip: bool,
    loss: str,
    maxit: int,
    abstol: float,
    reltol: float,
    trace: bool,
) -> Fit:
    """Return the fit that R plans: ``weights`` are case weights; ``wts``, ``mask``, ``decay`` have one per weight."""
    shape = Shape(x.shape[1], int(size), y.shape[1], bool(skip), LOSSES[loss])
    start, free, penalty = (_per_weight(each) for each in (wts, mask, decay))
    settings = Settings(int(maxit), float(abstol), float(reltol), bool(trace))
    penalty = np.broadcast_to(penalty, start.shape)
    return Fit(shape, x, y, _per_weight(weights), start, free.astype(bool), penalty, settings)


def _solution(solution: Solution, engine: Engine) -> dict[str, Any]:
    return {
        "wts": solution.wts,
        "value": solution.value,
        "convergence": solution.convergence,
        "iterations": solution.iterations,
        "evaluations": solution.evaluations,
        "fitted": solution.fitted_values,
        "curve": solution.curve,
        "seconds": solution.seconds,
        "engine": engine.name,
        "device": engine.device,
    }


def _advise(asked: dict[str, Any] | None, shape: Shape, x: np.ndarray, y: np.ndarray) -> None:
    if asked is not None:
        names = np.atleast_1d(asked["names"]) if asked.get("names") is not None else ()
        for text in advice_on(asked["argument"], x, [str(name) for name in names], asked.get("rang"), y, shape.loss):
            warnings.warn(printable(text), UserWarning, stacklevel=1)


def asked_by_r(
    resamples: Resamples, train: list[Any] | None, names: Iterable[str] | None, times: int | None, prop: object, n: int
) -> dict[str, Any]:
    """Check the resamples that R is asked for, which it draws itself.

    ``train`` are the rows that train in each resample, counted from 1, and ``names`` their names; None if they are to
    be drawn. Returns ``kind``, ``times``, ``folds`` and ``prop``, the ``labels`` of all resamples, and a description.
    """
    if train is not None:
        with np.errstate(invalid="ignore"):  # a missing position is refused with the name of its resample
            sets = [np.asarray(rows, dtype=float) - 1 for rows in train]
        named = sets if names is None else dict(zip(names, sets, strict=True))
        labels = [each.label for each in given_resamples(named, times, int(n))]
        asked = Asked("given", len(labels))
    elif isinstance(resamples, pd.Series):
        raise ArgumentError(f"`resamples` is {described(resamples)}.", allowed=KINDS)
    else:
        asked = asked_resamples(resamples, times, prop, int(n))
        labels = asked.labels
    description = describe_resamples(resamples if train is None else train, len(labels))
    return {**asked._asdict(), "labels": pd.Series(labels, dtype="str"), "description": description}


def tune_arrays(
    x: np.ndarray,
    y: np.ndarray,
    weights: npt.ArrayLike,
    is_class: bool,
    size: npt.ArrayLike,
    decay: npt.ArrayLike,
    skip: bool,
    loss: str,
    maxit: int,
    abstol: float,
    reltol: float,
    train: npt.ArrayLike,
    train_lengths: npt.ArrayLike,
    labels: Iterable[str],
    starts: npt.ArrayLike,
    repeats: int,
    metric: str | None = None,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    advice: dict[str, Any] | None = None,
) -> Work[dict[str, Any]]:
    """Search a grid whose draws R has made.

    ``size`` and ``decay`` are those of each grid point. ``train`` has the rows that train in each resample end to end,
    ``train_lengths`` how many each has. ``starts`` are the initial weights of all fits end to end: restarts within
    resamples within grid points. In the result ``at`` is the position of the best grid point.
    """
    sizes, decays = [[each.item() for each in np.atleast_1d(np.asarray(values))] for values in (size, decay)]
    settings = Settings(int(maxit), float(abstol), float(reltol), False)
    shapes = [Shape(x.shape[1], int(each), y.shape[1], bool(skip), LOSSES[loss]) for each in sizes]
    counts = [number_of_weights(shape) for shape in shapes]
    plans = [
        Plan(shape, np.ones(n, dtype=bool), np.full(n, float(penalty)), settings, 0.0, None)
        for shape, n, penalty in zip(shapes, counts, decays, strict=True)
    ]
    ends = np.cumsum(np.asarray(train_lengths, dtype=np.int64))[:-1]
    resamples = resamples_of(list(labels), np.split(np.asarray(train, dtype=np.int64), ends), len(x))
    per_point = [len(resamples) * int(repeats) * n for n in counts]
    blocks = np.split(np.asarray(starts, dtype=float), np.cumsum(per_point)[:-1])
    drawn = [block.reshape(len(resamples), int(repeats), n) for block, n in zip(blocks, counts, strict=True)]
    chosen_metric = check_metric(metric, bool(is_class))
    _advise(advice, shapes[0], x, y)
    grid = Grid(x, y, _per_weight(weights), bool(is_class), sizes, decays, plans, resamples, drawn)
    search = yield from search_grid(grid, chosen_metric, choose_engine(engine, device, threads))
    return {"fits": search.fits, "summary": search.summary, "metric": chosen_metric, "at": search.best}


def _per_weight(values: npt.ArrayLike) -> np.ndarray:
    """Return a vector, which arrives from R as a scalar if it has one element."""
    return np.atleast_1d(np.asarray(values, dtype=float))
