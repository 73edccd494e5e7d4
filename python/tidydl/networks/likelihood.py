"""The log-likelihood of a fit, for information criteria."""

from __future__ import annotations

from tidydl import verbs
from tidydl.errors import ArgumentError
from tidydl.networks.record import NNet
from tidydl.rprint import format_numbers


class LogLik(float):
    """A log-likelihood: a number with its degrees of freedom and number of observations; prints as R's ``logLik()``.

    ``nobs`` counts rows, or is the sum of their weights or counts.
    """

    df: float
    nobs: float

    def __new__(cls, value: float, df: float, nobs: float) -> LogLik:
        """Build it from a value, the degrees of freedom and the observations."""
        log_likelihood = super().__new__(cls, value)
        log_likelihood.df, log_likelihood.nobs = df, nobs
        return log_likelihood

    def __reduce__(self) -> tuple[type[LogLik], tuple[float, float, float]]:
        return LogLik, (float(self), self.df, self.nobs)

    def __repr__(self) -> str:
        return f"'log Lik.' {format_numbers([float(self)])[0]} (df={self.df:.7g})"

    __str__ = __repr__


@verbs.logLik.register(NNet)
def _log_likelihood(x: NNet) -> LogLik:
    """Return minus the value, if that is a log-likelihood."""
    if not x.is_likelihood:
        raise ArgumentError(
            "`x` is a network whose value is not a log-likelihood: least squares, or with a penalty.",
            allowed="A network fitted by entropy or softmax without `decay`, or a fit of multinom().",
        )
    return LogLik(-x.value, int(x.mask.sum()), len(x.fitted_values))
