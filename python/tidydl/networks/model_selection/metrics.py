"""Metrics of predictions, by the names that R users know."""

from __future__ import annotations

import numpy as np

from tidydl.checks import check_choice
from tidydl.errors import ArgumentError, one_of

CLASS_METRICS = ("accuracy", "balanced_accuracy", "kappa", "log_loss")
NUMBER_METRICS = ("rmse", "mae", "rsq")
_SMALLEST_SHARE = float(np.finfo(float).eps)


def metrics_for(is_class: bool) -> tuple[str, ...]:
    """Name the metrics for classes or for numbers."""
    return CLASS_METRICS if is_class else NUMBER_METRICS


def check_metric(metric: str | None, is_class: bool) -> str:
    """Return the metric that is asked for; by default accuracy for classes, the root mean squared error for numbers."""
    if metric is None:
        return metrics_for(is_class)[0]
    check_choice("metric", metric, [*CLASS_METRICS, *NUMBER_METRICS])
    if metric not in metrics_for(is_class):
        kinds = ("numbers", "classes") if is_class else ("classes", "numbers")
        raise ArgumentError(
            f"`metric` '{metric}' is for {kinds[0]}, and {kinds[1]} are predicted.",
            allowed=one_of(metrics_for(is_class)),
        )
    return str(metric)


def is_smaller_better(metric: str) -> bool:
    """Return whether smaller values are better."""
    return metric in ("log_loss", "rmse", "mae")


def judge(outputs: np.ndarray, targets: np.ndarray, is_class: bool) -> dict[str, float]:
    """Compute all metrics for classes or for numbers, from outputs and targets (rows by outputs).

    Of classes the targets are indicators or shares, of two classes in one column, for the second: ``accuracy``;
    ``balanced_accuracy``, the mean recall of the classes that occur; ``kappa``, Cohen's; ``log_loss``, the mean of
    minus the logarithm of the share of the true class. Of numbers ``rmse`` and ``mae`` over all outputs, and ``rsq``, 1
    less the squared errors by the squared distances from the outputs' means. An undefined metric is NaN; all are if an
    output is not finite.
    """
    if not np.isfinite(outputs).all():
        return dict.fromkeys(metrics_for(is_class), float("nan"))
    with np.errstate(over="ignore"):
        return _judge_classes(outputs, targets) if is_class else _judge_numbers(outputs, targets)


def _judge_classes(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    if outputs.shape[1] == 1:
        truth, predicted = targets[:, 0] > 0.5, outputs[:, 0] > 0.5
        share = np.where(truth, outputs[:, 0], 1 - outputs[:, 0])
        counts = np.bincount(2 * truth + predicted, minlength=4).reshape(2, 2)
    else:
        classes = outputs.shape[1]
        truth, predicted = np.argmax(targets, axis=1), np.argmax(outputs, axis=1)
        share = outputs[np.arange(len(outputs)), truth]
        counts = np.bincount(classes * truth + predicted, minlength=classes * classes).reshape(classes, classes)
    return agreement(counts) | {"log_loss": float(-np.mean(np.log(np.maximum(share, _SMALLEST_SHARE))))}


def agreement(counts: np.ndarray) -> dict[str, float]:
    """Return ``accuracy``, ``balanced_accuracy`` and ``kappa`` of a table of counts, true by predicted classes."""
    n, of_truth, of_said = counts.sum(), counts.sum(axis=1), counts.sum(axis=0)
    occurs = of_truth > 0
    if not n:
        return dict.fromkeys(("accuracy", "balanced_accuracy", "kappa"), float("nan"))
    accuracy, chance = np.trace(counts) / n, float(of_truth @ of_said) / n**2
    return {
        "accuracy": float(accuracy),
        "balanced_accuracy": float(np.mean(np.diag(counts)[occurs] / of_truth[occurs])),
        "kappa": float((accuracy - chance) / (1 - chance)) if chance < 1 else float("nan"),
    }


def _judge_numbers(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    errors = targets - outputs
    spread = float(((targets - targets.mean(axis=0)) ** 2).sum())
    squares = float((errors**2).sum())
    return {
        "rmse": float(np.sqrt(squares / errors.size)),
        "mae": float(np.mean(np.abs(errors))),
        "rsq": 1 - squares / spread if spread > 0 else float("nan"),
    }
