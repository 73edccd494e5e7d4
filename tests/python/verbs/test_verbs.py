"""What the verbs answer and refuse, whatever the class: arguments, likelihoods, covariances and intervals."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import tidydl
from support.seeded_frames import people
from tidydl import AIC, BIC, coef, confint, glance, logLik, multinom, nnet, set_seed, summary, tidy, tune_nnet, vcov
from tidydl.errors import ArgumentError


@pytest.fixture(scope="module")
def network():
    set_seed(1)
    return nnet("kind ~ hours", people(), size=1, trace=False)


@pytest.fixture(scope="module")
def model():
    return multinom("kind ~ hours", people(), trace=False)


@pytest.fixture(scope="module")
def search():
    set_seed(1)
    return tune_nnet("kind ~ hours", people(), size=[1, 2], decay=0.1, resamples=2, maxit=20, progress=False)


@pytest.mark.parametrize(
    ("verb", "given", "problem", "allowed", "hint"),
    [
        ("augment", dict(newdta=1), "`augment()` has no argument 'newdta'.", "One of 'data', 'newdata'.", "newdata"),
        ("predict", dict(tpye="class"), "`predict()` has no argument 'tpye'.", "One of 'newdata', 'type'.", "type"),
        ("fitted", dict(zzz=1), "`fitted()` has no argument 'zzz'.", "There are none.", None),
    ],
)
def test_an_argument_that_a_verb_lacks_is_named_with_the_nearest(network, verb, given, problem, allowed, hint):
    with pytest.raises(ArgumentError) as caught:
        getattr(tidydl, verb)(network, **given)
    assert (caught.value.problem, caught.value.allowed) == (problem, allowed)
    assert caught.value.hint == (None if hint is None else f"Did you mean '{hint}'?")


def test_the_arguments_are_those_of_the_objects_own_method(model):
    with pytest.raises(ArgumentError) as caught:
        tidy(model, conf_lvel=0.9)
    assert caught.value.problem == "`tidy()` has no argument 'conf_lvel'."
    assert caught.value.hint == "Did you mean 'conf_level'?"
    assert "conf.low" in tidy(model, conf_int=True, conf_level=0.9)


def test_values_too_many_or_given_twice_are_refused(network):
    with pytest.raises(ArgumentError, match=r"`predict\(\)` was called with 4 positional arguments"):
        tidydl.predict(network, None, "raw", 3)
    with pytest.raises(ArgumentError, match="`newdata` is given twice"):
        tidydl.predict(network, None, newdata=people())
    assert tidydl.predict(x=network).equals(tidydl.predict(network))


@pytest.mark.parametrize(
    ("function", "first"), [(tidydl.nnet, "size"), (tidydl.tune_nnet, "size"), (tidydl.multinom, "weights")]
)
def test_what_follows_the_data_is_given_by_name(function, first):
    with pytest.raises(ArgumentError) as caught:
        function("kind ~ hours", people(), 2)
    assert caught.value.problem == f"`{function.__name__}()` takes `{first}` and the arguments after it by name only."


@pytest.mark.parametrize(
    ("x", "described"),
    [(1, "1"), ("fit", "'fit'"), ({"a": 1}, "a dict with 1 value"), (len, "a builtin_function_or_method")],
)
def test_what_a_verb_does_not_know_is_described(x, described):
    with pytest.raises(ArgumentError) as caught:
        tidy(x)
    assert caught.value.problem == f"`x` is {described}, for which there is no tidy()."


def test_networks_have_the_likelihood_and_the_criteria_that_glance_shows(network):
    row = glance(network).iloc[0]
    assert logLik(network) == row["logLik"]
    assert AIC(network) == pytest.approx(row["AIC"])
    assert BIC(network) == pytest.approx(-2 * row["logLik"] + np.log(row["nobs"]) * row["n_weights"])


def test_criteria_of_several_fits_are_a_frame_with_a_row_each(network, model):
    found = AIC(network, model)
    assert found.columns.tolist() == ["df", "AIC"]
    assert found.index.tolist() == [0, 1]
    assert found["df"].tolist() == [len(network.wts), model.edf]
    assert found["AIC"].tolist() == [AIC(network), AIC(model)]
    assert BIC(network, model)["BIC"].tolist() == [BIC(network), BIC(model)]
    assert AIC(model, network, k=0)["AIC"].tolist() == pytest.approx([-2 * logLik(model), -2 * logLik(network)])


def test_criteria_of_fits_to_different_rows_are_warned_of(model):
    fewer = multinom("kind ~ hours", people().head(40), trace=False)
    with pytest.warns(UserWarning, match="not all fitted to the same number of observations") as told:
        AIC(model, fewer)
    assert told[0].filename == __file__


def test_criteria_are_refused_where_there_is_no_likelihood(network, model):
    penalised = nnet("kind ~ hours", people(), size=1, decay=0.1, trace=False)
    squares = nnet("sleep ~ hours", people(), size=1, linout=True, trace=False)
    for fit in (penalised, squares):
        with pytest.raises(ArgumentError, match="not a log-likelihood: least squares, or with a penalty"):
            AIC(network, fit)
    with pytest.raises(ArgumentError, match=r"`x` is 3, for which there is no logLik\(\)"):
        BIC(model, 3)


def test_a_network_has_the_covariance_that_its_standard_errors_come_from():
    data = people().dropna()
    for given in (dict(linout=True), dict(linout=True, mask=[True, False, True])):
        net = nnet("sleep ~ hours + w", data, size=0, skip=True, Hess=True, rang=0, trace=False, **given)
        errors = tidy(net).set_index("term")["std.error"].dropna()
        found = vcov(net)
        assert found.index.tolist() == found.columns.tolist() == errors.index.tolist()
        assert np.sqrt(np.diag(found)) == pytest.approx(errors.to_numpy())
        bounds = confint(net, level=0.9)
        assert bounds.columns.tolist() == ["5 %", "95 %"]
        assert bounds.mean(axis=1).to_numpy() == pytest.approx(coef(net)[errors.index].to_numpy())
        half = (bounds["95 %"] - bounds["5 %"]) / 2
        assert half.to_numpy() == pytest.approx(1.6448536269514722 * errors.to_numpy())
        assert confint(net, "i2->o").equals(confint(net).loc[["i2->o"]])
        assert confint(net, [0]).index.tolist() == ["b->o"]


@pytest.mark.parametrize("parm", ["i9->o", [3.5], [None], 99])
def test_weights_that_an_interval_is_not_of_are_refused(parm):
    net = nnet("sleep ~ hours", people(), size=0, skip=True, linout=True, Hess=True, trace=False)
    with pytest.raises(ArgumentError, match="`parm`"):
        confint(net, parm)


def test_without_a_hessian_there_is_neither_covariance_nor_interval(network):
    for verb in (vcov, confint):
        with pytest.raises(ArgumentError) as caught:
            verb(network)
        assert caught.value.hint == "Fit it again with `Hess=True`."


def test_a_search_answers_for_its_network_and_several_networks_for_each(search):
    assert coef(search).equals(coef(search.fit))
    assert repr(summary(search)) == repr(summary(search.fit))
    assert tidydl.confusion(search).equals(tidydl.confusion(search.fit))
    several = nnet("kind ~ hours", people(), size=1, repeats=2, trace=False, maxit=5)
    weights = coef(several)
    assert weights.index.name == ".fit"
    assert weights.loc[1].tolist() == several.fits[1].wts.tolist()
    assert all(repr(summary(fit)) in repr(summary(several)) for fit in several.fits)


def test_a_network_that_was_pickled_answers_in_a_new_process(network, model):
    code = "import pickle, sys; import tidydl; f = pickle.load(sys.stdin.buffer); print(repr(tidydl.AIC(*f)['AIC'][0]))"
    found = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps([network, model]), capture_output=True, check=True
    )
    assert float(found.stdout.split(b"(")[-1].strip(b")\n")) == AIC(network)


def test_methods_are_found_for_frames_that_are_results_but_not_for_frames(network):
    assert glance(tidydl.confusion(network))["nobs"].tolist() == [len(network.fitted_values)]
    with pytest.raises(ArgumentError, match="`x` is a data frame, for which"):
        glance(pd.DataFrame({"n": [1]}))
