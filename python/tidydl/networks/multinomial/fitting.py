"""``multinom()``: fit a multinomial log-linear model the way R's ``multinom`` does, as a network of no hidden units."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl.boundaries import arguments_of
from tidydl.checks import check_flag, described
from tidydl.design import Response
from tidydl.errors import ArgumentError
from tidydl.networks.arguments import Options, plan, refuse_more, refuse_values
from tidydl.networks.engines import Engine, choose_engine, solve
from tidydl.networks.exact.engine import Solution
from tidydl.networks.exact.many import Fit
from tidydl.networks.fit import record
from tidydl.networks.given_arguments import given_arguments
from tidydl.networks.inference import information, rank
from tidydl.networks.inputs import Inputs, gather
from tidydl.networks.multinomial import multinom_verbs as _tables  # noqa: F401  (the verbs learn of the models there)
from tidydl.networks.multinomial.data import Model, model_of, put_together
from tidydl.networks.multinomial.record import Multinom
from tidydl.networks.record import NNet
from tidydl.progress import Trace, Work, run

if TYPE_CHECKING:
    from tidydl.design.contrasts import Contrasts
    from tidydl.design.rows import Subset


def multinom(
    formula: str,
    data: pd.DataFrame | None = None,
    *values: object,
    weights: str | npt.ArrayLike | None = None,
    subset: Subset | None = None,
    na_action: str = "omit",
    contrasts: Contrasts | None = None,
    Hess: bool = False,
    summ: int = 0,
    censored: bool = False,
    model: bool = False,
    Wts: npt.ArrayLike | None = None,
    decay: npt.ArrayLike = 0.0,
    maxit: int = 100,
    trace: bool = True,
    MaxNWts: int = 1000,
    abstol: float = 1e-4,
    reltol: float = 1e-8,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    progress: bool | None = None,
    **more: object,
) -> Multinom:
    """Fit a multinomial log-linear model, with the same coefficients as R's ``multinom``, to the last bit.

    The first class is the reference class. A response with two classes is fitted with one logistic output. Numbers in
    one column are treated as classes, as in R. Predictors should be scaled roughly to 0 to 1, or convergence is slow.

    Parameters
    ----------
    formula
        A formula such as ``"y ~ a + log(b)"``; the response is a categorical or text column, or ``cbind(none, some,
        much)``: counts, one column per class.
    data
        The data frame with the columns of the formula.
    weights
        Case weights: one per row, or the name of a column of ``data``.
    subset
        The rows to use: a boolean per row, positions counted from 0, or a query string such as ``"age > 30"``.
    na_action
        ``"omit"`` drops rows with missing values; ``"exclude"`` does too, but pads ``fitted``, ``residuals`` and
        ``predict`` without new data with missing values; ``"fail"`` raises an error.
    contrasts
        The coding of categorical predictors, by name, such as ``{"group": "contr.sum"}``.
    Hess
        Whether to return the Hessian, the observed information of the coefficients.
    summ
        If not 0, combine duplicate rows, which fits the same model faster if the predictors have few distinct values. 1
        and 2 combine rows with equal predictors and response (they sort differently); 3 combines rows with equal
        predictors, adding up counts, which for two classes changes the reference of the deviance.
        Then ``confusion``, ``glance`` and ``BIC`` count the combined rows.
    censored
        Whether the response marks the possible classes of a row with 1, in columns combined by ``cbind()``.
    model
        Whether to return the model frame: the complete rows of the columns of the formula.
    Wts
        Initial weights: one for each weight of the network. Only those of coefficients are used; the others are fixed
        at 0.
    decay
        Penalty on the squared coefficients: one number, or one per weight of the network.
    maxit
        Maximum number of iterations.
    trace
        Whether to trace the optimisation.
    MaxNWts
        Maximum number of weights allowed.
    abstol, reltol
        The optimisation stops when the value falls below ``abstol`` or its relative change below ``reltol``.
    engine, device, threads, progress
        As in :func:`tidydl.nnet`.

    Returns
    -------
    Multinom
        The fitted model, for ``predict``, ``summary``, ``coef``, ``vcov``, ``confint``, ``logLik``, ``AIC``, ``BIC``,
        ``anova``, ``tidy``, ``glance`` and ``augment``. It is a network like those of ``nnet()``: ``plotnet`` and
        ``importance`` accept it.

    Raises
    ------
    ArgumentError, FormulaError, ColumnError, DataError
        If an argument is invalid, the formula cannot be parsed, a column is missing, no rows are left, or a row of
        counts is all zero.

    Notes
    -----
    Source: Venables & Ripley (2002), Modern Applied Statistics with S, and R's package nnet. Bugs of R's function are
    fixed: ``summ=1`` combines only equal rows, with their own weights; ``summ`` also works for two classes; ``Wts``
    leaves the first class at 0; the information matrix of censored responses uses only what was observed; predictions
    take offsets into account.

    Examples
    --------
    >>> from tidydl import example_data, multinom
    >>> fit = multinom("education ~ extraversion", example_data("bigfive"), trace=False)
    >>> fit.edf
    8.0
    """
    with arguments_of("multinom"):
        call_arguments = given_arguments(multinom, locals())
    refuse_values(multinom, values, "weights")
    refuse_more(multinom, more)
    if not isinstance(formula, str):
        raise ArgumentError(f"`formula` is {described(formula)}.", allowed="A formula as text, such as 'y ~ a + b'.")
    with arguments_of("multinom"):
        inputs = gather(formula, data, None, None, weights, subset=subset, na_action=na_action, contrasts=contrasts)
        asked = _Asked.checked(Hess, summ, censored, model)
    whole = model_of(inputs)
    used = put_together(whole, asked.summ) if asked.summ else whole
    network = _network(inputs, used, asked.censored)
    binary = used.y.shape[1] == 1
    options = Options(
        size=0, Wts=Wts, mask=used.free, entropy=binary, softmax=not binary and not asked.censored,
        censored=not binary and asked.censored, skip=True, rang=0.0, decay=decay, maxit=maxit, trace=trace,
        MaxNWts=MaxNWts, abstol=abstol, reltol=reltol,
    )  # fmt: skip
    with arguments_of("multinom"):
        planned = plan(network, options)
        chosen = choose_engine(engine, device, threads)
    fit = planned.fit(network, np.where(used.free, planned.initial_weights(), used.fixed))
    solution = run(_work(chosen, fit, tells=bool(asked.summ) and planned.settings.trace), progress=progress)
    fitted = _multinomial(record(network, planned, solution, chosen, {"formula": formula}), whole, used, call_arguments)
    if asked.Hess:
        names = fitted.coefficient_names
        fitted.Hessian = pd.DataFrame(fitted.information.copy(), index=names, columns=names)
    if asked.model:
        fitted.model = _model_frame(inputs, data, weights)
    return fitted


@dataclass(frozen=True)
class _Asked:
    """The checked options of multinom() besides those of a network."""

    Hess: bool
    summ: int
    censored: bool
    model: bool

    @classmethod
    def checked(cls, Hess: object, summ: object, censored: object, model: object) -> _Asked:
        censored = check_flag("censored", censored)
        if isinstance(summ, bool) or not isinstance(summ, numbers.Real) or summ not in (0, 1, 2, 3):
            raise ArgumentError(f"`summ` is {described(summ)}.", allowed="0, 1, 2 or 3.")
        if summ == 3 and censored:
            raise ArgumentError(
                "`summ` 3 adds up counts, and with `censored` the response has none.", allowed="`summ` 0, 1 or 2."
            )
        return cls(check_flag("Hess", Hess), int(float(summ)), censored, check_flag("model", model))


def _network(inputs: Inputs, used: Model, censored: bool) -> Inputs:
    """Return the inputs of the network that fits the model."""
    shares, weights = used.shares(censored)
    names = used.classes if shares.shape[1] > 1 else used.classes[1:]
    response = Response(inputs.response.name, shares, None, names)
    excluded = inputs.excluded if len(used.x) == len(inputs.x) else None
    return Inputs(used.x, response, inputs.design, weights, used.index, inputs.formula, excluded=excluded)


def _work(engine: Engine, fit: Fit, *, tells: bool) -> Work[Solution]:
    if tells:
        sizes = [str(size) for size in fit.x.shape]
        yield Trace(" ".join(["[1]", *(size.rjust(max(map(len, sizes))) for size in sizes)]))
    return (yield from solve(engine, fit))


def _multinomial(network: NNet, whole: Model, used: Model, call_arguments: dict[str, Any]) -> Multinom:
    components = {each.name: getattr(network, each.name) for each in fields(NNet)} | {
        "lev": used.lev,
        "given": call_arguments,
    }
    degrees = rank(whole.terms)
    edf = float(degrees * (len(used.classes) - 1))
    deviance = 2 * network.value
    return Multinom(
        **components, classes=used.classes, deviance=deviance, rank=degrees, edf=edf, AIC=deviance + 2 * edf,
        information=information(
            used.terms, network.fitted_values, network.weights, used.y if network.censored else None
        ),
        intercept=used.intercept, offsets=used.offsets,
    )  # fmt: skip


def _model_frame(inputs: Inputs, data: pd.DataFrame | None, weights: object) -> pd.DataFrame:
    """Return the complete rows of the columns that the formula reads, and their weights where there are any."""
    formula = inputs.design.formula
    assert formula is not None
    assert data is not None
    columns = [column for column in data.columns if str(column) in formula.columns]
    frame = data.loc[inputs.index, columns].copy()
    return frame if weights is None else frame.assign(**{"(weights)": inputs.weights})
