"""What a call comes to: its result or one of our errors."""

import warnings

from tidydl.errors import TidydlError


def answer(function, *arguments, **options):
    """Return what a call returns, or the error of ours that it ends with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            return function(*arguments, **options)
        except TidydlError as problem:
            return problem
