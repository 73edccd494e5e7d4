"""What all tests share: a graphics card only by ``pytest -m cuda``, and no test that is absent without being named."""

import os

import pytest

from support.skips import Skips

# Threads that wait by spinning make small models ten times as slow where other work shares the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def pytest_configure(config):
    """Hide the cards from tests of what the processor gives, in the processes that they start too."""
    if config.getoption("markexpr") != "cuda":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    config.pluginmanager.register(Skips())


def pytest_collection_modifyitems(items):
    wanting = [item for item in items if item.get_closest_marker("cuda")]
    if not wanting:
        return
    import torch

    if not torch.cuda.is_available():
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="there is no CUDA device"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Return the folder of a tiny text classifier."""
    import tiny

    return tiny.text_folder(tmp_path_factory.mktemp("model") / "bert")


@pytest.fixture(scope="session")
def ppl(folder):
    """Return our pipeline over the tiny text classifier."""
    import tidydl

    return tidydl.pipeline("text-classification", model=folder, device="cpu")
