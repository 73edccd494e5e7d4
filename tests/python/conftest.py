"""What all tests share: those that need a CUDA device are skipped where there is none."""

import pytest


def pytest_collection_modifyitems(items):
    wanting = [item for item in items if item.get_closest_marker("cuda")]
    if not wanting:
        return
    import torch

    if not torch.cuda.is_available():
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="there is no CUDA device"))
