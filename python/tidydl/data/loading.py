"""Load data sets as analysis-ready frames."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from tidydl.boundaries import DATA_FILES, guarded
from tidydl.checks import check_choice, check_flag
from tidydl.data.arguments import Request, request_of
from tidydl.data.frames_by_split import asked_frames
from tidydl.data.legacy_arguments import as_current_arguments
from tidydl.data.readers.decompression_limits import one_allowance
from tidydl.data.selecting import Wanted, wanted_of
from tidydl.data.splits import Splits, pick
from tidydl.errors import ArgumentError

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import pyarrow as pa

    from tidydl.data.sources.listing import Raw
    from tidydl.data.streaming import Stream

__all__ = ["load", "load_dataset"]

_FORMS = ("frame", "arrow", "dataset")
_ARGUMENTS = (
    *("path", "name", "data_dir", "data_files", "split", "columns", "n", "sample", "seed", "as_", "revision", "token"),
    *("streaming", "cache_dir", "verification_mode", "sep", "field", "trusted"),
)


@guarded
def load_dataset(
    path: Any,
    name: str | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    data_files: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    split: str | Sequence[str] | None = None,
    *,
    columns: str | Sequence[str] | None = None,
    n: int | None = None,
    sample: int | None = None,
    seed: int | None = None,
    as_: Literal["frame", "arrow", "dataset"] = "frame",
    revision: str | None = None,
    token: str | bool | None = None,
    streaming: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
    verification_mode: str | None = None,
    sep: str | None = None,
    field: str | None = None,
    trusted: bool = False,
    **older: Any,
) -> pd.DataFrame | Splits | Stream | pa.Table | datasets.Dataset | datasets.DatasetDict | dict[str, pa.Table]:
    r"""Load a data set as a data frame: local files and folders of tables, images or sounds, or one of the Hub.

    Parameters
    ----------
    path
        A file (.csv, .tsv, .parquet, .json, .jsonl, .txt, also packed as .gz); a folder of such files, or of images
        or sounds in one subfolder per class or beside a ``metadata.csv``; a ``.zip`` file of those; a pattern such as
        ``"data/*.csv"``; the name of a format ('csv', 'parquet', 'json', 'imagefolder', 'audiofolder', 'text')
        together with ``data_files`` or ``data_dir``; ``owner/name`` of a data set on the Hub; or a data
        frame, or several by split in a dictionary.
    name
        The configuration, where a data set has several: on the Hub, or in a folder whose README.md lists them.
    data_dir
        The folder of the files.
    data_files
        Which files: a path or pattern, several, or a dictionary of split to either.
    split
        Which rows: a split ("train"), a slice of it ("train[:10%]", "train[100:200]"), several joined
        ("train+test"), "all" (all splits, with a column ``split``), or a list of such. By default all splits.
    columns
        The names of the columns to keep, in that order. Of parquet files no others are read.
    n
        How many rows, the first ones; all where there are fewer.
    sample
        How many rows, drawn without replacement by R's random numbers: the rows, in order, that
        ``set.seed(seed); sample(nrow, sample)`` names in R with R's default generators, whatever ``RNGkind()`` says
        there. Several splits are each drawn from anew.
    seed
        Where the draws start; by default at a draw of tidydl's own generator, which :func:`set_seed` starts.
    as_
        "frame", "arrow" (a ``pyarrow.Table`` with the metadata of ``datasets``) or "dataset" (a
        ``datasets.Dataset`` with features).
    revision, token, cache_dir, verification_mode
        Of a data set on the Hub: the commit, branch or tag, the access token, where it is kept, and what is checked
        ("all_checks", "basic_checks", "no_checks").
    streaming
        Whether to give a :class:`~tidydl.data.streaming.Stream`, frame by frame in constant memory; see :func:`stream`.
    sep
        What separates the columns of a csv file, by default a comma, or a tab in files named .tsv; one
        that the header lacks is warned of, and so are numbers with decimal commas, which stay text.
    field
        The name of the array of records inside a json file.
    trusted
        Whether the files are yours, or of somebody whom you trust as yourself. Else links in a folder, and paths of
        images and sounds in the cells of a file, may not lead out of the folder that they came in.
    **older
        What ``datasets.load_dataset`` of other versions knows, where it asks for what is done anyway.

    Returns
    -------
    pandas.DataFrame, Splits or what ``as_`` says
        The frame where there is one split or ``split`` names one, else a dictionary of frames by split that
        prints as a table (as "arrow" a plain dictionary, as "dataset" a ``DatasetDict``). Label columns are
        categories by name, images are of kind ``image``, sounds ``audio``, text ``str``, whole numbers ``int64``
        (``Int64`` where some are missing), dates ``datetime64[s]``, moments ``datetime64`` of finer units; lists
        and structures are lists and dictionaries, labels in them by name. ``.attrs["tidydl"]`` says what was loaded.

    Raises
    ------
    NotFoundError
        There is no such path, file or split.
    ColumnError
        There is no such column.
    DamagedFileError
        A file is there but cannot be read.
    DataError
        Files or splits do not fit together, or a link, a README or a cell names a file outside of their folder.
    ArgumentError
        An argument makes no sense here, or a zip file is not safe.
    HubError
        The Hub does not answer.

    Notes
    -----
    Files are matched to splits by the rules of the ``datasets`` library, which also cuts the slices. In text tables
    an empty field and ``NA`` are missing, quoted or not, as for R's readr, and a column with a leading zero in any
    of its values ("007") is text, whose digits stay. A column of a csv file without a name, such as the row names
    that R's ``write.csv()`` writes, is called ``X``, and a second ``x`` is ``x.1``, as by R's ``read.csv()``. Kinds
    of columns are those of all rows: with ``n`` a csv or json file is still read to its end.

    A .json file that holds a single object is one record; or the columns of several, where all its values are lists,
    or all are objects with the names "0", "1" and so on, as ``DataFrame.to_json()`` writes them. In a .jsonl or .ndjson
    file each line is a record.

    The index of a frame that pandas wrote to parquet is a column of its name, or ``index`` where it has none; one that
    only counts the rows, of each file or of all the files that are read, is left out.

    What files say of other files is followed inside their folder only: in a README, a metadata file or a cell, or by
    links. URLs in them are never fetched.

    Zip files are looked through before they are unpacked: none writes outside its folder or is far larger than it
    seems. Those of images and sounds, which are read later, stay unpacked in ``unpacked`` below tidydl's own cache
    folder (``TIDYDL_CACHE``), once however often they are loaded.

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
    given = {"token": token, "revision": revision, "verification_mode": verification_mode, "sep": sep}
    said = as_current_arguments("load_dataset", older, _ARGUMENTS)
    given |= {argument: value for argument, value in said.items() if given[argument] is None}
    known = {"cache_dir": cache_dir, "field": field, "trusted": trusted}
    request = request_of(path, name, data_dir, data_files, split, **known, **given)
    form = check_choice("as_", as_, _FORMS)
    if check_flag("streaming", streaming):
        return _streams(request, columns, n, sample, form)
    return load(request, wanted_of(columns, n, sample, seed), form)


def _streams(request: Request, columns: Any, n: Any, sample: Any, form: str) -> Any:
    from tidydl.data.stream_loading import open_streams

    if sample is not None or form != "frame":
        argument = "sample" if sample is not None else "as_"
        raise ArgumentError(
            f"`{argument}` needs all rows at once, and `streaming` is True.",
            allowed="`columns` and `n`, and frames.",
            hint=f"Leave `{argument}` or `streaming` out.",
        )
    streams = open_streams(request, wanted_of(columns, n, None, None))
    return next(iter(streams.values())) if request.is_one or len(streams) == 1 else Splits(streams)


def load(request: Request, wanted: Wanted, form: str = "frame") -> Any:
    """Load what a request names: a frame, a table or a dataset, or several by split."""
    if request.frame is not None:
        return _of_frame(request, wanted, form)
    from tidydl.data.reading_sources import fetch

    with DATA_FILES.guard(f"`path` '{request.path}'"), one_allowance():
        raw = fetch(request, wanted)
        splits = list(raw.tables) if request.split is None else request.splits
        made = {split: _made(raw, request, wanted, split, form) for split in splits}
    if request.is_one or (request.split is None and len(made) == 1):
        return next(iter(made.values()))
    return _by_split(made, form)


def _by_split(made: dict[str, Any], form: str) -> Any:
    if form == "dataset":
        import datasets

        return datasets.DatasetDict(made)
    return Splits(made) if form == "frame" else made


def _made(raw: Raw, request: Request, wanted: Wanted, split: str, form: str) -> Any:
    """Build the frame, table or dataset of a split."""
    from tidydl.data.arrow.to_frame import decode

    table = wanted.of_table(raw.tables[split] if split in raw.tables else pick(raw.tables, split))
    if form != "frame":
        return _in_form(table, raw.features, form)
    frame = decode(table, _meant(table, raw))
    alone = request.split is None and len(raw.tables) == 1
    said = {"task": "load_dataset", "source": request.path, "format": raw.format, "files": raw.files}
    frame.attrs["tidydl"] = said | ({} if alone else {"split": split}) | _rows_said(wanted)
    return frame


def _meant(table: pa.Table, raw: Raw) -> Mapping[str, Any]:
    """Return what the columns of a table mean: each split may know it of its own."""
    from tidydl.data.arrow.to_frame import features_of

    return {**raw.features, **features_of(table.schema)}


def _rows_said(wanted: Wanted) -> dict[str, int]:
    said = {"n": wanted.n, "sample": wanted.sample, "seed": wanted.seed}
    return {name: value for name, value in said.items() if value is not None}


def _of_frame(request: Request, wanted: Wanted, form: str) -> Any:
    """Return what is wanted of a data frame that is there already, or of several by split."""
    if not isinstance(request.frame, Mapping):
        return _of_one_frame(request.frame, wanted, form)
    frames = asked_frames(request.frame, request.splits)
    made = {split: _of_one_frame(each, wanted, form) for split, each in frames.items()}
    return next(iter(made.values())) if request.is_one else _by_split(made, form)


def _of_one_frame(given: Any, wanted: Wanted, form: str) -> Any:
    from tidydl.data.arrow.from_frame import encode
    from tidydl.data.arrow.other_libraries import table_of
    from tidydl.data.arrow.to_frame import decode

    if hasattr(given, "iloc"):
        frame = wanted.of_frame(given)
        return frame if form == "frame" else _in_form(encode(frame), {}, form)
    table = wanted.of_table(table_of(given))
    return decode(table) if form == "frame" else _in_form(table, {}, form)


def _in_form(table: pa.Table, features: Mapping[str, Any], form: str) -> Any:
    from tidydl.data.arrow.from_frame import refuse_same_names
    from tidydl.data.arrow.to_datasets import as_datasets_has_it, dataset_of
    from tidydl.data.arrow.to_frame import features_of

    if form == "dataset":
        refuse_same_names(table.schema.names, "The data")
    table = as_datasets_has_it(table, {**features, **features_of(table.schema)})
    return table if form == "arrow" else dataset_of(table)
