"""Make an analysis-ready frame of an Arrow table: labels by name, images as images, dates as dates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["decode", "features_of"]


def features_of(schema: pa.Schema) -> dict[str, Any]:
    """Read what ``datasets`` wrote about the columns: a feature's description by column, or nothing."""
    try:
        info = json.loads((schema.metadata or {})[b"huggingface"])["info"]
        return dict(info["features"])
    except (KeyError, TypeError, ValueError):
        return {}


def decode(table: pa.Table, features: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Make the frame.

    Parameters
    ----------
    table
        The data.
    features
        What the columns mean, as in the ``huggingface`` metadata of a parquet file, which is the default.

    Returns
    -------
    pandas.DataFrame
        ``ClassLabel`` columns as categories in the order of their names, images of kind ``image``, sounds of kind
        ``audio``, text ``str``, whole numbers ``int64`` (``Int64`` where some are missing), truth values ``bool``
        (``boolean`` likewise), dates and times ``datetime64``, nested values as lists and dictionaries.
    """
    import pandas as pd

    known = features_of(table.schema) if features is None else features
    columns = [_column(table.column(position), known.get(field.name)) for position, field in enumerate(table.schema)]
    if not columns:
        return pd.DataFrame(index=pd.RangeIndex(table.num_rows))
    frame = pd.concat(columns, axis=1) if len(columns) > 1 else columns[0].to_frame()
    frame.columns = pd.Index(table.schema.names, dtype="str")
    return frame


def _column(values: pa.ChunkedArray, feature: Any) -> pd.Series:
    import pandas as pd
    import pyarrow as pa

    kind = feature.get("_type") if isinstance(feature, Mapping) else None
    if kind == "ClassLabel" and pa.types.is_integer(values.type):
        codes: Any = values.fill_null(-1).to_numpy()
        return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(_names(feature))))
    if kind == "Audio" and pa.types.is_struct(values.type):
        from tidydl.data.audios import AudioArray

        return pd.Series(AudioArray(values.to_pylist()))
    if kind == "Image" or _looks_like_images(values.type):
        from tidydl.data.images import ImageArray

        return pd.Series(ImageArray(values.to_pylist()))
    if kind in ("Value", None):
        return _plain(values)
    return pd.Series(values.to_pylist(), dtype=object)


def _names(feature: Mapping[str, Any]) -> list[str]:
    """Give the label names, which metadata of a README may hold by code."""
    names = feature["names"]
    if isinstance(names, Mapping):
        return [str(names[code]) for code in sorted(names, key=int)]
    return [str(name) for name in names]


def _looks_like_images(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if not pa.types.is_struct(kind) or kind.num_fields != 2:
        return False
    fields = {kind.field(i).name: kind.field(i).type for i in range(2)}
    return set(fields) == {"bytes", "path"} and pa.types.is_binary(fields["bytes"])


def _plain(values: pa.ChunkedArray) -> pd.Series:
    import pandas as pd
    import pyarrow as pa

    kind = values.type
    if pa.types.is_null(kind):
        return pd.Series([None] * len(values), dtype=object)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.Series(values.to_pandas(), dtype="str")
    if pa.types.is_integer(kind) and values.null_count:
        unsigned = "U" if pa.types.is_unsigned_integer(kind) else ""
        return pd.Series(pd.array(values.to_pylist(), dtype=f"{unsigned}Int{kind.bit_width}"))
    if pa.types.is_boolean(kind) and values.null_count:
        return pd.Series(pd.array(values.to_pylist(), dtype="boolean"))
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pd.Series(values.to_pylist(), dtype=object)
    if pa.types.is_decimal(kind):
        return pd.Series(values.cast(pa.float64()).to_pandas())
    column = pd.Series(values.to_pandas(date_as_object=False))
    # whole days in seconds are what the crossing to R knows for dates
    return column.astype("datetime64[s]") if pa.types.is_date(values.type) else column
