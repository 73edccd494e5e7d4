"""Video classification: the numbers of transformers' own pipeline for the same frames, however videos come."""

import numpy as np
import pandas as pd
import pytest
import transformers
from PIL import Image

import tidydl
import tiny
from support.precision import SCORES, assert_near
from tidydl.errors import ArgumentError, ColumnError, DamagedFileError, NotFoundError
from tiny.inputs import frames, moving, video
from tiny.media import LABELS, kept


@pytest.fixture(scope="module")
def ppl():
    return tidydl.pipeline("video-classification", model=kept("videomae"), device="cpu")


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    return [str(video(folder / f"{i}.mp4", count=9 + 4 * i, seed=i)) for i in range(4)]


@pytest.fixture(scope="module")
def exact(tmp_path_factory):
    return str(video(tmp_path_factory.mktemp("videos") / "a.mkv", codec="ffv1", pixels="bgr0"))


@pytest.mark.parametrize("rate", [1, 2])
def test_scores_of_the_first_frames_equal_the_plain_pipeline(ppl, videos, rate):
    own = transformers.pipeline("video-classification", model=str(kept("videomae")), device="cpu")
    theirs = [line for path in videos for line in own(path, frame_sampling_rate=rate)]
    ours = ppl(videos, frame_sampling_rate=rate)
    assert len(ours) == len(theirs) == 20
    assert ours["label"].astype(object).tolist() == [line["label"] for line in theirs]
    assert_near(ours["score"], [line["score"] for line in theirs])


def by_hand(ppl, pixels):
    """Classify frames with the model alone, its best label first."""
    import torch

    processor = transformers.AutoImageProcessor.from_pretrained(kept("videomae"), backend="pil")
    with torch.no_grad():
        logits = ppl.model(processor(list(pixels), return_tensors="pt")["pixel_values"]).logits[0]
    return sorted(logits.softmax(-1).tolist(), reverse=True)


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ({}, [0, 3, 7, 11]),
        ({"frame_sampling_rate": 1}, [0, 1, 2, 3]),
        ({"frame_sampling_rate": 3}, [0, 3, 7, 11]),
        ({"frame_sampling_rate": 5}, [0, 6, 11, 11]),
    ],
    ids=str,
)
def test_frames_are_spread_over_the_video_or_follow_each_other(ppl, exact, options, seen):
    for x in (exact, frames()):
        found = ppl(x, **options)["score"]
        assert_near(found, by_hand(ppl, frames()[seen]))


def test_a_number_of_frames_that_the_model_cannot_see_is_refused(ppl, exact):
    assert_near(ppl(exact, num_frames=4)["score"], ppl(exact)["score"])
    with pytest.raises(ArgumentError, match="`num_frames` is 6") as caught:
        ppl(exact, num_frames=6)
    assert caught.value.allowed.startswith("4")


def test_another_error_of_the_model_is_not_blamed_on_the_number_of_frames(ppl, exact, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the kernel is broken")

    monkeypatch.setattr(ppl.model, "forward", fail)
    with pytest.raises(Exception, match="the kernel is broken") as caught:
        ppl(exact, num_frames=6)
    assert "num_frames" not in str(caught.value)


def test_a_video_shorter_than_what_is_seen_repeats_its_last_frame(ppl):
    short = frames(2)
    assert_near(ppl(short)["score"], by_hand(ppl, short[[0, 0, 0, 1]]))
    np.testing.assert_allclose(
        ppl(short, frame_sampling_rate=1)["score"], by_hand(ppl, short[[0, 1, 1, 1]]), atol=SCORES
    )


def test_a_video_scores_the_same_however_it_comes(ppl, exact, tmp_path):
    with open(exact, "rb") as file:
        content = file.read()
    pictures = [Image.fromarray(frame) for frame in frames()]
    expected = ppl(exact)["score"].to_numpy()
    for x in (content, frames(), pictures, [pictures], [exact], {"path": exact}, pd.DataFrame({"video": [exact]})):
        np.testing.assert_allclose(ppl(x)["score"], expected, atol=SCORES, err_msg=repr(type(x)))
    gif, pixels = moving()
    path = tmp_path / "a.gif"
    path.write_bytes(gif)
    for x in (gif, path, pixels):
        assert_near(ppl(x)["score"], by_hand(ppl, pixels[[0, 1, 2, 4]]))


def test_videos_of_several_sizes_share_a_batch_and_score_as_each_alone(ppl):
    some = [frames(seed=i, size=(20 + 4 * i, 32)) for i in range(5)]
    alone = pd.concat([ppl(each) for each in some])["score"].to_numpy()
    for options in ({}, {"batch_size": 3}, {"batch_size": 1}):
        assert_near(ppl(some, **options)["score"], alone)


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ppl, videos):
    results = [ppl(x) for x in ([], videos[0], videos[:2], [None])]
    assert {tuple(frame.columns) for frame in results} == {(".row", "video", "rank", "label", "score")}
    assert len({tuple(map(str, frame.dtypes)) for frame in results}) == 1
    assert [len(frame) for frame in results] == [0, 5, 10, 1]
    frame = ppl([videos[0], None, frames()], top_k=1)
    assert frame["video"].isna().tolist() == [False, True, False]
    assert frame["video"].tolist()[::2] == [videos[0], "<video 12 frames>"]
    assert frame["score"].isna().tolist() == [False, True, False]
    assert frame["label"].cat.categories.tolist() == LABELS


def test_the_task_is_read_from_the_model():
    assert tidydl.pipeline(model=kept("videomae")).task == "video-classification"


def test_videos_of_a_frame_are_joined_and_keep_their_index(ppl, videos):
    data = pd.DataFrame({"clip": videos[:2], "note": ["a", "b"]}, index=["x", "y"])
    assert ppl(data, video="clip", top_k=2).index.tolist() == ["x", "x", "y", "y"]
    joined = tidydl.augment(ppl, data, video="clip", top_k=2)
    assert joined.columns.tolist() == ["clip", "note", "label", "score", "label.1", "score.1"]
    assert tidydl.widen(ppl(videos, top_k=2)).columns.tolist()[2:] == ["label", "score", "label.1", "score.1"]
    held = pd.DataFrame({"n": [1, 2], "take": [frames(), None]})
    assert ppl(held, top_k=1)["score"].isna().tolist() == [False, True]
    with pytest.raises(ColumnError, match="no column"):
        ppl(data)


def test_a_failing_video_has_a_row_of_its_own(ppl, videos):
    frame = ppl([videos[0], b"no video", "gone.mp4", videos[1]], on_error="row", top_k=1)
    assert frame["score"].isna().tolist() == [False, True, True, False]
    assert "cannot be decoded" in frame[".error"][1]
    assert "gone.mp4" in frame[".error"][2]
    assert_near(frame["score"].iloc[[0, 3]], ppl(videos[:2], top_k=1)["score"])


@pytest.mark.parametrize(
    ("x", "error", "what"),
    [
        ("https://example.org/cat.mp4", ArgumentError, "URL"),
        (["absent.mp4"], NotFoundError, r"1st value.*absent\.mp4"),
        ([None, 3], ArgumentError, "2nd value"),
        ([frames(), b"no video"], DamagedFileError, "2nd value"),
    ],
    ids=["url", "absent", "number", "text"],
)
def test_what_is_no_video_is_refused_naming_the_value(ppl, x, error, what):
    with pytest.raises(error, match=what):
        ppl(x)


def test_a_model_of_something_else_does_not_fit(tmp_path):
    with pytest.raises(ArgumentError, match="This one is for 'image-classification'"):
        tidydl.pipeline("video-classification", model=tiny.image_folder(tmp_path / "vit"))
