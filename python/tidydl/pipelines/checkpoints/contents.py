"""Digests of contents: equal for equal values in any object, file or process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.pipelines.checkpoints.file_hashes import FileHashes

if TYPE_CHECKING:
    import torch

    from tidydl.data.media.media_value import MediaValue
    from tidydl.data.media.video_value import Video


class Digest:
    """A digest of values taken in one by one, each with its type and length: no two sequences look alike.

    ``files`` hashes the files that values refer to; with ``allow_missing`` one that cannot be read counts as such and
    is no error.
    """

    def __init__(self, files: FileHashes, *, allow_missing: bool = False):
        self._hash = hashlib.sha256()
        self._files = files
        self._allow_missing = allow_missing
        self._shared: dict[int, tuple[Any, bytes]] = {}  # of values that many inputs share, by their identity

    def hexdigest(self) -> str:
        """Return the digest of all that was added."""
        return self._hash.hexdigest()

    def add(self, value: object) -> None:
        """Add a value: text, bytes, numbers, arrays, frames, media, and mappings and sequences of these."""
        if isinstance(value, str):
            self._put(b"s", value.encode("utf-8", "surrogatepass"))
        elif value is None or isinstance(value, (bool, int)):
            self._put(b"n", repr(value).encode())
        elif isinstance(value, float):
            self._put(b"x", float(value).hex().encode())
        elif isinstance(value, (bytes, bytearray, memoryview)):
            self._put(b"b", bytes(value))
        else:
            self._add_object(value)

    def _put(self, kind: bytes, content: bytes | memoryview) -> None:
        self._hash.update(kind + len(content).to_bytes(8, "little"))
        self._hash.update(content)

    def _add_object(self, value: object) -> None:
        entry = self._shared.get(id(value))
        if entry is None:
            inner = Digest(self._files, allow_missing=self._allow_missing)
            inner._shared = self._shared
            inner._add_parts(value)
            entry = self._shared[id(value)] = (value, inner._hash.digest())  # held, so that its id stays its own
        self._put(b"o", entry[1])

    def _add_parts(self, value: Any) -> None:
        if _is_medium(value):
            self._add_medium(value)
        elif hasattr(value, "iloc"):
            self._add_frame(value)
        elif hasattr(value, "detach"):
            self._put(b"t", f"{value.dtype} {tuple(value.shape)}".encode())
            self._put(b"b", bytes_of(value))
        elif hasattr(value, "tobytes") and hasattr(value, "dtype"):
            self._add_array(value)
        elif isinstance(value, Mapping):
            self._put(b"m", len(value).to_bytes(8, "little"))
            for name in sorted(value, key=lambda each: (type(each).__name__, str(each))):
                self.add(name)
                self.add(value[name])
        elif isinstance(value, (list, tuple)):
            self._put(b"l", len(value).to_bytes(8, "little"))
            for each in value:
                self.add(each)
        elif isinstance(value, (set, frozenset)):
            self.add(sorted(map(repr, value)))
        else:
            self._put(b"r", f"{type(value).__qualname__} {_shown(value)}".encode("utf-8", "replace"))

    def _add_medium(self, value: MediaValue | Video) -> None:
        path = file_of(value)
        if path is not None:
            self._put(b"f", self._files.digest(path, allow_missing=self._allow_missing))
        else:
            self.add(value.key if hasattr(value, "key") else value.bytes)

    def _add_frame(self, value: Any) -> None:
        columns = [value.iloc[:, i] for i in range(value.shape[1])] if value.ndim == 2 else [value]
        self._put(b"d", len(columns).to_bytes(8, "little"))
        for column in columns:
            self.add(str(column.name))
            self.add(str(column.dtype))
            self.add(column.tolist())

    def _add_array(self, value: np.ndarray | np.generic) -> None:
        if getattr(value.dtype, "hasobject", False):
            self.add(value.tolist())
            return
        self._put(b"a", f"{value.dtype} {value.shape}".encode())
        self._put(b"b", value.tobytes())


def bytes_of(tensor: torch.Tensor) -> memoryview:
    """Return the bytes of a tensor of any dtype on any device."""
    import torch

    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data


def _shown(value: object) -> str:
    """Return the ``repr()`` of an object of another library, without its memory address."""
    text = repr(value)
    return "" if " at 0x" in text else text


def _is_medium(value: object) -> bool:
    return type(value).__module__.startswith("tidydl.data.") and hasattr(value, "path")


def file_of(value: MediaValue | Video) -> str | None:
    """Return the path of the file of an image, an audio clip or a video; None if it is in memory."""
    is_file = value.is_file if hasattr(value, "is_file") else isinstance(value.key, str)
    return str(value.path) if is_file else None


def paths_in(values: Iterable[Any]) -> Iterator[str]:
    """List the files that values refer to."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from paths_in(value)
        elif value is not None and not isinstance(value, str) and _is_medium(value):
            path = file_of(value)
            if path is not None:
                yield path
