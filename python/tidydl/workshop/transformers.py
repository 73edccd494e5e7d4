"""The installed transformers, whose names, arguments and results are those of transformers 4 where they have changed.

``from tidydl.workshop import transformers``, or ``from tidydl.workshop.transformers import pipeline``. What has not
changed is transformers' own; code that imports transformers itself is not affected.
"""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

# Names that are not transformers' own: the module of this package that has them.
_OURS = {"pipeline": "course_pipeline"}


def __getattr__(name: str) -> _Any:
    if name in _OURS:
        return getattr(_importlib.import_module(f"tidydl.workshop.{_OURS[name]}"), name)
    import transformers

    return getattr(transformers, name)


def __dir__() -> list[str]:
    import transformers

    return sorted({*dir(transformers), *_OURS})
