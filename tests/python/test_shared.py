"""The cases that both languages run; tests/testthat/test-shared.R is the other half."""

import numpy as np
import pandas as pd
import pytest

import tidydl
from support.pandas_kinds import TEXT
from support.precision import SCORES, assert_near
from support.shared_cases import DATA, cases_of, opened, perform, value_of
from tidydl.data.media.image import Image
from tidydl.errors import TidydlError


def named(file):
    return [pytest.param(case, id=case["name"]) for case in cases_of(file)]


def references_of(file):
    return {reference["name"]: reference for reference in cases_of(f"references/{file}")}


def fits_here(case):
    if case.get("requires") != "no cuda":
        return True
    import torch

    return not torch.cuda.is_available()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", named("errors.json"))
def test_bad_input_gets_the_same_error_in_both_languages(case, tmp_path):
    if not fits_here(case):
        pytest.skip("this machine has CUDA")
    with pytest.raises(TidydlError) as caught:
        perform(case, tmp_path)
    found = {part: getattr(caught.value, part) for part in ("kind", "problem", "allowed", "hint")}
    found = {part: text.replace(str(tmp_path), "{folder}") for part, text in found.items() if text is not None}
    found = {part: opened(text, case["error"].get(part, "")) for part, text in found.items()}
    assert found == case["error"]


def near(found, expected, tolerance=1e-8):
    found = np.asarray(found, dtype=float).ravel()
    expected = np.asarray(expected, dtype=float).ravel()
    return np.allclose(found, expected, rtol=0, atol=tolerance, equal_nan=True)


@pytest.mark.parametrize("case", named("networks.json"))
def test_networks_have_the_weights_values_and_predictions_of_r(case, tmp_path):
    reference = references_of("networks.json")[case["name"]]
    fit = perform({**case, "call": "nnet"}, tmp_path)
    given = case["arguments"].get("x", {"frame": "students.csv"})
    data = value_of(given, tmp_path)
    assert near(fit.wts, reference["wts"])
    assert near(fit.value, reference["value"])
    assert fit.convergence == reference["convergence"]
    assert near(fit.predict(data)[:12], [[np.nan if v is None else v for v in row] for row in reference["raw"]])
    if fit.lev is not None:
        classes = fit.predict(data, type="class")[:12]
        assert [None if pd.isna(label) else label for label in classes] == reference["class"]
        assert near(tidydl.glance(tidydl.confusion(fit))["accuracy"], reference["accuracy"])
    assert repr(fit).splitlines() == reference["print"]
    assert repr(fit.summary()).splitlines() == reference["summary"]


@pytest.mark.parametrize("case", named("random.json"))
def test_random_numbers_are_those_of_r(case, tmp_path):
    assert near(perform(case, tmp_path), references_of("random.json")[case["name"]]["values"])


@pytest.mark.parametrize("case", [*named("pipelines.json"), *named("media.json")])
def test_pipelines_give_what_plain_transformers_give(case, tmp_path):
    reference = {**references_of("pipelines.json"), **references_of("media.json")}[case["name"]]
    found = perform(case, tmp_path)
    assert set(reference["columns"]) <= set(found.columns)
    for name, expected in reference["columns"].items():
        if name == "label":
            assert list(found[name].cat.categories) == reference["levels"]
        if any(isinstance(value, str) for value in expected) or name == "label":
            assert [None if pd.isna(value) else value for value in found[name]] == expected
        else:
            assert_near(found[name].astype("float64"), expected, name, within=case.get("within", SCORES))


def kind_of(column):
    if isinstance(column.dtype, pd.CategoricalDtype):
        return {"kind": "label", "levels": [str(level) for level in column.cat.categories]}
    names = {"float64": "double", "int64": "integer", "bool": "logical", "boolean": "logical", "str": "string"}
    names |= {"object": "list"}
    texts = column.dtype == TEXT and all(isinstance(each, str) or pd.isna(each) is True for each in column)
    name = "str" if texts else str(column.dtype)
    return {"kind": names.get(name, "integer" if name == "Int64" else name)}


def plain(value):
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    return repr(value) if isinstance(value, Image) else value


@pytest.mark.parametrize("case", named("frames.json"))
def test_frames_have_the_columns_kinds_rows_and_values_that_the_cases_say(case, tmp_path):
    found = perform(case, tmp_path)
    assert len(found) == case["rows"]
    assert {name: kind_of(found[name]) for name in found.columns} == case["columns"]
    assert list(found.columns) == list(case["columns"])
    for name, expected in case["values"].items():
        values = [plain(value) for value in found[name].tolist()[: len(expected)]]
        if kind_of(found[name])["kind"] == "double":
            assert near([np.nan if v is None else v for v in values], [np.nan if v is None else v for v in expected])
        else:
            assert values == expected, name


def test_the_cases_cover_every_kind_of_error_that_needs_no_network():
    kinds = {case["error"]["kind"] for case in cases_of("errors.json")}
    assert kinds == {"argument", "column", "damaged", "data", "device", "formula", "not_found"}
    assert len({case["name"] for case in cases_of("errors.json")}) == len(cases_of("errors.json"))
    assert (DATA / "students.csv").is_file()
