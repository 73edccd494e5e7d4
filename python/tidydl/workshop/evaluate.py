"""The package evaluate as far as courses need it: ``evaluate.load("accuracy").compute(…)``, by scikit-learn."""

from __future__ import annotations

from tidydl.workshop.metrics import CourseMetric as _CourseMetric
from tidydl.workshop.metrics import load_metric as load

__all__ = ["combine", "load"]


def combine(metrics: list[str]) -> _CourseMetric:
    """Return several metrics as one, whose ``compute()`` gives all of them."""
    return _CourseMetric(", ".join(metrics), [load(name).name for name in metrics])
