"""Contents of the files of each kind of fitted network, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tidydl.design import Design
from tidydl.networks.arguments import LOSSES, number_of_weights
from tidydl.networks.averaging import AveragedNNet
from tidydl.networks.calls import written_call
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, SOFTMAX, Shape
from tidydl.networks.multinomial import multinom_verbs as _tables  # noqa: F401  (the verbs learn of the models there)
from tidydl.networks.multinomial.record import Multinom
from tidydl.networks.record import NNet
from tidydl.networks.saved.design import design_content, index_content, index_of
from tidydl.networks.saved.left_out import excluded_of, left_out_content, left_out_of
from tidydl.networks.saved.parts import Part, number_text, numbers_text

_MOST_UNITS = 10**9
MOST_ITERATIONS = 2**31 - 1  # which R's whole numbers hold
MOST_LONE_INPUTS = 10**6  # that no weight leads from, so that the number of weights says nothing of them


ReadDesign = Callable[[Part, int], Design]


def _network_content(fit: NNet) -> dict[str, Any]:
    return {
        "n": list(fit.n),
        "skip": fit.skip,
        "loss": next(name for name, loss in LOSSES.items() if loss == fit.shape.loss),
        "wts": numbers_text(fit.wts),
        "decay": numbers_text(fit.decay if len(set(fit.decay.tolist())) > 1 else fit.decay[:1]),
        "mask": fit.mask.tolist(),
        "value": numbers_text(fit.value)[0],
        "convergence": fit.convergence,
        "rows": len(fit.fitted_values),
        "fitted": numbers_text(fit.fitted_values),
        "residuals": numbers_text(fit.residuals),
        "weights": None if (fit.weights == 1).all() else numbers_text(fit.weights),
        "row_names": index_content(fit.index),
        "left_out": left_out_content(fit),
        "levels": None if fit.lev is None else list(fit.lev),
        "response": fit.response,
        "outputs": _outputs_content(fit),
        "output_names": list(fit.output_names),
        "design": design_content(fit),
        "call": _call_content(fit),
        "iterations": fit.iterations,
        "evaluations": fit.evaluations,
        "curve": {"iteration": fit.curve[:, 0].astype(int).tolist(), "value": numbers_text(fit.curve[:, 1])},
        "seconds": None if np.isnan(fit.seconds) else number_text(float(fit.seconds)),
        "engine": fit.engine,
        "device": fit.device,
        "hessian": None if fit.Hessian is None else numbers_text(fit.Hessian),
    }


def _outputs_content(fit: NNet) -> list[str] | None:
    """Name the outputs if R names the columns of fitted values: not for two classes, nor for a bare response."""
    plain = fit.shape.outputs == 1 and (fit.lev is not None or fit.output_names == (fit.response,))
    return None if plain else list(fit.output_names)


def _call_content(fit: NNet, function: str = "nnet") -> dict[str, Any]:
    """Write the call as R has it, and the arguments that were given where the fit was made in Python."""
    content = {"text": fit.call.get("R"), "arguments": _scalars(fit.call)}
    if not fit.given:
        return content
    shown = [{"name": name, "value": _scalar(value)} for name, value in fit.given.items()]
    return content | {
        "text": " ".join(line.strip() for line in written_call(function, fit.given)),
        "given": shown,
    }


def _scalars(call: dict[str, Any]) -> dict[str, Any]:
    kinds = (bool, int, float, str, type(None))
    return {name: _scalar(value) for name, value in call.items() if name != "R" and isinstance(value, kinds)}


def _scalar(value: object) -> Any:
    """Write an argument; numbers that JSON lacks are objects, to tell them from text."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": number_text(value)}
    return value


def arguments_of(part: Part, name: str) -> dict[str, Any]:
    """Read scalar arguments; others are unknown to this version."""
    if part.is_null(name):
        return {}
    arguments = part.part(name)
    values = {each: arguments.raw(each) for each in arguments.names}
    kinds = (bool, int, float, str, type(None))
    numbers = {each: arguments.part(each).number("number") for each, value in values.items() if isinstance(value, dict)}
    return {
        each: numbers.get(each, value) for each, value in values.items() if each in numbers or isinstance(value, kinds)
    }


def _network_of(part: Part, read_design: ReadDesign) -> NNet:
    shape = _shape_of(part)
    fit = NNet(**_values_of(part, shape), design=read_design(part.part("design"), shape.inputs))
    if not part.is_null("hessian"):
        fit.Hessian = _square(part.matrix("hessian", len(fit.wts), len(fit.wts)), fit.connections)
    return fit


def _square(values: np.ndarray, names: list[str]) -> Any:
    return pd.DataFrame(values, index=names, columns=names)


def _values_of(part: Part, shape: Shape) -> dict[str, Any]:
    """Read what all networks have, except the design."""
    n_weights = number_of_weights(shape)
    wts = part.numbers("wts", n_weights)
    rows = part.whole("rows", _MOST_UNITS)
    levels = _levels_of(part, shape)
    curve = part.part("curve")
    passes = curve.wholes("iteration")
    if passes and not 0 <= min(passes) <= max(passes) <= MOST_ITERATIONS:
        raise part.fault(f"'{curve.place}$iteration' is not whole numbers")
    fitted, residuals = (part.matrix(name, rows, shape.outputs) for name in ("fitted", "residuals"))
    if levels is not None and shape.outputs == 1 and not (np.abs(fitted + residuals - 0.5) < 1).all():
        raise part.fault("'residuals' does not fit the levels")
    _check_others(part, shape, n_weights)
    index, shown, call = index_of(part, "row_names", rows), _given_of(part.part("call")), _call_of(part.part("call"))
    if shown:
        call.pop("R", None)  # shown by what was given
    return {
        "shape": shape,
        "wts": wts,
        "value": part.number("value"),
        "convergence": part.whole("convergence", 1),
        "fitted_values": fitted,
        "residuals": residuals,
        "decay": _decay_of(part, n_weights),
        "response": part.text("response"),
        "output_names": part.texts("output_names", shape.outputs),
        "lev": levels,
        "iterations": part.optional_whole("iterations", MOST_ITERATIONS),
        "evaluations": part.optional_whole("evaluations", MOST_ITERATIONS),
        "curve": np.column_stack([passes, curve.numbers("value", len(passes))]).astype(float).reshape(-1, 2),
        "seconds": part.number("seconds"),
        "mask": part.flags("mask", n_weights),
        "weights": np.ones(rows) if part.is_null("weights") else part.numbers("weights", rows),
        "index": index,
        "excluded": excluded_of(part, index),
        "call": call,
        "given": shown,
        "engine": part.text("engine"),
        "device": part.text("device"),
    }


def _shape_of(part: Part) -> Shape:
    """Read the shape of a network, which implies the number of weights."""
    counts = part.wholes("n", 3)
    loss = LOSSES[part.choice("loss", LOSSES)]
    least = (0, 0, 2 if loss in (SOFTMAX, CENSORED) else 1)
    if any(count < low or count > _MOST_UNITS for count, low in zip(counts, least, strict=True)):
        raise part.fault("'n' does not fit the loss")
    inputs, hidden, outputs = counts
    if hidden == 0 and not part.flag("skip") and inputs > MOST_LONE_INPUTS:
        raise part.fault(f"'n' has {inputs:,} inputs without weights, and at most {MOST_LONE_INPUTS:,} are read")
    return Shape(inputs, hidden, outputs, part.flag("skip"), loss)


def _levels_of(part: Part, shape: Shape) -> tuple[str, ...] | None:
    """Read the classes: two of a logistic output, one for each of several outputs, None of numbers."""
    if part.is_null("levels"):
        return None
    levels = part.texts("levels", distinct=True)
    logistic = shape.outputs == 1 or shape.loss == ENTROPY  # R names the two also where it was fitted to numbers
    if len(levels) != (2 if logistic else shape.outputs):
        raise part.fault(f"'levels' has {len(levels)} values for {shape.outputs} outputs")
    return levels


def _decay_of(part: Part, n_weights: int) -> np.ndarray:
    """Read the penalty of each weight, or one for all."""
    values = part.numbers("decay")
    if not (np.isfinite(values) & (values >= 0)).all():
        raise part.fault("'decay' has values that are negative, missing or infinite")
    return np.broadcast_to(values, (n_weights,)) if len(values) == 1 else part.numbers("decay", n_weights)


def _check_others(part: Part, shape: Shape, n_weights: int) -> None:
    """Refuse what the other language could not read, so that both read the same files."""
    part.texts("output_names", shape.outputs)
    if not part.is_null("outputs"):
        part.texts("outputs", shape.outputs)
    if not part.is_null("hessian"):
        part.matrix("hessian", n_weights, n_weights)
    left_out_of(part)


def _call_of(part: Part) -> dict[str, Any]:
    call = arguments_of(part, "arguments")
    return call if part.is_null("text") else {**call, "R": part.text("text")}


def _model_content(fit: Multinom) -> dict[str, Any]:
    """Write a multinomial model: a network and more. The model frame, which is data, is omitted."""
    content = _network_content(fit)
    content["call"] = _call_content(fit, "multinom")
    content["outputs"] = None if fit.is_binary else list(fit.classes)
    content["hessian"] = None
    content["weights"] = numbers_text(fit.weights)
    content["multinom"] = {
        "classes": list(fit.classes),
        "offsets": list(fit.coefnames[len(fit.vcoefnames) :]),
        "deviance": numbers_text(fit.deviance)[0],
        "rank": fit.rank,
        "edf": number_text(float(fit.edf)),
        "AIC": numbers_text(fit.AIC)[0],
        "information": numbers_text(fit.information),
        "hess": fit.Hessian is not None,
    }
    return content


def _model_of(part: Part, read_design: ReadDesign) -> Multinom:
    shape, added = _shape_of(part), part.part("multinom")
    design, classes = part.part("design"), added.texts("classes", distinct=True)
    if len(classes) != max(shape.outputs, 2):
        raise part.fault(f"'multinom$classes' has {len(classes)} values for {shape.outputs} outputs")
    names = len(design.texts("columns"))
    offsets = len(added.texts("offsets"))
    intercept = shape.inputs - names - offsets
    coefficients = (max(shape.outputs, 2) - 1) * (names + intercept)
    fit = Multinom(
        **_values_of(part, shape),
        design=read_design(design, names),
        classes=classes,
        deviance=added.number("deviance"),
        rank=added.whole("rank", MOST_ITERATIONS),
        edf=added.number("edf"),
        AIC=added.number("AIC"),
        information=added.matrix("information", coefficients, coefficients),
        intercept=bool(intercept),
        offsets=len(added.texts("offsets")),
    )
    if part.is_null("weights"):
        raise part.fault("'weights' is missing")
    formula = fit.design.formula
    fits = formula is not None and intercept == formula.intercept and fit.mask.sum() == coefficients
    if not fits or offsets not in (0, 1 if shape.outputs == 1 else shape.outputs):
        raise part.fault("'n' does not fit the model")
    if added.flag("hess"):
        fit.Hessian = _square(fit.information.copy(), fit.coefficient_names)
    return fit


def _given_of(part: Part) -> dict[str, Any]:
    """Read the arguments shown in the call."""
    if "given" not in part.names:
        return {}
    arguments = {each.text("name"): _given_value(each) for each in part.parts("given")}
    if not isinstance(arguments.get("formula", ""), str):
        raise part.fault(f"'{part.place}$given' is not known")
    return arguments


def _given_value(part: Part) -> Any:
    value = part.raw("value")
    if isinstance(value, dict):
        return part.part("value").number("number")
    if isinstance(value, str):
        return part.text("value")
    if not isinstance(value, (bool, int, float, type(None))):
        raise part.fault(f"'{part.place}$value' is not known")
    return value


def _average_content(fit: AveragedNNet) -> dict[str, Any]:
    return {
        "fits": [_network_content(each) for each in fit.fits],
        "fitted": numbers_text(fit.fitted_values),
        "residuals": numbers_text(fit.residuals),
    }


def _average_of(part: Part, read_design: ReadDesign) -> AveragedNNet:
    fits = tuple(_network_of(each, read_design) for each in part.parts("fits"))
    kinds = {(each.n, each.lev, each.fitted_values.shape) for each in fits}
    if len(kinds) != 1:
        raise part.fault("'fits' are not of one kind")
    rows, outputs = fits[0].fitted_values.shape
    return AveragedNNet(fits, part.matrix("fitted", rows, outputs), part.matrix("residuals", rows, outputs))


@dataclass(frozen=True)
class Kind:
    """A kind of fitted network: its class, the contents of its file, and how they are read."""

    cls: type
    content: Callable[[Any], dict[str, Any]]
    read: Callable[[Part, ReadDesign], Any]


# A class stands before the one it is made of.
KINDS: dict[str, Kind] = {
    "averaged": Kind(AveragedNNet, _average_content, _average_of),
    "multinom": Kind(Multinom, _model_content, _model_of),
    "nnet": Kind(NNet, _network_content, _network_of),
}
