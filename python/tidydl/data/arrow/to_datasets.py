"""Arrow tables as the ``datasets`` library has them: its metadata, labels as codes, and its datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidydl.data.arrow.nested import label_names
from tidydl.data.arrow.to_frame import HUGGINGFACE

if TYPE_CHECKING:
    import datasets


def as_datasets_has_it(table: pa.Table, features: Mapping[str, Any]) -> pa.Table:
    """Return a table whose ``huggingface`` metadata says what its columns mean, labels as codes.

    Parameters
    ----------
    table
        The data.
    features
        What is known of the columns.
    """
    import json

    column_features = {name: feature for name, feature in features.items() if name in table.column_names}
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and str(field.type.value_type) in ("string", "large_string"):
            column = table.column(index).unify_dictionaries()
            names = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
            column_features[field.name] = {"names": names, "_type": "ClassLabel"}
            codes = pa.chunked_array([chunk.indices.cast(pa.int64()) for chunk in column.chunks], pa.int64())
            table = table.set_column(index, field.name, codes)
        elif _is_label(column_features.get(field.name)) and pa.types.is_integer(field.type):
            column_features[field.name] = {"names": label_names(column_features[field.name]), "_type": "ClassLabel"}
            table = table.set_column(index, field.name, table.column(index).cast(pa.int64()))
    metadata = {**(table.schema.metadata or {})}
    if column_features:
        metadata[HUGGINGFACE] = json.dumps({"info": {"features": column_features}}).encode()
    return table.replace_schema_metadata(metadata)


def dataset_of(table: pa.Table) -> datasets.Dataset:
    """Return a dataset of the ``datasets`` library that holds a table in memory.

    It gets a fingerprint at random: for one of the contents datasets pickles the whole table, and with it classes of
    pyarrow that cannot be pickled in every version.
    """
    import datasets

    fingerprint = datasets.fingerprint.generate_random_fingerprint()
    return datasets.Dataset(datasets.table.InMemoryTable(table), fingerprint=fingerprint)


def _is_label(feature: object) -> bool:
    return isinstance(feature, Mapping) and feature.get("_type") == "ClassLabel"
