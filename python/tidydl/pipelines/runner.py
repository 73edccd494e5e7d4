"""Pipelines: a model and what it needs, called with data, giving tidy frames."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import ROW
from tidydl.errors import ArgumentError, ColumnError
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import NOT_GIVEN, read_inputs
from tidydl.pipelines.loading import Loaded
from tidydl.pipelines.opening import open_model, take_older_names
from tidydl.pipelines.options import DEFAULT, Options, read_options
from tidydl.pipelines.predictions import widen
from tidydl.progress import Work
from tidydl.progress import run as run_work
from tidydl.verbs import augment

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Pipeline", "pipeline", "warn_of_truncation"]


class Pipeline:
    """A task and a loaded model, made by :func:`pipeline`; call it with data to get a tidy frame."""

    def __init__(self, task: Task, loaded: Loaded, options: Options, note: dict[str, Any] | None = None):
        self._task = task
        self._loaded = loaded
        self._options = options
        self._note = note or {}
        self._family = importlib.import_module(f"tidydl.pipelines.families.{task.family}")
        self._facts = self._family.facts(loaded)

    @property
    def task(self) -> str:
        """The name of the task."""
        return self._task.name

    @property
    def parts(self) -> list[str]:
        """The names of the parts of an input, such as ``["text"]`` or ``["question", "context"]``."""
        return [part.name for part in self._task.parts]

    @property
    def spans(self) -> bool:
        """Whether an input has any number of results, a line each."""
        return self._task.spans

    @property
    def model(self) -> Any:
        """The model of transformers that does the work."""
        return self._loaded.model

    @property
    def device(self) -> str:
        """The device really used."""
        return self._loaded.device

    @property
    def labels(self) -> list[str] | None:
        """The labels of a classifier, in the order of its outputs."""
        return self._facts.get("labels")

    def facts(self) -> dict[str, Any]:
        """Describe the pipeline in plain data: task, model, revision, dtype, device, parts, top_k and labels."""
        return {
            "task": self.task,
            "model": self._loaded.source,
            "revision": self._loaded.revision,
            "dtype": self._loaded.dtype,
            "device": self._loaded.device,
            "parts": self.parts,
            "reads_columns": all(part.modality != "table" for part in self._task.parts),
            "shared": [part.name for part in self._task.parts if part.shared],
            "top_k": self._options.get("top_k"),
            **self._facts,
            **self._note,
        }

    def __call__(self, x: Any = NOT_GIVEN, *, progress: bool | None = None, **given: Any) -> pd.DataFrame:
        """Run the pipeline over inputs.

        Parameters
        ----------
        x
            One input, a list, Series or array of them, or a data frame. Left out, the parts are given by name:
            ``qa(question="Who?", context=texts)``, one value for each input or one for all. An input of several
            parts is also a dict or a tuple of them.
        progress
            True or False to force a progress bar on stderr; None shows it where somebody looks.
        **given
            The parts of the inputs (``text=``, ``image=``, ``question=`` …) name the columns of a data frame.
            All else are options of the task: they replace what the pipeline was made with. See :func:`pipeline`.

        Returns
        -------
        pandas.DataFrame
            ``.row`` (which input, counted from 0), the parts of the input, and the columns of the task that
            :func:`tasks` lists: for a classifier ``rank`` where ``top_k`` is not 1 (1 is the best), ``label``
            (categorical, with all labels of the model) and ``score``; for entities a line each, and none for a
            text without any. A missing input gives one line of missing values. Characters are counted from 0,
            and ``end`` is the first that no longer belongs. The index is that of a Series or data frame ``x``.

        Raises
        ------
        ArgumentError, ColumnError, DamagedFileError, NotFoundError
            Where an input is of the wrong type or cannot be read; says which.
        """
        frame = run_work(self.steps(x, **given), progress=progress)
        warn_of_truncation(frame)
        return frame

    def steps(self, x: Any = NOT_GIVEN, **given: Any) -> Work[pd.DataFrame]:
        """Run the pipeline as a generator of progress events, one batch a step; it returns the frame."""
        parts = {part.name: given.pop(part.name, None) for part in self._task.parts}
        options = read_options(self._task, given, self._options)
        inputs = read_inputs(x, self._task.parts, parts)
        return (yield from self._family.run(self._task, self._loaded, inputs, options, self._note))

    def counted(self, names: Iterable[str], prefix: str = "") -> tuple[str, ...]:
        """Name the columns that count from 0, besides ``.row``, among those of a result or of its wide form."""
        base = {f"{prefix}{each.name}" for each in self._task.columns.columns if each.kind == "position"}
        return tuple(name for name in names if name in base or _unranked(name) in base)

    @property
    def lists(self) -> tuple[str, ...]:
        """The columns of a result that are list columns."""
        return tuple(column.name for column in self._task.columns.columns if column.kind == "list")

    def __repr__(self) -> str:
        lines = [
            f"<tidydl pipeline: {self.task}>",
            f"  model   {self._loaded.source}",
            f"  device  {self.device} ({self._loaded.dtype})",
        ]
        labels = self.labels
        if labels is not None:
            listed = ", ".join(labels[:6]) + (", …" if len(labels) > 6 else "")
            lines.append(f"  labels  {len(labels)}: {listed}")
        return "\n".join(lines)


def pipeline(
    task: str | None = None,
    model: Any = None,
    *,
    tokenizer: Any = None,
    image_processor: Any = None,
    revision: str | None = None,
    device: Any = "auto",
    dtype: Any = "float32",
    top_k: Any = DEFAULT,
    **options: Any,
) -> Pipeline:
    """Make a pipeline: a task and a model that does it, ready to be called with data.

    Parameters
    ----------
    task
        The task, such as ``"text-classification"`` (or ``"sentiment-analysis"``), ``"token-classification"`` (or
        ``"ner"``) or ``"image-classification"``; see :func:`tasks`. Left out, it is read from the model.
    model
        A folder, an id of the Hugging Face Hub, or a loaded model of transformers. Left out, the task's
        default, which the result names. Weights are read from safetensors only; code that comes with a
        model is never run.
    tokenizer, image_processor
        Where it is not with the model: a folder, a Hub id or a loaded object.
    revision
        A branch, tag or commit of a model on the Hub.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``. A model object stays where it is by
        default.
    dtype
        ``"float32"`` (the default: equal numbers everywhere), ``"float16"``, ``"bfloat16"`` or ``"float64"``.
    top_k
        How many labels each input gets, the best first; None for all. By default 1 for texts and 5 for
        images.
    **options
        Options of the task, as for the call. All tasks take ``batch_size`` (inputs a batch, at most), those that
        read texts ``max_length`` (tokens) and ``long``: what to do with a text that is longer than the model reads,
        ``"truncate"`` (the end is left out, with a warning), ``"window"`` (windows of tokens slide over the text;
        ``stride`` tokens are shared by neighbours) or ``"error"``.

        Classification: ``top_k``; ``return_all_scores=True`` means ``top_k=None``; ``function_to_apply``
        (``"softmax"``, ``"sigmoid"``, ``"none"``). Over windows the scores are averaged. The second text of a pair
        is the part ``text_pair``.

        Token classification: ``aggregation_strategy`` (``"none"``: token by token; ``"simple"``: neighbours of one
        kind together; ``"first"``, ``"average"``, ``"max"``: whole words, with the label of their first token, of
        the mean of their scores, of their surest token), of older code ``grouped_entities``; ``ignore_labels``.

        Filling masks: ``top_k`` (5), ``targets`` (words to choose from). ``mask`` says which of the masks of a text
        a line is about.

        Feature extraction: ``pooling`` (``"mean"``, ``"cls"``, ``"max"``, or ``"none"`` for a line per token),
        ``normalize``. Over windows the pooled numbers are averaged.

        Zero-shot classification: ``candidate_labels`` (a list for all texts, or the column with a list in each
        row), ``top_k``. A model of natural language inference also takes ``hypothesis_template`` and
        ``multi_label``. A causal language model scores each label by its probability as the continuation of
        ``prompt``, such as ``"{text} It was {label}."``; scores add up to 1 over the labels, and nothing is parsed.
        With ``per_token=True`` labels are compared by the mean log probability of their tokens, so that long ones
        are not less likely for being long.

        Question answering: ``top_k`` (1), ``max_answer_len`` (15 tokens), ``handle_impossible_answer`` (the answer
        can be ``""``), ``align_to_words``. Contexts are read in windows of ``max_length`` tokens (384, the question
        included; ``max_seq_len`` in older code) that share ``stride`` (128, ``doc_stride``); the best answer of all
        windows wins.

        Table question answering: ``x`` is the table, a data frame, and ``query`` the questions about it. ``cells``
        holds the cells of the answer, a list each, ``aggregator`` what is to be done with them.

        Generation (text-generation, text2text-generation, summarization, translation): ``max_new_tokens``,
        ``num_return_sequences``, ``num_beams``, ``min_new_tokens``, ``repetition_penalty``,
        ``no_repeat_ngram_size``, ``length_penalty``, ``early_stopping``, ``min_length``, ``max_length``,
        ``prefix``. With ``do_sample=True`` tokens are drawn at random (by ``temperature``, ``top_k``, ``top_p``),
        from ``seed``, else from one draw of tidydl's generator, so that :func:`set_seed` governs them; otherwise the
        likeliest is taken, unless the model's own settings say that it draws. ``return_full_text=False`` leaves the
        prompt out. A chat is a data frame, or a list of dicts, with ``role`` and ``content``; several chats in one
        frame are told apart by ``.row``. Of a prompt that is too long the end is kept. ``src_lang`` and ``tgt_lang``
        are for models that know several languages; as a task ``"translation_en_to_fr"`` says both.

    Returns
    -------
    Pipeline
        Call it with data; its ``augment()`` joins the results to a data frame.

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
        Where torch or transformers is missing.

    Examples
    --------
    >>> import tidydl
    >>> ppl = tidydl.pipeline("text-classification", model=tidydl.example_model("emotion"))  # doctest: +SKIP
    >>> ppl(["I could sing all day.", "It is raining again."])[["text", "label"]]  # doctest: +SKIP
    """
    given = {"tokenizer": tokenizer, "image_processor": image_processor}
    known, loaded, note = open_model(
        task, model, revision=revision, device=device, dtype=dtype, **take_older_names(options, given)
    )
    if not (isinstance(top_k, str) and top_k == DEFAULT):
        options["top_k"] = top_k
    return Pipeline(known, loaded, read_options(known, options), note)


def _unranked(name: str) -> str:
    """Give the name of a column without what tells ranks apart: ``start`` of ``start.1``."""
    base, _, rank = name.rpartition(".")
    return base if rank.isdigit() else name


def warn_of_truncation(frame: pd.DataFrame, *, stacklevel: int = 3) -> None:
    """Warn once a call of texts that were too long for the model, by default at the caller's caller."""
    cut = frame.attrs.get("tidydl", {}).get("truncated", 0)
    if cut:
        warnings.warn(
            f"{cut} text{'s were' if cut > 1 else ' was'} longer than the model reads; the end was left out.",
            UserWarning,
            stacklevel=stacklevel,
        )


@augment.register(Pipeline)
def _augment(x: Pipeline, data: Any, *, prefix: str = "", progress: bool | None = None, **given: Any) -> pd.DataFrame:
    """Join a pipeline's results to the data: its rows stay one to one, ranks are spread wide.

    Parameters
    ----------
    x
        The pipeline.
    data
        A data frame with the inputs in a column: ``text="tweet"`` names it.
    prefix
        Put before the names of the new columns, to keep two pipelines apart.
    progress, **given
        As in a call of the pipeline.

    Raises
    ------
    ColumnError
        Where the data have a column of the same name already.
    """
    frame = run_work(augment_steps(x, data, prefix=prefix, **given), progress=progress)
    warn_of_truncation(frame)
    return frame


def augment_steps(x: Pipeline, data: Any, *, prefix: str = "", **given: Any) -> Work[pd.DataFrame]:
    """Do the work of ``augment()`` as a generator of progress events that returns the frame."""
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(
            f"`data` is {described(data)}.",
            allowed="A data frame.",
            hint="A list is given to the pipeline itself.",
        )
    if x.spans:
        raise ArgumentError(
            f"`x` does '{x.task}', which finds any number of results in an input.",
            allowed="Pipelines with one result per input, or ranked ones.",
            hint="Call the pipeline on the data: its long form has a line per result, and `.row` says of which row.",
        )
    nothing = yield from x.steps(data.iloc[:0], **given)  # a clash is found before the work, not after
    _refuse_clash(_new_columns(x, nothing, prefix).columns, data)
    result = yield from x.steps(data, **given)
    new = _new_columns(x, result, prefix)
    _refuse_clash(new.columns, data)  # where each row has labels of its own, only now are the ranks known
    joined = pd.concat([data.reset_index(drop=True), new.reset_index(drop=True)], axis=1)
    joined.index = data.index
    joined.attrs = {**data.attrs, "tidydl": result.attrs["tidydl"]}
    return joined


def _new_columns(x: Pipeline, result: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """Give what a result adds to the data, one row per input."""
    wide = widen(result)
    new = wide.drop(columns=[name for name in (ROW, *x.parts, "mask") if name in wide.columns])
    return new.rename(columns=lambda name: f"{prefix}{name}")


def _refuse_clash(names: Iterable[str], data: pd.DataFrame) -> None:
    for name in names:
        if name in data.columns:
            raise ColumnError(
                f"`data` has a column `{name}` already.",
                allowed="New columns with names of their own.",
                hint='Keep both by `prefix = "model_"`, or rename the column.',
            )
