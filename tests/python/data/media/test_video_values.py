"""Videos: some of their frames, decoded when they are needed, however the video comes."""

import importlib

import numpy as np
import pytest
from PIL import Image

from tidydl.data.media.video_value import Video, as_video
from tidydl.errors import ArgumentError, DamagedFileError, DependencyError, NotFoundError
from tiny.inputs import frames, moving, video, wav


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return video(tmp_path_factory.mktemp("video") / "fïlm 1.mkv", codec="ffv1", pixels="bgr0")


@pytest.fixture
def without_av(monkeypatch):
    usual = importlib.import_module

    def missing(name, *more):
        if name == "av":
            raise ImportError(name)
        return usual(name, *more)

    monkeypatch.setattr(importlib, "import_module", missing)


def test_every_form_of_a_video_gives_the_same_frames(file):
    pixels = frames()
    forms = (
        file,
        str(file),
        file.read_bytes(),
        {"path": str(file)},
        {"bytes": file.read_bytes(), "path": None},
        pixels,
        list(pixels),
        tuple(Image.fromarray(frame) for frame in pixels),
        as_video(file),
    )
    for form in forms:
        made = as_video(form)
        assert isinstance(made, Video)
        assert made.count == 12
        np.testing.assert_array_equal(made.frames([0, 3, 3, 11]), pixels[[0, 3, 3, 11]])


def test_frames_come_in_the_order_they_are_asked_for(file):
    np.testing.assert_array_equal(as_video(file).frames([7, 2]), frames()[[7, 2]])


def test_an_animated_gif_needs_no_pyav(without_av, tmp_path):
    content, pixels = moving()
    path = tmp_path / "a.gif"
    path.write_bytes(content)
    for form in (content, path):
        made = as_video(form)
        assert made.count == 5
        np.testing.assert_array_equal(made.frames([0, 2, 4]), pixels[[0, 2, 4]])


def test_a_video_that_is_no_picture_needs_pyav_and_says_so(without_av, file):
    with pytest.raises(DependencyError, match="PyAV") as caught:
        as_video(file).frames([0])
    assert "tidydl[video]" in caught.value.hint


def test_a_single_picture_is_a_video_of_one_frame(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(frames()[0]).save(path)
    assert as_video(path).count == 1
    np.testing.assert_array_equal(as_video([path]).frames([0]), frames()[:1])


def test_a_video_is_shown_by_its_path_or_its_frames(file):
    assert repr(as_video(file)) == str(file)
    assert repr(as_video(frames())) == "<video 12 frames>"


def test_equal_videos_have_equal_keys(file):
    assert as_video(file).key == as_video(str(file)).key
    assert as_video(frames()).key == as_video(list(frames())).key != as_video(frames(seed=2)).key


def test_a_header_that_promises_too_many_frames_gives_the_last_again(file, monkeypatch):
    made = as_video(file)
    monkeypatch.setitem(made.__dict__, "count", 20)
    np.testing.assert_array_equal(made.frames([10, 19]), frames()[[10, 11]])


def test_a_video_that_lacks_more_than_a_tenth_of_its_frames_is_truncated(tmp_path):
    content = video(tmp_path / "whole.avi", count=50).read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(content[: content.rfind(b"00dc", 0, len(content) // 2)])  # where a frame begins
    made = as_video(path)
    assert made.count == 50
    assert len(made.frames([0, 5])) == 2
    with pytest.raises(
        DamagedFileError, match=r"cut\.avi' is truncated: its header declares 50 frames, but only \d\d can be"
    ):
        made.frames([0, 49])


def test_a_path_may_begin_at_home(file, monkeypatch):
    monkeypatch.setenv("HOME", str(file.parent))
    assert as_video(f"~/{file.name}").count == 12


@pytest.mark.parametrize(
    ("value", "error", "what"),
    [
        ("https://example.org/a.mp4", ArgumentError, "URL"),
        ("gone.mp4", NotFoundError, r"gone\.mp4"),
        (".", ArgumentError, "folder"),
        (b"", DamagedFileError, "no bytes"),
        (3, ArgumentError, "not a video"),
        ([], ArgumentError, "not a video"),
        ([np.zeros((4, 4)), np.zeros((5, 4))], ArgumentError, "2 different sizes"),
        (np.full((2, 4, 4, 3), 300), ArgumentError, "`image`"),
    ],
    ids=str,
)
def test_what_is_no_video_is_refused(value, error, what):
    with pytest.raises(error, match=what):
        as_video(value)


@pytest.mark.parametrize("content", [b"no video at all", wav(), moving()[0][:200]], ids=["text", "sound", "cut"])
def test_a_damaged_video_is_named_when_it_is_looked_at(tmp_path, content):
    path = tmp_path / "dämaged.mp4"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"dämaged\.mp4"):
        as_video(path).frames([0, 4])
    with pytest.raises(DamagedFileError, match="given as bytes"):
        as_video(content).frames([0, 4])


def test_a_video_removed_later_is_not_found(tmp_path):
    path = video(tmp_path / "a.mp4")
    made = as_video(path)
    path.unlink()
    with pytest.raises(NotFoundError, match=r"a\.mp4"):
        made.frames([0])


def test_a_video_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    made = as_video(video(tmp_path / "a.mp4"))

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(DamagedFileError, match=r"a\.mp4' cannot be read: permission denied"):
        made.frames([0])
