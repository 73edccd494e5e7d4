"""Speech recognition, moment by moment and as a whole: the texts and times of transformers' own pipeline."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from tidydl.data.media.audio import AudioArray
from tidydl.errors import ArgumentError, ColumnError, DamagedFileError, NotFoundError
from tidydl.pipelines.families.audio import speech_ctc
from tiny.inputs import RATE, sound, tone, wav
from tiny.speech import kept

TASK = "automatic-speech-recognition"
SOUNDS = [sound(s, p, seed=i) for i, (s, p) in enumerate([(0.2, 220), (0.5, 440), (0.33, 300), (0.5, 700), (0.2, 90)])]
CTC = ["ctc", "ctc group"]
WRITERS = ["moonshine", "speech to text", "parakeet rnnt"]
COLUMNS = [".row", "audio", "chunk", "text", "start_s", "end_s"]

pytestmark = pytest.mark.filterwarnings("ignore:Using the model-agnostic default", "ignore:At least one mel filter")


@cache
def ours(name):
    return tidydl.pipeline(TASK, model=kept(name), device="cpu")


@cache
def theirs(name):
    return transformers.pipeline(TASK, model=str(kept(name)), device="cpu")


@pytest.fixture(scope="module")
def ctc():
    return ours("ctc")


@pytest.mark.parametrize("name", [*CTC, "parakeet ctc", *WRITERS])
def test_texts_equal_those_of_the_plain_pipeline(name):
    texts = [theirs(name)(dict(each))["text"].strip() for each in SOUNDS]
    frame = ours(name)(SOUNDS)
    assert frame["text"].tolist() == texts
    assert len(set(texts)) >= 4
    assert sum(map(len, texts)) > 20
    assert frame["chunk"].tolist() == [0] * 5
    assert frame["start_s"].tolist() == [0.0] * 5
    np.testing.assert_allclose(frame["end_s"], [len(each["array"]) / RATE for each in SOUNDS], atol=1e-9)


@pytest.mark.parametrize("name", CTC)
@pytest.mark.parametrize("stamps", ["word", "char"])
def test_times_equal_those_of_the_plain_pipeline(name, stamps):
    frame = ours(name)(SOUNDS, return_timestamps=stamps)
    for row, each in enumerate(SOUNDS):
        chunks = theirs(name)(dict(each), return_timestamps=stamps)["chunks"]
        found = frame[frame[".row"] == row]
        assert found["chunk"].tolist() == list(range(len(chunks)))
        assert found["text"].tolist() == [chunk["text"] for chunk in chunks]
        times = np.array([chunk["timestamp"] for chunk in chunks])
        np.testing.assert_allclose(found[["start_s", "end_s"]], times, atol=1e-9)
    assert len(frame) > 3 * len(SOUNDS) if stamps == "char" else frame["text"].nunique() > 3


@pytest.mark.parametrize(
    "options", [{"chunk_length_s": 0.3}, {"chunk_length_s": 0.4, "stride_length_s": 0.05}], ids=str
)
@pytest.mark.parametrize("name", CTC)
def test_windows_equal_those_of_the_plain_pipeline(name, options):
    long = [sound(s, seed=i) for i, s in enumerate([1.5, 0.3, 0.71, 1.2341])]
    frame = ours(name)(long, return_timestamps="char", **options)
    whole = ours(name)(long, **options)
    for row, each in enumerate(long):
        answer = theirs(name)(dict(each), return_timestamps="char", **options)
        found = frame[frame[".row"] == row]
        assert whole["text"][row] == answer["text"]
        assert found["text"].tolist() == [chunk["text"] for chunk in answer["chunks"]]
        times = np.array([chunk["timestamp"] for chunk in answer["chunks"]])
        np.testing.assert_allclose(found[["start_s", "end_s"]], times, atol=1e-9)
    assert whole["text"][0] != ours(name)(long[0])["text"].item()


def test_sounds_longer_than_a_minute_are_heard_in_windows(ctc, monkeypatch):
    monkeypatch.setattr(speech_ctc, "_WHOLE", 1)
    monkeypatch.setattr(speech_ctc, "_WINDOW", 0.6)
    long = sound(1.8, seed=1)
    assert ctc(long)["text"].item() == ctc(long, chunk_length_s=0.6)["text"].item()
    short = sound(0.9, seed=1)
    assert ctc(short)["text"].item() == theirs("ctc")(dict(short))["text"]


@pytest.mark.parametrize("name", [*CTC, "parakeet ctc", *WRITERS])
def test_the_sounds_of_a_batch_are_heard_as_each_alone(name):
    some = ours(name)
    alone = pd.concat([some(each) for each in SOUNDS])["text"].tolist()
    for options in ({}, {"batch_size": 3}, {"batch_size": 1}):
        assert some(SOUNDS, **options)["text"].tolist() == alone


@pytest.mark.parametrize("name", [*CTC, *WRITERS, "whisper"])
def test_half_the_precision_hears_something_too(name):
    half = tidydl.pipeline(TASK, model=kept(name), device="cpu", dtype="float16")(SOUNDS)
    assert half["text"].str.len().sum() > 10
    assert half.attrs["tidydl"]["dtype"] == "float16"


@pytest.mark.cuda
@pytest.mark.parametrize("name", [*CTC, *WRITERS, "whisper"])
def test_a_graphics_card_hears_something_too(name):
    card = tidydl.pipeline(TASK, model=kept(name), device="cuda")(SOUNDS)
    assert card["text"].str.len().sum() > 10


@pytest.mark.parametrize("name", ["moonshine", "speech to text"])
def test_how_a_text_is_written_can_be_said(name):
    for options in ({"num_beams": 1}, {"num_beams": 2, "max_new_tokens": 4}):
        expected = [theirs(name)(dict(each), **options)["text"].strip() for each in SOUNDS]
        assert ours(name)(SOUNDS, **options)["text"].tolist() == expected
    assert ours(name)(SOUNDS, generate_kwargs=options)["text"].tolist() == expected


def test_a_model_that_says_not_how_much_it_writes_ends_where_it_has_no_more_places():
    texts = ours("speech to text without end")(SOUNDS)["text"]
    assert texts.str.len().max() > ours("speech to text")(SOUNDS)["text"].str.len().max()


def test_a_transducer_of_durations_writes_what_its_model_does():
    ppl, reader = ours("parakeet tdt"), transformers.AutoFeatureExtractor.from_pretrained(kept("parakeet tdt"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(kept("parakeet tdt"))
    for each in SOUNDS[:2]:
        made = reader(each["array"], sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
        with torch.no_grad():
            tokens = ppl.model.generate(**made).sequences[0]
        expected = tokenizer.decode(tokens, skip_special_tokens=True, group_tokens=False)
        assert ppl(each)["text"].item() == expected.strip() != ""


def test_the_task_is_read_from_the_model():
    for name in ("ctc", "parakeet ctc", "parakeet tdt", "parakeet rnnt", "moonshine", "speech to text"):
        assert tidydl.pipeline(model=kept(name)).task == TASK


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ctc):
    for options in ({}, {"return_timestamps": "char"}):
        frames = [ctc(x, **options) for x in ([], SOUNDS[0], SOUNDS[:2], [None, SOUNDS[0]])]
        assert {tuple(frame.columns) for frame in frames} == {tuple(COLUMNS)}
        assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
        assert frames[0].empty
        assert frames[3].iloc[0].isna().tolist() == [False, True, True, True, True, True]
    assert [len(ctc(x)) for x in ([], SOUNDS[0], SOUNDS[:2], [None])] == [0, 1, 2, 1]


def test_a_sound_says_the_same_however_it_comes(ctc, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(0.2, seed=1))
    expected = ctc(sound(0.2, seed=1))["text"].item()
    for x in (path, str(path), path.read_bytes(), AudioArray([path]), pd.DataFrame({"audio": [str(path)]})):
        assert ctc(x)["text"].tolist() == [expected]


def test_texts_are_joined_to_the_data_and_stretches_are_not(ctc):
    data = pd.DataFrame({"take": AudioArray([SOUNDS[0], None]), "n": [1, 2]}, index=["x", "y"])
    joined = tidydl.augment(ctc, data)
    assert joined.columns.tolist() == ["take", "n", "chunk", "text", "start_s", "end_s"]
    assert joined["text"].isna().tolist() == [False, True]
    frame = ctc(data, return_timestamps="char")
    assert frame.index.tolist() == ["x"] * (len(frame) - 1) + ["y"]
    assert tidydl.widen(ctc(SOUNDS)).columns.tolist() == COLUMNS
    with pytest.raises(ArgumentError, match="any number of results"):
        tidydl.augment(ctc, data, return_timestamps="word")


def test_a_failing_sound_has_a_row_of_its_own(ctc):
    frame = ctc([SOUNDS[0], b"no sound", sound(0.005), SOUNDS[1]], on_error="row")
    assert frame["text"].isna().tolist() == [False, True, True, False]
    assert "cannot be decoded" in frame[".error"][1]
    assert "80 samples, which is too short" in frame[".error"][2]
    assert frame["text"].iloc[[0, 3]].tolist() == ctc(SOUNDS[:2])["text"].tolist()


@pytest.mark.parametrize(
    ("name", "options", "what"),
    [
        ("ctc", {"return_timestamps": True}, "`return_timestamps` is True.*\n.*'word', 'char', False"),
        ("parakeet ctc", {"return_timestamps": "word"}, "`return_timestamps` is 'word'.*\n.*False"),
        ("moonshine", {"return_timestamps": True}, "`return_timestamps` is True.*\n.*False"),
        ("parakeet rnnt", {"return_timestamps": "char"}, "`return_timestamps` is 'char'"),
        ("ctc", {"return_timestamps": "sentence"}, "`return_timestamps`"),
        ("ctc", {"language": "en"}, "`language` is given"),
        ("ctc", {"translate": True}, "`translate` is given"),
        ("ctc", {"num_beams": 3}, "`num_beams` is given"),
        ("ctc", {"chunk_length_s": 1, "stride_length_s": 0.5}, "`stride_length_s` is 0.5.*\n.*half"),
        ("ctc", {"chunk_length_s": 0}, "`chunk_length_s` is 0"),
        ("moonshine", {"chunk_length_s": 1}, "`chunk_length_s` is given, but this model processes audio as a whole"),
        ("moonshine", {"language": "en"}, "`language` is given, but this model has no such option"),
        ("moonshine", {"translate": True}, "`translate` is True"),
        ("parakeet rnnt", {"num_beams": 2}, "`num_beams` is given, but this model is a transducer"),
    ],
    ids=str,
)
def test_what_a_model_cannot_do_is_refused(name, options, what):
    with pytest.raises(ArgumentError, match=what):
        ours(name)(SOUNDS[0], **options)


@pytest.mark.parametrize(
    ("x", "error", "what"),
    [
        ("https://example.org/cat.wav", ArgumentError, "URL"),
        (["absent.wav"], NotFoundError, r"1st value.*absent\.wav"),
        ([None, 3], ArgumentError, "2nd value"),
        (tone(), ArgumentError, "without a sampling rate"),
        ([wav(), wav()[:60]], DamagedFileError, "2nd value"),
        (pd.DataFrame({"n": [1]}), ColumnError, "no column"),
    ],
    ids=["url", "absent", "number", "no rate", "cut", "frame"],
)
def test_what_is_no_sound_is_refused_naming_the_value(ctc, x, error, what):
    with pytest.raises(error, match=what):
        ctc(x)


def test_a_model_of_something_else_does_not_fit(tmp_path):
    with pytest.raises(ArgumentError, match="This one is for 'text-classification'"):
        tidydl.pipeline(TASK, model=tiny.text_folder(tmp_path / "bert"))
