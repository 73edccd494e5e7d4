"""Make an analysis-ready frame of an Arrow table: labels by name, images as images, dates as dates."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tidydl.data.arrow.decimals import doubles_of
from tidydl.data.arrow.nan_and_null import numbers_of
from tidydl.data.arrow.nested import holds_more, label_names, value_maker
from tidydl.data.arrow.nested_frames import as_frames, structures_in
from tidydl.data.arrow.noted_dtypes import as_noted, objects
from tidydl.data.arrow.r_metadata import IN_FILE, OF_R, plain_notes
from tidydl.data.media.media_files import lost_file
from tidydl.errors import DataError, one_of

HUGGINGFACE = b"huggingface"  # where `datasets` says what the columns mean
_BY_COLUMN = ("dtypes", "levels")
OURS = b"tidydl"  # where we say what only pandas tells apart


def features_of(schema: pa.Schema) -> dict[str, Any]:
    """Read what ``datasets`` wrote about the columns: a feature's description by column, or nothing."""
    try:
        info = json.loads((schema.metadata or {})[HUGGINGFACE])["info"]
        return dict(info["features"])
    except (KeyError, TypeError, ValueError):
        return {}


def notes_of(schema: pa.Schema) -> dict[str, Any]:
    """Read what we wrote beside the features: by column ``dtypes``, ``levels`` and ``r``; ``facts``; or nothing."""
    try:
        notes = dict(json.loads((schema.metadata or {})[OURS]))
    except (KeyError, TypeError, ValueError):
        return {}
    return {name: about for name, about in notes.items() if name not in _BY_COLUMN or isinstance(about, dict)}


def decode(
    table: pa.Table, features: Mapping[str, Any] | None = None, *, nullable: Collection[str] | None = None
) -> pd.DataFrame:
    """Build the frame.

    Parameters
    ----------
    table
        The data.
    features
        What the columns mean, as in the ``huggingface`` metadata of a parquet file, which is the default.
    nullable
        The columns that get a kind with missing values, whether or not these rows have any; by default those that
        have. A part of the data so gets the kinds of the whole.

    Returns
    -------
    pandas.DataFrame
        ``ClassLabel`` columns and dictionaries as categories in order, images of kind ``image``, audio clips of kind
        ``audio``, text ``str``, whole numbers ``int64`` (``Int64`` where some are missing), truth values ``bool``
        (``boolean`` likewise, and for columns that hold nothing), dates ``datetime64[s]``, timestamps ``datetime64``
        of another unit, durations ``timedelta64``, nested values as lists and dictionaries.

    Raises
    ------
    DataError
        A label has no name, or a text is not UTF-8.
    """
    features = features_of(table.schema) if features is None else features
    notes = notes_of(table.schema)
    frames = _kept_as_frames(notes)
    columns = {}
    for index, field in enumerate(table.schema):
        values = table.column(index)
        lacks = values.null_count > 0 if nullable is None else field.name in nullable
        if field.name in frames and structures_in(field.type):
            columns[index] = objects(as_frames(values, frames[field.name], decode))
        else:
            columns[index] = _column(values, features.get(field.name), field.name, lacks)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)
    frame.columns = pd.Index(table.schema.names, dtype="str")
    if of_r := plain_notes(notes.get(IN_FILE)):
        frame.attrs[OF_R] = of_r
    return as_noted(frame, notes, table.schema, nullable)


def _kept_as_frames(notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return, by column, what is known of the columns of the frames in its cells."""
    about = notes.get("levels", {})
    frames = [name for name, dtype in notes.get("dtypes", {}).items() if dtype == "frames"]
    return {name: about[name] for name in frames if isinstance(about.get(name), dict)}


def _column(values: pa.ChunkedArray, feature: object, name: str, lacks: bool) -> Any:
    values = _plainly_stored(values)
    about = feature if isinstance(feature, Mapping) else {}
    feature_type = about.get("_type")
    if feature_type == "ClassLabel":
        return _labels(values, about, name)
    if feature_type == "Audio" and _looks_like_media(values.type):
        from tidydl.data.media.audio import Audio, AudioArray

        return AudioArray([lost_file(value, Audio) or value for value in values.to_pylist()])
    if (feature_type == "Image" or feature_type != "Audio") and _looks_like_media(values.type):
        from tidydl.data.media.image import Image, ImageArray

        return ImageArray([lost_file(value, Image) or value for value in values.to_pylist()])
    return _nested(values, feature) if holds_more(values.type) else _flat(values, name, lacks)


def _plainly_stored(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values of extension types, views and runs as the plain ones they stand for."""
    arrow_type = values.type
    if isinstance(arrow_type, pa.BaseExtensionType):
        chunks = [chunk.storage for chunk in values.chunks]
        return _plainly_stored(pa.chunked_array(chunks, type=arrow_type.storage_type))
    if pa.types.is_run_end_encoded(arrow_type):
        return _plainly_stored(pc.run_end_decode(values))
    plain = {"string_view": pa.large_string(), "binary_view": pa.large_binary(), "halffloat": pa.float32()}
    return values.cast(plain[str(arrow_type)]) if str(arrow_type) in plain else values


def _labels(values: pa.ChunkedArray, feature: Mapping[str, Any], name: str) -> Any:
    """Make categories of codes, of which -1 is a missing label, or of the names themselves."""
    names = label_names(feature)
    if not pa.types.is_integer(values.type):
        return _labels_by_name(values, names, name)
    codes: Any = values.fill_null(-1).to_numpy()
    if len(codes) and not (codes.min() >= -1 and codes.max() < len(names)):
        wrong = codes[(codes < -1) | (codes >= len(names))][0]
        raise DataError(
            f"Column '{name}' holds the label {wrong}, and there are names for {len(names)}.",
            allowed=f"Whole numbers from 0 to {len(names) - 1}.",
        )
    small = np.int8 if len(names) < 128 else np.int32
    return pd.Categorical.from_codes(codes.astype(small), categories=pd.Index(names, dtype="str"), validate=False)


def _labels_by_name(values: pa.ChunkedArray, names: list[str], name: str) -> Any:
    """Make categories of texts, each of which is a label."""
    if pa.types.is_null(values.type):
        return pd.Categorical.from_codes([-1] * len(values), categories=pd.Index(names, dtype="str"))
    texts = values.cast(pa.string())
    strange = texts.filter(pc.invert(pc.is_in(texts, value_set=pa.array([*names, None], pa.string()))))
    if len(strange):
        raise DataError(
            f"Column '{name}' holds '{strange[0]}', which is not one of its labels.",
            allowed=one_of(names),
        )
    return pd.Categorical(texts.to_pylist(), categories=pd.Index(names, dtype="str"))


def _looks_like_media(arrow_type: pa.DataType) -> bool:
    if not pa.types.is_struct(arrow_type) or arrow_type.num_fields != 2:
        return False
    fields = {arrow_type.field(i).name: arrow_type.field(i).type for i in range(2)}
    return set(fields) == {"bytes", "path"} and (
        pa.types.is_binary(fields["bytes"]) or pa.types.is_large_binary(fields["bytes"])
    )


def _nested(values: pa.ChunkedArray, feature: object) -> Any:
    make = value_maker(values.type, feature)
    return objects(values.to_pylist() if make is None else [make(value) for value in values.to_pylist()])


def _flat(values: pa.ChunkedArray, name: str, lacks: bool) -> Any:
    arrow_type = values.type
    if pa.types.is_null(arrow_type):
        return pd.array([None] * len(values), dtype="boolean")
    if pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type):
        return _text(values, name)
    if pa.types.is_dictionary(arrow_type):
        return _categories(values)
    if lacks and (pa.types.is_integer(arrow_type) or pa.types.is_boolean(arrow_type)):
        return _with_missing(values)
    if pa.types.is_float64(arrow_type) and (numbers := numbers_of(values)) is not None:
        return numbers
    if pa.types.is_decimal(arrow_type):
        values, arrow_type = doubles_of(values), pa.float64()
    if pa.types.is_primitive(arrow_type) and not pa.types.is_temporal(arrow_type):
        array = values.to_numpy()
        return array if array.flags.writeable else array.copy()  # what shares Arrow's memory is read-only
    if pa.types.is_timestamp(arrow_type) and arrow_type.unit == "s":
        # seconds are the unit of whole days alone, so that a column of timestamps at midnight is none of dates
        values = values.cast(pa.timestamp("ms", arrow_type.tz))
    if pa.types.is_timestamp(arrow_type) and arrow_type.tz is None:
        return np.array(values.to_numpy())
    column = pd.Series(values.to_pandas(date_as_object=False))
    return column.astype("datetime64[s]") if pa.types.is_date(arrow_type) else column.copy()


def _text(values: pa.ChunkedArray, name: str) -> Any:
    """Make pandas' column of text, of the same memory where pandas holds text as Arrow does."""
    dtype = _dtype_of_text()
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(values)
    try:  # pandas 2 holds objects
        return pd.Series(values.to_pandas(), dtype=object)
    except UnicodeDecodeError as error:
        raise DataError(f"Column '{name}' holds text that is not UTF-8.", allowed="Text in UTF-8.") from error


@cache
def _dtype_of_text() -> Any:
    return pd.Series([], dtype="str").dtype


def _categories(values: pa.ChunkedArray) -> Any:
    """Make categories of a dictionary, whose parts may know different ones."""
    if holds_more(values.type.value_type):
        return _nested(values.cast(values.type.value_type), None)
    series = pd.Series(values.unify_dictionaries().to_pandas())
    if isinstance(series.dtype, pd.CategoricalDtype) and pa.types.is_null(values.type.value_type):
        series = series.cat.set_categories(pd.Index([], dtype="str"))
    if series.dtype == object:
        return series.astype("category")
    if series.cat.categories.dtype == object or _is_text(values.type.value_type):
        levels: Any = pd.Index([str(each) for each in series.cat.categories], dtype="str")
        series = series.cat.rename_categories(levels)
    return series


def _is_text(arrow_type: pa.DataType) -> bool:
    return str(arrow_type) in ("string", "large_string", "string_view")


def _with_missing(values: pa.ChunkedArray) -> Any:
    absent = values.is_null().to_numpy() if values.null_count else np.zeros(len(values), dtype=bool)
    if pa.types.is_boolean(values.type):
        return pd.arrays.BooleanArray(np.array(values.fill_null(False).to_numpy(), dtype=bool), np.array(absent))
    return pd.arrays.IntegerArray(np.array(values.fill_null(0).to_numpy()), np.array(absent))
