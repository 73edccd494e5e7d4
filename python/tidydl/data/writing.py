"""Write data sets to parquet files that keep every kind, and hand them on to ``datasets``."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from tidydl import rendering
from tidydl.boundaries import guarded
from tidydl.checks import check_path_name, described, frame_hint
from tidydl.data.arrow.other_libraries import is_frame
from tidydl.data.frames_by_split import as_mapping, by_name, frames_allowed
from tidydl.data.streaming import Stream
from tidydl.data.writing_parquet import table_of_frame, write_parquet
from tidydl.errors import ArgumentError, DataError, StorageError
from tidydl.progress import Work
from tidydl.progress import run as run_work
from tidydl.whole_files import begun_beside, real_path, refuse_missing_folder, unwritable, whole_file

if TYPE_CHECKING:
    import datasets

    from tidydl.data.arrow.other_libraries import Frame

_FILE = "A file named .parquet, which keeps all types."
_SPLIT = re.compile(r"^\w+(\.\w+)*$")  # as `datasets` has it
_README = "README.md"
_CARD = re.compile(r"---\nconfigs:\n- config_name: default\n  data_files:\n(  - split: .*\n    path: .*\n)+---\n")
_KNOWN_SPLITS = ("train", "validation", "test")


def write_dataset(data: Any, path: str | os.PathLike[str], *, progress: bool | None = None) -> str:
    """Write a data set to parquet, so that :func:`load_dataset` restores it.

    Parameters
    ----------
    data
        A data frame; splits, a dictionary of frames by name; or a stream, which is written as it is read. The index is
        not written. Images and audio given as paths are written as paths: their files must stay in place, and one that
        no longer exists is shown as missing. Paths below the folder of ``path`` are written relative to it, so that the
        folder can be moved; files outside it are only read again if ``path`` is ``trusted``.
    path
        A file name ending in ``.parquet``; for splits a folder, in which each split is written to a file of its name.
        An existing file is replaced once everything is written, and keeps its mode; for a link, its target is replaced.
        A folder that contains anything but files of the same splits is an error.
    progress
        True or False to force or suppress a progress bar on stderr; None shows it in interactive use.

    Notes
    -----
    Some types are restored as the closest equivalent. Categories are written as text: numbers, timestamps and booleans
    are restored, intervals (of ``pd.cut()``), dates and mixed values are read as text. Columns of intervals and of
    ``uuid.UUID`` are read as text, ``datetime.date`` as ``datetime64[s]``, ``Decimal`` as float (the file contains the
    exact values), sparse columns as dense ones, and column names as text. Data frames in the cells of a column are read
    with an index from 0, and categoricals in them with the union of the categories; they need the same columns.
    Attributes of columns that only R distinguishes (units of durations, variable labels) are in ``.attrs["tidydl_r"]``,
    a dictionary of dictionaries by column; for parts read together, or the frames of a stream, it contains what is the
    same in all of them. Categories must be the same in all parts that are read or written together, in cells too.
    Integer columns ``.row`` and ``.row_y`` count from 0 in Python and from 1 in R. The file notes from which number
    they count, so that a result written in one language can be joined by ``.row`` in the other.

    Returns
    -------
    str
        The path. The file can also be read with ``datasets`` and pandas.

    Raises
    ------
    ArgumentError
        The path has another extension, a folder contains other files, the name of a split is not a valid file name,
        ``data`` is a stream that would read the written file next time, or of any other type.
    DataError
        A column contains values without a common type or of an unsupported type, such as complex numbers; two
        categories are equal as text; a column has no name or several; there are rows but no columns.
    StorageError
        The file cannot be written.

    Examples
    --------
    >>> import os, tempfile, pandas as pd
    >>> from tidydl import load_dataset
    >>> file = os.path.join(tempfile.mkdtemp(), "d.parquet")
    >>> _ = write_dataset(pd.DataFrame({"mood": pd.Categorical(["low"], ["low", "high"])}), file)
    >>> load_dataset(file)["mood"].cat.categories.tolist()
    ['low', 'high']
    """
    return run_work(write_steps(data, path), progress=progress)


@partial(guarded, name="write_dataset")
def write_steps(data: object, path: object, argument: str = "path", index_base: int = 0) -> Work[str]:
    """Write a data set as a generator of progress events that returns the path; ``argument`` is what it is called.

    Row numbers count from ``index_base``, which the file notes.
    """
    target, data = _target(path, argument), as_mapping(data)
    if isinstance(data, Mapping) and all(_is_one(each) for each in data.values()) and data:
        yield from _write_splits(data, target, index_base)
    elif _is_one(data):
        _check_suffix(target, argument)
        if isinstance(data, Stream):
            data.check_output(str(target), argument)
        with whole_file(target) as file:
            folder = None if target.is_symlink() else target.absolute().parent
            yield from write_parquet(data, file, folder, index_base)
    else:
        raise ArgumentError(f"`data` is {described(data)}.", allowed=frames_allowed(), hint=frame_hint(data))
    return str(target)


def check_file(path: object, argument: str) -> None:
    """Refuse, before there is anything to write, what is no file for one data set."""
    _check_suffix(_target(path, argument), argument)


@guarded
def as_dataset(data: Any) -> datasets.Dataset | datasets.DatasetDict:
    """Return a data frame as a dataset of the ``datasets`` library, with its column types as features.

    Parameters
    ----------
    data
        A data frame, or splits of :func:`load_dataset`, which become a ``DatasetDict``.

    Returns
    -------
    datasets.Dataset or datasets.DatasetDict
        The rows in memory, with the column types as ``features``: labels as ``ClassLabel``, images as ``Image``, audio
        as ``Audio``.

    Raises
    ------
    ArgumentError
        ``data`` is of any other type.
    DataError
        A column contains values without a common type.

    Examples
    --------
    >>> import pandas as pd
    >>> as_dataset(pd.DataFrame({"mood": pd.Categorical(["low"], ["low", "high"])})).features["mood"].names
    ['low', 'high']
    """
    import datasets

    from tidydl.data.arrow.to_datasets import dataset_of

    data = as_mapping(data)
    if isinstance(data, Mapping) and data and all(is_frame(each) for each in data.values()):
        return datasets.DatasetDict({split: as_dataset(each) for split, each in by_name(data, "data").items()})
    if not is_frame(data):
        hint = "write_dataset() writes a stream to a file." if isinstance(data, Stream) else frame_hint(data)
        allowed = "A data frame, or several by split."
        raise ArgumentError(f"`data` is {described(data)}.", allowed=allowed, hint=hint)
    table = table_of_frame(data)
    try:
        return dataset_of(table)
    except ValueError as error:
        raise DataError(
            f"`data` has values that a dataset cannot hold: {str(error).splitlines()[0].rstrip('.')}.",
            allowed=f"Numbers, text, labels, times, images, audio, lists and {rendering.type_name('dicts')} of these.",
            hint="Convert such a column to text first, or leave it out.",
        ) from error


def _is_one(data: object) -> TypeGuard[Frame | Stream]:
    return is_frame(data) or isinstance(data, Stream)


def _target(path: object, argument: str) -> Path:
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise ArgumentError(
            f"`{argument}` is {described(path)}.", allowed="The path of a file named .parquet, or a folder."
        )
    check_path_name(argument, path)
    try:
        target = Path(path).expanduser()
    except RuntimeError as error:
        raise ArgumentError(
            f"`{argument}` '{path}' is in the home folder of a user who does not exist on this machine.",
            allowed="The path of a file named .parquet, or a folder.",
            hint="Write the full path instead of '~'.",
        ) from error
    refuse_missing_folder(target, f"`{argument}` '{target}'")
    if not target.absolute().parent.is_dir():
        raise StorageError(
            f"`{argument}` '{target}' is in '{target.parent}', which is not a folder.", allowed="A path in a folder."
        )
    return target


def _check_suffix(target: Path, argument: str) -> None:
    if target.is_dir():
        raise ArgumentError(
            f"`{argument}` '{target}' is a folder.", allowed=_FILE, hint=f"Write '{target / 'data.parquet'}'."
        )
    if target.suffix.lower() != ".parquet":
        named = f"named '{target.suffix}'" if target.suffix else "without a file extension"
        raise ArgumentError(
            f"`{argument}` '{target}' is {named}.", allowed=_FILE, hint=f"Write '{target.with_suffix('.parquet')}'."
        )


def _write_splits(data: Mapping[Any, Any], target: Path, index_base: int) -> Work[None]:
    """Write a folder with a file for each split, which takes its name when all is written."""
    named = by_name(data, "data")
    for name in named:
        if not _SPLIT.match(name):
            other = re.sub(r"\W+", "_", name).strip("_")
            raise ArgumentError(
                f"`data` has a split '{name}', which is not a valid file name.",
                allowed="Split names of letters, digits, '_' and '.', as `datasets` requires.",
                hint=f"For example '{other}'." if other else "Rename it.",
            )
    if target.is_file() or target.suffix.lower() == ".parquet":
        raise ArgumentError(
            f"`path` '{target}' is a file, but `data` has several splits.",
            allowed="A folder.",
            hint=f"Write '{target.with_suffix('')}'.",
        )
    yield from _write_folder(named, real_path(target, f"`path` '{target}'"), index_base)


def _write_folder(data: Mapping[str, Any], target: Path, index_base: int) -> Work[None]:
    """Write into a folder that is there, or into one that takes its name at last."""
    _refuse_other_files(target, data)
    scratch = begun_beside(target)
    folder = target if target.is_dir() else scratch
    try:
        if folder is scratch:
            scratch.mkdir()
        with ExitStack() as files:  # each takes its name when all are written
            opened = {name: files.enter_context(whole_file(folder / f"{name}.parquet")) for name in data}
            for name, each in data.items():
                yield from write_parquet(each, opened[name], target, index_base)
            if not set(data) <= set(_KNOWN_SPLITS) or (folder / _README).exists():
                opened[_README] = files.enter_context(whole_file(folder / _README))
                opened[_README].write(_card(data).encode())
            for file in opened.values():  # so that no file is replaced before all are on the disk
                file.flush()
                os.fsync(file.fileno())
        if folder is scratch:
            os.replace(scratch, target)
    except OSError as problem:
        if hasattr(problem, "kind"):  # one of ours, which says what it is about
            raise
        raise unwritable(f"'{target}'", problem) from problem
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _refuse_other_files(target: Path, names: Iterable[str]) -> None:
    """Refuse a folder of more than these splits: the others would be read as splits too, and are somebody's."""
    ours = {f"{name}.parquet" for name in names}
    entries = list(target.iterdir()) if target.is_dir() else []
    others = sorted(
        each.name
        for each in entries
        if not each.name.startswith(".") and not (each.name in ours and not each.is_dir()) and not _is_card(each)
    )
    if others:
        raise ArgumentError(
            f"`path` '{target}' contains other files: {', '.join(others[:5])}{', …' if len(others) > 5 else ''}.",
            allowed="A new or empty folder, or one with files of the same splits, which are replaced.",
            hint=f"Write '{target / 'data'}', or delete them if you no longer need them.",
        )


def _is_card(file: Path) -> bool:
    """Return whether a file is the README of an earlier data set, with nothing of anybody else's in it."""
    if file.name != _README or not file.is_file():
        return False
    return _CARD.fullmatch(file.read_text("utf-8", "replace")) is not None


def _card(names: Iterable[str]) -> str:
    """Write the README that tells ``datasets``, and us, which file is which split."""
    files = "".join(f"  - split: {json.dumps(name)}\n    path: {json.dumps(name + '.parquet')}\n" for name in names)
    return f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n"
