"""The arithmetic of many networks of one shape over the same rows, in torch, in double precision.

Every tensor has the networks first. Weights are networks by weights, in R's order (see ``kernels``); units are networks
by units by rows, so that the rows of one unit lie side by side. torch is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.device import import_torch
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, LEAST_SQUARES, SOFTMAX, Shape

if TYPE_CHECKING:
    import torch

_SATURATED = 15.0
_IMPOSSIBLE = 1000.0
_NEVER_ZERO = 1e-80
_DOUBLE = 8


def bytes_per_network(shape: Shape, n_weights: int, rows: int) -> int:
    """Estimate the memory for one network: its units, intermediate results, and its inverse Hessian."""
    return _DOUBLE * (rows * (6 * shape.hidden + 8 * shape.outputs + 1) + n_weights * (n_weights + 24))


@dataclass(frozen=True)
class Networks:
    """Many networks of one shape: rows, targets and case weights on a device.

    ``x`` is rows by inputs, ``x1`` the same with a first column of ones for the biases, ``y`` outputs by rows,
    ``weights`` networks by rows (of one network where all have the same), ``decay`` networks by weights. ``is_marked``
    says whether each row marks one class and no other.
    """

    shape: Shape
    x: Any
    x1: Any
    y: Any
    weights: Any
    decay: Any
    is_marked: bool

    @classmethod
    def on(
        cls, device: str, shape: Shape, x: np.ndarray, y: np.ndarray, weights: np.ndarray, decay: np.ndarray
    ) -> Networks:
        """Move rows by inputs, rows by outputs, networks by rows and networks by weights to a device."""
        torch = import_torch()

        def put(values: np.ndarray) -> Any:
            return torch.tensor(np.ascontiguousarray(values, dtype=np.float64), device=device)

        ones = np.ones((len(x), 1))
        is_marked = bool(((y == 1).sum(axis=1) == 1).all() and ((y == 0).sum(axis=1) == y.shape[1] - 1).all())
        x1 = np.concatenate([ones, x], axis=1)
        return cls(shape, put(x), put(x1), put(y.T), put(weights), put(decay), is_marked)

    def part(self, which: torch.Tensor) -> Networks:
        """Return some of the networks."""
        weights = self.weights if len(self.weights) == 1 else self.weights[which]
        return replace(self, weights=weights, decay=self.decay[which])

    def _layers(self, wts: torch.Tensor) -> tuple[Any, Any]:
        """Split the weights by layer: networks by hidden units by sources, networks by outputs by sources."""
        p, h, k = self.shape.inputs, self.shape.hidden, self.shape.outputs
        to_hidden = h * (1 + p)
        return wts[:, :to_hidden].reshape(len(wts), h, 1 + p), wts[:, to_hidden:].reshape(len(wts), k, -1)

    def forward(self, wts: torch.Tensor) -> tuple[Any, Any]:
        """Run all rows through the networks: hidden units and outputs."""
        torch = import_torch()
        p, h, k = self.shape.inputs, self.shape.hidden, self.shape.outputs
        first, second = self._layers(wts)
        count, rows = len(wts), len(self.x)
        hidden = _sigmoid((first.reshape(count * h, 1 + p) @ self.x1.T).view(count, h, rows))
        out = torch.baddbmm(second[:, :, :1], second[:, :, 1 : 1 + h], hidden)
        if self.shape.skip:
            out = out + (second[:, :, 1 + h :].reshape(count * k, p) @ self.x.T).view(count, k, rows)
        if self.shape.loss in (LEAST_SQUARES, ENTROPY):
            out = _sigmoid(out)
        elif self.shape.loss in (SOFTMAX, CENSORED):
            out = torch.softmax(out, dim=1)
        return hidden, out

    def values(self, wts: torch.Tensor, out: torch.Tensor) -> Any:
        """Return loss plus penalty of each network."""
        return (self._row_losses(out) * self.weights).sum(dim=1) + (self.decay * wts * wts).sum(dim=1)

    def _row_losses(self, out: torch.Tensor) -> Any:
        torch = import_torch()
        y = self.y
        if self.shape.loss == SOFTMAX and self.is_marked:
            share = (out * y).sum(dim=1)
            return torch.where(share > 0, -torch.log(share), _IMPOSSIBLE)
        if self.shape.loss == SOFTMAX:
            cost = torch.where(out > 0, -torch.log(out) * y, _IMPOSSIBLE)
            return torch.where(y > 0, cost, 0.0).sum(dim=1)
        if self.shape.loss == CENSORED:
            allowed = torch.where(y == 1, out, 0.0).sum(dim=1)
            return torch.where(allowed > 0, -torch.log(allowed), _IMPOSSIBLE)
        if self.shape.loss == ENTROPY:
            cost = _entropy(y) - y * torch.log(out + _NEVER_ZERO) - (1 - y) * torch.log(1 - out + _NEVER_ZERO)
            return cost.sum(dim=1)
        return ((out - y) ** 2).sum(dim=1)

    def slopes(self, wts: torch.Tensor, hidden: torch.Tensor, out: torch.Tensor) -> Any:
        """Return the slopes of loss plus penalty by the weights, after a forward pass at these weights."""
        torch = import_torch()
        p, h, k = self.shape.inputs, self.shape.hidden, self.shape.outputs
        _, second = self._layers(wts)
        count, rows = len(wts), len(self.x)
        errors = self._output_errors(out) * self.weights[:, None, :]
        back = torch.bmm(second[:, :, 1 : 1 + h].transpose(1, 2), errors) * (hidden * (1 - hidden))
        to_hidden = (back.reshape(count * h, rows) @ self.x1).view(count, h * (1 + p))
        parts = [errors.sum(dim=2, keepdim=True), torch.bmm(errors, hidden.transpose(1, 2))]
        if self.shape.skip:
            parts.append((errors.reshape(count * k, rows) @ self.x).view(count, k, p))
        to_outputs = torch.cat(parts, dim=2).reshape(count, -1)
        return torch.cat([to_hidden, to_outputs], dim=1) + 2 * self.decay * wts

    def _output_errors(self, out: torch.Tensor) -> Any:
        """Return the slopes of each row's loss, of weight 1, by what reaches the output units."""
        torch = import_torch()
        y = self.y
        if self.shape.loss == SOFTMAX:
            return y.sum(dim=0) * out - y
        if self.shape.loss == CENSORED:
            allowed = torch.where(y == 1, out, 0.0).sum(dim=1, keepdim=True)
            return torch.where(y == 1, out - out / allowed, out)
        if self.shape.loss == ENTROPY:
            return out - y
        errors = 2 * (out - y)
        return errors * out * (1 - out) if self.shape.loss == LEAST_SQUARES else errors


def _sigmoid(total: torch.Tensor) -> Any:
    """Return the logistic function, exactly 0 and 1 beyond 15 as in R."""
    torch = import_torch()
    return torch.sigmoid(total).masked_fill_(total > _SATURATED, 1.0).masked_fill_(total < -_SATURATED, 0.0)


def _entropy(y: torch.Tensor) -> Any:
    """Return the cross-entropy of shares with themselves."""
    torch = import_torch()
    return torch.special.xlogy(y, y) + torch.special.xlogy(1 - y, 1 - y)
