"""The installed transformers, whose names, arguments and results are those of transformers 4 where they have changed.

``from tidydl.workshop import transformers``, or ``from tidydl.workshop.transformers import pipeline``. What has not
changed is transformers' own; code that imports transformers itself is not affected.
"""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

# Names that are not transformers' own: the module of this package that has them.
_OURS = {
    "pipeline": "course_pipeline",
    "set_seed": "seeds",
    "Trainer": "training",
    "Seq2SeqTrainer": "training",
    "TrainingArguments": "training",
    "Seq2SeqTrainingArguments": "training",
}


def __getattr__(name: str) -> _Any:
    if name in _OURS:
        return getattr(_importlib.import_module(f"tidydl.workshop.{_OURS[name]}"), name)
    import transformers

    try:
        value = getattr(transformers, name)
    except AttributeError:
        if name.startswith("_"):
            raise
        from tidydl.workshop.gone_names import older_name

        value = older_name(name, transformers)
    return _mended(value)


def _mended(value: _Any) -> _Any:
    """Return a class that loads models or tokenizers with what it had, and anything else as it is."""
    if not isinstance(value, type) or value.__module__.startswith("tidydl."):
        return value
    from tidydl.workshop.loading_classes import loading_class, loads

    if "Tokenizer" in value.__name__ and not value.__name__.startswith(("Auto", "PreTrained")) and loads(value):
        from tidydl.workshop.course_tokenizers import with_older_methods

        return with_older_methods(value)
    return loading_class(value) if loads(value) else value


def __dir__() -> list[str]:
    import transformers

    # image processors of their own kind warn when completion looks at them
    names = {name for name in dir(transformers) if "ImageProcessor" not in name or name.startswith("Auto")}
    return sorted({*names, *_OURS})
