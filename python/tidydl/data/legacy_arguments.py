"""What ``datasets.load_dataset`` of any version was told: taken as meant, or answered with what to write now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tidydl import rendering
from tidydl.checks import described
from tidydl.errors import ArgumentError, no_argument, one_of

# Older names of arguments that mean the same today.
_RENAMED = {"use_auth_token": "token", "script_version": "revision", "delimiter": "sep"}

# Arguments that ask for what is done anyway: name -> the values that change nothing.
_ALREADY_SO: dict[str, tuple[Any, ...]] = {
    "trust_remote_code": (False, None),
    "keep_in_memory": (True, False, None),
    "download_mode": (None, "reuse_dataset_if_exists", "reuse_cache_if_exists"),
    "save_infos": (False, None),
    "features": (None,),
    "storage_options": (None, {}),
    "task": (None,),
    "download_config": (None,),
    "drop_labels": (False, None),
    "drop_metadata": (False, None),
    "decimal": (".", None),
}

# What other values of them are now.
_WRITE_NOW = {
    "trust_remote_code": "Code in a data set is never run: leave `trust_remote_code` out.",
    "keep_in_memory": "Data frames are in memory: leave `keep_in_memory` out.",
    "num_proc": "Files are read by several threads: leave `num_proc` out.",
    "download_mode": "Delete the stored copy to download it again: leave `download_mode` out.",
    "save_infos": "Leave `save_infos` out.",
    "features": "Types are read from the files: leave `features` out, and convert columns afterwards.",
    "storage_options": "Only files on this machine and data sets of the Hub are read: leave `storage_options` out.",
    "task": "Rename columns afterwards: leave `task` out.",
    "download_config": "Give `token` and `cache_dir` themselves.",
    "drop_labels": "Write `columns` with the names that you want.",
    "drop_metadata": "Write `columns` with the names that you want.",
}

# What needs all rows at once, and what to do with a stream instead.
_OF_ALL_ROWS = {
    "sample": "`n` reads the first rows; load_dataset(path, sample = ...) samples all rows, or sample each batch.",
    "seed": "Nothing is sampled from a stream: leave `seed` out.",
    "as": "Batches are data frames: leave `as` out.",
    "as_": "Batches are data frames: leave `as_` out.",
    "streaming": "It is a stream already: leave `streaming` out.",
}


def as_current_arguments(function: str, older: Mapping[str, Any], arguments: Sequence[str]) -> dict[str, Any]:
    """Return what older arguments mean, by the names of today.

    Parameters
    ----------
    function
        The function that was called, for messages.
    older
        The arguments that it does not have.
    arguments
        The arguments that it has.

    Raises
    ------
    ArgumentError
        One asks for what is not done, or was never an argument.
    """
    current: dict[str, Any] = {}
    for name, value in older.items():
        if name in _RENAMED:
            current[_RENAMED[name]] = value
        elif name == "ignore_verifications":
            current |= {"verification_mode": "no_checks"} if value else {}
        elif name == "num_proc":
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 1):
                raise _not_so(name, value, 1)
        elif name in _OF_ALL_ROWS and name not in arguments:
            raise _not_of_streams(name, arguments)
        elif name not in _ALREADY_SO:
            raise no_argument(function, name, arguments)
        elif not any(value is same or (type(value) is type(same) and value == same) for same in _ALREADY_SO[name]):
            raise _not_so(name, value, _ALREADY_SO[name][0])
    return current


def _not_of_streams(name: str, arguments: Sequence[str]) -> ArgumentError:
    drawn = name in ("sample", "seed")
    return ArgumentError(
        f"`{name}` is given, and {'a stream cannot be sampled' if drawn else 'this is a stream'}.",
        allowed=one_of(each for each in arguments if each != "path"),
        hint=_OF_ALL_ROWS[name],
    )


def _not_so(name: str, value: object, same: object) -> ArgumentError:
    return ArgumentError(
        f"`{name}` is {described(value)}.",
        allowed=f"Only {described(same)}, the default.",
        hint=_with_decimal_commas() if name == "decimal" else _WRITE_NOW[name],
    )


def _with_decimal_commas() -> str:
    arguments = (rendering.argument("sep", "';'"), rendering.argument("decimal", "','"))
    return f"Read the file with {rendering.call('pandas.read_csv', 'path', *arguments)} and use that data frame."
