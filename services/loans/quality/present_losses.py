"""From expected losses by quarter to 12-month and lifetime losses: discounting at the effective rate."""

from dataclasses import dataclass

import numpy as np

from quant.schedules import Array
from services.loans.quality.credit_loss import LossQuarter


@dataclass(frozen=True, slots=True, eq=False)
class PresentLosses:
    """Expected losses of loans in one scenario; arrays [n_loans, n_quarters] unless said.

    Attributes:
        until_years: end of each quarter, or of the life where that is sooner.
        marginal_pd, exposure_cny, collateral_cny, loss_cny: see `LossQuarter`; the loss is what funds leave.
        discount: at the effective rate.
        n_first: quarters of the first 12 months.
        compensation_cny: what compensation funds are expected to pay, undiscounted.
    """

    until_years: Array
    marginal_pd: Array
    exposure_cny: Array
    collateral_cny: Array
    loss_cny: Array
    discount: Array
    n_first: int
    compensation_cny: Array

    @property
    def twelve_month_cny(self) -> Array:
        """Discounted loss of defaults of the next 12 months, [n_loans]."""
        return _in_order((self.loss_cny * self.discount)[:, : self.n_first])

    @property
    def lifetime_cny(self) -> Array:
        """Discounted loss over the life, [n_loans]; never below the 12 months, of which it is a longer sum."""
        return _in_order(self.loss_cny * self.discount)

    def compensation_counted_cny(self, *, lifetime: bool) -> Array:
        """Discounted payments of funds for defaults of the next 12 months or over the life, [n_loans]."""
        paid = self.compensation_cny * self.discount
        return _in_order(paid if lifetime else paid[:, : self.n_first])

    def quarters(self, loan: int) -> tuple[LossQuarter, ...]:
        """The quarters of a loan's life, line by line."""
        rows = zip(
            self.until_years[loan].tolist(), self.marginal_pd[loan].tolist(), self.exposure_cny[loan].tolist(),
            self.collateral_cny[loan].tolist(), self.loss_cny[loan].tolist(), self.discount[loan].tolist(),
            strict=True,
        )  # fmt: skip
        return tuple(
            LossQuarter(until, pd, exposure, collateral, loss, factor, loss * factor)
            for until, pd, exposure, collateral, loss, factor in rows
            if pd > 0.0 or exposure > 0.0
        )


def _in_order(losses: Array) -> Array:
    """Sum over the quarters one after the other: the first quarters are the beginning of the longer sum."""
    if losses.shape[1] == 0:
        return np.zeros(len(losses))
    total: Array = np.cumsum(losses, axis=1)[:, -1]
    return total


def quarter_ends(longest_years: float) -> Array:
    """Ends of the quarters that cover a time, at least the four of a year."""
    n = max(4, int(np.ceil(longest_years * 4.0 - 1e-9)))
    return np.arange(1, n + 1) / 4.0


def effective_rate(rate_annual: float, months_per_period: int) -> float:
    """Effective annual rate of a nominal rate paid every so many months; fees are not known."""
    return float((1.0 + rate_annual * months_per_period / 12.0) ** (12.0 / months_per_period) - 1.0)


def discount_factors(ends_years: Array, years_left: Array, effective_rates: Array) -> tuple[Array, Array]:
    """When each quarter's loss is counted, and its factor: at the quarter's end, or the life's where that is sooner.

    Args:
        ends_years: [n_quarters].
        years_left: life of each loan, [n_loans].
        effective_rates: [n_loans].

    Returns:
        (years, factors), each [n_loans, n_quarters].
    """
    until = np.minimum(ends_years[None, :], years_left[:, None])
    factors: Array = (1.0 + effective_rates[:, None]) ** -until
    return until, factors
