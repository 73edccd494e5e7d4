"""Zero-shot object detection: boxes for labels that are chosen freely.

Each label is judged on its own: a box may belong to several. OWL-ViT and OWLv2 look at an image once for all its labels
(Minderer et al., 2022); Grounding DINO mixes image and words, so it looks once for each label (Liu et al., 2023).

References
----------
Liu, S. et al. (2023). Grounding DINO: Marrying DINO with grounded pre-training for open-set object detection.
arXiv:2303.05499.

Minderer, M. et al. (2022). Simple open-vocabulary object detection with vision transformers. ECCV.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.running.label_sets import levels_of
from tidydl.pipelines.running.outlines import boxes_above
from tidydl.pipelines.task_runs import Call, TaskPlan

_MADE = ("logits", "pred_boxes")
_ALL_AT_ONCE = ("owlvit", "owlv2")  # types of models that see an image without its labels
_ONE_BY_ONE = ("grounding-dino", "mm-grounding-dino")
Value = tuple[Any, tuple[str, ...]]  # an image and its labels


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return no facts, but refuse types of detectors that read labels differently."""
    image_batches.reader(loaded, "post_process_object_detection")
    kind, supported = loaded.config.model_type, (*_ALL_AT_ONCE, *_ONE_BY_ONE)
    if kind not in supported:
        raise ArgumentError(
            f"`model` is '{loaded.source}' of type '{kind}', which does not take labels as plain text.",
            allowed="A model of one of the types " + ", ".join(f"'{each}'" for each in supported) + ".",
            hint="For example google/owlvit-base-patch32.",
        )
    return {}


def plan(call: Call) -> TaskPlan:
    """Return the plan for zero-shot detection, the highest score first."""
    loaded = call.loaded
    return TaskPlan(
        encode=partial(_encode, loaded, loaded.config.model_type in _ALL_AT_ONCE),
        forward=partial(image_batches.run, loaded.model, _MADE),
        padding="equal",
        finish=partial(_lines, loaded, call.options),
        parallel=True,
        levels=levels_of(call.inputs),
    )


@dataclass(frozen=True)
class _Asked:
    """Images with their labels: a line has the labels that the model reads with the image, all of them or one."""

    seen: EncodedImages
    owners: list[int]
    asked: list[tuple[str, ...]]
    words: list[int]
    shapes: list[Hashable]

    @property
    def sizes(self) -> list[int]:
        """The cost of each line, in patches and tokens."""
        return [self.seen.sizes[owner] + count for owner, count in zip(self.owners, self.words, strict=True)]

    @property
    def cut(self) -> list[bool]:
        """No image is shortened."""
        return self.seen.cut

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode the images of some lines, each once, and add the tokens of their labels."""
        loaded = self.seen.loaded
        owners = list(dict.fromkeys(self.owners[i] for i in positions))
        pixels = dict(zip(owners, self.seen.pixels(owners), strict=True))
        tensors = dict(loaded.image_processor(images=[pixels[self.owners[i]] for i in positions], return_tensors="pt"))
        labels = [label for i in positions for label in self.asked[i]]
        return on_device(loaded, tensors | dict(loaded.tokenizer(labels, padding=True, return_tensors="pt")))


def _encode(loaded: Loaded, together: bool, values: list[Value], indices: Sequence[int]) -> _Asked:
    """Tokenise the labels of each image, each different label once.

    Lines of a batch have equally many labels. Those seen one by one have equally many tokens too: Grounding DINO tells
    by where a text ends which of its tokens see each other, so that filling it up would change the numbers.
    """
    seen = image_batches.encode(loaded, [image for image, _ in values], indices)
    every = list(dict.fromkeys(label for _, labels in values for label in labels))
    rows = loaded.tokenizer(every, verbose=False)["input_ids"] if every else []
    lengths = {label: len(row) for label, row in zip(every, rows, strict=True)}
    _refuse_long(loaded, values, lengths, indices)
    sets = [[labels] if together else [(label,) for label in labels] for _, labels in values]
    owners = [owner for owner, each in enumerate(sets) for _ in each]
    asked = [labels for each in sets for labels in each]
    words = [sum(lengths[label] for label in labels) for labels in asked]
    free = image_batches.padding(loaded) == "any"
    shapes: list[Hashable] = [
        (None if free else seen.shapes[owner], len(labels), 0 if together else count)
        for owner, labels, count in zip(owners, asked, words, strict=True)
    ]
    return _Asked(seen, owners, asked, words, shapes)


def _refuse_long(loaded: Loaded, values: list[Value], lengths: dict[str, int], indices: Sequence[int]) -> None:
    """Refuse labels that are longer than the model's maximum."""
    config = loaded.config.get_text_config()
    most = getattr(loaded.config, "max_text_len", None) or getattr(config, "max_position_embeddings", None)
    for (_, labels), index in zip(values, indices, strict=True):
        long = next((label for label in labels if most is not None and lengths[label] > most), None)
        if long is not None:
            raise value_error(
                index,
                f"has '{long}' among its labels, which is {lengths[long]} tokens long.",
                allowed=f"Labels of at most {most} tokens, the model's maximum.",
                hint="Use a shorter label.",
                name="candidate_labels",
            )


def _lines(
    loaded: Loaded, options: Options, encoded: _Asked, lines: list[int], outputs: list[Any]
) -> list[tuple[Any, ...]]:
    """Write a line for each box of an image, the highest score first."""
    together = loaded.config.model_type in _ALL_AT_ONCE
    boxes: list[tuple[Any, ...]] = []
    for line, output in zip(lines, outputs, strict=True):
        for k, label in enumerate(encoded.asked[line]):
            alone = {**output, "logits": output["logits"][..., k : k + 1]} if together else output
            size = image_batches.size_of(encoded.seen, encoded.owners[line])
            boxes += [(label, *box) for _, *box in boxes_above(loaded, options["threshold"], alone, size)]
    return sorted(boxes, key=lambda box: -box[1])[: options["top_k"]]
