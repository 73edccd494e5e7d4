"""``load_dataset()`` of ``datasets``, with the names and arguments that it had, and columns that are lists."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from tidydl.boundaries import DATA_FILES, HUB, guarded
from tidydl.checks import check_flag
from tidydl.data.arguments import request_of
from tidydl.data.loading import load_splits
from tidydl.data.selecting import wanted_of
from tidydl.errors import ArgumentError
from tidydl.workshop.arguments import with_whole_numbers

_POSITIONAL = (
    *("path", "name", "data_dir", "data_files", "split", "cache_dir", "features", "download_config", "download_mode"),
    "verification_mode",
)
# What tidydl reads of the Hub by itself; with any other argument `datasets` reads.
_FILES = ("path", "name", "data_dir", "data_files")
_READ_BY_US = (*_FILES, "split", "revision", "token", "cache_dir")
_RENAMED = {"use_auth_token": "token", "script_version": "revision"}
_IDLE = ("task", "trust_remote_code", "save_infos", "ignore_verifications", "keep_in_memory", "num_proc")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?")
_BUILDERS = ("csv", "json", "parquet", "text", "arrow", "pandas", "sql", "xml", "webdataset", "generator", "hdf5")


@guarded
def load_dataset(path: str, *args: Any, **kwargs: Any) -> Any:
    """Load a data set as ``datasets.load_dataset()`` of version 2 did.

    What files name is looked at as :func:`tidydl.load_dataset` does: no path, link or cell leads out of the folder, and
    no address is visited. ``streaming`` of files on this machine reads them first.

    Parameters
    ----------
    path
        The id of a data set on the Hub, with its owner or without, a folder, or the name of a format such as "csv".
    *args, **kwargs
        The other arguments of ``datasets.load_dataset()``, those of earlier versions included: ``name``,
        ``data_files``, ``split``, ``use_auth_token`` and so on, and ``trusted``, as :func:`tidydl.load_dataset` has
        it.

    Returns
    -------
    datasets.DatasetDict or datasets.Dataset
        A column of it is a list, and a tensor under ``set_format``.

    Raises
    ------
    NotFoundError, ArgumentError, DataError, HubError, DamagedFileError
        As :func:`tidydl.load_dataset` raises them.
    """
    from tidydl.workshop.course_datasets import mended

    asked = _read_arguments(path, args, kwargs)
    trusted = check_flag("trusted", asked.pop("trusted", False))
    of_hub = _is_of_hub(path)
    if of_hub and set(asked) <= set(_READ_BY_US):
        return mended(_from_hub({**asked, "trusted": trusted}))
    from tidydl.workshop.checked_data import read_checked

    if of_hub and "/" not in path:
        asked["path"] = _with_owner(path, asked.get("token"))
    with DATA_FILES.guard(f"The data set '{path}'", allowed="What `datasets.load_dataset()` reads."):
        return mended(read_checked(asked, of_hub=of_hub, trusted=trusted))


def _read_arguments(path: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    named = dict(zip(_POSITIONAL, (path, *args), strict=False))
    twice = [f"`{name}`" for name in _POSITIONAL if name in named and name in kwargs]
    if twice or len(args) >= len(_POSITIONAL):
        raise ArgumentError(
            f"{twice[0]} is given twice." if twice else f"{len(args) + 1} arguments are given by position.",
            allowed="By position " + ", ".join(f"`{name}`" for name in _POSITIONAL) + ", all others by name.",
        )
    if kwargs.get("trust_remote_code"):
        raise ArgumentError(
            "`trust_remote_code` is given, and scripts of data sets are never run.",
            allowed="Data sets that are files: parquet, csv, json, images and so on.",
            hint="Leave `trust_remote_code` out: the Hub keeps a copy of most such data sets as parquet files.",
        )
    current = {_RENAMED.get(name, name): value for name, value in {**named, **kwargs}.items() if name not in _IDLE}
    asked = {name: value for name, value in with_whole_numbers(current).items() if value is not None}
    return {name: value for name, value in asked.items() if name != "streaming" or value}


def _is_of_hub(path: object) -> bool:
    """Return whether a path can only be the id of a data set on the Hub."""
    if not isinstance(path, str) or _HUB_ID.fullmatch(path) is None or os.path.exists(path):
        return False
    return path not in _BUILDERS and not path.endswith("folder")


def _with_owner(path: str, token: str | bool | None) -> str:
    """Return the id that a data set without an owner has today."""
    import huggingface_hub

    with HUB.guard(f"The data set '{path}'", hint="Write its id with an owner, such as 'dair-ai/emotion'."):
        return str(huggingface_hub.HfApi().dataset_info(path, token=token).id)


def _from_hub(asked: Mapping[str, Any]) -> Any:
    """Read a data set of the Hub as tidydl does: once downloaded, it is there without a network."""
    import datasets

    split = asked.get("split")
    names = [str(each) for each in split] if isinstance(split, (list, tuple)) else None if split is None else str(split)
    rest = {**dict.fromkeys(_FILES), **asked, "split": names}
    by_split = load_splits(request_of(**rest), wanted_of(None, None, None, None), "dataset")
    for name, each in by_split.items():
        each._split = datasets.NamedSplit(name)
    if names is None:
        return datasets.DatasetDict(by_split)
    return [by_split[name] for name in names] if isinstance(names, list) else by_split[names]
