"""Biomass of a stand that is given by its trees: how many to the hectare in each class of diameter, and how high."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import NON_NEGATIVE, PROBABILITY, FloatArray
from quant.forests.carbon import PowerEquation, tree_biomass_kg

_KG_PER_T = 1000.0


def stand_table_biomass_t(
    years: ArrayLike,
    diameter_cm: ArrayLike,
    height_m: ArrayLike,
    trees_per_ha: ArrayLike,
    equations: Sequence[PowerEquation],
    *,
    diameter_growth_cm: ArrayLike = 0.0,
    height_growth_m: ArrayLike = 0.0,
    mortality_annual: float = 0.0,
) -> FloatArray:
    """Return the dry biomass of the living trees in t/ha, some years from now, [n_years].

    Class i has `n_i (1 - m)^t` trees of diameter `D_i + d_i t` and height `H_i + h_i t`; each weighs what the equations
    of its species say. Class means go into the equations, not every tree: within a wide class a convex equation makes
    that slightly low.

    Args:
        years: t from now, [n_years].
        diameter_cm: of the mean tree of each class today, [n_classes].
        height_m: of the same tree.
        trees_per_ha: living trees of each class today, [n_classes].
        equations: one for each part of the tree.
        diameter_growth_cm: a year, of each class or of all.
        height_growth_m: a year, of each class or of all.
        mortality_annual: share m of the living trees that dies every year, in [0, 1].

    Raises:
        ValueError: if an argument is negative, the classes of the arguments differ, or there is none.

    Example:
        >>> spruce_stem = [PowerEquation(0.0198, 0.9380)]
        >>> float(stand_table_biomass_t([0.0], [20.0], [12.0], [1000.0], spruce_stem)[0]).__round__(3)
        56.204
    """
    diameter = NON_NEGATIVE.require("diameter_cm", diameter_cm)
    height = NON_NEGATIVE.require("height_m", height_m)
    trees = NON_NEGATIVE.require("trees_per_ha", trees_per_ha)
    if diameter.ndim != 1 or diameter.size == 0 or not diameter.shape == height.shape == trees.shape:
        raise ValueError(
            f"diameter_cm: found shapes {diameter.shape}, {height.shape} and {trees.shape} of diameter, height and "
            "trees, expected one of each for at least one class"
        )
    time = NON_NEGATIVE.require("years", years)[:, None]
    thicker = diameter + NON_NEGATIVE.require("diameter_growth_cm", diameter_growth_cm) * time
    higher = height + NON_NEGATIVE.require("height_growth_m", height_growth_m) * time
    living = trees * (1.0 - PROBABILITY.require("mortality_annual", mortality_annual)) ** time
    biomass: FloatArray = (living * tree_biomass_kg(thicker, higher, equations)).sum(axis=1) / _KG_PER_T
    return np.asarray(biomass)
