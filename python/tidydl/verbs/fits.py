"""The verbs of any fit in R: predict, coef, fitted, residuals, summary."""

from __future__ import annotations

from typing import Any

from tidydl.verbs.dispatch import verb
from tidydl.verbs.refusal import no_method


@verb
def predict(x: object, *args: object, **kwargs: object) -> Any:
    """Return predictions for new data.

    Parameters
    ----------
    x
        A result of :func:`tidydl.nnet`, :func:`tidydl.multinom` or :func:`tidydl.tune_nnet`. The predictions of several
        networks (``repeats``) are averaged; a tuning result predicts with its best network.
    newdata
        A data frame with the columns of the formula, or numbers, rows by inputs, if it was fitted without a formula; by
        default the rows of the training data.
    type
        For networks ``"raw"`` for the outputs (the default) or ``"class"`` for the most probable class; for models of
        ``multinom()`` ``"class"`` (the default) or ``"probs"`` for the probabilities.

    Returns
    -------
    pandas.DataFrame or pandas.Series
        Raw and probs: one column per output, named by class as in R (for two classes only the probability of the
        second). Class: a categorical Series; ties are resolved in favour of the first class. A row with a missing input
        has missing values; the index is that of newdata.

    Raises
    ------
    ArgumentError
        The object has no predictions, ``type`` is unknown, or classes are requested from a regression.
    ColumnError, DataError
        The data lack a column, or have a label that was not in the training data.

    Examples
    --------
    >>> from tidydl import example_data, nnet, predict
    >>> data = example_data("bigfive")
    >>> fit = nnet("education ~ extraversion", data, size=1, trace=False)
    >>> predict(fit, data.head(2)).shape
    (2, 5)
    """
    raise no_method("predict", x)


@verb
def coef(x: object, *args: object, **kwargs: object) -> Any:
    """Return the estimated weights by name.

    Parameters
    ----------
    x
        A result of :func:`tidydl.nnet`, :func:`tidydl.multinom` or :func:`tidydl.tune_nnet`.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        For a network, or the best network of a tuning result, a Series of the weights in R's order, indexed by R's
        names for them: ``b->h1``, ``i1->h1``, …, ``h1->o``; for ``nnet(repeats=...)`` one row per network. For a model
        of ``multinom()`` the coefficients, classes (except the first) by terms; for two classes a Series by terms.

    Raises
    ------
    ArgumentError
        The object has no weights.

    Examples
    --------
    >>> from tidydl import coef, example_data, nnet
    >>> coef(nnet("extraversion ~ age", example_data("bigfive"), size=1, linout=True, trace=False)).index.tolist()
    ['b->h1', 'i1->h1', 'b->o', 'h1->o']
    """
    raise no_method("coef", x)


@verb
def fitted(x: object, *args: object, **kwargs: object) -> Any:
    """Return the fitted values of the training rows.

    Parameters
    ----------
    x
        A result of :func:`tidydl.nnet` or :func:`tidydl.multinom`.

    Returns
    -------
    pandas.DataFrame
        Rows by outputs, as returned by ``predict()`` without new data. The rows are the complete rows of the training
        data; after ``na_action="exclude"`` also the others, with missing values.

    Raises
    ------
    ArgumentError
        The object has no fitted values.

    Examples
    --------
    >>> from tidydl import example_data, fitted, nnet
    >>> fitted(nnet("education ~ extraversion", example_data("bigfive"), size=1, trace=False)).shape
    (100, 5)
    """
    raise no_method("fitted", x)


@verb
def residuals(x: object, *args: object, **kwargs: object) -> Any:
    """Return the residuals of the training rows: observed minus fitted values.

    Parameters
    ----------
    x
        A result of :func:`tidydl.nnet` or :func:`tidydl.multinom`.

    Returns
    -------
    pandas.DataFrame
        Rows by outputs, as in :func:`tidydl.fitted`; for classification, the indicator of each class minus its
        probability.

    Raises
    ------
    ArgumentError
        The object has no residuals.

    Examples
    --------
    >>> from tidydl import example_data, nnet, residuals
    >>> residuals(nnet("education ~ extraversion", example_data("bigfive"), size=1, trace=False)).shape
    (100, 5)
    """
    raise no_method("residuals", x)


@verb
def summary(x: object, *args: object, **kwargs: object) -> Any:
    """Return an object that prints as R's ``summary()`` of the same fit.

    Parameters
    ----------
    x
        A result of :func:`tidydl.nnet`, :func:`tidydl.multinom` or :func:`tidydl.tune_nnet`.
    correlation
        For models of ``multinom()``: whether to show the correlations of the coefficients.

    Returns
    -------
    NNetSummary, AveragedSummary or MultinomSummary
        For a network, each of several, or the best of a tuning result, the weights by unit. For a model of
        ``multinom()`` the coefficients and their standard errors, also as ``coefficients``, ``standard_errors`` and
        ``correlation``.

    Raises
    ------
    ArgumentError
        The object has no summary.

    Examples
    --------
    >>> from tidydl import example_data, nnet, summary
    >>> fit = nnet("extraversion ~ age", example_data("bigfive"), size=1, linout=True, trace=False)
    >>> str(summary(fit)).splitlines()[0]
    'a 1-1-1 network with 4 weights'
    """
    raise no_method("summary", x)
