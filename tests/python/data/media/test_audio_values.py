"""Sounds in data frames: every usual format decoded to the same samples, and clear words where one is damaged."""

import copy
import importlib
import io
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.io import wavfile

from support import ROOT
from tidydl import load_dataset, write_dataset
from tidydl.data.media.audio import Audio, AudioArray, as_audio
from tidydl.errors import ArgumentError, DamagedFileError, DependencyError, NotFoundError
from tiny.inputs import RATE, sound, tone, wav

TONE = tone(0.25)


def encoded(samples=TONE, rate=RATE, kind="WAV", codec=None):
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, format=kind, subtype=codec)
    return stream.getvalue()


def without(monkeypatch, *names):
    """Let libraries look as if they were not installed."""
    usual = importlib.import_module

    def missing(name, *more):
        if name in names:
            raise ImportError(name)
        return usual(name, *more)

    monkeypatch.setattr(importlib, "import_module", missing)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tön 1.wav"
    path.write_bytes(encoded(codec="FLOAT"))
    return path


@pytest.fixture
def frame():
    sounds = AudioArray([sound(0.1), None, sound(0.2, seed=1), wav(0.3)])
    return pd.DataFrame({"a": range(4), "audio": sounds})


def test_every_form_of_a_sound_gives_the_same_samples(file):
    class Decoder:  # as torchcodec has them
        def get_all_samples(self):
            return type("Samples", (), {"data": TONE[None], "sample_rate": RATE})

    forms = (
        file,
        str(file),
        file.read_bytes(),
        bytearray(file.read_bytes()),
        {"bytes": file.read_bytes(), "path": None},
        {"bytes": None, "path": str(file)},
        {"array": TONE, "sampling_rate": RATE},
        {"raw": TONE.tolist(), "sampling_rate": float(RATE)},
        {"array": None, "raw": np.stack([TONE, TONE]), "sampling_rate": RATE},
        Decoder(),
    )
    for form in forms:
        np.testing.assert_array_equal(as_audio(form).array(), TONE)
        assert repr(as_audio(form)) == "<audio 0.25 s 16000 Hz>"


@pytest.mark.parametrize(
    ("codec", "off"),
    [("PCM_U8", 2**-7), ("PCM_16", 2**-15), ("PCM_24", 2**-23), ("PCM_32", 2**-23), ("FLOAT", 0), ("DOUBLE", 0)],
)
def test_a_wav_file_of_any_number_of_bits_is_scaled_to_one(codec, off):
    made = as_audio(encoded(codec=codec)).array()
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, TONE, atol=off, rtol=0)


@pytest.mark.parametrize("codec", ["ULAW", "ALAW", "IMA_ADPCM"])
def test_a_wav_file_of_another_codec_is_read_by_soundfile(codec):
    made = as_audio(encoded(codec=codec)).array()[: len(TONE)]
    assert np.corrcoef(made, TONE)[0, 1] > 0.99


@pytest.mark.parametrize(("kind", "off"), [("FLAC", 2**-15), ("AIFF", 2**-15), ("OGG", 0.05), ("MP3", 0.05)])
def test_other_formats_give_the_same_sound(kind, off, tmp_path):
    path = tmp_path / "a.sound"  # whatever it is called
    path.write_bytes(encoded(kind=kind))
    for form in (path, path.read_bytes()):
        made = as_audio(form)
        assert (made.sampling_rate, made.channels, made.duration) == (RATE, 1, 0.25)
        np.testing.assert_allclose(made.array()[800:-800], TONE[800:-800], atol=off, rtol=0)


def test_what_soundfile_does_not_read_pyav_does(monkeypatch):
    flac = encoded(kind="FLAC")
    without(monkeypatch, "soundfile")
    np.testing.assert_allclose(as_audio(flac).array(), TONE, atol=2**-15, rtol=0)
    assert as_audio(flac).duration == 0.25


def test_without_a_library_wav_is_still_read_and_flac_says_what_to_install(monkeypatch, tmp_path):
    path = tmp_path / "a.flac"
    path.write_bytes(encoded(kind="FLAC"))
    without(monkeypatch, "soundfile", "av")
    np.testing.assert_array_equal(as_audio(encoded(codec="FLOAT")).array(), TONE)
    assert as_audio(encoded(codec="PCM_16")).duration == 0.25
    for form in (path, path.read_bytes()):
        with pytest.raises(DependencyError, match="no library for other formats") as caught:
            as_audio(form).array()
        assert "tidydl[audio]" in caught.value.hint
        assert repr(as_audio(form)) == "<audio needs a library>"


def test_several_channels_become_their_mean():
    both = np.stack([TONE, np.zeros_like(TONE)])
    for form in ({"array": both, "sampling_rate": RATE}, encoded(both.T, codec="FLOAT"), encoded(both.T, kind="FLAC")):
        made = as_audio(form)
        assert made.channels == 2
        np.testing.assert_allclose(made.array(), TONE / 2, atol=2**-15, rtol=0)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
def test_a_tone_stays_that_tone_at_another_rate(rate):
    made = as_audio(sound(0.5, pitch=440, rate=rate))
    again = made.array(RATE)
    assert again.dtype == np.float32
    assert abs(len(again) - 8000) <= 1
    inside = slice(800, 7200)  # the filter rings at the ends
    np.testing.assert_allclose(again[inside], tone(0.5, 440)[inside], atol=2e-3, rtol=0)
    assert made.sampling_rate == rate


def test_pitches_above_what_a_rate_can_hold_are_left_out():
    assert np.abs(as_audio(sound(0.5, pitch=7000)).array(8000))[100:-100].max() < 0.01


@pytest.mark.parametrize(
    ("numbers", "scaled"),
    [
        (np.array([0, 64, 128, 255], "uint8"), [-1, -0.5, 0, 127 / 128]),
        (np.array([-(2**15), 0, 2**14], "int16"), [-1, 0, 0.5]),
        (np.array([-(2**15), 0, 2**14], "int64"), [-1, 0, 0.5]),
        (np.array([-(2**31), 0, 2**30], "int32"), [-1, 0, 0.5]),
        (np.array([-1.0, 0, 1.5]), [-1, 0, 1.5]),
    ],
    ids=["8", "16", "16 of R", "32", "floats"],
)
def test_whole_numbers_are_scaled_by_their_bits(numbers, scaled):
    assert as_audio({"array": numbers, "sampling_rate": 8}).array().tolist() == scaled


def test_a_sound_of_samples_is_saved_as_wav(tmp_path):
    path = tmp_path / "made.wav"
    as_audio({"array": TONE, "sampling_rate": RATE}).save(path)
    rate, samples = wavfile.read(path)
    assert rate == RATE
    np.testing.assert_array_equal(samples, TONE)


def test_a_path_may_begin_at_home(file, monkeypatch):
    monkeypatch.setenv("HOME", str(file.parent))
    np.testing.assert_array_equal(as_audio("~/tön 1.wav").array(), TONE)


def test_a_url_is_not_fetched():
    for form in ("https://example.org/a.wav", {"path": "s3://bucket/a.wav"}):
        with pytest.raises(ArgumentError, match="URL") as caught:
            as_audio(form)
        assert "Download" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "error", "what"),
    [
        ("gone.wav", NotFoundError, r"gone\.wav"),
        (Path(), ArgumentError, "folder"),
        (b"", DamagedFileError, "no bytes"),
        (3, ArgumentError, "not audio"),
        (TONE, ArgumentError, "without a sampling rate"),
        ({"array": TONE}, ArgumentError, "`sampling_rate` is missing"),
        ({"array": TONE, "sampling_rate": 0}, ArgumentError, "`sampling_rate` is 0"),
        ({"array": TONE, "sampling_rate": "16 kHz"}, ArgumentError, "`sampling_rate`"),
        ({"array": [], "sampling_rate": RATE}, ArgumentError, "samples of shape"),
        ({"array": ["a"], "sampling_rate": RATE}, ArgumentError, "samples of shape"),
        ({"array": [np.nan, 0.0], "sampling_rate": RATE}, ArgumentError, "not finite"),
        ({"array": np.zeros((4000, 2)), "sampling_rate": RATE}, ArgumentError, "4000 channels"),
        ({"bytes": None, "path": None}, ArgumentError, "not audio"),
    ],
    ids=str,
)
def test_what_is_no_sound_is_refused(value, error, what):
    with pytest.raises(error, match=what):
        as_audio(value)


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
@pytest.mark.parametrize("share", [0.0005, 0.02, 0.5])
def test_a_damaged_file_is_named_when_somebody_listens(kind, share, tmp_path):
    path = tmp_path / "dämaged.sound"
    whole = encoded(np.random.default_rng(1).uniform(-1, 1, 8000), kind=kind)
    path.write_bytes(whole[: int(len(whole) * share)])
    made = as_audio(path)
    with pytest.raises(DamagedFileError, match=r"dämaged\.sound"):
        made.array()


@pytest.mark.parametrize("content", [b"no sound at all", b"RIFF\0\0\0\0WAVEjunk", encoded()[:20]])
def test_bytes_that_are_no_sound_are_refused_when_somebody_listens(content):
    made = as_audio(content)
    assert repr(made) == "<audio damaged>"
    with pytest.raises(DamagedFileError, match="given as bytes"):
        made.array()


def test_an_empty_file_is_called_empty(tmp_path, monkeypatch):
    path = tmp_path / "empty.mp3"
    path.touch()
    without(monkeypatch, "soundfile", "av")
    with pytest.raises(DamagedFileError, match=r"empty\.mp3' is empty"):
        as_audio(path).array()


def test_a_stream_that_does_not_know_its_length_is_whole():
    made = bytearray(encoded(codec="FLOAT"))
    place = made.index(b"data") + 4
    made[place : place + 4] = b"\xff\xff\xff\xff"
    np.testing.assert_array_equal(as_audio(bytes(made)).array(), TONE)


def test_a_file_that_is_gone_is_missing_in_print(file):
    made = as_audio(file)
    file.unlink()
    assert repr(made) == "<audio missing>"
    assert made._repr_html_() == "&lt;audio missing&gt;"
    with pytest.raises(NotFoundError):
        made.array()


def test_sounds_stay_sounds_through_what_frames_do(frame):
    there = frame.merge(frame[["a"]], on="a").sort_values("a", ascending=False).reset_index(drop=True)
    for made in (
        frame[frame.a > 1],
        pd.concat([frame, frame]),
        frame.take([3, 0]),
        frame.reindex([0, 99]),
        frame.head(0),
        frame.dropna(),
        frame.copy(deep=True),
        there,
    ):
        assert str(made["audio"].dtype) == "audio"
    assert there["audio"][3] is frame["audio"][0]
    assert frame["audio"].isna().tolist() == [False, True, False, False]
    assert frame.reindex([0, 99])["audio"].isna().tolist() == [False, True]


def test_a_copy_shares_its_sounds_and_not_its_places(frame):
    for made in (frame["audio"].array.copy(), copy.deepcopy(frame)["audio"].array):
        assert made[0] == frame["audio"][0]
        made[0] = None
        assert frame["audio"][0] is not None
    assert frame["audio"].array.copy()[2] is frame["audio"][2]


def test_a_frame_shows_lengths_and_rates_and_equal_sounds_are_found(frame):
    assert "<audio 0.10 s 16000 Hz>" in repr(frame)
    column = pd.Series(AudioArray([TONE_SOUND := sound(), TONE_SOUND, None, sound(seed=1)]))
    assert column.duplicated().tolist() == [False, True, False, False]
    assert (column == column).tolist() == [True, True, False, True]
    assert len({as_audio(sound()), as_audio(sound()), as_audio(sound(seed=1))}) == 2


def test_thousands_of_paths_become_sounds_without_being_decoded(file, monkeypatch):
    monkeypatch.setattr(wavfile, "read", lambda *_, **__: pytest.fail("a sound was decoded"))
    column = AudioArray([file] * 10_000)
    assert len(pd.DataFrame({"audio": column}).query("index % 2 == 0")) == 5000
    assert column[0].duration == 0.25  # its header is enough


def test_one_sound_needs_no_pandas():
    heavy = "{'pandas', 'soundfile', 'scipy'}"
    code = f"import sys; from tidydl.data.media.audio import as_audio; print({heavy} & set(sys.modules))"
    source = ROOT / "python"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
    assert isinstance(as_audio(sound()), Audio)


def test_sounds_go_through_a_file_of_a_frame_and_back(frame, file, tmp_path):
    frame.loc[1, "audio"] = as_audio(file)
    again = load_dataset(write_dataset(frame.reindex([0, 1, 2, 9]), tmp_path / "a.parquet"))
    assert str(again["audio"].dtype) == "audio"
    assert again["audio"].tolist() == [*frame["audio"].tolist()[:3], None]
    assert again["audio"][1].is_file


def rf64(samples, claimed):
    """Build a WAV file whose sizes are in 64 bits."""
    sizes = b"ds64" + struct.pack("<IQQQI", 28, claimed + 72, claimed, claimed // 2, 0)
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    return b"RF64\xff\xff\xff\xffWAVE" + sizes + form + b"data\xff\xff\xff\xff" + samples


@pytest.mark.parametrize("claimed", [4000, 2**40, 2**62])
def test_a_file_of_64_bits_that_ends_before_its_samples_do_is_refused(tmp_path, claimed):
    samples = np.arange(1000, dtype="<i2").tobytes()
    (tmp_path / "a.wav").write_bytes(rf64(samples, len(samples)))
    assert len(as_audio(str(tmp_path / "a.wav")).array()) == 1000
    (tmp_path / "a.wav").write_bytes(rf64(samples, claimed))
    with pytest.raises(DamagedFileError, match="is truncated"):
        as_audio(str(tmp_path / "a.wav")).array()
