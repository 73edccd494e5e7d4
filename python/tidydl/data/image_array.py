"""The pandas column of images: an extension array of kind ``image``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype, register_extension_dtype

from tidydl.data.image_value import Image, as_image

__all__ = ["ImageArray", "ImageDtype"]


@register_extension_dtype
class ImageDtype(ExtensionDtype):
    """The kind ``image``: each value is an :class:`~tidydl.data.images.Image` or missing (None)."""

    name = "image"
    type = Image
    kind = "O"
    na_value = None

    @classmethod
    def construct_array_type(cls) -> type[ImageArray]:  # type: ignore[valid-type]
        """Give the class of its arrays."""
        return ImageArray


class ImageArray(ExtensionArray):
    """A column of images for a data frame; nothing is decoded until somebody looks.

    Parameters
    ----------
    values
        Whatever :func:`~tidydl.data.images.as_image` reads, or None, NaN or NA where an image is missing.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> pd.DataFrame({"image": ImageArray([np.zeros((8, 8)), None])})
             image
    0  <img 8×8 L>
    1         None
    """

    def __init__(self, values: Iterable[Any] = ()):
        made = [None if _is_missing(value) else as_image(value) for value in values]
        self._images = np.empty(len(made), dtype=object)
        self._images[:] = made

    @classmethod
    def _of(cls, images: np.ndarray) -> ImageArray:
        """Wrap an object array that holds only images and None."""
        made = cls()
        made._images = images
        return made

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: Any = None, copy: bool = False) -> ImageArray:
        if isinstance(scalars, ImageArray):
            return scalars.copy() if copy else scalars
        return cls(scalars)

    @classmethod
    def _from_factorized(cls, values: Any, original: ImageArray) -> ImageArray:
        return cls(values)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[ImageArray]) -> ImageArray:
        return cls._of(np.concatenate([array._images for array in to_concat]))

    @property
    def dtype(self) -> ImageDtype:
        """The kind of the column."""
        return ImageDtype()

    @property
    def nbytes(self) -> int:
        """The bytes held: pointers and encoded images, not the files behind paths."""
        held = sum(len(image.bytes) for image in self._images if image is not None and not image.is_file)
        return int(self._images.nbytes + held)

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, item: Any) -> Any:
        item = pd.api.indexers.check_array_indexer(self, item)
        found = self._images[item]
        return self._of(found) if isinstance(found, np.ndarray) else found

    def __setitem__(self, key: Any, value: Any) -> None:
        key = pd.api.indexers.check_array_indexer(self, key)
        many = isinstance(value, (ImageArray, list, pd.Series)) or _is_object_array(value)
        if many:
            self._images[key] = ImageArray(value)._images
        else:
            self._images[key] = None if _is_missing(value) else as_image(value)

    def __eq__(self, other: Any) -> Any:
        if isinstance(other, (pd.Series, pd.Index, pd.DataFrame)):
            return NotImplemented
        others = other if isinstance(other, (ImageArray, list)) else [other] * len(self)
        pairs = zip(self._images, others, strict=True)
        return np.array([a is not None and a == b for a, b in pairs], dtype=bool)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._images.copy() if copy else self._images

    def isna(self) -> np.ndarray:
        """Say which images are missing."""
        return np.array([image is None for image in self._images], dtype=bool)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> ImageArray:
        """Pick images by position; with ``allow_fill`` -1 gives a missing image."""
        taken: Any = pd.api.extensions.take(self._images, indices, allow_fill=allow_fill)
        if allow_fill:
            fill = None if _is_missing(fill_value) else as_image(fill_value)
            taken[np.asarray(indices) == -1] = fill
        return self._of(taken)

    def copy(self) -> ImageArray:
        """Copy the column; the images themselves never change and are shared."""
        return self._of(self._images.copy())

    def _values_for_factorize(self) -> tuple[np.ndarray, Any]:
        return self._images, None

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str | None]:
        return lambda image: "<NA>" if image is None else repr(image)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def _is_object_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object
