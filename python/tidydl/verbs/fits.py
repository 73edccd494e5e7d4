"""The verbs of a fit that R users know from every model: predict, coef, fitted, residuals, summary."""

from __future__ import annotations

from typing import Any

from tidydl.verbs.dispatch import verb
from tidydl.verbs.refusal import no_method

__all__ = ["coef", "fitted", "predict", "residuals", "summary"]


@verb
def predict(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Predict for new data.

    Parameters
    ----------
    x
        What :func:`tidydl.nnet`, :func:`tidydl.multinom` or :func:`tidydl.tune_nnet` returns. Several networks (of
        ``repeats``) predict by their mean, a search by its best network.
    newdata
        A data frame with the columns of the formula, or numbers, rows by inputs, where the fit was of numbers; by
        default the rows of the training data.
    type
        Of networks ``"raw"`` for the outputs (the default) or ``"class"`` for the most probable class; of models of
        ``multinom()`` ``"class"`` (the default) or ``"probs"`` for the probabilities.

    Returns
    -------
    pandas.DataFrame or pandas.Series
        Raw and probs: a column for each output, named as in R by class (of two classes only the second's
        probability). Class: a categorical Series; of classes equally probable the first is taken. A row with a missing
        input has missing values; the index is newdata's.

    Raises
    ------
    ArgumentError
        The object does not predict, ``type`` is not known, or classes are asked for where numbers were fitted.
    ColumnError, DataError
        The data lack a column, or have a label that the fit has not seen.

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
def coef(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the estimated weights by name.

    Parameters
    ----------
    x
        What :func:`tidydl.nnet`, :func:`tidydl.multinom` or :func:`tidydl.tune_nnet` returns.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Of a network, or the best of a search, a Series of the weights in R's order, indexed by R's names for them:
        ``b->h1``, ``i1->h1``, …, ``h1->o``; of ``nnet(repeats=...)`` a row of them for each network. Of a model the
        coefficients, classes (but the first) by terms; of two classes a Series by terms.

    Raises
    ------
    ArgumentError
        The object has no weights of its own.

    Examples
    --------
    >>> from tidydl import coef, example_data, nnet
    >>> coef(nnet("extraversion ~ age", example_data("bigfive"), size=1, linout=True, trace=False)).index.tolist()
    ['b->h1', 'i1->h1', 'b->o', 'h1->o']
    """
    raise no_method("coef", x)


@verb
def fitted(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the fitted values of the training rows.

    Parameters
    ----------
    x
        What :func:`tidydl.nnet` or :func:`tidydl.multinom` returns.

    Returns
    -------
    pandas.DataFrame
        Rows by outputs, as ``predict()`` gives them without new data. The rows are the complete ones of the training
        data; after ``na_action="exclude"`` the others too, with missing values.

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
def residuals(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Return observed less fitted values of the training rows.

    Parameters
    ----------
    x
        What :func:`tidydl.nnet` or :func:`tidydl.multinom` returns.

    Returns
    -------
    pandas.DataFrame
        Rows by outputs, as of :func:`tidydl.fitted`; of classes an indicator of each less its probability.

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
def summary(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Return an object that prints as R's ``summary()`` of the same fit.

    Parameters
    ----------
    x
        What :func:`tidydl.nnet`, :func:`tidydl.multinom` or :func:`tidydl.tune_nnet` returns.
    correlation
        Of models of ``multinom()``: whether to show the correlations of the coefficients.

    Returns
    -------
    NNetSummary, AveragedSummary or MultinomSummary
        Of a network, each of several, or the best of a search, the weights unit by unit. Of a model the coefficients
        and their standard errors, also as ``coefficients``, ``standard_errors`` and ``correlation``.

    Raises
    ------
    ArgumentError
        There is none of such an object.

    Examples
    --------
    >>> from tidydl import example_data, nnet, summary
    >>> fit = nnet("extraversion ~ age", example_data("bigfive"), size=1, linout=True, trace=False)
    >>> str(summary(fit)).splitlines()[0]
    'a 1-1-1 network with 4 weights'
    """
    raise no_method("summary", x)
