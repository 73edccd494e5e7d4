import numpy as np
import pandas as pd
import pytest

import tidydl
from support.seeded_frames import flowers
from tidydl import nnet, runif, set_seed
from tidydl.errors import ArgumentError


def test_repeats_are_fits_alone_from_the_same_random_numbers_one_after_the_other():
    options = dict(size=2, decay=0.01, trace=False)
    set_seed(1)
    alone = [nnet("kind ~ length + width", flowers(), **options) for _ in range(3)]
    after = runif(1)
    set_seed(1)
    together = nnet("kind ~ length + width", flowers(), repeats=3, threads=2, **options)
    assert runif(1) == after
    for one, other in zip(together.fits, alone, strict=True):
        assert np.array_equal(one.wts, other.wts)
        assert one.value == other.value
        assert one.iterations == other.iterations
        assert np.array_equal(one.curve, other.curve)


def test_one_repeat_is_the_plain_network():
    fit = nnet("kind ~ length", flowers(), size=1, trace=False, repeats=1)
    assert type(fit).__name__ == "NNet"


def test_predictions_are_the_mean_of_the_outputs_and_sum_to_1():
    data = flowers()
    set_seed(2)
    fit = nnet("kind ~ length + width", data, size=2, maxit=15, repeats=4)
    new = data.iloc[[3, 9, 1]].assign(length=[1.0, np.nan, 2.0])
    mean = sum(each.predict(new) for each in fit.fits) / 4
    pd.testing.assert_frame_equal(fit.predict(new), mean, rtol=1e-15)
    assert tidydl.fitted(fit).sum(axis=1).to_numpy() == pytest.approx(1)
    said = fit.predict(new, type="class")
    assert said.index.tolist() == new.index.tolist()
    assert pd.isna(said.iloc[1])
    assert said.iloc[0] == mean.iloc[0].idxmax()
    shares = tidydl.class_ind(data["kind"])
    assert np.allclose(tidydl.fitted(fit) + tidydl.residuals(fit), shares, atol=1e-15)


def test_the_class_is_that_of_the_mean_probability_not_of_the_most_networks():
    fit = nnet("two ~ length", flowers(), size=1, trace=False, repeats=3, maxit=5)
    first = fit.fits[0]
    shares = np.array([0.1, 0.6, 0.6])
    for each, share in zip(fit.fits, shares, strict=True):
        each.wts = np.zeros_like(first.wts)
        each.wts[2] = np.log(share / (1 - share))  # the output's bias
    new = flowers().iloc[:2]
    assert fit.predict(new).to_numpy() == pytest.approx(shares.mean())
    assert fit.predict(new, type="class").tolist() == ["no", "no"]


def test_the_verbs_tell_of_all_networks():
    data = flowers()
    set_seed(3)
    fit = nnet("kind ~ length", data, size=1, maxit=20, repeats=2)
    weights = tidydl.tidy(fit)
    assert weights.columns.tolist() == [".fit", *tidydl.tidy(fit.fits[0]).columns]
    assert weights[".fit"].tolist() == [0] * 8 + [1] * 8
    assert np.array_equal(weights["estimate"], np.concatenate([each.wts for each in fit.fits]))
    said = tidydl.glance(fit).iloc[0]
    assert said["n_fits"] == 2
    assert said["value"] == pytest.approx(np.mean([each.value for each in fit.fits]))
    assert said["iterations"] == sum(each.iterations for each in fit.fits)
    assert tidydl.augment(fit, data).columns.tolist()[-4:] == [".pred_class", ".pred_x", ".pred_y", ".pred_z"]
    assert tidydl.augment(fit).columns[0] == "kind"
    right = (fit.predict(type="class") == data["kind"]).mean()
    assert tidydl.glance(tidydl.confusion(fit))["accuracy"][0] == pytest.approx(right)
    assert repr(fit).startswith("the mean of 2 networks, each\na 1-1-3 network with 8 weights\n")


def test_numbers_are_averaged_too():
    data = flowers()
    fit = nnet("score ~ length + width", data, size=2, linout=True, repeats=2)
    joined = tidydl.augment(fit, data)
    assert (data["score"] - joined[".pred"] - joined[".resid"]).abs().max() < 1e-12
    with pytest.raises(ArgumentError, match="needs a network that was fitted to classes"):
        fit.predict(type="class")


def test_repeats_need_initial_weights_of_their_own():
    with pytest.raises(ArgumentError, match="`Wts` is given, and `repeats`"):
        nnet("kind ~ length", flowers(), size=1, Wts=np.zeros(8), repeats=2)
    with pytest.raises(ArgumentError, match="`repeats` is 0"):
        nnet("kind ~ length", flowers(), size=1, repeats=0)
