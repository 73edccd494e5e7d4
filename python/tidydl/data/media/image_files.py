"""Opening images that come from anywhere: of usual formats only, and no larger than is safe to decode.

Nothing else in tidydl opens an image. Pillow alone would start other programs for some formats (Ghostscript for
PostScript), and ask others for whatever they have registered.
"""

from __future__ import annotations

import io
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from tidydl.data.media.decoding_limits import check_scans, too_large

if TYPE_CHECKING:
    from PIL import Image as Pillow

FORMATS = (
    *("PNG", "JPEG", "MPO", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "JPEG2000", "ICO", "TGA", "AVIF"),
    *("XBM", "XPM"),
)
_PROGRESSIVE = ("progressive", "progression")  # in what Pillow tells of JPEG images


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
        It has more pixels, or scans, than is safe to decode.
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
    if any(image.info.get(name) for name in _PROGRESSIVE):
        try:
            check_scans(content, path, image.width * image.height, kind)
        except BaseException:
            image.close()
            raise
    return image


@cache
def _known_formats() -> tuple[str, ...]:
    """Return those of the formats that this Pillow reads."""
    from PIL import Image as Pillow

    Pillow.init()
    return tuple(name for name in FORMATS if name in Pillow.OPEN)
