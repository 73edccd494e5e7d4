"""The protocols of modules that are found by name: task families, and modalities.

A task names its family, ``tidydl.pipelines.families.<family>``; a part of its inputs names a modality, which
``tidydl.pipelines.reading.<modality>s`` reads. Whoever adds one writes what stands here.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Protocol, runtime_checkable

import pandas as pd

from tidydl.pipelines.batching import Encoded
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.task_runs import Call, TaskPlan


@runtime_checkable
class Family(Protocol):
    """A module for a family of tasks: ``tidydl.pipelines.task_runs`` runs its plans.

    ``facts(loaded)``, where it has that, returns what is to be known of a loaded model and refuses one that cannot do
    the task. Where it draws at random it has ``seed_of(loaded, options, drawn)`` too, which says where the draws of a
    call start (``drawn`` where the call names no seed), None where it draws nothing after all. Where other models have
    a part in the answers, such as a vocoder, it has ``other_models(loaded, options)``, which returns them.
    ``POSITIONS`` names those columns that count from 0, and ``LISTS`` those that are list columns, which are there with
    some options only, and so not in the columns of the task.
    """

    def plan(self, call: Call) -> TaskPlan:
        """Return how a call is computed and its result is written; refuse options that the model does not take."""
        ...


@runtime_checkable
class Modality(Protocol):
    """A module that reads a part of which each input has its own value.

    Where a data frame as a whole may be one or several inputs, it has ``gather(x)`` too, which lists them, or gives
    None. Where a result repeats the part otherwise than as it was read, it has ``shown(value)``.
    """

    @property
    def ALLOWED(self) -> str:
        """The allowed values, for messages."""
        ...

    def is_one(self, x: object) -> bool:
        """Return whether ``x`` is one value rather than several."""
        ...

    def read(self, value: object, where: str) -> Any:
        """Read one value; an error says by ``where`` which it was."""
        ...

    def key(self, value: Any) -> Hashable:
        """Return a key that is equal for equal values."""
        ...

    def column_fits(self, column: pd.Series) -> bool:
        """Return whether a column of a data frame holds such values, where the call names none."""
        ...


@runtime_checkable
class Prepared(Modality, Protocol):
    """A modality whose values a model reads directly: texts, images, audio and videos."""

    @property
    def CHUNK(self) -> int:
        """The number of values that are prepared together."""
        ...

    def encode(self, loaded: Loaded, values: list[Any], indices: Sequence[int]) -> Encoded:
        """Prepare values as lines for the model; ``indices`` are their positions in the call, for messages."""
        ...

    def padding(self, loaded: Loaded) -> str:
        """Return which values share a batch: ``"any"``, those of one length or shape (``"equal"``), or ``"none"``."""
        ...


@runtime_checkable
class Shared(Protocol):
    """A module that reads a part that may be one value for all inputs."""

    @property
    def ALLOWED(self) -> str:
        """The allowed values, for messages."""
        ...

    def read_all(self, x: object, name: str) -> list[Any]:
        """Read one value for all inputs, or a list with one for each, None for missing ones."""
        ...

    def key(self, value: Any) -> Hashable:
        """Return a key that is equal for equal values."""
        ...
