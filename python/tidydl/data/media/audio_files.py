"""Decoding of audio files: WAV by scipy, other formats by soundfile or PyAV where they are installed."""

from __future__ import annotations

import importlib
import io
import os
import warnings
from itertools import chain
from types import ModuleType
from typing import Any, BinaryIO, Literal

import numpy as np

from tidydl.boundaries import DATA_FILES
from tidydl.data.media.media_files import decode_error, named
from tidydl.errors import DamagedFileError, DependencyError, TidydlError, bring_extra

MOST_SAMPLES = 2**29  # 2 GiB: more than three hours of a usual rate
_FASTEST = 10_000_000
_LIBRARIES = ("soundfile", "av")
_CONTAINERS = (
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "flv", "mpeg", "mpegts", "mpegvideo", "asf"),
    *("ogg", "wav", "w64", "rf64", "mp3", "aac", "flac", "aiff", "au", "caf", "amr", "ac3", "eac3", "m4v", "h264"),
    *("hevc", "ivf", "gif", "apng", "yuv4mpegpipe", "wv", "tta", "ape", "dts", "oga", "mov,mp4,m4a,3gp,3g2,mj2"),
)  # of FFmpeg; playlists, which name other files and addresses, are none of them
_UNKNOWN = 0x7FFFF000  # a size from which on the writer of a stream did not know how long it would be
_DELAY = 0.25  # seconds by which a codec may shorten what it encodes
_TOLERATED = 0.99  # the share of its samples that a file must have: some writers count a few bytes too many


def wav_of(samples: np.ndarray, rate: int) -> bytes:
    """Encode samples (float32, time × channels) as a WAV file, without loss."""
    from scipy.io import wavfile

    stream = io.BytesIO()
    wavfile.write(stream, rate, samples)
    return stream.getvalue()


def read_header(content: bytes | None, path: str | None) -> tuple[int, int, int]:
    """Return the sampling rate, the number of samples and of channels, without decoding where soundfile is installed.

    Raises
    ------
    DamagedFileError, NotFoundError, DependencyError
        As :func:`read_samples`.
    """
    library = _library("soundfile")
    if library is not None and _first_bytes(content, path):
        try:
            info = library.info(_for_soundfile(content, path))
            rate, frames, channels = int(info.samplerate), int(info.frames), int(info.channels)
        except Exception:
            pass  # another library may know the format
        else:
            return _checked_rate(rate, path), frames, channels
    samples, rate = read_samples(content, path)
    return rate, len(samples), 1 if samples.ndim == 1 else samples.shape[1]


def read_samples(content: bytes | None, path: str | None) -> tuple[np.ndarray, int]:
    """Decode a file to samples (float32, time, or time × channels) and their rate.

    Raises
    ------
    NotFoundError
        The file is gone.
    DamagedFileError
        It cannot be decoded.
    DependencyError
        It needs a library that is not installed.
    """
    with DATA_FILES.guard(named("audio", path), lambda error: _undecodable(path, error)):
        first = _first_bytes(content, path)
        _refuse_short(first, content, path)
        if _is_wav(first):
            _refuse_cut(content, path)
            try:
                samples, rate = _by_scipy(content, path)
                return samples, _checked_rate(rate, path)
            except ValueError:  # a WAV that holds another codec
                pass
        samples, rate = _by_library(content, path)
        return samples, _checked_rate(rate, path)


def _undecodable(path: str | None, error: BaseException) -> TidydlError | None:
    return None if isinstance(error, MemoryError) else decode_error("audio", path, error)


def _checked_rate(rate: int, path: str | None) -> int:
    if not 1 <= rate <= _FASTEST:
        raise DamagedFileError(
            f"{named('audio', path)} claims a sampling rate of {rate} Hz.",
            allowed=f"A sampling rate from 1 to {_FASTEST:,}.",
            hint="Download or copy the file again.",
        )
    return rate


def too_long(path: str | None) -> DamagedFileError:
    """Return the error for an audio clip with more samples than is safe to decode."""
    return DamagedFileError(
        f"{named('audio', path)} has more samples than is safe to decode.",
        allowed=f"At most {MOST_SAMPLES:,} samples, all channels together.",
        hint="Cut it into shorter files first.",
    )


def _first_bytes(content: bytes | None, path: str | None) -> bytes:
    """Return the first bytes, which tell what a file is, whatever it is called; refuse an empty one."""
    try:
        with opened(content, path) as file:
            first = file.read(12)
    except OSError as error:
        raise decode_error("audio", path, error) from error
    if not first:
        raise DamagedFileError(
            f"{named('audio', path)} is empty.",
            allowed="A file with at least one sample.",
            hint="Download or copy it again.",
        )
    return first


def opened(content: bytes | None, path: str | None) -> BinaryIO:
    """Open the bytes, or the file at the path: decoders get no path, which some would take for an address."""
    return open(str(path), "rb") if content is None else _Held(content)


class _Held(io.BytesIO):
    """Bytes, before the first of which a decoder of damaged ones may seek."""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, or to the first."""
        return super().seek(max(offset, 0) if whence == io.SEEK_SET else offset, whence)


def _for_soundfile(content: bytes | None, path: str | None) -> str | BinaryIO:
    """Return what soundfile opens: for files a path, which it takes for nothing else."""
    return os.path.abspath(str(path)) if content is None else _Held(content)


def _is_wav(first: bytes) -> bool:
    return first[:4] in (b"RIFF", b"RIFX", b"RF64") and first[8:12] == b"WAVE"


def _refuse_short(first: bytes, content: bytes | None, path: str | None) -> None:
    """Refuse a file of AIFF, AU or AVI that is shorter than its first bytes say."""
    if first[:4] == b"FORM":
        claimed = 8 + int.from_bytes(first[4:8], "big")
    elif first[:4] == b".snd":
        claimed = int.from_bytes(first[4:8], "big") + int.from_bytes(first[8:12], "big")
    elif first[:4] == b"RIFF" and first[8:12] == b"AVI ":
        claimed = 8 + int.from_bytes(first[4:8], "little")
    else:
        return
    with opened(content, path) as file:
        size = file.seek(0, io.SEEK_END)
    if claimed < _UNKNOWN and size < _TOLERATED * claimed:
        raise _cut_off(path)


def _refuse_cut(content: bytes | None, path: str | None) -> None:
    """Refuse a WAV file that ends before its samples do; decoders would give what there is as if it were all."""
    with opened(content, path) as file:
        end = file.seek(0, io.SEEK_END)
        file.seek(0)
        form = file.read(4)
        order: Literal["little", "big"] = "big" if form == b"RIFX" else "little"
        file.seek(12)
        long = None  # the size of the samples where 32 bits do not hold it
        while len(head := file.read(8)) == 8:
            size, start = int.from_bytes(head[4:], order), file.tell()
            if head[:4] == b"ds64" and form == b"RF64":
                long = int.from_bytes(file.read(16)[8:], order)
            if head[:4] == b"data":
                promised = size if size < _UNKNOWN else long
                if promised is not None and end - start < _TOLERATED * promised:
                    raise _cut_off(path)
                return
            file.seek(start + size + size % 2)


def _by_scipy(content: bytes | None, path: str | None) -> tuple[np.ndarray, int]:
    from scipy.io import wavfile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of chunks that say nothing about the audio clip
        with opened(content, path) as source:
            rate, samples = wavfile.read(source)
    return _as_floats(samples), int(rate)


def _as_floats(samples: np.ndarray) -> np.ndarray:
    if samples.dtype == np.uint8:  # WAV files of 8 bits count from 0 to 255
        return ((samples.astype("float32") - 128.0) / 128.0).astype("float32")
    if samples.dtype.kind == "i":
        return (samples / -float(np.iinfo(samples.dtype).min)).astype("float32")
    return samples.astype("float32")


def _by_library(content: bytes | None, path: str | None) -> tuple[np.ndarray, int]:
    libraries = {name: library for name in _LIBRARIES if (library := _library(name)) is not None}
    if not libraries:
        raise DependencyError(
            f"{named('audio', path)} is not a WAV file, and no library for other formats is installed.",
            allowed="WAV files; with soundfile also FLAC, OGG and MP3, with PyAV all that FFmpeg reads.",
            hint=bring_extra("audio"),
        )
    problem: Exception | None = None
    for name, library in libraries.items():
        try:
            if name == "soundfile":
                return _by_soundfile(library, _for_soundfile(content, path), path)
            with opened(content, path) as source:
                return _by_av(library, source, path)
        except TidydlError:
            raise
        except Exception as error:
            problem = problem or error
    assert problem is not None
    raise problem


def _by_soundfile(soundfile: ModuleType, source: str | BinaryIO, path: str | None) -> tuple[np.ndarray, int]:
    with soundfile.SoundFile(source) as file:
        if file.frames * file.channels > MOST_SAMPLES:
            raise too_long(path)
        samples = file.read(dtype="float32")
        if len(samples) < _TOLERATED * file.frames:
            raise _cut_off(path)
        return samples, int(file.samplerate)


def open_media(av: ModuleType, source: BinaryIO) -> Any:
    """Open an audio clip or a video by PyAV: none of the formats that are lists of other files, and no addresses."""
    allowed = {"format_whitelist": ",".join(_CONTAINERS), "protocol_whitelist": "none"}
    return av.open(source, container_options=allowed)


def _by_av(av: ModuleType, source: BinaryIO, path: str | None) -> tuple[np.ndarray, int]:
    parts, count = [], 0
    with open_media(av, source) as container:
        stream = container.streams.audio[0]
        # interleaved, since PyAV looks for the planes of eight channels or more beyond the end of their list
        resampler = av.AudioResampler(format="flt", layout=stream.layout, rate=stream.rate)
        for frame in chain(container.decode(stream), [None]):  # None flushes what the resampler still holds
            for resampled in resampler.resample(frame):
                parts.append(resampled.to_ndarray().reshape(-1, resampled.layout.nb_channels))
                count += parts[-1].size
            if count > MOST_SAMPLES:
                raise too_long(path)
        seconds = _claimed_seconds(container, stream)
    samples = np.concatenate(parts).astype("float32")
    if seconds is not None and len(samples) < stream.rate * min(_TOLERATED * seconds, seconds - _DELAY):
        raise _cut_off(path)
    return (samples[:, 0] if samples.shape[1] == 1 else samples), int(stream.rate)


def _claimed_seconds(container: Any, stream: Any) -> float | None:
    """Return how long an audio clip is according to its header; None where that describes only a video, or nothing."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    alone = len(container.streams) == 1 and container.duration is not None
    return container.duration / 1e6 if alone else None


def _library(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError):  # OSError: soundfile without its libsndfile
        return None


def _cut_off(path: str | None) -> DamagedFileError:
    return DamagedFileError(
        f"{named('audio', path)} is truncated: it has fewer samples than its header says.",
        allowed="A complete audio file.",
        hint="Download or copy the file again, or save the rest as a new file with another program.",
    )
