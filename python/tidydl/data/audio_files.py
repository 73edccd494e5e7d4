"""Decoding of audio files: WAV by scipy, other formats by soundfile or PyAV where they are installed."""

from __future__ import annotations

import importlib
import io
import warnings
from typing import TYPE_CHECKING, Any

from tidydl.errors import DamagedFileError, DependencyError, NotFoundError, TidydlError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_header", "read_samples", "unreadable", "wav_of"]

_LIBRARIES = ("soundfile", "av")


def wav_of(samples: np.ndarray, rate: int) -> bytes:
    """Encode samples (float32, time × channels) as a WAV file, without loss."""
    from scipy.io import wavfile

    stream = io.BytesIO()
    wavfile.write(stream, rate, samples)
    return stream.getvalue()


def read_header(content: bytes | None, path: str | None) -> tuple[int, int, int]:
    """Give the sampling rate, the number of samples and of channels, decoding no more than is needed.

    Raises
    ------
    DamagedFileError, NotFoundError, DependencyError
        As :func:`read_samples`.
    """
    library = _library("soundfile") if not _is_wav(content, path) else None
    if library is not None:
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
        if _is_wav(content, path):
            try:
                return _by_scipy(content, path)
            except ValueError:  # a WAV that holds another codec
                pass
        return _by_library(content, path)
    except TidydlError:
        raise
    except Exception as error:  # decoders raise anything
        raise unreadable(path, error) from error


def _is_wav(content: bytes | None, path: str | None) -> bool:
    """Look at the first bytes, whatever the file is called."""
    if content is not None:
        return content[:4] in (b"RIFF", b"RIFX", b"RF64") and content[8:12] == b"WAVE"
    try:
        with open(str(path), "rb") as file:
            return _is_wav(file.read(12), None)
    except OSError as error:
        raise unreadable(path, error) from error


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
            f"{_named(path)} is no WAV file, and no library for other formats is installed.",
            allowed="WAV files; with soundfile also FLAC, OGG and MP3, with PyAV all that FFmpeg reads.",
            hint='Install it with `pip install "tidydl[audio]"`.',
        )
    problem: Exception | None = None
    for name, library in known.items():
        source = str(path) if content is None else io.BytesIO(content)
        try:
            return _by_soundfile(library, source) if name == "soundfile" else _by_av(library, source)
        except Exception as error:
            problem = problem or error
    assert problem is not None
    raise problem


def _by_soundfile(soundfile: Any, source: Any) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(source, dtype="float32")
    return samples, int(rate)


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


def _named(path: str | None) -> str:
    return f"`audio` '{path}'" if path else "`audio` (given as bytes)"


def unreadable(path: str | None, error: Exception) -> TidydlError:
    """Explain why a sound could not be decoded, naming its file."""
    if isinstance(error, FileNotFoundError):
        return NotFoundError(f"{_named(path)} does not exist.", hint="Was it moved since it was listed?")
    if isinstance(error, PermissionError):
        return DamagedFileError(f"{_named(path)} may not be read by you.", hint="Change its permissions.")
    return DamagedFileError(
        f"{_named(path)} cannot be decoded.",
        allowed="A whole audio file of a usual format, such as WAV or FLAC.",
        hint="Play it with another program; if that fails too, get the file again.",
    )
