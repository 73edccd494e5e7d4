"""What is read and written is the same in every locale, names of files included."""

import json
import os
import subprocess
import sys

import pytest

from support import ROOT
from support.locales import make_locale

# Each line is one claim: what it is called, and its value.
CLAIMS = r"""
import gzip, json, sys, zipfile
from pathlib import Path
import pandas as pd
import tidydl

folder, told = Path(sys.argv[1]), {}
def tell(name, work):
    try:
        told[name] = work()
    except Exception as problem:
        told[name] = type(problem).__name__

told["encoding"] = sys.getfilesystemencoding()
csv = folder / "gr\u00f6\u00dfe.csv"
csv.write_text("person,said\n1,\u00e4\n007,\u65e5\n", encoding="utf-8")
packed = folder / "gr\u00f6\u00dfe.csv.gz"
packed.write_bytes(gzip.compress(csv.read_bytes()))
parquet = folder / "gr\u00f6\u00dfe.parquet"
fit = tidydl.nnet("education ~ age", tidydl.example_data("bigfive"), size=1, trace=False)
with zipfile.ZipFile(folder / "\u00e4.zip", "w") as held:
    held.write(csv, "\u00fc.csv")
tell("csv", lambda: tidydl.load_dataset(csv).said.tolist())
tell("packed", lambda: tidydl.load_dataset(packed).said.tolist())
tell("stream", lambda: [text for batch in tidydl.stream(csv) for text in batch.said])
tell("write", lambda: Path(tidydl.write_dataset(pd.DataFrame({"\u00e4": ["\u65e5"]}), parquet)) == parquet)
tell("parquet", lambda: tidydl.load_dataset(parquet)["\u00e4"].tolist())
tell("first rows", lambda: tidydl.load_dataset(parquet, n=1)["\u00e4"].tolist())
tell("zip", lambda: tidydl.load_dataset(folder / "\u00e4.zip").said.tolist())
tell("save", lambda: tidydl.save_model(fit, folder / "\u00e4.json"))
tell("load", lambda: tidydl.load_model(folder / "\u00e4.json").value == fit.value)
elsewhere = str(folder / "\u65e5.csv")
tell("load_dataset", lambda: tidydl.load_dataset(elsewhere))
tell("load_model", lambda: tidydl.load_model(elsewhere))
tell("pipeline", lambda: tidydl.pipeline(model=elsewhere))
tell("write elsewhere", lambda: bool(tidydl.write_dataset(pd.DataFrame({"a": [1]}), folder / "\u65e5.parquet")))
print(json.dumps(told))
"""
SAME = {
    "csv": ["\u00e4", "\u65e5"],
    "packed": ["\u00e4", "\u65e5"],
    "stream": ["\u00e4", "\u65e5"],
    "write": True,
    "parquet": ["\u65e5"],
    "first rows": ["\u65e5"],
    "zip": ["\u00e4", "\u65e5"],
    "save": None,
    "load": True,
}
NOT_THERE = {
    "load_dataset": "NotFoundError",
    "load_model": "NotFoundError",
    "pipeline": "NotFoundError",
    "write elsewhere": True,
}
REFUSED = dict.fromkeys(NOT_THERE, "ArgumentError")  # a letter that no name of a file has there


@pytest.mark.parametrize(
    ("language", "encoding", "files", "beyond"),
    [
        ("de_DE", "ISO-8859-1", "iso8859-1", REFUSED),
        ("tr_TR", "UTF-8", "utf-8", NOT_THERE),
        (None, None, "utf-8", NOT_THERE),
    ],
)
def test_files_are_found_and_read_alike_in_every_locale(tmp_path, language, encoding, files, beyond):
    (tmp_path / "here").mkdir()
    speaks = make_locale(tmp_path, language, encoding) if language else {"LANG": "C", "LC_ALL": "", "LC_CTYPE": ""}
    path = str(ROOT / "python")
    ran = subprocess.run(
        [sys.executable, "-c", CLAIMS, str(tmp_path / "here")],
        env={**os.environ, **speaks, "PYTHONPATH": path},
        capture_output=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"encoding": files, **SAME, **beyond}
