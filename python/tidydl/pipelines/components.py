"""The components of a model: its tokenizer, image processor, feature extractor or multimodal processor."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.loading_lock import one_at_a_time
from tidydl.pipelines.model_location import locate, require_component_files
from tidydl.pipelines.tokenizer_locks import with_lock
from tidydl.pipelines.transformers_loaders import Source, import_transformers, quietly
from tidydl.pipelines.vetting.sizes import refuse_growth

# The arguments of pipeline() that carry such a thing, and the class of transformers that loads it.
AUTO = {
    "tokenizer": "AutoTokenizer",
    "image_processor": "AutoImageProcessor",
    "feature_extractor": "AutoFeatureExtractor",
    "processor": "AutoProcessor",
}
READERS = tuple(AUTO)
_KEPT = 16
_components: OrderedDict[tuple[Any, ...], Any] = OrderedDict()


@dataclass(frozen=True)
class Origin:
    """The origin of a component: the state of its folder when it was loaded, or the commit on the Hub."""

    source: Source
    fingerprint: tuple[tuple[str, int, int], ...]
    commit: str | None


_origins: MutableMapping[Any, Origin] = weakref.WeakKeyDictionary()


def origin_of(component: object) -> Origin | None:
    """Return the origin of a component; None if the user has loaded it."""
    try:
        return _origins.get(component)
    except TypeError:  # an object without a hash
        return None


def read_components(names: Sequence[str], overrides: Mapping[str, Any], source: Source | None) -> dict[str, Any]:
    """Return the components of a model, loading those that are not among the ``overrides``.

    ``names`` are those of arguments of ``pipeline()``; ``overrides`` have by name a loaded object or where it lies, and
    a ``processor`` holds the others as its parts. ``source`` is None if a loaded model does not know where it came
    from.
    """
    return {name: _component(name, overrides, source) for name in names}


def _component(name: str, overrides: Mapping[str, Any], source: Source | None) -> Any:
    own, whole = overrides.get(name), overrides.get("processor")
    if own is not None:
        return _loaded(own, name, name)
    if whole is not None:
        if hasattr(whole, "save_pretrained"):
            return getattr(whole, name, whole)
        return _loaded(whole, name, "processor")
    if source is None:
        what = name.replace("_", " ")
        raise ArgumentError(
            f"`{name}` is missing, and the model object in `model` does not say where it came from.",
            allowed=f"A loaded {what}, or its folder or Hub id.",
            hint=f"Add `{name} =`.",
        )
    return _kept(name, source, "model")


def _loaded(component: object, name: str, argument: str) -> Any:
    """Return a loaded component, or load it from its source."""
    if hasattr(component, "save_pretrained"):
        return component
    return _kept(name, Source(locate(component, argument)), argument)


def _kept(name: str, source: Source, argument: str) -> Any:
    """Load a component, once a session while its folder is unchanged."""
    key = (name, source, source.location.fingerprint())
    if key not in _components:
        require_component_files(source.location, source.files(argument), name, argument)
    with one_at_a_time():
        if key not in _components:
            _components[key] = with_lock(_read(name, source, argument))
            _origins[_components[key]] = Origin(source, key[2], source.commit())
            while len(_components) > _KEPT:
                _components.popitem(last=False)
        _components.move_to_end(key)  # what was not used for longest is forgotten first
        return _components[key]


def _read(name: str, source: Source, argument: str) -> Any:
    """Load a component; images are scaled by Pillow, also with torchvision installed: the numbers stay the same.

    A processor passes its arguments on to all its parts, so its image processor is loaded separately.
    """
    auto = getattr(import_transformers(), AUTO[name])
    settings = _by_pillow() if name == "image_processor" else {}
    component = quietly(source, auto.from_pretrained, argument=argument, **settings)
    refuse_growth(getattr(component, "tokenizer", component), source.location.source, argument)
    if name == "processor" and getattr(component, "image_processor", None) is not None:
        component.image_processor = _read("image_processor", source, argument)
    return component


def _by_pillow() -> dict[str, Any]:
    """Return the argument that selects Pillow."""
    from transformers.models.auto import image_processing_auto

    return {"backend": "pil"} if hasattr(image_processing_auto, "_resolve_backend") else {"use_fast": False}


def forget_components() -> None:
    """Forget all loaded components."""
    _components.clear()
