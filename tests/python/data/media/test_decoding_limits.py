"""Few bytes of images, audio and videos that would take hours, or all memory, to decode."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from tidydl.data.media import decoding_limits
from tidydl.data.media.audio import as_audio
from tidydl.data.media.image import as_image
from tidydl.data.media.video_value import as_video
from tidydl.errors import ArgumentError, DamagedFileError
from tiny.inputs import video


def wav(rate, samples=1000):
    stream = io.BytesIO()
    wavfile.write(stream, rate, np.sin(np.arange(samples) / 20).astype("float32"))
    return stream.getvalue()


def filter_sizes(monkeypatch):
    """Return a list of the larger number of each ratio by which audio is resampled."""
    import scipy.signal

    sizes, resample = [], scipy.signal.resample_poly

    def noted(samples, up, down):
        sizes.append(max(up, down))
        return resample(samples, up, down)

    monkeypatch.setattr(scipy.signal, "resample_poly", noted)
    return sizes


@pytest.mark.parametrize("rate", [9_999_991, 4_999_999, 999_983])
def test_an_odd_sampling_rate_takes_no_filter_of_millions_of_values(monkeypatch, rate):
    sizes = filter_sizes(monkeypatch)
    made = as_audio(wav(rate)).array(16000)
    assert max(sizes) <= 2**17
    assert abs(len(made) - 1000 * 16000 / rate) <= 1


@pytest.mark.parametrize("rate", [8000, 11025, 22254, 44100, 96000, 131071, 192000, 768000])
@pytest.mark.parametrize("wanted", [16000, 48000])
def test_rates_in_use_are_changed_exactly(rate, wanted):
    from scipy.signal import resample_poly

    made = as_audio(wav(rate)).array(wanted)
    np.testing.assert_array_equal(made, resample_poly(as_audio(wav(rate)).array(), wanted, rate).astype("float32"))


def test_rates_that_are_too_far_apart_are_refused():
    with pytest.raises(ArgumentError, match="too far apart"):
        as_audio(wav(9_999_991)).array(1)


def growing_gif(side, frames):
    """Make an animated image whose first frame has one pixel, and the others side × side."""
    made = []
    for size in (side, 1):
        stream = io.BytesIO()
        Image.new("P", (size, size)).save(stream, "GIF")
        made.append(stream.getvalue())
    large, small = made
    return small[:-1] + large[large.index(b",\0\0\0\0") : -1] * frames + b";"


def tiff_of_pages(side, pages):
    stream = io.BytesIO()
    Image.new("L", (1, 1)).save(stream, "TIFF", save_all=True, append_images=[Image.new("L", (side, side))] * pages)
    return stream.getvalue()


@pytest.mark.parametrize("make", [growing_gif, tiff_of_pages])
def test_frames_that_grow_are_counted_by_their_own_size(monkeypatch, make):
    content = make(64, 4)
    with Image.open(io.BytesIO(content)) as own:
        own.seek(1)
        if own.convert("RGB").size == (1, 1):
            pytest.skip("this Pillow keeps the size of the first frame")
    assert [frame.shape for frame in as_video(content).frames([1, 2, 3])] == [(64, 64, 3)] * 3
    monkeypatch.setattr(decoding_limits, "_KEPT", 64 * 64 * 2)
    with pytest.raises(DamagedFileError, match="in memory at once"):
        as_video(content).frames([1, 2, 3])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 64 - 1)
    with pytest.raises(DamagedFileError, match="more pixels than is safe"):
        as_video(content).frames([1])


def test_frames_that_nobody_asked_for_count_as_they_are_decoded(tmp_path, monkeypatch):
    pytest.importorskip("av")
    long = as_video(video(tmp_path / "a.mkv", count=40))
    assert long.count == 40
    assert len(long.frames([39])) == 1
    monkeypatch.setattr(decoding_limits, "_DECODED", 24 * 32 * 20)
    monkeypatch.setattr(decoding_limits, "_PER_BYTE", 0)
    with pytest.raises(DamagedFileError, match="more than is safe to decode"):
        long.frames([39])
    with pytest.raises(DamagedFileError, match="more than is safe to decode"):
        _ = as_video(tmp_path / "a.mkv").count
    assert len(long.frames([10])) == 1


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_progressive_image_of_any_number_of_scans_is_refused(tmp_path, monkeypatch, on_disk):
    stream = io.BytesIO()
    Image.new("L", (90, 90), 128).save(stream, "JPEG", progressive=True)
    content = stream.getvalue()
    last = content.rindex(b"\xff\xda")
    many = content[:last] + content[last:-2] * 50 + content[-2:]
    monkeypatch.setattr(decoding_limits, "_DECODED", 90 * 90 * 40)
    (tmp_path / "few.jpg").write_bytes(content)
    (tmp_path / "many.jpg").write_bytes(many)
    few, many = (tmp_path / "few.jpg", tmp_path / "many.jpg") if on_disk else (content, many)
    assert as_image(few).array().shape == (90, 90)
    with pytest.raises(DamagedFileError, match="scans"):
        as_image(many).array()


def encoded(container, codec, rate, seconds):
    """Encode a tone by PyAV."""
    av = pytest.importorskip("av")
    stream = io.BytesIO()
    samples = np.sin(np.arange(int(rate * seconds)) / 20).astype("float32")[None]
    with av.open(stream, "w", format=container) as file:
        track = file.add_stream(codec, rate=rate)
        track.layout = "mono"
        resampler = av.AudioResampler(format=track.codec_context.format, layout="mono", rate=rate)
        for start in range(0, samples.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(samples[:, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, start
            for part in resampler.resample(frame):
                file.mux(track.encode(part))
        file.mux(track.encode(None))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("matroska", "flac", 48000),
        ("webm", "libopus", 48000),
        ("matroska", "aac", 44100),
        ("mp4", "aac", 44100),
        ("mp3", "libmp3lame", 44100),
        ("avi", "pcm_s16le", 8000),
        ("aiff", "pcm_s16be", 8000),
        ("au", "pcm_s16be", 8000),
    ],
)
def test_a_file_that_ends_before_its_samples_do_is_refused_in_every_format_that_tells(container, codec, rate):
    for seconds in (0.5, 4):
        whole = encoded(container, codec, rate, seconds)
        assert abs(len(as_audio(whole).array()) / rate - seconds) < 0.05
    with pytest.raises(DamagedFileError):
        as_audio(whole[: len(whole) * 6 // 10]).array()


@pytest.mark.parametrize("layout", ["mono", "5.1", "7.1", "hexadecagonal"])
def test_audio_of_any_number_of_channels_is_decoded(layout):
    av = pytest.importorskip("av")
    stream = io.BytesIO()
    with av.open(stream, "w", format="matroska") as file:
        track = file.add_stream("pcm_s16le", rate=8000, layout=layout)
        channels = track.layout.nb_channels
        samples = np.tile(np.arange(channels, dtype="int16") * 1000, 800)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
        frame.sample_rate = 8000
        file.mux(track.encode(frame))
        file.mux(track.encode(None))
    made = as_audio(stream.getvalue())
    assert made.channels == channels
    np.testing.assert_allclose(made.array(), np.full(800, (channels - 1) * 500 / 2**15), atol=1e-6)
