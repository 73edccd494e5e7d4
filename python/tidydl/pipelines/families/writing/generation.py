"""Text generation: from prompts and chats, summaries, translations, text to text.

Prompts of a batch are padded on the left, so that each is directly followed by the generated text; the results of a
batch are those of each prompt alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.families.writing.languages import Languages, languages_of
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.chat_templates import written_chat
from tidydl.pipelines.reading.prompts import Chat
from tidydl.pipelines.reading.windows import EncodedLines, refuse_long
from tidydl.pipelines.running.drawing import Placed
from tidydl.pipelines.running.generating import (
    Settings,
    facts,
    generation_settings,
    generator,
    padding_of,
    seed_of,
    told_apart,
    writes_on,
)
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["facts", "plan", "seed_of"]

_TOGETHER = 32


def plan(call: Call) -> TaskPlan:
    """Return the plan for text generation."""
    loaded, options, drawn = call.loaded, call.options, call.options["seed"]
    languages = languages_of(call.task, loaded, options)
    settings = generation_settings(call.task, loaded, options)
    begin = {} if languages.forced_bos is None else {"forced_bos_token_id": languages.forced_bos}
    return TaskPlan(
        encode=partial(_encode, loaded, options, settings, languages),
        forward=generator(loaded, settings, drawn, begin),
        key=told_apart(drawn),
        padding=padding_of(settings, drawn),
        most=_TOGETHER,
        finish=partial(_texts, loaded, options, settings.prefix),
        noted=settings.noted(drawn),
    )


class _Prompts(EncodedLines):
    """Prompts, padded on the left."""

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some prompts."""
        return texts.padded(self.loaded, self.tokens, positions, side="left")


def _encode(
    loaded: Loaded,
    options: Options,
    settings: Settings,
    languages: Languages,
    values: list[Any],
    indices: Sequence[int],
) -> Placed:
    """Tokenize the inputs: of a prompt that is too long the end is kept, of a text the beginning."""
    encoded: EncodedLines | texts.EncodedTexts
    if writes_on(loaded):
        encoded = _encode_prompts(loaded, settings, values, indices)
    else:
        with languages.applied_to(loaded.processor):
            encoded = texts.encode(loaded, [settings.prefix + value for value in values], indices)
    if options["long"] == "error":
        refuse_long(encoded.cut, indices)
    return Placed(encoded, indices)


def _encode_prompts(loaded: Loaded, settings: Settings, values: list[Any], indices: Sequence[int]) -> _Prompts:
    tokenizer, limit = loaded.processor, texts.token_limit(loaded)
    if settings.total_length:
        limit = min(limit or settings.config.max_length, settings.config.max_length) - 1
    elif limit is not None and settings.new_tokens is not None:
        limit -= settings.new_tokens
    if limit is not None and limit < 1:
        raise ArgumentError(
            f"`max_new_tokens` is {settings.new_tokens}, which leaves no room for a prompt.",
            allowed=f"Fewer than {texts.token_limit(loaded)} tokens for prompt and new text together.",
        )
    ids = [_prompt_ids(tokenizer, value, settings.prefix, index) for value, index in zip(values, indices, strict=True)]
    texts.refuse_empty([len(row) for row in ids], indices)
    cut = [limit is not None and len(row) > limit for row in ids]
    encoded = _Prompts(loaded, cut, values)
    for owner, row in enumerate(ids):
        kept = row if limit is None else row[-limit:]
        encoded.add(owner, {"input_ids": kept, "attention_mask": [1] * len(kept)})
    return encoded


def _prompt_ids(tokenizer: PreTrainedTokenizerBase, value: str | Chat, prefix: str, index: int) -> list[int]:
    """Tokenize a prompt; a chat is written by the model's chat template."""
    if isinstance(value, str):
        return list(tokenizer(prefix + value, verbose=False)["input_ids"])
    if not getattr(tokenizer, "chat_template", None):
        raise ArgumentError(
            "`x` is a chat, but this is not a chat model: its tokenizer has no chat template.",
            allowed="A text to continue, or a model whose name says 'Instruct' or 'Chat'.",
        )
    written = written_chat(tokenizer, [{"role": role, "content": content} for role, content in value], index)
    return list(tokenizer(written, add_special_tokens=False, verbose=False)["input_ids"])


def _texts(
    loaded: Loaded, options: Options, prefix: str, encoded: Placed, lines: list[int], sequences: list[list[list[int]]]
) -> list[tuple[int, str]]:
    """Write a line for each sequence: the new text, after the prompt if requested."""
    tokenizer = loaded.processor
    if not writes_on(loaded):
        decoded = tokenizer.batch_decode(sequences[0], skip_special_tokens=True)
        return list(enumerate((text.strip() for text in decoded), start=1))
    ids, value = encoded.tokens["input_ids"][lines[0]], encoded.texts[encoded.owners[lines[0]]]
    # decoded together with the prompt, since the first new token may begin with a blank
    head = len(tokenizer.decode(ids, skip_special_tokens=True))
    whole = tokenizer.batch_decode([[*ids, *new] for new in sequences[0]], skip_special_tokens=True)
    is_chat = not isinstance(value, str)
    before = "" if is_chat or not options["return_full_text"] else prefix + value
    return list(enumerate((before + (text[head:].strip() if is_chat else text[head:]) for text in whole), start=1))
