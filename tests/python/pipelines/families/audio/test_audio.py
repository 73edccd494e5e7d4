"""Sounds from texts: those of transformers' own pipeline from the same draws, each text with draws of its own."""

import gc
import shutil
import weakref
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from support.precision import assert_near
from tidydl.errors import ArgumentError, ColumnError, DependencyError, NotFoundError
from tidydl.pipelines import r_interface
from tidydl.pipelines.running.drawing import line_seed, seeded
from tidydl.progress import run
from tiny.synthesis import VOICE, kept

TASK = "text-to-audio"
TEXTS = ["so happy", "a cat", "the rain and the sun", "so happy", "a dog"]
COLUMNS = [".row", "text", "sampling_rate", "duration_s", "audio"]
MODELS = ["vits", "speecht5", "musicgen", "bark", "csm"]


def given(name):
    """Return the options that a model needs."""
    return {"speaker_embeddings": VOICE, "vocoder": str(kept("vocoder"))} if name == "speecht5" else {}


@cache
def ours(name):
    return tidydl.pipeline(TASK, model=kept(name), device="cpu")


@cache
def own(name):
    more = {}
    if name == "speecht5":
        more["vocoder"] = transformers.SpeechT5HifiGan.from_pretrained(kept("vocoder")).eval()
    return transformers.pipeline(TASK, model=str(kept(name)), device="cpu", **more)


def theirs(name, text, place, seed, **options):
    """Let the plain pipeline draw from the stream that the text in this place has with this seed."""
    if name == "speecht5":
        options["forward_params"] = {"speaker_embeddings": torch.tensor([VOICE])}
    plain = own(name)
    with seeded(line_seed(seed, place, 0), "cpu"):
        return plain(text, **options)


@pytest.fixture(scope="module")
def vits():
    return ours("vits")


def samples(frame):
    return [None if each is None else each.array() for each in frame["audio"]]


@pytest.mark.parametrize("name", MODELS)
def test_sounds_equal_those_of_the_plain_pipeline_from_the_same_draws(name):
    frame = ours(name)(TEXTS, seed=3, **given(name))
    for place, (text, made) in enumerate(zip(TEXTS, samples(frame), strict=True)):
        expected = theirs(name, text, place, 3)
        assert_near(made, expected["audio"])
        assert frame["sampling_rate"][place] == expected["sampling_rate"]
        assert frame["duration_s"][place] == pytest.approx(len(made) / expected["sampling_rate"])
        assert np.abs(made).max() > 0.01
    assert len({each.tobytes() for each in samples(frame)}) == len(TEXTS)


@pytest.mark.parametrize("name", ["vits", "speecht5", "csm"])
def test_a_text_has_draws_of_its_own_whatever_stands_beside_it(name):
    ppl, options = ours(name), given(name)
    together = samples(ppl(TEXTS, seed=5, **options))
    for some in ([None, *TEXTS[1:]], [TEXTS[0], "a day", *TEXTS[2:]]):
        again = samples(ppl(some, seed=5, **options))
        for place in (2, 3, 4):
            np.testing.assert_array_equal(again[place], together[place])
    np.testing.assert_array_equal(samples(ppl(TEXTS[0], seed=5, **options))[0], together[0])
    other = samples(ppl(TEXTS[0], seed=6, **options))[0]
    assert len(other) != len(together[0]) or np.abs(other - together[0]).max() > 1e-4


@pytest.mark.parametrize("name", MODELS)
def test_half_the_precision_makes_sound_too(name):
    half = tidydl.pipeline(TASK, model=kept(name), device="cpu", dtype="bfloat16")
    assert half(TEXTS[0], seed=1, **given(name))["duration_s"].item() > 0


@pytest.mark.cuda
@pytest.mark.parametrize("name", MODELS)
def test_a_graphics_card_makes_the_same_sound_each_time(name):
    card = tidydl.pipeline(TASK, model=kept(name), device="cuda")
    one, other = (samples(card(TEXTS[:2], seed=1, **given(name))) for _ in range(2))
    np.testing.assert_allclose(one[1], other[1], atol=1e-4)


def test_without_a_seed_the_draws_follow_set_seed_and_leave_torchs_as_they_were(vits):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    tidydl.set_seed(1)
    first, second = vits(TEXTS[0]), vits(TEXTS[0])
    tidydl.set_seed(1)
    again = vits(TEXTS[0])
    np.testing.assert_array_equal(samples(first)[0], samples(again)[0])
    assert first["audio"][0] != second["audio"][0]
    assert first.attrs["tidydl"]["seed"] == again.attrs["tidydl"]["seed"] != second.attrs["tidydl"]["seed"]
    assert torch.equal(torch.random.get_rng_state(), before)
    stored = vits(TEXTS[0], seed=first.attrs["tidydl"]["seed"])
    np.testing.assert_array_equal(samples(stored)[0], samples(first)[0])


def test_the_task_is_read_from_the_model_and_has_an_alias():
    for name in MODELS:
        assert tidydl.pipeline(model=kept(name)).task == TASK
    assert tidydl.pipeline("text-to-speech", model=kept("vits")).task == TASK
    assert {ours(name).facts()["sampling_rate"] for name in ("vits", "musicgen", "bark", "csm")} == {8000}
    assert ours("speecht5").facts()["sampling_rate"] is None  # the vocoder says it


def test_columns_and_kinds_are_the_same_for_none_one_and_many(vits):
    frames = [vits(x, seed=1) for x in ([], TEXTS[0], TEXTS, [None, TEXTS[0]])]
    assert {tuple(frame.columns) for frame in frames} == {tuple(COLUMNS)}
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 1, 5, 2]
    assert frames[3].isna().to_numpy().tolist() == [[False, True, True, True, True], [False] * 5]
    assert str(frames[0]["audio"].dtype) == "audio"


def test_texts_of_a_frame_are_joined_to_their_sounds_and_keep_their_index(vits, tmp_path):
    data = pd.DataFrame({"said": [TEXTS[0], None], "n": [1, 2]}, index=["x", "y"])
    assert vits(data, text="said", seed=1).index.tolist() == ["x", "y"]
    joined = tidydl.augment(vits, data, text="said", seed=1)
    assert joined.columns.tolist() == ["said", "n", "sampling_rate", "duration_s", "audio"]
    assert tidydl.widen(vits(TEXTS, seed=1)).columns.tolist() == COLUMNS
    joined["audio"].iloc[0].save(tmp_path / "a.wav")
    assert (tmp_path / "a.wav").stat().st_size > 100
    with pytest.raises(ColumnError, match="Did you mean 'said'"):
        vits(data, text="sad")


def test_what_is_written_by_tokens_follows_its_options():
    ppl = ours("musicgen")
    short, long = (ppl(TEXTS[0], seed=1, max_new_tokens=most)["duration_s"].item() for most in (6, 12))
    assert short < long
    same = [samples(ppl(TEXTS[0], seed=seed, do_sample=False))[0] for seed in (1, 2)]
    np.testing.assert_array_equal(*same)
    drawn = [samples(ppl(TEXTS[0], seed=1, temperature=heat))[0] for heat in (0.5, 3.0)]
    assert not np.array_equal(*drawn)
    expected = theirs("musicgen", TEXTS[0], 0, 1, generate_kwargs={"temperature": 3.0})
    assert_near(drawn[1], expected["audio"])


def test_a_voice_of_the_model_can_be_chosen():
    bark = ours("bark")
    assert bark.facts()["voices"] == ["calm"]
    calm = samples(bark(TEXTS[:2], seed=4, voice_preset="calm"))
    for place, text in enumerate(TEXTS[:2]):
        plain = own("bark")
        with seeded(line_seed(4, place, 0), "cpu"):
            made = plain.preprocess(text, voice_preset="calm")
            expected = plain.postprocess(plain.forward(made, forward_params={}, generate_kwargs={}))
        assert_near(calm[place], expected["audio"])
    with pytest.raises(ArgumentError, match=r"`voice_preset` 'clam' is not known.*\n.*'calm'.*\n.*Did you mean 'calm'"):
        bark(TEXTS[0], seed=4, voice_preset="clam")
    with pytest.raises(ArgumentError, match="has 301 tokens, and the model's maximum is 256"):
        bark("sun " * 301, seed=4)


def test_a_failing_text_has_a_row_of_its_own(vits):
    frame = vits([TEXTS[0], " ", TEXTS[1], "42"], seed=2, on_error="row")
    assert frame["audio"].isna().tolist() == [False, True, False, True]
    assert "2nd value of `x` is empty" in frame[".error"][1]
    assert "4th value of `x` is empty" in frame[".error"][3]  # of which the tokenizer knows no letter
    np.testing.assert_array_equal(samples(frame)[2], samples(vits([*TEXTS[:2], TEXTS[1]], seed=2))[2])


@pytest.mark.parametrize(
    ("name", "options", "what"),
    [
        ("speecht5", {"speaker_embeddings": None}, "`speaker_embeddings` is missing.*\n.*8 numbers"),
        ("speecht5", {"speaker_embeddings": [1, 2]}, "`speaker_embeddings` has 2 numbers"),
        ("speecht5", {"speaker_embeddings": "loud"}, "`speaker_embeddings`"),
        ("speecht5", {"max_new_tokens": 3}, "`max_new_tokens` is given, but this model does not generate tokens"),
        ("vits", {"speaker_embeddings": VOICE}, "`speaker_embeddings` is given, but this model has a single voice"),
        ("vits", {"temperature": 2}, "`temperature` is given, but this model does not generate tokens"),
        ("vits", {"vocoder": "some/vocoder"}, "`vocoder` is given, but this model produces audio itself"),
        ("vits", {"voice_preset": "v2/en_speaker_6"}, "`voice_preset` is given, but this model has one voice"),
        ("vits", {"batch_size": 2}, "`batch_size` is not an option"),
    ],
    ids=str,
)
def test_what_a_model_cannot_do_is_refused(name, options, what):
    with pytest.raises(ArgumentError, match=what):
        ours(name)(TEXTS[0], seed=1, **{**given(name), **options})


def test_a_text_longer_than_the_model_reads_is_refused():
    with pytest.raises(ArgumentError, match="2nd value of `x` has 42 tokens, and the model's maximum is 40"):
        ours("speecht5")(["sun", "sun " * 40], seed=1, **given("speecht5"))


def test_a_vocoder_is_forgotten_with_the_model_that_needs_it(tmp_path):
    folder = shutil.copytree(kept("speecht5"), tmp_path / "model")  # which nothing else has loaded
    ppl = tidydl.pipeline("text-to-audio", model=folder, device="cpu")
    ppl("sun", seed=1, **given("speecht5"))
    (vocoder,) = ppl._loaded.weights.vocoders.values()
    gone = weakref.ref(vocoder)
    del ppl, vocoder
    tidydl.forget(folder)
    gc.collect()
    assert gone() is None


def test_a_vocoder_that_is_not_there_or_none_is_named(tmp_path):
    with pytest.raises(NotFoundError, match="`vocoder`"):
        ours("speecht5")("sun", speaker_embeddings=VOICE, vocoder=str(tmp_path / "gone"))
    with pytest.raises(NotFoundError, match=r"no config\.json"):
        ours("speecht5")("sun", speaker_embeddings=VOICE, vocoder=str(tmp_path))


def test_a_tokenizer_that_needs_another_library_says_so(vits, monkeypatch):
    def needs(*texts, **more):
        raise ImportError("VitsTokenizer requires the phonemizer library but it was not found.\nInstall it.")

    monkeypatch.setattr(type(vits._loaded.processor), "__call__", needs)
    with pytest.raises(DependencyError, match=r"not installed.*\n.*phonemizer library"):
        vits("sun", seed=1)


def test_r_gets_its_draws_from_its_own_generator(vits):
    spec = {"model": str(kept("vits"))}
    made = run(r_interface.pipeline_run(spec, TEXTS[:1], drawn=7))
    expected = run(vits.steps(TEXTS[:1], drawn=7))
    assert expected.attrs["tidydl"]["seed"] == 7
    assert made.frame["audio"][0] == expected["audio"][0]


def test_a_model_of_something_else_does_not_fit(tmp_path):
    with pytest.raises(ArgumentError, match="This one is for 'text-classification'"):
        tidydl.pipeline(TASK, model=tiny.text_folder(tmp_path / "bert"))


def test_a_run_that_was_kept_gives_the_same_sounds(vits, tmp_path):
    expected = vits([*TEXTS, None], seed=3)
    for _ in range(2):
        frame = vits([*TEXTS, None], seed=3, checkpoint=tmp_path / "kept")
        pd.testing.assert_frame_equal(frame, expected)
        assert frame["audio"].tolist() == expected["audio"].tolist()
