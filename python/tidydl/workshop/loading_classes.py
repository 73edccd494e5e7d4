"""The classes of transformers whose ``from_pretrained()`` loads as version 4 did, and only what may be opened."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from tidydl.workshop.course_tokenizers import mended_tokenizer
from tidydl.workshop.pretrained import load_pretrained

# Classes whose subclasses load files of which some can do more than hold values.
_LOADING = frozenset(
    ("PreTrainedModel", "ProcessorMixin", "ImageProcessingMixin", "FeatureExtractionMixin", "PreTrainedTokenizerBase")
)


class LoadingClass(type):
    """The class of classes that stand for one of transformers: what they make and know are instances of that one."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make an instance of the class of transformers, or of a subclass."""
        own = vars(cls).get("_stands_for")
        return super().__call__(*args, **kwargs) if own is None else own(*args, **kwargs)

    def __instancecheck__(cls, value: Any) -> bool:
        own = vars(cls).get("_stands_for")
        return super().__instancecheck__(value) if own is None else isinstance(value, own)

    def __subclasscheck__(cls, value: type) -> bool:
        own = vars(cls).get("_stands_for")
        return super().__subclasscheck__(value) if own is None else issubclass(value, own)


def loads(value: type) -> bool:
    """Return whether a class of transformers loads models or what reads their inputs."""
    if not hasattr(value, "from_pretrained"):
        return False
    return value.__name__.startswith("Auto") or not _LOADING.isdisjoint(each.__name__ for each in value.__mro__)


@functools.cache
def loading_class(library: type) -> type:
    """Return the subclass of a class of transformers that loads as version 4 did."""
    of_model = library.__name__.startswith(("AutoModel", "AutoBackbone")) or _is_model(library)

    def from_pretrained(cls: type, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:
        load = library.from_pretrained if cls is stand_in else super(stand_in, cls).from_pretrained  # type: ignore[attr-defined,misc,arg-type]
        asked = {name: value for name, value in kwargs.items() if value is not None}
        arguments = {**_defaults(library.__name__, of_model, asked), **asked}
        return mended_tokenizer(load_pretrained(load, pretrained_model_name_or_path, args, arguments, weights=of_model))

    names = {
        "from_pretrained": classmethod(from_pretrained),
        "_stands_for": library,
        "__module__": library.__module__,
        "__doc__": library.__doc__,
    }
    stand_in = LoadingClass(library.__name__, (library,), names)
    return stand_in


def _is_model(library: type) -> bool:
    return any(each.__name__ == "PreTrainedModel" for each in library.__mro__)


def _defaults(name: str, of_model: bool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what version 4 did where a call does not say."""
    if of_model and "torch_dtype" not in arguments:
        return {"dtype": "float32"}  # today that in which the weights were saved
    return {} if name != "AutoImageProcessor" or "use_fast" in arguments else {"backend": "pil"}
