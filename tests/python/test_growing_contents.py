"""Small files that grow where they are read or scaled, and pipes in the place of files: errors at once."""

import json
import os
import random
import struct
import warnings
import zipfile

import pytest
from PIL import Image

import tiny
from support.hostile_files import light, png
from support.hostile_models import rewrite
from tidydl import load_dataset, load_model, pipeline
from tidydl.data.media.video_value import as_video
from tidydl.data.readers.json_names import check_names
from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError


@pytest.mark.parametrize("space", ["", "  "])
@pytest.mark.parametrize("inner", [False, True])
def test_records_that_each_have_names_of_their_own_are_refused(tmp_path, space, inner):
    start, end = ('{"a":', "}") if inner else ("", "}")
    lines = [f'{start}{{"k{i}"{space}:1}}{end if inner else ""}' for i in range(30_000)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    (tmp_path / "a.json").write_text(f"[{','.join(lines)}]")
    for name in ("a.jsonl", "a.json"):
        with light(), pytest.raises(DamagedFileError, match=rf"{name}'.* different names"):
            load_dataset(tmp_path / name)


def test_records_with_many_names_or_rows_are_read(tmp_path):
    records = [json.dumps({"abc"[i % 3]: f'": {i}'}) for i in range(200_000)]
    (tmp_path / "a.jsonl").write_text("\n".join(records))
    assert load_dataset(tmp_path / "a.jsonl").shape == (200_000, 3)
    check_names(b"\n".join(json.dumps({f"k{i}": 1 for i in range(3000)}).encode() for _ in range(100)))


def test_looking_through_a_large_file_draws_none_of_the_users_random_numbers():
    before = random.getstate()
    check_names(b'{"a": 1}\n' * 400_000)
    assert random.getstate() == before


def pipe_in(folder, name):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    return folder


@pytest.mark.parametrize("name", ["b.png", "metadata.csv", "b.csv", "b.zip"])
def test_a_pipe_among_the_files_of_a_data_set_is_not_waited_for(tmp_path, name):
    (tmp_path / "a.png").write_bytes(png(4, 4))
    with pytest.raises(NotFoundError, match="a pipe or a device"):
        load_dataset(pipe_in(tmp_path, name))


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_pipe_among_the_files_of_a_model_is_not_waited_for(tmp_path, name):
    folder = pipe_in(tiny.text_folder(tmp_path / "bert"), name)
    with pytest.raises(ArgumentError, match=f"'{name}' is a pipe or a device"):
        pipeline("text-classification", folder)


def test_a_pipe_is_no_image_and_no_saved_model(tmp_path):
    pipe_in(tmp_path, "x")
    with pytest.raises(ArgumentError, match="a pipe or a device"):
        as_video(tmp_path / "x")
    with pytest.raises(ArgumentError, match="a pipe or a device"):
        load_model(tmp_path / "x")


@pytest.mark.parametrize("size", [(1, 40_000), (40_000, 1)])
def test_thin_images_are_not_scaled_to_no_end(tmp_path, size):
    folder = tiny.image_folder(tmp_path / "vit")
    rewrite(folder / "preprocessor_config.json", size={"shortest_edge": 224}, crop_size=16, do_center_crop=True)
    classify = pipeline("image-classification", folder, image_processor=_by_edge(folder))
    with light(10), pytest.raises(ArgumentError, match=r"2nd value.*the model scales it to 224 by 8,960,000"):
        classify([Image.new("L", (16, 16)), Image.new("L", size)])
    found = classify([Image.new("L", (16, 160)), Image.new("L", size)], on_error="row")
    assert found[".row"].nunique() == 2


def _by_edge(folder):
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    return CLIPImageProcessorPil.from_pretrained(folder)


def gif(frames, side):
    """Make an animated image whose frames change one pixel each."""
    frame = b"!\xf9\x04\x08\x01\0\0\0" + b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return b"GIF89a" + struct.pack("<HH", side, side) + b"\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b";"


def test_an_animated_image_of_many_large_frames_is_refused_before_they_are_decoded():
    with light(), pytest.raises(DamagedFileError, match="more than is safe to decode"):
        _ = as_video(gif(5000, 9000)).count
    video = as_video(gif(5000, 100))
    assert video.frames([0, video.count - 1]).shape == (2, 100, 100, 3)


@pytest.mark.parametrize(
    "names", [("a.csv", "a.csv"), ("x/a.csv", "x//a.csv"), ("a.csv", "./a.csv"), ("a.csv", "a.csv\0b")]
)
def test_a_zip_file_whose_files_would_take_each_others_place_is_refused(tmp_path, names):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as held, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            held.writestr(name.replace("\0", "Z"), "a\n1\n")
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(b"a.csvZ", b"a.csv\0"))
    with pytest.raises(ArgumentError, match="twice"):
        load_dataset(tmp_path / "a.zip")


def test_frames_of_an_animated_image_are_not_kept_in_any_number():
    with light(), pytest.raises(DamagedFileError, match="in memory at once"):
        as_video(gif(100, 8000)).frames(range(10))


def test_frames_of_a_video_file_are_counted_as_they_are_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr("tidydl.data.media.decoding_limits._KEPT", 64 * 64 * 3)
    av = pytest.importorskip("av")
    with av.open(tmp_path / "a.mp4", "w") as container:
        stream = container.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
        for k in range(5):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts = k
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    video = as_video(tmp_path / "a.mp4")
    assert len(video.frames([0, 2, 4])) == 3
    with pytest.raises(DamagedFileError, match="in memory at once"):
        video.frames([0, 1, 2, 3])


def test_numbers_of_labels_in_a_readme_make_no_long_list(tmp_path):
    (tmp_path / "train.csv").write_text("a\n1\n")
    head = "---\ndataset_info:\n  features:\n  - name: a\n    dtype:\n      class_label:\n        names:\n"
    head += "          '0': x\n"
    (tmp_path / "README.md").write_text(f"{head}          '{10**8}': y\n---\n")
    with light(), pytest.raises(DamagedFileError, match="with gaps"):
        load_dataset(tmp_path)
    (tmp_path / "README.md").write_text(f"{head}          '1': y\n---\n")
    assert len(load_dataset(tmp_path)) == 1
