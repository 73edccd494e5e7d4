"""Tokens of a tokenizer that the model does not know: the two do not belong together."""

from __future__ import annotations

from typing import Any

from tidydl.errors import DataError
from tidydl.pipelines.model_loading import Loaded


def refuse_unknown_tokens(loaded: Loaded, tensors: dict[str, Any], index: int) -> None:
    """Refuse a batch with a token for which a text model has no weights; torch would say ``index out of range``.

    ``index`` is the position of the input that the first line belongs to.
    """
    if loaded.weights.spare_tokens is None:
        loaded.weights.spare_tokens = _spare_tokens(loaded)
    embeddings, tokens = loaded.weights.spare_tokens
    ids = tensors.get("input_ids")
    if tokens <= embeddings or ids is None or not ids.numel() or int(ids.max()) < embeddings:
        return
    raise DataError(
        f"`model` is '{loaded.source}', whose tokenizer has {tokens} tokens but whose model has only {embeddings} "
        f"embeddings: token id {int(ids.max())} is out of range.",
        allowed="A tokenizer that matches the model.",
        hint="Copy or download the model again, or pass its own tokenizer as `tokenizer`.",
        place=index,
    )


def _spare_tokens(loaded: Loaded) -> tuple[int, int]:
    """Count the tokens that the model has weights for and those of the tokenizer; 0 for multimodal models."""
    if not loaded.components or loaded.processor is not loaded.tokenizer:
        return 0, 0
    try:
        return int(loaded.model.get_input_embeddings().weight.shape[0]), len(loaded.tokenizer)
    except (AttributeError, NotImplementedError, TypeError, IndexError):  # models that embed otherwise
        return 0, 0
