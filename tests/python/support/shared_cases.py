"""The cases of tests/shared, read for Python. README.md there explains the notations."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import tidydl
import tiny
from support import ROOT

SHARED = ROOT / "tests" / "shared"
DATA = SHARED / "data"
KINDS = {"double": "float64", "integer": "Int64", "logical": "boolean", "string": "str"}


def cases_of(file: str) -> list[dict[str, Any]]:
    """Read the cases of a file, of what the languages write differently, <<None|NULL>>, Python's side."""
    return json.loads(re.sub(r"<<(.*?)\|(.*?)>>", r"\1", (SHARED / file).read_text("utf-8")))


def perform(case: dict[str, Any], folder: Path) -> Any:
    """Do what a case says: start the random numbers, make the values, call."""
    if "seed" in case:
        tidydl.set_seed(case["seed"])
    return call(case["call"], case["arguments"], folder)


def call(name: str, arguments: dict[str, Any], folder: Path) -> Any:
    made = {argument: value_of(value, folder) for argument, value in arguments.items()}
    if name in ("nnet", "multinom"):
        made = {"trace": False, **made}
    if name == "run":
        inputs = [made.pop("x")] if "x" in made else []
        return made.pop("pipeline")(*inputs, **made)
    if name in ("tidy", "glance", "augment", "predict"):
        return getattr(tidydl, name)(made.pop("x"), **made)
    if name == "summary":
        return repr(tidydl.summary(**made)).splitlines()
    if name == "print":
        return repr(made["x"]).splitlines()
    return getattr(tidydl, name)(**made)


def value_of(value: Any, folder: Path) -> Any:
    """Build a value of its notation: what is no object with a known first name stands for itself."""
    if not isinstance(value, dict):
        return value
    notation = next(iter(value))
    return NOTATIONS[notation](value, folder)


def _columns(value: dict[str, Any], folder: Path) -> pd.DataFrame:
    return pd.DataFrame({name: _column(column, folder) for name, column in value["columns"].items()})


def _column(column: Any, folder: Path) -> Any:
    made = value_of(column, folder)
    return made.reset_index(drop=True) if isinstance(made, pd.Series) else made


def _factor(value: dict[str, Any], folder: Path) -> pd.Series:
    return pd.Series(pd.Categorical(value["factor"], categories=value["levels"]))


def _missing(value: dict[str, Any], folder: Path) -> pd.Series:
    return pd.Series([None] * value["times"], dtype=KINDS[value["missing"]])


def _model_copy(value: dict[str, Any], folder: Path) -> str:
    """Copy an example model, with one of its files cut after so many bytes."""
    copy = folder / "model"
    shutil.copytree(tidydl.example_model(value["model_copy"]), copy)
    damaged = copy / value["file"]
    damaged.write_bytes(damaged.read_bytes()[: value["cut_after"]])
    return str(copy)


def _damaged_image(value: dict[str, Any], folder: Path) -> str:
    path = folder / value["damaged_image"]
    path.write_bytes(b"this is no image")
    return str(path)


NOTATIONS = {
    "example": lambda value, folder: tidydl.example_data(value["example"], split=value.get("split")),
    "example_model": lambda value, folder: tidydl.example_model(value["example_model"]),
    "tiny_model": lambda value, folder: str(tiny.kept(value["tiny_model"])),
    "data": lambda value, folder: str(DATA / value["data"]),
    "frame": lambda value, folder: tidydl.load_dataset(DATA / value["frame"]),
    "columns": _columns,
    "factor": _factor,
    "missing": _missing,
    "formula": lambda value, folder: value["formula"],
    "matrix": lambda value, folder: np.array(value["matrix"], dtype=float),
    "named": lambda value, folder: {name: value_of(each, folder) for name, each in value["named"].items()},
    "path": lambda value, folder: str(folder / value["path"]),
    "model_copy": _model_copy,
    "damaged_image": _damaged_image,
    "column": lambda value, folder: value_of(value["of"], folder)[value["column"]],
    "select": lambda value, folder: value_of(value["of"], folder)[value["select"]],
    "call": lambda value, folder: call(value["call"], value["arguments"], folder),
}


def opened(text, expected):
    """Return the expected text where only what it leaves open, {anything}, differs."""
    start, hole, end = expected.partition("{anything}")
    return expected if hole and text.startswith(start) and text.endswith(end) else text
