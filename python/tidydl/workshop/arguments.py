"""Arguments of older code, as today's libraries take them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidydl.errors import ArgumentError

# Arguments that mean a whole number, which R writes as a double.
_WHOLE = frozenset(
    (
        *("top_k", "topk", "batch_size", "num_workers", "num_proc", "seed", "random_state", "writer_batch_size"),
        *("max_length", "min_length", "max_new_tokens", "min_new_tokens", "num_beams", "num_beam_groups"),
        *("num_return_sequences", "no_repeat_ngram_size", "pad_token_id", "eos_token_id", "bos_token_id"),
        *("stride", "doc_stride", "max_answer_len", "max_seq_len", "max_question_len", "pad_to_multiple_of"),
        *("points_per_batch", "points_per_crop", "crops_n_layers", "num_frames", "frame_sampling_rate", "device"),
        *("num_labels", "num_hidden_layers", "num_attention_heads", "hidden_size", "vocab_size", "num_shards", "index"),
        *("n", "num_times"),
    )
)


def with_whole_numbers(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments in which a double such as 2.0 is the whole number where one is meant.

    Raises
    ------
    ArgumentError
        One is a number such as 2.5.
    """
    return {name: _whole_number(name, value) if name in _WHOLE else value for name, value in arguments.items()}


def _whole_number(name: str, value: Any) -> Any:
    if isinstance(value, float) and not value.is_integer() and value == value:
        raise ArgumentError(f"`{name}` is {value}.", allowed="A whole number.")
    return whole(value)


def whole(value: Any) -> Any:
    """Return a double that is whole as the whole number, and anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def refuse_tensorflow(name: str, value: object) -> None:
    """Refuse what asks for tensors of TensorFlow or JAX.

    Raises
    ------
    ArgumentError
        If it does; says what to write.
    """
    if value in ("tf", "flax", "jax"):
        raise ArgumentError(
            f"`{name}` is '{value}', which transformers 5 no longer knows.",
            allowed="Tensors of torch ('pt') or numpy ('np').",
            hint=f'Write `{name} = "pt"`, and a model whose name begins with Auto rather than TFAuto.',
        )
