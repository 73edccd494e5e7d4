"""Audio clips from texts: speech and music, one text at a time.

What a model draws at random (the noise of a voice, or the tokens of a melody) comes from a separate stream for each
text: the same seed gives the same audio clips, whatever other texts there are.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.errors import ArgumentError, DependencyError, TidydlError, unknown_name
from tidydl.pipelines.families.audio.vocoders import SPECTROGRAMS, vocoder_for
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.positions import nth_value, of_value, value_error
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.running.drawing import begin_of_draws, line_seed, seeded
from tidydl.pipelines.task_runs import Call, TaskPlan
from tidydl.pipelines.transformers_loaders import quiet_loading

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_NEW_TOKENS = 256  # what transformers' own pipeline sets where neither the call nor the model says otherwise
_OF_PARTS = ("bark", "seamless_m4t", "seamless_m4t_v2")  # whose parts have generation configs of their own
_BY_TOKENIZER = ("musicgen", "speecht5")  # whose processors read more than texts
_SPEAKERS = {"csm": ("[0]", "["), "dia": ("[S1] ", "[")}  # the speaker, unless the text begins with one
_DRAWING = ("do_sample", "temperature", "max_new_tokens")

Line = tuple[int, float, Any]


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: the sampling rate, unless a vocoder decides, and its voices."""
    if _generates(loaded) and "tgt_lang" in inspect.signature(loaded.model.generate).parameters:
        raise ArgumentError(
            f"`model` is '{loaded.source}', which translates before it synthesizes speech.",
            allowed="A text-to-speech model such as VITS, SpeechT5 or Bark.",
        )
    rate = None if _is_silent(loaded) else _rate(loaded)
    return {"sampling_rate": rate, "voices": _voices(loaded)}


def seed_of(loaded: Loaded, options: Options, drawn: int | None = None) -> int:
    """Return the seed of the draws: the one given, else ``drawn``, else one number of tidydl's generator."""
    return begin_of_draws(options["seed"], drawn)


def other_models(loaded: Loaded, options: Options) -> tuple[Any, ...]:
    """Return the other models that the results depend on: a vocoder."""
    return (vocoder_for(loaded, options["vocoder"]),) if _is_silent(loaded) else ()


def plan(call: Call) -> TaskPlan:
    """Return the plan for audio clips from texts."""
    loaded, options, seed = call.loaded, call.options, call.options["seed"]
    settings = _settings(loaded, options)
    if options["vocoder"] is not None and not _is_silent(loaded):
        raise ArgumentError("`vocoder` is given, but this model produces audio itself.", allowed="No `vocoder`.")
    vocoder = vocoder_for(loaded, options["vocoder"]) if _is_silent(loaded) else None
    rate = _rate(loaded) if vocoder is None else int(vocoder.config.sampling_rate)
    return TaskPlan(
        encode=partial(_encode, loaded, _preset(loaded, options)),
        forward=partial(_samples, loaded, settings, vocoder, seed),
        key=lambda value: object(),  # equal texts draw on their own
        padding="none",
        finish=partial(_line, rate),
        noted={"seed": seed},
    )


def _kind(loaded: Loaded) -> str:
    return str(loaded.config.model_type)


def _generates(loaded: Loaded) -> bool:
    """Return whether the model generates its audio clips token by token."""
    return bool(loaded.model.can_generate())


def _is_silent(loaded: Loaded) -> bool:
    """Return whether the model outputs a spectrogram, which a vocoder turns into audio."""
    return _kind(loaded) in SPECTROGRAMS


def _rate(loaded: Loaded) -> int:
    """Find the sampling rate: in the config of the model or of its codec, or in its components."""
    config, settings = loaded.config, getattr(loaded.model, "generation_config", None)
    for name in ("sampling_rate", "sample_rate"):
        for source in (settings, config, getattr(config, "codec_config", None)):
            if getattr(source, name, None) is not None:
                return int(getattr(source, name))
    rate = getattr(loaded.feature_extractor, "sampling_rate", None)
    if rate is None:
        raise ArgumentError(
            f"`model` is '{loaded.source}', which does not say its sampling rate.",
            allowed="`sampling_rate` in config.json.",
        )
    return int(rate)


def _voices(loaded: Loaded) -> list[str]:
    """Name the voices that come with the model."""
    return list(getattr(loaded.processor, "available_voice_presets", []))


def _settings(loaded: Loaded, options: Options) -> dict[str, Any]:
    """Merge the options of the call and the plain pipeline's additions into the model's own settings."""
    speaker = _speaker(loaded, options["speaker_embeddings"])
    requested = {name: options[name] for name in _DRAWING if options[name] is not None}
    if not _generates(loaded) or _is_silent(loaded):
        for name in requested:
            raise ArgumentError(
                f"`{name}` is given, but this model does not generate tokens.",
                allowed=f"No `{name}` for this model.",
                hint="`seed` controls its sampling.",
            )
        return speaker
    if _kind(loaded) in _OF_PARTS:
        return {**requested, **speaker}
    own = loaded.model.generation_config.to_diff_dict()
    if not {"max_new_tokens", "max_length"} & {*own, *requested}:
        requested["max_new_tokens"] = _NEW_TOKENS
    more = {"output_audio": True} if _kind(loaded) == "csm" else {}
    return {"return_dict_in_generate": True, **requested, **speaker, **more}


def _speaker(loaded: Loaded, numbers: Sequence[float] | None) -> dict[str, Any]:
    """Build the speaker embedding as a tensor, for models that take one."""
    import torch

    wants = _kind(loaded) == "speecht5"
    if numbers is None and not wants:
        return {}
    size = getattr(loaded.config, "speaker_embedding_dim", None)
    if not wants or numbers is None or len(numbers) != size:
        problem = "is missing" if numbers is None else f"has {len(numbers)} numbers"
        raise ArgumentError(
            f"`speaker_embeddings` {problem if wants else 'is given, but this model has a single voice'}.",
            allowed=f"A list of {size} numbers, the speaker embedding." if wants else "No `speaker_embeddings`.",
            hint="The data set 'Matthijs/cmu-arctic-xvectors' has some of real voices." if wants else None,
        )
    return {"speaker_embeddings": torch.tensor([numbers], dtype=loaded.model.dtype, device=loaded.device)}


def _preset(loaded: Loaded, options: Options) -> dict[str, str]:
    """Check the voice preset."""
    name = options["voice_preset"]
    if name is None:
        return {}
    if "voice_preset" not in inspect.signature(loaded.processor.__call__).parameters:
        raise ArgumentError("`voice_preset` is given, but this model has one voice.", allowed="No `voice_preset`.")
    if name not in _voices(loaded) and not os.path.exists(name if name.endswith(".npz") else f"{name}.npz"):
        raise unknown_name("voice_preset", name, _voices(loaded), error=ArgumentError)
    return {"voice_preset": name}


@dataclass
class _Read:
    """Texts as tensors, one line each."""

    loaded: Loaded
    indices: Sequence[int]
    tensors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """How many tokens each text has."""
        return [int(each["input_ids"].numel()) for each in self.tensors]

    @property
    def owners(self) -> Sequence[int]:
        """Every text is one line."""
        return range(len(self.tensors))

    @property
    def cut(self) -> list[bool]:
        """Nothing is left out."""
        return [False] * len(self.tensors)

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Return the tensors of the one text, beside its index."""
        line = positions[0]
        moved = on_device(self.loaded, self.tensors[line])
        if "history_prompt" in moved:  # of a voice: tensors by name
            moved["history_prompt"] = moved["history_prompt"].to(self.loaded.device)
        return {**moved, "index": self.indices[line]}


def _encode(loaded: Loaded, preset: dict[str, str], values: list[str], indices: Sequence[int]) -> _Read:
    """Tokenize texts one by one; texts without tokens, or longer than the model's maximum, are refused."""
    encoded = _Read(loaded, indices)
    blanks = 1 if getattr(loaded.processor, "add_blank", False) else 0  # which VITS puts around each letter
    for value, index in zip(values, indices, strict=True):
        tensors = _tensors(loaded, value, preset)
        size = int(tensors["attention_mask"].sum() if "attention_mask" in tensors else tensors["input_ids"].numel())
        texts.refuse_empty([size if size > blanks else 0], [index])
        _refuse_long(loaded, tensors["input_ids"].shape[-1], index)
        encoded.tensors.append(tensors)
    return encoded


def _tensors(loaded: Loaded, text: str, preset: dict[str, str]) -> dict[str, Any]:
    """Tokenize a text by the tokenizer or processor."""
    kind = _kind(loaded)
    speaker, known_by = _SPEAKERS.get(kind, ("", ""))
    written = text if text.startswith(known_by) else speaker + text
    reader = loaded.tokenizer if kind in _BY_TOKENIZER and loaded.tokenizer is not None else loaded.processor
    more = {"add_special_tokens": True} if kind == "csm" else {}
    try:
        with quiet_loading():
            return dict(reader(text=[written], return_tensors="pt", **preset, **more))
    except ImportError as problem:
        raise DependencyError(
            f"`model` is '{loaded.source}', whose tokenizer needs a library that is not installed.",
            allowed=str(problem).strip().splitlines()[0],
            hint="Install it, or use a model that reads characters, such as 'facebook/mms-tts-eng'.",
        ) from problem


def _refuse_long(loaded: Loaded, size: int, index: int) -> None:
    limit = getattr(loaded.config, "max_text_positions", None)
    if _kind(loaded) == "bark":
        settings = loaded.model.generation_config.semantic_config
        limit = settings.get("max_input_semantic_length") if isinstance(settings, Mapping) else None
    if limit is not None and size > limit:
        raise value_error(
            index,
            f"has {size} tokens, and the model's maximum is {limit}.",
            allowed="A shorter text.",
            hint="Split it into sentences, one per row.",
        )


def _samples(
    loaded: Loaded, settings: dict[str, Any], vocoder: PreTrainedModel | None, seed: int | None, tensors: dict[str, Any]
) -> list[np.ndarray]:
    """Build the audio clip of a text: its samples, or channels × samples."""
    index = tensors.pop("index")
    with quiet_loading(), seeded(line_seed(seed or 0, index, 0), loaded.device):
        if _generates(loaded):
            generated = loaded.model.generate(**tensors, **settings)
        else:
            generated = loaded.model(**tensors, **settings)[0]
        generated = generated if vocoder is None else vocoder(generated)
    return [_waveform(loaded, generated)]


def _waveform(loaded: Loaded, output: Any) -> np.ndarray:
    """Extract the samples from a model's output."""
    if isinstance(output, Mapping):
        audio = next((output[name] for name in ("audio", "waveform") if name in output), None)
        by_codec = audio is None and _kind(loaded) not in _BY_TOKENIZER and hasattr(loaded.processor, "tokenizer")
        output = audio if audio is not None else output["sequences"]
        output = loaded.processor.decode(output) if by_codec else output
    while isinstance(output, (tuple, list)):
        output = output[0]
    samples: np.ndarray = output.float().cpu().numpy().squeeze()
    return samples


def _line(rate: int, encoded: _Read, lines: list[int], waveforms: list[np.ndarray]) -> list[Line]:
    """Write the line of an audio clip."""
    from tidydl.data.media.audio import as_audio

    samples, index = waveforms[0], encoded.indices[lines[0]]
    try:
        audio = as_audio({"array": samples, "sampling_rate": rate})
    except TidydlError as problem:
        raise of_value(problem, nth_value(index), index) from problem
    return [(rate, samples.shape[-1] / rate, audio)]
