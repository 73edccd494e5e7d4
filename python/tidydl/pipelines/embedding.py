"""Embeddings of texts and images, as numeric columns."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl.boundaries import arguments_of
from tidydl.checks import check_choice, check_flag
from tidydl.columns import ROW, Column, Contract
from tidydl.errors import ArgumentError, no_argument
from tidydl.pipelines.batching import BatchPlan, compute
from tidydl.pipelines.declarations import Part
from tidydl.pipelines.families.features import POOLINGS, features_frame, pooled, projected
from tidydl.pipelines.inputs import NOT_GIVEN, modality_of, read_inputs
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.option_table import whole_number
from tidydl.pipelines.positions import is_missing
from tidydl.pipelines.predictions import provenance, with_errors
from tidydl.pipelines.reading.chat_templates import first_line
from tidydl.pipelines.registry import has_two_sides
from tidydl.pipelines.running_errors import running
from tidydl.pipelines.streams import warn_of_truncation
from tidydl.pipelines.task_resolution import LOADING, config_of, open_model
from tidydl.progress import Work
from tidydl.progress import run as run_work

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
    from transformers.image_processing_utils import BaseImageProcessor

# The arguments besides those about what is loaded.
_ARGUMENTS = ("pooling", "normalize", "text", "image", "max_length", "batch_size", "on_error")
_TASKS = {"text": "feature-extraction", "image": "image-feature-extraction"}


def embed(
    x: object = NOT_GIVEN,
    model: str | os.PathLike[str] | PreTrainedModel | None = None,
    pooling: str = "mean",
    normalize: bool = True,
    *,
    text: object = None,
    image: object = None,
    tokenizer: str | os.PathLike[str] | PreTrainedTokenizerBase | None = None,
    image_processor: str | os.PathLike[str] | BaseImageProcessor | None = None,
    revision: str | None = None,
    device: str | int | torch.device | None = "auto",
    dtype: str | torch.dtype = "float32",
    use_safetensors: bool = True,
    trust_remote_code: bool = False,
    token: str | None = None,
    max_length: int | None = None,
    batch_size: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
    **unknown: Any,
) -> pd.DataFrame:
    """Embed texts or images: one vector per input, similar for inputs of similar meaning.

    Parameters
    ----------
    x
        One text or image, a list, Series or array of them, or a data frame.
    model
        A local folder, a model id on the Hugging Face Hub, or a loaded transformers encoder. If omitted, the sentence
        encoder all-MiniLM-L6-v2 of the ``minilm`` extra, which works offline and encodes texts. Models with a joint
        space for text and images, such as CLIP, return embeddings in that space.
    pooling
        How the token (or patch) embeddings are pooled: their ``"mean"``, the first (``"cls"``), or the maximum of each
        dimension (``"max"``). Padding is ignored.
    normalize
        Whether to scale each embedding to length 1, so that dot products are cosine similarities.
    text, image
        The column of a data frame that holds the inputs; without ``x`` the inputs themselves.
    tokenizer, image_processor, revision, device, dtype, use_safetensors, trust_remote_code, token
        As for :func:`tidydl.pipeline`.
    max_length, batch_size, on_error, progress
        As for :func:`tidydl.pipeline` and its calls.

    Returns
    -------
    pandas.DataFrame
        ``.row`` (counted from 0), ``text`` or ``image``, and ``dim_1`` … ``dim_k`` (float64). A missing input returns
        missing values. The index is that of a Series or data frame ``x``.

    Raises
    ------
    ArgumentError, ColumnError, NotFoundError, DamagedFileError, DeviceError, HubError, DependencyError
        As :func:`tidydl.pipeline` and its calls.

    References
    ----------
    Reimers, N. and Gurevych, I. (2019). Sentence-BERT: Sentence embeddings using Siamese BERT-networks.
    EMNLP.

    Examples
    --------
    >>> import tidydl
    >>> tidydl.embed(["a cat", "a kitten", None]).shape
    (3, 386)
    """
    arguments = {name: value for name, value in locals().items() if name not in ("progress", "unknown")}
    frame = run_work(embed_steps(**arguments, **unknown), progress=progress)
    warn_of_truncation(frame)
    return frame


def embed_steps(
    x: object = NOT_GIVEN,
    model: object = None,
    pooling: str = "mean",
    normalize: bool = True,
    *,
    text: object = None,
    image: object = None,
    max_length: object = None,
    batch_size: object = None,
    on_error: object = "raise",
    **loading: Any,
) -> Work[pd.DataFrame]:
    """Do the work of :func:`embed` as a generator of progress events that returns the frame."""
    check_choice("pooling", pooling, POOLINGS)
    check_flag("normalize", normalize)
    check_choice("on_error", on_error, ("raise", "row"))
    by_modality = {"text": text, "image": image}
    with arguments_of("embed"):
        modality, loaded = _open(model, loading, x, by_modality)
        part = Part(modality, modality)
        inputs = read_inputs(x, [part], _named(modality, by_modality), tolerant=on_error == "row")
    reader = modality_of(part)
    limit = None if max_length is None else whole_number("max_length", max_length)
    plan = BatchPlan(
        encode=partial(reader.encode, loaded, max_length=_sentence_limit(loaded) if limit is None else limit),
        forward=_forward(loaded, modality, pooling, normalize),
        padding=reader.padding(loaded),
        most=None if batch_size is None else whole_number("batch_size", batch_size),
        parallel=True,
    )
    with running(loaded):
        outcome = yield from compute(loaded, inputs, plan)
    contract = Contract((Column(ROW, "index"), part.column))
    frame = features_frame(contract, inputs, loaded, plan.forward, outcome)
    record = {"pooling": pooling, "normalize": normalize, "truncated": outcome.truncated}
    frame.attrs["tidydl"] = provenance("embed", loaded, **record)
    return frame if inputs.failures is None else with_errors(frame, inputs.failures)


def _forward(loaded: Loaded, modality: str, pooling: str, normalize: bool) -> Any:
    """Return the function that embeds a batch."""
    if not has_two_sides(loaded.config):
        return partial(_alone, loaded, modality, pooling, normalize)
    if pooling != "mean":
        raise ArgumentError(
            f"`pooling` is '{pooling}', but '{loaded.source}' embeds texts and images in one space in its own way.",
            allowed="No `pooling` with this model.",
        )
    return partial(projected, loaded.model, modality, normalize)


def _alone(loaded: Loaded, modality: str, pooling: str, normalize: bool, tensors: dict[str, Any]) -> np.ndarray:
    """Run an encoder on a batch; a model that needs further inputs is refused."""
    try:
        return pooled(loaded.model, pooling, normalize, tensors)
    except (AttributeError, TypeError, ValueError) as problem:
        if isinstance(problem, ArgumentError):
            raise
        raise ArgumentError(
            f"`model` is '{loaded.source}', which does not embed {modality}s alone: {first_line(problem)}",
            allowed="An encoder of texts or of images, or a model such as CLIP.",
        ) from problem


def _named(modality: str, by_modality: dict[str, Any]) -> dict[str, Any]:
    """Return the named inputs or column; naming one of the other modality is an error."""
    other = "image" if modality == "text" else "text"
    if by_modality[other] is not None:
        raise ArgumentError(
            f"`{other}` is given, but the model reads {modality}s.",
            allowed=f"`{modality} =` with this model.",
            hint=f"Give a `model` that reads {other}s.",
        )
    return {modality: by_modality[modality]}


def _open(model: object, arguments: Mapping[str, Any], x: object, by_modality: Mapping[str, Any]) -> tuple[str, Loaded]:
    """Load the encoder and return its modality; if it reads both texts and images, the inputs decide."""
    for name in arguments:
        if name not in LOADING:
            raise no_argument("embed", name, (*_ARGUMENTS, *LOADING))
    loading = {**LOADING, **arguments}
    encoder = _default_encoder() if model is None else model
    config = config_of(encoder, loading)
    modality = _modality(config, loading)
    if has_two_sides(config) and loading["tokenizer"] is None and loading["image_processor"] is None:
        modality = _modality_of_inputs(x, by_modality)
    return modality, open_model(_TASKS[modality], encoder, loading)[1]


def _default_encoder() -> Any:
    """Return the sentence encoder that works offline."""
    from tidydl.data.examples import example_model

    return example_model("minilm")


def _modality(config: PreTrainedConfig, loading: dict[str, Any]) -> str:
    """Return whether an encoder reads images or texts: by the given components, else by its type."""
    if loading["tokenizer"] is not None:
        return "text"
    if loading["image_processor"] is not None:
        return "image"
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    reads_images = config.model_type in IMAGE_PROCESSOR_MAPPING_NAMES
    return "image" if reads_images and config.model_type not in TOKENIZER_MAPPING_NAMES else "text"


def _modality_of_inputs(x: object, by_modality: Mapping[str, Any]) -> str:
    """Return the modality of inputs, as named, else guessed. Paths of images have to be named."""
    if x is NOT_GIVEN or by_modality["text"] is not None or by_modality["image"] is not None:
        return "text" if by_modality["image"] is None else "image"
    text, image = (modality_of(Part(name, name)) for name in ("text", "image"))
    if isinstance(x, pd.DataFrame):
        kinds = [
            {"text": text.column_fits(x.iloc[:, i]), "image": image.column_fits(x.iloc[:, i])}
            for i in range(x.shape[1])
        ]
        return "image" if any(each["image"] and not each["text"] for each in kinds) else "text"
    values = [x] if text.is_one(x) or image.is_one(x) or not isinstance(x, Iterable) else list(x)
    first = next((value for value in values if not is_missing(value)), "")
    return "text" if isinstance(first, str) else "image"


def _sentence_limit(loaded: Loaded) -> int | None:
    """Return the maximum length in tokens that a sentence encoder declares beside its weights, if any."""
    if loaded.asked is None:  # a model object of the user's own
        return None
    path = loaded.asked[0].source.folder() / "sentence_bert_config.json"
    if not path.is_file():
        return None
    limit = json.loads(path.read_text(encoding="utf-8")).get("max_seq_length")
    return limit if isinstance(limit, int) and limit > 0 else None
