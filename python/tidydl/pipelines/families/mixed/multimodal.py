"""Text generation from text, images, audio and videos.

Inputs whose images and audio have one shape share a batch, their tokens padded on the left; the results of a batch
are those of each input alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from tidydl.pipelines.declarations import Part
from tidydl.pipelines.families.mixed.conversations import Conversation, conversation_of, tensors_of
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.running.drawing import Placed
from tidydl.pipelines.running.generating import (
    Settings,
    facts,
    generation_settings,
    generator,
    padding_of,
    seed_of,
    told_apart,
)
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    import torch
    from transformers import GenerationMixin

__all__ = ["facts", "plan", "seed_of"]

_TOGETHER = 8
_CHUNK = 16
_HELD = 256_000_000  # bytes of pixels and samples that are kept until their batch; beyond that they are read again
_TOKENS = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")


def plan(call: Call) -> TaskPlan:
    """Return the plan for text generation."""
    loaded, options, drawn = call.loaded, call.options, call.options["seed"]
    settings = generation_settings(call.task, loaded, options)
    return TaskPlan(
        encode=partial(_encode, loaded, settings, list(call.inputs.parts), options.get("num_frames")),
        forward=generator(loaded, settings, drawn, _as_text(loaded), start=_keep_all, dropped=_not_read(loaded)),
        key=told_apart(drawn),
        padding=_padding(settings, drawn),
        chunk=_CHUNK,
        most=_TOGETHER,
        finish=partial(_texts, loaded, options["return_full_text"]),
        noted=settings.noted(drawn),
    )


def _by_part(parts: Sequence[Part], value: Any) -> tuple[Any, ...]:
    return value if len(parts) > 1 else (value,)


def _as_text(loaded: Loaded) -> dict[str, Any]:
    """Have a model that can also generate audio or images generate text."""
    from transformers import GenerationMixin

    others = len(getattr(loaded.model, "output_modalities", ())) > 1
    return {"generation_mode": "text"} if others and _generates_otherwise(loaded, GenerationMixin) else {}


def _keep_all(read: dict[str, Any], generated: torch.Tensor) -> int:
    """Keep all that the model generates, since models differ in whether that begins with the prompt."""
    return 0


def _not_read(loaded: Loaded) -> list[str]:
    """Name the token types that some tokenizers return and the model does not take."""
    read = inspect.signature(loaded.model.forward).parameters
    return [name for name in ("token_type_ids", "mm_token_type_ids") if name not in read]


def _generates_otherwise(loaded: Loaded, usual: type[GenerationMixin]) -> bool:
    """Return whether the model has its own ``generate()``."""
    return type(loaded.model).generate is not usual.generate


def _padding(settings: Settings, drawn: int | None) -> str:
    """Return which inputs may share a batch; none if each has several draws."""
    alone = padding_of(settings, drawn) == "none" or (drawn is not None and settings.sequences > 1)
    return "none" if alone else "equal"


def _can_be_filled_up(loaded: Loaded) -> bool:
    """Return whether prompts may be padded on the left: the model then counts its positions from their beginnings."""
    from transformers import GenerationMixin

    counts = "position_ids" in inspect.signature(loaded.model.forward).parameters
    return counts and not loaded.config.is_encoder_decoder and not _generates_otherwise(loaded, GenerationMixin)


@dataclass(frozen=True)
class _Conversations:
    """Prompts that the processor has read, each alone, with their media.

    Their tensors are ``kept`` as far as memory allows; others are read again for their batch.
    """

    loaded: Loaded
    conversations: list[Conversation]
    indices: Sequence[int]
    fill: bool
    kept: list[dict[str, Any] | None] = field(default_factory=list)
    ids: list[list[int]] = field(default_factory=list)
    shapes: list[Hashable] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """The cost of each line: the tokens of the longest of its shape."""
        longest: dict[Hashable, int] = {}
        for shape, ids in zip(self.shapes, self.ids, strict=True):
            longest[shape] = max(len(ids), 1, longest.get(shape, 0))
        return [longest[shape] for shape in self.shapes]

    @property
    def owners(self) -> Sequence[int]:
        """Every prompt is one line."""
        return range(len(self.conversations))

    @property
    def cut(self) -> list[bool]:
        """Nothing is truncated: it could be an image token."""
        return [False] * len(self.conversations)

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Batch prompts of one shape, padded on the left."""
        import torch

        rows = [self.kept[i] or tensors_of(self.loaded, self.conversations[i], self.indices[i]) for i in positions]
        longest = max(len(self.ids[i]) for i in positions)
        tensors = {}
        for name in rows[0]:
            parts = [row[name] for row in rows]
            if _is_of_tokens(name, parts[0], len(self.ids[positions[0]])):
                parts = [_filled_up(part, longest, self._filling(name)) for part in parts]
            tensors[name] = torch.cat(parts) if isinstance(parts[0], torch.Tensor) else parts[0]
        return on_device(self.loaded, tensors)

    def _filling(self, name: str) -> int:
        tokenizer = self.loaded.tokenizer
        pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        return int(pad or 0) if name == "input_ids" else 0


def _is_of_tokens(name: str, values: object, length: int) -> bool:
    return name in _TOKENS and tuple(getattr(values, "shape", ())) == (1, length)


def _filled_up(values: torch.Tensor, longest: int, filling: int) -> torch.Tensor:
    import torch

    return torch.nn.functional.pad(values, (longest - values.shape[1], 0), value=filling)


def _encode(
    loaded: Loaded,
    settings: Settings,
    parts: Sequence[Part],
    num_frames: int | None,
    values: list[Any],
    indices: Sequence[int],
) -> Placed:
    """Process each input alone, and record the shapes of its tensors."""
    conversations = []
    for value, index in zip(values, indices, strict=True):
        text, *media = _by_part(parts, value)
        blocks = [(part.modality, each) for part, each in zip(parts[1:], media, strict=True)]
        conversations.append(conversation_of(loaded, text, blocks, index, num_frames))
    encoded = _Conversations(loaded, conversations, indices, _can_be_filled_up(loaded) and not settings.total_length)
    total_bytes = 0
    for one, index in zip(conversations, indices, strict=True):
        tensors = tensors_of(loaded, one, index)
        total_bytes += sum(each.nbytes for each in tensors.values() if hasattr(each, "nbytes"))
        encoded.kept.append(tensors if total_bytes <= _HELD else None)
        ids = tensors.get("input_ids", tensors.get("decoder_input_ids"))
        encoded.ids.append([] if ids is None else ids[0].tolist())
        encoded.shapes.append(_shape(tensors, len(encoded.ids[-1]), encoded.fill))
    return Placed(encoded, indices)


def _shape(tensors: dict[str, Any], length: int, fill: bool) -> Hashable:
    """Return what is equal for inputs that may share a batch."""
    shapes = []
    for name, values in sorted(tensors.items()):
        if not hasattr(values, "shape"):
            return object()  # only tensors can be concatenated
        if not (fill and _is_of_tokens(name, values, length)):
            shapes.append((name, tuple(values.shape)))
    return tuple(shapes)


def _texts(
    loaded: Loaded, whole: bool, encoded: Placed, lines: list[int], sequences: list[list[list[int]]]
) -> list[tuple[int, str]]:
    """Write a line for each sequence: the new text, after the prompt if requested."""
    conversation: Conversation = encoded.conversations[lines[0]]
    prompt = loaded.tokenizer.decode(encoded.ids[lines[0]], skip_special_tokens=True)
    decoded = (_after(prompt, text) for text in loaded.tokenizer.batch_decode(sequences[0], skip_special_tokens=True))
    texts = [text.strip() if conversation.is_chat else text for text in decoded]
    return list(enumerate(((conversation.before if whole else "") + text for text in texts), start=1))


def _after(prompt: str, text: str) -> str:
    """Strip the prompt, which most models repeat before the new text, some after a blank or two."""
    at = text.find(prompt)
    return text[at + len(prompt) :] if 0 <= at <= 2 else text
