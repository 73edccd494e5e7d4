"""What was pickled answers every verb in a fresh process, whoever imported what there."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import tidydl
import tiny
from tidydl.errors import TidydlError

VERBS = (
    *("tidy", "glance", "augment", "coef", "summary", "predict", "fitted", "residuals"),
    *("vcov", "confint", "logLik", "anova", "AIC", "BIC", "autoplot"),
)
ASK = """
import pickle, sys, warnings
warnings.simplefilter("ignore")
with open(sys.argv[1], "rb") as file:
    held = pickle.load(file)
from tidydl.errors import TidydlError
import tidydl
import tidydl.verbs
told = {}
for verb in sys.argv[3].split():  # autoplot comes last: it imports what draws each kind
    door = tidydl if verb == "autoplot" else tidydl.verbs
    for name, (x, data) in held.items():
        try:
            found = getattr(door, verb)(x, **({"data": data} if verb == "augment" and data is not None else {}))
            told[name, verb] = type(found).__name__
        except TidydlError as problem:
            told[name, verb] = type(problem).__name__ + ": " + problem.problem
told |= {(name, "repr"): len(repr(x)) > 0 for name, (x, _) in held.items()}
with open(sys.argv[2], "wb") as file:
    pickle.dump(told, file)
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    data = tidydl.example_data("bigfive").head(150)
    texts = pd.DataFrame({"text": ["the sun was happy", "night"]})
    fit = tidydl.nnet("education ~ extraversion", data, size=1, trace=False, maxit=20, Hess=True)
    ppl = tidydl.pipeline("text-classification", tiny.text_folder(tmp_path_factory.mktemp("m") / "bert"), device="cpu")
    return {
        "network": (fit, data),
        "line": (tidydl.nnet("extraversion ~ age", data, size=1, linout=True, trace=False, maxit=20), data),
        "repeats": (tidydl.nnet("education ~ extraversion", data, size=1, trace=False, maxit=20, repeats=2), data),
        "multinom": (tidydl.multinom("education ~ extraversion", data, trace=False), data),
        "search": (tidydl.tune_nnet("education ~ extraversion", data, size=[1], decay=[0.1], maxit=20), data),
        "confusion": (tidydl.confusion(fit), None),
        "importance": (tidydl.importance(fit), None),
        "profile": (tidydl.lekprofile(fit, data, steps=3), None),
        "pipeline": (ppl, texts),
        "answers": (ppl(texts), None),
        "embeddings": (tidydl.embed(texts, ppl.model.name_or_path, device="cpu"), None),
        "splits": (tidydl.split_data(data, seed=1), None),
        "image": (tidydl.example_data("digits")["image"][0], None),
        "images": (tidydl.example_data("digits").head(3), None),
    }


def told_in(tmp_path, objects):
    """Ask in a fresh process, which has imported nothing but what unpickling does."""
    (tmp_path / "held.pkl").write_bytes(pickle.dumps(objects))
    arguments = [str(tmp_path / "held.pkl"), str(tmp_path / "told.pkl"), " ".join(VERBS)]
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
            except TidydlError as problem:
                told[name, verb] = f"{type(problem).__name__}: {problem.problem}"
        told[name, "repr"] = True
    return told


@pytest.mark.filterwarnings("ignore")
def test_each_verb_does_in_a_fresh_process_what_it_does_here(tmp_path, objects):
    expected = here(objects)
    assert expected["pipeline", "augment"] == "DataFrame"
    assert told_in(tmp_path, objects) == expected
