"""Token classification: the entities of transformers' own pipeline, a line each, with their characters."""

import json

import pandas as pd
import pytest
import transformers

import tidydl
import tiny.text
from support.precision import SCORES, assert_near
from tidydl.errors import ArgumentError
from tidydl.pipelines import r_interface
from tidydl.progress import run

LABELS = tiny.text.ENTITIES
COLUMNS = [".row", "text", "entity", "word", "score", "start", "end"]
TEXTS = [*tiny.sentences(25), "Unhappily, the DOGS\twere made!", "ÄÖÜ ß 👩‍👩‍👧 sun"]


@pytest.fixture(scope="module")
def ner_folder():
    return tiny.kept("entities")


@pytest.fixture(scope="module")
def ner(ner_folder):
    return tidydl.pipeline("ner", model=ner_folder, device="cpu")


def plain(folder, texts, **options):
    own = transformers.pipeline("token-classification", model=str(folder), device="cpu")
    found = [{".row": i, **each} for i, text in enumerate(texts) for each in own(text, **options)]
    return pd.DataFrame(found).rename(columns={"entity_group": "entity"})


def assert_same_entities(ours, theirs):
    for name in (".row", "entity", "word", "start", "end"):
        assert ours[name].tolist() == theirs[name].tolist(), name
    assert_near(ours["score"], theirs["score"].astype(float))


@pytest.mark.filterwarnings("ignore:Tokenizer does not support")
@pytest.mark.parametrize("strategy", ["none", "simple", "first", "average", "max"])
def test_entities_equal_the_plain_pipeline_one_text_at_a_time(ner, ner_folder, strategy):
    assert_same_entities(
        ner(TEXTS, aggregation_strategy=strategy), plain(ner_folder, TEXTS, aggregation_strategy=strategy)
    )


def test_a_tokenizer_without_marks_of_words_groups_as_transformers_does(tmp_path):
    folder = tiny.byte_folder(tmp_path / "roberta", labels=LABELS, head="TokenClassification")
    ours, texts = tidydl.pipeline("ner", model=folder), tiny.sentences(10)
    for strategy in ("none", "simple"):
        theirs = plain(folder, texts, aggregation_strategy=strategy)
        assert_same_entities(ours(texts, aggregation_strategy=strategy), theirs)
    with pytest.warns(UserWarning, match="real words"):
        theirs = plain(folder, texts, aggregation_strategy="first")
    assert_same_entities(ours(texts, aggregation_strategy="first"), theirs)


def test_words_are_found_again_by_their_characters(ner):
    frame = ner(TEXTS[:-1], aggregation_strategy="first", ignore_labels=[])
    cut = [text[start:end] for text, start, end in zip(frame["text"], frame["start"], frame["end"], strict=True)]
    assert [word.replace(" ", "") for word in frame["word"]] == ["".join(each.split()).lower() for each in cut]


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ner):
    frames = [ner(x, aggregation_strategy="simple") for x in ([], "sun", TEXTS, [None], [None, "rain"])]
    assert {tuple(frame.columns) for frame in frames} == {tuple(COLUMNS)}
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert len(frames[0]) == 0
    assert len(frames[3]) == 1
    assert frames[3].drop(columns=".row").isna().all(axis=None)


def test_a_text_without_entities_has_no_line_and_a_missing_one_has_one(ner):
    texts = pd.Series(["sun", None, "rain"], index=["a", "b", "c"])
    frame = ner(texts, ignore_labels=LABELS)
    assert frame.index.tolist() == ["b"]
    assert frame[".row"].tolist() == [1]
    everything = ner(texts, ignore_labels=[])
    assert everything.index.tolist() == ["a", "b", "c"]


def test_equal_texts_have_equal_entities(ner):
    frame = ner([TEXTS[0], TEXTS[1], TEXTS[0]], ignore_labels=[])
    first, last = (frame[frame[".row"] == row].drop(columns=".row").reset_index(drop=True) for row in (0, 2))
    pd.testing.assert_frame_equal(first, last)


def test_older_arguments_mean_what_they_meant(ner):
    new = ner(TEXTS, aggregation_strategy="simple")
    pd.testing.assert_frame_equal(ner(TEXTS, grouped_entities=True), new)
    pd.testing.assert_frame_equal(ner(TEXTS, grouped_entities=False), ner(TEXTS))
    pd.testing.assert_frame_equal(
        ner(TEXTS, grouped_entities=True, ignore_subwords=True), ner(TEXTS, aggregation_strategy="first")
    )
    for option, value in (("aggregation_strategy", "sum"), ("grouped_entities", "yes"), ("top_k", 2)):
        with pytest.raises(ArgumentError, match=f"`{option}`"):
            ner("sun", **{option: value})


def test_windows_read_a_long_text_to_its_end(ner):
    long = " ".join(tiny.sentences(8, seed=3))
    whole = ner(long, long="window", ignore_labels=[])
    assert whole["end"].iloc[-1] == len(long)
    assert whole["start"].is_monotonic_increasing
    assert whole.attrs["tidydl"]["truncated"] == 0
    with pytest.warns(UserWarning, match="1 text was longer"):
        cut = ner(long, ignore_labels=[])
    assert len(cut) == tiny.POSITIONS - 2
    short = TEXTS[:9]
    pd.testing.assert_frame_equal(ner(short, long="window"), ner(short))
    with pytest.raises(ArgumentError, match=r"2nd value .* longer"):
        ner(["sun", long], long="error")
    with pytest.raises(ArgumentError, match="`stride`"):
        ner(long, long="window", stride=tiny.POSITIONS)


def test_tokens_of_two_windows_are_read_where_they_stand_farther_from_an_edge(ner):
    words = ["sun", "rain", "day", "night", "dog", "cat", "friend", "work", "home", "letter"] * 4
    room = tiny.POSITIONS - 2
    frame = ner(" ".join(words), long="window", stride=20, ignore_labels=[])
    windows = [ner(" ".join(words[start : start + room]), ignore_labels=[]) for start in (0, 10)]
    # the second window starts at the 10th word; the middle of the overlap, 10 to 30, is 20
    for place, window, inside in ((5, 0, 5), (19, 0, 19), (20, 1, 10), (35, 1, 25)):
        assert frame["score"].iloc[place] == pytest.approx(windows[window]["score"].iloc[inside], abs=SCORES)


def test_augment_is_refused_naming_the_long_form(ner):
    with pytest.raises(ArgumentError, match="long form"):
        tidydl.augment(ner, pd.DataFrame({"text": ["sun"]}))


def test_task_is_read_from_the_model_and_another_head_does_not_fit(ner_folder, folder):
    assert tidydl.pipeline(model=ner_folder).task == "token-classification"
    with pytest.raises(ArgumentError, match="This one is for 'text-classification'"):
        tidydl.pipeline("ner", model=folder)


def test_r_counts_characters_from_one_and_its_own_columns_stay(ner_folder):
    spec = {"task": "ner", "model": str(ner_folder), "device": "cpu", "ignore_labels": []}
    counted = run(r_interface.pipeline_run(spec, "sun rain"))
    assert counted.names == (".row", "start")
    assert counted.frame["start"].tolist() == [0, 4]
    assert json.loads(json.dumps(r_interface.pipeline_open(spec)))["parts"] == ["text"]
