"""Pipelines take streams: results frame by frame, joined to the data, and written as they come."""

import pandas as pd
import pytest

import tidydl
from support.precision import SCORES
from tidydl import load_dataset, stream, write_dataset
from tidydl.data.streaming import Stream
from tidydl.errors import ArgumentError, ColumnError


@pytest.fixture
def sayings(tmp_path):
    frame = pd.DataFrame({"who": range(7), "text": ["good day", "bad", None, "so so", "good", "bad day", "day"]})
    return write_dataset(frame, tmp_path / "sayings.parquet")


def test_a_pipeline_gives_a_stream_of_results_that_counts_on(ppl, sayings):
    results = ppl(stream(sayings, batch_size=3), text="text")
    assert isinstance(results, Stream)
    batches = list(results)
    whole = ppl(load_dataset(sayings), text="text")
    assert [batch[".row"].tolist() for batch in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    pd.testing.assert_frame_equal(pd.concat(batches), whole, atol=SCORES, rtol=0)
    assert results.empty.dtypes.equals(whole.dtypes)


def test_results_are_joined_to_a_stream_and_written_as_they_come(ppl, sayings, tmp_path):
    joined = tidydl.augment(ppl, stream(sayings, batch_size=3), text="text")
    assert joined.rows == 7
    whole = tidydl.augment(ppl, load_dataset(sayings), text="text")
    back = load_dataset(write_dataset(joined, tmp_path / "joined.parquet"))
    pd.testing.assert_frame_equal(back, whole, atol=SCORES, rtol=0)


def test_nothing_is_computed_before_it_is_asked_for(ppl, sayings):
    results = ppl(stream(sayings, batch_size=1), text="text")
    taken = next(iter(results))
    assert taken[".row"].tolist() == [0]


def test_a_stream_has_no_checkpoint_and_needs_its_column(ppl, sayings, tmp_path):
    with pytest.raises(ArgumentError, match="`checkpoint`"):
        ppl(stream(sayings), text="text", checkpoint=tmp_path / "c")
    with pytest.raises(ColumnError, match="txt"):
        ppl(stream(sayings), text="txt")


# the crossing to R


def test_r_asks_for_one_frame_after_the_other(ppl, folder, sayings, tmp_path):
    from tidydl.pipelines import r_stream_interface as r
    from tidydl.progress import run

    opened = r.stream_open(path=sayings, batch_size=3)
    assert (opened["rows"], opened["kinds"]) == (7, {"who": "integer", "text": "string"})
    frames = []
    while (frame := run(r.stream_next(opened["id"]))) is not None:
        frames.append(frame)
    assert [len(frame) for frame in frames] == [3, 3, 1]
    assert len(run(r.stream_next(opened["id"]))) == 3
    spec = {"task": "text-classification", "model": str(folder), "device": "cpu"}
    joined = r.stream_run(opened["id"], spec, {"text": "text"}, prefix="")
    first = run(r.stream_next(joined["id"])).frame
    assert list(first.columns) == list(joined["empty"].frame.columns)
    path = run(r.stream_write(joined["id"], str(tmp_path / "out.parquet")))
    assert len(load_dataset(path)) == 7
    results = r.stream_run(opened["id"], spec, {"text": "text"})
    assert run(r.stream_next(results["id"])).frame[".row"].tolist() == [0, 1, 2]
    assert run(r.stream_next(results["id"])).frame[".row"].tolist() == [3, 4, 5]
    assert run(r.stream_next(results["id"], anew=True)).frame[".row"].tolist() == [0, 1, 2]
    r.stream_close(opened["id"])
    with pytest.raises(tidydl.TidydlError, match="was closed"):
        run(r.stream_next(opened["id"]))
