"""Sampling of tokens, with a separate random stream for each input.

The draws for an input depend on the seed and on its position among the inputs, not on which others share its batch, on
how large the batches are, or on whether memory ran out on the way: the same seed gives the same text.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidydl.rng import current

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig

_LARGEST_SEED = 2**31 - 1

# Settings of transformers that change the chances of tokens, in the order in which they do, with what makes each.
_WARPERS = (
    ("temperature", "TemperatureLogitsWarper", 1.0),
    ("top_h", "TopHLogitsWarper", None),
    ("top_k", "TopKLogitsWarper", 0),
    ("top_p", "TopPLogitsWarper", 1.0),
    ("min_p", "MinPLogitsWarper", None),
    ("typical_p", "TypicalLogitsWarper", 1.0),
    ("epsilon_cutoff", "EpsilonLogitsWarper", 0.0),
    ("eta_cutoff", "EtaLogitsWarper", 0.0),
)

IDLE_WHEN_GREEDY = tuple(name for name, _, _ in _WARPERS)


def begin_of_draws(seed: int | None, drawn: int | None) -> int:
    """Return the seed of the draws: the one given, else ``drawn``, else one number of tidydl's generator."""
    if seed is not None:
        return int(seed)
    return current().positions(_LARGEST_SEED, 1)[0] + 1 if drawn is None else int(drawn)


@dataclass(frozen=True)
class Placed:
    """Lines with the positions of their inputs in the call, so that each draws from its own stream."""

    lines: Any
    indices: Sequence[int]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lines, name)

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some lines, beside the indices of their inputs."""
        return {**self.lines.batch(positions), "indices": [self.indices[self.lines.owners[i]] for i in positions]}


def line_seed(seed: int, index: int, sequence: int) -> str:
    """Name the stream of draws for one of the sequences of an input."""
    return f"{seed} {index} {sequence}"


def warpers(config: GenerationConfig) -> list[Any]:
    """Build the logits warpers for the settings of a generation."""
    from transformers.generation import logits_process

    processors = []
    for name, kind, idle in _WARPERS:
        value = getattr(config, name, None)
        if value is not None and value != idle:
            processors.append(getattr(logits_process, kind)(value))
    return processors


class Draws:
    """A logits processor that draws one token per line and leaves it as the only possible one.

    ``changes`` are applied to the logits first, as :func:`warpers` builds them; ``seeds`` are the streams of the lines
    of the batch, as :func:`line_seed` names them.
    """

    def __init__(self, changes: Sequence[Any], seeds: Sequence[str]):
        self._changes = changes
        self._streams = [random.Random(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Choose a token for each line by one uniform number and the cumulative probabilities of all tokens."""
        import torch

        for change in self._changes:
            scores = change(input_ids, scores)
        shares = scores.float().softmax(-1)
        uniform = torch.tensor([stream.random() for stream in self._streams], dtype=torch.float64)
        cumulated = shares.double().cumsum(-1)
        wanted = uniform.to(scores.device).unsqueeze(-1) * cumulated[:, -1:]
        chosen = torch.searchsorted(cumulated, wanted, right=True).clamp(max=scores.shape[-1] - 1)
        return torch.full_like(scores, float("-inf")).scatter(-1, chosen, 0.0)


@contextmanager
def seeded(seed: str | None, device: str) -> Iterator[None]:
    """Seed torch for models that draw by themselves, and restore its random state."""
    import torch

    if seed is None:
        yield
        return
    devices = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(random.Random(seed).getrandbits(63))
        yield
