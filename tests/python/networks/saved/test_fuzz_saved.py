"""Saved models that are mutated: whatever the file holds, only our errors come out, and what loads can be used."""

import contextlib
import json
import warnings

import numpy as np
import pandas as pd
import pytest

import tidydl
from fuzzing.mutated_bytes import run_target
from support.shared_cases import DATA
from tidydl.errors import TidydlError
from tidydl.networks.saved.crossing import load_for_r, save_for_r

NEW = pd.DataFrame({"x": [0.1, 0.4, None], "g": ["a", "b", "c"], "width": [1.0, 2.0, 3.0]})


def seed_files(folder):
    data = pd.DataFrame({"x": np.arange(12.0) % 5, "g": list("abc") * 4, "y": list("uv") * 6, "z": np.arange(12.0)})
    data["o"] = pd.Categorical(data["g"], ordered=True)
    calls = [
        (tidydl.nnet, "y ~ poly(x, 2) * g + scale(x)", {"size": 1, "weights": np.arange(12) + 1.0}),
        (tidydl.nnet, "z ~ 0 + o + I(x^2) - g + factor(x, levels = c(0, 1, 2, 3, 4))", {"size": 1, "Hess": True}),
        (tidydl.nnet, "y ~ x", {"size": 1, "repeats": 2}),
        (tidydl.multinom, "y ~ x + offset(z)", {"Hess": True}),
    ]
    for i, (fit, formula, options) in enumerate(calls):
        tidydl.save_model(fit(formula, data, trace=False, maxit=2, **options), folder / f"{i}.json")
        yield (folder / f"{i}.json").read_bytes()


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = list(seed_files(tmp_path_factory.mktemp("seeds")))
    return [*((DATA / name).read_bytes() for name in ("saved_network.json", "saved_model.json")), *made]


def use(fit):
    """Ask a network what can be asked; a question that it cannot answer has one of our errors."""
    questions = (
        lambda: repr(fit),
        lambda: repr(fit.summary() if hasattr(fit, "summary") else None),
        lambda: fit.predict(NEW),
        lambda: tidydl.tidy(fit),
        lambda: tidydl.glance(fit),
        lambda: tidydl.augment(fit, NEW),
        lambda: tidydl.confusion(fit),
    )
    for question in questions:
        with contextlib.suppress(TidydlError), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            question()


def test_a_mutated_file_loads_and_answers_or_raises_our_error(seeds, tmp_path):
    path = tmp_path / "fit.json"

    def reader(given):
        path.write_bytes(given)
        fit = tidydl.load_model(path)
        use(fit)
        tidydl.save_model(fit, tmp_path / "again.json")
        tidydl.load_model(tmp_path / "again.json")

    outcomes = run_target(reader, seeds)
    assert outcomes["DamagedFileError"] > 10
    assert outcomes["success"] >= len(seeds)


def loads(read, path):
    try:
        read(path)
    except TidydlError as problem:
        return problem.kind
    return "read"


def test_a_mutated_file_crosses_to_r_as_plain_data_if_python_reads_it_and_else_raises_our_error(seeds, tmp_path):
    from tidydl.bridge.encode import encode

    path = tmp_path / "fit.json"

    def reader(given):
        path.write_bytes(given)
        here, there = loads(tidydl.load_model, path), loads(load_for_r, path)
        assert (here == "read") == (there == "read") or here == "formula", (here, there)  # R may call more functions
        encode(load_for_r(path))

    assert run_target(reader, seeds)["success"] >= len(seeds)


def of_r(argument):
    """Turn what a file says of an argument into what R gives."""
    if "list" in argument:
        inside = [(each["name"], of_r(each)) for each in argument["list"]]
        return dict(inside) if any(name for name, _ in inside) else [value for _, value in inside]
    values = next(argument[kind] for kind in ("numbers", "wholes", "flags", "texts") if kind in argument)
    return pd.Series([float(each) for each in values] if "numbers" in argument else values)


def content_of_r(value):
    if isinstance(value, list):
        return [content_of_r(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: each if name == "memory" else content_of_r(each) for name, each in value.items()}
    if "memory" in found:
        memory = [
            {**each, "arguments": {one["name"]: of_r(one) for one in each["arguments"]}} for each in found["memory"]
        ]
        found["memory"] = memory
    return found


def test_content_of_r_that_is_mutated_is_saved_so_that_it_loads_or_not_at_all(seeds, tmp_path):
    def writer(given):
        try:
            whole = content_of_r(json.loads(given))
            kind, network = whole["kind"], {**whole["network"]}
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, StopIteration):
            return
        if kind in ("nnet", "multinom", "averaged"):
            save_for_r(str(tmp_path / "fit.json"), kind, network, {"language": "R"})
            load_for_r(str(tmp_path / "fit.json"))

    assert run_target(writer, seeds)["success"] >= len(seeds)
