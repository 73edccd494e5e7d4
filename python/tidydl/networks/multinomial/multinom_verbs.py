"""Verbs of a multinomial model: predictions, covariances, intervals, tests, and tidy frames."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl import verbs
from tidydl.checks import check_choice, check_flag, check_number, described
from tidydl.columns import Contract
from tidydl.design.deparse import written
from tidydl.design.syntax import Call, parse
from tidydl.errors import ArgumentError
from tidydl.networks.inference import chi_square_above, chosen_names, intervals, normal_beyond, roots
from tidydl.networks.likelihood import LogLik
from tidydl.networks.multinomial.record import Multinom
from tidydl.networks.network_verbs import (
    class_columns,
    class_shares,
    in_place,
    most_probable,
    raw_outputs,
    with_predictions,
)

if TYPE_CHECKING:
    from tidydl.networks.inference import Chosen

TIDY = Contract.of(
    {
        "y.level": "string",
        "term": "string",
        "estimate": "double",
        "std.error": "double",
        "statistic": "double",
        "p.value": "double",
    }
)
INTERVAL = Contract.of({"conf.low": "double", "conf.high": "double"})
GLANCE = Contract.of(
    edf="double",
    deviance="double",
    AIC="double",
    nobs="integer",
    logLik="double",
    convergence="integer",
    iterations="integer",
    engine="string",
    device="string",
    seconds="double",
)
ANOVA = Contract.of(
    {
        "Model": "string",
        "Resid. df": "double",
        "Resid. Dev": "double",
        "Test": "string",
        "Df": "double",
        "LR stat.": "double",
        "Pr(Chi)": "double",
    }
)


@verbs.vcov.register(Multinom)
def _vcov(x: Multinom) -> pd.DataFrame:
    """Return the covariance of the coefficients, named ``class:name`` (of two classes by name alone), as R does."""
    return pd.DataFrame(x.covariance.copy(), index=x.coefficient_names, columns=x.coefficient_names)


@verbs.confint.register(Multinom)
def _confint(x: Multinom, parm: Chosen = None, level: float = 0.95) -> pd.DataFrame:
    """Return an interval for each coefficient: rows by class and name (of two classes by name), bounds as columns."""
    names = list(x.vcoefnames)
    chosen = chosen_names(parm, names)
    level = check_number("level", level, 0, 1)
    rows = names if x.is_binary else pd.MultiIndex.from_product([x.classes[1:], names], names=["y.level", "term"])
    errors = roots(np.diag(x.covariance))
    bounds = intervals(pd.Series(x.coefficients.ravel(), index=rows), errors, level)
    kept = np.tile(np.isin(np.arange(len(names)), chosen), len(bounds) // len(names))
    return bounds[kept]


@verbs.logLik.register(Multinom)
def _log_likelihood(x: Multinom) -> LogLik:
    """Return minus half the deviance, to which a penalty adds as in R."""
    return LogLik(-0.5 * x.deviance, x.edf, float(np.sum(x.weights)))


@verbs.anova.register(Multinom)
def _anova(x: Multinom, *others: Multinom, test: str = "Chisq") -> pd.DataFrame:
    """Compare nested fits by likelihood ratio tests, a row for each fit, the smallest first.

    ``test="none"`` leaves out ``Test``, ``Df``, ``LR stat.`` and ``Pr(Chi)``, which compare with the row before.
    """
    check_choice("test", test, ["Chisq", "none"])
    fits = [x, *others]
    _comparable(fits)
    fits.sort(key=_residual_degrees, reverse=True)
    degrees = [_residual_degrees(fit) for fit in fits]
    fewer = [np.nan, *(before - after for before, after in pairwise(degrees))]
    less = [np.nan, *(a.deviance - b.deviance for a, b in pairwise(fits))]
    data = {
        "Model": [_right_side(fit) for fit in fits],
        "Resid. df": degrees,
        "Resid. Dev": [fit.deviance for fit in fits],
        "Test": ["", *(f"{i} vs {i + 1}" for i in range(1, len(fits)))],
        "Df": fewer,
        "LR stat.": less,
        "Pr(Chi)": [np.nan, *(chi_square_above(*each) for each in zip(less[1:], fewer[1:], strict=True))],
    }
    table = ANOVA.frame(data)
    return table if test == "Chisq" else table.drop(columns="Pr(Chi)")


def _residual_degrees(fit: Multinom) -> float:
    return float(len(fit.fitted_values) * (len(fit.classes) - 1) - fit.edf)


def _comparable(fits: list[Multinom]) -> None:
    if len(fits) < 2:
        raise ArgumentError(
            "`anova()` was given one fit.", allowed="Two or more fits of multinom(), each within the next."
        )
    for other in fits[1:]:
        if not isinstance(other, Multinom):
            raise ArgumentError(f"`anova()` was given {described(other)}.", allowed="Fits of multinom().")
        if not _fitted_to_the_same(fits[0], other):
            raise ArgumentError(
                "`anova()` was given fits of different responses or rows.",
                allowed="Fits of one response to the same rows.",
                hint="Leave rows with missing values out of the data before fitting.",
            )


def _fitted_to_the_same(fit: Multinom, other: Multinom) -> bool:
    """Return whether the response, the number of rows and that of each class are the same; `summ` reorders them."""
    if other.response != fit.response or other.fitted_values.shape != fit.fitted_values.shape:
        return False
    counts, others = (each.weights @ (each.fitted_values + each.residuals) for each in (fit, other))
    return np.allclose(counts, others, rtol=1e-8)


def _right_side(fit: Multinom) -> str:
    formula = fit.design.formula
    assert formula is not None
    tree = parse(formula.text)
    assert isinstance(tree, Call)
    right = written(tree.arguments[1])
    if formula.written == f"{formula.response_text} ~ {right}":  # without a '.'
        return right
    terms = [":".join(factor.label for factor in term) for term in formula.terms]
    return " + ".join([*terms, *([] if formula.intercept else ["-1"])])


@verbs.tidy.register(Multinom)
def _tidy(x: Multinom, conf_int: bool = False, conf_level: float = 0.95, exponentiate: bool = False) -> pd.DataFrame:
    """Return one row per coefficient, as broom does; ``exponentiate`` gives odds ratios."""
    estimates, errors = x.coefficients.ravel(), roots(np.diag(x.covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = estimates / errors
    shown = np.exp if check_flag("exponentiate", exponentiate) else np.asarray
    data = {
        "y.level": np.repeat(x.classes[1:], len(x.vcoefnames)),
        "term": list(x.vcoefnames) * (len(x.classes) - 1),
        "estimate": shown(estimates),
        "std.error": errors,
        "statistic": statistics,
        "p.value": normal_beyond(statistics),
    }
    if not check_flag("conf_int", conf_int):
        return TIDY.frame(data)
    bounds = _confint(x, level=conf_level).to_numpy()
    data |= {"conf.low": shown(bounds[:, 0]), "conf.high": shown(bounds[:, 1])}
    return Contract(TIDY.columns + INTERVAL.columns).frame(data)


@verbs.glance.register(Multinom)
def _glance(x: Multinom) -> pd.DataFrame:
    """Return one row: what broom gives (edf, deviance, AIC, nobs), the log-likelihood, and how the fit went."""
    data = {
        "edf": x.edf,
        "deviance": x.deviance,
        "AIC": x.AIC,
        "nobs": len(x.fitted_values),
        "logLik": -0.5 * x.deviance,
        "convergence": x.convergence,
        "iterations": x.iterations,
        "engine": x.engine,
        "device": x.device,
        "seconds": x.seconds,
    }
    return GLANCE.frame({name: [value] for name, value in data.items()})


@verbs.predict.register(Multinom)
def _predict(x: Multinom, newdata: pd.DataFrame | None = None, type: str = "class") -> Any:
    """Predict the most probable class (the first of equals), or with ``type="probs"`` the probabilities.

    Probabilities are one column for each class (of two only the second's, as in R). A row with a missing predictor has
    missing values; the index is that of ``newdata``.
    """
    check_choice("type", type, ["class", "probs"])
    values, index = raw_outputs(x, newdata) if newdata is not None else in_place(x, x.fitted_values)
    if type == "probs":
        return pd.DataFrame(values, index=index, columns=list(x.output_names))
    return pd.Series(most_probable(x.classes, values), index=index)


@verbs.augment.register(Multinom)
def _augment(x: Multinom, data: pd.DataFrame | None = None, newdata: pd.DataFrame | None = None) -> pd.DataFrame:
    """Join ``.pred_class`` and ``.pred_<level>`` to data, or to the observed response if there are none."""
    data = newdata if data is None else data
    values, _ = raw_outputs(x, data)
    base = _observed(x) if data is None else data.copy()
    assert isinstance(base, pd.DataFrame)
    return with_predictions(base, class_columns(most_probable(x.classes, values), x.classes, class_shares(values)))


def _observed(fit: Multinom) -> pd.DataFrame:
    targets = fit.fitted_values + fit.residuals
    if fit.lev is None:
        return pd.DataFrame(targets, index=fit.index, columns=list(fit.classes))
    return pd.DataFrame({fit.response: most_probable(fit.classes, targets)}, index=fit.index)
