"""The formats of data files by their names, how each is opened, and what a caller says of text files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from tidydl import rendering
from tidydl.checks import described
from tidydl.data.readers.decompression_limits import RATIO, SMALL, allowance
from tidydl.data.readers.filename_encoding import for_arrow
from tidydl.data.readers.read_errors import how_to_read, reading, refuse_wide_characters
from tidydl.errors import ArgumentError, DamagedFileError, no_column

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".txt": "text",
}
MEDIA = {
    "image": (
        *(".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm"),
        *(".jp2", ".j2k", ".ico", ".tga", ".dib", ".jfif", ".avif", ".xbm", ".xpm"),
    ),
    "audio": (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aiff", ".aif", ".au", ".wma", ".amr"),
}
_COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
PACKED = tuple(_COMPRESSIONS)


@dataclass(frozen=True)
class TextOptions:
    """What is said of text files: the separator of csv, the array of records in json, which columns are text."""

    sep: str | None = None
    field: str | None = None
    texts: frozenset[str] | None = None

    def with_texts(self, names: frozenset[str]) -> TextOptions:
        """Return these options, and that further columns are text."""
        return replace(self, texts=(self.texts or frozenset()) | names)


PLAIN = TextOptions()


class ByteStream(Protocol):
    """What bytes are read from: a file of Arrow, of Python, or what is in a packed one."""

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes, or all that are left."""

    def close(self) -> None:
        """Close the file."""


def suffix_of(path: Path) -> str:
    """Return the ending of a file's name that says its format, in small letters."""
    suffixes = [each.lower() for each in path.suffixes]
    return suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in PACKED else (suffixes or [""])[-1]


def format_of(path: Path) -> str:
    """Return the format of a file by its name: 'csv', 'parquet', 'json' or 'text'."""
    suffix = suffix_of(path)
    if suffix not in FORMATS:
        raise ArgumentError(
            f"`path` '{path}' is a file of an unknown format ('{suffix}').",
            allowed=f"Files named {', '.join(FORMATS)} or .zip, or a folder of such files, of images or of audio.",
            hint=how_to_read(suffix) or _of_media(suffix) or f"Name its format: {call_with_files('csv')}.",
        )
    return FORMATS[suffix]


def _of_media(suffix: str) -> str | None:
    kind = next((kind for kind, suffixes in MEDIA.items() if suffix in suffixes), None)
    return kind and f"Give the folder of the {kind} files, or use {call_with_files(f'{kind}folder')}."


def call_with_files(name: str, files: str = "path") -> str:
    """Return the call that reads files as a format that is named, for messages."""
    return rendering.call("load_dataset", f"'{name}'", rendering.argument("data_files", files))


def open_bytes(path: str) -> Any:
    """Open a file to be read from its start, unpacked where its name says that it is packed.

    What it reads is bound by :class:`Unpacked`.
    """
    compression = next((kind for suffix, kind in _COMPRESSIONS.items() if path.lower().endswith(suffix)), None)
    stream = pa.input_stream(for_arrow(path), compression=compression)
    return stream if compression is None else Unpacked(stream, path)


class Unpacked(io.RawIOBase):
    """What is in a packed file, which may not be far larger than the files of this load are on the disk.

    Parameters
    ----------
    stream
        Gives it.
    path
        The file.
    """

    def __init__(self, stream: ByteStream, path: str):
        self._stream = stream
        self._path = path
        self._allowance = allowance()
        self._left = self._allowance.left(path)
        self._read = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes into a buffer."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def read(self, size: int | None = -1) -> bytes:
        """Read some bytes, or all that are left.

        Raises
        ------
        DamagedFileError
            They are more than is safe to unpack.
        """
        most = int(self._left) - self._read + 1
        content: bytes = self._stream.read(most if size is None or size < 0 else min(size, most))
        self._read += len(content)
        self._allowance.add(self._path, self._read)
        if self._read > self._left:
            raise too_much(self._path)
        return content

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()


def too_much(path: str) -> DamagedFileError:
    """Build the error for a packed file that goes beyond the allowance of its load."""
    return DamagedFileError(
        f"`path` '{path}' unpacks to more than {RATIO} times its size, by itself or with the files read before it.",
        allowed=f"Compressed files that unpack all together to {RATIO} times their size, or {SMALL // 2**20} MiB.",
        hint="If you trust its source, unpack it yourself.",
    )


def head_of(path: str, kind: str) -> bytes:
    """Return the first bytes of a text file, which must not be wide characters.

    Raises
    ------
    DamagedFileError
        It cannot be unpacked, or is in UTF-16.
    NotFoundError
        It no longer exists.
    """
    with reading(path, kind), open_bytes(path) as stream:
        head: bytes = stream.read(4)
    refuse_wide_characters(path, kind, head)
    return head


def content_of(path: str) -> tuple[Any, int]:
    """Return the path, or what is in a packed file, and the size that it has unpacked."""
    with reading(path, "compressed text"):
        if not path.lower().endswith(PACKED):
            return path, Path(path).stat().st_size
        with open_bytes(path) as stream:
            content = stream.read()
    return pa.py_buffer(content), len(content)


def refuse(argument: str, value: object, kind: str) -> None:
    """Refuse an argument that says nothing about files of this format."""
    if value is not None:
        raise ArgumentError(f"`{argument}` does not apply to a {kind} file.", hint=f"Leave `{argument}` out.")


def chosen(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    """Return the columns that are wanted, in that order; all where none are named."""
    return table if columns is None else table.select(indices_of(table.schema.names, columns))


def indices_of(names: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Return where the wanted columns are among those there are.

    Raises
    ------
    ColumnError
        There is no such column, or several are called so.
    """
    for wanted in columns:
        if not isinstance(wanted, str):
            raise no_column(f"`columns` holds {described(wanted)}, but columns are selected by name.", None, names)
        if wanted not in names:
            raise no_column(f"`columns` names '{wanted}', which the data do not have.", wanted, names)
        if names.count(wanted) > 1:
            raise no_column(f"`columns` names '{wanted}', which is the name of several columns.", None, names)
    return [names.index(wanted) for wanted in columns]
