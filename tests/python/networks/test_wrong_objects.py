"""Objects of the wrong kind, order or size where a fit takes data: what is said, and the way out."""

import warnings

import numpy as np
import pandas as pd
import pytest

import tidydl
from support.seeded_frames import people
from tidydl import NNetClassifier, augment, multinom, nnet, predict, set_seed, tune_nnet
from tidydl.checks import described
from tidydl.errors import ArgumentError, DataError, TidydlError


def fits(data, weights):
    """Return calls of all that take case weights."""
    return [
        lambda: nnet("kind ~ hours", data, weights=weights, size=1, trace=False),
        lambda: multinom("kind ~ hours", data, weights=weights, trace=False),
        lambda: tune_nnet("kind ~ hours", data, weights=weights, size=1, resamples=2),
    ]


def test_weights_with_another_index_than_the_data_are_refused():
    data = people()
    for weights in (data["w"].sample(frac=1, random_state=1), data["w"].reset_index(drop=True).rename(lambda i: -i)):
        for fit in fits(data, weights):
            with pytest.raises(ArgumentError) as caught:
                fit()
            assert caught.value.problem == "`weights` has another index than `data`."
            assert caught.value.hint == "Take the values alone by weights.to_numpy() where their order is right."


def test_weights_without_labels_and_with_those_of_the_data_are_the_same():
    data = people().sample(frac=1, random_state=1)
    found = []
    for weights in ("w", data["w"], data["w"].to_numpy(), data["w"].tolist()):
        set_seed(1)
        found.append(nnet("kind ~ hours", data, weights=weights, size=1, trace=False, maxit=5).wts.tobytes())
    assert len(set(found)) == 1


class NNThing:
    """Stands for any object."""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (NNThing(), "an NNThing"),
        (object(), "an object"),
        (NNThing, "the class NNThing"),
        ({"a": 1, "b": 2}, "a dict with 2 values"),
        (10**400, "inf"),
        (1j, "something else"),
        ([1, 2], "2 values"),
        (pd.DataFrame(), "a data frame"),
        (np.zeros((3, 2)), "3 values"),
    ],
)
def test_objects_are_described_by_their_class(value, words):
    assert described(value) == words


@pytest.fixture(scope="module")
def search():
    return tune_nnet("kind ~ hours", people(), size=1, resamples=2, maxit=5, progress=False)


def test_where_the_network_is_in_what_is_none_is_said(search, tmp_path):
    data = people().dropna()
    estimator = NNetClassifier(size=1, maxit=5).fit(data[["hours"]], data["kind"])
    calls = [tidydl.garson, tidydl.plotnet, lambda fit: tidydl.save_model(fit, tmp_path / "fit.json"), tidydl.hessian]
    for call in calls:
        for given, words, hint in (
            (search, "a Tuning", "Take its network: `fit`."),
            (estimator, "an NNetClassifier", "Take its network: `network_`."),
            (NNetClassifier(), "an NNetClassifier", None),
        ):
            with pytest.raises(ArgumentError) as caught:
                call(given)
            assert caught.value.problem.endswith(f" is {words}.")
            assert caught.value.hint == hint
    with pytest.raises(ArgumentError, match="Take its network: `network_`"):
        tidydl.confusion(estimator)


@pytest.mark.parametrize("given", [people()[["hours", "w"]].to_numpy(), people().to_dict("list")])
def test_what_could_be_a_data_frame_is_told_how(given):
    fit = nnet("kind ~ hours", people(), size=1, trace=False, maxit=2)
    for call in (
        lambda: nnet("kind ~ hours", given, size=1),
        lambda: predict(fit, given),
        lambda: tidydl.lekprofile(fit, given),
        lambda: tidydl.split_data(given),
    ):
        with pytest.raises(ArgumentError) as caught:
            call()
        assert caught.value.hint == "Make a data frame of it: pandas.DataFrame(...)"


@pytest.mark.parametrize("wrong", [dict(repeats=0), dict(repeats=2, Wts=[0.1] * 4), dict(engine="nil"), dict(decay=-1)])
def test_arguments_are_looked_at_before_anything_is_warned_of(wrong):
    data = pd.DataFrame({"x": [1e6, 2e6, 3e6], "y": [0.1, 0.2, 0.3]})
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(ArgumentError):
            nnet("y ~ x", data, size=1, trace=False, **wrong)
    assert told == []
    with pytest.warns(UserWarning, match="so large"):
        nnet("y ~ x", data, size=1, trace=False, maxit=1)


def test_a_network_of_numbers_is_told_how_to_predict_classes():
    data = people().assign(few=lambda d: (d["hours"] > 2).astype(int))
    with pytest.raises(ArgumentError) as caught:
        tidydl.confusion(nnet("few ~ sleep", data, size=1, trace=False))
    assert caught.value.hint == "For classes make the response categorical, such as factor(y)."
    assert tidydl.confusion(nnet("factor(few) ~ sleep", data, size=1, trace=False)).n.sum() > 0


def test_new_data_that_are_infinite_are_refused_as_in_a_fit():
    data = people()
    new = data.head(3).assign(hours=[1.0, np.nan, -np.inf])
    made = [
        nnet("kind ~ hours", data, size=1, trace=False, maxit=2),
        nnet("kind ~ hours", data, size=1, trace=False, maxit=2, repeats=2),
        multinom("kind ~ hours", data, trace=False),
    ]
    for fit in made:
        for verb in (predict, augment):
            with pytest.raises(DataError) as caught:
                verb(fit, new)
            assert caught.value.problem == "`newdata` has infinite values in 'hours'."
            assert caught.value.hint == "Look for divisions by zero and logarithms of zero."
        assert len(predict(fit, new.head(2))) == 2
    numbers = nnet(np.array([[1.0], [2.0], [3.0]]), [0.1, 0.2, 0.3], size=1, trace=False)
    with pytest.raises(DataError, match="`newdata` has infinite values in 'i1'"):
        predict(numbers, [[np.inf]])


@pytest.mark.parametrize("name", ["x", "y"])
def test_whole_numbers_beyond_the_largest_double_are_infinite(name):
    data = pd.DataFrame({"x": [0.5, 1.5, -1.0], "y": [0.1, 0.2, 0.3]}).assign(
        **{name: pd.Series([1, 10**400, None], dtype=object)}
    )
    with pytest.raises(DataError, match=f"`data` has infinite values in '{name}'"):
        nnet("y ~ x", data, size=1, trace=False)


@pytest.mark.parametrize("argument", ["size", "maxit", "rang", "abstol", "MaxNWts", "decay"])
def test_an_option_beyond_the_largest_double_is_refused(argument):
    data = pd.DataFrame({"x": [0.5, 1.5, -1.0], "y": [0.1, 0.2, 0.3]})
    with pytest.raises(TidydlError, match=f"`{argument}` is inf"):
        nnet("y ~ x", data, **{"size": 1, "trace": False, argument: 10**400})
