"""Number of defaults in a finite pool of like loans under one factor: the check on large-pool formulas."""

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import binom, norm

from quant.arguments import FACTOR_SHARE, PROBABILITY, FloatArray, require_count

_FACTOR_RANGE_SD = 9.0


def default_count_pmf(n_loans: int, pd: float, rho: float, *, n_nodes: int = 2001) -> FloatArray:
    """Return the probability of 0, 1, ..., n_loans defaults, shape [n_loans + 1].

    A binomial mixture over the factor Y: given Y a loan defaults with N((N^-1(pd) - sqrt(rho) Y) / sqrt(1 -
    rho)). The trapezoidal rule on +-9 standard deviations converges faster than any power of the step,
    because the integrand is smooth and vanishes at both ends.

    Args:
        n_loans: Number of loans, at least 1.
        pd: Probability of default, in [0, 1].
        rho: Asset correlation, in [0, 1).
        n_nodes: Nodes of the quadrature; memory is n_loans x n_nodes.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    n_loans = require_count("n_loans", n_loans, at_least=1)
    n_nodes = require_count("n_nodes", n_nodes, at_least=3)
    pd_ = PROBABILITY.require("pd", pd)
    rho_ = FACTOR_SHARE.require("rho", rho)
    factor = np.linspace(-_FACTOR_RANGE_SD, _FACTOR_RANGE_SD, n_nodes)
    weights = norm.pdf(factor)
    weights /= weights.sum()
    conditional_pd = ndtr((ndtri(pd_) - np.sqrt(rho_) * factor) / np.sqrt(1.0 - rho_))
    counts = np.arange(n_loans + 1)[:, np.newaxis]
    return np.asarray(binom.pmf(counts, n_loans, conditional_pd) @ weights, dtype=np.float64)
