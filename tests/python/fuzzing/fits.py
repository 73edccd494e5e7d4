"""Data, fits, models and results that the fuzzed calls start from, each made once."""

import functools

import numpy as np
import pandas as pd

import tidydl
import tiny
from tiny.cache import keeper


def _data(folder=None):
    rows = np.arange(12)
    return pd.DataFrame(
        {
            "x": np.sin(rows),
            "z": np.cos(rows * 2.0),
            "g": np.array(["a", "b", "c"])[rows % 3],
            "k": np.array(["u", "v"])[rows % 2],
            "y": (rows % 5) / 5,
            "w": 1.0 + rows % 2,
        }
    )


@functools.cache
def _fit(kind):
    quick = {"size": 1, "maxit": 5, "trace": False}
    tidydl.set_seed(1)
    return {
        "network": lambda: tidydl.nnet("g ~ x + k", _data(), Hess=True, **quick),
        "numbers": lambda: tidydl.nnet("y ~ x + z", _data(), **quick),
        "matrix": lambda: tidydl.nnet(_data()[["x", "z"]].to_numpy(), _data()["y"].to_numpy(), **quick),
        "average": lambda: tidydl.nnet("g ~ x + k", _data(), repeats=2, **quick),
        "multinom": lambda: tidydl.multinom("g ~ x + k", _data(), maxit=20, trace=False),
        "binomial": lambda: tidydl.multinom("k ~ x", _data(), maxit=20, trace=False),
        "search": lambda: tidydl.tune_nnet("g ~ x", _data(), size=[1, 2], resamples=2, maxit=2, progress=False),
        "confusion": lambda: tidydl.confusion(_fit("network")),
        "importance": lambda: tidydl.olden(_fit("numbers")),
        "profile": lambda: tidydl.lekprofile(_fit("numbers"), _data(), steps=3),
        "result": lambda: _ppl("text-classification", "text")(["a happy day", "so sad"], top_k=None),
        "embeddings": lambda: tidydl.embed(["a happy day", "so sad", "night"], model=_folder("encoder")),
    }[kind]()


MODELS = {"text": lambda folder: tiny.text_folder(folder), "image": lambda folder: tiny.image_folder(folder)}
_kept = keeper(MODELS)


def _folder(name):
    return str(_kept(name) if name in MODELS else tiny.kept(name))


@functools.cache
def _ppl(task, model):
    return tidydl.pipeline(task, model=_folder(model), device="cpu")


def _picture():
    return np.arange(16 * 16 * 3, dtype="uint8").reshape(16, 16, 3)
