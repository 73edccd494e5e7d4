"""A plugin that lists the tests in which a model of torch computed: ``pytest -p support.ran_models``.

``tools/test_processors.sh`` runs these once more as other processors would. The list goes to the file named by
``TIDYDL_RAN_MODELS``, a test a line. A test counts where a model ran in it or in a fixture that it uses.
"""

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

# What computes with torch, but in processes of its own or without a model.
ALWAYS = ("test_readme.py", "test_shared.py", "test_torch_engine.py")


class Watch:
    """Count the models that run, and note where."""

    def __init__(self) -> None:
        self.runs = 0
        self.watching = False
        self.fixtures: set[str] = set()
        self.items: set[str] = set()

    def begin(self) -> None:
        if not self.watching and "torch" in sys.modules:
            from torch.nn.modules.module import register_module_forward_pre_hook

            register_module_forward_pre_hook(self.count)
            self.watching = True

    def count(self, *_: Any) -> None:
        self.runs += 1

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        self.begin()
        before = self.runs
        made = yield
        if self.runs > before:
            self.fixtures.add(f"{fixturedef.baseid}::{fixturedef.argname}")
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Function) -> Generator[None, Any, Any]:
        self.begin()
        before = self.runs
        result = yield
        used = {
            f"{each.baseid}::{each.argname}" for defs in item._fixtureinfo.name2fixturedefs.values() for each in defs
        }
        if self.runs > before or used & self.fixtures or item.path.name in ALWAYS:
            self.items.add(item.nodeid)
        return result

    def pytest_sessionfinish(self) -> None:
        Path(os.environ["TIDYDL_RAN_MODELS"]).write_text("".join(f"{item}\n" for item in sorted(self.items)), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Watch())
