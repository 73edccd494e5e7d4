"""Functions that do nothing but show that the crossing works: R may call them where this module is imported."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

from tidydl import checks, errors
from tidydl.bridge.entries import ENTRIES, Entry
from tidydl.columns import ROW
from tidydl.errors import printable
from tidydl.progress import Progress, Trace, Work

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "as_audio_column",
    "check",
    "countdown",
    "describe",
    "echo",
    "fail",
    "indices",
    "keep",
    "kept",
    "size",
    "table",
    "wait",
    "warn",
]


def echo(value: Any) -> Any:
    """Return what came."""
    return value


def countdown(steps: int = 10, seconds: float = 0.02, trace: bool = True) -> Work[int]:
    """Count down in steps of some seconds each."""
    for step in range(int(steps)):
        time.sleep(seconds)
        if trace:
            yield Trace(f"step {step + 1}")
        yield Progress(step + 1, int(steps), "step")
    return int(steps)


def wait(seconds: float, busy: bool = False) -> float:
    """Take some seconds in one piece, asleep or computing."""
    if not busy:
        time.sleep(seconds)
        return seconds
    end = time.monotonic() + seconds
    total = 0
    while time.monotonic() < end:
        total += 1
    return seconds


def fail(kind: str, problem: str, allowed: str | None = None, hint: str | None = None) -> None:
    """Raise the error of one kind; ``internal`` is one that nobody foresaw, ``interrupt`` an interrupt."""
    if kind == "internal":
        raise ZeroDivisionError(problem)
    if kind == "interrupt":
        raise KeyboardInterrupt
    tree: list[type[errors.TidydlError]] = [errors.TidydlError, *errors.TidydlError.__subclasses__()]
    raise {error.kind: error for error in tree}[kind](problem, allowed=allowed, hint=hint)


def warn(text: str, value: Any = None, printed: str | None = None) -> Any:
    """Warn, print, and give back a value."""
    warnings.warn(printable(text), UserWarning, stacklevel=2)
    if printed is not None:
        print(printed)
    return value


def indices(which: Any) -> dict[str, Any]:
    """Count positions again in the language's own way in a frame with ``.row`` and in another column that counts."""
    import pandas as pd

    frame = pd.DataFrame({".row": which, "mask": which, "other": which})
    return {"frame": frame, "seen": [int(w) for w in which]}


def describe(value: Any) -> str:
    """Return what Python made of a value: its type, or the dtypes of a frame's columns."""
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return ", ".join(str(dtype) for dtype in value.dtypes)
    return f"Series {value.dtype}" if isinstance(value, pd.Series) else type(value).__name__


def table(rows: int, first: int = 0) -> pd.DataFrame:
    """Build a frame of doubles, whole numbers, distinct texts of 20 characters and labels of six levels."""
    import numpy as np
    import pandas as pd

    numbers = np.arange(int(first), int(first) + int(rows))
    return pd.DataFrame(
        {
            "double": numbers / 7,
            "integer": numbers,
            "text": pd.Series(numbers.astype("str")).str.zfill(20),
            "label": pd.Categorical.from_codes(numbers % 6, pd.Index(list("abcdef"))),
        }
    )


_kept: list[Any] = []


def keep(rows: int, first: int = 0) -> None:
    """Make the frame of :func:`table` and keep it, so that its crossing can be timed alone."""
    _kept[:] = [table(rows, first)]


def kept() -> Any:
    """Return what was kept."""
    return _kept[0]


def size() -> float:
    """Return the size of what was kept, in MiB."""
    return float(_kept[0].memory_usage(deep=True).sum()) / 2**20


def check(name: str, values: list[Any]) -> None:
    """Call one of ``tidydl.checks``, whose messages R repeats."""
    getattr(checks, name)(*values)


def as_audio_column(values: list[Any]) -> Any:
    """Build a column of audio clips."""
    from tidydl.data.media.audio import AudioArray

    return AudioArray(values)


ENTRIES.update({name: Entry(f"{__name__}:{name}") for name in __all__})
ENTRIES["indices"] = Entry(f"{__name__}:indices", index=(ROW, "mask"), arguments=("which",))
