"""Opening images that come from anywhere: of usual formats only, and no larger than is safe to decode.

Nothing else in tidydl opens an image. Pillow alone would start other programs for some formats (Ghostscript for
PostScript), and ask others for whatever they have registered.
"""

from __future__ import annotations

import io
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from tidydl.data.media.media_files import named
from tidydl.errors import DamagedFileError, TidydlError

if TYPE_CHECKING:
    from PIL import Image as Pillow

__all__ = ["FORMATS", "check_frames", "check_kept", "open_image", "too_large"]

FORMATS = (
    *("PNG", "JPEG", "MPO", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "JPEG2000", "ICO", "TGA", "AVIF"),
    *("XBM", "XPM"),
)
_FRAMES = 100_000
_KEPT = 1 << 29  # pixels of the frames of a video that are decoded at once: 1.6 GB, twice that while they are joined
_PIXELS_OF_FRAMES = 1 << 34  # which Pillow goes through in less than a minute, each frame upon the one before


def open_image(content: bytes | None, path: str | None, kind: str = "image") -> Pillow.Image:
    """Open an image of a usual format; its pixels are decoded later.

    Parameters
    ----------
    content
        The encoded bytes, or None where the file at ``path`` has them.
    path
        The path of the file.
    kind
        What it is to be, for messages: "image" or "video".

    Raises
    ------
    PIL.UnidentifiedImageError
        It is of no such format.
    DamagedFileError
        It has more pixels than is safe to decode.
    """
    from PIL import Image as Pillow

    source: Any = str(path) if content is None else io.BytesIO(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)  # which is an error here
        try:
            image = Pillow.open(source, formats=_known_formats())
        except Pillow.DecompressionBombError as error:
            raise too_large(kind, path) from error
    if Pillow.MAX_IMAGE_PIXELS is not None and image.width * image.height > Pillow.MAX_IMAGE_PIXELS:
        image.close()
        raise too_large(kind, path)
    return image


@cache
def _known_formats() -> tuple[str, ...]:
    """Return those of the formats that this Pillow reads."""
    from PIL import Image as Pillow

    Pillow.init()
    return tuple(name for name in FORMATS if name in Pillow.OPEN)


def too_large(kind: str, path: str | None) -> TidydlError:
    """Return the error for an image of too many pixels."""
    from PIL import Image as Pillow

    return DamagedFileError(
        f"{named(kind, path)} claims more pixels than is safe to decode.",
        allowed=f"At most {Pillow.MAX_IMAGE_PIXELS} pixels (Pillow's limit, PIL.Image.MAX_IMAGE_PIXELS).",
        hint="Shrink it with an image program first.",
    )


def check_frames(count: int, path: str | None, pixels: int = 0) -> int:
    """Return the number of frames of an animated image, of so many pixels each.

    Raises
    ------
    DamagedFileError
        They are more than is safe to decode.
    """
    if count > _FRAMES:
        raise DamagedFileError(
            f"{named('video', path)} has more than {_FRAMES:,} frames.",
            allowed=f"At most {_FRAMES:,} frames of an animated image.",
            hint="Convert it to a video file, such as MP4.",
        )
    if count * pixels > _PIXELS_OF_FRAMES:
        raise DamagedFileError(
            f"{named('video', path)} has {count:,} frames of {pixels:,} pixels, more than is safe to decode.",
            allowed=f"At most {_PIXELS_OF_FRAMES:,} pixels in all frames of an animated image.",
            hint="Convert it to a video file, such as MP4, or make it smaller.",
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
