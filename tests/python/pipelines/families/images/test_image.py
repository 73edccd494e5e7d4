"""Image classification: the numbers of transformers' own pipeline in a tidy frame, however images come."""

import numpy as np
import pandas as pd
import pytest
import transformers
from PIL import Image

import tidydl
import tiny
from support.precision import SCORES, assert_near
from tidydl.errors import ArgumentError, ColumnError, DamagedFileError, NotFoundError
from tiny.inputs import encoded, picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.image_folder(tmp_path_factory.mktemp("model") / "vit")


@pytest.fixture(scope="module")
def ppl(folder):
    return tidydl.pipeline("image-classification", model=folder, device="cpu")


def test_scores_equal_the_plain_pipeline_one_image_at_a_time(ppl, folder, tmp_path):
    pictures = [picture(i, size=(10 + i, 40 - i), mode=mode) for i, mode in enumerate(["RGB", "L", "RGBA", "P", "1"])]
    paths = []
    for i, image in enumerate(pictures):
        paths.append(str(tmp_path / f"{i}.png"))
        image.save(paths[-1])
    own = transformers.pipeline("image-classification", model=str(folder), device="cpu")
    theirs = [line for path in paths for line in own(path, top_k=7)]
    ours = ppl(paths, top_k=None)
    assert ours["label"].astype(object).tolist() == [line["label"] for line in theirs]
    assert_near(ours["score"], [line["score"] for line in theirs])


def test_a_photo_on_its_side_is_turned_upright_as_transformers_does(ppl, folder, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "side.jpg"
    picture(3).save(path, exif=exif, quality=95)
    own = transformers.pipeline("image-classification", model=str(folder), device="cpu")
    assert ppl(path)["score"].iloc[0] == pytest.approx(own(str(path))[0]["score"], abs=SCORES)


def test_five_ranks_by_default(ppl):
    frame = ppl([picture(1), None, picture(2)])
    assert frame.columns.tolist() == [".row", "image", "rank", "label", "score"]
    assert frame["rank"].tolist() == [1, 2, 3, 4, 5, pd.NA, 1, 2, 3, 4, 5]
    assert frame[".row"].tolist() == [0] * 5 + [1] + [2] * 5
    assert str(frame["image"].dtype) == "image"
    assert frame["label"].isna().sum() == frame["image"].isna().sum() == 1


def test_top_k_one_has_no_rank_and_none_gives_all(ppl):
    assert ppl(picture(1), top_k=1).columns.tolist() == [".row", "image", "label", "score"]
    assert len(ppl(picture(1), top_k=None)) == 7
    assert len(ppl(picture(1), return_all_scores=True)) == 7


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ppl):
    frames = [ppl(x) for x in ([], picture(1), [picture(1), picture(2)], [None])]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 5, 10, 1]


def test_an_image_scores_the_same_however_it_comes(ppl, tmp_path):
    image = picture(5)
    path = tmp_path / "a.png"
    image.save(path)
    expected = ppl(image)["score"].to_numpy()
    ways = [
        str(path),
        path,
        encoded(image),
        np.asarray(image),
        np.asarray(image)[None],
        {"bytes": encoded(image), "path": None},
        [path],
        pd.Series([image]),
        pd.DataFrame({"image": [str(path)]}),
        pd.DataFrame({"n": [1], "scan": [encoded(image)]}),
    ]
    for way in ways:
        np.testing.assert_allclose(ppl(way)["score"], expected, atol=SCORES, err_msg=repr(type(way)))


def test_an_image_column_of_a_data_set_is_found_and_keeps_its_index(ppl):
    from tidydl.data.media.image import ImageArray

    data = pd.DataFrame({"scan": ImageArray([picture(1), None]), "note": ["a", "b"]}, index=["x", "y"])
    assert ppl(data, top_k=2).index.tolist() == ["x", "x", "y"]
    with pytest.raises(ColumnError, match="no column"):
        ppl(data[["note"]])
    with pytest.raises(ColumnError, match="Did you mean 'scan'"):
        ppl(data, image="scn")
    joined = tidydl.augment(ppl, data, image="scan", top_k=2)
    assert joined.columns.tolist() == ["scan", "note", "label", "score", "label.1", "score.1"]


def test_equal_images_are_computed_once(ppl):
    seen = []
    hook = ppl.model.register_forward_pre_hook(lambda m, a, k: seen.append(len(k["pixel_values"])), with_kwargs=True)
    try:
        ppl([picture(1), picture(1), picture(2), None, picture(1)])
    finally:
        hook.remove()
    assert sum(seen) == 2


def test_a_grey_model_reads_grey_images(tmp_path):
    grey = tidydl.pipeline(model=tiny.image_folder(tmp_path / "grey", channels=1))
    assert len(grey([picture(1), picture(1, mode="L")], top_k=1)) == 2


@pytest.mark.parametrize(
    ("x", "error", "what"),
    [
        ("https://example.org/cat.png", ArgumentError, "URL"),
        (["absent.png"], NotFoundError, "1st value.*absent.png"),
        ([None, 3], ArgumentError, "2nd value"),
        ([encoded(picture(1)), encoded(picture(2))[:60]], DamagedFileError, "2nd value"),
        ([b"not an image"], DamagedFileError, "1st value"),
        (np.full((4, 4), 300), ArgumentError, "1st value"),
    ],
    ids=["url", "absent", "number", "cut", "text", "range"],
)
def test_what_is_no_image_is_refused_naming_the_value(ppl, x, error, what):
    with pytest.raises(error, match=what):
        ppl(x)


def test_a_text_model_does_not_fit_and_says_what_it_does(tmp_path):
    with pytest.raises(ArgumentError, match="This one is for 'text-classification'"):
        tidydl.pipeline("image-classification", model=tiny.text_folder(tmp_path / "bert"))


def test_a_folder_without_an_image_processor_says_so(folder, tmp_path):
    bare = tmp_path / "bare"
    transformers.AutoModelForImageClassification.from_pretrained(folder).save_pretrained(bare)
    with pytest.raises(NotFoundError, match="no image processor"):
        tidydl.pipeline(model=bare)
    assert len(tidydl.pipeline(model=bare, image_processor=folder)(picture(1))) == 5
    assert len(tidydl.pipeline(model=bare, feature_extractor=folder)(picture(1))) == 5
