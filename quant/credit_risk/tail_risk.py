"""Value at risk and expected shortfall of a simulated loss, with the error that the number of paths leaves.

Both come from the ordered losses alone, without any assumption about their distribution.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, bdtrik

from quant.arguments import OPEN_PROBABILITY, FloatArray

_INTERVAL_TAIL = 0.025
_INTERVAL_WIDTH = 1.959963984540054


@dataclass(frozen=True, slots=True)
class TailEstimate:
    """Tail of a loss at one confidence, in the unit of the loss.

    Attributes:
        confidence: alpha, such as 0.999.
        value_at_risk: smallest loss that is not exceeded on a share alpha of the paths.
        value_at_risk_low, value_at_risk_high: 95 % interval between two order statistics.
        expected_shortfall: mean of the worst share 1 - alpha.
        expected_shortfall_error: its standard error.
        is_resolved: False when the largest loss is the upper end of the interval for want of paths.
        effective_paths: paths at or beyond the value at risk, weighted ones by (sum w)^2 / sum w^2.
    """

    confidence: float
    value_at_risk: float
    value_at_risk_low: float
    value_at_risk_high: float
    expected_shortfall: float
    expected_shortfall_error: float
    is_resolved: bool
    effective_paths: float


def tail_estimate(ordered: FloatArray, confidence: float) -> TailEstimate:
    """Tail figures of losses in ascending order.

    The number of losses below the true quantile is binomial (n, alpha), whence the interval: David and Nagaraja,
    Order Statistics, 3rd edition, section 7.1. The shortfall takes its share of the loss at the quantile itself:
    Acerbi and Tasche 2002, Journal of Banking and Finance 26(7). Its error is that of the mean of
    `max(L - VaR, 0) / (1 - alpha)`.

    Args:
        ordered: losses, ascending, [n], n >= 1.
        confidence: alpha, in (0, 1).

    Raises:
        ValueError: if there is no loss or the confidence is outside its domain.
    """
    alpha = float(OPEN_PROBABILITY.require("confidence", confidence))
    n = len(ordered)
    if n == 0:
        raise ValueError("ordered: found no loss, expected at least one")
    # n alpha may be a whole number that floats miss by a hair.
    rank = min(max(math.ceil(round(n * alpha, 9)), 1), n)
    low_rank = max(_binomial_quantile(_INTERVAL_TAIL, n, alpha), 1)
    high_rank = _binomial_quantile(1.0 - _INTERVAL_TAIL, n, alpha) + 1
    value_at_risk = float(ordered[rank - 1])
    excess = np.maximum(ordered - value_at_risk, 0.0) / (1.0 - alpha)
    return TailEstimate(
        confidence=alpha,
        value_at_risk=value_at_risk,
        value_at_risk_low=float(ordered[low_rank - 1]),
        value_at_risk_high=float(ordered[min(high_rank, n) - 1]),
        expected_shortfall=value_at_risk + float(excess.mean()),
        expected_shortfall_error=float(excess.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0,
        is_resolved=high_rank <= n,
        effective_paths=float(n - np.searchsorted(ordered, value_at_risk, side="left")),
    )


def weighted_tail_estimate(losses: FloatArray, weights: FloatArray, confidence: float) -> TailEstimate:
    """Tail figures of losses on paths of unequal weight, such as `quant.loan_losses.path_sampling` draws.

    With weights w of mean 1 the estimate of P(L > x) is the mean of w 1{L > x}, unbiased for every x; the value at risk
    is where it falls to 1 - alpha. Its interval lies where the estimate is 1.96 of its own standard errors away from
    1 - alpha (Glynn 1996, Importance sampling for Monte Carlo estimation of quantiles). Errors take the paths as
    independent, which overstates those of evenly spread ones.

    Args:
        losses: on each path, in any order, [n].
        weights: > 0, [n].
        confidence: alpha, in (0, 1).

    Raises:
        ValueError: if there is no loss, lengths differ or the confidence is outside its domain.
    """
    alpha = float(OPEN_PROBABILITY.require("confidence", confidence))
    n = len(losses)
    if n == 0 or len(weights) != n:
        raise ValueError(
            f"losses and weights: found {n} and {len(weights)}, expected the same number, at least one"
        )
    order = np.argsort(-losses, kind="stable")
    falling, weight = losses[order], weights[order]
    # Mean weight of the losses at or above each, from the largest down; ties end together.
    exceeding = np.cumsum(weight) / n
    spread = np.sqrt(np.maximum(np.cumsum(weight**2) / n - exceeding**2, 0.0) / n)
    tail = 1.0 - alpha
    value_at_risk = float(falling[_first_above(exceeding, tail)])
    excess = weights * np.maximum(losses - value_at_risk, 0.0) / tail
    beyond = weight[falling >= value_at_risk]
    return TailEstimate(
        confidence=alpha,
        value_at_risk=value_at_risk,
        value_at_risk_low=float(falling[_first_above(exceeding - _INTERVAL_WIDTH * spread, tail)]),
        value_at_risk_high=float(falling[_first_above(exceeding + _INTERVAL_WIDTH * spread, tail)]),
        expected_shortfall=value_at_risk + float(excess.mean()),
        expected_shortfall_error=float(excess.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0,
        is_resolved=bool(exceeding[0] + _INTERVAL_WIDTH * spread[0] < tail),
        effective_paths=float(beyond.sum() ** 2 / (beyond**2).sum()),
    )


def _first_above(rising: FloatArray, level: float) -> int:
    above = np.flatnonzero(rising > level * (1.0 + 1e-12))
    return int(above[0]) if len(above) else len(rising) - 1


def _binomial_quantile(probability: float, n: int, success: float) -> int:
    """Smallest k with P(Bin(n, success) <= k) >= probability."""
    k = max(math.ceil(float(bdtrik(probability, n, success))), 0)
    return k - 1 if k > 0 and bdtr(float(k - 1), n, success) >= probability else k
