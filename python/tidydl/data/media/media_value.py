"""What an image and an audio clip have in common: encoded bytes or a path, decoded when they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from tidydl.data.media.media_files import decode_error


class MediaValue:
    """An image or an audio clip, held as encoded bytes or as a path. Two are equal when their bytes and paths are.

    Parameters
    ----------
    content
        The encoded bytes, or None where the file at ``path`` has them.
    path
        The path of the file; where ``content`` is given only a name for messages.
    """

    __slots__ = ("_content", "_path")

    _kind: ClassVar[str]  # "image" or "audio", for messages

    def __init__(self, content: bytes | None = None, path: str | None = None):
        self._content = content
        self._path = path

    @property
    def path(self) -> str | None:
        """The path of the file, or None."""
        return self._path

    @property
    def bytes(self) -> bytes:
        """The encoded bytes, read from the file where there is only a path."""
        if self._content is not None:
            return self._content
        try:
            return Path(str(self._path)).read_bytes()
        except OSError as error:
            raise decode_error(self._kind, self._path, error) from error

    @property
    def is_file(self) -> bool:
        """Whether the content is in the file at ``path``, not in memory."""
        return self._content is None

    @property
    def storage(self) -> dict[str, Any]:
        """What is in memory, as ``datasets`` has it: ``bytes`` unless they are in the file, and ``path``."""
        return {"bytes": self._content, "path": self._path}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self._content == other._content and self._path == other._path

    def __hash__(self) -> int:
        return hash((self._content, self._path))
