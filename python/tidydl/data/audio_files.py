"""Decoding of audio files: WAV by scipy, other formats by soundfile or PyAV where they are installed."""

from __future__ import annotations

import importlib
import io
import warnings
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from tidydl.data.media_files import named, unreadable
from tidydl.errors import DamagedFileError, DependencyError, TidydlError, bring_extra

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_header", "read_samples", "wav_of"]

_LIBRARIES = ("soundfile", "av")
_UNKNOWN = 0x7FFFF000  # a size from which on the writer of a stream did not know how long it would be
_TOLERATED = 0.99  # the share of its samples that a file must have: some writers count a few bytes too many


def wav_of(samples: np.ndarray, rate: int) -> bytes:
    """Encode samples (float32, time × channels) as a WAV file, without loss."""
    from scipy.io import wavfile

    stream = io.BytesIO()
    wavfile.write(stream, rate, samples)
    return stream.getvalue()


def read_header(content: bytes | None, path: str | None) -> tuple[int, int, int]:
    """Give the sampling rate, the number of samples and of channels, without decoding where soundfile is installed.

    Raises
    ------
    DamagedFileError, NotFoundError, DependencyError
        As :func:`read_samples`.
    """
    library = _library("soundfile")
    if library is not None and _first_bytes(content, path):
        try:
            info = library.info(path if content is None else io.BytesIO(content))
            return int(info.samplerate), int(info.frames), int(info.channels)
        except Exception:
            pass  # another library may know the format
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
    try:
        if _is_wav(_first_bytes(content, path)):
            _refuse_cut(content, path)
            try:
                return _by_scipy(content, path)
            except ValueError:  # a WAV that holds another codec
                pass
        return _by_library(content, path)
    except TidydlError:
        raise
    except Exception as error:  # decoders raise anything
        raise unreadable("audio", path, error) from error


def _first_bytes(content: bytes | None, path: str | None) -> bytes:
    """Give the first bytes, which tell what a file is, whatever it is called; refuse an empty one."""
    try:
        with _opened(content, path) as file:
            first = file.read(12)
    except OSError as error:
        raise unreadable("audio", path, error) from error
    if not first:
        raise DamagedFileError(
            f"{named('audio', path)} is empty.", allowed="A file of some length.", hint="Get it again."
        )
    return first


def _opened(content: bytes | None, path: str | None) -> BinaryIO:
    return open(str(path), "rb") if content is None else io.BytesIO(content)


def _is_wav(first: bytes) -> bool:
    return first[:4] in (b"RIFF", b"RIFX", b"RF64") and first[8:12] == b"WAVE"


def _refuse_cut(content: bytes | None, path: str | None) -> None:
    """Refuse a WAV file that ends before its samples do; decoders would give what there is as if it were all."""
    with _opened(content, path) as file:
        end = file.seek(0, io.SEEK_END)
        file.seek(0)
        order: Literal["little", "big"] = "big" if file.read(4) == b"RIFX" else "little"
        file.seek(12)
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[4:], order)
            if head[:4] == b"data":
                if size < _UNKNOWN and end - file.tell() < _TOLERATED * size:
                    raise _cut_off(path)
                return
            file.seek(size + size % 2, io.SEEK_CUR)


def _by_scipy(content: bytes | None, path: str | None) -> tuple[np.ndarray, int]:
    from scipy.io import wavfile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of chunks that say nothing about the sound
        rate, samples = wavfile.read(str(path) if content is None else io.BytesIO(content))
    return _as_floats(samples), int(rate)


def _as_floats(samples: np.ndarray) -> np.ndarray:
    import numpy as np

    if samples.dtype == np.uint8:  # WAV files of 8 bits count from 0 to 255
        return ((samples.astype("float32") - 128.0) / 128.0).astype("float32")
    if samples.dtype.kind == "i":
        return (samples / -float(np.iinfo(samples.dtype).min)).astype("float32")
    return samples.astype("float32")


def _by_library(content: bytes | None, path: str | None) -> tuple[np.ndarray, int]:
    known = {name: library for name in _LIBRARIES if (library := _library(name)) is not None}
    if not known:
        raise DependencyError(
            f"{named('audio', path)} is no WAV file, and no library for other formats is installed.",
            allowed="WAV files; with soundfile also FLAC, OGG and MP3, with PyAV all that FFmpeg reads.",
            hint=bring_extra("audio"),
        )
    problem: Exception | None = None
    for name, library in known.items():
        source = str(path) if content is None else io.BytesIO(content)
        try:
            return _by_soundfile(library, source, path) if name == "soundfile" else _by_av(library, source)
        except TidydlError:
            raise
        except Exception as error:
            problem = problem or error
    assert problem is not None
    raise problem


def _by_soundfile(soundfile: Any, source: Any, path: str | None) -> tuple[np.ndarray, int]:
    with soundfile.SoundFile(source) as file:
        samples = file.read(dtype="float32")
        if len(samples) < _TOLERATED * file.frames:
            raise _cut_off(path)
        return samples, int(file.samplerate)


def _by_av(av: Any, source: Any) -> tuple[np.ndarray, int]:
    import numpy as np

    with av.open(source) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        frames = [*container.decode(stream), None]  # None flushes what the resampler still holds
        parts = [made.to_ndarray() for frame in frames for made in resampler.resample(frame)]
    samples = np.concatenate(parts, axis=1).T.astype("float32")
    return (samples[:, 0] if samples.shape[1] == 1 else samples), int(stream.rate)


def _library(name: str) -> Any | None:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError):  # OSError: soundfile without its libsndfile
        return None


def _cut_off(path: str | None) -> DamagedFileError:
    return DamagedFileError(
        f"{named('audio', path)} is cut off: it has fewer samples than it says.",
        allowed="A whole audio file.",
        hint="Get the file again, or save what there is of it as a new file with another program.",
    )
