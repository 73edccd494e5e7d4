"""Task resolution: the task of a model, and whether it is the one requested."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from tidydl import rendering
from tidydl.boundaries import MODEL_LOADING
from tidydl.checks import check_flag, described
from tidydl.device import resolve_device
from tidydl.errors import ArgumentError, NotFoundError, one_of
from tidydl.pipelines.catalogue import TASKS
from tidydl.pipelines.components import READERS
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.model_loading import Loaded, Wanted, adopt, dtype_name, load, read_config
from tidydl.pipelines.model_location import Location, locate
from tidydl.pipelines.registry import fits, head_of, task_named, task_of_config
from tidydl.pipelines.transformers_loaders import Source, import_transformers, remember_token

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

# The arguments about loading, with their defaults.
LOADING: dict[str, Any] = {
    **dict.fromkeys(READERS),
    "revision": None,
    "device": "auto",
    "dtype": "float32",
    "use_safetensors": True,
    "trust_remote_code": False,
    "token": None,
}
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Weights that a file may lack, because no forward pass uses them or we pool by ourselves.
_IDLE = ("masked_spec_embed", "position_ids")


def open_model(task: object, model: object, loading: Mapping[str, Any]) -> tuple[Task, Loaded, dict[str, Any]]:
    """Find the task, load the model and check that they fit; also return what the provenance records of it.

    The arguments are those of :func:`tidydl.pipeline`, those in ``LOADING`` as a mapping.
    """
    named = model if isinstance(model, (str, os.PathLike)) else type(model).__name__
    with MODEL_LOADING.guard(f"`model` is '{named}', which"):
        return _opened(task, model, loading)


def _opened(task: object, model: object, loading: Mapping[str, Any]) -> tuple[Task, Loaded, dict[str, Any]]:
    if task is None and model is None:
        raise ArgumentError(
            "`task` and `model` are both missing.",
            allowed="A task, a model, or both.",
            hint='For example pipeline("text-classification"); tasks() lists the tasks.',
        )
    resolved = None if task is None else task_named(task)
    import_transformers()
    note: dict[str, Any] = {}
    if model is None and resolved is not None:
        model = Location(resolved.default_model, None)  # of the Hub, whatever the working directory has
        loading = {**loading, "revision": loading["revision"] or resolved.default_revision}
        note["note"] = f"No model was given; using the default for '{resolved.name}': '{model.source}'."
    device = "auto" if loading["device"] is None else loading["device"]
    if _is_model(model):
        _refuse_revision(loading["revision"], "a loaded model")
        resolved = _fitting_task(resolved, model.config, type(model).__name__)
        bare: Any = model.base_model if "" in resolved.heads else model
        return resolved, adopt(bare, resolved.components, _overrides(resolved, loading), device), note
    source, pickled = _source_of(model, loading), _reads_pickled(loading)
    used, numbers = resolve_device(device), dtype_name(loading["dtype"])
    config = read_config(source, pickled)
    resolved = _fitting_task(resolved, config, source.location.source, source)
    wanted = Wanted(source, head_of(resolved, config), numbers, used, pickled)
    loaded = load(wanted, resolved.components, _overrides(resolved, loading))
    _refuse_missing(resolved, loaded)
    return resolved, loaded, note


def _source_of(model: object, loading: Mapping[str, Any]) -> Source:
    """Read the location of a model, its version, and whether its own code may run.

    Code runs only from a commit that is named by its full hash.
    """
    location, revision = locate(model), loading["revision"]
    if revision is not None and not isinstance(revision, str):
        raise ArgumentError(f"`revision` is {described(revision)}.", allowed="A branch, a tag or a commit.")
    code = _flag("trust_remote_code", loading, unsaid=False)
    if code and (location.folder is not None or _COMMIT.fullmatch(revision or "") is None):
        raise ArgumentError(
            f"`trust_remote_code` is {rendering.value(True)}, but `revision` is not a full commit hash.",
            allowed="The hash (40 characters) of a commit on the Hub whose code you have read.",
            hint="Leave `trust_remote_code` out, or give that hash as `revision`.",
        )
    if location.folder is not None:
        _refuse_revision(revision, "a folder on this machine")
    token = loading["token"]
    if token is not None and not isinstance(token, (str, bool)):
        raise ArgumentError("`token` is not a string.", allowed="An access token of the Hub, as a string.")
    remember_token(location, token if isinstance(token, str) else None)
    return Source(location, revision, code)


def _refuse_revision(revision: object, model: str) -> None:
    """Refuse a revision of a model without versions, rather than load another one."""
    if revision is not None:
        raise ArgumentError(
            f"`revision` is given, but `model` is {model}.",
            allowed="A revision of a model on the Hub: a branch, a tag or a commit.",
            hint="Leave `revision` out.",
        )


def _reads_pickled(loading: Mapping[str, Any]) -> bool:
    return not _flag("use_safetensors", loading, unsaid=True)


def _flag(name: str, loading: Mapping[str, Any], unsaid: bool) -> bool:
    return check_flag(name, unsaid if loading[name] is None else loading[name])


def config_of(model: object, loading: Mapping[str, Any]) -> Any:
    """Return the configuration of a loaded model, or read it from its location."""
    with MODEL_LOADING.guard("`model`"):
        return model.config if _is_model(model) else read_config(_source_of(model, loading), _reads_pickled(loading))


def _is_model(model: object) -> TypeGuard[PreTrainedModel]:
    """Return whether it is a loaded model rather than the name of one."""
    return hasattr(model, "forward") and hasattr(model, "config")


def _overrides(task: Task, loading: Mapping[str, Any]) -> dict[str, Any]:
    """Return the components passed by the caller; those the task does not use are refused."""
    overrides = {name: loading[name] for name in READERS if loading[name] is not None}
    older = overrides.get("feature_extractor")
    if older is not None and "image_processor" in task.components and "image_processor" not in overrides:
        overrides["image_processor"] = overrides.pop("feature_extractor")  # what transformers once called it
    if "processor" in task.components and "processor" not in overrides:
        overrides = {("processor" if name == "tokenizer" else name): value for name, value in overrides.items()}
    for name in overrides:
        if name not in (*task.components, "processor"):
            listed = " and ".join(f"`{component}`" for component in task.components)
            raise ArgumentError(
                f"`{name}` is given, but the task '{task.name}' reads its inputs by {listed}.",
                allowed=f"{listed} for this task.",
                hint=f"Leave `{name}` out.",
            )
    return overrides


def _fitting_task(task: Task | None, config: PreTrainedConfig, name: str, source: Source | None = None) -> Task:
    """Return the task, inferred from the model if it is None; refuse a model that does not support it."""
    read = task_of_config(config)
    kinds = ", ".join(getattr(config, "architectures", None) or [getattr(config, "model_type", "unknown")])
    if task is None:
        read = read or _task_of_hub(source, config)
        if read is None:
            raise NotFoundError(
                f"`task` is missing and cannot be inferred from the model '{name}' ({kinds}).",
                allowed=one_of(candidate.name for candidate in TASKS),
                hint="Use embed() for bare encoders." if "For" not in kinds else "Give `task =`.",
            )
        return read.for_kind(getattr(config, "model_type", None))
    if not fits(task, config):
        raise ArgumentError(
            f"`model` is '{name}' ({kinds}), which does not fit the task '{task.name}'.",
            allowed=f"A model for '{task.name}'.",
            hint=f"This one is for '{read.name}'." if read is not None else "Use embed() for bare encoders.",
        )
    return task.for_kind(getattr(config, "model_type", None))


def _task_of_hub(source: Source | None, config: PreTrainedConfig) -> Task | None:
    """Return the task of a model's tag on the Hub, if it is one of ours."""
    tag = None if source is None else source.tag()
    try:
        task = task_named(tag) if tag else None
    except NotFoundError:
        return None
    return task if task is not None and fits(task, config) else None


def _refuse_missing(task: Task, loaded: Loaded) -> None:
    """Refuse a model whose files lack weights: its results would be random."""
    bare = "" in task.heads
    absent = sorted(
        name
        for name in loaded.weights.missing
        if not any(part in name for part in (*_IDLE, *(("pooler",) if bare else ())))
    )
    if absent:
        raise ArgumentError(
            f"`model` is '{loaded.source}', whose files lack weights for the task '{task.name}': '{absent[0]}'"
            + (f" and {len(absent) - 1} more." if len(absent) > 1 else "."),
            allowed=f"A model that was trained for '{task.name}'.",
            hint="This is a bare encoder: use embed()."
            if len(absent) < 6 or not _has_head(loaded.config)
            else "Copy or download the model again.",
        )


def _has_head(config: PreTrainedConfig) -> bool:
    return any("For" in name for name in getattr(config, "architectures", None) or ())
