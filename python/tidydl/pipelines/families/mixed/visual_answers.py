"""Visual question answering: scores of the model's fixed answers, or a generated answer.

ViLT scores each of its answers on its own, by the logistic function (Kim et al., 2021). Generative models return the
most likely text, without a score.

References
----------
Kim, W., Son, B. and Kim, I. (2021). ViLT: Vision-and-language transformer without convolution or region supervision.
ICML.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.pipelines.model_loading import Loaded, class_labels
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.running.drawing import Placed, seeded
from tidydl.pipelines.running.generating import GREEDY, echoed, generation_settings, generator
from tidydl.pipelines.running.label_sets import ranked
from tidydl.pipelines.running.probabilities import sigmoid
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

Value = tuple[Any, str]


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: its answers, if they are fixed."""
    return {} if _writes(loaded) else {"labels": class_labels(loaded.config, loaded.source)}


def plan(call: Call) -> TaskPlan:
    """Return the plan for visual questions: fixed answers with scores, or generated ones."""
    loaded, top_k = call.loaded, call.options["top_k"]
    forward: Any
    finish: Any
    if _writes(loaded):
        settings = generation_settings(call.task, loaded, {**call.options, **GREEDY})
        forward, finish, ranks = generator(loaded, settings, None, start=echoed), partial(_written, loaded.tokenizer), 1
    else:
        labels = class_labels(loaded.config, loaded.source)
        forward, finish = partial(_scores, loaded), lambda encoded, lines, scores: ranked(labels, scores[0], top_k)
        ranks = min(top_k or len(labels), len(labels))
    return TaskPlan(
        encode=partial(_encode, loaded), forward=forward, padding="equal", finish=finish, noted={"ranks": ranks}
    )


def _writes(loaded: Loaded) -> bool:
    """Return whether the model generates its answer."""
    return bool(loaded.model.can_generate())


@dataclass(frozen=True)
class _Asked:
    """Questions with their images.

    ``loaded`` reads texts only. In a generative model questions share a batch with those of their length, since
    padding would be read as a part of them; images share one if they have one shape.
    """

    images: EncodedImages
    loaded: Loaded
    tokens: dict[str, list[list[int]]]
    cut: list[bool]
    writes: bool

    @property
    def shapes(self) -> list[Hashable]:
        """The shape of each image, and in a generative model the length of its question."""
        lengths = [len(row) if self.writes else 0 for row in self.tokens["input_ids"]]
        return list(zip(self.images.shapes or [0] * len(lengths), lengths, strict=True))

    @property
    def sizes(self) -> list[int]:
        """The cost of each line: the patches of its image and its tokens, which are equal for equal shapes."""
        longest = max((len(row) for row in self.tokens["input_ids"]), default=0)
        lengths = [len(row) if self.writes else longest for row in self.tokens["input_ids"]]
        return [size + length for size, length in zip(self.images.sizes, lengths, strict=True)]

    @property
    def owners(self) -> Sequence[int]:
        """Every question is one line."""
        return range(len(self.cut))

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode some of the images and build their tensors and those of their questions."""
        return {**self.images.batch(positions), **texts.padded(self.loaded, self.tokens, positions)}


def _encode(loaded: Loaded, values: list[Value], indices: Sequence[int]) -> Placed:
    """Tokenise the questions and prepare the images."""
    reader = replace(loaded, components={"tokenizer": loaded.tokenizer})
    pictures = image_batches.encode(loaded, [image for image, _ in values], indices)
    if image_batches.padding(loaded) == "any":
        pictures = replace(pictures, shapes=[])
    questions = texts.encode(reader, [question for _, question in values], indices)
    writes = _writes(loaded)
    tokens = {name: rows for name, rows in questions.tokens.items() if not (writes and name == "token_type_ids")}
    if loaded.config.model_type == "blip-2":
        tokens = _after_image(loaded.config, tokens)
    return Placed(_Asked(pictures, reader, tokens, questions.cut, writes), indices)


def _after_image(config: PreTrainedConfig, tokens: dict[str, list[list[int]]]) -> dict[str, list[list[int]]]:
    """Add placeholders for the image before the question."""
    room = {"input_ids": config.image_token_id, "attention_mask": 1}
    return {name: [[room[name]] * config.num_query_tokens + row for row in tokens[name]] for name in room}


def _scores(loaded: Loaded, tensors: dict[str, Any]) -> np.ndarray:
    """Run the model on a batch: a score of each answer it knows, one line per question.

    The model shuffles the patches of the images by torch's random numbers, whose state is restored.
    """
    tensors.pop("indices")
    with seeded("patches", loaded.device):
        logits = loaded.model(**tensors).logits
    return sigmoid(logits.float().cpu().numpy().astype("float64"))


def _written(tokenizer: PreTrainedTokenizerBase, encoded: object, lines: list[int], sequences: list[Any]) -> list[Any]:
    """Write the line of the answer, without a score."""
    return [(1, str(tokenizer.decode(sequences[0][0], skip_special_tokens=True)).strip(), None)]
