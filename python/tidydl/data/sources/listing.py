"""The files of a data set by split, and the tables that were read of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from tidydl.data.readers.formats import TextOptions
from tidydl.data.sources.path_bounds import Bounds


@dataclass
class Raw:
    """What was read: one table per split, what the columns mean, and of which format the files were."""

    tables: dict[str, pa.Table]
    features: Mapping[str, Any]
    format: str
    files: int


@dataclass
class Listing:
    """The files of each split with the format of each, or tables where nothing more is to be read.

    ``features`` say what the columns mean where the files do not say it themselves. ``bounds`` are what paths in the
    files may not leave: by default the folder of each. ``index_base`` is the number from which row
    numbers are to count, where the files note how they do. ``options`` gives those of text files: the caller's, and
    else what a README sets.
    """

    format: str
    files: dict[str, dict[Path, str]] = field(default_factory=dict)
    tables: dict[str, pa.Table] | None = None
    features: Mapping[str, Any] = field(default_factory=dict)
    bounds: Bounds | None = None
    index_base: int = 0
    options: Callable[[TextOptions], TextOptions] = lambda options: options

    @property
    def splits(self) -> list[str]:
        """The names of the splits, in order."""
        return list(self.files if self.tables is None else self.tables)

    @property
    def count(self) -> int:
        """How many files there are."""
        return sum(len(files) for files in self.files.values())

    def bounds_of(self, file: Path) -> Bounds:
        """Return what paths in a file may not leave."""
        if self.bounds is not None and self.bounds.hold(file):
            return self.bounds
        return Bounds(file.parent, self.bounds is not None and self.bounds.trusted)
