"""Names of files where the system does not write them in UTF-8, as in latin1 locales."""

from __future__ import annotations

import os
from typing import Any


def for_arrow(path: str | os.PathLike[str]) -> Any:
    """Return what Arrow opens the file by: the path, or the opened file where Arrow would spell its name otherwise.

    Arrow takes names for UTF-8; Python has them in the encoding of the locale.
    """
    text = os.fspath(path)
    if os.fsencode(text) == text.encode("utf-8", "surrogatepass"):
        return text
    return open(text, "rb")
