"""Decimals as doubles, by their text: Arrow's own cast is not always the nearest double."""

from __future__ import annotations

import pyarrow as pa


def doubles_of(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return the doubles nearest to decimals."""
    return values.cast(pa.string()).cast(pa.float64())


def with_doubles(table: pa.Table) -> pa.Table:
    """Return a table whose columns of decimals are doubles, before it is bound to others: else they become float32."""
    for index, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(index, field.with_type(pa.float64()), doubles_of(table.column(index)))
    return table
