"""The verbs for results, with the names of R.

Each is a function of single dispatch, see ``dispatch.py``; a class registers its own method where it is defined.
"""

from tidydl.verbs.fits import coef, fitted, predict, residuals, summary
from tidydl.verbs.inference import AIC, BIC, anova, confint, logLik, vcov
from tidydl.verbs.results import augment, autoplot, glance, tidy

__all__ = [
    "AIC",
    "BIC",
    "anova",
    "augment",
    "autoplot",
    "coef",
    "confint",
    "fitted",
    "glance",
    "logLik",
    "predict",
    "residuals",
    "summary",
    "tidy",
    "vcov",
]
