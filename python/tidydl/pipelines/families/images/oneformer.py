"""OneFormer, a segmentation model whose subtask is chosen by a prompt.

References
----------
Jain, J., Li, J., Chiu, M. T., Hassani, A., Orlov, N. and Shi, H. (2023). OneFormer: One transformer to rule universal
image segmentation. CVPR.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.running import image_batches


def is_prompted(loaded: Loaded) -> bool:
    """Return whether the subtask of a model is chosen by a prompt."""
    return bool(loaded.config.model_type == "oneformer")


@dataclass(frozen=True)
class _Prompted(EncodedImages):
    """Images with the tokens of the subtask prompt."""

    task_tokens: Any = None
    subtask: str = ""

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some images and of the prompt for each."""
        asked = [self.subtask] * len(positions)
        tensors = self.loaded.image_processor(self.pixels(positions), task_inputs=asked, return_tensors="pt")
        tensors["task_inputs"] = self.task_tokens.expand(len(positions), -1)
        return on_device(self.loaded, tensors)


def encode(loaded: Loaded, subtask: str, values: list[Any], indices: Sequence[int]) -> EncodedImages:
    """Prepare images to be decoded batch by batch, each with the prompt."""
    prompted = partial(_Prompted, task_tokens=_task_tokens(loaded, subtask), subtask=subtask)
    return image_batches.encode(loaded, values, indices, prompted)


def _task_tokens(loaded: Loaded, subtask: str) -> Any:
    """Tokenize the prompt, padded to the model's length."""
    most = loaded.config.task_seq_len
    arguments = {"padding": "max_length", "truncation": True, "max_length": most, "return_tensors": "pt"}
    return loaded.tokenizer(f"the task is {subtask}", **arguments)["input_ids"]


def scaled(outputs: dict[str, Any], subtask: str, height: int, width: int) -> dict[str, Any]:
    """Resize masks to their image, for which OneFormer's own processor would need torchvision.

    Panoptic masks are scaled as probabilities, others as they are.
    """
    import torch

    masks = outputs["masks_queries_logits"]
    masks = torch.nn.functional.interpolate(
        masks.sigmoid() if subtask == "panoptic" else masks,
        (height, width),
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )
    return {**outputs, "masks_queries_logits": masks.logit() if subtask == "panoptic" else masks}
