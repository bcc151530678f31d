"""Value at risk and expected shortfall of a simulated loss, with the error that the number of paths leaves.

Both come from the ordered losses alone, without any assumption about their distribution.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, bdtrik

from quant.arguments import OPEN_PROBABILITY, FloatArray

_INTERVAL_TAIL = 0.025


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
    """

    confidence: float
    value_at_risk: float
    value_at_risk_low: float
    value_at_risk_high: float
    expected_shortfall: float
    expected_shortfall_error: float
    is_resolved: bool


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
    )


def _binomial_quantile(probability: float, n: int, success: float) -> int:
    """Smallest k with P(Bin(n, success) <= k) >= probability."""
    k = max(math.ceil(float(bdtrik(probability, n, success))), 0)
    return k - 1 if k > 0 and bdtr(float(k - 1), n, success) >= probability else k
