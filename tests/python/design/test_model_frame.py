"""Which rows a formula uses, what it predicts, and what new data must have."""

import time
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from support.live_r import as_r, needs_r, run_r
from support.seeded_frames import survey
from tidydl import nnet
from tidydl.design import design_matrix, from_formula, parse_formula, response_values, used_rows
from tidydl.errors import ArgumentError, ColumnError, DataError, FormulaError

SUBSETS = [
    ("a > 0.5", "a > 0.5"),
    ("g == 'p' | l & b < 1", 'g == "p" | l & b < 1'),
    ("!l & t != 'u'", "!l & t != 'u'"),
    ("g %in% c('p', 'r')", "g %in% c('p', 'r')"),
    ("`odd name` + a * 2 >= f^2 - 1", "`odd name` + a * 2 >= f^2 - 1"),
    ("is.na(a) | f == 1", "is.na(a) | f == 1"),
    ([5, 2, 30, 2], "c(6, 3, 31, 3)"),
    ([row % 3 == 0 for row in range(40)], "(1:40) %% 3 == 1"),
]


@needs_r
def test_a_subset_leaves_the_rows_that_r_leaves():
    data = survey()
    code, arrays = as_r(data)
    code += "out <- list(); d$row <- 0:39\n"
    for i, (_, subset) in enumerate(SUBSETS):
        code += (
            f"m <- model.frame(y ~ log(a) + g + poly(b, 2) + factor(f) + row, d, subset = {subset})\n"
            f"x <- model.matrix(terms(m), m)[, -1]; out$x{i} <- x; out$rows{i} <- m$row\n"
        )
    found = run_r(code, arrays)
    for i, (subset, _) in enumerate(SUBSETS):
        frame = from_formula("y ~ log(a) + g + poly(b, 2) + factor(f) + row", data.assign(row=range(40)), subset=subset)
        assert frame.rows.tolist() == found[f"rows{i}"].tolist(), subset
        np.testing.assert_allclose(frame.x, found[f"x{i}"], rtol=0, atol=1e-12)
        assert np.array_equal(frame.chosen[frame.complete], frame.rows)


def test_a_subset_may_be_any_series_of_the_frame():
    data = survey()
    wanted = from_formula("y ~ b", data, subset="b > 1").rows.tolist()
    assert from_formula("y ~ b", data, subset=data["b"] > 1).rows.tolist() == wanted
    assert from_formula("y ~ b", data, subset=(data["b"] > 1).to_numpy()).rows.tolist() == wanted
    assert from_formula("y ~ b", data, subset=(data["b"] > 1).astype("boolean")).rows.tolist() == wanted
    assert from_formula("y ~ b", data, subset=np.array(wanted)).rows.tolist() == wanted
    unknown = pd.Series([True, None, False] * 13 + [None], dtype="boolean")
    assert from_formula("y ~ b", data, subset=unknown).rows.tolist() == list(range(0, 39, 3))


@pytest.mark.parametrize(
    ("subset", "error", "says"),
    [
        ("age > 3", ColumnError, "`subset` names the column 'age'"),
        ("a + 1", ArgumentError, "neither true nor false"),
        ("a >", FormulaError, "`subset`"),
        ("a > 3 and b > 1", FormulaError, "`subset`"),
        ("open('x')", FormulaError, "`subset` calls 'open"),
        ("t > 3", FormulaError, "different kinds"),
        ([True, False], ArgumentError, "2 values for 40 rows"),
        ([-1, 2], ArgumentError, "position -1, and there are 40 rows"),
        ([40], ArgumentError, "Positions from 0 to 39"),
        ([0.5], ArgumentError, "neither logical nor made of positions"),
        (["a", "b"], ArgumentError, "neither logical nor made of positions"),
        (3, ArgumentError, "`subset` is 3"),
        ("`odd name` > 1e400", DataError, "leaves no rows"),
        ({"a": True}, ArgumentError, "`subset`"),
        ([], DataError, "`subset` leaves no rows"),
        ("b > 1000", DataError, "`subset` leaves no rows"),
        ("is.na(a)", DataError, "no rows left"),
        (pd.Series([True] * 40, index=range(1, 41)), ArgumentError, "another index"),
    ],
)
def test_a_wrong_subset_is_refused_in_words(subset, error, says):
    with pytest.raises(error, match=says):
        from_formula("y ~ a", survey(), subset=subset)


def test_missing_values_are_left_out_or_refused():
    data = survey()
    for action in ("omit", "exclude"):
        frame = from_formula("y ~ a", data, na_action=action)
        assert frame.rows.tolist() == [row for row in range(40) if row != 3]
        assert frame.chosen.tolist() == list(range(40))
    with pytest.raises(DataError, match=r"missing values in 'a' \(1 of 40 rows\)"):
        from_formula("y ~ b + a", data, na_action="fail")
    assert len(from_formula("y ~ b", data, na_action="fail").x) == 40
    assert len(from_formula("y ~ a", data, na_action="fail", subset="!is.na(a)").x) == 39
    with pytest.raises(ArgumentError, match="Did you mean 'omit'"):
        from_formula("y ~ a", data, na_action="omitt")


def test_rows_without_a_weight_count_as_incomplete():
    usable = np.arange(40) != 7
    assert from_formula("y ~ a", survey(), usable=usable).rows.tolist() == [r for r in range(40) if r not in (3, 7)]


@needs_r
def test_a_column_that_is_taken_out_again_still_decides_which_rows_are_complete_as_in_r():
    data = survey()
    code, arrays = as_r(data)
    code += "m <- model.frame(y ~ . - a, d); out <- list(x = model.matrix(terms(m), m)[, -1])"
    found = run_r(code, arrays)
    frame = from_formula("y ~ . - a", data)
    assert np.array_equal(frame.x, found["x"])
    assert 3 not in frame.rows
    _, complete = design_matrix(frame.design, data)
    assert not complete[3]
    _, complete = design_matrix(frame.design, data.drop(columns=["a", "y"]))
    assert complete.all()


@needs_r
def test_offsets_are_added_up_as_in_r_and_are_no_predictors():
    data = survey()
    formulas = [
        "y ~ g + offset(log(b)) + offset(f)",
        "y ~ offset(cbind(a, b)) + f",
        "y ~ offset(l) + offset(cbind(a, f))",
    ]
    code, arrays = as_r(data)
    for i, formula in enumerate(formulas):
        code += (
            f"m <- model.frame({formula}, d); x <- model.matrix(terms(m), m)[, -1, drop = FALSE]\n"
            f"out$x{i} <- x; out$o{i} <- as.matrix(model.offset(m))\n"
        )
    found = run_r("out <- list()\n" + code, arrays)
    for i, formula in enumerate(formulas):
        frame = from_formula(formula, data)
        assert np.array_equal(frame.x, found[f"x{i}"])
        assert frame.offset is not None
        assert np.array_equal(frame.offset, found[f"o{i}"])
    assert from_formula("y ~ a", data).offset is None
    with pytest.raises(ColumnError, match="'g', which is not numeric"):
        from_formula("y ~ a + offset(g)", data)
    with pytest.raises(DataError, match="different widths"):
        from_formula("y ~ offset(cbind(a, b)) + offset(cbind(a, b, f))", data)


def test_responses_are_classes_or_numbers_as_in_r():
    data = survey()
    assert from_formula("factor(f) ~ a", data).response.levels == ("1", "2", "3")
    assert from_formula("t ~ a", data).response.levels == ("u", "v")
    assert from_formula("g ~ a", data).response.levels == ("p", "q", "r")
    for formula, truth in [("l ~ a", data["l"]), ("I(y > 0) ~ a", data["y"] > 0), ("y > 0 ~ a", data["y"] > 0)]:
        response = from_formula(formula, data, subset="!is.na(a)").response
        assert response.levels is None
        assert response.is_logical
        assert np.array_equal(response.values[:, 0], truth[data["a"].notna()])
    bound = from_formula("cbind(y, logged = log(b), l) ~ a", data).response
    assert bound.columns == ("y", "logged", "l")
    assert bound.name == "cbind(y, logged = log(b), l)"
    assert bound.values.shape == (39, 3)
    assert from_formula("log(b) ~ .", data).design.columns[:2] == ("y", "a")
    with pytest.raises(DataError, match="binds a class"):
        from_formula("cbind(y, g) ~ a", data)


def test_the_response_among_the_predictors_is_left_out_with_a_warning():
    with pytest.warns(UserWarning, match="response among the predictors") as caught:
        assert from_formula("y ~ y + a", survey()).design.columns == ("a",)
    assert caught[0].filename == __file__


def test_missing_labels_have_no_code():
    assert response_values("k", pd.Series(["u", None, "v"])).values[:, 0].tolist() == [0, -1, 1]


KINDS = {
    "Int64": (pd.array([1, 2, None] * 4, dtype="Int64"), ("x",)),
    "Float64": (pd.array([1.5, 2, None] * 4, dtype="Float64"), ("x",)),
    "boolean": (pd.array([True, False, None] * 4, dtype="boolean"), ("xTRUE",)),
    "string": (pd.array(["u", "v", None] * 4, dtype="string"), ("xv",)),
    "bool": (np.array([True, False, False] * 4), ("xTRUE",)),
    "int64[pyarrow]": (pd.array([1, 2, None] * 4, dtype="int64[pyarrow]"), ("x",)),
    "string[pyarrow]": (pd.array(["u", "v", None] * 4, dtype="string[pyarrow]"), ("xv",)),
    "bool[pyarrow]": (pd.array([True, False, None] * 4, dtype="bool[pyarrow]"), ("xTRUE",)),
    "objects that are numbers": (pd.Series([1, 2.5, None] * 4, dtype=object), ("x",)),
    "objects that are logicals": (pd.Series([True, False, None] * 4, dtype=object), ("xTRUE",)),
    "whole categories": (pd.Categorical([1, 2, None] * 4), ("x2",)),
    "fractional categories": (pd.Categorical([1.0, 2.5, 100000.0] * 4), ("x2.5", "x1e+05")),
    "sparse": (pd.arrays.SparseArray([0.0, 1.0, 0.0] * 4), ("x",)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_every_kind_become_what_they_are_in_r(kind):
    column, names = KINDS[kind]
    data = pd.DataFrame({"y": np.arange(12.0), "x": column})
    frame = from_formula("y ~ x", data)
    assert frame.design.columns == names
    assert np.array_equal(frame.rows, np.flatnonzero(data["x"].notna()))
    assert np.array_equal(design_matrix(frame.design, data)[0], frame.x)


@pytest.mark.parametrize(
    "column",
    [
        pd.date_range("2024-01-01", periods=4),
        pd.to_timedelta(range(4), unit="D"),
        pd.period_range("2024-01", periods=4, freq="M"),
        pd.Series([[1], [2], [3], [4]]),
        pd.Series([1, "a", 2, "b"], dtype=object),
        pd.Series([1j, 2j, 3j, 4j]),
        pd.Series([b"a"] * 4),
    ],
)
def test_columns_of_other_kinds_are_refused_in_words_unless_they_are_left_out(column):
    data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "a": [1.0, 3.0, 2.0, 2.0], "x": column})
    for formula in ("y ~ .", "x ~ a", "y ~ factor(x)", "y ~ I(x > 1)"):
        with pytest.raises(ColumnError, match=r"'x', which holds|`x` holds"):
            from_formula(formula, data)
    assert from_formula("y ~ . - x", data).design.columns == ("a",)
    with pytest.raises(ColumnError, match="`subset` uses 'x'"):
        from_formula("y ~ a", data, subset="x > 1")


def test_odd_names_are_columns_like_others():
    names = [
        "a b",
        "class",
        "in",
        "TRUE",
        "été",
        "日本",
        "x.1",
        "_x",
        "1x",
        "a:b",
        "a+b",
        "log",
        "T",
        "`".join("ab"),
        "x\\y",
    ]
    data = pd.DataFrame(np.random.default_rng(1).random((9, len(names))), columns=names).assign(y=1.0)
    frame = from_formula("y ~ .", data)
    assert np.array_equal(frame.x, data[names])
    assert frame.design.columns[:6] == ("`a b`", "class", "`in`", "`TRUE`", "été", "日本")
    some = from_formula("y ~ class * `a b` + log(été) + I(`in` + `TRUE`) + x.1 + log + `a:b`", data)
    wanted = ("class", "`a b`", "log(été)", "I(`in` + `TRUE`)", "x.1", "log", "`a:b`", "class:`a b`")
    assert some.design.columns == wanted
    assert np.array_equal(design_matrix(some.design, data)[0], some.x)


def test_new_data_that_differ_in_kind_are_refused_in_words():
    data = survey()
    numbers = from_formula("y ~ a + log(b)", data).design
    with pytest.raises(ColumnError, match="'a' no numbers"):
        design_matrix(numbers, data.assign(a="u"))
    with pytest.raises(ColumnError, match="computes with 'b', which is not numeric"):
        design_matrix(numbers, data.assign(b="u"))
    labels = from_formula("y ~ g + l", data).design
    with pytest.raises(DataError, match="'g' levels that the network has not seen: 1"):
        design_matrix(labels, data.assign(g=1))
    with pytest.raises(DataError, match="'l' levels that the network has not seen: 0, 2"):
        design_matrix(labels, data.assign(l=np.arange(40) % 2 * 2))


def test_new_data_may_have_other_categories_as_long_as_their_rows_are_known():
    data = survey()
    design = from_formula("y ~ g + factor(f) + as.numeric(g) + relevel(g, ref = 'q')", data).design
    wanted, _ = design_matrix(design, data)
    shuffled = data["g"].cat.set_categories(["r", "none", "q", "p"])
    assert np.array_equal(design_matrix(design, data.assign(g=shuffled))[0], wanted)
    text = from_formula("y ~ g", data).design
    assert np.array_equal(design_matrix(text, data.assign(g=data["g"].astype(str)))[0], wanted[:, :2])


def test_rows_to_look_at_are_those_of_the_fit():
    data = survey()
    frame = from_formula("factor(f) ~ log(a) + g", data)
    used, parts = used_rows(frame.design, data, with_response=True)
    assert used.columns.tolist() == ["a", "g"]
    assert used.index.tolist() == frame.rows.tolist()
    assert parts[0].astype(str).tolist() == [f"{value:.0f}" for value in data["f"][frame.rows]]
    none, parts = used_rows(frame.design, data.drop(columns="f"), with_response=False)
    assert len(none) == 39
    assert parts == []
    with pytest.raises(ColumnError, match="`data` lacks the column 'f'"):
        used_rows(frame.design, data.drop(columns="f"), with_response=True)


@pytest.mark.parametrize(
    "formula",
    [
        "log(y) ~ b:g + . - l + poly(b, 2) + offset(f)",
        "y ~ .^2",
        "cbind(y, b) ~ 0 + .:g",
        "y ~ . + offset(cbind(a, b)) - `odd name`",
    ],
)
def test_a_formula_can_be_read_again_from_what_it_is_written_as(formula):
    read = from_formula(formula, survey()).design.formula
    assert read is not None
    again = parse_formula(read.written, read.columns)
    assert again == replace(read, text=read.written)


def test_a_formula_is_written_with_the_columns_that_a_dot_stands_for():
    data = pd.DataFrame({"y": [1.0], "a b": [2.0], "c": [3.0]})
    for formula, says in [
        ("y ~ .", "y ~ `a b` + c"),
        ("y~.-c", "y ~ (`a b` + c) - c"),
        ("y ~ -1+I( c**2 ):.", "y ~ -1 + I(c^2):(`a b` + c)"),
        ("log(y)~ (`a b`+c)^2", "log(y) ~ (`a b` + c)^2"),
    ]:
        assert parse_formula(formula, list(data.columns)).written == says


def test_many_columns_and_long_sums_are_read():
    names = [f"x{i}" for i in range(1500)]
    data = pd.DataFrame(np.random.default_rng(2).random((5, 1500)), columns=names).assign(y=1.0)
    frame = from_formula("y ~ " + " + ".join(names), data)
    assert frame.design.columns == tuple(names)
    total = from_formula("y ~ I(" + " + ".join(names) + ")", data)
    assert total.x[:, 0] == pytest.approx(data[names].sum(axis=1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(from_formula("y ~ .", data).x, frame.x)


@pytest.mark.parametrize("by_formula", [True, False])
def test_predictions_take_time_as_columns_are_many_and_not_as_their_square(by_formula):
    def seconds(columns):
        numbers = np.random.default_rng(2).random((4, columns))
        data = pd.DataFrame(numbers, columns=[f"x{i}" for i in range(columns)])
        options = {"size": 1, "maxit": 1, "MaxNWts": 10**6, "trace": False, "linout": True}
        inputs = ["y ~ .", data.assign(y=numbers[:, 0])] if by_formula else [data, numbers[:, 0]]
        fit, turned = nnet(*inputs, **options), data[data.columns[::-1]]
        taken = []
        for _ in range(5):
            began = time.process_time()  # which other work on the machine does not change much
            fit.predict(turned)
            taken.append(time.process_time() - began)
        return min(taken)

    assert seconds(8000) < 24 * seconds(1000)  # 8 times as many


def test_identifiers_among_the_predictors_are_refused_before_they_fill_the_memory():
    people = pd.DataFrame({"id": [str(i) for i in range(40_000)], "y": 1.0})
    with pytest.raises(DataError, match=r"too many to hold(.|\n)*identifier"):
        from_formula("y ~ id", people)


@needs_r
def test_missing_values_are_refused_in_poly_as_by_r_and_left_out_of_raw_powers():
    data = pd.DataFrame({"x": [1.0, 2.0, np.nan, 5.0, 7.0], "y": [1.0, 2.0, 3.0, 4.0, 6.0]})
    code, arrays = as_r(data)
    code += "out <- list(stopped = 1 * inherits(try(model.frame(y ~ poly(x, 2), d), silent = TRUE), 'try-error'))\n"
    code += "out$raw <- model.matrix(y ~ poly(x, 2, raw = TRUE), d)[, -1]\n"
    found = run_r(code, arrays)
    assert found["stopped"] == 1
    with pytest.raises(DataError, match=r"missing values in 'poly\(x, 2\)'"):
        from_formula("y ~ poly(x, 2)", data)
    np.testing.assert_array_equal(from_formula("y ~ poly(x, 2, raw = TRUE)", data).x, found["raw"])
