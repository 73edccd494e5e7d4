"""Speech recognition by models that generate a text: Whisper, other encoder-decoders, and transducers.

Whisper processes 30 seconds at once; in a longer audio clip it continues where its own timestamps say that a segment
ended (Radford et al., 2023, section 3.8), as ``generate()`` of transformers does.

References
----------
Radford, A. et al. (2023). Robust speech recognition via large-scale weak supervision. ICML.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tidydl import rendering
from tidydl.errors import ArgumentError, unknown_name
from tidydl.pipelines.families.audio.whisper_words import SPACELESS, words_of
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading import audios
from tidydl.pipelines.reading.audios import EncodedAudios
from tidydl.pipelines.running.drawing import Placed, line_seed, seeded
from tidydl.pipelines.task_runs import TaskPlan
from tidydl.pipelines.transformers_loaders import quiet_loading

# What transformers' own pipeline sets where neither the call nor the model says otherwise.
_BEAMS = 5
_NEW_TOKENS = 256

Line = tuple[int, str, float, float]


@dataclass(frozen=True)
class Stretch:
    """The tokens of a segment of an audio clip; ``ends`` are their end times, if requested."""

    tokens: list[int]
    start: float = 0.0
    end: float = 0.0
    ends: Sequence[float] = ()
    language: str | None = None


def timestamps(loaded: Loaded) -> list[bool | str]:
    """Return the timestamps that Whisper supports: of segments, and of words if it declares alignment heads."""
    settings = loaded.model.generation_config
    if getattr(settings, "no_timestamps_token_id", None) is None:
        return []
    return [True, "word"] if getattr(settings, "alignment_heads", None) else [True]


def plan(loaded: Loaded, options: Options, listens: str) -> TaskPlan:
    """Return the plan of a generating model."""
    whisper, stamps = listens == "whisper", options["return_timestamps"]
    draws = bool(getattr(loaded.model.generation_config, "do_sample", False)) and not whisper
    settings = {} if listens == "transducer" else _settings(loaded, options, whisper)
    write = partial(_stretches, loaded, settings, stamps) if whisper else partial(_texts, loaded, settings, draws)
    return TaskPlan(
        encode=partial(_encode_for_whisper if whisper else _encode, loaded),
        forward=write,
        padding="none" if draws else audios.padding(loaded),
        finish=partial(_chunks, loaded, stamps if whisper else False, listens == "transducer"),
    )


def _settings(loaded: Loaded, options: Options, whisper: bool) -> dict[str, Any]:
    """Merge the options of the call and the plain pipeline's additions into the model's own settings."""
    own = loaded.model.generation_config.to_diff_dict()
    settings = {name: options[name] for name in ("num_beams", "max_new_tokens") if options[name] is not None}
    if not {"max_new_tokens", "max_length"} & {*own, *settings}:
        settings["max_new_tokens"] = _NEW_TOKENS
    most = getattr(loaded.config, "max_target_positions", None)
    if most is not None and "max_new_tokens" in settings:  # beside the tokens that begin a text
        settings["max_new_tokens"] = min(settings["max_new_tokens"], most - (4 if whisper else 1))
    if "num_beams" not in own:
        settings.setdefault("num_beams", _BEAMS)
    if "pad_token_id" not in own and loaded.tokenizer.pad_token_id is not None:
        settings["pad_token_id"] = loaded.tokenizer.pad_token_id
    return {**settings, **(_whisper_language if whisper else _other_language)(loaded, options)}


def _whisper_language(loaded: Loaded, options: Options) -> dict[str, Any]:
    """Read the language for Whisper, and whether to translate."""
    settings = loaded.model.generation_config
    several = getattr(settings, "is_multilingual", True) and getattr(settings, "lang_to_id", None)
    for name in ("language", "translate"):
        if options[name] and not several:
            raise ArgumentError(
                f"`{name}` is given, but this model is monolingual.",
                allowed="A multilingual model, whose name does not end in '.en'.",
                hint=f"Leave `{name}` out.",
            )
    arguments: dict[str, Any] = {}
    if several and options["translate"] is not None:
        arguments["task"] = "translate" if options["translate"] else "transcribe"
    if options["language"] is not None:
        arguments["language"] = _language_code(options["language"], settings.lang_to_id)
    return arguments


def _language_code(name: str, lang_to_id: Mapping[str, int]) -> str:
    """Find the code of a language, given as a code or by its English name."""
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    code = name.strip().lower().removeprefix("<|").removesuffix("|>")
    code = TO_LANGUAGE_CODE.get(code, code)
    if f"<|{code}|>" not in lang_to_id:
        names = [each for each, its in TO_LANGUAGE_CODE.items() if f"<|{its}|>" in lang_to_id]
        raise unknown_name("language", name, sorted(names), error=ArgumentError)
    return code


def _other_language(loaded: Loaded, options: Options) -> dict[str, Any]:
    """Return the language of the text, if ``generate()`` takes it."""
    wants = "tgt_lang" in inspect.signature(loaded.model.generate).parameters
    if options["translate"]:
        raise ArgumentError(
            f"`translate` is {rendering.value(True)}, but this model cannot translate into English.",
            allowed=f"{rendering.value(False)}.",
        )
    if wants and options["language"] is None:
        raise ArgumentError(
            "`language` is missing, which this model requires.",
            allowed="The language of the text, by the model's own code.",
            hint='For example `language = "eng"`.',
        )
    if not wants and options["language"] is not None:
        raise ArgumentError(
            "`language` is given, but this model has no such option.", allowed="No `language` for this model."
        )
    return {"tgt_lang": options["language"]} if wants else {}


def _encode(loaded: Loaded, values: list[Any], indices: Sequence[int]) -> Placed:
    listen = partial(audios.features, loaded, return_attention_mask=True)
    return Placed(audios.encode(loaded, values, indices, listen=listen), indices)


def _encode_for_whisper(loaded: Loaded, values: list[Any], indices: Sequence[int]) -> EncodedAudios:
    """Read audio clips, padded to Whisper's 30 seconds; a longer one is processed alone, segment by segment."""
    longest = loaded.feature_extractor.n_samples

    def listen(heard: np.ndarray) -> Mapping[str, Any]:
        whole = {"truncation": False, "padding": "longest"} if len(heard) > longest else {}
        return audios.features(loaded, heard, return_attention_mask=True, **whole)

    encoded = audios.encode(loaded, values, indices, listen=listen)
    for line, (_, stop) in enumerate(encoded.spans):
        if stop > longest:
            _refuse_timeless(loaded, indices[line], longest)
            encoded.shapes[line] = (line, encoded.shapes[line])
    return encoded


def _refuse_timeless(loaded: Loaded, index: int, longest: int) -> None:
    """Refuse a long audio clip if the model has no timestamps to continue from."""
    if not timestamps(loaded):
        raise value_error(
            index,
            f"has more than {longest} samples, and this model predicts no timestamps from which to continue.",
            allowed="Shorter audio, or a model whose generation_config.json has `no_timestamps_token_id`.",
        )


def _texts(loaded: Loaded, settings: dict[str, Any], draws: bool, tensors: dict[str, Any]) -> list[list[Stretch]]:
    """Generate a text for each audio clip of a batch."""
    indices = tensors.pop("indices")
    seed = line_seed(0, indices[0], 0) if draws else None
    mask = tensors.pop("attention_mask", None)
    masked = {} if mask is None else {"attention_mask": mask}
    with _quiet(), seeded(seed, loaded.device):
        generated = loaded.model.generate(next(iter(tensors.values())), **masked, **settings)
    return [[Stretch(row)] for row in getattr(generated, "sequences", generated).cpu().tolist()]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence transformers' messages about settings that it or the model's authors have chosen."""
    with warnings.catch_warnings(), quiet_loading():
        warnings.simplefilter("ignore")
        yield


def _stretches(
    loaded: Loaded, settings: dict[str, Any], stamps: bool | str, tensors: dict[str, Any]
) -> list[list[Stretch]]:
    """Transcribe each audio clip of a batch by Whisper, by segments if their times are needed."""
    heard, mask = tensors["input_features"], tensors.get("attention_mask")
    if stamps is False and heard.shape[-1] <= loaded.feature_extractor.nb_max_frames:
        with _quiet():
            return [[Stretch(row)] for row in loaded.model.generate(heard, attention_mask=mask, **settings).tolist()]
    asked = {"return_timestamps": True, "return_segments": True}
    with _quiet(), _aligning(loaded, stamps) as more:
        generated = loaded.model.generate(heard, attention_mask=mask, **asked, **more, **settings)
    return [[_stretch(loaded, each) for each in stretches] for stretches in generated["segments"]]


@contextmanager
def _aligning(loaded: Loaded, stamps: bool | str) -> Iterator[dict[str, bool]]:
    """Request token timestamps, for which transformers changes the attention implementation, and restore that."""
    if stamps != "word":
        yield {}
        return
    usual = getattr(loaded.config, "_attn_implementation", None)
    try:
        yield {"return_token_timestamps": True}
    finally:
        if usual is not None:
            loaded.model.set_attn_implementation(usual)


def _stretch(loaded: Loaded, segment: dict[str, Any]) -> Stretch:
    """Keep what is needed of a segment: not the attentions, which take much memory."""
    whole = segment["result"]["sequences"] if isinstance(segment["result"], dict) else segment["result"]
    names = {code: name for name, code in (getattr(loaded.model.generation_config, "lang_to_id", None) or {}).items()}
    language = next((names[token] for token in whole.tolist() if token in names), None)
    ends = segment["token_timestamps"].tolist() if "token_timestamps" in segment else ()
    return Stretch(segment["tokens"].tolist(), float(segment["start"]), float(segment["end"]), ends, language)


def _chunks(
    loaded: Loaded,
    stamps: bool | str,
    transducer: bool,
    encoded: Placed | EncodedAudios,
    lines: list[int],
    outputs: list[list[Stretch]],
) -> list[Line]:
    """Write the text of an audio clip, or its chunks with timestamps."""
    stretches, seconds = outputs[0], encoded.seconds[encoded.owners[lines[0]]]
    if stamps is False:
        return [(0, "".join(_text(loaded, each, transducer) for each in stretches).strip(), 0.0, seconds)]
    if stamps == "word":
        timed = _words(loaded, stretches)
    else:
        timed = [(_text(loaded, each, transducer), each.start, each.end) for each in stretches]
    chunks = [(text.strip(), start, end) for text, start, end in timed if text.strip()]
    return [
        (k, text, min(round(start, 2), seconds), min(round(end, 2), seconds))
        for k, (text, start, end) in enumerate(chunks)
    ]


def _text(loaded: Loaded, stretch: Stretch, transducer: bool) -> str:
    """Decode the tokens of a segment; repeated tokens of a transducer are not collapsed."""
    more = {"group_tokens": False} if transducer else {}
    first = _first_time(loaded)
    tokens = [token for token in stretch.tokens if first is None or token < first]
    return str(loaded.tokenizer.decode(tokens, skip_special_tokens=True, **more))


def _first_time(loaded: Loaded) -> int | None:
    """Return the first timestamp token, which come after all others; None if there are none."""
    last = getattr(loaded.model.generation_config, "no_timestamps_token_id", None)
    return None if last is None else last + 1


def _words(loaded: Loaded, stretches: list[Stretch]) -> list[tuple[str, float, float]]:
    """Return the words of all segments: each begins when the token before it ends, and ends as its last token does."""
    special, first = set(loaded.tokenizer.all_special_ids), _first_time(loaded)
    words, before = [], 0.0
    for stretch in stretches:
        spoken, times = [], []
        for token, end in zip(stretch.tokens, stretch.ends, strict=True):
            if token not in special and (first is None or token < first):
                spoken.append(token)
                times.append((before, end))
            before = end
        spaceless = (stretch.language or "").strip("<|>") in SPACELESS
        for word, start, stop in words_of(loaded.tokenizer, spoken, spaceless):
            words.append((word, times[start][0], times[stop][1]))
    return words
