"""The index of a pandas frame that a parquet file keeps in columns such as ``__index_level_0__``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["index_names", "with_index_named"]

_LEVEL = re.compile(r"__index_level_\d+__")


def index_names(file: Any) -> dict[str, str | None]:
    """Say what the columns of an index without names are called, as ``reset_index()`` does; None if it counts rows."""
    names = file.schema_arrow.names
    levels = [name for name in names if _LEVEL.fullmatch(name)]
    if len(levels) == 1:
        if _counts_rows(file, levels[0]):
            return {levels[0]: None}
        given = {levels[0]: "level_0" if "index" in names else "index"}
    else:
        given = {level: f"level_{number}" for number, level in enumerate(levels)}
    return {level: name for level, name in given.items() if name not in names}


def _counts_rows(file: Any, level: str) -> bool:
    """Say whether an index is 0, 1, 2 and so on, in all rows."""
    import pyarrow as pa

    if not pa.types.is_integer(file.schema_arrow.field(level).type):
        return False
    first = 0
    for batch in file.iter_batches(columns=[level]):
        stop = first + batch.num_rows
        if not batch.column(0).cast(pa.int64(), safe=False).equals(pa.array(range(first, stop), pa.int64())):
            return False
        first = stop
    return True


def with_index_named(table: pa.Table, names: Mapping[str, str | None]) -> pa.Table:
    """Give the columns of an index their names, and leave out one that counts rows."""
    if not names:
        return table
    called = [names.get(name, name) for name in table.schema.names]
    table = table.select([place for place, name in enumerate(called) if name is not None])
    table = table.rename_columns([name for name in called if name is not None])
    metadata = {key: about for key, about in (table.schema.metadata or {}).items() if key != b"pandas"}
    return table.replace_schema_metadata(metadata)
