"""Data frames in parquet files and back, every column in its kind: labels, images and sounds among them.

The kinds are written as ``datasets`` writes them, so that it reads the files too; what only pandas tells apart stands
beside them in metadata of our own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.errors import DamagedFileError, StorageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["read_frame", "write_frame"]

_OURS = b"tidydl"
_MEDIA = {"image": "Image", "audio": "Audio"}


def write_frame(frame: pd.DataFrame, path: Path, facts: Mapping[str, Any]) -> None:
    """Write a frame and some facts about it (plain JSON) to a parquet file, which is there whole or not at all.

    Raises
    ------
    StorageError
        Where the file cannot be written.
    """
    import pyarrow.parquet as pq

    table = _to_arrow(frame, facts)
    begun = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(begun, "wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(begun, path)
    except OSError as problem:
        begun.unlink(missing_ok=True)
        raise StorageError(
            f"'{path}' cannot be written: {problem.strerror or problem}.",
            allowed="A folder that can be written, on a disk with room.",
        ) from problem


def read_frame(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a frame that :func:`write_frame` wrote, and the facts about it.

    Raises
    ------
    DamagedFileError
        Where the file is not such a one, or not whole.
    """
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        known = json.loads((table.schema.metadata or {})[_OURS])
    except (OSError, ValueError, KeyError) as problem:
        raise DamagedFileError(
            f"The file '{path}' is damaged: it cannot be read as a data frame ({problem}).",
            allowed="A file as it was written, whole.",
            hint="Delete it to have it computed again.",
        ) from problem
    return _to_pandas(table, known), known["facts"]


def _to_arrow(frame: pd.DataFrame, facts: Mapping[str, Any]) -> pa.Table:
    import pandas as pd
    import pyarrow as pa

    columns: dict[str, Any] = {}
    features: dict[str, Any] = {}
    dtypes: dict[str, str] = {}
    for name, column in frame.items():
        kind = str(column.dtype)
        dtypes[str(name)] = "array" if kind == "object" and _holds_arrays(column) else kind
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = column.cat.codes.to_numpy()
            columns[str(name)] = pa.array(codes, type=pa.int32(), mask=codes < 0)
            features[str(name)] = {"names": [str(each) for each in column.cat.categories], "_type": "ClassLabel"}
        elif kind in _MEDIA:
            columns[str(name)] = _media(column)
            features[str(name)] = {"_type": _MEDIA[kind]}
        elif dtypes[str(name)] == "array":
            columns[str(name)] = pa.array([None if value is None else value.tolist() for value in column])
        else:
            columns[str(name)] = pa.Array.from_pandas(column)
    metadata = {
        b"huggingface": json.dumps({"info": {"features": features}}).encode(),
        _OURS: json.dumps({"dtypes": dtypes, "facts": dict(facts)}).encode(),
    }
    return pa.table(columns).replace_schema_metadata(metadata)


def _holds_arrays(column: pd.Series) -> bool:
    return any(hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0 for value in column)


def _media(column: pd.Series) -> Any:
    import pyarrow as pa

    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    held = [
        None if value is None else {"bytes": None if value.is_file else value.bytes, "path": value.path}
        for value in column.array
    ]
    return pa.array(held, type=kind)


def _to_pandas(table: pa.Table, known: Mapping[str, Any]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from tidydl.data.decoding import decode

    frame = decode(table)
    made: dict[str, Any] = {}
    for name, kind in known["dtypes"].items():
        column = frame[name]
        if kind == "array":
            made[name] = pd.Series([None if value is None else np.array(value) for value in column], dtype=object)
        elif kind in ("category", *_MEDIA):
            made[name] = column
        else:
            made[name] = column.astype(kind)
    return pd.DataFrame(made) if made else frame
