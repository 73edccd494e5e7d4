"""Pipelines as courses know them: transformers' lists of dictionaries, computed in batches."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from tidydl.boundaries import arguments_of, guarded
from tidydl.pipelines.components import READERS
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import is_missing
from tidydl.pipelines.predictions import provenance
from tidydl.pipelines.reading import texts
from tidydl.pipelines.runner import Pipeline
from tidydl.pipelines.running.drawing import begin_of_draws, seeded
from tidydl.pipelines.running_errors import running
from tidydl.pipelines.streams import warn_of_cut, warn_of_truncation
from tidydl.pipelines.task_resolution import LOADING, open_model
from tidydl.progress import run
from tidydl.workshop.arguments import refuse_tensorflow, with_whole_numbers
from tidydl.workshop.course_calls import CourseCall, current_options, read_call
from tidydl.workshop.course_inputs import (
    by_position,
    check_input,
    check_inputs,
    has_parts,
    is_chat,
    no_input,
    one_by_one,
    streams,
)
from tidydl.workshop.course_results import Origin, tidy_frame, with_origin
from tidydl.workshop.generation_defaults import GENERATING, generation_options, plain_generation_options
from tidydl.workshop.known_names import refuse_unknown
from tidydl.workshop.task_outputs import OUTPUTS, Output, missing_result, results_of

if TYPE_CHECKING:
    import os

    import pandas as pd
    from transformers import PreTrainedModel

# Tasks that transformers 5 no longer has.
DROPPED = (
    *("question-answering", "summarization", "translation", "text2text-generation"),
    *("image-to-text", "visual-question-answering", "image-to-image"),
)
_RENAMED = {"torch_dtype": "dtype", "use_auth_token": "token"}
_IDLE = ("use_fast", "device_map", "framework", "model_kwargs")
_SPECIAL = 8  # special tokens around a text, at most
_NO_LIMIT = 1_000_000  # what tokenizers write where they know of no longest text is larger


@guarded
def pipeline(
    task: str | None = None,
    model: str | os.PathLike[str] | PreTrainedModel | None = None,
    **arguments: Any,
) -> CoursePipeline:
    """Create a pipeline that returns what pipelines of transformers 4 returned.

    Parameters
    ----------
    task
        The task; those that transformers 5 dropped, such as ``"question-answering"`` or ``"summarization"``, are there.
        If omitted, it is inferred from the model.
    model
        A local folder, a model id on the Hugging Face Hub, or a loaded model. If omitted, the task's default model.
    **arguments
        The other arguments of ``transformers.pipeline()``, those of earlier versions included: ``tokenizer``,
        ``image_processor``, ``device``, ``torch_dtype``, ``return_all_scores``, ``grouped_entities`` and so on, and
        options for all calls.

    Returns
    -------
    CoursePipeline
        Call it with one input or a list of them.

    Raises
    ------
    NotFoundError, ArgumentError, DamagedFileError, HubError, DependencyError
        As :func:`tidydl.pipeline` raises them.

    Examples
    --------
    >>> import tidydl
    >>> from tidydl.workshop import transformers
    >>> ppl = transformers.pipeline("text-classification", model=tidydl.example_model("emotion"))
    >>> ppl("I could sing all day.")[0]["label"]
    'joy'
    """
    loading, options = _apart(with_whole_numbers(arguments))
    resolved, loaded, note = open_model(task, model, loading)
    return CoursePipeline(resolved, loaded, options, note)


def _apart(arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell arguments about what is loaded from options, in the words of today."""
    refuse_tensorflow("framework", arguments.get("framework"))
    current = {**(arguments.get("model_kwargs") or {}), **arguments}
    current = {_RENAMED.get(name, name): value for name, value in current.items() if name not in _IDLE}
    loading = {name: current.pop(name, default) for name, default in LOADING.items()}
    loading["dtype"] = "float32" if loading["dtype"] in (None, "auto") else loading["dtype"]
    return loading, current


class CoursePipeline:
    """A pipeline that returns transformers' lists of dictionaries; created by ``transformers.pipeline()``.

    One input takes the way through transformers' own pipeline, several take that through our batches.
    """

    def __init__(self, task: Task, loaded: Loaded, options: Mapping[str, Any], note: dict[str, Any]):
        self._task = task
        self._loaded = loaded
        self._options = dict(options)
        self._output = OUTPUTS.get(task.name)
        self._note = note
        self._is_own = loaded.asked is None  # a loaded model was given
        self.tidy = Pipeline(task, loaded, {}, note)

    @property
    def task(self) -> str:
        """The name of the task."""
        return self._task.name

    @property
    def model(self) -> Any:
        """The model of transformers that does the work: this pipeline's alone, from when it is asked for."""
        return self._own().model

    @property
    def may_draw(self) -> bool:
        """Whether calls may draw random numbers: they take a ``seed``, by default a draw of tidydl's generator."""
        return self.task in GENERATING

    @cached_property
    def plain(self) -> Any:
        """The pipeline of transformers with the same model; a task that was dropped has none."""
        transformers: Any = importlib.import_module("transformers")
        parts = {name: getattr(self._loaded, name) for name in ("tokenizer", "image_processor", "feature_extractor")}
        parts["processor"] = self._loaded.components.get("processor")
        readers = {name: part for name, part in parts.items() if part is not None}
        model = self._loaded.model
        return transformers.pipeline(self.task, model=model, device=model.device, **readers)

    def _own(self) -> Loaded:
        """Return the model and what reads its inputs, which no other pipeline has: whoever asks may change them."""
        if not self._is_own:
            self._take(_copied(self._loaded))
        return self._loaded

    def _take(self, loaded: Loaded) -> None:
        self._loaded, self._is_own = loaded, True
        self.tidy = Pipeline(self._task, loaded, {}, self._note)
        self.__dict__.pop("plain", None)

    def __deepcopy__(self, memo: dict[int, Any]) -> CoursePipeline:
        copied = copy.copy(self)
        if self._is_own:
            copied._take(_copied(self._loaded))
        return copied

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("tidy", "plain"):  # not there yet, as in a copy that is being made
            raise AttributeError(name)
        loaded = self._own() if name in (*READERS, "generation_config") else self._loaded
        return getattr(loaded if self.task in DROPPED else self.plain, name)

    def __getstate__(self) -> dict[str, Any]:  # copies and other processes make the plain pipeline again
        return {name: value for name, value in self.__dict__.items() if name != "plain"}

    def __repr__(self) -> str:
        return repr(self.tidy)

    def __call__(self, *inputs: Any, **arguments: Any) -> Any:
        """Run the pipeline over one input or a list of them.

        Parameters
        ----------
        *inputs
            One input, or a list, a Series or an array of them. Of tasks with several parts the parts are given by name.
        **arguments
            The parts of the inputs and options, with the names of any version of transformers.

        Returns
        -------
        CourseResult, CourseRecord, or what else transformers returns
            The lists of dictionaries that transformers 4 returned. A missing input has missing values.

        Raises
        ------
        ArgumentError, DataError
            If an input or an option is invalid.
        """
        with arguments_of("pipeline"), running(self._loaded):
            inputs, arguments = by_position(self._task, inputs, with_whole_numbers(arguments), renamed=False)
            if self._is_own:  # labels and settings are those that the model has by now
                self._take(self._loaded)
            if self._output is None or (inputs and streams(inputs[0])):
                return self._others(inputs, arguments)
            call = read_call(self._task, inputs, arguments, self._options)
            self._check_options(call.options)
            return self._many(call, self._output) if call.is_several else self._one(call, self._output)

    def _check_options(self, options: Mapping[str, Any]) -> None:
        refuse_unknown(self._task, options, None if self.task in DROPPED else lambda: self.plain)

    def _others(self, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        """Run what is transformers' alone: streams of inputs, and tasks whose results are left as they are."""
        if inputs:
            first = check_inputs(self._task, inputs[0])
            inputs = (list(first) if isinstance(first, list) else first, *inputs[1:])  # which the caller may change
        check_input(self._task, {name: each for name, each in arguments.items() if name not in self._task.options})
        options = current_options({**self._options, **arguments})
        self._check_options(options)
        if not inputs and not has_parts(self._task, options):
            raise no_input(self._task, arguments)
        if len(inputs) == 1 and is_missing(inputs[0]):
            return []
        if self.task in DROPPED:  # of which transformers has no pipeline that reads streams
            return (self(each, **arguments) for each in one_by_one(inputs[0]))
        result = self.plain(*inputs, **options)
        several = bool(inputs) and isinstance(inputs[0], (list, tuple))
        origin = Origin(
            task=self.task,
            inputs=inputs[0] if len(inputs) == 1 else inputs,
            by_input=result if several else [result],
            frame=partial(self.tidy, *inputs, **options),
        )
        return with_origin(result, origin)

    def _one(self, call: CourseCall, output: Output) -> Any:
        frame = None
        if is_missing(call.x):
            result = missing_result(output)
        elif self._takes_batches(call, call.x):
            (result,), frame = self._batched([call.x], call, output)
        else:
            result = self._plain(call.x, call)
        shown = call.nest(result)
        if self.task == "text-classification" and isinstance(call.x, Mapping) and not call.ranked:
            shown = result[0]
        return with_origin(shown, self._origin(call, [result], frame))

    def _many(self, call: CourseCall, output: Output) -> Any:
        frame = None
        if self._takes_batches(call, None) or (output.batched and call.fits_batches()):
            results, frame = self._batched(call.x, call, output)
        else:
            results = []
            for each in call.x:  # one after the other, at the depth in which warnings count
                results.append(missing_result(output) if is_missing(each) else self._plain(each, call))
        origin = self._origin(call, results, frame)
        if output.alone and len(results) == 1:
            return with_origin(results[0], origin)
        flat = output.single and not call.ranked and all(len(each) == 1 for each in results)
        return with_origin([each[0] for each in results] if flat else results, origin)

    def _takes_batches(self, call: CourseCall, x: Any) -> bool:
        """Return whether one input goes through our batches too, as transformers' own pipeline would do otherwise."""
        if self.task in DROPPED:
            return True
        if self.task == "text-generation":
            return call.fits_generation()
        return self._task.reads != "text" and (isinstance(x, Mapping) or hasattr(x, "pixels"))

    def _plain(self, x: Any, call: CourseCall) -> Any:
        """Run one input through transformers' own pipeline."""
        if self._task.reads == "text" and not isinstance(x, (str, Mapping)) and not is_chat(x):
            texts.read(x, "The input")  # says what it is instead
        options = dict(call.options)
        if self.task == "text-generation":  # with options that only generate() knows
            options = plain_generation_options(self._task, self._loaded, options, x)
            with seeded(str(begin_of_draws(options.pop("seed", None), None)), self._loaded.device):
                return self.plain(x, **options)
        if self.task == "text-classification" and self._may_be_long(x):
            if "truncation" not in options and self._is_long(x):
                warn_of_cut(1, self.task, stacklevel=4)  # at the line that calls the pipeline
            options.setdefault("truncation", True)  # as our batches do
        result = self.plain(x, **options)
        return call.sorted(
            [result] if isinstance(result, dict) and not self._is_record() else result, self._loaded.model
        )

    def _may_be_long(self, x: Any) -> bool:
        """Return whether a text may have more tokens than the model reads: of ASCII each is a character at least."""
        most = getattr(self._loaded.tokenizer, "model_max_length", _NO_LIMIT)
        return most < _NO_LIMIT and not (isinstance(x, str) and len(x) < most - _SPECIAL and x.isascii())

    def _is_long(self, x: Any) -> bool:
        """Return whether a text has more tokens than the model reads."""
        parts = x if isinstance(x, Mapping) else {"text": x}
        return (
            len(self._loaded.tokenizer(**parts, verbose=False)["input_ids"]) > self._loaded.tokenizer.model_max_length
        )

    def _is_record(self) -> bool:
        return self._output is not None and self._output.form in ("labels", "line")

    def _batched(self, x: Sequence[Any], call: CourseCall, output: Output) -> tuple[list[Any], pd.DataFrame]:
        """Run several inputs through our batches."""
        options = call.options
        if self.task in GENERATING:
            options = generation_options(self._task, self._loaded, options, x)
        frame = run(self.tidy.steps(list(x), **options))
        if not call.options.get("truncation"):
            warn_of_truncation(frame, stacklevel=5)  # at the line that calls the pipeline
        results = results_of(frame, len(x), output)
        return [call.finish(each, one, self._loaded.model) for each, one in zip(results, x, strict=True)], frame

    def _origin(self, call: CourseCall, results: Sequence[Any], frame: pd.DataFrame | None = None) -> Origin:
        make: Callable[[], Any] = partial(
            tidy_frame, self._task, call.parts, results, self._labels(call), self._provenance
        )
        if self.task == "fill-mask":  # results do not tell which mask they fill
            make = partial(self.tidy, call.x, **call.options)
        inputs = call.inputs[0] if len(call.inputs) == 1 and not isinstance(call.inputs[0], list) else call.x
        return Origin(self.task, inputs, results, make if frame is None else frame)

    def _labels(self, call: CourseCall) -> list[str] | None:
        return call.options.get("candidate_labels", self.tidy.labels)

    @cached_property
    def _provenance(self) -> dict[str, Any]:
        return provenance(self.task, self._loaded)


def _copied(loaded: Loaded) -> Loaded:
    """Return a copy of a model and what reads its inputs that shares nothing with those that are kept."""
    weights = replace(loaded.weights, model=copy.deepcopy(loaded.model), vocoders=dict(loaded.weights.vocoders))
    components = {name: copy.deepcopy(each) for name, each in loaded.components.items()}
    return replace(loaded, weights=weights, components=components, asked=None)
