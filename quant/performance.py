"""What a series of contributions and distributions was worth, by itself and beside a public index.

C_t is contributed and D_t distributed, both at least 0; N is the net asset value at the end T; I_t is a total-return
index. Flows carried to the end by the index, C_t I_T / I_t, are written FV(C).

    KS-PME        (FV(D) + N) / FV(C)                                   Kaplan and Schoar 2005
    Long-Nickels  rate of (-C, D) closed by FV(C) - FV(D) in place of N    Long and Nickels 1996
    PME+          rate of (-C, s D) closed by N, s = (FV(C) - N) / FV(D)   Rouvinez 2003
    direct alpha  rate of (-FV(C)_t, FV(D)_t, N) at their own times        Gredil, Griffiths and Stucke 2014
"""

import math
from dataclasses import dataclass

import numpy as np

from quant.arguments import FINITE, NON_NEGATIVE, POSITIVE, FloatArray
from quant.cashflows import all_rates


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What was paid and received, in order of time or not.

    Attributes:
        times_years: of the flows, none after `end_years`, [n].
        contributions: paid, >= 0, [n].
        distributions: received, >= 0, [n].
        nav: net asset value at the end, >= 0.
        end_years: time of `nav`.

    Raises:
        ValueError: if an amount is outside its domain, nothing was paid, the shapes do not match or a flow is later.
    """

    times_years: FloatArray
    contributions: FloatArray
    distributions: FloatArray
    nav: float
    end_years: float

    def __post_init__(self) -> None:
        times = FINITE.require("times_years", self.times_years)
        paid = NON_NEGATIVE.require("contributions", self.contributions)
        NON_NEGATIVE.require("nav", self.nav)
        if not times.shape == paid.shape == NON_NEGATIVE.require("distributions", self.distributions).shape:
            raise ValueError(
                "times_years, contributions, distributions: found shapes that differ, expected one"
            )
        if times.ndim != 1 or not paid.any():
            raise ValueError("contributions: found nothing paid, expected at least one above 0")
        if times.max() > self.end_years:
            raise ValueError(f"end_years: found {self.end_years}, expected not before the last flow")

    def net(self, received_share: float = 1.0, closing: float | None = None) -> tuple[FloatArray, FloatArray]:
        """Flows and times with the closing value (the net asset value) at the end."""
        last = self.nav if closing is None else closing
        flows = np.append(received_share * self.distributions - self.contributions, last)
        return flows, np.append(self.times_years, self.end_years)

    def rates(self) -> FloatArray:
        """Every annual rate of return above -100 %, ascending; see `quant.cashflows.all_rates`."""
        return all_rates(*self.net())


@dataclass(frozen=True, slots=True)
class Multiples:
    """Over paid-in capital: distributed, residual, both together."""

    dpi: float
    rvpi: float
    tvpi: float


def multiples(record: Record) -> Multiples:
    """The multiples of a record; they add up."""
    paid = float(record.contributions.sum())
    dpi, rvpi = float(record.distributions.sum()) / paid, record.nav / paid
    return Multiples(dpi, rvpi, dpi + rvpi)


def payback_years(record: Record) -> float | None:
    """Time from the first flow on after which the cash received never falls below the cash paid; None for never."""
    times, place = np.unique(record.times_years, return_inverse=True)
    net = np.bincount(place, record.distributions - record.contributions, times.size)
    # A rounding error of a sum is no shortfall.
    short = np.flatnonzero(np.cumsum(net) < -1e-9 * record.contributions.sum())
    following = int(short[-1]) + 1 if short.size else 0
    return float(times[following] - times[0]) if following < times.size else None


@dataclass(frozen=True, slots=True)
class PublicMarketEquivalents:
    """The record beside an index.

    Attributes:
        ks_pme: above 1 the record beat the index.
        long_nickels: rate of the same flows put into the index; None where there is not exactly one.
        long_nickels_value: what the index account holds at the end; below 0 the distributions emptied it.
        pme_plus: rate with distributions scaled by `pme_plus_scale`; None where there is not exactly one.
        pme_plus_scale: None where nothing was distributed, or too little for a float to hold the scale.
        direct_alpha: annual rate by which the record beat the index; None where there is not exactly one.
    """

    ks_pme: float
    long_nickels: float | None
    long_nickels_value: float
    pme_plus: float | None
    pme_plus_scale: float | None
    direct_alpha: float | None


def public_market_equivalents(
    record: Record, index_levels: FloatArray, end_level: float
) -> PublicMarketEquivalents:
    """Compare a record with an index.

    Args:
        record: what was paid and received.
        index_levels: at the times of the flows, above 0, [n].
        end_level: at the end, above 0.

    Raises:
        ValueError: if a level is not above 0 or there is not one for each flow.
    """
    levels = POSITIVE.require("index_levels", index_levels)
    if levels.shape != record.times_years.shape:
        raise ValueError(f"index_levels: found shape {levels.shape}, expected {record.times_years.shape}")
    growth = float(POSITIVE.require("end_level", end_level)) / levels
    paid, received = record.contributions * growth, record.distributions * growth
    held = float((paid - received).sum())
    scale = _ratio(float(paid.sum() - record.nav), float(received.sum()))
    grown = np.append(received - paid, record.nav)
    return PublicMarketEquivalents(
        ks_pme=float((received.sum() + record.nav) / paid.sum()),
        long_nickels=_only(*record.net(closing=held)),
        long_nickels_value=held,
        pme_plus=None if scale is None else _only(*record.net(received_share=scale)),
        pme_plus_scale=scale,
        direct_alpha=_only(grown, np.append(record.times_years, record.end_years)),
    )


def _ratio(numerator: float, denominator: float) -> float | None:
    with np.errstate(over="ignore"):
        ratio = float(np.divide(numerator, denominator)) if denominator != 0.0 else math.inf
    return ratio if math.isfinite(ratio) else None


def _only(flows: FloatArray, times: FloatArray) -> float | None:
    """The rate where there is exactly one."""
    try:
        rates = all_rates(flows, times)
    except ValueError:
        return None  # flows of each time add up to nothing, or turn too often: any rate or none would do
    return float(rates[0]) if rates.size == 1 else None
