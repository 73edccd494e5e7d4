"""What a fit refuses and warns of. Cases that R refuses too are in tests/shared/errors.json and warnings.json."""

import datetime
import warnings

import numpy as np
import pandas as pd
import pytest

import tidydl
from support.shared_cases import cases_of, perform
from tidydl import nnet
from tidydl.errors import ArgumentError, ColumnError, DataError, FormulaError, TidydlError


def told_by(work):
    """Return what a call warns of, each time it does."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        work()
    return [str(each.message) for each in told if each.category is UserWarning]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases_of("warnings.json")])
def test_warnings_are_the_same_in_both_languages(case, tmp_path):
    assert told_by(lambda: perform(case, tmp_path)) == case["warnings"]


def test_a_warning_points_at_the_call_of_the_user():
    with pytest.warns(UserWarning, match="same in every row") as told:
        nnet(np.ones((3, 1)), [0.1, 0.2, 0.3], size=1, trace=False)
    assert told[0].filename == __file__


def test_warnings_change_neither_the_numbers_nor_the_trace(capsys, monkeypatch):
    data = pd.DataFrame({"x": [2001.0, 2003, 2007], "c": 1.0, "y": [1.0, 2, 3]})

    def fit():
        tidydl.set_seed(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wts = nnet("y ~ x + c", data, size=2, maxit=5).wts
        return wts, capsys.readouterr()

    advised = fit()
    monkeypatch.setattr("tidydl.networks.fit.advise", lambda *given, **more: None)
    plain = fit()
    assert np.array_equal(advised[0], plain[0])
    assert advised[1] == plain[1]


def test_dependence_that_some_rows_feign_is_not_reported():
    generator = np.random.default_rng(1)
    x = generator.normal(size=(5000, 2))
    rare = np.zeros(5000)
    rare[[7, 4321]] = 1.0  # constant wherever one does not look closely
    nearly = x[:, 0] + x[:, 1] + 1e-5 * generator.normal(size=5000)
    y = generator.uniform(size=5000)
    assert told_by(lambda: nnet(np.column_stack([x, rare, nearly]), y, size=1, maxit=0, trace=False)) == []


def test_exact_dependence_is_reported_among_thousands_of_rows():
    generator = np.random.default_rng(1)
    x = generator.normal(size=(5000, 3))
    x[:, 2] = 1e6 * x[:, 0] - x[:, 1] + 3
    [told] = told_by(lambda: nnet(x / [1, 1, 1e6], generator.uniform(size=5000), size=1, maxit=0, trace=False))
    assert "determine exactly: 'i3'" in told


def test_few_rows_of_many_inputs_are_no_dependence():
    generator = np.random.default_rng(1)
    assert told_by(lambda: nnet(generator.normal(size=(5, 8)), np.full(5, 0.5), size=1, trace=False)) == []


def test_immense_numbers_are_warned_of_and_nothing_breaks():
    x = np.array([[1e200, 1.0], [-1e250, 2.0], [1e308, 4.0], [1e290, 0.0]])
    told = told_by(lambda: nnet(x, [0.1, 0.2, 0.3, 0.4], size=1, maxit=2, trace=False))
    assert len(told) == 1
    assert told[0].startswith("`x` has inputs so large")


@pytest.mark.parametrize("formula", ["vote ~ selfLR + age + income", "educ ~ TVnews + PID + age", "income ~ PID + age"])
def test_questionnaires_with_ages_are_not_warned_of(formula):
    linout = formula.startswith("income")
    assert told_by(lambda: nnet(formula, tidydl.example_data("anes96"), size=2, linout=linout, trace=False)) == []


XY = pd.DataFrame({"x": [0.5, 1.5, -1.0], "y": [0.1, 0.2, 0.3]})


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"size": float("nan")}, "`size` is a missing value."),
        ({"size": None}, "`size` is None."),
        ({"size": [2]}, "`size` is 1 value in a list."),
        ({"abstol": float("nan")}, "`abstol` is a missing value."),
        ({"reltol": None}, "`reltol` is None."),
        ({"maxit": np.nan}, "`maxit` is a missing value."),
        ({"maxit": 1 + 2j}, "`maxit` is something else."),
        ({"trace": None}, "`trace` is None."),
        ({"decay": 1j}, "`decay` is something else."),
        ({"decay": -1}, "`decay` is -1."),
        ({"decay": [-1.5]}, "`decay` is -1.5."),
        ({"decay": 10**400}, "`decay` is inf."),
        ({"reltol": float("-inf")}, "`reltol` is -inf."),
        ({"decay": None}, "`decay` is not valid."),
        ({"decay": [[0.1], [0.2, 0.3]]}, "`decay` is not valid."),
        ({"Wts": [0.1, 0.2, 1j, 0.3]}, "`Wts` is not numeric."),
        ({"Wts": {"a": 1}}, "`Wts` is not numeric."),
        ({"Wts": 0.5}, "`Wts` has 1 values for 4 weights."),
        ({"mask": "all"}, "`mask` is not numeric."),
        ({"weights": [1, 2, 3j]}, "`weights` is not numeric."),
        ({"weights": "w"}, "`weights` names the column 'w', which `data` does not have."),
        ({"siz": 2}, "`nnet()` has no argument 'siz'."),
        ({"SIZE": 2}, "`nnet()` has no argument 'SIZE'."),
        ({"na_actoin": "omit"}, "`nnet()` has no argument 'na_actoin'."),
    ],
)
def test_an_option_that_cannot_be_used_is_named(options, problem):
    with pytest.raises(TidydlError) as caught:
        nnet("y ~ x", XY, **{"size": 1, "trace": False, **options})
    assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [
        (XY, None, ArgumentError),
        (None, XY, ArgumentError),
        (5, [1.0], ArgumentError),
        (np.zeros((2, 2, 2)), [1.0, 2.0], ArgumentError),
        ([[1.0], [2.0, 3.0]], [1.0, 2.0], ArgumentError),
        ([1.0, 2.0], 5, ArgumentError),
        ([1.0, 2.0], [[1.0], [2.0, 3.0]], TidydlError),
        ([1.0, 2.0], [1j, 2j], TidydlError),
        ([1.0, 2.0], [datetime.date(2020, 1, 1)] * 2, TidydlError),
        ([1.0, 2.0], [[1, 2], [3, 4], [5, 6]], ArgumentError),
        (pd.DataFrame({"a": [1.0, 2.0], "b": [[1], [2]]}), [1.0, 2.0], ArgumentError),
        (pd.DataFrame({"a": pd.to_datetime(["2020-01-01", "2021-01-01"])}), [1.0, 2.0], ArgumentError),
        (pd.DataFrame({"a": [1 + 2j, 2]}), [1.0, 2.0], ArgumentError),
        (pd.DataFrame({"a": pd.Series([1, None], dtype="Int64")}), [1.0, 2.0], DataError),
        (np.array([[1.0], [np.inf]]), [1.0, 2.0], DataError),
        ([], [], DataError),
    ],
)
def test_numbers_that_cannot_be_used_are_refused(x, y, kind):
    with pytest.raises(kind):
        nnet(x, y, size=1, trace=False)


@pytest.mark.parametrize("formula", [True, 3.5, b"y ~ x", ["y ~ x"], object()])
def test_a_formula_that_is_none_is_refused(formula):
    with pytest.raises(TidydlError):
        nnet(formula, XY, size=1, trace=False)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"]), ColumnError),
        (pd.to_timedelta([1, 2, 3], unit="D"), ColumnError),
        ([1j, 2j, 3j], ColumnError),
        ([[1], [2], [3]], ColumnError),
        ([1, "a", None], ColumnError),
        (["a", "a", None], DataError),
    ],
)
@pytest.mark.parametrize("formula", ["y ~ z", "z ~ y"])
def test_columns_that_no_network_can_read_are_refused(column, kind, formula):
    data = XY.assign(z=column)
    with pytest.raises(kind):
        nnet(formula, data, size=1, trace=False)


def test_rows_without_a_case_weight_are_left_out_by_a_formula_as_in_r():
    data = pd.DataFrame({"x": [0.5, 1.5, -1.0, 0.2], "y": [0.1, 0.2, 0.3, 0.4], "w": [1.0, np.nan, 2.0, 1.0]})

    def wts(given):
        tidydl.set_seed(1)
        return nnet("y ~ x", given, size=1, weights="w", trace=False).wts

    assert np.array_equal(wts(data), wts(data.dropna()))
    fit = nnet("y ~ x", data, size=1, weights="w", trace=False)
    assert list(fit.index) == [0, 2, 3]
    with pytest.raises(ArgumentError, match="negative, missing or infinite"):
        nnet("y ~ x", data.assign(w=np.nan), size=1, weights="w", trace=False)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_row_or_two_are_enough(rows):
    fit = nnet("y ~ x", XY.head(rows), size=1, trace=False)
    assert len(fit.predict()) == rows


def test_a_column_of_missing_text_leaves_no_rows():
    with pytest.raises(DataError, match="no rows left"):
        nnet("y ~ z", XY.assign(z=pd.Series([None] * 3, dtype="str")), size=1, trace=False)


def test_a_formula_is_no_place_for_other_things():
    with pytest.raises(FormulaError):
        nnet("y ~ __import__('os')", XY, size=1, trace=False)


def test_arrays_that_may_not_be_written_are_left_as_they_are():
    x, y, weights = np.array([[1.0], [2.0], [0.5]]), np.array([0.1, 0.2, 0.3]), np.array([1.0, 2.0, 1.0])
    before = [each.copy() for each in (x, y, weights)]
    for each in (x, y, weights):
        each.flags.writeable = False
    nnet(x, y, size=1, weights=weights, trace=False)
    assert all(np.array_equal(now, then) for now, then in zip((x, y, weights), before, strict=True))


def test_new_data_of_numbered_columns_are_known_by_their_numbers():
    x = pd.DataFrame(np.arange(6.0).reshape(3, 2) / 6)
    fit = nnet(x, [0.1, 0.2, 0.3], size=1, trace=False)
    assert np.array_equal(fit.predict(x), fit.predict())
    assert np.array_equal(fit.predict(x[[1, 0]].assign(more=1)), fit.predict())
    with pytest.raises(ColumnError, match="lacks the column '1'"):
        fit.predict(x[[0]])


def test_a_response_of_text_in_new_data_has_no_residuals():
    fit = nnet("y ~ x", XY, size=1, trace=False)
    assert ".resid" in tidydl.augment(fit, XY)
    assert ".resid" not in tidydl.augment(fit, XY.assign(y=["a", "b", "c"]))
