"""Pipelines: called with data, they return tidy frames."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from tidydl.boundaries import arguments_of
from tidydl.columns import ROW
from tidydl.data.streaming import Stream
from tidydl.errors import ArgumentError, printable
from tidydl.pipelines.checkpoints.identity import identity
from tidydl.pipelines.checkpoints.resumable_run import run_in_parts
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import NOT_GIVEN, Inputs, gathered_from, read_inputs
from tidydl.pipelines.joining import augment_pipeline
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options, read_options
from tidydl.pipelines.predictions import with_errors
from tidydl.pipelines.running_errors import running
from tidydl.pipelines.streams import Mapped, refuse_checkpoint, warn_of_truncation
from tidydl.pipelines.task_runs import Call, run_plan
from tidydl.pipelines.widening import unranked
from tidydl.progress import Work
from tidydl.progress import run as run_work
from tidydl.verbs import augment


def family_of(task: Task) -> Any:
    """Return the module of the family of a task."""
    return importlib.import_module(f"tidydl.pipelines.families.{task.family}")


class Pipeline:
    """A task and a loaded model, created by :func:`pipeline`; call it with data to get a tidy frame."""

    def __init__(self, task: Task, loaded: Loaded, options: Mapping[str, Any], note: dict[str, Any] | None = None):
        self._task = task
        self._loaded = loaded
        self._note = note or {}
        self._family = family_of(task)
        with running(loaded):
            self._facts = self._family.facts(loaded) if hasattr(self._family, "facts") else {}
        shared = [part.name for part in task.parts if part.shared]
        self._shared = {name: value for name, value in options.items() if name in shared}
        own = {name: value for name, value in options.items() if name not in shared}
        self._options = read_options(task, own)

    @property
    def task(self) -> str:
        """The name of the task."""
        return self._task.name

    @property
    def parts(self) -> list[str]:
        """The names of the parts of an input, such as ``["text"]`` or ``["question", "context"]``."""
        return [part.name for part in self._task.parts]

    @property
    def model(self) -> Any:
        """The transformers model."""
        return self._loaded.model

    @property
    def device(self) -> str:
        """The device in use."""
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
            "may_draw": hasattr(self._family, "seed_of"),
            "reads_columns": all(part.modality != "table" for part in self._task.parts),
            "shared": [part.name for part in self._task.parts if part.shared],
            "top_k": self._options.get("top_k"),
            **self._facts,
            **self._note,
        }

    def __call__(
        self, x: object = NOT_GIVEN, *others: object, progress: bool | None = None, **arguments: Any
    ) -> pd.DataFrame | Stream:
        """Run the pipeline over inputs.

        Parameters
        ----------
        x
            One input, a list, Series or array of them, or a data frame. If omitted, the parts are given by name:
            ``qa(question="Who?", context=texts)``, one value for each input or one for all. An input of several parts
            is also a dict or a tuple of them. For a stream of data frames (:func:`stream`) a stream of results is
            returned.
        *others
            Not allowed: parts of an input other than ``x`` are given by name.
        progress
            True or False to force or suppress a progress bar on stderr; None shows it in interactive use.
        **arguments
            The parts of the inputs (``text=``, ``image=``, ``question=`` …) name the columns of a data frame. All
            others are options of the task: they override those that the pipeline was created with. See
            :func:`pipeline`.

        Returns
        -------
        pandas.DataFrame, or Stream of a stream
            ``.row`` (the index of the input, counted from 0), the parts of the input, and the columns of the task that
            :func:`tasks` lists: for a classifier ``rank`` if ``top_k`` is not 1 (1 is the best), ``label``
            (categorical, with all labels of the model) and ``score``; for tasks with any number of results per input,
            such as entities or objects, one row per result, and none for an input without results. A missing input
            returns one row of missing values; an empty text is an error, except as a prompt of text generation.
            Character offsets are counted from 0, and ``end`` is exclusive. With ``on_error="row"`` the last column,
            ``.error``, contains the error message of a failing input. The index is that of a Series or data frame
            ``x``.

        Raises
        ------
        ArgumentError, ColumnError, DamagedFileError, NotFoundError
            If an input has the wrong type or cannot be read; the message names it.
        """
        if others:
            raise self._by_position(others)
        if isinstance(x, Stream):
            return self.mapped(arguments).over(x, rows=None, progress=progress)
        frame = run_work(self.steps(x, **arguments), progress=progress)
        warn_of_truncation(frame)
        return frame

    def _by_position(self, others: tuple[Any, ...]) -> ArgumentError:
        named = ", ".join(f"`{part.name} =`" for part in self._task.parts[1:])
        return ArgumentError(
            f"A pipeline was called with {1 + len(others)} positional arguments.",
            allowed="`x` by position, all others by name.",
            hint=f"Give the rest by name: {named}." if named else "A list holds several inputs.",
        )

    def __getstate__(self) -> dict[str, Any]:  # copies and other processes find the family again by its name
        return {name: value for name, value in self.__dict__.items() if name != "_family"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._family = family_of(self._task)

    def mapped(self, arguments: Mapping[str, Any], drawn: int | None = None) -> Mapped:
        """Return the function that the pipeline applies to each frame of a stream."""
        refuse_checkpoint(arguments)
        return Mapped(
            lambda frame, first, begun: self.steps(frame, drawn=begun, first=first, **arguments),
            lambda: self.draw(arguments, drawn),
            self.task,
        )

    def draw(self, arguments: Mapping[str, Any], drawn: int | None = None) -> int | None:
        """Return the seed of a call's random draws; None if there are none."""
        return self._seed(self._options_of(arguments), drawn)

    def steps(
        self, x: object = NOT_GIVEN, *, drawn: int | None = None, first: int = 0, **arguments: Any
    ) -> Work[pd.DataFrame]:
        """Run the pipeline as a generator of progress events, one batch a step; it returns the frame.

        ``drawn`` is the seed unless one is given; by default a draw of tidydl's own generator.
        ``first`` is the number of earlier inputs, in frames of a stream: ``.row`` continues from it.
        """
        with arguments_of("pipeline"):
            parts = {part.name: arguments.pop(part.name, self._shared.get(part.name)) for part in self._task.parts}
            options = read_options(self._task, arguments, self._options)
            inputs = read_inputs(x, self._task.parts, parts, tolerant=options["on_error"] == "row")
            inputs = replace(inputs, first=first)
            seed = self._seed(options, drawn)
        if options["checkpoint"] is None:
            frame = yield from self._run(inputs, {**options, "seed": seed})
        else:
            others = getattr(self._family, "other_models", lambda loaded, options: ())(self._loaded, options)
            wanted = identity(self.task, self._loaded, inputs, options, others)
            run = lambda some, begun: self._run(some, {**options, "seed": begun})  # noqa: E731
            frame = yield from run_in_parts(options["checkpoint"], wanted, inputs, seed, run)
        frame = frame if inputs.failures is None else with_errors(frame, inputs.failures)
        if inputs.rows is not None:
            frame[ROW] = [inputs.rows[row] for row in frame[ROW]]
        elif first:
            frame[ROW] += first
        return frame

    def gathers(self, data: pd.DataFrame, arguments: Mapping[str, Any]) -> bool:
        """Return whether several rows of a data frame make an input together, as the messages of a chat do."""
        first = self._task.parts[0]
        return arguments.get(first.name) is None and gathered_from(data, self._task.parts) is not None

    def draws(self, arguments: Mapping[str, Any]) -> bool:
        """Return whether a call with these arguments draws at random, with no seed given."""
        options = self._options_of(arguments)
        return options.get("seed") is None and self._seed(options, 0) is not None

    def _options_of(self, arguments: Mapping[str, Any]) -> Options:
        """Read the options among the arguments of a call."""
        own = {name: value for name, value in arguments.items() if name not in self.parts}
        return read_options(self._task, own, self._options)

    def _run(self, inputs: Inputs, options: Options) -> Work[pd.DataFrame]:
        with running(self._loaded):
            call = Call(self._task, self._loaded, inputs, options)
            return (yield from run_plan(call, self._family.plan(call), self._note))

    def _seed(self, options: Options, drawn: int | None) -> int | None:
        """Return the seed of a call, None if nothing is sampled."""
        seed_of = getattr(self._family, "seed_of", None)
        return None if seed_of is None else seed_of(self._loaded, options, drawn)

    def has_spans(self, arguments: Mapping[str, Any]) -> bool:
        """Return whether, with these options, an input has any number of results, a line each."""
        return self._task.has_spans(self._options_of(arguments))

    def counted(self, names: Iterable[str], prefix: str = "") -> tuple[str, ...]:
        """Name the columns that count from 0, besides ``.row``, among those of a result or of its wide form."""
        return self._of_kind("position", getattr(self._family, "POSITIONS", ()), names, prefix)

    def listed(self, names: Iterable[str], prefix: str = "") -> tuple[str, ...]:
        """Name the columns that are list columns, or may be with some options."""
        return self._of_kind("list", getattr(self._family, "LISTS", ()), names, prefix)

    def _of_kind(self, kind: str, more: Iterable[str], names: Iterable[str], prefix: str) -> tuple[str, ...]:
        own = {column.name for column in self._task.columns.columns if column.kind == kind}
        base = {f"{prefix}{name}" for name in own.union(more)}
        return tuple(name for name in names if name in base or unranked(name) in base)

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
        return printable("\n".join(lines))


@augment.register(Pipeline)
def _augment(
    x: Pipeline,
    data: object = None,
    newdata: object = None,
    *,
    prefix: str = "",
    progress: bool | None = None,
    **arguments: Any,
) -> pd.DataFrame | Stream:
    return augment_pipeline(x, newdata if data is None else data, prefix=prefix, progress=progress, **arguments)
