"""Audio classification: the numbers of transformers' own pipeline in a tidy frame, however sounds come."""

import io

import numpy as np
import pandas as pd
import pytest
import soundfile
import transformers

import tidydl
import tiny
import tiny.media
from support.precision import SCORES, assert_near
from tidydl.data.media.audio import AudioArray
from tidydl.errors import ArgumentError, ColumnError, DamagedFileError, NotFoundError
from tidydl.pipelines.reading import audios
from tiny.inputs import sound, tone, wav
from tiny.media import kept

FROM_FILES = 1e-4  # a wav file keeps 16 bits of each sample
SOUNDS = [sound(s, p, seed=i) for i, (s, p) in enumerate([(0.2, 220), (0.5, 440), (0.31, 300), (0.5, 700), (0.2, 90)])]


def ours(name, **options):
    return tidydl.pipeline("audio-classification", model=kept(name), device="cpu", **options)


@pytest.fixture(scope="module")
def ppl():
    return ours("wav2vec2")


@pytest.mark.parametrize("name", ["wav2vec2", "wav2vec2 group", "ast", "several labels", "number", "one label"])
def test_scores_equal_the_plain_pipeline_one_sound_at_a_time(name):
    own = transformers.pipeline("audio-classification", model=str(kept(name)), device="cpu")
    theirs = [line for each in SOUNDS for line in own(dict(each))]
    frame = ours(name)(SOUNDS)
    assert len(frame) == len(theirs) == len(SOUNDS) * min(5, own.model.config.num_labels)
    assert frame["label"].astype(object).tolist() == [line["label"] for line in theirs]
    assert_near(frame["score"], [line["score"] for line in theirs])
    assert frame["score"].nunique() > 1 or name == "one label"


@pytest.mark.parametrize("function", ["softmax", "sigmoid", "none"])
def test_the_function_that_makes_scores_can_be_chosen(ppl, function):
    own = transformers.pipeline("audio-classification", model=str(kept("wav2vec2")), device="cpu")
    theirs = own(dict(SOUNDS[1]), function_to_apply=function, top_k=2)
    found = ppl(SOUNDS[1], function_to_apply=function, top_k=2)
    assert found["score"].tolist() == pytest.approx([line["score"] for line in theirs], abs=SCORES)


@pytest.mark.parametrize("name", ["wav2vec2", "wav2vec2 group", "ast"])
def test_the_sounds_of_a_batch_score_as_each_alone(name):
    some = ours(name)
    alone = pd.concat([some(each) for each in SOUNDS])["score"].to_numpy()
    for options in ({}, {"batch_size": 3}, {"batch_size": 1}):
        assert_near(some(SOUNDS, **options)["score"], alone)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_the_precision_gives_about_the_same(ppl, dtype):
    scores = [each(SOUNDS, top_k=None).sort_values([".row", "label"]) for each in (ppl, ours("wav2vec2", dtype=dtype))]
    np.testing.assert_allclose(scores[0]["score"], scores[1]["score"], atol=0.03)


@pytest.mark.cuda
@pytest.mark.parametrize("name", ["wav2vec2", "wav2vec2 group", "ast"])
def test_a_graphics_card_gives_the_same_scores(name):
    card = tidydl.pipeline(model=kept(name), device="cuda")
    scores = [each(SOUNDS, top_k=None).sort_values([".row", "label"]) for each in (ours(name), card)]
    np.testing.assert_allclose(scores[0]["score"], scores[1]["score"], atol=1e-4)


def test_sounds_that_memory_does_not_hold_are_decoded_again(ppl, monkeypatch):
    expected = ppl(SOUNDS)
    monkeypatch.setattr(audios, "_HELD", 7000)  # numbers, of which the first sound has 6400
    decoded = []
    usual = audios.samples
    monkeypatch.setattr(audios, "samples", lambda *given: (decoded.append(given[2]), usual(*given))[1])
    pd.testing.assert_frame_equal(ppl(SOUNDS), expected)
    assert sorted(decoded) == [0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_the_task_is_read_from_the_model():
    assert tidydl.pipeline(model=kept("ast")).task == "audio-classification"
    assert tidydl.pipeline(model=kept("wav2vec2")).labels == tiny.media.LABELS


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ppl):
    frames = [ppl(x) for x in ([], SOUNDS[0], SOUNDS[:2], [None])]
    assert {tuple(frame.columns) for frame in frames} == {(".row", "audio", "rank", "label", "score")}
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 5, 10, 1]
    assert ppl(SOUNDS[0], top_k=1).columns.tolist() == [".row", "audio", "label", "score"]
    frame = ppl([SOUNDS[0], None], top_k=None)
    assert frame["audio"].isna().tolist() == frame["score"].isna().tolist() == [False] * 5 + [True]


def test_a_sound_scores_the_same_however_it_comes(ppl, tmp_path):
    path, flac = tmp_path / "a.wav", io.BytesIO()
    path.write_bytes(wav(0.2, seed=1))
    soundfile.write(flac, tone(0.2, seed=1), 16_000, format="FLAC", subtype="PCM_24")
    expected = ppl(sound(0.2, seed=1))["score"].to_numpy()
    ways = [
        path,
        str(path),
        [str(path)],
        wav(0.2, seed=1),
        flac.getvalue(),
        {"path": str(path), "bytes": None},
        {"raw": np.stack([tone(0.2, seed=1)] * 2), "sampling_rate": 16_000},
        pd.Series([wav(0.2, seed=1)]),
        AudioArray([path]),
        pd.DataFrame({"audio": [str(path)]}),
        pd.DataFrame({"n": [1], "take": [wav(0.2, seed=1)]}),
        pd.DataFrame({"n": [1], "take": [sound(0.2, seed=1)]}),
    ]
    for way in ways:
        np.testing.assert_allclose(ppl(way)["score"], expected, atol=FROM_FILES, err_msg=repr(type(way)))


def test_another_rate_is_brought_to_that_of_the_model(ppl):
    slow, usual = sound(0.5, rate=8000), sound(0.5)
    assert ppl(slow)["label"].iloc[0] == ppl(usual)["label"].iloc[0]
    expected = ppl({"array": ppl(slow)["audio"][0].array(16_000), "sampling_rate": 16_000})
    assert_near(ppl(slow)["score"], expected["score"])


def test_a_column_of_sounds_is_found_joined_and_keeps_its_index(ppl):
    data = pd.DataFrame({"take": AudioArray([SOUNDS[0], None]), "note": ["a", "b"]}, index=["x", "y"])
    assert ppl(data, top_k=2).index.tolist() == ["x", "x", "y"]
    joined = tidydl.augment(ppl, data, top_k=2)
    assert joined.columns.tolist() == ["take", "note", "label", "score", "label.1", "score.1"]
    assert joined["score"].isna().tolist() == [False, True]
    wide = tidydl.widen(ppl(data))
    assert wide.columns[:4].tolist() == [".row", "take" if "take" in wide else "audio", "label", "score"]
    with pytest.raises(ColumnError, match="no column"):
        ppl(data[["note"]])
    with pytest.raises(ColumnError, match="Did you mean 'take'"):
        ppl(data, audio="tak")


def test_equal_sounds_are_computed_once(ppl):
    seen = []
    hook = ppl.model.register_forward_pre_hook(lambda m, a, k: seen.append(len(k["input_values"])), with_kwargs=True)
    try:
        ppl([SOUNDS[0], SOUNDS[1], SOUNDS[0], None])
    finally:
        hook.remove()
    assert sum(seen) == 2


def test_a_failing_sound_has_a_row_of_its_own(ppl):
    frame = ppl([SOUNDS[0], b"no sound", "gone.wav", sound(0.0005), SOUNDS[1]], on_error="row", top_k=1)
    assert frame[".row"].tolist() == [0, 1, 2, 3, 4]
    assert frame["score"].isna().tolist() == [False, True, True, True, False]
    messages = frame[".error"].tolist()
    assert "cannot be decoded" in messages[1]
    assert "gone.wav" in messages[2]
    assert "8 samples, which is too short" in messages[3]
    assert_near(frame["score"].iloc[[0, 4]], ppl(SOUNDS[:2], top_k=1)["score"])


@pytest.mark.parametrize(
    ("x", "error", "what"),
    [
        ("https://example.org/cat.wav", ArgumentError, "URL"),
        (["absent.wav"], NotFoundError, r"1st value.*absent\.wav"),
        ([None, 3], ArgumentError, "2nd value"),
        (tone(), ArgumentError, "without a sampling rate"),
        ([wav(), wav()[:60]], DamagedFileError, "2nd value"),
        ([sound(0.001)], ArgumentError, "1st value.*16 samples, which is too short.*\n.*200 samples"),
    ],
    ids=["url", "absent", "number", "no rate", "cut", "short"],
)
def test_what_is_no_sound_is_refused_naming_the_value(ppl, x, error, what):
    with pytest.raises(error, match=what):
        ppl(x)


def test_a_sound_without_samples_or_with_no_numbers_is_refused(ppl):
    for samples, what in ((np.zeros(0, "float32"), "without samples"), (np.array([0, np.nan] * 99), "not finite")):
        stream = io.BytesIO()
        soundfile.write(stream, samples, 16_000, format="WAV", subtype="FLOAT")
        with pytest.raises(ArgumentError, match=what):
            ppl(stream.getvalue())


def test_a_model_of_something_else_does_not_fit(tmp_path):
    with pytest.raises(ArgumentError, match="This one is for 'text-classification'"):
        tidydl.pipeline("audio-classification", model=tiny.text_folder(tmp_path / "bert"))
    bare = tmp_path / "bare"
    transformers.AutoModelForAudioClassification.from_pretrained(kept("ast")).save_pretrained(bare)
    with pytest.raises(NotFoundError, match="no feature extractor"):
        tidydl.pipeline(model=bare)
    assert len(tidydl.pipeline(model=bare, feature_extractor=kept("ast"))(SOUNDS[0])) == 5
