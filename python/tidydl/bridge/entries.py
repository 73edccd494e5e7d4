"""What R may call, an entry per line.

An entry names a function by its import path; the module is loaded when the entry is first called. The
function takes the arguments by name and is an ordinary function or a generator of events
(``tidydl.progress``) that returns its value. Frames among its arguments and in its value are ordinary
``pandas.DataFrame``; the bridge counts from 1 for R what ``index`` names, and no column of data.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidydl.columns import ROW, ROWS
from tidydl.errors import BridgeError, unknown_name


@dataclass(frozen=True)
class Entry:
    """One function that R may call.

    Attributes
    ----------
    path
        ``"module:function"``.
    index
        Columns of frames and names of dict entries in the value that count from 0.
    arguments
        Columns of frames and names of arguments that count from 1 in R.
    lists
        Columns in the value that are list columns even where they have no rows.
    as_object
        Whether R is given the value as the Python object that it is.
    """

    path: str
    index: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    as_object: bool = False


ENTRIES: dict[str, Entry] = {
    "fit_arrays": Entry("tidydl.networks.r_interface:fit_arrays"),
    "fit_repeats": Entry("tidydl.networks.r_interface:fit_repeats"),
    "asked_resamples": Entry("tidydl.networks.r_interface:asked_by_r"),
    "tune_arrays": Entry("tidydl.networks.r_interface:tune_arrays", index=("restart", "at"), arguments=("train",)),
    "save_model": Entry("tidydl.networks.saved.crossing:save_for_r"),
    "load_model": Entry("tidydl.networks.saved.crossing:load_for_r"),
    "tuning_layout": Entry("tidydl.plots.tuning:tuning_layout"),
    "weight_importance": Entry("tidydl.networks.effects.variable_importance:weight_importance"),
    "permutation_frame": Entry("tidydl.networks.effects.variable_importance:permutation_frame"),
    "network_rows": Entry("tidydl.networks.effects.r_interface:network_rows"),
    "network_targets": Entry("tidydl.networks.effects.r_interface:network_targets"),
    "block_metrics": Entry("tidydl.networks.effects.losses:block_metrics"),
    "profile_grid": Entry("tidydl.networks.effects.sensitivity:profile_grid"),
    "profile_frame": Entry("tidydl.networks.effects.sensitivity:profile_frame"),
    "network_layout": Entry("tidydl.plots.network_layout:network_layout"),
    "curve_layout": Entry("tidydl.plots.curves:curve_layout"),
    "importance_layout": Entry("tidydl.plots.bars:importance_layout"),
    "profile_layout": Entry("tidydl.plots.profiles:profile_layout"),
    "groups_layout": Entry("tidydl.plots.profiles:groups_layout"),
    "confusion_layout": Entry("tidydl.plots.heatmap:confusion_layout"),
    "image_layout": Entry("tidydl.plots.image_grid:image_layout"),
    "load_dataset": Entry("tidydl.data.r_interface:load_frames"),
    "check_older": Entry("tidydl.data.r_interface:check_older"),
    "refuse_several": Entry("tidydl.data.stream_loading:refuse_several"),
    "split_cuts": Entry("tidydl.data.r_interface:split_cuts"),
    "load_object": Entry("tidydl.data.r_interface:load_object", as_object=True),
    "load_arrow": Entry("tidydl.data.r_interface:load_arrow"),
    "as_dataset": Entry("tidydl.data.writing:as_dataset", as_object=True),
    "image_pixels": Entry("tidydl.data.r_interface:image_pixels"),
    "features": Entry("tidydl.data.describing:features", lists=("levels",)),
    "write_dataset": Entry("tidydl.data.r_interface:write_frames"),
    "stream_open": Entry("tidydl.pipelines.r_stream_interface:stream_open"),
    "stream_run": Entry("tidydl.pipelines.r_stream_interface:stream_run"),
    "stream_next": Entry("tidydl.pipelines.r_stream_interface:stream_next"),
    "stream_write": Entry("tidydl.pipelines.r_stream_interface:stream_write"),
    "stream_close": Entry("tidydl.pipelines.r_stream_interface:stream_close"),
    "examples": Entry("tidydl.data.examples:examples"),
    "example_data": Entry("tidydl.data.examples:example_data"),
    "example_model": Entry("tidydl.data.examples:example_model"),
    "cache": Entry("tidydl.hub.cached_files:cache"),
    "sitrep": Entry("tidydl.environment:sitrep_frame"),
    "tasks": Entry("tidydl.pipelines.registry:tasks"),
    "pipeline_open": Entry("tidydl.pipelines.r_interface:pipeline_open"),
    "pipeline_draws": Entry("tidydl.pipelines.r_interface:pipeline_draws"),
    "pipeline_run": Entry("tidydl.pipelines.r_interface:pipeline_run", arguments=(ROW,)),
    "pipeline_augment": Entry("tidydl.pipelines.r_interface:pipeline_augment"),
    "forget": Entry("tidydl.pipelines.model_loading:forget"),
    "embed_run": Entry("tidydl.pipelines.r_interface:embed_run", index=(ROW,)),
    "similarity": Entry("tidydl.pipelines.similarity:similarity", index=ROWS, arguments=(ROW,)),
    "result_frame": Entry("tidydl.bridge.result_frames:result_frame"),
    "widen": Entry("tidydl.pipelines.r_interface:wide_columns", arguments=(ROW,)),
}


def resolve(name: str) -> tuple[Entry, Callable[..., Any]]:
    """Find an entry and load its function."""
    if name not in ENTRIES:
        raise unknown_name("name", name, ENTRIES, error=BridgeError, hint="Reinstall tidydl.")
    entry = ENTRIES[name]
    module, _, function = entry.path.partition(":")
    return entry, getattr(importlib.import_module(module), function)
