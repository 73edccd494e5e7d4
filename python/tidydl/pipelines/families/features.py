"""Feature extraction: what an encoder makes of each token of a text, or of its patches of an image, pooled."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tidydl.columns import Column, Contract
from tidydl.errors import ArgumentError
from tidydl.pipelines.batching import Outcome, Way, compute
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.predictions import input_columns, provenance, repeated_index, spread
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.windows import encode_long
from tidydl.progress import Work

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["POOLINGS", "facts", "features_frame", "pooled", "run"]

POOLINGS = ("mean", "cls", "max")


def facts(loaded: Loaded) -> dict[str, Any]:
    """Give what is to be known of a loaded encoder: nothing more."""
    return {}


def run(task: Task, loaded: Loaded, inputs: Inputs, options: Options, note: dict[str, Any]) -> Work[pd.DataFrame]:
    """Run an encoder over all texts and give the tidy frame: a line per text, or per token."""
    pooling, normalize = options["pooling"], options["normalize"]
    if pooling == "none" and options["long"] == "window":
        raise ArgumentError(
            "`long` is 'window', but `pooling` is 'none': tokens that two windows share would be there twice.",
            allowed="'truncate' or 'error' without pooling.",
        )
    way = Way(
        encode=partial(encode_long, loaded, **{name: options[name] for name in ("max_length", "long", "stride")}),
        forward=partial(_states if pooling == "none" else pooled, loaded.model, pooling, normalize),
        key=texts.key,
        padding=texts.padding(loaded),
        chunk=texts.CHUNK,
        most=options["batch_size"],
        lanes=True,
        finish=partial(_tokens, loaded.processor) if pooling == "none" else partial(_mean, normalize),
    )
    outcome = yield from compute(loaded, inputs, way)
    if pooling == "none":
        frame = _tokens_frame(task, inputs, outcome, _width(loaded))
    else:
        frame = features_frame(task.contract(inputs.shown, Contract(())), inputs, outcome, loaded)
    described = {"pooling": pooling, "normalize": normalize, "truncated": outcome.truncated}
    frame.attrs["tidydl"] = provenance(task.name, loaded, **described, **note)
    return frame


def _states(model: Any, pooling: str, normalize: bool, tensors: dict[str, Any]) -> list[np.ndarray]:
    """Run an encoder on a batch: one line of numbers per token."""
    import torch

    states = model(**tensors).last_hidden_state.float()
    if normalize:
        states = torch.nn.functional.normalize(states, dim=-1)
    sizes = tensors["attention_mask"].sum(-1).tolist()
    return [each[:size] for each, size in zip(states.cpu().numpy(), sizes, strict=True)]


def _tokens(tokenizer: Any, encoded: Any, lines: list[int], found: list[Any]) -> tuple[list[str], np.ndarray]:
    """Name the tokens of a text beside their numbers."""
    return tokenizer.convert_ids_to_tokens(encoded.tokens["input_ids"][lines[0]]), found[0]


def _mean(normalize: bool, encoded: Any, lines: list[int], found: list[np.ndarray]) -> np.ndarray:
    """Give the mean of the numbers of a text's windows, mostly one."""
    import numpy as np

    if len(found) == 1:
        return found[0]
    mean = np.mean(found, axis=0)
    return mean / np.linalg.norm(mean) if normalize else mean


def _tokens_frame(task: Task, inputs: Inputs, outcome: Outcome, width: int) -> pd.DataFrame:
    """Write a line per token of each text."""
    import numpy as np

    rows, source = spread(outcome, [len(names) for names, _ in outcome.results])
    names = np.array([*(name for each, _ in outcome.results for name in each), None], dtype=object)
    numbers = np.vstack([*(states for _, states in outcome.results), np.full((1, width), np.nan)])
    contract = task.contract(inputs.shown, Contract((Column("token", "string"), *_dims(width))))
    data = input_columns(inputs, rows) | {"token": names[source]}
    data.update(zip((column.name for column in _dims(width)), numbers[source].astype("float64").T, strict=True))
    return contract.frame(data, index=repeated_index(inputs, rows))


def _dims(width: int) -> tuple[Column, ...]:
    return tuple(Column(f"dim_{i + 1}", "double") for i in range(width))


def pooled(model: Any, pooling: str, normalize: bool, tensors: dict[str, Any]) -> np.ndarray:
    """Run an encoder on a batch and pool its last layer: one line of numbers per input."""
    import torch

    states = model(**tensors).last_hidden_state.float()
    if states.ndim == 4:  # a convolutional network: batch, channels, height, width
        if pooling == "cls":
            raise ArgumentError("`pooling` is 'cls', but this network has no class token.", allowed="'mean' or 'max'.")
        states = states.flatten(2).transpose(1, 2)
    mask = tensors.get("attention_mask")
    mask = states.new_ones(states.shape[:2]) if mask is None else mask.to(states.dtype)
    vectors = _pool(states, mask.unsqueeze(-1), pooling)
    if normalize:
        vectors = torch.nn.functional.normalize(vectors, dim=1)
    return vectors.cpu().numpy()


def _pool(states: Any, mask: Any, pooling: str) -> Any:
    if pooling == "cls":
        return states[:, 0]
    if pooling == "max":
        return states.masked_fill(mask == 0, float("-inf")).amax(dim=1)
    return (states * mask).sum(dim=1) / mask.sum(dim=1)


def _width(loaded: Loaded) -> int:
    """Say how many numbers an embedding has, before anything was computed."""
    config = loaded.config
    sizes = getattr(config, "hidden_sizes", None)
    return int(getattr(config, "hidden_size", 0) or (sizes[-1] if sizes else 0))


def features_frame(contract: Contract, inputs: Inputs, outcome: Outcome, loaded: Loaded) -> pd.DataFrame:
    """Write one line of numbers per input after the columns of the contract, from ``dim_1`` on."""
    import numpy as np

    width = len(outcome.results[0]) if outcome.results else _width(loaded)
    which = np.array(outcome.which, dtype="int64")
    table = np.full((len(which), width), np.nan)
    if outcome.results:
        known = which >= 0
        table[known] = np.array(outcome.results, dtype="float64")[which[known]]
    rows = np.arange(len(which))
    data = input_columns(inputs, rows)
    data.update(zip((column.name for column in _dims(width)), table.T, strict=True))
    return Contract((*contract.columns, *_dims(width))).frame(data, index=repeated_index(inputs, rows))
