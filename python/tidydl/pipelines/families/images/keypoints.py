"""Keypoint matching between two images.

References
----------
Sarlin, P.-E., DeTone, D., Malisiewicz, T. and Rabinovich, A. (2020). SuperGlue: Learning feature matching with graph
neural networks. CVPR.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.reading import images
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.task_runs import Call, TaskPlan

_READER = "post_process_keypoint_matching"
_MADE = ("matches", "matching_scores", "keypoints", "mask")
Pair = tuple[Any, Any]


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return no facts, but refuse an image processor that does not belong to the model."""
    image_batches.reader(loaded, _READER)
    return {}


def plan(call: Call) -> TaskPlan:
    """Return the plan for keypoint matching."""
    loaded = call.loaded
    return TaskPlan(
        encode=partial(_Pairs.encoded, loaded),
        forward=partial(image_batches.run, loaded.model, _MADE),
        padding="none",  # images have different numbers of points, and filling up the fewer changes the scores
        finish=partial(_lines, loaded, call.options["threshold"]),
        parallel=True,
    )


@dataclass(frozen=True)
class _Pairs:
    """Pairs of images, decoded batch by batch."""

    first: images.EncodedImages
    second: images.EncodedImages

    @classmethod
    def encoded(cls, loaded: Loaded, pairs: list[Pair], indices: Sequence[int]) -> _Pairs:
        """Prepare the images of pairs."""
        each = (image_batches.encode(loaded, [pair[side] for pair in pairs], indices) for side in (0, 1))
        return cls(*each)

    @property
    def sizes(self) -> list[int]:
        """The cost of each pair."""
        return [one + other for one, other in zip(self.first.sizes, self.second.sizes, strict=True)]

    @property
    def owners(self) -> Sequence[int]:
        """Every pair is one line."""
        return self.first.owners

    @property
    def cut(self) -> list[bool]:
        """No image is shortened."""
        return self.first.cut

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode some pairs and build their tensor of pixels."""
        pairs = zip(self.first.pixels(positions), self.second.pixels(positions), strict=True)
        loaded = self.first.loaded
        return on_device(loaded, loaded.image_processor(images=[list(pair) for pair in pairs], return_tensors="pt"))


def _lines(
    loaded: Loaded, threshold: float, encoded: _Pairs, lines: list[int], outputs: list[Any]
) -> list[tuple[Any, ...]]:
    """Write a line for each match of a pair: where it is in both images, and its score."""
    sizes = [[image_batches.size_of(each, lines[0])[::-1] for each in (encoded.first, encoded.second)]]
    read = image_batches.reader(loaded, _READER)
    matched = read(SimpleNamespace(**outputs[0]), target_sizes=sizes, threshold=threshold)[0]
    points = zip(
        matched["keypoints0"].tolist(), matched["keypoints1"].tolist(), matched["matching_scores"].tolist(), strict=True
    )
    matches = [(*(float(side) for side in (*one, *other)), score) for one, other, score in points]
    return sorted(matches, key=lambda match: -match[-1])
