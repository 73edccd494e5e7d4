"""The verbs that return data frames and plots of results: tidy, glance, augment, autoplot."""

from __future__ import annotations

from typing import Any

from tidydl.verbs.dispatch import verb
from tidydl.verbs.refusal import no_method


@verb
def tidy(x: object, *args: object, **kwargs: object) -> Any:
    """Convert a result to a data frame with one row per component.

    Parameters
    ----------
    x
        A result of :func:`tidydl.nnet`, :func:`tidydl.multinom`, :func:`tidydl.tune_nnet` or :func:`tidydl.confusion`.
    conf_int, conf_level
        For models of ``multinom()``: whether to add a confidence interval, and its level (0.95).
    exponentiate
        For models of ``multinom()``: whether to exponentiate the estimates and bounds, which gives odds ratios.

    Returns
    -------
    pandas.DataFrame
        For a network one row per weight: ``term`` (as in :func:`tidydl.coef`), ``from``, ``to``, ``layer`` (label:
        hidden, output, skip), ``estimate`` and, if the fit has a Hessian, ``std.error``, missing for fixed weights and
        if the Hessian is not positive definite. For ``nnet(repeats=...)`` these rows for each network, preceded by
        ``.fit`` (counted from 0).

        For a model of ``multinom()`` one row per coefficient: ``y.level``, ``term``, ``estimate``, ``std.error``,
        ``statistic``, ``p.value`` and, with ``conf_int``, ``conf.low`` and ``conf.high``.

        For a result of ``tune_nnet()`` one row per grid point: ``size``, ``decay``, ``metric``, ``mean``,
        ``std_error``, ``n``, ``best``.

        For a ``confusion()`` one row per class: ``class`` (label), ``n``, ``predicted``, ``recall``, ``precision``,
        ``f1``.

    Raises
    ------
    ArgumentError
        There is no such data frame for the object, or the level is invalid.

    Examples
    --------
    >>> from tidydl import example_data, nnet, tidy
    >>> fit = nnet("education ~ extraversion", example_data("bigfive"), size=1, trace=False)
    >>> tidy(fit).columns.tolist()
    ['term', 'from', 'to', 'layer', 'estimate']
    """
    raise no_method("tidy", x)


@verb
def glance(x: object, *args: object, **kwargs: object) -> Any:
    """Summarise a result in a data frame with one row.

    Parameters
    ----------
    x
        A result of :func:`tidydl.nnet`, :func:`tidydl.multinom`, :func:`tidydl.tune_nnet` or :func:`tidydl.confusion`.

    Returns
    -------
    pandas.DataFrame
        For a network ``n_weights``, ``value``, ``logLik`` and ``AIC`` (missing if the value is not a likelihood: for
        least squares, or with weight decay), ``convergence``, ``iterations``, ``nobs``, ``engine``, ``device``,
        ``seconds``.

        For ``nnet(repeats=...)`` ``n_fits``, ``n_weights``, ``value`` (the mean), ``lowest``, ``highest``,
        ``converged`` (the number of fits that converged), ``iterations`` (in total), ``nobs``, ``engine``, ``device``,
        ``seconds`` (in total).

        For a model of ``multinom()`` ``edf``, ``deviance``, ``AIC``, ``nobs``, ``logLik``, ``convergence``,
        ``iterations``, ``engine``, ``device``, ``seconds``.

        For a result of ``tune_nnet()`` ``n_points``, ``n_resamples``, ``n_fits``, ``n_failed``, and for the best grid
        point ``metric``, ``mean``, ``std_error``, ``size``, ``decay``; ``nobs``, ``engine``, ``device``, ``seconds``.

        For a ``confusion()`` ``accuracy``, ``balanced_accuracy`` (the mean recall of the classes that occur), ``kappa``
        (Cohen's), ``nobs``.

    Raises
    ------
    ArgumentError
        There is no such summary for the object.

    Examples
    --------
    >>> from tidydl import example_data, glance, nnet
    >>> fit = nnet("education ~ extraversion", example_data("bigfive"), size=1, trace=False)
    >>> glance(fit)["n_weights"].tolist()
    [12]
    """
    raise no_method("glance", x)


@verb
def augment(x: object, *args: object, **kwargs: object) -> Any:
    """Add the predictions or results for each row to the data, one row per row.

    Parameters
    ----------
    x
        A result of :func:`tidydl.nnet`, :func:`tidydl.multinom`, :func:`tidydl.tune_nnet` or :func:`tidydl.pipeline`.
    data, newdata
        The data frame to predict for, under either name. For networks, by default the complete rows of the training
        data; the observed response is then the first column.
    prefix
        For pipelines: a prefix for the names of the new columns, to distinguish the results of two pipelines.
    progress, **given
        For pipelines: as in a call of the pipeline; ``text="tweet"`` names the column with the input.

    Returns
    -------
    pandas.DataFrame
        The data, with its index and additional columns. For classification ``.pred_class`` (label) and
        ``.pred_<level>`` for each class; for regression ``.pred`` and, if the response is in the data, ``.resid`` (for
        several outputs ``.pred_<output>`` and ``.resid_<output>``). A row with a missing input has missing predictions.
        For a pipeline the columns of its results, with ranks spread into columns as by :func:`tidydl.widen`.

    Raises
    ------
    ArgumentError, ColumnError, DataError
        The object has no results per row, the data lack a column or have a label that was not in the training data, or
        the data already have a column of the pipeline's results.

    Examples
    --------
    >>> from tidydl import augment, example_data, nnet
    >>> data = example_data("bigfive")
    >>> fit = nnet("extraversion ~ age", data, size=1, linout=True, trace=False)
    >>> augment(fit, data).columns[-2:].tolist()
    ['.pred', '.resid']
    """
    raise no_method("augment", x, "results of nnet(), pipeline() and related functions")


@verb
def autoplot(x: object, *args: object, **kwargs: object) -> Any:
    """Plot a fitted network or a result.

    For a fitted network, the training curve; for the results of ``tune_nnet()``, ``importance()``, ``lekprofile()`` and
    ``confusion()``, the metric by size and decay, bars, profiles and a heat map.

    Parameters
    ----------
    x
        The object.

    Returns
    -------
    plotnine.ggplot
        The plot; ``.save("file.png")`` writes it.

    Raises
    ------
    ArgumentError
        There is no plot for such an object.
    DataError
        The training history of a fit is not available.

    Examples
    --------
    >>> from tidydl import autoplot, example_data, nnet
    >>> picture = autoplot(nnet("education ~ . - CASE", example_data("bigfive"), size=1, trace=False))
    """
    raise no_method("autoplot", x, "results of nnet(), tune_nnet(), importance(), lekprofile() and confusion()")
