"""Contents of a model that its results depend on: its weights, settings and components."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.checkpoints.contents import Digest, bytes_of
from tidydl.pipelines.checkpoints.file_hashes import FileHashes
from tidydl.pipelines.components import Origin, origin_of

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

# Files of a model's folder for reading inputs and writing answers. Weights are compared in memory.
_READING = (".json", ".txt", ".model", ".jinja", ".py", ".spm", ".bpe", ".vocab", ".tiktoken", ".codes", ".tsv")
_BELOW = ("*.jinja", "*.npy", "*.npz")  # in folders below: templates of chats, and voices
# What transformers notes about where and how something was loaded, or how it was used last.
_TOLD = ("transformers_version", "name_or_path", "files_loaded", "init_inputs", "init_kwargs", "deprecation_warnings")
_MOVES = (
    "prefix_tokens",
    "suffix_tokens",
    "cur_lang_code",
    "src_lang",
    "tgt_lang",
)  # reset by the options of a call


def digest_of_model(model: PreTrainedModel, others: tuple[PreTrainedModel, ...], files: FileHashes) -> str:
    """Digest the weights, the settings and the code of a model, and of others that its answers depend on."""
    digest = Digest(files)
    for each in (model, *others):
        digest.add(_code_of(each))
        digest.add(_settings(each.config))
        digest.add(_settings(getattr(each, "generation_config", None)))
        for name, value in each.state_dict().items():
            digest.add(name)
            digest.add(_digest_of_weight(value) if hasattr(value, "detach") else value)
    return digest.hexdigest()


def _digest_of_weight(tensor: torch.Tensor) -> str:
    """Digest a tensor by a hash that is as fast as memory: a model of 10 GB takes some seconds."""
    import xxhash

    if tensor.is_meta:
        raise ArgumentError(
            "`checkpoint` is given, but some weights of the model are not in memory.",
            allowed="A model that is loaded into memory as a whole.",
        )
    return f"{tensor.dtype} {tuple(tensor.shape)} {xxhash.xxh3_128_hexdigest(bytes_of(tensor))}"


def _code_of(thing: object) -> str:
    """Name the class of an object; for a class outside transformers also its code."""
    kind = type(thing)
    name = f"{kind.__module__.rpartition('.')[2]}.{kind.__qualname__}"
    if kind.__module__.split(".")[0] == "transformers":
        return name
    try:
        return f"{name}\n{inspect.getsource(kind)}"
    except (OSError, TypeError):  # typed into a session
        return name


def _settings(config: PreTrainedConfig | GenerationConfig | None) -> Any:
    """Return settings as plain values, without purely informative ones."""
    return None if config is None else _plain(config.to_dict())


def _plain(value: object) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {str(k): _plain(v) for k, v in value.items() if not str(k).startswith("_") and k not in _TOLD}


def digest_of_readers(components: Mapping[str, Any], files: FileHashes) -> str:
    """Digest tokenizers, image processors, feature extractors and processors.

    What was loaded from a folder is identified by the files there, what was loaded from the Hub by its commit, and an
    object of the user's by what it holds.
    """
    digest = Digest(files)
    for name, component in components.items():
        digest.add(name)
        origin = origin_of(component)
        digest.add(_state(component) if origin is None else _files_of(origin, files))
    return digest.hexdigest()


def _files_of(origin: Origin, files: FileHashes) -> Any:
    location = origin.source.location
    if location.folder is None:
        return [location.source, origin.commit]
    if location.fingerprint() != origin.fingerprint:
        raise ArgumentError(
            f"`model` is '{location.source}', whose files changed since the pipeline was made.",
            allowed="A model whose files do not change while it is in use.",
            hint="Create the pipeline again.",
        )
    return {name: files.digest(path) for name, path in _reading_files(location.folder)}


def _reading_files(folder: Path) -> Iterator[tuple[str, Path]]:
    here = [path for path in folder.iterdir() if path.suffix in _READING and path.is_file()]
    below = [path for pattern in _BELOW for path in folder.rglob(pattern) if path.is_file()]
    for path in sorted({*here, *below}):
        yield path.relative_to(folder).as_posix(), path


def _state(component: Any) -> Any:
    """Return the state of a component as plain values."""
    settings: Any = None
    if hasattr(component, "backend_tokenizer"):
        settings = _backend(component)
    elif hasattr(component, "to_dict"):
        settings = _plain(component.to_dict())
    attributes = {name: _attribute(value) for name, value in vars(component).items() if _matters(name)}
    return [_code_of(component), settings, attributes]


def _matters(name: str) -> bool:
    ignored = name in _TOLD or name.lstrip("_") in _MOVES
    return not ignored and not name.endswith("_file") and "_context_" not in name


def _attribute(value: object) -> Any:
    """Return an attribute as a plain value, None for an object of another library."""
    if hasattr(value, "save_pretrained"):  # a part of a processor
        return _state(value)
    if hasattr(value, "serialized_model_proto"):  # of sentencepiece
        return value.serialized_model_proto()
    return value if isinstance(value, (str, bool, int, float, list, tuple, Mapping, set)) else None


def _backend(tokenizer: PreTrainedTokenizerFast) -> Any:
    """Return the state of a fast tokenizer, without the options of its last call."""
    whole = json.loads(tokenizer.backend_tokenizer.to_str())
    idle = {"truncation", "padding", *(("post_processor",) if hasattr(tokenizer, "src_lang") else ())}
    return {name: value for name, value in whole.items() if name not in idle}
