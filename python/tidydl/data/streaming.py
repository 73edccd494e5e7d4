"""Data frames one after the other, of data that need not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from tidydl.data.column_kinds import kind_of
from tidydl.errors import ArgumentError, printable


class Stream:
    """A sequence of data frames, read lazily; created by :func:`tidydl.stream`.

    Each ``for`` loop starts from the first frame. All frames have the schema of the whole data set, and a consecutive
    index. A pipeline called with a stream returns a stream of results, and :func:`tidydl.write_dataset` writes a stream
    incrementally.

    Parameters
    ----------
    batches
        Yields the frames, starting from the first.
    empty
        A frame with no rows and the columns and dtypes of all.
    source
        A description of the source.
    batch_size
        Number of rows per frame, except the last.
    rows
        Number of rows; None if unknown.
    facts
        Metadata of the frames, stored in ``.attrs["tidydl"]``.
    types
        The Arrow types of columns of objects, which frames without a value do not show.
    reads
        Returns whether a file of some path would be read too if the stream were opened again.
    """

    def __init__(
        self,
        batches: Callable[[], Iterator[pd.DataFrame]],
        empty: pd.DataFrame,
        *,
        source: str,
        batch_size: int,
        rows: int | None = None,
        facts: Mapping[str, Any] | None = None,
        types: Mapping[str, Any] | None = None,
        reads: Callable[[str], bool] = lambda path: False,
    ):
        self._batches = batches
        self._empty = empty
        self.source = source
        self.batch_size = batch_size
        self.rows = rows
        self.facts = dict(facts or {})
        self.types = dict(types or {})
        self.reads = reads

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return self._batches()

    def __len__(self) -> int:
        """Return the number of frames, where the number of rows is known."""
        if self.rows is None:
            raise TypeError("the number of batches in this stream is not known")
        return max(1, -(-self.rows // self.batch_size))

    def __bool__(self) -> bool:
        return True  # also where there are no rows

    def __copy__(self) -> Stream:
        return self  # nothing of it changes

    def __deepcopy__(self, memo: object) -> Stream:
        return self

    def __reduce_ex__(self, protocol: object) -> Any:
        raise ArgumentError(
            "A stream cannot be pickled: it belongs to this session.",
            allowed="A data frame, or the path of a file.",
            hint="Write it with `write_dataset()` and pass the path, or call `stream()` in the other process.",
        )

    def check_output(self, path: str, argument: str) -> None:
        """Refuse a file whose rows the stream would read as data when it is opened again.

        Raises
        ------
        ArgumentError
            If it is in the folder, or matches the pattern, that is streamed.
        """
        if self.reads(path):
            raise ArgumentError(
                f"`{argument}` '{path}' is among the files of this stream, so its rows would be read again next time.",
                allowed="A file outside the folder that is streamed, or a name that its pattern does not match.",
            )

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self._empty.columns]

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each column: double, integer, string, label, image and so on."""
        return {name: kind_of(self._empty.iloc[:, k]) for k, name in enumerate(self.columns)}

    @property
    def empty(self) -> pd.DataFrame:
        """A frame with no rows and the columns and dtypes of all."""
        return self._empty.copy()

    def __repr__(self) -> str:
        rows = "some" if self.rows is None else f"{self.rows:,}"
        lines = [
            f"<tidydl stream: {self.source}>",
            f"  rows     {rows}, {self.batch_size:,} at a time",
            *(f"  {'columns' if not k else '       '}  {name}: {kind}" for k, (name, kind) in enumerate(self._shown())),
        ]
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        import html

        title, rows = repr(self).splitlines()[:2]
        table = pd.DataFrame(self._shown(), columns=["column", "kind"]).to_html(index=False)
        return f"<p>{html.escape(title.strip('<>'))}: {html.escape(' '.join(rows.split()))}</p>\n{table}"

    def _shown(self) -> list[tuple[str, str]]:
        kinds = list(self.kinds.items())
        return kinds if len(kinds) <= 12 else [*kinds[:11], ("…", f"{len(kinds) - 11} more")]
