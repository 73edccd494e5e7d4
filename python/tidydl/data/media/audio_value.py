"""One audio clip: encoded bytes, a path or samples, decoded when somebody listens."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tidydl import rendering
from tidydl.boundaries import DATA_FILES
from tidydl.checks import described
from tidydl.data.media.audio_files import MOST_SAMPLES, read_header, read_samples, too_long, wav_of
from tidydl.data.media.media_files import named, source_of, wrong_with
from tidydl.data.media.media_value import MediaValue
from tidydl.errors import ArgumentError, TidydlError
from tidydl.whole_files import write_whole

_LARGEST_RATIO = 2**17


class Audio(MediaValue):
    """One audio clip, held as encoded bytes, as a path or as samples, and decoded only when listened to.

    Made by :func:`as_audio`. Two audio clips are equal when their encoded bytes and paths are.

    Parameters
    ----------
    content
        The encoded bytes (WAV, FLAC, …), or None where the file at ``path`` has them.
    path
        The path of the file; where ``content`` is given only a name for messages.

    Examples
    --------
    >>> import numpy as np
    >>> as_audio({"array": np.zeros(8000), "sampling_rate": 16000})
    <audio 0.50 s 16000 Hz>
    """

    _kind = "audio"

    @property
    def sampling_rate(self) -> int:
        """How many samples a second has."""
        return self._header[0]

    @property
    def duration(self) -> float:
        """The length in seconds."""
        return self._header[1] / self._header[0]

    @property
    def channels(self) -> int:
        """1 for mono, 2 for stereo."""
        return self._header[2]

    @cached_property
    def _header(self) -> tuple[int, int, int]:
        return read_header(self._content, self._path)

    def array(self, sampling_rate: int | None = None) -> np.ndarray:
        """Decode to one channel of samples from -1 to 1 (float32), the mean of all channels.

        Parameters
        ----------
        sampling_rate
            What to resample to (by a polyphase filter, ``scipy.signal.resample_poly``); None for the audio clip's own.
        """
        samples, rate = read_samples(self._content, self._path)
        mono = samples.mean(axis=1) if samples.ndim > 1 else samples
        return _resampled(mono, rate, rate if sampling_rate is None else int(sampling_rate), self.path)

    def save(self, path: str | Path) -> None:
        """Write the audio clip to a file: as it is encoded, or as WAV where it was made of samples."""
        write_whole(path, self.bytes)

    def __repr__(self) -> str:
        try:
            return f"<audio {self.duration:.2f} s {self.sampling_rate} Hz>"
        except TidydlError as error:
            return f"<audio {wrong_with(error)}>"

    def _repr_html_(self) -> str:
        try:
            data = base64.b64encode(self.bytes).decode()
        except TidydlError:
            return html.escape(repr(self))
        return f'<audio controls src="data:audio;base64,{data}"></audio>'


def _resampled(samples: np.ndarray, rate: int, wanted: int, path: str | None) -> np.ndarray:
    if rate == wanted or not len(samples):
        return samples
    from scipy.signal import resample_poly

    if len(samples) / rate * wanted > MOST_SAMPLES:
        raise too_long(path)
    up, down = _ratio(rate, wanted) if wanted < rate else _ratio(wanted, rate)[::-1]
    with DATA_FILES.guard(named("audio", path)):
        return resample_poly(samples, up, down).astype("float32")


def _ratio(higher: int, lower: int) -> tuple[int, int]:
    """Return the ratio of two rates in small numbers, the lower first: the filter has twenty times as many values.

    It is exact where the higher rate is at most 131,072, and for those above that are in use; else off by less than
    one sample in a million.

    Raises
    ------
    ArgumentError
        No ratio of small numbers is close enough.
    """
    ratio = Fraction(lower, higher).limit_denominator(_LARGEST_RATIO)
    if ratio.numerator * higher < 8 * lower and ratio != Fraction(lower, higher):
        raise ArgumentError(
            f"`sampling_rate` cannot be resampled between {higher:,} and {lower:,} Hz: the rates are too far apart.",
            allowed="Rates whose ratio is at most a few thousand.",
        )
    return ratio.numerator, ratio.denominator


def as_audio(value: Any) -> Audio:
    """Build an :class:`Audio` of a path, bytes, or samples with their rate.

    Parameters
    ----------
    value
        A path that exists; bytes of an audio file; a dictionary with ``array`` (or ``raw``: samples, or channels ×
        samples, floats from -1 to 1 or whole numbers of 16 bits, of 8 bits without a sign) and ``sampling_rate``
        (samples a second); a dictionary with ``bytes`` or ``path`` as ``datasets`` makes them; a decoder of torchcodec;
        or an :class:`Audio`.

    Returns
    -------
    Audio
        Not yet decoded, so that damage shows when somebody listens.

    Raises
    ------
    NotFoundError
        The path does not exist.
    ArgumentError
        The value is a URL, samples without a rate, or none of the above.

    Examples
    --------
    >>> import numpy as np
    >>> as_audio({"array": np.zeros((2, 22050)), "sampling_rate": 44100}).channels
    2
    """
    if isinstance(value, Audio):
        return value
    if hasattr(value, "get_all_samples"):  # torchcodec's, which `datasets` gives
        decoded = value.get_all_samples()
        value = {"array": decoded.data, "sampling_rate": decoded.sample_rate}
    if isinstance(value, Mapping) and ("array" in value or "raw" in value):
        samples = value["array"] if value.get("array") is not None else value.get("raw")
        return Audio(wav_of(_samples(samples), _rate(value.get("sampling_rate"))), _name(value.get("path")))
    source = source_of(value, "audio", _allowed())
    if source is not None:
        return Audio(*source)
    if getattr(value, "ndim", 0) >= 1:
        raise ArgumentError(
            "`audio` is an array without a sampling rate.",
            allowed=_allowed(),
            hint=_with_rate(),
        )
    raise ArgumentError(f"`audio` is {described(value)}, which is not audio.", allowed=_allowed())


def _allowed() -> str:
    file, mapping = rendering.type_name("bytes"), rendering.type_name("dict")
    return f"A path, the file as {file}, or a {mapping} with `array` and `sampling_rate`, or with `bytes` or `path`."


def _with_rate() -> str:
    return f"Give the sampling rate with the samples: {rendering.mapping(array='samples', sampling_rate='16000')}."


def _name(path: object) -> str | None:
    return None if path is None else str(path)


def _rate(value: Any) -> int:
    whole = not isinstance(value, (bool, str)) and hasattr(value, "__int__") and value == value and value == int(value)
    if not whole or value < 1:
        raise ArgumentError(
            f"`sampling_rate` is {'missing' if value is None else described(value)}.",
            allowed="The number of samples per second, such as 16000.",
            hint=_with_rate(),
        )
    return int(value)


def _samples(array: object) -> np.ndarray:
    """Read samples as floats, time along the first axis, channels along the second where there are several."""
    try:
        samples = np.asarray(array)
    except (TypeError, ValueError):
        samples = np.empty(0, dtype=object)
    if samples.dtype.kind not in "buif" or samples.ndim not in (1, 2) or 0 in samples.shape:
        raise ArgumentError(
            f"`audio` has samples of shape {samples.shape} and dtype {samples.dtype}.",
            allowed="A numeric array: samples, or channels × samples.",
        )
    if samples.ndim == 2 and samples.shape[0] > 8:
        raise ArgumentError(
            f"`audio` has {samples.shape[0]} channels of {samples.shape[1]} samples.",
            allowed="Channels × samples, at most 8 channels.",
            hint="Transpose an array of samples × channels.",
        )
    if samples.dtype.kind in "iu":
        samples = _of_whole_numbers(samples)
    if not np.isfinite(samples).all():
        raise ArgumentError("`audio` has samples that are not finite.", allowed="Finite numbers from -1 to 1.")
    return np.ascontiguousarray(samples.T, dtype="float32")


def _of_whole_numbers(samples: np.ndarray) -> np.ndarray:
    """Scale whole numbers: of 8 bits around 128, of 16, or of 32 where they do not fit into 16."""
    if samples.dtype == np.uint8:
        return (samples - 128.0) / 128.0
    fits = int(samples.max()) < 2**15 and int(samples.min()) >= -(2**15)
    return samples / float(2**15 if fits else 2**31)
