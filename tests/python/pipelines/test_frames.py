"""Results of text pipelines joined to data and spread, and what R calls."""

import json

import pandas as pd
import pytest

import tidydl
import tiny
from support.precision import assert_near
from tidydl.errors import (
    ColumnError,
)
from tidydl.pipelines import r_interface
from tidydl.progress import run


def test_augment_joins_one_to_one_and_keeps_two_pipelines_apart(ppl):
    data = pd.DataFrame({"tweet": ["sun", None, "rain", "sun"], "day": [1, 2, 3, 4]}, index=[4, 4, 2, 1])
    joined = tidydl.augment(ppl, data, text="tweet")
    assert joined.columns.tolist() == ["tweet", "day", "label", "score"]
    assert joined.index.tolist() == [4, 4, 2, 1]
    pd.testing.assert_series_equal(joined["label"], ppl(data["tweet"])["label"])
    twice = tidydl.augment(ppl, joined, text="tweet", prefix="b_", top_k=2)
    assert twice.columns.tolist()[4:] == ["b_label", "b_score", "b_label.1", "b_score.1"]
    assert data.columns.tolist() == ["tweet", "day"]


def test_augment_refuses_a_name_that_is_taken_before_it_works(ppl):
    calls = []
    hook = ppl.model.register_forward_pre_hook(lambda module, args: calls.append(1))
    try:
        with pytest.raises(ColumnError, match="`score`"):
            tidydl.augment(ppl, pd.DataFrame({"text": ["sun"], "score": [1]}))
    finally:
        hook.remove()
    assert calls == []


def test_augment_of_no_rows_has_the_columns_of_many(ppl):
    data = pd.DataFrame({"text": ["sun"]})
    for top_k in (1, 2, None):
        none, one = (tidydl.augment(ppl, frame, top_k=top_k) for frame in (data.iloc[:0], data))
        assert none.columns.tolist() == one.columns.tolist()
        assert none.dtypes.tolist() == one.dtypes.tolist()


def test_widen_gives_one_row_an_input(ppl):
    long = ppl(["sun", None, "rain"], top_k=None)
    wide = tidydl.widen(long)
    assert wide.columns.tolist() == [
        ".row",
        "text",
        "label",
        "score",
        "label.1",
        "score.1",
        "label.2",
        "score.2",
    ]
    assert wide[".row"].tolist() == [0, 1, 2]
    assert wide["score.1"].isna().tolist() == [False, True, False]
    assert wide["score.1"].iloc[2] == long.loc[(long[".row"] == 2) & (long["rank"] == 2), "score"].item()
    assert wide["label.2"].cat.categories.tolist() == tiny.LABELS
    shuffled = tidydl.widen(long.sample(frac=1, random_state=1)).sort_values(".row").reset_index(drop=True)
    pd.testing.assert_frame_equal(shuffled, wide)
    with pytest.raises(ColumnError, match=r"\.row"):
        tidydl.widen(long.drop(columns=".row"))


def test_widen_spreads_what_is_alike_with_what_it_holds():
    vectors = pd.DataFrame({"text": ["a", "b", "c"], "dim_1": [1.0, 0.0, 1.0], "dim_2": [0.0, 1.0, 1.0]})
    wide = tidydl.widen(tidydl.similarity(vectors, top_k=2))
    repeated = [".row_y", "text_y", "similarity"]
    assert wide.columns.tolist() == [".row", "text", *repeated, *(f"{name}.1" for name in repeated)]
    assert wide["text_y"].tolist() == ["c", "c", "a"]
    assert wide["text_y.1"].tolist() == ["b", "a", "b"]


def test_tasks_are_listed_with_their_aliases():
    frame = tidydl.tasks().set_index("task")
    assert frame.loc["text-classification", "aliases"] == "sentiment-analysis"
    assert frame.loc["image-classification", "input"] == "image"
    assert (frame["size_mb"] < 1100).all()


def test_what_r_calls_takes_plain_data_and_gives_the_same_frames(folder, ppl):
    spec = {"task": "text-classification", "model": str(folder), "device": "cpu"}
    facts = r_interface.pipeline_open(spec)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["labels"] == tiny.LABELS
    data = pd.DataFrame({"a": ["sun", None], "b": ["x", "y"]})
    options = {"text": "a", "top_k": 2}
    pd.testing.assert_frame_equal(
        run(r_interface.pipeline_run(spec, data, options)).frame, ppl(data, text="a", top_k=2)
    )
    pd.testing.assert_frame_equal(
        run(r_interface.pipeline_augment(spec, data, "p_", options)).frame,
        tidydl.augment(ppl, data, text="a", top_k=2, prefix="p_").drop(columns=["a", "b"]),
    )
    embedded = run(r_interface.embed_run({"model": str(folder)}, data, {"text": "a"}))
    pd.testing.assert_frame_equal(embedded, tidydl.embed(data, folder, text="a"))
    with pytest.warns(UserWarning, match="1 text was longer"):
        run(r_interface.pipeline_run(spec, "sun " * 100))


@pytest.mark.cuda
def test_cuda_gives_the_scores_of_the_cpu(folder, ppl):
    texts = tiny.sentences(50)
    frame = tidydl.pipeline(model=folder, device="cuda")(texts, top_k=None)
    assert frame.attrs["tidydl"]["device"] == "cuda:0"
    assert_near(frame["score"], ppl(texts, top_k=None)["score"])


@pytest.mark.parametrize("ranks", [[0, 1], [1, 2.5], [1, float("inf")]])
def test_ranks_that_do_not_count_from_1_are_refused(ranks):
    frame = pd.DataFrame({".row": [0, 0], "text": ["a", "a"], "rank": ranks, "label": ["u", "v"]})
    with pytest.raises(ColumnError, match="not whole numbers from 1"):
        tidydl.widen(frame)


def test_a_column_that_is_called_like_one_of_another_rank_is_refused():
    frame = pd.DataFrame({".row": [0, 0], "rank": [1, 2], "label": ["u", "v"], "label.1": ["w", "x"]})
    with pytest.raises(ColumnError, match=r"two columns `label\.1`"):
        tidydl.widen(frame)
