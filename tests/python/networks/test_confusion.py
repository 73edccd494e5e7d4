"""Predicted against true classes, class by class."""

import numpy as np
import pandas as pd
import pytest

import tidydl
import tidydl.errors


def answers(true, said, levels=None):
    frame = pd.DataFrame({"true": true, "said": said})
    return frame if levels is None else frame.apply(lambda column: pd.Categorical(column, categories=levels))


def test_recall_and_precision_are_those_of_the_textbooks():
    data = answers(["a"] * 25 + ["b"] * 25, ["a"] * 20 + ["b"] * 5 + ["a"] * 10 + ["b"] * 15)
    found = tidydl.tidy(tidydl.confusion(data, "true", "said"))
    assert found["n"].tolist() == [25, 25]
    assert found["predicted"].tolist() == [30, 20]
    assert found["recall"].tolist() == [20 / 25, 15 / 25]
    assert found["precision"].tolist() == [20 / 30, 15 / 20]
    harmonic = 2 * found["recall"] * found["precision"] / (found["recall"] + found["precision"])
    assert found["f1"].to_numpy() == pytest.approx(harmonic.to_numpy())


def test_a_class_that_is_never_said_or_never_true_has_missing_shares():
    found = tidydl.tidy(tidydl.confusion(answers(["a", "b"], ["a", "c"], ["a", "b", "c", "d"]), "true", "said"))
    assert found["recall"].tolist() == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)
    assert found["precision"].tolist() == pytest.approx([1, np.nan, 0, np.nan], nan_ok=True)
    assert found["f1"].tolist() == pytest.approx([1, 0, 0, np.nan], nan_ok=True)


def test_no_rows_and_one_class_have_their_tables():
    none = tidydl.confusion(answers([], []), "true", "said")
    assert tidydl.tidy(none).shape == (0, 6)
    assert tidydl.glance(none)["nobs"].tolist() == [0]
    one = tidydl.confusion(answers(["a"], ["a"]), "true", "said")
    assert tidydl.tidy(one)["f1"].tolist() == [1]
    assert repr(one).split() == ["truth", "a", "response", "a", "1"]


def test_rows_with_a_missing_class_are_not_counted():
    counts = tidydl.confusion(answers(["a", None, "b"], ["a", "a", None]), "true", "said")
    assert counts["n"].sum() == 1


def test_a_part_of_the_counts_is_an_ordinary_frame():
    counts = tidydl.confusion(answers(["a", "b"], ["a", "b"]), "true", "said")
    assert type(counts[counts["n"] > 0]) is pd.DataFrame


def test_labels_that_are_none_are_an_error_of_the_argument():
    with pytest.raises(tidydl.errors.ArgumentError, match="`cl` is"):
        tidydl.class_ind([["a"], ["b"]])
