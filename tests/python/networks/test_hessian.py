"""Second derivatives and standard errors against R's own nnet and against what they are by definition."""

import numpy as np
import pytest

from support.live_r import in_r, in_r_words, needs_r
from support.seeded_frames import people
from tidydl import hessian, multinom, nnet, nnetHess, set_seed, tidy
from tidydl.errors import ArgumentError, DataError
from tidydl.networks.inference import standard_errors

CALLS = [
    ("kind ~ hours + sleep", dict(size=2, decay=0.05)),
    ("two ~ hours + mood", dict(size=1, skip=True, weights="w")),
    ("sleep ~ hours", dict(size=2, linout=True, decay=0.01, maxit=30)),
    ("cbind(none/20, some/20) ~ sleep", dict(size=1, maxit=10)),
    ("I(few) ~ sleep", dict(size=1, entropy=True, decay=0.02)),
]


@needs_r
def test_hessians_equal_those_of_r():
    data = people()
    calls = [
        (range(len(data)), in_r_words(formula, given).replace("True", "TRUE") + ", Hess = TRUE, Wts = START")
        for formula, given in CALLS
    ]
    fits = [fitted(formula, data, given) for formula, given in CALLS]
    starts = [", ".join(f"{value:.17g}" for value in start) for _, start in fits]
    calls = [(rows, call.replace("START", f"c({start})")) for (rows, call), start in zip(calls, starts, strict=True)]
    found = in_r(calls, data, {"H": "f$Hessian", "wts": "f$wts"}, function="nnet")
    for i, (fit, _) in enumerate(fits):
        assert np.array_equal(fit.wts, found[f"wts{i}"])
        expected = found[f"H{i}"]
        assert np.abs(fit.Hessian.to_numpy() - expected).max() <= 1e-8 * np.abs(expected).max()
        assert fit.Hessian.index.tolist() == fit.connections


def fitted(formula, data, given):
    set_seed(1)
    start = nnet(formula, data, trace=False, **(given | {"maxit": 0})).wts
    return nnet(formula, data, Wts=start, trace=False, Hess=True, **given), start


def test_the_hessian_can_be_had_afterwards_from_the_data():
    data = people()
    fit = nnet("kind ~ hours", data, size=1, Hess=True, trace=False, weights="w")
    plain = nnet("kind ~ hours", data, size=1, Wts=fit.wts, maxit=0, weights="w", trace=False)
    assert np.array_equal(hessian(plain, data, weights="w"), hessian(fit))
    assert nnetHess is hessian
    numbers = nnet(data[["sleep"]], data["w"], size=1, linout=True, Hess=True, trace=False)
    assert np.array_equal(hessian(numbers, data[["sleep"]], data["w"]), numbers.Hessian)
    model = multinom("kind ~ hours", data, trace=False)
    assert hessian(model).index.tolist() == model.coefficient_names


def test_tidy_has_standard_errors_only_where_the_hessian_was_asked_for():
    data = people()
    fit = nnet("two ~ hours", data, size=1, Hess=True, decay=0.1, trace=False)
    terms = tidy(fit)
    assert terms.columns.tolist()[-2:] == ["estimate", "std.error"]
    assert terms["std.error"].to_numpy() == pytest.approx(np.sqrt(np.diag(np.linalg.inv(fit.Hessian))))
    assert "std.error" not in tidy(nnet("two ~ hours", data, size=1, trace=False))


def test_a_logistic_regression_has_the_standard_errors_of_multinom():
    data = people()
    given = dict(data=data, trace=False, reltol=1e-12)
    net = nnet("two ~ hours + sleep", size=0, skip=True, rang=0, Hess=True, **given)
    expected = tidy(multinom("two ~ hours + sleep", **given))["std.error"]
    assert tidy(net)["std.error"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-4)


def test_a_linear_regression_has_the_standard_errors_of_least_squares():
    data = people().dropna()
    net = nnet(
        "sleep ~ hours + w", data, size=0, skip=True, linout=True, Hess=True, reltol=1e-14, abstol=0, trace=False
    )
    x = np.column_stack([np.ones(len(data)), data[["hours", "w"]]])
    left = data["sleep"] - x @ np.linalg.lstsq(x, data["sleep"], rcond=None)[0]
    variance = (left**2).sum() / (len(data) - 3)
    expected = np.sqrt(np.diag(variance * np.linalg.inv(x.T @ x)))
    assert tidy(net)["std.error"].to_numpy() == pytest.approx(expected, rel=1e-5)


def test_fixed_weights_and_saddles_have_no_standard_error():
    data = people()
    mask = [True, True, False, True]
    held = nnet("two ~ hours", data, size=1, mask=mask, Wts=[0.1, 0.5, 0.0, 1.0], decay=0.1, Hess=True, trace=False)
    errors = standard_errors(held)
    assert np.isnan(errors).tolist() == [False, False, True, False]
    saddle = nnet("kind ~ hours", data, size=2, Wts=np.zeros(13), maxit=0, Hess=True, trace=False)
    assert np.isnan(tidy(saddle)["std.error"]).all()


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda fit: hessian(3), ArgumentError, "`net` is 3"),
        (lambda fit: hessian(fit), ArgumentError, "keeps no data"),
        (lambda fit: hessian(fit, 3), ArgumentError, "`data` is 3"),
        (lambda fit: hessian(fit, people().assign(kind="x")), DataError, "only one level"),
        (lambda fit: hessian(fit, people().query("kind != 'x'")), ArgumentError, "1 inputs and 1 outputs"),
        (lambda fit: nnet("two ~ hours", people(), size=1, Hess="yes"), ArgumentError, "`Hess` is 'yes'"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*levels without a row")
def test_what_cannot_be_had_is_said(call, error, says):
    fit = nnet("kind ~ hours", people(), size=1, trace=False)
    with pytest.raises(error, match=says):
        call(fit)
