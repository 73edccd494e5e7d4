"""Nested results of pipelines, compared: equal to the letter, numbers as near as scores are."""

from support.precision import assert_near


def assert_same(found, expected):
    """Compare lists and dictionaries of results, the order of keys included."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value)
    elif isinstance(expected, list):
        assert isinstance(found, list)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, float):
        assert_near(found, expected)
    else:
        assert found == expected
