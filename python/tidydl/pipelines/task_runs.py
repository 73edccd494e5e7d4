"""Running a task: the plan of its family, and the steps that all families share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from tidydl.columns import Contract
from tidydl.pipelines.batching import BatchPlan, Outcome, compute
from tidydl.pipelines.cls_token_only import first_token_alone
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.predictions import lines_frame, provenance, without_rank
from tidydl.progress import Work


@dataclass(frozen=True)
class Call:
    """A call of a pipeline; its ``options`` include the seed of random draws."""

    task: Task
    loaded: Loaded
    inputs: Inputs
    options: Options

    def chosen(self, *names: str) -> Options:
        """Return some of the options, as far as the task has them."""
        return {name: self.options[name] for name in names if name in self.options}

    def contract(self, columns: Contract | None = None) -> Contract:
        """Return the columns of the result, by default those of the task, without rank if ``top_k`` is 1.

        ``columns`` are those after ``.row`` and the inputs.
        """
        own = self.task.columns if columns is None else columns
        return self.task.contract(self.inputs.shown, without_rank(own) if self.options.get("top_k") == 1 else own)


@dataclass(frozen=True)
class TaskPlan(BatchPlan):
    """The plan of a call: how it is computed, and how its result is written.

    ``most`` is how many inputs share a batch at most where the option ``batch_size`` does not say. ``finish`` makes a
    list of tuples of an input, a line each, with a field for each of the ``columns``, by default those of the task.
    ``levels`` are those of the column ``label``. If results are not such lines, ``write`` builds their frame.
    ``noted`` is further provenance, or a function that returns it for the frame.
    """

    columns: Contract | None = None
    levels: Sequence[str] | None = None
    noted: Mapping[str, Any] | Callable[[pd.DataFrame], Mapping[str, Any]] = field(default_factory=dict)
    write: Callable[[Outcome], pd.DataFrame] | None = None


def run_plan(call: Call, plan: TaskPlan, note: Mapping[str, Any]) -> Work[pd.DataFrame]:
    """Compute all inputs of a call and return the tidy frame; ``note`` is added to its provenance."""
    size = call.options.get("batch_size")
    with first_token_alone(call.loaded, plan if size is None else replace(plan, most=size)) as shortened:
        outcome = yield from compute(call.loaded, call.inputs, shortened)
    frame = _lines_written(call, plan, outcome) if plan.write is None else plan.write(outcome)
    noted = plan.noted(frame) if callable(plan.noted) else plan.noted
    frame.attrs["tidydl"] = provenance(call.task.name, call.loaded, **noted, truncated=outcome.truncated, **note)
    return frame


def _lines_written(call: Call, plan: TaskPlan, outcome: Outcome) -> pd.DataFrame:
    fields = call.task.columns if plan.columns is None else plan.columns
    levels = None if plan.levels is None else {"label": plan.levels}
    return lines_frame(call.contract(fields), call.inputs, outcome, fields=fields.names, levels=levels)
