"""Arrow tables of data frames, every column in its kind: labels, images and audio among them.

The kinds are written as ``datasets`` writes them, so that it reads the tables too; what only pandas tells apart stands
beside them in metadata of our own.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tidydl import rendering
from tidydl.data.arrow.nan_and_null import with_nulls
from tidydl.data.arrow.nanoseconds import exact_array
from tidydl.data.arrow.nested_frames import holds_frames, lists_of_structures
from tidydl.data.arrow.noted_dtypes import levels_again
from tidydl.data.arrow.r_metadata import IN_FILE, OF_R, plain_notes
from tidydl.data.arrow.row_numbers import INDEX_BASE, bases_to_note
from tidydl.data.arrow.to_frame import HUGGINGFACE, OURS, features_of
from tidydl.errors import DataError

_MEDIA = {"image": "Image", "audio": "Audio"}


def encode(frame: pd.DataFrame, facts: Mapping[str, Any] | None = None, index_base: int = 0) -> pa.Table:
    """Build the table; its metadata says what the columns mean, and holds some facts (plain JSON).

    Row numbers count from ``index_base``.

    Raises
    ------
    DataError
        Two columns have one name, one has none or several, or a column holds values that have no common kind.
    """
    _refuse_names(frame)
    columns: dict[str, Any] = {}
    features: dict[str, Any] = {}
    notes: dict[str, Any] = {"dtypes": {}, "levels": {}, "facts": dict(facts or {})}
    if of_r := plain_notes(frame.attrs.get(OF_R)):
        notes[IN_FILE] = of_r
    for name, column in zip(map(str, frame.columns), (frame.iloc[:, k] for k in range(frame.shape[1])), strict=True):
        columns[name], feature, notes["dtypes"][name], levels = _column(column, name, index_base)
        if feature is not None:
            features[name] = feature
        if levels:
            notes["levels"][name] = levels
    table = pa.table(columns) if columns else pa.table({})
    if bases := bases_to_note(table, index_base):
        notes[INDEX_BASE] = bases
    metadata = {OURS: json.dumps(notes).encode()}
    if not frame.empty or columns:
        metadata[HUGGINGFACE] = json.dumps({"info": {"features": _all_features(table.schema, features)}}).encode()
    return table.replace_schema_metadata(metadata)


def _refuse_names(frame: pd.DataFrame) -> None:
    """Refuse columns whose names do not tell them, or are none."""
    odd = next((name for name in frame.columns if isinstance(name, tuple) or pd.isna(name)), "")
    if isinstance(odd, tuple) or pd.isna(odd):
        several = "several names" if isinstance(odd, tuple) else "a missing name"
        raise DataError(
            f"`data` has a column with {several}: {odd!r}.",
            allowed="Columns with one name each.",
            hint="Give `data.columns` other names first.",
        )
    refuse_same_names([str(name) for name in frame.columns])


def refuse_same_names(names: Sequence[str], whose: str = "`data`") -> None:
    """Refuse columns of one name, which neither parquet nor ``datasets`` tells apart."""
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        raise DataError(
            f"{whose} has two columns '{twice}'.", allowed="Columns with different names.", hint="Rename one of them."
        )


def _column(column: pd.Series, name: str, index_base: int) -> tuple[Any, dict[str, Any] | None, str, dict[str, Any]]:
    """Return a column's Arrow array, its feature, its dtype by name, and what else is known of what it holds."""
    if isinstance(column.dtype, pd.SparseDtype):
        sparse: Any = column.sparse
        column = sparse.to_dense()
    dtype = str(column.dtype)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _labels(column, name)
    if dtype in _MEDIA:
        return pa.array(column.array), {"_type": _MEDIA[dtype]}, dtype, {}
    if dtype == "object" and _holds_media(column):
        return _lists_of_media(column, name)
    if dtype == "object" and holds_frames(column):
        return _frames(column, name, index_base)
    if dtype.startswith("complex"):
        raise DataError(
            f"Column '{name}' holds complex numbers.",
            allowed="Real numbers.",
            hint="Split it into two columns, `.real` and `.imag`.",
        )
    try:
        if dtype == "object" and _holds_arrays(column):
            return pa.array([_listed(value) for value in column]), None, "array", {}
        array = _plain(column)
    except OverflowError as error:
        raise DataError(
            f"Column '{name}' has integers beyond 64 bits.",
            allowed="Integers from -2^63 to 2^64 - 1.",
            hint="Convert them to text, or to floats if they need not be exact.",
        ) from error
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(
            f"Column '{name}' has values of different types: {str(error).splitlines()[0].rstrip('.')}.",
            allowed="Columns with values of one type.",
            hint="Convert them to text first, or leave the column out.",
        ) from error
    if _holds_nothing(array.type):
        raise DataError(
            f"Column '{name}' holds only empty {rendering.type_name('dicts')}.",
            allowed=f"{rendering.type_name('dicts').capitalize()} with entries.",
            hint="Make them missing, or leave the column out.",
        )
    return array, None, _dtype_again(dtype, array.type), {}


def _listed(value: Any) -> Any:
    """Return an array as lists; one of timestamps as it is, since their lists would be whole numbers."""
    if not hasattr(value, "tolist"):
        return value
    return value if value.dtype.kind in "mM" and value.ndim == 1 else value.tolist()


def _frames(column: pd.Series, name: str, index_base: int) -> tuple[Any, dict[str, Any] | None, str, dict[str, Any]]:
    array, metadata = lists_of_structures(column, name, partial(encode, index_base=index_base))
    features = features_of(pa.schema([], metadata))
    feature = {"feature": features, "_type": "List"} if len(features) == array.type.value_type.num_fields else None
    return array, feature, "frames", {key.decode(): value.decode() for key, value in metadata.items()}


def _labels(column: pd.Series, name: str) -> tuple[Any, dict[str, Any], str, dict[str, Any]]:
    codes = column.cat.codes.to_numpy().astype(np.int64)
    levels = column.cat.categories
    names = [str(each) for each in levels]
    twice = next((each for each in names if names.count(each) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise DataError(
            f"Column '{name}' has two categories that are '{twice}' as text.",
            allowed="Categories that differ when written as text.",
            hint="Rename one of them with `.cat.rename_categories()`.",
        )
    about: dict[str, Any] = {"ordered": True} if column.cat.ordered else {}
    if levels.dtype != object and str(levels.dtype) != "str" and _are_told_by(names, levels):
        about["dtype"] = str(levels.dtype)
    return pa.array(codes, mask=codes < 0), {"names": names, "_type": "ClassLabel"}, "category", about


def _are_told_by(names: list[str], levels: pd.Index[Any]) -> bool:
    again = levels_again(pd.Index(names, dtype="str"), str(levels.dtype))
    return again is not None and again.dtype == levels.dtype and again.equals(levels)


def _dtype_again(dtype: str, arrow_type: pa.DataType) -> str:
    """Return the dtype that a column has when it is read: dates and decimals of Python become those of pandas."""
    if dtype == "object" and pa.types.is_date(arrow_type):
        return "datetime64[s]"
    return "float64" if dtype == "object" and pa.types.is_decimal(arrow_type) else dtype


def _holds_nothing(arrow_type: pa.DataType) -> bool:
    """Return whether a structure without fields is somewhere in a type, which parquet does not know."""
    if pa.types.is_struct(arrow_type) and not arrow_type.num_fields:
        return True
    return pa.types.is_nested(arrow_type) and any(
        _holds_nothing(arrow_type.field(k).type) for k in range(arrow_type.num_fields)
    )


def _plain(column: pd.Series) -> Any:
    if str(column.dtype) == "datetime64[s]" and _whole_days(column):
        return pa.Array.from_pandas(column.astype("datetime64[s]")).cast(pa.date32())
    if str(column.dtype).startswith(("period", "interval")):
        return pa.array(column.astype("str").where(column.notna(), None), pa.string(), from_pandas=True)
    if column.dtype == np.float64:
        return with_nulls(column.to_numpy())
    if column.dtype == object and are_uuids(column):  # of which older versions of Arrow know no type
        return pa.array(column.map(str, na_action="ignore"), pa.string(), from_pandas=True)
    if column.dtype == object and _holds_lists(column):
        return exact_array(column)
    array = pa.Array.from_pandas(column if column.dtype != np.float16 else column.astype("float32"))
    if str(array.type) == "extension<arrow.uuid>":  # which other libraries do not read
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
    if (
        column.dtype == object
        and pa.types.is_date(array.type)
        and any(isinstance(each, datetime) for each in column.dropna())
    ):
        raise ValueError("some are dates and some have a time of day")  # which would be cut off
    if column.dtype == object and pa.types.is_timestamp(array.type) and len(set(map(_has_zone, column.dropna()))) > 1:
        raise ValueError("some have a time zone and some have none")
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) and array.num_chunks < 2 else array
    if pa.types.is_large_string(array.type):
        try:  # the ordinary type of text, which reaches to 2 GiB a piece
            return array.cast(pa.string())
        except pa.ArrowInvalid:
            return array
    return array


def _holds_lists(column: pd.Series) -> bool:
    first = next((value for value in column if value is not None), None)
    return isinstance(first, (list, tuple, dict))


def _has_zone(timestamp: object) -> bool:
    return getattr(timestamp, "tzinfo", None) is not None


def are_uuids(column: pd.Series) -> bool:
    """Return whether all values of a column of objects that are not missing are UUIDs."""
    present = column.dropna()
    return (
        not present.empty
        and isinstance(present.iloc[0], uuid.UUID)
        and all(isinstance(each, uuid.UUID) for each in present)
    )


def _whole_days(column: pd.Series) -> bool:
    seconds = column.to_numpy().astype("int64")
    valid = seconds != np.iinfo("int64").min
    days, rest = np.divmod(seconds[valid], 86400)
    return not rest.any() and bool((np.abs(days) < 2**31).all())  # which is as far as Arrow's dates reach


def _holds_arrays(column: pd.Series) -> bool:
    return any(hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0 for value in column)


def _first_in_lists(column: pd.Series) -> Any:
    return next((each for value in column if isinstance(value, list) for each in value if each is not None), None)


def _holds_media(column: pd.Series) -> bool:
    return hasattr(_first_in_lists(column), "is_file")


def _lists_of_media(column: pd.Series, name: str) -> tuple[Any, dict[str, Any], str, dict[str, Any]]:
    from tidydl.data.media.media_array import storage_type

    feature_type = "Audio" if hasattr(_first_in_lists(column), "sampling_rate") else "Image"
    lists = [None if value is None else [None if each is None else each.storage for each in value] for value in column]
    feature = {"feature": {"_type": feature_type}, "_type": "List"}
    return pa.array(lists, type=pa.list_(storage_type())), feature, "object", {}


def _all_features(schema: pa.Schema, features: Mapping[str, Any]) -> dict[str, Any]:
    """Describe every column as ``datasets`` does, where it can, in the order of the columns."""
    described = {field.name: features.get(field.name) or _feature(field.type) for field in schema}
    return {name: feature for name, feature in described.items() if feature is not None}


def _feature(arrow_type: pa.DataType) -> Any:
    if pa.types.is_struct(arrow_type):
        inner = {arrow_type.field(i).name: _feature(arrow_type.field(i).type) for i in range(arrow_type.num_fields)}
        return None if any(each is None for each in inner.values()) else inner
    if pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type):
        element = _feature(arrow_type.value_type)
        return (
            None
            if element is None
            else {"feature": element, "_type": "List" if pa.types.is_list(arrow_type) else "LargeList"}
        )
    name = _DTYPES.get(str(arrow_type), str(arrow_type))
    if pa.types.is_nested(arrow_type) or pa.types.is_dictionary(arrow_type):
        return None
    return {"dtype": name, "_type": "Value"}


_DTYPES = {"double": "float64", "float": "float32", "halffloat": "float16", "date32[day]": "date32"}
