"""How much of an image or a video is decoded: a few bytes may stand for any number of pixels, and hours of work."""

from __future__ import annotations

from tidydl.data.media.media_files import named
from tidydl.errors import DamagedFileError

_FRAMES = 100_000
_KEPT = 1 << 29  # pixels of the frames of a video that are decoded at once: 1.6 GB, twice that while they are joined
_DECODED = 1 << 34  # pixels that are decoded in less than a minute
_PER_BYTE = 1 << 15  # pixels of a video that a byte may stand for: four times those of a screen on which little moves
_SCAN = b"\xff\xda"  # the marker before each pass over a JPEG image, which nothing else of its data is


class PixelBudget:
    """Count the pixels of a video as they are decoded, including frames that were not requested.

    Parameters
    ----------
    path
        The path of the video, for messages.
    size
        The bytes of its file.
    """

    def __init__(self, path: str | None, size: int):
        self._path = path
        self._most = max(_DECODED, _PER_BYTE * size)
        self._pixels = self._frames = 0

    def add(self, width: int, height: int) -> None:
        """Count one more frame.

        Raises
        ------
        DamagedFileError
            It has more pixels than an image may have, or all of them have more than is safe to decode.
        """
        from PIL import Image as Pillow

        if Pillow.MAX_IMAGE_PIXELS is not None and width * height > Pillow.MAX_IMAGE_PIXELS:
            raise too_large("video", self._path)
        self._frames += 1
        self._pixels += width * height
        check_frames(self._frames, self._path, self._pixels, self._most)


def check_frames(count: int, path: str | None, pixels: int = 0, most: int = _DECODED) -> int:
    """Return the number of frames of a video or an animated image, of so many pixels all together.

    Raises
    ------
    DamagedFileError
        There are more than is safe to decode.
    """
    if count > _FRAMES:
        raise DamagedFileError(
            f"{named('video', path)} has more than {_FRAMES:,} frames.",
            allowed=f"At most {_FRAMES:,} frames.",
            hint="Cut it into shorter videos; convert an animated image to a video file, such as MP4, first.",
        )
    if pixels > most:
        raise DamagedFileError(
            f"{named('video', path)} has {count:,} frames with {pixels:,} pixels or more, more than is safe to decode.",
            allowed=f"At most {most:,} pixels in total for a file of this size.",
            hint="Make it smaller, or cut it into shorter videos; convert an animated image to a video file, such as "
            "MP4, first.",
        )
    return count


def check_kept(pixels: int, path: str | None) -> None:
    """Refuse a video of which so many pixels would be in memory at once.

    Raises
    ------
    DamagedFileError
        They are more than is safe to keep.
    """
    if pixels > _KEPT:
        raise DamagedFileError(
            f"{named('video', path)} has frames so large that {pixels:,} pixels would be in memory at once.",
            allowed=f"At most {_KEPT:,} pixels in the frames that are decoded together.",
            hint="Make the video smaller, or ask for fewer frames.",
        )


def check_scans(content: bytes | None, path: str | None, pixels: int, kind: str) -> None:
    """Refuse a progressive JPEG image with so many passes over its pixels that they take minutes.

    Raises
    ------
    DamagedFileError
        It has too many.
    """
    if content is None:
        with open(str(path), "rb") as file:
            content = file.read()
    scans = content.count(_SCAN)
    if scans * pixels > _DECODED:
        raise DamagedFileError(
            f"{named(kind, path)} is a progressive JPEG image with {scans:,} scans, more than is safe to decode.",
            allowed=f"At most {_DECODED:,} pixels over all scans; most programs write about 10 scans.",
            hint="Save it again as a baseline (non-progressive) JPEG.",
        )


def truncated(path: str | None, decoded: int, promised: int) -> DamagedFileError:
    """Return the error for a video of clearly fewer frames than its header promises."""
    return DamagedFileError(
        f"{named('video', path)} is truncated: its header declares {promised:,} frames, "
        f"but only {decoded:,} can be decoded.",
        allowed="A complete video file.",
        hint="Download or copy the file again, or save the rest as a new file with another program.",
    )


def too_large(kind: str, path: str | None) -> DamagedFileError:
    """Return the error for an image of too many pixels."""
    from PIL import Image as Pillow

    return DamagedFileError(
        f"{named(kind, path)} claims more pixels than is safe to decode.",
        allowed=f"At most {Pillow.MAX_IMAGE_PIXELS} pixels (Pillow's limit, PIL.Image.MAX_IMAGE_PIXELS).",
        hint="Shrink it with an image program first.",
    )
