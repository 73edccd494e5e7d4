"""Contents that would start other programs or exhaust the machine, and files that may not be read."""

import ast
import errno
import gzip
import io
import json
import os
import struct
import sys
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import transformers.image_utils
from PIL import Image

import tidydl
import tiny
from support.hostile_files import light, png, zipped
from tidydl import load_dataset, stream
from tidydl.data.media.audio import as_audio
from tidydl.data.media.image import as_image
from tidydl.data.media.video_value import as_video
from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError, StorageError, TidydlError

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.fixture
def ghostscript(tmp_path, monkeypatch):
    """Put a program in the place of Ghostscript that leaves a trace."""
    program = tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/trace\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "trace"


def test_postscript_starts_no_program_wherever_images_are_read(ghostscript, tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(POSTSCRIPT)
    for given in (POSTSCRIPT, str(file), {"bytes": POSTSCRIPT, "path": None}, io.BytesIO(POSTSCRIPT)):
        assert repr(as_image(given)) == "<img damaged>"
        with pytest.raises(DamagedFileError):
            as_image(given if not hasattr(given, "seek") else POSTSCRIPT).pil()
    for doing in (lambda video: video.count, lambda video: video.rate, lambda video: video.frames([0])):
        with pytest.raises(DamagedFileError):
            doing(as_video(POSTSCRIPT))
    with pytest.raises(ArgumentError, match="format 'EPS'"):
        as_image(Image.open(io.BytesIO(POSTSCRIPT)))
    (tmp_path / "x").mkdir()
    file.rename(tmp_path / "x" / "a.png")
    assert [repr(image) for image in load_dataset(tmp_path / "x")["image"]] == ["<img damaged>"]
    assert not ghostscript.exists()
    with suppress(OSError):  # so the trace is what would be left
        Image.open(io.BytesIO(POSTSCRIPT)).load()
    assert set(ghostscript.read_text().split()) == {"ran"}


@pytest.mark.parametrize("form", ["PCX", "SGI", "ICNS", "DDS", "IM", "MSP", "SPIDER", "PALM", "QOI"])
def test_formats_that_nobody_keeps_data_in_are_not_opened(form):
    stream_ = io.BytesIO()
    try:
        Image.new({"MSP": "1", "SPIDER": "F"}.get(form, "RGB"), (20, 20)).save(stream_, form)
    except (OSError, KeyError, ValueError):
        pytest.skip("this Pillow writes none")
    assert repr(as_image(stream_.getvalue())) == "<img damaged>"


def test_images_are_opened_in_one_place_alone():
    opening = {"open", "load_image", "load_images", "load_video", "load_audio", "fromstring", "frombuffer"}
    modules = {"Image", "Pillow", "PIL", "image_utils", "transformers", "video_utils", "audio_utils"}
    found = set()
    for file in Path(tidydl.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in opening:
                if ast.unparse(node.func.value).rpartition(".")[2] in modules:
                    found.add((file.name, ast.unparse(node.func)))
            elif isinstance(node, ast.ImportFrom) and {each.name for each in node.names} & (opening - {"open"}):
                found.add((file.name, ast.unparse(node)))
    assert found == {("image_files.py", "Pillow.open")}


def test_no_model_reads_images_by_itself(ghostscript, monkeypatch, tmp_path):
    """What transformers loads images by is never reached, by bytes, paths or URLs."""

    reached = []
    for name in ("load_image", "load_images"):
        monkeypatch.setattr(transformers.image_utils, name, lambda *given, **_: reached.append(given))
    ppl = tidydl.pipeline("image-classification", str(tiny.image_folder(tmp_path / "vit")))
    file = tmp_path / "a.png"
    Image.new("RGB", (16, 16)).save(file)
    assert len(ppl([str(file), file.read_bytes(), Image.open(file)], top_k=1)) == 3
    with pytest.raises(TidydlError):
        ppl([POSTSCRIPT])
    with pytest.raises(ArgumentError):
        ppl(["http://127.0.0.1:9/x.png"])
    assert not reached
    assert not ghostscript.exists()


def test_images_of_too_many_pixels_are_refused_by_that_name_and_without_a_warning(recwarn):
    whole = png(100, 100)
    for width, height in ((10_000, 10_000), (30_000, 30_000), (2**31 - 1, 1000)):
        content = whole[:16] + struct.pack(">II", width, height) + whole[24:29]
        content += struct.pack(">I", zlib.crc32(content[12:29])) + whole[33:]
        with light():
            for read in (lambda image: image.pil(), lambda image: image.width):
                with pytest.raises(DamagedFileError, match="more pixels than is safe"):
                    read(as_image(content))
            with pytest.raises(DamagedFileError, match="more pixels than is safe"):
                as_video(content).frames([0])
    bomb = zlib.compress(bytes(40 * 2**20), 9)
    for name, head in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0")):
        with light(), pytest.raises(DamagedFileError):
            as_image(png(4, 4, (name, head + bomb))).pil()
    assert not recwarn.list


def wav(rate=8000, channels=1, bits=16, data=bytes(100), claimed=None):
    claimed, align = len(data) if claimed is None else claimed, channels * bits // 8
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * align % 2**32, align % 2**16, bits)
    return b"RIFF" + struct.pack("<I", (36 + claimed) % 2**32) + b"WAVEfmt " + form + b"data" + struct.pack(
        "<I", claimed
    ) + data  # fmt: skip


@pytest.mark.parametrize(
    "how",
    [{"rate": 0}, {"rate": 2**32 - 1}, {"channels": 65535}, {"channels": 0}, {"bits": 7}, {"claimed": 0x60000000}],
)
def test_sounds_that_claim_what_cannot_be_are_damaged(how):
    with light(5):
        sound = as_audio(wav(**how))
        repr(sound)
        with pytest.raises(DamagedFileError):
            sound.array(16000)


def test_a_slow_sound_is_not_resampled_to_billions_of_samples():
    sound = as_audio(wav(rate=1, data=bytes(200_000)))
    with light(), pytest.raises(DamagedFileError, match="536,870,912 samples"):
        sound.array(48000)
    assert len(sound.array(2)) == 200_000


def test_a_list_of_other_files_is_no_sound_and_no_video(tmp_path):
    pytest.importorskip("av")
    as_audio({"array": np.zeros(16000, "float32"), "sampling_rate": 16000}).save(tmp_path / "secret.wav")
    lists = {
        "a.mp3": "ffconcat version 1.0\nfile secret.wav\n",
        "b.mp3": f"#EXTM3U\n#EXTINF:1,\nfile://{tmp_path}/secret.wav\n#EXT-X-ENDLIST\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(DamagedFileError):
            as_audio(tmp_path / name).array()
        with pytest.raises(DamagedFileError):
            as_video(tmp_path / name).frames([0])


def test_a_path_of_a_sound_is_taken_for_no_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pytest.importorskip("soundfile")
    for name in ("file:a.wav", "concat:a|b.flac", "-", "pipe:0"):
        import soundfile

        form = "FLAC" if name.endswith("flac") else "WAV"
        soundfile.write(str(tmp_path / name), np.zeros(800), 8000, format=form)
        assert as_audio(name).duration == 0.1
        assert len(as_audio(name).array()) == 800


@pytest.mark.parametrize("make", [as_image, as_audio, as_video])
def test_what_stands_for_bytes_and_is_none_takes_no_memory(make):
    for wrong in (2**31, True, "x", 1.5, range(2**30), [[1]], [256]):
        with light(), pytest.raises(ArgumentError):
            make({"bytes": wrong, "path": None})
    for wrong in (5, ["a"], {"x": 1}):
        for content in (None, b"x"):
            with pytest.raises(ArgumentError):
                make({"bytes": content, "path": wrong})


@pytest.mark.parametrize("kind", ["S1000000", "U1000000", "V1000000", "array"])
def test_the_dtype_that_a_file_notes_does_not_widen_a_column(tmp_path, kind):
    table = pa.table({"x": ["a"] * 10_000, "n": range(10_000)})
    told = json.dumps({"dtypes": {"x": kind, "n": kind}})
    pq.write_table(table.replace_schema_metadata({"tidydl": told}), tmp_path / "a.parquet")
    with light():
        pd.testing.assert_frame_equal(load_dataset(tmp_path / "a.parquet"), table.to_pandas(), check_dtype=False)


@pytest.mark.parametrize("kind", ["datetime64[us, dateutil/{}]", "timestamp[us, tz=dateutil/{}][pyarrow]"])
def test_the_dtype_that_a_file_notes_opens_no_file(tmp_path, kind):
    opened = []
    (tmp_path / "zone-outside").write_bytes(b"TZif")
    kind = kind.format(tmp_path / "zone-outside")
    table = pa.table({"t": pa.array([1, 2], pa.timestamp("us", "UTC")), "d": pa.array(["a", "b"]).dictionary_encode()})
    told = json.dumps({"dtypes": {"t": kind, "d": "category"}, "levels": {"d": {"dtype": kind}}})
    pq.write_table(table.replace_schema_metadata({"tidydl": told}), tmp_path / "a.parquet")
    sys.addaudithook(lambda event, given: event == "open" and "zone-outside" in str(given[0]) and opened.append(given))
    found = load_dataset(tmp_path / "a.parquet")
    assert opened == []
    assert str(found["t"].dtype) == "datetime64[us, UTC]"
    assert found["d"].tolist() == ["a", "b"]


def test_the_dtype_that_a_file_notes_makes_no_truth_of_other_values(tmp_path):
    table = pa.table({"x": ["False", "no"], "n": [1, 2]})
    told = json.dumps({"dtypes": {"x": "bool", "n": "boolean"}})
    pq.write_table(table.replace_schema_metadata({"tidydl": told}), tmp_path / "a.parquet")
    assert load_dataset(tmp_path / "a.parquet").to_dict("list") == table.to_pydict()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("text", ['a,b\n1,"x\n2,y\n3,z\n', 'a,b\n1,"x\n2,y', 'a\n"x\n1\n', 'a,b\r\n1,"x\r\n2,y\r\n'])
def test_rows_behind_a_quote_that_nothing_closes_are_not_lost(tmp_path, text, packed):
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    with pytest.raises(DamagedFileError, match="unclosed quote"):
        load_dataset(path)
    with pytest.raises(TidydlError):
        list(stream(path))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_values_of_several_lines_are_read_where_their_quotes_are_closed(tmp_path, end):
    (tmp_path / "a.csv").write_bytes(f'a,b\n1,"x\ny"\n2,"z\n""w""\n"{end}'.encode())
    assert load_dataset(tmp_path / "a.csv")["b"].tolist() == ["x\ny", 'z\n"w"\n']


def test_images_that_are_in_no_row_are_told_of(tmp_path):
    for name in ("train/a.png", "bus/b.png"):
        (tmp_path / "named" / name).parent.mkdir(parents=True)
        (tmp_path / "named" / name).write_bytes(png(4, 4))
    with pytest.warns(UserWarning, match="Not loaded.*bus/b.png"):
        load_dataset(tmp_path / "named")
    (tmp_path / "named" / "metadata.csv").write_text("file_name,x\ntrain/a.png,1\n")
    (tmp_path / "named" / "train").rename(tmp_path / "named" / "cars")
    (tmp_path / "named" / "metadata.csv").write_text("file_name,x\ncars/a.png,1\n")
    with pytest.warns(UserWarning, match="Not loaded, because the metadata file does not list these files: .*b.png"):
        assert len(load_dataset(tmp_path / "named")) == 1


@pytest.mark.parametrize("name", ["../a.csv", "/tmp/a.csv", "d/../../a.csv", "..\\a.csv", "C:\\a.csv"])
def test_zip_files_write_nothing_outside(tmp_path, name):
    (tmp_path / "a.zip").write_bytes(zipped(("b.csv", "x\n1\n"), (name, "x\n2\n")))
    with pytest.raises(ArgumentError, match="outside its folder"):
        load_dataset(tmp_path / "a.zip")


@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary", "list", "struct"])
def test_text_of_parquet_that_is_no_utf8_is_found_when_it_is_loaded(tmp_path, kind):
    raw = pa.array([b"a", None, b"\xff\xfe", b"b"], pa.large_binary() if kind == "large_string" else pa.binary())
    text = pa.Array.from_buffers(pa.large_string() if kind == "large_string" else pa.string(), 4, raw.buffers())
    value = {
        "dictionary": lambda: pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 0]), text.drop_null()),
        "list": lambda: pa.ListArray.from_arrays(pa.array([0, 1, 2, 3, 4]), text),
        "struct": lambda: pa.StructArray.from_arrays([text], ["s"]),
    }.get(kind, lambda: text)()
    pq.write_table(pa.table({"n": [1, 2, 3, 4], "t": value}), tmp_path / "a.parquet", row_group_size=2)
    where = f"in column 't'{' of row 3, counted from 1' if 'string' in kind else ''}" if kind != "dictionary" else ""
    for read in (load_dataset, lambda path: list(stream(path, batch_size=1))):
        with pytest.raises(DamagedFileError, match=f"not UTF-8 text.*{where}"):
            read(tmp_path / "a.parquet")
    assert load_dataset(tmp_path / "a.parquet", columns="n")["n"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 100_000,
        '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
        "[" * 100_000,
        '{"a":' + "[" * 201 + '"' + '\\"' * 100_000,
    ],
)
def test_json_nested_too_deeply_is_an_error_at_once(tmp_path, name, text):
    for above in ("", '{"a": "[[[["}\n'):
        (tmp_path / name).write_text(above + text)
        for read in (load_dataset, stream):
            with light(), pytest.raises(TidydlError):
                read(tmp_path / name)


def test_brackets_in_texts_of_json_are_no_nesting(tmp_path):
    rows = [{"a": "[{" * 300, "b": [1]}, {"a": '\\"[' * 300, "b": None}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert load_dataset(tmp_path / "a.jsonl")["a"].tolist() == [row["a"] for row in rows]


@contextmanager
def somebody_else():
    """Be a user who may not read everything."""
    if not hasattr(os, "geteuid") or os.name != "posix":
        pytest.skip("there are no other users here")
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.json", "a.jsonl", "a.txt", "a.zip", "a.csv.gz"])
def test_files_that_may_not_be_read_are_told_of(tmp_path, name):
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055) if folder.stat().st_uid == os.geteuid() else None
    folder = tmp_path / "set"
    folder.mkdir(mode=0o755)
    (folder / name).write_bytes(b"a,b\n1,2\n")
    (folder / name).chmod(0)
    with somebody_else():
        for read in (load_dataset, stream):
            for path in (folder / name, folder):
                with pytest.raises(StorageError, match="permission denied"):
                    read(path)
    folder.chmod(0)
    with somebody_else():
        for path in (folder, folder / name, folder / "*.csv"):
            with pytest.raises(TidydlError):
                load_dataset(path)


def test_a_readme_that_may_not_be_read_hides_nothing(tmp_path):
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055) if folder.stat().st_uid == os.geteuid() else None
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "README.md").write_text("---\nconfigs: [{config_name: d, data_files: b.csv}]\n---\n")
    (tmp_path / "README.md").chmod(0)
    with somebody_else(), pytest.raises(StorageError, match="permission denied"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("fault", [FileNotFoundError, PermissionError, OSError(errno.EIO, "Input/output error")])
def test_files_that_vanish_or_fail_while_they_are_read_are_told_of(tmp_path, fault):
    frame = pd.DataFrame({"a": range(40_000), "b": "x"})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        opened = stream(tmp_path / name, batch_size=10)
        (tmp_path / name).unlink()
        with pytest.raises(NotFoundError):
            list(opened)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.csv").symlink_to(tmp_path / "set" / "gone.csv")
    with pytest.raises(TidydlError):
        load_dataset(tmp_path / "set")
