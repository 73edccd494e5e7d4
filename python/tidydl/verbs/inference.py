"""The verbs of inference: covariances, intervals, log-likelihoods, criteria and tests between fits."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

from tidydl.verbs.refusal import no_method

__all__ = ["AIC", "BIC", "anova", "confint", "logLik", "vcov"]


@singledispatch
def vcov(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Give the covariance of the estimates, as R's ``vcov()``.

    Parameters
    ----------
    x
        A fit of :func:`tidydl.multinom`.

    Returns
    -------
    pandas.DataFrame
        Symmetric, coefficients by coefficients, named ``class:term`` (of two classes by term alone).

    Raises
    ------
    ArgumentError
        There is none of such an object.

    Examples
    --------
    >>> from tidydl import example_data, multinom, vcov
    >>> vcov(multinom("education ~ extraversion", example_data("bigfive"), trace=False)).shape
    (8, 8)
    """
    raise no_method("vcov", x)


@singledispatch
def confint(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Give confidence intervals of the estimates, as R's ``confint()``.

    Parameters
    ----------
    x
        A fit of :func:`tidydl.multinom`.
    parm
        Which terms, by name or by place from 0; by default all.
    level
        The level, between 0 and 1; by default 0.95.

    Returns
    -------
    pandas.DataFrame
        A row for each coefficient, indexed by class and term (of two classes by term), the bounds as columns such as
        ``2.5 %`` and ``97.5 %``.

    Raises
    ------
    ArgumentError
        There are none of such an object, a term is not known, or the level is none.

    Examples
    --------
    >>> from tidydl import confint, example_data, multinom
    >>> fit = multinom("education ~ extraversion", example_data("bigfive"), trace=False)
    >>> confint(fit, "extraversion", level=0.9).columns.tolist()
    ['5 %', '95 %']
    """
    raise no_method("confint", x)


@singledispatch
def logLik(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Give the log-likelihood, as R's ``logLik()``.

    Parameters
    ----------
    x
        A fit of :func:`tidydl.multinom`, or a network of :func:`tidydl.nnet` that was fitted by entropy or softmax
        without a penalty.

    Returns
    -------
    LogLik
        A number with the attributes ``df`` and ``nobs``; prints as in R. From a penalty a model of ``multinom()`` has
        its penalised log-likelihood, as in R.

    Raises
    ------
    ArgumentError
        The object has no log-likelihood.

    Examples
    --------
    >>> from tidydl import example_data, logLik, multinom
    >>> logLik(multinom("education ~ extraversion", example_data("bigfive"), trace=False)).df
    8.0
    """
    raise no_method("logLik", x)


@singledispatch
def anova(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Compare nested fits by likelihood ratio tests, as R's ``anova()``.

    Parameters
    ----------
    x
        A fit of :func:`tidydl.multinom`; the others follow.
    test
        ``"Chisq"``, or ``"none"`` for no p-values.

    Returns
    -------
    pandas.DataFrame
        A row for each fit, the smallest first: ``Model``, ``Resid. df``, ``Resid. Dev``, and against the fit before it
        ``Test``, ``Df``, ``LR stat.`` and ``Pr(Chi)``.

    Raises
    ------
    ArgumentError
        There is one fit alone, or the fits are of different responses or rows.

    Examples
    --------
    >>> from tidydl import anova, example_data, multinom
    >>> data = example_data("bigfive")
    >>> fits = [multinom(f"education ~ {right}", data, trace=False) for right in ("1", "extraversion")]
    >>> anova(*fits)["Df"].tolist()
    [nan, 4.0]
    """
    raise no_method("anova", x)


def AIC(x: Any, k: float = 2.0) -> float:
    """Give Akaike's information criterion, as R's ``AIC()``.

    Parameters
    ----------
    x
        What has a log-likelihood; see :func:`tidydl.logLik`.
    k
        The price of a degree of freedom.

    Returns
    -------
    float
        Minus twice the log-likelihood, plus ``k`` for each degree of freedom.

    Raises
    ------
    ArgumentError
        The object has no log-likelihood.

    Examples
    --------
    >>> from tidydl import AIC, example_data, multinom
    >>> fit = multinom("education ~ extraversion", example_data("bigfive"), trace=False)
    >>> AIC(fit) == fit.AIC
    True
    """
    value = logLik(x)
    return float(-2 * float(value) + k * value.df)


def BIC(x: Any) -> float:
    """Give the Bayesian information criterion, as R's ``BIC()``.

    Parameters
    ----------
    x
        What has a log-likelihood; see :func:`tidydl.logLik`.

    Returns
    -------
    float
        Minus twice the log-likelihood, plus the logarithm of the observations for each degree of freedom.

    Raises
    ------
    ArgumentError
        The object has no log-likelihood.

    Examples
    --------
    >>> from tidydl import AIC, BIC, example_data, multinom
    >>> fit = multinom("education ~ extraversion", example_data("bigfive"), trace=False)
    >>> BIC(fit) > AIC(fit)
    True
    """
    return AIC(x, k=math.log(logLik(x).nobs))
