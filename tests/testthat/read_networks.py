"""What test-saving.R asks of Python: predict with networks that R saved, and save networks for R to read."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import tidydl

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
asked = json.loads((folder / "asked.json").read_text("utf-8"))


def column(given):
    if "levels" in given:
        return pd.Categorical(given["values"], categories=given["levels"], ordered=given["ordered"])
    return given["values"]


data = pd.DataFrame({name: column(given) for name, given in asked["data"].items()})


def predictions(name, fit):
    """Write what the network predicts, row by row, and what it prints."""
    kind = {"type": "probs"} if isinstance(fit, tidydl.networks.multinomial.record.Multinom) else {}
    np.ascontiguousarray(fit.predict(data, **kind), dtype=float).tofile(folder / f"{name}.bin")
    (folder / f"{name}.txt").write_text(f"{fit!r}\n{fit.summary()!r}\n", "utf-8")
    tidydl.save_model(fit, folder / f"{name}.again.json")


for name in asked["read"]:
    predictions(name, tidydl.load_model(folder / f"{name}.json"))
for name, call in asked["fit"].items():
    formula, function = call.pop("formula"), getattr(tidydl, call.pop("function", "nnet"))
    predictions(name, function(formula, data, trace=False, **call))
