"""What pandas calls a column of texts: ``str``, in pandas 2 ``object``."""

import pandas as pd

TEXT = str(pd.Series([], dtype="str").dtype)


def kinds(frame) -> tuple:
    """Return the names and kinds of a frame's columns, to compare them."""
    return tuple(zip(frame.columns, map(str, frame.dtypes), strict=True))
