"""The last layer of a classifier, computed for the first token alone if the head uses no other.

Encoders of BERT's kind classify a text by what their last layer makes of its first token. What that layer's
feed-forward network makes of all other tokens is not looked at, and is a tenth of the work of six layers. Whether a
model is of that kind is tried out once: its logits with and without must agree.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from tidydl.pipelines.batching import BatchPlan
from tidydl.pipelines.model_loading import Loaded, Weights

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_AGREE = 1e-5


class _Layer(Protocol):
    """The last layer of an encoder of BERT's kind."""

    attention: torch.nn.Module


@contextmanager
def first_token_alone(loaded: Loaded, plan: BatchPlan) -> Iterator[BatchPlan]:
    """Skip what the head of a classifier does not use, in the plan's own forward passes only.

    The plan is returned unchanged if that would change the logits.
    """
    layer = _last_layer(loaded.model)
    if layer is None or not _agrees(loaded.weights, layer):
        yield plan
        return
    hook = layer.attention.register_forward_hook(_first)
    try:
        yield replace(plan, forward=partial(_forward, plan.forward))
    finally:
        hook.remove()


class _Wanted(threading.local):
    """Whether the current forward pass of this thread is one of ours."""

    now = False


_wanted = _Wanted()


def _forward(forward: Callable[[dict[str, Any]], Any], tensors: dict[str, Any]) -> Any:
    _wanted.now = True
    try:
        return forward(tensors)
    finally:
        _wanted.now = False


def _first(module: torch.nn.Module, args: tuple[object, ...], output: torch.Tensor | tuple[torch.Tensor, ...]) -> Any:
    """Keep the first token of the attention output: all later steps of the layer work token by token."""
    if not _wanted.now:
        return output
    return (output[0][:, :1], *output[1:]) if isinstance(output, tuple) else output[:, :1]


def _last_layer(model: PreTrainedModel) -> _Layer | None:
    """Find the last layer of an encoder of BERT's kind."""
    if not type(model).__name__.endswith("ForSequenceClassification") or getattr(model.config, "is_decoder", False):
        return None
    layers = getattr(getattr(model.base_model, "encoder", None), "layer", None)
    last = layers[-1] if layers else None
    parts = ("attention", "intermediate", "output")
    return last if last is not None and all(hasattr(last, part) for part in parts) else None


def _agrees(weights: Weights, layer: _Layer) -> bool:
    """Test once whether a model's logits are the same without the other tokens."""
    if weights.first_token is None:
        weights.first_token = _tried(weights.model, layer)
    return weights.first_token


def _tried(model: PreTrainedModel, layer: _Layer) -> bool:
    import torch

    ids = torch.arange(2 * 9).reshape(2, 9) % max(2, model.config.vocab_size - 1) + 1
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    inputs = {"input_ids": ids.to(model.device), "attention_mask": mask.to(model.device)}
    try:
        with torch.inference_mode():
            whole = model(**inputs).logits
            hook = layer.attention.register_forward_hook(_first)
            try:
                trimmed = _forward(lambda tensors: model(**tensors).logits, inputs)
            finally:
                hook.remove()
    except Exception:  # not of that kind: it is then run as it is
        return False
    scale = max(1.0, float(whole.abs().max()))
    return whole.shape == trimmed.shape and float((whole - trimmed).abs().max()) <= _AGREE * scale
