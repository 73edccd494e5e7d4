"""Saved networks for R: plain data, of which R makes its own fitted objects, and back.

What R receives was read as Python reads it, with every check; formulas and calls are rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from tidydl.boundaries import SAVED_MODELS
from tidydl.networks.averaging import AveragedNNet
from tidydl.networks.multinomial.record import Multinom
from tidydl.networks.record import NNet
from tidydl.networks.saved.files import WRITTEN, check_path, read_saved, write_saved
from tidydl.networks.saved.left_out import left_out_of
from tidydl.networks.saved.networks import KINDS, arguments_of
from tidydl.networks.saved.parts import MISSING, Part, number_text, numbers_text
from tidydl.networks.saved.r_calls import CallForR, call_for_r
from tidydl.networks.saved.r_design import DesignForR, design_for_r, texts_for_r


def save_for_r(file: str, kind: str, network: dict[str, Any], written_by: dict[str, str]) -> None:
    """Write a network of R's to a file; ``network`` is what the file holds, its vectors as arrays of one dimension.

    ``kind`` is ``"nnet"``, ``"multinom"`` or ``"averaged"``, ``written_by`` the versions of R and its packages. A
    formula that could not be loaded again is refused.
    """
    path = check_path(file)
    content = _json(network)
    KINDS[kind].read(Part(content, path), design_for_r)  # what could not be read is not written
    write_saved(path, kind, content, {name: str(value) for name, value in written_by.items()})


def load_for_r(file: str) -> dict[str, Any]:
    """Read the ``kind`` and the ``network`` that either language saved; the formula may call what R alone computes."""
    kind, part = read_saved(file)
    with SAVED_MODELS.guard(f"`file` '{part.file}'", allowed=WRITTEN):
        return {"kind": kind, "network": _WRITERS[kind](part, KINDS[kind].read(part, design_for_r))}


def _json(value: object) -> Any:
    """Convert values of R to JSON: arrays to lists, missing values to null."""
    if isinstance(value, dict):
        return {name: _memory(each) if name == "memory" else _json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_json(each) for each in value]
    if isinstance(value, np.ndarray):
        return numbers_text(value) if value.dtype.kind == "f" else [_json(each) for each in value.tolist()]
    if isinstance(value, float):
        return number_text(value)
    return value if isinstance(value, (bool, int, str)) else None  # pandas.NA


def _memory(noted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write what calls keep: values by their kind, with their names, if any."""
    return [{**each, "arguments": _arguments(each["arguments"].items())} for each in noted]


def _arguments(named: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": name, **_argument(value)} for name, value in named]


def _argument(value: object) -> dict[str, Any]:
    if isinstance(value, (dict, list)):
        return {"list": _arguments(value.items() if isinstance(value, dict) else (("", each) for each in value))}
    values = value if isinstance(value, pd.Series) else pd.Series([value])
    kind = {"f": "numbers", "i": "wholes", "u": "wholes", "b": "flags"}.get(values.dtype.kind, "texts")
    written = numbers_text(values) if kind == "numbers" else values.tolist()
    is_named = not isinstance(values.index, pd.RangeIndex)
    return {kind: written, **({"names": values.index.tolist()} if is_named else {})}


def _network(part: Part, fit: NNet) -> dict[str, Any]:
    assert fit.index is not None  # as every one that was read
    return {
        "n": np.array(fit.n, dtype=float),
        "skip": fit.skip,
        "loss": part.text("loss"),
        "wts": fit.wts,
        "decay": part.numbers("decay"),
        "mask": fit.mask,
        "value": fit.value,
        "convergence": fit.convergence,
        "rows": len(fit.fitted_values),
        "fitted": fit.fitted_values,
        "residuals": fit.residuals,
        "weights": None if part.is_null("weights") else fit.weights,
        "row_names": None if part.is_null("row_names") else texts_for_r([str(label) for label in fit.index.tolist()]),
        "left_out": _left_out(part),
        "levels": None if fit.lev is None else texts_for_r(fit.lev),
        "outputs": None if part.is_null("outputs") else texts_for_r(part.texts("outputs")),
        "design": _design(fit),
        "call": _call(part.part("call"), fit),
        "iterations": _count(fit.iterations),
        "evaluations": _count(fit.evaluations),
        "curve": fit.curve,
        "seconds": fit.seconds,
        "engine": fit.engine,
        "device": fit.device,
        "hessian": None if fit.Hessian is None else fit.Hessian.to_numpy(),
    }


def _left_out(part: Part) -> dict[str, Any] | None:
    left_out = left_out_of(part)
    if left_out is None:
        return None
    rows, labels, exclude = left_out
    return {"rows": np.array(rows, dtype=float), "labels": texts_for_r(labels), "exclude": exclude}


def _count(value: int | None) -> float:
    return MISSING if value is None else float(value)


def _call(part: Part, fit: NNet) -> dict[str, Any]:
    """Return the rewritten call as text, and the scalar arguments."""
    is_model = isinstance(fit, Multinom)
    text = part.text("text") if not part.is_null("text") else None
    if text is None:
        call = CallForR("multinom()" if is_model else _made_call(fit))
    else:
        size = None if is_model else fit.n[1]
        call = call_for_r(text, size) or CallForR("multinom()" if is_model else "nnet()")
    arguments = {name: value for name, value in arguments_of(part, "arguments").items() if name and value is not None}
    return {"text": call.text, "other_size": call.other_size, "arguments": arguments}


def _design(fit: NNet) -> dict[str, Any]:
    assert isinstance(fit.design, DesignForR)
    return fit.design.for_r


def _made_call(fit: NNet) -> str:
    formula = _design(fit)["formula"]
    data = "x = x, y = y" if formula is None else f"formula = {formula}, data = data"
    return f"nnet({data}, size = {fit.n[1]}{', skip = TRUE' if fit.skip else ''})"


def _model(part: Part, fit: Multinom) -> dict[str, Any]:
    return {
        **_network(part, fit),
        "multinom": {
            "classes": texts_for_r(fit.classes),
            "offsets": texts_for_r(part.part("multinom").texts("offsets")),
            "intercept": fit.intercept,
            "deviance": fit.deviance,
            "rank": fit.rank,
            "edf": fit.edf,
            "AIC": fit.AIC,
            "information": fit.information,
            "hess": fit.Hessian is not None,
        },
    }


def _average(part: Part, fit: AveragedNNet) -> dict[str, Any]:
    fits = [_network(each, one) for each, one in zip(part.parts("fits"), fit.fits, strict=True)]
    return {"fits": fits, "fitted": fit.fitted_values, "residuals": fit.residuals}


_WRITERS: dict[str, Callable[[Part, Any], dict[str, Any]]] = {
    "averaged": _average,
    "multinom": _model,
    "nnet": _network,
}
