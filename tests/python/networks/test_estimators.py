"""NNetClassifier and NNetRegressor: scikit-learn's own checks, and the same networks as nnet()."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import tidydl
from tidydl import NNetClassifier, NNetRegressor
from tidydl.errors import TidydlError


@pytest.mark.filterwarnings("ignore:`X` has inputs so large:UserWarning")
@parametrize_with_checks([NNetClassifier(), NNetRegressor(), NNetClassifier(size=0, skip=True, decay=0.1)])
def test_scikit_learns_own_checks_pass(estimator, check):
    check(estimator)


def bigfive(rows=300):
    data = tidydl.example_data("bigfive").dropna().head(rows)
    return data[["agreeableness", "openness", "age"]].astype(float), data


def test_a_classifier_has_the_weights_of_nnet_after_the_same_seed():
    inputs, data = bigfive()
    model = NNetClassifier(size=2, decay=0.01, random_state=7).fit(inputs, data["education"].astype(str))
    tidydl.set_seed(7)
    fit = tidydl.nnet("education ~ agreeableness + openness + age", data, size=2, decay=0.01, trace=False)
    assert np.array_equal(model.network_.wts, fit.wts)
    assert np.array_equal(model.predict_proba(inputs), fit.predict().to_numpy())
    assert model.n_iter_ == fit.iterations
    assert model.loss_ == fit.value


def test_two_classes_and_case_weights_have_the_weights_of_nnet():
    inputs, data = bigfive()
    weights = np.arange(len(data)) % 3
    model = NNetClassifier(size=2, random_state=7).fit(inputs, data["gender"], sample_weight=weights)
    tidydl.set_seed(7)
    fit = tidydl.nnet("factor(gender) ~ agreeableness + openness + age", data, size=2, weights=weights, trace=False)
    assert np.array_equal(model.network_.wts, fit.wts)
    assert np.array_equal(model.predict_proba(inputs)[:, 1], fit.predict().iloc[:, 0])


def test_a_regressor_has_the_weights_of_nnet_after_the_same_seed():
    inputs, data = bigfive()
    model = NNetRegressor(size=2, skip=True, random_state=7).fit(inputs, data["extraversion"])
    tidydl.set_seed(7)
    fit = tidydl.nnet(inputs, data["extraversion"], size=2, skip=True, linout=True, trace=False)
    assert np.array_equal(model.network_.wts, fit.wts)
    assert np.array_equal(model.predict(inputs), fit.predict().iloc[:, 0])


def test_several_outputs_are_predicted_side_by_side():
    inputs, data = bigfive()
    y = data[["extraversion", "neuroticism"]]
    model = NNetRegressor(size=2, random_state=1).fit(inputs, y)
    assert model.predict(inputs).shape == (len(inputs), 2)
    assert model.network_.n == (3, 2, 2)


def test_the_sessions_random_numbers_are_left_alone():
    inputs, data = bigfive(50)
    tidydl.set_seed(1)
    expected = tidydl.runif(3)
    tidydl.set_seed(1)
    NNetRegressor(random_state=1, maxit=5).fit(inputs, data["extraversion"])
    NNetRegressor(maxit=5).fit(inputs, data["extraversion"])
    assert np.array_equal(tidydl.runif(3), expected)


def test_a_random_state_draws_a_seed_and_none_follows_numpys_own():
    inputs, data = bigfive(50)

    def weights(random_state):
        return NNetRegressor(size=1, maxit=2, random_state=random_state).fit(inputs, data["openness"]).network_.wts

    one = weights(np.random.RandomState(3))
    assert np.array_equal(one, weights(np.random.RandomState(3)))
    stream = np.random.RandomState(3)
    assert np.array_equal(one, weights(stream))
    assert not np.array_equal(one, weights(stream))
    np.random.seed(3)
    assert np.array_equal(one, weights(None))
    assert not np.array_equal(one, weights(3))
    assert np.array_equal(weights(2**32 - 1), weights(np.int64(2**32 - 1)))


def test_a_random_state_that_is_none_is_refused():
    with pytest.raises(ValueError, match="seed"):
        NNetRegressor(random_state="one").fit([[1.0], [2.0]], [1.0, 2.0])


def test_a_fitted_model_comes_through_a_pickle_whole():
    inputs, data = bigfive(80)
    model = NNetClassifier(size=2, random_state=1, maxit=20).fit(inputs, data["gender"])
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(inputs), model.predict_proba(inputs))
    assert tidydl.tidy(again.network_).equals(tidydl.tidy(model.network_))


def test_a_copy_has_the_parameters_and_no_fit():
    from sklearn.base import clone

    model = NNetClassifier(size=3, decay=0.1).fit([[0.0], [1.0], [2.0]], ["a", "b", "a"])
    copy = clone(model).set_params(size=1)
    assert copy.get_params()["decay"] == 0.1
    assert copy.get_params()["size"] == 1
    assert not hasattr(copy, "network_")


def test_labels_of_any_kind_come_back_as_they_were():
    x = [[0.0], [1.0], [2.0], [3.0]]
    for labels in (
        [2, 5, 2, 5],
        ["b", "a", "b", "a"],
        [True, False, True, False],
        pd.Series(list("uvwu"), dtype=object),
    ):
        model = NNetClassifier(size=2, maxit=50, random_state=1).fit(x, labels)
        assert list(model.classes_) == sorted(set(labels))
        assert model.predict(x).dtype == model.classes_.dtype
        assert model.network_.lev == tuple(str(label) for label in model.classes_)


def test_the_inputs_names_are_in_the_network_and_other_names_are_refused():
    inputs, data = bigfive(60)
    model = NNetRegressor(size=1, maxit=5, random_state=1).fit(inputs, data["openness"])
    assert list(model.feature_names_in_) == list(inputs.columns)
    assert model.network_.coefnames == tuple(inputs.columns)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(inputs.rename(columns={"age": "years"}))


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_a_grid_is_searched_in_several_processes_with_the_scores_of_one(backend):
    import joblib
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    inputs, data = bigfive(120)
    model = make_pipeline(StandardScaler(), NNetClassifier(random_state=1, maxit=30))
    grid = {"nnetclassifier__size": [1, 2], "nnetclassifier__decay": [0.01, 0.1]}

    def scores(n_jobs):
        search = GridSearchCV(model, grid, n_jobs=n_jobs, cv=3, error_score="raise").fit(inputs, data["gender"])
        return search.cv_results_["mean_test_score"]

    with joblib.parallel_backend(backend):
        two = scores(2)
    assert np.array_equal(scores(1), two)


def test_sparse_inputs_are_refused_and_say_what_to_do():
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match="dense data is required"):
        NNetRegressor().fit(csr_array(np.eye(3)), [1.0, 2.0, 3.0])


def test_one_class_is_refused():
    with pytest.raises(tidydl.TidydlError, match=r"`y` has only one class \(a\)"):
        NNetClassifier().fit([[1.0], [2.0]], ["a", "a"])


def test_options_are_checked_at_the_fit_in_the_words_of_nnet():
    with pytest.raises(tidydl.TidydlError, match=r"`size` is -1\."):
        NNetRegressor(size=-1).fit([[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(tidydl.TidydlError, match="`MaxNWts` allows 1000 weights"):
        NNetRegressor(size=400).fit([[1.0], [2.0]], [1.0, 2.0])


def test_without_scikit_learn_the_extra_is_named_and_all_else_works():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from tidydl import *\n"
        "import tidydl\n"
        "from tidydl.errors import DependencyError\n"
        "try: tidydl.NNetClassifier\n"
        "except DependencyError as error: print(error.hint, callable(runif))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["Install", "it", "with", "`pip", "install", '"tidydl[sklearn]"`.', "True"]


X = np.random.default_rng(1).normal(size=(20, 2))
FRAME = pd.DataFrame(X, columns=["a", "b"])
Y = np.where(X[:, 0] > 0, "p", "q")


def holed(values):
    """Lose the first value."""
    lost = np.array(values, dtype=object if np.ndim(values) == 1 else float)
    lost[0] = None
    return lost


@pytest.mark.parametrize(
    ("ask", "hint"),
    [
        (lambda: NNetClassifier(size=1).fit(holed(X), Y), "SimpleImputer"),
        (lambda: NNetClassifier(size=1).fit(X, holed(Y)), "Leave rows out where y is missing"),
        (lambda: NNetClassifier(size=1).fit(FRAME.assign(g="u"), Y), "OneHotEncoder codes text"),
        (lambda: NNetClassifier(size=1).fit(X, X[:, 1]), "Leave rows out"),
        (lambda: NNetClassifier(size=1).fit(X, Y, [-1.0] * 20), "Leave `sample_weight` out"),
        (lambda: NNetRegressor(size=1).fit(X, Y), "OneHotEncoder"),
        (lambda: NNetClassifier(size=1).predict(X), "Call fit(X, y) first."),
        (lambda: NNetClassifier(size=1).fit(FRAME, Y).predict(FRAME[["b", "a"]]), "A pipeline keeps it all together"),
        (lambda: NNetClassifier(size=1).fit(X, Y).predict(holed(X)), "A pipeline keeps it all together"),
    ],
)
def test_what_scikit_learn_refuses_is_no_fault_of_tidydl_and_says_what_to_do(ask, hint):
    with pytest.raises(TidydlError) as caught:
        ask()
    assert hint in caught.value.hint
    assert caught.value.allowed
    assert not caught.value.problem.endswith("\n")
