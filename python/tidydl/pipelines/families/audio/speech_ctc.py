"""Speech recognition with a token per frame: connectionist temporal classification (Graves et al., 2006).

Long audio clips are processed in windows. Neighbours overlap, and of each the outer parts, where the model sees too
little context, are dropped; the rest is joined before tokens are decoded to text.

References
----------
Graves, A., Fernández, S., Gomez, F. and Schmidhuber, J. (2006). Connectionist temporal classification. ICML.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading import audios
from tidydl.pipelines.reading.audios import EncodedAudios, Span
from tidydl.pipelines.task_runs import TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_WHOLE = 60  # seconds that are heard as a whole, unless the call says otherwise
_WINDOW = 30  # seconds of a window where an audio clip is longer

Line = tuple[int, str, float, float]


def timestamps(loaded: Loaded) -> list[bool | str]:
    """Return the timestamps that the tokenizer and the model know."""
    parameters = inspect.signature(loaded.tokenizer.decode).parameters
    if _samples_per_token(loaded) is None:
        return []
    return [each for each in ("word", "char") if f"output_{each}_offsets" in parameters]


def plan(loaded: Loaded, options: Options) -> TaskPlan:
    """Return the plan of a CTC model."""
    windows = _windows(loaded, options)
    return TaskPlan(
        encode=partial(
            audios.encode,
            loaded,
            cut=None if windows is None else windows.cut,
            listen=partial(audios.features, loaded, return_attention_mask=True),
        ),
        forward=partial(_tokens, loaded.model),
        padding=audios.padding(loaded),
        parallel=True,
        finish=partial(_chunks, loaded, windows, options["return_timestamps"]),
    )


def _tokens(model: PreTrainedModel, tensors: dict[str, Any]) -> list[list[int]]:
    """Run the model on a batch: the likeliest token of each frame."""
    token_ids: list[list[int]] = model(**tensors).logits.argmax(-1).cpu().tolist()
    return token_ids


def _samples_per_token(loaded: Loaded) -> int | None:
    """Return the number of samples per token, None if the model does not declare it."""
    config, hop = loaded.config, getattr(loaded.feature_extractor, "hop_length", None)
    ratio = getattr(config, "inputs_to_logits_ratio", None)
    if config.model_type == "lasr_ctc":  # counts the lines of a spectrogram
        return None if hop is None else ratio * hop
    if ratio is None and hop is not None:
        factor = getattr(getattr(config, "encoder_config", None), "subsampling_factor", None)
        return None if factor is None else factor * hop
    return ratio


@dataclass(frozen=True)
class _Windows:
    """Windows of a number of samples, some of which are dropped at each end; up to ``whole`` samples there is one."""

    size: int
    stride: int
    whole: int
    unit: int  # samples of a token

    def cut(self, count: int) -> list[Span]:
        """Split an audio clip of ``count`` samples into windows."""
        if count <= max(self.whole, self.size):
            return [(0, count)]
        spans: list[Span] = []
        start = 0
        while not spans or spans[-1][1] < count:
            spans.append((start, min(start + self.size, count)))
            start += self.size - 2 * self.stride
        return spans

    def kept(self, tokens: list[int], span: Span, first: bool, last: bool) -> list[int]:
        """Return the tokens of a window without those of its outer parts."""
        outer = self.stride // self.unit
        end = round((span[1] - span[0]) / self.unit) - (0 if last else outer)
        return tokens[0 if first else outer : end]


def _windows(loaded: Loaded, options: Options) -> _Windows | None:
    """Read the length of windows and of their dropped ends, in samples; None if the model has no windows."""
    length, stride = options["chunk_length_s"], options["stride_length_s"]
    unit, rate = _samples_per_token(loaded), loaded.feature_extractor.sampling_rate
    if unit is None:
        if length is not None:
            raise ArgumentError(
                "`chunk_length_s` is given, but this model does not say how many seconds each of its tokens covers.",
                allowed="Audio that is processed as a whole.",
                hint="Leave `chunk_length_s` out.",
            )
        return None
    seconds = _WINDOW if length is None else length
    outer = seconds / 6 if stride is None else stride
    size, left_out = (round(each * rate / unit) * unit for each in (seconds, outer))
    if size <= 2 * left_out:
        raise ArgumentError(
            f"`stride_length_s` is {outer:g}, but a window of {seconds:g} seconds leaves out that much at each end.",
            allowed="Less than half of `chunk_length_s`.",
        )
    return _Windows(size, left_out, _WHOLE * rate if length is None else 0, unit)


def _chunks(
    loaded: Loaded,
    windows: _Windows | None,
    stamps: bool | str,
    encoded: EncodedAudios,
    lines: list[int],
    token_ids: list[list[int]],
) -> list[Line]:
    """Join the windows of an audio clip and decode its text, or its words or characters with timestamps."""
    if windows is None or len(lines) == 1:
        tokens = token_ids[0]
    else:
        ends = (lines[0], lines[-1])
        parts = zip(lines, token_ids, strict=True)
        kept = [windows.kept(part, encoded.spans[line], line == ends[0], line == ends[1]) for line, part in parts]
        tokens = [token for part in kept for token in part]
    if stamps is False:
        return [(0, loaded.tokenizer.decode(tokens), 0.0, encoded.seconds[encoded.owners[lines[0]]])]
    offsets = loaded.tokenizer.decode(tokens, **{f"output_{stamps}_offsets": True})[f"{stamps}_offsets"]
    unit = (_samples_per_token(loaded) or 0) / loaded.feature_extractor.sampling_rate
    return [
        (chunk, each[stamps], each["start_offset"] * unit, each["end_offset"] * unit)
        for chunk, each in enumerate(offsets)
    ]
