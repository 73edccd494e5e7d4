"""Bringing a task and a model together: which task a model does, and whether it is the one asked for."""

from __future__ import annotations

from typing import Any

from tidydl.device import resolve_device
from tidydl.errors import ArgumentError, NotFoundError, one_of
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.loading import (
    Loaded,
    Wanted,
    adopt,
    dtype_name,
    import_transformers,
    load,
    processor_argument,
    read_config,
)
from tidydl.pipelines.locations import locate
from tidydl.pipelines.registry import TASKS, fits, head_of, task_named, task_of_config

__all__ = ["is_model", "open_model", "take_older_names"]


def take_older_names(options: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Take ``feature_extractor`` out of the options: once the name of an image processor in transformers."""
    if "feature_extractor" in options:
        given = {**given, "image_processor": options.pop("feature_extractor")}
    return given


def open_model(
    task: Any,
    model: Any,
    *,
    tokenizer: Any = None,
    image_processor: Any = None,
    revision: str | None = None,
    device: Any = "auto",
    dtype: Any = "float32",
) -> tuple[Task, Loaded, dict[str, Any]]:
    """Find the task, load the model and check that they fit; also give what the provenance is to tell of it.

    The arguments are those of :func:`tidydl.pipeline`.
    """
    if task is None and model is None:
        raise ArgumentError(
            "`task` and `model` are both missing.",
            allowed="A task, a model, or both.",
            hint='For example pipeline("text-classification"); tasks() lists the tasks.',
        )
    known = None if task is None else task_named(task)
    import_transformers()
    device = "auto" if device is None else device
    note: dict[str, Any] = {}
    if model is None and known is not None:
        model = known.default_model
        note["note"] = f"No model was given: '{model}' is the default for '{known.name}'."
    if is_model(model):
        known = _fitting_task(known, model.config, type(model).__name__)
        return (
            known,
            adopt(
                model.base_model if "" in known.heads else model,
                known.modality,
                _component(known, tokenizer, image_processor),
                device,
            ),
            note,
        )
    location, used, numbers = locate(model), resolve_device(device), dtype_name(dtype)
    config = read_config(location, revision)
    known = _fitting_task(known, config, location.source)
    component = _component(known, tokenizer, image_processor)
    loaded = load(Wanted(location, head_of(known, config), revision, numbers, used), known.modality, component)
    if any("" not in known.heads or "pooler" not in name for name in loaded.weights.missing):  # we pool by ourselves
        raise _no_head(known, loaded)
    return known, loaded, note


def is_model(model: Any) -> bool:
    """Say whether it is a loaded model rather than the name of one."""
    return hasattr(model, "forward") and hasattr(model, "config")


def _component(task: Task, tokenizer: Any, image_processor: Any) -> Any:
    """Give what the task reads its inputs with; the other one would be ignored, so it is an error."""
    given = {"tokenizer": tokenizer, "image_processor": image_processor}
    right = processor_argument(task.modality)
    for name, component in given.items():
        if name != right and component is not None:
            raise ArgumentError(
                f"`{name}` is given, but the task '{task.name}' reads {task.modality}s.",
                allowed="`tokenizer` for texts, `image_processor` for images.",
                hint=f"Leave `{name}` out.",
            )
    return given[right]


def _fitting_task(task: Task | None, config: Any, source: str) -> Task:
    """Give the task, read from the model where it is None; refuse a model that does not do it."""
    read = task_of_config(config)
    kinds = ", ".join(getattr(config, "architectures", None) or [getattr(config, "model_type", "unknown")])
    if task is None:
        if read is None:
            raise NotFoundError(
                f"`task` is missing and cannot be read from the model '{source}' ({kinds}).",
                allowed=one_of(known.name for known in TASKS),
                hint="embed() takes bare encoders." if "For" not in kinds else "Give `task =`.",
            )
        return read
    if not fits(task, config):
        raise ArgumentError(
            f"`model` is '{source}' ({kinds}), which does not fit the task '{task.name}'.",
            allowed=f"A model for '{task.name}'.",
            hint=f"This one does '{read.name}'." if read is not None else "embed() takes bare encoders.",
        )
    return task


def _no_head(task: Task, loaded: Loaded) -> ArgumentError:
    absent = sorted(loaded.weights.missing)
    return ArgumentError(
        f"`model` is '{loaded.source}', whose files lack weights for the task '{task.name}': '{absent[0]}'"
        + (f" and {len(absent) - 1} more." if len(absent) > 1 else "."),
        allowed=f"A model that was trained for '{task.name}'.",
        hint="This is a bare encoder: embed() takes it." if len(absent) < 6 else "Copy or download the model again.",
    )
