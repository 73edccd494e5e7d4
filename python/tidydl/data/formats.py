"""The formats of data files by their names, how each is opened, and what a caller says of text files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.data.unreadable import damaged, how_to_read, refuse_wide_characters
from tidydl.errors import ArgumentError, no_column

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FORMATS",
    "MEDIA",
    "PACKED",
    "PLAIN",
    "TextOptions",
    "chosen",
    "content_of",
    "format_of",
    "head_of",
    "open_bytes",
    "places_of",
    "refuse",
    "suffix_of",
]

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
PACKED = (".gz", ".bz2", ".zst")


@dataclass(frozen=True)
class TextOptions:
    """What is said of text files: the separator of csv, the array of records in json, which columns are text."""

    sep: str | None = None
    field: str | None = None
    texts: frozenset[str] | None = None


PLAIN = TextOptions()


def suffix_of(path: Path) -> str:
    """Give the ending of a file's name that says its format, in small letters."""
    suffixes = [each.lower() for each in path.suffixes]
    return suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in PACKED else (suffixes or [""])[-1]


def format_of(path: Path) -> str:
    """Give the format of a file by its name: 'csv', 'parquet', 'json' or 'text'."""
    suffix = suffix_of(path)
    if suffix not in FORMATS:
        raise ArgumentError(
            f"`path` '{path}' is a file of an unknown kind ('{suffix}').",
            allowed=f"Files named {', '.join(FORMATS)} or .zip, or a folder of such files, of images or of sounds.",
            hint=how_to_read(suffix) or _of_media(suffix) or "Name the kind: load_dataset('csv', data_files=path).",
        )
    return FORMATS[suffix]


def _of_media(suffix: str) -> str | None:
    kind = next((kind for kind, suffixes in MEDIA.items() if suffix in suffixes), None)
    return kind and f"Give the folder of the {kind} files, or load_dataset('{kind}folder', data_files=path)."


def open_bytes(path: str) -> Any:
    """Open a file to be read from its start, unpacked where its name says that it is packed."""
    import pyarrow as pa

    return pa.input_stream(path, compression="detect")


def head_of(path: str, kind: str) -> bytes:
    """Give the first bytes of a text file, which must not be wide characters.

    Raises
    ------
    DamagedFileError
        It cannot be unpacked, or is in UTF-16.
    NotFoundError
        It is not there any more.
    """
    import pyarrow as pa

    try:
        with open_bytes(path) as stream:
            head: bytes = stream.read(4)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, kind, error) from error
    refuse_wide_characters(path, kind, head)
    return head


def content_of(path: str) -> tuple[Any, int]:
    """Give the path, or what is in a packed file, and the size that it has unpacked."""
    import pyarrow as pa

    if not path.lower().endswith(PACKED):
        return path, Path(path).stat().st_size
    try:
        with open_bytes(path) as stream:
            held = stream.read_buffer()
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, "packed text", error) from error
    return held, held.size


def refuse(argument: str, value: object, kind: str) -> None:
    """Refuse an argument that says nothing about files of this format."""
    if value is not None:
        raise ArgumentError(f"`{argument}` means nothing for a {kind} file.", hint=f"Leave `{argument}` out.")


def chosen(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    """Give the columns that are wanted, in that order; all where none are named."""
    return table if columns is None else table.select(places_of(table.schema.names, columns))


def places_of(names: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Say where the wanted columns are among those there are.

    Raises
    ------
    ColumnError
        There is no such column.
    """
    for wanted in columns:
        if not isinstance(wanted, str):
            raise no_column(f"`columns` holds {described(wanted)}, and columns are chosen by name.", None, names)
        if wanted not in names:
            raise no_column(f"`columns` names '{wanted}', which the data do not have.", wanted, names)
    return [names.index(wanted) for wanted in columns]
