"""``from_pretrained()`` with arguments of version 4: found as our pipelines find models, and failures explained."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidydl.boundaries import HUB, MODEL_LOADING
from tidydl.checks import described
from tidydl.errors import ArgumentError, NotFoundError, nearest
from tidydl.hub.fetching import fetch
from tidydl.hub.repositories import Repository, is_inside
from tidydl.pipelines.catalogue import TASKS
from tidydl.pipelines.model_files import reading_files
from tidydl.pipelines.model_location import Location, locate, require_files
from tidydl.pipelines.transformers_loaders import Source, import_transformers, quietly, remember_token
from tidydl.pipelines.vetting.model_folders import named_parts
from tidydl.workshop.arguments import with_whole_numbers

_ARGUMENT = "pretrained_model_name_or_path"
_RENAMED = {"use_auth_token": "token", "torch_dtype": "dtype"}
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Arguments about where the files are found, which are found here; the library is given a folder.
_WHERE = ("cache_dir", "local_files_only", "force_download", "proxies", "code_revision")
_PARTS = ("subfolder", "gguf_file")  # which of the files are read
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
        The other arguments, those of earlier versions included. ``force_download`` and ``proxies`` mean nothing here:
        copies are compared with the Hub's, and proxies are those of the environment.
    weights
        Whether weights are loaded.

    Raises
    ------
    NotFoundError, HubError, DamagedFileError, ArgumentError
        As :func:`tidydl.pipeline` raises them.
    """
    current = {_RENAMED.get(each, each): value for each, value in with_whole_numbers(arguments).items()}
    current = {each: value for each, value in current.items() if value is not None}
    revision, token = current.pop("revision", None), current.pop("token", None)
    where = {each: current.pop(each, None) for each in _WHERE}
    location = None if name is None else locate(name, _ARGUMENT)
    code = _may_run_code(location, current.pop("trust_remote_code", False), revision, where["code_revision"])
    pickled = current.get("use_safetensors") is False
    _check_parts(current, pickled)
    if isinstance(current.get("config"), (str, os.PathLike)):
        current["config"] = _config(current["config"])
    if weights and not pickled:
        current["use_safetensors"] = True
    if location is None:  # of a configuration and weights that are loaded
        with MODEL_LOADING.guard(f"`{_ARGUMENT}`"):
            return load(name, *args, **current)
    remember_token(location, token if isinstance(token, str) else None)
    try:
        source = _source(location, revision, code, where, current, token)
        if weights:
            _check_weights(source, current, pickled)
        loaded = quietly(source, _with(load, args), argument=_ARGUMENT, weights=weights, pickled=pickled, **current)
    except NotFoundError as problem:
        raise _with_name_like_it(problem, location) from problem
    return _named(loaded, location)


def _with(load: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    """Return a loader that is given more arguments by position."""
    return lambda pretrained_model_name_or_path, **named: load(pretrained_model_name_or_path, *args, **named)


def _may_run_code(location: Location | None, trusted: object, revision: object, code_revision: object) -> bool:
    """Return whether code of the model may run, which takes the full hash of the commit that was read."""
    if not trusted:
        return False
    of_hub = location is None or location.folder is None
    if not of_hub or _COMMIT.fullmatch(str(revision)) is None or code_revision not in (None, revision):
        raise ArgumentError(
            "`trust_remote_code` is given, but `revision` is not a full commit hash"
            + (
                " of a model on the Hub."
                if not of_hub
                else "."
                if code_revision is None
                else ", or not that of the code."
            ),
            allowed="The hash (40 characters) of a commit on the Hub whose code you have read.",
            hint="Leave `trust_remote_code` out, or give that hash as `revision`.",
        )
    return True


def _check_parts(arguments: Mapping[str, Any], pickled: bool) -> None:
    """Refuse parts outside of the model's folder, and weights that are no safetensors unless those are allowed."""
    for name in _PARTS:
        if name in arguments and not is_inside(arguments[name]):
            raise ArgumentError(f"`{name}` is {described(arguments[name])}.", allowed="A path inside of the model.")
    if "gguf_file" in arguments and not pickled:
        raise ArgumentError(
            "`gguf_file` is given, and weights are read from safetensors files.",
            allowed="A model whose weights are safetensors files.",
            hint="`use_safetensors` set to false reads files that you trust.",
        )


def _config(config: str | os.PathLike[str]) -> Any:
    """Load the configuration that is given by its place."""
    return load_pretrained(import_transformers().AutoConfig.from_pretrained, config, (), {})


def _source(
    location: Location,
    revision: str | None,
    code: bool,
    where: Mapping[str, Any],
    arguments: Mapping[str, Any],
    token: str | bool | None,
) -> Source:
    """Return where the files are: on the Hub, or in a folder that those of a call of its own were brought into."""
    if location.folder is not None:
        return Source(location, None, code)
    if where["local_files_only"]:
        folder = _downloaded(location.source, revision, where["cache_dir"])
    elif where["cache_dir"] is not None or any(name in arguments for name in _PARTS):
        cache = None if where["cache_dir"] is None else os.fspath(where["cache_dir"])
        repo = Repository("model", location.source, revision or "main", token, cache)
        folder = fetch(repo, lambda names: _chosen(names, arguments, code), argument=_ARGUMENT).folder
    else:
        return Source(location, revision, code)
    return Source(Location(str(folder), folder), None, code)


def _chosen(names: Sequence[str], arguments: Mapping[str, Any], code: bool) -> list[str]:
    """Choose the files of a model that a call may need, of a folder in it if it names one."""
    inside = f"{arguments['subfolder']}/" if "subfolder" in arguments else ""
    below = [name.removeprefix(inside) for name in names if name.startswith(inside)]
    ends = ".bin" if arguments.get("use_safetensors") is False else ".safetensors"
    weights = [name for name in below if name.endswith((ends, ".safetensors")) and "/" not in name]
    chosen = [*reading_files(below, code=code), *(weights if "use_safetensors" in arguments else [])]
    return [*(inside + name for name in chosen), *([arguments["gguf_file"]] if "gguf_file" in arguments else [])]


def _downloaded(name: str, revision: str | None, cache_dir: Any) -> Path:
    """Return the folder of a model that was downloaded before."""
    import huggingface_hub

    with HUB.guard(f"`{_ARGUMENT}` '{name}'", hint="Leave `local_files_only` out, and it is downloaded."):
        path = huggingface_hub.snapshot_download(name, revision=revision, cache_dir=cache_dir, local_files_only=True)
    return Path(path)


def _check_weights(source: Source, arguments: Mapping[str, Any], pickled: bool) -> None:
    """Check that there are weights that may be read, where ``subfolder`` says."""
    if "gguf_file" in arguments:
        return
    inside = arguments.get("subfolder")
    if inside is None or source.location.folder is None:
        require_files(source.location, source.files(_ARGUMENT), pickled=pickled)
        return
    root = source.location.folder
    folder = Location(str(root / inside), root / inside)
    names = Source(folder).files(_ARGUMENT) if (root / inside).is_dir() else []
    require_files(folder, names, pickled=pickled)
    for name in names:
        if name.endswith(".safetensors.index.json") or (pickled and name == "pytorch_model.bin.index.json"):
            named_parts(root / inside / name, folder.source, _ARGUMENT, root.resolve(), pickled=pickled)


def _named(loaded: Any, location: Location) -> Any:
    """Return what was loaded under the name that it was asked for by, of a folder its whole path.

    By that name a pipeline finds the tokenizer of a model, also where the working folder is another one by then.
    """
    if hasattr(loaded, "name_or_path"):
        name = location.source if location.folder is None else os.path.abspath(location.folder)
        loaded.name_or_path = name
        if hasattr(getattr(loaded, "config", None), "name_or_path"):
            loaded.config.name_or_path = name
    return loaded


def _with_name_like_it(problem: NotFoundError, location: Location) -> NotFoundError:
    """Return the error for a model that is not there, with the id that was meant, where it is one of a course."""
    close = None
    if location.folder is None:
        close = nearest(location.source, (*_COURSE_MODELS, *(task.default_model for task in TASKS)))
    if close is None or close == location.source:
        return problem
    return NotFoundError(problem.problem, allowed=problem.allowed, hint=f"Did you mean '{close}'?")
