"""The search of ``bfgs`` for many networks at once: each has its own direction, step, resets and end.

The constants, the stop tests and the resets are those of the exact engine, which follows R's
``optim(method = "BFGS")``; sums are taken in whatever order the device likes, so that the numbers agree to rounding
and not to the last bit.
Finished networks are frozen, and dropped once they are a quarter of those still running.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.device import import_torch
from tidydl.networks.batched.network import Networks
from tidydl.networks.exact.engine import Settings

if TYPE_CHECKING:
    import torch

_STEP_SHRINKS, _ACCEPTED_DECREASE, _NO_CHANGE = 0.2, 1e-4, 10.0
_PER_NETWORK = (
    "index",
    "wts",
    "slopes",
    "metric",
    "lowest",
    "value",
    "gradients",
    "last_reset",
    "evaluations",
    "running",
)


class BatchSearch:
    """Many searches side by side, each from its initial ``wts``; ``mask`` says which weights may change.

    After :meth:`rounds` is exhausted, ``found`` holds for each network ``wts``, ``value``, ``initial``,
    ``convergence``, ``iterations``, ``evaluations`` and its ``curve`` (a list of iteration and value), as NumPy.
    """

    def __init__(self, networks: Networks, wts: np.ndarray, mask: np.ndarray, settings: Settings):
        torch = import_torch()
        device = networks.x.device
        count, n = wts.shape
        self.networks, self.every, self.settings = networks, networks, settings
        self.mask = torch.tensor(np.array(mask, dtype=np.float64), device=device)
        self.free = self.mask.sum(dim=1)
        self.index = torch.arange(count, device=device)
        self.wts = torch.tensor(np.array(wts, dtype=np.float64), device=device)
        self.metric = torch.zeros((count, n, n), dtype=torch.float64, device=device)
        whole = torch.zeros(count, dtype=torch.int64, device=device)
        self.gradients, self.last_reset, self.evaluations = whole.clone(), whole.clone(), whole + 1
        self.running = torch.ones(count, dtype=torch.bool, device=device)
        hidden, out = networks.forward(self.wts)
        self.value = networks.values(self.wts, out)
        self.lowest = self.value.clone()
        self.slopes = networks.slopes(self.wts, hidden, out) * self.mask
        self.results = {
            "wts": np.array(wts, dtype=np.float64),
            "value": self.value.cpu().numpy().copy(),
            "initial": self.value.cpu().numpy().copy(),
            "convergence": np.zeros(count, dtype=np.int64),
            "iterations": np.zeros(count, dtype=np.int64),
            "evaluations": np.ones(count, dtype=np.int64),
        }
        self.curve: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.running &= torch.isfinite(self.value)
        if settings.maxit <= 0:
            self.running &= False
        else:
            self.gradients += 1  # those of the start, taken above
            self.last_reset += 1

    def rounds(self) -> Iterator[int]:
        """Advance every network by one direction and line search at a time, yielding how many have ended."""
        self._leave_out_ended()
        while len(self.index):
            self._round()
            ended = int((~self.running).sum())
            if ended * 4 >= len(self.index):
                self._leave_out_ended()
                ended = 0
            yield len(self.results["value"]) - len(self.index) + ended

    def fitted(self) -> np.ndarray:
        """Return the final outputs of all networks: networks by rows by outputs."""
        torch = import_torch()
        wts = torch.tensor(self.results["wts"], device=self.every.x.device)
        _, out = self.every.forward(wts)
        return out.transpose(1, 2).contiguous().cpu().numpy()

    def _leave_out_ended(self) -> None:
        kept = self.running.nonzero()[:, 0]
        if len(kept) == len(self.index):
            return
        for name in _PER_NETWORK:
            setattr(self, name, getattr(self, name)[kept])
        self.mask, self.free = self.mask[kept], self.free[kept]
        self.networks = self.networks.part(kept)

    def _round(self) -> None:
        torch = import_torch()
        restarting = self.last_reset == self.gradients
        if bool(restarting.any()):
            self.metric[restarting] = torch.eye(self.wts.shape[1], dtype=torch.float64, device=self.wts.device)
        direction = -torch.bmm(self.metric, self.slopes[:, :, None])[:, :, 0]
        projection = (direction * self.slopes).sum(dim=1)
        moved = self._search(direction, projection)
        stuck = self.running & ~moved
        exhausted = stuck & (self.last_reset == self.gradients)
        self.last_reset = torch.where(stuck, self.gradients, self.last_reset)
        self._end_pass(exhausted)

    def _search(self, direction: torch.Tensor, projection: torch.Tensor) -> Any:
        """Search along the directions; if the value falls enough, take the step and update the metric."""
        torch = import_torch()
        start = self.wts.clone()
        step = torch.ones_like(projection)
        moved = torch.zeros_like(self.running)
        trying = (self.running & (projection < 0)).nonzero()[:, 0]
        searched = trying
        gained_from: list[tuple[Any, Any]] = []
        while len(trying):
            trial = start[trying] + step[trying, None] * direction[trying]
            self.wts[trying] = trial
            changed = (_NO_CHANGE + start[trying] != _NO_CHANGE + trial).any(dim=1)
            if not bool(changed.all()):
                trying, trial = trying[changed], trial[changed]
                if not len(trying):
                    break
            part = self.networks if len(trying) == len(self.index) else self.networks.part(trying)
            hidden, out = part.forward(trial)
            value = part.values(trial, out)
            self.value[trying] = value
            self.evaluations[trying] += 1
            enough = self.lowest[trying] + projection[trying] * step[trying] * _ACCEPTED_DECREASE
            accepted = torch.isfinite(value) & (value <= enough)
            gained = accepted & self._gained(value, self.lowest[trying])
            count = int(gained.sum())
            if count * 2 >= len(trying):  # to leave some out would take longer than to do them too
                gained_from.append((trying[gained], part.slopes(trial, hidden, out)[gained]))
            elif count:
                slopes = part.part(gained).slopes(trial[gained], hidden[gained], out[gained])
                gained_from.append((trying[gained], slopes))
            trying = trying[~accepted]
            step[trying] *= _STEP_SHRINKS
        gained = self._gained(self.value[searched], self.lowest[searched])
        for rows, slopes in gained_from:
            moved[rows] = True
            self._learn(rows, slopes * self.mask[rows], step, direction)
        lost = searched[~gained]
        self.lowest[lost] = self.value[lost]
        return moved

    def _gained(self, value: torch.Tensor, lowest: torch.Tensor) -> Any:
        settings = self.settings
        change = (value - lowest).abs() > settings.reltol * (lowest.abs() + settings.reltol)
        return (value > settings.abstol) & change

    def _learn(self, rows: torch.Tensor, slopes: torch.Tensor, step: torch.Tensor, direction: torch.Tensor) -> None:
        """Update the curvature from the last steps, or reset it if the slopes did not grow along them."""
        torch = import_torch()
        t = step[rows, None] * direction[rows]
        c = slopes - self.slopes[rows]
        self.lowest[rows] = self.value[rows]
        self.slopes[rows] = slopes
        self.gradients[rows] += 1
        along = (t * c).sum(dim=1)
        grows = along > 0
        self.last_reset[rows] = torch.where(grows, self.last_reset[rows], self.gradients[rows])
        rows, t, c, along = rows[grows], t[grows], c[grows], along[grows, None]
        together = len(rows) * 2 >= len(self.index)  # one pass over all inverse Hessians, which stay where they are
        metric = self.metric if together else self.metric[rows]
        x = torch.bmm(metric, (self._spread(rows, c) if together else c)[:, :, None])[:, :, 0]
        x = x[rows] if together else x
        across = 1 + (x * c).sum(dim=1, keepdim=True) / along
        left = torch.stack([t, -x], dim=1)
        right = torch.stack([(across * t - x) / along, t / along], dim=1)
        if together:
            left, right = self._spread(rows, left), self._spread(rows, right)
        metric.baddbmm_(left.transpose(1, 2), right)
        if not together:
            self.metric[rows] = metric

    def _spread(self, rows: torch.Tensor, values: torch.Tensor) -> Any:
        """Put the values of some networks at their indices, and 0 at the others'."""
        if len(rows) == len(self.index):
            return values
        spread = values.new_zeros((len(self.index), *values.shape[1:]))
        spread[rows] = values
        return spread

    def _end_pass(self, exhausted: torch.Tensor) -> None:
        """Record the state of the running networks, and stop those that are done."""
        torch = import_torch()
        at_work = self.running.nonzero()[:, 0]
        self.curve.append(
            tuple(each[at_work].cpu().numpy() for each in (self.index, self.gradients, self.value))  # type: ignore[arg-type]
        )
        long_ago = self.gradients - self.last_reset > 2 * self.free
        self.last_reset = torch.where(long_ago, self.gradients, self.last_reset)
        stopped = self.running & (self.gradients >= self.settings.maxit)
        ends = (self.running & (stopped | exhausted)).nonzero()[:, 0]
        if not len(ends):
            return
        indices = self.index[ends].cpu().numpy()
        parts = {"wts": self.wts, "value": self.lowest, "convergence": stopped.long(), "iterations": self.gradients}
        for name, values in {**parts, "evaluations": self.evaluations}.items():
            self.results[name][indices] = values[ends].cpu().numpy()
        self.running[ends] = False
