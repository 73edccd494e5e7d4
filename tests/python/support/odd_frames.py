"""Data frames of every kind of column and name, for tests of what holds whatever comes."""

import datetime

import numpy as np
import pandas as pd
from hypothesis import strategies as st

NUMBERS = st.one_of(
    st.floats(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, 5e-324, 1e-300, 1e8, 1e160, -1.7e308]),
    st.sampled_from([np.nan, np.inf, -np.inf]),
)
TAME = st.floats(-3, 3, width=16)
WORDS = st.sampled_from(["a", "b", "c", "yes", "no", "", " ", "NA", "1", "é", "x\ny", "`"])
NAMES = [
    "x",
    "y",
    "g",
    "a b",
    "1st",
    "",
    "a.b",
    "if",
    "ä",
    "Intercept",
    "(Intercept)",
    "~",
    "a:b",
    "`",
    "_",
    "I",
    "TRUE",
]
ODD_NAMES = st.sampled_from([*NAMES, 0, 7, 1.5, None, ("u", "v"), True])
DAYS = st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1))


def some(values, n):
    """Draw a list of n values."""
    return st.lists(values, min_size=n, max_size=n)


def or_missing(values):
    return st.one_of(values, values, values, st.none())


def columns(n):
    """Draw one column of n values, of any kind that pandas has."""
    labels = st.sampled_from(["a", "b", "c"])
    return st.one_of(
        some(TAME, n).map(lambda v: pd.Series(v, dtype="float64")),
        some(TAME, n).map(lambda v: pd.Series(v, dtype="float32")),
        some(NUMBERS, n).map(lambda v: pd.Series(v, dtype="float64")),
        some(st.integers(-5, 5), n).map(lambda v: pd.Series(v, dtype="int64")),
        some(st.integers(0, 255), n).map(lambda v: pd.Series(v, dtype="uint8")),
        some(st.booleans(), n).map(lambda v: pd.Series(v, dtype="bool")),
        some(or_missing(st.integers(-5, 5)), n).map(lambda v: pd.Series(v, dtype="Int64")),
        some(or_missing(TAME), n).map(lambda v: pd.Series(v, dtype="Float64")),
        some(or_missing(st.booleans()), n).map(lambda v: pd.Series(v, dtype="boolean")),
        some(or_missing(labels), n).map(lambda v: pd.Series(v, dtype="str")),
        some(or_missing(WORDS), n).map(lambda v: pd.Series(v, dtype="object")),
        some(or_missing(labels), n).map(lambda v: pd.Series(pd.Categorical(v, categories=["c", "a", "b", "none"]))),
        some(labels, n).map(lambda v: pd.Series(pd.Categorical(v, categories=["a", "b", "c"], ordered=True))),
        some(st.integers(1, 3), n).map(lambda v: pd.Series(pd.Categorical(v))),
        some(or_missing(DAYS), n).map(lambda v: pd.Series(pd.to_datetime(v))),
        some(st.integers(0, 9), n).map(lambda v: pd.Series(pd.to_timedelta(v, unit="D"))),
        some(st.complex_numbers(max_magnitude=3), n).map(lambda v: pd.Series(v, dtype="complex128")),
        some(st.one_of(st.none(), WORDS, TAME, st.just([1, 2]), st.just({})), n).map(
            lambda v: pd.Series(v, dtype=object)
        ),
        st.just(pd.Series([None] * n, dtype=object)),
        st.just(pd.Series([1.0] * n)),
    )


INDEXES = st.sampled_from(["range", "text", "twice", "dates", "several"])


def indexed(frame, kind):
    n = len(frame)
    if kind == "text":
        frame.index = [f"row {i}" for i in range(n)]
    elif kind == "twice":
        frame.index = [i // 2 for i in range(n)]
    elif kind == "dates":
        frame.index = pd.date_range("2020-01-01", periods=n)
    elif kind == "several":
        frame.index = pd.MultiIndex.from_arrays([range(n), ["k"] * n])
    return frame


@st.composite
def frames(draw, names=ODD_NAMES):
    """Draw a data frame of any columns, sometimes of no rows."""
    n = draw(st.integers(0, 9))
    labels = draw(st.lists(names, min_size=1, max_size=4, unique=draw(st.booleans())))
    frame = pd.concat([draw(columns(n)) for _ in labels], axis=1)
    frame.columns = pd.Index(labels, tupleize_cols=False)
    return indexed(frame, draw(INDEXES))


@st.composite
def sound_frames(draw):
    """Draw a data frame that mostly can be fitted: y, and predictors of several kinds, some of them missing."""
    n = draw(st.integers(4, 12))
    labels = st.sampled_from(["a", "b", "c"])
    numbers = some(st.one_of(TAME, TAME, TAME, st.just(np.nan)), n).map(pd.Series)
    words = some(or_missing(labels), n).map(lambda v: pd.Series(v, dtype="str"))
    kinds = some(or_missing(labels), n).map(lambda v: pd.Series(pd.Categorical(v, categories=["b", "a", "c"])))
    flags = some(st.booleans(), n).map(pd.Series)
    frame = pd.DataFrame({name: draw(st.one_of(numbers, numbers, words, kinds, flags)) for name in ["y", "x", "z w"]})
    frame["v"] = draw(numbers)
    return indexed(frame, draw(INDEXES))
