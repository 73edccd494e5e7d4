"""Files read in blocks that never part the two bytes of a line end."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidydl.data.readers.formats import ByteStream


class WholeLineEnds(io.RawIOBase):
    r"""A file whose blocks never end between ``"\r"`` and ``"\n"``: Arrow would drop the second byte, in quotes too.

    Parameters
    ----------
    stream
        Reads the file.
    """

    def __init__(self, stream: ByteStream):
        self._stream = stream
        self._held = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes into a buffer."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def read(self, size: int | None = -1) -> bytes:
        r"""Read some bytes, or all that are left; one fewer where the last would be ``"\r"``."""
        if size is None or size < 0:
            return self._held + bytes(self._stream.read())
        content = self._stream.read(max(0, size - len(self._held)))
        if self._held:
            content = self._held + content
            content, self._held = content[:size], content[size:]
        if content[-1:] == b"\r" and len(content) > 1 and (following := self._held or self._stream.read(1)):
            content, self._held = content[:-1], b"\r" + following
        return bytes(content)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()
