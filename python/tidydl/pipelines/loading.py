"""Loading models with their tokenizers or image processors, once a session."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tidydl.device import import_torch, resolve_device
from tidydl.errors import ArgumentError, DependencyError, unknown_name
from tidydl.pipelines.locations import (
    Location,
    explain_failure,
    hub_is_out_of_reach,
    locate,
    require_files,
    require_processor_files,
)

__all__ = [
    "Loaded",
    "Wanted",
    "Weights",
    "adopt",
    "class_labels",
    "dtype_name",
    "import_transformers",
    "load",
    "read_config",
]

DTYPES = ("float32", "float16", "bfloat16", "float64")
_KEPT = 4


@dataclass(frozen=True)
class Wanted:
    """Which weights are to be loaded: the key of the cache.

    ``head`` is the end of the name of transformers' auto class (``"SequenceClassification"``), or empty for
    the bare encoder.
    """

    location: Location
    head: str
    revision: str | None = None
    dtype: str = "float32"
    device: str = "cpu"


@dataclass
class Weights:
    """A model in memory.

    ``missing`` names the weights that its files lack. ``budget`` is what a batch may cost on this device,
    once it is known; it shrinks when memory runs out, and is remembered here.
    """

    model: Any
    missing: frozenset[str] = frozenset()
    budget: int | None = None


@dataclass(frozen=True)
class Loaded:
    """A model ready to run, with the tokenizer or image processor that reads its inputs."""

    weights: Weights
    processor: Any
    source: str
    revision: str | None
    dtype: str
    device: str
    location: Location | None = None

    @property
    def model(self) -> Any:
        """The model of transformers."""
        return self.weights.model

    @property
    def config(self) -> Any:
        """The model's configuration."""
        return self.weights.model.config


Cache = OrderedDict[tuple[Any, ...], Any]
_weights: Cache = OrderedDict()
_processors: Cache = OrderedDict()
_configs: Cache = OrderedDict()


def import_transformers() -> Any:
    """Import transformers after torch, or explain how to get them.

    Raises
    ------
    DependencyError
        Where either is not installed or does not start.
    """
    import_torch()
    try:
        import transformers
    except ImportError as problem:
        raise DependencyError(
            f"transformers cannot be imported: {problem}.",
            allowed="Pipelines and embed() need transformers 5.0 or later.",
            hint='Install it with `pip install transformers`, or everything with `pip install "tidydl"`.',
        ) from problem
    return transformers


def dtype_name(dtype: Any) -> str:
    """Read the kind of numbers a model computes in, from a name or a ``torch.dtype``."""
    name = str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise unknown_name(
            "dtype",
            name,
            DTYPES,
            hint='"float32" gives the same numbers on every device.',
            error=ArgumentError,
        )
    return name


def read_config(location: Location, revision: str | None) -> Any:
    """Read a model's configuration, once a session while its folder is unchanged."""
    transformers = import_transformers()
    key = (location, revision, location.fingerprint())
    if key not in _configs:
        require_files(location)
        _configs[key] = _quietly(location, transformers.AutoConfig.from_pretrained, **_whence(location, revision))
        _trim(_configs, 16)
    return _configs[key]


def load(wanted: Wanted, modality: str, processor: Any = None) -> Loaded:
    """Load a model and what reads its inputs, or take those loaded before in this session.

    Parameters
    ----------
    wanted
        Which weights.
    modality
        ``"text"`` or ``"image"``.
    processor
        A loaded tokenizer or image processor, or where it lies; None to take the one that lies with the
        model.

    Raises
    ------
    NotFoundError, DamagedFileError, HubError, ArgumentError
        Where something is not there, damaged, out of reach or of the wrong kind.
    """
    require_files(wanted.location)
    if processor is None:
        processor = _kept_processor(wanted.location, modality, wanted.revision, "model")
    key = (wanted, wanted.location.fingerprint())
    if key not in _weights:
        _weights[key] = _load_weights(wanted)
        _trim(_weights, _KEPT)
    _weights.move_to_end(key)
    weights = _weights[key]
    return Loaded(
        weights=weights,
        processor=_as_processor(processor, modality),
        source=wanted.location.source,
        revision=wanted.revision or getattr(weights.model.config, "_commit_hash", None),
        dtype=wanted.dtype,
        device=wanted.device,
        location=wanted.location,
    )


def adopt(model: Any, modality: str, processor: Any, device: Any) -> Loaded:
    """Take a model object that the user has loaded; it stays where it is unless a device is named.

    ``processor`` is as for :func:`load`; None takes it from where the model came from.
    """
    if device != "auto":
        model.to(resolve_device(device))
    origin = getattr(model, "name_or_path", "") or ""
    if processor is None and not origin:
        argument = processor_argument(modality)
        raise ArgumentError(
            f"`{argument}` is missing, and the model object in `model` does not say where it came from.",
            allowed=f"A loaded {argument.replace('_', ' ')}, or the folder or Hub id it lies in.",
            hint=f"Add `{argument} =`.",
        )
    return Loaded(
        weights=Weights(model.eval()),
        processor=_as_processor(origin if processor is None else processor, modality),
        source=origin or type(model).__name__,
        revision=getattr(model.config, "_commit_hash", None),
        dtype=str(model.dtype).removeprefix("torch."),
        device=str(model.device),
    )


def processor_argument(modality: str) -> str:
    """Name the argument that carries what reads inputs of this kind."""
    return "tokenizer" if modality == "text" else "image_processor"


def _as_processor(processor: Any, modality: str) -> Any:
    """Give a tokenizer or image processor, loading it where only its place is given."""
    if hasattr(processor, "save_pretrained"):
        return processor
    argument = processor_argument(modality)
    return _kept_processor(locate(processor, argument), modality, None, argument)


def _kept_processor(location: Location, modality: str, revision: str | None, argument: str) -> Any:
    key = (location, location.fingerprint(), modality, revision)
    if key not in _processors:
        require_processor_files(location, modality, argument)
        transformers = import_transformers()
        auto = transformers.AutoTokenizer if modality == "text" else transformers.AutoImageProcessor
        whence = _whence(location, revision)
        _processors[key] = _quietly(location, auto.from_pretrained, argument=argument, **whence)
        _trim(_processors, 2 * _KEPT)
    return _processors[key]


def _load_weights(wanted: Wanted) -> Weights:
    torch, transformers = import_torch(), import_transformers()
    auto = getattr(transformers, f"AutoModelFor{wanted.head}" if wanted.head else "AutoModel")
    model, report = _quietly(
        wanted.location,
        auto.from_pretrained,
        config=read_config(wanted.location, wanted.revision),
        dtype=getattr(torch, wanted.dtype),
        use_safetensors=True,
        output_loading_info=True,
        **_whence(wanted.location, wanted.revision),
    )
    return Weights(model.to(wanted.device).eval(), frozenset(report["missing_keys"]))


def _whence(location: Location, revision: str | None) -> dict[str, Any]:
    """Give the arguments that say where from, and that code which comes with a model is never run."""
    return {
        "pretrained_model_name_or_path": location.source,
        "revision": revision or "main",
        "trust_remote_code": False,
        "local_files_only": location.folder is not None or hub_is_out_of_reach(),
    }


def _quietly(location: Location, call: Any, *, argument: str = "model", **arguments: Any) -> Any:
    """Call a loader of transformers without its noise, and explain what goes wrong."""
    try:
        with quiet_loading():
            return call(**arguments)
    except (KeyboardInterrupt, MemoryError):
        raise
    except Exception as problem:  # loaders raise anything: OSError, ValueError, RuntimeError, bare Exception
        raise explain_failure(problem, location, argument) from problem


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Silence transformers' progress bars and log while loading, and give both back as they were."""
    from transformers.utils import logging

    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()


def _trim(kept: Cache, most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def class_labels(config: Any, source: str) -> list[str]:
    """Give the labels of a classifier in the order of its outputs.

    Raises
    ------
    ArgumentError
        Where the config names no label for an output, or one name for two.
    """
    names = {int(code): str(label) for code, label in (getattr(config, "id2label", None) or {}).items()}
    missing = [code for code in range(config.num_labels) if code not in names]
    if missing or not names:
        raise ArgumentError(
            f"`model` is '{source}', whose config.json has no label for its output {(missing or [0])[0]}.",
            allowed=f"`id2label` in config.json with a label for each of the {config.num_labels} outputs.",
            hint="Complete `id2label` there, then load the model again.",
        )
    labels = [names[code] for code in range(config.num_labels)]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ArgumentError(
            f"`model` is '{source}', whose config.json gives the label '{twice[0]}' to several outputs.",
            allowed="`id2label` in config.json with a label of its own for each output.",
            hint="Rename the labels there, then load the model again.",
        )
    return labels
