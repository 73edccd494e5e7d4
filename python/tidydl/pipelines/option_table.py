"""What each option of a pipeline means, and how its value is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tidydl.checks import check_choice, check_count, check_flag, check_number, check_text, check_texts, described
from tidydl.errors import ArgumentError, unknown_name

__all__ = ["OPTIONS", "Option", "whole_number"]

FUNCTIONS = ("default", "softmax", "sigmoid", "none")
Reader = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Option:
    """An option: how its value is read, and what it does, in a sentence for both languages."""

    read: Reader
    says: str


def whole_number(name: str, value: Any) -> int:
    """Read a positive whole number; 3.0, as R writes 3, is one."""
    try:
        return check_count(name, value, 1)
    except ArgumentError as problem:
        raise ArgumentError(
            problem.problem, allowed="A whole number from 1 upwards.", hint="Leave it out for the default."
        ) from None


def _ranks(name: str, value: Any) -> int | None:
    """Read how many results are wanted, None for all."""
    try:
        return None if value is None else whole_number(name, value)
    except ArgumentError as problem:
        raise ArgumentError(
            problem.problem, allowed="A whole number from 1 upwards, or None (NULL) for all.", hint=problem.hint
        ) from None


def _seed(name: str, value: Any) -> int:
    if check_number(name, value, -(2**31) + 1, 2**31 - 1) != int(value):
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="A whole number.")
    return int(value)


def _function(name: str, value: Any) -> str:
    function = "default" if value is None else value.lower() if isinstance(value, str) else None
    if function not in FUNCTIONS:
        raise unknown_name(name, value, FUNCTIONS, error=ArgumentError)
    return function


def _choice(choices: tuple[str, ...], name: str, value: Any) -> str:
    return check_choice(name, value.lower() if isinstance(value, str) else value, choices)


def _template(name: str, value: Any) -> str:
    if not isinstance(value, str) or "{}" not in value:
        raise ArgumentError(
            f"`{name}` is {described(value)}.",
            allowed="A sentence with {} where the label goes.",
            hint='For example "This text is about {}.".',
        )
    return value


def _positive(name: str, value: Any) -> float:
    number = check_number(name, value, 0)
    if number == 0:
        raise ArgumentError(f"`{name}` is 0.", allowed="A number above 0.")
    return number


def _string(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="A string that is not empty.")
    return value


def _text(name: str, value: Any) -> str:
    return check_text(name, value)


def _strings(name: str, value: Any) -> tuple[str, ...]:
    return tuple(check_texts(name, value))


def _timestamps(name: str, value: Any) -> bool | str:
    if isinstance(value, bool) or (isinstance(value, str) and value in ("word", "char")):
        return value
    raise ArgumentError(f"`{name}` is {described(value)}.", allowed="True or false, 'word' or 'char'.")


def _folder(name: str, value: Any) -> str:
    if not isinstance(value, str) and not hasattr(value, "__fspath__"):
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="The path of a folder.")
    return str(value)


def _vector(name: str, value: Any) -> list[float]:
    try:
        numbers = [float(each) for each in value]
    except (TypeError, ValueError):
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="A list of numbers.") from None
    return numbers


def _or_none(read: Reader) -> Reader:
    return lambda name, value: None if value is None else read(name, value)


_fraction = partial(check_number, minimum=0, maximum=1)

# Which options a task has, and their defaults, is said in the table of tasks.
OPTIONS: dict[str, Option] = {
    "on_error": Option(
        partial(_choice, ("raise", "row")),
        "What to do where an input fails: 'raise' its error, or 'row': missing values and the message in `.error`.",
    ),
    "checkpoint": Option(
        _or_none(_folder), "A folder for the parts of a long run, which goes on there after it was broken off."
    ),
    "batch_size": Option(_or_none(whole_number), "How many inputs are computed together at most."),
    "top_k": Option(
        _ranks,
        "How many results an input gets, the best first, none for all; where text is drawn: from how many tokens.",
    ),
    "function_to_apply": Option(_function, "What makes scores of logits: 'softmax', 'sigmoid' or 'none'."),
    "max_length": Option(
        _or_none(whole_number), "How many tokens are read at most; where text is written: how long it is at most."
    ),
    "long": Option(
        partial(_choice, ("truncate", "window", "error")),
        "What to do with a text that is longer than the model reads: 'truncate', 'window' (windows slide over it) or "
        "'error'.",
    ),
    "long_whole": Option(
        partial(_choice, ("truncate", "error")), "What to do with a text that is longer than the model reads."
    ),
    "stride": Option(_or_none(partial(check_number, minimum=0)), "How many tokens neighbouring windows share."),
    "aggregation_strategy": Option(
        partial(_choice, ("none", "simple", "first", "average", "max")),
        "Token by token ('none'), neighbours of one kind together ('simple'), or whole words by their first token, the "
        "mean of their scores, or their surest token.",
    ),
    "ignore_labels": Option(_strings, "Labels that are no entities."),
    "targets": Option(_or_none(_strings), "Words to choose from."),
    "hypothesis_template": Option(_template, "The sentence that each label is put into, at {}."),
    "multi_label": Option(check_flag, "Whether several labels can be right: each is judged on its own."),
    "prompt": Option(_or_none(_string), "What the model goes on with; for labels a text with {text} and {label}."),
    "per_token": Option(check_flag, "Whether labels are compared by the mean log probability of their tokens."),
    "max_answer_len": Option(whole_number, "How many tokens an answer has at most."),
    "handle_impossible_answer": Option(check_flag, "Whether the answer can be empty."),
    "align_to_words": Option(check_flag, "Whether answers begin and end with whole words."),
    "max_new_tokens": Option(_or_none(whole_number), "How many tokens are written at most."),
    "min_new_tokens": Option(_or_none(whole_number), "How many tokens are written at least."),
    "min_length": Option(_or_none(check_count), "How many tokens the text has at least."),
    "do_sample": Option(_or_none(check_flag), "Whether tokens are drawn at random rather than the likeliest taken."),
    "temperature": Option(_or_none(_positive), "Above 1 draws are more varied, below 1 less."),
    "top_p": Option(_or_none(_fraction), "Draw from the likeliest tokens that have this probability together."),
    "repetition_penalty": Option(_or_none(_positive), "Above 1 tokens that were there already are less likely."),
    "length_penalty": Option(_or_none(check_number), "Above 0 beams favour longer texts, below 0 shorter ones."),
    "no_repeat_ngram_size": Option(_or_none(check_count), "No sequence of so many tokens occurs twice."),
    "early_stopping": Option(_or_none(check_flag), "Whether beams end as soon as there are enough of them."),
    "num_beams": Option(_or_none(whole_number), "How many beginnings are followed at once."),
    "num_return_sequences": Option(whole_number, "How many texts an input gets."),
    "seed": Option(
        _or_none(_seed),
        "Where random draws start; by default one draw of the language's own generator, which set.seed() and "
        "set_seed() govern.",
    ),
    "prefix": Option(_or_none(_string), "Put before each text."),
    "return_full_text": Option(check_flag, "Whether what is written follows the prompt in the result."),
    "src_lang": Option(_or_none(_string), "The language of the texts, as the model calls it."),
    "tgt_lang": Option(_or_none(_string), "The language of the translation, as the model calls it."),
    "pooling": Option(
        partial(_choice, ("mean", "cls", "max", "pooler", "none")),
        "How the numbers of tokens or patches become one: their 'mean', the first ('cls'), the largest ('max'), the "
        "model's own 'pooler', or 'none': a row each.",
    ),
    "normalize": Option(check_flag, "Whether numbers are scaled to length 1."),
    "threshold": Option(_fraction, "The score from which on a result counts."),
    "subtask": Option(
        _or_none(partial(_choice, ("panoptic", "instance", "semantic"))),
        "Things and stuff ('panoptic'), things one by one ('instance'), or a class for each pixel ('semantic').",
    ),
    "mask_threshold": Option(check_number, "The value from which on a pixel belongs to a mask."),
    "overlap_mask_area_threshold": Option(_fraction, "The share of a mask that must be left where others overlap it."),
    "points_per_batch": Option(whole_number, "How many points are tried together."),
    "points_per_crop": Option(whole_number, "How many points are tried along each side of the image."),
    "crops_n_layers": Option(check_count, "How often the image is also cut into smaller crops."),
    "crop_overlap_ratio": Option(_fraction, "How much neighbouring crops overlap, as a share of the image's length."),
    "crop_n_points_downscale_factor": Option(whole_number, "By how much fewer points each layer of crops has."),
    "crops_nms_thresh": Option(_fraction, "From which overlap on the worse of two masks is dropped."),
    "pred_iou_thresh": Option(_fraction, "The quality from which on a mask counts."),
    "stability_score_thresh": Option(_fraction, "The stability from which on a mask counts."),
    "stability_score_offset": Option(check_number, "By how much the cutoff is moved to measure stability."),
    "values": Option(check_flag, "Whether `depth` holds a matrix of the model's numbers rather than an image."),
    "lang": Option(_or_none(_string), "The language of the document, as tesseract calls it."),
    "tesseract_config": Option(_text, "Further flags for tesseract."),
    "num_frames": Option(_or_none(whole_number), "How many frames of a video the model sees."),
    "frame_sampling_rate": Option(
        _or_none(_positive),
        "Every k-th frame from the start is seen; by default the frames are spread over the whole video.",
    ),
    "return_timestamps": Option(_timestamps, "Whether there is a row per stretch of speech (true), 'word' or 'char'."),
    "language": Option(_or_none(_string), "The language that is spoken; by default the model finds out."),
    "translate": Option(
        _or_none(check_flag), "Whether the text is translated into English; left to the model where it is not said."
    ),
    "chunk_length_s": Option(
        _or_none(_positive), "How many seconds are heard at once; by default up to a minute, beyond that windows."
    ),
    "stride_length_s": Option(
        _or_none(partial(check_number, minimum=0)), "How many seconds windows share at each end, by default a sixth."
    ),
    "voice_preset": Option(_or_none(_string), "Which of the model's voices speaks."),
    "speaker_embeddings": Option(_or_none(_vector), "The numbers of the voice that speaks (SpeechT5)."),
    "vocoder": Option(_or_none(_string), "The model that makes sound of spectrograms (SpeechT5): a folder or Hub id."),
}
