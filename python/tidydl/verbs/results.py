"""The verbs that make data frames and pictures of results: tidy, glance, augment, autoplot."""

from __future__ import annotations

from typing import Any

from tidydl.verbs.dispatch import verb
from tidydl.verbs.refusal import no_method

__all__ = ["augment", "autoplot", "glance", "tidy"]


@verb
def tidy(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Turn a result into a data frame with one row for each of its parts.

    Parameters
    ----------
    x
        What :func:`tidydl.nnet`, :func:`tidydl.multinom`, :func:`tidydl.tune_nnet` or :func:`tidydl.confusion` returns.
    conf_int, conf_level
        Of models of ``multinom()``: whether to add the bounds of a confidence interval, and of which level (0.95).
    exponentiate
        Of models of ``multinom()``: whether to give odds ratios, exp of the estimates and bounds.

    Returns
    -------
    pandas.DataFrame
        Of a network a row for each weight: ``term`` (as in :func:`tidydl.coef`), ``from``, ``to``, ``layer`` (label:
        hidden, output, skip), ``estimate`` and, where the fit has a Hessian, ``std.error``, missing for fixed weights
        and where the Hessian is not positive definite. Of ``nnet(repeats=...)`` these rows of each network, after
        ``.fit`` (counted from 0).

        Of a model of ``multinom()`` a row for each coefficient: ``y.level``, ``term``, ``estimate``, ``std.error``,
        ``statistic``, ``p.value`` and, with ``conf_int``, ``conf.low`` and ``conf.high``.

        Of a search of ``tune_nnet()`` a row for each grid point: ``size``, ``decay``, ``metric``, ``mean``,
        ``std_error``, ``n``, ``best``.

        Of a ``confusion()`` a row for each class: ``class`` (label), ``n``, ``predicted``, ``recall``, ``precision``,
        ``f1``.

    Raises
    ------
    ArgumentError
        There is no such frame of the object, or the level is none.

    Examples
    --------
    >>> from tidydl import example_data, nnet, tidy
    >>> fit = nnet("education ~ extraversion", example_data("bigfive"), size=1, trace=False)
    >>> tidy(fit).columns.tolist()
    ['term', 'from', 'to', 'layer', 'estimate']
    """
    raise no_method("tidy", x)


@verb
def glance(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Sum a result up in a data frame of one row.

    Parameters
    ----------
    x
        What :func:`tidydl.nnet`, :func:`tidydl.multinom`, :func:`tidydl.tune_nnet` or :func:`tidydl.confusion` returns.

    Returns
    -------
    pandas.DataFrame
        Of a network ``n_weights``, ``value``, ``logLik`` and ``AIC`` (missing where the value is no likelihood: least
        squares, or a penalty), ``convergence``, ``iterations``, ``nobs``, ``engine``, ``device``, ``seconds``.

        Of ``nnet(repeats=...)`` ``n_fits``, ``n_weights``, ``value`` (the mean), ``lowest``, ``highest``, ``converged``
        (how many ended by themselves), ``iterations`` (all together), ``nobs``, ``engine``, ``device``, ``seconds``
        (all together).

        Of a model of ``multinom()`` ``edf``, ``deviance``, ``AIC``, ``nobs``, ``logLik``, ``convergence``,
        ``iterations``, ``engine``, ``device``, ``seconds``.

        Of a search of ``tune_nnet()`` ``n_points``, ``n_resamples``, ``n_fits``, ``n_failed``, and of the best grid
        point ``metric``, ``mean``, ``std_error``, ``size``, ``decay``; ``nobs``, ``engine``, ``device``, ``seconds``.

        Of a ``confusion()`` ``accuracy``, ``balanced_accuracy`` (the mean recall of the classes that occur), ``kappa``
        (Cohen's), ``nobs``.

    Raises
    ------
    ArgumentError
        There is no such frame of the object.

    Examples
    --------
    >>> from tidydl import example_data, glance, nnet
    >>> fit = nnet("education ~ extraversion", example_data("bigfive"), size=1, trace=False)
    >>> glance(fit)["n_weights"].tolist()
    [12]
    """
    raise no_method("glance", x)


@verb
def augment(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Join what an object says about each row of data to the data, one row to one row.

    Parameters
    ----------
    x
        What :func:`tidydl.nnet`, :func:`tidydl.multinom`, :func:`tidydl.tune_nnet` or :func:`tidydl.pipeline` returns.
    data, newdata
        The data frame to predict for, under either name. Of networks by default the complete rows of the training
        data, for which the observed response comes first.
    prefix
        Of pipelines: put before the names of the new columns, to keep two pipelines apart.
    progress, **given
        Of pipelines: as in a call of the pipeline; ``text="tweet"`` names the column with the input.

    Returns
    -------
    pandas.DataFrame
        The data, index kept, with further columns. Of classes ``.pred_class`` (label) and ``.pred_<level>`` for each;
        of numbers ``.pred`` and, where the response is in the data, ``.resid`` (of several outputs ``.pred_<output>``
        and ``.resid_<output>``). A row with a missing input has missing predictions. Of a pipeline the columns of its
        results, ranks spread wide as by :func:`tidydl.widen`.

    Raises
    ------
    ArgumentError, ColumnError, DataError
        The object says nothing about rows, the data lack a column or have a label that the fit has not seen, or the
        data have a column of a pipeline's already.

    Examples
    --------
    >>> from tidydl import augment, example_data, nnet
    >>> data = example_data("bigfive")
    >>> fit = nnet("extraversion ~ age", data, size=1, linout=True, trace=False)
    >>> augment(fit, data).columns[-2:].tolist()
    ['.pred', '.resid']
    """
    raise no_method("augment", x, "what nnet() or pipeline() and their kin return")


@verb
def autoplot(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Draw what an object is about.

    A fitted network gives its training curve; what ``tune_nnet()``, ``importance()``, ``lekprofile()`` and
    ``confusion()`` return gives the metric by size and decay, bars, profiles and a heat map.

    Parameters
    ----------
    x
        The object.

    Returns
    -------
    plotnine.ggplot
        The picture; ``.save("file.png")`` writes it.

    Raises
    ------
    ArgumentError
        There is nothing to draw of it.
    DataError
        Nothing is known of the course of a fit.

    Examples
    --------
    >>> from tidydl import autoplot, example_data, nnet
    >>> picture = autoplot(nnet("education ~ . - CASE", example_data("bigfive"), size=1, trace=False))
    """
    raise no_method("autoplot", x, "what nnet(), tune_nnet(), importance(), lekprofile() and confusion() return")
