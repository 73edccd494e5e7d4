"""Images of a data frame in a grid, each with a caption.

The layout, one grid of coloured pixels and one caption per image, is computed here and drawn with plotnine
here and with ggplot2 in R, so that both languages show the same plot.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl import rendering
from tidydl.boundaries import guarded
from tidydl.checks import check_count, described
from tidydl.columns import Contract, with_columns
from tidydl.errors import ArgumentError, ColumnError, DataError, nearest, one_of
from tidydl.plots.names import as_text

if TYPE_CHECKING:
    from tidydl.data.media.image import Image

CELLS = Contract.of(cell="index", row="index", column="index", caption="string", x="double", y="double")
PIXELS = Contract.of(x="integer", y="integer", colour="string")
LARGEST = 96  # pixels a side; larger images are shrunk
EMPTY = (255, 255, 255)
MISSING = (230, 230, 230)  # the square of a missing image
_TEXT_HEIGHT = 0.26  # of a caption, in sides of an image
_GAP = 0.12


@guarded
def plot_images(
    data: object,
    n: int = 12,
    image: str = "image",
    caption: str | Sequence[str] | None = None,
    ncol: int | None = None,
    seed: int | None = None,
) -> Any:
    """Plot the images of a data frame in a grid, each under its caption.

    Parameters
    ----------
    data
        A data frame with a column of images, or images.
    n
        Maximum number of images.
    image
        The column of images.
    caption
        One or several columns, or a string in which column names are replaced by their values, such as ``"label →
        predicted"``. By default the column ``label`` if there is one; ``""`` for none.
    ncol
        Number of images per row; by default about the number of rows.
    seed
        The seed for sampling ``n`` rows at random, those that R draws with this seed; by default the first ``n``.

    Returns
    -------
    plotnine.ggplot
        The plot; ``.save("file.png")`` writes it. Small images are enlarged without smoothing.

    Raises
    ------
    ColumnError
        The data lack a column.
    DataError
        There are no rows.
    DamagedFileError
        An image cannot be decoded.

    Examples
    --------
    >>> from tidydl import example_data, plot_images
    >>> picture = plot_images(example_data("digits", split="test"), n=6)
    """
    layout = image_layout(data, n, image, caption, ncol, seed)
    if not len(layout["cells"]):
        raise DataError("`data` has no rows, so there is no image to draw.", allowed="At least one row.")
    return _drawn(layout["cells"], layout["pixels"])


@guarded
def image_layout(
    data: object,
    n: int = 12,
    image: str = "image",
    caption: str | Sequence[str] | None = None,
    ncol: int | None = None,
    seed: int | None = None,
) -> dict[str, pd.DataFrame]:
    """Lay out images and captions in a grid; the arguments are those of :func:`plot_images`.

    ``cells``: cell, row and column (counted from the top left), caption, x and y (of the middle of the caption's
    bottom). ``pixels``: x, y (upwards), colour (``#RRGGBB``) of every pixel of the whole grid, gaps included. x and y
    are in pixels.
    """
    frame = _chosen(data, check_count("n", n, 1), image, seed)
    columns = _columns_of(len(frame), ncol)
    thumbnails = _same_size([_thumbnail(each) for each in frame[image]])
    captions = _captions(frame, caption)
    side = len(thumbnails[0]) if thumbnails else 1
    gap = max(1, round(_GAP * side))
    lines = max((text.count("\n") + 1 for text in captions if text), default=0)
    step_x, step_y = side + gap, side + gap + math.ceil(_TEXT_HEIGHT * side * lines)
    rows = math.ceil(len(frame) / columns)
    canvas = np.full((rows * step_y + gap, columns * step_x + gap, 3), EMPTY, dtype=np.uint8)
    cell = np.arange(len(frame))
    row, column = cell // columns, cell % columns
    tops, lefts = (row + 1) * step_y - side, column * step_x + gap
    for picture, top, left in zip(thumbnails, tops, lefts, strict=True):
        canvas[top : top + side, left : left + side] = picture
    cells = CELLS.frame(
        {
            "cell": cell,
            "row": row,
            "column": column,
            "caption": captions,
            "x": lefts + side / 2 - 0.5,
            "y": len(canvas) - tops + gap / 4,
        }
    )
    return {"cells": cells, "pixels": _pixels(canvas if len(frame) else canvas[:0])}


def _chosen(data: object, n: int, image: str, seed: int | None) -> pd.DataFrame:
    """Return the rows to draw, with the images as a column of dtype image."""
    from tidydl.data.media.image import ImageArray, ImageDtype
    from tidydl.rng import RandomNumbers

    if not isinstance(data, pd.DataFrame):
        values = data if isinstance(data, (list, tuple, pd.Series, ImageArray)) else [data]
        if isinstance(data, (int, float, bool)) or data is None:
            raise ArgumentError(f"`data` is {described(data)}.", allowed="A data frame with images, or images.")
        data = pd.DataFrame({image: ImageArray(values)})
    if not isinstance(image, str) or image not in data.columns:
        raise _no_column("image", image, data)
    picked = data.iloc[:n] if seed is None else data.iloc[RandomNumbers(seed).positions(len(data), min(n, len(data)))]
    if not isinstance(picked[image].dtype, ImageDtype):
        picked = with_columns(picked, {image: ImageArray(picked[image])})
    return picked


def _columns_of(cells: int, ncol: int | None) -> int:
    if ncol is not None:
        return min(check_count("ncol", ncol, 1), max(cells, 1))
    return max(1, math.ceil(math.sqrt(cells * 1.2)))


def _thumbnail(image: Image | None) -> np.ndarray | None:
    """Decode to height × width × 3, shrunk if it is large."""
    from PIL import Image as Pillow

    from tidydl.data.media.image_value import eight_bits

    if image is None:
        return None
    picture = eight_bits(image.pil())
    if picture.has_transparency_data:
        ground = Pillow.new("RGBA", picture.size, (*EMPTY, 255))
        picture = Pillow.alpha_composite(ground, picture.convert("RGBA"))
    picture = picture.convert("RGB")
    if max(picture.size) > LARGEST:
        picture.thumbnail((LARGEST, LARGEST), Pillow.Resampling.LANCZOS)
    return np.asarray(picture)


def _same_size(pictures: list[np.ndarray | None]) -> list[np.ndarray]:
    """Fit all into squares of one size, enlarged without smoothing and centred."""
    side = max((max(picture.shape[:2]) for picture in pictures if picture is not None), default=8)
    return [np.full((side, side, 3), MISSING, np.uint8) if p is None else _squared(p, side) for p in pictures]


def _squared(picture: np.ndarray, side: int) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    rows = np.minimum((np.arange(tall) / scale).astype(int), height - 1)
    columns = np.minimum((np.arange(wide) / scale).astype(int), width - 1)
    square = np.full((side, side, 3), EMPTY, np.uint8)
    top, left = (side - tall) // 2, (side - wide) // 2
    square[top : top + tall, left : left + wide] = picture[rows][:, columns]
    return square


def _captions(frame: pd.DataFrame, caption: str | Sequence[str] | None) -> list[str]:
    if caption is None:
        caption = "label" if "label" in frame.columns else ""
    if isinstance(caption, str) and caption in frame.columns:
        caption = [caption]
    if not isinstance(caption, str):
        if not hasattr(caption, "__iter__"):
            raise ArgumentError(
                f"`caption` is {described(caption)}.",
                allowed="One or more columns, or a text in which column names stand for their values.",
                hint='Write "" for none.',
            )
        return _joined(frame, caption)
    if not caption:
        return [""] * len(frame)
    names = sorted((str(name) for name in frame.columns), key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names))
    if not pattern.search(caption):
        raise _no_column("caption", caption, frame)
    return [
        pattern.sub(lambda match: _text(frame[match.group()].iloc[row]), caption)  # noqa: B023
        for row in range(len(frame))
    ]


def _joined(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in frame.columns:
            raise _no_column("caption", name, frame)
    return [", ".join(_text(frame[name].iloc[row]) for name in names) for row in range(len(frame))]


def _text(value: Any) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "NA"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _no_column(argument: str, name: object, frame: pd.DataFrame) -> ColumnError | ArgumentError:
    close = nearest(name, frame.columns)
    return ColumnError(
        f"`{argument}` {rendering.value(name)} is not a column of `data`."
        if isinstance(name, str)
        else f"`{argument}` is {described(name)}, which is not a column of `data`.",
        allowed=one_of(frame.columns),
        hint=f"Did you mean '{close}'?" if close else None,
    )


def _pixels(canvas: np.ndarray) -> pd.DataFrame:
    """Return the grid of pixels as rows of x, y and colour."""
    height, width = canvas.shape[:2]
    codes = canvas.reshape(-1, 3).astype(np.int32) @ np.array([65536, 256, 1])
    unique, which = np.unique(codes, return_inverse=True)
    colours = np.array([f"#{code:06X}" for code in unique], dtype=object)
    return PIXELS.frame(
        {
            "x": np.tile(np.arange(width), height),
            "y": np.repeat(np.arange(height - 1, -1, -1), width),
            "colour": colours[which] if len(codes) else [],
        }
    )


def _drawn(cells: pd.DataFrame, pixels: pd.DataFrame) -> Any:
    import plotnine as p9

    width, height = int(pixels["x"].max()) + 1, int(pixels["y"].max()) + 1
    inches = 1.3 * (int(cells["column"].max()) + 1)
    shown = pixels.astype({"x": "float64", "y": "float64"})
    return (
        p9.ggplot()
        + p9.geom_raster(p9.aes("x", "y", fill="colour"), shown)
        + p9.geom_text(p9.aes("x", "y", label="caption"), as_text(cells), va="bottom", size=9)
        + p9.scale_fill_identity()
        + p9.coord_fixed(expand=False)
        + p9.theme_void()
        + p9.theme(figure_size=(inches, inches * height / width), legend_position="none")
    )
