"""Layouts of the pictures: what is drawn, where, and in which colour. Each picture is also drawn once."""

import numpy as np
import pandas as pd
import pytest

import tidydl
from tidydl import autoplot, nnet
from tidydl.errors import ArgumentError, DataError
from tidydl.plots.bars import importance_layout
from tidydl.plots.curves import curve_layout
from tidydl.plots.heatmap import confusion_layout
from tidydl.plots.names import as_text, shown_names, wrapped
from tidydl.plots.network_layout import network_layout
from tidydl.plots.profiles import groups_layout, profile_layout
from tidydl.plots.units import colours_between, r_colour


def layout_of(n, *, has_skip=False, wts=None, **options):
    n_weights = n[1] * (1 + n[0]) + n[2] * (1 + n[1] + (n[0] if has_skip else 0))
    wts = np.arange(1.0, n_weights + 1) * (-1.0) ** np.arange(n_weights) if wts is None else wts
    inputs, outputs = ([f"{letter}{i + 1}" for i in range(count)] for letter, count in (("x", n[0]), ("y", n[2])))
    return network_layout(n, wts, options.pop("inputs", inputs), outputs, has_skip=has_skip, **options)


def students():
    return tidydl.example_data("bigfive").drop(columns="CASE")


@pytest.fixture(scope="module")
def fit():
    tidydl.set_seed(1)
    return nnet("education ~ openness + age", students(), size=2, trace=False, maxit=30, decay=0.1, rang=0.1)


@pytest.mark.parametrize("n", [(7, 5, 5), (30, 20, 10), (60, 8, 3), (1, 2, 1)])
def test_circles_of_a_layer_do_not_touch_and_have_room_for_their_labels(n):
    from tidydl.plots.network_layout import BOTTOM, TOP, recommended_height

    layout = layout_of(n)
    heights = layout["nodes"].loc[layout["nodes"]["layer"] == "input", "y"].to_numpy()
    points = recommended_height(n) * 72 / (TOP - BOTTOM)
    assert np.all(-np.diff(heights) * points > layout["diameter"])
    assert np.all(-np.diff(heights) * points > layout["name_size"])
    assert layout["label_size"] * 0.6 * 3 < layout["diameter"]
    assert layout["nodes"]["y"].between(0, TOP).all()


def test_the_strongest_line_lies_on_top_and_is_the_widest():
    lines = layout_of((3, 2, 2), rel_rsc=(2, 8))["lines"]
    assert lines["weight"].abs().is_monotonic_increasing
    assert lines["width"].iloc[[0, -1]].tolist() == [2, 8]
    assert set(lines.loc[lines["weight"] > 0, "colour"]) == {"black"}
    assert set(lines.loc[lines["weight"] < 0, "colour"]) == {"#BEBEBE"}


def test_lines_of_a_skip_layer_are_told_from_the_others_and_may_be_drawn_alone():
    both = layout_of((3, 2, 2), has_skip=True)["lines"]
    assert both["kind"].value_counts().to_dict() == {"plain": 14, "skip": 6, "pruned": 0}
    alone = layout_of((3, 2, 2), has_skip=True, skip=True)
    assert set(alone["nodes"]["layer"]) == {"input", "output"}
    assert set(alone["lines"]["term"]) == {f"i{i}->o{o}" for i in (1, 2, 3) for o in (1, 2)}
    without = layout_of((3, 2, 2), has_skip=True, skip=False)["lines"]
    assert sorted(without["term"]) == sorted(layout_of((3, 2, 2))["lines"]["term"])
    assert set(layout_of((3, 0, 2), has_skip=True)["lines"]["kind"]) == {"plain"}
    assert len(layout_of((3, 0, 2), has_skip=True, skip=False)["lines"]) == 8


def test_pruned_weights_are_drawn_only_where_they_have_a_colour():
    wts = np.array([1.0, 0, 0, 2, 3, 4, 5, 0, 6])
    mask = [True, False, True, True, True, True, False, False, True]
    assert len(layout_of((2, 2, 1), wts=wts, mask=mask)["lines"]) == 7
    lines = layout_of((2, 2, 1), wts=wts, mask=mask, prune_col="red")["lines"]
    assert lines.loc[lines["kind"] == "pruned", "colour"].tolist() == ["red", "red"]


def test_biases_without_a_line_and_lines_that_nobody_asked_for_are_left_out():
    assert "bias" not in set(layout_of((2, 2, 1), bias=False)["nodes"]["layer"])
    chosen = layout_of((3, 2, 2), all_in=["x2"], all_out="y1")["lines"]
    assert set(chosen["term"]) == {"b->h1", "i2->h1", "b->h2", "i2->h2", "b->o1", "h1->o1", "h2->o1"}
    model = tidydl.multinom("education ~ age", students(), trace=False)
    layout = network_layout(model.n, model.wts, model.coefnames, model.classes, has_skip=True, mask=model.mask)
    assert set(layout["lines"]["to"]) == {"o2", "o3", "o4", "o5"}
    assert "bias" not in set(layout["nodes"]["layer"])


def test_long_names_get_room_and_the_longest_are_cut():
    short, long = (layout_of((1, 1, 1), inputs=[name]) for name in ("x", "x" * 30))
    assert long["limits"]["low"][0] < short["limits"]["low"][0] - 0.5
    cut = layout_of((1, 1, 1), inputs=["x" * 60])["nodes"]["name"][0]
    assert cut == "x" * 33 + "…"


def test_names_stay_different_when_they_are_cut():
    long = ["a" * 40 + end for end in ("x", "y", "x")]
    assert shown_names(long) == ["a" * 16 + "…" + "a" * 16 + end for end in ("x", "y", "x")]
    assert shown_names(["a" * 40 + middle + "a" * 40 for middle in "xy"]) == [
        "a" * 16 + "…" + "a" * 17,
        "a" * 16 + "…" + "a" * 15 + "…2",
    ]
    assert shown_names(["`my age`", "`my age`:`b c`", "it`s"]) == ["my age", "my age:b c", "it`s"]


def test_lines_break_after_marks_and_lose_no_letter():
    assert wrapped("hours that the student read", 18) == "hours that the \nstudent read"
    assert wrapped("x" * 40, 18).split("\n") == ["x" * 18, "x" * 18, "x" * 4]


def test_long_names_leave_the_bars_most_of_the_width():
    terms = [f"`{letter * 60}`" for letter in "ab"]
    frame = pd.DataFrame({"term": terms, "output": pd.Categorical(["o" * 60] * 2), "importance": [2.0, 1]})
    layout = importance_layout(frame, "permutation", "rmse")
    assert layout["y"]["label"].tolist() == ["b" * 33 + "…", "a" * 33 + "…"]
    assert "\n" in layout["label"]
    assert max(len(line) for line in layout["bars"]["output"][0].split("\n")) == 18


def test_units_may_have_colours_of_their_own():
    fills = layout_of((2, 1, 1), circle_col=[["red", "grey50"], "lightblue"])["nodes"]["fill"].tolist()
    assert fills == ["red", "#7F7F7F", *["lightblue"] * 4]
    with pytest.raises(ArgumentError, match="circle_col"):
        layout_of((2, 1, 1), circle_col=[["red", "green", "blue"], "lightblue"])


def test_greys_are_rs():
    assert [r_colour(name) for name in ("grey", "gray0", "grey100", "tomato")] == [
        "#BEBEBE",
        "#000000",
        "#FFFFFF",
        "tomato",
    ]
    assert len(set(colours_between(20))) == 20


def test_a_curve_is_drawn_on_a_log_scale_where_it_spans_more_than_a_factor_of_ten():
    assert curve_layout([1, 2, 3], [100, 30, 9])["is_log"]
    assert not curve_layout([1, 2, 3], [100, 30, 10.5])["is_log"]
    assert not curve_layout([1, 2, 3], [100, 30, -9])["is_log"]
    assert curve_layout([1, 2], [np.inf, 3])["curve"]["value"].tolist() == [3]
    with pytest.raises(DataError, match="no training curve"):
        curve_layout([], [])


def test_bars_stand_in_order_of_size_whatever_the_sign():
    frame = pd.DataFrame({"term": ["a", "b", "c"], "output": pd.Categorical(["y"] * 3), "importance": [1.0, -5, 2]})
    layout = importance_layout(frame, "olden")
    assert layout["y"]["label"].tolist() == ["a", "c", "b"]
    assert layout["bars"]["fill"].nunique() == 2
    assert not layout["has_errors"]
    assert not layout["is_many"]


def test_ticks_of_a_profile_name_its_values():
    frame = pd.DataFrame(
        {
            "variable": pd.Categorical(["a", "a", "g", "g"]),
            "x": [10.0, 50.0, 1.0, 2.0],
            "level": [None, None, "low", "high"],
            "group": pd.Categorical(["50%"] * 4),
            "output": pd.Categorical(["y"] * 4),
            "fitted": [1.0, 2.0, 3.0, 4.0],
        }
    )
    layout = profile_layout(frame)
    assert layout["lines"]["x"].tolist() == [0, 1, 2, 3]
    named = dict(zip(layout["ticks"]["label"], layout["ticks"]["at"], strict=True))
    assert named["20"] == pytest.approx(0.25)
    assert named["low"] == 2
    assert named["high"] == 3


def test_tiles_show_the_share_of_the_true_class():
    data = pd.DataFrame({"true": ["a"] * 4 + ["b"], "said": ["a", "a", "a", "b", "b"]})
    layout = confusion_layout(tidydl.confusion(data, "true", "said"))
    assert layout["tiles"]["share"].tolist() == [0.75, 0, 0.25, 1]
    assert layout["tiles"]["fill"].tolist()[1::2] == ["#FFFFFF", "#08519C"]
    assert layout["y"]["label"].tolist() == ["b", "a"]
    assert layout["tiles"][["x", "y"]].iloc[0].tolist() == [1, 2]


@pytest.mark.parametrize("size", [1, 2, 20])
def test_counts_fit_into_their_tiles(size):
    levels = [f"a class {i}" for i in range(size)]
    data = pd.DataFrame({"true": levels * 150, "said": levels * 150})
    layout = confusion_layout(tidydl.confusion(data, "true", "said"))
    assert 3 * 0.6 * layout["text"] < 72 * 5 / size
    assert layout["text"] >= 5
    assert layout["angle"] == (90 if size == 20 else 0)


def test_each_picture_is_drawn(fit, tmp_path):
    data = students()
    tidydl.set_seed(1)
    several = nnet("age ~ openness", data, size=1, linout=True, maxit=5, trace=False, repeats=2)
    pictures = [
        autoplot(fit),
        autoplot(several),
        autoplot(tidydl.garson(fit)),
        autoplot(tidydl.importance(fit, "permutation", data, repeats=2, seed=1)),
        autoplot(tidydl.lekprofile(fit, data, steps=5, ysel=["1", "2"], xsel="age")),
        autoplot(tidydl.lekprofile(fit, data, group_show=True)),
        autoplot(tidydl.confusion(fit)),
        tidydl.plotnet(fit, node_labs=False, prune_col="red"),
    ]
    for place, picture in enumerate(pictures):
        picture.save(tmp_path / f"{place}.png", verbose=False, dpi=40)
        assert (tmp_path / f"{place}.png").stat().st_size > 1500


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ArgumentError, match=r"there is no autoplot\(\)"):
        autoplot(3)


def test_what_variables_are_held_at_is_written_into_the_bars_of_levels():
    data = students().assign(kind=lambda frame: np.where(frame["age"] > 30, "old", "young"))
    tidydl.set_seed(1)
    fit = nnet("openness ~ age + kind", data, size=1, linout=True, maxit=2, trace=False)
    layout = groups_layout(tidydl.lekprofile(fit, data, group_vals=[0, 1], group_show=True))
    assert layout["bars"]["text"].tolist() == ["", data["kind"].mode()[0]] * 2
    assert layout["bars"]["ymax"].iloc[[0, 2]].tolist() == [data["age"].min(), data["age"].max()]
    assert layout["keys"]["colour"].is_unique


@pytest.mark.filterwarnings("ignore")
def test_names_and_labels_with_dollar_signs_are_drawn_as_text_and_no_formulas(tmp_path):
    numbers = np.random.default_rng(1).normal(size=(30, 2))
    data = pd.DataFrame(numbers, columns=["$x^$", "z$_$"]).assign(y=["$y^$", "$_$", "n"] * 10, g=["$a^$", "b$"] * 15)
    fit = nnet("y ~ .", data, size=1, trace=False, maxit=2)
    digits = tidydl.example_data("digits", split="test[:2]").assign(label=["$x^$", "$"])
    pictures = [
        tidydl.plotnet(fit),
        autoplot(tidydl.importance(fit)),
        autoplot(tidydl.confusion(fit)),
        autoplot(tidydl.lekprofile(fit, data)),
        autoplot(tidydl.lekprofile(fit, data, group_show=True)),
        tidydl.plot_images(digits, caption="label"),
    ]
    for place, picture in enumerate(pictures):
        picture.save(tmp_path / f"{place}.png", verbose=False, dpi=40)
        assert (tmp_path / f"{place}.png").stat().st_size > 500
    texts = as_text(pd.DataFrame({"text": ["$x^$", None], "kind": pd.Categorical(["a$", "b"]), "at": [1.0, 2.0]}))
    assert texts["text"].tolist()[0] == r"\$x^\$"
    assert list(texts["kind"].cat.categories) == [r"a\$", "b"]
