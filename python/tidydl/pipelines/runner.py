"""Pipelines: a model and what it needs, called with data, giving tidy frames."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import ROW
from tidydl.errors import ArgumentError, ColumnError
from tidydl.pipelines.inputs import read_inputs
from tidydl.pipelines.loading import Loaded
from tidydl.pipelines.opening import open_model, take_older_names
from tidydl.pipelines.options import DEFAULT, Options, read_options
from tidydl.pipelines.predictions import widen
from tidydl.pipelines.registry import Task
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
        self._family = importlib.import_module(f"tidydl.pipelines.{task.family}")
        self._facts = self._family.facts(loaded)

    @property
    def task(self) -> str:
        """The name of the task."""
        return self._task.name

    @property
    def parts(self) -> list[str]:
        """The names of the parts of an input: ``["text"]`` or ``["image"]``."""
        return [part.name for part in self._task.parts]

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
        """Describe the pipeline in plain data: task, model, revision, dtype, device, top_k and labels."""
        return {
            "task": self.task,
            "model": self._loaded.source,
            "revision": self._loaded.revision,
            "dtype": self._loaded.dtype,
            "device": self._loaded.device,
            "top_k": self._options.top_k,
            **self._facts,
            **self._note,
        }

    def __call__(self, x: Any, *, progress: bool | None = None, **given: Any) -> pd.DataFrame:
        """Run the pipeline over inputs.

        Parameters
        ----------
        x
            One input, a list, Series or array of them, or a data frame.
        progress
            True or False to force a progress bar on stderr; None shows it where somebody looks.
        **given
            ``text=`` or ``image=`` name the column of a data frame. ``top_k`` (how many labels, None for all;
            ``return_all_scores=True`` means the same), ``function_to_apply`` (``"softmax"``, ``"sigmoid"``,
            ``"none"``), ``max_length`` (tokens) and ``batch_size`` (inputs a batch, at most) replace what the
            pipeline was made with.

        Returns
        -------
        pandas.DataFrame
            ``.row`` (which input, counted from 0), ``text`` or ``image``, ``rank`` where ``top_k`` is not 1
            (1 is the best), ``label`` (categorical, with all labels of the model) and ``score``. A missing
            input gives one line of missing values. The index is that of a Series or data frame ``x``.

        Raises
        ------
        ArgumentError, ColumnError, DamagedFileError, NotFoundError
            Where an input is of the wrong type or cannot be read; says which.
        """
        frame = run_work(self.steps(x, **given), progress=progress)
        warn_of_truncation(frame)
        return frame

    def steps(self, x: Any, **given: Any) -> Work[pd.DataFrame]:
        """Run the pipeline as a generator of progress events, one batch a step; it returns the frame."""
        parts = {part.name: given.pop(part.name, None) for part in self._task.parts}
        options = read_options(given, self._options, default_top_k=self._task.top_k)
        inputs = read_inputs(x, self._task.parts, parts)
        return (yield from self._family.run(self._task, self._loaded, inputs, options, self._note))

    def __repr__(self) -> str:
        labels = self.labels or []
        listed = ", ".join(labels[:6]) + (", …" if len(labels) > 6 else "")
        return "\n".join(
            [
                f"<tidydl pipeline: {self.task}>",
                f"  model   {self._loaded.source}",
                f"  device  {self.device} ({self._loaded.dtype})",
                f"  labels  {len(labels)}: {listed}",
            ]
        )


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
        The task, such as ``"text-classification"`` (or ``"sentiment-analysis"``) or
        ``"image-classification"``; see :func:`tasks`. Left out, it is read from the model.
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
        ``return_all_scores``, ``function_to_apply``, ``max_length`` and ``batch_size``, as for the call.

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
    base = read_options({"top_k": top_k, **options}, Options(top_k=known.top_k), default_top_k=known.top_k)
    return Pipeline(known, loaded, base, note)


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
    nothing = yield from x.steps(data.iloc[:0], **given)  # a clash is found before the work, not after
    _refuse_clash(_new_columns(x, nothing, prefix).columns, data)
    result = yield from x.steps(data, **given)
    new = _new_columns(x, result, prefix)
    joined = pd.concat([data.reset_index(drop=True), new.reset_index(drop=True)], axis=1)
    joined.index = data.index
    joined.attrs = {**data.attrs, "tidydl": result.attrs["tidydl"]}
    return joined


def _new_columns(x: Pipeline, result: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """Give what a result adds to the data, one row per input."""
    wide = widen(result)
    new = wide.drop(columns=[ROW, *x.parts])
    return new.rename(columns=lambda name: f"{prefix}{name}")


def _refuse_clash(names: Iterable[str], data: pd.DataFrame) -> None:
    for name in names:
        if name in data.columns:
            raise ColumnError(
                f"`data` has a column `{name}` already.",
                allowed="New columns with names of their own.",
                hint='Keep both by `prefix = "model_"`, or rename the column.',
            )
