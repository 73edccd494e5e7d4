"""The Hessian of a network's value, from the loss by the chain rule."""

from __future__ import annotations

import numpy as np

from tidydl.networks.exact.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape, outputs

_ROOM = 4_000_000


def hessian(
    shape: Shape, x: np.ndarray, y: np.ndarray, weights: np.ndarray, wts: np.ndarray, decay: np.ndarray
) -> np.ndarray:
    """Return the second derivatives of the value (loss and penalty) by every pair of weights.

    Parameters
    ----------
    shape
        The network.
    x, y, weights
        Rows by inputs, rows by outputs, one case weight for each row.
    wts, decay
        One value per weight. Fixed weights are treated like the others.

    Returns
    -------
    numpy.ndarray
        Symmetric, weights by weights, in the order of ``wts``.

    Notes
    -----
    With J the slopes of a row's output sums by the weights, the row adds J' L J, where L holds the second derivatives
    of its loss by the output sums, and the first derivatives of its loss times the curvature of the output sums.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    weights, wts = np.asarray(weights, dtype=np.float64), np.asarray(wts, dtype=np.float64)
    matrix = np.zeros((len(wts), len(wts)))
    step = max(1, _ROOM // (len(wts) * shape.outputs))
    for at in range(0, len(x), step):
        rows = slice(at, at + step)
        _add_rows(matrix, shape, x[rows], y[rows], weights[rows], wts)
    matrix = (matrix + matrix.T) / 2
    matrix[np.diag_indices(len(wts))] += 2.0 * np.asarray(decay, dtype=np.float64)
    return matrix


def _add_rows(
    matrix: np.ndarray, shape: Shape, x: np.ndarray, y: np.ndarray, weights: np.ndarray, wts: np.ndarray
) -> None:
    p, h, k = shape.inputs, shape.hidden, shape.outputs
    width = 1 + h + (p if shape.skip else 0)
    to_hidden = wts[: h * (1 + p)].reshape(h, 1 + p)
    to_output = wts[h * (1 + p) :].reshape(k, width)
    sources = np.column_stack([np.ones(len(x)), x])
    hidden = _sigmoid(sources @ to_hidden.T)
    slope = hidden * (1 - hidden)
    first, second = _by_sums(shape.loss, outputs(shape, wts, x), y)
    first, second = first * weights[:, None], second * weights[:, None, None]
    reaching = np.column_stack([np.ones(len(x)), hidden, x] if shape.skip else [np.ones(len(x)), hidden])

    jacobian = np.zeros((len(x), k, len(wts)))
    for o in range(k):
        by_hidden = (slope * to_output[o, 1 : 1 + h])[:, :, None] * sources[:, None, :]
        jacobian[:, o, : h * (1 + p)] = by_hidden.reshape(len(x), -1)
        jacobian[:, o, h * (1 + p) + o * width : h * (1 + p) + (o + 1) * width] = reaching
    flat = jacobian.reshape(-1, len(wts))
    matrix += flat.T @ (second @ jacobian).reshape(-1, len(wts))

    outgoing = first @ to_output[:, 1 : 1 + h]
    for j in range(h):
        own = slice(j * (1 + p), (j + 1) * (1 + p))
        curvature = outgoing[:, j] * slope[:, j] * (1 - 2 * hidden[:, j])
        matrix[own, own] += sources.T @ (curvature[:, None] * sources)
        crossing = sources.T @ (first * slope[:, [j]])
        for o in range(k):
            weight = h * (1 + p) + o * width + 1 + j
            matrix[own, weight] += crossing[:, o]
            matrix[weight, own] += crossing[:, o]


def _sigmoid(sums: np.ndarray) -> np.ndarray:
    """Return sigmoids, exactly 0 and 1 beyond 15 as in the kernels."""
    inner = 1 / (1 + np.exp(-np.clip(sums, -15, 15)))
    return np.where(sums < -15, 0.0, np.where(sums > 15, 1.0, inner))


def _by_sums(loss: int, out: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and second derivatives of each row's loss by its output sums."""
    if loss == SOFTMAX:
        total = y.sum(axis=1, keepdims=True)
        return total * out - y, total[:, :, None] * _spread(out)
    if loss == CENSORED:
        allowed = np.where(y == 1, out, 0.0)
        allowed = allowed / allowed.sum(axis=1, keepdims=True)
        return out - allowed, _spread(out) - _spread(allowed)
    slope = out * (1 - out)
    if loss == LINEAR:
        first, second = 2 * (out - y), np.full_like(out, 2.0)
    elif loss == ENTROPY:
        first, second = out - y, slope
    else:
        assert loss == LEAST_SQUARES
        first = 2 * (out - y) * slope
        second = 2 * slope**2 + first * (1 - 2 * out)
    return first, second[:, :, None] * np.eye(out.shape[1])


def _spread(shares: np.ndarray) -> np.ndarray:
    """Return diag(p) - pp' for each row's shares p."""
    return shares[:, :, None] * np.eye(shares.shape[1]) - shares[:, :, None] * shares[:, None, :]
