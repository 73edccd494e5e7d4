"""Multinomial models against R's own multinom, live; TIDYDL_CONFORMANCE=500 draws that many problems at random."""

import os

import numpy as np
import pytest

import tidydl
from support.live_r import in_r, in_r_words, needs_r, run_r
from support.seeded_frames import people
from support.shared_cases import cases_of, perform, value_of
from tidydl import AIC, BIC, confint, logLik, multinom, set_seed, vcov
from tidydl.errors import ArgumentError, ColumnError, DataError, FormulaError

PROBLEMS = int(os.environ.get("TIDYDL_CONFORMANCE", "40"))
FIRST = int(os.environ.get("TIDYDL_CONFORMANCE_SEED", "0"))


def random_call(seed):
    """Draw a problem: which rows, the formula, and what else is asked for."""
    rng = np.random.default_rng([seed, 77])
    start = int(rng.integers(0, 150))
    answer = rng.choice(["kind", "two", "cbind(none, some, much)", "cbind(none, some)", "flag", "few"])
    terms = [name for name in ("hours", "sleep", "mood", "mood:hours", "I(sleep^2)") if rng.random() < 0.5]
    right = " + ".join([*(["0"] if terms and rng.random() < 0.2 else []), *terms]) or "1"
    options = {}
    if rng.random() < 0.3:
        options["weights"] = "w"
    elif answer not in ("two", "flag", "few") and len(terms) > 1 and rng.random() < 0.5:
        options["summ"] = int(rng.integers(2, 4))  # R's method 1 takes different rows for equal
    if rng.random() < 0.3:
        options["decay"] = 0.01
    if rng.random() < 0.5:
        options["maxit"] = int(rng.integers(0, 60))
    return range(start, start + int(rng.integers(20, 150))), f"{answer} ~ {right}", options


ASKED = {
    "wts": "f$wts",
    "value": "c(f$value, f$deviance, f$AIC, f$edf, f$rank, f$convergence)",
    "fitted": "f$fitted.values",
    "residuals": "f$residuals",
    "weights": "as.vector(f$weights)",
    "print": "capture.output(print(f))",
}


@needs_r
def test_random_models_equal_r_to_the_last_bit(capsys):
    seeds = range(FIRST, FIRST + PROBLEMS)
    drawn = [random_call(seed) for seed in seeds]
    data = people(300)
    found = in_r([(rows, in_r_words(formula, options)) for rows, formula, options in drawn], data, ASKED)
    for i, (rows, formula, options) in enumerate(drawn):
        told = f"seed {seeds[i]}: multinom({in_r_words(formula, options)}), rows {rows}"
        fit = multinom(formula, data.iloc[rows.start : rows.stop], **options)
        assert capsys.readouterr().out == found[f"trace{i}"], told
        assert np.array_equal(fit.wts, found[f"wts{i}"]), told
        whole = [fit.value, fit.deviance, fit.AIC, fit.edf, fit.rank, fit.convergence]
        assert np.array_equal(whole, found[f"value{i}"]), told
        assert np.array_equal(fit.fitted_values, found[f"fitted{i}"].reshape(fit.fitted_values.shape)), told
        assert np.array_equal(fit.residuals, found[f"residuals{i}"].reshape(fit.residuals.shape)), told
        assert np.array_equal(fit.weights, found[f"weights{i}"]), told
        assert f"{fit!r}\n" == found[f"print{i}"], told


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases_of("multinom.json")])
def test_models_have_the_weights_covariances_and_words_of_r(case, tmp_path):
    (reference,) = (each for each in cases_of("references/multinom.json") if each["name"] == case["name"])
    fit = perform({**case, "call": "multinom"}, tmp_path)
    shown = [fit.value, fit.convergence, fit.edf, fit.AIC]
    assert shown == pytest.approx([reference[name] for name in ("value", "convergence", "edf", "AIC")], abs=1e-8)
    assert fit.wts == pytest.approx(reference["wts"], abs=1e-8)
    lines = repr(fit).splitlines()
    assert lines[lines.index("Coefficients:") :] == reference["print"]
    probs = fit.predict(value_of(case["arguments"]["data"], tmp_path), type="probs").to_numpy()[:12]
    expected = np.array(reference["probs"], dtype=float)
    assert probs == pytest.approx(expected, abs=1e-8, nan_ok=True)
    if reference["vcov"] is not None:
        assert vcov(fit).to_numpy() == pytest.approx(np.array(reference["vcov"]), rel=1e-6)


CALLS = [
    ("kind ~ hours + mood", {}),
    ("two ~ hours + sleep", {"weights": "w"}),
    ("cbind(none, some, much) ~ hours*mood", {"Hess": True}),
    ("cbind(none,some)~sleep", {"model": True}),
    ("two ~ 1", {"decay": 0.01}),
    ("kind ~ 0 + I((hours+sleep)/2) + mood:sleep + log(w) + exp(-sleep^2)", {"maxit": 40}),
]


@needs_r
def test_summaries_and_what_is_inferred_are_those_of_r():
    asked = {
        "print": "capture.output(print(f))",
        "summary": "capture.output(print(summary(f, correlation = TRUE)))",
        "vcov": "vcov(f)",
        "names": "rownames(vcov(f))",
        "confint": "if (length(dim(confint(f))) == 3) do.call(rbind, lapply(seq_len(dim(confint(f))[3]), "
        "function(k) confint(f, level = 0.9)[, , k])) else confint(f, level = 0.9)",
        "likelihood": "c(logLik(f), attr(logLik(f), 'df'), attr(logLik(f), 'nobs'), AIC(f), BIC(f))",
        "logLik": "capture.output(logLik(f))",
        "probs": "predict(f, d[5:9, ], 'probs')",
        "class": "as.character(predict(f, d, 'class'))",
    }
    data = people()
    found = in_r([(range(len(data)), in_r_words(formula, given)) for formula, given in CALLS], data, asked)
    for i, (formula, given) in enumerate(CALLS):
        fit = multinom(formula, data, **given, trace=True)
        assert f"{fit!r}\n" == found[f"print{i}"]
        assert f"{fit.summary(correlation=True)!r}\n" == found[f"summary{i}"]
        covariance = vcov(fit)
        assert covariance.index.tolist() == covariance.columns.tolist() == found[f"names{i}"].splitlines()
        assert covariance.to_numpy() == pytest.approx(found[f"vcov{i}"].reshape(covariance.shape), rel=1e-8)
        assert confint(fit, level=0.9).to_numpy().ravel() == pytest.approx(found[f"confint{i}"].ravel(), rel=1e-8)
        likelihood = logLik(fit)
        shown = [likelihood, likelihood.df, likelihood.nobs, AIC(fit), BIC(fit)]
        assert shown == pytest.approx(list(found[f"likelihood{i}"]), rel=1e-14)
        assert f"{likelihood!r}\n" == found[f"logLik{i}"]
        new = fit.predict(data.iloc[4:9], type="probs").to_numpy()
        assert np.array_equal(new.ravel(), found[f"probs{i}"].ravel(), equal_nan=True)
        assert fit.predict(data).astype(object).fillna("NA").tolist() == found[f"class{i}"].split("\n")[:-1]


OFFSETS = [
    "kind ~ hours + offset(cbind(sleep, w, log(w)))",
    "two ~ hours + offset(w)",
    "cbind(none, some) ~ mood + offset(cbind(w, sleep))",
    "two ~ offset(log(w)) + offset(sleep)",
]


@needs_r
def test_offsets_count_in_the_fit_as_in_r_and_in_predictions(capsys):
    data = people()
    asked = ASKED | {"summary": "capture.output(print(summary(f)))", "vcov": "vcov(f)"}
    found = in_r([(range(len(data)), in_r_words(formula, {})) for formula in OFFSETS], data, asked)
    for i, formula in enumerate(OFFSETS):
        fit = multinom(formula, data)
        assert capsys.readouterr().out == found[f"trace{i}"]
        assert np.array_equal(fit.wts, found[f"wts{i}"])
        assert f"{fit.summary()!r}\n" == found[f"summary{i}"]
        assert vcov(fit).to_numpy() == pytest.approx(found[f"vcov{i}"], rel=1e-8)
        again = fit.predict(data, type="probs").loc[fit.index]
        assert again.to_numpy() == pytest.approx(fit.fitted_values, rel=1e-12)
        assert len(fit.coefnames) == fit.n[0] == len(fit.vcoefnames) + fit.offsets


def test_of_two_classes_the_difference_of_offsets_counts():
    data = people().assign(none=0.0)
    one = multinom("two ~ hours + offset(w)", data, trace=False)
    assert np.array_equal(multinom("two ~ hours + offset(cbind(none, w))", data, trace=False).wts, one.wts)
    with pytest.raises(FormulaError, match="offset of 1 columns for 3 classes"):
        multinom("kind ~ hours + offset(w)", data)
    with pytest.raises(ColumnError, match="lacks the column 'w'"):
        one.predict(data.drop(columns="w"))


@needs_r
def test_subset_na_action_and_contrasts_are_those_of_r(capsys):
    data = people()
    calls = [
        ("kind ~ hours + mood, data, subset = sleep > -0.5", dict(subset="sleep > -0.5")),
        (
            "kind ~ mood + sleep, data, contrasts = list(mood = 'contr.sum'), Hess = TRUE",
            dict(contrasts={"mood": "contr.sum"}),
        ),
        ("two ~ hours, data, na.action = na.exclude, weights = w", dict(na_action="exclude", weights="w")),
    ]
    asked = {"wts": "f$wts", "fitted": "fitted(f)", "residuals": "residuals(f)", "vcov": "vcov(f)"}
    asked["class"] = "as.character(predict(f))"
    found = in_r([(range(len(data)), call) for call, _ in calls], data, asked)
    for i, (call, given) in enumerate(calls):
        fit = multinom(call.split(",")[0], data, **given)
        assert capsys.readouterr().out == found[f"trace{i}"]
        assert np.array_equal(fit.wts, found[f"wts{i}"])
        for verb in ("fitted", "residuals"):
            shown = getattr(tidydl, verb)(fit).to_numpy()
            assert np.array_equal(shown, found[f"{verb}{i}"].reshape(shown.shape), equal_nan=True)
        assert fit.predict().astype(object).fillna("NA").tolist() == found[f"class{i}"].split("\n")[:-1]
        assert vcov(fit).to_numpy() == pytest.approx(found[f"vcov{i}"], rel=1e-8)
    assert fit.predict().index.tolist() == data.index.tolist()
    assert len(tidydl.augment(fit)) == 69
    with pytest.raises(DataError):
        multinom("kind ~ hours", data, na_action="fail")


@needs_r
def test_long_calls_are_written_as_r_writes_them():
    from tidydl.networks.calls import written_call

    formulas = [
        "y~a+b",
        "y ~ (a + b)^2 - a:b + I(-a^2/(b*2)) + log( a ) + `odd name` %in% b",
        "a_long_response ~ first_predictor + second_predictor + third_predictor + fourth_predictor + fifth_predictor",
        "cbind(first_response, second_response, third_response, fourth_response, fifth_response) ~ a * b * (c + d)",
        "y ~ poly(a, 2, raw = TRUE) + 0 + 1e6 + 0.50 - -a",
    ]
    code = "out <- list()\n"
    for i, formula in enumerate(formulas):
        code += f"f <- quote(multinom(formula = {formula}, data = data, weights = w, summ = 2, decay = 0.001))\n"
        code += f"out$f{i} <- capture.output(dput(f, control = NULL))\n"
    found = run_r(code)
    for i, formula in enumerate(formulas):
        given = {"formula": formula, "data": "data", "weights": "w", "summ": 2, "decay": 0.001}
        assert "\n".join([*written_call("multinom", given), ""]) == found[f"f{i}"]


def test_a_model_is_a_network_of_the_whole_model_matrix():
    fit = multinom("kind ~ hours + mood", people(), trace=False)
    assert fit.n == (4, 0, 3)
    assert fit.coefnames == ("(Intercept)", "hours", "moodfair", "moodhigh")
    assert fit.lev == fit.lab == ("x", "y", "z")
    assert (fit.skip, fit.softmax, fit.entropy) == (True, True, False)
    assert fit.wts[~fit.mask].tolist() == [0.0] * 7
    assert fit.coef().index.tolist() == ["y", "z"]
    assert fit.coef().to_numpy().ravel().tolist() == fit.wts[fit.mask].tolist()
    assert len(tidydl.plotnet(fit).layers) > 0
    two = multinom("two ~ hours", people(), trace=False)
    assert two.coef().index.tolist() == ["(Intercept)", "hours"]
    assert (two.entropy, two.shape.outputs) == (True, 1)


def test_a_fit_draws_no_random_numbers():
    set_seed(3)
    multinom("kind ~ hours", people(), trace=False)
    after = tidydl.runif(1)
    set_seed(3)
    assert tidydl.runif(1) == after


@pytest.mark.parametrize("summ", [1, 2, 3])
@pytest.mark.parametrize("formula", ["kind ~ few + mood", "two ~ few", "cbind(none, some, much) ~ few"])
def test_rows_put_together_give_the_same_model_weights_included(formula, summ):
    data = people()
    plain = multinom(formula, data, weights="w", reltol=1e-14, abstol=0, trace=False)
    less = multinom(formula, data, weights="w", summ=summ, reltol=1e-14, abstol=0, trace=False)
    assert len(less.fitted_values) <= len(plain.fitted_values)
    assert less.wts == pytest.approx(plain.wts, abs=1e-5)
    assert vcov(less).to_numpy() == pytest.approx(vcov(plain).to_numpy(), rel=1e-4)
    assert less.weights.sum() == pytest.approx(plain.weights.sum())


def test_the_information_of_censored_responses_is_the_curvature_of_their_likelihood():
    data = people(40).dropna()
    kind = data["kind"].cat.codes.to_numpy()
    for k, name in enumerate("pqr"):
        data[name] = (kind == k).astype(float)
    data.iloc[:12, data.columns.get_loc("p")] = 1.0
    fit = multinom("cbind(p, q, r) ~ hours", data, censored=True, Hess=True, reltol=1e-12, trace=False)
    assert fit.censored

    def value(coefficients):
        wts = fit.wts.copy()
        wts[fit.mask] = coefficients
        from tidydl.networks.exact.kernels import outputs

        return -np.log((outputs(fit.shape, wts, x) * data[["p", "q", "r"]].to_numpy()).sum(axis=1)).sum()

    x = np.column_stack([np.ones(len(data)), data["hours"]])
    at, step = fit.wts[fit.mask], 1e-4
    by = np.eye(len(at)) * step
    curvature = [
        [(value(at + a + b) - value(at + a - b) - value(at - a + b) + value(at - a - b)) / (4 * step**2) for a in by]
        for b in by
    ]
    assert fit.Hessian.to_numpy() == pytest.approx(np.array(curvature), rel=1e-4, abs=1e-4)
    assert fit.Hessian.index.tolist() == fit.coefficient_names


def test_weights_given_to_start_from_leave_the_first_class_at_zero():
    data = people()
    plain = multinom("kind ~ hours", data, reltol=1e-14, trace=False)
    rng = np.random.default_rng(0)
    other = multinom("kind ~ hours", data, Wts=rng.normal(size=len(plain.wts)), reltol=1e-14, trace=False)
    assert other.wts == pytest.approx(plain.wts, abs=1e-5)
    assert other.wts[~other.mask].tolist() == [0.0] * 5


def test_the_model_frame_and_the_hessian_are_kept_where_asked_for():
    data = people()
    fit = multinom("kind ~ hours", data, weights="w", model=True, Hess=True, trace=False)
    assert fit.model.columns.tolist() == ["hours", "kind", "(weights)"]
    assert fit.model.index.tolist() == fit.index.tolist()
    assert np.linalg.inv(fit.Hessian) == pytest.approx(vcov(fit).to_numpy(), rel=1e-8)
    plain = multinom("kind ~ hours", data, trace=False)
    assert plain.Hessian is None
    assert plain.model is None


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (dict(formula=3), ArgumentError, "`formula` is 3"),
        (dict(formula="kind"), FormulaError, "no response or no predictors"),
        (dict(formula="kind ~ nowhere"), ColumnError, "'nowhere'"),
        (dict(formula="kind ~ 0"), ArgumentError, "neither an intercept nor predictors"),
        (dict(data=None), ArgumentError, "`data` is None"),
        (dict(summ=4), ArgumentError, "`summ` is 4"),
        (dict(summ="2"), ArgumentError, "`summ` is '2'"),
        (dict(summ=3, censored=True), ArgumentError, "`summ` 3"),
        (dict(Hess="yes"), ArgumentError, "`Hess`"),
        (dict(model=1), ArgumentError, "`model`"),
        (dict(censored=None), ArgumentError, "`censored`"),
        (dict(size=2), ArgumentError, "`multinom\\(\\)` has no argument 'size'"),
        (dict(decai=2), ArgumentError, "'decay'"),
        (dict(MaxNWts=3), ArgumentError, "`MaxNWts`"),
        (dict(weights="nowhere"), ColumnError, "'nowhere'"),
        (dict(formula="cbind(none, some) ~ hours", data=people().assign(none=-1)), DataError, "negative counts"),
        (
            dict(formula="cbind(none, some) ~ few", data=people().assign(none=0, some=0)),
            DataError,
            "nothing was counted",
        ),
    ],
)
def test_wrong_arguments_are_named(change, error, says):
    call = dict(formula="kind ~ hours + sleep", data=people(), trace=False) | change
    with pytest.raises(error, match=says):
        multinom(**call)
