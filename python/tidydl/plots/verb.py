"""``autoplot()`` with all its methods: each plot's module registers its own."""

from __future__ import annotations

from tidydl.plots import bars, curves, heatmap, profiles, tuning
from tidydl.verbs import autoplot

__all__ = ["autoplot", "bars", "curves", "heatmap", "profiles", "tuning"]
