"""The fuzzer itself: it finds what it should, and the same things every time."""

import itertools
import json
import random

import pytest

from fuzzing.mutated_bytes import RawError, mutations, run_target
from tidydl.errors import DamagedFileError

SEED = json.dumps({"format": "x", "values": [1, 2.5, None], "inside": {"name": "abc"}}).encode()


def first_mutations(count, seed=1):
    return list(itertools.islice(mutations(SEED, random.Random(seed)), count))


def test_mutations_are_those_of_their_seed():
    assert first_mutations(200) == first_mutations(200)
    assert first_mutations(200) != first_mutations(200, seed=2)


def test_mutations_change_structure_numbers_and_depth():
    made = first_mutations(3000)
    assert sum(each != SEED for each in made) > 2500
    assert any(each.count(b"[") > 50_000 for each in made)
    assert any(b"1e+308" in each for each in made)
    assert any(len(each) < len(SEED) // 2 for each in made)
    assert any(b"\xff" in each for each in made)


def test_a_reader_that_raises_anything_else_is_found_with_its_input():
    def reader(given):
        try:
            return json.loads(given)["inside"]["name"]
        except ValueError as problem:
            raise DamagedFileError("`file` is not JSON.") from problem

    with pytest.raises(RawError, match=r"(?s)Error: .*b64decode"):
        run_target(reader, [SEED], 2.0)


def test_a_reader_whose_errors_are_ours_passes_and_is_counted():
    def reader(given):
        try:
            return json.loads(given)["inside"]["name"]
        except (ValueError, LookupError, TypeError, RecursionError) as problem:
            raise DamagedFileError("`file` is damaged.") from problem

    outcomes = run_target(reader, [SEED], 0.3)
    assert outcomes["success"] > 0
    assert outcomes["DamagedFileError"] > 0
