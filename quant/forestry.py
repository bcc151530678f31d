"""Forest formulas: growth, biomass and carbon, carbon credits, present value of timber and of forest land.

Parameters of species are arguments; the bundled table is data/forest_species.csv. Arguments broadcast
unless said otherwise.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quant.arguments import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    RATE_ABOVE_TOTAL_LOSS,
    FloatArray,
    require_count,
)

CO2_PER_CARBON = 44.0 / 12.0  # molar masses, IPCC 2006 volume 4


class Thinning(NamedTuple):
    """Net income of a thinning, CNY (per hectare where the other figures are)."""

    age_years: int
    income_cny: float


class PowerEquation(NamedTuple):
    """Biomass of one tree part, `a (D^2 H)^b` in kg with D in cm and H in m."""

    a: float
    b: float


def richards(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `a (1 - e^(-b age))^c`: asymptote a, rate b, shape c; add 1.3 m for a height curve.

    Args:
        age: Age in years, not negative.
        a: Asymptote, not negative, in the unit of the result.
        b: Rate a year, above 0.
        c: Shape, above 0.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    age_, a_, b_, c_ = _curve(age, a, b, c)
    return np.asarray(a_ * (-np.expm1(-b_ * age_)) ** c_)[()]


def logistic(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `a / (1 + b e^(-c age))`; domains and errors as `richards`."""
    age_, a_, b_, c_ = _curve(age, a, b, c)
    return np.asarray(a_ / (1.0 + b_ * np.exp(-c_ * age_)))[()]


def gompertz(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `a exp(-b e^(-c age))`; domains and errors as `richards`."""
    age_, a_, b_, c_ = _curve(age, a, b, c)
    return np.asarray(a_ * np.exp(-b_ * np.exp(-c_ * age_)))[()]


def korf(age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> FloatArray:
    """Return `a exp(-b age^(-c))`, 0 at age 0; domains and errors as `richards`."""
    age_, a_, b_, c_ = _curve(age, a, b, c)
    with np.errstate(divide="ignore", over="ignore"):  # at age 0 the exponent is minus infinity, the curve 0
        return np.asarray(a_ * np.exp(-b_ * age_**-c_))[()]


def schumacher(age: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return `a exp(-b / age)`, 0 at age 0; domains and errors as `richards`."""
    return korf(age, a, b, 1.0)


def tree_biomass_kg(
    diameter_cm: ArrayLike, height_m: ArrayLike, equations: Sequence[PowerEquation]
) -> FloatArray:
    """Return the dry biomass of a tree, the sum over its parts of `a (D^2 H)^b`.

    Args:
        diameter_cm: Diameter at breast height, not negative.
        height_m: Tree height, not negative.
        equations: One for each part (stem, branch, leaf, root).

    Raises:
        ValueError: if a measure is negative or there is no equation.
    """
    if len(equations) == 0:
        raise ValueError("equations: found none, expected one for each part of the tree")
    diameter = NON_NEGATIVE.require("diameter_cm", diameter_cm)
    size = diameter**2 * NON_NEGATIVE.require("height_m", height_m)
    return np.asarray(sum(part.a * size**part.b for part in equations), dtype=np.float64)[()]


def stand_biomass_t(volume_m3: ArrayLike, svd: ArrayLike, bef: ArrayLike, rsr: ArrayLike) -> FloatArray:
    """Return the dry biomass above and below ground of a stand, `V SVD BEF (1 + RSR)`.

    Args:
        volume_m3: Stem volume (per hectare gives t/ha).
        svd: Basic wood density, t of dry matter per m3.
        bef: Biomass expansion factor, whole tree above ground over stem, above 0.
        rsr: Root-to-shoot ratio, not negative.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    above_ground = (
        NON_NEGATIVE.require("volume_m3", volume_m3)
        * POSITIVE.require("svd", svd)
        * POSITIVE.require("bef", bef)
    )
    return np.asarray(above_ground * (1.0 + NON_NEGATIVE.require("rsr", rsr)))[()]


def carbon_tc(biomass_t: ArrayLike, carbon_fraction: ArrayLike) -> FloatArray:
    """Return the carbon in dry biomass, t of C.

    Raises:
        ValueError: if biomass is negative or the fraction outside [0, 1].
    """
    biomass = NON_NEGATIVE.require("biomass_t", biomass_t)
    return np.asarray(biomass * PROBABILITY.require("carbon_fraction", carbon_fraction))[()]


def carbon_dioxide_t(carbon_tc: ArrayLike) -> FloatArray:
    """Return the carbon dioxide that holds the carbon, t of CO2 = t of C x 44/12; a decrease is negative.

    Raises:
        ValueError: if an amount is not finite.
    """
    return np.asarray(FINITE.require("carbon_tc", carbon_tc) * CO2_PER_CARBON)[()]


def period_credits_t(
    co2_increase_t_per_ha: ArrayLike,
    area_ha: ArrayLike,
    *,
    uncertainty_deduction: ArrayLike,
    risk_deduction: ArrayLike,
) -> NDArray[np.int64]:
    """Return the credits of a monitoring period: `dCO2 area (1 - U)(1 - K)` rounded down to whole tonnes.

    A millionth of a tonne of floating-point noise does not cost a tonne. A period that loses carbon earns
    nothing; its reversal is for the caller to settle.

    Args:
        co2_increase_t_per_ha: Net increase over the period (project less baseline and leakage).
        area_ha: Area, not negative.
        uncertainty_deduction: U, in [0, 1].
        risk_deduction: K, the non-permanence deduction, in [0, 1].

    Raises:
        ValueError: if an argument is outside its domain.
    """
    gross = FINITE.require("co2_increase_t_per_ha", co2_increase_t_per_ha) * NON_NEGATIVE.require(
        "area_ha", area_ha
    )
    kept = (1.0 - PROBABILITY.require("uncertainty_deduction", uncertainty_deduction)) * (
        1.0 - PROBABILITY.require("risk_deduction", risk_deduction)
    )
    return np.asarray(np.floor(np.maximum(gross * kept, 0.0) + 1e-6).astype(np.int64))[()]


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


def _curve(
    age: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    return (
        NON_NEGATIVE.require("age", age),
        NON_NEGATIVE.require("a", a),
        POSITIVE.require("b", b),
        POSITIVE.require("c", c),
    )


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
