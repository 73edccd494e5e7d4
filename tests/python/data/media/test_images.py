"""Images in data frames survive what people do with frames, and say clearly what is wrong with them."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow

from support import ROOT
from tidydl.data.media.image import Image, ImageArray, as_image
from tidydl.errors import ArgumentError, ColumnError, DamagedFileError, DataError, NotFoundError
from tidydl.plots.image_grid import image_layout, plot_images

RAMP = np.arange(64, dtype="uint8").reshape(8, 8)


def encoded(array=RAMP, kind="PNG", **options):
    stream = io.BytesIO()
    Pillow.fromarray(array).save(stream, format=kind, **options)
    return stream.getvalue()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rämp 1.png"
    path.write_bytes(encoded())
    return path


@pytest.fixture
def frame():
    images = ImageArray([RAMP, None, np.zeros((3, 5, 3)), Pillow.new("L", (2, 2))])
    return pd.DataFrame({"a": range(4), "image": images})


def test_every_form_of_an_image_gives_the_same_pixels(file):
    opened = Pillow.open(file)
    forms = (
        file,
        str(file),
        encoded(),
        RAMP,
        opened,
        {"bytes": encoded(), "path": None},
        {"path": str(file)},
    )
    for form in forms:
        assert (as_image(form).array() == RAMP).all()
        assert repr(as_image(form)) == "<img 8×8 L>"


def test_fractions_are_pixels_from_0_to_255():
    assert as_image(np.array([[0, 0.5], [0.25, 1]])).array().tolist() == [[0, 128], [64, 255]]


def test_width_comes_before_height_and_exif_turns():
    lying = as_image(encoded(np.zeros((3, 5), "uint8"), "JPEG", exif=bytes_of_orientation(6)))
    assert (lying.width, lying.height) == (3, 5) == lying.pil().size
    assert as_image(np.zeros((3, 5))).width == 5


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_files_and_pil_images_are_turned_alike(kind, orientation):
    content = encoded(np.random.default_rng(1).integers(0, 256, (4, 10, 3), "uint8"), kind, exif=exif_of(orientation))
    from_file, from_pil = as_image(content), as_image(Pillow.open(io.BytesIO(content)))
    lies = orientation > 4
    assert (from_file.height, from_file.width) == from_file.array().shape[:2] == ((10, 4) if lies else (4, 10))
    np.testing.assert_array_equal(from_pil.array(), from_file.array())


def exif_of(value):
    exif = Pillow.Exif()
    exif[0x0112] = value
    return exif


def bytes_of_orientation(value):
    exif = Pillow.Exif()
    exif[0x0112] = value
    return exif.tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "HSV"])
def test_a_pil_image_of_any_mode_can_be_held(mode):
    held = as_image(Pillow.new(mode, (4, 3)))
    assert held.array().shape[:2] == (3, 4)


def test_a_url_is_not_fetched():
    with pytest.raises(ArgumentError, match="URL") as caught:
        as_image("https://example.org/a.png")
    assert "Download" in caught.value.hint


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"gone\.png"):
        as_image(tmp_path / "gone.png")


@pytest.mark.parametrize(
    "value",
    [3, object(), np.zeros(4), np.zeros((2, 2, 7)), np.zeros((0, 3)), np.array([[-1.0]]), np.array([[300]])],
)
def test_what_is_no_image_is_refused(value):
    with pytest.raises(ArgumentError, match="`image`"):
        as_image(value)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="folder"):
        as_image(tmp_path)


@pytest.mark.parametrize("content", [b"not an image", encoded()[:50], encoded()[:20]], ids=["text", "cut", "header"])
def test_a_damaged_file_is_named_when_it_is_looked_at(tmp_path, content):
    path = tmp_path / "dämaged.png"
    path.write_bytes(content)
    image = as_image(path)
    with pytest.raises(DamagedFileError, match=r"dämaged\.png"):
        image.array()


def test_a_damaged_image_does_not_break_the_printing_of_its_frame(tmp_path):
    path = tmp_path / "bad.png"
    path.write_bytes(b"nothing")
    assert "<img damaged>" in repr(pd.DataFrame({"image": ImageArray([path, RAMP])}))


def test_a_file_removed_later_is_not_found(file):
    image = as_image(file)
    file.unlink()
    assert repr(image) == "<img missing>"
    with pytest.raises(NotFoundError):
        image.pil()


def test_a_pixel_bomb_is_not_decoded():
    side = 60_000
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks
    )
    with pytest.raises(DamagedFileError, match="more pixels than is safe"):
        as_image(bomb).pil()


def test_images_stay_images_through_what_frames_do(frame):
    there = frame.merge(frame[["a"]], on="a").sort_values("a", ascending=False).reset_index(drop=True)
    for made in (
        frame[frame.a > 1],
        pd.concat([frame, frame]),
        frame.sample(3, random_state=1),
        frame.iloc[[3, 0]],
        frame.reindex([0, 99]),
        frame.head(0),
        frame.dropna(),
        frame.copy(deep=True),
        there,
        frame.assign(b=1),
    ):
        assert str(made["image"].dtype) == "image"
    assert there["image"][3] is frame["image"][0]


def test_missing_images_are_missing(frame):
    assert frame["image"].isna().tolist() == [False, True, False, False]
    assert frame.reindex([0, 99])["image"].isna().tolist() == [False, True]
    assert pd.DataFrame({"image": ImageArray([None, float("nan"), pd.NA])})["image"].isna().all()
    assert frame["image"].fillna(frame["image"][0]).notna().all()


def test_a_frame_shows_size_and_mode(frame):
    shown = repr(frame)
    assert "<img 8×8 L>" in shown
    assert "<img 5×3 RGB>" in shown


def test_zero_images_are_a_column_too():
    empty = pd.DataFrame({"image": ImageArray([])})
    assert (len(empty), str(empty["image"].dtype)) == (0, "image")
    assert "Empty DataFrame" in repr(empty)


def test_equal_images_are_found():
    column = pd.Series(ImageArray([RAMP, RAMP, None, RAMP.T]))
    assert column.duplicated().tolist() == [False, True, False, False]
    assert (column == column).tolist() == [True, True, False, True]


def test_an_image_can_be_put_in_place(frame):
    frame.loc[1, "image"] = as_image(RAMP)
    assert frame["image"][1] == as_image(RAMP)
    with pytest.raises(ArgumentError):
        frame["image"].array[0] = 17


def test_thousands_of_paths_become_images_without_being_decoded(file, monkeypatch):
    monkeypatch.setattr(Pillow, "open", lambda *_, **__: pytest.fail("an image was decoded"))
    column = ImageArray([file] * 10_000)
    taken = pd.DataFrame({"image": column}).query("index % 2 == 0")
    assert len(taken) == 5000


def test_one_image_needs_no_pandas():
    code = "import sys; from tidydl.data.media.image import as_image; print('pandas' in sys.modules)"
    source = ROOT / "python"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(source)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_the_image_class_is_exported():
    assert isinstance(as_image(RAMP), Image)


# Pictures of several


def test_the_layout_has_a_cell_for_each_image_and_its_very_pixels(frame):
    layout = image_layout(frame.iloc[[0]], caption="")
    assert layout["cells"].columns.tolist() == ["cell", "row", "column", "caption", "x", "y"]
    pixels = layout["pixels"].pivot(index="y", columns="x", values="colour").sort_index(ascending=False)
    grey = [[f"#{v:02X}{v:02X}{v:02X}" for v in row] for row in RAMP.tolist()]
    assert pixels.to_numpy()[-9:-1, 1:9].tolist() == grey


def test_cells_are_filled_by_row_in_so_many_columns(frame):
    cells = image_layout(frame, ncol=3)["cells"]
    assert cells["row"].tolist() == [0, 0, 0, 1]
    assert cells["column"].tolist() == [0, 1, 2, 0]


def test_captions_are_columns_or_a_text_with_columns_in_it(frame):
    frame = frame.assign(label=["x", "y", "x", None], predicted="z", score=[0.25, 0.5, 1, 0.123])

    def captions(**how):
        return image_layout(frame, **how)["cells"]["caption"].tolist()

    assert captions() == ["x", "y", "x", "NA"]
    assert captions(caption="score") == ["0.25", "0.50", "1.00", "0.12"]
    assert captions(caption=["label", "predicted"])[0] == "x, z"
    assert captions(caption="label → predicted (score)")[1] == "y → z (0.50)"
    assert captions(caption="") == [""] * 4


def test_an_unknown_column_is_named_with_the_nearest(frame):
    with pytest.raises(ColumnError, match="imge") as caught:
        image_layout(frame, image="imge")
    assert "image" in caught.value.hint
    with pytest.raises(ColumnError, match="caption"):
        image_layout(frame, caption="lbl")


def test_a_seed_draws_the_same_rows_again():
    many = pd.DataFrame({"image": ImageArray([RAMP] * 50), "label": range(50)})
    drawn = [image_layout(many, n=5, seed=1)["cells"]["caption"].tolist() for _ in range(2)]
    assert drawn[0] == drawn[1] == ["3", "38", "0", "33", "22"]  # R: set.seed(1); sample(50, 5) - 1


def test_large_images_are_shrunk_and_missing_ones_keep_their_place():
    layout = image_layout([np.zeros((1000, 500)), None])
    assert len(layout["cells"]) == 2
    assert layout["pixels"]["x"].max() < 300


def test_no_rows_give_an_empty_layout_and_no_picture(frame):
    layout = image_layout(frame.head(0))
    assert (len(layout["cells"]), len(layout["pixels"])) == (0, 0)
    with pytest.raises(DataError, match="no rows"):
        plot_images(frame.head(0))


def test_a_damaged_image_in_a_picture_is_named(tmp_path):
    path = tmp_path / "bad.png"
    path.write_bytes(b"nothing")
    with pytest.raises(DamagedFileError, match=r"bad\.png"):
        plot_images([path])


def test_a_picture_can_be_saved(frame, tmp_path):
    plot_images(frame, caption="a").save(tmp_path / "grid.png", dpi=60, verbose=False)
    assert as_image(tmp_path / "grid.png").width > 50


def test_pixels_for_a_screen_have_four_channels_and_eight_bits():
    deep = Pillow.fromarray(np.array([[0, 1000], [2000, 4000]], dtype="uint16"))
    held = io.BytesIO()
    deep.save(held, "png")
    pixels = Image(held.getvalue()).rgba()
    assert pixels.shape == (2, 2, 4)
    assert pixels[..., 0].tolist() == [[0, 64], [128, 255]]
    assert (pixels[..., 3] == 255).all()


def test_a_pil_image_of_16_bits_keeps_its_values():
    pixels = np.array([[0, 1000, 40000]], dtype="uint16")
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, "TIFF")
    for image in (Pillow.open(stream), Pillow.open(stream).convert("I")):
        np.testing.assert_array_equal(as_image(image).array(), pixels)
    with pytest.raises(ArgumentError, match="pixels from"):
        as_image(Pillow.fromarray(np.array([[-1, 3]], dtype="int32")))
