"""Whatever frame and options come: an answer that holds together, or one of our errors, never another.

TIDYDL_PROPERTIES says how many examples each test tries (40 by default); the examples are the same every time.
"""

import os
import warnings

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tidydl
from support.odd_frames import INDEXES, ODD_NAMES, TAME, columns, frames, indexed, or_missing, some, sound_frames
from tidydl.errors import TidydlError

EXAMPLES = int(os.environ.get("TIDYDL_PROPERTIES", "40"))
trying = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

OPTIONS = st.fixed_dictionaries(
    {"size": st.integers(0, 3), "maxit": st.integers(0, 12)},
    optional={
        "linout": st.booleans(),
        "skip": st.booleans(),
        "entropy": st.booleans(),
        "softmax": st.booleans(),
        "censored": st.booleans(),
        "decay": st.sampled_from([0.0, 0.1, 5.0, 1e300]),
        "rang": st.sampled_from([0.0, 0.1, 0.7, 50.0]),
        "repeats": st.integers(1, 2),
    },
)
ODD_VALUES = st.sampled_from(
    [None, "yes", -1, 0, 1, 2.5, np.nan, np.inf, True, [1, 2], [], {}, 10**12, b"2", object(), pd.NA, 1j, "y", [None]]
)
OPTION_NAMES = [
    *(
        "size",
        "maxit",
        "linout",
        "skip",
        "entropy",
        "softmax",
        "censored",
        "decay",
        "rang",
        "repeats",
        "weights",
        "Wts",
    ),
    *("mask", "MaxNWts", "abstol", "reltol", "trace", "engine", "device", "threads", "sizes"),
]
FORMULAS = st.one_of(
    st.sampled_from(
        [
            *(
                "y ~ .",
                "y ~ x",
                "x ~ y",
                "g ~ . - x",
                "y ~ x * g",
                "y ~ x + I(x^2)",
                "log(y) ~ exp(x)",
                "y ~ 1",
                "y ~ 0 + x",
            ),
            *(
                "cbind(x, y) ~ .",
                "`a b` ~ .",
                "factor(y) ~ x",
                "`1st` ~ .",
                "y ~ `a b` + `~`",
                "`a:b` ~ .",
                "0 ~ .",
                "y ~ x:g - 1",
            ),
        ]
    ),
    st.text("yxgab.~+-*:^()`1 ,I'\"\\\n", max_size=12),
    st.text(max_size=6),
)


def tried(work):
    """Return what a call gives, None where it is one of our errors; no library's own warning may come through."""
    tidydl.set_seed(1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            answer = work()
        except TidydlError:
            answer = None
    others = [each for each in told if each.category is not UserWarning]
    assert not others, [str(each.message) for each in others]
    assert len({str(each.message) for each in told}) == len(told)
    return answer


def one_networks(fit):
    return list(getattr(fit, "fits", [fit]))


def recomputed(fit, targets):
    """Compute the value of a network from its fitted values."""
    y, t, w = fit.fitted_values, targets, fit.weights[:, None]
    with np.errstate(all="ignore"):
        if fit.censored:
            loss = -np.log((y * t).sum(axis=1, keepdims=True)) * w
        elif fit.softmax:
            loss = np.where(t > 0, -w * t * np.log(y), 0.0)
        elif fit.entropy:
            loss = w * (np.where(t > 0, t * np.log(t / y), 0) + np.where(t < 1, (1 - t) * np.log((1 - t) / (1 - y)), 0))
        else:
            loss = w * (y - t) ** 2
        return loss.sum() + (fit.decay * fit.wts**2).sum()


def is_plain(fit, targets):
    """Return whether the value follows from the fitted values to the digits compared: no loss near a logarithm of 0."""
    if fit.censored or fit.decay.max() >= 100 or (fit.entropy and ((targets < 0) | (targets > 1)).any()):
        return False
    outputs = fit.fitted_values
    return not (fit.entropy or fit.softmax) or bool(((outputs > 1e-9) & (outputs < 1 - 1e-9)).all())


def check_network(fit):
    outputs = fit.fitted_values
    assert outputs.shape == (len(fit.index), fit.n[2])
    assert len(fit.weights) == len(fit.index)
    assert np.isfinite(fit.wts).all()
    if not fit.linout:
        assert (outputs >= 0).all()
        assert (outputs <= 1).all()
    if fit.softmax:
        assert np.allclose(outputs.sum(axis=1), 1)
    targets = outputs + fit.residuals
    value = recomputed(fit, targets)
    if is_plain(fit, targets) and np.isfinite(value):
        assert np.isclose(fit.value, value, rtol=1e-6, atol=1e-9)
    assert len(tidydl.tidy(fit)) == len(fit.wts) == tidydl.glance(fit)["n_weights"].iloc[0]
    assert repr(fit)
    assert repr(fit.summary())


def check_predictions(fit, data, complete):
    raw = tried(lambda: fit.predict(data))
    if raw is None:  # a row that was left out has a level of its own
        return
    assert raw.index.equals(data.index)
    assert list(raw.columns) == list(fit.output_names)
    assert np.array_equal(raw.to_numpy()[complete], fit.fitted_values)
    joined = tried(lambda: tidydl.augment(fit, data))
    if joined is None:
        assert len(set(fit.output_names)) < len(fit.output_names) or "class" in (fit.lev or ())
    else:
        assert len(joined) == len(data)
        assert joined.index.equals(data.index)
        assert len(tidydl.augment(fit)) == len(fit.index)
    if fit.lev is not None:
        classes = fit.predict(data, type="class")
        assert set(classes.dropna()) <= set(fit.lev)
        assert classes.isna().equals(raw.isna().any(axis=1))
    assert len(fit.predict(data.head(0))) == 0


def check_fit(fit, data):
    for each in one_networks(fit):
        check_network(each)
    predictors = [name for term in fit.design.formula.terms for factor in term for name in factor.columns]
    if data.columns.is_unique and set(predictors) <= set(data.columns):
        complete = np.zeros(len(data), dtype=bool)
        if data.index.is_unique:
            complete[data.index.get_indexer(fit.index)] = True
            check_predictions(fit, data, complete)


@trying
@given(
    sound_frames(),
    OPTIONS,
    st.sampled_from(["y ~ .", "y ~ x + `z w`", "y ~ x * v", "`z w` ~ v + x", "v ~ . - x", "cbind(v, v) ~ x"]),
)
def test_a_sound_frame_gives_a_network_that_holds_together(data, options, formula):
    before = data.copy(deep=True)
    fit = tried(lambda: tidydl.nnet(formula, data, trace=False, **options))
    pd.testing.assert_frame_equal(data, before)
    if fit is not None:
        check_fit(fit, data)


@trying
@given(frames(), OPTIONS, FORMULAS)
def test_any_frame_and_formula_give_a_network_or_our_error(data, options, formula):
    fit = tried(lambda: tidydl.nnet(formula, data, trace=False, **options))
    if fit is not None:
        check_fit(fit, data)


@trying
@given(sound_frames(), st.sampled_from(OPTION_NAMES), ODD_VALUES)
def test_any_value_of_an_option_gives_a_network_or_our_error(data, name, value):
    options = {"size": 1, "maxit": 3, "trace": False, name: value}
    tried(lambda: tidydl.nnet("y ~ x", data, **options))


ODD_INPUTS = st.one_of(
    frames(),
    frames().map(lambda frame: frame.to_numpy()),
    frames().map(lambda frame: frame.iloc[:, 0]),
    frames().map(lambda frame: frame.to_numpy().tolist()),
    st.lists(st.lists(TAME, min_size=1, max_size=2), max_size=4),
    ODD_VALUES,
)


@st.composite
def pairs(draw):
    """Draw inputs that mostly are numbers, and a response of any kind with as many rows."""
    n = draw(st.integers(1, 8))
    numbers = draw(some(some(TAME, draw(st.integers(0, 3))), n))
    x = draw(st.sampled_from([numbers, np.array(numbers), np.array(numbers, order="F"), pd.DataFrame(numbers)]))
    y = draw(st.one_of(columns(n), columns(n).map(list), some(some(TAME, 2), n), columns(n).map(pd.DataFrame)))
    return x, y


@trying
@given(st.one_of(pairs(), pairs(), pairs(), st.tuples(ODD_INPUTS, ODD_INPUTS)), OPTIONS)
def test_any_inputs_and_response_give_a_network_or_our_error(pair, options):
    x, y = pair
    fit = tried(lambda: tidydl.nnet(x, y, trace=False, **options))
    if fit is not None:
        for each in one_networks(fit):
            check_network(each)
        raw = tried(lambda: fit.predict(x))
        assert np.array_equal(raw.to_numpy(), fit.fitted_values)


@st.composite
def new_frames(draw):
    """Draw new data that mostly can be predicted for, with a response of any kind."""
    n = draw(st.integers(0, 6))
    numbers = some(st.one_of(TAME, st.just(np.nan)), n).map(lambda v: pd.Series(v, dtype="float64"))
    labels = some(or_missing(st.sampled_from("abc")), n).map(lambda v: pd.Series(v, dtype="object"))
    made = {"y": columns(n), "g": st.one_of(labels, labels, columns(n)), "x": st.one_of(numbers, numbers, columns(n))}
    return indexed(pd.DataFrame({name: draw(column) for name, column in made.items()}), draw(INDEXES))


@trying
@given(
    st.one_of(new_frames(), new_frames(), new_frames(), frames(names=st.sampled_from(["x", "g", "y"])), ODD_INPUTS),
    st.sampled_from(["raw", "raw", "class", "x", None]),
)
def test_any_new_data_give_a_row_each_or_our_error(newdata, type):
    data = pd.DataFrame({"x": [0.5, 1.5, -1.0, 0.0], "g": list("abca"), "y": [0.1, 0.4, 0.3, 0.2]})
    fit = tried(lambda: tidydl.nnet("y ~ x + g", data, size=1, maxit=3, trace=False))
    for verb in (lambda: tidydl.predict(fit, newdata, type=type), lambda: tidydl.augment(fit, newdata)):
        answer = tried(verb)
        if answer is not None and newdata is not None:
            assert len(answer) == len(newdata)
            assert answer.index.equals(newdata.index)


@trying
@given(sound_frames(), st.sampled_from(["y ~ .", "`z w` ~ v", "y ~ x * v", "cbind(x, v) ~ 1"]), st.booleans())
def test_any_frame_gives_a_multinomial_model_or_our_error(data, formula, hessian):
    fit = tried(lambda: tidydl.multinom(formula, data, maxit=5, trace=False, Hess=hessian))
    if fit is not None:
        probabilities = np.asarray(fit.predict(data, type="probs"))
        assert len(probabilities) == len(data)
        known = probabilities[~np.isnan(probabilities)]
        assert ((known >= 0) & (known <= 1)).all()
        for verb in (tidydl.tidy, tidydl.glance, tidydl.coef, tidydl.summary, repr):
            tried(lambda verb=verb: verb(fit))


@trying
@given(sound_frames(), OPTIONS, st.sampled_from(["garson", "olden", "permutation", "best"]))
def test_importance_is_a_row_for_each_input_or_our_error(data, options, method):
    fit = tried(lambda: tidydl.nnet("y ~ x + v", data, trace=False, **options))
    if fit is not None:
        found = tried(lambda: tidydl.importance(fit, method, data, repeats=2, seed=1))
        if found is not None:
            assert len(found) > 0
        profiles = tried(lambda: tidydl.lekprofile(fit, data, steps=3))
        assert profiles is None or len(profiles) > 0


@trying
@given(
    st.one_of(frames(names=st.sampled_from(["a", "b", "c"])), ODD_VALUES),
    st.sampled_from(["a", "b", "d", None, 3]),
    st.sampled_from(["a", "b", None]),
)
def test_a_confusion_counts_the_complete_rows_or_is_our_error(data, truth, estimate):
    counts = tried(lambda: tidydl.confusion(data, truth=truth, estimate=estimate))
    if counts is not None:
        assert counts["n"].sum() == data[[truth, estimate]].notna().all(axis=1).sum()
        assert len(tidydl.glance(counts)) == 1
        assert repr(counts)


@trying
@given(
    st.one_of(frames(), ODD_VALUES),
    st.one_of(st.floats(0, 1), ODD_VALUES),
    st.one_of(ODD_NAMES, ODD_VALUES),
    st.one_of(st.integers(0, 9), ODD_VALUES),
)
def test_a_split_has_every_row_once_or_is_our_error(data, prop, strata, seed):
    split = tried(lambda: tidydl.split_data(data, prop, strata=strata, seed=seed))
    if split is not None:
        train, test = split
        assert len(train) + len(test) == len(data)
        assert min(len(train), len(test)) >= 1
        both = pd.concat([train, test])
        assert sorted(map(str, both.index)) == sorted(map(str, data.index))


@settings(trying, max_examples=max(EXAMPLES // 4, 1))
@given(
    sound_frames(),
    st.sampled_from(["y ~ .", "`z w` ~ v"]),
    st.fixed_dictionaries(
        {
            "size": st.sampled_from([1, [1, 2], 0, [], "one", None]),
            "resamples": st.sampled_from([2, 3, "bootstrap", "holdout", 0, "x"]),
        },
        optional={
            "metric": st.sampled_from(["loss", "accuracy", "rmse", "x"]),
            "times": st.integers(0, 2),
            "linout": st.booleans(),
        },
    ),
)
def test_a_search_over_a_grid_has_an_end_or_our_error(data, formula, options):
    found = tried(lambda: tidydl.tune_nnet(formula, data, maxit=3, progress=False, **options))
    if found is not None:
        assert len(found.fit.predict(data)) == len(data)


@trying
@given(sound_frames(), OPTIONS)
def test_a_network_comes_back_from_a_file_as_it_was(data, options):
    from tempfile import TemporaryDirectory

    fit = tried(lambda: tidydl.nnet("y ~ x + v", data, trace=False, **options))
    if fit is not None:
        with TemporaryDirectory() as folder:
            path = f"{folder}/fit.json"
            tidydl.save_model(fit, path)
            again = tidydl.load_model(path)
        assert np.array_equal(fit.predict(data).to_numpy(), again.predict(data).to_numpy(), equal_nan=True)
