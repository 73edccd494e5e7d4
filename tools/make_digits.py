"""Make data/files/digits.parquet: the 1797 UCI digits as 8-bit grey PNG images with a fixed stratified split.

Run as ``python tools/make_digits.py``; needs scikit-learn, which carries the digits. The file has the layout
that ``datasets`` writes (images as {bytes, path}, label names in the ``huggingface`` metadata), so
``load_dataset()`` reads it like any other.
"""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 1797
TEST_ROWS = 450
TARGET = Path(__file__).resolve().parents[1] / "python" / "tidydl" / "data" / "files" / "digits.parquet"


def png(pixels: np.ndarray) -> bytes:
    """Encode an 8x8 array of 0..16 as a grey PNG of 0..255."""
    grey = np.round(pixels * 255 / 16).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def main() -> None:
    digits = load_digits()
    rows = np.arange(len(digits.target))
    _, test = train_test_split(rows, test_size=TEST_ROWS, stratify=digits.target, random_state=SEED)
    in_test = np.isin(rows, test)
    images = [{"bytes": png(image), "path": None} for image in digits.images]
    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table(
        {
            "image": pa.array(images, type=struct),
            "label": pa.array(digits.target, type=pa.int64()),
            "split": pa.array(in_test.astype(int), type=pa.int64()),
        }
    )
    features = {
        "image": {"_type": "Image"},
        "label": {"names": [str(digit) for digit in range(10)], "_type": "ClassLabel"},
        "split": {"names": ["train", "test"], "_type": "ClassLabel"},
    }
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, TARGET, compression="zstd", compression_level=19, use_dictionary=["label", "split"])
    print(f"{TARGET.name}: {len(rows)} rows, {in_test.sum()} of them test, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
