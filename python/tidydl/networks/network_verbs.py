"""Verbs of a fitted network, which return data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl import rendering, verbs
from tidydl.checks import check_choice, check_number, described, frame_hint, numbers_in
from tidydl.columns import Contract
from tidydl.design import Design, column_gone, from_matrix
from tidydl.errors import ArgumentError, DataError
from tidydl.networks import likelihood as _likelihood  # noqa: F401  (logLik() learns of networks there)
from tidydl.networks.exact.kernels import outputs
from tidydl.networks.inference import chosen_names, covariance_of_weights, intervals, roots, standard_errors
from tidydl.networks.inputs import need_finite
from tidydl.networks.record import FittedNetwork, NNet
from tidydl.user_warnings import warn_user

if TYPE_CHECKING:
    from tidydl.design.numbers import Data
    from tidydl.networks.inference import Chosen

TIDY = Contract.of({"term": "string", "from": "string", "to": "string", "layer": "label", "estimate": "double"})
GLANCE = Contract.of(
    n_weights="integer",
    value="double",
    logLik="double",
    AIC="double",
    convergence="integer",
    iterations="integer",
    nobs="integer",
    engine="string",
    device="string",
    seconds="double",
)
LAYERS = ("hidden", "output", "skip")


def _units(fit: NNet) -> tuple[list[str], list[str], list[str]]:
    """Return the source, target and layer of each weight, by the names that users know."""
    p, h, k = fit.n
    inputs = list(fit.coefnames) or [f"i{i + 1}" for i in range(p)]
    hidden = [f"h{j + 1}" for j in range(h)]
    names = list(fit.output_names) if k > 1 else [fit.response]
    rows = [(source, unit, "hidden") for unit in hidden for source in ["bias", *inputs]]
    for name in names:
        rows += [(source, name, "output") for source in ["bias", *hidden]]
        rows += [(source, name, "skip") for source in inputs] if fit.skip else []
    origin, target, layer = zip(*rows, strict=True)
    return list(origin), list(target), list(layer)


@verbs.tidy.register(NNet)
def _tidy(x: NNet) -> pd.DataFrame:
    """Return one row per weight: term, from, to, layer, estimate, and std.error where the fit has a Hessian."""
    origin, target, layer = _units(x)
    data = {"term": x.connections, "from": origin, "to": target, "layer": layer, "estimate": x.wts}
    if x.Hessian is None:
        return TIDY.frame(data, levels={"layer": LAYERS})
    contract = Contract(TIDY.columns + Contract.of({"std.error": "double"}).columns)
    return contract.frame(data | {"std.error": standard_errors(x)}, levels={"layer": LAYERS})


@verbs.glance.register(NNet)
def _glance(x: NNet) -> pd.DataFrame:
    """Return one row; ``logLik`` and ``AIC`` only where the value is a likelihood."""
    log_likelihood = -x.value if x.is_likelihood else np.nan
    data = {
        "n_weights": len(x.wts),
        "value": x.value,
        "logLik": log_likelihood,
        "AIC": -2 * log_likelihood + 2 * int(x.mask.sum()),
        "convergence": x.convergence,
        "iterations": x.iterations,
        "nobs": len(x.fitted_values),
        "engine": x.engine,
        "device": x.device,
        "seconds": x.seconds,
    }
    return GLANCE.frame({name: [value] for name, value in data.items()})


@verbs.vcov.register(NNet)
def _vcov(x: NNet) -> pd.DataFrame:
    """Return the covariance of the weights that may change, from the Hessian that the fit has."""
    _need_hessian(x)
    free = np.flatnonzero(x.mask)
    names = [x.connections[i] for i in free]
    return pd.DataFrame(covariance_of_weights(x)[np.ix_(free, free)], index=names, columns=names)


@verbs.confint.register(NNet)
def _confint(x: NNet, parm: Chosen = None, level: float = 0.95) -> pd.DataFrame:
    """Return an interval for each weight that may change, the bounds as columns."""
    covariance = _vcov(x)
    names = list(covariance.index)
    chosen = chosen_names(parm, names)
    level = check_number("level", level, 0, 1)
    bounds = intervals(pd.Series(x.wts[x.mask], index=names), roots(np.diag(covariance)), level)
    return bounds.iloc[sorted(set(chosen))]


def _need_hessian(fit: NNet) -> None:
    if fit.Hessian is None:
        with_hessian = rendering.argument("Hess", rendering.value(True))
        raise ArgumentError(
            "`x` has no Hessian.",
            allowed=f"A network fitted with `{with_hessian}`, or a fit of multinom().",
            hint=f"Fit it again with `{with_hessian}`.",
        )


def _inputs(fit: NNet, newdata: Data) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return x of the complete rows of new data, which rows those are, and the index of all rows."""
    if fit.design.formula is not None:
        if not isinstance(newdata, pd.DataFrame):
            raise ArgumentError(
                f"`newdata` is {described(newdata)}.",
                allowed="A data frame with the columns of the formula.",
                hint=frame_hint(newdata),
            )
        return *fit.model_matrix(newdata), newdata.index
    x, _ = from_matrix(_chosen(fit.design, newdata) if isinstance(newdata, pd.DataFrame) else newdata, "newdata")
    if x.shape[1] != fit.shape.inputs and not len(x) == 0:
        raise ArgumentError(
            f"`newdata` has {x.shape[1]} columns, and the network has {fit.shape.inputs} inputs.",
            allowed=f"{fit.shape.inputs} columns.",
        )
    complete = ~np.isnan(x).any(axis=1)
    index = newdata.index if isinstance(newdata, pd.DataFrame) else pd.RangeIndex(len(x))
    return (x[complete] if len(x) else np.empty((0, fit.shape.inputs))), complete, index


def _chosen(design: Design, newdata: pd.DataFrame) -> pd.DataFrame:
    """Select the inputs by name, if the network knows their names."""
    names = [str(name) for name in newdata.columns]
    if not design.columns or names == list(design.columns):
        return newdata
    indices = {name: index for index, name in reversed([*enumerate(names)])}
    for name in design.columns:
        if name not in indices:
            raise column_gone(name, names)
    return newdata.iloc[:, [indices[name] for name in design.columns]]


def in_place(fit: NNet, values: np.ndarray) -> tuple[np.ndarray, Any]:
    """Return values of the training rows and their index, padded for incomplete rows with ``na.exclude``."""
    return (values, fit.index) if fit.excluded is None else (fit.excluded.filled(values), fit.excluded.index)


def raw_outputs(fit: NNet, newdata: Data | None) -> tuple[np.ndarray, Any]:
    """Return outputs for all rows, missing for incomplete ones, and the rows' index."""
    if newdata is None:
        return fit.fitted_values, fit.index
    x, complete, index = _inputs(fit, newdata)
    need_finite("newdata", x, fit.coefnames)
    values = np.full((len(complete), fit.shape.outputs), np.nan)
    values[complete] = outputs(fit.shape, fit.wts, x)
    return values, index


def classes_of(fit: FittedNetwork, values: np.ndarray, index: pd.Index | None) -> pd.Series:
    """Return the class of the largest output in each row, the first of several; missing where the row is."""
    assert fit.lev is not None
    return pd.Series(most_probable(fit.lev, values), index=index)


def most_probable(levels: Sequence[str], values: np.ndarray) -> Any:
    """Return the level of the largest output in each row, of ties the first, as a categorical; missing like its row."""
    names = list(dict.fromkeys(levels))  # the columns of a matrix may share one
    codes = np.array([names.index(level) for level in levels])[np.argmax(np.nan_to_num(class_shares(values)), axis=1)]
    codes[np.isnan(values).any(axis=1)] = -1
    return pd.Categorical.from_codes(codes, categories=pd.Index(names))


def class_shares(values: np.ndarray) -> np.ndarray:
    """Return a column for each class: of two classes the outputs have one, for the second."""
    return np.column_stack([1 - values, values]) if values.shape[1] == 1 else values


@verbs.predict.register(NNet)
def _predict(x: NNet, newdata: Data | None = None, type: str = "raw") -> Any:
    """Predict the outputs, or with ``type="class"`` the most probable class, the first of equals.

    Outputs are one column each, named as in R by class (of two classes only the second's probability). A row with a
    missing input has missing values; the index is that of ``newdata``, by default the complete training rows.
    """
    check_choice("type", type, ["raw", "class"])
    values, index = raw_outputs(x, newdata) if newdata is not None else in_place(x, x.fitted_values)
    if type == "class":
        need_classes(x)
        return classes_of(x, values, index)
    return pd.DataFrame(values, index=index, columns=list(x.output_names))


def need_classes(fit: FittedNetwork) -> None:
    """Refuse predictions of classes by a regression."""
    if fit.lev is None or len(fit.lev) != max(2, fit.n[2]):
        raise ArgumentError(
            "`type` 'class' needs a network that was fitted to classes.",
            allowed="The type 'raw' here, or a categorical response in the fit.",
        )


@verbs.fitted.register(NNet)
def _fitted(x: NNet) -> pd.DataFrame:
    """Return the outputs for the training rows."""
    return _predict(x)


@verbs.residuals.register(NNet)
def _residuals(x: NNet) -> pd.DataFrame:
    """Return target less output for the training rows."""
    values, index = in_place(x, x.residuals)
    return pd.DataFrame(values, index=index, columns=list(x.output_names))


def observed(fit: FittedNetwork, index: pd.Index | None) -> pd.Series:
    """Return the classes of the training rows."""
    targets = np.round(fit.fitted_values + fit.residuals)
    codes = targets[:, 0].astype(int) if targets.shape[1] == 1 else np.argmax(targets, axis=1)
    assert fit.lev is not None
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(fit.lev)), index=index, name=fit.response)


@verbs.augment.register(NNet)
def _augment(x: NNet, data: Data | None = None, newdata: Data | None = None) -> pd.DataFrame:
    """Join predictions to data, one row to one row.

    For classes the columns are ``.pred_class`` and ``.pred_<level>``; for numbers ``.pred`` and, where the response
    is in the data, ``.resid`` (of several outputs ``.pred_<output>`` and ``.resid_<output>``). Without data, the
    training rows' observed response comes first.
    """
    data = newdata if data is None else data
    return augmented(x, data, *raw_outputs(x, data))


def augmented(x: FittedNetwork, data: Data | None, values: np.ndarray, index: pd.Index | None) -> pd.DataFrame:
    """Join outputs to data, or to the training rows' observed response if there are no data."""
    if data is not None:
        base = data.copy() if isinstance(data, pd.DataFrame) else pd.DataFrame(np.asarray(data))
    elif x.told_apart is not None:
        base = observed(x, index).to_frame()
    else:
        base = pd.DataFrame(x.fitted_values + x.residuals, index=index, columns=_response_columns(x))
    added = _class_columns(x, values, index) if x.told_apart is not None else _number_columns(x, values, base)
    return with_predictions(base, added)


def with_predictions(base: pd.DataFrame, added: Mapping[str, Any]) -> pd.DataFrame:
    """Return data with columns of predictions, and warn of those that they replace."""
    replaced = [name for name in added if name in base.columns]
    if replaced:
        names = ", ".join(f"`{name}`" for name in replaced)
        warn_user(f"`data` has {names} already, which the new predictions replace.")
    return base.assign(**added)


def class_columns(classes: Any, levels: Sequence[str], shares: np.ndarray) -> dict[str, Any]:
    """Return the columns ``.pred_class`` and ``.pred_<level>`` of each class.

    Raises
    ------
    DataError
        If a class is called 'class'.
    """
    if "class" in levels:
        raise DataError(
            "A class is called 'class', so that its probabilities and the predicted classes are both `.pred_class`.",
            allowed="Classes with other names.",
            hint="Rename that class before the fit, or use predict().",
        )
    return {".pred_class": classes, **{f".pred_{level}": shares[:, o] for o, level in enumerate(levels)}}


def _response_columns(fit: FittedNetwork) -> list[str]:
    return [fit.response] if fit.n[2] == 1 else list(fit.output_names)


def _class_columns(fit: FittedNetwork, values: np.ndarray, index: pd.Index | None) -> dict[str, Any]:
    assert fit.lev is not None
    return class_columns(classes_of(fit, values, index).array, fit.lev, class_shares(values))


def _number_columns(fit: FittedNetwork, values: np.ndarray, base: pd.DataFrame) -> dict[str, Any]:
    names = _response_columns(fit)
    if len(set(names)) < len(names):
        raise DataError(
            f"The network has outputs with the same name: {', '.join(names)}.",
            allowed="Outputs with different names.",
            hint="Name the columns of the response differently before the fit, or use predict().",
        )
    ends = [""] if len(names) == 1 else [f"_{name}" for name in names]
    columns = {f".pred{end}": values[:, o] for o, end in enumerate(ends)}
    for o, (end, name) in enumerate(zip(ends, names, strict=True)):
        observed = numbers_in(base[name]) if name in base.columns else None
        if observed is not None and observed.ndim == 1:
            columns[f".resid{end}"] = observed - values[:, o]
    return columns
