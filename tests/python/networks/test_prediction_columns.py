"""The columns that augment() adds stand for one thing each, and replace none without a word."""

import numpy as np
import pandas as pd
import pytest

from tidydl import augment, confusion, multinom, nnet
from tidydl.errors import DataError

DATA = pd.DataFrame({"x": np.arange(12.0), "k": ["class", "other"] * 6, "a": np.arange(12) / 12})


@pytest.mark.parametrize(
    "fit", [lambda d: nnet("k ~ x", d, size=1, trace=False), lambda d: multinom("k ~ x", d, trace=False)]
)
def test_a_class_called_class_is_refused_where_two_columns_would_have_its_name(fit):
    with pytest.raises(DataError, match=r"both `\.pred_class`"):
        augment(fit(DATA), DATA)


def test_outputs_with_one_name_are_refused():
    twice = pd.DataFrame(np.column_stack([DATA["a"], DATA["a"]]), columns=["a", "a"])
    fit = nnet(DATA[["x"]], twice, size=1, linout=True, trace=False)
    with pytest.raises(DataError, match="outputs with the same name: a, a"):
        augment(fit, DATA)


def test_columns_of_an_earlier_network_are_replaced_with_a_warning():
    fit = nnet("a ~ x", DATA, size=1, linout=True, trace=False)
    once = augment(fit, DATA)
    with pytest.warns(UserWarning, match=r"has `\.pred`, `\.resid` already") as told:
        again = augment(fit, once.assign(**{".pred": 0.0}))
    assert told[0].filename == __file__
    assert again.equals(once)


@pytest.mark.parametrize("model", [nnet, multinom])
def test_the_confusion_of_a_fit_that_keeps_a_place_for_missing_rows_counts_the_complete_ones(model):
    data = DATA.assign(k=["u", "v"] * 6, x=[np.nan, *range(11)])
    options = {"size": 1} if model is nnet else {}
    fit = model("k ~ x", data, na_action="exclude", trace=False, **options)
    assert confusion(fit)["n"].sum() == 11
