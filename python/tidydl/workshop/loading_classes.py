"""The Auto classes of transformers, whose ``from_pretrained()`` loads as version 4 did."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from tidydl.workshop.course_tokenizers import mended_tokenizer
from tidydl.workshop.pretrained import load_pretrained


@functools.cache
def loading_class(auto: type) -> type:
    """Return the subclass of an Auto class that loads as version 4 did."""
    load = auto.from_pretrained  # type: ignore[attr-defined]
    of_model = auto.__name__.startswith(("AutoModel", "AutoBackbone"))

    def from_pretrained(cls: type, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:
        arguments = {**_defaults(auto.__name__, kwargs), **kwargs}
        loaded = load_pretrained(load, pretrained_model_name_or_path, args, arguments, weights=of_model)
        return mended_tokenizer(loaded)

    names = {"from_pretrained": classmethod(from_pretrained), "__module__": auto.__module__, "__doc__": auto.__doc__}
    return type(auto.__name__, (auto,), names)


def _defaults(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what version 4 did where a call does not say."""
    if name.startswith(("AutoModel", "AutoBackbone")) and "torch_dtype" not in arguments:
        return {"dtype": "float32"}  # today that in which the weights were saved
    return {} if name != "AutoImageProcessor" or "use_fast" in arguments else {"backend": "pil"}
