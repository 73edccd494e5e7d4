"""Objects that refuse what they are asked, or look like what they are not."""

import numpy as np

__all__ = [
    "PANIC",
    "OddInt",
    "OddStr",
    "Polars",
    "Raising",
    "RaisingArray",
    "RaisingAttributes",
    "RaisingSequence",
    "RaisingText",
    "Stream",
]

PANIC = type("PanicException", (BaseException,), {})


class Raising:
    """An object that refuses what it is asked: one of its special methods raises."""

    def __init__(self, error, *methods):
        self.error, self.methods = error, methods

    def _ask(self, method, otherwise):
        if method in self.methods:
            raise self.error
        return otherwise


class RaisingSequence(Raising):
    def __len__(self):
        return self._ask("len", 3)

    def __iter__(self):
        self._ask("iter", None)
        return iter([1.0, 2.0, 3.0])

    def __getitem__(self, place):
        self._ask("getitem", None)
        return [1.0, 2.0, 3.0][place]


class RaisingArray(RaisingSequence):
    shape, ndim, dtype = (3,), 1, np.dtype("float64")

    def __array__(self, *args, **kwargs):
        return self._ask("array", np.zeros(3))


class RaisingText(Raising):
    def __str__(self):
        return self._ask("str", "text")

    def __repr__(self):
        return self._ask("repr", "<text>")

    def __fspath__(self):
        return self._ask("fspath", "nowhere.json")

    def __hash__(self):
        return self._ask("hash", 1)

    def __eq__(self, other):
        return self._ask("eq", False)

    def __bool__(self):
        return self._ask("bool", True)

    def __float__(self):
        return self._ask("float", 1.0)


class RaisingAttributes:
    def __getattr__(self, name):
        raise RuntimeError(f"no {name} for you")


class Polars:
    """Looks like a frame of another library and is none."""

    columns = ("x", "g")
    shape = (3, 2)

    def __dataframe__(self, *args, **kwargs):
        raise NotImplementedError("no interchange")

    def to_pandas(self):
        raise ImportError("pyarrow is missing")

    def __getitem__(self, name):
        raise KeyError(name)

    def __len__(self):
        return 3


class Stream:
    """Offers the Arrow protocol and breaks it."""

    def __arrow_c_stream__(self, requested_schema=None):
        raise ValueError("the stream is closed")


class OddStr(str):
    def strip(self, *args):
        raise RuntimeError("strip")

    lower = startswith = split = strip


class OddInt(int):
    def __index__(self):
        raise TypeError("index")

    __float__ = __round__ = __index__
