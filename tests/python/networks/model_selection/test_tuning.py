import math
import threading

import numpy as np
import pandas as pd
import pytest

import tidydl
from support.seeded_frames import flowers
from support.shared_cases import cases_of, value_of
from tidydl import nnet, set_seed, tune_nnet
from tidydl.errors import ArgumentError, ColumnError, DataError
from tidydl.networks.model_selection.metrics import judge
from tidydl.networks.model_selection.resampling import draw_resamples

REFERENCES = {reference["name"]: reference for reference in cases_of("references/tuning.json")}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases_of("tuning.json")])
def test_a_search_finds_what_a_loop_over_rs_own_nnet_finds(case, tmp_path):
    reference = REFERENCES[case["name"]]
    arguments = {name: value_of(value, tmp_path) for name, value in case["arguments"].items()}
    set_seed(case["seed"])
    found = tune_nnet(**arguments)
    assert found.metric == reference["metric"]
    np.testing.assert_allclose(found.fits["value"], reference["value"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.fits[found.metric], reference["judged"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.summary["mean"], reference["mean"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.summary["std_error"], reference["std_error"], rtol=0, atol=1e-8)
    assert found.best == {"size": reference["size"], "decay": reference["decay"]}
    np.testing.assert_allclose(found.fit.wts, reference["wts"], rtol=0, atol=1e-8)


def numbers():
    data = flowers()
    return data[["length", "width"]].to_numpy(), data["kind"]


def test_each_fit_is_the_same_fit_alone_to_the_last_bit_whatever_the_threads():
    x, y = numbers()
    options = dict(size=[1, 2], decay=[0.01, 0.1], resamples=3, repeats=2)
    set_seed(1)
    found = tune_nnet(x, y, threads=2, **options)
    set_seed(1)
    again = tune_nnet(x, y, threads=1, **options)
    unlike = found.fits.drop(columns="seconds").compare(again.fits.drop(columns="seconds"))
    assert unlike.empty
    set_seed(1)
    groups = [np.flatnonzero(y.cat.codes == code) for code in range(3)]
    folds = draw_resamples(3, None, 0.75, groups)
    for row in found.fits.itertuples():
        start = tidydl.runif(row.size * 3 + 3 * (row.size + 1), -0.7, 0.7)
        rows = folds[int(row.resample[-1]) - 1]
        alone = nnet(x[rows.train], y.iloc[rows.train], size=row.size, decay=row.decay, Wts=start, trace=False)
        assert alone.value == row.value
        assert alone.iterations == row.iterations
        said = alone.predict(x[rows.assess], type="class").to_numpy()
        assert (said == y.iloc[rows.assess].to_numpy()).mean() == pytest.approx(row.accuracy)


def test_of_the_restarts_the_one_with_the_lowest_value_speaks_for_its_resample():
    x, y = numbers()
    set_seed(2)
    found = tune_nnet(x, y, size=2, resamples=4, repeats=3, metric="log_loss")
    for _, restarts in found.fits.groupby("resample", observed=True):
        assert restarts.loc[restarts["chosen"], "value"].tolist() == [restarts["value"].min()]
    assert found.summary["mean"][0] == pytest.approx(found.fits.loc[found.fits["chosen"], "log_loss"].mean())
    assert found.summary["n"][0] == 4


def test_the_best_is_an_ordinary_network_fitted_to_all_rows():
    data = flowers()
    set_seed(3)
    found = tune_nnet("kind ~ length + width", data, size=[1, 2], decay=0.1, resamples="holdout")
    assert found.fit.n == (2, found.best["size"], 3)
    assert len(found.fit.fitted_values) == 60
    pd.testing.assert_frame_equal(found.predict(data), found.fit.predict(data))
    assert tidydl.augment(found, data).equals(tidydl.augment(found.fit, data))
    assert tidydl.glance(tidydl.confusion(found.fit))["nobs"][0] == 60


def test_the_verbs_sum_the_search_up():
    set_seed(4)
    found = tune_nnet("score ~ length", flowers(), size=[1, 2], linout=True, resamples=3)
    about = ["size", "decay", "resample", "restart", "chosen", "value", "convergence", "iterations"]
    assert found.fits.columns.tolist() == [*about, "rmse", "mae", "rsq", "seconds"]
    assert tidydl.tidy(found).columns.tolist() == ["size", "decay", "metric", "mean", "std_error", "n", "best"]
    said = tidydl.glance(found).iloc[0]
    assert (said["n_points"], said["n_resamples"], said["n_fits"], said["n_failed"]) == (2, 3, 6, 0)
    assert said["mean"] == found.summary["mean"].min()
    assert repr(found).startswith("2 grid points, 3 folds, 6 fits\nbest by rmse: size ")


def test_a_picture_has_a_point_for_each_grid_point(tmp_path):
    from tidydl.plots.tuning import tuning_layout

    set_seed(5)
    found = tune_nnet("kind ~ length", flowers(), size=[3, 1], decay=[0.1, 0], resamples=3)
    layout = tuning_layout(found.summary)
    assert layout["points"]["size"].tolist() == [3, 3, 1, 1]
    assert layout["points"]["x"].round().tolist() == [2, 2, 1, 1]
    assert layout["keys"]["decay"].tolist() == ["0", "0.1"]
    tidydl.autoplot(found).save(tmp_path / "search.png", verbose=False, dpi=50)
    assert (tmp_path / "search.png").stat().st_size > 3000


def test_a_class_that_a_fold_lacks_is_known_to_its_fit():
    x = np.arange(8.0).reshape(-1, 1) / 8
    y = pd.Categorical(["a", "a", "a", "b", "b", "b", "b", "c"])
    set_seed(6)
    found = tune_nnet(x, y, size=1, decay=0.1, resamples=[[0, 1, 3, 4], [0, 3, 7]])
    assert found.fits["value"].notna().all()
    assert found.fits["log_loss"].notna().all()
    assert found.fit.lev == ("a", "b", "c")


def test_fits_that_cannot_be_made_are_missing_rows_with_a_warning():
    x = np.array([[0.0], [1.0], [2.0], [3.0]])
    y = np.array([0.0, 1.0, 2.0, 30.0])
    with pytest.warns(UserWarning, match="2 of 4 fits failed and are left out: `x` and the initial"):
        found = _search(x, y)
    failed = found.fits[found.fits["resample"] == "resample2"]
    assert failed[["value", "rmse", "convergence", "iterations"]].isna().all(axis=None)
    assert not failed["chosen"].any()
    assert found.summary["n"].tolist() == [1, 1]


def _search(x, y):
    from tidydl.networks.engines import Engine
    from tidydl.networks.model_selection.grid import search_grid
    from tidydl.networks.model_selection.tuning import Options, _grid, gather
    from tidydl.progress import run

    inputs = gather(x, y, None, None, [1.0, 1.0, 1.0, 1e308])
    grid = _grid(inputs, Options(linout=True, skip=True), [0, 1], 0.0, ([[0, 1], [2, 3]], None, 0.75), 1)
    return run(search_grid(grid, "rmse", Engine()), progress=False)


def test_where_no_fit_can_be_made_the_reason_is_raised():
    with pytest.raises(DataError, match="not finite"):
        tune_nnet(np.array([[0.0], [1.0], [2.0]]), np.array([1e200, 1e201, 1e202]), size=1, linout=True, resamples=3)


def test_weights_count_in_the_fits():
    data = flowers().assign(times=1.0)
    set_seed(7)
    plain = tune_nnet("two ~ length", data, size=1, decay=0.1, resamples=3)
    set_seed(7)
    weighted = tune_nnet("two ~ length", data.assign(times=2.0), size=1, decay=0.2, weights="times", resamples=3)
    np.testing.assert_allclose(weighted.fits["value"], 2 * plain.fits["value"], rtol=1e-6)


def test_metrics_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(3), 40)
    truth = rng.integers(0, 3, 40)
    found = judge(shares, np.eye(3)[truth], is_class=True)
    said = shares.argmax(axis=1)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, said))
    assert found["kappa"] == pytest.approx(metrics.cohen_kappa_score(truth, said))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, shares))
    two = judge(shares[:, :1], (truth[:, None] > 0).astype(float), is_class=True)
    assert two["log_loss"] == pytest.approx(metrics.log_loss(truth > 0, shares[:, 0]))
    assert two["kappa"] == pytest.approx(metrics.cohen_kappa_score(truth > 0, shares[:, 0] > 0.5))
    y, p = rng.normal(size=(30, 1)), rng.normal(size=(30, 1))
    numbers = judge(p, y, is_class=False)
    assert numbers["rmse"] == pytest.approx(math.sqrt(metrics.mean_squared_error(y, p)))
    assert numbers["mae"] == pytest.approx(metrics.mean_absolute_error(y, p))
    assert numbers["rsq"] == pytest.approx(metrics.r2_score(y, p))


def test_what_cannot_be_said_of_held_out_rows_is_missing():
    assert math.isnan(judge(np.array([[0.9], [0.8]]), np.ones((2, 1)), is_class=True)["kappa"])
    assert math.isnan(judge(np.array([[1.0]]), np.array([[2.0]]), is_class=False)["rsq"])
    assert all(math.isnan(each) for each in judge(np.array([[np.nan]]), np.ones((1, 1)), is_class=True).values())


def test_a_search_can_be_stopped_between_two_looks_at_it():
    from tidydl.networks.engines import Engine
    from tidydl.networks.model_selection.grid import search_grid
    from tidydl.networks.model_selection.tuning import Options, _grid, gather

    x, y = numbers()
    inputs = gather(x, y, None, None, None)
    grid = _grid(inputs, Options(maxit=100_000, reltol=0.0), [5], 0.0, (10, None, 0.75), 20)
    before = set(threading.enumerate())
    work = search_grid(grid, "accuracy", Engine(threads=2))
    next(work)
    assert set(threading.enumerate()) - before
    work.close()  # ends only when the threads have
    assert not set(threading.enumerate()) - before


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (dict(size=None), ArgumentError, "`size` is None"),
        (dict(size=[]), ArgumentError, "`size` is 0 values"),
        (dict(size=[1, 2.5]), ArgumentError, "`size` is 2.5"),
        (dict(size="one"), ArgumentError, "`size` is 'one'"),
        (dict(size=[0, 1]), ArgumentError, "nothing to fit"),
        (dict(size=[1, 500]), ArgumentError, "for `MaxNWts`"),
        (dict(decay=[0.1, -1]), ArgumentError, "`decay` is -1"),
        (dict(resamples=100), ArgumentError, "`resamples` is 100, and there are 60 rows"),
        (dict(resamples="cv"), ArgumentError, "`resamples` is 'cv'"),
        (dict(repeats=0), ArgumentError, "`repeats` is 0"),
        (dict(metric="rmse"), ArgumentError, "`metric` 'rmse' is for numbers, and classes are predicted"),
        (dict(metric="acuracy"), ArgumentError, "accuracy"),
        (dict(formula="score ~ length", metric="kappa"), ArgumentError, "is for classes"),
        (dict(formula="kind ~ lenth"), ColumnError, "'lenth'"),
        (dict(engine="r"), ArgumentError, "`engine` 'r' is not known"),
        (dict(Wts=[1.0]), ArgumentError, "no argument 'Wts'"),
        (dict(sizes=1), ArgumentError, "Did you mean 'size'"),
    ],
)
def test_wrong_arguments_are_named(change, error, says):
    call = dict(formula="kind ~ length + width", data=flowers(), size=1, resamples=3) | change
    with pytest.raises(error, match=says):
        tune_nnet(**call)
