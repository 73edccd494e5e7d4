"""Nested results of pipelines, compared: equal to the letter, numbers as near as scores are."""

from support.precision import SCORES, assert_near


def assert_same(found, expected, within=SCORES):
    """Compare lists and dictionaries of results, the order of keys included."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value, within)
    elif isinstance(expected, list):
        assert isinstance(found, list)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other, within)
    elif isinstance(expected, float):
        assert_near(found, expected, within=within)
    else:
        assert found == expected
