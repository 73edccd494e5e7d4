"""One video: a path, encoded bytes or frames, of which some frames are decoded when they are needed."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np

from tidydl import rendering
from tidydl.boundaries import DATA_FILES
from tidydl.checks import described
from tidydl.data.media.audio_files import open_media, opened
from tidydl.data.media.decoding_limits import PixelBudget, check_frames, check_kept, too_large, truncated
from tidydl.data.media.image_files import open_image
from tidydl.data.media.image_value import as_image
from tidydl.data.media.media_files import decode_error, named, source_of
from tidydl.errors import ArgumentError, DependencyError, bring_extra

if TYPE_CHECKING:
    from PIL import Image as Pillow

Made = TypeVar("Made")
_WHOLE = 0.9  # of the frames that a header promises: some encoders count a few more than there are


class Video:
    """One video, held as encoded bytes, as a path or as frames.

    Made by :func:`as_video`. Animated GIF, WebP and PNG are read by Pillow, all else by PyAV (extra ``video``).
    """

    def __init__(self, content: bytes | None = None, path: str | None = None, frames: np.ndarray | None = None):
        self._content = content
        self._path = path
        self._frames = frames

    @property
    def path(self) -> str | None:
        """The path of the file, or None."""
        return self._path

    @property
    def key(self) -> Any:
        """What is equal for equal videos: the path of a file, else the bytes."""
        if self._frames is not None:
            return self._frames.shape, self._frames.tobytes()
        return self._path if self._content is None else self._content

    @cached_property
    def count(self) -> int:
        """How many frames there are."""
        if self._frames is not None:
            return len(self._frames)
        count, pixels = self._decoded(_count_by_pillow, lambda source: (_count_by_av(source, self._budget()), 0))
        return check_frames(count, self._path, count * pixels)

    @cached_property
    def rate(self) -> float | None:
        """How many frames a second has, None where that is not known."""
        return None if self._frames is not None else self._decoded(_rate_by_pillow, _rate_by_av)

    def frames(self, which: Sequence[int]) -> np.ndarray:
        """Decode some frames, in order: frames × height × width × 3, from 0 to 255."""
        if self._frames is not None:
            return self._frames[list(which)]
        wanted = sorted(set(which))
        path, budget = self._path, self._budget()
        decoded = self._decoded(
            lambda image: _frames_by_pillow(image, wanted, path, budget),
            lambda source: _frames_by_av(source, wanted, path, budget),
        )
        by_index = dict(zip(wanted, decoded, strict=True))
        with DATA_FILES.guard(named("video", self._path), lambda error: decode_error("video", self._path, error)):
            return np.stack([by_index[index] for index in which])  # which may differ in size

    def _budget(self) -> PixelBudget:
        with DATA_FILES.guard(named("video", self._path), lambda error: decode_error("video", self._path, error)):
            size = os.path.getsize(str(self._path)) if self._content is None else len(self._content)
        return PixelBudget(self._path, size)

    def _decoded(self, by_pillow: Callable[[Pillow.Image], Made], by_av: Callable[[BinaryIO], Made]) -> Made:
        """Let Pillow decode what it knows, and PyAV the rest; explain what goes wrong."""
        from PIL import UnidentifiedImageError

        with DATA_FILES.guard(named("video", self._path), lambda error: decode_error("video", self._path, error)):
            try:
                with open_image(self._content, self._path, "video") as image:
                    return by_pillow(image)
            except UnidentifiedImageError:
                with opened(self._content, self._path) as source:
                    return by_av(source)

    def __repr__(self) -> str:
        return self._path or f"<video {self.count} frames>"


def _count_by_pillow(image: Pillow.Image) -> tuple[int, int]:
    return int(getattr(image, "n_frames", 1)), image.width * image.height


def _rate_by_pillow(image: Pillow.Image) -> float | None:
    milliseconds = image.info.get("duration")
    return 1000 / milliseconds if milliseconds else None


def _frames_by_pillow(
    image: Pillow.Image, which: Sequence[int], path: str | None, budget: PixelBudget
) -> list[np.ndarray]:
    from PIL import Image as Pillow

    check_kept(len(which) * image.width * image.height, path)
    wanted, frames, pixels = set(which), [], 0
    for index in range(which[-1] + 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)  # which is an error here
            try:
                image.seek(index)
            except Pillow.DecompressionBombError as error:
                raise too_large("video", path) from error
        budget.add(image.width, image.height)  # of which the first frame does not tell: they may grow
        if index in wanted:
            pixels += image.width * image.height
            check_kept(pixels, path)
            frames.append(np.asarray(image.convert("RGB")))
    return frames


def _video_in(source: BinaryIO) -> Any:
    """Open a video; its pictures may not be larger than images may be."""
    from PIL import Image as Pillow

    container = open_media(_av(), source)
    if Pillow.MAX_IMAGE_PIXELS is not None:
        container.streams.video[0].codec_context.options = {"max_pixels": str(Pillow.MAX_IMAGE_PIXELS)}
    return container


def _av() -> ModuleType:
    try:
        return importlib.import_module("av")
    except ImportError as problem:
        raise DependencyError(
            "Reading videos needs PyAV, which is not installed.",
            allowed="Without it: animated GIF, WebP and PNG, and frames as arrays.",
            hint=bring_extra("video"),
        ) from problem


def _count_by_av(source: BinaryIO, budget: PixelBudget) -> int:
    with _video_in(source) as container:
        stream = container.streams.video[0]
        if stream.frames:
            return int(stream.frames)
        count = 0
        for frame in container.decode(stream):
            budget.add(frame.width, frame.height)
            count += 1
        return count


def _rate_by_av(source: BinaryIO) -> float | None:
    with _video_in(source) as container:
        rate = container.streams.video[0].average_rate
    return None if rate is None else float(rate)


def _frames_by_av(source: BinaryIO, which: Sequence[int], path: str | None, budget: PixelBudget) -> list[np.ndarray]:
    wanted, by_index = set(which), {}
    pixels = decoded = 0
    with _video_in(source) as container:
        promised = int(container.streams.video[0].frames)
        for index, frame in enumerate(container.decode(video=0)):
            budget.add(frame.width, frame.height)
            decoded += 1
            if index in wanted:
                pixels += frame.width * frame.height  # of which no header tells: they may change
                check_kept(pixels, path)
                by_index[index] = frame.to_ndarray(format="rgb24")
            if index >= which[-1]:
                break
        if decoded <= which[-1] and decoded < _WHOLE * promised:
            raise truncated(path, decoded, promised)
        last = by_index.get(index, frame.to_ndarray(format="rgb24"))  # a header may promise more frames than there are
    return [by_index.get(index, last) for index in which]


def as_video(value: Any) -> Video:
    """Build a :class:`Video` of a path, bytes, an array of frames or a list of images.

    Raises
    ------
    NotFoundError
        The path does not exist.
    ArgumentError
        The value is a URL or none of these.
    """
    if isinstance(value, Video):
        return value
    source = source_of(value, "video", _allowed(), "A list of images is one video.")
    if source is not None:
        return Video(*source)
    if getattr(value, "ndim", 0) == 4 or (isinstance(value, (list, tuple)) and value):
        return Video(frames=_stacked(value))
    raise ArgumentError(f"`video` is {described(value)}, which is not a video.", allowed=_allowed())


def _allowed() -> str:
    file = rendering.type_name("bytes")
    return f"A path, the file as {file}, an array of frames × height × width × 3, or a list of images."


def _stacked(frames: Iterable[object]) -> np.ndarray:
    """Read each frame as an image, in colours, all of one size."""
    arrays = [np.asarray(as_image(frame).pil().convert("RGB")) for frame in frames]
    sizes = {frame.shape for frame in arrays}
    if len(sizes) > 1:
        raise ArgumentError(f"`video` has frames of {len(sizes)} different sizes.", allowed="Frames of the same size.")
    return np.stack(arrays)
