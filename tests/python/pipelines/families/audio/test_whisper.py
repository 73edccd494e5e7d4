"""Whisper: texts, stretches and words with their times, of short sounds and long ones, in a language that is said."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
from tidydl.data.media.audio import as_audio
from tidydl.errors import ArgumentError
from tidydl.pipelines.families.audio import speech_generation
from tidydl.pipelines.families.audio.whisper_words import words_of
from tiny.inputs import RATE, sound
from tiny.speech import SECONDS, kept

TASK = "automatic-speech-recognition"
SOUNDS = [sound(s, p, seed=i) for i, (s, p) in enumerate([(0.2, 220), (0.5, 440), (1.3, 300)])]
FULL = [sound(SECONDS, 90 * k, seed=k) for k in range(1, 6)]  # of which no time lies after the end
LONG = sound(5.3, 330, seed=3)


@pytest.fixture(scope="module")
def ppl():
    return tidydl.pipeline(TASK, model=kept("whisper"), device="cpu")


@cache
def plain():
    return transformers.pipeline(TASK, model=str(kept("whisper")), device="cpu")


def theirs(each, **options):
    return plain()(dict(each), **options)


@pytest.mark.parametrize("beams", [None, 1, 3])
def test_texts_equal_those_of_the_plain_pipeline(ppl, beams):
    options = {} if beams is None else {"num_beams": beams}
    texts = [theirs(each, **options)["text"].strip() for each in SOUNDS]
    frame = ppl(SOUNDS, **options)
    assert frame["text"].tolist() == texts
    assert len(set(texts)) >= 3
    assert frame["end_s"].tolist() == pytest.approx([0.2, 0.5, 1.3])


@pytest.mark.parametrize("stamps", [True, "word"])
def test_times_equal_those_of_the_plain_pipeline(ppl, stamps):
    some, compared = ppl(FULL, return_timestamps=stamps), 0
    for row, each in enumerate(FULL):
        found = some[some[".row"] == row]
        chunks = [chunk for chunk in theirs(each, return_timestamps=stamps)["chunks"] if chunk["text"].strip()]
        assert "".join(found["text"]).replace(" ", "") == "".join(each["text"] for each in chunks).replace(" ", "")
        if len(found) == len(chunks):  # the plain pipeline takes some beginnings of stretches for ends
            times = np.array([chunk["timestamp"] for chunk in chunks], dtype=float)
            ends = np.minimum(times, SECONDS)
            np.testing.assert_allclose(found[["start_s", "end_s"]], ends, atol=1e-6)
            compared += len(chunks)
    assert compared > 2


def stretches_by_hand(ppl, each):
    """Let the model say by itself what is said when in one sound alone."""
    reader = transformers.WhisperFeatureExtractor.from_pretrained(kept("whisper"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(kept("whisper"))
    made = reader(
        each["array"],
        sampling_rate=RATE,
        return_tensors="pt",
        truncation=False,
        padding="longest",
        return_attention_mask=True,
    )
    with torch.no_grad():
        out = ppl.model.generate(**made, return_timestamps=True, return_segments=True, num_beams=5)
    first = tokenizer.convert_tokens_to_ids("<|notimestamps|>") + 1
    lines = []
    for part in out["segments"][0]:
        text = tokenizer.decode([token for token in part["tokens"].tolist() if token < first], skip_special_tokens=True)
        lines.append((text, float(part["start"]), float(part["end"])))
    return [line for line in lines if line[0].strip()], "".join(line[0] for line in lines).strip()


def test_a_long_sound_is_heard_piece_by_piece_to_its_end(ppl):
    lines, text = stretches_by_hand(ppl, LONG)
    frame = ppl(LONG, return_timestamps=True)
    assert frame["text"].tolist() == [line[0].strip() for line in lines]
    times = np.minimum([line[1:] for line in lines], 5.3)
    np.testing.assert_allclose(frame[["start_s", "end_s"]], times, atol=1e-6)
    assert frame["end_s"].max() > 2 * SECONDS
    assert (frame["start_s"] <= frame["end_s"]).all()
    whole = ppl(LONG)
    assert whole["text"].item() == text
    assert whole[["chunk", "start_s", "end_s"]].to_numpy().tolist() == [[0, 0.0, 5.3]]
    words = ppl(LONG, return_timestamps="word")
    assert "".join(words["text"]).replace(" ", "") == text.replace(" ", "")
    assert words["end_s"].max() > SECONDS


def test_the_sounds_of_a_batch_are_heard_as_each_alone(ppl):
    some = [*SOUNDS[:3], LONG, sound(5.3, 250, seed=4)]
    for options in ({"num_beams": 2}, {"return_timestamps": "word", "num_beams": 1}):
        alone = pd.concat([ppl(each, **options) for each in some]).drop(columns=".row").reset_index(drop=True)
        for batch in (None, 3):
            found = ppl(some, batch_size=batch, **options)
            pd.testing.assert_frame_equal(found.drop(columns=".row"), alone, atol=0.021)
            assert found[".row"].nunique() == len(some)


def test_word_times_leave_the_model_as_it_was(ppl):
    before = ppl(SOUNDS)["text"].tolist()
    usual = ppl.model.config._attn_implementation
    ppl(SOUNDS[0], return_timestamps="word")
    assert ppl.model.config._attn_implementation == usual
    assert ppl(SOUNDS)["text"].tolist() == before


def test_the_language_and_whether_to_translate_can_be_said(ppl):
    for options, more in (
        ({"language": "de"}, {"language": "de"}),
        ({"language": "German", "translate": True}, {"language": "de", "task": "translate"}),
        ({"language": "<|zh|>"}, {"language": "zh"}),
        ({"translate": True}, {"task": "translate"}),
        ({"task": "transcribe"}, {"task": "transcribe"}),
        ({"generate_kwargs": {"language": "german", "task": "translate"}}, {"language": "de", "task": "translate"}),
    ):
        expected = [theirs(each, generate_kwargs=more)["text"].strip() for each in SOUNDS]
        assert ppl(SOUNDS, **options)["text"].tolist() == expected, options
    german, english = (ppl(SOUNDS, language=language)["text"].tolist() for language in ("de", "en"))
    assert german != english


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("<|de|>", [(" sunny", 0.0, 0.6), (" rain", 0.9, 1.2)]),
        ("<|zh|>", [(" sun", 0.0, 0.2), ("n", 0.2, 0.4), ("y", 0.4, 0.6), (" rain", 0.9, 1.2)]),
    ],
)
def test_a_word_lasts_from_the_token_before_it_to_its_last(ppl, language, words):
    known = transformers.AutoTokenizer.from_pretrained(kept("whisper")).get_vocab()
    first = [known[piece] for piece in ("<|0.00|>", "Ġsun", "n", "y", "<|0.60|>")]
    second = [known[piece] for piece in ("<|0.90|>", "Ġrain", "<|1.20|>")]
    stretches = [
        speech_generation.Stretch(first, ends=[0.0, 0.2, 0.4, 0.6, 0.6], language=language),
        speech_generation.Stretch(second, ends=[0.9, 1.2, 1.2], language=language),
    ]
    assert speech_generation._words(ppl._loaded, stretches) == words


def test_the_language_of_a_stretch_is_known(ppl):
    encoded = speech_generation._encode_for_whisper(ppl._loaded, [as_audio(SOUNDS[0])], [0])
    for language in ("zh", "de"):
        found = speech_generation._stretches(ppl._loaded, {"language": language}, True, encoded.batch([0]))
        assert {stretch.language for stretch in found[0]} == {f"<|{language}|>"}


def test_how_much_is_written_can_be_said(ppl):
    for most in (1, 4):
        expected = [theirs(each, max_new_tokens=most)["text"].strip() for each in SOUNDS]
        assert ppl(SOUNDS, max_new_tokens=most)["text"].tolist() == expected
    assert ppl(SOUNDS, max_new_tokens=10_000)["text"].tolist() == ppl(SOUNDS, max_new_tokens=12)["text"].tolist()


def test_windows_of_older_code_are_what_is_done_anyway(ppl):
    expected = ppl(LONG)["text"].tolist()
    assert ppl(LONG, chunk_length_s=SECONDS, stride_length_s=0.3)["text"].tolist() == expected
    with pytest.raises(ArgumentError, match="`chunk_length_s` is 1, but this model processes 2 seconds"):
        ppl(LONG, chunk_length_s=1)


def test_the_task_and_what_the_model_can_do_are_read_from_it(ppl):
    assert tidydl.pipeline(model=kept("whisper")).task == TASK
    assert ppl.facts()["timestamps"] == ["true", "word"]
    assert tidydl.pipeline(model=kept("whisper of one language")).facts()["timestamps"] == ["true"]


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ppl):
    for stamps in (False, True, "word"):
        frames = [ppl(x, return_timestamps=stamps) for x in ([], SOUNDS[0], SOUNDS[:2], [None, SOUNDS[0]])]
        assert {tuple(frame.columns) for frame in frames} == {(".row", "audio", "chunk", "text", "start_s", "end_s")}
        assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
        assert frames[3]["text"].isna().sum() == 1


def test_a_failing_sound_has_a_row_of_its_own(ppl):
    frame = ppl([SOUNDS[0], b"no sound", SOUNDS[1]], on_error="row", return_timestamps=True)
    assert frame.loc[frame["text"].isna(), ".row"].tolist() == [1]
    assert "cannot be decoded" in frame.loc[frame["text"].isna(), ".error"].item()
    assert frame[".row"].nunique() == 3


@pytest.mark.parametrize(
    ("name", "options", "what"),
    [
        ("whisper", {"return_timestamps": "char"}, "`return_timestamps` is 'char'.*\n.*True, 'word'"),
        ("whisper", {"language": "klingon"}, "`language` 'klingon' is not known.*\n.*'german'"),
        ("whisper", {"language": "french"}, "`language` 'french' is not known"),
        ("whisper of one language", {"language": "en"}, "`language` is given, but this model is monolingual"),
        ("whisper of one language", {"translate": True}, "`translate` is given"),
        ("whisper of one language", {"return_timestamps": "word"}, "`return_timestamps` is 'word'"),
    ],
    ids=str,
)
def test_what_the_model_cannot_do_is_refused(name, options, what):
    with pytest.raises(ArgumentError, match=what):
        tidydl.pipeline(TASK, model=kept(name), device="cpu")(SOUNDS[0], **options)


def test_a_long_sound_needs_a_model_that_says_when_something_ends(ppl):
    settings = ppl.model.generation_config
    known = settings.no_timestamps_token_id
    settings.no_timestamps_token_id = None
    try:
        with pytest.raises(ArgumentError, match="1st value of `x` has more than 32000 samples"):
            ppl(LONG)
    finally:
        settings.no_timestamps_token_id = known


@cache
def byte_tokens():
    """Build a tokenizer of bytes, as Whisper has for rare characters, and of a few beginnings of words."""
    from tokenizers.pre_tokenizers import ByteLevel

    pieces = [*sorted(ByteLevel.alphabet()), "Ġsun", "Ġrain", "Ġ("]
    return transformers.WhisperTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[])


def tokens_of(*pieces):
    from tokenizers.pre_tokenizers import ByteLevel

    known, single = byte_tokens().get_vocab(), ByteLevel(add_prefix_space=False)
    found = []
    for piece in pieces:
        written = piece.replace(" ", "Ġ")
        whole = [written] if written in known and len(written) > 1 else [*single.pre_tokenize_str(piece)[0][0]]
        found.extend(known[each] for each in whole)
    return found


@pytest.mark.parametrize(
    ("pieces", "spaceless", "words"),
    [
        ([" sun", "n", "y", " rain"], False, [" sunny", " rain"]),
        (["h", "i", ",", " sun", "!", "!"], False, ["hi,", " sun!!"]),
        ([" (", "s", "o", ")", " rain"], False, [" (so)", " rain"]),
        ([" sun", "'", "s"], False, [" sun", "'s"]),
        (["日", "本", "。"], True, ["日", "本。"]),
        (["日", "本"], False, ["日本"]),
        (["é", "t", "é", " sun"], False, ["été", " sun"]),
        ([], False, []),
    ],
)
def test_tokens_become_words(pieces, spaceless, words):
    tokens = tokens_of(*pieces)
    found = words_of(byte_tokens(), tokens, spaceless)
    assert [word for word, _, _ in found] == words
    covered = [place for _, start, stop in found for place in range(start, stop + 1)]
    assert covered == list(range(len(tokens)))


def test_bytes_that_are_no_character_are_words_too():
    tokens = [byte_tokens().get_vocab()[piece] for piece in ("æ", "Ġsun", "æ", "æ")]
    assert [word for word, _, _ in words_of(byte_tokens(), tokens)] == ["\ufffd", " sun\ufffd\ufffd"]
