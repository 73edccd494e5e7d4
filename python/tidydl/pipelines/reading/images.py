"""Images as inputs: reading them, and turning them into batches of pixels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tidydl.errors import TidydlError
from tidydl.pipelines.loading import Loaded
from tidydl.pipelines.positions import ordinal

__all__ = ["EncodedImages", "column_fits", "encode", "is_one", "read"]

ALLOWED = "A path, bytes, a PIL image or an array, a list of them, or a data frame with a column of images."
CHUNK = 256
_PATCHES_UNKNOWN = 256


def is_one(x: Any) -> bool:
    """Say whether ``x`` is one image rather than several."""
    if isinstance(x, (str, bytes, bytearray, os.PathLike, dict, int, float)) or _is_picture(x):
        return True
    shape = getattr(x, "shape", None)
    if shape is None or str(getattr(x, "dtype", "")) == "object":
        return False
    return len(shape) == 2 or (len(shape) == 3 and shape[-1] in (1, 3, 4))


def _is_picture(x: Any) -> bool:
    """Say whether it is a PIL image or one of ours."""
    return hasattr(x, "pil") or (hasattr(x, "convert") and hasattr(x, "getbands"))


def read(value: Any, where: str) -> Any:
    """Read one image: a path, bytes, a PIL image, an array, or a dictionary of ``datasets``; decoded later.

    Raises
    ------
    ArgumentError, NotFoundError, DamagedFileError
        Where it is no image; says which value it was.
    """
    from tidydl.data.images import as_image

    try:
        return as_image(value)
    except TidydlError as problem:
        raise _placed(problem, where) from problem


def _placed(problem: TidydlError, where: str) -> TidydlError:
    """Say in an error which value it is about."""
    return type(problem)(f"{where}: {problem.problem}", allowed=problem.allowed, hint=problem.hint)


def key(image: Any) -> Any:
    """Give what is equal for equal inputs: the path of a file, else the encoded bytes."""
    return image.path if image.is_file else image.bytes


def column_fits(column: Any) -> bool:
    """Say whether a column of a frame holds images. Paths are taken only from a column that is named."""
    if str(column.dtype) == "image":
        return True
    if column.dtype != object:
        return False
    values = column.dropna()
    return len(values) > 0 and not isinstance(values.iloc[0], str) and is_one(values.iloc[0])


@dataclass(frozen=True)
class EncodedImages:
    """Images to be decoded batch by batch; ``sizes`` counts the patches that the model makes of each."""

    images: list[Any]
    places: Sequence[int]
    sizes: list[int]
    cut: list[bool]
    loaded: Loaded

    @property
    def owners(self) -> Sequence[int]:
        """Every image is one line."""
        return range(len(self.sizes))

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode some of the images and make their tensor of pixels."""
        loaded = self.loaded
        mode = "L" if getattr(loaded.config, "num_channels", 3) == 1 else "RGB"
        pictures = [_pixels(self.images[i], mode, self.places[i]) for i in positions]
        tensors = loaded.processor(images=pictures, return_tensors="pt")
        return dict(tensors.to(device=loaded.device, dtype=loaded.model.dtype))


def _pixels(image: Any, mode: str, place: int) -> Any:
    """Decode an image, upright as its camera meant it, in the colours the model reads."""
    try:
        return image.pil().convert(mode)
    except TidydlError as problem:
        raise _placed(problem, f"The {ordinal(place)} value of `x`") from problem


def encode(loaded: Loaded, images: list[Any], places: Sequence[int], max_length: int | None = None) -> EncodedImages:
    """Prepare images; all are scaled to one size by the model's image processor.

    ``places`` says which value of the call each is, for messages.
    """
    cost = _patches(loaded.config)
    return EncodedImages(images, places, [cost] * len(images), [False] * len(images), loaded)


def _patches(config: Any) -> int:
    """Count the patches that a transformer makes of an image; other networks count as an average one."""
    image, patch = getattr(config, "image_size", None), getattr(config, "patch_size", None)
    if not isinstance(image, int) or not isinstance(patch, int) or patch < 1:
        return _PATCHES_UNKNOWN
    return (image // patch) ** 2 + 1


def padding(loaded: Loaded) -> str:
    """Say which images may share a batch: all, since the processor scales them to one size."""
    return "any"
