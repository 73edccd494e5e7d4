"""Saved networks for R: plain data with every length checked, of which R makes its own fitted objects, and back.

R alone knows what its formulas may call and what their variables are, so formulas, calls and what they keep cross as
text; R vets them. All else is checked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tidydl.boundaries import SAVED_MODELS
from tidydl.networks.arguments import number_of_weights
from tidydl.networks.saved.design import MOST_LEVELS, check_class, contrasts_dim, levels_of, named_contrasts
from tidydl.networks.saved.files import WRITTEN, check_path, read_saved, write_saved
from tidydl.networks.saved.networks import (
    MOST_ITERATIONS,
    MOST_UNITS,
    check_others,
    decay_of,
    given_of,
    left_out_of,
    shape_of,
)
from tidydl.networks.saved.networks import levels_of as classes_of
from tidydl.networks.saved.parts import MISSING, Part, number_text, numbers_text

__all__ = ["load_for_r", "save_for_r"]


def save_for_r(file: str, kind: str, network: dict[str, Any], written_by: dict[str, str]) -> None:
    """Write a network of R's to a file.

    Parameters
    ----------
    file
        The path of the file.
    kind
        The kind of the network: ``"nnet"``, ``"multinom"`` or ``"averaged"``.
    network
        What the file holds, its vectors as arrays of one dimension.
    written_by
        The versions of R and its packages.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    path = check_path(file)
    content = _json(network)
    _KINDS[kind](Part(content, path))  # what could not be read is not written
    write_saved(path, kind, content, {name: str(value) for name, value in written_by.items()})


def load_for_r(file: str) -> dict[str, Any]:
    """Read a network that either language saved.

    Returns
    -------
    dict
        The ``kind`` and the ``network``.

    Raises
    ------
    TidydlError
        As :func:`tidydl.load_model`; of the formula only that it is text is known here.
    """
    kind, network = read_saved(file)
    with SAVED_MODELS.guard(f"`file` '{network.file}'", allowed=WRITTEN):
        return {"kind": kind, "network": _KINDS[kind](network)}


def _json(value: Any) -> Any:
    """Turn what R gave into what JSON holds: arrays into lists, missing ones into null."""
    if isinstance(value, dict):
        return {name: _json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_json(each) for each in value]
    if isinstance(value, np.ndarray):
        return numbers_text(value) if value.dtype.kind == "f" else [_json(each) for each in value.tolist()]
    if isinstance(value, float):
        return number_text(value)
    return value if isinstance(value, (bool, int, str)) else None  # pandas.NA


def _network(part: Part) -> dict[str, Any]:
    shape = shape_of(part)
    n_weights = number_of_weights(shape)
    wts, mask = part.numbers("wts", n_weights), part.flags("mask", n_weights)
    decay = part.numbers("decay")
    decay_of(part, n_weights)
    check_others(part, shape, n_weights)
    rows = part.whole("rows", MOST_UNITS)
    fitted, residuals = (part.matrix(name, rows, shape.outputs) for name in ("fitted", "residuals"))
    levels = classes_of(part, shape)
    if levels is not None and shape.outputs == 1 and not (np.abs(fitted + residuals - 0.5) < 1).all():
        raise part.fault("'residuals' does not fit the levels")
    return {
        "n": np.array([shape.inputs, shape.hidden, shape.outputs], dtype=float),
        "skip": shape.skip,
        "loss": part.text("loss"),
        "wts": wts,
        "decay": decay,
        "mask": mask,
        "value": part.number("value"),
        "convergence": part.whole("convergence", 1),
        "rows": rows,
        "fitted": fitted,
        "residuals": residuals,
        "weights": None if part.is_null("weights") else part.numbers("weights", rows),
        "row_names": None if part.is_null("row_names") else _row_names(part.part("row_names"), rows),
        "left_out": _left_out(part),
        "levels": None if levels is None else _texts(levels),
        "response": part.text("response"),
        "outputs": None if part.is_null("outputs") else _texts(part.texts("outputs", shape.outputs)),
        "design": _design(part.part("design"), None if _is_model(part) else shape.inputs),
        "call": _call(part.part("call")),
        "iterations": _count(part, "iterations"),
        "evaluations": _count(part, "evaluations"),
        "curve": _curve(part.part("curve")),
        "seconds": part.number("seconds"),
        "engine": part.text("engine"),
        "device": part.text("device"),
        "hessian": None if part.is_null("hessian") else part.matrix("hessian", n_weights, n_weights),
    }


def _is_model(part: Part) -> bool:
    return not part.is_null("multinom")


def _texts(values: Sequence[str]) -> Any:
    """Return texts so that they are a vector in R, however few there are."""
    import pandas as pd

    return pd.Series(list(values), dtype="str")


def _row_names(part: Part, rows: int) -> Any:
    if part.choice("kind", ("whole", "text")) == "text":
        return _texts(part.texts("labels", rows))
    return _texts([str(label) for label in part.wholes("labels", rows)])


def _left_out(part: Part) -> dict[str, Any] | None:
    found = left_out_of(part)
    if found is None:
        return None
    rows, labels, exclude = found
    return {"rows": np.array(rows, dtype=float), "labels": _texts(labels), "exclude": exclude}


def _count(part: Part, name: str) -> float:
    return MISSING if part.is_null(name) else float(part.whole(name, MOST_ITERATIONS))


def _curve(part: Part) -> np.ndarray:
    passes = part.wholes("iteration")
    if passes and not 0 <= min(passes) <= max(passes) <= MOST_ITERATIONS:
        raise part.fault(f"'{part.place}$iteration' is not whole numbers")
    return np.column_stack([passes, part.numbers("value", len(passes))]).astype(float).reshape(-1, 2)


def _call(part: Part) -> dict[str, Any]:
    """Read the call as text, and arguments that are one value each."""
    given = None if part.is_null("arguments") else part.part("arguments")
    found = {} if given is None else {name: _scalar(given, name) for name in given.names if name}
    known = {name: value for name, value in found.items() if value is not None}
    return {"text": None if part.is_null("text") else part.text("text"), "arguments": known}


def _scalar(part: Part, name: str) -> Any:
    """Read one value; None where it is of no kind that is known."""
    value = part.raw(name)
    if isinstance(value, str):
        return part.text(name)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MOST_ITERATIONS else part.number(name)
    return value if isinstance(value, float) else None


def _design(part: Part, inputs: int | None) -> dict[str, Any]:
    columns = part.texts("columns", inputs if inputs is not None and not part.is_null("formula") else None)
    if part.is_null("formula"):
        if inputs is not None and len(columns) not in (0, inputs):
            raise part.fault(f"'{part.place}$columns' has {len(columns)} values for {inputs}")
        return {"columns": _texts(columns), "formula": None}
    return {
        "place": part.place,
        "columns": _texts(columns),
        "formula": part.text("formula"),
        "reads": _texts(part.texts("reads", distinct=True)),
        "variables": [_variable(each) for each in part.parts("variables")],
        "memory": [
            {"call": each.text("call"), "arguments": [_argument(one) for one in each.parts("arguments")]}
            for each in part.parts("memory")
        ],
    }


def _variable(part: Part) -> dict[str, Any]:
    check_class(part)
    levels = None if part.is_null("levels") else levels_of(part)
    return {
        "name": part.text("name"),
        "class": None if part.is_null("class") else part.text("class"),
        "levels": None if levels is None else _texts(levels),
        "contrasts": None if part.is_null("contrasts") else _contrasts(part, levels),
    }


def _contrasts(part: Part, levels: Sequence[str] | None) -> Any:
    """Read contrasts: a name, or a matrix with the names of its rows and columns, which has a name where R made it."""
    if isinstance(part.raw("contrasts"), str):
        return named_contrasts(part, "contrasts", len(levels or ()))
    given = part.part("contrasts")
    rows = given.wholes("dim", 2)[0] if levels is None else len(levels)
    if rows > MOST_LEVELS:
        raise part.fault(f"'{part.place}$contrasts' has {rows:,} rows, and at most {MOST_LEVELS:,} are read")
    rows, width = contrasts_dim(part, given, rows)
    ends = [given.texts(name) and given.texts(name, n) for name, n in (("rows", rows), ("columns", width))]
    return {
        "name": None if given.is_null("name") else named_contrasts(given, "name", rows),
        "rows": _texts(ends[0]) if ends[0] else None,
        "columns": _texts(ends[1]) if ends[1] else None,
        "values": given.matrix("values", rows, width),
    }


def _argument(part: Part, depth: int = 0) -> dict[str, Any]:
    """Read what a call has kept as an argument: code, which R vets, values, or a list of those."""
    about: dict[str, Any] = {"name": part.text("name")}
    if not part.is_null("code"):
        return {**about, "code": part.text("code")}
    if not part.is_null("list"):
        if depth > 2:
            raise part.fault(f"'{part.place}' is nested too deeply")
        return {**about, "list": [_argument(each, depth + 1) for each in part.parts("list")]}
    kinds = [kind for kind in ("numbers", "wholes", "flags", "texts") if kind in part.names]
    if len(kinds) != 1:
        raise part.fault(f"'{part.place}' has no value")
    values = _values(part, kinds[0])
    names = None if part.is_null("names") else _texts(part.texts("names", len(values)))
    return {**about, "values": values, "names": names, "whole": kinds[0] == "wholes"}


def _values(part: Part, kind: str) -> Any:
    if kind == "numbers":
        return part.numbers(kind)
    if kind == "wholes":
        values = part.wholes(kind)
        if any(abs(value) > MOST_ITERATIONS for value in values):
            raise part.fault(f"'{part.place}$wholes' is not whole numbers")
        return np.array(values, dtype=float)
    return part.flags(kind, part.length(kind)) if kind == "flags" else _texts(part.texts(kind))


def _model(part: Part) -> dict[str, Any]:
    added = part.part("multinom")
    network = _network(part)
    if network["design"]["formula"] is None:
        raise part.fault(f"'{part.place}$design$formula' is not a formula with a response")
    outputs = int(network["n"][2])
    classes = added.texts("classes", distinct=True)
    if len(classes) != max(outputs, 2):
        raise part.fault(f"'multinom$classes' has {len(classes)} values for {outputs} outputs")
    offsets = added.texts("offsets")
    coefficients = int(network["mask"].sum())
    names = coefficients // (len(classes) - 1)
    intercept = names - len(network["design"]["columns"])
    fits = intercept in (0, 1) and names * (len(classes) - 1) == coefficients
    if not fits or names + len(offsets) != network["n"][0] or len(offsets) not in (0, outputs):
        raise part.fault("'n' does not fit the model")
    given_of(part.part("call"))
    if network["weights"] is None:
        raise part.fault("'weights' is missing")
    return {
        **network,
        "multinom": {
            "classes": _texts(classes),
            "offsets": _texts(offsets),
            "intercept": bool(intercept),
            "deviance": added.number("deviance"),
            "rank": added.whole("rank", MOST_ITERATIONS),
            "edf": added.number("edf"),
            "AIC": added.number("AIC"),
            "information": added.matrix("information", coefficients, coefficients),
            "hess": added.flag("hess"),
        },
    }


def _average(part: Part) -> dict[str, Any]:
    fits = [_network(each) for each in part.parts("fits")]
    alike = [(each["n"].tolist(), None if each["levels"] is None else each["levels"].tolist()) for each in fits]
    if not fits or any(each != alike[0] for each in alike):
        raise part.fault("'fits' are not of one kind")
    shape = fits[0]["fitted"].shape
    if any(each["fitted"].shape != shape for each in fits):
        raise part.fault("'fits' are not of one kind")
    fitted, residuals = (part.matrix(name, *shape) for name in ("fitted", "residuals"))
    return {"fits": fits, "fitted": fitted, "residuals": residuals}


_KINDS = {"averaged": _average, "multinom": _model, "nnet": _network}
