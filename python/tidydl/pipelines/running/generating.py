"""Text generation: the settings of transformers' ``generate()``, the seed, and the call."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidydl import rendering
from tidydl.errors import ArgumentError
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading import texts
from tidydl.pipelines.running.drawing import IDLE_WHEN_GREEDY, Draws, begin_of_draws, line_seed, seeded, warpers
from tidydl.pipelines.transformers_loaders import quiet_loading

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig

_NEW_TOKENS = 256  # at most, if neither the call nor the model sets a number
# What the settings that come with a model may ask for.
_MOST = {
    **dict.fromkeys(("max_length", "max_new_tokens", "min_length", "min_new_tokens"), 1_000_000),
    **dict.fromkeys(("num_beams", "num_return_sequences", "num_beam_groups", "no_repeat_ngram_size"), 1000),
}
_DRAWING = ("temperature", "top_k", "top_p")
_PASSED = (
    *("max_new_tokens", "max_length", "min_length", "min_new_tokens", "do_sample", *_DRAWING, "num_beams"),
    *("num_return_sequences", "repetition_penalty", "no_repeat_ngram_size", "length_penalty", "early_stopping"),
)
# The options of a task whose texts are answers: the most likely one, whatever the model's own settings.
GREEDY: dict[str, Any] = {"do_sample": False, "num_return_sequences": 1, **dict.fromkeys(("seed", *_DRAWING))}
Start = Callable[[dict[str, Any], Any], int]  # given what was read and what was made: how many tokens of it are old


@dataclass(frozen=True)
class Settings:
    """The settings of a generation: with ``total_length`` the prompt counts towards the length."""

    config: Any
    prefix: str
    new_tokens: int | None
    total_length: bool
    sequences: int

    def noted(self, seed: int | None) -> dict[str, Any]:
        """Return the provenance of generated texts."""
        return {"ranks": self.sequences, "seed": seed, "max_new_tokens": self.new_tokens}


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: whether it samples by default."""
    return {"do_sample": samples(loaded, {"do_sample": None})}


def writes_on(loaded: Loaded) -> bool:
    """Return whether the model continues its input (decoder only) rather than generating a separate text."""
    return not getattr(loaded.config, "is_encoder_decoder", False)


def samples(loaded: Loaded, options: Options) -> bool:
    """Return whether tokens are sampled: by the option of the call, else by the model's own settings."""
    if options["do_sample"] is not None:
        return bool(options["do_sample"])
    return bool(getattr(loaded.model.generation_config, "do_sample", False))


def seed_of(loaded: Loaded, options: Options, drawn: int | None = None) -> int | None:
    """Return the seed of the draws: the one given, else ``drawn``, else one number of tidydl's generator.

    None if nothing is sampled; a seed is refused then.
    """
    if not samples(loaded, options):
        if options["seed"] is not None:
            raise _idle("seed")
        return None
    return begin_of_draws(options["seed"], drawn)


def generation_settings(task: Task, loaded: Loaded, options: Options) -> Settings:
    """Merge the model's own settings, those for the task, and the options of the call."""
    _refuse_idle(loaded, options)
    specific = dict(_specific(task, loaded, options))
    prefix = options.get("prefix") or specific.pop("prefix", "")
    requested = {name: options[name] for name in _PASSED if options.get(name) is not None}
    config = copy.deepcopy(loaded.model.generation_config)
    _refuse_large(loaded, config)
    config.disable_compile = True  # else the model's settings could start a compiler
    for name, value in {**{name: value for name, value in specific.items() if name in _PASSED}, **requested}.items():
        setattr(config, name, value)
    if "max_new_tokens" in requested:
        config.max_length = None
    elif "max_length" in requested:
        config.max_new_tokens = None
    elif config.max_new_tokens is None and (config.max_length is None or writes_on(loaded)):
        only_texts = loaded.processor is loaded.tokenizer
        limit = texts.token_limit(loaded) if only_texts else texts.part_limit(loaded, writes=True)
        config.max_length, config.max_new_tokens = None, min(_NEW_TOKENS, limit // 2) if limit else _NEW_TOKENS
    config.do_sample = samples(loaded, options)
    if not config.do_sample:
        for name in IDLE_WHEN_GREEDY:
            setattr(config, name, None)
    if config.pad_token_id is None:
        pad = loaded.tokenizer.pad_token_id
        config.pad_token_id = loaded.tokenizer.eos_token_id if pad is None else pad
    total = writes_on(loaded) and config.max_new_tokens is None
    return Settings(config, prefix, config.max_new_tokens, total, options["num_return_sequences"])


def _refuse_large(loaded: Loaded, config: GenerationConfig) -> None:
    """Refuse a model whose own settings are beyond what any model generates."""
    for name, most in _MOST.items():
        value = getattr(config, name, None)
        if isinstance(value, (int, float)) and value > most:
            raise ArgumentError(
                f"`model` is '{loaded.source}', whose generation_config.json claims `{name}` {value}.",
                allowed=f"At most {most}.",
                hint="Change that entry, or use another model.",
            )


def _refuse_idle(loaded: Loaded, options: Options) -> None:
    """Refuse options without effect, as nothing is sampled."""
    if samples(loaded, options):
        return
    for name in _DRAWING:
        if options[name] is not None:
            raise _idle(name)
    if options["num_return_sequences"] > (options.get("num_beams") or 1):
        raise ArgumentError(
            f"`num_return_sequences` is {options['num_return_sequences']}, but nothing is sampled.",
            allowed="1, or at most as many as `num_beams`.",
            hint=f"Add {_sampling()} to draw several texts.",
        )


def _idle(name: str) -> ArgumentError:
    return ArgumentError(
        f"`{name}` is given, but nothing is sampled: the most probable token is chosen at each step.",
        allowed=f"`{name}` together with {_sampling()}.",
        hint=f"Add {_sampling()}, or leave `{name}` out.",
    )


def _sampling() -> str:
    return f"`{rendering.argument('do_sample', rendering.value(True))}`"


def _specific(task: Task, loaded: Loaded, options: Options) -> dict[str, Any]:
    """Return the task-specific settings of a model, such as a prefix of the text."""
    by_task = getattr(loaded.config, "task_specific_params", None) or {}
    if task.name != "translation":
        return by_task.get(task.name) or {}
    return by_task.get(f"translation_{options['src_lang']}_to_{options['tgt_lang']}") or {}


def padding_of(settings: Settings, drawn: int | None) -> str:
    """Return which prompts may share a batch: none if beams are sampled."""
    if drawn is not None and (settings.config.num_beams or 1) > 1:
        return "none"
    return "equal" if settings.total_length else "any"


def told_apart(drawn: int | None) -> Callable[[Any], Any] | None:
    """Return a key that differs also for equal inputs if tokens are sampled: each draws on its own."""
    return None if drawn is None else lambda value: object()


def generator(
    loaded: Loaded,
    settings: Settings,
    seed: int | None,
    more: Mapping[str, Any] | None = None,
    *,
    start: Start | None = None,
    dropped: Sequence[str] = ("token_type_ids",),
) -> Callable[[dict[str, Any]], list[list[list[int]]]]:
    """Return the function that generates for a batch: for each line its sequences of tokens.

    The tensors of a batch also have the ``indices`` of its inputs; those ``dropped`` are not passed to the model.
    ``more`` holds further arguments of ``generate()``. ``start`` returns how many of the first generated tokens
    are dropped, by default those of the prompt, if the model repeats it.
    """
    begin = start or (lambda read, generated: _prompt_size(loaded, read))

    def generate(tensors: dict[str, Any]) -> list[list[list[int]]]:
        indices = tensors.pop("indices", [])
        read = {name: values for name, values in tensors.items() if name not in dropped}
        with quiet_loading():
            generated = _run(loaded, settings, read, dict(more or {}), seed, indices)
        first = begin(read, generated)
        lines = generated[:, first:].reshape(-1, settings.sequences, generated.shape[1] - first)
        return lines.cpu().tolist()

    return generate


def echoed(read: dict[str, Any], generated: torch.Tensor) -> int:
    """Count the tokens of the prompt if a model repeats it before the new text; some do, some do not."""
    prompt = read.get("input_ids")
    if prompt is None or generated.shape[1] < prompt.shape[1]:
        return 0
    times = generated.shape[0] // prompt.shape[0]
    size = int(prompt.shape[1])
    return size if bool((generated[:, :size] == prompt.repeat_interleave(times, dim=0)).all()) else 0


def _prompt_size(loaded: Loaded, read: dict[str, Any]) -> int:
    return read["input_ids"].shape[1] if writes_on(loaded) and "input_ids" in read else 0


def _run(
    loaded: Loaded, settings: Settings, read: dict[str, Any], more: dict[str, Any], seed: int | None, indices: list[int]
) -> Any:
    """Call the model's own ``generate()``: greedily, by beams, or with separate draws for each line."""
    config = settings.config
    if seed is None:
        return loaded.model.generate(**read, generation_config=config, **more)
    if (config.num_beams or 1) > 1:  # beams are drawn by transformers, from one stream: one line at a time
        with seeded(line_seed(seed, indices[0], 0), loaded.device):
            return loaded.model.generate(**read, generation_config=config, **more)
    seeds = [line_seed(seed, index, k) for index in indices for k in range(settings.sequences)]
    plain = copy.deepcopy(config)
    plain.do_sample, plain.num_return_sequences = False, 1
    for name in IDLE_WHEN_GREEDY:
        setattr(plain, name, None)
    read = {name: _repeated(values, settings.sequences, len(indices)) for name, values in read.items()}
    return loaded.model.generate(
        **read, generation_config=plain, logits_processor=[Draws(warpers(config), seeds)], **more
    )


def _repeated(values: object, times: int, lines: int) -> Any:
    """Repeat each line of a tensor several times; for a single line with many parts repeat all of them in turn."""
    import torch

    if not isinstance(values, torch.Tensor) or times == 1:
        return values
    return values.repeat_interleave(times, dim=0) if lines > 1 else torch.cat([values] * times)
