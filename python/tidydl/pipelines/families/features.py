"""Feature extraction: the hidden states of the tokens of a text or the patches of an image, or their pooled vector."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from tidydl.columns import Column, Contract
from tidydl.errors import ArgumentError
from tidydl.pipelines.batching import Outcome, only_line
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.predictions import input_columns, repeated_index, spread
from tidydl.pipelines.reading import images, texts
from tidydl.pipelines.reading.windows import EncodedLines, encode_long
from tidydl.pipelines.registry import has_two_sides
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

POOLINGS = ("mean", "cls", "max")
POSITIONS = ("patch",)  # columns that count from 0 and are there with some options only


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return no facts, but refuse a dual encoder, which embeds texts and images in one space."""
    if has_two_sides(loaded.config):
        raise ArgumentError(
            f"`model` is '{loaded.source}', which embeds texts and images in one space.",
            allowed="An encoder of texts or of images alone.",
            hint="Use embed() for this one.",
        )
    return {}


def plan(call: Call) -> TaskPlan:
    """Return the plan for embeddings: a line per input, or one per token or patch."""
    loaded, pooling, normalize = call.loaded, call.options["pooling"], call.options["normalize"]
    if pooling == "pooler":
        _refuse_random_pooler(loaded)
    forward: Any = partial(_states if pooling == "none" else pooled, loaded.model, pooling, normalize)
    return TaskPlan(
        **(_texts if call.task.reads == "text" else _images)(call),
        forward=forward,
        parallel=True,
        noted={"pooling": pooling, "normalize": normalize},
        write=partial(_states_frame, call)
        if pooling == "none"
        else partial(features_frame, call.contract(Contract(())), call.inputs, loaded, forward),
    )


def _texts(call: Call) -> dict[str, Any]:
    """Return how texts are tokenized, and how their windows are combined."""
    loaded, whole = call.loaded, call.options["pooling"] != "none"
    if not whole and call.options["long"] == "window":
        raise ArgumentError(
            "`long` is 'window', but `pooling` is 'none': tokens shared by two windows would appear twice.",
            allowed="'truncate' or 'error' without pooling.",
        )
    return {
        "encode": partial(encode_long, loaded, **call.chosen("max_length", "long", "stride")),
        "padding": texts.padding(loaded),
        "finish": partial(_mean, call.options["normalize"]) if whole else partial(_tokens, loaded.processor),
    }


def _images(call: Call) -> dict[str, Any]:
    """Return how images are read, and how lines are built from them."""
    return {
        "encode": partial(image_batches.encode, call.loaded),
        "padding": image_batches.padding(call.loaded),
        "finish": _patches if call.options["pooling"] == "none" else only_line,
    }


def _refuse_random_pooler(loaded: Loaded) -> None:
    """Refuse to pool by weights that the model's files lack and that were initialized at random."""
    if any("pooler" in name for name in loaded.weights.missing):
        raise _no_pooler(f"'{loaded.source}', whose files lack the weights of a pooler")


def _no_pooler(what: str) -> ArgumentError:
    return ArgumentError(
        f"`pooling` is 'pooler', but `model` is {what}.",
        allowed="'mean', 'cls', 'max' or 'none' with this model.",
        hint='The usual choice is `pooling = "mean"`.',
    )


class _Outputs(Protocol):
    """The outputs of an encoder."""

    last_hidden_state: torch.Tensor


def _states(model: PreTrainedModel, pooling: str, normalize: bool, tensors: dict[str, Any]) -> list[np.ndarray]:
    """Run an encoder on a batch: one line of numbers per token or patch."""
    import torch

    states = _rows(model(**tensors).last_hidden_state.float())
    if normalize:
        states = torch.nn.functional.normalize(states, dim=-1)
    mask = tensors.get("attention_mask")
    sizes = [states.shape[1]] * len(states) if mask is None else mask.sum(-1).tolist()
    return [each[:size] for each, size in zip(states.cpu().numpy(), sizes, strict=True)]


def _rows(states: torch.Tensor) -> torch.Tensor:
    """Reshape the output of a convolutional network (batch, channels, height, width) to a line per patch."""
    return states.flatten(2).transpose(1, 2) if states.ndim == 4 else states


def _tokens(
    tokenizer: PreTrainedTokenizerBase,
    encoded: EncodedLines | texts.EncodedTexts,
    lines: list[int],
    embeddings: list[Any],
) -> tuple[list[str], np.ndarray]:
    """Name the tokens of a text beside their numbers."""
    return list(tokenizer.convert_ids_to_tokens(encoded.tokens["input_ids"][lines[0]])), embeddings[0]


def _patches(encoded: object, lines: list[int], embeddings: list[Any]) -> tuple[list[int], np.ndarray]:
    """Count the patches of an image beside their numbers."""
    return list(range(len(embeddings[0]))), embeddings[0]


def _mean(normalize: bool, encoded: object, lines: list[int], embeddings: list[np.ndarray]) -> np.ndarray:
    """Return the mean of the numbers of a text's windows, mostly one."""
    if len(embeddings) == 1:
        return embeddings[0]
    mean = np.mean(embeddings, axis=0)
    return mean / np.linalg.norm(mean) if normalize else mean


def _states_frame(call: Call, outcome: Outcome) -> pd.DataFrame:
    """Write a line per token of each text, or per patch of each image."""
    rows, source = spread(outcome, [len(names) for names, _ in outcome.results])
    one_line = partial(pooled, call.loaded.model, "mean", False)
    width = outcome.results[0][1].shape[-1] if outcome.results else _width(call.loaded, one_line)
    names = np.array([*(name for each, _ in outcome.results for name in each), None], dtype=object)[source]
    numbers = np.vstack([*(states for _, states in outcome.results), np.full((1, width), np.nan)])
    named = Column("token", "string") if call.task.reads == "text" else Column(POSITIONS[0], "position")
    contract = call.contract(Contract((named, *_dims(width))))
    data = input_columns(call.inputs, rows) | {
        named.name: pd.array(names, dtype="Int64") if named.kind == "position" else names
    }
    data.update(zip((column.name for column in _dims(width)), numbers[source].astype("float64").T, strict=True))
    return contract.frame(data, index=repeated_index(call.inputs, rows))


def _dims(width: int) -> tuple[Column, ...]:
    return tuple(Column(f"dim_{i + 1}", "double") for i in range(width))


def pooled(model: PreTrainedModel, pooling: str, normalize: bool, tensors: dict[str, Any]) -> np.ndarray:
    """Run an encoder on a batch and pool its last layer: one line of numbers per input."""
    import torch

    outputs = model(**tensors)
    vectors = _by_pooler(model, outputs) if pooling == "pooler" else _pooled_states(outputs, pooling, tensors)
    if normalize:
        vectors = torch.nn.functional.normalize(vectors, dim=1)
    return vectors.cpu().numpy()


def projected(model: PreTrainedModel, modality: str, normalize: bool, tensors: dict[str, Any]) -> np.ndarray:
    """Run one tower of a dual encoder, which embeds texts and images in one space: one line of numbers per input."""
    import torch

    outputs = getattr(model, f"get_{modality}_features")(**tensors)
    vectors = getattr(outputs, "pooler_output", outputs).float()
    if normalize:
        vectors = torch.nn.functional.normalize(vectors, dim=1)
    return vectors.cpu().numpy()


def _by_pooler(model: PreTrainedModel, outputs: object) -> torch.Tensor:
    """Return the model's own pooled output."""
    vectors = getattr(outputs, "pooler_output", None)
    if vectors is None:
        raise _no_pooler(f"a {type(model).__name__}, which has no pooler")
    return vectors.float().flatten(1)


def _pooled_states(outputs: _Outputs, pooling: str, tensors: dict[str, Any]) -> torch.Tensor:
    """Pool the states of all tokens except padding, or of all patches."""
    states = outputs.last_hidden_state.float()
    if states.ndim == 4 and pooling == "cls":
        raise ArgumentError("`pooling` is 'cls', but this network has no class token.", allowed="'mean' or 'max'.")
    states, mask = _rows(states), tensors.get("attention_mask")
    mask = states.new_ones(states.shape[:2]) if mask is None else mask.to(states.dtype)
    return _pool(states, mask.unsqueeze(-1), pooling)


def _pool(states: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    if pooling == "cls":
        return states[:, 0]
    if pooling == "max":
        return states.masked_fill(mask == 0, float("-inf")).amax(dim=1)
    return (states * mask).sum(dim=1) / mask.sum(dim=1)


def _width(loaded: Loaded, forward: Callable[[dict[str, Any]], np.ndarray]) -> int:
    """Find the size of an embedding by a trial run if there is none: configs have many names for it."""
    import torch

    if "tokenizer" in loaded.components:
        tried: Any = encode_long(loaded, ["a"], [0], max_length=None, long="truncate", stride=None)
    else:
        from PIL import Image

        tried = images.encode(loaded, [images.read(Image.new("RGB", (64, 64)), "")], [0])
    with torch.inference_mode():
        return int(forward(tried.batch([0])).shape[-1])


def features_frame(
    contract: Contract,
    inputs: Inputs,
    loaded: Loaded,
    forward: Callable[[dict[str, Any]], np.ndarray],
    outcome: Outcome,
) -> pd.DataFrame:
    """Write one line of numbers per input after the columns of the contract, from ``dim_1`` on.

    ``forward`` is what embeds a batch.
    """
    width = len(outcome.results[0]) if outcome.results else _width(loaded, forward)
    which = np.array(outcome.which, dtype="int64")
    table = np.full((len(which), width), np.nan)
    if outcome.results:
        present = which >= 0
        table[present] = np.array(outcome.results, dtype="float64")[which[present]]
    rows = np.arange(len(which))
    data = input_columns(inputs, rows)
    data.update(zip((column.name for column in _dims(width)), table.T, strict=True))
    return Contract((*contract.columns, *_dims(width))).frame(data, index=repeated_index(inputs, rows))
