"""Load data sets as analysis-ready frames."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.data.media_files import is_url
from tidydl.data.splits import Splits, pick, split_names
from tidydl.errors import ArgumentError, NotFoundError, TidydlError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from tidydl.data.resolving import Raw

__all__ = ["load_dataset"]

FILES = Path(__file__).resolve().parent / "files"
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?$")
_HERE = "A folder, a csv, parquet or json file, or the name of a format with `data_files`."


def load_dataset(
    path: str | os.PathLike[str],
    name: str | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    data_files: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    split: str | Sequence[str] | None = None,
    *,
    revision: str | None = None,
    sep: str | None = None,
    field: str | None = None,
) -> pd.DataFrame | Splits:
    r"""Load a data set as a data frame: local csv, parquet, json and image folders, or a data set of the Hub.

    Parameters
    ----------
    path
        A file (.csv, .tsv, .parquet, .json, .jsonl); a folder of such files, or of images in one subfolder
        per class; the name of a format ('csv', 'parquet', 'json', 'imagefolder', 'text') together with
        ``data_files`` or ``data_dir``; or the id of a data set on the Hub, ``owner/name``.
    name
        The configuration, where a data set has several.
    data_dir
        The folder of the files.
    data_files
        Which files: a path or pattern, several, or a dictionary of split to either.
    split
        Which rows: a split ("train"), a slice of it ("train[:10%]", "train[100:200]"), several joined
        ("train+test"), "all" (all splits, with a column ``split``), or a list of such. By default all splits.
    revision
        The commit, branch or tag of a data set on the Hub.
    sep
        What separates the columns of a csv file, by default a comma, or a tab in files named .tsv.
    field
        The name of the array of records inside a json file.

    Returns
    -------
    pandas.DataFrame or Splits
        The frame where there is one split or ``split`` names one, else a dictionary of frames by split that
        prints as a table. Label columns are categories by name, images are of kind ``image``, text ``str``,
        whole numbers ``int64`` (``Int64`` where some are missing), dates ``datetime64``. ``.attrs["tidydl"]``
        says what was loaded.

    Raises
    ------
    NotFoundError
        There is no such path, file or split.
    DamagedFileError
        A file is there but cannot be read.
    ArgumentError
        An argument makes no sense here.
    HubError
        The Hub does not answer.

    Notes
    -----
    Files are matched to splits, and slices are cut, by the ``datasets`` library. In text tables an empty
    field and ``NA`` are missing, as for R's readr.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = file.write_text("person,score\na,1\nb,\n")
    >>> load_dataset(file)
      person  score
    0      a      1
    1      b   <NA>
    """
    place = _place(path)
    _check_names(name=name, revision=revision, sep=sep, field=field)
    options = {"sep": sep, "field": field}
    raw = _read(place, name, _folder(data_dir), _patterns(data_files), revision, options, _splits(split))
    if split is None:
        if len(raw.tables) == 1:
            return _frame(raw, place, None)
        return Splits({str(one): _frame(raw, place, one) for one in raw.tables})
    if isinstance(split, str):
        return _frame(raw, place, split)
    if isinstance(split, Sequence) and all(isinstance(part, str) for part in split) and len(split) > 0:
        return Splits({part: _frame(raw, place, part) for part in split})
    raise ArgumentError(f"`split` is {described(split)}.", allowed="A text such as 'train[:10%]', or a list of such.")


def _read(
    path: str,
    name: str | None,
    data_dir: str | None,
    data_files: Any,
    revision: str | None,
    options: dict[str, str | None],
    splits: list[str] | None,
) -> Raw:
    from tidydl.data.hub import read_hub
    from tidydl.data.resolving import BUILDERS, read_builder, read_file

    place = Path(path)
    if revision is not None and place.exists():
        raise ArgumentError("`revision` means nothing for local files.", hint="Leave `revision` out.")
    if place.is_file():
        if data_files is not None or data_dir is not None:
            raise ArgumentError(
                f"`path` '{path}' is a file, so `data_files` and `data_dir` mean nothing.",
                hint=f"load_dataset('{place.suffix[1:]}', data_files=…)",
            )
        return read_file(place, **options)
    if place.is_dir():
        return read_builder(path, name, data_dir, data_files, options)
    if path in BUILDERS:
        if data_files is None and data_dir is None:
            raise ArgumentError(
                f"`path` is the format '{path}', and `data_files` does not say which files.",
                hint=f"load_dataset('{path}', data_files='…')",
            )
        return read_builder(path, name, data_dir, data_files, options)
    if _may_be_on_hub(path, revision, data_files):
        return read_hub(path, name, data_dir, data_files, revision, splits=splits)
    raise _not_there(place)


def _splits(split: Any) -> list[str] | None:
    """Name the splits that are needed, None for all."""
    parts = [split] if isinstance(split, str) else split
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        return None
    names = [split_names(part) for part in parts]
    return None if None in names else list(dict.fromkeys(each for some in names for each in some or ()))


def _may_be_on_hub(path: str, revision: str | None, data_files: Any) -> bool:
    """Say whether a path that is not here is to be looked for on the Hub.

    A name without an owner is as likely a mistyped file or an example: it must be known there.
    """
    from tidydl.hub.listings import is_known
    from tidydl.hub.repositories import Repository

    if _HUB_ID.match(path) is None or Path(path).suffix:
        return False
    if "/" in path:
        return not Path(path).parent.is_dir()
    return data_files is None and is_known(Repository("dataset", path, revision or "main"))


def _frame(raw: Raw, path: str, split: str | None) -> pd.DataFrame:
    """Make the frame of a split; None is the only one there is."""
    from tidydl.data.decoding import decode

    if split is None:
        table = next(iter(raw.tables.values()))
    else:
        table = raw.tables[split] if split in raw.tables else pick(raw.tables, split)
    frame = decode(table, raw.features)
    said = {"task": "load_dataset", "source": path, "format": raw.format, "files": raw.files}
    frame.attrs["tidydl"] = said | ({} if split is None else {"split": split})
    return frame


def _place(path: object) -> str:
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise ArgumentError(f"`path` is {described(path)}.", allowed=_HERE)
    _refuse_url("path", str(path))
    text = os.fspath(path)
    return os.path.expanduser(os.fsdecode(text) if isinstance(text, bytes) else text)


def _folder(data_dir: object) -> str | None:
    if data_dir is None:
        return None
    folder = _place(data_dir)
    if not os.path.isdir(folder):
        raise _not_there(Path(folder), "data_dir")
    return folder


def _patterns(data_files: Any) -> Any:
    """Give the file patterns as ``datasets`` takes them, with no URL among them."""
    if data_files is None:
        return None
    for pattern in _flat(data_files):
        if not isinstance(pattern, (str, os.PathLike)):
            raise ArgumentError(
                f"`data_files` holds {described(pattern)}.",
                allowed="A path or pattern, several, or a dictionary of split to either.",
            )
        _refuse_url("data_files", str(pattern))
        plain = not any(character in str(pattern) for character in "*?[")
        if plain and os.path.isabs(pattern) and not os.path.exists(pattern):
            raise _not_there(Path(pattern), "data_files")
    if isinstance(data_files, Mapping):
        return {str(key): _as_text(value) for key, value in data_files.items()}
    return _as_text(data_files)


def _flat(data_files: Any) -> Iterator[Any]:
    values = data_files.values() if isinstance(data_files, Mapping) else [data_files]
    for value in values:
        yield from value if isinstance(value, (list, tuple)) else [value]


def _as_text(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [os.path.expanduser(os.fspath(one)) for one in value]
    return os.path.expanduser(os.fspath(value))


def _refuse_url(argument: str, value: str) -> None:
    if is_url(value):
        raise ArgumentError(
            f"`{argument}` '{value}' is a URL, and URLs are never fetched unasked.",
            allowed=_HERE,
            hint="Download the file first and give its path.",
        )


def _check_names(**arguments: object) -> None:
    for argument, value in arguments.items():
        if value is not None and not isinstance(value, str):
            raise ArgumentError(f"`{argument}` is {described(value)}.", allowed="A text.")


def _not_there(place: Path, argument: str = "path") -> TidydlError:
    """Say that a path is not there, and what is there instead."""
    if argument == "path" and any(file.stem == str(place) for file in FILES.glob("*.*")):
        hint: str | None = f"It is an example: example_data('{place}')."
        return NotFoundError(f"`path` '{place}' does not exist.", allowed=_HERE, hint=hint)
    parent = place.parent
    if not parent.is_dir():
        hint = f"The folder '{parent}' does not exist either."
    else:
        there = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
        close = nearest(place.name, there)
        shown = ", ".join(there[:8]) + (", …" if len(there) > 8 else "")
        hint = f"Did you mean '{parent / close}'?" if close else f"In '{parent.resolve()}' is: {shown or 'nothing'}."
    return NotFoundError(f"`{argument}` '{place}' does not exist.", allowed=_HERE, hint=hint)
