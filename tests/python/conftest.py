"""What all tests share: those that need a CUDA device are skipped where there is none."""

import os

import pytest

# Threads that wait by spinning make small models ten times as slow where other work shares the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def pytest_collection_modifyitems(items):
    wanting = [item for item in items if item.get_closest_marker("cuda")]
    if not wanting:
        return
    import torch

    if not torch.cuda.is_available():
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="there is no CUDA device"))
