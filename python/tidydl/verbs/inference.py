"""The verbs of inference: covariances, intervals, log-likelihoods, criteria and tests between fits."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from tidydl.checks import check_number
from tidydl.columns import Contract
from tidydl.errors import printable
from tidydl.verbs.dispatch import verb
from tidydl.verbs.refusal import no_method


@verb
def vcov(x: object, *args: object, **kwargs: object) -> Any:
    """Return the covariance matrix of the estimates, as R's ``vcov()``.

    Parameters
    ----------
    x
        A fit of :func:`tidydl.multinom`, or a network of :func:`tidydl.nnet` with ``Hess=True``.

    Returns
    -------
    pandas.DataFrame
        Symmetric, coefficients by coefficients, named ``class:term`` (for two classes by term only). For a network free
        weights by free weights, named as in :func:`tidydl.coef`; missing if the Hessian is not positive definite. For
        least squares it includes the residual variance, as does ``std.error`` in :func:`tidydl.tidy`.

    Raises
    ------
    ArgumentError
        The object has no covariance matrix, or a network has no Hessian.

    Examples
    --------
    >>> from tidydl import example_data, multinom, vcov
    >>> vcov(multinom("education ~ extraversion", example_data("bigfive"), trace=False)).shape
    (8, 8)
    """
    raise no_method("vcov", x)


@verb
def confint(x: object, *args: object, **kwargs: object) -> Any:
    """Return confidence intervals of the estimates, as R's ``confint()``.

    Parameters
    ----------
    x
        A fit of :func:`tidydl.multinom`, or a network of :func:`tidydl.nnet` with ``Hess=True``.
    parm
        The terms, or the free weights of a network, by name or by position counted from 0; by default all.
    level
        The confidence level, between 0 and 1; by default 0.95.

    Returns
    -------
    pandas.DataFrame
        One row per coefficient, indexed by class and term (for two classes by term), for a network one row per free
        weight; the bounds are columns such as ``2.5 %`` and ``97.5 %``.

    Raises
    ------
    ArgumentError
        The object has no confidence intervals, a network has no Hessian, a term is unknown, or the level is invalid.

    Examples
    --------
    >>> from tidydl import confint, example_data, multinom
    >>> fit = multinom("education ~ extraversion", example_data("bigfive"), trace=False)
    >>> confint(fit, "extraversion", level=0.9).columns.tolist()
    ['5 %', '95 %']
    """
    raise no_method("confint", x)


@verb
def logLik(x: object, *args: object, **kwargs: object) -> Any:
    """Return the log-likelihood, as R's ``logLik()``.

    Parameters
    ----------
    x
        A fit of :func:`tidydl.multinom`, or a network of :func:`tidydl.nnet` that was fitted with entropy or softmax
        and without weight decay.

    Returns
    -------
    LogLik
        A number with the attributes ``df`` and ``nobs``; prints as in R. With weight decay, a model of ``multinom()``
        has a penalised log-likelihood, as in R.

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


@verb
def anova(x: object, *args: object, **kwargs: object) -> Any:
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
        One row per fit, the smallest first: ``Model``, ``Resid. df``, ``Resid. Dev``, and against the fit before it
        ``Test``, ``Df``, ``LR stat.`` and ``Pr(Chi)``.

    Raises
    ------
    ArgumentError
        There is only one fit, or the fits have different responses or rows.

    Examples
    --------
    >>> from tidydl import anova, example_data, multinom
    >>> data = example_data("bigfive")
    >>> fits = [multinom(f"education ~ {right}", data, trace=False) for right in ("1", "extraversion")]
    >>> anova(*fits)["Df"].tolist()
    [nan, 4.0]
    """
    raise no_method("anova", x)


def AIC(x: object, *others: object, k: float = 2.0) -> Any:
    """Return Akaike's information criterion, as R's ``AIC()``.

    Parameters
    ----------
    x
        A fit with a log-likelihood; see :func:`tidydl.logLik`.
    *others
        More fits to compare.
    k
        The penalty per degree of freedom.

    Returns
    -------
    float or pandas.DataFrame
        Minus twice the log-likelihood, plus ``k`` per degree of freedom; for several fits, one row each, in the order
        given: ``df`` and ``AIC``.

    Raises
    ------
    ArgumentError
        An object has no log-likelihood, or ``k`` is not a number.

    Warns
    -----
    UserWarning
        If the fits have different numbers of observations.

    Examples
    --------
    >>> from tidydl import AIC, example_data, multinom
    >>> data = example_data("bigfive")
    >>> fits = [multinom(f"education ~ {right}", data, trace=False) for right in ("1", "extraversion")]
    >>> AIC(fits[0]) == fits[0].AIC
    True
    >>> AIC(*fits)["df"].tolist()
    [4.0, 8.0]
    """
    k = check_number("k", k)
    return _compared("AIC", [x, *others], lambda observations: k)


def BIC(x: object, *others: object) -> Any:
    """Return the Bayesian information criterion, as R's ``BIC()``.

    Parameters
    ----------
    x
        A fit with a log-likelihood; see :func:`tidydl.logLik`.
    *others
        More fits to compare.

    Returns
    -------
    float or pandas.DataFrame
        Minus twice the log-likelihood, plus the logarithm of the number of observations per degree of freedom; for
        several fits, one row each, in the order given: ``df`` and ``BIC``.

    Raises
    ------
    ArgumentError
        An object has no log-likelihood.

    Warns
    -----
    UserWarning
        If the fits have different numbers of observations.

    Examples
    --------
    >>> from tidydl import AIC, BIC, example_data, multinom
    >>> fit = multinom("education ~ extraversion", example_data("bigfive"), trace=False)
    >>> BIC(fit) > AIC(fit)
    True
    """
    return _compared("BIC", [x, *others], math.log)


def _compared(criterion: str, fits: list[Any], price: Callable[[float], float]) -> Any:
    likelihoods = [logLik(fit) for fit in fits]
    values = [float(-2 * float(each) + price(each.nobs) * each.df) for each in likelihoods]
    if len(fits) == 1:
        return values[0]
    if len({each.nobs for each in likelihoods}) > 1:
        text = "models are not all fitted to the same number of observations"
        warnings.warn(printable(text), UserWarning, stacklevel=3)
    contract = Contract.of({"df": "double", criterion: "double"})
    return contract.frame({"df": [each.df for each in likelihoods], criterion: values})
