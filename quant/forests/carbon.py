"""From wood to carbon credits: biomass of trees and stands, carbon, carbon dioxide, credits, cover by the buffer.

Parameters of species are arguments; the bundled tables are data/forest_species.csv and
data/tree_biomass_equations.csv. Arguments broadcast unless said otherwise.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quant.arguments import FINITE, NON_NEGATIVE, POSITIVE, PROBABILITY, FloatArray

CO2_PER_CARBON = 44.0 / 12.0  # molar masses, IPCC 2006 volume 4


class PowerEquation(NamedTuple):
    """Biomass of one tree part, `a (D^2 H)^b` in kg with D in cm and H in m."""

    a: float
    b: float


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


def buffer_cover(
    times_years: Sequence[float],
    carbon_on_site_t: Sequence[float],
    *,
    buffer_t: float,
    reversal_intensity_annual: float,
    reversal_severity: float,
) -> float:
    """Return how often a buffer covers the reversals that are expected of the carbon on site.

    Expected reversal `= h s integral C(t) e^(-h s t) dt` over the crediting period, by the trapezoid rule: what burns
    is all the carbon that stands there, not only what was credited. Regrowth after
    a loss is left out.

    Args:
        times_years: ascending from the beginning of the crediting period, at least two.
        carbon_on_site_t: C, tCO2 on the whole area at each of them, not negative.
        buffer_t: credits set aside, not negative.
        reversal_intensity_annual: h, expected reversals a year, not negative.
        reversal_severity: s, share of the carbon on site that one takes, in [0, 1].

    Returns:
        Buffer over expected reversal; inf where no reversal is expected.

    Raises:
        ValueError: if an argument is outside its domain.
    """
    times = NON_NEGATIVE.require("times_years", times_years)
    carbon = NON_NEGATIVE.require("carbon_on_site_t", carbon_on_site_t)
    if times.ndim != 1 or len(times) < 2 or carbon.shape != times.shape or np.any(np.diff(times) <= 0.0):
        raise ValueError(
            f"times_years: found {times.tolist()} for {carbon.size} amounts of carbon, expected one ascending time each"
        )
    intensity = float(NON_NEGATIVE.require("reversal_intensity_annual", reversal_intensity_annual))
    severity = float(PROBABILITY.require("reversal_severity", reversal_severity))
    set_aside = float(NON_NEGATIVE.require("buffer_t", buffer_t))
    alive = carbon * np.exp(-intensity * severity * (times - times[0]))
    expected = intensity * severity * float(np.trapezoid(alive, times))
    return set_aside / expected if expected > 0.0 else np.inf
