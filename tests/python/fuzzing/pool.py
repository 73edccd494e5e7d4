"""Hostile values: what nobody should give a function, by kind, each made anew when it is drawn."""

import collections
import contextlib
import datetime
import decimal
import fractions
import io
import itertools
import pathlib
import types

import numpy as np
import pandas as pd

from fuzzing.objects import (
    PANIC,
    OddInt,
    OddStr,
    Polars,
    RaisingArray,
    RaisingAttributes,
    RaisingSequence,
    RaisingText,
    Stream,
)

__all__ = ["POOL", "kinds_for"]


def _closed():
    file = io.StringIO("x\n1\n")
    file.close()
    return file


def _lazy_error():
    yield 1.0
    raise RuntimeError("half way")


def _frame(**columns):
    base = {"x": [0.5, 1.5, -1.0, 0.2], "g": ["a", "b", "c", "a"], "k": ["u", "v", "u", "v"], "y": [0.1, 0.9, 0.4, 0.5]}
    return pd.DataFrame({**base, **columns})


def _structured():
    return np.array([(1, 2.0), (3, 4.0)], dtype=[("x", "i4"), ("g", "f8")])


def _read_only():
    values = np.arange(12.0)
    values.flags.writeable = False
    return values


def _meta():
    import torch

    return torch.zeros(3, device="meta")


def _grad():
    import torch

    return torch.ones(4, 2, requires_grad=True)


def _bfloat():
    import torch

    return torch.ones(4, dtype=torch.bfloat16)


def _sparse():
    import torch

    return torch.eye(3).to_sparse()


def _arrow_frame():
    import pyarrow as pa

    columns = {
        "x": pd.array([0.5, None, -1.0, 2.0], dtype=pd.ArrowDtype(pa.float64())),
        "g": pd.array(["a", "b", None, "a"], dtype=pd.ArrowDtype(pa.string())),
        "k": pd.array([[1], None, [2, 3], []], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        "y": pd.array([decimal.Decimal("1.5")] * 4, dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
    }
    return pd.DataFrame(columns)


def _deep(levels=3000):
    nested = 1
    for _ in range(levels):
        nested = [nested]
    return nested


def _cycle():
    held = [1, 2]
    held.append(held)
    return held


def _itself():
    held = {"x": 1}
    held["g"] = held
    return held


def _duplicated():
    return pd.concat([_frame(), _frame()], axis=1)


def _multi():
    frame = _frame()
    frame.columns = pd.MultiIndex.from_tuples([("x", 1), ("g", 1), ("k", 2), ("y", 2)])
    return frame


def _interval_frame():
    return _frame(x=pd.cut([1, 2, 3, 4], 2), g=pd.period_range("2020-01", periods=4, freq="M"))


def _zoned():
    return _frame(x=pd.date_range("2020-01-01", periods=4, tz="Asia/Tokyo"), g=pd.to_timedelta([1, 2, 3, 4], unit="h"))


def _link(folder):
    path = folder / "loop.csv"
    with contextlib.suppress(FileExistsError):
        path.symlink_to(path)
    return path


SCALARS = {
    "None": lambda f: None,
    "nan": lambda f: float("nan"),
    "inf": lambda f: float("inf"),
    "-1": lambda f: -1,
    "0": lambda f: 0,
    "1.5": lambda f: 1.5,
    "huge int": lambda f: 10**400,
    "2**63": lambda f: 2**63,
    "10**14": lambda f: 10**14,
    "True": lambda f: True,
    "complex": lambda f: 1 + 2j,
    "Decimal NaN": lambda f: decimal.Decimal("sNaN"),
    "Fraction": lambda f: fractions.Fraction(1, 3),
    "np.float16": lambda f: np.float16(2),
    "np.int8": lambda f: np.int8(-3),
    "np.bool": lambda f: np.bool_(True),
    "np.str": lambda f: np.str_("x"),
    "pd.NA": lambda f: pd.NA,
    "NaT": lambda f: pd.NaT,
    "datetime64": lambda f: np.datetime64("2020-01-01"),
    "date": lambda f: datetime.date(2020, 1, 1),
    "odd int": lambda f: OddInt(3),
    "Ellipsis": lambda f: ...,
    "NotImplemented": lambda f: NotImplemented,
}

TEXTS = {
    "empty text": lambda f: "",
    "blank": lambda f: " ",
    "lone surrogate": lambda f: "a\ud800b",
    "NUL": lambda f: "a\0b",
    "long text": lambda f: "x" * 5000,
    "formula": lambda f: "y ~ x",
    "deep formula": lambda f: "y ~ " + "(" * 400 + "x" + ")" * 400,
    "bad formula": lambda f: "y ~ x +",
    "odd formula": lambda f: "y ~ poly(x, 9) + cut(x, 1:0) + log('a') + I(x[0])",
    "braces": lambda f: "{0.__class__} %s {",
    "URL": lambda f: "http://[::1/x.csv",
    "pattern": lambda f: "[a-*(",
    "name": lambda f: "x",
    "bytes": lambda f: b"\xff\xfe",
    "bytearray": lambda f: bytearray(b"abc"),
    "memoryview": lambda f: memoryview(b"abcdef")[::2],
    "odd str": lambda f: OddStr("x"),
    "str of objects": lambda f: ["x", None, 3, b"y"],
    "surrogates": lambda f: ["fine", "a\ud800b"],
}

LISTS = {
    "[]": lambda f: [],
    "()": lambda f: (),
    "{}": lambda f: {},
    "set": lambda f: {1, 2},
    "[None]": lambda f: [None],
    "[[1], [2, 3]]": lambda f: [[1], [2, 3]],
    "mixed": lambda f: [1, "a", None, 2j],
    "negative": lambda f: [-1, -2],
    "range": lambda f: range(3),
    "iterator": lambda f: iter([1.0, 2.0, 3.0]),
    "generator": lambda f: _lazy_error(),
    "map": lambda f: map(int, ["1", "x"]),
    "endless repeat": lambda f: itertools.repeat(1.0, 5),
    "dict": lambda f: {"x": [1, 2], "g": [3]},
    "odd keys": lambda f: {1: "a", None: "b", ("u", "v"): "c"},
    "unhashable": lambda f: [{"x": 1}, [2]],
    "deep": lambda f: _deep(),
    "cycle": lambda f: _cycle(),
    "itself": lambda f: _itself(),
    "namespace": lambda f: types.SimpleNamespace(columns=3, shape="x"),
    "deque": lambda f: collections.deque([1, 2]),
    "Counter": lambda f: collections.Counter("aab"),
    "dict keys": lambda f: {"x": 1}.keys(),
}

ARRAYS = {
    "0-d": lambda f: np.array(3.0),
    "0 rows": lambda f: np.zeros((0, 2)),
    "0 columns": lambda f: np.zeros((4, 0)),
    "1 row": lambda f: np.ones((1, 1)),
    "3-d": lambda f: np.zeros((2, 2, 2)),
    "nan array": lambda f: np.array([np.nan] * 4),
    "inf array": lambda f: np.array([[np.inf, 1], [2, 3], [4, 5], [6, 7]]),
    "read-only": lambda f: _read_only(),
    "structured": lambda f: _structured(),
    "strided": lambda f: np.arange(24.0)[::-2],
    "float16": lambda f: np.ones((4, 2), "float16"),
    "longdouble": lambda f: np.ones(4, "longdouble"),
    "complex array": lambda f: np.ones(4, "complex128"),
    "big endian": lambda f: np.arange(4, dtype=">f8"),
    "objects": lambda f: np.array([1, "a", None, {}], dtype=object),
    "bytes array": lambda f: np.array([b"a", b"\xff"]),
    "datetimes": lambda f: np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
    "masked": lambda f: np.ma.masked_array([1.0, 2.0, 3.0], [True, False, True]),
    "matrix": lambda f: np.matrix([[1.0, 2.0], [3.0, 4.0]]),
    "void": lambda f: np.zeros(3, "V4"),
    "uint64": lambda f: np.array([2**64 - 1, 0], dtype="uint64"),
    "meta tensor": lambda f: _meta(),
    "tensor with grad": lambda f: _grad(),
    "bfloat16 tensor": lambda f: _bfloat(),
    "sparse tensor": lambda f: _sparse(),
    "Series": lambda f: pd.Series([1.0, 2.0, 3.0], index=["a", "a", "b"]),
    "empty Series": lambda f: pd.Series([], dtype="float64"),
    "categorical": lambda f: pd.Categorical(["a", None, "b"], categories=["b", "a", "c"]),
    "nullable": lambda f: pd.array([1, None, 3], dtype="Int64"),
    "interval index": lambda f: pd.interval_range(0, 3),
    "multi index": lambda f: pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]),
    "sparse": lambda f: pd.arrays.SparseArray([0.0, 0.0, 1.0, 0.0]),
    "odd sparse": lambda f: pd.Series(pd.arrays.SparseArray([0, 0, 1, 0])),
}

FRAMES = {
    "no rows": lambda f: _frame().head(0),
    "no columns": lambda f: pd.DataFrame(index=range(4)),
    "nothing at all": lambda f: pd.DataFrame(),
    "one row": lambda f: _frame().head(1),
    "two rows": lambda f: _frame().head(2),
    "duplicated": lambda f: _duplicated(),
    "multi columns": lambda f: _multi(),
    "odd names": lambda f: pd.DataFrame({0: [1.0, 2], None: [1, 2], ("a", 1): [3, 4], 1.5: [1, 2], "": [1, 2]}),
    "categorical frame": lambda f: _frame(g=pd.Categorical(["a", None, "b", "a"]), k=pd.Categorical([1, 2, 1, 2])),
    "odd categories": lambda f: _frame(
        g=pd.Categorical(pd.to_datetime(["2020-01-01"] * 4)), y=pd.Categorical([None] * 4)
    ),
    "object frame": lambda f: _frame(x=pd.Series([1, "a", None, {}], dtype=object), y=[[1], {}, None, "b"]),
    "nullable frame": lambda f: _frame(
        x=pd.array([1, None, 3, 4], dtype="Int64"), g=pd.array([True, None, False, True])
    ),
    "arrow frame": lambda f: _arrow_frame(),
    "zoned": lambda f: _zoned(),
    "intervals": lambda f: _interval_frame(),
    "complex frame": lambda f: _frame(x=[1j, 2j, 3j, 4j], y=[np.complex64(1)] * 4),
    "nested frame": lambda f: _frame(x=[_frame()] * 4, g=[np.zeros((2, 2))] * 4),
    "infinite": lambda f: _frame(x=[np.inf, 1, 2, -np.inf]),
    "missing": lambda f: _frame(x=[np.nan] * 4, g=[None] * 4),
    "huge": lambda f: _frame(x=pd.Series([10**400, 1, 2, 3], dtype=object), y=[1e308] * 4),
    "surrogate frame": lambda f: _frame(g=pd.Series(["\ud800", "b", "c", "a"], dtype=object), k=["\0", "", " ", "x"]),
    "surrogate column": lambda f: _frame().set_axis(pd.Index(["a\0b", "\ud800", "k", "y"], dtype=object), axis=1),
    "bytes frame": lambda f: _frame(g=[b"\xff", b"", b"a", None]),
    "constant": lambda f: _frame().assign(x=1.0, g="a", k="u", y=1.0),
    "sparse frame": lambda f: _frame(x=pd.arrays.SparseArray([0.0, 0, 1, 0])),
    "odd index": lambda f: _frame().set_index(pd.Index([np.nan, np.nan, None, 1], dtype=object)),
    "result-like": lambda f: pd.DataFrame(
        {".row": [0, "a", None], "rank": [1, 1, "x"], "label": [1, 2, 3], "score": "a"}
    ),
    "embedding-like": lambda f: pd.DataFrame({".row": [0, 1], "e0": ["a", 1], "e1": [None, {}]}),
    "list of frames": lambda f: [_frame(), _frame()],
    "dict of frames": lambda f: {"train": _frame(), "test": 3, None: _frame()},
    "polars-like": lambda f: Polars(),
    "arrow stream": lambda f: Stream(),
    "arrow table": lambda f: __import__("pyarrow").table({"x": [1, 2], "g": [[1], [2]]}),
}

OBJECTS = {
    "object": lambda f: object(),
    "class": lambda f: int,
    "DataFrame class": lambda f: pd.DataFrame,
    "function": lambda f: print,
    "lambda": lambda f: lambda *args, **kwargs: 1 / 0,
    "module": lambda f: np,
    "closed file": lambda f: _closed(),
    "open bytes": lambda f: io.BytesIO(b"x\n1\n"),
    "raising len": lambda f: RaisingSequence(RuntimeError("len"), "len"),
    "raising iter": lambda f: RaisingSequence(OSError("iter"), "iter", "getitem"),
    "raising getitem": lambda f: RaisingSequence(KeyError("item"), "getitem", "iter"),
    "raising array": lambda f: RaisingArray(MemoryError("array"), "array"),
    "panicking array": lambda f: RaisingArray(PANIC("array"), "array", "iter"),
    "raising attributes": lambda f: RaisingAttributes(),
    "raising str": lambda f: RaisingText(RuntimeError("str"), "str", "repr"),
    "raising path": lambda f: RaisingText(ValueError("path"), "fspath", "str"),
    "raising hash": lambda f: RaisingText(TypeError("hash"), "hash"),
    "raising eq": lambda f: RaisingText(ArithmeticError("eq"), "eq", "bool", "float"),
    "exception": lambda f: ValueError("an exception as a value"),
}

PATHS = {
    "folder": lambda f: f / "folder",
    "missing path": lambda f: f / "absent.csv",
    "missing folder": lambda f: f / "absent" / "deep.json",
    "loop of links": lambda f: _link(f),
    "too long": lambda f: "a" * 300 + ".csv",
    "much too long": lambda f: str(f / ("b/" * 3000)),
    "NUL path": lambda f: str(f) + "/a\0.json",
    "surrogate path": lambda f: str(f / "a\ud800.json"),
    "bytes path": lambda f: bytes(f / "a.csv"),
    "proc": lambda f: "/proc/self/mem",
    "home of nobody": lambda f: "~nobody-at-all/x.csv",
    "pure path": lambda f: pathlib.PurePosixPath("x.csv"),
    "Windows path": lambda f: pathlib.PureWindowsPath("c:\\x.csv"),
    "colon": lambda f: "run:1.csv",
    "list of paths": lambda f: [f / "absent.csv", 3],
    "file in a file": lambda f: f / "frame.csv" / "x.csv",
}

POOL = {
    "scalars": SCALARS,
    "texts": TEXTS,
    "lists": LISTS,
    "arrays": ARRAYS,
    "frames": FRAMES,
    "objects": OBJECTS,
    "paths": PATHS,
}

ALL = tuple(POOL)
_KINDS = {
    "data": ("frames", "frames", "frames", "arrays", "objects", "lists"),
    "numbers": ("arrays", "arrays", "frames", "lists", "objects", "scalars"),
    "scalar": ("scalars", "scalars", "texts", "lists", "arrays", "objects"),
    "text": ("texts", "texts", "lists", "objects", "arrays", "scalars"),
    "path": ("paths", "paths", "paths", "objects", "texts"),
    "object": ALL,
}


def kinds_for(kind):
    """Return the parts of the pool that hurt an argument of a kind, oftener drawn where named oftener."""
    return _KINDS[kind]
