"""Tokenizers of transformers with the methods and arguments that they had in version 4.

Each class of transformers gets a subclass of the same name, so that tokenizers that other code loads stay as they are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tidydl.workshop.arguments import refuse_tensorflow, whole, with_whole_numbers
from tidydl.workshop.pretrained import load_pretrained


class OlderMethods:
    """What tokenizers had in version 4; stands before a class of transformers."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Load a tokenizer; arguments are those of any version."""
        load = super().from_pretrained  # type: ignore[misc]
        return load_pretrained(load, pretrained_model_name_or_path, args, kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Tokenize; arguments are those of any version."""
        return super().__call__(*args, **_current(kwargs))  # type: ignore[misc]

    def encode(self, *args: Any, **kwargs: Any) -> Any:
        """Return the numbers of the tokens of a text."""
        return super().encode(*args, **_current(kwargs))  # type: ignore[misc]

    def encode_plus(self, text: Any, text_pair: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Tokenize one text, or a pair of them."""
        return self(text, text_pair, *args, **kwargs)

    def batch_encode_plus(self, batch_text_or_text_pairs: Any, *args: Any, **kwargs: Any) -> Any:
        """Tokenize several texts, or pairs of them."""
        texts = list(batch_text_or_text_pairs)
        if texts and all(isinstance(each, (list, tuple)) for each in texts) and not kwargs.get("is_split_into_words"):
            return self([first for first, _ in texts], [second for _, second in texts], *args, **kwargs)
        return self(texts, None, *args, **kwargs)

    def prepare_seq2seq_batch(self, src_texts: Any, tgt_texts: Any = None, **kwargs: Any) -> Any:
        """Tokenize texts, and those that are to be written of them as ``labels``."""
        own = {name: value for name, value in kwargs.items() if name not in ("src_lang", "tgt_lang")}
        longest = own.pop("max_target_length", None)
        own = {"padding": "longest", "truncation": True, **own}
        batch = self(src_texts, **own)
        if tgt_texts is not None:
            own |= {} if longest is None else {"max_length": longest}
            batch["labels"] = self(text_target=tgt_texts, **own)["input_ids"]
        return batch

    def prepare_for_model(self, ids: Sequence[int], pair_ids: Sequence[int] | None = None, **kwargs: Any) -> Any:
        """Complete numbers of tokens to what a model reads: special tokens, masks, padding."""
        import transformers

        pair = None if pair_ids is None else _whole_list(pair_ids)
        prepare: Any = transformers.PreTrainedTokenizer.prepare_for_model
        return prepare(self, _whole_list(ids), pair, **_current(kwargs))

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None) -> Any:
        """Return numbers of tokens with those of special tokens around them."""
        return [token for token, _ in self._laid_out(token_ids_0, token_ids_1)]

    def create_token_type_ids_from_sequences(self, token_ids_0: list[int], token_ids_1: list[int] | None = None) -> Any:
        """Return which text each token belongs to, special ones included."""
        return [kind for _, kind in self._laid_out(token_ids_0, token_ids_1)]

    def _laid_out(self, first: list[int], second: list[int] | None) -> list[tuple[int, int]]:
        """Return tokens and their kinds as the tokenizer lays out a text of one token, or a pair of those."""
        probe = self("a", None if second is None else "a", return_token_type_ids=True)
        laid_out: list[tuple[int, int]] = []
        done: set[int] = set()
        for token, kind, owner in zip(probe["input_ids"], probe["token_type_ids"], probe.sequence_ids(), strict=True):
            if owner is None:
                laid_out.append((token, kind))
            elif owner not in done:
                done.add(owner)
                laid_out += [(each, kind) for each in (first, second or [])[owner]]
        return laid_out

    def truncate_sequences(self, *args: Any, **kwargs: Any) -> Any:
        """Return numbers of tokens without the last ones, and those."""
        import transformers

        cut: Any = transformers.PreTrainedTokenizer.truncate_sequences
        return cut(self, *args, **with_whole_numbers(kwargs))

    def decode(self, token_ids: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the text of tokens."""
        return super().decode(_whole_list(token_ids), *args, **kwargs)  # type: ignore[misc]

    def convert_ids_to_tokens(self, ids: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the tokens of their numbers."""
        return super().convert_ids_to_tokens(_whole_list(ids), *args, **kwargs)  # type: ignore[misc]

    @contextmanager
    def as_target_tokenizer(self) -> Iterator[None]:
        """Tokenize what is to be written meanwhile."""
        getattr(self, "_switch_to_target_mode", lambda: None)()
        yield
        getattr(self, "_switch_to_input_mode", lambda: None)()

    @property
    def additional_special_tokens(self) -> list[str]:
        """Special tokens without a name of their own."""
        return list(self.extra_special_tokens)  # type: ignore[attr-defined]

    @property
    def additional_special_tokens_ids(self) -> list[int]:
        """The numbers of special tokens without a name of their own."""
        return list(self.extra_special_tokens_ids)  # type: ignore[attr-defined]

    @property
    def all_special_tokens_extended(self) -> list[str]:
        """All special tokens."""
        return list(self.all_special_tokens)  # type: ignore[attr-defined]

    @property
    def max_len(self) -> int:
        """How many tokens a text may have."""
        return int(self.model_max_length)  # type: ignore[attr-defined]


def _current(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of tokenizers in the words of today."""
    refuse_tensorflow("return_tensors", arguments.get("return_tensors"))
    current = with_whole_numbers(arguments)
    if current.pop("pad_to_max_length", False):
        current.setdefault("padding", "max_length")
    if (strategy := current.pop("truncation_strategy", None)) is not None:
        current.setdefault("truncation", strategy)
    return current


def _whole_list(ids: Any) -> Any:
    if isinstance(ids, (list, tuple)):
        return [_whole_list(each) for each in ids]
    return whole(ids)


@functools.cache
def with_older_methods(tokenizer: type) -> type:
    """Return the subclass of a class of tokenizers that has the methods of version 4."""
    own = [name for name in _OF_PYTHON if hasattr(tokenizer, name)]
    bases = (type("OlderMethods", (OlderMethods,), {name: getattr(tokenizer, name) for name in own}), tokenizer)
    names = {"__module__": __name__, "__qualname__": tokenizer.__name__, "__doc__": tokenizer.__doc__}
    return type(tokenizer.__name__, bases if own else (OlderMethods, tokenizer), names)


# Methods that tokenizers without code in Rust still have.
_OF_PYTHON = ("build_inputs_with_special_tokens", "create_token_type_ids_from_sequences", "truncate_sequences")


def mended_tokenizer(tokenizer: Any) -> Any:
    """Return a tokenizer that was loaded a moment ago with the methods of version 4."""
    from transformers import PreTrainedTokenizerBase

    if isinstance(tokenizer, PreTrainedTokenizerBase) and not isinstance(tokenizer, OlderMethods):
        kind: type = type(tokenizer)
        tokenizer.__class__ = with_older_methods(kind)
    return tokenizer


def __getattr__(name: str) -> type:  # where pickle looks for the class of a tokenizer
    import transformers

    if name.startswith("__") or not hasattr(transformers, name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return with_older_methods(getattr(transformers, name))
