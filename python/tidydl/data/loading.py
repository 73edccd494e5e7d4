"""Load data sets as analysis-ready frames."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa

from tidydl import rendering
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

    from tidydl.data.arrow.other_libraries import Frame
    from tidydl.data.sources.listing import Raw
    from tidydl.data.streaming import Stream

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
    r"""Load a data set as a data frame: local files and folders of tables, images or audio, or one on the Hub.

    Parameters
    ----------
    path
        A file (.csv, .tsv, .parquet, .json, .jsonl, .txt, optionally compressed as .gz); a folder of such files, or of
        images or audio files in one subfolder per class or with a ``metadata.csv``; a ``.zip`` file of those; a glob
        pattern such as ``"data/*.csv"``; the name of a format ('csv', 'parquet', 'json', 'imagefolder', 'audiofolder',
        'text') together with ``data_files`` or ``data_dir``; ``owner/name`` of a data set on the Hub; or a data frame,
        or a dictionary of data frames by split.
    name
        The configuration, for data sets with several: on the Hub, or in a folder whose README.md lists them.
    data_dir
        The folder with the data files.
    data_files
        The data files: one or several paths or glob patterns, or a dictionary of these by split.
    split
        The rows to load: a split ("train"), a slice of it ("train[:10%]", "train[100:200]"), concatenated splits
        ("train+test"), "all" (all splits, with a column ``split``), or a list of these. By default all splits.
    columns
        The names of the columns to keep, in that order. In parquet files only these are read.
    n
        Number of rows to read from the start; all if there are fewer.
    sample
        Number of rows to sample without replacement, with R's random numbers: the rows, in that order, of
        ``set.seed(seed); sample(nrow, sample)`` in R with R's default generators, regardless of ``RNGkind()`` there.
        With several splits, each is sampled separately.
    seed
        The seed of the sample; by default one draw from tidydl's own generator, which :func:`set_seed` seeds.
    as_
        "frame", "arrow" (a ``pyarrow.Table`` with the schema metadata of ``datasets``) or "dataset" (a
        ``datasets.Dataset`` with features).
    revision, token, cache_dir, verification_mode
        For a data set on the Hub: the commit, branch or tag, the access token, the cache folder, and which checks to
        run ("all_checks", "basic_checks", "no_checks").
    streaming
        Whether to return a :class:`~tidydl.data.streaming.Stream`, frame by frame in constant memory; see
        :func:`stream`.
    sep
        The separator of a csv file, by default a comma, or a tab in .tsv files; a warning is issued if the header does
        not contain it, and for numbers with decimal commas, which stay text.
    field
        The name of the field in a JSON file that contains the array of records.
    trusted
        Whether the files are your own, or from someone you trust as much as yourself. Otherwise links in a folder, and
        paths of image and audio files in the cells of a file, must not point outside their folder.
    **older
        Legacy arguments of ``datasets.load_dataset`` in other versions, accepted if they ask for what is the default
        here.

    Returns
    -------
    pandas.DataFrame, Splits, or the type selected by ``as_``
        The frame if there is one split or ``split`` names one, otherwise a dictionary of frames by split that prints as
        a table (as "arrow" a plain dictionary, as "dataset" a ``DatasetDict``). Class labels are categoricals, images
        have dtype ``image``, audio ``audio``, text ``str``, integers ``int64`` (``Int64`` if some are missing), dates
        ``datetime64[s]``, timestamps ``datetime64`` with finer units; lists and structs are lists and dictionaries,
        with labels in them by name. ``.attrs["tidydl"]`` describes what was loaded.

    Raises
    ------
    NotFoundError
        The path, file or split does not exist.
    ColumnError
        A column does not exist.
    DamagedFileError
        A file exists but cannot be read.
    DataError
        Files or splits have incompatible columns; a link, a README or a cell points outside its folder; or a README
        sets an unsupported option.
    ArgumentError
        An argument is invalid, or a zip file is unsafe.
    HubError
        The Hub does not respond.

    Notes
    -----
    Files are assigned to splits by the rules of the ``datasets`` library, which also resolves the slices. In delimited
    text files empty fields and ``NA`` are missing values, quoted or not, as in R's readr, and a column with a leading
    zero in any of its values ("007") is read as text with all its digits. A column of a csv file without a name, such
    as the row names written by R's ``write.csv()``, is called ``X``, and a second ``x`` is called ``x.1``, as in R's
    ``read.csv()``. Column types are inferred from all rows: even with ``n`` a csv or JSON file is read to its end.

    A .json file with a single object is one record; or, if all its values are lists, or all are objects with the names
    "0", "1" and so on as written by ``DataFrame.to_json()``, the columns of several records. In a .jsonl or .ndjson
    file each line is a record.

    The index of a data frame that pandas wrote to parquet becomes a column of the same name, or ``index`` if it has
    none; an index that only numbers the rows, of each file or of all files together, is dropped.

    A column ``.row`` of a file is data like any other, with one exception: the row numbers in a parquet file written by
    :func:`write_dataset`, or in R, are counted from 0.

    A README.md that describes the data (``configs``, ``dataset_info``) is followed as ``datasets`` does: files, splits,
    labels and column types, ``sep`` of csv and ``field`` of JSON files, unless the call says otherwise. Any other
    option that it sets, such as ``header`` or ``na_values``, and a value that is not of the declared type, is an error
    that names it.

    References to other files (in a README, a metadata file or a cell, or as links) are only followed inside their
    folder. URLs in them are never fetched.

    Zip files are checked before they are extracted: none may write outside its folder or be far larger than it appears.
    Zip files of images or audio, which are decoded lazily, stay extracted in ``unpacked`` below tidydl's own cache
    folder (``TIDYDL_CACHE``), once no matter how often they are loaded.

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
    arguments = {"token": token, "revision": revision, "verification_mode": verification_mode, "sep": sep}
    current = as_current_arguments("load_dataset", older, _ARGUMENTS)
    arguments |= {argument: value for argument, value in current.items() if arguments[argument] is None}
    others = {"cache_dir": cache_dir, "field": field, "trusted": trusted}
    request = request_of(path, name, data_dir, data_files, split, **others, **arguments)
    form = check_choice("as_", as_, _FORMS)
    if check_flag("streaming", streaming):
        return _streams(request, columns, n, sample, form)
    return load(request, wanted_of(columns, n, sample, seed), form)


def _streams(request: Request, columns: object, n: object, sample: object, form: str) -> Any:
    from tidydl.data.stream_loading import open_streams

    if sample is not None or form != "frame":
        argument = "sample" if sample is not None else "as_"
        raise ArgumentError(
            f"`{argument}` needs all rows at once, and `streaming` is {rendering.value(True)}.",
            allowed="`columns` and `n`, and frames.",
            hint=f"Leave `{argument}` or `streaming` out.",
        )
    streams = open_streams(request, wanted_of(columns, n, None, None))
    return next(iter(streams.values())) if request.is_one or len(streams) == 1 else Splits(streams)


def load(request: Request, wanted: Wanted, form: str = "frame") -> Any:
    """Load what a request names: a frame, a table or a dataset, or several by split."""
    if request.frame is not None:
        return _of_frame(request, wanted, form)
    results = load_splits(request, wanted, form)
    if request.is_one or (request.split is None and len(results) == 1):
        return next(iter(results.values()))
    return _by_split(results, form)


def load_splits(request: Request, wanted: Wanted, form: str) -> dict[str, Any]:
    """Load what a request names from files, by split, also where there is one."""
    from tidydl.data.reading_sources import fetch

    with DATA_FILES.guard(f"`path` '{request.path}'"), one_allowance():
        raw = fetch(request, wanted)
        splits = list(raw.tables) if request.split is None else request.splits
        return {split: _of_split(raw, request, wanted, split, form) for split in splits}


def _by_split(results: dict[str, Any], form: str) -> Any:
    if form == "dataset":
        import datasets

        return datasets.DatasetDict(results)
    return Splits(results) if form == "frame" else results


def _of_split(raw: Raw, request: Request, wanted: Wanted, split: str, form: str) -> Any:
    """Build the frame, table or dataset of a split."""
    from tidydl.data.arrow.to_frame import decode

    table = wanted.of_table(raw.tables[split] if split in raw.tables else pick(raw.tables, split))
    if form != "frame":
        return _in_form(table, _meant(table, raw), form)
    frame = decode(table, _meant(table, raw))
    alone = request.split is None and len(raw.tables) == 1
    description = {"task": "load_dataset", "source": request.path, "format": raw.format, "files": raw.files}
    frame.attrs["tidydl"] = description | ({} if alone else {"split": split}) | _row_arguments(wanted)
    return frame


def _meant(table: pa.Table, raw: Raw) -> Mapping[str, Any]:
    """Return what the columns of a table mean: each split may know it of its own."""
    from tidydl.data.arrow.to_frame import features_of

    return {**raw.features, **features_of(table.schema)}


def _row_arguments(wanted: Wanted) -> dict[str, int]:
    arguments = {"n": wanted.n, "sample": wanted.sample, "seed": wanted.seed}
    return {name: value for name, value in arguments.items() if value is not None}


def _of_frame(request: Request, wanted: Wanted, form: str) -> Any:
    """Return what is wanted of a data frame that is there already, or of several by split."""
    if not isinstance(request.frame, Mapping):
        return _of_one_frame(request.frame, wanted, form, request.index_base)
    frames = asked_frames(request.frame, request.splits)
    results = {split: _of_one_frame(each, wanted, form, request.index_base) for split, each in frames.items()}
    return next(iter(results.values())) if request.is_one else _by_split(results, form)


def _of_one_frame(data: Frame, wanted: Wanted, form: str, index_base: int) -> Any:
    from tidydl.data.arrow.from_frame import encode
    from tidydl.data.arrow.other_libraries import table_of
    from tidydl.data.arrow.to_frame import decode

    if hasattr(data, "iloc"):
        frame = wanted.of_frame(data)
        return frame if form == "frame" else _in_form(encode(frame, index_base=index_base), {}, form)
    table = wanted.of_table(table_of(data))
    return decode(table) if form == "frame" else _in_form(table, {}, form)


def _in_form(table: pa.Table, features: Mapping[str, Any], form: str) -> Any:
    from tidydl.data.arrow.from_frame import refuse_same_names
    from tidydl.data.arrow.to_datasets import as_datasets_has_it, dataset_of
    from tidydl.data.arrow.to_frame import features_of

    if form == "dataset":
        refuse_same_names(table.schema.names, "The data")
    table = as_datasets_has_it(table, {**features, **features_of(table.schema)})
    return table if form == "arrow" else dataset_of(table)
