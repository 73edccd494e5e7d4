"""Questions about tables: the cells and aggregators of transformers' own pipeline."""

import pandas as pd
import pyarrow
import pytest
import transformers

import tidydl
import tiny
from tidydl.errors import ArgumentError

TABLE = pd.DataFrame({"day": ["sun", "rain", "night"], "letters": [3, 4, None], "mood": ["happy", "sad", "calm"]})
QUESTIONS = ["the sun ?", "my letter and the dog", "so", "work ? !", "again and again", "happy"]


@pytest.fixture(scope="module")
def ask():
    return tidydl.pipeline("table-question-answering", model=tiny.kept("tables"), device="cpu")


@pytest.fixture(scope="module")
def own():
    return transformers.pipeline("table-question-answering", model=str(tiny.kept("tables")), device="cpu")


def as_texts(table):
    return table.astype(object).where(table.notna(), "").astype(str)


def test_answers_equal_the_plain_pipeline_one_question_at_a_time(ask, own):
    ours = ask(TABLE, query=QUESTIONS)
    theirs = [own(table=as_texts(TABLE), query=question) for question in QUESTIONS]
    assert ours.columns.tolist() == [".row", "query", "answer", "aggregator", "cells"]
    for name in ("answer", "aggregator", "cells"):
        assert ours[name].tolist() == [answer[name] for answer in theirs], name
    assert ours["answer"].nunique() > 2
    assert ours["aggregator"].nunique() > 1


def test_tables_and_questions_come_in_many_ways(ask):
    expected = ask(TABLE, query=QUESTIONS)
    for found in (
        ask(table=TABLE, query=QUESTIONS),
        ask({"table": TABLE, "query": QUESTIONS}),
        ask(TABLE.to_dict("list"), query=QUESTIONS),
        ask(pyarrow.Table.from_pandas(TABLE), query=QUESTIONS),
        ask(query=QUESTIONS, table=[TABLE] * len(QUESTIONS)),
        ask(QUESTIONS, table=TABLE),
    ):
        pd.testing.assert_frame_equal(found, expected)


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ask):
    frames = [ask(TABLE, query=query) for query in ([], "so", QUESTIONS, [None])]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 1, 6, 1]


def test_of_a_long_table_the_last_rows_are_left_out(ask, own):
    long = pd.concat([TABLE] * 12, ignore_index=True)
    with pytest.warns(UserWarning, match="1 text was longer"):
        frame = ask(long, query="the sun ?")
    assert frame["answer"].item() == own(table=as_texts(long), query="the sun ?")["answer"]
    with pytest.raises(ArgumentError, match="longer"):
        ask(long, query="the sun ?", long="error")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"query": "so"}, "`table` is missing"),
        ({"table": TABLE}, "`query` is missing"),
        ({"table": TABLE.iloc[:0], "query": "so"}, "no cells"),
        ({"table": "so", "query": "so"}, "`table` is 'so'"),
        ({"table": TABLE, "query": ["so", " "]}, "2nd value of `query` is empty"),
        ({"table": TABLE, "query": "so", "long": "window"}, "`long`"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_cannot_be_asked_is_refused(ask, given, what):
    with pytest.raises(ArgumentError, match=what):
        ask(**given)
