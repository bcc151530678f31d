"""Pacing of a fund commitment whose projects are not known yet: the model of Takahashi and Alexander."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import (
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    RATE_ABOVE_TOTAL_LOSS,
    FloatArray,
    require_count,
)


class PacedCommitment(NamedTuple):
    """Flows at the ends of years 1 ... life_years, arrays [life_years] in the unit of the commitment."""

    contributions: FloatArray
    distributions: FloatArray
    nav: FloatArray


def takahashi_alexander(  # noqa: PLR0917 - the published order of parameters, which other tools call
    commitment: float,
    contribution_rates: ArrayLike,
    life_years: int,
    bow: float,
    growth: float,
    yield_rate: float,
) -> PacedCommitment:
    """Return yearly contributions, distributions and net asset value of a commitment.

    Takahashi and Alexander 2002, Journal of Portfolio Management 28(2): with PIC the capital paid in so
    far, `C_t = RC_t (CC - PIC_{t-1})`, `D_t = RD_t NAV_{t-1} (1 + G)` with `RD_t = max(Y, (t/L)^B)`, and
    `NAV_t = NAV_{t-1} (1 + G) + C_t - D_t`. At t = L everything invested before is distributed; what the
    last year's contribution leaves stays in the last net asset value.

    Args:
        commitment: CC, not negative.
        contribution_rates: RC of the first years, each in [0, 1], 1 to `life_years` of them; the last one
            holds for all later years.
        life_years: L, at least 1.
        bow: B, above 0; a larger one distributes later.
        growth: G, yearly growth of net asset value, above -1.
        yield_rate: Y, least share of net asset value distributed, in [0, 1].

    Raises:
        ValueError: if an argument is outside its domain.

    Example:
        >>> calls, _, _ = takahashi_alexander(100.0, [0.25, 0.333, 0.5], 12, 2.5, 0.13, 0.0)
        >>> calls[:3].round(2).tolist()
        [25.0, 24.97, 25.01]
    """
    committed = float(NON_NEGATIVE.require("commitment", commitment))
    life = require_count("life_years", life_years, at_least=1)
    rates = PROBABILITY.require("contribution_rates", contribution_rates)
    if rates.ndim != 1 or not 1 <= rates.size <= life:
        raise ValueError(f"contribution_rates: found shape {rates.shape}, expected 1 to {life} rates")
    yearly_growth = 1.0 + float(RATE_ABOVE_TOTAL_LOSS.require("growth", growth))
    age_share = np.arange(1, life + 1) / life
    distribution_rates = np.maximum(
        float(PROBABILITY.require("yield_rate", yield_rate)), age_share ** POSITIVE.require("bow", bow)
    )
    contributions, distributions, nav = (np.zeros(life) for _ in range(3))
    paid_in = value = 0.0
    for year in range(life):
        contributions[year] = rates[min(year, rates.size - 1)] * (committed - paid_in)
        grown = value * yearly_growth
        distributions[year] = distribution_rates[year] * grown
        paid_in += contributions[year]
        value = grown + contributions[year] - distributions[year]
        nav[year] = value
    return PacedCommitment(contributions, distributions, nav)
