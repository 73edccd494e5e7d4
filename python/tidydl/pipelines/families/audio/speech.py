"""Automatic speech recognition: the text of an audio clip, as a whole or in chunks with timestamps.

Models that output a token per frame (connectionist temporal classification, CTC), models that generate a text for an
audio clip (Whisper among them), and transducers.
"""

from __future__ import annotations

from typing import Any

from tidydl import rendering
from tidydl.errors import ArgumentError
from tidydl.pipelines.families.audio import speech_ctc, speech_generation
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.task_runs import Call, TaskPlan

_WRITERS_ONLY = ("language", "translate", "num_beams", "max_new_tokens")
_WINDOWS_ONLY = ("chunk_length_s", "stride_length_s")


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: its type, and the timestamps it supports."""
    listens = _listens(loaded)
    return {"listens_by": listens, "timestamps": [str(each).lower() for each in _timestamps(loaded)]}


def _listens(loaded: Loaded) -> str:
    """Return the type of a model: ``"ctc"``, ``"transducer"``, ``"whisper"`` or ``"generation"``."""
    name = type(loaded.model).__name__
    if name.endswith("ForCTC"):
        return "ctc"
    if name.endswith(("ForTDT", "ForRNNT")):
        return "transducer"
    if getattr(loaded.model, "main_input_name", "inputs") == "input_ids":
        raise ArgumentError(
            f"`model` is '{loaded.source}', which takes audio only together with text.",
            allowed="A model that takes audio alone, such as Whisper, Wav2Vec2 or Parakeet.",
            hint="This one may be for 'any-to-any'.",
        )
    return "whisper" if loaded.config.model_type == "whisper" else "generation"


def _timestamps(loaded: Loaded) -> list[bool | str]:
    """Return the values that ``return_timestamps`` may have besides false."""
    listens = _listens(loaded)
    if listens == "ctc":
        return speech_ctc.timestamps(loaded)
    return speech_generation.timestamps(loaded) if listens == "whisper" else []


def plan(call: Call) -> TaskPlan:
    """Return the plan for speech recognition."""
    loaded, options, listens = call.loaded, call.options, _listens(call.loaded)
    _refuse_timestamps(loaded, options["return_timestamps"])
    if listens == "ctc":
        _refuse_idle(options, _WRITERS_ONLY, "this is a CTC model, which does not generate text token by token")
        return speech_ctc.plan(loaded, options)
    if listens == "whisper":
        _refuse_short_windows(loaded, options)
    else:
        _refuse_idle(options, _WINDOWS_ONLY, "this model processes audio as a whole")
    if listens == "transducer":
        _refuse_idle(options, _WRITERS_ONLY, "this model is a transducer, which has no such option")
    return speech_generation.plan(loaded, options, listens)


def _refuse_timestamps(loaded: Loaded, wanted: bool | str) -> None:
    supported = _timestamps(loaded)
    if wanted is not False and wanted not in supported:
        raise ArgumentError(
            f"`return_timestamps` is {rendering.value(wanted)}, which this model does not support.",
            allowed=f"{', '.join(map(rendering.value, (*supported, False)))}.",
            hint=None if supported else "Whisper and CTC models such as Wav2Vec2 return timestamps.",
        )


def _refuse_idle(options: Options, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if options[name]:
            raise ArgumentError(f"`{name}` is given, but {why}.", allowed=f"No `{name}` for this model.")


def _refuse_short_windows(loaded: Loaded, options: Options) -> None:
    """Accept older code's window arguments if they say what Whisper does anyway."""
    hears = getattr(loaded.feature_extractor, "chunk_length", 30)
    if options["chunk_length_s"] not in (None, hears):
        raise ArgumentError(
            f"`chunk_length_s` is {options['chunk_length_s']:g}, but this model processes {hears} seconds at a time.",
            allowed=f"{hears}, or no `chunk_length_s`: longer audio is processed in pieces, by its timestamps.",
            hint="Leave `chunk_length_s` out.",
        )
