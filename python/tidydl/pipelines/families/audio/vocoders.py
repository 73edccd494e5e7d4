"""Vocoders: models that turn the spectrograms of other models into audio."""

from __future__ import annotations

from typing import Any

from tidydl.pipelines.loading_lock import one_at_a_time
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.model_location import locate, require_files
from tidydl.pipelines.transformers_loaders import Source, import_transformers, quietly

# The types of model that make spectrograms, with the class of their vocoders and the usual one.
SPECTROGRAMS = {
    "speecht5": ("SpeechT5HifiGan", "microsoft/speecht5_hifigan"),
    "fastspeech2_conformer": ("FastSpeech2ConformerHifiGan", "espnet/fastspeech2_conformer_hifigan"),
}


def vocoder_for(loaded: Loaded, vocoder: str | None) -> Any:
    """Load the vocoder of a model, which keeps it: the one that is given, else the usual one for its type."""
    kind, usual = SPECTROGRAMS[loaded.config.model_type]
    source = Source(locate(vocoder or usual, "vocoder"))
    require_files(source.location, source.files("vocoder"))
    key = (source, source.location.fingerprint())
    with one_at_a_time():
        if key not in loaded.weights.vocoders:
            loaded.weights.vocoders[key] = _loaded(kind, source, loaded)
        return loaded.weights.vocoders[key]


def _loaded(kind: str, source: Source, loaded: Loaded) -> Any:
    import torch

    load = getattr(import_transformers(), kind).from_pretrained
    vocoder = quietly(
        source, load, argument="vocoder", weights=True, dtype=getattr(torch, loaded.dtype), use_safetensors=True
    )
    return vocoder.to(loaded.device).eval()
