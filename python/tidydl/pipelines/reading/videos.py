"""Videos as inputs: reading them, and turning some of their frames into batches of pixels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl.errors import TidydlError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import nth_value, of_value, value_error
from tidydl.pipelines.reading.media import cells_fit, read_by
from tidydl.pipelines.reading.stretching import refuse_stretching
from tidydl.pipelines.reading.tensors import on_device

if TYPE_CHECKING:
    from tidydl.data.media.video_value import Video

ALLOWED = "A path, the bytes of a file, frames, several, or a data frame with a column of paths, given by name."
CHUNK = 16
_COST = 1024


def is_one(x: object) -> bool:
    """Return whether ``x`` is one video rather than several: a list of images is one, a list of paths is several."""
    if isinstance(x, (str, bytes, bytearray, os.PathLike, Mapping, int, float)) or hasattr(x, "frames"):
        return True
    if getattr(x, "ndim", 0) == 4:
        return True
    return isinstance(x, (list, tuple)) and bool(x) and all(_is_frame(each) for each in x)


def _is_frame(x: object) -> bool:
    return hasattr(x, "pil") or hasattr(x, "getbands") or getattr(x, "ndim", 0) in (2, 3)


def read(value: object, where: str) -> Video:
    """Read one video: a path, bytes, an array of frames or a list of images; decoded later."""
    from tidydl.data.media.video_value import as_video

    return read_by(as_video, value, where)


def key(video: Video) -> Any:
    """Return what is equal for equal inputs."""
    return video.key


def shown(video: Video) -> str:
    """Return what the result repeats of a video: its path, or its number of frames."""
    from tidydl.data.media.media_files import wrong_with

    try:
        return repr(video)
    except TidydlError as problem:
        return f"<video {wrong_with(problem)}>"


def column_fits(column: pd.Series) -> bool:
    """Return whether a column of a frame holds videos. Paths have to be in a named column."""
    return cells_fit(column, is_one)


@dataclass(frozen=True)
class EncodedVideos:
    """Videos, whose frames are decoded batch by batch."""

    loaded: Loaded
    videos: list[Any]
    indices: Sequence[int]
    frames: int
    step: float | None
    sizes: list[int]
    cut: list[bool]

    @property
    def owners(self) -> Sequence[int]:
        """Every video is one line."""
        return range(len(self.videos))

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode the chosen frames of some of the videos and build their tensor of pixels."""
        import torch

        tensors = []
        for i in positions:
            frames = list(chosen_frames(self.videos[i], self.frames, self.step, self.indices[i]))
            refuse_stretching(self.loaded.image_processor, frames[0].shape[1::-1], self.indices[i])
            tensors.append(dict(self.loaded.image_processor(frames, return_tensors="pt"))["pixel_values"])
        pixels = torch.cat([each if each.ndim == 5 else each.unsqueeze(0) for each in tensors])
        return on_device(self.loaded, {"pixel_values": pixels})


def encode(
    loaded: Loaded,
    videos: list[Any],
    indices: Sequence[int],
    *,
    num_frames: int | None = None,
    frame_sampling_rate: float | None = None,
) -> EncodedVideos:
    """Prepare videos, of which the model reads ``num_frames`` frames, by default its own number.

    With ``frame_sampling_rate`` they are the first ones, each that many frames after the one before, as in
    transformers; without it they are spread evenly over the whole video.
    """
    count = num_frames or int(getattr(loaded.config, "num_frames", 16))
    sizes = [_COST] * len(videos)
    return EncodedVideos(loaded, videos, indices, count, frame_sampling_rate, sizes, [False] * len(videos))


def chosen_frames(video: Video, count: int, step: float | None, index: int) -> np.ndarray:
    """Decode some frames of a video; those of a short one are repeated."""
    try:
        last = video.count - 1
        if last < 0:
            raise value_error(index, "is a video without any frames.", allowed="A video with at least one frame.")
        wanted = np.linspace(0, last if step is None else count * step - 1, num=count).astype("int64")
        return video.frames(np.minimum(wanted, last).tolist())
    except TidydlError as problem:
        if problem.place is not None:
            raise
        raise of_value(problem, nth_value(index), index) from problem


def padding(loaded: Loaded) -> str:
    """Return which videos may share a batch: all, since the processor scales them to one size."""
    return "any"
