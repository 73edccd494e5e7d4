"""What the verbs say of multinomial models, and of networks with a likelihood."""

import pickle

import numpy as np
import pandas as pd
import pytest

import tidydl
from support.live_r import as_r, needs_r, run_r
from support.seeded_frames import people
from tidydl import AIC, anova, confint, logLik, multinom, tidy, vcov
from tidydl.errors import ArgumentError, TidydlError
from tidydl.networks.inference import rank


@needs_r
def test_nested_models_are_compared_as_in_r():
    data = people().dropna()
    formulas = ["kind ~ hours + mood", "kind ~ 1", "kind ~ hours"]
    code, arrays = as_r(data)
    fits = ", ".join(f"nnet::multinom({formula}, d, trace = FALSE)" for formula in formulas)
    found = run_r(f"out <- list()\n{code}a <- anova({fits}); out$m <- as.matrix(a[-c(1, 4)]); out$n <- a$Model", arrays)
    table = anova(*(multinom(formula, data, trace=False) for formula in formulas))
    assert table.columns.tolist() == ["Model", "Resid. df", "Resid. Dev", "Test", "Df", "LR stat.", "Pr(Chi)"]
    assert table["Model"].tolist() == found["n"].splitlines() == ["1", "hours", "hours + mood"]
    assert table["Test"].tolist() == ["", "1 vs 2", "2 vs 3"]
    numbers = table.drop(columns=["Model", "Test"]).to_numpy()
    assert numbers == pytest.approx(found["m"], rel=1e-10, nan_ok=True)
    fits = [multinom(formula, data, trace=False) for formula in ("kind ~ .", "kind ~ hours")]
    assert "hours + sleep + few" in anova(*fits, test="none")["Model"][1]


def test_tidy_gives_the_columns_of_broom():
    fit = multinom("kind ~ hours", people(), trace=False)
    plain = tidy(fit)
    assert plain.columns.tolist() == ["y.level", "term", "estimate", "std.error", "statistic", "p.value"]
    assert plain["y.level"].tolist() == ["y", "y", "z", "z"]
    assert plain["term"].tolist() == ["(Intercept)", "hours"] * 2
    assert plain["statistic"].tolist() == pytest.approx(plain["estimate"] / plain["std.error"])
    odds = tidy(fit, conf_int=True, conf_level=0.9, exponentiate=True)
    assert np.log(odds["estimate"]).tolist() == pytest.approx(plain["estimate"].tolist())
    bounds = confint(fit, level=0.9).to_numpy()
    assert np.log(odds[["conf.low", "conf.high"]].to_numpy()) == pytest.approx(bounds)
    assert tidy(multinom("two ~ hours", people(), trace=False))["y.level"].tolist() == ["yes", "yes"]
    assert tidy(multinom("cbind(none, some) ~ hours", people(), trace=False))["y.level"].tolist() == ["some", "some"]


def test_glance_tells_how_well_and_how_the_fit_went():
    fit = multinom("kind ~ hours", people(), trace=False)
    row = tidydl.glance(fit)
    assert row.columns.tolist()[:4] == ["edf", "deviance", "AIC", "nobs"]
    assert row.loc[0, ["edf", "nobs", "convergence"]].tolist() == [4, 69, 0]
    assert row["logLik"][0] == logLik(fit) == -fit.value
    assert row["AIC"][0] == AIC(fit)


def test_predictions_keep_the_index_and_missing_rows_stay_in_place():
    data = people()
    fit = multinom("kind ~ hours", data, trace=False)
    new = data.iloc[[5, 4, 8]]
    kinds, shares = fit.predict(new), fit.predict(new, type="probs")
    assert kinds.index.tolist() == shares.index.tolist() == ["p5", "p4", "p8"]
    assert pd.isna(kinds["p4"])
    assert shares.loc["p4"].isna().all()
    assert shares.columns.tolist() == ["x", "y", "z"]
    assert fit.predict(data.iloc[:0], type="probs").shape == (0, 3)
    assert len(fit.fitted_values) == 69
    assert fit.index.tolist() == data.drop("p4").index.tolist()


def test_augment_joins_the_classes_to_the_data():
    data = people()
    for formula, classes in [
        ("kind ~ hours", "xyz"),
        ("two ~ hours", ["no", "yes"]),
        ("cbind(none, some) ~ sleep", ["none", "some"]),
    ]:
        joined = tidydl.augment(multinom(formula, data, trace=False), data)
        assert joined.columns.tolist()[-len(classes) - 1 :] == [".pred_class", *(f".pred_{each}" for each in classes)]
        shares = joined[[f".pred_{each}" for each in classes]].sum(axis=1)
        assert shares[joined["hours"].notna()].to_numpy() == pytest.approx(1)
    assert tidydl.augment(multinom("kind ~ sleep", data, trace=False)).columns[0] == "kind"
    assert tidydl.augment(multinom("cbind(none, some) ~ sleep", data, trace=False)).columns.tolist()[:2] == [
        "none",
        "some",
    ]


def test_columns_that_follow_from_others_do_not_count():
    data = people().assign(twice=lambda d: 2 * d["sleep"])
    fit = multinom("kind ~ sleep + twice", data, trace=False)
    assert (fit.rank, fit.edf) == (2, 4.0)
    assert np.isfinite(vcov(fit).to_numpy()).all()
    assert rank(np.zeros((3, 2))) == 0
    assert rank(np.eye(2)[:, [0, 1, 0]]) == 2


def test_a_likelihood_survives_pickling_and_is_a_number():
    likelihood = logLik(multinom("two ~ hours", people(), trace=False))
    again = pickle.loads(pickle.dumps(likelihood))
    assert (again, again.df, again.nobs) == (likelihood, 2.0, 69.0)
    assert likelihood + 0 == float(likelihood)


def test_networks_have_a_likelihood_only_where_the_value_is_one():
    data = people()
    fit = tidydl.nnet("two ~ hours", data, size=1, trace=False)
    assert logLik(fit) == -fit.value
    assert AIC(fit) == 2 * fit.value + 2 * len(fit.wts)
    with pytest.raises(ArgumentError, match="not a log-likelihood"):
        logLik(tidydl.nnet("hours ~ sleep", data, size=1, linout=True, trace=False))
    with pytest.raises(ArgumentError, match="not a log-likelihood"):
        AIC(tidydl.nnet("two ~ hours", data, size=1, decay=0.1, trace=False))


def test_what_verbs_cannot_do_is_said():
    fit = multinom("kind ~ hours", people(), trace=False)
    for call in (
        lambda: anova(fit),
        lambda: anova(fit, multinom("two ~ hours", people(), trace=False)),
        lambda: anova(fit, 3),
        lambda: confint(fit, "nowhere"),
        lambda: confint(fit, 7),
        lambda: confint(fit, level=2),
        lambda: fit.predict(type="raw"),
        lambda: vcov(3),
        lambda: fit.predict(people().drop(columns="hours")),
    ):
        with pytest.raises(TidydlError):
            call()


def test_fits_of_other_rows_are_not_compared():
    data = people().dropna()
    larger = multinom("kind ~ hours + sleep", data.iloc[:-10], trace=False)
    with pytest.raises(ArgumentError, match="different responses or rows") as caught:
        anova(multinom("kind ~ hours", data.iloc[10:], trace=False), larger)
    assert "missing values" in caught.value.hint
    shuffled = multinom("kind ~ hours", data.iloc[:-10].sample(frac=1, random_state=1), trace=False, summ=2)
    assert len(anova(shuffled, multinom("kind ~ hours + sleep", data.iloc[:-10], trace=False, summ=2))) == 2
