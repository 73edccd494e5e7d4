"""Document questions with generated answers, by models that read the image of a page, such as Donut."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.running.drawing import Placed
from tidydl.pipelines.running.generating import GREEDY, generation_settings, generator
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROMPT = "<s_docvqa><s_question>{}</s_question><s_answer>"
_ANSWER = ("<s_answer>", "</s_answer>")


def plan(call: Call) -> TaskPlan:
    """Return the plan for generated answers; a model that was not trained on questions is refused."""
    loaded = call.loaded
    if "<s_docvqa>" not in loaded.tokenizer.get_vocab():
        raise ArgumentError(
            f"`model` is '{loaded.source}', which does not answer questions: its tokenizer has no token <s_docvqa>.",
            allowed="A Donut model that was trained for document question answering.",
            hint="This one may be for 'image-to-text'.",
        )
    settings = generation_settings(call.task, loaded, {**call.options, **GREEDY})
    return TaskPlan(
        encode=partial(_encode, loaded),
        forward=generator(loaded, settings, None, start=lambda read, generated: 0),
        padding="equal",
        finish=partial(_answer, loaded.tokenizer),
        noted={"ranks": 1},
    )


@dataclass(frozen=True)
class _Questions:
    """Images with the prompt tokens of the answers; those of equal length share a batch."""

    pictures: EncodedImages
    ids: list[list[int]]
    one_size: bool

    @property
    def shapes(self) -> list[Hashable]:
        """The length of each question, and the shape of its image if batches need one."""
        shapes = [0] * len(self.ids) if self.one_size else self.pictures.shapes
        return list(zip(shapes, (len(row) for row in self.ids), strict=True))

    @property
    def sizes(self) -> list[int]:
        """The cost of each line: the patches of its image and its tokens."""
        return [size + len(row) for size, row in zip(self.pictures.sizes, self.ids, strict=True)]

    @property
    def owners(self) -> Sequence[int]:
        """Every question is one line."""
        return range(len(self.ids))

    @property
    def cut(self) -> list[bool]:
        """Nothing is shortened."""
        return [False] * len(self.ids)

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode some of the images and build their tensors and those of their questions."""
        import torch

        loaded = self.pictures.loaded
        seen = loaded.image_processor(images=self.pictures.pixels(positions), return_tensors="pt")["pixel_values"]
        begun = torch.tensor([self.ids[i] for i in positions])
        return on_device(loaded, {"pixel_values": seen, "decoder_input_ids": begun})


def _encode(loaded: Loaded, values: list[tuple[Any, ...]], indices: Sequence[int]) -> Placed:
    if values and len(values[0]) > 2:
        raise ArgumentError(
            "`word_boxes` is given, but this model reads the image itself.",
            allowed="An image and a question.",
            hint="Leave `word_boxes` out.",
        )
    pictures = image_batches.encode(loaded, [value[0] for value in values], indices)
    prompts = [_PROMPT.format(value[1]) for value in values]
    ids = [list(loaded.tokenizer(prompt, add_special_tokens=False)["input_ids"]) for prompt in prompts]
    return Placed(_Questions(pictures, ids, image_batches.padding(loaded) == "any"), indices)


def _answer(
    tokenizer: PreTrainedTokenizerBase, encoded: object, lines: list[int], sequences: list[Any]
) -> list[tuple[Any, ...]]:
    """Write the line of the text between the answer tags, missing if there are none."""
    text = str(tokenizer.decode(sequences[0][0]))
    for token in (tokenizer.eos_token, tokenizer.pad_token):
        text = text.replace(token, "") if token else text
    begun, ended = text.find(_ANSWER[0]), text.rfind(_ANSWER[1])
    marked = text[begun + len(_ANSWER[0]) : ended].strip() if 0 <= begun < ended else None
    return [(1, marked, None, None, None)]
