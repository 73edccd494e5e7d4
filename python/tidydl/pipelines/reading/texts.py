"""Texts as inputs: reading them, and turning them into batches of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl import rendering
from tidydl.checks import described
from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import value_error

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

ALLOWED = "One string, several, or a data frame with a column of strings."
CHUNK = 1024
_NO_LIMIT = 1_000_000  # tokenizers without a limit have a larger number
_CHARACTERS = 200  # of which a token is all but sure to be made


def is_one(x: object) -> bool:
    """Return whether ``x`` is one text rather than several."""
    return isinstance(x, (str, bytes, int, float)) or getattr(x, "ndim", None) == 0


def read(value: object, where: str, *, blank: bool = False) -> str:
    """Check one text; ``where`` names it in messages.

    It may be empty only if ``blank``: an answer about an empty text would mean nothing. Half a character (a lone
    surrogate), which no tokenizer reads, is refused.
    """
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if not isinstance(value, str):
        hint = "Decode bytes first." if isinstance(value, bytes) else "Convert it to text first, or make it missing."
        raise ArgumentError(f"{where} is {described(value)}, not a text.", allowed=ALLOWED, hint=hint)
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as problem:
            raise ArgumentError(
                f"{where} is not valid Unicode: it has a lone surrogate after {problem.start} characters.",
                allowed=ALLOWED,
                hint='Fix it with `text.encode("utf-8", "replace").decode()`, or read its file as UTF-8.',
            ) from problem
    if not blank and not value.strip():
        raise ArgumentError(
            f"{where} is empty.",
            allowed="A text with at least one word.",
            hint=as_missing(),
        )
    return str(value)


def as_missing() -> str:
    """Return the hint on how to get a row of missing values for an empty text."""
    written = rendering.by_language("None", "NA")
    return f'Make it missing ({written}), or use `on_error = "row"`, to get a row of missing values.'


def key(text: str) -> str:
    """Return what is equal for equal inputs."""
    return text


def column_fits(column: pd.Series) -> bool:
    """Return whether a column of a frame holds texts: strings, labels or objects that are strings."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.api.types.infer_dtype(column.cat.categories, skipna=True) in ("string", "empty")
    if pd.api.types.is_object_dtype(column.dtype):
        return pd.api.types.infer_dtype(column, skipna=True) in ("string", "empty")
    return pd.api.types.is_string_dtype(column.dtype)


@dataclass(frozen=True)
class EncodedTexts:
    """Texts as tokens: ``sizes`` counts them, ``cut`` says whether a text was truncated."""

    tokens: dict[str, list[list[int]]]
    sizes: list[int]
    cut: list[bool]
    loaded: Loaded

    @property
    def owners(self) -> Sequence[int]:
        """Every text is one line."""
        return range(len(self.sizes))

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some of the texts, padded to the longest of them."""
        return padded(self.loaded, self.tokens, positions)


def padded(loaded: Loaded, tokens: dict[str, list[list[int]]], positions: Sequence[int], side: str = "right") -> Any:
    """Build tensors of some lines of tokens, padded to the longest of them."""
    import torch

    tokenizer = loaded.processor
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    filling = {"input_ids": pad or 0, "token_type_ids": tokenizer.pad_token_type_id}
    tensors = {}
    for name, rows in tokens.items():
        longest = max(len(rows[i]) for i in positions)
        block = np.full((len(positions), longest), filling.get(name, 0), dtype=np.int64)
        for line, i in enumerate(positions):
            row = rows[i]
            block[line, longest - len(row) if side == "left" else 0 :][: len(row)] = row
        tensors[name] = torch.from_numpy(block).to(loaded.device)
    return tensors


def encode(loaded: Loaded, texts: list[Any], indices: Sequence[int], max_length: int | None = None) -> EncodedTexts:
    """Tokenize texts, or pairs of them, together, truncating those that are longer than the model's maximum.

    ``indices`` are their positions in the call, for messages.
    """
    limit = token_limit(loaded, max_length)
    tokenizer = loaded.processor
    if limit is None:
        tokens, cut = _tokens(tokenizer, texts, None), [False] * len(texts)
    else:
        tokens, cut = _shortened(tokenizer, texts, limit)
    sizes = [len(row) for row in tokens["input_ids"]]
    refuse_empty(sizes, indices)
    return EncodedTexts(tokens, sizes, cut, loaded)


def _shortened(
    tokenizer: PreTrainedTokenizerBase, texts: list[Any], limit: int
) -> tuple[dict[str, list[list[int]]], list[bool]]:
    """Tokenize texts up to a limit and return which were truncated: those with one token more."""
    starts = [kept_part(text, limit, tokenizer) for text in texts]
    tokens = _tokens(tokenizer, starts, limit + 1)
    for i, row in enumerate(tokens["input_ids"]):
        if len(row) <= limit and starts[i] is not texts[i]:  # next to nothing but blanks so far
            starts[i] = texts[i]
            _replace(tokens, [i], _tokens(tokenizer, [texts[i]], limit + 1))
    cut = [len(row) > limit for row in tokens["input_ids"]]
    too_long = [i for i, is_cut in enumerate(cut) if is_cut]
    _replace(tokens, too_long, _tokens(tokenizer, [starts[i] for i in too_long], limit))
    return tokens, cut


def kept_part(text: str | tuple[str, ...], limit: int, tokenizer: PreTrainedTokenizerBase) -> Any:
    """Return as much of a text as truncation may keep, in whole words: a book is not tokenised for its first page."""
    if isinstance(text, tuple):
        parts = tuple(kept_part(each, limit, tokenizer) for each in text)
        return text if all(part is each for part, each in zip(parts, text, strict=True)) else parts
    most = limit * _CHARACTERS
    if len(text) <= most:
        return text
    if cuts_left(tokenizer):
        return text[-most:].partition(" ")[2] or text[-most:]
    return text[:most].rpartition(" ")[0] or text[:most]


def cuts_left(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Return whether truncation keeps the end of a text rather than its beginning."""
    return getattr(tokenizer, "truncation_side", "right") == "left"


def _tokens(tokenizer: PreTrainedTokenizerBase, texts: list[Any], limit: int | None) -> dict[str, list[list[int]]]:
    if not texts:
        return {}
    inputs = [list(each) for each in zip(*texts, strict=True)] if isinstance(texts[0], tuple) else [texts]
    encoding = tokenizer(*inputs) if limit is None else tokenizer(*inputs, truncation=True, max_length=limit)
    return {name: list(rows) for name, rows in encoding.items()}


def _replace(tokens: dict[str, list[list[int]]], indices: list[int], replacements: dict[str, list[list[int]]]) -> None:
    for name, rows in replacements.items():
        for i, row in zip(indices, rows, strict=True):
            tokens[name][i] = row


def refuse_empty(sizes: list[int], indices: Sequence[int]) -> None:
    """Refuse a text of which nothing is left for the model to read."""
    for size, index in zip(sizes, indices, strict=True):
        if size == 0:
            raise value_error(
                index,
                "is empty: this model's tokenizer returns no tokens.",
                allowed="A text with at least one word.",
                hint=as_missing(),
            )


def token_limit(loaded: Loaded, max_length: int | None = None) -> int | None:
    """Return the model's maximum number of tokens, None if there is no limit."""
    return _least(getattr(loaded.processor, "model_max_length", None), _positions(loaded.model), max_length)


def part_limit(loaded: Loaded, *, writes: bool = False) -> int | None:
    """Return the maximum number of tokens of a model's text encoder, or of the decoder if ``writes``.

    For models that also read images or audio, whose own config says nothing about texts. None if there is no limit.
    """
    words = loaded.config.get_text_config(decoder=True) if writes else loaded.config.get_text_config()
    return _least(loaded.tokenizer.model_max_length, getattr(words, "max_position_embeddings", None))


def _least(*limits: int | None) -> int | None:
    finite = [int(limit) for limit in limits if limit is not None and limit < _NO_LIMIT]
    return min(finite, default=None)


def _positions(model: PreTrainedModel) -> int | None:
    """Count the positions a model has: some keep the first few of their table for padding."""
    count = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(count, int) or count <= 0:
        return None
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            return count - module.padding_idx - 1
    return count


def padding(loaded: Loaded) -> str:
    """Return which texts may share a batch: those of ``"any"`` length, of ``"equal"`` length, or ``"none"``.

    A model without a padding token takes one text at a time. Padding on the left would
    shift the positions of the words, so only texts of equal length go together: scores are those of each
    text alone.
    """
    if loaded.processor.pad_token_id is None:
        return "none"
    if getattr(loaded.config, "pad_token_id", None) is None and "Classification" in type(loaded.model).__name__:
        return "none"  # classifiers on a decoder find the end of a text by that token
    return "any" if loaded.processor.padding_side == "right" else "equal"
