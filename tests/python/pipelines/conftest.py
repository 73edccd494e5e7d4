"""Pipelines that several tests compare with or run."""

import pytest


@pytest.fixture(scope="session")
def plain(folder):
    """Return transformers' own pipeline, one text at a time, without padding."""
    import pandas as pd
    import transformers

    own = transformers.pipeline("text-classification", model=str(folder), device="cpu")

    def scores(texts, **options):
        answers = [own(text, top_k=None, truncation=True, **options) for text in texts]
        answers = [answer[0] if isinstance(answer[0], list) else answer for answer in answers]
        return pd.DataFrame([{".row": i, **line} for i, answer in enumerate(answers) for line in answer])

    return scores


@pytest.fixture(scope="session")
def zero():
    """Return our pipeline over the tiny model of inference."""
    import tidydl
    import tiny

    return tidydl.pipeline("zero-shot-classification", model=tiny.kept("inference"), device="cpu")
