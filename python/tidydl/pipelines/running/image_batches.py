"""Images of many sizes: which may share a batch, their costs, and the outputs for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError, TidydlError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading import images
from tidydl.pipelines.reading.images import EncodedImages

if TYPE_CHECKING:
    from transformers import PreTrainedModel
    from transformers.image_processing_utils import BaseImageProcessor
    from transformers.image_utils import SizeDict

_PIXELS = 256  # that count as one patch, 16 x 16


_REFUSALS = (ValueError, TypeError, IndexError, ZeroDivisionError)  # of processors that cannot scale an image


@dataclass(frozen=True)
class _Scaled(EncodedImages):
    """Images to be scaled batch by batch; an error names the image."""

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode some of the images and build their tensor of pixels."""
        try:
            return super().batch(positions)
        except TidydlError:
            raise
        except _REFUSALS as problem:
            if len(positions) == 1:
                raise self._refused(positions[0], problem) from problem
        for position in positions:
            self.batch([position])
        return super().batch(positions)

    def _refused(self, position: int, problem: Exception) -> TidydlError:
        width, height = size_of(self, position)
        message = str(problem).strip().splitlines() or [type(problem).__name__]
        return value_error(
            self.indices[position],
            f"is an image of {width} × {height} pixels, which the model's image processor cannot resize: {message[0]}",
            allowed="An image that is large enough for the model.",
            hint="Scale it up first, or leave it out.",
        )


def encode(
    loaded: Loaded, values: list[Any], indices: Sequence[int], kind: Callable[..., EncodedImages] = _Scaled
) -> EncodedImages:
    """Prepare images to be decoded batch by batch; their ``shapes`` are widths and heights in pixels.

    ``kind`` makes the batches.
    """
    encoded = images.encode(loaded, values, indices, by_shape=True)
    shapes: list[Any] = encoded.shapes
    costs = [_cost(loaded.image_processor, *shape) for shape in shapes]
    return kind(encoded.images, encoded.indices, costs, encoded.cut, loaded, shapes)


def size_of(encoded: EncodedImages, line: int) -> tuple[int, int]:
    """Return the width and height of one of the images."""
    shape: Any = encoded.shapes[line]
    return shape


def padding(loaded: Loaded) -> str:
    """Return which images may share a batch: all if they are scaled to one size, else those of one size.

    Processors pad smaller images to the largest of their batch, which changes the results of the smaller ones.
    """
    return "any" if _one_size(loaded.image_processor) is not None else "equal"


def _one_size(processor: BaseImageProcessor) -> tuple[int, int] | None:
    """Return the common height and width of all scaled images; None if these depend on the image."""
    if getattr(processor, "do_center_crop", False):
        return _height_and_width(getattr(processor, "crop_size", None))
    if getattr(processor, "keep_aspect_ratio", False) or getattr(processor, "do_split_image", False):
        return None
    return _height_and_width(getattr(processor, "size", None)) if getattr(processor, "do_resize", False) else None


def _height_and_width(size: SizeDict | Mapping[str, int] | None) -> tuple[int, int] | None:
    height, width = (None, None) if size is None else (size.get("height"), size.get("width"))
    return None if height is None or width is None else (height, width)


def _cost(processor: BaseImageProcessor, width: int, height: int) -> int:
    """Estimate the cost of an image: its patches of 16 by 16 pixels after scaling."""
    fixed = _one_size(processor)
    if fixed is not None:
        return max(1, fixed[0] * fixed[1] // _PIXELS)
    scale = _scale(getattr(processor, "size", None), width, height) if getattr(processor, "do_resize", False) else 1.0
    return max(1, round(width * height * scale * scale / _PIXELS))


def _scale(size: SizeDict | Mapping[str, int] | None, width: int, height: int) -> float:
    """Return the scale of an image: to the target length of the shorter side, unless the longer is too long."""
    sides = {} if size is None else {name: size.get(name) for name in ("shortest_edge", "longest_edge", "height")}
    wanted = [(sides.get("shortest_edge"), min(width, height)), (sides.get("longest_edge"), max(width, height))]
    scales = [length / now for length, now in wanted if length is not None]
    tall = sides.get("height")
    if not scales and tall is not None:
        return float(tall / height)
    return min(scales, default=1.0)


def run(model: PreTrainedModel, names: Sequence[str], tensors: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the model on a batch: for each image the outputs with these names."""
    return one_by_one(model(**tensors), names)


def one_by_one(outputs: Mapping[str, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    """Split the outputs of a batch by image: a batch of one each, on the CPU in float32."""
    kept = {name: outputs[name] for name in names if outputs.get(name) is not None}
    kept = {name: (each.float() if each.is_floating_point() else each).cpu() for name, each in kept.items()}
    count = min(len(each) for each in kept.values())
    return [{name: each[i : i + 1] for name, each in kept.items()} for i in range(count)]


def reader(loaded: Loaded, *methods: str) -> Any:
    """Return the first of these methods that the image processor has, which reads results from the model's outputs."""
    method = next((each for each in methods if hasattr(loaded.image_processor, each)), None)
    if method is None:
        raise ArgumentError(
            f"`image_processor` is a {type(loaded.image_processor).__name__}, which cannot process the output of "
            f"'{loaded.source}'.",
            allowed=f"An image processor with the method {' or '.join(methods)}.",
            hint="Leave `image_processor` out to use the model's own.",
        )
    return getattr(loaded.image_processor, method)


def levels(names: Sequence[str]) -> list[str]:
    """Return the labels of a model, each once: detectors call many outputs 'N/A'."""
    return list(dict.fromkeys(names))
