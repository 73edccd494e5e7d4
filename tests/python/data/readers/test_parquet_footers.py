"""What the footer of a parquet file says: read as Arrow reads it, and never trusted."""

import datetime
import io
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tidydl.data.readers.parquet_footer import column_chunks

TABLE = pa.table(
    {
        "text": ["a", None, "b"] * 7,
        "number": np.arange(21.0),
        "list": [[1, 2], [], None] * 7,
        "inner": [{"a": "x", "b": [1]}] * 21,
        "label": pa.array(["u", "v", "u"] * 7).dictionary_encode(),
        "time": [datetime.datetime(2020, 1, 1)] * 21,
        "flag": [True, None, False] * 7,
    }
)


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.6"])
@pytest.mark.parametrize("statistics", [True, False])
def test_column_chunks_are_those_that_arrow_reads(tmp_path, codec, version, statistics):
    path = str(tmp_path / "a.parquet")
    options = {"compression": codec, "version": version, "write_statistics": statistics, "write_page_index": True}
    parquet.write_table(TABLE, path, row_group_size=5, **options)
    metadata = parquet.ParquetFile(path).metadata
    groups = column_chunks(path, metadata.num_columns)
    assert len(groups) == metadata.num_row_groups == 5
    for g, group in enumerate(groups):
        for k, chunk in enumerate(group):
            theirs = metadata.row_group(g).column(k)
            counted = theirs.statistics.null_count if statistics and theirs.statistics else None
            known = (theirs.path_in_schema, theirs.num_values, counted)
            assert (chunk.path, chunk.num_values, chunk.null_count) == known
            assert chunk.codec.removesuffix("_RAW") == theirs.compression


def test_a_file_of_no_rows_has_no_values(tmp_path):
    path = str(tmp_path / "a.parquet")
    parquet.write_table(TABLE.slice(0, 0), path)
    groups = column_chunks(path, parquet.ParquetFile(path).metadata.num_columns)
    assert sum(chunk.num_values for group in groups for chunk in group) == 0


READ_ALL = """
import sys
from pathlib import Path
from tidydl import TidydlError, load_dataset, stream

content = Path(sys.argv[1]).read_bytes()
start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
path = Path(sys.argv[2])
refused = 0
for place in range(start, len(content) - 8):
    path.write_bytes(content[:place] + bytes([content[place] ^ int(sys.argv[3])]) + content[place + 1 :])
    for read in (load_dataset, lambda path: list(stream(path))):
        try:
            read(str(path))
        except TidydlError:
            refused += 1
print("refused", refused)
"""


@pytest.mark.parametrize("flipped", [1, 16, 255])
def test_a_damaged_footer_ends_in_an_error_and_never_ends_the_process(tmp_path, flipped):
    sink = io.BytesIO()
    parquet.write_table(TABLE.select(["text", "list"]), sink, store_schema=False, compression="snappy")
    (tmp_path / "whole.parquet").write_bytes(sink.getvalue())
    ran = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(tmp_path / "whole.parquet"), str(tmp_path / "a.parquet"), str(flipped)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert int(ran.stdout.removeprefix("refused ")) > 50
