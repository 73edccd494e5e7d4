"""Inputs of several parts: columns of a frame, dicts, tuples or arguments by name, always the same frame."""

import pandas as pd
import pyarrow
import pytest
import transformers

import tidydl
import tiny
from support.precision import SCORES, assert_near
from tidydl.errors import ArgumentError, ColumnError

FIRST, SECOND = ["sun", "rain and night", None, "the dog"], ["the cat", "day", "work", "letter"]


@pytest.fixture(scope="module")
def pairs(ppl):
    return ppl(pd.DataFrame({"text": FIRST, "text_pair": SECOND}), top_k=None)


def test_pairs_of_texts_get_the_scores_of_the_plain_pipeline(pairs, folder):
    own = transformers.pipeline("text-classification", model=str(folder), device="cpu")
    theirs = [
        line
        for text, text_pair in zip(FIRST, SECOND, strict=True)
        if text is not None
        for line in own({"text": text, "text_pair": text_pair}, top_k=None)
    ]
    known = pairs.dropna()
    assert pairs.columns.tolist() == [".row", "text", "text_pair", "rank", "label", "score"]
    assert known["label"].astype(object).tolist() == [line["label"] for line in theirs]
    assert_near(known["score"], [line["score"] for line in theirs])
    assert pairs.loc[pairs["score"].isna(), "text_pair"].tolist() == ["work"]


@pytest.mark.parametrize(
    "call",
    [
        lambda ppl: ppl(FIRST, text_pair=SECOND, top_k=None),
        lambda ppl: ppl(text=FIRST, text_pair=SECOND, top_k=None),
        lambda ppl: ppl({"text": FIRST, "text_pair": SECOND}, top_k=None),
        lambda ppl: ppl([{"text": a, "text_pair": b} for a, b in zip(FIRST, SECOND, strict=True)], top_k=None),
        lambda ppl: ppl(pd.DataFrame({"b": SECOND, "a": FIRST}), text="a", text_pair="b", top_k=None),
    ],
    ids=["second by name", "both by name", "a dict", "a list of dicts", "columns by name"],
)
def test_every_way_to_give_pairs_gives_the_same_frame(ppl, pairs, call):
    pd.testing.assert_frame_equal(call(ppl).reset_index(drop=True), pairs.reset_index(drop=True))


def test_one_value_stands_for_all_inputs_and_the_index_is_kept(ppl):
    texts = pd.Series(["sun", "rain"], index=["a", "b"])
    frame = ppl(texts, text_pair="day")
    assert frame["text_pair"].tolist() == ["day", "day"]
    assert frame.index.tolist() == ["a", "b"]
    assert ppl(text="sun", text_pair=texts).index.tolist() == ["a", "b"]
    with pytest.raises(ArgumentError, match="`text` has 3 values and `text_pair` has 2"):
        ppl(["a", "b", "c"], text_pair=["a", "b"])


def test_tables_and_columns_of_pyarrow_are_read_like_those_of_pandas(ppl, pairs):
    table = pyarrow.table({"a": FIRST, "b": SECOND})
    found = ppl(table, text="a", text_pair="b", top_k=None)
    pd.testing.assert_frame_equal(found, pairs.reset_index(drop=True))
    for column in (table["a"], table["a"].combine_chunks()):
        pd.testing.assert_frame_equal(ppl(column), ppl(FIRST))
    with pytest.raises(ColumnError, match="several columns"):
        ppl(table)


def test_a_single_part_by_name_is_the_input(ppl):
    pd.testing.assert_frame_equal(ppl(text=["sun", "rain"]), ppl(["sun", "rain"]))
    pd.testing.assert_frame_equal(ppl({"text": "sun"}), ppl("sun"))
    with pytest.raises(ArgumentError, match="`text` is missing"):
        ppl()
    with pytest.raises(ArgumentError, match="names a column"):
        ppl(["sun"], text="tweet")
    with pytest.raises(ColumnError, match="`text_pair` is 'b'"):
        ppl(pd.DataFrame({"text": ["sun"]}), text_pair="b")


def test_a_column_of_pairs_is_taken_only_where_it_has_the_name(ppl):
    data = pd.DataFrame({"text": ["sun"], "other": ["rain"]})
    assert "text_pair" not in ppl(data).columns
    joined = tidydl.augment(ppl, data, text_pair="other")
    assert joined.columns.tolist() == ["text", "other", "label", "score"]
    assert joined["score"].item() == ppl("sun", text_pair="rain")["score"].item()


def test_long_texts_are_averaged_over_windows(ppl):
    words = [word for word in tiny.WORDS if word.isalpha()][:40]
    room = tiny.POSITIONS - 2
    frame = ppl([" ".join(words), "sun"], long="window", stride=20, top_k=None)
    windows = ppl([" ".join(words[:room]), " ".join(words[10:])], top_k=None)
    mean = windows.groupby("label", observed=True)["score"].mean()
    long = frame[frame[".row"] == 0].set_index("label")["score"]
    assert_near(long.loc[mean.index], mean)
    assert frame.attrs["tidydl"]["truncated"] == 0
    alone = ppl("sun", top_k=None)["score"].tolist()
    assert frame[frame[".row"] == 1]["score"].tolist() == pytest.approx(alone, abs=SCORES)
    with pytest.raises(ArgumentError, match=r"1st value .* longer"):
        ppl(" ".join(words), long="error")
    with pytest.raises(ArgumentError, match="pair"):
        ppl("sun", text_pair="rain", long="window")
    with pytest.raises(ArgumentError, match="Did you mean 'window'"):
        ppl("sun", long="windows")
