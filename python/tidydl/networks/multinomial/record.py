"""The record of a fitted multinomial model: a network without hidden units, and what R's ``multinom`` adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from tidydl import verbs
from tidydl.design import design_matrix, design_offset
from tidydl.networks.calls import written_call
from tidydl.networks.inference import pseudo_inverse, roots
from tidydl.networks.multinomial.data import offset_columns
from tidydl.networks.record import NNet
from tidydl.rprint import format_numbers, named_vector, number_matrix, text_matrix

if TYPE_CHECKING:
    from tidydl.design.numbers import Data
    from tidydl.networks.inference import Chosen


@dataclass(eq=False, repr=False, kw_only=True)
class Multinom(NNet):
    """A fitted multinomial log-linear model: besides the components of a network, those of R's ``multinom``.

    Attributes
    ----------
    classes : tuple of str
        All classes, the first of which is the reference class; ``lab`` in R.
    lev : tuple of str or None
        The classes of a factor; None for counts.
    vcoefnames : tuple of str
        The names of the coefficients of a class.
    deviance : float
        Minus twice the log-likelihood, to which a penalty adds as in R.
    rank : int
        The rank of the model matrix.
    edf : float
        The degrees of freedom that the model uses.
    AIC : float
        ``deviance + 2 * edf``.
    information : numpy.ndarray
        The observed information of the coefficients, in the order of :attr:`coefficient_names`.
    Hessian : pandas.DataFrame or None
        The observed information of the coefficients, if ``Hess`` was requested.
    model : pandas.DataFrame or None
        The complete rows of the columns of the formula, if ``model`` was requested.
    """

    classes: tuple[str, ...]
    deviance: float
    rank: int
    edf: float
    AIC: float
    information: np.ndarray
    intercept: bool = True
    offsets: int = 0
    model: pd.DataFrame | None = None

    _verbs: ClassVar[str] = "tidydl.networks.multinomial.multinom_verbs"

    @property
    def vcoefnames(self) -> tuple[str, ...]:
        """The names of the coefficients of a class."""
        return ("(Intercept)", *self.design.columns) if self.intercept else self.design.columns

    @property
    def coefnames(self) -> tuple[str, ...]:
        """The names of the inputs: those of the coefficients, and of offsets."""
        if self.offsets <= 1:
            return (*self.vcoefnames, *["offset"] * self.offsets)
        return (*self.vcoefnames, *(f"offset:{each}" for each in self.classes))

    @property
    def lab(self) -> tuple[str, ...]:
        """All classes."""
        return self.classes

    @property
    def is_binary(self) -> bool:
        """Whether one logistic output tells two classes apart."""
        return self.shape.outputs == 1

    def model_matrix(self, newdata: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return the whole model matrix of the complete rows of new data, and which rows these are."""
        x, complete = design_matrix(self.design, newdata)
        offset = design_offset(self.design, newdata)
        columns = offset_columns(offset, len(x), self.shape.outputs, len(self.classes))
        return np.column_stack([np.ones((len(x), 1 if self.intercept else 0)), x, columns]), complete

    @property
    def coefficients(self) -> np.ndarray:
        """The coefficients, classes (but the first) by names."""
        return self.wts[self.mask].reshape(-1, len(self.vcoefnames))

    @property
    def coefficient_names(self) -> list[str]:
        """The name of each coefficient in the order of ``vcov()``: ``class:name``, of two classes the name alone."""
        names = self.vcoefnames
        return list(names) if self.is_binary else [f"{each}:{name}" for each in self.classes[1:] for name in names]

    @cached_property
    def covariance(self) -> np.ndarray:
        """The covariance of the coefficients."""
        return pseudo_inverse(self.information)

    def _call(self) -> list[str]:
        return ["Call:", *written_call("multinom", self.given), ""]

    def _fit_lines(self) -> list[str]:
        deviance, aic = (format_numbers([value])[0] for value in (self.deviance, self.AIC))
        return ["", f"Residual Deviance: {deviance} ", f"AIC: {aic} "]

    def __repr__(self) -> str:
        values = self.coefficients
        if self.is_binary:
            shown = named_vector(self.vcoefnames, format_numbers(list(values[0])))
        else:
            shown = number_matrix(values, self.classes[1:], self.vcoefnames)
        return "\n".join([*self._call(), "Coefficients:", *shown, *self._fit_lines()])

    def predict(self, newdata: Data | None = None, type: str = "class") -> Any:
        """Predict; see :func:`tidydl.predict`."""
        return verbs.predict(self, newdata, type=type)

    def summary(self, correlation: bool = False) -> MultinomSummary:  # type: ignore[override]
        """Return coefficients and standard errors, printing as R's ``summary()``."""
        return MultinomSummary(self, correlation)

    def coef(self) -> Any:
        """Return the coefficients."""
        return verbs.coef(self)

    def vcov(self) -> pd.DataFrame:
        """Return the covariance of the coefficients; see :func:`tidydl.vcov`."""
        return verbs.vcov(self)

    def confint(self, parm: Chosen = None, level: float = 0.95) -> pd.DataFrame:
        """Return confidence intervals; see :func:`tidydl.confint`."""
        return verbs.confint(self, parm, level)


class MultinomSummary:
    """Coefficients with standard errors; prints as R's ``summary(fit)``.

    Attributes
    ----------
    coefficients, standard_errors : pandas.DataFrame or pandas.Series
        In the shape of ``coef(fit)``.
    correlation : pandas.DataFrame or None
        The correlations of the coefficients, where they were asked for.
    """

    def __init__(self, fit: Multinom, correlation: bool = False):
        self.fit = fit
        self.coefficients = _in_shape(fit, fit.coefficients)
        errors = roots(np.diag(fit.covariance))
        self.standard_errors = _in_shape(fit, errors.reshape(fit.coefficients.shape))
        self.correlation: pd.DataFrame | None = None
        if correlation:
            names = fit.coefficient_names
            self.correlation = pd.DataFrame(fit.covariance / np.outer(errors, errors), index=names, columns=names)

    def __repr__(self) -> str:
        fit = self.fit
        lines = [*fit._call(), "Coefficients:"]
        estimates, errors = np.asarray(self.coefficients), np.asarray(self.standard_errors)
        if fit.is_binary:
            lines += number_matrix(np.column_stack([estimates, errors]), fit.vcoefnames, ["Values", "Std. Err."])
        else:
            lines += number_matrix(estimates, fit.classes[1:], fit.vcoefnames)
            lines += ["", "Std. Errors:", *number_matrix(errors, fit.classes[1:], fit.vcoefnames)]
        lines += fit._fit_lines()
        if self.correlation is not None and len(self.correlation) > 1:
            lines += ["", "Correlation of Coefficients:", *_lower_triangle(self.correlation)]
        return "\n".join(lines)


def _lower_triangle(correlation: pd.DataFrame) -> list[str]:
    values = correlation.to_numpy()
    texts = np.array(format_numbers([round(float(value), 7) for value in values.ravel()])).reshape(values.shape)
    texts[np.triu_indices(len(values))] = ""
    names = list(correlation.columns)
    if len(names) == 2:
        return [f"[1] {texts[1, 0]}"]  # as in R, where a single cell is not a table
    return text_matrix(texts[1:, :-1], names[1:], names[:-1])


def _in_shape(fit: Multinom, values: np.ndarray) -> Any:
    """Return values of the coefficients in R's shape: classes by names, of two classes a named vector."""
    if fit.is_binary:
        return pd.Series(values[0], index=list(fit.vcoefnames), name="estimate")
    return pd.DataFrame(values, index=list(fit.classes[1:]), columns=list(fit.vcoefnames))


@verbs.coef.register(Multinom)
def _coef(x: Multinom) -> Any:
    """Return the coefficients as R does: classes by names, of two classes a named vector."""
    return _in_shape(x, x.coefficients)


@verbs.summary.register(Multinom)
def _summary(x: Multinom, correlation: bool = False) -> MultinomSummary:
    return x.summary(correlation)
