"""What matters to a network: Garson, Olden, shuffles and Lek's profiles."""

import numpy as np
import pandas as pd
import pytest

import tidydl
from support.shared_cases import cases_of, perform
from tidydl import nnet
from tidydl.errors import ArgumentError, ColumnError, DataError
from tidydl.networks.effects import variable_importance
from tidydl.networks.effects.clusters import cluster
from tidydl.networks.effects.held_values import quantiles
from tidydl.networks.effects.observations import predicted
from tidydl.networks.effects.variable_importance import weight_importance


def named(file):
    return [pytest.param(case, id=case["name"]) for case in cases_of(file)]


def people(n=60):
    tidydl.set_seed(5)
    frame = pd.DataFrame(tidydl.runif(3 * n).reshape(n, 3), columns=["a", "b", "c"])
    kind = np.where(frame["b"] > 0.6, "high", np.where(frame["b"] > 0.3, "middling", "low"))
    frame["kind"] = pd.Categorical(kind, categories=["low", "middling", "high"])
    frame["y"] = frame["a"] * 2 + frame["b"] * frame["c"]
    frame["which"] = np.where(frame["a"] + frame["c"] > 1, "p", np.where(frame["b"] > 0.5, "q", "r"))
    return frame


def fitted(formula, data, **options):
    tidydl.set_seed(1)
    return nnet(formula, data, **{"size": 2, "trace": False, "maxit": 40, "decay": 0.01, **options})


@pytest.mark.parametrize("case", named("importance.json"))
def test_values_are_those_of_neuralnettools_and_of_rs_own_shuffles(case, tmp_path):
    reference = {each["name"]: each for each in cases_of("references/importance.json")}[case["name"]]
    found = perform(case, tmp_path)
    columns = [name for name in reference if name not in ("name", "value")]
    assert columns
    for name in columns:
        if name == "term":
            assert found[name].tolist() == reference[name]
        else:
            assert found[name].to_numpy() == pytest.approx(np.array(reference[name]), abs=1e-8), name
    if "value" in reference:
        case = {**case, "arguments": {**case["arguments"], "group_show": True}}
        assert perform(case, tmp_path)["value"].tolist() == pytest.approx(reference["value"], abs=1e-12)


def test_direct_weights_add_to_oldens_sums():
    hidden, out, direct = [[0.5, -1.0], [2.0, 0.25]], [3.0, -2.0], [10.0, 20.0]
    wts = [9, *hidden[0], 9, *hidden[1], 9, *out, *direct]
    found = weight_importance((2, 2, 1), wts, True, ["a", "b"], ["y"], "olden")
    assert found["importance"].tolist() == [0.5 * 3 - 2 * 2 + 10, -1 * 3 - 0.25 * 2 + 20]


def test_direct_weights_count_as_one_unit_more_in_garsons_shares():
    wts = [9, 1.0, -3.0, 9, 5.0, -2.0, -6.0]
    found = weight_importance((2, 1, 1), wts, True, ["a", "b"], ["y"], "garson")
    assert found["importance"].tolist() == pytest.approx([(1 / 4 + 2 / 8) / 2, (3 / 4 + 6 / 8) / 2])


def test_without_hidden_units_the_direct_weights_alone_count():
    fit = fitted("y ~ a + b + c", people(), size=0, skip=True, linout=True)
    assert tidydl.olden(fit)["importance"].tolist() == fit.wts[1:].tolist()
    shares = np.abs(fit.wts[1:]) / np.abs(fit.wts[1:]).sum()
    assert tidydl.garson(fit)["importance"].to_numpy() == pytest.approx(shares)


def test_each_of_many_outputs_has_its_own_sums():
    data = people().assign(**{f"Y{k}": lambda frame, k=k: frame["a"] * k - frame["b"] for k in range(1, 12)})
    fit = fitted(f"cbind({', '.join(f'Y{k}' for k in range(1, 12))}) ~ a + b", data, linout=True)
    found = tidydl.olden(fit)
    hidden = fit.wts[:6].reshape(2, 3)[:, 1:]
    for k, output in enumerate(f"Y{k}" for k in range(1, 12)):
        expected = fit.wts[6 + 3 * k :][1:3] @ hidden
        assert found.loc[found["output"] == output, "importance"].to_numpy() == pytest.approx(expected)
    assert found["output"].cat.categories.tolist() == [f"Y{k}" for k in range(1, 12)]


def test_a_hidden_unit_without_a_way_to_the_output_is_left_out():
    shares = weight_importance((2, 2, 1), [0, 1, 3, 0, 7, 1, 0, 2, 0], False, ["a", "b"], ["y"], "garson")
    assert shares["importance"].tolist() == [0.25, 0.75]


def test_a_multinomial_models_intercept_is_a_bias():
    fit = tidydl.multinom("which ~ a + b", people(), trace=False)
    found = tidydl.olden(fit)
    assert found["term"].tolist() == ["a", "b"] * 3
    assert found["importance"].tolist() == pytest.approx(np.vstack([[0, 0], fit.coefficients[:, 1:]]).ravel().tolist())
    assert len(tidydl.importance(fit, "permutation", people(), metric="accuracy", repeats=2, seed=1)) == 2
    assert tidydl.lekprofile(fit, people(), steps=2)["fitted"].between(0, 1).all()


def test_a_shuffle_moves_all_that_a_column_goes_into():
    data = people()
    fit = fitted("y ~ a * kind + log(b)", data, linout=True)
    found = tidydl.importance(fit, "permutation", data, metric="rmse", repeats=2, seed=3)
    assert found["term"].tolist() == ["a", "kind", "b"]
    numbers = tidydl.rng.RandomNumbers(3)
    orders = [numbers.positions(len(data), len(data)) for _ in range(2)]

    def error(frame):
        return np.sqrt(((tidydl.predict(fit, frame)["y"] - data["y"]) ** 2).mean())

    worse = [error(data.assign(kind=data["kind"].array[order])) - error(data) for order in orders]
    assert found["importance"][1] == pytest.approx(np.mean(worse), abs=1e-12)
    assert found["std.error"][1] == pytest.approx(np.std(worse, ddof=1) / np.sqrt(2), abs=1e-12)


def test_a_column_that_the_network_does_not_use_has_no_importance():
    data = people()
    fit = fitted(
        "y ~ a + b", data, size=1, linout=True, mask=[True, True, False, True, True], Wts=[0.1, 0.1, 0, 0.1, 0.1]
    )
    found = tidydl.importance(fit, "permutation", data, seed=1)
    assert found["importance"][1] == 0
    assert found["importance"][0] > 0


def test_a_seed_leaves_the_sessions_random_numbers_alone_and_without_one_they_go_on():
    data = people()
    fit = fitted("which ~ a + b", data)
    tidydl.set_seed(9)
    untouched = tidydl.runif(3)
    tidydl.set_seed(9)
    tidydl.importance(fit, "permutation", data, repeats=2, seed=1)
    assert tidydl.runif(3).tolist() == untouched.tolist()
    tidydl.set_seed(4)
    drawn = tidydl.importance(fit, "permutation", data, repeats=2)
    pd.testing.assert_frame_equal(drawn, tidydl.importance(fit, "permutation", data, repeats=2, seed=4))


def test_networks_of_numbers_are_judged_by_their_training_rows_or_by_others():
    data = people()
    inputs = data[["a", "b", "c"]].to_numpy()
    fit = fitted(inputs, data["y"], linout=True)
    found = tidydl.importance(fit, "permutation", inputs, repeats=2, seed=1)
    assert found["term"].tolist() == ["i1", "i2", "i3"]
    again = tidydl.importance(fit, "permutation", inputs, y=data["y"], repeats=2, seed=1)
    assert again["importance"].to_numpy() == pytest.approx(found["importance"].to_numpy(), abs=1e-12)
    with pytest.raises(ArgumentError, match="59 rows"):
        tidydl.importance(fit, "permutation", inputs[1:])
    half = tidydl.importance(fit, "permutation", inputs[:30], y=data["y"][:30], repeats=2, seed=1)
    assert half["importance"][0] > 0


def test_rows_with_missing_values_are_left_out():
    data = people()
    fit = fitted("which ~ a + b", data)
    gaps = pd.concat([data, data[:4].assign(a=np.nan), data[:4].assign(which=None)])
    for look in (tidydl.importance(fit, "permutation", gaps, seed=1), tidydl.lekprofile(fit, gaps, steps=3)):
        assert look.notna()[["importance" if "importance" in look else "fitted"]].all(axis=None)
    pd.testing.assert_frame_equal(
        tidydl.importance(fit, "permutation", gaps, seed=1), tidydl.importance(fit, "permutation", data, seed=1)
    )


def test_a_class_that_the_network_does_not_know_is_named():
    data = people()
    fit = fitted("which ~ a", data)
    with pytest.raises(DataError, match="not seen: z"):
        tidydl.importance(fit, "permutation", data.assign(which="z"))


def test_a_network_of_numbers_is_not_judged_by_labels():
    data = people()
    fit = nnet(data[["a", "b"]], data["y"], size=1, linout=True, trace=False, maxit=5)
    with pytest.raises(ArgumentError, match="`y` is not numeric"):
        tidydl.importance(fit, "permutation", data[["a", "b"]], y=data["kind"])


def test_the_mean_of_several_networks_is_judged_by_what_it_predicts():
    data = people()
    fit = fitted("which ~ a + b", data, repeats=3)
    assert len(tidydl.importance(fit, "permutation", data, metric="accuracy", repeats=2, seed=1)) == 2
    one = tidydl.lekprofile(fit.fits[0], data, steps=2)
    assert (tidydl.lekprofile(fit, data, steps=2)["fitted"] - one["fitted"]).abs().max() > 0
    with pytest.raises(ArgumentError, match="no weights of its own"):
        tidydl.garson(fit)


def test_a_profile_predicts_for_one_variable_running_and_the_others_held():
    data = people()
    fit = fitted("which ~ log(a) * kind + c", data)
    found = tidydl.lekprofile(fit, data, xsel="a", steps=3, group_vals=[0.25])
    commonest = data["kind"].mode()[0]
    grid = pd.DataFrame(
        {
            "a": np.linspace(data["a"].min(), data["a"].max(), 3),
            "kind": pd.Categorical([commonest] * 3, categories=data["kind"].cat.categories),
            "c": data["c"].quantile(0.25),
        }
    )
    expected = tidydl.predict(fit, grid)
    for output in fit.lev:
        rows = found[found["output"] == output]
        assert rows["x"].tolist() == grid["a"].tolist()
        assert rows["fitted"].to_numpy() == pytest.approx(expected[output].to_numpy())
    assert found["output"].cat.categories.tolist() == list(fit.lev)


def test_a_categorical_variable_runs_through_the_levels_that_occur():
    data = people().assign(count=lambda frame: (frame["c"] * 3).astype(int) + 4, is_late=lambda frame: frame["b"] > 0.5)
    fit = fitted("y ~ kind + factor(count) + is_late + which", data, linout=True)
    found = tidydl.lekprofile(fit, data, group_vals=0.5)
    levels = found.groupby("variable", observed=True)["level"].agg(list)
    assert levels["kind"] == ["low", "middling", "high"]
    assert levels["count"] == ["4", "5", "6"]
    assert levels["is_late"] == ["FALSE", "TRUE"]
    assert levels["which"] == ["p", "q", "r"]
    assert found["x"].tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 1, 2, 3]
    assert found["fitted"].notna().all()


def test_groups_may_be_clusters_or_given():
    tidydl.set_seed(2)
    centres = np.array([[0.0, 0.0, 5.0], [10.0, 0.0, 5.0], [0.0, 10.0, -5.0]])
    member = np.repeat([0, 1, 2], [30, 20, 10])
    rows = centres[member] + tidydl.runif(180).reshape(60, 3)
    data = pd.DataFrame(rows, columns=["a", "b", "c"]).assign(y=rows[:, 0])
    fit = fitted("y ~ a + b + c", data, linout=True)
    held = tidydl.lekprofile(fit, data, group_vals=3, group_show=True)
    expected = np.array([rows[member == g].mean(axis=0) for g in range(3)])
    assert held["value"].to_numpy().reshape(3, 3) == pytest.approx(expected)
    groups = pd.DataFrame({"c": [1.0, 2.0], "a": [3.0, 4.0], "b": [5.0, 6.0]})
    given = tidydl.lekprofile(fit, data, group_vals=groups, group_show=True, grp_nms=["x", "y"])
    assert given["value"].tolist() == [3, 5, 1, 4, 6, 2]
    assert given["group"].cat.categories.tolist() == ["x", "y"]


def test_clusters_are_always_the_same_and_the_largest_comes_first():
    tidydl.set_seed(7)
    rows = tidydl.runif(400).reshape(200, 2)
    tidydl.set_seed(1)
    first = cluster(rows, 5)
    tidydl.runif(10)
    assert first.tolist() == cluster(rows, 5).tolist()
    sizes = np.bincount(first)
    assert sizes.tolist() == sorted(sizes, reverse=True)
    assert len(np.unique(cluster(np.repeat([[0.0], [1.0], [5.0]], [1, 1, 50], axis=0), 3))) == 3


def test_clusters_of_many_rows_are_those_of_a_sample_improved_on_all():
    tidydl.set_seed(7)
    member = np.repeat([0, 1, 2], [20_000, 10_000, 5_000])
    rows = np.array([[0.0, 0], [9, 0], [0, 9]])[member] + tidydl.runif(70_000).reshape(-1, 2)
    assert (cluster(rows, 3) == member).all()
    rare = np.zeros((30_000, 1))
    rare[[5, 29_000]] = [[1.0], [2.0]]
    assert np.bincount(cluster(rare, 3)).tolist() == [29_998, 1, 1]


def test_quantiles_are_those_of_numpy():
    tidydl.set_seed(3)
    values, shares = tidydl.runif(37), np.linspace(0, 1, 13)
    assert quantiles(values, shares) == pytest.approx(np.quantile(values, shares), abs=1e-15)


def test_profiles_of_constant_and_of_unusual_columns():
    data = people().assign(flat=1.0, day=pd.Timestamp("2020-01-01"))
    with pytest.warns(UserWarning, match="same in every row"):
        fit = fitted("y ~ a + flat", data, linout=True)
    assert tidydl.lekprofile(fit, data, xsel="flat", steps=2)["x"].unique().tolist() == [1.0]
    inputs = data[["a", "b"]].set_axis(["v", "v"], axis=1)
    found = tidydl.lekprofile(fitted(inputs, data["y"], linout=True), inputs, steps=2)
    assert found["variable"].cat.categories.tolist() == ["i1", "i2"]
    with pytest.raises(ColumnError, match="lacks the column 'a'"):
        tidydl.lekprofile(fit, data.drop(columns="a"))


@pytest.mark.parametrize("cells", [1, 800, 10**9])
def test_shuffles_are_predicted_together_as_many_as_there_is_room_for(monkeypatch, cells):
    made = np.random.default_rng(1).normal(size=(40, 9))
    data = pd.DataFrame(made, columns=list("abcdefghi")).assign(y=np.where(made[:, 0] > 0, "u", "v"))
    fit = tidydl.nnet("y ~ a + b:c + .", data, size=2, trace=False, maxit=20)
    wanted = tidydl.importance(fit, "permutation", data, repeats=4, seed=1)
    asked = []

    def counted(fit, frame):
        asked.append(len(frame))
        return predicted(fit, frame)

    monkeypatch.setattr(variable_importance, "_CELLS", cells)
    monkeypatch.setattr(variable_importance, "predicted", counted)
    found = tidydl.importance(fit, "permutation", data, repeats=4, seed=1)
    assert found.equals(wanted)
    together = {1: 1, 800: 2, 10**9: 4}[cells]
    assert asked == [40, *[40 * together] * (9 * 4 // together)]


def test_a_predictor_may_have_any_name():
    data = pd.DataFrame({"self": [0.1, 0.5, 0.9, 0.3] * 5, "frame": [1.0, 0.2, 0.4, 0.8] * 5, "y": range(20)})
    fit = tidydl.nnet("y ~ .", data, size=1, linout=True, trace=False, maxit=5)
    assert tidydl.importance(fit, "permutation", data, seed=1)["term"].tolist() == ["self", "frame"]
