"""Small neural networks, Hugging Face pipelines and data sets as tidy data frames, the same in R and in Python.

The names below are loaded when they are first used, so that ``import tidydl`` is light.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
# `from tidydl import *` does without the estimators, which need scikit-learn.
__all__ = [name for name in __all__ if name not in ("NNetClassifier", "NNetRegressor")]
__version__ = "0.1.0"
