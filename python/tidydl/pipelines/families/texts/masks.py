"""Fill-mask: the most likely tokens for the masked tokens of a text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.windows import encode_long
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: its mask token."""
    return {"mask_token": loaded.processor.mask_token}


def plan(call: Call) -> TaskPlan:
    """Return the plan for filling masks."""
    loaded, options = call.loaded, call.options
    tokenizer, top_k = loaded.processor, options["top_k"]
    if tokenizer.mask_token_id is None:
        raise ArgumentError(
            f"`model` is '{loaded.source}', whose tokenizer has no mask token.",
            allowed="A masked language model.",
        )
    targets = None if options["targets"] is None else [_token(tokenizer, word) for word in options["targets"]]
    candidates = loaded.config.vocab_size if targets is None else len(targets)
    return TaskPlan(
        encode=partial(_encode, loaded, options),
        forward=partial(_likeliest, loaded.model, tokenizer.mask_token_id, targets, top_k),
        padding=texts.padding(loaded),
        finish=partial(_filled, tokenizer),
        parallel=True,
        noted={"ranks": candidates if top_k is None else min(top_k, candidates)},
    )


def _token(tokenizer: PreTrainedTokenizerBase, word: str) -> int:
    """Return the single token of a target."""
    vocabulary = tokenizer.get_vocab()
    ids = [vocabulary[word]] if word in vocabulary else tokenizer(word, add_special_tokens=False)["input_ids"]
    if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
        pieces = ", ".join(repr(piece) for piece in tokenizer.convert_ids_to_tokens(ids))
        raise ArgumentError(
            f"`targets` holds {word!r}, which is not a single token of this model but {pieces or 'none at all'}.",
            allowed="Words that are a single token of the model.",
            hint="Some tokenizers include the space before a word: ' word'.",
        )
    return int(ids[0])


def _encode(loaded: Loaded, options: Options, values: list[str], indices: list[int]) -> texts.EncodedTexts:
    """Tokenise texts and refuse those without a mask."""
    encoded = encode_long(loaded, values, indices, max_length=options["max_length"], long=options["long"])
    mask = loaded.processor.mask_token
    for row, text, index in zip(encoded.tokens.get("input_ids", ()), values, indices, strict=False):
        if loaded.processor.mask_token_id not in row:
            raise value_error(
                index,
                "has no mask" + (" in the part that the model reads." if mask in text else "."),
                allowed=f"A text with {mask} where a word is missing.",
                hint=f"This model's mask is written {mask}.",
            )
    return encoded


def _likeliest(
    model: PreTrainedModel, mask: int, targets: list[int] | None, top_k: int | None, tensors: dict[str, Any]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Run the model on a batch: the most likely tokens of each text's masks, and their probabilities."""
    import torch

    is_masked = tensors["input_ids"] == mask
    probabilities = model(**tensors).logits[is_masked].float().softmax(-1)
    if targets is not None:
        probabilities = probabilities[:, targets]
    most = probabilities.shape[-1] if top_k is None else min(top_k, probabilities.shape[-1])
    scores, best = probabilities.topk(most)
    if targets is not None:
        best = torch.tensor(targets, device=best.device)[best]
    counts = is_masked.sum(-1).tolist()
    parts = zip(best.cpu().split(counts), scores.cpu().split(counts), strict=True)
    return [(tokens.numpy(), each.numpy()) for tokens, each in parts]


def _filled(
    tokenizer: PreTrainedTokenizerBase, encoded: texts.EncodedTexts, lines: list[int], outputs: list[Any]
) -> list[tuple[Any, ...]]:
    """Write a line for each mask and token: the text with that mask filled, other masks left open."""
    ids = encoded.tokens["input_ids"][lines[0]]
    unread = set(tokenizer.all_special_ids) - {tokenizer.mask_token_id}
    indices = [i for i, code in enumerate(ids) if code == tokenizer.mask_token_id]
    tokens, scores = outputs[0]
    rows = []
    for mask, index in enumerate(indices):
        filled = [[*ids[:index], int(code), *ids[index + 1 :]] for code in tokens[mask]]
        shown = tokenizer.batch_decode([[code for code in each if code not in unread] for each in filled])
        words = tokenizer.batch_decode([[int(code)] for code in tokens[mask]])
        for rank, (word, score, sequence) in enumerate(zip(words, scores[mask], shown, strict=True), start=1):
            rows.append((mask, rank, word, float(score), sequence))
    return rows
