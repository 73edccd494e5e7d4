"""The pandas column of audio clips: an extension array of kind ``audio``."""

from __future__ import annotations

import pyarrow as pa
from pandas.api.extensions import ExtensionDtype, register_extension_dtype

from tidydl.data.media.audio_value import Audio, as_audio
from tidydl.data.media.media_array import MediaArray


@register_extension_dtype
class AudioDtype(ExtensionDtype):
    """The kind ``audio``: each value is an :class:`~tidydl.data.media.audio.Audio` or missing (None)."""

    name = "audio"
    type = Audio
    kind = "O"
    na_value = None

    @classmethod
    def construct_array_type(cls) -> type[AudioArray]:  # type: ignore[valid-type]
        """Return the class of its arrays."""
        return AudioArray

    def __from_arrow__(self, array: pa.Array | pa.ChunkedArray) -> AudioArray:
        """Return the column of what pandas read from parquet."""
        return AudioArray(array.to_pylist())


class AudioArray(MediaArray):
    """A column of audio clips for a data frame; nothing is decoded until somebody listens.

    Parameters
    ----------
    values
        Whatever :func:`~tidydl.data.media.audio.as_audio` reads, or None, NaN or NA where an audio clip is missing.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"audio": AudioArray([{"array": np.zeros(800), "sampling_rate": 8000}, None])})
    >>> frame.audio[0]
    <audio 0.10 s 8000 Hz>
    >>> frame.audio.isna().tolist()
    [False, True]
    """

    @staticmethod
    def _value_of(value: object) -> Audio:
        return as_audio(value)

    @property
    def dtype(self) -> AudioDtype:
        """The kind of the column."""
        return AudioDtype()
