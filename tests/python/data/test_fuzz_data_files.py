"""Readers of data files that may come from anywhere: whatever the bytes, an answer or an error of ours, in bounds."""

import bz2
import gzip
import io
import json
import os
import random
import resource
import wave

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from fuzzing import mutated_bytes
from support.hostile_files import zipped
from tidydl import load_dataset, stream
from tidydl.data.media.audio import as_audio
from tidydl.data.media.image import as_image
from tidydl.data.media.video_value import as_video

pytestmark = pytest.mark.filterwarnings("ignore")  # decoders tell of damage that they read over

SECONDS = float(os.environ.get("TIDYDL_FUZZ_SECONDS", 1.0))
GIB = 2**30
FRAME = pd.DataFrame(
    {
        "id": ["007", "008", None],
        "n": [1, 2, 3],
        "x": [0.5, None, 1e300],
        "day": pd.to_datetime(["2024-01-01", None, "2024-02-29"]),
        "mood": pd.Categorical(["calm", "wild", "calm"]),
        "ok": [True, False, None],
    }
)


@pytest.fixture(autouse=True)
def bounded():
    """See that no try takes more than a gibibyte."""
    before = peak()
    yield
    assert peak() - before < GIB


def peak():
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def of_file(folder, name, *, streamed=True):
    """Build the reader of bytes that are a file of this name."""
    file = folder / name

    def read(given):
        file.write_bytes(given)
        found = load_dataset(file)
        frames = found.values() if isinstance(found, dict) else [found]
        for frame in frames:
            repr(frame)
        if streamed:
            for frame in stream(file, batch_size=2):
                repr(frame)

    return read


def fuzzed(read, seeds, **how):
    """Run a target; the valid seeds at least must be read."""
    for seed in seeds:
        assert mutated_bytes.outcome_of(read, seed) == "success"
    return mutated_bytes.run_target(read, seeds, SECONDS, **how)


def parquet(table, **how):
    sink = io.BytesIO()
    pq.write_table(table, sink, **how)
    return sink.getvalue()


def test_csv(tmp_path):
    seeds = [FRAME.to_csv(index=False).encode(), b'a,b\n"x ""y""\nz",1\n,\n', b"\xef\xbb\xbf,x,x\n1,2,3\n"]
    fuzzed(of_file(tmp_path, "a.csv"), seeds)


def test_packed_text(tmp_path):
    text = FRAME.to_csv(index=False).encode() * 20
    fuzzed(of_file(tmp_path, "a.csv.gz"), [gzip.compress(text)])
    fuzzed(of_file(tmp_path, "a.csv.bz2"), [bz2.compress(text)])


def test_json(tmp_path):
    records = json.loads(FRAME.to_json(orient="records", date_format="iso"))
    nested = [{"a": {"b": [1, 2], "e": {"c": None}}, "d": "2024-01-01T00:00:00.5"}, {"a": None, "d": None}]
    fuzzed(of_file(tmp_path, "a.json"), [json.dumps(records).encode(), json.dumps(nested).encode()])


def test_lines_of_json(tmp_path):
    seeds = [
        FRAME.to_json(orient="records", lines=True, date_format="iso").encode(),
        b'{"a":[1,2]}\n{"a":[]}\n{"a":null,"b":{"c":1}}\n',
    ]
    fuzzed(of_file(tmp_path, "a.jsonl"), seeds)


def test_text(tmp_path):
    fuzzed(of_file(tmp_path, "a.txt"), ["eins\nzwei\r\n\ndräi".encode()])


def described_parquet(rng):
    """Build a parquet file whose metadata say what is not so."""
    kinds = ["ClassLabel", "Image", "Audio", "List", "Value", "Sequence", "Video", "Array2D", "", None, 5]
    feature = {"_type": rng.choice(kinds), "names": rng.choice([["a"], {"0": "a"}, {"x": 1}, None, 3, []])}
    if rng.random() < 0.5:
        feature = {"_type": "List", "feature": rng.choice([feature, [feature], None, 7])}
    notes = {
        "dtypes": {"v": rng.choice(["int8", "image", "frames", "array", "nonsense", "object", 3, "datetime64[s]"])}
    }
    notes["levels"] = {"v": rng.choice([{"dtype": "image"}, {"dtype": "int64"}, {"huggingface": "{}"}, 4, None])}
    notes["r"] = rng.choice([{"v": {"class": "hms"}}, {"v": 1}, 5, None])
    values = rng.choice(
        [
            pa.array(["a", "b"]),
            pa.array([0, 1]),
            pa.array([[0], [1, 2]]),
            pa.array([{"bytes": None, "path": "/etc/hostname"}, {"bytes": b"x", "path": None}]),
            pa.array(["a", "b"]).dictionary_encode(),
            pa.array([[{"v": 1}], None]),
        ]
    )
    about = {"huggingface": json.dumps({"info": {"features": rng.choice([{"v": feature}, [1], "x"])}})}
    about["tidydl"] = json.dumps(rng.choice([notes, notes, [], {"dtypes": 1}]))
    about["pandas"] = rng.choice(["{}", "[", json.dumps({"index_columns": ["v"], "columns": 3})])
    return parquet(pa.table({"v": values}).replace_schema_metadata(about))


def test_parquet(tmp_path):
    nested = pa.table({"l": [[1, 2], None, []], "s": [{"a": "x"}, None, {"a": None}], "b": [b"1", None, b""]})
    plain = pa.Table.from_pandas(FRAME)
    seeds = [parquet(plain), parquet(plain, compression="zstd", row_group_size=1), parquet(nested)]
    fuzzed(of_file(tmp_path, "a.parquet"), seeds)


def test_what_parquet_says_of_its_columns(tmp_path):
    def made(_, rng):
        while True:
            yield described_parquet(rng)

    fuzzed(of_file(tmp_path, "a.parquet"), [parquet(pa.table({"v": [1]}))], mutate=made)


def encoded(form="PNG", frames=1, mode="RGB", **how):
    made = [Image.effect_noise((24, 16), 40).convert(mode) for _ in range(frames)]
    sink = io.BytesIO()
    more = {"save_all": True, "append_images": made[1:]} if frames > 1 else {}
    made[0].save(sink, form, **more, **how)
    return sink.getvalue()


def test_zip(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    tables = zipped(("train.csv", FRAME.to_csv(index=False)), ("d/test.csv", FRAME.to_csv(index=False)))
    fuzzed(of_file(tmp_path, "a.zip", streamed=False), [tables, zipped(("a/1.png", encoded()), ("b/1.png", encoded()))])
    assert not list((tmp_path / "cache").glob("unpacked/.begun-*"))


CARD = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: a.csv
  - split: test
    path: [b*.csv, sub/**]
  data_dir: .
dataset_info:
  features:
  - name: a
    dtype: int64
  - name: b
    dtype:
      class_label:
        names:
          '0': no
          '1': yes
---
# A page
"""


def test_readme(tmp_path):
    folder = tmp_path / "set"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.csv", "b1.csv", "sub/c.csv"):
        (folder / name).write_text("a,b\n1,1\n")

    def read(given):
        (folder / "README.md").write_bytes(given)
        repr(load_dataset(folder))

    seeds = [CARD.encode(), b"---\nconfigs: &x [{config_name: d, data_files: a.csv}]\n---\n"]
    fuzzed(read, seeds)


def test_images():
    def read(given):
        image = as_image(given)
        repr(image)
        image.array()

    forms = [("PNG", {}), ("JPEG", {}), ("GIF", {"frames": 2, "mode": "P"}), ("BMP", {}), ("TIFF", {}), ("WEBP", {})]
    forms += [("TIFF", {"compression": "tiff_lzw"}), ("PPM", {}), ("TGA", {}), ("ICO", {}), ("JPEG2000", {})]
    fuzzed(read, [encoded(form, **how) for form, how in forms])


def waves(width, channels):
    sink = io.BytesIO()
    with wave.open(sink, "wb") as held:
        held.setnchannels(channels)
        held.setsampwidth(width)
        held.setframerate(8000)
        held.writeframes(random.Random(0).randbytes(400 * width * channels))
    return sink.getvalue()


def heard(given):
    sound = as_audio(given)
    repr(sound)
    sound.array(16000)


def test_wav():
    floats = as_audio({"array": np.zeros((2, 100), "float32"), "sampling_rate": 44100}).bytes
    fuzzed(heard, [waves(1, 1), waves(2, 2), waves(3, 1), waves(4, 1), floats])


def test_other_sounds():
    soundfile = pytest.importorskip("soundfile")
    seeds = []
    for form in ("FLAC", "OGG", "MP3", "AIFF"):
        sink = io.BytesIO()
        soundfile.write(sink, np.sin(np.arange(4000) / 9), 8000, format=form)
        seeds.append(sink.getvalue())
    fuzzed(heard, seeds)


def video(form, codec):
    av = pytest.importorskip("av")
    sink = io.BytesIO()
    with av.open(sink, "w", format=form) as container:
        track = container.add_stream(codec, rate=5)
        track.width, track.height, track.pix_fmt = 32, 16, "yuv420p"
        for shade in range(4):
            made = av.VideoFrame.from_ndarray(np.full((16, 32, 3), 60 * shade, "uint8"), format="rgb24")
            for packet in track.encode(made):
                container.mux(packet)
        for packet in track.encode():
            container.mux(packet)
    return sink.getvalue()


def test_video():
    def read(given):
        video = as_video(given)
        video.rate  # noqa: B018
        video.frames(range(min(video.count, 5)))

    seeds = [encoded("GIF", frames=3, mode="P"), encoded("PNG", frames=3), encoded("WEBP", frames=2)]
    fuzzed(read, [*seeds, video("matroska", "mpeg4"), video("avi", "mpeg4")])
