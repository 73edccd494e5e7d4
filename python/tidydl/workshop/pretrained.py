"""``from_pretrained()`` with arguments of version 4: found as our pipelines find models, and failures explained."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from tidydl.boundaries import MODEL_LOADING
from tidydl.errors import ArgumentError, NotFoundError, nearest
from tidydl.pipelines.catalogue import TASKS
from tidydl.pipelines.model_location import Location, locate, require_files
from tidydl.pipelines.transformers_loaders import Source, quietly, remember_token
from tidydl.workshop.arguments import with_whole_numbers

_ARGUMENT = "pretrained_model_name_or_path"
_RENAMED = {"use_auth_token": "token", "torch_dtype": "dtype"}
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Arguments about downloading, with which transformers finds the files by itself.
_BY_ITSELF = ("cache_dir", "subfolder", "force_download", "local_files_only", "proxies", "gguf_file", "code_revision")
# Models that courses name, besides the default ones of the tasks.
_COURSE_MODELS = (
    *("distilbert-base-uncased-finetuned-sst-2-english", "distilbert/distilgpt2", "openai-community/gpt2-medium"),
    *("dennisjooo/emotion_classification", "google-bert/bert-base-uncased", "FacebookAI/roberta-base"),
    *("distilbert/distilbert-base-uncased", "openai-community/gpt2", "facebook/bart-large-mnli"),
)


def load_pretrained(
    load: Callable[..., Any],
    name: Any,
    args: tuple[Any, ...],
    arguments: Mapping[str, Any],
    *,
    weights: bool = False,
) -> Any:
    """Load a model, or what reads its inputs.

    Parameters
    ----------
    load
        A ``from_pretrained()`` of transformers.
    name
        A folder or the id of a model on the Hub.
    args, arguments
        The other arguments, those of earlier versions included.
    weights
        Whether weights are loaded.

    Raises
    ------
    NotFoundError, HubError, DamagedFileError, ArgumentError
        As :func:`tidydl.pipeline` raises them.
    """
    current = {_RENAMED.get(each, each): value for each, value in with_whole_numbers(arguments).items()}
    if args or not isinstance(name, (str, os.PathLike)) or any(each in current for each in _BY_ITSELF):
        with MODEL_LOADING.guard(f"`{_ARGUMENT}` is '{name}', which"):
            return load(name, *args, **current)
    location = locate(name, _ARGUMENT)
    source = Source(location, current.pop("revision", None), _may_run_code(current))
    token = current.pop("token", None)
    remember_token(location, token if isinstance(token, str) else None)
    pickled = current.get("use_safetensors") is False
    try:
        if weights:
            require_files(location, source.files(_ARGUMENT), pickled=pickled)
        loaded = quietly(source, load, argument=_ARGUMENT, weights=weights, pickled=pickled, **current)
    except NotFoundError as problem:
        raise _with_name_like_it(problem, location) from problem
    return _named(loaded, location)


def _may_run_code(arguments: dict[str, Any]) -> bool:
    """Return whether code of the model may run, which takes the full hash of the commit that was read."""
    trusted = bool(arguments.pop("trust_remote_code", False))
    if trusted and _COMMIT.fullmatch(str(arguments.get("revision"))) is None:
        raise ArgumentError(
            "`trust_remote_code` is given, but `revision` is not a full commit hash.",
            allowed="The hash (40 characters) of a commit on the Hub whose code you have read.",
            hint="Leave `trust_remote_code` out, or give that hash as `revision`.",
        )
    return trusted


def _named(loaded: Any, location: Location) -> Any:
    """Return what was loaded under the name that it was asked for by, rather than the folder that it lies in."""
    if location.folder is None and hasattr(loaded, "name_or_path"):
        loaded.name_or_path = location.source
        if hasattr(getattr(loaded, "config", None), "name_or_path"):
            loaded.config.name_or_path = location.source
    return loaded


def _with_name_like_it(problem: NotFoundError, location: Location) -> NotFoundError:
    """Return the error for a model that is not there, with the id that was meant, where it is one of a course."""
    close = None
    if location.folder is None:
        close = nearest(location.source, (*_COURSE_MODELS, *(task.default_model for task in TASKS)))
    if close is None or close == location.source:
        return problem
    return NotFoundError(problem.problem, allowed=problem.allowed, hint=f"Did you mean '{close}'?")
