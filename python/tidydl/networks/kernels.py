"""The arithmetic of a network of one hidden layer, compiled, in the order in which R's nnet adds.

Every sum below runs in a fixed order: a unit adds its bias and then its sources; the loss and each weight's slope add
over the rows in row order; nothing is fused or reassociated. What may run side by side are independent sums: rows of
a forward pass, weights of a slope. So the machine's vector units are used and the result is R's to the last bit.

Arrays: ``x`` is rows by inputs, ``y`` rows by outputs, ``hidden`` rows by hidden units, ``out`` rows by outputs, all
float64 and row-major. ``wts`` is in R's order: each hidden unit's bias and inputs, then each output unit's bias,
hidden units and, with skip, inputs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tidydl.networks.compiling import compiled

__all__ = ["CENSORED", "ENTROPY", "LEAST_SQUARES", "LINEAR", "SOFTMAX", "TILE", "Shape", "gradient", "loss"]

LEAST_SQUARES, LINEAR, ENTROPY, SOFTMAX, CENSORED = range(5)
TILE = 128
_IMPOSSIBLE = 1000.0
_NEVER_ZERO = 1e-80


class Shape(NamedTuple):
    """The numbers of units, whether inputs also reach the outputs, and the loss (one of the constants above)."""

    inputs: int
    hidden: int
    outputs: int
    skip: bool
    loss: int


@compiled
def _add_products(total, weights, sources, first, count, rows):
    """Add ``weights[i] * sources[first + i]`` to the totals of a tile's rows, source after source."""
    i = 0
    while i + 3 < count:
        w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        s0, s1 = sources[first + i], sources[first + i + 1]
        s2, s3 = sources[first + i + 2], sources[first + i + 3]
        for r in range(rows):
            total[r] = (((total[r] + w0 * s0[r]) + w1 * s1[r]) + w2 * s2[r]) + w3 * s3[r]
        i += 4
    while i < count:
        w0, s0 = weights[i], sources[first + i]
        for r in range(rows):
            total[r] += w0 * s0[r]
        i += 1


@compiled
def _sigmoid(total, rows):
    for r in range(rows):
        s = total[r]
        if s < -15.0:
            total[r] = 0.0
        elif s > 15.0:
            total[r] = 1.0
        else:
            total[r] = 1.0 / (1.0 + math.exp(-s))


@compiled
def _softmax(out, k):
    """Turn one row's linear outputs into probabilities."""
    largest = out[0]
    for o in range(1, k):
        largest = max(largest, out[o])
    total = 0.0
    for o in range(k):
        out[o] = math.exp(out[o] - largest)
        total += out[o]
    for o in range(k):
        out[o] /= total


@compiled
def _forward_tile(shape, wts, x, start, rows, units, hidden, out):
    """Run some rows through the network; ``units`` (inputs + hidden + outputs, by TILE) is room to work in."""
    p, h, k = shape.inputs, shape.hidden, shape.outputs
    for r in range(rows):
        for i in range(p):
            units[i, r] = x[start + r, i]
    at = 0
    for j in range(h):
        total = units[p + j]
        for r in range(rows):
            total[r] = 0.0 + wts[at]
        _add_products(total, wts[at + 1 : at + 1 + p], units, 0, p, rows)
        _sigmoid(total, rows)
        at += 1 + p
    for o in range(k):
        total = units[p + h + o]
        for r in range(rows):
            total[r] = 0.0 + wts[at]
        _add_products(total, wts[at + 1 : at + 1 + h], units, p, h, rows)
        at += 1 + h
        if shape.skip:
            _add_products(total, wts[at : at + p], units, 0, p, rows)
            at += p
        if shape.loss == LEAST_SQUARES or shape.loss == ENTROPY:
            _sigmoid(total, rows)
    for r in range(rows):
        for j in range(h):
            hidden[start + r, j] = units[p + j, r]
        for o in range(k):
            out[start + r, o] = units[p + h + o, r]
        if shape.loss >= SOFTMAX:
            _softmax(out[start + r], k)


@compiled
def _cross_entropy(y, t):
    total = 0.0
    if t > 0.0:
        total -= t * math.log((y + _NEVER_ZERO) / t)
    if t < 1.0:
        total -= (1.0 - t) * math.log((1.0 - y + _NEVER_ZERO) / (1.0 - t))
    return total


@compiled
def _add_row_loss(total, kind, out, y, weight, k):
    """Add one row's loss to the total so far, output after output."""
    if kind == CENSORED:
        allowed = 0.0
        for o in range(k):
            if y[o] == 1.0:
                allowed += out[o]
        return total - weight * math.log(allowed) if allowed > 0.0 else total + weight * _IMPOSSIBLE
    for o in range(k):
        t = y[o]
        if kind == SOFTMAX:
            if t > 0.0:
                total += -(weight * t * math.log(out[o])) if out[o] > 0.0 else weight * _IMPOSSIBLE
        elif kind == ENTROPY:
            total += weight * _cross_entropy(out[o], t)
        else:
            difference = out[o] - t
            total += weight * (difference * difference)
    return total


@compiled
def loss(shape, wts, x, y, weights, first, last, units, hidden, out, total):
    """Run the rows from ``first`` to ``last`` through the network and add their losses to ``total``."""
    start = first
    while start < last:
        rows = min(TILE, last - start)
        _forward_tile(shape, wts, x, start, rows, units, hidden, out)
        for r in range(start, start + rows):
            total = _add_row_loss(total, shape.loss, out[r], y[r], weights[r], shape.outputs)
        start += rows
    return total


@compiled
def _output_errors(kind, out, y, k, errors):
    """Give the slopes of one row's loss (of weight 1) by the sums that reach its output units."""
    if kind == SOFTMAX:
        total = 0.0
        for o in range(k):
            total += y[o]
        for o in range(k):
            errors[o] = total * out[o] - y[o]
    elif kind == CENSORED:
        allowed = 0.0
        for o in range(k):
            if y[o] == 1.0:
                allowed += out[o]
        for o in range(k):
            errors[o] = out[o]
            if y[o] == 1.0:
                errors[o] -= out[o] / allowed
    elif kind == ENTROPY:
        for o in range(k):
            errors[o] = out[o] - y[o]
    else:
        for o in range(k):
            errors[o] = 2.0 * (out[o] - y[o])
            if kind == LEAST_SQUARES:
                errors[o] *= out[o] * (1.0 - out[o])


@compiled
def _row_errors(shape, wts, y, weight, hidden, out, errors, outgoing):
    """Fill one row's weighted errors: hidden units first, then outputs."""
    p, h, k = shape.inputs, shape.hidden, shape.outputs
    width = 1 + h + (p if shape.skip else 0)
    base = h * (1 + p)
    _output_errors(shape.loss, out, y, k, errors[h:])
    for j in range(h):
        outgoing[j] = 0.0
    for o in range(k - 1, -1, -1):
        e = errors[h + o]
        to_output = wts[base + o * width + 1 : base + o * width + 1 + h]
        for j in range(h):
            outgoing[j] += e * to_output[j]
        errors[h + o] = weight * e
    for j in range(h):
        errors[j] = weight * (outgoing[j] * (hidden[j] * (1.0 - hidden[j])))


@compiled
def _add_slopes(slopes, at, unit, errors, sources, start, count, rows):
    """Add error times source, row after row, to the slopes of the weights that lead to one unit."""
    target = slopes[at : at + count]
    r = 0
    while r + 3 < rows:
        e0, e1, e2, e3 = errors[r, unit], errors[r + 1, unit], errors[r + 2, unit], errors[r + 3, unit]
        s0, s1, s2, s3 = sources[start + r], sources[start + r + 1], sources[start + r + 2], sources[start + r + 3]
        for i in range(count):
            target[i] = (((target[i] + e0 * s0[i]) + e1 * s1[i]) + e2 * s2[i]) + e3 * s3[i]
        r += 4
    while r < rows:
        e0, s0 = errors[r, unit], sources[start + r]
        for i in range(count):
            target[i] += e0 * s0[i]
        r += 1


@compiled
def _add_bias_slope(slopes, at, unit, errors, rows):
    total = slopes[at]
    for r in range(rows):
        total += errors[r, unit]
    slopes[at] = total


@compiled
def gradient(shape, wts, x, y, weights, first, last, hidden, out, errors, outgoing, slopes):
    """Add the slopes of the rows from ``first`` to ``last`` to ``slopes``, after a forward pass at the same weights.

    ``errors`` (TILE by hidden + outputs) and ``outgoing`` (hidden) are room to work in.
    """
    p, h, k = shape.inputs, shape.hidden, shape.outputs
    start = first
    while start < last:
        rows = min(TILE, last - start)
        for r in range(rows):
            _row_errors(
                shape, wts, y[start + r], weights[start + r], hidden[start + r], out[start + r], errors[r], outgoing
            )
        at = 0
        for unit in range(h):
            _add_bias_slope(slopes, at, unit, errors, rows)
            _add_slopes(slopes, at + 1, unit, errors, x, start, p, rows)
            at += 1 + p
        for unit in range(h, h + k):
            _add_bias_slope(slopes, at, unit, errors, rows)
            _add_slopes(slopes, at + 1, unit, errors, hidden, start, h, rows)
            at += 1 + h
            if shape.skip:
                _add_slopes(slopes, at, unit, errors, x, start, p, rows)
                at += p
        start += rows


def room(shape: Shape) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the working arrays ``units``, ``errors`` and ``outgoing`` of the kernels."""
    h, k = shape.hidden, shape.outputs
    return np.empty((shape.inputs + h + k, TILE)), np.empty((TILE, h + k)), np.empty(h)


@compiled
def _run_through(shape, wts, x, units, hidden, out):
    start = 0
    while start < x.shape[0]:
        rows = min(TILE, x.shape[0] - start)
        _forward_tile(shape, wts, x, start, rows, units, hidden, out)
        start += rows


def outputs(shape: Shape, wts: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Give the outputs of the network, rows by outputs, for the rows of ``x``."""
    x = np.ascontiguousarray(x, dtype=np.float64)
    out = np.empty((len(x), shape.outputs))
    units, _, _ = room(shape)
    _run_through(shape, np.ascontiguousarray(wts, dtype=np.float64), x, units, np.empty((len(x), shape.hidden)), out)
    return out
