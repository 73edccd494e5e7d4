"""Hugging Face pipelines whose results are tidy frames."""
