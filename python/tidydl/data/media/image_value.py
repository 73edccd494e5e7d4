"""One image: encoded bytes or a path, decoded when somebody looks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl import rendering
from tidydl.boundaries import DATA_FILES
from tidydl.checks import described
from tidydl.data.media.decoding_limits import too_large
from tidydl.data.media.image_files import FORMATS, open_image
from tidydl.data.media.media_files import decode_error, named, source_of, wrong_with
from tidydl.data.media.media_value import MediaValue
from tidydl.errors import ArgumentError, TidydlError

if TYPE_CHECKING:
    from PIL import Image as Pillow

_ORIENTATION = 0x0112  # the EXIF tag
_STORED_WIDTH = 0x0100  # the tag of TIFF
_LYING = (5, 6, 7, 8)  # its values for an image stored on its side
_LOSSLESS_IN_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


class Image(MediaValue):
    """One image, held as encoded bytes or as a path, and decoded only when looked at.

    Made by :func:`as_image`. Two images are equal when their encoded bytes and paths are.

    Parameters
    ----------
    content
        The encoded bytes (PNG, JPEG, …), or None where the file at ``path`` has them.
    path
        The path of the file; where ``content`` is given only a name for messages.

    Examples
    --------
    >>> import numpy as np
    >>> as_image(np.zeros((8, 8), dtype="uint8"))
    <img 8×8 L>
    """

    __slots__ = ()

    _kind = "image"

    @property
    def width(self) -> int:
        """The width in pixels."""
        return self._header()[0]

    @property
    def height(self) -> int:
        """The height in pixels."""
        return self._header()[1]

    @property
    def mode(self) -> str:
        """Pillow's name of the pixel kind: ``L`` for grey, ``RGB``, ``RGBA`` and so on."""
        return self._header()[2]

    def pil(self) -> Pillow.Image:
        """Decode to a PIL image, turned upright as its EXIF data says."""
        from PIL import ImageOps

        with (
            self._open() as image,
            DATA_FILES.guard(named("image", self.path), lambda error: _undecodable(self.path, error)),
        ):
            image.load()
            return ImageOps.exif_transpose(image)

    def array(self) -> np.ndarray:
        """Decode to pixels: height × width, or height × width × channels; 0 to 255 for all usual images."""
        image = self.pil()
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        elif image.mode == "1":
            image = image.convert("L")
        return np.array(image)

    def rgba(self) -> np.ndarray:
        """Decode to what a screen shows: height × width × red, green, blue and opacity, from 0 to 255."""
        return np.asarray(eight_bits(self.pil()).convert("RGBA"))

    def _open(self) -> Pillow.Image:
        with DATA_FILES.guard(named("image", self.path), lambda error: _undecodable(self.path, error)):
            return open_image(self._content, self._path)

    def _header(self) -> tuple[int, int, str]:
        with self._open() as image:
            width, height = image.size
            try:
                lying = image.getexif().get(_ORIENTATION) in _LYING
                tags = getattr(image, "tag_v2", {})  # of TIFF, whose size newer versions of Pillow give turned already
                lying = lying and tags.get(_STORED_WIDTH, width) == width
            except Exception:  # broken EXIF data says nothing about the size
                lying = False
            return (height, width, image.mode) if lying else (width, height, image.mode)

    def __repr__(self) -> str:
        try:
            width, height, mode = self._header()
        except TidydlError as error:
            return f"<img {wrong_with(error)}>"
        return f"<img {width}×{height} {mode}>"

    def _repr_png_(self) -> Any:
        image = self.pil()
        return _encode(image if image.mode in _LOSSLESS_IN_PNG else image.convert("RGB"))


def eight_bits(picture: Pillow.Image) -> Pillow.Image:
    """Stretch pixels of more than 8 bits to what a screen shows."""
    from PIL import Image as Pillow

    if not picture.mode.startswith("I") and picture.mode != "F":
        return picture
    values = np.asarray(picture, dtype=float)
    values = (values - values.min()) / max(float(np.ptp(values)), 1.0)
    return Pillow.fromarray(np.rint(values * 255).astype(np.uint8))


def as_image(value: Any) -> Image:
    """Build an :class:`Image` of a path, bytes, a PIL image, an array or a ``{bytes, path}`` dictionary.

    Parameters
    ----------
    value
        A path that exists; bytes of an image file; a PIL image; a numpy array of height × width (grey) or
        height × width × 1, 3 or 4 channels, with integers from 0 to 255 or fractions from 0 to 1; a
        dictionary with ``bytes`` or ``path`` as ``datasets`` makes them; or an :class:`Image`.

    Returns
    -------
    Image
        Not yet decoded, so that damage shows when somebody looks.

    Raises
    ------
    NotFoundError
        The path does not exist.
    ArgumentError
        The value is a URL or none of the above.

    Examples
    --------
    >>> import numpy as np
    >>> as_image(np.zeros((4, 6, 3)))
    <img 6×4 RGB>
    """
    if isinstance(value, Image):
        return value
    source = source_of(value, "image", _allowed(), "load_dataset() reads folders of images.")
    if source is not None:
        return Image(*source)
    if type(value).__module__.partition(".")[0] == "PIL" and hasattr(value, "getbands"):
        _check_format(value)
        return Image(_encode(_storable(_upright(value))))
    if hasattr(value, "__array__") and getattr(value, "ndim", 0) >= 2:
        return Image(_encode(_from_array(value)))
    raise ArgumentError(f"`image` is {described(value)}, which is not an image.", allowed=_allowed())


def _allowed() -> str:
    file, image, mapping = (rendering.type_name(name) for name in ("bytes", "a PIL image", "dict"))
    return f"A path, the file as {file}, {image}, an array of pixels, or a {mapping} with `bytes` or `path`."


def _check_format(image: Pillow.Image) -> None:
    """Refuse a PIL image that is still in a file of an unusual format, for decoding which other programs may start."""
    if getattr(image, "format", None) not in (None, *FORMATS):
        raise ArgumentError(
            f"`image` is a PIL image of the format '{image.format}', which is not decoded.",
            allowed=f"Images of the formats {', '.join(FORMATS)}, or in memory.",
            hint="If you trust its source, give a copy, which Pillow decodes: image.copy().",
        )


def _from_array(value: object) -> Pillow.Image:
    from PIL import Image as Pillow

    pixels = np.asarray(value)
    if type(value).__module__.partition(".")[0] == "torch" and pixels.ndim == 3 and pixels.shape[0] in (1, 3, 4):
        pixels = np.moveaxis(pixels, 0, -1)  # torch has the channels first
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    shaped = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if not shaped or 0 in pixels.shape or pixels.dtype.kind not in "buif":
        raise ArgumentError(
            f"`image` is an array of shape {pixels.shape} and dtype {pixels.dtype}.",
            allowed="Height × width, or height × width × 1, 3 or 4 channels, of numbers.",
            hint="A batch of images is a list of arrays.",
        )
    top = 1 if pixels.dtype.kind in "fb" else 255
    if not (pixels.min() >= 0 and pixels.max() <= top):  # so that NaN is refused too
        raise ArgumentError(
            f"`image` has pixels from {pixels.min()} to {pixels.max()}.",
            allowed="Integers from 0 to 255, or fractions from 0 to 1.",
            hint="Divide by the largest possible value first.",
        )
    scaled = np.rint(pixels * 255.0) if top == 1 else pixels
    return Pillow.fromarray(np.ascontiguousarray(scaled.astype(np.uint8)))


def _upright(image: Pillow.Image) -> Pillow.Image:
    """Return a PIL image rotated by its EXIF orientation, without its EXIF data."""
    from PIL import ImageOps

    with DATA_FILES.guard(named("image", None), lambda error: _undecodable(None, error)):
        return ImageOps.exif_transpose(image) if image.getexif().get(_ORIENTATION, 1) != 1 else image


def _storable(image: Pillow.Image) -> Pillow.Image:
    """Return a PIL image as one that PNG can hold."""
    from PIL import Image as Pillow

    if image.mode == "F":
        return _from_array(image)
    if image.mode.startswith("I") and image.mode != "I;16":
        values = np.asarray(image)
        if values.size and values.min() >= 0 and values.max() < 2**16:
            return Pillow.fromarray(values.astype(np.uint16))
        return _from_array(values)  # which refuses it
    return image if image.mode in _LOSSLESS_IN_PNG else image.convert("RGB")


def _encode(image: Pillow.Image) -> bytes:
    stream = io.BytesIO()
    path = getattr(image, "filename", None) or None
    # a PIL image opened from a damaged file decodes only here
    with DATA_FILES.guard(named("image", path), lambda error: _undecodable(path, error)):
        image.save(stream, format="PNG")
    return stream.getvalue()


def _undecodable(path: str | None, error: BaseException) -> TidydlError | None:
    """Explain why an image could not be decoded, naming its file."""
    from PIL import Image as Pillow

    if isinstance(error, (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning)):
        return too_large("image", path)
    return None if isinstance(error, MemoryError) else decode_error("image", path, error)
