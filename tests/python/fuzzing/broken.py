"""Broken files: data files of every format, saved networks and model folders, each with one thing wrong."""

import functools
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

__all__ = ["file", "folder", "saved"]

_count = iter(range(10**9))


def _place(folder, name):
    path = folder / "broken" / f"{next(_count)}" / name
    path.parent.mkdir(parents=True)
    return path


def file(folder, draw):
    """Write a data file with something wrong: cut, with bytes changed, or one of those that break readers."""
    if draw.random() < 0.5:
        name, content = draw.choice(_known())
        path = _place(folder, name)
        path.write_bytes(content)
        return path.parent if draw.random() < 0.3 else path
    name, content = draw.choice(_valid())
    path = _place(folder, name)
    path.write_bytes(_damaged(content, draw))
    return path.parent if draw.random() < 0.3 else path


def _damaged(content, draw):
    how = draw.randrange(4)
    place = draw.randrange(len(content))
    if how == 0:
        return content[:place]
    if how == 1:
        return content[:place] + bytes(draw.randrange(256) for _ in range(4)) + content[place + 4 :]
    if how == 2:
        return content[:place] + draw.choice([b"\xff", b"\0", b'"', b"{", b"\n\n", b",,,"]) + content[place:]
    return content + content[:place]


@functools.cache
def _valid():
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

    frame = pd.DataFrame({"x": [1.0, 2.5, None], "g": ["a", "b", "é"], "d": pd.to_datetime(["2020-01-01"] * 3)})
    table = pa.Table.from_pandas(frame.assign(n=[[1], [], None]))
    parquet, arrow, feather = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    with pa.ipc.new_stream(arrow, table.schema) as writer:
        writer.write_table(table)
    with pa.ipc.new_file(feather, table.schema) as writer:
        writer.write_table(table)
    image = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), "uint8")).save(image, "PNG")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a/1.png", image.getvalue())
        archive.writestr("a.csv", frame.to_csv(index=False))
    lines = "\n".join(json.dumps(row) for row in ({"x": 1, "g": "a"}, {"x": 2.5, "g": None}, {"n": [1, {"k": 2}]}))
    return [
        ("a.csv", frame.to_csv(index=False).encode()),
        ("a.tsv", frame.to_csv(index=False, sep="\t").encode()),
        ("a.jsonl", lines.encode()),
        ("a.json", json.dumps([{"x": 1, "g": "a"}, {"x": 2}]).encode()),
        ("a.txt", b"some text\nin lines\n"),
        ("a.parquet", parquet.getvalue()),
        ("a.arrow", arrow.getvalue()),
        ("a.arrow", feather.getvalue()),
        ("a.zip", zipped.getvalue()),
        ("a.png", image.getvalue()),
    ]


@functools.cache
def _known():
    deep = b"[" * 100_000 + b"]" * 100_000
    return [
        ("a.csv", b""),
        ("a.csv", b"\0\0\0"),
        ("a.csv", b"\xff\xfe\xff\xfe"),
        ("a.csv", b'x,y\n"a'),
        ("a.csv", b"x,x,x\n1,2,3\n"),
        ("a.csv", b"x\n" + b"9" * 5000),
        ("a.csv", b"x,y\n1\n1,2,3\n"),
        ("a.json", deep),
        ("a.jsonl", deep),
        ("a.json", b'{"data": ' + deep + b"}"),
        ("a.json", b"NaN"),
        ("a.json", b'"text"'),
        ("a.json", b'[{"a": 1}, 2]'),
        ("a.json", b"[" + b"9" * 5000 + b"]"),
        ("a.jsonl", b'{"a": 1}\n[2]\n'),
        ("a.jsonl", b'{"a": "\\ud800"}\n'),
        ("a.jsonl", b'{"a": {"b": 1}}\n{"a": [1]}\n'),
        ("a.jsonl", b'{"a": 1e999}\n{"a": ' + b"9" * 400 + b"}\n"),
        ("a.parquet", b"PAR1"),
        ("a.parquet", b"PAR1" + b"\xff" * 100 + b"\x10\0\0\0PAR1"),
        ("a.parquet", _not_utf8()),
        ("a.arrow", b"ARROW1\0\0" + b"\xff" * 64),
        ("a.zip", b"PK\x03\x04" + b"\0" * 100),
        ("a.zip", b"PK\x05\x06" + b"\xff" * 18),
        ("a.gz", b"\x1f\x8b\x08"),
        ("a.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 30),
        ("a.wav", b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + b"\0" * 16),
        ("README.md", b"---\ndataset_info: [\n---\n"),
        ("README.md", b"---\nconfigs: 3\n---\n"),
        ("README.md", b"---\nconfigs:\n- config_name: [a]\n  data_files: {b: 1}\n---\n"),
        ("README.md", b"---\na: &a [*a]\nconfigs: *a\n---\n"),
        ("README.md", b"---\n\xff\xfe: 1\n---\n"),
        ("README.md", b"---\nconfigs:\n- !!python/object:os.system x\n---\n"),
        ("README.md", b"---\nx: " + b"[" * 3000 + b"\n---\n"),
        ("a.sav", b"$FL2"),
        ("a.dta", b"x"),
        ("a.xlsx", b"PK\x03\x04"),
        ("a.rds", b"\x1f\x8b"),
        ("a.npy", b"\x93NUMPY"),
        ("a.pkl", b"\x80\x04."),
        ("metadata.csv", b"file_name\n../../etc/passwd\n"),
        ("metadata.jsonl", b'{"file_name": 3}\n'),
        ("state.json", b'{"_data_files": 3}'),
        ("dataset_info.json", b"[]"),
    ]


def _not_utf8():
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.array([0, 2, 3], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfea")]
    )
    written = io.BytesIO()
    pq.write_table(pa.table({"g": held}), written)
    return written.getvalue()


_LEAVES = [None, True, -1, 0, 1.5, 10**400, "", "x", "NaN", "\ud800", [], {}, [[1]], {"a": 1}, [None, "a"], 1e308]


def saved(folder, draw):
    """Write a saved network with one of its values changed, or a file that is none."""
    path = _place(folder, "fit.json")
    if draw.random() < 0.15:
        path.write_bytes(draw.choice([b"", b"[]", b"3", b"null", b"\xff", b"{", b"[" * 100_000, b'{"a": NaN}', b'"x"']))
        return path
    text = (folder / draw.choice(["saved.json", "saved_multinom.json"])).read_text("utf-8")
    held = json.loads(text)
    at, name = _leaf(held, draw)
    if draw.random() < 0.3:
        at.pop(name)
    else:
        at[name] = draw.choice(_LEAVES)
    path.write_text(json.dumps(held), "utf-8")
    return path


def _leaf(held, draw):
    at = held
    while True:
        name = draw.choice(list(at)) if isinstance(at, dict) else draw.randrange(len(at))
        if not isinstance(at[name], (dict, list)) or not at[name] or draw.random() < 0.25:
            return at, name
        at = at[name]


def folder(folder, whole, draw):
    """Copy a model folder and break one of its files."""
    path = folder / "models" / f"{next(_count)}"
    shutil.copytree(whole, path)
    _FAULTS[draw.choice(list(_FAULTS))](path, draw)
    return str(path)


def _json(path, name, change):
    held = json.loads((path / name).read_text("utf-8"))
    change(held)
    (path / name).write_text(json.dumps(held), "utf-8")


def _config(**values):
    return lambda path, draw: _json(path, "config.json", lambda held: held.update(values))


def _any_value(name):
    def change(path, draw):
        def put(held):
            at, key = _leaf(held, draw)
            at[key] = draw.choice(_LEAVES)

        _json(path, name, put)

    return change


def _cut(path, draw):
    file = draw.choice(sorted(Path(path).iterdir()))
    file.write_bytes(_damaged(file.read_bytes(), draw))


def _more_tokens(path, draw):
    def grow(held):
        held["model"]["vocab"].update({f"zz{i}": 500 + i for i in range(50)})
        held["model"]["vocab"]["happy"] = 900

    _json(path, "tokenizer.json", grow)


_FAULTS = {
    "cut": _cut,
    "tokenizer value": _any_value("tokenizer.json"),
    "tokenizer config value": _any_value("tokenizer_config.json"),
    "config value": _any_value("config.json"),
    "more tokens": _more_tokens,
    "panic": lambda path, draw: (path / "tokenizer.json").write_text(
        '{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null, '
        '"pre_tokenizer": null, "post_processor": null, "decoder": null, "model": {"type": "Unigram", '
        '"unk_id": 7, "vocab": []}}',
        "utf-8",
    ),
    "labels": _config(id2label={"0": None, "1": ["a"], "2": {}}),
    "few labels": _config(id2label={"0": "a"}, num_labels=1),
    "heads": _config(num_attention_heads=3),
    "hidden": _config(hidden_size="x"),
    "architecture": _config(architectures=["NoSuchModel"]),
    "kind": _config(model_type="nothing"),
    "dtype": _config(dtype="float3"),
    "positions": _config(max_position_embeddings=4),
    "list config": lambda path, draw: (path / "config.json").write_text("[]", "utf-8"),
    "deep config": lambda path, draw: (path / "config.json").write_text("[" * 100_000, "utf-8"),
    "no tokenizer": lambda path, draw: [file.unlink() for file in Path(path).glob("tok*")],
    "index": lambda path, draw: (path / "model.safetensors.index.json").write_text("[]", "utf-8"),
}
