"""Images as inputs: reading them, and turning them into batches of pixels."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from tidydl.errors import TidydlError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import nth_value, of_value
from tidydl.pipelines.reading.media import cells_fit, read_by
from tidydl.pipelines.reading.stretching import refuse_stretching
from tidydl.pipelines.reading.tensors import CrowdedBatchError, joined, on_device

if TYPE_CHECKING:
    import PIL.Image
    from transformers import PreTrainedConfig
    from transformers.image_processing_utils import BaseImageProcessor

    from tidydl.data.media.image_value import Image

ALLOWED = "A path, the bytes of a file, an image or an array, several, or a data frame with an image column."
CHUNK = 256
_TOGETHER = 1 << 25  # pixels that are decoded before the model's processor scales them: 100 MB
_PATCHES_UNKNOWN = 256


def is_one(x: object) -> bool:
    """Return whether ``x`` is one image rather than several."""
    if isinstance(x, (str, bytes, bytearray, os.PathLike, dict, int, float)) or _is_picture(x):
        return True
    shape = getattr(x, "shape", None)
    if shape is None or str(getattr(x, "dtype", "")) == "object":
        return False
    channels = shape[0] if type(x).__module__.partition(".")[0] == "torch" else shape[-1] if len(shape) else 0
    return len(shape) == 2 or (len(shape) == 3 and channels in (1, 3, 4))


def _is_picture(x: object) -> bool:
    """Return whether it is a PIL image, one of ours, or an open file."""
    return (
        hasattr(x, "pil")
        or (hasattr(x, "read") and hasattr(x, "seek"))
        or (hasattr(x, "convert") and hasattr(x, "getbands"))
    )


def read(value: object, where: str) -> Image:
    """Read one image: a path, bytes, a PIL image, an array, or a dictionary of ``datasets``; decoded later."""
    from tidydl.data.media.image import as_image

    return read_by(as_image, value, where)


def key(image: Image) -> Any:
    """Return a key that is equal for equal inputs: the path of a file, else the encoded bytes."""
    return image.path if image.is_file else image.bytes


def column_fits(column: pd.Series) -> bool:
    """Return whether a column of a frame holds images. Paths have to be in a named column."""
    return cells_fit(column, is_one, "image")


@dataclass(frozen=True)
class EncodedImages:
    """Images to be decoded batch by batch; ``sizes`` counts the patches of each.

    ``shapes`` are the widths and heights of the images, if they decide which may share a batch.
    """

    images: list[Any]
    indices: Sequence[int]
    sizes: list[int]
    cut: list[bool]
    loaded: Loaded
    shapes: list[Hashable] = field(default_factory=list)

    @property
    def owners(self) -> Sequence[int]:
        """Every image is one line."""
        return range(len(self.sizes))

    def pixels(self, positions: Sequence[int]) -> list[PIL.Image.Image]:
        """Decode some of the images, in the colours that the model reads; too many at once are a CrowdedBatchError."""
        group = next(self._groups(positions))
        if len(group) < len(positions):
            raise CrowdedBatchError(len(group))
        return group

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode some of the images, few large ones at once, and build their tensor of pixels."""
        processor, parts, counts = self.loaded.image_processor, [], []
        for group in self._groups(positions):
            parts.append(processor(images=group, return_tensors="pt"))
            counts.append(len(group))
        return on_device(self.loaded, joined(parts, counts))

    def _groups(self, positions: Sequence[int]) -> Iterator[list[PIL.Image.Image]]:
        """Decode images one after the other, and yield those that may be in memory together."""
        mode = "L" if getattr(self.loaded.config, "num_channels", 3) == 1 else "RGB"
        group: list[PIL.Image.Image] = []
        area = 0
        for i in positions:
            image = pixels(self.images[i], mode, self.indices[i], self.loaded.image_processor)
            if group and area + image.width * image.height > _TOGETHER:
                yield group
                group, area = [], 0
            group.append(image)
            area += image.width * image.height
        yield group


def pixels(image: Image, mode: str, index: int, scaler: BaseImageProcessor | None = None) -> PIL.Image.Image:
    """Decode an image, rotated by its EXIF orientation, in the colours the model reads.

    ``scaler`` is the image processor that reads it, which must not enlarge it without limit.
    """
    try:
        decoded = image.pil()
        refuse_stretching(scaler, decoded.size, index)
        return decoded.convert(mode)
    except TidydlError as problem:
        raise problem if problem.place is not None else of_value(problem, nth_value(index), index) from problem


def encode(
    loaded: Loaded, images: list[Any], indices: Sequence[int], max_length: int | None = None, *, by_shape: bool = False
) -> EncodedImages:
    """Prepare images to be decoded and scaled by the model's image processor.

    ``indices`` tell which value of the call each is, for messages; ``max_length`` is for texts and has no effect. If
    ``by_shape``, only images of equal width and height share a batch, since others would be scaled to other sizes.
    """
    cost = _patches(loaded.config)
    shapes: list[Hashable] = [_shape(image, index) for image, index in zip(images, indices, strict=True) if by_shape]
    return EncodedImages(images, indices, [cost] * len(images), [False] * len(images), loaded, shapes)


def _shape(image: Image, index: int) -> tuple[int, int]:
    try:
        return image.width, image.height
    except TidydlError as problem:
        raise of_value(problem, nth_value(index), index) from problem


def _patches(config: PreTrainedConfig) -> int:
    """Count the patches of an image in a transformer; other networks count as an average one."""
    seen = getattr(config, "vision_config", config)  # of models that also read texts
    image, patch = getattr(seen, "image_size", None), getattr(seen, "patch_size", None)
    if not isinstance(image, int) or not isinstance(patch, int) or patch < 1:
        return _PATCHES_UNKNOWN
    return (image // patch) ** 2 + 1


def padding(loaded: Loaded) -> str:
    """Return which images may share a batch: all, since the processor scales them to one size."""
    return "any"
