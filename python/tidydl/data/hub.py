"""Load a data set of the Hugging Face Hub by ``datasets``; no code of the data set is ever run."""

from __future__ import annotations

import os
from typing import Any

from tidydl.data.decoding import features_of
from tidydl.data.resolving import Raw
from tidydl.errors import ArgumentError, HubError, NotFoundError

__all__ = ["read_hub"]


def read_hub(
    path: str,
    name: str | None,
    data_dir: str | None,
    data_files: Any,
    revision: str | None,
    *,
    splits: list[str] | None = None,
    token: str | bool | None = None,
    cache_dir: str | None = None,
    verify: bool = True,
) -> Raw:
    """Load the splits of ``owner/name`` from the Hub or from what was downloaded before; all where none are named."""
    import datasets

    try:
        made = datasets.load_dataset(
            path, name, data_dir=data_dir, data_files=data_files, revision=revision, token=token, cache_dir=cache_dir
        )
    except datasets.exceptions.DatasetNotFoundError as error:
        raise NotFoundError(
            f"`path` '{path}' is neither here nor on the Hub, or needs a login.",
            allowed="A folder, a file, or the 'owner/name' of a data set on the Hub.",
        ) from error
    except OSError as error:
        raise HubError(
            f"`path` '{path}' is not on this machine, and the Hugging Face Hub does not answer.",
            allowed="A folder, a file, or the 'owner/name' of a data set while the Hub can be reached.",
            hint=_mend(),
        ) from error
    except (ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ArgumentError(f"`path` '{path}' cannot be loaded from the Hub: {first}") from error
    tables = {str(split): part.with_format(None).data.table for split, part in made.items()}
    features = features_of(next(iter(tables.values())).schema)
    return Raw(tables, features, "hub", len(tables))


def _mend() -> str:
    named = [n for n in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE") if os.environ.get(n, "0") not in ("", "0")]
    off = f" {' and '.join(named)} keeps it off." if named else ""
    return f"For a folder, check its name in '{os.getcwd()}'; for the Hub, check the network.{off}"
