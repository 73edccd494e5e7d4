"""Names are the field's: words that a reader would have to look up here are in no identifier and no file name."""

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What the field calls otherwise: videos, environments, read errors, probes, inferred schemas, batch plans.
DIALECT = re.compile(
    r"(?:^|_)(?:films?|situations?|unreadable|knocks?|doubts?|manieth|feeds?|way_out|first_token|in_todays_words)(?:_|$)"
    r"|^(?:Way|Settled|Stopped|Feed|Patience)$"
)
ALLOWED = {"first_token_alone", "first_token"}


def names_of_python():
    for file in (ROOT / "python").rglob("*.py"):
        yield file, file.stem
        for token in tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline):
            if token.type == tokenize.NAME:
                yield file, token.string


def names_of_r():
    for file in (ROOT / "R").glob("*.R"):
        code = re.sub(r"#.*|\"[^\"\n]*\"|'[^'\n]*'", "", file.read_text(encoding="utf-8"))
        yield from (
            (file, name.replace(".", "_")) for name in [file.stem.replace("-", "_"), *re.findall(r"[\w.]+", code)]
        )


def test_no_identifier_and_no_file_name_is_of_a_dialect():
    found = {
        (file.name, name) for names in (names_of_python(), names_of_r()) for file, name in names if DIALECT.search(name)
    }
    assert {(file, name) for file, name in found if name not in ALLOWED} == set()


def test_a_name_of_a_dialect_is_noticed():
    for name in ("film", "read_films", "situation_row", "way_out", "Settled", "_unreadable"):
        assert DIALECT.search(name)
    for name in ("filmstrip", "Railway", "settled", "feedforward"):
        assert not DIALECT.search(name)
