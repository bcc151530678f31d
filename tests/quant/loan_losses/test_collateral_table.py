"""Rows that share cells: what is paid after the end of a period is whole at that end, and today's forward is kept."""

import math

import numpy as np
import pytest

from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import Pledges
from quant.loan_losses.collateral_table import MOST_EXACT_CELLS, CollateralTable
from quant.market.curves import DiscountCurve
from quant.schedules import Array, CollateralTerms, ExposureSchedule

QUARTERS = np.arange(1, 9) / 4.0
FLAT = DiscountCurve.flat(0.03).discount_factors
PRICE = PrimaryFactor("price", math.log(50.0), volatility_annual=0.4)
MARKET = FactorModel((PRICE,), (), np.eye(1))


def values(day: int, quantity: float, *, shared: bool) -> Array:
    """Expected value at the end of each quarter of one payment on a day of years of 365, [n_periods]."""
    one = ExposureSchedule(
        "one",
        np.array([day / 365.0], dtype=np.float64),
        ("price",),
        np.array([quantity]),
        ("",),
        CollateralTerms(),
    )
    schedules = [one]
    if shared:
        days = np.linspace(0.1, 3.4, MOST_EXACT_CELLS + 1)
        n = len(days)
        schedules.append(
            ExposureSchedule("many", days, ("price",) * n, np.ones(n), ("",) * n, CollateralTerms())
        )
    k = len(schedules)
    pledges = Pledges.each_its_own(schedules, np.arange(k), np.ones(k))
    table = CollateralTable.of(pledges, k, MARKET, FLAT, QUARTERS)
    found: Array = table.expected_values(np.zeros((1, len(QUARTERS), 2)))[0]
    return found.reshape(len(QUARTERS), -1)[:, 0]


@pytest.mark.parametrize("day", [92, 183, 274, 275, 366, 457, 548, 639])
def test_a_payment_one_day_after_the_end_of_a_period_is_whole_there(day: int) -> None:
    """The end of every quarter before it: not so long as half a node away from what is exact, and 0 after it."""
    exact, shared = values(day, 1.0, shared=False), values(day, 1.0, shared=True)
    assert np.array_equal(exact > 0.0, day > QUARTERS * 365.0)
    np.testing.assert_allclose(shared, exact, rtol=1e-3)
