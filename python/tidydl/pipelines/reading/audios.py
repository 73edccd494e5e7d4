"""Sounds as inputs: reading them, and turning them into batches of what a model listens to."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidydl.errors import TidydlError
from tidydl.pipelines.loading import Loaded
from tidydl.pipelines.positions import nth_value, of_value, value_error
from tidydl.pipelines.reading.images import on_device

if TYPE_CHECKING:
    import numpy as np

__all__ = ["EncodedAudios", "column_fits", "encode", "is_one", "key", "read", "samples"]

ALLOWED = "A path, bytes or samples with their rate, a list of them, or a data frame with a column of sounds."
CHUNK = 32
_COST = 64  # tokens that a model makes of a second, about


def is_one(x: Any) -> bool:
    """Say whether ``x`` is one sound rather than several."""
    if isinstance(x, (str, bytes, bytearray, os.PathLike, Mapping, int, float)) or _is_sound(x):
        return True
    return getattr(x, "ndim", 0) >= 1 and str(getattr(x, "dtype", "object")) not in ("object", "audio", "str")


def _is_sound(x: Any) -> bool:
    return hasattr(x, "sampling_rate") or hasattr(x, "get_all_samples")


def read(value: Any, where: str) -> Any:
    """Read one sound: a path, bytes, or samples with their rate; decoded later.

    Raises
    ------
    ArgumentError, NotFoundError, DamagedFileError
        Where it is no sound; says which value it was.
    """
    from tidydl.data.audios import as_audio

    try:
        return as_audio(value)
    except TidydlError as problem:
        raise of_value(problem, where) from problem


def key(audio: Any) -> Any:
    """Give what is equal for equal inputs: the path of a file, else the encoded bytes."""
    return audio.path if audio.is_file else audio.bytes


def column_fits(column: Any) -> bool:
    """Say whether a column of a frame holds sounds. Paths are taken only from a column that is named."""
    if str(column.dtype) == "audio":
        return True
    if column.dtype != object:
        return False
    values = column.dropna()
    return len(values) > 0 and not isinstance(values.iloc[0], str) and is_one(values.iloc[0])


@dataclass(frozen=True)
class EncodedAudios:
    """Sounds as what the model's feature extractor makes of each alone; those of one shape may share a batch."""

    loaded: Loaded
    made: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    cut: list[bool] = field(default_factory=list)

    @property
    def shapes(self) -> list[Hashable]:
        """The shapes of what was made of each sound."""
        return [tuple(sorted((name, tuple(each.shape)) for name, each in made.items())) for made in self.made]

    @property
    def owners(self) -> Sequence[int]:
        """Every sound is one line."""
        return range(len(self.made))

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Put sounds of one shape together: nothing is padded, so that each is heard as if alone."""
        import torch

        rows = [self.made[i] for i in positions]
        return on_device(self.loaded, {name: torch.cat([row[name] for row in rows]) for name in rows[0]})


def encode(loaded: Loaded, audios: list[Any], places: Sequence[int], max_length: int | None = None) -> EncodedAudios:
    """Decode sounds at the rate the model listens at, and let its feature extractor read each alone."""
    encoded = EncodedAudios(loaded)
    rate = loaded.feature_extractor.sampling_rate
    for audio, place in zip(audios, places, strict=True):
        heard = samples(audio, rate, place)
        made = loaded.feature_extractor(heard, sampling_rate=rate, return_tensors="pt")
        encoded.made.append({name: values for name, values in made.items() if hasattr(values, "shape")})
        encoded.sizes.append(max(1, _COST * len(heard) // rate))
        encoded.cut.append(False)
    return encoded


def samples(audio: Any, rate: int, place: int) -> np.ndarray:
    """Decode a sound to one channel at a rate.

    Raises
    ------
    DamagedFileError, NotFoundError, DependencyError, ArgumentError
        Where it cannot be decoded or has no samples; says which value it was.
    """
    try:
        heard = audio.array(rate)
    except TidydlError as problem:
        raise of_value(problem, nth_value(place), place) from problem
    if not len(heard):
        raise value_error(place, "is a sound without any samples.", allowed="A sound of some length.")
    return heard


def padding(loaded: Loaded) -> str:
    """Say which sounds may share a batch: those of one shape, since most models hear padding."""
    return "equal"
