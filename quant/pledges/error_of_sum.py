"""Error of a sum whose parts have errors of their own and share some of their causes.

Part i is a_i exp(z_i - v_i / 2) with z normal, so that a_i is its mean. Of the variance v_i of z_i a cause d takes the
share s_id; what no cause takes is the part's own. Two parts that share causes move together as far as they share them:

    c_ij = sum_d sign(s_id s_jd) sqrt(v_i |s_id| v_j |s_jd|)  for i != j,     c_ii = v_i
    Var(sum) = sum_ij a_i a_j (exp(c_ij) - 1)

the covariance of two lognormals with mean 1. Neither independence (c_ij = 0) nor perfect correlation
(c_ij = sqrt(v_i v_j)) is assumed; both are given beside it as the bounds that a reader knows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class ErrorOfSum:
    """Coefficients of variation of a sum: as modelled, were its parts independent, did all move as one.

    Each is the standard deviation over the absolute value of the sum.
    """

    cv: float
    cv_if_independent: float
    cv_if_one: float


def log_variance(cv: ArrayLike) -> Array:
    """Variance of the log of a lognormal with a coefficient of variation: ln(1 + cv^2)."""
    variance: Array = np.log1p(np.square(np.asarray(cv, dtype=np.float64)))
    return variance


def log_covariance(log_variances: ArrayLike, cause_shares: ArrayLike) -> Array:
    """Covariance of the logs of the parts.

    Args:
        log_variances: v, [n_parts], >= 0.
        cause_shares: s, share of each part's log variance that a cause takes, negative where the part falls as the
            cause rises, [n_parts, n_causes]; the absolute values of a part add up to at most 1.

    Returns:
        [n_parts, n_parts], positive semidefinite.

    Raises:
        ValueError: a negative variance, or shares that take more than there is.
    """
    variances = np.asarray(log_variances, dtype=np.float64)
    shares = np.asarray(cause_shares, dtype=np.float64).reshape(len(variances), -1)
    if not (np.isfinite(variances).all() and (variances >= 0.0).all()):
        raise ValueError(f"log variances: found {variances.tolist()}, expected finite numbers from 0")
    own = 1.0 - np.abs(shares).sum(axis=1)
    if not (own >= -_ROUNDING).all():
        raise ValueError(
            f"cause shares: found {(1.0 - own).max():g} of a part's variance, expected at most 1"
        )
    loadings = np.sign(shares) * np.sqrt(np.abs(shares) * variances[:, None])
    covariance: Array = loadings @ loadings.T + np.diag(np.maximum(own, 0.0) * variances)
    return covariance


def cv_by_cause(
    amounts: ArrayLike, log_variances: ArrayLike, cause_shares: ArrayLike, fixed: float = 0.0
) -> Array:
    """Coefficient of variation of the sum that each cause alone would bring, [n_causes]; they do not add up.

    The arguments are those of `log_covariance` and `error_of_sum`.
    """
    a, variances = (np.asarray(given, dtype=np.float64) for given in (amounts, log_variances))
    shares = np.asarray(cause_shares, dtype=np.float64).reshape(len(variances), -1)
    found = [
        error_of_sum(a, np.outer(loading, loading), fixed).cv
        for loading in (np.sign(shares) * np.sqrt(np.abs(shares) * variances[:, None])).T
    ]
    return np.array(found)


def error_of_sum(amounts: ArrayLike, covariance: Array, fixed: float = 0.0) -> ErrorOfSum:
    """Error of sum_i a_i e_i + fixed, e_i lognormal with mean 1.

    Args:
        amounts: a, [n_parts], any sign.
        covariance: of the logs, [n_parts, n_parts].
        fixed: part of the sum that has no error, such as a cost.

    Raises:
        ValueError: the sum is 0, which has no coefficient of variation.
    """
    a = np.asarray(amounts, dtype=np.float64)
    total = float(a.sum()) + fixed
    if total == 0.0:
        raise ValueError("amounts: found a sum of 0, expected one to relate the error to")
    sd = np.sqrt(np.expm1(np.diag(covariance)))
    modelled = float(a @ np.expm1(covariance) @ a)
    independent = float(np.square(a * sd).sum())
    root = np.sqrt(np.diag(covariance))
    as_one = float(a @ np.expm1(np.outer(root, root)) @ a)
    scale = abs(total)
    # Parts of opposite sign may cancel to a rounding error below zero.
    return ErrorOfSum(
        float(np.sqrt(max(modelled, 0.0))) / scale,
        float(np.sqrt(independent)) / scale,
        float(np.sqrt(max(as_one, 0.0))) / scale,
    )
