"""Audio clips in data frames: one audio clip, a column of them, and how to make either.

The pandas column type is loaded when it is first used, so that a single sound needs no pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidydl.data.media.audio_value import Audio, as_audio

if TYPE_CHECKING:
    from tidydl.data.media.audio_array import AudioArray, AudioDtype

__all__ = ["Audio", "AudioArray", "AudioDtype", "as_audio"]


def __getattr__(name: str) -> Any:
    if name in ("AudioArray", "AudioDtype"):
        from tidydl.data.media import audio_array

        return getattr(audio_array, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
