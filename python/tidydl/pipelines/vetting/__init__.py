"""Checks of a model folder before transformers reads it: what would open, fetch or run more is refused."""
