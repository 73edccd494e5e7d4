import numpy as np
import pandas as pd
import pytest

import tidydl
from support.live_r import as_r, needs_r, run_r
from support.seeded_frames import flowers
from tidydl import nnet, set_seed
from tidydl.errors import ArgumentError, ColumnError, DataError
from tidydl.rprint import format_numbers

CALLS = [
    ("kind ~ length + width + colour", "size = 3, decay = 0.01, maxit = 60", dict(size=3, decay=0.01, maxit=60)),
    ("kind ~ length * colour", "size = 2, skip = TRUE, maxit = 20", dict(size=2, skip=True, maxit=20)),
    ("two ~ length + width", "size = 2, rang = 0.3", dict(size=2, rang=0.3)),
    ("score ~ length + width", "size = 2, linout = TRUE, decay = 1e-4", dict(size=2, linout=True, decay=1e-4)),
    ("cbind(length, score) ~ width", "size = 1, linout = TRUE", dict(size=1, linout=True)),
    ("kind ~ length", "size = 2, maxit = 0", dict(size=2, maxit=0)),
    ("two ~ length", "size = 0, skip = TRUE, rang = 0", dict(size=0, skip=True, rang=0)),
]


@needs_r
def test_the_same_call_prints_and_fits_as_r_does(capsys):
    code, arrays = as_r(flowers())
    code = "library(nnet); options(width = 80); out <- list()\n" + code
    for i, (formula, options, _) in enumerate(CALLS):
        code += (
            f"set.seed({i}); text <- capture.output(f <- nnet({formula}, d, {options}))\n"
            f"out$trace{i} <- text; out$wts{i} <- f$wts; out$value{i} <- f$value; out$fitted{i} <- f$fitted.values\n"
            f"out$print{i} <- capture.output(f); out$summary{i} <- capture.output(summary(f))\n"
            f"out$new{i} <- predict(f, d[5:9, ])\n"
        )
    found = run_r(code, arrays)
    for i, (formula, _, options) in enumerate(CALLS):
        set_seed(i)
        fit = nnet(formula, flowers(), **options)
        assert capsys.readouterr().out == found[f"trace{i}"], formula
        assert np.array_equal(fit.wts, found[f"wts{i}"]), formula
        assert fit.value == found[f"value{i}"][0]
        assert np.array_equal(fit.fitted_values, found[f"fitted{i}"].reshape(fit.fitted_values.shape))
        assert f"{fit!r}\n" == found[f"print{i}"]
        assert f"{fit.summary()!r}\n" == found[f"summary{i}"]
        new = fit.predict(flowers().iloc[4:9]).to_numpy()
        assert np.array_equal(new, found[f"new{i}"].reshape(new.shape))


def test_numbers_and_formulas_give_the_same_fit():
    data = flowers()
    set_seed(1)
    one = nnet("score ~ length + width", data, size=2, linout=True, trace=False)
    set_seed(1)
    other = nnet(data[["length", "width"]], data["score"], size=2, linout=True, trace=False)
    assert np.array_equal(one.wts, other.wts)
    set_seed(1)
    labels = nnet(data[["length", "width"]], data["kind"], size=2, trace=False)
    assert labels.lev == ("x", "y", "z")


def test_predictions_keep_the_index_and_missing_rows_stay_in_place():
    data = flowers()
    fit = nnet("kind ~ length + width", data, size=2, trace=False)
    new = data.iloc[[5, 3, 8]].assign(length=[1.0, np.nan, 2.0])
    raw, kinds = fit.predict(new), fit.predict(new, type="class")
    assert raw.index.tolist() == kinds.index.tolist() == ["f5", "f3", "f8"]
    assert raw.columns.tolist() == ["x", "y", "z"]
    assert raw.loc["f3"].isna().all()
    assert pd.isna(kinds["f3"])
    assert kinds.cat.categories.tolist() == ["x", "y", "z"]
    assert fit.predict(data.iloc[:0]).shape == (0, 3)
    assert len(fit.predict(data.iloc[:0], type="class")) == 0


def test_tidy_names_where_each_weight_leads():
    fit = nnet("kind ~ length + width", flowers(), size=2, skip=True, trace=False)
    terms = tidydl.tidy(fit)
    assert terms.columns.tolist() == ["term", "from", "to", "layer", "estimate"]
    assert terms["term"].tolist()[:3] == ["b->h1", "i1->h1", "i2->h1"]
    assert terms.iloc[1][["from", "to", "layer"]].tolist() == ["length", "h1", "hidden"]
    last = terms.iloc[-1]
    assert [last["term"], last["from"], last["to"], last["layer"]] == ["i2->o3", "width", "z", "skip"]
    assert np.array_equal(terms["estimate"], tidydl.coef(fit))


def test_glance_gives_a_likelihood_only_where_there_is_one():
    plain = tidydl.glance(nnet("two ~ length", flowers(), size=1, trace=False)).iloc[0]
    assert plain["logLik"] == -plain["value"]
    assert plain["AIC"] == 2 * plain["value"] + 2 * plain["n_weights"]
    penalised = tidydl.glance(nnet("two ~ length", flowers(), size=1, decay=0.1, trace=False)).iloc[0]
    assert np.isnan(penalised["AIC"])
    assert plain["nobs"] == 60


def test_augment_joins_predictions_row_by_row():
    data = flowers()
    classes = tidydl.augment(nnet("two ~ length", data, size=1, trace=False), data)
    assert classes.columns.tolist() == [*data.columns, ".pred_class", ".pred_no", ".pred_yes"]
    assert (classes[".pred_no"] + classes[".pred_yes"]).to_numpy() == pytest.approx(1)
    numbers = tidydl.augment(nnet("score ~ length", data, size=1, linout=True, trace=False), data)
    assert (numbers["score"] - numbers[".pred"] - numbers[".resid"]).abs().max() < 1e-12
    assert tidydl.augment(nnet("kind ~ length", data, size=1, trace=False)).columns[0] == "kind"


def test_confusion_counts_responses_by_truth():
    data = flowers()
    fit = nnet("kind ~ length + width", data, size=2, trace=False)
    counts = tidydl.confusion(fit)
    predicted = fit.predict(type="class")
    expected = pd.crosstab(predicted, data["kind"], dropna=False)
    assert counts.table.to_numpy().tolist() == expected.to_numpy().tolist()
    again = tidydl.confusion(data.assign(said=predicted), truth="kind", estimate="said")
    assert again["n"].tolist() == counts["n"].tolist()
    right = (predicted == data["kind"]).mean()
    assert tidydl.glance(counts)["accuracy"][0] == pytest.approx(right)


def test_class_ind_marks_each_class():
    marks = tidydl.class_ind(pd.Series(["b", None, "a"], index=[5, 6, 7]))
    assert marks.columns.tolist() == ["a", "b"]
    assert marks.loc[5].tolist() == [0, 1]
    assert marks.loc[6].isna().all()
    assert tidydl.class_ind([]).shape == (0, 0)


def test_a_network_is_drawn_with_a_line_for_each_weight():
    from tidydl.plots.network_layout import network_layout

    fit = nnet("kind ~ length + width", flowers(), size=2, trace=False)
    layout = network_layout(fit.n, fit.wts, fit.coefnames, fit.output_names)
    assert len(layout["lines"]) == len(fit.wts)
    assert len(layout["nodes"]) == 2 + 2 + 3 + 2
    assert set(layout["lines"]["term"]) == set(fit.connections)
    by_term = layout["lines"].set_index("term")["weight"]
    assert by_term["i2->h1"] == fit.wts[2]
    assert layout["lines"]["width"].max() == 5


def test_a_picture_is_written(tmp_path):
    fit = nnet("kind ~ length + width", flowers(), size=2, trace=False)
    tidydl.plotnet(fit).save(tmp_path / "net.png", verbose=False, dpi=50)
    assert (tmp_path / "net.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (dict(size=-1), ArgumentError, "`size`"),
        (dict(size=1.5), ArgumentError, "`size`"),
        (dict(size=0), ArgumentError, "nothing to fit"),
        (dict(size=500), ArgumentError, "3503 for `MaxNWts`"),
        (dict(decay=-1), ArgumentError, "`decay`"),
        (dict(decay=[0.1, 0.2]), ArgumentError, "`decay`"),
        (dict(maxit=-1), ArgumentError, "`maxit`"),
        (dict(rang="big"), ArgumentError, "`rang`"),
        (dict(Wts=[1.0]), ArgumentError, "`Wts` has 1 values for 17"),
        (dict(mask=[True]), ArgumentError, "`mask`"),
        (dict(weights=[1.0]), ArgumentError, "`weights` has 1 values for 60"),
        (dict(weights="none"), ColumnError, "'none'"),
        (dict(weights=[-1.0] * 60), ArgumentError, "negative"),
        (dict(trace="yes"), ArgumentError, "`trace`"),
        (dict(data=3), ArgumentError, "`data`"),
        (dict(formula="score ~ length", softmax=True), ArgumentError, "`softmax`"),
        (dict(formula="two ~ length", linout=True), ArgumentError, "`linout`"),
        (dict(formula="score ~ I(1/(length - length))"), DataError, "infinite|rows left"),
    ],
)
def test_wrong_arguments_are_named(change, error, says):
    call = dict(formula="kind ~ length + width + colour", data=flowers(), size=2, trace=False) | change
    with pytest.raises(error, match=says):
        nnet(**call)


def test_numbers_are_written_as_r_writes_them():
    assert format_numbers([1.0, 2.0]) == ["1", "2"]
    assert format_numbers([1.25, 3]) == ["1.25", "3.00"]
    assert format_numbers([1234567.8, 0.12]) == ["1234567.80", "      0.12"]
    assert format_numbers([100000, 2]) == ["1e+05", "2e+00"]
    assert format_numbers([float("inf"), 2.25]) == [" Inf", "2.25"]
    assert format_numbers([-0.5, 10]) == ["-0.5", "10.0"]
    assert format_numbers([-2.5, 1e300, -0.0]) == [" -2.5e+00", " 1.0e+300", "  0.0e+00"]
    assert format_numbers([]) == []


@needs_r
def test_subset_contrasts_and_exclusion_are_those_of_r():
    data = flowers().assign(length=lambda d: d["length"].where(d["width"] < 1))
    code, arrays = as_r(data)
    code += """
    library(nnet); options(contrasts = c("contr.treatment", "contr.poly")); out <- list()
    set.seed(2)
    f <- nnet(kind ~ length + colour, d, subset = width > -3, contrasts = list(colour = "contr.sum"),
              na.action = na.exclude, size = 2, maxit = 30, trace = FALSE)
    out$wts <- f$wts; out$fitted <- fitted(f)
    """
    found = run_r(code, arrays)
    set_seed(2)
    fit = nnet(
        "kind ~ length + colour", data, subset="width > -3", contrasts={"colour": "contr.sum"}, na_action="exclude",
        size=2, maxit=30, trace=False,
    )  # fmt: skip
    assert np.array_equal(fit.wts, found["wts"])
    kept = tidydl.fitted(fit)
    assert np.array_equal(kept.to_numpy(), found["fitted"], equal_nan=True)
    assert kept.index.tolist() == data.index[data["width"] > -3].tolist()
    with pytest.raises(DataError, match="length"):
        nnet("kind ~ length", data, na_action="fail", size=1)
    with pytest.raises(ArgumentError, match="`subset` is for a formula"):
        nnet(data[["width"]], data["kind"], subset="width > 0", size=1)


def test_an_offset_is_left_aside_with_a_warning():
    with pytest.warns(UserWarning, match="offset"):
        fit = nnet("score ~ length + offset(width)", flowers(), size=1, linout=True, maxit=2, trace=False)
    assert fit.coefnames == ("length",)


def test_columns_of_one_name_are_one_class():
    data = pd.DataFrame({"v": [0.0, 1.0, 0.0, 1.0], "x": [1.0, 2.0, 3.0, 4.0]})
    fit = tidydl.nnet("cbind(v, v) ~ x", data, size=1, softmax=True, trace=False)
    assert fit.predict(data, type="class").tolist() == ["v"] * 4
    assert fit.told_apart is None
