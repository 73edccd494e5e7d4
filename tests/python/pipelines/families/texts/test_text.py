"""Text classification: the numbers of transformers' own pipeline, in a tidy frame, whatever goes in."""

import json
import random
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from support.precision import SCORES, assert_near
from tidydl.errors import (
    ArgumentError,
    ColumnError,
    NotFoundError,
)
from tidydl.progress import Progress


def assert_same_scores(ours, theirs):
    assert ours[".row"].tolist() == theirs[".row"].tolist()
    assert ours["label"].astype(object).tolist() == theirs["label"].tolist()
    assert_near(ours["score"], theirs["score"])


def test_scores_equal_the_plain_pipeline_one_text_at_a_time(ppl, plain):
    texts = tiny.sentences(80)
    assert_same_scores(ppl(texts, top_k=None), plain(texts))


@pytest.mark.parametrize("function", ["sigmoid", "none", "softmax"])
def test_function_to_apply_is_that_of_transformers(ppl, plain, function):
    texts = tiny.sentences(6)
    assert_same_scores(ppl(texts, top_k=None, function_to_apply=function), plain(texts, function_to_apply=function))


@pytest.mark.parametrize("seed", range(5))
def test_order_and_repeats_survive_batching(ppl, seed):
    texts = random.Random(seed).choices([*tiny.sentences(15, seed), None, "."], k=60)
    together = ppl(texts, top_k=2, batch_size=7)
    alone = pd.concat([ppl([text], top_k=2).assign(**{".row": i}) for i, text in enumerate(texts)])
    assert together[".row"].tolist() == alone[".row"].tolist()
    assert together["text"].isna().tolist() == alone["text"].isna().tolist()
    assert together["label"].astype(object).fillna("-").tolist() == alone["label"].astype(object).fillna("-").tolist()
    assert_near(together["score"], alone["score"])


def test_more_texts_than_one_chunk_keep_their_order(ppl, monkeypatch):
    texts = tiny.sentences(50)
    whole = ppl(texts)
    monkeypatch.setattr("tidydl.pipelines.reading.texts.CHUNK", 8)
    pd.testing.assert_frame_equal(ppl(texts), whole, atol=SCORES, rtol=0)


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ppl):
    frames = [ppl(x) for x in ([], "one", ["one"], ["one", "two"], [None], [None, None])]
    assert {tuple(frame.columns) for frame in frames} == {(".row", "text", "label", "score")}
    assert {tuple(map(str, frame.dtypes)) for frame in frames} == {("int64", "str", "category", "float64")} or {
        tuple(map(str, frame.dtypes)) for frame in frames
    } == {("int64", "object", "category", "float64")}
    assert [len(frame) for frame in frames] == [0, 1, 1, 2, 1, 2]
    assert {tuple(frame["label"].cat.categories) for frame in frames} == {tuple(tiny.LABELS)}


def test_ranks_come_before_labels_and_start_at_one(ppl):
    frame = ppl(["sun", None, "rain"], top_k=2)
    assert frame.columns.tolist() == [".row", "text", "rank", "label", "score"]
    assert frame["rank"].tolist() == [1, 2, pd.NA, 1, 2]
    assert frame[".row"].tolist() == [0, 0, 1, 2, 2]
    assert ppl([], top_k=2)["rank"].dtype == frame["rank"].dtype


def test_all_scores_can_be_asked_for_in_the_old_way(ppl):
    pd.testing.assert_frame_equal(ppl("sun", return_all_scores=True), ppl("sun", top_k=None))
    assert len(ppl("sun", top_k=99)) == 3
    assert len(ppl("sun", top_k=None)) == 3


def test_top_k_of_the_pipeline_holds_until_a_call_says_otherwise(folder):
    both = tidydl.pipeline(model=folder, top_k=2.0, device="cpu")
    assert len(both("sun")) == 2
    assert len(both("sun", top_k=1)) == 1
    assert len(both("sun", return_all_scores=False)) == 1


@pytest.mark.parametrize(
    "x",
    [
        ["sun", "rain", None],
        ("sun", "rain", None),
        np.array(["sun", "rain", None], dtype=object),
        pd.Series(["sun", "rain", None]),
        pd.Series(["sun", "rain", pd.NA], dtype="string"),
        pd.Categorical(["sun", "rain", None]),
        pd.DataFrame({"day": [1, 2, 3], "text": pd.Categorical(["sun", "rain", None])}),
        pd.DataFrame({"tweet": ["sun", "rain", float("nan")]}),
    ],
    ids=lambda x: type(x).__name__,
)
def test_every_kind_of_input_gives_the_same_frame(ppl, x):
    expected = ppl(["sun", "rain", None])
    pd.testing.assert_frame_equal(ppl(x), expected, check_like=False)


def test_the_index_of_a_series_or_frame_is_kept_and_repeated(ppl):
    series = pd.Series(["sun", None, "rain"], index=["a", "b", "c"])
    assert ppl(series).index.tolist() == ["a", "b", "c"]
    assert ppl(series, top_k=2).index.tolist() == ["a", "a", "b", "c", "c"]
    assert ppl(series.to_frame("x"), top_k=2).index.tolist() == ["a", "a", "b", "c", "c"]
    shuffled = series.iloc[[2, 0, 1]]
    assert ppl(shuffled)["text"].dropna().to_dict() == {"c": "rain", "a": "sun"}


def test_a_frame_with_several_text_columns_needs_a_name(ppl):
    data = pd.DataFrame({"a": ["sun"], "b": ["rain"]})
    with pytest.raises(ColumnError, match="several columns"):
        ppl(data)
    assert ppl(data, text="b")["text"].tolist() == ["rain"]
    assert ppl(data.rename(columns={"a": "text"}))["text"].tolist() == ["sun"]
    with pytest.raises(ColumnError, match="Did you mean 'b'"):
        ppl(data, text="B")
    with pytest.raises(ColumnError, match="no column"):
        ppl(pd.DataFrame({"a": [1.0]}))


@pytest.mark.parametrize(
    ("x", "what"),
    [
        (["sun", 3], "The 2nd value"),
        (["sun", None, b"rain"], "The 3rd value"),
        ([["sun"]], "The 1st value"),
        (pd.Series([1.0, 2.0]), "The 1st value"),
        (3, "The 1st value"),
        ({"words": "sun"}, "a dict"),
        ({"sun"}, "a set"),
        (["sun", "half \ud83d"], "The 2nd value .* Unicode"),
    ],
    ids=str,
)
def test_wrong_types_are_refused_naming_the_value(ppl, x, what):
    with pytest.raises(ArgumentError, match=what):
        ppl(x)


def test_odd_unicode_gets_a_score(ppl, plain):
    texts = [
        "ÄÖÜ ß",
        "日本語 テキスト",
        "👩‍👩‍👧",
        "a\u0301e\u0301",
        "\u202eabc",
        "\x00sun",
        "\ufeffsun",
    ]
    assert_same_scores(ppl(texts, top_k=None), plain(texts))


@pytest.mark.parametrize("empty", ["", " ", "\n\t", "\u3000"])
def test_an_empty_text_is_refused_or_gets_a_row_of_missing_values(ppl, empty):
    with pytest.raises(ArgumentError, match="The 2nd value of `x` is empty"):
        ppl(["sun", empty])
    frame = ppl(["sun", empty], on_error="row")
    assert frame["label"].isna().tolist() == [False, True]
    assert "is empty" in frame[".error"][1]


def test_long_texts_are_shortened_counted_and_warned_of_once(ppl, plain):
    long = "sun " * 100
    just_fits = "sun " * (tiny.POSITIONS - 2)
    with pytest.warns(UserWarning, match="2 texts were longer") as caught:
        frame = ppl([long, "rain", just_fits, long])
    assert len([warning for warning in caught if "longer" in str(warning.message)]) == 1
    assert frame.attrs["tidydl"]["truncated"] == 2
    with pytest.warns(UserWarning, match="1 text was longer"):
        assert_same_scores(ppl([long], top_k=None), plain([long]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ppl(just_fits).attrs["tidydl"]["truncated"] == 0


@pytest.mark.filterwarnings("ignore:.* longer than")
def test_a_book_is_read_as_its_first_page_and_blanks_are_no_words(ppl, plain):
    many = 300 * tiny.POSITIONS
    texts = ["sun rain " * many, " " * many + "sun", "x" * many, " " * many + "sun " * 100]
    frame = ppl(texts, top_k=None)
    assert_same_scores(frame, plain(texts))
    assert frame.attrs["tidydl"]["truncated"] == 2


def test_max_length_shortens_further(ppl):
    with pytest.warns(UserWarning, match="1 text"):
        short = ppl("sun rain sun rain sun", max_length=4)
    assert short["score"].item() == pytest.approx(ppl("sun rain")["score"].item(), abs=SCORES)


def test_steps_report_progress_batch_by_batch(ppl):
    events = []
    work = ppl.steps([*tiny.sentences(5), None], batch_size=2)
    try:
        while True:
            events.append(next(work))
    except StopIteration as end:
        frame = end.value
    assert [event.done for event in events] == [3, 5, 6]
    assert all(isinstance(event, Progress) and event.total == 6 for event in events)
    assert len(frame) == 6


def test_inference_mode_and_parallel_tokenizers_do_not_leak(ppl, monkeypatch):
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    work = ppl.steps(tiny.sentences(20), batch_size=2)
    next(work)
    assert not torch.is_inference_mode_enabled()
    work.close()
    import os

    assert "TOKENIZERS_PARALLELISM" not in os.environ


def test_provenance_is_flat_json(ppl, folder):
    record = ppl("sun").attrs["tidydl"]
    assert json.loads(json.dumps(record)) == record
    assert record["task"] == "text-classification"
    assert record["model"] == str(folder)
    assert (record["dtype"], record["device"], record["truncated"]) == ("float32", "cpu", 0)
    assert record["torch"] == torch.__version__
    assert record["transformers"] == transformers.__version__
    assert record["tidydl"] == tidydl.__version__


def test_repr_says_what_it_is(ppl):
    assert "text-classification" in repr(ppl)
    assert "joy, sadness, anger" in repr(ppl)
    assert "cpu (float32)" in repr(ppl)


def test_task_is_read_from_the_model(folder):
    assert tidydl.pipeline(model=str(folder)).task == "text-classification"
    assert tidydl.pipeline("sentiment-analysis", folder).task == "text-classification"


def test_components_can_be_given(folder, ppl, tmp_path):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).train()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    expected = ppl(["sun", "rain"])
    for given in ({}, {"tokenizer": tokenizer}, {"tokenizer": str(folder)}):
        pd.testing.assert_frame_equal(
            tidydl.pipeline(model=model, **given)(["sun", "rain"]), expected, atol=SCORES, rtol=0
        )
    bare = tmp_path / "bare"
    model.save_pretrained(bare)
    with pytest.raises(NotFoundError, match="no tokenizer"):
        tidydl.pipeline(model=bare)
    frame = tidydl.pipeline(model=bare, tokenizer=tokenizer)(["sun", "rain"])
    pd.testing.assert_frame_equal(frame, expected, atol=SCORES, rtol=0)
    with pytest.raises(ArgumentError, match="image_processor"):
        tidydl.pipeline(model=folder, image_processor=str(folder))


def test_a_model_is_loaded_once_and_again_when_its_files_change(tmp_path):
    folder = tiny.text_folder(tmp_path / "model")
    first = tidydl.pipeline(model=folder).model
    assert tidydl.pipeline(model=folder).model is first
    assert tidydl.pipeline(model=folder, dtype="bfloat16").model is not first
    tiny.text_folder(folder, labels=["yes", "no"])
    assert tidydl.pipeline(model=folder).labels == ["yes", "no"]


def test_dtype_is_used_and_named(folder):
    half = tidydl.pipeline(model=folder, dtype=torch.bfloat16)
    assert half.model.dtype == torch.bfloat16
    assert half("sun").attrs["tidydl"]["dtype"] == "bfloat16"
    with pytest.raises(ArgumentError, match="Did you mean 'float32'"):
        tidydl.pipeline(model=folder, dtype="flot32")


def test_loading_is_silent_and_leaves_the_log_as_it_was(tmp_path, capfd):
    folder = tiny.text_folder(tmp_path / "model")
    from transformers.utils import logging

    capfd.readouterr()
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    tidydl.pipeline(model=folder)("sun")
    assert capfd.readouterr() == ("", "")
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_the_problem_type_of_the_model_is_respected(tmp_path):
    folder = tiny.text_folder(tmp_path / "many", problem_type="multi_label_classification")
    ours = tidydl.pipeline(model=folder)("sun", top_k=None)
    theirs = transformers.pipeline("text-classification", model=str(folder))("sun", top_k=None)
    assert_near(ours["score"], [line["score"] for line in theirs])


@pytest.mark.parametrize("text", ["sun " * 2_500_000, "日" * 3_500_000], ids=["words", "no blanks"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_of_a_text_of_10_megabytes_no_more_is_tokenised_than_can_matter(ppl, monkeypatch, text):
    asked = []
    tokenizer = ppl._loaded.tokenizer
    own = type(tokenizer).__call__
    monkeypatch.setattr(type(tokenizer), "__call__", lambda self, x, *a, **k: asked.extend(x) or own(self, x, *a, **k))
    frame = ppl([text, "sun"])
    assert frame["score"].notna().all()
    assert frame.attrs["tidydl"]["truncated"] == 1
    assert max(map(len, asked)) < 10_000
    assert_near(frame["score"][0], ppl(text[:1000])["score"][0])


def test_blanks_before_a_text_or_a_word_without_an_end_lose_nothing(ppl):
    assert_same_scores(ppl([" " * 100_000 + "sun", "x" * 100_000, "sun"]).iloc[[0]], ppl(["sun"]))
    assert ppl(["x" * 100_000]).attrs["tidydl"]["truncated"] == 0


def test_a_long_text_in_windows_has_the_mean_of_their_scores(ppl):
    text = " ".join(tiny.sentences(300))
    frame = ppl([text], long="window", stride=0, top_k=None)
    ids = ppl._loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    room = tiny.POSITIONS - 2
    cls, sep = ppl._loaded.tokenizer.cls_token_id, ppl._loaded.tokenizer.sep_token_id
    windows = [[cls, *ids[start : start + room], sep] for start in range(0, len(ids), room)]
    with torch.no_grad():
        each = [ppl.model(input_ids=torch.tensor([window])).logits.softmax(-1)[0].numpy() for window in windows]
    mean = dict(zip(ppl.labels, np.mean(each, axis=0), strict=True))
    assert_near(frame["score"], [mean[label] for label in frame["label"]])


@pytest.mark.filterwarnings("ignore:.* longer than")
@pytest.mark.parametrize("side", ["left", "right"])
def test_long_texts_are_cut_on_the_side_that_the_tokenizer_says(tmp_path, side):
    words = ["sun", "rain", "cloud"]
    texts = [f"{one} " * count + f"{other} " * 3 for one in words for other in words for count in (100, 30_000)]
    heads = {"text-classification": "SequenceClassification", "token-classification": "TokenClassification"}
    for task, head in heads.items():
        folder = tiny.text_folder(tmp_path / task, head=head)
        about = folder / "tokenizer_config.json"
        about.write_text(json.dumps(json.loads(about.read_text()) | {"truncation_side": side}))
        ours = tidydl.pipeline(task, str(folder), device="cpu")
        theirs = transformers.pipeline(task, model=str(folder), device="cpu")
        if task == "text-classification":
            expected = [theirs(text, truncation=True)[0] for text in texts]
            frame = ours(texts)
            assert frame["label"].astype(str).tolist() == [each["label"] for each in expected]
            assert_near(frame["score"], [each["score"] for each in expected])
        else:
            frame = ours(texts[:2], ignore_labels=[])
            first = frame.groupby(".row")["start"].min().tolist()
            last = frame.groupby(".row")["end"].max().tolist()
            whole = [len(text.rstrip()) for text in texts[:2]]
            assert (first == [0, 0], last == whole) == (side == "right", side == "left")
