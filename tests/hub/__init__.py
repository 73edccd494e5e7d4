"""A small Hugging Face Hub on the loopback address, made of real files, for tests and for lessons without a network."""

from hub.server import Hub, Repo

__all__ = ["Hub", "Repo"]
