"""Loading models, once a session."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tidydl.boundaries import guarded
from tidydl.columns import Contract
from tidydl.device import import_torch, refuse_fork, resolve_device
from tidydl.errors import ArgumentError, unknown_name
from tidydl.pipelines.components import forget_components, read_components
from tidydl.pipelines.loading_lock import one_at_a_time
from tidydl.pipelines.model_location import locate, require_files
from tidydl.pipelines.transformers_loaders import Source, forget_versions, import_transformers, quietly
from tidydl.pipelines.vetting.sizes import refuse_claims, weights_held

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel

DTYPES = ("float32", "float16", "bfloat16", "float64")
_KEPT = 4


@dataclass(frozen=True)
class Wanted:
    """The weights to be loaded: the key of the cache.

    ``head`` is the end of the name of transformers' auto class (``"SequenceClassification"``), or empty for
    the bare encoder. ``pickled`` allows weights other than safetensors.
    """

    source: Source
    head: str
    dtype: str = "float32"
    device: str = "cpu"
    pickled: bool = False


@dataclass
class Weights:
    """A model in memory.

    ``missing`` names the weights that its files lack. ``budget`` is what a batch may cost on this device,
    once it is known; it shrinks when memory runs out, and is remembered here. ``first_token`` says, once it was tried
    out, whether a classifier looks at the first token alone. ``spare_tokens`` is how many tokens the model has weights
    for, and how many its tokenizer has. ``vocoders`` are the models that make sound of what this
    one makes, by where they lie.
    """

    model: Any
    missing: frozenset[str] = frozenset()
    budget: int | None = None
    first_token: bool | None = None
    spare_tokens: tuple[int, int] | None = None
    vocoders: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """A model ready to run, with its components by name (``"tokenizer"``)."""

    weights: Weights
    components: Mapping[str, Any]
    source: str
    revision: str | None
    dtype: str
    device: str
    asked: tuple[Any, ...] | None = None  # what load() was asked for, so that copies share what it keeps

    def __reduce__(self) -> Any:  # other processes load it again rather than receive the weights
        return super().__reduce__() if self.asked is None else (load, self.asked)

    def __deepcopy__(self, memo: dict[int, Any]) -> Loaded:
        return self

    @property
    def model(self) -> Any:
        """The model of transformers."""
        return self.weights.model

    @property
    def config(self) -> Any:
        """The model's configuration."""
        return self.weights.model.config

    @property
    def processor(self) -> Any:
        """The first component."""
        return next(iter(self.components.values()))

    @property
    def tokenizer(self) -> Any:
        """The tokenizer, which may be a part of the processor."""
        return self._part("tokenizer")

    @property
    def image_processor(self) -> Any:
        """The image processor, which may be a part of the processor."""
        return self._part("image_processor")

    @property
    def feature_extractor(self) -> Any:
        """The feature extractor, which may be a part of the processor."""
        return self._part("feature_extractor")

    def _part(self, name: str) -> Any:
        if name in self.components:
            return self.components[name]
        return getattr(self.components.get("processor"), name, None)


Cache = OrderedDict[tuple[Any, ...], Any]
_weights: Cache = OrderedDict()
_configs: Cache = OrderedDict()


def dtype_name(dtype: object) -> str:
    """Read the dtype of a model, from a name or a ``torch.dtype``."""
    name = str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise unknown_name(
            "dtype",
            name,
            DTYPES,
            hint='"float32" gives scores that agree on every device.',
            error=ArgumentError,
        )
    return name


def read_config(source: Source, pickled: bool = False) -> Any:
    """Read a model's configuration, once a session while its folder is unchanged."""
    transformers = import_transformers()
    key = (source, source.location.fingerprint())
    if key not in _configs:
        require_files(source.location, source.files(), pickled=pickled)
    with one_at_a_time():
        if key not in _configs:
            _configs[key] = quietly(source, transformers.AutoConfig.from_pretrained)
            _trim(_configs, 16)
        return _configs[key]


def load(wanted: Wanted, components: Sequence[str], overrides: Mapping[str, Any]) -> Loaded:
    """Load a model and its components, or return those loaded before in this session.

    ``overrides`` are the components that are not with the model: loaded, or where they lie.
    """
    location = wanted.source.location
    key = (wanted, location.fingerprint())
    if key not in _weights:
        require_files(location, wanted.source.files(), pickled=wanted.pickled)
    read = read_components(components, overrides, wanted.source)
    if key not in _weights:
        wanted.source.fetched_weights("model", wanted.pickled)  # other threads may load meanwhile
    with one_at_a_time():
        if key not in _weights:
            _weights[key] = _load_weights(wanted)
            _trim(_weights, _KEPT)
        _weights.move_to_end(key)
        weights = _weights[key]
    return Loaded(
        weights=weights,
        components=read,
        source=location.source,
        revision=wanted.source.commit() or wanted.source.revision,
        dtype=wanted.dtype,
        device=wanted.device,
        asked=(wanted, tuple(components), dict(overrides)),
    )


def adopt(
    model: PreTrainedModel, components: Sequence[str], overrides: Mapping[str, Any], device: str | int | torch.device
) -> Loaded:
    """Take a model object that the user has loaded; it stays where it is unless a device is named.

    ``components`` and ``overrides`` are as for :func:`load`; what is not given is taken from where the model came from.
    """
    if device != "auto":
        model.to(resolve_device(device))  # type: ignore[arg-type]  # transformers' wrapper of it hides what it takes
    origin = getattr(model, "name_or_path", "") or ""
    return Loaded(
        weights=Weights(model.eval()),
        components=read_components(components, overrides, Source(locate(origin)) if origin else None),
        source=origin or type(model).__name__,
        revision=getattr(model.config, "_commit_hash", None),
        dtype=str(model.dtype).removeprefix("torch."),
        device=str(model.device),
    )


def _load_weights(wanted: Wanted) -> Weights:
    torch, transformers = import_torch(), import_transformers()
    refuse_fork(computing=False)
    auto = getattr(transformers, f"AutoModelFor{wanted.head}" if wanted.head else "AutoModel")
    # from_pretrained() of decision models fails with `output_loading_info`
    reporting: dict[str, Any] = {} if wanted.head == "Decision" else {"output_loading_info": True}
    config = read_config(wanted.source, wanted.pickled)

    def load(pretrained_model_name_or_path: str, **arguments: Any) -> Any:
        path = Path(pretrained_model_name_or_path).expanduser()
        if not wanted.pickled and not wanted.source.remote_code:
            refuse_claims(config, auto, weights_held(path), wanted.source.location.source)
        return auto.from_pretrained(pretrained_model_name_or_path=pretrained_model_name_or_path, **arguments)

    result = quietly(
        wanted.source,
        load,
        weights=True,
        pickled=wanted.pickled,
        config=config,
        dtype=getattr(torch, wanted.dtype),
        use_safetensors=None if wanted.pickled else True,
        **reporting,
    )
    model, report = result if reporting else (result, {"missing_keys": ()})
    return Weights(model.to(wanted.device).eval(), frozenset(report["missing_keys"]))


def _trim(kept: Cache, most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


@guarded
def forget(model: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Unload the models that pipelines and embed() have loaded in this session, to free their memory.

    A pipeline that is still referenced keeps its model; a new pipeline loads the model again.

    Parameters
    ----------
    model
        The folder or Hub id of a model; None for all.

    Returns
    -------
    pandas.DataFrame
        One row per unloaded model: ``model``, ``revision``, ``dtype``, ``device``, ``size_mb`` (of its weights in
        memory).

    Raises
    ------
    ArgumentError, NotFoundError
        If ``model`` is not a valid model name, or a path that does not exist. A model that is not loaded is not an
        error.

    Examples
    --------
    >>> forget().columns.tolist()
    ['model', 'revision', 'dtype', 'device', 'size_mb']
    """
    named = None if model is None else locate(model).source
    with one_at_a_time():
        gone = [key for key in _weights if named in (None, key[0].source.location.source)]
        lines = [_described(key[0], _weights.pop(key).model) for key in gone]
        if named is None:
            _configs.clear()
            forget_components()
            forget_versions()
    _give_back(line[3] for line in lines)
    contract = Contract.of(model="string", revision="string", dtype="string", device="string", size_mb="double")
    return contract.frame({name: [line[k] for line in lines] for k, name in enumerate(contract.names)})


def _described(wanted: Wanted, model: PreTrainedModel) -> tuple[str, str | None, str, str, float]:
    size = sum(each.numel() * each.element_size() for each in (*model.parameters(), *model.buffers())) / 1e6
    return wanted.source.location.source, wanted.source.revision, wanted.dtype, wanted.device, size


def _give_back(devices: Iterable[str]) -> None:
    """Free the memory of GPUs for other programs."""
    import gc

    gc.collect()
    if any(device.startswith("cuda") for device in devices):
        import_torch().cuda.empty_cache()


def class_labels(config: PreTrainedConfig, source: str, *, repeated: bool = False) -> list[str]:
    """Return the labels of a classifier in the order of its outputs; two may be equal only if ``repeated``."""
    names = {int(code): str(label) for code, label in (getattr(config, "id2label", None) or {}).items()}
    count = config.num_labels or 0
    missing = [code for code in range(count) if code not in names]
    if missing or not names:
        outputs = f"of the {count} outputs" if count else "output"
        raise ArgumentError(
            f"`model` is '{source}', whose config.json has no label for its output {(missing or [0])[0]}.",
            allowed=f"`id2label` in config.json with a label for each {outputs}.",
            hint="Complete `id2label` there, then load the model again.",
        )
    labels = [names[code] for code in range(count)]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice and not repeated:
        raise ArgumentError(
            f"`model` is '{source}', whose config.json gives the label '{twice[0]}' to several outputs.",
            allowed="`id2label` in config.json with a different label for each output.",
            hint="Rename the labels there, then load the model again.",
        )
    return labels
