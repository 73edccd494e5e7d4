"""Grid search: all fits side by side, evaluated on their held-out rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tidydl.columns import Contract
from tidydl.errors import DataError, TidydlError, printable
from tidydl.networks.arguments import Plan
from tidydl.networks.engines import Engine, solve_many
from tidydl.networks.exact.engine import Solution
from tidydl.networks.exact.kernels import outputs
from tidydl.networks.exact.many import Fit
from tidydl.networks.model_selection.metrics import is_smaller_better, judge, metrics_for
from tidydl.networks.model_selection.resampling import Resample
from tidydl.progress import Work


@dataclass(frozen=True)
class Grid:
    """The grid: a plan for each grid point, the data, the resamples, the initial weights.

    ``starts`` has for each grid point an array of resamples by restarts by weights.
    """

    x: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    is_class: bool
    sizes: Sequence[int]
    decays: Sequence[float]
    plans: Sequence[Plan]
    resamples: Sequence[Resample]
    starts: Sequence[np.ndarray]

    @property
    def restarts(self) -> int:
        """The number of fits per grid point and resample."""
        return int(self.starts[0].shape[1])


@dataclass(frozen=True)
class Search:
    """The result of a search: ``fits``, one row per fit; ``summary``, one row per grid point; the best of these."""

    fits: pd.DataFrame
    summary: pd.DataFrame
    best: int


def _fits_contract(is_class: bool) -> Contract:
    """Return the contract of the frame with one row per fit."""
    kinds: dict[str, Any] = {"size": "integer", "decay": "double", "resample": "label", "restart": "index"}
    kinds |= {"chosen": "logical", "value": "double", "convergence": "integer", "iterations": "integer"}
    kinds |= dict.fromkeys(metrics_for(is_class), "double")
    return Contract.of(kinds | {"seconds": "double"})


SUMMARY = Contract.of(
    size="integer",
    decay="double",
    metric="string",
    mean="double",
    std_error="double",
    n="integer",
    best="logical",
)


def search_grid(grid: Grid, metric: str, engine: Engine) -> Work[Search]:
    """Run and evaluate all fits of a grid, yielding how many are done.

    Each fit sees the rows of its resample alone. Of the restarts the one with the lowest value represents its resample.
    If no fit could be made, a DataError is raised.
    """
    fits = list(_fits(grid, engine))
    largest_first = sorted(range(len(fits)), key=lambda at: -len(fits[at].wts))  # so that no thread waits at the end
    results = yield from solve_many(engine, [fits[at] for at in largest_first])
    solutions = [results[index] for index in np.argsort(largest_first)]
    problems = [each for each in solutions if isinstance(each, TidydlError)]
    if len(problems) == len(solutions):
        raise problems[0]
    if problems:
        text = f"{len(problems)} of {len(solutions)} fits failed and are left out: {problems[0].problem}"
        warnings.warn(printable(text), UserWarning, stacklevel=2)
    table = _fits_frame(grid, solutions)
    summary = summary_frame(grid, table, metric)
    return Search(table, summary, best_point(summary, metric))


def _fits(grid: Grid, engine: Engine) -> Any:
    """Return the fits, restarts within resamples within grid points."""
    parts = [_rows_of(grid, resample, engine) for resample in grid.resamples]
    for plan, starts in zip(grid.plans, grid.starts, strict=True):
        for (x, y, weights), of_resample in zip(parts, starts, strict=True):
            for start in of_resample:
                yield Fit(plan.shape, x, y, weights, start, plan.mask, plan.decay, plan.settings)


def _rows_of(grid: Grid, resample: Resample, engine: Engine) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the training rows: a copy of them, or all rows and how often each counts."""
    if engine.shares_rows:
        counts = np.bincount(resample.train, minlength=len(grid.x)).astype(float)
        return grid.x, grid.targets, grid.weights * counts
    rows = resample.train
    return grid.x[rows], grid.targets[rows], grid.weights[rows]


def _fits_frame(grid: Grid, solutions: Sequence[Solution | TidydlError]) -> pd.DataFrame:
    points, resamples, restarts = len(grid.plans), len(grid.resamples), grid.restarts
    labels = [resample.label for resample in grid.resamples]
    fitted = [each if isinstance(each, Solution) else None for each in solutions]
    per_point = resamples * restarts
    values = np.array([np.nan if each is None else each.value for each in fitted])
    judged = [
        _judged(grid, at // per_point, at // restarts % resamples, solution) for at, solution in enumerate(fitted)
    ]
    data: dict[str, Any] = {
        "size": np.repeat(np.asarray(grid.sizes), per_point),
        "decay": np.repeat(np.asarray(grid.decays, dtype=float), per_point),
        "resample": np.tile(np.repeat(labels, restarts), points),
        "restart": np.tile(np.arange(restarts), points * resamples),
        "chosen": _chosen(values, restarts),
        "value": values,
        "convergence": [None if each is None else each.convergence for each in fitted],
        "iterations": [None if each is None else each.iterations for each in fitted],
        "seconds": [np.nan if each is None else each.seconds for each in fitted],
    }
    data |= {name: [each[name] for each in judged] for name in metrics_for(grid.is_class)}
    return _fits_contract(grid.is_class).frame(data, levels={"resample": labels})


def _chosen(values: np.ndarray, restarts: int) -> np.ndarray:
    """Mark the lowest value of each resample's restarts, the first of several; none where all are missing."""
    by_resample = np.where(np.isfinite(values), values, np.inf).reshape(-1, restarts)
    chosen = np.zeros(by_resample.shape, dtype=bool)
    lowest = np.argmin(by_resample, axis=1)
    chosen[np.arange(len(chosen)), lowest] = np.isfinite(by_resample[np.arange(len(chosen)), lowest])
    return chosen.ravel()


def _judged(grid: Grid, point: int, resample: int, solution: Solution | None) -> dict[str, float]:
    if solution is None:
        return dict.fromkeys(metrics_for(grid.is_class), float("nan"))
    rows = grid.resamples[resample].assess
    predictions = outputs(grid.plans[point].shape, solution.wts, grid.x[rows])
    return judge(predictions, grid.targets[rows], grid.is_class)


def summary_frame(grid: Grid, fits: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Summarise the chosen fits: the mean of the metric over the resamples and its standard error."""
    resamples, restarts = len(grid.resamples), grid.restarts
    scores = np.where(fits["chosen"].to_numpy(dtype=bool), fits[metric].to_numpy(), np.nan)
    scores = scores.reshape(len(grid.plans), resamples * restarts)
    finite = [row[np.isfinite(row)] for row in scores]
    n = np.array([len(row) for row in finite])
    spread = [row.std(ddof=1) / np.sqrt(len(row)) if len(row) > 1 else np.nan for row in finite]
    data = {
        "size": list(grid.sizes),
        "decay": list(grid.decays),
        "metric": [metric] * len(finite),
        "mean": [row.mean() if len(row) else np.nan for row in finite],
        "std_error": spread,
        "n": n,
        "best": np.zeros(len(finite), dtype=bool),
    }
    frame = SUMMARY.frame(data)
    frame.loc[best_point(frame, metric), "best"] = True
    return frame


def best_point(summary: pd.DataFrame, metric: str) -> int:
    """Find the best grid point: of equal ones that with the fewest hidden units, then the largest decay."""
    mean = summary["mean"].to_numpy()
    if not np.isfinite(mean).any():
        raise DataError(
            f"`metric` '{metric}' cannot be computed for any grid point.",
            allowed="Resamples in which it can be computed.",
            hint="Use another metric, or fewer folds.",
        )
    badness = np.where(np.isfinite(mean), mean if is_smaller_better(metric) else -mean, np.inf)
    order = np.lexsort((-summary["decay"].to_numpy(), summary["size"].to_numpy(dtype=int), badness))
    return int(order[0])
