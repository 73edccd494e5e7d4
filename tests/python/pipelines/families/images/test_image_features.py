"""Features of images: the states of transformers' own pipeline, pooled or patch by patch, and what poolers make."""

import numpy as np
import pandas as pd
import pytest
import transformers

import tidydl
import tiny
import tiny.vision
from support.pandas_kinds import kinds
from support.precision import IN_IMAGES, assert_near
from tidydl.errors import ArgumentError
from tiny.inputs import damaged, picture, pictures

POOLS = {"mean": lambda x: x.mean(0), "cls": lambda x: x[0], "max": lambda x: x.max(0)}


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    return tiny.image_folder(tmp_path_factory.mktemp("model") / "vit", head="")


@pytest.fixture(scope="module")
def features(vit):
    return tidydl.pipeline(model=vit, device="cpu")


@pytest.fixture(scope="module")
def own(vit):
    return transformers.pipeline("image-feature-extraction", model=str(vit), device="cpu")


@pytest.fixture(scope="module")
def convolutional():
    return tidydl.pipeline(model=tiny.vision.kept("resnet"), device="cpu")


def numbers(frame):
    return frame.filter(like="dim_").to_numpy()


@pytest.mark.parametrize("pooling", list(POOLS))
def test_pooled_features_are_those_of_the_plain_states(features, own, pooling):
    assert features.task == "image-feature-extraction"
    expected = [POOLS[pooling](np.array(own(image)[0])) for image in pictures()]
    frame = features(pictures(), pooling=pooling)
    assert frame.columns.tolist()[:3] == [".row", "image", "dim_1"]
    assert_near(numbers(frame), expected)
    assert np.std(expected, axis=0).min() > 1e-3


def test_the_models_own_pooler_is_that_of_the_plain_pipeline(features, own):
    expected = [own(image, pool=True)[0] for image in pictures()]
    assert_near(numbers(features(pictures(), pooling="pooler")), expected, within=IN_IMAGES)
    assert_near(numbers(features(pictures(), pool=True)), expected, within=IN_IMAGES)


def test_without_pooling_each_patch_has_a_line(features, own):
    frame = features(pictures(), pooling="none")
    assert frame.columns.tolist()[:4] == [".row", "image", "patch", "dim_1"]
    assert_near(numbers(frame), np.vstack([own(image)[0] for image in pictures()]))
    assert frame.loc[frame[".row"] == 0, "patch"].tolist() == list(range(17))
    assert features.counted(frame.columns) == ("patch",)
    np.testing.assert_array_equal(numbers(frame), numbers(features(pictures(), pool=False)))


def test_a_convolutional_network_has_its_places_as_patches(convolutional):
    own = transformers.pipeline("image-feature-extraction", model=str(tiny.vision.kept("resnet")), device="cpu")
    states = [np.array(own(image)[0]).reshape(16, -1).T for image in pictures()]
    assert_near(numbers(convolutional(pictures(), pooling="none")), np.vstack(states))
    for pooling in ("mean", "max"):
        expected = [POOLS[pooling](each) for each in states]
        assert_near(numbers(convolutional(pictures(), pooling=pooling)), expected)
    pooled = [np.ravel(own(image, pool=True)) for image in pictures()]
    assert_near(numbers(convolutional(pictures(), pooling="pooler")), pooled)
    with pytest.raises(ArgumentError, match="no class token"):
        convolutional(picture(1), pooling="cls")


@pytest.mark.parametrize("pooling", ["mean", "pooler", "none"])
def test_normalised_features_have_length_one(features, pooling):
    plain, scaled = (numbers(features(pictures(), pooling=pooling, normalize=flag)) for flag in (False, True))
    assert_near(scaled, plain / np.linalg.norm(plain, axis=1, keepdims=True))


def test_features_are_the_embeddings_of_the_same_model(features, vit):
    images = [picture(1), None, picture(2)]
    pd.testing.assert_frame_equal(features(images, normalize=True), tidydl.embed(images, vit, device="cpu"))


@pytest.mark.parametrize("pooling", ["mean", "pooler", "none"])
def test_columns_and_kinds_are_the_same_for_none_one_and_many(features, convolutional, pooling):
    for ppl in (features, convolutional):
        frames = [ppl(x, pooling=pooling) for x in ([], picture(1), [picture(1), None], [None])]
        assert len({kinds(frame) for frame in frames}) == 1
        assert len(frames[0]) == 0
        assert len(frames[2]) == len(frames[1]) + 1
        assert frames[3].drop(columns=".row").isna().all(axis=None)


def test_a_network_whose_config_does_not_say_its_width_has_the_same_columns_for_none(tmp_path):
    folder = tiny.vision.mobilevit_folder(tmp_path / "mobile")
    ppl = tidydl.pipeline(model=folder, device="cpu")
    assert kinds(ppl([])) == kinds(ppl(picture(1)))
    assert ppl([]).columns[-1] == "dim_24"
    assert kinds(tidydl.embed([], folder)) == kinds(ppl(picture(1)))


@pytest.mark.parametrize("pooling", ["mean", "none"])
def test_images_of_all_sizes_have_the_features_they_have_alone(features, convolutional, pooling):
    for ppl in (features, convolutional):
        together = ppl(pictures(), pooling=pooling, batch_size=3)
        alone = pd.concat([ppl(image, pooling=pooling) for image in pictures()])
        assert_near(numbers(together), numbers(alone))


def test_features_join_the_data_unless_there_is_one_per_patch(features):
    data = pd.DataFrame({"scan": [picture(1), None], "n": [1, 2]}, index=["x", "y"])
    joined = tidydl.augment(features, data, image="scan")
    assert joined.columns.tolist()[:3] == ["scan", "n", "dim_1"]
    assert joined["dim_1"].isna().tolist() == [False, True]
    assert set(features(data, image="scan", pooling="none").index) == {"x", "y"}
    with pytest.raises(ArgumentError, match="any number of results"):
        tidydl.augment(features, data, image="scan", pooling="none")


def test_what_fails_is_a_row_or_an_error(features):
    frame = features([damaged(), picture(1)], on_error="row")
    assert frame[".error"].notna().tolist() == [True, False]
    assert frame["dim_1"].isna().tolist() == [True, False]
    with pytest.raises(tidydl.errors.DamagedFileError, match="1st value"):
        features([damaged(), picture(1)])
    with pytest.raises(ArgumentError, match="does not fit the task"):
        tidydl.pipeline("image-feature-extraction", model=tiny.kept("encoder"))


def test_a_pooler_that_is_not_in_the_files_is_refused(vit, tmp_path):
    import torch

    torch.manual_seed(1)
    bare = tmp_path / "bare"
    config = transformers.AutoConfig.from_pretrained(vit)
    transformers.ViTModel(config, add_pooling_layer=False).save_pretrained(bare)
    ppl = tidydl.pipeline(model=bare, image_processor=vit, device="cpu")
    assert len(ppl(picture(1))) == 1
    for x in (picture(1), []):
        with pytest.raises(ArgumentError, match="lack the weights of a pooler"):
            ppl(x, pooling="pooler")
    model = transformers.ViTModel(config, add_pooling_layer=False)
    with pytest.raises(ArgumentError, match="has no pooler"):
        tidydl.pipeline("image-feature-extraction", model=model, image_processor=vit)(picture(1), pooling="pooler")


def test_the_pooler_of_an_encoder_of_texts_is_that_of_its_model():
    ppl = tidydl.pipeline(model=tiny.kept("encoder"), device="cpu")
    texts = tiny.sentences(6)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny.kept("encoder"))
    model = transformers.AutoModel.from_pretrained(tiny.kept("encoder"))
    expected = [model(**tokenizer(text, return_tensors="pt")).pooler_output[0].detach().numpy() for text in texts]
    frame = ppl([*texts, None], pooling="pooler")
    assert_near(numbers(frame)[:6], expected, within=IN_IMAGES)
    assert kinds(ppl([], pooling="pooler")) == kinds(frame)
    assert frame["dim_1"].isna().tolist() == [False] * 6 + [True]


@pytest.mark.parametrize("name", [name for name in tiny.vision.MODELS if name != "omdet"])
def test_images_are_scaled_by_pillow(name):
    kind = type(tidydl.pipeline(model=tiny.vision.kept(name))._loaded.image_processor).__name__
    assert kind.endswith("ImageProcessorPil")
