"""Names are the field's: words that a reader would have to look up here name nothing, no option and no file either."""

import ast
import io
import re
import tokenize
from pathlib import Path

from support import ROOT
from tidydl.pipelines.option_table import OPTIONS

# What the field calls otherwise: videos, environments, read errors, probes, inferred schemas, batch plans, indices,
# timestamps, audio, what is required.
DIALECT = re.compile(
    r"(?:^|_)(?:films?|[Ss]ituations?|unreadable|knocks?|doubts?|manieth|feeds?|places|needed|ways?|way_out|moments?"
    r"|sounds?|unsound|first_token|in_todays_words)(?:_|$)|^(?:Way|Settled|Stopped|Feed|Patience)$"
)
ALLOWED = {"first_token_alone", "first_token"}
# Words that tell neither the type nor the role of what they name.
VAGUE = {"found", "made", "known", "given", "held", "said", "told"}
ATTRIBUTES = {("record.py", "given")}  # of saved and pickled models


def names_of_python():
    for file in (ROOT / "python").rglob("*.py"):
        yield file, file.stem
        for token in tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline):
            if token.type == tokenize.NAME:
                yield file, token.string


def assigned_names():
    for file in (ROOT / "python").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.arg):
                yield file.name, node.arg
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield file.name, node.id


def names_of_options():
    yield from ((Path("options"), name) for name in OPTIONS)


def names_of_r():
    for file in (ROOT / "R").glob("*.R"):
        code = re.sub(r"#.*|\"[^\"\n]*\"|'[^'\n]*'", "", file.read_text(encoding="utf-8"))
        yield from (
            (file, name.replace(".", "_")) for name in [file.stem.replace("-", "_"), *re.findall(r"[\w.]+", code)]
        )


def test_no_identifier_and_no_file_name_is_of_a_dialect():
    found = {
        (file.name, name)
        for names in (names_of_python(), names_of_r(), names_of_options())
        for file, name in names
        if DIALECT.search(name)
    }
    assert {(file, name) for file, name in found if name not in ALLOWED} == set()


def test_names_tell_a_type_or_a_role():
    assert {(file, name) for file, name in assigned_names() if name in VAGUE} == ATTRIBUTES


def test_a_name_of_a_dialect_is_noticed():
    for name in (
        "film",
        "read_films",
        "situation_row",
        "way_out",
        "Settled",
        "_unreadable",
        "places",
        "_own_way",
        "as_sounds",
    ):
        assert DIALECT.search(name)
    for name in ("filmstrip", "Railway", "settled", "feedforward", "replaces", "soundfile"):
        assert not DIALECT.search(name)
