"""The options of pipelines: their meanings, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tidydl import rendering
from tidydl.checks import check_choice, check_count, check_flag, check_number, check_text, check_texts, described
from tidydl.errors import ArgumentError, unknown_name

FUNCTIONS = ("default", "softmax", "sigmoid", "none")
Reader = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Option:
    """An option: how its value is read, and its description for both languages."""

    read: Reader
    says: str


def whole_number(name: str, value: object) -> int:
    """Read a positive whole number; 3.0, as R writes 3, is one."""
    try:
        return check_count(name, value, 1)
    except ArgumentError as problem:
        raise ArgumentError(
            problem.problem, allowed="A whole number of at least 1.", hint="Leave it out for the default."
        ) from None


def _ranks(name: str, value: object) -> int | None:
    """Read the number of results, None for all."""
    try:
        return None if value is None else whole_number(name, value)
    except ArgumentError as problem:
        raise ArgumentError(
            problem.problem,
            allowed=f"A whole number of at least 1, or {rendering.value(None)} for all.",
            hint=problem.hint,
        ) from None


def _seed(name: str, value: object) -> int:
    number = check_number(name, value, -(2**31) + 1, 2**31 - 1)
    if number != int(number):
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="A whole number.")
    return int(number)


def _function(name: str, value: object) -> str:
    function = "default" if value is None else value.lower() if isinstance(value, str) else None
    if function not in FUNCTIONS:
        raise unknown_name(name, value, FUNCTIONS, error=ArgumentError)
    return function


def _choice(choices: tuple[str, ...], name: str, value: object) -> str:
    return check_choice(name, value.lower() if isinstance(value, str) else value, choices)


def _template(name: str, value: object) -> str:
    if not isinstance(value, str) or "{}" not in value:
        raise ArgumentError(
            f"`{name}` is {described(value)}.",
            allowed="A sentence with {} where the label goes.",
            hint='For example "This text is about {}.".',
        )
    return value


def _positive(name: str, value: object) -> float:
    number = check_number(name, value, 0)
    if number == 0:
        raise ArgumentError(f"`{name}` is 0.", allowed="A number above 0.")
    return number


def _string(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="A string that is not empty.")
    return value


def _text(name: str, value: object) -> str:
    return check_text(name, value)


def _strings(name: str, value: object) -> tuple[str, ...]:
    return tuple(check_texts(name, value))


def _timestamps(name: str, value: object) -> bool | str:
    if isinstance(value, bool) or (isinstance(value, str) and value in ("word", "char")):
        return value
    allowed = ", ".join(map(rendering.value, (True, False, "word")))
    raise ArgumentError(f"`{name}` is {described(value)}.", allowed=f"{allowed} or 'char'.")


def _folder(name: str, value: object) -> str:
    if not isinstance(value, str) and not hasattr(value, "__fspath__"):
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="The path of a folder.")
    return str(value)


def _vector(name: str, value: Any) -> list[float]:
    try:
        numbers = [float(each) for each in value]
    except (TypeError, ValueError):
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="Numbers.") from None
    return numbers


def _or_none(read: Reader) -> Reader:
    return lambda name, value: None if value is None else read(name, value)


_fraction = partial(check_number, minimum=0, maximum=1)

# The options of each task, with their defaults, are in the table of tasks.
OPTIONS: dict[str, Option] = {
    "on_error": Option(
        partial(_choice, ("raise", "row")),
        "What to do when an input fails: 'raise' its error, or 'row': missing values and the message in `.error`.",
    ),
    "checkpoint": Option(
        _or_none(_folder),
        "A folder that keeps the finished parts of a long run, so that it resumes there after an interruption.",
    ),
    "batch_size": Option(_or_none(whole_number), "Maximum number of inputs per batch."),
    "top_k": Option(
        _ranks,
        "Number of results per input, best first; when sampling text: sample from the `top_k` most probable tokens.",
    ),
    "function_to_apply": Option(_function, "Activation applied to the logits: 'softmax', 'sigmoid' or 'none'."),
    "max_length": Option(
        _or_none(whole_number), "Maximum number of tokens read; when generating: maximum length in tokens."
    ),
    "long": Option(
        partial(_choice, ("truncate", "window", "error")),
        "What to do with a text longer than the model's maximum: 'truncate', 'window' (overlapping ones) or 'error'.",
    ),
    "long_whole": Option(
        partial(_choice, ("truncate", "error")), "What to do with a text longer than the model's maximum."
    ),
    "stride": Option(_or_none(partial(check_number, minimum=0)), "Number of tokens that neighbouring windows share."),
    "aggregation_strategy": Option(
        partial(_choice, ("none", "simple", "first", "average", "max")),
        "One row per token ('none'), adjacent tokens of one entity merged ('simple'), or whole words labelled by their "
        "first token, the average of their scores, or their highest score.",
    ),
    "ignore_labels": Option(_strings, "Labels to drop, such as 'O'."),
    "targets": Option(_or_none(_strings), "Restrict the candidates to these words."),
    "hypothesis_template": Option(_template, "The sentence into which each label is inserted, at {}."),
    "multi_label": Option(check_flag, "Whether several labels may be true: each is scored independently."),
    "prompt": Option(_or_none(_string), "Text that the model continues; for labels a text with {text} and {label}."),
    "per_token": Option(check_flag, "Whether labels are compared by the mean log probability of their tokens."),
    "max_answer_len": Option(whole_number, "Maximum length of an answer, in tokens."),
    "handle_impossible_answer": Option(check_flag, "Whether an empty answer is allowed."),
    "align_to_words": Option(check_flag, "Whether answers start and end at word boundaries."),
    "max_new_tokens": Option(_or_none(whole_number), "Maximum number of generated tokens."),
    "min_new_tokens": Option(_or_none(whole_number), "Minimum number of generated tokens."),
    "min_length": Option(_or_none(check_count), "Minimum length, in tokens."),
    "do_sample": Option(_or_none(check_flag), "Whether to sample, rather than take the most probable token."),
    "temperature": Option(_or_none(_positive), "Sampling temperature: above 1 more varied, below 1 less."),
    "top_p": Option(
        _or_none(_fraction),
        "Nucleus sampling: sample from the smallest set of tokens with this cumulative probability.",
    ),
    "repetition_penalty": Option(_or_none(_positive), "Above 1, tokens that already occurred become less probable."),
    "length_penalty": Option(
        _or_none(check_number), "In beam search, above 0 favours longer texts, below 0 shorter ones."
    ),
    "no_repeat_ngram_size": Option(_or_none(check_count), "No n-gram of this size occurs twice."),
    "early_stopping": Option(
        _or_none(check_flag), "Whether beam search stops once there are as many finished candidates as beams."
    ),
    "num_beams": Option(_or_none(whole_number), "Number of beams for beam search."),
    "num_return_sequences": Option(whole_number, "Number of generated texts per input."),
    "seed": Option(
        _or_none(_seed),
        "Seed of the random numbers; by default drawn from the language's own generator, which set.seed() and "
        "set_seed() control.",
    ),
    "prefix": Option(_or_none(_string), "Text prepended to each input."),
    "return_full_text": Option(check_flag, "Whether the result includes the prompt."),
    "src_lang": Option(_or_none(_string), "Source language, by the model's own code."),
    "tgt_lang": Option(_or_none(_string), "Target language, by the model's own code."),
    "pooling": Option(
        partial(_choice, ("mean", "cls", "max", "pooler", "none")),
        "How the vectors of tokens or patches are pooled: 'mean', the first ('cls'), 'max', the model's own 'pooler', "
        "or 'none': one row each.",
    ),
    "normalize": Option(check_flag, "Whether vectors are scaled to length 1."),
    "threshold": Option(_fraction, "Minimum score of a result."),
    "subtask": Option(
        _or_none(partial(_choice, ("panoptic", "instance", "semantic"))),
        "Things and stuff ('panoptic'), single objects ('instance'), or a class for each pixel ('semantic').",
    ),
    "mask_threshold": Option(check_number, "Minimum value of a pixel of a mask."),
    "overlap_mask_area_threshold": Option(
        _fraction, "Minimum fraction of a mask that must remain where others overlap it."
    ),
    "points_per_batch": Option(whole_number, "Number of prompt points per batch."),
    "points_per_crop": Option(whole_number, "Number of prompt points along each side of the image."),
    "crops_n_layers": Option(check_count, "Number of layers of crops, in addition to the whole image."),
    "crop_overlap_ratio": Option(_fraction, "Overlap of neighbouring crops, as a fraction of the image's length."),
    "crop_n_points_downscale_factor": Option(
        whole_number, "Factor by which each further layer of crops has fewer points."
    ),
    "crops_nms_thresh": Option(
        _fraction, "Overlap above which the worse of two masks is dropped (non-maximum suppression)."
    ),
    "pred_iou_thresh": Option(_fraction, "Minimum predicted quality (IoU) of a mask."),
    "stability_score_thresh": Option(_fraction, "Minimum stability score of a mask."),
    "stability_score_offset": Option(check_number, "Shift of the threshold that measures stability."),
    "values": Option(check_flag, "Whether `depth` holds a matrix of the model's numbers rather than an image."),
    "lang": Option(_or_none(_string), "Language of the document, by tesseract's code."),
    "tesseract_config": Option(_text, "Additional flags for tesseract."),
    "num_frames": Option(_or_none(whole_number), "Number of frames sampled from a video."),
    "frame_sampling_rate": Option(
        _or_none(_positive),
        "Use every k-th frame from the start; by default the frames are spread over the whole video.",
    ),
    "return_timestamps": Option(_timestamps, "One row per segment (true), 'word' or 'char', with timestamps."),
    "language": Option(_or_none(_string), "Spoken language; detected by default."),
    "translate": Option(
        _or_none(check_flag), "Whether to translate into English; by default as the model is configured."
    ),
    "chunk_length_s": Option(
        _or_none(_positive), "Length of a chunk in seconds; by default up to a minute, beyond that in windows."
    ),
    "stride_length_s": Option(
        _or_none(partial(check_number, minimum=0)),
        "Overlap at each end of a chunk in seconds, by default a sixth of it.",
    ),
    "voice_preset": Option(_or_none(_string), "Voice, by the name that the model gives it."),
    "speaker_embeddings": Option(_or_none(_vector), "Speaker embedding of the voice (SpeechT5)."),
    "vocoder": Option(_or_none(_string), "Model that turns spectrograms into audio (SpeechT5): a folder or Hub id."),
}
