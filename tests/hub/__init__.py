"""A small Hugging Face Hub on the loopback address, made of real files, for tests and for lessons without a network.

By hand: ``python -m tests.hub`` in the root of the repository; see README.md.
"""

from .repositories import Fault, Repo
from .server import Hub

__all__ = ["Fault", "Hub", "Repo"]
