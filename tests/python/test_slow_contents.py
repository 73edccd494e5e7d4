"""Small contents that would take time by the square of their length, wherever patterns or numbers are looked for."""

import io
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tidydl.data.readers.csv_columns import some_begin_with_zero
from tidydl.data.readers.read_errors import damaged
from tidydl.data.sources.dataset_cards import safe_yaml
from tidydl.design.deparse import written
from tidydl.design.syntax import parse
from tidydl.errors import DamagedFileError
from tidydl.pipelines.vetting.settings import complaint


@contextmanager
def quick(seconds=1.0):
    begun = time.process_time()
    yield
    assert time.process_time() - begun < seconds


@pytest.mark.parametrize(
    "number",
    [
        *("1" + ":1" * 100_000, '!!int "1' + ":1" * 100_000 + '"', "9" * 100_000, "0x" + "f" * 100_000),
        "{" + ",".join(f"{k * (2**61 - 1)}" for k in range(5000, 40_000)) + "}",
    ],
)
def test_whole_numbers_of_yaml_that_are_too_long_are_refused(number):
    with quick(), pytest.raises(DamagedFileError, match="22 digits"):
        safe_yaml(f"a: {number}", Path("README.md"))


def test_usual_numbers_of_yaml_are_read():
    text = "a: 1:30\nb: 1234567890123456789\nc: '" + "1" * 50 + "'\nd: 0.1234567890123456789012345\ne: " + "1f" * 20
    held = safe_yaml(text, Path("README.md"))
    assert held == {"a": 90, "b": 1234567890123456789, "c": "1" * 50, "d": 0.12345678901234568, "e": "1f" * 20}


@pytest.mark.parametrize("separator", [",", "\t", " "])
@pytest.mark.parametrize("field", [" " * 100_000 + "00 " * 40_000, " " * 10_000_000])
def test_blanks_and_zeros_in_csv_take_no_time_by_the_square(separator, field):
    with quick():
        assert not some_begin_with_zero(io.BytesIO(f"a\nx{field}\n".encode()), separator) or separator == " "


@pytest.mark.parametrize("blanks", ["", " ", "\t \t", " " * 600_000])
def test_leading_zeros_are_found_behind_any_blanks(blanks):
    assert some_begin_with_zero(io.BytesIO(f"a,b\n1,{blanks}012\n".encode()), ",")
    assert not some_begin_with_zero(io.BytesIO(f"a,b\n1,x{blanks}012\n".encode()), ",")


def test_patterns_take_no_time_by_the_square():
    with quick():
        written(parse("y ~ x" + " " * 40_000))
        damaged("a.json", "json", ValueError("Column(/" * 12_000 + "\n) was specified twice"))
        complaint(Path("config.json"), {"tokenizer_class": "Tokenizer" * 12_000 + "!"}, Path(), pickled=False)
