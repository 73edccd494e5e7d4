"""The verbs that every result answers: the same words as in R.

Each is a ``functools.singledispatch`` function; a class registers its own method where it is defined.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from tidydl.errors import ArgumentError

__all__ = ["augment", "coef", "fitted", "glance", "predict", "residuals", "summary", "tidy"]


def _no_method(verb: str, x: object) -> ArgumentError:
    return ArgumentError(
        f"`x` is a {type(x).__name__}, for which there is no {verb}().",
        allowed=f"{verb}() takes what nnet() or pipeline() and their kin return.",
    )


@singledispatch
def tidy(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Turn a fitted object into a data frame with one row per term."""
    raise _no_method("tidy", x)


@singledispatch
def glance(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Summarise a fitted object in a data frame of one row."""
    raise _no_method("glance", x)


@singledispatch
def augment(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Join what an object says about each row of data to the data, one row to one row."""
    raise _no_method("augment", x)


@singledispatch
def predict(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Predict for new data."""
    raise _no_method("predict", x)


@singledispatch
def coef(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Give the estimated weights by name."""
    raise _no_method("coef", x)


@singledispatch
def fitted(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Give the fitted values of the training rows."""
    raise _no_method("fitted", x)


@singledispatch
def residuals(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Give observed less fitted values of the training rows."""
    raise _no_method("residuals", x)


@singledispatch
def summary(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Give an object that prints as R's ``summary()`` of the same fit."""
    raise _no_method("summary", x)
