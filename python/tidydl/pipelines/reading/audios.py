"""Audio clips as inputs: reading them, and batching their features."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl.errors import TidydlError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import nth_value, of_value, value_error
from tidydl.pipelines.reading.media import cells_fit, read_by
from tidydl.pipelines.reading.tensors import on_device

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from tidydl.data.media.audio_value import Audio

ALLOWED = "A path, the bytes of a file, samples with their rate, several, or a data frame with an audio column."
CHUNK = 32
_COST = 64  # tokens that a model makes of a second, about
_SPECTRA = 100  # lines of a spectrogram a second, of most models
_HELD = 2**26  # numbers that are kept between listening and computing (256 MB); what is more is read again

_drawing = threading.Lock()  # numpy has one stream for all threads

Span = tuple[int, int]  # the first sample of a piece of an audio clip and the first that no longer belongs
Cut = Callable[[int], list[Span]]


def is_one(x: object) -> bool:
    """Return whether ``x`` is one audio clip rather than several."""
    if isinstance(x, (str, bytes, bytearray, os.PathLike, Mapping, int, float)) or _is_audio(x):
        return True
    return getattr(x, "ndim", 0) >= 1 and str(getattr(x, "dtype", "object")) not in ("object", "audio", "str")


def _is_audio(x: object) -> bool:
    is_open = hasattr(x, "read") and hasattr(x, "seek")
    return is_open or hasattr(x, "sampling_rate") or hasattr(x, "get_all_samples")


def read(value: object, where: str) -> Audio:
    """Read one audio clip: a path, bytes, or samples with their rate; decoded later."""
    from tidydl.data.media.audio import as_audio

    return read_by(as_audio, value, where)


def key(audio: Audio) -> Any:
    """Return a key that is equal for equal inputs: the path of a file, else the encoded bytes."""
    return audio.path if audio.is_file else audio.bytes


def column_fits(column: pd.Series) -> bool:
    """Return whether a column of a frame holds audio clips. Paths have to be in a named column."""
    return cells_fit(column, is_one, "audio")


@dataclass
class EncodedAudios:
    """Audio clips, each as one or several pieces for the model's feature extractor.

    ``seconds`` is the length of each clip; ``spans`` are the samples of each piece, of the clip that is its owner.
    Pieces of one shape may share a batch. ``kept`` holds the numbers of as many pieces as memory should bear (``left``
    says how many more); the others are decoded again when their turn comes.
    """

    loaded: Loaded
    audios: list[Any]
    indices: Sequence[int]
    listen: Callable[[np.ndarray], Mapping[str, Any]]
    seconds: list[float] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    shapes: list[Hashable] = field(default_factory=list)
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)
    left: int = field(default_factory=lambda: _HELD)

    @property
    def cut(self) -> list[bool]:
        """Nothing is truncated by us; some feature extractors keep only the beginning."""
        return [False] * len(self.audios)

    def add(self, owner: int, heard: np.ndarray, spans: list[Span]) -> None:
        """Add the pieces of an audio clip."""
        rate = self.loaded.feature_extractor.sampling_rate
        self.seconds.append(len(heard) / rate)
        for span in spans:
            tensors = self._extracted(owner, heard, span)
            numbers = sum(each.numel() for each in tensors.values())
            if numbers <= self.left:
                self.kept[len(self.owners)] = tensors
                self.left -= numbers
            self.owners.append(owner)
            self.spans.append(span)
            self.shapes.append(tuple(sorted((name, tuple(each.shape)) for name, each in tensors.items())))
            self.sizes.append(max(1, int(_COST * _seconds(tensors, rate))))

    def _extracted(self, owner: int, heard: np.ndarray, span: Span) -> dict[str, Any]:
        """Extract the features of a piece; an error names the clip."""
        try:
            with _draws_of_its_own():
                tensors = self.listen(heard[slice(*span)])
        except Exception as problem:  # feature extractors raise anything
            raise value_error(
                self.indices[owner],
                f"cannot be read by the model: {(str(problem).strip() or type(problem).__name__).splitlines()[0]}",
                allowed="Audio that is long enough for the model.",
            ) from problem
        return {name: values for name, values in tensors.items() if hasattr(values, "shape")}

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Batch pieces of one shape: nothing is padded, so that each gives the same results as alone."""
        import torch

        rows = [self.kept.pop(i) if i in self.kept else self._again(i) for i in positions]
        return on_device(self.loaded, {name: torch.cat([row[name] for row in rows]) for name in rows[0]})

    def _again(self, line: int) -> dict[str, Any]:
        owner = self.owners[line]
        rate = self.loaded.feature_extractor.sampling_rate
        return self._extracted(owner, samples(self.audios[owner], rate, self.indices[owner]), self.spans[line])


def _seconds(tensors: Mapping[str, Any], rate: int) -> float:
    """Return the seconds of a piece, which may have been padded."""
    longest = max((each for each in tensors.values()), key=lambda each: each.numel())
    return max(longest.shape[1:], default=1) / (rate if longest.ndim == 2 else _SPECTRA)


@contextmanager
def _draws_of_its_own() -> Iterator[None]:
    """Make the draws of feature extractors reproducible, and restore numpy's random state."""
    with _drawing:
        before = np.random.get_state()
        np.random.seed(0)
        try:
            yield
        finally:
            np.random.set_state(before)


def encode(
    loaded: Loaded,
    audios: list[Any],
    indices: Sequence[int],
    *,
    cut: Cut | None = None,
    listen: Callable[[np.ndarray], Mapping[str, Any]] | None = None,
) -> EncodedAudios:
    """Decode audio clips at the model's sampling rate, and let its feature extractor read each alone.

    ``indices`` tell which value of the call each is, for messages. ``cut`` cuts a clip of so many samples into pieces;
    None for one piece. ``listen`` computes features of samples; by default the feature extractor as it is.
    """
    encoded = EncodedAudios(loaded, audios, indices, listen or partial(features, loaded))
    least = _least_samples(loaded.config)
    for owner, (audio, index) in enumerate(zip(audios, indices, strict=True)):
        heard = samples(audio, loaded.feature_extractor.sampling_rate, index)
        if len(heard) < least:
            raise value_error(
                index,
                f"is audio of {len(heard)} samples, which is too short for this model.",
                allowed=f"At least {least} samples at {loaded.feature_extractor.sampling_rate} Hz.",
            )
        encoded.add(owner, heard, [(0, len(heard))] if cut is None else cut(len(heard)))
    return encoded


def features(loaded: Loaded, heard: np.ndarray, **more: Any) -> Mapping[str, Any]:
    """Extract features from samples by the model's feature extractor."""
    extractor = loaded.feature_extractor
    extracted: Mapping[str, Any] = extractor(heard, sampling_rate=extractor.sampling_rate, return_tensors="pt", **more)
    return extracted


def _least_samples(config: PreTrainedConfig) -> int:
    """Count the samples that a model of raw audio needs for its first output."""
    kernels, strides = getattr(config, "conv_kernel", None), getattr(config, "conv_stride", None)
    if not isinstance(kernels, (list, tuple)) or not isinstance(strides, (list, tuple)):
        return 1
    least = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        least = (least - 1) * stride + kernel
    return least


def samples(audio: Audio, rate: int, index: int) -> np.ndarray:
    """Decode an audio clip to one channel at a sampling rate; if it cannot be, the error names the value."""
    try:
        heard = audio.array(rate)
    except TidydlError as problem:
        raise of_value(problem, nth_value(index), index) from problem
    if not len(heard):
        raise value_error(index, "is audio without samples.", allowed="Audio with at least one sample.")
    if not np.isfinite(heard).all():
        raise value_error(index, "is audio with samples that are not finite.", allowed="Samples from -1 to 1.")
    return heard


def padding(loaded: Loaded) -> str:
    """Return which audio clips may share a batch: those of one shape, as padding changes most results."""
    return "equal"
