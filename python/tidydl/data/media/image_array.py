"""The pandas column of images: an extension array of kind ``image``."""

from __future__ import annotations

import pyarrow as pa
from pandas.api.extensions import ExtensionDtype, register_extension_dtype

from tidydl.data.media.image_value import Image, as_image
from tidydl.data.media.media_array import MediaArray


@register_extension_dtype
class ImageDtype(ExtensionDtype):
    """The kind ``image``: each value is an :class:`~tidydl.data.media.image.Image` or missing (None)."""

    name = "image"
    type = Image
    kind = "O"
    na_value = None

    @classmethod
    def construct_array_type(cls) -> type[ImageArray]:  # type: ignore[valid-type]
        """Return the class of its arrays."""
        return ImageArray

    def __from_arrow__(self, array: pa.Array | pa.ChunkedArray) -> ImageArray:
        """Return the column of what pandas read from parquet."""
        return ImageArray(array.to_pylist())


class ImageArray(MediaArray):
    """A column of images for a data frame; nothing is decoded until somebody looks.

    Parameters
    ----------
    values
        Whatever :func:`~tidydl.data.media.image.as_image` reads, or None, NaN or NA where an image is missing.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> pd.DataFrame({"image": ImageArray([np.zeros((8, 8)), None])})
             image
    0  <img 8×8 L>
    1         None
    """

    @staticmethod
    def _value_of(value: object) -> Image:
        return as_image(value)

    @property
    def dtype(self) -> ImageDtype:
        """The kind of the column."""
        return ImageDtype()
