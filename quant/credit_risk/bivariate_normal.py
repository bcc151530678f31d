"""Distribution function of two correlated standard normal variables, vectorised."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, owens_t

from quant.arguments import CORRELATION, FloatArray, Interval

_EXTENDED = Interval(-np.inf, np.inf)
# Beyond 40 standard deviations the normal distribution function is 0 or 1 to the last bit of a float64.
_BEYOND_EVERY_BIT = 40.0


def bivariate_normal_cdf(h: ArrayLike, k: ArrayLike, rho: ArrayLike) -> FloatArray:
    """Return P(X <= h, Y <= k) for standard normals with correlation `rho`; arguments broadcast.

    Two Owen T functions (Owen 1956, Annals of Mathematical Statistics 27, eq. 3.1); the absolute error is
    of the order 1e-16, so a probability far below that carries no relative accuracy.

    Args:
        h: Upper limit of the first variable, infinite allowed.
        k: Upper limit of the second variable, infinite allowed.
        rho: Correlation, in (-1, 1).

    Raises:
        ValueError: if a limit is NaN or `rho` is outside (-1, 1).

    Example:
        >>> round(float(bivariate_normal_cdf(0.0, 0.0, 0.5)), 6)
        0.333333
    """
    h_, k_, rho_ = np.broadcast_arrays(
        _EXTENDED.require("h", h), _EXTENDED.require("k", k), CORRELATION.require("rho", rho)
    )
    h_, k_ = (np.clip(limit, -_BEYOND_EVERY_BIT, _BEYOND_EVERY_BIT) for limit in (h_, k_))
    width = np.sqrt((1.0 - rho_) * (1.0 + rho_))
    signs = np.sign(h_) * np.sign(k_)  # the product of two tiny limits would underflow
    opposite = (signs < 0.0) | ((signs == 0.0) & (h_ + k_ < 0.0))
    with np.errstate(over="ignore"):  # a steep slope over a narrow width: infinity is the right argument
        across_h, across_k = (_slope(k_, h_) - rho_) / width, (_slope(h_, k_) - rho_) / width
    probability = 0.5 * (ndtr(h_) + ndtr(k_)) - owens_t(h_, across_h) - owens_t(k_, across_k) - 0.5 * opposite
    bounded: FloatArray = np.clip(probability, 0.0, np.minimum(ndtr(h_), ndtr(k_)))
    return bounded


def _slope(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide with the limits that Owen's formula needs: 0/0 is 1, y/0 is infinite with the sign of y."""
    at_zero = np.where(numerator == 0.0, 1.0, np.copysign(np.inf, numerator))
    safe = np.where(denominator == 0.0, 1.0, denominator)
    with np.errstate(over="ignore"):  # a tiny denominator: infinity is the right slope
        return np.where(denominator == 0.0, at_zero, numerator / safe)
