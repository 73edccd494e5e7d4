"""Probabilities of given continuations by a causal language model.

The score of a label is the probability of its tokens, each given all before it, as the continuation of a prompt,
divided by the sum over the allowed labels. What follows the label in the prompt belongs to it, so that a label which
begins another is not favoured. ``per_token`` takes the geometric mean of the probabilities of a label's tokens in
place of their product: long labels are then no less likely for being long.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl import rendering
from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.windows import EncodedLines, refuse_long, tokens_of
from tidydl.pipelines.running.label_sets import Judged, choice_of, ranked
from tidydl.pipelines.running.probabilities import softmax
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Value = tuple[str, tuple[str, ...]]


def writes(loaded: Loaded) -> bool:
    """Return whether the model is a causal language model."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return type(loaded.model).__name__ in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()


def plan(call: Call) -> TaskPlan:
    """Return the plan for labels scored by their probability."""
    loaded, options = call.loaded, call.options
    if options["multi_label"]:
        raise ArgumentError(
            f"`multi_label` is {rendering.value(True)}, but a causal language model chooses one of the labels.",
            allowed="A natural language inference model where several labels can be right.",
        )
    if options["long"] == "window":
        raise ArgumentError(
            "`long` is 'window', but a prompt is not split into windows.", allowed="'truncate' or 'error'."
        )
    prompt = options["prompt"] or "{text}\n" + options["hypothesis_template"].replace("{}", "{label}")
    if "{text}" not in prompt or "{label}" not in prompt or prompt.index("{label}") < prompt.index("{text}"):
        raise ArgumentError(
            f"`prompt` is {prompt!r}.",
            allowed="A text with {text} and, after it, {label}.",
            hint='For example "Tweet: {text} Feeling: {label}".',
        )
    return TaskPlan(
        encode=partial(_encode, loaded, prompt, options),
        forward=partial(_log_probabilities, loaded.model),
        chunk=64,
        finish=partial(_shares, options),
        **choice_of(call),
    )


class _Continued(EncodedLines):
    """Lines whose last tokens are scored: from ``at`` on."""

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some lines, with the bounds of the scored tokens."""
        import torch

        tensors, sizes = super().batch(positions), self.sizes
        tensors["first"] = torch.tensor([self.at[i] for i in positions])
        tensors["end"] = torch.tensor([sizes[i] for i in positions])
        return tensors


def _encode(loaded: Loaded, prompt: str, options: Options, values: list[Value], indices: Sequence[int]) -> EncodedLines:
    """Write the prompt with each label; if it is too long, the end of the text is truncated."""
    limit = texts.token_limit(loaded, options["max_length"])
    head, _, rest = prompt.partition("{text}")
    middle, _, tail = rest.partition("{label}")
    pairs = [(owner, label) for owner, (_, labels) in enumerate(values) for label in labels]
    whole = [head + values[owner][0] + middle + label + tail for owner, label in pairs]
    ids, offsets = tokens_of(loaded, whole, special=True)
    cut = [False] * len(values)
    encoded = _Continued(loaded, cut, values)
    for (owner, label), row, offsets_of in zip(pairs, ids, offsets, strict=True):
        text_end = len(head) + len(values[owner][0])
        bare_end = text_end + len(middle.rstrip())  # the blank before a label belongs to it
        first = next(i for i, (_, end) in enumerate(offsets_of) if end > bare_end)
        if first == 0:  # with nothing before it a word has no probability: let the line begin with its own token
            row, offsets_of, first = [_beginning(loaded), *row], [(0, 0), *offsets_of], 1
        surplus = 0 if limit is None else max(0, len(row) - limit)
        last = next(i for i, (_, end) in enumerate(offsets_of) if end > text_end) if surplus else first
        if surplus:
            _refuse_no_room(surplus, last, offsets_of, len(head))
            cut[owner] = True
        encoded.add(
            owner,
            {"input_ids": row[: last - surplus] + row[last:], "attention_mask": [1] * (len(row) - surplus)},
            at=first - surplus,
            extra=values[owner][1].index(label),
        )
    if options["long"] == "error":
        refuse_long(cut, indices)
    return encoded


def _beginning(loaded: Loaded) -> int:
    tokenizer = loaded.processor
    begin = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    if begin is None:
        raise ArgumentError(
            "`prompt` has nothing before the label, and this model has no beginning-of-sequence token.",
            allowed="A prompt with words before {label}.",
        )
    return int(begin)


def _refuse_no_room(surplus: int, last: int, offsets: list[tuple[int, int]], head: int) -> None:
    if surplus > sum(1 for _, end in offsets[:last] if end > head):
        raise ArgumentError(
            "`prompt` and a label are longer than the model's maximum.",
            allowed="A prompt that leaves room for the text.",
            hint="Shorten the prompt or the labels.",
        )


def _log_probabilities(model: PreTrainedModel, tensors: dict[str, Any]) -> np.ndarray:
    """Run the model on a batch: the sum of the log probabilities of each line's scored tokens, and their number."""
    import inspect

    import torch

    first, end = tensors.pop("first"), tensors.pop("end")
    ids, start = tensors["input_ids"], int(first.min()) - 1
    if "logits_to_keep" in inspect.signature(model.forward).parameters:  # the vocabulary is large, the labels are short
        kept = torch.arange(start, ids.shape[1] - 1, device=ids.device)
        logits = model(**tensors, logits_to_keep=kept).logits
    else:
        logits = model(**tensors).logits[:, start:-1]
    chances = logits.float().log_softmax(-1).gather(-1, ids[:, start + 1 :, None])[..., 0].cpu()
    index = torch.arange(start + 1, ids.shape[1])
    judged = (index >= first[:, None]) & (index < end[:, None])
    return torch.stack([chances.masked_fill(~judged, 0.0).sum(-1), judged.sum(-1).float()], dim=1).numpy()


def _shares(options: Options, encoded: EncodedLines, lines: list[int], totals: list[Any]) -> list[Judged]:
    """Rank the labels of a text by the probability of each among them."""
    labels = encoded.texts[encoded.owners[lines[0]]][1]
    sums = np.empty(len(labels))
    for line, (total, count) in zip(lines, totals, strict=True):
        sums[encoded.extra[line]] = total / count if options["per_token"] else total
    return ranked(labels, softmax(sums), options["top_k"])
