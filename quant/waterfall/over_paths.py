"""The distribution waterfall over many paths: CNY in, CNY out, whole cents in between.

The interpreter is `quant.waterfall.run`; one path of exact Decimals is `quant.waterfall.one_path`: they agree to
the cent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quant.arguments import NON_NEGATIVE, FloatArray
from quant.repayment.whole_cents import CentArray, ManyAmounts, T, cent_array
from quant.waterfall.run import WaterfallRun
from quant.waterfall.settlement import Settlement
from quant.waterfall.steps import CarrySplit, CatchUp, PreferredReturn, ReturnOfCapital
from quant.waterfall.terms import Waterfall
from quant.waterfall.year import ESCROW, GRASSROOTS, DealFlow, Payment, Year

__all__ = [
    "ESCROW",
    "GRASSROOTS",
    "DealPaths",
    "FloatArray",
    "Payment",
    "Waterfall",
    "Year",
    "check_conservation",
    "european_waterfall_case",
    "received_by",
    "run_deal_paths",
    "run_paths",
]

NEVER = -1


@dataclass(frozen=True, slots=True, eq=False)
class DealPaths:
    """Flows of the deals of a fund, CNY.

    Attributes:
        called: [n_deals, n_years, n_paths], >= 0; the last axis may be 1.
        distributable: [n_deals, n_years, n_paths], >= 0.
        realised_year: year after which nothing more comes, `NEVER` for none, [n_deals] or [n_deals, n_paths].
        expenses: called for no deal, [n_years] or [n_years, n_paths]; None for none.
    """

    called: FloatArray
    distributable: FloatArray
    realised_year: NDArray[np.intp]
    expenses: FloatArray | None = None


def run_paths(
    waterfall: Waterfall, called: ArrayLike, distributable: ArrayLike
) -> Iterator[Year[FloatArray]]:
    """Run the waterfall of a whole fund over many paths, year by year; the last year is settled.

    Args:
        waterfall: the terms.
        called: CNY of years 0, 1, 2, ..., [n_years] or [n_years, n_paths], >= 0; rounded to cents.
        distributable: CNY, [n_years, n_paths], >= 0; rounded to cents.

    Yields:
        one result a year with arrays [n_paths] of whole cents, CNY (0-dimensional where the calls are common to all).

    Raises:
        ValueError: if an amount is not a finite number of 0 or more, the numbers of years differ, or the terms
            distribute deal by deal.
    """
    calls = NON_NEGATIVE.require("called", called)
    cash = NON_NEGATIVE.require("distributable", distributable)
    if len(calls) != len(cash):
        raise ValueError(
            f"called and distributable: found {len(calls)} and {len(cash)} years, expected as many"
        )
    if waterfall.is_deal_by_deal:
        raise ValueError("waterfall: distributes deal by deal, expected flows of its deals: run_deal_paths")
    n_years, n_paths = cash.shape
    math = ManyAmounts(n_paths)
    run = WaterfallRun(waterfall, math)
    never = math.zero()
    for year in range(n_years):
        paid = np.broadcast_to(cent_array(calls[year]), n_paths)
        result = run.advance(year, [DealFlow(paid, cent_array(cash[year]), never)])
        if year == n_years - 1:
            result = _settled(result, Settlement(run, run, math))
        yield _in_cny(result, is_common=calls.ndim == 1)


def run_deal_paths(waterfall: Waterfall, deals: DealPaths) -> Iterator[Year[FloatArray]]:
    """Run a waterfall on the flows of deals, deal by deal or as a whole; the last year is settled.

    Args:
        waterfall: the terms.
        deals: their flows.

    Yields:
        one result a year with arrays [n_paths] of whole cents, CNY.

    Raises:
        ValueError: if an amount is not a finite number of 0 or more or the shapes do not match.
    """
    calls = NON_NEGATIVE.require("called", deals.called)
    cash = NON_NEGATIVE.require("distributable", deals.distributable)
    if cash.ndim != 3 or calls.ndim != 3 or calls.shape[:2] != cash.shape[:2]:
        raise ValueError(
            f"called and distributable: found shapes {calls.shape} and {cash.shape}, "
            "expected [n_deals, n_years, n_paths]"
        )
    n_deals, n_years, n_paths = cash.shape
    extra = np.zeros(n_years) if deals.expenses is None else NON_NEGATIVE.require("expenses", deals.expenses)
    last = np.asarray(deals.realised_year).reshape(n_deals, -1)
    math = ManyAmounts(n_paths)
    run = WaterfallRun(waterfall, math, n_deals if waterfall.is_deal_by_deal else 1)
    whole = WaterfallRun(waterfall.for_the_whole_fund(), math) if waterfall.is_deal_by_deal else run
    for year in range(n_years):
        flows = [
            DealFlow(
                np.broadcast_to(cent_array(calls[deal, year]), n_paths),
                cent_array(cash[deal, year]),
                np.broadcast_to(last[deal] == year, n_paths).astype(np.int64),
            )
            for deal in range(n_deals)
        ]
        expenses = np.broadcast_to(cent_array(extra[year]), n_paths)
        result = whole.advance(year, [together(flows, expenses, math.zero())])
        if run is not whole:
            result = run.advance(year, flows, expenses)
        if year == n_years - 1:
            result = _settled(result, Settlement(run, whole, math))
        yield _in_cny(result, is_common=False)


def together(flows: Sequence[DealFlow[T]], expenses: T, zero: T) -> DealFlow[T]:
    """The flows of all deals and the expenses as those of one."""
    called, cash = expenses, zero
    for flow in flows:
        called, cash = called + flow.called, cash + flow.distributable
    return DealFlow(called, cash, zero)


def received_by(year: Year[FloatArray], recipient: int) -> FloatArray:
    """All that a recipient gets in a year."""
    total = np.zeros_like(year.distributable)
    for payment in year.payments:
        if payment.recipient == recipient:
            total = total + payment.amount
    return total


def check_conservation(year: Year[FloatArray]) -> float:
    """Largest difference on any path between cash in and cash out, CNY: 0, or below a cent in floating point.

    Compared are the payments with what was distributable, and what the partners paid in with what was called.
    """
    paid = np.zeros_like(year.distributable)
    for payment in year.payments:
        paid = paid + payment.amount
    called = np.zeros_like(year.called)
    for paid_in in year.paid_in:
        called = called + paid_in
    return max(
        float(np.max(np.abs(paid - year.distributable), initial=0.0)),
        float(np.max(np.abs(called - year.called), initial=0.0)),
    )


def european_waterfall_case(
    paid_in: float,
    received: float,
    hurdle_rate_annual: float,
    carry_share: float,
    *,
    years: int = 1,
    manager_share: float = 1.0,
) -> tuple[float, float]:
    """Investors' and manager's money of one call and one distribution, whole fund, with catch-up.

    Args:
        paid_in: called from the investors in year 0; the manager commits nothing.
        received: distributed after `years` years.
        hurdle_rate_annual: preferred return, compounded yearly.
        carry_share: of the catch-up and of the split.
        years: between call and distribution.
        manager_share: of the catch-up; 1 is a full one, 0 leaves the catch-up out.

    Returns:
        (investors, manager).

    Example:
        >>> [round(amount, 2) for amount in european_waterfall_case(1000.0, 2000.0, 0.08, 0.2)]
        [1800.0, 200.0]
    """
    catch_up = (CatchUp(manager_share, carry_share),) if manager_share > 0.0 else ()
    steps = (ReturnOfCapital(), PreferredReturn(hurdle_rate_annual), *catch_up, CarrySplit(carry_share))
    waterfall = Waterfall((Decimal(repr(float(paid_in))), Decimal(0)), 1, steps)
    called = np.zeros(years + 1)
    cash = np.zeros((years + 1, 1))
    called[0], cash[years, 0] = paid_in, received
    *_, last = run_paths(waterfall, called, cash)
    return float(received_by(last, 0)[0]), float(received_by(last, 1)[0])


def _settled(year: Year[CentArray], settlement: Settlement[CentArray]) -> Year[CentArray]:
    payments = (*year.payments, *settlement.payments())
    return Year(
        year.year,
        year.called,
        year.paid_in,
        year.distributable,
        payments,
        year.carry,
        year.returned,
        year.grassroots,
    )


def _in_cny(year: Year[CentArray], *, is_common: bool) -> Year[FloatArray]:
    def cny(cents: CentArray) -> FloatArray:
        return cents / 100.0

    def call(cents: CentArray) -> FloatArray:
        return np.asarray(cents[0] / 100.0) if is_common else cny(cents)

    return Year(
        year.year,
        call(year.called),
        tuple(call(paid_in) for paid_in in year.paid_in),
        cny(year.distributable),
        tuple(Payment(paid.step, paid.recipient, cny(paid.amount)) for paid in year.payments),
        cny(year.carry),
        cny(year.returned),
        tuple(cny(amount) for amount in year.grassroots),
    )
