"""Modalities: how each kind of input is read and batched for a model, one module each, with the same functions."""
