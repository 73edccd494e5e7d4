"""Data and models that work without a network."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tidydl.boundaries import guarded
from tidydl.checks import described
from tidydl.data.loading import load_dataset
from tidydl.data.sources.paths import FILES
from tidydl.errors import ArgumentError, one_of, unknown_name


def examples() -> pd.DataFrame:
    """List the example data and models.

    Returns
    -------
    pandas.DataFrame
        One row per example: ``name``, ``kind`` ('data' or 'model'), ``rows`` (missing for models),
        ``description``, ``source``, ``licence``.

    Raises
    ------
    Nothing
        The list is part of the package.

    Examples
    --------
    >>> examples()[["name", "kind", "rows"]].head(2)
         name  kind  rows
    0  digits  data  1797
    1  anes96  data   944
    """
    listed = pd.DataFrame(_catalogue())
    listed["kind"] = pd.Categorical(listed["kind"], categories=["data", "model"])
    listed["rows"] = listed["rows"].astype("Int64")
    columns = ["name", "kind", "rows", "description", "source", "licence"]
    return listed[columns].astype({name: "str" for name in columns if name not in ("kind", "rows")})


@guarded
def example_data(name: str, split: str | None = None) -> pd.DataFrame:
    """Load example data.

    Parameters
    ----------
    name
        'digits', 'anes96', 'emotion', 'diary' or 'bigfive'; see :func:`examples`.
    split
        For 'digits' and 'emotion': 'train', 'test', or a slice such as 'train[:10%]'. By default all rows, with a
        column ``split`` if the data have splits.

    Returns
    -------
    pandas.DataFrame
        digits: image, label; anes96: popul, TVnews, selfLR, ClinLR, DoleLR, PID, age, educ, income, vote,
        logpopul; emotion: text, label; diary: person, day, mood, text; bigfive (simulated): CASE,
        agreeableness, conscientiousness, extraversion, neuroticism, openness, age, gender, education.

    Raises
    ------
    NotFoundError
        The example or split does not exist.
    ArgumentError
        The data have no splits.

    Examples
    --------
    >>> example_data("digits", split="test").head(2)
             image label
    0  <img 8×8 L>     0
    1  <img 8×8 L>     1
    """
    example = _example_entry(name, "data")
    frame: Any = load_dataset(FILES / example["file"])
    for column, levels in example.get("levels", {}).items():
        frame[column] = frame[column].astype("str").astype(_categories(levels))
    frame.attrs["tidydl"] = {
        "task": "example_data",
        "name": name,
        "source": example["source"],
        "licence": example["licence"],
    }
    return frame if split is None else _split(frame, name, split)


@guarded
def example_model(name: str) -> str:
    """Return the folder of an example model.

    Parameters
    ----------
    name
        'digits' (images), 'emotion' (texts) or 'minilm' (an encoder of texts). The last two need the ``minilm`` extra;
        'emotion' is assembled in the cache folder on first use.

    Returns
    -------
    str
        The path of a model folder that ``pipeline()``, ``embed()`` and plain ``transformers`` load.

    Raises
    ------
    NotFoundError
        The model does not exist.
    DependencyError
        The package with the encoder is not installed.
    StorageError
        The cache folder cannot be written.

    Examples
    --------
    >>> import os
    >>> os.path.exists(os.path.join(example_model("digits"), "config.json"))
    True
    """
    from tidydl.data.example_models import assembled, encoder_folder

    _example_entry(name, "model")
    if name == "minilm":
        return str(encoder_folder())
    folder = FILES / "models" / name
    return str(assembled(folder) if (folder / "head.json").is_file() else folder)


def _catalogue() -> list[dict[str, Any]]:
    return json.loads((FILES / "examples.json").read_text("utf-8"))


def _example_entry(name: object, kind: str) -> dict[str, Any]:
    by_name = {example["name"]: example for example in _catalogue() if example["kind"] == kind}
    if not isinstance(name, str):
        raise ArgumentError(f"`name` is {described(name)}.", allowed=one_of(by_name), hint="examples() lists them all.")
    if name not in by_name:
        raise unknown_name("name", name, by_name, hint="examples() lists them all.")
    return by_name[name]


def _categories(levels: list[str] | None) -> Any:
    """Build the categorical kind with these levels, or with those in the data in sorted order."""
    return "category" if levels is None else pd.CategoricalDtype(levels)


def _split(frame: pd.DataFrame, name: str, split: object) -> pd.DataFrame:
    """Pick the rows of a split or of a slice of one; the column ``split`` says nothing more then."""
    from tidydl.data.splits import ALL, pick

    if not isinstance(split, str):
        raise ArgumentError(f"`split` is {described(split)}.", allowed="A text such as 'train[:10%]'.")
    if split == ALL:
        return frame
    if "split" not in frame:
        raise ArgumentError(
            f"`split` is {split!r}, but '{name}' has no splits.",
            hint="Leave `split` out.",
        )
    member = frame["split"]
    rows = {s: pa.table({"row": np.flatnonzero(member == s)}) for s in member.cat.categories}
    picked = frame.iloc[pick(rows, split).column("row").to_numpy()].drop(columns="split")
    picked = picked.reset_index(drop=True)
    picked.attrs["tidydl"] = frame.attrs["tidydl"] | {"split": split}
    return picked
