"""Making a pipeline: of a task and a model."""

from __future__ import annotations

from typing import Any

from tidydl.boundaries import guarded
from tidydl.pipelines.legacy_arguments import as_current_loading_arguments
from tidydl.pipelines.options import DEFAULT
from tidydl.pipelines.runner import Pipeline
from tidydl.pipelines.task_resolution import LOADING, open_model

__all__ = ["pipeline"]


@guarded
def pipeline(
    task: str | None = None,
    model: Any = None,
    *,
    tokenizer: Any = None,
    image_processor: Any = None,
    feature_extractor: Any = None,
    processor: Any = None,
    revision: str | None = None,
    device: Any = "auto",
    dtype: Any = "float32",
    use_safetensors: bool = True,
    trust_remote_code: bool = False,
    token: str | None = None,
    top_k: Any = DEFAULT,
    **options: Any,
) -> Pipeline:
    """Build a pipeline: a task and a model that does it, ready to be called with data.

    Parameters
    ----------
    task
        The task, such as ``"text-classification"`` (or ``"sentiment-analysis"``), ``"object-detection"`` or
        ``"automatic-speech-recognition"``; :func:`tasks` lists them. Left out, it is read from the model: its config,
        or its tag on the Hub.
    model
        A folder, an id of the Hugging Face Hub, or a loaded model of transformers. Left out, the task's
        default, which the result names. A model that was loaded before in this session is taken again; see
        :func:`forget`.
    tokenizer, image_processor, feature_extractor, processor
        What reads the inputs, where it is not with the model: a folder, a Hub id or a loaded object.
    revision
        A branch, tag or commit of a model on the Hub.
    device
        ``"auto"`` (CUDA, else MPS, else the CPU), ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``. A model object
        stays where it is by default.
    dtype
        ``"float32"`` (the default: scores that agree everywhere, see the notes; convolutions on a card included),
        ``"float16"``, ``"bfloat16"`` or ``"float64"``.
    use_safetensors
        Whether weights are read from safetensors files only. Other files can hold harmful code: False only for files
        you trust.
    trust_remote_code
        Whether code that comes with a model may run. It needs the full commit hash, as ``revision``, of a version that
        you have read.
    token
        An access token of the Hub for a gated or private model, kept for this session only. Without it the one of
        ``hf auth login`` is used.
    top_k
        How many results an input gets, the best first; None for all. Each task has a default of its own.
    **options
        Options of the task, as for the call; ``tasks("object-detection")`` lists those of a task with their defaults
        and what each does. What earlier versions of transformers called them (``return_all_scores``,
        ``grouped_entities``, ``generate_kwargs`` …) is understood, or answered with what to write now.

        Of all tasks: ``batch_size`` (inputs a batch, at most); ``on_error``, ``"raise"`` or ``"row"`` (a failing input
        has missing values and its message in ``.error``); ``checkpoint``, a folder in which a long run is kept part by
        part, so that it goes on there after it was broken off: the run must be the same, by the contents of the model,
        of its tokenizer and of all inputs (of files too), and a second process waits until the first has ended. Of
        those that read texts: ``max_length`` (tokens) and ``long``, what to do with a text that is longer than the
        model reads: ``"truncate"`` (the end is left out, with a warning), ``"window"`` (windows of tokens slide over
        the text; ``stride`` tokens are shared by neighbours; classes get the mean of their scores, answers the best of
        all windows) or ``"error"``.

        Labels to choose from are the part ``candidate_labels``: a list for all inputs, or the column with a list in
        each row. For texts a model of natural language inference judges each by ``hypothesis_template``; a causal
        language model scores each label by its probability as the continuation of ``prompt``, such as ``"{text} It was
        {label}."``, and nothing that it writes is parsed.

        Table question answering: ``x`` is the table, a data frame, and ``query`` the questions about it.

        What is written (generation, summaries, translations, captions) follows ``seed`` where ``do_sample=True``, else
        one draw of tidydl's generator, so that :func:`set_seed` governs it. Each input has draws of its own, whatever
        shares its batch. A chat is a data frame, or a list of dicts, with ``role`` and ``content``; several chats in
        one frame are told apart by ``.row``. Of a prompt that is too long the end is kept.

    Returns
    -------
    Pipeline
        Call it with data; ``augment(ppl, data)`` joins the results to a data frame.

    Raises
    ------
    NotFoundError
        Where the task is not known (lists the known ones) or the model is not there.
    DamagedFileError
        Where a file of the model cannot be read; names it.
    ArgumentError
        Where the model does not fit the task, or an argument is wrong.
    DeviceError
        Where the device is not there.
    HubError
        Where the Hub does not answer and the model was not downloaded before.
    DependencyError
        Where torch, transformers or another library is missing.

    Notes
    -----
    In ``"float32"`` the labels are the same on every processor, with any number of threads and in batches of any size,
    and scores agree to 2e-6; labels whose scores are closer to each other than that may change places. Numbers of
    another size, such as logits and embeddings that are not normalized, agree to 2e-6 of the largest; what is found in
    images (objects, segments, masks, depths, labels of your own) agrees to 1e-5, matched keypoints to 3e-5, and
    zero-shot labels of which several can be right to 5e-6. A graphics card agrees with the processor to 1e-4.

    Examples
    --------
    >>> import tidydl
    >>> ppl = tidydl.pipeline("text-classification", model=tidydl.example_model("emotion"))
    >>> ppl(["I could sing all day.", "I miss her."])["label"].tolist()
    ['joy', 'sadness']
    """
    said = {name: value for name, value in locals().items() if name in LOADING}
    loading = {**said, **as_current_loading_arguments(options)}
    known, loaded, note = open_model(task, model, loading)
    if not (isinstance(top_k, str) and top_k == DEFAULT):
        options["top_k"] = top_k
    return Pipeline(known, loaded, options, note)
