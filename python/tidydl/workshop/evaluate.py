"""The package evaluate as far as courses need it: ``evaluate.load("accuracy").compute(…)``, by scikit-learn."""

from __future__ import annotations

from typing import Any as _Any

from tidydl.errors import DependencyError as _DependencyError
from tidydl.workshop.metrics import CourseMetric as _CourseMetric
from tidydl.workshop.metrics import load_metric as load

__all__ = ["combine", "load"]


def combine(metrics: list[str]) -> _CourseMetric:
    """Return several metrics as one, whose ``compute()`` gives all of them."""
    return _CourseMetric(", ".join(metrics), [load(name).name for name in metrics])


def __getattr__(name: str) -> _Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise _DependencyError(
        f"`evaluate.{name}` needs the Python package evaluate, which is not installed.",
        allowed="`evaluate.load()` and `evaluate.combine()` of accuracy, precision, recall and f1.",
        hint="Install it with `pip install evaluate`, then restart the session.",
    )
