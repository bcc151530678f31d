"""Value of standing timber and of forest land by the five methods of LY/T 2407-2015.

| method | function |
|---|---|
| 市场价倒算法 market price back | `market_price_back_value` |
| 收获现值法 present value of the harvest | `harvest_present_value` |
| 年金资本化法 capitalised annuity | `capitalised_annuity_value` |
| 重置成本法 replacement cost | `replacement_cost_value` |
| 林地期望价法 land expectation (Faustmann) | `land_expectation_value` |

Amounts are CNY, per hectare where the other figures are; p is the rate a year, 0.06 to 0.10 in published cases.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from quant.arguments import FINITE, NON_NEGATIVE, POSITIVE, RATE_ABOVE_TOTAL_LOSS, FloatArray, require_count


class Thinning(NamedTuple):
    """Net income of a thinning, CNY (per hectare where the other figures are)."""

    age_years: int
    income_cny: float


def market_price_back_value(
    sales_income_cny: float, *, operating_cost_cny: float, operating_profit_cny: float
) -> float:
    """Return the value of timber ready for felling by its market price less what felling takes: `E = W - C - F`.

    Args:
        sales_income_cny: W, income from the timber, not negative.
        operating_cost_cny: C, felling, transport, sale and taxes, not negative.
        operating_profit_cny: F, reasonable profit of the feller, not negative.

    Returns:
        E; negative where the timber does not pay for its felling.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    income = float(NON_NEGATIVE.require("sales_income_cny", sales_income_cny))
    cost = float(NON_NEGATIVE.require("operating_cost_cny", operating_cost_cny))
    return income - cost - float(NON_NEGATIVE.require("operating_profit_cny", operating_profit_cny))


def capitalised_annuity_value(annual_income_cny: float, *, rate_annual: float) -> float:
    """Return the value of a steady net income without end, first paid in a year: `E = A / p`.

    Args:
        annual_income_cny: A, net income a year.
        rate_annual: p, above 0.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    income = float(FINITE.require("annual_income_cny", annual_income_cny))
    return income / float(POSITIVE.require("rate_annual", rate_annual))


def replacement_cost_value(
    yearly_costs_cny: Sequence[float], *, rate_annual: float, stand_quality: float = 1.0
) -> float:
    """Return the value of a young stand by what growing it again would cost: `K sum_i C_i (1+p)^(n-i+1)`.

    Args:
        yearly_costs_cny: C_1 ... C_n, spent at the beginning of each year of the stand's life, at today's prices.
        rate_annual: p, above -1.
        stand_quality: K, this stand relative to the reference stand, above 0.

    Raises:
        ValueError: if an argument is outside its domain or there is no cost.
    """
    costs = NON_NEGATIVE.require("yearly_costs_cny", yearly_costs_cny)
    if costs.ndim != 1 or costs.size == 0:
        raise ValueError(f"yearly_costs_cny: found shape {costs.shape}, expected one cost for each year")
    growth = 1.0 + float(RATE_ABOVE_TOTAL_LOSS.require("rate_annual", rate_annual))
    quality = float(POSITIVE.require("stand_quality", stand_quality))
    return quality * float((costs * growth ** np.arange(costs.size, 0.0, -1.0)).sum())


def harvest_present_value(
    final_income_cny: float,
    *,
    stand_age_years: int,
    rotation_years: int,
    rate_annual: float,
    thinnings: Iterable[Thinning] = (),
    annual_costs_cny: float | Sequence[float] = 0.0,
    stand_quality: float = 1.0,
) -> float:
    """Return the value of a stand by the present value of its harvest (收获现值法, LY/T 2407-2015).

    `E = K [A_u + sum D_a (1+p)^(u-a)] / (1+p)^(u-n+1) - sum_{i=n}^{u-1} C_i / (1+p)^(i-n+1)`: with n the
    age now and u the rotation, thinnings at ages below n are past and left out.

    Args:
        final_income_cny: A_u, net income of the final felling of the reference stand.
        stand_age_years: n, from 0 to `rotation_years`.
        rotation_years: u, at least 1.
        rate_annual: p, above -1; 0.06 to 0.10 in published cases.
        thinnings: D_a at ages a up to `rotation_years`.
        annual_costs_cny: C, one figure for every year or u - n figures for the ages n ... u - 1.
        stand_quality: K, this stand relative to the reference stand, above 0.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    rotation = require_count("rotation_years", rotation_years, at_least=1)
    age = require_count("stand_age_years", stand_age_years, at_least=0)
    if age > rotation:
        raise ValueError(f"stand_age_years: found {age}, expected at most rotation_years {rotation}")
    growth = 1.0 + float(RATE_ABOVE_TOTAL_LOSS.require("rate_annual", rate_annual))
    quality = float(POSITIVE.require("stand_quality", stand_quality))
    ahead = [thinning for thinning in thinnings if thinning.age_years >= age]
    income = _income_at_rotation(final_income_cny, ahead, rotation, growth)
    costs = _yearly("annual_costs_cny", annual_costs_cny, rotation - age)
    discounted_costs = float((costs * growth ** -np.arange(1.0, rotation - age + 1)).sum())
    return quality * income / growth ** (rotation - age + 1) - discounted_costs


def land_expectation_value(
    final_income_cny: float,
    *,
    rotation_years: int,
    rate_annual: float,
    thinnings: Iterable[Thinning] = (),
    planting_cost_cny: float = 0.0,
    annual_cost_cny: float = 0.0,
) -> float:
    """Return the value of bare forest land in perpetual rotations (Faustmann; 林地期望价法, LY/T 2407-2015).

    `[A_u + sum D_t (1+p)^(u-t) - C (1+p)^u] / [(1+p)^u - 1] - V/p`.

    Args:
        final_income_cny: A_u, net income of the final felling.
        rotation_years: u, at least 1.
        rate_annual: p, above 0.
        thinnings: D_t at ages t up to `rotation_years`.
        planting_cost_cny: C, at the start of each rotation.
        annual_cost_cny: V, every year.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    rotation = require_count("rotation_years", rotation_years, at_least=1)
    rate = float(POSITIVE.require("rate_annual", rate_annual))
    planting = float(FINITE.require("planting_cost_cny", planting_cost_cny))
    annual = float(FINITE.require("annual_cost_cny", annual_cost_cny))
    compound = (1.0 + rate) ** rotation
    income = _income_at_rotation(final_income_cny, thinnings, rotation, 1.0 + rate)
    return (income - planting * compound) / (compound - 1.0) - annual / rate


def _income_at_rotation(
    final_income_cny: float, thinnings: Iterable[Thinning], rotation: int, growth: float
) -> float:
    """Return final income and thinnings, these compounded to the end of the rotation."""
    income = float(FINITE.require("final_income_cny", final_income_cny))
    for number, thinning in enumerate(thinnings):
        age = require_count(f"thinnings[{number}].age_years", thinning.age_years, at_least=0)
        if age > rotation:
            raise ValueError(
                f"thinnings[{number}].age_years: found {age}, expected at most rotation_years {rotation}"
            )
        received = float(FINITE.require(f"thinnings[{number}].income_cny", thinning.income_cny))
        income += received * growth ** (rotation - age)
    return income


def _yearly(name: str, value: float | Sequence[float], n_years: int) -> FloatArray:
    given = FINITE.require(name, value)
    if given.shape not in {(), (n_years,)}:
        raise ValueError(f"{name}: found shape {given.shape}, expected one figure or {n_years} of them")
    return np.broadcast_to(given, (n_years,))
