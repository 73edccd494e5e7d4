"""Text as bytes: every string in UTF-8, terminated by a NUL, and the missing ones listed separately.

This is the form that R reads with ``readBin(raw, "character", n)`` and writes with ``writeBin(x, raw())``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    TextValues: TypeAlias = pd.Series | pd.api.extensions.ExtensionArray | np.ndarray | list[str | None]

REPLACEMENT = "\ufffd"
_LOOK = 1000  # values that are sampled to see whether a text repeats


class Repairs:
    """What had to be changed on the way to R, reported once as warnings."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    def tell(self, text: str) -> None:
        """Note a warning, once."""
        self._told.setdefault(text)

    @property
    def warnings(self) -> list[str]:
        """The warnings, in order."""
        return list(self._told)


def arrow_of_text(values: TextValues, name: str, repairs: Repairs) -> pa.Array:
    """Build an Arrow array of ``large_string`` that R can hold from a Series, an array or a list of strings.

    Lone surrogates are not text in any encoding; they become the replacement character.
    """
    import pyarrow as pa

    try:
        array = pa.array(values, type=pa.large_string(), from_pandas=True)
    except UnicodeEncodeError:
        repairs.tell(f"{name} has lone surrogates, which R cannot represent: replaced by '�'.")
        array = pa.array(
            [_whole(v) if isinstance(v, str) else v for v in values], type=pa.large_string(), from_pandas=True
        )
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def levels_of(texts: pa.Array) -> pa.DictionaryArray | None:
    """Write texts as codes and levels if they repeat a lot, else return None."""
    n = len(texts)
    if n < 2 * _LOOK:
        return None
    step = n // _LOOK
    seen = texts.take(np.arange(0, step * _LOOK, step))
    if len(seen.unique()) > _LOOK // 5:
        return None
    coded = texts.dictionary_encode()
    return coded if len(coded.dictionary) < n // 4 else None


def pack_text(texts: pa.Array, name: str, repairs: Repairs) -> dict[str, Any]:
    """Write an Arrow array of text as one bytearray and the positions of the missing, counted from 1."""
    n = len(texts)
    missing = np.flatnonzero(np.asarray(texts.is_null())).astype("int32") + 1 if texts.null_count else None
    data = _joined(texts)
    if _holds_nul(texts, data):
        repairs.tell(f"{name} has NUL characters, which R cannot represent: replaced by '�'.")
        data = _joined(_without_nul(texts))
    ascii_only = not n or bool(np.frombuffer(data, "uint8").max() < 128)
    record: dict[str, Any] = {"kind": "string", "n": n, "ascii": ascii_only, "data": data}
    if missing is not None:
        record["missing"] = bytearray(missing.astype("int32"))
    return record


def _joined(texts: pa.Array) -> bytearray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(texts):
        return bytearray()
    nothing, end = pa.scalar("", pa.large_string()), pa.scalar("\0", pa.large_string())
    filled = pc.fill_null(texts, nothing) if texts.null_count else texts
    # one list of all the texts, joined in one piece; the last one's end is put by hand
    together = pa.LargeListArray.from_arrays(pa.array([0, len(filled)], pa.int64()), filled)
    joined = pc.binary_join(together, end).buffers()[2]
    data = bytearray(0 if joined is None else memoryview(joined))
    data.append(0)
    return data


def _holds_nul(texts: pa.Array, data: bytearray) -> bool:
    values = texts.buffers()[2]
    # the least of all bytes is quick to find; only where it is 0 are the ends counted
    return values is not None and values.size > 0 and not _least(values) and data.count(0) != len(texts)


def _least(values: pa.Buffer) -> int:
    return int(np.frombuffer(values, "uint8").min())


def _without_nul(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.replace_substring(texts, "\0", REPLACEMENT)


def unpack_text(record: dict[str, Any]) -> pa.Array:
    """Read the Arrow array that R wrote."""
    import pyarrow as pa

    n = int(record["n"])
    data = np.frombuffer(record["data"], "uint8")
    ends = np.flatnonzero(data == 0)
    offsets = np.zeros(n + 1, "int64")
    offsets[1:] = ends - np.arange(n)
    mask = None
    if record.get("missing"):
        present = np.ones(n, bool)
        present[np.frombuffer(record["missing"], "int32") - 1] = False
        mask = pa.py_buffer(np.packbits(present, bitorder="little"))
    # Arrow's texts are contiguous, so the NULs come out
    values = pa.py_buffer(data[data != 0])
    return pa.Array.from_buffers(pa.large_string(), n, [mask, pa.py_buffer(offsets), values])


def text_of(record: dict[str, Any]) -> list[str | None]:
    """Read the texts that R wrote as a list, for the short ones: names, levels, single strings."""
    texts: list[str | None] = bytes(record["data"]).decode("utf-8").split("\0")[:-1]  # type: ignore[assignment]
    for position in np.frombuffer(record.get("missing") or b"", "int32"):
        texts[position - 1] = None
    return texts


def short_text(texts: Sequence[str | None], name: str, repairs: Repairs) -> dict[str, Any]:
    """Write a few texts without Arrow: names, levels, messages."""
    filled = ["" if text is None else text for text in texts]
    joined = "".join(f"{text}\0" for text in filled)
    if joined.count("\0") != len(filled) or not joined.isascii():
        filled = [_repaired(text, name, repairs) for text in filled]
        joined = "".join(f"{text}\0" for text in filled)
    data = bytearray(joined, "utf-8")
    record: dict[str, Any] = {"kind": "string", "n": len(filled), "ascii": data.isascii(), "data": data}
    missing = [i + 1 for i, text in enumerate(texts) if text is None]
    if missing:
        record["missing"] = bytearray(np.array(missing, "int32"))
    return record


def _repaired(text: str, name: str, repairs: Repairs) -> str:
    repaired = _whole(text.replace("\0", REPLACEMENT))
    if repaired != text:
        repairs.tell(f"{name} has NUL characters or lone surrogates, which R cannot represent: replaced by '�'.")
    return repaired
