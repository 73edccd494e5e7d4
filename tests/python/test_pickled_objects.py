"""What was pickled answers every verb in a fresh process, whoever imported what there."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import tiny

import tidydl
from tidydl.errors import ArgumentError

VERBS = (
    *("tidy", "glance", "augment", "autoplot", "coef", "summary", "predict", "fitted", "residuals"),
    *("vcov", "confint", "logLik", "anova", "AIC", "BIC"),
)
ASK = """
import pickle, sys, warnings
warnings.simplefilter("ignore")
with open(sys.argv[1], "rb") as file:
    held = pickle.load(file)
from tidydl.errors import TidydlError
if sys.argv[2] == "verbs":  # a verb alone, with no door of the package
    import tidydl.verbs as door
else:
    import tidydl as door
told = {}
for name, (x, data) in held.items():
    for verb in sys.argv[4].split():
        if not hasattr(door, verb):
            continue
        try:
            found = getattr(door, verb)(x, **({"data": data} if verb == "augment" and data is not None else {}))
            told[name, verb] = type(found).__name__
        except TidydlError as problem:
            told[name, verb] = type(problem).__name__ + ": " + problem.problem
    told[name, "repr"] = len(repr(x)) > 0
with open(sys.argv[3], "wb") as file:
    pickle.dump(told, file)
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    data = tidydl.example_data("bigfive").head(150)
    texts = pd.DataFrame({"text": ["the sun was happy", "night"]})
    fit = tidydl.nnet("education ~ extraversion", data, size=1, trace=False, maxit=20, Hess=True)
    ppl = tidydl.pipeline("text-classification", tiny.text_folder(tmp_path_factory.mktemp("m") / "bert"), device="cpu")
    answered = tidydl.augment(fit, data)
    return {
        "network": (fit, data),
        "line": (tidydl.nnet("extraversion ~ age", data, size=1, linout=True, trace=False, maxit=20), data),
        "repeats": (tidydl.nnet("education ~ extraversion", data, size=1, trace=False, maxit=20, repeats=2), data),
        "multinom": (tidydl.multinom("education ~ extraversion", data, trace=False), data),
        "search": (tidydl.tune_nnet("education ~ extraversion", data, size=[1], decay=[0.1], maxit=20), data),
        "confusion": (tidydl.confusion(answered["education"], answered[".pred_class"]), None),
        "importance": (tidydl.importance(fit), None),
        "profile": (tidydl.lekprofile(fit), None),
        "pipeline": (ppl, texts),
        "answers": (ppl(texts), None),
        "embeddings": (tidydl.embed(texts, ppl.model.name_or_path, device="cpu"), None),
        "splits": (tidydl.split_data(data, seed=1), None),
        "image": (tidydl.example_data("digits")["image"][0], None),
        "images": (tidydl.example_data("digits").head(3), None),
    }


def told_in(tmp_path, objects, door):
    """Ask in a fresh process, which imports the door after it has unpickled."""
    (tmp_path / "held.pkl").write_bytes(pickle.dumps(objects))
    arguments = [str(tmp_path / "held.pkl"), door, str(tmp_path / "told.pkl"), " ".join(VERBS)]
    subprocess.run([sys.executable, "-c", ASK, *arguments], check=True, env=os.environ, cwd=Path(__file__).parent)
    return pickle.loads((tmp_path / "told.pkl").read_bytes())


def here(objects):
    """Ask in this process, where all was made."""
    told = {}
    for name, (x, data) in objects.items():
        for verb in VERBS:
            try:
                more = {"data": data} if verb == "augment" and data is not None else {}
                told[name, verb] = type(getattr(tidydl, verb)(x, **more)).__name__
            except (ArgumentError, tidydl.errors.TidydlError) as problem:
                told[name, verb] = f"{type(problem).__name__}: {problem.problem}"
        told[name, "repr"] = True
    return told


@pytest.mark.filterwarnings("ignore")
def test_each_verb_does_in_a_fresh_process_what_it_does_here(tmp_path, objects):
    expected = here(objects)
    assert expected["pipeline", "augment"] == "DataFrame"
    for door in ("tidydl", "verbs"):
        found = told_in(tmp_path, objects, door)
        assert {key: found[key] for key in found if key[1] != "autoplot" or door == "tidydl"} == {
            key: expected[key] for key in found if key[1] != "autoplot" or door == "tidydl"
        }
