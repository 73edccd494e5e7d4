"""Text from images: captions, and OCR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tidydl.errors import ArgumentError, HubError
from tidydl.hub.connection import out_of_reach
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.running.drawing import Placed
from tidydl.pipelines.running.generating import (
    facts,
    generation_settings,
    generator,
    padding_of,
    seed_of,
    told_apart,
)
from tidydl.pipelines.task_runs import Call, TaskPlan

__all__ = ["facts", "plan", "seed_of"]

_TOGETHER = 16
_FONT = ("ybelkada/fonts", "Arial.TTF")  # that Pix2Struct was trained with


def plan(call: Call) -> TaskPlan:
    """Return the plan for text from images."""
    loaded, drawn = call.loaded, call.options["seed"]
    prompt = prompt_of(loaded, call.options["prompt"])
    settings = generation_settings(call.task, loaded, call.options)
    return TaskPlan(
        encode=partial(_encode, loaded, prompt),
        forward=generator(loaded, settings, drawn, start=lambda read, generated: 0),
        key=told_apart(drawn),
        padding="none" if padding_of(settings, drawn) == "none" else image_batches.padding(loaded),
        most=_TOGETHER,
        finish=partial(_texts, loaded),
        noted=settings.noted(drawn),
    )


@dataclass(frozen=True)
class Prompt:
    """A prompt: tokens, under their name in ``generate()``, or a header drawn above the image."""

    name: str = "input_ids"
    ids: tuple[int, ...] = ()
    header: str | None = None


def prompt_of(loaded: Loaded, text: str | None) -> Prompt:
    """Write a prompt as the kind of model reads it."""
    if getattr(loaded.image_processor, "is_vqa", False):
        if text is None:
            raise ArgumentError(
                "`prompt` is missing, and this model needs a question, which is drawn above the image.",
                allowed="A question, as a string.",
                hint='For example `prompt = "What is the title?"`.',
            )
        return Prompt(header=text)
    return Prompt() if text is None else _WRITERS.get(loaded.config.model_type, _plain_prompt)(loaded, text)


def _plain_prompt(loaded: Loaded, text: str) -> Prompt:
    return Prompt(ids=tuple(loaded.tokenizer(text)["input_ids"]))


def _bare(loaded: Loaded, text: str) -> list[int]:
    return list(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])


def _git_prompt(loaded: Loaded, text: str) -> Prompt:
    """Begin like a caption, without an end token."""
    return Prompt(ids=(loaded.tokenizer.cls_token_id, *_bare(loaded, text)))


def _blip2_prompt(loaded: Loaded, text: str) -> Prompt:
    """Add placeholders for the image before the text."""
    config = loaded.config
    return Prompt(ids=(*[config.image_token_id] * config.num_query_tokens, *loaded.tokenizer(text)["input_ids"]))


def _decoder_prompt(loaded: Loaded, text: str) -> Prompt:
    """Begin the decoder's text."""
    return Prompt("decoder_input_ids", tuple(_bare(loaded, text)))


_WRITERS: dict[str, Callable[[Loaded, str], Prompt]] = {
    "git": _git_prompt,
    "blip-2": _blip2_prompt,
    "pix2struct": _decoder_prompt,
    "vision-encoder-decoder": _decoder_prompt,
}


@dataclass(frozen=True)
class _Prompted:
    """Images beside one prompt for all of them."""

    images: EncodedImages
    prompt: Prompt

    def __getattr__(self, name: str) -> Any:
        return getattr(self.images, name)

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode some of the images and build their tensors."""
        import torch

        loaded, prompt = self.images.loaded, self.prompt
        pixels = self.images.pixels(positions)
        if prompt.header is None:
            inputs = loaded.image_processor(images=pixels, return_tensors="pt")
        else:
            inputs = _with_header(loaded.image_processor, pixels, prompt.header)
        tensors = {name: inputs[name] for name in loaded.image_processor.model_input_names if name in inputs}
        if prompt.ids:
            tensors[prompt.name] = torch.tensor([prompt.ids] * len(positions))
        return on_device(loaded, tensors)


def _with_header(reader: Callable[..., Any], pixels: list[Any], header: str) -> Any:
    """Draw a question above each image, in a font that comes from the Hub."""
    from huggingface_hub import try_to_load_from_cache

    font = try_to_load_from_cache(*_FONT)
    if not isinstance(font, str) and out_of_reach():
        raise HubError(
            f"`prompt` is drawn above the image in a font from the Hub ('{_FONT[0]}'), which does not respond.",
            allowed="Access to the Hub, once: the font is then stored.",
            hint="Try again with a network connection.",
        )
    arguments = {"font_path": font} if isinstance(font, str) else {}
    return reader(images=pixels, header_text=[header] * len(pixels), return_tensors="pt", **arguments)


def _encode(loaded: Loaded, prompt: Prompt, values: list[Any], indices: Sequence[int]) -> Any:
    return Placed(_Prompted(image_batches.encode(loaded, values, indices), prompt), indices)


def _texts(
    loaded: Loaded, encoded: object, lines: list[int], sequences: list[list[list[int]]]
) -> list[tuple[int, str]]:
    """Write a line for each sequence: the text with the prompt that it begins with."""
    decoded = loaded.tokenizer.batch_decode(sequences[0], skip_special_tokens=True)
    return list(enumerate((text.strip() for text in decoded), start=1))
