"""Discount curves from annual effective zero rates, the form in which users state rates: D = (1 + r)^-t."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import FINITE, NON_NEGATIVE, RATE_ABOVE_TOTAL_LOSS, FloatArray, describe_first


@dataclass(frozen=True, slots=True)
class DiscountCurve:
    """Zero rates at tenors, linear between them, flat before the first and after the last.

    Attributes:
        tenors_years: Strictly ascending, not negative, at least one.
        zero_rates_annual: Annual effective rates (compounded once a year), above -1, one for each tenor.

    Raises:
        ValueError: if the tenors do not ascend, a rate is -100 % or less, or the numbers of both differ.

    Example:
        >>> float(DiscountCurve.flat(0.04).discount_factors([1.0])[0])
        0.9615384615384615
    """

    tenors_years: tuple[float, ...]
    zero_rates_annual: tuple[float, ...]

    def __post_init__(self) -> None:
        tenors = NON_NEGATIVE.require("tenors_years", self.tenors_years)
        rates = RATE_ABOVE_TOTAL_LOSS.require("zero_rates_annual", self.zero_rates_annual)
        if tenors.ndim != 1 or tenors.size == 0 or rates.shape != tenors.shape:
            raise ValueError(
                f"zero_rates_annual: found shape {rates.shape} for tenors_years of shape {tenors.shape}, "
                "expected one rate for each of at least one tenor"
            )
        falls = np.concatenate([[False], np.diff(tenors) <= 0.0])
        if falls.any():
            raise ValueError(f"tenors_years: {describe_first(tenors, falls)}, expected ascending tenors")
        object.__setattr__(self, "tenors_years", tuple(float(tenor) for tenor in tenors))
        object.__setattr__(self, "zero_rates_annual", tuple(float(rate) for rate in rates))

    @classmethod
    def flat(cls, rate_annual: float) -> "DiscountCurve":
        """Return the curve with one annual effective rate at every time."""
        return cls((1.0,), (rate_annual,))

    def zero_rates(self, times_years: ArrayLike) -> FloatArray:
        """Return the annual effective zero rates at the given times, same shape.

        Raises:
            ValueError: if a time is negative or not finite.
        """
        times = NON_NEGATIVE.require("times_years", times_years)
        return np.asarray(np.interp(times, self.tenors_years, self.zero_rates_annual))[()]

    def discount_factors(self, times_years: ArrayLike, spread_annual: ArrayLike = 0.0) -> FloatArray:
        """Return `(1 + r(t) + spread)^-t`; the arguments broadcast.

        Args:
            times_years: Times from today, not negative.
            spread_annual: Risk premium added to the annual effective rate.

        Raises:
            ValueError: if a time is negative, or rate and spread together are -100 % or less.
        """
        times = NON_NEGATIVE.require("times_years", times_years)
        spread = FINITE.require("spread_annual", spread_annual)
        rates = RATE_ABOVE_TOTAL_LOSS.require("zero rate + spread_annual", self.zero_rates(times) + spread)
        return np.asarray((1.0 + rates) ** -times)[()]

    def shifted(self, bp: float) -> "DiscountCurve":
        """Return the curve with every zero rate moved by `bp` basis points (0.01 %).

        Raises:
            ValueError: if the shift is not finite or moves a rate to -100 % or less.
        """
        shift = float(FINITE.require("bp", bp)) / 10_000.0
        return DiscountCurve(self.tenors_years, tuple(rate + shift for rate in self.zero_rates_annual))
