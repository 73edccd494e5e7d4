import numpy as np
import pandas as pd
import pytest

from support.shared_cases import cases_of, value_of
from tidydl import runif, set_seed, split_data
from tidydl.errors import ArgumentError, ColumnError, DataError
from tidydl.networks.model_selection.resampling import draw_resamples


def people(n=40):
    return pd.DataFrame({"person": np.arange(n), "kind": list("aabc") * (n // 4)}, index=[f"p{i}" for i in range(n)])


REFERENCES = {reference["name"]: reference for reference in cases_of("references/splits.json")}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases_of("splits.json")])
def test_the_rows_are_those_that_rs_own_draws_give(case, tmp_path):
    arguments = {name: value_of(value, tmp_path) for name, value in case["arguments"].items()}
    train, test = split_data(**arguments)
    assert train["person"].tolist() == REFERENCES[case["name"]]["train"]
    assert test["person"].tolist() == REFERENCES[case["name"]]["test"]


def test_the_two_parts_are_all_rows_in_order_with_their_index():
    split = split_data(people(), seed=1)
    assert len(split.train) == 30
    assert sorted([*split.train.index, *split.test.index]) == sorted(people().index)
    assert split.train["person"].is_monotonic_increasing
    assert repr(split).startswith("2 splits")


def test_each_value_of_a_column_is_split_in_these_proportions():
    train, test = split_data(people(), prop=0.7, strata="kind", seed=1)
    assert train["kind"].value_counts().to_dict() == {"a": 14, "b": 7, "c": 7}
    assert test["kind"].value_counts().to_dict() == {"a": 6, "b": 3, "c": 3}


def test_a_seed_leaves_the_sessions_random_numbers_alone_and_none_takes_the_next_of_them():
    set_seed(1)
    expected = runif(1)
    set_seed(1)
    split_data(people(), seed=7)
    assert runif(1) == expected
    set_seed(7)
    assert split_data(people()).train.equals(split_data(people(), seed=7).train)
    assert not split_data(people()).train.equals(split_data(people(), seed=7).train)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (dict(data=3), ArgumentError, "`data` is 3"),
        (dict(prop=0), ArgumentError, "`prop` is 0"),
        (dict(prop=1.0), ArgumentError, "`prop` is 1"),
        (dict(prop="half"), ArgumentError, "`prop` is 'half'"),
        (dict(seed="one"), ArgumentError, "`seed` is 'one'"),
        (dict(seed=2.0**40), ArgumentError, "`seed` is"),
        (dict(strata="sort"), ColumnError, "'sort'"),
        (dict(strata="person"), DataError, "one row only: 0, 1, 2, 3, 4, …"),
        (dict(data=people().iloc[:0]), DataError, "0 rows"),
        (dict(data=people().iloc[:1]), DataError, "1 row, too few"),
    ],
)
def test_what_cannot_be_split_is_named(change, error, says):
    with pytest.raises(error, match=says):
        split_data(**dict(data=people()) | change)


def groups(*sizes):
    ends = np.cumsum(sizes)
    return [np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def test_folds_hold_each_row_out_once_and_spread_the_classes_evenly():
    set_seed(1)
    folds = draw_resamples(5, None, 0.75, groups(23, 11, 6))
    held_out = np.concatenate([fold.assess for fold in folds])
    assert sorted(held_out) == list(range(40))
    for fold in folds:
        assert sorted([*fold.train, *fold.assess]) == list(range(40))
        assert len(fold.assess) == 8
        assert (fold.assess < 23).sum() in (4, 5)
        assert (fold.assess >= 34).sum() in (1, 2)


def test_folds_drawn_again_are_other_folds():
    set_seed(1)
    folds = draw_resamples(2, 3, 0.75, groups(10))
    assert [fold.label for fold in folds][:3] == ["repeat1.fold1", "repeat1.fold2", "repeat2.fold1"]
    assert len({tuple(fold.assess) for fold in folds}) == 6


def test_a_bootstrap_sample_has_as_many_rows_as_the_data_and_assesses_those_it_lacks():
    set_seed(2)
    samples = draw_resamples("bootstrap", None, 0.75, groups(12))
    assert len(samples) == 25
    for each in samples:
        assert len(each.train) == 12
        assert set(each.assess) == set(range(12)) - set(each.train)
        assert len(each.assess) > 0
    assert all(len(each.assess) for each in draw_resamples("bootstrap", 50, 0.75, groups(2)))


def test_hold_outs_take_their_share_of_each_class():
    set_seed(3)
    (one,) = draw_resamples("holdout", None, 0.75, groups(8, 4, 1))
    assert len(one.train) == 6 + 3 + 1
    assert (one.assess < 8).sum() == 2


def test_rows_that_train_can_be_given():
    found = draw_resamples({"first": [0, 0, 1], "second": np.array([3])}, None, 0.75, groups(4))
    assert [each.label for each in found] == ["first", "second"]
    assert found[0].train.tolist() == [0, 0, 1]
    assert found[0].assess.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("resamples", "options", "error", "says"),
    [
        (1, {}, ArgumentError, "`resamples` is 1"),
        (11, {}, ArgumentError, "`resamples` is 11, and there are 10 rows"),
        ("boot", {}, ArgumentError, "`resamples` is 'boot'"),
        (None, {}, ArgumentError, "`resamples` is None"),
        ([], {}, ArgumentError, "0 values"),
        ([[0, 12]], {}, ArgumentError, "outside of the 10 rows"),
        ([[]], {}, ArgumentError, "no positions"),
        ([[0.5]], {}, ArgumentError, "no positions"),
        ([["a"]], {}, ArgumentError, "no positions"),
        ([[True, False] * 10], {}, ArgumentError, "no positions"),
        ([list(range(10))], {}, ArgumentError, "all rows"),
        ([[1]], {"times": 2}, ArgumentError, "`times` is given"),
        ("bootstrap", {"times": 0}, ArgumentError, "`times` is 0"),
        ("holdout", {"prop": 1}, ArgumentError, "`prop` is 1"),
    ],
)
def test_resamples_that_cannot_be_drawn_are_refused(resamples, options, error, says):
    with pytest.raises(error, match=says):
        draw_resamples(resamples, options.get("times"), options.get("prop", 0.75), groups(6, 4))


def test_one_row_of_each_class_cannot_be_held_out():
    with pytest.raises(DataError, match="one row of each class"):
        draw_resamples("holdout", None, 0.5, groups(1, 1))
