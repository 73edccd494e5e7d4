"""What pandas columns of images and of audio clips share: values that are looked at late, and missing ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionArray, ExtensionDtype


def storage_type() -> Any:
    """Return the Arrow type of what is stored of an image or audio clip."""
    return pa.struct([("bytes", pa.binary()), ("path", pa.string())])


class MediaArray(ExtensionArray):
    """A column of objects that are decoded when somebody looks; None where one is missing.

    A subclass says how a value is made of what is given (``_value_of``) and what its dtype is.
    """

    def __init__(self, values: Iterable[Any] = ()):
        converted = [None if _is_missing(value) else self._value_of(value) for value in values]
        self._values = np.empty(len(converted), dtype=object)
        self._values[:] = converted

    @staticmethod
    def _value_of(value: object) -> Any:
        """Build a value of what is given for one."""
        raise NotImplementedError

    @classmethod
    def _of(cls, values: np.ndarray) -> Any:
        """Wrap an object array that holds only made values and None."""
        array = cls()
        array._values = values
        return array

    @classmethod
    def _from_sequence(cls, scalars: Iterable[Any], *, dtype: object = None, copy: bool = False) -> Any:
        if isinstance(scalars, cls):
            return scalars.copy() if copy else scalars
        return cls(scalars)

    @classmethod
    def _from_scalars(cls, scalars: Iterable[Any], *, dtype: ExtensionDtype) -> Any:
        """Wrap what a function made of each value, where it made such values: a text is no path then."""
        if not all(_is_missing(value) or isinstance(value, dtype.type) for value in scalars):
            raise TypeError(f"Not all values are of dtype {dtype.name}.")
        return cls(scalars)

    @classmethod
    def _from_factorized(cls, values: Iterable[Any], original: object) -> Any:
        return cls(values)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[Any]) -> Any:
        return cls._of(np.concatenate([array._values for array in to_concat]))

    @property
    def nbytes(self) -> int:
        """The bytes held: pointers and encoded values, not the files behind paths."""
        in_memory = sum(len(value.bytes) for value in self._values if value is not None and not value.is_file)
        return int(self._values.nbytes + in_memory)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, item: Any) -> Any:
        item = pd.api.indexers.check_array_indexer(self, item)
        selected = self._values[item]
        return self._of(selected) if isinstance(selected, np.ndarray) else selected

    def __setitem__(self, key: Any, value: object) -> None:
        key = pd.api.indexers.check_array_indexer(self, key)
        if isinstance(value, (type(self), list, pd.Series)) or _is_object_array(value):
            self._values[key] = type(self)(value)._values
        else:
            self._values[key] = None if _is_missing(value) else self._value_of(value)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, (pd.Series, pd.Index, pd.DataFrame)):
            return NotImplemented
        others = other if isinstance(other, (type(self), list)) else [other] * len(self)
        pairs = zip(self._values, others, strict=True)
        return np.array([a is not None and a == b for a, b in pairs], dtype=bool)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return self._values.copy() if copy else self._values

    def __arrow_array__(self, type: object = None) -> Any:
        """Return the Arrow array, as ``datasets`` has images and audio: their bytes, or the paths of their files."""
        return pa.array([None if value is None else value.storage for value in self._values], type=storage_type())

    def isna(self) -> np.ndarray:
        """Return which values are missing."""
        return np.array([value is None for value in self._values], dtype=bool)

    def take(
        self, indices: Sequence[int | np.integer] | np.ndarray, *, allow_fill: bool = False, fill_value: object = None
    ) -> Any:
        """Pick values by position; with ``allow_fill`` -1 gives a missing one."""
        taken: Any = pd.api.extensions.take(self._values, indices, allow_fill=allow_fill)
        if allow_fill:
            fill = None if _is_missing(fill_value) else self._value_of(fill_value)
            taken[np.asarray(indices) == -1] = fill
        return self._of(taken)

    def copy(self) -> Any:
        """Copy the column; the values themselves never change and are shared."""
        return self._of(self._values.copy())

    def _values_for_factorize(self) -> tuple[np.ndarray, Any]:
        return self._values, None

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str | None]:
        return lambda value: "<NA>" if value is None else repr(value)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def _is_object_array(value: object) -> TypeGuard[np.ndarray]:
    return isinstance(value, np.ndarray) and value.dtype == object
