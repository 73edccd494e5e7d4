"""``pipeline()``: a pipeline from a task and a model."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tidydl.boundaries import guarded
from tidydl.pipelines.legacy_arguments import as_current_loading_arguments
from tidydl.pipelines.options import DEFAULT
from tidydl.pipelines.runner import Pipeline
from tidydl.pipelines.task_resolution import LOADING, open_model

if TYPE_CHECKING:
    import torch
    from transformers import FeatureExtractionMixin, PreTrainedModel, PreTrainedTokenizerBase, ProcessorMixin
    from transformers.image_processing_utils import BaseImageProcessor


@guarded
def pipeline(
    task: str | None = None,
    model: str | os.PathLike[str] | PreTrainedModel | None = None,
    *,
    tokenizer: str | os.PathLike[str] | PreTrainedTokenizerBase | None = None,
    image_processor: str | os.PathLike[str] | BaseImageProcessor | None = None,
    feature_extractor: str | os.PathLike[str] | FeatureExtractionMixin | None = None,
    processor: str | os.PathLike[str] | ProcessorMixin | None = None,
    revision: str | None = None,
    device: str | int | torch.device | None = "auto",
    dtype: str | torch.dtype = "float32",
    use_safetensors: bool = True,
    trust_remote_code: bool = False,
    token: str | None = None,
    top_k: int | str | None = DEFAULT,
    **options: Any,
) -> Pipeline:
    """Create a pipeline: a task and a model that performs it, ready to be called with data.

    Parameters
    ----------
    task
        The task, such as ``"text-classification"`` (or ``"sentiment-analysis"``), ``"object-detection"`` or
        ``"automatic-speech-recognition"``; :func:`tasks` lists them. If omitted, it is inferred from the model: its
        config, or its tag on the Hub.
    model
        A local folder, a model id on the Hugging Face Hub, or a loaded transformers model. If omitted, the task's
        default model, which the result names. A model already loaded in this session is reused; see :func:`forget`.
    tokenizer, image_processor, feature_extractor, processor
        The preprocessor, if it is not stored with the model: a folder, a Hub id or a loaded object.
    revision
        A branch, tag or commit of a model on the Hub.
    device
        ``"auto"`` (CUDA, else MPS, else the CPU), ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``. By default a model
        object stays on its device.
    dtype
        ``"float32"`` (the default: reproducible scores, see the notes; also in convolutions on a GPU), ``"float16"``,
        ``"bfloat16"`` or ``"float64"``.
    use_safetensors
        Whether weights are loaded from safetensors files only. Other formats can contain malicious code: use False only
        for files you trust.
    trust_remote_code
        Whether to run custom code that comes with a model. It requires the full commit hash, as ``revision``, of a
        version that you have reviewed.
    token
        A Hub access token for a gated or private model, kept for this session only. By default the token of ``hf auth
        login`` is used.
    top_k
        Number of results per input, best first; None for all. Each task has its own default.
    **options
        Options of the task, as in a call; ``tasks("object-detection")`` lists those of a task with their defaults and
        descriptions. Legacy arguments of transformers (``return_all_scores``, ``grouped_entities``, ``generate_kwargs``
        …) are accepted, or rejected with an error that names the replacement.

        All tasks: ``batch_size`` (maximum number of inputs per batch); ``on_error``, ``"raise"`` or ``"row"`` (a
        failing input has missing values and its message in ``.error``); ``checkpoint``, a folder where the finished
        parts of a long run are saved, so that the run can resume after an interruption: the run must be the same, as
        judged by the contents of the model, of its tokenizer and of all inputs (including files), and a second process
        waits until the first has finished. Text tasks: ``max_length`` (tokens) and ``long``, how to handle a text that
        exceeds the model's maximum length: ``"truncate"`` (the rest is cut off, on the side that the tokenizer
        truncates, with a warning), ``"window"`` (a sliding window of tokens; adjacent windows overlap by ``stride``
        tokens; class scores are averaged over the windows, for answers the best window is used) or ``"error"``.

        Zero-shot tasks take ``candidate_labels``: a list for all inputs, or a column with a list in each row. For
        texts, a natural language inference (NLI) model scores each label with ``hypothesis_template``; a causal
        language model scores each label by its probability as the continuation of ``prompt``, such as ``"{text} It was
        {label}."``, so that no generated text is parsed.

        Table question answering: ``x`` is the table, a data frame, and ``query`` the questions about it.

        Text generation (including summaries, translations and captions) with ``do_sample=True`` is seeded by ``seed``,
        by default by one draw from tidydl's random number generator, so that it follows :func:`set_seed`. Each input
        has its own random numbers, independent of its batch. A chat is a data frame, or a list of dicts, with ``role``
        and ``content``; several chats in one frame are distinguished by ``.row``. A prompt that is too long is
        truncated from the left.

    Returns
    -------
    Pipeline
        Call it with data; ``augment(ppl, data)`` joins the results to a data frame.

    Raises
    ------
    NotFoundError
        If the task is unknown (the message lists the known ones) or the model does not exist.
    DamagedFileError
        If a file of the model cannot be read; the message names it.
    ArgumentError
        If the model does not support the task, or an argument is invalid.
    DeviceError
        If the device is not available.
    HubError
        If the Hub does not respond and the model has not been downloaded before.
    DependencyError
        If torch, transformers or another library is missing.

    Notes
    -----
    In ``"float32"`` the labels are the same on every processor, with any number of threads and in batches of any size,
    and scores agree to 2e-6; labels whose scores are closer than that may swap ranks. Values on another scale, such as
    logits and unnormalized embeddings, agree to 2e-6 of the largest value; results for images (objects, segments,
    masks, depths, candidate labels) agree to 1e-5, matched keypoints to 3e-5, and zero-shot scores to 5e-6.
    GPU and CPU agree to 1e-4.

    Examples
    --------
    >>> import tidydl
    >>> ppl = tidydl.pipeline("text-classification", model=tidydl.example_model("emotion"))
    >>> ppl(["I could sing all day.", "I miss her."])["label"].tolist()
    ['joy', 'sadness']
    """
    named = {name: value for name, value in locals().items() if name in LOADING}
    loading = {**named, **as_current_loading_arguments(options)}
    resolved, loaded, note = open_model(task, model, loading)
    if not (isinstance(top_k, str) and top_k == DEFAULT):
        options["top_k"] = top_k
    return Pipeline(resolved, loaded, options, note)
